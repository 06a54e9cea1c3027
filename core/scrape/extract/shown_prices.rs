//! What the cards of a page say of amounts that its data states as prices.
//!
//! Data of some websites states what the maker suggests, or a payment a month, as the price of an offer. Where the words of the
//! vehicle's card say so of that very amount, the price that the card asks takes its place. What is deliberately not here: how a
//! card's price is chosen (`price_choice`).

use std::collections::HashMap;

use super::{
    address,
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
    /// What its words call something else.
    pub(super) others: Vec<(Money, Stated)>,
}

/// The same with what the vehicle of the card is known by.
#[derive(Debug)]
pub(super) struct ShownPrices {
    vin: Option<String>,
    address: Option<String>,
    stock_number: Option<String>,
    shown: Shown,
}

impl ShownPrices {
    pub(super) fn of(listing: &ScrapedListing, shown: Shown) -> Self {
        Self {
            vin: listing.vin.clone(),
            address: listing.url.as_deref().and_then(address::key),
            stock_number: listing.stock_number.clone(),
            shown,
        }
    }
}

/// Puts the price that a card asks in the place of one that its words call something else.
pub(super) fn correct(page: &Page<'_>, listings: &mut [ScrapedListing]) {
    let known = page.shown_prices();
    if known.is_empty() {
        return;
    }
    let mut places: HashMap<(u8, &str), &Shown> = HashMap::new();
    for card in known.iter() {
        for (kind, name) in [(0, &card.vin), (1, &card.address), (2, &card.stock_number)] {
            if let Some(name) = name {
                places.entry((kind, name)).or_insert(&card.shown);
            }
        }
    }
    for listing in listings {
        let Some(price) = listing.price else { continue };
        let address = listing.url.as_deref().and_then(address::key);
        // A VIN that no card has is of none of them.
        let names = [(0, &listing.vin), (1, &address), (2, &listing.stock_number)];
        let shown = names.into_iter().find_map(|(kind, name)| places.get(&(kind, name.as_deref()?)));
        let Some(shown) = shown.filter(|shown| shown.asked != Some(price)) else { continue };
        let Some((_, stated)) = shown.others.iter().find(|(amount, _)| *amount == price) else { continue };
        let is_part = matches!(stated, Stated::Rate | Stated::Down | Stated::Fee | Stated::Saving);
        // A maker's price is better than nothing, a part of one is not.
        if shown.asked.is_some() || is_part {
            listing.price = shown.asked;
        }
    }
}

/// Whether a text of the page calls an amount something else that data states as a price. It costs less than reading the cards.
pub(super) fn are_doubted(page: &Page<'_>, listings: &[ScrapedListing]) -> bool {
    let mut prices: Vec<Money> = listings.iter().filter_map(|listing| listing.price).collect();
    prices.sort_unstable();
    let is_other = |stated: Stated| stated.rank().is_none_or(|rank| rank > PriceRank::Plain);
    let mut before = "";
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
                if size.is_none_or(|size| prices.binary_search(&size).is_err()) {
                    continue;
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
    false
}

/// A longer text is no caption.
const CAPTION_BYTES: usize = 40;
/// A longer text is prose.
const TEXT_BYTES: usize = 200;
