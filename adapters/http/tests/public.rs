//! What the public may read holds nothing of costs, staff and customers. The routes are those of the document, so a new one is
//! walked, too.

use std::ops::ControlFlow;

use chrono::Utc;
use jpauto::{
    Approval, Config, Dealership, Desk, Money, NewSubmission, NewToken, NewUser, NewVehicle, PageRequest, Role,
    SessionConfig, User,
    competitors::{NewCompetitor, ScrapeErrorType, ScrapeReading, ScrapedListing},
    exports::{Export, ExportFilter, Platform},
    jobs::{Job, RunFilter, RunOptions},
};
use serde_json::Value;

use crate::support::{Lot, corolla};

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
    ids.push(cookie.split(['=', '.', ';']).nth(1).unwrap().to_owned());
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

/// Every path that anybody may read.
fn public_paths(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().unwrap().iter();
    let is_public = |operation: &Value| {
        let security = operation["security"].as_array().unwrap();
        security.is_empty() || security.iter().any(|way| way.as_object().unwrap().is_empty())
    };
    paths.filter(|(_, of_path)| of_path.get("get").is_some_and(is_public)).map(|(path, _)| path.clone()).collect()
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
