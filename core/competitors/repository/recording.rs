//! Writes the plan of a scrape: the lot, the price history, and how far groups are believed to be gone.
//!
//! The statements that each database has in a form of its own are in `postgres` and `sqlite`.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::{Lot, besides_ids, competitor_besides, listing_row::Written, newest_scrape};
use crate::{
    db::{
        self, DbConnection, DbResult, Instant, Json, kept, on_each,
        schema::{competitor_inventory::dsl, competitor_price_history, competitor_scrapes},
    },
    ids::{CompetitorId, ListingId, ListingPriceId},
    money::Money,
    tracking::{
        facts::StoredListing,
        plan::{Plan, PriceOf},
        sold::days_to_sale,
    },
};

/// How many ids one statement names; SQLite takes 32,766 values.
pub(super) const IDS_AT_ONCE: usize = 10_000;

/// Has a connection keep the plans of its recordings.
pub(in crate::competitors) fn keep_plans(conn: &mut DbConnection) -> DbResult<()> {
    Ok(db::keep_plans(conn, "competitor_inventory")?)
}

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
    /// What stands there, where that is what would be written.
    #[cfg(feature = "sqlite")]
    before: Option<Written<'a>>,
    /// `None` keeps what is stored, unless the listing is on sale, which has no stored count.
    days_on_market: Option<i32>,
    /// `None` keeps what is stored.
    raw_data: Option<&'a Json<Value>>,
}

impl<'a> WrittenListing<'a> {
    fn of(id: ListingId, listing: &'a StoredListing, raw_data: Option<&'a Json<Value>>, now: DateTime<Utc>) -> Self {
        let sold_at = listing.sold_at.filter(|_| listing.is_sold);
        let days_on_market = sold_at.map(|sold_at| days_to_sale(listing.first_seen_at, sold_at));
        Self {
            id,
            columns: Written::of(listing, now),
            #[cfg(feature = "sqlite")]
            before: None,
            days_on_market,
            raw_data,
        }
    }
}

/// A point of the price history with its listing.
#[derive(Insertable)]
#[diesel(table_name = competitor_price_history, treat_none_as_default_value = false)]
struct WrittenPrice {
    id: ListingPriceId,
    competitor_id: CompetitorId,
    competitor_inventory_id: ListingId,
    price: Money,
    min_price: Money,
    mileage: Option<i32>,
    recorded_at: Instant,
}

/// Moves `last_seen_at` of what was seen again as it was.
///
/// On most days that is nearly all that is on sale, and then it is quicker to name the others, where `reseen` is all of it. Nobody else writes the lot: the
/// competitor's row is locked.
fn see_again(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    lot: &Lot,
    reseen: &[usize],
    is_all: bool,
) -> DbResult<()> {
    if reseen.is_empty() {
        return Ok(());
    }
    let time = dsl::last_seen_at.eq(Some(Instant(lot.facts.observed_at)));
    let mut was_seen = vec![false; lot.stored.len()];
    reseen.iter().for_each(|&row| was_seen[row] = true);
    let on_sale = || (0..lot.stored.len()).filter(|&row| !lot.stored[row].is_sold);
    let others: Vec<_> = on_sale().filter(|&row| !was_seen[row]).map(|row| lot.ids[row]).collect();
    let rows_on_sale = on_sale().count() - others.len();
    let all_but_others = is_all && others.len() < rows_on_sale && others.len() <= IDS_AT_ONCE;
    if all_but_others {
        let of_competitor = dsl::competitor_inventory.filter(dsl::competitor_id.eq(competitor));
        on_each!(conn, conn => {
            let standing = of_competitor.filter(dsl::is_sold.eq(false)).filter(dsl::id.ne_all(&others));
            kept(diesel::update(standing).set(time)).run(conn)?;
            if lot.has_left_open {
                let left_open = of_competitor.filter(dsl::is_sold.is_null()).filter(dsl::id.ne_all(&others));
                kept(diesel::update(left_open).set(time)).run(conn)?;
            }
        });
    }
    let named: Vec<_> =
        reseen.iter().filter(|&&row| !all_but_others || lot.stored[row].is_sold).map(|&row| lot.ids[row]).collect();
    let column = competitor_besides(conn);
    on_each!(conn, conn => {
        for ids in named.chunks(IDS_AT_ONCE) {
            let named = dsl::competitor_inventory.filter(dsl::id.eq_any(ids)).filter(besides_ids!(column, competitor));
            kept(diesel::update(named).set(time)).run(conn)?;
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
        on_each!(conn, conn => kept(diesel::update(seen_by).set(dsl::group_weight.eq(Some(weight)))).run(conn)?);
    }
    Ok(())
}

/// The rows of a plan that say what was seen: their ids and price points, and how many of them are written already.
#[derive(Debug)]
pub(in crate::competitors) struct SeenRows {
    /// The ids of the new listings, in the plan's order.
    pub(in crate::competitors) new_ids: Vec<ListingId>,
    /// The places of the price points, each with its listing's place among the changed or the new ones; ascending.
    changed_points: Vec<(usize, usize)>,
    new_points: Vec<(usize, usize)>,
    /// What is left.
    rest: SeenPart,
}

/// A part of a plan, by the places of its rows in the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::competitors) struct SeenPart {
    pub(in crate::competitors) reseen: Range<usize>,
    pub(in crate::competitors) changed: Range<usize>,
    pub(in crate::competitors) new: Range<usize>,
}

impl SeenRows {
    pub(in crate::competitors) fn of(plan: &Plan, now: DateTime<Utc>) -> Self {
        let (mut changed_points, mut new_points, mut changed) = (Vec::new(), Vec::new(), 0);
        for (place, point) in plan.price_points.iter().enumerate() {
            match point.of {
                PriceOf::New(new) => new_points.push((new, place)),
                // They stand in the order of the changed listings.
                PriceOf::Stored(row) => {
                    while plan.changed.get(changed).is_some_and(|listing| listing.stored != row) {
                        changed += 1;
                    }
                    changed_points.push((changed, place));
                }
            }
        }
        Self {
            new_ids: plan.new.iter().map(|_| ListingId::new(now)).collect(),
            changed_points,
            new_points,
            rest: SeenPart { reseen: 0..plan.reseen.len(), changed: 0..plan.changed.len(), new: 0..plan.new.len() },
        }
    }

    /// The next part, of a bounded number of rows. A row that was seen unchanged counts for a quarter. `None` if nothing is
    /// left.
    pub(in crate::competitors) fn next_part(&self, rows: usize) -> Option<SeenPart> {
        let SeenPart { reseen, changed, new } = &self.rest;
        let reseen_now = reseen.len().min(rows.saturating_mul(RESEEN_A_ROW));
        let left = rows - reseen_now.div_ceil(RESEEN_A_ROW);
        let changed_now = changed.len().min(left);
        let new_now = new.len().min(left - changed_now);
        let part = SeenPart {
            reseen: reseen.start..reseen.start + reseen_now,
            changed: changed.start..changed.start + changed_now,
            new: new.start..new.start + new_now,
        };
        let is_empty = reseen_now + changed_now + new_now == 0;
        (!is_empty).then_some(part)
    }

    /// Notes that a part is written.
    pub(in crate::competitors) fn is_written(&mut self, part: &SeenPart) {
        self.rest.reseen.start = part.reseen.end;
        self.rest.changed.start = part.changed.end;
        self.rest.new.start = part.new.end;
    }
}

/// How many listings that were seen as they were cost what a new one does.
const RESEEN_A_ROW: usize = 4;

/// The documents of the new and changed listings of a part.
#[derive(Debug)]
pub(in crate::competitors) struct Documents {
    changed: Vec<Option<Json<Value>>>,
    new: Vec<Option<Json<Value>>>,
}

impl Documents {
    /// Takes them out of the plan, which needs them no more.
    pub(in crate::competitors) fn take(plan: &mut Plan, part: &SeenPart) -> Self {
        let changed = plan.changed.get_mut(part.changed.clone()).unwrap_or_default();
        let new = plan.new.get_mut(part.new.clone()).unwrap_or_default();
        Self {
            changed: changed.iter_mut().map(|changed| changed.raw_data.take().map(Json)).collect(),
            new: new.iter_mut().map(|new| new.raw_data.take().map(Json)).collect(),
        }
    }
}

/// The pairs whose first number is within the range; they ascend by it.
fn within<'p>(points: &'p [(usize, usize)], range: &Range<usize>) -> &'p [(usize, usize)] {
    let first = points.partition_point(|(item, _)| *item < range.start);
    let end = points.partition_point(|(item, _)| *item < range.end);
    points.get(first..end).unwrap_or_default()
}

/// What new listings are called, and listings that were called otherwise before: year, make and model, each once.
#[cfg(feature = "postgres")]
fn new_names<'p>(lot: &Lot, plan: &'p Plan, part: &SeenPart) -> Vec<(i32, &'p str, &'p str)> {
    fn name(listing: &StoredListing) -> Option<(i32, &str, &str)> {
        let details = &listing.details;
        Some((details.year?, details.make.as_deref()?, details.model.as_deref()?))
    }
    let new = plan.new.get(part.new.clone()).unwrap_or_default().iter().filter_map(|new| name(&new.listing));
    let changed = plan.changed.get(part.changed.clone()).unwrap_or_default().iter();
    let renamed = changed.filter_map(|changed| {
        let now = name(&changed.after)?;
        lot.stored.get(changed.stored).is_none_or(|before| name(before) != Some(now)).then_some(now)
    });
    let mut names: Vec<_> = new.chain(renamed).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The changed listings of a part, as they are to be.
fn changed_listings<'a>(
    (lot, plan): (&'a Lot, &'a Plan),
    (part, documents): (&SeenPart, &'a Documents),
    now: DateTime<Utc>,
) -> Vec<WrittenListing<'a>> {
    let places = part.changed.clone().zip(&documents.changed);
    let listing = |(place, document): (usize, &'a Option<Json<Value>>)| {
        let changed = &plan.changed[place];
        WrittenListing {
            #[cfg(feature = "sqlite")]
            before: lot.as_written(changed.stored).map(|before| Written::of(before, now)),
            ..WrittenListing::of(lot.ids[changed.stored], &changed.after, document.as_ref(), now)
        }
    };
    places.map(listing).collect()
}

/// Writes a part of what was seen: each row is true by itself, whatever becomes of the others.
pub(in crate::competitors) fn write_seen(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    (lot, plan, rows): (&Lot, &Plan, &SeenRows),
    (part, documents): (&SeenPart, &Documents),
    now: DateTime<Utc>,
) -> DbResult<()> {
    let observed_at = lot.facts.observed_at;
    let places = part.new.clone().zip(&documents.new);
    let new: Vec<_> = places
        .map(|(place, document)| {
            WrittenListing::of(rows.new_ids[place], &plan.new[place].listing, document.as_ref(), now)
        })
        .collect();
    let changed = changed_listings((lot, plan), (part, documents), now);
    let points = within(&rows.changed_points, &part.changed).iter().chain(within(&rows.new_points, &part.new));
    let prices: Vec<_> = points
        .map(|(_, place)| &plan.price_points[*place])
        .map(|point| WrittenPrice {
            id: ListingPriceId::new(now),
            competitor_id: competitor,
            competitor_inventory_id: match point.of {
                PriceOf::New(index) => rows.new_ids[index],
                PriceOf::Stored(row) => lot.ids[row],
            },
            price: point.price,
            min_price: point.lowest_price,
            mileage: point.mileage,
            recorded_at: Instant(observed_at),
        })
        .collect();
    let reseen = plan.reseen.get(part.reseen.clone()).unwrap_or_default();
    see_again(conn, competitor, lot, reseen, reseen.len() == plan.reseen.len())?;
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            let names = new_names(lot, plan, part);
            if !names.is_empty() {
                super::models::note_models(conn, &names)?;
            }
            postgres::change(conn, competitor, changed)?;
            postgres::insert(conn, competitor, observed_at, new)?;
            postgres::insert_prices(conn, competitor, prices)?;
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            // `listed_models` is kept by triggers.
            sqlite::change(conn, competitor, &changed)?;
            sqlite::insert(conn, competitor, observed_at, &new)?;
            sqlite::insert_prices(conn, &prices)?;
        }
    }
    Ok(())
}

/// Writes what is left of the plan: the rest of what was seen, and what follows from the scrape as a whole.
pub(in crate::competitors) fn write_plan(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    (lot, plan, rows): (&Lot, &mut Plan, &SeenRows),
    now: DateTime<Utc>,
) -> DbResult<()> {
    let documents = Documents::take(plan, &rows.rest);
    write_seen(conn, competitor, (lot, plan, rows), (&rows.rest, &documents), now)?;
    fix_groups(conn, competitor, &plan.fixed)?;
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            postgres::mark_sold(conn, competitor, (lot, plan), now)?;
            postgres::see_earlier(conn, competitor, (lot, plan))?;
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            sqlite::mark_sold(conn, competitor, (lot, plan), now)?;
            sqlite::see_earlier(conn, competitor, (lot, plan))?;
        }
    }
    Ok(())
}
