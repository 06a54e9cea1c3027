//! Rows of `competitor_price_history`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::listings::listing_not_found;
use crate::{
    competitors::PricePoint,
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        schema::{
            competitor_inventory,
            competitor_price_history::{self, dsl},
        },
    },
    ids::{ListingId, ListingPriceId},
    money::Money,
    page::{Page, PageRequest, newest_first},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = competitor_price_history)]
struct PriceRow {
    id: ListingPriceId,
    price: Money,
    min_price: Option<Money>,
    mileage: Option<i32>,
    recorded_at: Option<Instant>,
}

impl From<PriceRow> for PricePoint {
    fn from(row: PriceRow) -> Self {
        Self {
            price: row.price,
            min_price: row.min_price,
            mileage: row.mileage,
            recorded_at: row.recorded_at.map(DateTime::from).unwrap_or_default(),
        }
    }
}

/// A page of a listing's prices, newest first.
pub(in crate::competitors) fn price_history(
    conn: &mut DbConnection,
    listing: ListingId,
    request: &PageRequest,
) -> DbResult<Page<PricePoint>> {
    const ORDER: &str = "-recorded_at";
    let known: i64 = competitor_inventory::table.find(listing).count().get_result(conn)?;
    if known == 0 {
        return Err(listing_not_found().into());
    }
    let query = || {
        dsl::competitor_price_history
            .filter(dsl::competitor_inventory_id.eq(listing))
            .select(PriceRow::as_select())
            .into_boxed::<MultiBackend>()
    };
    let position: Option<(Option<DateTime<Utc>>, ListingPriceId)> = request.position(ORDER)?;
    let position = position.map(|(time, id)| (time.map(Instant), id));
    let rows: Vec<PriceRow> = newest_first!(conn, query, dsl::recorded_at, dsl::id, position, request);
    let page = Page::cut(rows, request, ORDER, |row: &PriceRow| (row.recorded_at.map(DateTime::<Utc>::from), row.id))?;
    Ok(page.map(PricePoint::from))
}
