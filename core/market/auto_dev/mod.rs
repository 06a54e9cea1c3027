//! auto.dev, a service of dealers' listings, as a second source of comparables.
//!
//! `run.rs` decides what one run asks and when it stops asking. `client.rs` makes the calls within the month's budget and the
//! service's pace, `parameters.rs` writes a search in its words. `listings.rs` reads the answers and `refusal.rs` the errors,
//! both without a network. `config.rs` has every limit.

mod client;
mod config;
mod listings;
mod parameters;
mod refusal;
mod run;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use self::client::AutoDev;
pub use self::config::{AutoDevConfig, AutoDevPlan, AutoDevVersion, Coordinates};
pub(super) use self::run::AutoDevRun;

/// A search made at auto.dev: how to make it again, and how much of the answer was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// Whether that was all there is; otherwise the bound on pages or `stopped_by` ended it.
    pub is_whole: bool,
    /// The code of the failure that ended it after the first page.
    pub stopped_by: Option<String>,
}
