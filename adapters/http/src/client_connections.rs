//! How many of something each client has, such as connections. One client may not take all of them.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jpauto::client_network;
use tokio::time::sleep;

/// How often a client that has as many as it may is looked at again.
const LOOK_FOR_PLACE: Duration = Duration::from_millis(50);

/// The connections of each client.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientConnections {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One connection of a client; it is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    all: ClientConnections,
    client: IpAddr,
}

impl ClientConnections {
    /// Counts a connection, or returns `None` if the client has as many as it may.
    pub(crate) fn admit(&self, address: IpAddr, most: usize) -> Option<Counted> {
        let client = client_network(address);
        let mut connections = self.connections();
        let count = connections.entry(client).or_default();
        if *count >= most.max(1) {
            return None;
        }
        *count += 1;
        Some(Counted { all: self.clone(), client })
    }

    /// The same, as soon as the client has fewer.
    pub(crate) async fn place(&self, address: IpAddr, most: usize) -> Counted {
        loop {
            match self.admit(address, most) {
                Some(counted) => return counted,
                None => sleep(LOOK_FOR_PLACE).await,
            }
        }
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut connections = self.all.connections();
        if let Some(count) = connections.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                connections.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_by_client_until_they_end() {
        let clients = ClientConnections::default();
        let admit = |address: &str| clients.admit(address.parse().unwrap(), 2);
        let first = admit("2001:db8:1:2::1");
        let second = admit("2001:db8:1:2:ffff::9");
        assert!(first.is_some() && second.is_some() && admit("2001:db8:1:2::3").is_none(), "one network");
        assert!(admit("2001:db8:1:3::1").is_some(), "another network");
        drop(first);
        let third = admit("2001:db8:1:2::3");
        assert!(third.is_some());
        let mapped = (admit("::ffff:192.0.2.1"), admit("192.0.2.1"));
        assert!(mapped.0.is_some() && mapped.1.is_some() && admit("192.0.2.1").is_none(), "one IPv4 address");
        assert!(admit("192.0.2.2").is_some());
        drop((second, third, mapped));
        assert!(clients.connections().is_empty());
    }
}
