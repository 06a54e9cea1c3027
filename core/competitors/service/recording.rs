//! The recording of one scrape: planned from what is stored, written in bulk, and told, all in one transaction.
//!
//! What is deliberately not here: what the scrape changes (`rules`), when an alert is open (`alert`), fetching.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, json};

use super::{add, audit, failing, scraping, settle, turn_back};
use crate::{
    actor::Permission,
    alerts::AlertType,
    competitors::{
        Competitor, CompetitorKey, IncompleteReason, ListShape, Metrics, RecordReport, ScrapeReading, ScrapeRecord,
        ScrapedListing, TrackingRules, TransferredVehicle,
        alert::{self, PartialScrapes},
        registration,
        report::{Moving, Vehicles},
        repository::{self, Here, Lot},
        scrape_log,
    },
    db::{DbConnection, DbResult},
    desk::{Acting, Desk},
    error::Result,
    extract::ListWarning,
    ids::{CompetitorId, ListingId},
    scrape::walk::{PagesRead, Shown, key_of},
    tracking::{
        identity,
        plan::{self, Plan},
        sighting::Sighting,
        sold,
    },
};

/// What one scrape saw, and where from.
pub(super) struct Seen {
    pub(super) listings: Vec<ScrapedListing>,
    pub(super) reading: ScrapeReading,
    /// The platform that the pages turned out to be of.
    pub(super) platform: Option<String>,
    pub(super) warnings: Vec<ListWarning>,
    /// What a scrape of our own brings besides.
    pub(super) crawl: Option<OwnCrawl>,
}

impl From<Shown> for Seen {
    fn from(shown: Shown) -> Self {
        let Shown { listings, facts, platform, pages, warnings } = shown;
        let reading = ScrapeReading {
            last_page_reached: facts.last_page_reached,
            pages_failed: facts.pages_failed,
            pages_closed_by_robots: facts.pages_closed_by_robots,
            pages_fetched: u32::try_from(pages.len()).ok(),
            total_claimed: facts.total_claimed,
            full_last_page: facts.full_last_page,
            list: ListShape {
                page_vehicles: facts.page_vehicles,
                last_page: facts.last_page,
                url: facts.url,
                redirected: facts.redirected,
            },
            on_several_pages: facts.on_several_pages,
            says_none: facts.says_none,
        };
        Self { listings, reading, platform, warnings, crawl: None }
    }
}

/// What recording has to see to where the pages were fetched under a lease.
pub(super) struct OwnCrawl {
    /// Who must hold the lease still.
    pub(super) holder: String,
    /// What the pages were read by, see [`ListSource::reader`].
    pub(super) reader: String,
    /// Listings whose own pages are gone.
    pub(super) gone: Vec<ListingId>,
    pub(super) read: PagesRead,
    /// How long the website asked to be left alone, where it did so in the middle.
    pub(super) retry_after: Option<Duration>,
}

/// A scrape that is to be recorded, as often as it takes.
pub(super) struct Recording<'a> {
    desk: &'a Desk,
    key: &'a CompetitorKey,
    sightings: Vec<Sighting>,
    seen: Seen,
    observed_at: DateTime<Utc>,
}

/// What a scrape means for a competitor's lot.
struct Planned {
    competitor: Competitor,
    /// How far the scrape came, as far as that holds.
    reading: ScrapeReading,
    /// Whether the pages were read as the competitor is to be read by now.
    is_as_told: bool,
    observed_at: DateTime<Utc>,
    lot: Lot,
    plan: Plan,
}

impl<'a> Recording<'a> {
    pub(super) fn new(desk: &'a Desk, key: &'a CompetitorKey, mut seen: Seen, observed_at: DateTime<Utc>) -> Self {
        let retold = seen.crawl.as_ref().map(|crawl| &crawl.read.retold).filter(|retold| !retold.is_empty());
        let is_retold = |listing: &ScrapedListing| {
            retold.is_some_and(|retold| key_of(listing).is_some_and(|key| retold.contains(&key)))
        };
        let mut sightings: Vec<Sighting> = std::mem::take(&mut seen.listings)
            .into_iter()
            .map(|listing| Sighting { is_retold: is_retold(&listing), ..Sighting::from(listing) })
            .collect();
        identity::disown_shared_keys(&mut sightings);
        Self { desk, key, sightings, seen, observed_at }
    }

    pub(super) fn write(&self) -> Result<RecordReport> {
        self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            let (competitor, added) = to_record(conn, acting, self.key)?;
            let mut planned = self.plan(conn, acting, competitor)?;
            let (id, counts) = (planned.competitor.id, planned.plan.counts());
            let new_ids = repository::write_plan(conn, id, &planned.lot, &mut planned.plan, acting.now)?;
            let (kept, metrics) = self.keep(conn, acting, &mut planned)?;
            let Planned { competitor, observed_at, lot, plan, .. } = &planned;
            let partial = match plan.completeness.is_complete() {
                true => None,
                false => repository::partial_scrapes(conn, id, *observed_at)?,
            };
            let alerts = self.judge(conn, acting, &planned, partial)?;
            self.give_back(conn, acting, &planned, (&kept, partial))?;
            let mut changes = Map::new();
            changes.insert("observed_at".into(), json!({"from": null, "to": observed_at}));
            changes.insert("completeness".into(), json!({"from": null, "to": plan.completeness}));
            changes.insert("counts".into(), json!({"from": null, "to": counts}));
            audit(conn, acting, id, changes)?;
            let Vehicles { new, updated, price_changes, sold, relisted, refused, moving } =
                Vehicles::of(plan, &lot.stored, &lot.ids, &new_ids);
            let (arrived, departed) = transfers(conn, id, &moving, self.desk.rules())?;
            Ok(RecordReport {
                competitor_id: id,
                competitor: competitor.name.clone(),
                added,
                scrape_id: kept.id,
                observed_at: *observed_at,
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
                warnings: self.warnings(&planned),
                metrics,
            })
        })
    }

    fn plan(&self, conn: &mut DbConnection, acting: Acting<'_>, competitor: Competitor) -> DbResult<Planned> {
        let tracking: &TrackingRules = self.desk.rules();
        let (crawl, id) = (self.seen.crawl.as_ref(), competitor.id);
        crawl.map_or(Ok(()), |crawl| scraping::must_hold(conn, id, &crawl.holder))?;
        let reader = competitor.list_source().reader();
        let is_as_told = crawl.is_none_or(|crawl| crawl.reader == reader);
        // Read by an address or a configuration that was changed meanwhile, it is a part of what is meant now at best.
        let last_page_reached = self.seen.reading.last_page_reached && is_as_told;
        let reading = ScrapeReading { last_page_reached, ..self.seen.reading.clone() };
        let observed_at = scrape_log::check_observed_at(self.observed_at, acting.now, tracking)?;
        turn_back(conn, &competitor, observed_at, tracking.latest(acting.now))?;
        let lot_at = (observed_at, reading.clone());
        let mut lot = repository::load_lot(conn, id, lot_at, &self.sightings, (tracking, acting.now))?;
        let mut plan = plan::plan(&lot.stored, self.sightings.clone(), &lot.facts, tracking);
        if let Some(alike) = plan.completeness.counts_alike(&reading, plan.vehicles, tracking) {
            let since = (observed_at, lot.facts.list_is_read_since());
            lot.facts.alike = repository::alike_scrapes(conn, id, since, alike, tracking)?;
            plan = plan::plan(&lot.stored, self.sightings.clone(), &lot.facts, tracking);
        }
        if let Some(crawl) = crawl {
            plan.mark_gone(&lot.stored, &lot.rows_of(&crawl.gone), &lot.facts, tracking);
        }
        Ok(Planned { competitor, reading, is_as_told, observed_at, lot, plan })
    }

    /// Writes the scrape, the figures after it, and how scraping the competitor goes.
    fn keep(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        planned: &mut Planned,
    ) -> DbResult<(ScrapeRecord, Metrics)> {
        let Planned { competitor, reading, observed_at, lot, plan, .. } = planned;
        let tracking: &TrackingRules = self.desk.rules();
        let (id, observed_at) = (competitor.id, *observed_at);
        let judged = (plan.completeness, plan.counts());
        let scrape = ScrapeRecord::of(id, observed_at, reading, judged, acting.now);
        let is_latest = lot.facts.newest_recorded_at < Some(observed_at);
        let keep = if is_latest { repository::add_scrape } else { repository::keep_scrape };
        let kept = keep(conn, scrape, acting.now)?;
        // Figures of an older scrape are those of the newest one, corrected.
        let figures_at = lot.facts.newest_recorded_at.unwrap_or(observed_at).max(observed_at);
        let metrics = repository::count_metrics(conn, id, figures_at, self.desk.rules(), tracking.transfer_days)?;
        repository::add_metrics(conn, id, &metrics, acting.now)?;
        competitor.note(&kept, tracking.latest(acting.now));
        competitor.platform_type = competitor.platform_type.take().or_else(|| self.seen.platform.clone());
        repository::update_scraping(conn, competitor)?;
        Ok((kept, metrics))
    }

    /// Opens and closes the alerts that follow; answers what is open now.
    fn judge(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        planned: &Planned,
        partial: Option<PartialScrapes>,
    ) -> DbResult<Vec<AlertType>> {
        let Planned { competitor, reading, observed_at, lot, plan, .. } = planned;
        let tracking: &TrackingRules = self.desk.rules();
        let mut verdicts = vec![failing(conn, competitor, tracking)?];
        // What an older snapshot shows is no news of the lot.
        if lot.facts.newest_recorded_at <= Some(*observed_at) {
            let seen = (reading, plan.completeness, plan.vehicles);
            let counts = &lot.facts.earlier_counts;
            verdicts.push(alert::parse_rate(competitor, &plan.parse_rate, tracking));
            verdicts.push(alert::inventory_dropped(competitor, seen, (counts, plan.unseen), tracking));
            verdicts.push(alert::inventory_replaced(competitor, seen, (&plan.recognition, plan.unseen)));
            verdicts.push(alert::inventory_incomplete(competitor, seen, (partial, *observed_at), tracking));
        }
        settle(conn, competitor.id, &verdicts, acting.now)
    }

    /// Writes what a scrape of our own leaves behind, and gives its lease back.
    fn give_back(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        planned: &Planned,
        (kept, partial): (&ScrapeRecord, Option<PartialScrapes>),
    ) -> DbResult<()> {
        let Some(crawl) = &self.seen.crawl else { return Ok(()) };
        let lost_pages = planned.plan.completeness.reason() == Some(IncompleteReason::PageFailed);
        let partial = partial.filter(|_| lost_pages).map(|partial| partial.count);
        let outcome = (kept.error_type, partial);
        let crawl = (crawl, planned.is_as_told);
        scraping::settle(conn, &planned.competitor, crawl, outcome, (self.desk, acting.now))
    }

    fn warnings(&self, Planned { reading, lot, plan, .. }: &Planned) -> Vec<ListWarning> {
        let called_sold = self.sightings.iter().filter(|sighting| sighting.is_sold).count();
        let tracking: &TrackingRules = self.desk.rules();
        let at_first_sight =
            lot.stored.is_empty().then(|| sold::called_at_first_sight(called_sold, plan.vehicles, tracking)).flatten();
        let doubt = plan.completeness.warning(reading, &plan.recognition);
        let ahead = lot.facts.ahead_at.map(scrape_log::clock_went_back);
        let of_the_lot = at_first_sight.into_iter().chain(doubt).chain(ahead).map(ListWarning::from);
        self.seen.warnings.iter().cloned().chain(of_the_lot).collect()
    }
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
