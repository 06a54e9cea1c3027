//! Rows of `storage_alerts`, the table for alerts of every kind. Opening one raises its event in the outbox.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types::Bool};
use serde_json::Value;
use uuid::Uuid;

use super::{Alert, AlertFilter, AlertType, NewAlert, Severity};
use crate::{
    activity::{self, Action, Audited as _},
    db::{
        DbConnection, DbResult, Instant, Json, MultiBackend,
        functions::as_written,
        held::{Held, HeldText, MayBeNull as _, Place},
        in_index_order, is_one_of,
        schema::{storage_alerts, storage_alerts::dsl},
        types::AnyId,
    },
    error::{Error, ErrorCode},
    ids::AlertId,
    outbox,
    page::{Page, PageRequest},
    typed::{MOST_CANDIDATES, Reference},
};

/// As the index of open alerts has it.
const IS_OPEN: &str = "storage_alerts.dismissed IS NOT TRUE";

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = storage_alerts, treat_none_as_default_value = false)]
struct Row {
    id: AlertId,
    alert_type: Option<HeldText>,
    severity: Option<HeldText>,
    message: Option<HeldText>,
    metadata: Option<Json<Value>>,
    dismissed: Option<bool>,
    dismissed_at: Option<Instant>,
    created_at: Option<Held<Instant>>,
    subject_id: Option<AnyId>,
}

impl From<Row> for Alert {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            alert_type: row.alert_type.text().unwrap_or_default(),
            // Another application may have written other words, such as `info`.
            severity: row.severity.and_then(|word| word.parse().ok()).unwrap_or(Severity::Warning),
            message: row.message.text().unwrap_or_default(),
            metadata: row.metadata.map(|document| document.0).unwrap_or_default(),
            subject_id: row.subject_id.map(|id| id.0),
            dismissed: row.dismissed.unwrap_or(false),
            dismissed_at: row.dismissed_at.map(DateTime::from),
            dismissed_by: None,
            created_at: row.created_at.time(),
        }
    }
}

/// Opens the alert, or updates the open one of its type about the same thing.
pub(crate) fn open(conn: &mut DbConnection, alert: &NewAlert, now: DateTime<Utc>) -> DbResult<()> {
    let standing = || {
        let about_nothing = alert.subject_id.is_none().into_sql::<Bool>();
        dsl::storage_alerts
            .filter(dsl::alert_type.eq(alert.alert_type.as_str()))
            .filter(dsl::subject_id.eq(alert.subject_id.map(AnyId)).or(about_nothing.and(dsl::subject_id.is_null())))
            .filter(as_written(IS_OPEN))
    };
    if let Some(event) = alert.event() {
        let known: Option<Option<HeldText>> = standing().select(dsl::severity).first(conn).optional()?;
        let rises = |known: Option<HeldText>| {
            alert.severity == Severity::Critical && known.as_deref() != Some(Severity::Critical.as_str())
        };
        if known.is_none_or(rises) {
            outbox::raise(conn, event, alert.told(), now)?;
        }
    }
    let updated = diesel::update(standing())
        .set((
            dsl::severity.eq(alert.severity.as_str()),
            dsl::message.eq(&alert.message),
            dsl::metadata.eq(Json(alert.metadata.clone())),
        ))
        .execute(conn)?;
    if updated > 0 {
        return Ok(());
    }
    let row = Row {
        id: AlertId::new(now),
        alert_type: Some(alert.alert_type.as_str().into()),
        severity: Some(alert.severity.as_str().into()),
        message: Some(alert.message.clone().into()),
        metadata: Some(Json(alert.metadata.clone())),
        dismissed: Some(false),
        dismissed_at: None,
        created_at: Some(now.into()),
        subject_id: alert.subject_id.map(AnyId),
    };
    diesel::insert_into(dsl::storage_alerts).values(&row).execute(conn)?;
    Ok(())
}

/// Closes the open alerts of these types about one thing, at most one of each type. `ended` makes the new text of each: what
/// was wrong and why it is over.
pub(crate) fn close(
    conn: &mut DbConnection,
    types: &[AlertType],
    subject: Uuid,
    ended: &dyn Fn(&Alert) -> String,
    now: DateTime<Utc>,
) -> DbResult<()> {
    let words: Vec<_> = types.iter().map(|alert_type| alert_type.as_str()).collect();
    let standing: Vec<Row> = dsl::storage_alerts
        .filter(dsl::alert_type.eq_any(words))
        .filter(dsl::subject_id.eq(AnyId(subject)))
        .filter(as_written(IS_OPEN))
        .select(Row::as_select())
        .load(conn)?;
    for row in standing {
        let alert = Alert::from(row);
        let still_open = dsl::storage_alerts.filter(dsl::id.eq(alert.id)).filter(as_written(IS_OPEN));
        let over = (dsl::dismissed.eq(true), dsl::dismissed_at.eq(Some(Instant(now))), dsl::message.eq(ended(&alert)));
        diesel::update(still_open).set(over).execute(conn)?;
    }
    Ok(())
}

/// The open alerts of a type.
pub(crate) fn open_of(conn: &mut DbConnection, alert_type: AlertType) -> DbResult<Vec<Alert>> {
    let rows: Vec<Row> = dsl::storage_alerts
        .filter(dsl::alert_type.eq(alert_type.as_str()))
        .filter(as_written(IS_OPEN))
        .order(dsl::created_at)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Alert::from).collect())
}

/// Those of the subjects about which an alert of these types is open.
pub(crate) fn subjects_of_open(
    conn: &mut DbConnection,
    types: &[AlertType],
    subjects: &[Uuid],
) -> DbResult<HashSet<Uuid>> {
    let words: Vec<_> = types.iter().map(|alert_type| alert_type.as_str()).collect();
    let subjects: Vec<Option<AnyId>> = subjects.iter().map(|&subject| Some(AnyId(subject))).collect();
    let found: Vec<Option<AnyId>> = dsl::storage_alerts
        .filter(dsl::alert_type.eq_any(words))
        .filter(dsl::subject_id.eq_any(subjects))
        .filter(as_written(IS_OPEN))
        .select(dsl::subject_id)
        .load(conn)?;
    Ok(found.into_iter().flatten().map(|subject| subject.0).collect())
}

/// Whether an alert of this type about this subject is open.
pub(crate) fn is_open(conn: &mut DbConnection, alert_type: AlertType, subject: Uuid) -> DbResult<bool> {
    let standing: i64 = dsl::storage_alerts
        .filter(dsl::alert_type.eq(alert_type.as_str()))
        .filter(dsl::subject_id.eq(AnyId(subject)))
        .filter(as_written(IS_OPEN))
        .count()
        .get_result(conn)?;
    Ok(standing > 0)
}

/// Whether a person has dismissed the newest alert of the type about the same thing, and nothing is new since: it said the same, and
/// no less severely.
pub(crate) fn is_put_away(
    conn: &mut DbConnection,
    alert: &NewAlert,
    says_the_same: &dyn Fn(&Alert) -> bool,
) -> DbResult<bool> {
    let newest: Option<Row> = dsl::storage_alerts
        .filter(dsl::alert_type.eq(alert.alert_type.as_str()))
        .filter(dsl::subject_id.eq(alert.subject_id.map(AnyId)))
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    let Some(known) = newest.map(Alert::from).filter(|known| known.dismissed && says_the_same(known)) else {
        return Ok(false);
    };
    let rises = alert.severity == Severity::Critical && known.severity != Severity::Critical;
    // One that has closed by itself has no entry.
    Ok(!rises && activity::has_entry(conn, Alert::RESOURCE, known.id.into(), Action::Update)?)
}

/// Closes the open alert of this type that is about no vehicle or competitor.
pub(crate) fn close_about_nothing(conn: &mut DbConnection, alert_type: AlertType, now: DateTime<Utc>) -> DbResult<()> {
    let standing = dsl::storage_alerts
        .filter(dsl::alert_type.eq(alert_type.as_str()))
        .filter(dsl::subject_id.is_null())
        .filter(as_written(IS_OPEN));
    diesel::update(standing).set((dsl::dismissed.eq(true), dsl::dismissed_at.eq(Some(Instant(now))))).execute(conn)?;
    Ok(())
}

/// The newest alert of this type that is about no vehicle or competitor, open or closed.
pub(crate) fn newest_about_nothing(conn: &mut DbConnection, alert_type: AlertType) -> DbResult<Option<Alert>> {
    let row: Option<Row> = dsl::storage_alerts
        .filter(dsl::alert_type.eq(alert_type.as_str()))
        .filter(dsl::subject_id.is_null())
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Alert::from))
}

/// Closes an alert whose trouble is over, with its last words and figures. One that a person has closed keeps the time of that.
pub(crate) fn end(
    conn: &mut DbConnection,
    id: AlertId,
    message: String,
    metadata: Value,
    now: DateTime<Utc>,
) -> DbResult<()> {
    let still_open = dsl::storage_alerts.find(id).filter(as_written(IS_OPEN));
    diesel::update(still_open)
        .set((dsl::dismissed.eq(true), dsl::dismissed_at.eq(Some(Instant(now)))))
        .execute(conn)?;
    diesel::update(dsl::storage_alerts.find(id))
        .set((dsl::message.eq(message), dsl::metadata.eq(Json(metadata))))
        .execute(conn)?;
    Ok(())
}

/// Says of each alert that a person has dismissed who that was. The audit trail has it: one that closed by itself has no entry.
fn name_dismissers(conn: &mut DbConnection, alerts: &mut [Alert]) -> DbResult<()> {
    let dismissed: Vec<Uuid> = alerts.iter().filter(|alert| alert.dismissed).map(|alert| alert.id.into()).collect();
    if dismissed.is_empty() {
        return Ok(());
    }
    let mut by = activity::latest_by(conn, Alert::RESOURCE, &dismissed, Action::Update)?;
    for alert in alerts {
        alert.dismissed_by = by.remove(&alert.id.into());
    }
    Ok(())
}

pub(super) fn get(conn: &mut DbConnection, id: AlertId) -> DbResult<Alert> {
    let row: Option<Row> = dsl::storage_alerts.find(id).select(Row::as_select()).first(conn).optional()?;
    let mut alert = [row.ok_or_else(not_found)?.into()];
    name_dismissers(conn, &mut alert)?;
    let [alert] = alert;
    Ok(alert)
}

/// The alerts whose id begins so, at most `MOST_CANDIDATES`.
pub(super) fn candidates(conn: &mut DbConnection, reference: &Reference<'_>) -> DbResult<Vec<Alert>> {
    let Some((first, last)) = reference.ids() else { return Ok(Vec::new()) };
    let (first, last) = (AlertId::from_uuid(first), AlertId::from_uuid(last));
    let rows: Vec<Row> = dsl::storage_alerts
        .filter(dsl::id.ge(first).and(dsl::id.le(last)))
        .order(dsl::id)
        .limit(MOST_CANDIDATES)
        .select(Row::as_select())
        .load(conn)?;
    let mut alerts: Vec<_> = rows.into_iter().map(Alert::from).collect();
    name_dismissers(conn, &mut alerts)?;
    Ok(alerts)
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorCode::AlertNotFound, "there is no such alert")
}

pub(super) fn dismiss(conn: &mut DbConnection, id: AlertId, now: DateTime<Utc>) -> DbResult<()> {
    diesel::update(dsl::storage_alerts.find(id))
        .set((dsl::dismissed.eq(true), dsl::dismissed_at.eq(Some(Instant(now)))))
        .execute(conn)?;
    Ok(())
}

pub(super) fn list(conn: &mut DbConnection, filter: &AlertFilter, request: &PageRequest) -> DbResult<Page<Alert>> {
    const ORDER: &str = "-created_at";
    let matching = || {
        let mut query = dsl::storage_alerts.select(Row::as_select()).into_boxed::<MultiBackend>();
        if !filter.with_dismissed {
            query = query.filter(as_written(IS_OPEN));
        }
        if let Some(alert_type) = filter.alert_type {
            query = query.filter(dsl::alert_type.eq(alert_type.as_str()));
        }
        // A word of another application reads as a warning.
        query = match filter.severity {
            Some(Severity::Critical) => query.filter(dsl::severity.eq(Severity::Critical.as_str())),
            Some(Severity::Warning) => {
                query.filter(dsl::severity.is_null().or(dsl::severity.ne(Severity::Critical.as_str())))
            }
            None => query,
        };
        if filter.about_prices {
            query = query.filter(is_one_of(dsl::alert_type, AlertType::OF_PRICES.map(AlertType::as_str)));
        }
        if let Some(subject) = filter.subject_id {
            query = query.filter(dsl::subject_id.eq(AnyId(subject)));
        }
        query
    };
    let position: Option<(Option<Place<Instant>>, AlertId)> = request.position(ORDER)?;
    let rows: Vec<Row> = in_index_order!(conn, matching, dsl::created_at, dsl::id, desc, position, request);
    let page = Page::cut(rows, request, ORDER, |row: &Row| (row.created_at.place(), row.id))?;
    let mut page = page.map(Alert::from);
    name_dismissers(conn, &mut page.items)?;
    Ok(page)
}
