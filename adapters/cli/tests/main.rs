//! The compiled command, run as people and scripts run it, on an SQLite file of its own.

#![expect(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod support;
mod tokens;
mod typing;

mod bad_input;
mod beside;
mod commands;
mod competitor;
mod competitor_market;
mod configuration;
mod database;
mod demo;
mod export;
mod failures;
mod help;
mod import_vehicles;
mod interrupted;
mod job;
mod judgement;
mod killed;
mod market;
mod market_command;
mod notifications;
mod photo;
mod postgres;
mod scraping;
mod usage;
mod vin_command;
#[allow(dead_code, unreachable_pub, reason = "the library's own tests use the rest of it")]
#[path = "../../../tests/support/website.rs"]
mod website;
mod workers;
