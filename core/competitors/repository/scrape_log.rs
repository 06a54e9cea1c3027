//! Rows of `competitor_scrapes`: the log of scrapes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::get;
use crate::{
    competitors::{Completeness, IncompleteReason, ListShape, ScrapeCounts, ScrapeRecord},
    db::{DbConnection, DbResult, Instant, MultiBackend, schema::competitor_scrapes},
    ids::{CompetitorId, ScrapeId},
    page::{Page, PageRequest, newest_first},
    tracking::sold::Returns,
};

/// Makes the row of a scrape, whose counts stand in columns of their own.
macro_rules! scrape_rows {
    ($($column:ident = $count:ident),+ $(,)?) => {
        #[derive(Insertable, Queryable, Selectable, AsChangeset)]
        #[diesel(table_name = competitor_scrapes, treat_none_as_default_value = false, treat_none_as_null = true)]
        pub(super) struct ScrapeRow {
            pub(super) id: ScrapeId,
            pub(super) competitor_id: CompetitorId,
            observed_at: Instant,
            complete: bool,
            incomplete_reason: Option<String>,
            pages_fetched: Option<i32>,
            total_claimed: Option<i32>,
            $($column: i32,)+
            error: Option<String>,
            error_type: Option<String>,
            pub(super) recorded_at: Instant,
            page_vehicles: Option<i32>,
            list_url: Option<String>,
            weight: f64,
            doubts: Option<String>,
            group_weight: Option<f64>,
            expected_returns: Option<f64>,
            returns_seen: Option<f64>,
        }

        impl ScrapeRow {
            pub(super) fn of(scrape: &ScrapeRecord, recorded_at: DateTime<Utc>) -> Self {
                Self {
                    id: scrape.id,
                    competitor_id: scrape.competitor_id,
                    observed_at: Instant(scrape.observed_at),
                    complete: scrape.completeness.is_complete(),
                    incomplete_reason: scrape.completeness.reason().map(|reason| reason.as_str().to_owned()),
                    pages_fetched: scrape.pages_fetched.map(fitting),
                    total_claimed: scrape.total_claimed.map(fitting),
                    $($column: fitting(scrape.counts.$count),)+
                    error: scrape.error.clone(),
                    error_type: scrape.error_type.map(|error_type| error_type.as_str().to_owned()),
                    recorded_at: Instant(recorded_at),
                    page_vehicles: scrape.list.page_vehicles.map(fitting),
                    list_url: scrape.list.url.clone(),
                    weight: scrape.weight,
                    doubts: doubt_words(&scrape.doubts),
                    group_weight: scrape.group_weight,
                    expected_returns: scrape.behaviour.map(|returns| returns.expected),
                    returns_seen: scrape.behaviour.map(|returns| returns.seen),
                }
            }
        }

        impl From<ScrapeRow> for ScrapeRecord {
            fn from(row: ScrapeRow) -> Self {
                let reason = row.incomplete_reason.and_then(|word| word.parse().ok());
                let page_vehicles = row.page_vehicles.map(count);
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
                    counts: ScrapeCounts { $($count: count(row.$column)),+ },
                    error: row.error,
                    error_type: row.error_type.and_then(|word| word.parse().ok()),
                    doubts: doubts_of(row.doubts.as_deref()),
                    weight: row.weight,
                    behaviour: row
                        .expected_returns
                        .zip(row.returns_seen)
                        .map(|(expected, seen)| Returns { expected, seen }),
                    group_weight: row.group_weight,
                    list: ListShape { page_vehicles, url: row.list_url, ..ListShape::default() },
                }
            }
        }
    };
}

scrape_rows! {
    listings_found = listings_found,
    vehicles = vehicles,
    new_listings = new,
    seen_again = seen_again,
    updated = updated,
    price_changes = price_changes,
    sold = sold,
    relisted = relisted,
    duplicates = duplicates,
    refused = refused,
    absences = absences,
    returns = returns,
}

/// The words of doubts, as a row keeps them.
fn doubt_words(doubts: &[IncompleteReason]) -> Option<String> {
    let words: Vec<_> = doubts.iter().map(|doubt| doubt.as_str()).collect();
    (!words.is_empty()).then(|| words.join(","))
}

/// The doubts of a row; a word of another version is left out.
pub(super) fn doubts_of(words: Option<&str>) -> Vec<IncompleteReason> {
    words.unwrap_or_default().split(',').filter_map(|word| word.parse().ok()).collect()
}

/// A count as the column holds it.
fn fitting<T: TryInto<i32>>(count: T) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

/// A count from the column.
fn count<T: TryFrom<i32> + Default>(stored: i32) -> T {
    stored.try_into().unwrap_or_default()
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
