//! The keys of a provider of sign-in. Each provider has a section of its own: `[sign_in.google]`, `[sign_in.keycloak]`.

use jpauto::{Admission, ClientAuthentication, ProviderConfig};

use super::given::{Given, Setting as _};

/// One key of a provider's section.
pub(super) struct ProviderKey {
    pub(super) name: &'static str,
    pub(super) is_secret: bool,
    pub(super) set: fn(&mut ProviderConfig, &Given) -> Result<(), String>,
    show: fn(&ProviderConfig) -> String,
}

macro_rules! keys {
    ($($name:ident $($is_secret:literal)?),+ $(,)?) => {
        &[$(
            ProviderKey {
                name: stringify!($name),
                is_secret: [$($is_secret,)? false][0],
                set: |provider, given| {
                    provider.$name = super::given::Setting::read(given)?;
                    Ok(())
                },
                show: |provider| provider.$name.show(),
            },
        )+]
    };
}

pub(super) const KEYS: &[ProviderKey] =
    keys!(client_id, client_secret true, title, issuer, client_authentication, tenants, admission);

/// The providers whose rules are known. They are set up by an id and a secret.
const KNOWN: [&str; 2] = ["google", "microsoft"];

pub(super) fn find(name: &str) -> Option<&'static ProviderKey> {
    KEYS.iter().find(|key| key.name == name)
}

/// The provider of this name, which is added if it is not there.
pub(super) fn named<'a>(providers: &'a mut Vec<ProviderConfig>, name: &str) -> &'a mut ProviderConfig {
    let index = providers.iter().position(|provider| provider.name == name).unwrap_or_else(|| {
        providers.push(new(name));
        providers.len() - 1
    });
    &mut providers[index]
}

fn new(name: &str) -> ProviderConfig {
    match name {
        "google" => ProviderConfig::google("", ""),
        "microsoft" => ProviderConfig::microsoft("", "", [] as [&str; 0]),
        _ => ProviderConfig::other(name, "", "", None),
    }
}

/// The keys of the known providers and of those that are configured.
pub(super) fn shown(configured: &[ProviderConfig]) -> Vec<(String, bool, String)> {
    let known =
        KNOWN.iter().filter(|name| configured.iter().all(|provider| provider.name != **name)).map(|name| new(name));
    let mut providers: Vec<_> = known.chain(configured.iter().cloned()).collect();
    providers.sort_by_key(|provider| KNOWN.iter().position(|name| *name == provider.name).unwrap_or(KNOWN.len()));
    let keys_of = |provider: &ProviderConfig| {
        let path = |key: &ProviderKey| format!("sign_in.{}.{}", provider.name, key.name);
        KEYS.iter().map(|key| (path(key), key.is_secret, (key.show)(provider))).collect::<Vec<_>>()
    };
    providers.iter().flat_map(keys_of).collect()
}

/// Which key of which provider a variable names, by the variable's end: `JPAUTO_SIGN_IN_GOOGLE_CLIENT_ID`.
pub(super) fn of_variable(name: &str) -> Option<(String, &'static ProviderKey)> {
    let rest = name.strip_prefix("JPAUTO_SIGN_IN_")?.to_lowercase();
    KEYS.iter().find_map(|key| {
        let provider = rest.strip_suffix(key.name)?.strip_suffix('_').filter(|provider| !provider.is_empty())?;
        Some((provider.to_owned(), key))
    })
}

impl super::given::Setting for Admission {
    fn read(given: &Given) -> Result<Self, String> {
        match given {
            Given::Text(text) if text.trim() == "invited" => Ok(Self::Invited),
            Given::Text(text) if text.trim() == "everybody" => Ok(Self::Everybody),
            given => {
                match Vec::<String>::read(given) {
                    Ok(domains) if domains.iter().all(|domain| domain.contains('.')) => Ok(Self::Domains(domains)),
                    _ => Err("expected \"invited\", \"everybody\" or a list of domains such as [\"dealer.example\"]"
                        .to_owned()),
                }
            }
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Domains(domains) => domains.show(),
            Self::Everybody => "everybody".to_owned().show(),
            _ => "invited".to_owned().show(),
        }
    }
}

impl super::given::Setting for ClientAuthentication {
    fn read(given: &Given) -> Result<Self, String> {
        match given {
            Given::Text(text) if text.trim() == "basic" => Ok(Self::Basic),
            Given::Text(text) if text.trim() == "post" => Ok(Self::Post),
            _ => Err("expected \"basic\" or \"post\"".to_owned()),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Basic => "basic".to_owned().show(),
            _ => "post".to_owned().show(),
        }
    }
}
