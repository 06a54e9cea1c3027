//! The operations that fetch competitors' websites: one of them, and all that are due.
//!
//! A scrape claims its competitor, reads the list, asks for the pages of missing cars, and records what it saw while the claim
//! still holds. Then it sets the time of the next visit.

use std::{
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use url::Url;

use super::{
    Competitors,
    claims::{self, ClaimEnd, Claimed, Claims, OwnFailure, Trigger},
    host_sharing::HostsOfScrape,
    recording::{Recorded, Recording},
};
use crate::{
    actor::Permission,
    competitors::{
        Competitor, RecordReport, ScrapeErrorType, ScrapeFailure, ScrapeLimits, ScrapeProgress, ScrapeReport,
        ScrapeSummary, missing, repository,
        revisit::{self, Ahead},
        worker_pool::{self, Outcome, Task, Work},
    },
    db::{DbConnection, DbResult},
    desk::Acting,
    error::{Error, ErrorCode, Result},
    ids::CompetitorId,
    scrape::{
        fetch::{Fetcher, Session, Stop},
        walk::{self, Asking, Failed, PagesRead, Reached, WalkEnd, WalkLimits, Walked},
    },
};

impl Competitors<'_> {
    /// Scrapes a competitor's website now, politely, and records what it shows.
    ///
    /// All pages of the list are fetched before anything is written. Where a later page fails, the pages before it are
    /// recorded as a part of the lot. Such a scrape hardly counts as a look at what is missing. The observer is called with
    /// each page and ten times a second; when it breaks, the scrape ends at once with nothing recorded. Of a lot of more than
    /// 1,000 vehicles, some rows may already be written as seen.
    ///
    /// # Errors
    /// - `competitor_not_found`; `not_configured` without `Config::fetch`.
    /// - `browser_not_available` for a competitor that needs a browser, without the feature `browser` or without Chromium.
    /// - `scrape_running` while it, or another competitor of the same host, is being scraped; the message names the process,
    ///   since when it scrapes, and when its lease ends.
    /// - `scrape_cancelled` where the observer ended it.
    /// - `scrape_taken_over` where a lease of this scrape ended before it was renewed, that of a host which it shares with
    ///   others included: another process was free to take it. Nothing is recorded, except that rows of a lot of more than 1,000 vehicles may
    ///   already be written as seen.
    /// - `Unavailable` with the code `scrape_` and a word of [`ScrapeErrorType`], such as `scrape_blocked`. The failure is
    ///   recorded.
    pub fn scrape(
        &self,
        id: CompetitorId,
        observer: &mut dyn FnMut(ScrapeProgress<'_>) -> ControlFlow<()>,
    ) -> Result<RecordReport> {
        self.desk.must(Permission::ManageCompetitors)?;
        let fetcher = self.desk.part::<Fetcher>()?;
        let competitor = self.desk.read(Permission::ManageCompetitors, |conn| repository::get(conn, id))?;
        let host = revisit::host(&competitor.inventory_url).unwrap_or_else(|| competitor.inventory_url.clone());
        let task = Task { id, name: competitor.name, host: host.clone() };
        let run = Run::new(self, fetcher, Trigger::Requested, None);
        let mut outcome = None;
        worker_pool::run(vec![task], 1, None, &run, observer, &mut |_, ended| outcome = Some(ended))
            .map_err(no_thread)?;
        match outcome {
            Some(Outcome::Recorded(report)) => Ok(*report),
            Some(Outcome::Failed(error)) => Err(error),
            Some(Outcome::Skipped) => Err(self.desk.read(Permission::ManageCompetitors, |conn| {
                claims::already_running(conn, id, &host, self.desk.now())
            })?),
            Some(Outcome::Stopped) | None => Err(Error::new(ErrorCode::ScrapeCancelled, "the scrape was cancelled")),
        }
    }

    /// Scrapes every competitor that is due, several at once, and records what their websites show.
    ///
    /// Any number of processes may run this on one PostgreSQL and share the work. A failing competitor never stops the
    /// others. It is due again after half an hour, after a bot check or a closing robots.txt after a day, and later with
    /// each failure in a row. The observer is called with each page and each end, on the thread of the caller, and at least
    /// ten times a second. When it breaks, running scrapes end at once with nothing recorded; the report has those recorded
    /// before. Memory holds a short summary for each competitor and one whole lot for each thread.
    ///
    /// # Errors
    /// `forbidden`; `not_configured` without `Config::fetch`; `invalid_scrape_limits`. A failure of one competitor stands in the
    /// report.
    pub fn scrape_due(
        &self,
        limits: &ScrapeLimits,
        observer: &mut dyn FnMut(ScrapeProgress<'_>) -> ControlFlow<()>,
    ) -> Result<ScrapeReport> {
        self.desk.must(Permission::ManageCompetitors)?;
        limits.check()?;
        let fetcher = self.desk.part::<Fetcher>()?;
        let end = limits.deadline.and_then(|span| Instant::now().checked_add(span));
        let now = self.desk.now();
        let ahead = Ahead::of(self.desk.rules(), self.desk.rules(), now);
        let due = self.desk.read(Permission::ManageCompetitors, |conn| {
            repository::due(conn, limits.due_after, limits.competitors, (now, ahead))
        })?;
        let tasks = due.into_iter().filter_map(|due| {
            // An address that cannot be read is tried, and the failure says what is wrong with it.
            let is_readable = Url::parse(&due.inventory_url).is_ok();
            let alone = || (!is_readable).then(|| due.inventory_url.clone());
            let host = revisit::host(&due.inventory_url).or_else(alone)?;
            Some(Task { id: due.id, name: due.name, host })
        });
        let run = Run::new(self, fetcher, Trigger::Due(limits.due_after), end);
        let mut report = ScrapeReport::default();
        let mut keep = |task: &Task, outcome: Outcome| match outcome {
            Outcome::Recorded(recorded) => report.recorded.push(ScrapeSummary::from(&*recorded)),
            Outcome::Failed(error) => {
                let failure = ScrapeFailure { competitor_id: task.id, competitor: task.name.clone(), error };
                report.failed.push(failure);
            }
            Outcome::Skipped => report.skipped += 1,
            Outcome::Stopped => {}
        };
        let finished =
            worker_pool::run(tasks.collect(), limits.threads, end, &run, observer, &mut keep).map_err(no_thread)?;
        Ok(ScrapeReport { remaining: finished.remaining, stopped: finished.stopped, ..report })
    }
}

fn no_thread(reason: std::io::Error) -> Error {
    Error::new(ErrorCode::NoThread, "the system gives no thread to scrape with").with_source(reason)
}

/// One run, shared by its threads.
struct Run<'a> {
    competitors: &'a Competitors<'a>,
    fetcher: &'a Fetcher,
    trigger: Trigger,
    end: Option<Instant>,
    claims: Claims<'a>,
}

impl Work for Run<'_> {
    fn scrape(&self, task: &Task, stop: &Arc<Stop>, note: &mut dyn FnMut(Reached)) -> Outcome {
        let competitor = match self.claims.claim(task, self.trigger, stop) {
            Ok(Some(competitor)) => competitor,
            Ok(None) => return Outcome::Skipped,
            Err(error) => return Outcome::Failed(error),
        };
        let outcome = {
            // Dropped whatever happens, so that a panic of a reader gives the lease back as well.
            let mut claimed = Claimed::new(&self.claims, task.id, stop);
            let outcome = self.scrape_claimed(&competitor, stop, note);
            claimed.end = match &outcome {
                Ok(Outcome::Recorded(_) | Outcome::Failed(_)) => ClaimEnd::Recorded,
                Ok(Outcome::Stopped | Outcome::Skipped) => ClaimEnd::Stopped,
                Err(reason) => ClaimEnd::Failed(OwnFailure::of(reason)),
            };
            outcome
        };
        match outcome {
            Ok(Outcome::Stopped) if self.claims.has_lost(task.id) => Outcome::Failed(claims::taken_over()),
            Ok(outcome) => outcome,
            Err(error) => Outcome::Failed(error),
        }
    }

    fn renew_leases(&self) -> Result<()> {
        self.claims.renew()
    }

    fn renew_every(&self) -> Duration {
        self.claims.rules().lease / 3
    }
}

impl<'a> Run<'a> {
    fn new(competitors: &'a Competitors<'a>, fetcher: &'a Fetcher, trigger: Trigger, end: Option<Instant>) -> Self {
        Self { competitors, fetcher, trigger, end, claims: Claims::new(competitors.desk) }
    }

    fn scrape_claimed(
        &self,
        competitor: &Competitor,
        stop: &Arc<Stop>,
        note: &mut dyn FnMut(Reached),
    ) -> Result<Outcome> {
        let session = self.fetcher.session_until(self.end, Arc::clone(stop));
        let session = if competitor.use_playwright { session.in_browser()? } else { session };
        let observed_at = self.claims.desk.now();
        let walked = self.walk(competitor, &session, observed_at, stop, note)?;
        if self.claims.has_lost(competitor.id) {
            return Ok(Outcome::Stopped);
        }
        match walked {
            Ok(walked) => self.record(competitor, walked, &session, (observed_at, stop)),
            Err(WalkEnd::Stopped) => Ok(Outcome::Stopped),
            Err(WalkEnd::Busy) => Ok(Outcome::Skipped),
            // The time of the run is over; that says nothing against the website.
            Err(WalkEnd::Failed(_)) if self.end.is_some_and(|end| end <= Instant::now()) => Ok(Outcome::Stopped),
            Err(WalkEnd::Failed(failed)) => self.record_failure(competitor.id, failed, (observed_at, stop)),
        }
    }

    /// Reads the list, with the pages that the last scrapes kept.
    fn walk(
        &self,
        competitor: &Competitor,
        session: &Session,
        observed_at: DateTime<Utc>,
        stop: &Arc<Stop>,
        note: &mut dyn FnMut(Reached),
    ) -> Result<Result<Walked, WalkEnd>> {
        let desk = self.claims.desk;
        let since = revisit::oldest_believed(observed_at, desk.rules(), self.claims.rules());
        let (kept, pages_before) = {
            let _permit = self.claims.database.acquire();
            desk.read(Permission::ManageCompetitors, |conn| {
                let kept = repository::kept_pages(conn, competitor.id, &competitor.list_source().reader(), since)?;
                Ok((kept, repository::pages_of_whole_lot(conn, competitor.id, observed_at)?))
            })?
        };
        let limits = WalkLimits {
            most_pages: self.fetcher.max_pages(),
            pages_before,
            data_share_percent: self.claims.rules().data_share_percent,
            follows_moves: false,
        };
        let hosts = HostsOfScrape { claims: &self.claims, competitor: competitor.id, stop };
        let asking = Asking { session, hosts: &hosts, kept, note: Box::new(note) };
        Ok(walk::to_the_end(asking, competitor.list_source(), limits))
    }

    /// Asks for the pages of missing cars where the configuration says so, and records the scrape.
    fn record(
        &self,
        competitor: &Competitor,
        walked: Walked,
        session: &Session,
        (observed_at, stop): (DateTime<Utc>, &Stop),
    ) -> Result<Outcome> {
        let (desk, id) = (self.claims.desk, competitor.id);
        let Walked { shown, read, retry_after, .. } = walked;
        let seen = (shown, competitor.list_source().reader());
        let mut recording = Recording::fetched(desk, seen, observed_at, &read.unchanged_keys);
        let most_checks = missing::checks_wanted(competitor.scraper_config.as_ref());
        if most_checks > 0 {
            let missing = {
                let _permit = self.claims.database.acquire();
                recording.draft(id)?
            };
            let own = missing::own_websites(competitor);
            recording.gone = missing.map(|pages| pages.gone(session, &own, most_checks)).unwrap_or_default();
        }
        if stop.is_asked() || !self.write_large_lot(&recording, id, stop)? {
            return Ok(Outcome::Stopped);
        }
        let write = |conn: &mut DbConnection, acting: Acting<'_>| {
            let competitor = repository::get_to_change(conn, id)?;
            self.claims.ensure_held(conn, id, acting.now)?;
            let recorded = recording.write(conn, acting, (competitor, false))?;
            self.keep_pages(conn, &recorded, &read, acting.now)?;
            self.set_next_visit(conn, &recorded, retry_after, acting.now)?;
            self.claims.release(conn, id, acting.now)?;
            Ok(recorded.report)
        };
        match self.claims.retry_while_busy(stop, || desk.write(Permission::ManageCompetitors, write)) {
            Ok(report) => {
                let _permit = self.claims.database.acquire();
                recording.look_again();
                Ok(Outcome::Recorded(Box::new(report)))
            }
            Err(reason) if claims::is_passing(&reason) && stop.is_asked() => Ok(Outcome::Stopped),
            Err(reason) => Err(reason),
        }
    }

    /// Writes in turns what was seen of a large lot; false where the scrape was stopped.
    fn write_large_lot(&self, recording: &Recording<'_>, id: CompetitorId, stop: &Stop) -> Result<bool> {
        let permits = Some(&self.claims.database);
        if !recording.is_large(&id.into(), permits)? {
            return Ok(true);
        }
        recording.write_large_lot(id, permits, &|turns, work| {
            if stop.is_asked() {
                return Ok(None);
            }
            let write = |conn: &mut DbConnection, acting: Acting<'_>| {
                repository::get_to_change(conn, id)?;
                self.claims.ensure_held(conn, id, acting.now)?;
                work(conn, acting)
            };
            match self.claims.retry_while_busy(stop, || turns.write(write)) {
                Err(reason) if claims::is_passing(&reason) && stop.is_asked() => Ok(None),
                outcome => outcome.map(Some),
            }
        })
    }

    /// Keeps the pages for the next scrape. If the competitor's address or configuration changed meanwhile, forgets them.
    fn keep_pages(
        &self,
        conn: &mut DbConnection,
        recorded: &Recorded,
        read: &PagesRead,
        now: DateTime<Utc>,
    ) -> DbResult<()> {
        let since = revisit::oldest_believed(now, self.claims.desk.rules(), self.claims.rules());
        let (nothing, competitor) = (PagesRead::default(), &recorded.competitor);
        let read = if recorded.is_current_reader { read } else { &nothing };
        repository::keep_pages(conn, competitor.id, read, &competitor.list_source().reader(), (since, now))
    }

    /// Sets the time of the next visit: sooner if pages failed, but never before the time that the website asked for.
    fn set_next_visit(
        &self,
        conn: &mut DbConnection,
        recorded: &Recorded,
        retry_after: Option<Duration>,
        now: DateTime<Utc>,
    ) -> DbResult<()> {
        if let Some(error_type) = recorded.error_type {
            return self.put_off(conn, &recorded.competitor, (error_type, None), now);
        }
        let rules = self.claims.rules();
        let next = recorded.partial_scrapes.and_then(|scrapes| revisit::after_partial(scrapes, now, rules));
        let next = next.max(retry_after.map(|asked_for| revisit::as_asked(asked_for, now, rules)));
        repository::set_next_scrape(conn, recorded.competitor.id, next)
    }

    /// Leaves a website that failed alone for a while.
    fn put_off(
        &self,
        conn: &mut DbConnection,
        competitor: &Competitor,
        (error_type, retry_after): (ScrapeErrorType, Option<Duration>),
        now: DateTime<Utc>,
    ) -> DbResult<()> {
        let failures = repository::failures_in_a_row(conn, competitor)?;
        let next = revisit::after_failure(error_type, failures, retry_after, now, self.claims.rules());
        repository::set_next_scrape(conn, competitor.id, Some(next))
    }

    /// Records that a website failed, and when to try again.
    fn record_failure(
        &self,
        id: CompetitorId,
        failed: Failed,
        (observed_at, stop): (DateTime<Utc>, &Stop),
    ) -> Result<Outcome> {
        let Failed { error_type, message, retry_after, .. } = failed;
        let note = |conn: &mut DbConnection, acting: Acting<'_>| {
            repository::get_to_change(conn, id)?;
            self.claims.ensure_held(conn, id, acting.now)?;
            let failure = (error_type, message.as_str());
            let competitor = self.competitors.note_failure(conn, acting, id, failure, observed_at)?;
            self.put_off(conn, &competitor, (error_type, retry_after), acting.now)?;
            self.claims.release(conn, id, acting.now)
        };
        self.claims.retry_while_busy(stop, || self.claims.desk.write(Permission::ManageCompetitors, note))?;
        let error = Error::new(error_type.code(), message);
        Ok(Outcome::Failed(retry_after.into_iter().fold(error, Error::with_retry_after)))
    }
}
