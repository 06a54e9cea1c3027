//! Autotrader: the columns that dealers' systems send, for no specification is public.
//!
//! The platform agrees on columns with each partner: `exports.autotrader.mapping` has those that were agreed. What stands here claims
//! no conformance.

use crate::exports::{
    FeedFormat, Platform,
    feed::{Column, Feed},
    fields,
    rule::Rule,
};

/// The forms of feeds whose columns are agreed one by one.
pub(super) const FORMATS: &[FeedFormat] = &[FeedFormat::Csv, FeedFormat::Tsv, FeedFormat::Xml];

pub(super) fn feed() -> Feed {
    let mut columns = columns("exports.autotrader.dealer_id");
    columns.push(Column::new("ImageURL", fields::all_pictures).rule(Rule::Urls).separated_by("|"));
    Feed::new(Platform::Autotrader, FORMATS, columns)
}

/// What dealers' systems send to both platforms, without the pictures.
pub(super) fn columns(dealer_id: &'static str) -> Vec<Column> {
    vec![
        Column::new("DealerId", fields::dealer_id).configured_by(dealer_id),
        Column::new("StockNumber", fields::stock_number_or_vin).required().unique(),
        Column::new("Year", fields::year).required().rule(Rule::Year),
        Column::new("Make", fields::make).required(),
        Column::new("Model", fields::model).required(),
        Column::new("Trim", fields::trim),
        Column::new("VIN", fields::vin).required().rule(Rule::Vin).unique(),
        Column::new("Mileage", fields::mileage).required().rule(Rule::Whole),
        Column::new("Price", fields::price).required().rule(Rule::Price),
        Column::new("ExteriorColor", fields::exterior_color),
        Column::new("InteriorColor", fields::interior_color),
        Column::new("Transmission", fields::transmission),
        Column::new("Descriptions", fields::description_or_summary),
        Column::new("BodyType", fields::body_style),
        Column::new("EngineType", fields::engine),
        Column::new("DriveType", fields::drivetrain),
        Column::new("FuelType", fields::fuel_type),
        Column::new("Options", fields::features).separated_by("|"),
    ]
}
