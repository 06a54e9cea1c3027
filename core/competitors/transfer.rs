//! Whether a vehicle that is gone from one lot stands on another: a car changed lots and was not sold to a customer.
//!
//! The listings of a VIN are found in `repository/transfers.rs`, for many VINs at once, and what follows is stored with them. So the
//! rule must not depend on what is merely seen again: no recording looks at those.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Listing, TrackingRules, Transfer};
use crate::ids::{CompetitorId, ListingId};

/// How long a vehicle was on one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    pub(crate) listing: ListingId,
    pub(crate) first_seen_at: DateTime<Utc>,
    /// When it was last seen on offer: a sold vehicle may be shown for weeks more.
    pub(crate) last_seen_at: DateTime<Utc>,
    pub(crate) is_sold: bool,
    /// Whether it was ever seen on offer there: one first seen as sold, which has no date of its sale, was not.
    pub(crate) was_offered: bool,
}

/// Whether the vehicle left the one lot for the other, which is another competitor's.
///
/// It must be gone here, have been on offer there longer than here, and there not have appeared long after it was seen here: then
/// somebody will have bought it meanwhile. Lots of a group that show one car at the same time count as one sale so: the one
/// that shows it longest sells it, and of two that stop together the one with the later id.
pub(crate) fn moved(here: &Stay, there: &Stay, rules: &TrackingRules) -> bool {
    let is_in_time = there.first_seen_at <= in_time_until(here, rules);
    let were_offered = here.was_offered && there.was_offered;
    here.is_sold && were_offered && is_in_time && there.offered_until(rules) > here.offered_until(rules)
}

fn in_time_until(here: &Stay, rules: &TrackingRules) -> DateTime<Utc> {
    let days = TimeDelta::days(rules.transfer_days.into());
    here.last_seen_at.checked_add_signed(days).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// When each of the vehicles first stood on a lot that it moved to, in their order; `None` where it moved to none. The stays are those
/// of one VIN, each with its competitor. The time grows as n log n, for a placeholder may stand for many vehicles.
pub(crate) fn moved_at(stays: &[(CompetitorId, Stay)], rules: &TrackingRules) -> Vec<Option<DateTime<Utc>>> {
    let mut places: Vec<usize> = (0..stays.len()).filter(|&place| stays[place].1.was_offered).collect();
    places.sort_unstable_by_key(|&place| std::cmp::Reverse(stays[place].1.offered_until(rules)));
    let mut moved_at = vec![None; stays.len()];
    // Of those that were on offer longer: the earliest first sighting, and the earliest at another competitor than that.
    let mut earliest: [Option<(DateTime<Utc>, CompetitorId)>; 2] = [None; 2];
    for place in places {
        let (competitor, here) = &stays[place];
        let elsewhere = earliest.into_iter().flatten().find(|(_, other)| other != competitor);
        moved_at[place] = elsewhere.map(|(at, _)| at).filter(|at| here.is_sold && *at <= in_time_until(here, rules));
        let known = earliest.into_iter().flatten();
        let mut known: Vec<_> = known.chain([(here.first_seen_at, *competitor)]).collect();
        known.sort_unstable();
        let first = known.first().copied();
        let second = known.into_iter().find(|(_, other)| first.is_some_and(|(_, competitor)| competitor != *other));
        earliest = [first, second];
    }
    moved_at
}

impl Stay {
    /// The stay of a stored listing.
    pub(crate) fn new(
        listing: ListingId,
        (first_seen_at, last_seen_at): (DateTime<Utc>, DateTime<Utc>),
        is_sold: bool,
        sold_at: Option<DateTime<Utc>>,
    ) -> Self {
        let sold_at = sold_at.filter(|_| is_sold);
        let last_seen_at = sold_at.map_or(last_seen_at, |sold_at| last_seen_at.min(sold_at));
        Self { listing, first_seen_at, last_seen_at, is_sold, was_offered: !is_sold || sold_at.is_some() }
    }

    /// Until when it was on offer. One that is not known to be sold still is, for as long as a listing counts in the market.
    fn offered_until(&self, rules: &TrackingRules) -> (DateTime<Utc>, ListingId) {
        let days = TimeDelta::days(if self.is_sold { 0 } else { rules.on_the_market_days.into() });
        (self.last_seen_at.checked_add_signed(days).unwrap_or(DateTime::<Utc>::MAX_UTC), self.listing)
    }

    pub(crate) fn of(listing: &Listing) -> Self {
        let Listing { id, first_seen_at, last_seen_at, is_sold, sold_at, .. } = *listing;
        Self::new(id, (first_seen_at, last_seen_at), is_sold, sold_at)
    }
}

/// Where a vehicle came from and where it went, among the listings of its VIN at other competitors: the nearest in time each.
pub(crate) fn between(
    here: &Stay,
    elsewhere: &[(Stay, &Transfer)],
    rules: &TrackingRules,
) -> (Option<Transfer>, Option<Transfer>) {
    let from = elsewhere
        .iter()
        .filter(|(there, _)| moved(there, here, rules))
        .max_by_key(|(there, _)| (there.last_seen_at, there.listing));
    let to = elsewhere
        .iter()
        .filter(|(there, _)| moved(here, there, rules))
        .min_by_key(|(there, _)| (there.first_seen_at, there.listing));
    let other = |found: Option<&(Stay, &Transfer)>| found.map(|(_, transfer)| (*transfer).clone());
    (other(from), other(to))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    fn stay(id: u128, first: i64, last: i64, is_sold: bool) -> Stay {
        let day = |number| DateTime::UNIX_EPOCH + TimeDelta::days(number);
        Stay {
            listing: ListingId::from_uuid(Uuid::from_u128(id)),
            first_seen_at: day(first),
            last_seen_at: day(last),
            is_sold,
            was_offered: true,
        }
    }

    #[rstest]
    #[case::gone_here_and_then_there(stay(1, 0, 10, true), stay(2, 12, 20, false), true)]
    #[case::sold_there_later(stay(1, 0, 10, true), stay(2, 12, 20, true), true)]
    #[case::shown_by_both_and_longer_there(stay(1, 0, 10, true), stay(2, 0, 20, false), true)]
    #[case::still_here(stay(1, 0, 10, false), stay(2, 0, 20, false), false)]
    #[case::gone_there_first(stay(1, 0, 10, true), stay(2, 0, 8, true), false)]
    #[case::not_seen_again_there_yet(stay(1, 0, 10, true), stay(2, 0, 8, false), true)]
    #[case::not_seen_there_for_weeks(stay(1, 0, 30, true), stay(2, 0, 8, false), false)]
    #[case::at_the_limit(stay(1, 0, 10, true), stay(2, 55, 60, false), true)]
    #[case::traded_in_much_later(stay(1, 0, 10, true), stay(2, 56, 60, false), false)]
    #[case::both_stop_together(stay(1, 0, 10, true), stay(2, 0, 10, true), true)]
    #[case::and_only_one_of_them_sells(stay(2, 0, 10, true), stay(1, 0, 10, true), false)]
    fn a_vehicle_gone_here_and_seen_there_later_has_moved(#[case] here: Stay, #[case] there: Stay, #[case] has: bool) {
        assert_eq!(moved(&here, &there, &TrackingRules::default()), has);
        let never_offered = Stay { was_offered: false, ..there };
        assert!(!moved(&here, &never_offered, &TrackingRules::default()), "first seen there as sold");
    }

    #[test]
    fn what_is_found_for_many_stays_at_once_is_what_the_rule_says_of_each_two() {
        let rules = TrackingRules::default();
        let mut random = fastrand::Rng::with_seed(160);
        for _ in 0..500 {
            let stays: Vec<_> = (1..=random.u128(1..12))
                .map(|id| {
                    let first = random.i64(0..120);
                    let stay = stay(id, first, first + random.i64(0..40), random.bool());
                    let competitor = CompetitorId::from_uuid(Uuid::from_u128(random.u128(1..4)));
                    (competitor, Stay { was_offered: random.u8(0..8) > 0, ..stay })
                })
                .collect();
            let expected: Vec<_> = stays
                .iter()
                .map(|(competitor, here)| {
                    let there = stays.iter().filter(|(other, there)| other != competitor && moved(here, there, &rules));
                    there.map(|(_, there)| there.first_seen_at).min()
                })
                .collect();
            assert_eq!(moved_at(&stays, &rules), expected, "{stays:?}");
        }
    }
}
