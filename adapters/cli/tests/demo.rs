//! The demonstration, told to the end without a terminal.

use crate::support::Lot;

#[test]
fn the_demonstration_tells_its_story_twice_and_touches_no_other_database() {
    let lot = Lot::new();
    for run in 1..=2 {
        let mut command = lot.command(["demo", "--no-serve"]);
        let output = command.env("DATABASE_URL", "sqlite:production.db").output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "run {run}");
        let unbroken = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "Our stock against the market",
            "What to look at first",
            "The competition",
            "Blue Heron Used Cars",
            "found sold",
            "Approved: 2021 Toyota RAV4 Limited",
            "Rejected: 2020 Ford F-150 XLT",
            "Refused (approval_incomplete): 2020 Toyota Camry SE for $12,400: vin is missing",
            "Waiting for a reviewer: 2022 Honda CR-V EX",
            "Alert closed: 2021 Toyota Camry",
            "it came back and was on sale all the time",
            "$184 on the page for a day; $18,495 stands",
        ] {
            assert!(unbroken.contains(part), "run {run} does not tell {part:?}:\n{told}");
        }
        assert!(!told.contains('\u{1b}'), "colours without a terminal");
        for line in told.lines() {
            assert!(line.chars().count() <= 120, "{line}");
        }
        assert!(lot.path("jpauto-demo.db").exists());
        assert!(!lot.path("production.db").exists());
    }
}

#[test]
fn a_file_of_somebody_else_stays_as_it_is() {
    let lot = Lot::new();
    lot.add_camry();
    let before = std::fs::read(lot.path("jpauto.db")).unwrap();
    let ran = lot.run(["demo", "--no-serve", "--db", "sqlite:jpauto.db"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.starts_with("error[not_a_demo_file]: jpauto.db exists"), "{}", ran.stderr);
    assert_eq!(std::fs::read(lot.path("jpauto.db")).unwrap(), before);
}

#[test]
fn a_demonstration_that_somebody_has_written_to_stays_as_it_is() {
    let lot = Lot::new();
    assert_eq!(lot.run(["demo", "--no-serve"]).code, 0);
    let own = ["user", "add", "ann@example.com", "--name", "Ann", "--db", "sqlite:jpauto-demo.db"];
    assert_eq!(lot.run(own).code, 0);
    let ran = lot.run(["demo", "--no-serve"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("has been written to since"), "{}", ran.stderr);
    assert_eq!(lot.run(["user", "show", "ann@example.com", "--db", "sqlite:jpauto-demo.db"]).code, 0);
}
