//! Rows of `competitors` and of the four tables that hang on it; `recording` loads what a scrape is planned from and writes
//! the plan.

mod crawling;
mod listings;
mod market_view;
mod recording;
mod transfers;
mod watched;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{dsl::sql, prelude::*, sql_types::Nullable};
use serde_json::Value;

pub(super) use crawling::{
    due, failures_in_a_row, get_unless_locked, inventory_urls, keep_pages, kept_pages, list_changed_at, lock_claims,
    longest_unchanged, names_and_addresses, note_attempt, note_list_change, set_next_scrape,
};
pub(super) use listings::{get_listing, listings};
pub(super) use market_view::{market_view, undercuts};
pub(super) use recording::{
    Lot, add_metrics, add_scrape, alike_scrapes, count_metrics, keep_scrape, load_lot, pages_of_whole_lot,
    partial_scrapes, turn_back_sightings, write_plan,
};
pub(super) use transfers::{Here, of_listings as transfers};
pub(crate) use transfers::{is_transferred, seen_elsewhere};
pub(crate) use watched::is_watched_since;

use super::{
    Competitor, CompetitorFilter, CompetitorOverview, Completeness, IncompleteReason, ListShape, Metrics, MetricsRules,
    PricePoint, ScrapeCounts, ScrapeRecord, registration,
};
use crate::{
    db::{
        DbConnection, DbResult, Instant, Json, MultiBackend,
        functions::{lock_words, lower, lowered},
        lock_row,
        schema::{
            competitor_inventory, competitor_metrics, competitor_pages, competitor_price_history, competitor_scrapes,
            competitors, competitors::dsl, storage_alerts,
        },
        types::{AnyId, DbId, DbInstant},
    },
    error::{Error, ErrorCode},
    ids::{CompetitorId, ListingId, ListingPriceId, MetricsId, ScrapeId},
    money::Money,
    page::{Page, PageRequest, contains_patterns, keyset, newest_first},
};

/// More words than this in a search are ignored.
const MOST_WORDS: usize = 8;

const SECONDS_A_DAY: i64 = 86_400;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = competitors, treat_none_as_default_value = false)]
struct Row {
    id: CompetitorId,
    name: String,
    website_url: Option<String>,
    inventory_url: String,
    platform_type: Option<String>,
    scraper_config: Option<Json<Value>>,
    use_playwright: Option<bool>,
    active: Option<bool>,
    last_scraped_at: Option<Instant>,
    last_successful_scrape_at: Option<Instant>,
    scrape_error: Option<String>,
    scrape_error_type: Option<String>,
    created_at: Option<Instant>,
    updated_at: Option<Instant>,
    next_scrape_at: Option<Instant>,
}

impl From<&Competitor> for Row {
    fn from(competitor: &Competitor) -> Self {
        Self {
            id: competitor.id,
            name: competitor.name.clone(),
            website_url: competitor.website_url.clone(),
            inventory_url: competitor.inventory_url.clone(),
            platform_type: competitor.platform_type.clone(),
            scraper_config: competitor.scraper_config.clone().map(Json),
            use_playwright: Some(competitor.use_playwright),
            active: Some(competitor.active),
            last_scraped_at: competitor.last_scraped_at.map(Instant),
            last_successful_scrape_at: competitor.last_successful_scrape_at.map(Instant),
            scrape_error: competitor.scrape_error.clone(),
            scrape_error_type: competitor.scrape_error_type.map(|error_type| error_type.as_str().to_owned()),
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
            name: row.name,
            website_url: row.website_url,
            inventory_url: row.inventory_url,
            platform_type: row.platform_type,
            scraper_config: row.scraper_config.map(|config| config.0),
            use_playwright: row.use_playwright.unwrap_or(false),
            active: row.active.unwrap_or(true),
            last_scraped_at: row.last_scraped_at.map(DateTime::from),
            last_successful_scrape_at: row.last_successful_scrape_at.map(DateTime::from),
            scrape_error: row.scrape_error,
            // Another application may have written words of its own.
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

/// Writes what may be said of the competitor itself, and leaves alone what scraping has to say.
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

/// Writes how scraping goes.
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

/// Removes the competitor and everything known of it.
pub(super) fn delete(conn: &mut DbConnection, id: CompetitorId) -> DbResult<()> {
    let listings = competitor_inventory::table
        .filter(competitor_inventory::competitor_id.eq(id))
        .select(competitor_inventory::id.nullable());
    diesel::delete(
        competitor_price_history::table.filter(competitor_price_history::competitor_inventory_id.eq_any(listings)),
    )
    .execute(conn)?;
    diesel::delete(competitor_inventory::table.filter(competitor_inventory::competitor_id.eq(id))).execute(conn)?;
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
        // To the letter before whatever the case: an adopted database may hold both.
        .order((dsl::name.ne(name), dsl::id))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Competitor::from))
}

fn not_found() -> Error {
    Error::new(ErrorCode::CompetitorNotFound, "there is no such competitor")
}

/// Lets nobody else give a name until the transaction ends. No index keeps names apart, because an adopted database may hold
/// some twice.
pub(super) fn lock_names(conn: &mut DbConnection) -> DbResult<()> {
    lock_words(conn, "competitors.name")
}

/// Refuses a name that another competitor has, and keeps others from taking it until the transaction ends.
pub(super) fn name_is_taken(conn: &mut DbConnection, competitor: &Competitor) -> DbResult<()> {
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
/// Looks through the competitors whose address holds the same host: few, unless one host lists many lots.
pub(super) fn address_is_taken(conn: &mut DbConnection, competitor: &Competitor) -> DbResult<()> {
    lock_names(conn)?;
    let Some(key) = registration::address_key(&competitor.inventory_url) else { return Ok(()) };
    let host = key.split(['/', ':', '?']).next().unwrap_or_default();
    let mut others = dsl::competitors
        .filter(dsl::id.ne(competitor.id))
        .order(dsl::id)
        .select((dsl::name, dsl::inventory_url, dsl::scraper_config))
        .into_boxed::<MultiBackend>();
    // What is written in letters of other scripts is stored as somebody wrote it.
    if !host.contains("xn--") {
        let [lowered, _] = contains_patterns(host);
        others = others.filter(lower(dsl::inventory_url).like(lowered).escape('\\'));
    }
    let others: Vec<(String, String, Option<Json<Value>>)> = others.load(conn)?;
    let ours = (competitor.inventory_url.as_str(), competitor.scraper_config.as_ref());
    let is_ours = |(_, url, config): &&(String, String, Option<Json<Value>>)| {
        registration::is_one_list(ours, (url, config.as_ref().map(|config| &config.0)))
    };
    match others.iter().find(is_ours) {
        Some((name, ..)) => Err(registration::address_is_taken(name).into()),
        None => Ok(()),
    }
}

/// A page of the competitors that the filter lets through, by name.
pub(super) fn list(
    conn: &mut DbConnection,
    filter: &CompetitorFilter,
    request: &PageRequest,
) -> DbResult<Page<Competitor>> {
    const ORDER: &str = "name";
    let mut query = dsl::competitors.select(Row::as_select()).into_boxed::<MultiBackend>();
    match filter.active {
        Some(true) => query = query.filter(dsl::active.eq(true).or(dsl::active.is_null())),
        Some(false) => query = query.filter(dsl::active.eq(false)),
        None => {}
    }
    for word in filter.q.iter().flat_map(|words| words.split_whitespace()).take(MOST_WORDS) {
        let anywhere = |pattern: String| {
            lower(dsl::name).like(pattern.clone()).escape('\\').or(lower(dsl::inventory_url).like(pattern).escape('\\'))
        };
        let [lowered, ascii_lowered] = contains_patterns(word);
        query = query.filter(anywhere(lowered).or(anywhere(ascii_lowered)));
    }
    let position: Option<(Option<String>, CompetitorId)> = request.position(ORDER)?;
    let rows: Vec<Row> = keyset!(query, dsl::name, dsl::id, asc, position).limit(request.rows_to_read()).load(conn)?;
    let page = Page::cut(rows, request, ORDER, |row: &Row| (Some(row.name.clone()), row.id))?;
    Ok(page.map(Competitor::from))
}

/// The first and the last sighting; an adopted row may lack either.
fn seen_between(
    first: Option<Instant>,
    last: Option<Instant>,
    created: Option<Instant>,
) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = first.or(created).or(last).map(DateTime::from).unwrap_or_default();
    (first, last.map_or(first, DateTime::from))
}

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
pub(super) fn price_history(
    conn: &mut DbConnection,
    listing: ListingId,
    request: &PageRequest,
) -> DbResult<Page<PricePoint>> {
    use competitor_price_history::dsl;
    const ORDER: &str = "-recorded_at";
    let known: i64 = competitor_inventory::table.find(listing).count().get_result(conn)?;
    if known == 0 {
        return Err(listings::listing_not_found().into());
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

/// `avg_days_on_market` has two places as prices have, so it travels as a price does.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = competitor_metrics, treat_none_as_default_value = false)]
struct MetricsRow {
    id: MetricsId,
    competitor_id: CompetitorId,
    total_inventory: Option<i32>,
    avg_price: Option<Money>,
    avg_days_on_market: Option<Money>,
    vehicles_sold_30d: Option<i32>,
    price_changes_30d: Option<i32>,
    new_listings_30d: Option<i32>,
    calculated_at: Option<Instant>,
}

impl From<MetricsRow> for Metrics {
    fn from(row: MetricsRow) -> Self {
        Self {
            total_inventory: row.total_inventory.unwrap_or(0),
            avg_price: row.avg_price,
            avg_days_on_market: row.avg_days_on_market.map(Money::dollars),
            vehicles_sold_30d: row.vehicles_sold_30d.unwrap_or(0),
            price_changes_30d: row.price_changes_30d.unwrap_or(0),
            new_listings_30d: row.new_listings_30d.unwrap_or(0),
            calculated_at: row.calculated_at.map(DateTime::from).unwrap_or_default(),
        }
    }
}

/// A page of a competitor's figures, newest first.
pub(super) fn metrics(conn: &mut DbConnection, id: CompetitorId, request: &PageRequest) -> DbResult<Page<Metrics>> {
    use competitor_metrics::dsl;
    const ORDER: &str = "-calculated_at";
    get(conn, id)?;
    let query = || {
        dsl::competitor_metrics
            .filter(dsl::competitor_id.eq(id))
            .select(MetricsRow::as_select())
            .into_boxed::<MultiBackend>()
    };
    let position: Option<(Option<DateTime<Utc>>, MetricsId)> = request.position(ORDER)?;
    let position = position.map(|(time, id)| (time.map(Instant), id));
    let rows: Vec<MetricsRow> = newest_first!(conn, query, dsl::calculated_at, dsl::id, position, request);
    let key = |row: &MetricsRow| (row.calculated_at.map(DateTime::<Utc>::from), row.id);
    Ok(Page::cut(rows, request, ORDER, key)?.map(Metrics::from))
}

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = competitor_scrapes, treat_none_as_default_value = false, treat_none_as_null = true)]
struct ScrapeRow {
    id: ScrapeId,
    competitor_id: CompetitorId,
    observed_at: Instant,
    complete: bool,
    incomplete_reason: Option<String>,
    pages_fetched: Option<i32>,
    listings_found: i32,
    total_claimed: Option<i32>,
    vehicles: i32,
    new_listings: i32,
    seen_again: i32,
    updated: i32,
    price_changes: i32,
    sold: i32,
    relisted: i32,
    duplicates: i32,
    refused: i32,
    absences: i32,
    returns: i32,
    error: Option<String>,
    error_type: Option<String>,
    recorded_at: Instant,
    page_vehicles: Option<i32>,
    list_url: Option<String>,
}

impl ScrapeRow {
    fn of(scrape: &ScrapeRecord, recorded_at: DateTime<Utc>) -> Self {
        fn fitting<T: TryInto<i32>>(count: T) -> i32 {
            count.try_into().unwrap_or(i32::MAX)
        }
        let counts = scrape.counts;
        Self {
            id: scrape.id,
            competitor_id: scrape.competitor_id,
            observed_at: Instant(scrape.observed_at),
            complete: scrape.completeness.is_complete(),
            incomplete_reason: scrape.completeness.reason().map(|reason| reason.as_str().to_owned()),
            pages_fetched: scrape.pages_fetched.map(fitting),
            listings_found: fitting(counts.listings_found),
            total_claimed: scrape.total_claimed.map(fitting),
            vehicles: fitting(counts.vehicles),
            new_listings: fitting(counts.new),
            seen_again: fitting(counts.seen_again),
            updated: fitting(counts.updated),
            price_changes: fitting(counts.price_changes),
            sold: fitting(counts.sold),
            relisted: fitting(counts.relisted),
            duplicates: fitting(counts.duplicates),
            refused: fitting(counts.refused),
            absences: fitting(counts.absences),
            returns: fitting(counts.returns),
            error: scrape.error.clone(),
            error_type: scrape.error_type.map(|error_type| error_type.as_str().to_owned()),
            recorded_at: Instant(recorded_at),
            page_vehicles: scrape.list.page_vehicles.map(fitting),
            list_url: scrape.list.url.clone(),
        }
    }
}

impl From<ScrapeRow> for ScrapeRecord {
    fn from(row: ScrapeRow) -> Self {
        fn count<T: TryFrom<i32> + Default>(stored: i32) -> T {
            stored.try_into().unwrap_or_default()
        }
        let reason = row.incomplete_reason.and_then(|word| word.parse().ok());
        Self {
            id: row.id,
            competitor_id: row.competitor_id,
            observed_at: row.observed_at.into(),
            completeness: match row.complete {
                true => Completeness::Complete,
                false => Completeness::Incomplete(reason.unwrap_or(IncompleteReason::LastPageNotReached)),
            },
            pages_fetched: row.pages_fetched.map(count),
            total_claimed: row.total_claimed.map(count),
            counts: ScrapeCounts {
                listings_found: count(row.listings_found),
                vehicles: count(row.vehicles),
                new: count(row.new_listings),
                seen_again: count(row.seen_again),
                updated: count(row.updated),
                price_changes: count(row.price_changes),
                sold: count(row.sold),
                relisted: count(row.relisted),
                duplicates: count(row.duplicates),
                refused: count(row.refused),
                absences: count(row.absences),
                returns: count(row.returns),
            },
            error: row.error,
            error_type: row.error_type.and_then(|word| word.parse().ok()),
            list: ListShape { page_vehicles: row.page_vehicles.map(count), url: row.list_url, ..ListShape::default() },
        }
    }
}

/// A page of a competitor's scrapes, newest first.
pub(super) fn scrapes(
    conn: &mut DbConnection,
    id: CompetitorId,
    request: &PageRequest,
) -> DbResult<Page<ScrapeRecord>> {
    use competitor_scrapes::dsl;
    const ORDER: &str = "-observed_at";
    get(conn, id)?;
    let query = || {
        dsl::competitor_scrapes
            .filter(dsl::competitor_id.eq(id))
            .select(ScrapeRow::as_select())
            .into_boxed::<MultiBackend>()
    };
    let position: Option<(Option<DateTime<Utc>>, ScrapeId)> = request.position(ORDER)?;
    let position = position.map(|(time, id)| (time.map(Instant), id));
    let rows: Vec<ScrapeRow> = newest_first!(conn, query, dsl::observed_at, dsl::id, position, request);
    let key = |row: &ScrapeRow| (Some(DateTime::<Utc>::from(row.observed_at)), row.id);
    Ok(Page::cut(rows, request, ORDER, key)?.map(ScrapeRecord::from))
}

/// A page of competitors with their newest figures, by name: a handful of queries, however many competitors there are and
/// however long they have been watched.
pub(super) fn overview(
    conn: &mut DbConnection,
    filter: &CompetitorFilter,
    request: &PageRequest,
    (rules, latest): (&MetricsRules, DateTime<Utc>),
) -> DbResult<Page<CompetitorOverview>> {
    let page = list(conn, filter, request)?;
    let ids: Vec<CompetitorId> = page.items.iter().map(|competitor| competitor.id).collect();
    let mut figures = figures_of(conn, &ids, (rules, latest))?;
    Ok(page.map(|competitor| {
        let (metrics, earlier, last_scrape) = figures.remove(&competitor.id).unwrap_or_default();
        let trends = metrics.as_ref().map(|metrics| metrics.trends(&earlier, rules));
        let monthly_trends = metrics.as_ref().map(|metrics| metrics.monthly_trends(&earlier, rules));
        CompetitorOverview { competitor, metrics, trends, monthly_trends, last_scrape }
    }))
}

/// One competitor with its newest figures.
pub(super) fn overview_of(
    conn: &mut DbConnection,
    id: CompetitorId,
    (rules, latest): (&MetricsRules, DateTime<Utc>),
) -> DbResult<CompetitorOverview> {
    let competitor = get(conn, id)?;
    let (metrics, earlier, last_scrape) = figures_of(conn, &[id], (rules, latest))?.remove(&id).unwrap_or_default();
    let trends = metrics.as_ref().map(|metrics| metrics.trends(&earlier, rules));
    let monthly_trends = metrics.as_ref().map(|metrics| metrics.monthly_trends(&earlier, rules));
    Ok(CompetitorOverview { competitor, metrics, trends, monthly_trends, last_scrape })
}

/// The newest figures, those to compare them with, and the newest scrape.
type Figures = (Option<Metrics>, Vec<Metrics>, Option<ScrapeRecord>);

fn figures_of(
    conn: &mut DbConnection,
    ids: &[CompetitorId],
    (rules, latest): (&MetricsRules, DateTime<Utc>),
) -> DbResult<HashMap<CompetitorId, Figures>> {
    // One look into an index a competitor, so that a long history costs nothing. What lies ahead of the clock is no newest.
    let newest_of = |table: &str, time: &str| {
        let newest = format!(
            "(SELECT newest.id FROM {table} AS newest WHERE newest.competitor_id = competitors.id AND newest.{time} <= "
        );
        let last = format!(" ORDER BY newest.{time} DESC, newest.id DESC LIMIT 1)");
        let newest = sql::<Nullable<DbId>>(&newest).bind::<DbInstant, _>(Instant(latest)).sql(&last);
        dsl::competitors.filter(dsl::id.eq_any(ids)).select(newest)
    };
    let newest: Vec<MetricsRow> = competitor_metrics::table
        .filter(competitor_metrics::id.nullable().eq_any(newest_of("competitor_metrics", "calculated_at")))
        .select(MetricsRow::as_select())
        .load(conn)?;
    let newest: HashMap<CompetitorId, Metrics> =
        newest.into_iter().map(|row| (row.competitor_id, row.into())).collect();
    let mut earlier = metrics_to_compare(conn, &newest, rules)?;
    let scrapes: Vec<ScrapeRow> = competitor_scrapes::table
        .filter(competitor_scrapes::id.nullable().eq_any(newest_of("competitor_scrapes", "observed_at")))
        .select(ScrapeRow::as_select())
        .load(conn)?;
    let mut figures: HashMap<CompetitorId, Figures> = newest
        .into_iter()
        .map(|(id, metrics)| (id, (Some(metrics), earlier.remove(&id).unwrap_or_default(), None)))
        .collect();
    for row in scrapes {
        let id = row.competitor_id;
        figures.entry(id).or_default().2 = Some(row.into());
    }
    Ok(figures)
}

/// The rows near enough to a week and to a month before each competitor's newest one.
fn metrics_to_compare(
    conn: &mut DbConnection,
    newest: &HashMap<CompetitorId, Metrics>,
    rules: &MetricsRules,
) -> DbResult<HashMap<CompetitorId, Vec<Metrics>>> {
    use competitor_metrics::dsl;
    /// SQLite bounds the depth of an expression; each competitor is one `OR`.
    const AT_ONCE: usize = 200;
    let mut earlier: HashMap<CompetitorId, Vec<Metrics>> = HashMap::new();
    let newest: Vec<_> = newest.iter().collect();
    for span in [rules.week(), rules.month()] {
        for some in newest.chunks(AT_ONCE) {
            let mut query = dsl::competitor_metrics.select(MetricsRow::as_select()).into_boxed::<MultiBackend>();
            for (id, metrics) in some {
                let target = metrics.calculated_at - span.back;
                let near =
                    dsl::calculated_at.between(Instant(target - span.tolerance), Instant(target + span.tolerance));
                query = query.or_filter(dsl::competitor_id.eq(**id).and(near));
            }
            let rows: Vec<MetricsRow> = query.load(conn)?;
            for row in rows {
                earlier.entry(row.competitor_id).or_default().push(row.into());
            }
        }
    }
    Ok(earlier)
}
