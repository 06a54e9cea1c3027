//! Values as people type them: `$7,995`, `112,345 mi`, and the beginning of an id.
//!
//! The command line reads its arguments and its imports so. Programs send exact values, which [`Money`] and serde read.
//! Deliberately not here: texts of web pages, which `extract` reads.

mod list;
mod reference;

use chrono::{DateTime, NaiveDate, Utc};

use crate::money::{InvalidMoney, Money};

pub use list::list;
pub(crate) use reference::{MOST_CANDIDATES, Reference};

/// Reads an amount in dollars: `7995`, `7,995`, `$7,995.00`, `USD 7995`, `7,995 USD`, `7995$`, `7,995 dollars`.
///
/// Commas stand between groups of three digits only, so `7,95` is refused and not read as 795.
///
/// # Errors
/// [`InvalidMoney`] for anything else.
///
/// ```
/// use jpauto::{Money, typed};
///
/// assert_eq!(typed::money("$7,995")?, Money::from_dollars(7_995));
/// assert!(typed::money("7.995,00").is_err());
/// # Ok::<(), jpauto::InvalidMoney>(())
/// ```
pub fn money(text: &str) -> Result<Money, InvalidMoney> {
    let text = text.trim();
    let text = match text.split_at_checked(3) {
        Some((code, amount)) if code.eq_ignore_ascii_case("usd") => amount.trim_start(),
        _ => text,
    };
    let (sign, amount) = text.strip_prefix('-').map_or(("", text), |amount| ("-", amount));
    let amount = without_currency(amount);
    let (whole, cents) = amount.split_once('.').map_or((amount, None), |(whole, cents)| (whole, Some(cents)));
    let whole = without_separators(whole).ok_or(InvalidMoney)?;
    match cents {
        Some(cents) => format!("{sign}{whole}.{cents}").parse(),
        None => format!("{sign}{whole}").parse(),
    }
}

/// An amount without what says that it is of dollars, before it or behind.
fn without_currency(amount: &str) -> &str {
    if let Some(behind) = amount.strip_prefix('$') {
        return without_name(behind.trim_start());
    }
    let amount = without_name(amount);
    amount.strip_suffix('$').map_or(amount, str::trim_end)
}

/// An amount without the name of the currency behind it.
fn without_name(amount: &str) -> &str {
    const NAMES: [&str; 3] = ["dollars", "dollar", "usd"];
    let named = NAMES.iter().find_map(|name| {
        let (amount, behind) = amount.split_at_checked(amount.len().checked_sub(name.len())?)?;
        behind.eq_ignore_ascii_case(name).then(|| amount.trim_end())
    });
    named.unwrap_or(amount)
}

/// Reads a whole number: `112345`, `112,345` or `112345.00`; `None` for anything else.
///
/// One or two zeros behind a point are cents that a program has added. Three may be a thousand of another country's, so `112.000`
/// is refused.
///
/// ```
/// assert_eq!(jpauto::typed::whole_number("112,345"), Some(112_345));
/// assert_eq!(jpauto::typed::whole_number("7995.00"), Some(7_995));
/// assert_eq!(jpauto::typed::whole_number("112.345"), None);
/// ```
#[must_use]
pub fn whole_number(text: &str) -> Option<i32> {
    let text = text.trim();
    let text = text.strip_suffix(".00").or_else(|| text.strip_suffix(".0")).unwrap_or(text);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    format!("{sign}{}", without_separators(digits)?).parse().ok()
}

/// What is said about a text that is no moment.
pub const EXPECTED_MOMENT: &str = "expected a day, such as 2026-03-01, or a time, such as 2026-03-01T17:00:00Z";

/// Reads when something happened: a time of RFC 3339, or a day, of which it is noon in UTC. `None` for anything else.
///
/// Noon of a day is that day in nearly all time zones. Of the present day it may be still to come; then it is now.
///
/// ```
/// use jpauto::typed::past_moment;
///
/// let now = "2026-03-02T09:00:00Z".parse()?;
/// assert_eq!(past_moment("2026-03-01", now), Some("2026-03-01T12:00:00Z".parse()?));
/// assert_eq!(past_moment("2026-03-02", now), Some(now));
/// assert_eq!(past_moment("2026-03-01T17:00:00-08:00", now), Some("2026-03-02T01:00:00Z".parse()?));
/// assert_eq!(past_moment("March", now), None);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn past_moment(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    let noon = day.and_hms_opt(12, 0, 0)?.and_utc();
    Some(if day == now.date_naive() { noon.min(now) } else { noon })
}

/// Whether a text names a row beyond doubt, as deleting wants it: it is one of the row's names, or the beginning of a long one, its
/// id or VIN, of at least eight characters.
///
/// `A1`, typed once more when A1 is gone, is the beginning of A1042, and not meant for it.
///
/// ```
/// use jpauto::typed::names_surely;
///
/// assert!(names_surely("a1042", &["A1042"], &["4T1B11HK5KU211115"]));
/// assert!(names_surely("4t1b11hk", &["A1042"], &["4T1B11HK5KU211115"]));
/// assert!(!names_surely("A1", &["A1042"], &["4T1B11HK5KU211115"]));
/// ```
#[must_use]
pub fn names_surely(text: &str, names: &[&str], long: &[&str]) -> bool {
    const LEAST: usize = 8;
    let Some(reference) = Reference::read(text) else { return false };
    let text = reference.as_str();
    let is_one = |name: &&str| name.eq_ignore_ascii_case(text);
    let begins = |name: &&str| name.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
    names.iter().chain(long).any(is_one) || (text.len() >= LEAST && long.iter().any(begins))
}

/// What is said about a text that is no mileage.
pub const EXPECTED_MILES: &str = "expected a whole number of miles, such as 112,345, 112345 mi or 112k";

/// Reads a mileage: what [`whole_number`] reads, also with its unit behind it, or `112k` and `112.5k` for thousands.
///
/// `None` for anything else. Kilometres are never taken for miles.
///
/// ```
/// assert_eq!(jpauto::typed::miles("112,345 mi"), Some(112_345));
/// assert_eq!(jpauto::typed::miles("112k miles"), Some(112_000));
/// assert_eq!(jpauto::typed::miles("112345 km"), None);
/// ```
#[must_use]
pub fn miles(text: &str) -> Option<i32> {
    const UNITS: [&str; 4] = ["miles", "mile", "mi.", "mi"];
    let text = text.trim().to_ascii_lowercase();
    let number = UNITS.iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(&text).trim_end();
    match number.strip_suffix('k') {
        Some(thousands) => in_thousands(thousands.trim_end()),
        None => whole_number(number),
    }
}

/// `112` or `112.5` thousands.
fn in_thousands(text: &str) -> Option<i32> {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole, 3) || !are_digits(tenth, 1) {
        return None;
    }
    Some(whole.parse::<i32>().ok()? * 1_000 + tenth.parse::<i32>().ok()? * 100)
}

/// The digits without the commas between groups of three; `None` if anything else stands there.
fn without_separators(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let has_groups = text.contains(',');
    let all_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    if first.is_empty() || !all_digits(first) || (has_groups && first.len() > 3) {
        return None;
    }
    groups.all(|group| group.len() == 3 && all_digits(group)).then(|| text.replace(',', ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_as_people_type_them_or_refused() {
        for (text, cents) in [
            ("7995", 799_500),
            ("7,995", 799_500),
            ("$7,995", 799_500),
            ("$ 7,995.00", 799_500),
            (" $7995.5 ", 799_550),
            ("USD 7,995", 799_500),
            ("USD $7,995", 799_500),
            ("usd7995", 799_500),
            ("7,995 USD", 799_500),
            ("7995.50usd", 799_550),
            ("$7,995 USD", 799_500),
            ("7995$", 799_500),
            ("7,995 $", 799_500),
            ("$ 7995", 799_500),
            ("7,995 dollars", 799_500),
            ("112,345.67", 11_234_567),
            ("1,234,567", 123_456_700),
            ("-$5", -500),
            ("0.01", 1),
            ("99,999,999.99", 9_999_999_999),
        ] {
            assert_eq!(money(text), Ok(Money::from_cents(cents)), "{text}");
        }
        for text in [
            "",
            "$",
            ",",
            "7,99",
            "7,9955",
            "79,95.00",
            "7995,000",
            "7.995,00",
            "7.995",
            ",995",
            "7,",
            "$$5",
            "$5$",
            "5$$",
            "$",
            "USD",
            "dollars",
            "5 USDUSD",
            "5 CAD",
            "C$5",
            "5 euros",
            "--5",
            "7 995",
            "1e3",
            "7,995.0.0",
            "€5",
            "seven",
            "7k",
            "$7,995.001",
            "99999999999999999999",
        ] {
            assert_eq!(money(text), Err(InvalidMoney), "{text}");
        }
    }

    #[test]
    fn whole_numbers_may_have_their_thousands_parted() {
        for (text, number) in [
            ("112,345", 112_345),
            (" 7 ", 7),
            ("0", 0),
            ("-1", -1),
            ("1,000,000", 1_000_000),
            ("7995.00", 7_995),
            ("4.0", 4),
        ] {
            assert_eq!(whole_number(text), Some(number), "{text}");
        }
        for text in [
            "",
            "1,00",
            "112.345",
            "112.000",
            "7995.50",
            ".00",
            "7995.0.0",
            "1,0000",
            "12 345",
            "+5",
            "9,999,999,999",
            "ten",
        ] {
            assert_eq!(whole_number(text), None, "{text}");
        }
    }

    #[test]
    fn miles_may_have_a_unit_or_be_thousands() {
        for (text, miles) in [
            ("112345", 112_345),
            ("112,345", 112_345),
            ("7995.00", 7_995),
            ("112,345 mi", 112_345),
            ("112345mi", 112_345),
            ("112345 Miles", 112_345),
            ("1 mile", 1),
            ("52,000 mi.", 52_000),
            ("112k", 112_000),
            ("112 K", 112_000),
            ("112.5k mi", 112_500),
            ("0", 0),
            ("-5", -5),
        ] {
            assert_eq!(super::miles(text), Some(miles), "{text}");
        }
        for text in [
            "",
            "mi",
            "k",
            "112,345k",
            "112345k",
            "112.55k",
            "-112k",
            "112kk",
            "112 km",
            "112345 kilometers",
            "1.5",
            "112.345 mi",
            "$112",
            "112m",
            "112 mi mi",
            "1,12 mi",
        ] {
            assert_eq!(miles(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_to_people_is_read_back(dollars in 1_i32..=99_999_999) {
            let amount = Money::from_dollars(dollars);
            prop_assert_eq!(money(&amount.in_whole_dollars()), Ok(amount));
            prop_assert_eq!(money(&amount.to_string()), Ok(amount));
        }

        #[test]
        fn no_text_is_too_much(text in "[-$,.0-9 uUsSdDkmi]{0,30}|\\PC{0,20}") {
            let _ = (money(&text), whole_number(&text), miles(&text));
        }
    }
}
