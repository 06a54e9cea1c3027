//! The search for comparables of 1,000 vehicles among 100,000 listings beside SQL written by hand for exactly that, and the
//! analysis of all of them.
//!
//! Both do the same work: they look up the spellings of a model, compare names without regard to punctuation, drop listings that
//! moved to another lot, and find the same comparables. The hand-written side makes one query a vehicle. The two alternate, so
//! that other load on the machine affects both. PostgreSQL is measured where `JPAUTO_TEST_POSTGRES` names a server
//! (`tests/with-postgres`).

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise and says what it did"
)]

use std::{
    collections::HashMap,
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
use jpauto::{
    Actor, Clock, Config, Dealership, Desk, Money, NewVehicle,
    market::{Comparable, Source, Subject},
};

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
    #[diesel(sql_type = Nullable<Text>)]
    created_at: Option<String>,
    #[diesel(sql_type = Text)]
    dealer: String,
}

impl Found {
    fn into_comparable(self, read: fn(&str) -> DateTime<Utc>) -> Option<Comparable> {
        let time = |text: Option<&String>| text.map(|text| read(text));
        let last_seen_at = time(self.last_seen_at.as_ref());
        let first_seen_at =
            time(self.first_seen_at.as_ref()).or_else(|| time(self.created_at.as_ref())).or(last_seen_at)?;
        Some(Comparable {
            source: Source::Competitor,
            vin: self.vin,
            external_id: Some(self.id),
            url: self.url,
            year: self.year?,
            make: self.make?,
            model: self.model?,
            trim: self.trim,
            price: self.cents.map(Money::from_cents),
            mileage: self.mileage,
            distance_miles: None,
            dealer: Some(self.dealer),
            first_seen_at,
            last_seen_at: last_seen_at.unwrap_or(first_seen_at),
            sold_at: time(self.sold_at.as_ref()).filter(|_| self.is_sold == Some(true)),
            branded: false,
            title_brand: None,
            condition: None,
            odometer_status: None,
            sale_status: None,
        })
    }
}

/// A make and a model as some listing spells them.
#[derive(diesel::QueryableByName)]
struct Spelled {
    #[diesel(sql_type = Text)]
    make: String,
    #[diesel(sql_type = Text)]
    model: String,
}

type Spellings = HashMap<(String, String), Vec<Spelled>>;

fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How a database writes what differs between the two.
struct Dialect {
    id: &'static str,
    cents: &'static str,
    time: fn(&str) -> String,
    read: fn(&str) -> DateTime<Utc>,
    moved_until: &'static str,
}

const SQLITE: Dialect = Dialect {
    id: "lower(hex(c.id))",
    cents: "c.price",
    time: str::to_owned,
    read: |text| text.parse().expect("a time"),
    moved_until: "strftime('%Y-%m-%dT%H:%M:%f', c.last_seen_at, '+45 days') || '999Z'",
};
#[cfg(feature = "postgres")]
const POSTGRES: Dialect = Dialect {
    id: "c.id::text",
    cents: "(c.price * 100)::bigint",
    time: |column| format!("(extract(epoch FROM {column}) * 1000000)::bigint::text"),
    read: |text| DateTime::from_timestamp_micros(text.parse().expect("a number")).expect("a time"),
    moved_until: "c.last_seen_at + interval '45 days'",
};

fn query(subject: &Subject, spellings: &[Spelled], dialect: &Dialect) -> String {
    let Dialect { id, cents, time, moved_until, .. } = dialect;
    let (year, miles) = (subject.year, subject.mileage.unwrap_or(0));
    let either = |name: fn(&Spelled) -> &str| {
        spellings.iter().map(|spelled| format!("'{}'", name(spelled))).collect::<Vec<_>>().join(", ")
    };
    let (makes, models) = (either(|spelled| &spelled.make), either(|spelled| &spelled.model));
    let times = ["first_seen_at", "last_seen_at", "sold_at", "created_at"]
        .map(|name| format!("{} AS {name}", time(&format!("c.{name}"))));
    format!(
        "SELECT {id} AS id, c.vin, c.url, c.year, c.make, c.model, c.trim, {cents} AS cents, c.mileage, {},
                c.is_sold, d.name AS dealer
         FROM competitor_inventory c JOIN competitors d ON d.id = c.competitor_id
         WHERE c.year IN ({}, {year}, {}) AND lower(c.make) IN ({makes}) AND lower(c.model) IN ({models})
           AND (c.is_sold IS NULL OR c.is_sold = false OR c.sold_at >= '2026-01-15T12:00:00.000000Z')
           AND (c.mileage IS NULL OR c.mileage < 0 OR c.mileage BETWEEN {} AND {})
           AND NOT (c.is_sold IS TRUE AND EXISTS (
               SELECT 1 FROM competitor_inventory e
               WHERE e.vin = c.vin AND e.competitor_id <> c.competitor_id
                 AND (e.last_seen_at, e.id) > (c.last_seen_at, c.id) AND e.first_seen_at <= {moved_until}))",
        times.join(", "),
        year - 1,
        year + 1,
        miles - 50_000,
        miles + 50_000
    )
}

fn by_hand<C: Connection>(conn: &mut C, subjects: &[Subject], dialect: &Dialect) -> Vec<Vec<Comparable>>
where
    for<'q> diesel::query_builder::SqlQuery:
        diesel::query_dsl::LoadQuery<'q, C, Found> + diesel::query_dsl::LoadQuery<'q, C, Spelled>,
{
    let sql = "SELECT DISTINCT lower(make) AS make, lower(model) AS model FROM competitor_inventory
               WHERE lower(make) IS NOT NULL AND lower(model) IS NOT NULL";
    let spelled: Vec<Spelled> = sql_query(sql).load(conn).expect("spellings");
    let mut spellings = Spellings::new();
    for spelled in spelled {
        spellings.entry((folded(&spelled.make), folded(&spelled.model))).or_default().push(spelled);
    }
    let found = |subject: &Subject| {
        let spellings = &spellings[&(folded(&subject.make), folded(&subject.model))];
        let rows: Vec<Found> = sql_query(query(subject, spellings, dialect)).load(conn).expect("comparables");
        rows.into_iter().filter_map(|row| row.into_comparable(dialect.read)).collect()
    };
    subjects.iter().map(found).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// What was found, without the order in which a database gave it and the way it writes an id.
fn keys(found: Vec<Vec<Comparable>>) -> Vec<Vec<Comparable>> {
    let settled = |mut found: Vec<Comparable>| {
        for one in &mut found {
            one.external_id = one.external_id.take().map(|id| id.replace('-', ""));
        }
        found.sort_by(|a, b| a.external_id.cmp(&b.external_id));
        found
    };
    found.into_iter().map(settled).collect()
}

fn measure(name: &str, desk: &Desk, subjects: &[Subject], mut by_hand: impl FnMut() -> Vec<Vec<Comparable>>) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let expected = by_hand();
        theirs.push(started.elapsed());
        let started = Instant::now();
        let found = black_box(desk.market().candidates(subjects).expect("candidates"));
        ours.push(started.elapsed());
        assert_eq!(keys(found), keys(expected), "both find the same");
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
    let mut times = Vec::new();
    let mut sample_size = 0;
    for subject in subjects.iter().take(21) {
        let started = Instant::now();
        sample_size = desk.market().price(subject).expect("an analysis").sample_size;
        times.push(started.elapsed());
    }
    println!("{name}: one car of {sample_size} comparables priced in {:.1?}", median(times));
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

/// What recording keeps beside the listings.
const AS_RECORDED: [&str; 2] = [
    include_str!("../migrations/sqlite/2026-11-29-000161_stored_transfers/up.sql"),
    include_str!("../migrations/postgres/2026-11-29-000161_stored_transfers/up.sql"),
];

/// The listings as one statement, written with the functions of either database. Models have two spellings, and of ten sold
/// cars one stands on another lot.
fn listings(id: fn(&str) -> String, numbers: &str, money: &str, time: &str, vin: &str) -> String {
    format!(
        "INSERT INTO competitors (id, name, inventory_url)
             SELECT {}, 'Dealer ' || n, 'https://dealer.example/' || n FROM {numbers} WHERE n <= 50;
         INSERT INTO competitor_inventory
             (id, competitor_id, vin, year, make, model, trim, price, mileage, url, first_seen_at, last_seen_at, is_sold, sold_at)
             SELECT {}, {}, {vin}, 2010 + n % 12, 'Make ' || (n / 12 % 20), CASE n / 1920 % 2 WHEN 0 THEN 'Model ' ELSE 'MODEL-' END || (n / 240 % 8), 'SE',
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
    let sql = listings(id, "numbers", " * 100", "", "printf('1M8GDM9A%09d', n - (n % 40 = 1))");
    conn.batch_execute(&format!("{numbers} {sql} {}", AS_RECORDED[0])).expect("the listings");
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
        let vin = "'1M8GDM9A' || lpad((n - (n % 40 = 1)::int)::text, 9, '0')";
        conn.batch_execute(&(listings(id, &numbers, "", "timestamptz ", vin) + AS_RECORDED[1])).expect("the listings");
        measure("PostgreSQL", &desk, &subjects, || by_hand(&mut conn, &subjects, &POSTGRES));
    }
    admin.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).expect("the schema is gone");
}

fn main() {
    on_sqlite();
    #[cfg(feature = "postgres")]
    on_postgres();
}
