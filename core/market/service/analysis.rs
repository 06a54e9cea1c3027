//! Analyses that are stored: of one vehicle, and of many in a run.
//!
//! Everything is read and calculated before the transaction, which only writes: several vehicles at a time, few enough that other
//! writers hardly wait. A result is written where its vehicle, the analysis before it and the listings are still those that it was
//! calculated from. Otherwise it is calculated anew.

use std::{cell::RefCell, collections::HashMap, ops::ControlFlow, rc::Rc};

use chrono::{DateTime, Utc};

use super::{Market, listings::Listings, must_be_unsold, query_for, query_for_subject};
use crate::{
    activity::{self, Action},
    actor::Permission,
    alerts::{self, Alert, AlertType},
    db::{DbConnection, DbResult},
    desk::{Acting, Turns},
    error::{Error, ErrorCode, Result},
    ids::{MetricsId, VehicleId},
    inventory::{self, Vehicle},
    market::{
        Analysis, AnalyzeReport, Comparable, HistoryPoint, OwnVins, Progress, ResearchResult, Subject,
        alert_message::{ended, new_alert, what_holds_now},
        auto_dev::{AutoDev, AutoDevRun},
        pricing::{
            analyze::{SourceReport, analyze_with_sources},
            config,
        },
        repository::{self, ComparableQuery, DueVehicle, ResearchRow},
    },
    money::Money,
};

/// At most this many analyses share one transaction. That spreads the cost of the commit, and the vehicles are locked briefly.
const VEHICLES_A_TRANSACTION: usize = 16;

/// This many vehicles, where their listings are too many to be kept, are analysed model by model.
const VEHICLES_BY_MODEL: usize = 256;

/// What all analyses of a run share.
pub(super) struct Run<'a> {
    market: Market<'a>,
    own: OwnVins,
    listings: RefCell<Listings>,
    auto_dev: AutoDevRun<'a>,
}

/// The input of one analysis.
#[derive(Clone)]
struct Material {
    vehicle: Vehicle,
    /// The analysis before, without its document.
    before: Option<ResearchResult>,
    history: Vec<HistoryPoint>,
    /// Competitors' listings, among them all that the query looks for.
    listings: Rc<Vec<Comparable>>,
    of_auto_dev: Vec<Comparable>,
    sources: SourceReport,
    /// The newest figures of any competitor when the listings were read.
    figures: Option<MetricsId>,
}

/// An analysis that is to be written, and what it was calculated from.
struct Prepared {
    vehicle: Vehicle,
    before: Option<ResearchResult>,
    analysis: Analysis,
    research: ResearchResult,
    row: ResearchRow,
}

impl Market<'_> {
    /// Analyses one vehicle.
    pub(super) fn analyze_one(&self, id: VehicleId) -> Result<Analysis> {
        let own = self.desk.read(Permission::Analyze, |conn| {
            inventory::get_vehicle(conn, id)?;
            repository::own_vins(conn)
        })?;
        let auto_dev = AutoDevRun::new(self.desk.find_part::<AutoDev>(), None);
        Run { market: *self, own, listings: RefCell::default(), auto_dev }.analyze_alone(id)
    }

    /// Analyses the unsold vehicles that were last analysed at a time or before, at most so many of them.
    pub(super) fn analyze_since(
        &self,
        analyzed_until: DateTime<Utc>,
        (most, most_calls): (usize, Option<u32>),
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<AnalyzeReport> {
        let (due, own) = self.desk.read(Permission::Analyze, |conn| {
            Ok((repository::unsold_by_age_of_analysis(conn, analyzed_until)?, repository::own_vins(conn)?))
        })?;
        let chosen = due.get(..due.len().min(most)).unwrap_or_default();
        let listings = RefCell::new(Listings::of(chosen, |vehicle| self.query_for_due(vehicle)));
        let auto_dev = AutoDevRun::new(self.desk.find_part::<AutoDev>(), most_calls);
        let report = AnalyzeReport { remaining: due.len(), ..AnalyzeReport::default() };
        Run { market: *self, own, listings, auto_dev }.analyze_all(chosen, report, observer)
    }

    fn query_for_due<'v>(&self, vehicle: &'v DueVehicle) -> ComparableQuery<'v> {
        let DueVehicle { make, model, year, mileage, .. } = vehicle;
        query_for((make, model), (*year, *mileage), self.pricing())
    }
}

impl Run<'_> {
    /// Analyses the vehicles, and lets other writers in between its transactions.
    ///
    /// # Errors
    /// `database_read_only`: it would be that of each vehicle, and a report of nothing but failures is easily taken for a success.
    fn analyze_all(
        &self,
        vehicles: &[DueVehicle],
        mut report: AnalyzeReport,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<AnalyzeReport> {
        let (total, mut done, mut together) = (vehicles.len(), 0, 1);
        let turns = Turns::new(self.market.desk, Permission::Analyze, VEHICLES_A_TRANSACTION);
        for some in vehicles.chunks(VEHICLES_BY_MODEL) {
            let ordered = self.ordered(some);
            let mut left = ordered.as_slice();
            while !left.is_empty() {
                let at_once = if self.auto_dev.may_ask() { 1 } else { together.min(left.len()) };
                let (batch, rest) = left.split_at(at_once);
                left = rest;
                together = (together * 2).min(VEHICLES_A_TRANSACTION);
                let outcomes = self.analyze_several(batch, &turns);
                let mut goes_on = true;
                for (&vehicle, outcome) in batch.iter().zip(outcomes) {
                    match outcome {
                        Ok(analysis) => report.add(analysis),
                        Err(error) if error.is(ErrorCode::DatabaseReadOnly) => return Err(error),
                        Err(error) => {
                            tracing::warn!(%vehicle, %error, "a vehicle could not be analysed");
                            report.failed.push((vehicle, error));
                        }
                    }
                    (report.remaining, done) = (report.remaining - 1, done + 1);
                    let (insufficient, failed) = (report.insufficient, report.failed.len());
                    goes_on =
                        goes_on && observer(Progress { total, done, insufficient, failed, vehicle }).is_continue();
                }
                if !goes_on {
                    return Ok(report);
                }
            }
        }
        Ok(report)
    }

    /// The vehicles in their order; model by model where the listings of all models are too many to be kept.
    fn ordered(&self, vehicles: &[DueVehicle]) -> Vec<VehicleId> {
        let mut ordered: Vec<&DueVehicle> = vehicles.iter().collect();
        if self.listings.borrow().have_overflowed() && !self.auto_dev.may_ask() {
            let mut first: HashMap<(&str, &str), usize> = HashMap::new();
            for (place, vehicle) in vehicles.iter().enumerate() {
                first.entry((&vehicle.make, &vehicle.model)).or_insert(place);
            }
            ordered.sort_by_key(|vehicle| first.get(&(vehicle.make.as_str(), vehicle.model.as_str())).copied());
        }
        ordered.into_iter().map(|vehicle| vehicle.id).collect()
    }

    /// Analyses several vehicles and writes them in one transaction, with an outcome for each in their order.
    ///
    /// A vehicle that changed meanwhile is analysed alone. Where the transaction fails, each of them is.
    fn analyze_several(&self, vehicles: &[VehicleId], turns: &Turns<'_>) -> Vec<Result<Analysis>> {
        let one_by_one = || vehicles.iter().map(|&vehicle| self.analyze_alone(vehicle)).collect();
        if vehicles.len() < 2 {
            return one_by_one();
        }
        // A scrape that is recorded meanwhile costs another attempt with the new listings.
        for _attempt in 0..2 {
            match self.analyze_together(vehicles, turns) {
                Ok(Some(outcomes)) => return outcomes,
                Ok(None) => {}
                Err(error) => {
                    let vehicles = vehicles.len();
                    tracing::warn!(%error, vehicles, "vehicles could not be analysed together; one by one then");
                    break;
                }
            }
        }
        one_by_one()
    }

    /// The same; `None` where the listings changed meanwhile. Then nothing was written.
    fn analyze_together(&self, vehicles: &[VehicleId], turns: &Turns<'_>) -> Result<Option<Vec<Result<Analysis>>>> {
        let desk = self.market.desk;
        let now = desk.now();
        let materials = desk.read(Permission::Analyze, |conn| self.materials(conn, vehicles, now))?;
        let figures = self.listings.borrow().figures();
        let prepared: Vec<Result<Prepared>> = materials
            .into_iter()
            .map(|material| self.prepare(Material { sources: self.given_up(), ..material? }, now))
            .collect();
        let written = turns.write(|conn, acting| {
            if repository::newest_figures(conn)? != figures {
                return Ok(None);
            }
            self.write_unchanged(conn, acting, &prepared).map(Some)
        })?;
        let Some(written) = written else { return Ok(None) };
        let outcomes = vehicles.iter().zip(prepared).zip(written).map(|((&vehicle, prepared), is_written)| {
            let prepared = prepared?;
            if is_written { Ok(prepared.analysis) } else { self.analyze_alone(vehicle) }
        });
        Ok(Some(outcomes.collect()))
    }

    fn given_up(&self) -> SourceReport {
        SourceReport { missing: self.auto_dev.given_up(), ..SourceReport::default() }
    }

    /// Reads first, then asks the network, and writes last: no transaction waits for the network.
    fn analyze_alone(&self, id: VehicleId) -> Result<Analysis> {
        let (desk, now) = (self.market.desk, self.market.desk.now());
        let mut material = desk.read(Permission::Analyze, |conn| self.material(conn, id, now))?;
        let subject = Subject::from(&material.vehicle);
        if self.auto_dev.may_ask() {
            let query = query_for_subject(&subject, self.market.pricing());
            let mut candidates: Vec<_> = material.candidates(&query).cloned().collect();
            let of_competitors = candidates.len();
            material.sources = self.market.ask_auto_dev(&self.auto_dev, &subject, &mut candidates, &self.own);
            material.of_auto_dev = candidates.split_off(of_competitors);
        } else {
            material.sources = self.given_up();
        }
        let (of_auto_dev, sources, figures) =
            (material.of_auto_dev.clone(), material.sources.clone(), material.figures);
        let prepared = self.prepare(material, now)?;
        desk.write(Permission::Analyze, |conn, acting| {
            let vehicle = inventory::get_to_change(conn, id)?;
            must_be_unsold(&vehicle)?;
            let before = repository::find_figures(conn, &[id])?.remove(&id);
            let is_unchanged = prepared.holds(&vehicle, before.as_ref());
            if is_unchanged && repository::newest_figures(conn)? == figures {
                self.write(conn, acting, &prepared, true)?;
                return Ok(prepared.analysis.clone());
            }
            // Something changed meanwhile: all is read and calculated again, here where nothing changes. auto.dev's listings stay:
            // the rule drops what does not fit.
            let (of_auto_dev, sources) = (of_auto_dev.clone(), sources.clone());
            let again = Material { of_auto_dev, sources, ..self.material(conn, id, acting.now)? };
            let prepared = self.prepare(again, acting.now)?;
            self.write(conn, acting, &prepared, true)?;
            Ok(prepared.analysis)
        })
    }

    fn material(&self, conn: &mut DbConnection, id: VehicleId, now: DateTime<Utc>) -> DbResult<Material> {
        let material = self.materials(conn, &[id], now)?.pop();
        Ok(material.unwrap_or_else(|| Err(not_found()))?)
    }

    /// What each of these vehicles is analysed from, in their order.
    fn materials(
        &self,
        conn: &mut DbConnection,
        ids: &[VehicleId],
        now: DateTime<Utc>,
    ) -> DbResult<Vec<Result<Material>>> {
        let pricing = self.market.pricing();
        let reach = config::days(pricing.velocity_days.saturating_add(pricing.velocity_tolerance_days));
        let mut vehicles = inventory::get_all(conn, ids)?;
        let mut before = repository::find_figures(conn, ids)?;
        let mut history = repository::history_since(conn, ids, config::before(now, reach))?;
        let mut listings = self.listings.borrow_mut();
        listings.refresh(conn)?;
        let mut materials = Vec::with_capacity(ids.len());
        for id in ids {
            let vehicle = vehicles.remove(id).ok_or_else(not_found);
            let vehicle = match vehicle.and_then(|vehicle| must_be_priceable(&vehicle).map(|()| vehicle)) {
                Ok(vehicle) => vehicle,
                Err(error) => {
                    materials.push(Err(error));
                    continue;
                }
            };
            let subject = Subject::from(&vehicle);
            let query = query_for_subject(&subject, self.market.pricing());
            let found = listings.find(conn, &query, self.market.recency(now))?;
            materials.push(Ok(Material {
                before: before.remove(id),
                history: history.remove(id).unwrap_or_default(),
                listings: found,
                of_auto_dev: Vec::new(),
                sources: SourceReport::default(),
                figures: listings.figures(),
                vehicle,
            }));
        }
        Ok(materials)
    }

    /// Calculates an analysis, and how it is stored.
    fn prepare(&self, material: Material, now: DateTime<Utc>) -> Result<Prepared> {
        let subject = Subject::from(&material.vehicle);
        let query = query_for_subject(&subject, self.market.pricing());
        let analysis = analyze_with_sources(
            &subject,
            material.candidates(&query),
            &material.sources,
            &self.own,
            &material.history,
            self.market.pricing(),
            now,
        );
        let Material { vehicle, before, .. } = material;
        let research = ResearchResult::of(&analysis, vehicle.id, before.as_ref());
        let row = ResearchRow::of(&research, Some(&analysis))?;
        Ok(Prepared { vehicle, before, analysis, research, row })
    }

    /// Writes those whose vehicles and earlier analyses are still the same, and says of each whether it was written.
    fn write_unchanged(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        prepared: &[Result<Prepared>],
    ) -> DbResult<Vec<bool>> {
        let ids: Vec<_> = prepared.iter().flatten().map(|prepared| prepared.vehicle.id).collect();
        let vehicles = inventory::get_all_to_change(conn, &ids)?;
        let before = repository::find_figures(conn, &ids)?;
        let subjects: Vec<_> = ids.iter().map(|&id| id.into()).collect();
        let alerted = alerts::subjects_of_open(conn, &AlertType::OF_PRICES, &subjects)?;
        let mut written = Vec::with_capacity(prepared.len());
        for prepared in prepared {
            let Ok(prepared) = prepared else {
                written.push(false);
                continue;
            };
            let id = prepared.vehicle.id;
            let is_unchanged = vehicles.get(&id).is_some_and(|vehicle| prepared.holds(vehicle, before.get(&id)));
            if is_unchanged {
                self.write(conn, acting, prepared, alerted.contains(&id.into()))?;
            }
            written.push(is_unchanged);
        }
        Ok(written)
    }

    /// Writes an analysis with a point of the vehicle's history, its alerts and the audit row.
    fn write(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        prepared: &Prepared,
        may_have_alerts: bool,
    ) -> DbResult<()> {
        let Prepared { vehicle, before, analysis, research, row } = prepared;
        // All of it happened when it was calculated.
        let acting = Acting { now: analysis.analyzed_at, ..acting };
        repository::save(conn, row, before.as_ref())?;
        repository::record_market_price(conn, vehicle.price, research, (analysis.searched_for(), acting.now))?;
        // While a source is missing, too few comparables say nothing, so open alerts stay open.
        let can_be_judged = analysis.missing_source.is_none() || analysis.recommended_range.is_some();
        if can_be_judged && may_have_alerts {
            let wanted = analysis.alert.map(|alert| alert.alert_type);
            let over: Vec<_> =
                AlertType::OF_PRICES.into_iter().filter(|&alert_type| Some(alert_type) != wanted).collect();
            let ended = |alert: &Alert| ended(alert, vehicle, &what_holds_now(alert, vehicle, analysis));
            alerts::close(conn, &over, vehicle.id.into(), &ended, acting.now)?;
        }
        if let Some(alert) = new_alert(vehicle, analysis) {
            let has_the_same_price = |known: &Alert| known.metadata.get("our_price") == alert.metadata.get("our_price");
            if !alerts::is_put_away(conn, &alert, &has_the_same_price)? {
                alerts::open(conn, &alert, acting.now)?;
            }
        }
        activity::record(conn, acting, Action::Analyze, before.as_ref(), Some(research))
    }
}

impl Material {
    /// The listings that the query looks for, and those of auto.dev.
    fn candidates<'m>(&'m self, query: &'m ComparableQuery<'_>) -> impl Iterator<Item = &'m Comparable> + Clone {
        self.listings.iter().filter(|listing| query.takes(listing)).chain(&self.of_auto_dev)
    }
}

impl Prepared {
    /// Whether it was calculated from this vehicle and this earlier analysis.
    fn holds(&self, vehicle: &Vehicle, before: Option<&ResearchResult>) -> bool {
        *vehicle == self.vehicle && before == self.before.as_ref()
    }
}

/// Refuses a sold vehicle, and one whose price is none: nothing can be said of it, and no history takes it.
fn must_be_priceable(vehicle: &Vehicle) -> Result<()> {
    must_be_unsold(vehicle)?;
    if vehicle.price.fits_a_price() {
        return Ok(());
    }
    let expected = format!("expected an amount from 0.00 to {}", Money::MAX);
    let message = format!("the price of this vehicle, {}, is none that a vehicle has: correct it", vehicle.price);
    Err(Error::new(ErrorCode::InvalidVehicle, message).with_field("/price", expected))
}

fn not_found() -> Error {
    Error::new(ErrorCode::VehicleNotFound, "there is no such vehicle")
}
