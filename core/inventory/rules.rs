//! The rules of the inventory: what makes a vehicle acceptable, how its status changes, and how its age is counted. No I/O.

use chrono::{DateTime, SubsecRound as _, Utc};
use serde::{Deserialize, Serialize};

use super::{
    InventoryRules, NewVehicle, Vehicle, VehicleFilter, VehicleLimits, VehicleStatus, VehicleUpdate, VehicleWarning,
    check_given, limits, returns,
};
use crate::{
    error::{Error, ErrorCode, Faults, FieldError, Result},
    ids::{SubmissionId, UserId, VehicleId},
    money::Money,
    vehicle_fields, vin,
};

vehicle_fields!(check_given Vehicle);

/// Returns the vehicle in its canonical form, with its warnings.
///
/// # Errors
/// `invalid_vehicle` with every field at fault.
pub(crate) fn check(mut vehicle: Vehicle, rules: &InventoryRules, now: DateTime<Utc>) -> Result<Vehicle> {
    let limits = rules.limits;
    let mut faults = Faults::default();
    (vehicle.make, vehicle.model) = (limits::line_of(&vehicle.make), limits::line_of(&vehicle.model));
    match vin::number_of(&vehicle.vin, vehicle.year) {
        Ok(number) => vehicle.vin = number,
        Err(reason) => faults.add("/vin", reason),
    }
    limits.check_year(&mut faults, vehicle.year, now);
    limits.check_mileage(&mut faults, vehicle.mileage);
    limits::required_text(&mut faults, "/make", &vehicle.make, 100);
    limits::required_text(&mut faults, "/model", &vehicle.model, 100);
    faults.check(
        vehicle.price > Money::ZERO && vehicle.price.fits_a_price(),
        "/price",
        format!("expected an amount from 0.01 to {}", Money::MAX),
    );
    vehicle.check_given(&mut faults, &limits);
    faults.into_result(ErrorCode::InvalidVehicle)?;
    if !is_number(vehicle.stock_number.as_deref()) {
        vehicle.stock_number = made_stock_numbers(&vehicle.vin).into_iter().next();
    }
    Ok(with_warnings(vehicle, &limits))
}

/// Whether a stock number is given at all.
fn is_number(number: Option<&str>) -> bool {
    limits::given_line(number).is_some()
}

/// So many vehicles may have the same last characters in their VINs.
const NUMBERS_MADE: usize = 9;

/// The stock numbers that a vehicle may have which is given none, the best first: the last 8 characters of its VIN, and where
/// another vehicle has these, with a count behind them (`JC073721-2`).
fn made_stock_numbers(vin: &str) -> Vec<String> {
    let Some(end) = vin.get(vin.len().saturating_sub(8)..) else { return Vec::new() };
    let counted = (2..=NUMBERS_MADE).map(|count| format!("{end}-{count}"));
    std::iter::once(end.to_owned()).chain(counted).collect()
}

/// The stock numbers of which a vehicle takes the first that is free; none where it was given one.
pub(crate) fn stock_numbers_to_choose(vehicle: &Vehicle, given: Option<&str>) -> Vec<String> {
    if is_number(given) { Vec::new() } else { made_stock_numbers(&vehicle.vin) }
}

/// The warnings that need no numbers of the configuration.
pub(super) fn warnings_of_row(vehicle: &Vehicle) -> Vec<VehicleWarning> {
    VehicleWarning::of_chassis_number(vehicle.year).into_iter().collect()
}

/// The vehicle with the warnings about what it is and costs.
pub(super) fn with_warnings(mut vehicle: Vehicle, limits: &VehicleLimits) -> Vehicle {
    vehicle.warnings = warnings_of_row(&vehicle);
    vehicle.warnings.extend(VehicleWarning::of_price("price", vehicle.price, [], limits));
    vehicle
}

/// What to do with a price that looks like a typing error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DoubtfulPrices {
    /// Write it, and warn.
    #[default]
    Warn,
    /// Refuse it.
    Refuse,
}

/// The vehicle with the warnings about a price that is set now, beside other prices of the same vehicle.
///
/// # Errors
/// `price_doubtful`, if such prices are to be refused.
pub(crate) fn with_price_warnings(
    mut vehicle: Vehicle,
    field: &'static str,
    price: Money,
    others: &[Option<Money>],
    limits: &VehicleLimits,
    doubtful: DoubtfulPrices,
) -> Result<Vehicle> {
    let warning = VehicleWarning::of_price(field, price, others.iter().copied(), limits);
    doubtful.ensure_none(warning.as_slice())?;
    vehicle.warnings.retain(|known| known.doubtful_price() != Some(field));
    vehicle.warnings.extend(warning);
    Ok(vehicle)
}

impl DoubtfulPrices {
    /// # Errors
    /// `price_doubtful` with each doubtful price, if such prices are to be refused.
    pub(crate) fn ensure_none(self, warnings: &[VehicleWarning]) -> Result<()> {
        let doubt = |warning: &VehicleWarning| {
            let pointer = format!("/{}", warning.doubtful_price()?);
            Some(FieldError { pointer, message: format!("{warning}; confirm it (--yes) if it is right") })
        };
        let doubts: Vec<_> = warnings.iter().filter_map(doubt).collect();
        if self == Self::Warn || doubts.is_empty() {
            return Ok(());
        }
        Err(Error::invalid(ErrorCode::PriceDoubtful, doubts))
    }
}

/// Makes the vehicle that staff add. A car that we sold before (`sold`) is taken back: the vehicle is its row.
pub(super) fn add(
    new: &NewVehicle,
    sold: Option<&Vehicle>,
    rules: &InventoryRules,
    doubtful: DoubtfulPrices,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Vehicle> {
    let vehicle = entered(new.clone(), by, now);
    let vehicle = match sold {
        Some(sold) => returns::take_back(sold, vehicle),
        None => vehicle,
    };
    let vehicle = check(vehicle, rules, now)?;
    let (price, others) = (vehicle.price, [sold.map(|sold| sold.price)]);
    let vehicle = with_price_warnings(vehicle, "price", price, &others, &rules.limits, doubtful)?;
    let vehicle = with_amount_warnings(vehicle, None, rules, doubtful)?;
    Ok(with_return_warnings(vehicle, sold))
}

/// The vehicle with the doubts about its cost and MSRP, where they are given or changed: against what they were, and against its price. Far
/// less than the price is none: an old car was cheap when it was new, and a trade-in may cost little.
fn with_amount_warnings(
    mut vehicle: Vehicle,
    before: Option<&Vehicle>,
    rules: &InventoryRules,
    doubtful: DoubtfulPrices,
) -> Result<Vehicle> {
    let (cost, msrp) = (before.and_then(|before| before.cost), before.and_then(|before| before.msrp));
    for (field, was, is) in [("cost", cost, vehicle.cost), ("msrp", msrp, vehicle.msrp)] {
        let against_price = || VehicleWarning::of_amount(field, is.filter(|_| is != was), vehicle.price, &rules.limits);
        let warning = VehicleWarning::of_change(field, was, is, &rules.limits).or_else(against_price);
        doubtful.ensure_none(warning.as_slice())?;
        vehicle.warnings.extend(warning);
    }
    Ok(vehicle)
}

/// The vehicle with the warnings about what is other than when it was sold before.
pub(crate) fn with_return_warnings(mut vehicle: Vehicle, sold: Option<&Vehicle>) -> Vehicle {
    let warnings = sold.map(|sold| VehicleWarning::of_return(&vehicle, sold)).unwrap_or_default();
    vehicle.warnings.extend(warnings);
    vehicle
}

/// The vehicle with the named fields changed; `None` where nothing is other than before.
pub(super) fn update(
    before: &Vehicle,
    update: &VehicleUpdate,
    rules: &InventoryRules,
    doubtful: DoubtfulPrices,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Option<Vehicle>> {
    let said = update.apply_to(before.clone());
    if said == *before {
        // Another application may have written it, by rules of its own.
        return Ok(None);
    }
    let changed = check(said, rules, now)?;
    if changed == *before {
        return Ok(None);
    }
    let mut after = Vehicle { updated_at: Some(now), updated_by: by, ..changed };
    if after.price != before.price {
        let (price, others) = (after.price, [Some(before.price)]);
        after = with_price_warnings(after, "price", price, &others, &rules.limits, doubtful)?;
    }
    Ok(Some(with_amount_warnings(after, Some(before), rules, doubtful)?))
}

/// Makes the vehicle of an approved submission. The reviewer's overrides and the check come after.
pub(crate) fn from_submission(
    new: NewVehicle,
    submission: SubmissionId,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Vehicle {
    Vehicle { source_submission_id: Some(submission), ..entered(new, by, now) }
}

/// Makes a vehicle that is entered and goes on sale now.
fn entered(new: NewVehicle, by: Option<UserId>, now: DateTime<Utc>) -> Vehicle {
    Vehicle {
        created_by: by,
        updated_by: by,
        listed_at: Some(now),
        created_at: Some(now),
        updated_at: Some(now),
        ..new.into_record(VehicleId::new(now))
    }
}

/// Of the vehicles that a text names, those that it names best: by the whole id, VIN or stock number, in this order, and last by
/// a beginning.
pub(super) fn named_best(vehicles: Vec<Vehicle>, text: &str) -> Vec<Vehicle> {
    let rank = |vehicle: &Vehicle| {
        let number = vehicle.stock_number.as_deref().unwrap_or_default();
        let is_id = text.parse::<VehicleId>().is_ok_and(|id| id == vehicle.id);
        [
            is_id,
            vin::compared(&vehicle.vin) == vin::compared(text),
            number == text,
            number.eq_ignore_ascii_case(text),
            true,
        ]
        .iter()
        .position(|is_named| *is_named)
    };
    let best = vehicles.iter().map(rank).min();
    vehicles.into_iter().filter(|vehicle| Some(rank(vehicle)) == best).collect()
}

/// A change of status; of a sale, also the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StatusChange {
    /// The new status.
    pub status: VehicleStatus,
    /// What the buyer paid. It is kept with the sale and in the audit trail, not with the vehicle.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::sent_amount_or_null))]
    pub sale_price: Option<Money>,
    /// When it was sold; now where it is not said.
    #[serde(default)]
    pub sold_at: Option<DateTime<Utc>>,
    /// Whether the vehicle is sold already, and `sale_price` and `sold_at` correct its sale. What stood there before stays in the audit trail.
    #[serde(default)]
    pub correct: bool,
}

impl StatusChange {
    /// Sold at this price.
    #[must_use]
    pub const fn sold_for(price: Money) -> Self {
        Self { status: VehicleStatus::Sold, sale_price: Some(price), sold_at: None, correct: false }
    }

    /// Sold already, and at this price.
    #[must_use]
    pub const fn corrected_to(price: Money) -> Self {
        Self { status: VehicleStatus::Sold, sale_price: Some(price), sold_at: None, correct: true }
    }
}

impl From<VehicleStatus> for StatusChange {
    fn from(status: VehicleStatus) -> Self {
        Self { status, sale_price: None, sold_at: None, correct: false }
    }
}

/// The vehicle in its new status. Available, pending and hold change freely into each other and into sold.
pub(super) fn set_status(
    vehicle: &Vehicle,
    change: StatusChange,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Vehicle> {
    let mut faults = Faults::default();
    faults.check(change.status != VehicleStatus::Unknown, "/status", "expected available, pending, hold or sold");
    if let Some(price) = change.sale_price {
        limits::price(&mut faults, "/sale_price", price);
    }
    check_sale(&mut faults, vehicle, change, now);
    // A sale keeps the price of the vehicle.
    if change.status == VehicleStatus::Sold && vehicle.status != VehicleStatus::Sold {
        limits::price(&mut faults, "/price", vehicle.price);
    }
    faults.into_result(ErrorCode::InvalidStatusChange)?;
    if change.correct && vehicle.status != VehicleStatus::Sold {
        return Err(Error::new(ErrorCode::VehicleNotSold, "only a sold vehicle has a sale to correct"));
    }
    if vehicle.status == VehicleStatus::Sold {
        if change.status != VehicleStatus::Sold {
            return Err(Error::new(ErrorCode::VehicleSold, "the vehicle is sold: relist it to offer it again"));
        }
        // A second sale must not replace the price of the first.
        if (change.sale_price.is_some() || change.sold_at.is_some()) && !change.correct {
            let message =
                "the vehicle is sold already: `correct` (--correct) corrects its sale, and relisting offers it again";
            return Err(Error::new(ErrorCode::VehicleSold, message));
        }
    }
    let sold_at = match change.status {
        VehicleStatus::Sold => change.sold_at.map(|at| at.trunc_subsecs(6)).or(vehicle.sold_at).or(Some(now)),
        VehicleStatus::Available | VehicleStatus::Pending | VehicleStatus::Hold | VehicleStatus::Unknown => {
            vehicle.sold_at
        }
    };
    Ok(Vehicle { status: change.status, sold_at, updated_at: Some(now), updated_by: by, ..vehicle.clone() })
}

/// Checks what is said of a sale. A correction invents no date: where the vehicle has none, it must say when it was sold.
fn check_sale(faults: &mut Faults, vehicle: &Vehicle, change: StatusChange, now: DateTime<Utc>) {
    let is_sale = change.status == VehicleStatus::Sold;
    faults.check(change.sale_price.is_none() || is_sale, "/sale_price", "expected only with the status sold");
    faults.check(change.sold_at.is_none() || is_sale, "/sold_at", "expected only with the status sold");
    let has_passed = |at: DateTime<Utc>| (DateTime::UNIX_EPOCH..=now).contains(&at);
    faults.check(change.sold_at.is_none_or(has_passed), "/sold_at", "expected a time that has passed");
    let says_something = change.sale_price.is_some() || change.sold_at.is_some();
    faults.check(
        !change.correct || says_something,
        "/correct",
        "expected only with a sale price or a date of the sale",
    );
    let lacks_date =
        change.correct && vehicle.status == VehicleStatus::Sold && vehicle.sold_at.or(change.sold_at).is_none();
    faults.check(
        !lacks_date,
        "/sold_at",
        "expected the date of the sale: nobody has recorded when the vehicle was sold",
    );
}

/// Offers the sold vehicle again, as listed now.
pub(super) fn relist(vehicle: &Vehicle, by: Option<UserId>, now: DateTime<Utc>) -> Result<Vehicle> {
    if vehicle.status != VehicleStatus::Sold {
        return Err(Error::new(ErrorCode::VehicleNotSold, "only a sold vehicle can be relisted"));
    }
    Ok(Vehicle {
        status: VehicleStatus::Available,
        sold_at: None,
        listed_at: Some(now),
        updated_at: Some(now),
        updated_by: by,
        ..vehicle.clone()
    })
}

/// Shows the vehicle on the homepage, or no longer.
pub(super) fn with_featured(vehicle: &Vehicle, featured: bool, by: Option<UserId>, now: DateTime<Utc>) -> Vehicle {
    Vehicle { featured, updated_at: Some(now), updated_by: by, ..vehicle.clone() }
}

/// Whether the public sees the vehicle.
pub(super) fn is_listed(vehicle: &Vehicle) -> bool {
    VehicleStatus::LISTED.contains(&vehicle.status)
}

/// Restricts the filter to what the public sees; `None` if that leaves nothing.
pub(super) fn only_listed(filter: &VehicleFilter) -> Option<VehicleFilter> {
    let mut filter = filter.clone();
    if filter.status.is_empty() {
        filter.status = VehicleStatus::LISTED.to_vec();
    } else {
        filter.status.retain(|status| VehicleStatus::LISTED.contains(status));
    }
    (!filter.status.is_empty()).then_some(filter)
}

/// Counts whole days from `listed_at` to the sale, or to now if it is not sold; never negative.
pub(crate) fn days_in_stock(
    listed_at: Option<DateTime<Utc>>,
    sold_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> i64 {
    listed_at.map_or(0, |listed_at| (sold_at.unwrap_or(now) - listed_at).num_days().max(0))
}

/// How a vehicle's days in stock compare with the turn policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AgeState {
    /// Up to [`InventoryRules::turn_days`].
    Good,
    /// Longer, up to [`InventoryRules::aged_factor`] times as many days.
    Warning,
    /// Longer than that.
    Aged,
}

/// Compares days with the policy: up to `turn_days` is good, up to `aged_factor` times as many is a warning.
pub(super) fn age_state(days: i64, rules: &InventoryRules) -> AgeState {
    if days <= rules.turn_days {
        AgeState::Good
    } else if days as f64 <= rules.turn_days as f64 * rules.aged_factor {
        AgeState::Warning
    } else {
        AgeState::Aged
    }
}

/// A range of days in stock, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct AgeBucket {
    /// The first day.
    pub from_days: i64,
    /// The last day; `None` for the open bucket.
    pub to_days: Option<i64>,
}

/// Lists the buckets between the bounds, youngest first.
pub(super) fn age_buckets(rules: &InventoryRules) -> Vec<AgeBucket> {
    let mut bounds = rules.age_bounds.clone();
    bounds.sort_unstable();
    bounds.dedup();
    let mut buckets = Vec::with_capacity(bounds.len() + 1);
    let mut from_days = 0;
    for bound in bounds {
        buckets.push(AgeBucket { from_days, to_days: Some(bound) });
        from_days = bound + 1;
    }
    buckets.push(AgeBucket { from_days, to_days: None });
    buckets
}

impl AgeBucket {
    pub(super) fn holds(&self, days: i64) -> bool {
        days >= self.from_days && self.to_days.is_none_or(|last| days <= last)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn corolla() -> NewVehicle {
        NewVehicle {
            year: 2020,
            make: "Toyota".into(),
            model: "Corolla".into(),
            vin: "2t1burhe5jc073721".into(),
            price: Money::from_dollars(15_500),
            mileage: 41_000,
            ..NewVehicle::default()
        }
    }

    fn added(new: &NewVehicle) -> Result<Vehicle> {
        add(new, None, &InventoryRules::default(), DoubtfulPrices::Warn, None, now())
    }

    #[test]
    fn a_vehicle_is_made_canonical() {
        let vehicle = added(&corolla()).unwrap();
        assert_eq!(vehicle.vin, "2T1BURHE5JC073721");
        assert_eq!(vehicle.stock_number.as_deref(), Some("JC073721"));
        assert_eq!((vehicle.status, vehicle.listed_at), (VehicleStatus::Available, Some(now())));
        let numbered = NewVehicle { stock_number: Some("A-7".into()), ..corolla() };
        assert_eq!(added(&numbered).unwrap().stock_number.as_deref(), Some("A-7"));
        assert_eq!(stock_numbers_to_choose(&vehicle, Some(" "))[..2], ["JC073721", "JC073721-2"]);
        assert!(stock_numbers_to_choose(&vehicle, Some("A-7")).is_empty());
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let refusal = added(&NewVehicle {
            year: 1899,
            vin: "2T1BURHE5JC07372".into(),
            mileage: -1,
            price: "100000000".parse().unwrap(),
            images: vec!["ftp://example.com/a.jpg".into()],
            doors: Some(-2),
            trim: Some("x".repeat(101)),
            ..NewVehicle::default()
        })
        .unwrap_err();
        assert_eq!(refusal.code(), "invalid_vehicle");
        let pointers: Vec<_> = refusal.fields().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["/vin", "/year", "/mileage", "/make", "/model", "/price", "/trim", "/doors", "/images/0"]
        );
        assert!(added(&NewVehicle { year: 2027, ..corolla() }).is_ok(), "next year's models are sold this year");
        assert!(added(&NewVehicle { year: 2028, ..corolla() }).is_err());
    }

    #[test]
    fn statuses_change_freely_until_the_sale() {
        use VehicleStatus::{Available, Hold, Pending, Sold, Unknown};
        let vehicle = added(&corolla()).unwrap();
        for from in VehicleStatus::ALL {
            for to in VehicleStatus::ALL {
                let vehicle = Vehicle { status: from, sold_at: (from == Sold).then(now), ..vehicle.clone() };
                let later = now() + TimeDelta::days(1);
                let changed = set_status(&vehicle, to.into(), None, later);
                match (from, to) {
                    // A word of another application is left, and never given.
                    (_, Unknown) => assert_eq!(changed.unwrap_err().code(), "invalid_status_change"),
                    (Sold, Available | Pending | Hold) => assert_eq!(changed.unwrap_err().code(), "vehicle_sold"),
                    (Sold, _) => assert_eq!(changed.unwrap().sold_at, Some(now()), "sold once"),
                    (_, Sold) => assert_eq!(changed.unwrap().sold_at, Some(later)),
                    _ => assert_eq!(changed.unwrap().status, to),
                }
            }
        }
        let priced = StatusChange { sale_price: Some(Money::ZERO), ..Pending.into() };
        assert_eq!(set_status(&vehicle, priced, None, now()).unwrap_err().code(), "invalid_status_change");
    }

    #[test]
    fn a_relisted_vehicle_starts_anew() {
        let vehicle = added(&corolla()).unwrap();
        assert_eq!(relist(&vehicle, None, now()).unwrap_err().code(), "vehicle_not_sold");
        let sold = set_status(&vehicle, VehicleStatus::Sold.into(), None, now()).unwrap();
        let later = now() + TimeDelta::days(40);
        let relisted = relist(&sold, None, later).unwrap();
        assert_eq!(
            (relisted.status, relisted.sold_at, relisted.listed_at),
            (VehicleStatus::Available, None, Some(later))
        );
    }

    #[test]
    fn days_are_whole_and_never_negative() {
        let listed = Some(now());
        let after = |hours| now() + TimeDelta::hours(hours);
        assert_eq!(days_in_stock(listed, None, after(23)), 0);
        assert_eq!(days_in_stock(listed, None, after(24)), 1);
        assert_eq!(days_in_stock(listed, None, after(-48)), 0);
        assert_eq!(days_in_stock(listed, Some(after(72)), after(1_000)), 3);
        assert_eq!(days_in_stock(None, None, now()), 0);
    }

    #[test]
    fn ages_fall_into_buckets_and_states() {
        let rules = InventoryRules::default();
        let buckets = age_buckets(&rules);
        let bucket = |days| buckets.iter().position(|bucket| bucket.holds(days)).unwrap();
        assert_eq!([0, 30, 31, 60, 61, 90, 91, 5_000].map(bucket), [0, 0, 1, 1, 2, 2, 3, 3]);
        use AgeState::{Aged, Good, Warning};
        assert_eq!([0, 45, 46, 67, 68].map(|days| age_state(days, &rules)), [Good, Good, Warning, Warning, Aged]);
    }
}
