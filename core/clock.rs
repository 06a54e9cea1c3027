//! The current time, for the services. Rules take the time as an argument.

use std::{fmt, sync::Arc};

use chrono::{DateTime, SubsecRound as _, Utc};

/// The source of the time for the services.
///
/// ```
/// use jpauto::Clock;
///
/// let noon = "2026-03-01T12:00:00Z".parse()?;
/// assert_eq!(Clock::fixed(noon).now(), noon);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    Machine,
    Function(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>),
}

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::Machine)
    }

    /// A clock that stands still at one time, for tests and replays.
    #[must_use]
    pub fn fixed(time: DateTime<Utc>) -> Self {
        Self::from_fn(move || time)
    }

    /// A clock that calls the given function.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Source::Function(Arc::new(now)))
    }

    /// The current time in UTC, cut to microseconds because PostgreSQL stores no more.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::Machine => Utc::now(),
            Source::Function(now) => now(),
        }
        .trunc_subsecs(6)
    }

    /// Whether it is the clock of the machine, in whose place the database server's may be asked.
    #[cfg(feature = "postgres")]
    pub(crate) fn is_of_the_machine(&self) -> bool {
        matches!(self.0, Source::Machine)
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

/// The processor time of this thread so far, which a busy machine does not lengthen. Zero where the system does not tell.
#[cfg(test)]
pub(crate) fn processor_time() -> std::time::Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    std::time::Duration::from_nanos(nanos.unwrap_or_default())
}
