//! Prices and miles of a script's records, in whatever shape they are stated.
//!
//! A member beside a price may say that it is paid each month, one beside a mileage that it counts kilometres. A price may be a number
//! of cents, an object with its currency, or one of a list by kinds. What is deliberately not here: where the records stand
//! (`embedded`), and the names of fields (`field_names`).

use super::{
    answers::is_left_open,
    fields::{Draft, Field, PriceRank},
    miles::{self, Unit},
    numbers,
    offers::{is_rate, is_time},
    price_sentences::withholds_a_price,
    price_words::{Stated, by_name},
    value::{Json, Object},
};
use crate::Money;

/// What members of a record say of others.
#[derive(Default)]
struct Said {
    in_kilometers: bool,
    /// Whether its prices are in another currency than dollars.
    is_foreign: bool,
    /// What kind of amount the member `price` holds, with the label that says so; `None` within for one that is no price.
    price: Option<Option<PriceRank>>,
}

/// Offers what a record states of its vehicle.
pub(super) fn offer(draft: &mut Draft, record: &Object<'_>) {
    let said = Said::of(record);
    for (key, value) in record.iter() {
        said.offer(draft, key, value);
    }
    // What the maker suggests is no answer to `Call for price`.
    let is_told = |key: &str, value: &Json<'_>| {
        let is_asked = || matches!(Field::named(key), Some(Field::Price(rank)) if rank <= PriceRank::Plain);
        value.as_str().is_some_and(|text| is_left_open(text) || withholds_a_price(text)) && is_asked()
    };
    if record.iter().any(|(key, value)| is_told(key, value)) {
        draft.withhold_price();
    }
}

/// Whether a record names another currency than dollars of this country.
fn is_foreign(record: &Object<'_>) -> bool {
    record.iter().any(|(key, value)| names_another_currency(&letters(key), value))
}

fn names_another_currency(name: &str, value: &Json<'_>) -> bool {
    const NAMES: [&str; 5] = ["currency", "currencycode", "currencyiso", "isocurrency", "pricecurrency"];
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    let code = value.as_str().map(str::trim).filter(|_| NAMES.contains(&name));
    code.is_some_and(|code| is_code(code) && !code.eq_ignore_ascii_case("USD"))
}

/// Letters of a name alone, small.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_lowercase()).collect()
}

impl Said {
    fn of(record: &Object<'_>) -> Self {
        const UNITS: [&str; 5] = ["unit", "units", "unittext", "unitcode", "uom"];
        const OF_PRICES: [&str; 16] = [
            "unit",
            "units",
            "period",
            "frequency",
            "interval",
            "per",
            "term",
            "label",
            "type",
            "kind",
            "suffix",
            "name",
            "qualifier",
            "caption",
            "text",
            "unittext",
        ];
        let mut said = Self::default();
        for (key, value) in record.iter() {
            let Some(text) = value.as_str().filter(|text| text.len() <= WORD_BYTES) else { continue };
            let name = letters(key);
            said.is_foreign |= names_another_currency(&name, value);
            if let Some(of) = UNITS.iter().find_map(|unit| name.strip_suffix(unit)) {
                let measures = of.is_empty() || of == "distance" || Field::named(of) == Some(Field::Mileage);
                said.in_kilometers |= measures && miles::named_unit(text) == Some(Unit::Kilometers);
            }
            let is_of_price = name.strip_prefix("price").is_some_and(|rest| OF_PRICES.contains(&rest));
            if is_of_price {
                let kind = if is_time(value, 1) { Some(Stated::Rate) } else { by_name(text) };
                said.price = kind.map(Stated::rank).or(said.price);
            }
        }
        said
    }

    fn offer(&self, draft: &mut Draft, key: &str, value: &Json<'_>) {
        let is_single = matches!(value, Json::Number(_) | Json::String(_));
        let named = Field::named(key);
        if self.is_foreign && (matches!(named, Some(Field::Price(_))) || names_prices(key)) {
            return;
        }
        match named {
            Some(Field::Mileage) if self.in_kilometers && is_single => draft.offer_value(Field::Kilometers, value),
            Some(Field::Price(PriceRank::Plain)) if self.price.is_some() && letters(key) == "price" => {
                if let Some(rank) = self.price.flatten() {
                    draft.offer_price(rank, amount(value));
                }
            }
            Some(field) => match value {
                Json::Object(inner) => self.offer_inner(draft, key, Some(field), inner),
                Json::Array(prices) if matches!(field, Field::Price(_)) => offer_kinds(draft, prices),
                _ => draft.offer_value(field, value),
            },
            None => match value {
                Json::Object(inner) => self.offer_inner(draft, key, None, inner),
                Json::Array(prices) if names_prices(key) => offer_kinds(draft, prices),
                _ if is_single => offer_price_by_name(draft, key, value),
                _ => {}
            },
        }
    }

    /// What a record within a vehicle's says: its parts (`ymmt`), a value with its unit (`odometer`), or its prices by their kind.
    fn offer_inner(&self, draft: &mut Draft, key: &str, field: Option<Field>, inner: &Object<'_>) {
        match field {
            Some(Field::Mileage) => {
                let Some(value) = value_of(inner) else { return };
                let unit =
                    ["unit", "units", "unitText", "unitCode", "uom"].iter().find_map(|name| inner.get(name)?.as_str());
                let is_in_kilometers =
                    unit.map_or(self.in_kilometers, |unit| miles::named_unit(unit) == Some(Unit::Kilometers));
                draft.offer_value(if is_in_kilometers { Field::Kilometers } else { Field::Mileage }, value);
                return;
            }
            Some(Field::Price(rank)) => {
                if let Some(stated) = money(inner) {
                    draft.offer_price(rank, stated);
                    return;
                }
            }
            Some(field) => {
                if let Some(value) = value_of(inner) {
                    draft.offer_value(field, value);
                    return;
                }
            }
            None => {
                for (key, value) in inner.iter() {
                    // `"make": {"name": "Ford"}`
                    match (Field::named(key), value) {
                        (Some(field), Json::Object(named)) if !matches!(field, Field::Price(_) | Field::Mileage) => {
                            let value = value_of(named).or_else(|| named.get("name"));
                            value.into_iter().for_each(|value| draft.offer_value(field, value));
                        }
                        _ => draft.offer_record([(key, value)]),
                    }
                }
            }
        }
        if names_prices(key) {
            for (kind, value) in inner.iter() {
                let named = || Field::named(&format!("{kind}price"));
                let Some(Field::Price(rank)) = Field::named(kind).or_else(named) else { continue };
                match value {
                    Json::Object(inner) => draft.offer_price(rank, money(inner).flatten()),
                    _ => draft.offer_price(rank, amount(value)),
                }
            }
        }
    }
}

/// Whether a record has a member of one of these names, given in small letters alone.
fn names(record: &Object<'_>, names: &[&str]) -> bool {
    record.iter().any(|(key, value)| !value.is_null() && names.contains(&&*letters(key)))
}

/// A longer text is no unit and no kind.
const WORD_BYTES: usize = 40;

/// Whether a record is of a thing for a vehicle, of an opinion or of an offer to buy one; a car on offer may be rated as well.
pub(super) fn is_of_something_else(record: &Object<'_>, is_asked: bool) -> bool {
    const NAMES: [&str; 12] = [
        "author",
        "dailyrate",
        "dueatsigning",
        "monthlyrate",
        "offeramount",
        "part",
        "partname",
        "partno",
        "partnumber",
        "review",
        "reviewer",
        "reviewtext",
    ];
    names(record, &NAMES) || (!is_asked && names(record, &["rating", "stars"]))
}

fn names_prices(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    lower.contains("pric") && !lower.contains("history")
}

fn amount(value: &Json<'_>) -> Option<Money> {
    match value {
        Json::Number(number) => numbers::price_of_number(number),
        Json::String(text) => numbers::price(text),
        _ => None,
    }
}

fn value_of<'v, 'a>(inner: &'v Object<'a>) -> Option<&'v Json<'a>> {
    const VALUES: [&str; 5] = ["value", "amount", "raw", "miles", "price"];
    let value = VALUES.iter().find_map(|name| inner.get(name));
    value.filter(|value| matches!(value, Json::Number(_) | Json::String(_)))
}

/// What an object in the place of a price states; `None` where it states prices by their kind, or nothing. A text for people to see goes
/// before a number, which may be one of cents.
fn money(inner: &Object<'_>) -> Option<Option<Money>> {
    const TEXTS: [&str; 7] =
        ["formatted", "formattedPrice", "formattedValue", "formattedAmount", "display", "displayPrice", "displayValue"];
    const CENTS: [&str; 6] = ["cents", "centAmount", "amountCents", "amountInCents", "amount_cents", "minor"];
    const PLACES: [&str; 6] = ["precision", "fractionDigits", "decimals", "decimalPlaces", "exponent", "scale"];
    if is_rate(inner) || is_foreign(inner) {
        return Some(None);
    }
    let has_digit = |text: &&str| text.bytes().any(|byte| byte.is_ascii_digit());
    if let Some(text) = TEXTS.iter().filter_map(|name| inner.get(name)?.as_str()).find(has_digit) {
        return Some(numbers::price(text));
    }
    if let Some(cents) = CENTS.iter().find_map(|name| inner.get(name)) {
        return Some(of_parts(cents, 2));
    }
    let value = value_of(inner)?;
    let places = PLACES.iter().find_map(|name| inner.get(name)?.as_u64());
    // A number with a fraction counts whole dollars, whatever is said of places.
    let is_whole = matches!(value, Json::Number(number) if number.as_u64().is_some());
    Some(match places.filter(|places| is_whole && (1..=4).contains(places)) {
        Some(places) => of_parts(value, places),
        None => amount(value),
    })
}

/// An amount that is stated in parts of a dollar.
fn of_parts(value: &Json<'_>, places: u64) -> Option<Money> {
    let parts = i64::try_from(value.as_u64()?).ok()?;
    let a_dollar = (0..places).try_fold(1_i64, |size, _| size.checked_mul(10))?;
    let cents = parts.checked_mul(100)?.checked_div(a_dollar)?;
    Some(Money::from_cents(cents)).filter(|price| price.fits_a_price())
}

/// Prices under names of their own: `priceCents`, `price_in_cents`, `clearancePrice`.
fn offer_price_by_name(draft: &mut Draft, key: &str, value: &Json<'_>) {
    let name = letters(key);
    let of = name.strip_suffix("incents").or_else(|| name.strip_suffix("cents"));
    if let Some(Field::Price(rank)) = of.and_then(Field::named) {
        draft.offer_price(rank, of_parts(value, 2));
    } else if name.ends_with("price") && by_name(key) == Some(Stated::Price(PriceRank::Asking)) {
        // `clearancePrice`
        draft.offer_price(PriceRank::Asking, amount(value));
    }
}

/// Prices of which each says its kind: `[{"type": "MSRP", "amount": 41450}, {"type": "Sale Price", "amount": 38450}]`.
fn offer_kinds(draft: &mut Draft, prices: &[Json<'_>]) {
    const KINDS: [&str; 8] = ["type", "label", "name", "kind", "title", "key", "priceType", "description"];
    if let [only @ (Json::Number(_) | Json::String(_))] = prices {
        draft.offer_price(PriceRank::Plain, amount(only));
        return;
    }
    for price in prices.iter().filter_map(Json::as_object) {
        let kind = KINDS.iter().find_map(|key| price.get(key)?.as_str());
        if let Some(rank) = kind.filter(|kind| kind.len() <= WORD_BYTES).and_then(by_name).and_then(Stated::rank) {
            draft.offer_price(rank, money(price).flatten());
        }
    }
}
