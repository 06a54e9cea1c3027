//! Sections whose last part is a name: a feed's, or one that the owner gives a webhook. `[exports.jekyll]`,
//! `[notifications.webhooks.crm]`. Providers of sign-in have a table of their own, `providers`.

use jpauto::{
    exports::{FeedConfig, FeedFormat, Platform},
    notifications::{EmailTls, Event, WebhookConfig},
};

use super::{
    Settings,
    given::{Form as _, Given, Secrets, Setting, quoted},
};

/// Sections of one kind.
pub(super) struct Group {
    /// What stands before the name, such as `exports`.
    pub(super) section: &'static str,
    pub(super) keys: &'static [NamedKey],
    /// The names that the sample has.
    samples: &'static [&'static str],
    /// The names that are configured.
    configured: fn(&Settings) -> Vec<String>,
    is_name: fn(&str) -> bool,
}

/// One key of such a section.
pub(super) struct NamedKey {
    pub(super) name: &'static str,
    pub(super) is_secret: bool,
    pub(super) set: fn(&mut Settings, &str, &Given) -> Result<(), String>,
    show: fn(&Settings, &str) -> String,
}

/// Each line is a key, how its value is found in the section's struct, and how it is read and shown.
macro_rules! named_keys {
    ($change:ident, $look:ident { $($name:literal $($is_secret:literal)? = $($field:ident).+ $(as $form:ident)?;)+ }) => {
        &[$(
            NamedKey {
                name: $name,
                is_secret: [$($is_secret,)? false][0],
                set: |settings, name, given| {
                    let value = named_keys!(read given $($form)?)?;
                    $change(settings, name)?.$($field).+ = value;
                    Ok(())
                },
                show: |settings, name| named_keys!(show $look(settings, name).$($field).+; $($form)?),
            },
        )+]
    };
    (read $given:ident) => { Setting::read($given) };
    (read $given:ident $form:ident) => { $form::read($given) };
    (show $value:expr;) => { Setting::show(&$value) };
    (show $value:expr; $form:ident) => { $form::show(&$value) };
}

pub(super) const GROUPS: [Group; 2] = [
    Group {
        section: "exports",
        keys: named_keys!(feed, feed_of {
            "destination" = destination;
            "dealer_id" = dealer_id;
            "store_code" = store_code;
            "format" = format;
            "user" = login.user;
            "password" true = login.password;
            "token" true = login.token;
            "allow_private_network" = login.allow_private_network;
        }),
        samples: &["jekyll", "dealer_center"],
        configured: |settings| settings.exports.feeds.keys().map(|platform| platform.as_str().to_owned()).collect(),
        is_name: |name| name.parse::<Platform>().is_ok(),
    },
    Group {
        section: "notifications.webhooks",
        keys: named_keys!(webhook, webhook_of {
            "url" true = url;
            "secrets" true = secrets as Secrets;
            "events" = events;
            "include_contact" = include_contact;
            "allow_private_network" = allow_private_network;
        }),
        samples: &["crm"],
        configured: |settings| settings.notifications.webhooks.keys().cloned().collect(),
        is_name: |name| !name.is_empty() && !name.contains('.'),
    },
];

fn feed<'s>(settings: &'s mut Settings, name: &str) -> Result<&'s mut FeedConfig, String> {
    let platform: Platform = name.parse().map_err(|refusal: jpauto::Error| refusal.to_string())?;
    Ok(settings.exports.feeds.entry(platform).or_default())
}

fn feed_of(settings: &Settings, name: &str) -> FeedConfig {
    let platform: Option<Platform> = name.parse().ok();
    platform.and_then(|platform| settings.exports.feeds.get(&platform).cloned()).unwrap_or_default()
}

fn webhook<'s>(settings: &'s mut Settings, name: &str) -> Result<&'s mut WebhookConfig, String> {
    Ok(settings.notifications.webhooks.entry(name.to_owned()).or_insert_with(WebhookConfig::unset))
}

fn webhook_of(settings: &Settings, name: &str) -> WebhookConfig {
    settings.notifications.webhooks.get(name).cloned().unwrap_or_else(WebhookConfig::unset)
}

/// The key of a path below one of the groups, with the name in its section.
pub(super) fn find(path: &str) -> Option<(String, &'static NamedKey)> {
    GROUPS.iter().find_map(|group| {
        let (name, key) = path.strip_prefix(group.section)?.strip_prefix('.')?.rsplit_once('.')?;
        let key = group.keys.iter().find(|known| known.name == key)?;
        (group.is_name)(name).then(|| (name.to_owned(), key))
    })
}

/// Whether this is a section of a group, or the group itself.
pub(super) fn is_section(path: &str) -> bool {
    GROUPS.iter().any(|group| {
        let rest = path.strip_prefix(group.section);
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('.').is_some_and(group.is_name))
    })
}

/// Which key a variable names: `JPAUTO_EXPORTS_JEKYLL_DESTINATION`, `JPAUTO_NOTIFICATIONS_WEBHOOKS_CRM_URL`.
pub(super) fn of_variable(variable: &str) -> Option<(String, &'static NamedKey)> {
    GROUPS.iter().find_map(|group| {
        let start = format!("JPAUTO_{}_", group.section.replace('.', "_").to_uppercase());
        let rest = variable.strip_prefix(&start)?.to_lowercase();
        group.keys.iter().find_map(|key| {
            let name = rest.strip_suffix(key.name)?.strip_suffix('_')?;
            (group.is_name)(name).then(|| (name.to_owned(), key))
        })
    })
}

/// The keys of the sections that the sample has and of those that are configured, each group with where it belongs.
pub(super) fn shown(settings: &Settings) -> Vec<(&'static str, Vec<(String, bool, String)>)> {
    let of = |group: &Group| {
        let mut names: Vec<_> = group.samples.iter().map(|name| (*name).to_owned()).collect();
        let configured = (group.configured)(settings);
        names.extend(configured.into_iter().filter(|name| !group.samples.contains(&name.as_str())));
        let keys = names.iter().flat_map(|name| {
            let path = move |key: &NamedKey| format!("{}.{name}.{}", group.section, key.name);
            group.keys.iter().map(move |key| (path(key), key.is_secret, (key.show)(settings, name)))
        });
        (group.section, keys.collect())
    };
    GROUPS.iter().map(of).collect()
}

impl Setting for Event {
    fn read(given: &Given) -> Result<Self, String> {
        let Given::Text(text) = given else {
            return Err("expected an event such as \"submission.created\"".to_owned());
        };
        text.trim().parse().map_err(|refusal: jpauto::Error| refusal.to_string())
    }

    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

impl Setting for FeedFormat {
    fn read(given: &Given) -> Result<Self, String> {
        let Given::Text(text) = given else { return Err("expected a form such as \"csv\"".to_owned()) };
        text.trim().parse().map_err(|refusal: jpauto::Error| refusal.to_string())
    }

    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

impl Setting for EmailTls {
    fn read(given: &Given) -> Result<Self, String> {
        match given {
            Given::Text(text) if text.trim() == "starttls" => Ok(Self::Starttls),
            Given::Text(text) if text.trim() == "implicit" => Ok(Self::Implicit),
            Given::Text(text) if text.trim() == "none" => Ok(Self::None),
            _ => Err("expected \"starttls\", \"implicit\" or \"none\"".to_owned()),
        }
    }

    fn show(&self) -> String {
        quoted(match self {
            Self::Implicit => "implicit",
            Self::None => "none",
            _ => "starttls",
        })
    }
}
