//! The tables of competitors in partitions, by competitor: on PostgreSQL, where one table would become too large.
//!
//! They are copied beside what is there, dealer by dealer, while everybody works on. The row of a dealer is locked while its rows are
//! copied, and triggers carry later changes over. At the end the copies take the tables' names in one short transaction. Until then
//! nothing but the copy is new, so that it can be given up at any time. `docs/scaling.md` says what partitions are good for.

mod repository;
mod service;

use serde::Serialize;

pub(crate) use service::{Observer, partition};

/// How far the copying has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PartitionProgress {
    /// How many competitors are copied, with all that belongs to them.
    pub copied: u64,
    /// How many there are.
    pub competitors: u64,
    /// How many rows this call has copied.
    pub rows: u64,
}

/// What became of the tables of competitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PartitionReport {
    /// In how many partitions they are now; 0 where they are whole.
    pub partitions: u32,
    /// In how many they were before.
    pub before: u32,
    /// How many rows this call has copied.
    pub rows: u64,
    /// Whether the call was ended early: the copy stays, and the next call goes on.
    pub stopped: bool,
}

/// The most partitions: each is a file for each table and index, and a statement over all dealers plans each.
pub const MOST_PARTITIONS: u32 = 256;
