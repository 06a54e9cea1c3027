//! The client of auto.dev against a server on loopback that plays its answers, its errors and its bad days.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    autodev::{AutoDev, Found, ListingQuery},
    listings::{Next, Reading, Unreadable},
    refusal::Refusal,
    *,
};
use crate::{
    Error, ErrorCode, ErrorKind, Money, Result,
    market::Comparable,
    scrape::fetch::{
        pace::Timing as _,
        stop,
        tests::{
            TestTime,
            server::{Reply, Seen, Server},
        },
    },
};

const KEY: &str = "sk_live_3f9a77/secret+key";
/// The key in the query of a URL.
const KEY_IN_A_QUERY: &str = "sk_live_3f9a77%2Fsecret%2Bkey";

fn now() -> DateTime<Utc> {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

fn camrys() -> ListingQuery<'static> {
    ListingQuery {
        make: "toyota",
        model: "CAMRY",
        years: (2020, 2022),
        mileage: Some((0, 60_000)),
        prices: (Money::from_dollars(1_000), Money::from_dollars(500_000)),
        radius_miles: 250.0,
    }
}

/// A listing as version 2 writes it.
fn item(number: usize) -> Value {
    json!({
        "@id": format!("https://api.auto.dev/listings/4T1B11HK{number:09}"),
        "vin": format!("4T1B11HK{number:09}"),
        "location": [-118.2437, 34.0522],
        "createdAt": "2026-03-08 00:10:31",
        "online": true,
        "vehicle": {"year": 2021, "make": "Toyota", "model": "Camry", "trim": "SE", "confidence": 0.99},
        "retailListing": {"price": 21_000 + number, "miles": 30_000, "dealer": "Example Toyota", "used": true},
        "somethingNew": {"nobody": ["knows"]},
    })
}

fn page(items: &[Value], next: Option<&str>) -> Reply {
    json_reply(200, &json!({"api": {"name": "listings"}, "data": items, "links": {"self": "/listings", "next": next}}))
}

fn json_reply(status: u16, body: &Value) -> Reply {
    Reply::new(status, &[("Content-Type", "application/json"), ("X-Request-Id", "r-42")], body.to_string())
}

fn config(server: &Server) -> AutoDevConfig {
    let mut config = AutoDevConfig::new(KEY);
    config.base_url = Some(server.url(""));
    config.allow_private_networks = true;
    config
}

/// A client whose waits take no time.
fn client(config: AutoDevConfig) -> (AutoDev, Arc<TestTime>) {
    let time = TestTime::new();
    (AutoDev::with(config, Arc::clone(&time) as _).unwrap(), time)
}

fn search(client: &AutoDev) -> Result<Arc<Found>> {
    client.search(&camrys(), now(), &|| Ok(()))
}

/// Serves the answers in order, the last one again and again.
fn answering(replies: Vec<Reply>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| {
        let place = next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[place].clone()
    })
}

#[track_caller]
fn holds_no_key(error: &Error) {
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(!text.contains(KEY) && !text.contains(KEY_IN_A_QUERY), "{text}");
        assert!(!text.contains("sk_live"), "{text}");
    }
}

#[test]
fn a_search_is_asked_in_auto_devs_words_and_the_key_stands_in_the_header_alone() {
    let server = answering(vec![page(&[item(1)], None)]);
    let mut config = config(&server);
    (config.zip, config.place) = (Some("90012".into()), Place::known(37.7749, -122.4194));
    let found = search(&client(config).0).unwrap();
    let seen = &server.seen()[0];
    assert_eq!(
        seen.path,
        "/listings?vehicle.make=Toyota&vehicle.model=Camry&vehicle.year=2020-2022&retailListing.miles=1-60000\
         &retailListing.price=1000-500000&retailListing.used=true&zip=90012&distance=250&limit=20"
    );
    assert!(seen.header.contains(&format!("authorization: bearer {}", KEY.to_lowercase())), "{}", seen.header);
    assert!(!format!("{:?}", found.search).contains("sk_live"));
    let [one] = found.comparables.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.vin.as_deref(), one.price), (Some("4T1B11HK000000001"), Some(Money::from_dollars(21_001))));
    assert_eq!((one.mileage, one.dealer.as_deref()), (Some(30_000), Some("Example Toyota")));
    assert_eq!(one.first_seen_at, "2026-03-08T00:10:31Z".parse::<DateTime<Utc>>().unwrap());
    assert_eq!((one.last_seen_at, one.distance_miles.map(f64::round)), (now(), Some(347.0)));
    assert_eq!((found.search.pages, found.search.listings, found.search.is_whole), (1, 1, true));
}

#[test]
fn pages_are_followed_by_number_and_by_cursor_to_the_end_or_the_bound() {
    let pages = |seen: &Seen| match seen.path.split_once("&limit=20").unwrap().1 {
        "" => page(&[item(1), item(2)], Some("/listings?page=2&limit=20&apiKey=stolen")),
        "&page=2" => page(&[item(3)], Some("https://evil.example/listings?cursor=abc%3D%3D&page=9")),
        "&cursor=abc%3D%3D" => page(&[item(4)], Some("?page=4")),
        other => panic!("{other}"),
    };
    let server = Server::start(pages);
    let found = search(&client(config(&server)).0).unwrap();
    assert_eq!((found.search.pages, found.search.listings, found.search.is_whole), (3, 4, false));
    assert!(server.seen().iter().all(|seen| seen.path.starts_with("/listings?vehicle.make=Toyota&")));

    // The third page links back to itself, and an empty page ends it.
    for (last, whole, calls) in [(page(&[item(3)], Some("?page=2")), false, 2), (page(&[], Some("?page=3")), true, 2)] {
        let server = answering(vec![page(&[item(1)], Some("?page=2")), last]);
        let mut config = config(&server);
        config.max_pages = 9;
        let found = search(&client(config).0).unwrap();
        assert_eq!((found.search.is_whole, server.seen().len()), (whole, calls));
    }
}

#[test]
fn a_page_after_the_first_that_fails_leaves_those_before_it() {
    let server = Server::start(|seen| match seen.path.ends_with("&page=2") {
        false => page(&[item(1)], Some("?page=2")),
        true => json_reply(402, &json!({"error": "no"})),
    });
    let (client, _) = client(config(&server));
    let found = search(&client).unwrap();
    assert_eq!((found.search.stopped_by.as_deref(), found.comparables.len()), (Some("auto_dev_plan_required"), 1));
    search(&client).unwrap();
    assert_eq!(server.seen().len(), 4, "half an answer is not kept");
}

#[test]
fn the_same_search_is_answered_from_memory_for_a_while() {
    let server = answering(vec![page(&[item(1)], None)]);
    let (client, time) = client(config(&server));
    let spent = AtomicUsize::new(0);
    let spend = || {
        spent.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    for _ in 0..3 {
        assert_eq!(client.search(&camrys(), now(), &spend).unwrap().comparables.len(), 1);
    }
    assert_eq!(spent.load(Ordering::SeqCst), 1);
    client.search(&ListingQuery { years: (2021, 2021), ..camrys() }, now(), &spend).unwrap();
    time.sleep(Duration::from_secs(3_601), &stop::NEVER);
    client.search(&camrys(), now(), &spend).unwrap();
    assert_eq!(spent.load(Ordering::SeqCst), 3);
}

#[test]
fn a_page_is_as_large_as_the_plan_allows() {
    for (plan, limit) in [(AutoDevPlan::Starter, 20), (AutoDevPlan::Growth, 100), (AutoDevPlan::Scale, 500)] {
        let server = answering(vec![page(&[], None)]);
        let mut config = config(&server);
        config.plan = plan;
        search(&client(config).0).unwrap();
        assert!(server.seen()[0].path.ends_with(&format!("&limit={limit}")));
    }
}

#[test]
fn each_documented_error_has_a_code_of_its_own() {
    let flat =
        |status: u16, word: &str| json!({"status": status, "error": "as said", "code": word, "requestId": "r-1"});
    let cases: Vec<(u16, Value, &str, ErrorKind)> = vec![
        (400, flat(400, "INVALID_VIN_FORMAT"), "auto_dev_invalid_vin", ErrorKind::Refused),
        (400, flat(400, "INVALID_PARAMETER"), "auto_dev_invalid_parameter", ErrorKind::Refused),
        (400, flat(400, "INVALID_LOCATION"), "auto_dev_invalid_location", ErrorKind::Misconfigured),
        (400, flat(400, "SOMETHING_ELSE"), "auto_dev_bad_request", ErrorKind::Refused),
        (401, json!({"error": {"message": "as said"}}), "auto_dev_key_refused", ErrorKind::Misconfigured),
        (
            402,
            json!({"error": "as said", "currentPlan": "starter", "requiredPlan": "growth", "plans": []}),
            "auto_dev_plan_required",
            ErrorKind::Refused,
        ),
        (403, json!({"error": {"message": "as said"}}), "auto_dev_forbidden", ErrorKind::Refused),
        (404, flat(404, "VIN_NOT_FOUND"), "auto_dev_vin_not_found", ErrorKind::NotFound),
        (404, json!({"error": flat(404, "RESOURCE_NOT_FOUND")}), "auto_dev_not_found", ErrorKind::NotFound),
        (429, json!({"error": "as said"}), "auto_dev_rate_limited", ErrorKind::RateLimited),
        (503, flat(503, "SOURCE_ERROR"), "auto_dev_source_error", ErrorKind::Unavailable),
        (500, json!({"error": "as said"}), "auto_dev_unavailable", ErrorKind::Unavailable),
        (418, json!({"error": "as said"}), "auto_dev_refused", ErrorKind::Refused),
        // Under a status that says that nothing is wrong.
        (200, flat(404, "RESOURCE_NOT_FOUND"), "auto_dev_not_found", ErrorKind::NotFound),
        (
            200,
            json!({"error": {"message": "as said", "status": 401}}),
            "auto_dev_key_refused",
            ErrorKind::Misconfigured,
        ),
        (200, json!({"links": {}}), "auto_dev_unreadable", ErrorKind::Unavailable),
        (200, json!({"data": "soon"}), "auto_dev_unreadable", ErrorKind::Unavailable),
        (200, json!([1, 2]), "auto_dev_unreadable", ErrorKind::Unavailable),
    ];
    for (status, body, code, kind) in cases {
        let server = answering(vec![json_reply(status, &body)]);
        let error = search(&client(config(&server)).0).unwrap_err();
        assert_eq!((error.code(), error.kind()), (code, kind), "{status} {body}");
        let told = error.to_string();
        assert!(told.contains("(request r-1)") || told.contains("(request r-42)"), "{told}");
        assert!(told.contains("as said") || code == "auto_dev_unreadable", "{told}");
        assert!(!told.contains("plans") && (status != 402 || told.contains("growth")), "{told}");
        holds_no_key(&error);
    }
}

#[test]
fn an_error_that_repeats_the_key_is_told_without_it() {
    let long = format!("{}{KEY}", "x".repeat(190));
    for said in [format!("the key {KEY} is bad"), format!("/listings?apikey={KEY_IN_A_QUERY}"), long] {
        for body in [json!({"error": &said, "code": &said, "requestId": &said}), json!({"error": {"message": &said}})] {
            for status in [200, 401, 503] {
                let server = answering(vec![json_reply(status, &body)]);
                holds_no_key(&search(&client(config(&server)).0).unwrap_err());
            }
        }
    }
    // With version 1 the key is a part of the address, which no error may name.
    let mut config = AutoDevConfig::new(KEY);
    (config.version, config.allow_private_networks) = (AutoDevVersion::V1, true);
    config.base_url = Some("http://127.0.0.1:9".into());
    let error = search(&client(config.clone()).0).unwrap_err();
    assert_eq!(error.code(), "auto_dev_unreachable");
    holds_no_key(&error);
    assert!(!format!("{config:?}").contains("sk_live"));
    let open = crate::Config { auto_dev: Some(config), ..crate::Config::new("sqlite::memory:") };
    assert!(!format!("{open:?}").contains("sk_live"));
}

#[test]
fn what_auto_dev_writes_is_shown_as_it_is() {
    let said = json!({"error": "bad\u{202e}key\u{1b}[2J", "requestId": "r\u{2067}-1"});
    let server = answering(vec![json_reply(400, &said)]);
    let told = search(&client(config(&server)).0).unwrap_err().to_string();
    assert!(told.ends_with(": bad key [2J (request r -1)"), "{told}");
    let mut row = item(1);
    row["vehicle"]["model"] = json!("Cam\u{202e}ry");
    assert_eq!(read_one(row).unwrap().model, "Cam ry");
}

/// Writes down all that is traced while it is the subscriber.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl tracing::Subscriber for Everything {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.write(&span);
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.write(&values);
    }

    fn event(&self, event: &tracing::Event<'_>) {
        self.write(&event);
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

impl Everything {
    fn write(&self, what: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!("{what:?}\n"));
    }
}

#[test]
fn no_log_shows_the_key_even_where_auto_dev_repeats_it() {
    let logged = Everything::default();
    // Of a single subscriber tracing asks only the thread that comes by first, which may be another test's.
    let _second = tracing::Dispatch::new(Everything::default());
    tracing::subscriber::with_default(logged.clone(), || {
        for version in [AutoDevVersion::V1, AutoDevVersion::V2] {
            for status in [200, 401, 429, 503] {
                let said =
                    json!({"error": format!("the key {KEY} of ?apikey={KEY_IN_A_QUERY} is bad"), "requestId": KEY});
                let server = answering(vec![json_reply(status, &said)]);
                let mut config = config(&server);
                config.version = version;
                search(&client(config).0).unwrap_err();
            }
        }
    });
    let logged = logged.0.lock().unwrap();
    assert!(logged.contains("asking once more"), "{logged}");
    assert!(!logged.contains("sk_live"), "{logged}");
}

#[test]
fn neither_the_client_nor_what_it_sends_shows_the_key() {
    let server = answering(vec![page(&[item(1)], None)]);
    let (client, _) = client(config(&server));
    let found = search(&client).unwrap();
    for text in [format!("{client:?}"), format!("{:?}", client.config()), format!("{found:?}")] {
        assert!(!text.contains("sk_live"), "{text}");
    }
}

#[test]
fn what_is_no_json_is_named_for_what_it_is() {
    let html = "<html><title>502 Bad Gateway</title></html>";
    for (reply, code) in [
        (Reply::html(html), "auto_dev_unreadable"),
        (Reply::new(502, &[], html), "auto_dev_unavailable"),
        (Reply::new(404, &[], html), "auto_dev_not_found"),
        (Reply::new(200, &[], ""), "auto_dev_unreadable"),
        (Reply::new(200, &[], "[".repeat(100_000)), "auto_dev_unreadable"),
        (Reply::new(204, &[], ""), "auto_dev_refused"),
        (Reply::redirect("https://evil.example/listings"), "auto_dev_refused"),
        (Reply::raw("nonsense\r\n\r\n"), "auto_dev_unreachable"),
    ] {
        let server = answering(vec![reply]);
        let error = search(&client(config(&server)).0).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        holds_no_key(&error);
    }
}

#[test]
fn what_may_pass_is_tried_once_more_after_its_wait() {
    let busy = |status: u16, after: Option<&str>| {
        let headers: Vec<_> = after.map(|after| ("Retry-After", after)).into_iter().collect();
        Reply::new(status, &headers, json!({"error": "busy", "code": "SOURCE_ERROR"}).to_string())
    };
    for (first, waited) in [
        (busy(503, None), 5),
        (busy(503, Some("7")), 7),
        (Reply::new(429, &[("Retry-After", "3")], "{}"), 3),
        (Reply::raw(""), 5),
    ] {
        let server = answering(vec![first, page(&[item(1)], None)]);
        let (client, time) = client(config(&server));
        let spent = AtomicUsize::new(0);
        let spend = || {
            spent.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        assert_eq!(client.search(&camrys(), now(), &spend).unwrap().comparables.len(), 1);
        assert_eq!(time.slept().as_secs(), waited);
        assert_eq!(spent.load(Ordering::SeqCst), 2, "each try is a call");
    }
    // Twice is enough, and a wait longer than the search is worth is told instead.
    let server = answering(vec![busy(503, None)]);
    assert_eq!(search(&client(config(&server)).0).unwrap_err().code(), "auto_dev_source_error");
    assert_eq!(server.seen().len(), 2);
    let server = answering(vec![Reply::new(429, &[("Retry-After", "3600")], "{}")]);
    let (client, time) = client(config(&server));
    let error = search(&client).unwrap_err();
    assert_eq!((error.code(), error.retry_after()), ("auto_dev_rate_limited", Some(Duration::from_secs(3_600))));
    assert_eq!((server.seen().len(), time.slept()), (1, Duration::ZERO));
    // And whoever comes next is not let through before then.
    let error = search(&client).unwrap_err();
    assert_eq!((error.code(), server.seen().len()), ("auto_dev_rate_limited", 1));
    assert!(error.retry_after().unwrap() > Duration::from_secs(3_000));
}

#[test]
fn a_slow_and_a_cut_body_end_in_time() {
    let slow = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{\"data\"")
        .then(Duration::from_millis(150), ": [")
        .then(Duration::from_millis(150), "1")
        .then(Duration::from_secs(3), "]}");
    let server = answering(vec![slow]);
    let mut limits = config(&server);
    (limits.call_timeout, limits.pause_before_retry) = (Duration::from_millis(250), Duration::ZERO);
    let started = Instant::now();
    let error = search(&client(limits).0).unwrap_err();
    assert_eq!(error.code(), "auto_dev_timed_out");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    let whole = json!({"data": [item(1)]}).to_string();
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", whole.len(), &whole[..whole.len() / 2]);
    let server = answering(vec![Reply::raw(cut)]);
    assert_eq!(search(&client(config(&server)).0).unwrap_err().code(), "auto_dev_unreachable");
    let server = answering(vec![Reply::new(200, &[], &whole[..whole.len() / 2])]);
    assert_eq!(search(&client(config(&server)).0).unwrap_err().code(), "auto_dev_unreadable");
}

#[test]
fn a_body_of_50_mib_is_not_read_to_its_end() {
    let mut body = br#"{"data": ["#.to_vec();
    body.resize(50 * 1024 * 1024, b' ');
    let server = answering(vec![Reply::new(200, &[("Content-Type", "application/json")], body)]);
    let error = search(&client(config(&server)).0).unwrap_err();
    assert_eq!((error.code(), server.seen().len()), ("auto_dev_too_large", 1));
}

#[test]
fn a_spent_budget_makes_no_call() {
    let server = answering(vec![page(&[item(1)], Some("?page=2")), page(&[item(2)], Some("?page=3"))]);
    let (client, _) = client(config(&server));
    let left = Mutex::new(2_u32);
    let spend = || {
        let mut left = left.lock().unwrap();
        *left = left.checked_sub(1).ok_or_else(|| Error::new(ErrorCode::AutoDevBudgetSpent, "spent"))?;
        Ok(())
    };
    let found = client.search(&camrys(), now(), &spend).unwrap();
    assert_eq!((found.search.pages, found.search.stopped_by.as_deref()), (2, Some("auto_dev_budget_spent")));
    assert_eq!(client.search(&camrys(), now(), &spend).unwrap_err().code(), "auto_dev_budget_spent");
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn addresses_and_keys_that_can_not_be_right_are_refused() {
    for base in ["http://api.auto.dev", "https://127.0.0.1", "https://169.254.169.254", "ftp://api.auto.dev", "api", ""]
    {
        let mut config = AutoDevConfig::new(KEY);
        config.base_url = Some(base.into());
        assert_eq!(AutoDev::new(config).unwrap_err().code(), "invalid_auto_dev_address", "{base}");
    }
    for key in ["", "  ", "two\nlines"] {
        assert_eq!(AutoDev::new(AutoDevConfig::new(key)).unwrap_err().code(), "invalid_auto_dev_key");
    }
    assert!(AutoDev::new(AutoDevConfig::new(KEY)).is_ok());
    for place in ["", "34.0522", "34.0522 -118.2437", "91,0", "0,181", "0,0", "NaN,1", "inf,1", "1,2,3", "a,b"] {
        assert_eq!(place.parse::<Place>().unwrap_err().code(), "invalid_auto_dev_place", "{place}");
    }
    let here: Place = " 34.0522, -118.2437".parse().unwrap();
    assert_eq!((here.latitude, here.longitude), (34.0522, -118.2437));
    let mut config = AutoDevConfig::new(KEY);
    config.place = Some(Place { latitude: f64::NAN, ..here });
    assert_eq!(AutoDev::new(config).unwrap_err().code(), "invalid_auto_dev_place");
    // Each of these would cost counted calls before auto.dev refused it.
    for zip in ["", "9001", "900123", "abc def&x=1", "90012-1", "９００１２"] {
        let mut config = AutoDevConfig::new(KEY);
        config.zip = Some(zip.into());
        assert_eq!(AutoDev::new(config).unwrap_err().code(), "invalid_auto_dev_zip", "{zip}");
    }
}

#[test]
fn new_cars_are_no_comparables() {
    let mut new = item(1);
    new["retailListing"]["used"] = json!(false);
    let mut unsaid = item(2);
    unsaid["retailListing"].as_object_mut().unwrap().remove("used");
    let page = read(AutoDevVersion::V2, &json!({"data": [new, unsaid, item(3)]}));
    assert_eq!((page.rows, page.comparables.len()), (3, 2));
    let all_new = read(AutoDevVersion::V2, &json!({"data": [new, new, new, new]}));
    assert_eq!((all_new.rows, all_new.comparables.len()), (4, 0), "that is a page all the same");
    let record = |condition: &str| json!({"vin": "4T1B11HK000000001", "year": 2021, "make": "Toyota", "model": "Camry", "condition": condition});
    let page = read(AutoDevVersion::V1, &json!({"records": [record("New"), record("used")]}));
    assert_eq!((page.rows, page.comparables.len()), (2, 1));
}

/// Reads a body as the client would.
fn read(version: AutoDevVersion, body: &Value) -> listings::ListingPage {
    let reading = Reading { version, now: now(), place: None, hide: &str::to_owned };
    reading.page(body.to_string().as_bytes(), 1).unwrap_or_else(|wrong| panic!("{body}: {wrong:?}"))
}

fn read_one(row: Value) -> Option<Comparable> {
    read(AutoDevVersion::V2, &json!({"data": [row]})).comparables.pop()
}

#[test]
fn the_traps_of_version_2_are_known() {
    let with = |pointer: &str, value: Value| {
        let mut row = item(1);
        *row.pointer_mut(pointer).unwrap() = value;
        read_one(row)
    };
    let dollars = |amount| Some(Money::from_dollars(amount));
    for (price, expected) in [
        (json!(0), None),
        (json!(null), None),
        (json!(-5), None),
        (json!("$21,500"), dollars(21_500)),
        (json!("Call"), None),
        (json!(21_500.5), Some(Money::from_cents(2_150_050))),
        (json!(1e300), None),
        (json!([21_500]), None),
    ] {
        assert_eq!(with("/retailListing/price", price.clone()).unwrap().price, expected, "{price}");
    }
    for (miles, expected) in
        [(json!(null), None), (json!("32,227 Miles"), Some(32_227)), (json!(-1), None), (json!(1e12), None)]
    {
        assert_eq!(with("/retailListing/miles", miles.clone()).unwrap().mileage, expected, "{miles}");
    }
    let unpriced = with("/retailListing", json!(null)).unwrap();
    assert_eq!((unpriced.price, unpriced.mileage, unpriced.dealer), (None, None, None));
    // The VIN stands at the top, within the vehicle, or nowhere; the listing stays.
    let mut row = item(1);
    row.as_object_mut().unwrap().remove("vin");
    assert_eq!(read_one(row.clone()).unwrap().vin, None);
    row["vehicle"]["vin"] = json!("4T1B11HK000000777");
    assert_eq!(read_one(row.clone()).unwrap().vin.as_deref(), Some("4T1B11HK000000777"));
    row.as_object_mut().unwrap().insert("vin".into(), json!(null));
    assert_eq!(read_one(row).unwrap().vin.as_deref(), Some("4T1B11HK000000777"));
    // Years as texts, places as texts, a place that is none.
    assert_eq!(with("/vehicle/year", json!("2021")).unwrap().year, 2021);
    for year in [json!(null), json!(0), json!("soon"), json!(99_999)] {
        assert_eq!(with("/vehicle/year", year), None);
    }
    for place in [json!(null), json!([]), json!([1]), json!(["a", "b"]), json!([0, 0]), json!([500, 500]), json!({})] {
        assert_eq!(with("/location", place).unwrap().distance_miles, None);
    }
    // A title is branded where the listing says so; accidents are no brand.
    assert!(!with("/vehicle/year", json!(2021)).unwrap().branded);
    let mut row = item(1);
    row["history"] = json!({"accidents": true, "accidentCount": 3});
    assert!(!read_one(row.clone()).unwrap().branded);
    row["vehicle"]["trim"] = json!("LE (rebuilt title)");
    assert!(read_one(row).unwrap().branded);
    let mut row = item(1);
    row["retailListing"]["vdp"] = json!("https://dealer.example/used/camry-salvage-title");
    assert!(read_one(row).unwrap().branded);
    // Only an address is one; without it the listing at auto.dev is.
    let own = "https://api.auto.dev/listings/4T1B11HK000000001";
    for (vdp, expected) in [
        (json!("https://dealer.example/car/1"), "https://dealer.example/car/1"),
        (json!("/car/1"), own),
        (json!("#vdp"), own),
        (json!("javascript:alert(1)"), own),
        (json!(7), own),
    ] {
        let mut row = item(1);
        row["retailListing"]["vdp"] = vdp;
        assert_eq!(read_one(row).unwrap().url.as_deref(), Some(expected));
    }
    for (created, expected) in [
        ("2026-03-08 00:10:31", "2026-03-08T00:10:31Z"),
        ("2026-03-08T00:10:31.5Z", "2026-03-08T00:10:31.5Z"),
        ("2026-03-08T02:10:31+02:00", "2026-03-08T00:10:31Z"),
        ("2026-03-08", "2026-03-08T00:00:00Z"),
        ("soon", "2026-03-20T12:00:00Z"),
        ("2031-01-01 00:00:00", "2026-03-20T12:00:00Z"),
    ] {
        let read = with("/createdAt", json!(created)).unwrap();
        assert_eq!(read.first_seen_at, expected.parse::<DateTime<Utc>>().unwrap(), "{created}");
    }
    assert_eq!(with("/online", json!(false)), None, "it is off the market");
    for row in [json!(null), json!(7), json!("car"), json!([]), json!({})] {
        assert_eq!(read_one(row), None);
    }
    // Flat rows, and one listing alone.
    let flat = json!({
        "vehicle.vin": "4T1B11HK000000001", "vehicle.year": 2021, "vehicle.make": "Toyota", "vehicle.model": "Camry",
        "retailListing.price": 21_001, "retailListing.miles": 30_000,
    });
    let flat = read_one(flat).unwrap();
    assert_eq!(
        (flat.vin.as_deref(), flat.price, flat.mileage),
        (Some("4T1B11HK000000001"), dollars(21_001), Some(30_000))
    );
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": item(1)})).comparables.len(), 1);
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": null})).comparables.len(), 0);
}

#[test]
fn links_are_read_for_the_page_or_the_cursor_alone() {
    let next = |link: Value| read(AutoDevVersion::V2, &json!({"data": [], "links": {"next": link}})).next;
    for (link, expected) in [
        (json!("/listings?page=2"), Some(Next::Page("2".into()))),
        (json!("https://api.auto.dev/listings?limit=20&page=3#x"), Some(Next::Page("3".into()))),
        (json!("https://api.auto.dev/listings?page=50&cursor=ab%3D"), Some(Next::Cursor("ab=".into()))),
        (json!("/listings"), None),
        (json!("/listings?page="), None),
        (json!(null), None),
        (json!(2), None),
    ] {
        assert_eq!(next(link.clone()), expected, "{link}");
    }
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": []})).next, None);
}

#[test]
fn version_1_is_read_too() {
    let record = json!({
        "id": 77, "vin": "4T1B11HK000000001", "year": "2021", "make": "Toyota", "model": "Camry", "trim": "SE",
        "price": "$28,500", "mileage": "32,227 Miles", "lat": 34.0522, "lon": -118.2437, "dealerName": "Example",
        "distanceFromOrigin": 12.5, "clickoffUrl": null, "vdpUrl": "https://dealer.example/1", "active": true,
        "createdAt": "2026-03-08T00:10:31Z", "condition": "used",
    });
    let page = read(AutoDevVersion::V1, &json!({"totalCount": 41, "records": vec![record.clone(); 20]}));
    let one = &page.comparables[0];
    assert_eq!((one.price, one.mileage, one.year), (Some(Money::from_dollars(28_500)), Some(32_227), 2021));
    assert_eq!((one.external_id.as_deref(), one.url.as_deref()), (Some("77"), Some("https://dealer.example/1")));
    assert_eq!((one.distance_miles, one.branded), (Some(12.5), false));
    assert_eq!(page.next, Some(Next::Page("2".into())));
    assert_eq!(read(AutoDevVersion::V1, &json!({"totalCount": 20, "records": vec![record.clone(); 20]})).next, None);
    assert_eq!(read(AutoDevVersion::V1, &json!({"records": [&record]})).next, None);
    let mut salvage = record.clone();
    salvage["condition"] = json!("Salvage");
    let mut gone = record;
    gone["active"] = json!(false);
    let page = read(AutoDevVersion::V1, &json!({"records": [salvage, gone]}));
    assert!(page.comparables.len() == 1 && page.comparables[0].branded);

    let server = answering(vec![json_reply(200, &json!({"totalCount": 0, "records": []}))]);
    let mut config = config(&server);
    (config.version, config.zip) = (AutoDevVersion::V1, Some("90012".into()));
    search(&client(config).0).unwrap();
    assert_eq!(
        server.seen()[0].path,
        format!(
            "/listings?make=Toyota&model=Camry&year_min=2020&year_max=2022&mileage_max=60000&price_min=1000\
             &price_max=500000&zip=90012&radius=250&apikey={KEY_IN_A_QUERY}"
        )
    );
}

#[test]
fn a_page_of_rows_that_all_lack_what_compares_them_is_no_empty_one() {
    let mut rows = vec![item(1), item(2), item(3)];
    for row in &mut rows {
        let year = row["vehicle"].as_object_mut().unwrap().remove("year").unwrap();
        row["vehicle"]["modelYear"] = year;
    }
    let reading = Reading { version: AutoDevVersion::V2, now: now(), place: None, hide: &str::to_owned };
    let told = reading.page(json!({"data": rows}).to_string().as_bytes(), 1);
    assert!(matches!(&told, Err(Unreadable::Shape(message)) if message.contains("year, make and model")), "{told:?}");
    let sold = rows
        .iter()
        .map(|row| {
            let mut row = row.clone();
            row["online"] = json!(false);
            row
        })
        .collect::<Vec<_>>();
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": sold})).comparables, []);
    rows[0] = item(1);
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": rows})).comparables.len(), 1);
}

/// Bodies that auto.dev really sent or published, where they are at hand: they are not part of the project.
#[test]
fn the_sample_bodies_are_read() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/samples");
    let folder = std::env::var("JPAUTO_SAMPLES").unwrap_or_else(|_not_set| beside.to_owned());
    let folder = Path::new(&folder).join("autodev");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no sample bodies at {}; JPAUTO_SAMPLES says where they are", folder.display());
        return;
    };
    let (mut pages, mut refusals) = (0, std::collections::BTreeSet::new());
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        if name.contains("_error_") {
            let status = body.pointer("/status").or_else(|| body.pointer("/error/status")).unwrap().as_u64().unwrap();
            let refusal = Refusal::read(u16::try_from(status).unwrap(), &bytes, &str::to_owned);
            assert!(refusal.word.is_some() && refusal.message.is_some() && refusal.request_id.is_some(), "{name}");
            refusals.insert(refusal.into_error().code());
            let reading = Reading { version: AutoDevVersion::V2, now: now(), place: None, hide: &str::to_owned };
            assert!(matches!(reading.page(&bytes, 1), Err(Unreadable::Refusal(_))), "{name}");
        } else if name.contains("listing") && !name.starts_with("v1") {
            let data = if body.get("data").is_some() { body } else { json!({"data": [body]}) };
            let page = read(AutoDevVersion::V2, &data);
            let rows = match &data["data"] {
                Value::Array(rows) => rows.clone(),
                one => vec![one.clone()],
            };
            let new = rows.iter().filter(|row| row.pointer("/retailListing/used") == Some(&json!(false))).count();
            assert!(page.rows > 0 && page.comparables.len() == page.rows - new, "{name}: {page:?}");
            assert!(page.comparables.iter().all(|one| one.vin.is_some() && one.year > 2000), "{name}");
            pages += 1;
        } else if name.contains("select_flat") {
            let page = read(AutoDevVersion::V2, &body);
            assert_eq!(page.rows, 1, "{name}: a row without a model can be compared with nothing");
            pages += 1;
        } else if name.starts_with("v1_listings") {
            let page = read(AutoDevVersion::V1, &body);
            assert!(page.rows > 0, "{name}");
            pages += 1;
        } else {
            // What other calls of the service answer; the client makes none of them.
            assert!(name.contains("_vin_") || name.contains("photos"), "{name} is read by nothing here");
        }
    }
    assert!(pages >= 5, "only {pages} pages of listings were found");
    let expected =
        ["auto_dev_invalid_parameter", "auto_dev_invalid_vin", "auto_dev_not_found", "auto_dev_vin_not_found"];
    assert_eq!(refusals.into_iter().collect::<Vec<_>>(), expected);
}
