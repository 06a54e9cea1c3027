//! What the public may read holds nothing of costs, staff and customers. The routes are those of the document, so a new one is
//! walked, too.

use jpauto::{Approval, Money, NewSubmission, NewToken, NewUser, NewVehicle, Role};
use serde_json::Value;

use crate::support::{Lot, corolla};

/// Part of every text that must not be public.
const CANARY: &str = "canary";

/// An amount that must not be public.
const COST: Money = Money::from_cents(765_432_109);

/// Fills the tables with canaries, and answers the ids of all rows.
fn fill(lot: &Lot) -> Vec<String> {
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
    let mut ids = vec![user.id.to_string(), token.id.to_string(), vehicle.id.to_string(), sold.id.to_string()];
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
        ids.push(submission.id.to_string());
        match number {
            2 => {
                let approval = Approval::at_price(Money::from_dollars(9_000));
                ids.push(staff.submissions().approve(submission.id, &approval).unwrap().id.to_string());
            }
            _ => drop(staff.submissions().reject(submission.id, "canary reason").unwrap()),
        }
    }
    ids
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
    let lot = Lot::open();
    let ids = fill(&lot);
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
            for secret in [CANARY, "7654321", "cost", "created_by", "updated_by", "source_submission", "customer"] {
                // A problem may repeat what was asked for.
                let is_repeated = answer.status >= 400 && target.contains(secret);
                assert!(is_repeated || !text.contains(secret), "{target} holds {secret}: {text}");
            }
        }
    }
    assert!(read > 5, "too little was read: {read}");
}
