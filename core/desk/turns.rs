//! Long work in turns: many small transactions, between which other writers get in.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::{Acting, Desk};
use crate::{
    actor::Permission,
    db::{DbConnection, DbResult, plan_for_the_values},
    error::Result,
};

/// How long a turn should hold what it locks, its commit included. A writer may have to wait for two of them.
const AIM: Duration = Duration::from_millis(80);

/// The transactions of one long work. How many rows the next one may write follows from how long the last one took.
pub(crate) struct Turns<'a> {
    desk: &'a Desk,
    permission: Permission,
    rows: Cell<usize>,
    most_rows: usize,
    ended_at: Cell<Option<Instant>>,
}

impl<'a> Turns<'a> {
    /// None of the transactions is to write more rows than that.
    pub(crate) fn new(desk: &'a Desk, permission: Permission, most_rows: usize) -> Self {
        let rows = Cell::new(most_rows.div_ceil(4));
        Self { desk, permission, rows, most_rows, ended_at: Cell::new(None) }
    }

    /// How many rows the next transaction may write.
    pub(crate) fn rows(&self) -> usize {
        self.rows.get()
    }

    /// Runs the next transaction, as [`Desk::write`] does; before it, writers of other processes get in.
    pub(crate) fn write<T>(&self, work: impl Fn(&mut DbConnection, Acting<'_>) -> DbResult<T>) -> Result<T> {
        if let Some(ended_at) = self.ended_at.get() {
            self.desk.house.database.give_way(ended_at);
        }
        // Before that it waits for others.
        let begun_at = Cell::new(Instant::now());
        let outcome = self.desk.write(self.permission, |conn, acting| {
            begun_at.set(Instant::now());
            plan_for_the_values(conn)?;
            work(conn, acting)
        });
        self.rows.set(next_rows(self.rows.get(), begun_at.get().elapsed(), self.most_rows));
        self.ended_at.set(Some(Instant::now()));
        outcome
    }

    /// Removes rows until no more are there or the limit is reached, and returns how many. `remove` takes the most rows that it
    /// may remove, and returns how many it did.
    pub(crate) fn remove(
        &self,
        limit: usize,
        remove: impl Fn(&mut DbConnection, DateTime<Utc>, i64) -> DbResult<usize>,
    ) -> Result<usize> {
        let mut removed = 0;
        loop {
            let wanted = self.rows().min(limit - removed);
            let rows = i64::try_from(wanted).unwrap_or(i64::MAX);
            let found = self.write(|conn, acting| remove(conn, acting.now, rows))?;
            removed += found.min(wanted);
            if found < wanted || removed == limit {
                return Ok(removed);
            }
        }
    }
}

/// Twice as many rows where a turn was short, half as many where it was long.
fn next_rows(rows: usize, taken: Duration, most: usize) -> usize {
    if taken > AIM {
        (rows / 2).max(most.div_ceil(64))
    } else if taken < AIM / 2 {
        (rows * 2).min(most)
    } else {
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_turns_are_followed_by_smaller_ones_within_bounds() {
        for (rows, taken, expected) in [
            (1_000, 10, 2_000),
            (3_000, 10, 4_000),
            (4_000, 10, 4_000),
            (1_000, 50, 1_000),
            (1_000, 200, 500),
            (100, 200, 63),
            (63, 10_000, 63),
        ] {
            assert_eq!(next_rows(rows, Duration::from_millis(taken), 4_000), expected, "{rows} rows in {taken} ms");
        }
        assert_eq!(next_rows(1, Duration::from_secs(1), 1), 1, "a turn writes something");
    }
}
