//! What every command starts from: the database that was named, the person who acts, and where to print.
//!
//! What is deliberately not here: opening anything before a command asks for it; `vin` and `extract` need no database.

use std::path::Path;

use clap::parser::ValueSource;
use jpauto::{
    Actor, Config, Dealership, Desk, FetchConfig, SessionConfig, competitors::ScrapingRules, evaluation::VpicConfig,
    exports::ExportConfig, jobs::JobRules, market::AutoDevConfig,
};

use crate::{arguments::Global, failure::Failure, output::Output};

/// How the audit trail names this program.
const USER_AGENT: &str = concat!("jpauto-cli/", env!("CARGO_PKG_VERSION"));

/// Whether somebody asked for this very database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseChoice {
    /// It was named on the command line.
    Named,
    /// The environment names it, or nothing does.
    Default,
}

impl DatabaseChoice {
    pub(crate) fn of(source: Option<ValueSource>) -> Self {
        if source == Some(ValueSource::CommandLine) { Self::Named } else { Self::Default }
    }
}

/// The global options, ready for use.
pub(crate) struct Context {
    database_url: String,
    database_choice: DatabaseChoice,
    acting_as: Option<String>,
    read_only: bool,
    create: bool,
    fetch: Option<FetchConfig>,
    scraping: ScrapingRules,
    auto_dev: Option<AutoDevConfig>,
    vpic: Option<VpicConfig>,
    sessions: Option<SessionConfig>,
    pub(crate) exports: ExportConfig,
    jobs: JobRules,
    pub(crate) output: Output,
}

impl Context {
    pub(crate) fn new(global: Global, database_choice: DatabaseChoice) -> Self {
        Self {
            database_url: global.db,
            database_choice,
            acting_as: global.acting_as,
            read_only: global.read_only,
            create: false,
            fetch: None,
            scraping: ScrapingRules::default(),
            auto_dev: None,
            vpic: None,
            sessions: None,
            exports: ExportConfig::default(),
            jobs: JobRules::default(),
            output: Output::to_stdout(global.format),
        }
    }

    /// The database that was named on the command line; what the environment says is not looked at.
    pub(crate) fn named_database(&self) -> Option<&str> {
        (self.database_choice == DatabaseChoice::Named).then_some(self.database_url.as_str())
    }

    /// Lets a SQLite file that is missing be made. Whoever reads from one that is missing is told so instead.
    pub(crate) fn make_a_database(&mut self) {
        self.create = true;
    }

    /// Lets what is opened from now on fetch websites, in this way.
    pub(crate) fn fetch_with(&mut self, fetch: FetchConfig, scraping: ScrapingRules) {
        (self.fetch, self.scraping) = (Some(fetch), scraping);
    }

    /// Lets what is opened from now on ask auto.dev for comparables, where it is told how.
    pub(crate) fn ask_auto_dev(&mut self, how: Option<AutoDevConfig>) {
        self.auto_dev = how;
    }

    /// Lets what is opened from now on ask vPIC about VINs, where it is told how.
    pub(crate) fn ask_vpic(&mut self, how: Option<VpicConfig>) {
        self.vpic = how;
    }

    /// Lets people sign in at what is opened from now on, where it is told how sessions are signed.
    pub(crate) fn sign_sessions(&mut self, how: Option<SessionConfig>) {
        self.sessions = how;
    }

    /// Lets jobs of what is opened from now on run by these rules.
    pub(crate) fn run_jobs_by(&mut self, rules: JobRules) {
        self.jobs = rules;
    }

    /// Opens the database that was named.
    pub(crate) fn dealership(&self) -> Result<Dealership, Failure> {
        let mut config = Config::new(&self.database_url);
        config.fetch = self.fetch.clone();
        config.scraping = self.scraping.clone();
        config.auto_dev = self.auto_dev.clone();
        config.vpic = self.vpic.clone();
        config.sessions = self.sessions.clone();
        config.exports = self.exports.clone();
        config.jobs = self.jobs.clone();
        config.database.read_only = self.read_only;
        config.database.create = self.create;
        Ok(Dealership::with_config(config)?)
    }

    /// The same as [`Context::desk`], but where no database is there yet, none is left behind.
    pub(crate) fn desk_or_passing(&mut self) -> Result<Desk, Failure> {
        let path = self.database_url.strip_prefix("sqlite:");
        if self.database_choice == DatabaseChoice::Default && path.is_some_and(|path| !Path::new(path).exists()) {
            self.database_url = "sqlite::memory:".to_owned();
        }
        self.desk()
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
