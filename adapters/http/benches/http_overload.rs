//! An overload: 200 clients and work of 20 ms for 8 workers, for ten seconds on the loopback interface.
//!
//! The ideal is 400 answers a second. A client that was refused asks again after 20 ms, which is sooner than `Retry-After` says. The work
//! is that of offers, because a read asks for no time; it waits as reads do, which wait least.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread::sleep,
    time::{Duration, Instant},
};

use jpauto::{Clock, Config, Dealership};
use jpauto_http::{Server, ServerConfig};

const WORK: Duration = Duration::from_millis(20);
const WORKERS: usize = 8;
const CLIENTS: usize = 200;
const SPAN: Duration = Duration::from_secs(10);
/// Until an overload stands.
const ONSET: Duration = Duration::from_secs(1);

/// The status of an answer, when it was asked for and how long it took.
type Answer = (u16, Duration, Duration);

fn ask(stream: &mut TcpStream) -> u16 {
    // Without any field it is refused by the rules, after the work.
    let body = "{\"year\": 1, \"make\": \"\", \"model\": \"\"}";
    let length = body.len();
    let request = format!(
        "POST /api/submissions HTTP/1.1\r\nhost: lot\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the server closed a connection");
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        if body.len() >= length.unwrap().parse().unwrap() {
            return head[9..12].parse().unwrap();
        }
    }
}

fn client(address: SocketAddr, start: Instant) -> Vec<Answer> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answers = Vec::new();
    while start.elapsed() < SPAN {
        let asked = Instant::now();
        let status = ask(&mut stream);
        answers.push((status, asked - start, asked.elapsed()));
        if status == 503 {
            sleep(WORK);
        }
    }
    answers
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() * 99 / 100).copied().unwrap_or_default()
}

fn main() {
    let clock = Clock::from_fn(|| {
        sleep(WORK);
        chrono::Utc::now()
    });
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("lot.db").display());
    let dealership = Dealership::with_config(Config::new(url).clock(clock)).unwrap();
    let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into());
    (config.gate.workers, config.gate.offers, config.gate.writes) = (WORKERS, 0, 0);
    // They are for reads, and there are as many connections as workers.
    config.gate.spare = 0;
    config.gate.write_patience = 1;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = runtime.block_on(Server::bind(dealership, config)).unwrap();
    let address = server.address();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(server.run_until(async {
        let _ = ended.await;
    }));
    let start = Instant::now();
    let clients: Vec<_> = (0..CLIENTS).map(|_| std::thread::spawn(move || client(address, start))).collect();
    let answers: Vec<Answer> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    drop(end);
    runtime.block_on(serving).unwrap();
    let other = answers.iter().find(|(status, ..)| ![422, 503].contains(status));
    assert!(other.is_none(), "neither worked on nor refused: {other:?}");
    let took = |accepted: bool, from: Duration| -> Vec<Duration> {
        let wanted = answers.iter().filter(|(status, asked, _)| (*status != 503) == accepted && *asked >= from);
        wanted.map(|(_, _, took)| *took).collect()
    };
    let (accepted, refused) = (took(true, Duration::ZERO), took(false, ONSET));
    let ideal = WORKERS as f64 / WORK.as_secs_f64() * SPAN.as_secs_f64();
    let goodput = accepted.len() as f64 / ideal;
    let verdict = |is_met: bool| if is_met { "met" } else { "missed" };
    println!("overload: goodput {goodput:.3} of the ideal (bar 0.95: {})", verdict(goodput >= 0.95));
    let slowest = p99(accepted);
    println!(
        "overload: accepted within {slowest:.1?}, 99 of 100 (bar 300 ms: {})",
        verdict(slowest <= Duration::from_millis(300))
    );
    let (count, slowest) = (refused.len(), p99(refused));
    println!(
        "overload: {count} refused within {slowest:.1?}, 99 of 100 (bar 10 ms: {})",
        verdict(slowest <= Duration::from_millis(10))
    );
}
