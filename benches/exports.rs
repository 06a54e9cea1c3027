//! An export of 100,000 vehicles as plain CSV: its time beside PostgreSQL's own `COPY (SELECT ...) TO STDOUT CSV` into a file, in the
//! same run, and the memory that it takes.
//!
//! The forms that cost more than rows of values are measured once each; they have no peer.
//!
//! PostgreSQL is measured where `JPAUTO_TEST_POSTGRES` names a server (`tests/with-postgres`) and psql is installed. An export also
//! reads its file back and checks it, which COPY does not.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that can not set itself up has nothing to measure"
)]

use std::{
    fs::{self, File},
    ops::ControlFlow,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use diesel::{Connection as _, connection::SimpleConnection as _};
use jpauto::{
    Actor, Config, Dealership, Desk,
    exports::{Export, FeedConfig, FeedFormat, Platform},
};

const VEHICLES: u32 = 100_000;
const ROUNDS: usize = 5;

/// The most that an export may take, in multiples of COPY, and in MiB.
const BARS: (f64, f64) = (1.5, 100.0);

/// Feeds whose forms cost more.
const OTHERS: [(Platform, FeedFormat); 4] = [
    (Platform::SchemaOrg, FeedFormat::JsonLd),
    (Platform::Jekyll, FeedFormat::Zip),
    (Platform::Jekyll, FeedFormat::Pages),
    (Platform::Autotrader, FeedFormat::Xml),
];

/// What stands in the file, as the feed names it.
const COLUMNS: &str = "id, status, featured, year, make, model, trim, vin, stock_number, price, msrp, mileage, exterior_color,
    interior_color, transmission, engine, fuel_type, drivetrain, body_style, doors, mpg_city, mpg_highway, description, thumbnail,
    condition, title_status, owners, accidents, service_records, warranty, carfax_url, autocheck_url, features, images, listed_at";

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = format!("sqlite:{}", folder.path().join("lot.db").display());
    let on_sqlite = measure("sqlite", &sqlite, folder.path(), None);
    measure_on_postgres(folder.path());
    // Last, for the memory that is told is the most that the process has had.
    measure_others(&on_sqlite, folder.path());
}

fn measure_on_postgres(folder: &Path) {
    let Ok(server) = std::env::var("JPAUTO_TEST_POSTGRES") else {
        println!("exports/postgres: skipped, JPAUTO_TEST_POSTGRES names no server");
        return;
    };
    let schema = format!("bench_exports_{}", std::process::id());
    let mut conn = diesel::PgConnection::establish(&server).expect("a server");
    conn.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema");
    let url = format!("{server}?options=--search_path%3D{schema}");
    measure("postgres", &url, folder, Some(&url));
    conn.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).expect("the schema goes");
}

fn measure(name: &str, url: &str, folder: &Path, copied_from: Option<&str>) -> Desk {
    let mut config = Config::new(url);
    config.exports.vehicle_url = Some("https://motors.example/vehicles/{id}/".to_owned());
    let agreed = FeedConfig { dealer_id: Some("D-77".to_owned()), ..FeedConfig::default() };
    config.exports.feeds.insert(Platform::Autotrader, agreed);
    let dealership = Dealership::with_config(config).expect("a dealership");
    dealership.migrate().expect("a schema");
    fill(url);
    let desk = dealership.acting_as(Actor::system());
    let target = folder.join("inventory.csv");
    let export = Export::of(Platform::Csv).to(target.to_string_lossy());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let report = desk.exports().run(&export, &mut |_| ControlFlow::Continue(())).expect("an export");
        ours.push(began.elapsed());
        assert_eq!(report.vehicle_count, u64::from(VEHICLES));
        if let Some(url) = copied_from {
            theirs.push(copy(url, &folder.join("copied.csv")));
        }
    }
    let (ours, memory) = (median(ours), most_memory());
    println!("exports/{name}/jpauto: {:.0} ms, {VEHICLES} vehicles", ours.as_secs_f64() * 1e3);
    println!("exports/{name}/memory: {memory:.0} MiB at most (bar {}: {})", BARS.1, verdict(memory <= BARS.1));
    if !theirs.is_empty() {
        let theirs = median(theirs);
        let times = ours.as_secs_f64() / theirs.as_secs_f64();
        println!("exports/{name}/COPY to a file: {:.0} ms", theirs.as_secs_f64() * 1e3);
        println!("exports/{name}/times COPY: {times:.2} (bar {}: {})", BARS.0, verdict(times <= BARS.0));
    }
    desk
}

fn measure_others(desk: &Desk, folder: &Path) {
    for (platform, format) in OTHERS {
        let began = Instant::now();
        let export = Export::of(platform).to(folder.to_string_lossy()).format(format);
        let report = desk.exports().run(&export, &mut |_| ControlFlow::Continue(())).expect("an export");
        assert_eq!(report.vehicle_count, u64::from(VEHICLES), "{platform}");
        println!("exports/sqlite/{platform} as {format}: {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    }
    println!("exports/memory of all: {:.0} MiB at most", most_memory());
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "missed" }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Vehicles with a value in nearly every column, written by one statement.
fn fill(url: &str) {
    let columns = format!("{COLUMNS}, created_at, updated_at");
    let values = |id: &str, vin: &str, amount: &str, list: &str, now: &str, yes: &str| {
        format!(
            "{id}, 'available', {yes}, 2015 + i % 10, 'Toyota', 'Corolla', 'LE', {vin}, 'S' || i, 14000{amount}, 25000{amount},
             60000 + i % 50000, 'Midnight Black Metallic', 'Ash', 'CVT', '1.8L I4', 'Gasoline', 'FWD', 'Sedan', 4, 28, 36,
             'One owner, serviced here, with a clean history. \"Runs\" as new, comes with two keys and all its books.',
             'https://img.example/1.jpg', 'Used', 'Clean', 1, 0, {yes}, '90 days', 'https://carfax.example/' || i, NULL,
             {list}, {list}, {now}, {now}, {now}"
        )
    };
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let list = "'[\"https://img.example/1.jpg\",\"https://img.example/2.jpg\",\"https://img.example/3.jpg\"]'";
            let row = values(
                "unhex(printf('%032x', i))",
                "'2T1BURHE0JC' || printf('%06d', i)",
                "00",
                list,
                "'2026-03-01T12:00:00.000000Z'",
                "1",
            );
            let sql = format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {VEHICLES})
                 INSERT INTO inventory ({columns}) SELECT {row} FROM n"
            );
            diesel::SqliteConnection::establish(path).expect("the file").batch_execute(&sql).expect("the vehicles");
        }
        None => {
            let list =
                "'[\"https://img.example/1.jpg\",\"https://img.example/2.jpg\",\"https://img.example/3.jpg\"]'::jsonb";
            let row = values(
                "lpad(to_hex(i), 32, '0')::uuid",
                "'2T1BURHE0JC' || lpad(i::text, 6, '0')",
                "",
                list,
                "timestamptz '2026-03-01 12:00:00Z'",
                "true",
            );
            let sql = format!(
                "INSERT INTO inventory ({columns}) SELECT {row} FROM generate_series(1, {VEHICLES}) AS i; ANALYZE inventory"
            );
            diesel::PgConnection::establish(url).expect("the server").batch_execute(&sql).expect("the vehicles");
        }
    }
}

/// The time that PostgreSQL takes for the same rows, to a file that is on the disk.
fn copy(url: &str, to: &Path) -> Duration {
    let sql = format!("COPY (SELECT {COLUMNS} FROM inventory WHERE status <> 'sold' ORDER BY id) TO STDOUT CSV HEADER");
    let began = Instant::now();
    let file = File::create(to).expect("a file");
    let synced = file.try_clone().expect("the same file");
    let ran = Command::new("psql").args(["-X", "-q", url, "-c", &sql]).stdout(file).status().expect("psql");
    synced.sync_all().expect("a disk");
    assert!(ran.success(), "psql failed");
    began.elapsed()
}

/// The most memory that this process has had, in MiB.
fn most_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default();
    kib / 1024.0
}
