//! Databases as another application left them, and what a migration must not lose of them.
//!
//! Deliberately not here: connections. The caller runs each query, which yields one text column named `line`.

#![allow(dead_code, reason = "what adopts a PostgreSQL database has nothing to do without it")]

mod odd_values;
mod variants;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::schema::Lines;

/// The schema document's tables as Sequelize makes them, with rows in each.
pub(crate) const SEQUELIZE: &str = include_str!("adoption/sequelize.sql");

/// An older release: tables and columns missing, enums, json, unknown columns, rows that break the rules.
pub(crate) const OLDER_RELEASE: &str = include_str!("adoption/older_release.sql");

/// [`SEQUELIZE`] with times that carry no zone, which is how the document reads to the letter.
pub(crate) fn sequelize_with_plain_timestamps() -> String {
    SEQUELIZE.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMP")
}

/// Every row of a PostgreSQL schema as JSON, by table and key.
pub(crate) fn rows(lines: Lines<'_>) -> BTreeMap<(String, String), Value> {
    let mut rows = BTreeMap::new();
    let tables = lines("SELECT tablename::text AS line FROM pg_tables WHERE schemaname = current_schema()");
    for table in tables.iter().filter(|table| !table.starts_with("__diesel")) {
        for row in lines(&format!("SELECT to_jsonb(t)::text AS line FROM \"{table}\" t")) {
            let row: Value = serde_json::from_str(&row).unwrap();
            let key = row.get("id").or_else(|| row.get("sid")).unwrap_or(&row).to_string();
            rows.insert((table.clone(), key), row);
        }
    }
    rows
}

/// Every row and every value that was there before and is not there after, a line each.
pub(crate) fn losses(
    before: &BTreeMap<(String, String), Value>,
    after: &BTreeMap<(String, String), Value>,
) -> Vec<String> {
    let mut losses = Vec::new();
    for ((table, key), row) in before {
        let Some(kept) = after.get(&(table.clone(), key.clone())) else {
            losses.push(format!("{table} {key}: the row is gone"));
            continue;
        };
        for (column, value) in row.as_object().unwrap() {
            let now = kept.get(column).unwrap_or(&Value::Null);
            if !is_same(value, now) {
                losses.push(format!("{table} {key}: {column} was {value}, is {now}"));
            }
        }
    }
    losses
}

/// A time may have gained its zone, and a date its midnight.
fn is_same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::String(before), Value::String(after)) => {
            before == after || *after == format!("{before}+00:00") || *after == format!("{before}T00:00:00+00:00")
        }
        _ => before == after,
    }
}
