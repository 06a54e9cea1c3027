//! Hands out rows as they come: a list that may be larger than memory.
//!
//! A process of PostgreSQL writes rows as fast as one core lets it, and whoever makes columns of them is quicker. So a large table whose
//! rows are wanted in any order is read over two connections, each by a half of the table's blocks. Both see the database as it is
//! at one moment.

use std::ops::ControlFlow;

use super::{Database, DbConnection, DbResult, Failure, columns::Take, lives_in_one_connection};
use crate::error::Result;

/// How rows are read in a transaction, and whether somebody still wanted more at the end.
pub(super) type RowsOf<'a> = dyn Fn(&mut DbConnection, Blocks, &mut Take<'_>) -> DbResult<ControlFlow<()>> + Sync + 'a;

/// What is handed out.
pub(crate) struct Stream<'a> {
    pub(crate) rows: &'a RowsOf<'a>,
    /// The table that is read, where most of it is wanted and in any order: it may be read in halves then.
    pub(crate) whole_table: Option<&'static str>,
}

/// Which blocks of the table are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocks {
    All,
    /// Those before the block of this number.
    #[cfg(feature = "postgres")]
    Before(i64),
    /// That block and those after it.
    #[cfg(feature = "postgres")]
    From(i64),
}

impl Database {
    /// Hands out rows as they come, all of them as the database is at the first one. A connection is held until the last one, or two; a
    /// database that lives in one connection is read to its end first, so that others can use it meanwhile.
    pub(crate) fn stream(&self, stream: &Stream<'_>, take: &mut Take<'_>) -> Result<()> {
        if let Some(stand_in) = self.stand_in()? {
            return stand_in.stream(stream, take);
        }
        self.must_be_current()?;
        let mut kept = lives_in_one_connection(&self.target).then(Vec::new);
        let mut dead = 0;
        loop {
            let mut has_begun = false;
            let mut pooled = self.connection()?;
            let outcome = pooled.stream(None, |conn, is_own_session| {
                self.read_all(conn, is_own_session, stream, &mut |batch| {
                    has_begun = true;
                    match &mut kept {
                        Some(kept) => {
                            kept.push(batch);
                            ControlFlow::Continue(())
                        }
                        None => take(batch),
                    }
                })
            });
            match outcome {
                Err(failure) if pooled.is_lost && !has_begun && dead < self.pool.max_size() => {
                    tracing::debug!(reason = %failure, "a stream begins again on another connection");
                    dead += 1;
                }
                Err(failure) => return Err(named(&mut pooled.conn, failure).into()),
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

    #[cfg(not(feature = "postgres"))]
    #[expect(clippy::unused_self, reason = "PostgreSQL's has a second connection")]
    fn read_all(
        &self,
        conn: &mut DbConnection,
        _is_own_session: bool,
        stream: &Stream<'_>,
        take: &mut Take<'_>,
    ) -> DbResult<ControlFlow<()>> {
        (stream.rows)(conn, Blocks::All, take)
    }

    #[cfg(feature = "postgres")]
    fn read_all(
        &self,
        conn: &mut DbConnection,
        is_own_session: bool,
        stream: &Stream<'_>,
        take: &mut Take<'_>,
    ) -> DbResult<ControlFlow<()>> {
        // Behind a pooler a transaction begins with its settings, and another's snapshot wants to be the first thing in it.
        let halves = match stream.whole_table.filter(|_| is_own_session) {
            Some(table) => halves::divide(self, conn, table)?,
            None => None,
        };
        match halves {
            Some(halves) => halves.read(conn, stream.rows, take),
            None => (stream.rows)(conn, Blocks::All, take),
        }
    }
}

/// Names the right that a role of PostgreSQL lacks.
fn named(conn: &mut DbConnection, failure: Failure) -> Failure {
    #[cfg(feature = "postgres")]
    return super::rights::named(conn, super::transaction::Kind::Snapshot, failure);
    #[cfg(not(feature = "postgres"))]
    {
        let _ = conn;
        failure
    }
}

#[cfg(feature = "postgres")]
mod halves {
    use std::{ops::ControlFlow, panic, sync::mpsc, thread};

    use diesel::{
        PgConnection, QueryableByName, RunQueryDsl as _, sql_query,
        sql_types::{BigInt, Text},
    };

    use super::{Blocks, Database, DbConnection, DbResult, RowsOf, Take};
    use crate::db::{
        connection::{Manager, are_all_in_use},
        standby::WAIT_FOR_CONNECTION,
    };

    /// From how many blocks on (of 8 KiB, as PostgreSQL comes) a second connection is worth its while: 16 MiB are read in 0.1 s.
    const LEAST_BLOCKS: i64 = 2_048;

    /// How many batches of the second half wait at most until they are taken.
    const MOST_WAITING: usize = 2;

    /// A second connection, and where its half begins.
    pub(super) struct Halves {
        second: r2d2::PooledConnection<Manager>,
        snapshot: String,
        middle: i64,
    }

    /// A table's size. Each partition has blocks of its own, from 0; all are divided at the same number.
    #[derive(QueryableByName)]
    struct Size {
        #[diesel(sql_type = BigInt)]
        blocks: i64,
    }

    #[derive(QueryableByName)]
    struct Snapshot {
        #[diesel(sql_type = Text)]
        id: String,
    }

    /// Only a server that finds blocks by their number (PostgreSQL 14) need not read the whole table for each half.
    const SIZE: &str = "SELECT CASE WHEN current_setting('server_version_num')::int < 140000 THEN 0 ELSE \
                            (SELECT max(pg_relation_size(part)) FROM \
                                (SELECT $1::regclass UNION ALL SELECT relid FROM pg_partition_tree($1::regclass)) AS parts (part)) \
                            / current_setting('block_size')::bigint END AS blocks";

    /// Divides a table in halves where it is large and a second connection is free.
    pub(super) fn divide(database: &Database, conn: &mut DbConnection, table: &str) -> DbResult<Option<Halves>> {
        match conn {
            DbConnection::Postgres(conn) => divided(database, conn, table),
            #[cfg(feature = "sqlite")]
            DbConnection::Sqlite(_) => Ok(None),
        }
    }

    fn divided(database: &Database, conn: &mut PgConnection, table: &str) -> DbResult<Option<Halves>> {
        let Size { blocks } = sql_query(SIZE).bind::<Text, _>(table).get_result(conn)?;
        if blocks < LEAST_BLOCKS {
            return Ok(None);
        }
        if are_all_in_use(&database.pool) {
            return Ok(None);
        }
        let second = match database.pool.get_timeout(WAIT_FOR_CONNECTION) {
            Ok(second) => second,
            Err(reason) => {
                tracing::debug!(%reason, "a table is read over one connection");
                return Ok(None);
            }
        };
        let Snapshot { id } = sql_query("SELECT pg_export_snapshot() AS id").get_result(conn)?;
        Ok(Some(Halves { second, snapshot: id, middle: blocks / 2 }))
    }

    impl Halves {
        /// Reads one half here and the other on a thread of its own. What was read is taken here alone.
        pub(super) fn read(
            self,
            conn: &mut DbConnection,
            rows: &RowsOf<'_>,
            take: &mut Take<'_>,
        ) -> DbResult<ControlFlow<()>> {
            let Self { mut second, snapshot, middle } = self;
            let (sender, receiver) = mpsc::sync_channel(MOST_WAITING);
            thread::scope(|scope| {
                let read_second = move || {
                    let mut send = |batch| match sender.send(batch) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_nobody_wants_more) => ControlFlow::Break(()),
                    };
                    second.stream(Some(&snapshot), |conn, _is_own_session| rows(conn, Blocks::From(middle), &mut send))
                };
                let reader = thread::Builder::new().name("jpauto-table".to_owned()).spawn_scoped(scope, read_second);
                let Ok(reader) = reader else { return rows(conn, Blocks::All, take) };
                let first = rows(conn, Blocks::Before(middle), &mut |batch| {
                    take(batch)?;
                    receiver.try_iter().try_for_each(&mut *take)
                });
                let outcome = match first {
                    Ok(ControlFlow::Continue(())) => Ok(receiver.iter().try_for_each(&mut *take)),
                    other => other,
                };
                drop(receiver);
                let second = reader.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
                match outcome {
                    Ok(ControlFlow::Continue(())) => second,
                    other => other,
                }
            })
        }
    }
}
