//! What a vendor's reader leaves empty, filled by the general reading, and what a whole list lacks that such lists have.
//!
//! A vendor knows best where its pages ask a price. A field that it finds nowhere on a page stands elsewhere since the vendor
//! changed its pages: then the general reading says it. What is deliberately not here: any one vendor; those are `platforms`.

use url::Url;

use super::{
    Condition, Parts, Warning, general,
    listing::ScrapedListing,
    merge::{self, Joined, Role},
    own_page::Subject,
    page::Page,
    shown_prices, vendors,
};
use crate::{Result, scrape::platforms::Platform};

/// A field of a listing that a whole list may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usual {
    Price,
    Mileage,
    Vin,
    /// What names the vehicle.
    Heading,
}

impl Usual {
    const ALL: [Self; 4] = [Self::Price, Self::Mileage, Self::Vin, Self::Heading];

    /// The field's name, as listings have it.
    fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Mileage => "mileage",
            Self::Vin => "vin",
            Self::Heading => "heading",
        }
    }

    fn is_in(self, listing: &ScrapedListing) -> bool {
        match self {
            Self::Price => listing.price.is_some(),
            Self::Mileage => listing.mileage.is_some(),
            Self::Vin => listing.vin.is_some(),
            Self::Heading => listing.make.is_some() || listing.model.is_some(),
        }
    }
}

/// Fills what a vendor's reader left empty, and puts the page's own vehicle in front of those that it suggests.
pub(super) fn completed(page: &Page<'_>, mut parts: Parts) -> Result<Parts> {
    let subject = Subject::of(page);
    shown_prices::correct(page, None, &mut parts.listings);
    let nowhere = |is_in: &dyn Fn(&ScrapedListing) -> bool| !parts.listings.iter().any(is_in);
    let lacks_price = nowhere(&|listing| listing.price.is_some());
    // Often single cars have no VIN or stock number, so only a whole list without them is worth a second reading.
    let lacks_any = lacks_price
        || nowhere(&|listing| listing.vin.is_some())
        || nowhere(&|listing| listing.stock_number.is_some())
        || nowhere(&|listing| listing.url.is_some())
        || parts.listings.iter().any(|listing| listing.model.is_none() || lacks_miles(listing, &page.url));
    if !lacks_any && !subject.may_be_a_vehicle() {
        return Ok(parts);
    }
    let general = general::read_of(page, &subject)?;
    shown_prices::correct(page, None, &mut parts.listings);
    let is_own_page = general.is_own_page;
    let mut others = general.listings;
    if is_own_page {
        parts.listings = own_first(page, parts.listings, others);
        return Ok(parts);
    }
    if !lacks_price {
        // Where this vendor asks a price, what stands elsewhere is another one.
        others.iter_mut().for_each(|listing| listing.price = None);
    }
    merge::fill(&mut parts.listings, others, &page.url);
    Ok(parts)
}

/// The page's own vehicle, as the vendor's reader knows it and with what the page says, and behind it the others.
fn own_first(page: &Page<'_>, of_vendor: Vec<ScrapedListing>, general: Vec<ScrapedListing>) -> Vec<ScrapedListing> {
    let mut general = general.into_iter().peekable();
    let Some(own) = general.next_if(ScrapedListing::is_offered_here) else {
        // The page's own vehicle is gone.
        let mut joined = Joined::on(&page.url);
        joined.take(of_vendor, Role::Counts);
        joined.take(general.collect(), Role::Counts);
        let mut listings = joined.into_listings();
        listings.iter_mut().for_each(|listing| listing.related = Some(true));
        return listings;
    };
    let mut joined = Joined::on(&page.url);
    let (same, others): (Vec<_>, Vec<_>) =
        of_vendor.into_iter().partition(|listing| listing.vin.is_some() && listing.vin == own.vin);
    joined.take(same, Role::Counts);
    joined.take(vec![own], Role::Counts);
    joined.take(others, Role::Counts);
    joined.take(general.collect(), Role::Counts);
    let mut listings = joined.into_listings();
    listings.iter_mut().enumerate().for_each(|(at, listing)| listing.related = (at > 0).then_some(true));
    listings
}

/// A lone vehicle without a price is one that is asked for by phone.
const FEWEST: usize = 2;

/// Says which fields no vehicle of a page has, though most lists of the vendor have them.
pub(super) fn missing(platform: &Platform, listings: &[ScrapedListing], page: &Url) -> Vec<Warning> {
    missing_but(platform.name, listings, page, platform.pages_lack)
}

/// The same of an answer of the vendor's endpoint.
pub(super) fn missing_in_data(platform: &Platform, listings: &[ScrapedListing], page: &Url) -> Vec<Warning> {
    missing_but(platform.name, listings, page, &[])
}

/// The same of a page of no vendor. Small websites often show no VIN.
pub(super) fn missing_anywhere(technique: &'static str, listings: &[ScrapedListing], page: &Url) -> Vec<Warning> {
    missing_but(technique, listings, page, &[Usual::Vin])
}

fn missing_but(platform: &'static str, listings: &[ScrapedListing], page: &Url, but: &[Usual]) -> Vec<Warning> {
    let offered = || listings.iter().filter(|listing| listing.is_offered_here());
    let found = offered().count();
    if found < FEWEST {
        return Vec::new();
    }
    // New cars have no miles to speak of.
    let has_miles = || !is_of_new_cars(page) && offered().any(|listing| listing.condition != Some(Condition::New));
    let is_expected = |usual: &Usual| !but.contains(usual) && (*usual != Usual::Mileage || has_miles());
    let missing = Usual::ALL.into_iter().filter(is_expected);
    let missing = missing.filter(|usual| !offered().any(|listing| usual.is_in(listing)));
    missing.map(|usual| Warning::FieldMissing { platform, field: usual.name(), found }).collect()
}

/// The sentence of [`Warning::FieldMissing`].
pub(crate) fn field_missing(platform: &str, field: &str, found: usize) -> String {
    let look = format!("`fields/{field}` in the scraper_config says where to look");
    if known_vendor(platform) {
        format!(
            "no {field} on {found} of {found} vehicles, which most lists of {platform} show: the vendor may have changed its pages; {look}"
        )
    } else {
        format!("no {field} on {found} of {found} vehicles: the page may show it in a way that is not read; {look}")
    }
}

fn known_vendor(name: &str) -> bool {
    vendors().any(|known| known == name)
}

/// Whether a car has no mileage that should have one.
fn lacks_miles(listing: &ScrapedListing, page: &Url) -> bool {
    listing.mileage.is_none() && listing.condition != Some(Condition::New) && !is_of_new_cars(page)
}

/// Whether the address is that of a list of new cars, which have no mileage.
fn is_of_new_cars(page: &Url) -> bool {
    let address = page.as_str().to_ascii_lowercase();
    address.split(|sign: char| !sign.is_ascii_alphanumeric()).any(|word| matches!(word, "new" | "searchnew"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_car_lacks_no_mileage() {
        let [used, new] = ["https://lot.example/used-inventory/", "https://lot.example/new-inventory/"]
            .map(|url| Url::parse(url).unwrap());
        let car = |mileage, condition| ScrapedListing { mileage, condition, ..ScrapedListing::default() };
        assert!(lacks_miles(&car(None, None), &used) && lacks_miles(&car(None, Some(Condition::Used)), &used));
        assert!(!lacks_miles(&car(Some(9), None), &used) && !lacks_miles(&car(None, Some(Condition::New)), &used));
        assert!(!lacks_miles(&car(None, None), &new));
    }
}
