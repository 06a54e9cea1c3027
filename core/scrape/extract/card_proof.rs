//! Whether a card without a VIN is that of a vehicle on offer: what it says that such a one has, and what speaks against it.
//!
//! What is deliberately not here: where the cards are (`linked_cards`), and the words themselves (`decoys`).

use super::{
    card,
    card_heading::heading_as_it_stands,
    cards::Card,
    chunks,
    decoys::{self, Told},
    dom::{Dom, Kind},
    fields::Draft,
    heading::{self, Begins},
    listing::ScrapedListing,
    page::Page,
    sold_marks::is_marked_sold,
};
use crate::Money;

/// An element with more within it is a block, not a heading.
const HEADING_NODES_MAX: usize = 24;
/// A longer text is prose.
const SHORT_BYTES: usize = 48;

/// What a card says that an offered car has.
pub(super) struct Proof {
    pub(super) price: bool,
    /// Whether the amount stands for itself, and no word beside it makes another thing of it.
    price_is_plain: bool,
    pub(super) mileage: bool,
    pub(super) stock_number: bool,
    /// Whether its words are about a model rather than one car.
    pub(super) is_of_a_model: bool,
    /// Whether they may be, where all cards are of one make.
    pub(super) may_be_of_a_model: bool,
    is_decoy: bool,
    /// Whether it states payments in the place of a price, among cars for sale.
    is_paid_for: bool,
    /// Whether its words may be those of a text about cars, of a rental or of somebody who buys cars.
    is_doubtful: bool,
    /// Whether it states money at all, if no price that is plainly asked.
    pub(super) states_money: bool,
    /// Whether what it states is asked in parts, or in dollars of another country.
    pub(super) asks_otherwise: bool,
    /// Whether it is one whose price is asked by phone, or that is nearly sold.
    pub(super) asks_to_call: bool,
}

impl Proof {
    /// Doubtful words count only where a price and what one car alone has do not stand beside them.
    pub(super) fn is_no_car(&self) -> bool {
        let is_offered = self.price && self.price_is_plain && (self.mileage || self.stock_number);
        self.is_decoy || (self.is_doubtful && !is_offered)
    }

    pub(super) fn facts(&self) -> usize {
        [self.price, self.mileage, self.stock_number].into_iter().filter(|fact| *fact).count()
    }

    pub(super) fn is_enough(&self) -> bool {
        let is_one_car = self.mileage || self.stock_number;
        let is_asked = (self.price && self.price_is_plain) || self.is_paid_for;
        !self.is_no_car() && (is_one_car || (is_asked && !self.is_of_a_model))
    }
}

/// Fewer miles beside no price are a range, a trip or a warranty.
const LEAST_MILES: i32 = 1_000;

/// Reads a card with its link; `None` where it names no vehicle.
pub(super) fn read(page: &Page<'_>, dom: &Dom<'_>, at: usize, url: Option<String>) -> Option<(Card, Proof)> {
    read_named(page, dom, at, url, |_, _, _| false)
}

/// The same of a card beside those of vehicles, whose make may be unknown: its name is that of its heading, as it stands.
pub(super) fn read_as_it_stands(
    page: &Page<'_>,
    dom: &Dom<'_>,
    at: usize,
    url: Option<String>,
    begins: Begins,
) -> Option<(Card, Proof)> {
    read_named(page, dom, at, url, |listing, dom, at| {
        let heading = heading_as_it_stands(dom, at, begins);
        if let Some(heading) = heading.filter(|heading| listing.year.is_none_or(|year| year == heading.year)) {
            listing.year = Some(heading.year);
            (listing.make, listing.model, listing.trim) = (heading.make, heading.model, heading.trim);
        }
        true
    })
}

fn read_named(
    page: &Page<'_>,
    dom: &Dom<'_>,
    at: usize,
    url: Option<String>,
    takes_any_name: impl FnOnce(&mut ScrapedListing, &Dom<'_>, usize) -> bool,
) -> Option<(Card, Proof)> {
    let (mut listing, is_asked) = read_facts(page, dom, at, url);
    if listing.make.is_none() && !takes_any_name(&mut listing, dom, at) {
        return None;
    }
    listing.year?;
    let mut words = Words::of(dom, at);
    let url = listing.url.as_deref().unwrap_or_default();
    let offers_cars = page.offers_cars();
    let is_cheap = listing.price.is_none_or(|price| price < decoys::LEAST_PRICE_IN_A_SHOP);
    let heads = Told::of(heads_around(dom, at).unwrap_or_default().to_lowercase());
    let told = Told::of(std::mem::take(&mut words.lower));
    let is_no_mileage =
        |miles| (!is_asked && told.allows_miles(miles)) || (miles < LEAST_MILES && decoys::is_of_ranges(heads.lower()));
    if listing.mileage.is_some_and(is_no_mileage) {
        listing.mileage = None;
    }
    let pays_down = told.pays_down() || heads.pays_down();
    let is_numbered = listing.stock_number.as_ref().is_some_and(|number| has_digit(number));
    let mileage = listing.mileage.is_some_and(|miles| words.state(miles) && (is_asked || miles >= LEAST_MILES));
    let price = is_asked && listing.price.is_some_and(|price| price >= decoys::LEAST_PRICE);
    let is_paid_for = offers_cars && listing.price.is_none() && (pays_down || told.states_a_payment());
    let is_one_car = mileage || is_numbered;
    let is_by_phone = is_one_car && listing.price.is_none() && told.has_a_price_by_phone();
    let is_told = is_numbered || is_paid_for || told.asks_to_call() || (mileage && !told.states_money());
    let is_offered = (is_one_car && price && listing.price.is_some_and(|price| words.state_apart(price)))
        || is_by_phone
        || (is_told && page.names_a_dealer());
    // `2014 HONDA CIVIC EX ALLOY WHEELS`: what a car has is in its name as well.
    let has_miles = listing.price.is_some() && listing.mileage.is_some_and(|miles| miles >= LEAST_MILES);
    let proof = Proof {
        price,
        price_is_plain: listing.price.is_some_and(|price| words.ask(price, offers_cars)),
        mileage,
        stock_number: is_numbered,
        is_of_a_model: told.speaks_of_a_model()
            || (!page.names_a_dealer() && heads.speaks_of_a_model())
            || (!offers_cars && told.may_speak_of_a_model()),
        may_be_of_a_model: told.invites_to_learn_more(),
        is_decoy: (words.name_goods && !(offers_cars && has_miles && !is_cheap))
            || (listing.mileage.is_none() && listing.price.is_some_and(|price| price < decoys::LEAST_PRICE))
            || decoys::leads_elsewhere(url)
            || (page.lists_other_goods() && listing.price.is_none_or(|price| price < decoys::MOST_FOR_GOODS))
            || sell_no_car(page, &told, &heads, is_offered)
            || (is_cheap && ((words.name_a_part && listing.price.is_some()) || told.is_of_a_shop())),
        is_doubtful: words.name_a_text || are_doubtful(page, &told, &heads, is_asked, is_by_phone),
        is_paid_for,
        states_money: told.states_money(),
        asks_otherwise: pays_down || told.states_a_payment() || told.states_foreign_dollars(),
        asks_to_call: told.asks_to_call(),
    };
    listing.is_sold = is_marked_sold(dom, at).then_some(true);
    Some((Card { at, listing }, proof))
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// What a card says of a vehicle, and whether its price is asked.
fn read_facts(page: &Page<'_>, dom: &Dom<'_>, at: usize, url: Option<String>) -> (ScrapedListing, bool) {
    let mut draft = Draft::default();
    draft.listing.url.clone_from(&url);
    card::read(page, dom, at, &mut draft);
    // Its other links lead elsewhere.
    draft.listing.url = url;
    let is_asked = draft.price_is_asked();
    (draft.listing, is_asked)
}

/// Whether the words of a card or the heads of its table say that it sells no car. What an offered car may have beside it is no such word.
fn sell_no_car(page: &Page<'_>, told: &Told, heads: &Told, is_offered: bool) -> bool {
    told.sells_no_car()
        || heads.sells_no_car()
        || heads.may_sell_no_car()
        || (page.is_about_others() && decoys::is_of_what_was_paid(heads.lower()))
        || (told.may_sell_no_car() && !is_offered)
}

/// Whether the words of a card and the heads of its table may be those of a rental, of a lease or of somebody who buys cars.
fn are_doubtful(page: &Page<'_>, told: &Told, heads: &Told, is_asked: bool, is_by_phone: bool) -> bool {
    page.is_about_others()
        || (!is_asked && page.lists_leases() && told.is_of_a_lease())
        || (!page.offers_cars() && (told.is_of_a_shop() || told.speaks_of_buying()))
        || (!(told.pays_down() || heads.pays_down() || is_by_phone)
            && (told.speaks_of_hiring_or_buying()
                || heads.speaks_of_hiring_or_buying()
                || decoys::is_of_rates(heads.lower())))
}

/// What the first texts of a card say.
pub(super) fn told(dom: &Dom<'_>, at: usize) -> Told {
    Told::of(Words::of(dom, at).lower)
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
    /// Those of short texts with an amount that say nothing of another trade.
    apart: Vec<String>,
    /// Those behind `from`.
    from: Vec<String>,
    /// Whether a heading is that of a thing for a vehicle, or of a text about one.
    name_goods: bool,
    name_a_text: bool,
    /// Whether one ends in a part, such as that of a car: `Automatic Transmission`.
    name_a_part: bool,
}

/// More words of a card are not looked at.
const WORDS_BYTES_MAX: usize = 4_000;

impl Words {
    fn of(dom: &Dom<'_>, card: usize) -> Self {
        let mut words = Self {
            lower: String::new(),
            short: Vec::new(),
            long: Vec::new(),
            amounts: Vec::new(),
            apart: Vec::new(),
            from: Vec::new(),
            name_goods: false,
            name_a_text: false,
            name_a_part: false,
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
        // `$38,450 or $389/month`: what it costs stands in front.
        let text = text.split_once(" or $").map_or(text, |(price, _)| price);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return;
        }
        if is_amount(text) {
            self.amounts.push(digits.clone());
        } else if text.get(..5).filter(|word| word.eq_ignore_ascii_case("from ")).is_some_and(|_| is_amount(&text[5..]))
        {
            self.from.push(digits.clone());
        }
        if text.len() <= SHORT_BYTES && text.contains('$') && decoys::is_of_no_other_trade(text) {
            self.apart.push(digits.clone());
        }
        if text.len() <= SHORT_BYTES { self.short.push(digits) } else { self.long.push(digits) }
    }

    fn note_heading(&mut self, text: &str) {
        self.name_goods |= decoys::names_goods(text);
        self.name_a_text |= decoys::names_a_text(text);
        self.name_a_part |= decoys::ends_in_any_part(text);
    }

    /// Whether a price stands for itself in a text; behind `from` it may, where the page is a list of cars.
    fn ask(&self, price: Money, offers_cars: bool) -> bool {
        let dollars = (price.cents() / 100).to_string();
        let asks = |amounts: &[String]| amounts.iter().any(|amount| amount.starts_with(&dollars));
        asks(&self.amounts) || (offers_cars && asks(&self.from))
    }

    /// Whether a price stands in a short text that makes no other thing of it.
    fn state_apart(&self, price: Money) -> bool {
        let dollars = (price.cents() / 100).to_string();
        self.amounts.iter().chain(&self.apart).any(|amount| amount.starts_with(&dollars))
    }

    /// Whether a number stands in a short text, or in none at all: prose that mentions miles is about a journey.
    fn state(&self, miles: i32) -> bool {
        let digits = miles.to_string();
        let holds = |texts: &[String]| texts.iter().any(|text| text.contains(&digits));
        holds(&self.short) || !holds(&self.long)
    }
}
