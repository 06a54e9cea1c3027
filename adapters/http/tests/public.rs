//! What the public may read, and what is answered to what it sends, holds nothing of costs, staff and customers. The routes are
//! those of the document, so a new one is walked, too.

use std::ops::ControlFlow;

use chrono::Utc;
use jpauto::{
    Approval, Config, Dealership, Desk, Money, NewSubmission, NewToken, NewUser, NewVehicle, PageRequest, Role,
    SessionConfig, User,
    competitors::{NewCompetitor, ScrapeErrorType, ScrapeReading, ScrapedListing},
    exports::{Export, ExportFilter, Platform},
    jobs::{Job, RunFilter, RunOptions},
    storage::StorageConfig,
};
use serde_json::{Value, json};

use crate::{
    photos,
    support::{Answer, Lot, corolla},
};

/// Part of every text that must not be public.
const CANARY: &str = "canary";

/// An amount that must not be public.
const COST: Money = Money::from_cents(765_432_109);

/// A server that keeps sessions.
fn open() -> Lot {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    let mut sessions = SessionConfig::new(vec!["a secret of many letters".into()]);
    sessions.secure = false;
    config.sessions = Some(sessions);
    config.storage = Some(StorageConfig::folder(folder.path().join("photos"), photos::PUBLIC_URL));
    Lot::serve(Dealership::with_config(config).unwrap(), folder, |_config| {})
}

/// Fills what only staff sees besides the stock: competitors with their listings and failures, the alerts that follow, a session,
/// a run of a job and an export. Answers the ids of the rows.
fn fill_the_office(lot: &Lot, desk: &Desk, user: &User) -> Vec<String> {
    let competitor = NewCompetitor {
        name: format!("{CANARY} motors"),
        inventory_url: format!("https://{CANARY}.example/used"),
        ..NewCompetitor::default()
    };
    let competitor = desk.competitors().add(&competitor).unwrap();
    let listing = ScrapedListing {
        vin: Some("1M8GDM9AXKP042788".into()),
        make: Some("Toyota".into()),
        model: Some(format!("{CANARY} of a competitor")),
        year: Some(2019),
        price: Some(COST),
        ..ScrapedListing::default()
    };
    let recorded = desk
        .competitors()
        .record(competitor.id, vec![listing], ScrapeReading::whole_lot(), Utc::now() - chrono::TimeDelta::hours(5))
        .unwrap();
    for hours in (1..5).rev() {
        let when = Utc::now() - chrono::TimeDelta::hours(hours);
        desk.competitors().record_failure(competitor.id, ScrapeErrorType::Network, "canary failure", when).unwrap();
    }
    let alerts = desk.alerts().list(&jpauto::AlertFilter::default(), &PageRequest::default()).unwrap().items;
    assert!(!alerts.is_empty(), "four failures open an alert");
    let answer = lot.ask(
        "POST",
        &format!("/api/auth/link?token={}", lot.staff().sign_in().link(&user.email).unwrap().secret),
        &[],
        b"",
    );
    let cookie = answer.header("set-cookie").expect("a session").to_owned();
    desk.jobs().run(Job::Check, &RunOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let runs = lot.staff().jobs().history(&RunFilter::default(), &PageRequest::default()).unwrap().items;
    let folder = tempfile::tempdir().unwrap();
    let export = Export::of(Platform::SchemaOrg).to(folder.path().join(CANARY).display().to_string());
    desk.exports().run(&export, &mut |_| ControlFlow::Continue(())).unwrap();
    let exports = lot.staff().exports().list(&ExportFilter::default(), &PageRequest::default()).unwrap().items;
    assert!(!runs.is_empty() && !exports.is_empty(), "runs and exports are written down");
    let mut ids = vec![competitor.id.to_string(), recorded.scrape_id.to_string()];
    ids.extend(recorded.new.iter().map(|listing| listing.id.to_string()));
    ids.extend(alerts.iter().map(|alert| alert.id.to_string()));
    ids.extend(runs.iter().map(|run| run.id.to_string()));
    ids.extend(exports.iter().map(|export| export.id.to_string()));
    let session = cookie.split_once('=').unwrap().1.trim_start_matches("s%3A").split('.').next().unwrap();
    assert!(session.len() > 20, "{cookie}");
    ids.push(session.to_lowercase());
    ids
}

/// The rows that were written.
struct Filled {
    /// What a path may name: all ids.
    all: Vec<String>,
    /// What no answer may hold: the ids of what is not on the website.
    hidden: Vec<String>,
}

/// Fills the tables with canaries.
fn fill(lot: &Lot) -> Filled {
    let desk = lot.staff();
    let canary = |what: &str| Some(format!("{CANARY} {what}"));
    let user = NewUser {
        email: format!("{CANARY}@example.com"),
        name: canary("user").unwrap(),
        role: Role::Manager,
        ..NewUser::default()
    };
    let user = desk.users().add(&user).unwrap();
    let staff = lot.dealership.acting_as(jpauto::Actor::user(user.id));
    let token = NewToken { name: canary("token").unwrap(), role: Role::Viewer, expires_at: None };
    let token = staff.tokens().create(&token).unwrap().token;
    let vehicle = staff.inventory().add(&NewVehicle { cost: Some(COST), ..corolla(0) }).unwrap();
    let sold = staff.inventory().add(&NewVehicle { description: canary("of a sold car"), ..corolla(1) }).unwrap();
    staff.inventory().set_status(sold.id, jpauto::VehicleStatus::Sold).unwrap();
    let mut hidden = vec![user.id.to_string(), token.id.to_string(), sold.id.to_string()];
    let mut listed = vec![vehicle.id.to_string()];
    for number in 2..4 {
        let offer = NewSubmission {
            year: 2019,
            make: "Toyota".into(),
            model: "Corolla".into(),
            vin: Some(corolla(number).vin),
            mileage: Some(1_000),
            asking_price: Some(COST),
            customer_name: canary("name"),
            customer_email: Some(format!("{CANARY}{number}@example.com")),
            additional_notes: canary("notes"),
            ..NewSubmission::default()
        };
        let submission = staff.submissions().submit(&offer).unwrap();
        hidden.push(submission.id.to_string());
        match number {
            2 => {
                let approval = Approval::at_price(Money::from_dollars(9_000));
                listed.push(staff.submissions().approve(submission.id, &approval).unwrap().id.to_string());
            }
            _ => drop(staff.submissions().reject(submission.id, "canary reason").unwrap()),
        }
    }
    hidden.extend(fill_the_office(lot, &staff, &user));
    Filled { all: [listed, hidden.clone()].concat(), hidden }
}

fn is_public(operation: &Value) -> bool {
    let security = operation["security"].as_array().unwrap();
    security.is_empty() || security.iter().any(|way| way.as_object().unwrap().is_empty())
}

/// Every path that anybody may read.
fn public_paths(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.filter(|(_, of_path)| of_path.get("get").is_some_and(is_public)).map(|(path, _)| path.clone()).collect()
}

/// Every operation beside reads that anybody may call, with the example of its body.
fn public_writes(document: &Value) -> Vec<(String, String, Value)> {
    let mut writes = Vec::new();
    for (path, of_path) in document["paths"].as_object().unwrap() {
        for (method, operation) in of_path.as_object().unwrap() {
            if method == "get" || !is_public(operation) {
                continue;
            }
            let examples = operation["requestBody"]["content"]["application/json"]["examples"].as_object();
            let example = examples
                .and_then(|all| all.values().next()?["$ref"].as_str())
                .map_or(Value::Null, |place| document.pointer(&format!("{}/value", &place[1..])).unwrap().clone());
            writes.push((method.to_uppercase(), path.clone(), example));
        }
    }
    writes
}

#[track_caller]
fn holds_none_of(answer: &Answer, target: &str, secrets: &[&str]) {
    assert!(answer.status < 500, "{target} {answer:?}");
    let head: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let text = (head + &String::from_utf8_lossy(&answer.body)).to_lowercase();
    for secret in secrets {
        // A problem may repeat what was asked for.
        let is_repeated = answer.status >= 400 && target.contains(secret);
        assert!(is_repeated || !text.contains(secret), "{target} holds {secret}: {text}");
    }
}

#[test]
fn no_answer_to_what_the_public_sends_holds_what_is_for_staff() {
    let lot = open();
    let Filled { all: ids, hidden } = fill(&lot);
    let secrets: Vec<_> = [CANARY, "7654321", "created_by", "updated_by", "source_submission"]
        .into_iter()
        .chain(hidden.iter().map(String::as_str))
        .collect();
    // Offers of cars that are on the lot, were sold, were bought and were refused.
    let mut receipts = Vec::new();
    for number in 0..4 {
        let offer =
            json!({"year": 2019, "make": "Toyota", "model": "Corolla", "vin": corolla(number).vin, "mileage": 5});
        let answer = lot.post("/api/submissions", &offer);
        // A car that was refused may be offered again: that is the same submission.
        let own = answer.json()["id"].as_str().unwrap_or_default().to_owned();
        let others: Vec<_> = secrets.iter().copied().filter(|secret| *secret != own).collect();
        holds_none_of(&answer, "POST /api/submissions", &others);
        receipts.push(answer.json());
    }
    let new = json!({"year": 2019, "make": "Kia", "model": "Rio", "mileage": 5});
    receipts.push(lot.post("/api/submissions", &new).json());
    let receipt =
        receipts.iter().rev().find(|receipt| receipt["photos"]["token"].is_string()).expect("an offer was taken");
    let token = receipt["photos"]["token"].as_str().unwrap();
    let of_customer = format!("/api/storage/submissions/{}", receipt["id"].as_str().unwrap());
    let send = |method: &str, target: &str, media_type: &str, body: &[u8]| {
        let answer = lot.ask(method, target, &[("photo-token", token), ("content-type", media_type)], body);
        holds_none_of(&answer, target, &secrets);
        assert!(answer.status < 300, "{method} {target} {answer:?}");
        answer
    };
    let json_type = "application/json";
    let announced = json!({"content_type": "image/jpeg", "content_length": photos::jpeg().len()}).to_string();
    let upload = send("POST", &format!("{of_customer}/uploads"), json_type, announced.as_bytes()).json();
    send("PUT", upload["url"].as_str().unwrap().strip_prefix("http://lot").unwrap(), "image/jpeg", &photos::jpeg());
    let attach = json!({"key": upload["key"]}).to_string();
    let photo = send("POST", &format!("{of_customer}/photos"), json_type, attach.as_bytes()).json();
    send("GET", &format!("{of_customer}/photos"), json_type, b"");
    send("DELETE", &format!("{of_customer}/photos/{}", photo["id"].as_str().unwrap()), json_type, b"");
    // Every other: as the document says and as it does not, with the ids of what the public may not see.
    let writes = public_writes(&lot.get("/openapi.json").json());
    let names: Vec<_> = writes.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    for known in ["POST /api/submissions", "POST /api/auth/link", "PUT /api/storage/incoming/{noun}/{id}/{name}"] {
        assert!(names.iter().any(|name| name == known), "{names:?}");
    }
    for (method, path, example) in writes {
        let of_path: &[String] = if path.contains("{id}") { &ids } else { &ids[..1] };
        for id in of_path {
            let target = path
                .replace("{id}", id)
                .replace("{noun}", "vehicles")
                .replace("{name}", "x.jpg")
                .replace("{photo}", id);
            for body in [example.to_string(), "{}".to_owned(), format!("{{\"{id}\": 1}}"), String::new()] {
                let headers = [("content-type", json_type), ("photo-token", token)];
                let answer = lot.ask(&method, &target, &headers, body.as_bytes());
                holds_none_of(&answer, &format!("{target} {body}"), &secrets);
            }
        }
    }
}

#[test]
fn no_public_answer_holds_what_is_for_staff() {
    let lot = open();
    let Filled { all: ids, hidden } = fill(&lot);
    assert!(hidden.len() > 10, "{hidden:?}");
    let document = lot.get("/openapi.json").json();
    let paths = public_paths(&document);
    assert!(paths.len() >= 5 && paths.contains(&"/api/inventory/{id}".to_owned()), "{paths:?}");
    let mut read = 0;
    for path in paths {
        let targets: Vec<String> = match path.split_once('{') {
            Some(_) => ids.iter().map(|id| path.replace("{id}", id).replace("{vin}", &corolla(1).vin)).collect(),
            None => ["", "?q=canary", "?limit=500", "?status=sold"].map(|query| format!("{path}{query}")).to_vec(),
        };
        for target in targets {
            let answer = lot.get(&target);
            assert!(answer.status < 500, "{target} {answer:?}");
            read += usize::from(answer.status == 200);
            if path == "/openapi.json" || path == "/docs" {
                continue;
            }
            let text = String::from_utf8_lossy(&answer.body).to_lowercase();
            let names = [CANARY, "7654321", "cost", "created_by", "updated_by", "source_submission", "customer"];
            for secret in names.into_iter().chain(hidden.iter().map(String::as_str)) {
                // A problem may repeat what was asked for.
                let is_repeated = answer.status >= 400 && target.contains(secret);
                assert!(is_repeated || !text.contains(secret), "{target} holds {secret}: {text}");
            }
        }
    }
    assert!(read > 5, "too little was read: {read}");
}
