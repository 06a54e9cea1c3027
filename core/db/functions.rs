//! SQL functions that both databases have under the same name.

use diesel::sql_types::{SingleValue, SqlType};

diesel::define_sql_function! {
    /// The text in lower case; of ASCII letters alone on SQLite.
    #[sql_name = "lower"]
    fn lower<T: SqlType + SingleValue>(text: T) -> T;
}
