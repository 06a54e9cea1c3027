//! One odd value in one row of many, in every column of every table: no operation fails because of it, no list loses a row or goes round in
//! circles, and `check` names it. The columns are those of the contract, so a new one is tried as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use diesel::connection::SimpleConnection;
use jpauto::{
    ActivityFilter, Actor, AlertFilter, CompetitorId, Dealership, Desk, Error, Finding, ListingId, Page, PageRequest,
    Result, SubmissionFilter, SubmissionSort, VehicleFilter, VehicleId, VehicleSort, Vin,
    competitors::{CompetitorFilter, ListingFilter, ListingSort, MarketViewFilter, UndercutFilter},
    exports::{Export, ExportFilter, Platform},
    jobs::RunFilter,
    market::{BacktestOptions, Subject},
    notifications::NotificationFilter,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    schema::{OURS, TABLES, WORDS},
    support::statements::past_the_library,
};

/// More rows than a table has columns: each column has an odd row of its own.
const ROWS: u32 = 60;

type Columns = BTreeMap<&'static str, Vec<(&'static str, &'static str, &'static str)>>;

/// The columns of each table, without those of the session table, which has no ids.
fn columns() -> Columns {
    let mut columns = Columns::new();
    for table in TABLES.iter().chain(OURS) {
        columns.entry(table.name).or_default().extend(table.columns);
    }
    // What jpauto counts or locks by itself has no row of its own to name.
    let has_key =
        |(_, document, constraints): &(&str, &str, &str)| constraints.contains("PK") && bare(document) != "INTEGER";
    columns.retain(|_, columns| columns.iter().any(has_key));
    assert!(columns.values().all(|columns| columns.len() < ROWS as usize), "more columns than rows");
    columns
}

/// A type without its size.
fn bare(document: &str) -> &str {
    document.split('(').next().unwrap()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "sqlite")]
    Sqlite,
}

impl Kind {
    fn is_sqlite(self) -> bool {
        #[cfg(feature = "sqlite")]
        return self == Self::Sqlite;
        #[cfg(not(feature = "sqlite"))]
        false
    }

    /// SQL of the id of a row, of its number.
    fn id(self, number: &str) -> String {
        match self.is_sqlite() {
            true => format!("unhex(printf('%032x', {number}))"),
            false => format!("lpad(to_hex({number}), 32, '0')::uuid"),
        }
    }

    /// SQL of an ordinary value of a column in the row `n`.
    fn ordinary(self, table: &str, (name, document, constraints): (&str, &str, &str)) -> String {
        let word = WORDS.iter().find(|(of, column, _)| (*of, *column) == (table, name)).map(|(.., words)| words[0]);
        let [yes, no] = if self.is_sqlite() { ["1", "0"] } else { ["true", "false"] };
        let number = if self.is_sqlite() { "printf('%04d', n)" } else { "lpad(n::text, 4, '0')" };
        match (bare(document), name) {
            ("UUID", _) => self.id("n"),
            ("BOOLEAN", "active" | "is_active" | "complete") => yes.into(),
            ("BOOLEAN", _) => no.into(),
            ("INTEGER", "year") => "2019".into(),
            ("INTEGER", "mileage") => "40000 + n * 100".into(),
            ("INTEGER" | "BIGINT", _) => "n % 7 + 1".into(),
            ("DECIMAL", _) if document == "DECIMAL(5,2)" => if self.is_sqlite() { "1200" } else { "12" }.into(),
            ("DECIMAL", _) => if self.is_sqlite() { "1500000 + n * 100" } else { "15000 + n" }.into(),
            ("DOUBLE", _) => "0.5".into(),
            ("TIMESTAMP" | "DATE", _) => format!("'2026-02-{}T12:00:00.000000Z'", 10 + name.len() % 10),
            ("JSONB" | "JSON", "features" | "images") => r#"'["Sunroof"]'"#.into(),
            ("JSONB" | "JSON", _) => "'{}'".into(),
            (_, _) if word.is_some() => format!("'{}'", word.unwrap()),
            (_, "vin") => format!("'4T1B11HK0KU00' || {number}"),
            (_, "make") => "'Toyota'".into(),
            (_, "model") => "'Camry'".into(),
            (_, "email") => "'user' || n || '@example.com'".into(),
            (_, "oauth_provider") => "'google'".into(),
            (_, "inventory_url" | "website_url") => "'https://dealer' || n || '.example/cars'".into(),
            _ if constraints.contains("PK") || constraints.contains("UNIQUE") => format!("'K' || {number}"),
            _ => format!("'T' || {number}"),
        }
    }
}

/// The statements that fill every table, each row with the id of its number.
fn filled(kind: Kind, columns: &Columns) -> String {
    let numbers = match kind.is_sqlite() {
        true => format!(
            "(WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {ROWS}) SELECT n FROM counted)"
        ),
        false => format!("generate_series(1, {ROWS}) AS counted (n)"),
    };
    let mut sql = "INSERT INTO listed_models (year, make, model) VALUES (2019, 'toyota', 'camry');\n".to_owned();
    for (table, columns) in columns {
        let names: Vec<_> = columns.iter().map(|(name, ..)| *name).collect();
        let values: Vec<_> = columns.iter().map(|column| kind.ordinary(table, *column)).collect();
        sql += &format!("INSERT INTO {table} ({}) SELECT {} FROM {numbers};\n", names.join(", "), values.join(", "));
    }
    sql
}

/// An odd value: SQL of it for a type, or `None` where the type or the column takes none.
struct Odd {
    name: &'static str,
    of: fn(document: &str) -> Option<&'static str>,
    /// Whether it is no value of a type, so that `check` names it.
    is_none: fn(document: &str) -> bool,
}

/// Any type but this.
macro_rules! all_but {
    ($($type:pat_param)|+) => { |document| !matches!(bare(document), $($type)|+) };
}

#[cfg(feature = "sqlite")]
const ON_SQLITE: &[Odd] = &[
    Odd { name: "no UTF-8", of: |_| Some("CAST(x'ff80' AS TEXT)"), is_none: |_| true },
    Odd { name: "Windows-1252", of: |_| Some("CAST(x'43697472f6' AS TEXT)"), is_none: |_| true },
    Odd { name: "a blob", of: |_| Some("x'00ff10'"), is_none: |_| true },
    Odd { name: "a blob of text", of: |_| Some("CAST('Camry' AS BLOB)"), is_none: |_| true },
    Odd {
        name: "a large number",
        of: |_| Some("9223372036854775807"),
        is_none: all_but!("BIGINT" | "BOOLEAN" | "DOUBLE" | "DECIMAL"),
    },
    Odd {
        name: "a negative number",
        of: |_| Some("-1"),
        is_none: all_but!("INTEGER" | "BIGINT" | "BOOLEAN" | "DOUBLE" | "DECIMAL"),
    },
    Odd { name: "a fraction", of: |_| Some("48000.5"), is_none: all_but!("DOUBLE") },
    Odd { name: "infinity", of: |_| Some("9e999"), is_none: all_but!("DOUBLE") },
    Odd { name: "a text", of: |_| Some("'abc'"), is_none: all_but!("STRING" | "TEXT" | "ENUM") },
    Odd { name: "digits", of: |_| Some("'48000'"), is_none: all_but!("STRING" | "TEXT" | "ENUM" | "JSON" | "JSONB") },
    Odd { name: "nothing", of: |_| Some("''"), is_none: all_but!("STRING" | "TEXT" | "ENUM") },
    Odd { name: "a zero byte", of: |_| Some("'a' || char(0) || 'b'"), is_none: |_| true },
    Odd {
        name: "a 31 February",
        of: |_| Some("'2026-02-31T00:00:00.000000Z'"),
        is_none: all_but!("STRING" | "TEXT" | "ENUM"),
    },
    Odd { name: "null", of: |_| Some("NULL"), is_none: |_| false },
];

#[cfg(feature = "postgres")]
const ON_POSTGRES: &[Odd] = &[
    Odd {
        name: "the smallest",
        of: |document| {
            Some(match bare(document) {
                "STRING" | "TEXT" | "ENUM" => "''",
                "INTEGER" => "-2147483648",
                "BIGINT" => "-9223372036854775808",
                "DECIMAL" if document == "DECIMAL(5,2)" => "-999.99",
                "DECIMAL" => "-99999999.99",
                "DOUBLE" => "'-Infinity'",
                "TIMESTAMP" | "DATE" => "'-infinity'",
                "JSON" | "JSONB" => "'null'",
                "BOOLEAN" => "true",
                _ => return None,
            })
        },
        is_none: |document| matches!(bare(document), "TIMESTAMP" | "DATE"),
    },
    Odd {
        name: "the largest",
        of: |document| {
            Some(match bare(document) {
                "STRING" | "TEXT" | "ENUM" => "E'\\u0001'",
                "INTEGER" => "2147483647",
                "BIGINT" => "9223372036854775807",
                "DECIMAL" if document == "DECIMAL(5,2)" => "999.99",
                "DECIMAL" => "99999999.99",
                "DOUBLE" => "'Infinity'",
                "TIMESTAMP" | "DATE" => "'infinity'",
                "JSON" | "JSONB" => "'{\"a\": [1e400, \"\\ud83d\\ude00\"]}'",
                _ => return None,
            })
        },
        is_none: |document| matches!(bare(document), "TIMESTAMP" | "DATE"),
    },
    Odd {
        name: "none",
        of: |document| {
            Some(match bare(document) {
                "STRING" | "TEXT" | "ENUM" => "' '",
                "DECIMAL" | "DOUBLE" => "'NaN'",
                "TIMESTAMP" | "DATE" => "'294276-12-31 00:00:00Z'",
                "JSON" | "JSONB" => "'[[[[7]]]]'",
                _ => return None,
            })
        },
        is_none: |document| matches!(bare(document), "DECIMAL" | "TIMESTAMP" | "DATE"),
    },
    Odd { name: "null", of: |_| Some("NULL"), is_none: |_| false },
];

/// Tables whose rows `check` does not look at.
const NOT_CHECKED: [&str; 10] = [
    "call_budgets",
    "idempotency_keys",
    "job_leases",
    "job_schedules",
    "notification_channels",
    "session",
    "sign_in_identities",
    "sign_in_links",
    "sign_in_states",
    "vin_decodes",
];

/// The columns in which this value is tried, by table and row.
fn places(columns: &Columns, odd: &Odd) -> Vec<(&'static str, u32, &'static str, &'static str)> {
    let mut places = Vec::new();
    for (table, columns) in columns {
        for (row, (name, document, constraints)) in (1..).zip(columns) {
            let is_null = (odd.of)(document) == Some("NULL");
            // Nothing of ours was ever without these: no release of another application has had the tables.
            let is_ours = is_null
                && !TABLES
                    .iter()
                    .any(|known| known.name == *table && known.columns.iter().any(|known| known.0 == *name));
            if constraints.contains("PK") || (is_ours && constraints.contains("NOT NULL")) {
                continue;
            }
            places.push((*table, row, *name, *document));
        }
    }
    places
}

/// The statement that puts a value into each column, each in a row of its own.
fn oddities(kind: Kind, columns: &Columns, odd: &Odd) -> String {
    let mut sql = String::new();
    for (table, row, name, document) in places(columns, odd) {
        let Some(value) = (odd.of)(document) else { continue };
        let (key, document, _) = *columns[table].iter().find(|(.., constraints)| constraints.contains("PK")).unwrap();
        let key_of_row = match bare(document) {
            "UUID" => kind.id(&row.to_string()),
            _ => kind
                .ordinary(table, (key, document, "PK"))
                .replace(", n", &format!(", {row}"))
                .replace("(n::", &format!("({row}::")),
        };
        sql += &format!("UPDATE {table} SET {name} = {value} WHERE {key} = {key_of_row};\n");
    }
    sql
}

/// Reads a list to its end; the pages must end, and no row may come twice.
fn to_the_end<T: Serialize>(read: impl Fn(&PageRequest) -> Result<Page<T>>) -> Result<usize> {
    let mut seen = BTreeSet::new();
    let mut page = PageRequest::first(17);
    loop {
        let found = read(&page)?;
        for item in found.items {
            let item = serde_json::to_string(&item).unwrap();
            assert!(seen.insert(item.clone()), "twice: {item}");
        }
        assert!(seen.len() <= ROWS as usize, "a list without end");
        let Some(next) = found.next else { return Ok(seen.len()) };
        page = page.after(next);
    }
}

/// How many rows of a table a list has.
type Count = Result<usize>;
/// A list of all rows of a table, or something else that is read.
type Read = (String, Option<&'static str>, Box<dyn Fn(&Desk) -> Count>);

fn lists() -> Vec<Read> {
    macro_rules! list {
        ($name:expr, $table:expr, |$desk:ident, $page:ident| $read:expr) => {
            (
                $name.to_string(),
                $table,
                Box::new(move |$desk: &Desk| to_the_end(|$page| $read)) as Box<dyn Fn(&Desk) -> Count>,
            )
        };
    }
    macro_rules! read {
        ($name:expr, |$desk:ident| $read:expr) => {
            (
                $name.to_string(),
                None,
                Box::new(move |$desk: &Desk| ($read).map(|_| 0_usize)) as Box<dyn Fn(&Desk) -> Count>,
            )
        };
    }
    let first = Uuid::from_u128(1);
    let mut lists = vec![
        list!("activity", Some("activity_logs"), |desk, page| desk.activity().list(&ActivityFilter::default(), page)),
        list!("alerts", Some("storage_alerts"), |desk, page| {
            let mut filter = AlertFilter::default();
            filter.with_dismissed = true;
            desk.alerts().list(&filter, page)
        }),
        list!("competitors", Some("competitors"), |desk, page| desk
            .competitors()
            .list(&CompetitorFilter::default(), page)),
        list!("overview of competitors", Some("competitors"), |desk, page| {
            desk.competitors().overview(&CompetitorFilter::default(), page)
        }),
        list!("undercuts", None, |desk, page| desk.competitors().undercuts(&UndercutFilter::default(), page)),
        list!("exports", Some("export_logs"), |desk, page| desk.exports().list(&ExportFilter::default(), page)),
        list!("runs", Some("job_history"), |desk, page| desk.jobs().history(&RunFilter::default(), page)),
        list!("notifications", Some("notifications"), |desk, page| {
            desk.notifications().list(&NotificationFilter::default(), page)
        }),
        list!("tokens", Some("api_tokens"), |desk, page| desk.tokens().list(page)),
        list!("users", Some("users"), |desk, page| desk.users().list(page)),
        list!("public stock", None, |desk, page| desk.inventory().list_public(&VehicleFilter::available(), page)),
        list!("positions", None, |desk, page| desk.market().positions(&VehicleFilter::default(), page)),
        read!("market view", |desk| desk
            .competitors()
            .market_view(&MarketViewFilter::default(), &PageRequest::largest())),
        read!("market", |desk| desk.market().overview()),
        read!("statistics", |desk| desk.inventory().statistics()),
        read!("jobs", |desk| desk.jobs().list()),
        read!("channels", |desk| desk.notifications().channels()),
        read!("left out", |desk| desk.competitors().left_out(&[])),
        read!("supply", |desk| desk.market().days_supply("Toyota", "Camry", 2019)),
        read!("search", |desk| desk
            .inventory()
            .list(&VehicleFilter::default().text("camry"), &PageRequest::first(500))),
        read!("candidates", |desk| {
            let subject = Subject { year: 2019, make: "Toyota".into(), model: "Camry".into(), ..Subject::default() };
            desk.market().candidates(&[subject])
        }),
        read!("feed", |desk| desk
            .exports()
            .run(&Export::of(Platform::Csv).dry_run(), &mut |_| ControlFlow::Continue(()))),
        read!("evaluation", |desk| desk.evaluation().cached(&Vin::parse("4T1B11HK5KU211111").unwrap())),
        read!("backtest", |desk| desk
            .market()
            .backtest(&BacktestOptions::default(), &mut |_| ControlFlow::Continue(()))),
        read!("due analyses", |desk| desk.market().analyze_all(&mut |_| ControlFlow::Continue(()))),
        read!("figures", |desk| desk.competitors().count_metrics(&mut |_, _| ControlFlow::Continue(()))),
    ];
    // Those of the rows with an odd value.
    let columns = columns();
    let ids = |table: &str| (1..=columns[table].len() as u128).map(Uuid::from_u128);
    for id in ids("competitor_price_history").map(ListingId::from_uuid) {
        lists.push(list!("prices of a listing", None, |desk, page| desk.competitors().price_history(id, page)));
    }
    for id in ids("competitor_metrics").map(CompetitorId::from_uuid) {
        lists.push(list!("figures of a competitor", None, |desk, page| desk.competitors().metrics(id, page)));
    }
    for id in ids("competitor_scrapes").map(CompetitorId::from_uuid) {
        lists.push(list!("scrapes of a competitor", None, |desk, page| desk.competitors().scrapes(id, page)));
    }
    for id in ids("market_research_results").map(VehicleId::from_uuid) {
        lists.push(list!("history of a vehicle", None, |desk, page| desk.market().history(id, page)));
        lists.push(read!("analysis of a vehicle", |desk| desk.market().get(id)));
    }
    lists.push(read!("vehicle", |desk| desk.inventory().find(&first.to_string())));
    for sort in VehicleSort::ALL {
        lists.push(list!(format!("vehicles by {sort}"), Some("inventory"), |desk, page| {
            desk.inventory().list(&VehicleFilter::default().sort(sort), page)
        }));
    }
    for sort in SubmissionSort::ALL {
        lists.push(list!(format!("submissions by {sort}"), Some("pending_submissions"), |desk, page| {
            desk.submissions().list(&SubmissionFilter::default().sort(sort), page)
        }));
    }
    for sort in ListingSort::ALL {
        for sold in [None, Some(false)] {
            lists.push(list!(
                format!("listings by {sort}, sold {sold:?}"),
                sold.is_none().then_some("competitor_inventory"),
                |desk, page| {
                    desk.competitors().listings(&ListingFilter { sort, sold, ..ListingFilter::default() }, page)
                }
            ));
        }
    }
    lists
}

/// What goes wrong with the database, a line each.
fn faults(dealership: &Dealership, left_out: &BTreeMap<&str, usize>) -> Vec<String> {
    let desk = dealership.acting_as(Actor::system());
    let mut faults = Vec::new();
    for (name, table, read) in lists() {
        let expected = table.map(|table| ROWS as usize - left_out.get(table).copied().unwrap_or(0));
        match read(&desk) {
            Ok(count) => faults.extend(
                expected
                    .filter(|expected| *expected != count)
                    .map(|expected| format!("{name}: {count} of {expected} rows")),
            ),
            Err(error) if is_of_what_is_read(&error) => {}
            Err(error) => {
                faults.push(format!("{name}: {}: {error} {:?}", error.code(), std::error::Error::source(&error)));
            }
        }
    }
    faults
}

/// The errors that say something about a row that is asked for by itself.
fn is_of_what_is_read(error: &Error) -> bool {
    ["vehicle_not_analyzed", "vehicle_not_found"].contains(&error.code())
}

/// How many rows of each table lists leave out.
fn left_out(findings: &[Finding]) -> BTreeMap<&'static str, usize> {
    let mut left_out = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.kind.as_str() == "unreadable_row") {
        *left_out.entry(finding.table).or_default() += usize::try_from(finding.count).unwrap();
    }
    left_out
}

/// Tries one value, and answers what goes wrong.
fn tried(url: &str, columns: &Columns, odd: &Odd) -> Vec<String> {
    let dealership = Dealership::open(url).unwrap();
    let report = match dealership.check() {
        Ok(report) => report,
        Err(error) => return vec![format!("check: {error} {:?}", std::error::Error::source(&error))],
    };
    let mut all = Vec::new();
    for (table, row, name, document) in places(columns, odd) {
        let is_missing = (odd.of)(document) == Some("NULL")
            && columns[table]
                .iter()
                .any(|(column, _, constraints)| *column == name && constraints.contains("NOT NULL"));
        let is_named = report.findings.iter().any(|finding| {
            let id = Uuid::from_u128(row.into()).to_string();
            finding.table == table && finding.column == name && finding.ids.contains(&id)
        });
        let must_be =
            (is_missing || (odd.of)(document).is_some() && (odd.is_none)(document)) && !NOT_CHECKED.contains(&table);
        if must_be && !is_named {
            all.push(format!("check does not name {table}.{name} of row {row}"));
        }
    }
    all.extend(faults(&dealership, &left_out(&report.findings)));
    match dealership.migrate() {
        Ok(_) => {}
        Err(error) => all.push(format!("migrate: {error} {:?}", std::error::Error::source(&error))),
    }
    match dealership.check() {
        Ok(report) => {
            // Some columns take no text but words of their own, or none so long.
            let is_left =
                |finding: &&Finding| finding.remedy.as_str() != "by_hand" && finding.kind.as_str() != "text_form";
            let again: Vec<_> = report.findings.iter().filter(is_left).collect();
            if !again.is_empty() {
                all.push(format!("migrate leaves {again:?}"));
            }
        }
        Err(error) => all.push(format!("check: {error}")),
    }
    all.into_iter().map(|fault| format!("{}: {fault}", odd.name)).collect()
}

#[cfg(feature = "sqlite")]
#[test]
fn one_odd_value_in_any_column_fails_nothing_on_sqlite() {
    use diesel::{Connection as _, SqliteConnection};

    let columns = columns();
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template.db");
    drop(Dealership::open(format!("sqlite:{}", template.display())).unwrap());
    let mut conn = SqliteConnection::establish(template.to_str().unwrap()).unwrap();
    // A file that another program has made anew: no type holds, and null may stand anywhere.
    conn.batch_execute(
        "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(replace(replace(replace(replace(sql, ' STRICT', ''), ' NOT NULL', ''),
                ' TEXT', ' BLOB'), ' INTEGER', ' BLOB'), ' REAL', ' BLOB') WHERE type = 'table' AND name <> '__diesel_schema_migrations';
         PRAGMA writable_schema = RESET;",
    )
    .unwrap();
    past_the_library(|| conn.batch_execute(&filled(Kind::Sqlite, &columns))).unwrap();
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(conn);
    let mut faults = Vec::new();
    for (number, odd) in ON_SQLITE.iter().enumerate() {
        let path = folder.path().join(format!("{number}.db"));
        std::fs::copy(&template, &path).unwrap();
        let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
        past_the_library(|| conn.batch_execute(&oddities(Kind::Sqlite, &columns, odd))).unwrap();
        drop(conn);
        faults.extend(tried(&format!("sqlite:{}", path.display()), &columns, odd));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[cfg(feature = "postgres")]
#[test]
fn one_odd_value_in_any_column_fails_nothing_on_postgres() {
    use crate::support::postgres::Schema;

    let columns = columns();
    let mut faults = Vec::new();
    for odd in ON_POSTGRES {
        let schema = Schema::create();
        Dealership::open(&schema.url).unwrap().migrate().unwrap();
        let mut conn = schema.connect();
        // Conditions that another program has taken off.
        conn.batch_execute(
            "SET session_replication_role = replica;
             DO $$ DECLARE it record; BEGIN
                 FOR it IN SELECT conrelid::regclass AS of, quote_ident(conname) AS name FROM pg_constraint
                           WHERE connamespace = current_schema()::regnamespace AND contype = 'c' LOOP
                     EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %s', it.of, it.name);
                 END LOOP;
                 FOR it IN SELECT c.oid::regclass AS of, quote_ident(a.attname) AS name
                           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND a.attnotnull
                           WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND NOT EXISTS
                               (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) LOOP
                     EXECUTE format('ALTER TABLE %s ALTER %s DROP NOT NULL', it.of, it.name);
                 END LOOP;
             END $$",
        )
        .unwrap();
        past_the_library(|| conn.batch_execute(&filled(Kind::Postgres, &columns))).unwrap();
        past_the_library(|| conn.batch_execute(&oddities(Kind::Postgres, &columns, odd))).unwrap();
        drop(conn);
        faults.extend(tried(&schema.url, &columns, odd));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
