//! The price that the offers of structured data ask: those of JSON-LD, and those of microdata in the same shape.
//!
//! An offer may state a lease, a payment for each month, a part of the price, or what somebody else would ask. Those are no
//! prices, and they stand in no price's way. What is deliberately not here: where the offers stand.

use std::borrow::Cow;

use super::{
    fields::PriceRank,
    filler::is_filler,
    json_ld::{is_type, scalar},
    numbers,
    price_words::{Stated, by_name},
    value::{Json, Object},
};
use crate::Money;

/// The one price that all offers agree on, of those that are the most binding.
pub(super) fn price(offers: &[&Object<'_>]) -> Option<Money> {
    let (mut best, mut of_years, mut filler) = (Agreed::default(), Agreed::default(), None);
    let mut note = |offer: &Object<'_>, rank: PriceRank, amount: Money| match () {
        () if is_filler(amount) => filler = filler.or(Some(amount)),
        () if lasts_a_year(offer) => of_years.note(rank, amount),
        () => best.note(rank, amount),
    };
    let mut pending: Vec<(&Object<'_>, usize)> = offers.iter().rev().map(|offer| (*offer, 0)).collect();
    while let Some((offer, depth)) = pending.pop() {
        if is_lease(offer) || is_rate(offer) {
            continue;
        }
        if let Some((rank, amount)) = stated(offer) {
            note(offer, rank, amount);
        } else if depth < DEPTH_MAX {
            pending.extend(objects(offer.get("offers")).map(|inner| (inner, depth + 1)));
        }
    }
    // What is offered for years, beside an offer that is not, is a lease.
    best.0.or(of_years.0).map_or(filler, |(_, agreed)| agreed)
}

/// The most binding of the prices so far, if those that bind as much are the same.
#[derive(Default)]
struct Agreed(Option<(PriceRank, Option<Money>)>);

impl Agreed {
    fn note(&mut self, rank: PriceRank, amount: Money) {
        self.0 = match self.0 {
            Some((known, _)) if known < rank => self.0,
            Some((known, agreed)) if known == rank => Some((rank, agreed.filter(|agreed| *agreed == amount))),
            _ => Some((rank, Some(amount))),
        };
    }
}

/// Whether an offer stands for a year or longer: `36` with the unit `MON`, `P3Y`. How long one stands says nothing of what it is, so it
/// only gives way to others.
fn lasts_a_year(offer: &Object<'_>) -> bool {
    const MONTHS: i64 = 12;
    let last = |count: Option<i64>, unit: &str| match letters(unit) {
        unit if ["MON", "MO", "MTH", "M"].iter().any(|month| unit.starts_with(month)) => count >= Some(MONTHS),
        unit if ["ANN", "YEAR", "YR", "Y"].iter().any(|year| unit.starts_with(year)) => count >= Some(1),
        _ => false,
    };
    let number = |text: &str| text.parse().ok();
    match offer.get("eligibleDuration") {
        Some(Json::Object(quantity)) => {
            let count = quantity.get("value").and_then(scalar).and_then(|text| number(&text));
            ["unitCode", "unitText"]
                .iter()
                .filter_map(|key| quantity.get(key).and_then(scalar))
                .any(|unit| last(count, &unit))
        }
        Some(Json::String(text)) => {
            let count = text.trim().trim_start_matches(['P', 'p']);
            let unit = count.trim_start_matches(|sign: char| sign.is_ascii_digit());
            last(number(&count[..count.len() - unit.len()]), unit)
        }
        _ => false,
    }
}

/// How deep offers within an `AggregateOffer` are looked for.
const DEPTH_MAX: usize = 3;

/// What one offer asks, by its own price or by its specifications.
fn stated(offer: &Object<'_>) -> Option<(PriceRank, Money)> {
    let own = amount(offer, "price");
    // A specification without a price of its own speaks of the offer's.
    let is_of_own =
        |specification: &Object<'_>| specification.get("price").is_none() || amount(specification, "price") == own;
    let has_own_rate = specifications(offer)
        .any(|specification| is_of_own(specification) && (is_rate(specification) || is_lease(specification)));
    let is_foreign_here =
        if offer.contains_key("priceCurrency") { is_foreign(offer) } else { specifications(offer).any(is_foreign) };
    if is_foreign_here {
        return None;
    }
    let own = own.filter(|_| !has_own_rate).zip(rank(offer, PriceRank::Plain));
    own.map(|(amount, rank)| (rank, amount)).or_else(|| specified(offer)).or_else(|| {
        let low_is_high = offer.get("highPrice").is_none_or(|high| Some(high) == offer.get("lowPrice"));
        Some((PriceRank::Plain, amount(offer, "lowPrice").filter(|_| low_is_high)?))
    })
}

/// The most binding price of an offer's specifications.
fn specified(offer: &Object<'_>) -> Option<(PriceRank, Money)> {
    let priced = specifications(offer).filter_map(|specification| {
        // A part of the price, such as a down payment, is none, nor is one for each of something.
        let is_part = ["priceComponentType", "referenceQuantity"].iter().any(|key| specification.contains_key(key));
        let is_other = is_part || is_rate(specification) || is_lease(specification) || is_foreign(specification);
        let rank = rank(specification, PriceRank::Plain).filter(|_| !is_other)?;
        Some((rank, amount(specification, "price")?))
    });
    // Of equals, the first.
    priced.reduce(|best, other| if other.0 < best.0 { other } else { best })
}

/// What kind of price it is by <https://schema.org/PriceTypeEnumeration>, or by the words of those who do not know of it.
fn rank(node: &Object<'_>, unsaid: PriceRank) -> Option<PriceRank> {
    let kind = node.get("priceType").and_then(scalar).unwrap_or_default();
    match last_part(&kind) {
        "" => match node.get("name").and_then(scalar).filter(|name| is_short_name(name)).map(|name| by_name(&name)) {
            Some(Some(said @ (Stated::Price(_) | Stated::Value))) => said.rank(),
            _ => Some(unsaid),
        },
        "MinimumAdvertisedPrice" => Some(PriceRank::Retail),
        kind => by_name(kind).and_then(Stated::rank),
    }
}

/// The name at the end of an address: `SalePrice` of `https://schema.org/SalePrice`.
fn last_part(word: &str) -> &str {
    word.rsplit(['/', '#', ':']).next().unwrap_or_default().trim()
}

fn amount(node: &Object<'_>, key: &str) -> Option<Money> {
    node.get(key).and_then(scalar).and_then(|text| numbers::price(&text))
}

fn objects<'v, 'a>(value: Option<&'v Json<'a>>) -> impl Iterator<Item = &'v Object<'a>> {
    let several = match value {
        Some(Json::Array(several)) => several.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    several.iter().filter_map(Json::as_object)
}

fn specifications<'v, 'a>(offer: &'v Object<'a>) -> impl Iterator<Item = &'v Object<'a>> {
    objects(offer.get("priceSpecification"))
}

/// Whether the vehicle is lent, not sold, or the price is not one that is asked of a buyer.
fn is_lease(offer: &Object<'_>) -> bool {
    let says = |key: &str, words: &[&str]| {
        offer.get(key).and_then(scalar).is_some_and(|said| {
            let said = last_part(&said).to_ascii_lowercase();
            words.iter().any(|word| said.contains(word))
        })
    };
    is_type(offer, &["OfferForLease"])
        || says("businessFunction", &["lease", "rent"])
        || says("category", &["lease", "rental", "finance"])
        || offer.contains_key("leaseLength")
        || offer.get("name").and_then(scalar).is_some_and(|name| {
            is_short_name(&name)
                && matches!(
                    by_name(&name),
                    Some(Stated::Rate | Stated::Down | Stated::Fee | Stated::Tax | Stated::Saving)
                )
        })
}

fn is_short_name(name: &str) -> bool {
    name.split_whitespace().count() <= NAME_WORDS_MAX
}

/// A longer name of an offer is the vehicle's.
const NAME_WORDS_MAX: usize = 3;

/// Whether a price is one for each month, week or another time.
pub(super) fn is_rate(node: &Object<'_>) -> bool {
    const UNITS: [&str; 6] = ["unitText", "unitCode", "referenceQuantity", "per", "period", "interval"];
    // What is paid again and again has these, whatever they say, but for a payment in one.
    const REPEATED: [&str; 9] = [
        "paymentFrequency",
        "paymentPeriod",
        "paymentInterval",
        "billingDuration",
        "billingIncrement",
        "billingPeriod",
        "billingFrequency",
        "billingCycle",
        "repeatFrequency",
    ];
    let is_time = |key: &str| node.get(key).is_some_and(|unit| is_time(unit, DEPTH_MAX));
    let is_repeated = |key: &str| {
        node.get(key).is_some_and(|often| {
            let once = often.as_str().is_some_and(|often| {
                let often = letters(last_part(often));
                matches!(&*often, "" | "ONCE" | "ONETIME" | "SINGLE" | "NONE" | "FULL")
            });
            !once && !often.is_null()
        })
    };
    UNITS.iter().any(|key| is_time(key)) || REPEATED.iter().any(|key| is_repeated(key))
}

/// Whether a unit is one of time: a code of UN/CEFACT (`MON`), a word (`monthly`) or a duration (`P1M`).
pub(super) fn is_time(unit: &Json<'_>, depth: usize) -> bool {
    match unit {
        Json::Object(quantity) if depth > 0 => ["unitCode", "unitText", "name", "@id", "value"]
            .iter()
            .any(|key| quantity.get(key).is_some_and(|unit| is_time(unit, depth - 1))),
        Json::Array(units) if depth > 0 => units.iter().take(DEPTH_MAX).any(|unit| is_time(unit, depth - 1)),
        Json::String(unit) => {
            let unit = last_part(unit);
            let is_duration = unit.strip_prefix('P').is_some_and(|rest| {
                rest.starts_with(|sign: char| sign.is_ascii_digit()) && rest.ends_with(['Y', 'M', 'W', 'D'])
            });
            is_duration || is_word_of_time(&letters(unit))
        }
        _ => false,
    }
}

/// Letters alone, in capitals.
fn letters(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    text.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase()).collect::<String>().into()
}

fn is_word_of_time(letters: &str) -> bool {
    const BEGINNINGS: [&str; 7] = ["MON", "WEE", "BIWEEK", "ANN", "YEAR", "QUARTER", "FORTNIGHT"];
    const WHOLE: [&str; 14] =
        ["MO", "MOS", "MTH", "WK", "YR", "DAY", "DAYS", "DAILY", "HUR", "HOUR", "HOURS", "HOURLY", "SEMIMONTHLY", "PM"];
    let unit = ["PER", "EVERY", "EACH"].iter().find_map(|word| letters.strip_prefix(word)).unwrap_or(letters);
    BEGINNINGS.iter().any(|word| unit.starts_with(word)) || WHOLE.contains(&unit)
}

/// Whether a price is in another currency than dollars.
fn is_foreign(node: &Object<'_>) -> bool {
    let currency = node.get("priceCurrency").and_then(Json::as_str).map(str::trim);
    currency.is_some_and(|code| !code.is_empty() && !code.eq_ignore_ascii_case("USD") && code != "$")
}
