//! Websites tried out, and dealers added by their address, by the compiled command.

use jpauto::competitors::ScraperConfig;
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
        "score     97 of 100",
        "identity      30  100 %",
        "2018 Toyota Corolla LE",
    ] {
        assert!(ran.stdout.contains(expected), "{expected}: {}", ran.stdout);
    }
    assert!(ran.stderr.starts_with("warning[prices_below_least]: 8 of 20 prices"), "{}", ran.stderr);
    let told = run(&lot, &["competitor", "test", &format!("{}/", website.address), "--pages", "1", "--format", "json"]);
    let report: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((&report["listings_found"], &report["platform_certainty"]), (&json!(12), &json!("unknown")));
    assert_eq!(report["next"], json!(format!("{}/inventory?page=2", website.address)));
    assert!(!lot.path("jpauto.db").exists(), "nothing is written, not even an empty database");
    website.list("/nameless", 0..12, None);
    let nameless = format!("{}/nameless", website.address);
    let ran = run(&lot, &["competitor", "test", &nameless]);
    assert_eq!(ran.stdout.lines().next(), Some(nameless.as_str()), "the address once: {ran:?}");
}

#[test]
fn a_website_that_can_not_be_read_ends_the_test_and_is_not_added() {
    let (lot, website) = (Lot::new(), Website::open());
    let gone = format!("{}/gone", website.address);
    assert_eq!(lot.run(["migrate"]).code, 0);
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

#[test]
fn an_address_is_taken_as_a_browser_would() {
    let lot = Lot::new();
    let added = lot.run(["competitor", "add", "www.motors.example/used", "--name", "Motors", "--no-fetch"]);
    assert_eq!((added.code, added.stderr.as_str()), (0, "read as https://www.motors.example/used\n"), "{added:?}");
    let known = lot.items(["competitor", "list"]);
    assert_eq!(known[0]["inventory_url"], json!("https://www.motors.example/used"));
    // By https, which nothing on this machine answers; a name that is no address stays a name.
    let tested = run(&lot, &["competitor", "test", "127.0.0.1:9/used"]);
    assert_eq!(tested.code, 4, "{tested:?}");
    assert!(tested.stderr.contains("read as https://127.0.0.1:9/used\n"), "{tested:?}");
    assert!(tested.stderr.contains("error[website_unreadable]: "), "{tested:?}");
    run(&lot, &["competitor", "test", "foo"]).fails(3, "error[competitor_not_found]: ");
    let wrong = run(&lot, &["competitor", "add", "foo"]);
    wrong.fails(2, "error[invalid_competitor]: inventory_url: expected an http or https URL such as https://");
    assert!(!wrong.stderr.contains("name: "), "the website would say the name: {}", wrong.stderr);
}

#[test]
fn a_page_without_a_vehicle_ends_the_test_as_it_ends_an_addition() {
    let (lot, website) = (Lot::new(), Website::open());
    website.show("/empty", 200, "<title>Valley Motors</title>");
    let shell = format!("<title>Valley Motors</title><div id=root></div>{}", "<script src=app.js></script>".repeat(9));
    website.show("/shell", 200, shell);
    for page in ["empty", "shell"] {
        let url = format!("{}/{page}", website.address);
        let tested = run(&lot, &["competitor", "test", &url]);
        assert_eq!(tested.code, 4, "{tested:?}");
        assert!(tested.stderr.contains("error[website_unreadable]: no vehicle was found at "), "{tested:?}");
        assert!(tested.stdout.contains("score     0 of 100"), "what was seen is told first: {tested:?}");
        assert_eq!(run(&lot, &["competitor", "add", &url]).code, 3);
    }
}

#[test]
fn the_help_describes_websites_by_files_that_are_accepted() {
    let lot = Lot::new();
    let mut ways = Vec::new();
    for command in ["add", "test", "update"] {
        let help = lot.run(["competitor", command, "--help"]).stdout;
        let described = help.split("The description of a website").nth(1).unwrap();
        // Each example begins with a brace, and goes on in lines that are indented further.
        let files: Vec<String> = described
            .split("\n  {")
            .skip(1)
            .map(|rest| {
                let lines = rest.lines().enumerate();
                let own = lines.take_while(|(number, line)| *number == 0 || line.starts_with("    "));
                format!("{{{}", own.map(|(_, line)| line).collect::<String>())
            })
            .collect();
        assert_eq!(files.len(), 10, "{files:?}");
        for file in &files {
            let config: Value = serde_json::from_str(file).unwrap_or_else(|reason| panic!("{file}: {reason}"));
            ScraperConfig::parse(&config).unwrap_or_else(|reason| panic!("{file}: {reason}"));
            let paginations = [config.pointer("/pagination"), config.pointer("/endpoint/pagination")];
            ways.extend(paginations.into_iter().flatten().flat_map(|way| way.as_object().unwrap().keys().cloned()));
        }
    }
    for way in ["next", "page", "offset", "cursor"] {
        assert!(ways.iter().any(|shown| shown == way), "{way}");
    }
}
