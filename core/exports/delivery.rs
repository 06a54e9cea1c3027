//! Sends a feed to a server: HTTP PUT, retried where the server may take it later.
//!
//! The address is asked of the same guard as a competitor's. The operator's own server may stand in a private network where the
//! configuration of the feed says so; who we are is told to the configured destination alone.

use std::{fmt, fs::File, path::Path, thread, time::Duration};

use reqwest::{
    StatusCode,
    blocking::{Body, Client, Response},
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use serde::Deserialize;
use url::{Host, Url};

use super::FeedFormat;
use crate::{
    error::{Error, ErrorCode, Result},
    scrape::fetch::{
        guard::Guard,
        names::{NameFailure, Names, system_lookup},
    },
};

/// Who we are to the server that takes a feed.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Login {
    /// The name of the user, for HTTP's basic authentication.
    pub user: Option<String>,
    /// The password of the user.
    pub password: Option<String>,
    /// A bearer token instead of a user.
    pub token: Option<String>,
    /// Whether the configured destination may stand in a private network, and on any port.
    pub allow_private_network: bool,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// How often a server is asked in all, and how long the first pause between two times is; each further one is twice as long.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A large feed over a slow line.
const TIMEOUT: Duration = Duration::from_secs(600);

/// So much of an answer is kept.
const LONGEST_ANSWER: usize = 500;

/// Sends the file, and answers what the server said.
///
/// # Errors
/// `invalid_destination` for an address that is not spoken to; `delivery_refused`; `delivery_failed`.
pub(super) fn put(url: &Url, file: &Path, format: FeedFormat, login: &Login) -> Result<String> {
    let guard = Guard {
        allow_private_networks: login.allow_private_network,
        allow_any_port: login.allow_private_network,
        ..Guard::default()
    };
    guard.check_url(url).map_err(|refusal| not_spoken_to(&refusal.to_string()))?;
    let names = Names::new(system_lookup());
    let client = Client::builder()
        .user_agent(concat!("jpauto/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(std::sync::Arc::new(names.clone()))
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .build()
        .map_err(|reason| failed("the HTTP client could not be set up".to_owned()).with_source(reason))?;
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        let outcome = attempt_to(url, file, format, login, &guard, &names, &client);
        match outcome {
            Err(Failed { error, retry_after: Some(wait) }) if attempt < ATTEMPTS => {
                tracing::warn!(attempt, %error, "a feed was not taken; sending it again");
                thread::sleep(wait.max(pause).min(LONGEST_PAUSE));
                (attempt, pause) = (attempt + 1, pause * 2);
            }
            outcome => return outcome.map_err(|failed| failed.error),
        }
    }
}

/// A failure, and how long to wait at least where it may be over then.
struct Failed {
    error: Error,
    retry_after: Option<Duration>,
}

fn attempt_to(
    url: &Url,
    file: &Path,
    format: FeedFormat,
    login: &Login,
    guard: &Guard,
    names: &Names,
    client: &Client,
) -> Result<String, Failed> {
    let later = |error: Error| Failed { error, retry_after: Some(Duration::ZERO) };
    let never = |error: Error| Failed { error, retry_after: None };
    if let Some(Host::Domain(name)) = url.host() {
        names.pin(name, guard, CONNECT_TIMEOUT).map_err(|failure| match failure {
            NameFailure::Refused(refusal) => never(not_spoken_to(&refusal.to_string())),
            NameFailure::Unknown(reason) => later(failed(format!("the name {name} is not known: {reason}"))),
            NameFailure::TimedOut => later(failed(format!("the name {name} was not looked up in time"))),
        })?;
    }
    let body = File::open(file).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (length, body) = body.map_err(|reason| never(super::snapshot::not_written(reason)))?;
    let mut request = client.put(url.clone()).header(CONTENT_TYPE, media_type(format)).body(Body::sized(body, length));
    if let Some(token) = &login.token {
        request = request.bearer_auth(token);
    } else if let Some(user) = &login.user {
        request = request.basic_auth(user, login.password.as_ref());
    }
    let response = request.send().map_err(|reason| {
        let why = if reason.is_timeout() { "it did not answer in time" } else { "the connection failed" };
        later(failed(format!("{} did not take the feed: {why}", shown(url))).with_source(reason.without_url()))
    })?;
    let status = response.status();
    let wait = retry_after(&response);
    let answer = answer_of(response);
    if status.is_success() {
        return Ok(answer);
    }
    let message = format!("{} did not take the feed: {answer}", shown(url));
    if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) {
        return Err(Failed { error: failed(message), retry_after: Some(wait) });
    }
    Err(never(Error::new(ErrorCode::DeliveryRefused, message)))
}

fn failed(message: String) -> Error {
    Error::new(ErrorCode::DeliveryFailed, message)
}

fn not_spoken_to(reason: &str) -> Error {
    Error::invalid_field(
        ErrorCode::InvalidDestination,
        "/destination",
        format!("the address is not spoken to: {reason}"),
    )
}

/// The address without what may be secret.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

/// The status and the beginning of the body, in one line.
fn answer_of(response: Response) -> String {
    use std::io::Read as _;
    let status = response.status();
    let mut bytes = Vec::new();
    // The status is the answer; a body that breaks off adds nothing.
    let _ = response.take(LONGEST_ANSWER as u64).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let text: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    format!("{status} {}", text.trim()).trim_end().to_owned()
}

const fn media_type(format: FeedFormat) -> &'static str {
    match format {
        FeedFormat::Csv => "text/csv; charset=utf-8",
        FeedFormat::Tsv => "text/tab-separated-values; charset=utf-8",
        FeedFormat::Xml => "application/xml",
        FeedFormat::JsonLines => "application/jsonl",
        FeedFormat::JsonLd => "application/ld+json",
        FeedFormat::Zip | FeedFormat::Pages => "application/zip",
    }
}
