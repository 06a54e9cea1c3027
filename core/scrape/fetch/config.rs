//! How pages are fetched: limits of time and size, pauses, and who asks.

use std::{net::SocketAddr, time::Duration};

use reqwest::header::HeaderValue;

use super::robots;
use crate::{Error, ErrorCode, Result, scrape::browser::BrowserConfig};

/// How pages are fetched from other people's servers; the defaults are the polite ones.
///
/// ```
/// use jpauto::{Config, FetchConfig};
///
/// let mut config = Config::new("sqlite::memory:");
/// config.fetch = Some(FetchConfig::new("webmaster@dealer.example"));
/// ```
#[derive(Clone, Debug)]
pub struct FetchConfig {
    /// Where a webmaster reaches the operator: an e-mail address or a web page, sent with each request.
    pub contact: String,
    /// Pages of one scrape (200); a list that goes on is then a part of a lot.
    pub max_pages: usize,
    /// One try of one page, to the last byte (30 s).
    pub page_timeout: Duration,
    /// All pages of a session with their pauses (1 h).
    pub scrape_timeout: Duration,
    /// Tries after the first, for a page with its redirects (2).
    pub retries: u32,
    /// The longest wait before the first retry (1 s); it doubles with each.
    pub first_backoff: Duration,
    /// The longest wait that doubling reaches (30 s).
    pub longest_backoff: Duration,
    /// A `Retry-After` beyond this ends the page instead of being waited for (2 min).
    pub longest_retry_after: Duration,
    /// The least pause between two requests to a host (1 s); at most [`FetchConfig::LONGEST_PAUSE`].
    pub pause: Duration,
    /// Bytes of a page after decompression (16 MiB).
    pub max_body_bytes: usize,
    /// Bytes of an answer's header (64 KiB); the client itself stops at 100 lines or 400 KiB.
    pub max_header_bytes: usize,
    /// Redirects that are followed (5).
    pub max_redirects: usize,
    /// How long a robots.txt counts (24 h, as RFC 9309 asks).
    pub robots_lifetime: Duration,
    /// How long a robots.txt that could not be had closes its site before it is asked for again (10 min).
    pub closed_lifetime: Duration,
    /// Bytes of a robots.txt that are read (500 KiB, as RFC 9309 asks).
    pub max_robots_bytes: usize,
    /// Whether private and loopback networks may be fetched from: tests and intranets alone.
    pub allow_private_networks: bool,
    /// Whether ports other than 80 and 443 may be fetched from.
    pub allow_any_port: bool,
    /// Servers that may be fetched from although their network or port is not allowed otherwise, each by its number and
    /// port (none). An address must name the server by number as well.
    pub allowed_servers: Vec<SocketAddr>,
    /// How pages that need a browser are rendered.
    pub browser: BrowserConfig,
}

impl FetchConfig {
    /// With a longer pause than ten minutes no list would ever be read to its end.
    pub const LONGEST_PAUSE: Duration = Duration::from_secs(600);

    /// The defaults, with this contact.
    #[must_use]
    pub fn new(contact: impl Into<String>) -> Self {
        Self {
            contact: contact.into(),
            max_pages: 200,
            page_timeout: Duration::from_secs(30),
            scrape_timeout: Duration::from_secs(3600),
            retries: 2,
            first_backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_secs(30),
            longest_retry_after: Duration::from_secs(120),
            pause: Duration::from_secs(1),
            max_body_bytes: 16 * 1024 * 1024,
            max_header_bytes: 64 * 1024,
            max_redirects: 5,
            robots_lifetime: Duration::from_secs(24 * 3600),
            closed_lifetime: Duration::from_secs(600),
            max_robots_bytes: 500 * 1024,
            allow_private_networks: false,
            allow_any_port: false,
            allowed_servers: Vec::new(),
            browser: BrowserConfig::default(),
        }
    }

    pub(super) fn check_pause(&self) -> Result<()> {
        if self.pause <= Self::LONGEST_PAUSE {
            return Ok(());
        }
        let message = format!("expected at most {} seconds", Self::LONGEST_PAUSE.as_secs());
        Err(Error::invalid_field(ErrorCode::InvalidPause, "/pause", message))
    }

    /// `jpauto/VERSION (+CONTACT)`; a program that does not say who is behind it does not fetch.
    pub(super) fn user_agent(&self) -> Result<HeaderValue> {
        let contact = self.contact.trim();
        let is_reachable = contact.contains('@') || contact.starts_with("https://") || contact.starts_with("http://");
        let is_plain = contact.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'(' | b')'));
        if !is_reachable || !is_plain {
            let message =
                "expected an e-mail address or a web page, at which the webmasters of fetched sites reach you";
            return Err(Error::invalid_field(ErrorCode::InvalidContact, "/contact", message));
        }
        HeaderValue::from_str(&format!("{}/{} (+{contact})", robots::PRODUCT, env!("CARGO_PKG_VERSION")))
            .map_err(|source| Error::new(ErrorCode::FetcherNotReady, "the user agent is no header").with_source(source))
    }
}
