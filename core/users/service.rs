//! The operations on staff accounts.

use super::{NewUser, User, repository, rules};
use crate::{
    activity::{self, Action},
    actor::{Permission, Role},
    desk::Desk,
    error::{Error, ErrorCode, Result},
    ids::UserId,
    page::{Page, PageRequest},
    typed::Reference,
    version::{Expected, Version},
};

/// Staff accounts, for administrators.
#[derive(Clone, Copy, Debug)]
pub struct Users<'a> {
    desk: &'a Desk,
    expected: Expected<'a>,
}

impl Desk {
    /// Staff accounts and their roles.
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        Users::at(self)
    }
}

impl<'a> Users<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk, expected: Expected::default() }
    }

    /// The same, changing and deleting a user only in one of these versions, else failing with `version_changed`.
    #[must_use]
    pub fn if_version(self, versions: &'a [Version]) -> Self {
        Self { expected: Expected::one_of(versions), ..self }
    }

    /// Creates an account. Its owner takes it over at the first sign-in.
    ///
    /// # Errors
    /// `invalid_user` with the fields at fault; `duplicate_email`.
    pub fn add(&self, user: &NewUser) -> Result<User> {
        self.desk.write(Permission::ManageUsers, |conn, acting| {
            let user = rules::invite(user, acting.now)?;
            if repository::find_by_email(conn, &user.email)?.is_some() {
                return Err(Error::new(ErrorCode::DuplicateEmail, "a user with this address exists")
                    .with_field("/email", "is taken")
                    .into());
            }
            repository::insert(conn, &user)?;
            activity::record(conn, acting, Action::Create, None, Some(&user))?;
            Ok(user)
        })
    }

    /// All users, by address.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn list(&self, page: &PageRequest) -> Result<Page<User>> {
        self.desk.read(Permission::ManageUsers, |conn| repository::list(conn, page))
    }

    /// One user.
    ///
    /// # Errors
    /// `user_not_found`.
    pub fn get(&self, id: UserId) -> Result<User> {
        self.desk.read(Permission::ManageUsers, |conn| repository::get(conn, id))
    }

    /// The user with this address.
    ///
    /// # Errors
    /// `user_not_found`.
    pub fn get_by_email(&self, email: &str) -> Result<User> {
        self.desk.read(Permission::ManageUsers, |conn| {
            let found = repository::find_by_email(conn, email.trim())?;
            found.ok_or_else(|| Error::new(ErrorCode::UserNotFound, "there is no user with this address").into())
        })
    }

    /// The user with this address or id, or the only one whose id begins so.
    ///
    /// # Errors
    /// `user_not_found`; `ambiguous_reference`, naming the candidates.
    pub fn find(&self, text: &str) -> Result<User> {
        if text.contains('@') {
            return self.get_by_email(text);
        }
        self.desk.must(Permission::ManageUsers)?;
        let reference = Reference::read(text).ok_or_else(repository::not_found)?;
        let found = self.desk.read(Permission::ManageUsers, |conn| repository::candidates(conn, &reference))?;
        reference.only(found, repository::not_found, |user| (user.id.into(), user.email.clone()))
    }

    /// Changes the role of another user.
    ///
    /// # Errors
    /// `user_not_found`; `not_oneself`.
    pub fn set_role(&self, id: UserId, role: Role) -> Result<User> {
        self.change(id, |user| rules::with_role(user, role))
    }

    /// Activates a user.
    ///
    /// # Errors
    /// `user_not_found`; `not_oneself`.
    pub fn activate(&self, id: UserId) -> Result<User> {
        self.change(id, |user| rules::with_activity(user, true))
    }

    /// Deactivates a user. Open sessions end at once.
    ///
    /// # Errors
    /// `user_not_found`; `not_oneself`.
    pub fn deactivate(&self, id: UserId) -> Result<User> {
        self.change(id, |user| rules::with_activity(user, false))
    }

    /// Deletes a user. If any row refers to the user, the user is deactivated and loses name, address and picture instead.
    ///
    /// # Errors
    /// `user_not_found`; `not_oneself`.
    pub fn delete(&self, id: UserId) -> Result<()> {
        self.desk.write(Permission::ManageUsers, |conn, acting| {
            let user = repository::get_to_change(conn, id)?;
            self.desk.authorize(conn, Permission::ManageUsers)?;
            rules::ensure_not_oneself(acting.actor, id)?;
            self.expected.check(|| user.version())?;
            if repository::is_named(conn, id)? {
                repository::update(conn, &rules::stripped(&user))?;
                repository::forget_accounts(conn, id)?;
            } else {
                repository::delete(conn, id)?;
            }
            activity::record(conn, acting, Action::Delete, Some(&user), None)
        })
    }

    fn change(&self, id: UserId, change: impl Fn(&User) -> User) -> Result<User> {
        self.desk.write(Permission::ManageUsers, |conn, acting| {
            let before = repository::get_to_change(conn, id)?;
            self.desk.authorize(conn, Permission::ManageUsers)?;
            rules::ensure_not_oneself(acting.actor, id)?;
            self.expected.check(|| before.version())?;
            let after = change(&before);
            if after == before {
                return Ok(before);
            }
            repository::update(conn, &after)?;
            activity::record(conn, acting, Action::Update, Some(&before), Some(&after))?;
            Ok(after)
        })
    }
}
