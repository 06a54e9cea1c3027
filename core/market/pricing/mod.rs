//! The pricing rule: what a vehicle is worth on the market, how sure that is, and why. Pure; `docs/pricing.md` has the formulas.
//!
//! [`analyze`](analyze::analyze) runs these steps, each in a file of its own:
//!
//! 1. `comparables` drops listings that cannot be compared and merges those of one vehicle (`branded_title`, `names`).
//! 2. `search` widens tier by tier until enough are left; `supply` counts them.
//! 3. `adjustment` brings each price to the subject's mileage and year (`slope`, `typical_mileage`).
//! 4. `outliers` drops prices far from the others (`quantile`).
//! 5. `recommendation` compares our price with the median, `confidence` grades the sample, `price_alert` and `reasons` follow.
//!
//! `pool` finds the listings for each of many subjects.

pub(super) mod adjustment;
pub(super) mod analysis;
pub(super) mod analyze;
pub(super) mod branded_title;
pub(super) mod comparables;
pub(super) mod confidence;
pub(super) mod config;
pub(super) mod names;
mod outliers;
pub(super) mod pool;
pub(super) mod price_alert;
pub mod quantile;
pub(super) mod reasons;
pub(super) mod recommendation;
pub(super) mod rows;
mod search;
pub mod slope;
pub(super) mod subject;
pub(super) mod supply;
mod typical_mileage;
pub(super) mod velocity;

#[cfg(test)]
mod tests;
