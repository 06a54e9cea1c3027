//! What time it is, for the services; rules take the time as an argument and never ask.
//!
//! What is deliberately not here: sleeping and scheduling.

use std::{fmt, sync::Arc};

use chrono::{DateTime, SubsecRound as _, Utc};

/// Where the services take the time from.
///
/// ```
/// use jpauto::Clock;
///
/// let noon = "2026-03-01T12:00:00Z".parse()?;
/// assert_eq!(Clock::fixed(noon).now(), noon);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self::from_fn(Utc::now)
    }

    /// A clock that always shows one time, for tests and replays.
    #[must_use]
    pub fn fixed(time: DateTime<Utc>) -> Self {
        Self::from_fn(move || time)
    }

    /// A clock that asks the given function.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now in UTC, cut to microseconds because PostgreSQL keeps no more.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)().trunc_subsecs(6)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
