//! Rows of `users`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::User;
use crate::{
    actor::Role,
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        functions::{lower, lowered},
        held::{HeldText, MayBeNull as _, Place},
        in_index_order, lock_row,
        row::unknown_word,
        schema::{activity_logs, api_tokens, inventory, pending_submissions, sign_in_identities, users, users::dsl},
    },
    error::{Error, ErrorCode},
    ids::UserId,
    page::{Page, PageRequest},
    typed::{MOST_CANDIDATES, Reference},
};

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: UserId,
    email: HeldText,
    name: HeldText,
    oauth_provider: HeldText,
    oauth_id: HeldText,
    role: Option<HeldText>,
    avatar_url: Option<HeldText>,
    last_login: Option<Instant>,
    is_active: Option<bool>,
    created_at: Option<Instant>,
}

impl From<&User> for Row {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.clone().into(),
            name: user.name.clone().into(),
            oauth_provider: user.oauth_provider.clone().into(),
            oauth_id: user.oauth_id.clone().into(),
            role: Some(user.role.as_str().into()),
            avatar_url: user.avatar_url.clone().map(HeldText::from),
            last_login: user.last_login.map(Instant),
            is_active: Some(user.is_active),
            created_at: user.created_at.map(Instant),
        }
    }
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            email: row.email.text(),
            name: row.name.text(),
            oauth_provider: row.oauth_provider.text(),
            oauth_id: row.oauth_id.text(),
            role: role_of(row.role.as_deref()),
            avatar_url: row.avatar_url.text(),
            last_login: row.last_login.map(DateTime::from),
            is_active: row.is_active.unwrap_or(true),
            created_at: row.created_at.map(DateTime::from),
        }
    }
}

/// A null means the default of the column.
fn role_of(word: Option<&str>) -> Role {
    word.map_or(Role::Viewer, Role::stored)
}

/// The role of a user who may act.
///
/// # Errors
/// `user_inactive` for a user who does not exist or is deactivated. The error does not say which.
pub(crate) fn role_of_active_user(conn: &mut DbConnection, id: UserId) -> DbResult<Role> {
    let found: Option<(Option<HeldText>, Option<bool>)> =
        dsl::users.find(id).select((dsl::role, dsl::is_active)).first(conn).optional()?;
    match found {
        Some((role, is_active)) if is_active.unwrap_or(true) => Ok(role_of(role.as_deref())),
        _ => Err(Error::new(ErrorCode::UserInactive, "this account may not act").into()),
    }
}

/// The addresses of these users, and whether they may act.
pub(crate) fn addresses(
    conn: &mut DbConnection,
    ids: impl IntoIterator<Item = UserId>,
) -> DbResult<HashMap<UserId, (String, bool)>> {
    let ids: Vec<UserId> = ids.into_iter().collect();
    let rows: Vec<(UserId, HeldText, Option<bool>)> =
        dsl::users.filter(dsl::id.eq_any(ids)).select((dsl::id, dsl::email, dsl::is_active)).load(conn)?;
    Ok(rows.into_iter().map(|(id, email, is_active)| (id, (email.text(), is_active.unwrap_or(true)))).collect())
}

pub(crate) fn insert(conn: &mut DbConnection, user: &User) -> DbResult<()> {
    diesel::insert_into(dsl::users).values(&Row::from(user)).execute(conn)?;
    Ok(())
}

/// Writes the whole row.
///
/// # Errors
/// `unknown_word` for a role that cannot be written back.
pub(crate) fn update(conn: &mut DbConnection, user: &User) -> DbResult<()> {
    if user.role == Role::Unknown {
        return Err(unknown_word("the role of this user is not known here: give another one first").into());
    }
    diesel::update(dsl::users.find(user.id)).set(&Row::from(user)).execute(conn)?;
    Ok(())
}

/// Notes that the user signed in now.
pub(crate) fn note_sign_in(conn: &mut DbConnection, id: UserId, now: DateTime<Utc>) -> DbResult<()> {
    diesel::update(dsl::users.find(id)).set(dsl::last_login.eq(Some(Instant(now)))).execute(conn)?;
    Ok(())
}

pub(super) fn delete(conn: &mut DbConnection, id: UserId) -> DbResult<()> {
    diesel::delete(dsl::users.find(id)).execute(conn)?;
    Ok(())
}

pub(crate) fn get(conn: &mut DbConnection, id: UserId) -> DbResult<User> {
    let row: Option<Row> = dsl::users.find(id).select(Row::as_select()).first(conn).optional()?;
    Ok(row.ok_or_else(not_found)?.into())
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorCode::UserNotFound, "there is no such user")
}

/// The users whose id begins so, at most `MOST_CANDIDATES`.
pub(super) fn candidates(conn: &mut DbConnection, reference: &Reference<'_>) -> DbResult<Vec<User>> {
    let Some((first, last)) = reference.ids() else { return Ok(Vec::new()) };
    let (first, last) = (UserId::from_uuid(first), UserId::from_uuid(last));
    let rows: Vec<Row> = dsl::users
        .filter(dsl::id.ge(first).and(dsl::id.le(last)))
        .order(dsl::id)
        .limit(MOST_CANDIDATES)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// The user. Locks all users until the transaction ends.
///
/// It locks all because the rule that an administrator must remain is about all.
pub(crate) fn get_to_change(conn: &mut DbConnection, id: UserId) -> DbResult<User> {
    lock_row!(conn, dsl::users.order(dsl::id).select(dsl::id));
    get(conn, id)
}

/// The user with this address, as it was typed. The case of letters does not matter where no other user's address is the same but for
/// it: another application may have kept it as it was typed.
pub(crate) fn find_by_email(conn: &mut DbConnection, email: &str) -> DbResult<Option<User>> {
    let row: Option<Row> = dsl::users
        .filter(lower(dsl::email).eq_any(lowered(email)))
        // Another application may have made two accounts that differ in case alone.
        .order((dsl::email.ne(email), dsl::id))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(User::from))
}

/// The user that has this account at a provider, as another application keeps it.
pub(crate) fn find_by_account(conn: &mut DbConnection, provider: &str, account: &str) -> DbResult<Option<User>> {
    let row: Option<Row> = dsl::users
        .filter(dsl::oauth_provider.eq(provider).and(dsl::oauth_id.eq(account)))
        .order(dsl::id)
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(User::from))
}

/// Forgets the accounts that the user signs in with.
pub(super) fn forget_accounts(conn: &mut DbConnection, id: UserId) -> DbResult<()> {
    diesel::delete(sign_in_identities::table.filter(sign_in_identities::user_id.eq(id))).execute(conn)?;
    Ok(())
}

pub(super) fn list(conn: &mut DbConnection, request: &PageRequest) -> DbResult<Page<User>> {
    const ORDER: &str = "email";
    let position: Option<(Option<Place<String>>, UserId)> = request.position(ORDER)?;
    let query = || dsl::users.select(Row::as_select()).into_boxed::<MultiBackend>();
    let rows: Vec<Row> = in_index_order!(conn, query, dsl::email, dsl::id, asc, position, request);
    let page = Page::cut(rows, request, ORDER, |row: &Row| (Some(row.email.place()), row.id))?;
    Ok(page.map(User::from))
}

/// Whether any row refers to the user. Such a user can not be deleted.
pub(super) fn is_named(conn: &mut DbConnection, id: UserId) -> DbResult<bool> {
    use diesel::dsl::{exists, select};
    let reviewed = pending_submissions::table.filter(pending_submissions::reviewed_by.eq(id));
    let wrote = inventory::table.filter(inventory::created_by.eq(id).or(inventory::updated_by.eq(id)));
    let acted = activity_logs::table.filter(activity_logs::user_id.eq(id));
    let made = api_tokens::table.filter(api_tokens::user_id.eq(id));
    Ok(select(exists(reviewed)).get_result::<bool>(conn)?
        || select(exists(made)).get_result::<bool>(conn)?
        || select(exists(wrote)).get_result::<bool>(conn)?
        || select(exists(acted)).get_result::<bool>(conn)?)
}
