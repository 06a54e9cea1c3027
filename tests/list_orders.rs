//! Each list is read in the order of an index, in each order that is offered: the plans of both databases over 100,000 rows.

use diesel::{Connection as _, RunQueryDsl as _, connection::SimpleConnection as _, sql_query, sql_types::Text};
use jpauto::{
    ActivityFilter, AlertFilter, Desk, Page, PageRequest, Result, SubmissionFilter, SubmissionSort, VehicleFilter,
    VehicleSort,
    competitors::{CompetitorFilter, Condition, ListingFilter, ListingSort},
    exports::{ExportFilter, ExportStatus, Platform},
    jobs::{Job, RunFilter, RunStatus},
    notifications::{NotificationFilter, NotificationStatus},
};

use crate::support::{
    Lot,
    statements::{kept_by, statements_of, watched},
};

const ROWS: u32 = 100_000;

/// Reads a page of a list, and returns the cursor of the next page.
type Read = Box<dyn Fn(&Desk, &PageRequest) -> Result<Option<String>>>;

/// One order of one list.
struct List {
    table: &'static str,
    name: String,
    read: Read,
}

fn list<T>(table: &'static str, name: &str, read: impl Fn(&Desk, &PageRequest) -> Result<Page<T>> + 'static) -> List {
    List { table, name: name.to_owned(), read: Box::new(move |desk, page| Ok(read(desk, page)?.next)) }
}

fn lists() -> Vec<List> {
    let mut lists = vec![
        list("activity_logs", "activity", |desk, page| desk.activity().list(&ActivityFilter::default(), page)),
        list("storage_alerts", "open alerts", |desk, page| desk.alerts().list(&AlertFilter::default(), page)),
        list("competitors", "competitors", |desk, page| desk.competitors().list(&CompetitorFilter::default(), page)),
        list("job_history", "runs", |desk, page| desk.jobs().history(&RunFilter::default(), page)),
        list("job_history", "runs of a job", |desk, page| {
            let mut filter = RunFilter::default();
            filter.kind = Some(Job::CleanUp.into());
            desk.jobs().history(&filter, page)
        }),
        list("job_history", "runs that went well", |desk, page| {
            let mut filter = RunFilter::default();
            filter.status = Some(RunStatus::Success);
            desk.jobs().history(&filter, page)
        }),
        list("notifications", "notifications", |desk, page| {
            desk.notifications().list(&NotificationFilter::default(), page)
        }),
        list("notifications", "notifications that were delivered", |desk, page| {
            let mut filter = NotificationFilter::default();
            filter.status = Some(NotificationStatus::Delivered);
            desk.notifications().list(&filter, page)
        }),
        list("export_logs", "exports", |desk, page| desk.exports().list(&ExportFilter::default(), page)),
        list("export_logs", "exports of a feed", |desk, page| {
            let mut filter = ExportFilter::default();
            filter.platform = Some(Platform::Meta);
            desk.exports().list(&filter, page)
        }),
        list("export_logs", "exports that went well", |desk, page| {
            let mut filter = ExportFilter::default();
            filter.status = Some(ExportStatus::Success);
            desk.exports().list(&filter, page)
        }),
    ];
    for sort in VehicleSort::ALL {
        lists.push(list("inventory", &format!("inventory by {sort}"), move |desk, page| {
            desk.inventory().list(&VehicleFilter::default().sort(sort), page)
        }));
        lists.push(list("inventory", &format!("public inventory by {sort}"), move |desk, page| {
            desk.inventory().list_public(&VehicleFilter::available().sort(sort), page)
        }));
    }
    for sort in SubmissionSort::ALL {
        lists.push(list("pending_submissions", &format!("submissions by {sort}"), move |desk, page| {
            desk.submissions().list(&SubmissionFilter::default().sort(sort), page)
        }));
        lists.push(list("pending_submissions", &format!("pending submissions by {sort}"), move |desk, page| {
            desk.submissions().list(&SubmissionFilter::pending().sort(sort), page)
        }));
    }
    for sort in ListingSort::ALL {
        lists.push(list("competitor_inventory", &format!("listings by {sort}"), move |desk, page| {
            desk.competitors().listings(&ListingFilter { sort, ..ListingFilter::default() }, page)
        }));
        // A fact that few websites give leaves so few rows that a database may well sort those.
        let filter = ListingFilter { condition: vec![Condition::Used], sort, ..ListingFilter::default() };
        lists.push(list("competitor_inventory", &format!("used listings by {sort}"), move |desk, page| {
            desk.competitors().listings(&filter, page)
        }));
    }
    lists
}

/// Fills every table that is listed: values repeat, some times are unknown, nine in ten rows are for sale, pending or open.
fn fill(lot: &Lot) {
    let is_sqlite = lot.url.starts_with("sqlite:");
    let [id, day, numbers] = if is_sqlite {
        [
            "unhex(printf('%032x', n))",
            "iif(n % 100 = 0, NULL, strftime('%Y-%m-%dT%H:%M:%S.000000Z', '2025-01-01', '+' || (n * 7919 % 50000) || ' minutes'))",
            "(WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {ROWS}) SELECT n FROM counted)",
        ]
    } else {
        [
            "lpad(to_hex(n), 32, '0')::uuid",
            "CASE WHEN n % 100 <> 0 THEN timestamptz '2025-01-01' + (n::bigint * 7919 % 50000) * interval '1 minute' END",
            "generate_series(1, {ROWS})",
        ]
    };
    let numbers = numbers.replace("{ROWS}", &ROWS.to_string());
    let vin = if is_sqlite { "printf('1M8GDM9A%09d', n)" } else { "'1M8GDM9A' || lpad(n::text, 9, '0')" };
    let [yes, product] = if is_sqlite { ["1", "n * 104729"] } else { ["true", "n::bigint * 104729"] };
    let sql = format!(
        "INSERT INTO inventory (id, status, year, make, model, vin, price, mileage, listed_at)
             SELECT {id}, CASE WHEN n % 10 = 0 THEN 'sold' ELSE 'available' END, 2000 + n % 25, 'TOYOTA', 'Corolla', {vin},
                    13000 + {product} % 2000, {product} % 90000, {day} FROM {numbers} AS t (n);
         INSERT INTO pending_submissions (id, submission_status, year, make, model, vin, submitted_at)
             SELECT {id}, CASE WHEN n % 10 = 0 THEN 'approved' ELSE 'pending' END, 2015, 'TOYOTA', 'Corolla', {vin}, {day}
             FROM {numbers} AS t (n);
         INSERT INTO activity_logs (id, action, created_at) SELECT {id}, 'update', {day} FROM {numbers} AS t (n);
         INSERT INTO storage_alerts (id, alert_type, severity, message, dismissed, created_at)
             SELECT {id}, 'overpriced', 'warning', 'made up', CASE WHEN n % 10 = 0 THEN {yes} END, {day} FROM {numbers} AS t (n);
         INSERT INTO job_history (id, job_name, status, started_at)
             SELECT {id}, CASE WHEN n % 3 = 0 THEN 'clean_up' ELSE 'backup' END,
                    CASE WHEN n % 10 = 0 THEN 'failure' ELSE 'success' END, {day} FROM {numbers} AS t (n);
         INSERT INTO notifications (id, event_id, event, channel, data, status, attempts, raised_at)
             SELECT {id}, {id}, 'submission_new', CASE WHEN n % 3 = 0 THEN 'mail' ELSE 'chat' END, '{{}}',
                    CASE WHEN n % 10 = 0 THEN 'given_up' ELSE 'delivered' END, 1, coalesce({day}, '2025-01-01T00:00:00.000000Z')
             FROM {numbers} AS t (n);
         INSERT INTO export_logs (id, platform, status, exported_at)
             SELECT {id}, CASE WHEN n % 3 = 0 THEN 'meta' ELSE 'cargurus' END,
                    CASE WHEN n % 10 = 0 THEN 'failure' ELSE 'success' END, {day} FROM {numbers} AS t (n);
         INSERT INTO competitors (id, name, inventory_url)
             SELECT {id}, 'Dealer ' || n, 'https://dealer.example/' || n FROM {numbers} AS t (n);
         INSERT INTO competitor_inventory (id, competitor_id, year, price, highest_price, mileage, first_seen_at, last_seen_at,
                                           is_sold, days_on_market, condition)
             SELECT {id}, {id}, 2000 + n % 25, 13000 + {product} % 2000, 15000, {product} % 90000, {day}, {day},
                    n % 10 = 0, CASE WHEN n % 10 = 0 THEN n % 90 END, CASE WHEN n % 20 <> 0 THEN 'used' END
             FROM {numbers} AS t (n);"
    );
    // SQLite names the columns of a row source by the query itself.
    let sql = if is_sqlite { sql.replace(" AS t (n)", "") } else { sql };
    lot.execute(&sql);
    // SQLite has no statistics of a dealership's file: nothing counts its tables.
    if !is_sqlite {
        lot.execute("ANALYZE");
    }
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The steps of the plan of a statement as it was sent, one a line.
pub(crate) fn plan(lot: &Lot, statement: &str) -> Vec<String> {
    let (sql, binds) = statement.split_once(" -- binds: ").unwrap();
    #[cfg(feature = "sqlite")]
    if let Some(path) = lot.url.strip_prefix("sqlite:") {
        #[derive(diesel::QueryableByName)]
        struct Step {
            #[diesel(sql_type = Text)]
            detail: String,
        }
        let mut conn = diesel::SqliteConnection::establish(path).unwrap();
        let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(&mut conn).unwrap();
        return steps.into_iter().map(|step| step.detail).collect();
    }
    let mut conn = diesel::PgConnection::establish(&lot.url).unwrap();
    conn.batch_execute(&format!("PREPARE listed AS {sql}")).unwrap();
    let explain = format!(
        "CREATE FUNCTION pg_temp.plan() RETURNS TABLE (line text) LANGUAGE plpgsql AS $body$
         BEGIN RETURN QUERY EXECUTE $text$EXPLAIN EXECUTE listed{}$text$; END $body$",
        arguments(binds)
    );
    conn.batch_execute(&explain).unwrap();
    let lines: Vec<Line> = sql_query("SELECT line FROM pg_temp.plan()").load(&mut conn).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

/// The arguments of `EXECUTE` for values as the statement's debug text has them: `[Instant(2025-01-01T00:00:00Z), 51]`.
fn arguments(binds: &str) -> String {
    let values = binds.strip_prefix('[').and_then(|binds| binds.strip_suffix(']')).unwrap();
    if values.is_empty() {
        return String::new();
    }
    let (mut depth, mut arguments) = (0, vec![String::new()]);
    for sign in values.chars() {
        depth += i32::from(matches!(sign, '[' | '(' | '{')) - i32::from(matches!(sign, ']' | ')' | '}'));
        match arguments.last_mut() {
            Some(last) if sign != ',' || depth > 0 => last.push(sign),
            _ => arguments.push(String::new()),
        }
    }
    let bare = |argument: &String| {
        let inner = match argument.split_once("Instant(") {
            Some((_, instant)) => instant.split(')').next().unwrap(),
            None => argument.trim().rsplit_once('(').map_or(argument.trim(), |(_, inner)| inner.trim_end_matches(')')),
        };
        format!("'{}'", inner.trim_matches('"').replace('[', "{").replace(']', "}"))
    };
    format!("({})", arguments.iter().map(bare).collect::<Vec<_>>().join(", "))
}

fn is_in_order_of_an_index(table: &str, plan: &[String]) -> bool {
    let scans_all = |line: &String| {
        (line.contains(&format!("SCAN {table}")) && !line.contains("USING"))
            || line.contains(&format!("Seq Scan on {table}"))
    };
    // Rows of equal values may be put in the order of their ids after an index has put the values in order.
    let sorts_all = |line: &String| {
        line.contains("USE TEMP B-TREE FOR ORDER BY")
            || line.trim_start().trim_start_matches("->  ").starts_with("Sort  (")
    };
    !plan.iter().any(|line| scans_all(line) || sorts_all(line))
}

on_both_databases! {
    fn each_page_is_read_in_the_order_of_an_index(lot: &Lot) {
        fill(lot);
        let desk = watched(lot);
        let mut faults = Vec::new();
        for List { table, name, read } in lists() {
            let first = PageRequest::first(20);
            let (next, mut statements) = statements_of(|| read(&desk, &first).unwrap());
            let second = first.clone().after(next.unwrap());
            let (_, of_second) = statements_of(|| read(&desk, &second).unwrap());
            statements.extend(of_second);
            statements.retain(|statement| statement.contains(&format!("FROM \"{table}\"")) || statement.contains(&format!("FROM `{table}`")));
            assert!(statements.len() >= 2, "{name}: {statements:?}");
            for statement in statements {
                let plan = plan(lot, &statement);
                if !is_in_order_of_an_index(table, &plan) {
                    faults.push(format!("{name}:\n{}\n{statement}", plan.join("\n")));
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    }

    fn a_usual_page_is_a_statement_that_is_kept_and_planned_once(lot: &Lot) {
        let desk = watched(lot);
        let read = |limit| desk.inventory().list_public(&VehicleFilter::available(), &PageRequest::first(limit)).unwrap();
        let (kept, sent) = statements_of(|| kept_by(|| read(20)));
        assert_eq!((kept.len(), sent.len()), (2, 2), "{sent:?}");
        assert!(sent.iter().all(|statement| statement.ends_with("LIMIT 21 -- binds: []")), "{sent:?}");
        assert_eq!(kept_by(|| read(20)), <[String; 0]>::default(), "they are kept already");
        // Every size a statement of its own would be five hundred of them.
        let (kept, sent) = statements_of(|| kept_by(|| (1..=9).for_each(|limit| drop(read(limit)))));
        assert_eq!((kept.len(), sent.len()), (2, 18), "{kept:?}");
    }
}
