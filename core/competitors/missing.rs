//! Which detail pages to ask for, to learn at once what became of listings that a list no longer shows.
//!
//! A page that answers 404 or 410 is proof, and any other answer is none. But a website that has moved all its pages, or shows
//! none of them to strangers, answers so for cars that it still offers: hence the control, the page of a car on the list, which
//! must be there, and which must stand where the pages of the missing ones stood. What is deliberately not here: asking, and
//! what follows from the proof.

use std::collections::HashSet;

use serde_json::Value;
use url::Url;

use super::{
    IncompleteReason,
    rules::{Plan, StoredListing},
};
use crate::scrape::configured::CHECKS_MAX;

/// How many missing listings the competitor's configuration asks to look after; none by default.
pub(super) fn checks_wanted(scraper_config: Option<&Value>) -> usize {
    let wanted = scraper_config.and_then(|config| config.get("check_missing")?.as_u64()).unwrap_or(0);
    usize::try_from(wanted).unwrap_or(usize::MAX).min(CHECKS_MAX as usize)
}

/// What to look after; the indices are those of the stored listings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Suspects {
    /// A listing that is on the list.
    pub(super) control: Option<usize>,
    /// Those that are not, on sale by what is known.
    pub(super) missing: Vec<usize>,
}

/// What the addresses of a website's detail pages have in common: the host, and the first part of the path where there are more.
fn place_of_page(listing: &StoredListing) -> Option<String> {
    let url = Url::parse(listing.details.url.as_deref()?).ok()?;
    let mut parts = url.path_segments()?.filter(|part| !part.is_empty());
    let first = parts.next().filter(|_| parts.next().is_some());
    Some(format!("{}/{}", url.host_str()?, first.unwrap_or_default()))
}

/// What a scrape leaves to be looked after that saw the whole lot, or a list that may be cut: there it tells which; linear.
pub(super) fn suspects(plan: &Plan, stored: &[StoredListing]) -> Suspects {
    let may_be_whole = |reason| {
        matches!(
            reason,
            IncompleteReason::LastPageFull | IncompleteReason::PageMissing | IncompleteReason::ListNarrowed
        )
    };
    if !plan.completeness.reason().is_none_or(may_be_whole) {
        return Suspects::default();
    }
    let mut is_settled = vec![false; stored.len()];
    let seen = || plan.reseen.iter().copied().chain(plan.changed.iter().map(|changed| changed.stored));
    seen().chain(plan.sold_by_absence.iter().map(|sold| sold.stored)).for_each(|row| is_settled[row] = true);
    let place = |row: usize| place_of_page(&stored[row]);
    let missing: Vec<usize> = (0..stored.len()).filter(|&row| !is_settled[row] && !stored[row].is_sold).collect();
    let places: HashSet<String> = missing.iter().filter_map(|&row| place(row)).collect();
    let control = plan.reseen.iter().copied().find(|&row| place(row).is_some_and(|place| places.contains(&place)));
    let Some(place_of_control) = control.and_then(place) else { return Suspects::default() };
    let missing = missing.into_iter().filter(|&row| place(row).as_ref() == Some(&place_of_control)).collect();
    Suspects { control, missing }
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
