//! What is not about a noun: health, unknown paths, methods, sign-in, headers, and faults of the server.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jpauto::{Clock, Dealership, Role};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, Lot, holding_clock, wait_until};

#[test]
fn health_and_readiness_answer() {
    let lot = Lot::open();
    for (path, expected) in
        [("/healthz", json!({"status": "ok"})), ("/readyz", json!({"status": "ready", "standby": null}))]
    {
        let answer = lot.get(path);
        assert_eq!((answer.status, answer.json()), (200, expected));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn an_outdated_database_is_not_ready_and_serves_nothing_until_it_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.db");
    let mut other_program = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    other_program.batch_execute("CREATE TABLE notes (text TEXT)").unwrap();
    let dealership = Dealership::open(format!("sqlite:{}", file.display())).unwrap();
    let lot = Lot::serve(dealership, folder, |_config| {});
    assert_eq!(lot.get("/healthz").status, 200);
    let readiness = lot.get("/readyz");
    assert_eq!((readiness.status, readiness.problem().as_str()), (503, "database_outdated"));
    assert!(readiness.header("retry-after").is_some());
    assert_eq!(lot.get("/api/inventory").status, 503);
    lot.dealership.migrate().unwrap();
    assert_eq!(lot.get("/readyz").status, 200);
    assert_eq!(lot.get("/api/inventory").status, 200);
}

#[test]
fn paths_and_methods_that_do_not_exist_are_problems() {
    let lot = Lot::open();
    for (method, path, status, code, allow) in [
        ("GET", "/", 404, "not_found", None),
        ("GET", "/api/inventory/no-id", 404, "not_found", None),
        ("GET", "/api/inventory/01890a5d-ac96-774b-bcce-b302099a8057", 404, "vehicle_not_found", None),
        ("GET", "/api/../etc/passwd", 404, "not_found", None),
        ("GET", "/api/inventory%2fx", 404, "not_found", None),
        ("PUT", "/api/inventory", 405, "method_not_allowed", Some("GET, HEAD, OPTIONS, POST")),
        ("DELETE", "/api/submissions", 405, "method_not_allowed", Some("GET, HEAD, OPTIONS, POST")),
        ("POST", "/healthz", 405, "method_not_allowed", Some("GET, HEAD, OPTIONS")),
        ("BREW", "/readyz", 405, "method_not_allowed", Some("GET, HEAD, OPTIONS")),
        ("GET", "/api/submissions", 401, "not_signed_in", None),
        ("POST", "/api/inventory", 401, "not_signed_in", None),
        ("GET", "/api/users", 401, "not_signed_in", None),
        ("POST", "/api/submissions/1/approve", 401, "not_signed_in", None),
        ("PUT", "/api/inventory/statistics", 405, "method_not_allowed", Some("GET, HEAD, OPTIONS")),
        ("GET", "/api/nothing", 404, "not_found", None),
        ("GET", "/api/tokens", 401, "not_signed_in", None),
        ("POST", "/api/tokens", 401, "not_signed_in", None),
        ("GET", "/api/tokens/1", 401, "not_signed_in", None),
    ] {
        let answer = lot.ask(method, path, &[], b"");
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{method} {path}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{method} {path}");
    }
    let options = lot.ask("OPTIONS", "/api/submissions", &[], b"");
    assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, OPTIONS, POST")));
}

#[test]
fn a_request_that_is_not_for_a_server_is_refused_and_breaks_nothing() {
    let lot = Lot::open();
    for (head, status) in [
        ("CONNECT lot:80 HTTP/1.1\r\nhost: lot\r\n", 400),
        ("GET /healthz HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: lot\r\nhost: other\r\n", 400),
        ("GET /healthz HTTP/1.0\r\n", 200),
        ("GET http://lot/healthz HTTP/1.1\r\nhost: lot\r\n", 200),
        ("OPTIONS * HTTP/1.1\r\nhost: lot\r\n", 404),
    ] {
        let mut stream = lot.connect();
        stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).unwrap();
        let answer = Answer::read(&mut stream);
        assert_eq!(answer.status, status, "{head}");
        if status == 400 {
            assert_eq!(answer.problem(), "malformed_request");
        }
    }
}

#[test]
fn a_client_that_wants_nothing_plain_is_answered_and_what_it_sent_is_done() {
    let lot = Lot::open();
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry"}).to_string();
    for refusal in ["*;q=0", "identity;q=0", "gzip;q=0, *;q=0"] {
        assert_eq!(lot.ask("GET", "/api/inventory", &[("accept-encoding", refusal)], b"").status, 200, "{refusal}");
        let headers = [("accept-encoding", refusal), ("content-type", "application/json")];
        assert_eq!(lot.ask("POST", "/api/submissions", &headers, offer.as_bytes()).status, 201, "{refusal}");
    }
    for (accept, encoding) in [("gzip", Some("gzip")), ("gzip, br", Some("br")), ("identity", None)] {
        for path in ["/openapi.json", "/docs"] {
            let answer = lot.ask("GET", path, &[("accept-encoding", accept)], b"");
            assert_eq!((answer.status, answer.header("content-encoding")), (200, encoding), "{path} {accept}");
            assert_eq!(answer.header("content-length").unwrap(), answer.body.len().to_string(), "{path} {accept}");
        }
    }
}

#[test]
fn the_public_learns_nothing_of_the_configuration() {
    let lot = Lot::open();
    let answer = lot.get("/api/storage/photos/ab/cd.jpg");
    assert_eq!((answer.status, answer.problem().as_str()), (409, "not_configured"));
    let told = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(!told.contains("storage."), "{told}");
}

#[test]
fn every_answer_has_its_id_and_may_not_be_sniffed() {
    let lot = Lot::open();
    for path in ["/healthz", "/api/inventory", "/nowhere", "/api/users"] {
        let answer = lot.ask("GET", path, &[("x-request-id", "mine-1")], b"");
        assert_eq!(answer.header("x-request-id"), Some("mine-1"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let forged = lot.ask("GET", path, &[("x-request-id", "a b\u{7f}")], b"");
        assert!(forged.status == 400 || forged.header("x-request-id").is_some_and(|id| id.len() == 36), "{forged:?}");
    }
}

#[test]
fn a_panic_is_a_500_that_says_nothing_and_costs_no_worker() {
    let breaks = Arc::new(AtomicBool::new(true));
    let clock = Clock::from_fn({
        let breaks = Arc::clone(&breaks);
        move || {
            assert!(!breaks.load(Ordering::SeqCst), "the secret of the inside");
            chrono::Utc::now()
        }
    });
    let lot = Lot::with_clock(clock, |config| {
        config.gate.workers = 1;
        config.gate.queue = 0;
    });
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry"});
    for _ in 0..3 {
        let answer = lot.post("/api/submissions", &offer);
        assert_eq!((answer.status, answer.problem().as_str()), (500, "internal_error"));
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    }
    breaks.store(false, Ordering::SeqCst);
    assert_eq!(lot.post("/api/submissions", &offer).status, 201);
}

#[test]
fn more_than_the_gate_lets_in_is_refused_at_once_and_health_stays() {
    let (clock, held, inside) = holding_clock();
    let lot = Lot::with_clock(clock, |config| {
        (config.gate.workers, config.gate.spare) = (1, 0);
        config.gate.queue = 0;
        config.gate.deadline = Duration::from_millis(600);
    });
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry"});
    std::thread::scope(|threads| {
        let slow = threads.spawn(|| lot.post("/api/submissions", &offer));
        wait_until("the first request", || inside.load(Ordering::SeqCst));
        let refused = lot.get("/api/inventory");
        assert_eq!((refused.status, refused.problem().as_str()), (503, "overloaded"));
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(lot.get("/readyz").status, 200);
        assert_eq!(lot.get("/healthz").status, 200);
        let overdue = slow.join().unwrap();
        assert_eq!((overdue.status, overdue.problem().as_str()), (504, "deadline_passed"));
    });
    assert_eq!(lot.get("/api/inventory").status, 503, "the work still holds its worker");
    held.store(false, Ordering::SeqCst);
    wait_until("a free worker", || lot.get("/api/inventory").status == 200);
}

#[test]
fn offers_are_taken_while_visitors_keep_every_other_worker() {
    let (clock, held, inside) = holding_clock();
    let lot = Lot::with_clock(clock, |config| {
        (config.gate.workers, config.gate.spare) = (3, 0);
        config.gate.longest_wait = Duration::from_millis(50);
    });
    // Writes with a token occupy the shared worker here, and the one of their own.
    held.store(false, Ordering::SeqCst);
    let token = lot.authorization(Role::Viewer);
    let with_token = [("content-type", "application/json"), ("authorization", token.as_str())];
    held.store(true, Ordering::SeqCst);
    inside.store(false, Ordering::SeqCst);
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry"});
    let body = offer.to_string();
    std::thread::scope(|threads| {
        let write = || threads.spawn(|| lot.ask("POST", "/api/submissions", &with_token, body.as_bytes()).status);
        let writes = [write(), write()];
        wait_until("the first write", || inside.load(Ordering::SeqCst));
        wait_until("no worker for readers", || lot.get("/api/inventory").status == 503);
        let offer = threads.spawn(|| lot.post("/api/submissions", &offer).status);
        std::thread::sleep(Duration::from_millis(200));
        held.store(false, Ordering::SeqCst);
        assert_eq!(offer.join().unwrap(), 201);
        assert!(writes.into_iter().all(|write| write.join().unwrap() < 500));
    });
    assert_eq!(lot.get("/api/inventory").status, 200);
}

fn preflight(lot: &Lot, origin: &str, path: &str) -> Answer {
    let headers = [("origin", origin), ("access-control-request-method", "POST")];
    lot.ask("OPTIONS", path, &headers, b"")
}

#[test]
fn only_pages_of_allowed_origins_may_use_the_api() {
    const OFFERS: &str = "/api/submissions";
    let (console, evil) = ("https://console.example", "https://evil.example");
    let closed = Lot::open();
    assert_eq!(preflight(&closed, console, OFFERS).header("access-control-allow-origin"), None);
    assert_eq!(closed.get("/api/inventory").header("vary"), Some("accept-encoding"));
    let lot = Lot::with(|config| config.allowed_origins.push(console.parse().unwrap()));
    let asked = preflight(&lot, console, OFFERS);
    for (name, value) in [
        ("access-control-allow-origin", Some(console)),
        ("access-control-allow-credentials", Some("true")),
        ("access-control-allow-methods", Some("GET, HEAD, OPTIONS, POST")),
        ("allow", Some("GET, HEAD, OPTIONS, POST")),
        ("access-control-max-age", Some("600")),
    ] {
        assert_eq!(asked.header(name), value, "{name}");
    }
    assert!(asked.status == 204 && asked.header("x-request-id").is_some(), "{asked:?}");
    let sent = asked.header("access-control-allow-headers").unwrap();
    assert!(["idempotency-key", "photo-token", "x-request-id"].iter().all(|name| sent.contains(name)), "{sent}");
    let missing = preflight(&lot, console, "/api/nothing");
    assert_eq!((missing.status, missing.header("access-control-allow-methods")), (404, None));
    let foreign = preflight(&lot, evil, OFFERS);
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (204, None));
    assert_eq!(foreign.header("access-control-allow-methods"), None);
    let read = |origin, path: &str| lot.ask("GET", path, &[("origin", origin)], b"");
    for path in ["/api/inventory", "/api/users", "/api/nothing"] {
        let answer = read(console, path);
        assert_eq!(answer.header("access-control-allow-origin"), Some(console), "{path}");
        let shown = answer.header("access-control-expose-headers").unwrap();
        assert!(["idempotency-replayed", "etag", "link"].iter().all(|name| shown.contains(name)), "{shown}");
        assert_eq!(read(evil, path).header("access-control-allow-origin"), None, "{path}");
        let differs = |name: &str, value: &str| name == "vary" && value == "origin";
        assert!(read(evil, path).headers.iter().any(|(name, value)| differs(name, value)), "{path}");
    }
}

#[test]
fn a_write_that_another_website_sent_with_a_cookie_is_refused() {
    let lot = Lot::open();
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry"}).to_string();
    for (origin, cookie, status) in [
        ("https://evil.example", Some("session=1"), 403),
        ("http://lot", Some("session=1"), 201),
        ("https://evil.example", None, 201),
    ] {
        let mut headers = vec![("content-type", "application/json"), ("origin", origin)];
        headers.extend(cookie.map(|cookie| ("cookie", cookie)));
        let answer = lot.ask("POST", "/api/submissions", &headers, offer.as_bytes());
        assert_eq!(answer.status, status, "{origin} {cookie:?}");
        if status == 403 {
            assert_eq!(answer.problem(), "cross_site_request");
        }
    }
}

#[test]
fn an_answer_opened_as_a_page_does_nothing() {
    let lot = Lot::open();
    for path in ["/api/inventory", "/nowhere"] {
        let answer = lot.get(path);
        assert_eq!(
            answer.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
    }
}

#[test]
fn the_documentation_may_use_its_own_style_and_nothing_else() {
    let lot = Lot::open();
    let page = lot.get("/docs");
    let text = String::from_utf8(page.body.clone()).unwrap();
    let (_, style) = text.split_once("<style>").unwrap();
    let (style, rest) = style.split_once("</style>").unwrap();
    assert!(!rest.contains("<style") && !rest.contains("style=") && !text.contains("<script"));
    let hash = BASE64.encode(Sha256::digest(style));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with(&format!("default-src 'none'; style-src 'sha256-{hash}';")), "{policy}");
}

#[test]
fn a_server_that_can_not_start_says_why() {
    let lot = Lot::open();
    let taken = jpauto_http::ServerConfig::new(lot.address);
    let reason = jpauto_http::serve_blocking(lot.dealership.clone(), taken, |_address| {}).unwrap_err();
    assert!(matches!(reason, jpauto_http::StartError::Bind { address, .. } if address == lot.address));
    assert!(reason.to_string().starts_with(&format!("cannot listen on {}: ", lot.address)), "{reason}");
}
