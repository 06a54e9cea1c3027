//! The configuration of all commands: one file, then environment variables over it. Options of a command come last.
//!
//! [`Settings`] holds the library's and the server's own structs, with their defaults. `keys` lists which key is which field,
//! `given` reads a value into its type, `file` and `environment` find the values. `jpauto.toml` beside this crate is the
//! commented sample. A test compares it with the table.

mod environment;
mod feeds;
mod file;
mod given;
mod keys;
mod nearest;
mod providers;
mod quantity;
mod secret_file;
#[cfg(test)]
mod tests;
mod webhooks;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use jpauto::{
    Config, DatabaseConfig, Error, ErrorCode, ErrorKind, FetchConfig, FieldError, IntakeRules, InventoryRules, Money,
    PricingRules, ProviderConfig, SessionConfig, SignInConfig, TrackingRules,
    competitors::{MarketViewRules, MetricsRules, ScrapingRules},
    evaluation::{EvaluationRules, PurchaseRules, VpicConfig},
    exports::ExportConfig,
    jobs::JobRules,
    market::AutoDevConfig,
    notifications::{EmailConfig, NotificationConfig},
    storage::{BucketConfig, StorageConfig, StorageRules},
};
use jpauto_http::ServerConfig;
use serde_json::json;

pub(crate) use environment::FILE;

use crate::failure::Failure;

/// A commented file with all keys and their defaults.
pub(crate) const SAMPLE: &str = include_str!("../../jpauto.toml");

/// The database where nothing names one.
const DEFAULT_DATABASE: &str = "sqlite:jpauto.db";

/// Everything that can be configured.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) database: DatabaseConfig,
    pub(crate) server: ServerConfig,
    pub(crate) log: LogSettings,
    sessions: SessionConfig,
    sign_in: SignInConfig,
    /// The providers of sign-in, each with a section of its own.
    providers: Vec<ProviderConfig>,
    pub(crate) worker: WorkerSettings,
    jobs: JobRules,
    /// It has the dealership, too.
    exports: ExportConfig,
    notifications: NotificationConfig,
    email: EmailConfig,
    storage: StorageSettings,
    photos: StorageRules,
    fetch: FetchConfig,
    scraping: ScrapingRules,
    auto_dev_account: AutoDevAccount,
    auto_dev: AutoDevConfig,
    vpic_use: VpicUse,
    vpic: VpicConfig,
    intake: IntakeRules,
    inventory: InventoryRules,
    pricing: PricingRules,
    evaluation: EvaluationRules,
    purchase: PurchaseSettings,
    tracking: TrackingRules,
    metrics: MetricsRules,
    market_view: MarketViewRules,
    /// Where each key was given that was: `FILE:LINE`, or the name of a variable.
    places: BTreeMap<String, String>,
    /// The files that secrets were read from; the configuration itself where it holds some.
    pub(crate) secret_files: Vec<PathBuf>,
}

/// What is written to standard error.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    /// The levels by module, as `RUST_LOG` has them.
    pub(crate) filter: Option<String>,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// How this process runs jobs.
#[derive(Clone, Debug)]
pub(crate) struct WorkerSettings {
    pub(crate) work: bool,
    pub(crate) at_once: usize,
    pub(crate) patience: Duration,
}

/// Where photos are kept: a folder, or a bucket.
#[derive(Clone)]
struct StorageSettings {
    folder: Option<PathBuf>,
    endpoint: Option<String>,
    bucket: Option<String>,
    region: String,
    path_style: bool,
    access_key: Option<String>,
    secret_key: Option<String>,
    public_url: Option<String>,
}

impl Default for StorageSettings {
    fn default() -> Self {
        let BucketConfig { region, path_style, .. } = BucketConfig::new("", "", "", "");
        Self {
            folder: None,
            endpoint: None,
            bucket: None,
            region,
            path_style,
            access_key: None,
            secret_key: None,
            public_url: None,
        }
    }
}

impl StorageSettings {
    fn is_bucket(&self) -> bool {
        self.endpoint.is_some() || self.bucket.is_some()
    }
}

#[derive(Clone, Default)]
struct AutoDevAccount {
    key: Option<String>,
}

#[derive(Clone, Debug)]
struct VpicUse {
    enabled: bool,
}

#[derive(Clone, Debug, Default)]
struct PurchaseSettings {
    margin_basis_points: Option<u32>,
    costs: Option<Money>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::new(DEFAULT_DATABASE),
            server: ServerConfig::new(([127, 0, 0, 1], 8080).into()),
            log: LogSettings::default(),
            sessions: SessionConfig::new(Vec::new()),
            sign_in: SignInConfig::new(""),
            providers: Vec::new(),
            worker: WorkerSettings { work: false, at_once: 4, patience: Duration::from_secs(20) },
            jobs: JobRules::default(),
            exports: ExportConfig::default(),
            notifications: NotificationConfig::default(),
            email: EmailConfig::new("", "", [] as [&str; 0]),
            storage: StorageSettings::default(),
            photos: StorageRules::default(),
            fetch: FetchConfig::new(""),
            scraping: ScrapingRules::default(),
            auto_dev_account: AutoDevAccount::default(),
            auto_dev: AutoDevConfig::new(""),
            vpic_use: VpicUse { enabled: true },
            vpic: VpicConfig::default(),
            intake: IntakeRules::default(),
            inventory: InventoryRules::default(),
            pricing: PricingRules::default(),
            evaluation: EvaluationRules::default(),
            purchase: PurchaseSettings::default(),
            tracking: TrackingRules::default(),
            metrics: MetricsRules::default(),
            market_view: MarketViewRules::default(),
            places: BTreeMap::new(),
            secret_files: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads the file, where one is named, and the variables of the environment over it.
    ///
    /// # Errors
    /// `invalid_configuration` with every fault. An error of the file's path where it can not be read.
    pub(crate) fn load(
        path: Option<&Path>,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Failure> {
        let mut settings = Self::default();
        let mut faults = Vec::new();
        if let Some(path) = path {
            file::read(path, &mut settings, &mut faults)?;
        }
        environment::read(variables, &mut settings, &mut faults);
        if settings.storage.folder.is_some() && settings.storage.is_bucket() {
            let message = "expected a folder or a bucket, not both".to_owned();
            faults.push(settings.fault("storage.folder", message));
        }
        settings.fetch.allow_any_port |= settings.fetch.allow_private_networks;
        if faults.is_empty() {
            return Ok(settings);
        }
        Err(Failure::new(ErrorCode::InvalidConfiguration, told(&faults)))
    }

    fn fault(&self, key: &str, message: String) -> Fault {
        Fault { place: self.places.get(key).cloned(), key: key.to_owned(), message }
    }

    /// The failure of a key, with the place where it was given.
    pub(crate) fn refuse(&self, key: &str, message: impl Into<String>) -> Failure {
        Failure::new(ErrorCode::InvalidConfiguration, self.fault(key, message.into()).to_string())
    }

    /// The failure of several, each of which is called so: `/server/gate/workers`.
    pub(crate) fn refuse_all(&self, fields: &[FieldError]) -> Failure {
        let key = |pointer: &str| pointer.trim_start_matches('/').replace('/', ".");
        let faults: Vec<_> =
            fields.iter().map(|field| self.fault(&key(&field.pointer), field.message.clone())).collect();
        Failure::new(ErrorCode::InvalidConfiguration, told(&faults))
    }

    /// What the library has refused, with the places of the keys at fault where they were given.
    pub(crate) fn placed(&self, error: Error) -> Failure {
        let fields = error.fields();
        let faults: Vec<_> = fields
            .iter()
            .filter_map(|field| Some(self.fault(self.key_of(&field.pointer)?, field.message.clone())))
            .collect();
        let is_of_the_configuration =
            error.kind() == ErrorKind::Misconfigured || error.is(ErrorCode::InvalidDatabaseUrl);
        if !is_of_the_configuration || faults.is_empty() || faults.len() < fields.len() {
            return error.into();
        }
        Failure::Own { code: error.error_code(), message: told(&faults), fields: fields.to_vec() }
    }

    /// The key that was given of what the library calls so: as a path, or as the name of a field of one section.
    fn key_of(&self, pointer: &str) -> Option<&str> {
        let mut path = pointer.trim_start_matches('/').replace('/', ".");
        if let Some(job) = path.strip_prefix("jobs.").and_then(|path| path.strip_suffix(".cron")) {
            path = format!("jobs.schedules.{job}");
        }
        let ends_so = format!(".{path}");
        loop {
            if let Some((key, _)) = self.places.get_key_value(&path) {
                return Some(key);
            }
            // What is at fault may be an item of a list.
            match path.rsplit_once('.') {
                Some((list, _)) => path = list.to_owned(),
                None => break,
            }
        }
        let is_of_one_section = |key: &str| key.starts_with("fetch.") || key.starts_with("database.");
        let mut ending = self.places.keys().filter(|key| is_of_one_section(key) && key.ends_with(&ends_so));
        ending.next().map(String::as_str)
    }

    /// The library's configuration with the rules, and without the parts that a command asks for itself.
    pub(crate) fn library(&self) -> Config {
        let mut config = Config::new("");
        config.database = self.database.clone();
        config.intake = self.intake;
        config.inventory = self.inventory.clone();
        config.pricing = self.pricing.clone();
        config.tracking = self.tracking.clone();
        config.metrics = self.metrics.clone();
        config.market_view = self.market_view.clone();
        config.scraping = self.scraping.clone();
        config.evaluation = self.evaluation.clone();
        config.notifications = self.notifications();
        config.storage = self.storage();
        config.photos = self.photos.clone();
        if self.purchase.margin_basis_points.is_some() || self.purchase.costs.is_some() {
            config.evaluation.purchase = Some(PurchaseRules {
                margin_basis_points: self.purchase.margin_basis_points.unwrap_or_default(),
                costs: self.purchase.costs.unwrap_or_default(),
            });
        }
        config
    }

    /// Every key with its value as a file writes it. A default has a mark in front, and a secret is not shown.
    pub(crate) fn shown(&self) -> String {
        let defaults = keys::shown(&Self::default());
        let mut lines = Vec::new();
        let mut section = String::new();
        for (path, is_secret, value) in keys::shown(self) {
            let Some((of, name)) = path.rsplit_once('.') else { continue };
            if of != section {
                lines.push(format!("[{of}]"));
                of.clone_into(&mut section);
            }
            let is_default = defaults.iter().any(|(known, _, default)| *known == path && *default == value);
            let mark = if is_default { "#" } else { "" };
            let value = if is_secret && !is_default { given::quoted("not shown") } else { value };
            lines.push(format!("{mark}{name} = {value}"));
        }
        lines.join("\n")
    }

    /// Where browsers find the server.
    pub(crate) fn address_of_the_server(&self) -> String {
        match self.sign_in.public_url.as_str() {
            "" => format!("http://{}", self.server.address),
            address => address.to_owned(),
        }
    }

    /// The same for programs: each section an object of its keys, each with its value and whether that is the default.
    pub(crate) fn shown_to_programs(&self) -> serde_json::Value {
        let defaults = keys::shown(&Self::default());
        let mut sections = serde_json::Map::new();
        for (path, is_secret, value) in keys::shown(self) {
            let Some((of, name)) = path.rsplit_once('.') else { continue };
            let is_default = defaults.iter().any(|(known, _, default)| *known == path && *default == value);
            let value = if is_secret && !is_default { given::quoted("not shown") } else { value };
            // What is shown is a value of TOML.
            let read: Option<toml::Table> = toml::from_str(&format!("value = {value}")).ok();
            let value =
                read.and_then(|mut table| table.remove("value")).map_or_else(|| json!(value), |read| json!(read));
            let section = sections.entry(of).or_insert_with(|| json!({}));
            section[name] = json!({"value": value, "is_default": is_default});
        }
        serde_json::Value::Object(sections)
    }

    /// Where photos are kept, if anywhere. A folder is served by the server that people sign in at, unless another address is named.
    fn storage(&self) -> Option<StorageConfig> {
        let settings = &self.storage;
        let at_the_server = || match self.sign_in.public_url.trim_end_matches('/') {
            "" => String::new(),
            address => format!("{address}/api/storage"),
        };
        if settings.is_bucket() {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let mut bucket = BucketConfig::new(
                text(&settings.endpoint),
                text(&settings.bucket),
                text(&settings.access_key),
                text(&settings.secret_key),
            );
            bucket.region.clone_from(&settings.region);
            bucket.path_style = settings.path_style;
            return Some(StorageConfig::bucket(bucket, text(&settings.public_url)));
        }
        let folder = settings.folder.clone()?;
        Some(StorageConfig::folder(folder, settings.public_url.clone().unwrap_or_else(at_the_server)))
    }

    /// Lets the dealership be in this time zone.
    pub(crate) fn be_in(&mut self, time_zone: String) {
        self.jobs.time_zone = time_zone;
    }

    /// When jobs run.
    pub(crate) fn jobs(&self) -> JobRules {
        self.jobs.clone()
    }

    /// Who is told of what. A webhook without an address, and mail without a server, are none.
    fn notifications(&self) -> NotificationConfig {
        let mut config = self.notifications.clone();
        config.webhooks.retain(|_, webhook| !webhook.url.is_empty());
        config.email = (!self.email.host.is_empty()).then(|| self.email.clone());
        config
    }

    /// How feeds are made. The options of `jpauto export` count before it.
    pub(crate) fn exports(&self) -> &ExportConfig {
        &self.exports
    }

    /// How websites are fetched. Without a contact, nothing may be fetched.
    pub(crate) fn fetch(&self) -> &FetchConfig {
        &self.fetch
    }

    pub(crate) fn scraping(&self) -> &ScrapingRules {
        &self.scraping
    }

    /// How auto.dev is asked. Without a key, it is not.
    pub(crate) fn auto_dev(&self) -> Option<AutoDevConfig> {
        self.auto_dev_account.key.clone().map(|key| self.auto_dev_with_key(key))
    }

    /// How auto.dev is asked with another key.
    pub(crate) fn auto_dev_with_key(&self, key: String) -> AutoDevConfig {
        let mut config = self.auto_dev.clone().with_key(key);
        config.zip = config.zip.or_else(|| self.exports.dealership.zip.clone());
        config
    }

    /// How vPIC is asked, unless that is switched off.
    pub(crate) fn vpic(&self) -> Option<&VpicConfig> {
        self.vpic_use.enabled.then_some(&self.vpic)
    }

    /// Where people sign in, if there is a provider.
    pub(crate) fn sign_in(&self) -> Option<SignInConfig> {
        let mut config = self.sign_in.clone();
        config.public_url.truncate(config.public_url.trim_end_matches('/').len());
        config.providers.clone_from(&self.providers);
        (!config.providers.is_empty()).then_some(config)
    }

    /// Who becomes an administrator by signing in at a provider.
    pub(crate) fn administrators(&self) -> &[String] {
        &self.sign_in.administrators
    }

    /// How sessions are signed. Without a secret, nobody can sign in.
    pub(crate) fn sessions(&self) -> &SessionConfig {
        &self.sessions
    }
}

fn told(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What is wrong, and where.
struct Fault {
    /// `FILE:LINE`, or nothing for a variable, whose name is the key.
    place: Option<String>,
    key: String,
    message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, key, message } = self;
        match place {
            Some(place) if key.is_empty() => write!(f, "{place}: {message}"),
            Some(place) => write!(f, "{place}: {key}: {message}"),
            None => write!(f, "{key}: {message}"),
        }
    }
}
