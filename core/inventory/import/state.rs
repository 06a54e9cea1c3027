//! What an import knows while it goes from row to row: what the file had already, and what became of each row.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    ChangedVehicle, FaultCount, ImportCounts, ImportOptions, ImportOutcome, ImportReport, ImportedVehicle, RefusedRow,
    RowFault, SoldHeldBack, columns,
    plan::{self, Planned, Terms},
    refused_file::RefusedFile,
    service::Table,
    values::{self, RowValues, SHOWN},
};
use crate::{
    activity,
    error::{ErrorCode, Result},
    ids::VehicleId,
    inventory::{Vehicle, rules},
    sheets::{Cell, shortened},
    vin,
};

/// Adds an entry to a list of the report, unless it has `most` already.
fn list<T>(list: &mut Vec<T>, most: usize, entry: impl FnOnce() -> T) {
    if list.len() < most {
        list.push(entry());
    }
}

/// The state of an import.
pub(super) struct Run<'t> {
    table: &'t Table<'t>,
    terms: Terms<'t>,
    pub(super) report: ImportReport,
    seen: Seen,
    /// How often what was wrong with refused rows, by code and field.
    faults: BTreeMap<(ErrorCode, Option<&'static str>), usize>,
    /// Where the refused rows go.
    refused_file: Option<RefusedFile>,
    /// The vehicles that were in stock before; loaded where those that are missing are to be sold.
    pub(super) unsold_before: Option<Vec<VehicleId>>,
}

/// What rows before had: each number and vehicle with its row.
#[derive(Default)]
struct Seen {
    vins: HashMap<String, u64>,
    stock_numbers: HashMap<String, u64>,
    vehicles: HashMap<VehicleId, u64>,
}

/// What some rows do, before it counts.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) planned: Vec<Planned>,
    /// Each with the row as it stands in the file, where that is asked for.
    refused: Vec<(RefusedRow, Vec<Cell>)>,
    seen: Seen,
    unchanged: usize,
    rows: usize,
}

impl Chunk {
    /// What no row says.
    pub(super) fn of(planned: Vec<Planned>) -> Self {
        Self { planned, ..Self::default() }
    }

    pub(super) fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }
}

/// The vehicles that some rows may be about.
pub(super) struct Known {
    vehicles: Vec<Vehicle>,
    by_vin: HashMap<String, usize>,
    by_stock_number: HashMap<String, usize>,
}

impl Known {
    pub(super) fn new(vehicles: Vec<Vehicle>, terms: Terms<'_>) -> Self {
        let vehicles: Vec<_> =
            vehicles.into_iter().map(|vehicle| rules::with_warnings(vehicle, &terms.rules.limits)).collect();
        let by_vin = vehicles.iter().enumerate().map(|(at, vehicle)| (vin::compared(&vehicle.vin), at)).collect();
        let numbered =
            vehicles.iter().enumerate().filter_map(|(at, vehicle)| Some((vehicle.stock_number.clone()?, at)));
        let by_stock_number = numbered.collect();
        Self { vehicles, by_vin, by_stock_number }
    }

    fn with_vin(&self, vin: &str) -> Option<&Vehicle> {
        let found = self.by_vin.get(&vin::compared(vin)).or_else(|| self.by_vin.get(&unseparated(vin)));
        found.map(|at| &self.vehicles[*at])
    }

    fn with_stock_number(&self, number: &str) -> Option<&Vehicle> {
        self.by_stock_number.get(number).map(|at| &self.vehicles[*at])
    }

    /// The vehicle that a row names by VIN or stock number.
    fn named_by(&self, values: &RowValues) -> Result<Option<&Vehicle>, RowFault> {
        let by_vin = values.vin().and_then(|vin| self.with_vin(vin));
        let by_number = match values.stock_number() {
            Some(number) => match self.with_stock_number(number) {
                None if by_vin.is_none() => self.with_lost_zeros(number)?,
                found => found,
            },
            None => None,
        };
        match (by_vin, by_number) {
            (Some(one), Some(other)) if one.id != other.id => {
                let number = one.stock_number.as_deref().unwrap_or("none");
                Err(of_stock_number(
                    ErrorCode::NumbersDisagree,
                    format!(
                        "is that of the vehicle with VIN {}; the vehicle with the VIN of this row has stock number {number}",
                        other.vin
                    ),
                ))
            }
            (None, Some(other)) if values.vin().is_some_and(|vin| !is_number_of(vin, other)) => {
                let message = format!("is that of the vehicle with VIN {}", other.vin);
                Err(of_stock_number(ErrorCode::DuplicateStockNumber, message))
            }
            (Some(found), _) | (None, Some(found)) => Ok(Some(found)),
            (None, None) => Ok(None),
        }
    }

    /// The only vehicle whose stock number is this one with zeros in front.
    fn with_lost_zeros(&self, number: &str) -> Result<Option<&Vehicle>, RowFault> {
        let padded = padded(number);
        let mut found = padded.iter().filter_map(|padded| self.with_stock_number(padded));
        match (found.next(), found.next()) {
            (Some(one), Some(other)) => {
                let numbers = [one, other].map(|vehicle| vehicle.stock_number.as_deref().unwrap_or_default());
                let message = format!("may be {} or {}: its leading zeros are lost", numbers[0], numbers[1]);
                Err(of_stock_number(ErrorCode::AmbiguousReference, message))
            }
            (found, _) => Ok(found),
        }
    }
}

fn of_stock_number(code: ErrorCode, message: String) -> RowFault {
    RowFault::of_field(code, "stock_number", message)
}

fn is_number_of(vin: &str, vehicle: &Vehicle) -> bool {
    let known = vin::compared(&vehicle.vin);
    known == vin::compared(vin) || known == vin::compared(&unseparated(vin))
}

/// A chassis number without what parts its groups.
fn unseparated(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Stock numbers of digits have at most this many.
const LONGEST_STOCK_NUMBER: usize = 10;

/// The stock number with more and more zeros in front, if it is one of digits.
fn padded(number: &str) -> Vec<String> {
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    (number.len() + 1..=LONGEST_STOCK_NUMBER).map(|width| format!("{number:0>width$}")).collect()
}

/// The VINs and the stock numbers under which the vehicles of rows may be known.
pub(super) fn numbers_of(rows: &[RowValues]) -> (Vec<String>, Vec<String>) {
    let (mut vins, mut numbers) = (HashSet::new(), HashSet::new());
    for row in rows {
        if let Some(vin) = row.vin() {
            let plain = unseparated(vin);
            if plain != vin {
                vins.insert(vin.to_owned());
            }
            // The stock number that a new vehicle has where none is given.
            if row.stock_number().is_none()
                && let Some(number) = plain.get(plain.len().saturating_sub(8)..)
            {
                numbers.insert(number.to_owned());
            }
            vins.insert(plain);
        }
        if let Some(number) = row.stock_number() {
            numbers.extend(padded(number));
            numbers.insert(number.to_owned());
        }
    }
    (vins.into_iter().collect(), numbers.into_iter().collect())
}

impl<'t> Run<'t> {
    /// # Errors
    /// `refused_rows_not_written`.
    pub(super) fn new(table: &'t Table<'t>, terms: Terms<'t>, options: &ImportOptions) -> Result<Self> {
        let refused_file = options.refused_to.as_deref().map(|path| RefusedFile::begin(path, table)).transpose()?;
        let report = ImportReport {
            outcome: ImportOutcome::DryRun,
            file: table.sheet.file_name().to_owned(),
            shape: table.sheet.shape.clone(),
            columns: table.columns.clone(),
            mapping: columns::written_out(&table.columns, table.mapping),
            counts: ImportCounts::default(),
            fault_counts: Vec::new(),
            most_listed: options.most_listed,
            added: Vec::new(),
            changed: Vec::new(),
            relisted: Vec::new(),
            sold: Vec::new(),
            refused: Vec::new(),
            warnings: Vec::new(),
            sold_held_back: None,
        };
        let (seen, faults) = (Seen::default(), BTreeMap::new());
        Ok(Self { table, terms, report, seen, faults, refused_file, unsold_before: None })
    }

    pub(super) fn terms(&self) -> Terms<'t> {
        self.terms
    }

    /// What the rows do, if the vehicles are those that are known.
    pub(super) fn plan(&self, rows: &[RowValues], known: &Known) -> Chunk {
        let mut chunk = Chunk { rows: rows.len(), ..Chunk::default() };
        for values in rows {
            match self.plan_row(values, known, &mut chunk.seen) {
                Ok(planned) if planned.steps.is_empty() => {
                    chunk.unchanged += 1;
                    // It may still have something to look at.
                    if !planned.warnings.is_empty() {
                        chunk.planned.push(planned);
                    }
                }
                Ok(planned) => chunk.planned.push(planned),
                Err(faults) => {
                    let cells = if self.refused_file.is_some() { values.cells.clone() } else { Vec::new() };
                    chunk.refused.push((self.refused(values, faults), cells));
                }
            }
        }
        chunk
    }

    fn plan_row(&self, values: &RowValues, known: &Known, seen: &mut Seen) -> Result<Planned, Vec<RowFault>> {
        if !values.faults.is_empty() {
            return Err(values.faults.clone());
        }
        if values.vin().is_none() && values.stock_number().is_none() {
            let message = "the row has neither a VIN nor a stock number";
            return Err(vec![RowFault::of_row(ErrorCode::RowWithoutNumber, message)]);
        }
        let named = known.named_by(values).map_err(|fault| vec![fault])?;
        self.ensure_first(values, named, seen).map_err(|fault| vec![fault])?;
        let planned = plan::plan(values, named, self.terms).map_err(|faults| match named {
            Some(_) => faults,
            None => faults.into_iter().map(|fault| self.of_new(values, fault)).collect(),
        })?;
        if named.is_none() {
            self.ensure_number_is_free(values, &planned.after, known, seen).map_err(|fault| vec![fault])?;
        }
        seen.vehicles.insert(planned.after.id, values.row);
        Ok(planned)
    }

    /// Refuses a row about a vehicle that another row is about.
    fn ensure_first(&self, values: &RowValues, named: Option<&Vehicle>, seen: &mut Seen) -> Result<(), RowFault> {
        if let Some(vin) = values.vin() {
            let key = unseparated(vin);
            if let Some(row) = self.seen.vins.get(&key).or_else(|| seen.vins.get(&key)) {
                let message = format!("stands in row {row} already");
                return Err(RowFault::of_field(ErrorCode::RowRepeated, "vin", message));
            }
            seen.vins.insert(key, values.row);
        }
        if let Some(number) = values.stock_number() {
            if let Some(row) = self.seen.stock_numbers.get(number).or_else(|| seen.stock_numbers.get(number)) {
                return Err(of_stock_number(ErrorCode::RowRepeated, format!("stands in row {row} already")));
            }
            seen.stock_numbers.insert(number.to_owned(), values.row);
        }
        let earlier =
            named.and_then(|named| self.seen.vehicles.get(&named.id).or_else(|| seen.vehicles.get(&named.id)));
        match earlier {
            Some(row) => Err(RowFault::of_row(ErrorCode::RowRepeated, format!("row {row} is about the same vehicle"))),
            None => Ok(()),
        }
    }

    /// Refuses the stock number that a new vehicle gets by itself if another vehicle has it.
    fn ensure_number_is_free(
        &self,
        values: &RowValues,
        vehicle: &Vehicle,
        known: &Known,
        seen: &mut Seen,
    ) -> Result<(), RowFault> {
        let (None, Some(number)) = (values.stock_number(), vehicle.stock_number.as_deref()) else { return Ok(()) };
        let is_taken = known.with_stock_number(number).is_some()
            || self.seen.stock_numbers.contains_key(number)
            || seen.stock_numbers.contains_key(number);
        if is_taken {
            let message = format!("{number}, the end of the VIN, is another vehicle's: give the row its own");
            return Err(of_stock_number(ErrorCode::DuplicateStockNumber, message));
        }
        seen.stock_numbers.insert(number.to_owned(), values.row);
        Ok(())
    }

    /// The refused row, its faults with the names of the file's columns.
    fn refused(&self, values: &RowValues, faults: Vec<RowFault>) -> RefusedRow {
        let faults = faults.into_iter().map(|fault| self.named(values, fault)).collect();
        let text = |text: Option<&str>| text.map(|text| shortened(text, SHOWN));
        RefusedRow { row: values.row, vin: text(values.vin()), stock_number: text(values.stock_number()), faults }
    }

    /// The fault with the name of its column and what stands there.
    fn named(&self, values: &RowValues, mut fault: RowFault) -> RowFault {
        let Some(field) = fault.field.filter(|_| fault.column.is_none()) else { return fault };
        if let Some(place) = self.table.columns.iter().position(|column| column.field == Some(field)) {
            fault.column = Some(shortened(&self.table.columns[place].name, SHOWN));
            fault.value = values.cells.get(place).and_then(values::shown);
        }
        fault
    }

    /// The fault of a row about a new vehicle: what the row or the file does not say at all is missing.
    fn of_new(&self, values: &RowValues, mut fault: RowFault) -> RowFault {
        let Some(field) = fault.field else { return fault };
        if fault.code == ErrorCode::InvalidVehicle && !values.fields.contains_key(field) {
            fault.code = ErrorCode::ValueMissing;
        }
        if !self.table.columns.iter().any(|column| column.field == Some(field)) {
            fault.message = format!("the vehicle is new here, and the file has no column for its {field}");
        } else if !values.fields.contains_key(field) && fault.message.starts_with("expected") {
            fault.message = format!("is missing: the vehicle is new here; {}", fault.message);
        }
        fault
    }

    /// Lets what the rows do count, and answers what is to be written for it.
    pub(super) fn absorb(&mut self, chunk: Chunk) -> Result<Vec<Planned>> {
        let Chunk { planned, refused, seen, unchanged, rows } = chunk;
        self.seen.vins.extend(seen.vins);
        self.seen.stock_numbers.extend(seen.stock_numbers);
        self.seen.vehicles.extend(seen.vehicles);
        for planned in &planned {
            self.note(planned)?;
        }
        let counts = &mut self.report.counts;
        counts.rows += rows;
        counts.unchanged += unchanged;
        counts.refused += refused.len();
        for (row, cells) in refused {
            self.note_refused(row, &cells)?;
        }
        Ok(planned)
    }

    fn note_refused(&mut self, row: RefusedRow, cells: &[Cell]) -> Result<()> {
        for fault in &row.faults {
            *self.faults.entry((fault.code, fault.field)).or_default() += 1;
        }
        if let Some(file) = &mut self.refused_file {
            file.add(&row, cells)?;
        }
        list(&mut self.report.refused, self.report.most_listed, || row);
        Ok(())
    }

    /// The report at the end.
    ///
    /// # Errors
    /// `refused_rows_not_written`.
    pub(super) fn ended(self) -> Result<ImportReport> {
        let Self { mut report, faults, refused_file, .. } = self;
        refused_file.map_or(Ok(()), RefusedFile::end)?;
        report.fault_counts =
            faults.into_iter().map(|((code, field), count)| FaultCount { code, field, count }).collect();
        report.fault_counts.sort_by_key(|it| std::cmp::Reverse(it.count));
        Ok(report)
    }

    fn note(&mut self, planned: &Planned) -> Result<()> {
        let report = &mut self.report;
        let (most, counts) = (report.most_listed, &mut report.counts);
        let vehicle = || ImportedVehicle::of(planned.row, &planned.after);
        let Planned { before, after, steps, warnings, .. } = planned;
        match before {
            None => {
                counts.added += 1;
                list(&mut report.added, most, vehicle);
            }
            Some(_) if planned.is_relisting() => {
                counts.relisted += 1;
                list(&mut report.relisted, most, vehicle);
            }
            Some(before) => {
                let is_other = steps.iter().any(|step| step.action != activity::Action::Status);
                if is_other || (!planned.is_sale() && !steps.is_empty()) {
                    counts.changed += 1;
                    if report.changed.len() < most {
                        let changes = activity::changes_between(Some(before), Some(after))?;
                        report.changed.push(ChangedVehicle { vehicle: vehicle(), changes });
                    }
                }
            }
        }
        if planned.is_sale() {
            counts.sold += 1;
            list(&mut report.sold, most, vehicle);
        }
        counts.warnings += warnings.len();
        warnings.iter().for_each(|warning| list(&mut report.warnings, most, || warning.clone()));
        Ok(())
    }

    pub(super) fn has_refused(&self) -> bool {
        self.report.counts.refused > 0
    }

    /// The vehicles in stock that the file does not have, if they are to be sold. Says in the report why they are not.
    pub(super) fn missing(&mut self, is_confirmed: bool) -> Vec<VehicleId> {
        let Some(unsold) = self.unsold_before.take() else { return Vec::new() };
        let in_stock = unsold.len();
        let missing: Vec<_> = unsold.into_iter().filter(|id| !self.seen.vehicles.contains_key(id)).collect();
        if missing.is_empty() {
            return missing;
        }
        if self.has_refused() {
            self.report.sold_held_back = Some(SoldHeldBack::RowsRefused);
            return Vec::new();
        }
        if missing.len() * 2 > in_stock && !is_confirmed {
            self.report.sold_held_back = Some(SoldHeldBack::MoreThanHalf { missing: missing.len(), in_stock });
            return Vec::new();
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::import::plan::has_lost_zeros;

    #[test]
    fn stock_numbers_that_lost_zeros_are_looked_for() {
        assert_eq!(padded("12345678"), ["012345678", "0012345678"]);
        assert!(padded("A12").is_empty() && padded("").is_empty() && padded("12345678901").is_empty());
        assert!(has_lost_zeros("123", "00123") && !has_lost_zeros("123", "9123") && !has_lost_zeros("00123", "123"));
    }
}
