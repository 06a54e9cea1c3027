//! The operations on API tokens.

use chrono::{DateTime, Utc};

use super::{IssuedToken, NewToken, Token, repository, rules};
use crate::{
    activity::{self, Action},
    actor::{Actor, Permission, Role},
    clock::Clock,
    db::{DbConnection, DbResult},
    desk::Desk,
    error::{ErrorCode, Result},
    ids::{TokenId, UserId},
    page::{Page, PageRequest},
    secret,
    typed::Reference,
    users,
};

/// API tokens. Users manage their own, administrators everybody's.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// API tokens for machines.
    #[must_use]
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens::at(self)
    }
}

/// The role that the actor has now, if it is a user or a token.
///
/// # Errors
/// `user_inactive` for a user who is unknown or deactivated, and for a token of such a user; `token_refused`.
pub(crate) fn role_of(conn: &mut DbConnection, actor: &Actor, clock: &Clock) -> DbResult<Option<Role>> {
    let creator = actor.user_id().map(|id| users::role_of_active_user(conn, id)).transpose()?;
    let Some(id) = actor.token_id() else { return Ok(creator) };
    let (token, _) = repository::find_with_hash(conn, id)?.ok_or_else(rules::refusal)?;
    if rules::is_valid(&token, clock.now()) {
        Ok(Some(rules::role_for(&token, creator)))
    } else {
        Err(rules::refusal().into())
    }
}

/// The tokens with what is known of their users.
fn of_users(conn: &mut DbConnection, tokens: Vec<Token>, now: DateTime<Utc>) -> DbResult<Vec<Token>> {
    let users = users::addresses(conn, tokens.iter().filter_map(|token| token.user_id))?;
    let of_user = |token: Token| {
        let user = token.user_id.and_then(|id| users.get(&id));
        rules::of_user(token, user, now)
    };
    Ok(tokens.into_iter().map(of_user).collect())
}

fn of_user(conn: &mut DbConnection, token: Token, now: DateTime<Utc>) -> DbResult<Token> {
    let users = users::addresses(conn, token.user_id)?;
    let user = token.user_id.and_then(|id| users.get(&id));
    Ok(rules::of_user(token, user, now))
}

impl<'a> Tokens<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// Creates a token. A user's token acts for the user, with the token's role or the user's if that is lower.
    ///
    /// The secret is in the answer and nowhere else.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, NewToken, Role};
    ///
    /// let dealership = Dealership::open("sqlite::memory:")?;
    /// let new = NewToken { name: "export".into(), role: Role::Viewer, expires_at: None };
    /// let issued = dealership.acting_as(Actor::system()).tokens().create(&new)?;
    ///
    /// // A machine sends the secret ...
    /// let machine = dealership.acting_as(Actor::public()).tokens().authenticate(&issued.secret)?;
    /// // ... and acts with the token's role.
    /// assert_eq!(dealership.acting_as(machine).inventory().statistics()?.total.count, 0);
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_token` with the fields at fault; `role_above_own`; `person_required`; `randomness_unavailable`.
    pub fn create(&self, new: &NewToken) -> Result<IssuedToken> {
        self.desk.actor().must_be_person()?;
        let random = secret::random()?;
        self.desk.write(Permission::ManageOwnTokens, |conn, acting| {
            let role = self.desk.authorize(conn, Permission::ManageOwnTokens)?;
            let token = rules::create(new, acting.actor, role, acting.now)?;
            let secret = rules::secret_of(token.id, random);
            repository::insert(conn, &token, &secret::hash(&secret))?;
            activity::record(conn, acting, Action::Create, None, Some(&token))?;
            let token = of_user(conn, token, acting.now)?;
            Ok(IssuedToken { token, secret })
        })
    }

    /// The actor's own tokens, newest first. Administrators see everybody's.
    ///
    /// # Errors
    /// `person_required`; `invalid_cursor`.
    pub fn list(&self, page: &PageRequest) -> Result<Page<Token>> {
        self.desk.actor().must_be_person()?;
        self.desk.read(Permission::ManageOwnTokens, |conn| {
            let of = self.whose(conn)?;
            let mut tokens = repository::list(conn, of, page)?;
            tokens.items = of_users(conn, tokens.items, self.desk.now())?;
            Ok(tokens)
        })
    }

    /// One token.
    ///
    /// # Errors
    /// `token_not_found`, also for another user's token below the role admin; `person_required`.
    pub fn get(&self, id: TokenId) -> Result<Token> {
        self.desk.actor().must_be_person()?;
        self.desk.read(Permission::ManageOwnTokens, |conn| {
            let of = self.whose(conn)?;
            let token = repository::get(conn, id, of)?;
            of_user(conn, token, self.desk.now())
        })
    }

    /// The token of this id or name, or the only one whose id begins so.
    ///
    /// # Errors
    /// `token_not_found`, also for another user's token below the role admin; `ambiguous_reference`, naming the candidates;
    /// `person_required`.
    pub fn find(&self, text: &str) -> Result<Token> {
        self.desk.actor().must_be_person()?;
        self.desk.must(Permission::ManageOwnTokens)?;
        let reference = Reference::read(text).ok_or_else(repository::not_found)?;
        let found = self.desk.read(Permission::ManageOwnTokens, |conn| {
            let of = self.whose(conn)?;
            let tokens = repository::candidates(conn, &reference, of)?;
            of_users(conn, tokens, self.desk.now())
        })?;
        reference.only(found, repository::not_found, |token| (token.id.into(), token.name.clone()))
    }

    /// Revokes a token. It is refused from now on. Revoking it again changes nothing.
    ///
    /// # Errors
    /// `token_not_found`, also for another user's token below the role admin; `person_required`.
    pub fn revoke(&self, id: TokenId) -> Result<Token> {
        self.desk.actor().must_be_person()?;
        self.desk.write(Permission::ManageOwnTokens, |conn, acting| {
            let of = self.whose(conn)?;
            let token = repository::get_to_change(conn, id, of)?;
            let before = of_user(conn, token, acting.now)?;
            let after = rules::revoke(&before, acting.now);
            if after.revoked_at != before.revoked_at {
                repository::mark_revoked(conn, &after)?;
                activity::record(conn, acting, Action::Revoke, Some(&before), Some(&after))?;
            }
            Ok(after)
        })
    }

    /// The actor who sends this secret, with the address and client of this desk's actor.
    ///
    /// Whether the token and its creator may act is read again with each operation.
    ///
    /// # Errors
    /// `token_refused`, which does not say why; `user_inactive` for a token of a user who may not act.
    pub fn authenticate(&self, secret: &str) -> Result<Actor> {
        Ok(self.desk_of(secret)?.actor().clone())
    }

    /// The desk of the actor who sends this secret.
    ///
    /// Reads in the next moment trust what was read here; writes, and later reads, look at the token and its creator again.
    ///
    /// # Errors
    /// As [`Self::authenticate`].
    pub fn desk_of(&self, secret: &str) -> Result<Desk> {
        let id = rules::id_in(secret).ok_or_else(rules::refusal)?;
        let hash = secret::hash(secret);
        let now = self.desk.now();
        let (token, role) = self.desk.read(Permission::SignIn, |conn| {
            let (token, stored) = repository::find_with_hash(conn, id)?.ok_or_else(rules::refusal)?;
            if !secret::is_same(hash.as_bytes(), stored.as_bytes()) || !rules::is_valid(&token, now) {
                return Err(rules::refusal().into());
            }
            let creator = token.user_id.map(|id| users::role_of_active_user(conn, id)).transpose()?;
            let role = rules::role_for(&token, creator);
            Ok((token, role))
        })?;
        let since = rules::use_noted_since(now);
        if token.last_used_at.is_none_or(|last| last <= since) {
            self.note_use(id, since);
        }
        let actor = self.desk.actor().as_actor(Actor::token(id, token.user_id));
        Ok(self.desk.of_seen(actor, role))
    }

    /// A failure to note the use is no reason to refuse the token: the database may be open for reading only.
    fn note_use(&self, id: TokenId, since: DateTime<Utc>) {
        let noted =
            self.desk.write(Permission::SignIn, |conn, acting| repository::note_use(conn, id, since, acting.now));
        match noted {
            Ok(()) => {}
            Err(error) if error.is(ErrorCode::DatabaseReadOnly) => tracing::debug!("the use of a token is not noted"),
            Err(error) => tracing::warn!(?error, "the use of a token could not be noted"),
        }
    }

    /// Whose tokens the actor manages: everybody's (`None`) or the user's own.
    fn whose(&self, conn: &mut DbConnection) -> DbResult<Option<UserId>> {
        let role = self.desk.authorize(conn, Permission::ManageOwnTokens)?;
        let actor = self.desk.actor();
        Ok(if actor.must(Permission::ManageTokens, role).is_ok() { None } else { actor.user_id() })
    }
}
