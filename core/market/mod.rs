//! What a vehicle is worth on the market, how sure that is, and why.
//!
//! `pricing/` is the rule: pure, one file a question (comparables, adjustment, outliers, recommendation, confidence).
//! Comparables come from the competitors' listings (`repository/comparables.rs`) and, where it is configured, from auto.dev
//! (`auto_dev/`). [`Market`] loads them, applies the rule, stores the result and opens its alerts (`alert_message.rs`).
//! `backtest.rs` measures the rule against what listings came to ask. A source that fails is named in
//! [`Analysis::missing_source`].
//!
//! Deliberately not here: scheduling of runs, and sentences for the reasons.

mod alert_message;
mod auto_dev;
mod backtest;
mod pricing;
mod repository;
mod research;
mod service;

pub(crate) use self::{auto_dev::AutoDev, service::vehicles_changed};
pub use self::{
    auto_dev::{AutoDevConfig, AutoDevPlan, AutoDevSearch, AutoDevVersion, Coordinates},
    backtest::{
        BacktestEvent, BacktestOptions, BacktestProgress, BacktestReport, BacktestScore, EstimateError, PastListing,
        backtest, backtest_observed,
    },
    pricing::{
        adjustment::{AdjustedPrices, Adjustment, SlopeOutcome},
        analysis::{Analysis, DataSource, MissingSource, PricedComparable, SearchParameters},
        analyze::analyze,
        comparables::{Comparable, LeftOut, OwnVins, Source},
        confidence::{Confidence, confidence},
        config::{PricingRules, TierLimits, TypicalMileage},
        pool::ComparablePool,
        price_alert::{WantedAlert, wanted_alert},
        quantile,
        reasons::Reason,
        recommendation::{Position, PriceRange, Recommendation, recommend},
        rows::{ComparableRow, SubjectRow},
        slope,
        subject::Subject,
        supply::Supply,
        velocity::{HistoryPoint, MarketMood, Velocity, velocity, week},
    },
    research::{
        AnalyzeLimits, AnalyzeReport, AutoDevUse, MarketOverview, MarketPrice, Progress, ResearchResult,
        VehiclePosition, is_due,
    },
    service::Market,
};
