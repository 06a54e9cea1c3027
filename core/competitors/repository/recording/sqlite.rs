//! The plan on SQLite: prepared statements, because SQLite has no network round trip.

use chrono::{DateTime, Utc};
use diesel::{SqliteConnection, prelude::*};

use super::{Lot, Plan, WrittenListing, WrittenPrice, competitor_price_history, dsl};
use crate::{
    db::{DbResult, Instant},
    ids::{CompetitorId, ListingId},
};

/// A listing, found by its key.
#[diesel::dsl::auto_type(no_type_alias)]
fn of_competitor(competitor: CompetitorId, listing: ListingId) -> _ {
    dsl::competitor_inventory.find(listing).filter(dsl::competitor_id.eq(competitor))
}

pub(super) fn change(
    conn: &mut SqliteConnection,
    competitor: CompetitorId,
    changed: &[WrittenListing<'_>],
) -> DbResult<()> {
    for listing in changed {
        let keeps_days = listing.columns.is_sold && listing.days_on_market.is_none();
        diesel::update(of_competitor(competitor, listing.id))
            .set((
                listing.columns.changed(listing.before.as_ref()),
                (!keeps_days).then_some(dsl::days_on_market.eq(listing.days_on_market)),
                listing.raw_data.map(|document| dsl::raw_data.eq(Some(document))),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn insert(
    conn: &mut SqliteConnection,
    competitor: CompetitorId,
    observed_at: DateTime<Utc>,
    new: &[WrittenListing<'_>],
) -> DbResult<()> {
    for listing in new {
        diesel::insert_into(dsl::competitor_inventory)
            .values((
                dsl::id.eq(listing.id),
                dsl::competitor_id.eq(competitor),
                dsl::first_seen_at.eq(Instant(observed_at)),
                dsl::created_at.eq(listing.columns.updated_at),
                dsl::days_on_market.eq(listing.days_on_market),
                dsl::raw_data.eq(listing.raw_data),
                &listing.columns,
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn mark_sold(
    conn: &mut SqliteConnection,
    competitor: CompetitorId,
    (lot, plan): (&Lot, &Plan),
    now: DateTime<Utc>,
) -> DbResult<()> {
    for sold in &plan.sold_by_absence {
        diesel::update(of_competitor(competitor, lot.ids[sold.stored]))
            .set((
                dsl::is_sold.eq(true),
                dsl::sold_at.eq(Instant(sold.sold_at)),
                dsl::days_on_market.eq(sold.days_on_market),
                dsl::p_return.eq(sold.p_return),
                dsl::updated_at.eq(Instant(now)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn see_earlier(
    conn: &mut SqliteConnection,
    competitor: CompetitorId,
    (lot, plan): (&Lot, &Plan),
) -> DbResult<()> {
    for seen in &plan.seen_earlier {
        diesel::update(of_competitor(competitor, lot.ids[seen.stored]))
            .set((
                dsl::first_seen_at.eq(Instant(seen.first_seen_at)),
                seen.days_on_market.map(|days| dsl::days_on_market.eq(days)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn insert_prices(conn: &mut SqliteConnection, prices: &[WrittenPrice]) -> DbResult<()> {
    for point in prices {
        diesel::insert_into(competitor_price_history::table).values(point).execute(conn)?;
    }
    Ok(())
}
