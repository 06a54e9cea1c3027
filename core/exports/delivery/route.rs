//! The way to a server of files: its name looked up once and checked, a connection, and the time after which that ends.

use std::{
    net::{IpAddr, SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use url::Host;

use super::{Failed, Login, Parcel, Way, failed, not_spoken_to, shown};
use crate::{
    error::Error,
    scrape::fetch::{
        guard::{Guard, Refusal, server_of},
        names::{NameFailure, Names, system_lookup},
    },
};

/// What may be spoken to with this login.
pub(super) fn guard(login: &Login) -> Guard {
    Guard {
        allow_private_networks: login.allow_private_network,
        allow_any_port: login.allow_private_network,
        ..Guard::default()
    }
}

/// The refusal of an address.
pub(super) fn refused(way: Way, refusal: Refusal) -> Error {
    match (way, refusal) {
        (Way::Http | Way::Https, _) => not_spoken_to(&refusal.to_string()),
        (_, Refusal::Port) => not_spoken_to(&format!(
            "only the port {} is, unless the login says allow_private_network",
            way.usual_port()
        )),
        (_, Refusal::NotPublic) => not_spoken_to("it belongs to no public server"),
        _ => not_spoken_to(&refusal.to_string()),
    }
}

/// The failure to find the addresses of a name.
pub(super) fn unknown(way: Way, name: &str, failure: NameFailure) -> Failed {
    match failure {
        NameFailure::Refused(refusal) => Failed::for_good(refused(way, refusal)),
        NameFailure::Unknown(reason) => Failed::for_now(failed(format!("the name {name} is not known: {reason}"))),
        NameFailure::TimedOut => Failed::for_now(failed(format!("the name {name} was not looked up in time"))),
    }
}

/// A server that was reached.
pub(super) struct Route {
    pub(super) stream: TcpStream,
    /// As the address names it.
    pub(super) host: String,
    #[cfg_attr(not(feature = "sftp"), expect(dead_code, reason = "SFTP alone knows servers by their ports"))]
    pub(super) port: u16,
}

/// Connects to the server of an address, at an address that the guard has let through.
pub(super) fn connect(parcel: &Parcel<'_>, watch: &Watch) -> Result<Route, Failed> {
    let Parcel { way, url, login, patience, .. } = parcel;
    let guard = guard(login);
    guard.check_server(url, way.usual_port()).map_err(|refusal| Failed::for_good(refused(*way, refusal)))?;
    let (host, port) = server_of(url, way.usual_port()).map_err(|refusal| Failed::for_good(refused(*way, refusal)))?;
    let addresses: Vec<IpAddr> = match &host {
        Host::Ipv4(address) => vec![(*address).into()],
        Host::Ipv6(address) => vec![(*address).into()],
        Host::Domain(name) => {
            let names = Names::new(system_lookup());
            names.pin(name, &guard, patience.connect).map_err(|failure| unknown(*way, name, failure))?;
            names.addresses(name)
        }
    };
    let not_reached = |reason: String| Failed::for_now(failed(format!("{} cannot be reached: {reason}", shown(url))));
    let mut last = "its name has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(&SocketAddr::new(address, port), patience.connect) {
            Ok(stream) => {
                wait_at_most(&stream, patience.answer)
                    .and_then(|()| watch.over(&stream))
                    .map_err(|reason| not_reached(reason.to_string()))?;
                let host = match host {
                    Host::Ipv4(address) => address.to_string(),
                    Host::Ipv6(address) => address.to_string(),
                    Host::Domain(name) => name,
                };
                return Ok(Route { stream, host, port });
            }
            Err(reason) => last = reason.to_string(),
        }
    }
    Err(not_reached(last))
}

/// Neither reading nor writing waits longer.
pub(super) fn wait_at_most(stream: &TcpStream, time: Duration) -> std::io::Result<()> {
    stream.set_read_timeout(Some(time))?;
    stream.set_write_timeout(Some(time))?;
    stream.set_nodelay(true)
}

/// Ends the connections of an attempt when its time is over. A server that says a byte now and then would hold it for ever.
#[derive(Clone)]
pub(super) struct Watch {
    until: Instant,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
    /// Dropped with the last clone, which ends the thread.
    _end: Arc<mpsc::Sender<()>>,
}

impl Watch {
    pub(super) fn begin(time: Duration) -> std::io::Result<Self> {
        let (end, ended) = mpsc::channel::<()>();
        let sockets: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let watched = Arc::clone(&sockets);
        thread::Builder::new().name("jpauto-delivery".to_owned()).spawn(move || {
            if ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                for socket in watched.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    // One that is closed already has nothing to end.
                    let _ = socket.shutdown(std::net::Shutdown::Both);
                }
            }
        })?;
        Ok(Self { until: Instant::now() + time, sockets, _end: Arc::new(end) })
    }

    /// Whether the time is over, for a connection that is not held here.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Ends this connection, too.
    pub(super) fn over(&self, socket: &TcpStream) -> std::io::Result<()> {
        let socket = socket.try_clone()?;
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
        Ok(())
    }
}
