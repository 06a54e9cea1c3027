//! Cars that come back: a sale that is undone, and a sold car that a customer offers again. No I/O.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{InventoryRules, Vehicle, VehicleStatus};
use crate::{
    error::{Error, ErrorCode, Result},
    ids::UserId,
};

/// What a vehicle may have been before its sale.
const ON_THE_LOT: [VehicleStatus; 3] = [VehicleStatus::Available, VehicleStatus::Pending, VehicleStatus::Hold];

/// The status that a sold vehicle had before, of what the audit trail has of it, the latest entry first. Another program may have sold it
/// without an entry: then the last status is the one before. Where the trail has none, the vehicle was on sale.
pub(super) fn status_before_sale(trail: &[Value]) -> VehicleStatus {
    let known = |word: &Value| word.as_str().map(VehicleStatus::stored).filter(|status| ON_THE_LOT.contains(status));
    let of_entry = |changes: &Value| {
        let status = changes.get("status")?;
        ["to", "from"].iter().find_map(|side| known(status.get(side)?))
    };
    trail.iter().find_map(of_entry).unwrap_or_default()
}

/// Takes the sale back as if the vehicle had not been sold: it has the status from before and keeps its `listed_at`.
pub(super) fn undo_sale(
    vehicle: &Vehicle,
    before: VehicleStatus,
    rules: &InventoryRules,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Vehicle> {
    if vehicle.status != VehicleStatus::Sold {
        return Err(Error::new(ErrorCode::VehicleNotSold, "only a sold vehicle has a sale to undo"));
    }
    let days = rules.undo_sale_days;
    let within = TimeDelta::try_days(days).unwrap_or(TimeDelta::MAX);
    if vehicle.sold_at.is_none_or(|sold_at| now - sold_at > within) {
        let message = format!("a sale can be undone for {days} days: relist the vehicle to offer it again");
        return Err(Error::new(ErrorCode::SaleTooOld, message));
    }
    Ok(Vehicle { status: before, sold_at: None, updated_at: Some(now), updated_by: by, ..vehicle.clone() })
}

/// The sold vehicle as it is taken in again: its row, with what is said of it now.
///
/// Who entered it, its stock number, and what does not change with an owner stay where nothing else is said: trim, colours and
/// engine, equipment, list price. What tells of the car's state is what is said now alone: condition, title, owners, accidents,
/// reports, warranty, pictures, advertisement, and what it cost. Where nothing is said, they are empty.
pub(crate) fn take_back(sold: &Vehicle, offered: Vehicle) -> Vehicle {
    let kept = sold.clone();
    Vehicle {
        id: kept.id,
        created_by: kept.created_by,
        created_at: kept.created_at,
        stock_number: offered.stock_number.or(kept.stock_number),
        trim: offered.trim.or(kept.trim),
        exterior_color: offered.exterior_color.or(kept.exterior_color),
        interior_color: offered.interior_color.or(kept.interior_color),
        transmission: offered.transmission.or(kept.transmission),
        fuel_type: offered.fuel_type.or(kept.fuel_type),
        engine: offered.engine.or(kept.engine),
        drivetrain: offered.drivetrain.or(kept.drivetrain),
        body_style: offered.body_style.or(kept.body_style),
        doors: offered.doors.or(kept.doors),
        mpg_city: offered.mpg_city.or(kept.mpg_city),
        mpg_highway: offered.mpg_highway.or(kept.mpg_highway),
        msrp: offered.msrp.or(kept.msrp),
        features: if offered.features.is_empty() { kept.features } else { offered.features },
        ..offered
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::{
        fields::{Described as _, Field, FieldType},
        inventory::{DoubtfulPrices, NewVehicle, rules},
    };

    /// The given fields that stay where nothing else is said.
    const STAYS: &str = "stock_number trim exterior_color interior_color transmission fuel_type engine drivetrain body_style \
                         doors mpg_city mpg_highway msrp features";

    /// The given fields that are what is said now.
    const SAID_NOW: &str = "year make model vin price mileage cost description thumbnail condition title_status owners \
                            accidents service_records warranty carfax_url autocheck_url images";

    fn vehicle(fields: Value) -> Vehicle {
        let new: NewVehicle = serde_json::from_value(fields).unwrap();
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        rules::add(&new, None, &InventoryRules::default(), DoubtfulPrices::Warn, None, now).unwrap()
    }

    fn any_value(field: &Field) -> Value {
        match field.r#type {
            FieldType::Text if field.name.ends_with("_url") || field.name == "thumbnail" => {
                json!("https://x.example/a")
            }
            FieldType::Texts => json!(["https://x.example/a"]),
            FieldType::Number => json!(7),
            FieldType::Truth => json!(true),
            FieldType::Money => json!("9000.00"),
            _ => json!("A text"),
        }
    }

    #[test]
    fn the_status_before_a_sale_is_the_latest_that_the_trail_knows() {
        let to = |from: Value, to: &str| json!({"status": {"from": from, "to": to}});
        for (trail, expected) in [
            (vec![], VehicleStatus::Available),
            (vec![to(json!("hold"), "sold"), to(json!("available"), "hold")], VehicleStatus::Hold),
            (vec![json!({"sold_at": {"from": null, "to": "x"}}), to(json!("pending"), "sold")], VehicleStatus::Pending),
            (vec![to(json!("SOLD"), "sold"), to(json!("hold"), "SOLD")], VehicleStatus::Hold),
            (vec![to(json!("available"), "pending")], VehicleStatus::Pending),
            (vec![to(json!("wholesale"), "sold")], VehicleStatus::Available),
            (vec![to(Value::Null, "sold")], VehicleStatus::Available),
            (vec![json!({"status": "changed"}), Value::Null], VehicleStatus::Available),
        ] {
            assert_eq!(status_before_sale(&trail), expected, "{trail:?}");
        }
    }

    #[test]
    fn each_given_field_stays_or_is_what_is_said_now() {
        let required = json!({"year": 2020, "make": "Toyota", "model": "Corolla", "vin": "2T1BURHE5JC073721",
            "price": "15500.00", "mileage": 41_000});
        let offered = Vehicle { stock_number: None, ..vehicle(required.clone()) };
        let mut all: Map<String, Value> =
            NewVehicle::FIELDS.iter().map(|field| (field.name.to_owned(), any_value(field))).collect();
        all.extend(required.as_object().unwrap().clone());
        all.extend([("year".into(), json!(2019)), ("mileage".into(), json!(12_000))]);
        let sold = vehicle(all.into());
        let back = take_back(&sold, offered.clone());
        let [sold, offered, back] = [&sold, &offered, &back].map(|vehicle| serde_json::to_value(vehicle).unwrap());
        for Field { name, .. } in NewVehicle::FIELDS {
            let is_in = |list: &str| list.split_whitespace().any(|known| known == *name);
            assert!(is_in(STAYS) != is_in(SAID_NOW), "decide in `take_back` on {name}, and name it in one list here");
            assert_eq!(back[name], if is_in(STAYS) { &sold } else { &offered }[name], "{name}");
        }
    }
}
