//! Feeds over HTTP: who may export, to where, and the history.

use std::{fs, path::PathBuf, process::Command};

use jpauto::{
    Config, Dealership, IssuedToken, NewToken, NewVehicle, Role, VehicleStatus,
    exports::{FeedConfig, Platform},
};
use serde_json::{Value, json};

use crate::support::{Answer, Lot};

/// A server whose plain feed goes into a folder of its own, and the folder.
fn lot() -> (Lot, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("lot.db").display());
    lot_on(&database, folder)
}

fn lot_on(database: &str, folder: tempfile::TempDir) -> (Lot, PathBuf) {
    let feeds = folder.path().join("feeds");
    let mut config = Config::new(database);
    let agreed = FeedConfig { destination: Some(feeds.to_string_lossy().into_owned() + "/"), ..FeedConfig::default() };
    config.exports.feeds.insert(Platform::Csv, agreed);
    let dealership = Dealership::with_config(config).unwrap();
    dealership.migrate().unwrap();
    (Lot::serve(dealership, folder, |_config| {}), feeds)
}

fn ask(lot: &Lot, token: &IssuedToken, method: &str, path: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {}", token.secret);
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = if method == "POST" { body.to_string() } else { String::new() };
    lot.ask(method, path, &headers, body.as_bytes())
}

fn camry(vin: &str) -> NewVehicle {
    NewVehicle {
        year: 2019,
        make: "Toyota".into(),
        model: "Camry".into(),
        vin: vin.into(),
        mileage: 52_000,
        price: jpauto::Money::from_dollars(15_000),
        ..NewVehicle::default()
    }
}

#[test]
fn managers_export_to_the_configured_place_and_viewers_read_the_history() {
    let (lot, feeds) = lot();
    let token = |role| lot.staff().tokens().create(&NewToken { name: "feeds".into(), role, expires_at: None }).unwrap();
    let (viewer, manager) = (token(Role::Viewer), token(Role::Manager));
    lot.staff().inventory().add(&camry("4T1B11HK5KU211111")).unwrap();
    let csv = json!({"platform": "csv"});
    assert_eq!(lot.post("/api/exports", &csv).status, 401);
    assert_eq!(ask(&lot, &viewer, "POST", "/api/exports", &csv).status, 403);
    let answer = ask(&lot, &manager, "POST", "/api/exports", &csv);
    assert_eq!(answer.status, 200, "{answer:?}");
    let report: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((&report["vehicle_count"], &report["left_out_count"]), (&json!(1), &json!(0)));
    assert!(feeds.join("inventory.csv").exists());
    for (body, code) in [
        (json!({"platform": "csv", "destination": "/etc/cron.d/x"}), None),
        (json!({"platform": "nowhere"}), None),
        (json!({"platform": "json_lines"}), Some("not_configured")),
        (json!({"platform": "csv", "format": "zip"}), Some("invalid_feed_format")),
    ] {
        let answer = ask(&lot, &manager, "POST", "/api/exports", &body);
        assert!((400..500).contains(&answer.status), "{body}: {answer:?}");
        if let Some(code) = code {
            assert_eq!(answer.problem(), code, "{body}");
        }
    }
    let answer = ask(&lot, &viewer, "GET", "/api/exports?platform=csv&last_of_each=true", &Value::Null);
    let page: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&report["id"], &Value::Null));
    assert_eq!(lot.get("/api/exports").status, 401);
}

#[test]
fn a_websites_build_downloads_its_pages_and_a_file_is_checked() {
    let (lot, feeds) = lot();
    let token = |role| lot.staff().tokens().create(&NewToken { name: "feeds".into(), role, expires_at: None }).unwrap();
    let (viewer, manager) = (token(Role::Viewer), token(Role::Manager));
    lot.staff().inventory().add(&camry("4T1B11HK5KU211111")).unwrap();
    let path = "/api/exports/file?platform=jekyll";
    assert_eq!((lot.get(path).status, ask(&lot, &viewer, "GET", path, &Value::Null).status), (401, 403));
    let zip = ask(&lot, &manager, "GET", path, &Value::Null);
    assert_eq!((zip.status, zip.body.get(..2)), (200, Some(&b"PK"[..])), "{:?}", zip.headers);
    let csv = ask(&lot, &manager, "GET", "/api/exports/file?platform=csv", &Value::Null);
    assert!(csv.body.starts_with(b"id,status,") && !feeds.exists(), "it goes to no destination");
    let entries = lot.staff().exports().list(&Default::default(), &jpauto::PageRequest::default()).unwrap().items;
    assert_eq!(entries.iter().map(|entry| entry.destination.as_deref()).collect::<Vec<_>>(), [None, None]);
    for (query, code) in [("", "invalid_platform"), ("?platform=meta", "not_configured")] {
        let refused = ask(&lot, &manager, "GET", &format!("/api/exports/file{query}"), &Value::Null);
        assert_eq!(refused.problem(), code, "{query}");
    }
    let authorization = format!("Bearer {}", viewer.secret);
    let check = |query: &str, file: &[u8]| {
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/octet-stream")];
        lot.ask("POST", &format!("/api/exports/check?{query}"), &headers, file)
    };
    let good = check("platform=jekyll", &zip.body).json();
    assert_eq!((&good["vehicle_count"], &good["fault_count"], &good["format"]), (&json!(1), &json!(0), &json!("zip")));
    let bad = check("platform=cargurus&format=csv", b"VIN,Year\n123,19\n").json();
    assert!(bad["faults"].as_array().unwrap().iter().any(|it| it["row"] == 2 && it["column"] == "Year"), "{bad}");
    assert_eq!(check("platform=cargurus&format=zip", b"").problem(), "invalid_feed_format");
    assert_eq!(check("", b"").problem(), "invalid_platform");
}

#[test]
fn a_feed_that_shrank_waits_for_a_confirmation_on_sqlite() {
    let (lot, feeds) = lot();
    shrinks(&lot, feeds);
}

#[test]
fn a_feed_that_shrank_waits_for_a_confirmation_on_postgres() {
    let Ok(server) = std::env::var("JPAUTO_TEST_POSTGRES") else {
        println!("skipped: JPAUTO_TEST_POSTGRES names no server");
        return;
    };
    let schema = format!("http_exports_{}", std::process::id());
    let sql = |statement: String| match Command::new("psql").args([server.as_str(), "-qc", statement.as_str()]).status()
    {
        Ok(ended) => assert!(ended.success(), "{statement}"),
        Err(reason) => panic!("psql, which the client of PostgreSQL has: {reason}"),
    };
    sql(format!("CREATE SCHEMA {schema}"));
    let (lot, feeds) = lot_on(&format!("{server}?options=--search_path%3D{schema}"), tempfile::tempdir().unwrap());
    shrinks(&lot, feeds);
    drop(lot);
    sql(format!("DROP SCHEMA {schema} CASCADE"));
}

fn shrinks(lot: &Lot, feeds: PathBuf) {
    let new = NewToken { name: "feeds".into(), role: Role::Manager, expires_at: None };
    let manager = lot.staff().tokens().create(&new).unwrap();
    let ids: Vec<_> = (1..=3)
        .map(|number| lot.staff().inventory().add(&camry(&format!("4T1B11HK5KU21111{number}"))).unwrap().id)
        .collect();
    assert_eq!(ask(lot, &manager, "POST", "/api/exports", &json!({"platform": "csv"})).status, 200);
    let before = fs::read_to_string(feeds.join("inventory.csv")).unwrap();
    for id in &ids[1..] {
        lot.staff().inventory().set_status(*id, VehicleStatus::Sold).unwrap();
    }
    let held = ask(lot, &manager, "POST", "/api/exports", &json!({"platform": "csv"}));
    assert_eq!((held.status, held.problem().as_str()), (409, "export_held_back"), "{held:?}");
    assert_eq!(fs::read_to_string(feeds.join("inventory.csv")).unwrap(), before, "the feed before stands");
    let tried = ask(lot, &manager, "POST", "/api/exports", &json!({"platform": "csv", "dry_run": true}));
    assert_eq!(tried.status, 200, "{tried:?}");
    let confirmed = ask(lot, &manager, "POST", "/api/exports", &json!({"platform": "csv", "confirm": true}));
    let report: Value = serde_json::from_slice(&confirmed.body).unwrap();
    assert_eq!(
        (confirmed.status, &report["vehicle_count"], &report["last_vehicle_count"]),
        (200, &json!(1), &json!(3))
    );
    assert_eq!(fs::read_to_string(feeds.join("inventory.csv")).unwrap().lines().count(), 2);
}
