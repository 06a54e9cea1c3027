//! The price among the amounts that a record of Dealer.com shows.
//!
//! What is deliberately not here: where the records stand.

use serde_json::{Map, Value};

use crate::{
    Money,
    scrape::extract::{Json, Object, PriceRank, price_of, rank_of_price},
};

/// The amounts that a record shows, fees among them.
fn shown_prices<'v, 'a>(record: &'v Object<'a>) -> Option<&'v [Json<'a>]> {
    let pricing = record.get("pricing")?;
    pricing.get("dprice").or_else(|| pricing.get("dPrice"))?.as_array()
}

/// Each amount shown by its label, as worded.
pub(super) fn labelled_prices(record: &Object<'_>) -> Map<String, Value> {
    let mut labelled = Map::new();
    for entry in shown_prices(record).into_iter().flatten() {
        if let Some((label, value)) = entry.get("label").and_then(Json::as_str).zip(entry.get("value")) {
            labelled.insert(label.to_owned(), value.to_value());
        }
    }
    labelled
}

/// The most binding price of a record. Where one is said to be the final one it is that or none: a car whose final price is
/// asked for by telephone is not offered at what it once cost.
pub(super) fn widget_price(record: &Object<'_>) -> Option<Money> {
    let is_final = |entry: &&Json<'_>| {
        entry.get("isFinalPrice").is_some_and(|flag| flag.as_bool() == Some(true) || flag.as_str() == Some("true"))
    };
    let mut last = shown_prices(record).into_iter().flatten().filter(is_final).peekable();
    if last.peek().is_some() {
        return last.find_map(|entry| entry.get("value").and_then(price_of));
    }
    let tracked = record.get("trackingPricing");
    let tracked = ["internetPrice", "salePrice"].into_iter().find_map(|key| tracked?.get(key).and_then(price_of));
    if tracked.is_some() {
        return tracked;
    }
    // Two prices that are asked are one too many.
    if let Some(asked) = labelled(record, |rank| rank <= PriceRank::Plain) {
        return asked;
    }
    let retail = record.get("pricing").and_then(|pricing| pricing.get("retailPrice")).and_then(price_of);
    retail.or_else(|| labelled(record, |rank| rank > PriceRank::Plain).flatten())
}

/// The most binding of the prices of some ranks by their labels, and whether there is one alone.
fn labelled(record: &Object<'_>, is_wanted: fn(PriceRank) -> bool) -> Option<Option<Money>> {
    let ranked = |entry: &Json<'_>| {
        let text = |key: &str| entry.get(key).and_then(Json::as_str).filter(|text| !text.trim().is_empty());
        let rank = rank_of_price(text("label").or_else(|| text("typeClass"))?).filter(|rank| is_wanted(*rank))?;
        Some((rank, entry.get("value").and_then(price_of)?))
    };
    let entries = || shown_prices(record).into_iter().flatten().filter_map(ranked);
    let best = entries().map(|(rank, _)| rank).min()?;
    let mut prices = entries().filter(|(rank, _)| *rank == best).map(|(_, price)| price);
    let first = prices.next()?;
    Some(Some(first).filter(|first| prices.all(|other| other == *first)))
}
