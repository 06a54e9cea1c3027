//! `jpauto export`, also killed in the middle of it.

use std::{fs, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    beside::Beside,
    interrupted::Commands,
    postgres,
    support::{CAMRY, Lot, kills},
};

/// Enough that an export takes a while.
const VEHICLES: u32 = 3_000;

#[test]
fn a_feed_is_exported_checked_and_listed() {
    let lot = Lot::new();
    lot.add_camry();
    let report = lot.json(["export", "csv", "--to", "feeds/"]);
    assert_eq!(
        (&report["vehicle_count"], &report["left_out_count"], &report["dry_run"]),
        (&json!(1), &json!(0), &json!(false))
    );
    let text = fs::read_to_string(lot.path("feeds/inventory.csv")).unwrap();
    assert!(text.contains(CAMRY) && text.contains("15900.00") && !text.contains("12500"), "{text}");
    let checked = lot.json(["export", "check", "feeds/inventory.csv", "--platform", "csv"]);
    assert_eq!((&checked["vehicle_count"], &checked["fault_count"]), (&json!(1), &json!(0)));
    let entries = lot.items(["export", "list"]);
    assert_eq!((entries.len(), &entries[0]["platform"], &entries[0]["status"]), (1, &json!("csv"), &json!("success")));
    let checked = lot.run(["export", "check", "feeds/inventory.csv", "--platform", "meta"]);
    assert_eq!(checked.code, 2);
    assert!(checked.stdout.contains("vehicle_id") && checked.stderr.contains("error[feed_invalid]"), "{checked:?}");
}

#[test]
fn the_time_zone_of_the_dealership_is_given_to_any_command() {
    let lot = Lot::new();
    lot.add_camry();
    let config =
        "[dealership]\nname = \"Example\"\n[exports.dealer_center]\ndestination = \"feeds/\"\ndealer_id = \"D1\"\n";
    lot.write("jpauto.toml", config);
    // 25 hours lie between the two: it is never the same day in both.
    let (early, late) = ("Pacific/Kiritimati", "Pacific/Pago_Pago");
    let exported = |zone: &str| {
        let report = lot.json(["export", "dealer_center", "--config", "jpauto.toml", "--time-zone", zone]);
        report["destination"].as_str().unwrap().to_owned()
    };
    assert_ne!(exported(early), exported(late));
    let made = lot.json(["job", "run", "export_dealer_center", "--config", "jpauto.toml", "--time-zone", early]);
    assert_eq!(made["result"]["destination"].as_str(), Some(exported(early).as_str()));
    let heading = |zone: &str| {
        let report = lot.run(["report", "--time-zone", zone]);
        report.stdout.lines().next().unwrap().to_owned()
    };
    assert_ne!(heading(early), heading(late));
    lot.run(["report", "--time-zone", "Mars/Olympus"]).fails(2, "error[invalid_schedule]: ");
}

#[test]
fn what_is_left_out_is_told_and_what_is_missing_is_named() {
    let lot = Lot::new();
    lot.add_camry();
    let refused = lot.run(["export", "meta", "--dry-run"]);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("exports.vehicle_url"), "{refused:?}");
    let about = json!({"name": "Example", "street": "1 Main St", "city": "Los Angeles", "state": "CA"});
    lot.write("about.json", about.to_string());
    let url = "https://motors.example/vehicles/{id}/";
    let ran = lot.run(["export", "meta", "--dry-run", "--dealership", "about.json", "--vehicle-url", url]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("0 vehicles, 1 left out") && ran.stdout.contains("exterior_color"), "{ran:?}");
    lot.write("mapping.json", r#"{"columns": [{"name": "a", "field": "cost"}]}"#);
    let refused = lot.run(["export", "custom", "--mapping", "mapping.json", "--to", "x.csv"]);
    assert_eq!((refused.code, lot.path("x.csv").exists()), (2, false));
    assert!(refused.stderr.contains("error[invalid_mapping]"), "{refused:?}");
    let refused = lot.run(["export", "csv", "--to", "x.csv", "--dealership", "none.json"]);
    assert!(refused.stderr.contains("error[file_unreadable]"), "{refused:?}");
}

#[test]
fn a_feed_that_shrank_waits_for_confirm_on_both_databases() {
    let lot = Lot::new();
    let sqlite = format!("sqlite:{}", lot.path("jpauto.db").display());
    let schema = postgres::Schema::create();
    if schema.is_none() {
        println!("PostgreSQL is skipped: JPAUTO_TEST_POSTGRES names no server");
    }
    for (name, database) in
        [Some(("sqlite", &sqlite)), schema.as_ref().map(|it| ("postgres", &it.url))].into_iter().flatten()
    {
        let commands = Commands { program: env!("CARGO_BIN_EXE_jpauto"), database };
        let file = lot.path(&format!("{name}.csv"));
        let run = |arguments: &[&str]| commands.command(arguments).output().unwrap();
        let export = |more: &[&str]| run(&[&["export", "csv", "--to", file.to_str().unwrap()], more].concat());
        assert!(run(&["migrate"]).status.success());
        fill(database);
        assert!(export(&[]).status.success());
        let before = fs::read_to_string(&file).unwrap();
        sell_most(database);
        let refused = export(&[]);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(3), "{told}");
        assert!(told.contains("error[export_held_back]") && told.contains("from 3000 vehicles to 1"), "{told}");
        assert_eq!(fs::read_to_string(&file).unwrap(), before, "{name}: the feed before stands");
        assert_eq!(commands.lines(&["export", "list"])[0]["error_code"], "export_held_back");
        assert!(export(&["--confirm"]).status.success());
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2, "{name}");
    }
}

#[test]
fn an_export_that_is_killed_leaves_the_feed_before_whole_on_sqlite() {
    let lot = Lot::new();
    lot.add_camry();
    let database = format!("sqlite:{}", lot.path("jpauto.db").display());
    killed_again_and_again(&lot, &database);
}

#[test]
fn an_export_that_is_killed_leaves_the_feed_before_whole_on_postgres() {
    let Some(schema) = postgres::Schema::create() else {
        println!("skipped: JPAUTO_TEST_POSTGRES names no server");
        return;
    };
    let lot = Lot::new();
    let migrated = lot.run(["--db", &schema.url, "migrate"]);
    assert_eq!(migrated.code, 0, "{migrated:?}");
    killed_again_and_again(&lot, &schema.url);
}

/// Vehicles as another application writes them, many at once.
fn fill(database: &str) {
    let columns = "id, status, year, make, model, vin, stock_number, price, mileage, description";
    let mut beside = Beside::open(database);
    let sql = match beside {
        Beside::Sqlite(_) => format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {VEHICLES})
             INSERT INTO inventory ({columns}) SELECT randomblob(16), 'available', 2019, 'Toyota', 'Corolla',
             '2T1BURHE0JC' || printf('%06d', i), 'S' || i, 1400000, 60000, 'Runs well.' FROM n"
        ),
        Beside::Postgres(_) => format!(
            "INSERT INTO inventory ({columns}) SELECT gen_random_uuid(), 'available', 2019, 'Toyota', 'Corolla',
             '2T1BURHE0JC' || lpad(i::text, 6, '0'), 'S' || i, 14000, 60000, 'Runs well.' FROM generate_series(1, {VEHICLES}) AS i"
        ),
    };
    beside.execute(&sql);
}

/// All but one, as another application does it.
fn sell_most(database: &str) {
    Beside::open(database).execute("UPDATE inventory SET status = 'sold' WHERE stock_number <> 'S1'");
}

fn killed_again_and_again(lot: &Lot, database: &str) {
    fill(database);
    let commands = Commands { program: env!("CARGO_BIN_EXE_jpauto"), database };
    let feeds = lot.path("feeds");
    let (csv, pages) = (feeds.join("inventory.csv"), feeds.join("_vehicles"));
    let folder = feeds.to_str().unwrap().to_owned();
    let export = |platform: &str| commands.command(&["export", platform, "--to", &folder]);
    for platform in ["csv", "jekyll"] {
        assert!(export(platform).output().unwrap().status.success());
    }
    let whole = fs::read_to_string(&csv).unwrap();
    let count = |pages: &std::path::Path| fs::read_dir(pages).unwrap().count();
    let all_pages = count(&pages);
    let began = std::time::Instant::now();
    assert!(export("jekyll").output().unwrap().status.success());
    let longest = u64::try_from(began.elapsed().as_millis()).unwrap();
    for round in 0..kills() {
        let platform = if round % 2 == 0 { "jekyll" } else { "csv" };
        let mut running = export(platform).stdout(std::process::Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(fastrand::u64(0..=longest)));
        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(fs::read_to_string(&csv).unwrap(), whole, "round {round}");
        assert_eq!(count(&pages), all_pages, "round {round}");
    }
    for platform in ["csv", "jekyll"] {
        let ran = export(platform).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    let mut names: Vec<_> =
        fs::read_dir(&feeds).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["_vehicles", "inventory.csv"], "nothing half-written is left");
    assert_every_row_has_its_entry(&commands);
}

/// No row of the history without its entry in the audit trail, and none the other way round.
fn assert_every_row_has_its_entry(commands: &Commands<'_>) {
    let ids = |lines: Vec<Value>, field: &str| {
        let mut ids: Vec<_> = lines.iter().map(|line| line[field].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let exports = ids(commands.lines(&["export", "list", "--all"]), "id");
    let entries = ids(commands.lines(&["activity", "list", "--action", "export", "--all"]), "resource_id");
    assert_eq!(exports, entries);
    assert!(exports.len() >= 5);
}
