//! What a scrape is planned from: the lot as it is stored, what is gone and may be seen again, and the scrapes before.

#[cfg(feature = "sqlite")]
use std::collections::HashSet;
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::{listing_row::StoredRow, recording::IDS_AT_ONCE, scrape_log::past_scrapes, seen_between};
use crate::{
    competitors::{ScrapeReading, TrackingRules},
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        held::HeldText,
        is_one_of,
        schema::competitor_inventory::{self, dsl},
    },
    extract::StockStatus,
    ids::{CompetitorId, ListingId},
    scrape::walk::site_scope,
    tracking::{
        facts::{Gone, ScrapeFacts, StoredListing},
        identity::{Unmatched, gone_since},
        sighting::Sighting,
        sold::span,
    },
};

/// With more sightings than this that no key explains, what went lately is read whole.
const LIKENESSES_AT_ONCE: usize = 200;

/// A competitor's lot as it is stored, and what the rules must know of the scrapes before.
pub(in crate::competitors) struct Lot {
    /// The ids of `stored`, in its order.
    pub(in crate::competitors) ids: Vec<ListingId>,
    pub(in crate::competitors) stored: Vec<StoredListing>,
    pub(in crate::competitors) facts: ScrapeFacts,
    /// Whether another program has left it open of some of them if they are sold.
    pub(super) has_left_open: bool,
    /// The places of those that hold a value in a form of another program's.
    #[cfg(feature = "sqlite")]
    pub(super) odd: HashSet<usize>,
}

impl Lot {
    /// The places of these listings among `stored`; unknown ones are left out.
    pub(in crate::competitors) fn rows_of(&self, ids: &[ListingId]) -> Vec<usize> {
        let rows = self.rows_by_id(ids);
        ids.iter().filter_map(|id| rows.get(id).copied()).collect()
    }

    /// A listing, if it stands in the form in which it would be written.
    #[cfg(feature = "sqlite")]
    pub(super) fn as_written(&self, row: usize) -> Option<&StoredListing> {
        self.stored.get(row).filter(|_| !self.odd.contains(&row))
    }

    /// The places of all listings, where any is asked for.
    fn rows_by_id(&self, ids: &[ListingId]) -> HashMap<ListingId, usize> {
        match ids {
            [] => HashMap::new(),
            _ => self.ids.iter().enumerate().map(|(row, id)| (*id, row)).collect(),
        }
    }

    fn take_in(&mut self, row: StoredRow) {
        #[cfg(feature = "sqlite")]
        if !row.is_as_written() {
            self.odd.insert(self.ids.len());
        }
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
    let oldest_sighting = on_sale.iter().map(|row| row.seen_between().1).min();
    let facts = load_facts(conn, competitor, (observed_at, reading), (latest, oldest_sighting), rules)?;
    let mut lot = Lot {
        ids: Vec::with_capacity(on_sale.len()),
        stored: Vec::with_capacity(on_sale.len()),
        facts,
        has_left_open,
        #[cfg(feature = "sqlite")]
        odd: HashSet::new(),
    };
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
        keep(gone().filter(is_one_of(dsl::vin, vins)).load(conn)?);
    }
    for external_ids in unmatched.external_ids.chunks(IDS_AT_ONCE) {
        keep(gone().filter(is_one_of(dsl::external_id, external_ids)).load(conn)?);
    }
    for stock_numbers in unmatched.stock_numbers.chunks(IDS_AT_ONCE) {
        keep(gone().filter(is_one_of(dsl::stock_number, stock_numbers)).load(conn)?);
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
                let query = query.filter(is_one_of(dsl::year, years.clone()));
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

/// What is known of the scrape and of those before it, ascending.
fn load_facts(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    (observed_at, reading): (DateTime<Utc>, ScrapeReading),
    (latest, oldest_sighting): (DateTime<Utc>, Option<DateTime<Utc>>),
    rules: &TrackingRules,
) -> DbResult<ScrapeFacts> {
    // Scrapes before the oldest sighting can have missed nothing that is on sale. A list that is cut is compared with one of some
    // weeks ago.
    let weeks = TimeDelta::days(i64::from(rules.evidence.cut_remembered_days) + 1);
    let weeks_ago = observed_at.checked_sub_signed(weeks).unwrap_or(observed_at);
    let mut scrapes = past_scrapes(conn, competitor, oldest_sighting.unwrap_or(observed_at).min(weeks_ago))?;
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
    stock_status: Option<HeldText>,
}
