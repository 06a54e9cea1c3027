//! The database as the command meets it: missing, copied, adopted, backed up.

use serde_json::Value;

use crate::support::Lot;

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
        lot.run(arguments)
            .fails(4, "error[database_unavailable]: there is no database at jpauto.db: it does not exist");
        assert!(!lot.path("jpauto.db").exists() && !lot.path("copy.db").exists(), "{arguments:?}");
    }
    assert_eq!(lot.run(["migrate"]).code, 0);
    assert_eq!(lot.run(["report"]).code, 0);
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
    assert_eq!(kinds(&lot.json(["check"])), expected);
    let expected = pairs([("unknown_word", "by_hand"), ("vin_case", "repaired"), ("list_shape", "repaired")]);
    assert_eq!(kinds(&lot.json(["migrate"])), expected);
    let checked = lot.run(["check"]);
    for part in ["inventory.status", "wholesale", "by hand"] {
        assert!(checked.stdout.contains(part), "{part}: {}", checked.stdout);
    }
    assert!(lot.run(["report"]).stdout.contains("unreadable_values"));
    lot.run(["vehicle", "update", "A1042", "--set", "trim=SE"]).fails(3, "error[unknown_word]: ");
    lot.run(["vehicle", "status", "A1042", "unknown"]).fails(2, "error[invalid_status_change]: ");
    assert_eq!(lot.run(["vehicle", "status", "A1042", "available"]).code, 0);
    assert_eq!(lot.run(["migrate"]).code, 0);
    assert!(!lot.run(["report"]).stdout.contains("unreadable_values"), "the alert is over");
}

#[cfg(unix)]
#[test]
fn a_file_in_a_folder_that_cannot_be_written_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let lot = Lot::new();
    lot.add_camry();
    std::fs::create_dir(lot.path("kept")).unwrap();
    std::fs::rename(lot.path("jpauto.db"), lot.path("kept/jpauto.db")).unwrap();
    let allow = |mode| std::fs::set_permissions(lot.path("kept"), std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    if std::fs::write(lot.path("kept/other"), "").is_ok() {
        allow(0o755);
        let told = b"skipped: this user may write into any folder\n";
        drop(std::io::Write::write_all(&mut std::io::stderr(), told));
        return;
    }
    let arguments = ["--db", "sqlite:kept/jpauto.db", "vehicle", "show", "A1042"];
    let read = lot.run(arguments.into_iter().chain(["--read-only"]));
    let refused = lot.run(arguments);
    allow(0o755);
    assert_eq!(read.code, 0, "{read:?}");
    refused.fails(3, "error[database_read_only]: ");
}
