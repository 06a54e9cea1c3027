//! Rows of `market_price_history`: our price, and the market's median at each analysis.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        held::{Held, HeldText, MayBeNull as _, Place},
        in_index_order, insert_rows,
        schema::market_price_history,
    },
    ids::{MarketPriceId, VehicleId},
    market::{HistoryPoint, MarketPrice, ResearchResult},
    money::Money,
    page::{Page, PageRequest},
};

/// The points of these vehicles' histories since a time that have a median.
pub(in crate::market) fn history_since(
    conn: &mut DbConnection,
    vehicles: &[VehicleId],
    since: DateTime<Utc>,
) -> DbResult<HashMap<VehicleId, Vec<HistoryPoint>>> {
    use market_price_history::dsl;
    type Found = (Option<VehicleId>, Option<Instant>, Option<Money>, Option<i32>, Option<HeldText>);
    let rows: Vec<Found> = dsl::market_price_history
        .filter(dsl::inventory_id.eq_any(vehicles.iter().copied()))
        .filter(dsl::recorded_at.ge(Instant(since)))
        .filter(dsl::median_market_price.is_not_null())
        .select((dsl::inventory_id, dsl::recorded_at, dsl::median_market_price, dsl::sample_size, dsl::searched_for))
        .load(conn)?;
    let mut found: HashMap<VehicleId, Vec<HistoryPoint>> = HashMap::new();
    for (vehicle, recorded_at, median_price, sample_size, searched_for) in rows {
        let (Some(vehicle), Some(recorded_at)) = (vehicle, recorded_at) else { continue };
        let sample_size = sample_size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let point = HistoryPoint {
            recorded_at: recorded_at.into(),
            median_price,
            sample_size,
            searched_for: searched_for.text(),
        };
        found.entry(vehicle).or_default().push(point);
    }
    Ok(found)
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = market_price_history, treat_none_as_default_value = false)]
struct HistoryRow {
    id: MarketPriceId,
    inventory_id: Option<VehicleId>,
    our_price: Money,
    median_market_price: Option<Money>,
    min_market_price: Option<Money>,
    sample_size: Option<i32>,
    recorded_at: Option<Held<Instant>>,
    searched_for: Option<HeldText>,
}

impl From<HistoryRow> for MarketPrice {
    fn from(row: HistoryRow) -> Self {
        Self {
            id: row.id,
            our_price: row.our_price,
            median_market_price: row.median_market_price,
            min_market_price: row.min_market_price,
            sample_size: row.sample_size,
            recorded_at: row.recorded_at.time(),
        }
    }
}

/// A page of a vehicle's price history, newest first.
pub(in crate::market) fn history(
    conn: &mut DbConnection,
    vehicle: VehicleId,
    request: &PageRequest,
) -> DbResult<Page<MarketPrice>> {
    use market_price_history::dsl;
    const ORDER: &str = "-recorded_at";
    let query = || {
        dsl::market_price_history
            .filter(dsl::inventory_id.eq(vehicle))
            .select(HistoryRow::as_select())
            .into_boxed::<MultiBackend>()
    };
    let position: Option<(Option<Place<Instant>>, MarketPriceId)> = request.position(ORDER)?;
    let rows: Vec<HistoryRow> = in_index_order!(conn, query, dsl::recorded_at, dsl::id, desc, position, request);
    let page = Page::cut(rows, request, ORDER, |row| (row.recorded_at.place(), row.id))?;
    Ok(page.map(MarketPrice::from))
}

/// Records an analysis as a point of the vehicle's history.
pub(in crate::market) fn record_market_price(
    conn: &mut DbConnection,
    our_price: Money,
    research: &ResearchResult,
    (searched_for, now): (String, DateTime<Utc>),
) -> DbResult<()> {
    insert_point(
        conn,
        &HistoryRow {
            id: MarketPriceId::new(now),
            inventory_id: Some(research.inventory_id),
            our_price,
            median_market_price: research.median_price,
            min_market_price: research.min_price,
            sample_size: Some(research.sample_size),
            recorded_at: Some(now.into()),
            searched_for: Some(searched_for.into()),
        },
    )
}

/// Records prices that staff set, each as a point of its vehicle's history without a median.
pub(in crate::market) fn record_own_prices(
    conn: &mut DbConnection,
    prices: &[(VehicleId, Money)],
    now: DateTime<Utc>,
) -> DbResult<()> {
    let point = |(vehicle, price): &(VehicleId, Money)| HistoryRow {
        id: MarketPriceId::new(now),
        inventory_id: Some(*vehicle),
        our_price: *price,
        median_market_price: None,
        min_market_price: None,
        sample_size: None,
        recorded_at: Some(now.into()),
        searched_for: None,
    };
    insert_rows!(conn, market_price_history::table, prices.iter().map(point).collect::<Vec<_>>());
    Ok(())
}

fn insert_point(conn: &mut DbConnection, row: &HistoryRow) -> DbResult<()> {
    diesel::insert_into(market_price_history::table).values(row).execute(conn)?;
    Ok(())
}
