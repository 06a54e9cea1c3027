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
    fair_queue::{Client, FairQueue, Waiting},
    problem::Problem,
};

/// How much work is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GateLimits {
    /// Calls into the library at a time (8). The server lowers it to the number of database connections.
    pub workers: usize,
    /// Workers that only writes without credentials use, which are offers of the public (1).
    pub offers: usize,
    /// Workers that only writes of callers with credentials use (1).
    pub writes: usize,
    /// Workers beside these that only requests use which may take seconds, such as those that look at a website (4).
    pub long: usize,
    /// Workers beside these that reads use whose client has no other worker (2), so that one client, whatever it asks for, keeps no
    /// other out. The last of them is for reads by an id, and for short pages of all vehicles, which are made for many clients together.
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
                && let Some((client, _)) = self.queues[lane as usize].next(|_, _| true)
            {
                return Some((Place::Of(lane), lane, client));
            }
        }
        if self.free > 0 {
            let sharing = LANES.into_iter().filter(|lane| lane.shares());
            let first = sharing.filter_map(|lane| Some((lane, self.queues[lane as usize].next(|_, _| true)?)));
            if let Some((lane, (client, _))) = first.min_by_key(|(_, (_, since))| *since) {
                return Some((Place::Shared, lane, client));
            }
        }
        let spares = self.spares;
        let (client, _) =
            self.queues[Lane::Reads as usize].next(|client, workers| spares.may_serve(client, workers))?;
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
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn gate(workers: usize, queue: usize, deadline: Duration) -> Gate {
        let longest_wait = Duration::from_millis(50);
        Gate::new(GateLimits {
            workers,
            queue,
            longest_wait,
            deadline,
            offers: 0,
            writes: 0,
            spare: 0,
            ..GateLimits::default()
        })
    }

    const LONG: Duration = Duration::from_secs(10);

    const SOMEBODY: Client = Client::Session(1);

    /// Occupies a worker until the sender is dropped.
    async fn occupy(gate: &Gate, lane: Lane) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), Shut>>) {
        let (free, freed) = mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let gate = gate.clone();
        let task = tokio::spawn(async move {
            gate.run(lane, SOMEBODY, move || {
                begun.send(()).unwrap();
                assert!(freed.recv().is_err(), "the sender is dropped, not used");
            })
            .await
        });
        has_begun.await.unwrap();
        (free, task)
    }

    fn waiting(gate: &Gate) -> usize {
        gate.inner.state().queues.iter().map(FairQueue::len).sum()
    }

    async fn until_free(gate: &Gate) {
        while gate.inner.state().free == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn what_finds_no_place_is_refused_at_once_and_what_finds_no_worker_after_the_wait() {
        let gate = gate(1, 1, LONG);
        let (free, working) = occupy(&gate, Lane::Reads).await;
        let waiter = tokio::spawn({
            let gate = gate.clone();
            async move { gate.run(Lane::Reads, SOMEBODY, || ()).await }
        });
        while waiting(&gate) == 0 {
            tokio::task::yield_now().await;
        }
        let began = Instant::now();
        let refused = gate.run(Lane::Reads, SOMEBODY, || ()).await;
        assert_eq!(refused, Err(Shut::Full { retry_after: Duration::from_secs(1) }));
        assert!(began.elapsed() < Duration::from_millis(40), "{:?}", began.elapsed());
        assert!(matches!(waiter.await.unwrap(), Err(Shut::Full { .. })), "the longest wait has passed");
        drop(free);
        assert_eq!(working.await.unwrap(), Ok(()));
        assert_eq!(gate.run(Lane::Reads, SOMEBODY, || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn offers_and_writes_pass_while_readers_wait() {
        let limits = GateLimits { workers: 3, longest_wait: LONG, ..GateLimits::default() };
        let gate = Gate::new(limits);
        let (free, reading) = occupy(&gate, Lane::Reads).await;
        let reader = tokio::spawn({
            let gate = gate.clone();
            async move { gate.run(Lane::Reads, SOMEBODY, || 1).await }
        });
        while waiting(&gate) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(gate.run(Lane::Offers, SOMEBODY, || 2).await, Ok(2));
        assert_eq!(gate.run(Lane::Writes, SOMEBODY, || 3).await, Ok(3));
        assert_eq!(waiting(&gate), 1, "the reader still waits");
        let (free_offers, offering) = occupy(&gate, Lane::Offers).await;
        let second_offer = tokio::spawn({
            let gate = gate.clone();
            async move { gate.run(Lane::Offers, SOMEBODY, || 4).await }
        });
        while waiting(&gate) == 1 {
            tokio::task::yield_now().await;
        }
        drop(free);
        assert_eq!((reading.await.unwrap(), reader.await.unwrap()), (Ok(()), Ok(1)), "the reader has waited longest");
        assert_eq!(second_offer.await.unwrap(), Ok(4), "then the shared worker takes the offer");
        drop(free_offers);
        assert_eq!(offering.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn long_work_keeps_nobody_out_and_is_kept_out_by_nobody() {
        let limits =
            GateLimits { workers: 1, long: 1, longest_wait: Duration::from_millis(50), ..GateLimits::default() };
        let gate = Gate::new(limits);
        let (free_long, long) = occupy(&gate, Lane::Long).await;
        assert_eq!(gate.run(Lane::Reads, SOMEBODY, || 1).await, Ok(1));
        let refused = gate.run(Lane::Long, SOMEBODY, || 2).await;
        assert!(matches!(refused, Err(Shut::Full { .. })), "its only place is taken, and others are not for it");
        drop(free_long);
        assert_eq!(long.await.unwrap(), Ok(()));
        let (free, reading) = occupy(&gate, Lane::Reads).await;
        assert_eq!(gate.run(Lane::Long, SOMEBODY, || 3).await, Ok(3));
        drop(free);
        assert_eq!(reading.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn one_client_that_floods_the_gate_keeps_no_other_out() {
        let gate = Gate::new(GateLimits { workers: 4, offers: 0, writes: 0, ..GateLimits::default() });
        let [flooding, another, third] = [1, 2, 3].map(|last| Client::Network([192, 0, 2, last].into()));
        let (free, freed) = mpsc::channel::<()>();
        let freed = Arc::new(Mutex::new(freed));
        let flood = |count: usize| -> Vec<_> {
            let slow = |_| {
                let (gate, freed) = (gate.clone(), Arc::clone(&freed));
                tokio::spawn(async move {
                    gate.run(Lane::Reads, flooding, move || assert!(freed.lock().unwrap().recv().is_err())).await
                })
            };
            (0..count).map(slow).collect()
        };
        let slow = flood(40);
        while waiting(&gate) < 36 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            gate.now().free,
            2 + 4,
            "it has all that are shared, and neither spare ones nor those for long work"
        );
        for round in 0..20 {
            // One alone, several of one client, and the crowd.
            let asked = [(another, 1), (another, 2), (another, 3), (third, 4), (Client::Crowd, 5), (Client::Crowd, 6)];
            let asked = asked.map(|(client, number)| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.run(Lane::Reads, client, move || number).await })
            });
            for (at, answer) in asked.into_iter().enumerate() {
                assert_eq!(answer.await.unwrap(), Ok(at + 1), "{round}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Those that waited are refused after a while: sooner in an overload, else after the wait of a stall.
        let began = Instant::now();
        while waiting(&gate) > 0 {
            assert!(began.elapsed() < LONG, "they wait for ever");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let refused = flood(40);
        drop(free);
        let mut outcomes = [0, 0];
        for task in slow.into_iter().chain(refused) {
            outcomes[usize::from(task.await.unwrap() == Ok(()))] += 1;
        }
        assert!(outcomes[0] >= 36 && outcomes[1] >= 4, "{outcomes:?}");
        assert_eq!(gate.run(Lane::Reads, flooding, || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_burst_waits_and_is_not_refused() {
        let gate = Gate::new(GateLimits { longest_wait: LONG, ..GateLimits::default() });
        let burst: Vec<_> = (0..64)
            .map(|number| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.run(Lane::Reads, SOMEBODY, move || number).await })
            })
            .collect();
        for (number, answer) in burst.into_iter().enumerate() {
            assert_eq!(answer.await.unwrap(), Ok(number));
        }
        assert_eq!(gate.inner.state().free, 6, "every place was given back");
    }

    #[tokio::test]
    async fn a_place_stays_taken_after_the_deadline_until_the_work_has_ended() {
        let gate = gate(1, 0, Duration::from_millis(50));
        let (free, overdue) = occupy(&gate, Lane::Reads).await;
        assert_eq!(overdue.await.unwrap(), Err(Shut::Overdue));
        assert!(matches!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Err(Shut::Full { .. })));
        drop(free);
        until_free(&gate).await;
        assert_eq!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_place_stays_taken_when_the_client_goes_away() {
        let gate = gate(1, 0, LONG);
        let (free, gone) = occupy(&gate, Lane::Reads).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        assert!(matches!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Err(Shut::Full { .. })));
        drop(free);
        until_free(&gate).await;
        assert_eq!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_client_that_leaves_the_queue_keeps_no_place() {
        let gate = gate(1, 8, LONG);
        let (free, working) = occupy(&gate, Lane::Reads).await;
        let impatient: Vec<_> = (0..3)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.run(Lane::Reads, SOMEBODY, || ()).await })
            })
            .collect();
        while waiting(&gate) < 3 {
            tokio::task::yield_now().await;
        }
        for one in impatient {
            one.abort();
            assert!(one.await.unwrap_err().is_cancelled());
        }
        drop(free);
        assert_eq!(working.await.unwrap(), Ok(()));
        until_free(&gate).await;
        assert_eq!(gate.run(Lane::Reads, SOMEBODY, || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_is_told_as_such_and_frees_the_place() {
        let gate = gate(1, 0, LONG);
        for _ in 0..3 {
            assert_eq!(gate.run(Lane::Reads, SOMEBODY, || panic!("a fault")).await, Err::<(), _>(Shut::Panicked));
        }
        assert_eq!(gate.run(Lane::Reads, SOMEBODY, || ()).await, Ok(()));
    }
}
