//! Dates as people and spreadsheets write them. Pure.
//!
//! `3/4/2026` is in March where the month stands first and in April where the day does. A date whose first number is above 12
//! proves the order for the whole file. Without proof the month stands first, as in the United States.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{
    sheets::{Cell, day_of_serial},
    zone::Zone,
};

/// Which number of a date such as `3/4/2026` is the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DateOrder {
    /// `3/4/2026` is the 4th of March.
    MonthFirst,
    /// `3/4/2026` is the 3rd of April.
    DayFirst,
}

words!(DateOrder, InvalidValue at "/dates" {
    MonthFirst => "month_first",
    DayFirst => "day_first",
});

/// What is known of the order of a file's dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dates {
    /// They are in this order: said, proven, or usual.
    In(DateOrder),
    /// The file has dates of both orders; each proof is a row.
    Mixed { month_first: u64, day_first: u64 },
}

/// Looks for the proof of an order among the dates of a file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OrderProof {
    month_first: Option<u64>,
    day_first: Option<u64>,
}

impl OrderProof {
    pub(super) fn look_at(&mut self, cell: &Cell, row: u64) {
        let Cell::Text(text) = cell else { return };
        let Some((first, second, _)) = numbers(day_and_time(text).0) else { return };
        if first > 12 && second <= 12 {
            self.day_first = self.day_first.or(Some(row));
        } else if second > 12 && first <= 12 {
            self.month_first = self.month_first.or(Some(row));
        }
    }

    pub(super) fn verdict(self, said: Option<DateOrder>) -> Dates {
        match (said, self.month_first, self.day_first) {
            (Some(order), ..) => Dates::In(order),
            (None, Some(month_first), Some(day_first)) => Dates::Mixed { month_first, day_first },
            (None, None, Some(_)) => Dates::In(DateOrder::DayFirst),
            (None, ..) => Dates::In(DateOrder::MonthFirst),
        }
    }
}

/// A date, and what of it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: DateTime<Utc>,
    has_time: bool,
    /// Where a clock shows it; UTC for what says its own zone.
    zone: Zone,
}

impl Moment {
    /// Whether it says the same as an instant: a day without a time says any instant of that day.
    pub(super) fn is_that_of(self, instant: DateTime<Utc>) -> bool {
        if self.has_time { self.at == instant } else { self.day() == self.zone.day(instant) }
    }

    /// The day that was said.
    pub(super) fn day(self) -> NaiveDate {
        self.zone.day(self.at)
    }
}

const EXPECTED: &str = "expected a date such as 11/22/2026 or 2026-11-22";

/// Reads a date. One that does not say its zone is of the zone that is given.
pub(super) fn read(cell: &Cell, dates: Dates, zone: Zone) -> Result<Moment, String> {
    let moment = match cell {
        Cell::Serial(serial) | Cell::Number(serial) => of_serial(*serial, zone)?,
        Cell::Text(text) => of_text(text.trim(), dates, zone)?,
        _ => return Err(EXPECTED.to_owned()),
    };
    if (1950..=2200).contains(&moment.day().year()) {
        Ok(moment)
    } else {
        Err(format!("expected a date between 1950 and 2200, read {}", moment.day()))
    }
}

/// A day of Excel's count, with its part of a day.
fn of_serial(serial: f64, zone: Zone) -> Result<Moment, String> {
    if !(18_264.0..110_000.0).contains(&serial) {
        return Err(format!("{EXPECTED}; {serial} is no day of a spreadsheet"));
    }
    let seconds = TimeDelta::seconds((serial.fract() * 86_400.0).round() as i64);
    let start = day_of_serial(serial).ok_or(EXPECTED)?.and_time(NaiveTime::MIN);
    let shown = start.checked_add_signed(seconds).ok_or(EXPECTED)?;
    Ok(Moment { at: zone.instant(shown), has_time: seconds != TimeDelta::zero(), zone })
}

fn of_text(text: &str, dates: Dates, zone: Zone) -> Result<Moment, String> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(Moment { at: instant.to_utc(), has_time: true, zone: Zone::UTC });
    }
    if text.len() >= 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        if let Some(day) = compact(text) {
            return Ok(at(day, None, zone));
        }
        if let Ok(serial) = text.parse() {
            return of_serial(serial, zone);
        }
    }
    let (day, time) = day_and_time(text);
    let zone = if time.is_some_and(|time| time.ends_with('Z')) { Zone::UTC } else { zone };
    let time = time
        .map(|time| time_of_day(time).ok_or_else(|| format!("{EXPECTED}; {time} is no time of day")))
        .transpose()?;
    let day = in_words(day).map_or_else(|| in_numbers(day, dates), Ok)?;
    Ok(at(day, time, zone))
}

fn at(day: NaiveDate, time: Option<NaiveTime>, zone: Zone) -> Moment {
    let shown = NaiveDateTime::new(day, time.unwrap_or(NaiveTime::MIN));
    Moment { at: zone.instant(shown), has_time: time.is_some(), zone }
}

/// `20261122`.
fn compact(text: &str) -> Option<NaiveDate> {
    (text.len() == 8).then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok()).flatten()
}

/// The day and what stands behind it: `11/22/2026` and `5:00 PM`.
fn day_and_time(text: &str) -> (&str, Option<&str>) {
    let text = text.trim();
    let Some(colon) = text.find(':') else { return (text, None) };
    match text[..colon].rfind([' ', 'T']) {
        Some(end) => (text[..end].trim(), Some(text[end + 1..].trim())),
        None => (text, None),
    }
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    let text = text.trim_end_matches('Z').to_ascii_uppercase();
    let formats = ["%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M%p", "%I:%M:%S%p"];
    formats.iter().find_map(|format| NaiveTime::parse_from_str(&text, format).ok())
}

/// `Nov 22, 2026`, `22-Nov-26`, `22 November 2026`.
fn in_words(text: &str) -> Option<NaiveDate> {
    if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let parts: Vec<&str> = text.split([' ', ',', '-', '.', '/']).filter(|part| !part.is_empty()).collect();
    let [first, second, year] = parts[..] else { return None };
    let (month, day) = match month(first) {
        Some(month) => (month, second),
        None => (month(second)?, first),
    };
    NaiveDate::from_ymd_opt(full_year(year)?, month, day.parse().ok()?)
}

fn month(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = text.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|month| *month == start).and_then(|place| u32::try_from(place + 1).ok())
}

/// Of two digits: from 1970 to 2069.
fn full_year(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    match text.len() {
        4 => Some(year),
        2 => Some(if year < 70 { 2000 + year } else { 1900 + year }),
        _ => None,
    }
}

/// The numbers of `11/22/2026`, not those of `2026-11-22` or `22.11.2026`, whose order is certain.
fn numbers(text: &str) -> Option<(u32, u32, i32)> {
    let mut parts = text.split(['/', '-']);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || first.len() > 2 || second.len() > 2 {
        return None;
    }
    Some((first.trim().parse().ok()?, second.trim().parse().ok()?, full_year(year.trim())?))
}

fn in_numbers(text: &str, dates: Dates) -> Result<NaiveDate, String> {
    let none = || format!("{EXPECTED}; there is no day {text}");
    for format in ["%Y-%m-%d", "%Y/%m/%d"] {
        if text.find(['-', '/']) == Some(4)
            && let Ok(day) = NaiveDate::parse_from_str(text, format)
        {
            return Ok(day);
        }
    }
    if text.contains('.') {
        let parts: Vec<&str> = text.split('.').collect();
        let [day, month, year] = parts[..] else { return Err(none()) };
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let found = || NaiveDate::from_ymd_opt(full_year(year.trim())?, number(month)?, number(day)?);
        return found().ok_or_else(none);
    }
    let (first, second, year) = numbers(text).ok_or(EXPECTED)?;
    let (month, day) = match dates {
        Dates::In(DateOrder::MonthFirst) => (first, second),
        Dates::In(DateOrder::DayFirst) => (second, first),
        Dates::Mixed { .. } if first > 12 => (second, first),
        Dates::Mixed { .. } if second > 12 || first == second => (first, second),
        Dates::Mixed { month_first, day_first } => {
            return Err(format!(
                "day or month first? row {month_first} has the month first and row {day_first} the day: say which it is \
                 (--dates), or write 2026-11-22"
            ));
        }
    };
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: Dates = Dates::In(DateOrder::MonthFirst);
    const DAY: Dates = Dates::In(DateOrder::DayFirst);

    fn told(cell: &Cell, dates: Dates) -> String {
        match read(cell, dates, Zone::UTC) {
            Ok(moment) if moment.has_time => moment.at.format("%Y-%m-%d %H:%M:%S").to_string(),
            Ok(moment) => moment.at.format("%Y-%m-%d").to_string(),
            Err(_) => "refused".to_owned(),
        }
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, month_first, day_first) in [
            ("3/4/2026", "2026-03-04", "2026-04-03"),
            ("03-04-26", "2026-03-04", "2026-04-03"),
            ("11/22/2026", "2026-11-22", "refused"),
            ("22/11/2026", "refused", "2026-11-22"),
            ("2026-11-22", "2026-11-22", "2026-11-22"),
            ("2026/11/22", "2026-11-22", "2026-11-22"),
            ("20261122", "2026-11-22", "2026-11-22"),
            ("22.11.2026", "2026-11-22", "2026-11-22"),
            ("Nov 22, 2026", "2026-11-22", "2026-11-22"),
            ("22-Nov-26", "2026-11-22", "2026-11-22"),
            ("22 November 2026", "2026-11-22", "2026-11-22"),
            ("11/22/2026 5:07 PM", "2026-11-22 17:07:00", "refused"),
            ("2026-11-22T17:07:08.123456Z", "2026-11-22 17:07:08", "2026-11-22 17:07:08"),
            ("2026-11-22 17:07", "2026-11-22 17:07:00", "2026-11-22 17:07:00"),
            ("46348", "2026-11-22", "2026-11-22"),
            ("46348.5", "2026-11-22 12:00:00", "2026-11-22 12:00:00"),
            ("2/30/2026", "refused", "refused"),
            ("13/13/2026", "refused", "refused"),
            ("0/0/0000", "refused", "refused"),
            ("1899-01-01", "refused", "refused"),
            ("yesterday", "refused", "refused"),
            ("11/2026", "refused", "refused"),
            ("123", "refused", "refused"),
            ("", "refused", "refused"),
        ] {
            let cell = Cell::Text(text.to_owned());
            assert_eq!((told(&cell, MONTH).as_str(), told(&cell, DAY).as_str()), (month_first, day_first), "{text}");
        }
        assert_eq!(told(&Cell::Serial(46_348.75), MONTH), "2026-11-22 18:00:00");
        assert_eq!(told(&Cell::Number(7_995.0), MONTH), "refused", "a price is no date");
    }

    #[test]
    fn a_date_without_a_zone_is_of_the_dealership() {
        let here = Zone::named("America/Los_Angeles").unwrap();
        for (text, instant, day) in [
            ("11/22/2026", "2026-11-22T08:00:00Z", "2026-11-22"),
            ("7/1/2026 5:07 PM", "2026-07-02T00:07:00Z", "2026-07-01"),
            ("2026-07-01 17:07Z", "2026-07-01T17:07:00Z", "2026-07-01"),
            ("2026-11-22T02:00:00Z", "2026-11-22T02:00:00Z", "2026-11-22"),
            ("46348", "2026-11-22T08:00:00Z", "2026-11-22"),
        ] {
            let moment = read(&Cell::Text(text.to_owned()), MONTH, here).unwrap();
            let expected: (DateTime<Utc>, NaiveDate) = (instant.parse().unwrap(), day.parse().unwrap());
            assert_eq!((moment.at, moment.day()), expected, "{text}");
        }
        let day = read(&Cell::Text("11/22/2026".to_owned()), MONTH, here).unwrap();
        let is_that_of = |instant: &str| day.is_that_of(instant.parse().unwrap());
        assert!(is_that_of("2026-11-23T07:59:59Z") && !is_that_of("2026-11-22T07:59:59Z"));
    }

    #[test]
    fn a_file_proves_its_order_or_has_both() {
        let verdict = |texts: &[&str], said| {
            let mut proof = OrderProof::default();
            texts.iter().zip(2..).for_each(|(text, row)| proof.look_at(&Cell::Text((*text).to_owned()), row));
            proof.verdict(said)
        };
        assert_eq!(verdict(&["3/4/2026", "2026-11-22"], None), MONTH);
        assert_eq!(verdict(&["3/4/2026", "13/4/2026 10:00"], None), DAY);
        let mixed = Dates::Mixed { month_first: 3, day_first: 2 };
        assert_eq!(verdict(&["13/4/2026", "4/13/2026"], None), mixed);
        assert_eq!(verdict(&["13/4/2026"], Some(DateOrder::MonthFirst)), MONTH);
        let in_mixed = |text: &str| told(&Cell::Text(text.to_owned()), mixed);
        assert_eq!((in_mixed("13/4/2026").as_str(), in_mixed("4/13/2026").as_str()), ("2026-04-13", "2026-04-13"));
        assert_eq!((in_mixed("3/4/2026").as_str(), in_mixed("4/4/2026").as_str()), ("refused", "2026-04-04"));
    }
}
