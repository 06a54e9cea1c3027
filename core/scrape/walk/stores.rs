//! Websites of a group of dealers, which list the vehicles of all its stores.
//!
//! Which store is meant is said by the competitor's `scraper_config`; a vehicle without a store is then left out, too. Where it is
//! not said, all are taken and the report says so. What is deliberately not here: where on a page or in an answer a store stands;
//! that is the platform's.

use std::collections::{BTreeMap, HashSet};

use super::key_of;
use crate::{
    extract::{ScrapedListing, StoreCount, Warning},
    scrape::extract::store_of,
};

/// So many stores are named in a warning.
const NAMED: usize = 8;

/// Keeps only the vehicles of our store, and returns how many vehicles of other stores were dropped. A vehicle without a
/// store is dropped, too, and not counted: it may be ours.
pub(crate) fn take_one(listings: &mut Vec<ScrapedListing>, meant: Option<&str>, warnings: &mut Vec<Warning>) -> usize {
    let mut stores: BTreeMap<&str, usize> = BTreeMap::new();
    listings.iter().filter_map(store_of).for_each(|store| *stores.entry(store).or_default() += 1);
    let named = || {
        let first = stores.iter().take(NAMED);
        first.map(|(store, &vehicles)| StoreCount { store: (*store).to_owned(), vehicles }).collect()
    };
    let Some(meant) = meant else {
        if stores.len() > 1 {
            warnings.push(Warning::GroupList { stores: stores.len(), named: named() });
        }
        return 0;
    };
    let is_meant = |listing: &ScrapedListing| store_of(listing).is_some_and(|store| is_same(store, meant));
    if !listings.is_empty() && !listings.iter().any(is_meant) {
        warnings.push(Warning::StoreNotFound { meant: meant.to_owned(), stores: stores.len(), named: named() });
    }
    let unnamed = listings.iter().filter(|listing| store_of(listing).is_none()).count();
    if unnamed > 0 && !stores.is_empty() {
        warnings.push(Warning::StoreMissing { meant: meant.to_owned(), unnamed });
    }
    // A vehicle that several pages show is claimed once.
    let is_of_another = |listing: &&ScrapedListing| store_of(listing).is_some_and(|store| !is_same(store, meant));
    let aside: HashSet<String> = listings.iter().filter(is_of_another).filter_map(key_of).collect();
    listings.retain(is_meant);
    aside.len()
}

fn is_same(store: &str, meant: &str) -> bool {
    store == meant || store.to_lowercase() == meant.to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(stock: &str, store: Option<&str>) -> ScrapedListing {
        let raw_data = store.map(|store| json!({ "store": store }));
        ScrapedListing { stock_number: Some(stock.into()), raw_data, ..ScrapedListing::default() }
    }

    #[test]
    fn the_vehicles_of_one_store_are_taken_and_a_group_is_named_where_none_is_meant() {
        let group = || vec![of("1", Some("Valley")), of("2", Some("Hill")), of("2", Some("Hill")), of("3", None)];
        for (meant, left, aside, code) in [
            (None, 4, 0, Some("group_list")),
            (Some("valley"), 1, 1, Some("store_missing")),
            (Some("Hill"), 2, 1, Some("store_missing")),
            (Some("Lake"), 0, 2, Some("store_not_found")),
        ] {
            let (mut listings, mut warnings) = (group(), Vec::new());
            assert_eq!(take_one(&mut listings, meant, &mut warnings), aside, "{meant:?}");
            assert_eq!((listings.len(), warnings.first().map(Warning::code)), (left, code), "{meant:?}");
        }
        let (mut one, mut warnings) = (vec![of("1", Some("Valley")), of("2", None)], Vec::new());
        assert_eq!((take_one(&mut one, None, &mut warnings), warnings), (0, vec![]));
    }
}
