//! The client of vPIC against a server on loopback that plays its answers, its errors and its bad days.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use rstest::rstest;
use serde_json::{Value, json};

use super::{BATCH, Vpic, VpicConfig, VpicDecode, VpicFinding, reading};
use crate::{
    ErrorKind, Vin,
    scrape::fetch::tests::{
        TestTime,
        server::{Reply, Server},
    },
};

const VIN: &str = "3VV3B7AXXNM077525";

fn now() -> DateTime<Utc> {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

fn vin(text: &str) -> Vin {
    Vin::parse(text).unwrap()
}

fn result(vin: &str) -> Value {
    json!({
        "VIN": vin, "Make": "VOLKSWAGEN", "Model": "Tiguan", "ModelYear": "2022", "Trim": "SE", "Series": "",
        "VehicleType": "MULTIPURPOSE PASSENGER VEHICLE (MPV) ", "DriveType": "Not Applicable", "EngineCylinders": "4",
        "DisplacementL": "2.0", "EngineHP": "184", "BasePrice": "26950.00", "Doors": "", "ErrorCode": "0", "SuggestedVIN": "",
    })
}

fn body(results: &[Value]) -> Value {
    json!({"Count": 134, "Message": "Results returned successfully.", "SearchCriteria": "", "Results": results})
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::new(status, &[("Content-Type", "application/json; charset=utf-8")], body.to_string())
}

/// Serves the answers in order, the last one again and again.
fn answering(replies: Vec<Reply>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| {
        let place = next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[place].clone()
    })
}

fn config(server: &Server) -> VpicConfig {
    VpicConfig { base_url: server.url("/api/"), allow_private_networks: true, ..VpicConfig::default() }
}

/// A client whose waits take no time.
fn client(config: VpicConfig) -> (Vpic, Arc<TestTime>) {
    let time = TestTime::new();
    (Vpic::with(config, Arc::clone(&time) as _).unwrap(), time)
}

#[test]
fn one_vin_is_asked_by_get_and_texts_become_what_they_mean() {
    let server = answering(vec![reply(200, &body(&[result(VIN)]))]);
    let found = client(config(&server)).0.decode(&[vin(VIN)], now()).unwrap();
    let seen = &server.seen()[0];
    assert_eq!((&*seen.method, &*seen.path), ("GET", "/api/vehicles/DecodeVinValues/3VV3B7AXXNM077525?format=json"));
    assert!(seen.header.contains("user-agent: jpauto/"), "{}", seen.header);
    let decode = &found[&vin(VIN)];
    assert_eq!(
        (decode.year, decode.make.as_deref(), decode.model.as_deref()),
        (Some(2022), Some("VOLKSWAGEN"), Some("Tiguan"))
    );
    assert_eq!((decode.cylinders, decode.displacement_liters, decode.horsepower), (Some(4), Some(2.0), Some(184.0)));
    assert_eq!(
        decode.vehicle_type.as_deref(),
        Some("MULTIPURPOSE PASSENGER VEHICLE (MPV)"),
        "the space behind is gone"
    );
    assert_eq!((decode.drive_type.as_deref(), decode.series.as_deref(), decode.doors), (None, None, None));
    assert_eq!(decode.base_price.map(|price| price.cents()), Some(2_695_000));
    assert!(decode.findings.is_empty() && decode.names_the_model() && decode.answered_at == now());
    let kept: VpicDecode = serde_json::from_value(serde_json::to_value(decode).unwrap()).unwrap();
    assert_eq!(&kept, decode, "it is kept as it is");
}

#[test]
fn several_are_asked_together_and_matched_by_name() {
    let vins: Vec<Vin> = (0..BATCH).map(|number| vin(&format!("3VV3B7AXXNM0{number:05}"))).collect();
    // In another order, one missing, one that nobody asked for, one named in lower case.
    let mut results: Vec<_> = vins[1..].iter().rev().map(|vin| result(&vin.as_str().to_lowercase())).collect();
    results.push(result("WBA3A5C51CF256987"));
    let server = answering(vec![reply(200, &body(&results))]);
    let found = client(config(&server)).0.decode(&vins, now()).unwrap();
    assert!(found.len() == BATCH - 1 && !found.contains_key(&vins[0]) && found.contains_key(&vins[49]));
    let seen = &server.seen()[0];
    assert_eq!((&*seen.method, &*seen.path), ("POST", "/api/vehicles/DecodeVINValuesBatch/"));
    assert!(seen.header.contains("content-type: application/x-www-form-urlencoded"), "{}", seen.header);
    assert!(seen.body.starts_with("format=json&DATA=3VV3B7AXXNM000000%3B3VV3B7AXXNM000001%3B"), "{}", seen.body);
}

#[test]
fn no_vin_is_no_call() {
    let server = answering(vec![Reply::status(500)]);
    assert!(client(config(&server)).0.decode(&[], now()).unwrap().is_empty());
    assert!(server.seen().is_empty());
}

#[test]
fn each_documented_finding_has_a_word_of_its_own() {
    let documented = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 14, 400];
    let words: std::collections::HashSet<_> = documented.map(|number| VpicFinding(number).code()).into();
    let meanings: std::collections::HashSet<_> = documented.map(|number| VpicFinding(number).meaning()).into();
    assert_eq!((words.len(), meanings.len()), (documented.len(), documented.len()));
    assert_eq!(VpicFinding(999).code(), "vpic_other");
}

#[test]
fn findings_are_read_from_the_list_and_a_bare_answer_belongs_to_the_one_question() {
    for (list, expected) in
        [("0", &[][..]), ("1", &[1]), ("5,6,14", &[5, 6, 14]), ("1, 7, 400", &[1, 7, 400]), ("", &[]), ("?", &[])]
    {
        let answer = body(&[json!({"ErrorCode": list, "SuggestedVIN": "3VV3B7AX!NM077525"})]).to_string();
        let found = reading::read(answer.as_bytes(), &[vin(VIN)], now()).unwrap();
        let numbers: Vec<_> = found[&vin(VIN)].findings.iter().map(|finding| finding.0).collect();
        assert_eq!(numbers, expected, "{list}");
        assert_eq!(found[&vin(VIN)].suggested_vin.as_deref(), Some("3VV3B7AX!NM077525"));
    }
}

#[test]
fn strange_values_are_taken_for_unknown() {
    let mut strange = result(VIN);
    for (field, value) in [
        ("ModelYear", json!("MMXXII")),
        ("Make", json!(null)),
        ("Model", json!(["Tiguan"])),
        ("EngineHP", json!("NaN")),
        ("EngineCylinders", json!("-4")),
        ("BasePrice", json!("1e99")),
        ("Doors", json!(4)),
        ("Trim", json!("x".repeat(100_000))),
        ("Series", json!("a\u{1b}[2Jb")),
    ] {
        strange[field] = value;
    }
    let found = reading::read(body(&[strange]).to_string().as_bytes(), &[vin(VIN)], now()).unwrap();
    let decode = &found[&vin(VIN)];
    assert_eq!((decode.year, &decode.make, &decode.model), (None, &None, &None));
    assert_eq!((decode.horsepower, decode.cylinders, decode.base_price, decode.doors), (None, None, None, Some(4)));
    assert_eq!(decode.trim.as_ref().map(String::len), Some(200));
    assert_eq!(decode.series.as_deref(), Some("a [2Jb"));
}

#[rstest]
#[case::no_json("<html>Service Unavailable</html>", "it is no JSON")]
#[case::cut(r#"{"Count":1,"Results":[{"VIN":"3VV3B7"#, "it is no JSON")]
#[case::no_results(r#"{"Message":"hello"}"#, "it has no Results")]
#[case::no_list(r#"{"Results":{"VIN":"3VV3B7AXXNM077525"}}"#, "Results is no list")]
#[case::no_object(r#"{"Results":[7]}"#, "Results/0 is no object")]
#[case::variables(r#"{"Results":[{"Variable":"Make","Value":"BMW"}]}"#, "it lists variables")]
#[case::another(r#"{"Results":[{"VIN":"WBA3A5C51CF256987"}]}"#, "it is about no VIN that was asked for")]
#[case::empty(r#"{"Count":1,"Results":[]}"#, "it is about no VIN that was asked for")]
fn a_body_that_can_not_be_read_says_what_is_wrong_with_it(#[case] text: &str, #[case] reason: &str) {
    let server = answering(vec![Reply::new(200, &[("Content-Type", "application/json")], text)]);
    let error = client(config(&server)).0.decode(&[vin(VIN)], now()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "vpic_unreadable"));
    assert!(error.to_string().contains(reason), "{error}");
    assert_eq!(server.seen().len(), 1, "what can not be read now can not be read again");
}

#[test]
fn a_text_that_would_be_shown_otherwise_than_it_is_loses_what_does_so() {
    let mut strange = result(VIN);
    strange["Model"] = json!("Tiguan\u{202e}naugiT\u{2066}\u{200b}");
    strange["Trim"] = json!("\u{202e}");
    let found = reading::read(body(&[strange]).to_string().as_bytes(), &[vin(VIN)], now()).unwrap();
    let decode = &found[&vin(VIN)];
    assert_eq!((decode.model.as_deref(), decode.trim.as_deref()), (Some("Tiguan naugiT"), None));
}

#[test]
fn who_asks_too_often_is_held_off_for_all() {
    let server = answering(vec![Reply::new(429, &[("Retry-After", "600")], "")]);
    let (vpic, _) = client(config(&server));
    for _ in 0..2 {
        let error = vpic.decode(&[vin(VIN)], now()).unwrap_err();
        assert_eq!(error.code(), "vpic_rate_limited");
        assert!(error.retry_after() > Some(Duration::from_secs(590)));
    }
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_body_nested_without_end_is_an_error() {
    let text = format!("{}{}", "{\"Results\":[".repeat(50_000), "]}".repeat(50_000));
    assert!(reading::read(text.as_bytes(), &[vin(VIN)], now()).unwrap_err().contains("it is no JSON"));
}

#[rstest]
#[case(400, "vpic_refused", 1)]
#[case(403, "vpic_forbidden", 1)]
#[case(404, "vpic_refused", 1)]
#[case(302, "vpic_refused", 1)]
#[case(429, "vpic_rate_limited", 2)]
#[case(500, "vpic_unavailable", 2)]
#[case(503, "vpic_unavailable", 2)]
#[case(501, "vpic_unavailable", 1)]
fn a_status_is_an_error_and_asked_once_more_where_that_may_help(
    #[case] status: u16,
    #[case] code: &str,
    #[case] calls: usize,
) {
    let server = answering(vec![Reply::status(status)]);
    let error = client(config(&server)).0.decode(&[vin(VIN)], now()).unwrap_err();
    let kind = if status == 429 { ErrorKind::RateLimited } else { ErrorKind::Unavailable };
    assert_eq!((error.kind(), error.code()), (kind, code));
    assert_eq!(server.seen().len(), calls);
}

#[test]
fn a_failure_that_passes_is_not_noticed_and_retry_after_is_waited_for_within_reason() {
    let server = answering(vec![Reply::new(503, &[("Retry-After", "7")], ""), reply(200, &body(&[result(VIN)]))]);
    let (vpic, time) = client(config(&server));
    let began = super::Timing::now(&*time);
    assert_eq!(vpic.decode(&[vin(VIN)], now()).unwrap().len(), 1);
    assert!(super::Timing::now(&*time) - began >= Duration::from_secs(7));

    let server = answering(vec![Reply::new(429, &[("Retry-After", "600")], "")]);
    let error = client(config(&server)).0.decode(&[vin(VIN)], now()).unwrap_err();
    assert_eq!(
        (error.code(), error.retry_after(), server.seen().len()),
        ("vpic_rate_limited", Some(Duration::from_secs(600)), 1)
    );
}

#[test]
fn slow_cut_and_huge_answers_end_in_time_and_within_their_limit() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
    let short = |server: &Server| VpicConfig {
        call_timeout: Duration::from_millis(200),
        max_body_bytes: 64 * 1024,
        ..config(server)
    };
    let huge = vec![b' '; 200 * 1024];
    for (answer, code) in [
        (Reply::raw(head).then(Duration::from_secs(3), "{}"), "vpic_timeout"),
        (Reply::raw(format!("{head}{{\"Results\"")), "vpic_unreachable"),
        (Reply::new(200, &[("Content-Type", "application/json")], &huge), "vpic_too_large"),
        (Reply::raw("not HTTP at all\r\n\r\n"), "vpic_unreachable"),
    ] {
        let server = answering(vec![answer]);
        let began = Instant::now();
        let error = client(short(&server)).0.decode(&[vin(VIN)], now()).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(began.elapsed() < Duration::from_secs(3), "{code} took {:?}", began.elapsed());
    }
}

#[test]
fn addresses_of_our_own_network_and_without_tls_are_refused() {
    for address in
        ["http://vpic.nhtsa.dot.gov/api", "https://127.0.0.1/api", "https://[::1]/api", "file:///etc/passwd", "vpic"]
    {
        let config = VpicConfig { base_url: address.to_owned(), ..VpicConfig::default() };
        let error = Vpic::new(config).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Misconfigured, "invalid_vpic_address"), "{address}");
    }
    assert!(Vpic::new(VpicConfig::default()).is_ok());
}

#[test]
fn calls_keep_their_pace() {
    let server = answering(vec![reply(200, &body(&[result(VIN)]))]);
    let (vpic, time) = client(config(&server));
    let began = super::Timing::now(&*time);
    for _ in 0..11 {
        vpic.decode(&[vin(VIN)], now()).unwrap();
    }
    assert!(super::Timing::now(&*time) - began >= Duration::from_secs(2), "ten gaps of a fifth of a second");
}

#[test]
fn the_known_bodies_of_the_service_are_read() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/samples");
    let folder = std::env::var("JPAUTO_SAMPLES").unwrap_or_else(|_not_set| beside.to_owned());
    let folder = Path::new(&folder).join("vpic");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no sample bodies at {}; JPAUTO_SAMPLES says where they are", folder.display());
        return;
    };
    let mut read = 0;
    for file in files {
        let path = file.unwrap().path();
        let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        // Some are recorded with the request around them.
        let body = document.get("content").unwrap_or(&document);
        let results = body["Results"].as_array().unwrap();
        let name = path.display();
        if results.iter().any(|result| result.get("Variable").is_some() || result.get("ManufacturerName").is_some()) {
            // Answers to other questions name no model.
            let other = reading::read(body.to_string().as_bytes(), &[vin(VIN)], now());
            assert!(other.is_err() || !other.unwrap()[&vin(VIN)].names_the_model(), "{name}");
            read += 1;
            continue;
        }
        for result in results {
            // A partial VIN is answered under its own name: it is asked for here as if it were whole.
            let mut result = result.clone();
            result["VIN"] = json!(VIN);
            let one = super::tests::body(&[result.clone()]).to_string();
            let found = reading::read(one.as_bytes(), &[vin(VIN)], now()).unwrap();
            let decode = &found[&vin(VIN)];
            let text = |name: &str| result.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            assert_eq!(decode.make.as_deref(), text("Make"), "{name}");
            assert_eq!(decode.model.as_deref(), text("Model"), "{name}");
            assert_eq!(decode.year.map(|year| year.to_string()).as_deref(), text("ModelYear"), "{name}");
            let codes = decode.findings.iter().map(|finding| finding.0.to_string()).collect::<Vec<_>>().join(",");
            assert_eq!(if codes.is_empty() { "0" } else { &codes }, text("ErrorCode").unwrap(), "{name}");
            assert!(decode.findings.iter().all(|finding| finding.code() != "vpic_other"), "{name}");
            read += 1;
        }
    }
    assert!(read >= 10, "{read} results");
}
