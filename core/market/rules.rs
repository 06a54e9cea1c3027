//! The pricing rule from end to end, and when a vehicle is due for it.
//!
//! What is deliberately not here: the parts of the rule that stand alone (cleaning and tiers, slopes, quantiles, trend).

use chrono::{DateTime, Utc};

use super::{
    AdjustedPrices, Analysis, AutoDevSearch, Comparable, Confidence, DataSource, HistoryPoint, LeftOut, MissingSource,
    OwnVins, Position, PriceRange, PricedComparable, PricingRules, Reason, Recommendation, SearchParameters, Source,
    Subject, Supply, WantedAlert,
    adjustment::{self, Adjusted, Sample, Slopes, from_cents_rounded},
    comparables::{Search, Sound, folded, known_mileage, settled_order},
    config,
    quantile::Sorted,
    reasons::reasons,
    trend::{exceeds, velocity, week},
};
use crate::{
    Money,
    alerts::{AlertType, Severity},
    inventory::Vehicle,
};

/// Prices the subject from the candidates.
///
/// `candidates` are all listings that the widest tier could take in, in any order; more do no harm. `history` is the
/// subject's market price history of the last weeks, without this analysis. The result depends on nothing else.
///
/// ```
/// use jpauto::{Money, market::{OwnVins, PricingRules, Recommendation, Subject, analyze}};
///
/// let now = "2026-03-01T12:00:00Z".parse()?;
/// let subject = Subject { year: 2021, make: "Toyota".into(), model: "Camry".into(), ..Subject::default() };
/// let analysis = analyze(&subject, &[], &OwnVins::default(), &[], &PricingRules::default(), now);
/// assert_eq!(analysis.recommendation, Some(Recommendation::InsufficientData));
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn analyze(
    subject: &Subject,
    candidates: &[Comparable],
    own: &OwnVins,
    history: &[HistoryPoint],
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> Analysis {
    analyze_asked(subject, candidates, &Asked::default(), own, history, rules, now)
}

/// What was asked of auto.dev for the candidates, and why it did not answer, if it did not.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) searches: Vec<AutoDevSearch>,
    pub(super) missing: Option<MissingSource>,
}

/// [`analyze`], with an account of where the candidates come from.
///
/// Too few comparables while a source is missing are no word about the market: they call for no alert.
pub(super) fn analyze_asked(
    subject: &Subject,
    candidates: &[Comparable],
    asked: &Asked,
    own: &OwnVins,
    history: &[HistoryPoint],
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> Analysis {
    let (sound, mut left_out) = Sound::among(candidates, subject, own, rules, now);
    let vehicles = sound.vehicles();
    let sound_count = candidates.len() - total(&left_out);
    let (search, sample) = first_sufficient(subject, &vehicles, rules);
    left_out.duplicate = sound_count - vehicles.len();
    left_out.outlier = sample.outliers;
    left_out.unlike += vehicles.len() - sample.kept.len() - sample.outliers;

    let sample_size = sample.kept.len();
    let adjusted = adjusted_prices(&sample.kept);
    let judged = adjusted.filter(|_| sample_size >= rules.minimum_sample);
    let our_price = subject.price.filter(|price| price.cents() > 0);
    let recommendation = match (judged, our_price) {
        (None, _) => Some(Recommendation::InsufficientData),
        (Some(prices), Some(price)) => Some(recommend(price, prices.median, rules)),
        (Some(_), None) => None,
    };
    let raw = raw_prices(&sample.kept);
    let mut analysis = Analysis {
        analyzed_at: now,
        our_price,
        median_price: raw.map(|prices| prices.median),
        min_price: raw.map(|prices| prices.min),
        max_price: raw.map(|prices| prices.max),
        adjusted,
        sample_size,
        recommendation,
        confidence: confidence(sample_size, rules),
        recommended_range: judged.map(|prices| PriceRange { low: prices.p25, high: prices.p75 }),
        position: judged.zip(our_price).map(|(prices, price)| position(price, prices.median, &sample.kept)),
        cost_to_market_percent: judged
            .zip(subject.cost.filter(|cost| cost.cents() > 0))
            .map(|(prices, cost)| percent_of(cost, prices.median)),
        supply: sound.supply(|comparable| search.takes(comparable, subject), rules, now),
        velocity: None,
        week: None,
        adjustment: sample.adjustment,
        search_parameters: search_parameters(&search, subject, asked, rules, now),
        comparables: nearest(subject, &sample.kept, &search, rules),
        data_source: data_source(&sample.kept),
        missing_source: asked.missing.clone(),
        left_out,
        reasons: Vec::new(),
        alert: None,
    };
    let history = with_this(history, &analysis);
    (analysis.velocity, analysis.week) = (velocity(&history, now, rules), week(&history, now, rules));
    analysis.reasons = reasons(&analysis, subject, &search, &sample.kept, rules);
    analysis.alert = wanted_alert(our_price, judged.map(|prices| prices.median), rules)
        .filter(|_| judged.is_some() || asked.missing.is_none())
        .and_then(|alert| tempered(alert, &analysis.reasons));
    analysis
}

/// Whether the first tier alone keeps the minimum sample: a wider search has nothing to add then.
pub(super) fn suffices(
    subject: &Subject,
    candidates: &[Comparable],
    own: &OwnVins,
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> bool {
    let (sound, _left_out) = Sound::among(candidates, subject, own, rules, now);
    let (search, sample) = first_sufficient(subject, &sound.vehicles(), rules);
    search.tier == 1 && sample.kept.len() >= rules.minimum_sample
}

/// What a car is worth by the rule, and by the plain median of the same search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Estimate {
    pub(super) low: Money,
    pub(super) median: Money,
    pub(super) high: Money,
    /// Unadjusted, and with the outliers.
    pub(super) plain_median: Money,
    /// Kept comparables.
    pub(super) sample_size: usize,
}

/// The figures of [`analyze`] alone, without its reasons and copies; `None` under the minimum sample.
pub(super) fn estimate(
    subject: &Subject,
    candidates: &[Comparable],
    own: &OwnVins,
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> Option<Estimate> {
    let (sound, _left_out) = Sound::among(candidates, subject, own, rules, now);
    let vehicles = sound.vehicles();
    let (search, sample) = first_sufficient(subject, &vehicles, rules);
    let adjusted = adjusted_prices(&sample.kept).filter(|_| sample.kept.len() >= rules.minimum_sample)?;
    let taken = vehicles.iter().filter(|comparable| search.takes(comparable, subject));
    let plain = Sorted::new(taken.filter_map(|one| Some(one.price?.cents() as f64)).collect())?;
    Some(Estimate {
        low: adjusted.p25,
        median: adjusted.median,
        high: adjusted.p75,
        plain_median: from_cents_rounded(plain.median()),
        sample_size: sample.kept.len(),
    })
}

/// The supply of the subject's model year among the candidates, whatever their trim and mileage.
pub(super) fn supply(
    subject: &Subject,
    candidates: &[Comparable],
    own: &OwnVins,
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> Supply {
    let (sound, _left_out) = Sound::among(candidates, subject, own, rules, now);
    sound.supply(|comparable| comparable.year == subject.year, rules, now)
}

/// `high` above the competitive share over the median, `low` below it, both bounds competitive.
#[must_use]
pub fn recommend(price: Money, median: Money, rules: &PricingRules) -> Recommendation {
    let difference = difference(price, median);
    if !exceeds(difference.abs(), median, rules.competitive_basis_points) {
        Recommendation::Competitive
    } else if difference > 0 {
        Recommendation::High
    } else {
        Recommendation::Low
    }
}

/// The confidence in a sample of the given size.
#[must_use]
pub fn confidence(sample_size: usize, rules: &PricingRules) -> Confidence {
    if sample_size < rules.minimum_sample {
        Confidence::Insufficient
    } else if sample_size < rules.moderate_sample {
        Confidence::Limited
    } else if sample_size < rules.high_sample {
        Confidence::Moderate
    } else {
        Confidence::High
    }
}

/// The alert that should be open: none while the price is competitive or absent, `no_market_data` without a median.
#[must_use]
pub fn wanted_alert(price: Option<Money>, median: Option<Money>, rules: &PricingRules) -> Option<WantedAlert> {
    let Some(median) = median else {
        return Some(WantedAlert { alert_type: AlertType::NoMarketData, severity: Severity::Warning });
    };
    let price = price?;
    let alert_type = match recommend(price, median, rules) {
        Recommendation::High => AlertType::Overpriced,
        Recommendation::Low => AlertType::Underpriced,
        Recommendation::Competitive | Recommendation::InsufficientData => return None,
    };
    let critical = exceeds(difference(price, median).abs(), median, rules.critical_basis_points);
    let severity = if critical { Severity::Critical } else { Severity::Warning };
    Some(WantedAlert { alert_type, severity })
}

/// An alert of a price no surer than the comparison that it stands on: none where a branded title is held against clean ones,
/// and none that is critical where the comparables' mileages do not reach the subject's.
fn tempered(alert: WantedAlert, reasons: &[Reason]) -> Option<WantedAlert> {
    if alert.alert_type == AlertType::NoMarketData {
        return Some(alert);
    }
    if reasons.iter().any(|reason| matches!(reason, Reason::BrandedTitle { branded: 0, .. })) {
        return None;
    }
    let is_beyond = reasons.iter().any(|reason| matches!(reason, Reason::BeyondComparables { .. }));
    Some(WantedAlert { severity: if is_beyond { Severity::Warning } else { alert.severity }, ..alert })
}

/// Whether what was found about a vehicle says nothing of it any more, now that it is described otherwise.
///
/// What it costs and what is asked for it are not part of what it is.
#[must_use]
pub(super) fn is_another(before: &Vehicle, after: &Vehicle, rules: &PricingRules) -> bool {
    let (before, after) = (Subject::from(before), Subject::from(after));
    let differ = |one: &str, other: &str| folded(one) != folded(other);
    let trim = |subject: &Subject| subject.trim.as_deref().map(folded).unwrap_or_default();
    let has_another_mileage = match (before.mileage, after.mileage) {
        (Some(one), Some(other)) => one.abs_diff(other) > rules.mileage_drift.unsigned_abs(),
        (one, other) => one != other,
    };
    before.year != after.year
        || differ(&before.make, &after.make)
        || differ(&before.model, &after.model)
        || trim(&before) != trim(&after)
        || before.branded != after.branded
        || has_another_mileage
}

/// Whether a vehicle should be analysed: never done, or long enough ago.
#[must_use]
pub fn is_due(last_analyzed_at: Option<DateTime<Utc>>, now: DateTime<Utc>, rules: &PricingRules) -> bool {
    last_analyzed_at.is_none_or(|last| now - last >= config::days(rules.due_after_days))
}

/// The first search that keeps the minimum sample, outliers not counted, else the last one.
///
/// Whichever it is, the slopes are those of the widest reach.
fn first_sufficient<'a, 's>(
    subject: &'s Subject,
    vehicles: &[&'a Comparable],
    rules: &PricingRules,
) -> (Search<'s>, Sample<'a>) {
    let widest = Search { tier: rules.tiers.len().max(1), limits: rules.widest(), trim: None };
    let taken_by = |search: &Search<'s>| {
        let search = *search;
        vehicles.iter().copied().filter(move |comparable| search.takes(comparable, subject))
    };
    let slopes = Slopes::of(subject, taken_by(&widest), rules);
    let take = |search: Search<'s>| (search, adjustment::sample(subject, taken_by(&search), &slopes, rules));
    let searches = Search::in_order(subject, rules);
    let last = searches.last().copied().unwrap_or(widest);
    searches
        .into_iter()
        .map(take)
        .find(|(_, sample)| sample.kept.len() >= rules.minimum_sample)
        .unwrap_or_else(|| take(last))
}

fn total(left_out: &LeftOut) -> usize {
    let LeftOut { unlike, own, price, branded, stale, distant, duplicate, outlier } = left_out;
    unlike + own + price + branded + stale + distant + duplicate + outlier
}

fn difference(price: Money, median: Money) -> i128 {
    i128::from(price.cents()) - i128::from(median.cents())
}

/// `(price - median) / median` in percent.
pub(super) fn difference_percent(price: Money, median: Money) -> f64 {
    difference(price, median) as f64 * 100.0 / median.cents() as f64
}

fn percent_of(amount: Money, median: Money) -> f64 {
    amount.cents() as f64 * 100.0 / median.cents() as f64
}

fn adjusted_prices(kept: &[Adjusted<'_>]) -> Option<AdjustedPrices> {
    let cents = Sorted::new(kept.iter().map(|one| one.cents).collect())?;
    Some(AdjustedPrices {
        min: from_cents_rounded(cents.min()),
        p25: from_cents_rounded(cents.quantile(0.25)),
        median: from_cents_rounded(cents.median()),
        p75: from_cents_rounded(cents.quantile(0.75)),
        max: from_cents_rounded(cents.max()),
    })
}

#[derive(Clone, Copy)]
struct RawPrices {
    min: Money,
    median: Money,
    max: Money,
}

fn raw_prices(kept: &[Adjusted<'_>]) -> Option<RawPrices> {
    let cents = Sorted::new(kept.iter().map(|one| one.price.cents() as f64).collect())?;
    Some(RawPrices {
        min: from_cents_rounded(cents.min()),
        median: from_cents_rounded(cents.median()),
        max: from_cents_rounded(cents.max()),
    })
}

/// Adjusted prices are compared as rounded to the cent, as people see them.
fn position(price: Money, median: Money, kept: &[Adjusted<'_>]) -> Position {
    let cheaper = kept.iter().filter(|one| one.money() < price).count();
    let dearer = kept.iter().filter(|one| one.money() > price).count();
    Position {
        difference_percent: difference_percent(price, median),
        price_to_market_percent: percent_of(price, median),
        percentile: cheaper as f64 * 100.0 / kept.len().max(1) as f64,
        rank: cheaper + 1,
        cheaper,
        dearer,
    }
}

/// The history with the point that this analysis is about to add.
fn with_this(history: &[HistoryPoint], analysis: &Analysis) -> Vec<HistoryPoint> {
    let &Analysis { analyzed_at: recorded_at, median_price, sample_size, .. } = analysis;
    let this = HistoryPoint { recorded_at, median_price, sample_size, searched_for: Some(analysis.searched_for()) };
    history.iter().filter(|point| point.recorded_at < recorded_at).cloned().chain([this]).collect()
}

fn nearest(
    subject: &Subject,
    kept: &[Adjusted<'_>],
    search: &Search<'_>,
    rules: &PricingRules,
) -> Vec<PricedComparable> {
    let apart = |a: i32, b: i32| (i64::from(a) - i64::from(b)).abs();
    let far = |one: &Adjusted<'_>| {
        let miles = match (known_mileage(subject.mileage), known_mileage(one.comparable.mileage)) {
            (Some(ours), Some(theirs)) => apart(ours, theirs),
            // As far as it can be without having been left out.
            (Some(_), None) => i64::from(search.limits.mileage_window),
            (None, _) => 0,
        };
        let years = apart(subject.year, one.comparable.year);
        miles.saturating_add(years.saturating_mul(i64::from(rules.miles_a_year)))
    };
    let mut ordered: Vec<_> = kept.iter().map(|one| (far(one), one)).collect();
    ordered.sort_unstable_by(|(a_far, a), (b_far, b)| {
        a_far.cmp(b_far).then_with(|| settled_order(a.comparable, b.comparable))
    });
    ordered.truncate(rules.stored_comparables);
    ordered
        .into_iter()
        .map(|(_, one)| PricedComparable { comparable: one.comparable.clone(), adjusted_price: one.money() })
        .collect()
}

fn data_source(kept: &[Adjusted<'_>]) -> DataSource {
    let has = |source| kept.iter().any(|one| one.comparable.source == source);
    match (has(Source::Competitor), has(Source::AutoDev)) {
        (false, false) => DataSource::None,
        (true, false) => DataSource::Competitor,
        (false, true) => DataSource::AutoDev,
        (true, true) => DataSource::Both,
    }
}

fn search_parameters(
    search: &Search<'_>,
    subject: &Subject,
    asked: &Asked,
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> SearchParameters {
    let miles = known_mileage(subject.mileage);
    SearchParameters {
        tier: search.tier,
        searched_at: now,
        make: subject.make.clone(),
        model: subject.model.clone(),
        trim: search.trim.map(str::to_owned),
        year_min: subject.year.saturating_sub(search.limits.year_window),
        year_max: subject.year.saturating_add(search.limits.year_window),
        mileage_min: miles.map(|miles| miles.saturating_sub(search.limits.mileage_window).max(0)),
        mileage_max: miles.map(|miles| miles.saturating_add(search.limits.mileage_window)),
        radius_miles: rules.radius_miles,
        listed_within_days: rules.listed_within_days,
        sold_within_days: rules.sold_within_days,
        price_min: rules.lowest_price,
        price_max: rules.highest_price,
        branded: subject.branded,
        auto_dev: asked.searches.clone(),
    }
}
