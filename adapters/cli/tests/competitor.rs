//! Websites tried out, and dealers added by their address, by the compiled command.

use serde_json::{Value, json};

use crate::{
    support::{Lot, Ran},
    website::{Website, list_page},
};

/// Runs a command that may fetch from this machine.
fn run(lot: &Lot, arguments: &[&str]) -> Ran {
    let fetching = ["--allow-private-networks", "--pause", "0", "--contact", "webmaster@dealer.example"];
    lot.run(arguments.iter().copied().chain(fetching))
}

fn dealers_website() -> Website {
    let website = Website::open();
    let filler = "Come and see us. ".repeat(30);
    website.show("/", 200, format!(r#"<title>Valley Motors</title><a href="/inventory">Inventory</a><p>{filler}"#));
    website.list("/inventory", 0..12, Some("/inventory?page=2"));
    website.show("/inventory?page=2", 200, list_page(12..20, None).replace("14000", "140"));
    website
}

#[test]
fn a_website_is_tried_out_and_nothing_is_written() {
    let (lot, website) = (Lot::new(), dealers_website());
    let ran = run(&lot, &["competitor", "test", &format!("{}/", website.address)]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for expected in [
        "Valley Motors",
        "platform  none that is known",
        "read by   the structured data in its pages",
        "vehicles  20 on 2 pages",
        "score     82 of 100",
        "identity      30  100 %",
        "2018 Toyota Corolla LE",
    ] {
        assert!(ran.stdout.contains(expected), "{expected}: {}", ran.stdout);
    }
    assert!(ran.stderr.starts_with("warning[prices_below_floor]: 8 of 20 prices"), "{}", ran.stderr);
    let told = run(&lot, &["competitor", "test", &format!("{}/", website.address), "--pages", "1", "--format", "json"]);
    let report: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((&report["listings_found"], &report["platform_certainty"]), (&json!(12), &json!("unknown")));
    assert_eq!(report["next"], json!(format!("{}/inventory?page=2", website.address)));
    assert_eq!(lot.items(["competitor", "list"]).len(), 0);
}

#[test]
fn a_website_that_can_not_be_read_ends_the_test_and_is_not_added() {
    let (lot, website) = (Lot::new(), Website::open());
    let gone = format!("{}/gone", website.address);
    let ran = run(&lot, &["competitor", "test", &gone]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("error[website_unreadable]: ") && ran.stderr.contains("status 404"), "{}", ran.stderr);
    run(&lot, &["competitor", "add", &gone]).fails(4, "error[scrape_http_status]: ");
    let nobody = lot.run(["competitor", "test", &gone]);
    nobody.fails(2, "error[contact_missing]: ");
    assert_eq!(lot.items(["competitor", "list"]).len(), 0);
}

#[test]
fn a_dealer_is_added_by_its_address_and_tested_by_its_name() {
    let (lot, website) = (Lot::new(), dealers_website());
    let ran = run(&lot, &["competitor", "add", &website.address]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.starts_with("added Valley Motors\n") && ran.stdout.contains("2018 Toyota Corolla LE"),
        "{ran:?}"
    );
    let known = lot.items(["competitor", "list"]);
    assert_eq!(known[0]["inventory_url"], json!(format!("{}/inventory", website.address)));
    let tested = run(&lot, &["competitor", "test", "valley motors", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&tested.stdout).unwrap()["listings_found"], json!(20));
    run(&lot, &["competitor", "add", &website.address]).fails(3, "error[duplicate_competitor]: ");
}

#[test]
fn a_configuration_is_tried_out_and_its_faults_are_named_by_their_place() {
    let (lot, website) = (Lot::new(), Website::open());
    website.show("/stock", 200, r#"<li class="unit"><b>2018 Toyota Corolla LE</b> <i>Nr. K7</i> <u>$14,250</u></li>"#);
    let url = format!("{}/stock", website.address);
    let wrong = lot.write("wrong.json", r#"{"cards": "li.unit", "fields": {"price": {"selector": "b["}}}"#);
    let wrong = run(&lot, &["competitor", "add", &url, "--name", "K", "--config", wrong.to_str().unwrap()]);
    wrong.fails(2, "error[invalid_competitor]: scraper_config/fields/price/selector: expected a CSS selector");
    let config = r#"{"cards": "li.unit", "fields": {"heading": "b", "price": "u", "stock_number": {"selector": "i", "regex": "Nr. (\\w+)"}}}"#;
    let config = lot.write("config.json", config);
    let tested = run(&lot, &["competitor", "test", &url, "--config", config.to_str().unwrap(), "--format", "json"]);
    let report: Value = serde_json::from_str(&tested.stdout).unwrap();
    assert_eq!((&report["technique"], &report["listings"][0]["stock_number"]), (&json!("generic"), &json!("K7")));
    assert_eq!(report["score"]["percent"], json!(60));
    let added = run(&lot, &["competitor", "add", &url, "--name", "K", "--config", config.to_str().unwrap()]);
    assert_eq!(added.code, 0, "{added:?}");
}
