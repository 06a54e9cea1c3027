//! A time as SQLite holds it: a text, which may be none.
//!
//! Other programs write a blank for the T, or `yesterday`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::types::{END_OF_TIME, START_OF_TIME, at_midnight};

/// Times outside of these years are no times of a car dealership.
pub(crate) const YEARS: std::ops::RangeInclusive<i32> = 1900..=9998;

/// Whether a text that is an instant is written as jpauto writes one.
pub(super) fn is_as_jpauto_writes(text: &str) -> bool {
    text.len() == OURS && text.ends_with('Z')
}

/// The first and the last time that is handed out, and the first that is possible, in microseconds since 1970.
#[cfg(feature = "postgres")]
pub(super) const FIRST_TIME: i64 = START_OF_TIME.timestamp_micros();
pub(super) const LAST_TIME: i64 = END_OF_TIME.timestamp_micros();
const FIRST_POSSIBLE: i64 = at_midnight(1_900).timestamp_micros();

/// Whether a car dealership may have had this time, in microseconds since 1970: whether its year is one of [`YEARS`].
pub(super) const fn is_possible(micros: i64) -> bool {
    FIRST_POSSIBLE <= micros && micros < LAST_TIME
}

/// Reads an instant as jpauto writes it, in microseconds since 1970; nothing else.
#[cfg(feature = "sqlite")]
pub(super) fn ours(text: &[u8]) -> Option<i64> {
    let text: &[u8; OURS] = text.try_into().ok()?;
    let part = |places: std::ops::Range<usize>| -> Option<i64> {
        text[places].iter().try_fold(0, |number, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit < 10).then(|| number * 10 + i64::from(digit))
        })
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b'Z')];
    if marks.iter().any(|(place, mark)| text[*place] != *mark) {
        return None;
    }
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute, second, micros) = (part(11..13)?, part(14..16)?, part(17..19)?, part(20..26)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Years that begin in March have the leap day at their end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day - 1;
    // Days from 1 March of the year 0 to 1970.
    let seconds = ((days - 719_468) * 24 + hour) * 3_600 + minute * 60 + second;
    Some(seconds * 1_000_000 + micros)
}

/// How long the text of an instant is as jpauto writes it.
const OURS: usize = "2026-01-02T03:04:05.000006Z".len();

/// Reads an instant. A time without a zone is UTC, and a day its midnight.
pub(crate) fn parsed(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    // Other programs write a blank for the T, and no zone.
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let is_day = day.len() == 10 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let time = is_day.then(|| NaiveDateTime::parse_from_str(&format!("{day} {time}"), "%Y-%m-%d %H:%M:%S%.f"));
    time?.ok().map(|time| time.and_utc())
}

/// The instant nearest to a text that is none, such as on a 31 February. It sorts where the text does, so that a cursor goes on
/// behind it.
pub(crate) fn nearest(text: &str) -> DateTime<Utc> {
    match text.bytes().next() {
        Some(first) if first > b'9' => return END_OF_TIME,
        Some(first) if first >= b'0' => {}
        _ => return START_OF_TIME,
    }
    let part = |from: usize, digits: usize, most: u32| -> u32 {
        text.get(from..from + digits).and_then(|part| part.parse().ok()).unwrap_or(0).min(most)
    };
    let (year, month) = (part(0, 4, 9_999), part(5, 2, 12).max(1));
    let day = part(8, 2, 31).max(1);
    let date =
        (28..=day).rev().chain([day]).find_map(|day| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day));
    date.and_then(|date| date.and_hms_opt(part(11, 2, 23), part(14, 2, 59), part(17, 2, 59)))
        .map_or(DateTime::UNIX_EPOCH, |time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn an_instant_that_is_none_is_the_nearest_one() {
        for (text, expected) in [
            ("2026-02-31T10:20:30.000000Z", "2026-02-28T10:20:30Z"),
            ("2026-13-45T99:99:99.999999Z", "2026-12-31T23:59:59Z"),
            ("2026-00-00T00:00:00.000000Z", "2026-01-01T00:00:00Z"),
            ("", "0001-01-01T00:00:00Z"),
            ("yesterday", "9999-01-01T00:00:00Z"),
            ("\u{e9}\u{e9}\u{e9}-", "9999-01-01T00:00:00Z"),
        ] {
            assert_eq!(nearest(text), at(expected), "{text}");
        }
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn our_own_texts_are_read_as_any_other() {
        for text in [
            "1970-01-01T00:00:00.000000Z",
            "1969-12-31T23:59:59.999999Z",
            "2000-02-29T12:34:56.789012Z",
            "1900-03-01T00:00:00.000001Z",
            "2100-02-28T23:59:59.000000Z",
            "2026-11-30T00:45:00.000000Z",
            "0001-01-01T00:00:00.000000Z",
            "9999-12-31T23:59:59.999999Z",
        ] {
            assert_eq!(ours(text.as_bytes()), Some(at(text).timestamp_micros()), "{text}");
        }
        for text in [
            "2026-02-29T00:00:00.000000Z",
            "2100-02-29T00:00:00.000000Z",
            "2026-13-01T00:00:00.000000Z",
            "2026-00-01T00:00:00.000000Z",
            "2026-01-00T00:00:00.000000Z",
            "2026-01-01T24:00:00.000000Z",
            "2026-01-01T23:59:60.000000Z",
            "2026-01-01 00:00:00.000000Z",
            "2026-01-01T00:00:00.00000Z",
            "2026-01-01T00:00:00.0000000Z",
            "2026-01-01T00:00:00.00000/Z",
            "",
        ] {
            assert_eq!(ours(text.as_bytes()), None, "{text}");
        }
    }
}
