//! Typed identifiers: a vehicle's id can not be handed where a submission's is asked for.
//!
//! Each is a `UUIDv7` made in Rust at the time of the operation, so ids sort by age on both databases. What is deliberately
//! not here: ids made by a database, and parsing beyond what `uuid` accepts.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Timestamp, Uuid};

/// A text that is no UUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct InvalidId;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[derive(diesel::AsExpression, diesel::FromSqlRow)]
        #[diesel(sql_type = crate::db::types::DbId)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id of the given time.
            #[must_use]
            pub fn new(now: DateTime<Utc>) -> Self {
                let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
                Self(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos())))
            }

            /// The id that a plain UUID stands for.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The plain UUID.
            #[must_use]
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_reason| InvalidId)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
    )+};
}

id! {
    /// A member of staff.
    UserId;
    /// A customer's offer of a car.
    SubmissionId;
    /// A vehicle of the dealership's own inventory.
    VehicleId;
    /// The result of a market analysis.
    AnalysisId;
    /// A point of a vehicle's market price history.
    MarketPriceId;
    /// A competing dealer.
    CompetitorId;
    /// A listing on a competitor's website.
    ListingId;
    /// A point of a listing's price history.
    ListingPriceId;
    /// One scrape of a competitor's website.
    ScrapeId;
    /// One row of a competitor's metrics.
    MetricsId;
    /// An entry of the audit trail.
    ActivityId;
    /// An alert, whatever it is about.
    AlertId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_round_trip_as_text() {
        let early = VehicleId::new(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
        let late = VehicleId::new(DateTime::from_timestamp(1_700_000_001, 0).unwrap());
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!("not-an-id".parse::<VehicleId>(), Err(InvalidId));
    }
}
