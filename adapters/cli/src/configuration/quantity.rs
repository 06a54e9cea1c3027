//! Spans of time and sizes as people write them: `30 s`, `2 h 30 min`, `7 days`, `16 MiB`.

use std::time::Duration;

/// The units of time with their milliseconds. The first word of a unit is the one that is shown.
const SPANS: [(&[&str], u64); 6] = [
    (&["weeks", "week", "w"], 7 * 24 * 3_600_000),
    (&["days", "day", "d"], 24 * 3_600_000),
    (&["h", "hour", "hours"], 3_600_000),
    (&["min", "m", "mins", "minute", "minutes"], 60_000),
    (&["s", "sec", "secs", "second", "seconds"], 1_000),
    (&["ms", "millisecond", "milliseconds"], 1),
];

/// The units of size with their bytes.
const SIZES: [(&str, u64); 8] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Reads a span: one or several numbers, each with a unit. A number alone is one of seconds.
pub(super) fn span(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, unit, after) = first_quantity(rest)?;
        let (_, milliseconds) =
            SPANS.iter().find(|(words, _)| words.iter().any(|word| word.eq_ignore_ascii_case(unit)))?;
        #[expect(clippy::cast_precision_loss, reason = "the milliseconds of a week are exact")]
        let seconds = number * (*milliseconds as f64 / 1_000.0);
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// The number, its unit, and what follows.
fn first_quantity(text: &str) -> Option<(f64, &str, &str)> {
    let digits = text.find(|sign: char| !sign.is_ascii_digit() && sign != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let letters = rest.find(|sign: char| !sign.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    Some((number.parse().ok()?, unit, rest.trim_start()))
}

/// The span in the largest unit that leaves no rest.
pub(super) fn shown_span(span: Duration) -> String {
    let milliseconds = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    // Weeks are read, not shown: 28 days are easier to compare with 30 days than 4 weeks are.
    let fits = |(_, unit): &&(&[&str], u64)| milliseconds >= *unit && milliseconds.is_multiple_of(*unit);
    match SPANS[1..].iter().find(fits) {
        Some((words, unit)) if milliseconds == *unit && words[0] == "days" => "1 day".to_owned(),
        Some((words, unit)) => format!("{} {}", milliseconds / unit, words[0]),
        None => "0 s".to_owned(),
    }
}

/// Reads a size: a number with or without a unit.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|sign: char| !sign.is_ascii_digit() && sign != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.replace('_', "").parse().ok()?;
    let unit = unit.trim();
    if unit.is_empty() {
        return Some(number);
    }
    let (_, bytes) = SIZES.iter().find(|(word, _)| word.eq_ignore_ascii_case(unit))?;
    number.checked_mul(*bytes)
}

/// The size in the largest binary unit that leaves no rest.
pub(super) fn shown_bytes(bytes: u64) -> String {
    match SIZES[..4].iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
        Some((word, unit)) => format!("{} {word}", bytes / unit),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, milliseconds, shown) in [
            ("30 s", 30_000, "30 s"),
            ("30s", 30_000, "30 s"),
            ("0.5", 500, "500 ms"),
            ("90", 90_000, "90 s"),
            ("120 sec", 120_000, "2 min"),
            ("250ms", 250, "250 ms"),
            ("2 h 30 min", 9_000_000, "150 min"),
            ("1h30m", 5_400_000, "90 min"),
            ("1 Day", 86_400_000, "1 day"),
            ("2 weeks", 1_209_600_000, "14 days"),
            ("1.5 h", 5_400_000, "90 min"),
            ("0", 0, "0 s"),
        ] {
            let read = span(text).unwrap();
            assert_eq!((read.as_millis(), shown_span(read).as_str()), (milliseconds, shown), "{text}");
            assert_eq!(span(shown), Some(read), "{text}");
        }
        for text in
            ["", " ", "s", "30 x", "-1", "-1 s", "1 s 2", "inf", "nan", "1e400 s", "99999999999999999999 weeks", "1 µs"]
        {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_read_with_and_without_a_unit() {
        for (text, size, shown) in [
            ("16 MiB", 16 << 20, "16 MiB"),
            ("16mib", 16 << 20, "16 MiB"),
            ("500 KiB", 500 << 10, "500 KiB"),
            ("1 MB", 1_000_000, "1000000 B"),
            ("1024", 1_024, "1 KiB"),
            ("10_000", 10_000, "10000 B"),
            ("0", 0, "0 B"),
        ] {
            assert_eq!((bytes(text), shown_bytes(size).as_str()), (Some(size), shown), "{text}");
            assert_eq!(bytes(shown), Some(size), "{text}");
        }
        for text in ["", "MiB", "1.5 MiB", "-1", "1 MiB 2", "99999999999999999999", "99999999999 TiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
