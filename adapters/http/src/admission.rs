//! When a queue refuses: not by its length but by the time that a request would wait in it, as the algorithm `CoDel` does for packets.
//!
//! A burst may wait. A wait that stays above the target for an interval is an overload, and then a request that would wait longer
//! than the target is refused at the door. Those that are admitted wait about as long as the target, and the queue never runs dry.
//! A machine that stands still for a moment is no overload: all waits are long then, and short again once it goes on.
//! Source: Nichols, Jacobson, "Controlling Queue Delay", ACM Queue 10(5), 2012.

use std::time::{Duration, Instant};

/// The numbers of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitLimits {
    /// The longest wait that may last.
    pub(crate) target: Duration,
    /// How long the wait may stay above the target.
    pub(crate) interval: Duration,
    /// The longest wait in an overload. Nobody is admitted who would wait longer.
    pub(crate) most: Duration,
}

/// How long requests wait in one queue.
#[derive(Debug, Default)]
pub(crate) struct WaitingTime {
    /// The mean time between two requests that leave the queue while others wait.
    pace: Option<Duration>,
    last_left: Option<Instant>,
    group: Group,
    is_overloaded: bool,
    /// Since when waits have been those of the other state.
    turning_since: Option<Instant>,
}

/// Requests that leave the queue one after the other, while others wait.
#[derive(Debug, Default)]
struct Group {
    since: Option<Instant>,
    count: u32,
}

/// This many are timed together. Workers that began together end together, so the time between two requests says little.
const GROUP: u32 = 8;

/// A new group has half of the weight in the mean.
const SMOOTHING: u32 = 2;

/// The most that a group counts, in means. Otherwise one pause of the machine would look like slow work for a long while.
const MOST_OF_MEAN: u32 = 4;

impl WaitingTime {
    /// A request was admitted without a wait.
    pub(crate) fn passed(&mut self, now: Instant, limits: &WaitLimits) {
        self.last_left = Some(now);
        self.group = Group { since: Some(now), count: 0 };
        self.judge(Duration::ZERO, now, limits);
    }

    /// A request left the queue for a worker after this wait.
    pub(crate) fn left(&mut self, waited: Duration, now: Instant, limits: &WaitLimits) {
        let since_last = self.last_left.map(|last| now.saturating_duration_since(last));
        self.last_left = Some(now);
        match since_last {
            Some(since) if waited >= since => self.time(since, now, limits),
            // The queue was empty meanwhile, and the time says how often clients ask.
            _ => self.group = Group { since: Some(now), count: 0 },
        }
        self.judge(waited, now, limits);
    }

    /// Takes a request that left so long after the one before into the mean.
    fn time(&mut self, since: Duration, now: Instant, limits: &WaitLimits) {
        let mean = *self.pace.get_or_insert(since.min(limits.target / 10));
        self.group.count += 1;
        if self.group.count < GROUP {
            return;
        }
        let began = self.group.since.replace(now).unwrap_or(now);
        self.group.count = 0;
        let of_group = now.saturating_duration_since(began) / GROUP;
        self.pace = Some((mean * (SMOOTHING - 1) + of_group.min(mean * MOST_OF_MEAN)) / SMOOTHING);
    }

    /// An overload begins and ends with an interval of waits that say so.
    fn judge(&mut self, waited: Duration, now: Instant, limits: &WaitLimits) {
        // In an overload waits are about the target. Only waits well below it say that fewer ask.
        let threshold = if self.is_overloaded { limits.target / 2 } else { limits.target };
        let is_long = waited > threshold;
        if is_long == self.is_overloaded {
            self.turning_since = None;
        } else if now.saturating_duration_since(*self.turning_since.get_or_insert(now)) >= limits.interval {
            self.is_overloaded = is_long;
            self.turning_since = None;
        }
    }

    /// Whether an overload stands.
    pub(crate) fn is_overloaded(&self) -> bool {
        self.is_overloaded
    }

    /// Whether a new request is refused. `queued` requests stand before it, and the first of them has waited for `first_waited`.
    pub(crate) fn refuses(&self, queued: usize, first_waited: Duration, now: Instant, limits: &WaitLimits) -> bool {
        let ahead = u32::try_from(queued).unwrap_or(u32::MAX).saturating_add(1);
        let by_pace = self.pace.unwrap_or_default().saturating_mul(ahead);
        // Where nothing moves there is no pace, but the first in the queue grows old.
        let is_stuck = first_waited >= limits.target + limits.interval
            && self.last_left.is_none_or(|last| now.saturating_duration_since(last) >= limits.target);
        let stands = self.is_overloaded || is_stuck;
        let expected = if stands { by_pace.max(first_waited) } else { by_pace };
        expected > limits.most || (stands && expected > limits.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: WaitLimits = WaitLimits { target: ms(100), interval: ms(100), most: ms(250) };

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// Serves a queue for `span`: `at_once` requests together, one a `pace` on average. Requests arrive whenever fewer than `wanted` are
    /// queued. Returns the longest wait after the first second, how many were served and how many refused.
    fn simulate(pace: Duration, at_once: u32, wanted: usize, span: Duration) -> (Duration, usize, usize) {
        let start = Instant::now();
        let mut queue = std::collections::VecDeque::new();
        let (mut waiting, mut longest, mut served, mut refused) = (WaitingTime::default(), ms(0), 0, 0);
        let mut now = start;
        waiting.passed(now, &LIMITS);
        while now < start + span {
            for _ in queue.len()..wanted {
                let first_waited = queue.front().map_or(ms(0), |since| now - *since);
                if waiting.refuses(queue.len(), first_waited, now, &LIMITS) {
                    refused += 1;
                    break;
                }
                queue.push_back(now);
            }
            now += pace * at_once;
            for _ in 0..at_once {
                let Some(since) = queue.pop_front() else { break };
                waiting.left(now - since, now, &LIMITS);
                served += 1;
                if now > start + ms(1000) {
                    longest = longest.max(now - since);
                }
            }
        }
        (longest, served, refused)
    }

    #[test]
    fn sixty_four_clients_of_a_quick_answer_are_never_refused() {
        let (longest, _, refused) = simulate(ms(1), 1, 64, ms(5_000));
        assert!(refused == 0 && longest <= ms(64), "{longest:?} {refused}");
    }

    #[test]
    fn in_an_overload_waits_stay_at_the_target_and_the_queue_never_runs_dry() {
        // 200 clients of 20 ms on eight workers.
        for at_once in [1, 3, 8, 16] {
            let (longest, served, refused) = simulate(Duration::from_micros(2_500), at_once, 192, ms(5_000));
            assert!(refused > 0 && longest <= ms(200), "{at_once}: {longest:?} {refused}");
            assert!(served >= 1_980, "{at_once}: {served} of 2,000, one every 2.5 ms");
        }
    }

    #[test]
    fn where_nothing_moves_new_requests_are_refused_at_the_door() {
        let start = Instant::now();
        let mut waiting = WaitingTime::default();
        waiting.passed(start, &LIMITS);
        for (waited, refused) in [(0, false), (99, false), (199, false), (200, true), (249, true), (251, true)] {
            assert_eq!(waiting.refuses(8, ms(waited), start + ms(waited), &LIMITS), refused, "{waited}");
        }
    }

    #[test]
    fn a_machine_that_stands_still_for_a_moment_refuses_nobody() {
        let start = Instant::now();
        let mut waiting = WaitingTime::default();
        waiting.passed(start, &LIMITS);
        // Sixty-four clients, one of whom is served each millisecond and asks again; between two of them the machine pauses.
        let mut queue: std::collections::VecDeque<Instant> = std::iter::repeat_n(start, 64).collect();
        let mut now = start;
        for number in 0..2_000 {
            now += ms(if number % 400 == 200 { 600 } else { 1 });
            let since = queue.pop_front().unwrap();
            waiting.left(now - since, now, &LIMITS);
            let first_waited = now - *queue.front().unwrap();
            assert!(!waiting.refuses(queue.len(), first_waited, now, &LIMITS), "{number}");
            queue.push_back(now);
        }
        assert!(!waiting.is_overloaded());
    }

    #[test]
    fn work_that_has_become_slow_is_known_to_be_so() {
        let start = Instant::now();
        let mut waiting = WaitingTime::default();
        waiting.passed(start, &LIMITS);
        let mut now = start;
        for pace in [ms(1); 50].into_iter().chain([ms(20); 60]) {
            now += pace;
            waiting.left(ms(50), now, &LIMITS);
        }
        assert!(waiting.refuses(15, ms(0), now, &LIMITS), "15 places at 20 ms");
        assert!(!waiting.refuses(4, ms(0), now, &LIMITS));
    }

    #[test]
    fn an_overload_ends_after_an_interval_of_short_waits() {
        let start = Instant::now();
        let mut waiting = WaitingTime::default();
        waiting.passed(start, &LIMITS);
        for number in 1..=100 {
            waiting.left(ms(150), start + ms(2 * number), &LIMITS);
        }
        assert!(waiting.refuses(60, ms(0), start + ms(200), &LIMITS), "60 places at 2 ms");
        assert!(!waiting.refuses(20, ms(0), start + ms(200), &LIMITS), "20 places take 42 ms");
        // A wait above half of the target begins the interval anew.
        for at in (202..=350).step_by(2) {
            let waited = if at == 250 { ms(60) } else { ms(40) };
            waiting.left(waited, start + ms(at), &LIMITS);
        }
        assert!(waiting.is_overloaded, "98 ms");
        waiting.left(ms(40), start + ms(352), &LIMITS);
        assert!(!waiting.is_overloaded);
        assert!(!waiting.refuses(60, ms(0), start + ms(352), &LIMITS));
        assert!(waiting.refuses(150, ms(0), start + ms(352), &LIMITS), "300 ms are never waited");
    }
}
