//! The row of a record, made of the record's list of fields.
//!
//! What is deliberately not here: the lists, and the row of a record that has none, which its repository writes out.

use chrono::{DateTime, Utc};

use super::{Instant, held::Held, texts::Texts};
use crate::{
    error::{Error, ErrorCode},
    ids::{SubmissionId, UserId, VehicleId},
    money::Money,
};

/// A value that has a column.
pub(crate) trait Stored: Sized {
    /// The value in the row.
    type Column;

    fn to_column(&self) -> Self::Column;

    /// Reads what the column holds. One row that another application left in a bad state must not fail a whole list: what cannot
    /// be read is unknown or empty, and `jpauto check` names it.
    fn from_column(column: Self::Column) -> Self;

    /// The same of a column that may be null; `None` where what it holds is nothing.
    fn known(column: Self::Column) -> Option<Self> {
        Some(Self::from_column(column))
    }
}

/// The refusal to write a row back that holds a word of another application, which would lose that word.
pub(crate) fn unknown_word(message: &'static str) -> Error {
    Error::new(ErrorCode::UnknownWord, message)
}

macro_rules! stored_as_they_are {
    ($($type:ty),+ $(,)?) => {$(
        impl Stored for $type {
            type Column = Self;

            fn to_column(&self) -> Self {
                self.clone()
            }

            fn from_column(column: Self) -> Self {
                column
            }
        }
    )+};
}

stored_as_they_are!(bool, UserId, SubmissionId, VehicleId);

macro_rules! stored_as_held {
    ($($type:ty),+ $(,)?) => {$(
        impl Stored for $type {
            type Column = Held<Self>;

            fn to_column(&self) -> Held<Self> {
                self.clone().into()
            }

            fn from_column(column: Held<Self>) -> Self {
                column.nearest()
            }

            fn known(column: Held<Self>) -> Option<Self> {
                column.known()
            }
        }
    )+};
}

stored_as_held!(String, i32, Money);

impl Stored for DateTime<Utc> {
    type Column = Held<Instant>;

    fn to_column(&self) -> Held<Instant> {
        (*self).into()
    }

    fn from_column(column: Held<Instant>) -> Self {
        column.nearest().into()
    }

    fn known(column: Held<Instant>) -> Option<Self> {
        column.known().map(Self::from)
    }
}

impl Stored for Vec<String> {
    type Column = Texts;

    fn to_column(&self) -> Texts {
        Texts(self.clone())
    }

    fn from_column(column: Texts) -> Self {
        column.0
    }
}

/// Stores a closed set of words as text.
macro_rules! stored_word {
    ($type:ty) => {
        impl $crate::db::row::Stored for $type {
            type Column = $crate::db::held::HeldText;

            fn to_column(&self) -> $crate::db::held::HeldText {
                self.as_str().into()
            }

            fn from_column(column: $crate::db::held::HeldText) -> Self {
                Self::stored(&column)
            }
        }
    };
}
pub(crate) use stored_word;

/// Makes of a list the row of a record, called `Row`, and the ways between the two.
macro_rules! record_row {
    (
        [$record:ident in $table:ident]
        key { $($key:tt)+ }
        kept { $($before:tt)* }
        given { $($given:tt)+ }
        kept { $($after:tt)* }
        $(derived { $(
            $(#[doc = $derived_doc:literal])+
            $derived_audience:ident $derived:ident: $derived_presence:ident $derived_type:ty = $derive:path,
        )+ })?
    ) => {
        $crate::db::row::record_row! { @ $record $table
            { $($key)+ $($before)* $($given)+ $($after)* }
            { $($($derived = $derive,)+)? }
        }
    };
    (@ $record:ident $table:ident
        { $(
            $(#[doc = $doc:literal])+
            $audience:ident $name:ident: $presence:ident $type:ty $([$($limit:tt)+])?,
        )+ }
        { $($derived:ident = $derive:path,)* }
    ) => {
        #[derive(
            diesel::prelude::Insertable,
            diesel::prelude::Queryable,
            diesel::prelude::Selectable,
            diesel::prelude::AsChangeset,
        )]
        #[diesel(table_name = $table, treat_none_as_default_value = false, treat_none_as_null = true)]
        struct Row {
            $($name: $crate::db::row::column!(type $presence $type),)+
        }

        #[cfg(feature = "sqlite")]
        impl Row {
            /// The rows of these ids as they are.
            fn as_they_are(conn: &mut diesel::SqliteConnection, rows: &[Self]) -> $crate::db::DbResult<Vec<Self>> {
                use diesel::prelude::*;
                let ids = rows.iter().map(|row| row.id);
                Ok($table::table.filter($table::id.eq_any(ids)).select(Self::as_select()).load(conn)?)
            }

            /// Writes what differs from the row as it is. SQLite looks anew at what is written alone: a reference to nothing or a text that
            /// is too long, which another program has left, is then in nobody's way. PostgreSQL does so by itself.
            fn write_changes(&self, before: &Self, conn: &mut diesel::SqliteConnection) -> $crate::db::DbResult<()> {
                use diesel::prelude::*;
                if true $(&& self.$name == before.$name)+ {
                    return Ok(());
                }
                let changes = ($((self.$name != before.$name).then(|| $table::$name.eq(&self.$name)),)+);
                diesel::update($table::table.find(self.id)).set(changes).execute(conn)?;
                Ok(())
            }

            /// Writes what differs in each of the rows.
            fn write_all_changes(conn: &mut diesel::SqliteConnection, rows: &[Self]) -> $crate::db::DbResult<()> {
                let before: std::collections::HashMap<_, _> =
                    Self::as_they_are(conn, rows)?.into_iter().map(|row| (row.id, row)).collect();
                rows.iter().filter_map(|row| Some((row, before.get(&row.id)?))).try_for_each(|(row, before)| row.write_changes(before, conn))
            }
        }

        impl From<&$record> for Row {
            fn from(record: &$record) -> Self {
                Self { $($name: $crate::db::row::column!(write $presence record.$name),)+ }
            }
        }

        impl From<Row> for $record {
            fn from(row: Row) -> Self {
                let record = Self {
                    $($name: $crate::db::row::column!(read $presence row.$name),)+
                    $($derived: Default::default(),)*
                };
                $(let record = Self { $derived: $derive(&record), ..record };)*
                record
            }
        }
    };
}
pub(crate) use record_row;

/// The type of a column, how it is written and how it is read, by the presence of its field.
macro_rules! column {
    (type required $type:ty) => { <$type as $crate::db::row::Stored>::Column };
    (type $presence:ident $type:ty) => { Option<<$type as $crate::db::row::Stored>::Column> };
    (write required $($value:tt)+) => { $crate::db::row::Stored::to_column(&$($value)+) };
    (write nullable $($value:tt)+) => { $($value)+.as_ref().map($crate::db::row::Stored::to_column) };
    (write defaulted $($value:tt)+) => { Some($crate::db::row::Stored::to_column(&$($value)+)) };
    (read required $($column:tt)+) => { $crate::db::row::Stored::from_column($($column)+) };
    (read nullable $($column:tt)+) => { $($column)+.and_then($crate::db::row::Stored::known) };
    (read defaulted $($column:tt)+) => { $($column)+.map($crate::db::row::Stored::from_column).unwrap_or_default() };
}
pub(crate) use column;
