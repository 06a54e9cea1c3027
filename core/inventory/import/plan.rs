//! What a row does to the inventory: the rules of every other change, one after the other. Pure.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::value::MapDeserializer};
use serde_json::Value;

use super::{
    RowFault, RowWarning,
    dates::Moment,
    values::{RowValues, SCIENTIFIC},
};
use crate::{
    activity::Action,
    error::{Error, ErrorCode, Faults, Result},
    ids::UserId,
    inventory::{
        InventoryRules, NewVehicle, Vehicle, VehicleStatus, VehicleUpdate,
        rules::{self, DoubtfulPrices, StatusChange},
    },
    vin,
};

/// What all rows of an import have in common.
#[derive(Clone, Copy)]
pub(super) struct Terms<'r> {
    pub(super) rules: &'r InventoryRules,
    pub(super) doubtful: DoubtfulPrices,
    pub(super) by: Option<UserId>,
    pub(super) now: DateTime<Utc>,
}

/// What a row does.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) row: Option<u64>,
    /// The vehicle before; `None` if it is new.
    pub(super) before: Option<Vehicle>,
    /// The vehicle afterwards. Most rows do one thing, and that step and this are one and the same then.
    pub(super) after: Arc<Vehicle>,
    /// Each change on the way, as the audit trail has it.
    pub(super) steps: Vec<Step>,
    pub(super) warnings: Vec<RowWarning>,
}

/// A change of one kind: what was done, and the vehicle after it.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) after: Arc<Vehicle>,
}

impl Planned {
    /// Whether the vehicle was for sale and is sold now, or was never here and is sold.
    pub(super) fn is_sale(&self) -> bool {
        self.after.status == VehicleStatus::Sold
            && self.before.as_ref().is_none_or(|before| before.status != VehicleStatus::Sold)
    }

    /// Whether a sold vehicle is for sale again.
    pub(super) fn is_relisting(&self) -> bool {
        self.after.status != VehicleStatus::Sold
            && self.before.as_ref().is_some_and(|before| before.status == VehicleStatus::Sold)
    }

    fn warn(&mut self, message: String) {
        let Some(row) = self.row else { return };
        self.warnings.push(RowWarning { row, message });
    }

    fn step(&mut self, action: Action, after: Vehicle) {
        self.after = Arc::new(after);
        self.steps.push(Step { action, after: Arc::clone(&self.after) });
    }
}

/// What a row does to the vehicle that it names; `known` is that vehicle if there is one.
///
/// # Errors
/// Every fault of the row.
pub(super) fn plan(values: &RowValues, known: Option<&Vehicle>, terms: Terms<'_>) -> Result<Planned, Vec<RowFault>> {
    check_times(values, terms.now)?;
    check_stock_number(values, known)?;
    let planned = match known {
        None => added(values, terms),
        Some(known) => changed(values, known, terms),
    };
    planned.map_err(|error| faults_of(&error))
}

/// The vehicle is sold because the file does not have it.
///
/// # Errors
/// As any change of status.
pub(super) fn sell(known: Vehicle, terms: Terms<'_>) -> Result<Planned> {
    let after = rules::set_status(&known, VehicleStatus::Sold.into(), terms.by, terms.now)?;
    let mut planned = Planned {
        row: None,
        after: Arc::new(known.clone()),
        before: Some(known),
        steps: Vec::new(),
        warnings: Vec::new(),
    };
    planned.step(Action::Status, after);
    Ok(planned)
}

fn check_times(values: &RowValues, now: DateTime<Utc>) -> Result<(), Vec<RowFault>> {
    let future = |(field, moment): &(&'static str, Option<Moment>)| {
        let day = moment.filter(|moment| moment.at > now)?.day();
        Some(RowFault::of_field(ErrorCode::DateInFuture, field, format!("{day} is in the future")))
    };
    let faults: Vec<_> =
        [("listed_at", values.listed_at), ("sold_at", values.sold_at)].iter().filter_map(future).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Refuses what a spreadsheet has made of a stock number: two vehicles may have the same rounded one. One that is known by it keeps it.
fn check_stock_number(values: &RowValues, known: Option<&Vehicle>) -> Result<(), Vec<RowFault>> {
    let is_known = known.is_some_and(|known| known.stock_number.as_deref() == values.stock_number());
    if !values.has_scientific_number || is_known {
        return Ok(());
    }
    Err(vec![RowFault::of_field(ErrorCode::CellUnreadable, "stock_number", SCIENTIFIC.to_owned())])
}

fn faults_of(error: &Error) -> Vec<RowFault> {
    let about = |pointer: &str| {
        let name = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
        crate::inventory::import::columns::given(name).map(|field| field.name)
    };
    let code = error.error_code();
    if error.fields().is_empty() {
        return vec![RowFault::of_row(code, error.to_string())];
    }
    let fault = |field: &crate::error::FieldError| RowFault {
        field: about(&field.pointer),
        ..RowFault::of_row(code, field.message.clone())
    };
    error.fields().iter().map(fault).collect()
}

/// The row as a vehicle to be added.
fn new_vehicle(values: &RowValues) -> Result<NewVehicle> {
    record_of(values.fields.iter().filter(|(_, value)| !value.is_null()))
}

/// A record of these fields.
fn record_of<'v, T: Deserialize<'v>>(fields: impl Iterator<Item = (&'v &'static str, &'v Value)>) -> Result<T> {
    T::deserialize(MapDeserializer::new(fields.map(|(name, value)| (*name, value)))).map_err(misread)
}

/// Values are read by the types of their fields, so that this does not happen.
fn misread(reason: serde_json::Error) -> Error {
    Error::new(ErrorCode::InvalidVehicle, format!("a value could not be read: {reason}")).with_source(reason)
}

fn added(values: &RowValues, terms: Terms<'_>) -> Result<Planned> {
    let Terms { rules, doubtful, by, now } = terms;
    let mut vehicle = rules::add(&new_vehicle(values)?, None, rules, doubtful, by, now)?;
    vehicle.featured = values.featured.unwrap_or_default();
    if let Some(listed_at) = values.listed_at.or(values.sold_at.filter(|_| values.status == Some(VehicleStatus::Sold)))
    {
        vehicle.listed_at = Some(listed_at.at);
    }
    let mut vehicle = with_status(vehicle, values, terms)?;
    (vehicle.updated_at, vehicle.updated_by) = (Some(now), by);
    let after = Arc::new(vehicle);
    let steps = vec![Step { action: Action::Create, after: Arc::clone(&after) }];
    let mut planned = Planned { row: Some(values.row), before: None, after, steps, warnings: Vec::new() };
    let warnings: Vec<_> = planned.after.warnings.iter().map(ToString::to_string).collect();
    warnings.into_iter().for_each(|warning| planned.warn(warning));
    Ok(planned)
}

/// The vehicle in the status that the row gives it.
fn with_status(vehicle: Vehicle, values: &RowValues, terms: Terms<'_>) -> Result<Vehicle> {
    let Some(status) = values.status.filter(|status| *status != vehicle.status) else { return Ok(vehicle) };
    let mut after = rules::set_status(&vehicle, StatusChange::from(status), terms.by, terms.now)?;
    if let Some(sold_at) = values.sold_at.filter(|_| status == VehicleStatus::Sold) {
        after.sold_at = Some(sold_at.at);
    }
    Ok(after)
}

fn changed(values: &RowValues, known: &Vehicle, terms: Terms<'_>) -> Result<Planned> {
    let Terms { rules, doubtful, by, now } = terms;
    let (before, after) = (Some(known.clone()), Arc::new(known.clone()));
    let mut planned = Planned { row: Some(values.row), before, after, steps: Vec::new(), warnings: Vec::new() };
    ensure_status_is_known(values, known)?;
    if known.status == VehicleStatus::Sold && values.status.is_some_and(|status| status != VehicleStatus::Sold) {
        let update = update_of(values, known, &mut planned)?;
        let said = rules::update(known, &update, rules, doubtful, by, now)?;
        let back = rules::relist(said.as_ref().unwrap_or(known), by, now)?;
        let mut back = rules::with_return_warnings(back, Some(known));
        if let Some(listed_at) = values.listed_at.filter(|moment| known.sold_at.is_none_or(|sold| moment.at > sold)) {
            back.listed_at = Some(listed_at.at);
        }
        back.warnings.iter().for_each(|warning| planned.warn(warning.to_string()));
        planned.step(Action::Relist, back);
    } else if let Some(after) =
        rules::update(known, &update_of(values, known, &mut planned)?, rules, doubtful, by, now)?
    {
        let is_changed = |field| field != "price" || after.price != known.price;
        let doubts: Vec<_> =
            after.warnings.iter().filter(|warning| warning.doubtful_price().is_some_and(is_changed)).collect();
        doubts.iter().for_each(|warning| planned.warn(warning.to_string()));
        let after = with_listed_at(after, values, now, by);
        planned.step(Action::Update, after);
    } else {
        let after = with_listed_at(known.clone(), values, now, by);
        if after.listed_at != known.listed_at {
            planned.step(Action::Update, after);
        }
    }
    let after = with_status((*planned.after).clone(), values, terms)?;
    if after.status != planned.after.status {
        planned.step(Action::Status, after);
    }
    if let Some(featured) = values.featured.filter(|featured| *featured != planned.after.featured) {
        let after = rules::with_featured(&planned.after, featured, by, now);
        planned.step(Action::Feature, after);
    }
    if known.status == VehicleStatus::Sold && values.status.is_none() {
        planned
            .warn("the vehicle is sold and stays so: a status column could say that it is for sale again".to_owned());
    }
    Ok(planned)
}

/// A row of another application may have a status that is none of ours; it cannot be written back.
fn ensure_status_is_known(values: &RowValues, known: &Vehicle) -> Result<()> {
    let mut faults = Faults::default();
    let is_known = known.status != VehicleStatus::Unknown || values.status.is_some();
    faults.check(
        is_known,
        "/status",
        "the vehicle has a status that is not known here: give it one in a status column",
    );
    faults.into_result(ErrorCode::InvalidVehicle)
}

/// The vehicle on sale since the day that the row says. A day without a time leaves the time of that day as it is.
fn with_listed_at(vehicle: Vehicle, values: &RowValues, now: DateTime<Utc>, by: Option<UserId>) -> Vehicle {
    match (values.listed_at, vehicle.listed_at) {
        (Some(said), known) if known.is_none_or(|known| !said.is_that_of(known)) => {
            Vehicle { listed_at: Some(said.at), updated_at: Some(now), updated_by: by, ..vehicle }
        }
        _ => vehicle,
    }
}

/// The fields that a row says of a known vehicle, as far as they say anything else than what is known.
fn update_of(values: &RowValues, known: &Vehicle, planned: &mut Planned) -> Result<VehicleUpdate> {
    let mut same = Vec::new();
    // The other spelling of its number is no change.
    if let Some(given) = values.vin()
        && (vin::compared(given) == vin::compared(&known.vin)
            || vin::number_of(given, known.year).is_ok_and(|it| it == known.vin))
    {
        same.push("vin");
    }
    if let (Some(given), Some(number)) = (values.stock_number(), known.stock_number.as_deref())
        && given != number
    {
        if has_lost_zeros(given, number) {
            planned.warn(format!("stock number {given} is read as {number}: the file has lost its leading zeros"));
            same.push("stock_number");
        } else if given == number.trim() {
            same.push("stock_number");
        }
    }
    for (field, list) in [("features", &known.features), ("images", &known.images)] {
        // A list that reads as it is written is no change, whatever signs its lines have in them.
        if values.lists.iter().any(|(name, raw)| *name == field && *raw == list.join("\n")) {
            same.push(field);
        }
    }
    record_of(values.fields.iter().filter(|(name, _)| !same.contains(name)))
}

/// `123` of `00123`.
pub(super) fn has_lost_zeros(given: &str, number: &str) -> bool {
    given.len() < number.len()
        && given.bytes().all(|byte| byte.is_ascii_digit())
        && number.strip_suffix(given).is_some_and(|zeros| zeros.bytes().all(|byte| byte == b'0'))
}
