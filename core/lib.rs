//! Everything a car dealership must know in one place.

#[macro_use]
mod words;

pub mod competitors;
pub mod market;
pub mod vin;

mod activity;
mod actor;
mod alerts;
mod change;
mod clock;
mod config;
mod db;
mod dealership;
mod error;
mod ids;
mod inventory;
mod money;
mod page;
mod scrape;
mod submissions;
mod users;

pub use activity::{Action, Activity, ActivityEntry, ActivityFilter};
pub use actor::{Actor, Permission, Role};
pub use alerts::{Alert, AlertFilter, AlertType, Alerts, Severity};
pub use change::Change;
pub use clock::Clock;
pub use competitors::{Competitors, TrackingRules};
pub use config::Config;
pub use db::MigrationReport;
pub use dealership::{Dealership, Desk};
pub use error::{Error, ErrorKind, FieldError, Result};
pub use ids::{
    ActivityId, AlertId, AnalysisId, CompetitorId, InvalidId, ListingId, ListingPriceId, MarketPriceId, MetricsId,
    ScrapeId, SubmissionId, UserId, VehicleId,
};
pub use inventory::{
    AgeBucket, AgeCount, AgeState, Inventory, InventoryRules, ListedVehicle, NewVehicle, Statistics, StatusChange,
    StatusCount, StockCount, StockedVehicle, Vehicle, VehicleFilter, VehicleLimits, VehicleSort, VehicleStatus,
    VehicleUpdate,
};
pub use market::{Market, PricingRules};
pub use money::{InvalidMoney, Money};
pub use page::{Page, PageRequest};
pub use scrape::extract;
pub use submissions::{
    Approval, IntakeRules, NewSubmission, Submission, SubmissionFilter, SubmissionSort, SubmissionStatus,
    SubmissionUpdate, SubmissionWarning, Submissions,
};
pub use users::{NewUser, Provider, User, Users};
pub use vin::{InvalidVin, Vin};
