//! A server over its own lot, and a client that shows every byte that is sent.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use jpauto::{Actor, Clock, Config, Dealership, Desk, FetchConfig, Money, NewToken, NewVehicle, Role};
use jpauto_http::{Server, ServerConfig, Shutdown};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A running server. It ends when the value is dropped.
pub struct Lot {
    pub address: SocketAddr,
    pub dealership: Dealership,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Shutdown>>,
    _folder: TempDir,
}

impl Lot {
    pub fn open() -> Self {
        Self::with(|_config| {})
    }

    pub fn with(configure: impl FnOnce(&mut ServerConfig)) -> Self {
        Self::with_clock(Clock::system(), configure)
    }

    /// A server with a clock that may wait or panic, as work inside the library may.
    pub fn with_clock(clock: Clock, configure: impl FnOnce(&mut ServerConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        Self::serve(Dealership::with_config(Config::new(url).clock(clock)).unwrap(), folder, configure)
    }

    pub fn serve(dealership: Dealership, folder: TempDir, configure: impl FnOnce(&mut ServerConfig)) -> Self {
        let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into());
        configure(&mut config);
        let (end, ended) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let served = dealership.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async move {
                let server = Server::bind(served, config).await.unwrap();
                ready.send(server.address()).unwrap();
                let told = async {
                    // A dropped sender ends the server as a message does.
                    let _ = ended.await;
                };
                server.run_until(told).await
            })
        });
        let address = is_ready.recv().unwrap();
        Self { address, dealership, end: Some(end), thread: Some(thread), _folder: folder }
    }

    /// Tells the server to end, without waiting for it.
    pub fn tell_to_end(&mut self) {
        drop(self.end.take());
    }

    pub fn wait_for_end(mut self) -> Shutdown {
        self.tell_to_end();
        self.thread.take().unwrap().join().unwrap()
    }

    pub fn staff(&self) -> Desk {
        self.dealership.acting_as(Actor::system())
    }

    /// Asks as an API token of this role does, with JSON.
    pub fn ask_as(&self, role: Role, method: &str, target: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let token = NewToken { name: format!("{role}"), role, expires_at: None };
        let authorization = format!("Bearer {}", self.staff().tokens().create(&token).unwrap().secret);
        let mut all = vec![("authorization", authorization.as_str()), ("content-type", "application/json")];
        all.extend(headers);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(method, target, &all, body.as_bytes())
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    pub fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[], b"")
    }

    pub fn post(&self, target: &str, json: &Value) -> Answer {
        self.ask("POST", target, &[("content-type", "application/json")], json.to_string().as_bytes())
    }

    /// A header that lets a request act with this role.
    pub fn authorization(&self, role: Role) -> String {
        let new = NewToken { name: role.to_string(), role, expires_at: None };
        format!("Bearer {}", self.staff().tokens().create(&new).unwrap().secret)
    }

    /// What comes of a request with an authorization, which is none where it is empty. A null is no body.
    pub fn call(&self, authorization: &str, method: &str, target: &str, json: &Value) -> Answer {
        let mut headers = vec![("content-type", "application/json")];
        if !authorization.is_empty() {
            headers.push(("authorization", authorization));
        }
        let body = if json.is_null() { String::new() } else { json.to_string() };
        self.ask(method, target, &headers, body.as_bytes())
    }

    /// Checks of each call that it is open to a role and those above it, and to none below.
    #[track_caller]
    pub fn opens_to(&self, calls: &[(Role, &str, &str, Value)]) {
        let roles = [Role::Viewer, Role::Manager, Role::Admin].map(|role| (role, self.authorization(role)));
        for (least, method, target, json) in calls {
            let answer = self.call("", method, target, json);
            assert_eq!((answer.status, answer.problem().as_str()), (401, "not_signed_in"), "{method} {target}");
            for (role, authorization) in &roles {
                let answer = self.call(authorization, method, target, json);
                if role < least {
                    let problem = (answer.status, answer.problem());
                    assert_eq!(problem, (403, "forbidden".into()), "{role} {method} {target}");
                } else {
                    assert!(![401, 403, 405, 500].contains(&answer.status), "{role} {method} {target}: {answer:?}");
                }
            }
        }
    }

    pub fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = format!("{method} {target} HTTP/1.1\r\nhost: lot\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        let mut stream = self.connect();
        stream.write_all(&[request.as_bytes(), body].concat()).unwrap();
        Answer::read(&mut stream)
    }
}

impl Drop for Lot {
    fn drop(&mut self) {
        self.tell_to_end();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An answer as it came, up to the end of the connection.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Self::parse(&bytes)
    }

    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer with a whole head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|reason| panic!("{reason}: {self:?}"))
    }

    /// The code of the problem. Checks that the answer is a whole problem document.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        let code = problem["code"].as_str().unwrap();
        assert_eq!(problem["type"], format!("https://jpauto.example/errors/{code}"));
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["instance"].as_str(), self.header("x-request-id"));
        assert!(problem["detail"].is_string() && problem["title"].is_string() && problem["errors"].is_array());
        code.to_owned()
    }

    pub fn pointers(&self) -> Vec<String> {
        let problem = self.json();
        problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// A vehicle with all the fields that must not be public.
/// Fetching from this machine, without a pause.
pub fn local_fetch() -> FetchConfig {
    let mut fetch = FetchConfig::new("webmaster@dealer.example");
    (fetch.allow_private_networks, fetch.allow_any_port) = (true, true);
    (fetch.pause, fetch.retries) = (Duration::ZERO, 0);
    fetch
}

pub fn corolla(number: usize) -> NewVehicle {
    NewVehicle {
        year: 2015 + i32::try_from(number % 8).unwrap(),
        make: "Toyota".into(),
        model: "Corolla".into(),
        vin: format!("2T1BURHE0FC{number:06}"),
        price: Money::from_dollars(10_000 + i32::try_from(number).unwrap() * 100),
        cost: Some(Money::from_dollars(4_321)),
        mileage: 50_000,
        ..NewVehicle::default()
    }
}

/// A clock that blocks while the first flag is set. It sets the second flag when it is asked.
///
/// It stops blocking after a while, so that a test that fails still ends.
pub fn holding_clock() -> (Clock, Arc<AtomicBool>, Arc<AtomicBool>) {
    let (held, inside) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let clock = Clock::from_fn({
        let (held, inside) = (Arc::clone(&held), Arc::clone(&inside));
        move || {
            inside.store(true, Ordering::SeqCst);
            let began = Instant::now();
            while held.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(30) {
                std::thread::sleep(Duration::from_millis(1));
            }
            chrono::Utc::now()
        }
    });
    (clock, held, inside)
}

/// Waits until the condition holds, at most ten seconds.
#[track_caller]
pub fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(10), "{what} did not come about");
        std::thread::sleep(Duration::from_millis(5));
    }
}
