//! The market over HTTP: vehicles analysed, cars priced, and the rule measured.

use chrono::{TimeDelta, Utc};
use jpauto::{
    Money, NewVehicle, Role, VehicleId,
    competitors::{CompetitorKey, ScrapeReading, ScrapedListing},
};
use serde_json::{Value, json};

use crate::{
    support::{Lot, corolla},
    website::vin,
};

const NOBODY: &str = "01890000-0000-7000-8000-000000000001";

/// A Corolla of ours, and ten like it at a competitor.
fn with_market(lot: &Lot) -> VehicleId {
    let listings = (0..10).map(|number: u32| ScrapedListing {
        vin: Some(vin(number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        mileage: Some(50_000),
        price: Some(Money::from_dollars(14_000 + 100 * number as i32)),
        ..ScrapedListing::default()
    });
    let key = CompetitorKey::named("Valley Motors").at("https://valley.example/used");
    let at = Utc::now() - TimeDelta::hours(1);
    lot.staff().competitors().record(key, listings.collect(), ScrapeReading::whole_lot(), at).unwrap();
    let ours = NewVehicle { year: 2018, price: Money::from_dollars(19_000), ..corolla(3) };
    lot.staff().inventory().add(&ours).unwrap().id
}

#[test]
fn each_operation_is_open_to_its_role_and_those_above() {
    let lot = Lot::open();
    let (viewer, manager) = (Role::Viewer, Role::Manager);
    let one = |rest: &str| format!("/api/market/{NOBODY}{rest}");
    let [get, history, analyze] = ["", "/history", "/analyze"].map(one);
    lot.opens_to(&[
        (viewer, "GET", "/api/market", Value::Null),
        (viewer, "GET", "/api/market/supply?make=Toyota&model=Corolla&year=2018", Value::Null),
        (viewer, "GET", "/api/market/positions", Value::Null),
        (viewer, "GET", "/api/market/auto_dev", Value::Null),
        (viewer, "POST", "/api/market/candidates", json!({"subjects": []})),
        (viewer, "GET", &get, Value::Null),
        (viewer, "GET", &history, Value::Null),
        (manager, "POST", &analyze, Value::Null),
        (manager, "POST", "/api/market/price", json!({"year": 2018, "make": "Toyota", "model": "Corolla"})),
        (manager, "POST", "/api/market/backtest", json!({})),
    ]);
}

#[test]
fn a_vehicle_is_analysed_and_its_history_read() {
    let lot = Lot::open();
    let (manager, id) = (lot.authorization(Role::Manager), with_market(&lot));
    let one = |rest: &str| format!("/api/market/{id}{rest}");
    let before = lot.call(&manager, "GET", &one(""), &Value::Null);
    assert_eq!((before.status, before.problem().as_str()), (404, "vehicle_not_analyzed"));
    assert_eq!(lot.call(&manager, "GET", "/api/market", &Value::Null).json()["not_analyzed"], json!(1));
    let analysis = lot.call(&manager, "POST", &one("/analyze"), &Value::Null);
    assert_eq!((analysis.status, &analysis.json()["recommendation"]), (200, &json!("high")), "{analysis:?}");
    let stored = lot.call(&manager, "GET", &one(""), &Value::Null).json();
    assert_eq!(stored["median_price"], analysis.json()["median_price"]);
    let overview = lot.call(&manager, "GET", "/api/market", &Value::Null).json();
    assert_eq!((&overview["high"], &overview["vehicles"]), (&json!(1), &json!(1)));
    lot.call(&manager, "POST", &one("/analyze"), &Value::Null);
    let history = lot.call(&manager, "GET", &one("/history?limit=1"), &Value::Null);
    assert_eq!((history.json()["items"].as_array().unwrap().len(), history.json()["next"].is_string()), (1, true));
    assert!(history.header("link").unwrap().contains("limit=1&after="), "{history:?}");
    let supply = lot.call(&manager, "GET", "/api/market/supply?make=toyota&model=corolla&year=2018", &Value::Null);
    assert_eq!(supply.json()["active"], json!(10));
    lot.staff().inventory().set_status(id, jpauto::VehicleStatus::Sold).unwrap();
    let sold = lot.call(&manager, "POST", &one("/analyze"), &Value::Null);
    assert_eq!((sold.status, sold.problem().as_str()), (409, "vehicle_sold"));
}

#[test]
fn any_car_is_priced_and_the_rule_is_measured() {
    let lot = Lot::open();
    let manager = lot.authorization(Role::Manager);
    with_market(&lot);
    let car = json!({"year": 2018, "make": "Toyota", "model": "Corolla", "mileage": 50_000, "price": "14500.00"});
    let priced = lot.call(&manager, "POST", "/api/market/price", &car);
    assert_eq!((priced.status, &priced.json()["sample_size"]), (200, &json!(10)), "{priced:?}");
    let measured = lot.call(&manager, "POST", "/api/market/backtest", &json!({"make": "Toyota", "event": "sold"}));
    assert_eq!((measured.status, &measured.json()["total"]["events"]), (200, &json!(0)));
    for (target, json, code, pointer) in [
        ("price", json!({"year": 2018, "make": "Toyota"}), "invalid_subject", "/model"),
        ("price", json!({"make": "Toyota", "model": "Corolla"}), "invalid_subject", "/year"),
        ("price", json!({"colour": "red"}), "invalid_body", "/colour"),
        ("price", json!({"year": "new"}), "invalid_body", "/year"),
        ("backtest", json!({"max_events_a_model": 0}), "invalid_backtest", "/max_events_a_model"),
        ("backtest", json!({"event": "stolen"}), "invalid_body", "/event"),
    ] {
        let answer = lot.call(&manager, "POST", &format!("/api/market/{target}"), &json);
        assert_eq!((answer.status, answer.problem().as_str()), (422, code), "{target} {json}");
        assert_eq!(answer.pointers()[0], pointer, "{target} {json}");
    }
    let nameless = lot.call(&manager, "GET", "/api/market/supply?make=Toyota", &Value::Null);
    assert_eq!((nameless.status, nameless.problem().as_str()), (422, "invalid_subject"));
    let unknown = lot.call(&manager, "GET", "/api/market/supply?trim=LE", &Value::Null);
    assert_eq!((unknown.problem().as_str(), unknown.pointers()), ("invalid_query", vec!["/trim".to_owned()]));
    let nobody = lot.call(&manager, "GET", &format!("/api/market/{NOBODY}/history"), &Value::Null);
    assert_eq!((nobody.status, nobody.problem().as_str()), (404, "vehicle_not_found"));
}

#[test]
fn vehicles_are_listed_with_their_analyses_and_compared() {
    let lot = Lot::open();
    let (manager, id) = (lot.authorization(Role::Manager), with_market(&lot));
    let positions =
        |query: &str| lot.call(&manager, "GET", &format!("/api/market/positions{query}"), &Value::Null).json();
    assert_eq!(positions("")["items"][0]["research"], Value::Null);
    lot.call(&manager, "POST", &format!("/api/market/{id}/analyze"), &Value::Null);
    let one = &positions("?make=toyota&sort=-price")["items"][0];
    assert_eq!((&one["vehicle"]["id"], &one["research"]["price_recommendation"]), (&json!(id), &json!("high")));
    assert_eq!(positions("?make=Kia")["items"], json!([]));
    let unused = lot.call(&manager, "GET", "/api/market/auto_dev", &Value::Null);
    assert_eq!((unused.status, unused.problem().as_str()), (404, "not_found"), "it is not configured");
    let candidates =
        |subjects: Value| lot.call(&manager, "POST", "/api/market/candidates", &json!({"subjects": subjects}));
    let corolla = json!({"year": 2018, "make": "Toyota", "model": "Corolla"});
    let found = candidates(json!([corolla, {"year": 2018, "make": "Kia", "model": "Rio"}])).json();
    let counts = found["items"].as_array().unwrap().iter().map(|of| of["comparables"].as_array().unwrap().len());
    assert_eq!(counts.collect::<Vec<_>>(), [10, 0]);
    let wrong = candidates(json!([{"year": 0, "make": "", "model": ""}]));
    assert_eq!((wrong.status, wrong.problem().as_str()), (422, "invalid_subject"));
}
