//! How many reads of one client are answered in a span of time, where the operator wants such a limit.
//!
//! Each read adds its part of the span to what the client has used, and what is used goes with time. So a client may read as often as
//! that at once, and then at an even pace: the generic cell rate algorithm. A refused read adds nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use jpauto::ErrorCode;

use crate::{fair_queue::Client, problem::Problem};

/// How much one client may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadLimits {
    /// Reads of one client in `window` (0, which is no limit). More are refused with 429 and `Retry-After`. Photos of a folder count, too.
    /// Health, the documents of the API and signing in do not.
    pub most: u32,
    /// The span of time (1 min).
    pub window: Duration,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { most: 0, window: Duration::from_secs(60) }
    }
}

/// From so many clients on, those who have used nothing are looked for and forgotten.
const MANY: usize = 1_024;

/// What each client has used.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    limits: ReadLimits,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    /// Until when what the client has used is gone.
    until: HashMap<Client, Instant>,
    /// The number of clients at which they are looked for next.
    look_at: usize,
}

impl Reads {
    pub(crate) fn new(limits: ReadLimits) -> Self {
        Self { limits, used: Mutex::default() }
    }

    /// Whether there is a limit.
    pub(crate) fn are_limited(&self) -> bool {
        self.limits.most > 0
    }

    /// Counts a read of the client.
    ///
    /// # Errors
    /// `too_many_requests`, with the time to wait.
    pub(crate) fn count(&self, client: Client, now: Instant) -> Result<(), Problem> {
        let ReadLimits { most, window } = self.limits;
        let Some(one) = window.checked_div(most) else { return Ok(()) };
        // No code panics while it holds the lock.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.forget(now);
        let until = used.until.get(&client).copied().unwrap_or(now).max(now) + one;
        let over = until.saturating_duration_since(now).saturating_sub(window);
        if over > Duration::ZERO {
            return Err(Problem::too_many_requests(over));
        }
        used.until.insert(client, until);
        Ok(())
    }
}

impl Used {
    /// Forgets the clients that have used nothing. Their number is looked at seldom: when it has doubled.
    fn forget(&mut self, now: Instant) {
        if self.until.len() >= self.look_at.max(MANY) {
            self.until.retain(|_, until| *until > now);
            self.look_at = 2 * self.until.len();
        }
    }
}

impl Problem {
    /// 429 for a client that has asked too often.
    fn too_many_requests(wait: Duration) -> Self {
        Self::new(ErrorCode::TooManyRequests, "this client has read more than it may for now").retry_after(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(most: u32, seconds: u64) -> Reads {
        Reads::new(ReadLimits { most, window: Duration::from_secs(seconds) })
    }

    #[test]
    fn a_client_reads_as_often_as_it_may_and_then_at_an_even_pace() {
        let (reads, start) = (limited(10, 20), Instant::now());
        let [one, another] = [1, 2].map(Client::Session);
        let at = |seconds| start + Duration::from_secs(seconds);
        let read = |client, seconds| (0..50).take_while(|_| reads.count(client, at(seconds)).is_ok()).count();
        assert_eq!([read(one, 0), read(another, 0), read(one, 1), read(one, 2)], [10, 10, 0, 1]);
        assert_eq!([read(one, 12), read(one, 1_000)], [5, 10], "nothing is saved up beyond the span");
        let refused = reads.count(one, at(1_000)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::TooManyRequests);
        let answer = refused.into_document("id");
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "2"));
    }

    #[test]
    fn without_a_limit_nothing_is_counted_and_with_one_little_is_kept() {
        let (open, start) = (Reads::default(), Instant::now());
        assert!(!open.are_limited() && (0..1_000).all(|_| open.count(Client::Crowd, start).is_ok()));
        let reads = limited(60, 60);
        for number in 0..100_000 {
            let now = start + Duration::from_millis(number);
            assert!(reads.count(Client::Session(number), now).is_ok());
        }
        assert!(reads.used.lock().unwrap().until.len() <= 4 * MANY, "each has used one second");
    }
}
