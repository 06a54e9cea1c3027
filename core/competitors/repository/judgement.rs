//! What the owner's word changes of scrapes that are recorded.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{ScrapeRow, besides_ids, competitor_besides, listing_row::StoredRow, recording::IDS_AT_ONCE};
use crate::{
    competitors::{IncompleteReason, ScrapeRecord},
    db::{
        DbConnection, DbResult, Instant,
        schema::{competitor_inventory, competitor_scrapes::dsl},
    },
    ids::{CompetitorId, ListingId, ScrapeId},
    tracking::{facts::StoredListing, sold::Returns},
};

/// The newest scrape up to a time, of whatever outcome.
pub(in crate::competitors) fn newest_scrape(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    latest: DateTime<Utc>,
) -> DbResult<Option<ScrapeRecord>> {
    let newest: Option<ScrapeRow> = dsl::competitor_scrapes
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::observed_at.le(Instant(latest)))
        .order(dsl::observed_at.desc())
        .select(ScrapeRow::as_select())
        .first(conn)
        .optional()?;
    Ok(newest.map(ScrapeRecord::from))
}

/// Counts the newest scrape, and those from a time on, as whole looks without a doubt, and what they miss as gone. Scrapes that failed or
/// were discarded stay what they are, but for the newest. What the newest one saw is judged when it is missed.
pub(in crate::competitors) fn believe_scrapes(
    conn: &mut DbConnection,
    newest: &ScrapeRecord,
    (from, groups_from): (DateTime<Utc>, DateTime<Utc>),
) -> DbResult<usize> {
    let since = |time| {
        dsl::competitor_scrapes
            .filter(dsl::competitor_id.eq(newest.competitor_id))
            .filter(dsl::observed_at.ge(Instant(time)))
    };
    let seen_before = since(groups_from).filter(dsl::observed_at.lt(Instant(newest.observed_at)));
    diesel::update(seen_before).set(dsl::group_weight.eq(Some(1.0))).execute(conn)?;
    let believed = since(from)
        .filter(dsl::observed_at.le(Instant(newest.observed_at)))
        .filter(dsl::weight.gt(0.0).or(dsl::id.eq(newest.id)))
        .filter(dsl::complete.eq(false));
    Ok(diesel::update(believed)
        .set((
            dsl::weight.eq(1.0),
            dsl::complete.eq(true),
            dsl::incomplete_reason.eq(None::<String>),
            dsl::doubts.eq(None::<String>),
        ))
        .execute(conn)?)
}

/// Writes how the dealer's listings behave by the newest scrape, and how many more it has found sold.
pub(in crate::competitors) fn add_sold(
    conn: &mut DbConnection,
    (competitor, scrape): (CompetitorId, ScrapeId),
    (returns, sold): (Returns, usize),
) -> DbResult<()> {
    diesel::update(dsl::competitor_scrapes.find(scrape).filter(dsl::competitor_id.eq(competitor)))
        .set((
            dsl::expected_returns.eq(Some(returns.expected)),
            dsl::returns_seen.eq(Some(returns.seen)),
            dsl::sold.eq(dsl::sold + i32::try_from(sold).unwrap_or(i32::MAX)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Lets a scrape count for nothing, and puts what it alone has found sold by absence back on sale.
pub(in crate::competitors) fn discard_scrape(
    conn: &mut DbConnection,
    scrape: &ScrapeRecord,
    now: DateTime<Utc>,
) -> DbResult<Vec<(ListingId, StoredListing)>> {
    use competitor_inventory::dsl as listings;
    let of_competitor = || dsl::competitor_scrapes.filter(dsl::competitor_id.eq(scrape.competitor_id));
    let recorded_at: Instant = of_competitor().filter(dsl::id.eq(scrape.id)).select(dsl::recorded_at).first(conn)?;
    let found_sold: Vec<StoredRow> = listings::competitor_inventory
        .filter(listings::competitor_id.eq(scrape.competitor_id))
        .filter(listings::is_sold.eq(true))
        .filter(listings::p_return.is_not_null())
        // What was found sold is dated at an earlier look, and written when the scrape was.
        .filter(listings::updated_at.ge(recorded_at))
        .filter(listings::last_seen_at.lt(Instant(scrape.observed_at)))
        .select(StoredRow::as_select())
        .load(conn)?;
    let ids: Vec<ListingId> = found_sold.iter().map(|row| row.id).collect();
    for some in ids.chunks(IDS_AT_ONCE) {
        let column = competitor_besides(conn);
        let named = listings::competitor_inventory.filter(listings::id.eq_any(some));
        diesel::update(named.filter(besides_ids!(column, scrape.competitor_id)))
            .set((
                listings::is_sold.eq(false),
                listings::sold_at.eq(None::<Instant>),
                listings::days_on_market.eq(None::<i32>),
                listings::p_return.eq(None::<f64>),
                listings::updated_at.eq(Instant(now)),
            ))
            .execute(conn)?;
    }
    // What it has fixed is what nobody had looked for before.
    let looked_before: Option<Instant> = of_competitor()
        .filter(dsl::observed_at.lt(Instant(scrape.observed_at)))
        .filter(dsl::weight.ge(1.0))
        .order(dsl::observed_at.desc())
        .select(dsl::observed_at)
        .first(conn)
        .optional()?;
    let looked_before = looked_before.unwrap_or(Instant(DateTime::UNIX_EPOCH));
    if scrape.weight >= 1.0 {
        diesel::update(of_competitor().filter(dsl::observed_at.ge(looked_before)))
            .set(dsl::group_weight.eq(None::<f64>))
            .execute(conn)?;
    }
    let discarded = Some(IncompleteReason::Discarded.as_str());
    diesel::update(of_competitor().filter(dsl::id.eq(scrape.id)))
        .set((
            dsl::weight.eq(0.0),
            dsl::complete.eq(false),
            dsl::incomplete_reason.eq(discarded),
            dsl::doubts.eq(discarded),
            dsl::expected_returns.eq(None::<f64>),
            dsl::returns_seen.eq(None::<f64>),
            dsl::sold.eq(dsl::sold - i32::try_from(ids.len()).unwrap_or(0)),
        ))
        .execute(conn)?;
    Ok(found_sold.into_iter().map(|row| (row.id, row.into())).collect())
}
