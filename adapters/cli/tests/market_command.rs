//! `jpauto market`: what it prints of analyses, of their history, and of a backtest.

use serde_json::json;

use crate::support::{CAMRY, Lot};

/// Ten Camrys around 15,000 dollars, as listings of one day; the first so many are gone, and all are cheaper by a cut.
fn camrys(gone: usize, cut: i32) -> String {
    let line = |number: i32| {
        let listing = json!({
            "vin": format!("4T1B11HK5KU2222{number:02}"), "year": 2019, "make": "Toyota", "model": "Camry",
            "mileage": 25_000 + 1_500 * number, "price": 15_900 - 150 * number - cut,
        });
        format!("{listing}\n")
    };
    (1..11).skip(gone).map(line).collect()
}

/// A lot with one car, and a competitor whose list was read on each of some days.
fn watched() -> Lot {
    let lot = Lot::new();
    lot.add_camry();
    let now = chrono::Utc::now();
    for (day, gone, cut) in (0..16_i64).map(|day| (day, usize::from(day > 3), if day > 7 { 400 } else { 0 })) {
        let at = (now - chrono::TimeDelta::days(15 - day)).to_rfc3339();
        lot.write("day.jsonl", camrys(gone, cut));
        lot.json(["import", "listings", "--competitor", "Example Motors", "--observed-at", &at, "day.jsonl"]);
    }
    lot
}

#[test]
fn an_analysis_is_made_shown_and_drawn() {
    let lot = watched();
    assert_eq!(lot.json(["market", "overview"])["market"]["not_analyzed"], 1);
    lot.run(["market", "show", "A1042"]).fails(3, "error[vehicle_not_analyzed]: ");
    let analysis = lot.json(["market", "analyze", "A1042"]);
    // The tenth was sold before the others were cut by 400, 3 %: few listings do not say that this is too far from what they ask.
    assert_eq!((&analysis["sample_size"], &analysis["left_out"]["outlier"]), (&json!(10), &json!(0)));
    let shown = lot.json(["market", "show", CAMRY]);
    assert_eq!(shown["analysis"], analysis);
    for command in [["market", "show", "A1042"], ["market", "analyze", "A1042"]] {
        let text = lot.run(command).stdout;
        for words in ["2019 Toyota Camry", "▼", "ours $15,900", "┃", "├", "Why", "Nearest comparables"] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    let overview = lot.run(["market", "overview"]).stdout;
    assert!(overview.contains("1 unsold vehicle") && overview.contains("Prices: 1 "), "{overview}");
    assert!(!overview.contains("auto.dev"), "it is not configured: {overview}");
}

#[test]
fn the_history_is_drawn_and_listed() {
    let lot = watched();
    lot.json(["market", "analyze", "A1042"]);
    lot.json(["vehicle", "update", "A1042", "--price", "14900"]);
    lot.json(["market", "analyze", "A1042"]);
    let points = lot.items(["market", "history", "A1042"]);
    assert_eq!(points.len(), 3);
    assert_eq!((&points[0]["our_price"], &points[2]["our_price"]), (&json!("14900.00"), &json!("15900.00")));
    let text = lot.run(["market", "history", "A1042"]).stdout;
    for words in ["$14,900 now", "●", "● our price", "Comparables", "$15,900"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(lot.run(["market", "history", "A1042", "--format", "jsonl"]).stdout.lines().count(), 3);
    let wrong = lot.run(["market", "history", "A1042", "--after", "zzz"]);
    wrong.fails(2, "error[invalid_cursor]: ");
    assert_eq!(wrong.stdout, "", "nothing is drawn above what is not there");
}

#[test]
fn alerts_are_those_about_prices() {
    let lot = watched();
    assert_eq!(lot.items(["market", "alerts"]).len(), 0);
    lot.json(["vehicle", "update", "A1042", "--price", "19000"]);
    lot.json(["market", "analyze", "A1042"]);
    let alerts = lot.items(["market", "alerts", "--vehicle", "A1042"]);
    assert_eq!((alerts.len(), &alerts[0]["alert_type"]), (1, &json!("overpriced")));
    let listed = lot.run(["market", "alerts"]).stdout;
    assert!(listed.contains("overpriced") && listed.contains("2019 Toyota Camry (A1042): $19,000"), "{listed}");
    lot.json(["vehicle", "update", "A1042", "--price", "14900"]);
    lot.json(["market", "analyze", "A1042"]);
    assert_eq!(lot.items(["market", "alerts"]).len(), 0);
    assert_eq!(lot.items(["market", "alerts", "--with-dismissed"]).len(), 1);
}

#[test]
fn any_car_is_priced_without_a_trace() {
    let lot = watched();
    let car = ["market", "price", "--year", "2019", "--make", "toyota", "--model", "CAMRY", "--mileage", "30000"];
    let analysis = lot.json(car);
    assert_eq!((&analysis["recommendation"], &analysis["sample_size"]), (&json!(null), &json!(10)));
    let text = lot.run(car.into_iter().chain(["--asking", "12000"])).stdout;
    assert!(text.contains("the price is too low") && text.contains("ours $12,000"), "{text}");
    assert_eq!(lot.json(["market", "overview"])["market"]["not_analyzed"], 1);
    let nothing = ["market", "price", "--year", "2019", "--make", "", "--model", "Camry", "--asking", "0"];
    lot.run(nothing).fails(2, "error[invalid_subject]: ");
    lot.run(car.into_iter().chain(["--vin", "123"])).fails(2, "error[invalid_subject]: ");
    assert_eq!(lot.run(["market", "price", "--year", "1066", "--make", "a", "--model", "b"]).code, 2);
}

#[test]
fn the_rule_is_judged_by_what_was_asked() {
    let lot = watched();
    let report = lot.json(["market", "backtest"]);
    assert_eq!((&report["price_cut"]["events"], &report["models"]), (&json!(9), &json!(1)));
    assert_eq!(report["total"]["priced"].as_u64(), report["total"]["events"].as_u64());
    assert!(report["total"]["rule"]["mape_percent"].as_f64().unwrap() < 5.0, "{report}");
    let text = lot.run(["market", "backtest"]).stdout;
    assert!(text.contains("Rule MAPE") && text.contains("cut in price") && text.contains("1 model"), "{text}");
    let none = lot.run(["market", "backtest", "--make", "Saab"]);
    assert!(none.code == 0 && none.stdout.contains("nothing to judge by"), "{none:?}");
    let backwards = ["--since", "2026-02-01T00:00:00Z", "--until", "2026-01-01T00:00:00Z"];
    for wrong in [&["--max-events", "0"][..], &backwards, &["--make", ""]] {
        lot.run([&["market", "backtest"], wrong].concat()).fails(2, "error[invalid_backtest]: ");
    }
}

#[test]
fn auto_dev_is_asked_only_where_there_is_a_key_and_never_in_the_clear() {
    let lot = watched();
    let run = |arguments: &[&str], key: &str| {
        let done = lot.command(arguments).env("AUTODEV_API_KEY", key).output().unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (done.status.code().unwrap(), said(done.stdout), said(done.stderr))
    };
    let local = ["--auto-dev-url", "http://127.0.0.1:9"];
    let (code, _, stderr) = run(&[&["market", "analyze", "A1042"][..], &local].concat(), "sk_secret");
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.starts_with("error[invalid_auto_dev_address]: ") && !stderr.contains("sk_secret"), "{stderr}");
    let (code, stdout, _) = run(&["market", "overview", "--auto-dev-calls", "250"], "sk_secret");
    assert!(code == 0 && stdout.contains("auto.dev: 0 of 250 calls used") && !stdout.contains("sk_secret"), "{stdout}");
    let without = [&["market", "analyze", "A1042", "--without-auto-dev"][..], &local].concat();
    assert_eq!(run(&without, "sk_secret").0, 0);
    assert_eq!(run(&[&["market", "analyze", "A1042"][..], &local].concat(), " ").0, 0, "a blank key is none");
    let placed = |place: &str| run(&["market", "overview", "--auto-dev-place", place], "sk_secret");
    assert_eq!((placed("-33.87,151.21").0, placed("").0, placed("Los Angeles").0), (0, 0, 2));
    let mut unset = lot.command(["market", "overview"]);
    unset.env("AUTODEV_API_KEY_FILE", "").env("JPAUTO_AUTO_DEV_ZIP", "");
    assert_eq!(unset.output().unwrap().status.code(), Some(0), "empty is as unset");
    let missing = lot.command(["market", "overview"]).env("AUTODEV_API_KEY_FILE", "nowhere").output().unwrap();
    assert_eq!(missing.status.code(), Some(2));
    lot.write("key", "sk_secret\n");
    let (code, stdout, _) = run(&["market", "overview", "--auto-dev-key-file", "key"], "");
    assert!(code == 0 && stdout.contains("0 of 1000"), "{stdout}");
}

#[test]
fn a_run_says_which_source_was_missing() {
    let lot = watched();
    let run = |arguments: &[&str]| {
        // Not one call a month may be made, so nothing is asked of anybody.
        let arguments = [&["market", "analyze", "--all", "--auto-dev-calls", "0"], arguments].concat();
        let done = lot.command(&arguments).env("AUTODEV_API_KEY", "sk_secret").output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    let text = run(&[]);
    assert!(text.contains("1 analysed") && text.contains("1 vehicle compared without auto.dev: the 0 calls"), "{text}");
    let report: serde_json::Value = serde_json::from_str(&run(&["--format", "json"])).unwrap();
    assert_eq!(
        (&report["missing_source"]["code"], &report["without_source"]),
        (&json!("auto_dev_budget_spent"), &json!(1))
    );
    let without = lot.json(["market", "analyze", "--all"]);
    assert_eq!((&without["missing_source"], &without["without_source"]), (&json!(null), &json!(0)));
}
