//! What staff does over HTTP with vehicles, submissions and users, and the conditions of its writes.

use jpauto::{NewSubmission, NewUser, Role};
use serde_json::{Value, json};

use crate::support::{Answer, Lot, corolla};

fn manager(lot: &Lot, method: &str, target: &str, body: &Value) -> Answer {
    lot.ask_as(Role::Manager, method, target, &[], body)
}

#[test]
fn a_vehicle_goes_from_its_arrival_to_its_sale_and_back() {
    let lot = Lot::open();
    let car = json!({
        "year": 2019, "make": "Toyota", "model": "Camry", "vin": "4T1B11HK9KU211111", "price": "16900.00", "mileage": 52_000,
        "cost": "14000.00",
    });
    let added = manager(&lot, "POST", "/api/inventory", &car);
    assert_eq!((added.status, &added.json()["cost"]), (201, &json!("14000.00")), "{added:?}");
    let address = added.header("location").unwrap().to_owned();
    assert_eq!(address, format!("/api/inventory/{}", added.json()["id"].as_str().unwrap()));
    for (method, path, body, status, field, value) in [
        ("PATCH", "", json!({"price": "16500.00", "cost": null}), 200, "price", json!("16500.00")),
        ("GET", "", Value::Null, 200, "cost", Value::Null),
        ("POST", "/feature", Value::Null, 200, "featured", json!(true)),
        ("POST", "/unfeature", Value::Null, 200, "featured", json!(false)),
        ("POST", "/status", json!({"status": "hold"}), 200, "status", json!("hold")),
        ("POST", "/relist", Value::Null, 409, "code", json!("vehicle_not_sold")),
        ("POST", "/status", json!({"status": "sold", "sale_price": "16000.00"}), 200, "status", json!("sold")),
        ("POST", "/undo_sale", Value::Null, 200, "status", json!("hold")),
        ("POST", "/status", json!({"status": "sold"}), 200, "status", json!("sold")),
        ("POST", "/relist", Value::Null, 200, "status", json!("available")),
        ("PATCH", "?refuse_doubtful_prices=true", json!({"price": "1.00"}), 409, "code", json!("price_doubtful")),
        ("PATCH", "", json!({"cost": -1}), 422, "code", json!("invalid_vehicle")),
    ] {
        let answer = manager(&lot, method, &format!("{address}{path}"), &body);
        assert_eq!((answer.status, &answer.json()[field]), (status, &value), "{method} {path} {answer:?}");
    }
    let warned = manager(&lot, "PATCH", &address, &json!({"price": "1.00"}));
    assert_eq!(warned.json()["warnings"][0]["code"], "price_out_of_range");
    let history = manager(&lot, "GET", &format!("{address}/price_history"), &Value::Null);
    assert!(history.json()["items"].as_array().unwrap().len() >= 2, "{history:?}");
    let found = manager(&lot, "GET", "/api/inventory/find?reference=4t1b11", &Value::Null);
    assert_eq!(found.json()["id"], added.json()["id"]);
    let statistics = manager(&lot, "GET", "/api/inventory/statistics", &Value::Null);
    assert_eq!(statistics.json()["sales"]["total"]["count"], 1, "{statistics:?}");
    assert_eq!(manager(&lot, "DELETE", &address, &Value::Null).problem(), "forbidden");
    let deleted = lot.ask_as(Role::Admin, "DELETE", &address, &[], &Value::Null);
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    assert_eq!(manager(&lot, "GET", &address, &Value::Null).problem(), "vehicle_not_found");
}

#[test]
fn staff_sees_every_field_and_every_vehicle_and_the_public_does_not() {
    let lot = Lot::open();
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap();
    lot.staff().inventory().set_status(vehicle.id, jpauto::VehicleStatus::Hold).unwrap();
    let one = format!("/api/inventory/{}", vehicle.id);
    let seen = lot.ask_as(Role::Viewer, "GET", &one, &[], &Value::Null);
    assert_eq!((seen.status, &seen.json()["cost"], &seen.json()["days_in_stock"]), (200, &json!("4321.00"), &json!(0)));
    assert_eq!(seen.header("cache-control"), Some("private, no-cache"));
    let list = lot.ask_as(Role::Viewer, "GET", "/api/inventory?status=hold", &[], &Value::Null);
    assert_eq!(list.json()["items"], json!([seen.json()]));
    assert_eq!(lot.get(&one).problem(), "vehicle_not_found");
    assert_eq!(lot.get("/api/inventory").json(), json!({"items": [], "next": null}));
}

#[test]
fn the_answer_to_a_change_has_the_tag_of_the_read_after_it() {
    let lot = Lot::open();
    let vehicle = format!("/api/inventory/{}", lot.staff().inventory().add(&corolla(0)).unwrap().id);
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry", "asking_price": "9000.00"});
    let receipt = lot.post("/api/submissions", &offer).json();
    let submission = format!("/api/submissions/{}", receipt["id"].as_str().unwrap());
    for (method, one, body) in [
        // A price that is doubted: the answer to the write alone says so.
        ("PATCH", vehicle.clone(), json!({"price": "900000.00"})),
        ("PATCH", vehicle, json!({"doors": 4})),
        ("PATCH", submission, json!({"trim": "LE"})),
    ] {
        let changed = manager(&lot, method, &one, &body);
        assert_eq!(changed.status, 200, "{changed:?}");
        let tag = changed.header("etag").unwrap();
        let again = lot.ask_as(Role::Manager, "GET", &one, &[("if-none-match", tag)], &Value::Null);
        assert_eq!((again.status, again.header("etag")), (304, Some(tag)), "{method} {one} {body}");
    }
}

#[test]
fn a_change_upon_an_older_version_is_refused() {
    let lot = Lot::open();
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap();
    let one = format!("/api/inventory/{}", vehicle.id);
    let read = manager(&lot, "GET", &one, &Value::Null).header("etag").unwrap().to_owned();
    let patch = |tag: &str, price: &str| {
        lot.ask_as(Role::Manager, "PATCH", &one, &[("if-match", tag)], &json!({"price": price}))
    };
    let first = patch(&read, "11000.00");
    assert_eq!(first.status, 200, "{first:?}");
    let second = patch(&read, "12000.00");
    assert_eq!((second.status, second.problem().as_str()), (412, "version_changed"));
    assert_eq!(manager(&lot, "GET", &one, &Value::Null).json()["price"], "11000.00");
    assert_eq!(
        patch(first.header("etag").unwrap(), "12000.00").status,
        200,
        "the answer to a write has the tag of now"
    );
    assert_eq!(patch("*", "13000.00").status, 200);
    assert_eq!(patch("\"other\"", "14000.00").status, 412);
    for (method, path, body) in
        [("POST", "/status", json!({"status": "hold"})), ("POST", "/feature", Value::Null), ("DELETE", "", Value::Null)]
    {
        let stale = lot.ask_as(Role::Admin, method, &format!("{one}{path}"), &[("if-match", &read)], &body);
        assert_eq!(stale.problem(), "version_changed", "{method} {path}");
    }
    let hold = jpauto::VehicleUpdate { make: Some("Scion".into()), ..jpauto::VehicleUpdate::default() };
    let current = manager(&lot, "GET", &one, &Value::Null).header("etag").unwrap().to_owned();
    lot.staff().inventory().update(vehicle.id, &hold).unwrap();
    assert_eq!(patch(&current, "15000.00").status, 412, "another door has changed it");
}

#[test]
fn submissions_are_corrected_reviewed_and_deleted() {
    let lot = Lot::open();
    let offer = |number: usize| NewSubmission {
        year: 2019,
        make: "Toyota".into(),
        model: "Camry".into(),
        vin: Some(format!("4T1B11HK{number}KU211111")),
        mileage: Some(52_000),
        asking_price: Some(jpauto::Money::from_dollars(15_000)),
        ..NewSubmission::default()
    };
    let [first, second] = [9, 8]
        .map(|number| format!("/api/submissions/{}", lot.staff().submissions().submit(&offer(number)).unwrap().id));
    let listed = manager(&lot, "GET", "/api/submissions?submission_status=pending", &Value::Null);
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 2);
    let read = manager(&lot, "GET", &first, &Value::Null).header("etag").unwrap().to_owned();
    let corrected = manager(&lot, "PATCH", &first, &json!({"trim": "XLE"}));
    assert_eq!((corrected.status, &corrected.json()["trim"]), (200, &json!("XLE")), "{corrected:?}");
    let approve = format!("{first}/approve");
    let stale = lot.ask_as(Role::Manager, "POST", &approve, &[("if-match", &read)], &json!({}));
    assert_eq!(stale.problem(), "version_changed");
    let approved = manager(&lot, "POST", &approve, &json!({"price": "16900.00"}));
    assert_eq!((approved.status, &approved.json()["price"]), (200, &json!("16900.00")), "{approved:?}");
    assert_eq!(manager(&lot, "GET", approved.header("location").unwrap(), &Value::Null).status, 200);
    assert_eq!(manager(&lot, "POST", &approve, &json!({})).problem(), "submission_already_reviewed");
    let reject = format!("{second}/reject");
    assert_eq!(manager(&lot, "POST", &reject, &json!({"rejection_reason": " "})).problem(), "rejection_reason_missing");
    let rejected = manager(&lot, "POST", &reject, &json!({"rejection_reason": "rust"}));
    assert_eq!(rejected.json()["submission_status"], "rejected");
    assert_eq!(manager(&lot, "DELETE", &second, &Value::Null).problem(), "forbidden");
    assert_eq!(lot.ask_as(Role::Admin, "DELETE", &second, &[], &Value::Null).status, 204);
    let found = manager(&lot, "GET", "/api/submissions/find?reference=4T1B", &Value::Null);
    assert_eq!(found.json()["trim"], "XLE");
}

#[test]
fn administrators_manage_users() {
    let lot = Lot::open();
    let admin = |method: &str, target: &str, headers: &[(&str, &str)], body: Value| {
        lot.ask_as(Role::Admin, method, target, headers, &body)
    };
    let new = json!({"email": "a@example.com", "name": "A", "role": "viewer", "oauth_provider": "microsoft"});
    let added = admin("POST", "/api/users", &[], new.clone());
    assert_eq!((added.status, &added.json()["oauth_provider"]), (201, &json!("microsoft")), "{added:?}");
    let one = added.header("location").unwrap().to_owned();
    assert_eq!(admin("POST", "/api/users", &[], new).problem(), "duplicate_email");
    let tag = admin("GET", &one, &[], Value::Null).header("etag").unwrap().to_owned();
    let role = format!("{one}/role");
    assert_eq!(admin("POST", &role, &[("if-match", &tag)], json!({"role": "manager"})).json()["role"], "manager");
    assert_eq!(admin("POST", &role, &[("if-match", &tag)], json!({"role": "admin"})).problem(), "version_changed");
    assert_eq!(admin("POST", &role, &[], json!({"role": "owner"})).problem(), "invalid_body");
    assert_eq!(admin("POST", &format!("{one}/deactivate"), &[], Value::Null).json()["is_active"], false);
    assert_eq!(admin("POST", &format!("{one}/activate"), &[], Value::Null).json()["is_active"], true);
    assert_eq!(admin("GET", "/api/users/find?reference=a@example.com", &[], Value::Null).json()["role"], "manager");
    assert_eq!(admin("GET", "/api/users", &[], Value::Null).json()["items"].as_array().unwrap().len(), 1);
    for role in [Role::Viewer, Role::Manager] {
        assert_eq!(lot.ask_as(role, "GET", "/api/users", &[], &Value::Null).problem(), "forbidden");
    }
    assert_eq!(admin("DELETE", &one, &[], Value::Null).status, 204);
    let other = NewUser { email: "b@example.com".into(), name: "B".into(), ..NewUser::default() };
    lot.staff().users().add(&other).unwrap();
    assert_eq!(lot.get("/api/users").problem(), "not_signed_in");
}

#[test]
fn a_creation_that_is_repeated_with_its_key_is_done_once() {
    let lot = Lot::open();
    let key = [("idempotency-key", "0b4f7c1e")];
    let token = |role| {
        let new = jpauto::NewToken { name: "website".into(), role, expires_at: None };
        format!("Bearer {}", lot.staff().tokens().create(&new).unwrap().secret)
    };
    let (one, other) = (token(Role::Admin), token(Role::Admin));
    let add = |authorization: &str, key: &[(&str, &str)], name: &str| {
        let body = json!({"email": "a@example.com", "name": name}).to_string();
        let mut headers = vec![("authorization", authorization), ("content-type", "application/json")];
        headers.extend(key);
        lot.ask("POST", "/api/users", &headers, body.as_bytes())
    };
    let refused = add(&one, &key, "");
    assert_eq!(refused.problem(), "invalid_user", "what fails is not kept");
    let first = add(&one, &key, "A");
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
    let again = add(&one, &key, "A");
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!((again.json(), again.header("location")), (first.json(), first.header("location")));
    assert_eq!(lot.staff().users().list(&jpauto::PageRequest::default()).unwrap().items.len(), 1);
    let reused = add(&one, &key, "B");
    assert_eq!((reused.status, reused.problem().as_str()), (422, "idempotency_key_reused"));
    assert_eq!(add(&other, &key, "A").problem(), "duplicate_email", "the key is that of one caller");
    assert_eq!(add(&one, &[], "A").problem(), "duplicate_email");
    for wrong in ["", " ", "\u{e9}", &"x".repeat(256)] {
        assert_eq!(add(&one, &[("idempotency-key", wrong)], "A").problem(), "invalid_idempotency_key", "{wrong}");
    }
}

#[test]
fn a_field_that_can_not_be_empty_is_not_emptied_in_silence() {
    let lot = Lot::open();
    let manager = lot.authorization(Role::Manager);
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap();
    let path = format!("/api/inventory/{}", vehicle.id);
    for field in ["price", "vin", "year", "make", "images"] {
        let answer = lot.call(&manager, "PATCH", &path, &json!({ field: null }));
        assert_eq!((answer.status, answer.pointers()), (422, vec![format!("/{field}")]), "{field} {answer:?}");
    }
    assert_eq!(lot.call(&manager, "PATCH", &path, &json!({"trim": null, "price": "9000.00"})).status, 200);
}
