//! `jpauto serve`: the HTTP server over the database. What is deliberately not here: the server.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use clap::Args;
use jpauto::{
    Actor, Dealership, ErrorCode,
    jobs::Stop,
    notifications::{NotificationConfig, check_templates},
};
use jpauto_http::{IpNet, Origin, ServerConfig, Shutdown};
use serde::Serialize;

use crate::{
    configuration::Settings,
    context::Context,
    failure::Failure,
    output::remark,
    sign_in::SessionOptions,
    work::{JobOptions, Worker, WorkerOptions},
};

const EXAMPLES: &str = "\
Examples:
  jpauto serve
  jpauto serve --config /etc/jpauto/jpauto.toml --check
  jpauto --db postgres://lot@localhost/lot serve --address 0.0.0.0:8080 --trust-proxy 10.0.0.0/8
  jpauto serve --work --contact webmaster@dealer.example      the jobs run in the same process
  openssl rand -hex 32 > session-secret; jpauto serve --session-secret-file session-secret

It runs until SIGTERM or Ctrl-C, then lets requests finish. GET /readyz answers 200 once the database can be read.
TLS is ended by a proxy in front.";

/// Where to serve.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<SocketAddr>,
    /// Where GET /metrics is answered, in the text format of Prometheus: an address that the public does not reach
    #[arg(long, value_name = "HOST:PORT")]
    metrics_address: Option<SocketAddr>,
    /// A proxy whose X-Forwarded-For is believed; repeatable
    #[arg(long, value_name = "NETWORK")]
    trust_proxy: Vec<IpNet>,
    /// An origin (scheme and host) whose pages may use the API from a browser; repeatable
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<Origin>,
    /// Read the configuration, open the database, say what would be served, and serve nothing
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    sessions: SessionOptions,
    /// Run the jobs when they are due, too
    #[arg(long)]
    work: bool,
    #[command(flatten)]
    worker: WorkerOptions,
    #[command(flatten)]
    jobs: JobOptions,
}

impl ServeArgs {
    pub(crate) fn only_checks(&self) -> bool {
        self.check
    }

    fn config(&self, context: &Context) -> ServerConfig {
        let mut config = context.settings.server.clone();
        config.address = self.address.unwrap_or(config.address);
        config.metrics_address = self.metrics_address.or(config.metrics_address);
        if !self.trust_proxy.is_empty() {
            config.trusted_proxies.clone_from(&self.trust_proxy);
        }
        if !self.allow_origin.is_empty() {
            config.allowed_origins.clone_from(&self.allow_origin);
        }
        config
    }
}

/// Serves until the process is told to end.
pub(crate) fn run(arguments: &ServeArgs, context: &mut Context) -> Result<(), Failure> {
    let sessions = arguments.sessions.config(&context.settings)?;
    context.sign_sessions(sessions);
    context.use_all_that_is_configured();
    arguments.jobs.apply(context)?;
    let config = arguments.config(context);
    config.check(&context.settings.database).map_err(|faults| context.settings.refuse_all(faults.fields()))?;
    let doubts = doubts(arguments, &config, context);
    if arguments.check {
        let database = context.settings.database.url_without_secrets();
        let new = if context.pass_over_a_missing_database() { " (it is made at the first start)" } else { "" };
        let dealership = context.dealership()?;
        dealership.check_ready()?;
        doubts.iter().chain(&doubts_of_zones(&dealership)).for_each(|doubt| remark(doubt));
        return context.output.item(&WouldBeServed::of(&dealership, database + new, &config));
    }
    let dealership = context.dealership()?;
    dealership.check_ready()?;
    doubts.iter().chain(&doubts_of_zones(&dealership)).for_each(|doubt| remark(doubt));
    let stop = Arc::<Stop>::default();
    let works = arguments.work || context.settings.worker.work;
    let worker = works.then(|| {
        let (worker, stop) = (Worker::new(&arguments.worker, &context.settings), Arc::clone(&stop));
        let desk = dealership.acting_as(Actor::system());
        thread::spawn(move || worker.work(&desk, &stop))
    });
    let served = jpauto_http::serve_blocking(dealership, config, |address| {
        remark(&format!("serving on http://{address}/"));
    });
    stop.ask();
    let worked = worker.map_or(Ok(()), |worker| worker.join().unwrap_or(Ok(())));
    served
        .map(|shutdown| match shutdown {
            Shutdown::Finished => {}
            Shutdown::Cut(connections) => remark(&format!("{connections} busy connections were cut")),
            // A way to end that this build has no words for.
            _ => {}
        })
        .map_err(|reason| Failure::new(ErrorCode::ServerNotStarted, reason.to_string()))?;
    worked
}

/// What can be meant, and probably is not.
fn doubts(arguments: &ServeArgs, config: &ServerConfig, context: &Context) -> Vec<String> {
    let settings = &context.settings;
    let mut doubts = Vec::new();
    let sign_in = settings.sign_in();
    if config.trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
        doubts
            .push("server.trusted_proxies holds every address, so each client may say that it has another".to_owned());
    }
    if sign_in.is_some() && !context.signs_sessions() {
        doubts.push("there are providers to sign in at, but nobody can: sessions.secrets is not given".to_owned());
    }
    if sign_in.is_none() && !settings.administrators().is_empty() {
        doubts.push("sign_in.administrators makes nobody one: there is no provider to sign in at".to_owned());
    }
    doubts.extend(doubt_of_backups(settings));
    let files = settings.secret_files.iter().map(PathBuf::as_path).chain(arguments.sessions.file());
    doubts.extend(
        files.filter(|path| is_open_to_all(path)).map(|path| {
            format!("{} holds secrets, and everybody on this machine may read it: chmod 600", path.display())
        }),
    );
    doubts
}

/// Roles that write the ends of sessions in other zones. Where nothing can be asked, nothing is doubted, and the log has the reason.
fn doubts_of_zones(dealership: &Dealership) -> Vec<String> {
    let roles = dealership.roles_in_other_zones().unwrap_or_else(|reason| {
        tracing::warn!(%reason, "the time zones of other roles of PostgreSQL could not be looked at");
        Vec::new()
    });
    roles.iter().map(ToString::to_string).collect()
}

/// A folder for backups of a database of which none are made here.
pub(crate) fn doubt_of_backups(settings: &Settings) -> Option<String> {
    let jobs = settings.jobs();
    let is_given = jobs.backup_folder.as_ref().is_some_and(|folder| !folder.as_os_str().is_empty());
    let is_idle = is_given && settings.database.url.starts_with("postgres");
    is_idle.then(|| {
        "jobs.backup_folder is for a SQLite file: PostgreSQL makes its backups itself (see jpauto backup), and the job backup does \
         not run"
            .to_owned()
    })
}

#[cfg(unix)]
fn is_open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|of_file| of_file.is_file() && of_file.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open_to_all(_path: &Path) -> bool {
    false
}

/// What `--check` says. It holds no secret.
#[derive(Serialize)]
struct WouldBeServed {
    database: String,
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    trusted_proxies: Vec<String>,
    allowed_origins: Vec<String>,
    /// Whether sessions are signed. Without that nobody can sign in.
    sessions: bool,
    /// The providers that people sign in at, beside one-time links.
    sign_in: Vec<String>,
    /// Who asks competitors' websites.
    fetch_contact: Option<String>,
    auto_dev: bool,
    vpic: Option<String>,
    /// Who is told of what happens, by the names of the channels.
    notifications: Vec<String>,
    /// Templates of notifications that are wrong, each with its line. The usual ones are used in their place.
    template_faults: Vec<String>,
}

impl WouldBeServed {
    fn of(dealership: &Dealership, database: String, server: &ServerConfig) -> Self {
        let config = dealership.config();
        Self {
            database,
            address: server.address,
            metrics_address: server.metrics_address,
            trusted_proxies: server.trusted_proxies.iter().map(ToString::to_string).collect(),
            allowed_origins: server.allowed_origins.iter().map(ToString::to_string).collect(),
            sessions: config.sessions.is_some(),
            sign_in: config.sign_in.iter().flat_map(|it| &it.providers).map(|it| it.name.clone()).collect(),
            fetch_contact: config.fetch.as_ref().map(|fetch| fetch.contact.clone()),
            auto_dev: config.auto_dev.is_some(),
            vpic: config.vpic.as_ref().map(|vpic| vpic.base_url.clone()),
            notifications: channels_of(&config.notifications),
            template_faults: template_faults(&config.notifications),
        }
    }
}

fn channels_of(config: &NotificationConfig) -> Vec<String> {
    config.webhooks.keys().cloned().chain(config.email.iter().map(|_| "email".to_owned())).collect()
}

/// What is wrong with the templates of notifications, a line each.
pub(crate) fn template_faults(config: &NotificationConfig) -> Vec<String> {
    let faults = config.templates.iter().flat_map(|folder| check_templates(folder));
    faults.map(|fault| fault.to_string()).collect()
}
