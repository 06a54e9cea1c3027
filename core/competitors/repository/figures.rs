//! Rows of `competitor_metrics`, and competitors with their newest figures.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable},
};

use super::{
    dsl, get, list, newest_page, rows,
    scrape_log::{ScrapeRow, looked_for_at},
};
use crate::{
    competitors::{
        Competitor, CompetitorFilter, CompetitorOverview, Metrics, MetricsRules, ScrapeRecord,
        metrics::{AverageFit, MetricCounts},
    },
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        held::{Held, MayBeNull as _, Place},
        in_index_order, kept, on_each,
        schema::{competitor_metrics, competitor_scrapes},
        types::{DbId, DbInstant, DbMoney},
    },
    ids::{CompetitorId, MetricsId},
    money::Money,
    page::{Page, PageRequest},
};

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
    calculated_at: Option<Held<Instant>>,
    unseen: Option<i32>,
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
            calculated_at: row.calculated_at.time().unwrap_or_default(),
            unseen: row.unseen,
        }
    }
}

/// A page of a competitor's figures, newest first.
pub(in crate::competitors) fn metrics(
    conn: &mut DbConnection,
    id: CompetitorId,
    request: &PageRequest,
) -> DbResult<Page<Metrics>> {
    get(conn, id)?;
    let of_competitor = competitor_metrics::table.filter(competitor_metrics::competitor_id.eq(id));
    let page = newest_page!(conn, request, of_competitor, MetricsRow with MetricsId, competitor_metrics.calculated_at);
    Ok(page.map(Metrics::from))
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
        let figures = figures.remove(&competitor.id).unwrap_or_default();
        with_figures(competitor, figures, rules)
    }))
}

/// One competitor with its newest figures.
pub(in crate::competitors) fn overview_of(
    conn: &mut DbConnection,
    id: CompetitorId,
    (rules, latest): (&MetricsRules, DateTime<Utc>),
) -> DbResult<CompetitorOverview> {
    let competitor = get(conn, id)?;
    let figures = figures_of(conn, &[id], (rules, latest))?.remove(&id).unwrap_or_default();
    Ok(with_figures(competitor, figures, rules))
}

fn with_figures(
    competitor: Competitor,
    (metrics, earlier, last_scrape): Figures,
    rules: &MetricsRules,
) -> CompetitorOverview {
    let trends = metrics.as_ref().map(|metrics| metrics.trends(&earlier, rules));
    let monthly_trends = metrics.as_ref().map(|metrics| metrics.monthly_trends(&earlier, rules));
    CompetitorOverview { competitor, metrics, trends, monthly_trends, last_scrape }
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

/// How many vehicles stood on the lot by the newest figures up to a time; none without figures.
pub(in crate::competitors) fn vehicles_on_sale(
    conn: &mut DbConnection,
    id: CompetitorId,
    latest: DateTime<Utc>,
) -> DbResult<usize> {
    use competitor_metrics::dsl;
    let until =
        dsl::competitor_metrics.filter(dsl::competitor_id.eq(id)).filter(dsl::calculated_at.le(Instant(latest)));
    let newest: Option<Option<i32>> =
        until.order(dsl::calculated_at.desc()).select(dsl::total_inventory).first(conn).optional()?;
    Ok(newest.flatten().and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
}

fn figures_of(
    conn: &mut DbConnection,
    ids: &[CompetitorId],
    (rules, latest): (&MetricsRules, DateTime<Utc>),
) -> DbResult<HashMap<CompetitorId, Figures>> {
    if let [id] = ids {
        return Ok(HashMap::from([(*id, figures_of_one(conn, *id, (rules, latest))?)]));
    }
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

/// The same of one competitor, by the competitor alone.
fn figures_of_one(
    conn: &mut DbConnection,
    id: CompetitorId,
    (rules, latest): (&MetricsRules, DateTime<Utc>),
) -> DbResult<Figures> {
    let newest: Option<MetricsRow> = competitor_metrics::table
        .filter(competitor_metrics::competitor_id.eq(id))
        .filter(competitor_metrics::calculated_at.le(Instant(latest)))
        .order((competitor_metrics::calculated_at.desc(), competitor_metrics::id.desc()))
        .select(MetricsRow::as_select())
        .first(conn)
        .optional()?;
    let newest: HashMap<CompetitorId, Metrics> = newest.into_iter().map(|row| (id, row.into())).collect();
    let earlier = metrics_to_compare(conn, &newest, rules)?.remove(&id).unwrap_or_default();
    let scrape: Option<ScrapeRow> = competitor_scrapes::table
        .filter(competitor_scrapes::competitor_id.eq(id))
        .filter(competitor_scrapes::observed_at.le(Instant(latest)))
        .order((competitor_scrapes::observed_at.desc(), competitor_scrapes::id.desc()))
        .select(ScrapeRow::as_select())
        .first(conn)
        .optional()?;
    Ok((newest.into_values().next(), earlier, scrape.map(ScrapeRecord::from)))
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

rows!(CountRow => MetricCounts {
    active: i64 as BigInt,
    priced: i64 as BigInt,
    price_sum: Money as DbMoney,
    sold_in_average: i64 as BigInt,
    days_on_market_sum: i64 as BigInt,
    sold_recently: i64 as BigInt,
    new_recently: i64 as BigInt,
    vehicles_repriced: i64 as BigInt,
    unseen: i64 as BigInt,
});

/// Counts a competitor's figures as of a time: of what is on sale, and of what went since. What was sold before that has no
/// part in any figure and is not looked at, however much it is. SQLite numbers `$1` by its first appearance, so the numbers
/// stand in that order.
const COUNTS: &str = "SELECT count(*) FILTER (WHERE NOT gone) AS active,
                count(price) FILTER (WHERE NOT gone) AS priced,
                coalesce(sum(price) FILTER (WHERE NOT gone), 0) AS price_sum,
                count(days_on_market) FILTER (WHERE was_sold AND sold_at >= $1) AS sold_in_average,
                coalesce(sum(days_on_market) FILTER (WHERE was_sold AND sold_at >= $1), 0) AS days_on_market_sum,
                count(*) FILTER (WHERE was_sold AND sold_at >= $2) AS sold_recently,
                count(*) FILTER (WHERE first_seen_at >= $2) AS new_recently,
                count(*) FILTER (WHERE price_changed_at >= $2) AS vehicles_repriced,
                count(*) FILTER (WHERE NOT gone AND seen_at < $3) AS unseen
         FROM (
             SELECT false AS gone, false AS was_sold, price, days_on_market, sold_at, first_seen_at, price_changed_at,
                    coalesce(last_seen_at, first_seen_at, created_at) AS seen_at
             FROM competitor_inventory
             WHERE competitor_id = $4 AND (is_sold = false OR is_sold IS NULL)
             UNION ALL
             SELECT true, transferred_at IS NULL, price, days_on_market, sold_at, first_seen_at, price_changed_at, NULL
             FROM competitor_inventory
             WHERE competitor_id = $4 AND is_sold AND sold_at >= $5
         ) AS figure";

/// The competitor's figures as of a time.
pub(in crate::competitors) fn count_metrics(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    at: DateTime<Utc>,
    rules: &MetricsRules,
) -> DbResult<Metrics> {
    let since = |days: u32| Instant(at - TimeDelta::days(days.into()));
    let looked_for_at = looked_for_at(conn, &[competitor])?.remove(&competitor);
    // Nothing was seen before that, so that nothing is unseen where nobody has looked.
    let looked_for_at = Instant(looked_for_at.unwrap_or(DateTime::UNIX_EPOCH));
    let row: CountRow = on_each!(conn, conn => {
        let counts = sql_query(COUNTS)
            .bind::<DbInstant, _>(since(rules.days_on_market_days))
            .bind::<DbInstant, _>(since(rules.recent_days))
            .bind::<DbInstant, _>(looked_for_at)
            .bind::<DbId, _>(competitor)
            .bind::<DbInstant, _>(since(rules.days_on_market_days.max(rules.recent_days)));
        kept(counts).get_result(conn)?
    });
    let (metrics, fit) = Metrics::from_counts(&row.into(), at);
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
        calculated_at: Some(metrics.calculated_at.into()),
        unseen: metrics.unseen,
    };
    let same_time = dsl::competitor_metrics
        .filter(dsl::competitor_id.eq(competitor))
        .filter(dsl::calculated_at.eq(Instant(metrics.calculated_at)));
    diesel::delete(same_time).execute(conn)?;
    diesel::insert_into(dsl::competitor_metrics).values(&row).execute(conn)?;
    Ok(())
}
