//! Cards of vehicles without a VIN: repeated elements, each with a heading of year and make and a link of its own.
//!
//! A link that a heading names is an anchor, as a VIN is in `cards`; where no heading is a link, the heading itself is; where there
//! is no heading, a title or any text that names a vehicle is, the label of a make is, or a row of a table with columns for year
//! and make. A card counts as a vehicle if it also says a price, a mileage or a stock number, and nothing on it speaks of something
//! else (`decoys`). Such a vehicle is known again by its stock number or by its address. What is deliberately not here: cards that
//! stand among cards with a VIN.

use std::collections::{HashMap, HashSet};

use super::{
    address,
    card::{self, heading_within},
    card_heading, card_parts,
    card_proof::{Proof, read},
    cards::{Anchors, Card, alike, disown_foreign_vins, doubt_marks},
    decoys::LEAST_PRICE_IN_A_SHOP,
    dom::{Dom, Kind, attribute},
    fields::Field,
    heading,
    own_page::leads_through,
    page::Page,
};

/// The cards, in document order. A lone one may be one of a list whose other makes stand apart.
pub(super) fn find(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    let mut found = [by_links, by_headings, by_titles, by_labels, by_texts, by_parts]
        .iter()
        .map(|find| find(page, dom))
        .skip_while(Vec::is_empty);
    let first = found.next().unwrap_or_default();
    let [lone] = &first[..] else { return first };
    let holds = |card: &Card| dom.within(card.at).contains(&lone.at) || dom.within(lone.at).contains(&card.at);
    let list = found.find(|cards| cards.len() > 1 && cards.iter().any(holds));
    list.unwrap_or(first)
}

fn by_links(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    let here = address::key(page.url.as_str());
    let mut urls: HashMap<String, String> = HashMap::new();
    let mut first = None;
    let anchors = Anchors::noted(dom, |dom, note| {
        for (at, element) in dom.elements(0..dom.len()).filter(|(_, element)| element.name() == "a") {
            let href = attribute(element, "href").map(str::trim).filter(|href| card::may_be_a_vehicle(href));
            // Links do not nest, so that looking into each takes one look at the page.
            let Some(href) = href.filter(|_| heading_within(dom, at).is_some() || card_heading::is_in_heading(dom, at))
            else {
                continue;
            };
            let Some(url) = page.absolute(href) else { continue };
            let Some(key) = address::key(&url).filter(|key| Some(key) != here.as_ref()) else { continue };
            first.get_or_insert(at);
            urls.entry(key.clone()).or_insert(url);
            note(at, key);
        }
    });
    if anchors.names.len() == 1 {
        let url = urls.into_values().next();
        return first.zip(url).and_then(|(at, url)| lone(page, dom, at, &url)).into_iter().collect();
    }
    let mut cards = Vec::new();
    for place in anchors.maximal(dom) {
        let place = anchors.narrowed(dom, place);
        let url = urls.get(&anchors.names[place.name]).cloned();
        cards.extend(read(page, dom, place.at, url));
    }
    repeated(page, dom, cards)
}

/// The same where the headings are no links, and each card leads on by a button.
fn by_headings(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    let anchors = Anchors::noted(dom, |dom, note| {
        for (at, element) in dom.elements(0..dom.len()) {
            let is_heading = matches!(element.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
                && dom.node(at).end - at < HEADING_NODES_MAX
                && heading::split_of_card_heading(&dom.text(at)).is_some_and(|heading| heading.make.is_some());
            if is_heading {
                note(at, at.to_string());
            }
        }
    });
    let mut cards = around(page, dom, &anchors);
    cards.retain(|(card, proof)| card.listing.url.is_some() || proof.stock_number);
    repeated(page, dom, cards)
}

/// The same where no heading names them: a title by its class, or bold.
fn by_titles(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    by_names(page, dom, card_heading::is_title)
}

/// The same where a text names them that nothing marks as a heading.
fn by_texts(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    by_names(page, dom, |dom, at| match &dom.node(at).kind {
        Kind::Text(text) => card_heading::names_a_vehicle(text),
        Kind::Element(_) => false,
    })
}

fn by_names(page: &Page<'_>, dom: &Dom<'_>, is_name: fn(&Dom<'_>, usize) -> bool) -> Vec<Card> {
    let anchors = Anchors::noted(dom, |dom, note| {
        let mut passed = 0;
        for at in 0..dom.len() {
            if at < passed {
                continue;
            }
            let is_frame = dom.element(at).is_some_and(leads_through);
            if is_frame || is_name(dom, at) {
                passed = dom.node(at).end;
            }
            if !is_frame && passed > at {
                note(at, at.to_string());
            }
        }
    });
    let mut cards = around(page, dom, &anchors);
    cards.retain(|(card, proof)| card.listing.url.is_some() || proof.stock_number);
    repeated(page, dom, cards)
}

/// The same where year and make stand apart, each with a label of its own or in a column of a table. Few such cards lead on: a
/// stock number is enough to know one again.
fn by_labels(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    let anchors = Anchors::noted(dom, |dom, note| {
        let mut rows_until = 0;
        for at in 0..dom.len() {
            match &dom.node(at).kind {
                Kind::Element(element) if element.name() == "table" && card::heads_name_a_vehicle(dom, at) => {
                    rows_until = dom.node(at).end;
                }
                Kind::Element(element) if element.name() == "tr" && at < rows_until => note(at, at.to_string()),
                Kind::Text(text) if at >= rows_until && is_label_of_a_make(text) => note(at, at.to_string()),
                _ => {}
            }
        }
    });
    let mut cards = around(page, dom, &anchors);
    cards.retain(|(card, proof)| card.listing.url.is_some() || proof.stock_number);
    repeated(page, dom, cards)
}

fn is_label_of_a_make(text: &str) -> bool {
    const YEAR_AND_MAKE: [&str; 2] = ["year:", "make:"];
    let text = text.trim();
    let is_label = || card::labelled(text).is_some_and(|(field, _)| field == Field::Make);
    // `Year: 2019 Make: Ford Model: Edge`
    let are_labels = || YEAR_AND_MAKE.iter().all(|label| card::mentions(text, label));
    !text.is_empty() && ((text.len() <= SHORT_BYTES && is_label()) || (text.len() <= LINE_BYTES && are_labels()))
}

/// A longer text is no line of labels.
const LINE_BYTES: usize = 120;

/// The same where year, make and model stand apart without labels.
fn by_parts(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    by_names(page, dom, |dom, at| match &dom.node(at).kind {
        Kind::Text(text) => card_parts::lone_year(text).is_some() || card_parts::is_year_and_make(text),
        Kind::Element(_) => card_parts::lacks_a_make(dom, at),
    })
}

/// The cards around anchors that say nothing of where their vehicles stand.
fn around(page: &Page<'_>, dom: &Dom<'_>, anchors: &Anchors) -> Vec<(Card, Proof)> {
    if anchors.names.len() < 2 {
        return Vec::new();
    }
    let here = address::key(page.url.as_str());
    let mut cards = Vec::new();
    let mut links: HashMap<String, usize> = HashMap::new();
    for place in anchors.maximal(dom) {
        let place = anchors.narrowed(dom, place);
        let url = card::link(page, dom, place.at, None).map(|(_, url)| url);
        let key = url.as_deref().and_then(address::key).filter(|key| Some(key) != here.as_ref());
        let url = url.filter(|_| key.is_some());
        key.into_iter().for_each(|key| *links.entry(key).or_default() += 1);
        cards.extend(read(page, dom, place.at, url));
    }
    // A link that all cards share is to a form.
    for (card, _) in &mut cards {
        let key = card.listing.url.as_deref().and_then(address::key);
        if key.is_some_and(|key| links.get(&key) != Some(&1)) {
            card.listing.url = None;
        }
    }
    cards
}

/// An element with more within it is a block, not a heading.
const HEADING_NODES_MAX: usize = 24;
/// A longer text is no label.
const SHORT_BYTES: usize = 48;

/// The cards of which another was made by the same template, each address once.
///
/// Of a template whose cards mostly prove to be vehicles, those that ask a visitor to call are vehicles as well.
fn repeated(page: &Page<'_>, dom: &Dom<'_>, mut cards: Vec<(Card, Proof)>) -> Vec<Card> {
    // A maker shows its own models alone.
    let makes: HashSet<Option<&str>> = cards.iter().map(|(card, _)| card.listing.make.as_deref()).collect();
    let is_of_one_make = makes.len() < 2;
    cards.iter_mut().for_each(|(_, proof)| proof.is_of_a_model |= is_of_one_make && proof.may_be_of_a_model);
    let shape = |card: &Card| dom.element(card.at).map(|element| (element.name(), element.classes().next()));
    let mut shapes: HashMap<_, (usize, usize)> = HashMap::new();
    for (card, proof) in &cards {
        let (all, proven) = shapes.entry(shape(card)).or_default();
        *all += 1;
        *proven += usize::from(proof.is_enough());
    }
    let is_vehicle = |(card, proof): &(Card, Proof)| {
        let (all, proven) = shapes.get(&shape(card)).copied().unwrap_or_default();
        proven > 1 && (proof.is_enough() || (proof.asks_to_call && !proof.is_no_car() && proven * 2 >= all))
    };
    // Miles alone are those of a test, a review or a fleet, unless somebody offers to tell a price. Amounts that are no price are asked
    // for a car where a dealer names itself: others appraise, guess and pay.
    let names_a_dealer = page.names_a_dealer();
    let asks = |proof: &Proof| proof.asks_otherwise || proof.asks_to_call || (proof.states_money && names_a_dealer);
    let offers = |proof: &Proof| proof.stock_number || asks(proof);
    let is_offered = cards.iter().any(|(_, proof)| proof.price || offers(proof));
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut found: Vec<Card> = Vec::with_capacity(cards.len());
    for (card, _) in cards.into_iter().filter(is_vehicle) {
        match card.listing.url.as_deref().and_then(address::key).map(|key| *known.entry(key).or_insert(found.len())) {
            Some(at) if at < found.len() => found[at].listing.fill_from(card.listing),
            _ => found.push(card),
        }
    }
    // A gallery of what was sold.
    if found.iter().all(|card| card.listing.is_sold.is_some() && card.listing.price.is_none()) {
        return Vec::new();
    }
    if are_all_alike(&found) || (!names_a_dealer && are_all_jobs(&found)) || (!is_offered && !page.offers_cars()) {
        return Vec::new();
    }
    drop_tiles(page, dom, &mut found);
    doubt_marks(&mut found);
    disown_foreign_vins(dom, &mut found);
    name_by_address(&mut found);
    found
}

/// Drops the tiles of models beside a list of cars: by another template, fewer, and without a number or miles where each car has one.
fn drop_tiles(page: &Page<'_>, dom: &Dom<'_>, cards: &mut Vec<Card>) {
    let is_one_car = |card: &Card| card.listing.mileage.is_some() || card.listing.stock_number.is_some();
    let Some(example) = cards.iter().find(|card| is_one_car(card)).map(|card| card.at) else { return };
    let is_of_list = |card: &Card| alike(dom, example, card.at) && dom.parent(example) == dom.parent(card.at);
    let (cars, others): (Vec<&Card>, Vec<&Card>) = cards.iter().partition(|card| is_of_list(card));
    let are_told = cars.len() > others.len() && cars.len() >= ALIKE && cars.iter().all(|card| is_one_car(card));
    if are_told && !others.iter().any(|card| is_one_car(card)) {
        others.iter().for_each(|card| page.note_left_out(card.at));
        cards.retain(is_of_list);
    }
}

/// Fewer cards may be alike by chance; more dollars may be asked for each of several cars.
const ALIKE: usize = 3;

/// Whether cards without any number all say the same: what is asked there is asked for another thing than the car.
fn are_all_alike(cards: &[Card]) -> bool {
    let said = |card: &Card| (card.listing.price, card.listing.mileage);
    let is_numbered = |card: &Card| card.listing.stock_number.is_some() || card.listing.vin.is_some();
    let first = cards.first().map(said);
    let is_cheap = cards.iter().all(|card| card.listing.price.is_some_and(|price| price < LEAST_PRICE_IN_A_SHOP));
    is_cheap && cards.len() >= ALIKE && cards.iter().all(|card| Some(said(card)) == first && !is_numbered(card))
}

/// Whether what is asked for each of some cars is less than any such car costs: for work on it, or for bringing it somewhere.
fn are_all_jobs(cards: &[Card]) -> bool {
    const MILES_OF_A_CHEAP_CAR: i32 = 10_000;
    let is_cheap = |card: &Card| card.listing.price.is_some_and(|price| price < LEAST_PRICE_IN_A_SHOP);
    let is_numbered = |card: &Card| card.listing.stock_number.is_some() || card.listing.vin.is_some();
    let is_job = |card: &Card| {
        is_cheap(card) && !is_numbered(card) && card.listing.mileage.is_none_or(|miles| miles < MILES_OF_A_CHEAP_CAR)
    };
    cards.len() >= ALIKE && cards.iter().all(is_job)
}

/// Gives each vehicle without any number the place of its page on the website for one. What a query says may change from day to
/// day, such as the rank in the list: it counts where nothing else tells two vehicles apart.
fn name_by_address(cards: &mut [Card]) {
    let place = |card: &Card| {
        let key = card.listing.url.as_deref().and_then(address::key)?;
        key.split_once('/').map(|(_, place)| format!("/{place}"))
    };
    let path = |place: &str| place.split('?').next().unwrap_or(place).to_owned();
    let mut paths: HashMap<String, usize> = HashMap::new();
    cards.iter().filter_map(place).for_each(|place| *paths.entry(path(&place)).or_default() += 1);
    for card in cards {
        let has_number = [&card.listing.vin, &card.listing.stock_number, &card.listing.external_id]
            .iter()
            .any(|number| number.is_some());
        if !has_number && let Some(place) = place(card) {
            let path = path(&place);
            let is_enough = paths.get(&path) == Some(&1);
            card.listing.external_id = Some(if is_enough { path } else { place });
        }
    }
}

/// How far around a lone link its card may be.
const LEVELS_MAX: usize = 6;

/// The card of the only link that names a vehicle, where it says two things of it: nothing repeats it.
fn lone(page: &Page<'_>, dom: &Dom<'_>, link: usize, url: &str) -> Option<Card> {
    let around = std::iter::successors(Some(link), |at| dom.parent(*at)).take(LEVELS_MAX);
    let is_page = |at: usize| dom.element(at).is_none_or(|element| matches!(element.name(), "body" | "html" | "main"));
    let mut read = around.take_while(|at| !is_page(*at)).filter_map(|at| read(page, dom, at, Some(url.to_owned())));
    let (card, _) = read.find(|(_, proof)| proof.is_enough() && proof.facts() >= 2)?;
    let mut cards = [card];
    name_by_address(&mut cards);
    cards.into_iter().next()
}
