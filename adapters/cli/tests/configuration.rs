//! The configuration as all commands read it, and `serve --check`.

use crate::support::{Lot, Ran};

#[test]
fn a_file_holds_for_every_command_and_an_option_counts_first() {
    let lot = Lot::new();
    lot.write("jpauto.toml", "[database]\nurl = \"sqlite:from-file.db\"\n");
    assert_eq!(lot.run(["migrate", "--config", "jpauto.toml"]).code, 0);
    assert!(lot.path("from-file.db").exists());
    let by_variable = lot.command(["vehicle", "list"]).env("JPAUTO_CONFIG", "jpauto.toml").output().unwrap();
    assert_eq!(Ran::of(by_variable).code, 0, "the database of the file is there");
    assert_eq!(lot.run(["--config", "jpauto.toml", "migrate", "--db", "sqlite:from-option.db"]).code, 0);
    assert!(lot.path("from-option.db").exists());
    lot.run(["--config", "nowhere.toml", "migrate"]).fails(2, "error[file_unreadable]: cannot read nowhere.toml");
}

#[test]
fn what_is_wrong_is_told_before_anything_is_done() {
    let lot = Lot::new();
    lot.write("jpauto.toml", "[database]\nurl = \"sqlite:lot.db\"\npool_sise = 3\n");
    let wrong = "error[invalid_configuration]: jpauto.toml:3: database.pool_sise: there is no such key; did you mean \
                 database.pool_size?";
    lot.run(["migrate", "--config", "jpauto.toml"]).fails(2, wrong);
    assert!(!lot.path("lot.db").exists());
    let ran = lot.command(["migrate"]).env("JPAUTO_DATABASE_URI", "sqlite:lot.db").output().unwrap();
    let wrong = "error[invalid_configuration]: JPAUTO_DATABASE_URI: there is no such variable; did you mean \
                 JPAUTO_DATABASE_URL?";
    Ran::of(ran).fails(2, wrong);
    let ran = lot.command(["migrate"]).env("JPAUTO_LOG_FILTER", "a=b=c").output().unwrap();
    Ran::of(ran).fails(2, "error[invalid_configuration]: log.filter: ");
}

#[test]
fn the_sample_is_printed_whatever_is_configured_and_is_a_configuration() {
    let lot = Lot::new();
    let ran = lot.command(["config", "sample"]).env("JPAUTO_NONSENSE", "1").output().unwrap();
    let sample = Ran::of(ran).stdout;
    assert!(sample.contains("#pool_size = 8\n"), "{sample}");
    lot.write("jpauto.toml", &sample);
    let mut shown = lot.command(["config", "show", "--config", "jpauto.toml"]);
    let shown = Ran::of(shown.env("DATABASE_URL", "postgres://lot:hidden@localhost/lot").output().unwrap()).stdout;
    assert!(shown.contains("\nurl = \"not shown\"\n#pooler = \"none\"\n") && !shown.contains("hidden"), "{shown}");
}

#[test]
fn a_check_says_what_would_be_served_and_makes_nothing() {
    let lot = Lot::new();
    let first = lot.json(["serve", "--check"]);
    assert_eq!(first["database"], "sqlite:jpauto.db (it is made at the first start)");
    assert!(!lot.path("jpauto.db").exists());
    lot.run(["serve", "--check", "--db", "sqlite:nowhere/lot.db"]).fails(4, "error[database_unavailable]: ");
    assert_eq!(lot.run(["migrate"]).code, 0);
    lot.write("secrets", "a secret of more than 16 bytes\n");
    lot.write("jpauto.toml", "[sessions]\nsecrets_file = \"secrets\"\n[server]\naddress = \"127.0.0.1:8099\"\n");
    let ran = lot.run(["serve", "--check", "--config", "jpauto.toml", "--format", "json"]);
    let served = ran.document();
    assert_eq!(served["address"], "127.0.0.1:8099");
    assert_eq!((&served["sessions"], &served["auto_dev"]), (&true.into(), &false.into()));
    assert!(!ran.stdout.contains("more than"), "no secret is shown");
    lot.write("secrets", "short\n");
    lot.run(["serve", "--check", "--config", "jpauto.toml"]).fails(2, "error[invalid_session_config]: ");
}
