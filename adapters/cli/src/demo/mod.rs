//! `jpauto demo`.

mod cars;
mod clock;
mod database;
mod lots;
mod pages;
