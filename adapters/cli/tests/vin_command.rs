//! `jpauto vin decode` and `jpauto vin evaluate`: what they print, and what they say when nobody answers.

use serde_json::json;

use crate::support::{CAMRY, Lot};

/// A mirror of vPIC that no guard lets be reached.
const NOWHERE: &str = "https://127.0.0.1/api";

/// Ten Camrys of one kind at a competitor.
fn watched() -> Lot {
    let lot = Lot::new();
    let line = |number: i32| {
        let listing = json!({
            "vin": format!("4T1B11HK5KU2222{number:02}"), "year": 2019, "make": "Toyota", "model": "Camry",
            "mileage": 25_000 + 1_500 * number, "price": 15_900 - 150 * number,
        });
        format!("{listing}\n")
    };
    lot.write("lot.jsonl", (1..11).map(line).collect::<String>());
    let now = chrono::Utc::now().to_rfc3339();
    lot.json(["import", "listings", "--competitor", "Example Motors", "--observed-at", &now, "lot.jsonl"]);
    lot
}

#[test]
fn a_vin_is_decoded_without_a_network_and_without_a_database() {
    let lot = Lot::new();
    let ran = lot.run(["vin", "decode", "--offline", "5fnyf5h59hb011946", "WDD2470031J059461"]);
    assert_eq!((ran.code, &*ran.stderr), (0, ""));
    for words in [
        "5FNYF5H59HB011946",
        "AMERICAN HONDA MOTOR CO., INC. (5FN)",
        "multipurpose vehicle",
        "United States",
        "2017",
        "9, right",
        "Germany",
        "2001, likely",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let facts = lot.json(["vin", "decode", "--offline", "7A5GDM9AXKP042788"]);
    assert_eq!(facts[0]["country"], json!({"name": "United States", "disputed_with": "New Zealand"}));
    let lines = lot.run(["vin", "decode", "--offline", "--format", "jsonl", CAMRY, CAMRY]).lines();
    assert_eq!(lines.len(), 2);
    lot.run(["vin", "decode", "--offline", "1M8"]).fails(2, "error[invalid_vin]: ");
    assert!(!lot.path("jpauto.db").exists());
}

#[test]
fn an_address_that_is_not_for_us_is_refused() {
    let lot = Lot::new();
    lot.run(["vin", "decode", "--vpic-url", NOWHERE, CAMRY]).fails(2, "error[invalid_vpic_address]: ");
    assert!(!lot.path("jpauto.db").exists());
}

#[test]
fn an_offered_car_is_evaluated_from_listings_of_its_kind_and_kept() {
    let lot = watched();
    let first = lot.json(["vin", "evaluate", CAMRY, "--mileage", "33000", "--offline"]);
    assert_eq!((&first["vehicle"]["model"], &first["vehicle"]["source"]), (&json!("Camry"), &json!("same_kind")));
    assert_eq!((&first["analysis"]["sample_size"], &first["from_cache"]), (&json!(10), &json!(false)));
    let again = lot.json(["vin", "evaluate", CAMRY, "--mileage", "36000", "--offline"]);
    assert_eq!((&again["from_cache"], &again["mileage"]), (&json!(true), &json!(33_000)));
    assert_eq!(again["analysis"]["adjusted"], first["analysis"]["adjusted"]);
    let fresh = lot.json(["vin", "evaluate", CAMRY, "--mileage", "36000", "--offline", "--refresh"]);
    assert_eq!((&fresh["from_cache"], &fresh["mileage"]), (&json!(false), &json!(36_000)));

    let text = lot.run(["vin", "evaluate", CAMRY, "--mileage", "36000", "--offline"]).stdout;
    for words in [
        "2019 Toyota Camry",
        "36,000 miles",
        "┃",
        "the middle half asks",
        "Nearest comparables",
        "10 listings",
        "holds until",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(lot.items(["activity", "list", "--action", "evaluate"]).len(), 2);
}

#[test]
fn a_car_that_nothing_knows_is_told_as_far_as_its_vin_goes() {
    let lot = watched();
    let text = lot.run(["vin", "evaluate", "5FNYF5H59HB011946", "--offline"]).stdout;
    for words in ["made by", "2017", "nothing says which model it is", "it is not kept"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    lot.run(["vin", "evaluate", CAMRY, "--mileage=-5"]).fails(2, "error[invalid_evaluation]: ");
}
