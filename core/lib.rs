//! Everything a car dealership must know in one place: what customers offer, what stands on the lot, what it is worth on the
//! market, and what the competitors do.
//!
//! The library is synchronous and holds all the rules; it runs on an embedded SQLite file or on PostgreSQL, the same code and
//! the same answers on both. The HTTP server, the command line and the Python package around it add no rule of their own.
//!
//! Open a [`Dealership`], say who acts, and ask at the [`Desk`]:
//!
//! ```
//! use jpauto::{Actor, Approval, Dealership, Money, NewSubmission, PageRequest, VehicleFilter};
//!
//! let dealership = Dealership::open("sqlite::memory:")?;
//!
//! // A customer offers a car on the website ...
//! let website = dealership.acting_as(Actor::public());
//! let submission = website.submissions().submit(&NewSubmission {
//!     year: 2019,
//!     make: "Toyota".into(),
//!     model: "Camry".into(),
//!     vin: Some("4T1B11HK9KU211111".into()),
//!     mileage: Some(52_000),
//!     asking_price: Some(Money::from_dollars(15_000)),
//!     ..NewSubmission::default()
//! })?;
//!
//! // ... and the desk takes it into inventory, at the price that the dealership asks for it.
//! let desk = dealership.acting_as(Actor::system());
//! let vehicle = desk.submissions().approve(submission.id, &Approval::at_price(Money::from_dollars(16_900)))?;
//!
//! let toyotas = desk.inventory().list(&VehicleFilter::available().make("Toyota"), &PageRequest::first(20))?;
//! assert_eq!(toyotas.items[0].vehicle, vehicle);
//!
//! // A second review is refused, by a code that stays the same across releases.
//! let refusal = desk.submissions().approve(submission.id, &Approval::as_offered()).unwrap_err();
//! assert_eq!(refusal.code(), "submission_already_reviewed");
//! # Ok::<(), jpauto::Error>(())
//! ```
//!
//! Nouns and where they are: [`Submissions`], [`Inventory`], [`Market`], [`Evaluations`], [`Competitors`], [`Users`], [`Tokens`], [`Alerts`],
//! [`Exports`], [`Notifications`], [`Activity`]; without a database [`vin`] and [`extract`]. Every operation names its actor; a write checks the permission
//! inside its own transaction and leaves its audit entry there. Every list is paged. Every failure is an [`Error`] with a kind, a
//! stable code and the fields at fault.
//!
//! # Cargo features
//! `sqlite` (default): an embedded SQLite, compiled in. `postgres`: PostgreSQL through the system's libpq.
//! `postgres-bundled`: the same with libpq and OpenSSL built from source. `browser`: competitors' pages that need JavaScript,
//! rendered by the Chromium that is installed. `openapi`: schemas of the types for the OpenAPI document of a server (`utoipa`).

#[macro_use]
mod words;

pub mod competitors;
pub mod evaluation;
pub mod exports;
pub mod fields;
pub mod jobs;
pub mod market;
pub mod notifications;
pub mod storage;
pub mod typed;
pub mod vin;

mod activity;
mod actor;
mod adoption;
mod alerts;
mod change;
mod clock;
mod columns;
mod config;
mod db;
mod dealership;
mod desk;
mod error;
mod idempotency;
mod ids;
mod inventory;
mod leases;
mod money;
mod network;
#[cfg(feature = "openapi")]
mod openapi;
mod outbox;
mod page;
mod partitions;
mod scrape;
mod secret;
mod sessions;
mod sheets;
mod sign_in;
mod submissions;
mod tokens;
mod tracking;
mod users;
mod version;
mod zone;

/// Stock that comes in a file: CSV, TSV, JSON Lines or an Excel workbook; [`Inventory::import`] reads it.
pub mod imports {
    pub use crate::{
        inventory::import::{
            ChangedVehicle, DateOrder, FaultCount, ImportCounts, ImportMode, ImportOptions, ImportOutcome,
            ImportReport, ImportedColumn, ImportedVehicle, LeftOut, Mapping, MissingVehicles, RefusedRow, RowFault,
            RowWarning, SoldHeldBack,
        },
        sheets::{SheetEncoding, SheetFile, SheetFormat, SheetLimits, SheetShape},
    };
}

pub use activity::{Action, Activity, ActivityEntry, ActivityFilter};
pub use actor::{Actor, Permission, Role};
pub use adoption::{CheckReport, Finding, FindingKind, MigrationReport, Remedy};
pub use alerts::{Alert, AlertFilter, AlertType, Alerts, Severity};
pub use change::Change;
pub use clock::Clock;
pub use columns::{Column, ColumnBatch, ColumnRequest, RowOrder, Texts, Values};
pub use competitors::{Competitors, TrackingRules};
pub use config::Config;
pub use db::{Backup, Connections, CreateFile, DatabaseConfig, Pooler, StandbyUse};
pub use dealership::Dealership;
pub use desk::{Desk, Repetition};
pub use error::{Error, ErrorCode, ErrorKind, FieldError, Result};
pub use evaluation::Evaluations;
pub use exports::Exports;
pub use idempotency::{KeptAnswer, RepeatableCall};
pub use ids::{
    ActivityId, AlertId, AnalysisId, CompetitorId, EvaluationId, EventId, ExportId, InvalidId, ListingId,
    ListingPriceId, MarketPriceId, MetricsId, NotificationId, RunId, SaleId, ScrapeId, SubmissionId, TokenId, UserId,
    VehicleId,
};
pub use inventory::{
    AgeBucket, AgeCount, AgeState, Inventory, InventoryRules, ListedVehicle, MonthOfSales, NewVehicle, SaleCount,
    SalesStatistics, ShownVehicle, Statistics, StatusChange, StatusCount, StockCount, StockedVehicle, Vehicle,
    VehicleFilter, VehicleLimits, VehicleSort, VehicleStatus, VehicleUpdate, VehicleWarning,
};
pub use jobs::Jobs;
pub use market::{Market, PricingRules};
pub use money::{InvalidMoney, Money};
pub use network::client_network;
pub use notifications::Notifications;
pub use page::{Page, PageRequest};
pub use partitions::{MOST_PARTITIONS, PartitionProgress, PartitionReport};
pub use scrape::{
    browser::{BrowserConfig, Sandbox},
    extract,
    fetch::FetchConfig,
};
pub use sessions::{IssuedSession, ResumedSession, RoleInAnotherZone, SessionConfig, Sessions};
pub use sign_in::{
    Admission, Callback, ClientAuthentication, Me, ProviderConfig, ProviderKind, SignIn, SignInConfig, SignInLink,
    SignInProvider, SignInStart, SignedIn,
};
pub use storage::Storage;
pub use submissions::{
    Approval, IntakeRules, NewSubmission, Submission, SubmissionFilter, SubmissionSort, SubmissionStatus,
    SubmissionUpdate, SubmissionWarning, Submissions,
};
pub use tokens::{IssuedToken, NewToken, Token, Tokens};
pub use users::{NewUser, Provider, User, Users};
pub use version::{InvalidVersion, Version};
pub use vin::{InvalidVin, Vin};
