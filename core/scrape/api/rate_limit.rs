//! A service's limit of calls a second, shared by all threads of the process.
//!
//! What is deliberately not here: other processes with the same key. Where they are too fast together, the service answers
//! 429, and [`RateLimit::hold_off`] makes this process wait.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::scrape::fetch::{pace::Timing, stop};

/// Hands out the times at which calls may be made, evenly spaced.
pub(super) struct RateLimit {
    timing: Arc<dyn Timing>,
    gap: Duration,
    next: Mutex<Instant>,
}

/// The call could be made only after the deadline: how long it would have to wait.
#[derive(Debug)]
pub(super) struct TooLate(pub(super) Duration);

impl RateLimit {
    pub(super) fn new(calls_a_second: u32, timing: Arc<dyn Timing>) -> Self {
        let gap = Duration::from_secs(1) / calls_a_second.max(1);
        let next = Mutex::new(timing.now());
        Self { timing, gap, next }
    }

    /// Waits until this caller may call.
    pub(super) fn wait(&self, deadline: Instant) -> Result<(), TooLate> {
        let now = self.timing.now();
        let wait = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(now);
            if turn > deadline {
                return Err(TooLate(turn - now));
            }
            *next = turn + self.gap;
            turn - now
        };
        if !wait.is_zero() {
            self.timing.sleep(wait, &stop::NEVER);
        }
        Ok(())
    }

    /// Lets no call be made before the span has passed.
    pub(super) fn hold_off(&self, span: Duration) {
        let until = self.timing.now() + span;
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(until);
    }
}
