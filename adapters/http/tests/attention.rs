//! Alerts and the audit trail over HTTP.

use jpauto::{NewVehicle, Role};
use serde_json::{Value, json};

use crate::support::{Lot, corolla};

const NOBODY: &str = "01890000-0000-7000-8000-000000000001";

#[test]
fn each_operation_is_open_to_its_role_and_those_above() {
    let lot = Lot::open();
    lot.opens_to(&[
        (Role::Viewer, "GET", "/api/alerts", Value::Null),
        (Role::Manager, "POST", &format!("/api/alerts/{NOBODY}/dismiss"), Value::Null),
        (Role::Admin, "GET", "/api/activity", Value::Null),
    ]);
}

#[test]
fn an_alert_is_found_and_dismissed_once() {
    let lot = Lot::open();
    let manager = lot.authorization(Role::Manager);
    let vehicles =
        [1, 2].map(|number| lot.staff().inventory().add(&NewVehicle { year: 2018, ..corolla(number) }).unwrap());
    // Nothing is listed like them: too few comparables.
    vehicles.iter().for_each(|vehicle| drop(lot.staff().market().analyze(vehicle.id).unwrap()));
    let found = |query: &str| {
        let answer = lot.call(&manager, "GET", &format!("/api/alerts{query}"), &Value::Null);
        assert_eq!(answer.status, 200, "{query} {answer:?}");
        answer.json()["items"].as_array().unwrap().clone()
    };
    assert_eq!(found("?alert_type=no_market_data&about_prices=true").len(), 2);
    assert_eq!(found("?alert_type=scrape_failing").len(), 0);
    let of_first = found(&format!("?subject_id={}", vehicles[0].id));
    assert_eq!(of_first.len(), 1);
    let dismiss = format!("/api/alerts/{}/dismiss", of_first[0]["id"].as_str().unwrap());
    let dismissed = lot.call(&manager, "POST", &dismiss, &Value::Null);
    assert_eq!((dismissed.status, &dismissed.json()["dismissed"]), (200, &json!(true)));
    assert!(dismissed.json()["dismissed_by"].is_string(), "{dismissed:?}");
    assert_eq!(lot.call(&manager, "POST", &dismiss, &Value::Null).json(), dismissed.json());
    assert_eq!((found("").len(), found("?with_dismissed=true").len()), (1, 2));
    let page = lot.call(&manager, "GET", "/api/alerts?with_dismissed=true&limit=1", &Value::Null);
    assert!(page.header("link").unwrap().contains("with_dismissed=true&limit=1&after="), "{page:?}");
    let nobody = lot.call(&manager, "POST", &format!("/api/alerts/{NOBODY}/dismiss"), &Value::Null);
    assert_eq!((nobody.status, nobody.problem().as_str()), (404, "alert_not_found"));
    for query in ["?alert_type=boredom", "?subject_id=car", "?colour=red", "?with_dismissed=1"] {
        let answer = lot.call(&manager, "GET", &format!("/api/alerts{query}"), &Value::Null);
        assert_eq!(answer.problem(), "invalid_query", "{query}");
    }
}

#[test]
fn the_audit_trail_is_read_by_who_what_and_which() {
    let lot = Lot::open();
    let admin = lot.authorization(Role::Admin);
    let vehicle = lot.staff().inventory().add(&corolla(1)).unwrap();
    lot.staff().inventory().feature(vehicle.id).unwrap();
    let found = |query: &str| {
        let answer = lot.call(&admin, "GET", &format!("/api/activity{query}"), &Value::Null);
        assert_eq!(answer.status, 200, "{query} {answer:?}");
        answer.json()["items"].as_array().unwrap().clone()
    };
    let about = format!("?resource_type=inventory&resource_id={}", vehicle.id);
    let entries = found(&about);
    assert_eq!((&entries[0]["action"], &entries[1]["action"]), (&json!("feature"), &json!("create")));
    assert_eq!(found(&format!("{about}&action=create")).len(), 1);
    assert_eq!(found(&format!("{about}&user_id={NOBODY}")).len(), 0);
    for query in ["?action=dance", "?user_id=me", "?since=today"] {
        let answer = lot.call(&admin, "GET", &format!("/api/activity{query}"), &Value::Null);
        assert_eq!(answer.problem(), "invalid_query", "{query}");
    }
}
