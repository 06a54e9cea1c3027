//! Cars that customers offer: `lot.submissions`.

use chrono::{DateTime, Utc};
use jpauto::{Approval, Desk, NewSubmission, SubmissionFilter, SubmissionUpdate};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    input,
    inventory::Vehicle,
    lot::Handle,
    query::Query,
    record::{
        Coded, Told,
        listed::{Money, SubmissionId, SubmissionStatus, UserId},
        record, record_of_fields,
    },
    unicode, whole,
};

record! {
    /// A doubt about a submission that does not refuse it.
    SubmissionWarning of Coded {
        () {
            /// The stable word, such as `vin_check_digit`.
            code: String,
            /// The figures behind it.
            details: crate::record::Document,
        }
    }
}

impl Told<jpauto::SubmissionWarning> for SubmissionWarning {
    fn told(warning: jpauto::SubmissionWarning) -> Self {
        Self::told(Coded::of(&warning))
    }
}

jpauto::submission_fields! {
    record_of_fields
    /// A car that a customer offers.
    Submission of jpauto::Submission, ()
}

/// Cars that customers offer, and their review.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Submissions {
    handle: Handle,
    /// Whether prices that look like a typing error are refused.
    refuses_doubtful_prices: bool,
}

impl Submissions {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone(), refuses_doubtful_prices: false }
    }

    fn of<'d>(&self, desk: &'d Desk) -> jpauto::Submissions<'d> {
        let noun = desk.submissions();
        if self.refuses_doubtful_prices { noun.refusing_doubtful_prices() } else { noun }
    }
}

#[pymethods]
impl Submissions {
    /// The same, refusing a price at an approval that looks like a typing error (`Refused`, `price_doubtful`). Else that is among the
    /// `warnings` of the answer.
    ///
    /// For programs that ask a person, and approve when it is confirmed.
    fn refusing_doubtful_prices(&self) -> Self {
        Self { handle: self.handle.clone(), refuses_doubtful_prices: true }
    }

    /// Sends a submission. One of the same car that was rejected, or whose car was sold since, is pending anew.
    ///
    /// The fields are those of `jpauto.types.NewSubmission`: `year`, `make` and `model` are needed; `vin`, `mileage` in miles,
    /// `asking_price` in dollars, the seller's name, e-mail address and telephone number, and others may be left out.
    ///
    /// Raises `InvalidInput` (`invalid_submission`), `Conflict` (`duplicate_vin`).
    #[pyo3(signature = (**fields))]
    fn submit(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Submission> {
        let submission: NewSubmission = input::fields(py, fields)?;
        self.handle.run(py, |desk| self.of(desk).submit(&submission)).map(Submission::told)
    }

    /// The submissions that match the filters, newest first unless sorted by `submitted_at`.
    ///
    /// `q` has words that each occur in make, model, VIN, or the customer's name or e-mail.
    #[pyo3(signature = (*, submission_status = None, make = None, model = None, q = None, sort = None, limit = None))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn list(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::submission_status)] submission_status: Option<&str>,
        #[pyo3(from_py_with = unicode::make)] make: Option<String>,
        #[pyo3(from_py_with = unicode::model)] model: Option<String>,
        #[pyo3(from_py_with = unicode::q)] q: Option<String>,
        #[pyo3(from_py_with = unicode::sort)] sort: Option<&str>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let mut filter = SubmissionFilter::default();
        filter.submission_status = input::optional_word(py, submission_status)?;
        (filter.make, filter.model, filter.q) = (make, model, q);
        filter.sort = input::optional_word(py, sort)?.unwrap_or_default();
        Ok(Query::of::<Submission, _>(&self.handle, limit, move |desk, page| desk.submissions().list(&filter, page)))
    }

    /// One submission. Raises `NotFound` (`submission_not_found`).
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Submission> {
        let id = jpauto::SubmissionId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.submissions().get(id)).map(Submission::told)
    }

    /// The submission of this id, VIN or chassis number, or the only one of which one of them begins so.
    ///
    /// Raises `NotFound` (`submission_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<Submission> {
        self.handle.run(py, |desk| desk.submissions().find(text)).map(Submission::told)
    }

    /// Corrects the named fields of a pending submission; `None` clears a field. Raises `Conflict`
    /// (`submission_already_reviewed`, `duplicate_vin`), `InvalidInput` (`invalid_submission`).
    #[pyo3(signature = (id, **fields))]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Submission> {
        let id = jpauto::SubmissionId::from_uuid(input::uuid("id", id)?);
        let update: SubmissionUpdate = input::fields(py, fields)?;
        self.handle.run(py, |desk| self.of(desk).update(id, &update)).map(Submission::told)
    }

    /// Approves a submission and adds its car to the inventory, at the asking price unless `price` is given. A car that we sold
    /// before comes back: its row is on sale again. `price` and `cost` are in dollars.
    ///
    /// Raises `InvalidInput` (`approval_incomplete` with the missing fields, `invalid_vehicle`), `Conflict`
    /// (`submission_already_reviewed`, `duplicate_vin`, `duplicate_stock_number`).
    #[pyo3(signature = (id, **overrides))]
    fn approve(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        overrides: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Vehicle> {
        let id = jpauto::SubmissionId::from_uuid(input::uuid("id", id)?);
        let approval: Approval = input::fields(py, overrides)?;
        self.handle.run(py, |desk| self.of(desk).approve(id, &approval)).map(Vehicle::told)
    }

    /// Rejects a submission. Raises `Conflict` (`submission_already_reviewed`), `InvalidInput`
    /// (`rejection_reason_missing`).
    fn reject(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = unicode::reason)] reason: &str,
    ) -> PyResult<Submission> {
        let id = jpauto::SubmissionId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.submissions().reject(id, reason)).map(Submission::told)
    }

    /// Deletes a submission. A vehicle that was made of it stays.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = jpauto::SubmissionId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.submissions().delete(id))
    }
}
