//! The gate between async code and the library. It runs a bounded number of calls at a time, on blocking threads.
//!
//! A request is admitted or refused at once, waits a bounded time for a worker, and is answered with 504 after a deadline.
//! Under overload, clients get a quick 503 instead of slower and slower answers: with 200 clients and work for 8, the
//! throughput stays the same and the rest is refused within a millisecond. Work that has started is not stopped; the
//! database's statement timeout ends it.

use std::{sync::Arc, time::Duration};

use jpauto::ErrorCode;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinError,
    time::timeout,
};

use crate::problem::Problem;

/// How much work is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GateLimits {
    /// Calls into the library at a time (8). The server lowers it to the number of database connections.
    pub workers: usize,
    /// Requests that may wait for a worker (16). A longer queue only makes every answer slower.
    pub queue: usize,
    /// How long a request waits for a worker (500 ms) before it is refused.
    pub queue_wait: Duration,
    /// How long a request waits for its answer (40 s). This is longer than the database's statement timeout, and shorter than
    /// the usual timeout of a proxy.
    pub deadline: Duration,
    /// `Retry-After` for a refused client (1 s).
    pub retry_after: Duration,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            workers: 8,
            queue: 16,
            queue_wait: Duration::from_millis(500),
            deadline: Duration::from_secs(40),
            retry_after: Duration::from_secs(1),
        }
    }
}

/// Admits work within the limits.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: GateLimits,
    /// One permit for each worker and each place in the queue.
    places: Arc<Semaphore>,
    workers: Arc<Semaphore>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shut {
    /// The work did not start: no place in the queue, or no worker in time.
    Full { retry_after: Duration },
    /// The work started and did not finish in time. It may still finish.
    Overdue,
    /// The work started and panicked.
    Panicked,
}

impl Gate {
    pub(crate) fn new(limits: GateLimits) -> Self {
        let workers = limits.workers.max(1);
        Self {
            limits,
            places: Arc::new(Semaphore::new(workers.saturating_add(limits.queue).min(Semaphore::MAX_PERMITS))),
            workers: Arc::new(Semaphore::new(workers.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Runs blocking work on a thread of its own.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Shut> {
        let permits = self.admit().await.ok_or(Shut::Full { retry_after: self.limits.retry_after })?;
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            // The permits are moved into the closure: the slot stays taken until the work ends, even if the client goes away
            // or the deadline passes.
            let _permits = permits;
            span.in_scope(work)
        });
        match timeout(self.limits.deadline, task).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(reason)) => Err(told_by(&reason)),
            Err(_elapsed) => Err(Shut::Overdue),
        }
    }

    async fn admit(&self) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let worker = timeout(self.limits.queue_wait, Arc::clone(&self.workers).acquire_owned()).await.ok()?.ok()?;
        Some((place, worker))
    }
}

fn told_by(reason: &JoinError) -> Shut {
    // The panic hook has printed the text. It may contain anything, so it is not repeated.
    tracing::error!(panicked = reason.is_panic(), "work inside the gate did not end well");
    Shut::Panicked
}

impl From<Shut> for Problem {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Full { retry_after } => Self::overloaded(retry_after),
            Shut::Overdue => {
                Self::new(ErrorCode::DeadlinePassed, "the answer took too long; whether the work was done is not known")
            }
            Shut::Panicked => Self::internal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Instant};

    use super::*;

    fn gate(workers: usize, queue: usize, deadline: Duration) -> Arc<Gate> {
        let queue_wait = Duration::from_millis(50);
        Arc::new(Gate::new(GateLimits { workers, queue, queue_wait, deadline, ..GateLimits::default() }))
    }

    const LONG: Duration = Duration::from_secs(10);

    /// Occupies a worker until the sender is dropped.
    async fn occupy(gate: &Arc<Gate>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), Shut>>) {
        let (free, freed) = mpsc::channel::<()>();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let gate = Arc::clone(gate);
        let task = tokio::spawn(async move {
            gate.run(move || {
                begun.send(()).unwrap();
                assert!(freed.recv().is_err(), "the sender is dropped, not used");
            })
            .await
        });
        has_begun.await.unwrap();
        (free, task)
    }

    #[tokio::test]
    async fn what_finds_no_place_is_refused_at_once_and_what_finds_no_worker_after_the_wait() {
        let gate = gate(1, 1, LONG);
        let (free, working) = occupy(&gate).await;
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.run(|| ()).await }
        });
        while gate.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let began = Instant::now();
        let refused = gate.run(|| ()).await;
        assert_eq!(refused, Err(Shut::Full { retry_after: Duration::from_secs(1) }));
        assert!(began.elapsed() < Duration::from_millis(40), "{:?}", began.elapsed());
        assert!(matches!(waiting.await.unwrap(), Err(Shut::Full { .. })), "the queue's wait has passed");
        drop(free);
        assert_eq!(working.await.unwrap(), Ok(()));
        assert_eq!(gate.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_slot_stays_taken_after_the_deadline_until_the_work_has_ended() {
        let gate = gate(1, 0, Duration::from_millis(50));
        let (free, overdue) = occupy(&gate).await;
        assert_eq!(overdue.await.unwrap(), Err(Shut::Overdue));
        assert!(matches!(gate.run(|| ()).await, Err(Shut::Full { .. })));
        drop(free);
        while gate.workers.available_permits() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(gate.run(|| ()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_slot_stays_taken_when_the_client_goes_away() {
        let gate = gate(1, 0, LONG);
        let (free, gone) = occupy(&gate).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        assert!(matches!(gate.run(|| ()).await, Err(Shut::Full { .. })));
        drop(free);
        while gate.workers.available_permits() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(gate.run(|| ()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_panic_is_told_as_such_and_frees_the_slot() {
        let gate = gate(1, 0, LONG);
        for _ in 0..3 {
            assert_eq!(gate.run(|| panic!("a fault")).await, Err::<(), _>(Shut::Panicked));
        }
        assert_eq!(gate.run(|| ()).await, Ok(()));
    }
}
