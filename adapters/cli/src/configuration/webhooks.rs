//! The keys of a webhook. Each webhook has a section of its own: `[notifications.webhooks.crm]`.

use std::collections::BTreeMap;

use jpauto::notifications::{EmailTls, Event, WebhookConfig};

use super::given::{Form as _, Given, Secrets, Setting, quoted};

/// One key of a webhook's section.
pub(super) struct WebhookKey {
    pub(super) name: &'static str,
    pub(super) is_secret: bool,
    pub(super) set: fn(&mut WebhookConfig, &Given) -> Result<(), String>,
    show: fn(&WebhookConfig) -> String,
}

macro_rules! keys {
    ($($name:ident $($is_secret:literal)?),+ $(,)?) => {
        &[
            $(
                WebhookKey {
                    name: stringify!($name),
                    is_secret: [$($is_secret,)? false][0],
                    set: |webhook, given| {
                        webhook.$name = Setting::read(given)?;
                        Ok(())
                    },
                    show: |webhook| webhook.$name.show(),
                },
            )+
            WebhookKey {
                name: "secrets",
                is_secret: true,
                set: |webhook, given| {
                    webhook.secrets = Secrets::read(given)?;
                    Ok(())
                },
                show: |webhook| Secrets::show(&webhook.secrets),
            },
        ]
    };
}

pub(super) const KEYS: &[WebhookKey] = keys!(url true, events, include_contact, allow_private_network);

/// What all sections begin with.
const SECTION: &str = "notifications.webhooks";

/// The webhook whose section stands in the sample.
const SHOWN: &str = "crm";

/// The webhook and the key of a path, such as `notifications.webhooks.crm.url`.
pub(super) fn find(path: &str) -> Option<(String, &'static WebhookKey)> {
    let (webhook, name) = path.strip_prefix(SECTION)?.strip_prefix('.')?.split_once('.')?;
    let key = KEYS.iter().find(|key| key.name == name)?;
    (!webhook.is_empty()).then(|| (webhook.to_owned(), key))
}

/// Whether this is the section of a webhook, or that of all.
pub(super) fn is_section(path: &str) -> bool {
    let webhook = path.strip_prefix(SECTION);
    webhook.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('.').is_some_and(|name| !name.contains('.')))
}

/// The webhook of this name, which is added if it is not there.
pub(super) fn named<'a>(webhooks: &'a mut BTreeMap<String, WebhookConfig>, name: &str) -> &'a mut WebhookConfig {
    webhooks.entry(name.to_owned()).or_insert_with(WebhookConfig::unset)
}

/// The keys of the webhook in the sample and of those that are configured.
pub(super) fn shown(configured: &BTreeMap<String, WebhookConfig>) -> Vec<(String, bool, String)> {
    let (known, unset) = (SHOWN.to_owned(), WebhookConfig::unset());
    let sample = (!configured.contains_key(SHOWN)).then_some((&known, &unset));
    let keys_of = |(name, webhook): (&String, &WebhookConfig)| {
        let path = |key: &WebhookKey| format!("{SECTION}.{name}.{}", key.name);
        KEYS.iter().map(|key| (path(key), key.is_secret, (key.show)(webhook))).collect::<Vec<_>>()
    };
    sample.into_iter().chain(configured).flat_map(keys_of).collect()
}

/// Which key of which webhook a variable names, by the variable's end: `JPAUTO_NOTIFICATIONS_WEBHOOKS_CRM_URL`.
pub(super) fn of_variable(name: &str) -> Option<(String, &'static WebhookKey)> {
    let rest = name.strip_prefix("JPAUTO_NOTIFICATIONS_WEBHOOKS_")?.to_lowercase();
    KEYS.iter().find_map(|key| {
        let webhook = rest.strip_suffix(key.name)?.strip_suffix('_').filter(|webhook| !webhook.is_empty())?;
        Some((webhook.to_owned(), key))
    })
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
