//! The integration tests: one binary, one module a noun, each test on SQLite and on PostgreSQL.
//!
//! `tests/with-postgres` starts the PostgreSQL that they use; without it the PostgreSQL half fails rather than being skipped.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_imports,
    unreachable_pub,
    reason = "a test stops at the first surprise and says what it saw"
)]

#[macro_use]
mod support;

mod activity;
mod adoption;
mod agreement;
mod alerts;
mod architecture;
mod auto_dev;
mod competitors;
mod completeness;
mod contract;
mod database;
mod errors;
mod evaluation;
mod exports;
mod idempotency;
mod imports;
mod inventory;
mod jobs;
mod jobs_due;
mod judgement;
mod leases;
mod list_orders;
mod listing_columns;
mod long_work;
mod market;
mod market_queries;
mod market_view;
#[cfg(feature = "postgres")]
mod node_sessions;
mod notifications;
mod partitions;
mod permissions;
mod platforms;
#[cfg(feature = "postgres")]
mod pooler;
mod probe;
mod rate_limits;
mod returns;
mod schema;
mod scraping;
mod sessions;
mod sign_in;
mod simulated_market;
#[cfg(feature = "postgres")]
mod standby;
mod storage;
mod stubs;
mod submissions;
mod tokens;
mod tracking;
mod typed;
mod unseen;
mod users;
