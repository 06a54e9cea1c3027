//! Feeds over HTTP: who may export, to where, and the history.

use jpauto::{
    Config, Dealership, IssuedToken, NewToken, NewVehicle, Role,
    exports::{FeedConfig, Platform},
};
use serde_json::{Value, json};

use crate::support::{Answer, Lot};

/// A server whose plain feed goes into a folder of its own, and the folder.
fn lot() -> (Lot, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let feeds = folder.path().join("feeds");
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    let agreed = FeedConfig { destination: Some(feeds.to_string_lossy().into_owned() + "/"), ..FeedConfig::default() };
    config.exports.feeds.insert(Platform::Csv, agreed);
    let dealership = Dealership::with_config(config).unwrap();
    (Lot::serve(dealership, folder, |_config| {}), feeds)
}

fn ask(lot: &Lot, token: &IssuedToken, method: &str, path: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {}", token.secret);
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = if method == "POST" { body.to_string() } else { String::new() };
    lot.ask(method, path, &headers, body.as_bytes())
}

#[test]
fn managers_export_to_the_configured_place_and_viewers_read_the_history() {
    let (lot, feeds) = lot();
    let token = |role| lot.staff().tokens().create(&NewToken { name: "feeds".into(), role, expires_at: None }).unwrap();
    let (viewer, manager) = (token(Role::Viewer), token(Role::Manager));
    lot.staff()
        .inventory()
        .add(&NewVehicle {
            year: 2019,
            make: "Toyota".into(),
            model: "Camry".into(),
            vin: "4T1B11HK5KU211111".into(),
            mileage: 52_000,
            price: jpauto::Money::from_dollars(15_000),
            ..NewVehicle::default()
        })
        .unwrap();
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
