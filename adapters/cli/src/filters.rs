//! The filters that several lists share.

use clap::Args;
use jpauto::{Money, typed};

use crate::arguments::miles;

/// Which cars, by make, model and year.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub(crate) struct ModelOptions {
    /// Of this make
    #[arg(long, value_name = "TEXT")]
    pub(crate) make: Option<String>,
    /// Of this model
    #[arg(long, value_name = "TEXT")]
    pub(crate) model: Option<String>,
    /// Of this model year or later
    #[arg(long, value_name = "YEAR")]
    pub(crate) year_min: Option<i32>,
    /// Of this model year or earlier
    #[arg(long, value_name = "YEAR")]
    pub(crate) year_max: Option<i32>,
}

/// Which cars, by price and mileage.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub(crate) struct RangeOptions {
    /// At this price or above
    #[arg(long, value_name = "DOLLARS", value_parser = typed::money)]
    pub(crate) price_min: Option<Money>,
    /// At this price or below
    #[arg(long, value_name = "DOLLARS", value_parser = typed::money)]
    pub(crate) price_max: Option<Money>,
    /// With this mileage or more
    #[arg(long, value_name = "MILES", value_parser = miles)]
    pub(crate) mileage_min: Option<i32>,
    /// With this mileage or less
    #[arg(long, value_name = "MILES", value_parser = miles)]
    pub(crate) mileage_max: Option<i32>,
}
