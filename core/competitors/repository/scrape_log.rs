//! Rows of `competitor_scrapes`: the log of scrapes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{get, newest_page};
use crate::{
    competitors::{
        Completeness, IncompleteReason, ListShape, ScrapeCounts, ScrapeRecord, TrackingRules, alert::PartialScrapes,
    },
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        held::{Held, HeldText, MayBeNull as _, Place},
        in_index_order, is_one_of,
        schema::{competitor_scrapes, competitors},
    },
    ids::{CompetitorId, ScrapeId},
    page::{Page, PageRequest},
    tracking::{evidence::Doubts, facts::PastScrape, sold::Returns, unseen::NewestLooks},
};

/// Makes the row of a scrape, whose counts stand in columns of their own.
macro_rules! scrape_rows {
    ($($column:ident = $count:ident),+ $(,)?) => {
        #[derive(Insertable, Queryable, Selectable, AsChangeset)]
        #[diesel(table_name = competitor_scrapes, treat_none_as_default_value = false, treat_none_as_null = true)]
        pub(super) struct ScrapeRow {
            pub(super) id: ScrapeId,
            // A row never moves to another competitor: a partition may be kept by it.
            #[diesel(skip_update)]
            pub(super) competitor_id: CompetitorId,
            observed_at: Held<Instant>,
            complete: bool,
            incomplete_reason: Option<HeldText>,
            pages_fetched: Option<i32>,
            total_claimed: Option<i32>,
            $($column: i32,)+
            error: Option<HeldText>,
            error_type: Option<HeldText>,
            pub(super) recorded_at: Instant,
            page_vehicles: Option<i32>,
            list_url: Option<HeldText>,
            weight: f64,
            doubts: Option<HeldText>,
            group_weight: Option<f64>,
            expected_returns: Option<f64>,
            returns_seen: Option<f64>,
        }

        impl ScrapeRow {
            pub(super) fn of(scrape: &ScrapeRecord, recorded_at: DateTime<Utc>) -> Self {
                Self {
                    id: scrape.id,
                    competitor_id: scrape.competitor_id,
                    observed_at: scrape.observed_at.into(),
                    complete: scrape.completeness.is_complete(),
                    incomplete_reason: scrape.completeness.reason().map(|reason| reason.as_str().into()),
                    pages_fetched: scrape.pages_fetched.map(fitting),
                    total_claimed: scrape.total_claimed.map(fitting),
                    $($column: fitting(scrape.counts.$count),)+
                    error: scrape.error.clone().map(HeldText::from),
                    error_type: scrape.error_type.map(|error_type| error_type.as_str().into()),
                    recorded_at: Instant(recorded_at),
                    page_vehicles: scrape.list.page_vehicles.map(fitting),
                    list_url: scrape.list.url.clone().map(HeldText::from),
                    weight: scrape.weight,
                    doubts: doubt_words(&scrape.doubts).map(HeldText::from),
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
                    observed_at: row.observed_at.nearest().into(),
                    completeness: match row.complete {
                        true => Completeness::Complete,
                        false => Completeness::Incomplete(reason.unwrap_or(IncompleteReason::LastPageNotReached)),
                    },
                    pages_fetched: row.pages_fetched.map(count),
                    total_claimed: row.total_claimed.map(count),
                    counts: ScrapeCounts { $($count: count(row.$column)),+ },
                    error: row.error.text(),
                    error_type: row.error_type.and_then(|word| word.parse().ok()),
                    doubts: doubts_of(row.doubts.as_deref()),
                    weight: row.weight,
                    behaviour: row
                        .expected_returns
                        .zip(row.returns_seen)
                        .map(|(expected, seen)| Returns { expected, seen }),
                    group_weight: row.group_weight,
                    list: ListShape { page_vehicles, url: row.list_url.text(), ..ListShape::default() },
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

impl From<ScrapeRow> for PastScrape {
    fn from(row: ScrapeRow) -> Self {
        let scrape = ScrapeRecord::from(row);
        Self {
            observed_at: scrape.observed_at,
            weight: scrape.weight,
            is_complete: scrape.completeness.is_complete(),
            is_cut: Doubts(scrape.doubts).are_of_a_cut(),
            group_weight: scrape.group_weight,
            vehicles: scrape.counts.vehicles,
            total_claimed: scrape.total_claimed,
            pages: scrape.pages_fetched,
            list: scrape.list,
            behaviour: scrape.behaviour,
        }
    }
}

/// The words of doubts, as a row keeps them.
fn doubt_words(doubts: &[IncompleteReason]) -> Option<String> {
    let words: Vec<_> = doubts.iter().map(|doubt| doubt.as_str()).collect();
    (!words.is_empty()).then(|| words.join(","))
}

/// The doubts of a row; a word of another version is left out.
fn doubts_of(words: Option<&str>) -> Vec<IncompleteReason> {
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
    get(conn, id)?;
    let of_competitor = competitor_scrapes::table.filter(competitor_scrapes::competitor_id.eq(id));
    let page = newest_page!(conn, request, of_competitor, ScrapeRow with ScrapeId, competitor_scrapes.observed_at);
    Ok(page.map(ScrapeRecord::from))
}

/// A competitor's scrapes from a time on, ascending.
pub(super) fn past_scrapes(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    since: DateTime<Utc>,
) -> DbResult<Vec<PastScrape>> {
    use competitor_scrapes::dsl;
    let rows: Vec<ScrapeRow> = dsl::competitor_scrapes
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::observed_at.ge(Instant(since)))
        .order(dsl::observed_at)
        .select(ScrapeRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(PastScrape::from).collect())
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

/// The newest scrapes up to a time that tell what is missing; each a look into an index.
fn newest_looks(conn: &mut DbConnection, competitor: CompetitorId, latest: DateTime<Utc>) -> DbResult<NewestLooks> {
    use competitor_scrapes::dsl;
    let newest = || {
        dsl::competitor_scrapes
            .filter(dsl::competitor_id.eq(competitor))
            .filter(dsl::observed_at.le(Instant(latest)))
            .order(dsl::observed_at.desc())
            .select(dsl::observed_at)
    };
    let whole: Option<Instant> = newest().filter(dsl::weight.ge(1.0)).first(conn).optional()?;
    let any: Option<Instant> =
        newest().filter(dsl::weight.gt(0.0)).filter(dsl::vehicles.gt(0)).first(conn).optional()?;
    Ok(NewestLooks { whole: whole.map(DateTime::from), any: any.map(DateTime::from) })
}

/// Notes when what is missing was last looked for, by the scrapes in the log.
pub(in crate::competitors) fn note_look(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    now: DateTime<Utc>,
    rules: &TrackingRules,
) -> DbResult<()> {
    let at = newest_looks(conn, competitor, rules.latest(now))?.looked_for_at(rules);
    let of_competitor = competitors::table.find(competitor);
    diesel::update(of_competitor).set(competitors::looked_for_at.eq(at.map(Instant))).execute(conn)?;
    Ok(())
}

/// When what is missing was last looked for, of each of these competitors that has such a time.
pub(super) fn looked_for_at(
    conn: &mut DbConnection,
    ids: &[CompetitorId],
) -> DbResult<HashMap<CompetitorId, DateTime<Utc>>> {
    let rows: Vec<(CompetitorId, Option<Instant>)> = competitors::table
        .filter(is_one_of(competitors::id, ids.to_vec()))
        .select((competitors::id, competitors::looked_for_at))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, at)| Some((id, at?.into()))).collect())
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
        let of_competitor = dsl::competitor_scrapes.find(row.id).filter(dsl::competitor_id.eq(row.competitor_id));
        diesel::update(of_competitor).set(&row).execute(conn)?;
    }
    Ok(kept)
}
