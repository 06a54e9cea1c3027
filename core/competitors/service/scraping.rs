//! The operations that fetch competitors' websites: one by one, and all that are due.
//!
//! A competitor is scraped by whoever holds its lease, for as long as the lease is renewed; what was fetched under a lease that
//! somebody else has taken over is not recorded. Competitors of one host are never scraped at once, by however many processes,
//! and an endpoint on a host that many dealers share is asked by one process at a time.
//!
//! What is deliberately not here: fetching and reading (`crawl`), the threads (`crew`), when somebody is due (`revisit`).

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::{
    Competitors,
    recording::{OwnCrawl, Recording, Seen},
};
use crate::{
    actor::Permission,
    competitors::{
        Competitor, RecordReport, ScrapeErrorType, ScrapeFailure, ScrapeLimits, ScrapeProgress, ScrapeReport,
        ScrapeSummary, ScrapedListing, ScrapingRules, TrackingRules,
        crew::{self, Outcome, Task, Turns, Work},
        missing, repository,
        revisit::{self, Ahead},
    },
    db::{DbConnection, DbResult},
    desk::{Acting, Desk},
    error::{Error, ErrorCode, ErrorKind, Result},
    ids::{CompetitorId, ListingId},
    leases::{self, Lease},
    scrape::{
        fetch::{Fetcher, Session, Stop},
        walk::{self, Asking, Ended, Failed, PagesRead, Reached, SharedHosts, SharedTurn, WalkLimits},
    },
    tracking::{identity, plan, sighting::Sighting},
};

/// What the names of the leases begin with; the competitor's id follows.
const LEASE: &str = "scrape:";

/// What the names of the leases of shared hosts begin with; the host follows.
const HOST_LEASE: &str = "scrape-host:";

/// How often a host that somebody else speaks to is asked for again, and a database that somebody else writes to.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What a database says that may well do a little later what it has not done now.
const LATER: [ErrorCode; 3] = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseTimeout, ErrorCode::DatabaseUnavailable];

impl Competitors<'_> {
    /// Scrapes a competitor's website now, politely, and records what it shows.
    ///
    /// All pages of the list are fetched before anything is written. Where a later page fails, what came before it is
    /// recorded as a part of the lot, which marks nothing sold. The observer is asked with each page and ten times a second;
    /// when it breaks, the scrape ends at once, with nothing recorded.
    ///
    /// # Errors
    /// `competitor_not_found`; `not_configured` without `Config::fetch`; `browser_not_available` for a competitor that needs a
    /// browser, without the feature `browser` or without Chromium; `scrape_running` while it, or another competitor of the
    /// same host, is being scraped, saying by which process, since when and until when it holds; `scrape_cancelled` where the
    /// observer ended it; `scrape_taken_over` where this process showed no sign of life for as long as its lease, so that
    /// another was free to take it; `Unavailable` with the code `scrape_` and a word of [`ScrapeErrorType`], such as
    /// `scrape_blocked`, in which case the failure is recorded.
    pub fn scrape(
        &self,
        id: CompetitorId,
        observer: &mut dyn FnMut(ScrapeProgress<'_>) -> ControlFlow<()>,
    ) -> Result<RecordReport> {
        let fetcher = self.desk.part::<Fetcher>()?;
        let competitor = self.desk.read(Permission::ManageCompetitors, |conn| repository::get(conn, id))?;
        let host = revisit::host(&competitor.inventory_url).unwrap_or_else(|| competitor.inventory_url.clone());
        let task = Task { id, name: competitor.name, host: host.clone() };
        let run = Run::new(self, fetcher, Choice::AskedFor, None);
        let mut outcome = None;
        crew::run(vec![task], 1, None, &run, observer, &mut |_, ended| outcome = Some(ended)).map_err(no_thread)?;
        match outcome {
            Some(Outcome::Recorded(report)) => Ok(*report),
            Some(Outcome::Failed(error)) => Err(error),
            Some(Outcome::Passed) => Err(self.desk.read(Permission::ManageCompetitors, |conn| {
                let now = self.desk.now();
                Ok(running(who_scrapes(conn, id, &host, now)?, now))
            })?),
            Some(Outcome::Stopped) | None => Err(Error::new(ErrorCode::ScrapeCancelled, "the scrape was cancelled")),
        }
    }

    /// Scrapes every competitor that is due, several at once, and records what their websites show.
    ///
    /// Any number of processes may run this on one PostgreSQL and share the work. A failing competitor never stops the
    /// others; it comes due again after half an hour, and later with each failure in a row. The observer is told of each page
    /// and each end, on the thread of the caller, and asked at least ten times a second; when it breaks, the scrapes that run
    /// end at once with nothing recorded of them, and those recorded before stand in the report. Memory grows with the
    /// competitors by a line each, and with the threads by the lots that are being read.
    ///
    /// # Errors
    /// `forbidden`; `not_configured` without `Config::fetch`; `invalid_scrape_limits`. What goes wrong with one competitor stands
    /// in the report.
    pub fn scrape_due(
        &self,
        limits: &ScrapeLimits,
        observer: &mut dyn FnMut(ScrapeProgress<'_>) -> ControlFlow<()>,
    ) -> Result<ScrapeReport> {
        limits.check()?;
        let fetcher = self.desk.part::<Fetcher>()?;
        let end = limits.deadline.and_then(|span| Instant::now().checked_add(span));
        let now = self.desk.now();
        let ahead = Ahead::of(self.desk.rules(), self.desk.rules(), now);
        let due = self.desk.read(Permission::ManageCompetitors, |conn| {
            repository::due(conn, limits.due_after, limits.competitors, (now, ahead))
        })?;
        let tasks = due.into_iter().filter_map(|due| {
            let host = revisit::host(&due.inventory_url)?;
            Some(Task { id: due.id, name: due.name, host })
        });
        let run = Run::new(self, fetcher, Choice::Due(limits.due_after), end);
        let mut report = ScrapeReport::default();
        let mut keep = |task: &Task, outcome: Outcome| match outcome {
            Outcome::Recorded(recorded) => report.recorded.push(ScrapeSummary::from(&*recorded)),
            Outcome::Failed(error) => {
                let failure = ScrapeFailure { competitor_id: task.id, competitor: task.name.clone(), error };
                report.failed.push(failure);
            }
            Outcome::Passed => report.passed += 1,
            Outcome::Stopped => {}
        };
        let over = crew::run(tasks.collect(), limits.threads, end, &run, observer, &mut keep).map_err(no_thread)?;
        Ok(ScrapeReport { remaining: over.remaining, stopped: over.stopped, ..report })
    }
}

fn no_thread(reason: std::io::Error) -> Error {
    Error::new(ErrorCode::NoThread, "the system gives no thread to scrape with").with_source(reason)
}

/// Why a competitor is scraped now.
#[derive(Clone, Copy, Debug)]
enum Choice {
    AskedFor,
    /// Because its last scrape is so long ago.
    Due(Duration),
}

/// One run, shared by its threads.
struct Run<'a> {
    competitors: &'a Competitors<'a>,
    fetcher: &'a Fetcher,
    choice: Choice,
    end: Option<Instant>,
    /// Whose the leases are.
    holder: String,
    /// At least one connection of the pool stays free for keeping the leases, and for whoever else uses the dealership.
    turns: Turns,
    leases: Mutex<Leases>,
    /// Whoever takes a shared host or gives it back: what is given back must not be taken away from the next scrape of this run.
    hosts: Mutex<()>,
}

/// What a run holds.
#[derive(Default)]
struct Leases {
    /// The leases by name, with the scrapes that work under each: one under its own, any number under that of a shared host, of
    /// which the process itself lets one speak at a time.
    held: HashMap<String, Vec<CompetitorId>>,
    /// The scrapes that have lost one.
    lost: HashSet<CompetitorId>,
}

impl Leases {
    fn add(&mut self, name: String, scrape: CompetitorId) {
        self.held.entry(name).or_default().push(scrape);
    }

    /// Takes note that a scrape no longer works under a lease; whether none does.
    fn give_up(&mut self, name: &str, scrape: CompetitorId) -> bool {
        let Some(scrapes) = self.held.get_mut(name) else { return true };
        if let Some(place) = scrapes.iter().position(|known| *known == scrape) {
            scrapes.swap_remove(place);
        }
        let is_free = scrapes.is_empty();
        if is_free {
            self.held.remove(name);
        }
        is_free
    }
}

/// What came of asking for a competitor.
enum Claim {
    Ours(Box<Competitor>),
    /// Somebody else's, or not due any more.
    Passed,
}

impl<'a> Run<'a> {
    fn new(competitors: &'a Competitors<'a>, fetcher: &'a Fetcher, choice: Choice, end: Option<Instant>) -> Self {
        let turns = competitors.desk.connections().saturating_sub(1);
        Self {
            competitors,
            fetcher,
            choice,
            end,
            holder: leases::new_holder(),
            turns: Turns::new(usize::try_from(turns).unwrap_or(1)),
            leases: Mutex::default(),
            hosts: Mutex::default(),
        }
    }

    fn rules(&self) -> &ScrapingRules {
        self.competitors.desk.rules()
    }

    fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the database, again and again while others hold it up, for as long as a lease lasts: fetching took
    /// longer than a writer should.
    fn patiently<T>(&self, stop: &Stop, work: impl Fn() -> Result<T>) -> Result<T> {
        let end = Instant::now() + self.rules().lease;
        loop {
            let outcome = {
                let _turn = self.turns.take();
                work()
            };
            match outcome {
                Err(reason) if LATER.contains(&reason.error_code()) && !stop.is_asked() && Instant::now() < end => {
                    tracing::info!(%reason, "the database is busy; what was scraped waits for it");
                    stop.sleep(LOOK_AGAIN);
                }
                outcome => return outcome,
            }
        }
    }

    /// Takes the lease of a competitor, where nobody has it or that of another competitor of its host.
    fn claim(&self, task: &Task) -> Result<Claim> {
        let _turn = self.turns.take();
        let claim = self.competitors.desk.write(Permission::ManageCompetitors, |conn, acting| {
            // One claim at a time, so that two of one host do not see each other too late.
            repository::lock_claims(conn)?;
            let competitor = match self.choice {
                Choice::AskedFor => repository::get_to_change(conn, task.id)?,
                Choice::Due(_) => match repository::get_unless_locked(conn, task.id)? {
                    Some(competitor) => competitor,
                    None => return Ok(Claim::Passed),
                },
            };
            let is_wanted = match self.choice {
                Choice::AskedFor => true,
                Choice::Due(due_after) => {
                    let ahead = Ahead::of(self.competitors.desk.rules(), self.rules(), acting.now);
                    revisit::is_due(&competitor, acting.now, due_after, ahead)
                }
            };
            if !is_wanted || host_is_in_use(conn, &task.host, None, acting.now)? {
                return Ok(Claim::Passed);
            }
            let asking = leases::holder(conn, &lease_of_host(&task.host), acting.now)?;
            if asking.is_some_and(|holder| holder != self.holder) {
                return Ok(Claim::Passed);
            }
            let until = acting.now + revisit::span(self.rules().lease);
            if !leases::take(conn, &lease_of(task.id), &self.holder, acting.now, until)? {
                return Ok(Claim::Passed);
            }
            Ok(Claim::Ours(Box::new(competitor)))
        })?;
        if let Claim::Ours(_) = &claim {
            self.leases().add(lease_of(task.id), task.id);
        }
        Ok(claim)
    }

    /// Gives a lease back with nothing recorded; one that can not be given back ends by itself.
    ///
    /// After an attempt that failed here, which says nothing of the website, the others have their turn before the next. It
    /// stands in the audit trail and is an alert at once, for no website mends what is wrong here.
    fn release(&self, id: CompetitorId, failed_here: Option<&FailedHere>, stop: &Stop) {
        let desk = self.competitors.desk;
        let give_back = |conn: &mut DbConnection, acting: Acting<'_>| {
            if let Some(failed) = failed_here
                && leases::held_by(conn, &lease_of(id), &self.holder)?
                // Deleted meanwhile, it needs no rest.
                && let Some(competitor) = repository::find_to_change(conn, id)?
            {
                let next = acting.now + revisit::span(self.rules().first_retry);
                let latest = desk.rules::<TrackingRules>().latest(acting.now);
                super::turn_back(conn, &competitor, acting.now, latest)?;
                repository::note_attempt(conn, id, acting.now, next)?;
                super::note_own_failure(conn, acting, &competitor, (failed.code.as_str(), &failed.message))?;
            }
            leases::release(conn, &lease_of(id), &self.holder)
        };
        // Who waited for the database as long as the lease lasted waits no longer.
        let has_waited = failed_here.is_some_and(|failed| LATER.contains(&failed.code));
        let give_back = || desk.write(Permission::ManageCompetitors, give_back);
        let released = if has_waited { give_back() } else { self.patiently(stop, give_back) };
        if let Err(reason) = released {
            tracing::warn!(competitor = %id, %reason, "the lease of a scrape could not be given back");
        }
    }

    fn scrape_claimed(
        &self,
        competitor: &Competitor,
        stop: &Arc<Stop>,
        note: &mut dyn FnMut(Reached),
    ) -> Result<Outcome> {
        let session = self.fetcher.session_until(self.end, Arc::clone(stop));
        let session = if competitor.use_playwright { session.in_browser()? } else { session };
        let desk = self.competitors.desk;
        let observed_at = desk.now();
        let since = revisit::oldest_believed(observed_at, desk.rules(), self.rules());
        let (kept, pages_before) = {
            let _turn = self.turns.take();
            desk.read(Permission::ManageCompetitors, |conn| {
                let kept = repository::kept_pages(conn, competitor.id, &competitor.list_source().reader(), since)?;
                Ok((kept, repository::pages_of_whole_lot(conn, competitor.id, observed_at)?))
            })?
        };
        let limits = WalkLimits {
            most_pages: self.fetcher.max_pages(),
            pages_before,
            data_share_percent: self.rules().data_share_percent,
            follows_moves: false,
        };
        let hosts = Hosts { run: self, competitor: competitor.id, stop };
        let asking = Asking { session: &session, hosts: &hosts, kept, note: Box::new(note) };
        match walk::to_the_end(asking, competitor.list_source(), limits) {
            Ok(walked) => {
                let mut seen = Seen::from(walked.shown);
                let gone = self.gone(competitor, &seen, observed_at, &session)?;
                if stop.is_asked() {
                    return Ok(Outcome::Stopped);
                }
                let (holder, reader) = (self.holder.clone(), competitor.list_source().reader());
                let (read, retry_after) = (walked.read, walked.retry_after);
                seen.crawl = Some(OwnCrawl { holder, reader, gone, read, retry_after });
                let key = competitor.id.into();
                let recording = Recording::new(desk, &key, seen, observed_at);
                match self.patiently(stop, || recording.write()) {
                    Ok(report) => Ok(Outcome::Recorded(Box::new(report))),
                    Err(reason) if LATER.contains(&reason.error_code()) && stop.is_asked() => Ok(Outcome::Stopped),
                    Err(reason) => Err(reason),
                }
            }
            Err(Ended::Stopped) => Ok(Outcome::Stopped),
            Err(Ended::Busy) => Ok(Outcome::Passed),
            // The run is over; nothing is known against the website.
            Err(Ended::Failed(_)) if self.end.is_some_and(|end| end <= Instant::now()) => Ok(Outcome::Stopped),
            Err(Ended::Failed(failed)) => self.record_own_failure(competitor.id, failed, (observed_at, stop)),
        }
    }

    /// Records a failure and when to try again, under the lease, which it gives back.
    fn record_own_failure(
        &self,
        id: CompetitorId,
        failed: Failed,
        (observed_at, stop): (DateTime<Utc>, &Stop),
    ) -> Result<Outcome> {
        let Failed { error_type, message, retry_after, .. } = failed;
        let note = |conn: &mut DbConnection, acting: Acting<'_>| {
            repository::get_to_change(conn, id)?;
            must_hold(conn, id, &self.holder)?;
            let told = (error_type, message.as_str());
            let competitor = self.competitors.note_failure(conn, acting, id, told, observed_at)?;
            put_off(conn, &competitor, (error_type, retry_after), (self.rules(), acting.now))?;
            leases::release(conn, &lease_of(id), &self.holder)
        };
        self.patiently(stop, || self.competitors.desk.write(Permission::ManageCompetitors, note))?;
        let error = Error::new(error_type.code(), message);
        Ok(Outcome::Failed(retry_after.into_iter().fold(error, Error::with_retry_after)))
    }

    /// Of the listings that the list no longer shows, those whose own pages are gone, as far as the competitor's
    /// configuration asks to look.
    fn gone(
        &self,
        competitor: &Competitor,
        seen: &Seen,
        observed_at: DateTime<Utc>,
        session: &Session,
    ) -> Result<Vec<ListingId>> {
        let wanted = missing::checks_wanted(competitor.scraper_config.as_ref());
        if wanted == 0 {
            return Ok(Vec::new());
        }
        let Some(LookAfter { control, missing: mut suspects }) = self.suspects(competitor.id, seen, observed_at)?
        else {
            return Ok(Vec::new());
        };
        // Each has its chance sooner or later, whatever the others answer.
        fastrand::shuffle(&mut suspects);
        suspects.truncate(wanted);
        match session.is_gone(&control) {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(%control, "a car on the list has no page of its own: missing ones prove nothing");
                return Ok(Vec::new());
            }
            Err(reason) => {
                tracing::info!(%reason, "missing listings were not looked after");
                return Ok(Vec::new());
            }
        }
        let mut gone = Vec::new();
        for (id, url) in suspects {
            match session.is_gone(&url) {
                Ok(true) => gone.push(id),
                Ok(false) => {}
                Err(reason) if !reason.concerns_one_page() => {
                    tracing::info!(%reason, "the other missing listings were not looked after");
                    break;
                }
                Err(reason) => tracing::debug!(%reason, "a missing listing could not be looked after"),
            }
        }
        Ok(gone)
    }

    /// The page of a car that is on the list, and those of the cars that are missing; `None` where there are not both.
    fn suspects(&self, id: CompetitorId, seen: &Seen, observed_at: DateTime<Utc>) -> Result<Option<LookAfter>> {
        let tracking: &TrackingRules = self.competitors.desk.rules();
        let mut sightings: Vec<_> =
            seen.listings.iter().cloned().map(|seen: ScrapedListing| Sighting::from(seen)).collect();
        identity::disown_shared_keys(&mut sightings);
        let _turn = self.turns.take();
        self.competitors.desk.read(Permission::ManageCompetitors, |conn| {
            let now = self.competitors.desk.now();
            let lot_at = (observed_at, seen.reading.clone());
            let lot = repository::load_lot(conn, id, lot_at, &sightings, (tracking, now))?;
            let plan = plan::plan(&lot.stored, sightings.clone(), &lot.facts, tracking);
            let suspects = missing::suspects(&plan, &lot.stored);
            let controls: Vec<_> = suspects.controls.iter().map(|&row| lot.ids[row]).collect();
            let Some((place, unchanged_since)) = repository::longest_unchanged(conn, &controls)? else {
                return Ok(None);
            };
            let control = suspects.controls[place];
            let url = |row: usize| lot.stored[row].details.url.clone();
            let told = suspects.told_by(control, unchanged_since, &lot.stored);
            let missing: Vec<_> = told.into_iter().filter_map(|row| Some((lot.ids[row], url(row)?))).collect();
            let control = url(control).filter(|_| !missing.is_empty());
            Ok(control.map(|control| LookAfter { control, missing }))
        })
    }
}

/// The hosts that several websites of whatever process share, for one scrape.
struct Hosts<'a> {
    run: &'a Run<'a>,
    competitor: CompetitorId,
    stop: &'a Stop,
}

impl SharedHosts for Hosts<'_> {
    /// Nobody waits for long while holding what others wait for: after a while the competitor is left for the next run, so that
    /// two who wait for each other both go on.
    fn take(&self, host: &str) -> Result<SharedTurn<'_>, Ended> {
        let end = Instant::now() + self.run.rules().shared_host_wait;
        loop {
            match self.run.take_host(host, self.competitor) {
                Ok(true) => {
                    let (run, competitor, stop, host) = (self.run, self.competitor, self.stop, host.to_owned());
                    return Ok(SharedTurn::until(move || run.release_host(&host, competitor, stop)));
                }
                Ok(false) if Instant::now() < end => self.stop.sleep(LOOK_AGAIN),
                Ok(false) => return Err(Ended::Busy),
                Err(reason) => {
                    tracing::warn!(%host, %reason, "whether somebody speaks to a shared host is not known");
                    return Err(Ended::Busy);
                }
            }
            if self.stop.is_asked() {
                return Err(Ended::Stopped);
            }
        }
    }
}

impl Run<'_> {
    /// Takes the lease of a host, where nobody else has it or lists vehicles there that are being scraped.
    fn take_host(&self, host: &str, scrape: CompetitorId) -> Result<bool> {
        let _hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let _turn = self.turns.take();
        let is_ours = self.competitors.desk.write(Permission::ManageCompetitors, |conn, acting| {
            repository::lock_claims(conn)?;
            if host_is_in_use(conn, host, Some(&self.holder), acting.now)? {
                return Ok(false);
            }
            let until = acting.now + revisit::span(self.rules().lease);
            leases::take(conn, &lease_of_host(host), &self.holder, acting.now, until)
        })?;
        if is_ours {
            self.leases().add(lease_of_host(host), scrape);
        }
        Ok(is_ours)
    }

    /// Gives a host back when the last scrape of this run is done with it; a lease that can not be given back ends by itself.
    fn release_host(&self, host: &str, scrape: CompetitorId, stop: &Stop) {
        let _hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let name = lease_of_host(host);
        if !self.leases().give_up(&name, scrape) {
            return;
        }
        let give_back = |conn: &mut DbConnection, _: Acting<'_>| leases::release(conn, &name, &self.holder);
        let desk = self.competitors.desk;
        let released = self.patiently(stop, || desk.write(Permission::ManageCompetitors, give_back));
        if let Err(reason) = released {
            tracing::warn!(%host, %reason, "the lease of a shared host could not be given back");
        }
    }
}

/// The pages that tell what became of missing cars.
struct LookAfter {
    /// Of a car that is on the list.
    control: String,
    missing: Vec<(ListingId, String)>,
}

impl Work for Run<'_> {
    fn scrape(&self, task: &Task, stop: &Arc<Stop>, note: &mut dyn FnMut(Reached)) -> Outcome {
        let competitor = match self.claim(task) {
            Ok(Claim::Ours(competitor)) => competitor,
            Ok(Claim::Passed) => return Outcome::Passed,
            Err(error) if error.kind() == ErrorKind::NotFound && matches!(self.choice, Choice::Due(_)) => {
                return Outcome::Passed;
            }
            Err(error) => return Outcome::Failed(error),
        };
        let outcome = {
            // Whatever happens to the reader of a page, the lease is given back.
            let let_go = LetGo::Failed(FailedHere::of(&crew::panicked()));
            let mut held = Held { run: self, id: task.id, stop, let_go };
            let outcome = self.scrape_claimed(&competitor, stop, note);
            held.let_go = match &outcome {
                Ok(Outcome::Recorded(_) | Outcome::Failed(_)) => LetGo::Recorded,
                Ok(Outcome::Stopped | Outcome::Passed) => LetGo::Stopped,
                Err(reason) => LetGo::Failed(FailedHere::of(reason)),
            };
            outcome
        };
        match outcome {
            Ok(Outcome::Stopped) if self.leases().lost.contains(&task.id) => Outcome::Failed(taken_over()),
            Ok(outcome) => outcome,
            Err(error) => Outcome::Failed(error),
        }
    }

    fn renew(&self) -> Result<Vec<CompetitorId>> {
        let held = self.leases().held.clone();
        if held.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<_> = held.keys().map(String::as_str).collect();
        let ours = self.competitors.desk.write(Permission::ManageCompetitors, |conn, acting| {
            let until = acting.now + revisit::span(self.rules().lease);
            leases::renew(conn, &names, &self.holder, acting.now, until)
        })?;
        let mut leases = self.leases();
        // One that was given back meanwhile is not lost.
        let is_held = |name: &str, scrape: &CompetitorId| leases.held.get(name).is_some_and(|now| now.contains(scrape));
        let lost: Vec<_> = held
            .iter()
            .filter(|(name, _)| !ours.contains(name))
            .flat_map(|(name, scrapes)| scrapes.iter().filter(|scrape| is_held(name, scrape)))
            .copied()
            .collect();
        leases.lost.extend(&lost);
        Ok(lost)
    }

    fn renew_every(&self) -> Duration {
        self.rules().lease / 3
    }
}

/// A competitor that is this run's, until dropped.
struct Held<'a> {
    run: &'a Run<'a>,
    id: CompetitorId,
    stop: &'a Stop,
    let_go: LetGo,
}

/// What went wrong here, in words that may be shown.
#[derive(Clone, Debug)]
struct FailedHere {
    code: ErrorCode,
    message: String,
}

impl FailedHere {
    fn of(reason: &Error) -> Self {
        Self { code: reason.error_code(), message: reason.to_string() }
    }
}

/// Why a competitor is let go.
#[derive(Clone, Debug)]
enum LetGo {
    /// Its lease was given back together with what was recorded.
    Recorded,
    /// There was no time for it: it is due as before.
    Stopped,
    /// Something failed here, such as a browser that is not installed or a reader that panicked.
    Failed(FailedHere),
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.run.leases().give_up(&lease_of(self.id), self.id);
        match &self.let_go {
            LetGo::Recorded => {}
            LetGo::Stopped => self.run.release(self.id, None, self.stop),
            LetGo::Failed(failed) => self.run.release(self.id, Some(failed), self.stop),
        }
    }
}

fn lease_of(id: CompetitorId) -> String {
    format!("{LEASE}{id}")
}

/// The lease of a host; the names of leases are bounded, those of hosts are longer.
fn lease_of_host(host: &str) -> String {
    const LONGEST: usize = 80;
    let end = host.len().checked_sub(LONGEST).and_then(|start| host.get(start..));
    // Two hosts with the same long end take turns: no harm.
    format!("{HOST_LEASE}{}", end.unwrap_or(host))
}

/// Whether a competitor of this host is being scraped by anybody, or by anybody but one holder.
fn host_is_in_use(conn: &mut DbConnection, host: &str, but: Option<&str>, now: DateTime<Utc>) -> DbResult<bool> {
    let live = leases::live(conn, LEASE, but, now)?;
    let ids: Vec<CompetitorId> = live.iter().filter_map(|name| name.strip_prefix(LEASE)?.parse().ok()).collect();
    let urls = repository::inventory_urls(conn, &ids)?;
    Ok(urls.iter().any(|url| revisit::host(url).is_some_and(|known| known == host)))
}

/// The name of the competitor for which a website is being scraped, and the lease of whoever does it: of this competitor, else
/// of another one of its host. `None` where the host is only asked for another website's list, or not any more.
fn who_scrapes(
    conn: &mut DbConnection,
    id: CompetitorId,
    host: &str,
    now: DateTime<Utc>,
) -> DbResult<Option<(String, Lease)>> {
    let mut live: HashMap<CompetitorId, Lease> = leases::live_leases(conn, LEASE, now)?
        .into_iter()
        .filter_map(|lease| Some((lease.name.strip_prefix(LEASE)?.parse().ok()?, lease)))
        .collect();
    let ids: Vec<_> = live.keys().copied().collect();
    let known = repository::names_and_addresses(conn, &ids)?;
    let of_host = |url: &str| revisit::host(url).is_some_and(|known| known == host);
    let found = known.iter().find(|(known, ..)| *known == id);
    let found = found.or_else(|| known.iter().find(|(.., url)| of_host(url)));
    Ok(found.and_then(|(id, name, _)| Some((name.clone(), live.remove(id)?))))
}

/// Refuses to scrape what is being scraped.
fn running(by: Option<(String, Lease)>, now: DateTime<Utc>) -> Error {
    let already = "this website is being scraped already";
    let Some((name, Lease { holder, since, until, .. })) = by else {
        return Error::new(ErrorCode::ScrapeRunning, format!("{already}, for another competitor of the same host"));
    };
    let [since, until_shown] = [since, until].map(|time| time.format("%Y-%m-%d %H:%M:%S UTC"));
    let message = format!(
        "{already} for {name}, since {since} by {holder}; without a sign of life from there, it is free from {until_shown} on"
    );
    Error::new(ErrorCode::ScrapeRunning, message).with_retry_after((until - now).to_std().unwrap_or_default())
}

/// Refuses to record what was fetched under a lease that somebody else has by now.
pub(super) fn must_hold(conn: &mut DbConnection, id: CompetitorId, holder: &str) -> DbResult<()> {
    if leases::held_by(conn, &lease_of(id), holder)? { Ok(()) } else { Err(taken_over().into()) }
}

fn taken_over() -> Error {
    let message =
        "this process showed no sign of life for as long as its lease: another one is free to scrape the website";
    Error::new(ErrorCode::ScrapeTakenOver, message)
}

/// Writes what a recorded scrape of our own leaves behind: the pages, when to come again, and nobody's lease. Pages that were
/// not read as the competitor has been told to by now are forgotten. `partial` counts the scrapes in a row that saw a part,
/// where pages of this one failed.
pub(super) fn settle(
    conn: &mut DbConnection,
    competitor: &Competitor,
    (crawl, is_as_told): (&OwnCrawl, bool),
    (error_type, partial): (Option<ScrapeErrorType>, Option<u32>),
    (desk, now): (&Desk, DateTime<Utc>),
) -> DbResult<()> {
    let rules: &ScrapingRules = desk.rules();
    let since = revisit::oldest_believed(now, desk.rules(), rules);
    let nothing = PagesRead::default();
    let read = if is_as_told { &crawl.read } else { &nothing };
    repository::keep_pages(conn, competitor.id, read, &competitor.list_source().reader(), (since, now))?;
    match error_type {
        Some(error_type) => put_off(conn, competitor, (error_type, None), (rules, now))?,
        None => {
            let next = partial.and_then(|scrapes| revisit::after_partial(scrapes, now, rules));
            let next = next.max(crawl.retry_after.map(|asked_for| revisit::as_asked(asked_for, now, rules)));
            repository::set_next_scrape(conn, competitor.id, next)?;
        }
    }
    leases::release(conn, &lease_of(competitor.id), &crawl.holder)
}

/// Leaves a website that failed alone for a while.
fn put_off(
    conn: &mut DbConnection,
    competitor: &Competitor,
    (error_type, retry_after): (ScrapeErrorType, Option<Duration>),
    (rules, now): (&ScrapingRules, DateTime<Utc>),
) -> DbResult<()> {
    let failures = repository::failures_in_a_row(conn, competitor)?;
    let next = revisit::after_failure(error_type, failures, retry_after, now, rules);
    repository::set_next_scrape(conn, competitor.id, Some(next))
}
