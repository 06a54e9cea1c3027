//! `CarGurus`: a CSV with the columns of its feed requirements, read second hand. A car that is sold is one that is not in the file.
//!
//! The order and the wording of the header are free there. Only JPEG, PNG and GIF pictures are taken.

use crate::{
    exports::{
        FeedFormat, Platform,
        enumerations::{State, state},
        feed::{Column, Feed, Surroundings},
        fields,
        rule::{Rule, is_of_another_kind},
        value::Value,
    },
    inventory::Vehicle,
};

const YES_NO: Rule = Rule::OneOf(&["Y", "N"]);

pub(super) fn feed() -> Feed {
    let columns = vec![
        Column::new("VIN", fields::vin).required().rule(Rule::Vin).unique(),
        Column::new("Stock Number", fields::stock_number),
        Column::new("Year", fields::year).required().rule(Rule::Year),
        Column::new("Make", fields::make).required(),
        Column::new("Model", fields::model).required(),
        Column::new("Trim", fields::trim),
        Column::new("Price", fields::price).required().rule(Rule::Price),
        Column::new("MSRP", fields::msrp).rule(Rule::Price),
        Column::new("Mileage", fields::mileage).required().rule(Rule::Whole),
        Column::new("Exterior Color", fields::exterior_color),
        Column::new("Interior Color", fields::interior_color),
        Column::new("Transmission Type", fields::transmission),
        Column::new("Engine", fields::engine),
        Column::new("Certified", |vehicle, _| yes_no(state(vehicle) == State::Certified)).rule(YES_NO),
        Column::new("Is New", |vehicle, _| yes_no(state(vehicle) == State::New)).rule(YES_NO),
        Column::new("Installed Options", fields::features),
        Column::new("Dealer Comments", fields::description),
        // Where none is of a kind that is taken, the report is to say so.
        Column::new("Main Image", |vehicle, _| {
            Value::text_of(pictures(vehicle).next().or_else(|| fields::pictures(vehicle).next()))
        })
        .rule(Rule::Photo),
        Column::new("Image URLs", image_urls).rule(Rule::Photos),
        Column::new("Dealer ID", fields::dealer_id).configured_by("exports.cargurus.dealer_id"),
        Column::new("Dealer Name", fields::dealer_name).configured_by("dealership.name"),
        Column::new("Dealer Street Address", fields::dealer_street),
        Column::new("Dealer City", fields::dealer_city),
        Column::new("Dealer State", fields::dealer_state),
        Column::new("Dealer ZIP", fields::dealer_zip),
        Column::new("Dealer Phone Number", fields::dealer_phone),
        Column::new("Dealer CRM Email", fields::dealer_email),
        Column::new("Dealer Website URL", fields::dealer_website).rule(Rule::Url),
        Column::new("Dealer Latitude", fields::latitude).rule(Rule::Degrees(90.0)),
        Column::new("Dealer Longitude", fields::longitude).rule(Rule::Degrees(180.0)),
    ];
    Feed::new(Platform::Cargurus, &[FeedFormat::Csv], columns)
}

fn yes_no(yes: bool) -> Value<'static> {
    Value::text(if yes { "Y" } else { "N" })
}

/// The pictures of a kind that is taken; an address that does not say its kind may be one.
fn pictures(vehicle: &Vehicle) -> impl Iterator<Item = &str> {
    fields::pictures(vehicle).filter(|picture| !is_of_another_kind(picture))
}

fn image_urls<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    fields::listed(pictures(vehicle))
}
