//! What the market says of the dealership's vehicles: `lot.market`.

mod records;

use std::ops::ControlFlow;

use jpauto::{
    VehicleId,
    market::{self, AnalyzeLimits},
};
use pyo3::prelude::*;

pub(crate) use records::{
    AdjustedPrices, Adjustment, Analysis, AnalyzeReport, AutoDevSearch, FailedVehicle, LeftOut, MarketOverview,
    MarketPrice, MissingSource, Position, PricedComparable, Progress, Reason, ResearchResult, SearchParameters, Supply,
    TypicalMileage, Velocity, WantedAlert,
};

use crate::{input, lot::Handle, query::Query, record::Told as _};

/// What the dealership's vehicles are worth on the market.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Market {
    handle: Handle,
}

impl Market {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }

    /// Runs with an observer that asks Python: `False` or an exception ends the run, and so does Ctrl-C.
    fn observed(
        &self,
        py: Python<'_>,
        progress: Option<Py<PyAny>>,
        run: impl FnOnce(
            &jpauto::Market<'_>,
            &mut dyn FnMut(market::Progress) -> ControlFlow<()>,
        ) -> jpauto::Result<market::AnalyzeReport>
        + Send,
    ) -> PyResult<AnalyzeReport> {
        let mut raised = None;
        let mut observer = |at: market::Progress| match Python::attach(|py| goes_on(py, progress.as_ref(), at)) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => {
                raised = Some(error);
                ControlFlow::Break(())
            }
        };
        let report = self.handle.run(py, |desk| run(&desk.market(), &mut observer));
        match raised {
            Some(error) => Err(error),
            None => report.map(AnalyzeReport::told),
        }
    }
}

fn goes_on(py: Python<'_>, progress: Option<&Py<PyAny>>, at: market::Progress) -> PyResult<bool> {
    py.check_signals()?;
    let Some(progress) = progress else { return Ok(true) };
    let answer = progress.bind(py).call1((Progress::told(at),))?;
    // Only `False` itself ends the run: a function without a result answers `None`.
    Ok(!answer.is(pyo3::types::PyBool::new(py, false)))
}

#[pymethods]
impl Market {
    /// Prices a vehicle against the market and keeps the result.
    ///
    /// Raises `NotFound` (`vehicle_not_found`), `Conflict` (`vehicle_sold`).
    fn analyze(&self, py: Python<'_>, vehicle_id: &Bound<'_, PyAny>) -> PyResult<Analysis> {
        let id = VehicleId::from_uuid(input::uuid("vehicle_id", vehicle_id)?);
        self.handle.run(py, |desk| desk.market().analyze(id)).map(Analysis::told)
    }

    /// Analyses the unsold vehicles that are due, never analysed ones first, then the longest ago; at most `limit`.
    ///
    /// `progress` is called with a `Progress` after each vehicle. If it returns `False`, the run ends. What was analysed
    /// stays, the other vehicles of the same transaction included (16 at most).
    #[pyo3(signature = (*, limit = None, progress = None))]
    fn analyze_due(
        &self,
        py: Python<'_>,
        limit: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<AnalyzeReport> {
        let mut limits = AnalyzeLimits::default();
        limits.max_vehicles = limit;
        self.observed(py, progress, move |market, observer| market.analyze_due(limits, observer))
    }

    /// Analyses every unsold vehicle, as `analyze_due` does those that are due.
    #[pyo3(signature = (*, progress = None))]
    fn analyze_all(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<AnalyzeReport> {
        self.observed(py, progress, |market, observer| market.analyze_all(observer))
    }

    /// The last analysis of a vehicle as it is kept. Raises `NotFound` (`vehicle_not_found`, `vehicle_not_analyzed`).
    fn get(&self, py: Python<'_>, vehicle_id: &Bound<'_, PyAny>) -> PyResult<ResearchResult> {
        let id = VehicleId::from_uuid(input::uuid("vehicle_id", vehicle_id)?);
        self.handle.run(py, |desk| desk.market().get(id)).map(ResearchResult::told)
    }

    /// A vehicle's price history, newest first: analyses, and changes of our own price.
    #[pyo3(signature = (vehicle_id, *, limit = None))]
    fn history(&self, vehicle_id: &Bound<'_, PyAny>, limit: Option<usize>) -> PyResult<Query> {
        let id = VehicleId::from_uuid(input::uuid("vehicle_id", vehicle_id)?);
        Ok(Query::of::<MarketPrice, _>(&self.handle, limit, move |desk, page| desk.market().history(id, page)))
    }

    /// How the unsold vehicles stand in the market.
    fn overview(&self, py: Python<'_>) -> PyResult<MarketOverview> {
        self.handle.run(py, |desk| desk.market().overview()).map(MarketOverview::told)
    }

    /// Supply and demand of one model year among the competitors' listings, whatever trim and mileage.
    fn days_supply(&self, py: Python<'_>, make: &str, model: &str, year: i32) -> PyResult<Supply> {
        self.handle.run(py, |desk| desk.market().days_supply(make, model, year)).map(Supply::told)
    }
}
