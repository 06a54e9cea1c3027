//! Cards of vehicles without a VIN: repeated elements, each with a heading of year and make and a link of its own.
//!
//! A link that a heading names is an anchor, as a VIN is in `cards`; where no heading is a link, the heading itself is; where there
//! is no heading, the label of a make is, or a row of a table with columns for year and make. A card counts as a vehicle if it also says a price, a mileage or a stock number, and nothing on it speaks of something else (`decoys`). Such a
//! vehicle is known again by its stock number or by its address. What is deliberately not here: cards that stand among cards
//! with a VIN.

use std::collections::{HashMap, HashSet};

use super::{
    address,
    card::{self, heading_within, is_marked_sold},
    cards::{Anchors, Card, disown_foreign_vins, doubt_marks},
    chunks, decoys,
    dom::{Dom, Kind, attribute},
    fields::{Draft, Field},
    heading,
    page::Page,
};
use crate::Money;

/// The cards, in document order.
pub(super) fn find(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    [by_links, by_headings, by_labels]
        .iter()
        .map(|find| find(page, dom))
        .find(|cards| !cards.is_empty())
        .unwrap_or_default()
}

fn by_links(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    let here = address::key(page.url.as_str());
    let mut urls: HashMap<String, String> = HashMap::new();
    let mut first = None;
    let anchors = Anchors::noted(dom, |dom, note| {
        for (at, element) in dom.elements(0..dom.len()).filter(|(_, element)| element.name() == "a") {
            let href = attribute(element, "href").map(str::trim).filter(|href| card::may_be_a_vehicle(href));
            // Links do not nest, so that looking into each takes one look at the page.
            let Some(href) = href.filter(|_| heading_within(dom, at).is_some()) else { continue };
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
    repeated(dom, cards)
}

/// The same where the headings are no links, and each card leads on by a button.
fn by_headings(page: &Page<'_>, dom: &Dom<'_>) -> Vec<Card> {
    let anchors = Anchors::noted(dom, |dom, note| {
        for (at, element) in dom.elements(0..dom.len()) {
            let is_heading = matches!(element.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
                && dom.node(at).end - at < HEADING_NODES_MAX
                && heading::split_of_card(&dom.text(at)).is_some_and(|heading| heading.make.is_some());
            if is_heading {
                note(at, at.to_string());
            }
        }
    });
    let mut cards = around(page, dom, &anchors);
    cards.retain(|(card, proof)| card.listing.url.is_some() || proof.stock_number);
    repeated(dom, cards)
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
    repeated(dom, cards)
}

fn is_label_of_a_make(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.len() <= SHORT_BYTES && card::labelled(text).is_some_and(|(field, _)| field == Field::Make)
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

/// The cards of which another was made by the same template, each address once.
///
/// Of a template whose cards mostly prove to be vehicles, those that ask a visitor to call are vehicles as well.
fn repeated(dom: &Dom<'_>, mut cards: Vec<(Card, Proof)>) -> Vec<Card> {
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
    doubt_marks(&mut found);
    disown_foreign_vins(dom, &mut found);
    name_by_address(&mut found);
    found
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

/// What a card says that an offered car has.
#[derive(Default)]
struct Proof {
    price: bool,
    /// Whether the amount stands for itself, and no word beside it makes another thing of it.
    price_is_plain: bool,
    mileage: bool,
    stock_number: bool,
    /// Whether its words are about a model rather than one car.
    is_of_a_model: bool,
    /// Whether they may be, where all cards are of one make.
    may_be_of_a_model: bool,
    is_decoy: bool,
    /// Whether its words may be those of a text about cars, of a rental or of somebody who buys cars.
    is_doubtful: bool,
    /// Whether it is one whose price is asked by phone, or that is nearly sold.
    asks_to_call: bool,
}

impl Proof {
    /// Doubtful words count only where a price and what one car alone has do not stand beside them.
    fn is_no_car(&self) -> bool {
        let is_offered = self.price && self.price_is_plain && (self.mileage || self.stock_number);
        self.is_decoy || (self.is_doubtful && !is_offered)
    }

    fn facts(&self) -> usize {
        [self.price, self.mileage, self.stock_number].into_iter().filter(|fact| *fact).count()
    }

    fn is_enough(&self) -> bool {
        let is_one_car = self.mileage || self.stock_number;
        !self.is_no_car() && (is_one_car || (self.price && self.price_is_plain && !self.is_of_a_model))
    }
}

/// Fewer miles beside no price are a range, a trip or a warranty.
const LEAST_MILES: i32 = 1_000;

/// Reads a card with its link; `None` where it names no vehicle.
fn read(page: &Page<'_>, dom: &Dom<'_>, at: usize, url: Option<String>) -> Option<(Card, Proof)> {
    let mut draft = Draft::default();
    draft.listing.url.clone_from(&url);
    card::read(page, dom, at, &mut draft);
    // Its other links lead elsewhere.
    draft.listing.url = url;
    let is_asked = draft.price_is_asked();
    let mut listing = draft.listing;
    if listing.year.is_none() || listing.make.is_none() {
        return None;
    }
    let words = Words::of(dom, at);
    let has_digit = |text: &String| text.bytes().any(|byte| byte.is_ascii_digit());
    let url = listing.url.as_deref().unwrap_or_default();
    let heads = heads_around(dom, at).unwrap_or_default().to_lowercase();
    let proof = Proof {
        price: is_asked && listing.price.is_some_and(|price| price >= decoys::LEAST_PRICE),
        price_is_plain: listing.price.is_some_and(|price| words.ask(price)),
        mileage: listing.mileage.is_some_and(|miles| words.state(miles) && (is_asked || miles >= LEAST_MILES)),
        stock_number: listing.stock_number.as_ref().is_some_and(has_digit),
        is_of_a_model: decoys::speaks_of_a_model(&words.lower),
        may_be_of_a_model: decoys::invites_to_learn_more(&words.lower),
        is_decoy: words.name_goods
            || decoys::leads_elsewhere(url)
            || decoys::sells_no_car(&words.lower)
            || decoys::sells_no_car(&heads),
        is_doubtful: words.name_a_text
            || decoys::speaks_of_hiring_or_buying(&words.lower)
            || decoys::speaks_of_hiring_or_buying(&heads)
            || decoys::is_of_rates(&heads),
        asks_to_call: decoys::asks_to_call(&words.lower),
    };
    listing.is_sold = is_marked_sold(dom, at).then_some(true);
    Some((Card { at, listing }, proof))
}

/// A longer row is no row of heads.
const HEADS_NODES_MAX: usize = 128;

/// The first row of the table that a row stands in.
fn heads_around(dom: &Dom<'_>, row: usize) -> Option<String> {
    let is = |at: usize, name: &str| dom.element(at).is_some_and(|element| element.name() == name);
    let table = std::iter::successors(dom.parent(row).filter(|_| is(row, "tr")), |at| dom.parent(*at)).take(3);
    let table = table.into_iter().find(|at| is(*at, "table"))?;
    let heads = dom.within(table).take(HEADS_NODES_MAX).find(|at| is(*at, "tr"))?;
    (dom.node(heads).end - heads < HEADS_NODES_MAX).then(|| dom.text(heads))
}

/// Whether a text is an amount, at most with a word for a price in front.
fn is_amount(text: &str) -> bool {
    const WORDS: [&str; 17] = [
        "asking",
        "cash",
        "clearance",
        "final",
        "internet",
        "list",
        "now",
        "only",
        "our",
        "price",
        "retail",
        "sale",
        "selling",
        "special",
        "today",
        "usd",
        "your",
    ];
    let mut words = text.split(|sign: char| !sign.is_alphabetic()).filter(|word| !word.is_empty());
    words.all(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// The texts of a card.
struct Words {
    /// The first of them, in lower case.
    lower: String,
    /// The digits of the short ones and of the long ones, text by text.
    short: Vec<String>,
    long: Vec<String>,
    /// The digits of texts that are an amount, at most with a word for a price.
    amounts: Vec<String>,
    /// Whether a heading is that of a thing for a vehicle, or of a text about one.
    name_goods: bool,
    name_a_text: bool,
}

/// More words of a card are not looked at.
const WORDS_BYTES_MAX: usize = 4_000;
/// A longer text is prose.
const SHORT_BYTES: usize = 48;

impl Words {
    fn of(dom: &Dom<'_>, card: usize) -> Self {
        let mut words = Self {
            lower: String::new(),
            short: Vec::new(),
            long: Vec::new(),
            amounts: Vec::new(),
            name_goods: false,
            name_a_text: false,
        };
        for at in dom.within(card) {
            match &dom.node(at).kind {
                Kind::Text(text) if words.lower.len() < WORDS_BYTES_MAX => {
                    let text = text.trim();
                    if text.is_empty() {
                        continue;
                    }
                    words.lower.push_str(&text.to_lowercase());
                    words.lower.push(' ');
                    let pieces = chunks::pieces(text);
                    if pieces.is_empty() {
                        words.note_digits(text);
                    }
                    pieces.into_iter().for_each(|piece| words.note_digits(piece));
                    let is_heading = || heading::split(text).is_some_and(|heading| heading.make.is_some());
                    if is_heading() {
                        words.note_heading(text);
                    }
                }
                Kind::Element(element)
                    if matches!(element.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
                        && dom.node(at).end - at < HEADING_NODES_MAX =>
                {
                    words.note_heading(&dom.text(at));
                }
                _ => {}
            }
        }
        words
    }

    fn note_digits(&mut self, text: &str) {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return;
        }
        if is_amount(text) {
            self.amounts.push(digits.clone());
        }
        if text.len() <= SHORT_BYTES { self.short.push(digits) } else { self.long.push(digits) }
    }

    fn note_heading(&mut self, text: &str) {
        self.name_goods |= decoys::names_goods(text);
        self.name_a_text |= decoys::names_a_text(text);
    }

    /// Whether a price stands for itself in a text.
    fn ask(&self, price: Money) -> bool {
        let dollars = (price.cents() / 100).to_string();
        self.amounts.iter().any(|amount| amount.starts_with(&dollars))
    }

    /// Whether a number stands in a short text, or in none at all: prose that mentions miles is about a journey.
    fn state(&self, miles: i32) -> bool {
        let digits = miles.to_string();
        let holds = |texts: &[String]| texts.iter().any(|text| text.contains(&digits));
        holds(&self.short) || !holds(&self.long)
    }
}
