//! The accept loop: connections within limits, HTTP/1 and HTTP/2, and a shutdown that lets requests finish.
//!
//! warp's own server has no timeouts, so a client that sends half a header would stay for ever. It also has no limit on
//! connections, and its shutdown may wait for ever.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use ipnet::IpNet;
use jpauto::Dealership;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};
use tower::{Service, service_fn};
use warp::http::{HeaderValue, Request, Version, header::CONNECTION};

use crate::{
    app::{self, App},
    background::RunLimits,
    body::BodyLimits,
    early_answers::Completed,
    encoding,
    gate::GateLimits,
    half_closed::HalfClosed,
    limits::ConfigFaults,
    metrics::{self, Metrics},
    middleware,
    open_connections::{OpenConnection, OpenConnections},
    origin::Origin,
    pace::{A_PIECE, InPieces},
    read_limits::ReadLimits,
    unread,
};

/// The settings of the server. Start from [`ServerConfig::new`].
///
/// ```
/// let mut config = jpauto_http::ServerConfig::new(([127, 0, 0, 1], 8080).into());
/// config.trusted_proxies.push("10.0.0.0/8".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The address to listen on. With port 0 the system chooses a free port; [`Server::address`] returns it.
    pub address: SocketAddr,
    /// Where `GET /metrics` is answered, in the text format of Prometheus (nowhere). It is an address of its own because the figures
    /// are not for the public, and everybody who reaches it may read them.
    pub metrics_address: Option<SocketAddr>,
    /// The limits of connections.
    pub connections: ConnectionLimits,
    /// The limits of a request's body.
    pub body: BodyLimits,
    /// How much work is admitted.
    pub gate: GateLimits,
    /// How many runs of jobs are made in the background, and followed.
    pub runs: RunLimits,
    /// How much one client may read (as much as it likes).
    pub reads: ReadLimits,
    /// The proxies whose `X-Forwarded-For` is believed. None by default.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins of other websites whose pages may use the API, such as `https://console.example`. None by
    /// default: a page of another website can read nothing.
    pub allowed_origins: Vec<Origin>,
    /// How long requests may take to finish at shutdown (10 s). A client that keeps its connection is told with the answer to its next
    /// request that the connection ends; one that asks nothing for 250 ms, or for half of this time, finds it closed.
    pub drain: Duration,
}

impl ServerConfig {
    /// The defaults, with an address.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            metrics_address: None,
            connections: ConnectionLimits::default(),
            body: BodyLimits::default(),
            gate: GateLimits::default(),
            runs: RunLimits::default(),
            reads: ReadLimits::default(),
            trusted_proxies: Vec::new(),
            allowed_origins: Vec::new(),
            drain: Duration::from_secs(10),
        }
    }
}

/// The limits of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// Connections at a time (1,024). Where few places are left, those are closed that have waited longest for clients with many; more
    /// wait in the kernel's queue.
    pub most: usize,
    /// Connections at a time of one client (256): of one IPv4 address, or of one IPv6 network of 64 bits. An IPv6 network of 48 bits may
    /// have twice as many. More are closed at once. A trusted proxy may have all.
    pub most_of_one_client: usize,
    /// How long a client may take for a request's header, and how long it may keep an idle connection (8 s).
    pub header_read_timeout: Duration,
    /// The longest header of a request, in bytes (16 KiB). hyper needs at least 8 KiB.
    pub longest_header: usize,
    /// Requests at a time on one HTTP/2 connection (64).
    pub http2_streams: u32,
    /// How long a client may take nothing of an answer (30 s). The connection is then cut, so that the answer does not stay in memory.
    pub unread_timeout: Duration,
    /// How long a connection may live (10 min). It is then asked to end, and cut after the drain, so that a client can not hold
    /// it for ever by reading slowly.
    pub longest_life: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            most: 1_024,
            most_of_one_client: 256,
            header_read_timeout: Duration::from_secs(8),
            longest_header: 16 << 10,
            http2_streams: 64,
            unread_timeout: Duration::from_secs(30),
            longest_life: Duration::from_secs(600),
        }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The server can not listen on the address.
    #[error("cannot listen on {address}: {reason}")]
    Bind {
        /// The configured address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        reason: io::Error,
    },
    /// The settings can not work.
    #[error("{0}")]
    Config(#[source] ConfigFaults),
    /// The counters of `/metrics` could not be made.
    #[error("cannot count requests: {0}")]
    Metrics(#[source] prometheus::Error),
    /// The system started no threads.
    #[error("cannot start the server's threads: {0}")]
    Runtime(#[source] io::Error),
    /// The server can not listen for the signals that end it.
    #[error("cannot receive the signals that end the server: {0}")]
    Signals(#[source] io::Error),
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shutdown {
    /// Every request was answered.
    Finished,
    /// This many connections were still busy after the drain and were cut.
    Cut(usize),
}

/// A server that listens and does not answer yet.
///
/// ```
/// use jpauto::Dealership;
/// use jpauto_http::{Server, ServerConfig, Shutdown};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let dealership = Dealership::open("sqlite::memory:")?;
/// let server = Server::bind(dealership, ServerConfig::new(([127, 0, 0, 1], 0).into())).await?;
/// assert_ne!(server.address().port(), 0);
/// assert_eq!(server.run_until(async {}).await, Shutdown::Finished);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    metrics: Metrics,
    metrics_listener: Option<TcpListener>,
    app: App,
    config: ServerConfig,
}

impl Server {
    /// Listens on the configured address.
    ///
    /// # Errors
    /// [`StartError::Config`], [`StartError::Bind`].
    pub async fn bind(dealership: Dealership, mut config: ServerConfig) -> Result<Self, StartError> {
        config.check(&dealership.config().database)?;
        let (listener, address) = listen(config.address).await?;
        let metrics = Metrics::new().map_err(StartError::Metrics)?;
        let metrics_listener = match config.metrics_address {
            Some(address) => {
                let (listener, address) = listen(address).await?;
                config.metrics_address = Some(address);
                Some(listener)
            }
            None => None,
        };
        let database_connections = usize::try_from(dealership.config().database.pool_size).unwrap_or(usize::MAX);
        config.gate = config.gate.fitting(database_connections);
        let app = App::new(dealership, config.gate, config.body).making_runs(config.runs).limiting_reads(config.reads);
        Ok(Self { listener, address, metrics, metrics_listener, app, config })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that answers `GET /metrics`, if one does.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.config.metrics_address
    }

    /// Answers requests until the future ends. Then it accepts no more connections and lets the busy ones finish, and the runs that it
    /// makes in the background. Runs that do not finish in time are interrupted.
    pub async fn run_until(self, end: impl Future<Output = ()>) -> Shutdown {
        let (ending, ended) = watch::channel(());
        let most = self.config.connections.most.min(Semaphore::MAX_PERMITS);
        let (slots, places_in_reserve) = (Arc::new(Semaphore::new(most)), most.div_ceil(16));
        let api = warp::service(app::api(&self.app));
        let background = Arc::clone(self.app.background());
        let config = Arc::new(self.config);
        // It ends with the set.
        let mut watched = JoinSet::new();
        if let Some(listener) = self.metrics_listener {
            watched.spawn(metrics::serve(listener, self.metrics.clone(), self.app.clone()));
        }
        let mut connections = JoinSet::new();
        let open = OpenConnections::default();
        let mut end = pin!(end);
        tracing::info!(address = %self.address, "listening");
        loop {
            tokio::select! {
                () = &mut end => break,
                Some(outcome) = connections.join_next() => note(outcome),
                (stream, peer, slot) = accept(&self.listener, &slots, &open) => {
                    let is_proxy = config.trusted_proxies.iter().any(|network| network.contains(&peer.ip().to_canonical()));
                    let most = if is_proxy { usize::MAX } else { config.connections.most_of_one_client };
                    let Some(opened) = open.admit(peer.ip(), most) else {
                        tracing::debug!(%peer, "a client has all the connections that it may have");
                        continue;
                    };
                    let (metrics, config) = (self.metrics.clone(), Arc::clone(&config));
                    let connection = Connection { peer, open: opened, ended: ended.clone(), config, metrics };
                    let api = api.clone();
                    connections.spawn(async move {
                        let _held = slot;
                        connection.serve(stream, api).await;
                    });
                    if slots.available_permits() < places_in_reserve {
                        open.close_one();
                    }
                }
            }
        }
        ending.send_replace(());
        drop(self.listener);
        tracing::info!(connections = connections.len(), "ending");
        // Both have the same time: streams of events end at once, and runs finish or are interrupted.
        let (shutdown, ()) = tokio::join!(drain(connections, config.drain), background.end(config.drain));
        shutdown
    }
}

/// Runs a server on its own threads until the process gets SIGTERM, SIGINT or SIGHUP. `on_ready` gets the address.
///
/// # Errors
/// [`StartError`].
pub fn serve_blocking(
    dealership: Dealership,
    config: ServerConfig,
    on_ready: impl FnOnce(SocketAddr),
) -> Result<Shutdown, StartError> {
    // A few more threads than workers: work that has passed its deadline still holds its thread.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(connection_threads())
        .max_blocking_threads(config.gate.threads().saturating_add(8))
        .thread_name("jpauto-http")
        .build()
        .map_err(StartError::Runtime)?;
    let shutdown = runtime.block_on(async {
        let server = Server::bind(dealership, config).await?;
        let end = told_to_end().map_err(StartError::Signals)?;
        on_ready(server.address());
        Ok(server.run_until(end).await)
    });
    // Work that has passed its deadline must not keep the process alive.
    runtime.shutdown_timeout(Duration::from_secs(1));
    shutdown
}

/// Threads that read requests and write answers: one a core, and four at the least. Where other processes share few cores, such as the
/// database, a thread that the system holds up would hold up those whose turn it is there.
fn connection_threads() -> usize {
    thread::available_parallelism().map_or(FEWEST_THREADS, usize::from).max(FEWEST_THREADS)
}

const FEWEST_THREADS: usize = 4;

#[cfg(unix)]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // A terminal that closes ends the server as well as a signal that is meant for it.
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(reason) = tokio::signal::ctrl_c().await {
            tracing::error!(%reason, "the interrupt can not be received; the server runs until it is killed");
            std::future::pending::<()>().await;
        }
    })
}

/// A listener, and the address that it has.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let cannot_listen = |reason| StartError::Bind { address, reason };
    let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    Ok((listener, address))
}

/// The next connection, as soon as there is room for it. Where there is none, room is made.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    open: &OpenConnections,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let slot = match timeout(LOOK_FOR_ROOM, Arc::clone(slots).acquire_owned()).await {
            Ok(Ok(slot)) => slot,
            // The semaphore is never closed.
            Ok(Err(_closed)) => return std::future::pending().await,
            Err(_elapsed) => {
                open.close_one();
                continue;
            }
        };
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, slot),
            Err(reason) => {
                tracing::warn!(%reason, "a connection could not be accepted");
                // Probably there are no file descriptors left. A retry at once would burn a core until one is free.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// How often a server that has all its connections looks for one that it may close.
const LOOK_FOR_ROOM: Duration = Duration::from_millis(50);

/// How long an ending server still takes requests on the connections that it has. A request may be on its way when the server is told to
/// end, and a connection that is closed at once would lose it.
const LAST_CALL: Duration = Duration::from_millis(250);

/// One client's connection.
struct Connection {
    peer: SocketAddr,
    open: OpenConnection,
    ended: watch::Receiver<()>,
    config: Arc<ServerConfig>,
    metrics: Metrics,
}

impl Connection {
    async fn serve<S>(mut self, stream: TcpStream, api: S)
    where
        S: Service<Request<unread::Shared>, Response = warp::reply::Response, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        if let Err(reason) = stream.set_nodelay(true) {
            tracing::debug!(%reason, "answers may be delayed");
        }
        let limits = self.config.connections;
        let _counted = self.metrics.connected();
        let has_asked = Arc::new(AtomicBool::new(false));
        let service = service_fn({
            let (has_asked, config, peer) = (Arc::clone(&has_asked), Arc::clone(&self.config), self.peer.ip());
            let (metrics, state, ended) = (self.metrics.clone(), Arc::clone(self.open.state()), self.ended.clone());
            move |request: Request<Incoming>| {
                has_asked.store(true, Ordering::Relaxed);
                let (api, config, metrics, ended) = (api.clone(), Arc::clone(&config), metrics.clone(), ended.clone());
                let is_http_1 = request.version() < Version::HTTP_2;
                let (request, unread) = unread::shared(request, &state, &config.body);
                // In one place from here on: it is large, and each layer around it would move it.
                Box::pin(async move {
                    let mut response = middleware::answer(api, peer, &config, &metrics, request).await;
                    if let Some(unread) = unread {
                        unread.settle(&mut response, &config.body);
                    }
                    if is_http_1 && ended.has_changed().unwrap_or(true) {
                        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                    }
                    Ok::<_, Infallible>(response)
                })
            }
        });
        let pace = self.open.state().pace();
        let service = service_fn({
            let state = Arc::clone(self.open.state());
            move |mut request: Request<Incoming>| {
                encoding::without_refusals_of_plain(request.headers_mut());
                if request.version() == Version::HTTP_2 {
                    state.note_http_2();
                }
                let (is_http_2, pace, underway) =
                    (request.version() == Version::HTTP_2, state.pace().clone(), state.request());
                let answered = encoding::encoded(service.clone(), request);
                async move {
                    let response = answered.await?;
                    Ok::<_, Infallible>(response.map(|body| match is_http_2 {
                        true => pace.in_pieces(body, underway),
                        false => InPieces::whole(body, underway),
                    }))
                }
            }
        });
        let service = TowerToHyperService::new(service);
        let builder = self.builder();
        let (sent, answers) = stream.into_split();
        let sent = HalfClosed::new(sent, Arc::clone(self.open.state()));
        let answers = Completed::new(pace.watch(answers), self.metrics.clone());
        let stream = tokio::io::join(sent, answers);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut look = pin!(sleep(limits.unread_timeout));
        let mut first_request = pin!(sleep(limits.header_read_timeout));
        let mut end_of_life = pin!(sleep(limits.longest_life));
        let mut last_call = pin!(sleep(limits.longest_life));
        let (mut is_silent, mut is_ending) = (true, false);
        let outcome = loop {
            tokio::select! {
                outcome = connection.as_mut() => break outcome,
                // hyper's own timeout starts once it knows the protocol, so a silent client would stay.
                () = &mut first_request, if is_silent => {
                    is_silent = false;
                    if !has_asked.load(Ordering::Relaxed) {
                        tracing::debug!(peer = %self.peer, "a client sent no request in time");
                        return;
                    }
                }
                _ = self.ended.changed(), if !is_ending => {
                    is_ending = true;
                    last_call.as_mut().reset(tokio::time::Instant::now() + LAST_CALL.min(self.config.drain / 2));
                }
                () = &mut last_call, if is_ending => {
                    if !has_asked.load(Ordering::Relaxed) {
                        return;
                    }
                    connection.as_mut().graceful_shutdown();
                    break connection.await;
                }
                () = self.open.is_needed() => {
                    // A request may have come in this moment.
                    if self.open.state().has_waited().is_some() {
                        tracing::debug!(peer = %self.peer, "a connection was closed because others need its place");
                        return;
                    }
                }
                () = look.as_mut() => {
                    if pace.is_stuck(limits.unread_timeout) {
                        tracing::debug!(peer = %self.peer, "a client reads nothing of its answer");
                        return;
                    }
                    look.as_mut().reset(tokio::time::Instant::now() + limits.unread_timeout / 2);
                }
                () = &mut end_of_life => {
                    connection.as_mut().graceful_shutdown();
                    match timeout(self.config.drain, connection).await {
                        Ok(outcome) => break outcome,
                        Err(_elapsed) => return,
                    }
                }
            }
        };
        if let Err(reason) = outcome {
            tracing::debug!(peer = %self.peer, %reason, "a connection broke");
        }
    }

    fn builder(&self) -> auto::Builder<TokioExecutor> {
        let limits = self.config.connections;
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_read_timeout)
            .max_buf_size(limits.longest_header);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.http2_streams)
            .max_header_list_size(u32::try_from(limits.longest_header).unwrap_or(u32::MAX))
            // What waits for its client stays out of this buffer, where it would be held for as long as the client likes.
            .max_send_buf_size(A_PIECE)
            // A peer that does not answer a ping is gone.
            .keep_alive_interval(limits.header_read_timeout)
            .keep_alive_timeout(limits.header_read_timeout);
        builder
    }
}

async fn drain(mut connections: JoinSet<()>, patience: Duration) -> Shutdown {
    let all_done = async {
        while let Some(outcome) = connections.join_next().await {
            note(outcome);
        }
    };
    if timeout(patience, all_done).await.is_ok() {
        return Shutdown::Finished;
    }
    let left = connections.len();
    tracing::warn!(connections = left, "connections were cut because they did not finish in time");
    connections.shutdown().await;
    Shutdown::Cut(left)
}

/// A connection's task catches the panics of handlers. A task that panics all the same is a fault of this server.
fn note(outcome: Result<(), JoinError>) {
    if let Err(reason) = outcome.as_ref()
        && reason.is_panic()
    {
        tracing::error!(%reason, "a connection ended in a panic");
    }
}
