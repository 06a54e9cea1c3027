//! The operations on feeds.

use std::{
    cell::{Cell, RefCell},
    ops::ControlFlow,
    panic::resume_unwind,
    path::Path,
    thread,
};

use chrono::{DateTime, Utc};
use serde_json::{Map, json};
use tempfile::TempDir;

use super::{
    CheckedFeed, Export, ExportConfig, ExportEntry, ExportFilter, ExportProgress, ExportReport, ExportStatus,
    FeedConfig, FeedFile, FeedFormat, Mapping, Platform, check,
    delivery::{self, Login},
    destination::Destination,
    feed::{Feed, Surroundings},
    feeds, mapping,
    publishing::{self, Stage},
    repository,
    snapshot::{self, Order, Written, not_written},
};
use crate::{
    activity::{self, Action},
    actor::Permission,
    desk::Desk,
    error::{Error, ErrorCode, Result},
    ids::ExportId,
    inventory::{InventoryRules, VehicleLimits},
    outbox::{self, Event},
    page::{Page, PageRequest, literal_pattern},
    zone::Zone,
};

/// The feeds, and the history of their exports.
#[derive(Clone, Copy, Debug)]
pub struct Exports<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// The feeds, and the history of their exports.
    #[must_use]
    pub fn exports(&self) -> Exports<'_> {
        Exports { desk: self }
    }
}

/// The table of the audit trail.
const RESOURCE: &str = "exports";

/// All that is known of a feed before a vehicle is read.
struct Plan<'p> {
    export: &'p Export,
    config: &'p ExportConfig,
    agreed: FeedConfig,
    feed: Feed,
    format: FeedFormat,
    destination: Option<Destination>,
    now: DateTime<Utc>,
    zone: Zone,
    limits: VehicleLimits,
}

impl Plan<'_> {
    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            dealership: &self.config.dealership,
            dealer_id: self.agreed.dealer_id.as_deref(),
            store_code: self.agreed.store_code.as_deref(),
            vehicle_url: self.config.vehicle_url.as_deref().filter(|_| self.config.has_page_addresses()),
            now: self.now,
            zone: self.zone,
            limits: self.limits,
        }
    }

    fn place(&self, destination: &Destination) -> String {
        destination.place(&self.file_name(), self.format)
    }

    fn file_name(&self) -> String {
        self.feed.file_name(&self.surroundings(), self.format)
    }

    /// A pattern of the places that the feed has on other days, where its file is named by the day.
    fn place_on_other_days(&self, destination: &Destination) -> Option<String> {
        let day = self.surroundings().day();
        let place = self.place(destination);
        let (before, after) = place.rsplit_once(&day).filter(|_| self.file_name().contains(&day))?;
        let any_day = "_".repeat(day.len());
        Some([literal_pattern(before), any_day, literal_pattern(after)].concat())
    }

    /// Who we are to the server. Only the configured destination is told, and only it may stand in a private network.
    fn login(&self) -> Login {
        let is_configured = match &self.export.destination {
            None => true,
            Some(named) => self.agreed.destination.as_ref() == Some(named),
        };
        if is_configured { self.agreed.login.clone() } else { Login::default() }
    }
}

/// A feed in its place, or ready to be put there.
struct Done {
    written: Written,
    last_vehicle_count: Option<u64>,
    answer: Option<String>,
    destination: Option<String>,
}

impl Exports<'_> {
    /// Exports a feed: reads the vehicles of one moment, writes and checks the feed, and puts it in its place.
    ///
    /// The observer is called after each page of vehicles; breaking off leaves the feed before as it is. Every run but a dry one is
    /// a row of the history, whether it succeeds or not.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use jpauto::{Actor, Dealership, exports::{Export, Platform}};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let export = Export::of(Platform::Csv).to(folder.path().to_string_lossy());
    /// let report = desk.exports().run(&export, &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!(report.vehicle_count, 0);
    /// assert!(folder.path().join("inventory.csv").exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `not_configured`, naming the key; `invalid_destination`; `invalid_mapping`; `invalid_feed_format`; `export_held_back` for a feed
    /// that shrank by more than half; `export_destination_occupied` for a folder of pages that a person fills;
    /// `export_not_written`; `export_invalid` where the check finds faults; `delivery_refused`, `unknown_host_key` and
    /// `delivery_failed` from the server that takes it; `export_stopped`.
    pub fn run(
        &self,
        export: &Export,
        observer: &mut dyn FnMut(ExportProgress) -> ControlFlow<()>,
    ) -> Result<ExportReport> {
        let now = self.desk.now();
        self.desk.must(Permission::Export)?;
        let plan = self.plan(export, now)?;
        if plan.destination.is_none() && !export.dry_run {
            let message = format!(
                "nothing says where the feed goes: name a destination, or set exports.{}.destination",
                export.platform
            );
            return Err(Error::new(ErrorCode::NotConfigured, message));
        }
        let outcome = self.make(&plan, &own_folder()?, observer);
        if export.dry_run {
            return outcome.map(|done| report(&plan, done, None));
        }
        let id = self.record(&plan, outcome.as_ref())?;
        outcome.map(|done| report(&plan, done, Some(id)))
    }

    /// Makes a feed as a temporary file, which is removed when the answer is dropped. Nothing is delivered, so it is never held back.
    /// The history has a row of it, as of every run.
    ///
    /// # Errors
    /// As [`Exports::run`], without those of a destination.
    pub fn file(&self, export: &Export) -> Result<FeedFile> {
        let now = self.desk.now();
        self.desk.must(Permission::Export)?;
        let export = Export { dry_run: false, ..export.clone() };
        let mut plan = self.plan(&export, now)?;
        plan.destination = None;
        if plan.format == FeedFormat::Pages {
            plan.format = FeedFormat::Zip;
        }
        let folder = own_folder()?;
        let outcome = self.make(&plan, &folder, &mut |_progress| ControlFlow::Continue(()));
        let id = self.record(&plan, outcome.as_ref())?;
        let name = plan.feed.file_name(&plan.surroundings(), plan.format);
        Ok(FeedFile { report: report(&plan, outcome?, Some(id)), name, folder })
    }

    /// Checks the file of a feed against the platform's rules, as far as they are known. The form is the feed's usual one, or that
    /// which the name of the file says.
    ///
    /// # Errors
    /// `feed_unreadable`; `not_configured` and `invalid_mapping` for a custom feed.
    pub fn check(&self, file: impl AsRef<Path>, platform: Platform, mapping: Option<&Mapping>) -> Result<CheckedFeed> {
        self.desk.must(Permission::ReadExports)?;
        let path = file.as_ref();
        let agreed = self.config().feed(platform);
        let feed = feeds::of(platform, mapping.or(agreed.mapping.as_ref()))?;
        check::check(path, &feed, format_of(path, &feed))
    }

    /// The same of a file that is in memory, in this form or in the feed's usual one.
    ///
    /// # Errors
    /// `invalid_feed_format`; as [`Exports::check`].
    pub fn check_bytes(&self, bytes: &[u8], platform: Platform, format: Option<FeedFormat>) -> Result<CheckedFeed> {
        self.desk.must(Permission::ReadExports)?;
        let agreed = self.config().feed(platform);
        let feed = feeds::of(platform, agreed.mapping.as_ref())?;
        if let Some(format) = format.filter(|format| !feed.formats.contains(format) || *format == FeedFormat::Pages) {
            let message = format!("a file of {platform} cannot be read as {format}");
            return Err(Error::invalid_field(ErrorCode::InvalidFeedFormat, "/format", message));
        }
        let folder = own_folder()?;
        let path = folder.path().join("feed");
        std::fs::write(&path, bytes).map_err(not_written)?;
        check::check(&path, &feed, format.unwrap_or_else(|| format_of(&path, &feed)))
    }

    /// A page of the history, newest first.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn list(&self, filter: &ExportFilter, page: &PageRequest) -> Result<Page<ExportEntry>> {
        self.desk.list(Permission::ReadExports, |conn| repository::list(conn, filter, page))
    }

    fn config(&self) -> &ExportConfig {
        self.desk.rules()
    }

    fn plan<'p>(&'p self, export: &'p Export, now: DateTime<Utc>) -> Result<Plan<'p>> {
        let config = self.config();
        let agreed = config.feed(export.platform);
        let mapping = export.mapping.as_ref().or(agreed.mapping.as_ref());
        let feed = feeds::of(export.platform, mapping)?;
        let destination = export.destination.as_ref().or(agreed.destination.as_ref());
        let destination = destination.map(|text| Destination::parse(text)).transpose()?;
        let by_name = destination.as_ref().and_then(Destination::format).filter(|format| feed.formats.contains(format));
        let format = export.format.or(mapping.and_then(|mapping| mapping.format)).or(by_name).or(agreed.format);
        // A server takes one file.
        let is_sent = matches!(destination, Some(Destination::Server(_)));
        let usual =
            *feed.formats.iter().find(|format| !is_sent || **format != FeedFormat::Pages).unwrap_or(&feed.formats[0]);
        let format = format.unwrap_or(usual);
        if !feed.formats.contains(&format) || (is_sent && format == FeedFormat::Pages) {
            let known: Vec<_> = feed.formats.iter().map(|format| format.as_str()).collect();
            let message = format!("expected one of {}", known.join(" "));
            return Err(Error::invalid_field(ErrorCode::InvalidFeedFormat, "/format", message));
        }
        if format == FeedFormat::Xml {
            mapping::ensure_elements(&feed.columns)?;
        }
        let (zone, limits) = (self.desk.zone(), self.desk.rules::<InventoryRules>().limits);
        let plan = Plan { export, config, agreed, feed, format, destination, now, zone, limits };
        ensure_configured(&plan)?;
        Ok(plan)
    }

    /// Makes, checks and publishes the feed. `own` is where it is written if it goes to no folder.
    fn make(
        &self,
        plan: &Plan<'_>,
        own: &TempDir,
        observer: &mut dyn FnMut(ExportProgress) -> ControlFlow<()>,
    ) -> Result<Done> {
        let surroundings = plan.surroundings();
        let name = plan.feed.file_name(&surroundings, plan.format);
        let target = match &plan.destination {
            Some(destination) if !plan.export.dry_run => destination.target(&name, plan.format),
            _ => None,
        };
        self.ensure_not_occupied(plan, target.as_deref())?;
        let address = plan.destination.as_ref().and_then(|destination| destination.address(&name));
        if let Some(url) = &address {
            let key = format!("exports.{}", plan.export.platform);
            delivery::ensure_can_be_sent(url, &plan.login(), &key)?;
        }
        let staged = target.unwrap_or_else(|| own.path().join(&name));
        let stage = Stage::begin(&staged, plan.format).map_err(not_written)?;
        let order = Order {
            feed: &plan.feed,
            surroundings: &surroundings,
            path: stage.path(),
            format: plan.format,
            formulas: plan.agreed.formulas,
            most_omissions: plan.config.most_omissions,
        };
        let last_told = Cell::new(ExportProgress { done: 0, total: 0 });
        let observer = RefCell::new(|progress: ExportProgress| {
            last_told.set(progress);
            observer(progress)
        });
        let mut written =
            self.desk.report(Permission::Export, |conn| snapshot::write(conn, &order, &mut *observer.borrow_mut()))?;
        let is_published = !plan.export.dry_run && address.is_none();
        ensure_whole(plan, &stage, is_published, written.checked.take())?;
        let last_vehicle_count = self.last_vehicle_count(plan)?;
        ensure_not_shrunk(plan, &written, last_vehicle_count)?;
        let mut done = Done { written, last_vehicle_count, answer: None, destination: None };
        done.destination = plan.destination.as_ref().map(|destination| destination.shown(&name, plan.format));
        if plan.export.dry_run {
            return Ok(done);
        }
        match address {
            Some(url) => {
                let mut goes_on = || (observer.borrow_mut())(last_told.get());
                let answer = delivery::send(&url, stage.path(), plan.format, &plan.login(), &mut goes_on)?;
                done.answer = Some(answer);
            }
            None => stage.publish().map_err(not_written)?,
        }
        Ok(done)
    }

    /// A folder that a person fills is not replaced without asking.
    fn ensure_not_occupied(&self, plan: &Plan<'_>, target: Option<&Path>) -> Result<()> {
        let Some(folder) = target.filter(|_| plan.format == FeedFormat::Pages && !plan.export.confirm) else {
            return Ok(());
        };
        if publishing::is_somebody_elses(folder).map_err(not_written)? {
            let message = format!(
                "{} holds files that no export has made, and would be replaced whole: confirm the export, or name another folder",
                folder.display()
            );
            return Err(Error::new(ErrorCode::ExportDestinationOccupied, message));
        }
        Ok(())
    }

    fn last_vehicle_count(&self, plan: &Plan<'_>) -> Result<Option<u64>> {
        let Some(destination) = &plan.destination else { return Ok(None) };
        let (platform, names) = (plan.export.platform.as_str(), [plan.place(destination), destination.label()]);
        let on_other_days = plan.place_on_other_days(destination);
        let last = self.desk.read(Permission::Export, |conn| {
            repository::last_vehicle_count(conn, platform, &names, on_other_days.clone())
        })?;
        Ok(last.and_then(|count| u64::try_from(count).ok()))
    }

    /// Writes the row of the history and its entry in the audit trail.
    fn record(&self, plan: &Plan<'_>, outcome: Result<&Done, &Error>) -> Result<ExportId> {
        let count = |number: u64| i32::try_from(number).unwrap_or(i32::MAX);
        let done = outcome.as_ref().ok();
        let failed = outcome.as_ref().err();
        let entry = ExportEntry {
            id: ExportId::new(plan.now),
            platform: plan.export.platform.as_str().to_owned(),
            vehicle_count: done.map(|done| count(done.written.vehicle_count)),
            status: if done.is_some() { ExportStatus::Success } else { ExportStatus::Failure },
            error_message: failed.map(ToString::to_string),
            exported_at: Some(plan.now),
            destination: plan.destination.as_ref().map(|destination| plan.place(destination)),
            left_out_count: done.map(|done| count(done.written.left_out_count)),
            bytes: done.map(|done| i64::try_from(done.written.bytes).unwrap_or(i64::MAX)),
            error_code: failed.map(|failed| failed.code().to_owned()),
            answer: done.and_then(|done| done.answer.clone()),
            report: done.map(|done| done.written.summary()),
        };
        self.desk.write(Permission::Export, |conn, acting| {
            repository::insert(conn, &entry)?;
            let mut changes = Map::new();
            let mut note = |field: &str, value: serde_json::Value| {
                if !value.is_null() {
                    changes.insert(field.to_owned(), json!({"from": null, "to": value}));
                }
            };
            note("platform", json!(entry.platform));
            note("destination", json!(entry.destination));
            note("status", json!(entry.status));
            note("vehicle_count", json!(entry.vehicle_count));
            note("left_out_count", json!(entry.left_out_count));
            note("error_code", json!(entry.error_code));
            activity::record_changes(conn, acting, Action::Export, RESOURCE, entry.id.into(), changes)?;
            if failed.is_some_and(|failed| failed.is(ErrorCode::ExportHeldBack)) {
                let (platform, destination) = (&entry.platform, &entry.destination);
                let told = json!({"platform": platform, "destination": destination, "message": entry.error_message});
                outbox::raise(conn, Event::ExportHeldBack, told, acting.now)?;
            }
            Ok(())
        })?;
        Ok(entry.id)
    }
}

/// A folder that goes away with its last use.
fn own_folder() -> Result<TempDir> {
    tempfile::Builder::new().prefix("jpauto-export-").tempdir().map_err(not_written)
}

fn report(plan: &Plan<'_>, done: Done, id: Option<ExportId>) -> ExportReport {
    let Done { written, last_vehicle_count, answer, destination } = done;
    ExportReport {
        id,
        platform: plan.export.platform,
        format: plan.format,
        destination,
        vehicle_count: written.vehicle_count,
        left_out_count: written.left_out_count,
        bytes: written.bytes,
        last_vehicle_count,
        omissions: written.omissions,
        omissions_not_listed: written.omissions_not_listed,
        answer,
        exported_at: plan.now,
        dry_run: plan.export.dry_run,
    }
}

/// Refuses a feed that lacks what the configuration has to say, naming every key.
fn ensure_configured(plan: &Plan<'_>) -> Result<()> {
    let surroundings = plan.surroundings();
    let dealership = &plan.config.dealership;
    let is_there = |key: &&str| match *key {
        "exports.vehicle_url" => surroundings.vehicle_url.is_some(),
        "dealership.name" => dealership.name.is_some(),
        "dealership.street" => dealership.street.is_some(),
        "dealership.city" => dealership.city.is_some(),
        "dealership.state" => dealership.state.is_some(),
        "dealership.street and dealership.city" => dealership.street.is_some() && dealership.city.is_some(),
        key if key.ends_with(".dealer_id") => plan.agreed.dealer_id.is_some(),
        key if key.ends_with(".store_code") => plan.agreed.store_code.is_some(),
        _ => true,
    };
    let mut missing: Vec<_> =
        plan.feed.columns.iter().filter_map(|column| column.configured_by).filter(|key| !is_there(key)).collect();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("the feed {} needs {}", plan.export.platform, missing.join(", "));
    Err(Error::new(ErrorCode::NotConfigured, message))
}

/// What is published is checked first, as a file that anybody wrote: `meanwhile`, while it was being written, or now. Then it goes to
/// the disk.
fn ensure_whole(
    plan: &Plan<'_>,
    stage: &Stage,
    is_published: bool,
    meanwhile: Option<Result<CheckedFeed>>,
) -> Result<()> {
    if let Some(checked) = meanwhile {
        ensure_valid(&checked?)?;
        return if is_published { stage.sync().map_err(not_written) } else { Ok(()) };
    }
    let check = || ensure_valid(&check::check(stage.path(), &plan.feed, plan.format)?);
    if !is_published {
        return check();
    }
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("jpauto-export".to_owned());
        let synced = builder.spawn_scoped(scope, || stage.sync()).map_err(not_written)?;
        check()?;
        synced.join().unwrap_or_else(|panic| resume_unwind(panic)).map_err(not_written)
    })
}

fn ensure_valid(checked: &CheckedFeed) -> Result<()> {
    let Some(first) = checked.faults.first() else { return Ok(()) };
    let column = first.column.as_deref().unwrap_or("the file");
    let message = format!(
        "the feed has {} faults and was not published; the first: row {}, {column}: {}",
        checked.fault_count, first.row, first.rule
    );
    Err(Error::new(ErrorCode::ExportInvalid, message))
}

fn ensure_not_shrunk(plan: &Plan<'_>, written: &Written, last: Option<u64>) -> Result<()> {
    let Some(last) = last.filter(|_| !plan.export.confirm && !plan.export.dry_run) else { return Ok(()) };
    if written.vehicle_count as f64 >= last as f64 * plan.config.least_share_of_last {
        return Ok(());
    }
    let message = format!(
        "the feed would shrink from {last} vehicles to {}, and {} were left out: it is held back until it is confirmed",
        written.vehicle_count, written.left_out_count
    );
    Err(Error::new(ErrorCode::ExportHeldBack, message))
}

/// The form that the name of a file says, or the usual one of the feed.
fn format_of(path: &Path, feed: &Feed) -> FeedFormat {
    let by_name = super::destination::format_of_name(path);
    if path.is_dir() && feed.formats.contains(&FeedFormat::Pages) {
        return FeedFormat::Pages;
    }
    let usual = if path.is_file() && feed.formats[0] == FeedFormat::Pages { FeedFormat::Zip } else { feed.formats[0] };
    by_name.filter(|format| feed.formats.contains(format)).unwrap_or(usual)
}
