//! The database as the command meets it: missing, copied, adopted, backed up.

use serde_json::Value;

use crate::support::{CAMRY, Lot, Ran};

#[test]
fn reading_makes_no_database() {
    let lot = Lot::new();
    for arguments in [
        &["report"][..],
        &["vehicle", "list"],
        &["vehicle", "show", "A1042"],
        &["submission", "list"],
        &["submission", "approve", "0195"],
        &["competitor", "list"],
        &["market", "overview"],
        &["alert", "list"],
        &["activity", "list"],
        &["user", "list"],
        &["check"],
        &["backup", "copy.db"],
        &["analyze", "--all"],
        &["--read-only", "report"],
    ] {
        lot.run(arguments).fails(
            4,
            "error[database_unavailable]: there is no database at jpauto.db: it does not exist; `jpauto migrate`",
        );
        assert!(!lot.path("jpauto.db").exists() && !lot.path("copy.db").exists(), "{arguments:?}");
    }
    assert_eq!(lot.run(["migrate"]).code, 0);
    assert_eq!(lot.run(["report"]).code, 0);
}

#[test]
fn what_is_refused_and_what_is_only_tried_makes_no_database() {
    let lot = Lot::new();
    lot.write("stock.csv", format!("VIN,Year,Make,Model,Mileage,Price\n{CAMRY},2019,Toyota,Camry,31000,15900\n"));
    lot.write("wrong.csv", "VIN,Year,Make,Model,Mileage,Price\n4T1B,2019,Toyota,Camry,31000,15900\n");
    let add =
        ["vehicle", "add", "--year", "2019", "--make", "Toyota", "--model", "Camry", "--vin", CAMRY, "--price", "9000"];
    for arguments in [
        &["submission", "submit", "--year", "1", "--make", "A", "--model", "B"][..],
        &["user", "add", "ann", "--name", "Ann"],
        &add[..8],
        &[&add[..], &["--mileage", "9", "--as", "a@b.example"]].concat(),
        &["import", "vehicles", "wrong.csv"],
        &["token", "create", "", "--role", "admin"],
    ] {
        assert_ne!(lot.run(arguments).code, 0, "{arguments:?}");
        assert!(!lot.path("jpauto.db").exists(), "{arguments:?}");
    }
    let tried = lot.run(["import", "vehicles", "stock.csv", "--dry-run"]);
    assert_eq!(tried.code, 0, "{tried:?}");
    assert!(tried.stderr.contains("no database at jpauto.db yet"), "{}", tried.stderr);
    assert!(!lot.path("jpauto.db").exists());
    assert_eq!(lot.run(["import", "vehicles", "stock.csv"]).code, 0);
    assert_eq!(lot.items(["vehicle", "list"]).len(), 1);
}

#[cfg(unix)]
#[test]
fn a_file_whose_making_ended_early_is_made_by_the_next_command() {
    // The system lets a process write a number of blocks to a file. The next write ends the process, or fails where the signal is ignored:
    // at the first byte, in the journal, in the middle of the tables, at the change of the file's mode.
    for (blocks, is_killed) in [0, 1, 8, 40, 200].into_iter().flat_map(|blocks| [(blocks, true), (blocks, false)]) {
        let lot = Lot::new();
        let trap = if is_killed { "" } else { "trap '' XFSZ; " };
        let limited = format!("{trap}ulimit -c 0; ulimit -f {blocks}; exec \"$0\" migrate");
        let ended = lot
            .command_of(std::path::Path::new("sh"), ["-c", &limited, env!("CARGO_BIN_EXE_jpauto")])
            .output()
            .unwrap();
        assert!(!ended.status.success(), "{blocks} blocks: {ended:?}");
        assert_eq!(ended.status.code().is_none(), is_killed, "{blocks} blocks: {ended:?}");
        let read = lot.run(["report"]);
        let told = ["`jpauto migrate` makes a new one", "run migrate on it first"];
        let is_told = told.iter().any(|told| read.stderr.contains(told));
        assert!(read.code != 0 && is_told, "{blocks} blocks: {read:?}");
        assert_eq!(lot.run(["migrate"]).code, 0, "{blocks} blocks");
        assert_eq!(lot.run(["report"]).code, 0, "{blocks} blocks");
        lot.add_camry();
    }
}

#[test]
fn nobody_acts_in_what_the_machine_does() {
    let lot = Lot::new();
    lot.add_camry();
    lot.json(["user", "add", "vi@example.com", "--name", "Vi"]);
    for command in
        [&["backup", "copy.db"][..], &["check"], &["migrate"], &["demo", "--no-serve"], &["work"], &["serve"]]
    {
        lot.run(command.iter().chain(&["--as", "vi@example.com"]))
            .fails(2, "error[usage]: --as is not for this command");
    }
    assert!(!lot.path("copy.db").exists());
}

#[test]
fn a_backup_is_made_once_and_restored() {
    let lot = Lot::new();
    let vehicle = lot.add_camry();
    let made = lot.json(["backup", "copy.db"]);
    assert_eq!(made["path"], "copy.db");
    assert_eq!(made["bytes"].as_u64(), Some(std::fs::metadata(lot.path("copy.db")).unwrap().len()));
    lot.run(["backup", "copy.db"]).fails(3, "error[backup_exists]: copy.db exists already");
    let restored = lot.json(["vehicle", "show", "A1042", "--db", "sqlite:copy.db"]);
    assert_eq!(restored["id"], vehicle.as_str());
}

#[test]
fn what_another_application_left_is_named_and_repaired() {
    use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
    let lot = Lot::new();
    lot.add_camry();
    assert_eq!(lot.run(["check"]).stderr, "the rows are as jpauto writes them\n");
    let path = lot.path("jpauto.db").display().to_string();
    let mut conn = SqliteConnection::establish(&path).unwrap();
    conn.batch_execute(
        "PRAGMA ignore_check_constraints = ON; UPDATE inventory SET status = 'wholesale', vin = lower(vin), images = '{}'",
    )
    .unwrap();
    drop(conn);
    assert_eq!(lot.json(["vehicle", "show", "A1042"])["status"], "unknown");
    assert_eq!(lot.items(["vehicle", "list", "--status", "unknown"]).len(), 1);
    let kinds = |report: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let findings = report["findings"].as_array().unwrap();
        findings.iter().map(|finding| (text(&finding["kind"]), text(&finding["remedy"]))).collect()
    };
    let pairs = |pairs: [(&str, &str); 3]| pairs.map(|(kind, remedy)| (kind.to_owned(), remedy.to_owned())).to_vec();
    let expected = pairs([("unknown_word", "by_hand"), ("vin_case", "migrate"), ("list_shape", "migrate")]);
    let checked = lot.run(["check", "--format", "json"]);
    assert_eq!(checked.code, 3, "a program that asks for it learns it by the exit code");
    assert!(checked.stderr.contains("rows_faulty"), "{}", checked.stderr);
    assert_eq!(kinds(&serde_json::from_str(&checked.stdout).unwrap()), expected);
    let expected = pairs([("unknown_word", "by_hand"), ("vin_case", "repaired"), ("list_shape", "repaired")]);
    assert_eq!(kinds(&lot.json(["migrate"])), expected);
    let checked = lot.run(["check"]);
    let id = lot.json(["vehicle", "show", "A1042"])["id"].as_str().unwrap().to_owned();
    for part in ["inventory.status", "wholesale", "by hand", &format!("inventory.status: {id}\n")] {
        assert!(checked.stdout.contains(part), "{part}: {}", checked.stdout);
    }
    assert!(lot.run(["report"]).stdout.contains("unreadable_values"));
    lot.run(["vehicle", "update", "A1042", "--set", "trim=SE"]).fails(3, "error[unknown_word]: ");
    lot.run(["vehicle", "status", "A1042", "unknown"]).fails(2, "error[invalid_status_change]: ");
    assert_eq!(lot.run(["vehicle", "status", "A1042", "available"]).code, 0);
    assert_eq!(lot.run(["migrate"]).code, 0);
    assert!(!lot.run(["report"]).stdout.contains("unreadable_values"), "the alert is over");
}

#[test]
fn no_row_takes_a_command_down() {
    use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
    let lot = Lot::new();
    let good = lot.add_camry();
    for (number, change) in [
        "id = x'616263'",
        "listed_at = 'yesterday'",
        "price = -1",
        "price = 10000000000",
        "year = 0",
        "year = 3000",
        "mileage = -5",
    ]
    .into_iter()
    .enumerate()
    {
        let vin = format!("2T1BURHE0JC00000{number}");
        let car =
            ["--year", "2018", "--make", "Kia", "--model", "Rio", "--mileage", "9", "--price", "9000", "--vin", &vin];
        assert_eq!(lot.run(["vehicle", "add"].iter().chain(&car)).code, 0);
        let mut conn = SqliteConnection::establish(lot.path("jpauto.db").to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA ignore_check_constraints = ON").unwrap();
        conn.batch_execute(&format!("UPDATE inventory SET {change} WHERE vin = '{vin}'")).unwrap();
    }
    for arguments in [
        &["vehicle", "list"][..],
        &["vehicle", "list", "--all", "--sort", "-price"],
        &["report"],
        &["market", "overview"],
        &["export", "csv", "--to", "feeds/"],
        &["analyze", "--all"],
    ] {
        let ran = lot.run(arguments);
        let fails_in_part = arguments[0] == "analyze";
        assert!(ran.code == 0 || fails_in_part, "{arguments:?}: {ran:?}");
        let told = "1 row of inventory left out, which cannot be read: jpauto check";
        assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.stderr);
    }
    // The note stands on stderr, beside the answer.
    let json = |arguments: &[&str]| -> Value {
        let ran = lot.run(arguments.iter().chain(&["--format", "json"]));
        assert_eq!(ran.code, 0, "{ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let listed = json(&["vehicle", "list", "--all"])["items"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 7);
    assert!(listed.iter().any(|vehicle| vehicle["id"] == good.as_str()));
    assert!(listed.iter().all(|vehicle| vehicle["days_in_stock"] == 0), "{listed:?}");
    let feed = json(&["export", "csv", "--to", "feeds/", "--confirm"]);
    assert_eq!((&feed["vehicle_count"], &feed["left_out_count"]), (&2.into(), &5.into()), "{feed}");
    let checked = lot.run(["check"]);
    for part in ["X'616263'", "inventory.listed_at", "inventory.price", "inventory.year", "inventory.mileage"] {
        assert!(checked.stdout.contains(part), "{part}: {}", checked.stdout);
    }
    assert_eq!(lot.run(["migrate"]).code, 0);
    assert_eq!(json(&["vehicle", "list", "--all"])["items"].as_array().unwrap().len(), 7, "and it stays so");
}

#[cfg(unix)]
#[test]
fn a_file_in_a_folder_that_cannot_be_written_is_read() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    let lot = Lot::new();
    lot.add_camry();
    // Whoever runs it must be able to reach it, wherever it was built.
    let copied = std::process::Command::new("cp").arg(env!("CARGO_BIN_EXE_jpauto")).arg(lot.path("jpauto")).status();
    assert!(copied.unwrap().success());
    std::fs::create_dir(lot.path("kept")).unwrap();
    std::fs::rename(lot.path("jpauto.db"), lot.path("kept/jpauto.db")).unwrap();
    let allow = |path: &str, mode| {
        std::fs::set_permissions(lot.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(".", 0o755);
    // Root may write everything: be nobody then.
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let run = |options: &[&str]| {
        let arguments = ["--db", "sqlite:kept/jpauto.db", "vehicle", "list"].into_iter().chain(options.iter().copied());
        let mut command = lot.command_of(&lot.path("jpauto"), arguments);
        if is_root {
            command.uid(65_534);
        }
        Ran::of(command.output().unwrap())
    };
    for (folder, file) in [(0o555, 0o644), (0o555, 0o444)] {
        allow("kept/jpauto.db", file);
        allow("kept", folder);
        let (read, refused) = (run(&["--read-only"]), run(&[]));
        allow("kept", 0o755);
        assert_eq!(read.code, 0, "{read:?}");
        refused.fails(3, "error[database_read_only]: ");
        assert!(refused.stderr.contains("--read-only"), "{}", refused.stderr);
        assert!(refused.stderr.contains("cannot be written by this user"), "{}", refused.stderr);
    }
    if is_root {
        // As a new file is, and a copy.
        allow("kept/jpauto.db", 0o600);
        let unread = run(&["--read-only"]);
        assert!(unread.code != 0 && unread.stderr.contains("error[database_unavailable]"), "{unread:?}");
        assert!(unread.stderr.contains("0600") && unread.stderr.contains("chmod 640"), "{unread:?}");
        allow("kept/jpauto.db", 0o444);
    }
    // Changes that stand in the -wal alone, as a server that was killed leaves them.
    lot.write("kept/jpauto.db-wal", [0x37, 0x7f, 0x06, 0x82, 0, 0x2d, 0xe2, 0x18].repeat(8));
    allow("kept/jpauto.db-wal", 0o444);
    allow("kept", 0o555);
    let held = run(&["--read-only"]);
    allow("kept", 0o755);
    held.fails(3, "error[database_read_only]: cannot read the database kept/jpauto.db: ");
    assert!(held.stderr.contains("-wal") && !held.stderr.contains("--read-only"), "{}", held.stderr);
}

#[test]
fn a_damaged_file_is_told_as_such() {
    let lot = Lot::new();
    lot.add_camry();
    let whole = std::fs::read(lot.path("jpauto.db")).unwrap();
    for length in [50, 4_096, whole.len() / 2, whole.len() - 1] {
        lot.write("jpauto.db", &whole[..length]);
        for arguments in [&["vehicle", "list"][..], &["--read-only", "check"]] {
            let ran = lot.run(arguments);
            ran.fails(3, "error[database_damaged]: ");
            assert!(ran.stderr.contains("jpauto.db") && ran.stderr.contains("jpauto backup"), "{}", ran.stderr);
        }
        assert_eq!(std::fs::read(lot.path("jpauto.db")).unwrap().len(), length, "it is left as it is");
    }
    // As long as it was, with pages that are none.
    let mut torn = whole.clone();
    torn[2_048..].fill(0xA5);
    lot.write("jpauto.db", &torn);
    lot.run(["vehicle", "list"]).fails(3, "error[database_damaged]: ");
    lot.write("jpauto.db", "a shopping list: milk, bread");
    let ran = lot.run(["vehicle", "list"]);
    ran.fails(3, "error[not_a_database]: jpauto.db is no SQLite database");
    lot.write("jpauto.db", &whole);
    assert_eq!(lot.items(["vehicle", "list"]).len(), 1);
}
