//! The statements that repair rows. A table may refuse what would be written, by a condition or a trigger of another application: the other
//! rows are repaired all the same, and what the database said is kept.

#[cfg(feature = "sqlite")]
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, RunQueryDsl as _, sql_query};

use crate::db::{
    DbConnection, DbResult, on_each,
    texts::Texts,
    types::{AnyId, DbId, DbJson},
};

/// What became of a repair.
#[derive(Debug, Default)]
pub(in crate::adoption) struct Repaired {
    /// How many rows were written.
    pub(in crate::adoption) rows: u64,
    /// What the database said of the first row that it refused.
    pub(in crate::adoption) refusal: Option<String>,
}

/// Does something that the table may refuse, and answers what it said then. Nothing of it is kept then.
fn attempt<T>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> DbResult<T>,
) -> DbResult<Result<T, String>> {
    match conn.transaction(work) {
        Ok(done) => Ok(Ok(done)),
        Err(failure) => match failure.refused_values() {
            Some(said) => Ok(Err(said.to_owned())),
            None => Err(failure),
        },
    }
}

/// Sets a column to an expression in each row that takes it.
pub(in crate::adoption) fn set(
    conn: &mut DbConnection,
    table: &str,
    (column, expression): (&str, &str),
    condition: &str,
) -> DbResult<Repaired> {
    // Said in the statement, for every other one that changes rows of competitors names the competitor.
    let update = format!("UPDATE {table} /* every row */ SET {column} = {expression}");
    let all = format!("{update} WHERE {condition}");
    match attempt(conn, |conn| Ok(on_each!(conn, c => sql_query(all).execute(c))?))? {
        Ok(rows) => Ok(Repaired { rows: rows.try_into().unwrap_or(u64::MAX), refusal: None }),
        Err(_said) => row_by_row(conn, table, &update, condition),
    }
}

/// Runs an update for each row of a condition by itself.
fn row_by_row(conn: &mut DbConnection, table: &str, update: &str, condition: &str) -> DbResult<Repaired> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => postgres::row_by_row(conn, table, update, condition),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            #[derive(diesel::QueryableByName)]
            struct Number {
                #[diesel(sql_type = BigInt)]
                number: i64,
            }
            let rows = format!("SELECT rowid AS number FROM {table} WHERE {condition} ORDER BY rowid");
            let rows: Vec<Number> = on_each!(conn, c => sql_query(rows).load(c))?;
            let mut repaired = Repaired::default();
            for Number { number } in rows {
                let one = format!("{update} WHERE rowid = {number}");
                match attempt(conn, |conn| Ok(on_each!(conn, c => sql_query(one).execute(c))?))? {
                    Ok(rows) => repaired.rows += u64::try_from(rows).unwrap_or(0),
                    Err(said) => repaired.refusal = repaired.refusal.or(Some(said)),
                }
            }
            Ok(repaired)
        }
    }
}

/// Writes a text into its row, and answers whether the table takes it: it may be another row's, where each row has its own.
pub(in crate::adoption) fn set_text(
    conn: &mut DbConnection,
    table: &str,
    column: &str,
    row: i64,
    text: &str,
) -> DbResult<bool> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            let _ = (table, column, row, text);
            Ok(false)
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let sql = format!("UPDATE {table} /* every row */ SET {column} = ? WHERE rowid = ?");
            let written = attempt(conn, |conn| {
                Ok(on_each!(conn, c => sql_query(sql).bind::<Text, _>(text).bind::<BigInt, _>(row).execute(c))?)
            })?;
            Ok(written.is_ok_and(|rows| rows > 0))
        }
    }
}

/// Writes lists, each into its row. Answers the rows that take none, and what the database said of the first.
pub(in crate::adoption) fn set_lists(
    conn: &mut DbConnection,
    table: &str,
    column: &str,
    lists: Vec<(AnyId, Texts)>,
) -> DbResult<(Vec<AnyId>, Option<String>)> {
    set_each(conn, lists, |conn, lists| write_lists(conn, table, column, lists))
}

/// The same of texts.
pub(in crate::adoption) fn set_texts(
    conn: &mut DbConnection,
    table: &str,
    column: &str,
    texts: Vec<(AnyId, String)>,
) -> DbResult<(Vec<AnyId>, Option<String>)> {
    set_each(conn, texts, |conn, texts| write_texts(conn, table, column, texts))
}

fn set_each<T: Clone>(
    conn: &mut DbConnection,
    values: Vec<(AnyId, T)>,
    write: impl Fn(&mut DbConnection, Vec<(AnyId, T)>) -> DbResult<()>,
) -> DbResult<(Vec<AnyId>, Option<String>)> {
    if attempt(conn, |conn| write(conn, values.clone()))?.is_ok() {
        return Ok((Vec::new(), None));
    }
    let (mut refused, mut refusal) = (Vec::new(), None);
    for value in values {
        let id = value.0;
        if let Err(said) = attempt(conn, |conn| write(conn, vec![value]))? {
            refused.push(id);
            refusal = refusal.or(Some(said));
        }
    }
    Ok((refused, refusal))
}

fn write_texts(conn: &mut DbConnection, table: &str, column: &str, texts: Vec<(AnyId, String)>) -> DbResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            use diesel::sql_types::{Array, Text};
            let (ids, texts): (Vec<_>, Vec<_>) = texts.into_iter().unzip();
            let sql = format!(
                "UPDATE {table} /* every row */ SET {column} = given.text FROM unnest($1, $2) AS given (id, text) WHERE {table}.id = given.id"
            );
            sql_query(sql).bind::<Array<DbId>, _>(ids).bind::<Array<Text>, _>(texts).execute(conn)?;
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            let sql = format!("UPDATE {table} /* every row */ SET {column} = ? WHERE id = ?");
            for (id, text) in texts {
                sql_query(&sql).bind::<Text, _>(text).bind::<DbId, _>(id).execute(conn)?;
            }
        }
    }
    Ok(())
}

fn write_lists(conn: &mut DbConnection, table: &str, column: &str, lists: Vec<(AnyId, Texts)>) -> DbResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            use diesel::sql_types::Array;
            let (ids, lists): (Vec<_>, Vec<_>) = lists.into_iter().unzip();
            let sql = format!(
                "UPDATE {table} SET {column} = given.list FROM unnest($1, $2) AS given (id, list) WHERE {table}.id = given.id"
            );
            sql_query(sql).bind::<Array<DbId>, _>(ids).bind::<Array<DbJson>, _>(lists).execute(conn)?;
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            let sql = format!("UPDATE {table} SET {column} = ? WHERE id = ?");
            for (id, list) in lists {
                sql_query(&sql).bind::<DbJson, _>(list).bind::<DbId, _>(id).execute(conn)?;
            }
        }
    }
    Ok(())
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::{
        PgConnection, QueryableByName, RunQueryDsl as _,
        connection::SimpleConnection as _,
        sql_query,
        sql_types::{BigInt, Text},
    };

    use super::{DbResult, Repaired};

    #[derive(QueryableByName)]
    struct Outcome {
        #[diesel(sql_type = BigInt)]
        rows: i64,
        #[diesel(sql_type = Text)]
        refusal: String,
    }

    /// In one call, for there may be many rows. What is no refusal of a row (SQLSTATE 40, 42, 53 and the like) ends it.
    pub(super) fn row_by_row(
        conn: &mut PgConnection,
        table: &str,
        update: &str,
        condition: &str,
    ) -> DbResult<Repaired> {
        conn.batch_execute(&format!(
            "DO $one_by_one$
             #variable_conflict use_column
             DECLARE
                 one_row record;
                 rows_done bigint := 0;
                 first_refusal text;
             BEGIN
                 FOR one_row IN SELECT id FROM {table} WHERE {condition} ORDER BY id LOOP
                     BEGIN
                         {update} WHERE {table}.id = one_row.id;
                         IF FOUND THEN rows_done := rows_done + 1; END IF;
                     EXCEPTION WHEN OTHERS THEN
                         IF left(SQLSTATE, 2) IN ('40', '42', '53', '54', '55', '57', '58', 'XX') THEN RAISE; END IF;
                         first_refusal := coalesce(first_refusal, SQLERRM);
                     END;
                 END LOOP;
                 PERFORM set_config('jpauto.rows_done', rows_done::text, true),
                         set_config('jpauto.refusal', coalesce(first_refusal, ''), true);
             END
             $one_by_one$"
        ))?;
        let Outcome { rows, refusal } = sql_query(
            "SELECT current_setting('jpauto.rows_done')::bigint AS rows, current_setting('jpauto.refusal') AS refusal",
        )
        .get_result(conn)?;
        Ok(Repaired { rows: rows.try_into().unwrap_or(0), refusal: (!refusal.is_empty()).then_some(refusal) })
    }
}
