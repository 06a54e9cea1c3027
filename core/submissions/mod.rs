//! Cars that customers offer. A submission is pending until a reviewer approves or rejects it, once.
//!
//! An approval makes a vehicle of it; from then on see `inventory`. `fields.rs` lists the fields of a submission, `rules.rs` has the
//! intake and the review.

mod fields;
mod repository;
mod rules;
mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use repository::{get as get_submission, get_to_change as get_submission_to_change};
pub use rules::IntakeRules;
pub(crate) use rules::ensure_pending;
pub(crate) use service::PhotosOfSubmissions;
pub use service::Submissions;

use crate::{
    activity::Audited,
    fields::{Audience, Described, FieldType, FieldValue, count, names, record_types},
    ids::{SubmissionId, UserId},
    inventory::{VehicleUpdate, VehicleWarning},
    money::Money,
    submission_fields,
};

/// Where a submission stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SubmissionStatus {
    /// Waiting for a reviewer.
    #[default]
    Pending,
    /// Accepted; a vehicle in inventory was made of it.
    Approved,
    /// Turned down.
    Rejected,
    /// Another application wrote a word that is none of these. Approving or rejecting the submission decides it.
    Unknown,
}

words!(SubmissionStatus, InvalidStatus at "/submission_status" {
    Pending => "pending",
    Approved => "approved",
    Rejected => "rejected",
    Unknown => "unknown",
} or Unknown);

submission_fields! {
    record_types
    /// A car that a customer offers: every column of `pending_submissions`, and the warnings.
    Submission,
    /// A submission as the customer sends it.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, NewSubmission};
    ///
    /// let website = Dealership::open("sqlite::memory:")?.acting_as(Actor::public());
    /// let submission = website.submissions().submit(&NewSubmission {
    ///     year: 2019,
    ///     make: "Toyota".into(),
    ///     model: "Camry".into(),
    ///     vin: Some("4T1B11HK9KU211111".into()),
    ///     ..NewSubmission::default()
    /// })?;
    /// assert_eq!(submission.submission_status.as_str(), "pending");
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    NewSubmission,
    /// The fields of a pending submission to correct; what is not named stays.
    SubmissionUpdate,
}

impl FieldValue for SubmissionStatus {
    const TYPE: FieldType = FieldType::Word;

    #[cfg(feature = "openapi")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        <Self as utoipa::PartialSchema>::schema()
    }
}

impl Audited for Submission {
    const RESOURCE: &'static str = "submissions";
    const PERSONAL: &'static [&'static str] =
        &names::<{ count(Self::FIELDS, Audience::Personal) }>(Self::FIELDS, Audience::Personal);
    const SILENT: &'static [&'static str] =
        &names::<{ count(Self::FIELDS, Audience::Silent) }>(Self::FIELDS, Audience::Silent);

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}

/// A doubt about a submission that does not refuse it.
pub type SubmissionWarning = VehicleWarning;

/// The approval of a submission.
///
/// The reviewer may set any field of the vehicle; the others are the customer's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Approval {
    /// The fields that the reviewer sets.
    pub overrides: VehicleUpdate,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Approval {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        VehicleUpdate::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Approval {}

impl Approval {
    /// As submitted, at the asking price.
    #[must_use]
    pub fn as_offered() -> Self {
        Self::default()
    }

    /// At this price.
    #[must_use]
    pub fn at_price(price: Money) -> Self {
        Self { overrides: VehicleUpdate { price: Some(price), ..VehicleUpdate::default() } }
    }

    /// With these fields set.
    #[must_use]
    pub fn with(overrides: VehicleUpdate) -> Self {
        Self { overrides }
    }
}

/// Which submissions to list; all of them by default, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubmissionFilter {
    /// In this status.
    pub submission_status: Option<SubmissionStatus>,
    /// Of this make. The case of letters does not matter.
    pub make: Option<String>,
    /// Of this model. The case of letters does not matter.
    pub model: Option<String>,
    /// Each of these words occurs in the make, model, VIN, or the customer's name or e-mail.
    pub q: Option<String>,
    /// The order.
    pub sort: SubmissionSort,
}

impl SubmissionFilter {
    /// The submissions that wait for a reviewer.
    #[must_use]
    pub fn pending() -> Self {
        Self { submission_status: Some(SubmissionStatus::Pending), ..Self::default() }
    }

    /// In this order.
    #[must_use]
    pub fn sort(mut self, sort: SubmissionSort) -> Self {
        self.sort = sort;
        self
    }
}

/// The order of a list of submissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubmissionSort {
    /// Oldest first.
    SubmittedAt,
    /// Newest first.
    #[default]
    SubmittedAtDescending,
}

words!(SubmissionSort, InvalidSort at "/sort" {
    SubmittedAt => "submitted_at",
    SubmittedAtDescending => "-submitted_at",
});
