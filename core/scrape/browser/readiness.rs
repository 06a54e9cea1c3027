//! When a page that scripts still fill counts as finished. Pure, given the time.
//!
//! No event says so: scripts ask for the list after the page is loaded, and chats and counters never come to rest. So a page is
//! finished when its network is quiet and the number of its vehicles stays the same. A page without a vehicle is given more
//! time, as its script may not have begun. What is deliberately not here: looking at the page.

use std::time::{Duration, Instant};

/// Requests that may stay open while a page with vehicles counts as quiet: chats and the like hold theirs open.
const OPEN_REQUESTS: usize = 2;

/// A page without vehicles must rest this many times longer.
const PATIENCE_WITH_NONE: u32 = 4;

/// What is seen of a page at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: Instant,
    /// The page itself has been read to its end.
    pub(super) is_read: bool,
    /// Requests without their whole answer.
    pub(super) open_requests: usize,
    /// How long no byte has come or gone.
    pub(super) quiet: Duration,
}

/// The wait for one page.
pub(super) struct Readiness {
    settle: Duration,
    latest: Instant,
    /// The number of vehicles, and since when it is that.
    count: Option<(usize, Instant)>,
}

impl Readiness {
    pub(super) fn new(settle: Duration, latest: Instant) -> Self {
        Self { settle, latest, count: None }
    }

    /// Whether the vehicles are worth counting now.
    pub(super) fn is_calm(&self, moment: &Moment) -> bool {
        moment.at >= self.latest
            || (moment.is_read && moment.open_requests <= OPEN_REQUESTS && moment.quiet >= self.settle)
    }

    /// Whether the page is finished, given the number of vehicles on it now.
    pub(super) fn is_finished(&mut self, moment: &Moment, vehicles: usize) -> bool {
        if moment.at >= self.latest {
            return true;
        }
        let since = match self.count {
            Some((same, since)) if same == vehicles => since,
            _ => moment.at,
        };
        self.count = Some((vehicles, since));
        let same_for = moment.at.saturating_duration_since(since);
        match vehicles {
            0 => moment.open_requests == 0 && same_for >= self.settle * PATIENCE_WITH_NONE,
            _ => same_for >= self.settle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds, whether read, open requests, quiet milliseconds, vehicles.
    type Row = (u64, bool, usize, u64, usize);

    /// When the page is taken, ready after 500 ms and at the latest after 10 s.
    fn taken(rows: &[Row]) -> Option<u64> {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut readiness = Readiness::new(Duration::from_millis(500), after(10_000));
        rows.iter().find_map(|&(at, is_read, open_requests, quiet, vehicles)| {
            let moment = Moment { at: after(at), is_read, open_requests, quiet: Duration::from_millis(quiet) };
            (readiness.is_calm(&moment) && readiness.is_finished(&moment, vehicles)).then_some(at)
        })
    }

    #[test]
    fn a_page_is_taken_when_its_vehicles_stay_the_same() {
        for (name, moments, expected) in [
            ("at rest", &[(0, true, 0, 600, 20), (400, true, 0, 1000, 20), (500, true, 0, 1100, 20)][..], Some(500)),
            ("not yet read", &[(0, false, 0, 900, 20), (900, false, 0, 1800, 20)], None),
            ("bytes still come", &[(0, true, 0, 10, 20), (900, true, 0, 10, 20)], None),
            ("a list still asked for", &[(0, true, 3, 600, 1), (900, true, 3, 1500, 1)], None),
            ("a chat holds on", &[(0, true, 2, 600, 20), (600, true, 2, 1200, 20)], Some(600)),
            (
                "more come in",
                &[(0, true, 0, 600, 20), (400, true, 0, 900, 40), (800, true, 0, 900, 40), (900, true, 0, 1000, 40)],
                Some(900),
            ),
            ("none yet", &[(0, true, 0, 600, 0), (600, true, 0, 1200, 0), (1900, true, 0, 2500, 0)], None),
            ("none at all", &[(0, true, 0, 600, 0), (2000, true, 0, 2600, 0)], Some(2000)),
            ("none while the list is asked for", &[(0, true, 1, 600, 0), (9000, true, 1, 9600, 0)], None),
            ("never at rest", &[(0, false, 9, 0, 3), (9999, false, 9, 0, 4), (10_000, false, 9, 0, 5)], Some(10_000)),
        ] {
            assert_eq!(taken(moments), expected, "{name}");
        }
    }
}
