//! The sample, the table of keys and the structs agree, and what is wrong is named with its place.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use jpauto::{
    exports::{FeedFormat, Formulas, Platform},
    jobs::Job,
    notifications::EmailTls,
};

use super::{
    given::Given,
    keys::{KEYS, find},
    *,
};

/// Set it to write the defaults of the sample anew instead of comparing them.
const UPDATE: &str = "UPDATE_DOCS";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn loaded(file: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jpauto.toml");
    fs::write(&path, file).unwrap();
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Settings::load(Some(&path), variables).map_err(|failure| match failure {
        Failure::Own { message, .. } => message.replace(&format!("{}/", folder.path().display()), ""),
        other => format!("{other:?}"),
    })
}

/// Every key with its value, as a file writes them.
fn values(settings: &Settings) -> Vec<(String, String)> {
    keys::shown(settings).into_iter().map(|(path, _, value)| (path, value)).collect()
}

/// The lines of the sample that set a key, each with the key's path and its value.
fn sample_lines() -> Vec<(usize, String, String)> {
    let mut section = "";
    let mut lines = Vec::new();
    for (number, line) in SAMPLE.lines().enumerate() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        }
        let setting = line.strip_prefix('#').filter(|rest| rest.starts_with(|sign: char| sign.is_ascii_lowercase()));
        if let Some((name, value)) = setting.and_then(|setting| setting.split_once(" = ")) {
            lines.push((number, format!("{section}.{name}"), value.to_owned()));
        }
    }
    lines
}

#[test]
fn the_sample_has_every_key_with_its_default_and_no_other() {
    let defaults = Settings::default();
    if std::env::var_os(UPDATE).is_some() {
        let mut lines: Vec<String> = SAMPLE.lines().map(str::to_owned).collect();
        for (number, path, _) in sample_lines() {
            let name = path.rsplit('.').next().unwrap();
            let (_, default) = values(&defaults).into_iter().find(|(known, _)| *known == path).unwrap();
            lines[number] = format!("#{name} = {default}");
        }
        fs::write(repository("adapters/cli/jpauto.toml"), lines.join("\n") + "\n").unwrap();
        return;
    }
    let in_sample: Vec<_> = sample_lines().into_iter().map(|(_, path, value)| (path, value)).collect();
    for (path, default) in values(&defaults) {
        let found: Vec<_> =
            in_sample.iter().filter(|(known, _)| *known == path).map(|(_, value)| value.as_str()).collect();
        assert_eq!(found, [default.as_str()], "{path}: {UPDATE}=1 writes the defaults anew");
    }
    assert_eq!(in_sample.len(), values(&defaults).len());
    let undescribed = SAMPLE.lines().zip(SAMPLE.lines().skip(1)).find(|(before, line)| {
        line.starts_with('#') && line.contains(" = ") && !line.starts_with("# ") && !before.starts_with("# ")
    });
    assert_eq!(undescribed, None, "each key is described");
}

#[test]
fn the_sample_is_read_with_and_without_its_marks() {
    let defaults = values(&Settings::default());
    assert_eq!(values(&loaded(SAMPLE, &[]).unwrap()), defaults);
    let marks: BTreeSet<usize> = sample_lines().into_iter().map(|(number, ..)| number).collect();
    let without: String = SAMPLE.lines().enumerate().fold(String::new(), |mut text, (number, line)| {
        writeln!(text, "{}", if marks.contains(&number) { &line[1..] } else { line }).unwrap();
        text
    });
    assert_eq!(values(&loaded(&without, &[]).unwrap()), defaults);
}

#[test]
fn every_default_is_read_from_a_variable() {
    let mut settings = Settings::default();
    let mut seen = BTreeSet::new();
    for key in KEYS {
        let shown = (key.show)(&settings);
        let text = shown.trim_matches('"').to_owned();
        let set = if text.is_empty() || text == "[]" { Ok(()) } else { (key.set)(&mut settings, &Given::Text(text)) };
        assert_eq!((set, (key.show)(&settings)), (Ok(()), shown), "{}", key.path);
        assert!(seen.insert(keys::variable(key.path)), "{} is two keys", key.path);
    }
}

/// The fields of a struct, which may be one of a macro's.
fn fields(file: &str, name: &str) -> BTreeSet<String> {
    let source = fs::read_to_string(repository(file)).unwrap();
    let heads = [format!("pub struct {name} {{\n"), format!("    {name} {{\n")];
    let body = heads.iter().find_map(|head| source.split_once(head.as_str())).unwrap_or_else(|| panic!("{name}")).1;
    let lines = body.lines().take_while(|line| line.trim() != "}").map(str::trim);
    lines
        .filter(|line| !line.starts_with('/'))
        .filter_map(|line| line.trim_start_matches("pub ").split_once(": "))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The structs and their sections, with the fields that are sections of their own, or no setting.
const STRUCTS: [(&str, &str, &str, &[&str]); 40] = [
    ("core/db/config.rs", "DatabaseConfig", "database", &["create"]),
    ("adapters/http/src/server.rs", "ServerConfig", "server", &["connections", "body", "gate", "runs", "reads"]),
    ("adapters/http/src/server.rs", "ConnectionLimits", "server.connections", &[]),
    ("adapters/http/src/body.rs", "BodyLimits", "server.body", &[]),
    ("adapters/http/src/background.rs", "RunLimits", "server.runs", &[]),
    ("adapters/http/src/read_limits.rs", "ReadLimits", "server.reads", &[]),
    ("adapters/http/src/gate.rs", "GateLimits", "server.gate", &[]),
    ("core/sessions/config.rs", "SessionConfig", "sessions", &[]),
    ("core/sign_in/config.rs", "SignInConfig", "sign_in", &["providers"]),
    ("core/sign_in/config.rs", "ProviderConfig", "sign_in.google", &["name", "kind"]),
    ("core/exports/config.rs", "ExportConfig", "exports", &["dealership", "feeds"]),
    ("core/notifications/config.rs", "NotificationConfig", "notifications", &["webhooks", "email", "rules"]),
    ("core/notifications/config.rs", "NotificationRules", "notifications", &[]),
    ("core/notifications/config.rs", "WebhookConfig", "notifications.webhooks.crm", &[]),
    ("core/notifications/config.rs", "EmailConfig", "notifications.email", &[]),
    ("core/exports/config.rs", "DealershipDetails", "dealership", &[]),
    ("core/exports/config.rs", "FeedConfig", "exports.meta", &["login"]),
    ("core/exports/delivery/login.rs", "Login", "exports.meta", &[]),
    ("core/jobs/config.rs", "JobRules", "jobs", &["schedules", "retention"]),
    ("core/jobs/config.rs", "RetentionRules", "jobs.retention", &[]),
    ("core/scrape/fetch/config.rs", "FetchConfig", "fetch", &["browser"]),
    ("core/scrape/browser/mod.rs", "BrowserConfig", "fetch.browser", &[]),
    ("core/competitors/revisit.rs", "ScrapingRules", "scraping", &[]),
    ("core/market/auto_dev/config.rs", "AutoDevConfig", "auto_dev", &[]),
    ("core/evaluation/vpic/config.rs", "VpicConfig", "vpic", &[]),
    ("core/submissions/rules.rs", "IntakeRules", "intake", &["limits"]),
    ("core/inventory/limits.rs", "VehicleLimits", "intake.limits", &[]),
    ("core/inventory/config.rs", "InventoryRules", "inventory", &["limits"]),
    ("core/inventory/limits.rs", "VehicleLimits", "inventory.limits", &[]),
    ("core/market/pricing/config.rs", "PricingRules", "pricing", &["typical_mileage"]),
    ("core/market/pricing/config.rs", "TypicalMileage", "pricing.typical_mileage", &[]),
    ("core/evaluation/rules.rs", "EvaluationRules", "evaluation", &["purchase"]),
    ("core/evaluation/rules.rs", "PurchaseRules", "evaluation.purchase", &[]),
    ("core/tracking/config.rs", "TrackingRules", "tracking", &["identity", "evidence", "sold", "price", "alerts"]),
    ("core/tracking/config.rs", "IdentityRules", "tracking.identity", &[]),
    ("core/tracking/config.rs", "EvidenceRules", "tracking.evidence", &["weights"]),
    ("core/tracking/config.rs", "DoubtWeights", "tracking.evidence.weights", &[]),
    ("core/tracking/config.rs", "SoldRules", "tracking.sold", &[]),
    ("core/tracking/config.rs", "PriceRules", "tracking.price", &[]),
    ("core/tracking/config.rs", "AlertRules", "tracking.alerts", &[]),
];

#[test]
fn every_field_of_the_structs_is_a_key() {
    let others = [
        ("core/competitors/metrics.rs", "MetricsRules", "metrics", &[] as &[&str]),
        ("core/competitors/market_view.rs", "MarketViewRules", "market_view", &[]),
    ];
    for (file, name, section, left_out) in STRUCTS.into_iter().chain(others) {
        let fields: BTreeSet<_> =
            fields(file, name).into_iter().filter(|field| !left_out.contains(&field.as_str())).collect();
        assert!(!fields.is_empty(), "{name}");
        for field in fields {
            assert!(find(&format!("{section}.{field}")).is_some(), "{name}.{field} has no key");
        }
    }
    let parts = fields("core/config.rs", "Config");
    let covered = [
        "database",
        "intake",
        "inventory",
        "pricing",
        "tracking",
        "metrics",
        "market_view",
        "scraping",
        "fetch",
        "auto_dev",
        "vpic",
        "evaluation",
        "sessions",
        "sign_in",
        "jobs",
        "exports",
        "storage",
        "photos",
        "notifications",
    ];
    for part in parts.iter().filter(|part| *part != "clock") {
        assert!(covered.contains(&part.as_str()), "{part} of the library's configuration has no section");
    }
}

#[test]
fn every_job_has_a_schedule() {
    for job in Job::ALL {
        assert!(find(&format!("jobs.schedules.{job}")).is_some(), "{job}");
    }
    let rules = loaded("[jobs.schedules]\ncheck = \"off\"\nbackup = \"0 1 * * *\"\n", &[]).unwrap().jobs();
    let of = |job| rules.schedules.get(&job).map(|schedule| (schedule.enabled, schedule.cron.as_str()));
    assert_eq!(of(Job::Backup), Some((true, "0 1 * * *")));
    assert!(of(Job::Check).is_none_or(|(enabled, _)| !enabled));
}

#[test]
fn a_variable_counts_before_the_file_and_ours_before_anothers() {
    let file = "[database]\nurl = \"sqlite:file.db\"\npool_size = 3\n[fetch]\npause = \"2 s\"\n";
    let url = |variables: &[(&str, &str)]| loaded(file, variables).unwrap().database.url;
    assert_eq!(url(&[]), "sqlite:file.db");
    assert_eq!(url(&[("DATABASE_URL", "sqlite:other.db")]), "sqlite:other.db");
    assert_eq!(
        url(&[("JPAUTO_DATABASE_URL", "sqlite:ours.db"), ("DATABASE_URL", "sqlite:other.db")]),
        "sqlite:ours.db"
    );
    assert_eq!(url(&[("DATABASE_URL", "")]), "sqlite:file.db", "empty is not set");
    let settings = loaded(file, &[("JPAUTO_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, ::1/128")]).unwrap();
    assert_eq!((settings.database.pool_size, settings.server.trusted_proxies.len()), (3, 2));
    assert_eq!(settings.fetch.pause.as_secs(), 2);
    let placed = loaded("[dealership]\nzip = \"90012\"\n[auto_dev]\nkey = \"a key\"\n", &[]).unwrap();
    assert_eq!(placed.auto_dev().unwrap().zip.as_deref(), Some("90012"));
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_line_and_its_key() {
    for (file, expected) in [
        (
            "[database]\npool_siz = 3\n",
            "jpauto.toml:2: database.pool_siz: there is no such key; did you mean database.pool_size?",
        ),
        ("pool_size = 3\n", "jpauto.toml:1: pool_size: there is no such key; did you mean database.pool_size?"),
        ("\n\n[databse]\nurl = \"\"\n", "jpauto.toml:3: databse: there is no such section; did you mean database?"),
        ("[zzzz]\n", "jpauto.toml:1: zzzz: there is no such section; jpauto config sample lists all"),
        ("database = \"sqlite:x\"\n", "jpauto.toml:1: database: expected a section, [database]"),
        ("[fetch]\npause = \"soon\"\n", "jpauto.toml:2: fetch.pause: expected a span of time such as"),
        (
            "[fetch]\nmax_body_bytes = \"big\"\n",
            "jpauto.toml:2: fetch.max_body_bytes: expected a size such as \"16 MiB\"",
        ),
        ("[database]\npool_size = -1\n", "jpauto.toml:2: database.pool_size: expected a whole number from 0 on"),
        ("[database]\npool_size = \n", "jpauto.toml:2: "),
        ("[server]\naddress = \"here\"\n", "jpauto.toml:2: server.address: expected an address and a port"),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.0/99\"]\n",
            "jpauto.toml:2: server.trusted_proxies: expected a network",
        ),
        ("[log]\nformat = \"xml\"\n", "jpauto.toml:2: log.format: expected \"text\" or \"json\""),
        (
            "[pricing]\ntiers = [{mileage_window = 1}]\n",
            "jpauto.toml:2: pricing.tiers: expected {mileage_window = MILES",
        ),
        ("[tracking.sold]\nlooks = nan\n", "jpauto.toml:2: tracking.sold.looks: expected a number"),
        ("[database]\nurl = 2026-11-29\n", "jpauto.toml:2: database.url: expected a text in quotes"),
        ("[auto_dev]\nkey_file = \"nowhere\"\n", "jpauto.toml:2: auto_dev.key_file: cannot read nowhere"),
        (
            "[auto_dev]\nkey = \"a\"\nkey_file = \"b\"\n",
            "jpauto.toml:3: auto_dev.key_file: give either auto_dev.key or",
        ),
        (
            "[server]\naddress_file = \"b\"\n",
            "jpauto.toml:2: server.address_file: there is no such key; did you mean server.address?",
        ),
    ] {
        let wrong = loaded(file, &[]).err().unwrap_or_default();
        assert!(wrong.starts_with(expected), "{file}: {wrong}");
    }
    let both = loaded("[log]\nlevel = 1\n[fetch]\npause = true\n", &[("JPAUTO_LOG_FORMAT", "x")]).err().unwrap();
    assert_eq!(both.matches("; ").count() - both.matches("key; ").count(), 2, "all at once: {both}");
}

#[test]
fn what_is_wrong_in_the_environment_is_named_with_its_variable() {
    for (name, value, expected) in [
        ("JPAUTO_DATABSE_URL", "x", "JPAUTO_DATABSE_URL: there is no such variable; did you mean JPAUTO_DATABASE_URL?"),
        ("JPAUTO_FETCH_PAUSE", "soon", "JPAUTO_FETCH_PAUSE: expected a span of time"),
        ("JPAUTO_AUTO_DEV_KEY_FILE", "nowhere", "JPAUTO_AUTO_DEV_KEY_FILE: cannot read nowhere"),
        ("AUTODEV_API_KEY_FILE", "nowhere", "AUTODEV_API_KEY_FILE: cannot read nowhere"),
    ] {
        let wrong = loaded("", &[(name, value)]).err().unwrap_or_default();
        assert!(wrong.starts_with(expected), "{name}: {wrong}");
    }
    let of_others =
        [("JPAUTO_PORT", "tcp://10.0.0.1:8080"), ("JPAUTO_SERVICE_HOST", "10.0.0.1"), ("JPAUTO_TEST_X", "1")];
    assert!(loaded("", &of_others).is_ok());
}

#[test]
fn a_provider_of_sign_in_has_a_section_of_its_own_name() {
    let file = "[sign_in]\npublic_url = \"https://lot.example/\"\n[sign_in.google]\nclient_id = \"an id\"\n\
                [sign_in.keycloak]\nissuer = \"https://id.example\"\nadmission = [\"lot.example\"]\n";
    let variables =
        [("JPAUTO_SIGN_IN_GOOGLE_CLIENT_SECRET", "hidden"), ("JPAUTO_SIGN_IN_KEYCLOAK_CLIENT_ID", "of keycloak")];
    let settings = loaded(file, &variables).unwrap();
    let sign_in = settings.sign_in().unwrap();
    assert_eq!(sign_in.public_url, "https://lot.example");
    let [google, keycloak] = &sign_in.providers[..] else { panic!("{sign_in:?}") };
    assert_eq!((google.client_id.as_str(), google.client_secret.as_deref()), ("an id", Some("hidden")));
    assert_eq!((keycloak.name.as_str(), keycloak.client_id.as_str()), ("keycloak", "of keycloak"));
    assert_eq!(keycloak.admission, jpauto::Admission::Domains(vec!["lot.example".to_owned()]));
    assert!(!settings.shown().contains("hidden") && settings.shown().contains("[sign_in.keycloak]"));
    let wrong = loaded("[sign_in.google]\nclient_idd = \"\"\n", &[]).err().unwrap();
    assert!(wrong.ends_with("did you mean sign_in.google.client_id?"), "{wrong}");
    let wrong = loaded("", &[("JPAUTO_SIGN_IN_PUBLIC_URI", "x")]).err().unwrap();
    assert!(wrong.ends_with("did you mean JPAUTO_SIGN_IN_PUBLIC_URL?"), "{wrong}");
}

#[test]
fn a_webhook_and_a_feed_have_sections_of_their_names() {
    let file = "[notifications]\nattempts = 3\n[notifications.webhooks.crm]\nurl = \"https://crm.example/hook?key=hidden\"\n\
                events = [\"job.failed\"]\n[notifications.email]\nhost = \"mail.example\"\nport = 2525\ntls = \"implicit\"\n\
                [exports.jekyll]\ndestination = \"/srv/site\"\n";
    let variables = [
        ("JPAUTO_NOTIFICATIONS_WEBHOOKS_CRM_SECRETS", "whsec_hidden"),
        ("JPAUTO_NOTIFICATIONS_EMAIL_PASSWORD", "hidden"),
        ("JPAUTO_EXPORTS_DEALER_CENTER_DESTINATION", "https://feeds.example/lot/"),
        ("JPAUTO_EXPORTS_DEALER_CENTER_PASSWORD", "hidden"),
    ];
    let settings = loaded(file, &variables).unwrap();
    let config = settings.library();
    let (crm, email) = (&config.notifications.webhooks["crm"], config.notifications.email.as_ref().unwrap());
    assert_eq!((crm.secrets.as_slice(), crm.events.len()), (&["whsec_hidden".to_owned()][..], 1));
    assert_eq!((email.port, email.tls, config.notifications.rules.attempts), (Some(2525), EmailTls::Implicit, 3));
    let feeds = &settings.exports().feeds;
    assert_eq!(feeds[&Platform::Jekyll].destination.as_deref(), Some("/srv/site"));
    assert_eq!(feeds[&Platform::DealerCenter].login.password.as_deref(), Some("hidden"));
    let shown = settings.shown();
    assert!(!shown.contains("hidden") && shown.contains("[notifications.webhooks.crm]"), "{shown}");
    assert!(loaded("", &[]).unwrap().library().notifications.webhooks.is_empty());
    for (wrong, expected) in [
        ("[exports.met]\ndestination = \"x\"\n", "did you mean exports.meta?"),
        ("[exports.meta]\ndestinatoin = \"x\"\n", "did you mean exports.meta.destination?"),
        ("[notifications.webhooks.crm]\nevents = [\"job.fail\"]\n", "expected one of submission.created"),
        ("[notifications.email]\ntls = \"ssl\"\n", "notifications.email.tls: expected \"starttls\""),
    ] {
        let fault = loaded(wrong, &[]).err().unwrap_or_default();
        assert!(fault.contains(expected), "{fault}");
    }
}

#[test]
fn secrets_are_read_from_files_and_shown_in_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let secrets = file("secrets", "first secret of many\n\nthe second one, older\n");
    let settings = loaded("", &[("JPAUTO_SESSIONS_SECRETS_FILE", &secrets)]).unwrap();
    assert_eq!(settings.sessions.secrets, ["first secret of many", "the second one, older"]);
    let key = file("key", "sk_secret\n");
    let config = loaded(&format!("[auto_dev]\nkey_file = \"{key}\"\n"), &[]).unwrap();
    assert_eq!(config.auto_dev_account.key.as_deref(), Some("sk_secret"));
    let over = loaded(&format!("[auto_dev]\nkey_file = \"{key}\"\n"), &[("AUTODEV_API_KEY", "another")]).unwrap();
    assert_eq!(over.auto_dev_account.key.as_deref(), Some("another"));
    let one = loaded("", &[("JPAUTO_SESSIONS_SECRET", "a secret, with a comma")]).unwrap();
    assert_eq!(one.sessions.secrets, ["a secret, with a comma"]);
    let shown = one.shown();
    assert!(shown.contains("\nsecrets = \"not shown\"\n#cookie_name = \"connect.sid\"\n"), "{shown}");
    let wrong =
        loaded("[sessions]\nsecrets = [\"of many letters\", 7]\n[auto_dev]\nkey = [\"sk_secret\"]\n", &[]).err();
    assert!(wrong.is_some_and(|wrong| !wrong.contains("letters") && !wrong.contains("sk_secret")));
}

#[test]
fn a_feed_has_a_section_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let [mapping, secret] = ["mapping.json", "secret"].map(|name| folder.path().join(name));
    fs::write(&mapping, r#"{"columns": [{"name": "VIN", "field": "vin"}]}"#).unwrap();
    fs::write(&secret, "hidden\n").unwrap();
    let file = format!(
        "[exports]\nleast_share_of_last = 0.25\n[exports.cargurus]\ndealer_id = \"sp1\"\nformat = \"csv\"\n\
         destination = \"https://feeds.example/in\"\nuser = \"lot\"\npassword_file = \"{}\"\n\
         key_file = \"/etc/jpauto/key\"\nkey_passphrase = \"hidden\"\nhost_key = \"SHA256:abc\"\nallow_unencrypted_ftp = true\n\
         [exports.custom]\nmapping = \"{}\"\nformulas = \"as_they_are\"\n",
        secret.display(),
        mapping.display()
    );
    let settings = loaded(&file, &[("JPAUTO_EXPORTS_GOOGLE_VEHICLE_ADS_DEALER_ID", "g1")]).unwrap();
    let feeds = &settings.exports().feeds;
    let cargurus = &feeds[&Platform::Cargurus];
    assert_eq!((cargurus.dealer_id.as_deref(), cargurus.format), (Some("sp1"), Some(FeedFormat::Csv)));
    assert_eq!((cargurus.login.user.as_deref(), cargurus.login.password.as_deref()), (Some("lot"), Some("hidden")));
    let login = &cargurus.login;
    assert_eq!(login.key_file.as_deref(), Some(Path::new("/etc/jpauto/key")));
    assert_eq!((login.key_passphrase.as_deref(), login.host_key.as_deref()), (Some("hidden"), Some("SHA256:abc")));
    assert!(login.allow_unencrypted_ftp && !login.allow_private_network);
    let custom = &feeds[&Platform::Custom];
    assert_eq!((custom.mapping.as_ref().unwrap().columns.len(), custom.formulas), (1, Formulas::AsTheyAre));
    assert_eq!(feeds[&Platform::GoogleVehicleAds].dealer_id.as_deref(), Some("g1"));
    let shown = settings.shown();
    assert!(shown.contains("[exports.cargurus]\ndestination = \"https://feeds.example/in\""), "{shown}");
    assert!(!shown.contains("hidden"), "{shown}");
    for (wrong, told) in [
        ("[exports.meta]\ndealer = \"\"\n", "there is no such key; did you mean exports.meta.dealer_id?"),
        ("[exports.metta]\n", "there is no such section; did you mean exports.meta?"),
        ("[exports.meta]\nformat = \"pdf\"\n", "exports.meta.format: expected one of csv tsv"),
        ("[exports.custom]\nmapping = \"/no/such/file\"\n", "exports.custom.mapping: cannot"),
    ] {
        let message = loaded(wrong, &[]).err().unwrap();
        assert!(message.contains(told), "{message}");
    }
}
