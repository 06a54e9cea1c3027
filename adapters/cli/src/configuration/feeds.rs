//! The keys of a feed. Each advertising platform has a section of its own: `[exports.meta]`, `[exports.cargurus]`.

use std::{collections::BTreeMap, path::Path};

use jpauto::exports::{FeedConfig, FeedFormat, Formulas, Mapping, Platform};

use super::given::{Given, Setting, quoted};
use crate::{failure::Failure, source};

/// A file with the columns of a feed is far smaller.
const MAPPING_BYTES_MAX: usize = 1024 * 1024;

/// One key of a feed's section.
pub(super) struct FeedKey {
    pub(super) name: &'static str,
    pub(super) is_secret: bool,
    pub(super) set: fn(&mut FeedConfig, &Given) -> Result<(), String>,
    show: fn(&FeedConfig) -> String,
}

macro_rules! keys {
    ($($name:ident in $($at:ident).+ $($is_secret:literal)?),+ $(,)?) => {
        &[$(
            FeedKey {
                name: stringify!($name),
                is_secret: [$($is_secret,)? false][0],
                set: |feed, given| {
                    feed.$($at).+ = Setting::read(given)?;
                    Ok(())
                },
                show: |feed| feed.$($at).+.show(),
            },
        )+]
    };
}

pub(super) const KEYS: &[FeedKey] = keys!(
    destination in destination,
    dealer_id in dealer_id,
    store_code in store_code,
    format in format,
    mapping in mapping,
    formulas in formulas,
    user in login.user,
    password in login.password true,
    token in login.token true,
    key_file in login.key_file,
    key_passphrase in login.key_passphrase true,
    host_key in login.host_key,
    known_hosts_file in login.known_hosts_file,
    certificate_file in login.certificate_file,
    allow_unencrypted_ftp in login.allow_unencrypted_ftp,
    allow_private_network in login.allow_private_network,
);

/// The feed whose section stands in the sample.
const SHOWN: Platform = Platform::Meta;

/// The feed and the key of a path below `exports`, such as `meta.destination`.
pub(super) fn find(path: &str) -> Option<(Platform, &'static FeedKey)> {
    let (platform, name) = path.split_once('.')?;
    Some((platform.parse().ok()?, KEYS.iter().find(|key| key.name == name)?))
}

/// The keys of the feed in the sample and of those that are configured.
pub(super) fn shown(configured: &BTreeMap<Platform, FeedConfig>) -> Vec<(String, bool, String)> {
    let nothing = FeedConfig::default();
    let known = (!configured.contains_key(&SHOWN)).then_some((&SHOWN, &nothing));
    let keys_of = |(platform, feed): (&Platform, &FeedConfig)| {
        let path = |key: &FeedKey| format!("exports.{platform}.{}", key.name);
        KEYS.iter().map(|key| (path(key), key.is_secret, (key.show)(feed))).collect::<Vec<_>>()
    };
    known.into_iter().chain(configured).flat_map(keys_of).collect()
}

/// Which key of which feed a variable names, by the variable's end: `JPAUTO_EXPORTS_META_DESTINATION`.
pub(super) fn of_variable(name: &str) -> Option<(Platform, &'static FeedKey)> {
    let rest = name.strip_prefix("JPAUTO_EXPORTS_")?.to_lowercase();
    KEYS.iter().find_map(|key| {
        let platform = rest.strip_suffix(key.name)?.strip_suffix('_')?;
        Some((platform.parse().ok()?, key))
    })
}

impl Setting for FeedFormat {
    fn read(given: &Given) -> Result<Self, String> {
        let expected = || format!("expected one of {}", Self::ALL.map(Self::as_str).join(" "));
        String::read(given)?.parse().map_err(|_unknown| expected())
    }

    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

impl Setting for Formulas {
    fn read(given: &Given) -> Result<Self, String> {
        match String::read(given)?.as_str() {
            "harmless" => Ok(Self::Harmless),
            "as_they_are" => Ok(Self::AsTheyAre),
            _ => Err("expected \"harmless\" or \"as_they_are\"".to_owned()),
        }
    }

    fn show(&self) -> String {
        quoted(if *self == Self::AsTheyAre { "as_they_are" } else { "harmless" })
    }
}

/// The columns of a feed: the path of a file with them, or its content.
impl Setting for Mapping {
    fn read(given: &Given) -> Result<Self, String> {
        let text = String::read(given)?;
        let bytes = if text.starts_with('{') {
            text.into_bytes()
        } else {
            source::read_whole(Path::new(&text), MAPPING_BYTES_MAX).map_err(|failure| match failure {
                Failure::Own { message, .. } => message,
                _ => format!("cannot read {text}"),
            })?
        };
        serde_json::from_slice(&bytes).map_err(|reason| format!("expected the JSON of a mapping: {reason}"))
    }

    fn show(&self) -> String {
        // A mapping has texts alone, which always become JSON.
        quoted(&serde_json::to_string(self).unwrap_or_default())
    }
}
