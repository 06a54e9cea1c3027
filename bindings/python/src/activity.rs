//! The audit trail: `lot.activity`.

use chrono::{DateTime, Utc};
use jpauto::{ActivityFilter, UserId};
use pyo3::prelude::*;
use uuid::Uuid;

use crate::{
    input,
    lot::Handle,
    query::Query,
    record::{Document, UsuallyWord as _, record},
    unicode, whole,
};

record! {
    /// An entry of the audit trail: who did what to which row.
    ActivityEntry of jpauto::ActivityEntry {
        () {
            /// The entry's id.
            id: Uuid,
            /// The member of staff; `None` for the public and for the system.
            user_id: Option<Uuid>,
            /// What was done, such as `approve`; older applications may have written other words.
            action: String = [action.usually::<jpauto::Action>()],
            /// The noun: `users`, `tokens`, `submissions`, `inventory`, `competitors`.
            resource_type: String,
            /// The id of the row.
            resource_id: Option<Uuid>,
            /// `{field: {"from": ..., "to": ...}}` of the fields that changed; amounts and times are texts here.
            changes: Option<Document>,
            /// The IP address of the actor.
            ip_address: Option<String>,
            /// The actor's client.
            user_agent: Option<String>,
            /// When.
            created_at: DateTime<Utc>,
            /// The API token that it was done through.
            token_id: Option<Uuid>,
            /// What they are called now: the address of the member of staff, else the name of the token.
            by: Option<String>,
        }
    }
}

/// The audit trail, for administrators.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Activity {
    handle: Handle,
}

impl Activity {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }
}

#[pymethods]
impl Activity {
    /// The entries, newest first. They can be of one member of staff, of one action, of one noun or of one row.
    #[pyo3(signature = (*, user_id = None, action = None, resource_type = None, resource_id = None, limit = None))]
    fn list(
        &self,
        py: Python<'_>,
        user_id: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = unicode::action)] action: Option<&str>,
        #[pyo3(from_py_with = unicode::resource_type)] resource_type: Option<String>,
        resource_id: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let mut filter = ActivityFilter::default();
        filter.user_id = user_id.map(|id| input::uuid("user_id", id)).transpose()?.map(UserId::from_uuid);
        filter.action = input::optional_word(py, action)?;
        filter.resource_type = resource_type;
        filter.resource_id = resource_id.map(|id| input::uuid("resource_id", id)).transpose()?;
        Ok(Query::of::<ActivityEntry, _>(&self.handle, limit, move |desk, page| desk.activity().list(&filter, page)))
    }

    /// The id of the row that entries are about, by its beginning. A whole id is taken as it is.
    ///
    /// Raises `NotFound` (`activity_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find_resource(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<Uuid> {
        self.handle.run(py, |desk| desk.activity().find_resource(text))
    }
}
