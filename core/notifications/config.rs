//! The configuration of the channels, checked and ready for use.

use std::{
    collections::{BTreeMap, HashSet},
    fmt, fs,
    net::IpAddr,
    path::PathBuf,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use lettre::message::Mailbox;
use serde::Deserialize;
use url::Url;

use super::{Event, templates::Templates, webhook};
use crate::{
    desk::Part,
    error::{ErrorCode, Faults, Result},
    secret,
};

/// Who is told of what. Without a channel nobody is.
///
/// ```
/// use jpauto::{Config, Dealership, notifications::WebhookConfig};
///
/// let mut config = Config::new("sqlite::memory:");
/// let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// config.notifications = config.notifications.webhook("crm", WebhookConfig::new("https://crm.example/hook", secret));
/// let dealership = Dealership::with_config(config)?;
/// # Ok::<(), jpauto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct NotificationConfig {
    /// Servers that are told over HTTP, by the name of the channel.
    pub webhooks: BTreeMap<String, WebhookConfig>,
    /// People who are told by e-mail, on the channel `email`.
    pub email: Option<EmailConfig>,
    /// A folder with templates of e-mails that count before the usual ones.
    pub templates: Option<PathBuf>,
    /// How often, and for how long. A document does not say it.
    #[serde(skip)]
    pub rules: NotificationRules,
}

impl NotificationConfig {
    /// The same with one more webhook.
    #[must_use]
    pub fn webhook(mut self, name: impl Into<String>, webhook: WebhookConfig) -> Self {
        self.webhooks.insert(name.into(), webhook);
        self
    }
}

/// A server that is told over HTTP, as Standard Webhooks has it.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(default = "WebhookConfig::unset", deny_unknown_fields)]
#[non_exhaustive]
pub struct WebhookConfig {
    /// Where it is told. Only https, unless the network is private.
    pub url: String,
    /// What signs: `whsec_` and 24 to 64 bytes in base64. With several, each signs, so that a secret can be changed.
    pub secrets: Vec<String>,
    /// What it is told of.
    pub events: Vec<Event>,
    /// Whether it is told what a customer is called, and how a customer is reached.
    pub include_contact: bool,
    /// Whether it may stand in a private network, on any port, and be told in the clear.
    pub allow_private_network: bool,
}

impl WebhookConfig {
    /// Of all events, and without contacts.
    #[must_use]
    pub fn new(url: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { url: url.into(), secrets: vec![secret.into()], ..Self::unset() }
    }

    /// Nothing is set but what has a default.
    #[must_use]
    pub fn unset() -> Self {
        Self {
            url: String::new(),
            secrets: Vec::new(),
            events: usual_events(),
            include_contact: false,
            allow_private_network: false,
        }
    }
}

impl fmt::Debug for WebhookConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookConfig").field("events", &self.events).finish_non_exhaustive()
    }
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmailTls {
    /// The connection begins in the clear and must become TLS before anything is said: port 587.
    #[default]
    Starttls,
    /// TLS from the first byte: port 465.
    Implicit,
    /// In the clear, to a server on this machine alone: port 25.
    None,
}

words!(@read EmailTls { Starttls => "starttls", Implicit => "implicit", None => "none" });

/// People who are told by e-mail, and the server that carries it.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(default = "EmailConfig::unset", deny_unknown_fields)]
#[non_exhaustive]
pub struct EmailConfig {
    /// The mail server.
    pub host: String,
    /// Its port, where it is not the usual one.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub tls: EmailTls,
    /// The user, where the server wants one.
    pub user: Option<String>,
    /// The password of the user.
    pub password: Option<String>,
    /// A file with the certificate (PEM) of an authority that Mozilla's list does not have.
    pub ca_certificate: Option<PathBuf>,
    /// Whom the e-mails are from: `Lot <lot@dealer.example>`.
    pub from: String,
    /// Whom they are to.
    pub to: Vec<String>,
    /// What they tell of.
    pub events: Vec<Event>,
    /// Whether they say what a customer is called, and how a customer is reached.
    pub include_contact: bool,
}

impl EmailConfig {
    /// Of all events, over STARTTLS, without a login and without contacts.
    #[must_use]
    pub fn new(
        host: impl Into<String>,
        from: impl Into<String>,
        to: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let to = to.into_iter().map(Into::into).collect();
        Self { host: host.into(), from: from.into(), to, ..Self::unset() }
    }

    /// Nothing is set but what has a default.
    #[must_use]
    pub fn unset() -> Self {
        Self {
            host: String::new(),
            port: None,
            tls: EmailTls::default(),
            user: None,
            password: None,
            ca_certificate: None,
            from: String::new(),
            to: Vec::new(),
            events: usual_events(),
            include_contact: false,
        }
    }
}

impl fmt::Debug for EmailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailConfig").field("host", &self.host).field("to", &self.to).finish_non_exhaustive()
    }
}

/// How often a notification is tried, and for how long.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NotificationRules {
    /// Tries in all, before a notification is given up (10).
    pub attempts: u32,
    /// The pause after the first try that failed (30 s). Each further one is four times as long.
    pub first_backoff: Duration,
    /// The longest pause, also where the receiver asks for more (12 h).
    pub longest_backoff: Duration,
    /// How long one answer of a receiver may take (15 s).
    pub timeout: Duration,
    /// How long a notification belongs to a worker that gives no sign of life (5 min); at least twelve timeouts.
    pub lease: Duration,
    /// How often a worker looks for what is to be sent, at most (5 s).
    pub look_every: Duration,
    /// How long critical alerts are gathered into one message (2 min).
    pub gather_alerts: Duration,
}

impl Default for NotificationRules {
    fn default() -> Self {
        Self {
            attempts: 10,
            first_backoff: Duration::from_secs(30),
            longest_backoff: Duration::from_secs(12 * 3600),
            timeout: Duration::from_secs(15),
            lease: Duration::from_secs(300),
            look_every: Duration::from_secs(5),
            gather_alerts: Duration::from_secs(120),
        }
    }
}

/// All of them: somebody who configures a channel wants to be told. A try of a channel is not an event of the dealership.
fn usual_events() -> Vec<Event> {
    Event::ALL.into_iter().filter(|event| *event != Event::NotificationTest).collect()
}

/// The name of the channel of e-mails.
pub(super) const EMAIL: &str = "email";

/// The channels and templates, checked.
pub(crate) struct Notifier {
    pub(super) channels: Vec<Target>,
    pub(super) templates: Templates,
    pub(super) rules: NotificationRules,
}

impl Part for Notifier {
    const MISSING: &'static str = "nobody is told: configure notifications";
}

/// A channel that is configured.
pub(super) struct Target {
    pub(super) name: String,
    pub(super) events: Vec<Event>,
    pub(super) include_contact: bool,
    pub(super) way: Way,
}

/// How a channel is told.
pub(super) enum Way {
    Webhook { url: Url, keys: Vec<Vec<u8>>, allow_private_network: bool },
    Email(Box<EmailWay>),
}

/// A mail server, and whom its mails are from and to.
pub(super) struct EmailWay {
    pub(super) config: EmailConfig,
    pub(super) from: Mailbox,
    /// Each address once.
    pub(super) to: Vec<Mailbox>,
    /// The certificate of its authority, PEM.
    pub(super) ca_certificate: Option<Vec<u8>>,
}

impl Target {
    /// Who is told, for people. An address may hold a secret in its path or query, so the server alone is named.
    pub(super) fn shown(&self) -> String {
        match &self.way {
            Way::Webhook { url, .. } => url.origin().ascii_serialization(),
            Way::Email(email) => email.config.to.join(", "),
        }
    }

    /// The addresses, each once. A webhook has none, and is told as a whole.
    pub(super) fn receivers(&self) -> Vec<String> {
        let Way::Email(email) = &self.way else { return Vec::new() };
        email.to.iter().map(|to| to.email.to_string()).collect()
    }

    /// Whether this address is one of them.
    pub(super) fn tells(&self, address: &str) -> bool {
        self.receivers().iter().any(|receiver| is_same_address(receiver, address))
    }

    /// Who is told, one after the other: each address, or the webhook.
    pub(super) fn told(&self) -> Vec<Option<String>> {
        match &self.way {
            Way::Webhook { .. } => vec![None],
            Way::Email(_) => self.receivers().into_iter().map(Some).collect(),
        }
    }

    /// Tells one target from another that has its name later.
    pub(super) fn hash(&self) -> String {
        match &self.way {
            Way::Webhook { url, .. } => secret::hash(url.as_str()),
            Way::Email(email) => secret::hash(&email.config.host),
        }
    }
}

impl Notifier {
    /// # Errors
    /// `invalid_notification_config` with each field at fault. Templates that are wrong are passed over: see
    /// [`check_templates`](super::check_templates).
    pub(crate) fn new(config: NotificationConfig) -> Result<Self> {
        let mut faults = Faults::default();
        let mut channels = Vec::new();
        for (name, webhook) in config.webhooks {
            channels.extend(webhook_target(name, webhook, &mut faults));
        }
        if let Some(email) = config.email {
            channels.extend(email_target(email, &mut faults));
        }
        check_rules(&config.rules, &mut faults);
        faults.into_result(ErrorCode::InvalidNotificationConfig)?;
        Ok(Self { channels, templates: Templates::load(config.templates.as_deref()), rules: config.rules })
    }

    /// Whether anybody is told of this event.
    pub(crate) fn tells(&self, event: Event) -> bool {
        self.channels.iter().any(|channel| channel.events.contains(&event))
    }
}

fn check_rules(rules: &NotificationRules, faults: &mut Faults) {
    let mut check =
        |holds, field: &str, expected: &str| faults.check(holds, &format!("/notifications/{field}"), expected);
    check((1..=100).contains(&rules.attempts), "attempts", "expected 1 to 100");
    check(!rules.first_backoff.is_zero(), "first_backoff", "expected more than nothing");
    check(rules.longest_backoff >= rules.first_backoff, "longest_backoff", "expected at least first_backoff");
    let timeouts = Duration::from_millis(100)..=Duration::from_secs(300);
    check(timeouts.contains(&rules.timeout), "timeout", "expected 100 ms to 5 minutes");
    // A dialogue with a mail server has about ten answers. One worker sends while another may not.
    check(rules.lease >= rules.timeout.saturating_mul(12), "lease", "expected at least twelve times the timeout");
    check(!rules.look_every.is_zero(), "look_every", "expected more than nothing");
}

fn webhook_target(name: String, webhook: WebhookConfig, faults: &mut Faults) -> Option<Target> {
    let at = |field: &str| format!("/notifications/webhooks/{name}/{field}");
    let before = faults.count();
    let is_word = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || matches!(sign, '-' | '_');
    let is_name = (1..=50).contains(&name.len()) && name.chars().all(is_word) && name != EMAIL;
    let expected = "expected a name of small letters, digits, - and _, and not email";
    faults.check(is_name, &format!("/notifications/webhooks/{name}"), expected);
    let url = match webhook::address(&webhook.url, webhook.allow_private_network) {
        Ok(url) => Some(url),
        Err(reason) => {
            faults.add(at("url"), reason);
            None
        }
    };
    let keys: Vec<_> = webhook.secrets.iter().filter_map(|secret| key_of(secret)).collect();
    let are_all = !keys.is_empty() && keys.len() == webhook.secrets.len() && keys.len() <= 5;
    faults.check(are_all, &at("secrets"), "expected one to five secrets, each of whsec_ and 24 to 64 bytes in base64");
    faults.check(!webhook.events.is_empty(), &at("events"), "expected one or more");
    let url = url.filter(|_| faults.count() == before)?;
    let way = Way::Webhook { url, keys, allow_private_network: webhook.allow_private_network };
    Some(Target { name, events: webhook.events, include_contact: webhook.include_contact, way })
}

/// The key of a secret as Standard Webhooks writes it.
fn key_of(secret: &str) -> Option<Vec<u8>> {
    let key = BASE64.decode(secret.trim().strip_prefix("whsec_")?).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

fn email_target(email: EmailConfig, faults: &mut Faults) -> Option<Target> {
    let before = faults.count();
    let mut check = |holds, field: &str, expected: &str| {
        faults.check(holds, &format!("/notifications/email/{field}"), expected);
    };
    check(is_host(&email.host), "host", "expected the name or the number of a mail server");
    let is_here = is_this_machine(&email.host);
    check(
        email.tls != EmailTls::None || is_here,
        "tls",
        "expected starttls or implicit: only a server on this machine is spoken to in the clear",
    );
    check(email.user.is_some() == email.password.is_some(), "password", "expected a user and a password, or neither");
    let from: Option<Mailbox> = email.from.parse().ok();
    check(from.is_some(), "from", "expected an address such as Lot <lot@dealer.example>");
    let to: Vec<Mailbox> = email.to.iter().filter_map(|address| address.parse().ok()).collect();
    let are_all = !to.is_empty() && to.len() == email.to.len() && to.len() <= 20;
    check(are_all, "to", "expected one to twenty addresses such as owner@dealer.example");
    check(!email.events.is_empty(), "events", "expected one or more");
    let ca_certificate = email.ca_certificate.as_ref().map(fs::read);
    let is_read = !matches!(ca_certificate, Some(Err(_)));
    check(is_read, "ca_certificate", "expected a file with a certificate that can be read");
    let ca_certificate = ca_certificate.and_then(Result::ok);
    let are_certificates = ca_certificate.as_ref().is_none_or(|pem| {
        lettre::transport::smtp::client::Certificate::from_pem(pem).is_ok()
            && pem.windows(10).any(|window| window == b"-----BEGIN")
    });
    check(are_certificates, "ca_certificate", "expected a certificate in the form PEM");
    if faults.count() > before {
        return None;
    }
    let (events, include_contact) = (email.events.clone(), email.include_contact);
    let mut seen = HashSet::new();
    let to = to.into_iter().filter(|to| seen.insert(to.email.to_string().to_lowercase())).collect();
    let way = Way::Email(Box::new(EmailWay { from: from?, to, ca_certificate, config: email }));
    Some(Target { name: EMAIL.to_owned(), events, include_contact, way })
}

/// Whether two addresses lead to one mailbox. No server tells small letters from capitals.
pub(super) fn is_same_address(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn is_host(host: &str) -> bool {
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
    host.parse::<IpAddr>().is_ok() || (!host.is_empty() && host.len() <= 253 && host.chars().all(is_sign))
}

/// By what is written: a name may lead elsewhere tomorrow.
fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn with_webhook(name: &str, change: fn(&mut WebhookConfig)) -> NotificationConfig {
        let mut webhook = WebhookConfig::new("https://crm.example/hook", SECRET);
        change(&mut webhook);
        NotificationConfig::default().webhook(name, webhook)
    }

    fn with_email(change: fn(&mut EmailConfig)) -> NotificationConfig {
        let mut email = EmailConfig::new("mail.example", "Lot <lot@dealer.example>", ["owner@dealer.example"]);
        change(&mut email);
        NotificationConfig { email: Some(email), ..NotificationConfig::default() }
    }

    fn with_rules(change: fn(&mut NotificationRules)) -> NotificationConfig {
        let mut config = NotificationConfig::default();
        change(&mut config.rules);
        config
    }

    #[test]
    fn each_wrong_value_is_named() {
        for right in [
            NotificationConfig::default(),
            with_webhook("crm", |_| {}),
            with_webhook("crm", |it| it.secrets.push(SECRET.into())),
            with_webhook("crm", |it| {
                it.url = "http://10.0.0.7:8080/hook".into();
                it.allow_private_network = true;
            }),
            with_email(|_| {}),
            with_email(|it| {
                it.host = "127.0.0.1".into();
                it.tls = EmailTls::None;
            }),
        ] {
            assert!(Notifier::new(right).is_ok());
        }
        for (wrong, field) in [
            (with_webhook("email", |_| {}), "webhooks/email"),
            (with_webhook("My CRM", |_| {}), "webhooks/My CRM"),
            (with_webhook("crm", |it| it.url = "http://crm.example/hook".into()), "webhooks/crm/url"),
            (with_webhook("crm", |it| it.url = "https://127.0.0.1/hook".into()), "webhooks/crm/url"),
            (with_webhook("crm", |it| it.url = "https://u:p@crm.example/".into()), "webhooks/crm/url"),
            (with_webhook("crm", |it| it.secrets.clear()), "webhooks/crm/secrets"),
            (with_webhook("crm", |it| it.secrets.push("whsec_c2hvcnQ=".into())), "webhooks/crm/secrets"),
            (with_webhook("crm", |it| it.secrets = vec!["hunter2".into()]), "webhooks/crm/secrets"),
            (with_webhook("crm", |it| it.events.clear()), "webhooks/crm/events"),
            (with_email(|it| it.host = "mail.example\r\nRCPT TO".into()), "email/host"),
            (with_email(|it| it.tls = EmailTls::None), "email/tls"),
            (with_email(|it| it.user = Some("lot".into())), "email/password"),
            (with_email(|it| it.from = "Lot".into()), "email/from"),
            (with_email(|it| it.from = "lot@dealer.example\r\nBcc: x@y.example".into()), "email/from"),
            (with_email(|it| it.to.clear()), "email/to"),
            (with_email(|it| it.to.push("nobody".into())), "email/to"),
            (with_email(|it| it.ca_certificate = Some("/does/not/exist.pem".into())), "email/ca_certificate"),
            (with_rules(|it| it.attempts = 0), "attempts"),
            (with_rules(|it| it.timeout = Duration::from_secs(60)), "lease"),
            (with_rules(|it| it.longest_backoff = Duration::ZERO), "longest_backoff"),
        ] {
            let refusal = Notifier::new(wrong).err().map(|error| (error.code(), error.fields()[0].pointer.clone()));
            assert_eq!(refusal, Some(("invalid_notification_config", format!("/notifications/{field}"))));
        }
    }
}
