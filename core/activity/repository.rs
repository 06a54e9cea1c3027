//! Rows of `activity_logs`. They are inserted and read, never updated or deleted.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    net::IpAddr,
};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::{ActivityEntry, ActivityFilter, Noted, RowEntry};
use crate::{
    db::{
        DbConnection, DbResult, Instant, Json, MultiBackend,
        held::{Held, HeldText, MayBeNull as _, Place},
        in_index_order, insert_rows,
        schema::{
            activity_logs::{self, dsl},
            api_tokens, users,
        },
        types::AnyId,
    },
    desk::Acting,
    ids::{ActivityId, TokenId, UserId},
    network::{address_patterns, client_network},
    page::{Page, PageRequest},
    typed::{MOST_CANDIDATES, Reference},
};

/// An entry. What it says of the fields of a row among many is written without a document being made of it first.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = activity_logs, treat_none_as_default_value = false)]
struct Row<Changes: fmt::Debug = Value> {
    id: ActivityId,
    user_id: Option<UserId>,
    action: Option<HeldText>,
    resource_type: Option<HeldText>,
    resource_id: Option<AnyId>,
    changes: Option<Json<Changes>>,
    ip_address: Option<HeldText>,
    user_agent: Option<HeldText>,
    created_at: Option<Held<Instant>>,
    token_id: Option<TokenId>,
}

impl From<Row> for ActivityEntry {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            action: row.action.text().unwrap_or_default(),
            resource_type: row.resource_type.text().unwrap_or_default(),
            resource_id: row.resource_id.map(|id| id.0),
            changes: row.changes.map(|changes| changes.0),
            ip_address: row.ip_address.text(),
            user_agent: row.user_agent.text(),
            created_at: row.created_at.time().unwrap_or_default(),
            token_id: row.token_id,
            by: None,
        }
    }
}

impl From<ActivityEntry> for Row {
    fn from(entry: ActivityEntry) -> Self {
        Self {
            id: entry.id,
            user_id: entry.user_id,
            action: Some(entry.action.into()),
            resource_type: Some(entry.resource_type.into()),
            resource_id: entry.resource_id.map(AnyId),
            changes: entry.changes.map(Json),
            ip_address: entry.ip_address.map(HeldText::from),
            user_agent: entry.user_agent.map(HeldText::from),
            created_at: Some(entry.created_at.into()),
            token_id: entry.token_id,
        }
    }
}

pub(super) fn insert(conn: &mut DbConnection, entry: ActivityEntry) -> DbResult<()> {
    diesel::insert_into(dsl::activity_logs).values(&Row::from(entry)).execute(conn)?;
    Ok(())
}

pub(super) fn insert_all(
    conn: &mut DbConnection,
    Acting { actor, now }: Acting<'_>,
    resource_type: &str,
    rows: Vec<RowEntry>,
) -> DbResult<()> {
    let ip = actor.ip().map(|ip| ip.to_string());
    let of_row = |(action, id, noted): RowEntry| Row::<Noted> {
        id: ActivityId::new(now),
        user_id: actor.user_id(),
        action: Some(action.as_str().into()),
        resource_type: Some(resource_type.into()),
        resource_id: Some(AnyId(id)),
        changes: Some(Json(noted)),
        ip_address: ip.clone().map(HeldText::from),
        user_agent: actor.user_agent().map(HeldText::from),
        created_at: Some(now.into()),
        token_id: actor.token_id(),
    };
    insert_rows!(conn, activity_logs::table, rows.into_iter().map(of_row).collect::<Vec<_>>());
    Ok(())
}

/// The ids of rows that entries are about and that begin so, at most `MOST_CANDIDATES`.
pub(super) fn resources(conn: &mut DbConnection, reference: &Reference<'_>) -> DbResult<Vec<Uuid>> {
    let Some((first, last)) = reference.ids() else { return Ok(Vec::new()) };
    let found: Vec<Option<AnyId>> = dsl::activity_logs
        .filter(dsl::resource_id.ge(AnyId(first)).and(dsl::resource_id.le(AnyId(last))))
        .select(dsl::resource_id)
        .distinct()
        .limit(MOST_CANDIDATES)
        .load(conn)?;
    Ok(found.into_iter().flatten().map(|id| id.0).collect())
}

pub(super) fn list(
    conn: &mut DbConnection,
    filter: &ActivityFilter,
    request: &PageRequest,
) -> DbResult<Page<ActivityEntry>> {
    const ORDER: &str = "-created_at";
    let matching = || {
        let mut query = dsl::activity_logs.select(Row::<Value>::as_select()).into_boxed::<MultiBackend>();
        if let Some(user) = filter.user_id {
            query = query.filter(dsl::user_id.eq(user));
        }
        if let Some(action) = filter.action {
            query = query.filter(dsl::action.eq(action.as_str()));
        }
        if let Some(resource_type) = &filter.resource_type {
            query = query.filter(dsl::resource_type.eq(resource_type.clone()));
        }
        if let Some(id) = filter.resource_id {
            query = query.filter(dsl::resource_id.eq(AnyId(id)));
        }
        query
    };
    let position: Option<(Option<Place<Instant>>, ActivityId)> = request.position(ORDER)?;
    let rows: Vec<Row> = in_index_order!(conn, matching, dsl::created_at, dsl::id, desc, position, request);
    let page = Page::cut(rows, request, ORDER, |row: &Row| (row.created_at.place(), row.id))?;
    let mut page = page.map(ActivityEntry::from);
    name_actors(conn, &mut page.items)?;
    Ok(page)
}

/// Sets what those are called who did it; two look-ups, however many entries there are.
fn name_actors(conn: &mut DbConnection, entries: &mut [ActivityEntry]) -> DbResult<()> {
    let users: BTreeSet<UserId> = entries.iter().filter_map(|entry| entry.user_id).collect();
    let tokens: BTreeSet<TokenId> = entries.iter().filter_map(|entry| entry.token_id).collect();
    let of_users = users::table.filter(users::id.eq_any(users)).select((users::id, users::email));
    let emails: Vec<(UserId, HeldText)> = of_users.load(conn)?;
    let of_tokens = api_tokens::table.filter(api_tokens::id.eq_any(tokens)).select((api_tokens::id, api_tokens::name));
    let names: Vec<(TokenId, HeldText)> = of_tokens.load(conn)?;
    let emails: HashMap<UserId, String> = emails.into_iter().map(|(id, email)| (id, email.text())).collect();
    let names: HashMap<TokenId, String> = names.into_iter().map(|(id, name)| (id, name.text())).collect();
    for entry in entries {
        let email = entry.user_id.and_then(|id| emails.get(&id));
        let name = || entry.token_id.and_then(|id| names.get(&id));
        entry.by = email.or_else(name).cloned();
    }
    Ok(())
}

/// What those are called who are not named: the program itself.
const SYSTEM: &str = "system";

/// Whose entry of an action is the latest about each of these rows: what [`ActivityEntry::by`] says, or `system`. Rows without an entry, and
/// those of somebody whose name is not known any more, are not in it.
/// A few look-ups, however many rows there are.
pub(crate) fn latest_by(
    conn: &mut DbConnection,
    resource_type: &str,
    resources: &[Uuid],
    action: super::Action,
) -> DbResult<HashMap<Uuid, String>> {
    let resources: Vec<_> = resources.iter().map(|&id| Some(AnyId(id))).collect();
    let rows: Vec<Row> = dsl::activity_logs
        .filter(dsl::resource_type.eq(resource_type))
        .filter(dsl::resource_id.eq_any(resources))
        .filter(dsl::action.eq(action.as_str()))
        .order((dsl::created_at, dsl::id))
        .select(Row::<Value>::as_select())
        .load(conn)?;
    let mut entries: Vec<_> = rows.into_iter().map(ActivityEntry::from).collect();
    name_actors(conn, &mut entries)?;
    let mut latest = HashMap::new();
    for entry in entries {
        let Some(resource) = entry.resource_id else { continue };
        let is_of_system = entry.user_id.is_none() && entry.token_id.is_none();
        match entry.by.or_else(|| is_of_system.then(|| SYSTEM.to_owned())) {
            Some(by) => latest.insert(resource, by),
            None => latest.remove(&resource),
        };
    }
    Ok(latest)
}

/// No more entries about one thing are read for what was said of it last.
const MOST_LATEST: i64 = 500;

/// What the latest entries say of one thing, the latest first.
pub(crate) fn latest_changes(conn: &mut DbConnection, resource_type: &str, resource: Uuid) -> DbResult<Vec<Value>> {
    let changes: Vec<Option<Json<Value>>> = dsl::activity_logs
        .filter(dsl::resource_type.eq(resource_type))
        .filter(dsl::resource_id.eq(AnyId(resource)))
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .limit(MOST_LATEST)
        .select(dsl::changes)
        .load(conn)?;
    Ok(changes.into_iter().flatten().map(|changes| changes.0).collect())
}

/// Whether there is an entry of this action on one thing.
pub(crate) fn has_entry(
    conn: &mut DbConnection,
    resource_type: &str,
    resource: Uuid,
    action: super::Action,
) -> DbResult<bool> {
    let entry: Option<ActivityId> = dsl::activity_logs
        .filter(dsl::resource_type.eq(resource_type))
        .filter(dsl::resource_id.eq(AnyId(resource)))
        .filter(dsl::action.eq(action.as_str()))
        .select(dsl::id)
        .first(conn)
        .optional()?;
    Ok(entry.is_some())
}

/// Of a client's entries this many are looked at. Patterns may match other clients' too.
const MOST_LOOKED_AT: i64 = 1_000;

/// The times of the public's entries of these kinds from one client since then, newest first, at most `most`.
pub(crate) fn times_by_the_public(
    conn: &mut DbConnection,
    resource_type: &str,
    actions: &[super::Action],
    client: IpAddr,
    since: DateTime<Utc>,
    most: u32,
) -> DbResult<Vec<DateTime<Utc>>> {
    let mut query = dsl::activity_logs
        .filter(dsl::user_id.is_null())
        .filter(dsl::token_id.is_null())
        .filter(dsl::created_at.gt(Instant(since)))
        .filter(dsl::resource_type.eq(resource_type))
        .filter(dsl::action.eq_any(actions.iter().map(|action| action.as_str())))
        .into_boxed::<MultiBackend>();
    if client.is_ipv4() {
        query = query.filter(dsl::ip_address.eq(client.to_string()));
    } else {
        let address = || dsl::ip_address.assume_not_null();
        let mut patterns = address_patterns(client).into_iter();
        if let Some(first) = patterns.next() {
            // No address is like nothing.
            let [second, third] = [patterns.next(), patterns.next()].map(Option::unwrap_or_default);
            query = query.filter(address().like(first).or(address().like(second)).or(address().like(third)));
        }
    }
    let rows: Vec<(Option<HeldText>, Option<Instant>)> = query
        .order(dsl::created_at.desc())
        .limit(MOST_LOOKED_AT)
        .select((dsl::ip_address, dsl::created_at))
        .load(conn)?;
    let is_of_client = |address: &Option<HeldText>| {
        let address = address.as_deref().and_then(|address| address.parse().ok());
        address.is_some_and(|address| client_network(address) == client)
    };
    let times = rows.into_iter().filter(|(address, _)| is_of_client(address)).filter_map(|(_, time)| time);
    Ok(times.take(most as usize).map(DateTime::from).collect())
}
