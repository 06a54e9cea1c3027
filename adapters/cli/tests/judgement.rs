//! The owner's word about a doubted lot, by the compiled command.

use chrono::{TimeDelta, Utc};
use serde_json::json;

use crate::support::{Lot, Ran};

/// A dealer whose lot of forty cars shows fifteen since five days.
fn doubted() -> Lot {
    let lot = Lot::new();
    for (days_ago, count) in [(66, 40), (36, 40), (6, 40), (5, 15), (4, 15), (3, 15), (2, 15), (1, 15)] {
        let car = |number: u32| {
            json!({"stock_number": format!("P{number}"), "year": 2018, "make": "Toyota", "model": "Corolla", "price": 14000,
                "stock_status": if number == 0 { "In Transit" } else { "In Stock" }})
        };
        let lines: String = (0..count).map(|number| format!("{}\n", car(number))).collect();
        lot.write("day.jsonl", lines);
        let at = (Utc::now() - TimeDelta::days(days_ago)).to_rfc3339();
        let ran = lot.run(["import", "listings", "--competitor", "Example Motors", "--observed-at", &at, "day.jsonl"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    lot
}

fn said(ran: &Ran, lines: &[&str]) {
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in lines {
        assert!(ran.stdout.contains(line), "{line}: {ran:?}");
    }
}

#[test]
fn a_doubted_lot_is_believed_and_discarded_by_name() {
    let lot = doubted();
    said(
        &lot.run(["competitor", "believe", "example motors"]),
        &[
            "Example Motors: the lot of ",
            "5 scrapes count as seen whole",
            "sold, ",
            " % likely to come back: P15\n",
            "25 vehicles are found sold.",
        ],
    );
    lot.run(["competitor", "believe", "Example Motors"]).fails(3, "error[scrape_not_doubted]: ");
    let listings = lot.items(["competitor", "listings", "Example Motors", "--limit", "100"]);
    let standing = |word: &str| listings.iter().filter(|listing| listing["stock_status"] == word).count();
    assert_eq!((standing("in_transit"), standing("in_stock")), (1, 39));
    said(
        &lot.run(["competitor", "distrust", "Example Motors"]),
        &[
            "Example Motors: the scrape of ",
            "counts for nothing",
            "25 vehicles that it had found sold are on sale again.",
        ],
    );
    said(&lot.run(["competitor", "distrust", "Example Motors"]), &["It had found nothing sold."]);
}

#[test]
fn what_follows_from_a_judgement_is_also_told_as_json() {
    let lot = doubted();
    let verdict = lot.json(["competitor", "believe", "Example Motors"]);
    let counts = |verdict: &serde_json::Value| {
        (verdict["sold"].as_array().unwrap().len(), verdict["on_sale_again"].as_array().unwrap().len())
    };
    assert_eq!(
        (&verdict["competitor"], &verdict["scrapes"], counts(&verdict)),
        (&json!("Example Motors"), &json!(5), (25, 0))
    );
    assert!(verdict["sold"][0]["p_return"].as_f64().is_some_and(|chance| chance > 0.0 && chance < 1.0), "{verdict}");
    let verdict = lot.json(["competitor", "distrust", "Example Motors"]);
    assert_eq!((&verdict["scrapes"], counts(&verdict)), (&json!(1), (0, 25)));
}

#[test]
fn nobody_is_judged_without_a_scrape_or_by_an_unknown_name() {
    let lot = Lot::new();
    let url = "https://motors.example/used";
    assert_eq!(lot.run(["competitor", "add", url, "--name", "Example Motors", "--no-fetch"]).code, 0);
    for word in ["believe", "distrust"] {
        lot.run(["competitor", word, "Example Motors"]).fails(3, "error[scrape_not_found]: ");
        lot.run(["competitor", word, "Nobody"]).fails(3, "error[competitor_not_found]: ");
        assert_eq!(lot.run(["competitor", word]).code, 2);
    }
}
