//! What asks for attention: `lot.alerts`.

use chrono::{DateTime, Utc};
use jpauto::{AlertFilter, AlertId};
use pyo3::prelude::*;
use uuid::Uuid;

use crate::{
    input,
    lot::Handle,
    query::Query,
    record::{Document, Told as _, UsuallyWord as _, record},
    typed, unicode, whole,
};

record! {
    /// An alert.
    Alert of jpauto::Alert {
        () {
            /// The alert's id.
            id: Uuid,
            /// What it is about, such as `overpriced`; older applications may have written other words.
            alert_type: String = [alert_type.usually::<jpauto::AlertType>()],
            /// The severity: `warning` or `critical`.
            severity: &'static str,
            /// The message for people.
            message: String,
            /// The figures behind it.
            metadata: Document,
            /// The vehicle or competitor that it is about.
            subject_id: Option<Uuid>,
            /// Whether it is closed: a person dismissed it, or its cause is gone.
            dismissed: bool,
            /// When it was closed.
            dismissed_at: Option<DateTime<Utc>>,
            /// Who dismissed it: the address of the member of staff, else the name of the token, else `system`; `None` where it closed by
            /// itself.
            dismissed_by: Option<String>,
            /// When it was opened.
            created_at: Option<DateTime<Utc>>,
        }
    }
}

/// Alerts.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Alerts {
    handle: Handle,
}

impl Alerts {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }
}

#[pymethods]
impl Alerts {
    /// The open alerts, newest first; with `with_dismissed` also the closed ones.
    #[pyo3(signature = (*, with_dismissed = false, alert_type = None, severity = None, subject_id = None, limit = None))]
    fn list(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = typed::with_dismissed)] with_dismissed: bool,
        #[pyo3(from_py_with = unicode::alert_type)] alert_type: Option<&str>,
        #[pyo3(from_py_with = unicode::severity)] severity: Option<&str>,
        subject_id: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let mut filter = AlertFilter::default();
        filter.with_dismissed = with_dismissed;
        filter.alert_type = input::optional_word(py, alert_type)?;
        filter.severity = input::optional_word(py, severity)?;
        filter.subject_id = subject_id.map(|id| input::uuid("subject_id", id)).transpose()?;
        Ok(Query::of::<Alert, _>(&self.handle, limit, move |desk, page| desk.alerts().list(&filter, page)))
    }

    /// The alert of this id, or the only one whose id begins so.
    ///
    /// Raises `NotFound` (`alert_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<Alert> {
        self.handle.run(py, |desk| desk.alerts().find(text)).map(Alert::told)
    }

    /// Dismisses an alert. Raises `NotFound` (`alert_not_found`).
    fn dismiss(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Alert> {
        let id = AlertId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.alerts().dismiss(id)).map(Alert::told)
    }
}
