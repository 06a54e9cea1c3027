//! Why a walk ended without a result.

use std::time::Duration;

use crate::{
    error::Error,
    scrape::{ScrapeErrorType, fetch::FetchError},
};

/// Why a list, or a page of it, could not be read.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) error_type: ScrapeErrorType,
    pub(crate) message: String,
    /// How long the website asked to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// The address whose server says that there is no such page.
    pub(crate) gone_at: Option<String>,
}

/// Why a walk went no further.
#[derive(Debug)]
pub(crate) enum WalkEnd {
    Failed(Failed),
    /// Somebody else speaks to a host that this website shares with others.
    Busy,
    /// Somebody asked it to stop.
    Stopped,
}

impl Failed {
    pub(super) fn new(error_type: ScrapeErrorType, message: impl Into<String>) -> Self {
        Self { error_type, message: message.into(), retry_after: None, gone_at: None }
    }

    pub(super) fn parsing(message: String) -> Self {
        Self::new(ScrapeErrorType::Parsing, message)
    }

    /// The walk was stopped, or had to leave the host to another process.
    pub(crate) fn stopped() -> Self {
        Self::new(ScrapeErrorType::Timeout, "it was stopped before its end")
    }

    /// The configuration cannot be used.
    pub(super) fn reading(reason: &Error) -> Self {
        Self::parsing(reason.to_string())
    }

    /// The page or answer could not be read.
    pub(super) fn reading_of(url: &str, reason: &Error) -> Self {
        Self::parsing(format!("{url}: {reason}"))
    }
}

impl WalkEnd {
    /// The failure of one page, where others may still be read.
    ///
    /// # Errors
    /// The end itself, where nothing more may be asked.
    pub(super) fn of_one_page(self) -> Result<Failed, Self> {
        match self {
            Self::Failed(failure) if failure.error_type != ScrapeErrorType::Blocked => Ok(failure),
            ended => Err(ended),
        }
    }
}

impl From<Failed> for WalkEnd {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<FetchError> for WalkEnd {
    fn from(failure: FetchError) -> Self {
        match failure {
            FetchError::Stopped { .. } => Self::Stopped,
            failure => Self::Failed(Failed {
                retry_after: failure.retry_after(),
                gone_at: failure.gone_at().map(ToOwned::to_owned),
                ..Failed::new(failure.category(), failure.to_string())
            }),
        }
    }
}
