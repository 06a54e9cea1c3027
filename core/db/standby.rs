//! A standby of PostgreSQL: when a list or a report may be read there instead of at the primary.
//!
//! One rule decides: the standby has replayed the place that the end of the primary's log had at some moment, and that moment is
//! neither before the last write of this process nor longer ago than the limit of lag. So it does not matter what the clocks of
//! the machines say, whether the primary is idle, or whether the standby is cut off. Whatever fails at a standby is read at the
//! primary. What is deliberately not here: which reads may go to a standby, which `Desk` decides.

use std::{
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use diesel::{
    QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use super::{
    Database, DbConnection, DbResult, Failure, StandbyUse,
    connection::{Manager, Pooled, are_all_in_use, on_each},
    transaction::Kind,
};
use crate::error::Result;

/// How long a reader waits in all for the standby to come to the last write of this process: 15 ms.
const WAITS: [Duration; 4] =
    [Duration::from_millis(1), Duration::from_millis(2), Duration::from_millis(4), Duration::from_millis(8)];

/// How long a reader waits for a connection that it can do without: one to the standby, or a second one.
pub(super) const WAIT_FOR_CONNECTION: Duration = Duration::from_millis(500);

/// How long nobody asks a standby that was behind.
const REST_WHEN_BEHIND: Duration = Duration::from_millis(100);

/// How long nobody asks a standby that cannot be reached, or is none.
const REST_WHEN_GONE: Duration = Duration::from_secs(1);

/// How many places are remembered at most.
const MOST_PLACES: usize = 32;

/// A standby, and what is known of it.
pub(super) struct Standby {
    pool: r2d2::Pool<Manager>,
    most_lag: Duration,
    /// When this process wrote last, in microseconds since `began`.
    last_write: AtomicU64,
    began: Instant,
    log: Mutex<Vec<Place>>,
    rest: Mutex<Option<Rest>>,
    /// Whether it was told that the standby is of no use.
    is_told: AtomicBool,
    /// What tells the primary's database from any other.
    identity: OnceLock<String>,
    served: AtomicU64,
    behind: AtomicU64,
    busy: AtomicU64,
    failed: AtomicU64,
}

/// Where the primary's log ended after a moment: what was committed before the moment stands before the place.
#[derive(Clone, Copy, Debug)]
struct Place {
    seen: Instant,
    at: i64,
}

/// A time in which nobody asks.
#[derive(Clone, Copy, Debug)]
struct Rest {
    until: Instant,
    is_behind: bool,
}

/// Why a read goes to the primary.
enum NotThere {
    /// Each connection to it is in use.
    Busy,
    /// The standby has come so far.
    Behind(i64),
    /// It cannot be asked.
    Gone(String),
    /// It did not answer the queries, which a conflict with what it replays may end, or the end of the server.
    Ended(Failure),
}

impl From<Failure> for NotThere {
    fn from(failure: Failure) -> Self {
        Self::Gone(failure.to_string())
    }
}

impl Standby {
    pub(super) fn new(pool: r2d2::Pool<Manager>, most_lag: Duration) -> Self {
        Self {
            pool,
            most_lag,
            last_write: AtomicU64::new(0),
            began: Instant::now(),
            log: Mutex::default(),
            rest: Mutex::default(),
            is_told: AtomicBool::new(false),
            identity: OnceLock::new(),
            served: AtomicU64::new(0),
            behind: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Notes a write of this process. Reads that begin later see it.
    pub(super) fn note_write(&self) {
        // Rounded up: a place that was seen in the same microsecond may be before the write.
        let now = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX - 1) + 1;
        self.last_write.fetch_max(now, Ordering::SeqCst);
    }

    pub(super) fn used(&self) -> StandbyUse {
        StandbyUse {
            is_used: !self.is_told.load(Ordering::Relaxed),
            served: self.served.load(Ordering::Relaxed),
            behind: self.behind.load(Ordering::Relaxed),
            busy: self.busy.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// What the queries answer here; `None` where the primary is to be asked.
    pub(super) fn read<T>(
        &self,
        primary: &Database,
        kind: Kind,
        queries: impl Fn(&mut DbConnection) -> DbResult<T>,
    ) -> Option<T> {
        let rest = held(&self.rest).filter(|rest| Instant::now() < rest.until);
        if let Some(Rest { is_behind, .. }) = rest {
            if is_behind { &self.behind } else { &self.failed }.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        match self.try_read(primary, kind, queries) {
            Ok(value) => {
                self.served.fetch_add(1, Ordering::Relaxed);
                if self.is_told.swap(false, Ordering::Relaxed) {
                    tracing::info!("the standby serves reads again");
                }
                return Some(value);
            }
            Err(NotThere::Busy) => {
                self.busy.fetch_add(1, Ordering::Relaxed);
            }
            Err(NotThere::Behind(replayed)) => {
                self.behind.fetch_add(1, Ordering::Relaxed);
                self.rest(REST_WHEN_BEHIND, true);
                if self.lags(replayed) {
                    self.tell("it is behind by more than `read_lag_limit`");
                }
            }
            Err(NotThere::Gone(why)) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                self.rest(REST_WHEN_GONE, false);
                self.tell(&why);
            }
            // A refusal may be of what is not there yet.
            Err(NotThere::Ended(Failure::Refusal(_))) => {}
            Err(NotThere::Ended(reason)) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%reason, "the standby ended a read; reading again at the primary");
            }
        }
        None
    }

    fn try_read<T>(
        &self,
        primary: &Database,
        kind: Kind,
        queries: impl Fn(&mut DbConnection) -> DbResult<T>,
    ) -> std::result::Result<T, NotThere> {
        let wanted = self.wanted(primary).map_err(|error| NotThere::Gone(error.to_string()))?;
        // After a restart of the standby all its connections are dead: each is tried once, and then a new one.
        for _ in 0..=self.pool.max_size() {
            if self.is_busy() {
                return Err(NotThere::Busy);
            }
            let mut pooled = self.pool.get_timeout(WAIT_FOR_CONNECTION).map_err(|reason| match self.is_busy() {
                true => NotThere::Busy,
                false => NotThere::Gone(reason.to_string()),
            })?;
            match self.looked_at(primary, &mut pooled).and_then(|()| self.has_come_to(&mut pooled, wanted)) {
                // The queries see at least what was replayed before them.
                Ok(()) => return pooled.run(kind, queries).map_err(NotThere::Ended),
                Err(_) if pooled.is_lost => {}
                Err(reason) => return Err(reason),
            }
        }
        Err(NotThere::Gone("each of its connections was lost".to_owned()))
    }

    /// Whether each connection is in use. A reader does not wait for one: the standby may hang, and the primary is there.
    fn is_busy(&self) -> bool {
        are_all_in_use(&self.pool)
    }

    /// The place that a standby must have replayed. Of those that serve, the first.
    fn wanted(&self, primary: &Database) -> Result<i64> {
        let now = Instant::now();
        let last_write = self.began + Duration::from_micros(self.last_write.load(Ordering::SeqCst));
        let earliest = now.checked_sub(self.most_lag).map_or(last_write, |earliest| earliest.max(last_write));
        let first_since = |log: &[Place]| log.iter().find(|place| place.seen >= earliest).map(|place| place.at);
        {
            let log = held(&self.log);
            // The log is looked at again soon enough that the next readers find a place that is old, but not too old.
            let is_looked_at = log.last().is_some_and(|newest| newest.seen + self.most_lag / 8 > now);
            if let Some(at) = first_since(&log).filter(|_| is_looked_at) {
                return Ok(at);
            }
        }
        let at = primary.with_connection(Kind::Statements, end_of_log)??;
        let mut log = held(&self.log);
        // Another thread may have looked meanwhile; the order of the moments counts.
        let place = log.partition_point(|place| place.seen <= now);
        log.insert(place, Place { seen: now, at });
        // One that is older than the limit stays, to tell by it whether the standby lags.
        while log.len() > MOST_PLACES || log.get(1).is_some_and(|second| second.seen + self.most_lag < now) {
            log.remove(0);
        }
        Ok(first_since(&log).unwrap_or(at))
    }

    /// Whether the standby has not replayed what the primary had committed before the limit of lag.
    fn lags(&self, replayed: i64) -> bool {
        held(&self.log).iter().any(|place| place.seen.elapsed() > self.most_lag && place.at > replayed)
    }

    /// Looks whether a new connection leads to a standby of the primary.
    fn looked_at(&self, primary: &Database, pooled: &mut Pooled) -> std::result::Result<(), NotThere> {
        if pooled.is_looked_at {
            return Ok(());
        }
        let expected = match self.identity.get() {
            Some(identity) => identity,
            None => {
                let found = primary.with_connection(Kind::Statements, identity);
                let found = found.map_err(|error| NotThere::Gone(error.to_string()))??;
                self.identity.get_or_init(|| found)
            }
        };
        if pooled.run(Kind::Statements, identity)? != *expected {
            return Err(NotThere::Gone("`read_url` names another database than `url`, or another schema".to_owned()));
        }
        pooled.is_looked_at = true;
        Ok(())
    }

    /// Waits a little until the standby has replayed so much.
    fn has_come_to(&self, pooled: &mut Pooled, wanted: i64) -> std::result::Result<(), NotThere> {
        let mut waits = WAITS.into_iter();
        loop {
            let Replay { stands_by, replayed } = pooled.run(Kind::Statements, replay)?;
            let replayed = replayed
                .filter(|_| stands_by)
                .ok_or_else(|| NotThere::Gone("`read_url` names a server that is no standby".to_owned()))?;
            if replayed >= wanted {
                return Ok(());
            }
            match waits.next() {
                Some(wait) => thread::sleep(wait),
                None => return Err(NotThere::Behind(replayed)),
            }
        }
    }

    fn rest(&self, how_long: Duration, is_behind: bool) {
        *held(&self.rest) = Some(Rest { until: Instant::now() + how_long, is_behind });
    }

    /// Tells once that the standby is of no use.
    fn tell(&self, why: &str) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(why, "the standby is of no use; its reads go to the primary");
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(QueryableByName)]
struct End {
    #[diesel(sql_type = BigInt)]
    at: i64,
}

/// Where the log ends; what is committed stands before it, whether or not it is on the disk yet.
fn end_of_log(conn: &mut DbConnection) -> DbResult<i64> {
    let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint AS at";
    let End { at } = on_each!(conn, c => sql_query(sql).get_result(c))?;
    Ok(at)
}

#[derive(QueryableByName)]
struct Replay {
    #[diesel(sql_type = Bool)]
    stands_by: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    replayed: Option<i64>,
}

fn replay(conn: &mut DbConnection) -> DbResult<Replay> {
    let sql = "SELECT pg_is_in_recovery() AS stands_by, \
               (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint AS replayed";
    Ok(on_each!(conn, c => sql_query(sql).get_result(c))?)
}

#[derive(QueryableByName)]
struct Identity {
    #[diesel(sql_type = Text)]
    identity: String,
}

/// The cluster, the database and the schema; a standby has those of its primary.
fn identity(conn: &mut DbConnection) -> DbResult<String> {
    let sql = "SELECT concat_ws('/', system_identifier, \
                      (SELECT oid FROM pg_database WHERE datname = current_database()), \
                      (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) AS identity \
               FROM pg_control_system()";
    let Identity { identity } = on_each!(conn, c => sql_query(sql).get_result(c))?;
    Ok(identity)
}
