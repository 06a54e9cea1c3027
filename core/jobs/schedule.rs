//! When a job is to run. Pure: the time is an argument.
//!
//! A time of day that a clock skips in spring runs at the first moment after the gap, one that comes twice in autumn runs the first
//! time. Every so many minutes or hours is counted by the clock that passes, so it runs in both hours of autumn. Of the times that
//! were missed the latest one is made up, once; those before it are not.

use std::str::FromStr as _;

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset as _, SubsecRound as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use croner::{
    Cron, JobType,
    parser::{CronParser, Seconds},
};

/// A cron expression in a time zone.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    cron: Cron,
    zone: Tz,
}

/// A longer text is no cron expression.
const LONGEST: usize = 200;

/// So many times of an hour that comes twice are passed over at most: one a second.
const MOST_STEPS: usize = 10_000;

/// No clock jumps twice within this time. Morocco's, the quickest, goes back and forth within five weeks.
const STRIDE: TimeDelta = TimeDelta::days(14);

impl Schedule {
    pub(super) fn parse(cron: &str, zone: Tz) -> Result<Self, String> {
        if cron.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        let cron = if cron.trim_start().starts_with('@') {
            Cron::from_str(cron.trim())
        } else {
            check_fields(cron)?;
            CronParser::builder().seconds(Seconds::Optional).build().parse(cron)
        };
        Ok(Self { cron: cron.map_err(|reason| reason.to_string())?, zone })
    }

    /// The first time after this one.
    ///
    /// The expression is asked about the hands of the clock alone, as if they never jumped; what their jumps mean is said here. The
    /// distance from UTC is followed from one jump to the next.
    pub(super) fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let is_fixed = self.cron.determine_job_type() == JobType::FixedTime;
        let mut from = time.trunc_subsecs(0);
        let mut is_included = false;
        for _ in 0..MOST_STEPS {
            let distance = self.distance(from);
            let shown = self.next_shown((from + distance).naive_utc(), is_included)?;
            let next = shown.and_utc() - distance;
            let Some(jump) = self.first_jump(from, next) else {
                if !is_fixed || !self.is_second_pass(shown, next) {
                    return Some(next);
                }
                (from, is_included) = (next, false);
                continue;
            };
            let lands_on = (jump + self.distance(jump)).naive_utc();
            // The clock skips what it was to show.
            if is_fixed && shown < lands_on {
                return Some(jump);
            }
            (from, is_included) = (jump, true);
        }
        None
    }

    /// What the clock next shows that fits the expression, if it never jumped.
    fn next_shown(&self, shown: NaiveDateTime, is_included: bool) -> Option<NaiveDateTime> {
        self.cron.find_next_occurrence(&shown.and_utc(), is_included).ok().map(|next| next.naive_utc())
    }

    /// How far the clock is ahead of UTC.
    fn distance(&self, time: DateTime<Utc>) -> TimeDelta {
        let offset = self.zone.offset_from_utc_datetime(&time.naive_utc()).fix();
        TimeDelta::seconds(offset.local_minus_utc().into())
    }

    /// Whether the clock shows this for the second time.
    fn is_second_pass(&self, shown: NaiveDateTime, time: DateTime<Utc>) -> bool {
        matches!(self.zone.from_local_datetime(&shown), LocalResult::Ambiguous(first, _) if first.to_utc() != time)
    }

    /// The first second after `from` and up to `until` with another distance from UTC. Between the two there may be several: an even
    /// number of jumps leaves the distance as it was.
    fn first_jump(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let distance = self.distance(from);
        let mut before = from;
        while before < until {
            let after = until.min(before + STRIDE);
            if self.distance(after) != distance {
                return Some(self.jump_between(before, after));
            }
            before = after;
        }
        None
    }

    /// The first second with another distance from UTC than at `from`, which `until` has.
    fn jump_between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
        let distance = self.distance(from);
        let (mut before, mut after) = (from.timestamp(), until.timestamp());
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let at_middle = DateTime::from_timestamp(middle, 0).map(|time| self.distance(time));
            if at_middle == Some(distance) { before = middle } else { after = middle }
        }
        DateTime::from_timestamp(after, 0).unwrap_or(until)
    }

    /// The latest time after the first and up to the second.
    pub(super) fn latest_between(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // From the shortest span back on, so that a schedule of seconds is not counted through for weeks.
        const SPANS: [TimeDelta; 6] = [
            TimeDelta::minutes(1),
            TimeDelta::hours(1),
            TimeDelta::days(1),
            TimeDelta::days(32),
            TimeDelta::days(370),
            TimeDelta::days(366 * 8),
        ];
        for span in SPANS {
            let from = after.max(until - span);
            let mut latest = None;
            let mut next = self.next_after(from);
            while let Some(time) = next.filter(|time| *time <= until) {
                latest = Some(time);
                next = self.next_after(time);
            }
            if latest.is_some() || from == after {
                return latest;
            }
        }
        None
    }
}

/// The fields of an expression with a second in front, and the largest step of each.
const STEPS: [(&str, u32); 6] = [
    ("seconds", 59),
    ("minutes", 59),
    ("hours", 23),
    ("days of the month", 31),
    ("months", 12),
    ("days of the week", 7),
];

/// Refuses what the parser would take for something else: a year, and a step that never comes within its field, such as every 90
/// minutes, which would be every hour.
fn check_fields(cron: &str) -> Result<(), String> {
    let fields: Vec<_> = cron.split_whitespace().collect();
    if !(5..=6).contains(&fields.len()) {
        return Err(format!("it has {} fields, and not five, or six with the second in front", fields.len()));
    }
    for (field, (name, most)) in fields.iter().zip(&STEPS[6 - fields.len()..]) {
        for (_, step) in field.split(',').filter_map(|part| part.split_once('/')) {
            if step.parse::<u32>().is_ok_and(|step| step > *most) {
                return Err(format!("{field} is no step of {name}: the largest is {most}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn here(cron: &str) -> Schedule {
        Schedule::parse(cron, Tz::America__Los_Angeles).unwrap()
    }

    /// The next times, in the local time of Los Angeles with its distance from UTC.
    fn next(cron: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = here(cron);
        let mut time = utc(from);
        (0..count)
            .map(|_| {
                time = schedule.next_after(time).unwrap();
                time.with_timezone(&Tz::America__Los_Angeles).format("%m-%d %H:%M:%S %Z").to_string()
            })
            .collect()
    }

    #[test]
    fn the_defaults_run_at_their_local_times() {
        for (cron, expected) in [
            ("0 0 */3 * *", ["06-04 00:00:00 PDT", "06-07 00:00:00 PDT"]),
            ("0 2 * * *", ["06-02 02:00:00 PDT", "06-03 02:00:00 PDT"]),
            ("0 3 * * 0", ["06-07 03:00:00 PDT", "06-14 03:00:00 PDT"]),
            ("* * * * * *", ["06-01 12:00:01 PDT", "06-01 12:00:02 PDT"]),
            ("@daily", ["06-02 00:00:00 PDT", "06-03 00:00:00 PDT"]),
        ] {
            assert_eq!(next(cron, "2026-06-01T19:00:00Z", 2), expected, "{cron}");
        }
    }

    #[test]
    fn a_time_that_spring_skips_runs_right_after_the_gap() {
        // At 2:00 on 8 March 2026 the clocks go to 3:00.
        for (cron, expected) in [
            ("0 2 * * *", ["03-07 02:00:00 PST", "03-08 03:00:00 PDT", "03-09 02:00:00 PDT"]),
            ("30 2 * * *", ["03-07 02:30:00 PST", "03-08 03:00:00 PDT", "03-09 02:30:00 PDT"]),
            ("30 3 * * *", ["03-07 03:30:00 PST", "03-08 03:30:00 PDT", "03-09 03:30:00 PDT"]),
        ] {
            assert_eq!(next(cron, "2026-03-07T09:00:00Z", 3), expected, "{cron}");
        }
        let hourly = ["03-08 01:00:00 PST", "03-08 03:00:00 PDT", "03-08 04:00:00 PDT"];
        assert_eq!(next("0 * * * *", "2026-03-08T08:30:00Z", 3), hourly);
    }

    #[test]
    fn a_time_that_autumn_repeats_runs_once_and_an_interval_in_both_hours() {
        // At 2:00 on 1 November 2026 the clocks go back to 1:00.
        for (cron, expected) in [
            ("55 1 * * *", ["10-31 01:55:00 PDT", "11-01 01:55:00 PDT", "11-02 01:55:00 PST"]),
            ("0 2 * * *", ["10-31 02:00:00 PDT", "11-01 02:00:00 PST", "11-02 02:00:00 PST"]),
        ] {
            assert_eq!(next(cron, "2026-10-31T08:00:00Z", 3), expected, "{cron}");
        }
        let hourly = ["11-01 01:00:00 PDT", "11-01 01:00:00 PST", "11-01 02:00:00 PST"];
        assert_eq!(next("0 * * * *", "2026-11-01T07:30:00Z", 3), hourly);
        // Asked within the second hour, a time of the first one is over.
        assert_eq!(next("55 1 * * *", "2026-11-01T09:10:00Z", 1), ["11-02 01:55:00 PST"]);
    }

    #[test]
    fn a_time_behind_both_turns_of_a_year_is_met_in_the_first_of_its_hours() {
        // At 2:00 on 7 November 2027 the clocks go back to 1:00, after they went forward in March.
        for (cron, expected) in [
            ("30 1 7 11 *", ["2027-11-07T08:30:00Z", "2028-11-07T09:30:00Z"]),
            ("*/30 1 7 11 *", ["2027-11-07T08:00:00Z", "2027-11-07T08:30:00Z"]),
            ("55 1 7 11 SUN", ["2027-11-07T08:55:00Z", "2027-11-14T09:55:00Z"]),
        ] {
            let schedule = here(cron);
            let first = schedule.next_after(utc("2026-11-30T00:00:00Z")).unwrap();
            assert_eq!([first, schedule.next_after(first).unwrap()], expected.map(utc), "{cron}");
        }
        let london = Schedule::parse("30 1 31 10 *", Tz::Europe__London).unwrap();
        assert_eq!(london.next_after(utc("2026-11-30T00:00:00Z")), Some(utc("2027-10-31T00:30:00Z")));
    }

    #[test]
    fn of_the_missed_times_the_latest_is_made_up_once() {
        for (cron, after, until, expected) in [
            ("0 2 * * *", "2026-06-01T09:00:00Z", "2026-06-01T12:00:00Z", None),
            ("0 2 * * *", "2026-06-01T08:59:59Z", "2026-06-01T09:00:00Z", Some("2026-06-01T09:00:00Z")),
            ("0 2 * * *", "2026-06-01T09:00:00Z", "2026-06-02T08:59:59Z", None),
            ("0 2 * * *", "2026-06-01T09:00:00Z", "2026-06-09T08:00:00Z", Some("2026-06-08T09:00:00Z")),
            ("0 0 */3 * *", "2026-06-01T07:00:00Z", "2026-06-06T20:00:00Z", Some("2026-06-04T07:00:00Z")),
            ("* * * * * *", "2026-01-01T00:00:00Z", "2026-06-01T00:00:00.5Z", Some("2026-06-01T00:00:00Z")),
            ("0 0 29 2 *", "2024-03-01T00:00:00Z", "2029-01-01T00:00:00Z", Some("2028-02-29T08:00:00Z")),
            ("0 2 * * *", "2026-06-02T00:00:00Z", "2026-06-01T00:00:00Z", None),
        ] {
            assert_eq!(here(cron).latest_between(utc(after), utc(until)), expected.map(utc), "{cron} {after} {until}");
        }
    }

    #[test]
    fn the_times_of_a_year_are_each_met_once_whenever_one_looks() {
        for cron in ["55 1 * * *", "0 2 * * *", "30 2 * * *", "0 3 * * 0", "15 */6 * * *"] {
            let schedule = here(cron);
            let (end, mut time, mut times) = (utc("2027-01-01T00:00:00Z"), utc("2026-01-01T00:00:00Z"), Vec::new());
            while let Some(next) = schedule.next_after(time).filter(|next| *next < end) {
                times.push(next);
                time = next;
            }
            let (mut done, mut met) = (utc("2026-01-01T00:00:00Z"), Vec::new());
            let mut look = done;
            while look < end {
                look += TimeDelta::minutes(41);
                if let Some(time) = schedule.latest_between(done, look.min(end)) {
                    met.push(time);
                    done = time;
                }
            }
            assert_eq!(met, times, "{cron}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for wrong in
            ["", " ", "* * * *", "60 * * * *", "0 2 * * * * * *", "every day", "\u{1f697} * * * *", &"*".repeat(500)]
        {
            assert!(Schedule::parse(wrong, Tz::UTC).is_err(), "{wrong}");
        }
    }
}
