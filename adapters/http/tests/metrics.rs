//! `GET /metrics` on its own address.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpListener, TcpStream},
};

use serde_json::json;

use crate::support::{Answer, Lot};

/// A port that was free a moment ago.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn ask(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("{request} HTTP/1.1\r\nhost: lot\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    Answer::read(&mut stream)
}

#[test]
fn what_is_answered_is_counted_by_the_pattern_of_its_path() {
    let address = free_address();
    let lot = Lot::with(|config| config.metrics_address = Some(address));
    assert_eq!(lot.post("/api/submissions", &json!({"year": 2019, "make": "Toyota", "model": "Camry"})).status, 201);
    for id in ["01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"] {
        assert_eq!(lot.get(&format!("/api/inventory/{id}")).status, 404);
    }
    assert_eq!(lot.get("/wp-login.php").status, 404);
    assert_eq!(lot.ask("BREW", "/healthz", &[], b"").status, 405);
    let answer = ask(address, "GET /metrics");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4")));
    let text = String::from_utf8(answer.body).unwrap();
    for line in [
        "# TYPE jpauto_http_requests_total counter",
        r#"jpauto_http_requests_total{method="POST",route="/api/submissions",status="201"} 1"#,
        r#"jpauto_http_requests_total{method="GET",route="/api/inventory/{id}",status="404"} 2"#,
        r#"jpauto_http_requests_total{method="GET",route="none",status="404"} 1"#,
        r#"jpauto_http_requests_total{method="other",route="/healthz",status="405"} 1"#,
        r#"jpauto_http_request_duration_seconds_count{method="GET",route="/api/inventory/{id}"} 2"#,
        "jpauto_gate_running 0",
        "jpauto_gate_workers 14",
        r#"jpauto_gate_waiting{lane="offers"} 0"#,
        r#"jpauto_gate_refused_total{lane="reads"} 0"#,
        r#"jpauto_database_connections{state="most"} 8"#,
        r#"jpauto_runs{state="running"} 0"#,
        r#"jpauto_runs{state="most"} 4"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(!text.contains("01890a5d") && !text.contains("wp-login"), "{text}");
    assert_eq!(ask(address, "GET /api/inventory").status, 404);
    assert_eq!(ask(address, "POST /metrics").status, 405);
}

#[test]
fn the_public_address_has_no_metrics() {
    let address = free_address();
    let lot = Lot::with(|config| config.metrics_address = Some(address));
    assert_eq!(lot.get("/metrics").status, 404);
    drop(lot);
    assert!(TcpStream::connect(address).is_err(), "it ends with the server");
}
