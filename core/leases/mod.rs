//! Leases: the right to do what only one may do at a time, for as long as its holder shows that it is alive.
//!
//! A lease is a row of `job_leases` that ends by itself, so that the work of a machine which died is taken over. Its times are
//! those of the machines: their clocks must agree better than a third of a lease, in which it is renewed.
//!
//! What is deliberately not here: what is done under a lease, how long it lasts, and the audit trail: a lease says who works,
//! and nothing about the business.

mod repository;

pub(crate) use repository::{held_by, holder, live, release, renew, take};
use uuid::Uuid;

/// A new name for somebody who holds leases: nobody else has it, not even the same machine a second time.
pub(crate) fn new_holder() -> String {
    Uuid::now_v7().to_string()
}
