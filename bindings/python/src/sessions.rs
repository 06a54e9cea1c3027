//! Sessions of people who are signed in: `lot.sessions`.

use jpauto::UserId;
use pyo3::prelude::*;

use crate::{input, lot::Handle};

/// Sessions of people who are signed in at the server.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Sessions {
    handle: Handle,
}

impl Sessions {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }
}

#[pymethods]
impl Sessions {
    /// Signs a user out everywhere, and returns how many sessions ended. Those of others take the role `admin`.
    fn destroy_all_of(&self, py: Python<'_>, user: &Bound<'_, PyAny>) -> PyResult<usize> {
        let user = UserId::from_uuid(input::uuid("user", user)?);
        self.handle.run(py, |desk| desk.sessions().destroy_all_of(user))
    }

    /// How many sessions have ended and are still kept.
    fn count_expired(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.run(py, |desk| desk.sessions().count_expired())
    }

    /// Deletes the sessions that have ended, and returns how many.
    fn prune(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.run(py, |desk| desk.sessions().prune())
    }
}
