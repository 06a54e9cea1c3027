//! What the tests of feeds start from.

use crate::{
    ids::VehicleId,
    inventory::{Vehicle, VehicleStatus},
    money::Money,
};

/// A vehicle with its required fields.
pub(super) fn corolla() -> Vehicle {
    let now = chrono::DateTime::from_timestamp(1_772_366_400, 0).unwrap();
    let given = crate::NewVehicle {
        year: 2018,
        make: "Toyota".into(),
        model: "Corolla".into(),
        vin: "2T1BURHE0JC123456".into(),
        price: Money::from_dollars(14_000),
        mileage: 60_000,
        ..crate::NewVehicle::default()
    };
    let vehicle = crate::inventory::from_submission(given, crate::SubmissionId::new(now), None, now);
    assert_eq!(vehicle.status, VehicleStatus::Available);
    assert_ne!(vehicle.id, VehicleId::from_uuid(uuid::Uuid::nil()));
    vehicle
}
