//! SQL functions that both databases have under the same name.

use diesel::sql_types::{SingleValue, SqlType};
#[cfg(feature = "postgres")]
use diesel::{RunQueryDsl as _, sql_query, sql_types::Text};

use super::{DbConnection, DbResult};

diesel::define_sql_function! {
    /// The text in lower case; of ASCII letters alone on SQLite.
    #[sql_name = "lower"]
    fn lower<T: SqlType + SingleValue>(text: T) -> T;
}

/// What `lower` may make of a text: SQLite's knows the letters of ASCII alone.
pub(crate) fn lowered(text: &str) -> [String; 2] {
    [text.to_lowercase(), text.to_ascii_lowercase()]
}

/// A VIN as jpauto keeps it and as another application may have: both spellings are found by the index of the column.
pub(crate) fn spellings(vin: &str) -> [String; 2] {
    [vin.to_ascii_uppercase(), vin.to_ascii_lowercase()]
}

/// Keeps others who lock the same words out until the transaction ends, where no row is there yet that could be locked.
/// SQLite's one writer has everything to itself already.
pub(crate) fn lock_words(conn: &mut DbConnection, words: &str) -> DbResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            sql_query("SELECT pg_advisory_xact_lock(hashtextextended('jpauto ' || $1, 0))")
                .bind::<Text, _>(words)
                .execute(conn)?;
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let _ = words;
        }
    }
    Ok(())
}
