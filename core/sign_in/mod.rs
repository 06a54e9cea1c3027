//! Signing in: at OpenID Connect providers, by one-time links, and what a signed-in actor is told about itself.
//!
//! A sign-in at a provider begins with a state, of which only a hash is stored. It is used once, within ten minutes, by the
//! browser that began it. The account is issuer and subject; an e-mail address leads to an existing user only if it is proven.
//! A link is for machines without a provider and for the first administrator. It is valid once and for 15 minutes, and a newer
//! link of the same user takes the place of the older.

mod config;
mod openid;
mod repository;
mod rules;
mod service;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use config::{Admission, ClientAuthentication, ProviderConfig, ProviderKind, SignInConfig};
pub(crate) use openid::Providers;
pub use service::SignIn;

use crate::{
    actor::Role,
    error::{Error, ErrorCode, Result},
    ids::{TokenId, UserId},
    sessions::IssuedSession,
    users::User,
};

/// A provider at which people can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct SignInProvider {
    /// The word in addresses.
    pub name: String,
    /// What people read.
    pub title: String,
}

/// A sign-in that has begun.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignInStart {
    /// The address at the provider that the browser must go to.
    pub url: String,
    /// The secret for a cookie, by which the end is tied to this browser.
    pub browser: String,
    /// Until when the sign-in can be finished.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for SignInStart {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInStart").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What a provider sends a browser back with: the parameters of the query.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Callback {
    /// The code that is redeemed.
    pub code: Option<String>,
    /// The state that the sign-in began with.
    pub state: Option<String>,
    /// The issuer, where the provider names it (RFC 9207).
    pub iss: Option<String>,
    /// The word for why there is no code.
    pub error: Option<String>,
}

impl Callback {
    /// A longer code is none.
    const LONGEST_CODE: usize = 4_096;

    /// The code, if the provider let the person in.
    fn code_of(&self, provider: &ProviderConfig) -> Result<&str> {
        match (self.error.as_deref(), self.code.as_deref()) {
            (None, Some(code)) if (1..=Self::LONGEST_CODE).contains(&code.len()) => Ok(code),
            (Some("temporarily_unavailable" | "server_error"), _) => {
                let message = format!("{} can not sign anybody in now", provider.title);
                Err(Error::new(ErrorCode::ProviderUnavailable, message))
            }
            (Some("access_denied" | "login_required" | "consent_required" | "interaction_required"), _) => {
                Err(Error::new(ErrorCode::SignInDenied, format!("{} has let nobody in", provider.title)))
            }
            _ => Err(Error::new(ErrorCode::SignInRefused, "the provider sent the browser back without a code")),
        }
    }
}

impl fmt::Debug for Callback {
    /// Without code and state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("iss", &self.iss).field("error", &self.error).finish_non_exhaustive()
    }
}

/// Somebody who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedIn {
    /// The new session.
    pub session: IssuedSession,
    /// The path on this server that the browser goes on to.
    pub return_to: String,
}

/// A sign-in that has begun and not ended.
struct Pending {
    provider: String,
    redirect_uri: String,
    return_to: String,
    /// The network of the client, where it is known.
    client: Option<String>,
}

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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Me {
    /// The member of staff, or the one for whom the token acts.
    pub user: Option<User>,
    /// The API token, if one is used.
    pub token_id: Option<TokenId>,
    /// What the actor may do now.
    pub role: Option<Role>,
}
