//! What the cards of a page say of amounts that its data states as prices.
//!
//! Data of some websites states what the maker suggests, or a payment a month, as the price of an offer. Where the words of the
//! vehicle's card say so of that very amount, the price that the card asks takes its place. What is deliberately not here: how a
//! card's price is chosen (`price_choice`).

use std::collections::HashMap;

use super::{
    address,
    card::mentions,
    dom::{Dom, Kind},
    fields::PriceRank,
    listing::ScrapedListing,
    markup::Token,
    numbers,
    page::Page,
    price_words::{Stated, by_caption, by_words},
};
use crate::Money;

/// The amounts of one card.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// What it asks.
    pub(super) asked: Option<Money>,
    /// Whether words call that the price.
    pub(super) is_said: bool,
    /// What its words call something else.
    pub(super) others: Vec<(Money, Stated)>,
    /// How much each of its amounts is.
    pub(super) sizes: Vec<Money>,
}

/// The same with what the vehicle of the card is known by.
#[derive(Debug)]
pub(super) struct ShownPrices {
    card: usize,
    vin: Option<String>,
    address: Option<String>,
    stock_number: Option<String>,
    mileage: Option<i32>,
    shown: Shown,
}

impl ShownPrices {
    pub(super) fn of(card: usize, listing: &ScrapedListing, shown: Shown) -> Self {
        Self {
            card,
            vin: listing.vin.clone(),
            address: listing.url.as_deref().and_then(address::key),
            stock_number: listing.stock_number.clone(),
            mileage: listing.mileage,
            shown,
        }
    }

    /// The price of a vehicle of which the data states another one than the card.
    fn price_instead_of(&self, price: Money, is_of_vendor: bool) -> Option<Money> {
        let Shown { asked, is_said, others, sizes } = &self.shown;
        if let Some((_, stated)) = others.iter().find(|(amount, _)| *amount == price) {
            let is_part = matches!(stated, Stated::Rate | Stated::Down | Stated::Fee | Stated::Tax | Stated::Saving);
            // A maker's price is better than nothing, a part of one is not.
            return if is_part { *asked } else { asked.or(Some(price)) };
        }
        // What a person reads as the price counts, unless the card states the other amount as well.
        let is_part = |asked: Money| price.cents().saturating_mul(PARTS) < asked.cents();
        let counts = |asked: &Money| !is_of_vendor && !sizes.contains(&price) && (*is_said || is_part(*asked));
        asked.filter(counts).or(Some(price))
    }
}

/// A price that is smaller than what a card asks by this factor is a payment.
const PARTS: i64 = 3;
/// Fewer miles of data fill a place where a card shows those of a car in use.
const MILES_THAT_FILL: i32 = 100;
const MILES_OF_USE: i32 = 1_000;

/// Puts what a card asks in the place of another amount that the data states, and of the card's other facts those that its words name.
///
/// Without the page's elements the listings are those of a vendor, whose reader knows what its data means: only what the words of a card call
/// something else gives way.
pub(super) fn correct(page: &Page<'_>, dom: Option<&Dom<'_>>, listings: &mut [ScrapedListing]) {
    let known = page.shown_prices();
    if known.is_empty() {
        return;
    }
    let mut places: HashMap<(u8, &str), &ShownPrices> = HashMap::new();
    for card in known.iter() {
        for (kind, name) in [(0, &card.vin), (1, &card.address), (2, &card.stock_number)] {
            if let Some(name) = name {
                places.entry((kind, name)).or_insert(card);
            }
        }
    }
    for listing in listings {
        let address = listing.url.as_deref().and_then(address::key);
        // A VIN that no card has is of none of them.
        let names = [(0, &listing.vin), (1, &address), (2, &listing.stock_number)];
        let card = names.into_iter().find_map(|(kind, name)| places.get(&(kind, name.as_deref()?)).copied());
        let Some(card) = card else { continue };
        listing.price = listing.price.and_then(|price| {
            if card.shown.asked == Some(price) { Some(price) } else { card.price_instead_of(price, dom.is_none()) }
        });
        let is_same = listing.vin.is_some() && listing.vin == card.vin;
        if let Some(dom) = dom.filter(|_| is_same) {
            let is_other = |stock: &String| {
                card.stock_number.as_ref().is_some_and(|shown| shown != stock) && !shows(dom, card.card, stock)
            };
            if listing.stock_number.as_ref().is_some_and(is_other) {
                listing.stock_number.clone_from(&card.stock_number);
            }
            let is_used = card.mileage.is_some_and(|miles| miles >= MILES_OF_USE);
            if is_used && listing.mileage.is_some_and(|miles| miles < MILES_THAT_FILL) {
                listing.mileage = card.mileage;
            }
        }
    }
}

/// Whether a text of a card holds a word.
fn shows(dom: &Dom<'_>, card: usize, word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    dom.within(card).any(|at| matches!(&dom.node(at).kind, Kind::Text(text) if mentions(text, &word)))
}

/// Whether a text of the page calls an amount something else that data states as a price, or the page shows others in its place. It costs
/// less than reading the cards.
pub(super) fn are_doubted(page: &Page<'_>, listings: &[ScrapedListing]) -> bool {
    let mut prices: Vec<Money> = listings.iter().filter_map(|listing| listing.price).collect();
    prices.sort_unstable();
    let is_other = |stated: Stated| stated.rank().is_none_or(|rank| rank > PriceRank::Plain);
    let mut before = "";
    let mut unseen = prices.clone();
    unseen.dedup();
    let mut shows_others = false;
    // Whether the last text was such an amount and nothing has been said of it.
    let mut is_open = false;
    for token in page.tokens() {
        let Token::Text(text) = token else { continue };
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if std::mem::take(&mut is_open) && text.len() <= CAPTION_BYTES && by_words(text).is_some_and(is_other) {
            return true;
        }
        if memchr::memchr(b'$', text.as_bytes()).is_some() && text.len() <= TEXT_BYTES {
            for (place, size) in numbers::dollars(text) {
                let Some(size) = size else { continue };
                if prices.binary_search(&size).is_err() {
                    shows_others |= size >= LEAST_PRICE;
                    continue;
                }
                if let Ok(at) = unseen.binary_search(&size) {
                    unseen.remove(at);
                }
                let (front, behind) = (text[..place.start].trim_end_matches(['$', ' ']), &text[place.end..]);
                let said = by_words(front).or_else(|| by_words(behind));
                let caption = || Some(before).filter(|before| before.len() <= CAPTION_BYTES).and_then(by_caption);
                match said.or_else(caption) {
                    Some(stated) if is_other(stated) => return true,
                    Some(_) => {}
                    None => is_open = true,
                }
            }
        }
        before = text;
    }
    // What stands nowhere on a page that shows other amounts may be another amount than the price.
    shows_others && !unseen.is_empty()
}

/// Smaller amounts are of payments and fees.
const LEAST_PRICE: Money = Money::from_dollars(1_000);

/// A longer text is no caption.
const CAPTION_BYTES: usize = 40;
/// A longer text is prose.
const TEXT_BYTES: usize = 200;
