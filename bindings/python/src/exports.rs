//! Feeds for the website and for advertising platforms: `lot.exports`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use jpauto::exports;
use pyo3::{prelude::*, types::PyDict};
use uuid::Uuid;

use crate::{
    input,
    lot::Handle,
    progress::Observer,
    query::Query,
    record::{Bytes, Document, Told as _, UsuallyWord as _, record},
    typed, unicode, whole,
};

record! {
    /// The result of an export.
    ExportReport of exports::ExportReport {
        () {
            /// The row of the history; `None` for a dry run.
            id: Option<Uuid>,
            /// The feed, such as `meta`.
            platform: &'static str,
            /// Its form, such as `csv`.
            format: &'static str,
            /// Where it is now: a path or a URL.
            destination: Option<String>,
            /// The vehicles in it.
            vehicle_count: u64,
            /// The vehicles that it does not carry.
            left_out_count: u64,
            /// The size of all its files.
            bytes: u64,
            /// The vehicles of the last export of this feed to this destination.
            last_vehicle_count: Option<u64>,
            /// The vehicles and values that were left out, and why; the first of them where there are very many.
            omissions: Vec<Omission>,
            /// How many omissions are not listed.
            omissions_not_listed: u64,
            /// The answer of the server that took it.
            answer: Option<String>,
            /// When it was exported.
            exported_at: DateTime<Utc>,
            /// Whether nothing was published.
            dry_run: bool,
        }
    }
}

record! {
    /// A vehicle that a feed does not carry, or a value that it leaves empty.
    Omission of exports::Omission {
        () {
            /// The vehicle's id.
            vehicle_id: Uuid,
            /// Its VIN.
            vin: String,
            /// Its stock number.
            stock_number: Option<String>,
            /// Whether the whole `vehicle` was left out, or a `value` of it; `missing` where it has no such value, which the platform wants.
            what: &'static str,
            /// The column of the feed, or the field of the vehicle.
            field: String,
            /// What was wrong.
            reason: String,
        }
    }
}

record! {
    /// The result of a check of a feed's file.
    CheckedFeed of exports::CheckedFeed {
        () {
            /// The feed whose rules were applied.
            platform: &'static str,
            /// The form in which the file was read.
            format: &'static str,
            /// The vehicles in it.
            vehicle_count: u64,
            /// What is wrong, in the order of the file; the first of it where there is very much.
            faults: Vec<FeedFault>,
            /// All faults, those that are not listed included.
            fault_count: u64,
        }
    }
}

record! {
    /// A fault of a feed's file.
    FeedFault of exports::FeedFault {
        () {
            /// The line; in XML, JSON-LD and pages the number of the vehicle. 0 for the file as a whole.
            row: u64,
            /// The name of the page, where the feed consists of pages.
            page: Option<String>,
            /// The column.
            column: Option<String>,
            /// What was expected.
            rule: String,
            /// What stands there, shortened.
            found: Option<String>,
        }
    }
}

record! {
    /// A row of the history of exports.
    Export of exports::ExportEntry {
        () {
            /// Its id.
            id: Uuid,
            /// The feed; older applications may have written other words.
            platform: String = [platform.usually::<exports::Platform>()],
            /// The vehicles in it.
            vehicle_count: Option<i32>,
            /// The outcome: `success`, `failure` or, of another application, `unknown`.
            status: &'static str,
            /// Why it failed.
            error_message: Option<String>,
            /// When it was.
            exported_at: Option<DateTime<Utc>>,
            /// Where it went.
            destination: Option<String>,
            /// The vehicles that it does not carry.
            left_out_count: Option<i32>,
            /// The size of all its files.
            bytes: Option<i64>,
            /// The code of the error, such as `export_held_back`.
            error_code: Option<String>,
            /// The answer of the server that took it.
            answer: Option<String>,
            /// What was left out, by field and reason, with counts.
            report: Option<Document>,
        }
    }
}

/// The file of a feed, read.
pub(crate) struct ReadFile {
    name: String,
    content: Vec<u8>,
    report: exports::ExportReport,
}

record! {
    /// The file of a feed.
    FeedFile of ReadFile {
        () {
            /// The name that the feed's files have.
            name: String,
            /// What is in it.
            content: Bytes,
            /// What the export did.
            report: ExportReport,
        }
    }
}

record! {
    /// How far an export has come.
    ExportProgress of exports::ExportProgress {
        () {
            /// The vehicles that were looked at.
            done: u64,
            /// All that there are to look at.
            total: u64,
        }
    }
}

/// Feeds for the website and for advertising platforms, and the history of their exports.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Exports {
    handle: Handle,
}

impl Exports {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }
}

/// A mapping that a dictionary holds.
fn mapping_of(py: Python<'_>, mapping: Option<&Bound<'_, PyDict>>) -> PyResult<Option<exports::Mapping>> {
    mapping.map(|mapping| input::fields(py, Some(mapping))).transpose()
}

#[pymethods]
impl Exports {
    /// Exports a feed: reads the vehicles of one moment, writes and checks the feed, and puts it in its place.
    ///
    /// `to` is a folder, a file or a URL; without it the feed goes where the configuration says. `mapping` has the columns, as
    /// `docs/exports.md` says. `dry_run` makes and checks it and publishes nothing. `progress` is called with an `ExportProgress`; `True`
    /// shows a bar, where tqdm is installed.
    ///
    /// Raises `InvalidInput` (`invalid_platform`, `invalid_destination`, `invalid_mapping`, `invalid_feed_format`), `Conflict`
    /// (`export_held_back`, `export_destination_occupied`), `Refused` (`not_configured`, `delivery_refused`, `unknown_host_key`),
    /// `Unavailable` (`export_not_written`, `delivery_failed`), `Internal` (`export_invalid`).
    #[pyo3(signature = (
        platform, *, to = None, format = None, mapping = None, confirm = false, dry_run = false, progress = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "each is a keyword in Python")]
    fn run(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::platform)] platform: &str,
        #[pyo3(from_py_with = typed::to)] to: Option<PathBuf>,
        #[pyo3(from_py_with = unicode::format)] format: Option<&str>,
        #[pyo3(from_py_with = typed::mapping)] mapping: Option<&Bound<'_, PyDict>>,
        #[pyo3(from_py_with = typed::confirm)] confirm: bool,
        #[pyo3(from_py_with = typed::dry_run)] dry_run: bool,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<ExportReport> {
        let mut export = exports::Export::of(input::word(py, platform)?);
        export.destination = to.map(|to| to.to_string_lossy().into_owned());
        export.format = input::optional_word(py, format)?;
        export.mapping = mapping_of(py, mapping)?;
        (export.confirm, export.dry_run) = (confirm, dry_run);
        let mut observer = Observer::of(progress, "vehicles")?;
        let report =
            self.handle.run(py, |desk| desk.exports().run(&export, &mut |at| observer.tell::<ExportProgress, _>(at)));
        observer.ended(py, report.map(ExportReport::told))
    }

    /// Checks the file of a feed against the platform's rules, as far as they are known.
    ///
    /// Raises `NotFound` (`feed_unreadable`), `InvalidInput` (`invalid_platform`, `invalid_mapping`), `Refused` (`not_configured`).
    #[pyo3(signature = (file, *, platform, mapping = None))]
    fn check(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = typed::file)] file: PathBuf,
        #[pyo3(from_py_with = unicode::platform)] platform: &str,
        #[pyo3(from_py_with = typed::mapping)] mapping: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<CheckedFeed> {
        let platform = input::word(py, platform)?;
        let mapping = mapping_of(py, mapping)?;
        self.handle.run(py, |desk| desk.exports().check(&file, platform, mapping.as_ref())).map(CheckedFeed::told)
    }

    /// The same of a file in memory, in this form or in the feed's usual one; by the mapping that `open` was given.
    ///
    /// Raises `InvalidInput` (`invalid_platform`, `invalid_feed_format`), `Refused` (`not_configured`).
    #[pyo3(signature = (content, *, platform, format = None))]
    fn check_bytes(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = typed::content)] content: &[u8],
        #[pyo3(from_py_with = unicode::platform)] platform: &str,
        #[pyo3(from_py_with = unicode::format)] format: Option<&str>,
    ) -> PyResult<CheckedFeed> {
        let (platform, format) = (input::word(py, platform)?, input::optional_word(py, format)?);
        self.handle.run(py, |desk| desk.exports().check_bytes(content, platform, format)).map(CheckedFeed::told)
    }

    /// Makes a feed and gives its content, which goes nowhere; several pages come as a ZIP. The history has a row of it.
    ///
    /// Raises what `run` raises, without what is about a destination.
    #[pyo3(signature = (platform, *, format = None, mapping = None))]
    fn file(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::platform)] platform: &str,
        #[pyo3(from_py_with = unicode::format)] format: Option<&str>,
        #[pyo3(from_py_with = typed::mapping)] mapping: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<FeedFile> {
        let mut export = exports::Export::of(input::word(py, platform)?);
        export.format = input::optional_word(py, format)?;
        export.mapping = mapping_of(py, mapping)?;
        self.handle
            .run(py, |desk| {
                let file = desk.exports().file(&export)?;
                Ok(ReadFile { content: file.bytes(u64::MAX)?, name: file.name, report: file.report })
            })
            .map(FeedFile::told)
    }

    /// The exports, newest first; with `last_of_each` of each feed the last one that succeeded.
    #[pyo3(signature = (*, platform = None, status = None, last_of_each = false, limit = None))]
    fn list(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::platform)] platform: Option<&str>,
        #[pyo3(from_py_with = unicode::status)] status: Option<&str>,
        #[pyo3(from_py_with = typed::last_of_each)] last_of_each: bool,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let mut filter = exports::ExportFilter::default();
        filter.platform = input::optional_word(py, platform)?;
        filter.status = input::optional_word(py, status)?;
        filter.last_of_each = last_of_each;
        Ok(Query::of::<Export, _>(&self.handle, limit, move |desk, page| desk.exports().list(&filter, page)))
    }
}
