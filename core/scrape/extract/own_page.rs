//! A vehicle's own page: whose it is, and what it says of that vehicle beside those that it suggests.
//!
//! The page's own vehicle is the one whose VIN stands in the page's address, the one that stands at that address, or the one that the
//! page's heading names and that leads nowhere else. The rest of the page, without the cards of others, is read as that
//! vehicle's card. What is deliberately not here: finding the cards of the others (`cards`).

use std::{collections::HashSet, ops::Range};

use url::Url;

use super::{
    address, card,
    cards::{self, Card},
    decoys,
    dom::{Dom, Element, Kind, attribute},
    fields::Draft,
    general::is_one_car,
    heading::{self, Heading},
    listing::ScrapedListing,
    markup::Token,
    merge::{self, Joined, Role},
    own_vin,
    page::Page,
    pagination, sold_page,
    vins::{self, Context},
};

/// What a page says of itself.
pub(super) struct Subject {
    /// The addresses that it goes by, each in its usual form.
    addresses: Vec<String>,
    /// The vehicle that its only main heading of one names.
    heading: Option<Heading>,
    /// The one that its title names.
    title: Option<Heading>,
    /// The VINs in its address.
    pub(super) vins: Vec<String>,
    /// The vehicle that its address names: `/vehicle/2019-ford-edge-sel`.
    in_address: Option<Heading>,
    /// Whether its main heading speaks of a test, a part or the like.
    is_about_something_else: bool,
    /// Whether its main heading names wheels or the like, which a car has as well: `2014 HONDA CIVIC EX ALLOY WHEELS`.
    names_equipment: bool,
    /// Whether its main heading says that its vehicle is sold, and nothing else.
    says_sold: bool,
    /// Whether it has a main heading at all.
    is_headed: bool,
}

/// Fewer miles are no sign of a car.
const LEAST_MILES: i32 = 1_000;
/// A longer heading is a text.
const HEADING_BYTES_MAX: usize = 300;

impl Subject {
    /// Reads it off the page's tokens.
    pub(super) fn of(page: &Page<'_>) -> Self {
        let named =
            |text: &str| heading::split(text).filter(|heading| heading.make.is_some() && heading.model.is_some());
        let mut subject = Self {
            addresses: Vec::new(),
            heading: None,
            title: None,
            vins: vins::find(page.url.as_str(), Context::Anywhere).collect(),
            in_address: named_in_address(page.url.path()),
            is_about_something_else: decoys::leads_elsewhere(page.url.as_str()),
            names_equipment: false,
            says_sold: false,
            is_headed: false,
        };
        let mut others = Vec::new();
        let mut open: Option<String> = None;
        let mut headings: Vec<Heading> = Vec::new();
        for token in page.tokens() {
            match token {
                Token::Open(tag) if tag.is("h1") => open = Some(String::new()),
                Token::Close(name) if name.eq_ignore_ascii_case("h1") => {
                    let text = open.take().unwrap_or_default();
                    subject.names_equipment |= decoys::names_equipment(&text);
                    subject.is_about_something_else |= decoys::is_no_vehicle(&text);
                    subject.says_sold |= sold_page::says_sold(&text);
                    subject.is_headed |= !text.trim().is_empty();
                    // Two different ones make a list of the page; more of them say nothing more.
                    let heading = named_by(&text).filter(|_| headings.len() < 2);
                    headings.extend(heading.filter(|heading| !headings.contains(heading)));
                }
                Token::Text(text) => {
                    if let Some(heading) = open.as_mut().filter(|heading| heading.len() < HEADING_BYTES_MAX) {
                        heading.push_str(text);
                        heading.push(' ');
                    }
                }
                Token::Raw(tag, text) if tag.is("title") && subject.title.is_none() => subject.title = named(text),
                Token::Open(tag) if tag.is("link") && tag.attribute("rel").is_some_and(|rel| rel == "canonical") => {
                    others.extend(tag.attribute("href").and_then(|href| page.absolute(&href)));
                }
                Token::Open(tag)
                    if tag.is("meta") && tag.attribute("property").is_some_and(|name| name == "og:url") =>
                {
                    others.extend(tag.attribute("content").and_then(|url| page.absolute(&url)));
                }
                _ => {}
            }
        }
        // Of several the page is a list.
        subject.heading = headings.pop().filter(|_| headings.is_empty());
        let own = address::apart(page.url.as_str()).into_iter().map(|(address, _)| address);
        let others = others.iter().filter_map(|url| address::key(url));
        subject.addresses = own.chain(others).filter(|address| address.contains(['/', '?'])).collect();
        subject
    }

    /// Whether it may be the own page of a vehicle.
    pub(super) fn may_be_a_vehicle(&self) -> bool {
        !self.vins.is_empty() || self.heading.is_some() || self.title.is_some() || self.says_sold
    }

    /// Up to where a text that is no heading may say that its vehicle is sold: anywhere, where its main heading or its address names
    /// one; in front of the first card, where its title alone does.
    fn sold_until(&self, dom: &Dom<'_>, cards: &[Card]) -> usize {
        match () {
            () if !self.vins.is_empty() || self.heading.is_some() => dom.len(),
            () if self.title.is_some() && !self.is_headed => cards.first().map_or(0, |card| card.at),
            () => 0,
        }
    }

    /// Whether its main heading or its address speaks of a test, a part or the like.
    pub(super) fn is_about_something_else(&self) -> bool {
        self.is_about_something_else
    }

    /// Which of these vehicles the page is of.
    pub(super) fn own(&self, listings: &[ScrapedListing]) -> Option<usize> {
        let only = |is_own: &dyn Fn(&ScrapedListing) -> bool| {
            let mut own = listings.iter().enumerate().filter(|(_, listing)| is_own(listing)).map(|(at, _)| at);
            own.next().filter(|_| own.next().is_none())
        };
        let has_vin = |listing: &ScrapedListing| listing.vin.as_ref().is_some_and(|vin| self.vins.contains(vin));
        let stands_here = |listing: &ScrapedListing| {
            self.is_here(listing) && (self.is_named(listing, false) || self.address_names(listing))
        };
        let is_named_and_nowhere_else = |listing: &ScrapedListing| {
            self.is_named(listing, true) && (listings.len() == 1 || listing.url.is_none() || self.is_here(listing))
        };
        only(&has_vin).or_else(|| only(&stands_here)).or_else(|| only(&is_named_and_nowhere_else))
    }

    /// Whether a vehicle is said to stand at the page's address.
    pub(super) fn is_here(&self, listing: &ScrapedListing) -> bool {
        let address = listing.url.as_deref().and_then(address::apart).map(|(address, _)| address);
        address.is_some_and(|address| self.addresses.contains(&address))
    }

    /// Whether the page's heading, or else its title, names this vehicle; `whole` asks for the model as well.
    pub(super) fn is_named(&self, listing: &ScrapedListing, whole: bool) -> bool {
        let agrees = |heading: &Heading| {
            let model_agrees =
                listing.model.is_some() && !merge::unlike(heading.model.as_deref(), listing.model.as_deref());
            Some(heading.year) == listing.year
                && listing.make.is_some()
                && !merge::unlike(heading.make.as_deref(), listing.make.as_deref())
                && (!whole || model_agrees)
        };
        self.heading.as_ref().or(self.title.as_ref()).is_some_and(agrees)
    }

    /// Whether the page's address is that of a vehicle: it holds its number, or names it.
    pub(super) fn is_addressed(&self, listing: &ScrapedListing) -> bool {
        let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let is_like = |one: Option<&str>, other: Option<&str>| {
            let (one, other) = (letters(one.unwrap_or_default()), letters(other.unwrap_or_default()));
            !one.is_empty() && !other.is_empty() && (one.starts_with(&other) || other.starts_with(&one))
        };
        let is_named = |named: &Heading| {
            Some(named.year) == listing.year
                && is_like(named.make.as_deref(), listing.make.as_deref())
                && is_like(named.model.as_deref(), listing.model.as_deref())
        };
        listing.vin.as_ref().is_some_and(|vin| self.vins.contains(vin))
            || self.in_address.as_ref().is_some_and(is_named)
            || self.address_names(listing)
    }

    /// Whether the page's address holds the vehicle's number.
    fn address_names(&self, listing: &ScrapedListing) -> bool {
        let numbers = [listing.stock_number.as_deref(), listing.external_id.as_deref()].into_iter().flatten();
        let mut numbers =
            numbers.filter(|number| number.len() >= 4 && number.bytes().any(|byte| byte.is_ascii_digit()));
        numbers.any(|number| self.addresses.iter().any(|address| card::mentions(address, &number.to_ascii_lowercase())))
    }
}

/// A longer path names no vehicle.
const PATH_BYTES_MAX: usize = 300;

/// The vehicle that the path of an address names.
fn named_in_address(path: &str) -> Option<Heading> {
    let plain = path.replace("%20", " ");
    let words: Vec<&str> = plain.split(['-', '_', '/', '+', '.', ' ']).filter(|word| !word.is_empty()).collect();
    let names = |at: &usize| heading::split(&words[*at..].join(" ")).filter(|heading| heading.model.is_some());
    let is_year = |at: &usize| words[*at].len() == 4 && words[*at].starts_with(['1', '2']);
    (path.len() <= PATH_BYTES_MAX).then(|| (0..words.len()).filter(is_year).find_map(|at| names(&at))).flatten()
}

/// The page's own vehicle, whole, and then those that it suggests; `None` for a page that is no vehicle's own. Of one that is sold the
/// suggestions alone are left.
///
/// `data` is what the page's data says, `cards` what stands on its cards.
pub(super) fn read(
    subject: &Subject,
    page: &Page<'_>,
    dom: &Dom<'_>,
    data: &[ScrapedListing],
    cards: &[Card],
) -> Option<Vec<ScrapedListing>> {
    let main_heading = subject.heading.as_ref().and_then(|named| main_heading(dom, named));
    let said = if subject.may_be_a_vehicle() { own_said(subject, page, dom, data, cards, main_heading) } else { None };
    let said = said.or_else(|| own_vin::read(subject, page, dom, cards, main_heading).map(|own| (own, None)));
    let Some((own, by_data)) = said else {
        return subject.may_be_a_vehicle().then(|| suggestions_of_sold(subject, page, dom, data, cards)).flatten();
    };
    let mut joined = Joined::on(&page.url);
    joined.take(vec![own], Role::Counts);
    joined.take(
        data.iter().enumerate().filter(|(at, _)| Some(*at) != by_data).map(|(_, one)| one.clone()).collect(),
        Role::Counts,
    );
    joined.take(cards.iter().map(|card| card.listing.clone()).collect(), Role::Counts);
    let mut listings = joined.into_listings();
    listings.iter_mut().skip(1).for_each(|listing| listing.related = Some(true));
    Some(listings)
}

/// The own vehicle of a page that says in its heading, its title or its address whose it is, and its place in the data.
fn own_said(
    subject: &Subject,
    page: &Page<'_>,
    dom: &Dom<'_>,
    data: &[ScrapedListing],
    cards: &[Card],
    main_heading: Option<usize>,
) -> Option<(ScrapedListing, Option<usize>)> {
    let by_data = subject.own(data);
    let known_vin = by_data.and_then(|at| data[at].vin.clone());
    let is_own_card = |card: &Card| {
        let vin = card.listing.vin.as_ref();
        let holds_heading = main_heading.is_some_and(|at| dom.within(card.at).contains(&at));
        vin.is_some_and(|vin| known_vin.as_ref() == Some(vin) || subject.vins.contains(vin))
            || (holds_heading && subject.is_named(&card.listing, true))
    };
    let own_card = cards.iter().find(|card| is_own_card(card));
    let others: Vec<Range<usize>> =
        cards.iter().filter(|card| !is_own_card(card)).map(|card| dom.within(card.at)).collect();
    let vin = known_vin.or_else(|| own_card.and_then(|card| card.listing.vin.clone()));
    let rest = rest_of_page(page, dom, &others, main_heading, vin);
    let here = |own: ScrapedListing| ScrapedListing { url: Some(page.url.to_string()), ..own };
    let own = match (by_data, own_card) {
        (Some(at), _) => {
            Some(data[at].clone()).filter(|own| is_one_car(own) || rest.vin.is_some() || rest.stock_number.is_some())
        }
        (None, Some(card)) => Some(here(card.listing.clone())),
        (None, None) => {
            // Without a main heading, its title names the vehicle, and its address that or one thing of many.
            let is_titled = || !subject.is_headed && (subject.is_addressed(&rest) || points_at_one(&page.url));
            proven(&rest, subject, page, cards.len()).filter(|_| main_heading.is_some() || is_titled()).map(here)
        }
    };
    let mut own = own?;
    if !merge::are_unlike(&own, &rest) {
        own.fill_from(rest);
    }
    Some((own, by_data))
}

/// What the page says beside its cards, where that proves a vehicle on offer and not an article about one.
fn proven(rest: &ScrapedListing, subject: &Subject, page: &Page<'_>, cards: usize) -> Option<ScrapedListing> {
    let is_described = rest.stock_number.is_some() && (rest.price.is_some() || rest.mileage.is_some());
    let is_car = || {
        let asks = rest.price.is_some_and(|price| price >= decoys::LEAST_PRICE_IN_A_SHOP);
        subject.names_equipment
            && asks
            && rest.mileage.is_some_and(|miles| miles >= LEAST_MILES)
            && !decoys::leads_elsewhere(page.url.as_str())
    };
    let is_other = subject.is_about_something_else && !is_car();
    let is_proven = subject.is_named(rest, true) && (rest.vin.is_some() || (is_described && !is_other));
    (is_proven && !goes_on(page, cards)).then(|| rest.clone())
}

/// Whether an address points at one thing of many: `/vehicle.php?id=3149`, `/cars/r2041a`.
fn points_at_one(url: &Url) -> bool {
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let last = url.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    has_digit(last) || url.query().is_some_and(has_digit)
}

/// Whether a page is one of several, or claims more vehicles than its cards.
pub(super) fn goes_on(page: &Page<'_>, cards: usize) -> bool {
    let around = pagination::read(page);
    around.next.is_some() || around.total.is_some_and(|total| total as usize > cards.max(1))
}

/// What the page of a vehicle that is gone suggests, where it says that it is sold and nothing else of it.
fn suggestions_of_sold(
    subject: &Subject,
    page: &Page<'_>,
    dom: &Dom<'_>,
    data: &[ScrapedListing],
    cards: &[Card],
) -> Option<Vec<ScrapedListing>> {
    let is_sold = !(data.is_empty() && cards.is_empty())
        && data.len().max(cards.len()) <= sold_page::CARDS_MAX
        && (subject.says_sold || sold_page::is_said(dom, cards, subject.sold_until(dom, cards)))
        && !goes_on(page, cards.len());
    let mut joined = Joined::on(&page.url);
    joined.take(is_sold.then(|| data.to_vec())?, Role::Counts);
    joined.take(cards.iter().map(|card| card.listing.clone()).collect(), Role::Counts);
    let mut listings = joined.into_listings();
    listings.iter_mut().for_each(|listing| listing.related = Some(true));
    Some(listings)
}

/// The place of the main heading that names the vehicle.
fn main_heading(dom: &Dom<'_>, named: &Heading) -> Option<usize> {
    let headings = dom.elements(0..dom.len()).filter(|(_, element)| element.name() == "h1");
    headings.map(|(at, _)| at).find(|at| named_by(&dom.text(*at)).as_ref() == Some(named))
}

/// The vehicle that a main heading names, in the forms of a card's: `2015 SILVERADO 1500 LT`, `HONDA CIVIC EX 2014`. What the page says
/// beside has to prove one, so that a word of other things may tell the make: `2015 CHARGER R/T`.
fn named_by(heading: &str) -> Option<Heading> {
    heading::split_among_cars(heading).filter(|heading| heading.make.is_some() && heading.model.is_some())
}

/// The page without the cards of others, and without what frames it, read as one card.
pub(super) fn rest_of_page(
    page: &Page<'_>,
    dom: &Dom<'_>,
    cards: &[Range<usize>],
    main_heading: Option<usize>,
    vin: Option<String>,
) -> ScrapedListing {
    let mut left_out = suggestions(dom, main_heading);
    left_out.extend(cards.iter().cloned());
    let rest = dom.without(left_out);
    let mut draft = Draft::default();
    draft.listing.vin = vin.or_else(|| only_vin(&rest));
    draft.listing.url = Some(page.url.to_string());
    if rest.element(0).is_some() {
        card::read(page, &rest, 0, &mut draft);
        main_heading.into_iter().for_each(|at| offer_name(&mut draft, dom, at));
        let is_sold = sold_page::is_said(&rest, &[], rest.len());
        draft.listing.is_sold = is_sold.then_some(true);
    }
    draft.listing
}

/// Names a vehicle as its main heading does, where nothing else has named its make.
pub(super) fn offer_name(draft: &mut Draft, dom: &Dom<'_>, main_heading: usize) {
    let known = draft.listing.year;
    let named = if draft.listing.make.is_none() { named_by(&dom.text(main_heading)) } else { None };
    if let Some(named) = named.filter(|named| known.is_none_or(|year| year == named.year)) {
        draft.offer_split(named);
    }
}

/// The VIN of a page, where it shows one alone.
pub(super) fn only_vin(dom: &Dom<'_>) -> Option<String> {
    let mut found: HashSet<String> = HashSet::new();
    let mut labelled = false;
    for at in 0..dom.len() {
        match &dom.node(at).kind {
            Kind::Text(text) => {
                let context = if labelled { Context::Labelled } else { Context::Anywhere };
                found.extend(vins::find(text, context));
                labelled = if text.trim().is_empty() { labelled } else { cards::is_vin_label(text.trim()) };
            }
            Kind::Element(element) => {
                let long = element.attrs().filter(|(_, value)| value.len() >= 17);
                long.for_each(|(_, value)| found.extend(vins::find(value, Context::Anywhere)));
            }
        }
        if found.len() > 1 {
            return None;
        }
    }
    found.into_iter().next()
}

/// Classes and ids of parts that suggest other vehicles.
const SUGGESTING: [&str; 8] =
    ["similar", "recommend", "recently", "related", "you-may", "youmay", "also-like", "more-vehicles"];
/// What such parts are headed by.
const SUGGESTIONS: [&str; 42] = [
    "similar",
    "you may also",
    "you might also",
    "recommended",
    "recently viewed",
    "related",
    "more vehicles",
    "other vehicles",
    "more like this",
    "customers also",
    "compare with",
    "you may like",
    "you might like",
    "other cars",
    "other trucks",
    "our other",
    "more cars",
    "more inventory",
    "explore similar",
    "explore more vehicles",
    "explore more cars",
    "shop similar",
    "view similar",
    "browse similar",
    "see similar",
    "check out similar",
    "people also",
    "others also",
    "shoppers also",
    "also viewed",
    "also available",
    "more from",
    "vehicles like this",
    "cars like this",
    "alternatives",
    "still looking",
    "still shopping",
    "not what you",
    "not the right",
    "compare similar",
    "comparable vehicles",
    "suggested vehicles",
];
/// An element with more within it is no heading.
const HEADING_NODES_MAX: usize = 12;

/// The parts of a page that suggest other vehicles, or lead through the website.
pub(super) fn suggestions(dom: &Dom<'_>, main_heading: Option<usize>) -> Vec<Range<usize>> {
    let holds_heading = |range: &Range<usize>| main_heading.is_some_and(|at| range.contains(&at));
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, element) in dom.elements(0..dom.len()) {
        if found.last().is_some_and(|range| range.contains(&at)) {
            continue;
        }
        let names = || ["class", "id"].iter().filter_map(|name| attribute(element, name));
        let is_suggesting = || names().any(|name| SUGGESTING.iter().any(|word| card::mentions(name, word)));
        let range = if leads_through(element) || is_suggesting() {
            Some(dom.within(at))
        } else if matches!(element.name(), "h2" | "h3" | "h4" | "h5") && is_heading_of_suggestions(dom, at) {
            // What follows the heading below the same parent is what it heads.
            dom.parent(at).map(|parent| at..dom.node(parent).end)
        } else {
            None
        };
        found.extend(range.filter(|range| !holds_heading(range)));
    }
    found
}

/// Whether an element leads through the website, or narrows its list: `Make`, `Ford (3)`.
pub(super) fn leads_through(element: &Element<'_>) -> bool {
    const NARROWING: [&str; 3] = ["facet", "filter", "refine"];
    let narrows = |names: &str| NARROWING.iter().any(|word| card::mentions(names, word));
    matches!(element.name(), "nav" | "footer")
        || ["class", "id"].iter().filter_map(|name| attribute(element, name)).any(narrows)
}

fn is_heading_of_suggestions(dom: &Dom<'_>, at: usize) -> bool {
    let is_short = dom.node(at).end - at < HEADING_NODES_MAX;
    is_short && {
        let text = dom.text(at).to_lowercase();
        SUGGESTIONS.iter().any(|words| text.starts_with(words))
    }
}
