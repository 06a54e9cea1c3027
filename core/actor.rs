//! Who acts, and the table of what each role may do.
//!
//! The services check the permission in the transaction that does the work, so that a user who is deactivated is shut out at
//! once. Signing in is not here.

use std::net::IpAddr;

use serde::Serialize;

use crate::{
    error::{Error, ErrorCode},
    ids::{TokenId, UserId},
};

/// Who asks for an operation, and from where. Both go into the audit trail.
///
/// ```
/// use jpauto::Actor;
///
/// let visitor = Actor::public().from_ip("203.0.113.7".parse()?);
/// assert!(visitor.user_id().is_none());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    who: Who,
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Public,
    System,
    User(UserId),
    Token { id: TokenId, user: Option<UserId> },
}

impl Actor {
    /// Anybody: a customer on the website.
    #[must_use]
    pub fn public() -> Self {
        Self::of(Who::Public)
    }

    /// The program itself: a scheduled job, or an operator at the command line. May do everything.
    #[must_use]
    pub fn system() -> Self {
        Self::of(Who::System)
    }

    /// A member of staff. Each operation looks the role up in the database.
    #[must_use]
    pub fn user(id: UserId) -> Self {
        Self::of(Who::User(id))
    }

    /// An API token. It acts for the user who created it, if a user did.
    pub(crate) fn token(id: TokenId, user: Option<UserId>) -> Self {
        Self::of(Who::Token { id, user })
    }

    /// Refuses tokens where a person is needed.
    ///
    /// # Errors
    /// `person_required`.
    pub(crate) fn must_be_person(&self) -> Result<(), Error> {
        match self.token_id() {
            Some(_) => Err(Error::new(ErrorCode::PersonRequired, "a token may not do this; sign in")),
            None => Ok(()),
        }
    }

    /// The same address and client with another actor.
    pub(crate) fn as_actor(&self, actor: Self) -> Self {
        Self { who: actor.who, ..self.clone() }
    }

    /// The same, acting from this address.
    #[must_use]
    pub fn from_ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        self
    }

    /// The same, acting through this client.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// The id of the member of staff who acts, or for whom a token acts.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        match self.who {
            Who::User(id) => Some(id),
            Who::Token { user, .. } => user,
            Who::Public | Who::System => None,
        }
    }

    /// The id of the API token, if the actor is one.
    #[must_use]
    pub fn token_id(&self) -> Option<TokenId> {
        match self.who {
            Who::Token { id, .. } => Some(id),
            Who::Public | Who::System | Who::User(_) => None,
        }
    }

    /// The address of the actor, if known.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// The client that the actor uses, if known.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    pub(crate) fn is_public(&self) -> bool {
        self.who == Who::Public
    }

    fn of(who: Who) -> Self {
        Self { who, ip: None, user_agent: None }
    }

    /// Checks that this actor may do it, given the role that the database has for the user or the token.
    ///
    /// # Errors
    /// `not_signed_in` for the public; `forbidden` for a role that may not.
    pub(crate) fn must(&self, permission: Permission, role: Option<Role>) -> Result<(), Error> {
        match (self.who, role) {
            (Who::System, _) => Ok(()),
            (Who::Public, _) if permission.needs().is_none() => Ok(()),
            (Who::Public, _) | (Who::User(_) | Who::Token { .. }, None) => {
                Err(Error::new(ErrorCode::NotSignedIn, "sign in as a member of staff to do this"))
            }
            (Who::User(_) | Who::Token { .. }, Some(role)) if permission.needs().is_none_or(|least| role >= least) => {
                Ok(())
            }
            (Who::User(_) | Who::Token { .. }, Some(role)) => Err(Error::new(
                ErrorCode::Forbidden,
                format!(
                    "this takes the role {}, not {}",
                    permission.needs().unwrap_or(Role::Viewer).as_str(),
                    role.as_str()
                ),
            )),
        }
    }
}

/// The role of a member of staff. Each role may do everything that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// Another application wrote a word that is none of these. It may do nothing.
    #[serde(skip_deserializing)]
    Unknown,
    /// Reads everything but the audit trail.
    Viewer,
    /// Runs the lot: writes inventory, reviews submissions, prices, tracks competitors, exports.
    Manager,
    /// Deletes, manages users and reads the audit trail.
    Admin,
}

words!(Role, InvalidRole at "/role" {
    Viewer => "viewer",
    Manager => "manager",
    Admin => "admin",
} or Unknown => "unknown");

/// An action that a role allows or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// Prove who one is.
    SignIn,
    /// Send an offer of a car.
    SendSubmissions,
    /// Read the public fields of vehicles that are listed.
    ReadListedVehicles,
    /// Read customers' submissions.
    ReadSubmissions,
    /// Read all fields of all vehicles.
    ReadInventory,
    /// Read market research, its history and evaluations.
    ReadMarket,
    /// Read competitors, their listings and metrics.
    ReadCompetitors,
    /// Read alerts.
    ReadAlerts,
    /// Read the history of exports, and check files of feeds.
    ReadExports,
    /// Read the jobs and the history of their runs.
    ReadJobs,
    /// Read who was told of what.
    ReadNotifications,
    /// Create, list and revoke one's own API tokens.
    ManageOwnTokens,
    /// See who one is, and end one's own sessions.
    ReadOwnAccount,
    /// Add and change vehicles.
    WriteInventory,
    /// Correct, approve and reject submissions.
    ReviewSubmissions,
    /// Analyse vehicles against the market and evaluate VINs.
    Analyze,
    /// Add, change and scrape competitors.
    ManageCompetitors,
    /// Export feeds.
    Export,
    /// Dismiss alerts.
    DismissAlerts,
    /// Run jobs, and cancel their runs.
    RunJobs,
    /// Send notifications, again or as a test.
    SendNotifications,
    /// Delete a vehicle.
    DeleteVehicles,
    /// Delete a submission.
    DeleteSubmissions,
    /// Invite, change and deactivate users.
    ManageUsers,
    /// List and revoke everybody's API tokens.
    ManageTokens,
    /// Read the audit trail.
    ReadActivity,
    /// Remove what is kept and over.
    CleanUp,
}

impl Permission {
    /// The lowest role that may do it, or `None` if anybody may.
    #[must_use]
    pub const fn needs(self) -> Option<Role> {
        match self {
            Self::SignIn | Self::SendSubmissions | Self::ReadListedVehicles => None,
            Self::ReadSubmissions
            | Self::ReadInventory
            | Self::ReadMarket
            | Self::ReadCompetitors
            | Self::ReadAlerts
            | Self::ReadExports
            | Self::ReadJobs
            | Self::ReadNotifications
            | Self::ManageOwnTokens
            | Self::ReadOwnAccount => Some(Role::Viewer),
            Self::WriteInventory
            | Self::ReviewSubmissions
            | Self::Analyze
            | Self::ManageCompetitors
            | Self::Export
            | Self::DismissAlerts
            | Self::RunJobs
            | Self::SendNotifications => Some(Role::Manager),
            Self::DeleteVehicles
            | Self::DeleteSubmissions
            | Self::ManageUsers
            | Self::ManageTokens
            | Self::ReadActivity
            | Self::CleanUp => Some(Role::Admin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn each_role_may_exactly_what_the_table_says() {
        let now = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let user = Actor::user(UserId::new(now));
        for (permission, viewer, manager, admin) in [
            (Permission::SendSubmissions, true, true, true),
            (Permission::ReadSubmissions, true, true, true),
            (Permission::ReadMarket, true, true, true),
            (Permission::WriteInventory, false, true, true),
            (Permission::ReviewSubmissions, false, true, true),
            (Permission::ManageCompetitors, false, true, true),
            (Permission::ReadExports, true, true, true),
            (Permission::Export, false, true, true),
            (Permission::ReadJobs, true, true, true),
            (Permission::RunJobs, false, true, true),
            (Permission::ReadNotifications, true, true, true),
            (Permission::SendNotifications, false, true, true),
            (Permission::DeleteVehicles, false, false, true),
            (Permission::ManageUsers, false, false, true),
            (Permission::ReadActivity, false, false, true),
            (Permission::ManageOwnTokens, true, true, true),
            (Permission::ManageTokens, false, false, true),
            (Permission::CleanUp, false, false, true),
        ] {
            let may = |role| user.must(permission, Some(role)).is_ok();
            assert_eq!(
                [may(Role::Viewer), may(Role::Manager), may(Role::Admin)],
                [viewer, manager, admin],
                "{permission:?}"
            );
            let token = Actor::token(TokenId::new(now), None);
            assert_eq!(token.must(permission, Some(Role::Manager)).is_ok(), manager, "{permission:?}");
            assert_eq!(Actor::public().must(permission, None).is_ok(), permission.needs().is_none(), "{permission:?}");
            assert!(Actor::system().must(permission, None).is_ok());
        }
        let refusal = user.must(Permission::ManageUsers, Some(Role::Viewer)).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Forbidden, "forbidden"));
        assert_eq!(refusal.to_string(), "this takes the role admin, not viewer");
    }
}
