//! Rows of `export_logs`. They are inserted and read, never changed.

use diesel::{
    dsl::{exists, not},
    prelude::*,
};
use serde_json::Value;

use super::{ExportEntry, ExportFilter, ExportStatus};
use crate::{
    db::{
        DbConnection, DbResult, Instant, Json, MultiBackend,
        held::{Held, HeldText, MayBeNull as _, Place},
        in_index_order,
        schema::export_logs::{self, dsl},
    },
    ids::ExportId,
    page::{Page, PageRequest},
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = export_logs, treat_none_as_default_value = false)]
struct Row {
    id: ExportId,
    platform: Option<HeldText>,
    vehicle_count: Option<i32>,
    status: Option<HeldText>,
    error_message: Option<HeldText>,
    exported_at: Option<Held<Instant>>,
    destination: Option<HeldText>,
    left_out_count: Option<i32>,
    bytes: Option<i64>,
    error_code: Option<HeldText>,
    answer: Option<HeldText>,
    report: Option<Json<Value>>,
}

impl From<Row> for ExportEntry {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            platform: row.platform.text().unwrap_or_default(),
            vehicle_count: row.vehicle_count,
            status: row.status.map_or(ExportStatus::Unknown, |word| ExportStatus::stored(&word)),
            error_message: row.error_message.text(),
            exported_at: row.exported_at.time(),
            destination: row.destination.text(),
            left_out_count: row.left_out_count,
            bytes: row.bytes,
            error_code: row.error_code.text(),
            answer: row.answer.text(),
            report: row.report.map(|report| report.0),
        }
    }
}

pub(super) fn insert(conn: &mut DbConnection, entry: &ExportEntry) -> DbResult<()> {
    let row = Row {
        id: entry.id,
        platform: Some(entry.platform.clone().into()),
        vehicle_count: entry.vehicle_count,
        status: Some(entry.status.as_str().into()),
        error_message: entry.error_message.clone().map(HeldText::from),
        exported_at: entry.exported_at.map(Held::from),
        destination: entry.destination.clone().map(HeldText::from),
        left_out_count: entry.left_out_count,
        bytes: entry.bytes,
        error_code: entry.error_code.clone().map(HeldText::from),
        answer: entry.answer.clone().map(HeldText::from),
        report: entry.report.clone().map(Json),
    };
    diesel::insert_into(dsl::export_logs).values(&row).execute(conn)?;
    Ok(())
}

/// The vehicles of the last export of this feed to this destination, under any of its names, that succeeded. A pattern matches the names
/// that the file has on other days.
pub(super) fn last_vehicle_count(
    conn: &mut DbConnection,
    platform: &str,
    destination: &[String],
    on_other_days: Option<String>,
) -> DbResult<Option<i32>> {
    let on_other_days = on_other_days.unwrap_or_default();
    let found: Option<Option<i32>> = dsl::export_logs
        .filter(dsl::platform.eq(platform))
        .filter(dsl::destination.eq_any(destination).or(dsl::destination.like(on_other_days).escape('\\')))
        .filter(dsl::status.eq(ExportStatus::Success.as_str()))
        .order((dsl::exported_at.desc(), dsl::id.desc()))
        .select(dsl::vehicle_count)
        .first(conn)
        .optional()?;
    Ok(found.flatten())
}

pub(super) fn list(
    conn: &mut DbConnection,
    filter: &ExportFilter,
    request: &PageRequest,
) -> DbResult<Page<ExportEntry>> {
    const ORDER: &str = "-exported_at";
    let newer = diesel::alias!(export_logs as newer);
    let success = ExportStatus::Success.as_str();
    let matching = || {
        let mut query = dsl::export_logs.select(Row::as_select()).into_boxed::<MultiBackend>();
        if let Some(platform) = filter.platform {
            query = query.filter(dsl::platform.eq(platform.as_str()));
        }
        if let Some(status) = filter.status {
            query = query.filter(dsl::status.eq(status.as_str()));
        }
        if filter.last_of_each {
            let later = newer
                .filter(newer.field(dsl::platform).eq(dsl::platform))
                .filter(newer.field(dsl::status).eq(success))
                .filter(newer.field(dsl::destination).is_not_null())
                .filter(newer.field(dsl::exported_at).gt(dsl::exported_at));
            // What was downloaded went nowhere that is known.
            let arrived = dsl::status.eq(success).and(dsl::destination.is_not_null());
            query = query.filter(arrived).filter(not(exists(later)));
        }
        query
    };
    let position: Option<(Option<Place<Instant>>, ExportId)> = request.position(ORDER)?;
    let rows: Vec<Row> = in_index_order!(conn, matching, dsl::exported_at, dsl::id, desc, position, request);
    let page = Page::cut(rows, request, ORDER, |row: &Row| (row.exported_at.place(), row.id))?;
    Ok(page.map(ExportEntry::from))
}
