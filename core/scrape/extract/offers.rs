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
    // Whether something is for sale of which nobody says what it costs.
    let mut is_untold = false;
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
            let around = pending.len();
            pending.extend(objects(offer.get("offers")).map(|inner| (inner, depth + 1)));
            is_untold |= pending.len() == around && states_nothing(offer) && !lasts_a_year(offer);
        }
    }
    // What is offered for years, beside an offer that is not, is a lease, whatever that one asks.
    let of_years = of_years.0.filter(|_| filler.is_none() && !is_untold);
    best.0.or(of_years).map_or(filler, |(_, agreed)| agreed)
}

/// Whether an offer states no amount: its price is missing, zero or a text such as `Call`.
fn states_nothing(offer: &Object<'_>) -> bool {
    ["price", "lowPrice", "highPrice"].iter().all(|key| amount(offer, key).is_none())
        && specifications(offer).next().is_none()
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

/// Whether an offer stands for a year or longer. How long one stands says nothing of what it is, so it only gives way to others.
fn lasts_a_year(offer: &Object<'_>) -> bool {
    offer
        .get("eligibleDuration")
        .and_then(|duration| days(duration, DEPTH_MAX))
        .is_some_and(|days| days >= DAYS_OF_A_YEAR)
}

/// Twelve months of thirty days.
const DAYS_OF_A_YEAR: i64 = 360;

/// How many days a duration has: `36` with the unit `MON`, `36.0 months`, `P1095D`. Of a range, at its longest.
fn days(duration: &Json<'_>, depth: usize) -> Option<i64> {
    match duration {
        Json::Object(quantity) if depth > 0 => {
            let mut units = ["unitCode", "unitText"].iter().filter_map(|key| quantity.get(key).and_then(scalar));
            let unit = units.find_map(|unit| days_of_unit(last_part(&unit)));
            let counts = ["value", "minValue", "maxValue"].iter().filter_map(|key| quantity.get(key));
            let each = counts.filter_map(|count| match (scalar(count), unit) {
                (Some(text), Some(unit)) if whole_number(&text).is_some() => whole_number(&text)?.checked_mul(unit),
                _ => days(count, depth - 1),
            });
            each.max()
        }
        Json::Array(several) if depth > 0 => {
            several.iter().take(DEPTH_MAX).filter_map(|one| days(one, depth - 1)).max()
        }
        Json::String(text) => days_in_words(text),
        _ => None,
    }
}

/// The days of `36 months`, and of a duration by ISO 8601 (`P1Y6M`), of which hours count nothing.
fn days_in_words(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches(['P', 'p']);
    let date = text.split(['T', 't']).next().filter(|date| date.ends_with(|sign: char| sign.is_ascii_alphabetic()));
    // `36 Months` has a `t` that begins no hours.
    let parts = date.and_then(sum_of_days).or_else(|| sum_of_days(text));
    parts.filter(|days| *days > 0)
}

/// Numbers with their units in turns.
fn sum_of_days(mut rest: &str) -> Option<i64> {
    let mut sum: i64 = 0;
    while !rest.trim_start().is_empty() {
        let number = rest.trim_start();
        let unit = number.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == '.');
        let behind = unit.trim_start_matches(|sign: char| !sign.is_ascii_digit());
        let (number, unit) = (&number[..number.len() - unit.len()], &unit[..unit.len() - behind.len()]);
        sum = sum.checked_add(whole_number(number)?.checked_mul(days_of_unit(unit)?)?)?;
        rest = behind;
    }
    Some(sum)
}

/// `36` and `36.0`; what is behind the point counts nothing.
fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    whole.parse().ok().filter(|count| *count >= 0 && fraction.bytes().all(|byte| byte.is_ascii_digit()))
}

/// How many days a unit of time has: by the codes of UN/CEFACT, by ISO 8601, or in words. Shorter ones than a day have none.
fn days_of_unit(unit: &str) -> Option<i64> {
    let unit = letters(unit);
    Some(match &*unit {
        "D" | "DAY" | "DAYS" => 1,
        "W" | "WEE" | "WK" | "WKS" | "WEEK" | "WEEKS" => 7,
        "M" | "MO" | "MOS" | "MON" | "MTH" | "MTHS" | "MNTH" | "MONTH" | "MONTHS" => 30,
        "QAN" | "QUARTER" | "QUARTERS" => 90,
        "Y" | "YR" | "YRS" | "ANN" | "YEAR" | "YEARS" => 360,
        _ => return None,
    })
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
    const WHOLE: [&str; 15] = [
        "MO",
        "MOS",
        "MTH",
        "QAN",
        "WK",
        "YR",
        "DAY",
        "DAYS",
        "DAILY",
        "HUR",
        "HOUR",
        "HOURS",
        "HOURLY",
        "SEMIMONTHLY",
        "PM",
    ];
    let unit = ["PER", "EVERY", "EACH"].iter().find_map(|word| letters.strip_prefix(word)).unwrap_or(letters);
    BEGINNINGS.iter().any(|word| unit.starts_with(word)) || WHOLE.contains(&unit)
}

/// Whether a price is in another currency than dollars.
fn is_foreign(node: &Object<'_>) -> bool {
    let currency = node.get("priceCurrency").and_then(Json::as_str).map(str::trim);
    currency.is_some_and(|code| !code.is_empty() && !code.eq_ignore_ascii_case("USD") && code != "$")
}
