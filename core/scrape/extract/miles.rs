//! Mileages, read from what people and programs write.
//!
//! Kilometres, and distances that no odometer shows, are not read as mileages. What is deliberately not here: whether the odometer can be believed
//! (`odometer`).

use serde_json::Number;

use super::{
    clean::text,
    limits::TextLimits,
    numbers::{amounts, hundredths, lone_number},
};

/// The miles that a text states, `None` where it states none, several, kilometres, or a distance that is no odometer.
///
/// ```
/// use jpauto::extract;
///
/// assert_eq!(extract::mileage("12.5k miles"), Some(12_500));
/// assert_eq!(extract::mileage("Mileage: 8"), Some(8));
/// assert_eq!(extract::mileage("80,000 km"), None);
/// ```
#[must_use]
pub fn mileage(raw: &str) -> Option<i32> {
    if raw.len() > TextLimits::DEFAULT.number_bytes_max {
        return None;
    }
    // Most texts are a bare number with its unit.
    let bare = raw.strip_suffix(" mi").or_else(|| raw.strip_suffix(" miles")).unwrap_or(raw);
    match lone_number(bare) {
        Some(number) => miles_of_hundredths(hundredths(number, false)?),
        None => mileage_in_words(raw),
    }
}

/// [`mileage`] of a text with anything beside the number and its unit.
pub(super) fn mileage_in_words(raw: &str) -> Option<i32> {
    let lower = text(raw)?.to_ascii_lowercase();
    miles_of_one(&lower).or_else(|| miles_among_others(&lower))
}

/// The miles of a text that says nothing else.
fn miles_of_one(lower: &str) -> Option<i32> {
    const KNOWN_WORDS: [&str; 14] = [
        "mileage", "miles", "mile", "mi", "smi", "odometer", "reading", "odo", "actual", "only", "current", "k",
        "total", "original",
    ];
    let mut words = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    if lower.contains(['$', '/', '%', '+', '~', '<']) || !words.all(|word| KNOWN_WORDS.contains(&word)) {
        return None;
    }
    let found = amounts(lower);
    let [only] = found.as_slice() else { return None };
    if lower[..only.start].trim_end().ends_with('-') {
        return None;
    }
    miles_of_hundredths(only.hundredths?)
}

/// The miles of the one part that names them: `73,512 km / 45,678 mi`, `45,678 Miles | 22 MPG`.
fn miles_among_others(lower: &str) -> Option<i32> {
    const UNITS: [&str; 7] = ["mi", "mile", "miles", "smi", "mileage", "odometer", "odo"];
    // `12 mo / 12,000 mi` is how long somebody answers for the car.
    const OF_WARRANTIES: [&str; 8] = ["warranty", "year", "years", "yr", "yrs", "month", "months", "mo"];
    let says = |text: &str, known: &[&str]| text.split(|c: char| !c.is_alphabetic()).any(|word| known.contains(&word));
    if says(lower, &OF_WARRANTIES) {
        return None;
    }
    let comma = |c: char| matches!(c, '|' | '/' | ';' | '(' | ')' | '\u{2022}' | '\u{b7}' | '\u{2013}' | '\u{2014}');
    let parts = lower.split(comma).flat_map(|part| part.split(", "));
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut read = parts.iter().filter(|part| says(part, &UNITS)).filter_map(|part| miles_of_one(part)).peekable();
    // `45,678 (73,512 km)`: beside kilometres a bare number is miles.
    if read.peek().is_none() {
        let (numbers, others): (Vec<&str>, Vec<&str>) = parts.iter().partition(|part| lone_number(part).is_some());
        let [only] = numbers[..] else { return None };
        let is_metric = !others.is_empty() && others.iter().all(|part| says(part, &["km", "kms", "kilometers"]));
        return is_metric.then(|| miles_of_one(only)).flatten();
    }
    let first = read.next()?;
    read.all(|other| other == first).then_some(first)
}

fn miles_of_hundredths(hundredths: i64) -> Option<i32> {
    i32::try_from(hundredths / 100).ok().filter(|miles| *miles <= TextLimits::DEFAULT.mileage_max)
}

/// [`mileage`] of a number that data states.
pub(crate) fn mileage_of_number(number: &Number) -> Option<i32> {
    match number.as_u64() {
        Some(miles) => miles_of_hundredths(i64::try_from(miles).ok()?.checked_mul(100)?),
        None => mileage(&number.to_string()),
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
            ("73,512 km / 45,678 mi", Some(45_678)),
            ("45,678 mi (73,512 km)", Some(45_678)),
            ("45,678 (73,512 km)", Some(45_678)),
            ("45,678 mi \u{b7} 12 mi away", Some(45_678)),
            ("45,678 mi / 45,679 mi", None),
            ("12 mo / 12,000 mi", None),
            ("12 mi away", None),
            ("22 MPG | 310 mi range", None),
            ("80,000 km", None),
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
}
