//! Whether the database can be reached, as those who make the pool's connections find it. It is told once when it goes away and once
//! when it is back, however often it is tried meanwhile.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::connection::ConnectError;

/// So long a database may be away before nobody waits for it any more: restarting it or its pooler takes about as long, and loses no reader.
const A_RESTART: Duration = Duration::from_secs(2);

/// How long nothing is told after something was. Where some connections can be made and others not, it would be told all the time.
const QUIET: Duration = Duration::from_secs(10);

/// What is known of the way to the database.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    away_since: Option<Instant>,
    /// Whether it was told that it is away, so that it is told when it is back.
    is_told: bool,
    told_at: Option<Instant>,
}

impl Reach {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no connection could be made for longer than a restart takes.
    pub(super) fn is_away(&self) -> bool {
        self.state().away_since.is_some_and(|since| since.elapsed() >= A_RESTART)
    }

    /// A connection was made.
    pub(super) fn connected(&self) {
        if self.state().connected(Instant::now()) {
            // As loud as what it ends.
            tracing::warn!("the database can be reached again");
        }
    }
}

impl State {
    /// Whether it is to be told that the database is away.
    fn failed(&mut self, now: Instant) -> bool {
        self.away_since.get_or_insert(now);
        let is_quiet = self.told_at.is_none_or(|told| now.saturating_duration_since(told) >= QUIET);
        let tells = !self.is_told && is_quiet;
        if tells {
            (self.is_told, self.told_at) = (true, Some(now));
        }
        tells
    }

    /// Whether it is to be told that it is back.
    fn connected(&mut self, now: Instant) -> bool {
        let tells = std::mem::take(&mut self.is_told);
        self.away_since = None;
        if tells {
            self.told_at = Some(now);
        }
        tells
    }
}

impl r2d2::HandleError<ConnectError> for Reach {
    fn handle_error(&self, reason: ConnectError) {
        if self.state().failed(Instant::now()) {
            // The text of a connection error names the host and the user, but never the password.
            tracing::error!(%reason, "the database cannot be reached; it is tried until it is back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_and_its_end_once() {
        let (mut state, start) = (State::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!state.connected(at(0)), "nothing was told that would be over");
        assert!(state.failed(at(1)));
        assert!((2..600).all(|second| !state.failed(at(second))));
        assert_eq!(state.away_since, Some(at(1)));
        assert!(state.connected(at(600)) && state.away_since.is_none());
        assert!(!state.connected(at(600)));
        // Some connections can be made and others not.
        let told = (601..640).filter(|second| state.failed(at(*second)) | state.connected(at(*second))).count();
        assert!(told <= 4, "{told} times in 40 s");
        assert!(state.failed(at(700)) && state.connected(at(701)));
    }
}
