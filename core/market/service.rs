//! The operations on market research.

use std::ops::ControlFlow;

use super::{
    Analysis, AnalyzeLimits, AnalyzeReport, Comparable, HistoryPoint, MarketOverview, MarketPrice, OwnVins,
    PricingRules, Progress, Recommendation, ResearchResult, Subject, Supply, VehiclePosition,
    alert::new_alert,
    config,
    repository::{self, ListedModels, PRICE_ALERTS, Wanted},
    rules,
};
use crate::{
    activity::{self, Action},
    actor::Permission,
    alerts,
    db::{DbConnection, DbResult},
    dealership::{Acting, Desk},
    error::{Error, Result},
    ids::VehicleId,
    inventory::{self, Vehicle, VehicleFilter, VehicleStatus},
    page::{Page, PageRequest},
};
use chrono::{DateTime, Utc};

/// What the market says of the dealership's vehicles.
#[derive(Clone, Copy, Debug)]
pub struct Market<'a> {
    desk: &'a Desk,
}

/// What all analyses of a run share.
struct Shared {
    own: OwnVins,
    listed: ListedModels,
}

/// What one vehicle is analysed with, and the vehicle as it was when that was read.
struct Material {
    vehicle: Vehicle,
    comparables: Vec<Comparable>,
    history: Vec<HistoryPoint>,
}

impl<'a> Market<'a> {
    pub(crate) fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// Prices a vehicle against the market and keeps the result, its point of the history and its alert.
    ///
    /// # Errors
    /// `vehicle_not_found`; `vehicle_sold`.
    pub fn analyze(&self, id: VehicleId) -> Result<Analysis> {
        let shared = self.desk.read(Permission::Analyze, |conn| {
            let vehicle = inventory::get_vehicle(conn, id)?;
            Ok(Shared { own: repository::own_vins(conn)?, listed: self.listed_like(conn, &vehicle)? })
        })?;
        self.analyze_with(id, &shared)
    }

    /// Analyses the unsold vehicles that are due, never analysed ones first, then the longest ago.
    ///
    /// The observer is told after each vehicle; when it breaks, the run ends there and what was done stays. A vehicle that
    /// fails is reported and does not keep the others from theirs.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use jpauto::{Actor, Dealership, market::AnalyzeLimits};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let report = desk.market().analyze_due(AnalyzeLimits::default(), &mut |_progress| ControlFlow::Continue(()))?;
    /// assert_eq!((report.analyzed, report.remaining), (0, 0));
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `forbidden`; as any read where the run can not start.
    pub fn analyze_due(
        &self,
        limits: AnalyzeLimits,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<AnalyzeReport> {
        let pricing = self.pricing();
        let due_until = repository::before(self.desk.now(), config::days(pricing.due_after_days));
        self.run(due_until, limits.max_vehicles.unwrap_or(pricing.vehicles_a_run), observer)
    }

    /// Analyses every unsold vehicle, as [`Market::analyze_due`] does those that are due.
    ///
    /// # Errors
    /// As [`Market::analyze_due`].
    pub fn analyze_all(&self, observer: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<AnalyzeReport> {
        self.run(self.desk.now(), usize::MAX, observer)
    }

    /// The last analysis of a vehicle as it is kept.
    ///
    /// # Errors
    /// `vehicle_not_found`; `vehicle_not_analyzed`.
    pub fn get(&self, id: VehicleId) -> Result<ResearchResult> {
        self.desk.read(Permission::ReadMarket, |conn| {
            if let Some(research) = repository::find(conn, id)? {
                return Ok(research);
            }
            inventory::get_vehicle(conn, id)?;
            Err(Error::not_found("vehicle_not_analyzed", "the vehicle was never analysed").into())
        })
    }

    /// A page of a vehicle's price history, newest first: analyses, and changes of our own price.
    ///
    /// # Errors
    /// `vehicle_not_found`; `invalid_cursor`.
    pub fn history(&self, id: VehicleId, page: &PageRequest) -> Result<Page<MarketPrice>> {
        self.desk.read(Permission::ReadMarket, |conn| {
            inventory::get_vehicle(conn, id)?;
            repository::history(conn, id, page)
        })
    }

    /// How the unsold vehicles stand in the market. One query.
    ///
    /// # Errors
    /// As any read.
    pub fn overview(&self) -> Result<MarketOverview> {
        let standings = self.desk.read(Permission::ReadMarket, repository::standings)?;
        Ok(MarketOverview::of(&standings, self.pricing(), self.desk.now()))
    }

    /// A page of vehicles, each with its last analysis. Two queries whatever the size of the page.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn positions(&self, filter: &VehicleFilter, page: &PageRequest) -> Result<Page<VehiclePosition>> {
        let vehicles = self.desk.inventory().list(filter, page)?;
        let ids: Vec<_> = vehicles.items.iter().map(|stocked| stocked.vehicle.id).collect();
        let mut research = self.desk.read(Permission::ReadMarket, |conn| repository::find_all(conn, &ids))?;
        Ok(vehicles.map(|vehicle| VehiclePosition { research: research.remove(&vehicle.vehicle.id), vehicle }))
    }

    /// Supply and demand of one model year among the competitors' listings, whatever trim and mileage.
    ///
    /// # Errors
    /// As any read.
    pub fn days_supply(&self, make: &str, model: &str, year: i32) -> Result<Supply> {
        let (pricing, now) = (self.pricing(), self.desk.now());
        let wanted = Wanted { make, model, year, year_window: 0, mileage: None, mileage_window: 0 };
        let subject = Subject { year, make: make.to_owned(), model: model.to_owned(), ..Subject::default() };
        self.desk.read(Permission::ReadMarket, |conn| {
            let listed = ListedModels::of_years(conn, year, year)?;
            let comparables = repository::comparables(conn, &wanted, &listed, pricing, now)?;
            let own = repository::own_vins(conn)?;
            Ok(rules::supply(&subject, &comparables, &own, pricing, now))
        })
    }

    fn pricing(&self) -> &'a PricingRules {
        &self.desk.config().pricing
    }

    fn run(
        &self,
        analyzed_until: DateTime<Utc>,
        most: usize,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<AnalyzeReport> {
        let (vehicles, shared) = self.desk.read(Permission::Analyze, |conn| {
            let vehicles = repository::unsold_by_age_of_analysis(conn, analyzed_until)?;
            let shared =
                Shared { own: repository::own_vins(conn)?, listed: ListedModels::of_years(conn, i32::MIN, i32::MAX)? };
            Ok((vehicles, shared))
        })?;
        let total = vehicles.len().min(most);
        let mut report = AnalyzeReport { remaining: vehicles.len(), ..AnalyzeReport::default() };
        for (done, vehicle) in (1..).zip(vehicles.into_iter().take(total)) {
            match self.analyze_with(vehicle, &shared) {
                Ok(analysis) => {
                    report.analyzed += 1;
                    let insufficient = analysis.recommendation == Some(Recommendation::InsufficientData);
                    report.insufficient += usize::from(insufficient);
                }
                Err(error) => {
                    tracing::warn!(%vehicle, %error, "a vehicle could not be analysed");
                    report.failed.push((vehicle, error));
                }
            }
            report.remaining -= 1;
            let (insufficient, failed) = (report.insufficient, report.failed.len());
            if observer(Progress { total, done, insufficient, failed, vehicle }).is_break() {
                break;
            }
        }
        Ok(report)
    }

    /// Reads first and writes then, so that whatever takes long is done before the transaction opens.
    fn analyze_with(&self, id: VehicleId, shared: &Shared) -> Result<Analysis> {
        let now = self.desk.now();
        let material = self.desk.read(Permission::Analyze, |conn| {
            let vehicle = inventory::get_vehicle(conn, id)?;
            must_be_unsold(&vehicle)?;
            self.material(conn, vehicle, &shared.listed, now)
        })?;
        self.desk.write(Permission::Analyze, |conn, acting| {
            let vehicle = inventory::get_to_change(conn, id)?;
            must_be_unsold(&vehicle)?;
            if vehicle == material.vehicle {
                return self.save(conn, acting, &material, shared);
            }
            // Somebody changed it meanwhile: what was read may be about another model or year.
            let listed = self.listed_like(conn, &vehicle)?;
            let material = self.material(conn, vehicle, &listed, acting.now)?;
            self.save(conn, acting, &material, shared)
        })
    }

    /// The models listed in the years that the widest tier could take in.
    fn listed_like(&self, conn: &mut DbConnection, vehicle: &Vehicle) -> DbResult<ListedModels> {
        let (first, last) = wanted(vehicle, self.pricing()).years();
        ListedModels::of_years(conn, first, last)
    }

    fn material(
        &self,
        conn: &mut DbConnection,
        vehicle: Vehicle,
        listed: &ListedModels,
        now: DateTime<Utc>,
    ) -> DbResult<Material> {
        let pricing = self.pricing();
        let comparables = repository::comparables(conn, &wanted(&vehicle, pricing), listed, pricing, now)?;
        let reach = config::days(pricing.velocity_days.saturating_add(pricing.velocity_tolerance_days));
        let history = repository::history_since(conn, vehicle.id, repository::before(now, reach))?;
        Ok(Material { vehicle, comparables, history })
    }

    fn save(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        material: &Material,
        shared: &Shared,
    ) -> DbResult<Analysis> {
        let Material { vehicle, comparables, history } = material;
        let analysis =
            rules::analyze(&Subject::from(vehicle), comparables, &shared.own, history, self.pricing(), acting.now);
        let before = repository::find(conn, vehicle.id)?;
        let research = ResearchResult::of(analysis.clone(), vehicle.id, before.as_ref());
        repository::save(conn, &research, before.as_ref())?;
        repository::record_market_price(conn, vehicle.price, &research, acting.now)?;
        let wanted = analysis.alert.map(|alert| alert.alert_type);
        let over: Vec<_> = PRICE_ALERTS.into_iter().filter(|&alert_type| Some(alert_type) != wanted).collect();
        alerts::close(conn, &over, vehicle.id.into(), acting.now)?;
        if let Some(alert) = new_alert(vehicle, &analysis) {
            alerts::open(conn, &alert, acting.now)?;
        }
        activity::record(conn, acting, Action::Analyze, before.as_ref(), Some(&research))?;
        Ok(analysis)
    }
}

fn must_be_unsold(vehicle: &Vehicle) -> Result<()> {
    if vehicle.status == VehicleStatus::Sold {
        return Err(Error::conflict("vehicle_sold", "a sold vehicle has no price to compare"));
    }
    Ok(())
}

/// The listings that the widest tier could take in.
fn wanted<'v>(vehicle: &'v Vehicle, pricing: &PricingRules) -> Wanted<'v> {
    let widest = pricing.widest();
    Wanted {
        make: &vehicle.make,
        model: &vehicle.model,
        year: vehicle.year,
        year_window: widest.year_window,
        mileage: Some(vehicle.mileage),
        mileage_window: widest.mileage_window,
    }
}
