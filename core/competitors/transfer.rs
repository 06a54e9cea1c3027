//! Whether a vehicle that is gone from one lot stands on another: a car changed lots and was not sold to a customer.
//!
//! What is deliberately not here: finding the listings of one VIN, which the repository does for many at once.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Listing, TrackingRules, Transfer};
use crate::ids::ListingId;

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
/// It must be gone here, have been seen there later than here, and there not have appeared long after it was seen here: then
/// somebody will have bought it meanwhile. Lots of a group that show one car at the same time count as one sale so: the one
/// that shows it longest sells it, and of two that stop together the one with the later id.
pub(crate) fn moved(here: &Stay, there: &Stay, rules: &TrackingRules) -> bool {
    let in_time = there.first_seen_at - here.last_seen_at <= TimeDelta::days(rules.transfer_days.into());
    let were_offered = here.was_offered && there.was_offered;
    here.is_sold && were_offered && in_time && (there.last_seen_at, there.listing) > (here.last_seen_at, here.listing)
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

    pub(crate) fn of(listing: &Listing) -> Self {
        let Listing { id, first_seen_at, last_seen_at, is_sold, sold_at, .. } = *listing;
        Self::new(id, (first_seen_at, last_seen_at), is_sold, sold_at)
    }
}

/// Where a vehicle came from and where it went, among the listings of its VIN at other competitors: the nearest in time each.
pub(crate) fn between(
    here: &Stay,
    elsewhere: &[(Stay, Transfer)],
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
    let other = |found: Option<&(Stay, Transfer)>| found.map(|(_, transfer)| transfer.clone());
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
    #[case::at_the_limit(stay(1, 0, 10, true), stay(2, 55, 60, false), true)]
    #[case::traded_in_much_later(stay(1, 0, 10, true), stay(2, 56, 60, false), false)]
    #[case::both_stop_together(stay(1, 0, 10, true), stay(2, 0, 10, true), true)]
    #[case::and_only_one_of_them_sells(stay(2, 0, 10, true), stay(1, 0, 10, true), false)]
    fn a_vehicle_gone_here_and_seen_there_later_has_moved(#[case] here: Stay, #[case] there: Stay, #[case] has: bool) {
        assert_eq!(moved(&here, &there, &TrackingRules::default()), has);
        let never_offered = Stay { was_offered: false, ..there };
        assert!(!moved(&here, &never_offered, &TrackingRules::default()), "first seen there as sold");
    }
}
