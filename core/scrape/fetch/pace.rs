//! When the next request may be made: one at a time a host, a pause after each, and the waits before another try.
//!
//! What is deliberately not here: fairness between the threads that wait for one host; each has its own deadline.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::stop::Stop;

/// Where time comes from and how it is passed, so that tests need not wait.
pub(crate) trait Timing: Send + Sync {
    fn now(&self) -> Instant;
    /// The time of day, for `Retry-After` with a date.
    fn time_of_day(&self) -> DateTime<Utc>;
    /// Waits for the span to pass, or until somebody asks to stop.
    fn sleep(&self, span: Duration, stop: &Stop);
}

/// The machine's own time.
pub(crate) struct RealTime;

impl Timing for RealTime {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn time_of_day(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn sleep(&self, span: Duration, stop: &Stop) {
        stop.sleep(span);
    }
}

/// More hosts than this are not remembered at once, unless they are in use.
const MOST_HOSTS: usize = 4096;

/// How often a wait that cannot be woken up looks whether it is to stop.
pub(crate) const STOP_CHECK: Duration = Duration::from_millis(25);

/// A pause is cut to this. No scrape takes longer, and adding a huge span to an `Instant` would overflow.
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);

/// The hosts that were spoken to, each with the time from which it may be spoken to again.
pub(crate) struct Hosts {
    timing: Arc<dyn Timing>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

#[derive(Default)]
struct Host {
    state: Mutex<HostState>,
    freed: Condvar,
}

#[derive(Default)]
struct HostState {
    in_use: bool,
    not_before: Option<Instant>,
}

impl Host {
    fn locked(&self) -> MutexGuard<'_, HostState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why it will not be this caller's turn.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoTurn {
    /// The deadline would pass first.
    TooLate,
    /// Somebody asked to stop.
    Stopped,
}

impl Hosts {
    pub(crate) fn new(timing: Arc<dyn Timing>) -> Self {
        Self { timing, hosts: Mutex::default() }
    }

    /// Waits until nobody else speaks to the host and its pause is over; the host is this caller's until the turn is dropped.
    pub(crate) fn turn(&self, host: &str, deadline: Instant, stop: &Stop) -> Result<Turn, NoTurn> {
        let host = self.host(host);
        let mut state = host.locked();
        while state.in_use {
            let left = deadline.saturating_duration_since(self.timing.now());
            if left.is_zero() {
                return Err(NoTurn::TooLate);
            }
            if stop.is_asked() {
                return Err(NoTurn::Stopped);
            }
            state = host.freed.wait_timeout(state, left.min(STOP_CHECK)).unwrap_or_else(PoisonError::into_inner).0;
        }
        let now = self.timing.now();
        let pause = state.not_before.map_or(Duration::ZERO, |start| start.saturating_duration_since(now));
        if now + pause > deadline {
            // This thread does not use the host, so it wakes the next one.
            host.freed.notify_one();
            return Err(NoTurn::TooLate);
        }
        state.in_use = true;
        drop(state);
        let turn = Turn { timing: Arc::clone(&self.timing), host };
        if !pause.is_zero() {
            self.timing.sleep(pause, stop);
        }
        // The turn is given back here, so that the next thread has the host.
        if stop.is_asked() { Err(NoTurn::Stopped) } else { Ok(turn) }
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MOST_HOSTS {
            let now = self.timing.now();
            hosts.retain(|_, host| {
                Arc::strong_count(host) > 1 || host.locked().not_before.is_some_and(|start| start > now)
            });
        }
        Arc::clone(hosts.entry(name.to_owned()).or_default())
    }
}

/// The right to speak to a host, given back when dropped.
pub(crate) struct Turn {
    timing: Arc<dyn Timing>,
    host: Arc<Host>,
}

impl Turn {
    /// No request goes to the host before the span has passed.
    pub(crate) fn pause(&self, span: Duration) {
        let until = self.timing.now() + span.min(LONGEST_PAUSE);
        let mut state = self.host.locked();
        state.not_before = state.not_before.max(Some(until));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.host.locked().in_use = false;
        self.host.freed.notify_one();
    }
}

/// Exponential backoff with full jitter: any time from zero to `first` doubled with each try, at most `longest`.
///
/// Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, where full jitter needed the fewest calls.
pub(crate) fn backoff(tries: u32, first: Duration, longest: Duration) -> Duration {
    let limit = first.saturating_mul(2_u32.saturating_pow(tries)).min(longest);
    limit.mul_f64(fastrand::f64())
}

/// The span of a `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3).
pub(crate) fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        for (value, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 01 Mar 2026 12:00:30 GMT", Some(30)),
            ("Sun, 01 Mar 2026 11:00:00 GMT", Some(0)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), expected.map(Duration::from_secs), "{value:?}");
        }
    }

    #[test]
    fn backoff_doubles_up_to_a_limit_and_spreads() {
        let (first, longest) = (Duration::from_secs(1), Duration::from_secs(30));
        for (tries, limit) in [(0, 1), (1, 2), (2, 4), (10, 30), (u32::MAX, 30)] {
            let waits: Vec<_> = (0..200).map(|_| backoff(tries, first, longest)).collect();
            let (least, most) = (*waits.iter().min().unwrap(), *waits.iter().max().unwrap());
            let limit = Duration::from_secs(limit);
            assert!(most <= limit && most > limit / 2 && least < limit / 2, "{tries}: {least:?} to {most:?}");
        }
    }
}
