//! The OpenAPI document against real answers: each operation is called once, and its answer must be as the document says.

use std::collections::BTreeSet;

use jpauto::{Config, Dealership, NewUser, Role, SessionConfig, User, storage::StorageConfig};
use serde_json::{Value, json};

use crate::{
    office, photos,
    support::{Answer, Lot, corolla},
    website::Website,
};

/// Operations that are not called here, with the reason.
const NOT_CALLED: &[(&str, &str)] = &[
    ("auth_begin", "it needs a provider: sign_in.rs has one"),
    ("auth_finish", "it needs a provider: sign_in.rs has one"),
];

/// A call of an operation by its id, with what stands for `{id}` and the query, and the body. An id is that of the last thing
/// that was created by the operation that is named.
const CALLS: &[(&str, &str, &str, &str)] = &[
    ("healthz_health", "", "", ""),
    ("readyz_readiness", "", "", ""),
    ("openapi_json_document", "", "", ""),
    ("docs_page", "", "", ""),
    (
        "inventory_add",
        "",
        "",
        r#"{"year": 2019, "make": "Kia", "model": "Rio", "vin": "2T1BURHE0FC000042", "price": 9000, "mileage": 5}"#,
    ),
    ("inventory_list", "", "?limit=1&sort=-price", ""),
    ("inventory_get", "inventory_add", "", ""),
    ("inventory_find", "", "?reference=2T1BURHE0FC000042", ""),
    ("inventory_update", "inventory_add", "", r#"{"price": "1.00", "doors": 4, "trim": null}"#),
    ("inventory_feature", "inventory_add", "", ""),
    ("inventory_unfeature", "inventory_add", "", ""),
    ("inventory_set_status", "inventory_add", "", r#"{"status": "sold", "sale_price": "8000.00"}"#),
    ("inventory_undo_sale", "inventory_add", "", ""),
    ("inventory_set_status", "inventory_add", "", r#"{"status": "sold"}"#),
    ("inventory_relist", "inventory_add", "", ""),
    ("inventory_statistics", "", "", ""),
    ("inventory_price_history", "inventory_add", "", ""),
    ("inventory_delete", "inventory_add", "", ""),
    (
        "submissions_submit",
        "",
        "",
        r#"{"year": 2019, "make": "Kia", "model": "Rio", "vin": "2T1BURHE0FC000043", "mileage": 5}"#,
    ),
    ("submissions_list", "", "", ""),
    ("submissions_get", "submissions_submit", "", ""),
    ("submissions_find", "", "?reference=2T1BURHE0FC000043", ""),
    ("submissions_update", "submissions_submit", "", r#"{"asking_price": "1.00"}"#),
    ("submissions_approve", "submissions_submit", "", r#"{"price": "9000.00"}"#),
    ("submissions_delete", "submissions_submit", "", ""),
    ("submissions_submit", "", "", r#"{"year": 2019, "make": "Kia", "model": "Rio"}"#),
    ("submissions_reject", "submissions_submit", "", r#"{"rejection_reason": "rust"}"#),
    ("users_add", "", "", r#"{"email": "b@example.com", "name": "B"}"#),
    ("users_list", "", "", ""),
    ("users_get", "users_add", "", ""),
    ("users_find", "", "?reference=b@example.com", ""),
    ("users_set_role", "users_add", "", r#"{"role": "manager"}"#),
    ("users_deactivate", "users_add", "", ""),
    ("users_activate", "users_add", "", ""),
    ("users_delete", "users_add", "", ""),
    ("tokens_create", "", "", r#"{"name": "export"}"#),
    ("tokens_list", "", "", ""),
    ("tokens_get", "tokens_create", "", ""),
    ("tokens_revoke", "tokens_create", "", ""),
    ("auth_providers", "", "", ""),
    ("auth_me", "", "", ""),
    ("auth_link_page", "", "?token={link}", ""),
    ("auth_redeem", "", "?token={link}", ""),
    ("auth_logout", "", "", ""),
];

/// A server where an administrator is signed in, with what it asks.
fn open() -> (Lot, User, String, Website) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    let mut sessions = SessionConfig::new(vec!["a secret of many letters".into()]);
    sessions.secure = false;
    config.sessions = Some(sessions);
    config.storage = Some(StorageConfig::folder(folder.path().join("photos"), photos::PUBLIC_URL));
    let asked = office::configure(&mut config, folder.path());
    let lot = Lot::serve(Dealership::with_config(config).unwrap(), folder, |_config| {});
    let user = NewUser { email: "a@example.com".into(), name: "A".into(), role: Role::Admin, ..NewUser::default() };
    let user = lot.staff().users().add(&user).unwrap();
    lot.staff().inventory().add(&corolla(0)).unwrap();
    lot.staff().inventory().add(&corolla(1)).unwrap();
    let answer = lot.ask("POST", &format!("/api/auth/link?token={}", link(&lot, &user)), &[], b"");
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    (lot, user, cookie, asked)
}

fn link(lot: &Lot, user: &User) -> String {
    lot.staff().sign_in().link(&user.email).unwrap().secret
}

/// The path, method and description of each operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, of_path)| {
        let methods = of_path.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation.clone()))
    });
    operations.collect()
}

#[track_caller]
fn check(document: &Value, operation: &Value, answer: &Answer) {
    let id = &operation["operationId"];
    let response = &operation["responses"][answer.status.to_string()];
    assert!(response.is_object(), "{id} does not say that it answers {answer:?}");
    let headers = response["headers"].as_object().unwrap();
    let is_documented = |name: &str| headers.keys().any(|known| known.eq_ignore_ascii_case(name));
    for name in ["etag", "location", "link", "retry-after", "www-authenticate", "x-request-id"] {
        let is_sent = answer.header(name).is_some();
        assert!(!is_sent || is_documented(name), "{id} does not say that it sends {name}: {answer:?}");
        // These are sent always or never; the others depend on what is answered.
        let is_certain = ["etag", "location", "www-authenticate", "x-request-id"].contains(&name);
        assert!(is_sent || !is_documented(name) || !is_certain, "{id} sends no {name}: {answer:?}");
    }
    let media_type = answer.header("content-type").map(|value| value.split(';').next().unwrap());
    let Some(media_type) = media_type else {
        assert!(response.get("content").is_none() && answer.body.is_empty(), "{id} has no body: {answer:?}");
        return;
    };
    let content = &response["content"][media_type];
    assert!(content.is_object(), "{id} does not say that it answers {media_type}");
    let Some(schema) = content.get("schema") else { return };
    let whole = json!({"allOf": [schema], "components": document["components"]});
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&whole).unwrap();
    let faults: Vec<_> =
        validator.iter_errors(&answer.json()).map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{id} answers {}: {faults:#?}", answer.json());
}

#[test]
fn a_real_answer_of_each_operation_is_as_its_schema_says() {
    let (lot, user, cookie, _asked) = open();
    let document = lot.get("/openapi.json").json();
    let operations = operations(&document);
    let headers = [("cookie", cookie.as_str()), ("content-type", "application/json")];
    let mut called = BTreeSet::new();
    let mut created = std::collections::BTreeMap::new();
    let mut refused = Vec::new();
    // These follow from each other. The calls below end with the session.
    for call in photos::calls(&lot, &cookie).into_iter().chain(office::calls(&lot, &cookie)) {
        let found = operations.iter().find(|(_, _, operation)| operation["operationId"] == call.operation);
        let (_, _, operation) = found.unwrap_or_else(|| panic!("there is no operation {}", call.operation));
        let is_good = call.answer.status < 400;
        refused
            .extend((!is_good).then(|| format!("{} {}", call.operation, String::from_utf8_lossy(&call.answer.body))));
        check(&document, operation, &call.answer);
        called.insert(call.operation);
    }
    assert!(refused.is_empty(), "{refused:#?}");
    for (id, of, query, body) in CALLS {
        let found = operations.iter().find(|(_, _, operation)| operation["operationId"] == *id);
        let (path, method, operation) = found.unwrap_or_else(|| panic!("there is no operation {id}"));
        let query =
            if query.contains("{link}") { query.replace("{link}", &link(&lot, &user)) } else { (*query).to_owned() };
        let target = path.replace("{id}", created.get(of).map_or("", String::as_str)) + &query;
        let answer = lot.ask(method, &target, &headers, body.as_bytes());
        assert!(answer.status < 400, "{id} {target} {answer:?}");
        check(&document, operation, &answer);
        if answer.status == 201 {
            created.insert(*id, answer.json()["id"].as_str().unwrap().to_owned());
        }
        called.insert(*id);
        if method == "GET" && !query.is_empty() {
            continue;
        }
        // What nobody signed in is told is documented, too.
        check(&document, operation, &lot.ask(method, &target, &[("content-type", "application/json")], b"{"));
    }
    let reasons = NOT_CALLED.iter().map(|(id, _)| *id);
    let missing: Vec<_> = operations
        .iter()
        .filter_map(|(_, _, operation)| operation["operationId"].as_str())
        .filter(|id| !called.contains(id) && !reasons.clone().any(|not_called| not_called == *id))
        .collect();
    assert!(missing.is_empty(), "never called: {missing:?}");
}

/// Operations whose example of a body is not sent, with the reason.
const NOT_SENT: &[(&str, &str)] = &[
    ("competitors_add_at", "it asks the website"),
    ("competitors_test", "it asks the website"),
    ("inventory_order_of_vehicle", "it names photos that the vehicle does not have"),
    ("submissions_order_of_submission", "it names photos that the submission does not have"),
    ("inventory_choose_thumbnail", "it names a photo that the vehicle does not have"),
    ("vin_evaluate", "it asks for the VIN"),
];

#[test]
fn each_example_of_a_body_is_taken() {
    let (lot, _user, cookie, _asked) = open();
    let document = lot.get("/openapi.json").json();
    let headers = [("cookie", cookie.as_str()), ("content-type", "application/json")];
    let (mut ids, mut sent, mut refused) = (std::collections::BTreeMap::new(), 0, Vec::new());
    // What is added comes first: the other paths name it.
    let mut operations = operations(&document);
    operations.sort_by_key(|(path, ..)| path.contains('{'));
    for (path, method, operation) in operations {
        let (id, media) = (&operation["operationId"], &operation["requestBody"]["content"]["application/json"]);
        if media.is_null() || NOT_SENT.iter().any(|(not_sent, _)| id == not_sent) {
            continue;
        }
        let named = media["examples"].as_object().into_iter().flatten().map(|(_, it)| it["$ref"].as_str().unwrap());
        let named = named.map(|place| &document.pointer(&place[1..]).unwrap()["value"]);
        for example in named.chain(Some(&media["example"]).filter(|example| !example.is_null())) {
            let noun = path.split('/').find(|part| ids.contains_key(*part)).unwrap_or_default().to_owned();
            let target =
                path.replace("{id}", ids.get(&noun).map_or("", String::as_str)).replace("{job}", "market_research");
            let answer = lot.ask(&method, &target, &headers, example.to_string().as_bytes());
            if [400, 422, 500].contains(&answer.status) {
                refused.push(format!("{id} {target}: {}", String::from_utf8_lossy(&answer.body)));
            }
            if answer.status == 201 && !path.contains('{') {
                let created = answer.json()["id"].as_str().map(str::to_owned);
                ids.extend(created.map(|created| (path.rsplit('/').next().unwrap().to_owned(), created)));
            }
            sent += 1;
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(sent > 20 && ids.len() > 3, "{sent} {ids:?}");
}

/// The words of a schema, or of the items of its list.
fn words(schema: &Value) -> Vec<String> {
    let own = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let parts = ["anyOf", "oneOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    own.chain(parts.chain(schema.get("items")).flat_map(words)).collect()
}

#[test]
fn each_word_that_a_query_may_hold_is_taken() {
    let (lot, _user, cookie, _asked) = open();
    let document = lot.get("/openapi.json").json();
    let mut tried = 0;
    for (path, method, operation) in operations(&document) {
        let parameters: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
        if method != "GET" || path.contains('{') || parameters.iter().any(|it| it["required"] == json!(true)) {
            continue;
        }
        for parameter in parameters.into_iter().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            for word in words(&parameter["schema"]) {
                let answer = lot.ask("GET", &format!("{path}?{name}={word}"), &[("cookie", cookie.as_str())], b"");
                assert_ne!(answer.status, 400, "{path} {name}={word}: {answer:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "{tried}");
}
