//! Plain CSV and JSON Lines: every public field of every vehicle that is not sold, as the inventory has it.
//!
//! Texts are as they are stored, and nothing is left out: an import of the file changes nothing.

use crate::{
    exports::{
        FeedFormat, Platform,
        feed::{Column, Feed},
        fields,
    },
    inventory::VehicleStatus,
};

/// The columns, named as in the database.
const COLUMNS: &[&str] = &[
    "id",
    "status",
    "featured",
    "year",
    "make",
    "model",
    "trim",
    "vin",
    "stock_number",
    "price",
    "msrp",
    "mileage",
    "exterior_color",
    "interior_color",
    "transmission",
    "engine",
    "fuel_type",
    "drivetrain",
    "body_style",
    "doors",
    "mpg_city",
    "mpg_highway",
    "description",
    "thumbnail",
    "condition",
    "title_status",
    "owners",
    "accidents",
    "service_records",
    "warranty",
    "carfax_url",
    "autocheck_url",
    "features",
    "images",
    "listed_at",
];

pub(super) fn feed(platform: Platform, formats: &'static [FeedFormat]) -> Feed {
    let columns = COLUMNS.iter().filter_map(|name| {
        let column = Column::new(*name, fields::named(name)?).exact();
        // For a program that reads the cells as they are: a feature may hold a comma, an address a bar.
        Some(column.separated_by(if *name == "features" || *name == "images" { "\n" } else { "|" }))
    });
    let mut feed = Feed::new(platform, formats, columns.collect());
    // A price of zero is a fact here.
    for column in feed.columns.iter_mut().filter(|column| column.name == "price") {
        column.source =
            crate::exports::feed::Source::Of(|vehicle, _| crate::exports::value::Value::Amount(vehicle.price));
    }
    feed.statuses = VehicleStatus::UNSOLD.to_vec();
    feed.file_name = |_, format| format!("inventory.{}", format.extension());
    feed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Vehicle,
        fields::{Audience, Described},
    };

    #[test]
    fn every_public_field_is_a_column_and_so_comes_back_with_an_import() {
        let fields = Vehicle::FIELDS.iter().filter(|field| field.audience == Audience::Public).map(|field| field.name);
        let (mut fields, mut columns) = (fields.collect::<Vec<_>>(), COLUMNS.to_vec());
        fields.sort_unstable();
        columns.sort_unstable();
        assert_eq!(columns, fields);
        let made = feed(Platform::Csv, &[FeedFormat::Csv]).columns.len();
        assert_eq!(made, COLUMNS.len(), "a column has no source in `fields.rs`");
    }
}
