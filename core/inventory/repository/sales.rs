//! Rows of `vehicle_sales`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};

use crate::{
    db::{
        DbConnection, DbResult, Instant,
        held::HeldText,
        insert_rows, on_each,
        schema::vehicle_sales::{self, dsl},
        types::{DbInstant, DbMoney},
    },
    ids::{SaleId, VehicleId},
    inventory::{
        Vehicle, VehicleStatus,
        sales::{Sale, SaleSums, sold_by},
    },
    money::Money,
};

/// A statement has at most this many values: SQLite takes 32,766, PostgreSQL 65,535.
const MOST_VALUES: usize = 10_000;

#[derive(Insertable)]
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

/// The same for many vehicles.
pub(in crate::inventory) fn ensure_sales(conn: &mut DbConnection, sales: &[Sale]) -> DbResult<()> {
    let mut known: HashSet<(VehicleId, DateTime<Utc>)> = HashSet::new();
    for sales in sales.chunks(MOST_VALUES) {
        let of_these = dsl::inventory_id.eq_any(sales.iter().map(|sale| sale.inventory_id));
        let found: Vec<(VehicleId, Instant)> =
            dsl::vehicle_sales.filter(of_these).select((dsl::inventory_id, dsl::sold_at)).load(conn)?;
        known.extend(found.into_iter().map(|(id, sold_at)| (id, sold_at.into())));
    }
    let is_new = |sale: &&Sale| !known.contains(&(sale.inventory_id, sale.sold_at));
    let new: Vec<_> = sales.iter().filter(is_new).map(SaleRow::from).collect();
    insert_rows!(conn, vehicle_sales::table, new);
    Ok(())
}

/// What the buyers of these vehicles paid, where they are sold and it is known.
pub(in crate::inventory) fn sale_prices<'v>(
    conn: &mut DbConnection,
    vehicles: impl IntoIterator<Item = &'v Vehicle>,
) -> DbResult<HashMap<VehicleId, Money>> {
    let sold: HashMap<VehicleId, DateTime<Utc>> = vehicles
        .into_iter()
        .filter(|vehicle| vehicle.status == VehicleStatus::Sold)
        .filter_map(|vehicle| Some((vehicle.id, sold_by(vehicle)?)))
        .collect();
    if sold.is_empty() {
        return Ok(HashMap::new());
    }
    let sales: Vec<(VehicleId, Instant, Option<Money>)> = dsl::vehicle_sales
        .filter(dsl::inventory_id.eq_any(sold.keys()))
        .filter(dsl::sale_price.is_not_null())
        .select((dsl::inventory_id, dsl::sold_at, dsl::sale_price))
        .load(conn)?;
    let of_last_sale = |(id, sold_at, price): (VehicleId, Instant, Option<Money>)| {
        let is_last = sold.get(&id).is_some_and(|at| *at == DateTime::from(sold_at));
        is_last.then_some((id, price?))
    };
    Ok(sales.into_iter().filter_map(of_last_sale).collect())
}

/// Sets when a recorded sale was, and what the buyer paid where that is said. Answers the price that was known.
pub(in crate::inventory) fn correct_sale(
    conn: &mut DbConnection,
    sale: &Sale,
    (sold_at, sale_price): (DateTime<Utc>, Option<Money>),
) -> DbResult<Option<Money>> {
    let recorded = dsl::vehicle_sales
        .filter(dsl::inventory_id.eq(sale.inventory_id))
        .filter(dsl::sold_at.eq(Instant(sale.sold_at)));
    let known: Vec<Option<Money>> = recorded.select(dsl::sale_price).load(conn)?;
    let known = known.into_iter().flatten().next();
    let corrected = (dsl::sold_at.eq(Instant(sold_at)), dsl::sale_price.eq(sale_price.or(known)));
    diesel::update(recorded).set(corrected).execute(conn)?;
    Ok(known)
}

pub(in crate::inventory) fn delete_sale(conn: &mut DbConnection, sold: &Vehicle) -> DbResult<()> {
    let Some(sold_at) = sold.sold_at else { return Ok(()) };
    let sale = dsl::vehicle_sales.filter(dsl::inventory_id.eq(sold.id)).filter(dsl::sold_at.eq(Instant(sold_at)));
    diesel::delete(sale).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct SumsRow {
    #[diesel(sql_type = Text)]
    time: HeldText,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = DbMoney)]
    value: Money,
    #[diesel(sql_type = BigInt)]
    days: i64,
    #[diesel(sql_type = BigInt)]
    came_back: i64,
}

/// The recorded sales by the time when they were, with those that the rows of sold vehicles tell of and nobody recorded, as other
/// programs sell. A sale came back if its vehicle is not sold any more, or was sold once more.
///
/// The days are those of `rules::days_in_stock`; a test compares the two.
///
/// The times are in UTC: a month, or the minute where the month depends on where one is; `SalesStatistics::of` says which.
pub(in crate::inventory) fn sales_by_time(conn: &mut DbConnection, now: DateTime<Utc>) -> DbResult<Vec<SaleSums>> {
    let [time, days] = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => [
            "to_char(sold_at AT TIME ZONE 'UTC', CASE WHEN extract(day FROM sold_at AT TIME ZONE 'UTC') BETWEEN 3 AND 27
                                                      THEN 'YYYY-MM' ELSE 'YYYY-MM-DD\"T\"HH24:MI' END)",
            "CASE WHEN isfinite(sold_at) AND isfinite(listed_at) THEN greatest(extract(day FROM sold_at - listed_at), 0) END",
        ],
        // SQLite rounds fractions of a second, so they are compared apart.
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => [
            "substr(sold_at, 1, CASE WHEN substr(sold_at, 9, 2) BETWEEN '03' AND '27' THEN 7 ELSE 16 END)",
            "max((strftime('%s', substr(sold_at, 1, 19)) - strftime('%s', substr(listed_at, 1, 19))
                  - (substr(sold_at, 20) < substr(listed_at, 20))) / 86400, 0)",
        ],
    };
    // Another program may not say when it sold a vehicle: then its last change is the time.
    let sql = format!(
        "WITH sold AS (
             SELECT id, coalesce(sold_at, updated_at, listed_at, $1) AS sold_at, listed_at, price
             FROM inventory WHERE status = 'sold'
         ), sales AS (
             SELECT sale.sold_at, sale.listed_at, coalesce(sale.sale_price, sale.price) AS value,
                    CASE WHEN sold.id IS NULL THEN 1 ELSE 0 END AS came_back
             FROM vehicle_sales AS sale
             LEFT JOIN sold ON sold.id = sale.inventory_id AND sold.sold_at = sale.sold_at
             UNION ALL
             SELECT sold.sold_at, sold.listed_at, sold.price, 0
             FROM sold
             LEFT JOIN vehicle_sales AS sale ON sale.inventory_id = sold.id AND sale.sold_at = sold.sold_at
             WHERE sale.id IS NULL
         )
         SELECT {time} AS time, count(*) AS count,
                sum(CASE WHEN value >= 0 AND value < 10000000000 THEN value ELSE 0 END) AS value,
                CAST(coalesce(sum({days}), 0) AS bigint) AS days, CAST(sum(came_back) AS bigint) AS came_back
         FROM sales GROUP BY 1"
    );
    let rows: Vec<SumsRow> = on_each!(conn, conn => sql_query(&sql).bind::<DbInstant, _>(Instant(now)).load(conn)?);
    let sums = |row: SumsRow| SaleSums {
        time: row.time.text(),
        count: row.count,
        value: row.value,
        days: row.days,
        came_back: row.came_back,
    };
    Ok(rows.into_iter().map(sums).collect())
}
