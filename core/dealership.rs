//! The handle: one open dealership, from which an actor gets a [`Desk`].
//!
//! It hands each noun what the configuration gives it. Deliberately not here: the operations, which are the nouns' services.

use std::{fmt, path::Path, sync::Arc};

use crate::{
    actor::Actor,
    adoption::{self, CheckReport, Finding, MigrationReport},
    config::Config,
    db::{Backup, Connections, Database, StandbyUse},
    desk::{Desk, House, Parts},
    error::Result,
    evaluation::{SingleFlight, Vpic},
    inventory::{OnVehicleChange, pictures::ShowPhotos},
    jobs::Timetable,
    market::{self, AutoDev},
    notifications::Notifier,
    partitions::{self, PartitionReport},
    scrape::fetch::Fetcher,
    sessions::{self, RoleInAnotherZone, SessionConfig},
    sign_in::Providers,
    storage::{PhotoStore, photos_of_submissions},
    submissions::PhotosOfSubmissions,
    tokens,
    zone::Zone,
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
    /// A missing SQLite file is made, with its tables, unless [`DatabaseConfig::create`](crate::DatabaseConfig::create) says
    /// otherwise. An existing database is never changed: where its schema is older, every operation
    /// but [`Dealership::migrate`] is refused with the code `database_outdated`.
    ///
    /// # Errors
    /// `invalid_database_url`; `database_unavailable` where it can not be opened; `not_a_database`; `database_incomplete` for
    /// a copy without its `-wal`; `database_damaged` for a file that is cut off; `database_newer` where a later release has
    /// migrated it.
    pub fn open(database_url: impl Into<String>) -> Result<Self> {
        Self::with_config(Config::new(database_url))
    }

    /// Opens the database of a configuration.
    ///
    /// # Errors
    /// As [`Dealership::open`]; `invalid_database_config`; `invalid_contact` where pages are to be fetched in nobody's name; `invalid_pause`; `invalid_tracking_rules`,
    /// `invalid_pricing_rules`;
    /// `invalid_auto_dev_key`, `invalid_auto_dev_address`; `invalid_vpic_address`; `invalid_session_config`,
    /// `invalid_sign_in_config`; `invalid_storage_config`; `invalid_schedule`; `invalid_notification_config`.
    pub fn with_config(config: Config) -> Result<Self> {
        // A configuration that is wrong makes no file.
        let parts = parts(&config)?;
        let database = Database::open(&config.database)?;
        // A name that is none was refused with the schedules.
        let zone = Zone::named(&config.jobs.time_zone).unwrap_or(Zone::UTC);
        let house = House { database, clock: config.clock.clone(), zone, role_of: tokens::role_of, parts };
        Ok(Self { house: Arc::new(house), config: Arc::new(config) })
    }

    /// Brings the schema to this release's, adopting a PostgreSQL database that holds the seed's tables already.
    ///
    /// What another application has left in the rows is repaired where it is certain what it means, and reported by kind where it
    /// is not; see [`CheckReport`]. Repairs are in the audit trail, and an alert names what cannot be read.
    ///
    /// Safe to call at each start, from any number of machines at once: one migrates, the others wait and find it done. Where
    /// nothing is to be done it costs one scan of each table and keeps nobody from writing.
    ///
    /// # Errors
    /// `migration_failed`, in which case nothing was changed; `database_newer`.
    pub fn migrate(&self) -> Result<MigrationReport> {
        adoption::migrate(&self.house.database, self.house.clock.now())
    }

    /// Keeps the tables of competitors in this many partitions, by competitor; 0 makes them whole again. PostgreSQL only.
    ///
    /// The rows are copied dealer by dealer while everybody works on, and the copies take the place of the tables at the end, in one
    /// short transaction. The observer is called after each step. When it breaks, the copy stays: the same call goes on with it, and one
    /// with the number that holds gives it up.
    ///
    /// # Errors
    /// `invalid_partitions`; `partitions_unsupported` on SQLite; `partitioning_refused`, where another program's constraints, triggers or
    /// views stand in the way, in which case nothing was changed.
    pub fn partition_competitors(
        &self,
        partitions: u32,
        observer: &mut partitions::Observer<'_>,
    ) -> Result<PartitionReport> {
        partitions::partition(&self.house.database, partitions, observer)
    }

    /// Looks for what in the rows is not as jpauto writes it, by kind, and changes nothing.
    ///
    /// ```
    /// let dealership = jpauto::Dealership::open("sqlite::memory:")?;
    /// assert!(dealership.check()?.findings.is_empty());
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `database_outdated` before the first migration.
    pub fn check(&self) -> Result<CheckReport> {
        adoption::check(&self.house.database, self.house.clock.now())
    }

    /// The rows that every list leaves out, because they have no id or lack what each row has; by table and column.
    ///
    /// Only a SQLite file that another program has written has such rows. [`Self::check`] names them as well.
    ///
    /// # Errors
    /// `database_outdated` before the first migration.
    pub fn left_out(&self) -> Result<Vec<Finding>> {
        adoption::left_out(&self.house.database)
    }

    /// Copies the whole database, as it is at one moment, into a new file, while others read and write.
    ///
    /// SQLite makes the copy. For PostgreSQL nothing is made: the answer has the call of `pg_dump` that makes it. The schema may be an
    /// older one, so that a backup can be made before a migration.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let dealership = jpauto::Dealership::open("sqlite::memory:")?;
    /// let backup = dealership.backup(folder.path().join("lot.backup.db"))?;
    /// assert!(backup.bytes.is_some() && backup.command.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `backup_exists` where something is in the place of the file; `backup_failed` where it can not be written.
    pub fn backup(&self, to: impl AsRef<Path>) -> Result<Backup> {
        self.house.database.backup(to.as_ref())
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

    /// The connections to the database as they are now, to watch a server by.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.house.database.connections_now()
    }

    /// How the standby is used that the configuration names (`read_url`), to watch a server by.
    #[must_use]
    pub fn standby_use(&self) -> Option<StandbyUse> {
        self.house.database.standby_use()
    }

    /// Roles of PostgreSQL that read and write the ends of sessions in another time zone than this one, as far as that can be seen. A Node
    /// server that shares the sessions must have no such role. Without sessions there are none.
    ///
    /// # Errors
    /// As any operation.
    pub fn roles_in_other_zones(&self) -> Result<Vec<RoleInAnotherZone>> {
        match &self.config.sessions {
            Some(_) => self.house.database.read(sessions::roles_in_other_zones),
            None => Ok(Vec::new()),
        }
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
        sessions,
        exports,
        storage,
        photos,
        sign_in,
        jobs,
        notifications,
        clock: _,
    } = config.clone();
    Ok(Parts::default()
        .with_rules(intake)
        .with_rules(inventory.checked()?)
        .with_rules(pricing.checked()?)
        .with_rules(tracking.checked()?)
        .with_rules(metrics)
        .with_rules(market_view)
        .with_rules(scraping)
        .with_rules(evaluation)
        .with_rules(exports)
        .with(OnVehicleChange(market::vehicles_changed))
        .with(ShowPhotos(photos_of_submissions::show))
        .with(PhotosOfSubmissions {
            settle: photos_of_submissions::settle_photos,
            remove: photos_of_submissions::remove,
        })
        .with(SingleFlight::default())
        .with(Timetable::new(jobs)?)
        .with(Notifier::new(notifications)?)
        .with_some(fetch.map(Fetcher::new).transpose()?)
        .with_some(auto_dev.map(AutoDev::new).transpose()?)
        .with_some(sessions.map(SessionConfig::checked).transpose()?)
        .with_some(sign_in.map(Providers::new).transpose()?)
        .with_some(storage.map(|storage| PhotoStore::new(storage, &photos)).transpose()?)
        .with_rules(photos)
        .with_some(vpic.map(Vpic::new).transpose()?))
}
