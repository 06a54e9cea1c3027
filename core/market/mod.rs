//! What a vehicle is worth on the market, and why.

pub mod quantile;
pub mod slope;
