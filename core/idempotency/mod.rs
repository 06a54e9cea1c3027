//! Calls that a client may repeat: with the same key a call is done once, and a repetition is answered as the first one was.
//!
//! The key is written in the transaction that does the work ([`Desk::once`](crate::Desk::once)), so that it is there exactly if
//! the work was done. The answer follows in a write of its own. Where a process ends between the two, a repetition is refused:
//! what was done is never done again. Keys are kept for [`KEPT`], and are those of one caller: a user, a token, or the network
//! of an address. Their rows leave no audit rows, because they say nothing about the business.

mod repository;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
pub(crate) use repository::{count_before, find, forget_some_before, keep};

use crate::{
    actor::Actor,
    db::{DbConnection, DbResult},
    error::{Error, ErrorCode, Result},
    network::client_network,
    secret,
};

/// How long a key is kept (24 h).
pub(crate) const KEPT: TimeDelta = TimeDelta::hours(24);

const LONGEST_KEY: usize = 255;

/// A call that a client may repeat.
#[derive(Clone)]
pub struct RepeatableCall {
    /// What finds it: a hash of the caller and the key.
    pub(crate) name: String,
    /// A hash of what the call asks for.
    pub(crate) request: String,
    is_written: Arc<AtomicBool>,
}

/// The answer that was kept of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptAnswer {
    /// What the caller made of the outcome, such as an HTTP status.
    pub status: i32,
    /// The address of what was created.
    pub location: Option<String>,
    /// The text of the answer.
    pub text: String,
}

impl KeptAnswer {
    /// An answer to keep.
    #[must_use]
    pub fn new(status: i32, location: Option<String>, text: String) -> Self {
        Self { status, location, text }
    }
}

impl fmt::Debug for RepeatableCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepeatableCall").field("name", &self.name).finish_non_exhaustive()
    }
}

impl RepeatableCall {
    /// The call of an actor by its key. `request` is all that it asks for.
    ///
    /// # Errors
    /// `invalid_idempotency_key`.
    pub(crate) fn of(actor: &Actor, key: &str, request: &[u8]) -> Result<Self> {
        let is_plain = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if key.trim().is_empty() || key.len() > LONGEST_KEY || !is_plain {
            return Err(Error::new(
                ErrorCode::InvalidIdempotencyKey,
                format!("expected a key of 1 to {LONGEST_KEY} characters of ASCII"),
            ));
        }
        let caller = match (actor.token_id(), actor.user_id(), actor.ip()) {
            (Some(token), ..) => format!("token {token}"),
            (None, Some(user), _) => format!("user {user}"),
            (None, None, Some(ip)) => format!("public {}", client_network(ip)),
            (None, None, None) => "nobody".to_owned(),
        };
        let request = secret::hex(&secret::sha256(request));
        Ok(Self { name: secret::hash(&format!("{caller}\n{key}")), request, is_written: Arc::default() })
    }

    /// Writes down that the call is done, in the transaction that does it.
    ///
    /// # Errors
    /// `idempotency_key_reused`, `request_in_flight`.
    pub(crate) fn claim(&self, conn: &mut DbConnection, now: DateTime<Utc>) -> DbResult<()> {
        if self.is_written.load(Ordering::Relaxed) {
            return Ok(());
        }
        repository::forget_before(conn, now - KEPT)?;
        match find(conn, &self.name, now - KEPT)? {
            Some(row) => Err(self.refusal(&row).into()),
            None => repository::insert(conn, &self.name, &self.request, now),
        }
    }

    /// The transaction has ended well.
    pub(crate) fn note_written(&self) {
        self.is_written.store(true, Ordering::Relaxed);
    }

    /// Why the call is not done beside the one in the row.
    pub(crate) fn refusal(&self, row: &repository::Row) -> Error {
        if row.request != self.request {
            return Error::new(ErrorCode::IdempotencyKeyReused, "the key was used for another request");
        }
        Error::new(ErrorCode::RequestInFlight, "the first call with this key has no answer yet")
    }
}
