//! The handle: one open dealership, and the desk at which somebody acts.
//!
//! What is deliberately not here: the operations themselves, which are the nouns' services.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    activity::Activity,
    actor::{Actor, Permission},
    alerts::Alerts,
    competitors::Competitors,
    config::Config,
    db::{Database, DbConnection, DbResult, MigrationReport},
    error::{Error, ErrorCode, Result},
    evaluation::{Evaluations, Flights, Vpic},
    inventory::Inventory,
    market::{AutoDev, Market},
    scrape::fetch::Fetcher,
    submissions::Submissions,
    users::{self, Users},
};

/// One dealership's data and rules over one database; cheap to clone, and safe to share between threads.
///
/// ```
/// use jpauto::{Actor, Dealership};
///
/// let dealership = Dealership::open("sqlite::memory:")?;
/// let desk = dealership.acting_as(Actor::system());
/// assert_eq!(desk.inventory().statistics()?.total.count, 0);
/// # Ok::<(), jpauto::Error>(())
/// ```
#[derive(Clone)]
pub struct Dealership {
    shared: Arc<Shared>,
}

struct Shared {
    database: Database,
    config: Config,
    fetcher: Option<Fetcher>,
    auto_dev: Option<AutoDev>,
    vpic: Option<Vpic>,
    evaluations_under_way: Flights,
}

impl Dealership {
    /// Opens `sqlite:PATH`, `sqlite::memory:` or `postgres://...` with the defaults of [`Config::new`].
    ///
    /// A new SQLite file is made whole. An existing database is never changed: where its schema is older, every operation
    /// but [`Dealership::migrate`] is refused with the code `database_outdated`.
    ///
    /// # Errors
    /// `invalid_database_url`; `database_unavailable` where it can not be opened; `not_a_database`; `database_newer` where a
    /// later release has migrated it.
    pub fn open(database_url: impl Into<String>) -> Result<Self> {
        Self::with_config(Config::new(database_url))
    }

    /// Opens the database of a configuration.
    ///
    /// # Errors
    /// As [`Dealership::open`]; `invalid_contact` where pages are to be fetched in nobody's name; `invalid_pause`;
    /// `invalid_auto_dev_key`, `invalid_auto_dev_address`; `invalid_vpic_address`.
    pub fn with_config(config: Config) -> Result<Self> {
        let database = Database::open(&config)?;
        let fetcher = config.fetch.clone().map(Fetcher::new).transpose()?;
        let auto_dev = config.auto_dev.clone().map(AutoDev::new).transpose()?;
        let vpic = config.vpic.clone().map(Vpic::new).transpose()?;
        let evaluations_under_way = Flights::default();
        Ok(Self { shared: Arc::new(Shared { database, config, fetcher, auto_dev, vpic, evaluations_under_way }) })
    }

    /// Brings the schema to this release's, adopting a PostgreSQL database that holds the seed's tables already.
    ///
    /// Safe to call at each start, from any number of machines at once: one migrates, the others wait and find it done.
    ///
    /// # Errors
    /// `migration_failed`, in which case nothing was changed; `database_newer`.
    pub fn migrate(&self) -> Result<MigrationReport> {
        self.shared.database.migrate()
    }

    /// Where this actor's operations are.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> Desk {
        Desk { shared: Arc::clone(&self.shared), actor }
    }

    /// The configuration that it was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Answers `Ok` when the database can be read and its schema is current.
    ///
    /// # Errors
    /// As any operation: `database_unavailable`, `database_outdated`.
    pub fn check_ready(&self) -> Result<()> {
        self.shared.database.ping()
    }
}

impl fmt::Debug for Dealership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dealership").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

/// The operations that one actor may ask for, noun by noun.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
    actor: Actor,
}

impl Desk {
    /// Staff accounts and their roles.
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        Users::at(self)
    }

    /// Customers' offers.
    #[must_use]
    pub fn submissions(&self) -> Submissions<'_> {
        Submissions::at(self)
    }

    /// The dealership's own vehicles.
    #[must_use]
    pub fn inventory(&self) -> Inventory<'_> {
        Inventory::at(self)
    }

    /// What the market says of them.
    #[must_use]
    pub fn market(&self) -> Market<'_> {
        Market::at(self)
    }

    /// What VINs stand for, and what those vehicles are worth.
    #[must_use]
    pub fn evaluation(&self) -> Evaluations<'_> {
        Evaluations::at(self)
    }

    /// Competing dealers and what stands on their lots.
    #[must_use]
    pub fn competitors(&self) -> Competitors<'_> {
        Competitors::at(self)
    }

    /// What asks for attention.
    #[must_use]
    pub fn alerts(&self) -> Alerts<'_> {
        Alerts::at(self)
    }

    /// The audit trail.
    #[must_use]
    pub fn activity(&self) -> Activity<'_> {
        Activity::at(self)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The one client for other people's websites; clones of the dealership share its pace.
    pub(crate) fn fetcher(&self) -> Result<&Fetcher> {
        self.shared.fetcher.as_ref().ok_or_else(|| {
            Error::new(
                ErrorCode::NotConfigured,
                "websites are fetched only in somebody's name: configure fetch.contact",
            )
        })
    }

    /// The one client of auto.dev, where it is configured; clones of the dealership share its pace and its answers.
    pub(crate) fn auto_dev(&self) -> Option<&AutoDev> {
        self.shared.auto_dev.as_ref()
    }

    /// The one client of NHTSA's decoder, where it is configured; clones of the dealership share its pace.
    pub(crate) fn vpic(&self) -> Option<&Vpic> {
        self.shared.vpic.as_ref()
    }

    /// The evaluations that this process is making; clones of the dealership share them.
    pub(crate) fn evaluations_under_way(&self) -> &Flights {
        &self.shared.evaluations_under_way
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.shared.config.clock.now()
    }

    /// Runs queries for an actor who may.
    pub(crate) fn read<T>(
        &self,
        permission: Permission,
        queries: impl Fn(&mut DbConnection) -> DbResult<T>,
    ) -> Result<T> {
        self.shared.database.read(|conn| {
            self.authorize(conn, permission)?;
            queries(conn)
        })
    }

    /// Runs queries for an actor who may, all of them on the database as it stands at one moment.
    pub(crate) fn read_snapshot<T>(
        &self,
        permission: Permission,
        queries: impl Fn(&mut DbConnection) -> DbResult<T>,
    ) -> Result<T> {
        self.shared.database.read_snapshot(|conn| {
            self.authorize(conn, permission)?;
            queries(conn)
        })
    }

    /// Runs a transaction for an actor who may; the permission is checked inside it.
    pub(crate) fn write<T>(
        &self,
        permission: Permission,
        work: impl Fn(&mut DbConnection, Acting<'_>) -> DbResult<T>,
    ) -> Result<T> {
        let now = self.now();
        self.shared.database.write(|conn| {
            self.authorize(conn, permission)?;
            work(conn, Acting { actor: &self.actor, now })
        })
    }

    /// Whether the actor may, as the database stands now.
    pub(crate) fn authorize(&self, conn: &mut DbConnection, permission: Permission) -> DbResult<()> {
        let role = match self.actor.user_id() {
            Some(id) => Some(users::role_of_active_user(conn, id)?),
            None => None,
        };
        Ok(self.actor.must(permission, role)?)
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// Who acts in a transaction, and the one time at which all of it happens.
#[derive(Clone, Copy)]
pub(crate) struct Acting<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) now: DateTime<Utc>,
}
