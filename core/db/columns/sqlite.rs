//! The rows of a statement of SQLite, cell by cell as they stand in the file. Texts come as bytes.

use std::{borrow::Cow, ops::ControlFlow};

use diesel::{
    connection::LoadConnection as _,
    query_builder::{Query, QueryFragment, QueryId},
    row::{Field as _, Row as _},
    sql_types::Text,
    sqlite::{SqliteType, SqliteValue},
};

use super::{
    Sink,
    build::{Building, Cell, Times},
};
use crate::{
    db::{
        DbConnection, DbResult, MultiBackend,
        connection::MultiRawValue,
        held::sqlite::Column as _,
        time::{self, is_possible},
    },
    money::Money,
};

/// Streams the rows of a query.
pub(super) fn stream<Q>(conn: &mut DbConnection, query: Q, sink: &mut Sink<'_>) -> DbResult<ControlFlow<()>>
where
    Q: Query<SqlType = Text> + QueryFragment<MultiBackend> + QueryId,
{
    for row in conn.load(query)? {
        let row = row?;
        if let Some(place) = sink.key() {
            let is_id = match row.get(place).as_ref().and_then(|field| field.value()) {
                Some(MultiRawValue::Sqlite(mut value)) => bytes(&mut value).is_some_and(|id| id.len() == 16),
                _ => false,
            };
            if !is_id {
                continue;
            }
        }
        for (place, column) in sink.columns().iter_mut().enumerate() {
            match row.get(place).as_ref().and_then(|field| field.value()) {
                Some(MultiRawValue::Sqlite(value)) => cell(column, value),
                _ => column.push_nothing(),
            }
        }
        if sink.end_row().is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(sink.end())
}

fn cell(column: &mut Building, mut value: SqliteValue<'_, '_, '_>) {
    match column.cell {
        Cell::Id => column.push_id(bytes(&mut value).unwrap_or_default()),
        Cell::Text | Cell::FewTexts | Cell::Word(_) | Cell::Document => column.push_text(text(&mut value).as_bytes()),
        Cell::Number => match i32::held(value).known() {
            Some(number) => column.push_number(number),
            None => column.push_nothing(),
        },
        Cell::Truth => column.push_truth(value.read_integer() != 0),
        Cell::Amount => match Money::held(value).known() {
            Some(amount) => column.push_amount(amount.cents()),
            None => column.push_nothing(),
        },
        Cell::Real => column.push_real(value.read_double()),
        Cell::Time(times) => match micros(bytes(&mut value).unwrap_or_default(), times) {
            Some(micros) => column.push_time(micros),
            None => column.push_nothing(),
        },
    }
}

/// The bytes, if it is such; what is a text would be copied.
fn bytes<'a>(value: &'a mut SqliteValue<'_, '_, '_>) -> Option<&'a [u8]> {
    matches!(value.value_type(), Some(SqliteType::Binary)).then(|| value.read_blob())
}

/// The text; what is no UTF-8 in it is replaced.
fn text<'a>(value: &'a mut SqliteValue<'_, '_, '_>) -> Cow<'a, str> {
    bytes(value).map_or(Cow::Borrowed(""), String::from_utf8_lossy)
}

fn micros(text: &[u8], times: Times) -> Option<i64> {
    let found = time::ours(text).unwrap_or_else(|| {
        let text = String::from_utf8_lossy(text);
        time::parsed(&text).unwrap_or_else(|| time::nearest(&text)).timestamp_micros()
    });
    (times == Times::Nearest || is_possible(found)).then_some(found)
}
