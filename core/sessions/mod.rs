//! Sessions of people, in the table and cookies of express-session and connect-pg-simple, so that a Node server may share them.
//!
//! The user stands where Passport puts it. What other servers keep in a session stays: extending one changes its end alone. A
//! session that this library made ends after `idle` without a request and after `longest` in any case; one that a Node server
//! made is read, extended by that server alone, and ends `longest` after it was first seen here, which is noted in it. A session
//! gives no right by itself: the user's role and `is_active` are read with each operation.

mod config;
mod cookie;
mod repository;
mod rules;
mod service;

use std::fmt;

use chrono::{DateTime, Utc};

pub use config::SessionConfig;
pub use service::Sessions;
pub(crate) use {repository::roles_in_other_zones, service::begin};

use crate::{actor::Actor, ids::UserId};

/// A session, as one of the servers stored it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Session {
    /// Who is signed in.
    user_id: UserId,
    /// When, if this library made the session.
    signed_in_at: Option<DateTime<Utc>>,
    /// When this library saw it first, if another server made it.
    first_seen_at: Option<DateTime<Utc>>,
    /// When it ends if nothing extends it.
    expires_at: DateTime<Utc>,
}

/// A new session, for the browser.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuedSession {
    /// Who is signed in.
    pub user_id: UserId,
    /// The value of the cookie, signed and not yet percent-encoded.
    pub cookie: String,
    /// When it ends if nothing extends it.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for IssuedSession {
    /// Without the cookie.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedSession").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// A role of PostgreSQL that writes the ends of sessions in another time zone than ours, so that they end hours too early or too late.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleInAnotherZone {
    /// The role.
    pub role: String,
    /// Its zone. Nothing where it is the server's, which another role cannot see.
    pub zone: Option<String>,
    /// The zone of our own role.
    pub own: String,
}

impl fmt::Display for RoleInAnotherZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, zone, own } = self;
        let zone = zone.as_deref().unwrap_or("the server's, whichever that is");
        write!(
            f,
            "the role {role} may write sessions, and its time zone on this database is {zone}; that of this role is {own}: where a \
             Node server has that role, sessions end hours too early or too late (ALTER ROLE ... SET timezone)"
        )
    }
}

/// A session that a request goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResumedSession {
    /// The user, with the address and client of the desk's actor.
    pub actor: Actor,
    /// The new end, if the session was extended: the browser's cookie must be, too.
    pub extended_to: Option<DateTime<Utc>>,
}
