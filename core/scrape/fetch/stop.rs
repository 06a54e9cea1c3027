//! Ends work from another thread, during any of its waits.
//!
//! What is deliberately not here: deadlines, which each wait knows itself.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// A request to stop: made once, seen by every thread that shares it.
#[derive(Debug, Default)]
pub struct Stop {
    asked: Mutex<bool>,
    heard: Condvar,
}

/// A stop that is never requested, for calls that end only by their deadline.
pub(crate) static NEVER: Stop = Stop { asked: Mutex::new(false), heard: Condvar::new() };

impl Stop {
    /// Asks every thread to stop, and wakes those that wait.
    pub fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.heard.notify_all();
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the span to pass, or until somebody asks.
    pub fn sleep(&self, span: Duration) {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // The caller checks `is_asked` afterwards.
        drop(self.heard.wait_timeout_while(asked, span, |asked| !*asked));
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Instant};

    use super::*;

    #[test]
    fn whoever_sleeps_wakes_up_when_asked_to_stop() {
        let (stop, started) = (Stop::default(), Instant::now());
        thread::scope(|scope| {
            scope.spawn(|| stop.sleep(Duration::from_secs(60)));
            thread::sleep(Duration::from_millis(20));
            stop.ask();
        });
        stop.sleep(Duration::from_secs(60));
        assert!(stop.is_asked() && started.elapsed() < Duration::from_secs(20));
    }
}
