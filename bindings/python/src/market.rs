//! What the market says of the dealership's vehicles: `lot.market`.

mod backtest;
mod records;

use std::ops::ControlFlow;

use jpauto::{
    VehicleFilter, VehicleId,
    market::{self, AnalyzeLimits},
};
use pyo3::{
    prelude::*,
    types::{PyDateTime, PyDict},
};

pub(crate) use {
    backtest::{BacktestProgress, BacktestReport, BacktestScore, EstimateError},
    records::{
        AdjustedPrices, Adjustment, Analysis, AnalyzeReport, AutoDevSearch, AutoDevUse, Comparable, FailedVehicle,
        LeftOut, MarketOverview, MarketPrice, MissingSource, Position, PricedComparable, Progress, Reason,
        ResearchResult, SearchParameters, Supply, TypicalMileage, VehiclePosition, Velocity, WantedAlert,
    },
};

use crate::{
    input, lot::Handle, pricing::many_subjects, progress::Observer, query::Query, record::Told as _, typed, unicode,
    whole,
};

/// What the dealership's vehicles are worth on the market.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Market {
    handle: Handle,
}

impl Market {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }

    /// Runs over vehicles and tells how far it has come.
    fn observed(
        &self,
        py: Python<'_>,
        progress: Option<&Bound<'_, PyAny>>,
        run: impl FnOnce(
            &jpauto::Market<'_>,
            &mut dyn FnMut(market::Progress) -> ControlFlow<()>,
        ) -> jpauto::Result<market::AnalyzeReport>
        + Send,
    ) -> PyResult<AnalyzeReport> {
        let mut observer = Observer::of(progress, "vehicles")?;
        let report = self.handle.run(py, |desk| run(&desk.market(), &mut |at| observer.tell::<Progress, _>(at)));
        observer.ended(py, report.map(AnalyzeReport::told))
    }
}

/// The options of a backtest.
pub(crate) fn backtest_options(
    py: Python<'_>,
    (make, model): (Option<String>, Option<String>),
    (since, until): (Option<&Bound<'_, PyDateTime>>, Option<&Bound<'_, PyDateTime>>),
    event: Option<&str>,
    max_events_a_model: Option<usize>,
) -> PyResult<market::BacktestOptions> {
    let mut options = market::BacktestOptions::default();
    (options.make, options.model) = (make, model);
    options.since = since.map(|since| input::instant("since", since)).transpose()?;
    options.until = until.map(|until| input::instant("until", until)).transpose()?;
    options.event = input::optional_word(py, event)?;
    options.max_events_a_model = max_events_a_model.unwrap_or(options.max_events_a_model);
    Ok(options)
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
    /// `progress` is called with a `Progress` after each vehicle; `True` shows a bar, where tqdm is installed. If it returns
    /// `False`, the run ends. What was analysed stays, the other vehicles of the same transaction included (16 at most).
    #[pyo3(signature = (*, limit = None, progress = None))]
    fn analyze_due(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AnalyzeReport> {
        let mut limits = AnalyzeLimits::default();
        limits.max_vehicles = limit;
        self.observed(py, progress, move |market, observer| market.analyze_due(limits, observer))
    }

    /// Analyses every unsold vehicle, as `analyze_due` does those that are due.
    #[pyo3(signature = (*, progress = None))]
    fn analyze_all(&self, py: Python<'_>, progress: Option<&Bound<'_, PyAny>>) -> PyResult<AnalyzeReport> {
        self.observed(py, progress, |market, observer| market.analyze_all(observer))
    }

    /// The last analysis of a vehicle as it is kept. Raises `NotFound` (`vehicle_not_found`, `vehicle_not_analyzed`).
    fn get(&self, py: Python<'_>, vehicle_id: &Bound<'_, PyAny>) -> PyResult<ResearchResult> {
        let id = VehicleId::from_uuid(input::uuid("vehicle_id", vehicle_id)?);
        self.handle.run(py, |desk| desk.market().get(id)).map(ResearchResult::told)
    }

    /// A vehicle's price history, newest first: analyses, and changes of our own price.
    #[pyo3(signature = (vehicle_id, *, limit = None))]
    fn history(
        &self,
        vehicle_id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let id = VehicleId::from_uuid(input::uuid("vehicle_id", vehicle_id)?);
        Ok(Query::of::<MarketPrice, _>(&self.handle, limit, move |desk, page| desk.market().history(id, page)))
    }

    /// What any car is worth on the market, whether it is ours or not; nothing is kept. `subject` has the fields of
    /// `jpauto.types.Subject`: `year`, `make` and `model` are needed; `mileage`, `trim`, `price`, `cost`, `vin` and `branded` may be left out.
    ///
    /// Raises `InvalidInput` (`invalid_subject`, `invalid_argument`).
    #[pyo3(signature = (**subject))]
    fn price(&self, py: Python<'_>, subject: Option<&Bound<'_, PyDict>>) -> PyResult<Analysis> {
        let subject: market::Subject = input::fields(py, subject)?;
        self.handle.run(py, |desk| desk.market().price(&subject)).map(Analysis::told)
    }

    /// The competitors' listings that the rule would choose from for each of the subjects, in their order. They still include listings
    /// that the rule drops. `jpauto.pricing.price` takes them as its comparables.
    ///
    /// `subjects` are dictionaries, records or a table, as in `jpauto.pricing.price`; at most 1,000.
    ///
    /// Raises `InvalidInput` (`invalid_subject`, `invalid_argument`).
    fn candidates(&self, py: Python<'_>, subjects: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<Comparable>>> {
        let subjects = many_subjects(subjects)?;
        self.handle.run(py, |desk| desk.market().candidates(&subjects)).map(Vec::told)
    }

    /// Vehicles that match the filters, each with its last analysis, newest on sale first.
    #[pyo3(signature = (*, status = None, make = None, model = None, limit = None))]
    fn positions(
        &self,
        status: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = unicode::make)] make: Option<String>,
        #[pyo3(from_py_with = unicode::model)] model: Option<String>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let mut filter = VehicleFilter::default();
        filter.status = input::words("status", status)?;
        (filter.make, filter.model) = (make, model);
        Ok(Query::of::<VehiclePosition, _>(&self.handle, limit, move |desk, page| {
            desk.market().positions(&filter, page)
        }))
    }

    /// How good the pricing rule would have been: each listing that was sold or cut in price is priced from the others that were
    /// visible then. `event` is `sold` or `price_cut`; without it both count.
    ///
    /// Raises `InvalidInput` (`invalid_backtest`).
    #[pyo3(signature = (
        *, make = None, model = None, since = None, until = None, event = None, max_events_a_model = None, progress = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn backtest(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::make)] make: Option<String>,
        #[pyo3(from_py_with = unicode::model)] model: Option<String>,
        #[pyo3(from_py_with = typed::since)] since: Option<&Bound<'_, PyDateTime>>,
        #[pyo3(from_py_with = typed::until)] until: Option<&Bound<'_, PyDateTime>>,
        #[pyo3(from_py_with = unicode::event)] event: Option<&str>,
        #[pyo3(from_py_with = whole::max_events_a_model)] max_events_a_model: Option<usize>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<BacktestReport> {
        let options = backtest_options(py, (make, model), (since, until), event, max_events_a_model)?;
        let mut observer = Observer::of(progress, "models")?;
        let report = self
            .handle
            .run(py, |desk| desk.market().backtest(&options, &mut |at| observer.tell::<BacktestProgress, _>(at)));
        observer.ended(py, report.map(BacktestReport::told))
    }

    /// How many of the month's calls of auto.dev were made; `None` where it is not configured.
    fn auto_dev_use(&self, py: Python<'_>) -> PyResult<Option<AutoDevUse>> {
        self.handle.run(py, |desk| desk.market().auto_dev_use()).map(Option::told)
    }

    /// How the unsold vehicles stand in the market.
    fn overview(&self, py: Python<'_>) -> PyResult<MarketOverview> {
        self.handle.run(py, |desk| desk.market().overview()).map(MarketOverview::told)
    }

    /// Supply and demand of one model year among the competitors' listings, whatever trim and mileage.
    fn days_supply(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::make)] make: &str,
        #[pyo3(from_py_with = unicode::model)] model: &str,
        #[pyo3(from_py_with = whole::year)] year: i32,
    ) -> PyResult<Supply> {
        self.handle.run(py, |desk| desk.market().days_supply(make, model, year)).map(Supply::told)
    }
}
