//! The extension module `jpauto._jpauto`: the library's nouns and verbs for Python.
//!
//! Each noun has a file. Its functions convert the arguments, release the interpreter's lock, call the library and convert the
//! result. Users import the package `jpauto` in `python/`.

mod activity;
mod alerts;
mod arrow;
mod clock;
mod competitors;
mod ending;
mod error;
mod evaluation;
mod exports;
mod extract;
mod faults;
mod frame;
mod html;
mod imports;
mod input;
mod interrupt;
mod inventory;
mod jobs;
mod lot;
mod market;
mod notifications;
mod open_files;
mod pricing;
mod progress;
mod query;
mod record;
mod sessions;
mod settings;
mod sign_in;
mod storage;
mod submissions;
mod tables;
mod tokens;
mod tracking;
mod typed;
mod unicode;
mod users;
mod vin;
mod whole;

use pyo3::prelude::*;

/// What `import jpauto._jpauto` runs.
#[pymodule]
mod _jpauto {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::{
        activity::{Activity, ActivityEntry},
        alerts::{Alert, Alerts},
        clock::Clock,
        competitors::{
            AddedCompetitor, ChangedVehicle, Competitor, CompetitorOverview, Competitors, Listing, LotVerdict,
            MarketView, Metrics, ModelFigures, PriceChange, PricePoint, ReadingScore, RecordReport, RecordedVehicle,
            RefusedListing, ScorePart, ScrapeCounts, ScrapeFailure, ScrapeProgress, ScrapeRecord, ScrapeReport,
            ScrapeSummary, SoldVehicle, TestFailure, TestReport, TestedPage, Trends, UncountedListings, Undercut,
        },
        evaluation::{
            Decoded, Evaluation, EvaluationWarning, Evaluations, Expired, VehicleIdentity, VinFacts, VpicDecode,
        },
        exports::{CheckedFeed, Export, ExportProgress, ExportReport, Exports, FeedFault, FeedFile, Omission},
        extract::{Extraction, ExtractionWarning, ScrapedListing, listings, mileage, platforms, price, text},
        imports::{
            FaultCount, ImportCounts, ImportReport, ImportedChange, ImportedColumn, ImportedVehicle, RefusedRow,
            RowFault, RowWarning, SheetShape, SoldHeldBack,
        },
        inventory::{
            AgeCount, Inventory, ListedVehicle, MonthOfSales, SaleCount, SalesStatistics, Statistics, StatusCount,
            StockCount, StockedVehicle, Vehicle, VehicleWarning,
        },
        jobs::{JobOverview, Jobs, Run, RunProgress},
        lot::{Backup, Finding, Lot, MigrationReport, PartitionProgress, PartitionReport, open},
        market::{
            AdjustedPrices, Adjustment, Analysis, AnalyzeReport, AutoDevSearch, AutoDevUse, BacktestProgress,
            BacktestReport, BacktestScore, Comparable, EstimateError, FailedVehicle, LeftOut, Market, MarketOverview,
            MarketPrice, MissingSource, Position, PricedComparable, Progress, Reason, ResearchResult, SearchParameters,
            Supply, TypicalMileage, VehiclePosition, Velocity, WantedAlert,
        },
        notifications::{Channel, Notification, Notifications},
        pricing::{backtest_listings, days_on_market_of, price_subjects, supply_of_subjects},
        query::{Query, Rows},
        record::closed_sets,
        sessions::Sessions,
        sign_in::{Me, SignIn, SignInLink},
        storage::{Orphans, Photo, SignedUpload, Storage, StorageUsage, StoredObject},
        submissions::{Submission, SubmissionWarning, Submissions},
        tables::{Batch, Batches},
        tokens::{IssuedToken, Token, Tokens},
        tracking::replay_sightings,
        users::{User, Users},
        vin::{Vin, VinReport, parse, parse_many, report},
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::ending::watch(module.py())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
