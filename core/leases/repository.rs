//! Rows of `job_leases`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{Lease, Taken, process};
use crate::{
    clock::Clock,
    db::{
        DbConnection, DbResult, Instant,
        held::{HeldText, MayBeNull as _},
        lock_row,
        schema::job_leases::{self, dsl},
    },
};

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = job_leases)]
struct Row {
    job_name: HeldText,
    holder: HeldText,
    acquired_at: Instant,
    expires_at: Instant,
}

impl Row {
    /// Whether it has not ended, and its holder's process is not known to have.
    fn is_live(&self, now: DateTime<Utc>) -> bool {
        DateTime::from(self.expires_at) > now && !process::is_gone(&self.holder)
    }
}

fn locked(conn: &mut DbConnection, name: &str) -> DbResult<Option<Row>> {
    lock_row!(conn, dsl::job_leases.find(name).select(dsl::job_name));
    Ok(dsl::job_leases.find(name).select(Row::as_select()).first(conn).optional()?)
}

#[cfg(feature = "postgres")]
#[derive(QueryableByName)]
struct Time {
    #[diesel(sql_type = crate::db::types::DbInstant)]
    now: Instant,
}

/// The time by the clock that all processes share: the database server's on PostgreSQL. A clock that the configuration gives is
/// asked itself.
pub(crate) fn shared_now(conn: &mut DbConnection, clock: &Clock) -> DbResult<DateTime<Utc>> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) if clock.is_of_the_machine() => {
            Ok(diesel::sql_query("SELECT clock_timestamp() AS now").get_result::<Time>(conn)?.now.into())
        }
        _ => Ok(clock.now()),
    }
}

/// Takes a lease that is free or has ended, or extends the holder's own.
pub(crate) fn take(
    conn: &mut DbConnection,
    name: &str,
    holder: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> DbResult<Taken> {
    let known = locked(conn, name)?;
    let is_known = known.is_some();
    let acquired_at = match known.filter(|row| row.is_live(now)) {
        Some(row) if *row.holder != *holder => return Ok(Taken::No),
        Some(row) => Some(row.acquired_at),
        None => None,
    };
    let row = Row {
        job_name: name.into(),
        holder: holder.into(),
        acquired_at: acquired_at.unwrap_or(Instant(now)),
        expires_at: Instant(until),
    };
    if is_known {
        diesel::update(dsl::job_leases.find(name)).set(&row).execute(conn)?;
    } else {
        // Where another process inserts it first, the key is violated and the whole transaction runs again.
        diesel::insert_into(dsl::job_leases).values(&row).execute(conn)?;
    }
    Ok(if acquired_at.is_some() { Taken::Extended } else { Taken::Anew })
}

/// Extends those of the leases that the holder has, and answers their names. A lease that has ended stays so, even where
/// nobody took it: another lease may have been granted because of that, such as one on another list of the same host.
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
    let names: Vec<HeldText> = own().select(dsl::job_name).load(conn)?;
    Ok(names.into_iter().map(String::from).collect())
}

/// Whether the lease is the holder's and has not ended; nobody else can take it until the transaction ends.
pub(crate) fn held_by(conn: &mut DbConnection, name: &str, holder: &str, now: DateTime<Utc>) -> DbResult<bool> {
    Ok(locked(conn, name)?.is_some_and(|row| *row.holder == *holder && row.is_live(now)))
}

/// Gives a lease back, and answers whether it was the holder's to the end. Another holder's lease stays.
pub(crate) fn release(conn: &mut DbConnection, name: &str, holder: &str, now: DateTime<Utc>) -> DbResult<bool> {
    let was_held = held_by(conn, name, holder, now)?;
    diesel::delete(dsl::job_leases.find(name).filter(dsl::holder.eq(holder))).execute(conn)?;
    Ok(was_held)
}

/// The holder of a lease that has not ended.
pub(crate) fn holder(conn: &mut DbConnection, name: &str, now: DateTime<Utc>) -> DbResult<Option<String>> {
    let row: Option<Row> = dsl::job_leases.find(name).select(Row::as_select()).first(conn).optional()?;
    Ok(row.filter(|row| row.is_live(now)).map(|row| row.holder.text()))
}

/// Notes who was the last to do something, in the way of a lease that ends at once: it keeps nobody from anything.
pub(crate) fn note_last(conn: &mut DbConnection, name: &str, holder: &str, now: DateTime<Utc>) -> DbResult<()> {
    take(conn, name, holder, now, DateTime::UNIX_EPOCH).map(drop)
}

/// The last holder of a lease, whether or not it has ended.
pub(crate) fn last_holder(conn: &mut DbConnection, name: &str) -> DbResult<Option<String>> {
    let holder: Option<HeldText> = dsl::job_leases.find(name).select(dsl::holder).first(conn).optional()?;
    Ok(holder.text())
}

/// Removes a lease, whoever holds it.
pub(crate) fn forget(conn: &mut DbConnection, name: &str) -> DbResult<()> {
    diesel::delete(dsl::job_leases.find(name)).execute(conn)?;
    Ok(())
}

/// The leases that have not ended and whose names begin so, the oldest first.
pub(crate) fn live_leases(conn: &mut DbConnection, beginning: &str, now: DateTime<Utc>) -> DbResult<Vec<Lease>> {
    let live = dsl::job_leases
        .filter(dsl::job_name.like(format!("{beginning}%")))
        .filter(dsl::expires_at.gt(Instant(now)))
        .order(dsl::acquired_at);
    let rows: Vec<Row> = live.select(Row::as_select()).load(conn)?;
    Ok(rows
        .into_iter()
        .filter(|row| row.is_live(now))
        .map(|Row { job_name, holder, acquired_at, expires_at }| Lease {
            name: job_name.text(),
            holder: holder.text(),
            since: acquired_at.into(),
            until: expires_at.into(),
        })
        .collect())
}
