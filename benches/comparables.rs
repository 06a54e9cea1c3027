//! The search for comparables of 1,000 vehicles among 100,000 listings beside SQL written by hand for exactly that, and the
//! analysis of all of them.
//!
//! The hand-written side knows how each model is spelled and makes one query a vehicle; the library compares names without
//! regard to spelling. Both turn what they find into the same number of values. The two take turns, so that what else the
//! machine does befalls both. PostgreSQL is measured where `JPAUTO_TEST_POSTGRES` names a server (`tests/with-postgres`).

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise and says what it did"
)]

use std::{
    fmt::Write as _,
    hint::black_box,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use diesel::{
    Connection, RunQueryDsl as _,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use jpauto::{Actor, Clock, Config, Dealership, Desk, Money, NewVehicle, market::Subject};

const VEHICLES: usize = 1_000;
const LISTINGS: usize = 100_000;
const ROUNDS: usize = 5;
const NOW: &str = "2026-03-01T12:00:00Z";

/// A make, a model and a year for a number: 20 makes of 8 models over 12 years.
fn car(number: usize) -> (String, String, i32) {
    let year = 2010 + i32::try_from(number % 12).expect("a small number");
    (format!("Make {}", number / 12 % 20), format!("Model {}", number / 240 % 8), year)
}

fn vehicle(number: usize) -> NewVehicle {
    let (make, model, year) = car(number * 7);
    NewVehicle {
        year,
        make,
        model,
        vin: format!("2T1BURHE0JC{number:06}"),
        price: Money::from_dollars(13_000),
        mileage: 60_000,
        ..NewVehicle::default()
    }
}

/// A row as the hand-written query reads it: all that a comparable is made of.
#[derive(diesel::QueryableByName)]
#[expect(dead_code, reason = "reading them is the work")]
struct Found {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    vin: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    url: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    year: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    make: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    model: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    trim: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    cents: Option<i64>,
    #[diesel(sql_type = Nullable<Integer>)]
    mileage: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    first_seen_at: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    last_seen_at: Option<String>,
    #[diesel(sql_type = Nullable<Bool>)]
    is_sold: Option<bool>,
    #[diesel(sql_type = Nullable<Text>)]
    sold_at: Option<String>,
    #[diesel(sql_type = Text)]
    dealer: String,
}

/// How a database writes what differs between the two.
struct Dialect {
    id: &'static str,
    cents: &'static str,
    time: fn(&str) -> String,
}

const SQLITE: Dialect = Dialect { id: "hex(c.id)", cents: "c.price", time: str::to_owned };
#[cfg(feature = "postgres")]
const POSTGRES: Dialect = Dialect {
    id: "c.id::text",
    cents: "(c.price * 100)::bigint",
    time: |column| format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"),
};

fn query(subject: &Subject, dialect: &Dialect) -> String {
    let Dialect { id, cents, time } = dialect;
    let (year, miles) = (subject.year, subject.mileage.unwrap_or(0));
    let (make, model) = (subject.make.to_lowercase(), subject.model.to_lowercase());
    let times =
        ["first_seen_at", "last_seen_at", "sold_at"].map(|name| format!("{} AS {name}", time(&format!("c.{name}"))));
    let mut sql =
        format!("SELECT {id} AS id, c.vin, c.url, c.year, c.make, c.model, c.trim, {cents} AS cents, c.mileage, ");
    write!(
        sql,
        "{}, c.is_sold, d.name AS dealer FROM competitor_inventory c JOIN competitors d ON d.id = c.competitor_id ",
        times.join(", ")
    )
    .expect("text");
    write!(
        sql,
        "WHERE c.year IN ({}, {year}, {}) AND lower(c.make) = '{make}' AND lower(c.model) = '{model}'
         AND (c.is_sold IS NULL OR c.is_sold = false OR c.sold_at >= '2026-01-15T12:00:00.000000Z')
         AND (c.mileage IS NULL OR c.mileage < 0 OR c.mileage BETWEEN {} AND {})",
        year - 1,
        year + 1,
        miles - 50_000,
        miles + 50_000
    )
    .expect("text");
    sql
}

fn by_hand<C: Connection>(conn: &mut C, subjects: &[Subject], dialect: &Dialect) -> usize
where
    for<'q> diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'q, C, Found>,
{
    let mut found = 0;
    for subject in subjects {
        let rows: Vec<Found> = sql_query(query(subject, dialect)).load(conn).expect("comparables");
        found += black_box(rows).len();
    }
    found
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn measure(name: &str, desk: &Desk, subjects: &[Subject], mut by_hand: impl FnMut() -> usize) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let expected = by_hand();
        theirs.push(started.elapsed());
        let started = Instant::now();
        let found: usize =
            black_box(desk.market().candidates(subjects).expect("candidates")).iter().map(Vec::len).sum();
        ours.push(started.elapsed());
        assert_eq!(found, expected, "both find the same");
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "{name}: comparables of {VEHICLES} vehicles among {LISTINGS} listings in {ours:.0?}, by hand {theirs:.0?}: {:.2} times",
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
    let started = Instant::now();
    let report = desk.market().analyze_all(&mut |_| ControlFlow::Continue(())).expect("a report");
    assert_eq!((report.analyzed, report.insufficient), (VEHICLES, 0), "the listings are found");
    println!("{name}: {VEHICLES} vehicles analysed and written in {:.1?}", started.elapsed());
    let started = Instant::now();
    let one = desk.market().price(&subjects[0]).expect("an analysis");
    println!("{name}: one car of {} comparables priced in {:.1?}", one.sample_size, started.elapsed());
}

fn desk(url: &str) -> (Desk, Vec<Subject>) {
    let now: DateTime<Utc> = NOW.parse().expect("a time");
    let dealership = Dealership::with_config(Config::new(url).clock(Clock::fixed(now))).expect("a database");
    dealership.migrate().expect("the schema");
    let desk = dealership.acting_as(Actor::system());
    let subjects =
        (0..VEHICLES).map(|number| Subject::from(&desk.inventory().add(&vehicle(number)).expect("a vehicle")));
    let subjects = subjects.collect();
    (desk, subjects)
}

/// The listings as one statement, written with the functions of either database.
fn listings(id: fn(&str) -> String, numbers: &str, money: &str, time: &str, vin: &str) -> String {
    format!(
        "INSERT INTO competitors (id, name, inventory_url)
             SELECT {}, 'Dealer ' || n, 'https://dealer.example/' || n FROM {numbers} WHERE n <= 50;
         INSERT INTO competitor_inventory
             (id, competitor_id, vin, year, make, model, trim, price, mileage, url, first_seen_at, last_seen_at, is_sold, sold_at)
             SELECT {}, {}, {vin}, 2010 + n % 12, 'Make ' || (n / 12 % 20), 'Model ' || (n / 240 % 8), 'SE',
                    (10000 + n * 7919 % 6000){money}, 20000 + n * 104729 % 90000, 'https://dealer.example/car/' || n,
                    {time}'2026-02-01T00:00:00.000000Z', {time}'2026-03-01T00:00:00.000000Z', n % 4 = 0,
                    CASE WHEN n % 4 = 0 THEN {time}'2026-02-20T00:00:00.000000Z' END FROM {numbers};
         ANALYZE;",
        id("n"),
        id("n"),
        id("(n % 50 + 1)")
    )
}

fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lot.db").display().to_string();
    let (desk, subjects) = desk(&format!("sqlite:{path}"));
    let mut conn = diesel::SqliteConnection::establish(&path).expect("the same database");
    let numbers = format!(
        "CREATE TEMP TABLE numbers AS WITH RECURSIVE counted (n) AS
             (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {LISTINGS}) SELECT n FROM counted;"
    );
    let id = |n: &str| format!("unhex(printf('%032x', {n}))");
    let sql = listings(id, "numbers", " * 100", "", "printf('1M8GDM9A%09d', n)");
    conn.batch_execute(&format!("{numbers} {sql}")).expect("the listings");
    measure("SQLite", &desk, &subjects, || by_hand(&mut conn, &subjects, &SQLITE));
}

#[cfg(feature = "postgres")]
fn on_postgres() {
    let Ok(server) = std::env::var("JPAUTO_TEST_POSTGRES") else {
        println!("PostgreSQL: skipped, JPAUTO_TEST_POSTGRES names no server");
        return;
    };
    let schema = format!("comparables_{}", std::process::id());
    let mut admin = diesel::PgConnection::establish(&server).expect("the server");
    admin.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema");
    let url = format!("{server}?options=--search_path%3D{schema}");
    {
        let (desk, subjects) = desk(&url);
        let mut conn = diesel::PgConnection::establish(&url).expect("the same database");
        let id = |n: &str| format!("lpad(to_hex({n}), 32, '0')::uuid");
        let numbers = format!("generate_series(1::bigint, {LISTINGS}) n");
        let vin = "'1M8GDM9A' || lpad(n::text, 9, '0')";
        conn.batch_execute(&listings(id, &numbers, "", "timestamptz ", vin)).expect("the listings");
        measure("PostgreSQL", &desk, &subjects, || by_hand(&mut conn, &subjects, &POSTGRES));
    }
    admin.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).expect("the schema is gone");
}

fn main() {
    on_sqlite();
    #[cfg(feature = "postgres")]
    on_postgres();
}
