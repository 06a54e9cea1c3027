//! What an embedding program decides: the database, the limits, the numbers of the rules, and the clock.
//!
//! What is deliberately not here: reading files or the environment. The server and the command line do that and hand the
//! result over.

use crate::{
    clock::Clock,
    competitors::{MarketViewRules, MetricsRules, ScrapingRules, TrackingRules},
    db::DatabaseConfig,
    evaluation::{EvaluationRules, VpicConfig},
    exports::ExportConfig,
    inventory::InventoryRules,
    jobs::JobRules,
    market::{AutoDevConfig, PricingRules},
    notifications::NotificationConfig,
    scrape::fetch::FetchConfig,
    sessions::SessionConfig,
    sign_in::SignInConfig,
    storage::{StorageConfig, StorageRules},
    submissions::IntakeRules,
};

/// Everything that [`Dealership::with_config`](crate::Dealership::with_config) needs; start from [`Config::new`].
///
/// ```
/// use jpauto::{Config, Dealership};
///
/// let mut config = Config::new("sqlite::memory:");
/// config.inventory.turn_days = 60;
/// let dealership = Dealership::with_config(config)?;
/// # Ok::<(), jpauto::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// Which database, and how it is spoken to.
    pub database: DatabaseConfig,
    /// What a submission may hold and how many one address may send.
    pub intake: IntakeRules,
    /// Age buckets and the turn policy.
    pub inventory: InventoryRules,
    /// Comparables and the price recommendation.
    pub pricing: PricingRules,
    /// When a competitor's listing is the same, has another price, or is sold.
    pub tracking: TrackingRules,
    /// The spans that a competitor's figures look back over.
    pub metrics: MetricsRules,
    /// What counts as of late, and as a car like ours, in the view over all competitors.
    pub market_view: MarketViewRules,
    /// When a competitor is scraped again, and how long a scrape belongs to a process.
    pub scraping: ScrapingRules,
    /// How competitors' websites are fetched; without it they are not.
    pub fetch: Option<FetchConfig>,
    /// How auto.dev is asked for comparables; without it the competitors' listings are all there is.
    pub auto_dev: Option<AutoDevConfig>,
    /// How NHTSA's decoder of VINs is asked; without it VINs are read by themselves.
    pub vpic: Option<VpicConfig>,
    /// How long evaluations of VINs hold, and what a purchase must leave us with.
    pub evaluation: EvaluationRules,
    /// How feeds are made and where they go.
    pub exports: ExportConfig,
    /// Where photos are kept; without it there are none but those of other websites.
    pub storage: Option<StorageConfig>,
    /// What a photo may be, and when there is too little room for photos.
    pub photos: StorageRules,
    /// How sessions are signed; without it nobody can sign in, and cookies say nothing.
    pub sessions: Option<SessionConfig>,
    /// Where people sign in; without it they sign in by one-time links alone.
    pub sign_in: Option<SignInConfig>,
    /// When jobs run.
    pub jobs: JobRules,
    /// Who is told of what happens; without a channel nobody is.
    pub notifications: NotificationConfig,
    /// What time it is.
    pub clock: Clock,
}

impl Config {
    /// The defaults over the given database.
    #[must_use]
    pub fn new(database_url: impl Into<String>) -> Self {
        Self {
            database: DatabaseConfig::new(database_url),
            intake: IntakeRules::default(),
            inventory: InventoryRules::default(),
            pricing: PricingRules::default(),
            tracking: TrackingRules::default(),
            metrics: MetricsRules::default(),
            market_view: MarketViewRules::default(),
            scraping: ScrapingRules::default(),
            fetch: None,
            auto_dev: None,
            vpic: None,
            evaluation: EvaluationRules::default(),
            exports: ExportConfig::default(),
            storage: None,
            photos: StorageRules::default(),
            sessions: None,
            sign_in: None,
            jobs: JobRules::default(),
            notifications: NotificationConfig::default(),
            clock: Clock::system(),
        }
    }

    /// The same with another number of connections.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.database.pool_size = connections;
        self
    }

    /// The same, refusing every write.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.database.read_only = true;
        self
    }

    /// The same with another clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("database", &self.database).finish_non_exhaustive()
    }
}
