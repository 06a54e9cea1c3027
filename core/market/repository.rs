//! Rows of `market_research_results` and `market_price_history`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{
    db::{
        DbConnection, DbResult, Instant,
        schema::{market_price_history, market_research_results},
    },
    ids::{MarketPriceId, VehicleId},
    money::Money,
};

#[derive(Insertable)]
#[diesel(table_name = market_price_history, treat_none_as_default_value = false)]
struct HistoryRow {
    id: MarketPriceId,
    inventory_id: Option<VehicleId>,
    our_price: Money,
    median_market_price: Option<Money>,
    min_market_price: Option<Money>,
    sample_size: Option<i32>,
    recorded_at: Option<Instant>,
}

/// Keeps a price that staff set, as a point of the vehicle's history with nothing known of the market.
pub(crate) fn record_own_price(
    conn: &mut DbConnection,
    vehicle: VehicleId,
    price: Money,
    now: DateTime<Utc>,
) -> DbResult<()> {
    let row = HistoryRow {
        id: MarketPriceId::new(now),
        inventory_id: Some(vehicle),
        our_price: price,
        median_market_price: None,
        min_market_price: None,
        sample_size: None,
        recorded_at: Some(now.into()),
    };
    diesel::insert_into(market_price_history::table).values(&row).execute(conn)?;
    Ok(())
}

/// Removes all research about a vehicle that is itself about to go.
pub(crate) fn delete_of_vehicle(conn: &mut DbConnection, vehicle: VehicleId) -> DbResult<()> {
    let of_vehicle = market_research_results::inventory_id.eq(vehicle);
    diesel::delete(market_research_results::table.filter(of_vehicle)).execute(conn)?;
    let of_vehicle = market_price_history::inventory_id.eq(vehicle);
    diesel::delete(market_price_history::table.filter(of_vehicle)).execute(conn)?;
    Ok(())
}
