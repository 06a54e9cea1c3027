//! A connection to the database of a command, beside the command's own.

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
