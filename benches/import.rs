//! How long the import of a file of vehicles takes, beside the database's own way for the rows alone.
//!
//! ```sh
//! make bench ARGS=import
//! tests/with-postgres --durable cargo bench -p jpauto --features postgres-bundled --bench import
//! ```
//!
//! Both sides write 100,000 vehicles into an empty table with its indexes. By hand that is `COPY ... FROM` on PostgreSQL, and one
//! prepared `INSERT` in one transaction on SQLite. The import also reads the file, checks every row, looks for known vehicles and
//! writes an audit row for each. The bar is three times the time by hand; memory may grow by 200 MiB. The same file is then imported
//! again, when nothing changes. PostgreSQL is measured where `JPAUTO_TEST_POSTGRES` names a server.

#![expect(clippy::expect_used, reason = "a benchmark that can not set itself up has nothing to measure")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::{
    fmt::Write as _,
    fs,
    time::{Duration, Instant},
};

use diesel::{Connection as _, RunQueryDsl as _, connection::SimpleConnection as _, sql_query};
use jpauto::{
    Actor, Dealership,
    imports::{ImportOptions, SheetFile},
};

const VEHICLES: u32 = 100_000;
const BAR: f64 = 3.0;
const MEMORY_BAR_MIB: u64 = 200;

/// The columns that the file has, by the names of the table.
const COLUMNS: &str =
    "vin,stock_number,year,make,model,trim,price,mileage,exterior_color,transmission,description,images";

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stock.csv");
    fs::write(&path, stock()).expect("a file");
    let file = SheetFile::at(&path);
    let database = folder.path().join("lot.db");
    measure("sqlite", &format!("sqlite:{}", database.display()), &file, || by_hand_on_sqlite(&database, &path));
    if let Ok(server) = std::env::var("JPAUTO_TEST_POSTGRES") {
        let schema = format!("bench_import_{}", std::process::id());
        let url = format!("{server}{}options=-csearch_path%3D{schema}", if server.contains('?') { '&' } else { '?' });
        let mut conn = diesel::PgConnection::establish(&server).expect("a server");
        conn.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema");
        measure("postgres", &url, &file, || by_hand_on_postgres(&url, &path));
        conn.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).expect("no schema");
    }
}

fn stock() -> String {
    let mut text = format!("{COLUMNS}\n");
    for number in 0..VEHICLES {
        writeln!(
            text,
            "4T1B11HK0K{number:07},S{number},2019,Toyota,Camry,XLE,{}.00,{},Midnight Black Metallic,Automatic,\"One owner, \
             clean title, car number {number}\",\"[\"\"https://dealer.example/{number}.jpg\"\"]\"",
            14_000 + number % 5_000,
            30_000 + number % 60_000
        )
        .expect("a text");
    }
    text
}

fn measure(name: &str, url: &str, file: &SheetFile, by_hand: impl Fn() -> Duration) {
    let dealership = Dealership::open(url).expect("a database");
    dealership.migrate().expect("a schema");
    let by_hand = by_hand();
    let desk = dealership.acting_as(Actor::system());
    let memory = memory_mib();
    let began = Instant::now();
    let report = desk.inventory().import(file, &ImportOptions::default()).expect("a report");
    let first = began.elapsed();
    let grown = memory_mib().saturating_sub(memory);
    assert_eq!(report.counts.added, VEHICLES as usize, "{:?}", report.refused.first());
    drop(report);
    let began = Instant::now();
    let report = desk.inventory().import(file, &ImportOptions::default()).expect("a report");
    let again = began.elapsed();
    assert_eq!(report.counts.unchanged, VEHICLES as usize);
    let ratio = first.as_secs_f64() / by_hand.as_secs_f64();
    let is_met = |is_met: bool| if is_met { "met" } else { "missed" };
    println!(
        "import {name}: {VEHICLES} vehicles in {first:.2?}, by hand {by_hand:.2?}, ratio {ratio:.2} (bar {BAR}: {}); memory grew by \
         {grown} MiB (bar {MEMORY_BAR_MIB}: {}); again {again:.2?}",
        is_met(ratio <= BAR),
        is_met(grown <= MEMORY_BAR_MIB),
    );
}

/// The most memory that the process has held so far.
fn memory_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}

fn by_hand_on_sqlite(database: &std::path::Path, file: &std::path::Path) -> Duration {
    let mut conn = rusqlite::Connection::open(database).expect("a database");
    let lines = fs::read_to_string(file).expect("a file");
    let began = Instant::now();
    let transaction = conn.transaction().expect("a transaction");
    {
        let sql = format!(
            "INSERT INTO inventory (id, status, listed_at, created_at, updated_at, {COLUMNS}) VALUES (randomblob(16), \
             'available', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z', ?, ?, ?, \
             ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        );
        let mut insert = transaction.prepare(&sql).expect("a statement");
        for line in lines.lines().skip(1) {
            let (plain, rest) = line.split_once(",\"").expect("a description");
            let (description, images) = rest.split_once("\",\"").expect("images");
            let cells: Vec<&str> = plain.split(',').collect();
            let number = |at: usize| cells[at].trim_end_matches(".00").parse::<i64>().expect("a number");
            let images = images.trim_end_matches('"').replace("\"\"", "\"");
            let values = rusqlite::params![
                cells[0],
                cells[1],
                number(2),
                cells[3],
                cells[4],
                cells[5],
                number(6) * 100,
                number(7),
                cells[8],
                cells[9],
                description,
                images
            ];
            insert.execute(values).expect("a row");
        }
    }
    transaction.commit().expect("a commit");
    let taken = began.elapsed();
    conn.execute("DELETE FROM inventory", []).expect("an empty table");
    taken
}

fn by_hand_on_postgres(url: &str, file: &std::path::Path) -> Duration {
    let mut conn = diesel::PgConnection::establish(url).expect("a server");
    let fill = "ALTER TABLE inventory ALTER COLUMN id SET DEFAULT gen_random_uuid()";
    conn.batch_execute(fill).expect("a default");
    let columns = COLUMNS.split(',').map(ToOwned::to_owned).collect::<Vec<_>>().join(", ");
    let began = Instant::now();
    let sql = format!("COPY inventory ({columns}) FROM '{}' WITH (FORMAT csv, HEADER)", file.display());
    sql_query(sql).execute(&mut conn).expect("the rows");
    let taken = began.elapsed();
    conn.batch_execute("TRUNCATE inventory CASCADE; ALTER TABLE inventory ALTER COLUMN id DROP DEFAULT")
        .expect("an empty table");
    taken
}
