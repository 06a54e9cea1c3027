//! Which process holds a lease, and whether it has ended.
//!
//! A lease lasts for its time, because a process that died cannot be told from one that is busy. On one machine it can: where Linux runs
//! it, each process that takes leases binds a socket under a name of its own, which the system takes away when the process ends, however
//! it ends. A holder is called by that name and by the place in which the name can be seen: the machine since it was started, and its
//! network. Whoever looks in the same place and finds nobody under the name knows that the process is gone. Everybody else, and
//! every other system, waits for the end of the lease.

#[cfg(target_os = "linux")]
use std::{
    fs,
    io::ErrorKind,
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixDatagram},
    },
    sync::OnceLock,
};

use uuid::Uuid;

/// A new name for a holder of leases, unique even for the same process a second time. It begins with the number of the process, by
/// which a person finds it.
pub(crate) fn new_holder() -> String {
    let holder = format!("process {} ({})", std::process::id(), Uuid::now_v7());
    match sign_of_life() {
        Some(sign) => format!("{holder}{AT}{sign}"),
        None => holder,
    }
}

/// Before the sign of life in the name of a holder.
const AT: &str = " at ";

/// Whether a holder's process has certainly ended.
#[cfg(target_os = "linux")]
pub(crate) fn is_gone(holder: &str) -> bool {
    let Some((_, sign)) = holder.split_once(AT) else { return false };
    let Some((place, _)) = sign.rsplit_once('/') else { return false };
    if here() != Some(place) {
        return false;
    }
    let Ok(address) = SocketAddr::from_abstract_name(sign) else { return false };
    let met = UnixDatagram::unbound().and_then(|socket| socket.connect_addr(&address));
    met.is_err_and(|reason| reason.kind() == ErrorKind::ConnectionRefused)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_gone(_holder: &str) -> bool {
    false
}

/// What this process is called while it lasts.
#[cfg(target_os = "linux")]
fn sign_of_life() -> Option<&'static str> {
    static SIGN: OnceLock<Option<(String, UnixDatagram)>> = OnceLock::new();
    let sign = SIGN.get_or_init(|| {
        let sign = format!("{}/{}", here()?, Uuid::now_v7().simple());
        let bound = SocketAddr::from_abstract_name(&sign).and_then(|address| UnixDatagram::bind_addr(&address));
        match bound {
            Ok(socket) => Some((sign, socket)),
            Err(reason) => {
                tracing::info!(%reason, "leases of this process last for their time, even when it dies");
                None
            }
        }
    });
    sign.as_ref().map(|(sign, _bound)| sign.as_str())
}

#[cfg(not(target_os = "linux"))]
fn sign_of_life() -> Option<&'static str> {
    None
}

/// The machine since it was started, and the network in which this process is: containers have one of their own.
#[cfg(target_os = "linux")]
fn here() -> Option<&'static str> {
    static HERE: OnceLock<Option<String>> = OnceLock::new();
    let place = || {
        let started = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let started = Uuid::try_parse(started.trim()).ok()?;
        let network = fs::read_link("/proc/self/ns/net").ok()?;
        let network: String = network.to_str()?.chars().filter(char::is_ascii_digit).collect();
        (!network.is_empty()).then(|| format!("{}/{network}", started.simple()))
    };
    HERE.get_or_init(place).as_deref()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_gone_where_its_name_would_be_seen_and_is_not() {
        let own = new_holder();
        assert!(!is_gone(&own), "{own}");
        assert!(own.len() <= 255, "as long as a holder may be called");
        let (_, sign) = own.split_once(AT).unwrap();
        let (place, _) = sign.rsplit_once('/').unwrap();
        let at = |place: &str| format!("process 7 ({}){AT}{place}/{}", Uuid::now_v7(), Uuid::now_v7().simple());
        assert!(is_gone(&at(place)));
        // Another machine or another network, and a holder of another release.
        let (started, _) = place.split_once('/').unwrap();
        for elsewhere in [at(&place.replace(started, &Uuid::nil().simple().to_string())), at(&format!("{started}/1"))] {
            assert!(!is_gone(&elsewhere), "{elsewhere}");
        }
        assert!(!is_gone("process 7 (0193)") && !is_gone("") && !is_gone(" at "));
    }

    #[test]
    fn a_name_is_free_once_its_socket_is_closed() {
        let sign = format!("{}/{}", here().unwrap(), Uuid::now_v7().simple());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&sign).unwrap()).unwrap();
        let holder = format!("process 7 (0193){AT}{sign}");
        assert!(!is_gone(&holder));
        drop(socket);
        assert!(is_gone(&holder));
    }
}
