//! What every command starts from: the database that was named, the person who acts, and where to print.
//!
//! What is deliberately not here: opening anything before a command asks for it; `vin` and `extract` need no database.

use std::path::Path;

use jpauto::{
    Actor, Config, CreateFile, Dealership, Desk, FetchConfig, SessionConfig, SignInConfig, competitors::ScrapingRules,
    evaluation::VpicConfig, exports::ExportConfig, jobs::JobRules, market::AutoDevConfig,
};

use crate::{
    arguments::Global,
    configuration::Settings,
    failure::Failure,
    output::{Output, counted, remark},
};

/// How the audit trail names this program.
const USER_AGENT: &str = concat!("jpauto-cli/", env!("CARGO_PKG_VERSION"));

/// Whether somebody asked for this very database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseChoice {
    /// It was named on the command line.
    Named,
    /// The configuration names it, or nothing does.
    Default,
}

/// The global options and the configuration, ready for use.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    database_choice: DatabaseChoice,
    acting_as: Option<String>,
    create: CreateFile,
    fetch: Option<FetchConfig>,
    scraping: ScrapingRules,
    auto_dev: Option<AutoDevConfig>,
    vpic: Option<VpicConfig>,
    sessions: Option<SessionConfig>,
    sign_in: Option<SignInConfig>,
    pub(crate) exports: ExportConfig,
    jobs: JobRules,
    pub(crate) output: Output,
}

impl Context {
    pub(crate) fn new(global: Global, mut settings: Settings) -> Self {
        let database_choice = if global.db.is_some() { DatabaseChoice::Named } else { DatabaseChoice::Default };
        if let Some(url) = global.db {
            settings.database.url = url;
        }
        settings.database.read_only |= global.read_only;
        if let Some(time_zone) = global.time_zone {
            settings.be_in(time_zone);
        }
        let (jobs, exports) = (settings.jobs(), settings.exports().clone());
        Self {
            scraping: settings.scraping().clone(),
            settings,
            database_choice,
            acting_as: global.acting_as,
            create: CreateFile::Never,
            fetch: None,
            auto_dev: None,
            vpic: None,
            sessions: None,
            sign_in: None,
            exports,
            jobs,
            output: Output::to_stdout(global.format),
        }
    }

    /// The database that was named on the command line; what the configuration says is not looked at.
    pub(crate) fn named_database(&self) -> Option<&str> {
        (self.database_choice == DatabaseChoice::Named).then_some(self.settings.database.url.as_str())
    }

    /// Says whether a SQLite file that is missing is made. Whoever reads from one that is missing is told so instead.
    pub(crate) const fn make_a_database(&mut self, create: CreateFile) {
        self.create = create;
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

    /// Lets what is opened from now on use every part of the outside that is configured.
    pub(crate) fn use_all_that_is_configured(&mut self) {
        let settings = &self.settings;
        self.fetch = (!settings.fetch().contact.is_empty()).then(|| settings.fetch().clone());
        self.auto_dev = settings.auto_dev();
        self.vpic = settings.vpic().cloned();
        self.sign_in = settings.sign_in();
    }

    /// Lets people sign in at what is opened from now on, where it is told how sessions are signed.
    pub(crate) fn sign_sessions(&mut self, how: Option<SessionConfig>) {
        self.sessions = how;
    }

    /// Whether people can stay signed in at what is opened from now on.
    pub(crate) fn signs_sessions(&self) -> bool {
        self.sessions.is_some()
    }

    /// Lets jobs of what is opened from now on run by these rules.
    pub(crate) fn run_jobs_by(&mut self, rules: JobRules) {
        self.jobs = rules;
    }

    /// Opens the database that was named.
    pub(crate) fn dealership(&self) -> Result<Dealership, Failure> {
        let mut config: Config = self.settings.library();
        config.fetch = self.fetch.clone();
        config.scraping = self.scraping.clone();
        config.auto_dev = self.auto_dev.clone();
        config.vpic = self.vpic.clone();
        config.sessions = self.sessions.clone();
        config.sign_in = self.sign_in.clone();
        config.exports = self.exports.clone();
        config.jobs = self.jobs.clone();
        config.database.create = self.create;
        Dealership::with_config(config).map_err(|error| self.settings.placed(error))
    }

    /// The same as [`Context::desk`], but where no database is there yet, none is left behind.
    pub(crate) fn desk_or_passing(&mut self) -> Result<Desk, Failure> {
        if self.database_choice == DatabaseChoice::Default {
            self.pass_over_a_missing_database();
        }
        self.desk()
    }

    /// Takes an empty database in memory in the place of a SQLite file that is missing in a folder that is there. Returns whether
    /// it did.
    pub(crate) fn pass_over_a_missing_database(&mut self) -> bool {
        let Some(path) = self.settings.database.url.strip_prefix("sqlite:").map(Path::new) else { return false };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let is_missing = !path.exists() && path != Path::new(":memory:") && folder.is_none_or(Path::exists);
        if is_missing {
            self.settings.database.url = "sqlite::memory:".to_owned();
        }
        is_missing
    }

    /// The desk of the person named by `--as`, or of the machine itself.
    pub(crate) fn desk(&self) -> Result<Desk, Failure> {
        let dealership = self.dealership()?;
        // A command that cannot read at all says so itself.
        for finding in dealership.left_out().unwrap_or_default() {
            let rows = counted(finding.count, "row");
            remark(&format!(
                "{rows} of {} left out, which cannot be read: jpauto check names what is wrong",
                finding.table
            ));
        }
        let machine = dealership.acting_as(Actor::system().with_user_agent(USER_AGENT));
        let Some(email) = &self.acting_as else { return Ok(machine) };
        let user = machine.users().get_by_email(email)?;
        Ok(dealership.acting_as(Actor::user(user.id).with_user_agent(USER_AGENT)))
    }
}
