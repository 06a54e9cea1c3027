//! A connection to the database of a command, beside the command's own.

use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _, sql_query, sql_types::BigInt,
};

pub(crate) enum Beside {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Beside {
    pub(crate) fn open(database: &str) -> Self {
        match database.strip_prefix("sqlite:") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
                Self::Sqlite(conn)
            }
            None => Self::Postgres(PgConnection::establish(database).unwrap()),
        }
    }

    pub(crate) fn execute(&mut self, sql: &str) {
        match self {
            Self::Postgres(conn) => conn.batch_execute(sql),
            Self::Sqlite(conn) => conn.batch_execute(sql),
        }
        .unwrap();
    }

    /// Waits until PostgreSQL has done what processes told it last that are dead by now: as long as it is at it, tables are locked.
    pub(crate) fn let_the_dead_end(&mut self) {
        const LOCKED: &str = "pg_locks JOIN pg_class ON pg_class.oid = pg_locks.relation
            WHERE relnamespace = current_schema()::regnamespace AND pid <> pg_backend_pid()";
        if matches!(self, Self::Sqlite(_)) {
            return;
        }
        // What was sent may not have been received yet.
        thread::sleep(Duration::from_millis(50));
        let began = Instant::now();
        while self.count(LOCKED) > 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "the server has not ended what it was told");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// How many there are of these rows: a table, and a condition perhaps.
    pub(crate) fn count(&mut self, rows: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let query = sql_query(format!("SELECT count(*) AS count FROM {rows}"));
        let counted: Count = match self {
            Self::Postgres(conn) => query.get_result(conn).unwrap(),
            Self::Sqlite(conn) => query.get_result(conn).unwrap(),
        };
        counted.count
    }
}
