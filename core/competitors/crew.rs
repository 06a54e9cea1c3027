//! A bounded crew of threads that scrapes competitors, no two of them on one host at once.
//!
//! The caller's own thread hears what happens and tells the observer; a thread beside it keeps the leases alive. Whatever one
//! competitor does, a panic of the code that reads its pages included, the others go on. What is deliberately not here: what
//! scraping one competitor means, the database, and who is due.

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

/// How often the observer is asked at least.
const TICK: Duration = Duration::from_millis(100);

/// A running scrape counts at most so far, because its end is not known before it is there.
const NEARLY_DONE: f64 = 0.95;

/// What the observer of a run is.
pub(super) type Observer<'a> = dyn FnMut(ScrapeProgress<'_>) -> ControlFlow<()> + 'a;

/// A competitor to be scraped.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: CompetitorId,
    pub(super) name: String,
    pub(super) host: String,
}

/// What became of it.
pub(super) enum Outcome {
    Recorded(Box<RecordReport>),
    Failed(Error),
    /// Somebody else does it, or has done it.
    Passed,
    /// It was stopped; nothing is recorded.
    Stopped,
}

/// What is said of a scrape that panicked.
pub(super) fn panicked() -> Error {
    Error::new(ErrorCode::ScrapePanicked, "the pages of this website made the reader fail")
}

/// What the crew does, called from several threads.
pub(super) trait Work: Sync {
    /// Scrapes a competitor and records it.
    fn scrape(&self, task: &Task, stop: &Arc<Stop>, note: &mut dyn FnMut(Reached)) -> Outcome;

    /// Shows that everybody is alive; the competitors that somebody else has taken over meanwhile.
    fn renew(&self) -> Result<Vec<CompetitorId>>;

    /// How long after each other that must be done.
    fn renew_every(&self) -> Duration;
}

/// How a run ended.
pub(super) struct Over {
    /// Tasks not begun, or stopped with nothing recorded.
    pub(super) remaining: usize,
    /// Whether the observer ended it.
    pub(super) stopped: bool,
}

/// Works off the tasks until there are none, the time is over, or the observer has had enough.
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
) -> io::Result<Over> {
    let total = tasks.len();
    let crew = Crew::new(tasks, end);
    let mut tally = Tally { total, began: Instant::now(), ..Tally::default() };
    let (mut stopped, mut unfinished) = (false, 0);
    thread::scope(|scope| {
        // However this ends, a panic of the observer included, nobody is waited for in vain.
        let _end = EndOfCrew(&crew);
        let (sender, events) = mpsc::channel();
        for number in 0..threads.clamp(1, total.max(1)) {
            let (crew, sender) = (&crew, sender.clone());
            let builder = thread::Builder::new().name(format!("jpauto-scrape-{number}"));
            match builder.spawn_scoped(scope, move || crew.work_off(work, &sender)) {
                Ok(_) => {}
                // Those that could be had do it.
                Err(reason) if number > 0 => {
                    tracing::warn!(%reason, number, "fewer threads scrape than were asked for");
                }
                Err(reason) => return Err(reason),
            }
        }
        drop(sender);
        thread::Builder::new().name("jpauto-leases".to_owned()).spawn_scoped(scope, || crew.stay_alive(work))?;
        loop {
            let event = match events.recv_timeout(TICK) {
                Ok(event) => Some(event),
                Err(mpsc::RecvTimeoutError::Timeout) => None,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let go_on = tally.tell(event, observer, stopped, |task, outcome| {
                unfinished += usize::from(matches!(outcome, Outcome::Stopped));
                keep(task, outcome);
            });
            if go_on.is_break() && !stopped {
                stopped = true;
                crew.stop();
            }
        }
    })?;
    Ok(Over { remaining: unfinished + crew.queue().waiting.len(), stopped })
}

enum Event {
    Reached(Arc<Task>, Reached),
    Ended(Arc<Task>, Outcome),
}

struct Crew {
    queue: Mutex<Queue>,
    /// A host is free again, or there is nothing more to do.
    changed: Condvar,
    end: Option<Instant>,
    /// Asked when the last task has ended.
    over: Stop,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Task>,
    hosts_in_use: HashSet<String>,
    running: HashMap<CompetitorId, Arc<Stop>>,
    closed: bool,
}

impl Crew {
    fn new(tasks: Vec<Task>, end: Option<Instant>) -> Self {
        let queue = Queue { waiting: tasks.into(), ..Queue::default() };
        Self { queue: Mutex::new(queue), changed: Condvar::new(), end, over: Stop::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one thread does.
    fn work_off(&self, work: &dyn Work, events: &mpsc::Sender<Event>) {
        // Whoever listens is there until this thread has ended.
        let tell = |event| drop(events.send(event));
        while let Some((task, stop)) = self.next() {
            let task = Arc::new(task);
            let mut note = |reached| tell(Event::Reached(Arc::clone(&task), reached));
            let outcome = catch_unwind(AssertUnwindSafe(|| work.scrape(&task, &stop, &mut note)));
            let outcome = outcome.unwrap_or_else(|_panic| Outcome::Failed(panicked()));
            self.give_back(&task);
            tell(Event::Ended(task, outcome));
        }
    }

    /// The next task whose host nobody speaks to, waiting for one where there is none.
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

    fn give_back(&self, task: &Task) {
        let mut queue = self.queue();
        queue.hosts_in_use.remove(&task.host);
        queue.running.remove(&task.id);
        drop(queue);
        self.changed.notify_all();
    }

    /// Keeps the leases until the crew is done, and stops whoever has lost theirs.
    fn stay_alive(&self, work: &dyn Work) {
        loop {
            self.over.sleep(work.renew_every());
            if self.over.is_asked() {
                return;
            }
            match work.renew() {
                Ok(lost) => {
                    let queue = self.queue();
                    lost.iter().filter_map(|id| queue.running.get(id)).for_each(|stop| stop.ask());
                }
                // Recording looks for itself whether the lease is there.
                Err(reason) => tracing::warn!(%reason, "the leases of running scrapes could not be renewed"),
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

struct EndOfCrew<'a>(&'a Crew);

impl Drop for EndOfCrew<'_> {
    fn drop(&mut self) {
        self.0.stop();
        self.0.over.ask();
    }
}

/// What the caller's thread has heard.
struct Tally {
    total: usize,
    done: usize,
    failed: usize,
    passed: usize,
    listings: usize,
    running: HashMap<CompetitorId, Reached>,
    began: Instant,
}

impl Default for Tally {
    fn default() -> Self {
        Self { total: 0, done: 0, failed: 0, passed: 0, listings: 0, running: HashMap::new(), began: Instant::now() }
    }
}

impl Tally {
    /// Takes note of an event and tells the observer, unless it has had enough already.
    fn tell(
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
                match outcome {
                    Outcome::Recorded(report) => {
                        self.done += 1;
                        let go_on = observe(self.progress(ScrapeEvent::Recorded(&report)));
                        keep(&task, Outcome::Recorded(report));
                        go_on
                    }
                    Outcome::Failed(error) => {
                        self.failed += 1;
                        let failure = ScrapeFailure { competitor_id: task.id, competitor: task.name.clone(), error };
                        let go_on = observe(self.progress(ScrapeEvent::Failed(&failure)));
                        keep(&task, Outcome::Failed(failure.error));
                        go_on
                    }
                    Outcome::Passed => {
                        self.passed += 1;
                        let event = ScrapeEvent::Passed { competitor_id: task.id, competitor: &task.name };
                        let go_on = observe(self.progress(event));
                        keep(&task, Outcome::Passed);
                        go_on
                    }
                    Outcome::Stopped => {
                        keep(&task, Outcome::Stopped);
                        ControlFlow::Continue(())
                    }
                }
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

    /// The time so far, taken forward: competitors that have ended count whole, the others by their share of what is claimed.
    fn time_left(&self) -> Option<Duration> {
        let share = |reached: &Reached| match reached.total_claimed {
            Some(total) if total > 0 => (reached.listings as f64 / f64::from(total)).min(NEARLY_DONE),
            _ => 0.0,
        };
        let ended = (self.done + self.failed + self.passed) as f64;
        let reached = ended + self.running.values().map(share).sum::<f64>();
        let factor = (self.total as f64 - reached).max(0.0) / reached;
        Duration::try_from_secs_f64(self.began.elapsed().as_secs_f64() * factor).ok()
    }
}

/// Lets a few threads use the database at a time, in no hurry: waiting here takes no connection and never times out.
pub(super) struct Turns {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Turns {
    pub(super) fn new(turns: usize) -> Self {
        Self { free: Mutex::new(turns.max(1)), freed: Condvar::new() }
    }

    /// Waits for a turn, which lasts until the answer is dropped.
    pub(super) fn take(&self) -> impl Drop + use<'_> {
        struct Turn<'a>(&'a Turns);
        impl Drop for Turn<'_> {
            fn drop(&mut self) {
                *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                self.0.freed.notify_one();
            }
        }
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Turn(self)
    }
}
