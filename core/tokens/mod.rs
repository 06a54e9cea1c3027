//! API tokens: secrets with which machines prove who they are.
//!
//! A token has a role of its own. One that a user created never does more than its creator may do now: the user's role and
//! `is_active` are read with each operation. Only a hash of the secret is stored. The audit trail has the id of the token
//! beside that of the user. Tokens manage no tokens, so that a stolen one can not outlive its own end.

mod repository;
mod rules;
mod service;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use service::Tokens;
pub(crate) use service::role_of;

use crate::{
    activity::Audited,
    actor::Role,
    ids::{TokenId, UserId},
};

/// An API token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Token {
    /// The token's id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// The most that it may do.
    pub role: Role,
    /// The user who created it and for whom it acts. `None` if the program itself did.
    pub user_id: Option<UserId>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The address of that user.
    pub user_email: Option<String>,
    /// Whether it may act: it is not revoked and not at its end, and its user may act, too.
    pub works: bool,
}

impl Audited for Token {
    const RESOURCE: &'static str = "tokens";
    const SILENT: &'static [&'static str] = &["created_at", "last_used_at", "user_email", "works"];

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}

/// What a new API token is to be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NewToken {
    /// What it is for, in 1 to 255 characters.
    pub name: String,
    /// The most that it may do. Not above the creator's own role.
    pub role: Role,
    /// When it ends. Without it, the token is valid until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Default for NewToken {
    /// A token for reading that does not end by itself, and has no name yet.
    fn default() -> Self {
        Self { name: String::new(), role: Role::Viewer, expires_at: None }
    }
}

/// A new token with its secret, which is never shown again.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct IssuedToken {
    /// The token.
    #[serde(flatten)]
    pub token: Token,
    /// What the machine sends. It begins with `jpa_`.
    pub secret: String,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken").field("token", &self.token).finish_non_exhaustive()
    }
}
