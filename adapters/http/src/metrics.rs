//! What the server counts, and `GET /metrics` with it in the text format of Prometheus.
//!
//! The figures say how much business there is, so they are not part of the API: they are served on an address of their own
//! (`ServerConfig::metrics_address`), which is not to be reached by the public. Requests are counted as they are answered; the
//! gate and the pool are looked at when somebody asks.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use jpauto::Dealership;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};
use warp::http::{HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};

use crate::{app::App, gate::Lane};

/// The route of an answer: the path of its operation, as the table has it. It bounds the number of series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route(pub(crate) &'static str);

/// The route of what no operation answers.
pub(crate) const NO_ROUTE: &str = "none";

/// The bounds of the histogram, in seconds: from the answers of a point read to the deadline of the gate.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// The counters of a server. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Counters>);

struct Counters {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    connections: IntGauge,
    gate_running: IntGauge,
    gate_workers: IntGauge,
    gate_waiting: IntGaugeVec,
    gate_refused: IntCounterVec,
    runs: IntGaugeVec,
    database: IntGaugeVec,
    standby: IntGaugeVec,
    standby_reads: IntCounterVec,
    gathering: Mutex<()>,
}

impl Metrics {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let metrics = Counters {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("jpauto_http_requests_total", "Requests that were answered."),
                &["route", "method", "status"],
            )?,
            seconds: HistogramVec::new(
                HistogramOpts::new(
                    "jpauto_http_request_duration_seconds",
                    "Time from a request's header to its answer's.",
                )
                .buckets(BOUNDS.to_vec()),
                &["route", "method"],
            )?,
            connections: IntGauge::new("jpauto_http_connections", "Connections of clients.")?,
            gate_running: IntGauge::new("jpauto_gate_running", "Calls into the library that run.")?,
            gate_workers: IntGauge::new("jpauto_gate_workers", "Calls into the library that may run at a time.")?,
            gate_waiting: IntGaugeVec::new(
                Opts::new("jpauto_gate_waiting", "Requests that wait for a worker."),
                &["lane"],
            )?,
            gate_refused: IntCounterVec::new(
                Opts::new("jpauto_gate_refused_total", "Requests that were refused for overload."),
                &["lane"],
            )?,
            runs: IntGaugeVec::new(
                Opts::new("jpauto_runs", "Runs of jobs that this process makes, and the most that it makes at a time."),
                &["state"],
            )?,
            database: IntGaugeVec::new(
                Opts::new("jpauto_database_connections", "Connections of the pool."),
                &["state"],
            )?,
            standby: IntGaugeVec::new(Opts::new("jpauto_standby_used", "Whether the standby serves reads."), &[])?,
            standby_reads: IntCounterVec::new(
                Opts::new(
                    "jpauto_standby_reads_total",
                    "Reads that a standby may serve, by what became of them there.",
                ),
                &["outcome"],
            )?,
            gathering: Mutex::default(),
        };
        let collectors: [Box<dyn prometheus::core::Collector>; 11] = [
            Box::new(metrics.requests.clone()),
            Box::new(metrics.seconds.clone()),
            Box::new(metrics.connections.clone()),
            Box::new(metrics.gate_running.clone()),
            Box::new(metrics.gate_workers.clone()),
            Box::new(metrics.gate_waiting.clone()),
            Box::new(metrics.gate_refused.clone()),
            Box::new(metrics.runs.clone()),
            Box::new(metrics.database.clone()),
            Box::new(metrics.standby.clone()),
            Box::new(metrics.standby_reads.clone()),
        ];
        collectors.into_iter().try_for_each(|collector| metrics.registry.register(collector))?;
        let build = IntGaugeVec::new(Opts::new("jpauto_build_info", "The release that runs."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        metrics.registry.register(Box::new(build))?;
        Ok(Self(Arc::new(metrics)))
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let method = name_of(method);
        self.0.requests.with_label_values(&[route, method, status.as_str()]).inc();
        self.0.seconds.with_label_values(&[route, method]).observe(took.as_secs_f64());
    }

    /// Counts a connection until the guard is dropped.
    pub(crate) fn connected(&self) -> Connected {
        self.0.connections.inc();
        Connected(self.0.connections.clone())
    }

    fn text(&self, app: &App) -> prometheus::Result<Vec<u8>> {
        // The gate counts its refusals itself. Two requests at once would each add what is new.
        let _one_at_a_time = self.0.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = app.gate_state();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.0.gate_running.set(number(gate.workers.saturating_sub(gate.free)));
        self.0.gate_workers.set(number(gate.workers));
        for (lane, name) in Lane::NAMED {
            self.0.gate_waiting.with_label_values(&[name]).set(number(gate.waiting[lane as usize]));
            let refused = self.0.gate_refused.with_label_values(&[name]);
            refused.inc_by(gate.refused[lane as usize].saturating_sub(refused.get()));
        }
        let pool = app.background().pool();
        for (state, count) in [("running", pool.running()), ("most", pool.most())] {
            self.0.runs.with_label_values(&[state]).set(number(count));
        }
        self.look_at_the_pool(app.dealership());
        self.look_at_the_standby(app.dealership());
        let mut text = Vec::with_capacity(16 * 1024);
        TextEncoder::new().encode(&self.0.registry.gather(), &mut text)?;
        Ok(text)
    }

    fn look_at_the_pool(&self, dealership: &Dealership) {
        let pool = dealership.connections();
        for (state, count) in
            [("in_use", pool.open.saturating_sub(pool.idle)), ("idle", pool.idle), ("most", pool.most)]
        {
            self.0.database.with_label_values(&[state]).set(count.into());
        }
    }

    /// Without a standby there are no series of one.
    fn look_at_the_standby(&self, dealership: &Dealership) {
        let Some(standby) = dealership.standby_use() else { return };
        self.0.standby.with_label_values(&[] as &[&str]).set(standby.is_used.into());
        for (outcome, reads) in
            [("served", standby.served), ("behind", standby.behind), ("busy", standby.busy), ("failed", standby.failed)]
        {
            let counted = self.0.standby_reads.with_label_values(&[outcome]);
            counted.inc_by(reads.saturating_sub(counted.get()));
        }
    }
}

/// A connection that is counted.
pub(crate) struct Connected(IntGauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The usual methods by their names. Others are a client's invention, which must make no series.
pub(crate) fn name_of(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Connections at a time of those who ask for the figures.
const MOST_CONNECTIONS: usize = 16;
/// How long one of them may take.
const LONGEST_LIFE: Duration = Duration::from_secs(60);

/// Serves the figures until it is dropped.
pub(crate) async fn serve(listener: TcpListener, metrics: Metrics, app: App) {
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _peer)) => stream,
            Err(reason) => {
                tracing::warn!(%reason, "a connection for the metrics could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (metrics, app) = (metrics.clone(), app.clone());
        tokio::spawn(async move {
            let _held = slot;
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let answer = answer(&request, &metrics, &app);
                async move { Ok::<_, Infallible>(answer) }
            });
            let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
            builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(8));
            if let Ok(Err(reason)) =
                timeout(LONGEST_LIFE, builder.serve_connection(TokioIo::new(stream), service)).await
            {
                tracing::debug!(%reason, "a connection for the metrics broke");
            }
        });
    }
}

fn answer(request: &Request<Incoming>, metrics: &Metrics, app: &App) -> Response<String> {
    let plain = |status, text: &str| {
        let mut response = Response::new(text.to_owned());
        *response.status_mut() = status;
        response
    };
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "the metrics are at /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "GET asks for the metrics\n");
    }
    match metrics.text(app).map(String::from_utf8) {
        Ok(Ok(text)) => {
            let mut response = Response::new(text);
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(prometheus::TEXT_FORMAT));
            response
        }
        _ => plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n"),
    }
}
