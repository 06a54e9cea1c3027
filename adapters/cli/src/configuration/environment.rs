//! The environment: each key as `JPAUTO_SECTION_KEY`, and each secret also as `JPAUTO_SECTION_KEY_FILE`.
//!
//! A variable that is set to nothing is one that is not set.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use super::{
    Fault, Settings, feeds,
    given::Given,
    keys::{self, Found, KEYS},
    nearest, providers, secret_file, webhooks,
};

/// The variable of the file with the configuration itself.
pub(crate) const FILE: &str = "JPAUTO_CONFIG";

/// How the variables of all keys begin.
const PREFIX: &str = "JPAUTO_";

/// Names that others have given, and the keys that they stand for. Our own names count before them.
const OTHER_NAMES: [(&str, &str); 3] = [
    ("DATABASE_URL", "database.url"),
    ("AUTODEV_API_KEY", "auto_dev.key"),
    // As people call one secret.
    ("JPAUTO_SESSIONS_SECRET", "sessions.secrets"),
];

/// Reads the variables into the settings.
pub(super) fn read(
    variables: impl Iterator<Item = (OsString, OsString)>,
    settings: &mut Settings,
    faults: &mut Vec<Fault>,
) {
    let mut given = BTreeMap::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| is_of_interest(name)) else { continue };
        match value.into_string() {
            Ok(value) if value.trim().is_empty() => {}
            Ok(value) => {
                given.insert(name.to_owned(), value);
            }
            Err(_binary) => {
                faults.push(Fault { place: None, key: name.to_owned(), message: "expected UTF-8".to_owned() });
            }
        }
    }
    let others = OTHER_NAMES.iter().filter_map(|(name, path)| Some(((*name).to_owned(), keys::find(path)?)));
    let of_keys = KEYS.iter().map(|key| (keys::variable(key.path), Found::Key(key)));
    let of_providers: Vec<_> = given
        .keys()
        .map(|name| name.strip_suffix("_FILE").unwrap_or(name))
        .filter_map(|name| providers::of_variable(name).map(|(provider, key)| (name, Found::OfProvider(provider, key))))
        .map(|(name, found)| (name.to_owned(), found))
        .collect();
    let of_feeds: Vec<_> = given
        .keys()
        // The name of a key may end like that, too.
        .flat_map(|name| [Some(name.as_str()), name.strip_suffix("_FILE")])
        .flatten()
        .filter_map(|name| feeds::of_variable(name).map(|(platform, key)| (name, Found::OfFeed(platform, key))))
        .map(|(name, found)| (name.to_owned(), found))
        .collect();
    let of_webhooks: Vec<_> = given
        .keys()
        .map(|name| name.strip_suffix("_FILE").unwrap_or(name))
        .filter_map(|name| webhooks::of_variable(name).map(|(webhook, key)| (name, Found::OfWebhook(webhook, key))))
        .map(|(name, found)| (name.to_owned(), found))
        .collect();
    let of_jobs = keys::of_jobs().map(|(path, found)| (keys::variable(&path), found));
    for (name, key) in others.chain(of_keys).chain(of_jobs).chain(of_providers).chain(of_feeds).chain(of_webhooks) {
        if let Some(value) = given.remove(&name) {
            note(faults, &name, key.set(settings, &Given::Text(value)));
            settings.places.extend(key.path().map(|path| (path, name.clone())));
        }
        let file = format!("{name}_FILE");
        if key.is_secret()
            && let Some(path) = given.remove(&file)
        {
            note(faults, &file, secret_file::set(&key, Path::new(&path), settings));
            settings.places.extend(key.path().map(|path| (path, file.clone())));
        }
    }
    for name in given.into_keys() {
        // All begin alike, which is no likeness.
        let own = |name: &str| name.trim_start_matches(PREFIX).to_owned();
        let nearest = nearest::nearest(&own(&name), keys::paths_and_files().map(|path| own(&keys::variable(&path))));
        let nearest = nearest.map(|name| format!("{PREFIX}{name}"));
        note(faults, &name, Err(nearest::unknown("variable", nearest)));
    }
}

fn note(faults: &mut Vec<Fault>, name: &str, outcome: Result<(), String>) {
    if let Err(message) = outcome {
        faults.push(Fault { place: None, key: name.to_owned(), message });
    }
}

fn is_of_interest(name: &str) -> bool {
    let is_ours = name.starts_with(PREFIX) && name != FILE && !is_of_others(name);
    is_ours || OTHER_NAMES.iter().any(|(other, _)| name == *other || name.strip_suffix("_FILE") == Some(*other))
}

/// Variables that begin with `JPAUTO_` and are not meant for the program: those of the project's own tests, and those that
/// Kubernetes sets for a service called `jpauto`.
fn is_of_others(name: &str) -> bool {
    ["JPAUTO_TEST_", "JPAUTO_BENCH_", "JPAUTO_PORT_", "JPAUTO_SERVICE_"].iter().any(|prefix| name.starts_with(prefix))
        // The option of `jpauto export` reads the last one.
        || ["JPAUTO_PORT", "JPAUTO_SAMPLES", "JPAUTO_EXPORTS_DEALERSHIP"].contains(&name)
}
