//! Listings from outside services, in the shape that the pricing rule compares.
//!
//! [`autodev`] is the client of auto.dev: its budget, its pace and its pages. `listings` reads the bodies and `refusal` the
//! errors, both without a network. What is deliberately not here: our own competitors' listings, which are rows of the
//! database, and what is done when a source fails, which the service decides.

mod autodev;
mod config;
mod listings;
mod refusal;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use self::autodev::AutoDev;
pub(super) use self::autodev::ListingQuery;
pub use self::config::{AutoDevConfig, AutoDevPlan, AutoDevVersion, Place};
use crate::Error;

/// A search made at auto.dev: what to ask to make it again, and how much of the answer was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoDevSearch {
    /// The version of the interface that was asked.
    pub version: AutoDevVersion,
    /// The parameters in the order in which they were sent, without the key.
    pub parameters: Vec<(String, String)>,
    /// When the answer came; within [`AutoDevConfig::kept_for`] the same search is answered from memory.
    pub answered_at: DateTime<Utc>,
    /// Pages read.
    pub pages: usize,
    /// Listings read from them.
    pub listings: usize,
    /// Listings that could not be read, are no longer on offer, or are new cars.
    pub left_out: usize,
    /// Whether that was all there is; otherwise the bound on pages, or `stopped_by`, ended it.
    pub is_whole: bool,
    /// The code of the failure that ended it after the first page.
    pub stopped_by: Option<String>,
}

/// A source of listings that is configured and did not answer: the result stands on the others alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingSource {
    /// Which one.
    pub source: super::Source,
    /// The stable word for why, such as `auto_dev_budget_spent`.
    pub code: String,
    /// The same for a person to read.
    pub message: String,
}

impl MissingSource {
    pub(super) fn auto_dev(reason: &Error) -> Self {
        Self { source: super::Source::AutoDev, code: reason.code().to_owned(), message: reason.to_string() }
    }
}
