//! Days and months where the dealership is. Everywhere else a time is UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// The time zone of the dealership, in which its schedules stand, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Zone(Tz);

impl Zone {
    pub(crate) const UTC: Self = Self(Tz::UTC);

    /// The zone of a name of the tz database, such as `America/Los_Angeles`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// The day at a time.
    pub(crate) fn day(self, time: DateTime<Utc>) -> NaiveDate {
        time.with_timezone(&self.0).date_naive()
    }

    /// When a clock there shows this: the first time of two, and an hour later where the clock skips it.
    pub(crate) fn instant(self, shown: NaiveDateTime) -> DateTime<Utc> {
        let found = |shown: NaiveDateTime| self.0.from_local_datetime(&shown).earliest();
        let instant = found(shown).or_else(|| found(shown + TimeDelta::hours(1)));
        instant.map_or_else(|| shown.and_utc(), |instant| instant.to_utc())
    }

    /// The same time of day on the day before: the first of two where the clock showed it twice, and as long after the gap where it
    /// skipped it.
    pub(crate) fn day_before(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let shown = time.with_timezone(&self.0).naive_local();
        let shown = shown - TimeDelta::days(1);
        // Most gaps have an hour, some half of one.
        let mut later = (0..=120).map(|minutes| shown + TimeDelta::minutes(minutes));
        let before = later.find_map(|shown| self.0.from_local_datetime(&shown).earliest());
        before.map_or_else(|| time - TimeDelta::days(1), |before| before.to_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_ends_at_midnight_of_the_dealership() {
        let here = Zone::named("America/Los_Angeles").unwrap();
        for (time, day) in [
            ("2026-12-01T07:59:59Z", "2026-11-30"),
            ("2026-12-01T08:00:00Z", "2026-12-01"),
            ("2026-07-01T06:59:59Z", "2026-06-30"),
            ("2026-07-01T07:00:00Z", "2026-07-01"),
        ] {
            assert_eq!(here.day(utc(time)).to_string(), day, "{time}");
        }
        assert_eq!(Zone::named("America/Los Angeles"), None);
    }

    #[test]
    fn what_a_clock_shows_twice_or_never_is_some_instant() {
        let here = Zone::named("America/Los_Angeles").unwrap();
        for (shown, instant) in [
            ("2026-11-22T00:00:00", "2026-11-22T08:00:00Z"),
            ("2026-07-01T00:00:00", "2026-07-01T07:00:00Z"),
            ("2026-03-08T02:30:00", "2026-03-08T10:30:00Z"),
            ("2026-11-01T01:30:00", "2026-11-01T08:30:00Z"),
        ] {
            assert_eq!(here.instant(shown.parse().unwrap()), utc(instant), "{shown}");
        }
    }

    #[test]
    fn a_day_before_may_be_an_hour_longer_or_shorter() {
        let here = Zone::named("America/Los_Angeles").unwrap();
        for (time, before) in [
            ("2026-06-02T14:00:00Z", "2026-06-01T14:00:00Z"),
            // The night of spring, and that of autumn.
            ("2026-03-08T14:00:00Z", "2026-03-07T15:00:00Z"),
            ("2026-11-01T15:00:00Z", "2026-10-31T14:00:00Z"),
            // The hour that was skipped the day before.
            ("2026-03-09T09:30:20Z", "2026-03-08T10:00:20Z"),
            // The hour that came twice the day before, and its second pass.
            ("2026-11-02T09:30:00Z", "2026-11-01T08:30:00Z"),
            ("2026-11-01T09:30:00Z", "2026-10-31T08:30:00Z"),
        ] {
            assert_eq!(here.day_before(utc(time)), utc(before), "{time}");
        }
    }
}
