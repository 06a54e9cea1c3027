//! `jpauto alert`: what asks for attention. What is deliberately not here: opening alerts, which the rules do.

use clap::Subcommand;
use jpauto::{Alert, AlertFilter, AlertType, Desk, ErrorKind, Page, PageRequest, Severity};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    arguments::one_of,
    context::Context,
    failure::Failure,
    output::{Cell, Column, Output, Row, Tone, dash, moment},
    paging::Paging,
};

/// What to do with alerts.
#[derive(Debug, Subcommand)]
pub(crate) enum AlertCommand {
    /// List the open alerts, the latest first
    List {
        /// Those that are over too, with when and by whom they were dismissed; in a narrow terminal without their ids
        #[arg(long)]
        with_dismissed: bool,
        /// Of this type
        #[arg(long, alias = "type", value_name = "TYPE", value_parser = one_of!(AlertType))]
        alert_type: Option<AlertType>,
        /// As urgent as this
        #[arg(long, value_name = "SEVERITY", value_parser = one_of!(Severity))]
        severity: Option<Severity>,
        /// About this vehicle (id, VIN or stock number) or this competitor (name or id)
        #[arg(long, value_name = "SUBJECT")]
        subject: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Put an alert away
    Dismiss {
        /// The alert's id, or its beginning
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// Does it.
pub(crate) fn run(command: AlertCommand, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    match command {
        AlertCommand::List { with_dismissed, alert_type, severity, subject, paging } => {
            let mut filter = AlertFilter::default();
            filter.with_dismissed = with_dismissed;
            (filter.alert_type, filter.severity) = (alert_type, severity);
            filter.subject_id = subject.map(|text| subject_of(&desk, &text)).transpose()?;
            print(&paging, &mut context.output, &filter, |page| desk.alerts().list(&filter, page))
        }
        AlertCommand::Dismiss { id } => context.output.item(&desk.alerts().dismiss(desk.alerts().find(&id)?.id)?),
    }
}

/// Prints a list of alerts. What is over stands beside those that may be.
pub(crate) fn print(
    paging: &Paging,
    output: &mut Output,
    filter: &AlertFilter,
    list: impl Fn(&PageRequest) -> jpauto::Result<Page<Alert>>,
) -> Result<(), Failure> {
    if filter.with_dismissed {
        return paging.print(output, |page| Ok(list(page)?.map(OpenOrOver)));
    }
    paging.print(output, list)
}

/// The id of the vehicle or competitor that is named so. A whole id is taken as it is: what it named may be gone.
fn subject_of(desk: &Desk, text: &str) -> Result<Uuid, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    match desk.inventory().find(text) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(desk.competitors().find(text)?.id.into()),
        found => Ok(found?.vehicle.id.into()),
    }
}

impl Row for Alert {
    const COLUMNS: &'static [Column] = &[
        Column::text("Severity"),
        Column::text("Alert").spare(1),
        Column::text("Message").wraps(),
        Column::text("Since").spare(2),
        Column::text("Id"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            severity(self),
            self.alert_type.as_str().into(),
            self.message.as_str().into(),
            dash(self.created_at, moment).into(),
            Cell::new(self.id.to_string()).tone(Tone::Faint),
        ]
    }
}

/// An alert among those that are over.
#[derive(Serialize)]
#[serde(transparent)]
struct OpenOrOver(Alert);

impl Row for OpenOrOver {
    const COLUMNS: &'static [Column] = &[
        Column::text("Severity"),
        Column::text("Alert").spare(1),
        Column::text("Message").wraps(),
        Column::text("Since").spare(2),
        Column::text("Over"),
        Column::text("By").wraps(),
        Column::text("Id").spare(3),
    ];

    fn cells(&self) -> Vec<Cell> {
        let Self(alert) = self;
        vec![
            severity(alert),
            alert.alert_type.as_str().into(),
            alert.message.as_str().into(),
            dash(alert.created_at, moment).into(),
            dash(alert.dismissed_at, moment).into(),
            dash(alert.dismissed_by.as_deref(), str::to_owned).into(),
            Cell::new(alert.id.to_string()).tone(Tone::Faint),
        ]
    }
}

fn severity(alert: &Alert) -> Cell {
    let tone = match alert.severity {
        Severity::Critical => Tone::Bad,
        _ => Tone::Warning,
    };
    Cell::new(alert.severity.as_str()).tone(tone)
}
