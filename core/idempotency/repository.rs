//! Rows of `idempotency_keys`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::KeptAnswer;
use crate::db::{
    DbConnection, DbResult, Instant,
    held::{HeldText, MayBeNull as _},
    load_unlocked,
    schema::idempotency_keys::dsl,
};

/// A call that was done.
pub(crate) struct Row {
    pub(crate) request: String,
    pub(crate) answer: Option<KeptAnswer>,
}

type Columns = (HeldText, Option<i32>, Option<HeldText>, Option<HeldText>);

/// The call of this name, unless it is older.
pub(crate) fn find(conn: &mut DbConnection, name: &str, since: DateTime<Utc>) -> DbResult<Option<Row>> {
    let found: Option<Columns> = dsl::idempotency_keys
        .find(name)
        .filter(dsl::created_at.gt(Instant(since)))
        .select((dsl::request_hash, dsl::status, dsl::location, dsl::answer))
        .first(conn)
        .optional()?;
    Ok(found.map(|(request, status, location, text)| {
        let answer = status.map(|status| KeptAnswer {
            status,
            location: location.text(),
            text: text.text().unwrap_or_default(),
        });
        Row { request: request.text(), answer }
    }))
}

/// Writes a call without its answer. Where another process inserts it first, the key is violated and the whole transaction
/// runs again.
pub(super) fn insert(conn: &mut DbConnection, name: &str, request: &str, now: DateTime<Utc>) -> DbResult<()> {
    let row = (dsl::name_hash.eq(name), dsl::request_hash.eq(request), dsl::created_at.eq(Instant(now)));
    diesel::insert_into(dsl::idempotency_keys).values(row).execute(conn)?;
    Ok(())
}

/// Writes the answer of a call.
pub(crate) fn keep(conn: &mut DbConnection, name: &str, answer: &KeptAnswer) -> DbResult<()> {
    let columns = (
        dsl::status.eq(Some(answer.status)),
        dsl::location.eq(answer.location.as_deref()),
        dsl::answer.eq(Some(answer.text.as_str())),
    );
    diesel::update(dsl::idempotency_keys.find(name)).set(columns).execute(conn)?;
    Ok(())
}

/// Removes the calls that are older.
pub(super) fn forget_before(conn: &mut DbConnection, time: DateTime<Utc>) -> DbResult<()> {
    diesel::delete(dsl::idempotency_keys.filter(dsl::created_at.le(Instant(time)))).execute(conn)?;
    Ok(())
}

/// Removes calls that are older, at most so many, and returns how many.
pub(crate) fn forget_some_before(conn: &mut DbConnection, time: DateTime<Utc>, most: i64) -> DbResult<usize> {
    let old: Vec<HeldText> = load_unlocked!(
        conn,
        dsl::idempotency_keys
            .filter(dsl::created_at.le(Instant(time)))
            .order(dsl::created_at)
            .limit(most)
            .select(dsl::name_hash)
    );
    Ok(diesel::delete(dsl::idempotency_keys.filter(dsl::name_hash.eq_any(old))).execute(conn)?)
}

/// How many calls are older.
pub(crate) fn count_before(conn: &mut DbConnection, time: DateTime<Utc>) -> DbResult<usize> {
    let old: i64 = dsl::idempotency_keys.filter(dsl::created_at.le(Instant(time))).count().get_result(conn)?;
    Ok(usize::try_from(old).unwrap_or_default())
}
