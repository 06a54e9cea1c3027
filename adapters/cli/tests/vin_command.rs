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
        "2001, if its maker uses position 10 for it",
        "vPIC was not asked",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let disputed = &lot.json(["vin", "decode", "--offline", "7A5GDM9A1KP042788"])[0];
    assert_eq!(
        disputed["facts"]["country"],
        json!({"name": "United States", "disputed_with": "New Zealand", "is_current": true})
    );
    assert_eq!((&disputed["facts"]["region"], &disputed["facts"]["check_digit_is_law"]), (&json!(null), &json!(false)));
    let warned: Vec<_> = disputed["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(warned, ["year_conditional", "vpic_missing"], "the answer has the shape that it has online");
    assert_eq!((&disputed["vpic"], &disputed["vehicle"]), (&json!(null), &json!(null)));
    let basis = |vin| lot.json(["vin", "decode", "--offline", vin])[0]["facts"]["model_year_basis"].clone();
    let bases = ["5FNYF5H59HB011946", "4ENGAAA81R1003437", "WDD2470031J059461"].map(basis);
    assert_eq!(bases, ["proven", "position_10", "makers_choice"]);
    let lines = lot.run(["vin", "decode", "--offline", "--format", "jsonl", CAMRY, CAMRY]).lines();
    assert_eq!(lines.len(), 2);
    lot.run(["vin", "decode", "--offline", "1M8"]).fails(2, "error[invalid_vin]: ");
    assert!(!lot.path("jpauto.db").exists());
}

#[test]
fn vins_are_read_from_standard_input_and_a_wrong_one_is_told_with_its_place() {
    let lot = Lot::new();
    let decode = ["vin", "decode", "--offline", "--format", "jsonl", "-"];
    let read = lot.feed(decode, format!("{CAMRY}\r\n\n  5fnyf5h59hb011946  \n").as_bytes());
    let vins: Vec<_> = read.lines().iter().map(|line| line["facts"]["vin"].clone()).collect();
    assert_eq!(vins, [json!(CAMRY), json!("5FNYF5H59HB011946")]);
    let short = lot.feed(["vin", "-"], format!("{CAMRY}\n1M8\n").as_bytes()).lines();
    assert_eq!((&short[0]["valid"], &short[1]["valid"]), (&json!(true), &json!(false)));
    let wrong = lot.feed(decode, format!("{CAMRY}\n1HGCM82633A00435O\n").as_bytes());
    wrong.fails(2, "error[invalid_vin]: line 2: \"1HGCM82633A00435O\": the letter O at position 17");
    assert_eq!(wrong.stdout, "");
    for (text, told) in [
        ("", "a VIN is needed"),
        ("1HGCM82633A00435", "and this has 16"),
        ("1HGCM82633A0043522", "and this has 18"),
        ("1HGCM82633А004352", "'А' at position 11"), // a Cyrillic A
        ("1HGCM 2633A004352", "' ' at position 6"),
        ("1HGCM\u{202e}2633A004352", "at position 6"),
    ] {
        let ran = lot.run(["vin", "decode", "--offline", text]);
        ran.fails(2, "error[invalid_vin]: ");
        assert!(ran.stderr.contains(told) && !ran.stderr.contains('\u{202e}'), "{}", ran.stderr);
        let ran = lot.run(["vin", "evaluate", "--offline", "--format", "json", text]);
        let error = serde_json::from_str::<serde_json::Value>(&ran.stderr).unwrap();
        assert_eq!((ran.code, &error["error"]["code"]), (2, &json!("invalid_vin")), "{error}");
        assert_eq!(error["error"]["fields"][0]["pointer"], "/vin");
    }
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
    let removed = lot.json(["vin", "clean-up"]);
    assert_eq!(removed, json!({"evaluations": 0, "decodes": 0, "is_all": true}), "it still holds");
    assert_eq!(lot.run(["vin", "clean-up"]).stdout, "removed 0 evaluations and 0 decodings\n");
}

#[test]
fn a_car_that_nothing_knows_is_told_as_far_as_its_vin_goes() {
    let lot = watched();
    let text = lot.run(["vin", "evaluate", "5FNYF5H59HB011946", "--offline"]).stdout;
    for words in ["registered by", "2017", "nothing says which model it is", "it is not kept"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    lot.run(["vin", "evaluate", CAMRY, "--mileage=-5"]).fails(2, "error[invalid_evaluation]: ");
}

#[test]
fn an_evaluation_for_another_mileage_says_for_which_it_was_made() {
    let lot = watched();
    let evaluate = |mileage| lot.run(["vin", "evaluate", CAMRY, "--mileage", mileage, "--offline"]).stdout;
    assert!(!evaluate("33000").contains("were asked for"));
    let told = evaluate("36000");
    assert!(told.contains("it was made for 33,000 miles, and 36,000 miles were asked for: --refresh"), "{told}");
}

#[test]
fn offline_asks_auto_dev_neither() {
    let lot = watched();
    let mut command = lot.command(["vin", "evaluate", CAMRY, "--offline", "--auto-dev-calls", "0", "--format", "json"]);
    let asked = command.env("AUTODEV_API_KEY", "a key").output().unwrap();
    let evaluation: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(evaluation["analysis"]["missing_source"], json!(null), "{evaluation}");
    assert_eq!(evaluation["analysis"]["search_parameters"]["auto_dev"], json!([]));
}

#[test]
fn the_help_names_clean_up_and_says_what_json_is() {
    let lot = Lot::new();
    let help = lot.run(["vin", "--help"]).stdout;
    assert!(help.contains("jpauto vin clean-up "), "{help}");
    // As the help says: an object a line by itself, one document from its commands.
    assert_eq!(lot.run(["vin", "--format", "json", CAMRY, CAMRY]).lines().len(), 2);
    assert_eq!(lot.json(["vin", "decode", "--offline", CAMRY, CAMRY]).as_array().map(Vec::len), Some(2));
    assert_eq!(lot.run(["vin", "clean-up", "--limit", "0"]).code, 2, "nothing removed says nothing of what is left");
}

#[test]
fn what_is_too_large_for_a_key_is_told_in_the_right_unit() {
    let lot = watched();
    lot.write("key", "x".repeat(5_000));
    let ran = lot.run(["vin", "evaluate", CAMRY, "--auto-dev-key-file", "key"]);
    ran.fails(2, "error[file_too_large]: key is larger than 4 KiB");
}

#[test]
fn what_is_traced_into_a_file_has_no_colours() {
    let lot = watched();
    let traced = lot.run(["vin", "evaluate", CAMRY, "--offline", "--verbose"]);
    assert!(!traced.stderr.contains('\u{1b}'), "{}", traced.stderr);
}
