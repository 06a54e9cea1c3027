//! One connection type for both databases, how it is opened, and the pool.
//!
//! What is deliberately not here: transactions and retries, which `mod.rs` holds, and SQL of any table.

#[cfg(feature = "sqlite")]
use std::path::PathBuf;
#[cfg(feature = "postgres")]
use std::sync::{Arc, atomic::AtomicBool, mpsc};
use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use diesel::{
    connection::SimpleConnection as _,
    r2d2::{ManageConnection, R2D2Connection as _},
};

#[cfg(feature = "sqlite")]
use super::file;
#[cfg(feature = "postgres")]
use super::session;
use super::{config::Pooler, reach::Reach};
use crate::error::{Error, ErrorCode, Result};

/// How SQLite calls a database in memory.
#[cfg(feature = "sqlite")]
const MEMORY: &str = ":memory:";

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("jpauto needs a database: enable the feature `sqlite` or `postgres`");

/// A connection to either database.
///
/// Upserts, batch inserts, `RETURNING` and row locks do not go through the enum: use `on_each!` for those.
#[derive(diesel::MultiConnection)]
pub(crate) enum DbConnection {
    #[cfg(feature = "postgres")]
    Postgres(diesel::PgConnection),
    #[cfg(feature = "sqlite")]
    Sqlite(diesel::SqliteConnection),
}

/// Runs the same expression on the concrete connection of either database.
macro_rules! on_each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            #[cfg(feature = "postgres")]
            $crate::db::DbConnection::Postgres($c) => $body,
            #[cfg(feature = "sqlite")]
            $crate::db::DbConnection::Sqlite($c) => $body,
        }
    };
}
pub(crate) use on_each;

/// Locks the rows of a query until the transaction ends. SQLite's one writer holds the whole database already.
macro_rules! lock_row {
    ($conn:expr, $query:expr) => {
        match $conn {
            #[cfg(feature = "postgres")]
            $crate::db::DbConnection::Postgres(conn) => {
                diesel::RunQueryDsl::execute(diesel::QueryDsl::for_update($query), conn)?;
            }
            #[cfg(feature = "sqlite")]
            $crate::db::DbConnection::Sqlite(_) => {}
        }
    };
}
pub(crate) use lock_row;

/// Loads what a query finds, to remove it. On PostgreSQL the rows are locked until the transaction ends, and those that other sessions
/// have locked are passed over.
macro_rules! load_unlocked {
    ($conn:expr, $query:expr) => {
        match $conn {
            #[cfg(feature = "postgres")]
            $crate::db::DbConnection::Postgres(conn) => {
                let query = diesel::QueryDsl::skip_locked(diesel::QueryDsl::for_update($query));
                diesel::RunQueryDsl::load(query, conn)?
            }
            #[cfg(feature = "sqlite")]
            $crate::db::DbConnection::Sqlite(conn) => diesel::RunQueryDsl::load($query, conn)?,
        }
    };
}
pub(crate) use load_unlocked;

/// Inserts many rows: by `COPY` on PostgreSQL, and by one prepared statement on SQLite, where a statement costs no journey.
macro_rules! insert_rows {
    ($conn:expr, $table:expr, $rows:expr) => {{
        let rows = $rows;
        match $conn {
            #[cfg(feature = "postgres")]
            $crate::db::DbConnection::Postgres(conn) => {
                if !rows.is_empty() {
                    let copy = diesel::copy_from($table).from_insertable(rows);
                    diesel::prelude::ExecuteCopyFromDsl::execute(copy, conn)?;
                }
            }
            #[cfg(feature = "sqlite")]
            $crate::db::DbConnection::Sqlite(conn) => {
                for row in rows {
                    diesel::RunQueryDsl::execute(diesel::insert_into($table).values(row), conn)?;
                }
            }
        }
    }};
}
pub(crate) use insert_rows;

/// Which database a URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    #[cfg(feature = "postgres")]
    Postgres(String),
    #[cfg(feature = "sqlite")]
    SqliteFile(PathBuf),
    #[cfg(feature = "sqlite")]
    SqliteMemory,
}

impl Target {
    /// Reads `sqlite:path`, `sqlite::memory:` or `postgres://...`. Nothing else is taken for a file name, so that a slip in
    /// the URL does not quietly start an empty database.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            #[cfg(feature = "sqlite")]
            return match path.strip_prefix("//").unwrap_or(path) {
                ":memory:" => Ok(Self::SqliteMemory),
                "" => Err(Error::invalid_field(
                    ErrorCode::InvalidDatabaseUrl,
                    "/database_url",
                    "expected a path after sqlite:",
                )),
                path => Ok(Self::SqliteFile(PathBuf::from(path))),
            };
            #[cfg(not(feature = "sqlite"))]
            return Err(not_compiled_in(path, "sqlite"));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            #[cfg(feature = "postgres")]
            return Ok(Self::Postgres(url.to_owned()));
            #[cfg(not(feature = "postgres"))]
            return Err(not_compiled_in(url, "postgres"));
        }
        // The URL may carry a password: it is not repeated.
        Err(Error::invalid_field(
            ErrorCode::InvalidDatabaseUrl,
            "/database_url",
            "expected sqlite:PATH, sqlite::memory: or postgres://USER@HOST/DATABASE",
        ))
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
fn not_compiled_in(_url: &str, feature: &'static str) -> Error {
    Error::new(
        ErrorCode::NotConfigured,
        format!("this build has no {feature} support: enable the cargo feature `{feature}`"),
    )
}

/// How connections behave; the limits of a statement must stay below the deadline of whoever waits for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite has no such limit"))]
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite has no such limit"))]
    pub(crate) idle_in_transaction_timeout: Duration,
    pub(crate) read_only: bool,
}

/// A connection in the pool, and whether it turned out to be dead: Diesel does not tell the pool by itself.
pub(crate) struct Pooled {
    pub(crate) conn: DbConnection,
    pub(crate) is_lost: bool,
    /// Whether it was looked where it leads, which is done for those to a standby.
    #[cfg(feature = "postgres")]
    pub(super) is_looked_at: bool,
    /// What a transaction begins with where a pooler shares out the server's sessions.
    #[cfg(feature = "postgres")]
    pub(super) shared: Option<session::Shared>,
}

/// Opens connections for the pool.
pub(crate) struct Manager {
    target: Target,
    limits: ConnectionLimits,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite has no pooler"))]
    pooler: Pooler,
    /// Whether statements may be kept prepared behind a pooler.
    #[cfg(feature = "postgres")]
    may_keep_statements: Arc<AtomicBool>,
    /// A connection that was opened to try out the address, for the first that asks.
    tried: Mutex<Option<Pooled>>,
    reach: Reach,
}

impl Manager {
    pub(super) fn new(target: Target, limits: ConnectionLimits, pooler: Pooler) -> Self {
        Self {
            target,
            limits,
            pooler,
            #[cfg(feature = "postgres")]
            may_keep_statements: Arc::new(AtomicBool::new(true)),
            tried: Mutex::default(),
            reach: Reach::default(),
        }
    }

    /// Whether the database can be reached, as this finds it.
    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Opens a connection by hand: the pool would retry for its whole time-out and lose the reason.
    ///
    /// On PostgreSQL a second one follows the first. A pooler that shares out sessions gives it the session of the first.
    pub(super) fn try_out(&self) -> Result<(), ConnectError> {
        let tried = match &self.target {
            #[cfg(feature = "postgres")]
            Target::Postgres(url) if self.pooler == Pooler::None => self.try_out_twice(url)?,
            _ => self.open()?,
        };
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(tried);
        Ok(())
    }

    /// The second is connected beside the first, since a server takes milliseconds for a new connection. The first is marked once both
    /// stand: a pooler that shares out sessions gives the one that was used last.
    #[cfg(feature = "postgres")]
    fn try_out_twice(&self, url: &str) -> Result<Pooled, ConnectError> {
        /// A pooler with one place lets the second in when the first has gone.
        const BESIDE: Duration = Duration::from_secs(1);
        let connect = || <diesel::PgConnection as diesel::Connection>::establish(url);
        thread::scope(|scope| {
            let (send, connected) = mpsc::sync_channel(1);
            // Without another thread there is no sender, and the second is connected afterwards.
            let _ahead = thread::Builder::new().spawn_scoped(scope, move || send.send(connect()));
            let mut first = connect()?;
            let second = connected.recv_timeout(BESIDE);
            session::mark(&mut first)?;
            drop(first);
            match second.or_else(|_| connected.recv()) {
                Ok(Ok(second)) => self.set_up(second),
                // There may have been no place for two.
                Ok(Err(_)) | Err(_) => self.set_up(connect()?),
            }
        })
    }

    fn open(&self) -> Result<Pooled, ConnectError> {
        match &self.target {
            #[cfg(feature = "postgres")]
            Target::Postgres(url) => self.set_up(<diesel::PgConnection as diesel::Connection>::establish(url)?),
            #[cfg(feature = "sqlite")]
            Target::SqliteFile(path) => self.connect_sqlite(path.to_str().ok_or(ConnectError::Path)?),
            #[cfg(feature = "sqlite")]
            Target::SqliteMemory => self.connect_sqlite(MEMORY),
        }
    }

    /// Diesel has set the connection to UTC.
    #[cfg(feature = "postgres")]
    fn set_up(&self, mut conn: diesel::PgConnection) -> Result<Pooled, ConnectError> {
        let shared = match self.pooler {
            Pooler::None => {
                session::own(&mut conn, self.limits)?;
                None
            }
            Pooler::Transaction => Some(session::share(&mut conn, self.limits, &self.may_keep_statements)?),
        };
        Ok(Pooled { conn: DbConnection::Postgres(conn), is_lost: false, is_looked_at: false, shared })
    }

    #[cfg(feature = "sqlite")]
    fn connect_sqlite(&self, path: &str) -> Result<Pooled, ConnectError> {
        let busy_timeout = format!("PRAGMA busy_timeout = {}", self.limits.lock_timeout.as_millis());
        let mut conn = <diesel::SqliteConnection as diesel::Connection>::establish(&match path {
            MEMORY => MEMORY.to_owned(),
            path => file::address(path, "mode=rw"),
        })?;
        conn.batch_execute(&busy_timeout)?;
        if self.limits.read_only {
            let read_only = "PRAGMA query_only = ON; PRAGMA foreign_keys = ON";
            conn.batch_execute(read_only)?;
            // A file in WAL mode wants two files beside it, which a folder that cannot be written does not take. Where neither
            // is there, nobody writes either, and the file is read as one that does not change.
            let refused = conn.batch_execute("PRAGMA schema_version").err();
            let has_no_wal = file::has_no_wal(std::path::Path::new(path));
            if !has_no_wal && refused.as_ref().is_some_and(super::failure::says_it_must_write) {
                return Err(ConnectError::WalHeld);
            }
            if has_no_wal && refused.is_some() {
                let address = file::address(path, "mode=ro&immutable=1");
                conn = <diesel::SqliteConnection as diesel::Connection>::establish(&address)?;
                conn.batch_execute(&busy_timeout)?;
                conn.batch_execute(read_only)?;
            }
        } else {
            conn.batch_execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL")?;
            // A file keeps its rollback journal until its tables are in it. A process that dies or finds the disk full before leaves an
            // empty file. The write-ahead log would leave a first page without tables.
            if has_tables(&mut conn)? {
                use_write_ahead_log(&mut conn, self.limits.lock_timeout)?;
            }
        }
        Ok(Pooled {
            conn: DbConnection::Sqlite(conn),
            is_lost: false,
            #[cfg(feature = "postgres")]
            is_looked_at: false,
            #[cfg(feature = "postgres")]
            shared: None,
        })
    }
}

#[cfg(feature = "sqlite")]
fn has_tables(conn: &mut diesel::SqliteConnection) -> diesel::QueryResult<bool> {
    use diesel::{RunQueryDsl as _, dsl::sql, sql_types::Bool};
    diesel::select(sql::<Bool>("EXISTS (SELECT 1 FROM sqlite_master)")).get_result(conn)
}

/// Readers then never wait for the writer. The mode is a property of the file, so where the file can not be written it
/// stays as it is: reading still works, and a write will say that the file is read-only.
#[cfg(feature = "sqlite")]
pub(super) fn use_write_ahead_log(conn: &mut diesel::SqliteConnection, patience: Duration) -> diesel::QueryResult<()> {
    let until = std::time::Instant::now() + patience;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(diesel::result::Error::DatabaseError(_, info)) if info.message().contains("readonly") => return Ok(()),
            // While another process makes the file, SQLite says so at once, whatever the busy time-out.
            Err(diesel::result::Error::DatabaseError(_, info))
                if info.message().contains("locked") && std::time::Instant::now() < until =>
            {
                thread::sleep(Duration::from_millis(fastrand::u64(1..=20)));
            }
            other => return other,
        }
    }
}

/// Why a connection could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(transparent)]
    Connect(#[from] diesel::ConnectionError),
    #[error(transparent)]
    Prepare(#[from] diesel::result::Error),
    #[error("a pooler shares out the sessions of the server: {0}")]
    #[cfg(feature = "postgres")]
    Shared(String),
    #[error("its -wal cannot be read")]
    #[cfg(feature = "sqlite")]
    WalHeld,
    #[error("the path is no valid UTF-8")]
    #[cfg(feature = "sqlite")]
    Path,
}

/// Whether all connections are in use, so that the next call waits for one.
#[cfg(feature = "postgres")]
pub(super) fn are_all_in_use(pool: &r2d2::Pool<Manager>) -> bool {
    let state = pool.state();
    state.idle_connections == 0 && state.connections >= pool.max_size()
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ConnectError;

    fn connect(&self) -> Result<Pooled, ConnectError> {
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner).take();
        let connected = tried.map_or_else(|| self.open(), Ok)?;
        self.reach.connected();
        Ok(connected)
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), ConnectError> {
        Ok(pooled.conn.batch_execute("SELECT 1")?)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.is_lost || thread::panicking() || pooled.conn.is_broken()
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_database_or_are_refused() {
        assert_eq!(Target::parse("sqlite:lot.db").ok(), Some(Target::SqliteFile("lot.db".into())));
        assert_eq!(Target::parse("sqlite:///tmp/lot.db").ok(), Some(Target::SqliteFile("/tmp/lot.db".into())));
        assert_eq!(Target::parse("sqlite::memory:").ok(), Some(Target::SqliteMemory));
        for url in ["", "lot.db", "postgre://x", "mysql://x", "sqlite:", "postgres:/x", "https://example.com"] {
            assert_eq!(Target::parse(url).unwrap_err().code(), "invalid_database_url", "{url}");
        }
    }
}
