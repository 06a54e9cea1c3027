//! What must hold between the columns of a row, or between rows: a sale has its time, an approved submission its vehicle, every write
//! its entry in the audit trail. Where it does not, a person decides. Nothing here runs a statement.
//!
//! The audit trail is held against what was written while it was kept: since the database is jpauto's, and since the oldest entry
//! that is left where clean-up has removed some. Of what was written before it says nothing.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::{
    FindingKind,
    faults::{Dialect, Fault},
};

/// How far a time may be ahead of ours: other machines' clocks are.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// The times that rules compare with, as both databases read them.
pub(super) struct Times {
    /// A later time has not come.
    future: String,
    /// Since when the audit trail is kept; `None` where that is not known.
    recorded: Option<String>,
    /// The oldest entry that is left of an audit trail that was cut.
    cut: Option<String>,
}

impl Times {
    /// At a time, of a database that is jpauto's since another.
    pub(super) fn new(now: DateTime<Utc>, ours_since: Option<String>, cut: Option<String>) -> Self {
        let future = now.checked_add_signed(AHEAD).unwrap_or(now).to_rfc3339_opts(SecondsFormat::Micros, true);
        // The form is fixed, so that the later time is the larger text.
        Self { future, recorded: ours_since.max(cut.clone()), cut }
    }
}

/// What must hold. In its conditions `@FUTURE`, `@RECORDED` and `@CUT` are times, and `@NO_PAST_VEHICLE` is the database's own.
pub(super) struct Rule {
    kind: FindingKind,
    column: &'static str,
    /// Whether a row may break it, by a scan of the table.
    scan: &'static str,
    /// Whether it does, where that takes another large table.
    exact: Option<&'static str>,
}

impl Rule {
    /// What is looked for. Nothing where the audit trail cannot tell.
    pub(super) fn fault(&self, times: &Times, dialect: &Dialect) -> Option<Fault> {
        let needs_trail = self.scan.contains("@RECORDED");
        let recorded = match &times.recorded {
            Some(recorded) => recorded.as_str(),
            None if needs_trail => return None,
            None => "",
        };
        let cut = times.cut.as_deref().unwrap_or("0001-01-01T00:00:00.000000Z");
        let filled = |condition: &str| {
            condition
                .replace("@NO_PAST_VEHICLE", dialect.has_no_past_vehicle)
                .replace("@FUTURE", &format!("'{}'", times.future))
                .replace("@RECORDED", &format!("'{recorded}'"))
                .replace("@CUT", &format!("'{cut}'"))
        };
        let exact = self.exact.map(filled);
        Some(Fault { exact, ..Fault::by_hand(self.kind, self.column, filled(self.scan)) })
    }
}

/// A time that has not come. On SQLite a column may hold any text, which is named as such.
macro_rules! in_future {
    ($column:literal) => {
        Rule {
            kind: FindingKind::FutureTime,
            column: $column,
            scan: concat!($column, " > @FUTURE AND ", $column, " < '9999-01-01'"),
            exact: None,
        }
    };
}

/// A row of a time that lacks its entry.
macro_rules! unrecorded {
    ($table:literal as $noun:literal at $column:literal, $entry:literal) => {
        Rule {
            kind: FindingKind::Unrecorded,
            column: $column,
            scan: concat!($column, " > @RECORDED AND ", $column, " < '9999-01-01'"),
            exact: Some(concat!(
                $table,
                ".",
                $column,
                " > @RECORDED AND ",
                $table,
                ".",
                $column,
                " < '9999-01-01' AND NOT EXISTS \
                 (SELECT 1 FROM activity_logs AS entry WHERE entry.resource_type = '",
                $noun,
                "' AND entry.resource_id = ",
                $table,
                ".id AND ",
                $entry,
                ")"
            )),
        }
    };
}

pub(super) const USERS: [Rule; 1] = [unrecorded!("users" as "users" at "created_at", "entry.action = 'create'")];

pub(super) const COMPETITORS: [Rule; 1] =
    [unrecorded!("competitors" as "competitors" at "created_at", "entry.action = 'create'")];

pub(super) const TOKENS: [Rule; 1] = [unrecorded!("api_tokens" as "tokens" at "created_at", "entry.action = 'create'")];

pub(super) const EXPORTS: [Rule; 1] =
    [unrecorded!("export_logs" as "exports" at "exported_at", "entry.action = 'export'")];

pub(super) const LISTINGS: [Rule; 3] = [
    Rule { kind: FindingKind::Undated, column: "sold_at", scan: "is_sold AND sold_at IS NULL", exact: None },
    // Until that time comes the car is on the lot, whatever scrapes see.
    in_future!("last_seen_at"),
    Rule {
        kind: FindingKind::RepeatedVin,
        column: "vin",
        scan: "is_sold IS NOT TRUE AND length(vin) = 17",
        exact: Some(
            "is_sold IS NOT TRUE AND length(vin) = 17 AND (competitor_id, vin) IN \
             (SELECT competitor_id, vin FROM competitor_inventory WHERE is_sold IS NOT TRUE AND length(vin) = 17 \
              GROUP BY competitor_id, vin HAVING count(*) > 1)",
        ),
    },
];

pub(super) const VEHICLES: [Rule; 7] = [
    Rule { kind: FindingKind::NoStatus, column: "status", scan: "status IS NULL", exact: None },
    Rule { kind: FindingKind::Undated, column: "sold_at", scan: "status = 'sold' AND sold_at IS NULL", exact: None },
    Rule {
        kind: FindingKind::NotSold,
        column: "sold_at",
        scan: "status IN ('available', 'pending', 'hold') AND sold_at IS NOT NULL",
        exact: None,
    },
    in_future!("listed_at"),
    in_future!("sold_at"),
    unrecorded!("inventory" as "inventory" at "created_at", "entry.action = 'create'"),
    // Every change of a vehicle sets it.
    unrecorded!("inventory" as "inventory" at "updated_at", "entry.created_at >= inventory.updated_at"),
];

pub(super) const SUBMISSIONS: [Rule; 6] = [
    // An approved submission has its vehicle, unless the audit trail says that it was deleted or came back through another one.
    Rule {
        kind: FindingKind::NoVehicle,
        column: "submission_status",
        scan: "submission_status = 'approved' AND id NOT IN \
               (SELECT source_submission_id FROM inventory WHERE source_submission_id IS NOT NULL)",
        exact: Some(
            "submission_status = 'approved' AND (reviewed_at IS NULL OR reviewed_at >= @CUT) AND id NOT IN \
             (SELECT source_submission_id FROM inventory WHERE source_submission_id IS NOT NULL) AND @NO_PAST_VEHICLE",
        ),
    },
    Rule {
        kind: FindingKind::Unreviewed,
        column: "reviewed_at",
        scan: "submission_status IN ('approved', 'rejected') AND reviewed_at IS NULL",
        exact: None,
    },
    in_future!("reviewed_at"),
    unrecorded!("pending_submissions" as "submissions" at "created_at", "entry.action = 'create'"),
    unrecorded!("pending_submissions" as "submissions" at "updated_at", "entry.created_at >= pending_submissions.updated_at"),
    unrecorded!(
        "pending_submissions" as "submissions" at "reviewed_at",
        "entry.action IN ('approve', 'reject') AND entry.created_at >= pending_submissions.reviewed_at"
    ),
];
