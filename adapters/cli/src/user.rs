//! `jpauto user`: members of staff. What is deliberately not here: redeeming a link, which the server does.

use clap::Subcommand;
use jpauto::{Desk, NewUser, Provider, Role, User};
use serde_json::json;

use crate::{
    arguments::one_of,
    context::Context,
    failure::Failure,
    output::{Cell, Column, Row, Tone, dash, moment},
    paging::Paging,
};

/// What to do with accounts; a user is named by address or id, or the beginning of the id.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account that its owner takes over at the first sign-in
    #[command(after_help = "Example:\n  jpauto user add ann@lot.example --name 'Ann Lee' --role manager")]
    Add {
        /// The address that the provider will vouch for
        #[arg(value_name = "EMAIL")]
        email: String,
        /// The full name
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What the user may do
        #[arg(long, value_name = "ROLE", default_value = Role::Viewer.as_str(), value_parser = one_of!(Role))]
        role: Role,
        /// Who will vouch
        #[arg(
            long,
            value_name = "PROVIDER",
            default_value = Provider::Google.as_str(),
            value_parser = one_of!(Provider)
        )]
        provider: Provider,
    },
    /// List the accounts
    List {
        #[command(flatten)]
        paging: Paging,
    },
    /// Show an account
    Show {
        /// Address or id
        #[arg(value_name = "USER")]
        user: String,
    },
    /// Give another role
    SetRole {
        /// Address or id
        #[arg(value_name = "USER")]
        user: String,
        /// What the user may do from now on
        #[arg(value_name = "ROLE", value_parser = one_of!(Role))]
        role: Role,
    },
    /// Let a user in again
    Activate {
        /// Address or id
        #[arg(value_name = "USER")]
        user: String,
    },
    /// Shut a user out at once
    Deactivate {
        /// Address or id
        #[arg(value_name = "USER")]
        user: String,
    },
    /// Make a link with which the user signs in at the server, once and within 15 minutes
    #[command(
        after_help = "Example:\n  jpauto user link ann@lot.example --url https://lot.example\n\nIt is for a machine without a sign-in provider, and for the first administrator. A newer link of the same user replaces it."
    )]
    Link {
        /// The user's address
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Where the server is reached; else `sign_in.public_url` of the configuration, or the address that it listens on
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
    /// Remove a user; one whom any row names is stripped of name and address instead
    Delete {
        /// Address or id
        #[arg(value_name = "USER")]
        user: String,
    },
}

/// Does it.
pub(crate) fn run(command: UserCommand, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let users = desk.users();
    let output = &mut context.output;
    match command {
        UserCommand::Add { email, name, role, provider } => {
            output.item(&users.add(&NewUser { email, name, role, provider })?)
        }
        UserCommand::List { paging } => paging.print(output, |page| users.list(page)),
        UserCommand::Show { user } => output.item(&find(&desk, &user)?),
        UserCommand::SetRole { user, role } => output.item(&users.set_role(find(&desk, &user)?.id, role)?),
        UserCommand::Activate { user } => output.item(&users.activate(find(&desk, &user)?.id)?),
        UserCommand::Deactivate { user } => output.item(&users.deactivate(find(&desk, &user)?.id)?),
        UserCommand::Link { email, url } => {
            let link = desk.sign_in().link(&email)?;
            let server = url.unwrap_or_else(|| context.settings.address_of_the_server());
            let url = format!("{}/api/auth/link?token={}", server.trim_end_matches('/'), link.secret);
            output.done(&url, &json!({"url": url, "user_id": link.user_id, "expires_at": link.expires_at}))
        }
        UserCommand::Delete { user } => {
            let user = find(&desk, &user)?;
            users.delete(user.id)?;
            output.done(&format!("removed {}", user.email), &json!({"deleted": user.id}))
        }
    }
}

fn find(desk: &Desk, text: &str) -> Result<User, Failure> {
    Ok(desk.users().find(text)?)
}

impl Row for User {
    const COLUMNS: &'static [Column] = &[
        Column::text("Email"),
        Column::text("Name"),
        Column::text("Role"),
        Column::text("Active"),
        Column::text("Signs in with").spare(3),
        Column::text("Last sign-in").spare(2),
        Column::text("Id").spare(4),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            self.email.as_str().into(),
            self.name.as_str().into(),
            self.role.as_str().into(),
            if self.is_active { Cell::new("yes") } else { Cell::new("no").tone(Tone::Warning) },
            self.oauth_provider.as_str().into(),
            dash(self.last_login, moment).into(),
            Cell::new(self.id.to_string()).tone(Tone::Faint),
        ]
    }
}
