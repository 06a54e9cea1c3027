//! The context of one actor: the database, the clock, and what the nouns were given when the dealership was opened.
//! A noun adds its accessor by `impl Desk` in its own folder. It takes its numbers from [`Desk::rules`] and its clients from
//! [`Desk::part`], so this file knows no noun. Deliberately not here: opening a database and handing out desks, which
//! `dealership` does.

mod repeated;
mod turns;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, Utc};

pub use self::repeated::Repetition;
pub(crate) use self::turns::Turns;
use crate::{
    actor::{Actor, Permission, Role},
    clock::Clock,
    db::{Blocks, Database, DbConnection, DbResult, Stream, columns::Take},
    error::{Error, ErrorCode, Result},
    idempotency::RepeatableCall,
    zone::Zone,
};

/// The operations that one actor may ask for, noun by noun.
#[derive(Clone)]
pub struct Desk {
    house: Arc<House>,
    actor: Actor,
    /// The call that the next write does, and does once.
    once: Option<RepeatableCall>,
    seen: Option<SeenRole>,
}

/// The role that an actor had when it was looked up who that is. A read in the next moment need not look it up again; every write does.
#[derive(Clone, Copy)]
struct SeenRole {
    role: Role,
    at: Instant,
}

/// How long a role that was seen holds for reads: the time of a call that comes with its credential.
const A_MOMENT: Duration = Duration::from_secs(1);

/// What all desks of one dealership share.
pub(crate) struct House {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    /// Where the dealership's days begin.
    pub(crate) zone: Zone,
    /// Looks up the role that a user or a token has now; it fails for one that may not act. Others have none.
    pub(crate) role_of: fn(&mut DbConnection, &Actor, &Clock) -> DbResult<Option<Role>>,
    pub(crate) parts: Parts,
}

/// The numbers of a noun's rules. What the configuration does not give has its default.
pub(crate) trait Rules: Any + Send + Sync {
    /// The defaults.
    fn standard() -> &'static Self;
}

/// Makes numbers with a `Default` the rules that [`Desk::rules`] finds.
macro_rules! found_by_the_desk {
    ($($rules:ty),+ $(,)?) => {$(
        impl $crate::desk::Rules for $rules {
            fn standard() -> &'static Self {
                static STANDARD: std::sync::LazyLock<$rules> = std::sync::LazyLock::new(<$rules>::default);
                &STANDARD
            }
        }
    )+};
}
pub(crate) use found_by_the_desk;

/// Something else that the configuration gives a noun, such as its client of an outside service.
pub(crate) trait Part: Any + Send + Sync {
    /// What the error says where it is missing; it names the key of the configuration.
    const MISSING: &'static str;
}

/// The parts of all nouns, each found by its type.
#[derive(Default)]
pub(crate) struct Parts(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Parts {
    /// The same with the numbers of a noun.
    pub(crate) fn with_rules<T: Rules>(self, rules: T) -> Self {
        self.insert(rules)
    }

    /// The same with one more part.
    pub(crate) fn with<T: Part>(self, part: T) -> Self {
        self.insert(part)
    }

    fn insert<T: Any + Send + Sync>(mut self, part: T) -> Self {
        self.0.insert(TypeId::of::<T>(), Box::new(part));
        self
    }

    /// The same with one more part where it is configured.
    pub(crate) fn with_some<T: Part>(self, part: Option<T>) -> Self {
        match part {
            Some(part) => self.with(part),
            None => self,
        }
    }

    fn find<T: Any>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

impl Desk {
    pub(crate) fn new(house: Arc<House>, actor: Actor) -> Self {
        Self { house, actor, once: None, seen: None }
    }

    /// The desk of an actor of whom it was just looked up what role that is.
    pub(crate) fn of_seen(&self, actor: Actor, role: Role) -> Self {
        let seen = Some(SeenRole { role, at: Instant::now() });
        Self { house: Arc::clone(&self.house), actor, once: None, seen }
    }

    /// The numbers of a noun's rules.
    pub(crate) fn rules<T: Rules>(&self) -> &T {
        self.house.parts.find().unwrap_or_else(|| T::standard())
    }

    /// A part that an operation can not do without.
    ///
    /// # Errors
    /// `not_configured` where it is missing.
    pub(crate) fn part<T: Part>(&self) -> Result<&T> {
        self.find_part().ok_or_else(|| Error::new(ErrorCode::NotConfigured, T::MISSING))
    }

    /// A part that an operation can do without.
    pub(crate) fn find_part<T: Part>(&self) -> Option<&T> {
        self.house.parts.find()
    }

    /// How many connections to the database there are at most.
    pub(crate) fn connections(&self) -> u32 {
        self.house.database.connections()
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.house.clock.now()
    }

    /// Where the dealership's days begin and end.
    pub(crate) fn zone(&self) -> Zone {
        self.house.zone
    }

    /// What day it is where the dealership is: in the time zone of the schedules.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.zone().day(self.now())
    }

    /// What time it is, for the part that a connection is asked about.
    pub(crate) fn clock(&self) -> &Clock {
        &self.house.clock
    }

    /// The database itself, for what concerns all of it.
    pub(crate) fn database(&self) -> &Database {
        &self.house.database
    }

    /// The desk of the program itself, which keeps account of what others have asked for.
    pub(crate) fn of_the_machine(&self) -> Self {
        Self { house: Arc::clone(&self.house), actor: self.actor.as_actor(Actor::system()), once: None, seen: None }
    }

    /// Refuses an actor who may not, as the database stands now.
    ///
    /// An operation that looks at what it was given outside its transaction asks this first, so that nobody else learns what is
    /// wrong with it. Its transaction asks again.
    ///
    /// # Errors
    /// `not_signed_in`; `forbidden`.
    pub fn must(&self, permission: Permission) -> Result<()> {
        self.read(permission, |_conn| Ok(()))
    }

    /// Runs queries for an actor who may.
    pub(crate) fn read<T>(
        &self,
        permission: Permission,
        queries: impl Fn(&mut DbConnection) -> DbResult<T>,
    ) -> Result<T> {
        self.house.database.read(|conn| {
            self.authorize_read(conn, permission)?;
            queries(conn)
        })
    }

    /// Runs queries for an actor who may do the less, with whether the actor may also do the more.
    pub(crate) fn read_up_to<T>(
        &self,
        less: Permission,
        more: Permission,
        queries: impl Fn(&mut DbConnection, bool) -> DbResult<T>,
    ) -> Result<T> {
        self.house.database.read(|conn| {
            let role = self.authorize_read(conn, less)?;
            queries(conn, self.actor.must(more, role).is_ok())
        })
    }

    /// Runs queries for an actor who may, all of them on the database as it stands at one moment.
    pub(crate) fn read_snapshot<T>(
        &self,
        permission: Permission,
        queries: impl Fn(&mut DbConnection) -> DbResult<T>,
    ) -> Result<T> {
        self.house.database.read_snapshot(|conn| {
            self.authorize_read(conn, permission)?;
            queries(conn)
        })
    }

    /// Runs the queries of a list for an actor who may. The list may be of a standby: it has all that this process has written, and what
    /// others have written before the limit of lag. What an operation acts upon is read by [`Desk::read`].
    pub(crate) fn list<T>(
        &self,
        permission: Permission,
        queries: impl Fn(&mut DbConnection) -> DbResult<T>,
    ) -> Result<T> {
        if !self.house.database.has_standby() {
            return self.read(permission, queries);
        }
        self.role_now(permission)?;
        self.house.database.list(queries)
    }

    /// Runs the queries of a list for an actor who may do the less, with whether the actor may also do the more.
    pub(crate) fn list_up_to<T>(
        &self,
        less: Permission,
        more: Permission,
        queries: impl Fn(&mut DbConnection, bool) -> DbResult<T>,
    ) -> Result<T> {
        if !self.house.database.has_standby() {
            return self.read_up_to(less, more, queries);
        }
        let may_more = self.actor.must(more, self.role_now(less)?).is_ok();
        self.house.database.list(|conn| queries(conn, may_more))
    }

    /// Runs the queries of a report as those of a list, all of them on the database as it stands at one moment.
    pub(crate) fn report<T>(
        &self,
        permission: Permission,
        queries: impl Fn(&mut DbConnection) -> DbResult<T>,
    ) -> Result<T> {
        if !self.house.database.has_standby() {
            return self.read_snapshot(permission, queries);
        }
        self.role_now(permission)?;
        self.house.database.report(queries)
    }

    /// The role of an actor who may, as the primary knows it: a standby may not know yet who may no longer.
    fn role_now(&self, permission: Permission) -> Result<Option<Role>> {
        if let Some(SeenRole { role, .. }) = self.seen.filter(|seen| seen.at.elapsed() < A_MOMENT) {
            self.actor.must(permission, Some(role))?;
            return Ok(Some(role));
        }
        self.house.database.read(|conn| self.authorize(conn, permission))
    }

    /// Hands out rows as they come to an actor who may, all of them as the database is at one moment.
    pub(crate) fn stream(&self, permission: Permission, stream: &Stream<'_>, take: &mut Take<'_>) -> Result<()> {
        let rows = |conn: &mut DbConnection, blocks: Blocks, take: &mut Take<'_>| {
            self.authorize_read(conn, permission)?;
            (stream.rows)(conn, blocks, take)
        };
        self.house.database.stream(&Stream { rows: &rows, whole_table: stream.whole_table }, take)
    }

    /// Runs a transaction for an actor who may; the permission is checked inside it.
    pub(crate) fn write<T>(
        &self,
        permission: Permission,
        work: impl Fn(&mut DbConnection, Acting<'_>) -> DbResult<T>,
    ) -> Result<T> {
        let now = self.now();
        let written = self.house.database.write(|conn| {
            self.authorize(conn, permission)?;
            if let Some(call) = &self.once {
                call.claim(conn, now)?;
            }
            work(conn, Acting { actor: &self.actor, now })
        })?;
        if let Some(call) = &self.once {
            call.note_written();
        }
        Ok(written)
    }

    /// Whether transactions that write run one after the other here, so that each sees all that was written before.
    pub(crate) fn has_one_writer(&self) -> bool {
        self.house.database.has_one_writer()
    }

    /// Whether the actor may read. Answers the role, if the actor has one.
    fn authorize_read(&self, conn: &mut DbConnection, permission: Permission) -> DbResult<Option<Role>> {
        let Some(SeenRole { role, .. }) = self.seen.filter(|seen| seen.at.elapsed() < A_MOMENT) else {
            return self.authorize(conn, permission);
        };
        self.actor.must(permission, Some(role))?;
        Ok(Some(role))
    }

    /// Whether the actor may, as the database stands now. Answers the role, if the actor has one.
    pub(crate) fn authorize(&self, conn: &mut DbConnection, permission: Permission) -> DbResult<Option<Role>> {
        let role = (self.house.role_of)(conn, &self.actor, &self.house.clock)?;
        self.actor.must(permission, role)?;
        Ok(role)
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// Who acts in a transaction, and the one time at which all of it happens.
#[derive(Clone, Copy)]
pub(crate) struct Acting<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) now: DateTime<Utc>,
}
