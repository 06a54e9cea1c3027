//! `jpauto serve`: the HTTP server over the database. What is deliberately not here: the server.

use std::{net::SocketAddr, sync::Arc, thread};

use clap::Args;
use jpauto::{Actor, ErrorCode, jobs::Stop};
use jpauto_http::{IpNet, Origin, ServerConfig, Shutdown};

use crate::{
    arguments::switch,
    context::Context,
    failure::Failure,
    output::remark,
    sign_in::SessionOptions,
    work::{JobOptions, Worker, WorkerOptions},
};

const EXAMPLES: &str = "\
Examples:
  jpauto serve
  jpauto --db postgres://lot@localhost/lot serve --address 0.0.0.0:8080 --trust-proxy 10.0.0.0/8
  jpauto serve --work --contact webmaster@dealer.example      the jobs run in the same process
  openssl rand -hex 32 > session-secret; jpauto serve --session-secret-file session-secret

It runs until SIGTERM or Ctrl-C, then lets requests finish. GET /readyz answers 200 once the database can be read.
TLS is ended by a proxy in front.";

/// Where to serve.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    address: SocketAddr,
    /// A proxy whose X-Forwarded-For is believed; repeatable
    #[arg(long, value_name = "NETWORK")]
    trust_proxy: Vec<IpNet>,
    /// An origin (scheme and host) whose pages may use the API from a browser; repeatable
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<Origin>,
    #[command(flatten)]
    sessions: SessionOptions,
    /// Run the jobs when they are due, too
    #[arg(long, env = "JPAUTO_JOBS_WORK", hide_env_values = true, value_parser = switch)]
    work: bool,
    #[command(flatten)]
    worker: WorkerOptions,
    #[command(flatten)]
    jobs: JobOptions,
}

/// Serves until the process is told to end.
pub(crate) fn run(arguments: ServeArgs, context: &mut Context) -> Result<(), Failure> {
    context.sign_sessions(arguments.sessions.config()?);
    arguments.jobs.apply(context)?;
    let dealership = context.dealership()?;
    dealership.check_ready()?;
    let stop = Arc::<Stop>::default();
    let worker = arguments.work.then(|| {
        let (worker, stop) = (Worker::new(&arguments.worker), Arc::clone(&stop));
        let desk = dealership.acting_as(Actor::system());
        thread::spawn(move || worker.work(&desk, &stop))
    });
    let mut config = ServerConfig::new(arguments.address);
    config.trusted_proxies = arguments.trust_proxy;
    config.allowed_origins = arguments.allow_origin;
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
