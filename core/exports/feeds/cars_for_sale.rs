//! Carsforsale: `inventory.txt`, commas, no header, the columns in a fixed order, as the dealership has agreed on it.

use crate::exports::{
    FeedFormat, Platform,
    feed::{Column, Feed},
    fields,
    rule::Rule,
};

pub(super) fn feed() -> Feed {
    let columns = vec![
        Column::new("CarsForSaleDealerID", fields::dealer_id).configured_by("exports.carsforsale.dealer_id"),
        Column::constant("NewUsed", "U").required().rule(Rule::OneOf(&["U"])),
        Column::new("VIN", fields::vin).required().rule(Rule::Vin).unique(),
        Column::new("StockNumber", fields::stock_number_or_vin).required().unique(),
        Column::new("Make", fields::make).required(),
        Column::new("Model", fields::model).required(),
        Column::new("ModelYear", fields::year).required().rule(Rule::Year),
        Column::new("Trim/Package", fields::trim),
        Column::new("BodyStyle", fields::body_style),
        Column::new("Miles", fields::mileage).required().rule(Rule::Whole),
        Column::new("Engine", fields::engine),
        Column::new("Cylinders", fields::cylinders).rule(Rule::Whole),
        Column::new("FuelType", fields::fuel_type),
        Column::new("Transmission", fields::transmission),
        Column::new("Price", fields::price).required().rule(Rule::Price),
        Column::new("ExteriorColor", fields::exterior_color),
        Column::new("InteriorColor", fields::interior_color),
        Column::new("Options", fields::features).separated_by(","),
        Column::new("Description", fields::description_or_summary).at_most(4_000),
        Column::new("PhotoURLs", fields::all_pictures).rule(Rule::Urls).separated_by(","),
    ];
    let mut feed = Feed::new(Platform::CarsForSale, &[FeedFormat::Csv], columns);
    feed.has_header = false;
    feed.expects = &[
        ("PhotoURLs", fields::all_pictures),
        ("Description", fields::description),
        ("Transmission", fields::transmission),
        ("ExteriorColor", fields::exterior_color),
    ];
    feed.file_name = |_, _| "inventory.txt".to_owned();
    feed
}
