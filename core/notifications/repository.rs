//! Rows of `notifications` and `notification_channels`. What a digest counts is in `figures`.

pub(super) mod figures;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::{Notification, NotificationFilter, NotificationStatus};
use crate::{
    db::{
        DbConnection, DbResult, Instant, Json, MultiBackend,
        functions::as_written,
        held::{Held, HeldText, MayBeNull as _, Place},
        in_index_order, lock_row,
        schema::{notification_channels, notifications, notifications::dsl},
    },
    error::{Error, ErrorCode},
    ids::{EventId, NotificationId},
    leases,
    outbox::Event,
    page::{Page, PageRequest},
    typed::{MOST_CANDIDATES, Reference},
};

const WAITING: &str = NotificationStatus::Waiting.as_str();

/// As the index of what waits has it.
const IS_WAITING: &str = "notifications.status = 'waiting'";

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = notifications, treat_none_as_default_value = false)]
struct Row {
    id: NotificationId,
    event_id: EventId,
    event: HeldText,
    channel: HeldText,
    data: Json<Value>,
    status: HeldText,
    attempts: Held<i32>,
    raised_at: Held<Instant>,
    next_attempt_at: Option<Instant>,
    ended_at: Option<Instant>,
    error: Option<HeldText>,
    answer: Option<HeldText>,
    holder: Option<HeldText>,
    leased_until: Option<Instant>,
    receiver: Option<HeldText>,
}

impl From<Row> for Notification {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            event_id: row.event_id,
            event: Event::stored(&row.event),
            channel: row.channel.text(),
            receiver: row.receiver.text(),
            status: NotificationStatus::stored(&row.status),
            attempts: row.attempts.nearest(),
            raised_at: row.raised_at.nearest().into(),
            next_attempt_at: row.next_attempt_at.map(DateTime::from),
            ended_at: row.ended_at.map(DateTime::from),
            error: row.error.text(),
            answer: row.answer.text(),
            data: row.data.0,
        }
    }
}

/// Until when a notification is its sender's.
pub(super) struct Lease<'a> {
    pub(super) holder: &'a str,
    pub(super) until: DateTime<Utc>,
}

/// Writes notifications, of which a sender may have one from the start.
pub(super) fn insert(conn: &mut DbConnection, notification: &Notification, lease: Option<&Lease<'_>>) -> DbResult<()> {
    let row = Row {
        id: notification.id,
        event_id: notification.event_id,
        event: notification.event.as_str().into(),
        channel: notification.channel.clone().into(),
        data: Json(notification.data.clone()),
        status: notification.status.as_str().into(),
        attempts: notification.attempts.into(),
        raised_at: notification.raised_at.into(),
        next_attempt_at: notification.next_attempt_at.map(Instant),
        ended_at: notification.ended_at.map(Instant),
        error: notification.error.clone().map(HeldText::from),
        answer: notification.answer.clone().map(HeldText::from),
        holder: lease.map(|lease| lease.holder.into()),
        leased_until: lease.map(|lease| Instant(lease.until)),
        receiver: notification.receiver.clone().map(HeldText::from),
    };
    diesel::insert_into(dsl::notifications).values(&row).execute(conn)?;
    Ok(())
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorCode::NotificationNotFound, "there is no such notification")
}

pub(super) fn get(conn: &mut DbConnection, id: NotificationId) -> DbResult<Notification> {
    let row: Option<Row> = dsl::notifications.find(id).select(Row::as_select()).first(conn).optional()?;
    Ok(row.ok_or_else(not_found)?.into())
}

/// The same. Locks the row until the transaction ends.
pub(super) fn get_to_change(conn: &mut DbConnection, id: NotificationId) -> DbResult<Notification> {
    lock_row!(conn, dsl::notifications.find(id).select(dsl::id));
    get(conn, id)
}

/// The notifications whose id begins so, at most `MOST_CANDIDATES`.
pub(super) fn candidates(conn: &mut DbConnection, reference: &Reference<'_>) -> DbResult<Vec<Notification>> {
    let Some((first, last)) = reference.ids() else { return Ok(Vec::new()) };
    let (first, last) = (NotificationId::from_uuid(first), NotificationId::from_uuid(last));
    let rows: Vec<Row> = dsl::notifications
        .filter(dsl::id.ge(first).and(dsl::id.le(last)))
        .order(dsl::id)
        .limit(MOST_CANDIDATES)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Notification::from).collect())
}

/// A page of notifications, newest first.
pub(super) fn list(
    conn: &mut DbConnection,
    filter: &NotificationFilter,
    request: &PageRequest,
) -> DbResult<Page<Notification>> {
    const ORDER: &str = "-raised_at";
    let matching = || {
        let mut query = dsl::notifications.select(Row::as_select()).into_boxed::<MultiBackend>();
        if let Some(status) = filter.status {
            query = query.filter(dsl::status.eq(status.as_str()));
        }
        if let Some(channel) = &filter.channel {
            query = query.filter(dsl::channel.eq(channel.clone()));
        }
        if let Some(event) = filter.event {
            query = query.filter(dsl::event.eq(event.as_str()));
        }
        query
    };
    let position: Option<(Option<Place<Instant>>, NotificationId)> = request.position(ORDER)?;
    let rows: Vec<Row> = in_index_order!(conn, matching, dsl::raised_at, dsl::id, desc, position, request);
    let page = Page::cut(rows, request, ORDER, |row: &Row| (Some(row.raised_at.place()), row.id))?;
    Ok(page.map(Notification::from))
}

/// The notifications of a channel whose sender's process ended before their lease, each with the holder's name. What is being sent is
/// at most as many as there are senders, and an index has it.
fn abandoned(conn: &mut DbConnection, channel: &str, now: DateTime<Utc>) -> DbResult<Vec<(NotificationId, HeldText)>> {
    let held: Vec<(NotificationId, Option<HeldText>)> = dsl::notifications
        .filter(as_written(IS_WAITING).and(dsl::channel.eq(channel)).and(dsl::holder.is_not_null()))
        .filter(dsl::leased_until.gt(Instant(now)))
        .select((dsl::id, dsl::holder))
        .load(conn)?;
    let held = held.into_iter().filter_map(|(id, holder)| Some((id, holder?)));
    Ok(held.filter(|(_, holder)| leases::is_gone(holder)).collect())
}

/// Makes what was abandoned due.
fn release_abandoned(conn: &mut DbConnection, channel: &str, now: DateTime<Utc>) -> DbResult<()> {
    for (id, holder) in abandoned(conn, channel, now)? {
        // Another process may have found it first, and have it.
        diesel::update(dsl::notifications.find(id).filter(dsl::holder.eq(&*holder)))
            .set((
                dsl::next_attempt_at.eq(Some(Instant(now))),
                dsl::holder.eq(None::<String>),
                dsl::leased_until.eq(None::<Instant>),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Who is told: a channel, and which of its receivers.
#[derive(Clone, Copy, Debug)]
pub(super) struct To<'a> {
    pub(super) channel: &'a str,
    pub(super) receiver: Option<&'a str>,
}

/// Asks for what waits for a receiver and is due, the longest due first. Each case is a query of its own, which the index answers.
macro_rules! of_due {
    ($to:expr, $now:expr, $due:ident => $answer:expr) => {{
        let waiting = || {
            dsl::notifications
                .filter(as_written(IS_WAITING).and(dsl::channel.eq($to.channel)))
                .filter(dsl::next_attempt_at.le(Instant($now)))
                .order((dsl::next_attempt_at, dsl::id))
                .limit(1)
                .select(dsl::id)
        };
        match $to.receiver {
            Some(receiver) => {
                let $due = || waiting().filter(dsl::receiver.eq(receiver));
                $answer
            }
            None => {
                let $due = || waiting().filter(dsl::receiver.is_null());
                $answer
            }
        }
    }};
}

/// Whether a notification to this receiver is due. One that is being sent is due when its lease ends, or its sender's process.
pub(super) fn is_due(conn: &mut DbConnection, to: To<'_>, now: DateTime<Utc>) -> DbResult<bool> {
    let first: Option<NotificationId> = of_due!(to, now, due => due().first(conn)).optional()?;
    Ok(first.is_some() || !abandoned(conn, to.channel, now)?.is_empty())
}

/// The receivers of a channel for whom something waits that was tried in vain.
pub(super) fn receivers_that_failed(conn: &mut DbConnection, channel: &str) -> DbResult<HashSet<String>> {
    let failed: Vec<Option<HeldText>> = dsl::notifications
        .filter(as_written(IS_WAITING).and(dsl::channel.eq(channel)))
        .filter(dsl::error.is_not_null())
        .select(dsl::receiver)
        .distinct()
        .load(conn)?;
    Ok(failed.into_iter().flatten().map(HeldText::text).collect())
}

/// For whom something of a channel waits: each receiver, and `None` where something is for all, as earlier releases wrote it. Found by
/// the index, one look-up a receiver.
pub(super) fn awaited(conn: &mut DbConnection, channel: &str) -> DbResult<Vec<Option<String>>> {
    let waiting = || dsl::notifications.filter(as_written(IS_WAITING).and(dsl::channel.eq(channel)));
    let for_all: Option<NotificationId> =
        waiting().filter(dsl::receiver.is_null()).select(dsl::id).first(conn).optional()?;
    let mut found: Vec<_> = for_all.map(|_| None).into_iter().collect();
    let mut last = String::new();
    loop {
        let behind = waiting().filter(dsl::receiver.gt(&last)).order(dsl::receiver).select(dsl::receiver);
        let next: Option<Option<HeldText>> = behind.first(conn).optional()?;
        let Some(next) = next.flatten() else { return Ok(found) };
        last = next.text();
        found.push(Some(last.clone()));
    }
}

/// What waits for a receiver of a channel, or for all of them, and is not being sent; the oldest first.
pub(super) fn waiting(conn: &mut DbConnection, to: To<'_>, now: DateTime<Utc>) -> DbResult<Vec<Notification>> {
    let waiting = || {
        dsl::notifications
            .filter(as_written(IS_WAITING).and(dsl::channel.eq(to.channel)))
            .filter(dsl::leased_until.is_null().or(dsl::leased_until.le(Instant(now))))
            .order(dsl::id)
            .limit(MOST_STRAYS)
            .select(Row::as_select())
    };
    let rows: Vec<Row> = match to.receiver {
        Some(receiver) => waiting().filter(dsl::receiver.eq(receiver)).load(conn)?,
        None => waiting().filter(dsl::receiver.is_null()).load(conn)?,
    };
    Ok(rows.into_iter().map(Notification::from).collect())
}

/// So many of those for whom nobody looks are seen to at once.
const MOST_STRAYS: i64 = 200;

/// Whether something was raised for a receiver since then.
pub(super) fn is_told_since(
    conn: &mut DbConnection,
    (channel, receiver): (&str, &str),
    since: DateTime<Utc>,
) -> DbResult<bool> {
    let lately: Option<NotificationId> = dsl::notifications
        .filter(dsl::raised_at.gt(Instant(since)))
        .filter(dsl::channel.eq(channel).and(dsl::receiver.eq(receiver)))
        .select(dsl::id)
        .first(conn)
        .optional()?;
    Ok(lately.is_some())
}

/// Names the receiver of one that waits anew.
pub(super) fn readdress(conn: &mut DbConnection, id: NotificationId, receiver: &str) -> DbResult<()> {
    let waiting = dsl::notifications.find(id).filter(dsl::status.eq(WAITING));
    diesel::update(waiting).set(dsl::receiver.eq(Some(receiver))).execute(conn)?;
    Ok(())
}

/// Makes a notification that is for all receivers one of a single receiver, where no other process has done so.
pub(super) fn assign(conn: &mut DbConnection, id: NotificationId, receiver: &str) -> DbResult<bool> {
    let of_all = dsl::notifications.find(id).filter(dsl::receiver.is_null()).filter(dsl::status.eq(WAITING));
    Ok(diesel::update(of_all).set(dsl::receiver.eq(Some(receiver))).execute(conn)? > 0)
}

/// Gives up one that waits.
pub(super) fn give_up(conn: &mut DbConnection, id: NotificationId, reason: &str, now: DateTime<Utc>) -> DbResult<()> {
    diesel::update(dsl::notifications.find(id).filter(dsl::status.eq(WAITING)))
        .set((
            dsl::status.eq(NotificationStatus::GivenUp.as_str()),
            dsl::ended_at.eq(Some(Instant(now))),
            dsl::next_attempt_at.eq(None::<Instant>),
            dsl::error.eq(Some(reason)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes the notification to a receiver that has been due for longest, and counts the try before it is made. It is due again when
/// the lease ends, or its holder's process. Those that another process takes at this moment are passed over.
pub(super) fn claim(
    conn: &mut DbConnection,
    to: To<'_>,
    lease: &Lease<'_>,
    now: DateTime<Utc>,
) -> DbResult<Option<Notification>> {
    release_abandoned(conn, to.channel, now)?;
    let id: Option<NotificationId> = of_due!(to, now, due => match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => due().for_update().skip_locked().first(conn),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => due().first(conn),
    })
    .optional()?;
    let Some(id) = id else { return Ok(None) };
    let row: Row = dsl::notifications.find(id).select(Row::as_select()).first(conn)?;
    let attempts = row.attempts.clone().nearest().saturating_add(1);
    diesel::update(dsl::notifications.find(id))
        .set((
            dsl::attempts.eq(attempts),
            dsl::holder.eq(Some(lease.holder)),
            dsl::leased_until.eq(Some(Instant(lease.until))),
            dsl::next_attempt_at.eq(Some(Instant(lease.until))),
        ))
        .execute(conn)?;
    Ok(Some(Notification { attempts, ..row.into() }))
}

/// Writes what came of a try, where the sender still has the notification, and answers whether it had.
pub(super) fn note_attempt(conn: &mut DbConnection, sent: &Notification, holder: &str) -> DbResult<bool> {
    let own = dsl::notifications.find(sent.id).filter(dsl::holder.eq(holder)).filter(dsl::status.eq(WAITING));
    let noted = diesel::update(own)
        .set((
            dsl::status.eq(sent.status.as_str()),
            dsl::next_attempt_at.eq(sent.next_attempt_at.map(Instant)),
            dsl::ended_at.eq(sent.ended_at.map(Instant)),
            dsl::error.eq(sent.error.clone()),
            dsl::answer.eq(sent.answer.clone()),
            dsl::holder.eq(None::<String>),
            dsl::leased_until.eq(None::<Instant>),
        ))
        .execute(conn)?;
    Ok(noted > 0)
}

/// Whether a sender has the notification now.
pub(super) fn is_being_sent(conn: &mut DbConnection, id: NotificationId, now: DateTime<Utc>) -> DbResult<bool> {
    let of_a_sender = dsl::notifications.find(id).filter(dsl::leased_until.gt(Instant(now)));
    let holder: Option<Option<HeldText>> = of_a_sender.select(dsl::holder).first(conn).optional()?;
    Ok(holder.flatten().is_some_and(|holder| !leases::is_gone(&holder)))
}

/// Lets a notification be sent anew, from the first try on.
pub(super) fn send_again(conn: &mut DbConnection, id: NotificationId, now: DateTime<Utc>) -> DbResult<()> {
    diesel::update(dsl::notifications.find(id))
        .set((
            dsl::status.eq(WAITING),
            dsl::attempts.eq(0),
            dsl::next_attempt_at.eq(Some(Instant(now))),
            dsl::ended_at.eq(None::<Instant>),
            dsl::holder.eq(None::<String>),
            dsl::leased_until.eq(None::<Instant>),
        ))
        .execute(conn)?;
    Ok(())
}

/// How many notifications of each channel are of a status.
pub(super) fn counts(conn: &mut DbConnection, status: NotificationStatus) -> DbResult<HashMap<String, u64>> {
    let rows: Vec<(HeldText, i64)> = dsl::notifications
        .filter(dsl::status.eq(status.as_str()))
        .group_by(dsl::channel)
        .select((dsl::channel, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(channel, count)| (channel.text(), u64::try_from(count).unwrap_or_default())).collect())
}

/// A channel that is off.
#[derive(Insertable, Queryable, Selectable, AsChangeset, Clone, Debug)]
#[diesel(table_name = notification_channels, treat_none_as_default_value = false)]
pub(super) struct Off {
    pub(super) name: HeldText,
    pub(super) target_hash: HeldText,
    pub(super) off_since: Instant,
    pub(super) reason: HeldText,
}

/// The channels that are off, by name.
pub(super) fn off(conn: &mut DbConnection) -> DbResult<HashMap<String, Off>> {
    let rows: Vec<Off> = notification_channels::table.select(Off::as_select()).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.name.to_string(), row)).collect())
}

/// Turns a channel off.
pub(super) fn turn_off(conn: &mut DbConnection, off: &Off) -> DbResult<()> {
    let known = diesel::update(notification_channels::table.find(&*off.name)).set(off).execute(conn)?;
    if known == 0 {
        diesel::insert_into(notification_channels::table).values(off).execute(conn)?;
    }
    Ok(())
}

/// Turns a channel on.
pub(super) fn turn_on(conn: &mut DbConnection, channel: &str) -> DbResult<()> {
    diesel::delete(notification_channels::table.find(channel)).execute(conn)?;
    Ok(())
}

/// Gives up what waits for a channel and is not being sent.
pub(super) fn give_up_all(conn: &mut DbConnection, channel: &str, reason: &str, now: DateTime<Utc>) -> DbResult<()> {
    release_abandoned(conn, channel, now)?;
    let waiting = dsl::notifications
        .filter(as_written(IS_WAITING).and(dsl::channel.eq(channel)))
        .filter(dsl::leased_until.is_null().or(dsl::leased_until.le(Instant(now))));
    diesel::update(waiting)
        .set((
            dsl::status.eq(NotificationStatus::GivenUp.as_str()),
            dsl::ended_at.eq(Some(Instant(now))),
            dsl::next_attempt_at.eq(None::<Instant>),
            dsl::error.eq(Some(reason)),
            dsl::holder.eq(None::<String>),
            dsl::leased_until.eq(None::<Instant>),
        ))
        .execute(conn)?;
    Ok(())
}
