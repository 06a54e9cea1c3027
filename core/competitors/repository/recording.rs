//! Writes the plan of a scrape: the lot, the price history, and how far groups are believed to be gone.
//!
//! The statements that each database has in a form of its own are in `postgres` and `sqlite`.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::{Lot, listing_row::Written, newest_scrape};
use crate::{
    competitors::days_on_market,
    db::{
        DbConnection, DbResult, Instant, Json, on_each,
        schema::{competitor_inventory::dsl, competitor_price_history, competitor_scrapes},
    },
    ids::{CompetitorId, ListingId, ListingPriceId},
    money::Money,
    tracking::{
        facts::StoredListing,
        plan::{Plan, PriceOf},
    },
};

/// How many ids one statement names; SQLite takes 32,766 values.
pub(super) const IDS_AT_ONCE: usize = 10_000;

/// Takes back what was seen under a clock that had gone ahead: the listings on sale count as last seen by the newest scrape that
/// may have been, else right before this one. Without this, what has gone since would be on sale until that time comes.
pub(in crate::competitors) fn turn_back_sightings(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    observed_at: DateTime<Utc>,
    latest: DateTime<Utc>,
) -> DbResult<()> {
    let newest = newest_scrape(conn, competitor, latest)?.map(|scrape| scrape.observed_at);
    let seen_at = newest.filter(|newest| *newest < observed_at).unwrap_or(observed_at - TimeDelta::seconds(1));
    let ahead = dsl::competitor_inventory
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::is_sold.is_null().or(dsl::is_sold.eq(false)))
        .filter(dsl::last_seen_at.gt(Instant(latest)));
    diesel::update(ahead).set(dsl::last_seen_at.eq(Some(Instant(seen_at)))).execute(conn)?;
    Ok(())
}

/// A new or changed listing with what belongs to it besides.
struct WrittenListing<'a> {
    id: ListingId,
    columns: Written<'a>,
    /// `None` keeps what is stored, unless the listing is on sale, which has no stored count.
    days_on_market: Option<i32>,
    /// `None` keeps what is stored.
    raw_data: Option<&'a Json<Value>>,
}

impl<'a> WrittenListing<'a> {
    fn of(id: ListingId, listing: &'a StoredListing, raw_data: Option<&'a Json<Value>>, now: DateTime<Utc>) -> Self {
        let sold_at = listing.sold_at.filter(|_| listing.is_sold);
        let days_on_market = sold_at.map(|sold_at| days_on_market(listing.first_seen_at, sold_at));
        Self { id, columns: Written::of(listing, now), days_on_market, raw_data }
    }
}

/// A point of the price history with its listing.
#[derive(Insertable)]
#[diesel(table_name = competitor_price_history, treat_none_as_default_value = false)]
struct WrittenPrice {
    id: ListingPriceId,
    competitor_inventory_id: ListingId,
    price: Money,
    min_price: Money,
    mileage: Option<i32>,
    recorded_at: Instant,
}

/// Moves `last_seen_at` of what was seen again as it was.
///
/// On most days that is nearly all that is on sale, and then it is quicker to name the others. Nobody else writes the lot: the
/// competitor's row is locked.
fn see_again(conn: &mut DbConnection, competitor: CompetitorId, lot: &Lot, reseen: &[usize]) -> DbResult<()> {
    let time = dsl::last_seen_at.eq(Some(Instant(lot.facts.observed_at)));
    let mut was_seen = vec![false; lot.stored.len()];
    reseen.iter().for_each(|&row| was_seen[row] = true);
    let on_sale = || (0..lot.stored.len()).filter(|&row| !lot.stored[row].is_sold);
    let others: Vec<_> = on_sale().filter(|&row| !was_seen[row]).map(|row| lot.ids[row]).collect();
    let rows_on_sale = on_sale().count() - others.len();
    let all_but_others = others.len() < rows_on_sale && others.len() <= IDS_AT_ONCE;
    if all_but_others {
        let of_competitor = dsl::competitor_inventory.filter(dsl::competitor_id.eq(competitor));
        on_each!(conn, conn => {
            let standing = of_competitor.filter(dsl::is_sold.eq(false)).filter(dsl::id.ne_all(&others));
            diesel::update(standing).set(time).execute(conn)?;
            if lot.has_left_open {
                let left_open = of_competitor.filter(dsl::is_sold.is_null()).filter(dsl::id.ne_all(&others));
                diesel::update(left_open).set(time).execute(conn)?;
            }
        });
    }
    let named: Vec<_> =
        reseen.iter().filter(|&&row| !all_but_others || lot.stored[row].is_sold).map(|&row| lot.ids[row]).collect();
    on_each!(conn, conn => {
        for ids in named.chunks(IDS_AT_ONCE) {
            diesel::update(dsl::competitor_inventory.filter(dsl::id.eq_any(ids))).set(time).execute(conn)?;
        }
    });
    Ok(())
}

/// Stores how far those are believed to be gone that were last seen at a time, with the scrape that saw them. A scrape fixes the
/// groups that it is the first to miss: one on most days.
fn fix_groups(conn: &mut DbConnection, competitor: CompetitorId, fixed: &[(DateTime<Utc>, f64)]) -> DbResult<()> {
    use competitor_scrapes::dsl;
    for (last_seen_at, weight) in fixed {
        let seen_by = dsl::competitor_scrapes
            .filter(dsl::competitor_id.eq(competitor))
            .filter(dsl::observed_at.eq(Instant(*last_seen_at)));
        diesel::update(seen_by).set(dsl::group_weight.eq(Some(weight))).execute(conn)?;
    }
    Ok(())
}

/// Writes the plan; answers the ids of the new listings in its order.
pub(in crate::competitors) fn write_plan(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    lot: &Lot,
    plan: &mut Plan,
    now: DateTime<Utc>,
) -> DbResult<Vec<ListingId>> {
    let observed_at = lot.facts.observed_at;
    let new_ids: Vec<_> = plan.new.iter().map(|_| ListingId::new(now)).collect();
    let new_documents: Vec<_> = plan.new.iter_mut().map(|new| new.raw_data.take().map(Json)).collect();
    let changed_documents: Vec<_> = plan.changed.iter_mut().map(|changed| changed.raw_data.take().map(Json)).collect();
    let new: Vec<_> = new_ids
        .iter()
        .zip(&plan.new)
        .zip(&new_documents)
        .map(|((id, new), document)| WrittenListing::of(*id, &new.listing, document.as_ref(), now))
        .collect();
    let changed: Vec<_> = plan
        .changed
        .iter()
        .zip(&changed_documents)
        .map(|(changed, document)| WrittenListing::of(lot.ids[changed.stored], &changed.after, document.as_ref(), now))
        .collect();
    let prices: Vec<_> = plan
        .price_points
        .iter()
        .map(|point| WrittenPrice {
            id: ListingPriceId::new(now),
            competitor_inventory_id: match point.of {
                PriceOf::New(index) => new_ids[index],
                PriceOf::Stored(row) => lot.ids[row],
            },
            price: point.price,
            min_price: point.lowest_price,
            mileage: point.mileage,
            recorded_at: Instant(observed_at),
        })
        .collect();
    see_again(conn, competitor, lot, &plan.reseen)?;
    fix_groups(conn, competitor, &plan.fixed)?;
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            postgres::change(conn, changed)?;
            postgres::insert(conn, competitor, observed_at, new)?;
            postgres::mark_sold(conn, lot, plan, now)?;
            postgres::see_earlier(conn, lot, plan)?;
            postgres::insert_prices(conn, prices)?;
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            sqlite::change(conn, &changed)?;
            sqlite::insert(conn, competitor, observed_at, &new)?;
            sqlite::mark_sold(conn, lot, plan, now)?;
            sqlite::see_earlier(conn, lot, plan)?;
            sqlite::insert_prices(conn, &prices)?;
        }
    }
    Ok(new_ids)
}
