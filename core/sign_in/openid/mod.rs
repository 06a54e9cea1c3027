//! The client of OpenID Connect providers: the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).
//!
//! A provider's metadata and keys are fetched when they are first needed, and kept. Calls go through the guard and the exchange of
//! `scrape::fetch`: no redirects, bounded in time and size. Deliberately not here: whose account it is, and the database.

mod id_token;
mod keys;
mod metadata;
mod person;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use url::{Url, form_urlencoded};

pub(super) use self::person::Person;
use self::{
    id_token::{Claims, Expected, Fault, Profile},
    keys::Keys,
    metadata::{Metadata, WELL_KNOWN},
};
use super::config::{ClientAuthentication, ProviderConfig, ProviderKind, SignInConfig, TENANT};
use crate::{
    desk::Part,
    error::{Error, ErrorCode, Result},
    scrape::fetch::{
        exchange::{Answer, Ask, BodyWanted, Exchanger},
        guard::Guard,
        names::system_lookup,
        stop,
    },
};

const USER_AGENT: &str = concat!("jpauto/", env!("CARGO_PKG_VERSION"));
const MAX_HEADER_BYTES: usize = 64 * 1024;
const MAX_BODY_BYTES: usize = 512 * 1024;
const MAX_REFUSAL_BYTES: usize = 16 * 1024;

/// After a failure the provider is left alone for so long, and nobody waits for it.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(3);
/// Tokens that name unknown keys have them fetched no more often than this.
const PAUSE_OF_KEYS: Duration = Duration::from_secs(10);
/// While a provider can not say anew what it said, that is used for so long.
const STALE_FOR: Duration = Duration::from_secs(86_400);

/// All providers of the configuration. A process has one.
pub(crate) struct Providers {
    config: SignInConfig,
    each: Vec<Provider>,
    exchanger: Exchanger,
    calls: AtomicUsize,
}

struct Provider {
    config: ProviderConfig,
    known: Mutex<Known>,
}

/// What a provider has said, and when.
#[derive(Default)]
struct Known {
    metadata: Option<(Instant, Arc<Metadata>)>,
    keys: Option<(Instant, Arc<Keys>)>,
    failed_at: Option<Instant>,
    /// When a token last named a key that was not known.
    looked_again_at: Option<Instant>,
}

/// What the browser is sent to a provider with.
pub(super) struct Authorization<'a> {
    pub(super) redirect_uri: &'a str,
    pub(super) state: &'a str,
    pub(super) nonce: &'a str,
    pub(super) challenge: &'a str,
}

/// What the browser came back with, and what belongs to it.
pub(super) struct Redemption<'a> {
    pub(super) code: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) nonce: &'a str,
    pub(super) verifier: &'a str,
    pub(super) now: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    profile: Profile,
}

/// One of the calls at a time.
struct Call<'a>(&'a AtomicUsize);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Part for Providers {
    const MISSING: &'static str = "nobody can sign in at a provider before one is configured: `sign_in`";
}

impl Providers {
    /// # Errors
    /// `invalid_sign_in_config`.
    pub(crate) fn new(config: SignInConfig) -> Result<Self> {
        let config = config.checked()?;
        // A company's provider may be in its own network. Who configures it decides that.
        let guard = Guard { allow_private_networks: true, allow_any_port: true, ..Guard::default() };
        let exchanger = Exchanger::new(HeaderValue::from_static(USER_AGENT), guard, system_lookup(), MAX_HEADER_BYTES);
        let each = config.providers.iter().map(|it| Provider { config: it.clone(), known: Mutex::default() }).collect();
        Ok(Self { config, each, exchanger, calls: AtomicUsize::new(0) })
    }

    pub(super) fn config(&self) -> &SignInConfig {
        &self.config
    }

    /// # Errors
    /// `unknown_provider`.
    pub(super) fn named(&self, name: &str) -> Result<&ProviderConfig> {
        Ok(&self.provider(name)?.config)
    }

    /// The address at which a person signs in.
    ///
    /// # Errors
    /// `unknown_provider`; `provider_unavailable`.
    pub(super) fn authorization_url(&self, name: &str, authorization: &Authorization<'_>) -> Result<String> {
        let provider = self.provider(name)?;
        let mut url = self.metadata(provider)?.authorization_endpoint.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.config.client_id)
            .append_pair("redirect_uri", authorization.redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("state", authorization.state)
            .append_pair("nonce", authorization.nonce)
            .append_pair("code_challenge", authorization.challenge)
            .append_pair("code_challenge_method", "S256");
        if provider.config.kind != ProviderKind::Other {
            // Who was refused with one account can choose another.
            query.append_pair("prompt", "select_account");
        }
        drop(query);
        Ok(url.into())
    }

    /// Checks the issuer that the browser brought along (RFC 9207).
    ///
    /// # Errors
    /// `sign_in_refused`.
    pub(super) fn check_issuer(&self, name: &str, issuer: Option<&str>) -> Result<()> {
        let provider = self.provider(name)?;
        let is_known = |issuer: &str| {
            let tenants = &provider.config.tenants;
            issuer == provider.config.issuer
                || tenants.iter().any(|tenant| issuer == provider.config.issuer_of(Some(tenant)))
        };
        let holds = match issuer {
            Some(issuer) => is_known(issuer),
            None => !self.metadata(provider)?.names_issuer,
        };
        if holds { Ok(()) } else { Err(refused("the answer in the browser is of another issuer")) }
    }

    /// Redeems a code, and answers who has signed in.
    ///
    /// # Errors
    /// `sign_in_refused`, which does not say why; `not_admitted` for another tenant; `provider_unavailable`;
    /// `provider_refused_us`.
    pub(super) fn person(&self, name: &str, redemption: &Redemption<'_>) -> Result<Person> {
        let provider = self.provider(name)?;
        let metadata = self.metadata(provider)?;
        let tokens = self.redeem(provider, &metadata, redemption)?;
        let token = tokens.id_token.ok_or_else(|| refused("the provider sent no ID token"))?;
        let claims = self.verified(provider, &metadata, &token, redemption)?;
        let profile = match (&metadata.userinfo_endpoint, tokens.access_token) {
            // A provider may say it there alone (OpenID Connect Core 1.0, section 5.4).
            (Some(endpoint), Some(access)) if claims.profile.email.is_null() => {
                self.profile(provider, endpoint, &access, &claims)?
            }
            _ => claims.profile.clone(),
        };
        Person::of(&provider.config, claims, profile).ok_or_else(|| refused("the ID token has no object id"))
    }

    fn provider(&self, name: &str) -> Result<&Provider> {
        self.each
            .iter()
            .find(|provider| provider.config.name == name)
            .ok_or_else(|| Error::new(ErrorCode::UnknownProvider, "there is no sign-in provider with this name"))
    }

    fn redeem(&self, provider: &Provider, metadata: &Metadata, redemption: &Redemption<'_>) -> Result<Tokens> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", redemption.code)
            .append_pair("redirect_uri", redemption.redirect_uri)
            .append_pair("code_verifier", redemption.verifier);
        let id = &provider.config.client_id;
        let mut headers = HeaderMap::new();
        match (&provider.config.client_secret, metadata.authentication) {
            (Some(secret), ClientAuthentication::Basic) => {
                headers.insert(AUTHORIZATION, basic(id, secret)?);
            }
            (Some(secret), ClientAuthentication::Post) => {
                form.append_pair("client_id", id).append_pair("client_secret", secret);
            }
            (None, _) => {
                form.append_pair("client_id", id);
            }
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let answer = self.call(provider, &metadata.token_endpoint, headers, Some(form.finish()))?;
        if answer.status != 200 {
            return Err(token_refusal(provider, &answer));
        }
        serde_json::from_slice(&answer.body).map_err(|reason| {
            tracing::warn!(provider = provider.config.name, %reason, "the answer of a token endpoint can not be read");
            refused("the answer of the token endpoint can not be read")
        })
    }

    /// The claims of the token. A key that is not known yet may be a new one.
    fn verified(
        &self,
        provider: &Provider,
        metadata: &Metadata,
        token: &str,
        redemption: &Redemption<'_>,
    ) -> Result<Claims> {
        let config = &provider.config;
        let issuer_of = |tenant: Option<&str>| match config.kind {
            ProviderKind::Microsoft => {
                let tenant = tenant.filter(|tenant| config.tenants.iter().any(|known| known == tenant))?;
                Some(config.issuer_of(Some(tenant)))
            }
            ProviderKind::Google | ProviderKind::Other => Some(config.issuer.clone()),
        };
        let expected = Expected {
            issuer_of: &issuer_of,
            client_id: &config.client_id,
            nonce: redemption.nonce,
            algorithms: &metadata.algorithms,
            now: redemption.now,
        };
        let keys = self.keys(provider, metadata)?;
        let mut outcome = id_token::verify(token, &keys, &expected);
        if matches!(outcome, Err(Fault::UnknownKey))
            && let Some(newer) = self.newer_keys(provider, metadata)?
        {
            outcome = id_token::verify(token, &newer, &expected);
        }
        outcome.map_err(|fault| match fault {
            Fault::Tenant => Error::new(ErrorCode::NotAdmitted, "accounts of this organisation may not sign in here"),
            Fault::UnknownKey => refused("no key of the provider has signed the ID token"),
            Fault::Unbelievable(what) => refused(what),
        })
    }

    fn profile(&self, provider: &Provider, endpoint: &Url, access: &str, claims: &Claims) -> Result<Profile> {
        let mut headers = HeaderMap::new();
        let mut value = HeaderValue::from_str(&format!("Bearer {access}"))
            .map_err(|_reason| refused("the access token can not be sent"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        let answer = self.call(provider, endpoint, headers, None)?;
        let info = serde_json::from_slice::<UserInfo>(&answer.body).ok().filter(|_| answer.status == 200);
        match info {
            Some(info) if info.sub == claims.sub => Ok(info.profile),
            Some(_) => Err(refused("the UserInfo endpoint answers with somebody else")),
            None => {
                tracing::warn!(provider = provider.config.name, status = answer.status, "no answer of UserInfo");
                Ok(claims.profile.clone())
            }
        }
    }

    /// What the provider says about itself, fetched where it is not known or old.
    fn metadata(&self, provider: &Provider) -> Result<Arc<Metadata>> {
        let known = provider.known().metadata.clone();
        self.kept(provider, known, || {
            let tenant = match provider.config.tenants.as_slice() {
                [] => None,
                [only] => Some(only.as_str()),
                // The document for all tenants has a template in the place of the issuer.
                _ => Some("common"),
            };
            let address = format!("{}{WELL_KNOWN}", provider.config.issuer_of(tenant).trim_end_matches('/'));
            let issuer = provider.config.issuer_of(tenant.filter(|tenant| *tenant != "common"));
            let url = self.config.address(&address).ok_or_else(|| no_answer(provider))?;
            let answer = self.call(provider, &url, HeaderMap::new(), None)?;
            let metadata = match answer.status {
                200 => metadata::read(&answer.body, &issuer, &provider.config, &self.config),
                status => Err(format!("status {status}")),
            };
            let metadata = Arc::new(metadata.map_err(|reason| unreadable(provider, "metadata", &reason))?);
            provider.known().metadata = Some((Instant::now(), Arc::clone(&metadata)));
            Ok(metadata)
        })
    }

    fn keys(&self, provider: &Provider, metadata: &Metadata) -> Result<Arc<Keys>> {
        let known = provider.known().keys.clone();
        self.kept(provider, known, || self.fetch_keys(provider, metadata))
    }

    /// The keys as they are now, if nobody has just looked.
    fn newer_keys(&self, provider: &Provider, metadata: &Metadata) -> Result<Option<Arc<Keys>>> {
        {
            let mut known = provider.known();
            if known.looked_again_at.is_some_and(|since| since.elapsed() < PAUSE_OF_KEYS) {
                return Ok(None);
            }
            known.looked_again_at = Some(Instant::now());
        }
        self.fetch_keys(provider, metadata).map(Some)
    }

    fn fetch_keys(&self, provider: &Provider, metadata: &Metadata) -> Result<Arc<Keys>> {
        let answer = self.call(provider, &metadata.jwks_uri, HeaderMap::new(), None)?;
        let keys = match answer.status {
            200 => Keys::read(&answer.body),
            status => Err(format!("status {status}")),
        };
        let keys = Arc::new(keys.map_err(|reason| unreadable(provider, "keys", &reason))?);
        provider.known().keys = Some((Instant::now(), Arc::clone(&keys)));
        Ok(keys)
    }

    /// What is known, or what is fetched now if that is old. If it can not be fetched, what is old holds on for a day.
    fn kept<T>(
        &self,
        provider: &Provider,
        known: Option<(Instant, Arc<T>)>,
        fetch: impl FnOnce() -> Result<Arc<T>>,
    ) -> Result<Arc<T>> {
        let old = match known {
            Some((since, value)) if since.elapsed() < self.config.kept_for => return Ok(value),
            Some((since, value)) => Some(value).filter(|_| since.elapsed() < STALE_FOR),
            None => None,
        };
        let has_just_failed = provider.known().failed_at.is_some_and(|since| since.elapsed() < PAUSE_AFTER_FAILURE);
        let fetched = if has_just_failed { Err(no_answer(provider)) } else { fetch() };
        match (fetched, old) {
            (Err(reason), Some(old)) => {
                tracing::warn!(provider = provider.config.name, %reason, "what the provider said before is still used");
                Ok(old)
            }
            (fetched, _) => fetched,
        }
    }

    fn call(&self, provider: &Provider, url: &Url, mut headers: HeaderMap, body: Option<String>) -> Result<Answer> {
        let _call = self.one_of_the_calls()?;
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let ask = Ask { url: url.clone(), headers, body };
        let wanted = |status: u16, _: &HeaderMap| match status {
            200 => BodyWanted::UpTo(MAX_BODY_BYTES),
            _ => BodyWanted::Glimpse(MAX_REFUSAL_BYTES),
        };
        let answer = self.exchanger.exchange(ask, self.config.call_timeout, wanted, &stop::NEVER);
        match answer {
            Ok(answer) if answer.status < 500 && answer.status != 429 => Ok(answer),
            Ok(answer) => Err(self.failed(provider, &format!("status {}", answer.status))),
            // The address is the configuration's or the provider's own, and holds no secret.
            Err(reason) => Err(self.failed(provider, &format!("{reason:?}"))),
        }
    }

    fn failed(&self, provider: &Provider, reason: &str) -> Error {
        tracing::warn!(provider = provider.config.name, reason, "a sign-in provider does not answer");
        provider.known().failed_at = Some(Instant::now());
        no_answer(provider)
    }

    fn one_of_the_calls(&self) -> Result<Call<'_>> {
        let call = Call(&self.calls);
        if self.calls.fetch_add(1, Ordering::AcqRel) < self.config.calls_at_once {
            return Ok(call);
        }
        let message = "as many people as may are signing in at this moment";
        Err(Error::new(ErrorCode::ProviderUnavailable, message).with_retry_after(Duration::from_secs(1)))
    }
}

impl Provider {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Providers").field("config", &self.config).finish_non_exhaustive()
    }
}

/// RFC 6749, section 2.3.1: both parts are encoded as in a form.
fn basic(id: &str, secret: &str) -> Result<HeaderValue> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
    let mut value = HeaderValue::from_str(&format!("Basic {pair}"))
        .map_err(|_reason| Error::new(ErrorCode::InvalidSignInConfig, "the client's secret can not be sent"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A code that is wrong is the browser's fault, a client that is wrong is ours.
fn token_refusal(provider: &Provider, answer: &Answer) -> Error {
    let error = serde_json::from_slice::<Refusal>(&answer.body).map(|refusal| refusal.error).unwrap_or_default();
    // The words of RFC 6749, section 5.2. What else a provider writes is not repeated.
    let known = ["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope"];
    let word = known.into_iter().find(|known| *known == error).unwrap_or("unknown");
    tracing::warn!(provider = provider.config.name, status = answer.status, error = word, "a code was not redeemed");
    if word == "invalid_grant" {
        return refused("the provider does not take the code");
    }
    let message = format!("{} does not accept this server as its client ({word})", provider.config.title);
    Error::new(ErrorCode::ProviderRefusedUs, message)
}

fn unreadable(provider: &Provider, what: &str, reason: &str) -> Error {
    tracing::error!(provider = provider.config.name, reason, what, "what a sign-in provider says can not be used");
    provider.known().failed_at = Some(Instant::now());
    no_answer(provider)
}

fn no_answer(provider: &Provider) -> Error {
    let message = format!("{} does not answer as it should", provider.config.title);
    Error::new(ErrorCode::ProviderUnavailable, message).with_retry_after(PAUSE_AFTER_FAILURE)
}

/// What everybody hears whose sign-in does not hold. The log has the reason.
fn refused(reason: &'static str) -> Error {
    tracing::warn!(reason, "a sign-in was refused");
    Error::new(ErrorCode::SignInRefused, "what the provider answered does not hold")
}
