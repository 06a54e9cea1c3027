//! Checks of words on PostgreSQL. A migration adds them to an adopted table for its new rows, for old ones may break them. PostgreSQL then
//! looks at the whole row whenever any column of it changes.
//!
//! SQLite's checks hold for every row, so there is nothing to do.

use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::Text};
#[cfg(feature = "postgres")]
use diesel::{connection::SimpleConnection as _, sql_types::Array};

#[cfg(feature = "postgres")]
use crate::db::columns_of;
use crate::{
    adoption::faults::Table,
    db::{DbConnection, DbResult, on_each},
};

/// A check of a table that old rows break, taken off while they are repaired.
#[derive(QueryableByName)]
#[cfg_attr(
    not(feature = "postgres"),
    expect(dead_code, reason = "SQLite's checks hold for every row, so none is taken off")
)]
pub(in crate::adoption) struct Check {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

/// A check of ours that rows break.
#[derive(QueryableByName)]
pub(in crate::adoption) struct BrokenCheck {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Takes off the checks that hold for new rows alone: PostgreSQL applies them to every column of a row that is changed, and
/// such a row may break one in a column that is not repaired.
pub(in crate::adoption) fn take_checks_off(conn: &mut DbConnection, table: &str) -> DbResult<Vec<Check>> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            let checks: Vec<Check> = sql_query(format!(
                "SELECT quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
                 WHERE conrelid = '{table}'::regclass AND contype = 'c' AND NOT convalidated"
            ))
            .load(conn)?;
            for Check { name, .. } in &checks {
                conn.batch_execute(&format!("ALTER TABLE {table} DROP CONSTRAINT {name}"))?;
            }
            Ok(checks)
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let _ = table;
            Ok(Vec::new())
        }
    }
}

/// Puts the checks back, for all rows where none breaks them any longer.
pub(in crate::adoption) fn put_checks_back(conn: &mut DbConnection, table: &str, checks: &[Check]) -> DbResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            for Check { name, definition } in checks {
                conn.batch_execute(&format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {name} {definition};
                     DO $validate$ BEGIN
                         ALTER TABLE {table} VALIDATE CONSTRAINT {name};
                     EXCEPTION WHEN check_violation THEN NULL;
                     END $validate$"
                ))?;
            }
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let _ = (table, checks);
        }
    }
    Ok(())
}

/// Our checks of words that rows break, by table and name.
pub(in crate::adoption) fn broken_checks(conn: &mut DbConnection, tables: &[Table]) -> DbResult<Vec<BrokenCheck>> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            let named = |table: &Table| {
                let name = table.name;
                columns_of(name).iter().map(move |column| format!("{name}_{}_check", column.name))
            };
            let names: Vec<String> = tables.iter().flat_map(named).collect();
            let found = sql_query(
                "SELECT conrelid::regclass::text AS table_name, quote_ident(conname) AS name FROM pg_constraint
                 WHERE connamespace = current_schema()::regnamespace AND contype = 'c' AND NOT convalidated
                   AND conname = ANY ($1) ORDER BY 1, 2",
            );
            Ok(found.bind::<Array<Text>, _>(names).load(conn)?)
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let _ = tables;
            Ok(Vec::new())
        }
    }
}

/// Takes them off for good: another application whose word such a row has could not even change its price.
pub(in crate::adoption) fn take_broken_checks_off(conn: &mut DbConnection, tables: &[Table]) -> DbResult<()> {
    for BrokenCheck { table_name, name } in broken_checks(conn, tables)? {
        let sql = format!("ALTER TABLE {table_name} DROP CONSTRAINT {name}");
        on_each!(conn, c => sql_query(sql.as_str()).execute(c))?;
    }
    Ok(())
}
