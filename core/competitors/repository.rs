//! Rows of `competitors`; its folder has those of the tables that belong to it. `listing_row` has the columns of a listing, and
//! `listing_columns` reads them column by column for tables. `listings` and `price_history` read one table each; `figures`,
//! `models` and `scrape_log` also write theirs. `crawling` has what a scrape needs before and after. `lot` loads what a plan is
//! made from, `recording` writes the plan. `market_view` counts over all competitors, and `undercuts` compares their cars with
//! ours.

mod crawling;
mod figures;
mod judgement;
mod listing_columns;
mod listing_row;
mod listings;
mod lot;
mod market_view;
mod models;
mod price_history;
mod recording;
mod reference;
mod scrape_log;
mod transfers;
mod undercuts;
mod watched;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

pub(super) use crawling::{
    due, failures_in_a_row, get_unless_locked, keep_pages, kept_pages, list_changed_at, lock_claims, longest_unchanged,
    names_and_addresses, note_attempt, note_list_change, set_next_scrape,
};
pub(super) use figures::{
    add_metrics, count_metrics, metrics, newest_figures, overview, overview_of, vehicles_on_sale,
};
pub(super) use judgement::{add_sold, believe_scrapes, discard_scrape, newest_scrape};
pub(super) use listing_columns::listing_columns;
pub(super) use listings::{get_listing, listings};
pub(super) use lot::{Lot, load_lot};
pub(super) use market_view::market_view;
pub(crate) use models::{YEARS_OF_CARS, note_models_where};
pub(super) use models::{has_triggers, note_models_of};
pub(super) use price_history::price_history;
pub(super) use recording::{Documents, SeenPart, SeenRows, keep_plans, turn_back_sightings, write_plan, write_seen};
pub(super) use reference::{NamedListing, candidates, listing_candidates};
use scrape_log::ScrapeRow;
pub(super) use scrape_log::{add_scrape, keep_scrape, note_look, pages_of_whole_lot, partial_scrapes, scrapes};
pub(super) use transfers::{Here, Stays, store_transfers};
pub(super) use undercuts::{left_out_of_undercuts, undercuts};
pub(crate) use watched::is_watched_since;

use super::{Competitor, CompetitorFilter, TrackingRules, registration};
use crate::{
    db::{
        DbConnection, DbResult, Instant, Json, MultiBackend,
        functions::{besides, lock_words, lower, lowered},
        held::{HeldText, MayBeNull as _, Place},
        in_index_order, lock_row,
        schema::{
            competitor_inventory, competitor_metrics, competitor_pages, competitor_price_history, competitor_scrapes,
            competitors, competitors::dsl, storage_alerts,
        },
        types::AnyId,
    },
    error::{Error, ErrorCode},
    ids::{CompetitorId, ListingId},
    page::{Page, PageRequest, contains_patterns},
};

/// More words than this in a search are ignored.
const MOST_WORDS: usize = 8;

const SECONDS_A_DAY: i64 = 86_400;

/// Reads a page of the rows of a query, newest first by a time of their table and the id.
macro_rules! newest_page {
    ($conn:expr, $request:expr, $query:expr, $row:ident with $id:ty, $table:ident.$time:ident) => {{
        let order = concat!("-", stringify!($time));
        let query = || $query.select($row::as_select()).into_boxed::<MultiBackend>();
        let position: Option<(Option<Place<Instant>>, $id)> = $request.position(order)?;
        let rows: Vec<$row> = in_index_order!($conn, query, $table::$time, $table::id, desc, position, $request);
        let key = |row: &$row| (Option::<Held<Instant>>::from(row.$time.clone()).place(), row.id);
        Page::cut(rows, $request, order, key)?
    }};
}
use newest_page;

/// The condition that listings which a statement names by their ids are of a competitor. The column is as [`besides`] has it.
macro_rules! besides_ids {
    ($column:expr, $competitor:expr) => {
        diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("{} = ", $column))
            .bind::<crate::db::types::DbId, _>($competitor)
    };
}
use besides_ids;

/// The competitor of a listing, in a statement that names the ids of listings.
fn competitor_besides(conn: &DbConnection) -> String {
    besides(conn, "competitor_inventory.competitor_id")
}

/// A row of a statement, and how it becomes the record of the same fields.
macro_rules! rows {
    ($row:ident $(=> $record:ident)? { $($field:ident: $rust:ty as $sql:ty),+ $(,)? }) => {
        #[derive(diesel::QueryableByName)]
        struct $row {
            $(#[diesel(sql_type = $sql)] $field: $rust),+
        }
        rows!(@record $row $(=> $record)? { $($field),+ });
    };
    (@record $row:ident => $record:ident { $($field:ident),+ }) => {
        impl From<$row> for $record {
            fn from($row { $($field),+ }: $row) -> Self {
                Self { $($field),+ }
            }
        }
    };
    (@record $row:ident { $($field:ident),+ }) => {};
}
use rows;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = competitors, treat_none_as_default_value = false)]
struct Row {
    id: CompetitorId,
    name: HeldText,
    website_url: Option<HeldText>,
    inventory_url: HeldText,
    platform_type: Option<HeldText>,
    scraper_config: Option<Json<Value>>,
    use_playwright: Option<bool>,
    active: Option<bool>,
    last_scraped_at: Option<Instant>,
    last_successful_scrape_at: Option<Instant>,
    scrape_error: Option<HeldText>,
    scrape_error_type: Option<HeldText>,
    created_at: Option<Instant>,
    updated_at: Option<Instant>,
    next_scrape_at: Option<Instant>,
}

impl From<&Competitor> for Row {
    fn from(competitor: &Competitor) -> Self {
        Self {
            id: competitor.id,
            name: competitor.name.clone().into(),
            website_url: competitor.website_url.clone().map(HeldText::from),
            inventory_url: competitor.inventory_url.clone().into(),
            platform_type: competitor.platform_type.clone().map(HeldText::from),
            scraper_config: competitor.scraper_config.clone().map(Json),
            use_playwright: Some(competitor.use_playwright),
            active: Some(competitor.active),
            last_scraped_at: competitor.last_scraped_at.map(Instant),
            last_successful_scrape_at: competitor.last_successful_scrape_at.map(Instant),
            scrape_error: competitor.scrape_error.clone().map(HeldText::from),
            scrape_error_type: competitor.scrape_error_type.map(|error_type| error_type.as_str().into()),
            created_at: competitor.created_at.map(Instant),
            updated_at: competitor.updated_at.map(Instant),
            next_scrape_at: competitor.next_scrape_at.map(Instant),
        }
    }
}

impl From<Row> for Competitor {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name.text(),
            website_url: row.website_url.text(),
            inventory_url: row.inventory_url.text(),
            platform_type: row.platform_type.text(),
            scraper_config: row.scraper_config.map(|config| config.0).filter(|config| !config.is_null()),
            use_playwright: row.use_playwright.unwrap_or(false),
            active: row.active.unwrap_or(true),
            last_scraped_at: row.last_scraped_at.map(DateTime::from),
            last_successful_scrape_at: row.last_successful_scrape_at.map(DateTime::from),
            scrape_error: row.scrape_error.text(),
            // Another application may have written an unknown word.
            scrape_error_type: row.scrape_error_type.and_then(|word| word.parse().ok()),
            created_at: row.created_at.map(DateTime::from),
            updated_at: row.updated_at.map(DateTime::from),
            next_scrape_at: row.next_scrape_at.map(DateTime::from),
        }
    }
}

pub(super) fn insert(conn: &mut DbConnection, competitor: &Competitor) -> DbResult<()> {
    diesel::insert_into(dsl::competitors).values(&Row::from(competitor)).execute(conn)?;
    Ok(())
}

/// Writes the fields that a person sets, and none that scraping sets.
pub(super) fn update(conn: &mut DbConnection, competitor: &Competitor) -> DbResult<()> {
    diesel::update(dsl::competitors.find(competitor.id))
        .set((
            dsl::name.eq(&competitor.name),
            dsl::website_url.eq(&competitor.website_url),
            dsl::inventory_url.eq(&competitor.inventory_url),
            dsl::platform_type.eq(&competitor.platform_type),
            dsl::scraper_config.eq(competitor.scraper_config.clone().map(Json)),
            dsl::use_playwright.eq(competitor.use_playwright),
            dsl::active.eq(competitor.active),
            dsl::updated_at.eq(competitor.updated_at.map(Instant)),
            dsl::next_scrape_at.eq(competitor.next_scrape_at.map(Instant)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes the fields that scraping sets.
pub(super) fn update_scraping(conn: &mut DbConnection, competitor: &Competitor) -> DbResult<()> {
    diesel::update(dsl::competitors.find(competitor.id))
        .set((
            dsl::platform_type.eq(&competitor.platform_type),
            dsl::last_scraped_at.eq(competitor.last_scraped_at.map(Instant)),
            dsl::last_successful_scrape_at.eq(competitor.last_successful_scrape_at.map(Instant)),
            dsl::scrape_error.eq(&competitor.scrape_error),
            dsl::scrape_error_type.eq(competitor.scrape_error_type.map(|error_type| error_type.as_str())),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes at most this many of the competitor's listings, with their prices. Returns how many it deleted. What had gone to its lot is no
/// transfer any more.
pub(super) fn delete_listings(
    conn: &mut DbConnection,
    id: CompetitorId,
    at_most: usize,
    rules: &TrackingRules,
) -> DbResult<usize> {
    let rows: Vec<(Option<ListingId>, Option<HeldText>)> = competitor_inventory::table
        .filter(competitor_inventory::competitor_id.eq(id))
        .limit(i64::try_from(at_most).unwrap_or(i64::MAX))
        .select((competitor_inventory::id.nullable(), competitor_inventory::vin))
        .load(conn)?;
    let (ids, vins): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    delete_prices(conn, id, &ids)?;
    let named = competitor_inventory::table.filter(competitor_inventory::id.nullable().eq_any(&ids));
    let column = competitor_besides(conn);
    let deleted = diesel::delete(named.filter(besides_ids!(column, id))).execute(conn)?;
    let vins: Vec<String> = vins.into_iter().flatten().map(HeldText::text).collect();
    store_transfers(conn, &vins, rules)?;
    Ok(deleted)
}

/// Deletes the prices of these listings. Another program may have taken some from their competitor, but not from their listing.
fn delete_prices(conn: &mut DbConnection, id: CompetitorId, listings: &[Option<ListingId>]) -> DbResult<()> {
    use competitor_price_history::{competitor_id, competitor_inventory_id, table};
    let of_listings = || competitor_inventory_id.eq_any(listings);
    let astray: Option<Option<ListingId>> = table
        .filter(competitor_id.is_null())
        .filter(of_listings())
        .select(competitor_inventory_id.nullable())
        .first(conn)
        .optional()?;
    if astray.is_some() {
        diesel::delete(table.filter(competitor_id.eq(id).or(competitor_id.is_null())).filter(of_listings()))
            .execute(conn)?;
    } else {
        diesel::delete(table.filter(competitor_id.eq(id)).filter(of_listings())).execute(conn)?;
    }
    Ok(())
}

/// Deletes the competitor and all rows that belong to it besides its listings.
pub(super) fn delete(conn: &mut DbConnection, id: CompetitorId) -> DbResult<()> {
    diesel::delete(competitor_metrics::table.filter(competitor_metrics::competitor_id.eq(id))).execute(conn)?;
    diesel::delete(competitor_scrapes::table.filter(competitor_scrapes::competitor_id.eq(id))).execute(conn)?;
    diesel::delete(competitor_pages::table.filter(competitor_pages::competitor_id.eq(id))).execute(conn)?;
    diesel::delete(storage_alerts::table.filter(storage_alerts::subject_id.eq(AnyId(id.into())))).execute(conn)?;
    diesel::delete(dsl::competitors.find(id)).execute(conn)?;
    Ok(())
}

fn find(conn: &mut DbConnection, id: CompetitorId) -> DbResult<Option<Competitor>> {
    let row: Option<Row> = dsl::competitors.find(id).select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(Competitor::from))
}

pub(super) fn get(conn: &mut DbConnection, id: CompetitorId) -> DbResult<Competitor> {
    Ok(find(conn, id)?.ok_or_else(not_found)?)
}

/// The competitor, locked until the transaction ends; `None` where it is gone.
pub(super) fn find_to_change(conn: &mut DbConnection, id: CompetitorId) -> DbResult<Option<Competitor>> {
    lock_row!(conn, dsl::competitors.find(id).select(dsl::id));
    find(conn, id)
}

/// The competitor, locked until the transaction ends.
pub(super) fn get_to_change(conn: &mut DbConnection, id: CompetitorId) -> DbResult<Competitor> {
    Ok(find_to_change(conn, id)?.ok_or_else(not_found)?)
}

pub(super) fn get_by_name(conn: &mut DbConnection, name: &str) -> DbResult<Competitor> {
    Ok(find_by_name(conn, name)?.ok_or_else(not_found)?)
}

pub(super) fn find_by_name(conn: &mut DbConnection, name: &str) -> DbResult<Option<Competitor>> {
    let row: Option<Row> = dsl::competitors
        .filter(lower(dsl::name).eq_any(lowered(name)))
        // The exact name comes first: an adopted database may hold several that differ in case.
        .order((dsl::name.ne(name), dsl::id))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Competitor::from))
}

fn not_found() -> Error {
    Error::new(ErrorCode::CompetitorNotFound, "there is no such competitor")
}

/// Keeps others from giving names until the transaction ends. No index keeps names unique, because an adopted database may
/// hold some twice.
pub(super) fn lock_names(conn: &mut DbConnection) -> DbResult<()> {
    lock_words(conn, "competitors.name")
}

/// Refuses a name that another competitor has, and keeps others from taking it until the transaction ends.
pub(super) fn ensure_name_is_free(conn: &mut DbConnection, competitor: &Competitor) -> DbResult<()> {
    lock_names(conn)?;
    let others: i64 = dsl::competitors
        .filter(dsl::id.ne(competitor.id))
        .filter(lower(dsl::name).eq_any(lowered(&competitor.name)))
        .count()
        .get_result(conn)?;
    if others == 0 { Ok(()) } else { Err(registration::name_is_taken().into()) }
}

/// Refuses the address of another competitor's list, and keeps others from taking it until the transaction ends.
///
/// Compares the competitors whose address holds the same host: few, unless one host lists many lots.
pub(super) fn ensure_address_is_free(conn: &mut DbConnection, competitor: &Competitor) -> DbResult<()> {
    lock_names(conn)?;
    let Some(key) = registration::address_key(&competitor.inventory_url) else { return Ok(()) };
    let host = key.split(['/', ':', '?']).next().unwrap_or_default();
    let mut others = dsl::competitors
        .filter(dsl::id.ne(competitor.id))
        .order(dsl::id)
        .select((dsl::name, dsl::inventory_url, dsl::scraper_config))
        .into_boxed::<MultiBackend>();
    // A host in another script, or with letters written as `%75`, is stored as it was written.
    if !host.contains("xn--") {
        let [lowered, _] = contains_patterns(host);
        let may_be_escaped = dsl::inventory_url.like("%\\%%").escape('\\');
        others = others.filter(lower(dsl::inventory_url).like(lowered).escape('\\').or(may_be_escaped));
    }
    let others: Vec<(HeldText, HeldText, Option<Json<Value>>)> = others.load(conn)?;
    let ours = (competitor.inventory_url.as_str(), competitor.scraper_config.as_ref());
    let is_ours = |(_, url, config): &&(HeldText, HeldText, Option<Json<Value>>)| {
        registration::is_one_list(ours, (url, config.as_ref().map(|config| &config.0)))
    };
    match others.iter().find(is_ours) {
        Some((name, ..)) => Err(registration::address_is_taken(name).into()),
        None => Ok(()),
    }
}

/// A page of the competitors that match the filter, by name.
pub(super) fn list(
    conn: &mut DbConnection,
    filter: &CompetitorFilter,
    request: &PageRequest,
) -> DbResult<Page<Competitor>> {
    const ORDER: &str = "name";
    let matching = || {
        let mut query = dsl::competitors.select(Row::as_select()).into_boxed::<MultiBackend>();
        match filter.active {
            Some(true) => query = query.filter(dsl::active.eq(true).or(dsl::active.is_null())),
            Some(false) => query = query.filter(dsl::active.eq(false)),
            None => {}
        }
        for word in filter.q.iter().flat_map(|words| words.split_whitespace()).take(MOST_WORDS) {
            let anywhere = |pattern: String| {
                lower(dsl::name)
                    .like(pattern.clone())
                    .escape('\\')
                    .or(lower(dsl::inventory_url).like(pattern).escape('\\'))
            };
            let [lowered, ascii_lowered] = contains_patterns(word);
            query = query.filter(anywhere(lowered).or(anywhere(ascii_lowered)));
        }
        query
    };
    let position: Option<(Option<Place<String>>, CompetitorId)> = request.position(ORDER)?;
    let rows: Vec<Row> = in_index_order!(conn, matching, dsl::name, dsl::id, asc, position, request);
    let page = Page::cut(rows, request, ORDER, |row: &Row| (Some(row.name.place()), row.id))?;
    Ok(page.map(Competitor::from))
}

/// The times of the first and the last sighting, of which an adopted row may lack either.
fn seen_between(
    first: Option<Instant>,
    last: Option<Instant>,
    created: Option<Instant>,
) -> (DateTime<Utc>, DateTime<Utc>) {
    let [first, last, created] = [first, last, created].map(|time| time.and_then(Instant::known));
    let first = first.or(created).or(last).unwrap_or_default();
    (first, last.unwrap_or(first))
}
