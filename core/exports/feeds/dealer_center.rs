//! DealerCenter: a CSV as the dealership has agreed on it, `<DealerID>_YYYYMMDD.csv`, with what is for sale.

use quick_xml::escape::escape;

use crate::{
    exports::{
        FeedFormat, Platform,
        feed::{Column, Feed, Surroundings},
        fields,
        rule::Rule,
        value::Value,
    },
    inventory::Vehicle,
};

pub(super) fn feed() -> Feed {
    let columns = vec![
        Column::new("DealerID", fields::dealer_id).configured_by("exports.dealer_center.dealer_id"),
        Column::new("DealerName", fields::dealer_name).configured_by("dealership.name"),
        Column::new("Address", fields::dealer_street),
        Column::new("City", fields::dealer_city),
        Column::new("State", fields::dealer_state),
        Column::new("Zip", fields::dealer_zip),
        Column::new("Phone", fields::dealer_phone),
        Column::new("StockNumber", fields::stock_number_or_vin).required().unique(),
        Column::new("VIN", fields::vin).required().rule(Rule::Vin).unique(),
        Column::new("Year", fields::year).required().rule(Rule::Year),
        Column::new("Make", fields::make).required(),
        Column::new("Model", fields::model).required(),
        Column::new("Trim", fields::trim),
        Column::new("Odometer", fields::mileage).required().rule(Rule::Whole),
        Column::new("Price", fields::price).required().rule(Rule::Price),
        Column::new("Exterior Color", fields::exterior_color),
        Column::new("InteriorColor", fields::interior_color),
        Column::new("Transmission", fields::transmission),
        Column::new("PhotoURLs", fields::all_pictures).rule(Rule::Urls).separated_by("|"),
        Column::new("WebAdDescription", fields::description_or_summary),
        Column::new("VDP", fields::url).rule(Rule::Url).told_twice(),
        Column::new("FuelType", fields::fuel_type),
        Column::new("Description", description),
        Column::new("LatestPhotoModifiedDate", photos_changed_on).rule(Rule::Day),
    ];
    let mut feed = Feed::new(Platform::DealerCenter, &[FeedFormat::Csv], columns);
    feed.expects = &[
        ("PhotoURLs", fields::all_pictures),
        ("WebAdDescription", fields::description),
        ("Transmission", fields::transmission),
        ("Exterior Color", fields::exterior_color),
    ];
    feed.file_name = |surroundings, _| {
        let dealer: String =
            surroundings.dealer_id.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{dealer}_{}.csv", surroundings.day())
    };
    feed
}

/// The description as HTML: a paragraph for each of its lines.
fn description<'v>(vehicle: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    let Value::Text(text) = fields::description_or_summary(vehicle, surroundings) else { return Value::Missing };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Value::text(lines.map(|line| format!("<p>{}</p>", escape(line))).collect::<String>())
}

/// The day of the last change of the vehicle, for nothing is kept of its pictures alone.
fn photos_changed_on<'v>(vehicle: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    match vehicle.updated_at.or(vehicle.created_at).filter(|_| fields::pictures(vehicle).next().is_some()) {
        Some(time) => Value::text(surroundings.day_of(time)),
        None => Value::Missing,
    }
}
