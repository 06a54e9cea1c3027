//! The numbers of the rules of tracking, in groups.
//!
//! Each group is `#[non_exhaustive]`: start from its default and change what differs, by a field or by the verb of its name.
//! A number that is added later breaks nobody.

use chrono::{DateTime, Days, TimeDelta, Utc};

use crate::money::Money;

/// Makes a group of numbers from one list: the struct, its `Default`, and a verb for each field.
macro_rules! rules {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }

        impl $name {
            $(
                $(#[$field_doc])*
                #[must_use]
                pub fn $field(mut self, value: $type) -> Self {
                    self.$field = value;
                    self
                }
            )+
        }
    };
}

rules! {
    /// The numbers of the tracking rules.
    ///
    /// ```
    /// use jpauto::competitors::{SoldRules, TrackingRules};
    ///
    /// let stricter = TrackingRules::default().sold(SoldRules::default().after_misses(5));
    /// assert_eq!(stricter.sold.after_days, 7);
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
        /// Days after its last sighting in which a listing on sale counts in the market: 14. No dealer's patience with what vanished
        /// is longer, and in so long a whole lot may be sold. Of a dealer of whom nobody hears any more nothing is found sold: its
        /// listings stay on sale and are told as such, but what they ask is no longer what the market asks.
        on_the_market_days: u32 = 14,
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
        /// Listings of one model and mileage looked at before they count as not to be told apart: 64.
        most_candidates: usize = 64,
    }
}

rules! {
    /// When a missing listing is sold.
    SoldRules {
        /// Days unseen before a listing counts as sold, at a dealer of whom little is known: 7.
        after_days: u32 = 7,
        /// The same at a dealer whose vanished listings seldom come back: 5.
        after_days_few_returns: u32 = 5,
        /// The same at a dealer whose vanished listings often come back: 12.
        after_days_many_returns: u32 = 12,
        /// Complete scrapes that must have missed a listing before it counts as sold: 3.
        after_misses: usize = 3,
        /// Hours that must lie between two scrapes for both to count as a miss: 18. Three misses then span a day and a half at the
        /// least, and a daily scrape counts each day, at somewhat uneven hours too.
        misses_apart_hours: u32 = 18,
        /// Vanished listings from which on a dealer counts as known: 10.
        absences_to_know_a_dealer: u64 = 10,
        /// Returns are few below this share of the vanished listings, in percent: 8.
        few_returns_percent: u32 = 8,
    }
}

rules! {
    /// Whether a scrape saw the whole lot.
    EvidenceRules {
        /// Vehicles a complete scrape must at least have, in percent of what the website itself claims: 90.
        claimed_share_percent: u32 = 90,
        /// So many vehicles fewer than claimed are forgiven whatever the share: 2.
        claimed_slack: u32 = 2,
        /// Vehicles a complete scrape must at least have, in percent of the median of the complete scrapes before it: 50.
        complete_share_percent: u32 = 50,
        /// Complete scrapes that make the median: 7.
        complete_scrapes_compared: usize = 7,
        /// Scrapes in a row with about the same too small count after which a lot is believed to have shrunk, this one
        /// included: 5.
        shrunk_after_scrapes: usize = 5,
        /// Days that those scrapes must span: 5.
        shrunk_after_days: u32 = 5,
        /// How far counts may lie apart to be about the same, in percent of the present one: 25.
        shrunk_tolerance_percent: u32 = 25,
        /// Days after which a list is believed that ends a page earlier than the last complete scrape did, with a full page, or stands at
        /// an address that narrows it: 21. As many scrapes must have seen it so as of a lot that shrank.
        cut_list_believed_after_days: u32 = 21,
        /// Vehicles that may stand on several pages of a list before it counts as moving: 2.
        moved_slack: u32 = 2,
        /// The same in percent of the vehicles seen; it moves where both are exceeded: 5.
        moved_percent: u32 = 5,
        /// Vehicles of the last complete scrape that one must recognise to be complete, in percent: 50. Less is believed as a lot
        /// that shrank is.
        recognised_share_percent: u32 = 50,
        /// Days in which a whole lot may be sold: of the vehicles not recognised, the share that may have gone since somebody last
        /// looked is no wonder: 14.
        turnover_days: u32 = 14,
        /// So many vehicles not recognised are forgiven beside that share: 2.
        turnover_slack: u32 = 2,
        /// Vehicles that must be missing at once, far more than may have gone, before a list is distrusted for it: 5.
        many_missing_least: usize = 5,
        /// The same in percent of the last whole lot: 20. It is believed as a lot that shrank is.
        many_missing_percent: u32 = 20,
        /// Vehicles that a website must call sold at once before its word is doubted: 5.
        called_sold_doubted: usize = 5,
        /// The same in percent of what is on sale: 25.
        called_sold_percent: u32 = 25,
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
        /// complete scrapes before: 50.
        inventory_drop_percent: u32 = 50,
        /// Scrapes in a row that saw a part of the lot from which on an alert is open, this one included: 3.
        after_incomplete: u32 = 3,
        /// Days that those scrapes must span: 2.
        incomplete_days: u32 = 2,
    }
}

impl TrackingRules {
    /// A scrape later than this was recorded under a clock that went ahead, or the clock has gone back since.
    pub(crate) fn latest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::minutes(self.clock_tolerance_minutes.into())
    }

    /// A listing on sale last seen earlier than this counts in the market no longer.
    pub(crate) fn on_the_market_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_sub_days(Days::new(self.on_the_market_days.into())).unwrap_or_default().max(DateTime::UNIX_EPOCH)
    }
}
