//! Pages of vehicles for a website that Jekyll builds: one Markdown file a vehicle, in the folder `_vehicles` or in a ZIP.
//!
//! The build replaces the whole folder. Prices are texts, as the website's templates print them.

use std::borrow::Cow;

use crate::{
    exports::{
        FeedFormat, Platform,
        feed::{Column, Feed, Surroundings},
        fields,
        rule::Rule,
        value::Value,
    },
    inventory::{Vehicle, VehicleStatus},
    money::Money,
};

pub(super) fn feed() -> Feed {
    let columns = vec![
        Column::constant("layout", "vehicle").required(),
        Column::new("title", fields::title).required(),
        Column::new("permalink", permalink).required().unique(),
        Column::new("year", fields::year).required().rule(Rule::Year),
        Column::new("make", fields::make).required(),
        Column::new("model", fields::model).required(),
        Column::new("trim", fields::trim),
        Column::new("price", price).required().rule(Rule::Price),
        Column::new("mileage", fields::mileage).required().rule(Rule::Whole),
        Column::new("vin", fields::vin).required().rule(Rule::VinOrChassisNumber).unique(),
        Column::new("status", |vehicle, _| Value::text(vehicle.status.as_str()))
            .required()
            .rule(Rule::OneOf(&["available", "pending"])),
        Column::new("featured", |vehicle, _| Value::Flag(vehicle.featured)),
        Column::new("exterior_color", fields::exterior_color),
        Column::new("interior_color", fields::interior_color),
        Column::new("transmission", fields::transmission),
        Column::new("engine", fields::engine),
        Column::new("fuel_type", fields::fuel_type),
        Column::new("drivetrain", fields::drivetrain),
        Column::new("body_type", fields::body_style),
        Column::new("doors", |vehicle, _| Value::whole_of(vehicle.doors)).rule(Rule::Whole),
        Column::new("title_status", fields::title_status),
        Column::new("mpg_city", |vehicle, _| Value::whole_of(vehicle.mpg_city)).rule(Rule::Whole),
        Column::new("mpg_highway", |vehicle, _| Value::whole_of(vehicle.mpg_highway)).rule(Rule::Whole),
        Column::new("features", fields::features),
        Column::new("images", fields::images).rule(Rule::Urls).separated_by("\n"),
        Column::new("primary_image", fields::main_image).rule(Rule::Url),
        Column::new("previous_owners", fields::owners).rule(Rule::Whole),
        Column::new("accident_history", accident_history),
        Column::new("service_records_on_file", service_records),
        Column::new("carfax_available", |vehicle, _| Value::Flag(vehicle.carfax_url.is_some())),
        Column::new("carfax_url", fields::carfax_url).rule(Rule::Url),
        Column::new("warranty", fields::warranty).with_lines(),
        Column::new("date_added", fields::listed_on).rule(Rule::Day),
        Column::new("stock_number", fields::stock_number),
    ];
    let mut feed = Feed::new(Platform::Jekyll, &[FeedFormat::Pages, FeedFormat::Zip], columns);
    feed.statuses = VehicleStatus::LISTED.to_vec();
    feed.body = Some(fields::description_or_summary);
    feed.file_name = |_, format| match format {
        FeedFormat::Zip => "vehicles.zip".to_owned(),
        _ => "_vehicles".to_owned(),
    };
    feed
}

fn permalink<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::text(format!("/vehicles/{}/", fields::page_id(vehicle)))
}

fn price<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    if vehicle.price > Money::ZERO { Value::AmountAsText(vehicle.price) } else { Value::Missing }
}

fn accident_history<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    match vehicle.accidents {
        None => Value::Missing,
        Some(0) => Value::text("None"),
        Some(1) => Value::text("1 accident"),
        Some(count) => Value::Text(Cow::Owned(format!("{count} accidents"))),
    }
}

fn service_records<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    if vehicle.service_records == Some(true) { Value::text("Available") } else { Value::Missing }
}
