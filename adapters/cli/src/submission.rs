//! `jpauto submission`: customers' submissions and their review.

use clap::{Args, Subcommand};
use jpauto::{
    Approval, Desk, NewSubmission, Submission, SubmissionFilter, SubmissionSort, SubmissionStatus, SubmissionUpdate,
    Submissions, typed,
};
use serde_json::json;

use crate::{
    arguments::{Confirmation, one_of},
    context::Context,
    failure::Failure,
    fields::{FieldOptions, OptionsOf},
    output::{Cell, Column, Output, Row, Tone, car, dash, miles, moment, money},
    paging::Paging,
    vehicle,
};

/// What to do with submissions. Each is named by its id or VIN, or by the beginning of one.
#[derive(Debug, Subcommand)]
pub(crate) enum SubmissionCommand {
    /// Send a submission
    #[command(after_help = SUBMIT_EXAMPLES)]
    Submit {
        #[command(flatten)]
        fields: OptionsOf<NewSubmission>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// List submissions, newest first
    #[command(after_help = "Example:\n  jpauto submission list --status pending --sort submitted_at")]
    List {
        #[command(flatten)]
        filter: FilterOptions,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a submission
    Show {
        /// The submission's id or VIN, or the beginning of one
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Correct fields of a pending submission
    #[command(
        after_help = "Example:\n  jpauto submission update ID --mileage 31200 --set trim=XSE --set customer_phone="
    )]
    Update {
        /// The submission's id or VIN, or the beginning of one
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        fields: OptionsOf<SubmissionUpdate>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Approve a submission and add its car to the inventory; a car that we sold before is on sale again
    #[command(after_help = APPROVE_EXAMPLES)]
    Approve {
        /// The submission's id or VIN, or the beginning of one
        #[arg(value_name = "ID")]
        id: String,
        /// Our price, for which the vehicle is offered; what the customer asks for it if not given
        #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
        price: Option<String>,
        #[command(flatten)]
        overrides: FieldOptions,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Reject a submission
    Reject {
        /// The submission's id or VIN, or the beginning of one
        #[arg(value_name = "ID")]
        id: String,
        /// The reason
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Delete a submission; a vehicle that was made of it stays
    Delete {
        /// The submission's id or VIN, or eight signs or more of one
        #[arg(value_name = "ID")]
        id: String,
    },
}

const SUBMIT_EXAMPLES: &str = "\
Examples:
  jpauto submission submit --year 2019 --make Toyota --model Camry --vin 4T1B11HK9KU211111 \\
      --mileage 31000 --asking-price 15000 --customer-email ann@example.com
  jpauto submission submit --json offer.json --set 'images=[\"https://example.com/1.jpg\"]'
  jq -c . offer.json | jpauto submission submit --json -

Options override the JSON object, and --set overrides options. Fields are named as their columns.";

const APPROVE_EXAMPLES: &str = "\
Examples:
  jpauto submission approve ID                      as submitted, at the customer's asking price
  jpauto submission approve ID --price 16900 --set trim=XSE --set stock_number=A1042

Overrides are fields of the vehicle, named as its columns.";

/// Which submissions.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub(crate) struct FilterOptions {
    /// In this status
    #[arg(long, value_name = "STATUS", value_parser = one_of!(SubmissionStatus))]
    status: Option<SubmissionStatus>,
    /// Of this make
    #[arg(long, value_name = "TEXT")]
    make: Option<String>,
    /// Of this model
    #[arg(long, value_name = "TEXT")]
    model: Option<String>,
    /// Each word occurs in make, model, VIN, or the customer's name or e-mail
    #[arg(long, value_name = "WORDS")]
    q: Option<String>,
    /// The order
    #[arg(
        long,
        value_name = "ORDER",
        default_value = SubmissionSort::SubmittedAtDescending.as_str(),
        value_parser = one_of!(SubmissionSort),
        allow_hyphen_values = true
    )]
    sort: SubmissionSort,
}

/// Runs the command.
pub(crate) fn run(command: SubmissionCommand, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let submissions = desk.submissions();
    let output = &mut context.output;
    match command {
        SubmissionCommand::Submit { fields, confirmation } => {
            let new: NewSubmission = fields.read()?.build()?;
            written(&writing(&desk, confirmation).submit(&new)?, output)
        }
        SubmissionCommand::List { filter, paging } => {
            let filter = filter.into_filter();
            paging.print(output, |page| submissions.list(&filter, page))
        }
        SubmissionCommand::Show { id } => output.item(&submissions.find(&id)?),
        SubmissionCommand::Update { id, fields, confirmation } => {
            let update: SubmissionUpdate = fields.read()?.build_update()?;
            let id = submissions.find(&id)?.id;
            written(&writing(&desk, confirmation).update(id, &update)?, output)
        }
        SubmissionCommand::Approve { id, price, overrides, confirmation } => {
            let price = price.as_deref().map(|price| ("price", price));
            let approval = Approval::with(overrides.read(price)?.build_update()?);
            let id = submissions.find(&id)?.id;
            vehicle::written(&writing(&desk, confirmation).approve(id, &approval)?, output)
        }
        SubmissionCommand::Reject { id, reason } => {
            output.item(&submissions.reject(submissions.find(&id)?.id, &reason)?)
        }
        SubmissionCommand::Delete { id } => {
            let Submission { id: found, vin, year, make, model, .. } = submissions.find(&id)?;
            let vin = vin.unwrap_or_default();
            if !typed::names_surely(&id, &[], &[&vin, &found.to_string()]) {
                return Err(vehicle::begins_only(
                    &id,
                    &format!("the offer of a {year} {make} {model}, id {found}"),
                    "delete",
                ));
            }
            let id = found;
            submissions.delete(id)?;
            output.done(&format!("deleted {id}"), &json!({"deleted": id}))
        }
    }
}

impl FilterOptions {
    fn into_filter(self) -> SubmissionFilter {
        let mut filter = SubmissionFilter::default().sort(self.sort);
        filter.submission_status = self.status;
        filter.make = self.make;
        filter.model = self.model;
        filter.q = self.q;
        filter
    }
}

/// The submissions to write to: a doubtful price is refused until it is confirmed.
fn writing<'d>(desk: &'d Desk, Confirmation { yes }: Confirmation) -> Submissions<'d> {
    if yes { desk.submissions() } else { desk.submissions().refusing_doubtful_prices() }
}

/// Prints a submission as it was written, and its warnings.
fn written(submission: &Submission, output: &mut Output) -> Result<(), Failure> {
    vehicle::warn(&submission.warnings);
    output.item(submission)
}

/// The status in its colour.
fn toned(status: SubmissionStatus) -> Cell {
    Cell::new(status.as_str()).tone(match status {
        SubmissionStatus::Pending => Tone::Strong,
        SubmissionStatus::Approved => Tone::Good,
        _ => Tone::Faint,
    })
}

impl Row for Submission {
    const COLUMNS: &'static [Column] = &[
        Column::text("Id"),
        Column::text("Vehicle"),
        Column::number("Asks"),
        Column::number("Miles").spare(2),
        Column::text("Status").spare(1),
        Column::text("Submitted").spare(3),
        Column::text("Customer").spare(4),
        Column::text("VIN").spare(5),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::new(self.id.to_string()).tone(Tone::Faint),
            car(Some(self.year), Some(&self.make), Some(&self.model), self.trim.as_deref()).into(),
            dash(self.asking_price, money).into(),
            dash(self.mileage, miles).into(),
            toned(self.submission_status),
            dash(self.submitted_at, moment).into(),
            dash(self.customer_name.clone().or_else(|| self.customer_email.clone()), |name| name).into(),
            dash(self.vin.clone(), |vin| vin).into(),
        ]
    }
}
