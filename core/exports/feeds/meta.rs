//! Meta's vehicle catalogue: a flat CSV as its reference of automotive ads has it (`image[0].url`, `address.city`).
//!
//! The file wants other words than the API: `MI` and not `MILES`, `4X2` and `4X4` and not `TWO_WD`. It accepts the API's, and the car
//! is then never shown; so the check refuses them. A sold car stays for 30 days as not available.

use std::borrow::Cow;

use crate::{
    exports::{
        FeedFormat, Platform,
        enumerations::{Body, Drive, Fuel, Gears, State, body, drive, fuel, gears, state},
        feed::{Column, Feed, Source},
        fields,
        rule::Rule,
        value::Value,
    },
    inventory::{Vehicle, VehicleStatus},
};

/// At most this many pictures are taken.
const PICTURES: usize = 20;

const BODY_STYLES: &[&str] = &[
    "CONVERTIBLE",
    "COUPE",
    "CROSSOVER",
    "ESTATE",
    "GRANDTOURER",
    "HATCHBACK",
    "MINIBUS",
    "MINIVAN",
    "MPV",
    "PICKUP",
    "ROADSTER",
    "SALOON",
    "SEDAN",
    "SMALL_CAR",
    "SPORTSCAR",
    "SUPERCAR",
    "SUPERMINI",
    "SUV",
    "TRUCK",
    "VAN",
    "WAGON",
    "OTHER",
    "NONE",
];
const FUELS: &[&str] =
    &["DIESEL", "ELECTRIC", "FLEX", "GASOLINE", "HYBRID", "PETROL", "PLUGIN_HYBRID", "OTHER", "NONE"];

pub(super) fn feed() -> Feed {
    let mut columns = vec![
        Column::new("vehicle_id", fields::stock_number_or_vin).required().at_most(100).unique(),
        Column::new("vin", fields::vin).required().rule(Rule::Vin).unique(),
        Column::new("title", fields::title).required().at_most(500),
        Column::new("description", fields::description_or_summary).required().at_most(5_000),
        Column::new("url", fields::url).configured_by("exports.vehicle_url").rule(Rule::Url).told_twice(),
        Column::new("make", fields::make).required().at_most(100),
        Column::new("model", fields::model).required().at_most(100),
        Column::new("trim", fields::trim),
        Column::new("year", fields::year).required().rule(Rule::Year),
        Column::new("mileage.value", fields::mileage).required().rule(Rule::Whole),
        Column::constant("mileage.unit", "MI").required().rule(Rule::OneOf(&["MI", "KM"])),
        Column::new("transmission", |vehicle, _| word(gears(vehicle).map(transmission))).rule(Rule::OneOf(&[
            "AUTOMATIC",
            "MANUAL",
            "OTHER",
            "NONE",
        ])),
        Column::new("fuel_type", |vehicle, _| word(fuel(vehicle).map(fuel_type))).rule(Rule::OneOf(FUELS)),
        Column::new("body_style", |vehicle, _| Value::text(body(vehicle).map_or("OTHER", body_style)))
            .required()
            .rule(Rule::OneOf(BODY_STYLES)),
        Column::new("drivetrain", |vehicle, _| word(drive(vehicle).map(drivetrain)))
            .rule(Rule::OneOf(&["4X2", "4X4", "AWD", "FWD", "RWD", "OTHER", "NONE"])),
        Column::new("price", fields::price_in_dollars).required().rule(Rule::PriceInDollars),
        Column::new("exterior_color", fields::exterior_color).required(),
        Column::new("interior_color", fields::interior_color),
        Column::new("state_of_vehicle", |vehicle, _| Value::text(state_of_vehicle(vehicle)))
            .required()
            .rule(Rule::OneOf(&["NEW", "USED", "CPO"])),
        Column::new("availability", |vehicle, _| Value::text(fields::availability(vehicle)))
            .required()
            .rule(Rule::OneOf(&["AVAILABLE", "NOT_AVAILABLE", "PENDING"])),
        Column::new("stock_number", fields::stock_number),
        Column::new("date_first_on_lot", fields::listed_on).rule(Rule::Day),
        Column::new("dealer_id", fields::dealer_id),
        Column::new("dealer_name", fields::dealer_name),
        Column::new("dealer_phone", fields::dealer_phone),
        Column::new("address.addr1", fields::dealer_street).configured_by("dealership.street"),
        Column::new("address.city", fields::dealer_city).configured_by("dealership.city"),
        Column::new("address.region", fields::dealer_state).configured_by("dealership.state"),
        Column::new("address.postal_code", fields::dealer_zip),
        Column::new("address.country", fields::dealer_country).required(),
        Column::new("latitude", fields::latitude).rule(Rule::Degrees(90.0)),
        Column::new("longitude", fields::longitude).rule(Rule::Degrees(180.0)),
    ];
    columns.extend((0..PICTURES).map(|place| {
        let picture = Column::from(Cow::Owned(format!("image[{place}].url")), Source::Picture(place)).rule(Rule::Url);
        if place == 0 { picture.required() } else { picture }
    }));
    let mut feed = Feed::new(Platform::Meta, &[FeedFormat::Csv, FeedFormat::Tsv], columns);
    feed.statuses = VehicleStatus::LISTED.to_vec();
    feed.days_after_sale = Some(30);
    feed
}

fn word<'v>(word: Option<&'static str>) -> Value<'v> {
    Value::text_of(word)
}

fn body_style(body: Body) -> &'static str {
    match body {
        Body::Convertible => "CONVERTIBLE",
        Body::Coupe => "COUPE",
        Body::Crossover => "CROSSOVER",
        Body::Hatchback => "HATCHBACK",
        Body::Minivan => "MINIVAN",
        Body::Pickup => "TRUCK",
        Body::Sedan => "SEDAN",
        Body::Suv => "SUV",
        Body::Van => "VAN",
        Body::Wagon => "WAGON",
        Body::Other => "OTHER",
    }
}

fn fuel_type(fuel: Fuel) -> &'static str {
    match fuel {
        Fuel::Diesel => "DIESEL",
        Fuel::Electric => "ELECTRIC",
        Fuel::Flex => "FLEX",
        Fuel::Gasoline => "GASOLINE",
        Fuel::Hybrid => "HYBRID",
        Fuel::PluginHybrid => "PLUGIN_HYBRID",
        Fuel::Other => "OTHER",
    }
}

fn transmission(gears: Gears) -> &'static str {
    match gears {
        Gears::Automatic => "AUTOMATIC",
        Gears::Manual => "MANUAL",
        Gears::Other => "OTHER",
    }
}

fn drivetrain(drive: Drive) -> &'static str {
    match drive {
        Drive::All => "AWD",
        Drive::Four => "4X4",
        Drive::Front => "FWD",
        Drive::Rear => "RWD",
        Drive::Other => "OTHER",
    }
}

fn state_of_vehicle(vehicle: &Vehicle) -> &'static str {
    match state(vehicle) {
        State::New => "NEW",
        State::Used => "USED",
        State::Certified => "CPO",
    }
}
