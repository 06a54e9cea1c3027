//! One request and its answer: connected where the guard allows, bounded in time and in size.
//!
//! What is deliberately not here: redirects, retries, robots.txt and pauses, which the session sees to, and HTTP/2, which
//! has nothing to multiplex where a host gets one request at a time. The client decompresses the answer. The limit counts
//! the decompressed bytes, so it also stops a small file that expands to a huge one.

use std::{
    error::Error as StdError,
    io::{self, Read as _},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

#[cfg(all(feature = "browser", unix))]
use std::net::{SocketAddr, TcpStream};

use reqwest::{
    blocking::{Client, Response},
    header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING},
    redirect::Policy,
};
use url::{Host, Url};

use super::{
    guard::{Guard, Refusal},
    names::{Lookup, NameFailure, Names},
    stop::Stop,
};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an unused connection is kept for the next page of the same host.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// What is sent.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// The body of a POST; without one it is a GET.
    pub(crate) body: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// Decompressed.
    pub(crate) body: Vec<u8>,
    /// Whether the body is all there was, not cut at its limit.
    pub(crate) is_whole: bool,
}

impl Answer {
    /// The text of a header, where it is text.
    pub(crate) fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// How much of a body is read.
#[derive(Clone, Copy)]
pub(crate) enum BodyWanted {
    Nothing,
    /// At most this many bytes; a body that breaks off is a failure.
    UpTo(usize),
    /// At most this many bytes of an answer that is a failure already; a part is enough.
    Glimpse(usize),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum ExchangeFailure {
    Refused(Refusal),
    Connection(Box<dyn StdError + Send + Sync>),
    /// The body ended before it was whole.
    BrokeOff(Box<dyn StdError + Send + Sync>),
    /// The body is compressed in this way, which was not asked for.
    Encoded(String),
    TimedOut,
    /// The header is larger than this many bytes.
    HeaderTooLarge(usize),
}

/// The HTTP client. It is made at its first request, because many processes never make one, and it has a thread of its own.
pub(crate) struct Exchanger {
    client: OnceLock<Client>,
    user_agent: HeaderValue,
    names: Names,
    guard: Guard,
    max_header_bytes: usize,
}

impl Exchanger {
    pub(crate) fn new(user_agent: HeaderValue, guard: Guard, lookup: Lookup, max_header_bytes: usize) -> Self {
        Self { client: OnceLock::new(), user_agent, names: Names::new(lookup), guard, max_header_bytes }
    }

    /// # Errors
    /// `Connection` where the system gives the client no thread.
    fn client(&self) -> Result<&Client, ExchangeFailure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .user_agent(self.user_agent.clone())
            .dns_resolver(Arc::new(self.names.clone()))
            // The session follows redirects itself and asks the guard each time.
            .redirect(Policy::none())
            // A proxy would look names up unseen, and one named in the environment is not this program's decision.
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build()
            .map_err(|failure| ExchangeFailure::Connection(failure.into()))?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Sends the request and reads as much of the answer as is wanted, all within the given time; a wish to stop is looked
    /// for with each piece of the body.
    pub(crate) fn exchange(
        &self,
        ask: Ask,
        within: Duration,
        wanted: impl Fn(u16, &HeaderMap) -> BodyWanted,
        stop: &Stop,
    ) -> Result<Answer, ExchangeFailure> {
        let started = Instant::now();
        self.guard.check_url(&ask.url).map_err(ExchangeFailure::Refused)?;
        self.pin(&ask.url, within)?;
        let left = within.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(ExchangeFailure::TimedOut);
        }
        let request = match ask.body {
            Some(body) => self.client()?.post(ask.url.clone()).body(body),
            None => self.client()?.get(ask.url.clone()),
        };
        // The client's deadline runs on while the body is read, so one that trickles in is late as a whole.
        let response = request.headers(ask.headers).timeout(left).send().map_err(|failure| {
            if let Some(Host::Domain(name)) = ask.url.host() {
                self.names.forget(name);
            }
            failed(failure)
        })?;
        let header_bytes: usize =
            response.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if header_bytes > self.max_header_bytes {
            return Err(ExchangeFailure::HeaderTooLarge(self.max_header_bytes));
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (body, is_whole) = match wanted(status, &headers) {
            BodyWanted::Nothing => (Vec::new(), false),
            BodyWanted::UpTo(limit) => {
                if let Some(encoding) = headers.get(CONTENT_ENCODING).filter(|value| *value != "identity") {
                    return Err(ExchangeFailure::Encoded(String::from_utf8_lossy(encoding.as_bytes()).into_owned()));
                }
                let mut body = Vec::new();
                let is_whole = read(response, &mut body, limit, stop)?;
                if is_whole && breaks_off(&body, declares_its_end(&headers)) {
                    return Err(ExchangeFailure::BrokeOff("the document is not closed".into()));
                }
                (body, is_whole)
            }
            BodyWanted::Glimpse(limit) => {
                let mut body = Vec::new();
                let is_whole = read(response, &mut body, limit, stop).unwrap_or(false);
                (body, is_whole)
            }
        };
        Ok(Answer { status, headers, body, is_whole })
    }

    /// Connects to the server of an address, for callers with a protocol of their own. The guard is asked as for a request.
    #[cfg(all(feature = "browser", unix))]
    pub(crate) fn connect(&self, url: &Url, within: Duration) -> Result<TcpStream, ExchangeFailure> {
        let ends = Instant::now() + within.min(CONNECT_TIMEOUT);
        let left = || ends.saturating_duration_since(Instant::now());
        self.guard.check_url(url).map_err(ExchangeFailure::Refused)?;
        self.pin(url, left())?;
        let addresses = match url.host() {
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            Some(Host::Domain(name)) => self.names.addresses(name),
            None => Vec::new(),
        };
        let port = url.port_or_known_default().unwrap_or_default();
        let mut reason = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            // A timeout of zero is no timeout to the system, but an error.
            if left().is_zero() {
                return Err(ExchangeFailure::TimedOut);
            }
            match TcpStream::connect_timeout(&SocketAddr::new(address, port), left()) {
                Ok(stream) => return Ok(stream),
                Err(failure) => reason = failure,
            }
        }
        if let Some(Host::Domain(name)) = url.host() {
            self.names.forget(name);
        }
        Err(failed(reason))
    }

    fn pin(&self, url: &Url, within: Duration) -> Result<(), ExchangeFailure> {
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        self.names.pin(name, &self.guard, within).map_err(|failure| match failure {
            NameFailure::Unknown(source) => ExchangeFailure::Connection(source.into()),
            NameFailure::TimedOut => ExchangeFailure::TimedOut,
            NameFailure::Refused(refusal) => ExchangeFailure::Refused(refusal),
        })
    }
}

/// Reads up to the limit. Returns whether that was the whole body.
fn read(mut response: Response, body: &mut Vec<u8>, limit: usize, stop: &Stop) -> Result<bool, ExchangeFailure> {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        if stop.is_asked() {
            return Err(ExchangeFailure::BrokeOff("nobody waits for the answer any more".into()));
        }
        let length = match response.read(&mut chunk) {
            Ok(0) => return Ok(true),
            Ok(length) => length,
            Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => continue,
            Err(failure) => {
                return Err(match failed(failure) {
                    ExchangeFailure::Connection(source) => ExchangeFailure::BrokeOff(source),
                    failure => failure,
                });
            }
        };
        let room = limit - body.len();
        body.extend_from_slice(&chunk[..length.min(room)]);
        if length > room {
            return Ok(false);
        }
    }
}

/// Whether the server said how long the body is, so that a body cut short is noticed by the client.
fn declares_its_end(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Whether an HTML document was cut off: it has no `</html>`, and the server did not say its length or it ends within a
/// script.
///
/// Parts of a document, which open none, have no end to look for.
fn breaks_off(body: &[u8], declares_its_end: bool) -> bool {
    let has = |text: &[u8], what: &[u8]| last_of(text, what).is_some();
    if has_its_end(body) != Some(false) {
        return false;
    }
    let ends_in_script = || last_of(body, b"<script").is_some_and(|start| !has(&body[start..], b"</script"));
    !declares_its_end || ends_in_script()
}

/// Whether an HTML document is closed as it was opened; `None` for what opens none.
pub(crate) fn has_its_end(body: &[u8]) -> Option<bool> {
    const HEAD_BYTES: usize = 4 * 1024;
    last_of(&body[..body.len().min(HEAD_BYTES)], b"<html")?;
    Some(last_of(body, b"</html").is_some())
}

/// Where a name in ASCII stands last, in capitals or not.
fn last_of(text: &[u8], name: &[u8]) -> Option<usize> {
    memchr::memrchr_iter(name[0], text)
        .find(|&start| text[start..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)))
}

fn failed(failure: impl Into<Box<dyn StdError + Send + Sync>>) -> ExchangeFailure {
    let failure = failure.into();
    if is_timeout(&*failure) { ExchangeFailure::TimedOut } else { ExchangeFailure::Connection(failure) }
}

/// Whether a timeout stands anywhere in the chain of causes.
fn is_timeout(failure: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(failure);
    while let Some(error) = cause {
        if error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout) {
            return true;
        }
        let io_error = error.downcast_ref::<io::Error>();
        if io_error.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        // An I/O error leaves the error that it wraps out of its own chain.
        cause = match io_error.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}
