//! Signing in at the server: `lot.sign_in`.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use uuid::Uuid;

use crate::{
    lot::Handle,
    record::{Told as _, record},
    unicode,
    users::User,
};

record! {
    /// Who acts, and what that actor may do.
    Me of jpauto::Me {
        () {
            /// The member of staff; `None` for the system.
            user: Option<User>,
            /// The API token, if one is used.
            token_id: Option<Uuid>,
            /// What the actor may do now; `None` for the system, which may do everything.
            role: Option<&'static str>,
        }
    }
}

/// A link to sign in with, once.
#[pyclass(frozen, get_all, module = "jpauto")]
pub(crate) struct SignInLink {
    /// Whom it signs in.
    user_id: Uuid,
    /// What the address holds: `https://lot.example/api/auth/link?token=` and this.
    secret: String,
    /// Until when it is valid.
    expires_at: DateTime<Utc>,
}

#[pymethods]
impl SignInLink {
    // Without the secret: what is shown may be logged.
    fn __repr__(&self) -> String {
        format!("<jpauto.SignInLink {}>", self.user_id)
    }
}

/// Signing in at the server.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct SignIn {
    handle: Handle,
}

impl SignIn {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }
}

#[pymethods]
impl SignIn {
    /// Makes a link with which the user with this address signs in, once and within 15 minutes. A newer link replaces it.
    ///
    /// Raises `NotFound` (`user_not_found`), `Forbidden` (`user_inactive`).
    fn link(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::email)] email: &str) -> PyResult<SignInLink> {
        let link = self.handle.run(py, |desk| desk.sign_in().link(email))?;
        Ok(SignInLink { user_id: link.user_id.into(), secret: link.secret, expires_at: link.expires_at })
    }

    /// Who acts, and what that actor may do now. Raises `Forbidden` (`user_inactive`).
    fn me(&self, py: Python<'_>) -> PyResult<Me> {
        self.handle.run(py, |desk| desk.sign_in().me()).map(Me::told)
    }

    /// How many links and sign-ins have expired and are still kept.
    fn count_expired(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.run(py, |desk| desk.sign_in().count_expired())
    }

    /// Deletes links and sign-ins that have expired, and returns how many.
    fn prune(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.run(py, |desk| desk.sign_in().prune())
    }
}
