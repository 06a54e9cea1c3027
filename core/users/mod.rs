//! Members of staff and what each is trusted with.
//!
//! What is deliberately not here: signing in and sessions. Here stand the accounts, whose deactivation shuts out at once
//! because every operation asks for the role anew.

mod repository;
mod rules;
mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use repository::role_of_active_user;
pub(crate) use rules::is_plausible_email;
pub use service::Users;

use crate::{activity::Audited, actor::Role, ids::UserId};

/// A staff account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct User {
    /// The account's id.
    pub id: UserId,
    /// The address, in lower case; unique.
    pub email: String,
    /// The full name.
    pub name: String,
    /// Who vouches for the person: `google` or `microsoft`.
    pub oauth_provider: String,
    /// The person's id there. An invited user has none yet: it reads `invited:` and the address.
    pub oauth_id: String,
    /// What the user may do.
    pub role: Role,
    /// A picture.
    pub avatar_url: Option<String>,
    /// When the user last signed in.
    pub last_login: Option<DateTime<Utc>>,
    /// Whether the user may act at all.
    pub is_active: bool,
    /// When the account was made.
    pub created_at: Option<DateTime<Utc>>,
}

impl Audited for User {
    const RESOURCE: &'static str = "users";
    const PERSONAL: &'static [&'static str] = &["email", "name", "avatar_url", "oauth_id"];

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}

/// Who vouches for a member of staff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Provider {
    /// A Google account.
    #[default]
    Google,
    /// A Microsoft account.
    Microsoft,
}

words!(Provider, InvalidProvider at "/oauth_provider" {
    Google => "google",
    Microsoft => "microsoft",
});

/// An account to be made before its owner first signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// The address that the provider will vouch for.
    pub email: String,
    /// The full name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// Who will vouch.
    pub provider: Provider,
}

impl Default for NewUser {
    /// A viewer with a Google account and no name yet.
    fn default() -> Self {
        Self { email: String::new(), name: String::new(), role: Role::Viewer, provider: Provider::default() }
    }
}
