//! The compiled command, run as people and scripts run it, on an SQLite file of its own.

mod support;

mod bad_input;
mod commands;
mod demo;
mod help;
