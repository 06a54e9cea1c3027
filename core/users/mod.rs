//! The accounts of members of staff and their roles.
//!
//! Deactivating an account takes effect at once, because each operation reads the role. Signing in and sessions are not here.

mod repository;
mod rules;
mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use repository::{
    addresses, find_by_account, find_by_email, get, get_to_change, insert, note_sign_in, role_of_active_user, update,
};
pub(crate) use rules::is_plausible_email;
pub use service::Users;

use crate::{activity::Audited, actor::Role, ids::UserId, version::Version};

/// A staff account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct User {
    /// The account's id.
    pub id: UserId,
    /// The e-mail address, in lower case. No two users have the same.
    pub email: String,
    /// The full name.
    pub name: String,
    /// The sign-in provider: `google` or `microsoft`.
    pub oauth_provider: String,
    /// The person's id at the provider. For an invited user who has not signed in yet it is `invited:` and the address.
    pub oauth_id: String,
    /// The role.
    pub role: Role,
    /// The address of a picture.
    pub avatar_url: Option<String>,
    /// When the user last signed in.
    pub last_login: Option<DateTime<Utc>>,
    /// Whether the account is active.
    pub is_active: bool,
    /// When the account was made.
    pub created_at: Option<DateTime<Utc>>,
}

impl User {
    /// The version of the row, for [`Users::if_version`].
    #[must_use]
    pub fn version(&self) -> Version {
        Version::of(self)
    }
}

impl Audited for User {
    const RESOURCE: &'static str = "users";
    const PERSONAL: &'static [&'static str] = &["email", "name", "avatar_url", "oauth_id"];

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}

/// A sign-in provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
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

/// A new account, made before its owner first signs in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NewUser {
    /// The e-mail address that the owner has at the provider.
    pub email: String,
    /// The full name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The sign-in provider.
    #[serde(rename = "oauth_provider")]
    pub provider: Provider,
}

impl Default for NewUser {
    /// A viewer with a Google account and no name yet.
    fn default() -> Self {
        Self { email: String::new(), name: String::new(), role: Role::Viewer, provider: Provider::default() }
    }
}
