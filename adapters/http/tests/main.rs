//! The server over real sockets on loopback: what it answers, and what it does with clients that do not behave.
//!
//! The library's own rules are tested beside the library, on both databases; here is SQLite in a temporary folder.

#![cfg(feature = "sqlite")]
#![expect(unreachable_pub, reason = "a test binary has no users")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod connections;
mod inventory;
mod submissions;
mod support;
mod surroundings;
