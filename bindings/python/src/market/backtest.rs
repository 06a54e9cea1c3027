//! What a backtest of the pricing rule found.

use chrono::{DateTime, Utc};
use jpauto::market;
use pyo3::prelude::*;

use crate::record::{Told, record};

record! {
    /// The mean error of an estimate.
    EstimateError of market::EstimateError {
        () {
            /// The mean of `|ln(estimate / truth)|`.
            mae_log: f64,
            /// The mean of `|estimate - truth| / truth`, in percent.
            mape_percent: f64,
        }
    }
}

record! {
    /// How the rule did on a set of events.
    BacktestScore of market::BacktestScore {
        () {
            /// Events looked at.
            events: usize,
            /// Of those, events with enough comparables at the time. The figures below are about these.
            priced: usize,
            /// The error of the rule's median; `None` where nothing was priced, as with the figures below.
            rule: Option<EstimateError>,
            /// The error of the plain median of the same search.
            plain_median: Option<EstimateError>,
            /// The share of true prices within the recommended range, in percent.
            coverage_percent: Option<f64>,
            /// That share with exact adjustments, in percent.
            expected_coverage_percent: Option<f64>,
            /// The share of events in which the rule was nearer than the plain median, ties counted half, in percent.
            nearer_percent: Option<f64>,
        }
    }
}

impl Told<(DateTime<Utc>, DateTime<Utc>)> for (DateTime<Utc>, DateTime<Utc>) {
    fn told(times: (DateTime<Utc>, DateTime<Utc>)) -> Self {
        times
    }
}

record! {
    /// What a backtest found.
    BacktestReport of market::BacktestReport {
        () {
            /// Models with events.
            models: usize,
            /// Events left out because a model had too many.
            thinned: usize,
            /// All events together.
            total: BacktestScore,
            /// Those that were sold.
            sold: BacktestScore,
            /// Those whose price was cut.
            price_cut: BacktestScore,
            /// The first and the last event.
            between: Option<(DateTime<Utc>, DateTime<Utc>)>,
        }
    }
}

record! {
    /// The progress of a backtest, after each model.
    BacktestProgress of market::BacktestProgress {
        () {
            /// Models to look at.
            total: usize,
            /// Models finished.
            done: usize,
            /// Events priced so far.
            priced: usize,
        }
    }
}
