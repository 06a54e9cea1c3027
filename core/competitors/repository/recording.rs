//! What a scrape is planned from, and the writing of the plan: everything of one kind in one statement on PostgreSQL, as
//! prepared statements on SQLite, where a statement costs no journey.
//!
//! What is deliberately not here: the plan itself (`rules`).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
#[cfg(feature = "postgres")]
use diesel::sql_types::{Bool, Double, Integer, Text};
use diesel::{
    dsl::max,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable},
};
use serde_json::Value;

use super::{MetricsRow, ScrapeRow, doubts_of, listings::StoredRow, seen_between, transfers::is_transferred};
use crate::{
    competitors::{
        ListShape, Metrics, MetricsRules, ScrapeReading, ScrapeRecord, TrackingRules,
        alert::PartialScrapes,
        days_on_market,
        metrics::{AverageFit, MetricCounts},
    },
    db::{
        DbConnection, DbResult, Instant, Json, MultiBackend, on_each,
        schema::{
            competitor_inventory::{self, dsl},
            competitor_metrics, competitor_price_history, competitor_scrapes,
        },
        types::{DbId, DbInstant, DbMoney},
    },
    extract::StockStatus,
    ids::{CompetitorId, ListingId, ListingPriceId, MetricsId},
    money::Money,
    scrape::walk::site_scope,
    tracking::{
        evidence::Doubts,
        facts::{Gone, PastScrape, ScrapeFacts, StoredListing},
        identity::{Unmatched, gone_since},
        plan::{Plan, PriceOf},
        sighting::{Details, Keys, Sighting},
        sold::{Returns, span},
    },
};

/// How many ids one statement names; SQLite takes 32,766 values.
pub(super) const IDS_AT_ONCE: usize = 10_000;

/// With more sightings than this that no key explains, what went lately is read whole.
const LIKENESSES_AT_ONCE: usize = 200;

/// A competitor's lot as it is stored, and what the rules must know of the scrapes before.
pub(in crate::competitors) struct Lot {
    /// The ids of `stored`, in its order.
    pub(in crate::competitors) ids: Vec<ListingId>,
    pub(in crate::competitors) stored: Vec<StoredListing>,
    pub(in crate::competitors) facts: ScrapeFacts,
    /// Whether another program has left it open of some of them if they are sold.
    has_left_open: bool,
}

impl Lot {
    /// The places of these listings among `stored`; unknown ones are left out.
    pub(in crate::competitors) fn rows_of(&self, ids: &[ListingId]) -> Vec<usize> {
        let rows = self.rows_by_id(ids);
        ids.iter().filter_map(|id| rows.get(id).copied()).collect()
    }

    /// The places of all listings, where any is asked for.
    fn rows_by_id(&self, ids: &[ListingId]) -> HashMap<ListingId, usize> {
        match ids {
            [] => HashMap::new(),
            _ => self.ids.iter().enumerate().map(|(row, id)| (*id, row)).collect(),
        }
    }
}

impl From<StoredRow> for StoredListing {
    fn from(row: StoredRow) -> Self {
        let (first_seen_at, last_seen_at) = seen_between(row.first_seen_at, row.last_seen_at, row.created_at);
        Self {
            keys: Keys { vin: row.vin, external_id: row.external_id, stock_number: row.stock_number },
            details: Details {
                year: row.year,
                mileage: row.mileage,
                make: row.make,
                model: row.model,
                trim: row.trim,
                exterior_color: row.exterior_color,
                transmission: row.transmission,
                fuel_type: row.fuel_type,
                body_style: row.body_style,
                url: row.url,
                image_url: row.image_url,
                stock_status: row.stock_status.and_then(|word| word.parse().ok()),
            },
            price: row.price,
            // An adopted row may have a price and no lowest one.
            lowest_price: row.lowest_price.or(row.price),
            highest_price: row.highest_price.or(row.price),
            previous_price: row.previous_price,
            price_changed_at: row.price_changed_at.map(DateTime::from),
            unconfirmed_price: row.unconfirmed_price,
            first_seen_at,
            last_seen_at,
            is_sold: row.is_sold.unwrap_or(false),
            sold_at: row.sold_at.map(DateTime::from),
            p_return: row.p_return,
        }
    }
}

impl Lot {
    fn take_in(&mut self, row: StoredRow) {
        self.ids.push(row.id);
        self.stored.push(row.into());
    }
}

/// Loads everything that a scrape is planned from: the listings on sale, and of those that are gone the ones that a sighting
/// may be. The competitor's row must be locked already.
pub(in crate::competitors) fn load_lot(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    (observed_at, reading): (DateTime<Utc>, ScrapeReading),
    seen: &[Sighting],
    (rules, now): (&TrackingRules, DateTime<Utc>),
) -> DbResult<Lot> {
    let latest = rules.latest(now);
    let of_competitor = || dsl::competitor_inventory.filter(dsl::competitor_id.eq(competitor));
    let mut on_sale: Vec<StoredRow> =
        of_competitor().filter(dsl::is_sold.eq(false)).select(StoredRow::as_select()).load(conn)?;
    // Another program may have left it open; asked for together, SQLite would look through all that was ever sold.
    let left_open: Vec<StoredRow> =
        of_competitor().filter(dsl::is_sold.is_null()).select(StoredRow::as_select()).load(conn)?;
    let has_left_open = !left_open.is_empty();
    on_sale.extend(left_open);
    // Where two listings fit alike, both databases then choose the same one.
    on_sale.sort_unstable_by_key(|row| row.id);
    let oldest_sighting =
        on_sale.iter().map(|row| seen_between(row.first_seen_at, row.last_seen_at, row.created_at).1).min();
    let facts = load_facts(conn, competitor, (observed_at, reading), (latest, oldest_sighting), rules)?;
    let mut lot =
        Lot { ids: Vec::with_capacity(on_sale.len()), stored: Vec::with_capacity(on_sale.len()), facts, has_left_open };
    on_sale.into_iter().for_each(|row| lot.take_in(row));
    let unmatched = Unmatched::of(&lot.stored, seen, rules);
    if !unmatched.is_empty() {
        load_gone(conn, competitor, &unmatched, gone_since(observed_at, rules))?
            .into_values()
            .for_each(|row| lot.take_in(row));
    }
    let gone = load_gone_lately(conn, competitor, &lot.facts, rules)?;
    let ids: Vec<ListingId> = gone.iter().map(|(id, _)| *id).collect();
    let rows = lot.rows_by_id(&ids);
    let placed = gone.into_iter().map(|(id, gone)| Gone { row: rows.get(&id).copied(), ..gone });
    lot.facts.gone = placed.collect();
    Ok(lot)
}

type Rows<'a> = diesel::helper_types::IntoBoxed<
    'a,
    diesel::helper_types::Select<competitor_inventory::table, diesel::helper_types::AsSelect<StoredRow, MultiBackend>>,
    MultiBackend,
>;

/// The sold listings that a sighting may be, each once.
fn load_gone(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    unmatched: &Unmatched,
    gone_since: DateTime<Utc>,
) -> DbResult<BTreeMap<ListingId, StoredRow>> {
    let gone = || -> Rows<'_> {
        dsl::competitor_inventory
            .filter(dsl::competitor_id.eq(competitor))
            .filter(dsl::is_sold.eq(true))
            .select(StoredRow::as_select())
            .into_boxed()
    };
    let mut found = BTreeMap::new();
    let mut keep = |rows: Vec<StoredRow>| found.extend(rows.into_iter().map(|row| (row.id, row)));
    let newest: Option<ListingId> = dsl::competitor_inventory
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::is_sold.eq(true))
        .select(dsl::id)
        .first(conn)
        .optional()?;
    if newest.is_none() {
        return Ok(found);
    }
    for vins in unmatched.vins.chunks(IDS_AT_ONCE) {
        keep(gone().filter(dsl::vin.eq_any(vins)).load(conn)?);
    }
    for external_ids in unmatched.external_ids.chunks(IDS_AT_ONCE) {
        keep(gone().filter(dsl::external_id.eq_any(external_ids)).load(conn)?);
    }
    for stock_numbers in unmatched.stock_numbers.chunks(IDS_AT_ONCE) {
        keep(gone().filter(dsl::stock_number.eq_any(stock_numbers)).load(conn)?);
    }
    // One first seen as sold has no date of its sale. Asked for together, neither half would be found by the index.
    let lately = || {
        let undated = gone().filter(dsl::sold_at.is_null()).filter(dsl::last_seen_at.ge(Instant(gone_since)));
        [gone().filter(dsl::sold_at.ge(Instant(gone_since))), undated]
    };
    match unmatched.likenesses.as_slice() {
        [] => {}
        few if few.len() <= LIKENESSES_AT_ONCE => {
            let mut years: Vec<_> = few.iter().map(|likeness| likeness.year).collect();
            years.sort_unstable();
            years.dedup();
            // A sighting that names a VIN completes only a listing that has none.
            let all_have_vins = few.iter().all(|likeness| likeness.has_vin);
            for query in lately() {
                let query = query.filter(dsl::year.eq_any(years.clone()));
                keep(if all_have_vins { query.filter(dsl::vin.is_null()).load(conn)? } else { query.load(conn)? });
            }
        }
        _many => {
            for query in lately() {
                keep(query.load(conn)?);
            }
        }
    }
    Ok(found)
}

/// The scrapes up to this time, after the last that saw the whole lot, that saw a part of it; a range of an index.
pub(in crate::competitors) fn partial_scrapes(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    until: DateTime<Utc>,
) -> DbResult<Option<PartialScrapes>> {
    use competitor_scrapes::dsl;
    let of_competitor = || {
        dsl::competitor_scrapes.filter(dsl::competitor_id.eq(competitor)).filter(dsl::observed_at.le(Instant(until)))
    };
    let last_whole: Option<Instant> = of_competitor()
        .filter(dsl::complete.eq(true))
        .order(dsl::observed_at.desc())
        .select(dsl::observed_at)
        .first(conn)
        .optional()?;
    let since = last_whole.unwrap_or(Instant(DateTime::UNIX_EPOCH));
    let partial = || of_competitor().filter(dsl::observed_at.gt(since)).filter(dsl::error_type.is_null());
    let count: i64 = partial().count().get_result(conn)?;
    let first: Option<Instant> = partial().order(dsl::observed_at).select(dsl::observed_at).first(conn).optional()?;
    Ok(first.map(|first| PartialScrapes { count: u32::try_from(count).unwrap_or(u32::MAX), since: first.into() }))
}

/// How many pages the last complete scrape before a time read; none where it read none.
pub(in crate::competitors) fn pages_of_whole_lot(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    before: DateTime<Utc>,
) -> DbResult<usize> {
    use competitor_scrapes::dsl;
    let pages: Option<Option<i32>> = dsl::competitor_scrapes
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::complete.eq(true))
        .filter(dsl::observed_at.lt(Instant(before)))
        .order(dsl::observed_at.desc())
        .select(dsl::pages_fetched)
        .first(conn)
        .optional()?;
    Ok(pages.flatten().and_then(|pages| pages.try_into().ok()).unwrap_or(0))
}

/// The newest scrape up to a time, of whatever outcome.
fn newest_scrape_until(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    latest: DateTime<Utc>,
) -> DbResult<Option<DateTime<Utc>>> {
    use competitor_scrapes::dsl;
    let until =
        dsl::competitor_scrapes.filter(dsl::competitor_id.eq(competitor)).filter(dsl::observed_at.le(Instant(latest)));
    let newest: Option<Instant> = until.select(max(dsl::observed_at)).first(conn)?;
    Ok(newest.map(DateTime::from))
}

/// Takes back what was seen under a clock that had gone ahead: the listings on sale count as last seen by the newest scrape that
/// may have been, else right before this one. Without this, what has gone since would be on sale until that time comes.
pub(in crate::competitors) fn turn_back_sightings(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    observed_at: DateTime<Utc>,
    latest: DateTime<Utc>,
) -> DbResult<()> {
    let newest = newest_scrape_until(conn, competitor, latest)?;
    let seen_at = newest.filter(|newest| *newest < observed_at).unwrap_or(observed_at - TimeDelta::seconds(1));
    let ahead = dsl::competitor_inventory
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::is_sold.is_null().or(dsl::is_sold.eq(false)))
        .filter(dsl::last_seen_at.gt(Instant(latest)));
    diesel::update(ahead).set(dsl::last_seen_at.eq(Some(Instant(seen_at)))).execute(conn)?;
    Ok(())
}

/// What is read of a scrape that was recorded before.
#[derive(Queryable, Selectable)]
#[diesel(table_name = competitor_scrapes)]
struct PastRow {
    observed_at: Instant,
    weight: f64,
    complete: bool,
    doubts: Option<String>,
    group_weight: Option<f64>,
    vehicles: i32,
    total_claimed: Option<i32>,
    pages_fetched: Option<i32>,
    page_vehicles: Option<i32>,
    list_url: Option<String>,
    expected_returns: Option<f64>,
    returns_seen: Option<f64>,
}

impl From<PastRow> for PastScrape {
    fn from(row: PastRow) -> Self {
        let known = |count: Option<i32>| count.and_then(|count| count.try_into().ok());
        Self {
            observed_at: row.observed_at.into(),
            weight: row.weight,
            is_complete: row.complete,
            is_cut: Doubts(doubts_of(row.doubts.as_deref())).are_of_a_cut(),
            group_weight: row.group_weight,
            vehicles: row.vehicles.try_into().unwrap_or(0),
            total_claimed: known(row.total_claimed),
            pages: known(row.pages_fetched),
            list: ListShape { page_vehicles: known(row.page_vehicles), url: row.list_url, ..ListShape::default() },
            behaviour: row.expected_returns.zip(row.returns_seen).map(|(expected, seen)| Returns { expected, seen }),
        }
    }
}

fn load_facts(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    (observed_at, reading): (DateTime<Utc>, ScrapeReading),
    (latest, oldest_sighting): (DateTime<Utc>, Option<DateTime<Utc>>),
    rules: &TrackingRules,
) -> DbResult<ScrapeFacts> {
    use competitor_scrapes::dsl;
    // Scrapes before the oldest sighting can have missed nothing that is on sale. A list that is cut is compared with one of some
    // weeks ago.
    let weeks = TimeDelta::days(i64::from(rules.evidence.cut_remembered_days) + 1);
    let weeks_ago = observed_at.checked_sub_signed(weeks).unwrap_or(observed_at);
    let since = oldest_sighting.unwrap_or(observed_at).min(weeks_ago);
    let rows: Vec<PastRow> = dsl::competitor_scrapes
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::observed_at.ge(Instant(since)))
        .order(dsl::observed_at)
        .select(PastRow::as_select())
        .load(conn)?;
    let mut scrapes: Vec<PastScrape> = rows.into_iter().map(PastScrape::from).collect();
    let ahead = scrapes.split_off(scrapes.partition_point(|scrape| scrape.observed_at <= latest));
    let mut facts = ScrapeFacts {
        observed_at,
        reading,
        newest_recorded_at: scrapes.last().map(|scrape| scrape.observed_at),
        ahead_at: ahead.last().map(|scrape| scrape.observed_at),
        scrapes,
        list_changed_at: super::list_changed_at(conn, competitor)?,
        ..ScrapeFacts::default()
    };
    let before = facts.list_before(rules).and_then(|scrape| scrape.list.url.as_deref());
    let addresses = before.zip(facts.reading.list.url.as_deref());
    facts.is_narrowed = addresses.is_some_and(|(before, now)| site_scope::narrows(before, now));
    Ok(facts)
}

/// What was found sold by its absence and may come back; its place in the lot is still to be found.
fn load_gone_lately(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    facts: &ScrapeFacts,
    rules: &TrackingRules,
) -> DbResult<Vec<(ListingId, Gone)>> {
    let Some(looked_at) = facts.looked_for_at().filter(|_| !facts.is_late()) else { return Ok(Vec::new()) };
    let since = looked_at.checked_sub_signed(span(rules.sold.watched_days)).unwrap_or(DateTime::UNIX_EPOCH);
    let rows: Vec<GoneRow> = dsl::competitor_inventory
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::is_sold.eq(true))
        // One is dated after it was seen last.
        .filter(dsl::sold_at.ge(Instant(since)))
        .select(GoneRow::as_select())
        .load(conn)?;
    let gone = |row: GoneRow| {
        let (first_seen_at, last_seen_at) = seen_between(row.first_seen_at, row.last_seen_at, row.created_at);
        let is_by_absence = row.sold_at.is_some_and(|sold_at| DateTime::from(sold_at) > last_seen_at);
        let is_in_stock = row.stock_status.as_deref() == Some(StockStatus::InStock.as_str());
        let gone = Gone { row: None, first_seen_at, last_seen_at, is_in_stock };
        (is_by_absence && last_seen_at >= since).then_some((row.id, gone))
    };
    Ok(rows.into_iter().filter_map(gone).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = competitor_inventory)]
struct GoneRow {
    id: ListingId,
    first_seen_at: Option<Instant>,
    last_seen_at: Option<Instant>,
    created_at: Option<Instant>,
    sold_at: Option<Instant>,
    stock_status: Option<String>,
}

/// Makes, of one list of columns, the row that a scrape writes and its binding to PostgreSQL as one array a column.
macro_rules! written_columns {
    ($($column:ident: $rust:ty as $sql:ty),+ $(,)?) => {
        /// What a scrape writes of a new or a changed listing, apart from what only one of the two writes.
        #[derive(Insertable, AsChangeset)]
        #[diesel(table_name = competitor_inventory, treat_none_as_default_value = false, treat_none_as_null = true)]
        struct Written<'a> {
            $($column: $rust),+
        }

        #[cfg(feature = "postgres")]
        impl Written<'_> {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),+];

            fn bind<'q>(query: postgres::Query<'q>, rows: &[Written<'q>]) -> postgres::Query<'q> {
                $(let query = query.bind::<diesel::sql_types::Array<$sql>, _>(
                    rows.iter().map(|row| row.$column).collect::<Vec<_>>(),
                );)+
                query
            }
        }
    };
}

written_columns! {
    external_id: Option<&'a str> as Nullable<Text>,
    vin: Option<&'a str> as Nullable<Text>,
    stock_number: Option<&'a str> as Nullable<Text>,
    year: Option<i32> as Nullable<Integer>,
    make: Option<&'a str> as Nullable<Text>,
    model: Option<&'a str> as Nullable<Text>,
    trim: Option<&'a str> as Nullable<Text>,
    price: Option<Money> as Nullable<DbMoney>,
    mileage: Option<i32> as Nullable<Integer>,
    exterior_color: Option<&'a str> as Nullable<Text>,
    transmission: Option<&'a str> as Nullable<Text>,
    fuel_type: Option<&'a str> as Nullable<Text>,
    body_style: Option<&'a str> as Nullable<Text>,
    url: Option<&'a str> as Nullable<Text>,
    image_url: Option<&'a str> as Nullable<Text>,
    last_seen_at: Instant as DbInstant,
    is_sold: bool as Bool,
    sold_at: Option<Instant> as Nullable<DbInstant>,
    updated_at: Instant as DbInstant,
    unconfirmed_price: Option<Money> as Nullable<DbMoney>,
    lowest_price: Option<Money> as Nullable<DbMoney>,
    highest_price: Option<Money> as Nullable<DbMoney>,
    previous_price: Option<Money> as Nullable<DbMoney>,
    price_changed_at: Option<Instant> as Nullable<DbInstant>,
    p_return: Option<f64> as Nullable<Double>,
    stock_status: Option<&'a str> as Nullable<Text>,
}

impl<'a> Written<'a> {
    fn of(listing: &'a StoredListing, now: DateTime<Utc>) -> Self {
        let StoredListing { keys, details, .. } = listing;
        Self {
            external_id: keys.external_id.as_deref(),
            vin: keys.vin.as_deref(),
            stock_number: keys.stock_number.as_deref(),
            year: details.year,
            make: details.make.as_deref(),
            model: details.model.as_deref(),
            trim: details.trim.as_deref(),
            price: listing.price,
            mileage: details.mileage,
            exterior_color: details.exterior_color.as_deref(),
            transmission: details.transmission.as_deref(),
            fuel_type: details.fuel_type.as_deref(),
            body_style: details.body_style.as_deref(),
            url: details.url.as_deref(),
            image_url: details.image_url.as_deref(),
            last_seen_at: Instant(listing.last_seen_at),
            is_sold: listing.is_sold,
            sold_at: listing.sold_at.map(Instant),
            updated_at: Instant(now),
            unconfirmed_price: listing.unconfirmed_price,
            lowest_price: listing.lowest_price,
            highest_price: listing.highest_price,
            previous_price: listing.previous_price,
            price_changed_at: listing.price_changed_at.map(Instant),
            p_return: listing.p_return,
            stock_status: details.stock_status.map(StockStatus::as_str),
        }
    }
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

#[cfg(feature = "postgres")]
mod postgres {
    use chrono::{DateTime, Utc};
    use diesel::{
        PgConnection, RunQueryDsl as _,
        pg::Pg,
        sql_query,
        sql_types::{Array, Double, Integer, Nullable},
    };

    use super::{Lot, Plan, Written, WrittenListing, WrittenPrice};
    use crate::{
        db::{
            DbResult, Instant,
            types::{DbId, DbInstant, DbJson, DbMoney},
        },
        ids::CompetitorId,
    };

    pub(super) type Query<'q> = diesel::query_builder::BoxedSqlQuery<'q, Pg, diesel::query_builder::SqlQuery>;

    fn query<'q>(sql: String) -> Query<'q> {
        sql_query(sql).into_boxed::<Pg>()
    }

    /// `$3, $4, $5` for three values after the second.
    fn placeholders(after: usize, count: usize) -> String {
        let numbers: Vec<_> = (after + 1..=after + count).map(|number| format!("${number}")).collect();
        numbers.join(", ")
    }

    /// Binds what [`Written`] leaves out, then it: `id, days_on_market, raw_data, ...`.
    fn bind_listings<'q>(query: Query<'q>, listings: Vec<WrittenListing<'q>>) -> Query<'q> {
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

    pub(super) fn change(conn: &mut PgConnection, changed: Vec<WrittenListing<'_>>) -> DbResult<()> {
        if changed.is_empty() {
            return Ok(());
        }
        let set: Vec<_> = Written::COLUMNS.iter().map(|column| format!("{column} = seen.{column}")).collect();
        let sql = format!(
            "UPDATE competitor_inventory AS listing SET {set},
                    raw_data = coalesce(seen.raw_data, listing.raw_data),
                    days_on_market = CASE WHEN seen.is_sold THEN coalesce(seen.days_on_market, listing.days_on_market) END
             FROM unnest({values}) AS seen (id, days_on_market, raw_data, {columns})
             WHERE listing.id = seen.id",
            set = set.join(", "),
            values = placeholders(0, 3 + Written::COLUMNS.len()),
            columns = Written::COLUMNS.join(", "),
        );
        bind_listings(query(sql), changed).execute(conn)?;
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
        bind_listings(query, new).execute(conn)?;
        Ok(())
    }

    pub(super) fn mark_sold(conn: &mut PgConnection, lot: &Lot, plan: &Plan, now: DateTime<Utc>) -> DbResult<()> {
        let sold = &plan.sold_by_absence;
        if sold.is_empty() {
            return Ok(());
        }
        sql_query(
            "UPDATE competitor_inventory AS listing
             SET is_sold = true, sold_at = gone.sold_at, days_on_market = gone.days_on_market, p_return = gone.p_return,
                 updated_at = $1
             FROM unnest($2, $3, $4, $5) AS gone (id, sold_at, days_on_market, p_return)
             WHERE listing.id = gone.id",
        )
        .bind::<DbInstant, _>(Instant(now))
        .bind::<Array<DbId>, _>(sold.iter().map(|sold| lot.ids[sold.stored]).collect::<Vec<_>>())
        .bind::<Array<DbInstant>, _>(sold.iter().map(|sold| Instant(sold.sold_at)).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(sold.iter().map(|sold| sold.days_on_market).collect::<Vec<_>>())
        .bind::<Array<Nullable<Double>>, _>(sold.iter().map(|sold| sold.p_return).collect::<Vec<_>>())
        .execute(conn)?;
        Ok(())
    }

    pub(super) fn see_earlier(conn: &mut PgConnection, lot: &Lot, plan: &Plan) -> DbResult<()> {
        let earlier = &plan.seen_earlier;
        if earlier.is_empty() {
            return Ok(());
        }
        sql_query(
            "UPDATE competitor_inventory AS listing
             SET first_seen_at = seen.at, days_on_market = coalesce(seen.days_on_market, listing.days_on_market)
             FROM unnest($1, $2, $3) AS seen (id, at, days_on_market)
             WHERE listing.id = seen.id",
        )
        .bind::<Array<DbId>, _>(earlier.iter().map(|seen| lot.ids[seen.stored]).collect::<Vec<_>>())
        .bind::<Array<DbInstant>, _>(earlier.iter().map(|seen| Instant(seen.first_seen_at)).collect::<Vec<_>>())
        .bind::<Array<Nullable<Integer>>, _>(earlier.iter().map(|seen| seen.days_on_market).collect::<Vec<_>>())
        .execute(conn)?;
        Ok(())
    }

    pub(super) fn insert_prices(conn: &mut PgConnection, prices: Vec<WrittenPrice>) -> DbResult<()> {
        let Some(first) = prices.first() else { return Ok(()) };
        sql_query(
            "INSERT INTO competitor_price_history
                    (recorded_at, id, competitor_inventory_id, price, min_price, mileage)
             SELECT $1, point.* FROM unnest($2, $3, $4, $5, $6) AS point",
        )
        .bind::<DbInstant, _>(first.recorded_at)
        .bind::<Array<DbId>, _>(prices.iter().map(|point| point.id).collect::<Vec<_>>())
        .bind::<Array<DbId>, _>(prices.iter().map(|point| point.competitor_inventory_id).collect::<Vec<_>>())
        .bind::<Array<DbMoney>, _>(prices.iter().map(|point| point.price).collect::<Vec<_>>())
        .bind::<Array<DbMoney>, _>(prices.iter().map(|point| point.min_price).collect::<Vec<_>>())
        .bind::<Array<Nullable<Integer>>, _>(prices.iter().map(|point| point.mileage).collect::<Vec<_>>())
        .execute(conn)?;
        Ok(())
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use chrono::{DateTime, Utc};
    use diesel::{SqliteConnection, prelude::*};

    use super::{Lot, Plan, WrittenListing, WrittenPrice, competitor_price_history, dsl};
    use crate::{
        db::{DbResult, Instant},
        ids::CompetitorId,
    };

    pub(super) fn change(conn: &mut SqliteConnection, changed: &[WrittenListing<'_>]) -> DbResult<()> {
        for listing in changed {
            let keeps_days = listing.columns.is_sold && listing.days_on_market.is_none();
            diesel::update(dsl::competitor_inventory.find(listing.id))
                .set((
                    &listing.columns,
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

    pub(super) fn mark_sold(conn: &mut SqliteConnection, lot: &Lot, plan: &Plan, now: DateTime<Utc>) -> DbResult<()> {
        for sold in &plan.sold_by_absence {
            diesel::update(dsl::competitor_inventory.find(lot.ids[sold.stored]))
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

    pub(super) fn see_earlier(conn: &mut SqliteConnection, lot: &Lot, plan: &Plan) -> DbResult<()> {
        for seen in &plan.seen_earlier {
            diesel::update(dsl::competitor_inventory.find(lot.ids[seen.stored]))
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
}

/// Writes a scrape that is later than all in the log.
pub(in crate::competitors) fn add_scrape(
    conn: &mut DbConnection,
    scrape: ScrapeRecord,
    now: DateTime<Utc>,
) -> DbResult<ScrapeRecord> {
    diesel::insert_into(competitor_scrapes::table).values(ScrapeRow::of(&scrape, now)).execute(conn)?;
    Ok(scrape)
}

/// Writes the scrape into the log, beside or in place of what was recorded of the same moment.
pub(in crate::competitors) fn keep_scrape(
    conn: &mut DbConnection,
    scrape: ScrapeRecord,
    now: DateTime<Utc>,
) -> DbResult<ScrapeRecord> {
    use competitor_scrapes::dsl;
    let of_the_moment = dsl::competitor_scrapes
        .filter(dsl::competitor_id.eq(scrape.competitor_id))
        .filter(dsl::observed_at.eq(Instant(scrape.observed_at)));
    let earlier: Option<ScrapeRow> = of_the_moment.select(ScrapeRow::as_select()).first(conn).optional()?;
    let is_new = earlier.is_none();
    let recorded_at = earlier.as_ref().map_or(now, |row| row.recorded_at.into());
    let kept = scrape.after(earlier.map(ScrapeRecord::from));
    let row = ScrapeRow::of(&kept, recorded_at);
    if is_new {
        diesel::insert_into(dsl::competitor_scrapes).values(&row).execute(conn)?;
    } else {
        diesel::update(dsl::competitor_scrapes.find(row.id)).set(&row).execute(conn)?;
    }
    Ok(kept)
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    active: i64,
    #[diesel(sql_type = BigInt)]
    priced: i64,
    #[diesel(sql_type = Nullable<DbMoney>)]
    price_sum: Option<Money>,
    #[diesel(sql_type = BigInt)]
    sold_in_average: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    days_on_market_sum: Option<i64>,
    #[diesel(sql_type = BigInt)]
    sold_recently: i64,
    #[diesel(sql_type = BigInt)]
    new_recently: i64,
    #[diesel(sql_type = BigInt)]
    vehicles_repriced: i64,
}

/// Counts a competitor's figures as of a time: of what is on sale, and of what went since. What was sold before that has no
/// part in any figure and is not looked at, however much it is. SQLite numbers `$1` by its first appearance, so the numbers
/// stand in that order.
fn counts_sql(is_transferred: &str) -> String {
    format!(
        "SELECT count(*) FILTER (WHERE NOT gone) AS active,
                count(price) FILTER (WHERE NOT gone) AS priced,
                sum(price) FILTER (WHERE NOT gone) AS price_sum,
                count(days_on_market) FILTER (WHERE was_sold AND sold_at >= $1) AS sold_in_average,
                sum(days_on_market) FILTER (WHERE was_sold AND sold_at >= $1) AS days_on_market_sum,
                count(*) FILTER (WHERE was_sold AND sold_at >= $2) AS sold_recently,
                count(*) FILTER (WHERE first_seen_at >= $2) AS new_recently,
                count(*) FILTER (WHERE price_changed_at >= $2) AS vehicles_repriced
         FROM (
             SELECT false AS gone, false AS was_sold, price, days_on_market, sold_at, first_seen_at, price_changed_at
             FROM competitor_inventory
             WHERE competitor_id = $3 AND (is_sold = false OR is_sold IS NULL)
             UNION ALL
             SELECT true, NOT {is_transferred}, price, days_on_market, sold_at, first_seen_at, price_changed_at
             FROM competitor_inventory AS listing
             WHERE competitor_id = $3 AND is_sold AND sold_at >= $4
         ) AS figure"
    )
}

/// The competitor's figures as of a time.
pub(in crate::competitors) fn count_metrics(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    at: DateTime<Utc>,
    rules: &MetricsRules,
    transfer_days: u32,
) -> DbResult<Metrics> {
    let since = |days: u32| Instant(at - TimeDelta::days(days.into()));
    let sql = counts_sql(&is_transferred(conn, "listing", transfer_days));
    let row: CountRow = on_each!(conn, conn => {
        sql_query(&sql)
            .bind::<DbInstant, _>(since(rules.days_on_market_days))
            .bind::<DbInstant, _>(since(rules.recent_days))
            .bind::<DbId, _>(competitor)
            .bind::<DbInstant, _>(since(rules.days_on_market_days.max(rules.recent_days)))
            .get_result(conn)?
    });
    let counts = MetricCounts {
        active: row.active,
        priced: row.priced,
        price_sum: row.price_sum.unwrap_or_default(),
        sold_in_average: row.sold_in_average,
        days_on_market_sum: row.days_on_market_sum.unwrap_or(0),
        sold_recently: row.sold_recently,
        vehicles_repriced: row.vehicles_repriced,
        new_recently: row.new_recently,
    };
    let (metrics, fit) = Metrics::from_counts(&counts, at);
    if fit == AverageFit::Capped {
        tracing::warn!(%competitor, "the average of the days on the market is too large for its column; 999.99 is kept");
    }
    Ok(metrics)
}

/// Writes a row of figures, in place of one of the same time.
pub(in crate::competitors) fn add_metrics(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    metrics: &Metrics,
    now: DateTime<Utc>,
) -> DbResult<()> {
    use competitor_metrics::dsl;
    let hundredths = |days: f64| Money::from_dollars_rounded(days).unwrap_or_default();
    let row = MetricsRow {
        id: MetricsId::new(now),
        competitor_id: competitor,
        total_inventory: Some(metrics.total_inventory),
        avg_price: metrics.avg_price,
        avg_days_on_market: metrics.avg_days_on_market.map(hundredths),
        vehicles_sold_30d: Some(metrics.vehicles_sold_30d),
        price_changes_30d: Some(metrics.price_changes_30d),
        new_listings_30d: Some(metrics.new_listings_30d),
        calculated_at: Some(Instant(metrics.calculated_at)),
    };
    let same_time = dsl::competitor_metrics
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::calculated_at.eq(Instant(metrics.calculated_at)));
    diesel::delete(same_time).execute(conn)?;
    diesel::insert_into(dsl::competitor_metrics).values(&row).execute(conn)?;
    Ok(())
}
