//! How a transaction begins and ends on either database, and what stands in it before its first statement.
//!
//! What is deliberately not here: when a transaction is run again, which `mod.rs` decides.

use std::{ops::ControlFlow, time::Duration};

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};

use super::{DbConnection, DbResult, Failure, connection::Pooled};

type Transactions = <DbConnection as diesel::Connection>::TransactionManager;

/// In what the statements of an operation run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Each by itself. Behind a pooler, all in one transaction that sees what others commit meanwhile.
    Statements,
    /// All see the database as it is at the first one.
    Snapshot,
    /// A transaction that writes, and waits so long for the writer of another process.
    Write {
        #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "PostgreSQL has many writers"))]
        patience: Duration,
    },
}

impl Pooled {
    /// Runs something as the kind says, and notes whether the connection is of no use afterwards.
    pub(super) fn run<T>(&mut self, kind: Kind, work: impl FnOnce(&mut DbConnection) -> DbResult<T>) -> DbResult<T> {
        let outcome = match self.begin(kind) {
            Ok(true) => {
                let outcome = work(&mut self.conn);
                finish(&mut self.conn, outcome)
            }
            Ok(false) => work(&mut self.conn),
            Err(reason) => Err(reason.into()),
        };
        self.note(outcome.as_ref().err());
        outcome
    }

    /// Reads rows in a transaction of their own, or as the transaction sees the database that has exported this snapshot. `rows` is told
    /// whether the session is the connection's own. Whoever takes the rows may be slow, so their statement has no limit of time.
    pub(super) fn stream(
        &mut self,
        snapshot: Option<&str>,
        rows: impl FnOnce(&mut DbConnection, bool) -> DbResult<ControlFlow<()>>,
    ) -> DbResult<ControlFlow<()>> {
        let outcome = match self.begin_stream(snapshot) {
            Ok(()) => {
                let is_own_session = self.has_own_session();
                rows(&mut self.conn, is_own_session)
            }
            Err(reason) => Err(reason.into()),
        };
        let outcome = match outcome {
            #[cfg(feature = "postgres")]
            Ok(ControlFlow::Break(())) if matches!(self.conn, DbConnection::Postgres(_)) => {
                // PostgreSQL would send all the other rows before it takes another statement.
                self.is_lost = true;
                return Ok(ControlFlow::Break(()));
            }
            outcome => finish(&mut self.conn, outcome),
        };
        self.note(outcome.as_ref().err());
        outcome
    }

    fn begin_stream(&mut self, snapshot: Option<&str>) -> diesel::QueryResult<()> {
        self.begin(Kind::Snapshot)?;
        if let Some(id) = snapshot {
            set_on_postgres(&mut self.conn, &format!("SET TRANSACTION SNAPSHOT '{id}'"))?;
        }
        without_statement_timeout(&mut self.conn)?;
        // Most of the time goes into the cells' binary form, which is compiled already.
        set_on_postgres(&mut self.conn, "SET LOCAL jit = off")
    }

    /// Whether no pooler gives the session to others.
    fn has_own_session(&self) -> bool {
        #[cfg(feature = "postgres")]
        return self.shared.is_none();
        #[cfg(not(feature = "postgres"))]
        true
    }

    fn note(&mut self, failure: Option<&Failure>) {
        self.is_lost = failure.is_some_and(Failure::wants_another_connection);
        #[cfg(feature = "postgres")]
        if let (Some(shared), true) = (&self.shared, failure.is_some_and(Failure::has_outdated_plan)) {
            shared.keep_no_statements();
        }
    }

    /// Begins a transaction where the kind wants one, and says whether it did.
    fn begin(&mut self, kind: Kind) -> diesel::QueryResult<bool> {
        match &mut self.conn {
            #[cfg(feature = "sqlite")]
            DbConnection::Sqlite(_) => match kind {
                Kind::Statements => return Ok(false),
                // A plain `BEGIN` on SQLite reads from one snapshot already.
                Kind::Snapshot => begin_sqlite(&mut self.conn, "BEGIN DEFERRED")?,
                Kind::Write { patience } => begin_when_free(&mut self.conn, patience)?,
            },
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(conn) => {
                // The settings of a shared session go the same way, in one journey.
                let shared = self.shared.as_ref().map(|shared| shared.beginning(kind));
                let sql = match (kind, &shared) {
                    (_, Some(shared)) => shared,
                    (Kind::Statements, None) => return Ok(false),
                    (Kind::Snapshot, None) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    (Kind::Write { .. }, None) => "BEGIN",
                };
                AnsiTransactionManager::begin_transaction_sql(conn, sql)?;
            }
        }
        Ok(true)
    }
}

/// Lets the statements of this transaction take as long as they do.
pub(crate) fn without_statement_timeout(conn: &mut DbConnection) -> diesel::QueryResult<()> {
    set_on_postgres(conn, "SET LOCAL statement_timeout = 0")
}

/// Has the statements of this transaction planned for the tables as they are. PostgreSQL keeps a plan that it made when a table was
/// small, and in long work the table may have grown since by what the work itself wrote.
pub(crate) fn plan_for_the_values(conn: &mut DbConnection) -> diesel::QueryResult<()> {
    set_on_postgres(conn, "SET LOCAL plan_cache_mode = force_custom_plan")
}

/// The same for statements that look for the rows of many keys: they use an index, whatever PostgreSQL believes about a table that it has
/// not counted yet. It would read the whole table for each of them.
pub(crate) fn find_by_index(conn: &mut DbConnection) -> diesel::QueryResult<()> {
    set_on_postgres(conn, "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off")
}

/// With 100 connections a server has room for 6,400 locks, and a recording takes some forty of each part.
const PARTS_LOCKED: u32 = 32;

/// Has the statements of this transaction planned once a connection, for any values, with an index for each. That is for short work on
/// few rows that a key finds, of which PostgreSQL would spend more time on the plans than on the rows: where a table is divided, it
/// plans for each part. Statements that are not kept prepared (see `kept`) gain nothing.
///
/// Such a plan locks each part of the table, so a table of more than [`PARTS_LOCKED`] parts is planned for the values as before.
pub(crate) fn keep_plans(conn: &mut DbConnection, table: &str) -> diesel::QueryResult<()> {
    let sql = format!(
        "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)
         WHERE (SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('{table}')) <= {PARTS_LOCKED}"
    );
    set_on_postgres(conn, &sql)
}

/// Sets what SQLite has nothing like.
fn set_on_postgres(conn: &mut DbConnection, sql: &str) -> diesel::QueryResult<()> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let _ = sql;
            Ok(())
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => conn.batch_execute(sql),
    }
}

/// Waits a little, and longer with each attempt.
pub(super) fn wait_for_others(attempt: u32) {
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

#[cfg(feature = "sqlite")]
fn begin_sqlite(conn: &mut DbConnection, sql: &str) -> diesel::QueryResult<()> {
    match conn {
        DbConnection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, sql),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => AnsiTransactionManager::begin_transaction_sql(conn, sql),
    }
}

/// Begins once no other process writes to the SQLite file. SQLite's own waiting looks less and less often, down to every 100 ms,
/// and seldom meets the moment between two transactions of a process that writes in a loop.
#[cfg(feature = "sqlite")]
fn begin_when_free(conn: &mut DbConnection, patience: Duration) -> diesel::QueryResult<()> {
    conn.batch_execute("PRAGMA busy_timeout = 0")?;
    let outcome = look_until_free(conn, patience);
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", patience.as_millis()))?;
    outcome
}

/// How long a writer waits at most before it looks again whether another process has freed SQLite's lock.
pub(super) const LOOK_AGAIN_AT_MOST: Duration = Duration::from_millis(5);

/// A plain `BEGIN` on SQLite takes the write lock at the first write, when it may be too late: it fails at once where
/// another has written meanwhile. `IMMEDIATE` waits its turn.
#[cfg(feature = "sqlite")]
fn look_until_free(conn: &mut DbConnection, patience: Duration) -> diesel::QueryResult<()> {
    let until = std::time::Instant::now() + patience;
    let mut pause = Duration::from_millis(1);
    loop {
        match begin_sqlite(conn, "BEGIN IMMEDIATE") {
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
