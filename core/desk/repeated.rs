//! Calls that a client may repeat: whether one was done, doing it once, and keeping its answer.

use super::{Desk, Turns};
use crate::{
    actor::Permission,
    error::Result,
    idempotency::{self, KEPT, KeptAnswer, RepeatableCall},
};

/// Rows that one transaction removes at most.
const ROWS_A_REMOVAL: usize = 2_000;

/// What is known of a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Repetition {
    /// It was not done. Its desk does it once ([`Desk::once`]).
    First(RepeatableCall),
    /// It was done, and answered so.
    Answered(KeptAnswer),
}

impl Desk {
    /// Looks for the call of this actor with a key of the client's choice. `request` is all that the call asks for.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, NewUser, Repetition};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let Repetition::First(call) = desk.repetition("key-1", b"add a@example.com")? else { unreachable!() };
    /// let user = NewUser { email: "a@example.com".into(), name: "A".into(), ..NewUser::default() };
    /// desk.once(&call).users().add(&user)?;
    /// let refusal = desk.repetition("key-1", b"add b@example.com").unwrap_err();
    /// assert_eq!(refusal.code(), "idempotency_key_reused");
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_idempotency_key`; `idempotency_key_reused` for another request with the key; `request_in_flight` if the first
    /// call has no answer yet.
    pub fn repetition(&self, key: &str, request: &[u8]) -> Result<Repetition> {
        let call = RepeatableCall::of(self.actor(), key, request)?;
        let since = self.now() - KEPT;
        match self.house.database.read(|conn| idempotency::find(conn, &call.name, since))? {
            None => Ok(Repetition::First(call)),
            Some(row) => match row.answer.clone().filter(|_| row.request == call.request) {
                Some(answer) => Ok(Repetition::Answered(answer)),
                None => Err(call.refusal(&row)),
            },
        }
    }

    /// Keeps the answer of a call for those that repeat it.
    ///
    /// # Errors
    /// As any write.
    pub fn keep_answer(&self, call: &RepeatableCall, answer: &KeptAnswer) -> Result<()> {
        self.house.database.write(|conn| idempotency::keep(conn, &call.name, answer))
    }

    /// How many calls are older than they are kept, and still stored.
    pub(crate) fn count_forgotten_calls(&self) -> Result<usize> {
        let before = self.now() - KEPT;
        self.read(Permission::CleanUp, |conn| idempotency::count_before(conn, before))
    }

    /// Removes them, with their answers, in transactions of a bounded size. So does the next call with a key; but none may come.
    pub(crate) fn forget_calls(&self) -> Result<usize> {
        let turns = Turns::new(self, Permission::CleanUp, ROWS_A_REMOVAL);
        turns.remove(usize::MAX, |conn, now, most| idempotency::forget_some_before(conn, now - KEPT, most))
    }

    /// The same, whose first write is done once for the call: it fails with `request_in_flight` if the call was done meanwhile.
    #[must_use]
    pub fn once(&self, call: &RepeatableCall) -> Self {
        Self { once: Some(call.clone()), ..self.clone() }
    }
}
