//! Which detail pages to ask for, to learn at once what became of listings that a list no longer shows.
//!
//! A page whose own website answers 404 or 410 is proof, and any other answer is none, nor is that of a website which it redirects
//! to. But a website that has moved all its pages, or shows
//! none of them to strangers, answers so for cars that it still offers: hence the control, the page of a car on the list, which
//! must be there, must stand where the pages of the missing ones stood, and must have stood there already when they were last
//! seen. An address that carries the price or the mileage changes with it, and proves nothing. What is deliberately not here:
//! asking, and what follows from the proof.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use url::Url;

use super::{Competitor, IncompleteReason};
use crate::{
    scrape::{configured::CHECKS_MAX, walk::site_scope::Home},
    tracking::{facts::StoredListing, plan::Plan},
};

/// How many missing listings the competitor's configuration asks to look after; none by default.
pub(super) fn checks_wanted(scraper_config: Option<&Value>) -> usize {
    let wanted = scraper_config.and_then(|config| config.get("check_missing")?.as_u64()).unwrap_or(0);
    usize::try_from(wanted).unwrap_or(usize::MAX).min(CHECKS_MAX as usize)
}

/// The websites whose word about their cars counts: that of the list, and the one that is entered as the dealer's.
pub(super) fn own_websites(competitor: &Competitor) -> Vec<Home> {
    let addresses = [Some(competitor.inventory_url.as_str()), competitor.website_url.as_deref()];
    addresses.into_iter().flatten().filter_map(|address| Home::of(&Url::parse(address).ok()?)).collect()
}

/// What to look after; the indices are those of the stored listings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Suspects {
    /// Listings that are on the list as they were the last time; as many as are looked at for the control.
    pub(super) controls: Vec<usize>,
    /// Those that are not, on sale by what is known.
    missing: Vec<usize>,
}

/// How many listings to try as the control, which must not have changed for long.
const CONTROLS: usize = 500;

/// What a scrape saw is written when it is over; none takes longer than this.
const SCRAPE_HOURS: i64 = 2;

impl Suspects {
    /// The missing listings that this control can prove gone, if it has not changed since `unchanged_since`.
    pub(super) fn told_by(
        &self,
        control: usize,
        unchanged_since: DateTime<Utc>,
        stored: &[StoredListing],
    ) -> Vec<usize> {
        let place_of_control = place_of_page(&stored[control]);
        let is_told = |row: &usize| {
            let listing = &stored[*row];
            listing.last_seen_at + TimeDelta::hours(SCRAPE_HOURS) >= unchanged_since
                && place_of_page(listing) == place_of_control
                && !address_changes(listing)
        };
        self.missing.iter().copied().filter(is_told).collect()
    }
}

/// Whether a listing's address carries what may change of it.
fn address_changes(listing: &StoredListing) -> bool {
    let dollars = listing.price.map(|price| (price.cents() / 100).unsigned_abs());
    let changing = [dollars, listing.details.mileage.map(|miles| u64::from(miles.unsigned_abs()))];
    let numbers = listing.details.url.as_deref().unwrap_or_default().split(|sign: char| !sign.is_ascii_digit());
    // Two digits may be anything.
    numbers
        .filter(|digits| digits.len() > 2)
        .any(|digits| digits.parse().is_ok_and(|number| changing.contains(&Some(number))))
}

/// What the addresses of a website's detail pages have in common: the host, and the first part of the path where there are more.
fn place_of_page(listing: &StoredListing) -> Option<String> {
    let url = Url::parse(listing.details.url.as_deref()?).ok()?;
    let mut parts = url.path_segments()?.filter(|part| !part.is_empty());
    let first = parts.next().filter(|_| parts.next().is_some());
    Some(format!("{}/{}", url.host_str()?, first.unwrap_or_default()))
}

/// Which missing cars to look for by their own pages. None if the scrape has a doubt that these pages cannot settle. Linear.
pub(super) fn suspects(plan: &Plan, stored: &[StoredListing]) -> Suspects {
    use IncompleteReason as Reason;
    // A list with these doubts may be whole: the missing cars' own pages say whether it is.
    let may_be_whole = |reason: &Reason| match reason {
        Reason::LastPageFull
        | Reason::ManyMissing
        | Reason::ListNarrowed
        | Reason::ClaimsMore
        | Reason::PageOutdated => true,
        Reason::Discarded
        | Reason::Empty
        | Reason::ClosedByRobots
        | Reason::PageFailed
        | Reason::ClaimsNone
        | Reason::LastPageNotReached
        | Reason::FewerThanClaimed
        | Reason::LotReplaced
        | Reason::ListMoved
        | Reason::ListChanged
        | Reason::CalledSold => false,
    };
    if !plan.doubts.0.iter().all(may_be_whole) {
        return Suspects::default();
    }
    let mut is_settled = vec![false; stored.len()];
    let seen = || plan.reseen.iter().copied().chain(plan.changed.iter().map(|changed| changed.stored));
    seen().chain(plan.sold_by_absence.iter().map(|sold| sold.stored)).for_each(|row| is_settled[row] = true);
    let place = |row: usize| place_of_page(&stored[row]);
    let missing: Vec<usize> = (0..stored.len()).filter(|&row| !is_settled[row] && !stored[row].is_sold).collect();
    let places: HashSet<String> = missing.iter().filter_map(|&row| place(row)).collect();
    let is_near = |row: &usize| place(*row).is_some_and(|place| places.contains(&place));
    Suspects { controls: plan.reseen.iter().copied().filter(is_near).take(CONTROLS).collect(), missing }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_number_of_checks_is_asked_for_and_bounded() {
        for (config, expected) in [
            (None, 0),
            (Some(json!({})), 0),
            (Some(json!({"check_missing": 5})), 5),
            (Some(json!({"check_missing": 5000})), 50),
            (Some(json!({"check_missing": -1})), 0),
            (Some(json!({"check_missing": "many"})), 0),
            (Some(json!([1])), 0),
        ] {
            assert_eq!(checks_wanted(config.as_ref()), expected, "{config:?}");
        }
    }
}
