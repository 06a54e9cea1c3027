//! The server over real sockets on loopback: what it answers, and what it does with clients that do not behave.
//!
//! The library's own rules are tested beside the library, on both databases; here is SQLite in a temporary folder.

#![cfg(feature = "sqlite")]

mod connections;
mod inventory;
mod submissions;
mod support;
mod surroundings;
