//! A clock that the demonstration moves, until it is over and the time of the machine goes on.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use jpauto::Clock;

/// Microseconds of the time shown, or [`LIVE`].
#[derive(Clone, Debug)]
pub(super) struct MovedClock(Arc<AtomicI64>);

const LIVE: i64 = i64::MIN;

impl MovedClock {
    /// A clock at this time.
    pub(super) fn at(time: DateTime<Utc>) -> Self {
        Self(Arc::new(AtomicI64::new(time.timestamp_micros())))
    }

    /// Moves it to this time.
    pub(super) fn set(&self, time: DateTime<Utc>) {
        self.0.store(time.timestamp_micros(), Ordering::Relaxed);
    }

    /// Lets it show the machine's time from now on.
    pub(super) fn go_live(&self) {
        self.0.store(LIVE, Ordering::Relaxed);
    }

    /// The clock as the library takes it.
    pub(super) fn for_library(&self) -> Clock {
        let shown = Arc::clone(&self.0);
        Clock::from_fn(move || match shown.load(Ordering::Relaxed) {
            LIVE => Utc::now(),
            micros => DateTime::from_timestamp_micros(micros).unwrap_or_default(),
        })
    }
}
