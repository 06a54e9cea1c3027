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
mod reach;
#[cfg(feature = "postgres")]
mod rights;
pub(crate) mod row;
#[allow(
    clippy::wildcard_imports,
    unreachable_pub,
    reason = "Diesel's table! takes its types so, and makes everything public"
)]
pub(crate) mod schema;
#[cfg(feature = "postgres")]
mod session;
#[cfg(feature = "postgres")]
mod standby;
mod streams;
pub(crate) mod texts;
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "SQLite alone holds a time as a text"))]
pub(crate) mod time;
mod transaction;
#[allow(unreachable_pub, reason = "Diesel's table! wants the SQL types to be public")]
pub(crate) mod types;
#[cfg(feature = "sqlite")]
mod unmade;
#[cfg(feature = "sqlite")]
mod write_ahead_log;

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::Duration,
};

use diesel::connection::SimpleConnection as _;
use scheduled_thread_pool::{OnPoolDropBehavior, ScheduledThreadPool};

use connection::{ConnectionLimits, Manager, Target};
pub(crate) use connection::{DbConnection, MultiBackend, insert_rows, load_unlocked, lock_row, on_each};
pub(crate) use failure::Failure;
pub(crate) use kept::{is_one_of, kept, kept_sql};
pub(crate) use migrate::Migrated;
pub(crate) use paging::{at_most, in_index_order, in_row, is_among, twice_between};
pub(crate) use schema::{Column, columns_of};
pub(crate) use streams::{Blocks, Stream};
pub(crate) use transaction::{find_by_index, keep_plans, plan_for_the_values, without_statement_timeout};
pub(crate) use types::{Instant, Json};

pub use backup::Backup;
pub use config::{CreateFile, DatabaseConfig, Pooler};

use queue::Queue;
use reach::Reach;
use transaction::{Kind, LOOK_AGAIN_AT_MOST, wait_for_others};

use crate::error::{Error, ErrorCode, Result};

/// What a query of any noun gives back inside a transaction.
pub(crate) type DbResult<T> = Result<T, Failure>;

/// How often a whole transaction is run again when another writer came between.
const ATTEMPTS: u32 = 8;

/// How long a connection to a SQLite file stays open that nothing uses. It holds up to 2 MB of the file, and is opened again in a
/// millisecond.
const IDLE_SQLITE: Duration = Duration::from_secs(30);

/// How often those who wait for a connection look whether the database can be reached.
const LOOK_WHETHER_AWAY: Duration = Duration::from_millis(50);

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

/// How reads went that a standby may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StandbyUse {
    /// Whether the standby was of use when it was asked last.
    pub is_used: bool,
    /// Reads that the standby served.
    pub served: u64,
    /// Reads that went to the primary because the standby was behind.
    pub behind: u64,
    /// Reads that went to the primary because each connection to the standby was in use.
    pub busy: u64,
    /// Reads that went to the primary because the standby could not be reached, or ended them.
    pub failed: u64,
}

/// An open database: the pool, and whether its schema is the one that this library knows.
pub(crate) struct Database {
    pool: r2d2::Pool<Manager>,
    target: Target,
    schema_is_current: AtomicBool,
    /// SQLite takes one writer at a time and makes the others poll; waiting here instead is fair and quick.
    writers: Option<Queue>,
    lock_timeout: Duration,
    reach: Reach,
    #[cfg(feature = "sqlite")]
    unmade: Option<unmade::Unmade>,
    #[cfg(feature = "sqlite")]
    log: write_ahead_log::WriteAheadLog,
    #[cfg(feature = "postgres")]
    standby: Option<standby::Standby>,
}

impl Database {
    /// Opens the database, and makes it whole where it is a new SQLite file.
    pub(crate) fn open(config: &DatabaseConfig) -> Result<Self> {
        config.check()?;
        let target = Target::parse(&config.url)?;
        let limits = ConnectionLimits {
            statement_timeout: config.statement_timeout,
            lock_timeout: config.lock_timeout,
            idle_in_transaction_timeout: config.idle_in_transaction_timeout,
            read_only: config.read_only,
        };
        #[cfg(feature = "postgres")]
        let standby = standby_target(config, &target)?;
        let state = state_of_file(&target, config)?;
        let manager = Manager::new(target.clone(), limits, config.pooler);
        let in_memory = lives_in_one_connection(&target);
        if !in_memory && state != Prepared::Unmade {
            manager.try_out().map_err(|reason| failure::cannot_connect(&target, reason))?;
        }
        let reach = manager.reach().clone();
        let mut builder = r2d2::Pool::builder()
            .error_handler(Box::new(reach.clone()))
            .max_size(if in_memory { 1 } else { config.pool_size })
            .min_idle(Some(0))
            .test_on_check_out(false)
            .thread_pool(pool_threads())
            .connection_timeout(config.pool_timeout);
        if in_memory {
            // Closing the one connection would lose everything.
            builder = builder.idle_timeout(None).max_lifetime(None);
        } else if is_sqlite(&target) {
            builder = builder.idle_timeout(Some(IDLE_SQLITE));
        }
        let database = Self {
            #[cfg(feature = "postgres")]
            standby: standby.map(|target| open_standby(config, limits, target)),
            pool: builder.build_unchecked(manager),
            writers: is_sqlite(&target).then(Queue::default),
            lock_timeout: config.lock_timeout,
            reach,
            #[cfg(feature = "sqlite")]
            log: write_ahead_log::WriteAheadLog::default(),
            #[cfg(feature = "sqlite")]
            unmade: (state == Prepared::Unmade).then(unmade::Unmade::new).transpose()?,
            target,
            schema_is_current: AtomicBool::new(false),
        };
        match state {
            Prepared::Unmade => {}
            Prepared::New => drop(database.migrate_now(|_| Ok(()))?),
            Prepared::Filled if in_memory => drop(database.migrate_now(|_| Ok(()))?),
            Prepared::Filled if config.creation() != CreateFile::Never => database.fill_if_empty()?,
            Prepared::Filled => drop(database.refresh_schema_state()?),
        }
        Ok(database)
    }

    /// Makes the tables of a file that has none. Another process may be about to make them, and migrating waits for that.
    fn fill_if_empty(&self) -> Result<()> {
        if !self.refresh_schema_state()? && self.is_empty_sqlite()? {
            self.migrate_now(|_| Ok(()))?;
        }
        Ok(())
    }

    /// What is read as long as there is no file.
    #[cfg(not(feature = "sqlite"))]
    #[expect(clippy::unnecessary_wraps, reason = "SQLite's may fail")]
    fn stand_in(&self) -> Result<Option<&Self>> {
        Ok(None)
    }

    #[cfg(not(feature = "sqlite"))]
    #[expect(clippy::unnecessary_wraps, reason = "SQLite's may fail")]
    fn make_file(&self) -> Result<()> {
        Ok(())
    }

    /// Runs queries that change nothing; from the start on another connection when one turns out to be dead, or when the server gave
    /// way to another transaction, as a standby does to what it is sent.
    ///
    /// After a restart of the server every connection of the pool may be: each of them is tried once, and then a new one.
    pub(crate) fn read<T>(&self, queries: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.read_in(Kind::Statements, queries)
    }

    /// Runs queries that change nothing and belong together: all of them see the database as it is at the first one.
    pub(crate) fn read_snapshot<T>(&self, queries: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.read_in(Kind::Snapshot, queries)
    }

    /// Reads as [`Database::read`] does, at a standby where there is one of use, for what need not be newer than the limit of lag.
    pub(crate) fn list<T>(&self, queries: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.read_at_either(Kind::Statements, queries)
    }

    /// Reads as [`Database::read_snapshot`] does, at a standby where there is one of use.
    pub(crate) fn report<T>(&self, queries: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.read_at_either(Kind::Snapshot, queries)
    }

    fn read_at_either<T>(&self, kind: Kind, queries: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        #[cfg(feature = "postgres")]
        if let Some(standby) = &self.standby {
            self.must_be_current()?;
            if let Some(answer) = standby.read(self, kind, &queries) {
                return Ok(answer);
            }
        }
        self.read_in(kind, queries)
    }

    /// Whether some reads may be of a standby.
    pub(crate) fn has_standby(&self) -> bool {
        #[cfg(feature = "postgres")]
        return self.standby.is_some();
        #[cfg(not(feature = "postgres"))]
        false
    }

    /// How the standby is used, where there is one.
    pub(crate) fn standby_use(&self) -> Option<StandbyUse> {
        #[cfg(feature = "postgres")]
        return self.standby.as_ref().map(standby::Standby::used);
        #[cfg(not(feature = "postgres"))]
        None
    }

    fn read_in<T>(&self, kind: Kind, queries: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.stand_in()?.unwrap_or(self).read_now(kind, queries)
    }

    fn read_now<T>(&self, kind: Kind, queries: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.must_be_current()?;
        let (mut attempt, mut dead) = (1, 0);
        loop {
            let outcome = self.with_connection(kind, &queries)?;
            match outcome {
                Err(failure) if attempt < ATTEMPTS && failure.is_serialization_failure() => {
                    tracing::debug!(attempt, reason = %failure, "a read was overtaken; reading again");
                    wait_for_others(attempt);
                    attempt += 1;
                }
                Err(failure) if failure.wants_another_connection() && dead < self.pool.max_size() => {
                    tracing::warn!(reason = %failure, "a database connection was lost; reading again on another");
                    dead += 1;
                }
                other => return other.map_err(Error::from),
            }
        }
    }

    /// Runs a transaction. It is run again, as a whole, when another writer came between: the closure must be repeatable.
    ///
    /// A unique violation counts as such: the row that stood against it is visible to the second run, whose own checks name
    /// what is taken.
    pub(crate) fn write<T>(&self, work: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        if let Some(stand_in) = self.stand_in()? {
            stand_in.write_now(&work)?;
            self.make_file()?;
        }
        self.write_now(&work)
    }

    fn write_now<T>(&self, work: &impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<T> {
        self.must_be_current()?;
        let (mut attempt, mut dead) = (1, 0);
        loop {
            let mut has_begun = false;
            let outcome = {
                let _place = self.writers.as_ref().map(Queue::wait);
                self.with_connection(Kind::Write { patience: self.lock_timeout }, |conn| {
                    has_begun = true;
                    work(conn)
                })?
            };
            match outcome {
                // Nothing was sent yet: another connection may do it. Later, nobody knows what the server still did.
                Err(failure) if failure.is_lost_connection() && !has_begun && dead < self.pool.max_size() => dead += 1,
                // The transaction was taken back.
                Err(failure) if failure.has_outdated_plan() && dead < self.pool.max_size() => dead += 1,
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
    /// between its transactions, and keeps the write-ahead log short, for which it may wait some seconds. Writers of this process need
    /// no moment: they have a queue.
    pub(crate) fn give_way(&self, since: std::time::Instant) {
        #[cfg(feature = "sqlite")]
        self.keep_log_short();
        const A_MOMENT: Duration = LOOK_AGAIN_AT_MOST.saturating_add(Duration::from_millis(1));
        if self.writers.is_some() {
            std::thread::sleep(A_MOMENT.saturating_sub(since.elapsed()));
        }
    }

    /// Whether `backup` makes a copy. PostgreSQL has a program of its own for that.
    pub(crate) fn is_copied_here(&self) -> bool {
        self.has_one_writer()
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
        self.make_file()?;
        self.migrate_now(then)
    }

    fn migrate_now<T>(&self, then: impl Fn(&mut DbConnection) -> DbResult<T>) -> Result<(Migrated, T)> {
        let (migrated, done) = self.with_connection(Kind::Write { patience: self.lock_timeout }, |conn| {
            let migrated = migrate::run(conn)?;
            Ok((migrated, then(conn)?))
        })??;
        self.schema_is_current.store(true, Ordering::Release);
        if !migrated.applied.is_empty() {
            self.with_connection(Kind::Statements, |conn| migrate::settle(conn, self.lock_timeout))??;
        }
        Ok((migrated, done))
    }

    /// The version of the schema, if it is the one of this library.
    pub(crate) fn current_version(&self) -> Result<Option<String>> {
        self.make_file()?;
        if !self.refresh_schema_state()? {
            return Ok(None);
        }
        Ok(Some(migrate::known_version(&self.connection()?.conn)?))
    }

    /// Whether any release has brought its schema to a version.
    pub(crate) fn is_migrated(&self) -> Result<bool> {
        Ok(self.with_connection(Kind::Statements, migrate::is_migrated)??)
    }

    /// Copies the whole database into a new file, or says how that is done.
    pub(crate) fn backup(&self, to: &Path) -> Result<Backup> {
        match &self.target {
            #[cfg(feature = "sqlite")]
            Target::SqliteFile(path) if self.stand_in()?.is_some() => Err(file::missing(path, "does not exist")),
            #[cfg(feature = "sqlite")]
            Target::SqliteFile(path) => backup::sqlite::of_file(path, to),
            #[cfg(feature = "sqlite")]
            Target::SqliteMemory => backup::sqlite::of_memory(&mut self.connection()?.conn, to),
            #[cfg(feature = "postgres")]
            Target::Postgres(url) => {
                let command =
                    self.with_connection(Kind::Statements, |conn| backup::postgres::command(conn, url, to))?;
                command.map_err(Error::from)
            }
        }
    }

    /// Runs something on a connection of the pool, which lets the connection go where it turns out to be dead.
    fn with_connection<T>(
        &self,
        kind: Kind,
        work: impl FnOnce(&mut DbConnection) -> DbResult<T>,
    ) -> Result<DbResult<T>> {
        let mut pooled = self.connection()?;
        let outcome = pooled.run(kind, work);
        #[cfg(feature = "postgres")]
        if let (Some(standby), Kind::Write { .. }) = (&self.standby, kind) {
            standby.note_write();
        }
        #[cfg(feature = "postgres")]
        let outcome = outcome.map_err(|failure| rights::named(&mut pooled.conn, kind, failure));
        Ok(outcome)
    }

    /// A connection of the pool, as soon as one is free. Where none is left and the database cannot be reached, nobody waits for it.
    fn connection(&self) -> Result<r2d2::PooledConnection<Manager>> {
        let until = std::time::Instant::now() + self.pool.connection_timeout();
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            let reason = match self.pool.get_timeout(left.min(LOOK_WHETHER_AWAY)) {
                Ok(connection) => return Ok(connection),
                Err(reason) => reason,
            };
            let (state, most) = (self.pool.state(), self.pool.max_size());
            let message = if state.connections == 0 && self.reach.is_away() {
                "the database cannot be reached".to_owned()
            } else if left > LOOK_WHETHER_AWAY {
                continue;
            } else if state.idle_connections == 0 && state.connections == most {
                format!("no database connection could be had in time: all {most} are in use")
            } else {
                "no database connection could be had in time".to_owned()
            };
            return Err(Error::new(ErrorCode::DatabaseUnavailable, message)
                .with_retry_after(Duration::from_secs(1))
                .with_source(reason));
        }
    }

    fn is_empty_sqlite(&self) -> Result<bool> {
        Ok(is_sqlite(&self.target) && self.with_connection(Kind::Statements, migrate::has_no_tables)??)
    }

    fn must_be_current(&self) -> Result<()> {
        if self.schema_is_current.load(Ordering::Acquire) {
            return Ok(());
        }
        // Another process may have migrated meanwhile.
        if self.refresh_schema_state()? {
            return Ok(());
        }
        let state =
            if self.is_migrated()? { "the database has an older schema" } else { "the database was never migrated" };
        Err(Error::new(ErrorCode::DatabaseOutdated, format!("{state}: run migrate on it first")))
    }

    fn refresh_schema_state(&self) -> Result<bool> {
        let current =
            self.with_connection(Kind::Statements, migrate::is_current)?.map_err(|failure| match failure {
                Failure::Database(reason) => failure::cannot_use(&self.target, reason),
                Failure::Refusal(error) => error,
            })?;
        self.schema_is_current.store(current, Ordering::Release);
        Ok(current)
    }
}

/// The standby that the configuration names.
#[cfg(feature = "postgres")]
fn standby_target(config: &DatabaseConfig, primary: &Target) -> Result<Option<Target>> {
    let Some(url) = &config.read_url else { return Ok(None) };
    let target = Target::parse(url).ok().filter(|target| !is_sqlite(target) && !is_sqlite(primary));
    target.map(Some).ok_or_else(|| {
        let expected =
            "expected postgres://USER@HOST/DATABASE, of a standby of the PostgreSQL that /database_url names";
        Error::invalid_field(ErrorCode::InvalidDatabaseUrl, "/read_url", expected)
    })
}

/// The pool of the standby, of which nothing is opened yet: it may be away when the program starts.
#[cfg(feature = "postgres")]
fn open_standby(config: &DatabaseConfig, limits: ConnectionLimits, target: Target) -> standby::Standby {
    let manager = Manager::new(target, ConnectionLimits { read_only: true, ..limits }, config.pooler);
    let pool = r2d2::Pool::builder()
        // Of a standby that hangs each connection holds up a reader, so the others are left to the primary.
        .max_size((config.pool_size / 2).max(1))
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .min_idle(Some(0))
        .test_on_check_out(false)
        .thread_pool(pool_threads())
        .connection_timeout(standby::WAIT_FOR_CONNECTION)
        .build_unchecked(manager);
    standby::Standby::new(pool, config.read_lag_limit)
}

/// The threads that make connections and end idle ones, as many as r2d2 has by itself. Its own wait for the next look at idle
/// connections, half a minute, before they end with the pool; these end at once.
fn pool_threads() -> Arc<ScheduledThreadPool> {
    let threads = ScheduledThreadPool::builder().num_threads(3).thread_name_pattern("jpauto-pool-{}");
    Arc::new(threads.on_drop_behavior(OnPoolDropBehavior::DiscardPendingScheduled).build())
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

/// What the file of a database is before it is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "PostgreSQL's databases are there"))]
enum Prepared {
    /// Something is in it, or it is no file.
    Filled,
    /// It is to be filled.
    New,
    /// It is to be made when something is written.
    Unmade,
}

#[cfg_attr(not(feature = "sqlite"), expect(clippy::unnecessary_wraps, reason = "SQLite's arm may fail"))]
fn state_of_file(target: &Target, config: &DatabaseConfig) -> Result<Prepared> {
    match target {
        #[cfg(feature = "sqlite")]
        Target::SqliteFile(path) => file::prepare(path, config.creation()),
        #[allow(unreachable_patterns, reason = "the only arm when PostgreSQL alone is compiled in")]
        _ => {
            let _ = config;
            Ok(Prepared::Filled)
        }
    }
}
