//! `--help` teaches: every command has one, and the first page is as agreed.

use crate::support::Lot;

#[test]
fn the_first_page_names_every_command() {
    insta::assert_snapshot!(Lot::new().run(["--help"]).stdout);
}

#[test]
fn every_command_has_a_help_with_its_purpose() {
    let lot = Lot::new();
    let mut waiting: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = waiting.pop() {
        let help = lot.run(command.iter().map(String::as_str).chain(["--help"]));
        assert_eq!(help.code, 0, "{command:?}");
        assert!(help.stdout.contains("Usage: jpauto"), "{command:?}: {}", help.stdout);
        assert!(help.stdout.lines().all(|line| line.chars().count() <= 100), "{command:?}: {}", help.stdout);
        assert_ne!(help.stdout.lines().next(), Some(""), "{command:?} says what it does");
        let commands = help.stdout.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in commands.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   ")) {
            let name = line.split_whitespace().next().unwrap();
            waiting.push(command.iter().cloned().chain([name.to_owned()]).collect());
        }
        seen += 1;
    }
    assert!(seen > 30, "only {seen} commands were found");
}

#[test]
fn a_wrong_usage_is_wrong_input() {
    let lot = Lot::new();
    for arguments in
        [&["drive"][..], &[], &["vin"], &["vehicle", "list", "--sort", "colour"], &["--format", "xml", "migrate"]]
    {
        let ran = lot.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.contains("Usage:") || ran.stderr.contains("--help"), "{ran:?}");
    }
    assert!(!lot.path("jpauto.db").exists(), "a wrong usage touches no database");
}
