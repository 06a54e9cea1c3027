//! The database: opening, reading, writing and migrating, on SQLite and on PostgreSQL alike.
//!
//! What is deliberately not here: any table's queries (each noun's `repository.rs` has its own) and any rule.

mod backup;
pub(crate) mod columns;
mod config;
mod connection;
mod failure;
#[cfg(feature = "sqlite")]
mod file;
pub(crate) mod functions;
pub(crate) mod held;
mod kept;
mod migrate;
mod paging;
mod queue;
#[cfg(feature = "postgres")]
mod rights;
pub(crate) mod row;
#[allow(
    clippy::wildcard_imports,
    unreachable_pub,
    reason = "Diesel's table! takes its types so, and makes everything public"
)]
pub(crate) mod schema;
pub(crate) mod texts;
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "SQLite alone holds a time as a text"))]
pub(crate) mod time;
#[allow(unreachable_pub, reason = "Diesel's table! wants the SQL types to be public")]
pub(crate) mod types;

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{atomic::AtomicBool, atomic::Ordering},
    time::Duration,
};

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};

use connection::{ConnectionLimits, Manager, Target};
pub(crate) use connection::{DbConnection, MultiBackend, insert_rows, lock_row, on_each};
pub(crate) use failure::Failure;
pub(crate) use kept::{is_one_of, kept_sql};
pub(crate) use migrate::Migrated;
pub(crate) use paging::{at_most, in_index_order, in_row, is_among, twice_between};
pub(crate) use schema::{Column, columns_of};
pub(crate) use types::{Instant, Json};

pub use backup::Backup;
pub use config::DatabaseConfig;

use queue::Queue;

use crate::error::{Error, ErrorCode, Result};

/// What a query of any noun gives back inside a transaction.
pub(crate) type DbResult<T> = Result<T, Failure>;

type Transactions = <DbConnection as diesel::Connection>::TransactionManager;

/// How often a whole transaction is run again when another writer came between.
const ATTEMPTS: u32 = 8;

/// The connections to the database at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// Those that are open.
    pub open: u32,
    /// Those of them that nothing uses.
    pub idle: u32,
    /// The most that may be open.
    pub most: u32,
}

/// An open database: the pool, and whether its schema is the one that this library knows.
pub(crate) struct Database {
    pool: r2d2::Pool<Manager>,
    target: Target,
    schema_is_current: AtomicBool,
    /// SQLite takes one writer at a time and makes the others poll; waiting here instead is fair and quick.
    writers: Option<Queue>,
    lock_timeout: Duration,
}

impl Database {
    /// Opens the database, and makes it whole where it is a new SQLite file.
    pub(crate) fn open(config: &DatabaseConfig) -> Result<Self> {
        let target = Target::parse(&config.url)?;
        let limits = ConnectionLimits {
            statement_timeout: config.statement_timeout,
            lock_timeout: config.lock_timeout,
            idle_in_transaction_timeout: config.idle_in_transaction_timeout,
            read_only: config.read_only,
        };
        let is_new = is_new_sqlite_file(&target, config.create && !config.read_only)?;
        let manager = Manager { target: target.clone(), limits };
        let in_memory = lives_in_one_connection(&target);
        if !in_memory {
            // A first connection by hand: the pool would retry for its whole time-out and lose the reason.
            r2d2::ManageConnection::connect(&manager).map_err(|reason| failure::cannot_connect(&target, reason))?;
        }
        let mut builder = r2d2::Pool::builder()
            .max_size(if in_memory { 1 } else { config.pool_size.max(1) })
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(config.pool_timeout);
        if in_memory {
            // Closing the one connection would lose everything.
            builder = builder.idle_timeout(None).max_lifetime(None);
        }
        let database = Self {
            pool: builder.build_unchecked(manager),
            writers: is_sqlite(&target).then(Queue::default),
            lock_timeout: config.lock_timeout,
            target,
            schema_is_current: AtomicBool::new(false),
        };
        // A file with nothing in it is new as well: another process may be about to fill it, and migrating waits for that.
        let may_make = config.create && !config.read_only;
        if is_new || in_memory || (!database.refresh_schema_state()? && may_make && database.is_empty_sqlite()?) {
            database.migrate(|_| Ok(()))?;
        }
        Ok(database)
    }

    /// Runs queries that change nothing; from the start on another connection when one turns out to be dead, or when the server gave
    /// way to another transaction, as a standby does to what it is sent.
    ///
    /// After a restart of the server every connection of the pool may be: each of them is tried once, and then a new one.
    pub(crate) fn read<T>(&self, queries: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.must_be_current()?;
        let (mut attempt, mut dead) = (1, 0);
        loop {
            let outcome = self.with_connection(&queries)?;
            match outcome {
                Err(failure) if attempt < ATTEMPTS && failure.is_serialization_failure() => {
                    tracing::debug!(attempt, reason = %failure, "a read was overtaken; reading again");
                    wait_for_others(attempt);
                    attempt += 1;
                }
                Err(failure) if failure.is_lost_connection() && dead < self.pool.max_size() => {
                    tracing::warn!(reason = %failure, "a database connection was lost; reading again on another");
                    dead += 1;
                }
                other => return other.map_err(Error::from),
            }
        }
    }

    /// Runs queries that change nothing and belong together: all of them see the database as it is at the first one.
    pub(crate) fn read_snapshot<T>(&self, queries: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.read(|conn| {
            begin_snapshot(conn)?;
            let outcome = queries(conn);
            finish(conn, outcome)
        })
    }

    /// Hands out rows as they come, all of them as the database is at the first one. A connection is held until the last one; a database
    /// that lives in one connection is read to its end first, so that others can use it meanwhile.
    pub(crate) fn stream(&self, rows: &RowsOf<'_>, take: &mut columns::Take<'_>) -> Result<()> {
        self.must_be_current()?;
        let mut kept = lives_in_one_connection(&self.target).then(Vec::new);
        let mut dead = 0;
        loop {
            let mut has_begun = false;
            let mut pooled = self.connection()?;
            let outcome = streamed(&mut pooled.conn, rows, &mut |batch| {
                has_begun = true;
                match &mut kept {
                    Some(kept) => {
                        kept.push(batch);
                        ControlFlow::Continue(())
                    }
                    None => take(batch),
                }
            });
            pooled.is_lost = match &outcome {
                // PostgreSQL would send all the other rows before it takes another statement.
                Ok(ended) => ended.is_break() && !is_sqlite(&self.target),
                Err(failure) => failure.is_lost_connection(),
            };
            match outcome {
                Err(failure) if failure.is_lost_connection() && !has_begun && dead < self.pool.max_size() => dead += 1,
                Err(failure) => {
                    #[cfg(feature = "postgres")]
                    let failure = rights::named(&mut pooled.conn, failure);
                    return Err(failure.into());
                }
                Ok(_) => break,
            }
        }
        // The loop's connection is back in the pool.
        for batch in kept.into_iter().flatten() {
            if take(batch).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Runs a transaction. It is run again, as a whole, when another writer came between: the closure must be repeatable.
    ///
    /// A unique violation counts as such: the row that stood against it is visible to the second run, whose own checks name
    /// what is taken.
    pub(crate) fn write<T>(&self, work: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.must_be_current()?;
        let (mut attempt, mut dead) = (1, 0);
        loop {
            let mut has_begun = false;
            let outcome = {
                let _place = self.writers.as_ref().map(Queue::wait);
                self.with_connection(|conn| {
                    begin_when_free(conn, self.lock_timeout)?;
                    has_begun = true;
                    let outcome = work(conn);
                    finish(conn, outcome)
                })?
            };
            match outcome {
                // Nothing was sent yet: another connection may do it. Later, nobody knows what the server still did.
                Err(failure) if failure.is_lost_connection() && !has_begun && dead < self.pool.max_size() => dead += 1,
                Err(failure) if attempt < ATTEMPTS && failure.is_overtaken() => {
                    tracing::debug!(attempt, reason = %failure, "a transaction was overtaken; running it again");
                    wait_for_others(attempt);
                    attempt += 1;
                }
                other => return other.map_err(Error::from),
            }
        }
    }

    /// Leaves SQLite's lock free for a moment since a time, so that a writer of another process finds it so. Long work does this
    /// between its transactions. Writers of this process need no moment: they have a queue.
    pub(crate) fn give_way(&self, since: std::time::Instant) {
        const A_MOMENT: Duration = LOOK_AGAIN_AT_MOST.saturating_add(Duration::from_millis(1));
        if self.writers.is_some() {
            std::thread::sleep(A_MOMENT.saturating_sub(since.elapsed()));
        }
    }

    /// Whether transactions that write run one after the other.
    pub(crate) fn has_one_writer(&self) -> bool {
        self.writers.is_some()
    }

    /// How many connections there are at most.
    pub(crate) fn connections(&self) -> u32 {
        self.pool.max_size()
    }

    /// The connections of the pool as they are now.
    pub(crate) fn connections_now(&self) -> Connections {
        let state = self.pool.state();
        Connections { open: state.connections, idle: state.idle_connections, most: self.pool.max_size() }
    }

    /// Answers `Ok` where the database can be read and its schema is current.
    pub(crate) fn ping(&self) -> Result<()> {
        self.read(|conn| Ok(conn.batch_execute("SELECT 1")?))
    }

    /// Brings the schema to the version of this library, and then does what follows, in one transaction.
    pub(crate) fn migrate<T>(&self, then: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<(Migrated, T)> {
        let (migrated, done) = self.with_connection(|conn| migrate::run(conn, then))??;
        self.schema_is_current.store(true, Ordering::Release);
        if !migrated.applied.is_empty() {
            self.with_connection(migrate::settle)??;
        }
        Ok((migrated, done))
    }

    /// The version of the schema, if it is the one of this library.
    pub(crate) fn current_version(&self) -> Result<Option<String>> {
        if !self.refresh_schema_state()? {
            return Ok(None);
        }
        Ok(Some(migrate::known_version(&self.connection()?.conn)?))
    }

    /// Copies the whole database into a new file, or says how that is done.
    pub(crate) fn backup(&self, to: &Path) -> Result<Backup> {
        match &self.target {
            #[cfg(feature = "sqlite")]
            Target::SqliteFile(path) => backup::sqlite::of_file(path, to),
            #[cfg(feature = "sqlite")]
            Target::SqliteMemory => backup::sqlite::of_memory(&mut self.connection()?.conn, to),
            #[cfg(feature = "postgres")]
            Target::Postgres(url) => {
                self.with_connection(|conn| backup::postgres::command(conn, url, to))?.map_err(Error::from)
            }
        }
    }

    /// Runs something on a connection of the pool, which lets the connection go where it turns out to be dead.
    fn with_connection<T>(&self, work: impl FnOnce(&mut DbConnection) -> DbResult<T>) -> Result<DbResult<T>> {
        let mut pooled = self.connection()?;
        let outcome = work(&mut pooled.conn);
        pooled.is_lost = outcome.as_ref().is_err_and(Failure::is_lost_connection);
        #[cfg(feature = "postgres")]
        let outcome = outcome.map_err(|failure| rights::named(&mut pooled.conn, failure));
        Ok(outcome)
    }

    fn connection(&self) -> Result<r2d2::PooledConnection<Manager>> {
        self.pool.get().map_err(|reason| {
            Error::new(ErrorCode::DatabaseUnavailable, "no database connection could be had in time")
                .with_retry_after(Duration::from_secs(1))
                .with_source(reason)
        })
    }

    fn is_empty_sqlite(&self) -> Result<bool> {
        Ok(is_sqlite(&self.target) && self.with_connection(migrate::has_no_tables)??)
    }

    fn must_be_current(&self) -> Result<()> {
        if self.schema_is_current.load(Ordering::Acquire) {
            return Ok(());
        }
        // Another process may have migrated meanwhile.
        if self.refresh_schema_state()? {
            return Ok(());
        }
        Err(Error::new(ErrorCode::DatabaseOutdated, "the database has an older schema: run migrate on it first"))
    }

    fn refresh_schema_state(&self) -> Result<bool> {
        let current = self.with_connection(migrate::is_current)?.map_err(|failure| match failure {
            Failure::Database(reason) => failure::cannot_use(&self.target, reason),
            Failure::Refusal(error) => error,
        })?;
        self.schema_is_current.store(current, Ordering::Release);
        Ok(current)
    }
}

/// How rows are read in a transaction, and whether somebody still wanted more at the end.
pub(crate) type RowsOf<'a> = dyn Fn(&mut DbConnection, &mut columns::Take<'_>) -> DbResult<ControlFlow<()>> + 'a;

/// Reads rows in a transaction of their own. Whoever takes them may be slow, so their statement has no limit of time.
fn streamed(conn: &mut DbConnection, rows: &RowsOf<'_>, take: &mut columns::Take<'_>) -> DbResult<ControlFlow<()>> {
    begin_snapshot(conn)?;
    let outcome = match without_statement_timeout(conn) {
        Ok(()) => rows(conn, take),
        Err(reason) => Err(reason.into()),
    };
    match outcome {
        #[cfg(feature = "postgres")]
        Ok(ControlFlow::Break(())) if matches!(conn, DbConnection::Postgres(_)) => Ok(ControlFlow::Break(())),
        outcome => finish(conn, outcome),
    }
}

fn without_statement_timeout(conn: &mut DbConnection) -> diesel::QueryResult<()> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => conn.batch_execute("SET LOCAL statement_timeout = 0"),
    }
}

/// Waits a little, and longer with each attempt.
fn wait_for_others(attempt: u32) {
    std::thread::sleep(Duration::from_millis(fastrand::u64(1..=5 << attempt)));
}

/// Keeps what the transaction did, or takes it back.
fn finish<T>(conn: &mut DbConnection, outcome: DbResult<T>) -> DbResult<T> {
    match outcome {
        Ok(value) => {
            Transactions::commit_transaction(conn)?;
            Ok(value)
        }
        Err(failure) => {
            if let Err(reason) = Transactions::rollback_transaction(conn) {
                // The pool drops a connection whose transaction is in doubt; the first failure is what matters.
                tracing::warn!(%reason, "a transaction could not be rolled back");
            }
            Err(failure)
        }
    }
}

/// A plain `BEGIN` on SQLite takes the write lock at the first write, when it may be too late: it fails at once where
/// another has written meanwhile. `IMMEDIATE` waits its turn.
fn begin(conn: &mut DbConnection) -> diesel::QueryResult<()> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE"),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
    }
}

/// Begins once no other process writes to the SQLite file. SQLite's own waiting looks less and less often, down to every 100 ms,
/// and seldom meets the moment between two transactions of a process that writes in a loop.
fn begin_when_free(conn: &mut DbConnection, patience: Duration) -> diesel::QueryResult<()> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            conn.batch_execute("PRAGMA busy_timeout = 0")?;
            let outcome = look_until_free(conn, patience);
            conn.batch_execute(&format!("PRAGMA busy_timeout = {}", patience.as_millis()))?;
            outcome
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            let _ = patience;
            begin(conn)
        }
    }
}

/// How long a writer waits at most before it looks again whether another process has freed SQLite's lock.
const LOOK_AGAIN_AT_MOST: Duration = Duration::from_millis(5);

#[cfg(feature = "sqlite")]
fn look_until_free(conn: &mut DbConnection, patience: Duration) -> diesel::QueryResult<()> {
    let until = std::time::Instant::now() + patience;
    let mut pause = Duration::from_millis(1);
    loop {
        match begin(conn) {
            Err(diesel::result::Error::DatabaseError(_, info))
                if info.message().contains("locked") && std::time::Instant::now() < until =>
            {
                std::thread::sleep(pause);
                pause = (pause * 2).min(LOOK_AGAIN_AT_MOST);
            }
            outcome => return outcome,
        }
    }
}

/// A plain `BEGIN` on SQLite reads from one snapshot already.
fn begin_snapshot(conn: &mut DbConnection) -> diesel::QueryResult<()> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN DEFERRED"),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            let sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            AnsiTransactionManager::begin_transaction_sql(conn, sql)
        }
    }
}

fn is_sqlite(target: &Target) -> bool {
    match target {
        #[cfg(feature = "sqlite")]
        Target::SqliteFile(_) | Target::SqliteMemory => true,
        #[cfg(feature = "postgres")]
        Target::Postgres(_) => false,
    }
}

fn lives_in_one_connection(target: &Target) -> bool {
    match target {
        #[cfg(feature = "sqlite")]
        Target::SqliteMemory => true,
        #[allow(unreachable_patterns, reason = "the only arm when SQLite is not compiled in")]
        _ => false,
    }
}

/// Whether the database is a SQLite file that is to be filled.
#[cfg_attr(not(feature = "sqlite"), expect(clippy::unnecessary_wraps, reason = "SQLite's arm may fail"))]
fn is_new_sqlite_file(target: &Target, may_make: bool) -> Result<bool> {
    match target {
        #[cfg(feature = "sqlite")]
        Target::SqliteFile(path) => file::prepare(path, may_make),
        #[allow(unreachable_patterns, reason = "the only arm when PostgreSQL alone is compiled in")]
        _ => {
            let _ = may_make;
            Ok(false)
        }
    }
}
