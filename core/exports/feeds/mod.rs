//! The feeds, one file each.

mod autotrader;
mod cargurus;
mod cars_com;
mod cars_for_sale;
mod custom;
mod dealer_center;
mod google_vehicle_ads;
mod google_vehicle_listings;
mod jekyll;
mod meta;
mod plain;
mod schema_org;

use super::{FeedFormat, Platform, feed::Feed, mapping::Mapping};
use crate::error::Result;

/// The feed of a platform, with the columns of the mapping where there is one.
///
/// # Errors
/// `not_configured` for a custom feed without a mapping; `invalid_mapping`.
pub(super) fn of(platform: Platform, mapping: Option<&Mapping>) -> Result<Feed> {
    let feed = match platform {
        Platform::Jekyll => jekyll::feed(),
        Platform::Autotrader => autotrader::feed(),
        Platform::CarsCom => cars_com::feed(),
        Platform::Cargurus => cargurus::feed(),
        Platform::Meta => meta::feed(),
        Platform::GoogleVehicleListings => google_vehicle_listings::feed(),
        Platform::GoogleVehicleAds => google_vehicle_ads::feed(),
        Platform::DealerCenter => dealer_center::feed(),
        Platform::CarsForSale => cars_for_sale::feed(),
        Platform::SchemaOrg => schema_org::feed(),
        Platform::Csv => plain::feed(Platform::Csv, &[FeedFormat::Csv, FeedFormat::Tsv]),
        Platform::JsonLines => plain::feed(Platform::JsonLines, &[FeedFormat::JsonLines]),
        Platform::Custom => custom::feed(mapping)?,
    };
    match mapping {
        Some(mapping) => mapping.applied_to(feed),
        None => Ok(feed),
    }
}
