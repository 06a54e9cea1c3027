//! What a scrape changes of a lot, as pure rules: no rows, no network, no clock.
//!
//! `sighting` cleans what was read, `identity` finds the stored listing that it is, `evidence` says how far the scrape is believed,
//! `absence` says by the formulas of `sold` which missing listings are sold, `price` judges prices, and `plan` puts together what
//! is to be written. `unseen` says which listings on sale are missing meanwhile. `replay` does all that for a lot in memory.
//! `facts` is what all of them know, `config` has the numbers.

pub(crate) mod absence;
mod config;
pub(crate) mod evidence;
pub(crate) mod facts;
pub(crate) mod identity;
pub(crate) mod plan;
pub(crate) mod price;
pub(crate) mod reading;
pub(crate) mod replay;
pub(crate) mod sighting;
pub(crate) mod sold;
#[cfg(test)]
mod tests;
pub(crate) mod unseen;

pub(crate) use config::numbers;
pub use config::{AlertRules, DoubtWeights, EvidenceRules, IdentityRules, PriceRules, SoldRules, TrackingRules};
pub use evidence::{Completeness, IncompleteReason};
pub use identity::RefusalReason;
pub use plan::ScrapeCounts;
pub use replay::{Replay, ReplayedListing};
pub use sold::days_on_market;

pub use crate::scrape::walk::{ListShape, ScrapeReading};
