//! The import of a file: all or nothing, as much as can be, or a trial that writes nothing.
//!
//! All or nothing on PostgreSQL is one transaction, which locks the file's vehicles alone. On SQLite a transaction keeps every
//! other writer out, so the import is planned before it; the transaction checks that these vehicles are unchanged, and writes.
//! Where others have overtaken several plans in turn, it plans inside. More changes than can be held are checked first and then
//! written in turns, so that other writers get in; what others change meanwhile may still refuse a row. As much as can be is always
//! written in turns.

use std::{
    cell::{Cell, RefCell},
    io, mem,
    ops::ControlFlow,
    panic::resume_unwind,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, SyncSender},
    },
    thread,
};

use super::{
    ImportMode, ImportOptions, ImportOutcome, ImportReport, ImportedColumn, Mapping, MissingVehicles, SoldHeldBack,
    columns,
    columns::{LISTED_AT, SOLD_AT},
    dates::{Dates, OrderProof},
    draft::{Draft, Part},
    plan::{self, Planned, Terms},
    state::{Chunk, Known, Run, numbers_of},
    values::{self, RowValues, Wording},
};
use crate::{
    activity::{self, Audited as _, Noted, RowEntry},
    actor::Permission,
    db::{DbConnection, DbResult, Failure},
    desk::{Acting, Turns},
    error::{Error, ErrorCode, Result},
    ids::VehicleId,
    inventory::{
        Inventory, Vehicle,
        repository::{self, Reading},
        sales::Sale,
        service::{VehicleChange, vehicles_changed},
    },
    sheets::{Sheet, SheetChoices, SheetFile, SheetRow},
    zone::Zone,
};

/// Rows are read, looked up and written in groups of at most this many.
const CHUNK: usize = 1_000;

/// So often is an import planned before its transaction. If others changed the same vehicles each time, it is planned within.
const PLANS: usize = 3;

/// A file whose columns are known.
pub(super) struct Table<'t> {
    pub(super) sheet: Sheet<'t>,
    pub(super) columns: Vec<ImportedColumn>,
    pub(super) mapping: &'t Mapping,
    pub(super) dates: Dates,
    zone: Zone,
}

impl<'t> Table<'t> {
    fn open(file: &'t SheetFile, options: &'t ImportOptions, zone: Zone) -> Result<Self> {
        let sheet = find(file, options)?;
        let mapping = &options.mapping;
        let columns = columns::resolve(&sheet.columns, mapping)?;
        let dates = dates_of(&sheet, &columns, mapping)?;
        Ok(Self { sheet, columns, mapping, dates, zone })
    }
}

impl Table<'_> {
    fn values(&self, row: SheetRow) -> RowValues {
        let format = self.sheet.shape.format;
        let wording = Wording { mapping: self.mapping, dates: self.dates, format, zone: self.zone };
        values::read(row, &self.columns, wording)
    }
}

fn find<'t>(file: &'t SheetFile, options: &ImportOptions) -> Result<Sheet<'t>> {
    let mapping = &options.mapping;
    let choices = SheetChoices { sheet: mapping.sheet.as_deref(), delimiter: mapping.delimiter };
    Sheet::find(file, options.limits, choices, &|name| columns::is_known(name, mapping))
}

/// The order of the file's dates. Only a file with dates is read for it.
fn dates_of(sheet: &Sheet<'_>, columns: &[ImportedColumn], mapping: &Mapping) -> Result<Dates> {
    let is_date = |column: &ImportedColumn| matches!(column.field, Some(LISTED_AT | SOLD_AT));
    let mut proof = OrderProof::default();
    if mapping.dates.is_none() && columns.iter().any(is_date) {
        sheet.read(|row| {
            let dates = columns.iter().zip(&row.cells).filter(|(column, _)| is_date(column));
            dates.for_each(|(_, cell)| proof.look_at(cell, row.number));
            Ok::<(), Error>(())
        })?;
    }
    Ok(proof.verdict(mapping.dates))
}

impl Mapping {
    /// What this mapping and the usual names make of the columns of a file, written out to be corrected.
    ///
    /// Of two columns for one field, the second is left out.
    ///
    /// # Errors
    /// `sheet_unreadable`; `sheet_without_header`; `file_unreadable`; `file_too_large`.
    ///
    /// ```
    /// use jpauto::imports::{Mapping, SheetFile};
    ///
    /// let file = SheetFile::from_bytes("stock.csv", "Stock #,List Price,Lot row\nA1,7995,3\n".as_bytes());
    /// let mapping = Mapping::default().written_out_for(&file)?;
    /// assert_eq!(mapping.columns["Stock #"].as_deref(), Some("stock_number"));
    /// assert_eq!(mapping.columns["Lot row"], None);
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    pub fn written_out_for(&self, file: &SheetFile) -> Result<Self> {
        let options = ImportOptions { mapping: self.clone(), ..ImportOptions::default() };
        let sheet = find(file, &options)?;
        Ok(columns::written_out(&columns::first_of_each(&sheet.columns, self), self))
    }
}

impl Inventory<'_> {
    /// Imports a file of vehicles. A vehicle is known by its VIN, then by its stock number; the others are new.
    ///
    /// What a row leaves blank stays as it is. A status column marks vehicles sold and offers sold ones again. The report says of
    /// every row what became of it; [`ImportReport::ensure_written`] makes an error of refused rows.
    ///
    /// # Errors
    /// `sheet_unreadable`, `sheet_without_header`, `invalid_import_mapping` and `file_too_large` for the file as a whole;
    /// `refused_rows_not_written`. Where the
    /// database fails in [`ImportMode::KeepGoing`], the rows before are written, and the import can be repeated.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, imports::{ImportOptions, SheetFile}};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let text = "Stock #,VIN,Yr,Make,Model,Odometer,List Price\nA1,4T1B11HK9KU211111,2019,Toyota,Camry,\"52,000\",\"$15,900\"\n";
    /// let file = SheetFile::from_bytes("stock.csv", text.as_bytes());
    /// let report = desk.inventory().import(&file, &ImportOptions::default())?.ensure_written()?;
    /// assert_eq!(report.counts.added, 1);
    /// let again = desk.inventory().import(&file, &ImportOptions::default())?;
    /// assert_eq!(again.counts.unchanged, 1);
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    pub fn import(&self, file: &SheetFile, options: &ImportOptions) -> Result<ImportReport> {
        self.import_observed(file, options, &mut |_rows| ControlFlow::Continue(()))
    }

    /// The same, and the observer is told how many rows were looked at, now and then. A file is read anew where somebody changed the
    /// same vehicles, so that the number begins anew. When the observer breaks, the import ends: nothing is written, except what a mode
    /// that writes in turns has written by then.
    ///
    /// # Errors
    /// As [`Inventory::import`]; `import_stopped` where the observer breaks.
    pub fn import_observed(
        &self,
        file: &SheetFile,
        options: &ImportOptions,
        observer: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<ImportReport> {
        self.desk().must(Permission::WriteInventory)?;
        if let Some(path) = options.refused_to.as_deref().filter(|path| file.is_at(path)) {
            let message =
                format!("{} is the file that is imported: name another one for its refused rows", path.display());
            return Err(Error::new(ErrorCode::RefusedRowsNotWritten, message));
        }
        let table = Table::open(file, options, self.desk().zone())?;
        let rows = Rows { table: &table, observer: RefCell::new(observer) };
        match options.mode {
            ImportMode::DryRun => self.import_nothing(&rows, options),
            ImportMode::AllOrNothing => self.import_all_or_nothing(&rows, options),
            ImportMode::KeepGoing => self.import_what_can_be(&rows, options),
        }
    }

    fn import_nothing(&self, rows: &Rows<'_, '_>, options: &ImportOptions) -> Result<ImportReport> {
        let acting = Acting { actor: self.desk().actor(), now: self.desk().now() };
        self.desk().read_snapshot(Permission::WriteInventory, |conn| {
            let mut run = self.begin(rows.table, options, conn, acting)?;
            rows.each_chunk(CHUNK, |rows| {
                let chunk = look_up_and_plan(conn, &run, &rows, Reading::ToCompare)?;
                run.absorb(chunk)?;
                Ok::<_, Failure>(CHUNK)
            })?;
            for ids in run.missing(is_confirmed(options)).chunks(CHUNK) {
                let sold = sell(conn, &run, ids, Reading::ToCompare)?;
                run.absorb(sold)?;
            }
            Ok(run.ended()?)
        })
    }

    fn import_all_or_nothing(&self, rows: &Rows<'_, '_>, options: &ImportOptions) -> Result<ImportReport> {
        if !self.desk().has_one_writer() {
            return self.import_in_one_transaction(rows, options);
        }
        for _ in 0..PLANS {
            let draft = self.draft(rows, options)?;
            if draft.is_cut_short {
                return self.import_once_checked(rows, options);
            }
            if draft.report.outcome != ImportOutcome::Written {
                return Ok(draft.report);
            }
            if self.write_draft(&draft)? {
                return Ok(draft.report);
            }
        }
        self.import_in_one_transaction(rows, options)
    }

    /// Writes in turns what would be too much for one transaction, if no row is refused.
    fn import_once_checked(&self, rows: &Rows<'_, '_>, options: &ImportOptions) -> Result<ImportReport> {
        let mut checked = self.import_nothing(rows, options)?;
        checked.outcome = outcome_of(&checked);
        if checked.outcome == ImportOutcome::Written { self.import_what_can_be(rows, options) } else { Ok(checked) }
    }

    /// What the import does, upon the inventory as it stands at one moment.
    fn draft(&self, rows: &Rows<'_, '_>, options: &ImportOptions) -> Result<Draft> {
        let acting = Acting { actor: self.desk().actor(), now: self.desk().now() };
        self.desk().read_snapshot(Permission::WriteInventory, |conn| {
            let mut run = self.begin(rows.table, options, conn, acting)?;
            let unsold = run.unsold_before.clone();
            let (mut parts, mut planned, most) = (Vec::new(), 0, options.limits.planned);
            let read = rows.each_chunk(CHUNK, |rows| {
                let (vins, stock_numbers) = numbers_of(&rows);
                let vehicles = repository::with_numbers(conn, &vins, &stock_numbers, Reading::ToCompare)?;
                let mut part = Part::of_rows(vins, stock_numbers, &vehicles);
                let chunk = run.plan(&rows, &Known::new(vehicles, run.terms()));
                part.planned = run.absorb(chunk)?;
                planned += part.planned.len();
                if run.has_refused() {
                    // Nothing will be written; the other rows are looked at for the report alone.
                    parts.clear();
                } else {
                    parts.push(part);
                }
                if planned > most && !run.has_refused() {
                    // Ends the reading.
                    return Err(Failure::from(Error::new(ErrorCode::ImportRefused, "too many changes to hold")));
                }
                Ok(CHUNK)
            });
            let is_cut_short = planned > most && !run.has_refused();
            if is_cut_short {
                return Ok(Draft { parts: Vec::new(), unsold, report: run.ended()?, is_cut_short });
            }
            read?;
            for ids in run.missing(is_confirmed(options)).chunks(CHUNK) {
                let vehicles = repository::with_ids(conn, ids, Reading::ToCompare)?;
                let mut part = Part::of_vehicles(&vehicles);
                part.planned = run.absorb(sold(vehicles, &run)?)?;
                parts.push(part);
            }
            let mut report = run.ended()?;
            report.outcome = outcome_of(&report);
            Ok(Draft { parts, unsold, report, is_cut_short })
        })
    }

    /// Writes what was planned, unless another has changed one of the vehicles since: then it answers false.
    fn write_draft(&self, draft: &Draft) -> Result<bool> {
        let is_stale = Cell::new(false);
        let outcome = self.desk().write(Permission::WriteInventory, |conn, acting| {
            if !draft.still_stands(conn)? {
                is_stale.set(true);
                return Err(Error::new(ErrorCode::VersionChanged, "vehicles have changed meanwhile").into());
            }
            draft.parts.iter().try_for_each(|part| self.apply(conn, acting, &part.planned))
        });
        if is_stale.get() { Ok(false) } else { outcome.map(|()| true) }
    }

    fn import_in_one_transaction(&self, rows: &Rows<'_, '_>, options: &ImportOptions) -> Result<ImportReport> {
        let refused = RefCell::new(None);
        let outcome = self.desk().write(Permission::WriteInventory, |conn, acting| {
            let mut run = self.begin(rows.table, options, conn, acting)?;
            rows.each_chunk(CHUNK, |rows| {
                let chunk = look_up_and_plan(conn, &run, &rows, Reading::ToChange)?;
                if !chunk.has_refused() && !run.has_refused() {
                    self.apply(conn, acting, &chunk.planned)?;
                }
                run.absorb(chunk)?;
                Ok::<_, Failure>(CHUNK)
            })?;
            for ids in run.missing(is_confirmed(options)).chunks(CHUNK) {
                let sold = sell(conn, &run, ids, Reading::ToChange)?;
                self.apply(conn, acting, &sold.planned)?;
                run.absorb(sold)?;
            }
            let mut report = run.ended()?;
            report.outcome = outcome_of(&report);
            if report.outcome == ImportOutcome::Written {
                return Ok(report);
            }
            // An error takes back what the transaction did.
            refused.replace(Some(report));
            Err(Error::new(ErrorCode::ImportRefused, "rows are refused; nothing is written").into())
        });
        match refused.into_inner() {
            Some(report) if outcome.is_err() => Ok(report),
            _ => outcome,
        }
    }

    fn import_what_can_be(&self, rows: &Rows<'_, '_>, options: &ImportOptions) -> Result<ImportReport> {
        let now = self.desk().now();
        let acting = Acting { actor: self.desk().actor(), now };
        let mut run =
            self.desk().read(Permission::WriteInventory, |conn| self.begin(rows.table, options, conn, acting))?;
        let turns = Turns::new(self.desk(), Permission::WriteInventory, CHUNK);
        rows.each_chunk(turns.rows(), |rows| {
            let chunk = turns.write(|conn, acting| {
                let chunk = look_up_and_plan(conn, &run, &rows, Reading::ToChange)?;
                self.apply(conn, acting, &chunk.planned)?;
                Ok(chunk)
            })?;
            run.absorb(chunk)?;
            Ok::<_, Error>(turns.rows())
        })?;
        let missing = run.missing(is_confirmed(options));
        let mut rest = &missing[..];
        while !rest.is_empty() {
            let (ids, others) = rest.split_at(turns.rows().min(rest.len()));
            let sold = turns.write(|conn, acting| {
                let sold = sell(conn, &run, ids, Reading::ToChange)?;
                self.apply(conn, acting, &sold.planned)?;
                Ok(sold)
            })?;
            run.absorb(sold)?;
            rest = others;
        }
        let mut report = run.ended()?;
        let is_whole = report.counts.refused == 0 && report.sold_held_back.is_none();
        report.outcome = if is_whole { ImportOutcome::Written } else { ImportOutcome::WrittenInPart };
        Ok(report)
    }

    fn begin<'t>(
        &'t self,
        table: &'t Table<'t>,
        options: &ImportOptions,
        conn: &mut DbConnection,
        acting: Acting<'_>,
    ) -> DbResult<Run<'t>> {
        let (by, now) = (acting.actor.user_id(), acting.now);
        let mut run = Run::new(table, Terms { rules: self.rules(), doubtful: self.doubtful, by, now }, options)?;
        if options.missing != MissingVehicles::Keep {
            run.unsold_before = Some(repository::unsold_ids(conn)?);
        }
        Ok(run)
    }

    /// Writes what rows do, with its audit rows and what follows from it elsewhere.
    fn apply(&self, conn: &mut DbConnection, acting: Acting<'_>, planned: &[Planned]) -> DbResult<()> {
        let planned: Vec<_> = planned.iter().filter(|planned| !planned.steps.is_empty()).collect();
        let new: Vec<&Vehicle> = planned.iter().filter(|it| it.before.is_none()).map(|it| &*it.after).collect();
        let changes: Vec<VehicleChange<'_>> = planned
            .iter()
            .filter_map(|it| Some(VehicleChange { before: it.before.as_ref()?, after: Some(&it.after) }))
            .collect();
        let relisted = planned.iter().filter(|planned| planned.is_relisting());
        let sold_before = relisted.filter_map(|planned| Some(Sale::of(planned.before.as_ref()?, None, acting.now)));
        repository::ensure_sales(conn, &sold_before.collect::<Vec<_>>())?;
        repository::insert_all(conn, &new)?;
        let changed: Vec<&Vehicle> = changes.iter().filter_map(|change| change.after).collect();
        repository::update_all(conn, &changed)?;
        let sales = planned.iter().filter(|planned| planned.is_sale());
        let sales: Vec<Sale> = sales.map(|planned| Sale::of(&planned.after, None, acting.now)).collect();
        repository::add_sales(conn, &sales)?;
        vehicles_changed(self.desk(), conn, &changes, acting.now)?;
        let entries = planned.iter().map(|planned| entries_of(planned)).collect::<Result<Vec<_>>>()?;
        activity::record_rows(conn, acting, Vehicle::RESOURCE, entries.into_iter().flatten().collect())
    }
}

/// The entries of the audit trail, one for each step.
fn entries_of(planned: &Planned) -> Result<Vec<RowEntry>> {
    let mut before = planned.before.as_ref();
    let mut entries = Vec::with_capacity(planned.steps.len());
    for step in &planned.steps {
        entries.push((step.action, step.after.id.into(), Noted::between(before, &step.after)?));
        before = Some(&step.after);
    }
    Ok(entries)
}

fn is_confirmed(options: &ImportOptions) -> bool {
    options.missing == MissingVehicles::MarkSoldConfirmed
}

/// What becomes of an import of all or nothing.
fn outcome_of(report: &ImportReport) -> ImportOutcome {
    match (&report.sold_held_back, report.counts.refused == 0) {
        (_, false) => ImportOutcome::Refused,
        (Some(SoldHeldBack::MoreThanHalf { .. }), true) => ImportOutcome::HeldBack,
        _ => ImportOutcome::Written,
    }
}

/// The rows of a file, and who is told how many of them were looked at.
struct Rows<'r, 'o> {
    table: &'r Table<'r>,
    observer: RefCell<&'o mut dyn FnMut(usize) -> ControlFlow<()>>,
}

impl Rows<'_, '_> {
    /// Hands out the values of rows in groups, the first of this many rows. `each` answers how many the next one is to have.
    ///
    /// A thread of its own reads ahead by one group, for the database works meanwhile.
    fn each_chunk<E: From<Error>>(
        &self,
        first: usize,
        mut each: impl FnMut(Vec<RowValues>) -> Result<usize, E>,
    ) -> Result<(), E> {
        let (table, wanted) = (self.table, &AtomicUsize::new(first));
        thread::scope(|scope| {
            // Nothing waits in the channel: the group that is read next has the size that was asked for last.
            let (sender, groups) = mpsc::sync_channel(0);
            let builder = thread::Builder::new().name("jpauto-import".to_owned());
            let reader =
                builder.spawn_scoped(scope, move || read_ahead(table, wanted, &sender)).map_err(cannot_start)?;
            let mut done = 0;
            // Where this ends early, the channel is closed, and the reader ends.
            for rows in groups {
                done += rows.len();
                wanted.store(each(rows)?, Ordering::Relaxed);
                self.tell(done)?;
            }
            reader.join().unwrap_or_else(|panic| resume_unwind(panic)).map_err(E::from)
        })
    }

    fn tell(&self, done: usize) -> Result<()> {
        match (self.observer.borrow_mut())(done) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                Err(Error::new(ErrorCode::ImportStopped, format!("the import was stopped after {done} rows")))
            }
        }
    }
}

fn read_ahead(table: &Table<'_>, wanted: &AtomicUsize, groups: &SyncSender<Vec<RowValues>>) -> Result<()> {
    let mut rows = Vec::new();
    let send = |rows: &mut Vec<RowValues>| groups.send(mem::take(rows)).map_err(|_closed| Ended::Untaken);
    let outcome = table.sheet.read(|row| {
        rows.push(table.values(row));
        if rows.len() >= wanted.load(Ordering::Relaxed) { send(&mut rows) } else { Ok(()) }
    });
    match outcome.and_then(|()| if rows.is_empty() { Ok(()) } else { send(&mut rows) }) {
        Err(Ended::Failed(error)) => Err(error),
        // Whoever took the rows knows why no more are wanted.
        Err(Ended::Untaken) | Ok(()) => Ok(()),
    }
}

/// Why a file is not read to its end.
enum Ended {
    Failed(Error),
    Untaken,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

fn cannot_start(reason: io::Error) -> Error {
    Error::new(ErrorCode::FileUnreadable, format!("no thread can be started to read the file: {reason}"))
        .with_source(reason)
}

fn look_up_and_plan(conn: &mut DbConnection, run: &Run<'_>, rows: &[RowValues], reading: Reading) -> DbResult<Chunk> {
    let (vins, stock_numbers) = numbers_of(rows);
    let known = Known::new(repository::with_numbers(conn, &vins, &stock_numbers, reading)?, run.terms());
    Ok(run.plan(rows, &known))
}

fn sell(conn: &mut DbConnection, run: &Run<'_>, ids: &[VehicleId], reading: Reading) -> DbResult<Chunk> {
    Ok(sold(repository::with_ids(conn, ids, reading)?, run)?)
}

fn sold(vehicles: Vec<Vehicle>, run: &Run<'_>) -> Result<Chunk> {
    let planned = vehicles.into_iter().map(|vehicle| plan::sell(vehicle, run.terms()));
    planned.collect::<Result<_>>().map(Chunk::of)
}
