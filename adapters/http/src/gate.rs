//! The gate between async code and the library. It runs a bounded number of calls at a time, on blocking threads.
//!
//! A request runs at once, waits a bounded time, or is refused, and it is answered with 504 after a deadline. How long it may
//! wait is decided in `admission`. Offers of the public and writes of the staff have places of their own, so that visitors who
//! browse can not keep them out. Work that may take seconds has places of its own and no others, so that it keeps nobody out.
//! Within a kind of work, workers are shared out among clients (`fair_queue`), and some are kept for reads of those who have none: a
//! client whose reads take long may have all the others for as long as they take. Work that has started is not stopped; the
//! database's statement timeout ends it.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jpauto::ErrorCode;
use tokio::{
    sync::oneshot::{self, error::RecvError},
    time::timeout,
};

use crate::{
    admission::WaitLimits,
    fair_queue::{Client, FairQueue, Waiting, Whose},
    problem::Problem,
};

/// How much work is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GateLimits {
    /// Calls into the library at a time (8). The server lowers it to the number of database connections, and further where reads at
    /// these and at spare workers would need more connections than there are.
    pub workers: usize,
    /// Workers that only writes without credentials use, which are offers of the public (1).
    pub offers: usize,
    /// Workers that only writes of callers with credentials use (1).
    pub writes: usize,
    /// Workers beside these that only requests use which may take seconds, such as those that look at a website (4). Most of them hold a
    /// connection for moments only. The server lowers it to half of the connections.
    pub long: usize,
    /// Workers beside these that reads use whose client has no other worker (2), so that one client, whatever it asks for, keeps no
    /// other out. The last of them is for the public's reads by an id and the first page of its list, which are made for many clients
    /// together. The server lowers it to half of the database connections.
    pub spare: usize,
    /// The wait for a worker that may last (100 ms). This and `longest_wait` are of reads and of work that may take seconds.
    pub target_wait: Duration,
    /// How long the wait may stay above the target (100 ms). After that the server is overloaded, and requests that would wait
    /// longer than the target are refused at once.
    pub overload_after: Duration,
    /// The longest wait for a worker in an overload (250 ms). Where the machine or the database stands still for a moment, a request
    /// waits up to four times as long.
    pub longest_wait: Duration,
    /// How many times longer writes wait than reads (4). What is written waits for the disk, one after the other on SQLite, and its
    /// client rather waits a second than sends it again.
    pub write_patience: u32,
    /// Requests of one client and kind that may wait at a time (1,024).
    pub queue: usize,
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
            offers: 1,
            writes: 1,
            long: 4,
            spare: 2,
            target_wait: Duration::from_millis(100),
            overload_after: Duration::from_millis(100),
            longest_wait: Duration::from_millis(250),
            write_patience: 4,
            queue: 1_024,
            deadline: Duration::from_secs(40),
            retry_after: Duration::from_secs(1),
        }
    }
}

/// What kind of work a request is. Each kind has a queue of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Reads.
    #[default]
    Reads,
    /// Writes without credentials: offers of the public.
    Offers,
    /// Writes of callers with credentials.
    Writes,
    /// What may take seconds.
    Long,
}

/// How many times the longest wait of an overload a request waits where nothing moves for a moment.
const IN_A_STALL: u32 = 4;

const LANES: [Lane; 4] = [Lane::Reads, Lane::Offers, Lane::Writes, Lane::Long];

impl GateLimits {
    /// How much runs at a time, of all kinds together.
    pub(crate) fn threads(&self) -> usize {
        self.workers.saturating_add(self.long).saturating_add(self.spare)
    }

    /// The same for a database with so many connections. A call holds one while it runs, so more reads than connections would only wait, with
    /// a thread each. Offers, writes and long work seldom hold one, so they may come on top of reads.
    pub(crate) fn fitting(mut self, connections: usize) -> Self {
        let connections = connections.max(1);
        let half = connections / 2;
        (self.spare, self.long) = (self.spare.min(half), self.long.min(half.max(1)));
        let kept = self.offers.saturating_add(self.writes);
        let with_spare = (connections - self.spare).saturating_add(kept);
        self.workers = self.workers.min(connections).min(with_spare);
        self
    }

    /// How many times longer requests of the lane wait than reads.
    fn patience(&self, lane: Lane) -> u32 {
        match lane {
            Lane::Reads | Lane::Long => 1,
            Lane::Offers | Lane::Writes => self.write_patience,
        }
    }
}

impl Lane {
    /// Whether it may take the workers that are for all.
    fn shares(self) -> bool {
        self != Self::Long
    }

    /// The lanes with their names in the metrics.
    pub(crate) const NAMED: [(Self, &'static str); LANES.len()] =
        [(Self::Reads, "reads"), (Self::Offers, "offers"), (Self::Writes, "writes"), (Self::Long, "long")];
}

/// What the gate does at one moment. The arrays are by lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GateState {
    pub(crate) workers: usize,
    pub(crate) free: usize,
    pub(crate) waiting: [usize; LANES.len()],
    /// Since the start.
    pub(crate) refused: [u64; LANES.len()],
}

/// A worker's place: for one kind of work, for all, or for reads of clients that have no other.
#[derive(Clone, Copy, Debug)]
enum Place {
    Of(Lane),
    Shared,
    Spare,
}

/// Admits work within the limits.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limits: GateLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: usize,
    free_of: [usize; LANES.len()],
    spares: Spares,
    queues: [FairQueue<Waiter>; LANES.len()],
    refused: [u64; LANES.len()],
}

/// The places for reads of clients that have no other.
#[derive(Clone, Copy, Debug, Default)]
struct Spares {
    free: usize,
    /// Places that only the crowd takes.
    of_crowd: usize,
}

impl Spares {
    /// Whether one is free for the client. `workers` is how many it has already.
    fn may_serve(self, client: Client, workers: usize) -> bool {
        workers == 0 && self.free > if client == Client::Crowd { 0 } else { self.of_crowd }
    }

    /// Whose turn it is at one that is free.
    fn whose_turn(self) -> Option<Whose> {
        match self.free {
            0 => None,
            free if free > self.of_crowd => Some(Whose::OfThoseWithoutWorker),
            _ => Some(Whose::OfTheCrowdWithoutWorker),
        }
    }
}

/// A call of the library that is to be made. When it has ended it calls the function, and then tells the client.
type Work = Box<dyn FnOnce(&mut dyn FnMut()) + Send>;

struct Waiter {
    turn: Turn,
    work: Work,
}

impl Waiting for Waiter {
    fn is_given_up(&self) -> bool {
        self.turn.is_taken()
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter").finish_non_exhaustive()
    }
}

/// Work that has a worker.
struct Begun {
    place: Place,
    lane: Lane,
    client: Client,
    work: Work,
}

/// Belongs to whoever takes it first: the worker that begins the work, or the client that no longer waits for it.
#[derive(Clone, Default)]
struct Turn(Arc<AtomicBool>);

impl Turn {
    /// Whether this is the first to take it.
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    fn is_taken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Takes the turn of a client that goes away.
struct Leaving(Turn);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shut {
    /// The work did not start: it would have waited too long, or has.
    Full { retry_after: Duration },
    /// The work started and did not finish in time. It may still finish.
    Overdue,
    /// The work started and panicked.
    Panicked,
}

impl Gate {
    pub(crate) fn new(limits: GateLimits) -> Self {
        let workers = limits.workers;
        // At least one worker is for all.
        let offers = limits.offers.min(workers - 1);
        let writes = limits.writes.min(workers - 1 - offers);
        let mut state = State { free: workers - offers - writes, ..State::default() };
        state.free_of[Lane::Offers as usize] = offers;
        state.free_of[Lane::Writes as usize] = writes;
        state.free_of[Lane::Long as usize] = limits.long;
        state.spares = Spares { free: limits.spare, of_crowd: usize::from(limits.spare > 1) };
        Self { inner: Arc::new(Inner { limits, state: Mutex::new(state) }) }
    }

    /// Runs blocking work of the client on a thread of its own.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        client: Client,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Shut> {
        let GateLimits { deadline, longest_wait, retry_after, .. } = self.inner.limits;
        let longest_wait = longest_wait.saturating_mul(self.inner.limits.patience(lane));
        let (tell, mut told) = oneshot::channel();
        let span = tracing::Span::current();
        let work: Work = Box::new(move |ended| {
            let outcome = catch_unwind(AssertUnwindSafe(|| span.in_scope(work)));
            ended();
            // Nobody may wait for it any more.
            let _ = tell.send(outcome.map_err(|_panic| Shut::Panicked));
        });
        let turn = Turn::default();
        let entered = Inner::enter(&self.inner, lane, client, Instant::now(), &turn, work);
        let _leaving = Leaving(turn.clone());
        if entered == Entered::Waits {
            if let Ok(outcome) = timeout(longest_wait, &mut told).await {
                return answer(outcome);
            }
            let is_overloaded = self.inner.state().queues[lane as usize].is_overloaded(client);
            if !is_overloaded && let Ok(outcome) = timeout(longest_wait.saturating_mul(IN_A_STALL - 1), &mut told).await
            {
                return answer(outcome);
            }
        }
        // A worker may have taken the turn in the last moment.
        if entered == Entered::Refused || (entered == Entered::Waits && turn.take()) {
            self.inner.state().refused[lane as usize] += 1;
            return Err(Shut::Full { retry_after });
        }
        match timeout(deadline, told).await {
            Ok(outcome) => answer(outcome),
            Err(_elapsed) => Err(Shut::Overdue),
        }
    }

    /// What it does now.
    pub(crate) fn now(&self) -> GateState {
        let state = self.inner.state();
        GateState {
            workers: self.inner.limits.threads(),
            free: state.free + state.spares.free + state.free_of.iter().sum::<usize>(),
            waiting: state.queues.each_ref().map(FairQueue::len),
            refused: state.refused,
        }
    }
}

/// What became of work that was brought to the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entered {
    Begins,
    Waits,
    Refused,
}

impl Inner {
    /// No code panics while it holds the lock, so what a panic elsewhere has left is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_limits(&self, lane: Lane) -> WaitLimits {
        let GateLimits { target_wait, overload_after: interval, longest_wait, .. } = self.limits;
        let patience = self.limits.patience(lane);
        WaitLimits {
            target: target_wait.saturating_mul(patience),
            interval,
            most: longest_wait.saturating_mul(patience),
        }
    }

    /// Begins the work, puts it into the queue, or drops it where the queue refuses.
    fn enter(inner: &Arc<Self>, lane: Lane, client: Client, now: Instant, turn: &Turn, work: Work) -> Entered {
        let mut guard = inner.state();
        let (state, limits) = (&mut *guard, inner.wait_limits(lane));
        if !state.queues[lane as usize].has_waiting(client)
            && let Some(place) = state.take_place(lane, client)
        {
            state.queues[lane as usize].begin(client, now, &limits);
            drop(guard);
            Self::begin(inner, Begun { place, lane, client, work });
            return Entered::Begins;
        }
        let waiter = Waiter { turn: turn.clone(), work };
        match state.queues[lane as usize].enter(client, waiter, now, &limits, inner.limits.queue) {
            Ok(()) => Entered::Waits,
            Err(_refused) => Entered::Refused,
        }
    }

    /// Occupies a thread until nothing waits for its place. While something does, nobody needs to be woken for the next work. The place
    /// stays taken until the work ends, even if the client goes away or the deadline passes.
    fn begin(inner: &Arc<Self>, begun: Begun) {
        let inner = Arc::clone(inner);
        tokio::task::spawn_blocking(move || {
            let mut next = Some(begun);
            while let Some(Begun { place, lane, client, work }) = next.take() {
                work(&mut || next = Self::next_or_release(&inner, place, lane, client));
            }
        });
    }

    /// Work of the client has ended. Returns what may begin now.
    fn next_or_release(inner: &Arc<Self>, place: Place, lane: Lane, client: Client) -> Option<Begun> {
        let now = Instant::now();
        let mut guard = inner.state();
        let state = &mut *guard;
        state.queues[lane as usize].end(client);
        state.release(place);
        let next = state.next(now, inner)?;
        // Seldom more: a client that had a worker may take a spare one now.
        let more: Vec<_> = std::iter::from_fn(|| state.next(now, inner)).collect();
        drop(guard);
        more.into_iter().for_each(|begun| Self::begin(inner, begun));
        Some(next)
    }
}

impl State {
    /// A place for work of the client, where one is free.
    fn take_place(&mut self, lane: Lane, client: Client) -> Option<Place> {
        let workers = self.queues[lane as usize].workers_of(client);
        let place = if self.free_of[lane as usize] > 0 {
            Place::Of(lane)
        } else if self.free > 0 && lane.shares() {
            Place::Shared
        } else if lane == Lane::Reads && self.spares.may_serve(client, workers) {
            Place::Spare
        } else {
            return None;
        };
        self.occupy(place);
        Some(place)
    }

    fn occupy(&mut self, place: Place) {
        *self.free_at(place) -= 1;
    }

    fn release(&mut self, place: Place) {
        *self.free_at(place) += 1;
    }

    fn free_at(&mut self, place: Place) -> &mut usize {
        match place {
            Place::Of(lane) => &mut self.free_of[lane as usize],
            Place::Shared => &mut self.free,
            Place::Spare => &mut self.spares.free,
        }
    }

    /// The work that is to begin at a place that is free. The place is taken.
    fn next(&mut self, now: Instant, inner: &Inner) -> Option<Begun> {
        while let Some((place, lane, client)) = self.next_turn() {
            let queue = &mut self.queues[lane as usize];
            let Some(taken) = queue.take(client) else { continue };
            if taken.what.turn.take() {
                let Waiter { work, .. } = queue.serve(taken, now, &inner.wait_limits(lane));
                self.occupy(place);
                return Some(Begun { place, lane, client, work });
            }
            queue.forget_if_empty(client);
        }
        None
    }

    /// Whose turn it is, and at which place.
    fn next_turn(&mut self) -> Option<(Place, Lane, Client)> {
        for lane in LANES {
            if self.free_of[lane as usize] > 0
                && let Some((client, _)) = self.queues[lane as usize].next(Whose::Anybody)
            {
                return Some((Place::Of(lane), lane, client));
            }
        }
        if self.free > 0 {
            let sharing = LANES.into_iter().filter(|lane| lane.shares());
            let first = sharing.filter_map(|lane| Some((lane, self.queues[lane as usize].next(Whose::Anybody)?)));
            if let Some((lane, (client, _))) = first.min_by_key(|(_, (_, since))| *since) {
                return Some((Place::Shared, lane, client));
            }
        }
        let (client, _) = self.queues[Lane::Reads as usize].next(self.spares.whose_turn()?)?;
        Some((Place::Spare, Lane::Reads, client))
    }
}

fn answer<T>(outcome: Result<Result<T, Shut>, RecvError>) -> Result<T, Shut> {
    // Work that is dropped before it begins tells nothing: the server has ended.
    let outcome = outcome.unwrap_or(Err(Shut::Panicked));
    if let Err(Shut::Panicked) = &outcome {
        // The panic hook has printed the text. It may contain anything, so it is not repeated.
        tracing::error!("work inside the gate did not end well");
    }
    outcome
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
mod tests;
