//! Typed ids. The id of a vehicle does not compile where the id of a submission is expected.
//!
//! Each is a `UUIDv7` made in Rust at the time of the operation, so ids sort by age on both databases.

use std::{
    fmt,
    str::FromStr,
    sync::atomic::{AtomicU32, Ordering},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

/// The error for a text that is not a UUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct InvalidId;

/// The time in microseconds, a counter, and random bits. Ids that one process makes in the same microsecond sort in the order
/// in which they were made.
fn uuid_of(now: DateTime<Utc>) -> Uuid {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    let micros = u16::try_from(now.timestamp_subsec_micros() % 1_000).unwrap_or(0);
    let mut tail = [0; 10];
    tail[..2].copy_from_slice(&micros.to_be_bytes());
    // The upper two bits of this part are the variant of the UUID.
    tail[2..6].copy_from_slice(&(NUMBER.fetch_add(1, Ordering::Relaxed) & 0x3fff_ffff).to_be_bytes());
    tail[6..].copy_from_slice(&fastrand::u32(..).to_be_bytes());
    Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id with the given time.
            #[must_use]
            pub fn new(now: DateTime<Utc>) -> Self {
                Self(uuid_of(now))
            }

            /// The id with this UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID.
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

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::openapi::id()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}

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
    /// A sale of a vehicle.
    SaleId;
    /// The result of a market analysis.
    AnalysisId;
    /// A point of a vehicle's market price history.
    MarketPriceId;
    /// A stored evaluation of a VIN.
    EvaluationId;
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
    /// A page of a competitor's list, as it was last read.
    PageId;
    /// An entry of the audit trail.
    ActivityId;
    /// An alert.
    AlertId;
    /// An export of a feed.
    ExportId;
    /// An API token.
    TokenId;
    /// A run of a job.
    RunId;
    /// Something that somebody is told of.
    EventId;
    /// What one channel is told of an event.
    NotificationId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_round_trip_as_text() {
        let early = VehicleId::new(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
        let late = VehicleId::new(DateTime::from_timestamp(1_700_000_001, 0).unwrap());
        assert!(early < late);
        let noon = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let made: Vec<_> = (0..1_000).map(|_| VehicleId::new(noon)).collect();
        assert!(made.is_sorted(), "ids of one instant keep their order");
        assert_eq!(made[0].as_uuid().get_version_num(), 7);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!("not-an-id".parse::<VehicleId>(), Err(InvalidId));
    }
}
