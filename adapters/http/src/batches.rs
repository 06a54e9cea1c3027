//! Reads that several clients ask for at the same time, made as one call of the library.
//!
//! While a call is under way, those who ask for the same kind of thing gather, and the next call answers all of them: as soon as many have
//! gathered, else when the call ends or takes long. A lone request waits for nobody. A call begins after each of its requests came, so
//! everybody sees what was written before. What may be asked for together is said by a key: who asks, and what must be equal. Data
//! loaders of GraphQL servers do the same.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, time::timeout};

use crate::{
    fair_queue::Client,
    gate::{Gate, Lane, Shut},
    problem::Problem,
};

/// Calls with one key that may be under way at a time. With two, one is read while the other is answered.
const UNDER_WAY: usize = 2;

/// So many need not wait for the end of the call that is under way. Each call wakes several threads, which is a fifth of the work of a
/// small one, and a second one with two or three requests does not help.
const MANY: usize = 16;

/// After so long a call is no longer waited for.
const LONG: Duration = Duration::from_millis(2);

/// Things that one call reads. All who wait for one of them are answered by it.
const TOGETHER: usize = 64;

/// The answers of one call, by what was asked for.
pub(crate) type Answers<I, T> = HashMap<I, Result<T, Problem>>;

/// Asks the library, with a key, for some things. It fails where there is no answer to any of them.
type Read<K, I, T> = dyn Fn(&K, &[I]) -> Result<Answers<I, T>, Problem> + Send + Sync;

/// Requests that wait to be read together, by their keys.
pub(crate) struct Batches<K, I, T>(Arc<Inner<K, I, T>>);

struct Inner<K, I, T> {
    gate: Gate,
    deadline: Duration,
    client: fn(&K) -> Client,
    read: Box<Read<K, I, T>>,
    batches: Mutex<HashMap<K, Batch<I, T>>>,
}

/// The requests with one key.
struct Batch<I, T> {
    waiting: Vec<Member<I, T>>,
    /// Whether a call is on its way to a worker. It takes those who wait when it begins.
    is_called: bool,
    /// When the calls under way began, the oldest first.
    under_way: Vec<Instant>,
}

struct Member<I, T> {
    item: I,
    tell: oneshot::Sender<Result<T, Problem>>,
}

/// The answer to one member.
struct Answer<T> {
    answer: Result<T, Problem>,
    tell: oneshot::Sender<Result<T, Problem>>,
}

impl<T> Answer<T> {
    fn tell(self) {
        // Nobody may wait for it any more.
        let _ = self.tell.send(self.answer);
    }
}

impl<I, T> Default for Batch<I, T> {
    fn default() -> Self {
        Self { waiting: Vec::new(), is_called: false, under_way: Vec::new() }
    }
}

impl<I: Clone + Eq + Hash, T> Batch<I, T> {
    /// Takes those out whom the next call answers.
    fn first_together(&mut self) -> Vec<Member<I, T>> {
        let mut items = HashSet::with_capacity(self.waiting.len().min(TOGETHER));
        let (mut members, mut rest) = (Vec::with_capacity(self.waiting.len()), Vec::new());
        for member in self.waiting.drain(..).filter(|member| !member.tell.is_closed()) {
            if items.len() < TOGETHER || items.contains(&member.item) {
                items.insert(member.item.clone());
                members.push(member);
            } else {
                rest.push(member);
            }
        }
        self.waiting = rest;
        members
    }

    /// Whether a call is due, which it then is on its way.
    fn must_be_called(&mut self) -> bool {
        let may = !self.waiting.is_empty() && !self.is_called && self.under_way.len() < UNDER_WAY;
        let must = may && (self.under_way.is_empty() || self.waiting.len() >= MANY || self.has_lasted());
        self.is_called |= must;
        must
    }

    /// Whether a call has been under way for long.
    fn has_lasted(&self) -> bool {
        self.under_way.first().is_some_and(|began| began.elapsed() >= LONG)
    }
}

impl<K, I, T> Batches<K, I, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    I: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + 'static,
{
    /// Calls pass the gate as reads of the client that the key belongs to. A request waits at most until the deadline.
    pub(crate) fn new(
        gate: Gate,
        deadline: Duration,
        client: fn(&K) -> Client,
        read: impl Fn(&K, &[I]) -> Result<Answers<I, T>, Problem> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner { gate, deadline, client, read: Box::new(read), batches: Mutex::default() }))
    }

    /// The answer to one request.
    pub(crate) async fn ask(&self, key: K, item: I) -> Result<T, Problem> {
        let (tell, told) = oneshot::channel();
        let must_be_called = {
            let mut batches = self.0.batches();
            let batch = match batches.get_mut(&key) {
                Some(batch) => batch,
                None => batches.entry(key.clone()).or_default(),
            };
            batch.waiting.push(Member { item, tell });
            batch.must_be_called()
        };
        if must_be_called {
            Inner::call(&self.0, key);
        }
        match timeout(self.0.deadline, told).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_dropped)) => Err(Shut::Panicked.into()),
            Err(_elapsed) => Err(Shut::Overdue.into()),
        }
    }
}

impl<K, I, T> Inner<K, I, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    I: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + 'static,
{
    /// No code panics while it holds the lock.
    fn batches(&self) -> MutexGuard<'_, HashMap<K, Batch<I, T>>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings a call to the gate. It is a task of its own, because any of its clients may go away.
    fn call(inner: &Arc<Self>, key: K) {
        let inner = Arc::clone(inner);
        tokio::spawn(async move {
            let (at, of) = (Arc::clone(&inner), key.clone());
            let mut made = pin!(inner.gate.run(Lane::Reads, (inner.client)(&key), move || Self::make(&at, &of)));
            let mut patience = LONG;
            let outcome = loop {
                match timeout(patience, made.as_mut()).await {
                    Ok(outcome) => break outcome,
                    Err(_elapsed) => patience = inner.look_again(&key, patience),
                }
            };
            match outcome {
                // Told here and not by the worker: from within the runtime nobody has to be woken by the system.
                Ok(answers) => answers.into_iter().for_each(Answer::tell),
                Err(shut @ Shut::Full { .. }) => inner.refuse(&key, &shut.into()),
                // Those who wait learn by their own deadline what is overdue, and what panicked by being dropped.
                Err(_) => {}
            }
        });
    }

    /// A call takes long: those who wait need not wait for it. Returns after which time to look again. While a call waits at the gate,
    /// where many wait in an overload, that is longer and longer.
    fn look_again(self: &Arc<Self>, key: &K, patience: Duration) -> Duration {
        let (is_at_gate, must_be_called) = match self.batches().get_mut(key) {
            Some(batch) => (batch.is_called, batch.must_be_called()),
            None => (false, false),
        };
        if must_be_called {
            Self::call(self, key.clone());
        }
        if is_at_gate { patience.saturating_mul(2) } else { LONG }
    }

    /// Makes a call for those who wait.
    fn make(inner: &Arc<Self>, key: &K) -> Vec<Answer<T>> {
        let (began, members) = inner.begin(key);
        let _until_the_end = UnderWay { inner, key, began };
        let mut items: Vec<I> = Vec::with_capacity(members.len());
        let mut seen = HashSet::with_capacity(members.len());
        items.extend(members.iter().map(|member| &member.item).filter(|item| seen.insert(*item)).cloned());
        if items.is_empty() {
            return Vec::new();
        }
        let answers = (inner.read)(key, &items);
        let answer = |item: &I| match &answers {
            Ok(answers) => answers.get(item).cloned().unwrap_or_else(|| Err(Problem::internal())),
            Err(problem) => Err(problem.clone()),
        };
        members.into_iter().map(|Member { item, tell }| Answer { answer: answer(&item), tell }).collect()
    }

    /// Those whom a call answers that begins now, and that time. If more wait, they need another call.
    fn begin(self: &Arc<Self>, key: &K) -> (Instant, Vec<Member<I, T>>) {
        let began = Instant::now();
        let (members, must_be_called) = {
            let mut batches = self.batches();
            let Some(batch) = batches.get_mut(key) else { return (began, Vec::new()) };
            batch.is_called = false;
            batch.under_way.push(began);
            let members = batch.first_together();
            (members, batch.must_be_called())
        };
        if must_be_called {
            Self::call(self, key.clone());
        }
        (began, members)
    }

    /// The call that began then has ended. Those who came meanwhile need the next.
    fn end(self: &Arc<Self>, key: &K, began: Instant) {
        let must_be_called = {
            let mut batches = self.batches();
            let Some(batch) = batches.get_mut(key) else { return };
            if let Some(at) = batch.under_way.iter().position(|other| *other == began) {
                batch.under_way.remove(at);
            }
            if batch.waiting.is_empty() && batch.under_way.is_empty() && !batch.is_called {
                batches.remove(key);
                return;
            }
            batch.must_be_called()
        };
        if must_be_called {
            Self::call(self, key.clone());
        }
    }

    /// The gate has refused the call.
    fn refuse(self: &Arc<Self>, key: &K, problem: &Problem) {
        let (began, members) = self.begin(key);
        for member in members {
            Answer { answer: Err(problem.clone()), tell: member.tell }.tell();
        }
        self.end(key, began);
    }
}

/// A call that is under way, also if it panics.
struct UnderWay<'a, K, I, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    I: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + 'static,
{
    inner: &'a Arc<Inner<K, I, T>>,
    key: &'a K,
    began: Instant,
}

impl<K, I, T> Drop for UnderWay<'_, K, I, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    I: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + 'static,
{
    fn drop(&mut self) {
        self.inner.end(self.key, self.began);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };

    use jpauto::ErrorCode;

    use super::*;
    use crate::gate::GateLimits;

    const DEADLINE: Duration = Duration::from_secs(20);

    fn gate() -> Gate {
        Gate::new(GateLimits::default())
    }

    /// Nothing is kept of keys that nobody asks for. A call ends a moment after its answers.
    async fn nothing_is_left<K, I, T>(batches: &Batches<K, I, T>) {
        let is_empty = || batches.0.batches.lock().unwrap().is_empty();
        while !is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// Doubles numbers, and has no answer to odd ones.
    fn doubled(items: &[u32]) -> Answers<u32, u32> {
        let answer = |item: u32| if item.is_multiple_of(2) { Ok(item * 2) } else { Err(Problem::not_found()) };
        items.iter().map(|item| (*item, answer(*item))).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn those_who_come_while_a_call_is_under_way_are_answered_by_one() {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (seen, first) = (Arc::clone(&calls), Arc::new(Barrier::new(UNDER_WAY + 1)));
        let release = Arc::clone(&first);
        let batches = Arc::new(Batches::new(
            gate(),
            DEADLINE,
            |_| Client::Crowd,
            move |_key: &(), items: &[u32]| {
                seen.lock().unwrap().push(items.to_vec());
                if items[0] >= 1_000 {
                    release.wait();
                    release.wait();
                }
                Ok(doubled(items))
            },
        ));
        let ask = |item: u32| {
            let batches = Arc::clone(&batches);
            tokio::spawn(async move { batches.ask((), item).await.map_err(|problem| problem.code) })
        };
        // As many calls as may be under way, which end when they are let go.
        let mut held = Vec::new();
        for item in 0..UNDER_WAY as u32 {
            held.push(ask(1_000 + 2 * item));
            while calls.lock().unwrap().len() <= item as usize {
                tokio::task::yield_now().await;
            }
        }
        first.wait();
        let gathered: Vec<_> = [2, 4, 2, 5].map(ask).into();
        while batches.0.batches()[&()].waiting.len() < 4 {
            tokio::task::yield_now().await;
        }
        first.wait();
        let mut answers = Vec::new();
        for asked in gathered {
            answers.push(asked.await.unwrap());
        }
        assert_eq!(answers, [Ok(4), Ok(8), Ok(4), Err(ErrorCode::NotFound)]);
        for (at, asked) in held.into_iter().enumerate() {
            assert_eq!(asked.await.unwrap(), Ok(2_000 + 4 * at as u32));
        }
        let mut last = calls.lock().unwrap().last().unwrap().clone();
        last.sort_unstable();
        assert_eq!(last, [2, 4, 5], "each is asked for once");
        nothing_is_left(&batches).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn all_who_wait_for_the_same_are_answered_by_one_call() {
        let (calls, hold) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(UNDER_WAY + 1)));
        let (count, held) = (Arc::clone(&calls), Arc::clone(&hold));
        let batches = Arc::new(Batches::new(
            gate(),
            DEADLINE,
            |_| Client::Crowd,
            move |_key: &(), items: &[u32]| {
                if count.fetch_add(1, Ordering::SeqCst) < UNDER_WAY {
                    held.wait();
                }
                Ok(doubled(items))
            },
        ));
        let ask = |item: u32| {
            let batches = Arc::clone(&batches);
            tokio::spawn(async move { batches.ask((), item).await })
        };
        let mut asked = Vec::new();
        for number in 0..UNDER_WAY {
            asked.push(ask(2));
            while calls.load(Ordering::SeqCst) <= number {
                tokio::task::yield_now().await;
            }
        }
        asked.extend((0..10 * TOGETHER).map(|_| ask(2)));
        while batches.0.batches()[&()].waiting.len() < 10 * TOGETHER {
            tokio::task::yield_now().await;
        }
        tokio::task::block_in_place(|| hold.wait());
        for answer in asked {
            assert_eq!(answer.await.unwrap().unwrap(), 4);
        }
        assert_eq!(calls.load(Ordering::SeqCst), UNDER_WAY + 1);
        nothing_is_left(&batches).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn few_wait_for_the_call_under_way_and_many_do_not() {
        let items: Vec<u32> = (0..2 * MANY as u32).collect();
        let mut batch = Batch::default();
        let add = |batch: &mut Batch<u32, u32>, count: usize| {
            batch.waiting.extend(items[..count].iter().map(|item| Member { item: *item, tell: oneshot::channel().0 }));
        };
        add(&mut batch, 1);
        assert!(batch.must_be_called() && !batch.must_be_called(), "a lone one waits for nobody");
        let (soon, now) = (Instant::now() + Duration::from_secs(60), Instant::now());
        batch = Batch { under_way: vec![soon], ..Batch::default() };
        add(&mut batch, MANY - 1);
        assert!(!batch.must_be_called());
        add(&mut batch, 1);
        assert!(batch.must_be_called());
        std::thread::sleep(LONG);
        batch = Batch { under_way: vec![now], ..Batch::default() };
        add(&mut batch, 1);
        assert!(batch.must_be_called(), "a call that takes long, whatever began and ended meanwhile");
        batch = Batch { under_way: vec![now; UNDER_WAY], ..Batch::default() };
        add(&mut batch, 2 * MANY);
        assert!(!batch.must_be_called());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_of_many_has_its_own_answer() {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        let batches = Arc::new(Batches::new(
            gate(),
            DEADLINE,
            |_| Client::Crowd,
            move |key: &u32, items: &[u32]| {
                count.fetch_add(1, Ordering::Relaxed);
                assert!(items.len() <= TOGETHER);
                Ok(items.iter().map(|item| (*item, Ok(key * 1_000 + item))).collect())
            },
        ));
        let asked: Vec<_> = (0..1_000)
            .map(|number| {
                let batches = Arc::clone(&batches);
                tokio::spawn(async move { (number, batches.ask(number % 3, number).await.unwrap()) })
            })
            .collect();
        for asked in asked {
            let (number, answer) = asked.await.unwrap();
            assert_eq!(answer, number % 3 * 1_000 + number);
        }
        assert!(calls.load(Ordering::Relaxed) <= 1_000);
        nothing_is_left(&batches).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_failure_and_a_panic_reach_all_who_asked_and_nobody_after_them() {
        let batches = Batches::new(
            gate(),
            DEADLINE,
            |_| Client::Crowd,
            |_key: &(), items: &[u32]| match items[0] {
                0 => panic!("on purpose"),
                1 => Err(Problem::overloaded(Duration::from_secs(1))),
                _ => Ok(doubled(items)),
            },
        );
        let code = |answer: Result<u32, Problem>| answer.map_err(|problem| problem.code);
        assert_eq!(code(batches.ask((), 0).await), Err(ErrorCode::InternalError));
        assert_eq!(code(batches.ask((), 1).await), Err(ErrorCode::Overloaded));
        assert_eq!(code(batches.ask((), 2).await), Ok(4));
        nothing_is_left(&batches).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_is_refused_at_the_gate_learns_it_at_once() {
        let (limits, barrier) = (
            GateLimits { workers: 1, longest_wait: Duration::ZERO, ..GateLimits::default() },
            Arc::new(Barrier::new(2)),
        );
        let gate = Gate::new(limits);
        let (occupied, until) = (gate.clone(), Arc::clone(&barrier));
        let holder = tokio::spawn(async move {
            occupied.run(Lane::Reads, Client::Crowd, move || (until.wait(), until.wait())).await
        });
        barrier.wait();
        let batches = Batches::new(gate, DEADLINE, |_| Client::Crowd, |_key: &(), items: &[u32]| Ok(doubled(items)));
        assert_eq!(batches.ask((), 2).await.map_err(|problem| problem.code), Err(ErrorCode::Overloaded));
        nothing_is_left(&batches).await;
        barrier.wait();
        assert!(holder.await.unwrap().is_ok());
    }
}
