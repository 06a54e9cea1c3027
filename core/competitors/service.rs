//! The operations on competitors; `scraping` has those that fetch, `recording` writes what one scrape saw.

mod probe;
mod recording;
mod scraping;

pub use probe::AddedCompetitor;
use recording::{Recording, Seen};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    Competitor, CompetitorFilter, CompetitorKey, CompetitorOverview, CompetitorUpdate, Listing, ListingFilter,
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
    desk::{Acting, Desk, Part, found_by_the_desk},
    error::Result,
    ids::{CompetitorId, ListingId},
    page::{Page, PageRequest},
    scrape::{fetch::Fetcher, walk},
};

/// The competing dealers and what stands on their lots.
#[derive(Clone, Copy, Debug)]
pub struct Competitors<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// Competing dealers and what stands on their lots.
    #[must_use]
    pub fn competitors(&self) -> Competitors<'_> {
        Competitors::at(self)
    }
}

found_by_the_desk!(TrackingRules, MetricsRules, MarketViewRules, ScrapingRules);

impl Part for Fetcher {
    const MISSING: &'static str = "websites are fetched only in somebody's name: configure fetch.contact";
}

impl<'a> Competitors<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// Watches a dealer from now on.
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
        self.desk.read(Permission::ReadCompetitors, |conn| repository::list(conn, filter, page))
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
    /// is not found sold at once: a scrape that misses some of it is incomplete, with the warning `list_changed`, until the list
    /// has looked so for as long as a lot that shrank ([`shrunk_after_scrapes`](super::EvidenceRules::shrunk_after_scrapes) scrapes
    /// over [`shrunk_after_days`](super::EvidenceRules::shrunk_after_days) days).
    ///
    /// # Errors
    /// `competitor_not_found`; `invalid_competitor`; `duplicate_competitor`; `duplicate_inventory_url`.
    pub fn update(&self, id: CompetitorId, update: &CompetitorUpdate) -> Result<Competitor> {
        self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            let before = repository::get_to_change(conn, id)?;
            let after = registration::update(&before, update, acting.now)?;
            if after == before {
                return Ok(before);
            }
            if after.name != before.name {
                repository::name_is_taken(conn, &after)?;
            }
            // Two that shared an address before may go on, until one of them moves.
            let list = |of: &Competitor| {
                (registration::address_key(&of.inventory_url), registration::store(of.scraper_config.as_ref()))
            };
            if list(&after) != list(&before) {
                repository::address_is_taken(conn, &after)?;
            }
            repository::update(conn, &after)?;
            if after.reads_another_list_than(&before) {
                repository::note_list_change(conn, id, acting.now)?;
            }
            if before.active && !after.active {
                // Nobody scrapes it now, so nothing would ever close them.
                alerts::close(conn, &alert::SCRAPE_ALERTS, id.into(), &alert::no_longer_scraped, acting.now)?;
            }
            activity::record(conn, acting, Action::Update, Some(&before), Some(&after))?;
            Ok(after)
        })
    }

    /// Leaves the competitor alone until [`Competitors::resume`]; what is known of it stays.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn pause(&self, id: CompetitorId) -> Result<Competitor> {
        self.update(id, &CompetitorUpdate { active: Some(false), ..CompetitorUpdate::default() })
    }

    /// Watches a paused competitor again.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn resume(&self, id: CompetitorId) -> Result<Competitor> {
        self.update(id, &CompetitorUpdate { active: Some(true), ..CompetitorUpdate::default() })
    }

    /// Removes a competitor with its listings, prices, figures, scrapes and the alerts about it.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn delete(&self, id: CompetitorId) -> Result<()> {
        self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            let competitor = repository::get_to_change(conn, id)?;
            repository::delete(conn, id)?;
            activity::record(conn, acting, Action::Delete, Some(&competitor), None)
        })
    }

    /// Records one scrape: what was seen at one time on one competitor's website, all of it in one transaction.
    ///
    /// Nothing seen at all is recorded too, and marks nothing sold. The same scrape recorded again changes nothing. A
    /// competitor asked for by a name that nobody has is added in the same transaction.
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
        let seen = Seen { listings, reading, platform: None, warnings: Vec::new(), crawl: None };
        self.record_seen(&competitor.into(), seen, observed_at)
    }

    /// Records saved or fetched pages that together are one scrape: a whole lot, unless each of them leads on to a next one, or
    /// one of several with addresses of their own leads on to a page that is not among them, or none of them is the first by what
    /// it says of the pages around it (the warning `begins_late`).
    ///
    /// The places of refused listings count through all pages in their order. A page without any listing that is of no known
    /// platform counts as one that could not be read.
    ///
    /// # Errors
    /// As [`Competitors::record`]; `invalid_pages` for none at all; as [`listings_from_bytes`] for a page that can not be
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

    /// Records saved or fetched pages that are known to be a part of a list: what they do not show is not missed.
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

    /// Records pages of which so much is known before they are read.
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
        let mut seen = Seen::from(walk::read(pages, platform.as_deref(), config.as_ref())?);
        seen.reading.last_page_reached &= known_before.last_page_reached;
        self.record_seen(key, seen, observed_at)
    }

    /// Records that a scrape failed: in the log, and on the competitor unless a later scrape is known.
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
        self.desk
            .read_snapshot(Permission::ReadCompetitors, |conn| repository::listings(conn, filter, page, now, rules))
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
        self.desk.read(Permission::ReadCompetitors, |conn| repository::price_history(conn, id, page))
    }

    /// A page of a competitor's figures, one row a scrape, newest first.
    ///
    /// # Errors
    /// `competitor_not_found`; `invalid_cursor`.
    pub fn metrics(&self, id: CompetitorId, page: &PageRequest) -> Result<Page<Metrics>> {
        self.desk.read(Permission::ReadCompetitors, |conn| repository::metrics(conn, id, page))
    }

    /// A page of a competitor's scrapes, newest first.
    ///
    /// # Errors
    /// `competitor_not_found`; `invalid_cursor`.
    pub fn scrapes(&self, id: CompetitorId, page: &PageRequest) -> Result<Page<ScrapeRecord>> {
        self.desk.read(Permission::ReadCompetitors, |conn| repository::scrapes(conn, id, page))
    }

    /// A page of competitors with their newest figures and how these moved, by name.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn overview(&self, filter: &CompetitorFilter, page: &PageRequest) -> Result<Page<CompetitorOverview>> {
        let rules = self.overview_rules();
        self.desk.read_snapshot(Permission::ReadCompetitors, |conn| repository::overview(conn, filter, page, rules))
    }

    /// One competitor with its newest figures and how these moved.
    ///
    /// # Errors
    /// `competitor_not_found`.
    pub fn overview_of(&self, id: CompetitorId) -> Result<CompetitorOverview> {
        let rules = self.overview_rules();
        self.desk.read_snapshot(Permission::ReadCompetitors, |conn| repository::overview_of(conn, id, rules))
    }

    /// The rules of the figures, and behind which time none can be the newest.
    fn overview_rules(&self) -> (&MetricsRules, DateTime<Utc>) {
        (self.desk.rules(), self.desk.rules::<TrackingRules>().latest(self.desk.now()))
    }

    /// What the competitors' lots hold: figures over everything, and a page of them by make and model, what there is most of
    /// first. Listings of paused competitors, and those not seen for [`TrackingRules::on_the_market_days`], are left out.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn market_view(&self, filter: &MarketViewFilter, page: &PageRequest) -> Result<MarketView> {
        let context = (self.desk.now(), self.desk.rules(), self.desk.rules());
        self.desk
            .read_snapshot(Permission::ReadCompetitors, |conn| repository::market_view(conn, filter, page, context))
    }

    /// A page of the competitors' cars that are like one of ours and cost less, the largest difference first; the same are left
    /// out.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn undercuts(&self, filter: &UndercutFilter, page: &PageRequest) -> Result<Page<Undercut>> {
        let context = (self.desk.now(), self.desk.rules(), self.desk.rules());
        self.desk.read(Permission::ReadCompetitors, |conn| repository::undercuts(conn, filter, page, context))
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
        turn_back(conn, &competitor, observed_at, latest)?;
        let scrape = ScrapeRecord::failed(id, observed_at, (error_type, message), acting.now);
        let mut changes = Map::new();
        changes.insert("observed_at".into(), json!({"from": null, "to": observed_at}));
        changes.insert("error_type".into(), json!({"from": null, "to": error_type}));
        changes.insert("error".into(), json!({"from": null, "to": scrape.error}));
        let kept = repository::keep_scrape(conn, scrape, acting.now)?;
        competitor.note(&kept, latest);
        repository::update_scraping(conn, &competitor)?;
        let verdict = failing(conn, &competitor, tracking)?;
        settle(conn, id, &[verdict], acting.now)?;
        audit(conn, acting, id, changes)?;
        Ok(competitor)
    }

    fn record_seen(&self, key: &CompetitorKey, seen: Seen, observed_at: DateTime<Utc>) -> Result<RecordReport> {
        Recording::new(self.desk, key, seen, observed_at).write()
    }
}

fn add(conn: &mut DbConnection, acting: Acting<'_>, competitor: &NewCompetitor) -> DbResult<Competitor> {
    let competitor = registration::add(competitor, acting.now)?;
    repository::name_is_taken(conn, &competitor)?;
    repository::address_is_taken(conn, &competitor)?;
    repository::insert(conn, &competitor)?;
    activity::record(conn, acting, Action::Create, None, Some(&competitor))?;
    Ok(competitor)
}

/// Takes back what was recorded under a clock that had gone ahead, with the first scrape under one that has not.
fn turn_back(
    conn: &mut DbConnection,
    competitor: &Competitor,
    observed_at: DateTime<Utc>,
    latest: DateTime<Utc>,
) -> DbResult<()> {
    if !competitor.is_ahead(latest) {
        return Ok(());
    }
    tracing::warn!(competitor = %competitor.id, "a scrape lies ahead of the clock; what it saw counts as seen before");
    repository::turn_back_sightings(conn, competitor.id, observed_at, latest)
}

/// Writes that a scrape failed for a reason of our own, of which the website knows nothing.
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

/// What the failures since the last success mean.
fn failing(conn: &mut DbConnection, competitor: &Competitor, rules: &TrackingRules) -> DbResult<Verdict> {
    let failures = match competitor.scrape_error_type {
        // The newest scrape is the last success.
        None if competitor.last_scraped_at == competitor.last_successful_scrape_at => 0,
        _ => repository::failures_in_a_row(conn, competitor)?,
    };
    Ok(alert::failing(competitor, failures, rules))
}

/// Opens and closes what the verdicts say; answers what is open now.
fn settle(
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
