//! The market over all competitors, counted and ranked by the database. What undercuts ours is in `undercuts`.
//!
//! Medians are the middle values by rank (window functions), exact to the cent on both databases; PostgreSQL's
//! `percentile_cont` computes with floating-point numbers. Each page ranks the listings on sale and those sold lately twice,
//! for its lines and for the total: n log n in their number. A vehicle that several stores list counts once, by the listing that
//! pricing would take. Only the listings of such vehicles are ranked: a rank for each listing takes a third longer, and SQLite joins
//! them to the others in quadratic time.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Nullable, Text},
};

use super::{
    Instant,
    listings::{LEAST_CUT, fell},
    rows,
    watched::{is_unseen, is_watched},
};
use crate::{
    competitors::{
        LeftOut, MarketGroup, MarketView, MarketViewFilter, MarketViewRules, ModelFigures, TrackingRules,
        market_view::mean_days, metrics::average,
    },
    db::{
        DbConnection, DbResult,
        functions::lowered,
        held::{HeldText, MayBeNull as _},
        on_each,
        types::{DbId, DbInstant, DbMoney},
    },
    ids::{CompetitorId, ListingId, VehicleId},
    money::Money,
    page::{Page, PageRequest},
};

/// A value for a place in a statement.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    Competitor(CompetitorId),
    Listing(ListingId),
    Vehicle(VehicleId),
    Time(Instant),
    Price(Money),
    Text(String),
    Number(i32),
    Count(i64),
}

/// The values of a statement, in the order of their places in it. Each value has one place: SQLite numbers `$1` by its first
/// appearance.
#[derive(Default)]
pub(super) struct Bounds(pub(super) Vec<Bound>);

impl Bounds {
    /// The place of a value: `$7`.
    pub(super) fn place(&mut self, value: Bound) -> String {
        self.0.push(value);
        format!("${}", self.0.len())
    }

    pub(super) fn places(&mut self, values: impl IntoIterator<Item = Bound>) -> String {
        let places: Vec<_> = values.into_iter().map(|value| self.place(value)).collect();
        places.join(", ")
    }
}

/// Runs a statement with its values on either database.
macro_rules! load {
    ($conn:expr, $sql:expr, $bounds:expr) => {
        on_each!($conn, conn => {
            let mut query = sql_query($sql).into_boxed();
            for bound in $bounds.0 {
                query = match bound {
                    Bound::Competitor(id) => query.bind::<DbId, _>(id),
                    Bound::Listing(id) => query.bind::<DbId, _>(id),
                    Bound::Vehicle(id) => query.bind::<DbId, _>(id),
                    Bound::Time(time) => query.bind::<DbInstant, _>(time),
                    Bound::Price(price) => query.bind::<DbMoney, _>(price),
                    Bound::Text(text) => query.bind::<Text, _>(text),
                    Bound::Number(number) => query.bind::<Integer, _>(number),
                    Bound::Count(count) => query.bind::<BigInt, _>(count),
                };
            }
            query.load(conn)?
        })
    };
}

pub(super) use load;

rows!(LeftOutRow {
    listings: i64 as BigInt,
    competitors: i64 as BigInt,
    paused: i64 as BigInt,
    failing: i64 as BigInt,
    unseen: i64 as BigInt,
});

impl LeftOutRow {
    fn into_left_out(self) -> LeftOut {
        let Self { listings, competitors, paused, failing, unseen } = self;
        LeftOut { listings, competitors, paused, failing, unseen, doubtful_prices: 0 }
    }
}

rows!(FiguresRow {
    make_key: HeldText as Text,
    model_key: HeldText as Text,
    year_key: i32 as Integer,
    make: Option<HeldText> as Nullable<Text>,
    model: Option<HeldText> as Nullable<Text>,
    competitors: i64 as BigInt,
    on_sale: i64 as BigInt,
    priced: i64 as BigInt,
    middle_sum: Option<Money> as Nullable<DbMoney>,
    middle_count: Option<i64> as Nullable<BigInt>,
    lowest_price: Option<Money> as Nullable<DbMoney>,
    highest_price: Option<Money> as Nullable<DbMoney>,
    earlier_middle: Option<Instant> as Nullable<DbInstant>,
    later_middle: Option<Instant> as Nullable<DbInstant>,
    price_cuts: i64 as BigInt,
    sold: i64 as BigInt,
});

impl FiguresRow {
    fn into_figures(self, now: DateTime<Utc>) -> ModelFigures {
        let middle = self.earlier_middle.zip(self.later_middle);
        ModelFigures {
            make: self.make.text(),
            model: self.model.text(),
            year: Some(self.year_key).filter(|year| *year != 0),
            competitors: self.competitors,
            on_sale: self.on_sale,
            priced: self.priced,
            median_price: average(self.middle_sum.unwrap_or_default(), self.middle_count.unwrap_or(0)),
            lowest_price: self.lowest_price,
            highest_price: self.highest_price,
            median_days_on_market: middle.map(|(one, other)| mean_days([one.into(), other.into()], now)),
            price_cuts_7d: self.price_cuts,
            sold_30d: self.sold,
        }
    }
}

/// What a row of a view stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lines {
    All,
    Group(MarketGroup),
}

/// Where a page ended: minus the listings on sale, make, model and year.
type Position = (i64, String, String, i32);

/// The SQL condition that a listing is not known to be sold.
pub(super) const ON_SALE: &str = "(listing.is_sold = false OR listing.is_sold IS NULL)";

/// The SQL condition that a listing which is not known to be sold is on the market: seen since a time, and not unseen now.
pub(super) fn is_there(conn: &DbConnection, seen_since: &str) -> String {
    format!("({} AND NOT {})", is_watched(conn, "listing", seen_since), is_unseen("listing"))
}

/// The figures of everything together, and a page of them by make and model.
pub(in crate::competitors) fn market_view(
    conn: &mut DbConnection,
    filter: &MarketViewFilter,
    request: &PageRequest,
    context: Context<'_>,
) -> DbResult<MarketView> {
    let request = &request.where_ranked();
    let order = format!("-on_sale by {}", filter.group);
    let position: Option<Position> = request.position(&order)?;
    let total = figures(conn, filter, (Lines::All, None, 1), context)?.pop();
    let total = total.map(|row| row.into_figures(context.0)).unwrap_or_default();
    let lines = (Lines::Group(filter.group), position, request.rows_to_read());
    let rows = figures(conn, filter, lines, context)?;
    let key = |row: &FiguresRow| (-row.on_sale, row.make_key.to_string(), row.model_key.to_string(), row.year_key);
    let models = Page::cut(rows, request, &order, key)?.map(|row| row.into_figures(context.0));
    let left_out = left_out(conn, filter, context)?;
    Ok(MarketView { total: ModelFigures { make: None, model: None, year: None, ..total }, left_out, models })
}

/// The time and the rules by which a view is counted.
pub(super) type Context<'a> = (DateTime<Utc>, &'a MarketViewRules, &'a TrackingRules);

/// How the rows of a view are put together.
struct Grouping {
    /// What the rows of a line have in common, as the listing says it; followed by a comma.
    keys: &'static str,
    /// The same as columns; followed by a comma.
    columns: &'static str,
    /// The same as the key of a line.
    of_line: &'static str,
    group: &'static str,
    partition: &'static str,
    /// How a row finds its line, and a line the middle values named behind it.
    with_line: &'static str,
    having: &'static str,
}

impl Lines {
    /// The total needs no keys; with constant ones, PostgreSQL would sort by them.
    fn grouping(self) -> Grouping {
        let keys = match self {
            Self::All => {
                return Grouping {
                    keys: "",
                    columns: "",
                    of_line: "'' AS make_key, '' AS model_key, 0 AS year_key,",
                    group: "",
                    partition: "",
                    with_line: "ON true",
                    having: "",
                };
            }
            Self::Group(MarketGroup::Model) => "lower(make) AS make_key, lower(model) AS model_key, 0 AS year_key,",
            Self::Group(MarketGroup::ModelYear) => {
                "lower(make) AS make_key, lower(model) AS model_key, coalesce(year, 0) AS year_key,"
            }
        };
        Grouping {
            keys,
            columns: "make_key, model_key, year_key,",
            of_line: "make_key, model_key, year_key,",
            group: "GROUP BY make_key, model_key, year_key",
            partition: "PARTITION BY make_key, model_key, year_key",
            with_line: "USING (make_key, model_key, year_key)",
            // Another store may spell the model of a vehicle otherwise than the one by which it counts.
            having: "HAVING sum(here) + sum(sold) > 0",
        }
    }
}

/// The middle prices and the middle first sightings of each line.
fn middles(Grouping { columns, group, partition, with_line, .. }: &Grouping) -> String {
    format!(
        "price_place AS (
             SELECT {columns} lot.price, line.priced, row_number() OVER ({partition} ORDER BY lot.price) AS place
             FROM lot JOIN line {with_line} WHERE lot.price IS NOT NULL
         ),
         middle_price AS (
             SELECT {columns} sum(price) AS middle_sum, count(*) AS middle_count
             FROM price_place WHERE 2 * place BETWEEN priced AND priced + 2 {group}
         ),
         age_place AS (
             SELECT {columns} lot.since, count(*) OVER ({partition}) AS aged,
                    row_number() OVER ({partition} ORDER BY lot.since) AS place
             FROM lot JOIN line {with_line} WHERE lot.since IS NOT NULL
         ),
         middle_age AS (
             SELECT {columns} min(since) AS earlier_middle, max(since) AS later_middle
             FROM age_place WHERE 2 * place BETWEEN aged AND aged + 2 {group}
         )"
    )
}

/// How most listings of each line spell its make and model: one dealer's odd spelling names no line.
fn spelling(lines: Lines, Grouping { columns, partition, with_line, .. }: &Grouping) -> String {
    if lines == Lines::All {
        return "spelling AS (SELECT CAST(NULL AS text) AS make, CAST(NULL AS text) AS model)".to_owned();
    }
    format!(
        "spelling AS (
             SELECT {columns} make, model
             FROM (
                 SELECT {columns} lot.make, lot.model,
                        row_number() OVER ({partition} ORDER BY count(*) DESC, lot.make, lot.model) AS place
                 FROM lot JOIN line {with_line} GROUP BY {columns} lot.make, lot.model
             ) AS spelled
             WHERE place = 1
         )"
    )
}

fn figures(
    conn: &mut DbConnection,
    filter: &MarketViewFilter,
    (lines, position, most): (Lines, Option<Position>, i64),
    context: Context<'_>,
) -> DbResult<Vec<FiguresRow>> {
    let mut bounds = Bounds::default();
    let grouping = lines.grouping();
    let lot = lot(conn, filter, (lines, &grouping), context, &mut bounds);
    let beyond = position.map_or_else(String::new, |(on_sale, make, model, year)| {
        let values = [Bound::Count(on_sale), Bound::Text(make), Bound::Text(model), Bound::Number(year)];
        let places = bounds.places(values);
        format!("AND (-sum(here), make_key, model_key, year_key) > ({places})")
    });
    let most = bounds.place(Bound::Count(most));
    let (middles, spelling) = (middles(&grouping), spelling(lines, &grouping));
    let Grouping { of_line, group, with_line, having, .. } = grouping;
    let sql = format!(
        "WITH {lot},
         line AS (
             SELECT {of_line} count(DISTINCT competitor_id) AS competitors, coalesce(sum(here), 0) AS on_sale, count(price) AS priced,
                    min(price) AS lowest_price, max(price) AS highest_price, coalesce(sum(cut), 0) AS price_cuts,
                    coalesce(sum(sold), 0) AS sold
             FROM lot {group} {having} {beyond}
             ORDER BY sum(here) DESC, make_key, model_key, year_key
             LIMIT {most}
         ),
         {middles},
         {spelling}
         SELECT * FROM line LEFT JOIN spelling {with_line} LEFT JOIN middle_price {with_line} LEFT JOIN middle_age {with_line}
         ORDER BY on_sale DESC, make_key, model_key, year_key"
    );
    Ok(load!(conn, sql, bounds))
}

/// The rows that are counted: listings on the market, and those sold lately. Of a vehicle that several stores list, one listing counts
/// as here; the others name their stores alone.
fn lot(
    conn: &DbConnection,
    filter: &MarketViewFilter,
    (lines, grouping): (Lines, &Grouping),
    (now, rules, tracking): Context<'_>,
    bounds: &mut Bounds,
) -> String {
    let ago = |days: u32| Bound::Time(Instant(now - TimeDelta::days(days.into())));
    let asked = |bounds: &mut Bounds| {
        let seen_since = bounds.place(Bound::Time(Instant(tracking.on_the_market_since(now))));
        format!("{ON_SALE} AND {}{}", is_there(conn, &seen_since), conditions(filter, lines, bounds))
    };
    let is_all = *filter == MarketViewFilter { group: filter.group, ..MarketViewFilter::default() };
    // Without a filter the index on VINs alone tells which of them stand there twice.
    let of_filter = if is_all { String::new() } else { format!("AND {}", asked(bounds)) };
    let [lowest, highest] = [rules.lowest_price, rules.highest_price].map(|price| bounds.place(Bound::Price(price)));
    // A placeholder, such as 1 or 999,999, is no price.
    let price = format!("CASE WHEN price BETWEEN {lowest} AND {highest} THEN price END");
    let cut = is_cut(ago(rules.price_cut_days), bounds);
    let asked_once = asked(bounds);
    let cut_too = is_cut(ago(rules.price_cut_days), bounds);
    let asked_twice = asked(bounds);
    let sold_since = bounds.place(ago(rules.sold_days));
    let sold = conditions(filter, lines, bounds);
    let keys = grouping.keys;
    format!(
        "repeated AS (
             SELECT vin FROM competitor_inventory AS listing
             WHERE vin IS NOT NULL {of_filter} GROUP BY vin HAVING count(*) > 1 AND {IS_VIN}
         ),
         lot AS (
             SELECT {keys} make, model, competitor_id, {price} AS price, coalesce(first_seen_at, created_at) AS since, 1 AS here,
                    CASE WHEN {cut} THEN 1 ELSE 0 END AS cut, 0 AS sold
             FROM competitor_inventory AS listing
             WHERE {asked_once} AND (vin IS NULL OR vin NOT IN (SELECT vin FROM repeated))
             UNION ALL
             SELECT {keys} make, model, competitor_id, CASE WHEN place = 1 THEN {price} END, CASE WHEN place = 1 THEN since END,
                    CASE WHEN place = 1 THEN 1 ELSE 0 END, CASE WHEN place = 1 AND {cut_too} THEN 1 ELSE 0 END, 0
             FROM (
                 SELECT id, make, model, year, competitor_id, price, previous_price, price_changed_at,
                        row_number() OVER (PARTITION BY vin ORDER BY {price} NULLS LAST, last_seen_at DESC, id) AS place,
                        min(coalesce(first_seen_at, created_at)) OVER (PARTITION BY vin) AS since
                 FROM competitor_inventory AS listing WHERE {asked_twice} AND vin IN (SELECT vin FROM repeated)
             ) AS listing
             UNION ALL
             SELECT {keys} make, model, NULL, NULL, NULL, 0, 0, 1
             FROM competitor_inventory AS listing
             WHERE is_sold AND sold_at >= {sold_since} {sold} AND transferred_at IS NULL
         )"
    )
}

/// The SQL condition that a listing costs less than at some moment since then.
fn is_cut(since: Bound, bounds: &mut Bounds) -> String {
    let cut_since = bounds.place(since.clone());
    let [was, ago, end] = fell("listing");
    let least = bounds.place(Bound::Price(LEAST_CUT));
    let in_force_since = bounds.place(since);
    // The prices before are read only where the last change was a rise: `NULL AND ...` would read them where there was none.
    format!(
        "price_changed_at IS NOT NULL AND price_changed_at >= {cut_since}
         AND (price < previous_price OR {was}{least}{ago}{in_force_since}{end})"
    )
}

/// Whether a VIN tells vehicles apart: not a placeholder of one sign.
const IS_VIN: &str = "length(vin) = 17 AND replace(vin, substr(vin, 1, 1), '') <> ''";

/// Counts the listings that are not known to be sold and are not on the market, and their dealers.
pub(super) fn left_out(
    conn: &mut DbConnection,
    filter: &MarketViewFilter,
    (now, _, tracking): Context<'_>,
) -> DbResult<LeftOut> {
    let mut bounds = Bounds::default();
    let since = || Bound::Time(Instant(tracking.on_the_market_since(now)));
    let [succeeded_since, unseen_since, seen_since] = [(); 3].map(|()| bounds.place(since()));
    let conditions = conditions(filter, Lines::All, &mut bounds);
    let (is_there, is_unseen) = (is_there(conn, &seen_since), is_unseen("listing"));
    let is_watched = is_watched(conn, "listing", &unseen_since);
    // SQLite keeps the order of a cross join; joined otherwise, it looks up the listings dealer by dealer, eight times slower.
    let sql = format!(
        "SELECT count(*) AS listings, count(DISTINCT dealer.id) AS competitors,
                count(DISTINCT CASE WHEN dealer.active = false THEN dealer.id END) AS paused,
                count(DISTINCT CASE WHEN dealer.active = false OR dealer.last_successful_scrape_at >= {succeeded_since} THEN NULL
                                    ELSE dealer.id END) AS failing,
                count(CASE WHEN {is_watched} AND {is_unseen} THEN 1 END) AS unseen
         FROM competitor_inventory AS listing CROSS JOIN competitors AS dealer
         WHERE dealer.id = listing.competitor_id AND {ON_SALE} AND NOT {is_there} {conditions}"
    );
    let found: Option<LeftOutRow> = load!(conn, sql, bounds).pop();
    Ok(found.map(LeftOutRow::into_left_out).unwrap_or_default())
}

/// The filter's conditions on a listing, each as `AND ...`.
fn conditions(filter: &MarketViewFilter, lines: Lines, bounds: &mut Bounds) -> String {
    let mut sql = String::new();
    if lines != Lines::All {
        sql.push_str(" AND make IS NOT NULL AND model IS NOT NULL");
    }
    if !filter.competitors.is_empty() {
        let places = bounds.places(filter.competitors.iter().copied().map(Bound::Competitor));
        sql.push_str(&format!(" AND competitor_id IN ({places})"));
    }
    for (column, asked) in [("make", &filter.make), ("model", &filter.model)] {
        if let Some(name) = asked {
            let places = bounds.places(lowered(name).map(Bound::Text));
            sql.push_str(&format!(" AND lower({column}) IN ({places})"));
        }
    }
    for (comparison, asked) in [(">=", filter.year_min), ("<=", filter.year_max)] {
        if let Some(year) = asked {
            let place = bounds.place(Bound::Number(year));
            sql.push_str(&format!(" AND year {comparison} {place}"));
        }
    }
    sql
}
