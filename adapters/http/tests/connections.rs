//! Clients that are slow, silent, too loud or gone; HTTP/2; and the shutdown.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use jpauto_http::{ServerConfig, Shutdown};
use serde_json::json;

use crate::support::{Answer, Lot, holding_clock, wait_until};

const SHORT: Duration = Duration::from_millis(300);

fn impatient() -> Lot {
    Lot::with(|config| {
        config.connections.header_read_timeout = SHORT;
        config.body.read_timeout = SHORT;
    })
}

/// Everything that the server sends until it closes, and how long that took.
fn until_closed(stream: &mut TcpStream) -> (Vec<u8>, Duration) {
    let began = Instant::now();
    let mut bytes = Vec::new();
    if let Err(reason) = stream.read_to_end(&mut bytes) {
        assert_eq!(reason.kind(), std::io::ErrorKind::ConnectionReset, "{reason}");
    }
    (bytes, began.elapsed())
}

#[test]
fn a_client_that_sends_no_whole_header_is_cut_off() {
    let lot = impatient();
    for begun in ["", "G", "GET /healthz HTTP/1.1\r\nhost: l", "PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = lot.connect();
        stream.write_all(begun.as_bytes()).unwrap();
        let (_, waited) = until_closed(&mut stream);
        assert!((SHORT / 2..SHORT * 10).contains(&waited), "{begun:?} was kept for {waited:?}");
    }
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_kept() {
    let lot = impatient();
    let mut stream = lot.connect();
    for _ in 0..4 {
        std::thread::sleep(SHORT / 2);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: lot\r\n\r\n").unwrap();
        let mut bytes = [0; 1024];
        let length = stream.read(&mut bytes).unwrap();
        assert_eq!(Answer::parse(&bytes[..length]).status, 200);
    }
    let (rest, waited) = until_closed(&mut stream);
    assert!(rest.is_empty() && (SHORT / 2..SHORT * 10).contains(&waited), "{waited:?}");
}

#[test]
fn a_slow_body_is_answered_408() {
    let lot = impatient();
    let mut stream = lot.connect();
    let head =
        "POST /api/submissions HTTP/1.1\r\nhost: lot\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let (bytes, waited) = until_closed(&mut stream);
    let answer = Answer::parse(&bytes);
    assert_eq!((answer.status, answer.problem().as_str()), (408, "body_too_slow"));
    assert!((SHORT..SHORT * 10).contains(&waited), "{waited:?}");
}

/// One answer of a connection that goes on.
fn next_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 4096];
        let length = stream.read(&mut some).unwrap();
        assert!(length > 0, "the connection ended: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&some[..length]);
        if !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
            continue;
        }
        let answer = Answer::parse(&bytes);
        let whole = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        if answer.body.len() >= whole {
            return answer;
        }
    }
}

/// A head, and after the answer to it or a moment a body of this length.
fn send_in_two(stream: &mut TcpStream, method: &str, target: &str, length: usize) {
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: lot\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    stream.write_all(&vec![b' '; length]).unwrap();
}

#[test]
fn a_connection_goes_on_after_a_short_body_that_nobody_read() {
    let lot = Lot::open();
    for (method, target, status) in [
        ("POST", "/api/inventory", 401),
        ("POST", "/api/auth/logout", 200),
        ("POST", "/api/nothing", 404),
        ("PUT", "/healthz", 405),
        ("GET", "/healthz", 200),
    ] {
        for length in [2, 70_000, 1_000_000] {
            let mut stream = lot.connect();
            for _ in 0..2 {
                send_in_two(&mut stream, method, target, length);
                let answer = next_answer(&mut stream);
                assert_eq!((answer.status, answer.header("connection")), (status, None), "{method} {target} {length}");
            }
        }
    }
}

#[test]
fn a_long_body_that_nobody_read_ends_the_connection_after_the_answer() {
    let lot = Lot::open();
    let mut stream = lot.connect();
    send_in_two(&mut stream, "POST", "/api/inventory", 8 << 20);
    let (bytes, _) = until_closed(&mut stream);
    let answer = Answer::parse(&bytes);
    assert_eq!((answer.status, answer.header("connection")), (401, Some("close")));
    // Of unknown length.
    let mut stream = lot.connect();
    let head = "POST /api/inventory HTTP/1.1\r\nhost: lot\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"2\r\n{}\r\n0\r\n\r\n").unwrap();
    let (bytes, _) = until_closed(&mut stream);
    let answer = Answer::parse(&bytes);
    assert_eq!((answer.status, answer.header("connection")), (401, Some("close")));
}

#[test]
fn a_client_that_waits_to_be_asked_for_its_body_is_told_that_the_connection_ends() {
    let lot = Lot::open();
    let mut stream = lot.connect();
    let head = "POST /api/inventory HTTP/1.1\r\nhost: lot\r\nexpect: 100-continue\r\ncontent-length: 500\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let (bytes, waited) = until_closed(&mut stream);
    let answer = Answer::parse(&bytes);
    assert_eq!((answer.status, answer.header("connection")), (401, Some("close")));
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}

#[test]
fn a_body_that_nobody_reads_and_that_never_ends_is_not_waited_for() {
    let lot = impatient();
    for length in [100, 8 << 20] {
        let mut stream = lot.connect();
        let head = format!("POST /api/inventory HTTP/1.1\r\nhost: lot\r\ncontent-length: {length}\r\n\r\n{{");
        stream.write_all(head.as_bytes()).unwrap();
        let (bytes, waited) = until_closed(&mut stream);
        assert_eq!(Answer::parse(&bytes).status, 401);
        assert!(waited < SHORT * 10, "{waited:?}");
    }
}

#[test]
fn a_client_that_reads_nothing_of_its_answers_is_cut_off() {
    let lot = Lot::with(|config| config.connections.unread_timeout = SHORT);
    let mut stream = lot.connect();
    stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    stream.write_all("GET /openapi.json HTTP/1.1\r\nhost: lot\r\n\r\n".repeat(40).as_bytes()).unwrap();
    let is_cut = || {
        let sent = (&stream).write(b"G");
        sent.is_err_and(|reason| reason.kind() != std::io::ErrorKind::WouldBlock)
    };
    wait_until("the end of the connection", is_cut);
}

#[test]
fn a_header_that_is_too_long_is_refused() {
    let lot = Lot::open();
    let long = "x".repeat(40_000);
    let mut stream = lot.connect();
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: lot\r\nx-long: {long}\r\n\r\n").as_bytes()).unwrap();
    let (bytes, _) = until_closed(&mut stream);
    let answer = Answer::parse(&bytes);
    assert_eq!((answer.status, answer.problem().as_str()), (431, "malformed_request"));
    assert_eq!(lot.get(&format!("/healthz?{}", "x".repeat(8_000))).status, 200);
}

#[test]
fn what_is_no_request_is_answered_with_a_problem() {
    let lot = Lot::open();
    let many: String = (0..150).map(|number| format!("x-{number}: 1\r\n")).collect();
    for request in [
        "GET /healthz HTTP/9.9\r\nhost: lot\r\n\r\n",
        "G\0T /healthz HTTP/1.1\r\nhost: lot\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nhost: lot\r\ncontent-length: +2\r\n\r\n{}",
        "POST /healthz HTTP/1.1\r\nhost: lot\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        &format!("GET /healthz HTTP/1.1\r\nhost: lot\r\n{many}\r\n"),
    ] {
        let mut stream = lot.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let (bytes, _) = until_closed(&mut stream);
        let answer = Answer::parse(&bytes);
        assert_eq!(answer.problem(), "malformed_request", "{request}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{request}");
        assert_eq!(answer.header("connection"), Some("close"), "{request}");
    }
    // A request before it on the same connection has its answer.
    let mut stream = lot.connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: lot\r\n\r\n").unwrap();
    assert_eq!(next_answer(&mut stream).status, 200);
    stream.write_all(b"nonsense\r\n\r\n").unwrap();
    assert_eq!(Answer::parse(&until_closed(&mut stream).0).problem(), "malformed_request");
}

#[test]
fn no_more_connections_than_allowed_are_served_at_a_time() {
    let lot = Lot::with(|config| {
        config.connections.most = 2;
        config.connections.header_read_timeout = SHORT;
    });
    let silent: Vec<_> = (0..2).map(|_| lot.connect()).collect();
    let began = Instant::now();
    assert_eq!(lot.get("/healthz").status, 200, "it waits until a silent one is cut off");
    assert!(began.elapsed() > SHORT / 2, "{:?}", began.elapsed());
    drop(silent);
}

#[test]
fn silent_connections_make_room_for_those_who_ask_and_work_goes_on() {
    let (clock, held, inside) = holding_clock();
    let lot = Lot::with_clock(clock, |config| config.connections.most = 16);
    let mut busy = lot.connect();
    busy.write_all(offer_on_the_wire().as_bytes()).unwrap();
    wait_until("the request", || inside.load(Ordering::SeqCst));
    let mut silent: Vec<_> = (0..20).map(|_| lot.connect()).collect();
    // One of them has half a body to send, and one half a header.
    silent[0].write_all(b"POST /api/submissions HTTP/1.1\r\nhost: lot\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{").unwrap();
    silent[1].write_all(b"GET /healthz HTTP/1.1\r\nhost: l").unwrap();
    let began = Instant::now();
    assert_eq!(lot.get("/healthz").status, 200);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(until_closed(&mut silent[1]).1 < Duration::from_secs(4), "one that waited longest had to go");
    held.store(false, Ordering::SeqCst);
    assert_eq!(next_answer(&mut busy).status, 201, "a connection at work is not closed");
}

#[test]
fn one_client_may_not_have_all_connections() {
    let lot = Lot::with(|config| config.connections.most_of_one_client = 2);
    let mut held: Vec<_> = (0..2).map(|_| lot.connect()).collect();
    let mut answer = [0; 1024];
    for stream in &mut held {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: lot\r\n\r\n").unwrap();
        assert!(stream.read(&mut answer).unwrap() > 0);
    }
    assert!(until_closed(&mut lot.connect()).0.is_empty(), "closed at once, without an answer");
    drop(held);
    let is_answered = || {
        let mut stream = lot.connect();
        let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: lot\r\nconnection: close\r\n\r\n");
        asked.is_ok() && until_closed(&mut stream).0.starts_with(b"HTTP/1.1 200")
    };
    wait_until("room for a new connection", is_answered);
}

#[test]
fn a_burst_of_clients_is_answered_without_a_refusal() {
    // Nothing is refused for the number that waits. How long they wait depends on the machine.
    let lot = Lot::with(|config| {
        let patient = Duration::from_secs(20);
        (config.gate.target_wait, config.gate.longest_wait) = (patient, patient);
    });
    let answers: Vec<u16> = std::thread::scope(|threads| {
        let client = || threads.spawn(|| (0..5).map(|_| lot.get("/api/inventory?limit=20").status).collect::<Vec<_>>());
        let clients: Vec<_> = (0..64).map(|_| client()).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(answers, [200; 320]);
}

#[test]
fn a_client_that_goes_away_disturbs_nobody() {
    let lot = Lot::open();
    for _ in 0..50 {
        let mut stream = lot.connect();
        stream.write_all(b"POST /api/submissions HTTP/1.1\r\nhost: lot\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"ye").unwrap();
    }
    assert_eq!(lot.get("/readyz").status, 200);
}

/// As `nc -N` and shell scripts send a request.
#[test]
fn a_client_that_ends_its_side_behind_the_request_gets_its_answer() {
    let (clock, held, inside) = holding_clock();
    let lot = Lot::with_clock(clock, |_| {});
    std::thread::scope(|threads| {
        let asking = threads.spawn(|| {
            let mut stream = lot.connect();
            stream.write_all(offer_on_the_wire().as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            until_closed(&mut stream).0
        });
        wait_until("the work", || inside.load(Ordering::SeqCst));
        std::thread::sleep(SHORT);
        held.store(false, Ordering::SeqCst);
        assert_eq!(Answer::parse(&asking.join().unwrap()).status, 201);
    });
    // Half a request is none, and is not waited for.
    let whole = offer_on_the_wire();
    for half in ["GET /healthz HTTP/1.1\r\nhost: l", &whole[..whole.len() - 3]] {
        let mut stream = lot.connect();
        stream.write_all(half.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let (_, waited) = until_closed(&mut stream);
        assert!(waited < Duration::from_secs(2), "{waited:?}");
    }
}

/// A frame of HTTP/2: its type, its flags and what it holds, of the first stream.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Clients such as curl 7.88 pass over an answer whose stream is reset before they have sent their body.
#[test]
fn an_early_answer_over_http_2_is_not_followed_by_a_reset_while_the_client_sends() {
    const HEADERS: u8 = 1;
    const DATA: u8 = 0;
    const RST_STREAM: u8 = 3;
    let lot = Lot::open();
    let mut stream = lot.connect();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&frame(4, 0, 0, &[])).unwrap();
    // `:method: POST`, `:scheme: http`, `:path: /api/inventory`, `:authority: lot`, without compression.
    let mut head = vec![0x83, 0x86, 0x04, 14];
    head.extend_from_slice(b"/api/inventory");
    head.extend_from_slice(&[0x01, 3]);
    head.extend_from_slice(b"lot");
    stream.write_all(&frame(HEADERS, 4, 1, &head)).unwrap();
    stream.write_all(&frame(DATA, 0, 1, &[b' '; 1_000])).unwrap();
    let (mut seen, mut has_ended) = (Vec::new(), false);
    let next = |stream: &mut TcpStream| {
        let mut begun = [0; 9];
        stream.read_exact(&mut begun).unwrap();
        let mut payload = vec![0; u32::from_be_bytes([0, begun[0], begun[1], begun[2]]) as usize];
        stream.read_exact(&mut payload).unwrap();
        (begun[3], begun[4], begun[8])
    };
    while !has_ended {
        let (kind, flags, of) = next(&mut stream);
        seen.push(kind);
        has_ended = of == 1 && flags & 1 == 1 && [HEADERS, DATA].contains(&kind);
    }
    assert!(seen.contains(&HEADERS) && !seen.contains(&RST_STREAM), "{seen:?}");
    for part in 0..40 {
        stream.write_all(&frame(DATA, u8::from(part == 39), 1, &[b' '; 1_000])).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    // A ping is answered behind all that was done for the stream.
    stream.write_all(&frame(6, 0, 0, &[7; 8])).unwrap();
    loop {
        let (kind, flags, _) = next(&mut stream);
        assert_ne!(kind, RST_STREAM);
        if kind == 6 && flags & 1 == 1 {
            break;
        }
    }
}

#[test]
fn http_2_is_spoken_without_asking() {
    let lot = Lot::open();
    let mut stream = lot.connect();
    // The preface and an empty SETTINGS frame. A server answers with its own SETTINGS, type 4 on stream 0.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!((frame[3], &frame[5..]), (4, &[0; 4][..]));
}

fn offer_on_the_wire() -> String {
    let body = json!({"year": 2019, "make": "Toyota", "model": "Camry"}).to_string();
    let length = body.len();
    format!(
        "POST /api/submissions HTTP/1.1\r\nhost: lot\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn an_ending_server_finishes_what_it_has_begun_and_takes_nothing_new() {
    let (clock, held, inside) = holding_clock();
    let mut lot = Lot::with_clock(clock, |_config| {});
    let mut idle = lot.connect();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: lot\r\n\r\n").unwrap();
    let mut half = lot.connect();
    half.write_all(b"GET /healthz HTTP/1.1\r\nhost: l").unwrap();
    let mut stream = lot.connect();
    stream.write_all(offer_on_the_wire().as_bytes()).unwrap();
    wait_until("the request", || inside.load(Ordering::SeqCst));
    lot.tell_to_end();
    let address = lot.address;
    wait_until("a refusal of new connections", || TcpStream::connect(address).is_err());
    assert_eq!(Answer::parse(&until_closed(&mut idle).0).status, 200, "an idle connection is closed");
    let (answered, waited) = until_closed(&mut half);
    assert!(answered.is_empty() && waited < Duration::from_secs(5), "half a request is no request: {waited:?}");
    held.store(false, Ordering::SeqCst);
    assert_eq!(Answer::read(&mut stream).status, 201);
    assert_eq!(lot.wait_for_end(), Shutdown::Finished);
}

#[test]
fn an_ending_server_answers_what_comes_on_open_connections_and_says_that_they_end() {
    let mut lot = Lot::open();
    let mut stream = lot.connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: lot\r\n\r\n").unwrap();
    let mut first = [0; 4_096];
    let length = stream.read(&mut first).unwrap();
    assert_eq!(Answer::parse(&first[..length]).header("connection"), None);
    let address = lot.address;
    lot.tell_to_end();
    wait_until("a refusal of new connections", || TcpStream::connect(address).is_err());
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: lot\r\n\r\n").unwrap();
    let last = Answer::parse(&until_closed(&mut stream).0);
    assert_eq!((last.status, last.header("connection")), (200, Some("close")));
    assert_eq!(lot.wait_for_end(), Shutdown::Finished);
}

#[test]
fn an_ending_server_does_not_wait_for_ever() {
    let (clock, held, inside) = holding_clock();
    let lot = Lot::with_clock(clock, |config| config.drain = SHORT);
    let mut stream = lot.connect();
    stream.write_all(offer_on_the_wire().as_bytes()).unwrap();
    wait_until("the request", || inside.load(Ordering::SeqCst));
    let release = std::thread::spawn(move || {
        // The runtime of the test waits for its blocking threads. The server must have stopped waiting long before.
        std::thread::sleep(SHORT * 3);
        held.store(false, Ordering::SeqCst);
    });
    assert_eq!(lot.wait_for_end(), Shutdown::Cut(1));
    release.join().unwrap();
}

#[test]
fn a_connection_ends_with_its_life() {
    let lot = Lot::with(|config| config.connections.longest_life = SHORT);
    let mut stream = lot.connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: lot\r\n\r\n").unwrap();
    let (bytes, waited) = until_closed(&mut stream);
    assert_eq!(Answer::parse(&bytes).status, 200);
    assert!(waited < SHORT * 10, "{waited:?}");
}

#[cfg(unix)]
#[test]
fn sigterm_ends_a_blocking_server() {
    let dealership = jpauto::Dealership::open("sqlite::memory:").unwrap();
    let config = ServerConfig::new(([127, 0, 0, 1], 0).into());
    let ended = jpauto_http::serve_blocking(dealership, config, |address| {
        assert!(TcpStream::connect(address).is_ok());
        let id = std::process::id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    });
    assert_eq!(ended.unwrap(), Shutdown::Finished);
}
