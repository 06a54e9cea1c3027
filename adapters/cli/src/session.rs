//! `jpauto session`: sessions of people who are signed in. What is deliberately not here: signing in; see `user link`.

use clap::Subcommand;
use serde_json::json;

use crate::{context::Context, failure::Failure, output::counted};

/// What to do with sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// Sign a user out everywhere
    End {
        /// Address or id
        #[arg(value_name = "USER")]
        user: String,
    },
    /// Delete the sessions that have ended
    Prune,
}

/// Does it.
pub(crate) fn run(command: SessionCommand, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let (done, sessions) = match command {
        SessionCommand::End { user } => ("ended", desk.sessions().destroy_all_of(desk.users().find(&user)?.id)?),
        SessionCommand::Prune => ("pruned", desk.sessions().prune()?),
    };
    context.output.done(&format!("{done} {}", counted(sessions, "session")), &json!({done: sessions}))
}
