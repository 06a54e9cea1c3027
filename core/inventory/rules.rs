//! What a vehicle must be, how it moves between its statuses, and how old it is. No I/O.

use chrono::{DateTime, Datelike as _, Utc};
use serde::Serialize;
use url::Url;

use super::{NewVehicle, Vehicle, VehicleFilter, VehicleStatus};
use crate::{
    error::{Error, ErrorCode, Faults, Result},
    ids::{SubmissionId, UserId, VehicleId},
    money::Money,
    vin::Vin,
};

/// The numbers of the inventory's rules.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct InventoryRules {
    /// What a vehicle's fields may hold.
    pub limits: VehicleLimits,
    /// The last day of each age bucket but the open one: 30, 60, 90 makes 0-30, 31-60, 61-90 and 91+.
    pub age_bounds: Vec<i64>,
    /// The days within which a vehicle should turn (45).
    pub turn_days: i64,
    /// Beyond so many times `turn_days` a vehicle is aged (1.5).
    pub aged_factor: f64,
}

impl Default for InventoryRules {
    fn default() -> Self {
        Self { limits: VehicleLimits::default(), age_bounds: vec![30, 60, 90], turn_days: 45, aged_factor: 1.5 }
    }
}

/// What the fields of a vehicle or of an offered car may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VehicleLimits {
    /// The oldest model year (1900); the newest is next year's.
    pub oldest_year: i32,
    /// The highest mileage (2,000,000).
    pub highest_mileage: i32,
    /// The most pictures (40).
    pub most_images: usize,
    /// The most lines of equipment (500).
    pub most_features: usize,
    /// The most characters of a free text (20,000).
    pub longest_text: usize,
}

impl Default for VehicleLimits {
    fn default() -> Self {
        Self {
            oldest_year: 1900,
            highest_mileage: 2_000_000,
            most_images: 40,
            most_features: 500,
            longest_text: 20_000,
        }
    }
}

const LONGEST_URL: usize = 500;
const LONGEST_LISTED_TEXT: usize = 2_000;

impl VehicleLimits {
    pub(crate) fn check_year(&self, faults: &mut Faults, year: i32, now: DateTime<Utc>) {
        let newest = now.year() + 1;
        let expected = format!("expected a model year from {} to {newest}", self.oldest_year);
        faults.check((self.oldest_year..=newest).contains(&year), "/year", expected);
    }

    pub(crate) fn check_mileage(&self, faults: &mut Faults, mileage: i32) {
        let expected = format!("expected miles from 0 to {}", self.highest_mileage);
        faults.check((0..=self.highest_mileage).contains(&mileage), "/mileage", expected);
    }

    pub(crate) fn check_images(&self, faults: &mut Faults, images: &[String]) {
        faults.check(
            images.len() <= self.most_images,
            "/images",
            format!("expected at most {} pictures", self.most_images),
        );
        for (index, image) in images.iter().enumerate().take(self.most_images) {
            check_url(faults, &format!("/images/{index}"), image, LONGEST_LISTED_TEXT);
        }
    }
}

pub(crate) fn check_price(faults: &mut Faults, pointer: &str, price: Money) {
    faults.check(price.fits_a_price(), pointer, format!("expected an amount from 0.00 to {}", Money::MAX));
}

pub(crate) fn check_required_text(faults: &mut Faults, pointer: &str, text: &str, longest: usize) {
    let fits = !text.trim().is_empty() && text.chars().count() <= longest && !text.contains('\0');
    faults.check(fits, pointer, format!("expected 1 to {longest} characters"));
}

pub(crate) fn check_optional_text(faults: &mut Faults, pointer: &str, text: Option<&String>, longest: usize) {
    let fits = text.is_none_or(|text| text.chars().count() <= longest && !text.contains('\0'));
    faults.check(fits, pointer, format!("expected at most {longest} characters"));
}

fn check_url(faults: &mut Faults, pointer: &str, text: &str, longest: usize) {
    let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let fits = is_web && text.chars().count() <= longest && !text.contains('\0');
    faults.check(fits, pointer, format!("expected an http or https URL of at most {longest} characters"));
}

/// The vehicle in its canonical form, or every field that is not acceptable.
pub(crate) fn check(mut vehicle: Vehicle, rules: &InventoryRules, now: DateTime<Utc>) -> Result<Vehicle> {
    let limits = rules.limits;
    let mut faults = Faults::default();
    (vehicle.make, vehicle.model) = (vehicle.make.trim().to_owned(), vehicle.model.trim().to_owned());
    match Vin::parse(&vehicle.vin) {
        Ok(vin) => vehicle.vin = vin.to_string(),
        Err(reason) => faults.add("/vin", reason.to_string()),
    }
    limits.check_year(&mut faults, vehicle.year, now);
    limits.check_mileage(&mut faults, vehicle.mileage);
    check_required_text(&mut faults, "/make", &vehicle.make, 100);
    check_required_text(&mut faults, "/model", &vehicle.model, 100);
    faults.check(
        vehicle.price > Money::ZERO && vehicle.price.fits_a_price(),
        "/price",
        format!("expected an amount from 0.01 to {}", Money::MAX),
    );
    for (pointer, amount) in [("/cost", vehicle.cost), ("/msrp", vehicle.msrp)] {
        amount.into_iter().for_each(|amount| check_price(&mut faults, pointer, amount));
    }
    check_texts(&mut faults, &vehicle, limits);
    check_counts(&mut faults, &vehicle);
    limits.check_images(&mut faults, &vehicle.images);
    let features = &vehicle.features;
    let fits = features.len() <= limits.most_features
        && features.iter().all(|line| line.chars().count() <= LONGEST_LISTED_TEXT && !line.contains('\0'));
    faults.check(
        fits,
        "/features",
        format!("expected at most {} lines of at most {LONGEST_LISTED_TEXT} characters", limits.most_features),
    );
    faults.into_result(ErrorCode::InvalidVehicle)?;
    if vehicle.stock_number.as_deref().is_none_or(|number| number.trim().is_empty()) {
        vehicle.stock_number = vehicle.vin.get(9..).map(ToOwned::to_owned);
    }
    Ok(vehicle)
}

fn check_texts(faults: &mut Faults, vehicle: &Vehicle, limits: VehicleLimits) {
    for (pointer, text, longest) in [
        ("/trim", &vehicle.trim, 100),
        ("/stock_number", &vehicle.stock_number, 50),
        ("/exterior_color", &vehicle.exterior_color, 100),
        ("/interior_color", &vehicle.interior_color, 100),
        ("/transmission", &vehicle.transmission, 50),
        ("/engine", &vehicle.engine, 100),
        ("/fuel_type", &vehicle.fuel_type, 50),
        ("/drivetrain", &vehicle.drivetrain, 50),
        ("/body_style", &vehicle.body_style, 50),
        ("/condition", &vehicle.condition, 50),
        ("/title_status", &vehicle.title_status, 50),
        ("/description", &vehicle.description, limits.longest_text),
        ("/warranty", &vehicle.warranty, limits.longest_text),
    ] {
        check_optional_text(faults, pointer, text.as_ref(), longest);
    }
    for (pointer, text) in [
        ("/thumbnail", &vehicle.thumbnail),
        ("/carfax_url", &vehicle.carfax_url),
        ("/autocheck_url", &vehicle.autocheck_url),
    ] {
        text.iter().for_each(|text| check_url(faults, pointer, text, LONGEST_URL));
    }
}

fn check_counts(faults: &mut Faults, vehicle: &Vehicle) {
    for (pointer, count, most) in [
        ("/doors", vehicle.doors, 10),
        ("/mpg_city", vehicle.mpg_city, 1_000),
        ("/mpg_highway", vehicle.mpg_highway, 1_000),
        ("/owners", vehicle.owners, 1_000),
        ("/accidents", vehicle.accidents, 1_000),
    ] {
        faults.check(
            count.is_none_or(|count| (0..=most).contains(&count)),
            pointer,
            format!("expected a number from 0 to {most}"),
        );
    }
}

/// The vehicle that staff add.
pub(super) fn add(new: &NewVehicle, rules: &InventoryRules, by: Option<UserId>, now: DateTime<Utc>) -> Result<Vehicle> {
    check(new.clone().into_vehicle(VehicleId::new(now), now, by), rules, now)
}

/// The vehicle that an approved submission becomes, before the reviewer's overrides and the check.
pub(crate) fn from_submission(
    new: NewVehicle,
    submission: SubmissionId,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Vehicle {
    Vehicle { source_submission_id: Some(submission), ..new.into_vehicle(VehicleId::new(now), now, by) }
}

/// A change of status, with what was paid where it is a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusChange {
    /// The new status.
    pub status: VehicleStatus,
    /// What the buyer paid, kept in the audit trail.
    pub sale_price: Option<Money>,
}

impl StatusChange {
    /// Sold at this price.
    #[must_use]
    pub const fn sold_for(price: Money) -> Self {
        Self { status: VehicleStatus::Sold, sale_price: Some(price) }
    }
}

impl From<VehicleStatus> for StatusChange {
    fn from(status: VehicleStatus) -> Self {
        Self { status, sale_price: None }
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
    if let Some(price) = change.sale_price {
        check_price(&mut faults, "/sale_price", price);
        faults.check(change.status == VehicleStatus::Sold, "/sale_price", "expected only with the status sold");
    }
    faults.into_result(ErrorCode::InvalidStatusChange)?;
    // Neither may a second sale overwrite what the first one brought.
    if vehicle.status == VehicleStatus::Sold && (change.status != VehicleStatus::Sold || change.sale_price.is_some()) {
        return Err(Error::new(ErrorCode::VehicleSold, "the vehicle is sold: relist it to offer it again"));
    }
    let sold_at = match change.status {
        VehicleStatus::Sold => vehicle.sold_at.or(Some(now)),
        VehicleStatus::Available | VehicleStatus::Pending | VehicleStatus::Hold => vehicle.sold_at,
    };
    Ok(Vehicle { status: change.status, sold_at, updated_at: Some(now), updated_by: by, ..vehicle.clone() })
}

/// The sold vehicle for sale again, from today.
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

/// The vehicle on the homepage, or off it.
pub(super) fn with_featured(vehicle: &Vehicle, featured: bool, by: Option<UserId>, now: DateTime<Utc>) -> Vehicle {
    Vehicle { featured, updated_at: Some(now), updated_by: by, ..vehicle.clone() }
}

/// The filter cut down to what the public sees; `None` where nothing of it is left.
pub(super) fn only_listed(filter: &VehicleFilter) -> Option<VehicleFilter> {
    let mut filter = filter.clone();
    if filter.status.is_empty() {
        filter.status = VehicleStatus::LISTED.to_vec();
    } else {
        filter.status.retain(|status| VehicleStatus::LISTED.contains(status));
    }
    (!filter.status.is_empty()).then_some(filter)
}

/// Whole days from going on sale to the sale, or to now; never negative.
pub(crate) fn days_in_stock(
    listed_at: Option<DateTime<Utc>>,
    sold_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> i64 {
    listed_at.map_or(0, |listed_at| (sold_at.unwrap_or(now) - listed_at).num_days().max(0))
}

/// How a vehicle's days in stock compare with the turn policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AgeState {
    /// Within the turn.
    Good,
    /// Beyond it, not yet by much.
    Warning,
    /// Far beyond it.
    Aged,
}

/// Good up to the turn, a warning up to `aged_factor` turns, else aged; both bounds belong to the better state.
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
#[non_exhaustive]
pub struct AgeBucket {
    /// The first day.
    pub from_days: i64,
    /// The last day; `None` for the open bucket.
    pub to_days: Option<i64>,
}

/// The buckets between the bounds, youngest first.
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
        add(new, &InventoryRules::default(), None, now())
    }

    #[test]
    fn a_vehicle_is_made_canonical() {
        let vehicle = added(&corolla()).unwrap();
        assert_eq!(vehicle.vin, "2T1BURHE5JC073721");
        assert_eq!(vehicle.stock_number.as_deref(), Some("JC073721"));
        assert_eq!((vehicle.status, vehicle.listed_at), (VehicleStatus::Available, Some(now())));
        let numbered = NewVehicle { stock_number: Some("A-7".into()), ..corolla() };
        assert_eq!(added(&numbered).unwrap().stock_number.as_deref(), Some("A-7"));
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
        use VehicleStatus::{Available, Hold, Pending, Sold};
        let vehicle = added(&corolla()).unwrap();
        for from in VehicleStatus::ALL {
            for to in VehicleStatus::ALL {
                let vehicle = Vehicle { status: from, sold_at: (from == Sold).then(now), ..vehicle.clone() };
                let later = now() + TimeDelta::days(1);
                let changed = set_status(&vehicle, to.into(), None, later);
                match (from, to) {
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
