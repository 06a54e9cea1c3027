//! `jpauto token`: API tokens for machines. What is deliberately not here: using one, which the HTTP server does.

use chrono::{TimeDelta, Utc};
use clap::Subcommand;
use jpauto::{NewToken, Role, Token, typed};

use crate::{
    arguments::one_of,
    context::Context,
    failure::Failure,
    output::{Cell, Column, Row, Tone, dash, moment, remark},
    paging::Paging,
    vehicle::begins_only,
};

const CREATE: &str = "\
Examples:
  jpauto token create 'nightly export' --role viewer --days 365
  jpauto --as ann@lot.example token create 'stock sync' --role manager

The secret is shown once. A machine sends it with each request to the HTTP API:
  curl -H \"Authorization: Bearer $JPAUTO_TOKEN\" http://127.0.0.1:8080/api/auth/me

A token created --as a user never does more than that user may do now, and ends with the account.";

/// What to do with API tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and show its secret, once
    #[command(after_help = CREATE)]
    Create {
        /// What it is for
        #[arg(value_name = "NAME")]
        name: String,
        /// The most that it may do
        #[arg(long, value_name = "ROLE", default_value = Role::Viewer.as_str(), value_parser = one_of!(Role))]
        role: Role,
        /// It ends after this many days; without it, when it is revoked
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: Option<u32>,
    },
    /// List the tokens, the newest first; their secrets are not kept
    List {
        #[command(flatten)]
        paging: Paging,
    },
    /// Refuse a token from now on
    Revoke {
        /// Its name, its id, or the first eight characters or more of the id
        #[arg(value_name = "TOKEN")]
        token: String,
    },
}

/// Does it.
pub(crate) fn run(command: TokenCommand, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let output = &mut context.output;
    match command {
        TokenCommand::Create { name, role, days } => {
            let expires_at = days.map(|days| Utc::now() + TimeDelta::days(days.into()));
            output.item(&desk.tokens().create(&NewToken { name, role, expires_at })?)?;
            remark("keep the secret now: it is not shown again");
            Ok(())
        }
        TokenCommand::List { paging } => paging.print(output, |page| desk.tokens().list(page)),
        TokenCommand::Revoke { token } => {
            let Token { id, name, .. } = desk.tokens().find(&token)?;
            // Revoking cannot be undone.
            if !typed::names_surely(&token, &[&name], &[&id.to_string()]) {
                return Err(begins_only(&token, &format!("{name}, id {id}"), "revoke"));
            }
            output.item(&desk.tokens().revoke(id)?)
        }
    }
}

impl Row for Token {
    const COLUMNS: &'static [Column] = &[
        Column::text("Name"),
        Column::text("Role"),
        Column::text("Last used"),
        Column::text("Ends"),
        Column::text("Revoked"),
        Column::text("Of user"),
        Column::text("Works"),
        Column::text("Created").spare(2),
        Column::text("Id").spare(4),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            self.name.as_str().into(),
            self.role.as_str().into(),
            dash(self.last_used_at, moment).into(),
            dash(self.expires_at, moment).into(),
            Cell::new(dash(self.revoked_at, moment)).tone(Tone::Warning),
            dash(self.user_email.clone(), |email| email).into(),
            Cell::new(if self.works { "yes" } else { "no" }).tone(if self.works { Tone::Plain } else { Tone::Warning }),
            moment(self.created_at).into(),
            Cell::new(self.id.to_string()).tone(Tone::Faint),
        ]
    }
}
