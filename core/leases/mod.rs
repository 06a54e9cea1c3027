//! Leases: the right to do what only one may do at a time, for as long as its holder shows that it is alive.
//!
//! A lease is a row of `job_leases` that ends by itself, so that the work of a machine which died is taken over. Its times are
//! those of the machines: their clocks must agree better than a third of a lease, in which it is renewed.
//!
//! What is deliberately not here: what is done under a lease, how long it lasts, and the audit trail: a lease says who works,
//! and nothing about the business.

mod repository;

use chrono::{DateTime, Utc};
pub(crate) use repository::{held_by, holder, live, live_leases, release, renew, take};
use uuid::Uuid;

/// A lease that somebody has.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) name: String,
    pub(crate) holder: String,
    pub(crate) since: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// A new name for somebody who holds leases: nobody else has it, not even the same machine a second time. It begins with the
/// number of the process, by which a person finds it.
pub(crate) fn new_holder() -> String {
    format!("process {} ({})", std::process::id(), Uuid::now_v7())
}
