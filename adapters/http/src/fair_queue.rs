//! What waits at the gate in one lane: a queue for each client, so that nobody waits for those who ask for much.
//!
//! The client that has the fewest workers is served next, and of several the one that was served longest ago. Whether one may wait is
//! decided in `admission`: for the requests of each client, and for the first ones of all clients together. So a client that
//! asks for more than there is finds itself refused, and no other.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

use jpauto::client_network;

use crate::admission::{WaitLimits, WaitingTime};

/// Who asks, where workers are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Client {
    /// Many clients whose reads are made together, each of them quick.
    Crowd,
    /// An address of IPv4, or a part of a network of IPv6, as [`network_of`] tells.
    Network(IpAddr),
    /// Somebody who has signed in, by the hash of the session.
    Session(u64),
}

/// The network that an address counts for. A network of IPv6 of 48 bits counts as two at most, as it does for connections: a subscriber
/// often has one alone, and with a client for each of its networks of 64 bits it would have nearly every place.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match client_network(address) {
        IpAddr::V6(network) => {
            // The half is told by a bit that a subscriber with 56 bits can not choose.
            let [a, b, c, subnet, ..] = network.segments();
            Ipv6Addr::new(a, b, c, subnet & 0x100, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

/// Something that waits.
pub(crate) trait Waiting {
    /// Whether nobody waits for it any more.
    fn is_given_up(&self) -> bool;
}

/// Whose turn it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Anybody,
    OfThoseWithoutWorker,
    OfTheCrowdWithoutWorker,
}

/// The requests of one lane.
#[derive(Debug)]
pub(crate) struct FairQueue<W> {
    shares: HashMap<Client, Share<W>>,
    /// The clients with a request that waits, in the order of their turns.
    turns: BTreeSet<Turn>,
    /// Those of them who had nothing when that request came, by when it did.
    firsts: BTreeSet<(Instant, Client)>,
    /// How long those wait who have no worker.
    first_waits: WaitingTime,
    served: u64,
}

/// When it is a client's turn: after those with fewer workers, and of several with as many after those that were served before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    workers: usize,
    served: u64,
    since: Instant,
    client: Client,
}

/// What one client has. It is kept as long as the client has anything.
#[derive(Debug)]
struct Share<W> {
    workers: usize,
    /// The number of its last request that was served. One that comes anew has its turn after those who came before.
    served: u64,
    waiting: VecDeque<Place<W>>,
    waits: WaitingTime,
    /// Where it stands in `turns`, and in `firsts`.
    turn: Option<Turn>,
    first: Option<(Instant, Client)>,
}

#[derive(Debug)]
struct Place<W> {
    since: Instant,
    is_first: bool,
    what: W,
}

impl<W> Default for FairQueue<W> {
    fn default() -> Self {
        Self {
            shares: HashMap::new(),
            turns: BTreeSet::new(),
            firsts: BTreeSet::new(),
            first_waits: WaitingTime::default(),
            served: 0,
        }
    }
}

impl<W> Share<W> {
    fn new(served: u64) -> Self {
        Self { workers: 0, served, waiting: VecDeque::new(), waits: WaitingTime::default(), turn: None, first: None }
    }
}

impl<W: Waiting> FairQueue<W> {
    /// How many workers the client has.
    pub(crate) fn workers_of(&self, client: Client) -> usize {
        self.shares.get(&client).map_or(0, |share| share.workers)
    }

    /// Whether a request of the client waits already.
    pub(crate) fn has_waiting(&mut self, client: Client) -> bool {
        self.forget_those_who_left(client);
        self.shares.get(&client).is_some_and(|share| !share.waiting.is_empty())
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
        self.settle(client);
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
        let age = |since: Option<Instant>| since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let share = self.shares.get(&client);
        let is_first = share.is_none_or(|share| share.workers == 0 && share.waiting.is_empty());
        let (waiting, is_refused) = match share.filter(|_| !is_first) {
            Some(share) => {
                let oldest = share.waiting.front().map(|place| place.since);
                let waiting = share.waiting.len();
                (waiting, share.waits.refuses(waiting, age(oldest), now, limits))
            }
            None => {
                let oldest = self.oldest_first();
                (0, self.first_waits.refuses(self.firsts.len(), age(oldest), now, limits))
            }
        };
        if is_refused || waiting >= most {
            return Err(what);
        }
        let share = self.shares.entry(client).or_insert_with(|| Share::new(self.served));
        share.waiting.push_back(Place { since: now, is_first, what });
        self.settle(client);
        Ok(())
    }

    /// Since when the oldest first request waits.
    fn oldest_first(&mut self) -> Option<Instant> {
        loop {
            let (since, client) = *self.firsts.first()?;
            if !self.forget_those_who_left(client) {
                return Some(since);
            }
        }
    }

    /// The client that is served next, and since when its request waits.
    pub(crate) fn next(&mut self, whose: Whose) -> Option<(Client, Instant)> {
        loop {
            let turn = match whose {
                Whose::OfTheCrowdWithoutWorker => self.shares.get(&Client::Crowd)?.turn?,
                Whose::Anybody | Whose::OfThoseWithoutWorker => *self.turns.first()?,
            };
            if turn.workers > 0 && whose != Whose::Anybody {
                return None;
            }
            if !self.forget_those_who_left(turn.client) {
                return Some((turn.client, turn.since));
            }
        }
    }

    /// The request of the client that has waited longest, which a worker is free for.
    pub(crate) fn take(&mut self, client: Client) -> Option<Taken<W>> {
        let Place { since, is_first, what } = self.shares.get_mut(&client)?.waiting.pop_front()?;
        self.settle(client);
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
        self.settle(client);
        what
    }

    /// A request of the client has ended.
    pub(crate) fn end(&mut self, client: Client) {
        if let Some(share) = self.shares.get_mut(&client) {
            share.workers = share.workers.saturating_sub(1);
        }
        self.settle(client);
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

    /// Forgets the client's oldest requests that were given up, and answers whether there was one.
    fn forget_those_who_left(&mut self, client: Client) -> bool {
        let Some(share) = self.shares.get_mut(&client) else { return false };
        let waiting = share.waiting.len();
        while share.waiting.front().is_some_and(|place| place.what.is_given_up()) {
            share.waiting.pop_front();
        }
        if share.waiting.len() == waiting {
            return false;
        }
        self.settle(client);
        self.forget_if_empty(client);
        true
    }

    /// Gives the client the turn that it has now. Whatever changes a share calls this.
    fn settle(&mut self, client: Client) {
        let Some(share) = self.shares.get_mut(&client) else { return };
        let Share { workers, served, .. } = *share;
        let front = share.waiting.front();
        let turn = front.map(|place| Turn { workers, served, since: place.since, client });
        let first = front.filter(|place| place.is_first).map(|place| (place.since, client));
        let (old_turn, old_first) =
            (std::mem::replace(&mut share.turn, turn), std::mem::replace(&mut share.first, first));
        if old_turn != turn {
            old_turn.iter().for_each(|turn| _ = self.turns.remove(turn));
            self.turns.extend(turn);
        }
        if old_first != first {
            old_first.iter().for_each(|first| _ = self.firsts.remove(first));
            self.firsts.extend(first);
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
        let (client, _) = queue.next(Whose::Anybody)?;
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
        assert!(!queue.has_waiting(client(1)) && queue.turns.is_empty() && queue.firsts.is_empty(), "{queue:?}");
    }

    #[test]
    fn turns_are_as_if_all_clients_were_looked_at() {
        let (mut queue, start, mut seed) = (FairQueue::default(), Instant::now(), 7_u32);
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        let mut working = Vec::new();
        for step in 0..4_000 {
            let now = start + Duration::from_micros(step);
            let last = u8::try_from(random(12)).unwrap();
            match random(4) {
                0 | 1 => {
                    let _ = enter(&mut queue, last, if random(5) == 0 { "" } else { "a" }, now);
                }
                2 if !working.is_empty() => queue.end(working.swap_remove(random(working.len() as u32) as usize)),
                _ => {
                    let waits = |share: &Share<&str>| share.waiting.iter().any(|place| !place.what.is_empty());
                    let least = queue
                        .shares
                        .values()
                        .filter(|share| waits(share))
                        .map(|share| (share.workers, share.served))
                        .min();
                    let whose = queue.next(Whose::Anybody);
                    assert_eq!(
                        whose.map(|(client, _)| (queue.shares[&client].workers, queue.shares[&client].served)),
                        least
                    );
                    let without = queue.next(Whose::OfThoseWithoutWorker).map(|(client, _)| client);
                    assert_eq!(without, whose.map(|(client, _)| client).filter(|_| least.unwrap().0 == 0));
                    if let Some((client, _)) = whose {
                        let taken = queue.take(client).unwrap();
                        assert_eq!(queue.serve(taken, now, &LIMITS), "a");
                        working.push(client);
                    }
                }
            }
            let firsts =
                queue.shares.values().filter(|share| share.waiting.front().is_some_and(|place| place.is_first));
            assert_eq!(firsts.count(), queue.firsts.len());
        }
    }

    #[test]
    fn many_clients_have_their_turns_without_a_look_at_all_of_them() {
        const MANY: u64 = 30_000;
        let (mut queue, start) = (FairQueue::default(), Instant::now());
        for number in 0..MANY {
            assert!(queue.enter(Client::Session(number), "a", start, &LIMITS, 100).is_ok());
        }
        for _ in 0..MANY {
            let (client, _) = queue.next(Whose::Anybody).unwrap();
            let taken = queue.take(client).unwrap();
            queue.serve(taken, start, &LIMITS);
            queue.end(client);
        }
        assert!(queue.shares.is_empty() && queue.turns.is_empty() && queue.firsts.is_empty());
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }
}
