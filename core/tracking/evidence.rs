//! Whether a scrape saw the whole lot, and so may count as a miss for what it did not see.
//!
//! A count far below the median of the last complete scrapes is distrusted: a page layout that changed or a list that ends
//! early looks just so. Distrusted for ever, a lot that was really halved would never sell anything again. So the guard
//! gives way when a number of scrapes in a row, over some days, found about the same few vehicles; meanwhile an alert
//! about the lot is open. Scrapes that failed, were empty or saw a part say nothing about the size and break no row.
//!
//! A list that ends with a page as full as those before it may have broken off there: an error page with status 200 in the place
//! of the next, a page without its links. Where no claim confirms the end, such a list is distrusted while it lacks a page or
//! more against the last complete scrape, and believed like a lot that shrank. A lot that really ends so is whole again when the
//! number of its cars changes.
//!
//! So is one that ends with such a page and has fewer pages than the last complete scrape read, though it lacks less than a page:
//! its last page, part full, may be the one that failed, or its first one the only one that came. Such a website shows the same
//! each day, so it is given more time, and the owner is told; if the own pages of what is missing are gone, there is nothing left to
//! doubt. The same holds for a list that is reached at another address than the last complete one, one that narrows it, such as
//! to a make, and that lacks vehicles. And for one that has fewer pages and lacks at once at least what stood on one of them, far more
//! than go in that time, though its last page is not full: an error page that suggests a few cars looks so.
//!
//! A website that claims far more than it showed ended its list early, and no number of like scrapes makes that the whole
//! lot: without this, a list without a link to its second page would sell the rest in bulk. The claim may be wrong, such as
//! the total of a group of dealers; then nothing sells there, and each scrape says why.
//!
//! A list that is ordered anew for each request shows some vehicles on two of its pages and others on none. Where no claim says
//! that all were seen, a scrape that met some so may have missed as many. One that does so for weeks is believed all the same: it may
//! feature vehicles on its first page, and what none of so many scrapes met is gone.
//!
//! Where a large share of the lot is missing at once, far more than go in that time, it is likelier a list that shows a part: a
//! button behind which the rest hides, half a page, an answer that is capped. It is believed as a lot that shrank is, and so is a website
//! that claims as many as before and shows fewer, after weeks. A list of one page
//! that offers to load more by a script, and tells no total, is never the whole.
//!
//! Counts say nothing of which vehicles were seen. A list that is suddenly another one, such as the new cars or another store,
//! or that names its cars by other numbers, is as long as before, and would sell the whole lot. So a scrape that recognises less
//! than half of the vehicles of the last complete one is distrusted, and believed when as many scrapes over as many days as a
//! lot takes that shrank saw it so, and most of what it shows stood there all that time: a website that names its cars anew each
//! day never comes to that. A small lot that is seldom scraped may honestly turn over in between: what could have gone since it
//! was last looked at is no wonder.
//!
//! The setting (five scrapes within 25 % of the present one, over five days) was chosen on the same 120 real days that it was
//! then measured on, so the gain says what it did there and promises nothing for other days: 1,967 sales decided instead of
//! the 1,834 of a guard that never gives way, 2.69 % of them false instead of 2.73 %, 8.39 days late instead of 8.40. It
//! decides more sales; it decides them no better. The second half of the days alone, which had its part in the choice too,
//! is even a little worse: 1.98 % false at 7.44 days, against 1.95 % at 7.34.
//! Distrusting another lot, and one of which a large share is missing at once, leaves 1,963 sales on those days, 2.50 % of them false,
//! and decides them 8.89 days late; in the second half 1.82 % at 7.82 days. That buys fewer false ones with half a day.
//!
//! A website's own word that a vehicle is sold is proof at once, of that vehicle. That many are sold at one blow is likelier a mark
//! which every card carries hidden, or a field that means something else now: such words are not taken, and the scrape is
//! distrusted, until as many scrapes over as many days said so as a lot takes that shrank.
//!
//! A page that says that it found nothing and shows cars all the same shows something else: cars that it suggests.
//!
//! An address or a configuration that was changed may leave out what the old list showed. What is missing then is missed by the
//! new list only when that has looked so for as long as a lot that shrank.
//!
//! What is deliberately not here: what a miss leads to (`sold`), and fetching.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{
    config::TrackingRules,
    reading::{ListShape, ScrapeReading},
    sold,
};
use crate::extract::Warning;

/// A row of scrapes that found about as many vehicles as the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlikeScrapes {
    /// How many, without the present one.
    pub(crate) count: usize,
    /// When the first of them was.
    pub(crate) since: DateTime<Utc>,
}

impl AlikeScrapes {
    /// Those after a time, of all in ascending order; several within hours are one.
    pub(crate) fn of(scrapes: &[DateTime<Utc>], after: DateTime<Utc>, rules: &TrackingRules) -> Option<Self> {
        let mut apart = sold::spread_out(scrapes, after, rules);
        apart.next().map(|since| Self { count: apart.count() + 1, since })
    }
}

/// What a scrape is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlierScrapes<'a> {
    /// The counts of the complete scrapes before it, newest first.
    pub(crate) counts: &'a [usize],
    /// The scrapes right before it that found about as few.
    pub(crate) alike: Option<AlikeScrapes>,
    /// The time of the scrape itself.
    pub(crate) observed_at: DateTime<Utc>,
    /// Which of the vehicles of the last complete scrape it met.
    pub(crate) recognition: Recognition,
    /// The scrapes since then that saw a whole list, and were distrusted.
    pub(crate) distrusted: Option<AlikeScrapes>,
    /// The scrapes that met vehicles on several pages.
    pub(crate) moved: Option<AlikeScrapes>,
    /// The pages that the last complete scrape read, and what the list looked like to it.
    pub(crate) pages: Option<u32>,
    pub(crate) list: &'a ListShape,
    /// How many vehicles the website claimed to have when the last complete scrape was made.
    pub(crate) claimed: Option<u32>,
    /// Whether the list was reached at an address that narrows the one of the last complete scrape.
    pub(crate) is_narrowed: bool,
    /// Whether the address or the configuration of the list was changed since the last complete scrape.
    pub(crate) list_changed: bool,
    /// Whether the website calls so many sold at once that its word is not taken.
    pub(crate) doubts_its_word: bool,
}

/// Which of the vehicles that the last complete scrape saw one has met again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recognition {
    /// Vehicles on sale that the last complete scrape saw, and those recognised.
    pub(crate) known: usize,
    /// Vehicles known since then or longer that this one saw.
    pub(crate) recognised: usize,
    /// Vehicles of this scrape that have stood there for as long as a lot must look as it does to be believed.
    pub(crate) standing: usize,
    /// The time since somebody last saw the list, whether it was believed or not.
    pub(crate) unwatched: TimeDelta,
}

impl Recognition {
    /// Whether fewer were recognised than could be, by far, and by more than may have gone since somebody last looked.
    fn is_of_another_lot(&self, rules: &TrackingRules) -> bool {
        let (known, recognised) = (self.known as i128, self.recognised as i128);
        let is_minority = recognised * 100 < known * i128::from(rules.evidence.recognised_share_percent);
        is_minority && self.lacks_more_than_go(rules)
    }

    /// Vehicles of the last complete scrape that this one did not see.
    fn missing(&self) -> usize {
        self.known.saturating_sub(self.recognised)
    }

    /// Whether more are missing than may have gone since somebody last looked.
    fn lacks_more_than_go(&self, rules: &TrackingRules) -> bool {
        let turnover = i128::from(TimeDelta::days(rules.evidence.turnover_days.into()).num_seconds().max(1));
        let beyond_slack = self.missing() as i128 - i128::from(rules.evidence.turnover_slack);
        beyond_slack * turnover > self.known as i128 * i128::from(self.unwatched.num_seconds())
    }

    /// Whether more are missing than go within a few days.
    fn lacks_any(&self, rules: &TrackingRules) -> bool {
        self.missing() > rules.evidence.turnover_slack as usize
    }

    /// Whether so many of the vehicles on sale are called sold at once that something else is likelier; as many may be as may
    /// have gone since somebody last looked.
    pub(crate) fn doubts_sales(&self, called_sold: usize, on_sale: usize, rules: &TrackingRules) -> bool {
        let (called, on_sale) = (called_sold as i128, on_sale as i128);
        let turnover = i128::from(TimeDelta::days(rules.evidence.turnover_days.into()).num_seconds().max(1));
        let beyond_slack = called - i128::from(rules.evidence.turnover_slack);
        called_sold >= rules.evidence.called_sold_doubted
            && called * 100 > on_sale * i128::from(rules.evidence.called_sold_percent)
            && beyond_slack * turnover > on_sale * i128::from(self.unwatched.num_seconds())
    }
}

/// The counts that are about the same as this one.
fn alike_counts(vehicles: usize, rules: &TrackingRules) -> RangeInclusive<usize> {
    let span = usize::try_from(vehicles as u128 * u128::from(rules.evidence.shrunk_tolerance_percent) / 100)
        .unwrap_or(vehicles);
    vehicles.saturating_sub(span)..=vehicles.saturating_add(span)
}

/// Whether the scrape saw the whole lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// What it did not see was not there.
    Complete,
    /// It adds and updates what it saw and proves nothing about the rest.
    Incomplete(IncompleteReason),
}

/// Why a scrape does not count as having seen the whole lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IncompleteReason {
    /// No vehicle at all: far likelier a failure than an empty lot.
    Empty,
    /// Pages that robots.txt closes were left out.
    ClosedByRobots,
    /// A page could not be fetched or read.
    PageFailed,
    /// The last page was not reached.
    LastPageNotReached,
    /// Fewer vehicles than the website itself claims to have.
    FewerThanClaimed,
    /// Far fewer vehicles than lately.
    TooFewVehicles,
    /// A page fewer than lately, and the last page is full: the list may go on.
    LastPageFull,
    /// Vehicles stood on several pages: the list is ordered anew between two requests, and as many may stand on none.
    ListMoved,
    /// Less than half of the vehicles seen last were recognised: another list, or other numbers on the same cars.
    LotReplaced,
    /// The website says that it found nothing, and shows some: they are others than were asked for.
    ClaimsNone,
    /// The address or the configuration was changed, and what the list showed before is missing.
    ListChanged,
    /// The website calls a large part of the lot sold at once.
    CalledSold,
    /// Far more vehicles are missing at once than may have gone since somebody last looked.
    ManyMissing,
    /// The address leads to a narrower list than before, and some of the lot is missing there.
    ListNarrowed,
    /// The website counts more vehicles that it does not show than it did when the lot was last whole.
    ClaimsMore,
}

impl IncompleteReason {
    /// Those for which a list that was seen to its end is distrusted: enough scrapes that saw it so are believed.
    pub(crate) const DISTRUSTED: [Self; 8] = [
        Self::TooFewVehicles,
        Self::LastPageFull,
        Self::LotReplaced,
        Self::ListChanged,
        Self::CalledSold,
        Self::ManyMissing,
        Self::ListNarrowed,
        Self::ClaimsMore,
    ];
}

impl IncompleteReason {
    /// The same for a person, to follow a colon.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Empty => "no vehicle is shown",
            Self::ClosedByRobots => "robots.txt closes some of its pages",
            Self::PageFailed => "a page could not be fetched or read",
            Self::LastPageNotReached => "its last page was not reached",
            Self::FewerThanClaimed => "fewer vehicles are shown than it claims",
            Self::TooFewVehicles => "far fewer vehicles are shown than before",
            Self::LastPageFull => "it ends a page earlier than before, with a full one",
            Self::ListMoved => "vehicles stand on several of its pages",
            Self::LotReplaced => "most of its vehicles are others than before",
            Self::ClaimsNone => "it says that nothing was found, and shows vehicles",
            Self::ListChanged => "its address or its configuration was changed, and vehicles are missing since",
            Self::CalledSold => "it calls a large part of the lot sold at once",
            Self::ManyMissing => "far more vehicles are missing at once than may have gone",
            Self::ListNarrowed => "its address leads to a narrower list than before",
            Self::ClaimsMore => "it counts more vehicles than it shows",
        }
    }
}

words!(IncompleteReason, InvalidIncompleteReason at "/incomplete_reason" {
    Empty => "empty",
    ClosedByRobots => "closed_by_robots",
    PageFailed => "page_failed",
    LastPageNotReached => "last_page_not_reached",
    FewerThanClaimed => "fewer_than_claimed",
    TooFewVehicles => "too_few_vehicles",
    LastPageFull => "last_page_full",
    ListMoved => "list_moved",
    LotReplaced => "lot_replaced",
    ClaimsNone => "claims_none",
    ListChanged => "list_changed",
    CalledSold => "called_sold",
    ManyMissing => "many_missing",
    ListNarrowed => "list_narrowed",
    ClaimsMore => "claims_more",
});

impl Completeness {
    /// Judges a scrape that found so many different vehicles.
    ///
    /// A first scrape has nothing to be compared with and is believed.
    #[must_use]
    pub(crate) fn judge(
        reading: &ScrapeReading,
        vehicles: usize,
        earlier: &EarlierScrapes<'_>,
        rules: &TrackingRules,
    ) -> Self {
        let reason = if vehicles == 0 {
            IncompleteReason::Empty
        } else if reading.pages_closed_by_robots > 0 {
            IncompleteReason::ClosedByRobots
        } else if reading.pages_failed > 0 {
            IncompleteReason::PageFailed
        } else if reading.total_claimed == Some(0)
            || (reading.says_none && earlier.claimed.is_some_and(|claimed| claimed > 0))
        {
            IncompleteReason::ClaimsNone
        } else if !reading.last_page_reached {
            IncompleteReason::LastPageNotReached
        } else if reading.total_claimed.is_some_and(|claimed| is_short_of(vehicles, claimed, rules)) {
            IncompleteReason::FewerThanClaimed
        } else if earlier.claims_more(reading, vehicles, rules) && !earlier.is_believed_at_last(rules) {
            IncompleteReason::ClaimsMore
        } else if has_moved(reading, vehicles, rules) && !earlier.always_moves(rules) {
            IncompleteReason::ListMoved
        } else if is_far_below(vehicles, earlier.counts, rules.evidence.complete_share_percent, rules)
            && !earlier.has_shrunk(rules)
        {
            IncompleteReason::TooFewVehicles
        } else if (lacks_a_page(reading, vehicles, earlier.counts) && !earlier.has_shrunk(rules))
            || (earlier.lost_pages(reading, rules) && !earlier.is_believed_at_last(rules))
        {
            IncompleteReason::LastPageFull
        } else if earlier.is_narrowed(reading, rules) && !earlier.is_believed_at_last(rules) {
            IncompleteReason::ListNarrowed
        } else if earlier.lacks_a_page_of_vehicles(reading, rules) && !earlier.is_believed_at_last(rules) {
            IncompleteReason::ManyMissing
        } else if earlier.recognition.is_of_another_lot(rules) && !earlier.is_replaced(vehicles, rules) {
            IncompleteReason::LotReplaced
        } else if earlier.list_changed && earlier.recognition.lacks_any(rules) && !earlier.is_believed_by_now(rules) {
            IncompleteReason::ListChanged
        } else if earlier.lacks_a_share(reading, vehicles, rules) && !earlier.is_believed_by_now(rules) {
            IncompleteReason::ManyMissing
        } else if earlier.doubts_its_word {
            IncompleteReason::CalledSold
        } else {
            return Self::Complete;
        };
        Self::Incomplete(reason)
    }

    /// The counts that speak for this one, where it is distrusted for its size alone: enough scrapes that found as many make it
    /// the size of the lot.
    pub(crate) fn counts_alike(
        self,
        reading: &ScrapeReading,
        vehicles: usize,
        rules: &TrackingRules,
    ) -> Option<RangeInclusive<usize>> {
        match (self.reason()?, reading.full_last_page) {
            (IncompleteReason::TooFewVehicles, _) => Some(alike_counts(vehicles, rules)),
            // Those that a page more was seen by must not speak for the page that is lacking.
            (IncompleteReason::LastPageFull, Some(page)) => {
                let page = page as usize;
                Some(vehicles.saturating_sub(page)..=vehicles.saturating_add(page.saturating_sub(1)))
            }
            _ => None,
        }
    }

    /// What a person should know of it who may mend the address or the order of the list.
    pub(crate) fn warning(self, reading: &ScrapeReading, recognition: &Recognition) -> Option<Warning> {
        let (missing, known) = (recognition.missing(), recognition.known);
        Some(match self.reason()? {
            IncompleteReason::ManyMissing => Warning::ManyMissing { missing, known },
            IncompleteReason::ClaimsMore => {
                Warning::ClaimsMore { claimed: reading.total_claimed.unwrap_or_default(), missing }
            }
            IncompleteReason::LastPageFull => Warning::LastPageFull { last_page: reading.pages_fetched, missing },
            IncompleteReason::ListNarrowed => Warning::ListNarrowed { url: reading.list.url.clone(), missing },
            IncompleteReason::ListMoved => Warning::ListMoved { on_several_pages: reading.on_several_pages },
            IncompleteReason::LotReplaced => Warning::LotReplaced { recognised: recognition.recognised, known },
            IncompleteReason::ClaimsNone => Warning::ClaimsNone,
            IncompleteReason::ListChanged => Warning::ListChanged { missing, known },
            IncompleteReason::CalledSold => Warning::CalledSold,
            _ => return None,
        })
    }

    /// Whether what was not seen was not there.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Complete)
    }

    /// Why not, where it is not complete.
    #[must_use]
    pub const fn reason(self) -> Option<IncompleteReason> {
        match self {
            Self::Complete => None,
            Self::Incomplete(reason) => Some(reason),
        }
    }
}

impl EarlierScrapes<'_> {
    /// Whether the lot has been so small for long enough to be believed.
    fn has_shrunk(&self, rules: &TrackingRules) -> bool {
        self.alike.is_some_and(|alike| self.is_long(alike, rules))
    }

    /// Whether the list has been distrusted for so long that it is believed.
    pub(crate) fn is_believed_by_now(&self, rules: &TrackingRules) -> bool {
        self.distrusted.is_some_and(|distrusted| self.is_long(distrusted, rules))
    }

    /// Whether a list that looks the same each day where it is cut has been distrusted for so long that it is believed.
    fn is_believed_at_last(&self, rules: &TrackingRules) -> bool {
        self.distrusted.is_some_and(|row| self.lasts(row, rules.evidence.cut_list_believed_after_days, rules))
    }

    /// Whether vehicles have stood on several pages for so long that the list is believed: it may feature them on its first page. If it
    /// is ordered anew each time, a vehicle that none of so many scrapes met is gone all the same.
    fn always_moves(&self, rules: &TrackingRules) -> bool {
        self.moved.is_some_and(|row| self.lasts(row, rules.evidence.cut_list_believed_after_days, rules))
    }

    /// Whether the list ends with a full page before as many pages as the last complete scrape read, and lacks what may stand on
    /// those. Pages that show more than those did may have it all, but for what has gone.
    fn lost_pages(&self, reading: &ScrapeReading, rules: &TrackingRules) -> bool {
        let pages = reading.pages_fetched.zip(self.pages);
        let Some((pages, last)) =
            pages.filter(|(pages, before)| pages < before).map(|(pages, _)| pages).zip(reading.list.last_page)
        else {
            return false;
        };
        let page = self.list.page_vehicles.unwrap_or(last);
        // A single page has none of its own to be compared with.
        let is_full = last >= page || (pages > 1 && reading.full_last_page.is_some());
        if !is_full {
            return false;
        }
        let holds_more = last > page.saturating_add(rules.evidence.turnover_slack);
        if holds_more { self.recognition.lacks_more_than_go(rules) } else { self.recognition.missing() > 0 }
    }

    /// Whether it has fewer pages than the last complete scrape read, and lacks at least what stood on one of those: far more than
    /// go at once. An error page that suggests a few cars looks like a last page that is not full.
    fn lacks_a_page_of_vehicles(&self, reading: &ScrapeReading, rules: &TrackingRules) -> bool {
        let has_fewer = reading.pages_fetched.zip(self.pages).is_some_and(|(pages, before)| pages < before);
        let missing = self.recognition.missing();
        let lacks_a_page = self.list.page_vehicles.is_some_and(|page| missing >= page as usize);
        has_fewer && reading.list.last_page.is_some() && lacks_a_page && self.recognition.lacks_more_than_go(rules)
    }

    /// Whether a large share of the lot is missing at once, far more than may have gone, while what is shown is known: the rest may
    /// hide behind a button, a page may have come by half, or an error page with a few cars in place of the last one; a total that the
    /// website tells may count no more than what it finds. Whoever hands a lot in knows better.
    fn lacks_a_share(&self, reading: &ScrapeReading, vehicles: usize, rules: &TrackingRules) -> bool {
        let (missing, known) = (self.recognition.missing(), self.recognition.known as u128);
        let is_share = missing >= rules.evidence.many_missing_least
            && missing as u128 * 100 >= known * u128::from(rules.evidence.many_missing_percent);
        let is_of_the_lot = self.recognition.recognised.saturating_mul(2) >= vehicles;
        let is_read = reading.list.last_page.is_some() || reading.total_claimed.is_some();
        is_read && is_share && is_of_the_lot && self.recognition.lacks_more_than_go(rules)
    }

    /// Whether the website counts more vehicles than it shows, by more than it did when the lot was last whole, and vehicles are
    /// missing: those are counted still.
    fn claims_more(&self, reading: &ScrapeReading, vehicles: usize, rules: &TrackingRules) -> bool {
        let hidden = |claimed: u32, shown: usize| i64::from(claimed) - i64::try_from(shown).unwrap_or(i64::MAX);
        let then = self.claimed.zip(self.counts.first()).map(|(claimed, &shown)| hidden(claimed, shown));
        let now = reading.total_claimed.map(|claimed| hidden(claimed, vehicles));
        let slack = i64::from(rules.evidence.claimed_slack);
        now.zip(then).is_some_and(|(now, then)| now > then.max(0) + slack) && self.recognition.lacks_any(rules)
    }

    /// Whether the website leads to an address that narrows that of the last complete scrape, and lacks vehicles. One that a person
    /// gave is a list that was changed.
    fn is_narrowed(&self, reading: &ScrapeReading, rules: &TrackingRules) -> bool {
        reading.list.redirected && self.is_narrowed && self.recognition.lacks_any(rules)
    }

    /// Whether the lot has been another one for long enough to be believed.
    fn is_replaced(&self, vehicles: usize, rules: &TrackingRules) -> bool {
        let stands = self.recognition.standing.saturating_mul(2) >= vehicles;
        stands && self.is_believed_by_now(rules)
    }

    fn is_long(&self, row: AlikeScrapes, rules: &TrackingRules) -> bool {
        self.lasts(row, rules.evidence.shrunk_after_days, rules)
    }

    fn lasts(&self, row: AlikeScrapes, days: u32, rules: &TrackingRules) -> bool {
        let span = TimeDelta::days(days.into());
        row.count + 1 >= rules.evidence.shrunk_after_scrapes && self.observed_at - row.since >= span
    }
}

/// Whether a list ended before what the website claims: a few vehicles may be counted twice there, or be sold and counted.
fn is_short_of(vehicles: usize, claimed: u32, rules: &TrackingRules) -> bool {
    let (vehicles, claimed) = (vehicles as u128, u128::from(claimed));
    vehicles + u128::from(rules.evidence.claimed_slack) < claimed
        && vehicles * 100 < claimed * u128::from(rules.evidence.claimed_share_percent)
}

/// Whether so many vehicles stood on several pages that others may stand on none. One that claims how many it has, and showed
/// them, hides none.
fn has_moved(reading: &ScrapeReading, vehicles: usize, rules: &TrackingRules) -> bool {
    let (moved, slack) = (reading.on_several_pages, rules.evidence.moved_slack);
    let vehicles_seen = u32::try_from(vehicles).unwrap_or(u32::MAX);
    let has_what_it_claims = reading.total_claimed.is_some_and(|claimed| claimed.abs_diff(vehicles_seen) <= slack);
    !has_what_it_claims
        && moved > slack
        && u128::from(moved) * 100 > vehicles as u128 * u128::from(rules.evidence.moved_percent)
}

/// Whether a list whose end is not sure lacks a page or more against the last complete scrape.
fn lacks_a_page(reading: &ScrapeReading, vehicles: usize, earlier: &[usize]) -> bool {
    let Some((page, &last)) = reading.full_last_page.zip(earlier.first()) else { return false };
    page > 0 && vehicles.saturating_add(page as usize) <= last
}

/// Whether the count lies below a share of the median of the last complete scrapes.
pub(crate) fn is_far_below(vehicles: usize, earlier: &[usize], percent: u32, rules: &TrackingRules) -> bool {
    let mut counts: Vec<u128> =
        earlier.iter().take(rules.evidence.complete_scrapes_compared).map(|&count| count as u128).collect();
    counts.sort_unstable();
    let Some(last) = counts.len().checked_sub(1) else { return false };
    // Twice the median: the sum of the two middle counts, which are one and the same for an odd number.
    let median_doubled = counts[last / 2] + counts[last.div_ceil(2)];
    vehicles as u128 * 200 < median_doubled * u128::from(percent)
}
