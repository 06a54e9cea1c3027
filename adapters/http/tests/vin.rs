//! VINs over HTTP: read by anybody, decoded and evaluated by staff.

use jpauto::Role;
use serde_json::{Value, json};

use crate::support::Lot;

const PILOT: &str = "5FNYF5H59HB011946";

#[test]
fn each_operation_is_open_to_its_role_and_those_above() {
    let lot = Lot::open();
    let one = |rest: &str| format!("/api/vin/{PILOT}{rest}");
    let [decode, evaluation, evaluate] = ["/decode", "/evaluation", "/evaluate"].map(one);
    lot.opens_to(&[
        (Role::Manager, "GET", &decode, Value::Null),
        (Role::Viewer, "GET", &evaluation, Value::Null),
        (Role::Manager, "POST", &evaluate, json!({})),
    ]);
}

#[test]
fn anybody_may_have_a_vin_read() {
    let lot = Lot::open();
    let read = lot.get(&format!("/api/vin/{}", PILOT.to_lowercase()));
    assert_eq!((read.status, &read.json()["valid"], &read.json()["vin"]), (200, &json!(true), &json!(PILOT)));
    for wrong in ["1HGCM", "%20", "%F0%9F%9A%97", "IIIIIIIIIIIIIIIII"] {
        let answer = lot.get(&format!("/api/vin/{wrong}"));
        assert_eq!((answer.status, &answer.json()["valid"]), (200, &json!(false)), "{wrong}");
        assert!(answer.json()["reason"].is_string(), "{wrong}");
    }
    let unknown = lot.get(&format!("/api/vin/{PILOT}?year=2017"));
    assert_eq!(unknown.problem(), "invalid_query");
}

#[test]
fn an_evaluation_is_made_kept_and_read() {
    let lot = Lot::open();
    let manager = lot.authorization(Role::Manager);
    let at = |rest: &str| format!("/api/vin/{PILOT}{rest}");
    // vPIC is not configured here, which is a warning and no error.
    let decoded = lot.call(&manager, "GET", &at("/decode"), &Value::Null);
    assert_eq!((decoded.status, &decoded.json()["vpic"]), (200, &Value::Null), "{decoded:?}");
    assert!(!decoded.json()["warnings"].as_array().unwrap().is_empty());
    let none = lot.call(&manager, "GET", &at("/evaluation"), &Value::Null);
    assert_eq!((none.status, none.problem().as_str()), (404, "not_found"));
    let made = lot.call(&manager, "POST", &at("/evaluate"), &json!({"mileage": 60_000, "refresh": true}));
    assert_eq!((made.status, &made.json()["vin"], &made.json()["mileage"]), (200, &json!(PILOT), &json!(60_000)));
    for (target, json, status, code) in [
        (at("/evaluate"), json!({"mileage": -1}), 422, "invalid_evaluation"),
        (at("/evaluate"), json!({"colour": "red"}), 422, "invalid_body"),
        ("/api/vin/nonsense/evaluate".to_owned(), json!({}), 422, "invalid_vin"),
    ] {
        let answer = lot.call(&manager, "POST", &target, &json);
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{target} {json}");
    }
    let nonsense = lot.call(&manager, "GET", "/api/vin/nonsense/decode", &Value::Null);
    assert_eq!((nonsense.status, nonsense.problem().as_str()), (422, "invalid_vin"));
}
