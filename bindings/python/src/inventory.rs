//! The dealership's own vehicles: `lot.inventory`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use jpauto::{Desk, NewVehicle, StatusChange, VehicleFilter, VehicleUpdate};
use pyo3::{
    prelude::*,
    types::{PyDateTime, PyDict},
};

use crate::{
    imports::{self, ImportReport, Switches},
    input,
    lot::Handle,
    market::MarketPrice,
    query::Query,
    record::{
        Amount, Coded, Told,
        listed::{Money, SubmissionId, UserId, VehicleId, VehicleStatus},
        record, record_of_fields, record_of_public_fields,
    },
    typed, unicode, whole,
};

record! {
    /// A warning about a vehicle that does not refuse it.
    VehicleWarning of Coded {
        () {
            /// The stable word, such as `price_out_of_range`.
            code: String,
            /// The figures behind it.
            details: crate::record::Document,
        }
    }
}

impl Told<jpauto::VehicleWarning> for VehicleWarning {
    fn told(warning: jpauto::VehicleWarning) -> Self {
        Self::told(Coded::of(&warning))
    }
}

jpauto::vehicle_fields! {
    record_of_fields
    /// A vehicle of the dealership.
    Vehicle of jpauto::Vehicle, ()
}

jpauto::vehicle_fields! {
    record_of_public_fields
    /// A vehicle as the website shows it.
    ListedVehicle of jpauto::ListedVehicle
}

jpauto::vehicle_fields! {
    record_of_fields
    /// A vehicle of the dealership and its age in stock.
    StockedVehicle of jpauto::StockedVehicle, (.vehicle) {
        /// Whole days from `listed_at` to `sold_at` or now.
        days_in_stock: i64,
        /// How the days compare with the turn policy: `good`, `warning` or `aged`.
        age_state: String,
        /// What the buyer of a sold vehicle paid, where it is known.
        sale_price: Option<Amount>,
    }
}

record! {
    /// A number of vehicles and their value.
    StockCount of jpauto::StockCount {
        () {
            /// How many.
            count: i64,
            /// The sum of their prices.
            value: Amount,
            /// The sum of the known costs.
            cost: Amount,
        }
    }
}

record! {
    /// The vehicles in one status.
    StatusCount of jpauto::StatusCount {
        () {
            /// The status.
            status: &'static str,
        }
        (.stock) {
            /// How many.
            count: i64,
            /// The sum of their prices.
            value: Amount,
            /// The sum of the known costs.
            cost: Amount,
        }
    }
}

record! {
    /// The vehicles in one age bucket.
    AgeCount of jpauto::AgeCount {
        (.bucket) {
            /// The first day.
            from_days: i64,
            /// The last day; `None` for the open bucket.
            to_days: Option<i64>,
        }
        (.stock) {
            /// How many.
            count: i64,
            /// The sum of their prices.
            value: Amount,
            /// The sum of the known costs.
            cost: Amount,
        }
    }
}

record! {
    /// A number of sales and what they brought.
    SaleCount of jpauto::SaleCount {
        () {
            /// How many.
            count: i64,
            /// The sum of what the buyers paid, or of our prices where that is not known.
            value: Amount,
            /// The mean of the days from `listed_at` to the sale; `None` without a sale.
            average_days_to_sell: Option<f64>,
        }
    }
}

record! {
    /// The sales of one month.
    MonthOfSales of jpauto::MonthOfSales {
        () {
            /// The month, such as `2026-11`.
            month: String,
        }
        (.sales) {
            /// How many.
            count: i64,
            /// The sum of what the buyers paid, or of our prices where that is not known.
            value: Amount,
            /// The mean of the days from `listed_at` to the sale; `None` without a sale.
            average_days_to_sell: Option<f64>,
        }
    }
}

record! {
    /// Sales over all time, of cars that came back since, too. An undone sale is none.
    SalesStatistics of jpauto::SalesStatistics {
        () {
            /// All sales.
            total: SaleCount,
            /// How many of them were of cars that are in stock again, or were sold once more.
            came_back: i64,
            /// By month of the sale where the dealership is, latest first; months without a sale are left out.
            by_month: Vec<MonthOfSales>,
        }
    }
}

record! {
    /// Counts and sums over the vehicles that are not sold.
    Statistics of jpauto::Statistics {
        () {
            /// The vehicles that are not sold.
            total: StockCount,
            /// By status; this includes the sold vehicles.
            by_status: Vec<StatusCount>,
            /// By days in stock, without the sold vehicles.
            by_age: Vec<AgeCount>,
            /// The mean of the days in stock; `None` if every vehicle is sold.
            average_days_in_stock: Option<f64>,
            /// What was sold, cars that came back since included.
            sales: SalesStatistics,
        }
    }
}

/// The filters of a list of vehicles.
struct Filters<'a, 'py> {
    status: Option<&'a Bound<'py, PyAny>>,
    make: Option<String>,
    model: Option<String>,
    year_min: Option<i32>,
    year_max: Option<i32>,
    price_min: Option<&'a Bound<'py, PyAny>>,
    price_max: Option<&'a Bound<'py, PyAny>>,
    mileage_min: Option<i32>,
    mileage_max: Option<i32>,
    featured: Option<bool>,
    q: Option<String>,
    sort: Option<&'a str>,
}

impl Filters<'_, '_> {
    fn read(self, py: Python<'_>) -> PyResult<VehicleFilter> {
        let mut filter = VehicleFilter::default();
        filter.status = input::words("status", self.status)?;
        (filter.make, filter.model, filter.q, filter.featured) = (self.make, self.model, self.q, self.featured);
        (filter.year_min, filter.year_max) = (self.year_min, self.year_max);
        filter.price_min = input::money("price_min", self.price_min)?;
        filter.price_max = input::money("price_max", self.price_max)?;
        (filter.mileage_min, filter.mileage_max) = (self.mileage_min, self.mileage_max);
        filter.sort = input::optional_word(py, self.sort)?.unwrap_or_default();
        Ok(filter)
    }
}

/// The dealership's own vehicles.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Inventory {
    handle: Handle,
    /// Whether prices that look like a typing error are refused.
    refuses_doubtful_prices: bool,
}

impl Inventory {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone(), refuses_doubtful_prices: false }
    }

    fn of<'d>(&self, desk: &'d Desk) -> jpauto::Inventory<'d> {
        let noun = desk.inventory();
        if self.refuses_doubtful_prices { noun.refusing_doubtful_prices() } else { noun }
    }
}

#[pymethods]
impl Inventory {
    /// The vehicles that match the filters, newest on sale first.
    ///
    /// `status` is one word or several. The case of make and model does not matter. Bounds are included. `q` has
    /// words that each occur in make, model, trim, VIN, stock number or description. `sort` is `listed_at`, `price`,
    /// `mileage` or `year`, with a minus in front for the largest first. `limit` bounds the number of records.
    #[pyo3(signature = (
        *, status = None, make = None, model = None, year_min = None, year_max = None, price_min = None, price_max = None,
        mileage_min = None, mileage_max = None, featured = None, q = None, sort = None, limit = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn list(
        &self,
        py: Python<'_>,
        status: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = unicode::make)] make: Option<String>,
        #[pyo3(from_py_with = unicode::model)] model: Option<String>,
        #[pyo3(from_py_with = whole::year_min)] year_min: Option<i32>,
        #[pyo3(from_py_with = whole::year_max)] year_max: Option<i32>,
        price_min: Option<&Bound<'_, PyAny>>,
        price_max: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = whole::mileage_min)] mileage_min: Option<i32>,
        #[pyo3(from_py_with = whole::mileage_max)] mileage_max: Option<i32>,
        #[pyo3(from_py_with = typed::featured)] featured: Option<bool>,
        #[pyo3(from_py_with = unicode::q)] q: Option<String>,
        #[pyo3(from_py_with = unicode::sort)] sort: Option<&str>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let filter = Filters {
            status,
            make,
            model,
            year_min,
            year_max,
            price_min,
            price_max,
            mileage_min,
            mileage_max,
            featured,
            q,
            sort,
        };
        let filter = filter.read(py)?;
        Ok(Query::of::<StockedVehicle, _>(&self.handle, limit, move |desk, page| desk.inventory().list(&filter, page)))
    }

    /// The vehicles on the website as it shows them, with the fields that are public; those on hold and sold ones are never among them.
    /// The filters are those of `list`.
    #[pyo3(signature = (
        *, status = None, make = None, model = None, year_min = None, year_max = None, price_min = None, price_max = None,
        mileage_min = None, mileage_max = None, featured = None, q = None, sort = None, limit = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn list_public(
        &self,
        py: Python<'_>,
        status: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = unicode::make)] make: Option<String>,
        #[pyo3(from_py_with = unicode::model)] model: Option<String>,
        #[pyo3(from_py_with = whole::year_min)] year_min: Option<i32>,
        #[pyo3(from_py_with = whole::year_max)] year_max: Option<i32>,
        price_min: Option<&Bound<'_, PyAny>>,
        price_max: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = whole::mileage_min)] mileage_min: Option<i32>,
        #[pyo3(from_py_with = whole::mileage_max)] mileage_max: Option<i32>,
        #[pyo3(from_py_with = typed::featured)] featured: Option<bool>,
        #[pyo3(from_py_with = unicode::q)] q: Option<String>,
        #[pyo3(from_py_with = unicode::sort)] sort: Option<&str>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let filter = Filters {
            status,
            make,
            model,
            year_min,
            year_max,
            price_min,
            price_max,
            mileage_min,
            mileage_max,
            featured,
            q,
            sort,
        };
        let filter = filter.read(py)?;
        Ok(Query::of::<ListedVehicle, _>(&self.handle, limit, move |desk, page| {
            desk.inventory().list_public(&filter, page)
        }))
    }

    /// One vehicle. Raises `NotFound` (`vehicle_not_found`).
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<StockedVehicle> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.inventory().get(id)).map(StockedVehicle::told)
    }

    /// The vehicle with this VIN. Raises `NotFound` (`vehicle_not_found`), `InvalidInput` (`invalid_vin`).
    fn get_by_vin(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::vin)] vin: &str) -> PyResult<StockedVehicle> {
        self.handle.run(py, |desk| desk.inventory().get_by_vin(jpauto::Vin::parse(vin)?)).map(StockedVehicle::told)
    }

    /// The vehicle with this stock number. Raises `NotFound` (`vehicle_not_found`).
    fn get_by_stock_number(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::stock_number)] stock_number: &str,
    ) -> PyResult<StockedVehicle> {
        self.handle.run(py, |desk| desk.inventory().get_by_stock_number(stock_number)).map(StockedVehicle::told)
    }

    /// One vehicle as the website shows it. Raises `NotFound` (`vehicle_not_found`), also if it is on hold or sold.
    fn get_public(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<ListedVehicle> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.inventory().get_public(id)).map(ListedVehicle::told)
    }

    /// The vehicle of this id, VIN, chassis number or stock number, or the only one of which one of them begins so.
    ///
    /// Raises `NotFound` (`vehicle_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<StockedVehicle> {
        self.handle.run(py, |desk| desk.inventory().find(text)).map(StockedVehicle::told)
    }

    /// The same, refusing a price that looks like a typing error (`Refused`, `price_doubtful`). Else that is among the `warnings` of the answer.
    ///
    /// For programs that ask a person, and write the price when it is confirmed.
    fn refusing_doubtful_prices(&self) -> Self {
        Self { handle: self.handle.clone(), refuses_doubtful_prices: true }
    }

    /// Adds a vehicle and puts it on sale. A car that we sold before comes back: its row is on sale again.
    ///
    /// The fields are those of `jpauto.types.NewVehicle`: `year`, `make`, `model`, `vin`, `price` in dollars and `mileage` in miles are
    /// needed; `stock_number`, `trim`, `cost`, `exterior_color`, `features`, `description` and others may be left out.
    ///
    /// Raises `InvalidInput` (`invalid_vehicle`), `Conflict` (`duplicate_vin`, `duplicate_stock_number`).
    #[pyo3(signature = (**fields))]
    fn add(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Vehicle> {
        let vehicle: NewVehicle = input::fields(py, fields)?;
        self.handle.run(py, |desk| self.of(desk).add(&vehicle)).map(Vehicle::told)
    }

    /// Changes the named fields; `None` clears a field. A new price is also added to the price history. One that looks like a
    /// typing error is among the `warnings` of the answer. The fields are those of `jpauto.types.VehicleChanges`.
    ///
    /// Raises `InvalidInput` (`invalid_vehicle`), `Conflict` (`duplicate_vin`, `duplicate_stock_number`).
    #[pyo3(signature = (id, **fields))]
    fn update(&self, py: Python<'_>, id: &Bound<'_, PyAny>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Vehicle> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        let update: VehicleUpdate = input::fields(py, fields)?;
        self.handle.run(py, |desk| self.of(desk).update(id, &update)).map(Vehicle::told)
    }

    /// Moves a vehicle to another status. A sale sets `sold_at`; `sale_price` is kept with the sale and in the audit trail.
    ///
    /// `sold_at` is when it was sold, now where it is not said. With `correct` the vehicle is sold already, and `sale_price` and `sold_at`
    /// correct its sale.
    ///
    /// Raises `Conflict` (`vehicle_sold`) if it is sold, because only `relist` offers it again; `vehicle_not_sold` if there is no sale to
    /// correct; `InvalidInput` (`invalid_status_change`), for a word that is no such status, too.
    #[pyo3(signature = (id, status, *, sale_price = None, sold_at = None, correct = false))]
    fn set_status(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = unicode::status)] status: &str,
        sale_price: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = typed::sold_at)] sold_at: Option<&Bound<'_, PyDateTime>>,
        #[pyo3(from_py_with = typed::correct)] correct: bool,
    ) -> PyResult<Vehicle> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        // A word that is none is refused as `unknown` is, with the words that a vehicle can be moved to.
        let mut change = StatusChange::from(status.parse().unwrap_or(jpauto::VehicleStatus::Unknown));
        (change.sale_price, change.correct) = (input::money("sale_price", sale_price)?, correct);
        change.sold_at = sold_at.map(|sold_at| input::instant("sold_at", sold_at)).transpose()?;
        self.handle.run(py, |desk| desk.inventory().set_status(id, change)).map(Vehicle::told)
    }

    /// Takes back a sale that fell through, as if the vehicle had not been sold: it has the status from before and keeps its `listed_at`.
    ///
    /// Raises `Conflict` (`vehicle_not_sold`; `sale_too_old` after seven days).
    fn undo_sale(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Vehicle> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.inventory().undo_sale(id)).map(Vehicle::told)
    }

    /// Offers a sold vehicle again, as listed now. Raises `Conflict` (`vehicle_not_sold`).
    fn relist(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Vehicle> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.inventory().relist(id)).map(Vehicle::told)
    }

    /// Shows the vehicle on the homepage.
    fn feature(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Vehicle> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.inventory().feature(id)).map(Vehicle::told)
    }

    /// Takes the vehicle off the homepage.
    fn unfeature(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Vehicle> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.inventory().unfeature(id)).map(Vehicle::told)
    }

    /// Deletes a vehicle with its market analysis, price history and sales. The submission that it came from stays.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.inventory().delete(id))
    }

    /// A vehicle's price history, newest first; the same as `market.history`.
    #[pyo3(signature = (id, *, limit = None))]
    fn price_history(
        &self,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let id = jpauto::VehicleId::from_uuid(input::uuid("id", id)?);
        Ok(Query::of::<MarketPrice, _>(&self.handle, limit, move |desk, page| desk.inventory().price_history(id, page)))
    }

    /// Imports a file of vehicles, a path or bytes: CSV, TSV, JSON lines or an Excel workbook. A vehicle is known by its VIN, then
    /// by its stock number. Everything is written in one transaction, or nothing if one row is refused: look at `outcome`.
    ///
    /// `mapping` says what columns are whose names do not: `{"columns": {"Our Ref": "stock_number"}}`. With `dry_run` nothing is
    /// written, with `keep_going` refused rows are left out. With `sold_if_missing`, vehicles that are not in the file are sold,
    /// more than half of the stock only with `confirm`. `refused` is a path: all refused rows are written there as a CSV file, each
    /// with what is wrong with it.
    ///
    /// Raises `InvalidInput` (`sheet_unreadable`, `sheet_without_header`, `invalid_import_mapping`, `file_unreadable`, `file_too_large`);
    /// `Unavailable` (`refused_rows_not_written`).
    #[pyo3(signature = (file, *, mapping = None, dry_run = false, keep_going = false, sold_if_missing = false, confirm = false, refused = None))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn import_file(
        &self,
        py: Python<'_>,
        file: &Bound<'_, PyAny>,
        mapping: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = typed::dry_run)] dry_run: bool,
        #[pyo3(from_py_with = typed::keep_going)] keep_going: bool,
        #[pyo3(from_py_with = typed::sold_if_missing)] sold_if_missing: bool,
        #[pyo3(from_py_with = typed::confirm)] confirm: bool,
        #[pyo3(from_py_with = typed::refused)] refused: Option<PathBuf>,
    ) -> PyResult<ImportReport> {
        let file = imports::file(file)?;
        let switches = Switches { dry_run, keep_going, sold_if_missing, confirm, refused };
        let options = imports::options(mapping, &switches)?;
        self.handle.run(py, |desk| desk.inventory().import(&file, &options)).map(ImportReport::told)
    }

    /// Counts, value and age of the inventory, and what was sold.
    fn statistics(&self, py: Python<'_>) -> PyResult<Statistics> {
        self.handle.run(py, |desk| desk.inventory().statistics()).map(Statistics::told)
    }
}
