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
    submissions::SubmissionStatus,
};

/// Rows that are read at a time.
const ROWS: i64 = 1_000;

/// The numbers of all photos that rows name: 16 bytes a photo. The documents are read as they are, not as lists, so that an address
/// in a shape of another application counts, too.
#[derive(Debug, Default)]
pub(super) struct NamedPhotos {
    /// Those that a vehicle names, or a submission that was not turned down.
    pub(super) shown: HashSet<u128>,
    /// Those that a submission names which was turned down.
    pub(super) turned_down: HashSet<u128>,
}

impl NamedPhotos {
    pub(super) fn has(&self, number: u128) -> bool {
        self.shown.contains(&number) || self.turned_down.contains(&number)
    }

    /// Whether nothing names it but submissions that were turned down, so that it is shown to staff alone.
    pub(super) fn is_withheld(&self, number: u128) -> bool {
        self.turned_down.contains(&number) && !self.shown.contains(&number)
    }
}

pub(super) fn named_photos(conn: &mut DbConnection) -> DbResult<NamedPhotos> {
    let mut named = NamedPhotos::default();
    note_vehicles(conn, &mut named.shown)?;
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

fn note_submissions(conn: &mut DbConnection, named: &mut NamedPhotos) -> DbResult<()> {
    let mut after: Option<SubmissionId> = None;
    loop {
        let rows: Vec<(SubmissionId, Option<Json<Value>>, Option<HeldText>)> = pending_submissions::table
            .filter(pending_submissions::id.gt(after.unwrap_or(SubmissionId::from_uuid(uuid::Uuid::nil()))))
            .filter(pending_submissions::images.is_not_null())
            .order(pending_submissions::id)
            .limit(ROWS)
            .select((pending_submissions::id, pending_submissions::images, pending_submissions::submission_status))
            .load(conn)?;
        for (_, images, status) in &rows {
            let is_turned_down = status.as_deref() == Some(SubmissionStatus::Rejected.as_str());
            let named = if is_turned_down { &mut named.turned_down } else { &mut named.shown };
            images.iter().for_each(|images| note(&images.0, named));
        }
        after = rows.last().map(|(id, ..)| *id);
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
    Ok(named_photos(conn)?.has(number))
}
