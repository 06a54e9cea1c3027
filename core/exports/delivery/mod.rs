//! Sends a feed to a server: by HTTP PUT, SFTP, or FTP over TLS, again where the server may take it later.
//!
//! The address is asked of the same guard as a competitor's. The operator's own server may stand in a private network where the
//! configuration of the feed says so; who we are is told to the configured destination alone. By SFTP and FTP a feed is sent under
//! a temporary name and renamed when it is whole, so that nobody there reads half of it.

mod ftp;
mod http;
mod login;
mod remote_file;
mod route;
#[cfg(feature = "sftp")]
mod sftp;
#[cfg(test)]
mod tests;
mod trust;

use std::{ops::ControlFlow, path::Path, thread, time::Duration};

use url::Url;

use super::FeedFormat;
use crate::error::{Error, ErrorCode, Result};

pub use login::Login;

/// How long a server is waited for, and how often it is asked.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// How often in all.
    attempts: u32,
    /// The pause between the first two times; each further one is twice as long.
    first_pause: Duration,
    longest_pause: Duration,
    connect: Duration,
    /// For each single answer.
    answer: Duration,
    /// For one attempt as a whole: a large feed over a slow line.
    attempt: Duration,
}

const PATIENCE: Patience = Patience {
    attempts: 4,
    first_pause: Duration::from_millis(500),
    longest_pause: Duration::from_secs(30),
    connect: Duration::from_secs(10),
    answer: Duration::from_secs(60),
    attempt: Duration::from_secs(600),
};

/// How often a pause looks whether the export is to stop.
const LOOK_FOR_A_STOP: Duration = Duration::from_secs(1);

/// So much of an answer is kept.
const LONGEST_ANSWER: usize = 500;

/// Ways in which a server takes a feed, by the scheme of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Http,
    Https,
    Sftp,
    /// With TLS that begins after the greeting (RFC 4217).
    Ftps,
    Ftp,
}

impl Way {
    fn of(url: &Url) -> Option<Self> {
        match url.scheme() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            "sftp" => Some(Self::Sftp),
            "ftps" => Some(Self::Ftps),
            "ftp" => Some(Self::Ftp),
            _ => None,
        }
    }

    const fn usual_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Sftp => 22,
            Self::Ftps | Self::Ftp => 21,
        }
    }
}

/// A feed on its way to a server.
struct Parcel<'p> {
    way: Way,
    url: &'p Url,
    file: &'p Path,
    format: FeedFormat,
    login: &'p Login,
    patience: Patience,
}

/// A failure, and how long to wait at least where it may be over then.
#[derive(Debug)]
struct Failed {
    error: Error,
    retry_after: Option<Duration>,
}

impl Failed {
    /// It may be over the next time.
    fn for_now(error: Error) -> Self {
        Self { error, retry_after: Some(Duration::ZERO) }
    }

    /// Asking again changes nothing.
    fn for_good(error: Error) -> Self {
        Self { error, retry_after: None }
    }
}

/// Whether an address can be one of a server that takes feeds.
pub(super) fn is_spoken(url: &Url) -> bool {
    Way::of(url).is_some()
}

/// Refuses what cannot be sent, before a vehicle is read for it. `key` is the section in which the feed is configured.
///
/// # Errors
/// `invalid_destination` for an address that is not spoken to; `not_configured` where the login lacks something.
pub(super) fn ensure_can_be_sent(url: &Url, login: &Login, key: &str) -> Result<()> {
    let way = Way::of(url).ok_or_else(|| not_spoken_to("it is of no kind that takes feeds"))?;
    route::guard(login).check_server(url, way.usual_port()).map_err(|refusal| route::refused(way, refusal))?;
    if matches!(way, Way::Http | Way::Https) {
        return Ok(());
    }
    if way == Way::Sftp && cfg!(not(feature = "sftp")) {
        return Err(not_spoken_to("this program was built without SFTP"));
    }
    remote_file::RemoteFile::of(url)?;
    login.ensure_whole(way, key)
}

/// Whether to try on; it is asked between two attempts.
pub(super) type GoesOn<'a> = &'a mut dyn FnMut() -> ControlFlow<()>;

/// Sends the file, and answers what the server said.
///
/// # Errors
/// `invalid_destination` for an address that is not spoken to; `delivery_refused`; `unknown_host_key`; `delivery_failed`; `export_stopped`.
pub(super) fn send(url: &Url, file: &Path, format: FeedFormat, login: &Login, goes_on: GoesOn<'_>) -> Result<String> {
    send_within(url, file, format, login, PATIENCE, goes_on)
}

fn send_within(
    url: &Url,
    file: &Path,
    format: FeedFormat,
    login: &Login,
    patience: Patience,
    goes_on: GoesOn<'_>,
) -> Result<String> {
    let way = Way::of(url).ok_or_else(|| not_spoken_to("it is of no kind that takes feeds"))?;
    let parcel = Parcel { way, url, file, format, login, patience };
    let client = match way {
        Way::Http | Way::Https => Some(http::Client::new(&parcel)?),
        Way::Sftp | Way::Ftps | Way::Ftp => None,
    };
    let (mut pause, mut attempt) = (patience.first_pause, 1);
    loop {
        let outcome = match &client {
            Some(client) => client.put(&parcel),
            None if way == Way::Sftp => by_sftp(&parcel),
            None => ftp::upload(&parcel),
        };
        match outcome {
            Err(Failed { error, retry_after: Some(wait) }) if attempt < patience.attempts => {
                tracing::warn!(attempt, %error, "a feed was not taken; sending it again");
                wait_for(wait.max(pause).min(patience.longest_pause), goes_on)?;
                (attempt, pause) = (attempt + 1, pause * 2);
            }
            outcome => return outcome.map_err(|failed| failed.error),
        }
    }
}

/// Sleeps, unless the export is stopped meanwhile.
fn wait_for(mut pause: Duration, goes_on: GoesOn<'_>) -> Result<()> {
    while !pause.is_zero() {
        if goes_on().is_break() {
            let message = "the export was stopped; the server has not taken the feed";
            return Err(Error::new(ErrorCode::ExportStopped, message));
        }
        let step = pause.min(LOOK_FOR_A_STOP);
        thread::sleep(step);
        pause -= step;
    }
    Ok(())
}

#[cfg(feature = "sftp")]
fn by_sftp(parcel: &Parcel<'_>) -> Result<String, Failed> {
    sftp::upload(parcel)
}

#[cfg(not(feature = "sftp"))]
fn by_sftp(_: &Parcel<'_>) -> Result<String, Failed> {
    Err(Failed::for_good(not_spoken_to("this program was built without SFTP")))
}

fn failed(message: String) -> Error {
    Error::new(ErrorCode::DeliveryFailed, message)
}

fn not_taken(message: String) -> Error {
    Error::new(ErrorCode::DeliveryRefused, message)
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

/// The beginning of what a server said, in one line.
fn in_one_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(&said[..said.len().min(LONGEST_ANSWER)]);
    let text: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    text.trim().to_owned()
}
