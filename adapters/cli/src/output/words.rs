//! How amounts, miles, days and cars are written for people. What is deliberately not here: arithmetic.

use chrono::{DateTime, Utc};
use jpauto::Money;

/// What stands where there is nothing.
pub(crate) const NOTHING: &str = "–";

/// `$13,500`, with cents only where there are some.
pub(crate) fn money(amount: Money) -> String {
    let text = amount.to_string();
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (dollars, cents) = text.split_once('.').unwrap_or((text, "00"));
    let cents = if cents == "00" { String::new() } else { format!(".{cents}") };
    format!("{sign}${}{cents}", grouped(dollars))
}

/// `$13,500`: what was computed is told to the dollar.
pub(crate) fn dollars(amount: Money) -> String {
    let text = format!("{:.0}", amount.dollars());
    match text.strip_prefix('-') {
        Some(digits) => format!("-${}", grouped(digits)),
        None => format!("${}", grouped(&text)),
    }
}

/// `1 vehicle`, `12 vehicles`.
pub(crate) fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let ending = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// `48,200`.
pub(crate) fn miles(miles: i32) -> String {
    let text = miles.to_string();
    match text.strip_prefix('-') {
        Some(digits) => format!("-{}", grouped(digits)),
        None => grouped(&text),
    }
}

/// `+4.2 %`.
pub(crate) fn percent(percent: f64) -> String {
    format!("{percent:+.1} %")
}

/// `2026-11-22`.
pub(crate) fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}

/// `2026-11-22 18:24`, in UTC as all times here.
pub(crate) fn moment(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

/// `2019 Toyota Camry LE`.
pub(crate) fn car(year: Option<i32>, make: Option<&str>, model: Option<&str>, trim: Option<&str>) -> String {
    let year = year.map(|year| year.to_string());
    let words: Vec<_> = [year.as_deref(), make, model, trim].into_iter().flatten().collect();
    if words.is_empty() { NOTHING.to_owned() } else { words.join(" ") }
}

/// The value as written, or a dash.
pub(crate) fn dash<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), write)
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_cents_shown_where_there_are_some() {
        for (cents, text) in [
            (0, "$0"),
            (99_900, "$999"),
            (1_350_000, "$13,500"),
            (1_350_050, "$13,500.50"),
            (-5, "-$0.05"),
            (9_999_999_999, "$99,999,999.99"),
        ] {
            assert_eq!(money(Money::from_cents(cents)), text);
        }
        assert_eq!((miles(7), miles(48_200), miles(-1_000)), ("7".into(), "48,200".into(), "-1,000".into()));
        assert_eq!(
            (dollars(Money::from_cents(1_064_785)), dollars(Money::from_cents(-99))),
            ("$10,648".into(), "-$1".into())
        );
        assert_eq!((counted(0, "day"), counted(1_i64, "day")), ("0 days".into(), "1 day".into()));
    }

    #[test]
    fn a_car_is_called_by_what_is_known_of_it() {
        assert_eq!(car(Some(2019), Some("Toyota"), None, Some("LE")), "2019 Toyota LE");
        assert_eq!(car(None, None, None, None), "–");
    }
}
