//! Rows of `sign_in_links`, `sign_in_states` and `sign_in_identities`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Pending;
use crate::{
    db::{
        DbConnection, DbResult, Instant,
        held::{HeldText, MayBeNull as _},
        load_unlocked,
        schema::{sign_in_identities::dsl as identities, sign_in_links::dsl as links, sign_in_states::dsl as states},
    },
    ids::UserId,
};

/// Writes a link in the place of the user's others.
pub(super) fn insert_link(
    conn: &mut DbConnection,
    secret_hash: &str,
    user: UserId,
    now: DateTime<Utc>,
    end: DateTime<Utc>,
) -> DbResult<()> {
    diesel::delete(links::sign_in_links.filter(links::user_id.eq(user))).execute(conn)?;
    let row = (
        links::secret_hash.eq(secret_hash),
        links::user_id.eq(user),
        links::created_at.eq(Instant(now)),
        links::expires_at.eq(Instant(end)),
    );
    diesel::insert_into(links::sign_in_links).values(row).execute(conn)?;
    Ok(())
}

/// Uses up a link and answers its user. Of two at once, one gets it.
pub(super) fn redeem_link(conn: &mut DbConnection, secret_hash: &str, now: DateTime<Utc>) -> DbResult<Option<UserId>> {
    let valid = links::sign_in_links
        .find(secret_hash)
        .filter(links::used_at.is_null())
        .filter(links::expires_at.gt(Instant(now)));
    let used = diesel::update(valid).set(links::used_at.eq(Some(Instant(now)))).execute(conn)?;
    if used == 0 {
        return Ok(None);
    }
    Ok(Some(links::sign_in_links.find(secret_hash).select(links::user_id).first(conn)?))
}

/// Writes down a sign-in that begins.
pub(super) fn insert_state(
    conn: &mut DbConnection,
    state_hash: &str,
    browser_hash: &str,
    pending: &Pending,
    now: DateTime<Utc>,
    end: DateTime<Utc>,
) -> DbResult<()> {
    let row = (
        states::state_hash.eq(state_hash),
        states::browser_hash.eq(browser_hash),
        states::provider.eq(&pending.provider),
        states::redirect_uri.eq(&pending.redirect_uri),
        states::return_to.eq(&pending.return_to),
        states::client.eq(&pending.client),
        states::created_at.eq(Instant(now)),
        states::expires_at.eq(Instant(end)),
    );
    diesel::insert_into(states::sign_in_states).values(row).execute(conn)?;
    Ok(())
}

/// Sign-ins of a client that are under way.
pub(super) fn count_of_client(conn: &mut DbConnection, client: &str, now: DateTime<Utc>) -> DbResult<i64> {
    let of_client =
        states::sign_in_states.filter(states::client.eq(client)).filter(states::expires_at.gt(Instant(now)));
    Ok(of_client.count().get_result(conn)?)
}

/// Takes away the state that this browser began with, and answers what belongs to it. Of two at once, one gets it.
pub(super) fn take_state(
    conn: &mut DbConnection,
    state_hash: &str,
    browser_hash: &str,
    now: DateTime<Utc>,
) -> DbResult<Option<Pending>> {
    let valid = states::sign_in_states
        .find(state_hash)
        .filter(states::browser_hash.eq(browser_hash))
        .filter(states::expires_at.gt(Instant(now)));
    let found: Option<(HeldText, HeldText, HeldText, Option<HeldText>)> = valid
        .select((states::provider, states::redirect_uri, states::return_to, states::client))
        .first(conn)
        .optional()?;
    let Some((provider, redirect_uri, return_to, client)) = found else { return Ok(None) };
    let taken = diesel::delete(states::sign_in_states.find(state_hash)).execute(conn)?;
    let pending = Pending {
        provider: provider.into(),
        redirect_uri: redirect_uri.into(),
        return_to: return_to.into(),
        client: client.text(),
    };
    Ok((taken == 1).then_some(pending))
}

/// Deletes states that have expired, the oldest first, and returns how many.
pub(super) fn delete_expired_states(conn: &mut DbConnection, now: DateTime<Utc>, most: i64) -> DbResult<usize> {
    let old: Vec<HeldText> = load_unlocked!(
        conn,
        states::sign_in_states
            .filter(states::expires_at.le(Instant(now)))
            .order(states::expires_at)
            .limit(most)
            .select(states::state_hash)
    );
    Ok(diesel::delete(states::sign_in_states.filter(states::state_hash.eq_any(old))).execute(conn)?)
}

/// Deletes links that have expired, the oldest first, and returns how many.
pub(super) fn delete_expired_links(conn: &mut DbConnection, now: DateTime<Utc>, most: i64) -> DbResult<usize> {
    let old: Vec<HeldText> = load_unlocked!(
        conn,
        links::sign_in_links
            .filter(links::expires_at.le(Instant(now)))
            .order(links::expires_at)
            .limit(most)
            .select(links::secret_hash)
    );
    Ok(diesel::delete(links::sign_in_links.filter(links::secret_hash.eq_any(old))).execute(conn)?)
}

/// How many states and links have expired.
pub(super) fn count_expired(conn: &mut DbConnection, now: DateTime<Utc>) -> DbResult<usize> {
    let old_states: i64 =
        states::sign_in_states.filter(states::expires_at.le(Instant(now))).count().get_result(conn)?;
    let old_links: i64 = links::sign_in_links.filter(links::expires_at.le(Instant(now))).count().get_result(conn)?;
    Ok(usize::try_from(old_states + old_links).unwrap_or_default())
}

/// Whose the account of a provider is.
pub(super) fn user_of_identity(conn: &mut DbConnection, identity_hash: &str) -> DbResult<Option<UserId>> {
    Ok(identities::sign_in_identities.find(identity_hash).select(identities::user_id).first(conn).optional()?)
}

/// Whether the address of the user is proven: a provider has verified it, or the user has never signed in at one, and the
/// address is the dealership's own entry.
pub(super) fn has_proven_address(conn: &mut DbConnection, user: UserId) -> DbResult<bool> {
    let verified: Vec<bool> = identities::sign_in_identities
        .filter(identities::user_id.eq(user))
        .select(identities::email_verified)
        .load(conn)?;
    Ok(verified.is_empty() || verified.contains(&true))
}

/// Notes that the provider has verified the address of the user.
pub(super) fn mark_verified(conn: &mut DbConnection, identity_hash: &str) -> DbResult<()> {
    let unverified = identities::sign_in_identities.find(identity_hash).filter(identities::email_verified.eq(false));
    diesel::update(unverified).set(identities::email_verified.eq(true)).execute(conn)?;
    Ok(())
}

/// Ties the account of a provider to a user.
pub(super) fn insert_identity(
    conn: &mut DbConnection,
    identity_hash: &str,
    issuer: &str,
    user: UserId,
    email_verified: bool,
    now: DateTime<Utc>,
) -> DbResult<()> {
    let row = (
        identities::identity_hash.eq(identity_hash),
        identities::issuer.eq(issuer),
        identities::user_id.eq(user),
        identities::email_verified.eq(email_verified),
        identities::created_at.eq(Instant(now)),
    );
    diesel::insert_into(identities::sign_in_identities).values(row).execute(conn)?;
    Ok(())
}
