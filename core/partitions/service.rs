//! The operation, step by step: each step is a transaction, and one that fails leaves what was there before it.

use std::{cell::Cell, ops::ControlFlow};

use super::{
    MOST_PARTITIONS, PartitionProgress, PartitionReport,
    repository::{self, State},
};
use crate::{
    db::Database,
    error::{Error, ErrorCode, Result},
};

/// Called with the progress after each step; it may end the copying.
pub(crate) type Observer<'o> = dyn FnMut(PartitionProgress) -> ControlFlow<()> + 'o;

/// How many competitors are copied in one transaction.
const COMPETITORS_A_STEP: i64 = 20;

/// Brings the tables of competitors into this many partitions; none makes them whole again.
pub(crate) fn partition(database: &Database, partitions: u32, observer: &mut Observer<'_>) -> Result<PartitionReport> {
    if partitions == 1 || partitions > MOST_PARTITIONS {
        let message = format!("expected 2 to {MOST_PARTITIONS} partitions, or 0 for none");
        return Err(Error::invalid_field(ErrorCode::InvalidPartitions, "/partitions", message));
    }
    let State { partitions: before, copy } = database.read(repository::state)?;
    let report = |rows, stopped| {
        let now = if stopped { before } else { partitions };
        PartitionReport { partitions: now, before, rows, stopped }
    };
    if copy.is_some_and(|copy| copy != partitions || before == partitions) {
        database.write(repository::give_up)?;
    }
    if before == partitions {
        return Ok(report(0, false));
    }
    if copy != Some(partitions) {
        database.write(|conn| repository::begin(conn, partitions))?;
    }
    let rows = Cell::new(0);
    loop {
        let step = database.write(|conn| repository::copy_some(conn, COMPETITORS_A_STEP))?;
        rows.set(rows.get() + step.rows);
        let progress = PartitionProgress { copied: step.copied, competitors: step.competitors, rows: rows.get() };
        if observer(progress).is_break() {
            return Ok(report(rows.get(), true));
        }
        if step.is_last {
            break;
        }
    }
    // A competitor that was added meanwhile is copied with the tables locked.
    let more = database.write(repository::take_the_place)?;
    database.write(repository::analyze)?;
    tracing::info!(before, partitions, "the tables of competitors were partitioned anew");
    Ok(report(rows.get() + more, false))
}
