//! The recording of one scrape: planned from what is stored, and written with its alerts, figures and audit row.
//!
//! All of it is written in the transaction of the caller, who holds the competitor's row. A scrape that asks for the pages of
//! missing cars is planned before, as a draft: no network inside a transaction. So is a large one, most of which is written before
//! (`large_lots.rs`). The draft is written where nothing was recorded since it was made; else the scrape is planned anew.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
};

use chrono::{DateTime, Utc};
use serde_json::{Map, json};

use super::{add, audit, failing, missing_pages::MissingPages, take_back_future_sightings, update_alerts};
use crate::{
    actor::Permission,
    alerts::AlertType,
    competitors::{
        Competitor, CompetitorKey, IncompleteReason, Metrics, RecordReport, ScrapeErrorType, ScrapeReading,
        ScrapeRecord, ScrapedListing, TrackingRules, TransferredVehicle,
        alert::{self, PartialScrapes},
        registration,
        report::Vehicles,
        repository::{self, Here, Lot, SeenRows, Stays},
        scrape_log,
    },
    db::{DbConnection, DbResult},
    desk::{Acting, Desk},
    error::Result,
    extract::ListWarning,
    ids::{CompetitorId, ListingId, MetricsId},
    leases,
    scrape::walk::{Shown, key_of},
    tracking::{
        identity,
        plan::{self, Plan},
        sighting::Sighting,
        sold,
    },
};

/// A scrape that is to be recorded.
pub(super) struct Recording<'a> {
    desk: &'a Desk,
    sightings: Vec<Sighting>,
    seen: Shown,
    observed_at: DateTime<Utc>,
    /// What read the pages that were fetched here, see [`ListSource::reader`](crate::scrape::walk::ListSource::reader).
    reader: Option<String>,
    /// Listings whose own pages are gone.
    pub(super) gone: Vec<ListingId>,
    draft: RefCell<Option<Draft>>,
    /// Whether a part was written in turns.
    has_taken_turns: Cell<bool>,
    /// The VINs of what came onto the lot, left it or is known otherwise now.
    moved: RefCell<Vec<String>>,
}

/// A plan that was made before the transaction that writes it.
pub(super) struct Draft {
    pub(super) competitor: Competitor,
    /// Each recording writes figures under a new id, so the newest id tells whether anything was recorded since.
    figures: Option<MetricsId>,
    /// The last turn in which a part of a large lot was written, the figures of which are still to come.
    pub(super) last_turn: Option<String>,
    pub(super) lot: Lot,
    pub(super) plan: Plan,
    pub(super) rows: SeenRows,
    /// What is told of it, where that was found out before.
    pub(super) told: Option<ReportedVehicles>,
}

impl Draft {
    /// Whether nothing was recorded since it was made. The competitor's row must be locked.
    pub(super) fn holds(
        &self,
        conn: &mut DbConnection,
        competitor: &Competitor,
        latest: DateTime<Utc>,
    ) -> DbResult<bool> {
        Ok(self.competitor == *competitor
            && self.figures == repository::newest_figures(conn, competitor.id, latest)?
            && self.last_turn == leases::last_holder(conn, &turns_of(competitor.id))?)
    }
}

/// The name under which the last turn stands that wrote a part of a competitor's large lot.
pub(super) fn turns_of(id: CompetitorId) -> String {
    format!("recording {id}")
}

/// What a report contains about the vehicles.
pub(super) struct ReportedVehicles {
    vehicles: Vehicles,
    arrived: Vec<TransferredVehicle>,
    departed: Vec<TransferredVehicle>,
    /// Where the vehicles stand, or stood, that it may have moved.
    stays: Stays,
    vins: Vec<String>,
}

impl ReportedVehicles {
    pub(super) fn of(
        conn: &mut DbConnection,
        competitor: CompetitorId,
        (lot, plan, rows): (&Lot, &Plan, &SeenRows),
        rules: &TrackingRules,
    ) -> DbResult<Self> {
        let vehicles = Vehicles::of(plan, &lot.stored, &lot.ids, &rows.new_ids);
        let moving = vehicles.moving.iter();
        let here: Vec<_> = moving
            .filter_map(|moving| Some(Here { vin: moving.vehicle.vin.as_deref()?, competitor, stay: moving.stay }))
            .collect();
        let otherwise = known_otherwise(lot, plan);
        let stays = Stays::beside(conn, competitor, &here, &otherwise)?;
        let vins = here.iter().map(|here| here.vin).chain(otherwise).map(str::to_owned).collect();
        let (mut arrived, mut departed) = (Vec::new(), Vec::new());
        let with_vin = vehicles.moving.iter().filter(|moving| moving.vehicle.vin.is_some());
        for (moving, (from, to)) in with_vin.zip(stays.transfers(&here, rules)) {
            let of = |other| TransferredVehicle { vehicle: moving.vehicle.clone(), other };
            arrived.extend(from.filter(|_| !moving.stay.is_sold).map(of));
            departed.extend(to.map(of));
        }
        Ok(Self { vehicles, arrived, departed, stays, vins })
    }
}

/// What a scrape means for a competitor's lot.
struct Planned {
    competitor: Competitor,
    is_current_reader: bool,
    lot: Lot,
    plan: Plan,
    rows: SeenRows,
    told: Option<ReportedVehicles>,
}

/// What was recorded, and what the next visit depends on.
pub(super) struct Recorded {
    pub(super) report: RecordReport,
    pub(super) competitor: Competitor,
    /// Set where a failure of the same moment had been recorded before.
    pub(super) error_type: Option<ScrapeErrorType>,
    /// The number of scrapes in a row that saw only a part of the lot. `None` unless `page_failed` is the gravest doubt.
    pub(super) partial_scrapes: Option<u32>,
    /// Whether the pages were read as the competitor is to be read now.
    pub(super) is_current_reader: bool,
}

impl<'a> Recording<'a> {
    /// A scrape whose pages came from elsewhere.
    pub(super) fn new(desk: &'a Desk, seen: Shown, observed_at: DateTime<Utc>) -> Self {
        Self::with_unchanged(desk, seen, observed_at, &HashSet::new())
    }

    /// A scrape whose pages were fetched here, by a reader. `unchanged_keys` are the keys of vehicles on pages that were not sent
    /// again because they had not changed.
    pub(super) fn fetched(
        desk: &'a Desk,
        (seen, reader): (Shown, String),
        observed_at: DateTime<Utc>,
        unchanged_keys: &HashSet<String>,
    ) -> Self {
        Self { reader: Some(reader), ..Self::with_unchanged(desk, seen, observed_at, unchanged_keys) }
    }

    fn with_unchanged(
        desk: &'a Desk,
        mut seen: Shown,
        observed_at: DateTime<Utc>,
        unchanged_keys: &HashSet<String>,
    ) -> Self {
        let is_on_unchanged_page = |listing: &ScrapedListing| {
            !unchanged_keys.is_empty() && key_of(listing).is_some_and(|key| unchanged_keys.contains(&key))
        };
        let mut sightings: Vec<Sighting> = std::mem::take(&mut seen.listings)
            .into_iter()
            .map(|listing| Sighting { is_on_unchanged_page: is_on_unchanged_page(&listing), ..Sighting::from(listing) })
            .collect();
        identity::disown_shared_keys(&mut sightings);
        let (draft, has_taken_turns, moved) = (RefCell::default(), Cell::default(), RefCell::default());
        Self { desk, sightings, seen, observed_at, reader: None, gone: Vec::new(), draft, has_taken_turns, moved }
    }

    pub(super) fn desk(&self) -> &'a Desk {
        self.desk
    }

    pub(super) fn observed_at(&self) -> DateTime<Utc> {
        self.observed_at
    }

    /// How many vehicles were seen, refused and repeated ones included.
    pub(super) fn vehicles_seen(&self) -> usize {
        self.sightings.len()
    }

    pub(super) fn note_turn(&self) {
        self.has_taken_turns.set(true);
    }

    pub(super) fn has_draft(&self) -> bool {
        self.draft.borrow().is_some()
    }

    pub(super) fn take_draft(&self) -> Option<Draft> {
        self.draft.take()
    }

    pub(super) fn keep_draft(&self, draft: Draft) {
        self.draft.replace(Some(draft));
    }

    /// Plans the scrape before it is written. Returns the pages to ask for about the missing cars.
    pub(super) fn draft(&self, id: CompetitorId) -> Result<Option<MissingPages>> {
        let (draft, pages) = self.desk.read_snapshot(Permission::ManageCompetitors, |conn| {
            let (competitor, now) = (repository::get(conn, id)?, self.desk.now());
            let tracking: &TrackingRules = self.desk.rules();
            let observed_at = scrape_log::check_observed_at(self.observed_at, now, tracking)?;
            let figures = repository::newest_figures(conn, id, tracking.latest(now))?;
            let last_turn = leases::last_holder(conn, &turns_of(id))?;
            let (reading, _) = self.reading(&competitor);
            let (lot, plan) = self.load_and_plan(conn, id, (observed_at, reading), now)?;
            let rows = SeenRows::of(&plan, now);
            let draft = Draft { competitor, figures, last_turn, lot, plan, rows, told: None };
            let pages = MissingPages::of(conn, &draft)?;
            Ok((draft, pages))
        })?;
        self.draft.replace(Some(draft));
        Ok(pages)
    }

    /// Writes the scrape. The competitor's row must be locked; `added` says whether it was added for this scrape.
    pub(super) fn write(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        (competitor, added): (Competitor, bool),
    ) -> DbResult<Recorded> {
        repository::keep_plans(conn)?;
        let mut planned = self.plan(conn, acting.now, competitor)?;
        let (id, counts) = (planned.competitor.id, planned.plan.counts());
        let rows = &planned.rows;
        repository::write_plan(conn, id, (&planned.lot, &mut planned.plan, rows), acting.now)?;
        let told = match planned.told.take() {
            Some(told) => told,
            None => ReportedVehicles::of(conn, id, (&planned.lot, &planned.plan, rows), self.desk.rules())?,
        };
        told.stays.store(conn, self.desk.rules())?;
        self.moved.replace(told.vins);
        let (kept, metrics) = self.keep(conn, acting, &mut planned)?;
        let (observed_at, plan) = (planned.lot.facts.observed_at, &planned.plan);
        let partial = match plan.completeness().is_complete() {
            true => None,
            false => repository::partial_scrapes(conn, id, observed_at)?,
        };
        let alerts = self.judge(conn, acting, &planned, partial)?;
        let mut changes = Map::new();
        changes.insert("observed_at".into(), json!({"from": null, "to": observed_at}));
        changes.insert("completeness".into(), json!({"from": null, "to": plan.completeness()}));
        changes.insert("counts".into(), json!({"from": null, "to": counts}));
        audit(conn, acting, id, changes)?;
        let warnings = self.warnings(&planned);
        let Planned { competitor, is_current_reader, plan, .. } = planned;
        let (completeness, doubts, weight) = (plan.completeness(), plan.doubts.0.clone(), plan.weight);
        let ReportedVehicles { vehicles, arrived, departed, .. } = told;
        let Vehicles { new, updated, price_changes, sold, relisted, refused, .. } = vehicles;
        let report = RecordReport {
            competitor_id: id,
            competitor: competitor.name.clone(),
            added,
            scrape_id: kept.id,
            observed_at,
            completeness,
            doubts,
            weight,
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
        };
        let lost_pages = completeness.reason() == Some(IncompleteReason::PageFailed);
        let partial_scrapes = partial.filter(|_| lost_pages).map(|partial| partial.count);
        Ok(Recorded { report, competitor, error_type: kept.error_type, partial_scrapes, is_current_reader })
    }

    /// Looks once more at the vehicles that moved, after the transaction. Another dealer's scrape may have been recorded at the same time:
    /// neither transaction saw the other's rows, and the later of the two looks now.
    pub(super) fn look_again(&self) {
        let vins = self.moved.take();
        if vins.is_empty() || self.desk.has_one_writer() {
            return;
        }
        let rules: &TrackingRules = self.desk.rules();
        let are_wrong =
            |conn: &mut DbConnection| Ok(Stays::of(conn, vins.iter().map(String::as_str))?.are_wrong(rules));
        let store = |conn: &mut DbConnection, _: Acting<'_>| repository::store_transfers(conn, &vins, rules);
        let outcome = self.desk.read(Permission::ManageCompetitors, are_wrong).and_then(|are_wrong| match are_wrong {
            true => self.desk.write(Permission::ManageCompetitors, store),
            false => Ok(()),
        });
        if let Err(reason) = outcome {
            // The scrape is recorded all the same.
            tracing::warn!(%reason, "transfers between dealers that were recorded at the same time may be missing");
        }
    }

    /// Returns how far the scrape came, and whether its pages were read by the competitor's present address and configuration.
    /// If these were changed meanwhile, the scrape counts as a part of the lot.
    fn reading(&self, competitor: &Competitor) -> (ScrapeReading, bool) {
        let is_current = self.reader.as_ref().is_none_or(|reader| *reader == competitor.list_source().reader());
        let last_page_reached = self.seen.reading.last_page_reached && is_current;
        (ScrapeReading { last_page_reached, ..self.seen.reading.clone() }, is_current)
    }

    fn plan(&self, conn: &mut DbConnection, now: DateTime<Utc>, competitor: Competitor) -> DbResult<Planned> {
        let tracking: &TrackingRules = self.desk.rules();
        let (id, latest) = (competitor.id, tracking.latest(now));
        let observed_at = scrape_log::check_observed_at(self.observed_at, now, tracking)?;
        let (reading, is_current_reader) = self.reading(&competitor);
        let draft = self.draft.take();
        let is_ahead = take_back_future_sightings(conn, &competitor, observed_at, latest)?;
        let (lot, mut plan, rows, told) = match draft {
            Some(draft)
                if !is_ahead
                    && draft.lot.facts.observed_at == observed_at
                    && draft.holds(conn, &competitor, latest)? =>
            {
                (draft.lot, draft.plan, draft.rows, draft.told)
            }
            _ => {
                let (lot, plan) = self.load_and_plan(conn, id, (observed_at, reading), now)?;
                let rows = SeenRows::of(&plan, now);
                (lot, plan, rows, None)
            }
        };
        if self.has_taken_turns.get() {
            leases::forget(conn, &turns_of(id))?;
        }
        plan.mark_gone(&lot.stored, &lot.rows_of(&self.gone), &lot.facts, tracking);
        Ok(Planned { competitor, is_current_reader, lot, plan, rows, told })
    }

    fn load_and_plan(
        &self,
        conn: &mut DbConnection,
        id: CompetitorId,
        at: (DateTime<Utc>, ScrapeReading),
        now: DateTime<Utc>,
    ) -> DbResult<(Lot, Plan)> {
        let tracking: &TrackingRules = self.desk.rules();
        let lot = repository::load_lot(conn, id, at, &self.sightings, (tracking, now))?;
        let planned = plan::plan(&lot.stored, self.sightings.clone(), &lot.facts, tracking);
        Ok((lot, planned))
    }

    /// Writes the scrape, the figures after it, and how scraping the competitor goes.
    fn keep(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        planned: &mut Planned,
    ) -> DbResult<(ScrapeRecord, Metrics)> {
        let Planned { competitor, lot, plan, .. } = planned;
        let tracking: &TrackingRules = self.desk.rules();
        let (id, observed_at) = (competitor.id, lot.facts.observed_at);
        let scrape = ScrapeRecord::of(id, &lot.facts, plan, acting.now);
        let is_latest = lot.facts.newest_recorded_at < Some(observed_at);
        let keep = if is_latest { repository::add_scrape } else { repository::keep_scrape };
        let kept = keep(conn, scrape, acting.now)?;
        repository::note_look(conn, id, acting.now, tracking)?;
        // A late scrape corrects the figures of the newest one.
        let figures_at = lot.facts.newest_recorded_at.unwrap_or(observed_at).max(observed_at);
        let metrics = repository::count_metrics(conn, id, figures_at, self.desk.rules())?;
        repository::add_metrics(conn, id, &metrics, acting.now)?;
        competitor.note(&kept, tracking.latest(acting.now));
        competitor.platform_type = competitor.platform_type.take().or_else(|| self.seen.platform.clone());
        repository::update_scraping(conn, competitor)?;
        Ok((kept, metrics))
    }

    /// Opens and closes the alerts that follow; those that are open now.
    fn judge(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        planned: &Planned,
        partial: Option<PartialScrapes>,
    ) -> DbResult<Vec<AlertType>> {
        let Planned { competitor, lot, plan, .. } = planned;
        let tracking: &TrackingRules = self.desk.rules();
        let mut verdicts = vec![failing(conn, competitor, tracking)?];
        // An older snapshot shows nothing new of the lot.
        if !lot.facts.is_late() {
            let seen = (&lot.facts.reading, &plan.doubts, plan.vehicles);
            let counts: Vec<usize> = lot.facts.earlier_counts().take(tracking.alerts.inventory_drop_scrapes).collect();
            verdicts.push(alert::parse_rate(competitor, &plan.parse_rate, tracking));
            verdicts.push(alert::inventory_dropped(competitor, seen, (&counts, plan.unseen), tracking));
            verdicts.push(alert::inventory_replaced(competitor, seen, (&plan.recognition, plan.unseen)));
            verdicts.push(alert::inventory_incomplete(competitor, seen, (partial, lot.facts.observed_at), tracking));
        }
        update_alerts(conn, competitor.id, &verdicts, acting.now)
    }

    fn warnings(&self, Planned { lot, plan, .. }: &Planned) -> Vec<ListWarning> {
        let called_sold = self.sightings.iter().filter(|sighting| sighting.is_sold).count();
        let tracking: &TrackingRules = self.desk.rules();
        let at_first_sight =
            lot.stored.is_empty().then(|| sold::called_at_first_sight(called_sold, plan.vehicles, tracking)).flatten();
        let doubts = plan.warnings.iter().cloned();
        let ahead = lot.facts.ahead_at.map(scrape_log::clock_went_back);
        let of_the_lot = at_first_sight.into_iter().chain(doubts).chain(ahead).map(ListWarning::from);
        self.seen.warnings.iter().cloned().chain(of_the_lot).collect()
    }
}

/// The competitor, locked until the transaction ends, and whether it was added for this scrape.
pub(super) fn to_record(
    conn: &mut DbConnection,
    acting: Acting<'_>,
    key: &CompetitorKey,
) -> DbResult<(Competitor, bool)> {
    match key {
        CompetitorKey::Id(id) => Ok((repository::get_to_change(conn, *id)?, false)),
        CompetitorKey::Name { name, inventory_url } => match repository::find_by_name(conn, name.trim())? {
            Some(known) => Ok((repository::get_to_change(conn, known.id)?, false)),
            None => {
                // Another process may be adding it now: wait for that, and look again.
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

/// The VINs of listings that have another one now, or were first seen earlier than was known.
fn known_otherwise<'p>(lot: &'p Lot, plan: &'p Plan) -> Vec<&'p str> {
    let vin_before = |row: usize| lot.stored.get(row).and_then(|listing| listing.keys.vin.as_deref());
    let with_another = plan.changed.iter().filter_map(|changed| {
        let (before, now) = (vin_before(changed.stored), changed.after.keys.vin.as_deref());
        (before != now).then_some([before, now])
    });
    let earlier = plan.seen_earlier.iter().map(|seen| vin_before(seen.stored));
    with_another.flatten().chain(earlier).flatten().collect()
}
