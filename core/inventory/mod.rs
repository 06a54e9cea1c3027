//! The dealership's own vehicles: adding, changing, selling and relisting them.
//!
//! `fields.rs` lists the fields of a vehicle, `limits.rs` says what they may hold, `rules.rs` has the statuses and ages,
//! `returns.rs` the cars that come back, `sales.rs` what was sold, `warning.rs` what to look at twice, `import/`
//! files with many vehicles. Prices of the market are in `market`.

mod config;
mod fields;
pub(crate) mod import;
pub(crate) mod limits;
pub(crate) mod pictures;
mod repository;
mod returns;
mod rules;
mod sales;
mod service;
mod warning;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

pub use config::InventoryRules;
pub use limits::VehicleLimits;
pub(crate) use limits::check_given;
pub(crate) use repository::{
    count_stock, each_in_stock, ensure_vin_and_stock_number_are_free, find_by_vin_to_change, get as get_vehicle,
    get_all, get_all_to_change, get_to_change, insert, is_in_stock, with_free_stock_number,
};
pub(crate) use returns::take_back;
pub use rules::{AgeBucket, AgeState, StatusChange};
pub(crate) use rules::{
    DoubtfulPrices, check, from_submission, stock_numbers_to_choose, with_price_warnings, with_return_warnings,
};
pub use sales::{MonthOfSales, SaleCount, SalesStatistics};
pub use service::Inventory;
pub(crate) use service::{OnVehicleChange, VehicleChange, put_back_on_sale};
pub use warning::VehicleWarning;

use crate::{
    activity::Audited,
    fields::{Audience, Described, FieldType, FieldValue, count, names, public_view, record_types},
    ids::{SubmissionId, UserId, VehicleId},
    money::Money,
    vehicle_fields,
    version::Version,
};

/// Where a vehicle stands between arrival and sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum VehicleStatus {
    /// For sale.
    #[default]
    Available,
    /// A buyer is found, the sale not done.
    Pending,
    /// Not offered for now.
    Hold,
    /// Sold. A relist offers it again, and so does an approval of the same car.
    Sold,
    /// Another application wrote a word that is none of these. The vehicle is not public, and it cannot be changed until it has
    /// one of the other statuses.
    Unknown,
}

words!(VehicleStatus, InvalidStatus at "/status" {
    Available => "available",
    Pending => "pending",
    Hold => "hold",
    Sold => "sold",
    Unknown => "unknown",
} or Unknown);

impl VehicleStatus {
    /// Every status of a vehicle that is not sold.
    pub const UNSOLD: [Self; 4] = [Self::Available, Self::Pending, Self::Hold, Self::Unknown];
    /// What the public sees. A vehicle whose sale is pending is still on the website.
    pub const LISTED: [Self; 2] = [Self::Available, Self::Pending];
}

vehicle_fields! {
    record_types
    /// A vehicle of the dealership: every column of `inventory`.
    Vehicle,
    /// A vehicle to be added.
    NewVehicle,
    /// The fields of a vehicle to change; what is not named stays.
    VehicleUpdate,
}

vehicle_fields! {
    public_view
    /// What anybody may know of a vehicle that is for sale: never its cost, nor anything of staff or customers.
    ListedVehicle of Vehicle
}

impl FieldValue for VehicleStatus {
    const TYPE: FieldType = FieldType::Word;

    #[cfg(feature = "openapi")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        <Self as utoipa::PartialSchema>::schema()
    }
}

impl Audited for Vehicle {
    const RESOURCE: &'static str = "inventory";
    const SILENT: &'static [&'static str] =
        &names::<{ count(Self::FIELDS, Audience::Silent) }>(Self::FIELDS, Audience::Silent);

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}

/// Which vehicles to list, and in what order; all of them by default, newest first.
///
/// ```
/// use jpauto::{Money, VehicleFilter, VehicleSort};
///
/// let filter = VehicleFilter::available().make("Toyota").price_up_to(Money::from_dollars(20_000)).sort(VehicleSort::Price);
/// assert_eq!(filter.make.as_deref(), Some("Toyota"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VehicleFilter {
    /// In one of these statuses; in any status if empty.
    pub status: Vec<VehicleStatus>,
    /// Of this make. The case of letters does not matter.
    pub make: Option<String>,
    /// Of this model. The case of letters does not matter.
    pub model: Option<String>,
    /// Of this model year or later.
    pub year_min: Option<i32>,
    /// Of this model year or earlier.
    pub year_max: Option<i32>,
    /// At this price or above.
    pub price_min: Option<Money>,
    /// At this price or below.
    pub price_max: Option<Money>,
    /// With this mileage or more.
    pub mileage_min: Option<i32>,
    /// With this mileage or less.
    pub mileage_max: Option<i32>,
    /// Only those on the homepage, or only the others.
    pub featured: Option<bool>,
    /// Each of these words occurs in the make, model, trim, VIN, stock number or description.
    pub q: Option<String>,
    /// The order.
    pub sort: VehicleSort,
}

impl VehicleFilter {
    /// The vehicles for sale.
    #[must_use]
    pub fn available() -> Self {
        Self { status: vec![VehicleStatus::Available], ..Self::default() }
    }

    /// The vehicles that are not sold.
    #[must_use]
    pub fn unsold() -> Self {
        Self { status: VehicleStatus::UNSOLD.to_vec(), ..Self::default() }
    }

    /// Of this make.
    #[must_use]
    pub fn make(mut self, make: impl Into<String>) -> Self {
        self.make = Some(make.into());
        self
    }

    /// Of this model.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// At this price or below.
    #[must_use]
    pub fn price_up_to(mut self, price: Money) -> Self {
        self.price_max = Some(price);
        self
    }

    /// With these words.
    #[must_use]
    pub fn text(mut self, words: impl Into<String>) -> Self {
        self.q = Some(words.into());
        self
    }

    /// In this order.
    #[must_use]
    pub fn sort(mut self, sort: VehicleSort) -> Self {
        self.sort = sort;
        self
    }
}

/// The order of a list of vehicles. The words are names of columns; a minus means the largest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VehicleSort {
    /// Longest on sale first.
    ListedAt,
    /// Latest on sale first.
    #[default]
    ListedAtDescending,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDescending,
    /// Fewest miles first.
    Mileage,
    /// Most miles first.
    MileageDescending,
    /// Oldest model year first.
    Year,
    /// Newest model year first.
    YearDescending,
}

words!(VehicleSort, InvalidSort at "/sort" {
    ListedAt => "listed_at",
    ListedAtDescending => "-listed_at",
    Price => "price",
    PriceDescending => "-price",
    Mileage => "mileage",
    MileageDescending => "-mileage",
    Year => "year",
    YearDescending => "-year",
});

/// A vehicle and its age in stock.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct StockedVehicle {
    /// The vehicle.
    #[serde(flatten)]
    pub vehicle: Vehicle,
    /// Whole days from `listed_at` to `sold_at` or now.
    pub days_in_stock: i64,
    /// How the days compare with the turn policy.
    pub age_state: AgeState,
    /// What the buyer of a sold vehicle paid, where it is known.
    pub sale_price: Option<Money>,
}

/// A vehicle as an actor may see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ShownVehicle {
    /// For staff.
    Stocked(Box<StockedVehicle>),
    /// For everybody else.
    Listed(Box<ListedVehicle>),
}

/// A vehicle for staff has all that one for others has, so both may match.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ShownVehicle {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{Ref, RefOr, Schema, schema::AnyOfBuilder};
        let either = AnyOfBuilder::new()
            .item(Ref::from_schema_name("StockedVehicle"))
            .item(Ref::from_schema_name("ListedVehicle"));
        RefOr::T(Schema::AnyOf(either.build()))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ShownVehicle {
    fn schemas(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        use utoipa::PartialSchema as _;
        parts.push(("StockedVehicle".to_owned(), StockedVehicle::schema()));
        parts.push(("ListedVehicle".to_owned(), ListedVehicle::schema()));
        StockedVehicle::schemas(parts);
        ListedVehicle::schemas(parts);
    }
}

impl ShownVehicle {
    fn listed(vehicle: Vehicle) -> Self {
        Self::Listed(Box::new(vehicle.into()))
    }

    /// The version for [`Inventory::if_version`]. Only staff, who may change the vehicle, have one.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Stocked(stocked) => Some(stocked.vehicle.version()),
            Self::Listed(_) => None,
        }
    }
}

/// Counts and sums over the vehicles that are not sold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Statistics {
    /// The vehicles that are not sold.
    pub total: StockCount,
    /// By status; this includes the sold vehicles.
    pub by_status: Vec<StatusCount>,
    /// By days in stock, without the sold vehicles.
    pub by_age: Vec<AgeCount>,
    /// The mean of the days in stock; `None` if every vehicle is sold.
    pub average_days_in_stock: Option<f64>,
    /// What was sold, cars that came back since included.
    pub sales: SalesStatistics,
}

/// A number of vehicles and what they are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct StockCount {
    /// How many.
    pub count: i64,
    /// The sum of their prices.
    pub value: Money,
    /// The sum of the known costs.
    pub cost: Money,
}

impl StockCount {
    pub(super) fn plus(self, other: Self) -> Self {
        Self { count: self.count + other.count, value: self.value + other.value, cost: self.cost + other.cost }
    }
}

/// The vehicles in one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct StatusCount {
    /// The status.
    pub status: VehicleStatus,
    /// Its vehicles.
    #[serde(flatten)]
    pub stock: StockCount,
}

/// The vehicles in one age bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct AgeCount {
    /// The bucket.
    #[serde(flatten)]
    pub bucket: AgeBucket,
    /// Its vehicles.
    #[serde(flatten)]
    pub stock: StockCount,
}
