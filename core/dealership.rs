//! The handle: one open dealership, from which an actor gets a [`Desk`].
//!
//! It hands each noun what the configuration gives it. Deliberately not here: the operations, which are the nouns' services.

use std::{fmt, sync::Arc};

use crate::{
    actor::Actor,
    config::Config,
    db::{Database, MigrationReport},
    desk::{Desk, House, Parts},
    error::Result,
    evaluation::{SingleFlight, Vpic},
    inventory::OnVehicleChange,
    market::{self, AutoDev},
    scrape::fetch::Fetcher,
    tokens,
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
    house: Arc<House>,
    config: Arc<Config>,
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
        let database = Database::open(&config.database)?;
        let parts = parts(&config)?;
        let house = House { database, clock: config.clock.clone(), role_of: tokens::role_of, parts };
        Ok(Self { house: Arc::new(house), config: Arc::new(config) })
    }

    /// Brings the schema to this release's, adopting a PostgreSQL database that holds the seed's tables already.
    ///
    /// Safe to call at each start, from any number of machines at once: one migrates, the others wait and find it done.
    ///
    /// # Errors
    /// `migration_failed`, in which case nothing was changed; `database_newer`.
    pub fn migrate(&self) -> Result<MigrationReport> {
        self.house.database.migrate()
    }

    /// Where this actor's operations are.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> Desk {
        Desk::new(Arc::clone(&self.house), actor)
    }

    /// The configuration that it was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Answers `Ok` when the database can be read and its schema is current.
    ///
    /// # Errors
    /// As any operation: `database_unavailable`, `database_outdated`.
    pub fn check_ready(&self) -> Result<()> {
        self.house.database.ping()
    }
}

impl fmt::Debug for Dealership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dealership").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What each noun is given: its numbers, and its clients of outside services where they are configured.
fn parts(config: &Config) -> Result<Parts> {
    // Each field by its name: one that is added and handed to nobody does not compile.
    let Config {
        database: _,
        intake,
        inventory,
        pricing,
        tracking,
        metrics,
        market_view,
        scraping,
        evaluation,
        fetch,
        auto_dev,
        vpic,
        clock: _,
    } = config.clone();
    Ok(Parts::default()
        .with_rules(intake)
        .with_rules(inventory)
        .with_rules(pricing)
        .with_rules(tracking)
        .with_rules(metrics)
        .with_rules(market_view)
        .with_rules(scraping)
        .with_rules(evaluation)
        .with(OnVehicleChange(market::vehicle_changed))
        .with(SingleFlight::default())
        .with_some(fetch.map(Fetcher::new).transpose()?)
        .with_some(auto_dev.map(AutoDev::new).transpose()?)
        .with_some(vpic.map(Vpic::new).transpose()?))
}
