//! The statements that the library sends, and what holds of each of them.

use std::{
    cell::{Cell, RefCell},
    fmt::{self, Write as _},
    sync::{Mutex, Once},
};

use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use jpauto::{Actor, Clock, Config, Dealership, Desk};

use super::Lot;

thread_local! {
    /// The library is synchronous, so statements run on the thread of the test.
    static STATEMENTS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
    /// Those that connections keep prepared.
    static KEPT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// Whether this thread sends statements past the library.
    static IS_PAST_THE_LIBRARY: Cell<bool> = const { Cell::new(false) };
}

/// The statements about one competitor, from whichever thread: those that name its id.
static ABOUT: Mutex<Option<(String, Vec<String>)>> = Mutex::new(None);

/// What the work came to, and the statements of this process that named an id meanwhile.
pub fn statements_about<T>(id: &str, work: impl FnOnce() -> T) -> (T, Vec<String>) {
    watch();
    *ABOUT.lock().unwrap() = Some((id.to_owned(), Vec::new()));
    let outcome = work();
    (outcome, ABOUT.lock().unwrap().take().map(|(_, statements)| statements).unwrap_or_default())
}

fn keep_if_asked_for(query: &dyn fmt::Display) {
    if let Some((id, statements)) = ABOUT.lock().unwrap().as_mut() {
        let query = query.to_string();
        if query.contains(id.as_str()) {
            statements.push(query);
        }
    }
}

/// Looks at each statement of this process from now on.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_default_instrumentation(|| {
            Some(Box::new(|event: InstrumentationEvent<'_>| match event {
                InstrumentationEvent::StartQuery { query, .. } => {
                    if let Some(fault) = fault(&beginning(query)) {
                        assert!(IS_PAST_THE_LIBRARY.get(), "{fault}: {query}");
                    }
                    keep_if_asked_for(query);
                    STATEMENTS.with_borrow_mut(|kept| {
                        if let Some(kept) = kept {
                            kept.push(query.to_string());
                        }
                    });
                }
                InstrumentationEvent::CacheQuery { sql, .. } => {
                    KEPT.with_borrow_mut(|kept| kept.push(sql.to_owned()));
                }
                _ => {}
            }))
        })
        .unwrap();
    });
}

/// Runs what is sent past the library, as another application does that knows none of its rules.
pub fn past_the_library<T>(work: impl FnOnce() -> T) -> T {
    IS_PAST_THE_LIBRARY.set(true);
    let outcome = work();
    IS_PAST_THE_LIBRARY.set(false);
    outcome
}

/// A desk over the lot's database whose statements are kept.
pub fn watched(lot: &Lot) -> Desk {
    watch();
    let config = Config::new(&lot.url).clock(Clock::fixed(lot.now()));
    Dealership::with_config(config).unwrap().acting_as(Actor::system())
}

/// What the work came to, and the statements that it sent, each followed by ` -- binds: ` and its values.
pub fn statements_of<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    STATEMENTS.set(Some(Vec::new()));
    let outcome = work();
    (outcome, STATEMENTS.take().unwrap_or_default())
}

/// The statements that connections keep prepared since the work.
pub fn kept_by<T>(work: impl FnOnce() -> T) -> Vec<String> {
    KEPT.take();
    work();
    KEPT.take()
}

/// The text of a statement that may change rows, without its values; of any other, and of many together, nothing.
fn beginning(query: &dyn fmt::Display) -> String {
    /// Ends the writing once the values begin.
    struct Beginning(String);
    impl fmt::Write for Beginning {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.push_str(text);
            if self.0.contains(" -- binds: ") { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut text = Beginning(String::new());
    write!(text, "{query}").ok();
    let Beginning(text) = text;
    if !["UPDATE", "DELETE", "WITH"].iter().any(|word| text.starts_with(word)) {
        return String::new();
    }
    let whole = text.split(" -- binds: ").next().unwrap_or_default();
    whole.replace(['"', '`'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tables whose rows belong to a competitor, by `competitor_id`.
const OF_COMPETITORS: [&str; 5] = [
    "competitor_inventory",
    "competitor_price_history",
    "competitor_metrics",
    "competitor_scrapes",
    "competitor_pages",
];

/// What is wrong with a statement that changes rows of competitors: where they are partitioned or distributed, it would go to every
/// partition, or move a row from one to another.
fn fault(statement: &str) -> Option<&'static str> {
    let statement = format!("{statement} ");
    let changes = OF_COMPETITORS.iter().find_map(|table| {
        let of = |verb: &str| {
            statement.find(&format!("{verb} {table} ")).or_else(|| statement.find(&format!("{verb} {table}.")))
        };
        of("UPDATE").or_else(|| of("DELETE FROM"))
    });
    let changed = &statement[changes?..];
    // Mending an adopted database reads every row of a table, whosever it is, and says so.
    if changed.contains(" /* every row */ SET ") {
        return None;
    }
    let (set, condition) = changed.split_once(" WHERE ").unwrap_or((changed, ""));
    if set.contains("competitor_id =") {
        Some("a statement sets the key of a partition")
    } else if condition.contains("competitor_id =") {
        None
    } else {
        Some("a statement that changes rows of competitors does not name the competitor")
    }
}

#[test]
fn a_statement_that_changes_rows_of_competitors_names_the_competitor() {
    let fault = |statement: &str| fault(&beginning(&statement));
    for good in [
        "SELECT id FROM competitor_inventory FOR UPDATE",
        "INSERT INTO competitor_inventory (id) VALUES ($1)",
        "UPDATE competitors SET name = $1 WHERE id = $2",
        r#"UPDATE "competitor_inventory" SET "price" = $1 WHERE ("competitor_inventory"."competitor_id" = $2)"#,
        "UPDATE competitor_inventory /* every row */ SET vin = upper(vin) WHERE vin <> upper(vin)",
        "DELETE FROM `competitor_pages` WHERE (`competitor_pages`.`competitor_id` = ?) -- binds: [1]",
        "UPDATE competitor_inventory AS listing SET price = seen.price\n FROM unnest($1) AS seen (id)
         WHERE listing.id = seen.id AND listing.competitor_id = $2",
    ] {
        assert_eq!(fault(good), None, "{good}");
    }
    for bad in [
        "UPDATE competitor_inventory SET price = $1 WHERE id = $2",
        "UPDATE competitor_scrapes SET competitor_id = $1, weight = $2 WHERE competitor_id = $3",
        r#"DELETE FROM "competitor_metrics" WHERE "competitor_metrics"."id" = $1 -- binds: ["competitor_id ="]"#,
        "DELETE FROM competitor_pages ",
        "WITH gone AS (DELETE FROM competitor_price_history WHERE id = $1) SELECT 1",
    ] {
        assert!(fault(bad).is_some(), "{bad}");
    }
}
