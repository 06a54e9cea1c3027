//! A served dealership whose database stops under load, and one that is told to end under load.

#![cfg(unix)]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection as _, PgConnection, RunQueryDsl as _, sql_query};

use crate::support::Lot;

/// `jpauto serve` as a process of its own, which is killed when dropped.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(lot: &Lot, url: &str) -> Self {
        let mut command = lot.command(["serve", "--db", url, "--address", "127.0.0.1:0"]);
        let child = command
            .env("JPAUTO_LOG_FILTER", "error")
            .env("JPAUTO_INTAKE_MOST_IN_WINDOW", "1000000")
            .env("JPAUTO_DATABASE_POOL_TIMEOUT", "1 s")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        let mut child = child.unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        errors.read_line(&mut told).unwrap();
        assert!(told.starts_with("serving on http://"), "{told}");
        let address = told.trim().trim_start_matches("serving on http://").trim_end_matches('/').to_owned();
        // A full pipe would hold the server up.
        thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        Self { child, address }
    }

    fn end(&self) {
        let ended = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(ended.success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What came back for one request.
enum Outcome {
    Answered(u16, String),
    /// The connection was refused, or closed before the first byte.
    Nothing,
    /// A part of an answer.
    Torn(String),
}

fn ask(stream: &mut TcpStream, request: &str) -> Outcome {
    if stream.write_all(request.as_bytes()).is_err() {
        return Outcome::Nothing;
    }
    let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if length.is_some_and(|length| body.len() >= length) {
                return Outcome::Answered(head[9..12].parse().unwrap(), body.to_owned());
            }
        }
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => bytes.extend_from_slice(&buffer[..read]),
            _ if bytes.is_empty() => return Outcome::Nothing,
            _ => return Outcome::Torn(text),
        }
    }
}

/// Clients that send offers and read the list until they are stopped.
struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<BTreeSet<String>>>,
    clients: Vec<thread::JoinHandle<Vec<String>>>,
}

impl Load {
    fn on(address: &str) -> Self {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeSet::new())));
        let clients = (0..8).map(|number: u32| {
            let (stop, acknowledged, address) = (Arc::clone(&stop), Arc::clone(&acknowledged), address.to_owned());
            thread::spawn(move || client(&address, number.is_multiple_of(2), &stop, &acknowledged))
        });
        let clients = clients.collect();
        Self { stop, acknowledged, clients }
    }

    fn taken(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// The ids of the offers that were acknowledged, and the answers that were torn.
    fn stop(self) -> (BTreeSet<String>, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        let torn = self.clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        (std::mem::take(&mut self.acknowledged.lock().unwrap()), torn)
    }
}

fn client(address: &str, sends: bool, stop: &AtomicBool, acknowledged: &Mutex<BTreeSet<String>>) -> Vec<String> {
    let offer = r#"{"year": 2019, "make": "Toyota", "model": "Camry"}"#;
    let length = offer.len();
    let request = match sends {
        true => format!(
            "POST /api/submissions HTTP/1.1\r\nhost: lot\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{offer}"
        ),
        false => "GET /api/inventory HTTP/1.1\r\nhost: lot\r\n\r\n".to_owned(),
    };
    let mut torn = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let Ok(mut stream) = TcpStream::connect(address) else {
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        while !stop.load(Ordering::SeqCst) {
            match ask(&mut stream, &request) {
                Outcome::Answered(201, body) => {
                    let receipt: serde_json::Value = serde_json::from_str(&body).unwrap();
                    acknowledged.lock().unwrap().insert(receipt["id"].as_str().unwrap().to_owned());
                }
                Outcome::Answered(200, _) => {}
                Outcome::Answered(503, _) => thread::sleep(Duration::from_millis(5)),
                Outcome::Answered(status, body) => torn.push(format!("{status} {body}")),
                Outcome::Nothing => break,
                Outcome::Torn(text) => {
                    torn.push(text);
                    break;
                }
            }
        }
    }
    torn
}

#[track_caller]
fn wait_until(what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < patience, "{what} within {patience:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn sigterm_under_load_finishes_what_was_begun_and_loses_nothing() {
    let lot = Lot::new();
    let mut served = Served::start(&lot, "sqlite:jpauto.db");
    let load = Load::on(&served.address);
    wait_until("some offers", Duration::from_secs(30), || load.taken() >= 50);
    let began = Instant::now();
    served.end();
    let status = served.child.wait().unwrap();
    let took = began.elapsed();
    let (acknowledged, torn) = load.stop();
    assert_eq!((status.code(), torn), (Some(0), Vec::new()));
    // The drain is ten seconds. A request that comes before it is answered at once.
    assert!(took < Duration::from_secs(12), "{took:?}");
    let stored = lot.run(["submission", "list", "--all", "--format", "jsonl"]);
    let stored: BTreeSet<_> = stored.lines().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert!(
        acknowledged.is_subset(&stored),
        "{} of {} are lost",
        acknowledged.difference(&stored).count(),
        acknowledged.len()
    );
}

/// A PostgreSQL of its own, because it is stopped.
struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
}

impl Cluster {
    /// One of its own, where PostgreSQL is to be used; else it says why not.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn unless_skipped() -> Option<Self> {
        if std::env::var_os("JPAUTO_TEST_POSTGRES").is_none() {
            eprintln!("skipped: JPAUTO_TEST_POSTGRES names no server, so PostgreSQL is not to be used");
            return None;
        }
        let cluster = Self::start();
        if cluster.is_none() {
            eprintln!("skipped: no PostgreSQL server is installed");
        }
        cluster
    }

    /// `None` where no server is installed.
    fn start() -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let programs =
            versions.flatten().map(|version| version.path().join("bin")).find(|it| it.join("initdb").exists())?;
        let folder = tempfile::Builder::new().prefix("jpauto-cluster").tempdir_in("/tmp").unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { programs, folder, port };
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(cluster.folder.path()).status().unwrap().success());
        }
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        cluster.up();
        Some(cluster)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = match is_root() {
            // PostgreSQL does not run as root.
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        let status = command.args(arguments).current_dir("/tmp").stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.unwrap().success(), "{arguments:?}");
    }

    fn up(&self) {
        let sockets = self.folder.path().display();
        let options =
            format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={sockets} -c fsync=off", self.port);
        let log = self.folder.path().join("log").display().to_string();
        self.run("pg_ctl", &["start", "-w", "-s", "-D", &self.data(), "-l", &log, "-o", &options]);
    }

    fn down(&self, mode: &str) {
        self.run("pg_ctl", &["stop", "-w", "-s", "-D", &self.data(), "-m", mode]);
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.down("immediate");
        }
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

#[derive(diesel::QueryableByName)]
struct StoredId {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: String,
}

/// Three times; `JPAUTO_TEST_RESTARTS=20` restarts it more often.
#[test]
fn a_postgresql_that_is_stopped_and_started_under_load_loses_no_acknowledged_offer() {
    let Some(cluster) = Cluster::unless_skipped() else { return };
    let restarts = std::env::var("JPAUTO_TEST_RESTARTS").ok().and_then(|it| it.parse().ok()).unwrap_or(3);
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate", "--db", &cluster.url()]).code, 0);
    let served = Served::start(&lot, &cluster.url());
    let load = Load::on(&served.address);
    let mut slowest = Duration::ZERO;
    for restart in 0..restarts {
        let before = load.taken();
        wait_until("offers", Duration::from_secs(30), || load.taken() >= before + 20);
        // Every second time it crashes.
        cluster.down(if restart % 2 == 0 { "fast" } else { "immediate" });
        thread::sleep(Duration::from_millis(100));
        cluster.up();
        let (began, at_start) = (Instant::now(), load.taken());
        wait_until("a new offer after a restart", Duration::from_secs(15), || load.taken() > at_start);
        slowest = slowest.max(began.elapsed());
    }
    let (acknowledged, torn) = load.stop();
    let mut conn = PgConnection::establish(&cluster.url()).unwrap();
    let stored = sql_query("SELECT id::text AS id FROM pending_submissions").load::<StoredId>(&mut conn).unwrap();
    let stored: BTreeSet<_> = stored.into_iter().map(|row| row.id).collect();
    eprintln!("{restarts} restarts, {} offers acknowledged, back after {slowest:?} at most", acknowledged.len());
    assert!(acknowledged.is_subset(&stored), "{} are lost", acknowledged.difference(&stored).count());
    assert_eq!(torn, Vec::<String>::new(), "answers that are neither an answer nor a 503");
}

/// What an operator reads of an outage who has changed nothing of the log.
#[test]
fn the_log_tells_of_an_outage_once_and_of_its_end_once() {
    let Some(cluster) = Cluster::unless_skipped() else { return };
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate", "--db", &cluster.url()]).code, 0);
    let log = lot.path("log");
    let mut command = lot.command(["serve", "--db", &cluster.url(), "--address", "127.0.0.1:0"]);
    command.env("JPAUTO_DATABASE_POOL_TIMEOUT", "1 s").stdout(Stdio::null());
    let child = command.stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let told = || std::fs::read_to_string(&log).unwrap();
    let address = || Some(told().split_once("serving on http://")?.1.split_once("/\n")?.0.to_owned());
    let mut served = Served { child, address: String::new() };
    wait_until("an address", Duration::from_secs(60), || address().is_some());
    served.address = address().unwrap();
    let get = |path: &str| match TcpStream::connect(&served.address) {
        Ok(mut stream) => match ask(&mut stream, &format!("GET {path} HTTP/1.1\r\nhost: lot\r\n\r\n")) {
            Outcome::Answered(status, _) => status,
            _ => 0,
        },
        Err(_) => 0,
    };
    assert_eq!(get("/api/inventory"), 200);
    cluster.down("fast");
    let began = Instant::now();
    let mut refused = 0;
    while refused < 200 || began.elapsed() < Duration::from_secs(3) {
        refused += usize::from(get(if refused % 4 == 0 { "/readyz" } else { "/api/inventory" }) == 503);
        assert!(began.elapsed() < Duration::from_secs(60), "{refused} refused");
    }
    cluster.up();
    wait_until("an answer", Duration::from_secs(30), || get("/api/inventory") == 200);
    served.end();
    wait_until("the end", Duration::from_secs(30), || matches!(served.child.try_wait(), Ok(Some(_))));
    let (told, lines) = (told(), |what: &str| told().lines().filter(|line| line.contains(what)).count());
    let counts = ["the database cannot be reached; it is tried", "the database can be reached again"].map(lines);
    assert_eq!(counts, [1, 1], "{told}");
    assert_eq!(lines("ERROR"), 1, "the outage itself: {told}");
    let most = 2 + began.elapsed().as_secs() / 10;
    let failed = lines("requests found no database");
    assert!((1..=usize::try_from(most).unwrap()).contains(&failed), "{failed} in {:?}: {told}", began.elapsed());
    assert!(lines("status=503") >= 200, "each request has its line");
}
