//! The open dealership in Python. Each noun calls the library through its [`Handle`].

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use jpauto::{
    Actor, Config, CreateFile, DatabaseConfig, Dealership, Desk, FetchConfig, Pooler, PricingRules, TrackingRules,
    evaluation::{EvaluationRules, VpicConfig},
    market::AutoDevConfig,
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyType},
};
use serde::Deserialize;

use crate::{
    activity::Activity,
    alerts::Alerts,
    clock::Clock,
    competitors::Competitors,
    error,
    evaluation::Evaluations,
    exports::Exports,
    input,
    inventory::Inventory,
    jobs::Jobs,
    market::Market,
    notifications::Notifications,
    open_files::OpenFile,
    progress::Observer,
    record::{Told as _, record},
    sessions::Sessions,
    settings,
    sign_in::SignIn,
    storage::{self, Storage},
    submissions::Submissions,
    tokens::Tokens,
    typed,
    unicode::{self, OfText as _},
    users::Users,
    whole,
};

record! {
    /// The result of a migration.
    MigrationReport of jpauto::MigrationReport {
        () {
            /// The names of the applied migrations, in order; empty if the schema was current.
            applied: Vec<String>,
            /// The version of the schema afterwards.
            version: String,
            /// What was found in the rows, and what became of it; empty if they are as jpauto writes them.
            findings: Vec<Finding>,
        }
    }
}

record! {
    /// Rows that are not as jpauto writes them, of one kind and in one column.
    Finding of jpauto::Finding {
        () {
            /// What is the matter with them, such as `unknown_word`.
            kind: &'static str,
            /// The table.
            table: &'static str,
            /// The column.
            column: &'static str,
            /// How many rows.
            count: u64,
            /// The ids of the first rows, at most three. What is no id stands as SQLite writes it.
            ids: Vec<String>,
            /// Of unknown words, the first ones in order, at most three.
            words: Vec<String>,
            /// `repaired` by this migration, repaired by the next `migrate`, or to be corrected `by_hand`.
            remedy: &'static str,
            /// Where a repair was refused: what would be written into the first row, and what the database said.
            refusal: Option<String>,
        }
    }
}

record! {
    /// A backup that was made, or the command that makes it.
    Backup of jpauto::Backup {
        () {
            /// The file.
            path: String,
            /// The size of the file; `None` if it is not made yet.
            bytes: Option<u64>,
            /// The program that makes it and its arguments; empty if it is made.
            command: Vec<String>,
        }
    }
}

record! {
    /// How far the tables of competitors are copied.
    PartitionProgress of jpauto::PartitionProgress {
        () {
            /// How many competitors are copied, with all that belongs to them.
            done: u64 = [copied],
            /// How many there are.
            total: u64 = [competitors],
            /// How many rows this call has copied.
            rows: u64,
        }
    }
}

record! {
    /// What became of the tables of competitors.
    PartitionReport of jpauto::PartitionReport {
        () {
            /// In how many partitions they are now; 0 where they are whole.
            partitions: u32,
            /// In how many they were before.
            before: u32,
            /// How many rows this call has copied.
            rows: u64,
            /// Whether the call was ended early: the copy stays, and the next call goes on.
            stopped: bool,
        }
    }
}

/// An open dealership and its actor. Each noun has one.
#[derive(Clone)]
pub(crate) struct Handle {
    /// Shared by everything that came from one `open`: closing it closes all.
    opened: Arc<RwLock<Option<Opened>>>,
    actor: Actor,
}

/// A dealership and, where it is in a file of SQLite, the file that it has open. Whoever calls it has a copy, for the file is open until the
/// last of them has ended. The connections are closed before the file is let go, in the order of the fields.
#[derive(Clone)]
struct Opened {
    dealership: Dealership,
    _file: Option<Arc<OpenFile>>,
}

/// A desk for a thread of its own, and the file that it reads.
pub(crate) struct OpenDesk {
    desk: Desk,
    _opened: Opened,
}

impl Deref for OpenDesk {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl Handle {
    /// Calls the library with the interpreter's lock released.
    pub(crate) fn run<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&Desk) -> jpauto::Result<T> + Send,
    ) -> PyResult<T> {
        self.with_dealership(py, |dealership| call(&dealership.acting_as(self.actor.clone())))
    }

    /// The desk of its actor, for a thread of its own.
    pub(crate) fn desk(&self, py: Python<'_>) -> PyResult<OpenDesk> {
        let opened = self.opened(py)?;
        Ok(OpenDesk { desk: opened.dealership.acting_as(self.actor.clone()), _opened: opened })
    }

    fn opened(&self, py: Python<'_>) -> PyResult<Opened> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.as_ref().cloned().ok_or_else(|| error::closed(py))
    }

    fn with_dealership<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&Dealership) -> jpauto::Result<T> + Send,
    ) -> PyResult<T> {
        let opened = self.opened(py)?;
        py.detach(|| call(&opened.dealership)).map_err(|reason| error::exception(py, &reason))
    }

    /// The same dealership with another actor.
    fn acting_as(&self, py: Python<'_>, email: Option<&str>) -> PyResult<Self> {
        let mut handle = Self { opened: Arc::clone(&self.opened), actor: Actor::system() };
        if let Some(email) = email {
            let user = handle.run(py, |desk| desk.users().get_by_email(email))?;
            handle.actor = Actor::user(user.id);
        }
        Ok(handle)
    }
}

/// Opens `sqlite:PATH`, `sqlite::memory:` or `postgresql://USER@HOST/DATABASE`.
///
/// A missing SQLite file is made, with its tables, unless `create` is false. An existing database is never changed: if its
/// schema is older, every operation but `migrate` is refused with the code `database_outdated`.
///
/// A SQLite file that is open here must not be opened by another library of SQLite in the same process, such as Python's `sqlite3`
/// (`pandas.read_sql`), that of `SQLAlchemy` or that of `DuckDB`: neither sees the other's locks, and what is written may be lost.
/// `sqlite3` is refused while the lot is open (`database_open_here`). The lot's tables, another process, and a copy by `backup` are
/// safe.
///
/// `read_only` makes the database refuse every write. `act_as` is the e-mail address of the member of staff who acts,
/// with the rights of that role and under that name in the audit trail. Without it the system acts and may do everything.
/// `timeout` bounds how long an operation waits for a connection or for another writer (5 s each), and on PostgreSQL how long a
/// statement takes (30 s): a `timedelta` or seconds. What takes longer is `Unavailable`. `pool_size` bounds the connections (8).
///
/// `contact` is the e-mail address or web page at which webmasters reach you; with it, competitors' websites may be scraped.
/// `allowed_servers` are servers, as `127.0.0.1:8000`, that may be scraped although their network or port is not public. `fetch` has
/// more of how websites are fetched; a `pause` of zero is for servers of your own. `auto_dev` asks auto.dev for comparables, with the key that it gave you:
/// `{"key": os.environ["AUTO_DEV_KEY"], "zip": "90012"}`. `vpic` asks NHTSA's decoder of VINs. `exports` has what feeds need, as
/// `docs/exports.md` says: a dictionary with `dealership`, `vehicle_url` and `feeds`. `storage` says where photos are kept: a dictionary
/// with `public_url` and a `folder`, or `endpoint`, `bucket`, `access_key` and `secret_key`. `notifications` says who is told, as
/// `docs/operations.md` says: a dictionary with `webhooks`, `email` and `templates`. `jobs` says when jobs run and what clean-up keeps:
/// `{"schedules": {"competitor_scrape": "0 23 * * *", "check": "off"}, "retention": {"runs_days": 90}}`. `clock` is a `Clock` that says
/// what time it is, in place of the machine's.
///
/// `rules` has numbers of the rules that differ from their defaults: a dictionary of `pricing`, `tracking`, `evaluation`, `inventory`,
/// `intake`, `metrics`, `market_view` and `scraping`, such as
/// `{"inventory": {"turn_days": 60}, "pricing": {"minimum_sample": 3}, "tracking": {"sold": {"floor_days": 5}}}`. The names in all these
/// dictionaries are those of the server's configuration, `jpauto.toml`, which says what each is. Spans of time are `timedelta` or seconds,
/// sizes are bytes. Whoever opens a server's database gives the server's numbers, and then sees what the server shows.
///
/// `read_url` names a standby of PostgreSQL, which lists and reports may be read from. `transaction_pooler` says that a pooler such as
/// PgBouncer stands before the database and gives each transaction another session. `docs/scaling.md` has both.
///
/// Raises `InvalidInput` (`invalid_database_url`, `invalid_argument`), `Misconfigured` (`invalid_contact`, `invalid_pause`,
/// `invalid_auto_dev_key`, `invalid_schedule`, `invalid_notification_config`, `invalid_tracking_rules`, `invalid_pricing_rules`,
/// `database_pooled`),
/// `Unavailable` (`database_unavailable`), `Refused` (`database_newer`,
/// `database_incomplete`, `database_damaged`), `NotFound` (`user_not_found`).
#[pyfunction]
#[pyo3(signature = (
    database_url, *, read_only = false, timeout = None, act_as = None, pool_size = None, create = true, contact = None,
    allowed_servers = None, fetch = None, auto_dev = None, vpic = None, exports = None, storage = None, notifications = None,
    jobs = None, rules = None, clock = None, read_url = None, transaction_pooler = false
))]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn open(
    py: Python<'_>,
    #[pyo3(from_py_with = unicode::database_url)] database_url: &str,
    #[pyo3(from_py_with = typed::read_only)] read_only: bool,
    timeout: Option<&Bound<'_, PyAny>>,
    #[pyo3(from_py_with = unicode::act_as)] act_as: Option<&str>,
    #[pyo3(from_py_with = whole::pool_size)] pool_size: Option<u32>,
    #[pyo3(from_py_with = typed::create)] create: bool,
    #[pyo3(from_py_with = unicode::contact)] contact: Option<&str>,
    #[pyo3(from_py_with = unicode::allowed_servers)] allowed_servers: Option<Vec<String>>,
    fetch: Option<&Bound<'_, PyAny>>,
    auto_dev: Option<&Bound<'_, PyAny>>,
    vpic: Option<&Bound<'_, PyAny>>,
    #[pyo3(from_py_with = typed::exports)] exports: Option<&Bound<'_, PyDict>>,
    #[pyo3(from_py_with = typed::storage)] storage: Option<&Bound<'_, PyDict>>,
    #[pyo3(from_py_with = typed::notifications)] notifications: Option<&Bound<'_, PyDict>>,
    jobs: Option<&Bound<'_, PyAny>>,
    #[pyo3(from_py_with = typed::rules)] rules: Option<&Bound<'_, PyDict>>,
    #[pyo3(from_py_with = typed::clock)] clock: Option<&Bound<'_, Clock>>,
    #[pyo3(from_py_with = unicode::read_url)] read_url: Option<String>,
    #[pyo3(from_py_with = typed::transaction_pooler)] transaction_pooler: bool,
) -> PyResult<Lot> {
    let mut config = Config::new(database_url);
    config.database.read_url = read_url;
    if transaction_pooler {
        config.database.pooler = Pooler::Transaction;
    }
    config.database.read_only = read_only;
    config.database.create = if create { CreateFile::AtOnce } else { CreateFile::Never };
    if pool_size == Some(0) {
        let expected = "expected at least one connection".to_owned();
        return Err(error::invalid_argument(py, vec![(input::pointer("pool_size"), expected)]));
    }
    config.database.pool_size = pool_size.unwrap_or(config.database.pool_size);
    if let Some(timeout) = input::span("timeout", timeout)? {
        if timeout > DatabaseConfig::LONGEST_WAIT {
            let expected = "expected at most 36,500 days".to_owned();
            return Err(error::invalid_argument(py, vec![(input::pointer("timeout"), expected)]));
        }
        let database = &mut config.database;
        (database.pool_timeout, database.lock_timeout, database.statement_timeout) = (timeout, timeout, timeout);
    }
    config.fetch = contact.map(FetchConfig::new);
    for server in allowed_servers.into_iter().flatten() {
        let server = input::server("allowed_servers", &server, py)?;
        config.fetch.get_or_insert_with(|| FetchConfig::new(String::new())).allowed_servers.push(server);
    }
    if let Some(given) = fetch {
        let fetch = config.fetch.take().unwrap_or_else(|| FetchConfig::new(String::new()));
        config.fetch = Some(settings::given(fetch, "fetch", given)?);
    }
    config.auto_dev =
        auto_dev.map(|given| settings::given(AutoDevConfig::new(String::new()), "auto_dev", given)).transpose()?;
    config.vpic = match vpic.map(|vpic| (vpic, vpic.extract::<bool>())) {
        None | Some((_, Ok(false))) => None,
        Some((_, Ok(true))) => Some(VpicConfig::default()),
        Some((given, Err(_dictionary))) => Some(settings::given(VpicConfig::default(), "vpic", given)?),
    };
    if let Some(jobs) = jobs {
        config.jobs = settings::given(config.jobs, "jobs", jobs)?;
    }
    if exports.is_some() {
        config.exports = input::fields(py, exports)?;
    }
    if notifications.is_some() {
        config.notifications = input::fields(py, notifications)?;
    }
    if let Some(rules) = rules {
        set_rules(&mut config, rules)?;
    }
    if let Some(clock) = clock {
        config.clock = clock.get().for_library();
    }
    if let Some(given) = storage {
        (config.storage, config.photos) = storage::config_of(given, config.photos)?;
    }
    let dealership = py.detach(|| Dealership::with_config(config)).map_err(|reason| error::exception(py, &reason))?;
    let file = dealership.config().database.sqlite_file();
    let file = file.map(|file| OpenFile::of(py, &file).map(Arc::new)).transpose()?;
    let opened = Opened { dealership, _file: file };
    let machine = Handle { opened: Arc::new(RwLock::new(Some(opened))), actor: Actor::system() };
    Ok(Lot { handle: machine.acting_as(py, act_as)? })
}

/// The rules that `open` takes, as the library reads them itself.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rules {
    tracking: TrackingRules,
    pricing: PricingRules,
    evaluation: EvaluationRules,
}

/// Sets the numbers of the rules.
fn set_rules(config: &mut Config, rules: &Bound<'_, PyDict>) -> PyResult<()> {
    let read_here = PyDict::new(rules.py());
    for (name, given) in rules {
        let name = String::of("rules", &name)?;
        match name.as_str() {
            "inventory" => config.inventory = settings::given(config.inventory.clone(), &name, &given)?,
            "intake" => config.intake = settings::given(config.intake, &name, &given)?,
            "metrics" => config.metrics = settings::given(config.metrics.clone(), &name, &given)?,
            "market_view" => config.market_view = settings::given(config.market_view.clone(), &name, &given)?,
            "scraping" => config.scraping = settings::given(config.scraping.clone(), &name, &given)?,
            "tracking" | "pricing" | "evaluation" => read_here.set_item(name, given)?,
            _ => {
                let expected =
                    "expected one of pricing, tracking, evaluation, inventory, intake, metrics, market_view, scraping";
                return Err(error::invalid_argument(rules.py(), vec![(input::pointer(&name), expected.to_owned())]));
            }
        }
    }
    let Rules { tracking, pricing, evaluation } = input::fields(rules.py(), Some(&read_here))?;
    (config.tracking, config.pricing, config.evaluation) = (tracking, pricing, evaluation);
    Ok(())
}

/// An open dealership. Its attributes are the nouns. Threads may share it.
///
/// A `with` statement closes it at the end.
#[pyclass(frozen, weakref, module = "jpauto")]
pub(crate) struct Lot {
    handle: Handle,
}

#[pymethods]
impl Lot {
    /// The dealership's own vehicles.
    #[getter]
    fn inventory(&self) -> Inventory {
        Inventory::at(&self.handle)
    }

    /// Cars that customers offer, and their review.
    #[getter]
    fn submissions(&self) -> Submissions {
        Submissions::at(&self.handle)
    }

    /// Prices of the market for the dealership's vehicles.
    #[getter]
    fn market(&self) -> Market {
        Market::at(&self.handle)
    }

    /// What VINs stand for, and what those vehicles are worth.
    #[getter]
    fn evaluation(&self) -> Evaluations {
        Evaluations::at(&self.handle)
    }

    /// The competing dealers and their listings.
    #[getter]
    fn competitors(&self) -> Competitors {
        Competitors::at(&self.handle)
    }

    /// Staff accounts and their roles.
    #[getter]
    fn users(&self) -> Users {
        Users::at(&self.handle)
    }

    /// Photos and where they are kept.
    #[getter]
    fn storage(&self) -> Storage {
        Storage::at(&self.handle)
    }

    /// Sessions of people who are signed in.
    #[getter]
    fn sessions(&self) -> Sessions {
        Sessions::at(&self.handle)
    }

    /// Signing in at the server.
    #[getter]
    fn sign_in(&self) -> SignIn {
        SignIn::at(&self.handle)
    }

    /// Jobs, their schedules and their runs.
    #[getter]
    fn jobs(&self) -> Jobs {
        Jobs::at(&self.handle)
    }

    /// API tokens for machines.
    #[getter]
    fn tokens(&self) -> Tokens {
        Tokens::at(&self.handle)
    }

    /// Feeds for the website and for advertising platforms.
    #[getter]
    fn exports(&self) -> Exports {
        Exports::at(&self.handle)
    }

    /// The audit trail.
    #[getter]
    fn activity(&self) -> Activity {
        Activity::at(&self.handle)
    }

    /// Alerts.
    #[getter]
    fn alerts(&self) -> Alerts {
        Alerts::at(&self.handle)
    }

    /// Who was told of what.
    #[getter]
    fn notifications(&self) -> Notifications {
        Notifications::at(&self.handle)
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.handle.opened.read().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// The same dealership with another actor: a member of staff by e-mail address, or the system (`None`).
    ///
    /// Both share their connections, and closing one closes the other.
    fn acting_as(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::email)] email: Option<&str>) -> PyResult<Self> {
        Ok(Self { handle: self.handle.acting_as(py, email)? })
    }

    /// Brings the schema to this release's version. A PostgreSQL database that has the tables already is adopted.
    ///
    /// What another application has left in the rows is repaired where it is certain what it means, and named where it is not.
    ///
    /// Safe to call at each start, from any number of machines at once.
    fn migrate(&self, py: Python<'_>) -> PyResult<MigrationReport> {
        self.handle.with_dealership(py, Dealership::migrate).map(MigrationReport::told)
    }

    /// What another application has left in the rows, by kind. It changes nothing. Raises `Refused` (`database_outdated`).
    fn check(&self, py: Python<'_>) -> PyResult<Vec<Finding>> {
        let report = self.handle.with_dealership(py, Dealership::check)?;
        Ok(report.findings.into_iter().map(Finding::told).collect())
    }

    /// The rows that every list leaves out because they have no id or lack what each row has, by table and column; `check` names them,
    /// too. Only a SQLite file that another program has written has such rows. Raises `Refused` (`database_outdated`).
    fn left_out(&self, py: Python<'_>) -> PyResult<Vec<Finding>> {
        self.handle.with_dealership(py, Dealership::left_out).map(Vec::told)
    }

    /// Keeps the tables of competitors in this many partitions, by competitor; 0 makes them whole again. PostgreSQL only.
    ///
    /// The rows are copied while everybody works on, and the copies take the place of the tables at the end. `progress` is called with a
    /// `PartitionProgress`; `True` shows a bar, where tqdm is installed. If it returns `False`, the copy stays, and the next call goes on
    /// with it.
    ///
    /// Raises `InvalidInput` (`invalid_partitions`), `Refused` (`partitions_unsupported`, `partitioning_refused`).
    #[pyo3(signature = (partitions, *, progress = None))]
    fn partition_competitors(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = whole::partitions)] partitions: u32,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PartitionReport> {
        let mut observer = Observer::of(progress, "competitors")?;
        let report = self.handle.with_dealership(py, |dealership| {
            dealership.partition_competitors(partitions, &mut |at| observer.tell::<PartitionProgress, _>(at))
        });
        observer.ended(py, report.map(PartitionReport::told))
    }

    /// Copies the whole database, as it is at one moment, into a new file, while others read and write.
    ///
    /// For PostgreSQL nothing is made: `command` has the call of `pg_dump` that makes the backup.
    ///
    /// Raises `Refused` (`backup_exists`), `Unavailable` (`backup_failed`).
    fn backup(&self, py: Python<'_>, #[pyo3(from_py_with = typed::path)] path: PathBuf) -> PyResult<Backup> {
        self.handle.with_dealership(py, |dealership| dealership.backup(path)).map(Backup::told)
    }

    /// Closes the connections. Every later operation is `Refused` with the code `lot_closed`. Closing twice is allowed.
    fn close(&self, py: Python<'_>) {
        py.detach(|| drop(self.handle.opened.write().unwrap_or_else(PoisonError::into_inner).take()));
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _exc_type: Option<Bound<'_, PyType>>,
        _exc_value: Option<Bound<'_, PyAny>>,
        _traceback: Option<Bound<'_, PyAny>>,
    ) {
        self.close(py);
    }

    fn __repr__(&self) -> String {
        let opened = self.handle.opened.read().unwrap_or_else(PoisonError::into_inner);
        match opened.as_ref() {
            Some(Opened { dealership, .. }) => {
                format!("<jpauto.Lot of {}>", dealership.config().database.url_without_password())
            }
            None => "<jpauto.Lot, closed>".to_owned(),
        }
    }
}
