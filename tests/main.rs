//! The integration tests: one binary, one module a noun, each test on SQLite and on PostgreSQL.
//!
//! `tests/with-postgres` starts the PostgreSQL that they use; without it the PostgreSQL half fails rather than being skipped.

#[macro_use]
mod support;

mod activity;
mod competitors;
mod database;
mod inventory;
mod market;
mod submissions;
mod users;
