//! Rows of `competitor_scrapes`: the log of scrapes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::get;
use crate::{
    competitors::{Completeness, IncompleteReason, ListShape, ScrapeCounts, ScrapeRecord},
    db::{DbConnection, DbResult, Instant, MultiBackend, schema::competitor_scrapes},
    ids::{CompetitorId, ScrapeId},
    page::{Page, PageRequest, newest_first},
};

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = competitor_scrapes, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct ScrapeRow {
    pub(super) id: ScrapeId,
    pub(super) competitor_id: CompetitorId,
    pub(super) observed_at: Instant,
    pub(super) complete: bool,
    pub(super) incomplete_reason: Option<String>,
    pub(super) pages_fetched: Option<i32>,
    pub(super) listings_found: i32,
    pub(super) total_claimed: Option<i32>,
    pub(super) vehicles: i32,
    pub(super) new_listings: i32,
    pub(super) seen_again: i32,
    pub(super) updated: i32,
    pub(super) price_changes: i32,
    pub(super) sold: i32,
    pub(super) relisted: i32,
    pub(super) duplicates: i32,
    pub(super) refused: i32,
    pub(super) absences: i32,
    pub(super) returns: i32,
    pub(super) error: Option<String>,
    pub(super) error_type: Option<String>,
    pub(super) recorded_at: Instant,
    pub(super) page_vehicles: Option<i32>,
    pub(super) list_url: Option<String>,
}

impl ScrapeRow {
    pub(super) fn of(scrape: &ScrapeRecord, recorded_at: DateTime<Utc>) -> Self {
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
pub(in crate::competitors) fn scrapes(
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
