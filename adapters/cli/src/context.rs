//! What every command starts from: the database that was named, the person who acts, and where to print.
//!
//! What is deliberately not here: opening anything before a command asks for it; `vin` and `extract` need no database.

use jpauto::{Actor, Dealership, Desk};

use crate::{arguments::Global, failure::Failure, output::Output};

/// How the audit trail names this program.
const USER_AGENT: &str = concat!("jpauto-cli/", env!("CARGO_PKG_VERSION"));

/// The global options, ready for use.
pub(crate) struct Context {
    database_url: String,
    acting_as: Option<String>,
    pub(crate) output: Output,
}

impl Context {
    pub(crate) fn new(global: Global) -> Self {
        Self { database_url: global.db, acting_as: global.acting_as, output: Output::to_stdout(global.format) }
    }

    /// Opens the database that was named.
    pub(crate) fn dealership(&self) -> Result<Dealership, Failure> {
        Ok(Dealership::open(&self.database_url)?)
    }

    /// The desk of the person named by `--as`, or of the machine itself.
    pub(crate) fn desk(&self) -> Result<Desk, Failure> {
        let dealership = self.dealership()?;
        let machine = dealership.acting_as(Actor::system().with_user_agent(USER_AGENT));
        let Some(email) = &self.acting_as else { return Ok(machine) };
        let user = machine.users().get_by_email(email)?;
        Ok(dealership.acting_as(Actor::user(user.id).with_user_agent(USER_AGENT)))
    }
}
