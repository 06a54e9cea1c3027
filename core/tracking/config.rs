//! The numbers of the rules of tracking, in groups.
//!
//! Each group is `#[non_exhaustive]`: start from its default and change what differs, by a field or by the method of that name.
//! A number that is added later breaks nobody.

use chrono::{DateTime, Days, TimeDelta, Utc};

use crate::{
    error::{ErrorCode, Faults, Result},
    money::Money,
};

/// Makes a struct of numbers of one list, each with its default.
macro_rules! numbers {
    ($(#[$about:meta])* $name:ident { $($(#[$about_field:meta])* $field:ident: $type:ty = $default:expr),+ $(,)? }) => {
        $(#[$about])*
        pub struct $name {
            $($(#[$about_field])* pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }
    };
}
pub(crate) use numbers;

/// Makes a group of numbers from one list: the struct, its `Default`, and a verb for each field.
macro_rules! rules {
    ($(#[$about:meta])* $name:ident { $($(#[$about_field:meta])* $field:ident: $type:ty = $default:expr),+ $(,)? }) => {
        numbers! {
            $(#[$about])*
            #[derive(Clone, Debug, PartialEq, serde::Deserialize)]
            #[serde(default, deny_unknown_fields)]
            #[non_exhaustive]
            $name { $($(#[$about_field])* $field: $type = $default),+ }
        }

        impl $name {
            $(
                $(#[$about_field])*
                #[must_use]
                pub fn $field(mut self, value: $type) -> Self {
                    self.$field = value;
                    self
                }
            )+
        }

        impl Reasonable for $name {
            fn check(&self, at: &str, faults: &mut Faults) {
                $(self.$field.check(&format!("{at}/{}", stringify!($field)), faults);)+
            }
        }
    };
}

/// A number that a rule can be applied with, or a group of them.
trait Reasonable {
    fn check(&self, at: &str, faults: &mut Faults);
}

/// The largest number of any rule: a hundred years in days. A calculation with one does not leave the calendar.
const LARGEST: u32 = 36_500;

macro_rules! numbers_up_to_largest {
    ($($type:ty: $largest:expr),+) => {$(
        impl Reasonable for $type {
            fn check(&self, at: &str, faults: &mut Faults) {
                faults.check((<$type>::default()..=$largest).contains(self), at, format!("expected 0 to {LARGEST}"));
            }
        }
    )+};
}

numbers_up_to_largest!(u32: LARGEST, i32: LARGEST as i32, usize: LARGEST as usize, f64: f64::from(LARGEST));

impl Reasonable for Money {
    fn check(&self, at: &str, faults: &mut Faults) {
        faults.check(self.cents() >= 0, at, "expected an amount of zero or more");
    }
}

rules! {
    /// The numbers of the tracking rules.
    ///
    /// ```
    /// use jpauto::competitors::{SoldRules, TrackingRules};
    ///
    /// let stricter = TrackingRules::default().sold(SoldRules::default().floor_days(5.0));
    /// assert_eq!(stricter.sold.ceiling_days, 15.0);
    /// ```
    TrackingRules {
        /// Which stored listing a sighting is.
        identity: IdentityRules = IdentityRules::default(),
        /// Whether a scrape saw the whole lot.
        evidence: EvidenceRules = EvidenceRules::default(),
        /// When a missing listing is sold.
        sold: SoldRules = SoldRules::default(),
        /// Whether a price is believed.
        price: PriceRules = PriceRules::default(),
        /// When an alert about scraping is open.
        alerts: AlertRules = AlertRules::default(),
        /// Days after its last sighting within which a vehicle seen at another competitor has changed lots and was not sold to
        /// a customer: 45.
        transfer_days: u32 = 45,
        /// Days after its last sighting in which a listing on sale counts in the market: 14. A whole lot may be sold in that time.
        /// Of a dealer of whom nobody hears any more nothing is found sold: its listings stay on sale, but what they ask is no
        /// longer what the market asks.
        on_the_market_days: u32 = 14,
        /// Days after which a listing that the website shows no more is unseen, also where each scrape since is doubted: 3. A scrape
        /// without a doubt tells at once.
        unseen_days: u32 = 3,
        /// Minutes that the time of a scrape may lie ahead of the clock here: 5.
        clock_tolerance_minutes: u32 = 5,
    }
}

rules! {
    /// Which stored listing a sighting is.
    IdentityRules {
        /// Days after its sale within which a vehicle known by year, make, model and mileage alone may be on sale again: 90.
        relisted_by_likeness_days: u32 = 90,
        /// Miles by which a listing known only by year, make and model may differ: 100.
        mileage_tolerance: i32 = 100,
        /// Listings of one model and mileage that are compared; where there are more, none is taken for the one seen: 64.
        most_candidates: usize = 64,
    }
}

rules! {
    /// When a missing listing is sold: enough days unseen, and enough looks that missed it.
    SoldRules {
        /// Days unseen at an average dealer, for a car that was first seen just before it vanished: 8.
        base_days: f64 = 8.0,
        /// No listing is sold by absence after fewer days: 4.
        floor_days: f64 = 4.0,
        /// The same where the website says of its cars which stand on the lot, which are on their way and which are not built yet: 3.
        floor_days_told: f64 = 3.0,
        /// Nor is one waited for longer than this, where it was looked for: 15.
        ceiling_days: f64 = 15.0,
        /// Looks that must have missed it, each counted by its weight: 1.9.
        looks: f64 = 1.9,
        /// Scrapes within fewer hours see the same fault of a website and are one look: 18.
        looks_apart_hours: f64 = 18.0,
        /// A look counts for the days since the one before it, up to this many: 2.
        look_days_most: f64 = 2.0,
        /// How often cars come back: the share of those missing after e days that do is `return_rate * (e^-0.5 - watched_days^-0.5)`: 0.16.
        return_rate: f64 = 0.16,
        /// Days unseen from which on a listing that is seen again counts as a return: 3.
        return_from_days: f64 = 3.0,
        /// Days after which nobody waits for a return any more: 60.
        watched_days: f64 = 60.0,
        /// Returns of the average dealer that are added to both what was expected and what was seen: 2. The more, the slower a dealer's
        /// own behaviour counts.
        returns_assumed: f64 = 2.0,
        /// Days after which what a dealer did counts half: 90.
        half_life_days: f64 = 90.0,
        /// What comes back together has one cause: k listings count as k to this power: 0.7.
        common_cause: f64 = 0.7,
        /// The risk of a return falls to 1/e for each span of this many days that a car was listed: 25.
        listed_days: f64 = 25.0,
        /// The risk of a return is never taken as lower than this: 0.15.
        least_risk: f64 = 0.15,
        /// How much of that risk is left where the website says that a car stands on the lot: 0.06.
        in_stock_risk: f64 = 0.06,
    }
}

rules! {
    /// How far a scrape is believed.
    EvidenceRules {
        /// What each doubt leaves of a look.
        weights: DoubtWeights = DoubtWeights::default(),
        /// Vehicles that a whole list must at least have, in percent of what the website itself claims: 90.
        claimed_share_percent: u32 = 90,
        /// How many vehicles fewer than claimed are forgiven, whatever the share: 2.
        claimed_slack: u32 = 2,
        /// Vehicles that may stand on several pages of a list before it counts as moving: 2.
        moved_slack: u32 = 2,
        /// How many percent of the vehicles seen must also stand on several pages before a list counts as moving: 5.
        moved_percent: u32 = 5,
        /// How many percent of the vehicles of the last scrape of full weight a scrape must recognise: 50. Fewer are another lot.
        recognised_share_percent: u32 = 50,
        /// A list of which half has stood there for this many days is no longer another lot: 5.
        standing_days: u32 = 5,
        /// Days in which a whole lot may be sold: 14.
        turnover_days: u32 = 14,
        /// How many missing vehicles are forgiven beyond the share that may have been sold: 2.
        turnover_slack: u32 = 2,
        /// Days for which a list that is cut is compared with how it was before: 21. After them the cut list is taken for the whole list.
        cut_remembered_days: u32 = 21,
        /// Below this chance of that many sales at once another cause is likelier: 0.005.
        together_chance: f64 = 0.005,
        /// How many times the variance of sales is that of single customers, who come by chance: 2.
        together_spread: f64 = 2.0,
        /// What vanished together counts for no less than this share of a look: 0.25.
        together_least: f64 = 0.25,
        /// A group that vanished together is a doubt if its share of a look is below this: 0.5.
        together_told_below: f64 = 0.5,
        /// How many must have vanished together for this doubt: 5.
        many_missing_least: usize = 5,
        /// Vehicles that a website must call sold at once before its word is doubted: 5.
        called_sold_doubted: usize = 5,
        /// How many percent of what is on sale a website must call sold at once before its word is doubted: 25.
        called_sold_percent: u32 = 25,
    }
}

rules! {
    /// What is left of a look by the doubts about it, from 0 (it proves nothing) to 1 (what it did not see was not there). The least
    /// one counts.
    DoubtWeights {
        /// It may not have seen the list at all, or a part of it: 0.03.
        unseen: f64 = 0.03,
        /// The website claims more than before: 0.1.
        claims_more: f64 = 0.1,
        /// The list ends earlier than before, or is a narrower or another one than before: 0.1, of what vanishes in groups.
        cut: f64 = 0.1,
        /// The list was ordered anew between two of its pages: 0.15.
        moved: f64 = 0.15,
    }
}

rules! {
    /// Whether a price is believed.
    PriceRules {
        /// Nothing below is a price, however often it is read: 200.00. No vehicle is sold for less; deposits, and rates a day or a
        /// month, are shown for less.
        least: Money = Money::from_dollars(200),
        /// Prices below are believed only when a second scrape confirms them: 500.00.
        floor: Money = Money::from_dollars(500),
        /// Changes beyond this share of the stored price are believed only when a second scrape confirms them, in percent: 60.
        jump_percent: u32 = 60,
    }
}

rules! {
    /// When an alert about scraping is open.
    AlertRules {
        /// Failed scrapes in a row from which on an alert is open: 3.
        after_failures: u32 = 3,
        /// An alert is open while fewer listings than this have both an identity and a price, in percent: 80.
        parse_rate_percent: u32 = 80,
        /// Listings that a scrape must have for its parse rate to mean anything: 5.
        parse_rate_listings: usize = 5,
        /// An alert is open while a lot that was read to its end has fewer vehicles than this, in percent of the median of the
        /// last scrapes without a doubt: 50.
        inventory_drop_percent: u32 = 50,
        /// How many of those make the median: 7.
        inventory_drop_scrapes: usize = 7,
        /// Scrapes in a row with a doubt, this one included, from which on an alert is open: 3.
        after_incomplete: u32 = 3,
        /// Days that those scrapes must span: 2.
        incomplete_days: u32 = 2,
    }
}

impl TrackingRules {
    /// The same, if every number is one that the rules can be applied with.
    ///
    /// ```
    /// use jpauto::competitors::{SoldRules, TrackingRules};
    ///
    /// let rules = TrackingRules::default().sold(SoldRules::default().floor_days(-1.0));
    /// assert_eq!(rules.checked().unwrap_err().fields()[0].pointer, "/tracking/sold/floor_days");
    /// ```
    ///
    /// # Errors
    /// `invalid_tracking_rules`, naming each number that is below zero or absurdly large.
    pub fn checked(self) -> Result<Self> {
        let mut faults = Faults::default();
        self.check("/tracking", &mut faults);
        faults.into_result(ErrorCode::InvalidTrackingRules)?;
        Ok(self)
    }

    /// A scrape later than this was recorded under a clock that went ahead, or the clock has gone back since.
    pub(crate) fn latest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::minutes(self.clock_tolerance_minutes.into())
    }

    /// A listing on sale last seen earlier than this counts in the market no longer.
    pub(crate) fn on_the_market_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_sub_days(Days::new(self.on_the_market_days.into())).unwrap_or_default().max(DateTime::UNIX_EPOCH)
    }
}
