//! The operations on sessions. Signing in, which begins one, is in `sign_in`.

use serde_json::Map;

use super::{IssuedSession, ResumedSession, SessionConfig, cookie, repository, rules};
use crate::{
    activity::{self, Action},
    actor::{Actor, Permission},
    db::{DbConnection, DbResult},
    desk::{Acting, Desk, Turns},
    error::{ErrorCode, Result},
    ids::UserId,
};

/// The audit trail names a session by its user.
const RESOURCE: &str = "sessions";

/// Expired sessions that one transaction deletes.
const ROWS_A_REMOVAL: usize = 1_000;

/// Expired sessions that a sign-in deletes, so that the table stays small where nobody cleans up.
const SWEPT_AT_SIGN_IN: i64 = 100;

/// Sessions of people who are signed in.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// Sessions of people who are signed in.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::at(self)
    }
}

/// Begins a session with a new id, and ends the one of the replaced cookie.
pub(crate) fn begin(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    config: &SessionConfig,
    user: UserId,
    replaced: Option<&str>,
) -> DbResult<IssuedSession> {
    if let Some(old) = replaced.and_then(|value| cookie::verify(value, &config.secrets)) {
        repository::delete(conn, old)?;
    }
    repository::delete_expired(conn, acting.now, SWEPT_AT_SIGN_IN)?;
    let id = cookie::new_id()?;
    let expires_at = rules::first_end(config, acting.now);
    repository::insert(conn, &id, &rules::stored(user, config, acting.now).to_string(), expires_at)?;
    activity::record_changes(conn, acting, Action::SignIn, RESOURCE, user.into(), Map::new())?;
    // The configuration was checked to have a secret.
    let secret = config.secrets.first().map_or("", String::as_str);
    Ok(IssuedSession { user_id: user, cookie: cookie::sign(&id, secret), expires_at })
}

impl<'a> Sessions<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// Goes on with the session of a cookie, and extends it when it is due.
    ///
    /// `None` if no secret has signed the cookie, or the session is unknown, has ended or has no user.
    ///
    /// # Errors
    /// As any read.
    pub fn resume(&self, value: &str) -> Result<Option<ResumedSession>> {
        let Some(config) = self.desk.find_part::<SessionConfig>() else { return Ok(None) };
        let Some(id) = cookie::verify(value, &config.secrets) else { return Ok(None) };
        let now = self.desk.now();
        let found = self.desk.read(Permission::SignIn, |conn| repository::find(conn, id))?;
        let session = found.and_then(|(stored, expires_at)| rules::read(&stored, expires_at));
        let Some(session) = session.filter(|session| rules::is_live(session, config, now)) else { return Ok(None) };
        if rules::is_new_here(&session) {
            let time = rules::written(now);
            self.note(|conn| repository::note_first_sight(conn, id, &time));
        }
        let extended_to = rules::extension(&session, config, now);
        if let Some(end) = extended_to {
            self.note(|conn| repository::extend(conn, id, end));
        }
        let actor = self.desk.actor().as_actor(Actor::user(session.user_id));
        Ok(Some(ResumedSession { actor, extended_to }))
    }

    /// Writes into a session that goes on. It is good without that.
    fn note(&self, change: impl Fn(&mut DbConnection) -> DbResult<()>) {
        match self.desk.write(Permission::SignIn, |conn, _acting| change(conn)) {
            Ok(()) => {}
            Err(error) if error.is(ErrorCode::DatabaseReadOnly) => tracing::debug!("a session is not written"),
            Err(error) => tracing::warn!(?error, "a session could not be written"),
        }
    }

    /// Ends the session of a cookie, and answers how many ended: one or none.
    ///
    /// # Errors
    /// As any write.
    pub fn destroy(&self, value: &str) -> Result<usize> {
        let Some(config) = self.desk.find_part::<SessionConfig>() else { return Ok(0) };
        let Some(id) = cookie::verify(value, &config.secrets) else { return Ok(0) };
        self.desk.write(Permission::SignIn, |conn, acting| {
            let session = repository::find(conn, id)?.and_then(|(stored, end)| rules::read(&stored, end));
            let ended = repository::delete(conn, id)?;
            let Some(session) = session else { return Ok(ended) };
            let actor = acting.actor.as_actor(Actor::user(session.user_id));
            let acting = Acting { actor: &actor, ..acting };
            activity::record_changes(conn, acting, Action::SignOut, RESOURCE, session.user_id.into(), Map::new())?;
            Ok(ended)
        })
    }

    /// Ends all sessions of a user, on all devices, and answers how many. Those of others take the role admin, and so does an API token:
    /// it acts for its user, and is not the person who has signed in.
    ///
    /// # Errors
    /// `forbidden` for the sessions of others.
    pub fn destroy_all_of(&self, user: UserId) -> Result<usize> {
        let actor = self.desk.actor();
        let is_own = actor.token_id().is_none() && actor.user_id() == Some(user);
        let permission = if is_own { Permission::ReadOwnAccount } else { Permission::ManageUsers };
        self.desk.write(permission, |conn, acting| {
            let ended = repository::delete_of_user(conn, &user.to_string())?;
            activity::record_changes(conn, acting, Action::SignOut, RESOURCE, user.into(), Map::new())?;
            Ok(ended)
        })
    }

    /// How many sessions have ended and are still stored.
    ///
    /// # Errors
    /// `forbidden` below the role admin.
    pub fn count_expired(&self) -> Result<usize> {
        let now = self.desk.now();
        self.desk.read(Permission::CleanUp, |conn| repository::count_expired(conn, now))
    }

    /// Deletes the sessions that have ended, in transactions of a bounded size, and answers how many.
    ///
    /// # Errors
    /// `forbidden` below the role admin.
    pub fn prune(&self) -> Result<usize> {
        Turns::new(self.desk, Permission::CleanUp, ROWS_A_REMOVAL).remove(usize::MAX, repository::delete_expired)
    }
}
