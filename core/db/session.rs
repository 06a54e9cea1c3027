//! Settings of PostgreSQL's session: of one that is the connection's own, and of one that a pooler shares out.
//!
//! A pooler in transaction mode gives each transaction whichever session of the server is free. Nothing may be left in a session
//! then, and nothing found there can be trusted: each transaction begins with its settings, and statements are kept prepared only
//! where the pooler keeps account of them, as PgBouncer does since 1.21 (`max_prepared_statements`).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use diesel::{
    Connection as _, OptionalExtension as _, PgConnection, QueryableByName, RunQueryDsl as _,
    connection::{CacheSize, SimpleConnection as _},
    result::{DatabaseErrorKind, Error as DieselError},
    sql_query,
    sql_types::{Integer, Text},
};

use super::{
    connection::{ConnectError, ConnectionLimits},
    transaction::Kind,
};

/// A session that other clients use between our transactions.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    settings: String,
    read_only: bool,
    may_keep_statements: Arc<AtomicBool>,
}

impl Shared {
    /// What begins a transaction that reads, or writes where it may, with its settings.
    pub(super) fn beginning(&self, kind: Kind) -> String {
        let (isolation, access) = match kind {
            Kind::Snapshot => ("REPEATABLE READ", "READ ONLY"),
            Kind::Statements | Kind::Write { .. } if self.read_only => ("READ COMMITTED", "READ ONLY"),
            Kind::Statements | Kind::Write { .. } => ("READ COMMITTED", "READ WRITE"),
        };
        format!("BEGIN ISOLATION LEVEL {isolation} {access}; {}", self.settings)
    }

    /// Connections that are opened from now on prepare each statement anew: the pooler holds plans that the schema has left behind.
    pub(super) fn keep_no_statements(&self) {
        if self.may_keep_statements.swap(false, Ordering::Relaxed) {
            tracing::warn!("the pooler holds outdated plans; statements are no longer kept prepared by this process");
        }
    }
}

/// What a session says of itself.
#[derive(QueryableByName)]
struct Said {
    /// The zone of other programs, which `session.expire` is written in.
    #[diesel(sql_type = Text)]
    zone_of_others: String,
    #[diesel(sql_type = Text)]
    zone: String,
    #[diesel(sql_type = Text)]
    statement_timeout: String,
    /// The search path of the role, whatever a client has made of it in this session.
    #[diesel(sql_type = Text)]
    search_path: String,
}

/// All in one look: PostgreSQL makes the whole view for each time that it is named.
const SAID: &str = "SELECT max(reset_val) FILTER (WHERE name = 'TimeZone') AS zone_of_others, \
                    max(setting) FILTER (WHERE name = 'TimeZone') AS zone, \
                    max(setting) FILTER (WHERE name = 'statement_timeout') AS statement_timeout, \
                    max(reset_val) FILTER (WHERE name = 'search_path') AS search_path \
                    FROM pg_settings WHERE name IN ('TimeZone', 'statement_timeout', 'search_path')";

/// The zone that all connections of the library are in.
const ZONE: &str = "UTC";

/// A statement that is left prepared in a session, with which it ends. Who finds it there shares the session with another client.
const MARK: &str = "PREPARE jpauto_session AS SELECT 1; ";

/// Marks a session that is the connection's own.
pub(super) fn mark(conn: &mut PgConnection) -> Result<(), ConnectError> {
    marked(conn, MARK)
}

fn marked(conn: &mut PgConnection, statements: &str) -> Result<(), ConnectError> {
    conn.batch_execute(statements).map_err(|reason| if is_taken(&reason) { shared_session() } else { reason.into() })
}

/// Marks a session that is the connection's own, and sets it up.
pub(super) fn own(conn: &mut PgConnection, limits: ConnectionLimits) -> Result<(), ConnectError> {
    let settings = format!(
        "{MARK}{}SET default_transaction_read_only = {}",
        set("SET", limits),
        if limits.read_only { "on" } else { "off" }
    );
    marked(conn, &settings)?;
    let said: Said = sql_query(SAID).get_result(conn)?;
    if said.zone != ZONE || said.statement_timeout != limits.statement_timeout.as_millis().to_string() {
        return Err(lost_settings(&said));
    }
    sql_query("SELECT set_config('jpauto.time_zone', $1, false)").bind::<Text, _>(said.zone_of_others).execute(conn)?;
    Ok(())
}

/// Looks at a session that a pooler shares out. Nothing is left in it.
pub(super) fn share(
    conn: &mut PgConnection,
    limits: ConnectionLimits,
    may_keep_statements: &Arc<AtomicBool>,
) -> Result<Shared, ConnectError> {
    let keeps_statements = may_keep_statements.load(Ordering::Relaxed) && are_kept_by_the_pooler(conn);
    if !keeps_statements {
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    let settings = set("SET LOCAL", limits);
    let said = conn.transaction::<Said, DieselError, _>(|conn| {
        conn.batch_execute(&settings)?;
        sql_query(SAID).get_result(conn)
    })?;
    if said.zone != ZONE || said.statement_timeout != limits.statement_timeout.as_millis().to_string() {
        return Err(lost_settings(&said));
    }
    let settings = format!(
        "{settings}SELECT set_config('search_path', {}, true), set_config('jpauto.time_zone', {}, true)",
        quoted(&said.search_path),
        quoted(&said.zone_of_others),
    );
    tracing::debug!(keeps_statements, "a session of a pooler was opened");
    Ok(Shared { settings, read_only: limits.read_only, may_keep_statements: Arc::clone(may_keep_statements) })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn set(set: &str, limits: ConnectionLimits) -> String {
    format!(
        "{set} TIME ZONE '{ZONE}'; {set} client_encoding = 'UTF8'; {set} statement_timeout = {}; {set} lock_timeout = {}; \
         {set} idle_in_transaction_session_timeout = {}; ",
        limits.statement_timeout.as_millis(),
        limits.lock_timeout.as_millis(),
        limits.idle_in_transaction_timeout.as_millis(),
    )
}

/// Whether the pooler gives statements names of its own on the server. One that does not leaves them where another client, whose
/// statements have the same names, would run them for its own.
fn are_kept_by_the_pooler(conn: &mut PgConnection) -> bool {
    let looked = conn.transaction::<bool, DieselError, _>(|conn| {
        use diesel::IntoSql as _;
        // Diesel prepares this one, as all that are known by their type, and gives it a name.
        diesel::select(1.into_sql::<Integer>()).get_result::<i32>(conn)?;
        let sql = "SELECT name FROM pg_prepared_statements \
                   WHERE prepare_time >= transaction_timestamp() AND starts_with(name, '__diesel_stmt_')";
        let got_through: Option<Name> = sql_query(sql).get_result(conn).optional()?;
        if let Some(Name { name }) = &got_through {
            conn.batch_execute(&format!("DEALLOCATE \"{name}\""))?;
        }
        Ok(got_through.is_none())
    });
    // Where another client has left a statement of the same name, this one is refused.
    looked.unwrap_or_else(|reason| {
        tracing::debug!(%reason, "the pooler keeps no statements");
        false
    })
}

/// The name of a statement that the server got as Diesel gives it.
#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Whether the session has a statement of this name already.
fn is_taken(reason: &DieselError) -> bool {
    matches!(reason, DieselError::DatabaseError(DatabaseErrorKind::Unknown, info)
        if info.message().starts_with("prepared statement \"jpauto_session\" already exists"))
}

fn shared_session() -> ConnectError {
    ConnectError::Shared("the session has been another client's".to_owned())
}

fn lost_settings(said: &Said) -> ConnectError {
    let Said { zone, statement_timeout, .. } = said;
    ConnectError::Shared(format!(
        "the time zone is {zone} and statement_timeout is {statement_timeout}, not as they were set"
    ))
}
