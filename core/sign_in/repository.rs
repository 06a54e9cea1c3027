//! Rows of `sign_in_links`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{
    db::{DbConnection, DbResult, Instant, schema::sign_in_links::dsl},
    ids::UserId,
};

/// Writes a link in the place of the user's others.
pub(super) fn insert(
    conn: &mut DbConnection,
    secret_hash: &str,
    user: UserId,
    now: DateTime<Utc>,
    end: DateTime<Utc>,
) -> DbResult<()> {
    diesel::delete(dsl::sign_in_links.filter(dsl::user_id.eq(user))).execute(conn)?;
    let row = (
        dsl::secret_hash.eq(secret_hash),
        dsl::user_id.eq(user),
        dsl::created_at.eq(Instant(now)),
        dsl::expires_at.eq(Instant(end)),
    );
    diesel::insert_into(dsl::sign_in_links).values(row).execute(conn)?;
    Ok(())
}

/// Uses up a link and answers its user. Of two at once, one gets it.
pub(super) fn redeem(conn: &mut DbConnection, secret_hash: &str, now: DateTime<Utc>) -> DbResult<Option<UserId>> {
    let valid =
        dsl::sign_in_links.find(secret_hash).filter(dsl::used_at.is_null()).filter(dsl::expires_at.gt(Instant(now)));
    let used = diesel::update(valid).set(dsl::used_at.eq(Some(Instant(now)))).execute(conn)?;
    if used == 0 {
        return Ok(None);
    }
    Ok(Some(dsl::sign_in_links.find(secret_hash).select(dsl::user_id).first(conn)?))
}
