//! A bounded pool of threads that scrapes competitors, no two of them on one host at once.
//!
//! The caller's thread receives the events and calls the observer. A further thread renews the leases. A panic while one
//! competitor is scraped ends that scrape alone.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::{
    RecordReport,
    progress::{ScrapeEvent, ScrapeFailure, ScrapeProgress},
};
use crate::{
    error::{Error, ErrorCode, Result},
    ids::CompetitorId,
    scrape::{fetch::Stop, walk::Reached},
};

/// The longest time between two calls of the observer.
const TICK: Duration = Duration::from_millis(100);

/// The share of its work that a running scrape counts at most: its end is not known in advance.
const NEARLY_DONE: f64 = 0.95;

/// Called with each event; ends the run by breaking.
pub(super) type Observer<'a> = dyn FnMut(ScrapeProgress<'_>) -> ControlFlow<()> + 'a;

/// A competitor to be scraped.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: CompetitorId,
    pub(super) name: String,
    pub(super) host: String,
}

/// How a task ended.
pub(super) enum Outcome {
    Recorded(Box<RecordReport>),
    Failed(Error),
    /// Another process does it, or has done it.
    Skipped,
    /// It was stopped, and nothing is recorded.
    Stopped,
}

/// The error of a scrape that panicked.
pub(super) fn panicked() -> Error {
    Error::new(ErrorCode::ScrapePanicked, "the pages of this website made the reader fail")
}

/// The work of the pool, called from several threads.
pub(super) trait Work: Sync {
    /// Scrapes a competitor and records it.
    fn scrape(&self, task: &Task, stop: &Arc<Stop>, note: &mut dyn FnMut(Reached)) -> Outcome;

    /// Renews the leases of all running scrapes, and stops the scrapes that have lost one.
    fn renew_leases(&self) -> Result<()>;

    /// The time between two renewals.
    fn renew_every(&self) -> Duration;
}

/// How a run ended.
pub(super) struct Finished {
    /// Tasks not begun, or stopped with nothing recorded.
    pub(super) remaining: usize,
    /// Whether the observer ended the run.
    pub(super) stopped: bool,
}

/// Works through the tasks until none is left, the time is over, or the observer breaks.
///
/// # Errors
/// Where the system gives no thread at all.
pub(super) fn run(
    tasks: Vec<Task>,
    threads: usize,
    end: Option<Instant>,
    work: &dyn Work,
    observer: &mut Observer<'_>,
    keep: &mut dyn FnMut(&Task, Outcome),
) -> io::Result<Finished> {
    let total = tasks.len();
    let pool = WorkerPool::new(tasks, end);
    let mut tally = Tally::new(total);
    let (mut stopped, mut unfinished) = (false, 0);
    thread::scope(|scope| {
        // The scope waits for all threads, so they are stopped on every way out, a panic of the observer included.
        let _stop = StopOnDrop(&pool);
        let (sender, events) = mpsc::channel();
        for number in 0..threads.clamp(1, total.max(1)) {
            let (pool, sender) = (&pool, sender.clone());
            let builder = thread::Builder::new().name(format!("jpauto-scrape-{number}"));
            match builder.spawn_scoped(scope, move || pool.work(work, &sender)) {
                Ok(_) => {}
                // The threads that did start do all the work.
                Err(reason) if number > 0 => {
                    tracing::warn!(%reason, number, "fewer threads scrape than were asked for");
                }
                Err(reason) => return Err(reason),
            }
        }
        drop(sender);
        thread::Builder::new().name("jpauto-leases".to_owned()).spawn_scoped(scope, || pool.keep_leases(work))?;
        loop {
            let event = match events.recv_timeout(TICK) {
                Ok(event) => Some(event),
                Err(mpsc::RecvTimeoutError::Timeout) => None,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let go_on = tally.handle(event, observer, stopped, |task, outcome| {
                unfinished += usize::from(matches!(outcome, Outcome::Stopped));
                keep(task, outcome);
            });
            if go_on.is_break() && !stopped {
                stopped = true;
                pool.stop();
            }
        }
    })?;
    Ok(Finished { remaining: unfinished + pool.queue().waiting.len(), stopped })
}

enum Event {
    Reached(Arc<Task>, Reached),
    Ended(Arc<Task>, Outcome),
}

struct WorkerPool {
    queue: Mutex<Queue>,
    /// Notified when a host is free again, and when there is nothing more to do.
    changed: Condvar,
    end: Option<Instant>,
    /// Asked when the last task has ended.
    finished: Stop,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Task>,
    hosts_in_use: HashSet<String>,
    running: HashMap<CompetitorId, Arc<Stop>>,
    closed: bool,
}

impl WorkerPool {
    fn new(tasks: Vec<Task>, end: Option<Instant>) -> Self {
        let queue = Queue { waiting: tasks.into(), ..Queue::default() };
        Self { queue: Mutex::new(queue), changed: Condvar::new(), end, finished: Stop::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The work of one thread.
    fn work(&self, work: &dyn Work, events: &mpsc::Sender<Event>) {
        // The receiver lives until this thread has ended, so nothing is lost.
        let send = |event| drop(events.send(event));
        while let Some((task, stop)) = self.next() {
            let task = Arc::new(task);
            let mut note = |reached| send(Event::Reached(Arc::clone(&task), reached));
            let outcome = catch_unwind(AssertUnwindSafe(|| work.scrape(&task, &stop, &mut note)));
            let outcome = outcome.unwrap_or_else(|_panic| Outcome::Failed(panicked()));
            self.free_host(&task);
            send(Event::Ended(task, outcome));
        }
    }

    /// The next task whose host is not in use; waits where all are.
    fn next(&self) -> Option<(Task, Arc<Stop>)> {
        let mut queue = self.queue();
        loop {
            let time_left = self.end.map(|end| end.saturating_duration_since(Instant::now()));
            if queue.closed || queue.waiting.is_empty() || time_left.is_some_and(|left| left.is_zero()) {
                return None;
            }
            let free = queue.waiting.iter().position(|task| !queue.hosts_in_use.contains(&task.host));
            if let Some(task) = free.and_then(|at| queue.waiting.remove(at)) {
                let stop = Arc::<Stop>::default();
                queue.hosts_in_use.insert(task.host.clone());
                queue.running.insert(task.id, Arc::clone(&stop));
                return Some((task, stop));
            }
            queue = match time_left {
                Some(left) => self.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn free_host(&self, task: &Task) {
        let mut queue = self.queue();
        queue.hosts_in_use.remove(&task.host);
        queue.running.remove(&task.id);
        drop(queue);
        self.changed.notify_all();
    }

    /// Renews the leases until the pool is finished.
    fn keep_leases(&self, work: &dyn Work) {
        loop {
            self.finished.sleep(work.renew_every());
            if self.finished.is_asked() {
                return;
            }
            if let Err(reason) = work.renew_leases() {
                tracing::warn!(%reason, "the leases of running scrapes could not be renewed");
            }
        }
    }

    fn stop(&self) {
        let mut queue = self.queue();
        queue.closed = true;
        queue.running.values().for_each(|stop| stop.ask());
        drop(queue);
        self.changed.notify_all();
    }
}

struct StopOnDrop<'a>(&'a WorkerPool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
        self.0.finished.ask();
    }
}

/// The events so far, counted.
struct Tally {
    total: usize,
    done: usize,
    failed: usize,
    skipped: usize,
    listings: usize,
    running: HashMap<CompetitorId, Reached>,
    began: Instant,
}

impl Tally {
    fn new(total: usize) -> Self {
        Self { total, done: 0, failed: 0, skipped: 0, listings: 0, running: HashMap::new(), began: Instant::now() }
    }

    /// Counts an event and calls the observer, unless that has ended the run already.
    fn handle(
        &mut self,
        event: Option<Event>,
        observer: &mut Observer<'_>,
        is_over: bool,
        mut keep: impl FnMut(&Task, Outcome),
    ) -> ControlFlow<()> {
        let mut observe =
            |progress: ScrapeProgress<'_>| if is_over { ControlFlow::Continue(()) } else { observer(progress) };
        match event {
            None => observe(self.progress(ScrapeEvent::Waiting)),
            Some(Event::Reached(task, reached)) => {
                self.running.insert(task.id, reached);
                observe(self.progress(ScrapeEvent::Page {
                    competitor_id: task.id,
                    competitor: &task.name,
                    page: reached.pages,
                    listings: reached.listings,
                    total_claimed: reached.total_claimed,
                }))
            }
            Some(Event::Ended(task, outcome)) => {
                self.listings += self.running.remove(&task.id).map_or(0, |reached| reached.listings);
                let (go_on, outcome) = match outcome {
                    Outcome::Recorded(report) => {
                        self.done += 1;
                        (observe(self.progress(ScrapeEvent::Recorded(&report))), Outcome::Recorded(report))
                    }
                    Outcome::Failed(error) => {
                        self.failed += 1;
                        let failure = ScrapeFailure { competitor_id: task.id, competitor: task.name.clone(), error };
                        (observe(self.progress(ScrapeEvent::Failed(&failure))), Outcome::Failed(failure.error))
                    }
                    Outcome::Skipped => {
                        self.skipped += 1;
                        let event = ScrapeEvent::Skipped { competitor_id: task.id, competitor: &task.name };
                        (observe(self.progress(event)), Outcome::Skipped)
                    }
                    Outcome::Stopped => (ControlFlow::Continue(()), Outcome::Stopped),
                };
                keep(&task, outcome);
                go_on
            }
        }
    }

    fn progress<'e>(&self, event: ScrapeEvent<'e>) -> ScrapeProgress<'e> {
        ScrapeProgress {
            event,
            done: self.done,
            failed: self.failed,
            total: self.total,
            running: self.running.len(),
            listings: self.listings + self.running.values().map(|reached| reached.listings).sum::<usize>(),
            time_left: self.time_left(),
        }
    }

    /// Extrapolates the time so far. A finished competitor counts as one, a running one by its share of the claimed total.
    fn time_left(&self) -> Option<Duration> {
        let share = |reached: &Reached| match reached.total_claimed {
            Some(total) if total > 0 => (reached.listings as f64 / f64::from(total)).min(NEARLY_DONE),
            _ => 0.0,
        };
        let ended = (self.done + self.failed + self.skipped) as f64;
        let reached = ended + self.running.values().map(share).sum::<f64>();
        let factor = (self.total as f64 - reached).max(0.0) / reached;
        Duration::try_from_secs_f64(self.began.elapsed().as_secs_f64() * factor).ok()
    }
}

/// A counting semaphore: bounds how many threads use the database at a time. Waiting takes no connection and never times out.
pub(super) struct Semaphore {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Semaphore {
    pub(super) fn new(permits: usize) -> Self {
        Self { free: Mutex::new(permits.max(1)), freed: Condvar::new() }
    }

    /// Waits for a permit, which is held until the answer is dropped.
    pub(super) fn acquire(&self) -> impl Drop + use<'_> {
        struct Permit<'a>(&'a Semaphore);
        impl Drop for Permit<'_> {
            fn drop(&mut self) {
                *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                self.0.freed.notify_one();
            }
        }
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Permit(self)
    }
}
