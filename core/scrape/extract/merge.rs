//! Several readings of one page brought together: the same vehicle once, with what each reading knew of it.
//!
//! Two entries are one vehicle if they share a VIN, an address or a stock number and nothing contradicts it. An entry that shares
//! one thing with each of two others makes one vehicle of all three: a list's entry knows an address, the data a VIN, and the
//! card both. Two readings also meet by a long number in the addresses, or by a year, a make and a mileage that no other
//! vehicle of the page has. `docs/extraction.md` has the rule.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::{
    address,
    filler::{first_price, is_filler},
    listing::ScrapedListing,
    model_years,
};

/// Joins entries of the same vehicle, the first one leading, in the order of first sight. Of two prices it has the lower: which
/// of its cards stands first may change from day to day. `page` is where they stand.
pub(crate) fn same_vehicles(mut listings: Vec<ScrapedListing>, page: &Url) -> Vec<ScrapedListing> {
    listings.iter_mut().for_each(model_years::correct);
    // Two VINs are two vehicles, whatever their addresses: where each has one of its own there is nothing to join.
    let mut vins = HashSet::with_capacity(listings.len());
    if listings.iter().all(|listing| listing.vin.as_ref().is_some_and(|vin| vins.insert(vin))) {
        return listings;
    }
    let mut joined = Joined::on(page);
    joined.take(listings, Role::Counts);
    joined.into_listings()
}

/// Fills the listings of one reading from another that saw the same page, adding none.
pub(crate) fn fill(listings: &mut Vec<ScrapedListing>, others: Vec<ScrapedListing>, page: &Url) {
    if listings.is_empty() || others.is_empty() {
        return;
    }
    let mut joined = Joined::on(page);
    joined.take(std::mem::take(listings), Role::Counts);
    joined.take(others, Role::Fills);
    *listings = joined.into_listings();
}

/// What the entries of a reading are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Each is a vehicle of the page.
    Counts,
    /// They say more of vehicles that another reading counts.
    Fills,
}

/// The vehicles of a page so far.
pub(crate) struct Joined {
    page: Option<String>,
    readings: usize,
    vehicles: Vec<Vehicle>,
    /// Where the vehicle stands that was known by this first.
    known: HashMap<Identity, usize>,
}

struct Vehicle {
    /// The vehicle that this one turned out to be; itself otherwise.
    is: usize,
    listing: ScrapedListing,
    counts: bool,
    /// The reading that spoke of it last.
    reading: usize,
}

/// What two entries of one vehicle share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    Vin(String),
    Address(String),
    /// The address of the page itself, with a fragment: every vehicle of a list may be said to stand there.
    Page(String),
    StockNumber(String),
    /// The long number or GUID that ends an address: a website may have several addresses for one vehicle.
    Number(String),
    /// Year, make and miles, for two readings only: no two cars have them in common, unless miles are rounded.
    Likeness(i32, String, i32),
}

/// The place of what several vehicles share.
const NOBODY: usize = usize::MAX;
/// New cars have a few miles each.
const MILES_THAT_TELL: i32 = 1_000;
/// A shorter number may count anything.
const DIGITS_THAT_TELL: usize = 6;

impl Joined {
    /// Nothing yet of a page at this address.
    pub(crate) fn on(page: &Url) -> Self {
        let page = address::apart(page.as_str()).map(|(page, _)| page);
        Self { page, readings: 0, vehicles: Vec::new(), known: HashMap::new() }
    }

    /// Takes another reading, in the order of the page; earlier ones lead.
    pub(crate) fn take(&mut self, listings: Vec<ScrapedListing>, role: Role) {
        self.begin();
        for listing in listings {
            self.take_one(listing, role);
        }
    }

    /// Begins another reading, whose entries are taken one by one.
    pub(crate) fn begin(&mut self) {
        self.readings += 1;
    }

    /// Takes one entry of the reading that was begun.
    pub(crate) fn take_one(&mut self, mut listing: ScrapedListing, role: Role) {
        model_years::correct(&mut listing);
        let identities = self.identities(&listing);
        let mut met: Vec<usize> = Vec::new();
        for identity in &identities {
            let Some(at) = self.known.get(identity).copied().filter(|at| *at != NOBODY) else { continue };
            let at = self.resolved(at);
            let is_weak = matches!(identity, Identity::Likeness(..) | Identity::Number(_));
            if is_weak && self.vehicles[at].reading == self.readings {
                continue;
            }
            if !met.contains(&at) && !contradict(&self.vehicles[at].listing, &listing, identity) {
                met.push(at);
            }
        }
        met.sort_unstable();
        let reading = self.readings;
        let at = match met.split_first() {
            None => {
                let is = self.vehicles.len();
                self.vehicles.push(Vehicle { is, listing, counts: role == Role::Counts, reading });
                is
            }
            Some((&first, rest)) => {
                for &other in rest {
                    self.unite(first, other);
                }
                let vehicle = &mut self.vehicles[first];
                let mut prices = [vehicle.listing.price, listing.price];
                prices.sort_unstable();
                let lower = first_price(prices.into_iter().flatten());
                if vehicle.listing.price.is_some_and(is_filler) {
                    vehicle.listing.price = listing.price.or(vehicle.listing.price);
                }
                let again = vehicle.reading == reading;
                vehicle.listing.fill_from(listing);
                if again {
                    vehicle.listing.price = lower;
                }
                vehicle.counts |= role == Role::Counts;
                vehicle.reading = reading;
                first
            }
        };
        for identity in identities {
            let is_likeness = matches!(identity, Identity::Likeness(..));
            let known = *self.known.entry(identity.clone()).or_insert(at);
            if is_likeness && known != NOBODY && self.resolved(known) != at {
                self.known.insert(identity, NOBODY);
            }
        }
    }

    /// Makes one of two vehicles that an entry has shown to be the same, unless they contradict each other.
    fn unite(&mut self, first: usize, other: usize) {
        let (one, two) = (&self.vehicles[first].listing, &self.vehicles[other].listing);
        if contradict(one, two, &Identity::Address(String::new())) {
            return;
        }
        let listing = std::mem::take(&mut self.vehicles[other].listing);
        let (counts, reading) = (self.vehicles[other].counts, self.vehicles[other].reading);
        self.vehicles[other].is = first;
        let vehicle = &mut self.vehicles[first];
        vehicle.listing.fill_from(listing);
        vehicle.counts |= counts;
        vehicle.reading = vehicle.reading.max(reading);
    }

    /// The vehicle that the one at a place turned out to be. Ways are shortened as they are gone, so that long ones stay rare.
    fn resolved(&mut self, mut at: usize) -> usize {
        while self.vehicles[at].is != at {
            let next = self.vehicles[at].is;
            self.vehicles[at].is = self.vehicles[next].is;
            at = next;
        }
        at
    }

    /// The vehicles that count, in the order of first sight.
    pub(crate) fn into_listings(self) -> Vec<ScrapedListing> {
        let own = |(at, vehicle): (usize, Vehicle)| (vehicle.is == at && vehicle.counts).then_some(vehicle.listing);
        self.vehicles.into_iter().enumerate().filter_map(own).collect()
    }

    fn identities(&self, listing: &ScrapedListing) -> Vec<Identity> {
        let mut identities = Vec::with_capacity(5);
        identities.extend(listing.vin.clone().map(Identity::Vin));
        identities.extend(listing.url.as_deref().and_then(|url| self.identity_of(url)));
        identities.extend(listing.stock_number.as_deref().and_then(stock_key).map(Identity::StockNumber));
        identities.extend(listing.url.as_deref().and_then(number_of).map(Identity::Number));
        if let (Some(year), Some(make), Some(miles)) = (listing.year, &listing.make, listing.mileage)
            && miles >= MILES_THAT_TELL
        {
            identities.push(Identity::Likeness(year, make.to_lowercase(), miles));
        }
        identities
    }

    fn identity_of(&self, url: &str) -> Option<Identity> {
        let (address, fragment) = address::apart(url)?;
        if self.page.as_deref() == Some(&*address) {
            return Some(Identity::Page(fragment.unwrap_or_default().to_owned()));
        }
        // The front page of a website is nobody's.
        address.contains(['/', '?']).then(|| address::key(url)).flatten().map(Identity::Address)
    }
}

/// The host of an address and the long number or GUID that ends its path.
fn number_of(url: &str) -> Option<String> {
    let (address, _) = address::apart(url)?;
    let path = address.split('?').next().unwrap_or(&address);
    let (host, rest) = path.split_once('/')?;
    let last = rest.rsplit('/').next()?.split('.').next()?;
    let is_guid = last.len() == 36 && last.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let number = if is_guid { last } else { last.rsplit(['-', '_']).next()? };
    let is_long = number.len() >= DIGITS_THAT_TELL && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_guid || is_long).then(|| format!("{host} {}", number.to_ascii_lowercase()))
}

/// A stock number in one spelling; `None` for a word in the place of one.
fn stock_key(stock: &str) -> Option<String> {
    let key: String =
        stock.chars().filter(|sign| sign.is_alphanumeric()).map(|sign| sign.to_ascii_uppercase()).collect();
    (key.len() >= 2 && key.bytes().any(|byte| byte.is_ascii_digit())).then_some(key)
}

/// Whether two entries that share an identity are two vehicles all the same.
///
/// One VIN is one vehicle, and two VINs are two, even if all else agrees. Two stock numbers behind one address are two, and so
/// are two model years. Of a stock number alone, makes and models must agree too; of the page's own address, everything.
fn contradict(one: &ScrapedListing, other: &ScrapedListing, shared: &Identity) -> bool {
    fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        matches!((one, other), (Some(one), Some(other)) if one != other)
    }
    let same_vin = one.vin.is_some() && one.vin == other.vin;
    if same_vin || differ(one.vin.as_ref(), other.vin.as_ref()) {
        return !same_vin;
    }
    let other_stock = || {
        let key = |listing: &ScrapedListing| {
            listing.stock_number.as_deref().map(|stock| stock_key(stock).unwrap_or_default())
        };
        differ(key(one).as_ref(), key(other).as_ref())
    };
    let other_year = differ(one.year.as_ref(), other.year.as_ref());
    let other_name =
        || unlike(one.make.as_deref(), other.make.as_deref()) || unlike(one.model.as_deref(), other.model.as_deref());
    match shared {
        Identity::Vin(_) => false,
        Identity::Address(_) => other_stock() || other_year,
        Identity::StockNumber(_) => other_year || other_name(),
        Identity::Number(_) => other_stock() || other_year || other_name(),
        Identity::Likeness(..) => other_stock() || other_name() || differ(one.price.as_ref(), other.price.as_ref()),
        Identity::Page(_) => {
            let other_facts = differ(one.mileage.as_ref(), other.mileage.as_ref())
                || differ(one.price.as_ref(), other.price.as_ref())
                || unlike(one.trim.as_deref(), other.trim.as_deref());
            other_stock() || other_year || other_name() || other_facts
        }
    }
}

/// Whether two entries that are said to be one say different things.
pub(super) fn are_two_vehicles(one: &ScrapedListing, other: &ScrapedListing) -> bool {
    contradict(one, other, &Identity::Page(String::new()))
}

/// Whether two readings of a page are plainly not of one vehicle.
pub(super) fn are_unlike(one: &ScrapedListing, other: &ScrapedListing) -> bool {
    contradict(one, other, &Identity::StockNumber(String::new()))
}

/// Whether two entries name two cars, whatever numbers they share.
pub(super) fn have_unlike_names(one: &ScrapedListing, other: &ScrapedListing) -> bool {
    one.year.zip(other.year).is_some_and(|(one, other)| one != other)
        || unlike(one.make.as_deref(), other.make.as_deref())
        || unlike(one.model.as_deref(), other.model.as_deref())
}

/// Whether both are said, and neither holds the other, whatever the case and the signs between.
pub(super) fn unlike(one: Option<&str>, other: Option<&str>) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let Some((one, other)) = one.zip(other) else { return false };
    if one == other {
        return false;
    }
    let (one, other) = (letters(one), letters(other));
    !one.contains(&other) && !other.contains(&one)
}
