//! Staff accounts: `lot.users`.

use chrono::{DateTime, Utc};
use jpauto::{NewUser, UserId};
use pyo3::prelude::*;
use uuid::Uuid;

use crate::{
    input,
    lot::Handle,
    query::Query,
    record::{Told as _, record},
};

record! {
    /// A staff account.
    User of jpauto::User {
        () {
            /// The account's id.
            id: Uuid,
            /// The address, in lower case; unique.
            email: String,
            /// The full name.
            name: String,
            /// Who vouches for the person: `google` or `microsoft`.
            oauth_provider: String,
            /// The person's id there. An invited user has none yet: it reads `invited:` and the address.
            oauth_id: String,
            /// What the user may do: `viewer`, `manager` or `admin`.
            role: &'static str,
            /// A picture.
            avatar_url: Option<String>,
            /// When the user last signed in.
            last_login: Option<DateTime<Utc>>,
            /// Whether the user may act at all.
            is_active: bool,
            /// When the account was made.
            created_at: Option<DateTime<Utc>>,
        }
    }
}

/// Staff accounts and their roles, for administrators.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Users {
    handle: Handle,
}

impl Users {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }
}

#[pymethods]
impl Users {
    /// Makes an account that its owner takes over at the first sign-in. Raises `Conflict` (`duplicate_email`).
    #[pyo3(signature = (*, email, name, role = "viewer", provider = "google"))]
    fn add(&self, py: Python<'_>, email: String, name: String, role: &str, provider: &str) -> PyResult<User> {
        let user = NewUser { email, name, role: input::word(py, role)?, provider: input::word(py, provider)? };
        self.handle.run(py, |desk| desk.users().add(&user)).map(User::told)
    }

    /// All users, by address.
    #[pyo3(signature = (*, limit = None))]
    fn list(&self, limit: Option<usize>) -> Query {
        Query::of::<User, _>(&self.handle, limit, |desk, page| desk.users().list(page))
    }

    /// One user. Raises `NotFound` (`user_not_found`).
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<User> {
        let id = UserId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.users().get(id)).map(User::told)
    }

    /// The user with this address. Raises `NotFound` (`user_not_found`).
    fn get_by_email(&self, py: Python<'_>, email: &str) -> PyResult<User> {
        self.handle.run(py, |desk| desk.users().get_by_email(email)).map(User::told)
    }

    /// Gives another user another role. Raises `Refused` (`not_oneself`).
    fn set_role(&self, py: Python<'_>, id: &Bound<'_, PyAny>, role: &str) -> PyResult<User> {
        let (id, role) = (UserId::from_uuid(input::uuid("id", id)?), input::word(py, role)?);
        self.handle.run(py, |desk| desk.users().set_role(id, role)).map(User::told)
    }

    /// Lets a user in again.
    fn activate(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<User> {
        let id = UserId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.users().activate(id)).map(User::told)
    }

    /// Shuts a user out at once.
    fn deactivate(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<User> {
        let id = UserId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.users().deactivate(id)).map(User::told)
    }

    /// Removes a user. One whom any row names is deactivated and stripped of name, address and picture instead.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = UserId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.users().delete(id))
    }
}
