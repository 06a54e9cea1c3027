//! Lists read to their end, beside one SQL statement written by hand for exactly that: 100,000 listings on sale, 10,000 sold,
//! 2,000 vehicles of ours.
//!
//! The hand-written side reads the same rows in the same order as one text each: it builds nothing, checks nobody's permission
//! and knows no pages. Beside it stands what a page of 50 costs, the first one and the last: where an index keeps the order,
//! both cost the same. PostgreSQL is measured where `JPAUTO_TEST_POSTGRES` names a server (`tests/with-postgres`).

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise and says what it did"
)]

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::{Connection, RunQueryDsl as _, connection::SimpleConnection, sql_query, sql_types::Text};
use jpauto::{
    ActivityFilter, Actor, Clock, CompetitorId, Config, Dealership, Desk, ListingId, Money, NewVehicle, Page,
    PageRequest,
    competitors::{ListingFilter, ListingSort, MarketGroup, MarketViewFilter, UndercutFilter},
};

const VEHICLES: usize = 2_000;
const ON_SALE: usize = 100_000;
const SOLD: usize = 10_000;
const ROUNDS: usize = 3;
const NOW: &str = "2026-03-01T12:00:00Z";

/// How a database writes what differs between the two.
struct Dialect {
    name: &'static str,
    id: fn(&str) -> String,
    /// An id as text, so that all of a row can be one.
    id_text: fn(&str) -> String,
    numbers: &'static str,
    money: &'static str,
    time: &'static str,
    /// `n` minutes before the first of March.
    minutes_ago: fn(&str) -> String,
    whole_days: &'static str,
}

const SQLITE: Dialect = Dialect {
    name: "SQLite",
    id: |n| format!("unhex(printf('%032x', {n}))"),
    id_text: |id| format!("hex({id})"),
    numbers: "(WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 110000) SELECT n FROM counted)",
    money: " * 100",
    time: "",
    minutes_ago: |n| format!("strftime('%Y-%m-%dT%H:%M:%S.000000Z', '2026-03-01', '-' || ({n}) || ' minutes')"),
    whole_days: "(1772366400 - unixepoch(substr(first_seen_at, 1, 19))) / 86400",
};
#[cfg(feature = "postgres")]
const POSTGRES: Dialect = Dialect {
    name: "PostgreSQL",
    id: |n| format!("lpad(to_hex({n}), 32, '0')::uuid"),
    id_text: str::to_owned,
    numbers: "generate_series(1::bigint, 110000) AS numbers (n)",
    money: "",
    time: "timestamptz ",
    minutes_ago: |n| format!("timestamptz '2026-03-01Z' - ({n}) * interval '1 minute'"),
    whole_days: "(1772366400 - floor(extract(epoch FROM first_seen_at))::bigint) / 86400",
};

/// What recording keeps beside the listings.
const AS_RECORDED: [&str; 2] = [
    include_str!("../migrations/sqlite/2026-11-29-000161_stored_transfers/up.sql"),
    include_str!("../migrations/postgres/2026-11-29-000161_stored_transfers/up.sql"),
];

/// Fifty dealers; 20 makes of 8 models over 12 years; one listing in ten became cheaper this week; a dealer's figures of a
/// thousand days, and a listing's thousand prices.
fn rows(dialect: &Dialect) -> String {
    let Dialect { id, numbers, money, time, minutes_ago, .. } = dialect;
    let (id_n, dealer, first, one) = (id("n"), id("(n % 50 + 1)"), minutes_ago("n % 80000"), id("1"));
    let (cut, minute) = (minutes_ago("n % 9000"), minutes_ago("n"));
    format!(
        "INSERT INTO competitors (id, name, inventory_url)
             SELECT {id_n}, 'Dealer ' || n, 'https://dealer.example/' || n FROM {numbers} WHERE n <= 50;
         INSERT INTO competitor_inventory
             (id, competitor_id, external_id, vin, stock_number, year, make, model, trim, price, mileage, url, image_url,
              first_seen_at, last_seen_at, is_sold, sold_at, days_on_market, highest_price, previous_price, price_changed_at)
             SELECT {id_n}, {dealer}, 'listing-' || n, '1M8GDM9A' || (100000000 + n), 'S' || n, 2010 + n % 12,
                    'Make ' || (n / 12 % 20), 'Model ' || (n / 240 % 8), CASE n % 3 WHEN 0 THEN 'SE' WHEN 1 THEN 'LE' END,
                    (10000 + n * 7919 % 6000){money}, 20000 + n * 104729 % 90000, 'https://dealer.example/car/' || n,
                    'https://dealer.example/image/' || n, {first}, {time}'2026-03-01T00:00:00.000000Z', n > {ON_SALE},
                    CASE WHEN n > {ON_SALE} THEN {time}'2026-02-20T00:00:00.000000Z' END,
                    CASE WHEN n > {ON_SALE} THEN n % 60 END, (10000 + n * 7919 % 6000 + 100 + n * 31 % 1900){money},
                    CASE WHEN n % 10 = 0 THEN (10000 + n * 7919 % 6000 + 100 + n * 31 % 1900){money} END, CASE WHEN n % 10 = 0 THEN {cut} END
             FROM {numbers};
         INSERT INTO competitor_metrics (id, competitor_id, total_inventory, calculated_at)
             SELECT {id_n}, {one}, n, {minute} FROM {numbers} WHERE n <= 1000;
         INSERT INTO competitor_price_history (id, competitor_inventory_id, price, recorded_at)
             SELECT {id_n}, {one}, (10000 + n){money}, {minute} FROM {numbers} WHERE n <= 1000;
         INSERT INTO competitor_price_history (id, competitor_inventory_id, price, recorded_at)
             SELECT {}, {id_n}, (10000 + n * 7919 % 6000 + 100 + n * 31 % 1900){money}, {first} FROM {numbers} WHERE n % 10 = 0;
         INSERT INTO activity_logs (id, action, resource_type, resource_id, created_at)
             SELECT {id_n}, 'update', 'competitors', {dealer}, {first} FROM {numbers};
         ANALYZE;",
        id("(n + 1000000)")
    )
}

fn vehicle(number: usize) -> NewVehicle {
    let car = number * 7;
    NewVehicle {
        year: 2010 + i32::try_from(car % 12).expect("a small number"),
        make: format!("Make {}", car / 12 % 20),
        model: format!("Model {}", car / 240 % 8),
        vin: format!("2T1BURHE0JC{number:06}"),
        price: Money::from_dollars(13_000),
        mileage: 60_000,
        ..NewVehicle::default()
    }
}

/// Reads a page: how many rows it holds, and the next cursor.
type ReadPage<'a> = dyn Fn(&PageRequest) -> (usize, Option<String>) + 'a;

/// A list: how a page of it is read, and the statement by hand.
struct List<'a> {
    name: &'static str,
    page: Box<ReadPage<'a>>,
    by_hand: String,
}

fn told<T>(page: jpauto::Result<Page<T>>) -> (usize, Option<String>) {
    let page = page.expect("a page");
    (page.items.len(), page.next)
}

fn lists<'a>(desk: &'a Desk, dialect: &Dialect) -> Vec<List<'a>> {
    let text = dialect.id_text;
    let listings = |name, sort, sold, days, by_hand: &str| {
        let filter = ListingFilter { sort, sold, price_drop_within_days: days, ..ListingFilter::default() };
        let columns = [
            "external_id, vin, stock_number, year, make, model, trim, price, mileage, url, image_url, first_seen_at",
            "last_seen_at, is_sold, sold_at, days_on_market, lowest_price, highest_price, previous_price, price_changed_at",
        ];
        let key = format!("{}, {}", text("id"), text("competitor_id"));
        let by_hand =
            format!("SELECT concat_ws('|', {key}, {}) AS text FROM competitor_inventory {by_hand}", columns.join(", "));
        List { name, page: Box::new(move |page| told(desk.competitors().listings(&filter, page))), by_hand }
    };
    let market = |name, group, year: &str| {
        let filter = MarketViewFilter { group, ..MarketViewFilter::default() };
        let line = format!("lower(make), lower(model){year}");
        let middle = |value: &str, least: &str| {
            format!(
                "SELECT make, model{year}, min({value}) AS lower_{value}, max({value}) AS upper_{value} FROM (
                     SELECT lower(make) AS make, lower(model) AS model{year}, {value},
                            row_number() OVER (PARTITION BY {line} ORDER BY {value}) AS place,
                            count(*) OVER (PARTITION BY {line}) AS most
                     FROM competitor_inventory WHERE is_sold = false AND {value} IS NOT NULL {least}) AS placed
                 WHERE 2 * place BETWEEN most AND most + 2 GROUP BY make, model{year}"
            )
        };
        let by_hand = format!(
            "WITH price AS ({}), age AS ({}), line AS (
                 SELECT lower(make) AS make, lower(model) AS model{year}, min(make) AS shown, count(DISTINCT competitor_id) AS dealers,
                        count(CASE WHEN is_sold = false THEN 1 END) AS on_sale, min(price) AS least, max(price) AS most,
                        count(CASE WHEN is_sold = false AND price_changed_at >= {time}'2026-02-22T12:00:00.000000Z' AND price < previous_price THEN 1 END) AS cuts,
                        count(CASE WHEN is_sold AND NOT EXISTS (SELECT 1 FROM competitor_inventory AS later WHERE later.vin = listing.vin
                            AND later.competitor_id <> listing.competitor_id AND later.last_seen_at > listing.last_seen_at) THEN 1 END) AS sold
                 FROM competitor_inventory AS listing
                 WHERE is_sold = false OR sold_at >= {time}'2026-01-30T12:00:00.000000Z' GROUP BY {line})
             SELECT concat_ws('|', make, model{year}, shown, dealers, on_sale, least, most, cuts, sold, lower_price, upper_price,
                              lower_first_seen_at, upper_first_seen_at) AS text
             FROM line JOIN price USING (make, model{year}) JOIN age USING (make, model{year}) ORDER BY on_sale DESC, make, model{year}",
            middle("price", ""),
            middle("first_seen_at", ""),
            time = dialect.time,
        );
        let page =
            move |page: &PageRequest| told(desk.competitors().market_view(&filter, page).map(|view| view.models));
        List { name, page: Box::new(page), by_hand }
    };
    let (dealer, listing) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(1));
    let one = (dialect.id)("1");
    let days = format!("CASE WHEN is_sold THEN days_on_market ELSE {} END", dialect.whole_days);
    vec![
        listings("listings, newest first", ListingSort::FirstSeenAtDescending, None, None, "ORDER BY first_seen_at DESC, id DESC"),
        listings("listings on sale, by price", ListingSort::Price, Some(false), None, "WHERE is_sold = false ORDER BY price, id"),
        listings("listings, by days on market", ListingSort::DaysOnMarketDescending, None, None, &format!("ORDER BY {days} DESC, is_sold, first_seen_at, id")),
        listings("sold ones, by days on market", ListingSort::DaysOnMarket, Some(true), None, "WHERE is_sold ORDER BY days_on_market, id"),
        listings("listings, by price drop", ListingSort::PriceDropDescending, None, None, "ORDER BY highest_price - price DESC, id DESC"),
        listings(
            "price cuts of this week",
            ListingSort::PriceDropDescending,
            Some(false),
            Some(7),
            &format!(
                "WHERE is_sold = false AND price_changed_at >= {}'2026-02-22T12:00:00.000000Z' AND EXISTS (
                     SELECT 1 FROM competitor_price_history AS earlier
                     WHERE earlier.competitor_inventory_id = competitor_inventory.id AND earlier.price > competitor_inventory.price)
                 ORDER BY highest_price - price DESC, id DESC",
                dialect.time
            ),
        ),
        List {
            name: "what undercuts us",
            page: Box::new(|page| told(desk.competitors().undercuts(&UndercutFilter::default(), page))),
            by_hand: format!(
                "SELECT concat_ws('|', {}, ours.stock_number, ours.year, ours.make, ours.model, ours.trim, ours.price, ours.mileage, {},
                        {}, dealer.name, theirs.trim, theirs.price, theirs.mileage, theirs.url) AS text
                 FROM inventory AS ours
                 JOIN competitor_inventory AS theirs ON theirs.year = ours.year AND lower(theirs.make) = lower(ours.make)
                     AND lower(theirs.model) = lower(ours.model)
                 JOIN competitors AS dealer ON dealer.id = theirs.competitor_id
                 WHERE ours.status <> 'sold' AND theirs.is_sold = false AND theirs.price > 0 AND theirs.price < ours.price
                   AND theirs.mileage BETWEEN ours.mileage - 10000 AND ours.mileage + 10000
                   AND (ours.trim IS NULL OR theirs.trim IS NULL OR lower(ours.trim) = lower(theirs.trim))
                   AND theirs.vin <> ours.vin
                 ORDER BY ours.price - theirs.price DESC, theirs.id DESC, ours.id DESC",
                text("ours.id"),
                text("theirs.id"),
                text("theirs.competitor_id")
            ),
        },
        market("the market by model", MarketGroup::Model, ""),
        market("the market by model year", MarketGroup::ModelYear, ", year"),
        List {
            name: "who did what",
            page: Box::new(|page| told(desk.activity().list(&ActivityFilter::default(), page))),
            by_hand: format!(
                "SELECT concat_ws('|', {}, action, resource_type, {}, created_at) AS text
                 FROM activity_logs ORDER BY created_at DESC, id DESC",
                text("id"),
                text("resource_id")
            ),
        },
        List {
            name: "a dealer's figures",
            page: Box::new(move |page| told(desk.competitors().metrics(CompetitorId::from_uuid(dealer), page))),
            by_hand: format!(
                "SELECT concat_ws('|', {}, total_inventory, avg_price, avg_days_on_market, vehicles_sold_30d, calculated_at) AS text
                 FROM competitor_metrics WHERE competitor_id = {one} ORDER BY calculated_at DESC, id DESC",
                text("id")
            ),
        },
        List {
            name: "a listing's prices",
            page: Box::new(move |page| told(desk.competitors().price_history(ListingId::from_uuid(listing), page))),
            by_hand: format!(
                "SELECT concat_ws('|', {}, price, min_price, mileage, recorded_at) AS text
                 FROM competitor_price_history WHERE competitor_inventory_id = {one} ORDER BY recorded_at DESC, id DESC",
                text("id")
            ),
        },
    ]
}

/// All pages, each as large as it may be: how many rows they hold.
fn to_the_end(list: &List<'_>, mut request: PageRequest) -> usize {
    let mut rows = 0;
    loop {
        let (read, next) = (list.page)(&request);
        rows += read;
        let Some(next) = next else { return rows };
        request = request.after(next);
    }
}

/// The cursor that leads to the last page of fifty or fewer, found by the largest pages there are.
fn to_the_last_fifty(list: &List<'_>) -> PageRequest {
    let (mut request, mut last) = (PageRequest::first(PageRequest::MAX_LIMIT), PageRequest::first(50));
    while let (_, Some(next)) = (list.page)(&request) {
        request = request.after(&next);
        last = last.after(next);
    }
    loop {
        let (_, Some(next)) = (list.page)(&last) else { return last };
        last = last.after(next);
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let done = work();
    (done, started.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[derive(diesel::QueryableByName)]
struct ByHand {
    #[diesel(sql_type = Text)]
    text: String,
}

fn measure<C: Connection>(desk: &Desk, dialect: &Dialect, conn: &mut C)
where
    for<'q> diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'q, C, ByHand>,
{
    println!(
        "\n{:<28} {:>7} {:>10} {:>10} {:>6}  {:>10} {:>10}",
        dialect.name, "rows", "to the end", "by hand", "times", "first 50", "last 50"
    );
    for list in lists(desk, dialect) {
        let (mut ours, mut theirs, mut first, mut last) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut rows = 0;
        let last_page = to_the_last_fifty(&list);
        for _ in 0..ROUNDS {
            let (expected, took) = timed(|| {
                let read: Vec<ByHand> = sql_query(&list.by_hand).load(conn).expect("the rows");
                assert!(read.iter().all(|row| !row.text.is_empty()), "{}", list.name);
                read.len()
            });
            theirs.push(took);
            let (read, took) = timed(|| to_the_end(&list, PageRequest::largest()));
            ours.push(took);
            assert_eq!(read, expected, "{}: both read the same", list.name);
            rows = read;
            first.push(timed(|| (list.page)(&PageRequest::first(50))).1);
            last.push(timed(|| (list.page)(&last_page)).1);
        }
        let [ours, theirs, first, last] = [ours, theirs, first, last].map(median);
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        println!(
            "{:<28} {rows:>7} {ours:>10.1?} {theirs:>10.1?} {ratio:>6.2}  {first:>10.1?} {last:>10.1?}",
            list.name
        );
    }
}

fn desk(url: &str) -> Desk {
    let now: DateTime<Utc> = NOW.parse().expect("a time");
    let dealership = Dealership::with_config(Config::new(url).clock(Clock::fixed(now))).expect("a database");
    dealership.migrate().expect("the schema");
    let desk = dealership.acting_as(Actor::system());
    for number in 0..VEHICLES {
        desk.inventory().add(&vehicle(number)).expect("a vehicle");
    }
    desk
}

fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lot.db").display().to_string();
    let desk = desk(&format!("sqlite:{path}"));
    let mut conn = diesel::SqliteConnection::establish(&path).expect("the same database");
    conn.batch_execute(&(rows(&SQLITE) + AS_RECORDED[0])).expect("the rows");
    measure(&desk, &SQLITE, &mut conn);
}

#[cfg(feature = "postgres")]
fn on_postgres() {
    let Ok(server) = std::env::var("JPAUTO_TEST_POSTGRES") else {
        println!("PostgreSQL: skipped, JPAUTO_TEST_POSTGRES names no server");
        return;
    };
    let schema = format!("reading_{}", std::process::id());
    let mut admin = diesel::PgConnection::establish(&server).expect("the server");
    admin.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema");
    let url = format!("{server}?options=--search_path%3D{schema}");
    {
        let desk = desk(&url);
        let mut conn = diesel::PgConnection::establish(&url).expect("the same database");
        conn.batch_execute(&(rows(&POSTGRES) + AS_RECORDED[1])).expect("the rows");
        measure(&desk, &POSTGRES, &mut conn);
    }
    admin.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).expect("the schema is gone");
}

fn main() {
    println!("{ON_SALE} listings on sale, {SOLD} sold, {VEHICLES} vehicles of ours");
    on_sqlite();
    #[cfg(feature = "postgres")]
    on_postgres();
}
