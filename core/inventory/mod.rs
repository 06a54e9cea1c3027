//! The dealership's own vehicles: adding, changing, pricing, selling and relisting them.
//!
//! What is deliberately not here: where a vehicle came from (`submissions`) and what the market says of it (`market`).

mod repository;
mod rules;
mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use repository::{get as get_vehicle, get_to_change, insert, vin_or_stock_is_taken};
pub use rules::{AgeBucket, AgeState, InventoryRules, StatusChange, VehicleLimits};
pub(crate) use rules::{check, check_optional_text, check_price, check_required_text, from_submission};
pub use service::Inventory;
pub(crate) use service::OnVehicleChange;

use crate::{
    activity::Audited,
    change::Change,
    ids::{SubmissionId, UserId, VehicleId},
    money::Money,
};

/// Where a vehicle stands between arrival and sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum VehicleStatus {
    /// For sale.
    #[default]
    Available,
    /// A buyer is found, the sale not done.
    Pending,
    /// Kept back.
    Hold,
    /// Sold; only a relist brings it back.
    Sold,
}

words!(VehicleStatus, InvalidStatus at "/status" {
    Available => "available",
    Pending => "pending",
    Hold => "hold",
    Sold => "sold",
});

impl VehicleStatus {
    /// Every status of a vehicle that is not sold.
    pub const UNSOLD: [Self; 3] = [Self::Available, Self::Pending, Self::Hold];
    /// What the public sees: a vehicle whose sale is pending still stands on the website.
    pub const LISTED: [Self; 2] = [Self::Available, Self::Pending];
}

/// Calls the given macro with every field that staff write: those that must be there, and those that may be empty.
macro_rules! vehicle_fields {
    ($use_them:ident) => {
        $use_them! {
            required {
                /// Model year.
                year: i32,
                /// Make, 1 to 100 characters.
                make: String,
                /// Model, 1 to 100 characters.
                model: String,
                /// 17 characters; kept in upper case, unique.
                vin: String,
                /// Asking price.
                price: Money,
                /// Miles on the odometer.
                mileage: i32,
            }
            nullable {
                /// Trim level.
                trim: String,
                /// Unique; the last 8 characters of the VIN where none is given.
                stock_number: String,
                /// What the dealership paid; never public.
                cost: Money,
                /// The manufacturer's suggested retail price.
                msrp: Money,
                /// Exterior colour.
                exterior_color: String,
                /// Interior colour.
                interior_color: String,
                /// Transmission.
                transmission: String,
                /// Engine.
                engine: String,
                /// Fuel.
                fuel_type: String,
                /// FWD, RWD, AWD or 4WD.
                drivetrain: String,
                /// Sedan, SUV, truck and the like.
                body_style: String,
                /// Number of doors.
                doors: i32,
                /// City miles per gallon.
                mpg_city: i32,
                /// Highway miles per gallon.
                mpg_highway: i32,
                /// Text for the advertisement.
                description: String,
                /// The main picture.
                thumbnail: String,
                /// Condition.
                condition: String,
                /// Clean, salvage, rebuilt and the like.
                title_status: String,
                /// Number of previous owners.
                owners: i32,
                /// Number of reported accidents.
                accidents: i32,
                /// Whether service records are at hand.
                service_records: bool,
                /// Warranty.
                warranty: String,
                /// Carfax report.
                carfax_url: String,
                /// `AutoCheck` report.
                autocheck_url: String,
            }
            lists {
                /// Equipment, line by line.
                features: Vec<String>,
                /// Picture URLs, the first one foremost.
                images: Vec<String>,
            }
        }
    };
}

macro_rules! vehicle_structs {
    (
        required { $($(#[$rdoc:meta])* $required:ident: $rtype:ty,)+ }
        nullable { $($(#[$ndoc:meta])* $nullable:ident: $ntype:ty,)+ }
        lists { $($(#[$ldoc:meta])* $list:ident: $ltype:ty,)+ }
    ) => {
        /// A vehicle of the dealership: every column of `inventory`.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[non_exhaustive]
        pub struct Vehicle {
            /// The vehicle's id.
            pub id: VehicleId,
            /// Where it stands.
            pub status: VehicleStatus,
            /// Shown on the homepage.
            pub featured: bool,
            $($(#[$rdoc])* pub $required: $rtype,)+
            $($(#[$ndoc])* pub $nullable: Option<$ntype>,)+
            $($(#[$ldoc])* pub $list: $ltype,)+
            /// The submission that it came from.
            pub source_submission_id: Option<SubmissionId>,
            /// Who entered it.
            pub created_by: Option<UserId>,
            /// Who changed it last.
            pub updated_by: Option<UserId>,
            /// When it went on sale.
            pub listed_at: Option<DateTime<Utc>>,
            /// When it was sold.
            pub sold_at: Option<DateTime<Utc>>,
            /// When it was entered.
            pub created_at: Option<DateTime<Utc>>,
            /// When it was changed last.
            pub updated_at: Option<DateTime<Utc>>,
        }

        /// A vehicle to be added.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct NewVehicle {
            $($(#[$rdoc])* pub $required: $rtype,)+
            $($(#[$ndoc])* pub $nullable: Option<$ntype>,)+
            $($(#[$ldoc])* pub $list: $ltype,)+
        }

        /// The fields of a vehicle to change; what is not named stays.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct VehicleUpdate {
            $($(#[$rdoc])* pub $required: Option<$rtype>,)+
            $($(#[$ndoc])* pub $nullable: Change<$ntype>,)+
            $($(#[$ldoc])* pub $list: Option<$ltype>,)+
        }

        impl NewVehicle {
            /// The vehicle that it makes, before any rule has looked at it.
            fn into_vehicle(self, id: VehicleId, now: DateTime<Utc>, by: Option<UserId>) -> Vehicle {
                Vehicle {
                    id,
                    status: VehicleStatus::Available,
                    featured: false,
                    $($required: self.$required,)+
                    $($nullable: self.$nullable,)+
                    $($list: self.$list,)+
                    source_submission_id: None,
                    created_by: by,
                    updated_by: by,
                    listed_at: Some(now),
                    sold_at: None,
                    created_at: Some(now),
                    updated_at: Some(now),
                }
            }
        }

        impl VehicleUpdate {
            /// The vehicle with the named fields changed, before any rule has looked at it.
            pub(crate) fn apply_to(&self, mut vehicle: Vehicle) -> Vehicle {
                $(if let Some(value) = &self.$required {
                    vehicle.$required.clone_from(value);
                })+
                $(vehicle.$nullable = self.$nullable.clone().apply_to(vehicle.$nullable);)+
                $(if let Some(value) = &self.$list {
                    vehicle.$list.clone_from(value);
                })+
                vehicle
            }
        }
    };
}

vehicle_fields!(vehicle_structs);

impl Audited for Vehicle {
    const RESOURCE: &'static str = "inventory";
    const SILENT: &'static [&'static str] = &["created_at", "updated_at", "updated_by"];

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}

/// What anybody may know of a vehicle that is for sale: never its cost, nor anything of staff or customers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each field is the one of Vehicle")]
pub struct ListedVehicle {
    pub id: VehicleId,
    pub status: VehicleStatus,
    pub featured: bool,
    pub year: i32,
    pub make: String,
    pub model: String,
    pub trim: Option<String>,
    pub vin: String,
    pub stock_number: Option<String>,
    pub price: Money,
    pub msrp: Option<Money>,
    pub mileage: i32,
    pub exterior_color: Option<String>,
    pub interior_color: Option<String>,
    pub transmission: Option<String>,
    pub engine: Option<String>,
    pub fuel_type: Option<String>,
    pub drivetrain: Option<String>,
    pub body_style: Option<String>,
    pub doors: Option<i32>,
    pub mpg_city: Option<i32>,
    pub mpg_highway: Option<i32>,
    pub description: Option<String>,
    pub features: Vec<String>,
    pub images: Vec<String>,
    pub thumbnail: Option<String>,
    pub condition: Option<String>,
    pub title_status: Option<String>,
    pub owners: Option<i32>,
    pub accidents: Option<i32>,
    pub service_records: Option<bool>,
    pub warranty: Option<String>,
    pub carfax_url: Option<String>,
    pub autocheck_url: Option<String>,
    pub listed_at: Option<DateTime<Utc>>,
}

impl From<Vehicle> for ListedVehicle {
    fn from(vehicle: Vehicle) -> Self {
        Self {
            id: vehicle.id,
            status: vehicle.status,
            featured: vehicle.featured,
            year: vehicle.year,
            make: vehicle.make,
            model: vehicle.model,
            trim: vehicle.trim,
            vin: vehicle.vin,
            stock_number: vehicle.stock_number,
            price: vehicle.price,
            msrp: vehicle.msrp,
            mileage: vehicle.mileage,
            exterior_color: vehicle.exterior_color,
            interior_color: vehicle.interior_color,
            transmission: vehicle.transmission,
            engine: vehicle.engine,
            fuel_type: vehicle.fuel_type,
            drivetrain: vehicle.drivetrain,
            body_style: vehicle.body_style,
            doors: vehicle.doors,
            mpg_city: vehicle.mpg_city,
            mpg_highway: vehicle.mpg_highway,
            description: vehicle.description,
            features: vehicle.features,
            images: vehicle.images,
            thumbnail: vehicle.thumbnail,
            condition: vehicle.condition,
            title_status: vehicle.title_status,
            owners: vehicle.owners,
            accidents: vehicle.accidents,
            service_records: vehicle.service_records,
            warranty: vehicle.warranty,
            carfax_url: vehicle.carfax_url,
            autocheck_url: vehicle.autocheck_url,
            listed_at: vehicle.listed_at,
        }
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
    /// In one of these statuses; in any where empty.
    pub status: Vec<VehicleStatus>,
    /// Of this make, whatever the case of its letters.
    pub make: Option<String>,
    /// Of this model, whatever the case of its letters.
    pub model: Option<String>,
    /// Of this model year or later.
    pub year_min: Option<i32>,
    /// Of this model year or earlier.
    pub year_max: Option<i32>,
    /// At this price or dearer.
    pub price_min: Option<Money>,
    /// At this price or cheaper.
    pub price_max: Option<Money>,
    /// With this mileage or more.
    pub mileage_min: Option<i32>,
    /// With this mileage or less.
    pub mileage_max: Option<i32>,
    /// On the homepage, or not.
    pub featured: Option<bool>,
    /// Every word of it stands somewhere in make, model, trim, VIN, stock number or description.
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

    /// Cheaper than or at this price.
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

/// The order of a list of vehicles; the words are the columns, with a minus for the largest first.
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

/// A vehicle and how long it has stood.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StockedVehicle {
    /// The vehicle.
    #[serde(flatten)]
    pub vehicle: Vehicle,
    /// Whole days from `listed_at` to `sold_at` or now.
    pub days_in_stock: i64,
    /// How that compares with the turn policy.
    pub age_state: AgeState,
}

/// Counts and sums over the vehicles that are not sold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Statistics {
    /// All of them.
    pub total: StockCount,
    /// By status, the sold ones too.
    pub by_status: Vec<StatusCount>,
    /// By days in stock.
    pub by_age: Vec<AgeCount>,
    /// The mean of their days in stock; `None` for an empty lot.
    pub average_days_in_stock: Option<f64>,
}

/// A number of vehicles and what they are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StockCount {
    /// How many.
    pub count: i64,
    /// The sum of their prices.
    pub value: Money,
    /// The sum of their costs, as far as known.
    pub cost: Money,
}

impl StockCount {
    pub(super) fn plus(self, other: Self) -> Self {
        Self { count: self.count + other.count, value: self.value + other.value, cost: self.cost + other.cost }
    }
}

/// The vehicles in one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
#[non_exhaustive]
pub struct AgeCount {
    /// The bucket.
    #[serde(flatten)]
    pub bucket: AgeBucket,
    /// Its vehicles.
    #[serde(flatten)]
    pub stock: StockCount,
}
