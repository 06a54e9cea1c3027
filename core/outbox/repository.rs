//! Rows of `outbox`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::{Event, Raised};
use crate::{
    db::{
        DbConnection, DbResult, Instant, Json,
        held::HeldText,
        schema::outbox::{self, dsl},
    },
    ids::EventId,
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
struct Row {
    id: EventId,
    event: HeldText,
    data: Json<Value>,
    raised_at: Instant,
}

impl From<Row> for Raised {
    fn from(row: Row) -> Self {
        Self { id: row.id, event: Event::stored(&row.event), data: row.data.0, raised_at: row.raised_at.into() }
    }
}

/// Writes down that something has happened.
pub(crate) fn raise(conn: &mut DbConnection, event: Event, data: Value, now: DateTime<Utc>) -> DbResult<()> {
    let row = Row { id: EventId::new(now), event: event.as_str().into(), data: Json(data), raised_at: Instant(now) };
    diesel::insert_into(dsl::outbox).values(&row).execute(conn)?;
    Ok(())
}

/// When the oldest event of one kind was raised, and when the oldest of all others.
pub(crate) type Oldest = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// When the oldest event was raised, of those of one kind and of all others.
pub(crate) fn oldest(conn: &mut DbConnection, kind: Event) -> DbResult<Oldest> {
    let times = || dsl::outbox.order((dsl::raised_at, dsl::id)).select(dsl::raised_at);
    let of_kind: Option<Instant> = times().filter(dsl::event.eq(kind.as_str())).first(conn).optional()?;
    let others: Option<Instant> = times().filter(dsl::event.ne(kind.as_str())).first(conn).optional()?;
    Ok((of_kind.map(DateTime::from), others.map(DateTime::from)))
}

/// Takes the oldest events out, all kinds or all but one. Events that another process takes out at this moment are passed over.
pub(crate) fn take(conn: &mut DbConnection, but: Option<Event>, most: i64) -> DbResult<Vec<Raised>> {
    let but = but.map_or("", Event::as_str);
    let oldest = || dsl::outbox.filter(dsl::event.ne(but)).order((dsl::raised_at, dsl::id)).limit(most).select(dsl::id);
    let ids: Vec<EventId> = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => oldest().for_update().skip_locked().load(conn)?,
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => oldest().load(conn)?,
    };
    let taken = || dsl::outbox.filter(dsl::id.eq_any(&ids));
    let rows: Vec<Row> = taken().order((dsl::raised_at, dsl::id)).select(Row::as_select()).load(conn)?;
    diesel::delete(taken()).execute(conn)?;
    Ok(rows.into_iter().map(Raised::from).collect())
}
