//! Rows of `job_leases`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Lease;
use crate::db::{
    DbConnection, DbResult, Instant, MultiBackend, lock_row,
    schema::job_leases::{self, dsl},
};

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = job_leases)]
struct Row {
    job_name: String,
    holder: String,
    acquired_at: Instant,
    expires_at: Instant,
}

fn locked(conn: &mut DbConnection, name: &str) -> DbResult<Option<Row>> {
    lock_row!(conn, dsl::job_leases.find(name).select(dsl::job_name));
    Ok(dsl::job_leases.find(name).select(Row::as_select()).first(conn).optional()?)
}

/// Takes a lease that is free, over, or the holder's already; `false` where somebody else has it.
pub(crate) fn take(
    conn: &mut DbConnection,
    name: &str,
    holder: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> DbResult<bool> {
    let known = locked(conn, name)?;
    if known.as_ref().is_some_and(|row| row.holder != holder && DateTime::from(row.expires_at) > now) {
        return Ok(false);
    }
    let row = Row {
        job_name: name.to_owned(),
        holder: holder.to_owned(),
        acquired_at: Instant(now),
        expires_at: Instant(until),
    };
    match known {
        Some(_) => diesel::update(dsl::job_leases.find(name)).set(&row).execute(conn)?,
        // One that another inserts meanwhile violates the key, and the whole transaction looks again.
        None => diesel::insert_into(dsl::job_leases).values(&row).execute(conn)?,
    };
    Ok(true)
}

/// Prolongs what the holder still has of these, and names it. What is over stays so, whether it was taken or not: under another
/// name somebody may be at the same thing meanwhile, such as another list of one host.
pub(crate) fn renew(
    conn: &mut DbConnection,
    names: &[&str],
    holder: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> DbResult<Vec<String>> {
    let own = || {
        dsl::job_leases
            .filter(dsl::job_name.eq_any(names))
            .filter(dsl::holder.eq(holder))
            .filter(dsl::expires_at.gt(Instant(now)))
    };
    diesel::update(own()).set(dsl::expires_at.eq(Instant(until))).execute(conn)?;
    Ok(own().select(dsl::job_name).load(conn)?)
}

/// Whether the lease is the holder's, and keeps it from being taken until the transaction ends.
pub(crate) fn held_by(conn: &mut DbConnection, name: &str, holder: &str) -> DbResult<bool> {
    Ok(locked(conn, name)?.is_some_and(|row| row.holder == holder))
}

/// Gives a lease back; one that somebody else has taken is let be.
pub(crate) fn release(conn: &mut DbConnection, name: &str, holder: &str) -> DbResult<()> {
    diesel::delete(dsl::job_leases.find(name).filter(dsl::holder.eq(holder))).execute(conn)?;
    Ok(())
}

/// Who has the lease now.
pub(crate) fn holder(conn: &mut DbConnection, name: &str, now: DateTime<Utc>) -> DbResult<Option<String>> {
    let live = dsl::job_leases.find(name).filter(dsl::expires_at.gt(Instant(now)));
    Ok(live.select(dsl::holder).first(conn).optional()?)
}

/// The leases, with names of this beginning, that somebody has now.
pub(crate) fn live_leases(conn: &mut DbConnection, beginning: &str, now: DateTime<Utc>) -> DbResult<Vec<Lease>> {
    let live = dsl::job_leases
        .filter(dsl::job_name.like(format!("{beginning}%")))
        .filter(dsl::expires_at.gt(Instant(now)))
        .order(dsl::acquired_at);
    let rows: Vec<Row> = live.select(Row::as_select()).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|Row { job_name, holder, acquired_at, expires_at }| Lease {
            name: job_name,
            holder,
            since: acquired_at.into(),
            until: expires_at.into(),
        })
        .collect())
}

/// The names, with this beginning, of the leases that somebody has now, or somebody but one holder.
pub(crate) fn live(
    conn: &mut DbConnection,
    beginning: &str,
    but: Option<&str>,
    now: DateTime<Utc>,
) -> DbResult<Vec<String>> {
    let mut live = dsl::job_leases
        .filter(dsl::job_name.like(format!("{beginning}%")))
        .filter(dsl::expires_at.gt(Instant(now)))
        .select(dsl::job_name)
        .into_boxed::<MultiBackend>();
    if let Some(holder) = but {
        live = live.filter(dsl::holder.ne(holder.to_owned()));
    }
    Ok(live.load(conn)?)
}
