//! A JSON-LD document with a schema.org `Car` for each vehicle, as search engines read it on a dealer's pages.

use crate::{
    exports::{
        FeedFormat, Platform,
        enumerations::{Drive, State, drive, state},
        feed::{Column, Feed},
        fields,
        rule::Rule,
        value::Value,
    },
    inventory::VehicleStatus,
    vin::Vin,
};

pub(super) fn feed() -> Feed {
    let mut columns = vec![
        Column::constant("@type", "Car").required().rule(Rule::OneOf(&["Car"])),
        Column::new("name", fields::title).required(),
        Column::new("image", fields::all_pictures).rule(Rule::Urls).separated_by("\n"),
        Column::new("url", fields::url).rule(Rule::Url).told_twice(),
        Column::new("description", fields::description_or_summary),
        Column::new("sku", fields::stock_number),
        Column::new("vehicleIdentificationNumber", |vehicle, _| match Vin::parse(&vehicle.vin) {
            Ok(_) => Value::text(vehicle.vin.as_str()),
            Err(_chassis_number) => Value::Missing,
        })
        .rule(Rule::Vin)
        .unique(),
        Column::constant("brand.@type", "Brand"),
        Column::new("brand.name", fields::make).required(),
        Column::new("model", fields::model).required(),
        Column::new("vehicleModelDate", |vehicle, _| Value::text(vehicle.year.to_string())).required().rule(Rule::Year),
        Column::new("vehicleConfiguration", fields::trim),
        Column::constant("mileageFromOdometer.@type", "QuantitativeValue"),
        Column::new("mileageFromOdometer.value", fields::mileage).required().rule(Rule::Whole),
        Column::constant("mileageFromOdometer.unitCode", "SMI").required().rule(Rule::OneOf(&["SMI", "KMT"])),
        Column::new("color", fields::exterior_color),
        Column::new("vehicleInteriorColor", fields::interior_color),
        Column::new("bodyType", fields::body_style),
        Column::new("numberOfDoors", |vehicle, _| Value::whole_of(vehicle.doors)).rule(Rule::Whole),
        Column::new("driveWheelConfiguration", |vehicle, _| Value::text_of(drive(vehicle).and_then(wheels)))
            .rule(Rule::SchemaOrg(WHEELS)),
        Column::new("vehicleEngine.@type", |vehicle, _| {
            let is_known = vehicle.fuel_type.is_some() || vehicle.engine.is_some();
            if is_known { Value::text("EngineSpecification") } else { Value::Missing }
        }),
        Column::new("vehicleEngine.name", fields::engine),
        Column::new("vehicleEngine.fuelType", fields::fuel_type),
        Column::new("vehicleTransmission", fields::transmission),
    ];
    columns.extend(offer());
    let mut feed = Feed::new(Platform::SchemaOrg, &[FeedFormat::JsonLd], columns);
    feed.statuses = VehicleStatus::LISTED.to_vec();
    feed.file_name = |_, _| "vehicles.jsonld".to_owned();
    feed
}

/// The wheels that are driven, in schema.org's words.
const WHEELS: &[&str] = &[
    "AllWheelDriveConfiguration",
    "FourWheelDriveConfiguration",
    "FrontWheelDriveConfiguration",
    "RearWheelDriveConfiguration",
];

/// Whether an offer can be taken, in schema.org's words.
const AVAILABILITY: &[&str] = &[
    "BackOrder",
    "Discontinued",
    "InStock",
    "InStoreOnly",
    "LimitedAvailability",
    "MadeToOrder",
    "OnlineOnly",
    "OutOfStock",
    "PreOrder",
    "PreSale",
    "Reserved",
    "SoldOut",
];

/// What the vehicle is offered for.
fn offer() -> Vec<Column> {
    vec![
        Column::new("itemCondition", |vehicle, _| {
            let condition = if state(vehicle) == State::New { "NewCondition" } else { "UsedCondition" };
            Value::text(format!("https://schema.org/{condition}"))
        })
        .required()
        .rule(Rule::SchemaOrg(&["NewCondition", "UsedCondition", "RefurbishedCondition", "DamagedCondition"])),
        Column::constant("offers.@type", "Offer"),
        Column::new("offers.price", fields::price).required().rule(Rule::Price),
        Column::constant("offers.priceCurrency", "USD").required().rule(Rule::OneOf(&["USD"])),
        Column::new("offers.availability", |vehicle, _| {
            let is_offered = vehicle.status == VehicleStatus::Available;
            Value::text(if is_offered {
                "https://schema.org/InStock"
            } else {
                "https://schema.org/LimitedAvailability"
            })
        })
        .required()
        .rule(Rule::SchemaOrg(AVAILABILITY)),
        Column::new("offers.url", fields::url).rule(Rule::Url),
        Column::new("offers.seller.@type", |_, surroundings| {
            if surroundings.dealership.name.is_some() { Value::text("AutoDealer") } else { Value::Missing }
        }),
        Column::new("offers.seller.name", fields::dealer_name),
    ]
}

fn wheels(drive: Drive) -> Option<&'static str> {
    match drive {
        Drive::All => Some("https://schema.org/AllWheelDriveConfiguration"),
        Drive::Four => Some("https://schema.org/FourWheelDriveConfiguration"),
        Drive::Front => Some("https://schema.org/FrontWheelDriveConfiguration"),
        Drive::Rear => Some("https://schema.org/RearWheelDriveConfiguration"),
        Drive::Other => None,
    }
}
