//! SQLite's write-ahead log, which long work keeps short.
//!
//! SQLite copies the log into the file within commits, and begins it anew only where no writer has come meanwhile. Beside work that writes
//! turn after turn one always has: the log grew to twice the file, and some commit in between had much of it to copy.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use diesel::{SqliteConnection, connection::SimpleConnection as _};

use super::{Database, DbConnection, connection::Target, file::beside};
use crate::error::Result;

/// A log that is longer, in bytes, is copied into the file. SQLite itself begins to copy at 4 MB.
const LONG: u64 = 16 * 1024 * 1024;

/// How long the log is waited for that readers still look into. Writers wait meanwhile.
const PATIENCE: Duration = Duration::from_millis(30);

/// How long nothing is tried after a reader who looks into the log for long, such as a backup, has kept it as it was.
const REST: Duration = Duration::from_secs(5);

/// Until when nothing is tried.
#[derive(Debug, Default)]
pub(super) struct Resting(Mutex<Option<Instant>>);

impl Resting {
    fn rests(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() < until)
    }

    fn begin(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
    }
}

impl Database {
    /// Copies a long log into the file and begins it anew. Long work does so between two of its transactions.
    pub(crate) fn shorten_log(&self) {
        let Target::SqliteFile(file) = &self.target else { return };
        if !is_long(file) || self.log_is_left.rests() {
            return;
        }
        if let Err(reason) = self.copy_log() {
            tracing::debug!(%reason, "the write-ahead log stays as it is");
        }
        if is_long(file) {
            self.log_is_left.begin();
        }
    }

    fn copy_log(&self) -> Result<()> {
        let mut pooled = self.connection()?;
        match &mut pooled.conn {
            DbConnection::Sqlite(conn) => Ok(copied(conn, self.lock_timeout).map_err(super::Failure::from)?),
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(_) => Ok(()),
        }
    }
}

fn is_long(file: &Path) -> bool {
    fs::metadata(beside(file, "-wal")).is_ok_and(|log| log.len() > LONG)
}

/// Most of it is copied while others write. They wait for the little that came meanwhile.
fn copied(conn: &mut SqliteConnection, patience: Duration) -> diesel::QueryResult<()> {
    conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")?;
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis()))?;
    let begun = conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)");
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", patience.as_millis()))?;
    begun
}
