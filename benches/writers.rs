//! How long customers' offers wait while long work runs: analysing, importing, recording, cleaning up and deleting.
//!
//! ```sh
//! make bench ARGS=writers
//! tests/with-postgres --durable cargo bench -p jpauto --features postgres-bundled --bench writers -- sqlite recording
//! ```
//!
//! Beside each work two writers send one offer after the other: one through the handle that works, one through a handle of its own,
//! as another process has. Each line has the time of the work, the processor time of its thread, and the waits of both writers. The
//! bar is that of the 99th percentile. A refused offer misses it. PostgreSQL is measured where `JPAUTO_TEST_POSTGRES` names a server.

#![expect(clippy::expect_used, reason = "a benchmark that can not set itself up has nothing to measure")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::{
    ops::ControlFlow,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{Connection as _, connection::SimpleConnection as _};
use jpauto::{
    Actor, Clock, CompetitorId, Config, Dealership, Desk, Money, NewSubmission, NewVehicle,
    competitors::{NewCompetitor, ScrapeReading, ScrapedListing},
    imports::{ImportMode, ImportOptions, SheetFile},
};

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_770_000_000, 0).expect("a time within range");

/// How long an offer may wait.
const BAR: Duration = Duration::from_millis(250);

/// Between two offers of a writer.
const PAUSE: Duration = Duration::from_millis(5);

/// One price in forty changes: 2.5 %.
const REPRICED: usize = 40;

fn open(url: &str) -> Dealership {
    Dealership::with_config(Config::new(url).clock(Clock::fixed(NOW))).expect("a database")
}

/// A vehicle or listing among `models` models.
fn car(number: usize, models: usize) -> (i32, String, String) {
    let model = number % models;
    (2018, format!("Make {}", model / 8), format!("Model {}", model % 8))
}

fn listings(count: usize, models: usize, round: i64) -> Vec<ScrapedListing> {
    let listing = |number: usize| {
        let (year, make, model) = car(number, models);
        let change = if number.is_multiple_of(REPRICED) { round * 25_000 } else { 0 };
        ScrapedListing {
            external_id: Some(format!("listing-{number}")),
            vin: Some(format!("4T1B{number:013}")),
            stock_number: Some(format!("S{number}")),
            year: Some(year),
            make: Some(make),
            model: Some(model),
            trim: Some("XLE".into()),
            price: Some(Money::from_cents(1_500_000 + (number as i64 * 7_919) % 500_000 - change)),
            mileage: Some(50_000 + (number as i32 * 131) % 20_000),
            exterior_color: Some("Midnight Black Metallic".into()),
            transmission: Some("Automatic".into()),
            url: Some(format!("https://motors.example/used/car-{number}")),
            image_url: Some(format!("https://motors.example/images/{number}.jpg")),
            ..ScrapedListing::default()
        }
    };
    (0..count).map(listing).collect()
}

fn competitor(desk: &Desk) -> CompetitorId {
    let new = NewCompetitor {
        name: "Motors".into(),
        inventory_url: "https://motors.example/used".into(),
        ..NewCompetitor::default()
    };
    desk.competitors().add(&new).expect("a competitor").id
}

fn record(desk: &Desk, id: CompetitorId, seen: Vec<ScrapedListing>, round: i64) {
    let at = NOW - TimeDelta::days(2 - round);
    desk.competitors().record(id, seen, ScrapeReading::whole_lot(), at).expect("a report");
}

/// Our vehicles, all but the first written by one statement.
fn stock(bench: &Bench, count: usize, models: usize) {
    let (year, make, model) = car(0, models);
    let first = NewVehicle {
        year,
        make,
        model,
        vin: "2T1BURHE0JC000000".into(),
        price: Money::from_dollars(16_000),
        mileage: 60_000,
        ..NewVehicle::default()
    };
    bench.dealership.acting_as(Actor::system()).inventory().add(&first).expect("a vehicle");
    let last = count - 1;
    bench.execute(
        &format!(
            "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {last})
             INSERT INTO inventory (id, status, year, make, model, vin, price, mileage, listed_at, created_at)
             SELECT unhex(printf('%032x', n)), 'available', 2018, 'Make ' || (n % {models} / 8), 'Model ' || (n % {models} % 8),
                    printf('2T1BURHE0JC%06d', n), (15000 + n % 3000) * 100, 55000 + n * 131 % 10000,
                    '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z' FROM counted"
        ),
        &format!(
            "INSERT INTO inventory (id, status, year, make, model, vin, price, mileage, listed_at, created_at)
             SELECT lpad(to_hex(n), 32, '0')::uuid, 'available', 2018, 'Make ' || (n % {models} / 8), 'Model ' || (n % {models} % 8),
                    '2T1BURHE0JC' || lpad(n::text, 6, '0'), 15000 + n % 3000, 55000 + n * 131 % 10000,
                    '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z' FROM generate_series(1, {last}) n"
        ),
    );
}

/// Evaluations that have expired.
fn expired(bench: &Bench, count: usize) {
    bench.execute(
        &format!(
            "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count})
             INSERT INTO vin_evaluation_cache (id, vin, evaluation_data, source, cached_at, expires_at)
             SELECT unhex(printf('%032x', n)), printf('2T1BURHE%09d', n), '{{}}', 'vpic', '2026-01-01T00:00:00.000000Z',
                    '2026-01-02T00:00:00.000000Z' FROM counted"
        ),
        &format!(
            "INSERT INTO vin_evaluation_cache (id, vin, evaluation_data, source, cached_at, expires_at)
             SELECT lpad(to_hex(n), 32, '0')::uuid, '2T1BURHE' || lpad(n::text, 9, '0'), '{{}}', 'vpic', '2026-01-01T00:00:00Z',
                    '2026-01-02T00:00:00Z' FROM generate_series(1, {count}) n"
        ),
    );
}

/// A new database, the handle that works, and what must outlive both.
struct Bench {
    name: &'static str,
    url: String,
    dealership: Dealership,
    _lives: Box<dyn std::any::Any>,
}

impl Bench {
    fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        Self::new("sqlite", url, Box::new(folder))
    }

    fn new(name: &'static str, url: String, lives: Box<dyn std::any::Any>) -> Self {
        let dealership = open(&url);
        dealership.migrate().expect("a schema");
        Self { name, url, dealership, _lives: lives }
    }

    fn execute(&self, sqlite: &str, postgres: &str) {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let mut conn = diesel::SqliteConnection::establish(path).expect("the same database");
            conn.batch_execute(sqlite).expect("rows");
            return;
        }
        #[cfg(feature = "postgres")]
        {
            let mut conn = diesel::PgConnection::establish(&self.url).expect("the same database");
            conn.batch_execute(postgres).expect("rows");
            conn.batch_execute("ANALYZE").expect("statistics");
        }
        #[cfg(not(feature = "postgres"))]
        let _ = postgres;
    }

    /// Runs the work beside two writers.
    fn measure(&self, what: &str, work: impl FnOnce(&Desk) + Send) {
        let another = open(&self.url);
        let (is_over, start) = (AtomicBool::new(false), Barrier::new(3));
        let (mut taken, mut processor) = (Duration::ZERO, Duration::ZERO);
        let mut waits = Vec::new();
        thread::scope(|scope| {
            let writers: Vec<_> = [&self.dealership, &another]
                .map(|dealership| scope.spawn(|| offers(dealership, &start, &is_over)))
                .into_iter()
                .collect();
            let desk = self.dealership.acting_as(Actor::system());
            start.wait();
            let (started, used) = (Instant::now(), processor_time());
            work(&desk);
            (taken, processor) = (started.elapsed(), processor_time() - used);
            is_over.store(true, Ordering::Release);
            waits.extend(writers.into_iter().map(|writer| writer.join().expect("a writer")));
        });
        let [same, other]: [Waits; 2] = waits.try_into().unwrap_or_else(|_| unreachable!("two writers"));
        println!(
            "{:8} {what}: {:.2} s, processor {:.2} s; offers of the same process {same}; of another {other}",
            self.name,
            taken.as_secs_f64(),
            processor.as_secs_f64(),
        );
    }
}

/// The processor time of this thread, where the system tells.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0))
}

/// How long the offers of one writer waited.
struct Waits {
    sorted: Vec<Duration>,
    refused: usize,
}

impl Waits {
    fn quantile(&self, share: f64) -> Duration {
        let place = (self.sorted.len() as f64 * share).ceil() as usize;
        self.sorted.get(place.saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let p99 = self.quantile(0.99);
        write!(
            f,
            "{}: median {:.1} ms, p99 {:.0} ms, most {:.0} ms, {} refused (bar {}: {})",
            self.sorted.len(),
            millis(self.quantile(0.5)),
            millis(p99),
            millis(self.quantile(1.0)),
            self.refused,
            BAR.as_millis(),
            if p99 <= BAR && self.refused == 0 { "met" } else { "missed" },
        )
    }
}

/// Sends one offer after the other until the work is over.
fn offers(dealership: &Dealership, start: &Barrier, is_over: &AtomicBool) -> Waits {
    let desk = dealership.acting_as(Actor::system());
    let offer = NewSubmission {
        customer_name: Some("Ann Example".into()),
        customer_email: Some("ann@example.com".into()),
        year: 2019,
        make: "Toyota".into(),
        model: "Camry".into(),
        mileage: Some(52_000),
        asking_price: Some(Money::from_dollars(15_000)),
        ..NewSubmission::default()
    };
    // The connection is open and its statements are known before it counts.
    desk.submissions().submit(&offer).expect("an offer");
    start.wait();
    let (mut sorted, mut refused) = (Vec::new(), 0);
    while !is_over.load(Ordering::Acquire) {
        let started = Instant::now();
        let outcome = desk.submissions().submit(&offer);
        sorted.push(started.elapsed());
        if outcome.is_err() {
            refused += 1;
        }
        thread::sleep(PAUSE);
    }
    sorted.sort_unstable();
    Waits { sorted, refused }
}

fn analyze(bench: &Bench, vehicles: usize, competing: usize, models: usize) {
    let desk = bench.dealership.acting_as(Actor::system());
    let id = competitor(&desk);
    let at = NOW - TimeDelta::days(1);
    desk.competitors().record(id, listings(competing, models, 0), ScrapeReading::whole_lot(), at).expect("a report");
    stock(bench, vehicles, models);
    bench.measure(&format!("analysis of {vehicles} vehicles against {} listings each", competing / models), |desk| {
        let report = desk.market().analyze_all(&mut |_| ControlFlow::Continue(())).expect("a report");
        assert_eq!((report.analyzed, report.insufficient, report.failed.len()), (vehicles, 0, 0));
    });
}

/// A VIN whose check digit is right.
fn vin(number: usize) -> String {
    let with = |digit: char| format!("2T1BURHE{digit}JC{number:06}");
    let is_right = |vin: &String| jpauto::Vin::parse(vin).is_ok_and(|vin| vin.check_digit_ok());
    "0123456789X".chars().map(with).find(is_right).expect("one of the eleven check digits is right")
}

/// A file of stock, new and then with another price in every row.
fn import(bench: &Bench, count: usize, mode: ImportMode) {
    for (price, what) in [(15_000, "new"), (15_500, "changed")] {
        let mut file = "Stock #,VIN,Yr,Make,Model,Odometer,List Price\n".to_owned();
        for number in 0..count {
            file += &format!("A{number},{},2018,Toyota,Corolla,\"60,000\",{price}\n", vin(number));
        }
        let file = SheetFile::from_bytes("stock.csv", file.into_bytes());
        let options = ImportOptions { mode, ..ImportOptions::default() };
        bench.measure(&format!("import of {count} {what} vehicles, {mode:?}"), |desk| {
            let report = desk.inventory().import(&file, &options).expect("a report");
            assert_eq!(report.counts.added + report.counts.changed, count);
        });
    }
}

fn recording(bench: &Bench, count: usize) {
    let desk = bench.dealership.acting_as(Actor::system());
    let id = competitor(&desk);
    for (round, what) in [(0, "first"), (1, "second")] {
        let seen = listings(count, 40, round);
        bench.measure(&format!("{what} recording of {count} sightings"), |desk| record(desk, id, seen, round));
    }
    bench.measure(&format!("deletion of a competitor with {count} listings"), |desk| {
        desk.competitors().delete(id).expect("a deletion");
    });
}

fn clean_up(bench: &Bench, count: usize) {
    expired(bench, count);
    bench.measure(&format!("clean-up of {count} evaluations"), |desk| {
        let removed = desk.evaluation().remove_expired(usize::MAX).expect("a clean-up");
        assert_eq!(removed.evaluations, count);
    });
}

/// Rows of four tables whose time is over, as many of each.
fn over(bench: &Bench, count: usize) {
    for (table, columns, sqlite, postgres) in [
        (
            "notifications",
            "id, event_id, event, channel, data, status, attempts, raised_at, ended_at",
            "ID, ID, 'job.failed', 'crm', '{\"job\": \"backup\"}', 'delivered', 1, TIME, TIME",
            "ID, ID, 'job.failed', 'crm', '{\"job\": \"backup\"}', 'delivered', 1, TIME, TIME",
        ),
        (
            "storage_alerts",
            "id, alert_type, severity, message, dismissed, dismissed_at, created_at, subject_id",
            "ID, 'overpriced', 'warning', 'It is 9 % above its market', 1, TIME, TIME, ID",
            "ID, 'overpriced', 'warning', 'It is 9 % above its market', true, TIME, TIME, ID",
        ),
        (
            "job_history",
            "id, job_name, status, started_at, completed_at, result",
            "ID, 'clean_up', 'success', TIME, TIME, '{}'",
            "ID, 'clean_up', 'success', TIME, TIME, '{}'",
        ),
    ] {
        let sqlite = sqlite
            .replace("ID", "randomblob(16)")
            .replace("TIME", "printf('2020-01-%02dT%02d:%02d:00.000000Z', 1 + n % 28, n % 24, n % 60)");
        let postgres = postgres
            .replace("ID", "gen_random_uuid()")
            .replace("TIME", "timestamptz '2020-01-01' + n * interval '1 s'");
        bench.execute(
            &format!(
                "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count})
                 INSERT INTO {table} ({columns}) SELECT {sqlite} FROM counted"
            ),
            &format!("INSERT INTO {table} ({columns}) SELECT {postgres} FROM generate_series(1, {count}) n"),
        );
    }
}

/// The job of a night in which very much is over.
fn clean_up_of_tables(bench: &Bench, count: usize) {
    over(bench, count);
    bench.measure(&format!("clean-up of three tables with {count} rows each"), |desk| {
        let options = jpauto::jobs::RunOptions::default();
        let run = desk.jobs().run(jpauto::jobs::Job::CleanUp, &options, &mut |_| ControlFlow::Continue(()));
        let removed = run.expect("a run").result.expect("a report")["total"].as_u64();
        assert_eq!(removed, Some(3 * count as u64));
    });
}

fn all(words: &[String], new: &dyn Fn() -> Bench) {
    let asked = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    if asked("analysis") {
        analyze(&new(), 2_000, 5_000, 1);
        analyze(&new(), 6_000, 83 * 72, 72);
    }
    if asked("import") {
        for mode in [ImportMode::AllOrNothing, ImportMode::KeepGoing] {
            import(&new(), 50_000, mode);
        }
    }
    if asked("recording") {
        for count in [1_000, 10_000, 100_000] {
            recording(&new(), count);
        }
    }
    if asked("clean-up") {
        clean_up(&new(), 100_000);
    }
    if asked("clean-up of tables") {
        clean_up_of_tables(&new(), 300_000);
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use super::*;

    pub(super) struct Schema {
        server: String,
        name: String,
    }

    impl Schema {
        pub(super) fn bench(server: &str, number: usize) -> Bench {
            let name = format!("writers_{}_{number}", std::process::id());
            let mut admin = diesel::PgConnection::establish(server).expect("the server");
            admin.batch_execute(&format!("CREATE SCHEMA {name}")).expect("a schema");
            let url = format!("{server}?options=--search_path%3D{name}");
            Bench::new("postgres", url, Box::new(Self { server: server.to_owned(), name }))
        }
    }

    impl Drop for Schema {
        fn drop(&mut self) {
            let mut admin = diesel::PgConnection::establish(&self.server).expect("the server");
            admin.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name)).expect("the schema is gone");
        }
    }
}

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let named: Vec<String> = words.extract_if(.., |word| ["sqlite", "postgres"].contains(&word.as_str())).collect();
    let on = |name: &str| named.is_empty() || named.iter().any(|word| word == name);
    if on("sqlite") {
        all(&words, &Bench::on_sqlite);
    }
    #[cfg(feature = "postgres")]
    match std::env::var("JPAUTO_TEST_POSTGRES") {
        Ok(server) if on("postgres") => {
            let number = std::cell::Cell::new(0);
            all(&words, &|| {
                number.set(number.get() + 1);
                postgres::Schema::bench(&server, number.get())
            });
        }
        Ok(_) => {}
        Err(_) => println!("postgres: skipped, JPAUTO_TEST_POSTGRES names no server"),
    }
}
