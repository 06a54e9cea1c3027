//! Leases: only one process at a time may do a thing, for as long as it renews its lease.
//!
//! A lease is a row of `job_leases` with the time at which it ends, so that the work of a process that died is taken over: then, or
//! at once where it is known to have ended (`process`). A lease that has ended stays ended: no renewal revives it, even where nobody
//! else took it. The times are the callers'. Jobs take them from `shared_now`; where they are of the callers' clocks, these must
//! agree better than a third of a lease, the time between two renewals. Leases leave no audit rows.

mod process;
mod repository;

use chrono::{DateTime, Utc};
pub(crate) use process::{is_gone, new_holder};
pub(crate) use repository::{
    forget, held_by, holder, last_holder, live_leases, note_last, release, renew, shared_now, take,
};

/// A lease that has not ended.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) name: String,
    pub(crate) holder: String,
    pub(crate) since: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// What came of asking for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was free or had ended. Work that the same holder began under it before has lost it.
    Anew,
    /// The holder had it, and now has it for longer.
    Extended,
    /// Another holder has it.
    No,
}
