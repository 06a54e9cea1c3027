//! Runs in the background: a bounded number of threads, each of which makes one run.
//!
//! At the end of the process the runs in hand have a while to finish. Then they are told to end, and those that do not are written
//! down as interrupted, so that the history is true when the process is gone.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{Run, StartedRun, Stop, rules::End, running::Account};
use crate::{
    error::{Error, ErrorCode, Result},
    ids::RunId,
};

/// How long a run that was told to end may take to reach its next step.
const LAST_STEP: Duration = Duration::from_secs(5);

/// Threads that make runs. Clones share them.
#[derive(Clone)]
pub struct RunPool(Arc<Inner>);

struct Inner {
    most: usize,
    on_end: Box<dyn Fn(&Run) + Send + Sync>,
    runs: Mutex<Runs>,
    ended: Condvar,
}

#[derive(Default)]
struct Runs {
    /// Places that are taken, those of runs that are about to begin included.
    places: usize,
    running: HashMap<RunId, (Arc<Account>, Arc<Stop>)>,
    is_closed: bool,
}

/// How the runs of a pool ended at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutDown {
    /// Runs that finished in time.
    pub finished: usize,
    /// Runs that were interrupted.
    pub interrupted: usize,
}

impl RunPool {
    /// A pool that makes at most so many runs at a time.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self::reporting(most, |_run| {})
    }

    /// The same, and it calls a function with each run that has ended.
    #[must_use]
    pub fn reporting(most: usize, on_end: impl Fn(&Run) + Send + Sync + 'static) -> Self {
        let (runs, ended) = (Mutex::default(), Condvar::new());
        Self(Arc::new(Inner { most: most.max(1), on_end: Box::new(on_end), runs, ended }))
    }

    /// How many runs are being made.
    #[must_use]
    pub fn running(&self) -> usize {
        self.0.runs().places
    }

    /// How many runs are made at a time at most.
    #[must_use]
    pub fn most(&self) -> usize {
        self.0.most
    }

    pub(super) fn is_full(&self) -> bool {
        let runs = self.0.runs();
        runs.is_closed || runs.places >= self.0.most
    }

    /// Begins a run where there is a place, and makes it on a thread.
    pub(super) fn make(&self, begin: impl FnOnce() -> Result<StartedRun>) -> Result<Run> {
        let mut place = self.take_place()?;
        let started = begin()?;
        let (run, id, account) = (started.run().clone(), started.run().id, Arc::clone(&started.account));
        let stop = Arc::<Stop>::default();
        self.0.runs().running.insert(id, (account, Arc::clone(&stop)));
        place.id = Some(id);
        let made = thread::Builder::new().name("jpauto-run-pool".to_owned()).spawn(move || {
            let outcome = started.work(&stop, &mut |_progress| ControlFlow::Continue(()));
            match &outcome {
                Ok(run) => (place.pool.on_end)(run),
                Err(error) => tracing::warn!(run = %id, %error, "the end of a run could not be written"),
            }
        });
        // Where no thread is given, the run is dropped with the closure and ends as interrupted.
        made.map_err(|reason| Error::new(ErrorCode::NoThread, "the system gives no thread").with_source(reason))?;
        Ok(run)
    }

    fn take_place(&self) -> Result<Place> {
        let mut runs = self.0.runs();
        if runs.is_closed || runs.places >= self.0.most {
            let message = format!("this process makes {} runs already, as many as it may", runs.places);
            return Err(Error::new(ErrorCode::RunsFull, message).with_retry_after(Duration::from_secs(5)));
        }
        runs.places += 1;
        Ok(Place { pool: Arc::clone(&self.0), id: None })
    }

    /// Begins no more runs, and waits for those that are being made: `patience` for them to finish, then some seconds for their next
    /// step. Runs that have not ended by then are written down as interrupted.
    pub fn shut_down(&self, patience: Duration) -> ShutDown {
        let at_first = {
            let mut runs = self.0.runs();
            runs.is_closed = true;
            runs.places
        };
        self.0.wait_until_idle(patience);
        let told = {
            let runs = self.0.runs();
            runs.running.values().for_each(|(_, stop)| stop.ask());
            runs.places
        };
        if told > 0 {
            self.0.wait_until_idle(LAST_STEP);
        }
        let left: Vec<_> = self.0.runs().running.values().map(|(account, _)| Arc::clone(account)).collect();
        for account in left {
            if let Err(error) = account.end(End::interrupted()) {
                tracing::warn!(run = %account.run.id, %error, "the end of a run could not be written");
            }
        }
        ShutDown { finished: at_first.saturating_sub(told), interrupted: told }
    }
}

impl std::fmt::Debug for RunPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunPool").field("most", &self.0.most).field("running", &self.running()).finish_non_exhaustive()
    }
}

impl Inner {
    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until_idle(&self, patience: Duration) {
        let end = Instant::now() + patience;
        let mut runs = self.runs();
        while runs.places > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            runs = self.ended.wait_timeout(runs, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A place of the pool. Dropped, it is free.
struct Place {
    pool: Arc<Inner>,
    id: Option<RunId>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut runs = self.pool.runs();
        runs.places -= 1;
        if let Some(id) = self.id {
            runs.running.remove(&id);
        }
        drop(runs);
        self.pool.ended.notify_all();
    }
}
