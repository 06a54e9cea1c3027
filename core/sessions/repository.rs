//! Rows of `session`, which a Node server may share.
//!
//! On PostgreSQL `expire` has no time zone. connect-pg-simple writes and compares it in the zone of its own connection, which
//! is the database's default. Our connections are in UTC, so each statement converts by `jpauto.time_zone`, the default that
//! `db` noted when it opened the connection.

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Nullable, Text},
};

use super::RoleInAnotherZone;
use crate::db::{
    DbConnection, DbResult, Instant,
    held::{HeldText, MayBeNull as _},
    on_each,
    types::DbInstant,
};

/// A longer document is not read: no server of a dealership keeps so much in a session.
const LONGEST: usize = 64 << 10;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    sess: HeldText,
    #[diesel(sql_type = DbInstant)]
    expire: Instant,
}

/// SQL for both databases: `LOCAL(x)` is the instant x as the column holds it, `INSTANT` is the column as an instant, and
/// `USER_ID` is the user in the document.
fn sql(conn: &DbConnection, template: &str) -> String {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => template
            .replace("LOCAL(", "timezone(current_setting('jpauto.time_zone'), ")
            .replace("INSTANT", "timezone(current_setting('jpauto.time_zone'), expire)")
            .replace("USER_ID", "sess -> 'passport' ->> 'user'"),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => template
            .replace("LOCAL(", "(")
            .replace("INSTANT", "expire")
            .replace("USER_ID", "json_extract(sess, '$.passport.user')")
            .replace("::json", ""),
    }
}

/// The zone that each role is in which may write sessions, by what was set for it here, for it, for the database or for all; where nothing
/// was, it is the server's. An instant half a year away tells zones from one another that are the same in one season. A number or an interval
/// that was set is hours east of Greenwich, while `timezone` takes a text with a number as POSIX does, which counts to the west.
#[cfg(feature = "postgres")]
const ZONES: &str = "
    WITH here AS (SELECT oid FROM pg_database WHERE datname = current_database()),
    given AS (
        SELECT setting.setrole AS role, setting.setdatabase AS place, substr(one, length('TimeZone=') + 1) AS zone
        FROM here, pg_db_role_setting AS setting, unnest(setting.setconfig) AS one
        WHERE one ILIKE 'TimeZone=%' AND setting.setdatabase IN (0, here.oid)
    ),
    zones AS (
        SELECT role.oid, role.rolname, role.rolsuper,
            (SELECT zone FROM given WHERE given.role IN (0, role.oid) ORDER BY given.role = 0, given.place = 0 LIMIT 1) AS zone
        FROM pg_roles AS role
        WHERE role.rolname = session_user OR (role.rolcanlogin AND has_table_privilege(role.oid, 'session', 'INSERT'))
    )
    SELECT other.rolname::text AS role, other.zone, own.zone AS own
    FROM zones AS other, (SELECT oid, zone AS given, current_setting('jpauto.time_zone') AS zone FROM zones
                          WHERE rolname = session_user) AS own
    WHERE other.oid <> own.oid AND CASE
        WHEN other.zone IS NULL THEN own.given IS NOT NULL AND NOT other.rolsuper
        ELSE EXISTS (
            SELECT FROM (VALUES (now()), (now() + interval '182 days')) AS moment (at)
            WHERE timezone(own.zone, at) <> CASE
                WHEN other.zone ~ '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)$'
                    THEN timezone(make_interval(secs => other.zone::float8 * 3600), at)
                WHEN other.zone ~* '^interval' THEN timezone(substring(other.zone FROM '''(.*)''')::interval, at)
                ELSE timezone(other.zone, at)
            END
        )
    END
    ORDER BY 1";

#[derive(QueryableByName)]
struct ZoneRow {
    #[diesel(sql_type = Text)]
    role: HeldText,
    #[diesel(sql_type = Nullable<Text>)]
    zone: Option<HeldText>,
    #[diesel(sql_type = Text)]
    own: HeldText,
}

/// The roles that may write sessions, and write their ends in another zone than ours.
pub(crate) fn roles_in_other_zones(conn: &mut DbConnection) -> DbResult<Vec<RoleInAnotherZone>> {
    let rows: Vec<ZoneRow> = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => sql_query(ZONES).load(conn)?,
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => Vec::new(),
    };
    let told = |row: ZoneRow| RoleInAnotherZone { role: row.role.text(), zone: row.zone.text(), own: row.own.text() };
    Ok(rows.into_iter().map(told).collect())
}

/// What is stored of a session, and when it ends.
pub(super) fn find(conn: &mut DbConnection, sid: &str) -> DbResult<Option<(String, DateTime<Utc>)>> {
    let query = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            sql(conn, "SELECT sess::text AS sess, INSTANT AS expire FROM session WHERE sid = $1")
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => sql(conn, "SELECT sess, INSTANT AS expire FROM session WHERE sid = $1"),
    };
    let rows: Vec<Row> = on_each!(conn, c => sql_query(query).bind::<Text, _>(sid).load(c))?;
    let row = rows.into_iter().next();
    Ok(row.filter(|row| row.sess.len() <= LONGEST).map(|row| (row.sess.text(), row.expire.into())))
}

pub(super) fn insert(conn: &mut DbConnection, sid: &str, stored: &str, end: DateTime<Utc>) -> DbResult<()> {
    let query = sql(conn, "INSERT INTO session (sid, sess, expire) VALUES ($1, $2::json, LOCAL($3))");
    on_each!(conn, c => sql_query(query)
        .bind::<Text, _>(sid)
        .bind::<Text, _>(stored)
        .bind::<DbInstant, _>(Instant(end))
        .execute(c))?;
    Ok(())
}

/// Moves the end, and nothing else: another server may be writing the document.
pub(super) fn extend(conn: &mut DbConnection, sid: &str, end: DateTime<Utc>) -> DbResult<()> {
    let query = sql(conn, "UPDATE session SET expire = LOCAL($1) WHERE sid = $2 AND expire < LOCAL($1)");
    on_each!(conn, c => sql_query(query).bind::<DbInstant, _>(Instant(end)).bind::<Text, _>(sid).execute(c))?;
    Ok(())
}

/// Notes when a session was first seen here, unless somebody has. What else stands there stays.
pub(super) fn note_first_sight(conn: &mut DbConnection, sid: &str, time: &str) -> DbResult<()> {
    let query = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            "UPDATE session
             SET sess = (sess::jsonb || jsonb_build_object('jpauto', jsonb_build_object('first_seen_at', $1)))::json
             WHERE sid = $2 AND coalesce(sess #> '{jpauto,signed_in_at}', sess #> '{jpauto,first_seen_at}') IS NULL"
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            "UPDATE session SET sess = json_set(sess, '$.jpauto', json_object('first_seen_at', $1))
             WHERE sid = $2
               AND coalesce(json_extract(sess, '$.jpauto.signed_in_at'), json_extract(sess, '$.jpauto.first_seen_at')) IS NULL"
        }
    };
    on_each!(conn, c => sql_query(query).bind::<Text, _>(time).bind::<Text, _>(sid).execute(c))?;
    Ok(())
}

pub(super) fn delete(conn: &mut DbConnection, sid: &str) -> DbResult<usize> {
    let query = "DELETE FROM session WHERE sid = $1";
    Ok(on_each!(conn, c => sql_query(query).bind::<Text, _>(sid).execute(c))?)
}

pub(super) fn delete_of_user(conn: &mut DbConnection, user: &str) -> DbResult<usize> {
    let query = sql(conn, "DELETE FROM session WHERE USER_ID = $1");
    Ok(on_each!(conn, c => sql_query(query).bind::<Text, _>(user).execute(c))?)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    sessions: i64,
}

/// How many sessions have ended.
pub(super) fn count_expired(conn: &mut DbConnection, now: DateTime<Utc>) -> DbResult<usize> {
    let query = sql(conn, "SELECT count(*) AS sessions FROM session WHERE expire < LOCAL($1)");
    let count: Count = on_each!(conn, c => sql_query(query).bind::<DbInstant, _>(Instant(now)).get_result(c))?;
    Ok(usize::try_from(count.sessions).unwrap_or_default())
}

/// Deletes sessions that have ended, the oldest first, and answers how many. The end is looked at again for each row, because
/// another server may extend one meanwhile; on PostgreSQL one that somebody has locked is passed over.
pub(super) fn delete_expired(conn: &mut DbConnection, now: DateTime<Utc>, most: i64) -> DbResult<usize> {
    let ended = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => "sid = ANY(ARRAY(OLDEST FOR UPDATE SKIP LOCKED))",
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => "sid IN (OLDEST)",
    };
    let oldest = "SELECT sid FROM session WHERE expire < LOCAL($1) ORDER BY expire LIMIT $2";
    let query = format!("DELETE FROM session WHERE expire < LOCAL($1) AND {}", ended.replace("OLDEST", oldest));
    let query = sql(conn, &query);
    Ok(on_each!(conn, c => sql_query(query).bind::<DbInstant, _>(Instant(now)).bind::<BigInt, _>(most).execute(c))?)
}
