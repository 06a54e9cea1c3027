//! Rows of `competitor_metrics`, and competitors with their newest figures.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{dsl::sql, prelude::*, sql_types::Nullable};

use super::{dsl, get, list, scrape_log::ScrapeRow};
use crate::{
    competitors::{CompetitorFilter, CompetitorOverview, Metrics, MetricsRules, ScrapeRecord},
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        schema::{competitor_metrics, competitor_scrapes},
        types::{DbId, DbInstant},
    },
    ids::{CompetitorId, MetricsId},
    money::Money,
    page::{Page, PageRequest, newest_first},
};

/// `avg_days_on_market` has two places as prices have, so it travels as a price does.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = competitor_metrics, treat_none_as_default_value = false)]
pub(super) struct MetricsRow {
    pub(super) id: MetricsId,
    pub(super) competitor_id: CompetitorId,
    pub(super) total_inventory: Option<i32>,
    pub(super) avg_price: Option<Money>,
    pub(super) avg_days_on_market: Option<Money>,
    pub(super) vehicles_sold_30d: Option<i32>,
    pub(super) price_changes_30d: Option<i32>,
    pub(super) new_listings_30d: Option<i32>,
    pub(super) calculated_at: Option<Instant>,
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
pub(in crate::competitors) fn metrics(
    conn: &mut DbConnection,
    id: CompetitorId,
    request: &PageRequest,
) -> DbResult<Page<Metrics>> {
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

/// A page of competitors with their newest figures, by name: a handful of queries, however many competitors there are and
/// however long they have been watched.
pub(in crate::competitors) fn overview(
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
pub(in crate::competitors) fn overview_of(
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

/// The id of the newest figures of a competitor up to a time.
pub(in crate::competitors) fn newest_figures(
    conn: &mut DbConnection,
    id: CompetitorId,
    latest: DateTime<Utc>,
) -> DbResult<Option<MetricsId>> {
    use competitor_metrics::dsl;
    let until =
        dsl::competitor_metrics.filter(dsl::competitor_id.eq(id)).filter(dsl::calculated_at.le(Instant(latest)));
    Ok(until.order(dsl::calculated_at.desc()).select(dsl::id).first(conn).optional()?)
}

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
