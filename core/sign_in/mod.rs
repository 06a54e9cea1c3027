//! Signing in: one-time links, and what a signed-in actor is told about itself.
//!
//! A link is for machines without a sign-in provider and for the first administrator. It is valid once and for 15 minutes, only a
//! hash of its secret is stored, and a newer link of the same user takes the place of the older.

mod repository;
mod rules;
mod service;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use service::SignIn;

use crate::{
    actor::Role,
    ids::{TokenId, UserId},
    users::User,
};

/// A link to sign in with, once.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SignInLink {
    /// Whom it signs in.
    pub user_id: UserId,
    /// What the address holds as `token`.
    pub secret: String,
    /// Until when it is valid.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for SignInLink {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInLink").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Who an actor is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Me {
    /// The member of staff, or the one for whom the token acts.
    pub user: Option<User>,
    /// The API token, if one is used.
    pub token_id: Option<TokenId>,
    /// What the actor may do now.
    pub role: Option<Role>,
}
