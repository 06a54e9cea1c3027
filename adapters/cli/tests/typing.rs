//! What people type: amounts with commas, beginnings of ids, prices with a digit too many.

use serde_json::{Value, json};

use crate::support::{CAMRY, Lot};

const FORD: [&str; 12] = [
    "vehicle",
    "add",
    "--year",
    "2017",
    "--make",
    "Ford",
    "--model",
    "Edge",
    "--vin",
    "2FMPK4K91HBB11870",
    "--stock-number",
    "B7",
];

#[test]
fn money_and_miles_are_typed_as_people_do() {
    let lot = Lot::new();
    let ford =
        lot.run(FORD.iter().chain(&["--price", "$7,995", "--mileage", "112,345", "--format", "json"])).document();
    assert_eq!((&ford["price"], &ford["mileage"]), (&json!("7995.00"), &json!(112_345)));
    let updated = lot.json(["vehicle", "update", "B7", "--price", "7,495.00", "--set", "mileage=112,400"]);
    assert_eq!((&updated["price"], &updated["mileage"]), (&json!("7495.00"), &json!(112_400)));
    for (option, value, found) in [
        ("--price-min", "$7,000", 1),
        ("--price-max", "7,000", 0),
        ("--mileage-min", "112,400", 1),
        ("--mileage-max", "100,000", 0),
    ] {
        assert_eq!(lot.items(["vehicle", "list", option, value]).len(), found, "{option}");
    }
    for (option, value) in [("--price-min", "7,00"), ("--price-max", "7.000,00"), ("--mileage-min", "1,12")] {
        lot.run(["vehicle", "list", option, value, "--format", "json"]).fails(2, "{\"error\":");
    }
    for (typed, miles) in
        [("112401.00", 112_401), ("112,402 mi", 112_402), ("112403 miles", 112_403), ("113k", 113_000)]
    {
        assert_eq!(lot.json(["vehicle", "update", "B7", "--mileage", typed])["mileage"], miles, "{typed}");
    }
    for refused in ["113000 km", "113.000", "113,5k"] {
        lot.run(["vehicle", "update", "B7", "--mileage", refused])
            .fails(2, "error[invalid_value]: mileage: expected a whole");
    }
    let sold = lot.json(["vehicle", "status", "B7", "sold", "--sale-price", "$7,400"]);
    assert_eq!(sold["status"], "sold");
    let changes = &lot.items(["activity", "list", "--action", "status"])[0]["changes"];
    assert_eq!(changes["sale_price"]["to"], "7400.00");
    lot.run(["market", "price", "--year", "2017", "--make", "Ford", "--model", "Edge", "--mileage", "1,12"])
        .refuses("expected a whole number of miles, such as 112,345, 112345 mi or 112k");
    let offer = lot.json([
        "submission",
        "submit",
        "--year",
        "1957",
        "--make",
        "Chevrolet",
        "--model",
        "Bel Air",
        "--asking-price",
        "$45,000",
    ]);
    assert_eq!(offer["asking_price"], "45000.00");
}

#[test]
fn listings_are_imported_with_amounts_as_people_typed_them() {
    let lot = Lot::new();
    let line = r#"{"vin": "2FMPK4K91HBB11870", "year": 2017, "make": "Ford", "model": "Edge", "price": "$7,995", "mileage": "112,345 mi"}"#;
    lot.write("monday.jsonl", line);
    let key = ["--competitor", "Valley", "--url", "https://valley.example/used"];
    let import = ["import", "listings", "monday.jsonl", "--observed-at", "2026-11-22T06:00:00Z", "--format", "json"];
    let report = lot.run(import.iter().chain(&key)).document();
    assert_eq!((&report["new"][0]["price"], &report["new"][0]["mileage"]), (&json!("7995.00"), &json!(112_345)));
    let prices = lot.items(["competitor", "prices", "2fmpk4"]);
    assert_eq!(prices[0]["price"], "7995.00");
}

#[test]
fn a_beginning_will_do_where_no_other_begins_so() {
    let lot = Lot::new();
    let id = lot.add_camry();
    let ford = lot.run(FORD.iter().chain(&["--price", "7995", "--mileage", "1", "--format", "json"])).document();
    for name in ["A1", "a10", "4T1B", "4t1b11hk9ku", &id, &id[..34], "A1042"] {
        assert_eq!(lot.json(["vehicle", "show", name])["id"], id.as_str(), "{name}");
    }
    let both = lot.run(["vehicle", "delete", &id[..4]]);
    both.fails(2, "error[ambiguous_reference]: ");
    for candidate in [&id, ford["id"].as_str().unwrap()] {
        assert_eq!(both.stderr.matches(candidate).count(), 1, "{}", both.stderr);
    }
    let begun = lot.run(["vehicle", "delete", "A1"]);
    begun.fails(2, "error[ambiguous_reference]: \"A1\" is only the beginning of 2019 Toyota Camry");
    assert_eq!(lot.items(["vehicle", "list"]).len(), 2, "nothing is deleted");
    assert_eq!(lot.json(["alert", "list", "--subject", "A10"])["items"], json!([]));
    assert_eq!(lot.items(["activity", "list", "--id", "A10"]).len(), 1);
    assert_eq!(lot.items(["activity", "list", "--id", &id[..34]]).len(), 1);
    lot.run(["activity", "list", "--id", "nothing"]).fails(3, "error[activity_not_found]: ");
    lot.run(["alert", "dismiss", "0195"]).fails(3, "error[alert_not_found]: ");
    assert_eq!(lot.json(["competitor", "undercuts", "--vehicle", "B7"])["items"], json!([]));

    let offer = lot.json(["submission", "submit", "--year", "2019", "--make", "Kia", "--model", "Rio"]);
    let offer = offer["id"].as_str().unwrap();
    assert_eq!(lot.json(["submission", "show", &format!("{}…", &offer[..30])])["id"], offer);
    lot.json(["submission", "reject", &offer[..30], "--reason", "rust"]);
    lot.run(["submission", "delete", &offer[..4]]).fails(2, "error[ambiguous_reference]: ");
    assert_eq!(lot.json(["submission", "delete", &offer[..30]]), json!({"deleted": offer}));
    lot.run(["submission", "show", "zz"]).fails(3, "error[submission_not_found]: ");
}

#[test]
fn a_price_like_a_typing_error_asks_for_yes() {
    let lot = Lot::new();
    lot.add_camry();
    for (price, words) in [
        ("0.01", "is not between $200.00 and $500000.00"),
        ("99999999.99", "is not between"),
        ("1590", "is a small part of $15900.00"),
        ("159,000", "is many times $15900.00"),
    ] {
        let ran = lot.run(["vehicle", "update", "A1042", "--price", price]);
        ran.fails(3, "error[price_doubtful]: price: the price $");
        assert!(ran.stderr.contains(words) && ran.stderr.contains("(--yes)"), "{}", ran.stderr);
        assert_eq!(lot.json(["vehicle", "show", "A1042"])["price"], "15900.00");
    }
    let told = lot.run(["vehicle", "update", "A1042", "--price", "1590", "--format", "json"]);
    let told: Value = serde_json::from_str(&told.stderr).unwrap();
    assert_eq!(told["error"]["fields"][0]["pointer"], "/price");
    let ran = lot.run(["vehicle", "update", "A1042", "--price", "1590", "--yes", "--format", "json"]);
    assert_eq!(ran.document()["warnings"][0]["code"], "price_far_from_other");
    assert!(ran.stderr.starts_with("warning[price_far_from_other]: the price $1590.00 is a small part of"), "{ran:?}");
    lot.run(["vehicle", "status", "A1042", "sold", "--sale-price", "15"])
        .fails(3, "error[price_doubtful]: sale_price: ");

    let submit = ["submission", "submit", "--year", "2019", "--make", "Kia", "--model", "Rio", "--mileage", "9"];
    lot.run(submit.iter().chain(&["--asking-price", "0.01"])).fails(3, "error[price_doubtful]: asking_price: ");
    let offer = lot
        .run(submit.iter().chain(&["--asking-price", "15,000", "--vin", "KNADM4A30C6000001", "--format", "json"]))
        .document();
    let id = offer["id"].as_str().unwrap();
    lot.run(["submission", "approve", id, "--price", "1690"]).fails(3, "error[price_doubtful]: price: ");
    assert_eq!(lot.json(["submission", "approve", id, "--price", "16900"])["price"], "16900.00");
}

#[test]
fn a_vehicle_without_a_mileage_asks_for_it_and_an_old_one_has_a_chassis_number() {
    let lot = Lot::new();
    lot.run(FORD.iter().chain(&["--price", "7995"])).fails(2, "error[invalid_vehicle]: mileage: is missing: ");
    lot.run(FORD.iter().chain(&["--price", "7995", "--mileage", "9", "--set", "vin=I2FMPK4K91HBB11870"])).fails(
        2,
        "error[invalid_vehicle]: vin: a VIN is 17 letters and digits and nothing else; this would be 2FMPK4K91HBB11870",
    );
    let bel_air =
        ["vehicle", "add", "--year", "1957", "--make", "Chevrolet", "--model", "Bel Air", "--price", "45,000"];
    let ran = lot.run(bel_air.iter().chain(&["--vin", "VC57L123456", "--mileage", "71,000", "--format", "json"]));
    assert_eq!(ran.document()["vin"], "VC57L123456");
    assert!(ran.stderr.starts_with("warning[chassis_number]: the model year is before 1981"), "{ran:?}");
    assert_eq!(lot.json(["vehicle", "show", "vc57"])["warnings"], json!([{"code": "chassis_number"}]));
}

#[test]
fn a_sale_is_undone_and_a_car_comes_back() {
    let lot = Lot::new();
    lot.add_camry();
    let listed = lot.json(["vehicle", "show", "A1042"])["listed_at"].clone();
    lot.json(["vehicle", "status", "A1042", "sold", "--sale-price", "15500"]);
    let undone = lot.json(["vehicle", "undo-sale", "A1042"]);
    assert_eq!((&undone["status"], &undone["listed_at"]), (&json!("available"), &listed));
    lot.run(["vehicle", "undo-sale", "A1042"]).fails(3, "error[vehicle_not_sold]: ");
    lot.json(["vehicle", "status", "A1042", "sold", "--sale-price", "15500"]);
    let offer = lot.offer_camry("39000", "11000");
    let back = lot.json(["submission", "approve", CAMRY, "--price", "13900"]);
    assert_eq!((&back["stock_number"], &back["source_submission_id"]), (&json!("A1042"), &offer["id"]));
    assert_eq!(
        (&back["price"], &back["mileage"], &back["sold_at"]),
        (&json!("13900.00"), &json!(39_000), &Value::Null)
    );
    let sales = &lot.json(["vehicle", "statistics"])["sales"];
    assert_eq!((&sales["total"]["count"], &sales["total"]["value"]), (&json!(1), &json!("15500.00")));
    let table = lot.run(["vehicle", "statistics"]).stdout;
    assert!(table.contains("1 sale in all, 1 of cars that came back") && table.contains("$15,500"), "{table}");
}
