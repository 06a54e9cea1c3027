//! Competitors imported, vehicles analysed, and the report of it all.

use serde_json::{Value, json};

use crate::support::{CAMRY, Lot, saved_page};

/// Eight Camrys around 15,000 dollars, as listings of one day.
fn camrys() -> String {
    let line = |number: i32| {
        let listing = json!({
            "vin": format!("4T1B11HK5KU22222{number}"), "year": 2019, "make": "Toyota", "model": "Camry",
            "mileage": 28_000 + 1_000 * number, "price": 15_400 - 100 * number,
        });
        format!("{listing}\n")
    };
    (1..9).map(line).collect()
}

fn at(day: u32) -> String {
    format!("2026-03-{day:02}T06:00:00Z")
}

#[test]
fn the_full_story_from_an_offer_to_the_report() {
    let lot = Lot::new();
    let today = chrono::Utc::now().to_rfc3339();
    lot.write("camrys.jsonl", camrys());
    let imported =
        lot.json(["import", "listings", "--competitor", "Example Motors", "--observed-at", &today, "camrys.jsonl"]);
    assert_eq!((&imported["added"], &imported["counts"]["new"]), (&json!(true), &json!(8)));
    assert_eq!(imported["completeness"], "complete");

    let offer = lot.offer_camry("31000", "19000");
    let waiting = lot.json(["report"]);
    assert_eq!(waiting["submissions"].as_array().unwrap().len(), 1);
    lot.json(["submission", "approve", offer["id"].as_str().unwrap()]);

    let run = lot.json(["analyze"]);
    assert_eq!(
        run,
        json!({"analyzed": 1, "insufficient": 0, "failed": [], "remaining": 0, "missing_source": null, "without_source": 0})
    );
    assert_eq!(lot.json(["analyze"])["analyzed"], 0, "it is not due again");
    assert_eq!(lot.json(["analyze", "--all"])["analyzed"], 1);
    let analysis = lot.json(["analyze", CAMRY]);
    assert_eq!((&analysis["sample_size"], &analysis["recommendation"]), (&json!(8), &json!("high")));

    let report = lot.json(["report"]);
    assert_eq!(report["inventory"][0]["research"]["price_recommendation"], "high");
    assert_eq!(report["inventory"][0]["vehicle"]["days_in_stock"], 0);
    assert_eq!((&report["market"]["high"], &report["statistics"]["total"]["count"]), (&json!(1), &json!(1)));
    assert_eq!(report["competitors"][0]["metrics"]["total_inventory"], 8);
    assert_eq!(report["alerts"][0]["alert_type"], "overpriced");
    assert_eq!(report["submissions"], json!([]));

    let table = lot.command(["report"]).env("COLUMNS", "80").output().unwrap();
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    for words in
        ["2019 Toyota Camry", "$19,000", "too high", "Example Motors", "$19,000 is 26.3 % above the", "nobody waits"]
    {
        assert!(table.contains(words), "{words}: {table}");
    }
    let one = lot.run(["analyze", CAMRY]).stdout;
    assert!(one.contains("Why") && one.contains("Nearest comparables") && one.contains("Example Motors"), "{one}");
    let alert = report["alerts"][0]["id"].as_str().unwrap();
    assert_eq!(lot.json(["alert", "dismiss", alert])["dismissed"], true);
    assert_eq!(lot.items(["alert", "list"]).len(), 0);
}

#[test]
fn an_empty_dealership_has_a_report_too() {
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    let report = lot.run(["report"]);
    assert_eq!((report.code, report.stderr.as_str()), (0, ""));
    assert!(report.stdout.contains("no vehicle yet") && report.stdout.contains("nobody waits"), "{}", report.stdout);
    assert_eq!(lot.json(["analyze"])["analyzed"], 0);
    lot.run(["analyze", "A1042"]).fails(3, "error[vehicle_not_found]: ");
}

#[test]
fn saved_pages_are_one_scrape() {
    let lot = Lot::new();
    let (first, last) = (saved_page("auction123/list.html"), saved_page("auction123/last.html"));
    let (first, last) = (first.to_str().unwrap(), last.to_str().unwrap());
    let imported = lot.json([
        "import",
        "page",
        "--competitor",
        "Auction House",
        "--url",
        "https://auction.example/list",
        "--observed-at",
        &at(1),
        first,
        last,
    ]);
    let found = imported["counts"]["vehicles"].as_u64().unwrap();
    assert!(found > 1, "{imported}");
    let shown = lot.json(["competitor", "show", "auction house"]);
    assert_eq!(
        (&shown["platform_type"], &shown["inventory_url"]),
        (&json!("auction123"), &json!("https://auction.example/list"))
    );
    let listings = lot.items(["competitor", "listings", "Auction House", "--active"]);
    assert_eq!(listings.len() as u64, found);
    let scrapes = lot.items(["competitor", "scrapes", "Auction House"]);
    assert_eq!((scrapes.len(), &scrapes[0]["pages_fetched"]), (1, &json!(2)));
    assert_eq!(lot.items(["competitor", "metrics", "Auction House"]).len(), 1);
    assert!(
        lot.run(["import", "page", "--competitor", "Auction House", "--url", "https://auction.example/list", first])
            .stdout
            .contains("updated")
    );
}

#[test]
fn days_of_listings_tell_price_changes_and_sales() {
    let lot = Lot::new();
    let all = camrys();
    lot.write("1.jsonl", &all);
    let rest: String = all.lines().skip(1).map(|line| format!("{line}\n")).collect();
    lot.write("2.jsonl", rest.replace("\"price\":14700", "\"price\":14200"));
    let import = |day: u32, file: &str| {
        lot.json(["import", "listings", "--competitor", "Example Motors", "--observed-at", &at(day), file])
    };
    assert_eq!(import(1, "1.jsonl")["counts"]["new"], 8);
    let second = import(2, "2.jsonl");
    assert_eq!((&second["added"], &second["counts"]["price_changes"]), (&json!(false), &json!(1)));
    assert_eq!(
        (&second["price_changes"][0]["before"], &second["price_changes"][0]["after"]),
        (&json!("14700.00"), &json!("14200.00"))
    );
    let sold: i64 = (3..20).map(|day| import(day, "2.jsonl")["counts"]["sold"].as_i64().unwrap()).sum();
    assert_eq!(sold, 1, "the first car was missed often enough");
    let gone = lot.items(["competitor", "listings", "Example Motors", "--sold"]);
    assert_eq!((gone.len(), &gone[0]["vin"]), (1, &json!("4T1B11HK5KU222221")));
    let dropped = lot.items(["competitor", "listings", "--price-dropped"]);
    let prices = lot.items(["competitor", "prices", dropped[0]["id"].as_str().unwrap()]);
    assert_eq!(prices.iter().map(|point| &point["price"]).collect::<Vec<_>>(), ["14200.00", "14700.00"]);
    assert_eq!(import(20, "1.jsonl")["counts"]["relisted"], 1);

    lot.write("empty.jsonl", "");
    let empty = import(21, "empty.jsonl");
    assert_eq!((&empty["completeness"], &empty["counts"]["sold"]), (&json!({"incomplete": "empty"}), &json!(0)));
    let part = lot.feed(
        ["import", "listings", "--competitor", "example motors", "--observed-at", &at(22), "--partial", "-"],
        all.lines().next().unwrap().as_bytes(),
    );
    assert!(part.code == 0 && part.stdout.contains("last page not reached"), "{part:?}");
}

#[test]
fn competitors_are_added_changed_paused_and_deleted() {
    let lot = Lot::new();
    let added =
        lot.json(["competitor", "add", "https://motors.example/used", "--name", "Example Motors", "--no-fetch"]);
    let id = added["id"].as_str().unwrap();
    lot.run(["competitor", "add", "https://other.example/", "--name", "example motors", "--no-fetch"])
        .fails(3, "error[duplicate_");
    let changed = lot.json(["competitor", "update", id, "--set", "website_url=https://motors.example/"]);
    assert_eq!(changed["website_url"], "https://motors.example/");
    assert_eq!(lot.json(["competitor", "pause", "EXAMPLE MOTORS"])["active"], false);
    assert_eq!(lot.items(["competitor", "list", "--active", "true"]).len(), 0);
    assert_eq!(lot.json(["competitor", "resume", id])["active"], true);
    assert!(lot.run(["competitor", "list"]).stdout.contains("https://motors.example/used"));
    assert_eq!(lot.json(["competitor", "delete", id]), json!({"deleted": id}));
    lot.run(["competitor", "show", "Example Motors"]).fails(3, "error[competitor_not_found]: ");
}

#[track_caller]
fn import_refused(content: &[u8], line_start: &str) {
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    lot.write("day.jsonl", content);
    lot.run(["import", "listings", "--competitor", "Example Motors", "--observed-at", &at(1), "day.jsonl"])
        .fails(2, line_start);
    assert_eq!(lot.items(["competitor", "list"]), Vec::<Value>::new(), "nothing is half-written");
}

#[test]
fn a_line_that_is_no_listing_is_named_and_nothing_is_written() {
    let good = camrys();
    import_refused(format!("{good}\n{{\"vin\": ").as_bytes(), "error[invalid_json]: line 10: ");
    import_refused(
        format!("{good}{{\"colour\": \"red\"}}").as_bytes(),
        "error[unknown_field]: line 9: colour: is no field",
    );
    import_refused(br#"{"year": "soon"}"#, "error[invalid_value]: line 1: year: expected a model year");
    import_refused(br#"{"price": "cheap"}"#, "error[invalid_value]: line 1: price: ");
    import_refused(b"[1, 2]", "error[invalid_json]: line 1: ");
}

#[test]
fn a_json_of_20_mib_in_one_line() {
    let mut content = camrys().into_bytes();
    content.extend_from_slice(format!("{{\"make\": \"{}\"}}\n", "x".repeat(20 * 1024 * 1024)).as_bytes());
    import_refused(&content, "error[line_too_long]: line 9 is longer than 1024 KiB");
}

#[test]
fn json_nested_100_000_deep() {
    import_refused(format!("{{\"raw_data\": {}", "[".repeat(100_000)).as_bytes(), "error[invalid_json]: line 1: ");
}

#[test]
fn a_scrape_that_can_not_be_recorded_leaves_no_competitor_behind() {
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    lot.write("day.jsonl", camrys());
    let ahead = "2999-01-01T00:00:00Z";
    lot.run(["import", "listings", "--competitor", "Example Motors", "--observed-at", ahead, "day.jsonl"])
        .fails(2, "error[invalid_observed_at]: ");
    lot.write("deep.html", "<div>".repeat(100_000));
    let url = "https://motors.example/";
    lot.run(["import", "page", "--competitor", "Example Motors", "--url", url, "deep.html"])
        .fails(2, "error[page_too_deep]: ");
    assert_eq!(lot.items(["competitor", "list"]), Vec::<Value>::new());
    assert_eq!(lot.run(["import", "listings", "--competitor", "M", "--observed-at", "monday", "day.jsonl"]).code, 2);
}

#[test]
fn listings_that_say_too_little_are_refused_and_doubtful_values_are_told() {
    let lot = Lot::new();
    lot.write(
        "day.jsonl",
        "\n{\"make\": \"Ford\"}\n{\"vin\": \"2FMPK4K91HBB11870\", \"mileage\": -1, \"price\": 100000000}\n",
    );
    let ran = lot.run(["import", "listings", "--competitor", "Example Motors", "--observed-at", &at(1), "day.jsonl"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("refused 1") && ran.stdout.contains("line 2"), "{ran:?}");
    assert!(ran.stderr.contains("line 3: mileage: expected 0 to") && ran.stderr.contains("price: expected"), "{ran:?}");
    let listing = &lot.items(["competitor", "listings"])[0];
    assert_eq!((&listing["mileage"], &listing["price"]), (&Value::Null, &Value::Null));
}
