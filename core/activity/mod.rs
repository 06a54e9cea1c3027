//! The audit trail: who did what to which row.
//!
//! Each operation writes its entry in the transaction that makes the change. Nothing changes or deletes an entry. Of a
//! customer's personal data an entry says only that it changed.

mod repository;
mod service;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub use service::Activity;

use crate::{
    db::{DbConnection, DbResult},
    desk::Acting,
    error::Result,
    ids::{ActivityId, TokenId, UserId},
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// A row was created.
    Create,
    /// Some fields changed.
    Update,
    /// Only the status changed.
    Status,
    /// A sold vehicle is for sale again, relisted or taken in from a customer.
    Relist,
    /// A sale was undone: the vehicle is for sale as if it had never been sold.
    UndoSale,
    /// A vehicle was put on the homepage or taken off it.
    Feature,
    /// A row was deleted.
    Delete,
    /// A submission was taken into inventory.
    Approve,
    /// A submission was rejected.
    Reject,
    /// A car whose submission was rejected, or that was sold since, is offered again.
    Reoffer,
    /// A vehicle was priced against the market.
    Analyze,
    /// A VIN was evaluated against the market.
    Evaluate,
    /// A scrape of a competitor was recorded.
    Record,
    /// A migration repaired what another application had written.
    Repair,
    /// A feed was exported, or was to be.
    Export,
    /// An API token was taken back.
    Revoke,
    /// A run of a job was asked for.
    Run,
    /// A run of a job is to end.
    Cancel,
    /// A notification is to be sent, again or as a test.
    Send,
    /// A user signed in.
    SignIn,
    /// A user signed out, or was.
    SignOut,
}

words!(Action, InvalidAction at "/action" {
    Create => "create",
    Update => "update",
    Status => "status",
    Relist => "relist",
    UndoSale => "undo_sale",
    Feature => "feature",
    Delete => "delete",
    Approve => "approve",
    Reject => "reject",
    Reoffer => "reoffer",
    Analyze => "analyze",
    Evaluate => "evaluate",
    Record => "record",
    Repair => "repair",
    Export => "export",
    Revoke => "revoke",
    Run => "run",
    Cancel => "cancel",
    Send => "send",
    SignIn => "sign_in",
    SignOut => "sign_out",
});

/// An entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ActivityEntry {
    /// The entry's id.
    pub id: ActivityId,
    /// The member of staff. `None` for the public and for the program itself.
    pub user_id: Option<UserId>,
    /// What was done, as a word of [`Action`]. Other applications may have written other words.
    pub action: String,
    /// The noun: `users`, `tokens`, `submissions`, `inventory`, `competitors`.
    pub resource_type: String,
    /// The id of the row.
    pub resource_id: Option<Uuid>,
    /// `{field: {from, to}}` of the fields that changed.
    pub changes: Option<Value>,
    /// The actor's address.
    pub ip_address: Option<String>,
    /// The actor's client.
    pub user_agent: Option<String>,
    /// When it was done.
    pub created_at: DateTime<Utc>,
    /// The API token that it was done through.
    pub token_id: Option<TokenId>,
    /// What they are called now: the address of the member of staff, else the name of the token. `None` where nobody is named.
    pub by: Option<String>,
}

/// Which entries to list. By default all, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActivityFilter {
    /// Only entries of this member of staff.
    pub user_id: Option<UserId>,
    /// Only entries with this action.
    pub action: Option<Action>,
    /// About this noun only.
    pub resource_type: Option<String>,
    /// About this row only.
    pub resource_id: Option<Uuid>,
}

impl ActivityFilter {
    /// About this row only.
    #[must_use]
    pub fn resource(mut self, id: impl Into<Uuid>) -> Self {
        self.resource_id = Some(id.into());
        self
    }

    /// Of this action only.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }
}

/// A row whose changes go into the audit trail.
pub(crate) trait Audited: Serialize {
    /// The noun: the name of its folder and route.
    const RESOURCE: &'static str;
    /// Personal data: the entry says that the field changed, without its values.
    const PERSONAL: &'static [&'static str] = &[];
    /// Fields that change with every write. The entry leaves them out.
    const SILENT: &'static [&'static str] = &["created_at", "updated_at"];

    /// The id of the row.
    fn resource_id(&self) -> Uuid;
}

/// Writes the entry for a change from `before` to `after`. A creation has no `before`, a deletion no `after`.
pub(crate) fn record<T: Audited>(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    action: Action,
    before: Option<&T>,
    after: Option<&T>,
) -> DbResult<()> {
    let Some(resource) = after.or(before) else { return Ok(()) };
    let changes = changes_between(before, after)?;
    record_changes(conn, acting, action, T::RESOURCE, resource.resource_id(), changes)
}

/// Writes an entry with the given changes, for an action that is not a change of one row's fields.
pub(crate) fn record_changes(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    action: Action,
    resource_type: &str,
    resource_id: Uuid,
    changes: Map<String, Value>,
) -> DbResult<()> {
    insert(conn, acting, action, (resource_type, Some(resource_id)), changes)
}

/// Writes one entry for a change of many rows.
pub(crate) fn record_changes_of_many(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    action: Action,
    resource_type: &str,
    changes: Map<String, Value>,
) -> DbResult<()> {
    insert(conn, acting, action, (resource_type, None), changes)
}

/// What is written about one row among many: what was done to it, and what changed.
pub(crate) type RowEntry = (Action, Uuid, Noted);

/// What an entry says of a row's fields.
#[derive(Debug)]
pub(crate) enum Noted {
    /// `{field: {from, to}}`.
    Changes(Map<String, Value>),
    /// The same of a row that is new, by the values of its fields alone.
    Created(Map<String, Value>),
}

impl Noted {
    /// Of the fields that differ.
    pub(crate) fn between<T: Audited>(before: Option<&T>, after: &T) -> Result<Self> {
        if before.is_some() || !T::PERSONAL.is_empty() {
            return changes_between(before, Some(after)).map(Self::Changes);
        }
        let mut fields = fields_of(Some(after))?;
        fields.retain(|field, value| !value.is_null() && !T::SILENT.contains(&field.as_str()));
        Ok(Self::Created(fields))
    }
}

impl Serialize for Noted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Change<'v> {
            from: (),
            to: &'v Value,
        }
        match self {
            Self::Changes(changes) => changes.serialize(serializer),
            Self::Created(fields) => {
                serializer.collect_map(fields.iter().map(|(field, to)| (field, Change { from: (), to })))
            }
        }
    }
}

/// Writes the entries of many rows of one noun.
pub(crate) fn record_rows(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    resource_type: &str,
    rows: Vec<RowEntry>,
) -> DbResult<()> {
    repository::insert_all(conn, acting, resource_type, rows)
}

fn insert(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    action: Action,
    resource: (&str, Option<Uuid>),
    changes: Map<String, Value>,
) -> DbResult<()> {
    repository::insert(conn, entry(acting, action, resource, changes))
}

fn entry(
    acting: Acting<'_>,
    action: Action,
    (resource_type, resource_id): (&str, Option<Uuid>),
    changes: Map<String, Value>,
) -> ActivityEntry {
    ActivityEntry {
        id: ActivityId::new(acting.now),
        user_id: acting.actor.user_id(),
        action: action.as_str().to_owned(),
        resource_type: resource_type.to_owned(),
        resource_id,
        changes: Some(Value::Object(changes)),
        ip_address: acting.actor.ip().map(|ip| ip.to_string()),
        user_agent: acting.actor.user_agent().map(ToOwned::to_owned),
        created_at: acting.now,
        token_id: acting.actor.token_id(),
        by: None,
    }
}

pub(crate) use repository::{has_entry, latest_by, latest_changes, times_by_the_public};

/// `{field: {from, to}}` of the fields that differ.
pub(crate) fn changes_between<T: Audited>(before: Option<&T>, after: Option<&T>) -> Result<Map<String, Value>> {
    let before = fields_of(before)?;
    let mut after = fields_of(after)?;
    let mut changes = Map::new();
    let mut note = |field: String, from: Value, to: Value| {
        if from == to || T::SILENT.contains(&field.as_str()) {
            return;
        }
        let change = if T::PERSONAL.contains(&field.as_str()) {
            json!("changed")
        } else {
            // `json!` would copy them.
            Value::Object(Map::from_iter([("from".to_owned(), from), ("to".to_owned(), to)]))
        };
        changes.insert(field, change);
    };
    for (field, from) in before {
        let to = after.remove(&field).unwrap_or(Value::Null);
        note(field, from, to);
    }
    for (field, to) in after {
        note(field, Value::Null, to);
    }
    Ok(changes)
}

fn fields_of<T: Serialize>(row: Option<&T>) -> Result<Map<String, Value>> {
    let Some(row) = row else { return Ok(Map::new()) };
    match serde_json::to_value(row) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Ok(Map::new()),
        Err(reason) => {
            Err(crate::Error::new(crate::ErrorCode::AuditFailed, "a row could not be written down").with_source(reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        price: u32,
        color: &'static str,
        email: &'static str,
        updated_at: u32,
    }

    impl Audited for Row {
        const RESOURCE: &'static str = "rows";
        const PERSONAL: &'static [&'static str] = &["email"];

        fn resource_id(&self) -> Uuid {
            Uuid::nil()
        }
    }

    /// A row without personal data, all of whose fields a new one has.
    #[derive(Serialize)]
    struct Thing {
        price: u32,
        color: Option<&'static str>,
        images: Vec<&'static str>,
        updated_at: u32,
    }

    impl Audited for Thing {
        const RESOURCE: &'static str = "things";

        fn resource_id(&self) -> Uuid {
            Uuid::nil()
        }
    }

    #[test]
    fn of_a_new_row_among_many_the_entry_says_what_it_says_of_one() {
        let after = Thing { price: 2, color: None, images: vec!["1.jpg"], updated_at: 2 };
        let noted = serde_json::to_value(Noted::between(None, &after).unwrap()).unwrap();
        assert_eq!(noted, Value::Object(changes_between(None, Some(&after)).unwrap()));
        assert_eq!(noted, json!({"price": {"from": null, "to": 2}, "images": {"from": null, "to": ["1.jpg"]}}));
        let new = Row { price: 2, color: "red", email: "b@example.com", updated_at: 2 };
        let noted = serde_json::to_value(Noted::between(None, &new).unwrap()).unwrap();
        assert_eq!(noted["email"], json!("changed"));
        let before = Thing { price: 1, ..after };
        let after = Thing { price: 2, color: None, images: vec!["1.jpg"], updated_at: 3 };
        let noted = serde_json::to_value(Noted::between(Some(&before), &after).unwrap()).unwrap();
        assert_eq!(noted, json!({"price": {"from": 1, "to": 2}}));
    }

    #[test]
    fn only_what_changed_is_kept_and_nothing_personal() {
        let before = Row { price: 1, color: "red", email: "a@example.com", updated_at: 1 };
        let after = Row { price: 2, color: "red", email: "b@example.com", updated_at: 2 };
        let changes = changes_between(Some(&before), Some(&after)).unwrap();
        assert_eq!(Value::Object(changes), json!({"price": {"from": 1, "to": 2}, "email": "changed"}));
        let deleted = changes_between(Some(&before), None).unwrap();
        assert_eq!(deleted["price"], json!({"from": 1, "to": null}));
        assert_eq!(deleted["email"], json!("changed"));
    }
}
