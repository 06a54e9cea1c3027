//! Rows of `vehicle_sales`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{
    db::{
        DbConnection, DbResult, Instant, insert_rows,
        schema::{
            inventory,
            vehicle_sales::{self, dsl},
        },
    },
    ids::{SaleId, VehicleId},
    inventory::{Vehicle, VehicleStatus, sales::Sale},
    money::Money,
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = vehicle_sales, treat_none_as_default_value = false)]
struct SaleRow {
    id: SaleId,
    inventory_id: VehicleId,
    sold_at: Instant,
    listed_at: Option<Instant>,
    price: Money,
    sale_price: Option<Money>,
}

impl From<&Sale> for SaleRow {
    fn from(sale: &Sale) -> Self {
        Self {
            id: sale.id,
            inventory_id: sale.inventory_id,
            sold_at: sale.sold_at.into(),
            listed_at: sale.listed_at.map(Instant),
            price: sale.price,
            sale_price: sale.sale_price,
        }
    }
}

impl From<SaleRow> for Sale {
    fn from(row: SaleRow) -> Self {
        Self {
            id: row.id,
            inventory_id: row.inventory_id,
            sold_at: row.sold_at.into(),
            listed_at: row.listed_at.map(DateTime::from),
            price: row.price,
            sale_price: row.sale_price,
        }
    }
}

pub(in crate::inventory) fn add_sale(conn: &mut DbConnection, sale: &Sale) -> DbResult<()> {
    diesel::insert_into(dsl::vehicle_sales).values(&SaleRow::from(sale)).execute(conn)?;
    Ok(())
}

pub(in crate::inventory) fn add_sales(conn: &mut DbConnection, sales: &[Sale]) -> DbResult<()> {
    insert_rows!(conn, vehicle_sales::table, sales.iter().map(SaleRow::from).collect::<Vec<_>>());
    Ok(())
}

/// Records the sale if that has not been done: another program may have sold the vehicle, or an earlier release.
pub(in crate::inventory) fn ensure_sale(conn: &mut DbConnection, sale: &Sale) -> DbResult<()> {
    let known: i64 = dsl::vehicle_sales
        .filter(dsl::inventory_id.eq(sale.inventory_id))
        .filter(dsl::sold_at.eq(Instant(sale.sold_at)))
        .count()
        .get_result(conn)?;
    if known == 0 { add_sale(conn, sale) } else { Ok(()) }
}

pub(in crate::inventory) fn delete_sale(conn: &mut DbConnection, sold: &Vehicle) -> DbResult<()> {
    let Some(sold_at) = sold.sold_at else { return Ok(()) };
    let sale = dsl::vehicle_sales.filter(dsl::inventory_id.eq(sold.id)).filter(dsl::sold_at.eq(Instant(sold_at)));
    diesel::delete(sale).execute(conn)?;
    Ok(())
}

/// All recorded sales.
pub(in crate::inventory) fn recorded_sales(conn: &mut DbConnection) -> DbResult<Vec<Sale>> {
    let rows: Vec<SaleRow> = dsl::vehicle_sales.select(SaleRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Sale::from).collect())
}

/// The sales that the rows of sold vehicles tell of.
pub(in crate::inventory) fn sold_vehicles(conn: &mut DbConnection, now: DateTime<Utc>) -> DbResult<Vec<Sale>> {
    type Columns = (VehicleId, Option<Instant>, Option<Instant>, Option<Instant>, Money);
    let rows: Vec<Columns> = inventory::table
        .filter(inventory::status.eq(VehicleStatus::Sold.as_str()))
        .select((inventory::id, inventory::sold_at, inventory::updated_at, inventory::listed_at, inventory::price))
        .load(conn)?;
    let sale = |(inventory_id, sold_at, updated_at, listed_at, price): Columns| Sale {
        id: SaleId::new(now),
        inventory_id,
        sold_at: sold_at.or(updated_at).or(listed_at).map_or(now, DateTime::from),
        listed_at: listed_at.map(DateTime::from),
        price,
        sale_price: None,
    };
    Ok(rows.into_iter().map(sale).collect())
}
