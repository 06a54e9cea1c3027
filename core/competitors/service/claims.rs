//! Claims: which process scrapes which competitor.
//!
//! A claim is a lease on a competitor. It is granted while no competitor of the same host is being scraped by anybody. A run keeps
//! the leases that it holds in `Claims`, with those of shared hosts (`host_sharing`), and renews them together. A scrape that has
//! lost one of its leases stops. Nothing of it is recorded, except that rows of a large lot may already be written as seen.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use crate::{
    actor::Permission,
    competitors::{
        Competitor, ScrapingRules, TrackingRules, repository,
        revisit::{self, Ahead},
        service,
        worker_pool::{self, Semaphore, Task},
    },
    db::{DbConnection, DbResult},
    desk::{Acting, Desk},
    error::{Error, ErrorCode, Result},
    ids::CompetitorId,
    leases::{self, Lease, Taken},
    scrape::fetch::Stop,
};

/// The beginning of the name of a competitor's lease; the competitor's id follows.
const LEASE: &str = "scrape:";

/// The pause before a database that was busy, or a host that another process asks, is tried again.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Failures of the database that usually pass after a moment.
const PASSING_FAILURES: [ErrorCode; 3] =
    [ErrorCode::DatabaseBusy, ErrorCode::DatabaseTimeout, ErrorCode::DatabaseUnavailable];

pub(super) fn is_passing(reason: &Error) -> bool {
    PASSING_FAILURES.contains(&reason.error_code())
}

/// Why a competitor is scraped now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trigger {
    /// A person asked for this competitor.
    Requested,
    /// Its time has come: the time that was set for the next scrape, or this long after the last one.
    Due(Duration),
}

/// The claims of one run, shared by its threads.
pub(super) struct Claims<'a> {
    pub(super) desk: &'a Desk,
    /// The holder of the run's leases.
    pub(super) holder: String,
    /// Leaves one connection of the pool for renewing leases, and for other users of the dealership.
    pub(super) database: Semaphore,
    /// Locked while a shared host is taken or given back. Otherwise one scrape could give back a host that another has just
    /// taken.
    pub(super) hosts: Mutex<()>,
    held: Mutex<HeldLeases>,
}

impl<'a> Claims<'a> {
    pub(super) fn new(desk: &'a Desk) -> Self {
        let permits = desk.connections().saturating_sub(1);
        Self {
            desk,
            holder: leases::new_holder(),
            database: Semaphore::new(usize::try_from(permits).unwrap_or(1)),
            hosts: Mutex::default(),
            held: Mutex::default(),
        }
    }

    pub(super) fn rules(&self) -> &ScrapingRules {
        self.desk.rules()
    }

    pub(super) fn held(&self) -> MutexGuard<'_, HeldLeases> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lease_end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + revisit::span(self.rules().lease)
    }

    /// Repeats work on the database while it is busy, for as long as a lease lasts. Fetching the pages again would take
    /// longer.
    pub(super) fn retry_while_busy<T>(&self, stop: &Stop, work: impl Fn() -> Result<T>) -> Result<T> {
        let end = Instant::now() + self.rules().lease;
        loop {
            let outcome = {
                let _permit = self.database.acquire();
                work()
            };
            match outcome {
                Err(reason) if is_passing(&reason) && !stop.is_asked() && Instant::now() < end => {
                    tracing::info!(%reason, "the database is busy; what was scraped waits for it");
                    stop.sleep(RETRY_PAUSE);
                }
                outcome => return outcome,
            }
        }
    }

    /// Takes the lease of a competitor; `None` where another scrape of its host is running, or where it is not due any more.
    pub(super) fn claim(&self, task: &Task, trigger: Trigger, stop: &Arc<Stop>) -> Result<Option<Competitor>> {
        let lease = lease_of(task.id);
        let claimed = {
            let _permit = self.database.acquire();
            self.desk.write(Permission::ManageCompetitors, |conn, acting| {
                // One claim at a time: two of one host would not see each other.
                repository::lock_claims(conn)?;
                let Some(competitor) = self.wanted(conn, task.id, trigger, acting.now)? else { return Ok(None) };
                let asking = leases::holder(conn, &super::host_sharing::lease_of_host(&task.host), acting.now)?;
                if host_is_in_use(conn, &task.host, None, acting.now)?
                    || asking.is_some_and(|holder| holder != self.holder)
                {
                    return Ok(None);
                }
                let until = self.lease_end(acting.now);
                let taken = leases::take(conn, &lease, &self.holder, acting.now, until)?;
                Ok((taken != Taken::No).then_some((competitor, until)))
            })?
        };
        Ok(claimed.map(|(competitor, until)| {
            self.held().add(lease, Taken::Anew, until, (task.id, stop));
            competitor
        }))
    }

    /// The competitor, locked, where it is still to be scraped.
    fn wanted(
        &self,
        conn: &mut DbConnection,
        id: CompetitorId,
        trigger: Trigger,
        now: DateTime<Utc>,
    ) -> DbResult<Option<Competitor>> {
        match trigger {
            Trigger::Requested => repository::get_to_change(conn, id).map(Some),
            Trigger::Due(due_after) => {
                let ahead = Ahead::of(self.desk.rules(), self.rules(), now);
                let competitor = repository::get_unless_locked(conn, id)?;
                Ok(competitor.filter(|competitor| revisit::is_due(competitor, now, due_after, ahead)))
            }
        }
    }

    /// Renews all leases of the run. Scrapes that have lost one are stopped, also where the database does not answer for as
    /// long as their leases last.
    pub(super) fn renew(&self) -> Result<()> {
        let held = self.held().acquisitions();
        if held.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = held.iter().map(|(name, _)| name.as_str()).collect();
        let until = self.lease_end(self.desk.now());
        let renewed = self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            leases::renew(conn, &names, &self.holder, acting.now, until)
        });
        match renewed {
            Ok(ours) => self.held().renewed(&held, &ours, until),
            Err(reason) => {
                self.held().lose_ended(self.desk.now());
                return Err(reason);
            }
        }
        Ok(())
    }

    /// Whether a scrape has lost a lease: another process may have done its work meanwhile.
    pub(super) fn has_lost(&self, scrape: CompetitorId) -> bool {
        self.held().lost.contains(&scrape)
    }

    /// Refuses to record under a claim that has ended, and keeps it until the transaction ends.
    pub(super) fn ensure_held(&self, conn: &mut DbConnection, id: CompetitorId, now: DateTime<Utc>) -> DbResult<()> {
        if leases::held_by(conn, &lease_of(id), &self.holder, now)? { Ok(()) } else { Err(taken_over().into()) }
    }

    /// Gives a claim back in the transaction that records its scrape.
    pub(super) fn release(&self, conn: &mut DbConnection, id: CompetitorId, now: DateTime<Utc>) -> DbResult<()> {
        leases::release(conn, &lease_of(id), &self.holder, now).map(drop)
    }

    /// Gives a claim back with nothing recorded. Where that fails, the lease ends by itself.
    fn give_up(&self, id: CompetitorId, failure: Option<&OwnFailure>, stop: &Stop) {
        let give_up = |conn: &mut DbConnection, acting: Acting<'_>| {
            if let Some(failure) = failure {
                self.note_own_failure(conn, acting, id, failure)?;
            }
            self.release(conn, id, acting.now)
        };
        // A scrape that failed because the database was busy has waited already.
        let has_waited = failure.is_some_and(|failure| PASSING_FAILURES.contains(&failure.code));
        let write = || self.desk.write(Permission::ManageCompetitors, give_up);
        let released = if has_waited { write() } else { self.retry_while_busy(stop, write) };
        if let Err(reason) = released {
            tracing::warn!(competitor = %id, %reason, "the lease of a scrape could not be given back");
        }
    }

    /// Records an attempt that failed here, for which the website is not to blame: an audit row, and an alert at once. The
    /// other competitors are scraped before the next attempt.
    fn note_own_failure(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        id: CompetitorId,
        failure: &OwnFailure,
    ) -> DbResult<()> {
        if !leases::held_by(conn, &lease_of(id), &self.holder, acting.now)? {
            return Ok(());
        }
        // One that was deleted meanwhile has nothing to note.
        let Some(competitor) = repository::find_to_change(conn, id)? else { return Ok(()) };
        let next = acting.now + revisit::span(self.rules().first_retry);
        let latest = self.desk.rules::<TrackingRules>().latest(acting.now);
        service::take_back_future_sightings(conn, &competitor, acting.now, latest)?;
        repository::note_attempt(conn, id, acting.now, next)?;
        service::note_own_failure(conn, acting, &competitor, (failure.code.as_str(), &failure.message))
    }
}

/// The leases that a run holds.
#[derive(Default)]
pub(super) struct HeldLeases {
    leases: HashMap<String, HeldLease>,
    /// The scrapes that have lost one.
    lost: HashSet<CompetitorId>,
    acquired: u64,
}

struct HeldLease {
    /// Distinguishes this acquisition from earlier and later ones of the same lease.
    acquisition: u64,
    until: DateTime<Utc>,
    /// The scrapes under this lease: one for a competitor, any number for a shared host. Those of a shared host take turns.
    scrapes: Vec<(CompetitorId, Arc<Stop>)>,
}

impl HeldLeases {
    /// Adds a scrape to a lease. Where that was taken anew, scrapes under an earlier acquisition have lost it.
    pub(super) fn add(
        &mut self,
        name: String,
        taken: Taken,
        until: DateTime<Utc>,
        (scrape, stop): (CompetitorId, &Arc<Stop>),
    ) {
        if taken == Taken::Anew {
            self.lose(&name);
        }
        self.acquired += 1;
        let new = HeldLease { acquisition: self.acquired, until, scrapes: Vec::new() };
        let lease = self.leases.entry(name).or_insert(new);
        lease.until = until;
        lease.scrapes.push((scrape, Arc::clone(stop)));
    }

    /// Takes a scrape from a lease. Returns whether none is left.
    pub(super) fn remove(&mut self, name: &str, scrape: CompetitorId) -> bool {
        let Some(HeldLease { scrapes, .. }) = self.leases.get_mut(name) else { return true };
        if let Some(place) = scrapes.iter().position(|(known, _)| *known == scrape) {
            scrapes.swap_remove(place);
        }
        let is_free = scrapes.is_empty();
        if is_free {
            self.leases.remove(name);
        }
        is_free
    }

    /// Stops a scrape that has lost a lease.
    pub(super) fn lose_scrape(&mut self, scrape: CompetitorId, stop: &Stop) {
        self.lost.insert(scrape);
        stop.ask();
    }

    /// Stops all scrapes under a lease that is lost.
    fn lose(&mut self, name: &str) {
        for (scrape, stop) in self.leases.remove(name).into_iter().flat_map(|lease| lease.scrapes) {
            self.lose_scrape(scrape, &stop);
        }
    }

    fn lose_ended(&mut self, now: DateTime<Utc>) {
        let ended = self.leases.iter().filter(|(_, lease)| lease.until <= now);
        let ended: Vec<_> = ended.map(|(name, _)| name.clone()).collect();
        ended.iter().for_each(|name| self.lose(name));
    }

    fn acquisitions(&self) -> Vec<(String, u64)> {
        self.leases.iter().map(|(name, lease)| (name.clone(), lease.acquisition)).collect()
    }

    /// Notes which of these leases were renewed; the others are lost, unless they were given back since.
    fn renewed(&mut self, held: &[(String, u64)], renewed: &[String], until: DateTime<Utc>) {
        for (name, acquisition) in held {
            match self.leases.get_mut(name) {
                Some(lease) if lease.acquisition != *acquisition => {}
                Some(lease) if renewed.contains(name) => lease.until = until,
                Some(_) => self.lose(name),
                None => {}
            }
        }
    }
}

/// A failure here, in words that may be shown.
#[derive(Clone, Debug)]
pub(super) struct OwnFailure {
    code: ErrorCode,
    message: String,
}

impl OwnFailure {
    pub(super) fn of(reason: &Error) -> Self {
        Self { code: reason.error_code(), message: reason.to_string() }
    }
}

/// How a claim ends.
#[derive(Clone, Debug)]
pub(super) enum ClaimEnd {
    /// It was given back with what was recorded.
    Recorded,
    /// The scrape was stopped: the competitor is due as before.
    Stopped,
    /// Something failed here, such as a browser that is not installed or a reader that panicked.
    Failed(OwnFailure),
}

/// A claimed competitor; dropping it ends the claim.
pub(super) struct Claimed<'a> {
    claims: &'a Claims<'a>,
    id: CompetitorId,
    stop: &'a Stop,
    /// How the claim ends. It counts as a panic until `end` is set.
    pub(super) end: ClaimEnd,
}

impl<'a> Claimed<'a> {
    pub(super) fn new(claims: &'a Claims<'a>, id: CompetitorId, stop: &'a Stop) -> Self {
        Self { claims, id, stop, end: ClaimEnd::Failed(OwnFailure::of(&worker_pool::panicked())) }
    }
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        self.claims.held().remove(&lease_of(self.id), self.id);
        match &self.end {
            ClaimEnd::Recorded => {}
            ClaimEnd::Stopped => self.claims.give_up(self.id, None, self.stop),
            ClaimEnd::Failed(failure) => self.claims.give_up(self.id, Some(failure), self.stop),
        }
    }
}

fn lease_of(id: CompetitorId) -> String {
    format!("{LEASE}{id}")
}

/// The competitors that are being scraped now, each with its lease; those of one holder are left out on request.
fn being_scraped(
    conn: &mut DbConnection,
    but: Option<&str>,
    now: DateTime<Utc>,
) -> DbResult<HashMap<CompetitorId, Lease>> {
    let live = leases::live_leases(conn, LEASE, now)?.into_iter();
    let others = live.filter(|lease| but != Some(lease.holder.as_str()));
    Ok(others.filter_map(|lease| Some((lease.name.strip_prefix(LEASE)?.parse().ok()?, lease))).collect())
}

fn is_at(url: &str, host: &str) -> bool {
    revisit::host(url).is_some_and(|known| known == host)
}

/// Whether a competitor of this host is being scraped, by anybody or by anybody but one holder.
pub(super) fn host_is_in_use(
    conn: &mut DbConnection,
    host: &str,
    but: Option<&str>,
    now: DateTime<Utc>,
) -> DbResult<bool> {
    let ids: Vec<_> = being_scraped(conn, but, now)?.into_keys().collect();
    Ok(repository::names_and_addresses(conn, &ids)?.iter().any(|(.., url)| is_at(url, host)))
}

/// Why a competitor cannot be claimed: the refusal names the competitor that is being scraped, which may be another one of
/// its host, and the holder of its lease.
pub(super) fn already_running(
    conn: &mut DbConnection,
    id: CompetitorId,
    host: &str,
    now: DateTime<Utc>,
) -> DbResult<Error> {
    let already = "this website is being scraped already";
    let mut scraped = being_scraped(conn, None, now)?;
    let ids: Vec<_> = scraped.keys().copied().collect();
    let known = repository::names_and_addresses(conn, &ids)?;
    let found = known.iter().find(|(known, ..)| *known == id);
    let found = found.or_else(|| known.iter().find(|(.., url)| is_at(url, host)));
    let Some((name, lease)) = found.and_then(|(id, name, _)| Some((name, scraped.remove(id)?))) else {
        // The host is in use for another website's list, or has become free meanwhile.
        return Ok(Error::new(ErrorCode::ScrapeRunning, format!("{already}, for another competitor of the same host")));
    };
    let [since, until] = [lease.since, lease.until].map(|time| time.format("%Y-%m-%d %H:%M:%S UTC"));
    let message = format!(
        "{already} for {name}, since {since} by {}; without a sign of life from there, it is free from {until} on",
        lease.holder
    );
    let wait = (lease.until - now).to_std().unwrap_or_default();
    Ok(Error::new(ErrorCode::ScrapeRunning, message).with_retry_after(wait))
}

/// The error of a scrape that has lost a lease.
pub(super) fn taken_over() -> Error {
    let message =
        "this process showed no sign of life for as long as its lease: another one is free to scrape the website";
    Error::new(ErrorCode::ScrapeTakenOver, message)
}
