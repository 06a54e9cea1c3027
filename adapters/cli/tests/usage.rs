//! What the options that say how websites are fetched take, from the command line and from the environment.

use crate::{
    support::{Lot, Ran},
    website::Website,
};

/// Runs a command with variables of the environment.
fn run_with(lot: &Lot, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    Ran::of(lot.command(arguments).envs(variables.iter().copied()).output().unwrap())
}

const CONTACT: (&str, &str) = ("JPAUTO_FETCH_CONTACT", "webmaster@dealer.example");

#[test]
fn who_does_not_say_who_fetches_is_told_every_way_to_say_it() {
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    for variables in [&[][..], &[("JPAUTO_FETCH_CONTACT", "")]] {
        let ran = run_with(&lot, variables, &["scrape", "--due", "--threads", "16"]);
        ran.fails(2, "error[contact_missing]: expected --contact ADDRESS or the variable JPAUTO_FETCH_CONTACT");
    }
    assert_eq!(run_with(&lot, &[CONTACT], &["scrape", "--due", "--threads", "16"]).code, 0);
    for command in [&["--help"][..], &["scrape", "--help"], &["competitor", "test", "--help"]] {
        let help = lot.run(command).stdout;
        assert!(help.contains("export JPAUTO_FETCH_CONTACT=webmaster@dealer.example"), "{help}");
    }
}

#[test]
fn a_scrape_of_nothing_is_told_both_ways_to_name_something() {
    let lot = Lot::new();
    let variables = [CONTACT, ("DATABASE_URL", "sqlite:lot.db"), ("JPAUTO_FETCH_PAUSE", "2")];
    for command in [&["scrape"][..], &["competitor", "scrape"]] {
        let ran = run_with(&lot, &variables, command);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("  <COMPETITOR|--due>\n"), "{}", ran.stderr);
        let usage = ran.stderr.lines().find(|line| line.starts_with("Usage: ")).unwrap();
        assert!(usage.contains("<COMPETITOR|--due>") && !usage.contains("--contact"), "{usage}");
        assert!(!usage.contains("--db") && !usage.contains("--pause"), "{usage}");
    }
    // What is wrong in the environment alone is told all the same.
    let ran = run_with(&lot, &[CONTACT, ("JPAUTO_FETCH_PAUSE", "soon")], &["scrape", "--due"]);
    ran.fails(2, "error[invalid_configuration]: JPAUTO_FETCH_PAUSE: expected a span of time such as");
}

#[test]
fn a_switch_of_the_environment_is_written_in_any_usual_way() {
    let (lot, website) = (Lot::new(), Website::open());
    website.list("/used", 0..3, None);
    let test = ["competitor", "test", &format!("{}/used", website.address), "--pause", "0"];
    for (value, code) in
        [("1", 0), ("yes", 0), ("TRUE", 0), ("on", 0), ("0", 4), ("no", 4), ("false", 4), ("", 4), ("maybe", 2)]
    {
        let ran = run_with(&lot, &[CONTACT, ("JPAUTO_FETCH_ALLOW_PRIVATE_NETWORKS", value)], &test);
        assert_eq!(ran.code, code, "{value}: {ran:?}");
        assert_eq!(code == 2, ran.stderr.contains("expected 1 or 0, yes or no, true or false"), "{ran:?}");
    }
}

#[test]
fn numbers_that_can_not_be_meant_are_refused() {
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    for (option, expected) in [
        ("--pause=1e10", "pause: expected at most 600 seconds"),
        ("--pause=inf", "pause: expected at most 600 seconds"),
        ("--pause=-1", "expected a number of seconds from 0 on, such as 1 or 0.5"),
        ("--pause=nan", "expected a number of seconds from 0 on, such as 1 or 0.5"),
        ("--pause=1s", "expected a number of seconds, such as 1 or 0.5"),
        ("--threads=0", "0 is not in 1..=256"),
        ("--threads=10000", "10000 is not in 1..=256"),
        ("--limit=0", "0 is not in 1.."),
    ] {
        let ran = run_with(&lot, &[CONTACT], &["scrape", "--due", option]);
        assert!(ran.code == 2 && ran.stderr.contains(expected), "{option}: {ran:?}");
    }
    assert_eq!(run_with(&lot, &[CONTACT], &["scrape", "--due", "--pause", "600", "--threads", "256"]).code, 0);
}
