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
    Ran::of(ran).fails(2, "error[invalid_configuration]: JPAUTO_LOG_FILTER: log.filter: ");
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
fn a_link_leads_to_the_server_of_the_configuration() {
    let lot = Lot::new();
    lot.json(["user", "add", "ann@example.com", "--name", "Ann"]);
    let link = |arguments: &[&str]| {
        let ran = lot.command(["user", "link", "ann@example.com", "--config", "jpauto.toml"]).args(arguments).output();
        Ran::of(ran.unwrap()).stdout.split("/api/").next().unwrap().to_owned()
    };
    lot.write("jpauto.toml", "[server]\naddress = \"127.0.0.1:18081\"\n");
    assert_eq!(link(&[]), "http://127.0.0.1:18081");
    lot.write("jpauto.toml", "[sign_in]\npublic_url = \"https://lot.example/\"\n");
    assert_eq!(link(&[]), "https://lot.example");
    assert_eq!(link(&["--url", "https://other.example/"]), "https://other.example");
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
    lot.run(["serve", "--check", "--config", "jpauto.toml"]).fails(
        2,
        "error[invalid_session_config]: jpauto.toml:2: sessions.secrets: expected secrets of 16 bytes or more each",
    );
}

#[test]
fn what_the_library_refuses_and_what_can_not_work_is_told_with_its_place() {
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    for (file, told) in [
        ("[fetch]\ncontact = \"nobody\"\n", "invalid_contact]: jpauto.toml:2: fetch.contact: "),
        ("[jobs]\ntime_zone = \"Los Angeles\"\n", "invalid_schedule]: jpauto.toml:2: jobs.time_zone: "),
        ("[jobs.schedules]\ncheck = \"25 * * *\"\n", "invalid_schedule]: jpauto.toml:2: jobs.schedules.check: "),
        ("[log]\n\nfilter = \"a=b=c\"\n", "invalid_configuration]: jpauto.toml:3: log.filter: "),
        (
            "[sessions]\nsecrets = [\"\"]\n",
            "invalid_configuration]: jpauto.toml:2: sessions.secrets: one of the secrets is empty",
        ),
        (
            "[sessions]\nsecrets = [\"a secret of many letters\"]\nidle = \"40 days\"\n",
            "invalid_session_config]: jpauto.toml:3: sessions.idle: a session can not last longer without a request than in all",
        ),
        (
            "[auto_dev]\nkeyfile = \"x\"\n",
            "invalid_configuration]: jpauto.toml:2: auto_dev.keyfile: there is no such key; did you mean auto_dev.key_file?",
        ),
        ("[server.gate]\ndeadline = \"0 s\"\n", "invalid_configuration]: jpauto.toml:2: server.gate.deadline: "),
        (
            "[server.connections]\nlongest_life = \"0 s\"\n",
            "invalid_configuration]: jpauto.toml:2: server.connections.longest_life: expected more",
        ),
        (
            "[server.body]\nlargest = 0\n",
            "invalid_configuration]: jpauto.toml:2: server.body.largest: expected more than nothing",
        ),
        (
            "[database]\npool_size = 0\n",
            "invalid_database_config]: jpauto.toml:2: database.pool_size: expected more than nothing",
        ),
        (
            "[database]\npool_timeout = \"0 s\"\n",
            "invalid_database_config]: jpauto.toml:2: database.pool_timeout: expected more than nothing",
        ),
        (
            "[database]\nurl = \"postgres://nowhere.example/lot\"\nread_url = \"sqlite:lot.db\"\n",
            "invalid_database_url]: jpauto.toml:3: database.read_url: expected postgres://USER@HOST/DATABASE",
        ),
        (
            "[server.gate]\nworkers = 0\n[server.runs]\nat_once = 0\n",
            "invalid_configuration]: jpauto.toml:2: server.gate.workers: expected more than nothing; jpauto.toml:4: server.runs.at_once: ",
        ),
        (
            "[database]\nurl = \"postgres://nowhere.example/lot\"\n[server.gate]\ndeadline = \"10 s\"\n",
            "invalid_configuration]: jpauto.toml:4: server.gate.deadline: expected more than database.statement_timeout",
        ),
        (
            "[server]\naddress = \"127.0.0.1:8099\"\nmetrics_address = \"127.0.0.1:8099\"\n",
            "invalid_configuration]: jpauto.toml:3: server.metrics_address: ",
        ),
    ] {
        lot.write("jpauto.toml", file);
        lot.run(["serve", "--check", "--config", "jpauto.toml"]).fails(2, &format!("error[{told}"));
    }
    let ran = lot.command(["serve", "--check"]).env("JPAUTO_FETCH_CONTACT", "nobody").output().unwrap();
    Ran::of(ran).fails(2, "error[invalid_contact]: JPAUTO_FETCH_CONTACT: fetch.contact: ");
    let ran = lot.command(["serve", "--check"]).env("JPAUTO_NONSENSE", "1").output().unwrap();
    Ran::of(ran).fails(
        2,
        "error[invalid_configuration]: JPAUTO_NONSENSE: there is no such variable; jpauto config sample lists all",
    );
}

#[test]
fn what_is_probably_not_meant_is_remarked_upon() {
    let lot = Lot::new();
    assert_eq!(lot.run(["migrate"]).code, 0);
    lot.write("secrets", "a secret of more than 16 bytes\n");
    lot.write(
        "jpauto.toml",
        "[sessions]\nsecrets_file = \"secrets\"\n[server]\ntrusted_proxies = [\"0.0.0.0/0\"]\n[sign_in]\nadministrators = [\"a@lot.example\"]\n",
    );
    let ran = lot.run(["serve", "--check", "--config", "jpauto.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for told in ["trusted_proxies holds every address", "sign_in.administrators makes nobody one"] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    #[cfg(unix)]
    assert!(ran.stderr.contains("secrets holds secrets, and everybody on this machine may read it"), "{}", ran.stderr);
    #[cfg(unix)]
    for (file, is_told) in [
        ("[sessions]\nsecrets = [\"a secret of more than 16 bytes\"]\n", true),
        ("[database]\nurl = \"sqlite:jpauto.db\"\n", false),
    ] {
        lot.write("jpauto.toml", file);
        let ran = lot.run(["serve", "--check", "--config", "jpauto.toml"]);
        assert_eq!(ran.stderr.contains("jpauto.toml holds secrets"), is_told, "{file} {}", ran.stderr);
    }
}
