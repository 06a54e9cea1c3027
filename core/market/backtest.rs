//! The backtest: how good the pricing rule would have been.
//!
//! Each listing that was sold or cut in price is priced from the others that were visible at that moment, and compared with
//! what it asked then. Nothing of the future is used. Beside the rule stands the plain median of the same search: unadjusted,
//! outliers included. A listing that moved to another competitor's lot is no sale; its price cuts count. The last asking price
//! stands for the selling price, which nobody publishes. `docs/pricing.md` explains the expected coverage.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    ops::{ControlFlow, RangeInclusive},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Comparable, OwnVins, PricingRules, Subject,
    pricing::{
        analyze::{Estimate, estimate},
        names::{folded, is_name, same_name},
    },
};
use crate::{
    Money,
    error::{ErrorCode, Faults, Result},
    extract::Condition,
};

/// What happened to a listing that the rule is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BacktestEvent {
    /// It was sold at its last asking price.
    Sold,
    /// Its price was cut: what was asked before was too much.
    PriceCut,
}

words!(BacktestEvent, InvalidEvent at "/event" { Sold => "sold", PriceCut => "price_cut" });

/// Which events are judged; all by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BacktestOptions {
    /// Of this make only, compared as in [`Subject::make`].
    pub make: Option<String>,
    /// Of this model only.
    pub model: Option<String>,
    /// Not earlier.
    pub since: Option<DateTime<Utc>>,
    /// Not later.
    pub until: Option<DateTime<Utc>>,
    /// Of this kind only.
    pub event: Option<BacktestEvent>,
    /// At most this many events of one model, spread evenly over time (500). It bounds the time that a backtest takes.
    pub max_events_a_model: usize,
}

impl Default for BacktestOptions {
    fn default() -> Self {
        Self { make: None, model: None, since: None, until: None, event: None, max_events_a_model: 500 }
    }
}

impl BacktestOptions {
    /// # Errors
    /// `invalid_backtest`, with each wrong field.
    pub(super) fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        for (pointer, name) in [("/make", &self.make), ("/model", &self.model)] {
            faults.check(name.as_deref().is_none_or(is_name), pointer, "expected a name, or none for all");
        }
        let in_order = self.since.zip(self.until).is_none_or(|(since, until)| since <= until);
        faults.check(in_order, "/until", "expected a time that is not before `since`");
        faults.check(self.max_events_a_model > 0, "/max_events_a_model", "expected at least 1");
        faults.into_result(ErrorCode::InvalidBacktest)
    }

    pub(super) fn takes_model(&self, make: &str, model: &str) -> bool {
        let fits = |wanted: &Option<String>, name| wanted.as_deref().is_none_or(|wanted| same_name(wanted, name));
        fits(&self.make, make) && fits(&self.model, model)
    }

    fn takes(&self, event: &Event) -> bool {
        self.since.is_none_or(|since| event.at >= since)
            && self.until.is_none_or(|until| event.at <= until)
            && self.event.is_none_or(|kind| event.kind == kind)
    }
}

/// The mean error of an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EstimateError {
    /// The mean of `|ln(estimate / truth)|`.
    pub mae_log: f64,
    /// The mean of `|estimate - truth| / truth`, in percent.
    pub mape_percent: f64,
}

/// How the rule did on a set of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BacktestScore {
    /// Events looked at.
    pub events: usize,
    /// Of those, events with enough comparables at the time. The figures below are about these.
    pub priced: usize,
    /// The error of the rule's median; `None` where nothing was priced, as with the figures below.
    pub rule: Option<EstimateError>,
    /// The error of the plain median of the same search.
    pub plain_median: Option<EstimateError>,
    /// The share of true prices within the recommended range P25 to P75, in percent.
    pub coverage_percent: Option<f64>,
    /// That share with exact adjustments, in percent. It is below 50, as the quartiles of few prices stand close together.
    pub expected_coverage_percent: Option<f64>,
    /// The share of events in which the rule was nearer than the plain median, ties counted half, in percent.
    pub nearer_percent: Option<f64>,
}

/// What a backtest found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct BacktestReport {
    /// Models with events.
    pub models: usize,
    /// Events left out by [`BacktestOptions::max_events_a_model`].
    pub thinned: usize,
    /// All events together.
    pub total: BacktestScore,
    /// Those that were sold.
    pub sold: BacktestScore,
    /// Those whose price was cut.
    pub price_cut: BacktestScore,
    /// The first and the last event.
    pub between: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Where a backtest stands, reported after each model, and now and then within one that has many events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BacktestProgress {
    /// Models to look at.
    pub total: usize,
    /// Models finished.
    pub done: usize,
    /// Events priced so far.
    pub priced: usize,
}

/// A listing with the prices that it asked over time.
#[derive(Clone, Debug, PartialEq)]
pub struct PastListing {
    /// The listing as it is now, or as it was last.
    pub comparable: Comparable,
    /// What it asked from when on, in order of time; without any, it always asked its present price.
    pub prices: Vec<(DateTime<Utc>, Money)>,
    /// When it first stood on another competitor's lot, where it was not sold but moved there.
    pub moved_at: Option<DateTime<Utc>>,
}

/// Measures the rule on listings of one's own, as [`Market::backtest`](super::Market::backtest) does on those of the database.
///
/// ```
/// use jpauto::market::{BacktestOptions, OwnVins, PricingRules, backtest};
///
/// let now = "2026-03-01T12:00:00Z".parse()?;
/// let report = backtest(Vec::new(), OwnVins::default(), &BacktestOptions::default(), &PricingRules::default(), now)?;
/// assert_eq!((report.models, report.total.rule), (0, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `invalid_backtest` with options that no event can match.
pub fn backtest(
    listings: Vec<PastListing>,
    own: OwnVins,
    options: &BacktestOptions,
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> Result<BacktestReport> {
    backtest_observed(listings, own, options, rules, now, &mut |_| ControlFlow::Continue(()))
}

/// [`backtest`] with an observer. It is called after each model, and after every few events of a model. When it breaks, the report is of
/// what was judged so far.
///
/// # Errors
/// As [`backtest`].
pub fn backtest_observed(
    listings: Vec<PastListing>,
    own: OwnVins,
    options: &BacktestOptions,
    rules: &PricingRules,
    now: DateTime<Utc>,
    observer: &mut dyn FnMut(BacktestProgress) -> ControlFlow<()>,
) -> Result<BacktestReport> {
    options.check()?;
    let mut models: BTreeMap<(String, String), Vec<PastListing>> = BTreeMap::new();
    for mut listing in listings {
        let Comparable { make, model, .. } = &listing.comparable;
        if is_name(make) && is_name(model) && options.takes_model(make, model) {
            let of_model = models.entry((folded(make), folded(model))).or_default();
            listing.prices.sort_by_key(|(recorded_at, _)| *recorded_at);
            of_model.push(listing);
        }
    }
    let mut backtest = Backtest::new(options, own, rules, now);
    let total = models.len();
    for (done, listings) in models.into_values().enumerate() {
        if backtest.add_model(listings, (done, total), observer).is_break() {
            break;
        }
    }
    Ok(backtest.report())
}

impl PastListing {
    /// Whether it was known by then that it stands elsewhere: gone here and seen there. Until then it counts as sold.
    fn has_moved_by(&self, time: DateTime<Utc>) -> bool {
        let (gone_at, moved_at) = (self.comparable.sold_at, self.moved_at);
        gone_at.zip(moved_at).is_some_and(|(gone_at, moved_at)| gone_at.max(moved_at) <= time)
    }

    /// What it asked at a time, nothing where it was not listed. Without a history, the price of now.
    fn price_at(&self, time: DateTime<Utc>) -> Option<Money> {
        if self.comparable.first_seen_at > time || self.has_moved_by(time) {
            return None;
        }
        if self.prices.is_empty() {
            return self.comparable.price;
        }
        let known = self.prices.partition_point(|(recorded_at, _)| *recorded_at <= time);
        known.checked_sub(1).and_then(|last| self.prices.get(last)).map(|(_, price)| *price)
    }
}

struct Event {
    listing: usize,
    at: DateTime<Utc>,
    kind: BacktestEvent,
    truth: Money,
}

/// Sums over events, from which a [`BacktestScore`] is read at the end.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    events: usize,
    priced: usize,
    rule: EstimateError,
    plain: EstimateError,
    covered: usize,
    expected_coverage: f64,
    nearer: f64,
}

impl Sums {
    fn add(&mut self, estimate: Option<&Estimate>, truth: Money) {
        self.events += 1;
        let Some(estimate) = estimate else { return };
        self.priced += 1;
        let error = |sum: &mut EstimateError, price: Money| {
            let ratio = price.dollars() / truth.dollars();
            sum.mae_log += ratio.ln().abs();
            sum.mape_percent += (ratio - 1.0).abs() * 100.0;
            ratio.ln().abs()
        };
        let ours = error(&mut self.rule, estimate.median);
        let plain = error(&mut self.plain, estimate.plain_median);
        self.covered += usize::from(estimate.low <= truth && truth <= estimate.high);
        self.expected_coverage += expected_coverage(estimate.sample_size);
        self.nearer += match ours.total_cmp(&plain) {
            Ordering::Less => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Greater => 0.0,
        };
    }

    fn score(&self) -> BacktestScore {
        let count = self.priced as f64;
        let mean =
            |sum: EstimateError| EstimateError { mae_log: sum.mae_log / count, mape_percent: sum.mape_percent / count };
        let any = self.priced > 0;
        BacktestScore {
            events: self.events,
            priced: self.priced,
            rule: any.then(|| mean(self.rule)),
            plain_median: any.then(|| mean(self.plain)),
            coverage_percent: any.then(|| self.covered as f64 * 100.0 / count),
            expected_coverage_percent: any.then(|| self.expected_coverage * 100.0 / count),
            nearer_percent: any.then(|| self.nearer * 100.0 / count),
        }
    }
}

/// The share of further prices that lie between the quartiles (type 7) of a sample of this size.
fn expected_coverage(sample_size: usize) -> f64 {
    let size = sample_size.max(1) as f64;
    0.5 * (size - 1.0) / (size + 1.0)
}

/// How many events of a model are judged before the observer is asked again. Each takes up to some milliseconds.
const EVENTS_BETWEEN_LOOKS: usize = 16;

/// A backtest under way.
pub(super) struct Backtest<'a> {
    pub(super) options: &'a BacktestOptions,
    pub(super) own: OwnVins,
    pub(super) rules: &'a PricingRules,
    pub(super) now: DateTime<Utc>,
    models: usize,
    thinned: usize,
    sums: [Sums; 2],
    total: Sums,
    between: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl<'a> Backtest<'a> {
    pub(super) fn new(options: &'a BacktestOptions, own: OwnVins, rules: &'a PricingRules, now: DateTime<Utc>) -> Self {
        Self {
            options,
            own,
            rules,
            now,
            models: 0,
            thinned: 0,
            sums: Default::default(),
            total: Sums::default(),
            between: None,
        }
    }

    /// Judges the events of one model, which is the next after `done` of `total`, and tells the observer.
    ///
    /// With `n` listings of the years that a tier reaches and `e` events this takes `O(e n log n)` time and `O(n)` memory.
    pub(super) fn add_model(
        &mut self,
        mut listings: Vec<PastListing>,
        (done, total): (usize, usize),
        observer: &mut dyn FnMut(BacktestProgress) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        listings.sort_by_key(|listing| listing.comparable.year);
        let events = self.events(&listings);
        self.models += usize::from(!events.is_empty());
        let last_seen: Vec<_> = listings.iter().map(|listing| listing.comparable.last_seen_at).collect();
        // The comparables of one moment. For the next, only what time changes is written again.
        let mut then: Vec<Comparable> = listings.iter().map(|listing| listing.comparable.clone()).collect();
        for (judged, event) in events.into_iter().enumerate() {
            if judged % EVENTS_BETWEEN_LOOKS == EVENTS_BETWEEN_LOOKS - 1 {
                observer(BacktestProgress { total, done, priced: self.total.priced })?;
            }
            let Some(subject) = listings.get(event.listing).map(subject_of) else { continue };
            let years = within_years(&listings, subject.year, self.rules.widest().year_window);
            for place in years.clone() {
                let (Some(listing), Some(comparable)) = (listings.get(place), then.get_mut(place)) else { continue };
                // A listing not yet seen, and the one that is judged, get no price and so are no comparables.
                comparable.price = listing.price_at(event.at).filter(|_| place != event.listing);
                comparable.last_seen_at = last_seen.get(place).map_or(event.at, |seen| (*seen).min(event.at));
            }
            let candidates = then.get(years).unwrap_or_default();
            let estimate = estimate(&subject, candidates, &self.own, self.rules, event.at);
            self.total.add(estimate.as_ref(), event.truth);
            let [sold, price_cut] = &mut self.sums;
            match event.kind {
                BacktestEvent::Sold => sold.add(estimate.as_ref(), event.truth),
                BacktestEvent::PriceCut => price_cut.add(estimate.as_ref(), event.truth),
            }
            let (first, last) = self.between.unwrap_or((event.at, event.at));
            self.between = Some((first.min(event.at), last.max(event.at)));
        }
        observer(BacktestProgress { total, done: done + 1, priced: self.total.priced })
    }

    pub(super) fn report(&self) -> BacktestReport {
        let [sold, price_cut] = &self.sums;
        BacktestReport {
            models: self.models,
            thinned: self.thinned,
            total: self.total.score(),
            sold: sold.score(),
            price_cut: price_cut.score(),
            between: self.between,
        }
    }

    /// The events of a model in order of time, thinned to the bound.
    fn events(&mut self, listings: &[PastListing]) -> Vec<Event> {
        let bounds = self.rules.lowest_price..=self.rules.highest_price;
        let mut events: Vec<Event> = Vec::new();
        for (place, listing) in listings.iter().enumerate() {
            events.extend(events_of(place, listing, &bounds).filter(|event| event.at <= self.now));
        }
        events.retain(|event| self.options.takes(event));
        events.sort_by_key(|event| (event.at, event.listing));
        let most = self.options.max_events_a_model;
        if events.len() > most {
            let count = events.len();
            self.thinned += count - most;
            // Keeps `most` of the `count` events, evenly spread.
            let mut place = 0;
            events.retain(|_| {
                let kept = place * most / count != (place + 1) * most / count;
                place += 1;
                kept
            });
        }
        events
    }
}

fn events_of<'l>(
    listing: usize,
    past: &'l PastListing,
    bounds: &'l RangeInclusive<Money>,
) -> impl Iterator<Item = Event> + 'l {
    // A move to another lot is no sale; its price cuts still count.
    let sold = past.comparable.sold_at.filter(|_| past.moved_at.is_none()).and_then(|at| {
        let truth = past.price_at(at)?;
        Some(Event { listing, at, kind: BacktestEvent::Sold, truth })
    });
    let cuts = past.prices.windows(2).filter_map(move |pair| match pair {
        [(_, before), (at, after)] if after < before => {
            Some(Event { listing, at: *at, kind: BacktestEvent::PriceCut, truth: *after })
        }
        _ => None,
    });
    sold.into_iter().chain(cuts).filter(|event| event.truth.cents() > 0 && bounds.contains(&event.truth))
}

fn subject_of(listing: &PastListing) -> Subject {
    let listing = &listing.comparable;
    Subject {
        vin: listing.vin.clone(),
        year: listing.year,
        make: listing.make.clone(),
        model: listing.model.clone(),
        trim: listing.trim.clone(),
        mileage: listing.mileage,
        price: None,
        cost: None,
        branded: listing.branded,
        is_new: listing.condition == Some(Condition::New),
    }
}

/// The index range of the listings within a window of years; they are sorted by year.
fn within_years(listings: &[PastListing], year: i32, window: i32) -> std::ops::Range<usize> {
    let (first, last) = (year.saturating_sub(window), year.saturating_add(window));
    let start = listings.partition_point(|listing| listing.comparable.year < first);
    let end = listings.partition_point(|listing| listing.comparable.year <= last);
    start..end
}

#[cfg(test)]
mod tests;
