//! The connections that are open, and which of them wait for their client. One client may not have all of them.
//!
//! Where few places are left, a connection that waits is closed: of the network that has most such connections the one that has waited
//! longest. Whoever opens connections and says nothing loses them to those who ask for something.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jpauto::client_network;
use tokio::sync::Notify;

use crate::{
    client_connections::{ClientConnections, Counted},
    pace::Pace,
};

/// A connection that has waited for less is not closed: its client may be about to ask.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);

/// How many times more connections an IPv6 network of 48 bits may have than one client. A subscriber often has such a network alone.
const CLIENTS_OF_A_SITE: usize = 2;

/// The connections of a server.
#[derive(Clone, Default)]
pub(crate) struct OpenConnections {
    of_clients: ClientConnections,
    of_sites: ClientConnections,
    states: Arc<Mutex<HashMap<u64, Arc<ConnectionState>>>>,
}

/// One connection. It is counted until this is dropped.
pub(crate) struct OpenConnection {
    all: OpenConnections,
    number: u64,
    state: Arc<ConnectionState>,
    _counted: (Counted, Option<Counted>),
}

/// Whether a connection works or waits for its client.
pub(crate) struct ConnectionState {
    network: IpAddr,
    began: Instant,
    /// Requests under way, each until the whole answer is handed over.
    requests: AtomicUsize,
    /// Bodies of which the client has yet to send.
    bodies: AtomicUsize,
    is_http_2: AtomicBool,
    /// When one of these changed, in milliseconds after the beginning.
    changed: AtomicU64,
    pace: Pace,
    close: Notify,
}

/// A request that is under way until this is dropped.
pub(crate) struct Underway(Arc<ConnectionState>);

/// A body that is read.
pub(crate) struct BodyWait {
    state: Arc<ConnectionState>,
    waits: bool,
    began: Instant,
    least_pace: usize,
}

impl OpenConnections {
    /// Counts a connection, or returns `None` if the client has as many as it may.
    pub(crate) fn admit(&self, address: IpAddr, most_of_one_client: usize) -> Option<OpenConnection> {
        let client = client_network(address);
        let of_client = self.of_clients.admit(client, most_of_one_client)?;
        let of_site = match client {
            IpAddr::V4(_) => None,
            IpAddr::V6(_) => {
                let most = most_of_one_client.saturating_mul(CLIENTS_OF_A_SITE);
                Some(self.of_sites.admit(neighbourhood(client), most)?)
            }
        };
        let state = Arc::new(ConnectionState {
            network: neighbourhood(client),
            began: Instant::now(),
            requests: AtomicUsize::default(),
            bodies: AtomicUsize::default(),
            changed: AtomicU64::default(),
            is_http_2: AtomicBool::default(),
            pace: Pace::default(),
            close: Notify::new(),
        });
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.states().insert(number, Arc::clone(&state));
        Some(OpenConnection { all: self.clone(), number, state, _counted: (of_client, of_site) })
    }

    /// Asks one connection to end, where one has waited for its client for a while.
    pub(crate) fn close_one(&self) {
        if let Some(state) = self.longest_waiting(SHORTEST_WAIT) {
            state.close.notify_one();
        }
    }

    fn longest_waiting(&self, shortest: Duration) -> Option<Arc<ConnectionState>> {
        let all = self.states();
        let mut networks: HashMap<IpAddr, (usize, Duration, &Arc<ConnectionState>)> = HashMap::new();
        for state in all.values() {
            let Some(waited) = state.has_waited().filter(|waited| *waited >= shortest) else { continue };
            let (count, longest, its) = networks.entry(state.network).or_insert((0, waited, state));
            *count += 1;
            if waited > *longest {
                (*longest, *its) = (waited, state);
            }
        }
        let of_most = networks.into_values().max_by_key(|(count, longest, _)| (*count, *longest));
        of_most.map(|(_, _, state)| Arc::clone(state))
    }

    fn states(&self) -> MutexGuard<'_, HashMap<u64, Arc<ConnectionState>>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The network that a client's neighbours share: what one subscriber or one customer of a data centre may have.
fn neighbourhood(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

impl OpenConnection {
    pub(crate) fn state(&self) -> &Arc<ConnectionState> {
        &self.state
    }

    /// Ends when others need the place.
    pub(crate) async fn is_needed(&self) {
        self.state.close.notified().await;
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.all.states().remove(&self.number);
    }
}

impl ConnectionState {
    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    pub(crate) fn request(self: &Arc<Self>) -> Underway {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.note_change();
        Underway(Arc::clone(self))
    }

    /// Notes that the client speaks HTTP/2.
    pub(crate) fn note_http_2(&self) {
        self.is_http_2.store(true, Ordering::Relaxed);
    }

    /// Whether a client that has nothing more to send has an answer to expect.
    pub(crate) fn owes_an_answer(&self) -> bool {
        let waits_for_client = self.requests.load(Ordering::Relaxed) <= self.bodies.load(Ordering::Relaxed);
        !waits_for_client && !self.is_http_2.load(Ordering::Relaxed)
    }

    /// A body. The client should send at least `least_pace` bytes a second.
    pub(crate) fn body(self: &Arc<Self>, least_pace: usize) -> BodyWait {
        BodyWait { state: Arc::clone(self), waits: false, began: Instant::now(), least_pace: least_pace.max(1) }
    }

    /// For how long the connection has waited for its client, if it does: for a request, for more of a body, or for the client to take
    /// of an answer.
    pub(crate) fn has_waited(&self) -> Option<Duration> {
        if self.requests.load(Ordering::Relaxed) <= self.bodies.load(Ordering::Relaxed) {
            let changed = Duration::from_millis(self.changed.load(Ordering::Relaxed));
            return Some(self.began.elapsed().saturating_sub(changed));
        }
        self.pace.has_waited()
    }

    fn note_change(&self) {
        self.note_change_at(Instant::now());
    }

    fn note_change_at(&self, at: Instant) {
        let after = at.saturating_duration_since(self.began).as_millis();
        self.changed.store(u64::try_from(after).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
        self.0.note_change();
    }
}

impl BodyWait {
    /// Notes whether the client has yet to send, after `came` bytes. A client that sends a byte now and then has waited since the
    /// beginning. One that keeps the pace has not waited at all.
    pub(crate) fn note(&mut self, waits: bool, came: usize) {
        if waits == self.waits {
            return;
        }
        self.waits = waits;
        if waits {
            self.state.bodies.fetch_add(1, Ordering::Relaxed);
            let earned = Duration::from_secs_f64(came as f64 / self.least_pace as f64);
            self.state.note_change_at(Instant::now().min(self.began + earned));
        } else {
            self.state.bodies.fetch_sub(1, Ordering::Relaxed);
            self.state.note_change();
        }
    }
}

impl Drop for BodyWait {
    fn drop(&mut self) {
        self.note(false, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(all: &OpenConnections, address: &str) -> OpenConnection {
        all.admit(address.parse().unwrap(), 100).unwrap()
    }

    /// The connection that would be closed, by its place.
    fn chosen(all: &OpenConnections, connections: &[&OpenConnection]) -> Option<usize> {
        let chosen = all.longest_waiting(Duration::ZERO)?;
        connections.iter().position(|connection| Arc::ptr_eq(connection.state(), &chosen))
    }

    #[test]
    fn whoever_keeps_most_waiting_loses_the_one_that_has_waited_longest() {
        let all = OpenConnections::default();
        let visitor = open(&all, "198.51.100.1");
        std::thread::sleep(Duration::from_millis(5));
        let many: Vec<_> = ["203.0.113.1", "203.0.113.2", "203.0.113.3"].map(|address| open(&all, address)).into();
        let order = [&visitor, &many[0], &many[1], &many[2]];
        for (place, connection) in many.iter().enumerate() {
            connection.state().changed.store(place as u64, Ordering::Relaxed);
        }
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(chosen(&all, &order), Some(1), "of one network, although the visitor has waited longer");
        let busy = many[0].state().request();
        assert_eq!(chosen(&all, &order), Some(2), "what is asked for is made");
        drop(busy);
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(chosen(&all, &order), Some(2), "the first has just had its answer");
        assert!(all.longest_waiting(Duration::from_secs(60)).is_none(), "none has waited for long");
    }

    #[test]
    fn a_request_whose_body_does_not_come_waits_for_its_client() {
        let all = OpenConnections::default();
        let connection = open(&all, "2001:db8:1:2::3");
        let underway = connection.state().request();
        assert!(connection.state().has_waited().is_none());
        let mut body = connection.state().body(1_000);
        body.note(true, 0);
        assert!(connection.state().has_waited().is_some());
        let other = connection.state().request();
        assert!(connection.state().has_waited().is_none(), "another request of the same connection is made");
        drop(other);
        body.note(false, 0);
        assert!(connection.state().has_waited().is_none());
        body.note(true, 0);
        drop(body);
        assert!(connection.state().has_waited().is_none());
        drop(underway);
        assert!(connection.state().has_waited().is_some());
    }

    #[test]
    fn a_body_that_drips_has_waited_since_its_beginning() {
        let all = OpenConnections::default();
        let connection = open(&all, "203.0.113.7");
        let _underway = connection.state().request();
        let mut body = connection.state().body(1_000);
        std::thread::sleep(Duration::from_millis(20));
        let mut after = |came| {
            body.note(true, came);
            let waited = connection.state().has_waited().unwrap();
            body.note(false, came);
            waited
        };
        assert!(after(1) >= Duration::from_millis(18), "one byte is worth a millisecond");
        assert!(after(60_000) < Duration::from_millis(18), "a minute's worth has come");
    }

    #[test]
    fn an_ipv6_site_has_few_times_what_one_network_has() {
        let all = OpenConnections::default();
        let admit = |address: &str| all.admit(address.parse().unwrap(), 2);
        let held: Vec<_> = (0..4).filter_map(|network| admit(&format!("2001:db8:1:{network}::1"))).collect();
        assert_eq!(held.len(), 4);
        assert!(admit("2001:db8:1:9::1").is_none(), "another network of the same site");
        assert!(admit("2001:db8:2:9::1").is_some(), "another site");
        drop(held);
        assert!(admit("2001:db8:1:9::1").is_some());
        assert!(all.states().is_empty());
    }
}
