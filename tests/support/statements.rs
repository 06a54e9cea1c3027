//! The statements that the library sends from the thread of a test.

use std::{cell::RefCell, sync::Once};

use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use jpauto::{Actor, Clock, Config, Dealership, Desk};

use super::Lot;

thread_local! {
    /// The library is synchronous, so statements run on the thread of the test.
    static STATEMENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// Those that connections keep prepared.
    static KEPT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A desk over the lot's database whose statements are kept.
pub fn watched(lot: &Lot) -> Desk {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_default_instrumentation(|| {
            Some(Box::new(|event: InstrumentationEvent<'_>| match event {
                InstrumentationEvent::StartQuery { query, .. } => {
                    STATEMENTS.with_borrow_mut(|statements| statements.push(query.to_string()));
                }
                InstrumentationEvent::CacheQuery { sql, .. } => {
                    KEPT.with_borrow_mut(|kept| kept.push(sql.to_owned()));
                }
                _ => {}
            }))
        })
        .unwrap();
    });
    let config = Config::new(&lot.url).clock(Clock::fixed(lot.now()));
    Dealership::with_config(config).unwrap().acting_as(Actor::system())
}

/// What the work came to, and the statements that it sent, each followed by ` -- binds: ` and its values.
pub fn statements_of<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    STATEMENTS.take();
    let outcome = work();
    (outcome, STATEMENTS.take())
}

/// The statements that connections keep prepared since the work.
pub fn kept_by<T>(work: impl FnOnce() -> T) -> Vec<String> {
    KEPT.take();
    work();
    KEPT.take()
}
