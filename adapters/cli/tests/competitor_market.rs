//! `jpauto competitor list`, `show`, `listings`, `market` and `undercuts`: what they print of lots watched for days.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::Lot;

/// One line of a dealer's list.
fn line(vin: &str, (year, make, model): (i32, &str, &str), mileage: i32, price: i32) -> String {
    json!({"vin": vin, "year": year, "make": make, "model": model, "mileage": mileage, "price": price}).to_string()
}

const CUT: &str = "4T1B11HK5KU222201";
const STEADY: &str = "4T1B11HK5KU222202";
const SOLD: &str = "5YFEPRAE1LP222203";
const ELSEWHERE: &str = "4T1B11HK5KU222204";
const OTHER: &str = "1HGCV1F30JA222205";

/// A Camry of ours at 15,900 dollars, a dealer's list read on each of sixteen days, and another's on the last of them.
///
/// The first sells its Corolla after four days and cuts one of its two Camrys from 15,500 to 14,900 three days ago.
fn watched() -> Lot {
    let lot = Lot::new();
    lot.add_camry();
    let now = Utc::now();
    let import = |dealer: &str, at: DateTime<Utc>, lines: &[String]| {
        lot.write("day.jsonl", lines.join("\n"));
        lot.json(["import", "listings", "--competitor", dealer, "--observed-at", &at.to_rfc3339(), "day.jsonl"]);
    };
    let camry = (2019, "Toyota", "Camry");
    for day in 0..16_i64 {
        let price = if day < 12 { 15_500 } else { 14_900 };
        let mut lines = vec![line(CUT, camry, 30_000, price), line(STEADY, camry, 35_000, 16_500)];
        if day < 4 {
            lines.push(line(SOLD, (2020, "Toyota", "Corolla"), 12_000, 18_000));
        }
        import("Example Motors", now - TimeDelta::days(15 - day), &lines);
    }
    let lines = [line(ELSEWHERE, camry, 32_000, 15_400), line(OTHER, (2018, "Honda", "Accord"), 60_000, 14_000)];
    import("Valley Motors", now, &lines);
    lot
}

/// These values of a field, in the order of the items.
fn field(items: &[Value], name: &str) -> Vec<Value> {
    items.iter().map(|item| item[name].clone()).collect()
}

/// What is printed for people; nothing may stand on stderr.
#[track_caller]
fn text<const N: usize>(lot: &Lot, arguments: [&str; N]) -> String {
    let ran = lot.command(arguments).env("COLUMNS", "160").output().unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert_eq!((ran.status.code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    String::from_utf8(ran.stdout).unwrap()
}

/// The line that begins so.
#[track_caller]
fn row<'a>(text: &'a str, start: &str) -> &'a str {
    let found = text.lines().find(|line| line.trim_start().starts_with(start));
    assert!(found.is_some(), "{start}: {text}");
    found.unwrap()
}

#[test]
fn the_market_is_told_over_all_dealers() {
    let lot = watched();
    let view = lot.json(["competitor", "market"]);
    let total = &view["total"];
    assert_eq!((&total["on_sale"], &total["competitors"], &total["sold_30d"]), (&json!(4), &json!(2), &json!(1)));
    assert_eq!(total["price_cuts_7d"], 1);
    let camrys = &view["items"][0];
    assert_eq!((&camrys["make"], &camrys["model"], &camrys["on_sale"]), (&json!("Toyota"), &json!("Camry"), &json!(3)));
    assert_eq!((&camrys["median_price"], &camrys["competitors"]), (&json!("15400.00"), &json!(2)));
    assert_eq!((&camrys["lowest_price"], &camrys["highest_price"]), (&json!("14900.00"), &json!("16500.00")));
    let told = text(&lot, ["competitor", "market"]);
    assert!(told.starts_with("4 vehicles on sale at 2 dealers: median $15,150, "), "{told}");
    assert!(told.contains("1 price cut this week, 1 sold in 30 days"), "{told}");
    let words: Vec<_> = row(&told, "Toyota Camry").split_whitespace().collect();
    assert_eq!(words[..7], ["Toyota", "Camry", "3", "$15,400", "$14,900", "$16,500", "15"], "{told}");
}

#[test]
fn the_market_is_narrowed_and_split_by_year() {
    let lot = watched();
    let honda = lot.json(["competitor", "market", "--make", "honda", "--by-year"]);
    assert_eq!((&honda["total"]["on_sale"], &honda["items"][0]["year"]), (&json!(1), &json!(2018)));
    let valley = lot.json(["competitor", "market", "--competitor", "valley motors"]);
    assert_eq!((&valley["total"]["on_sale"], &valley["total"]["competitors"]), (&json!(2), &json!(1)));
    let page = lot.json(["competitor", "market", "--limit", "1"]);
    assert_eq!((page["items"].as_array().unwrap().len(), &page["total"]["on_sale"]), (1, &json!(4)));
    let next = page["next"].as_str().unwrap();
    let rest = lot.items(["competitor", "market", "--after", next]);
    assert_eq!(field(&rest, "model").first(), Some(&json!("Accord")));
    let all = lot.run(["competitor", "market", "--all", "--format", "jsonl"]).lines();
    assert_eq!(all.len(), 1 + rest.len() + 1);
    let last = &all[all.len() - 1];
    assert_eq!((&last["total"], &last["left_out"]["listings"]), (&page["total"], &json!(0)));
    lot.run(["competitor", "market", "--competitor", "Nobody"]).fails(3, "error[competitor_not_found]: ");
}

#[test]
fn what_a_paused_dealer_had_is_not_counted_and_that_is_told() {
    let lot = watched();
    lot.json(["competitor", "pause", "Example Motors"]);
    let view = lot.json(["competitor", "market"]);
    assert_eq!(
        (&view["total"]["on_sale"], &view["left_out"]),
        (
            &json!(2),
            &json!({"listings": 2, "competitors": 1, "paused": 1, "failing": 0, "unseen": 0, "doubtful_prices": 0})
        )
    );
    let told = text(&lot, ["competitor", "market"]);
    assert!(told.contains("\nNot counted: 2 listings at 1 dealer (1 dealer paused)\n"), "{told}");
    assert_eq!(field(&lot.items(["competitor", "undercuts"]), "competitor"), ["Valley Motors"]);
    let told = text(&lot, ["competitor", "undercuts"]);
    assert!(told.starts_with("Not counted: 2 listings at 1 dealer (1 dealer paused)\n"), "{told}");
    assert_eq!(lot.json(["competitor", "undercuts"])["left_out"]["paused"], json!(1));
}

#[test]
fn who_asks_less_for_a_car_like_ours_is_listed() {
    let lot = watched();
    let undercuts = lot.items(["competitor", "undercuts"]);
    assert_eq!(field(&undercuts, "difference"), ["1000.00", "500.00"]);
    assert_eq!(field(&undercuts, "competitor"), ["Example Motors", "Valley Motors"]);
    assert_eq!((&undercuts[0]["our_price"], &undercuts[0]["their_price"]), (&json!("15900.00"), &json!("14900.00")));
    let told = text(&lot, ["competitor", "undercuts"]);
    let first = row(&told, "2019 Toyota Camry");
    for words in ["$15,900", "$14,900", "$1,000", "Example Motors", "31,000", "30,000", "A1042"] {
        assert!(first.contains(words), "{words}: {told}");
    }
    assert_eq!(lot.items(["competitor", "undercuts", "--difference-min", "500.01"]).len(), 1);
    let valley = lot.items(["competitor", "undercuts", "--competitor", "Valley Motors"]);
    assert_eq!(field(&valley, "difference"), ["500.00"]);
    let ours = undercuts[0]["vehicle_id"].as_str().unwrap();
    assert_eq!(lot.items(["competitor", "undercuts", "--vehicle", ours]).len(), 2);
    lot.json(["vehicle", "update", "A1042", "--price", "14000"]);
    assert_eq!(lot.items(["competitor", "undercuts"]).len(), 0);
}

#[test]
fn listings_are_filtered_and_put_in_order() {
    let lot = watched();
    let vins = |arguments: &[&str]| {
        let ran = lot.run(["competitor", "listings", "--format", "jsonl"].iter().chain(arguments));
        field(&ran.lines(), "vin")
    };
    assert_eq!(vins(&["--active", "--make", "toyota", "--sort", "price"]), [CUT, ELSEWHERE, STEADY]);
    assert_eq!(vins(&["--active", "--make", "toyota", "--sort=-price"]), [STEADY, ELSEWHERE, CUT]);
    assert_eq!(vins(&["--sold"]), [SOLD]);
    assert_eq!(vins(&["--price-dropped"]), [CUT]);
    assert_eq!(vins(&["--price-drop-min", "600", "--price-drop-within", "7"]), [CUT]);
    assert_eq!(vins(&["--price-drop-min", "600.01"]), [""; 0]);
    assert_eq!(vins(&["--price-drop-within", "2"]), [""; 0]);
    assert_eq!(vins(&["--active", "--days-on-market-min", "10", "--sort", "price"]), [CUT, STEADY]);
    assert_eq!(vins(&["--days-on-market-max", "1", "--sort", "price"]), [OTHER, ELSEWHERE]);
    assert_eq!(vins(&["--mileage-min", "31000", "--mileage-max", "34000"]), [ELSEWHERE]);
    assert_eq!(vins(&["--price-min", "15000", "--price-max", "15400"]), [ELSEWHERE]);
    assert_eq!(vins(&["--year-max", "2018"]), [OTHER]);
    assert_eq!(vins(&["--year-min", "2020"]), [SOLD]);
    assert_eq!(vins(&["--q", "accord 222205"]), [OTHER]);
    assert_eq!(vins(&["valley motors", "--model", "CAMRY"]), [ELSEWHERE]);
    assert_eq!(vins(&["Valley Motors", "Example Motors", "--active"]).len(), 4);
    let told = text(&lot, ["competitor", "listings", "--sold"]);
    assert!(row(&told, "2020 Toyota Corolla").contains("$18,000"), "{told}");
    let unknown = lot.run(["competitor", "listings", "--sort", "colour"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("'colour' for '--sort"), "{unknown:?}");
    assert_eq!(lot.run(["competitor", "listings", "--active", "--sold"]).code, 2);
}

#[test]
fn listings_are_found_by_what_their_websites_say() {
    let lot = Lot::new();
    let said = |vin: &str, facts: Value| {
        let mut listing: Value = serde_json::from_str(&line(vin, (2019, "Toyota", "Camry"), 30_000, 15_500)).unwrap();
        listing.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
        listing.to_string()
    };
    let lines = [
        said(CUT, json!({"title_brand": "salvage", "condition": "used", "odometer_status": "exceeds_limits"})),
        said(STEADY, json!({"title_brand": "clean", "condition": "certified", "sale_status": "pending"})),
        said(ELSEWHERE, json!({"condition": "used", "stock_status": "in_transit"})),
    ];
    lot.write("day.jsonl", lines.join("\n"));
    let at = Utc::now().to_rfc3339();
    lot.json(["import", "listings", "--competitor", "Example Motors", "--observed-at", &at, "day.jsonl"]);
    let vins = |arguments: &[&str]| {
        let ran =
            lot.run(["competitor", "listings", "--format", "jsonl", "--sort", "first_seen_at"].iter().chain(arguments));
        field(&ran.lines(), "vin")
    };
    assert_eq!(vins(&["--title-brand", "salvage"]), [CUT]);
    assert_eq!(vins(&["--title-brand", "salvage", "--title-brand", "clean"]).len(), 2);
    assert_eq!(vins(&["--condition", "used", "--odometer-status", "exceeds_limits"]), [CUT]);
    assert_eq!(vins(&["--sale-status", "pending"]), [STEADY]);
    assert_eq!(vins(&["--stock-status", "in_transit"]), [ELSEWHERE]);
    assert_eq!(vins(&["--title-brand", "lemon"]), [""; 0]);
    lot.run(["competitor", "listings", "--condition", "rusty"]).refuses("certified");
    let told = text(&lot, ["competitor", "listings"]);
    for words in ["salvage title, odometer exceeds limits", "certified, sale pending", "in transit"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_dealer_is_shown_with_its_figures_and_their_course() {
    let lot = watched();
    let shown = lot.json(["competitor", "show", "example motors"]);
    assert_eq!((&shown["name"], &shown["metrics"]["total_inventory"]), (&json!("Example Motors"), &json!(2)));
    assert_eq!(
        (&shown["metrics"]["vehicles_sold_30d"], &shown["metrics"]["price_changes_30d"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(shown["last_scrape"]["completeness"], json!("complete"));
    assert!(shown["trends"].is_object(), "{shown}");
    let told = text(&lot, ["competitor", "show", "Example Motors"]);
    for words in ["Figures", "Against a week ago: ", "$15,700", "On sale       ", "Average price "] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // Sixteen scrapes, sixteen bars: three vehicles until the third was held for sold.
    let bars = row(&told, "On sale  ").trim_start_matches("On sale").trim().to_owned();
    assert_eq!(bars.chars().count(), 16, "{told}");
    assert!(bars.starts_with('\u{2588}') && bars.ends_with('\u{2581}'), "{told}");
    lot.run(["competitor", "show", "Nobody"]).fails(3, "error[competitor_not_found]: ");
}

#[test]
fn dealers_are_listed_by_name() {
    let lot = watched();
    lot.json(["competitor", "pause", "Valley Motors"]);
    let dealers = lot.items(["competitor", "list"]);
    assert_eq!(field(&dealers, "name"), ["Example Motors", "Valley Motors"]);
    assert_eq!(field(&lot.items(["competitor", "list", "--active", "true"]), "name"), ["Example Motors"]);
    assert_eq!(field(&lot.items(["competitor", "list", "--q", "valley"]), "name"), ["Valley Motors"]);
    let told = text(&lot, ["competitor", "list"]);
    assert!(row(&told, "Valley Motors").contains("paused"), "{told}");
    assert!(row(&told, "Example Motors").contains("yes"), "{told}");
}

#[test]
fn that_a_part_of_a_lot_was_seen_is_told_with_what_it_means() {
    let lot = watched();
    let meaning = "What is missing from it is found sold late, or not at all.";
    let whole = [text(&lot, ["competitor", "list"]), text(&lot, ["competitor", "show", "Example Motors"])];
    assert!(row(&whole[0], "Example Motors").contains(" complete "), "{}", whole[0]);
    assert!(whole[1].contains("Last scrape: 2 vehicles, complete\n"), "{}", whole[1]);
    lot.write("part.jsonl", line(CUT, (2019, "Toyota", "Camry"), 30_000, 14_900));
    let at = Utc::now().to_rfc3339();
    let import =
        ["import", "listings", "--competitor", "Example Motors", "--partial", "--observed-at", &at, "part.jsonl"];
    let told = text(&lot, import);
    assert!(told.contains(meaning), "{told}");
    let reason = lot.items(["competitor", "scrapes", "Example Motors"])[0]["completeness"]["incomplete"]
        .as_str()
        .unwrap()
        .replace('_', " ");
    let told = text(&lot, ["competitor", "list"]);
    assert!(row(&told, "Example Motors").contains(&reason), "{reason}: {told}");
    assert_eq!(lot.items(["competitor", "list"])[0]["last_scrape"]["counts"]["vehicles"], 1);
    let told = text(&lot, ["competitor", "show", "Example Motors"]);
    assert!(told.contains(&format!("Last scrape: 1 vehicle, {reason}. {meaning}")), "{told}");
}
