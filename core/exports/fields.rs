//! What a column may say of a vehicle, by name: the public columns of `inventory`, and what is made of them.
//!
//! Deliberately not here: what the dealership paid, and anything of staff or customers. A mapping cannot name them.

use std::borrow::Cow;

use super::{
    feed::{ColumnValue, Surroundings},
    value::Value,
};
use crate::{
    inventory::pictures::whole_address,
    inventory::{Vehicle, VehicleStatus},
    money::Money,
};

/// Every field that a mapping may name, with what it says.
pub(super) const FIELDS: &[(&str, ColumnValue)] = &[
    ("id", |vehicle, _| Value::text(vehicle.id.to_string())),
    ("status", |vehicle, _| Value::text(vehicle.status.as_str())),
    ("featured", |vehicle, _| Value::Flag(vehicle.featured)),
    ("year", year),
    ("make", make),
    ("model", model),
    ("trim", trim),
    ("vin", vin),
    ("stock_number", stock_number),
    ("price", price),
    ("price_usd", price_in_dollars),
    ("msrp", msrp),
    ("mileage", mileage),
    ("exterior_color", exterior_color),
    ("interior_color", interior_color),
    ("transmission", transmission),
    ("engine", engine),
    ("cylinders", cylinders),
    ("fuel_type", fuel_type),
    ("drivetrain", drivetrain),
    ("body_style", body_style),
    ("doors", |vehicle, _| Value::whole_of(vehicle.doors)),
    ("mpg_city", |vehicle, _| Value::whole_of(vehicle.mpg_city)),
    ("mpg_highway", |vehicle, _| Value::whole_of(vehicle.mpg_highway)),
    ("description", description),
    ("description_or_summary", description_or_summary),
    ("title", title),
    ("thumbnail", |vehicle, _| Value::text_of(vehicle.thumbnail.as_deref())),
    ("condition", |vehicle, _| Value::text_of(vehicle.condition.as_deref())),
    ("title_status", title_status),
    ("owners", owners),
    ("accidents", |vehicle, _| Value::whole_of(vehicle.accidents)),
    ("service_records", |vehicle, _| Value::flag_of(vehicle.service_records)),
    ("warranty", warranty),
    ("carfax_url", carfax_url),
    ("autocheck_url", |vehicle, _| Value::text_of(vehicle.autocheck_url.as_deref())),
    ("features", features),
    ("images", images),
    ("main_image", main_image),
    ("other_images", other_images),
    ("listed_at", |vehicle, _| vehicle.listed_at.map_or(Value::Missing, |time| Value::text(instant(time)))),
    ("listed_on", listed_on),
    ("url", url),
    ("page_id", |vehicle, _| Value::text(page_id(vehicle))),
    ("dealer_id", dealer_id),
    ("store_code", store_code),
    ("dealer_name", dealer_name),
    ("dealer_street", dealer_street),
    ("dealer_city", dealer_city),
    ("dealer_state", dealer_state),
    ("dealer_zip", dealer_zip),
    ("dealer_country", dealer_country),
    ("dealer_address", dealer_address),
    ("dealer_phone", dealer_phone),
    ("dealer_email", dealer_email),
    ("dealer_website", dealer_website),
    ("dealer_latitude", latitude),
    ("dealer_longitude", longitude),
];

/// The field of this name.
pub(super) fn named(name: &str) -> Option<ColumnValue> {
    FIELDS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// The fields that are not texts. What is cut off of a number or of a list is another one.
const NO_TEXTS: [&str; 17] = [
    "featured",
    "year",
    "price",
    "msrp",
    "mileage",
    "cylinders",
    "doors",
    "mpg_city",
    "mpg_highway",
    "owners",
    "accidents",
    "service_records",
    "features",
    "images",
    "other_images",
    "dealer_latitude",
    "dealer_longitude",
];

/// Whether the field of this name is a text, which may be cut off.
pub(super) fn is_text(name: &str) -> bool {
    !NO_TEXTS.contains(&name)
}

macro_rules! texts_of_vehicles {
    ($($field:ident),+ $(,)?) => {$(
        pub(super) fn $field<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
            Value::text_of(vehicle.$field.as_deref())
        }
    )+};
}

texts_of_vehicles!(
    trim,
    stock_number,
    exterior_color,
    interior_color,
    transmission,
    engine,
    fuel_type,
    drivetrain,
    body_style,
    description,
    title_status,
    warranty,
    carfax_url,
);

macro_rules! texts_of_the_dealership {
    ($($name:ident: $field:ident),+ $(,)?) => {$(
        pub(super) fn $name<'v>(_: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
            Value::text_of(surroundings.dealership.$field.as_deref())
        }
    )+};
}

texts_of_the_dealership!(
    dealer_name: name,
    dealer_street: street,
    dealer_city: city,
    dealer_state: state,
    dealer_zip: zip,
    dealer_phone: phone,
    dealer_email: email,
    dealer_website: website,
);

pub(super) fn dealer_country<'v>(_: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    Value::text(surroundings.dealership.country.as_deref().unwrap_or("US"))
}

/// The whole address in one line; missing where street or city are.
pub(super) fn dealer_address<'v>(_: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    let dealership = surroundings.dealership;
    let (Some(street), Some(city)) = (&dealership.street, &dealership.city) else { return Value::Missing };
    let region = [dealership.state.as_deref(), dealership.zip.as_deref()];
    let region: Vec<_> = region.into_iter().flatten().collect();
    let country = dealership.country.as_deref().unwrap_or("US");
    let parts = [street.as_str(), city, &region.join(" "), country];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Value::text(parts.join(", "))
}

pub(super) fn latitude<'v>(_: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    surroundings.dealership.latitude.map_or(Value::Missing, Value::Degrees)
}

pub(super) fn longitude<'v>(_: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    surroundings.dealership.longitude.map_or(Value::Missing, Value::Degrees)
}

pub(super) fn dealer_id<'v>(_: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    Value::text_of(surroundings.dealer_id)
}

pub(super) fn store_code<'v>(_: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    Value::text_of(surroundings.store_code)
}

pub(super) fn year<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::Whole(vehicle.year.into())
}

pub(super) fn make<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::text(vehicle.make.as_str())
}

pub(super) fn model<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::text(vehicle.model.as_str())
}

pub(super) fn vin<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::text(vehicle.vin.as_str())
}

/// The stock number, or the VIN where there is none.
pub(super) fn stock_number_or_vin<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::text(vehicle.stock_number.as_deref().unwrap_or(&vehicle.vin))
}

/// The price; one of zero is none.
pub(super) fn price<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    if vehicle.price > Money::ZERO { Value::Amount(vehicle.price) } else { Value::Missing }
}

pub(super) fn price_in_dollars<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    if vehicle.price > Money::ZERO { Value::text(format!("{} USD", vehicle.price)) } else { Value::Missing }
}

pub(super) fn msrp<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::amount_of(vehicle.msrp.filter(|msrp| *msrp > Money::ZERO))
}

pub(super) fn mileage<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::Whole(vehicle.mileage.into())
}

pub(super) fn mileage_in_miles<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::text(format!("{} miles", vehicle.mileage))
}

pub(super) fn owners<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::whole_of(vehicle.owners)
}

pub(super) fn features<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::list(&vehicle.features)
}

pub(super) fn images<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::list(&vehicle.images)
}

/// The pictures, the main one first and each of them once.
pub(super) fn pictures(vehicle: &Vehicle) -> impl Iterator<Item = &str> {
    in_order(&vehicle.images, vehicle.thumbnail.as_deref())
}

fn in_order<'v>(images: &'v [String], thumbnail: Option<&'v str>) -> impl Iterator<Item = &'v str> {
    // Of a photo that we keep, `thumbnail` has the small one, and a feed takes the whole one.
    let whole = thumbnail.and_then(whole_address);
    let main = images.iter().map(String::as_str).find(|image| Some(*image) == whole.as_deref()).or(thumbnail);
    let others = images.iter().map(String::as_str).filter(move |image| Some(*image) != main);
    main.into_iter().chain(others)
}

pub(super) fn main_image<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::text_of(pictures(vehicle).next())
}

pub(super) fn all_pictures<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    listed(pictures(vehicle))
}

pub(super) fn other_images<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    listed(pictures(vehicle).skip(1))
}

/// A list of pictures.
pub(super) fn listed<'v>(pictures: impl Iterator<Item = &'v str>) -> Value<'v> {
    let list: Vec<_> = pictures.map(Cow::Borrowed).collect();
    if list.is_empty() { Value::Missing } else { Value::List(list) }
}

pub(super) fn listed_on<'v>(vehicle: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    vehicle.listed_at.map_or(Value::Missing, |time| Value::text(surroundings.day_of(time)))
}

fn instant(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Year, make, model and trim.
pub(super) fn title<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    Value::text(heading(vehicle))
}

fn heading(vehicle: &Vehicle) -> String {
    let mut heading = format!("{} {} {}", vehicle.year, vehicle.make, vehicle.model);
    if let Some(trim) = vehicle.trim.as_deref().filter(|trim| !trim.is_empty()) {
        heading.push(' ');
        heading.push_str(trim);
    }
    heading
}

/// The description, or a sentence made of the fields where there is none.
pub(super) fn description_or_summary<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    match vehicle.description.as_deref().filter(|text| !text.trim().is_empty()) {
        Some(text) => Value::text(text),
        None => Value::text(summary(vehicle)),
    }
}

fn summary(vehicle: &Vehicle) -> String {
    let mut summary = format!("{} with {} miles.", heading(vehicle), vehicle.mileage);
    let facts =
        [&vehicle.exterior_color, &vehicle.engine, &vehicle.transmission, &vehicle.drivetrain, &vehicle.fuel_type];
    let facts: Vec<_> = facts.into_iter().flatten().map(|fact| fact.trim()).filter(|fact| !fact.is_empty()).collect();
    if !facts.is_empty() {
        summary.push(' ');
        summary.push_str(&facts.join(", "));
        summary.push('.');
    }
    summary
}

/// The name of the vehicle's page: the last 8 characters of the VIN, in capitals.
pub(super) fn page_id(vehicle: &Vehicle) -> String {
    last_of_vin(vehicle, 8)
}

/// The last characters of the VIN or chassis number, letters and digits alone.
pub(super) fn last_of_vin(vehicle: &Vehicle, count: usize) -> String {
    let signs: Vec<char> = vehicle.vin.chars().filter(char::is_ascii_alphanumeric).collect();
    let from = signs.len().saturating_sub(count);
    signs[from..].iter().map(char::to_ascii_uppercase).collect()
}

/// The address of the vehicle's page on our website.
pub(super) fn url<'v>(vehicle: &'v Vehicle, surroundings: &'v Surroundings<'_>) -> Value<'v> {
    let Some(pattern) = surroundings.vehicle_url else { return Value::Missing };
    Value::text(pattern.replace("{id}", &page_id(vehicle)).replace("{vin}", &last_of_vin(vehicle, 17)))
}

/// The number of cylinders that the engine's text says, such as `2.5L I4` or `V6`.
pub(super) fn cylinders<'v>(vehicle: &'v Vehicle, _: &'v Surroundings<'_>) -> Value<'v> {
    cylinders_of(vehicle.engine.as_deref().unwrap_or_default()).map_or(Value::Missing, Value::Whole)
}

fn cylinders_of(engine: &str) -> Option<i64> {
    let engine = engine.to_ascii_lowercase();
    let words: Vec<&str> =
        engine.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|it| !it.is_empty()).collect();
    let number = |text: &str| text.parse().ok().filter(|count| (2..=16).contains(count));
    words.iter().enumerate().find_map(|(place, word)| {
        let behind_a_letter = word.strip_prefix(['i', 'v', 'h', 'l', 'w']).and_then(number);
        let follows = words.get(place + 1).is_some_and(|next| next.starts_with("cyl"));
        let before_cylinders = word.strip_suffix("cyl").and_then(number);
        behind_a_letter.or(before_cylinders).or_else(|| number(word).filter(|_| follows))
    })
}

/// Whether the vehicle is offered, its sale pending, or neither.
pub(super) fn availability(vehicle: &Vehicle) -> &'static str {
    match vehicle.status {
        VehicleStatus::Available => "AVAILABLE",
        VehicleStatus::Pending => "PENDING",
        _ => "NOT_AVAILABLE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cylinders_are_read_where_an_engine_says_them() {
        for (engine, expected) in [
            ("2.5L I4", Some(4)),
            ("3.5L V6 24V", Some(6)),
            ("6-cyl", Some(6)),
            ("5.0L 8 Cylinder", Some(8)),
            ("4cyl turbo", Some(4)),
            ("electric motor", None),
            ("2.0L", None),
        ] {
            assert_eq!(cylinders_of(engine), expected, "{engine}");
        }
    }

    #[test]
    fn the_main_picture_comes_first_and_whole() {
        let of = |number: u32| format!("https://photos.example/photos/0a/{number:030x}.jpg");
        let images = [of(1), of(2), "https://other.example/3.jpg".to_owned()];
        let small = of(2).replace(".jpg", "-small.jpg");
        for (thumbnail, first, count) in [
            (None, of(1), 3),
            (Some(small.as_str()), of(2), 3),
            (Some("https://other.example/3.jpg"), images[2].clone(), 3),
            (Some("https://other.example/4.jpg"), "https://other.example/4.jpg".to_owned(), 4),
        ] {
            let pictures: Vec<_> = in_order(&images, thumbnail).collect();
            assert_eq!((pictures[0], pictures.len()), (first.as_str(), count), "{thumbnail:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_a_field() {
        assert!(NO_TEXTS.iter().all(|name| named(name).is_some()));
        assert!(is_text("description") && !is_text("price"));
    }

    #[test]
    fn no_field_shows_what_is_not_public() {
        for secret in ["cost", "created_by", "updated_by", "source_submission_id", "sold_at"] {
            assert!(named(secret).is_none(), "{secret}");
        }
    }
}
