//! Files of vehicles over HTTP: imported, tried out, refused row by row, and their columns written out.

use std::time::{Duration, Instant};

use jpauto::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Lot};

const STOCK: &str = "Stock #,VIN,Year,Make,Model,List Price,Odometer,Lot Row\n\
                     A1,2T1BURHE0FC000001,2019,Toyota,Corolla,\"$13,500.00\",52000,7\n\
                     A2,2T1BURHE0FC000002,2020,Toyota,Corolla,14500,41000,8\n";

fn send(lot: &Lot, target: &str, media_type: &str, file: &[u8]) -> Answer {
    let manager = lot.authorization(Role::Manager);
    lot.ask("POST", target, &[("authorization", &manager), ("content-type", media_type)], file)
}

fn vehicles(lot: &Lot) -> usize {
    lot.get("/api/inventory").json()["items"].as_array().unwrap().len()
}

#[test]
fn a_file_is_tried_out_and_then_imported() {
    let lot = Lot::open();
    let tried = send(&lot, "/api/imports/vehicles?dry_run=true&name=stock.csv", "text/csv", STOCK.as_bytes());
    assert_eq!((tried.status, &tried.json()["outcome"], vehicles(&lot)), (200, &json!("dry_run"), 0), "{tried:?}");
    let report = send(&lot, "/api/imports/vehicles?name=stock.csv", "text/csv; charset=utf-8", STOCK.as_bytes()).json();
    assert_eq!((&report["outcome"], &report["file"]), (&json!("written"), &json!("stock.csv")), "{report}");
    assert_eq!((&report["added"][0]["row"], &report["added"][0]["price"]), (&json!(2), &json!("13500.00")));
    assert_eq!(report["columns"][7], json!({"name": "Lot Row", "field": null, "left_out": "unknown"}));
    assert_eq!(vehicles(&lot), 2);
    let lines = b"{\"vin\": \"2T1BURHE0FC000001\", \"price\": \"12500.00\"}\n";
    let report = send(&lot, "/api/imports/vehicles", "application/x-ndjson", lines).json();
    let change = json!({"from": "13500.00", "to": "12500.00"});
    assert_eq!((&report["counts"]["changed"], &report["changed"][0]["changes"]["price"]), (&json!(1), &change));
}

#[test]
fn the_report_of_a_large_file_is_waited_for() {
    // Long enough to look a token up on a busy machine.
    let deadline = Duration::from_millis(200);
    let lot = Lot::with(|config| config.gate.deadline = deadline);
    let rows =
        (1..=30_000).map(|number| format!("A{number},2T1BURHE0FC{number:06},2019,Toyota,Corolla,13500,52000,7\n"));
    let file = format!("{}\n{}", STOCK.lines().next().unwrap(), rows.collect::<String>());
    let began = Instant::now();
    let tried = send(&lot, "/api/imports/vehicles?dry_run=true", "text/csv", file.as_bytes());
    assert_eq!(tried.json()["counts"]["rows"], json!(30_000), "{}", tried.status);
    assert!(began.elapsed() > deadline, "{:?}", began.elapsed());
}

fn look(lot: &Lot, target: &str) -> Answer {
    lot.ask("GET", target, &[("authorization", &lot.authorization(Role::Manager))], b"")
}

/// The run of an import that is not waited for, when it has ended.
fn run_of(lot: &Lot, target: &str, file: &[u8]) -> Value {
    let begun = send(lot, target, "text/csv", file);
    assert_eq!(begun.status, 202, "{begun:?}");
    let path = format!("/api/jobs/runs/{}", begun.json()["run"]["id"].as_str().unwrap());
    assert_eq!(begun.header("location"), Some(path.as_str()));
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let run = look(lot, &path).json();
        if run["status"] != "running" {
            return run;
        }
        assert!(Instant::now() < until, "{run}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_import_that_is_sent_twice_with_one_key_is_made_once() {
    let lot = Lot::open();
    let authorization = lot.authorization(Role::Manager);
    let send = |file: &str| {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "text/csv"),
            ("idempotency-key", "stock of today"),
        ];
        lot.ask("POST", "/api/imports/vehicles", &headers, file.as_bytes())
    };
    let first = send(STOCK);
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, None), "{first:?}");
    let again = send(STOCK);
    assert_eq!((again.status, again.header("idempotency-replayed")), (200, Some("true")), "{again:?}");
    assert_eq!(again.json(), first.json());
    assert_eq!(send(&format!("{STOCK}\n")).problem(), "idempotency_key_reused");
    let runs = look(&lot, "/api/jobs/runs?job=import_vehicles").json();
    let [run] = runs["items"].as_array().unwrap().as_slice() else { panic!("{runs}") };
    let rows = &first.json()["counts"]["rows"];
    assert_eq!((&run["progress"]["done"], &run["progress"]["total"]), (rows, rows), "{run}");
    assert_eq!(run["progress"]["message"], Value::Null);
}

#[test]
fn an_import_that_is_not_waited_for_is_a_run_with_its_report() {
    let lot = Lot::open();
    let rows = (1..=150).map(|number| format!("A{number},2T1BURHE0FC{number:06},2019,Toyota,Corolla,13500,52000,7\n"));
    let file = format!("{}\n{}", STOCK.lines().next().unwrap(), rows.collect::<String>());
    let tried = run_of(&lot, "/api/imports/vehicles?wait=0&dry_run=true&name=stock.csv", file.as_bytes());
    assert_eq!((&tried["job_name"], &tried["status"]), (&json!("import_vehicles"), &json!("success")), "{tried}");
    assert_eq!((&tried["result"]["outcome"], &tried["result"]["file"]), (&json!("dry_run"), &json!("stock.csv")));
    assert_eq!((&tried["result"]["counts"]["added"], vehicles(&lot)), (&json!(150), 0));
    let written = run_of(&lot, "/api/imports/vehicles?wait=0", file.as_bytes());
    // The history keeps a bounded part of the rows.
    let result = &written["result"];
    assert_eq!((&result["counts"]["added"], result["added"].as_array().unwrap().len()), (&json!(150), 100));
    assert_eq!((&result["most_listed"], &result["outcome"]), (&json!(100), &json!("written")));
    let some = file.replace("A7,", "A8,");
    for (target, status, error) in [
        ("/api/imports/vehicles?wait=0", "failure", "import_refused: "),
        ("/api/imports/vehicles?wait=0&keep_going=true", "partial", "import_refused: "),
    ] {
        let run = run_of(&lot, target, some.as_bytes());
        let told = run["error"].as_str().unwrap_or_default();
        assert!(run["status"] == status && told.starts_with(error), "{run}");
        assert_eq!(run["result"]["counts"]["refused"], run["result"]["refused"].as_array().unwrap().len());
    }
    let unreadable = run_of(&lot, "/api/imports/vehicles?wait=0", b"%PDF-1.7");
    assert!(unreadable["error"].as_str().unwrap().starts_with("sheet_unreadable: "), "{unreadable}");
    // A file is no matter of the job, so that no alert says that it fails, and one that was waited for is in the history, too.
    assert_eq!(look(&lot, "/api/alerts").json()["items"], json!([]));
    let waited = send(&lot, "/api/imports/vehicles", "text/csv", file.as_bytes());
    assert_eq!((waited.status, &waited.json()["counts"]["unchanged"]), (200, &json!(150)));
    assert_eq!(look(&lot, "/api/jobs/runs").json()["items"].as_array().unwrap().len(), 6);
}

#[test]
fn refused_rows_are_told_one_by_one() {
    let lot = Lot::open();
    let file = STOCK.replace("41000", "many");
    let refused = send(&lot, "/api/imports/vehicles", "text/csv", file.as_bytes());
    let report = refused.json();
    assert_eq!((refused.status, &report["outcome"], vehicles(&lot)), (422, &json!("refused"), 0), "{report}");
    let fault = &report["refused"][0]["faults"][0];
    assert_eq!((&report["refused"][0]["row"], &fault["column"]), (&json!(3), &json!("Odometer")), "{report}");
    let kept = send(&lot, "/api/imports/vehicles?keep_going=true", "text/csv", file.as_bytes());
    assert_eq!((kept.status, &kept.json()["outcome"], vehicles(&lot)), (422, &json!("written_in_part"), 1));
    let held = send(&lot, "/api/imports/vehicles?sold_if_missing=true", "text/csv", b"VIN,Price\n");
    assert_eq!(held.status, 409, "{held:?}");
    assert_eq!((&held.json()["outcome"], vehicles(&lot)), (&json!("held_back"), 1));
    for (target, media_type, file, status, code) in [
        ("/api/imports/vehicles", "application/json", STOCK, 415, "unsupported_media_type"),
        ("/api/imports/vehicles", "text/plain", STOCK, 415, "unsupported_media_type"),
        ("/api/imports/vehicles", "text/csv", "", 422, "sheet_unreadable"),
        ("/api/imports/vehicles", "text/csv", "%PDF-1.7", 422, "sheet_unreadable"),
        ("/api/imports/vehicles?mapping=%7B", "text/csv", STOCK, 422, "invalid_import_mapping"),
        ("/api/imports/vehicles?dates=backwards", "text/csv", STOCK, 400, "invalid_query"),
    ] {
        let answer = send(&lot, target, media_type, file.as_bytes());
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{target} {media_type}");
    }
}

#[test]
fn a_mapping_is_written_out_and_sent_back() {
    let lot = Lot::open();
    let file = STOCK.replace("List Price", "Ask us");
    let found = send(&lot, "/api/imports/vehicles/mapping", "text/csv", file.as_bytes());
    assert_eq!((found.status, &found.json()["columns"]["Ask us"]), (200, &Value::Null), "{found:?}");
    let mut mapping = found.json();
    mapping["columns"]["Ask us"] = json!("price");
    let query: String = mapping.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    let report = send(&lot, &format!("/api/imports/vehicles?mapping={query}"), "text/csv", file.as_bytes());
    assert_eq!((report.status, &report.json()["counts"]["added"]), (200, &json!(2)), "{report:?}");
}

#[test]
fn a_file_may_be_larger_than_another_body_and_has_a_limit() {
    let lot = Lot::with(|config| (config.body.largest, config.body.largest_file) = (100, 1_000));
    assert_eq!(send(&lot, "/api/imports/vehicles", "text/csv", STOCK.as_bytes()).status, 200);
    let long = STOCK.to_owned() + &" ".repeat(1_000);
    let refused = send(&lot, "/api/imports/vehicles", "text/csv", long.as_bytes());
    assert_eq!((refused.status, refused.problem().as_str()), (413, "body_too_large"));
}
