//! What can never be accepted: a clear line, its exit code, and nothing half-written.

use std::path::Path;

use diesel::{Connection as _, connection::SimpleConnection as _};
use serde_json::Value;

use crate::support::{CAMRY, Lot};

const SUBMIT: [&str; 8] = ["submission", "submit", "--year", "2019", "--make", "Toyota", "--model", "Camry"];

#[track_caller]
fn refused(arguments: &[&str], line_start: &str, pointer: &str) {
    let lot = Lot::new();
    lot.run(SUBMIT.iter().chain(arguments)).fails(2, line_start);
    let ran = lot.run(SUBMIT.iter().chain(arguments).chain(&["--format", "json"]));
    let told: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(told["error"]["kind"], "invalid_input");
    assert_eq!(told["error"]["fields"][0]["pointer"], pointer, "{told}");
    assert!(!lot.path("jpauto.db").exists(), "nothing is written");
}

#[test]
fn a_vin_of_16_characters() {
    refused(&["--vin", &CAMRY[1..]], "error[invalid_submission]: vin: a VIN has 17 characters", "/vin");
}

#[test]
fn a_negative_mileage() {
    refused(&["--mileage", "-1"], "error[invalid_submission]: mileage: expected", "/mileage");
}

#[test]
fn a_price_of_100_million() {
    refused(&["--asking-price", "100000000"], "error[invalid_submission]: asking_price: expected", "/asking_price");
}

#[test]
fn an_unknown_field() {
    refused(&["--set", "colour=red"], "error[unknown_field]: colour: is no field; expected one of year", "/colour");
}

#[test]
fn a_number_that_is_none() {
    refused(&["--set", "year=soon"], "error[invalid_value]: year: expected a whole number", "/year");
    refused(&["--asking-price", "cheap"], "error[invalid_value]: asking_price: ", "/asking_price");
}

#[test]
fn html_nested_100_000_deep() {
    let lot = Lot::new();
    let page = lot.write("deep.html", "<div>".repeat(100_000));
    lot.run([Path::new("extract"), &page, Path::new("--url"), Path::new("https://lot.example/")])
        .fails(2, "error[page_too_deep]: ");
}

#[test]
fn a_page_in_windows_1252() {
    let lot = Lot::new();
    let mut html = br#"<meta charset="windows-1252"><script type="application/ld+json">{"@type": "Car",
        "name": "2017 Ford Edge SEL", "vehicleIdentificationNumber": "2FMPK4K91HBB11870", "color": "Caf"#
        .to_vec();
    html.push(0xe9);
    html.extend_from_slice(br#"", "offers": {"price": "22988"}}</script>"#);
    lot.write("page.html", html);
    let page = lot.json(["extract", "page.html", "--url", "https://lot.example/"]);
    assert_eq!(page["listings"][0]["exterior_color"], "Café");
}

#[test]
fn an_empty_page_and_an_absent_one() {
    let lot = Lot::new();
    lot.write("empty.html", "");
    let url = "https://lot.example/";
    lot.run(["extract", "empty.html", "--url", url]).fails(2, "error[page_empty]: ");
    lot.run(["extract", "absent.html", "--url", url]).fails(2, "error[file_unreadable]: cannot read absent.html");
    lot.write("page.html", "<p>");
    lot.run(["extract", "page.html", "--url", "lot.example"]).fails(2, "error[invalid_url]: ");
    lot.run(["extract", "page.html", "--url", url, "--platform", "x"]).fails(2, "error[unknown_platform]: ");
}

#[test]
fn a_json_of_20_mib_in_place_of_a_submission() {
    let lot = Lot::new();
    lot.write("huge.json", format!("{{\"make\": \"{}\"}}", "x".repeat(20 * 1024 * 1024)));
    lot.run(["submission", "submit", "--json", "huge.json"]).fails(2, "error[file_too_large]: ");
}

#[test]
fn a_line_without_end_in_place_of_vins() {
    Lot::new().feed(["vin", "--stdin"], &vec![b'1'; 200_000]).fails(2, "error[line_too_long]: line 1 ");
}

#[test]
fn a_missing_directory() {
    let lot = Lot::new();
    lot.run(["--db", "sqlite:nowhere/lot.db", "vehicle", "list"]).fails(4, "error[database_unavailable]: ");
    assert!(!lot.path("nowhere").exists());
}

#[test]
fn a_file_that_is_no_database() {
    let lot = Lot::new();
    lot.write(
        "jpauto.db",
        "a shopping list, longer than the header of a database file: milk, bread, tyres, wipers, fuses",
    );
    lot.run(["vehicle", "list"]).fails(3, "error[not_a_database]: ");
    lot.run(["--db", "mysql://lot", "vehicle", "list"]).fails(2, "error[invalid_database_url]: ");
}

#[test]
fn a_database_of_a_newer_version() {
    let lot = Lot::new();
    lot.json(["migrate"]);
    let mut database = diesel::SqliteConnection::establish(lot.path("jpauto.db").to_str().unwrap()).unwrap();
    database.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')").unwrap();
    lot.run(["vehicle", "list"]).fails(3, "error[database_newer]: ");
    lot.run(["migrate"]).fails(3, "error[database_newer]: ");
}

#[cfg(unix)]
#[test]
fn a_read_only_file() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    let lot = Lot::new();
    lot.add_camry();
    // Whoever runs it must be able to reach it, wherever it was built. Copied by another process: a test that starts a
    // command at the same moment would hold the copy open for writing, and the system would not run it.
    let copied = std::process::Command::new("cp").arg(env!("CARGO_BIN_EXE_jpauto")).arg(lot.path("jpauto")).status();
    assert!(copied.unwrap().success());
    std::fs::set_permissions(lot.path("jpauto.db"), std::fs::Permissions::from_mode(0o444)).unwrap();
    std::fs::set_permissions(lot.path("."), std::fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = lot.command_of(&lot.path("jpauto"), ["vehicle", "delete", "A1042"]);
    // Root may write everything: be nobody then.
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if is_root {
        command.uid(65_534);
    }
    let output = command.output();
    std::fs::set_permissions(lot.path("."), std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = output.unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(3 | 4)), "{told}");
    assert!(told.starts_with("error[database_"), "{told}");
    assert_eq!(lot.items(["vehicle", "list"]).len(), 1, "nothing is gone");
}

#[test]
fn a_write_by_a_command_that_was_told_to_read_only() {
    let lot = Lot::new();
    lot.add_camry();
    lot.run(["--read-only", "vehicle", "delete", "A1042"]).fails(3, "error[");
    assert_eq!(lot.items(["--read-only", "vehicle", "list"]).len(), 1, "nothing is gone");
}

#[test]
fn arguments_that_are_none_are_told_in_json_to_who_asked_for_json() {
    let lot = Lot::new();
    for (arguments, pointer, message) in [
        (&["submission", "list", "--limit", "many", "--format", "json"][..], "/limit", "invalid value 'many'"),
        (&["--format=json", "vehicle", "list", "--colour", "red"], "/colour", "unexpected argument '--colour'"),
        (&["--format", "json", "vehicle", "show"], "/vehicle", "required arguments were not provided"),
        (&["--format", "json", "vehicle"], "", "a command is missing"),
        (&["--format", "json", "lend"], "", "unrecognized subcommand 'lend'"),
    ] {
        let ran = lot.run(arguments);
        let told: Value = serde_json::from_str(&ran.stderr).unwrap_or_else(|_| panic!("{arguments:?}: {}", ran.stderr));
        assert_eq!((&told["error"]["kind"], &told["error"]["code"]), (&"invalid_input".into(), &"usage".into()));
        assert!(told["error"]["message"].as_str().unwrap().contains(message), "{told}");
        let pointers = told["error"]["fields"].as_array().unwrap();
        assert_eq!(pointers.first().map_or("", |field| field["pointer"].as_str().unwrap()), pointer, "{told}");
    }
    let ran = lot.run(["submission", "list", "--limit", "many"]);
    assert!(ran.stderr.contains("error: invalid value 'many'") && ran.stderr.contains("--help"), "{}", ran.stderr);
    let ran = lot.run(["--format", "json", "vehicle", "--help"]);
    assert_eq!((ran.stderr.as_str(), ran.stdout.contains("Usage:")), ("", true));
}
