//! Staff accounts: `lot.users`.

use chrono::{DateTime, Utc};
use jpauto::{NewUser, UserId};
use pyo3::prelude::*;
use uuid::Uuid;

use crate::{
    input,
    lot::Handle,
    query::Query,
    record::{Told as _, UsuallyWord as _, record},
    unicode, whole,
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
            /// The provider of the sign-in: `google` or `microsoft`.
            oauth_provider: String = [oauth_provider.usually::<jpauto::Provider>()],
            /// The user's id at the provider. An invited user has none yet; then it is `invited:` and the address.
            oauth_id: String,
            /// What the user may do: `viewer`, `manager` or `admin`.
            role: &'static str,
            /// A picture.
            avatar_url: Option<String>,
            /// When the user last signed in.
            last_login: Option<DateTime<Utc>>,
            /// Whether the account is active.
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
    /// Invites a user, whose first sign-in takes the account over. Raises `Conflict` (`duplicate_email`).
    #[pyo3(signature = (*, email, name, role = "viewer", provider = "google"))]
    fn add(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::email)] email: String,
        #[pyo3(from_py_with = unicode::name)] name: String,
        #[pyo3(from_py_with = unicode::role)] role: &str,
        #[pyo3(from_py_with = unicode::provider)] provider: &str,
    ) -> PyResult<User> {
        let user = NewUser { email, name, role: input::word(py, role)?, provider: input::word(py, provider)? };
        self.handle.run(py, |desk| desk.users().add(&user)).map(User::told)
    }

    /// All users, by address.
    #[pyo3(signature = (*, limit = None))]
    fn list(&self, #[pyo3(from_py_with = whole::limit)] limit: Option<usize>) -> Query {
        Query::of::<User, _>(&self.handle, limit, |desk, page| desk.users().list(page))
    }

    /// One user. Raises `NotFound` (`user_not_found`).
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<User> {
        let id = UserId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.users().get(id)).map(User::told)
    }

    /// The user with this address. Raises `NotFound` (`user_not_found`).
    fn get_by_email(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::email)] email: &str) -> PyResult<User> {
        self.handle.run(py, |desk| desk.users().get_by_email(email)).map(User::told)
    }

    /// The user of this address or id, or the only one whose id begins so.
    ///
    /// Raises `NotFound` (`user_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<User> {
        self.handle.run(py, |desk| desk.users().find(text)).map(User::told)
    }

    /// Changes the role of another user. Raises `Refused` (`not_oneself`).
    fn set_role(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = unicode::role)] role: &str,
    ) -> PyResult<User> {
        let (id, role) = (UserId::from_uuid(input::uuid("id", id)?), input::word(py, role)?);
        self.handle.run(py, |desk| desk.users().set_role(id, role)).map(User::told)
    }

    /// Activates a user again.
    fn activate(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<User> {
        let id = UserId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.users().activate(id)).map(User::told)
    }

    /// Deactivates a user. It takes effect at once.
    fn deactivate(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<User> {
        let id = UserId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.users().deactivate(id)).map(User::told)
    }

    /// Deletes a user. A user whom other rows name is deactivated instead, and name, address and picture are cleared.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = UserId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.users().delete(id))
    }
}
