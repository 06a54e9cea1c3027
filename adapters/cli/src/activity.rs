//! `jpauto activity`: reading the audit trail. What is deliberately not here: any way to change it.

use clap::Subcommand;
use jpauto::{Action, ActivityEntry, ActivityFilter, Desk, ErrorKind};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    arguments::one_of,
    context::Context,
    failure::Failure,
    output::{Cell, Column, Row, Tone, dash, moment},
    paging::Paging,
};

/// What to do with the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum ActivityCommand {
    /// List who did what, the latest first
    #[command(after_help = "Example:\n  jpauto activity list --resource inventory --action update --limit 20")]
    List {
        /// Of this action
        #[arg(long, value_name = "ACTION", value_parser = one_of!(Action))]
        action: Option<Action>,
        /// About this noun: users, tokens, submissions, inventory, competitors
        #[arg(long, value_name = "NOUN")]
        resource: Option<String>,
        /// About the row of this id, or the vehicle of this VIN or stock number, or the beginning of one
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        /// By the member of staff with this address
        #[arg(long, value_name = "EMAIL")]
        by: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
}

/// Does it.
pub(crate) fn run(command: ActivityCommand, context: &mut Context) -> Result<(), Failure> {
    let ActivityCommand::List { action, resource, id, by, paging } = command;
    let desk = context.desk()?;
    let mut filter = ActivityFilter::default();
    filter.action = action;
    filter.resource_type = resource;
    filter.resource_id = id.map(|text| row_of(&desk, &text)).transpose()?;
    filter.user_id = by.map(|email| desk.users().get_by_email(&email)).transpose()?.map(|user| user.id);
    paging.print(&mut context.output, |page| desk.activity().list(&filter, page))
}

/// The id of the vehicle that is named so, or of another row that the trail is about.
fn row_of(desk: &Desk, text: &str) -> Result<Uuid, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    match desk.inventory().find(text) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(desk.activity().find_resource(text)?),
        found => Ok(found?.vehicle.id.into()),
    }
}

impl Row for ActivityEntry {
    const COLUMNS: &'static [Column] = &[
        Column::text("When"),
        Column::text("By"),
        Column::text("Action"),
        Column::text("Noun").spare(3),
        Column::text("Changed").wraps().spare(1),
        Column::text("Row"),
        Column::text("Through").wraps().spare(2),
    ];

    fn cells(&self) -> Vec<Cell> {
        let changed = match &self.changes {
            Some(Value::Object(changes)) => changes.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
            _ => String::new(),
        };
        let id = self.user_id.map(|id| id.to_string()).or_else(|| self.token_id.map(|id| format!("token {id}")));
        let by = self.by.clone().or(id);
        vec![
            moment(self.created_at).into(),
            dash(by, |by| by).into(),
            self.action.as_str().into(),
            self.resource_type.as_str().into(),
            changed.into(),
            Cell::new(dash(self.resource_id, |id| id.to_string())).tone(Tone::Faint),
            dash(self.user_agent.clone(), |agent| agent).into(),
        ]
    }
}
