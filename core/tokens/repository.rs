//! Rows of `api_tokens`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Token;
use crate::{
    actor::Role,
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        held::{Held, HeldText, Place},
        in_index_order, lock_row,
        schema::api_tokens::{self, dsl},
    },
    error::{Error, ErrorCode},
    ids::{TokenId, UserId},
    page::{Page, PageRequest},
    typed::{MOST_CANDIDATES, Reference},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
struct Row {
    id: TokenId,
    name: HeldText,
    role: HeldText,
    user_id: Option<UserId>,
    created_at: Held<Instant>,
    expires_at: Option<Instant>,
    last_used_at: Option<Instant>,
    revoked_at: Option<Instant>,
}

impl From<Row> for Token {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name.text(),
            role: Role::stored(&row.role),
            user_id: row.user_id,
            created_at: row.created_at.nearest().into(),
            expires_at: row.expires_at.map(DateTime::from),
            last_used_at: row.last_used_at.map(DateTime::from),
            revoked_at: row.revoked_at.map(DateTime::from),
            user_email: None,
            works: false,
        }
    }
}

pub(super) fn insert(conn: &mut DbConnection, token: &Token, secret_hash: &str) -> DbResult<()> {
    let row = (
        dsl::id.eq(token.id),
        dsl::name.eq(&token.name),
        dsl::role.eq(token.role.as_str()),
        dsl::secret_hash.eq(secret_hash),
        dsl::user_id.eq(token.user_id),
        dsl::created_at.eq(Instant(token.created_at)),
        dsl::expires_at.eq(token.expires_at.map(Instant)),
    );
    diesel::insert_into(dsl::api_tokens).values(row).execute(conn)?;
    Ok(())
}

/// The token, if it is this user's. Without a user, anybody's.
pub(super) fn get(conn: &mut DbConnection, id: TokenId, of: Option<UserId>) -> DbResult<Token> {
    let mut query = dsl::api_tokens.find(id).select(Row::as_select()).into_boxed::<MultiBackend>();
    if let Some(user) = of {
        query = query.filter(dsl::user_id.eq(user));
    }
    let row: Option<Row> = query.first(conn).optional()?;
    Ok(row.ok_or_else(not_found)?.into())
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorCode::TokenNotFound, "there is no such API token")
}

/// The first tokens that a text names, of this user. Without a user, of anybody.
pub(super) fn candidates(
    conn: &mut DbConnection,
    reference: &Reference<'_>,
    of: Option<UserId>,
) -> DbResult<Vec<Token>> {
    let mut query = dsl::api_tokens.select(Row::as_select()).into_boxed::<MultiBackend>();
    query = match reference.ids() {
        Some((first, last)) => {
            let is_between = dsl::id.ge(TokenId::from_uuid(first)).and(dsl::id.le(TokenId::from_uuid(last)));
            query.filter(is_between.or(dsl::name.eq(reference.as_str())))
        }
        None => query.filter(dsl::name.eq(reference.as_str())),
    };
    if let Some(user) = of {
        query = query.filter(dsl::user_id.eq(user));
    }
    let rows: Vec<Row> = query.order(dsl::id).limit(MOST_CANDIDATES).load(conn)?;
    Ok(rows.into_iter().map(Token::from).collect())
}

/// The same. Locks the row until the transaction ends.
pub(super) fn get_to_change(conn: &mut DbConnection, id: TokenId, of: Option<UserId>) -> DbResult<Token> {
    lock_row!(conn, dsl::api_tokens.find(id).select(dsl::id));
    get(conn, id, of)
}

/// The token and the hash of its secret.
pub(super) fn find_with_hash(conn: &mut DbConnection, id: TokenId) -> DbResult<Option<(Token, String)>> {
    let found: Option<(Row, HeldText)> =
        dsl::api_tokens.find(id).select((Row::as_select(), dsl::secret_hash)).first(conn).optional()?;
    Ok(found.map(|(row, hash)| (Token::from(row), hash.text())))
}

/// The user's tokens, newest first. Without a user, everybody's.
pub(super) fn list(conn: &mut DbConnection, of: Option<UserId>, request: &PageRequest) -> DbResult<Page<Token>> {
    const ORDER: &str = "-created_at";
    let matching = || {
        let query = dsl::api_tokens.select(Row::as_select()).into_boxed::<MultiBackend>();
        match of {
            Some(user) => query.filter(dsl::user_id.eq(user)),
            None => query,
        }
    };
    let position: Option<(Option<Place<Instant>>, TokenId)> = request.position(ORDER)?;
    let rows: Vec<Row> = in_index_order!(conn, matching, dsl::created_at, dsl::id, desc, position, request);
    let page = Page::cut(rows, request, ORDER, |row: &Row| (Some(row.created_at.place()), row.id))?;
    Ok(page.map(Token::from))
}

pub(super) fn mark_revoked(conn: &mut DbConnection, token: &Token) -> DbResult<()> {
    diesel::update(dsl::api_tokens.find(token.id))
        .set(dsl::revoked_at.eq(token.revoked_at.map(Instant)))
        .execute(conn)?;
    Ok(())
}

/// Notes that the token is used now, if that was last noted at `since` or before.
pub(super) fn note_use(conn: &mut DbConnection, id: TokenId, since: DateTime<Utc>, now: DateTime<Utc>) -> DbResult<()> {
    let outdated = dsl::last_used_at.is_null().or(dsl::last_used_at.le(Instant(since)));
    diesel::update(dsl::api_tokens.find(id).filter(outdated))
        .set(dsl::last_used_at.eq(Some(Instant(now))))
        .execute(conn)?;
    Ok(())
}
