//! The server over real sockets on loopback: its answers, and what it does with clients that misbehave.
//!
//! The rules are tested with the library, on both databases. These tests use SQLite in a temporary folder.

#![cfg(feature = "sqlite")]
#![expect(unreachable_pub, reason = "a test binary has no users")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first surprise and says what it skips"
)]

mod attention;
mod auth;
mod competitors;
mod connections;
mod contract;
mod exports;
mod fairness;
mod imports;
mod inventory;
mod jobs;
mod market;
mod metrics;
mod notifications;
mod office;
#[expect(dead_code, reason = "the library's own tests use other parts of it")]
#[path = "../../../tests/support/openid.rs"]
mod openid;
#[path = "../../../tests/support/operations.rs"]
mod operations;
mod permission;
mod photos;
mod public;
mod served;
mod sign_in;
mod staff;
mod submissions;
mod support;
mod surroundings;
mod tokens;
mod vin;
#[allow(dead_code, reason = "the library's own tests use other parts of it")]
#[path = "../../../tests/support/website.rs"]
mod website;
