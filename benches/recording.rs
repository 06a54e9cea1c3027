//! Recording a scrape of 1,000 listings, for the first time and again with 5 % new prices, beside SQL written by hand for
//! exactly that on the same tables.
//!
//! The hand-written side knows what comes: it matches by VIN alone, judges nothing and reports nothing, and writes with one
//! statement a table. PostgreSQL is measured where `JPAUTO_TEST_POSTGRES` names a server (`tests/with-postgres --durable`).

#![expect(clippy::expect_used, reason = "a benchmark that can not set itself up has nothing to measure")]

use std::{cell::Cell, collections::HashMap, fmt::Write as _, hint::black_box, time::Duration};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use diesel::{
    Connection, RunQueryDsl as _,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use jpauto::{
    Actor, Clock, CompetitorId, Config, Dealership, Desk, ListingId, Money,
    competitors::{NewCompetitor, ScrapeReading, ScrapedListing},
};

const LISTINGS: usize = 1_000;
const NOW: DateTime<Utc> = DateTime::from_timestamp(1_770_000_000, 0).expect("a time within range");

/// The listings of a lot; no two lots have a vehicle in common, which would have to be looked at as one that changed hands.
fn scrape(lot: u32, round: u32) -> Vec<ScrapedListing> {
    (0..LISTINGS)
        .map(|number| {
            // One price in twenty differs from round to round.
            let cents = 1_500_000 + if number % 20 == 0 { i64::from(round % 2) * 10_000 } else { 0 };
            ScrapedListing {
                external_id: Some(format!("listing-{number}")),
                vin: Some(format!("4T1B{lot:06}{number:07}")),
                stock_number: Some(format!("S{number}")),
                year: Some(2018),
                make: Some("Toyota".into()),
                model: Some("Camry".into()),
                trim: Some("XLE".into()),
                price: Some(Money::from_cents(cents)),
                mileage: Some(40_000 + number as i32),
                exterior_color: Some("Midnight Black Metallic".into()),
                transmission: Some("Automatic".into()),
                fuel_type: Some("Gasoline".into()),
                body_style: Some("Sedan".into()),
                url: Some(format!("https://motors.example/used/toyota-camry-{number}")),
                image_url: Some(format!("https://motors.example/images/{number}.jpg")),
                ..ScrapedListing::default()
            }
        })
        .collect()
}

/// How each database writes ids, money and times.
trait Dialect: Connection + SimpleConnection {
    fn id(id: &str) -> String;
    fn money(price: Money) -> String;
    /// The VIN, the id as a literal, and the price in cents of every listing of a competitor.
    fn stored(&mut self, competitor: &str) -> Vec<Stored>;
}

#[derive(diesel::QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    vin: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    cents: Option<i64>,
}

impl Dialect for diesel::SqliteConnection {
    fn id(id: &str) -> String {
        format!("x'{}'", id.replace('-', ""))
    }

    fn money(price: Money) -> String {
        price.cents().to_string()
    }

    fn stored(&mut self, competitor: &str) -> Vec<Stored> {
        let sql = format!(
            "SELECT 'x''' || hex(id) || '''' AS id, vin, price AS cents FROM competitor_inventory
             WHERE competitor_id = {competitor} AND NOT is_sold"
        );
        sql_query(sql).load(self).expect("the listings")
    }
}

#[cfg(feature = "postgres")]
impl Dialect for diesel::PgConnection {
    fn id(id: &str) -> String {
        format!("'{id}'::uuid")
    }

    fn money(price: Money) -> String {
        price.to_string()
    }

    fn stored(&mut self, competitor: &str) -> Vec<Stored> {
        let sql = format!(
            "SELECT '''' || id || '''::uuid' AS id, vin, (price * 100)::bigint AS cents FROM competitor_inventory
             WHERE competitor_id = {competitor} AND NOT is_sold"
        );
        sql_query(sql).load(self).expect("the listings")
    }
}

/// What somebody in a hurry would write for this one purpose, and well.
fn record_by_hand<C: Dialect>(conn: &mut C, competitor: CompetitorId, listings: &[ScrapedListing], at: DateTime<Utc>) {
    let competitor = C::id(&competitor.to_string());
    let time = format!("'{}'", at.to_rfc3339_opts(SecondsFormat::Micros, true));
    let new_id = || C::id(&ListingId::new(at).to_string());
    let text = |value: &Option<String>| value.as_ref().map_or("NULL".to_owned(), |value| format!("'{value}'"));
    conn.batch_execute("BEGIN").expect("a transaction");
    let stored = conn.stored(&competitor);
    let known: HashMap<&str, &Stored> =
        stored.iter().filter_map(|stored| Some((stored.vin.as_deref()?, stored))).collect();
    let (mut new, mut repriced, mut points) = (String::new(), String::new(), String::new());
    let mut seen = Vec::new();
    for listing in listings {
        let price = listing.price.expect("a price");
        let id = match known.get(listing.vin.as_deref().expect("a VIN")) {
            Some(stored) => {
                seen.push(stored.id.as_str());
                if stored.cents == Some(price.cents()) {
                    continue;
                }
                write!(repriced, "({}, {}),", stored.id, C::money(price)).expect("a text");
                stored.id.clone()
            }
            None => {
                let id = new_id();
                let columns = [
                    &listing.external_id,
                    &listing.vin,
                    &listing.stock_number,
                    &listing.make,
                    &listing.model,
                    &listing.trim,
                    &listing.exterior_color,
                    &listing.transmission,
                    &listing.fuel_type,
                    &listing.body_style,
                    &listing.url,
                    &listing.image_url,
                ]
                .map(text)
                .join(", ");
                let (year, mileage) = (listing.year.expect("a year"), listing.mileage.expect("a mileage"));
                let price = C::money(price);
                write!(
                    new,
                    "({id}, {competitor}, {columns}, {year}, {mileage}, {price}, {price}, {time}, {time}, {time}, {time}),"
                )
                .expect("a text");
                id
            }
        };
        let price = C::money(price);
        let mileage = listing.mileage.expect("a mileage");
        write!(points, "({}, {competitor}, {id}, {price}, {price}, {mileage}, {time}),", new_id()).expect("a text");
    }
    let mut sql = String::new();
    if !seen.is_empty() {
        write!(sql, "UPDATE competitor_inventory SET last_seen_at = {time} WHERE id IN ({});", seen.join(","))
            .expect("a text");
    }
    if !repriced.is_empty() {
        write!(
            sql,
            "WITH news (id, price) AS (VALUES {}) UPDATE competitor_inventory AS listing
             SET price = news.price, lowest_price = CASE WHEN news.price < lowest_price THEN news.price ELSE lowest_price END,
                 updated_at = {time} FROM news WHERE listing.id = news.id;",
            repriced.trim_end_matches(',')
        )
        .expect("a text");
    }
    if !new.is_empty() {
        write!(
            sql,
            "INSERT INTO competitor_inventory (id, competitor_id, external_id, vin, stock_number, make, model, trim,
                exterior_color, transmission, fuel_type, body_style, url, image_url, year, mileage, price, lowest_price,
                first_seen_at, last_seen_at, created_at, updated_at) VALUES {};",
            new.trim_end_matches(',')
        )
        .expect("a text");
    }
    if !points.is_empty() {
        write!(
            sql,
            "INSERT INTO competitor_price_history
                 (id, competitor_id, competitor_inventory_id, price, min_price, mileage, recorded_at) VALUES {};",
            points.trim_end_matches(',')
        )
        .expect("a text");
    }
    let month_ago = format!("'{}'", (at - TimeDelta::days(30)).to_rfc3339_opts(SecondsFormat::Micros, true));
    let (metrics, scrape, audit) = (new_id(), new_id(), new_id());
    let count = listings.len();
    write!(
        sql,
        "INSERT INTO competitor_metrics (id, competitor_id, total_inventory, avg_price, avg_days_on_market,
            vehicles_sold_30d, price_changes_30d, new_listings_30d, calculated_at)
         SELECT {metrics}, {competitor}, count(*) FILTER (WHERE NOT is_sold),
                CAST(avg(price) FILTER (WHERE NOT is_sold) AS integer),
                CAST(avg(days_on_market) FILTER (WHERE is_sold) AS integer),
                count(*) FILTER (WHERE is_sold AND sold_at >= {month_ago}),
                (SELECT count(DISTINCT listing.id) FROM competitor_price_history AS point
                 JOIN competitor_inventory AS listing ON listing.id = point.competitor_inventory_id
                 WHERE listing.competitor_id = {competitor} AND point.recorded_at >= {month_ago}
                   AND point.recorded_at > listing.first_seen_at),
                count(*) FILTER (WHERE first_seen_at >= {month_ago}), {time}
         FROM competitor_inventory WHERE competitor_id = {competitor};
         INSERT INTO competitor_scrapes (id, competitor_id, observed_at, complete, listings_found, vehicles, recorded_at)
         VALUES ({scrape}, {competitor}, {time}, {yes}, {count}, {count}, {time});
         INSERT INTO activity_logs (id, action, resource_type, resource_id, changes, created_at)
         VALUES ({audit}, 'record', 'competitors', {competitor}, '{{\"seen\": {count}}}', {time});
         UPDATE competitors SET last_scraped_at = {time}, last_successful_scrape_at = {time} WHERE id = {competitor};
         COMMIT",
        yes = if C::money(Money::ZERO) == "0" { "1" } else { "true" },
    )
    .expect("a text");
    conn.batch_execute(&sql).expect("the scrape");
}

fn competitor(desk: &Desk) -> CompetitorId {
    let name = fastrand::u64(..).to_string();
    let new =
        NewCompetitor { inventory_url: format!("https://motors.example/{name}"), name, ..NewCompetitor::default() };
    desk.competitors().add(&new).expect("a competitor").id
}

/// `address` is what Diesel calls the database of `url`.
fn measure<C: Dialect>(c: &mut Criterion, database: &str, url: &str, address: &str) {
    let dealership = Dealership::with_config(Config::new(url).clock(Clock::fixed(NOW))).expect("a database");
    dealership.migrate().expect("a schema");
    let desk = dealership.acting_as(Actor::system());
    let mut conn = C::establish(address).expect("a connection");
    if database == "sqlite" {
        // As the library opens it.
        conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL")
            .expect("a setting");
    }
    let round = Cell::new(0);
    let next = |lot: u32| {
        round.set(round.get() + 1);
        let at = NOW - TimeDelta::days(30) + TimeDelta::seconds(round.get().into());
        (scrape(lot, round.get()), at)
    };
    let next_of_another = || next(round.get() + 10);
    let whole = ScrapeReading::whole_lot;

    let mut group = c.benchmark_group(format!("record_1000_first/{database}"));
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    group.bench_function("jpauto", |b| {
        b.iter_batched(
            || (competitor(&desk), next_of_another()),
            |(id, (listings, at))| black_box(desk.competitors().record(id, listings, whole(), at).expect("a report")),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("by hand", |b| {
        b.iter_batched(
            || (competitor(&desk), next_of_another()),
            |(id, (listings, at))| record_by_hand(&mut conn, id, &listings, at),
            BatchSize::PerIteration,
        );
    });
    group.finish();

    let mut group = c.benchmark_group(format!("record_1000_again_5_percent/{database}"));
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    let (ours, theirs) = (competitor(&desk), competitor(&desk));
    group.bench_function("jpauto", |b| {
        b.iter_batched(
            || next(1),
            |(listings, at)| black_box(desk.competitors().record(ours, listings, whole(), at).expect("a report")),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("by hand", |b| {
        b.iter_batched(
            || next(2),
            |(listings, at)| record_by_hand(&mut conn, theirs, &listings, at),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn recording(c: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("jpauto-recording-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("lot.db").display().to_string();
    measure::<diesel::SqliteConnection>(c, "sqlite", &format!("sqlite:{path}"), &path);
    std::fs::remove_dir_all(&folder).expect("the folder");
    #[cfg(feature = "postgres")]
    if let Ok(server) = std::env::var("JPAUTO_TEST_POSTGRES") {
        let schema = format!("recording_{}", std::process::id());
        let mut conn = diesel::PgConnection::establish(&server).expect("a server");
        conn.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema");
        let url = format!("{server}?options=--search_path%3D{schema}");
        measure::<diesel::PgConnection>(c, "postgres", &url, &url);
        conn.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).expect("the schema");
    }
}

criterion_group!(benches, recording);
criterion_main!(benches);
