//! The rules of signing in: links, what belongs to one browser, where it may go on, and who gets an account. No I/O.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::{
    config::{Admission, ProviderConfig, ProviderKind, SignInConfig},
    openid::Person,
};
use crate::{
    actor::Role,
    error::{Error, ErrorCode, Result},
    ids::UserId,
    secret,
    users::User,
};

/// The beginning of a link's secret.
const LINK: &str = "jpl_";
/// The beginning of a state.
const STATE: &str = "jps_";
/// The beginning of a browser's secret.
const BROWSER: &str = "jpb_";

/// How long a link is valid.
const LINK_VALID_FOR: TimeDelta = TimeDelta::minutes(15);

/// The longest address on this server.
const LONGEST_PATH: usize = 2_000;

/// A secret with its beginning.
fn secret_of(kind: &str, random: [u8; 32]) -> String {
    format!("{kind}{}", secret::hex(&random))
}

fn is_secret(kind: &str, text: &str) -> bool {
    let is_hex = |text: &str| text.len() == 64 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    text.strip_prefix(kind).is_some_and(is_hex)
}

/// The secret of a link.
pub(super) fn link_of(random: [u8; 32]) -> String {
    secret_of(LINK, random)
}

/// Whether the text has the form of a link's secret.
pub(super) fn is_link(text: &str) -> bool {
    is_secret(LINK, text)
}

pub(super) fn link_end(now: DateTime<Utc>) -> DateTime<Utc> {
    now + LINK_VALID_FOR
}

/// What everybody hears whose link is not valid, whatever the reason.
pub(super) fn link_refusal() -> Error {
    Error::new(ErrorCode::LinkRefused, "the link is unknown, was used before or has expired")
}

/// The state of a new sign-in.
pub(super) fn state_of(random: [u8; 32]) -> String {
    secret_of(STATE, random)
}

pub(super) fn is_state(text: &str) -> bool {
    is_secret(STATE, text)
}

/// The secret that a browser keeps while it signs in.
pub(super) fn browser_of(random: [u8; 32]) -> String {
    secret_of(BROWSER, random)
}

pub(super) fn is_browser(text: &str) -> bool {
    is_secret(BROWSER, text)
}

/// What everybody hears whose state is not valid, whatever the reason.
pub(super) fn state_refusal() -> Error {
    let message = "the sign-in is unknown, was finished before, began in another browser or took too long";
    Error::new(ErrorCode::SignInExpired, message)
}

/// What ties a code and an ID token to one sign-in in one browser.
///
/// Both are made from the secret that the browser alone has, so that nothing in the database helps to finish a sign-in.
pub(super) struct Ties {
    pub(super) nonce: String,
    /// The verifier of PKCE (RFC 7636).
    pub(super) verifier: String,
}

pub(super) fn ties(browser: &str, state: &str) -> Ties {
    let tie = |purpose: &str| {
        URL_SAFE_NO_PAD.encode(secret::hmac_sha256(browser.as_bytes(), format!("{purpose} {state}").as_bytes()))
    };
    Ties { nonce: tie("nonce"), verifier: tie("verifier") }
}

/// The challenge of a verifier, by the method S256.
pub(super) fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(secret::sha256(verifier.as_bytes()))
}

/// A path on this server, with a query perhaps. Anything that a browser could take for another server is refused.
///
/// # Errors
/// `invalid_return_to`.
pub(super) fn local_path(text: &str) -> Result<String> {
    let refusal = || {
        let message = "expected a path on this server, such as /inventory";
        Error::invalid_field(ErrorCode::InvalidReturnTo, "/return_to", message)
    };
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_path = |text: &str| text.starts_with('/') && !text.starts_with("//");
    if text.len() > LONGEST_PATH || !is_plain(text) || !is_path(text) {
        return Err(refusal());
    }
    // As a browser reads it: `/..//evil.example` becomes `//evil.example`.
    let here = Url::parse("https://here.invalid/").and_then(|here| Ok((here.join(text)?, here)));
    let (url, here) = here.map_err(|_reason| refusal())?;
    let path = &url[url::Position::BeforePath..];
    if url.origin() == here.origin() && is_path(path) { Ok(path.to_owned()) } else { Err(refusal()) }
}

/// Whether a provider may send browsers back to this address: it is below the public address of the server.
///
/// # Errors
/// `invalid_sign_in_config`.
pub(super) fn check_redirect(config: &SignInConfig, redirect_uri: &str) -> Result<()> {
    if redirect_uri.starts_with(&config.address_of("/")) {
        return Ok(());
    }
    let message = "a browser must come back to an address below the server's public one";
    Err(Error::invalid_field(ErrorCode::InvalidSignInConfig, "/sign_in/public_url", message))
}

/// The hash by which the account of a provider is found.
pub(super) fn identity_hash(person: &Person) -> String {
    // No address has a line break, so no two accounts have the same text.
    secret::hash(&format!("{}\n{}", person.issuer, person.subject))
}

/// Whether another application may have stored the same account in `users`: it knows Google and Microsoft by their names, and
/// their issuers do not change.
pub(super) fn may_be_stored_elsewhere(provider: &ProviderConfig) -> bool {
    matches!(provider.kind, ProviderKind::Google | ProviderKind::Microsoft)
}

/// Whether the configuration makes this person an administrator.
pub(super) fn is_administrator(config: &SignInConfig, person: &Person) -> bool {
    person.email_verified && person.email.as_ref().is_some_and(|email| config.administrators.contains(email))
}

/// Whether the person proves the address of the user now.
pub(super) fn proves_address(person: &Person, user: &User) -> bool {
    person.email_verified && person.email.as_deref() == Some(user.email.to_lowercase().as_str())
}

/// Refuses a person who has no account and does not get one by signing in.
///
/// # Errors
/// `not_admitted`; `email_not_verified`, where it might be the account of somebody else.
pub(super) fn admit(config: &SignInConfig, provider: &ProviderConfig, person: &Person) -> Result<()> {
    if is_administrator(config, person) {
        return Ok(());
    }
    let is_in = |domains: &[String], domain: &str| domains.iter().any(|known| known == domain);
    let admitted = match &provider.admission {
        Admission::Everybody => true,
        Admission::Invited => false,
        // Anybody may have made an account at Google with an address of the domain, before it had its own.
        Admission::Domains(domains) if provider.kind == ProviderKind::Google => {
            person.hosted_domain.as_deref().is_some_and(|domain| is_in(domains, domain))
        }
        Admission::Domains(domains) => {
            let domain = person.email.as_deref().and_then(|email| email.rsplit_once('@'));
            person.email_verified && domain.is_some_and(|(_, domain)| is_in(domains, domain))
        }
    };
    if admitted {
        return Ok(());
    }
    let message = "nobody has invited this account, and it is none of those that may sign in without";
    Err(Error::new(ErrorCode::NotAdmitted, message))
}

/// Refuses to take over a user by an address that is not proven.
pub(super) fn address_refusal(provider: &ProviderConfig) -> Error {
    let message = format!("a user with this address exists, and {} does not prove that it is you", provider.title);
    Error::new(ErrorCode::EmailNotVerified, message)
}

pub(super) fn missing_address(provider: &ProviderConfig) -> Error {
    Error::new(ErrorCode::EmailMissing, format!("{} has sent no e-mail address", provider.title))
}

/// The account of a person who signs in for the first time.
pub(super) fn new_user(provider: &ProviderConfig, person: &Person, email: &str, now: DateTime<Utc>) -> User {
    User {
        id: UserId::new(now),
        email: email.to_owned(),
        name: person.name.clone().unwrap_or_else(|| email.to_owned()),
        oauth_provider: provider.name.clone(),
        oauth_id: person.subject.clone(),
        role: Role::Viewer,
        avatar_url: person.picture.clone(),
        last_login: None,
        is_active: true,
        created_at: Some(now),
    }
}

/// The user as the person takes it over: an invited one gets the account of the provider, and an administrator of the
/// configuration the role.
pub(super) fn signed_in(config: &SignInConfig, provider: &ProviderConfig, person: &Person, user: &User) -> User {
    let mut user = user.clone();
    if user.oauth_id.starts_with("invited:") {
        user.oauth_provider.clone_from(&provider.name);
        user.oauth_id.clone_from(&person.subject);
        user.avatar_url = person.picture.clone().or(user.avatar_url);
    }
    if is_administrator(config, person) {
        user.role = Role::Admin;
    }
    user
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(email: Option<&str>, verified: bool) -> Person {
        Person {
            issuer: "https://id.example".into(),
            subject: "7".into(),
            email: email.map(str::to_owned),
            email_verified: verified,
            name: None,
            picture: None,
            hosted_domain: None,
        }
    }

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn a_secret_has_one_form() {
        let secret = link_of([0xcd; 32]);
        assert!(is_link(&secret) && !is_state(&secret) && !is_browser(&secret));
        for wrong in ["", "jpl_", &secret[1..], &secret[..67], &secret.to_uppercase(), &format!("{secret}0")] {
            assert!(!is_link(wrong), "{wrong}");
        }
    }

    #[test]
    fn ties_differ_by_browser_state_and_purpose() {
        let all = [ties("a", "s"), ties("b", "s"), ties("a", "t")].map(|it| [it.nonce, it.verifier]).concat();
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), 6);
        // RFC 7636: 43 to 128 characters.
        assert!(all.iter().all(|text| text.len() == 43), "{all:?}");
        // RFC 7636, appendix B.
        assert_eq!(
            challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn only_paths_of_this_server_are_gone_on_to() {
        for (text, expected) in [
            ("/", Some("/")),
            ("/inventory?status=sold&q=a%20b#top", Some("/inventory?status=sold&q=a%20b#top")),
            ("/a/../b", Some("/b")),
            ("/a?next=https://evil.example", Some("/a?next=https://evil.example")),
            ("/@evil.example", Some("/@evil.example")),
            ("", None),
            ("inventory", None),
            ("https://evil.example", None),
            ("//evil.example", None),
            ("///evil.example", None),
            ("/\\evil.example", None),
            ("\\\\evil.example", None),
            ("/\t/evil.example", None),
            ("/\n/evil.example", None),
            ("/a\r\nSet-Cookie: a=b", None),
            (" /a", None),
            ("/..//evil.example", None),
            ("/.//evil.example", None),
            ("/a/..//evil.example", None),
            ("/%2e%2e//evil.example", None),
            ("javascript:alert(1)", None),
            ("/é", None),
            (&format!("/{}", "a".repeat(2_000)), None),
        ] {
            assert_eq!(local_path(text).ok().as_deref(), expected, "{text:?}");
        }
        assert_eq!(local_path("//evil.example").unwrap_err().fields()[0].pointer, "/return_to");
    }

    #[test]
    fn a_browser_comes_back_below_the_public_address_alone() {
        let config = SignInConfig::new("https://lot.example");
        assert!(check_redirect(&config, "https://lot.example/api/auth/google/callback").is_ok());
        for other in
            ["https://lot.example", "https://lot.example.evil.example/", "https://evil.example/https://lot.example/"]
        {
            assert!(check_redirect(&config, other).is_err(), "{other}");
        }
    }

    #[test]
    fn an_account_is_given_to_those_that_the_configuration_names() {
        let mut config = SignInConfig::new("https://lot.example");
        config.administrators = vec!["boss@lot.example".into()];
        let other = ProviderConfig::other("id", "https://id.example", "lot", None);
        let google = ProviderConfig::google("id", "secret");
        let domains = Admission::Domains(vec!["lot.example".into()]);
        let (ann, boss) = (Some("ann@lot.example"), Some("boss@lot.example"));
        let hosted = Person { hosted_domain: Some("lot.example".into()), ..person(ann, true) };
        for (provider, admission, person, admitted) in [
            (&other, None, person(ann, false), true),
            (&other, None, person(None, false), true),
            (&other, Some(&domains), person(ann, true), true),
            (&other, Some(&domains), person(ann, false), false),
            (&other, Some(&domains), person(Some("ann@evil.example"), true), false),
            (&other, Some(&domains), person(Some("lot.example@evil.example"), true), false),
            (&google, None, person(ann, true), false),
            (&google, None, person(boss, true), true),
            (&google, None, person(boss, false), false),
            (&google, Some(&domains), person(ann, true), false),
            (&google, Some(&domains), hosted, true),
        ] {
            let provider =
                ProviderConfig { admission: admission.unwrap_or(&provider.admission).clone(), ..provider.clone() };
            let outcome = admit(&config, &provider, &person).map_err(|error| error.code());
            assert_eq!(outcome.is_ok(), admitted, "{provider:?} {person:?} {outcome:?}");
        }
    }

    #[test]
    fn a_first_sign_in_makes_a_viewer_and_the_configuration_an_administrator() {
        let mut config = SignInConfig::new("https://lot.example");
        config.administrators = vec!["boss@lot.example".into()];
        let provider = ProviderConfig::other("id", "https://id.example", "lot", None);
        let role = |email: &str, verified| {
            let person = person(Some(email), verified);
            signed_in(&config, &provider, &person, &new_user(&provider, &person, email, noon())).role
        };
        assert_eq!(role("ann@lot.example", true), Role::Viewer);
        assert_eq!(role("boss@lot.example", true), Role::Admin);
        assert_eq!(role("boss@lot.example", false), Role::Viewer);
    }

    #[test]
    fn an_invitation_is_taken_over_and_another_account_is_left_as_it_is() {
        let config = SignInConfig::new("https://lot.example");
        let provider = ProviderConfig::other("id", "https://id.example", "lot", None);
        let person = person(Some("ann@lot.example"), true);
        let user = new_user(&ProviderConfig::google("id", "secret"), &person, "ann@lot.example", noon());
        let invited = User { oauth_id: "invited:ann@lot.example".into(), role: Role::Manager, ..user.clone() };
        let taken = signed_in(&config, &provider, &person, &invited);
        assert_eq!((taken.oauth_provider.as_str(), taken.oauth_id.as_str(), taken.role), ("id", "7", Role::Manager));
        assert_eq!(signed_in(&config, &provider, &person, &user), user);
    }
}
