//! Which photos rows name: `images` and `thumbnail` of vehicles, `images` of submissions. The submission that named a photo first
//! decides who sees it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::{
    db::{
        DbConnection, DbResult, Json,
        held::{Held, HeldText},
        schema::{inventory, pending_submissions},
        types::Instant,
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
    of_vehicles: HashSet<u128>,
    /// Each with the submission that named it first. Later ones neither hide it nor show it again.
    of_submissions: HashMap<u128, FirstNamed>,
}

/// The first submission that names a photo.
#[derive(Clone, Copy, Debug)]
struct FirstNamed {
    created_at: Option<DateTime<Utc>>,
    is_turned_down: bool,
}

impl NamedPhotos {
    pub(super) fn has(&self, number: u128) -> bool {
        self.of_vehicles.contains(&number) || self.of_submissions.contains_key(&number)
    }

    /// Whether it is shown to staff alone: no vehicle has it, and the first submission that named it was turned down.
    pub(super) fn is_withheld(&self, number: u128) -> bool {
        let is_turned_down = self.of_submissions.get(&number).is_some_and(|first| first.is_turned_down);
        is_turned_down && !self.of_vehicles.contains(&number)
    }
}

pub(super) fn named_photos(conn: &mut DbConnection) -> DbResult<NamedPhotos> {
    let mut named = NamedPhotos::default();
    note_vehicles(conn, &mut named.of_vehicles)?;
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
            images.iter().for_each(|images| note(&images.0, &mut |number| _ = named.insert(number)));
            named.extend(thumbnail.as_deref().and_then(stored_photo).map(|(number, _)| number));
        }
        after = rows.last().map(|(id, ..)| *id);
        if (rows.len() as i64) < ROWS {
            return Ok(());
        }
    }
}

/// Its id, its pictures, its status and when it was made.
type NamingSubmission = (SubmissionId, Option<Json<Value>>, Option<HeldText>, Option<Held<Instant>>);

fn note_submissions(conn: &mut DbConnection, named: &mut NamedPhotos) -> DbResult<()> {
    let mut after: Option<SubmissionId> = None;
    loop {
        let rows: Vec<NamingSubmission> = pending_submissions::table
            .filter(pending_submissions::id.gt(after.unwrap_or(SubmissionId::from_uuid(uuid::Uuid::nil()))))
            .filter(pending_submissions::images.is_not_null())
            .order(pending_submissions::id)
            .limit(ROWS)
            .select((
                pending_submissions::id,
                pending_submissions::images,
                pending_submissions::submission_status,
                pending_submissions::created_at,
            ))
            .load(conn)?;
        after = rows.last().map(|(id, ..)| *id);
        let is_last = (rows.len() as i64) < ROWS;
        for (_, images, status, created_at) in rows {
            let is_turned_down = status.as_deref() == Some(SubmissionStatus::Rejected.as_str());
            let this = FirstNamed { created_at: created_at.map(|at| at.nearest().0), is_turned_down };
            let mut name = |number| {
                let first = named.of_submissions.entry(number).or_insert(this);
                if this.created_at < first.created_at {
                    *first = this;
                }
            };
            images.iter().for_each(|images| note(&images.0, &mut name));
        }
        if is_last {
            return Ok(());
        }
    }
}

/// The photos that a document names, wherever in it. JSON that was read is nested less deep than a stack is.
fn note(document: &Value, name: &mut dyn FnMut(u128)) {
    match document {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            // JSON within a text of JSON.
            Ok(inner @ (Value::Array(_) | Value::Object(_) | Value::String(_))) => note(&inner, name),
            _ => stored_photo(text).into_iter().for_each(|(number, _)| name(number)),
        },
        Value::Array(items) => items.iter().for_each(|item| note(item, name)),
        Value::Object(fields) => fields.values().for_each(|field| note(field, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a row names this photo other than the one that gave it up: a submission and the vehicle that was made of it have the same.
pub(super) fn is_named(conn: &mut DbConnection, number: u128) -> DbResult<bool> {
    Ok(named_photos(conn)?.has(number))
}
