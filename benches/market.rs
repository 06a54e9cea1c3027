//! Analyses and what is read of them, over SQLite with 300 vehicles and 10,000 listings of competitors.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise and says what it did"
)]

use std::{hint::black_box, ops::ControlFlow};

use criterion::{Criterion, criterion_group, criterion_main};
use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use jpauto::{Actor, Clock, Config, Dealership, Desk, Money, NewVehicle, PageRequest, VehicleFilter, market};

const VEHICLES: usize = 300;
const MAKES: usize = 12;
const MODELS: usize = 6;
const YEARS: usize = 12;

/// Twelve makes of six models over twelve years: a dozen listings of each model year.
const LISTINGS: &str = "
    CREATE TEMP TABLE numbers AS
        WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 10000) SELECT n FROM counted;
    INSERT INTO competitors (id, name, inventory_url)
        SELECT unhex(printf('%032x', n)), 'Dealer ' || n, 'https://dealer.example/' || n FROM numbers WHERE n <= 50;
    INSERT INTO competitor_inventory
        (id, competitor_id, vin, year, make, model, price, mileage, url, first_seen_at, last_seen_at, is_sold, sold_at)
        SELECT unhex(printf('%032x', n)), unhex(printf('%032x', n % 50 + 1)), printf('1M8GDM9A%09d', n),
               2010 + n % 12, 'Make ' || (n / 12 % 12), 'Model ' || (n / 144 % 6),
               (10000 + n * 7919 % 6000) * 100, 20000 + n * 104729 % 90000, 'https://dealer.example/car/' || n,
               '2026-02-01T00:00:00.000000Z', '2026-03-01T00:00:00.000000Z', n % 4 = 0,
               iif(n % 4 = 0, '2026-02-20T00:00:00.000000Z', NULL)
        FROM numbers;
";

/// What recording keeps beside the listings.
const AS_RECORDED: &str = include_str!("../migrations/sqlite/2026-11-29-000161_stored_transfers/up.sql");

fn lot(folder: &std::path::Path) -> Desk {
    let path = folder.join("lot.db").display().to_string();
    let now = "2026-03-01T12:00:00Z".parse().expect("a time");
    let config = Config::new(format!("sqlite:{path}")).clock(Clock::fixed(now));
    let desk = Dealership::with_config(config).expect("a new database").acting_as(Actor::system());
    for number in 0..VEHICLES {
        let vehicle = NewVehicle {
            year: 2010 + i32::try_from(number % YEARS).expect("a small number"),
            make: format!("Make {}", number / YEARS % MAKES),
            model: format!("MODEL-{}", number / YEARS / MAKES % MODELS),
            vin: format!("2T1BURHE0JC{number:06}"),
            price: Money::from_dollars(13_000),
            mileage: 60_000,
            ..NewVehicle::default()
        };
        desk.inventory().add(&vehicle).expect("a vehicle");
    }
    let mut conn = SqliteConnection::establish(&path).expect("the same database");
    conn.batch_execute(LISTINGS).expect("the listings");
    conn.batch_execute(AS_RECORDED).expect("what recording keeps beside them");
    desk
}

fn on_a_lot_of_300(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = lot(folder.path());
    let page = desk.inventory().list(&VehicleFilter::default(), &PageRequest::first(1)).expect("a page");
    let vehicle = page.items[0].vehicle.id;
    let mut group = c.benchmark_group("market");
    group.sample_size(20);
    group.bench_function("analyze", |b| b.iter(|| desk.market().analyze(black_box(vehicle)).expect("an analysis")));
    group.bench_function("analyze_all", |b| {
        b.iter(|| desk.market().analyze_all(&mut |_| ControlFlow::Continue(())).expect("a report"));
    });
    group.bench_function("overview", |b| b.iter(|| desk.market().overview().expect("an overview")));
    group.bench_function("positions of 100", |b| {
        b.iter(|| desk.market().positions(&VehicleFilter::default(), &PageRequest::first(100)).expect("a page"));
    });
    group.bench_function("days_supply", |b| b.iter(|| desk.market().days_supply("make 3", "model 0", 2015)));
    group.finish();
    let analyzed: market::MarketOverview = desk.market().overview().expect("an overview");
    assert_eq!((analyzed.vehicles, analyzed.insufficient_data), (VEHICLES, 0), "the listings are found");
}

criterion_group!(benches, on_a_lot_of_300);
criterion_main!(benches);
