//! `jpauto import vehicles`.

use std::{process::Stdio, thread, time::Duration};

use crate::support::Lot;

const HEADER: &str = "Stock #,VIN,Yr,Make,Model,Odometer,List Price,Lot row";

/// A VIN whose check digit nobody looks at.
fn vin(number: u32) -> String {
    format!("2T1BURHE0JC{number:06}")
}

fn row(number: u32, price: &str) -> String {
    format!("A{number},{},2018,Toyota,Corolla,\"60,000\",\"{price}\",7", vin(number))
}

fn csv(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

#[test]
fn a_dry_run_is_shown_row_by_row_and_a_refused_row_stops_the_import() {
    let lot = Lot::new();
    lot.write("stock.csv", csv(&[row(1, "$14,000"), row(2, "$13,500")]));
    let done = lot.run(["import", "vehicles", "stock.csv"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    lot.write("next.csv", csv(&[row(1, "$13,900"), row(2, "$13,500"), row(3, "call us"), row(4, "$1")]));
    let trial = lot.run(["import", "vehicles", "next.csv", "--dry-run"]);
    for told in [
        "4 rows: to add 0, to change 1, to relist 0, to sell 0, unchanged 1, refused 2",
        "Lot row",
        "price: 14000.00 -> 13900.00",
        "call us",
        "--yes",
        "Nothing is written: this was a dry run.",
    ] {
        assert!(trial.stdout.contains(told), "{told}: {}", trial.stdout);
    }
    assert_eq!(trial.code, 2, "{}", trial.stderr);
    let refused = lot.run(["import", "vehicles", "next.csv"]);
    assert!(
        refused.stderr.starts_with("error[import_refused]: 2 of 4 rows are refused; nothing is written"),
        "{}",
        refused.stderr
    );
    let report = lot.run(["import", "vehicles", "next.csv", "--yes", "--keep-going", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!((&report["outcome"], &report["counts"]["added"]), (&"written_in_part".into(), &1.into()));
    assert_eq!(report["refused"][0]["faults"][0]["column"], "List Price");
}

#[test]
fn a_file_without_rows_is_told_as_such() {
    let lot = Lot::new();
    lot.write("stock.csv", format!("{HEADER}\n"));
    for arguments in [&["import", "vehicles", "stock.csv"][..], &["import", "vehicles", "stock.csv", "--dry-run"]] {
        let done = lot.run(arguments);
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(done.stdout.contains("The file has no rows below its header"), "{}", done.stdout);
        assert!(!done.stdout.contains("Everything is written"), "{}", done.stdout);
    }
}

#[test]
fn a_mapping_is_written_out_corrected_and_heeded() {
    let lot = Lot::new();
    lot.write("stock.csv", csv(&[row(1, "$14,000")]).replace("List Price", "Ask"));
    let written = lot.run(["import", "vehicles", "stock.csv", "--write-mapping", "mapping.json"]);
    assert!(
        written.stdout.contains("8 columns, 6 of them read and 2 left out"),
        "{}{}",
        written.stdout,
        written.stderr
    );
    let mapping = std::fs::read_to_string(lot.path("mapping.json")).unwrap();
    lot.write("mapping.json", mapping.replace("\"Ask\": null", "\"Ask\": \"price\""));
    let done = lot.run(["import", "vehicles", "stock.csv", "--mapping", "mapping.json"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_ne!(
        lot.run(["import", "vehicles", "stock.csv", "--write-mapping", "mapping.json"]).code,
        0,
        "it is not overwritten"
    );
}

#[test]
fn an_import_that_is_killed_has_written_all_or_nothing() {
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    let rows = 4_000;
    let count = || lot.run(["vehicle", "list", "--all", "--format", "jsonl"]).stdout.lines().count();
    for round in 0..6 {
        let price = format!("${},000", 10 + round);
        let lines: Vec<_> = (1..=rows).map(|number| row(number, &price)).collect();
        lot.write("stock.csv", csv(&lines));
        let mut command = lot.command(["import", "vehicles", "stock.csv"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(fastrand::u64(20..1_500)));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = count();
        assert!(found == 0 || found == rows as usize, "{found} vehicles");
        let prices = lot.run(["vehicle", "list", "--all", "--format", "jsonl"]).stdout;
        let written = prices.matches(&format!("\"price\":\"{}000.00\"", 10 + round)).count();
        assert!(written == 0 || written == rows as usize, "{written} of them at the new price");
    }
    assert_eq!(lot.run(["import", "vehicles", "stock.csv"]).code, 0);
    assert_eq!(count(), rows as usize);
}
