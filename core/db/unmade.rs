//! A SQLite file that is made when something is written first, so that a refusal leaves none behind.
//!
//! Until then an empty database in memory is read in its place. A write is tried there first: what is refused there makes no file.

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{CreateFile, Database, DatabaseConfig, file};
use crate::error::Result;

/// What stands in the place of the file.
pub(super) struct Unmade {
    is_made: AtomicBool,
    making: Mutex<()>,
    stand_in: Box<Database>,
}

impl Unmade {
    pub(super) fn new() -> Result<Self> {
        let stand_in = Database::open(&DatabaseConfig::new("sqlite::memory:"))?;
        Ok(Self { is_made: AtomicBool::new(false), making: Mutex::default(), stand_in: Box::new(stand_in) })
    }
}

impl Database {
    /// What is read instead, as long as there is no file.
    pub(super) fn stand_in(&self) -> Result<Option<&Self>> {
        let Some(unmade) = self.unmade.as_ref().filter(|unmade| !unmade.is_made.load(Ordering::Acquire)) else {
            return Ok(None);
        };
        if self.file().is_none_or(file::is_unmade) {
            return Ok(Some(&unmade.stand_in));
        }
        // Another process has made it.
        self.make_file()?;
        Ok(None)
    }

    /// Makes the file, unless it is there.
    pub(super) fn make_file(&self) -> Result<()> {
        let (Some(unmade), Some(path)) = (&self.unmade, self.file()) else { return Ok(()) };
        let _one = unmade.making.lock().unwrap_or_else(PoisonError::into_inner);
        if !unmade.is_made.load(Ordering::Acquire) {
            file::prepare(path, CreateFile::AtOnce)?;
            self.fill_if_empty()?;
            unmade.is_made.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn file(&self) -> Option<&Path> {
        match &self.target {
            super::Target::SqliteFile(path) => Some(path),
            #[allow(
                unreachable_patterns,
                reason = "SQLite in memory is the other target where it alone is compiled in"
            )]
            _ => None,
        }
    }
}
