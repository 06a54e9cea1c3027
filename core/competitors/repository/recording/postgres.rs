//! The plan on PostgreSQL: everything of one kind in one statement, one array a column.

use chrono::{DateTime, Utc};
use diesel::{
    PgConnection,
    pg::Pg,
    sql_query,
    sql_types::{Array, Double, Integer, Nullable},
};

use super::{Lot, Plan, Written, WrittenListing, WrittenPrice};
use crate::{
    competitors::repository::listing_row::ArrayQuery,
    db::{
        DbResult, Instant, kept,
        types::{DbId, DbInstant, DbJson, DbMoney},
    },
    ids::CompetitorId,
};

fn query<'q>(sql: String) -> ArrayQuery<'q> {
    sql_query(sql).into_boxed::<Pg>()
}

/// `$3, $4, $5` for three values after the second.
fn placeholders(after: usize, count: usize) -> String {
    let numbers: Vec<_> = (after + 1..=after + count).map(|number| format!("${number}")).collect();
    numbers.join(", ")
}

/// Binds what [`Written`] leaves out, then it: `id, days_on_market, raw_data, ...`.
fn bind_listings<'q>(query: ArrayQuery<'q>, listings: Vec<WrittenListing<'q>>) -> ArrayQuery<'q> {
    let ids: Vec<_> = listings.iter().map(|listing| listing.id).collect();
    let days: Vec<_> = listings.iter().map(|listing| listing.days_on_market).collect();
    let documents: Vec<_> = listings.iter().map(|listing| listing.raw_data).collect();
    let columns: Vec<_> = listings.into_iter().map(|listing| listing.columns).collect();
    let query = query
        .bind::<Array<DbId>, _>(ids)
        .bind::<Array<Nullable<Integer>>, _>(days)
        .bind::<Array<Nullable<DbJson>>, _>(documents);
    Written::bind(query, &columns)
}

pub(super) fn change(
    conn: &mut PgConnection,
    competitor: CompetitorId,
    changed: Vec<WrittenListing<'_>>,
) -> DbResult<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let set: Vec<_> = Written::COLUMNS.iter().map(|column| format!("{column} = seen.{column}")).collect();
    let sql = format!(
        "UPDATE competitor_inventory AS listing SET {set},
                raw_data = coalesce(seen.raw_data, listing.raw_data),
                days_on_market = CASE WHEN seen.is_sold THEN coalesce(seen.days_on_market, listing.days_on_market) END
         FROM unnest({values}) AS seen (id, days_on_market, raw_data, {columns})
         WHERE listing.id = seen.id AND listing.competitor_id = $1",
        set = set.join(", "),
        values = placeholders(1, 3 + Written::COLUMNS.len()),
        columns = Written::COLUMNS.join(", "),
    );
    kept(bind_listings(query(sql).bind::<DbId, _>(competitor), changed)).run(conn)?;
    Ok(())
}

pub(super) fn insert(
    conn: &mut PgConnection,
    competitor: CompetitorId,
    observed_at: DateTime<Utc>,
    new: Vec<WrittenListing<'_>>,
) -> DbResult<()> {
    if new.is_empty() {
        return Ok(());
    }
    let columns = Written::COLUMNS.join(", ");
    let sql = format!(
        "INSERT INTO competitor_inventory
                (competitor_id, first_seen_at, created_at, id, days_on_market, raw_data, {columns})
         SELECT $1, $2, seen.updated_at, seen.*
         FROM unnest({values}) AS seen (id, days_on_market, raw_data, {columns})",
        values = placeholders(2, 3 + Written::COLUMNS.len()),
    );
    let query = query(sql).bind::<DbId, _>(competitor).bind::<DbInstant, _>(Instant(observed_at));
    kept(bind_listings(query, new)).run(conn)?;
    Ok(())
}

pub(super) fn mark_sold(
    conn: &mut PgConnection,
    competitor: CompetitorId,
    (lot, plan): (&Lot, &Plan),
    now: DateTime<Utc>,
) -> DbResult<()> {
    let sold = &plan.sold_by_absence;
    if sold.is_empty() {
        return Ok(());
    }
    let statement = sql_query(
        "UPDATE competitor_inventory AS listing
         SET is_sold = true, sold_at = gone.sold_at, days_on_market = gone.days_on_market, p_return = gone.p_return,
             updated_at = $1
         FROM unnest($2, $3, $4, $5) AS gone (id, sold_at, days_on_market, p_return)
         WHERE listing.id = gone.id AND listing.competitor_id = $6",
    )
    .bind::<DbInstant, _>(Instant(now))
    .bind::<Array<DbId>, _>(sold.iter().map(|sold| lot.ids[sold.stored]).collect::<Vec<_>>())
    .bind::<Array<DbInstant>, _>(sold.iter().map(|sold| Instant(sold.sold_at)).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(sold.iter().map(|sold| sold.days_on_market).collect::<Vec<_>>())
    .bind::<Array<Nullable<Double>>, _>(sold.iter().map(|sold| sold.p_return).collect::<Vec<_>>())
    .bind::<DbId, _>(competitor);
    kept(statement).run(conn)?;
    Ok(())
}

pub(super) fn see_earlier(
    conn: &mut PgConnection,
    competitor: CompetitorId,
    (lot, plan): (&Lot, &Plan),
) -> DbResult<()> {
    let earlier = &plan.seen_earlier;
    if earlier.is_empty() {
        return Ok(());
    }
    let statement = sql_query(
        "UPDATE competitor_inventory AS listing
         SET first_seen_at = seen.at, days_on_market = coalesce(seen.days_on_market, listing.days_on_market)
         FROM unnest($1, $2, $3) AS seen (id, at, days_on_market)
         WHERE listing.id = seen.id AND listing.competitor_id = $4",
    )
    .bind::<Array<DbId>, _>(earlier.iter().map(|seen| lot.ids[seen.stored]).collect::<Vec<_>>())
    .bind::<Array<DbInstant>, _>(earlier.iter().map(|seen| Instant(seen.first_seen_at)).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(earlier.iter().map(|seen| seen.days_on_market).collect::<Vec<_>>())
    .bind::<DbId, _>(competitor);
    kept(statement).run(conn)?;
    Ok(())
}

pub(super) fn insert_prices(
    conn: &mut PgConnection,
    competitor: CompetitorId,
    prices: Vec<WrittenPrice>,
) -> DbResult<()> {
    let Some(first) = prices.first() else { return Ok(()) };
    let statement = sql_query(
        "INSERT INTO competitor_price_history
                (recorded_at, competitor_id, id, competitor_inventory_id, price, min_price, mileage)
         SELECT $1, $2, point.* FROM unnest($3, $4, $5, $6, $7) AS point",
    )
    .bind::<DbInstant, _>(first.recorded_at)
    .bind::<DbId, _>(competitor)
    .bind::<Array<DbId>, _>(prices.iter().map(|point| point.id).collect::<Vec<_>>())
    .bind::<Array<DbId>, _>(prices.iter().map(|point| point.competitor_inventory_id).collect::<Vec<_>>())
    .bind::<Array<DbMoney>, _>(prices.iter().map(|point| point.price).collect::<Vec<_>>())
    .bind::<Array<DbMoney>, _>(prices.iter().map(|point| point.min_price).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(prices.iter().map(|point| point.mileage).collect::<Vec<_>>());
    kept(statement).run(conn)?;
    Ok(())
}
