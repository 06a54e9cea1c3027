//! `jpauto demo`.

mod cars;
mod lots;
mod pages;
