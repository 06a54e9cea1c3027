//! `jpauto import vehicles`.

use std::{
    collections::BTreeSet,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    interrupted::Commands,
    postgres,
    support::{Lot, kills},
};

/// Enough that an import takes a while.
const ROWS: u32 = 1_200;

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
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!((&report["outcome"], &report["counts"]["added"]), (&"written_in_part".into(), &1.into()));
    assert_eq!(report["refused"][0]["faults"][0]["column"], "List Price");
}

#[test]
fn refused_rows_are_kept_in_a_file_that_standard_input_takes_when_it_is_corrected() {
    let lot = Lot::new();
    lot.write("next.csv", csv(&[row(1, "$14,000"), row(2, "call us")]));
    let done = lot.run(["import", "vehicles", "next.csv", "--keep-going", "--refused", "refused.csv"]);
    assert!(done.stderr.contains("the refused rows are in refused.csv"), "{}", done.stderr);
    assert_eq!((done.code, done.stdout.contains("The rows are written, but not those")), (2, true), "{}", done.stdout);
    let kept = std::fs::read_to_string(lot.path("refused.csv")).unwrap();
    assert!(kept.starts_with(&format!("{HEADER},Row,Refused because\n")), "{kept}");
    let corrected = kept.replace("call us", "13500");
    let done = lot.feed(["import", "vehicles", "-", "--format", "json"], corrected.as_bytes());
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&report["counts"]["added"], &report["file"]), (&1.into(), &"standard input".into()), "{}", done.stderr);
    let itself = lot.run(["import", "vehicles", "next.csv", "--refused", "next.csv"]);
    assert!(itself.stderr.starts_with("error[refused_rows_not_written]"), "{}", itself.stderr);
}

#[test]
fn a_folder_is_named_as_such() {
    let lot = Lot::new();
    std::fs::create_dir(lot.path("stock")).unwrap();
    let refused = lot.run(["import", "vehicles", "stock"]);
    assert!(refused.stderr.ends_with("stock is a folder: name a file\n"), "{refused:?}");
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
fn an_import_that_is_killed_has_written_all_or_nothing_on_sqlite() {
    let lot = Lot::new();
    let database = format!("sqlite:{}", lot.path("jpauto.db").display());
    killed_again_and_again(&lot, &database);
}

#[test]
fn an_import_that_is_killed_has_written_all_or_nothing_on_postgres() {
    let Some(schema) = postgres::Schema::create() else {
        println!("skipped: JPAUTO_TEST_POSTGRES names no server");
        return;
    };
    killed_again_and_again(&Lot::new(), &schema.url);
}

/// Every other time with `--keep-going`, when what is written is a beginning of the file, and the next import adds the rest.
fn killed_again_and_again(lot: &Lot, database: &str) {
    let commands = Commands { program: env!("CARGO_BIN_EXE_jpauto"), database };
    let import = |more: &[&str]| {
        let file = lot.path("stock.csv");
        commands.command(&[&["import", "vehicles", file.to_str().unwrap()], more].concat())
    };
    let write = |price: u32| {
        lot.write("stock.csv", csv(&(1..=ROWS).map(|number| row(number, &format!("${price}"))).collect::<Vec<_>>()))
    };
    assert!(commands.command(&["migrate"]).output().unwrap().status.success());
    write(10_000);
    let began = Instant::now();
    let ran = import(&["--dry-run"]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let longest = u64::try_from(began.elapsed().as_millis() * 2).unwrap();
    for round in 0..kills() {
        let price = 10_000 + round;
        write(price);
        let keeps_going = round % 2 == 1;
        let mut child = import(if keeps_going { &["--keep-going"] } else { &[] })
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(fastrand::u64(0..=longest)));
        child.kill().unwrap();
        child.wait().unwrap();
        let vehicles = commands.lines(&["vehicle", "list", "--all"]);
        let prices: BTreeSet<String> = vehicles.iter().map(|it| it["price"].as_str().unwrap().to_owned()).collect();
        let written = vehicles.iter().filter(|it| it["price"] == format!("{price}.00")).count();
        // A server of a database may still carry out what it was told last.
        let tried: BTreeSet<_> = (10_000..=price).map(|price| format!("{price}.00")).collect();
        assert!(prices.is_subset(&tried), "round {round}: {prices:?}");
        let is_whole = written == 0 || written == ROWS as usize;
        assert!(keeps_going || is_whole, "round {round}: {written} of {} at the new price", vehicles.len());
    }
    // The next one mends what the last one left, and each vehicle has its entries.
    let ran = import(&[]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let vehicles = commands.lines(&["vehicle", "list", "--all"]);
    let last = format!("{}.00", 10_000 + kills() - 1);
    assert_eq!(vehicles.iter().filter(|it| it["price"] == last).count(), ROWS as usize);
    let ids = |lines: &[Value], field: &str| -> BTreeSet<String> {
        lines.iter().map(|line| line[field].as_str().unwrap().to_owned()).collect()
    };
    let created = commands.lines(&["activity", "list", "--action", "create", "--all"]);
    assert_eq!((ids(&created, "resource_id"), created.len()), (ids(&vehicles, "id"), ROWS as usize));
}
