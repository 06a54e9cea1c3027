//! The statements of PostgreSQL that copy the tables and let the copies take their place. SQLite has no partitions.

#[cfg(feature = "postgres")]
mod postgres;

use crate::db::{DbConnection, DbResult};
#[cfg(feature = "sqlite")]
use crate::error::{Error, ErrorCode};

/// How the tables stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// In how many partitions they are.
    pub(super) partitions: u32,
    /// In how many the copy is that was begun.
    pub(super) copy: Option<u32>,
}

/// What a step of copying did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) rows: u64,
    pub(super) copied: u64,
    pub(super) competitors: u64,
    pub(super) is_last: bool,
}

/// Runs it on PostgreSQL.
macro_rules! on_postgres {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            #[cfg(feature = "postgres")]
            DbConnection::Postgres($c) => $body,
            #[cfg(feature = "sqlite")]
            DbConnection::Sqlite(_) => Err(no_partitions().into()),
        }
    };
}

#[cfg(feature = "sqlite")]
fn no_partitions() -> Error {
    let message = "a SQLite file has no partitions, and one dealership needs none: they are for PostgreSQL";
    Error::new(ErrorCode::PartitionsUnsupported, message)
}

pub(super) fn state(conn: &mut DbConnection) -> DbResult<State> {
    on_postgres!(conn, conn => postgres::state(conn))
}

/// Makes the empty copies, and the triggers that carry changes over.
pub(super) fn begin(conn: &mut DbConnection, partitions: u32) -> DbResult<()> {
    let _ = partitions;
    on_postgres!(conn, conn => postgres::begin(conn, partitions))
}

/// Copies the rows of some competitors that are not copied yet.
pub(super) fn copy_some(conn: &mut DbConnection, most: i64) -> DbResult<Step> {
    let _ = most;
    on_postgres!(conn, conn => postgres::copy_some(conn, most))
}

/// Lets the copies take the place of the tables. Returns how many rows it copied first.
pub(super) fn take_the_place(conn: &mut DbConnection) -> DbResult<u64> {
    on_postgres!(conn, conn => postgres::take_the_place(conn))
}

/// Removes a copy that was begun.
pub(super) fn give_up(conn: &mut DbConnection) -> DbResult<()> {
    on_postgres!(conn, conn => postgres::give_up(conn))
}

/// Counts the new tables for the planner.
pub(super) fn analyze(conn: &mut DbConnection) -> DbResult<()> {
    on_postgres!(conn, conn => postgres::analyze(conn))
}
