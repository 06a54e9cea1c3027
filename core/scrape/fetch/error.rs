//! Why a page was not fetched.

use std::{error::Error as StdError, time::Duration};

use thiserror::Error;

use super::guard::Refusal;
use crate::scrape::ScrapeErrorType;

/// Any failure of a fetch; [`FetchError::category`] is the word under which a scrape records it.
#[derive(Debug, Error)]
pub(crate) enum FetchError {
    /// The guard does not let this address, or one that it redirects to, be fetched.
    #[error("{address} is not fetched: {reason}")]
    Refused { address: String, reason: Refusal },
    /// Closed by robots.txt, or by one that cannot be read.
    #[error("{address} is closed by robots.txt: {reason}")]
    Robots { address: String, reason: String },
    /// The server is in no state to hand robots.txt out; until it is, nothing is known to be allowed.
    #[error("{address} is left alone while its robots.txt cannot be had: {reason}")]
    RobotsWithheld { address: String, reason: String },
    /// No connection, or none that brought an answer.
    #[error("{address} could not be reached")]
    Connection { address: String, source: Box<dyn StdError + Send + Sync> },
    /// An answer that ended before it was whole.
    #[error("the answer of {address} broke off before its end")]
    BrokeOff { address: String, source: Box<dyn StdError + Send + Sync> },
    /// No whole answer within the deadline of a page.
    #[error("{address} did not answer in time")]
    TimedOut { address: String },
    /// The deadline of the scrape would pass first; nothing is known against the page.
    #[error("{address} was left out: the time for this scrape is over")]
    OutOfTime { address: String },
    /// Somebody asked the scrape to stop; nothing is known against the page.
    #[error("{address} was left out: the scrape was stopped")]
    Stopped { address: String },
    /// An answer that is no page.
    #[error("{address} answered with status {status}")]
    Status { address: String, status: u16, retry_after: Option<Duration> },
    /// Redirected too often.
    #[error("{address} redirects more than {limit} times")]
    Redirects { address: String, limit: usize },
    /// A bot check stands in place of the page. Nothing is done to get round it.
    #[error("{address} shows a bot check in place of the page")]
    Blocked { address: String },
    /// Compressed in a way that was not asked for.
    #[error("{address} is encoded as {encoding:?}, which was not asked for and is not read")]
    Encoded { address: String, encoding: String },
    /// Neither HTML nor XML nor JSON.
    #[error("{address} is of the type {content_type:?}, which is not read")]
    ContentType { address: String, content_type: String },
    /// The browser could not be started, or broke off.
    #[cfg(all(feature = "browser", unix))]
    #[error("{address} could not be rendered: {reason}")]
    Rendering { address: String, reason: String },
    /// The page wants more files or more bytes than a page gets.
    #[cfg(all(feature = "browser", unix))]
    #[error("{address} asks for more than {limit} {unit}")]
    Demanding { address: String, limit: u64, unit: &'static str },
    /// More bytes than are read of one page, after decompression, or a header beyond its limit.
    #[error("{address} is larger than {limit} bytes")]
    TooLarge { address: String, limit: usize },
}

impl FetchError {
    /// The error type that a scrape is recorded with if this failure ends it.
    pub(crate) fn category(&self) -> ScrapeErrorType {
        match self {
            Self::Refused { .. } | Self::Connection { .. } | Self::BrokeOff { .. } => ScrapeErrorType::Network,
            Self::Robots { .. } => ScrapeErrorType::Robots,
            Self::TimedOut { .. } | Self::OutOfTime { .. } | Self::Stopped { .. } => ScrapeErrorType::Timeout,
            Self::Status { .. } | Self::Redirects { .. } | Self::RobotsWithheld { .. } => ScrapeErrorType::HttpStatus,
            Self::Blocked { .. } => ScrapeErrorType::Blocked,
            Self::ContentType { .. } | Self::Encoded { .. } | Self::TooLarge { .. } => ScrapeErrorType::Parsing,
            #[cfg(all(feature = "browser", unix))]
            Self::Rendering { .. } => ScrapeErrorType::Network,
            #[cfg(all(feature = "browser", unix))]
            Self::Demanding { .. } => ScrapeErrorType::Parsing,
        }
    }

    /// Whether there was no answer, or no whole one: another try may bring it.
    pub(crate) fn is_of_the_line(&self) -> bool {
        matches!(self, Self::Connection { .. } | Self::BrokeOff { .. } | Self::TimedOut { .. })
    }

    /// Whether the other pages of the website may still be asked for. They are not if the server is down, fails or refuses.
    pub(crate) fn concerns_one_page(&self) -> bool {
        match self {
            Self::Status { status, retry_after, .. } => *status < 500 && *status != 429 && retry_after.is_none(),
            Self::Refused { .. } | Self::Robots { .. } | Self::Redirects { .. } => true,
            Self::ContentType { .. } | Self::Encoded { .. } | Self::TooLarge { .. } => true,
            _ => false,
        }
    }

    /// The address whose server says that there is no such page (404, 410), behind all redirects. A bot check says nothing about
    /// the page, whatever its status.
    pub(crate) fn gone_at(&self) -> Option<&str> {
        match self {
            Self::Status { status: 404 | 410, address, .. } => Some(address),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// How long the server asked to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
