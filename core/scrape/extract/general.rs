//! What a page of any vendor gives: its structured data, its cards, and of a vehicle's own page that vehicle first.
//!
//! The longer of two readings is the list of the page, and the other says more of its vehicles. What is deliberately not here: how
//! each reading is made, and any knowledge of a vendor.

use std::collections::HashSet;

use super::{
    CARDS, GENERIC, Parts, STRUCTURED_DATA, card, cards,
    cards::Card,
    dom::Dom,
    embedded,
    fields::Field,
    filler::is_filler,
    flat_lists, json_ld,
    listing::ScrapedListing,
    markup::Token,
    merge::{Joined, Role},
    microdata, own_page,
    own_page::Subject,
    page::Page,
    shown_prices, unusual_lists, vins,
};
use crate::Result;

/// What was read, and by which technique.
pub(crate) struct General {
    pub(crate) platform: &'static str,
    /// Whether the page is a vehicle's own: that comes first, unless it is sold, and the others are only suggested there.
    pub(crate) is_own_page: bool,
    pub(crate) listings: Vec<ScrapedListing>,
}

impl General {
    fn list(platform: &'static str, listings: Vec<ScrapedListing>) -> Self {
        Self { platform, is_own_page: false, listings }
    }

    pub(crate) fn into_parts(self) -> Parts {
        Parts { listings: self.listings, ..Parts::default() }
    }
}

/// Structured data first; the tree, and with it microdata and cards, only where that leaves something open.
///
/// A list that only a script holds is read where nothing else on the page gives a vehicle.
pub(crate) fn read(page: &Page<'_>) -> Result<General> {
    let general = read_of(page, &Subject::of(page))?;
    if !general.listings.is_empty() {
        return Ok(general);
    }
    let embedded = embedded::listings(page);
    Ok(if embedded.is_empty() { general } else { General::list(STRUCTURED_DATA, embedded) })
}

/// The same of a page of which it is known what it says of itself.
pub(crate) fn read_of(page: &Page<'_>, subject: &Subject) -> Result<General> {
    let structured = json_ld::listings(page);
    let may_be_own = subject.may_be_a_vehicle();
    if !structured.is_empty() && !may_be_own && !leaves_open(page, &structured) {
        return Ok(General::list(STRUCTURED_DATA, structured));
    }
    let dom = page.dom()?;
    let microdata = microdata::listings(page, dom);
    let is_microdata = microdata.len() > structured.len();
    let (leading, other, role) =
        if is_microdata { (microdata, structured, Role::Counts) } else { (structured, microdata, Role::Fills) };
    let mut joined = Joined::on(&page.url);
    joined.take(leading, Role::Counts);
    joined.take(other, role);
    let mut data = joined.into_listings();
    // A scope of microdata is read as a card already.
    if is_microdata && !may_be_own && data.iter().all(is_one_car) && !has_strangers(page, &data) {
        return Ok(General::list(STRUCTURED_DATA, data));
    }
    if !data.is_empty() {
        page.compare_data();
    }
    let cards = cards::find(page, dom, subject);
    shown_prices::correct(page, Some(dom), &mut data);
    if let Some(listings) = own_page::read(subject, page, dom, &data, &cards) {
        let by_cards = data.is_empty();
        let platform = if by_cards { CARDS } else { STRUCTURED_DATA };
        return Ok(General { platform, is_own_page: true, listings });
    }
    let flat = if data.len() > cards.len() { None } else { flat(page, dom, subject, &cards) };
    Ok(list(page, dom, data, flat.unwrap_or(cards)))
}

/// The cards of a page on which a flat list stands, where that names more vehicles than those found without it.
fn flat(page: &Page<'_>, dom: &Dom<'_>, subject: &Subject, cards: &[Card]) -> Option<Vec<Card>> {
    let named = |cards: &[Card]| {
        cards.iter().filter(|card| card.listing.year.and(card.listing.make.as_ref()).is_some()).count()
    };
    let known = named(cards);
    let find = |dom: Dom<'_>| Some(cards::find(page, &dom, subject)).filter(|found| named(found) > known);
    let flat = flat_lists::framed(dom, cards).and_then(find);
    if known >= FEW {
        return flat;
    }
    // A page with several cards has them in elements of their own.
    let others = [unusual_lists::closed, unusual_lists::turned, unusual_lists::lined]
        .into_iter()
        .filter_map(|read| read(dom).and_then(find));
    flat.into_iter().chain(others).max_by_key(|found| named(found))
}

/// Fewer cards may be what is left of a list.
const FEW: usize = 2;

/// The vehicles of a list. A list page often marks up one vehicle, or the dealer's featured ones, and shows the rest as cards.
fn list(page: &Page<'_>, dom: &Dom<'_>, data: Vec<ScrapedListing>, cards: Vec<Card>) -> General {
    let is_by_cards = cards.len() > data.iter().filter(|listing| is_one_car(listing)).count();
    let counts = |listing: &ScrapedListing| if is_by_cards { listing.vin.is_some() } else { is_one_car(listing) };
    let beside = if is_by_cards { HashSet::new() } else { beside_data(dom, &data, &cards) };
    let cards = cards.into_iter().map(|card| (card.at, card.listing));
    let mut joined = Joined::on(&page.url);
    let take_data = |joined: &mut Joined| {
        joined.begin();
        for listing in data {
            let role = if counts(&listing) { Role::Counts } else { Role::Fills };
            joined.take_one(listing, role);
        }
    };
    if is_by_cards {
        joined.take(cards.map(|(_, listing)| listing).collect(), Role::Counts);
        take_data(&mut joined);
    } else {
        take_data(&mut joined);
        joined.begin();
        for (at, listing) in cards {
            joined.take_one(listing, if beside.contains(&at) { Role::Counts } else { Role::Fills });
        }
    }
    let listings = joined.into_listings();
    let platform = match () {
        () if listings.is_empty() => GENERIC,
        () if is_by_cards => CARDS,
        () => STRUCTURED_DATA,
    };
    General::list(platform, listings)
}

/// The cards of vehicles that the data lacks: of a VIN that it does not name, and of the same template as those that it does.
fn beside_data(dom: &Dom<'_>, data: &[ScrapedListing], cards: &[Card]) -> HashSet<usize> {
    let vins: HashSet<&str> = data.iter().filter_map(|listing| listing.vin.as_deref()).collect();
    if vins.len() < data.len() {
        return HashSet::new();
    }
    let is_known = |card: &&Card| card.listing.vin.as_deref().is_some_and(|vin| vins.contains(vin));
    let is_other = |card: &&Card| card.listing.vin.as_deref().is_some_and(|vin| !vins.contains(vin));
    let Some(example) = cards.iter().find(is_known) else { return HashSet::new() };
    let others = cards.iter().filter(is_other).filter(|card| cards::alike(dom, example.at, card.at));
    others.map(|card| card.at).collect()
}

/// Whether a vehicle is one that could be known again, by a number or its miles, and not a model of the same name.
pub(super) fn is_one_car(listing: &ScrapedListing) -> bool {
    let is_numbered = listing.vin.is_some() || listing.stock_number.is_some() || listing.external_id.is_some();
    is_numbered || listing.mileage.is_some()
}

/// Whether the page may know vehicles, prices, mileages or VINs that the structured data lacks.
fn leaves_open(page: &Page<'_>, structured: &[ScrapedListing]) -> bool {
    let lacks_all = |is_missing: &dyn Fn(&ScrapedListing) -> bool| structured.iter().all(is_missing);
    let unidentified = structured.iter().any(|listing| listing.vin.is_none());
    lacks_all(&|listing| listing.price.is_none_or(is_filler))
        || lacks_all(&|listing| listing.mileage.is_none_or(|miles| miles < LEAST_MILES_OF_ALL))
        || lacks_all(&|listing| listing.year.and(listing.make.as_ref()).and(listing.model.as_ref()).is_none())
        || lacks_all(&|listing| listing.url.is_none())
        || unidentified
        || labels_other_stock_numbers(page, structured)
        || has_strangers(page, structured)
        || shown_prices::are_doubted(page, structured)
}

/// Where all cars of a list have fewer miles than this, they may be none.
const LEAST_MILES_OF_ALL: i32 = 100;

/// A longer text is no label with its value.
const LABEL_BYTES: usize = 48;

/// Whether a text of the page is labelled as a stock number that the data does not have.
fn labels_other_stock_numbers(page: &Page<'_>, structured: &[ScrapedListing]) -> bool {
    let known: HashSet<&str> = structured.iter().filter_map(|listing| listing.stock_number.as_deref()).collect();
    page.tokens().iter().any(|token| {
        let Token::Text(text) = token else { return false };
        let text = text.trim();
        let may_be = text.len() <= LABEL_BYTES && text.starts_with(['S', 's']);
        let labelled = if may_be { card::labelled(text) } else { None };
        labelled.is_some_and(|(field, value)| {
            // A label alone has its number in the next text.
            let is_other = || if value.is_empty() { known.is_empty() } else { !known.contains(value) };
            field == Field::StockNumber && is_other()
        })
    })
}

/// Whether the page shows a VIN of another vehicle: the data is not the list then.
fn has_strangers(page: &Page<'_>, structured: &[ScrapedListing]) -> bool {
    let known: HashSet<&str> = structured.iter().filter_map(|listing| listing.vin.as_deref()).collect();
    let names_other = |text: &str| vins::find(text, vins::Context::Anywhere).any(|vin| !known.contains(&*vin));
    page.tokens().iter().any(|token| match token {
        Token::Open(tag) => tag.attributes().any(|(_, value)| names_other(value)),
        Token::Text(text) => names_other(text),
        _ => false,
    })
}
