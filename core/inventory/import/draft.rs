//! An import that is planned and not yet written, with all that it relies on.

use super::{ImportReport, plan::Planned};
use crate::{
    db::{DbConnection, DbResult},
    ids::VehicleId,
    inventory::{
        Vehicle,
        repository::{self, Reading},
    },
    version::Version,
};

/// What an import does.
pub(super) struct Draft {
    pub(super) parts: Vec<Part>,
    /// The vehicles that were in stock, where those that the file does not have are sold.
    pub(super) unsold: Option<Vec<VehicleId>>,
    pub(super) report: ImportReport,
    /// It has more than one transaction writes, and was not planned to its end.
    pub(super) is_cut_short: bool,
}

impl Draft {
    /// Whether every vehicle is as it was planned upon, and no other has come under one of the file's numbers. Those that are
    /// there are locked.
    pub(super) fn still_stands(&self, conn: &mut DbConnection) -> DbResult<bool> {
        if let Some(unsold) = &self.unsold {
            let mut found = repository::unsold_ids(conn)?;
            let mut unsold = unsold.clone();
            found.sort_unstable();
            unsold.sort_unstable();
            if found != unsold {
                return Ok(false);
            }
        }
        for part in &self.parts {
            if !part.still_stands(conn)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What some rows do, or some vehicles that are sold because no row has them.
pub(super) struct Part {
    vins: Vec<String>,
    stock_numbers: Vec<String>,
    relied_on: Vec<(VehicleId, Version)>,
    pub(super) planned: Vec<Planned>,
}

impl Part {
    /// Rows under whose numbers these vehicles were found.
    pub(super) fn of_rows(vins: Vec<String>, stock_numbers: Vec<String>, vehicles: &[Vehicle]) -> Self {
        Self { vins, stock_numbers, relied_on: versions_of(vehicles), planned: Vec::new() }
    }

    pub(super) fn of_vehicles(vehicles: &[Vehicle]) -> Self {
        Self::of_rows(Vec::new(), Vec::new(), vehicles)
    }

    fn still_stands(&self, conn: &mut DbConnection) -> DbResult<bool> {
        let is_of_rows = !self.vins.is_empty() || !self.stock_numbers.is_empty();
        let vehicles = if is_of_rows {
            repository::with_numbers(conn, &self.vins, &self.stock_numbers, Reading::ToChange)?
        } else {
            let ids: Vec<_> = self.relied_on.iter().map(|(id, _)| *id).collect();
            repository::with_ids(conn, &ids, Reading::ToChange)?
        };
        Ok(versions_of(&vehicles) == self.relied_on)
    }
}

fn versions_of(vehicles: &[Vehicle]) -> Vec<(VehicleId, Version)> {
    let mut versions: Vec<_> = vehicles.iter().map(|vehicle| (vehicle.id, vehicle.version())).collect();
    versions.sort_unstable_by_key(|(id, _)| *id);
    versions
}
