//! What a VIN stands for and what that vehicle is worth: for a car that is offered to us and is not ours yet.
//!
//! [`Evaluations::decode`] says what a VIN says: by itself first, then by NHTSA's public decoder ([`VpicConfig`]), whose answers
//! are kept in the database. [`Evaluations::evaluate`] goes on from there: it looks for comparables as the market research does
//! and prices the vehicle by the same rule without a price of ours. The result is kept by VIN for 30 days; while it holds, the
//! same question touches no network, and two that ask at once make one call, in one process or in several.
//!
//! Whatever fails on the way is a [`Warning`], and the answer is what is known without it: a VIN that vPIC does not decode may
//! stand in a competitor's listing, or one of its kind. An answer that lacks something is given, but not kept.
//!
//! What is deliberately not here: the pricing rule and the sources of comparables, which are the market's.

mod flight;
mod repository;
mod rules;
mod service;
mod vpic;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::{flight::Flights, vpic::Vpic};
pub use self::{
    rules::{EvaluationRules, PurchaseRules},
    service::Evaluations,
    vpic::{VpicConfig, VpicDecode, VpicFinding},
};
use crate::{
    Money, Vin,
    activity::Audited,
    ids::EvaluationId,
    market::{Analysis, MissingSource},
    vin::Facts,
};

/// What is to be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationRequest {
    /// The vehicle.
    pub vin: Vin,
    /// Its miles; without them nothing is adjusted for mileage.
    pub mileage: Option<i32>,
    /// Whether what is kept is passed over and replaced; an answer of vPIC is fallen back on where it gives no other.
    pub refresh: bool,
}

impl EvaluationRequest {
    /// The vehicle with so many miles, from what is kept where that holds.
    #[must_use]
    pub fn new(vin: Vin, mileage: Option<i32>) -> Self {
        Self { vin, mileage, refresh: false }
    }

    /// The same, asked anew.
    #[must_use]
    pub fn refresh(mut self) -> Self {
        self.refresh = true;
        self
    }
}

/// What a VIN says: by itself, and by NHTSA's decoder.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Decoded {
    /// What it says by itself.
    pub facts: Facts,
    /// What vPIC says of it, where it was asked and answered.
    pub vpic: Option<VpicDecode>,
    /// What both together come to; `None` where the model is unknown.
    pub vehicle: Option<Identity>,
    /// What is doubtful, and what could not be asked.
    pub warnings: Vec<Warning>,
}

/// Which vehicle a VIN stands for, well enough to look for others of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdentitySource {
    /// NHTSA's decoder.
    Vpic,
    /// Our own inventory holds the VIN.
    Inventory,
    /// A competitor's listing holds the VIN.
    Listing,
    /// Competitors' listings hold vehicles of the same kind: the same VIN in positions 1 to 8, 10 and 11.
    SameKind,
}

words!(IdentitySource, InvalidIdentitySource at "/source" {
    Vpic => "vpic",
    Inventory => "inventory",
    Listing => "listing",
    SameKind => "same_kind",
});

/// What to know before trusting a decoding or an evaluation, as data; adapters make the sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// The check digit is wrong where the law asks for a right one: a character is mistyped, or the VIN is no real one.
    CheckDigitWrong {
        /// What the other characters give.
        expected: char,
        /// What stands there.
        actual: char,
    },
    /// It is a filler that somebody typed.
    Placeholder,
    /// The VIN alone does not prove the model year.
    YearUncertain {
        /// The year taken.
        year: Option<i32>,
        /// The other years that it may be.
        alternatives: Vec<i32>,
    },
    /// No law is known that asks this VIN for a model year: it holds only if its maker uses position 10 for it, and nothing is
    /// looked for by it.
    YearConditional {
        /// The year under that condition.
        year: i32,
        /// The other years that it may be under the same.
        alternatives: Vec<i32>,
    },
    /// The VIN and vPIC tell different years.
    YearsDiffer {
        /// By the VIN.
        vin: i32,
        /// By vPIC.
        vpic: i32,
    },
    /// vPIC has a remark about the VIN.
    VpicFinding {
        /// Its number.
        number: u16,
        /// The stable word for it.
        finding: String,
        /// The same for a person.
        message: String,
    },
    /// vPIC takes another VIN to be meant.
    VpicSuggests {
        /// With `!` where a character is wrong.
        vin: String,
    },
    /// vPIC was not asked, or gave no answer.
    VpicMissing {
        /// The stable word for why, such as `vpic_timeout`, or `not_configured`.
        reason: String,
        /// The same for a person.
        message: String,
    },
    /// vPIC gave no answer when asked anew, so what it answered before was used.
    VpicKept {
        /// The stable word for why, as of [`Warning::VpicMissing`].
        reason: String,
        /// The same for a person.
        message: String,
        /// When it gave the answer that was used.
        answered_at: DateTime<Utc>,
    },
    /// The model is known from listings alone.
    KnownFromListings {
        /// How.
        source: IdentitySource,
        /// From how many.
        listings: usize,
    },
    /// Nothing says which model it is, so there is nothing to compare.
    ModelUnknown,
    /// A source of comparables did not answer.
    SourceMissing(MissingSource),
    /// No comparables could be looked for.
    ComparablesMissing {
        /// The stable word for why.
        reason: String,
        /// The same for a person.
        message: String,
    },
    /// What is kept could not be read or written, so the answer was made without it, or is not kept.
    CacheFailed {
        /// The stable word for why.
        reason: String,
    },
}

/// What a vehicle is worth here, how sure that is, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Evaluation {
    /// The VIN.
    pub vin: Vin,
    /// The miles that it was evaluated with.
    pub mileage: Option<i32>,
    /// What the VIN says by itself.
    pub facts: Facts,
    /// What vPIC says of it.
    pub vpic: Option<VpicDecode>,
    /// Which vehicle it is, where that is known.
    pub vehicle: Option<Identity>,
    /// What the market says, with the reasons; `None` where there was nothing to compare.
    pub analysis: Option<Analysis>,
    /// What to pay at most for it, where [`EvaluationRules::purchase`] is set and the market is known.
    pub most_to_pay: Option<Money>,
    /// What to know before trusting it.
    pub warnings: Vec<Warning>,
    /// When it was made.
    pub evaluated_at: DateTime<Utc>,
    /// Until when it is kept; `None` where something was missing, so that the next question is asked anew.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it was kept from before.
    pub from_cache: bool,
}

/// What was removed because its time was over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Expired {
    /// Evaluations.
    pub evaluations: usize,
    /// Answers of vPIC.
    pub decodes: usize,
    /// Whether nothing that is over is left; otherwise the limit ended it.
    pub is_all: bool,
}

/// What the row holds beside its columns; the VIN's own facts are not kept, for they do not change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EvaluationData {
    mileage: Option<i32>,
    vpic: Option<VpicDecode>,
    vehicle: Option<Identity>,
    analysis: Option<Analysis>,
    most_to_pay: Option<Money>,
    warnings: Vec<Warning>,
}

/// A row as it is kept.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    id: EvaluationId,
    vin: Vin,
    data: EvaluationData,
    source: String,
    cached_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// What the audit trail tells of an evaluation.
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
