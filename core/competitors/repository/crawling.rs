//! The rows that a scrape needs before and after it reads a list: competitors that are due, visits to come, and kept pages.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{Row, besides_ids, competitor_besides, dsl};
use crate::{
    competitors::{
        Competitor,
        revisit::{self, Ahead},
    },
    db::{
        DbConnection, DbResult, Instant, Json,
        functions::lock_words,
        held::{HeldText, MayBeNull as _},
        schema::{competitor_inventory, competitor_pages, competitor_scrapes},
    },
    ids::{CompetitorId, ListingId, PageId},
    scrape::walk::{KeptPage, KeptPages, PagesRead, Reading},
};

/// A competitor that is due.
#[derive(Clone, Debug)]
pub(in crate::competitors) struct Due {
    pub(in crate::competitors) id: CompetitorId,
    pub(in crate::competitors) name: String,
    pub(in crate::competitors) inventory_url: String,
}

/// At most a number of competitors that are due, those that have waited longest first.
pub(in crate::competitors) fn due(
    conn: &mut DbConnection,
    due_after: Duration,
    at_most: usize,
    (now, ahead): (DateTime<Utc>, Ahead),
) -> DbResult<Vec<Due>> {
    let long_ago = Instant(now - revisit::span(due_after));
    let rows: Vec<(CompetitorId, HeldText, HeldText)> = dsl::competitors
        .filter(dsl::active.is_null().or(dsl::active.eq(true)))
        .filter(
            dsl::next_scrape_at
                .is_null()
                .and(dsl::last_scraped_at.is_null().or(dsl::last_scraped_at.le(long_ago)))
                .or(dsl::next_scrape_at.le(Instant(now)))
                .or(dsl::next_scrape_at.is_null().and(dsl::last_scraped_at.gt(Instant(ahead.scraped))))
                .or(dsl::next_scrape_at.gt(Instant(ahead.next))),
        )
        // Hosts under this name do not exist (RFC 2606).
        .filter(diesel::dsl::not(dsl::inventory_url.like("%.invalid/%")))
        .order((dsl::last_scraped_at.is_not_null(), dsl::last_scraped_at, dsl::id))
        .limit(i64::try_from(at_most).unwrap_or(i64::MAX))
        .select((dsl::id, dsl::name, dsl::inventory_url))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, name, inventory_url)| Due { id, name: name.text(), inventory_url: inventory_url.text() })
        .collect())
}

/// The competitor, locked until the transaction ends; `None` where it is gone, or where another transaction has it locked.
pub(in crate::competitors) fn get_unless_locked(
    conn: &mut DbConnection,
    id: CompetitorId,
) -> DbResult<Option<Competitor>> {
    let row: Option<Row> = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            let free = dsl::competitors.find(id).select(dsl::id).for_update().skip_locked();
            let free: Option<CompetitorId> = free.first(conn).optional()?;
            match free {
                Some(id) => dsl::competitors.find(id).select(Row::as_select()).first(conn).optional()?,
                None => None,
            }
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => dsl::competitors.find(id).select(Row::as_select()).first(conn).optional()?,
    };
    Ok(row.map(Competitor::from))
}

/// Keeps others from beginning a scrape until the transaction ends.
pub(in crate::competitors) fn lock_claims(conn: &mut DbConnection) -> DbResult<()> {
    lock_words(conn, "scrapes")
}

/// The names of these competitors, and the addresses of their lists.
pub(in crate::competitors) fn names_and_addresses(
    conn: &mut DbConnection,
    ids: &[CompetitorId],
) -> DbResult<Vec<(CompetitorId, String, String)>> {
    let known = dsl::competitors.filter(dsl::id.eq_any(ids));
    let rows: Vec<(CompetitorId, HeldText, HeldText)> =
        known.select((dsl::id, dsl::name, dsl::inventory_url)).load(conn)?;
    Ok(rows.into_iter().map(|(id, name, address)| (id, name.text(), address.text())).collect())
}

/// The number of failed scrapes since the last one that succeeded.
pub(in crate::competitors) fn failures_in_a_row(conn: &mut DbConnection, competitor: &Competitor) -> DbResult<u32> {
    use competitor_scrapes::dsl;
    let since = competitor.last_successful_scrape_at.unwrap_or(DateTime::UNIX_EPOCH);
    let failures: i64 = dsl::competitor_scrapes
        .filter(dsl::competitor_id.eq(competitor.id))
        .filter(dsl::observed_at.gt(Instant(since)))
        .filter(dsl::error_type.is_not_null())
        .count()
        .get_result(conn)?;
    Ok(u32::try_from(failures).unwrap_or(u32::MAX))
}

/// Sets when a competitor may be scraped again.
pub(in crate::competitors) fn set_next_scrape(
    conn: &mut DbConnection,
    id: CompetitorId,
    at: Option<DateTime<Utc>>,
) -> DbResult<()> {
    diesel::update(dsl::competitors.find(id)).set(dsl::next_scrape_at.eq(at.map(Instant))).execute(conn)?;
    Ok(())
}

/// Notes that another list is read from now on, or the same one in another way.
pub(in crate::competitors) fn note_list_change(
    conn: &mut DbConnection,
    id: CompetitorId,
    at: DateTime<Utc>,
) -> DbResult<()> {
    diesel::update(dsl::competitors.find(id)).set(dsl::list_changed_at.eq(Some(Instant(at)))).execute(conn)?;
    Ok(())
}

/// When that was noted last.
pub(in crate::competitors) fn list_changed_at(
    conn: &mut DbConnection,
    id: CompetitorId,
) -> DbResult<Option<DateTime<Utc>>> {
    let at: Option<Option<Instant>> = dsl::competitors.find(id).select(dsl::list_changed_at).first(conn).optional()?;
    Ok(at.flatten().map(DateTime::from))
}

/// Notes an attempt of which nothing is recorded, and when the next may be.
pub(in crate::competitors) fn note_attempt(
    conn: &mut DbConnection,
    id: CompetitorId,
    at: DateTime<Utc>,
    next: DateTime<Utc>,
) -> DbResult<()> {
    let times = (dsl::last_scraped_at.eq(Some(Instant(at))), dsl::next_scrape_at.eq(Some(Instant(next))));
    diesel::update(dsl::competitors.find(id)).set(times).execute(conn)?;
    Ok(())
}

/// The listing that has not changed for the longest time: its place among the given ones, and since when.
pub(in crate::competitors) fn longest_unchanged(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    listings: &[ListingId],
) -> DbResult<Option<(usize, DateTime<Utc>)>> {
    use competitor_inventory::dsl;
    let column = competitor_besides(conn);
    let longest: Option<(ListingId, Option<Instant>)> = dsl::competitor_inventory
        .filter(dsl::id.eq_any(listings))
        .filter(besides_ids!(column, competitor))
        .order((dsl::updated_at.is_null(), dsl::updated_at, dsl::id))
        .select((dsl::id, dsl::updated_at))
        .first(conn)
        .optional()?;
    let known = longest.and_then(|(id, changed_at)| Some((id, DateTime::from(changed_at?))));
    Ok(known.and_then(|(id, changed_at)| Some((listings.iter().position(|listing| *listing == id)?, changed_at))))
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = competitor_pages, treat_none_as_default_value = false)]
struct PageRow {
    id: PageId,
    competitor_id: CompetitorId,
    url: HeldText,
    etag: Option<HeldText>,
    last_modified: Option<HeldText>,
    reader: HeldText,
    reading: Json<Reading>,
    read_at: Instant,
}

/// The pages of a competitor that this reader has read since a time.
pub(in crate::competitors) fn kept_pages(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    reader: &str,
    since: DateTime<Utc>,
) -> DbResult<KeptPages> {
    use competitor_pages::dsl;
    let rows: Vec<PageRow> = dsl::competitor_pages
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::reader.eq(reader))
        .filter(dsl::read_at.ge(Instant(since)))
        .select(PageRow::as_select())
        .load(conn)?;
    let kept = |row: PageRow| KeptPage {
        id: row.id,
        url: row.url.text(),
        etag: row.etag.text(),
        last_modified: row.last_modified.text(),
        reading: row.reading.0,
    };
    Ok(rows.into_iter().map(kept).collect())
}

/// Keeps the pages that a scrape read; the competitor's row must be locked.
///
/// Pages are deleted that were read anew, that are no longer part of the list, that another reader read, or that were read
/// before `since`.
pub(in crate::competitors) fn keep_pages(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    read: &PagesRead,
    reader: &str,
    (since, now): (DateTime<Utc>, DateTime<Utc>),
) -> DbResult<()> {
    use competitor_pages::dsl;
    let of_competitor = dsl::competitor_pages.filter(dsl::competitor_id.eq(competitor));
    let known: Vec<(PageId, HeldText, HeldText, Instant)> =
        of_competitor.select((dsl::id, dsl::url, dsl::reader, dsl::read_at)).load(conn)?;
    let anew: HashSet<&str> = read.new.iter().map(|page| page.url.as_str()).collect();
    let is_over = |(id, url, its_reader, read_at): &(PageId, HeldText, HeldText, Instant)| {
        let is_unchanged = read.unchanged.contains(id);
        let is_read_anew = anew.contains(&**url);
        let is_believed = **its_reader == *reader && DateTime::from(*read_at) >= since;
        !is_unchanged && (is_read_anew || read.to_the_end || !is_believed)
    };
    let over: Vec<PageId> = known.iter().filter(|page| is_over(page)).map(|page| page.0).collect();
    diesel::delete(of_competitor.filter(dsl::id.eq_any(over))).execute(conn)?;
    for page in &read.new {
        let row = PageRow {
            id: PageId::new(now),
            competitor_id: competitor,
            url: page.url.clone().into(),
            etag: page.etag.clone().map(HeldText::from),
            last_modified: page.last_modified.clone().map(HeldText::from),
            reader: reader.into(),
            reading: Json(page.reading.clone()),
            read_at: Instant(now),
        };
        // A row at a time: a list has few pages, and the documents are what costs.
        diesel::insert_into(dsl::competitor_pages).values(&row).execute(conn)?;
    }
    Ok(())
}
