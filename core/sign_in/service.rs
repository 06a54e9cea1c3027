//! The operations of signing in.

use serde_json::Map;

use super::{
    Callback, Me, Pending, SignInLink, SignInProvider, SignInStart, SignedIn,
    config::ProviderConfig,
    openid::{Authorization, Person, Providers, Redemption},
    repository, rules,
};
use crate::{
    activity::{self, Action},
    actor::{Actor, Permission},
    db::{DbConnection, DbResult},
    desk::{Acting, Desk, Turns},
    error::{Error, ErrorCode, Result},
    network, secret,
    sessions::{self, IssuedSession, SessionConfig},
    users::{self, User},
};

/// Expired rows that one transaction deletes.
const ROWS_A_REMOVAL: usize = 1_000;

/// What has expired and is deleted when somebody begins to sign in, so that the table stays small where nobody cleans up.
const SWEPT_AT_BEGIN: i64 = 100;

/// Signing in.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// Signing in, and who one is.
    #[must_use]
    pub fn sign_in(&self) -> SignIn<'_> {
        SignIn::at(self)
    }
}

impl<'a> SignIn<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// The providers at which people can sign in.
    #[must_use]
    pub fn providers(&self) -> Vec<SignInProvider> {
        let providers = self.desk.find_part::<Providers>().filter(|_| self.desk.find_part::<SessionConfig>().is_some());
        let providers = providers.map(|providers| providers.config().providers.as_slice()).unwrap_or_default();
        providers.iter().map(|it| SignInProvider { name: it.name.clone(), title: it.title.clone() }).collect()
    }

    /// Begins to sign in at a provider: answers the address that the browser must go to, and a secret for a cookie.
    ///
    /// `redirect_uri` is where the provider sends the browser back to, below the public address; it must be registered there.
    /// `return_to` is the path on this server that the browser goes on to. `browser` is the secret of the cookie, if there is one
    /// already: two tabs of a browser sign in side by side.
    ///
    /// # Errors
    /// `unknown_provider`; `invalid_return_to`; `provider_unavailable`; `too_many_sign_ins` with the time to wait; `not_configured`
    /// without providers or without secrets for sessions.
    pub fn begin(
        &self,
        provider: &str,
        redirect_uri: &str,
        return_to: &str,
        browser: Option<&str>,
    ) -> Result<SignInStart> {
        let (providers, _) = (self.desk.part::<Providers>()?, self.desk.part::<SessionConfig>()?);
        let config = providers.config();
        providers.named(provider)?;
        rules::check_redirect(config, redirect_uri)?;
        let client = self.desk.actor().ip().map(|ip| network::client_network(ip).to_string());
        let (provider, redirect_uri) = (provider.to_owned(), redirect_uri.to_owned());
        let pending = Pending { provider, redirect_uri, return_to: rules::local_path(return_to)?, client };
        let state = rules::state_of(secret::random()?);
        let browser = match browser.filter(|secret| rules::is_browser(secret)) {
            Some(known) => known.to_owned(),
            None => rules::browser_of(secret::random()?),
        };
        let ties = rules::ties(&browser, &state);
        let url = providers.authorization_url(
            &pending.provider,
            &Authorization {
                redirect_uri: &pending.redirect_uri,
                state: &state,
                nonce: &ties.nonce,
                challenge: &rules::challenge_of(&ties.verifier),
            },
        )?;
        let (state_hash, browser_hash) = (secret::hash(&state), secret::hash(&browser));
        let expires_at = self.desk.write(Permission::SignIn, |conn, acting| {
            repository::delete_expired_states(conn, acting.now, SWEPT_AT_BEGIN)?;
            repository::delete_expired_links(conn, acting.now, SWEPT_AT_BEGIN)?;
            if let Some(client) = &pending.client
                && repository::count_of_client(conn, client, acting.now)? >= i64::from(config.most_per_client)
            {
                let message = "too many sign-ins from this address are under way";
                return Err(Error::new(ErrorCode::TooManySignIns, message).with_retry_after(config.lifetime).into());
            }
            let end = acting.now + config.lifetime;
            repository::insert_state(conn, &state_hash, &browser_hash, &pending, acting.now, end)?;
            Ok(end)
        })?;
        Ok(SignInStart { url, browser, expires_at })
    }

    /// Ends a sign-in with what the provider sent the browser back with. The session has a new id and takes the place of the
    /// session of `replaced`, a cookie's value; `browser` is the secret that [`SignIn::begin`] answered.
    ///
    /// # Errors
    /// `sign_in_expired` for a state that is unknown, used, late or of another browser; `sign_in_denied` by the person or the provider;
    /// `sign_in_refused` for a code or an ID token that does not hold; `provider_unavailable`, `provider_refused_us`;
    /// `email_missing`, `email_not_verified`, `not_admitted`; `user_inactive`; `unknown_provider`; `not_configured`.
    pub fn finish(
        &self,
        provider: &str,
        callback: &Callback,
        browser: Option<&str>,
        replaced: Option<&str>,
    ) -> Result<SignedIn> {
        let (providers, sessions) = (self.desk.part::<Providers>()?, self.desk.part::<SessionConfig>()?);
        let config = providers.named(provider)?;
        let (state, browser) = (callback.state.as_deref().unwrap_or_default(), browser.unwrap_or_default());
        if !rules::is_state(state) || !rules::is_browser(browser) {
            return Err(rules::state_refusal());
        }
        let (state_hash, browser_hash) = (secret::hash(state), secret::hash(browser));
        // Whatever comes of it, the state is used up.
        let pending = self.desk.write(Permission::SignIn, |conn, acting| {
            repository::take_state(conn, &state_hash, &browser_hash, acting.now)
        })?;
        let pending = pending.filter(|it| it.provider == provider).ok_or_else(rules::state_refusal)?;
        providers.check_issuer(provider, callback.iss.as_deref())?;
        let code = callback.code_of(config)?;
        let ties = rules::ties(browser, state);
        let person = providers.person(
            provider,
            &Redemption {
                code,
                redirect_uri: &pending.redirect_uri,
                nonce: &ties.nonce,
                verifier: &ties.verifier,
                now: self.desk.now(),
            },
        )?;
        let session = self.desk.write(Permission::SignIn, |conn, acting| {
            let user = account_of(conn, acting, providers, config, &person)?;
            users::note_sign_in(conn, user.id, acting.now)?;
            let actor = acting.actor.as_actor(Actor::user(user.id));
            sessions::begin(conn, Acting { actor: &actor, ..acting }, sessions, user.id, replaced)
        })?;
        Ok(SignedIn { session, return_to: pending.return_to })
    }

    /// How many sign-ins that had begun, and how many links, have expired and are still stored.
    ///
    /// # Errors
    /// `forbidden` below the role admin.
    pub fn count_expired(&self) -> Result<usize> {
        let now = self.desk.now();
        self.desk.read(Permission::CleanUp, |conn| repository::count_expired(conn, now))
    }

    /// Deletes links and sign-ins that have expired, in transactions of a bounded size, and answers how many.
    ///
    /// # Errors
    /// `forbidden` below the role admin.
    pub fn prune(&self) -> Result<usize> {
        let turns = Turns::new(self.desk, Permission::CleanUp, ROWS_A_REMOVAL);
        let states = turns.remove(usize::MAX, repository::delete_expired_states)?;
        Ok(states + turns.remove(usize::MAX, repository::delete_expired_links)?)
    }

    /// Makes a link with which the user with this address signs in, once and within 15 minutes.
    ///
    /// # Errors
    /// `user_not_found`; `user_inactive`; `person_required` for a token; `forbidden` below the role admin.
    pub fn link(&self, email: &str) -> Result<SignInLink> {
        self.desk.must(Permission::ManageUsers)?;
        self.desk.actor().must_be_person()?;
        let secret = rules::link_of(secret::random()?);
        let hash = secret::hash(&secret);
        self.desk.write(Permission::ManageUsers, |conn, acting| {
            let user = users::find_by_email(conn, email.trim())?
                .ok_or_else(|| Error::new(ErrorCode::UserNotFound, "there is no user with this address"))?;
            users::role_of_active_user(conn, user.id)?;
            let expires_at = rules::link_end(acting.now);
            repository::insert_link(conn, &hash, user.id, acting.now, expires_at)?;
            activity::record_changes(conn, acting, Action::Create, "sign_in_links", user.id.into(), Map::new())?;
            Ok(SignInLink { user_id: user.id, secret: secret.clone(), expires_at })
        })
    }

    /// Whether a text has the form of a link's secret. Nothing is looked up.
    #[must_use]
    pub fn is_link(text: &str) -> bool {
        rules::is_link(text)
    }

    /// Signs in by a link. The session has a new id and takes the place of the session of `replaced`, a cookie's value.
    ///
    /// # Errors
    /// `link_refused`, which does not say why; `user_inactive`; `not_configured` without secrets for sessions.
    pub fn redeem(&self, secret: &str, replaced: Option<&str>) -> Result<IssuedSession> {
        let config: &SessionConfig = self.desk.part()?;
        if !rules::is_link(secret) {
            return Err(rules::link_refusal());
        }
        let hash = secret::hash(secret);
        self.desk.write(Permission::SignIn, |conn, acting| {
            let user = repository::redeem_link(conn, &hash, acting.now)?.ok_or_else(rules::link_refusal)?;
            users::role_of_active_user(conn, user)?;
            users::note_sign_in(conn, user, acting.now)?;
            let actor = acting.actor.as_actor(Actor::user(user));
            sessions::begin(conn, Acting { actor: &actor, ..acting }, config, user, replaced)
        })
    }

    /// Who the actor is, and what it may do now.
    ///
    /// # Errors
    /// `not_signed_in` for the public; `user_inactive`.
    pub fn me(&self) -> Result<Me> {
        self.desk.read(Permission::ReadOwnAccount, |conn| {
            let role = self.desk.authorize(conn, Permission::ReadOwnAccount)?;
            let actor = self.desk.actor();
            let user = actor.user_id().map(|id| users::get(conn, id)).transpose()?;
            Ok(Me { user, token_id: actor.token_id(), role })
        })
    }
}

/// The user of a person: found by the account at the provider, or by an address that is proven on both sides, or made now.
fn account_of(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    providers: &Providers,
    provider: &ProviderConfig,
    person: &Person,
) -> DbResult<User> {
    let hash = rules::identity_hash(person);
    let (before, is_tied) = match repository::user_of_identity(conn, &hash)? {
        Some(id) => (Some(users::get(conn, id)?), true),
        None => (known_otherwise(conn, provider, person)?, false),
    };
    let config = providers.config();
    let before = match before {
        // Somebody may be deactivating the user, which a row read before would undo.
        Some(user) if rules::signed_in(config, provider, person, &user) != user => {
            Some(users::get_to_change(conn, user.id)?)
        }
        other => other,
    };
    if let Some(user) = &before {
        users::role_of_active_user(conn, user.id)?;
    }
    let user = match &before {
        Some(user) => user.clone(),
        None => {
            rules::admit(config, provider, person)?;
            let email = person.email.as_deref().ok_or_else(|| rules::missing_address(provider))?;
            rules::new_user(provider, person, email, acting.now)
        }
    };
    let user = rules::signed_in(config, provider, person, &user);
    let actor = acting.actor.as_actor(Actor::user(user.id));
    let acting = Acting { actor: &actor, ..acting };
    match &before {
        None => {
            users::insert(conn, &user)?;
            activity::record(conn, acting, Action::Create, None, Some(&user))?;
        }
        Some(before) if *before != user => {
            users::update(conn, &user)?;
            activity::record(conn, acting, Action::Update, Some(before), Some(&user))?;
        }
        Some(_) => {}
    }
    let is_proven = rules::proves_address(person, &user);
    if !is_tied {
        repository::insert_identity(conn, &hash, &person.issuer, user.id, is_proven, acting.now)?;
    } else if is_proven {
        repository::mark_verified(conn, &hash)?;
    }
    Ok(user)
}

/// The user that another application made for this account, or the one with the person's address.
fn known_otherwise(conn: &mut DbConnection, provider: &ProviderConfig, person: &Person) -> DbResult<Option<User>> {
    if rules::may_be_stored_elsewhere(provider)
        && let Some(user) = users::find_by_account(conn, &provider.name, &person.subject)?
    {
        return Ok(Some(user));
    }
    let Some(email) = person.email.as_deref() else { return Ok(None) };
    let Some(user) = users::find_by_email(conn, email)? else { return Ok(None) };
    if person.email_verified && repository::has_proven_address(conn, user.id)? {
        return Ok(Some(user));
    }
    Err(rules::address_refusal(provider).into())
}
