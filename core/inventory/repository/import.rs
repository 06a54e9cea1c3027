//! Many vehicles at once: found by their numbers, inserted and updated with few statements.

use std::collections::HashSet;

use diesel::prelude::*;

use super::{Row, dsl, get_all, get_all_to_change, inventory, unknown_word};
use crate::{
    db::{DbConnection, DbResult, find_by_index, functions::compared_vin, insert_rows, is_one_of},
    ids::VehicleId,
    inventory::{Vehicle, VehicleStatus},
    vin,
};

/// A statement has at most this many values: SQLite takes 32,766, PostgreSQL 65,535.
const MOST_VALUES: usize = 10_000;

/// Whether rows that are read are locked until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inventory) enum Reading {
    ToChange,
    ToCompare,
}

/// The vehicles that have one of these VINs or one of these stock numbers.
pub(in crate::inventory) fn with_numbers(
    conn: &mut DbConnection,
    vins: &[String],
    stock_numbers: &[String],
    reading: Reading,
) -> DbResult<Vec<Vehicle>> {
    find_by_index(conn)?;
    let mut ids: HashSet<VehicleId> = HashSet::new();
    for vins in vins.chunks(MOST_VALUES) {
        let among = is_one_of(compared_vin(conn), vins.iter().map(|vin| vin::compared(vin)));
        let found: Vec<VehicleId> = dsl::inventory.filter(among).select(dsl::id).load(conn)?;
        ids.extend(found);
    }
    for numbers in stock_numbers.chunks(MOST_VALUES) {
        let among = dsl::stock_number.eq_any(numbers);
        let found: Vec<VehicleId> = dsl::inventory.filter(among).select(dsl::id).load(conn)?;
        ids.extend(found);
    }
    let ids: Vec<_> = ids.into_iter().collect();
    with_ids(conn, &ids, reading)
}

/// The vehicles of these ids that there are.
pub(in crate::inventory) fn with_ids(
    conn: &mut DbConnection,
    ids: &[VehicleId],
    reading: Reading,
) -> DbResult<Vec<Vehicle>> {
    find_by_index(conn)?;
    let mut vehicles = Vec::with_capacity(ids.len());
    for ids in ids.chunks(MOST_VALUES) {
        let found = match reading {
            Reading::ToChange => get_all_to_change(conn, ids)?,
            Reading::ToCompare => get_all(conn, ids)?,
        };
        vehicles.extend(found.into_values());
    }
    Ok(vehicles)
}

/// The ids of the vehicles that are not sold.
pub(in crate::inventory) fn unsold_ids(conn: &mut DbConnection) -> DbResult<Vec<VehicleId>> {
    let unsold = dsl::status.ne(VehicleStatus::Sold.as_str()).or(dsl::status.is_null());
    Ok(dsl::inventory.filter(unsold).select(dsl::id).load(conn)?)
}

pub(in crate::inventory) fn insert_all(conn: &mut DbConnection, vehicles: &[&Vehicle]) -> DbResult<()> {
    let rows: Vec<Row> = vehicles.iter().map(|vehicle| Row::from(*vehicle)).collect();
    insert_rows!(conn, inventory::table, rows);
    Ok(())
}

/// Makes of the list of fields what an upsert sets: each column to what was to be inserted.
#[cfg(feature = "postgres")]
macro_rules! excluded_columns {
    (
        []
        key { $($key:tt)+ }
        kept { $($before:tt)* }
        given { $($given:tt)+ }
        kept { $($after:tt)* }
        $($rest:tt)*
    ) => {
        excluded_columns! { @ $($before)* $($given)+ $($after)* }
    };
    (@ $(
        $(#[doc = $doc:literal])+
        $audience:ident $name:ident: $presence:ident $type:ty $([$($limit:tt)+])?,
    )+) => {
        ($(dsl::$name.eq(diesel::upsert::excluded(dsl::$name)),)+)
    };
}

/// Writes the whole rows.
///
/// # Errors
/// `unknown_word` for a status that cannot be written back.
pub(in crate::inventory) fn update_all(conn: &mut DbConnection, vehicles: &[&Vehicle]) -> DbResult<()> {
    if vehicles.iter().any(|vehicle| vehicle.status == VehicleStatus::Unknown) {
        return Err(unknown_word("the status of a vehicle is not known here: give it another one first").into());
    }
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            for vehicles in vehicles.chunks(1_000) {
                let rows: Vec<Row> = vehicles.iter().map(|vehicle| Row::from(*vehicle)).collect();
                diesel::insert_into(dsl::inventory)
                    .values(rows)
                    .on_conflict(dsl::id)
                    .do_update()
                    .set(crate::vehicle_fields!(excluded_columns))
                    .execute(conn)?;
            }
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            for vehicles in vehicles.chunks(1_000) {
                let rows: Vec<Row> = vehicles.iter().map(|vehicle| Row::from(*vehicle)).collect();
                Row::write_all_changes(conn, &rows)?;
            }
        }
    }
    Ok(())
}
