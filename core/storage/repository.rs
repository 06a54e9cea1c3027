//! Which photos rows name: `images` and `thumbnail` of vehicles, `images` of submissions.

use std::collections::HashSet;

use diesel::prelude::*;
use serde_json::Value;

use crate::{
    db::{
        DbConnection, DbResult, Json,
        held::HeldText,
        schema::{inventory, pending_submissions},
    },
    ids::{SubmissionId, VehicleId},
    inventory::pictures::stored_photo,
};

/// Rows that are read at a time.
const ROWS: i64 = 1_000;

/// The numbers of all photos that rows name: 16 bytes a photo. The documents are read as they are, not as lists, so that an address
/// in a shape of another application counts, too.
pub(super) fn named_photos(conn: &mut DbConnection) -> DbResult<HashSet<u128>> {
    let mut named = HashSet::new();
    note_vehicles(conn, &mut named)?;
    note_submissions(conn, &mut named)?;
    Ok(named)
}

fn note_vehicles(conn: &mut DbConnection, named: &mut HashSet<u128>) -> DbResult<()> {
    let mut after: Option<VehicleId> = None;
    loop {
        let rows: Vec<(VehicleId, Option<Json<Value>>, Option<HeldText>)> = inventory::table
            .filter(inventory::id.gt(after.unwrap_or(VehicleId::from_uuid(uuid::Uuid::nil()))))
            .filter(inventory::images.is_not_null().or(inventory::thumbnail.is_not_null()))
            .order(inventory::id)
            .limit(ROWS)
            .select((inventory::id, inventory::images, inventory::thumbnail))
            .load(conn)?;
        for (_, images, thumbnail) in &rows {
            images.iter().for_each(|images| note(&images.0, named));
            named.extend(thumbnail.as_deref().and_then(stored_photo).map(|(number, _)| number));
        }
        after = rows.last().map(|(id, ..)| *id);
        if (rows.len() as i64) < ROWS {
            return Ok(());
        }
    }
}

fn note_submissions(conn: &mut DbConnection, named: &mut HashSet<u128>) -> DbResult<()> {
    let mut after: Option<SubmissionId> = None;
    loop {
        let rows: Vec<(SubmissionId, Option<Json<Value>>)> = pending_submissions::table
            .filter(pending_submissions::id.gt(after.unwrap_or(SubmissionId::from_uuid(uuid::Uuid::nil()))))
            .filter(pending_submissions::images.is_not_null())
            .order(pending_submissions::id)
            .limit(ROWS)
            .select((pending_submissions::id, pending_submissions::images))
            .load(conn)?;
        for (_, images) in &rows {
            images.iter().for_each(|images| note(&images.0, named));
        }
        after = rows.last().map(|(id, _)| *id);
        if (rows.len() as i64) < ROWS {
            return Ok(());
        }
    }
}

/// The photos that a document names, wherever in it. JSON that was read is nested less deep than a stack is.
fn note(document: &Value, named: &mut HashSet<u128>) {
    match document {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            // JSON within a text of JSON.
            Ok(inner @ (Value::Array(_) | Value::Object(_) | Value::String(_))) => note(&inner, named),
            _ => named.extend(stored_photo(text).map(|(number, _)| number)),
        },
        Value::Array(items) => items.iter().for_each(|item| note(item, named)),
        Value::Object(fields) => fields.values().for_each(|field| note(field, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a row names this photo other than the one that gave it up: a submission and the vehicle that was made of it have the same.
pub(super) fn is_named(conn: &mut DbConnection, number: u128) -> DbResult<bool> {
    Ok(named_photos(conn)?.contains(&number))
}

/// The photos that vehicles name: what the public is shown.
pub(super) fn named_by_vehicles(conn: &mut DbConnection) -> DbResult<HashSet<u128>> {
    let mut named = HashSet::new();
    note_vehicles(conn, &mut named)?;
    Ok(named)
}
