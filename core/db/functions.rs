//! SQL functions that both databases have under the same name.

#[cfg(feature = "postgres")]
use diesel::{RunQueryDsl as _, sql_query, sql_types::Integer};
use diesel::{
    dsl::sql,
    expression::SqlLiteral,
    sql_types::{Bool, SingleValue, SqlType, Text},
};

use super::{
    DbConnection, DbResult,
    kept::{KeptSql, kept_sql},
};

diesel::define_sql_function! {
    /// The text in lower case; of ASCII letters alone on SQLite.
    #[sql_name = "lower"]
    fn lower<T: SqlType + SingleValue>(text: T) -> T;
}

/// A condition as it is written, with no value bound: an index of the rows that fulfil it is found for it. SQLite looks at no bound value
/// when it plans a statement (`.cargo/config.toml`), and would read the whole table.
pub(crate) fn as_written(condition: &str) -> SqlLiteral<Bool> {
    sql(condition)
}

/// What stands in front of a column that no index is to be used for. Without statistics SQLite would find the rows of each of several words
/// by an index of the words, and sort all that it finds for a page of a list.
pub(crate) fn by_no_index(conn: &DbConnection) -> &'static str {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => "",
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => "+",
    }
}

/// What `lower` may make of a text: SQLite's knows the letters of ASCII alone.
pub(crate) fn lowered(text: &str) -> [String; 2] {
    [text.to_lowercase(), text.to_ascii_lowercase()]
}

/// A column that a statement names besides the ids of its rows: no index of it is to be used. SQLite would choose one where many ids
/// are named, and read every row of that value.
pub(crate) fn besides(conn: &DbConnection, column: &str) -> String {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => column.to_owned(),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => format!("+{column}"),
    }
}

/// What `vin::compared` makes of a column `vin`, in the words of the index that finds it: another program may have written a VIN in any
/// case and with blanks.
pub(crate) fn compared_vin(conn: &DbConnection) -> KeptSql<Text> {
    kept_sql(match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => r#"upper(regexp_replace(vin COLLATE "C", E'[ \\t\\n\\r\\u00a0]', '', 'g'))"#,
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            "upper(replace(replace(replace(replace(replace(vin, ' ', ''), char(9), ''), char(10), ''), char(13), ''), char(160), ''))"
        }
    })
}

/// Keeps others who lock the same words out until the transaction ends, where no row is there yet that could be locked.
/// SQLite's one writer has everything to itself already.
///
/// The row is one of a table of its own, and not an advisory lock: those are of one server, and a database may be of several. Words
/// that share a row wait for each other.
pub(crate) fn lock_words(conn: &mut DbConnection, words: &str) -> DbResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            sql_query("SELECT slot FROM locks WHERE slot = $1 FOR UPDATE")
                .bind::<Integer, _>(slot_of(words))
                .execute(conn)?;
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let _ = words;
        }
    }
    Ok(())
}

/// The row of `locks` for these words; every release must choose the same (FNV-1a, its bytes folded into one).
#[cfg(feature = "postgres")]
fn slot_of(words: &str) -> i32 {
    let hash = words.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    i32::from(hash.to_be_bytes().into_iter().fold(0, |slot, byte| slot ^ byte))
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::slot_of;

    #[test]
    fn words_keep_their_row_of_locks() {
        assert_eq!(["scrapes", "competitors.name", ""].map(slot_of), [116, 48, 197]);
    }
}
