//! The operations on the dealership's vehicles. Imports are in `import/service.rs`, pictures in `pictures.rs`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    AgeCount, InventoryRules, ListedVehicle, NewVehicle, SalesStatistics, ShownVehicle, Statistics, StockCount,
    StockedVehicle, Vehicle, VehicleFilter, VehicleStatus, VehicleUpdate, pictures, repository, returns,
    rules::{self, DoubtfulPrices, StatusChange},
    sales::Sale,
};
use crate::{
    activity::{self, Action},
    actor::Permission,
    change::Change,
    db::{DbConnection, DbResult},
    desk::{Acting, Desk, Part, found_by_the_desk},
    error::{Error, ErrorCode, Result},
    ids::{UserId, VehicleId},
    money::Money,
    page::{Page, PageRequest},
    typed::Reference,
    version::{Expected, Version},
    vin::{self, Vin},
};

/// The dealership's own vehicles.
#[derive(Clone, Copy, Debug)]
pub struct Inventory<'a> {
    desk: &'a Desk,
    pub(super) doubtful: DoubtfulPrices,
    expected: Expected<'a>,
}

impl Desk {
    /// The dealership's own vehicles.
    #[must_use]
    pub fn inventory(&self) -> Inventory<'_> {
        Inventory::at(self)
    }
}

found_by_the_desk!(InventoryRules);

/// What a change of a vehicle leads to elsewhere.
///
/// The inventory stands below those who follow from it, so the dealership hands it their function.
pub(crate) struct OnVehicleChange(pub(crate) VehicleChanged);

/// Called with vehicles that change in one transaction.
type VehicleChanged = fn(&Desk, &mut DbConnection, &[VehicleChange<'_>], DateTime<Utc>) -> DbResult<()>;

/// A vehicle before and after a change.
#[derive(Clone, Copy)]
pub(crate) struct VehicleChange<'v> {
    pub(crate) before: &'v Vehicle,
    /// `None` where the vehicle goes.
    pub(crate) after: Option<&'v Vehicle>,
}

impl Part for OnVehicleChange {
    const MISSING: &'static str = "nobody follows the changes of vehicles";
}

impl<'a> Inventory<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk, doubtful: DoubtfulPrices::Warn, expected: Expected::default() }
    }

    /// The same, changing and deleting a vehicle only in one of these versions, else failing with `version_changed`.
    #[must_use]
    pub fn if_version(self, versions: &'a [Version]) -> Self {
        Self { expected: Expected::one_of(versions), ..self }
    }

    /// The same, refusing with `price_doubtful` what is else a warning: a price that looks like a typing error
    /// ([`VehicleLimits`](crate::VehicleLimits) has the numbers).
    ///
    /// For programs that ask a person, and write the price when it is confirmed.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, Money, NewVehicle};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let mut car = NewVehicle { year: 2019, make: "Toyota".into(), model: "Camry".into(), ..NewVehicle::default() };
    /// (car.vin, car.mileage, car.price) = ("4T1B11HK9KU211111".into(), 52_000, Money::from_cents(1));
    /// let refusal = desk.inventory().refusing_doubtful_prices().add(&car).unwrap_err();
    /// assert_eq!(refusal.code(), "price_doubtful");
    /// assert_eq!(desk.inventory().add(&car)?.warnings[0].code(), "price_out_of_range");
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    #[must_use]
    pub fn refusing_doubtful_prices(self) -> Self {
        Self { doubtful: DoubtfulPrices::Refuse, ..self }
    }

    /// Adds a vehicle and puts it on sale.
    ///
    /// A car that is in the inventory as sold comes back: its row is on sale again, as an approval does it
    /// ([`Submissions::approve`](crate::Submissions::approve) says which of its fields stay).
    ///
    /// # Errors
    /// `invalid_vehicle` with the fields at fault; `duplicate_vin`; `duplicate_stock_number`.
    pub fn add(&self, vehicle: &NewVehicle) -> Result<Vehicle> {
        let added = self.desk.write(Permission::WriteInventory, |conn, acting| {
            let known = match vin::number_of(&vehicle.vin, vehicle.year) {
                Ok(number) => repository::find_by_vin_to_change(conn, &number)?,
                Err(_no_number) => None,
            };
            let sold = known.filter(|known| known.status == VehicleStatus::Sold);
            let (rules, by) = (self.rules(), acting.actor.user_id());
            let given = vehicle.stock_number.as_deref();
            let given = given.or(sold.as_ref().and_then(|sold| sold.stock_number.as_deref()));
            let vehicle = rules::add(vehicle, sold.as_ref(), rules, self.doubtful, by, acting.now)?;
            let numbers = rules::stock_numbers_to_choose(&vehicle, given);
            let vehicle = repository::with_free_stock_number(conn, vehicle, numbers)?;
            repository::ensure_vin_and_stock_number_are_free(conn, &vehicle)?;
            match &sold {
                Some(sold) => put_back_on_sale(self.desk, conn, acting, sold, &vehicle)?,
                None => {
                    repository::insert(conn, &vehicle)?;
                    activity::record(conn, acting, Action::Create, None, Some(&vehicle))?;
                }
            }
            Ok(vehicle)
        })?;
        pictures::show(self.desk, added.images.iter().chain(&added.thumbnail))?;
        Ok(added)
    }

    /// A page of vehicles with all their fields.
    ///
    /// # Errors
    /// `forbidden` for the public, who may [`Inventory::list_public`]; `invalid_cursor`.
    pub fn list(&self, filter: &VehicleFilter, page: &PageRequest) -> Result<Page<StockedVehicle>> {
        let now = self.desk.now();
        self.desk.list(Permission::ReadInventory, |conn| {
            let page = repository::list(conn, filter, page)?;
            let paid = repository::sale_prices(conn, &page.items)?;
            Ok(page.map(|vehicle| self.stocked(vehicle, &paid, now)))
        })
    }

    /// A page of the vehicles on the website, with the fields that are public.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn list_public(&self, filter: &VehicleFilter, page: &PageRequest) -> Result<Page<ListedVehicle>> {
        let vehicles = self.desk.list(Permission::ReadListedVehicles, |conn| match rules::only_listed(filter) {
            Some(filter) => repository::list(conn, &filter, page),
            None => Ok(Page { items: Vec::new(), next: None }),
        })?;
        Ok(vehicles.map(ListedVehicle::from))
    }

    /// A page of vehicles as the actor may see them: all with all their fields for staff, those on the website with their
    /// public fields for others.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn list_shown(&self, filter: &VehicleFilter, page: &PageRequest) -> Result<Page<ShownVehicle>> {
        let now = self.desk.now();
        self.desk.list_up_to(Permission::ReadListedVehicles, Permission::ReadInventory, |conn, sees_all| {
            Ok(match (sees_all, rules::only_listed(filter)) {
                (true, _) => {
                    let page = repository::list(conn, filter, page)?;
                    let paid = repository::sale_prices(conn, &page.items)?;
                    page.map(|vehicle| ShownVehicle::Stocked(Box::new(self.stocked(vehicle, &paid, now))))
                }
                (false, Some(filter)) => repository::list(conn, &filter, page)?.map(ShownVehicle::listed),
                (false, None) => Page { items: Vec::new(), next: None },
            })
        })
    }

    /// One vehicle as the actor may see it: with all its fields for staff, with the public ones for others.
    ///
    /// # Errors
    /// `vehicle_not_found`; for others than staff also if the vehicle is on hold or sold.
    pub fn show(&self, id: VehicleId) -> Result<ShownVehicle> {
        let now = self.desk.now();
        self.desk.read_up_to(Permission::ReadListedVehicles, Permission::ReadInventory, |conn, sees_all| {
            Ok(match sees_all {
                true => {
                    let vehicle = repository::get(conn, id)?;
                    ShownVehicle::Stocked(Box::new(self.stocked_one(conn, vehicle, now)?))
                }
                false => ShownVehicle::listed(repository::get_listed(conn, id)?),
            })
        })
    }

    /// Several vehicles in one read, each as [`Inventory::show`] has it.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, Money, NewVehicle, VehicleId};
    ///
    /// let dealership = Dealership::open("sqlite::memory:")?;
    /// let mut car = NewVehicle { year: 2019, make: "Toyota".into(), model: "Camry".into(), ..NewVehicle::default() };
    /// (car.vin, car.mileage, car.price) = ("4T1B11HK9KU211111".into(), 52_000, Money::from_cents(15_000_00));
    /// let id = dealership.acting_as(Actor::system()).inventory().add(&car)?.id;
    ///
    /// let other = VehicleId::from_uuid(uuid::Uuid::nil());
    /// let shown = dealership.acting_as(Actor::public()).inventory().show_each(&[id, other])?;
    /// assert!(shown[&id].is_ok());
    /// assert_eq!(shown[&other].as_ref().unwrap_err().code(), "vehicle_not_found");
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// What [`Inventory::show`] fails with for a vehicle stands in its place.
    pub fn show_each(&self, ids: &[VehicleId]) -> Result<HashMap<VehicleId, Result<ShownVehicle>>> {
        let now = self.desk.now();
        self.desk.read_up_to(Permission::ReadListedVehicles, Permission::ReadInventory, |conn, sees_all| {
            let mut found = repository::get_each(conn, ids)?;
            let paid = repository::sale_prices(conn, found.values().filter(|_| sees_all))?;
            let mut shown = |id: VehicleId| {
                let vehicle = found.remove(&id)?;
                match sees_all {
                    true => Some(ShownVehicle::Stocked(Box::new(self.stocked(vehicle, &paid, now)))),
                    false => rules::is_listed(&vehicle).then(|| ShownVehicle::listed(vehicle)),
                }
            };
            let mut by_id = HashMap::with_capacity(ids.len());
            for id in ids {
                by_id.entry(*id).or_insert_with_key(|id| shown(*id).ok_or_else(repository::not_found));
            }
            Ok(by_id)
        })
    }

    /// One vehicle with all its fields.
    ///
    /// # Errors
    /// `vehicle_not_found`.
    pub fn get(&self, id: VehicleId) -> Result<StockedVehicle> {
        let now = self.desk.now();
        self.desk.read(Permission::ReadInventory, |conn| {
            let vehicle = repository::get(conn, id)?;
            self.stocked_one(conn, vehicle, now)
        })
    }

    /// The vehicle with this VIN.
    ///
    /// # Errors
    /// `vehicle_not_found`.
    pub fn get_by_vin(&self, vin: Vin) -> Result<StockedVehicle> {
        let now = self.desk.now();
        self.desk.read(Permission::ReadInventory, |conn| {
            let found = repository::find_by_vin(conn, vin.as_str())?;
            let vehicle =
                found.ok_or_else(|| Error::new(ErrorCode::VehicleNotFound, "there is no vehicle with this VIN"))?;
            self.stocked_one(conn, vehicle, now)
        })
    }

    /// The vehicle with this stock number.
    ///
    /// # Errors
    /// `vehicle_not_found`.
    pub fn get_by_stock_number(&self, stock_number: &str) -> Result<StockedVehicle> {
        let now = self.desk.now();
        self.desk.read(Permission::ReadInventory, |conn| {
            let found = repository::find_by_stock_number(conn, stock_number)?;
            let missing = || Error::new(ErrorCode::VehicleNotFound, "there is no vehicle with this stock number");
            let vehicle = found.ok_or_else(missing)?;
            self.stocked_one(conn, vehicle, now)
        })
    }

    /// The vehicle of this id, VIN, chassis number or stock number, or the only one of which one of them begins so.
    ///
    /// The case of letters does not matter.
    ///
    /// # Errors
    /// `vehicle_not_found`; `ambiguous_reference`, naming the candidates.
    pub fn find(&self, text: &str) -> Result<StockedVehicle> {
        let now = self.desk.now();
        self.desk.must(Permission::ReadInventory)?;
        let reference = Reference::read(text).ok_or_else(repository::not_found)?;
        let found = self.desk.read(Permission::ReadInventory, |conn| repository::candidates(conn, &reference))?;
        let found = rules::named_best(found, reference.as_str());
        let vehicle = reference.only(found, repository::not_found, |vehicle| {
            let Vehicle { year, make, model, vin, stock_number, .. } = vehicle;
            let stock = stock_number.as_deref().unwrap_or("none");
            (vehicle.id.into(), format!("{year} {make} {model}, stock {stock}, VIN {vin}"))
        })?;
        self.desk.read(Permission::ReadInventory, |conn| self.stocked_one(conn, vehicle.clone(), now))
    }

    /// One vehicle on the website, with the fields that are public.
    ///
    /// # Errors
    /// `vehicle_not_found`, also if the vehicle is on hold or sold.
    pub fn get_public(&self, id: VehicleId) -> Result<ListedVehicle> {
        self.desk.read(Permission::ReadListedVehicles, |conn| repository::get_listed(conn, id)).map(ListedVehicle::from)
    }

    /// Changes the named fields. A new price is also added to the price history. One that is far from the earlier price is a
    /// warning in the answer.
    ///
    /// The market analysis is deleted, and the vehicle is due for a new one, if the year, make, model, trim or title changes, or if the
    /// mileage changes by more than [`PricingRules::mileage_drift`](crate::market::PricingRules::mileage_drift).
    ///
    /// # Errors
    /// `vehicle_not_found`; `invalid_vehicle`; `duplicate_vin`; `duplicate_stock_number`.
    pub fn update(&self, id: VehicleId, update: &VehicleUpdate) -> Result<Vehicle> {
        let updated = self.desk.write(Permission::WriteInventory, |conn, acting| {
            let before = self.get_to_change(conn, id)?;
            let by = acting.actor.user_id();
            let after = rules::update(&before, update, self.rules(), self.doubtful, by, acting.now)?;
            let Some(after) = after else { return Ok(before) };
            let given = update.stock_number.clone().apply_to(before.stock_number.clone());
            let numbers = rules::stock_numbers_to_choose(&after, given.as_deref());
            let after = repository::with_free_stock_number(conn, after, numbers)?;
            repository::ensure_vin_and_stock_number_are_free(conn, &after)?;
            repository::update(conn, &after)?;
            self.vehicle_changed(conn, &before, Some(&after), acting.now)?;
            activity::record(conn, acting, Action::Update, Some(&before), Some(&after))?;
            Ok(after)
        })?;
        if update.images.is_some() || update.thumbnail != Change::Keep {
            pictures::show(self.desk, updated.images.iter().chain(&updated.thumbnail))?;
        }
        Ok(updated)
    }

    /// Moves a vehicle to another status. A sale sets `sold_at`. If the vehicle has the status already, nothing changes, unless the price
    /// or the date of the sale is to be corrected. A sale price that is far from our price is a warning in the answer.
    ///
    /// # Errors
    /// `vehicle_not_found`; `vehicle_sold` if it is sold, because only [`Inventory::relist`] offers it again; `vehicle_not_sold` if a
    /// sale is to be corrected that is none; `invalid_status_change` for a sale price or date without a sale, for a date that is to come, and
    /// for a correction without a date where nobody recorded one.
    pub fn set_status(&self, id: VehicleId, change: impl Into<StatusChange>) -> Result<Vehicle> {
        let change = change.into();
        self.desk.write(Permission::WriteInventory, |conn, acting| {
            let before = self.get_to_change(conn, id)?;
            let mut after = rules::set_status(&before, change, acting.actor.user_id(), acting.now)?;
            if after.status == before.status && !change.correct {
                return Ok(before);
            }
            if let Some(price) = change.sale_price {
                let (limits, others) = (&self.rules().limits, [Some(before.price)]);
                after = rules::with_price_warnings(after, "sale_price", price, &others, limits, self.doubtful)?;
            }
            let mut paid_before = None;
            if change.correct {
                let sale = Sale::of(&before, None, acting.now);
                repository::ensure_sale(conn, &sale)?;
                let sold_at = after.sold_at.unwrap_or(sale.sold_at);
                paid_before = repository::correct_sale(conn, &sale, (sold_at, change.sale_price))?;
                if change.sale_price.is_none_or(|price| paid_before == Some(price)) && after.sold_at == before.sold_at {
                    return Ok(before);
                }
            }
            repository::update(conn, &after)?;
            if after.status == VehicleStatus::Sold && !change.correct {
                repository::add_sale(conn, &Sale::of(&after, change.sale_price, acting.now))?;
            }
            self.vehicle_changed(conn, &before, Some(&after), acting.now)?;
            let mut changes = activity::changes_between(Some(&before), Some(&after))?;
            if let Some(price) = change.sale_price.filter(|price| paid_before != Some(*price)) {
                changes.insert("sale_price".to_owned(), json!({"from": paid_before, "to": price}));
            }
            activity::record_changes(conn, acting, Action::Status, "inventory", id.into(), changes)?;
            Ok(after)
        })
    }

    /// Offers a sold vehicle again, as listed now. Its sale stays in the statistics of sales.
    ///
    /// # Errors
    /// `vehicle_not_found`; `vehicle_not_sold`.
    pub fn relist(&self, id: VehicleId) -> Result<Vehicle> {
        self.desk.write(Permission::WriteInventory, |conn, acting| {
            let before = self.get_to_change(conn, id)?;
            let after = rules::relist(&before, acting.actor.user_id(), acting.now)?;
            put_back_on_sale(self.desk, conn, acting, &before, &after)?;
            Ok(after)
        })
    }

    /// Takes back a sale that fell through, as if the vehicle had not been sold: it has the status that it had before, as the audit trail
    /// knows it, and keeps its `listed_at`. The sale is no longer counted. It can be done for [`InventoryRules::undo_sale_days`]; later the vehicle is relisted.
    ///
    /// # Errors
    /// `vehicle_not_found`; `vehicle_not_sold`; `sale_too_old`.
    pub fn undo_sale(&self, id: VehicleId) -> Result<Vehicle> {
        self.desk.write(Permission::WriteInventory, |conn, acting| {
            let before = self.get_to_change(conn, id)?;
            let status = returns::status_before_sale(&activity::latest_changes(conn, "inventory", id.into())?);
            let after = returns::undo_sale(&before, status, self.rules(), acting.actor.user_id(), acting.now)?;
            repository::update(conn, &after)?;
            repository::delete_sale(conn, &before)?;
            self.vehicle_changed(conn, &before, Some(&after), acting.now)?;
            activity::record(conn, acting, Action::UndoSale, Some(&before), Some(&after))?;
            Ok(after)
        })
    }

    /// Shows the vehicle on the homepage.
    ///
    /// # Errors
    /// `vehicle_not_found`.
    pub fn feature(&self, id: VehicleId) -> Result<Vehicle> {
        self.change(id, Action::Feature, |before, by, now| rules::with_featured(before, true, by, now))
    }

    /// Takes the vehicle off the homepage.
    ///
    /// # Errors
    /// `vehicle_not_found`.
    pub fn unfeature(&self, id: VehicleId) -> Result<Vehicle> {
        self.change(id, Action::Feature, |before, by, now| rules::with_featured(before, false, by, now))
    }

    /// Deletes a vehicle with its market analysis, price history and sales. The submission that it came from stays.
    ///
    /// # Errors
    /// `vehicle_not_found`.
    pub fn delete(&self, id: VehicleId) -> Result<()> {
        self.desk.write(Permission::DeleteVehicles, |conn, acting| {
            let vehicle = self.get_to_change(conn, id)?;
            self.vehicle_changed(conn, &vehicle, None, acting.now)?;
            repository::delete(conn, id)?;
            activity::record(conn, acting, Action::Delete, Some(&vehicle), None)
        })
    }

    /// Counts, worth and age of the lot, and what was sold. Three queries; that of the age reads a few narrow columns of each unsold
    /// vehicle.
    ///
    /// # Errors
    /// As any read.
    pub fn statistics(&self) -> Result<Statistics> {
        let now = self.desk.now();
        let (by_status, ages, sales) = self.desk.report(Permission::ReadInventory, |conn| {
            let sales = SalesStatistics::of(repository::sales_by_time(conn, now)?, self.desk.zone());
            Ok((repository::count_by_status(conn)?, repository::unsold_ages(conn)?, sales))
        })?;
        let total = by_status
            .iter()
            .filter(|of_status| of_status.status != VehicleStatus::Sold)
            .fold(StockCount::default(), |sum, of_status| sum.plus(of_status.stock));
        let mut by_age: Vec<_> = rules::age_buckets(self.rules())
            .into_iter()
            .map(|bucket| AgeCount { bucket, stock: StockCount::default() })
            .collect();
        let (mut days_of_all, mut known) = (0, 0_u32);
        for (listed_at, stock) in &ages {
            let days = rules::days_in_stock(*listed_at, None, now);
            if listed_at.is_some() {
                (days_of_all, known) = (days_of_all + days, known + 1);
            }
            for of_age in by_age.iter_mut().filter(|of_age| of_age.bucket.holds(days)) {
                of_age.stock = of_age.stock.plus(*stock);
            }
        }
        let average_days_in_stock = (known > 0).then(|| days_of_all as f64 / f64::from(known));
        Ok(Statistics { total, by_status, by_age, average_days_in_stock, sales })
    }

    pub(crate) fn desk(&self) -> &'a Desk {
        self.desk
    }

    fn stocked(&self, vehicle: Vehicle, paid: &HashMap<VehicleId, Money>, now: DateTime<Utc>) -> StockedVehicle {
        let rules = self.rules();
        let sale_price = paid.get(&vehicle.id).copied();
        let vehicle = rules::with_warnings(vehicle, &rules.limits);
        let days_in_stock = rules::days_in_stock(vehicle.listed_at, vehicle.sold_at, now);
        let age_state = rules::age_state(days_in_stock, rules);
        StockedVehicle { vehicle, days_in_stock, age_state, sale_price }
    }

    fn stocked_one(&self, conn: &mut DbConnection, vehicle: Vehicle, now: DateTime<Utc>) -> DbResult<StockedVehicle> {
        let paid = repository::sale_prices(conn, [&vehicle])?;
        Ok(self.stocked(vehicle, &paid, now))
    }

    pub(super) fn rules(&self) -> &'a InventoryRules {
        self.desk.rules()
    }

    /// The vehicle with its warnings, locked until the transaction ends.
    pub(super) fn get_to_change(&self, conn: &mut DbConnection, id: VehicleId) -> DbResult<Vehicle> {
        let vehicle = repository::get_to_change(conn, id)?;
        self.expected.check(|| vehicle.version())?;
        Ok(rules::with_warnings(vehicle, &self.rules().limits))
    }

    pub(super) fn vehicle_changed(
        &self,
        conn: &mut DbConnection,
        before: &Vehicle,
        after: Option<&Vehicle>,
        now: DateTime<Utc>,
    ) -> DbResult<()> {
        vehicle_changed(self.desk, conn, before, after, now)
    }

    fn change(
        &self,
        id: VehicleId,
        action: Action,
        change: impl Fn(&Vehicle, Option<UserId>, DateTime<Utc>) -> Vehicle,
    ) -> Result<Vehicle> {
        self.desk.write(Permission::WriteInventory, |conn, acting| {
            let before = self.get_to_change(conn, id)?;
            let after = change(&before, acting.actor.user_id(), acting.now);
            if after.featured == before.featured {
                return Ok(before);
            }
            repository::update(conn, &after)?;
            self.vehicle_changed(conn, &before, Some(&after), acting.now)?;
            activity::record(conn, acting, action, Some(&before), Some(&after))?;
            Ok(after)
        })
    }
}

/// Lets those know of a change who follow from it, in the transaction that makes it.
fn vehicle_changed(
    desk: &Desk,
    conn: &mut DbConnection,
    before: &Vehicle,
    after: Option<&Vehicle>,
    now: DateTime<Utc>,
) -> DbResult<()> {
    vehicles_changed(desk, conn, &[VehicleChange { before, after }], now)
}

/// The same of many vehicles.
pub(super) fn vehicles_changed(
    desk: &Desk,
    conn: &mut DbConnection,
    changes: &[VehicleChange<'_>],
    now: DateTime<Utc>,
) -> DbResult<()> {
    let OnVehicleChange(tell) = desk.part()?;
    tell(desk, conn, changes, now)
}

/// Writes a sold vehicle that is for sale again. Its earlier sale is kept.
pub(crate) fn put_back_on_sale(
    desk: &Desk,
    conn: &mut DbConnection,
    acting: Acting<'_>,
    sold: &Vehicle,
    after: &Vehicle,
) -> DbResult<()> {
    repository::ensure_sale(conn, &Sale::of(sold, None, acting.now))?;
    repository::update(conn, after)?;
    vehicle_changed(desk, conn, sold, Some(after), acting.now)?;
    activity::record(conn, acting, Action::Relist, Some(sold), Some(after))
}
