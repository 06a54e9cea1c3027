//! The browser's only way out: a proxy on loopback that asks the guard about every connection.
//!
//! Chromium looks up no name and connects only to this proxy. So a frame, a worker, a WebSocket, a redirect or a form all end
//! here. The proxy connects to the address that was checked, not to what the name may stand for a moment later. It counts bytes
//! and connections, and cuts the connections of a page that exceeds its share.
//!
//! What is deliberately not here: a look into TLS, and more than one request a plain connection. Another program of this machine
//! may use the proxy while a page is open; it reaches only what it could reach itself.

use std::{
    collections::HashMap,
    io::{self, Read, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use url::Url;

use crate::scrape::fetch::{ExchangeFailure, Exchanger};

/// Connections at once; Chromium itself opens at most 32 to a proxy.
const MOST_CONNECTIONS: usize = 64;

/// Bytes of the head of a request or an answer.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Lines of a head.
const MOST_HEADERS: usize = 128;

/// How long a head may take to arrive; an answer has the deadline of the page.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The connections of the browser, and how many bytes they may move.
pub(super) struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
}

struct Shared {
    exchanger: Arc<Exchanger>,
    closed: AtomicBool,
    traffic: Mutex<Traffic>,
}

struct Traffic {
    /// Both ends of each open connection, to end it from outside.
    open: HashMap<u64, [Option<TcpStream>; 2]>,
    opened: u64,
    bytes_left: u64,
    last_byte: Instant,
    /// Why the last connection to a host and port failed.
    failures: HashMap<String, ExchangeFailure>,
}

impl Proxy {
    /// Opens the proxy on a free port of loopback.
    pub(super) fn open(exchanger: Arc<Exchanger>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let traffic = Traffic {
            open: HashMap::new(),
            opened: 0,
            bytes_left: 0,
            last_byte: Instant::now(),
            failures: HashMap::new(),
        };
        let shared = Arc::new(Shared { exchanger, closed: AtomicBool::new(false), traffic: Mutex::new(traffic) });
        let accepting = Arc::clone(&shared);
        thread::Builder::new().name("jpauto-proxy".to_owned()).spawn(move || accept(&listener, &accepting))?;
        Ok(Self { shared, address })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins a page that may move this many bytes, both ways together.
    pub(super) fn begin_page(&self, max_bytes: u64) {
        let mut traffic = self.shared.traffic();
        traffic.bytes_left = max_bytes;
        traffic.last_byte = Instant::now();
        traffic.failures.clear();
    }

    /// Nothing moves any more until the next page begins.
    pub(super) fn end_page(&self) {
        let mut traffic = self.shared.traffic();
        traffic.bytes_left = 0;
        traffic.end_all();
    }

    /// How long nothing has moved.
    pub(super) fn quiet(&self) -> Duration {
        self.shared.traffic().last_byte.elapsed()
    }

    /// Whether the page wanted more bytes than it may have.
    pub(super) fn is_exhausted(&self) -> bool {
        self.shared.traffic().bytes_left == 0
    }

    /// Why the server of this address was not reached, if it was not.
    pub(super) fn failure(&self, url: &Url) -> Option<ExchangeFailure> {
        self.shared.traffic().failures.remove(&server_of(url))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.shared.traffic().end_all();
        // The thread that waits for a connection gets one, and checks.
        drop(TcpStream::connect_timeout(&self.address, HEAD_TIMEOUT));
    }
}

impl Shared {
    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts bytes that are about to be passed on; without any left, every connection ends.
    fn spend(&self, bytes: usize) -> io::Result<()> {
        let mut traffic = self.traffic();
        traffic.last_byte = Instant::now();
        let left = traffic.bytes_left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        traffic.bytes_left = left;
        if left == 0 {
            traffic.end_all();
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the page has had its bytes"));
        }
        Ok(())
    }
}

impl Traffic {
    fn end_all(&mut self) {
        for stream in self.open.values().flatten().flatten() {
            // A connection that has ended already is fine.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// A connection that is counted and can be ended from outside, until it is dropped.
struct Counted<'a> {
    shared: &'a Shared,
    number: u64,
}

impl<'a> Counted<'a> {
    fn new(shared: &'a Shared, client: &TcpStream) -> io::Result<Self> {
        let mut traffic = shared.traffic();
        if traffic.open.len() >= MOST_CONNECTIONS || shared.closed.load(Ordering::SeqCst) {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "too many connections at once"));
        }
        let number = traffic.opened;
        traffic.opened += 1;
        traffic.open.insert(number, [Some(client.try_clone()?), None]);
        Ok(Self { shared, number })
    }

    /// Connects to the server of the address, if the guard allows it.
    fn connect(&self, url: &Url) -> io::Result<TcpStream> {
        let server = self.shared.exchanger.connect(url, HEAD_TIMEOUT).map_err(|failure| {
            tracing::debug!(server = server_of(url), ?failure, "a page was kept from a server");
            let mut traffic = self.shared.traffic();
            if traffic.failures.len() < MOST_CONNECTIONS {
                traffic.failures.insert(server_of(url), failure);
            }
            io::Error::other("the server was not reached")
        })?;
        let mut traffic = self.shared.traffic();
        if let Some(ends) = traffic.open.get_mut(&self.number) {
            ends[1] = Some(server.try_clone()?);
        }
        // A proxy that was closed meanwhile did not see this end.
        if self.shared.closed.load(Ordering::SeqCst) {
            return Err(io::Error::other("the proxy is closed"));
        }
        Ok(server)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.shared.traffic().open.remove(&self.number);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.closed.load(Ordering::SeqCst) {
        let client = match listener.accept() {
            Ok((client, _)) => client,
            Err(failure) => {
                tracing::debug!(%failure, "the proxy could not accept a connection");
                // Out of files, most likely; some may be free again soon.
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        let serving = Arc::clone(shared);
        let spawned = thread::Builder::new().name("jpauto-proxy".to_owned()).spawn(move || {
            if let Err(failure) = serve(client, &serving) {
                tracing::trace!(%failure, "a connection through the proxy ended");
            }
        });
        if let Err(failure) = spawned {
            tracing::debug!(%failure, "the proxy has no thread for a connection");
        }
    }
}

/// One connection of the browser: a tunnel, or one plain request.
fn serve(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    let connection = Counted::new(shared, &client)?;
    client.set_read_timeout(Some(HEAD_TIMEOUT))?;
    let (head, rest) = read_head(&mut client, Vec::new())?;
    let mut lines = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut lines);
    request.parse(&head).map_err(io::Error::other)?;
    let (method, target) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
    let server = if method == "CONNECT" {
        let url = Url::parse(&format!("https://{target}/")).map_err(io::Error::other)?;
        let server = connection.connect(&url)?;
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        (&server).write_all(&rest)?;
        server
    } else {
        let url = Url::parse(target).map_err(io::Error::other)?;
        if url.scheme() != "http" {
            return Err(io::Error::other("only http:// is asked for openly"));
        }
        let server = connection.connect(&url)?;
        let mut asked = format!("{method} {} HTTP/1.1\r\n", &url[url::Position::BeforePath..]).into_bytes();
        write_headers(&mut asked, request.headers);
        asked.extend_from_slice(&rest);
        shared.spend(asked.len())?;
        (&server).write_all(&asked)?;
        server
    };
    client.set_read_timeout(None)?;
    let (up_from, up_to) = (client.try_clone()?, server.try_clone()?);
    thread::scope(|scope| {
        let up = thread::Builder::new().spawn_scoped(scope, || {
            let outcome = pass(up_from, &up_to, shared);
            // The server may still be answering.
            let _ = up_to.shutdown(Shutdown::Write);
            outcome
        });
        let down = match (up, method) {
            (Err(failure), _) => Err(failure),
            (Ok(_), "CONNECT") => pass(&server, &client, shared),
            (Ok(_), _) => pass_answer(&server, &client, shared),
        };
        // Wakes the other direction.
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
        down
    })
}

/// Passes an answer on with `Connection: close`: the next request may be for another server.
fn pass_answer(mut server: &TcpStream, mut client: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut ahead = Vec::new();
    let rest = loop {
        let (head, rest) = read_head(&mut server, ahead)?;
        let mut lines = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut answer = httparse::Response::new(&mut lines);
        answer.parse(&head).map_err(io::Error::other)?;
        let status = answer.code.unwrap_or_default();
        // Before the answer may come words about it; nobody asked for another protocol.
        if matches!(status, 100..=199) {
            ahead = rest;
            continue;
        }
        let mut told = format!("HTTP/1.1 {status} {}\r\n", answer.reason.unwrap_or_default()).into_bytes();
        write_headers(&mut told, answer.headers);
        shared.spend(told.len() + rest.len())?;
        client.write_all(&told)?;
        break rest;
    };
    client.write_all(&rest)?;
    pass(server, client, shared)
}

/// Passes bytes on until there are no more.
fn pass(mut from: impl Read, mut to: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                shared.spend(length)?;
                to.write_all(&chunk[..length])?;
            }
            Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => {}
            Err(failure) => return Err(failure),
        }
    }
}

/// Reads to the empty line after a head, part of which may have arrived. Returns the head and what came of the body.
fn read_head(from: &mut impl Read, mut head: Vec<u8>) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut chunk = [0; 4096];
    let mut looked_at = 0;
    loop {
        if let Some(end) = memchr::memmem::find(&head[looked_at..], b"\r\n\r\n") {
            let rest = head.split_off(looked_at + end + 4);
            return Ok((head, rest));
        }
        if head.len() > MAX_HEAD_BYTES {
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "a head without end"));
        }
        // The end may lie across two reads.
        looked_at = head.len().saturating_sub(3);
        let length = match from.read(&mut chunk) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => length,
            Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => continue,
            Err(failure) => return Err(failure),
        };
        head.extend_from_slice(&chunk[..length]);
    }
}

/// All headers except those about this connection, with `Connection: close`.
fn write_headers(to: &mut Vec<u8>, headers: &[httparse::Header<'_>]) {
    const OF_THE_CONNECTION: [&str; 5] =
        ["connection", "keep-alive", "proxy-connection", "proxy-authorization", "upgrade"];
    for header in
        headers.iter().filter(|header| !OF_THE_CONNECTION.iter().any(|name| header.name.eq_ignore_ascii_case(name)))
    {
        to.extend_from_slice(header.name.as_bytes());
        to.extend_from_slice(b": ");
        to.extend_from_slice(header.value);
        to.extend_from_slice(b"\r\n");
    }
    to.extend_from_slice(b"Connection: close\r\n\r\n");
}

fn server_of(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}
