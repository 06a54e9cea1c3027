//! Mileages, read from what people and programs write.
//!
//! Kilometres are converted, and give way to miles that stand beside them. Distances that no odometer shows are no mileages. What is
//! deliberately not here: whether the odometer can be believed (`odometer`).

use std::borrow::Cow;

use serde_json::Number;

use super::{
    OdometerStatus,
    clean::text,
    limits::TextLimits,
    numbers::{amounts, hundredths, lone_number},
    value::Json,
};

/// What an odometer shows, in miles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) miles: i32,
    /// Whether it was stated in kilometres, and is rounded.
    pub(super) is_converted: bool,
}

/// The unit of a number that does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Miles,
    Kilometers,
}

/// Metres in a mile and in a kilometre, in thousandths.
const MILE: i64 = 1_609_344;
const KILOMETER: i64 = 1_000_000;

/// The miles that a text states, `None` where it states none, several, or a distance that is no odometer.
///
/// Kilometres are converted and rounded to the nearest mile, a half up. Where miles stand beside them, the miles count.
///
/// ```
/// use jpauto::extract;
///
/// assert_eq!(extract::mileage("12.5k miles"), Some(12_500));
/// assert_eq!(extract::mileage("Mileage: 8"), Some(8));
/// assert_eq!(extract::mileage("80,000 km"), Some(49_710));
/// assert_eq!(extract::mileage("73,512 km / 45,678 mi"), Some(45_678));
/// ```
#[must_use]
pub fn mileage(raw: &str) -> Option<i32> {
    reading(raw, Unit::Miles).map(|reading| reading.miles)
}

/// The same with what else is known of it; `unit` is that of a number without one.
pub(super) fn reading(raw: &str, unit: Unit) -> Option<Reading> {
    if raw.len() > TextLimits::DEFAULT.number_bytes_max {
        return None;
    }
    // Most texts are a bare number with its unit.
    let bare = raw.strip_suffix(" mi").or_else(|| raw.strip_suffix(" miles"));
    match lone_number(bare.unwrap_or(raw)).and_then(|number| hundredths(number, false)) {
        Some(hundredths) => of_hundredths(hundredths, if bare.is_some() { Unit::Miles } else { unit }),
        None => in_words(raw, unit),
    }
}

/// [`mileage`] of a text with anything beside the number and its unit.
#[cfg(test)]
pub(super) fn mileage_in_words(raw: &str) -> Option<i32> {
    in_words(raw, Unit::Miles).map(|reading| reading.miles)
}

fn in_words(raw: &str, unit: Unit) -> Option<Reading> {
    let lower = joined_groups(text(raw)?.to_lowercase());
    of_one(&lower, unit).or_else(|| among_others(&lower, unit))
}

const MILES: [&str; 7] = ["mi", "mile", "miles", "smi", "mls", "millas", "millaje"];
/// `kmt`, as `smi` above, is the unit by its code (UN/CEFACT recommendation 20).
const KILOMETERS: [&str; 12] = [
    "km",
    "kms",
    "kmt",
    "kilometer",
    "kilometers",
    "kilometre",
    "kilometres",
    "kilometraje",
    "kilometrage",
    "kilom\u{e9}trage",
    "kilom\u{e8}tre",
    "kilom\u{e8}tres",
];
/// Other words beside the number of an odometer.
const OF_ODOMETERS: [&str; 31] = [
    "has",
    "it",
    "on",
    "shows",
    "with",
    "mileage",
    "odometer",
    "reading",
    "odo",
    "actual",
    "only",
    "current",
    "k",
    "total",
    "original",
    "approx",
    "just",
    "low",
    "vehicle",
    "one",
    "two",
    "owner",
    "highway",
    "hwy",
    "adult",
    "driven",
    "documented",
    "verified",
    "easy",
    "careful",
    "believed",
];
/// Words that go on from the number of an odometer to its car.
const OF_CARS: [&str; 10] = ["auto", "automatic", "awd", "diesel", "fwd", "gas", "gasoline", "hybrid", "manual", "rwd"];
/// Words that say whether the number can be believed.
const OF_BELIEF: [&str; 20] = [
    "tmu",
    "true",
    "unknown",
    "exempt",
    "exceeds",
    "exceed",
    "mechanical",
    "limits",
    "limit",
    "not",
    "non",
    "is",
    "of",
    "the",
    "discrepancy",
    "excess",
    "in",
    "its",
    "inaccurate",
    "shown",
];

/// Whether a text is a unit and nothing else.
pub(super) fn is_unit(text: &str) -> bool {
    let lower = text.trim_end_matches('.').to_ascii_lowercase();
    MILES.contains(&&*lower) || KILOMETERS.contains(&&*lower)
}

/// The same of one that is no word: by itself it may be something else, such as a state.
pub(super) fn is_short_unit(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.');
    ["mi", "mls", "smi"].iter().any(|unit| text.eq_ignore_ascii_case(unit))
}

/// Whether a text is a number of thousands of miles and can be nothing else, such as a postcode: `71,204`, `71,204 miles`.
pub(super) fn is_plainly_of_miles(text: &str) -> bool {
    let end = text.find(|sign: char| !(sign.is_ascii_digit() || sign == ',')).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let mut groups = number.split(',');
    let is_grouped = groups.next().is_some_and(|first| (1..=3).contains(&first.len()))
        && number.contains(',')
        && groups.all(|group| group.len() == 3);
    let rest = rest.trim();
    is_grouped && (rest.is_empty() || is_unit(rest) || is_short_unit(rest))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| !sign.is_alphabetic()).filter(|word| !word.is_empty())
}

fn says(text: &str, known: &[&str]) -> bool {
    words(text).any(|word| known.contains(&word))
}

/// The reading of a text that says nothing else.
fn of_one(lower: &str, unit: Unit) -> Option<Reading> {
    let speaks_of_belief = OdometerStatus::of_mileage(lower).is_some();
    let is_known = |word: &str| {
        MILES.contains(&word)
            || KILOMETERS.contains(&word)
            || OF_ODOMETERS.contains(&word)
            || OF_CARS.contains(&word)
            || (speaks_of_belief && OF_BELIEF.contains(&word))
    };
    if lower.contains(['$', '/', '%', '+', '~', '<']) || !words(lower).all(is_known) {
        return None;
    }
    let found = amounts(lower);
    let [only] = found.as_slice() else { return None };
    let before = lower[..only.start].trim_end();
    // `MI 48226` is a place.
    if before == "mi" {
        return None;
    }
    // A dash joins words, and makes a number negative.
    if before.strip_suffix('-').is_some_and(|front| !front.trim_end().ends_with(char::is_alphabetic)) {
        return None;
    }
    let (unit, is_named) = match (says(lower, &MILES), says(lower, &KILOMETERS)) {
        (true, true) => return None,
        (true, false) => (Unit::Miles, true),
        (false, true) => (Unit::Kilometers, true),
        (false, false) => (unit, false),
    };
    // No odometer shows thousandths: `45.678 miles` are thousands.
    of_hundredths(only.hundredths.or(only.foreign.filter(|_| is_named))?, unit)
}

/// Fewer kilometres in a text that says more are a range, a speed or what a car burns.
const LEAST_KILOMETERS: i32 = 1_000;

/// The reading of the one part that names it: `73,512 km / 45,678 mi`, `45,678 Miles | 22 MPG`.
fn among_others(lower: &str, unit: Unit) -> Option<Reading> {
    const NAMES: [&str; 3] = ["mileage", "odometer", "odo"];
    // `12 mo / 12,000 mi` is how long somebody answers for the car.
    const OF_WARRANTIES: [&str; 8] = ["warranty", "year", "years", "yr", "yrs", "month", "months", "mo"];
    // What it went in a year is no warranty: `averages 8,000 miles per year; 45,678 miles`.
    let is_yearly = |clause: &str| {
        ["per year", "a year", "/year", "/yr", "per yr", "annually", "yearly"]
            .iter()
            .any(|words| clause.contains(words))
    };
    if lower.contains(';') && lower.split(';').any(is_yearly) {
        let others = lower.split(';').filter(|clause| !is_yearly(clause)).collect::<Vec<_>>().join("|");
        return of_one(others.trim(), unit).or_else(|| among_others(&others, unit));
    }
    if says(lower, &OF_WARRANTIES) {
        return None;
    }
    let comma = |c: char| matches!(c, '|' | '/' | ';' | '(' | ')' | '\u{2022}' | '\u{b7}' | '\u{2013}' | '\u{2014}');
    let parts = lower.split(comma).flat_map(|part| part.split(", ")).flat_map(|part| part.split(" - "));
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_metric = |part: &&&str| says(part, &KILOMETERS);
    let named = parts.iter().filter(|part| !is_metric(part) && (says(part, &MILES) || says(part, &NAMES)));
    let mut read = named.filter_map(|part| of_one(part, unit)).peekable();
    if read.peek().is_some() {
        return one_of(read);
    }
    // `45,678 (73,512 km)`: beside kilometres a bare number is miles. `120,000 / Exempt` has no unit.
    let (numbers, others): (Vec<&str>, Vec<&str>) = parts.iter().partition(|part| lone_number(part).is_some());
    let believes = |part: &&str| OdometerStatus::of_mileage(part).is_some();
    if let [only] = numbers[..]
        && !others.is_empty()
        && others.iter().all(|part| says(part, &KILOMETERS) || believes(part))
    {
        return of_one(only, if others.iter().all(believes) { unit } else { Unit::Miles });
    }
    let converted = parts.iter().filter(is_metric).filter_map(|part| of_one(part, Unit::Kilometers));
    one_of(converted.filter(|reading| reading.miles >= of_kilometers(LEAST_KILOMETERS)))
}

/// The reading in which all agree.
fn one_of(mut read: impl Iterator<Item = Reading>) -> Option<Reading> {
    let first = read.next()?;
    read.all(|other| other == first).then_some(first)
}

/// A text whose thousands are set apart by blanks or apostrophes, without them: `45 678 miles`.
fn joined_groups(text: String) -> String {
    let is_separator = |sign: char| matches!(sign, ' ' | '\'' | '\u{2019}');
    let bytes_have = |sign: char| text.contains(sign);
    if !bytes_have(' ') && !bytes_have('\'') && !bytes_have('\u{2019}') {
        return text;
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut joined = String::with_capacity(text.len());
    let mut rest = text.as_str();
    // Digits of the number that the text ends in so far, none where it is no first group.
    let mut group = 0;
    while let Some(sign) = rest.chars().next() {
        let behind = &rest[sign.len_utf8()..];
        let is_between = is_separator(sign)
            && (1..=3).contains(&group)
            && digits(behind) == 3
            && !behind[3..].starts_with(|sign: char| matches!(sign, ',' | '.') || sign.is_alphanumeric());
        if is_between {
            joined.push_str(&behind[..3]);
            rest = &behind[3..];
            group = 3;
            continue;
        }
        let length = digits(rest);
        if length > 0 {
            let is_within = joined.ends_with(|sign: char| matches!(sign, ',' | '.' | '-') || sign.is_alphanumeric());
            joined.push_str(&rest[..length]);
            rest = &rest[length..];
            group = if is_within { 0 } else { length };
        } else {
            joined.push(sign);
            rest = behind;
            group = 0;
        }
    }
    joined
}

fn of_hundredths(hundredths: i64, unit: Unit) -> Option<Reading> {
    let (miles, is_converted) = match unit {
        Unit::Miles => (hundredths / 100, false),
        Unit::Kilometers => ((hundredths.checked_mul(KILOMETER / 100)?.checked_add(MILE / 2)?) / MILE, true),
    };
    let miles = i32::try_from(miles).ok().filter(|miles| *miles <= TextLimits::DEFAULT.mileage_max)?;
    Some(Reading { miles, is_converted })
}

fn of_kilometers(kilometers: i32) -> i32 {
    of_hundredths(i64::from(kilometers) * 100, Unit::Kilometers).map_or(0, |reading| reading.miles)
}

/// [`reading`] of a number that data states.
pub(super) fn reading_of_number(number: &Number, unit: Unit) -> Option<Reading> {
    match number.as_u64() {
        Some(stated) => of_hundredths(i64::try_from(stated).ok()?.checked_mul(100)?, unit),
        None => reading(&number.to_string(), unit),
    }
}

/// [`mileage`] of a number that data states.
#[cfg(test)]
pub(crate) fn mileage_of_number(number: &Number) -> Option<i32> {
    reading_of_number(number, Unit::Miles).map(|reading| reading.miles)
}

/// The text of a value of structured data with its unit; of several, the first in miles, else the first in kilometres.
pub(super) fn stated<'v>(value: &'v Json<'_>) -> Option<(Cow<'v, str>, Unit)> {
    let readings = value.as_array().unwrap_or(std::slice::from_ref(value));
    let known = || readings.iter().filter_map(|reading| Some((super::json_ld::scalar(reading)?, unit_of(reading)?)));
    known().find(|(_, unit)| *unit == Unit::Miles).or_else(|| known().next())
}

/// The unit of a value; `None` for one that measures no way. UN/CEFACT: SMI is the statute mile, KMT the kilometre.
fn unit_of(value: &Json<'_>) -> Option<Unit> {
    let stated = ["unitCode", "unitText", "unit"].iter().filter_map(|key| value.get(key)?.as_str());
    let mut stated = stated.map(str::trim).filter(|unit| !unit.is_empty()).peekable();
    if stated.peek().is_none() {
        return Some(Unit::Miles);
    }
    stated.find_map(named_unit)
}

/// The unit that a word names.
pub(super) fn named_unit(word: &str) -> Option<Unit> {
    let lower = word.rsplit(['/', ':', '#']).next().unwrap_or(word).trim_end_matches('.').to_ascii_lowercase();
    match lower.as_str() {
        "kmt" => Some(Unit::Kilometers),
        known if KILOMETERS.contains(&known) => Some(Unit::Kilometers),
        known if known == "smi" || known.starts_with("mi") || known.ends_with("mile") => Some(Unit::Miles),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mileage_is_read_in_miles_or_not_at_all() {
        for (text, miles) in [
            ("21,854", Some(21_854)),
            ("8", Some(8)),
            ("0", Some(0)),
            ("5,227 miles", Some(5_227)),
            ("12.5k miles", Some(12_500)),
            ("40K", Some(40_000)),
            ("Mileage: 8", Some(8)),
            ("Odometer: 101,410 mi.", Some(101_410)),
            ("92697.0", Some(92_697)),
            ("23560 SMI", Some(23_560)),
            ("45678mi", Some(45_678)),
            ("45,678 Miles | 22 MPG", Some(45_678)),
            ("45,678 mi, Automatic", Some(45_678)),
            ("Black - 45,678 mi - Automatic", Some(45_678)),
            (", Black, 45,678 miles, Stock P1, asking $15,995", Some(45_678)),
            ("Nice car, has only 45,678 miles", Some(45_678)),
            ("Nice car, with 45,678 miles on it", Some(45_678)),
            ("with a 36,000 miles warranty", None),
            ("Free oil changes - 3 years, 36,000 miles", None),
            ("45,678 Miles Automatic", Some(45_678)),
            ("45,678 miles away", None),
            ("73512 KMT", Some(45_678)),
            ("45,678 SMI", Some(45_678)),
            ("73,512 km / 45,678 mi", Some(45_678)),
            ("45,678 mi (73,512 km)", Some(45_678)),
            ("45,678 (73,512 km)", Some(45_678)),
            ("45,678 mi \u{b7} 12 mi away", Some(45_678)),
            ("45,678 mi / 45,679 mi", None),
            ("12 mo / 12,000 mi", None),
            ("12 mi away", None),
            ("22 MPG | 310 mi range", None),
            ("80,000 km", Some(49_710)),
            ("12 km away", None),
            ("MI 48226", None),
            ("Detroit, MI 48226", None),
            ("Mi: 45,678", Some(45_678)),
            ("Total miles 45,678", Some(45_678)),
            ("Only 45,678 miles!", Some(45_678)),
            ("9.5 L/100 km", None),
            ("250 km/h", None),
            ("0-100 km/h in 5.2 s", None),
            ("400 km range", None),
            ("5 yr / 100,000 km", None),
            ("10-year/100,000-mile warranty", None),
            ("100,000+ miles", None),
            ("28 city / 34 hwy", None),
            ("20 mpg", None),
            ("5 to 10 miles", None),
            ("-5", None),
            ("3,000,000 miles", None),
            ("N/A", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(mileage(text), miles, "{text}");
        }
    }

    #[test]
    fn kilometers_are_converted_to_the_nearest_mile() {
        for (text, miles) in [
            ("48,280 km", 30_000),
            ("48280km", 30_000),
            ("48 280 km", 30_000),
            ("48,280 kms", 30_000),
            ("48,280 Kilometers", 30_000),
            ("Odometer: 48,280 kilometres", 30_000),
            ("Kilom\u{e9}trage : 48 280 km", 30_000),
            ("48\u{a0}280 Kilom\u{e8}tres", 30_000),
            ("48.3k km", 30_012),
            ("48,280 km, Automatic", 30_000),
            ("48,280 km | 2.0L", 30_000),
            ("160,934.4 km", 100_000),
            ("48,280 km TMU", 30_000),
            // 0.62 and 1.24 miles, 4.97, and 2.49 of 4.
            ("1 km", 1),
            ("2 km", 1),
            ("4 km", 2),
            ("8 km", 5),
            ("0 km", 0),
        ] {
            let converted = Some(Reading { miles, is_converted: true });
            assert_eq!(reading(text, Unit::Miles), converted, "{text}");
        }
        assert_eq!(reading("48,280", Unit::Kilometers), Some(Reading { miles: 30_000, is_converted: true }));
        assert_eq!(reading("30,000 mi", Unit::Kilometers), Some(Reading { miles: 30_000, is_converted: false }));
        assert_eq!(mileage("3,218,700 km"), None, "more than two million miles");
    }

    #[test]
    fn words_of_belief_and_blanks_between_the_thousands_do_not_lose_the_miles() {
        for (text, miles) in [
            ("30,000 miles TMU", Some(30_000)),
            ("TMU 30,000 miles", Some(30_000)),
            ("TMU: 30,000 miles", Some(30_000)),
            ("30,000 (TMU)", Some(30_000)),
            ("30,000 TMU", Some(30_000)),
            ("30,000 mi - TMU", Some(30_000)),
            ("TMU - 30,000 mi", Some(30_000)),
            ("30,000 miles - True Mileage Unknown", Some(30_000)),
            ("True mileage unknown, 30,000 shown", Some(30_000)),
            ("30,000 miles (not actual)", Some(30_000)),
            ("30,000 Not Actual Miles", Some(30_000)),
            ("Exempt 120,000 miles", Some(120_000)),
            ("120,000 miles exempt", Some(120_000)),
            ("120,000 / Exempt", Some(120_000)),
            ("120,000 miles / Exempt", Some(120_000)),
            ("120,000 - exceeds mechanical limits", Some(120_000)),
            ("unknown 30,000", None),
            ("45 678 miles", Some(45_678)),
            ("45\u{a0}678 mi", Some(45_678)),
            ("45\u{2009}678 miles", Some(45_678)),
            ("45\u{202f}678 miles", Some(45_678)),
            ("45&thinsp;678 miles", Some(45_678)),
            ("45&#8239;678 miles", Some(45_678)),
            ("1 045 678", Some(1_045_678)),
            ("45'678 miles", Some(45_678)),
            ("Miles: 45 678", Some(45_678)),
            ("45 67 miles", None),
            ("45 6789 miles", None),
            ("2019 45,678 miles", None),
            ("2019 456 miles", None),
        ] {
            assert_eq!(mileage(text), miles, "{text}");
        }
    }

    #[test]
    fn data_states_a_unit_by_its_code_or_its_name() {
        for (unit, expected) in [
            ("SMI", Some(Unit::Miles)),
            ("mi", Some(Unit::Miles)),
            ("Miles", Some(Unit::Miles)),
            ("KMT", Some(Unit::Kilometers)),
            ("km", Some(Unit::Kilometers)),
            ("Kilometers", Some(Unit::Kilometers)),
            ("http://example.org/units#KMT", Some(Unit::Kilometers)),
            ("MTR", None),
            ("HUR", None),
        ] {
            assert_eq!(named_unit(unit), expected, "{unit}");
        }
    }
}
