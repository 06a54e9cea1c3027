//! Why a list could not be read, in one word.

use serde::Serialize;

use crate::error::ErrorCode;

/// Why a scrape failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScrapeErrorType {
    /// No connection, or it broke.
    Network,
    /// No answer in time.
    Timeout,
    /// An answer that is no page, such as 404 or 503.
    HttpStatus,
    /// A bot check in place of the page.
    Blocked,
    /// Closed by robots.txt.
    Robots,
    /// A page that could not be read.
    Parsing,
    /// Pages without a single vehicle.
    Empty,
}

words!(ScrapeErrorType, InvalidScrapeErrorType at "/scrape_error_type" {
    Network => "network",
    Timeout => "timeout",
    HttpStatus => "http_status",
    Blocked => "blocked",
    Robots => "robots",
    Parsing => "parsing",
    Empty => "empty",
});

impl ScrapeErrorType {
    /// The code of the error that a scrape which failed so ends with.
    pub(crate) const fn code(self) -> ErrorCode {
        match self {
            Self::Network => ErrorCode::ScrapeNetwork,
            Self::Timeout => ErrorCode::ScrapeTimeout,
            Self::HttpStatus => ErrorCode::ScrapeHttpStatus,
            Self::Blocked => ErrorCode::ScrapeBlocked,
            Self::Robots => ErrorCode::ScrapeRobots,
            Self::Parsing => ErrorCode::ScrapeParsing,
            Self::Empty => ErrorCode::ScrapeEmpty,
        }
    }
}
