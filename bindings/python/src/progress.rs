//! Long runs that tell how far they have come, and that Ctrl-C, an exception or `False` ends.

use std::ops::ControlFlow;

use pyo3::{prelude::*, pyclass_init::PyClassInitializer, types::PyBool};

use crate::ending::Inside;
use crate::faults::not;
use crate::record::{Record, Told};

/// Who is told how far a run has come: a function, a progress bar (`True`), or nobody.
#[derive(Default)]
pub(crate) struct Observer {
    told: Option<Py<PyAny>>,
    bar: Option<Py<PyAny>>,
    raised: Option<PyErr>,
}

impl Observer {
    /// `progress` is the argument of that name. A bar counts in `unit`.
    pub(crate) fn of(progress: Option<&Bound<'_, PyAny>>, unit: &str) -> PyResult<Self> {
        let Some(progress) = progress else { return Ok(Self::default()) };
        if let Ok(wanted) = progress.cast::<PyBool>() {
            if !wanted.is_true() {
                return Ok(Self::default());
            }
            let bar = progress.py().import("jpauto._progress")?.call_method1("bar", (unit,))?.unbind();
            return Ok(Self { told: Some(bar.clone_ref(progress.py())), bar: Some(bar), raised: None });
        }
        if !progress.is_callable() {
            return Err(not("progress", "True, False, None or a function", progress));
        }
        Ok(Self { told: Some(progress.clone().unbind()), ..Self::default() })
    }

    /// Tells it, as a record. Called with the interpreter's lock released.
    pub(crate) fn tell<R, T>(&mut self, at: T) -> ControlFlow<()>
    where
        R: Record + Told<T> + Into<PyClassInitializer<R>>,
    {
        self.ask(|py| Ok(Py::new(py, R::told(at))?.into_any()))
    }

    /// Only looks whether the run is to end.
    pub(crate) fn wait(&mut self) -> ControlFlow<()> {
        match Python::attach(|py| py.check_signals()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => self.stop(error),
        }
    }

    fn ask(&mut self, at: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>>) -> ControlFlow<()> {
        let goes_on = Python::attach(|py| {
            let _inside = Inside::begin(py);
            py.check_signals()?;
            let Some(told) = &self.told else { return Ok(true) };
            let answer = told.bind(py).call1((at(py)?,))?;
            // Only `False` itself ends the run: a function without a result answers `None`.
            Ok(!answer.is(PyBool::new(py, false)))
        });
        match goes_on {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => self.stop(error),
        }
    }

    fn stop(&mut self, error: PyErr) -> ControlFlow<()> {
        self.raised = Some(error);
        ControlFlow::Break(())
    }

    /// The outcome of the run, or what was raised meanwhile.
    pub(crate) fn ended<T>(self, py: Python<'_>, outcome: PyResult<T>) -> PyResult<T> {
        if let Some(bar) = self.bar {
            bar.call_method0(py, "close")?;
        }
        self.raised.map_or(outcome, Err)
    }
}
