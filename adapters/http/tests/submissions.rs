//! `POST /api/submissions`.

use std::io::Write as _;

use jpauto::{ActivityFilter, PageRequest, SubmissionFilter};
use serde_json::json;

use crate::support::{Answer, Lot};

const MIB: usize = 1 << 20;

fn offer() -> serde_json::Value {
    json!({
        "year": 2019, "make": "Toyota", "model": "Camry", "vin": "4T1B11HK5KU211111",
        "mileage": 61_000, "asking_price": "13500.00",
        "customer_name": "Ada Nobody", "customer_email": "ada@example.com",
    })
}

fn count(lot: &Lot) -> usize {
    lot.staff().submissions().list(&SubmissionFilter::default(), &PageRequest::default()).unwrap().items.len()
}

#[test]
fn an_offer_is_taken_in_and_answered_with_a_receipt() {
    let lot = Lot::open();
    let answer = lot.ask(
        "POST",
        "/api/submissions",
        &[("content-type", "application/json; charset=utf-8"), ("user-agent", "a browser")],
        offer().to_string().as_bytes(),
    );
    assert_eq!(answer.status, 201);
    let receipt = answer.json();
    let id = receipt["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/api/submissions/{id}").as_str()));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let shape = json!({
        "id": id,
        "submission_status": "pending",
        "submitted_at": receipt["submitted_at"],
        "warnings": [{"code": "vin_check_digit", "expected": "9", "found": "5"}],
        "photos": null,
    });
    assert_eq!(receipt, shape);
    assert!(receipt["submitted_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{receipt}");
    let stored = lot.staff().submissions().get(id.parse().unwrap()).unwrap();
    assert_eq!(stored.customer_name.as_deref(), Some("Ada Nobody"));
    let entries = lot.staff().activity().list(&ActivityFilter::default(), &PageRequest::default()).unwrap().items;
    assert_eq!(entries[0].ip_address.as_deref(), Some("127.0.0.1"));
    assert_eq!(entries[0].user_agent.as_deref(), Some("a browser"));
    assert_eq!(lot.get(&format!("/api/submissions/{id}")).status, 401, "the receipt's address is for staff");
}

#[test]
fn what_to_look_at_twice_stands_in_the_receipt() {
    let lot = Lot::open();
    for (changes, warning) in [
        (json!({"year": 1957, "vin": "VC57L123456"}), json!({"code": "chassis_number"})),
        (
            json!({"vin": null, "asking_price": "0.01"}),
            json!({
                "code": "price_out_of_range", "field": "asking_price", "price": "0.01", "lowest": "200.00",
                "highest": "500000.00",
            }),
        ),
    ] {
        let mut offer = offer();
        offer.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let json = [("content-type", "application/json")];
        let answer = lot.ask("POST", "/api/submissions", &json, offer.to_string().as_bytes());
        assert_eq!((answer.status, &answer.json()["warnings"]), (201, &json!([warning])));
    }
}

#[test]
fn bad_fields_are_named_and_nothing_is_kept() {
    let lot = Lot::open();
    for (field, value, code) in [
        ("vin", json!("4T1B11HK5KU21111"), "invalid_submission"),
        ("mileage", json!(-1), "invalid_submission"),
        ("asking_price", json!("100000000.00"), "invalid_submission"),
        ("asking_price", json!(100_000_000), "invalid_submission"),
        ("year", json!(1850), "invalid_submission"),
        ("make", json!(""), "invalid_submission"),
        ("customer_email", json!("nobody"), "invalid_submission"),
        ("colour", json!("red"), "invalid_body"),
        ("submission_status", json!("approved"), "invalid_body"),
        ("reviewed_by", json!(null), "invalid_body"),
        ("id", json!("01890a5d-ac96-774b-bcce-b302099a8057"), "invalid_body"),
        ("mileage", json!("many"), "invalid_body"),
    ] {
        let mut body = offer();
        body[field] = value.clone();
        let answer = lot.post("/api/submissions", &body);
        assert_eq!((answer.status, answer.problem().as_str()), (422, code), "{field} {value}");
        assert_eq!(answer.pointers(), [format!("/{field}")], "{value}");
    }
    let missing = lot.post("/api/submissions", &json!({}));
    assert_eq!((missing.status, missing.pointers()), (422, vec!["/year".into(), "/make".into(), "/model".into()]));
    assert_eq!(count(&lot), 0);
}

#[test]
fn a_problem_has_the_shape_of_rfc_9457() {
    let lot = Lot::open();
    let mut body = offer();
    body["vin"] = json!("4T1B11HK5KU21111");
    let headers = [("content-type", "application/json"), ("x-request-id", "test-1")];
    let answer = lot.ask("POST", "/api/submissions", &headers, body.to_string().as_bytes());
    insta::assert_json_snapshot!(answer.json(), @r#"
    {
      "code": "invalid_submission",
      "detail": "vin: a VIN has 17 characters, and this has 16",
      "errors": [
        {
          "message": "a VIN has 17 characters, and this has 16",
          "pointer": "/vin"
        }
      ],
      "instance": "test-1",
      "status": 422,
      "title": "Some fields of the submission are not acceptable.",
      "type": "https://jpauto.example/errors/invalid_submission"
    }
    "#);
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let lot = Lot::open();
    let json = [("content-type", "application/json")];
    let ask = |headers: &[(&str, &str)], body: &[u8]| {
        let answer = lot.ask("POST", "/api/submissions", headers, body);
        (answer.status, answer.problem())
    };
    for broken in
        [&b"{\"year\": 2019"[..], b"year=2019", b"{}{}", b"\xff\xfe{\0}\0", b"{\"make\": \"\xff\"}", b"{'a': 1}"]
    {
        assert_eq!(ask(&json, broken), (400, "malformed_json".into()), "{}", String::from_utf8_lossy(broken));
    }
    assert_eq!(ask(&json, b""), (400, "malformed_json".into()));
    let body = offer().to_string();
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/jsonp")],
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
    ] {
        assert_eq!(ask(headers, body.as_bytes()), (415, "unsupported_media_type".into()), "{headers:?}");
    }
    assert_eq!(count(&lot), 0);
}

#[test]
fn twenty_mebibytes_are_refused_with_a_length_and_in_chunks() {
    let lot = Lot::open();
    let mut large = offer();
    large["additional_notes"] = json!("x".repeat(20 * MIB));
    let answer = lot.post("/api/submissions", &large);
    assert_eq!((answer.status, answer.problem().as_str()), (413, "body_too_large"));

    let mut stream = lot.connect();
    let head = "POST /api/submissions HTTP/1.1\r\nhost: lot\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let text = large.to_string();
    for chunk in text.as_bytes().chunks(MIB) {
        stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).unwrap();
        stream.write_all(chunk).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let answer = Answer::read(&mut stream);
    assert_eq!((answer.status, answer.problem().as_str()), (413, "body_too_large"));

    // A client that asks first gets the answer before it sends anything.
    let mut stream = lot.connect();
    let head = "POST /api/submissions HTTP/1.1\r\nhost: lot\r\nconnection: close\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 20000000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(Answer::read(&mut stream).status, 413);
    assert_eq!(count(&lot), 0);
}

#[test]
fn a_body_of_just_the_limit_is_read_in_chunks_too() {
    let lot = Lot::with(|config| config.body.largest = offer().to_string().len());
    assert_eq!(lot.post("/api/submissions", &offer()).status, 201);
    let mut longer = offer().to_string();
    longer.push(' ');
    let json = [("content-type", "application/json")];
    assert_eq!(lot.ask("POST", "/api/submissions", &json, longer.as_bytes()).status, 413);
}

#[test]
fn the_same_vin_is_taken_once() {
    let lot = Lot::open();
    assert_eq!(lot.post("/api/submissions", &offer()).status, 201);
    let again = lot.post("/api/submissions", &offer());
    assert_eq!((again.status, again.problem().as_str()), (409, "duplicate_vin"));
    assert_eq!(again.pointers(), ["/vin"]);
}

#[test]
fn the_sixth_offer_from_one_address_has_to_wait() {
    let lot = Lot::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry"}).to_string();
    let send = |from: &str| {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", from)];
        lot.ask("POST", "/api/submissions", &headers, offer.as_bytes())
    };
    for _ in 0..5 {
        assert_eq!(send("203.0.113.7").status, 201);
    }
    let sixth = send("203.0.113.7");
    assert_eq!((sixth.status, sixth.problem().as_str()), (429, "too_many_submissions"));
    let seconds: u64 = sixth.header("retry-after").unwrap().parse().unwrap();
    assert!((1_790..=1_800).contains(&seconds), "until the first of the five leaves the window: {seconds}");
    assert_eq!(send("1.2.3.4, 203.0.113.7").status, 429, "what the client itself wrote is not believed");
    assert_eq!(send("203.0.113.8").status, 201);
}

#[test]
fn a_forwarded_address_does_not_help_where_no_proxy_is_trusted() {
    let lot = Lot::open();
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry"}).to_string();
    let statuses: Vec<_> = (0..6)
        .map(|number| {
            let from = format!("203.0.113.{number}");
            let headers = [("content-type", "application/json"), ("x-forwarded-for", from.as_str())];
            lot.ask("POST", "/api/submissions", &headers, offer.as_bytes()).status
        })
        .collect();
    assert_eq!(statuses, [201, 201, 201, 201, 201, 429]);
}
