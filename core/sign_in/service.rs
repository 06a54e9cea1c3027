//! The operations of signing in.

use serde_json::Map;

use super::{Me, SignInLink, repository, rules};
use crate::{
    activity::{self, Action},
    actor::{Actor, Permission},
    desk::{Acting, Desk},
    error::{Error, ErrorCode, Result},
    secret,
    sessions::{self, IssuedSession, SessionConfig},
    users,
};

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

    /// Makes a link with which the user with this address signs in, once and within 15 minutes.
    ///
    /// # Errors
    /// `user_not_found`; `user_inactive`; `person_required` for a token; `forbidden` below the role admin.
    pub fn link(&self, email: &str) -> Result<SignInLink> {
        self.desk.actor().must_be_person()?;
        let email = email.trim().to_lowercase();
        let secret = rules::secret_of(secret::random()?);
        let hash = secret::hash(&secret);
        self.desk.write(Permission::ManageUsers, |conn, acting| {
            let user = users::find_by_email(conn, &email)?
                .ok_or_else(|| Error::new(ErrorCode::UserNotFound, "there is no user with this address"))?;
            users::role_of_active_user(conn, user.id)?;
            let expires_at = rules::end(acting.now);
            repository::insert(conn, &hash, user.id, acting.now, expires_at)?;
            activity::record_changes(conn, acting, Action::Create, "sign_in_links", user.id.into(), Map::new())?;
            Ok(SignInLink { user_id: user.id, secret: secret.clone(), expires_at })
        })
    }

    /// Whether a text has the form of a link's secret. Nothing is looked up.
    #[must_use]
    pub fn is_link(text: &str) -> bool {
        rules::is_secret(text)
    }

    /// Signs in by a link. The session has a new id and takes the place of the session of `replaced`, a cookie's value.
    ///
    /// # Errors
    /// `link_refused`, which does not say why; `user_inactive`; `not_configured` without secrets for sessions.
    pub fn redeem(&self, secret: &str, replaced: Option<&str>) -> Result<IssuedSession> {
        let config: &SessionConfig = self.desk.part()?;
        if !rules::is_secret(secret) {
            return Err(rules::refusal());
        }
        let hash = secret::hash(secret);
        self.desk.write(Permission::SignIn, |conn, acting| {
            let user = repository::redeem(conn, &hash, acting.now)?.ok_or_else(rules::refusal)?;
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
