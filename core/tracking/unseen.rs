//! Which listings are unseen: missing from their dealer's list, and not sold yet.
//!
//! A missing car waits for days until it counts as sold (`absence`). Until then it is neither sold nor there for a customer to see, so
//! figures count it apart.

use chrono::{DateTime, Days, Utc};

use super::config::TrackingRules;

/// The newest scrapes of a dealer that tell what is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NewestLooks {
    /// The newest without a doubt about the whole of it.
    pub(crate) whole: Option<DateTime<Utc>>,
    /// The newest that saw vehicles, whatever the doubts about it.
    pub(crate) any: Option<DateTime<Utc>>,
}

impl NewestLooks {
    /// When what is missing was last looked for: a listing on sale that was last seen before is unseen.
    ///
    /// One scrape without a doubt tells. A doubted one may have missed a page, so that nothing is unseen by it before some days have
    /// passed. Where nothing was seen at all, the website fails, and no car is missing by that.
    pub(crate) fn looked_for_at(self, rules: &TrackingRules) -> Option<DateTime<Utc>> {
        let days_before = |at: DateTime<Utc>| at.checked_sub_days(Days::new(rules.unseen_days.into()));
        self.whole.max(self.any.and_then(days_before))
    }
}

/// Whether a listing is unseen.
pub(crate) fn is_unseen(is_sold: bool, last_seen_at: DateTime<Utc>, looked_for_at: Option<DateTime<Utc>>) -> bool {
    !is_sold && looked_for_at.is_some_and(|looked| last_seen_at < looked)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn day(number: i64) -> DateTime<Utc> {
        "2026-03-01T02:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(number)
    }

    #[test]
    fn what_a_whole_look_misses_is_unseen_at_once_and_what_doubted_ones_miss_after_days() {
        let rules = TrackingRules::default();
        let cases = [
            ("nobody has looked", None, None, 9, false),
            ("missed by a whole look", Some(10), Some(10), 9, true),
            ("seen by it", Some(10), Some(10), 10, false),
            ("missed by a doubted look alone", Some(9), Some(10), 9, false),
            ("missed by doubted looks for three days", Some(1), Some(10), 7, false),
            ("and for longer", Some(1), Some(10), 6, true),
            ("an empty list is no look", Some(3), Some(3), 3, false),
        ];
        for (case, whole, any, last_seen, expected) in cases {
            let looks = NewestLooks { whole: whole.map(day), any: any.map(day) };
            assert_eq!(is_unseen(false, day(last_seen), looks.looked_for_at(&rules)), expected, "{case}");
            assert!(!is_unseen(true, day(last_seen), looks.looked_for_at(&rules)), "{case}: it is sold");
        }
    }
}
