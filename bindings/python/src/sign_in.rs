//! Signing in at the server: `lot.sign_in`.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use uuid::Uuid;

use crate::lot::Handle;

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
    fn link(&self, py: Python<'_>, email: &str) -> PyResult<SignInLink> {
        let link = self.handle.run(py, |desk| desk.sign_in().link(email))?;
        Ok(SignInLink { user_id: link.user_id.into(), secret: link.secret, expires_at: link.expires_at })
    }

    /// Deletes links and sign-ins that have expired, and returns how many.
    fn prune(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.run(py, |desk| desk.sign_in().prune())
    }
}
