//! The public operations: analyse vehicles, price any car, and read what was found.

mod analysis;
mod listings;

use std::ops::ControlFlow;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};

use super::{
    Analysis, AnalyzeLimits, AnalyzeReport, BacktestOptions, BacktestProgress, BacktestReport, Comparable,
    MarketOverview, MarketPrice, OwnVins, PricingRules, Progress, ResearchResult, Subject, Supply, VehiclePosition,
    auto_dev::{AutoDev, AutoDevRun},
    backtest::Backtest,
    pricing::{
        analyze::{SourceReport, analyze_with_sources},
        config,
        subject::is_another,
        supply,
    },
    repository::{self, ComparableQuery, ListedModels, Recency},
    research::AutoDevUse,
};
use crate::{
    actor::Permission,
    db::{DbConnection, DbResult},
    desk::{Desk, Part, found_by_the_desk},
    error::{Error, ErrorCode, Result},
    ids::VehicleId,
    inventory::{self, Inventory, Vehicle, VehicleChange, VehicleFilter, VehicleStatus},
    page::{Page, PageRequest},
    tracking::TrackingRules,
};

/// The dealership's vehicles against the market.
#[derive(Clone, Copy, Debug)]
pub struct Market<'a> {
    desk: &'a Desk,
}

/// The name under which the calls of auto.dev are counted.
const AUTO_DEV: &str = "auto.dev";

impl Desk {
    /// What the market says of them.
    #[must_use]
    pub fn market(&self) -> Market<'_> {
        Market::at(self)
    }
}

/// How many subjects are looked for at a time.
const MOST_SUBJECTS: usize = 1_000;

found_by_the_desk!(PricingRules);

impl Part for AutoDev {
    const MISSING: &'static str = "auto.dev is not configured: configure auto_dev";
}

impl<'a> Market<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// Prices a vehicle against the market, and stores the result, a point of its history and its alert.
    ///
    /// # Errors
    /// `vehicle_not_found`; `vehicle_sold`. A source of listings that fails is no error; [`Analysis::missing_source`] names it.
    pub fn analyze(&self, id: VehicleId) -> Result<Analysis> {
        self.analyze_one(id)
    }

    /// Prices any car against the market, such as one that we may buy. Nothing is stored except the count of calls.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, market::{Recommendation, Subject}};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let car = Subject { year: 2021, make: "Toyota".into(), model: "Camry".into(), ..Subject::default() };
    /// assert_eq!(desk.market().price(&car)?.recommendation, Some(Recommendation::InsufficientData));
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `forbidden`; `invalid_subject` without a make or a model, or with a price of zero; as any read. A source that fails is no
    /// error; [`Analysis::missing_source`] names it.
    pub fn price(&self, subject: &Subject) -> Result<Analysis> {
        self.desk.must(Permission::Analyze)?;
        subject.check()?;
        let (pricing, now) = (self.pricing(), self.desk.now());
        let (own, mut comparables) = self.desk.list(Permission::Analyze, |conn| {
            let comparables = listings::read(conn, &query_for_subject(subject, pricing), self.recency(now))?;
            Ok((repository::own_vins(conn)?, comparables))
        })?;
        let sources = self.ask_auto_dev(
            &AutoDevRun::new(self.desk.find_part::<AutoDev>(), None),
            subject,
            &mut comparables,
            &own,
        );
        Ok(analyze_with_sources(subject, &comparables, &sources, &own, &[], pricing, now))
    }

    /// The competitors' listings that the rule would choose from for each of the subjects, in their order.
    ///
    /// One query, and one more for each model that is listed. They still include listings that the rule drops. At most 1,000
    /// subjects are taken at a time.
    ///
    /// # Errors
    /// `forbidden`; `invalid_subject`.
    pub fn candidates(&self, subjects: &[Subject]) -> Result<Vec<Vec<Comparable>>> {
        self.desk.must(Permission::ReadMarket)?;
        if subjects.len() > MOST_SUBJECTS {
            let message = format!("expected at most {MOST_SUBJECTS}");
            return Err(Error::invalid_field(ErrorCode::InvalidSubject, "/subjects", message));
        }
        subjects.iter().try_for_each(Subject::check)?;
        let (pricing, now) = (self.pricing(), self.desk.now());
        let queries: Vec<_> = subjects.iter().map(|subject| query_for_subject(subject, pricing)).collect();
        let years = || queries.iter().map(ComparableQuery::years);
        let first = years().map(|(first, _)| first).min().unwrap_or_default();
        let last = years().map(|(_, last)| last).max().unwrap_or_default();
        self.desk.list(Permission::ReadMarket, |conn| {
            let listed = ListedModels::of_years(conn, first, last)?;
            repository::comparables_of_each(conn, &queries, &listed, self.recency(now))
        })
    }

    /// How many of the month's calls of auto.dev were made; `None` where it is not configured.
    ///
    /// # Errors
    /// As any read.
    pub fn auto_dev_use(&self) -> Result<Option<AutoDevUse>> {
        self.desk.must(Permission::ReadMarket)?;
        let Some(auto_dev) = self.desk.find_part::<AutoDev>() else { return Ok(None) };
        let now = self.desk.now();
        let calls = self.desk.read(Permission::ReadMarket, |conn| repository::calls_made(conn, AUTO_DEV, now))?;
        let calls_a_month = auto_dev.config().calls_a_month;
        Ok(Some(AutoDevUse { calls, calls_a_month, renews_at: next_month(now) }))
    }

    /// Analyses the unsold vehicles that are due, never analysed ones first, then the longest ago.
    ///
    /// The observer is called after each vehicle. When it breaks, the run ends there and finished analyses stay. A vehicle that
    /// fails is reported, and the run goes on.
    ///
    /// Where no outside source is asked, vehicles share transactions, as the commit is most of their cost: one at first, then
    /// twice as many each time up to 16. A run that its observer ends then includes the vehicles of the same transaction.
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
    /// `forbidden`; `database_read_only`; as any read where the run cannot start.
    pub fn analyze_due(
        &self,
        limits: AnalyzeLimits,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<AnalyzeReport> {
        let pricing = self.pricing();
        let due_until = config::before(self.desk.now(), config::days(pricing.due_after_days));
        let most = limits.max_vehicles.unwrap_or(pricing.vehicles_a_run);
        self.analyze_since(due_until, (most, limits.max_auto_dev_calls), observer)
    }

    /// Analyses every unsold vehicle, due or not; otherwise as [`Market::analyze_due`].
    ///
    /// # Errors
    /// As [`Market::analyze_due`].
    pub fn analyze_all(&self, observer: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<AnalyzeReport> {
        self.analyze_since(self.desk.now(), (usize::MAX, None), observer)
    }

    /// The stored analysis of a vehicle.
    ///
    /// # Errors
    /// `vehicle_not_found`; `vehicle_not_analyzed`.
    pub fn get(&self, id: VehicleId) -> Result<ResearchResult> {
        self.desk.read(Permission::ReadMarket, |conn| {
            if let Some(research) = repository::find(conn, id)? {
                return Ok(research);
            }
            inventory::get_vehicle(conn, id)?;
            Err(Error::new(ErrorCode::VehicleNotAnalyzed, "the vehicle was never analysed").into())
        })
    }

    /// A page of a vehicle's price history, newest first: analyses, and changes of our own price.
    ///
    /// # Errors
    /// `vehicle_not_found`; `invalid_cursor`.
    pub fn history(&self, id: VehicleId, page: &PageRequest) -> Result<Page<MarketPrice>> {
        self.desk.list(Permission::ReadMarket, |conn| {
            inventory::get_vehicle(conn, id)?;
            repository::history(conn, id, page)
        })
    }

    /// How the unsold vehicles stand in the market. One query.
    ///
    /// # Errors
    /// As any read.
    pub fn overview(&self) -> Result<MarketOverview> {
        let standings = self.desk.list(Permission::ReadMarket, repository::standings)?;
        Ok(MarketOverview::of(&standings, self.pricing(), self.desk.now()))
    }

    /// A page of vehicles, each with its last analysis. Two queries whatever the size of the page.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn positions(&self, filter: &VehicleFilter, page: &PageRequest) -> Result<Page<VehiclePosition>> {
        let vehicles = self.desk.inventory().list(filter, page)?;
        let ids: Vec<_> = vehicles.items.iter().map(|stocked| stocked.vehicle.id).collect();
        let mut research = self.desk.list(Permission::ReadMarket, |conn| repository::find_all(conn, &ids))?;
        Ok(vehicles.map(|vehicle| VehiclePosition { research: research.remove(&vehicle.vehicle.id), vehicle }))
    }

    /// Measures the pricing rule against what competitors' listings came to ask: each listing that was sold or cut in price is
    /// priced from the others that were visible then.
    ///
    /// Models are loaded one after the other, in two queries each, so memory holds one model's listings at a time. The time
    /// grows with the events of a model, bounded by [`BacktestOptions::max_events_a_model`], times its listings. The observer
    /// is called after each model, and now and then within one that has many events. When it breaks, the report covers what was judged.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use jpauto::{Actor, Dealership, market::BacktestOptions};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let report = desk.market().backtest(&BacktestOptions::default(), &mut |_progress| ControlFlow::Continue(()))?;
    /// assert_eq!((report.total.events, report.total.rule), (0, None));
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `forbidden`; `invalid_backtest` with options that no event can match; as any read.
    pub fn backtest(
        &self,
        options: &BacktestOptions,
        observer: &mut dyn FnMut(BacktestProgress) -> ControlFlow<()>,
    ) -> Result<BacktestReport> {
        self.desk.must(Permission::Analyze)?;
        options.check()?;
        let (own, mut models) = self
            .desk
            .list(Permission::Analyze, |conn| Ok((repository::own_vins(conn)?, repository::listed_models(conn)?)))?;
        models.retain(|names| {
            let (make, model) = (names.makes.first(), names.models.first());
            make.zip(model).is_some_and(|(make, model)| options.takes_model(make, model))
        });
        let mut backtest = Backtest::new(options, own, self.pricing(), self.desk.now());
        let total = models.len();
        for (done, names) in models.iter().enumerate() {
            let listings = self.desk.list(Permission::Analyze, |conn| repository::past_listings(conn, names))?;
            if backtest.add_model(listings, (done, total), observer).is_break() {
                break;
            }
        }
        Ok(backtest.report())
    }

    /// Supply and demand of one model year among the competitors' listings, of any trim and mileage.
    ///
    /// # Errors
    /// `invalid_subject` without a make or a model; as any read.
    pub fn days_supply(&self, make: &str, model: &str, year: i32) -> Result<Supply> {
        self.desk.must(Permission::ReadMarket)?;
        let (pricing, now) = (self.pricing(), self.desk.now());
        let subject = Subject { year, make: make.to_owned(), model: model.to_owned(), ..Subject::default() };
        subject.check()?;
        let query = ComparableQuery { make, model, year, year_window: 0, mileage: None, mileage_window: 0 };
        self.desk.list(Permission::ReadMarket, |conn| {
            let listed = ListedModels::of_make(conn, year, year, make)?;
            let comparables = repository::comparables(conn, &query, &listed, self.recency(now))?;
            let own = repository::own_vins(conn)?;
            Ok(supply::supply(&subject, &comparables, &own, pricing, now))
        })
    }

    fn pricing(&self) -> &'a PricingRules {
        self.desk.rules()
    }

    fn recency(&self, now: DateTime<Utc>) -> Recency {
        let tracking: &TrackingRules = self.desk.rules();
        Recency {
            seen_since: tracking.on_the_market_since(now),
            sold_since: config::before(now, config::days(self.pricing().sold_within_days)),
        }
    }

    fn ask_auto_dev(
        &self,
        run: &AutoDevRun<'_>,
        subject: &Subject,
        candidates: &mut Vec<Comparable>,
        own: &OwnVins,
    ) -> SourceReport {
        run.ask(subject, candidates, own, self.pricing(), self.desk.now(), &|| self.spend_call())
    }

    /// Counts a call of auto.dev before it is made. It is no change by a user, so the audit trail has no entry.
    fn spend_call(&self) -> Result<()> {
        let most = self.desk.find_part::<AutoDev>().map_or(0, |auto_dev| auto_dev.config().calls_a_month);
        let (counted, now) = self.desk.write(Permission::Analyze, |conn, acting| {
            Ok((repository::spend_call(conn, AUTO_DEV, most, acting.now)?, acting.now))
        })?;
        if counted {
            return Ok(());
        }
        let renewal = next_month(now);
        let message = format!(
            "the {most} calls of auto.dev for this month are spent; they renew on {}",
            renewal.format("%Y-%m-%d")
        );
        Err(Error::new(ErrorCode::AutoDevBudgetSpent, message)
            .with_retry_after((renewal - now).to_std().unwrap_or_default()))
    }
}

impl Inventory<'_> {
    /// A page of a vehicle's price history, newest first; the same as [`Market::history`].
    ///
    /// # Errors
    /// `vehicle_not_found`; `invalid_cursor`.
    pub fn price_history(&self, id: VehicleId, page: &PageRequest) -> Result<Page<MarketPrice>> {
        self.desk().market().history(id, page)
    }
}

/// What changes of vehicles mean for their research, in the transaction of those changes.
///
/// A new price is a point of the history. A vehicle that is described otherwise, or that was sold and is listed anew, has no
/// research any more. A sold one has no open alert about its price, and one that goes (its `after` is `None`) leaves nothing.
pub(crate) fn vehicles_changed(
    desk: &Desk,
    conn: &mut DbConnection,
    changes: &[VehicleChange<'_>],
    now: DateTime<Utc>,
) -> DbResult<()> {
    let (mut prices, mut described_otherwise, mut back, mut sold) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for VehicleChange { before, after } in changes {
        let Some(after) = after else {
            repository::delete_of_vehicle(conn, before, now)?;
            continue;
        };
        if after.price != before.price {
            prices.push((after.id, after.price));
        }
        if is_another(before, after, desk.rules()) {
            described_otherwise.push(*before);
        } else if before.status == VehicleStatus::Sold && after.listed_at != before.listed_at {
            back.push(*before);
        }
        if after.status == VehicleStatus::Sold && before.status != VehicleStatus::Sold {
            sold.push(*after);
        }
    }
    repository::record_own_prices(conn, &prices, now)?;
    repository::forget(conn, &described_otherwise, "the vehicle is described otherwise now", now)?;
    repository::forget(conn, &back, "the vehicle came back and is listed anew", now)?;
    repository::close_alerts(conn, &sold, "now it is sold", now)
}

fn must_be_unsold(vehicle: &Vehicle) -> Result<()> {
    if vehicle.status == VehicleStatus::Sold {
        return Err(Error::new(ErrorCode::VehicleSold, "a sold vehicle has no price to compare"));
    }
    Ok(())
}

/// The query for the listings that the widest tier could use.
fn query_for<'s>(
    (make, model): (&'s str, &'s str),
    (year, mileage): (i32, Option<i32>),
    pricing: &PricingRules,
) -> ComparableQuery<'s> {
    let widest = pricing.widest();
    let (year_window, mileage_window) = (widest.year_window, widest.mileage_window);
    ComparableQuery { make, model, year, year_window, mileage, mileage_window }
}

/// The same for a subject.
fn query_for_subject<'s>(subject: &'s Subject, pricing: &PricingRules) -> ComparableQuery<'s> {
    query_for((&subject.make, &subject.model), (subject.year, subject.mileage), pricing)
}

/// Midnight of the first day of the next month, UTC.
fn next_month(now: DateTime<Utc>) -> DateTime<Utc> {
    let (year, month) = if now.month() == 12 { (now.year() + 1, 1) } else { (now.year(), now.month() + 1) };
    NaiveDate::from_ymd_opt(year, month, 1).map_or(now, |day| day.and_time(NaiveTime::MIN).and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        for (now, expected) in [
            ("2026-11-22T17:00:00Z", "2026-12-01T00:00:00Z"),
            ("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
            ("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        ] {
            let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
            assert_eq!(next_month(time(now)), time(expected));
        }
    }
}
