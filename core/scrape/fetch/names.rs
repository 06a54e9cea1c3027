//! Names looked up once, checked, and then used as they were checked.
//!
//! A name that answers a public address when it is checked and a private one when it is connected to ("DNS rebinding") would
//! pass any check made before the request. So the HTTP client looks nothing up: it is handed the addresses that
//! [`Names::pin`] found and the guard let through, and knows no others.
//!
//! What is deliberately not here: the times to live of DNS, which the system's resolver does not tell; addresses are kept
//! for a fixed short time instead.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::{Guard, Refusal};

/// Asks the system, or a test, for the addresses of a name.
pub(crate) type Lookup = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// How long an address once looked up is used.
const LIFETIME: Duration = Duration::from_secs(300);

/// More names than this are not remembered at once: redirects can name as many as they like.
const MOST_NAMES: usize = 4096;

/// Why a name has no address to connect to.
#[derive(Debug)]
pub(crate) enum NameFailure {
    Unknown(io::Error),
    TimedOut,
    Refused(Refusal),
}

/// The names in use with their checked addresses.
#[derive(Clone)]
pub(crate) struct Names {
    lookup: Lookup,
    pinned: Arc<Mutex<HashMap<String, Pinned>>>,
}

struct Pinned {
    addresses: Vec<IpAddr>,
    until: Instant,
}

impl Names {
    pub(crate) fn new(lookup: Lookup) -> Self {
        Self { lookup, pinned: Arc::default() }
    }

    /// Sees to it that the client knows the addresses of the name, all of them checked.
    pub(crate) fn pin(&self, name: &str, guard: &Guard, within: Duration) -> Result<(), NameFailure> {
        let now = Instant::now();
        if self.locked().get(name).is_some_and(|pinned| pinned.until > now) {
            return Ok(());
        }
        let found = self.look_up(name, within)?;
        let addresses: Vec<_> = found.into_iter().filter(|address| guard.check_address(*address).is_ok()).collect();
        if addresses.is_empty() {
            return Err(NameFailure::Refused(Refusal::NotPublic));
        }
        let mut pinned = self.locked();
        if pinned.len() >= MOST_NAMES {
            pinned.retain(|_, pinned| pinned.until > now);
        }
        if pinned.len() >= MOST_NAMES {
            pinned.clear();
        }
        pinned.insert(name.to_owned(), Pinned { addresses, until: now + LIFETIME });
        Ok(())
    }

    /// The checked addresses of a name that was pinned.
    pub(crate) fn addresses(&self, name: &str) -> Vec<IpAddr> {
        self.locked().get(name).map(|pinned| pinned.addresses.clone()).unwrap_or_default()
    }

    /// Looks the name up again next time: its addresses did not answer.
    pub(crate) fn forget(&self, name: &str) {
        self.locked().remove(name);
    }

    /// The system's lookup knows no deadline, so it runs on a thread of its own, which is left behind if it is late.
    fn look_up(&self, name: &str, within: Duration) -> Result<Vec<IpAddr>, NameFailure> {
        let (sender, receiver) = mpsc::channel();
        let (lookup, wanted) = (Arc::clone(&self.lookup), name.to_owned());
        thread::Builder::new()
            .name("jpauto-lookup".to_owned())
            .spawn(move || {
                // Nobody listens any more once the deadline has passed.
                let _ = sender.send(lookup(&wanted));
            })
            .map_err(NameFailure::Unknown)?;
        match receiver.recv_timeout(within) {
            Ok(Ok(addresses)) if addresses.is_empty() => {
                Err(NameFailure::Unknown(io::Error::new(io::ErrorKind::NotFound, "the name has no address")))
            }
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(failure)) => Err(NameFailure::Unknown(failure)),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(NameFailure::TimedOut),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(NameFailure::Unknown(io::Error::other("the lookup ended without an answer")))
            }
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<String, Pinned>> {
        self.pinned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let known = self.locked().get(name.as_str()).map(|pinned| pinned.addresses.clone());
        let answer = known
            // Port 0 means the port of the URL.
            .map(|known| Box::new(known.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name was not looked up beforehand").into());
        Box::pin(std::future::ready(answer))
    }
}

/// The lookup of the system.
pub(crate) fn system_lookup() -> Lookup {
    Arc::new(|name| Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
}
