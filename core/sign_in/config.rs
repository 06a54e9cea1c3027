//! The configuration of signing in at providers.

use std::{fmt, time::Duration};

use url::{Host, Url};

use crate::{
    error::{Error, ErrorCode, FieldError, Result},
    users,
};

/// Where people sign in, and who gets an account by it.
///
/// ```
/// use jpauto::{ProviderConfig, SignInConfig};
///
/// let mut sign_in = SignInConfig::new("https://lot.example");
/// sign_in.administrators = vec!["ann@lot.example".to_owned()];
/// sign_in.providers = vec![ProviderConfig::google("123.apps.googleusercontent.com", "the client's secret")];
/// assert!(!format!("{sign_in:?}").contains("secret"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignInConfig {
    /// Where browsers reach the server, such as `https://lot.example`. Providers send them back to addresses below it.
    pub public_url: String,
    /// The providers, in the order in which they are offered.
    pub providers: Vec<ProviderConfig>,
    /// Addresses whose owners become administrators when they sign in, if the provider has verified the address.
    pub administrators: Vec<String>,
    /// How long a sign-in may take from its beginning to its end (10 minutes).
    pub lifetime: Duration,
    /// Sign-ins of one client that may be under way (50). An IPv6 client is a network of 64 bits.
    pub most_per_client: u32,
    /// One call of a provider, to the last byte (10 s).
    pub call_timeout: Duration,
    /// Calls of providers at a time (4). More are refused, so that a slow provider does not occupy every thread.
    pub calls_at_once: usize,
    /// How long a provider's metadata and keys are used before they are fetched again (1 h).
    pub kept_for: Duration,
    /// Whether a provider on this machine, and the server itself, may be reached over plain HTTP: only for tests and development.
    pub allow_loopback_http: bool,
}

/// Which rules a provider's accounts follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderKind {
    /// Google: the domain of an organisation is the claim `hd`.
    Google,
    /// Microsoft Entra: one issuer a tenant, and an e-mail address is verified only if `xms_edov` says so.
    Microsoft,
    /// Any other issuer of OpenID Connect.
    Other,
}

/// Who gets an account by signing in. Administrators of the configuration and people who have an account always may.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// Nobody: an administrator adds the account first.
    Invited,
    /// Those with a verified address in one of these domains. At Google they must belong to the organisation.
    Domains(Vec<String>),
    /// Everybody who has an account at the provider.
    Everybody,
}

/// How the server proves to a provider who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// The secret in the `Authorization` header (`client_secret_basic`).
    Basic,
    /// The secret in the body (`client_secret_post`).
    Post,
}

/// One provider.
#[derive(Clone)]
#[non_exhaustive]
pub struct ProviderConfig {
    /// The word in addresses and in `users.oauth_provider`: small letters, digits, `-` and `_`.
    pub name: String,
    /// What people read, such as `Google`.
    pub title: String,
    /// Which rules its accounts follow.
    pub kind: ProviderKind,
    /// The issuer's address. That of Microsoft has `{tenantid}` in the place of the tenant.
    pub issuer: String,
    /// The id that the provider has given to this server.
    pub client_id: String,
    /// The secret that goes with it. A public client has none.
    pub client_secret: Option<String>,
    /// How the secret is sent. Without it, the provider's metadata decide.
    pub client_authentication: Option<ClientAuthentication>,
    /// The ids of the Microsoft tenants whose accounts are let in.
    pub tenants: Vec<String>,
    /// Who gets an account by signing in.
    pub admission: Admission,
}

/// Where the tenant stands in an issuer of Microsoft.
pub(super) const TENANT: &str = "{tenantid}";

/// Names that paths of the server have.
const TAKEN_NAMES: [&str; 4] = ["callback", "link", "logout", "me"];

impl SignInConfig {
    /// The defaults for a server that browsers reach at this address, without a provider.
    #[must_use]
    pub fn new(public_url: impl Into<String>) -> Self {
        Self {
            public_url: public_url.into().trim_end_matches('/').to_owned(),
            providers: Vec::new(),
            administrators: Vec::new(),
            lifetime: Duration::from_secs(600),
            most_per_client: 50,
            call_timeout: Duration::from_secs(10),
            calls_at_once: 4,
            kept_for: Duration::from_secs(3_600),
            allow_loopback_http: false,
        }
    }

    /// The address of a path below the public one.
    ///
    /// ```
    /// let config = jpauto::SignInConfig::new("https://lot.example/");
    /// assert_eq!(config.address_of("/api/auth"), "https://lot.example/api/auth");
    /// ```
    #[must_use]
    pub fn address_of(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.trim_end_matches('/'))
    }

    /// # Errors
    /// `invalid_sign_in_config`, naming every value at fault and no secret.
    pub(super) fn checked(mut self) -> Result<Self> {
        let mut faults = Vec::new();
        if self.address(&self.public_url).is_none() {
            add(&mut faults, "/sign_in/public_url", "expected an https:// address, such as https://lot.example");
        }
        for (index, email) in self.administrators.iter_mut().enumerate() {
            *email = email.trim().to_lowercase();
            if !users::is_plausible_email(email) {
                add(&mut faults, &format!("/sign_in/administrators/{index}"), "expected an e-mail address");
            }
        }
        let is_long = |time: Duration| time > Duration::from_secs(86_400);
        if self.lifetime < Duration::from_secs(30) || is_long(self.lifetime) {
            add(&mut faults, "/sign_in/lifetime", "expected 30 seconds to a day");
        }
        if self.call_timeout.is_zero() || self.call_timeout > Duration::from_secs(60) {
            add(&mut faults, "/sign_in/call_timeout", "expected up to a minute");
        }
        if self.calls_at_once == 0 || self.most_per_client == 0 {
            add(&mut faults, "/sign_in", "expected limits above 0");
        }
        for index in 0..self.providers.len() {
            let earlier = self.providers[..index].iter().any(|other| other.name == self.providers[index].name);
            let place = format!("/sign_in/{}", self.providers[index].name);
            if earlier {
                add(&mut faults, &place, "two providers have this name");
            }
            let has_issuer = self.address(&self.providers[index].issuer).is_some();
            self.providers[index].check(&place, has_issuer, &mut faults);
        }
        if faults.is_empty() { Ok(self) } else { Err(Error::invalid(ErrorCode::InvalidSignInConfig, faults)) }
    }

    /// The address, if it is one that secrets may be sent to: TLS, or this machine where that is allowed.
    pub(super) fn address(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        (is_plain && url.password().is_none() && self.is_protected(&url)).then_some(url)
    }

    /// Whether nobody between can read what goes there.
    pub(super) fn is_protected(&self, url: &Url) -> bool {
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return false,
        };
        match url.scheme() {
            "https" => true,
            "http" => is_loopback && self.allow_loopback_http,
            _ => false,
        }
    }
}

impl ProviderConfig {
    /// Google. Only people who were invited get in, because everybody has an account there: see [`ProviderConfig::admission`].
    #[must_use]
    pub fn google(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            kind: ProviderKind::Google,
            client_authentication: Some(ClientAuthentication::Post),
            admission: Admission::Invited,
            title: "Google".to_owned(),
            ..Self::other("google", "https://accounts.google.com", client_id, Some(client_secret.into()))
        }
    }

    /// Microsoft Entra, for the accounts of these tenants. Each of them gets in as a viewer.
    #[must_use]
    pub fn microsoft(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        tenants: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            kind: ProviderKind::Microsoft,
            client_authentication: Some(ClientAuthentication::Post),
            tenants: tenants.into_iter().map(Into::into).collect(),
            title: "Microsoft".to_owned(),
            ..Self::other(
                "microsoft",
                "https://login.microsoftonline.com/{tenantid}/v2.0",
                client_id,
                Some(client_secret.into()),
            )
        }
    }

    /// Another issuer, such as a company's own Keycloak. Each account there gets in as a viewer.
    #[must_use]
    pub fn other(
        name: impl Into<String>,
        issuer: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: Option<String>,
    ) -> Self {
        let name = name.into();
        Self {
            title: name.clone(),
            name,
            kind: ProviderKind::Other,
            issuer: issuer.into(),
            client_id: client_id.into(),
            client_secret,
            client_authentication: None,
            tenants: Vec::new(),
            admission: Admission::Everybody,
        }
    }

    /// The issuer of the accounts of a tenant.
    pub(super) fn issuer_of(&self, tenant: Option<&str>) -> String {
        tenant.map_or_else(|| self.issuer.clone(), |tenant| self.issuer.replace(TENANT, tenant))
    }

    fn check(&mut self, place: &str, has_issuer: bool, faults: &mut Vec<FieldError>) {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let good_name = (1..=32).contains(&self.name.len()) && self.name.bytes().all(is_letter);
        if !good_name || TAKEN_NAMES.contains(&self.name.as_str()) {
            add(faults, place, "expected a name of up to 32 small letters, digits, - and _ that no path has");
        }
        if self.title.trim().is_empty() || self.title.chars().count() > 50 || self.title.chars().any(char::is_control) {
            add(faults, &format!("{place}/title"), "expected 1 to 50 characters");
        }
        if !has_issuer {
            add(faults, &format!("{place}/issuer"), "expected an https:// address without a query");
        }
        if !is_printable(&self.client_id) {
            add(faults, &format!("{place}/client_id"), "expected the id as the provider gave it");
        }
        let is_public = self.client_secret.is_none() && self.kind == ProviderKind::Other;
        if !is_public && !self.client_secret.as_deref().is_some_and(is_printable) {
            add(faults, &format!("{place}/client_secret"), "expected the secret as the provider gave it");
        }
        self.check_tenants(place, faults);
        if let Admission::Domains(domains) = &mut self.admission {
            for domain in domains.iter_mut() {
                *domain = domain.trim().to_lowercase();
            }
            if domains.is_empty() || domains.iter().any(|domain| !users::is_plausible_email(&format!("a@{domain}"))) {
                add(faults, &format!("{place}/domains"), "expected domains, such as lot.example");
            }
        }
    }

    fn check_tenants(&mut self, place: &str, faults: &mut Vec<FieldError>) {
        for tenant in &mut self.tenants {
            *tenant = tenant.trim().to_lowercase();
        }
        let is_id = |tenant: &String| tenant.len() == 36 && uuid::Uuid::try_parse(tenant).is_ok();
        let message = match self.kind {
            ProviderKind::Microsoft if self.tenants.is_empty() => {
                "name the tenants whose accounts are let in, by their ids"
            }
            ProviderKind::Microsoft if !self.tenants.iter().all(is_id) => "expected ids of tenants, which are UUIDs",
            ProviderKind::Google | ProviderKind::Other if !self.tenants.is_empty() => "only Microsoft has tenants",
            _ => return,
        };
        add(faults, &format!("{place}/tenants"), message);
    }
}

impl fmt::Debug for ProviderConfig {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderConfig")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("tenants", &self.tenants)
            .field("admission", &self.admission)
            .finish_non_exhaustive()
    }
}

fn add(faults: &mut Vec<FieldError>, pointer: &str, message: &str) {
    faults.push(FieldError { pointer: pointer.to_owned(), message: message.to_owned() });
}

fn is_printable(text: &str) -> bool {
    (1..=1_000).contains(&text.len())
        && text.trim() == text
        && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT_ID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn good() -> SignInConfig {
        let mut config = SignInConfig::new("https://lot.example/");
        config.administrators = vec![" Ann@Lot.example".into()];
        config.providers = vec![
            ProviderConfig::google("id", "the-secret"),
            ProviderConfig::microsoft("id", "the-secret", [TENANT_ID.to_uppercase()]),
            ProviderConfig::other("keycloak", "https://id.lot.example:8443/realms/lot", "id", None),
        ];
        config
    }

    fn faults(change: impl FnOnce(&mut SignInConfig)) -> Vec<String> {
        let mut config = good();
        change(&mut config);
        let error = config.checked().unwrap_err();
        assert_eq!(error.code(), "invalid_sign_in_config");
        assert!(!format!("{error:?}").contains("the-secret"), "{error:?}");
        error.fields().iter().map(|field| field.pointer.replacen("/sign_in", "", 1)).collect()
    }

    #[test]
    fn a_good_configuration_is_brought_into_form_and_shows_no_secret() {
        let config = good().checked().unwrap();
        assert_eq!(
            (config.public_url.as_str(), config.administrators[0].as_str()),
            ("https://lot.example", "ann@lot.example")
        );
        assert_eq!(config.providers[1].tenants, [TENANT_ID]);
        assert!(!format!("{config:?}").contains("the-secret"));
    }

    #[test]
    fn what_would_let_the_wrong_people_in_is_refused() {
        assert_eq!(faults(|it| it.public_url = "http://lot.example".into()), ["/public_url"]);
        assert_eq!(faults(|it| it.public_url = "http://127.0.0.1:8080".into()), ["/public_url"]);
        assert_eq!(faults(|it| it.administrators.push("ann".into())), ["/administrators/1"]);
        assert_eq!(faults(|it| it.lifetime = Duration::ZERO), ["/lifetime"]);
        assert_eq!(faults(|it| it.calls_at_once = 0), [""]);
        assert_eq!(faults(|it| it.providers[2].name = "google".into()), ["/google"]);
        for name in ["", "me", "Key", "a/b", "..", &"a".repeat(33)] {
            assert_eq!(faults(|it| it.providers[2].name = name.into()), [format!("/{name}")]);
        }
        for issuer in
            ["", "http://id.lot.example", "http://127.0.0.1", "https://a@id.example", "https://id.example?a=b"]
        {
            assert_eq!(faults(|it| it.providers[2].issuer = issuer.into()), ["/keycloak/issuer"], "{issuer}");
        }
        assert_eq!(faults(|it| it.providers[0].client_secret = None), ["/google/client_secret"]);
        assert_eq!(faults(|it| it.providers[2].client_secret = Some(String::new())), ["/keycloak/client_secret"]);
        assert_eq!(faults(|it| it.providers[0].client_id = "id\n".into()), ["/google/client_id"]);
        assert_eq!(faults(|it| it.providers[1].tenants.clear()), ["/microsoft/tenants"]);
        assert_eq!(faults(|it| it.providers[1].tenants.push("common".into())), ["/microsoft/tenants"]);
        assert_eq!(faults(|it| it.providers[0].tenants.push(TENANT_ID.into())), ["/google/tenants"]);
        assert_eq!(faults(|it| it.providers[0].admission = Admission::Domains(vec![])), ["/google/domains"]);
    }

    #[test]
    fn plain_http_is_for_this_machine_and_on_demand() {
        let mut config = good();
        config.allow_loopback_http = true;
        for (address, good) in [
            ("http://127.0.0.1:9400", true),
            ("http://[::1]:9400", true),
            ("http://localhost:9400", true),
            ("http://localhost.evil.example", false),
            ("http://192.168.1.2", false),
            ("ftp://localhost", false),
        ] {
            assert_eq!(config.address(address).is_some(), good, "{address}");
        }
    }
}
