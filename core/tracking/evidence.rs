//! How far a scrape is believed: the doubts about it, each a row of one table.
//!
//! A scrape has any number of doubts. One that touches the whole list lowers the weight of the scrape: of what it did not see, the
//! least weight counts. One that touches a part of the list lowers the weight of what vanished together, and leaves the rest alone.
//! One about the website's word lowers nothing: what it calls sold counts as not seen. [`DOUBTS`] has them all, `Weight` the kinds.
//! The numbers are in `config::EvidenceRules`; what follows from a weight is in `sold`, and the arguments are in docs/tracking.md.

use chrono::TimeDelta;
use serde::Serialize;

use super::config::{DoubtWeights, EvidenceRules};
use crate::{
    extract::Warning,
    scrape::walk::{ListShape, ScrapeReading},
};

/// What the doubts about a scrape look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) reading: &'a ScrapeReading,
    /// How many different vehicles it found.
    pub(crate) vehicles: usize,
    /// Which vehicles of the last scrape of full weight it met.
    pub(crate) recognition: Recognition,
    /// What that scrape found the website to claim.
    pub(crate) claimed: Option<Claimed>,
    /// The list as it was before it was cut.
    pub(crate) list: ListBefore<'a>,
    /// Whether the website calls too many sold at once to be believed.
    pub(crate) doubts_its_word: bool,
    /// What vanished together and is not believed to be gone, once that is known.
    pub(crate) together: usize,
    pub(crate) rules: &'a EvidenceRules,
}

/// What a website claimed and showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claimed {
    pub(crate) vehicles: u32,
    pub(crate) shown: usize,
}

impl Claimed {
    /// How many it claims beyond those that it shows.
    fn hidden(self) -> i64 {
        i64::from(self.vehicles) - i64::try_from(self.shown).unwrap_or(i64::MAX)
    }
}

/// A list as the last scrape saw it that did not find it cut.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ListBefore<'a> {
    /// How many vehicles it showed; `None` where there is no such scrape.
    pub(crate) vehicles: Option<usize>,
    pub(crate) pages: Option<u32>,
    pub(crate) shape: Option<&'a ListShape>,
    /// How many of its vehicles on sale are not shown now.
    pub(crate) missing: usize,
    /// Whether the present address narrows the one before.
    pub(crate) is_narrowed: bool,
    /// Whether a person has changed its address or its configuration since.
    pub(crate) is_changed: bool,
}

/// How many vehicles of the last scrape of full weight this scrape recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recognition {
    /// Vehicles on sale that it saw, and those of them recognised.
    pub(crate) known: usize,
    pub(crate) recognised: usize,
    /// Vehicles of this scrape that have stood there for `standing_days`, whatever stood there before.
    pub(crate) standing: usize,
    /// The time since somebody last saw vehicles there, believed or not.
    pub(crate) unwatched: TimeDelta,
}

impl Recognition {
    pub(crate) fn missing(&self) -> usize {
        self.known.saturating_sub(self.recognised)
    }

    /// Whether this looks like another lot: fewer than `recognised_share_percent` were recognised, and more are missing than can have been
    /// sold since the last look.
    fn is_of_another_lot(&self, rules: &EvidenceRules) -> bool {
        let (known, recognised) = (self.known as i128, self.recognised as i128);
        let is_minority = recognised * 100 < known * i128::from(rules.recognised_share_percent);
        is_minority && self.lacks_more_than_go(rules)
    }

    /// Whether more are missing than can have been sold since the last look.
    fn lacks_more_than_go(&self, rules: &EvidenceRules) -> bool {
        self.are_more_than_go(self.missing(), self.known, rules)
    }

    /// Whether `some` of `of` vehicles are more than can have been sold since the last look.
    fn are_more_than_go(&self, some: usize, of: usize, rules: &EvidenceRules) -> bool {
        let turnover = i128::from(TimeDelta::days(rules.turnover_days.into()).num_seconds().max(1));
        let beyond_slack = some as i128 - i128::from(rules.turnover_slack);
        beyond_slack * turnover > of as i128 * i128::from(self.unwatched.num_seconds())
    }

    /// Whether more of the vehicles on sale are called sold at once than can have been sold since somebody last looked.
    pub(crate) fn doubts_sales(&self, called_sold: usize, on_sale: usize, rules: &EvidenceRules) -> bool {
        called_sold >= rules.called_sold_doubted
            && called_sold as u128 * 100 > on_sale as u128 * u128::from(rules.called_sold_percent)
            && self.are_more_than_go(called_sold, on_sale, rules)
    }
}

/// Whether the scrape saw the whole lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// It has no doubt. A vehicle that it did not show was missed by a whole look.
    Complete,
    /// It has at least one doubt, and this is the gravest. A vehicle that it did not show was missed by a part of a look.
    Incomplete(IncompleteReason),
}

/// Why a scrape may not have seen the whole lot. The documents call it a doubt.
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
    /// It ends a page earlier than before, with a full one or with a page's worth of vehicles missing: the list may go on.
    LastPageFull,
    /// Vehicles stood on several pages: the list was ordered anew between two requests, so others may have been on no page.
    ListMoved,
    /// Less than half of the vehicles seen last were recognised: another list, or other numbers on the same cars.
    LotReplaced,
    /// The website says that it found nothing, and shows some: they are others than were asked for.
    ClaimsNone,
    /// The address or the configuration was changed, and what the list showed before is missing.
    ListChanged,
    /// The website calls a large part of the lot sold at once.
    CalledSold,
    /// More vehicles vanished together than are sold at once.
    ManyMissing,
    /// The address leads to a narrower list than before, and some of the lot is missing there.
    ListNarrowed,
    /// The website counts more vehicles that it does not show than it did when the lot was last whole.
    ClaimsMore,
    /// A page is sent as it was, though vehicles of the page in front have moved on to it.
    PageOutdated,
    /// A person has discarded what it saw.
    Discarded,
}

words!(IncompleteReason, InvalidIncompleteReason at "/incomplete_reason" {
    Empty => "empty",
    ClosedByRobots => "closed_by_robots",
    PageFailed => "page_failed",
    LastPageNotReached => "last_page_not_reached",
    FewerThanClaimed => "fewer_than_claimed",
    LastPageFull => "last_page_full",
    ListMoved => "list_moved",
    LotReplaced => "lot_replaced",
    ClaimsNone => "claims_none",
    ListChanged => "list_changed",
    CalledSold => "called_sold",
    ManyMissing => "many_missing",
    ListNarrowed => "list_narrowed",
    ClaimsMore => "claims_more",
    PageOutdated => "page_outdated",
    Discarded => "discarded",
});

/// A reason to believe a scrape less.
pub(crate) struct Doubt {
    pub(crate) reason: IncompleteReason,
    holds: fn(&Evidence<'_>) -> bool,
    weight: Weight,
    /// The doubt for a person, to follow a colon.
    sentence: &'static str,
}

/// What a doubt lowers the weight of.
enum Weight {
    /// Of the whole scrape, to this.
    Scrape(fn(&DoubtWeights) -> f64),
    /// Of what vanished together, to the weight of a list that is cut.
    Cut,
    /// The same, of a single vehicle as well.
    Hidden,
    /// Of what vanished together, by how unlikely that was.
    Group,
    /// None. The website's word is not believed: the vehicles that it calls sold count as not seen.
    Word,
}

/// Every doubt, in the order of the weight that it leaves of the whole scrape. Doubts about a group of vehicles leave 1 and come last.
/// Reports name the first one that holds.
pub(crate) const DOUBTS: [Doubt; IncompleteReason::ALL.len()] = {
    use IncompleteReason as Reason;
    use Weight::{Cut, Group, Hidden, Scrape, Word};
    const UNSEEN: Weight = Scrape(|weights| weights.unseen);
    const fn doubt(reason: Reason, holds: fn(&Evidence<'_>) -> bool, weight: Weight, sentence: &'static str) -> Doubt {
        Doubt { reason, holds, weight, sentence }
    }
    [
        doubt(Reason::Discarded, |_| false, Scrape(|_| 0.0), "a person has discarded it"),
        doubt(Reason::Empty, |seen| seen.vehicles == 0, UNSEEN, "no vehicle is shown"),
        doubt(
            Reason::ClosedByRobots,
            |seen| seen.reading.pages_closed_by_robots > 0,
            UNSEEN,
            "robots.txt closes some of its pages",
        ),
        doubt(Reason::PageFailed, |seen| seen.reading.pages_failed > 0, UNSEEN, "a page could not be fetched or read"),
        doubt(
            Reason::ClaimsNone,
            |seen| seen.claims_none(),
            UNSEEN,
            "it says that nothing was found, and shows vehicles",
        ),
        doubt(
            Reason::LastPageNotReached,
            |seen| !seen.reading.last_page_reached,
            UNSEEN,
            "its last page was not reached",
        ),
        doubt(Reason::FewerThanClaimed, |seen| seen.is_short(), UNSEEN, "fewer vehicles are shown than it claims"),
        doubt(Reason::LotReplaced, |seen| seen.is_replaced(), UNSEEN, "most of its vehicles are others than before"),
        doubt(
            Reason::ClaimsMore,
            |seen| seen.claims_more(),
            Scrape(|weights| weights.claims_more),
            "it counts more vehicles than it shows",
        ),
        doubt(
            Reason::ListMoved,
            |seen| seen.has_moved(),
            Scrape(|weights| weights.moved),
            "vehicles stand on several of its pages",
        ),
        doubt(Reason::LastPageFull, |seen| seen.is_cut(), Cut, "it ends a page earlier than before"),
        doubt(
            Reason::PageOutdated,
            |seen| seen.has_old_pages(),
            Hidden,
            "a page is sent as it was, though vehicles have moved on to it",
        ),
        doubt(Reason::ListNarrowed, |seen| seen.is_narrowed(), Cut, "its address leads to a narrower list than before"),
        doubt(
            Reason::ListChanged,
            |seen| seen.is_changed(),
            Cut,
            "its address or its configuration was changed, and vehicles are missing since",
        ),
        doubt(Reason::CalledSold, |seen| seen.doubts_its_word, Word, "it calls a large part of the lot sold at once"),
        doubt(
            Reason::ManyMissing,
            |seen| seen.together > 0,
            Group,
            "more vehicles are missing at once than are sold at once",
        ),
    ]
};

/// The doubts about one scrape, in the order of [`DOUBTS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Doubts(pub(crate) Vec<IncompleteReason>);

impl Doubts {
    pub(crate) fn about(evidence: &Evidence<'_>) -> Self {
        Self(DOUBTS.iter().filter(|doubt| (doubt.holds)(evidence)).map(|doubt| doubt.reason).collect())
    }

    fn rows(&self) -> impl Iterator<Item = &'static Doubt> + '_ {
        DOUBTS.iter().filter(|doubt| self.0.contains(&doubt.reason))
    }

    /// What is left of the look, from 0 to 1.
    pub(crate) fn weight(&self, rules: &EvidenceRules) -> f64 {
        let of_scrape = |doubt: &Doubt| match doubt.weight {
            Weight::Scrape(weight) => Some(weight(&rules.weights)),
            Weight::Cut | Weight::Hidden | Weight::Group | Weight::Word => None,
        };
        self.rows().filter_map(of_scrape).fold(1.0, f64::min)
    }

    /// Whether the list looks cut: then what vanishes in groups may stand behind the cut.
    pub(crate) fn are_of_a_cut(&self) -> bool {
        self.rows().any(|doubt| matches!(doubt.weight, Weight::Cut))
    }

    /// Whether single vehicles may stand where no page shows them.
    pub(crate) fn are_of_hidden_vehicles(&self) -> bool {
        self.rows().any(|doubt| matches!(doubt.weight, Weight::Hidden))
    }

    /// Whether the list was seen to its end all the same.
    pub(crate) fn are_of_a_whole_list(&self) -> bool {
        self.0.iter().all(|reason| reason.is_of_a_whole_list())
    }

    pub(crate) fn completeness(&self) -> Completeness {
        self.0.first().map_or(Completeness::Complete, |&reason| Completeness::Incomplete(reason))
    }
}

impl IncompleteReason {
    /// The same for a person, to follow a colon.
    pub(crate) fn in_words(self) -> &'static str {
        DOUBTS.iter().find(|doubt| doubt.reason == self).map_or("", |doubt| doubt.sentence)
    }

    /// Whether a list was seen to its end all the same, so that the doubt is about what it did not show.
    pub(crate) const fn is_of_a_whole_list(self) -> bool {
        use IncompleteReason as Reason;
        match self {
            Reason::LotReplaced
            | Reason::ClaimsMore
            | Reason::PageOutdated
            | Reason::LastPageFull
            | Reason::ListNarrowed
            | Reason::ListChanged
            | Reason::CalledSold
            | Reason::ManyMissing => true,
            Reason::Discarded
            | Reason::Empty
            | Reason::ClosedByRobots
            | Reason::PageFailed
            | Reason::ClaimsNone
            | Reason::LastPageNotReached
            | Reason::FewerThanClaimed
            | Reason::ListMoved => false,
        }
    }
}

impl Evidence<'_> {
    /// Whether it says that nothing was found: as a number, or in words where it once gave a number.
    fn claims_none(&self) -> bool {
        let had_total = self.claimed.is_some_and(|claimed| claimed.vehicles > 0);
        self.vehicles > 0 && (self.reading.total_claimed == Some(0) || (self.reading.says_none && had_total))
    }

    fn claims(&self) -> Option<Claimed> {
        self.reading.total_claimed.map(|vehicles| Claimed { vehicles, shown: self.vehicles })
    }

    /// How many the website hid when it was last believed.
    fn hid(&self) -> i64 {
        self.claimed.map_or(0, Claimed::hidden).max(0)
    }

    fn hides_more(&self) -> bool {
        self.claims().is_some_and(|now| now.hidden() > self.hid() + i64::from(self.rules.claimed_slack))
    }

    /// Whether the list ended far before what the website claims. A list that hid as many when it was last believed is not short.
    fn is_short(&self) -> bool {
        let is_short = |claimed| is_short_of(claimed, self.rules);
        self.claims().is_some_and(is_short) && (self.hides_more() || !self.claimed.is_some_and(is_short))
    }

    /// Whether the website counts more vehicles than it shows, by more than when it was last believed, and vehicles are missing:
    /// those may be counted still.
    fn claims_more(&self) -> bool {
        let lacks_any = self.recognition.missing() > self.rules.turnover_slack as usize;
        self.claimed.is_some() && !self.is_short() && self.hides_more() && lacks_any
    }

    fn is_replaced(&self) -> bool {
        let stands = self.recognition.standing.saturating_mul(2) >= self.vehicles;
        // A lot that shrank shows what it showed before.
        let is_a_part = self.recognition.recognised.saturating_mul(2) >= self.vehicles;
        self.vehicles > 0 && !stands && !is_a_part && self.recognition.is_of_another_lot(self.rules)
    }

    /// Whether vehicles seem to have moved on to a page that is sent as it was. A website that showed as many as it claims hides none.
    fn has_old_pages(&self) -> bool {
        self.reading.behind_old_pages > 0 && self.claims().is_none_or(|now| now.hidden() > 0)
    }

    /// Whether many vehicles stood on several pages, so that others may have been on no page. A website that showed as many as it
    /// claims hides none.
    fn has_moved(&self) -> bool {
        let (moved, slack) = (self.reading.on_several_pages, self.rules.moved_slack);
        let has_what_it_claims = self.claims().is_some_and(|now| now.hidden().unsigned_abs() <= u64::from(slack));
        let share = self.vehicles as u128 * u128::from(self.rules.moved_percent);
        !has_what_it_claims && moved > slack && u128::from(moved) * 100 > share
    }

    /// Whether the list ends earlier than before, where nothing says that its end was not reached.
    fn is_cut(&self) -> bool {
        if !self.reading.last_page_reached || self.reading.pages_failed > 0 {
            return false;
        }
        self.lacks_a_page() || self.lost_pages() || self.lacks_a_page_of_vehicles()
    }

    /// Whether its last page is full and nothing tells that it is the last, and it lacks a page or more against the list before.
    fn lacks_a_page(&self) -> bool {
        let Some((page, before)) = self.reading.full_last_page.zip(self.list.vehicles) else { return false };
        page > 0 && self.vehicles.saturating_add(page as usize) <= before
    }

    fn has_fewer_pages(&self) -> bool {
        self.reading.pages_fetched.zip(self.list.pages).is_some_and(|(pages, before)| pages < before)
    }

    fn page_before(&self) -> Option<u32> {
        self.list.shape.and_then(|shape| shape.page_vehicles)
    }

    /// Whether the list has fewer pages than before, the last one full, and vehicles are missing. If its pages are larger now, fewer pages
    /// may hold the whole list; then more must be missing than can have been sold.
    fn lost_pages(&self) -> bool {
        let Some(last) = self.reading.list.last_page.filter(|_| self.has_fewer_pages()) else { return false };
        let page = self.page_before().unwrap_or(last);
        // A single page has none of its own to be compared with.
        let has_several = self.reading.pages_fetched.is_some_and(|pages| pages > 1);
        if last < page && !(has_several && self.reading.full_last_page.is_some()) {
            return false;
        }
        let holds_more = last > page.saturating_add(self.rules.turnover_slack);
        if holds_more { self.recognition.lacks_more_than_go(self.rules) } else { self.list.missing > 0 }
    }

    /// Whether it has fewer pages than the list had, and lacks at least what stood on one of those: far more than go at once. An error
    /// page that suggests a few cars looks like a last page that is not full.
    fn lacks_a_page_of_vehicles(&self) -> bool {
        let lacks_a_page = self.page_before().is_some_and(|page| self.list.missing >= page as usize);
        self.has_fewer_pages()
            && self.reading.list.last_page.is_some()
            && lacks_a_page
            && self.recognition.lacks_more_than_go(self.rules)
    }

    /// Whether more than `turnover_slack` vehicles of the earlier list are missing.
    fn lacks_of_the_list(&self) -> bool {
        self.list.missing > self.rules.turnover_slack as usize
    }

    /// Whether the website leads to an address that narrows the one before. If a person changed the address, the doubt is `ListChanged` instead.
    fn is_narrowed(&self) -> bool {
        self.reading.list.redirected && self.list.is_narrowed && self.lacks_of_the_list()
    }

    fn is_changed(&self) -> bool {
        self.list.is_changed && self.lacks_of_the_list()
    }

    /// The warning that gives the figures of a doubt. `None` if the doubt's sentence says all.
    pub(crate) fn warning(&self, doubt: IncompleteReason) -> Option<Warning> {
        let Recognition { known, recognised, .. } = self.recognition;
        let (reading, missing, missing_of_list) = (self.reading, self.recognition.missing(), self.list.missing);
        Some(match doubt {
            IncompleteReason::ManyMissing => Warning::ManyMissing { missing: self.together, known },
            IncompleteReason::ClaimsMore => {
                Warning::ClaimsMore { claimed: reading.total_claimed.unwrap_or_default(), missing }
            }
            IncompleteReason::LastPageFull => {
                Warning::LastPageFull { last_page: reading.pages_fetched, missing: missing_of_list }
            }
            IncompleteReason::ListNarrowed => {
                Warning::ListNarrowed { url: reading.list.url.clone(), missing: missing_of_list }
            }
            IncompleteReason::ListMoved => Warning::ListMoved { on_several_pages: reading.on_several_pages },
            IncompleteReason::LotReplaced => Warning::LotReplaced { recognised, known },
            IncompleteReason::ClaimsNone => Warning::ClaimsNone,
            IncompleteReason::ListChanged => {
                Warning::ListChanged { missing: missing_of_list, known: self.list.vehicles.unwrap_or(known) }
            }
            IncompleteReason::CalledSold => Warning::CalledSold,
            // The reason says it all: there are no figures to add.
            IncompleteReason::Discarded
            | IncompleteReason::Empty
            | IncompleteReason::ClosedByRobots
            | IncompleteReason::PageFailed
            | IncompleteReason::LastPageNotReached
            | IncompleteReason::PageOutdated
            | IncompleteReason::FewerThanClaimed => return None,
        })
    }
}

/// Whether a list ended before what the website claims: a few vehicles may be counted twice there, or be sold and counted.
fn is_short_of(claimed: Claimed, rules: &EvidenceRules) -> bool {
    let (vehicles, claimed) = (claimed.shown as u128, u128::from(claimed.vehicles));
    vehicles + u128::from(rules.claimed_slack) < claimed
        && vehicles * 100 < claimed * u128::from(rules.claimed_share_percent)
}

impl Completeness {
    /// Whether what was not seen was not there.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Complete)
    }

    /// Why not, where it is not complete: the gravest doubt.
    #[must_use]
    pub const fn reason(self) -> Option<IncompleteReason> {
        match self {
            Self::Complete => None,
            Self::Incomplete(reason) => Some(reason),
        }
    }
}

/// Whether the count lies below a share of the median of some others.
pub(crate) fn is_far_below(vehicles: usize, earlier: &[usize], percent: u32) -> bool {
    let mut counts: Vec<u128> = earlier.iter().map(|&count| count as u128).collect();
    counts.sort_unstable();
    let Some(last) = counts.len().checked_sub(1) else { return false };
    // Twice the median: the sum of the two middle counts, which are one and the same for an odd number.
    let median_doubled = counts[last / 2] + counts[last.div_ceil(2)];
    vehicles as u128 * 200 < median_doubled * u128::from(percent)
}
