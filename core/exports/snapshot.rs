//! Reads the vehicles of one snapshot, and writes those that a feed takes.

use std::{collections::BTreeMap, ops::ControlFlow, panic::resume_unwind, path::Path, sync::Arc, thread};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    CheckedFeed, ExportProgress, FeedFormat, Formulas, Omission, Omitted,
    check::{self, Seen, fault_of},
    feed::{Column, Feed, Surroundings},
    fields,
    following::{EndOnDrop, Follower, Growth},
    reading,
    rule::Rule,
    value::{Lines, Value},
    writing::{self, Row},
};
use crate::{
    db::{DbConnection, DbResult},
    error::{Error, ErrorCode, Result},
    inventory::{self, Vehicle, VehicleStatus},
};

/// How many vehicles are read between two calls of the observer.
const TOLD_EACH: u64 = 500;

/// A feed of so many vehicles is checked while it is being written, by a thread of its own.
const CHECKED_MEANWHILE: u64 = 2_000;

/// What to write, and where.
pub(super) struct Order<'o> {
    pub(super) feed: &'o Feed,
    pub(super) surroundings: &'o Surroundings<'o>,
    pub(super) path: &'o Path,
    pub(super) format: FeedFormat,
    pub(super) formulas: Formulas,
    pub(super) most_omissions: usize,
}

/// What was written, and what was not.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// What the check found that went on meanwhile, where there was one.
    pub(super) checked: Option<Result<CheckedFeed>>,
    pub(super) vehicle_count: u64,
    pub(super) left_out_count: u64,
    pub(super) bytes: u64,
    pub(super) omissions: Vec<Omission>,
    pub(super) omissions_not_listed: u64,
    /// How often each field was at fault, by what was left out and why.
    counts: BTreeMap<(String, String, &'static str), u64>,
}

/// Kinds of omissions that the history keeps.
const MOST_KINDS: usize = 200;

impl Written {
    fn add(&mut self, vehicle: &Vehicle, what: Omitted, field: &str, reason: String, most: usize) {
        let kind = (field.to_owned(), reason.clone(), what.as_str());
        if self.counts.len() < MOST_KINDS || self.counts.contains_key(&kind) {
            *self.counts.entry(kind).or_default() += 1;
        }
        if self.omissions.len() >= most {
            self.omissions_not_listed += 1;
            return;
        }
        self.omissions.push(Omission {
            vehicle_id: vehicle.id,
            vin: vehicle.vin.clone(),
            stock_number: vehicle.stock_number.clone(),
            what,
            field: field.to_owned(),
            reason,
        });
    }

    /// What the history keeps of the omissions.
    pub(super) fn summary(&self) -> serde_json::Value {
        let omissions: Vec<_> = self
            .counts
            .iter()
            .map(|((field, reason, what), count)| {
                json!({"field": field, "reason": reason, "what": what, "count": count})
            })
            .collect();
        json!({ "omissions": omissions })
    }
}

/// Writes the feed, as the inventory is in the transaction of the connection. A long one is checked meanwhile.
///
/// # Errors
/// `export_not_written` where the disk does not take it; `export_stopped` where the observer breaks off.
pub(super) fn write(
    conn: &mut DbConnection,
    order: &Order<'_>,
    observer: &mut dyn FnMut(ExportProgress) -> ControlFlow<()>,
) -> DbResult<Written> {
    let feed = order.feed;
    let sold_since = feed.days_after_sale.map(|days| order.surroundings.now - TimeDelta::days(days));
    let total = u64::try_from(inventory::count_stock(conn, &feed.statuses, sold_since)?).unwrap_or_default();
    if total < CHECKED_MEANWHILE || !reading::is_read_through(order.format) {
        return write_rows(conn, order, sold_since, (total, None), observer);
    }
    let (path, format, growth) = (order.path, order.format, Arc::new(Growth::default()));
    let follower = Follower::open(path, Arc::clone(&growth)).map_err(not_written)?;
    thread::scope(|scope| {
        // On every way out, a panic included: the scope waits for the thread.
        let over = EndOnDrop(&growth);
        let checker = thread::Builder::new().name("jpauto-check".to_owned());
        let checker = checker
            .spawn_scoped(scope, move || check::check_behind(follower, path, feed, format))
            .map_err(not_written)?;
        let written = write_rows(conn, order, sold_since, (total, Some(Arc::clone(&growth))), observer);
        drop(over);
        let checked = checker.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(Written { checked: Some(checked), ..written? })
    })
}

fn write_rows(
    conn: &mut DbConnection,
    order: &Order<'_>,
    sold_since: Option<DateTime<Utc>>,
    (total, growth): (u64, Option<Arc<Growth>>),
    observer: &mut dyn FnMut(ExportProgress) -> ControlFlow<()>,
) -> DbResult<Written> {
    let feed = order.feed;
    let mut writer = writing::begin(order.path, feed, order.format, order.formulas, growth).map_err(not_written)?;
    let mut work = Work {
        order,
        seen: Seen::new(&feed.columns),
        told: Seen::of(&feed.columns, |column| column.is_told_twice),
        cell: String::new(),
        written: Written::default(),
    };
    let mut done = 0_u64;
    let mut tell = |done: u64| match observer(ExportProgress { done, total: total.max(done) }) {
        ControlFlow::Break(()) => {
            Err(Error::new(ErrorCode::ExportStopped, "the export was stopped; nothing was published"))
        }
        ControlFlow::Continue(()) => Ok(()),
    };
    inventory::each_in_stock(conn, &feed.statuses, sold_since, &mut |vehicle| {
        work.add(vehicle, writer.as_mut())?;
        done += 1;
        if done.is_multiple_of(TOLD_EACH) {
            tell(done)?;
        }
        Ok(())
    })?;
    if done == 0 || !done.is_multiple_of(TOLD_EACH) {
        tell(done)?;
    }
    let mut written = work.written;
    written.bytes = writer.finish().map_err(not_written)?;
    Ok(written)
}

pub(super) fn not_written(reason: std::io::Error) -> Error {
    Error::new(ErrorCode::ExportNotWritten, format!("the feed could not be written: {reason}")).with_source(reason)
}

struct Work<'o> {
    order: &'o Order<'o>,
    seen: Seen,
    told: Seen,
    cell: String,
    written: Written,
}

impl Work<'_> {
    /// Writes the vehicle, or notes why not.
    fn add(&mut self, vehicle: &Vehicle, writer: &mut dyn writing::RowWriter) -> DbResult<()> {
        let Order { feed, surroundings, most_omissions, .. } = *self.order;
        let refusal = refused_status(feed, vehicle)
            .or_else(|| impossible(vehicle, surroundings))
            .or_else(|| (feed.refuses)(vehicle));
        if let Some((field, reason)) = refusal {
            self.leave_out(vehicle, &field, reason);
            return Ok(());
        }
        let mut values = Vec::with_capacity(feed.columns.len());
        let mut left_empty: Vec<(&str, String)> = Vec::new();
        for column in &feed.columns {
            let mut value = column.value(vehicle, surroundings);
            if let Some(reason) = self.fault(column, &value) {
                if column.is_required {
                    self.leave_out(vehicle, &column.name, reason);
                    return Ok(());
                }
                left_empty.push((&column.name, reason));
                value = Value::Missing;
            }
            values.push(value);
        }
        if let Some((field, reason)) = self.repeated(&values) {
            self.leave_out(vehicle, &field, reason);
            return Ok(());
        }
        for (place, (column, value)) in feed.columns.iter().zip(&values).enumerate() {
            if !column.is_told_twice {
                continue;
            }
            self.cell.clear();
            value.write_to(&mut self.cell, &column.separator);
            let text = Some(self.cell.as_str()).filter(|text| !text.is_empty());
            if let Some(reason) = self.told.fault_of(place, column, text) {
                self.written.add(vehicle, Omitted::Repeated, &column.name, reason, most_omissions);
            }
        }
        for (field, reason) in left_empty {
            self.written.add(vehicle, Omitted::Value, field, reason, most_omissions);
        }
        for (field, value) in feed.expects {
            if value(vehicle, surroundings).cleaned(Lines::Kept, None) == Value::Missing {
                let reason = "the vehicle has none".to_owned();
                self.written.add(vehicle, Omitted::Missing, field, reason, most_omissions);
            }
        }
        let body = feed.body.map_or(Value::Missing, |body| body(vehicle, surroundings).cleaned(Lines::Kept, None));
        let page = if feed.body.is_some() { fields::page_id(vehicle) } else { String::new() };
        writer.write(&feed.columns, &Row { values: &values, body, page: &page }).map_err(not_written)?;
        self.written.vehicle_count += 1;
        Ok(())
    }

    fn leave_out(&mut self, vehicle: &Vehicle, field: &str, reason: String) {
        self.written.left_out_count += 1;
        self.written.add(vehicle, Omitted::Vehicle, field, reason, self.order.most_omissions);
    }

    fn fault(&mut self, column: &Column, value: &Value<'_>) -> Option<String> {
        if !column.is_required && column.rule == Rule::Any {
            return None;
        }
        self.cell.clear();
        value.write_to(&mut self.cell, &column.separator);
        fault_of(column, Some(&self.cell))
    }

    /// Whether an earlier vehicle has a value that no two may have.
    fn repeated(&mut self, values: &[Value<'_>]) -> Option<(String, String)> {
        let columns = &self.order.feed.columns;
        columns.iter().zip(values).enumerate().filter(|(_, (column, _))| column.is_unique).find_map(
            |(place, (column, value))| {
                self.cell.clear();
                value.write_to(&mut self.cell, &column.separator);
                let text = Some(self.cell.as_str()).filter(|text| !text.is_empty());
                self.seen.fault_of(place, column, text).map(|reason| (column.name.to_string(), reason))
            },
        )
    }
}

/// A year, a price or a mileage that no vehicle has is an error of whoever wrote the row, and no matter of any platform.
fn impossible(vehicle: &Vehicle, surroundings: &Surroundings<'_>) -> Option<super::feed::Refusal> {
    let facts = (vehicle.year, vehicle.price, vehicle.mileage);
    let fault = surroundings.limits.impossible(facts, surroundings.now)?;
    let field = fault.pointer.trim_start_matches('/').to_owned();
    Some((field.into(), fault.message))
}

/// A vehicle whose status is no word of ours is no matter of a platform, though a row without one counts as available.
fn refused_status(feed: &Feed, vehicle: &Vehicle) -> Option<super::feed::Refusal> {
    let is_taken = vehicle.status != VehicleStatus::Unknown || feed.statuses.contains(&VehicleStatus::Unknown);
    (!is_taken).then(|| ("status".into(), "its status is not known".to_owned()))
}
