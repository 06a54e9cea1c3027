//! Rows of `competitor_price_history`.

use diesel::prelude::*;

use super::{listings::listing_not_found, newest_page};
use crate::{
    competitors::PricePoint,
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        held::{Held, MayBeNull as _, Place},
        in_index_order,
        schema::{competitor_inventory, competitor_price_history},
    },
    ids::{CompetitorId, ListingId, ListingPriceId},
    money::Money,
    page::{Page, PageRequest},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = competitor_price_history)]
struct PriceRow {
    id: ListingPriceId,
    price: Money,
    min_price: Option<Money>,
    mileage: Option<i32>,
    recorded_at: Option<Held<Instant>>,
}

impl From<PriceRow> for PricePoint {
    fn from(row: PriceRow) -> Self {
        Self {
            price: row.price,
            min_price: row.min_price,
            mileage: row.mileage,
            recorded_at: row.recorded_at.time().unwrap_or_default(),
        }
    }
}

/// A page of a listing's prices, newest first.
pub(in crate::competitors) fn price_history(
    conn: &mut DbConnection,
    listing: ListingId,
    request: &PageRequest,
) -> DbResult<Page<PricePoint>> {
    let of_listing = competitor_inventory::table.find(listing).select(competitor_inventory::competitor_id);
    let competitor: Option<CompetitorId> = of_listing.first(conn).optional()?;
    let competitor = competitor.ok_or_else(listing_not_found)?;
    let of_listing = competitor_price_history::table
        .filter(competitor_price_history::competitor_inventory_id.eq(listing))
        .filter(competitor_price_history::competitor_id.eq(competitor));
    let page =
        newest_page!(conn, request, of_listing, PriceRow with ListingPriceId, competitor_price_history.recorded_at);
    Ok(page.map(PricePoint::from))
}
