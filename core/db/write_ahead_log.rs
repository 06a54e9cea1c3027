//! SQLite's write-ahead log, which long work keeps short.
//!
//! SQLite copies the log into the file within commits, and begins it anew only where no writer has come meanwhile. Beside work that writes
//! turn after turn one always has: the log grew to twice the file, and some commit in between had much of it to copy.
//!
//! As long as somebody reads what was there before, such as a backup, nothing that was written since can leave the log. Long work then
//! waits between its turns, so that the log grows slowly. It never waits for long at a time: a reader may be forgotten.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _, sql_query, sql_types,
};

use super::{Database, DbConnection, connection::Target, file::beside};
use crate::error::Result;

/// The numbers of the care for the log.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// A log that is longer, in bytes, is copied into the file. SQLite itself begins to copy at 4 MB.
    long: u64,
    /// Where a reader keeps a log that is longer, in bytes, long work waits.
    very_long: u64,
    /// After a wait it goes on until the log has grown by so many bytes.
    step: u64,
    /// How long it waits at once.
    wait: Duration,
    /// How often it looks meanwhile whether the log can be begun anew.
    look_each: Duration,
    /// How long nothing is tried after a reader who looks into the log for long has kept it as it was.
    rest: Duration,
}

const BOUNDS: Bounds = Bounds {
    long: 16 * 1024 * 1024,
    very_long: 64 * 1024 * 1024,
    step: 16 * 1024 * 1024,
    wait: Duration::from_secs(10),
    look_each: Duration::from_millis(200),
    rest: Duration::from_secs(5),
};

/// How long the log is waited for that readers still look into. Writers wait meanwhile.
const PATIENCE: Duration = Duration::from_millis(30);

/// What is known of a log that could not be begun anew.
#[derive(Debug)]
pub(super) struct WriteAheadLog {
    bounds: Bounds,
    held: Mutex<Held>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// Until when nothing is tried.
    rests_until: Option<Instant>,
    /// The length up to which long work goes on after it has waited.
    waited_at: Option<u64>,
}

impl Default for WriteAheadLog {
    fn default() -> Self {
        Self { bounds: BOUNDS, held: Mutex::default() }
    }
}

impl WriteAheadLog {
    fn held(&self) -> Held {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self, held: Held) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    /// The length from which long work waits.
    fn bound(&self) -> u64 {
        self.held().waited_at.map_or(self.bounds.very_long, |length| length.saturating_add(self.bounds.step))
    }

    fn rests(&self) -> bool {
        self.held().rests_until.is_some_and(|until| Instant::now() < until)
    }
}

impl Database {
    /// Copies a long log into the file and begins it anew, and waits for a while where a reader keeps it very long. Long work does so
    /// between two of its transactions.
    pub(crate) fn keep_log_short(&self) {
        let Target::SqliteFile(file) = &self.target else { return };
        let WriteAheadLog { bounds, .. } = self.log;
        let is_long = || length(file) > bounds.long;
        if !is_long() {
            return;
        }
        if !self.log.rests() {
            self.shorten_log();
            if !is_long() {
                self.log.hold(Held::default());
                return;
            }
            self.log.hold(Held { rests_until: Some(Instant::now() + bounds.rest), ..self.log.held() });
        }
        if length(file) <= self.log.bound() {
            return;
        }
        tracing::debug!("long work waits: a reader keeps the write-ahead log long");
        let until = Instant::now() + bounds.wait;
        while is_long() && Instant::now() < until {
            thread::sleep(bounds.look_each);
            self.shorten_log();
        }
        self.log.hold(Held { rests_until: None, waited_at: is_long().then(|| length(file)) });
    }

    fn shorten_log(&self) {
        if let Err(reason) = self.copy_log() {
            tracing::debug!(%reason, "the write-ahead log stays as it is");
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

/// In bytes.
fn length(file: &Path) -> u64 {
    fs::metadata(beside(file, "-wal")).map_or(0, |log| log.len())
}

/// How much of the log is in the file, in pages.
#[derive(QueryableByName)]
struct Copied {
    #[diesel(sql_type = sql_types::Integer)]
    log: i32,
    #[diesel(sql_type = sql_types::Integer)]
    checkpointed: i32,
}

/// Most of it is copied while others write. They wait for the little that came meanwhile, unless a reader keeps some of it.
fn copied(conn: &mut SqliteConnection, patience: Duration) -> diesel::QueryResult<()> {
    let copied: Copied = sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result(conn)?;
    if copied.checkpointed < copied.log {
        return Ok(());
    }
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis()))?;
    let begun = conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)");
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", patience.as_millis()))?;
    begun
}

#[cfg(test)]
mod tests {
    use diesel::Connection as _;

    use super::*;
    use crate::db::DatabaseConfig;

    const BOUNDS: Bounds = Bounds {
        long: 64 * 1024,
        very_long: 512 * 1024,
        step: 256 * 1024,
        wait: Duration::from_millis(400),
        look_each: Duration::from_millis(20),
        rest: Duration::from_millis(100),
    };

    /// A turn of long work, of 40 pages.
    fn turn(database: &Database) {
        database.keep_log_short();
        let written = database.write(|conn| {
            Ok(conn.batch_execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
                 INSERT INTO filling SELECT randomblob(3900) FROM n",
            )?)
        });
        written.unwrap();
    }

    #[test]
    fn a_reader_lets_the_log_grow_slowly_and_it_is_cut_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lot.db");
        let mut config = DatabaseConfig::new(format!("sqlite:{}", file.display()));
        config.pool_size = 2;
        let mut database = Database::open(&config).unwrap();
        database.log.bounds = BOUNDS;
        database.write(|conn| Ok(conn.batch_execute("CREATE TABLE filling (bytes BLOB)")?)).unwrap();
        // Without a reader it stays short.
        for _ in 0..30 {
            turn(&database);
            assert!(length(&file) < 512 * 1024, "{}", length(&file));
        }

        let mut reader = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
        reader.batch_execute("BEGIN; SELECT count(*) FROM filling").unwrap();
        let begun = Instant::now();
        let mut turns = 0;
        while begun.elapsed() < Duration::from_secs(2) {
            turn(&database);
            turns += 1;
        }
        // Five waits at most have begun, each after another step. A turn goes beyond it.
        const TURN: u64 = 200 * 1024;
        let most = BOUNDS.very_long + TURN + 5 * (BOUNDS.step + TURN);
        assert!((BOUNDS.very_long..most).contains(&length(&file)), "{} after {turns} turns", length(&file));
        assert!(turns > 8, "it goes on after each wait: {turns} turns");

        // A wait ends with the reader, and the log is begun anew.
        database.log.bounds.wait = Duration::from_secs(30);
        database.log.hold(Held::default());
        let begun = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(200));
                reader.batch_execute("COMMIT").unwrap();
            });
            database.keep_log_short();
        });
        assert_eq!(length(&file), 0);
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    }
}
