//! The vehicles that a text names which a person typed.

use diesel::prelude::*;

use super::Row;
use crate::{
    db::{
        DbConnection, DbResult,
        functions::{compared_vin, lower},
        schema::inventory::dsl,
    },
    ids::VehicleId,
    inventory::Vehicle,
    typed::{MOST_CANDIDATES, Reference},
    vin,
};

/// The vehicles that have the text as their id, VIN or stock number; where there is none, those of which one of these begins so.
pub(in crate::inventory) fn candidates(conn: &mut DbConnection, reference: &Reference<'_>) -> DbResult<Vec<Vehicle>> {
    let whole = reference.as_str().to_ascii_lowercase();
    let named = compared_vin(conn)
        .eq(vin::compared(reference.as_str()))
        .or(lower(dsl::stock_number.assume_not_null()).eq(&whole));
    let found: Vec<Row> = match reference.id() {
        Some(id) => dsl::inventory
            .filter(named.or(dsl::id.eq(VehicleId::from_uuid(id))))
            .limit(MOST_CANDIDATES)
            .select(Row::as_select())
            .load(conn)?,
        None => dsl::inventory.filter(named).limit(MOST_CANDIDATES).select(Row::as_select()).load(conn)?,
    };
    let rows = if found.is_empty() { beginning_so(conn, reference)? } else { found };
    Ok(rows.into_iter().map(Vehicle::from).collect())
}

fn beginning_so(conn: &mut DbConnection, reference: &Reference<'_>) -> DbResult<Vec<Row>> {
    let pattern = reference.pattern();
    let named =
        compared_vin(conn)
            .like(reference.vin_pattern())
            .escape('\\')
            .or(lower(dsl::stock_number.assume_not_null()).like(&pattern).escape('\\'));
    Ok(match reference.ids() {
        Some((first, last)) => {
            let (first, last) = (VehicleId::from_uuid(first), VehicleId::from_uuid(last));
            dsl::inventory
                .filter(named.or(dsl::id.ge(first).and(dsl::id.le(last))))
                .order(dsl::id)
                .limit(MOST_CANDIDATES)
                .select(Row::as_select())
                .load(conn)?
        }
        None => {
            dsl::inventory.filter(named).order(dsl::id).limit(MOST_CANDIDATES).select(Row::as_select()).load(conn)?
        }
    })
}
