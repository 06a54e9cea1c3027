//! The operations on competitors. `scraping` and `probe` have those that fetch, and `figures` counts figures without a scrape.
//! `recording` writes what one scrape saw; `large_lots` writes most of a large lot in turns before that. A scrape runs under a
//! claim (`claims`), takes turns on hosts that many dealers share (`host_sharing`), and asks for the pages of missing cars
//! (`missing_pages`).

mod claims;
mod figures;
mod host_sharing;
mod judgement;
mod large_lots;
mod missing_pages;
mod probe;
mod recording;
mod reference;
mod scraping;
mod tables;

pub use figures::CountedFigures;
pub use probe::AddedCompetitor;
use recording::{Recording, to_record, turns_of};

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    Competitor, CompetitorFilter, CompetitorKey, CompetitorOverview, CompetitorUpdate, LeftOut, Listing, ListingFilter,
    MarketView, MarketViewFilter, MarketViewRules, Metrics, MetricsRules, NewCompetitor, PricePoint, RecordReport,
    ScrapeErrorType, ScrapeReading, ScrapeRecord, ScrapedListing, ScrapedPage, ScrapingRules, TrackingRules, Undercut,
    UndercutFilter,
    alert::{self, Verdict},
    registration, repository, scrape_log,
};
use crate::{
    activity::{self, Action, Audited as _},
    actor::Permission,
    alerts::{self, AlertType},
    db::{DbConnection, DbResult},
    desk::{Acting, Desk, Part, Turns, found_by_the_desk},
    error::Result,
    ids::{CompetitorId, ListingId},
    leases,
    page::{Page, PageRequest},
    scrape::{
        fetch::Fetcher,
        walk::{self, Shown},
    },
    version::{Expected, Version},
};

/// Competing dealers and the cars on their lots.
#[derive(Clone, Copy, Debug)]
pub struct Competitors<'a> {
    desk: &'a Desk,
    expected: Expected<'a>,
}

impl Desk {
    /// Competing dealers and what stands on their lots.
    #[must_use]
    pub fn competitors(&self) -> Competitors<'_> {
        Competitors::at(self)
    }
}

/// At most this many listings are deleted in one transaction, with their prices.
const LISTINGS_A_DELETION: usize = 2_000;

found_by_the_desk!(TrackingRules, MetricsRules, MarketViewRules, ScrapingRules);

impl Part for Fetcher {
    const MISSING: &'static str = "websites are fetched only in somebody's name: configure fetch.contact";
}

impl<'a> Competitors<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk, expected: Expected::default() }
    }

    /// The same, changing and deleting a competitor only in one of these versions, else failing with `version_changed`.
    #[must_use]
    pub fn if_version(self, versions: &'a [Version]) -> Self {
        Self { expected: Expected::one_of(versions), ..self }
    }

    /// Adds a dealer, whose website is scraped from now on.
    ///
    /// # Errors
    /// `invalid_competitor` with the fields at fault; `duplicate_competitor` where the name is taken, whatever its case;
    /// `duplicate_inventory_url` where another competitor's list stands at the address, whatever its spelling.
    pub fn add(&self, competitor: &NewCompetitor) -> Result<Competitor> {
        self.desk.write(Permission::ManageCompetitors, |conn, acting| add(conn, acting, competitor))
    }

    /// A page of competitors, by name.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn list(&self, filter: &CompetitorFilter, page: &PageRequest) -> Result<Page<Competitor>> {
        self.desk.list(Permission::ReadCompetitors, |conn| repository::list(conn, filter, page))
    }

    /// One competitor.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn get(&self, id: CompetitorId) -> Result<Competitor> {
        self.desk.read(Permission::ReadCompetitors, |conn| repository::get(conn, id))
    }

    /// The competitor of this name, whatever its case.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn get_by_name(&self, name: &str) -> Result<Competitor> {
        self.desk.read(Permission::ReadCompetitors, |conn| repository::get_by_name(conn, name.trim()))
    }

    /// Changes the named fields.
    ///
    /// Where the address of the list or the configuration is changed, the new list may leave out what the old one showed. That
    /// is not found sold at once: a scrape that misses some of it has the doubt `list_changed`, and what vanished together waits for
    /// some twenty looks ([`DoubtWeights::cut`](super::DoubtWeights::cut)).
    ///
    /// # Errors
    /// `competitor_not_found`; `invalid_competitor`; `duplicate_competitor`; `duplicate_inventory_url`; `version_changed`.
    pub fn update(&self, id: CompetitorId, update: &CompetitorUpdate) -> Result<Competitor> {
        self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            let before = self.get_to_change(conn, id)?;
            let after = registration::update(&before, update, acting.now)?;
            if after == before {
                return Ok(before);
            }
            if after.name != before.name {
                repository::ensure_name_is_free(conn, &after)?;
            }
            // Two competitors of an adopted database may share an address until one of them changes its own.
            let list = |of: &Competitor| {
                (registration::address_key(&of.inventory_url), registration::store(of.scraper_config.as_ref()))
            };
            if list(&after) != list(&before) {
                repository::ensure_address_is_free(conn, &after)?;
            }
            repository::update(conn, &after)?;
            if after.reads_another_list_than(&before) {
                repository::note_list_change(conn, id, acting.now)?;
            }
            if before.active && !after.active {
                // No scrape would ever close them.
                alerts::close(conn, &alert::SCRAPE_ALERTS, id.into(), &alert::no_longer_scraped, acting.now)?;
            }
            activity::record(conn, acting, Action::Update, Some(&before), Some(&after))?;
            Ok(after)
        })
    }

    /// Stops scraping a competitor until [`Competitors::resume`]; its rows stay.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn pause(&self, id: CompetitorId) -> Result<Competitor> {
        self.update(id, &CompetitorUpdate { active: Some(false), ..CompetitorUpdate::default() })
    }

    /// Scrapes a paused competitor again.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn resume(&self, id: CompetitorId) -> Result<Competitor> {
        self.update(id, &CompetitorUpdate { active: Some(true), ..CompetitorUpdate::default() })
    }

    /// Deletes a competitor with its listings, prices, figures, scrapes and alerts.
    ///
    /// The listings of a large lot are deleted in several transactions, so that other writers get in, and the competitor in the
    /// last one. Where that fails, calling it again deletes the rest.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn delete(&self, id: CompetitorId) -> Result<()> {
        let turns = Turns::new(self.desk, Permission::ManageCompetitors, LISTINGS_A_DELETION);
        let mut is_gone = false;
        while !is_gone {
            let most = turns.rows();
            is_gone = turns.write(|conn, acting| {
                let competitor = self.get_to_change(conn, id)?;
                let deleted = repository::delete_listings(conn, id, most, self.desk.rules())?;
                let last_turn = turns_of(id);
                if deleted < most {
                    leases::forget(conn, &last_turn)?;
                    repository::delete(conn, id)?;
                    activity::record(conn, acting, Action::Delete, Some(&competitor), None)?;
                    return Ok(true);
                }
                // What was planned from these listings does not hold any more.
                leases::note_last(conn, &last_turn, &leases::new_holder(), acting.now)?;
                let changes = Map::from_iter([("listings".to_owned(), json!({"from": deleted, "to": 0}))]);
                activity::record_changes(conn, acting, Action::Delete, Competitor::RESOURCE, id.into(), changes)?;
                Ok(false)
            })?;
        }
        Ok(())
    }

    /// Records one scrape, what a competitor's website showed at one time, in one transaction.
    ///
    /// A scrape without listings is recorded too, with the doubt `empty`. It hardly counts as a look. A car that earlier
    /// scrapes missed often enough may still be found sold by it, once enough days have passed. The same scrape recorded
    /// again changes nothing. Under a name that no competitor has, one is added in the same transaction.
    ///
    /// Of a lot of more than 1,000 vehicles, what was seen is written in several transactions, so that other writers get in. What
    /// follows from it is written in the last one: what was sold, the scrape itself, figures and alerts. Where it ends before that,
    /// recording the same scrape again completes it.
    ///
    /// # Errors
    /// `competitor_not_found` for an unknown id; `invalid_competitor`; `invalid_observed_at` for a time still to come. Then
    /// nothing is written.
    pub fn record(
        &self,
        competitor: impl Into<CompetitorKey>,
        listings: Vec<ScrapedListing>,
        reading: ScrapeReading,
        observed_at: DateTime<Utc>,
    ) -> Result<RecordReport> {
        self.desk.must(Permission::ManageCompetitors)?;
        let places =
            listings.iter().enumerate().filter(|(_, listing)| listing.is_offered_here()).map(|(place, _)| place);
        let places: Vec<usize> = places.collect();
        let listings = listings.into_iter().filter(ScrapedListing::is_offered_here).collect();
        let seen = Shown { listings, reading, ..Shown::default() };
        let mut report = self.record_seen(&competitor.into(), seen, observed_at)?;
        for refused in &mut report.refused {
            refused.index = places.get(refused.index).copied().unwrap_or(refused.index);
        }
        Ok(report)
    }

    /// Records saved or fetched pages that together are one scrape.
    ///
    /// They are a whole lot, except in three cases: every page has a next page; a page links to a next page that is
    /// missing, where each page has its own address; or no page is the first by its links (warning `begins_late`). The
    /// places of refused listings count through all pages in their order. A page without listings and of no known platform
    /// counts as unreadable.
    ///
    /// # Errors
    /// As [`Competitors::record`]; `invalid_pages` for none at all; as [`listings_from_bytes`] for a page that cannot be
    /// read, with its place in the pointer. Then nothing is written.
    ///
    /// [`listings_from_bytes`]: crate::extract::listings_from_bytes
    pub fn record_pages(
        &self,
        competitor: impl Into<CompetitorKey>,
        pages: &[ScrapedPage],
        observed_at: DateTime<Utc>,
    ) -> Result<RecordReport> {
        self.record_pages_of(&competitor.into(), pages, ScrapeReading::whole_lot(), observed_at)
    }

    /// Records saved or fetched pages that are a part of a list. The scrape has the doubt `last_page_not_reached`: it
    /// hardly counts as a look at the cars that it does not show.
    ///
    /// # Errors
    /// As [`Competitors::record_pages`].
    pub fn record_some_pages(
        &self,
        competitor: impl Into<CompetitorKey>,
        pages: &[ScrapedPage],
        observed_at: DateTime<Utc>,
    ) -> Result<RecordReport> {
        self.record_pages_of(&competitor.into(), pages, ScrapeReading::part_of_a_lot(), observed_at)
    }

    /// Records pages; `known_before` says whether they may be a whole lot.
    fn record_pages_of(
        &self,
        key: &CompetitorKey,
        pages: &[ScrapedPage],
        known_before: ScrapeReading,
        observed_at: DateTime<Utc>,
    ) -> Result<RecordReport> {
        let known = self.desk.read(Permission::ManageCompetitors, |conn| match key {
            CompetitorKey::Id(id) => repository::get(conn, *id).map(Some),
            CompetitorKey::Name { name, .. } => repository::find_by_name(conn, name.trim()),
        })?;
        let (platform, config) = known.map_or((None, None), |known| (known.platform_type, known.scraper_config));
        let mut seen = walk::read(pages, platform.as_deref(), config.as_ref())?;
        seen.reading.last_page_reached &= known_before.last_page_reached;
        self.record_seen(key, seen, observed_at)
    }

    /// Records a failed scrape: in the log, and on the competitor unless a later scrape is recorded.
    ///
    /// # Errors
    /// `competitor_not_found`; `invalid_observed_at`.
    pub fn record_failure(
        &self,
        id: CompetitorId,
        error_type: ScrapeErrorType,
        message: &str,
        observed_at: DateTime<Utc>,
    ) -> Result<Competitor> {
        self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            self.note_failure(conn, acting, id, (error_type, message), observed_at)
        })
    }

    /// A page of listings, of one competitor or of all.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn listings(&self, filter: &ListingFilter, page: &PageRequest) -> Result<Page<Listing>> {
        let (now, rules): (_, &TrackingRules) = (self.desk.now(), self.desk.rules());
        self.desk.report(Permission::ReadCompetitors, |conn| repository::listings(conn, filter, page, now, rules))
    }

    /// One listing.
    ///
    /// # Errors
    /// `listing_not_found`.
    pub fn listing(&self, id: ListingId) -> Result<Listing> {
        let (now, rules): (_, &TrackingRules) = (self.desk.now(), self.desk.rules());
        self.desk.read_snapshot(Permission::ReadCompetitors, |conn| repository::get_listing(conn, id, now, rules))
    }

    /// A page of a listing's prices, newest first.
    ///
    /// # Errors
    /// `listing_not_found`; `invalid_cursor`.
    pub fn price_history(&self, id: ListingId, page: &PageRequest) -> Result<Page<PricePoint>> {
        self.desk.list(Permission::ReadCompetitors, |conn| repository::price_history(conn, id, page))
    }

    /// A page of a competitor's figures, one row a scrape, newest first.
    ///
    /// # Errors
    /// `competitor_not_found`; `invalid_cursor`.
    pub fn metrics(&self, id: CompetitorId, page: &PageRequest) -> Result<Page<Metrics>> {
        self.desk.list(Permission::ReadCompetitors, |conn| repository::metrics(conn, id, page))
    }

    /// A page of a competitor's scrapes, newest first.
    ///
    /// # Errors
    /// `competitor_not_found`; `invalid_cursor`.
    pub fn scrapes(&self, id: CompetitorId, page: &PageRequest) -> Result<Page<ScrapeRecord>> {
        self.desk.list(Permission::ReadCompetitors, |conn| repository::scrapes(conn, id, page))
    }

    /// A page of competitors with their newest figures and how these moved, by name.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn overview(&self, filter: &CompetitorFilter, page: &PageRequest) -> Result<Page<CompetitorOverview>> {
        let rules = self.overview_rules();
        self.desk.report(Permission::ReadCompetitors, |conn| repository::overview(conn, filter, page, rules))
    }

    /// One competitor with its newest figures and how these moved.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn overview_of(&self, id: CompetitorId) -> Result<CompetitorOverview> {
        let rules = self.overview_rules();
        self.desk.read_snapshot(Permission::ReadCompetitors, |conn| repository::overview_of(conn, id, rules))
    }

    /// The rules of the figures, and the latest time that figures can have.
    fn overview_rules(&self) -> (&MetricsRules, DateTime<Utc>) {
        (self.desk.rules(), self.desk.rules::<TrackingRules>().latest(self.desk.now()))
    }

    /// The cars on the competitors' lots: figures over all of them, and a page of figures by make and model, the most frequent
    /// first. Listings of paused and of failing dealers are left out; [`LeftOut`] counts them.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn market_view(&self, filter: &MarketViewFilter, page: &PageRequest) -> Result<MarketView> {
        let context = (self.desk.now(), self.desk.rules(), self.desk.rules());
        self.desk.report(Permission::ReadCompetitors, |conn| repository::market_view(conn, filter, page, context))
    }

    /// A page of the competitors' cars that are like one of ours and cost less, the largest difference first. Listings of paused
    /// and of failing dealers are left out; [`Competitors::left_out`] counts them.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn undercuts(&self, filter: &UndercutFilter, page: &PageRequest) -> Result<Page<Undercut>> {
        let context = (self.desk.now(), self.desk.rules(), self.desk.rules());
        self.desk.list(Permission::ReadCompetitors, |conn| repository::undercuts(conn, filter, page, context))
    }

    /// The listings that neither the market view nor the undercuts count, at some competitors or at all, and how many more are no
    /// undercuts for a doubtful price.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn left_out(&self, competitors: &[CompetitorId]) -> Result<LeftOut> {
        let context = (self.desk.now(), self.desk.rules(), self.desk.rules());
        self.desk
            .list(Permission::ReadCompetitors, |conn| repository::left_out_of_undercuts(conn, competitors, context))
    }

    /// The competitor, locked, in the version that is expected.
    fn get_to_change(&self, conn: &mut DbConnection, id: CompetitorId) -> DbResult<Competitor> {
        let competitor = repository::get_to_change(conn, id)?;
        self.expected.check(|| competitor.version())?;
        Ok(competitor)
    }

    fn note_failure(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        id: CompetitorId,
        (error_type, message): (ScrapeErrorType, &str),
        observed_at: DateTime<Utc>,
    ) -> DbResult<Competitor> {
        let mut competitor = repository::get_to_change(conn, id)?;
        let tracking: &TrackingRules = self.desk.rules();
        let observed_at = scrape_log::check_observed_at(observed_at, acting.now, tracking)?;
        let latest = tracking.latest(acting.now);
        take_back_future_sightings(conn, &competitor, observed_at, latest)?;
        let scrape = ScrapeRecord::failed(id, observed_at, (error_type, message), acting.now);
        let mut changes = Map::new();
        changes.insert("observed_at".into(), json!({"from": null, "to": observed_at}));
        changes.insert("error_type".into(), json!({"from": null, "to": error_type}));
        changes.insert("error".into(), json!({"from": null, "to": scrape.error}));
        let kept = repository::keep_scrape(conn, scrape, acting.now)?;
        competitor.note(&kept, latest);
        repository::update_scraping(conn, &competitor)?;
        let verdict = failing(conn, &competitor, tracking)?;
        update_alerts(conn, id, &[verdict], acting.now)?;
        audit(conn, acting, id, changes)?;
        Ok(competitor)
    }

    fn record_seen(&self, key: &CompetitorKey, seen: Shown, observed_at: DateTime<Utc>) -> Result<RecordReport> {
        let recording = Recording::new(self.desk, seen, observed_at);
        let (mut key, mut was_added) = (Cow::Borrowed(key), false);
        if recording.is_large(&key, None)? {
            let (id, added) = recording.competitor_of_large_lot(&key)?;
            recording.write_large_lot(id, None, &|turns, work| turns.write(work).map(Some))?;
            (key, was_added) = (Cow::Owned(id.into()), added);
        }
        let report = self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            let (competitor, added) = to_record(conn, acting, &key)?;
            recording.write(conn, acting, (competitor, was_added || added)).map(|recorded| recorded.report)
        })?;
        recording.look_again();
        Ok(report)
    }
}

fn add(conn: &mut DbConnection, acting: Acting<'_>, competitor: &NewCompetitor) -> DbResult<Competitor> {
    let competitor = registration::add(competitor, acting.now)?;
    repository::ensure_name_is_free(conn, &competitor)?;
    repository::ensure_address_is_free(conn, &competitor)?;
    repository::insert(conn, &competitor)?;
    activity::record(conn, acting, Action::Create, None, Some(&competitor))?;
    Ok(competitor)
}

/// Takes back what was recorded while the clock was ahead, at the first scrape after it was set right. Returns whether
/// there was anything.
fn take_back_future_sightings(
    conn: &mut DbConnection,
    competitor: &Competitor,
    observed_at: DateTime<Utc>,
    latest: DateTime<Utc>,
) -> DbResult<bool> {
    let is_ahead = competitor.is_ahead(latest);
    if is_ahead {
        tracing::warn!(competitor = %competitor.id, "a scrape lies ahead of the clock; what it saw counts as seen before");
        repository::turn_back_sightings(conn, competitor.id, observed_at, latest)?;
    }
    Ok(is_ahead)
}

/// Records a scrape that failed here, for which the website is not to blame: an alert and an audit row.
fn note_own_failure(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    competitor: &Competitor,
    (code, message): (&str, &str),
) -> DbResult<()> {
    alerts::open(conn, &alert::failing_here(competitor, code, message), acting.now)?;
    let mut changes = Map::new();
    changes.insert("error_type".into(), json!({"from": null, "to": code}));
    changes.insert("error".into(), json!({"from": null, "to": message}));
    audit(conn, acting, competitor.id, changes)
}

/// The verdict on the failures since the last success.
fn failing(conn: &mut DbConnection, competitor: &Competitor, rules: &TrackingRules) -> DbResult<Verdict> {
    let failures = match competitor.scrape_error_type {
        // The newest scrape is the last success.
        None if competitor.last_scraped_at == competitor.last_successful_scrape_at => 0,
        _ => repository::failures_in_a_row(conn, competitor)?,
    };
    Ok(alert::failing(competitor, failures, rules))
}

/// Opens and closes alerts by the verdicts; those of them that are open now.
fn update_alerts(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    verdicts: &[Verdict],
    now: DateTime<Utc>,
) -> DbResult<Vec<AlertType>> {
    let over: Vec<_> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Close(alert_type) => Some(*alert_type),
            _ => None,
        })
        .collect();
    if !over.is_empty() {
        alerts::close(conn, &over, competitor.into(), &alert::found_over, now)?;
    }
    let mut open = Vec::new();
    for verdict in verdicts {
        match verdict {
            Verdict::Open(alert) => {
                alerts::open(conn, alert, now)?;
                open.push(alert.alert_type);
            }
            Verdict::Keep(alert_type) if alerts::is_open(conn, *alert_type, competitor.into())? => {
                open.push(*alert_type);
            }
            Verdict::Keep(_) | Verdict::Close(_) | Verdict::Leave => {}
        }
    }
    Ok(open)
}

fn audit(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    competitor: CompetitorId,
    changes: Map<String, Value>,
) -> DbResult<()> {
    activity::record_changes(conn, acting, Action::Record, Competitor::RESOURCE, competitor.into(), changes)
}
