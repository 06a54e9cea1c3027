//! What waits at the gate in one lane: a queue for each client, so that nobody waits for those who ask for much.
//!
//! The client that has the fewest workers is served next, and of several the one that was served longest ago. Whether one may wait is
//! decided in `admission`: for the requests of each client, and for the first ones of all clients together. So a client that
//! asks for more than there is finds itself refused, and no other.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::admission::{WaitLimits, WaitingTime};

/// Who asks, where workers are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// Many clients whose reads are made together, each of them quick.
    Crowd,
    /// An address of IPv4, or a network of IPv6.
    Network(IpAddr),
    /// Somebody who has signed in, by the hash of the session.
    Session(u64),
}

/// Something that waits.
pub(crate) trait Waiting {
    /// Whether nobody waits for it any more.
    fn is_given_up(&self) -> bool;
}

/// The requests of one lane.
#[derive(Debug)]
pub(crate) struct FairQueue<W> {
    shares: HashMap<Client, Share<W>>,
    /// How long those wait who have no worker.
    first_waits: WaitingTime,
    /// How many requests wait, with those that were given up and not met yet.
    waiting: usize,
    served: u64,
}

/// What one client has. It is kept as long as the client has anything.
#[derive(Debug)]
struct Share<W> {
    workers: usize,
    /// The number of its last request that was served. One that comes anew has its turn after those who came before.
    served: u64,
    waiting: VecDeque<Place<W>>,
    waits: WaitingTime,
}

#[derive(Debug)]
struct Place<W> {
    since: Instant,
    is_first: bool,
    what: W,
}

impl<W> Default for FairQueue<W> {
    fn default() -> Self {
        Self { shares: HashMap::new(), first_waits: WaitingTime::default(), waiting: 0, served: 0 }
    }
}

impl<W> Share<W> {
    fn new(served: u64) -> Self {
        Self { workers: 0, served, waiting: VecDeque::new(), waits: WaitingTime::default() }
    }
}

impl<W: Waiting> FairQueue<W> {
    /// How many workers the client has.
    pub(crate) fn workers_of(&self, client: Client) -> usize {
        self.shares.get(&client).map_or(0, |share| share.workers)
    }

    /// Whether a request of the client waits already.
    pub(crate) fn has_waiting(&mut self, client: Client) -> bool {
        let Some(share) = self.shares.get_mut(&client) else { return false };
        share.forget_those_who_left(&mut self.waiting);
        !share.waiting.is_empty()
    }

    /// A request begins without a wait.
    pub(crate) fn begin(&mut self, client: Client, now: Instant, limits: &WaitLimits) {
        self.served += 1;
        let share = self.shares.entry(client).or_insert_with(|| Share::new(self.served));
        if share.workers == 0 {
            self.first_waits.passed(now, limits);
        }
        share.waits.passed(now, limits);
        share.workers += 1;
        share.served = self.served;
    }

    /// Takes a request in, if it may wait. At most `most` of one client do.
    ///
    /// # Errors
    /// The request, if it is refused.
    pub(crate) fn enter(
        &mut self,
        client: Client,
        what: W,
        now: Instant,
        limits: &WaitLimits,
        most: usize,
    ) -> Result<(), W> {
        let age =
            |place: Option<&Place<W>>| place.map_or(Duration::ZERO, |place| now.saturating_duration_since(place.since));
        let share = self.shares.get(&client);
        let is_first = share.is_none_or(|share| share.workers == 0 && share.waiting.is_empty());
        let (waiting, is_refused) = match share.filter(|_| !is_first) {
            Some(share) => {
                let waiting = share.waiting.len();
                (waiting, share.waits.refuses(waiting, age(share.waiting.front()), now, limits))
            }
            None => {
                let firsts = self.shares.values().filter_map(|share| share.waiting.front()).filter(|at| at.is_first);
                let (count, longest) = firsts.fold((0, None), |(count, longest): (usize, Option<&Place<W>>), at| {
                    (count + 1, longest.filter(|longest| longest.since <= at.since).or(Some(at)))
                });
                (0, self.first_waits.refuses(count, age(longest), now, limits))
            }
        };
        if is_refused || waiting >= most {
            return Err(what);
        }
        let share = self.shares.entry(client).or_insert_with(|| Share::new(self.served));
        share.waiting.push_back(Place { since: now, is_first, what });
        self.waiting += 1;
        Ok(())
    }

    /// The client that is served next, and since when its request waits. `may` is asked of each client and the number of its workers.
    pub(crate) fn next(&mut self, may: impl Fn(Client, usize) -> bool) -> Option<(Client, Instant)> {
        if self.waiting == 0 {
            return None;
        }
        let waiting = &mut self.waiting;
        self.shares.retain(|_, share| {
            share.forget_those_who_left(waiting);
            share.workers > 0 || !share.waiting.is_empty()
        });
        let those = self.shares.iter().filter(|(client, share)| may(**client, share.workers));
        let those = those.filter_map(|(client, share)| Some((client, share, share.waiting.front()?.since)));
        let (client, _, since) = those.min_by_key(|(_, share, since)| (share.workers, share.served, *since))?;
        Some((*client, since))
    }

    /// The request of the client that has waited longest, which a worker is free for.
    pub(crate) fn take(&mut self, client: Client) -> Option<Taken<W>> {
        let Place { since, is_first, what } = self.shares.get_mut(&client)?.waiting.pop_front()?;
        self.waiting -= 1;
        Some(Taken { client, since, is_first, what })
    }

    /// A request that was taken begins.
    pub(crate) fn serve(&mut self, taken: Taken<W>, now: Instant, limits: &WaitLimits) -> W {
        let Taken { client, since, is_first, what } = taken;
        let waited = now.saturating_duration_since(since);
        self.served += 1;
        if is_first {
            self.first_waits.left(waited, now, limits);
        }
        let share = self.shares.entry(client).or_insert_with(|| Share::new(self.served));
        share.waits.left(waited, now, limits);
        share.workers += 1;
        share.served = self.served;
        what
    }

    /// A request of the client has ended.
    pub(crate) fn end(&mut self, client: Client) {
        if let Some(share) = self.shares.get_mut(&client) {
            share.workers = share.workers.saturating_sub(1);
        }
        self.forget_if_empty(client);
    }

    /// Keeps nothing of a client that has nothing, as after the last of its requests was given up.
    pub(crate) fn forget_if_empty(&mut self, client: Client) {
        if self.shares.get(&client).is_some_and(|share| share.workers == 0 && share.waiting.is_empty()) {
            self.shares.remove(&client);
        }
    }

    /// Whether the client's requests wait for too long, so that they are refused.
    pub(crate) fn is_overloaded(&self, client: Client) -> bool {
        match self.shares.get(&client) {
            Some(share) if share.waiting.front().is_none_or(|first| !first.is_first) => share.waits.is_overloaded(),
            _ => self.first_waits.is_overloaded(),
        }
    }

    /// How many requests wait.
    pub(crate) fn len(&self) -> usize {
        let all = self.shares.values().flat_map(|share| &share.waiting);
        all.filter(|place| !place.what.is_given_up()).count()
    }
}

impl<W: Waiting> Share<W> {
    fn forget_those_who_left(&mut self, waiting: &mut usize) {
        while self.waiting.front().is_some_and(|place| place.what.is_given_up()) {
            self.waiting.pop_front();
            *waiting -= 1;
        }
    }
}

/// A request that has left its queue.
#[derive(Debug)]
pub(crate) struct Taken<W> {
    client: Client,
    since: Instant,
    is_first: bool,
    pub(crate) what: W,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: WaitLimits = WaitLimits {
        target: Duration::from_millis(100),
        interval: Duration::from_millis(100),
        most: Duration::from_millis(250),
    };

    impl Waiting for &'static str {
        fn is_given_up(&self) -> bool {
            self.is_empty()
        }
    }

    fn client(last: u8) -> Client {
        Client::Network([192, 0, 2, last].into())
    }

    fn enter(queue: &mut FairQueue<&'static str>, last: u8, what: &'static str, now: Instant) -> bool {
        queue.enter(client(last), what, now, &LIMITS, 100).is_ok()
    }

    fn serve(queue: &mut FairQueue<&'static str>, now: Instant) -> Option<&'static str> {
        let (client, _) = queue.next(|_, _| true)?;
        let taken = queue.take(client)?;
        Some(queue.serve(taken, now, &LIMITS))
    }

    #[test]
    fn clients_are_served_in_turns() {
        let (mut queue, now) = (FairQueue::default(), Instant::now());
        for what in ["a1", "a2", "a3", "a4"] {
            assert!(enter(&mut queue, 1, what, now));
        }
        for (last, what) in [(2, "b1"), (2, "b2"), (3, "c1")] {
            assert!(enter(&mut queue, last, what, now + Duration::from_millis(1)));
        }
        let mut order = Vec::new();
        while let Some(what) = serve(&mut queue, now) {
            queue.end(client(match &what[..1] {
                "a" => 1,
                "b" => 2,
                _ => 3,
            }));
            order.push(what);
            if what == "a2" {
                assert!(enter(&mut queue, 4, "d1", now + Duration::from_millis(2)));
            }
        }
        assert_eq!(order[0], "a1", "it has waited longest");
        assert!(order[1..3].contains(&"b1") && order[1..3].contains(&"c1"), "{order:?}");
        assert_eq!(order[3..5].iter().filter(|what| ["a2", "b2"].contains(what)).count(), 2, "{order:?}");
        assert_eq!(order.last(), Some(&"a4"), "{order:?}");
        assert_eq!((order[6], order.len()), ("d1", 8), "after those who came before, not after all that they ask for");
        queue.end(client(4));
        assert!(queue.shares.is_empty(), "nothing is kept of who has nothing");
    }

    #[test]
    fn whoever_has_the_fewest_workers_is_next() {
        let (mut queue, now) = (FairQueue::default(), Instant::now());
        for _ in 0..3 {
            queue.begin(client(1), now, &LIMITS);
        }
        assert!(enter(&mut queue, 1, "a", now));
        for what in ["b1", "b2", "b3", "b4"] {
            assert!(enter(&mut queue, 2, what, now + Duration::from_millis(5)));
        }
        let order: Vec<_> = std::iter::from_fn(|| serve(&mut queue, now)).collect();
        assert_eq!(order[..3], ["b1", "b2", "b3"], "until it has as many");
        assert_eq!(queue.workers_of(client(1)) + queue.workers_of(client(2)), 8);
    }

    #[test]
    fn whoever_asks_for_too_much_is_refused_and_nobody_else() {
        let (mut queue, start) = (FairQueue::default(), Instant::now());
        queue.begin(client(1), start, &LIMITS);
        let mut now = start;
        // One worker that takes 50 ms for each.
        for _ in 0..40 {
            while queue.len() < 20 && enter(&mut queue, 1, "slow", now) {}
            now += Duration::from_millis(50);
            queue.end(client(1));
            assert_eq!(serve(&mut queue, now), Some("slow"));
        }
        assert!(queue.is_overloaded(client(1)));
        while enter(&mut queue, 1, "slow", now) {}
        assert!(!enter(&mut queue, 1, "slow", now));
        for what in ["one", "two", "three"] {
            assert!(enter(&mut queue, 2, what, now), "{what}");
        }
        queue.end(client(1));
        assert_eq!([serve(&mut queue, now), serve(&mut queue, now)], [Some("slow"), Some("one")], "in turns");
    }

    #[test]
    fn what_was_given_up_is_passed_over() {
        let (mut queue, now) = (FairQueue::default(), Instant::now());
        for (last, what) in [(1, ""), (1, "a"), (2, "")] {
            assert!(enter(&mut queue, last, what, now));
        }
        assert_eq!(queue.len(), 1);
        assert_eq!(serve(&mut queue, now), Some("a"));
        assert_eq!(serve(&mut queue, now), None);
        assert!(queue.shares.keys().eq([&client(1)]), "{queue:?}");
        assert_eq!((queue.waiting, queue.has_waiting(client(1))), (0, false));
    }
}
