//! The second scrape of many lots: 1,000 listings each, of which 2.5 % have a new price, beside SQL written by hand for exactly
//! that on the same tables.
//!
//! ```sh
//! tests/with-postgres --durable cargo bench -p jpauto --features postgres-bundled --bench tracking -- 10000 100000 1000000
//! ```
//!
//! Without sizes, here or in `JPAUTO_BENCH_SIZES`, 10,000 and 100,000 sightings are recorded; `make bench-million` records a
//! million. PostgreSQL is measured where `JPAUTO_TEST_POSTGRES` names a server and
//! `psql` is there: by hand each scrape is a `COPY` into a temporary table and statements over it, run by psql. On SQLite it is
//! a loop over prepared statements. Both sides write the same rows: the listing, its price history, the scrape, the figures,
//! the competitor and the audit trail, in one transaction a competitor. The hand-written side matches by VIN alone, compares
//! every column, and reports nothing. Both begin with copies of one database and take turns; making the sightings is not
//! measured.

#![expect(clippy::expect_used, reason = "a benchmark that can not set itself up has nothing to measure")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use jpauto::{
    Actor, Clock, CompetitorId, Config, Dealership, Desk, Money,
    competitors::{NewCompetitor, ScrapeReading, ScrapedListing},
};
use rusqlite::{Connection, OptionalExtension as _, params};

const LISTINGS: usize = 1_000;
/// One price in forty changes: 2.5 %.
const REPRICED: usize = 40;
const FIRST: DateTime<Utc> = DateTime::from_timestamp(1_770_000_000, 0).expect("a time within range");

fn second() -> DateTime<Utc> {
    FIRST + TimeDelta::days(1)
}

fn sightings(lot: usize, round: i64) -> Vec<ScrapedListing> {
    let makes = [("Toyota", "Camry"), ("Honda", "Accord"), ("Ford", "F-150"), ("Nissan", "Altima")];
    (0..LISTINGS)
        .map(|number| {
            let change = if number % REPRICED == 0 { round * 25_000 } else { 0 };
            let (make, model) = makes[number % makes.len()];
            ScrapedListing {
                external_id: Some(format!("listing-{lot}-{number}")),
                vin: Some(format!("4T1B{lot:06}K{number:06}")),
                stock_number: Some(format!("S{number}")),
                year: Some(2015 + (number % 9) as i32),
                make: Some(make.into()),
                model: Some(model.into()),
                trim: Some("XLE".into()),
                price: Some(Money::from_cents(1_500_000 + (number as i64 * 7_919) % 2_000_000 - change)),
                mileage: Some(10_000 + (number as i32 * 131) % 90_000),
                exterior_color: Some("Midnight Black Metallic".into()),
                transmission: Some("Automatic".into()),
                fuel_type: Some("Gasoline".into()),
                body_style: Some("Sedan".into()),
                url: Some(format!("https://motors-{lot}.example/used/{make}-{model}-{number}")),
                image_url: Some(format!("https://motors-{lot}.example/images/{number}.jpg")),
                ..ScrapedListing::default()
            }
        })
        .collect()
}

/// Opens a database and records the first scrape of so many lots.
fn fill(url: &str, lots: usize) -> Vec<CompetitorId> {
    let dealership = open(url);
    dealership.migrate().expect("a schema");
    let desk = dealership.acting_as(Actor::system());
    (0..lots)
        .map(|lot| {
            let new = NewCompetitor {
                name: format!("Motors {lot}"),
                inventory_url: format!("https://motors-{lot}.example/used"),
                ..NewCompetitor::default()
            };
            let id = desk.competitors().add(&new).expect("a competitor").id;
            desk.competitors().record(id, sightings(lot, 0), ScrapeReading::whole_lot(), FIRST).expect("a report");
            id
        })
        .collect()
}

fn open(url: &str) -> Dealership {
    Dealership::with_config(Config::new(url).clock(Clock::fixed(second()))).expect("a database")
}

/// What the library takes, the making of the sightings left out.
fn record(desk: &Desk, competitors: &[(usize, CompetitorId)]) -> Duration {
    let mut taken = Duration::ZERO;
    for (lot, id) in competitors {
        let seen = sightings(*lot, 1);
        let started = Instant::now();
        let report = desk.competitors().record(*id, seen, ScrapeReading::whole_lot(), second()).expect("a report");
        taken += started.elapsed();
        assert_eq!(report.counts.price_changes, LISTINGS / REPRICED);
    }
    taken
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// How many times as long as the hand-written side the library may take.
const SQLITE_BAR: f64 = 1.5;
#[cfg(feature = "postgres")]
const POSTGRES_BAR: f64 = 1.3;

/// How much memory the process may hold, in MiB.
const MEMORY_BAR: u64 = 200;

/// Begins to measure anew what this process holds at most, where the system can do that.
fn forget_peak_memory() {
    // Elsewhere the peak is that of all that ran before, which is no less.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// The most memory that this process has held, in MiB: what the library needs, and beside it one lot of the hand-written side.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Whether a figure keeps to its bar, as the table of all benchmarks knows it.
fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "missed" }
}

fn tell((database, bar): (&str, f64), count: usize, ours: Duration, by_hand: Duration) {
    let rate = |taken: Duration| taken.as_secs_f64() * 1e6 / count as f64;
    let ratio = ours.as_secs_f64() / by_hand.as_secs_f64();
    let memory = peak_memory();
    println!(
        "{database:8} {count:9} sightings   jpauto {:8.2} s ({:6.1} us each)   by hand {:8.2} s ({:6.1} us each)   ratio {ratio:.2} \
         (bar {bar}: {})   peak memory {memory} MiB (bar {MEMORY_BAR}: {})",
        ours.as_secs_f64(),
        rate(ours),
        by_hand.as_secs_f64(),
        rate(by_hand),
        verdict(ratio <= bar),
        verdict(memory <= MEMORY_BAR),
    );
}

mod sqlite {
    use super::*;

    pub(super) fn measure(folder: &Path, count: usize) {
        forget_peak_memory();
        let (ours, theirs) = (folder.join("ours.db"), folder.join("theirs.db"));
        let url = format!("sqlite:{}", ours.display());
        let competitors = fill(&url, count / LISTINGS);
        // The last connection to close leaves everything in the one file.
        std::fs::copy(&ours, &theirs).expect("a copy");
        let conn = connect(&theirs);
        let dealership = open(&url);
        let desk = dealership.acting_as(Actor::system());
        let (mut taken, mut by_hand) = (Duration::ZERO, Duration::ZERO);
        // Lot by lot in turns, so that a busy machine is as busy for both.
        for (lot, id) in competitors.iter().enumerate() {
            let seen = sightings(lot, 1);
            let started = Instant::now();
            scrape(&conn, *id, &seen).expect("a scrape");
            by_hand += started.elapsed();
            taken += record(&desk, &[(lot, *id)]);
        }
        drop(conn);
        tell(("sqlite", SQLITE_BAR), count, taken, by_hand);
        same_rows(&ours, &theirs);
    }

    /// The two sides did the same work only where they left the same rows.
    fn same_rows(ours: &Path, theirs: &Path) {
        let sums = |path: &Path| -> Vec<i64> {
            let conn = Connection::open(path).expect("a database");
            [
                "SELECT count(*) FROM competitor_inventory WHERE last_seen_at = (SELECT max(last_seen_at) FROM competitor_inventory)",
                "SELECT sum(price) FROM competitor_inventory",
                "SELECT sum(previous_price) FROM competitor_inventory",
                "SELECT count(*) FROM competitor_price_history",
                "SELECT sum(price_changes_30d) FROM competitor_metrics",
                "SELECT count(*) FROM competitor_scrapes",
                "SELECT count(*) FROM activity_logs WHERE action = 'record'",
            ]
            .map(|sql| conn.query_row(sql, [], |row| row.get(0)).expect("a sum"))
            .into()
        };
        assert_eq!(sums(ours), sums(theirs));
    }

    fn connect(path: &Path) -> Connection {
        let conn = Connection::open(path).expect("a database");
        conn.execute_batch("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            .expect("settings as the library's");
        conn
    }

    fn scrape(conn: &Connection, competitor: CompetitorId, seen: &[ScrapedListing]) -> rusqlite::Result<()> {
        let competitor = competitor.as_uuid().as_bytes().as_slice();
        let (at, month_ago) = (time(second()), time(second() - TimeDelta::days(30)));
        let new_id = || jpauto::ListingId::new(second());
        conn.execute_batch("BEGIN IMMEDIATE")?;
        {
            let mut find = conn.prepare_cached(
                "SELECT id, price, lowest_price, highest_price, external_id, stock_number, year, make, model, trim, mileage,
                        exterior_color, transmission, fuel_type, body_style, url, image_url
                 FROM competitor_inventory WHERE competitor_id = ?1 AND vin = ?2",
            )?;
            let mut see = conn.prepare_cached("UPDATE competitor_inventory SET last_seen_at = ?2 WHERE id = ?1")?;
            let mut change = conn.prepare_cached(
                "UPDATE competitor_inventory SET last_seen_at = ?2, updated_at = ?2, price = ?3, lowest_price = ?4,
                        highest_price = ?5, previous_price = ?6, price_changed_at = ?2 WHERE id = ?1",
            )?;
            let mut point = conn.prepare_cached(
                "INSERT INTO competitor_price_history
                     (id, competitor_inventory_id, price, min_price, mileage, recorded_at, competitor_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for listing in seen {
                let price = listing.price.expect("a price").cents();
                let found = find
                    .query_row(params![competitor, listing.vin], |row| {
                        let text = |column, seen: &Option<String>| -> rusqlite::Result<bool> {
                            Ok(row.get_ref(column)?.as_str_or_null()? == seen.as_deref())
                        };
                        let same = text(4, &listing.external_id)?
                            && text(5, &listing.stock_number)?
                            && row.get::<_, Option<i32>>(6)? == listing.year
                            && text(7, &listing.make)?
                            && text(8, &listing.model)?
                            && text(9, &listing.trim)?
                            && row.get::<_, Option<i32>>(10)? == listing.mileage
                            && text(11, &listing.exterior_color)?
                            && text(12, &listing.transmission)?
                            && text(13, &listing.fuel_type)?
                            && text(14, &listing.body_style)?
                            && text(15, &listing.url)?
                            && text(16, &listing.image_url)?;
                        let numbers: [i64; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
                        Ok((row.get::<_, [u8; 16]>(0)?, numbers, same))
                    })
                    .optional()?;
                let (id, [stored, lowest, highest], same) = found.expect("a known listing");
                if same && stored == price {
                    see.execute(params![id, at])?;
                    continue;
                }
                change.execute(params![id, at, price, lowest.min(price), highest.max(price), stored])?;
                let point_id = new_id();
                point.execute(params![
                    point_id.as_uuid().as_bytes(),
                    id,
                    price,
                    lowest.min(price),
                    listing.mileage,
                    at,
                    competitor
                ])?;
            }
            conn.prepare_cached(
                "INSERT INTO competitor_metrics (id, competitor_id, total_inventory, avg_price, avg_days_on_market,
                    vehicles_sold_30d, price_changes_30d, new_listings_30d, calculated_at)
                 SELECT ?1, ?2, count(*) FILTER (WHERE NOT is_sold), CAST(avg(price) FILTER (WHERE NOT is_sold) AS integer),
                        CAST(avg(days_on_market) FILTER (WHERE is_sold) AS integer),
                        count(*) FILTER (WHERE is_sold AND sold_at >= ?3), count(*) FILTER (WHERE price_changed_at >= ?3),
                        count(*) FILTER (WHERE first_seen_at >= ?3), ?4
                 FROM competitor_inventory WHERE competitor_id = ?2",
            )?
            .execute(params![new_id().as_uuid().as_bytes(), competitor, month_ago, at])?;
            conn.prepare_cached(
                "INSERT INTO competitor_scrapes (id, competitor_id, observed_at, complete, listings_found, vehicles, recorded_at)
                 VALUES (?1, ?2, ?3, 1, ?4, ?4, ?3)",
            )?
            .execute(params![new_id().as_uuid().as_bytes(), competitor, at, seen.len() as i64])?;
            conn.prepare_cached(
                "UPDATE competitors SET last_scraped_at = ?2, last_successful_scrape_at = ?2 WHERE id = ?1",
            )?
            .execute(params![competitor, at])?;
            conn.prepare_cached(
                "INSERT INTO activity_logs (id, action, resource_type, resource_id, changes, created_at)
                 VALUES (?1, 'record', 'competitors', ?2, ?3, ?4)",
            )?
            .execute(params![
                new_id().as_uuid().as_bytes(),
                competitor,
                format!("{{\"seen\": {}}}", seen.len()),
                at
            ])?;
        }
        conn.execute_batch("COMMIT")
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::{
        fs::File,
        io::{BufWriter, Write},
        process::{Command, Stdio},
    };

    use super::{
        Actor, CompetitorId, Duration, Instant, LISTINGS, POSTGRES_BAR, Path, fill, forget_peak_memory, open, record,
        second, sightings, tell, time,
    };

    pub(super) fn measure(server: &str, folder: &Path, count: usize) {
        forget_peak_memory();
        let names = ["ours", "theirs"].map(|side| format!("tracking_{side}_{}", std::process::id()));
        let [ours, theirs] = names.clone().map(|name| address(server, &name));
        psql(server, &format!("CREATE DATABASE {}", names[0]));
        let competitors = fill(&ours, count / LISTINGS);
        psql(&ours, "VACUUM ANALYZE");
        psql(server, &format!("CREATE DATABASE {} TEMPLATE {}", names[1], names[0]));
        psql(server, "CHECKPOINT");
        let script = folder.join("by-hand.sql");
        let dealership = open(&ours);
        let desk = dealership.acting_as(Actor::system());
        let (mut taken, mut by_hand) = (Duration::ZERO, Duration::ZERO);
        let lots: Vec<(usize, CompetitorId)> = competitors.into_iter().enumerate().collect();
        // In turns, so that a busy machine is as busy for both; each psql does many lots, its start counts for little.
        for some in lots.chunks(lots.len().div_ceil(TURNS).max(LOTS_A_TURN)) {
            write_script(&script, some).expect("a script");
            let started = Instant::now();
            let done = Command::new("psql")
                .args(["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file"])
                .arg(&script)
                .arg(&theirs)
                .stdout(Stdio::null())
                .status()
                .expect("psql");
            by_hand += started.elapsed();
            assert!(done.success(), "psql failed");
            taken += record(&desk, some);
        }
        tell(("postgres", POSTGRES_BAR), count, taken, by_hand);
        drop(dealership);
        assert_eq!(sums(&ours), sums(&theirs), "the two sides did the same work");
        std::fs::remove_file(&script).expect("the script");
        for name in names {
            psql(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }

    /// How often the two sides take turns, unless the lots are few.
    const TURNS: usize = 10;

    /// With fewer lots to a psql its start and its cold caches would be measured.
    const LOTS_A_TURN: usize = 10;

    fn sums(url: &str) -> String {
        psql(
            url,
            "SELECT (SELECT count(*) FROM competitor_inventory WHERE last_seen_at = (SELECT max(last_seen_at) FROM competitor_inventory)),
                    (SELECT sum(price) FROM competitor_inventory), (SELECT sum(previous_price) FROM competitor_inventory),
                    (SELECT count(*) FROM competitor_price_history), (SELECT sum(price_changes_30d) FROM competitor_metrics),
                    (SELECT count(*) FROM competitor_scrapes),
                    (SELECT count(*) FROM activity_logs WHERE action = 'record')",
        )
    }

    /// The same server, another database of it.
    fn address(server: &str, database: &str) -> String {
        let mut url: url::Url = server.parse().expect("a URL");
        url.set_path(database);
        url.into()
    }

    fn psql(url: &str, sql: &str) -> String {
        let done = Command::new("psql")
            .args(["--quiet", "--no-psqlrc", "--tuples-only", "--command", sql, url])
            .stderr(Stdio::inherit())
            .output()
            .expect("psql");
        assert!(done.status.success(), "{sql}");
        String::from_utf8(done.stdout).expect("a text")
    }

    /// What somebody would write who knows SQL and has only this to do.
    fn write_script(path: &Path, competitors: &[(usize, CompetitorId)]) -> std::io::Result<()> {
        let mut script = BufWriter::new(File::create(path)?);
        let at = format!("'{}'::timestamptz", time(second()));
        writeln!(
            script,
            "CREATE TEMPORARY TABLE seen (vin text, external_id text, stock_number text, year integer, make text, model text,
                trim text, price numeric(10, 2), mileage integer, exterior_color text, transmission text, fuel_type text,
                body_style text, url text, image_url text) ON COMMIT DELETE ROWS;"
        )?;
        for (lot, id) in competitors {
            writeln!(
                script,
                "BEGIN;\nSELECT id FROM competitors WHERE id = '{id}' FOR UPDATE;\nCOPY seen FROM STDIN;"
            )?;
            for listing in sightings(*lot, 1) {
                let text = |value: Option<String>| value.unwrap_or_else(|| "\\N".to_owned());
                let number = |value: Option<i32>| value.map_or_else(|| "\\N".to_owned(), |value| value.to_string());
                let columns = [
                    text(listing.vin),
                    text(listing.external_id),
                    text(listing.stock_number),
                    number(listing.year),
                    text(listing.make),
                    text(listing.model),
                    text(listing.trim),
                    listing.price.expect("a price").to_string(),
                    number(listing.mileage),
                    text(listing.exterior_color),
                    text(listing.transmission),
                    text(listing.fuel_type),
                    text(listing.body_style),
                    text(listing.url),
                    text(listing.image_url),
                ];
                writeln!(script, "{}", columns.join("\t"))?;
            }
            let details =
                "(listing.external_id, listing.stock_number, listing.year, listing.make, listing.model, listing.trim,
                listing.price, listing.mileage, listing.exterior_color, listing.transmission, listing.fuel_type,
                listing.body_style, listing.url, listing.image_url)";
            let seen = details.replace("listing.", "seen.");
            writeln!(
                script,
                "\\.
WITH changed AS (
    UPDATE competitor_inventory AS listing
    SET external_id = seen.external_id, stock_number = seen.stock_number, year = seen.year, make = seen.make,
        model = seen.model, trim = seen.trim, price = seen.price, mileage = seen.mileage,
        exterior_color = seen.exterior_color, transmission = seen.transmission, fuel_type = seen.fuel_type,
        body_style = seen.body_style, url = seen.url, image_url = seen.image_url, last_seen_at = {at}, updated_at = {at},
        lowest_price = least(listing.lowest_price, seen.price), highest_price = greatest(listing.highest_price, seen.price),
        previous_price = CASE WHEN listing.price <> seen.price THEN listing.price ELSE listing.previous_price END,
        price_changed_at = CASE WHEN listing.price <> seen.price THEN {at} ELSE listing.price_changed_at END
    FROM seen
    WHERE listing.competitor_id = '{id}' AND NOT listing.is_sold AND listing.vin = seen.vin
      AND {details} IS DISTINCT FROM {seen}
    RETURNING listing.id, listing.price, listing.lowest_price, listing.mileage, listing.price_changed_at
)
INSERT INTO competitor_price_history (id, competitor_id, competitor_inventory_id, price, min_price, mileage, recorded_at)
SELECT gen_random_uuid(), '{id}', id, price, lowest_price, mileage, {at} FROM changed WHERE price_changed_at = {at};
UPDATE competitor_inventory AS listing SET last_seen_at = {at} FROM seen
WHERE listing.competitor_id = '{id}' AND NOT listing.is_sold AND listing.vin = seen.vin AND listing.last_seen_at < {at};
INSERT INTO competitor_inventory (id, competitor_id, external_id, vin, stock_number, year, make, model, trim, price, mileage,
    exterior_color, transmission, fuel_type, body_style, url, image_url, first_seen_at, last_seen_at, is_sold, created_at,
    updated_at, lowest_price, highest_price)
SELECT gen_random_uuid(), '{id}', external_id, vin, stock_number, year, make, model, trim, price, mileage, exterior_color,
    transmission, fuel_type, body_style, url, image_url, {at}, {at}, false, {at}, {at}, price, price
FROM seen WHERE NOT EXISTS (
    SELECT FROM competitor_inventory AS listing WHERE listing.competitor_id = '{id}' AND listing.vin = seen.vin);
UPDATE competitor_inventory SET is_sold = true, sold_at = {at}, updated_at = {at}
WHERE competitor_id = '{id}' AND NOT is_sold AND last_seen_at < {at} - interval '7 days';
INSERT INTO competitor_scrapes (id, competitor_id, observed_at, complete, listings_found, vehicles, recorded_at)
VALUES (gen_random_uuid(), '{id}', {at}, true, {LISTINGS}, {LISTINGS}, {at});
INSERT INTO competitor_metrics (id, competitor_id, total_inventory, avg_price, avg_days_on_market, vehicles_sold_30d,
    price_changes_30d, new_listings_30d, calculated_at)
SELECT gen_random_uuid(), '{id}', count(*) FILTER (WHERE NOT is_sold), avg(price) FILTER (WHERE NOT is_sold),
    avg(days_on_market) FILTER (WHERE is_sold), count(*) FILTER (WHERE is_sold AND sold_at >= {at} - interval '30 days'),
    count(*) FILTER (WHERE price_changed_at >= {at} - interval '30 days'),
    count(*) FILTER (WHERE first_seen_at >= {at} - interval '30 days'), {at}
FROM competitor_inventory WHERE competitor_id = '{id}';
UPDATE competitors SET last_scraped_at = {at}, last_successful_scrape_at = {at} WHERE id = '{id}';
INSERT INTO activity_logs (id, action, resource_type, resource_id, changes, created_at)
VALUES (gen_random_uuid(), 'record', 'competitors', '{id}', '{{\"seen\": {LISTINGS}}}', {at});
COMMIT;"
            )?;
        }
        script.flush()
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let asked_for = std::env::var("JPAUTO_BENCH_SIZES").unwrap_or_default();
    let words = arguments.iter().map(String::as_str).chain(asked_for.split_whitespace());
    let sizes: Vec<usize> = words.filter_map(|word| word.parse().ok()).collect();
    let names: Vec<&String> = arguments.iter().filter(|argument| argument.parse::<usize>().is_err()).collect();
    let asked = |name: &str| names.is_empty() || names.iter().any(|wanted| name.contains(wanted.as_str()));
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    for count in sizes {
        let folder = tempfile::tempdir().expect("a folder");
        if asked("tracking sqlite") {
            sqlite::measure(folder.path(), count);
        }
        #[cfg(feature = "postgres")]
        if let Ok(server) = std::env::var("JPAUTO_TEST_POSTGRES")
            && asked("tracking postgres")
        {
            postgres::measure(&server, folder.path(), count);
        }
    }
}
