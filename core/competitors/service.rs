//! The operations on competitors; `scraping` has those that fetch.

mod scraping;
mod trying;

pub use trying::AddedCompetitor;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    Competitor, CompetitorFilter, CompetitorKey, CompetitorOverview, CompetitorUpdate, IncompleteReason, Listing,
    ListingFilter, MarketView, MarketViewFilter, Metrics, MetricsRules, NewCompetitor, PricePoint, RecordReport,
    ScrapeErrorType, ScrapeReading, ScrapeRecord, ScrapedListing, ScrapedPage, TrackingRules, TransferredVehicle,
    Undercut, UndercutFilter,
    alert::{self, Verdict},
    identity,
    kept::{self, PagesRead},
    pages::{self, Pages},
    registration,
    report::{Moving, Vehicles},
    repository::{self, Here},
    rules, scrape_log,
    sighting::Sighting,
    sold,
};
use crate::{
    activity::{self, Action, Audited as _},
    actor::Permission,
    alerts::{self, AlertType},
    db::{DbConnection, DbResult},
    dealership::{Acting, Desk},
    error::Result,
    extract::Warning,
    ids::{CompetitorId, ListingId},
    page::{Page, PageRequest},
};

/// The competing dealers and what stands on their lots.
#[derive(Clone, Copy, Debug)]
pub struct Competitors<'a> {
    desk: &'a Desk,
}

impl<'a> Competitors<'a> {
    pub(crate) fn at(desk: &'a Desk) -> Self {
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
    /// has looked so for as long as a lot that shrank ([`TrackingRules::shrunk_after_scrapes`] scrapes over
    /// [`TrackingRules::shrunk_after_days`] days).
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
        let Pages { listings, reading, platform, warnings } = pages::read(pages, platform.as_deref(), config.as_ref())?;
        let last_page_reached = reading.last_page_reached && known_before.last_page_reached;
        let reading = ScrapeReading { last_page_reached, ..reading };
        self.record_seen(key, Seen { listings, reading, platform, warnings, crawl: None }, observed_at)
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
        let (now, rules) = (self.desk.now(), &self.desk.config().tracking);
        self.desk
            .read_snapshot(Permission::ReadCompetitors, |conn| repository::listings(conn, filter, page, now, rules))
    }

    /// One listing.
    ///
    /// # Errors
    /// `listing_not_found`.
    pub fn listing(&self, id: ListingId) -> Result<Listing> {
        let (now, rules) = (self.desk.now(), &self.desk.config().tracking);
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
        let config = self.desk.config();
        (&config.metrics, config.tracking.latest(self.desk.now()))
    }

    /// What the competitors' lots hold: figures over everything, and a page of them by make and model, what there is most of
    /// first.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn market_view(&self, filter: &MarketViewFilter, page: &PageRequest) -> Result<MarketView> {
        let config = self.desk.config();
        let context = (self.desk.now(), &config.market_view, config.tracking.transfer_days);
        self.desk.read_snapshot(Permission::ReadCompetitors, |conn| {
            let (total, models) = repository::market_view(conn, filter, page, context)?;
            Ok(MarketView { total, models })
        })
    }

    /// A page of the competitors' cars that are like one of ours and cost less, the largest difference first.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn undercuts(&self, filter: &UndercutFilter, page: &PageRequest) -> Result<Page<Undercut>> {
        let rules = &self.desk.config().market_view;
        self.desk.read(Permission::ReadCompetitors, |conn| repository::undercuts(conn, filter, page, rules))
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
        let tracking = &self.desk.config().tracking;
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
        let (tracking, figures) = (&self.desk.config().tracking, &self.desk.config().metrics);
        let Seen { listings, reading, platform, warnings, crawl } = seen;
        let is_retold = |listing: &ScrapedListing| {
            let crawl = crawl.as_ref().filter(|crawl| !crawl.read.retold.is_empty());
            crawl.is_some_and(|crawl| pages::key_of(listing).is_some_and(|key| crawl.read.retold.contains(&key)))
        };
        let mut sightings: Vec<Sighting> = listings
            .into_iter()
            .map(|listing| Sighting { is_retold: is_retold(&listing), ..Sighting::from(listing) })
            .collect();
        identity::disown_shared_keys(&mut sightings);
        self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            let (mut competitor, added) = to_record(conn, acting, key)?;
            let id = competitor.id;
            crawl.iter().try_for_each(|crawl| scraping::must_hold(conn, id, &crawl.holder))?;
            let reader = kept::reader(&competitor);
            let is_as_told = crawl.as_ref().is_none_or(|crawl| crawl.reader == reader);
            // Read by an address or a configuration that was changed meanwhile, it is a part of what is meant now at best.
            let last_page_reached = reading.last_page_reached && is_as_told;
            let reading = ScrapeReading { last_page_reached, ..reading.clone() };
            let observed_at = scrape_log::check_observed_at(observed_at, acting.now, tracking)?;
            let latest = tracking.latest(acting.now);
            turn_back(conn, &competitor, observed_at, latest)?;
            let lot_at = (observed_at, reading.clone());
            let mut lot = repository::load_lot(conn, id, lot_at, &sightings, (tracking, acting.now))?;
            let mut plan = rules::plan(&lot.stored, sightings.clone(), &lot.facts, tracking);
            if let Some(alike) = plan.completeness.counts_alike(&reading, plan.vehicles, tracking) {
                lot.facts.alike = repository::alike_scrapes(
                    conn,
                    id,
                    (observed_at, lot.facts.list_is_read_since()),
                    alike,
                    tracking,
                )?;
                plan = rules::plan(&lot.stored, sightings.clone(), &lot.facts, tracking);
            }
            if let Some(crawl) = &crawl {
                plan.mark_gone(&lot.stored, &lot.rows_of(&crawl.gone), &lot.facts, tracking);
            }
            let counts = plan.counts();
            let new_ids = repository::write_plan(conn, id, &lot, &mut plan, acting.now)?;
            let scrape = ScrapeRecord::of(id, observed_at, &reading, (plan.completeness, counts), acting.now);
            let is_latest = lot.facts.newest_recorded_at < Some(observed_at);
            let keep = if is_latest { repository::add_scrape } else { repository::keep_scrape };
            let kept = keep(conn, scrape, acting.now)?;
            // Figures of an older scrape are those of the newest one, corrected.
            let figures_at = lot.facts.newest_recorded_at.unwrap_or(observed_at).max(observed_at);
            let metrics = repository::count_metrics(conn, id, figures_at, figures, tracking.transfer_days)?;
            repository::add_metrics(conn, id, &metrics, acting.now)?;
            competitor.note(&kept, latest);
            competitor.platform_type = competitor.platform_type.or_else(|| platform.clone());
            repository::update_scraping(conn, &competitor)?;
            let mut verdicts = vec![failing(conn, &competitor, tracking)?];
            let partial = match plan.completeness.is_complete() {
                true => None,
                false => repository::partial_scrapes(conn, id, observed_at)?,
            };
            // What an older snapshot shows is no news of the lot.
            if lot.facts.newest_recorded_at <= Some(observed_at) {
                let seen = (&reading, plan.completeness, plan.vehicles);
                verdicts.push(alert::parse_rate(&competitor, &plan.parse_rate, tracking));
                let counts = &lot.facts.earlier_counts;
                verdicts.push(alert::inventory_dropped(&competitor, seen, (counts, plan.unseen), tracking));
                verdicts.push(alert::inventory_replaced(&competitor, seen, (&plan.recognition, plan.unseen)));
                verdicts.push(alert::inventory_incomplete(&competitor, seen, (partial, observed_at), tracking));
            }
            let alerts = settle(conn, id, &verdicts, acting.now)?;
            let mut warnings = warnings.clone();
            if lot.stored.is_empty() {
                let sold = sightings.iter().filter(|sighting| sighting.is_sold).count();
                warnings.extend(sold::called_at_first_sight(sold, plan.vehicles, tracking));
            }
            warnings.extend(plan.completeness.warning(&reading, &plan.recognition));
            warnings.extend(lot.facts.ahead_at.map(scrape_log::clock_went_back));
            if let Some(crawl) = &crawl {
                let crawl = (crawl, is_as_told);
                let lost_pages = plan.completeness.reason() == Some(IncompleteReason::PageFailed);
                let partial = partial.filter(|_| lost_pages).map(|partial| partial.count);
                let outcome = (kept.error_type, partial);
                scraping::settle(conn, &competitor, crawl, outcome, (self.desk.config(), acting.now))?;
            }
            let mut changes = Map::new();
            changes.insert("observed_at".into(), json!({"from": null, "to": observed_at}));
            changes.insert("completeness".into(), json!({"from": null, "to": plan.completeness}));
            changes.insert("counts".into(), json!({"from": null, "to": counts}));
            audit(conn, acting, id, changes)?;
            let Vehicles { new, updated, price_changes, sold, relisted, refused, moving } =
                Vehicles::of(&plan, &lot.stored, &lot.ids, &new_ids);
            let (arrived, departed) = transfers(conn, id, &moving, tracking)?;
            Ok(RecordReport {
                competitor_id: id,
                competitor: competitor.name,
                added,
                scrape_id: kept.id,
                observed_at,
                completeness: plan.completeness,
                counts,
                new,
                updated,
                price_changes,
                sold,
                relisted,
                arrived,
                departed,
                refused,
                alerts,
                warnings,
                metrics,
            })
        })
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

/// The competitor, locked until the transaction ends, and whether it had to be added.
fn to_record(conn: &mut DbConnection, acting: Acting<'_>, key: &CompetitorKey) -> DbResult<(Competitor, bool)> {
    match key {
        CompetitorKey::Id(id) => Ok((repository::get_to_change(conn, *id)?, false)),
        CompetitorKey::Name { name, inventory_url } => match repository::find_by_name(conn, name.trim())? {
            Some(known) => Ok((repository::get_to_change(conn, known.id)?, false)),
            None => {
                // Another may be adding it at this moment: wait for that, and look again.
                repository::lock_names(conn)?;
                if let Some(known) = repository::find_by_name(conn, name.trim())? {
                    return Ok((repository::get_to_change(conn, known.id)?, false));
                }
                let new = registration::by_name(name, inventory_url.as_deref());
                Ok((add(conn, acting, &new)?, true))
            }
        },
    }
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

/// The vehicles of a scrape that came from another competitor's lot, and those that went to one.
fn transfers(
    conn: &mut DbConnection,
    competitor: CompetitorId,
    moving: &[Moving],
    rules: &TrackingRules,
) -> DbResult<(Vec<TransferredVehicle>, Vec<TransferredVehicle>)> {
    let with_vin = |moving: &'_ Moving| -> bool { moving.vehicle.vin.is_some() };
    let moving: Vec<_> = moving.iter().filter(|moving| with_vin(moving)).collect();
    if moving.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let here: Vec<_> = moving
        .iter()
        .filter_map(|moving| Some(Here { vin: moving.vehicle.vin.as_deref()?, competitor, stay: moving.stay }))
        .collect();
    let (mut arrived, mut departed) = (Vec::new(), Vec::new());
    for (moving, (from, to)) in moving.iter().zip(repository::transfers(conn, &here, rules)?) {
        let of = |other| TransferredVehicle { vehicle: moving.vehicle.clone(), other };
        arrived.extend(from.filter(|_| !moving.stay.is_sold).map(of));
        departed.extend(to.map(of));
    }
    Ok((arrived, departed))
}

/// What one scrape saw, and where from.
struct Seen {
    listings: Vec<ScrapedListing>,
    reading: ScrapeReading,
    /// The platform that the pages turned out to be of.
    platform: Option<String>,
    warnings: Vec<Warning>,
    /// What a scrape of our own brings besides.
    crawl: Option<OwnCrawl>,
}

/// What recording has to see to where the pages were fetched under a lease.
struct OwnCrawl {
    /// Who must hold the lease still.
    holder: String,
    /// What the pages were read by, see [`kept::reader`].
    reader: String,
    /// Listings whose own pages are gone.
    gone: Vec<ListingId>,
    read: PagesRead,
    /// How long the website asked to be left alone, where it did so in the middle.
    retry_after: Option<Duration>,
}

fn audit(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    competitor: CompetitorId,
    changes: Map<String, Value>,
) -> DbResult<()> {
    activity::record_changes(conn, acting, Action::Record, Competitor::RESOURCE, competitor.into(), changes)
}
