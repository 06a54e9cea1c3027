//! The market over all competitors, and the cars that undercut ours, counted and ranked by the database.
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
    watched::is_watched,
};
use crate::{
    competitors::{
        LeftOut, MarketGroup, MarketView, MarketViewFilter, MarketViewRules, ModelFigures, TrackingRules, Undercut,
        UndercutFilter, market_view::mean_days, metrics::average,
    },
    db::{
        DbConnection, DbResult,
        functions::lowered,
        held::{HeldText, MayBeNull as _},
        on_each,
        schema::inventory,
        types::{DbId, DbInstant, DbMoney},
    },
    extract::{OdometerStatus, TitleBrand},
    ids::{CompetitorId, ListingId, VehicleId},
    money::Money,
    page::{Page, PageRequest},
};

/// A value for a place in a statement.
#[derive(Clone, Debug)]
enum Bound {
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
struct Bounds(Vec<Bound>);

impl Bounds {
    /// The place of a value: `$7`.
    fn place(&mut self, value: Bound) -> String {
        self.0.push(value);
        format!("${}", self.0.len())
    }

    fn places(&mut self, values: impl IntoIterator<Item = Bound>) -> String {
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

rows!(LeftOutRow => LeftOut {
    listings: i64 as BigInt,
    competitors: i64 as BigInt,
    paused: i64 as BigInt,
    failing: i64 as BigInt,
});

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
const ON_SALE: &str = "(listing.is_sold = false OR listing.is_sold IS NULL)";

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
type Context<'a> = (DateTime<Utc>, &'a MarketViewRules, &'a TrackingRules);

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
    let middles = middles(&grouping);
    let Grouping { of_line, group, with_line, having, .. } = grouping;
    let sql = format!(
        "WITH {lot},
         line AS (
             SELECT {of_line} min(make) AS make, min(model) AS model,
                    count(DISTINCT competitor_id) AS competitors, coalesce(sum(here), 0) AS on_sale, count(price) AS priced,
                    min(price) AS lowest_price, max(price) AS highest_price, coalesce(sum(cut), 0) AS price_cuts,
                    coalesce(sum(sold), 0) AS sold
             FROM lot {group} {having} {beyond}
             ORDER BY sum(here) DESC, make_key, model_key, year_key
             LIMIT {most}
         ),
         {middles}
         SELECT * FROM line LEFT JOIN middle_price {with_line} LEFT JOIN middle_age {with_line}
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
        format!("{ON_SALE} AND {}{}", is_watched(conn, "listing", &seen_since), conditions(filter, lines, bounds))
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
pub(in crate::competitors) fn left_out(
    conn: &mut DbConnection,
    filter: &MarketViewFilter,
    (now, _, tracking): Context<'_>,
) -> DbResult<LeftOut> {
    let mut bounds = Bounds::default();
    let since = || Bound::Time(Instant(tracking.on_the_market_since(now)));
    let (succeeded_since, seen_since) = (bounds.place(since()), bounds.place(since()));
    let conditions = conditions(filter, Lines::All, &mut bounds);
    let is_watched = is_watched(conn, "listing", &seen_since);
    // SQLite keeps the order of a cross join; joined otherwise, it looks up the listings dealer by dealer, eight times slower.
    let sql = format!(
        "SELECT count(*) AS listings, count(DISTINCT dealer.id) AS competitors,
                count(DISTINCT CASE WHEN dealer.active = false THEN dealer.id END) AS paused,
                count(DISTINCT CASE WHEN dealer.active = false OR dealer.last_successful_scrape_at >= {succeeded_since} THEN NULL
                                    ELSE dealer.id END) AS failing
         FROM competitor_inventory AS listing CROSS JOIN competitors AS dealer
         WHERE dealer.id = listing.competitor_id AND {ON_SALE} AND NOT {is_watched} {conditions}"
    );
    let found: Option<LeftOutRow> = load!(conn, sql, bounds).pop();
    Ok(found.map(LeftOut::from).unwrap_or_default())
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

rows!(UndercutRow {
    vehicle_id: VehicleId as DbId,
    stock_number: Option<HeldText> as Nullable<Text>,
    year: i32 as Integer,
    make: HeldText as Text,
    model: HeldText as Text,
    trim: Option<HeldText> as Nullable<Text>,
    our_price: Money as DbMoney,
    our_mileage: i32 as Integer,
    listing_id: ListingId as DbId,
    competitor_id: CompetitorId as DbId,
    competitor: HeldText as Text,
    their_trim: Option<HeldText> as Nullable<Text>,
    their_price: Money as DbMoney,
    their_mileage: i32 as Integer,
    url: Option<HeldText> as Nullable<Text>,
    difference: Money as DbMoney,
});

impl From<UndercutRow> for Undercut {
    fn from(row: UndercutRow) -> Self {
        Self {
            vehicle_id: row.vehicle_id,
            stock_number: row.stock_number.text(),
            year: row.year,
            make: row.make.text(),
            model: row.model.text(),
            trim: row.trim.text(),
            our_price: row.our_price,
            our_mileage: row.our_mileage,
            listing_id: row.listing_id,
            competitor_id: row.competitor_id,
            competitor: row.competitor.text(),
            their_trim: row.their_trim.text(),
            their_price: row.their_price,
            their_mileage: row.their_mileage,
            url: row.url.text(),
            difference: row.difference,
        }
    }
}

/// The SQL condition that nothing is known against the title of a listing, or that ours is branded, too; as `AND ...`.
fn titles_agree(branded: &[VehicleId], bounds: &mut Bounds) -> String {
    let quoted = |words: Vec<&str>| words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
    let brands = TitleBrand::ALL.into_iter().filter(|brand| brand.is_brand()).map(TitleBrand::as_str).collect();
    let wrong =
        OdometerStatus::ALL.into_iter().filter(|status| status.is_wrong()).map(OdometerStatus::as_str).collect();
    let mut sql = format!(
        " AND ((coalesce(listing.title_brand, '') NOT IN ({}) AND coalesce(listing.odometer_status, '') NOT IN ({}))",
        quoted(brands),
        quoted(wrong)
    );
    if !branded.is_empty() {
        let places = bounds.places(branded.iter().copied().map(Bound::Vehicle));
        sql.push_str(&format!(" OR vehicle.id IN ({places})"));
    }
    sql + ")"
}

/// Our unsold vehicles whose title is branded; few are.
fn branded_vehicles(conn: &mut DbConnection) -> DbResult<Vec<VehicleId>> {
    use inventory::dsl;
    let titles: Vec<(VehicleId, Option<HeldText>)> = dsl::inventory
        .filter(dsl::title_status.is_not_null())
        .filter(dsl::status.is_null().or(dsl::status.ne("sold")))
        .select((dsl::id, dsl::title_status))
        .load(conn)?;
    let is_branded =
        |title: &Option<HeldText>| title.as_deref().and_then(TitleBrand::of_status).is_some_and(TitleBrand::is_brand);
    Ok(titles.into_iter().filter(|(_, title)| is_branded(title)).map(|(id, _)| id).collect())
}

/// A page of the competitors' cars like ours for less, the largest difference first. Each of our unsold vehicles is compared by
/// the index on year, make and model; each page compares them all.
pub(in crate::competitors) fn undercuts(
    conn: &mut DbConnection,
    filter: &UndercutFilter,
    request: &PageRequest,
    (now, rules, tracking): Context<'_>,
) -> DbResult<Page<Undercut>> {
    const ORDER: &str = "-difference";
    let request = &request.where_ranked();
    let position: Option<(i64, ListingId, VehicleId)> = request.position(ORDER)?;
    let mut bounds = Bounds::default();
    let seen_since = bounds.place(Bound::Time(Instant(tracking.on_the_market_since(now))));
    let lowest = bounds.place(Bound::Price(rules.lowest_price));
    let fewer = bounds.place(Bound::Number(rules.undercut_mileage));
    let more = bounds.place(Bound::Number(rules.undercut_mileage));
    let mut more_conditions = titles_agree(&branded_vehicles(conn)?, &mut bounds);
    if let Some(vehicle) = filter.vehicle {
        more_conditions.push_str(&format!(" AND vehicle.id = {}", bounds.place(Bound::Vehicle(vehicle))));
    }
    if !filter.competitors.is_empty() {
        let places = bounds.places(filter.competitors.iter().copied().map(Bound::Competitor));
        more_conditions.push_str(&format!(" AND listing.competitor_id IN ({places})"));
    }
    if let Some(least) = filter.difference_min {
        let least = bounds.place(Bound::Price(least));
        more_conditions.push_str(&format!(" AND vehicle.price - listing.price >= {least}"));
    }
    if let Some((cents, listing, vehicle)) = position {
        let values = [Bound::Price(Money::from_cents(cents)), Bound::Listing(listing), Bound::Vehicle(vehicle)];
        let places = bounds.places(values);
        more_conditions.push_str(&format!(" AND (vehicle.price - listing.price, listing.id, vehicle.id) < ({places})"));
    }
    let most = bounds.place(Bound::Count(request.rows_to_read()));
    let is_watched = is_watched(conn, "listing", &seen_since);
    let sql = format!(
        "SELECT vehicle.id AS vehicle_id, vehicle.stock_number, vehicle.year, vehicle.make, vehicle.model, vehicle.trim,
                vehicle.price AS our_price, vehicle.mileage AS our_mileage, listing.id AS listing_id, listing.competitor_id,
                competitors.name AS competitor, listing.trim AS their_trim, listing.price AS their_price,
                listing.mileage AS their_mileage, listing.url, vehicle.price - listing.price AS difference
         FROM inventory AS vehicle
         JOIN competitor_inventory AS listing ON listing.year = vehicle.year
             AND lower(listing.make) = lower(vehicle.make) AND lower(listing.model) = lower(vehicle.model)
         JOIN competitors ON competitors.id = listing.competitor_id
         WHERE (vehicle.status <> 'sold' OR vehicle.status IS NULL)
           AND {ON_SALE} AND {is_watched}
           AND listing.price >= {lowest} AND listing.price < vehicle.price
           AND listing.mileage BETWEEN vehicle.mileage - {fewer} AND vehicle.mileage + {more}
           AND (listing.trim IS NULL OR vehicle.trim IS NULL OR lower(listing.trim) = lower(vehicle.trim))
           AND (listing.vin IS NULL OR listing.vin <> vehicle.vin) {more_conditions}
         ORDER BY vehicle.price - listing.price DESC, listing.id DESC, vehicle.id DESC
         LIMIT {most}"
    );
    let rows: Vec<UndercutRow> = load!(conn, sql, bounds);
    let key = |row: &UndercutRow| (row.difference.cents(), row.listing_id, row.vehicle_id);
    Ok(Page::cut(rows, request, ORDER, key)?.map(Undercut::from))
}
