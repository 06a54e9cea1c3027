//! Google vehicle listings: one CSV with the full inventory, as Google's feed specification of vehicle listings has it.
//!
//! A car before 1981 may stand in it without a VIN of 17 characters.

use crate::{
    exports::{
        FeedFormat, Platform,
        enumerations::{State, state},
        feed::{Column, Feed, Mismatch, TextOf},
        fields,
        rule::Rule,
        value::Value,
    },
    money::Money,
    vin::Vin,
};

pub(super) fn feed() -> Feed {
    let columns = vec![
        Column::new("store_code", fields::store_code).configured_by("exports.google_vehicle_listings.store_code"),
        Column::new("id", fields::stock_number_or_vin).required().unique(),
        Column::new("vin", fields::vin).required().rule(Rule::VinOrChassisNumber).unique(),
        Column::new("year", fields::year).required().rule(Rule::Year),
        Column::new("make", fields::make).required(),
        Column::new("model", fields::model).required(),
        Column::new("trim", fields::trim),
        Column::new("exterior_color", fields::exterior_color),
        Column::new("interior_color", fields::interior_color),
        Column::new("mileage", fields::mileage_in_miles).rule(Rule::Miles),
        Column::new("condition", |vehicle, _| Value::text(if state(vehicle) == State::New { "new" } else { "used" }))
            .required()
            .rule(Rule::OneOf(&["new", "n", "used", "u"])),
        Column::new("certified_pre_owned", |vehicle, _| {
            Value::text(if state(vehicle) == State::Certified { "yes" } else { "no" })
        })
        .rule(Rule::OneOf(&["1", "yes", "0", "no"])),
        Column::new("price", fields::price_in_dollars).required().rule(Rule::PriceInDollars),
        Column::new("vehicle_msrp", |vehicle, _| match vehicle.msrp.filter(|msrp| *msrp > Money::ZERO) {
            Some(msrp) => Value::text(format!("{msrp} USD")),
            None => Value::Missing,
        })
        .rule(Rule::PriceInDollars),
        Column::new("dealership_name", fields::dealer_name).configured_by("dealership.name"),
        Column::new("dealership_address", fields::dealer_address)
            .configured_by("dealership.street and dealership.city"),
        Column::new("link", fields::url).rule(Rule::Url).told_twice(),
        Column::new("image_link", fields::main_image).rule(Rule::Url),
        Column::new("additional_image_link", fields::other_images).rule(Rule::Urls).separated_by(","),
        Column::new("vehicle_option", fields::features).separated_by(","),
        Column::constant("vehicle_fulfillment", "IN_STORE"),
        Column::new("date_in_stock", fields::listed_on).rule(Rule::Day),
    ];
    let mut feed = Feed::new(Platform::GoogleVehicleListings, &[FeedFormat::Csv, FeedFormat::Tsv], columns);
    feed.refuses =
        |vehicle| (!is_identified(&vehicle.vin, vehicle.year)).then(|| ("vin".into(), EXPECTED_VIN.to_owned()));
    feed.mismatch = mismatch;
    feed
}

const EXPECTED_VIN: &str = "expected a VIN of 17 characters with its check digit from model year 1981 on";

/// The feed takes VINs that are valid by NHTSA's rules, which ask for the check digit.
fn is_identified(vin: &str, year: i32) -> bool {
    year < 1981 || Vin::parse(vin).is_ok_and(|vin| vin.check_digit_ok())
}

/// A VIN is asked of younger cars alone, and a mileage of used ones.
fn mismatch(text_of: &TextOf<'_>) -> Option<Mismatch> {
    let year = text_of("year").and_then(|year| year.parse().ok());
    if let (Some(vin), Some(year)) = (text_of("vin"), year)
        && !is_identified(vin, year)
    {
        return Some(("vin", EXPECTED_VIN));
    }
    let is_used = text_of("condition").is_some_and(|word| ["used", "u"].iter().any(|it| it.eq_ignore_ascii_case(word)));
    (is_used && text_of("mileage").is_none()).then_some(("mileage", "expected the mileage of a used vehicle"))
}
