//! Rows of `call_budgets`: the calls of a metered service in a month.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{DbConnection, DbResult, Instant, on_each, schema::call_budgets};

/// Counts one call of a metered service in the month of the given time, unless `most` were made. Answers whether it counted.
///
/// The statement that counts holds the condition, so concurrent processes never make one call too many.
pub(in crate::market) fn spend_call(
    conn: &mut DbConnection,
    service: &str,
    most: u32,
    now: DateTime<Utc>,
) -> DbResult<bool> {
    use call_budgets::dsl;
    let period = format!("{service} {}", now.format("%Y-%m"));
    let most = i32::try_from(most).unwrap_or(i32::MAX);
    on_each!(conn, c => {
        diesel::insert_into(dsl::call_budgets)
            .values((dsl::period.eq(&period), dsl::calls.eq(0), dsl::last_call_at.eq(Instant(now))))
            .on_conflict_do_nothing()
            .execute(c)?;
    });
    let within = dsl::call_budgets.filter(dsl::period.eq(&period)).filter(dsl::calls.lt(most));
    let counted = diesel::update(within)
        .set((dsl::calls.eq(dsl::calls + 1), dsl::last_call_at.eq(Instant(now))))
        .execute(conn)?;
    Ok(counted > 0)
}

/// The calls of a metered service in the month of the given time.
pub(in crate::market) fn calls_made(conn: &mut DbConnection, service: &str, now: DateTime<Utc>) -> DbResult<u32> {
    use call_budgets::dsl;
    let period = format!("{service} {}", now.format("%Y-%m"));
    let calls: Option<i32> =
        dsl::call_budgets.filter(dsl::period.eq(period)).select(dsl::calls).first(conn).optional()?;
    Ok(calls.and_then(|calls| u32::try_from(calls).ok()).unwrap_or(0))
}
