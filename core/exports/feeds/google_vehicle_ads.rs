//! Google vehicle ads, in the Merchant Center: one row a VIN, clean titles alone, read second hand from Google's help.

use crate::exports::{
    FeedFormat, Platform,
    enumerations::{State, has_branded_title, state},
    feed::{Column, Feed, Surroundings},
    fields,
    rule::Rule,
    value::Value,
};
use crate::inventory::Vehicle;

/// The category of every vehicle.
const CATEGORY: &str = "Vehicles & Parts > Vehicles > Motor Vehicles > Cars, Trucks & Vans";

/// The same in Google's taxonomy.
const CATEGORY_NUMBER: &str = "916";

/// At most this many pictures beside the main one.
const PICTURES: usize = 10;

pub(super) fn feed() -> Feed {
    let columns = vec![
        Column::new("id", fields::stock_number_or_vin).required().unique(),
        Column::new("vin", fields::vin).required().rule(Rule::Vin).unique(),
        Column::new("store_code", fields::store_code).configured_by("exports.google_vehicle_ads.store_code"),
        Column::new("title", fields::title).required().at_most(150),
        Column::new("description", fields::description_or_summary).at_most(5_000),
        Column::new("brand", fields::make).required(),
        Column::new("model", fields::model).required(),
        Column::new("trim", fields::trim),
        Column::new("year", fields::year).required().rule(Rule::Year),
        Column::new("condition", |vehicle, _| Value::text(if state(vehicle) == State::New { "New" } else { "Used" }))
            .required()
            .rule(Rule::OneOf(&["New", "Used"])),
        Column::new("mileage", fields::mileage_in_miles).required().rule(Rule::MilesWithUnit),
        Column::new("color", fields::exterior_color).required(),
        Column::new("price", fields::price_in_dollars).required().rule(Rule::PriceInDollars),
        Column::new("image_link", fields::main_image).required().rule(Rule::Url),
        Column::new("additional_image_link", more_pictures).rule(Rule::Urls).separated_by(",").of_at_most(PICTURES),
        Column::new("link", fields::url).configured_by("exports.vehicle_url").rule(Rule::Url).told_twice(),
        Column::new("link_template", link_template).required().rule(Rule::UrlWith("{store_code}")),
        Column::constant("google_product_category", CATEGORY)
            .required()
            .rule(Rule::OneOf(&[CATEGORY, CATEGORY_NUMBER])),
    ];
    let mut feed = Feed::new(Platform::GoogleVehicleAds, &[FeedFormat::Csv, FeedFormat::Tsv], columns);
    feed.refuses =
        |vehicle| has_branded_title(vehicle).then(|| ("title_status".into(), "only clean titles are taken".to_owned()));
    feed
}

fn more_pictures<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    fields::listed(fields::pictures(vehicle).skip(1).take(PICTURES))
}

/// The address of the page with the store that the customer comes from, which Google fills in.
fn link_template<'v>(vehicle: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    match fields::url(vehicle, surroundings) {
        Value::Text(url) => {
            let sign = if url.contains('?') { '&' } else { '?' };
            Value::text(format!("{url}{sign}store={{store_code}}"))
        }
        _ => Value::Missing,
    }
}
