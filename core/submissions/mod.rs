//! Cars that customers offer, and their way into inventory: submitted, then approved or rejected, once.
//!
//! What is deliberately not here: who may send how much over HTTP beyond the one rule on addresses, and the vehicle's life
//! after the approval (`inventory`).

mod repository;
mod rules;
mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use rules::IntakeRules;
pub use service::Submissions;

use crate::{
    activity::Audited,
    change::Change,
    ids::{SubmissionId, UserId},
    inventory::VehicleUpdate,
    money::Money,
    vin::Vin,
};

/// Where a submission stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SubmissionStatus {
    /// Waiting for a reviewer.
    #[default]
    Pending,
    /// Taken into inventory.
    Approved,
    /// Turned down.
    Rejected,
}

words!(SubmissionStatus, InvalidStatus at "/submission_status" {
    Pending => "pending",
    Approved => "approved",
    Rejected => "rejected",
});

/// Calls the given macro with every field that a customer fills in.
macro_rules! submission_fields {
    ($use_them:ident) => {
        $use_them! {
            required {
                /// Model year.
                year: i32,
                /// Make, 1 to 100 characters.
                make: String,
                /// Model, 1 to 100 characters.
                model: String,
            }
            nullable {
                /// The customer's name.
                customer_name: String,
                /// The customer's e-mail address.
                customer_email: String,
                /// The customer's telephone number.
                customer_phone: String,
                /// Trim level.
                trim: String,
                /// 17 characters; kept in upper case, unique among submissions.
                vin: String,
                /// Miles on the odometer.
                mileage: i32,
                /// What the customer asks.
                asking_price: Money,
                /// Exterior colour.
                exterior_color: String,
                /// Interior colour.
                interior_color: String,
                /// Transmission.
                transmission: String,
                /// Fuel.
                fuel_type: String,
                /// Condition.
                condition: String,
                /// Whatever else the customer wrote.
                additional_notes: String,
            }
            lists {
                /// Picture URLs, at most 40.
                images: Vec<String>,
            }
        }
    };
}

macro_rules! submission_structs {
    (
        required { $($(#[$rdoc:meta])* $required:ident: $rtype:ty,)+ }
        nullable { $($(#[$ndoc:meta])* $nullable:ident: $ntype:ty,)+ }
        lists { $($(#[$ldoc:meta])* $list:ident: $ltype:ty,)+ }
    ) => {
        /// A customer's offer: every column of `pending_submissions`, and what to be wary of.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[non_exhaustive]
        pub struct Submission {
            /// The submission's id.
            pub id: SubmissionId,
            /// Where it stands.
            pub submission_status: SubmissionStatus,
            /// When it came in.
            pub submitted_at: Option<DateTime<Utc>>,
            /// When it was decided.
            pub reviewed_at: Option<DateTime<Utc>>,
            /// Who decided.
            pub reviewed_by: Option<UserId>,
            /// Why it was turned down.
            pub rejection_reason: Option<String>,
            $($(#[$rdoc])* pub $required: $rtype,)+
            $($(#[$ndoc])* pub $nullable: Option<$ntype>,)+
            $($(#[$ldoc])* pub $list: $ltype,)+
            /// When it was entered.
            pub created_at: Option<DateTime<Utc>>,
            /// When it was changed last.
            pub updated_at: Option<DateTime<Utc>>,
            /// What a reviewer should look at twice; follows from the fields.
            pub warnings: Vec<SubmissionWarning>,
        }

        /// An offer as the customer sends it.
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
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct NewSubmission {
            $($(#[$rdoc])* pub $required: $rtype,)+
            $($(#[$ndoc])* pub $nullable: Option<$ntype>,)+
            $($(#[$ldoc])* pub $list: $ltype,)+
        }

        /// The fields of a pending submission to correct; what is not named stays.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct SubmissionUpdate {
            $($(#[$rdoc])* pub $required: Option<$rtype>,)+
            $($(#[$ndoc])* pub $nullable: Change<$ntype>,)+
            $($(#[$ldoc])* pub $list: Option<$ltype>,)+
        }

        impl NewSubmission {
            /// The submission that it makes, before any rule has looked at it.
            fn into_submission(self, id: SubmissionId, now: DateTime<Utc>) -> Submission {
                Submission {
                    id,
                    submission_status: SubmissionStatus::Pending,
                    submitted_at: Some(now),
                    reviewed_at: None,
                    reviewed_by: None,
                    rejection_reason: None,
                    $($required: self.$required,)+
                    $($nullable: self.$nullable,)+
                    $($list: self.$list,)+
                    created_at: Some(now),
                    updated_at: Some(now),
                    warnings: Vec::new(),
                }
            }
        }

        impl SubmissionUpdate {
            /// The submission with the named fields changed, before any rule has looked at it.
            fn apply_to(&self, mut submission: Submission) -> Submission {
                $(if let Some(value) = &self.$required {
                    submission.$required.clone_from(value);
                })+
                $(submission.$nullable = self.$nullable.clone().apply_to(submission.$nullable);)+
                $(if let Some(value) = &self.$list {
                    submission.$list.clone_from(value);
                })+
                submission
            }
        }
    };
}

submission_fields!(submission_structs);

impl Audited for Submission {
    const RESOURCE: &'static str = "submissions";
    const PERSONAL: &'static [&'static str] =
        &["customer_name", "customer_email", "customer_phone", "additional_notes"];
    const SILENT: &'static [&'static str] = &["created_at", "updated_at", "warnings"];

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}

/// Something about a submission that is no reason to refuse it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SubmissionWarning {
    /// The ninth character of the VIN is not the one that the others demand: perhaps a slip of the pen.
    VinCheckDigit {
        /// The character that would fit.
        expected: char,
        /// The character that stands there.
        found: char,
    },
}

impl SubmissionWarning {
    /// What to look at twice in an offer of a car with this VIN.
    fn of(vin: Option<&str>) -> Vec<Self> {
        let Some(Ok(vin)) = vin.map(Vin::parse) else { return Vec::new() };
        let digit = vin.check_digit();
        if digit.is_right() {
            Vec::new()
        } else {
            vec![Self::VinCheckDigit { expected: digit.expected, found: digit.actual }]
        }
    }
}

/// What a reviewer decides about a submission that goes into inventory.
///
/// Every field of the vehicle may be given anew; the rest is the customer's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Approval {
    /// The fields that the reviewer sets.
    pub overrides: VehicleUpdate,
}

impl Approval {
    /// As the customer offered it, at the asking price.
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
    /// Of this make, whatever the case of its letters.
    pub make: Option<String>,
    /// Of this model, whatever the case of its letters.
    pub model: Option<String>,
    /// Every word of it stands somewhere in make, model, VIN, or the customer's name or e-mail.
    pub q: Option<String>,
    /// The order.
    pub sort: SubmissionSort,
}

impl SubmissionFilter {
    /// Those that wait for a reviewer.
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
    /// The one that has waited longest first.
    SubmittedAt,
    /// The latest first.
    #[default]
    SubmittedAtDescending,
}

words!(SubmissionSort, InvalidSort at "/sort" {
    SubmittedAt => "submitted_at",
    SubmittedAtDescending => "-submitted_at",
});
