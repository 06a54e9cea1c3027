//! Cars that come back: a sale that is undone, and a sold car that a customer offers again. No I/O.

use chrono::{DateTime, TimeDelta, Utc};

use super::{InventoryRules, Vehicle, VehicleStatus};
use crate::{
    error::{Error, ErrorCode, Result},
    ids::UserId,
};

/// Puts the vehicle on sale as if it had not been sold: it keeps its `listed_at`.
pub(super) fn undo_sale(
    vehicle: &Vehicle,
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
    Ok(Vehicle {
        status: VehicleStatus::Available,
        sold_at: None,
        updated_at: Some(now),
        updated_by: by,
        ..vehicle.clone()
    })
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
