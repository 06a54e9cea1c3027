//! What a VIN stands for and what that vehicle is worth, for a car that is offered to us.
//!
//! [`Evaluations::decode`] reads the VIN by itself and by NHTSA's decoder (`vpic/`). [`Evaluations::evaluate`] then prices the
//! vehicle by the market's rule, without a price of ours. Both are stored: an answer of vPIC, and an evaluation by its VIN for 30
//! days. Concurrent requests for one VIN share one evaluation, within a process (`single_flight.rs`) and across processes (a
//! lease). A step that fails becomes a [`Warning`]; an answer that lacks something is given but not stored.

mod repository;
mod rules;
mod service;
mod single_flight;
mod vpic;
mod warning;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::{
    rules::{EvaluationRules, PurchaseRules},
    service::Evaluations,
    vpic::{VpicConfig, VpicDecode, VpicFinding},
    warning::Warning,
};
pub(crate) use self::{single_flight::SingleFlight, vpic::Vpic};
use crate::{Money, Vin, activity::Audited, ids::EvaluationId, market::Analysis, vin::Facts};

/// What is to be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationRequest {
    /// The vehicle.
    pub vin: Vin,
    /// Its miles; without them nothing is adjusted for mileage.
    pub mileage: Option<i32>,
    /// Whether stored answers are passed over and replaced. Where vPIC does not answer, its stored answer is still used.
    pub refresh: bool,
}

impl EvaluationRequest {
    /// The vehicle with this mileage; a stored evaluation serves while it is valid.
    #[must_use]
    pub fn new(vin: Vin, mileage: Option<i32>) -> Self {
        Self { vin, mileage, refresh: false }
    }

    /// The same, made anew.
    #[must_use]
    pub fn refresh(mut self) -> Self {
        self.refresh = true;
        self
    }
}

/// What a VIN says: by itself, and by NHTSA's decoder.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Decoded {
    /// What the VIN says by itself.
    pub facts: Facts,
    /// What vPIC says of it, where it answered.
    pub vpic: Option<VpicDecode>,
    /// The vehicle by both together; `None` where the model is unknown.
    pub vehicle: Option<Identity>,
    /// What is doubtful, and who did not answer.
    pub warnings: Vec<Warning>,
}

/// Which vehicle a VIN stands for, precisely enough to look for comparables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identity {
    /// Model year.
    pub year: i32,
    /// Make.
    pub make: String,
    /// Model.
    pub model: String,
    /// Trim, where known.
    pub trim: Option<String>,
    /// How it is known.
    pub source: IdentitySource,
}

/// How it is known which vehicle a VIN stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdentitySource {
    /// NHTSA's decoder.
    Vpic,
    /// Our own inventory holds the VIN.
    Inventory,
    /// A competitor's listing holds the VIN.
    Listing,
    /// Competitors' listings hold vehicles of the same kind: positions 1 to 8, 10 and 11 of the VIN are the same.
    SameKind,
}

words!(IdentitySource, InvalidIdentitySource at "/source" {
    Vpic => "vpic",
    Inventory => "inventory",
    Listing => "listing",
    SameKind => "same_kind",
});

/// What a vehicle is worth here, how sure that is, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Evaluation {
    /// The VIN.
    pub vin: Vin,
    /// The mileage that it was evaluated with.
    pub mileage: Option<i32>,
    /// What the VIN says by itself.
    pub facts: Facts,
    /// What vPIC says of it.
    pub vpic: Option<VpicDecode>,
    /// Which vehicle it is, where that is known.
    pub vehicle: Option<Identity>,
    /// What the market says, with the reasons; `None` where there was nothing to compare.
    pub analysis: Option<Analysis>,
    /// The highest price to pay for it, where [`EvaluationRules::purchase`] is set and the market is known.
    pub most_to_pay: Option<Money>,
    /// What to know before relying on it.
    pub warnings: Vec<Warning>,
    /// When it was made.
    pub evaluated_at: DateTime<Utc>,
    /// Until when it is stored; `None` where something was missing, so that the next request makes it anew.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it came from the database.
    pub from_cache: bool,
}

/// What was removed because it had expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Expired {
    /// Evaluations.
    pub evaluations: usize,
    /// Answers of vPIC.
    pub decodes: usize,
    /// Whether nothing expired is left; otherwise the limit was reached.
    pub is_all: bool,
}

/// The document of a row. The VIN's own facts are not stored, as they do not change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EvaluationData {
    mileage: Option<i32>,
    vpic: Option<VpicDecode>,
    vehicle: Option<Identity>,
    analysis: Option<Analysis>,
    most_to_pay: Option<Money>,
    warnings: Vec<Warning>,
}

/// A stored evaluation.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    id: EvaluationId,
    vin: Vin,
    data: EvaluationData,
    source: String,
    cached_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// The entry of an evaluation in the audit trail.
#[derive(Serialize)]
struct Entry {
    #[serde(skip)]
    id: EvaluationId,
    vin: Vin,
    mileage: Option<i32>,
    source: String,
    sample_size: Option<usize>,
    median_price: Option<Money>,
}

impl From<&Kept> for Entry {
    fn from(kept: &Kept) -> Self {
        let analysis = kept.data.analysis.as_ref();
        Self {
            id: kept.id,
            vin: kept.vin,
            mileage: kept.data.mileage,
            source: kept.source.clone(),
            sample_size: analysis.map(|analysis| analysis.sample_size),
            median_price: analysis.and_then(|analysis| analysis.adjusted).map(|prices| prices.median),
        }
    }
}

impl Audited for Entry {
    const RESOURCE: &'static str = "evaluations";

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}
