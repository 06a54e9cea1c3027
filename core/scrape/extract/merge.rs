//! Several readings of one page brought together: the same vehicle once, with what each reading knew of it.

use std::collections::{HashMap, HashSet};

use super::listing::ScrapedListing;

/// Joins readings of the same vehicle (by VIN, else by address), the first one leading, in the order of first sight. Of two prices
/// it has the lower: which of its cards stands first may change from day to day.
pub(crate) fn same_vehicles(listings: Vec<ScrapedListing>) -> Vec<ScrapedListing> {
    // Two VINs are two vehicles, whatever their addresses: where each has one of its own there is nothing to join.
    let mut vins = HashSet::with_capacity(listings.len());
    if listings.iter().all(|listing| listing.vin.as_ref().is_some_and(|vin| vins.insert(vin))) {
        return listings;
    }
    let mut merged: Vec<ScrapedListing> = Vec::with_capacity(listings.len());
    let mut index = Index::default();
    for listing in listings {
        match index.find(&listing).filter(|at| !contradict(&merged[*at], &listing)) {
            Some(at) => {
                let price = merged[at].price.into_iter().chain(listing.price).min();
                merged[at].fill_from(listing);
                merged[at].price = price;
                index.add(&merged[at], at);
            }
            None => {
                index.add(&listing, merged.len());
                merged.push(listing);
            }
        }
    }
    merged
}

/// Fills the listings of one reading from another that saw the same page, adding none.
pub(crate) fn fill(listings: &mut [ScrapedListing], others: Vec<ScrapedListing>) {
    let mut index = Index::default();
    for (at, listing) in listings.iter().enumerate() {
        index.add(listing, at);
    }
    for other in others {
        if let Some(at) = index.find(&other).filter(|at| !contradict(&listings[*at], &other)) {
            listings[at].fill_from(other);
        }
    }
}

#[derive(Default)]
struct Index(HashMap<String, usize>);

impl Index {
    /// The address without its query and fragment, which differ between links to the same vehicle; never the whole site.
    fn keys(listing: &ScrapedListing) -> impl Iterator<Item = &str> {
        let query_names_the_vehicle = |url: &&str| !url.contains('?');
        let url =
            listing.url.as_deref().filter(query_names_the_vehicle).map(|url| url.split('#').next().unwrap_or(url));
        listing.vin.as_deref().into_iter().chain(url)
    }

    fn find(&self, listing: &ScrapedListing) -> Option<usize> {
        Self::keys(listing).find_map(|key| self.0.get(key).copied())
    }

    fn add(&mut self, listing: &ScrapedListing, at: usize) {
        for key in Self::keys(listing) {
            if !self.0.contains_key(key) {
                self.0.insert(key.to_owned(), at);
            }
        }
    }
}

/// Two VINs are two vehicles, even if all else agrees; so are two stock numbers or model years behind one address.
fn contradict(one: &ScrapedListing, other: &ScrapedListing) -> bool {
    fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        matches!((one, other), (Some(one), Some(other)) if one != other)
    }
    if one.vin.is_some() && one.vin == other.vin {
        return false;
    }
    differ(one.vin.as_ref(), other.vin.as_ref())
        || differ(one.stock_number.as_ref(), other.stock_number.as_ref())
        || differ(one.year.as_ref(), other.year.as_ref())
}
