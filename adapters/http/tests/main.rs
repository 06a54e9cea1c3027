//! The server over real sockets on loopback: its answers, and what it does with clients that misbehave.
//!
//! The rules are tested with the library, on both databases. These tests use SQLite in a temporary folder.

#![cfg(feature = "sqlite")]
#![expect(unreachable_pub, reason = "a test binary has no users")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod auth;
mod connections;
mod inventory;
mod metrics;
mod submissions;
mod support;
mod surroundings;
mod tokens;
