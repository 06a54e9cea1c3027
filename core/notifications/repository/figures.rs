//! What a digest counts, over the tables of several nouns.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    alerts::{AlertType, Severity},
    db::{
        DbConnection, DbResult, Instant, Json,
        held::{HeldText, MayBeNull as _},
        schema::{export_logs, inventory, notifications, pending_submissions, storage_alerts, vehicle_sales},
    },
    exports::ExportStatus,
    inventory::VehicleStatus,
    notifications::{Event, NotificationStatus},
    submissions::SubmissionStatus,
};

/// How the dealership stands, and what the last day brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DigestReport {
    /// The day that the digest is of, where the dealership is.
    pub day: String,
    /// Offers that came.
    pub submissions_new: u64,
    /// Offers that nobody has reviewed.
    pub submissions_pending: u64,
    /// Vehicles that are for sale.
    pub vehicles_available: u64,
    /// Vehicles that were added.
    pub vehicles_added: u64,
    /// Vehicles that were sold.
    pub vehicles_sold: u64,
    /// Alerts that are open.
    pub alerts_open: u64,
    /// Of those, the critical ones.
    pub alerts_critical: u64,
    /// Jobs that failed and have not succeeded since.
    pub jobs_failing: Vec<String>,
    /// Feeds whose last export failed.
    pub feeds_failed: Vec<String>,
    /// Notifications that were given up, without those that only tried a channel.
    pub notifications_given_up: u64,
}

/// Counts what has happened after the first time and up to the second, and what stands now.
pub(in crate::notifications) fn digest(
    conn: &mut DbConnection,
    day: String,
    (after, until): (DateTime<Utc>, DateTime<Utc>),
) -> DbResult<DigestReport> {
    let (after, until) = (Instant(after), Instant(until));
    macro_rules! is_then {
        ($column:expr) => {
            $column.gt(after).and($column.le(until))
        };
    }
    macro_rules! count {
        ($query:expr) => {
            u64::try_from($query.count().get_result::<i64>(conn)?).unwrap_or_default()
        };
    }
    let open =
        || storage_alerts::table.filter(storage_alerts::dismissed.is_null().or(storage_alerts::dismissed.eq(false)));
    let failing: Vec<Option<Json<Value>>> = open()
        .filter(storage_alerts::alert_type.eq(AlertType::JobFailing.as_str()))
        .select(storage_alerts::metadata)
        .load(conn)?;
    let failing = failing.into_iter().flatten().filter_map(|of| of.0.get("job")?.as_str().map(ToOwned::to_owned));
    let exports: Vec<(Option<HeldText>, Option<HeldText>)> = export_logs::table
        .filter(is_then!(export_logs::exported_at))
        .order((export_logs::exported_at, export_logs::id))
        .select((export_logs::platform, export_logs::status))
        .load(conn)?;
    let last: BTreeMap<_, _> = exports.into_iter().map(|(platform, status)| (platform.text(), status.text())).collect();
    let failed = last.into_iter().filter(|(_, status)| status.as_deref() == Some(ExportStatus::Failure.as_str()));
    Ok(DigestReport {
        day,
        submissions_new: count!(pending_submissions::table.filter(is_then!(pending_submissions::submitted_at))),
        submissions_pending: count!(
            pending_submissions::table
                .filter(pending_submissions::submission_status.eq(SubmissionStatus::Pending.as_str()))
        ),
        vehicles_available: count!(inventory::table.filter(inventory::status.eq(VehicleStatus::Available.as_str()))),
        vehicles_added: count!(inventory::table.filter(is_then!(inventory::created_at))),
        vehicles_sold: count!(vehicle_sales::table.filter(is_then!(vehicle_sales::sold_at))),
        alerts_open: count!(open()),
        alerts_critical: count!(open().filter(storage_alerts::severity.eq(Severity::Critical.as_str()))),
        jobs_failing: failing.collect(),
        feeds_failed: failed.filter_map(|(platform, _)| platform).collect(),
        notifications_given_up: count!(
            notifications::table
                .filter(notifications::status.eq(NotificationStatus::GivenUp.as_str()))
                .filter(is_then!(notifications::ended_at))
                // Whoever tries a channel sees at once what comes of it.
                .filter(notifications::event.ne(Event::NotificationTest.as_str()))
        ),
    })
}
