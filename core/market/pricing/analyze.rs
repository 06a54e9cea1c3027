//! The pricing rule from end to end.

use chrono::{DateTime, Utc};

use super::{
    adjustment::{self, Adjusted, AdjustedPrices, RawPrices, Sample, Slopes, from_cents_rounded},
    analysis::{Analysis, DataSource, MissingSource, PricedComparable, SearchParameters},
    comparables::{Comparable, Eligible, OwnVins, Source, by_content},
    confidence::confidence,
    config::PricingRules,
    price_alert::{supported, wanted_alert},
    quantile::Sorted,
    reasons::reasons,
    recommendation::Judgement,
    search::Search,
    subject::{Subject, known_mileage},
    supply::supply_of,
    velocity::{HistoryPoint, velocity, week},
};
use crate::{Money, market::auto_dev::AutoDevSearch};

/// Prices the subject from the candidates.
///
/// `candidates` are all listings that the widest tier could use, in any order; more do no harm. `history` is the subject's
/// market price history of the last weeks, without this analysis. The result depends on nothing else.
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
    analyze_with_sources(subject, candidates, &SourceReport::default(), own, history, rules, now)
}

/// The searches that auto.dev answered for the candidates, and why it gave no answer, if it gave none.
#[derive(Clone, Debug, Default)]
pub(in crate::market) struct SourceReport {
    pub(in crate::market) searches: Vec<AutoDevSearch>,
    pub(in crate::market) missing: Option<MissingSource>,
}

/// [`analyze`], with a report on where the candidates come from.
///
/// Too few comparables while a source is missing say nothing about the market, so they call for no alert.
pub(in crate::market) fn analyze_with_sources<'c>(
    subject: &Subject,
    candidates: impl IntoIterator<Item = &'c Comparable, IntoIter: Clone>,
    sources: &SourceReport,
    own: &OwnVins,
    history: &[HistoryPoint],
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> Analysis {
    let (eligible, mut left_out) = Eligible::among(candidates, subject, own, rules, now);
    let vehicles = eligible.vehicles();
    let (search, sample) = first_sufficient(subject, &vehicles, rules);
    left_out.duplicate = eligible.len() - vehicles.len();
    left_out.outlier = sample.outliers;
    left_out.unlike += vehicles.len() - sample.kept.len() - sample.outliers;

    let adjusted = AdjustedPrices::of(&sample.kept);
    let judgement = Judgement::of(subject, &sample.kept, adjusted, rules);
    let raw = RawPrices::of(&sample.kept);
    let mut analysis = Analysis {
        analyzed_at: now,
        our_price: judgement.our_price,
        median_price: raw.map(|prices| prices.median),
        min_price: raw.map(|prices| prices.min),
        max_price: raw.map(|prices| prices.max),
        adjusted,
        sample_size: sample.kept.len(),
        recommendation: judgement.recommendation,
        confidence: confidence(sample.kept.len(), rules),
        recommended_range: judgement.recommended_range,
        position: judgement.position,
        cost_to_market_percent: judgement.cost_to_market_percent,
        supply: supply_of(&eligible, |comparable| search.takes(comparable, subject), rules, now),
        velocity: None,
        week: None,
        adjustment: sample.adjustment,
        search_parameters: search_parameters(&search, subject, sources, rules, now),
        comparables: nearest(subject, &sample.kept, &search, rules),
        data_source: data_source(&sample.kept),
        missing_source: sources.missing.clone(),
        left_out,
        reasons: Vec::new(),
        alert: None,
    };
    let history = with_this(history, &analysis);
    (analysis.velocity, analysis.week) = (velocity(&history, now, rules), week(&history, now, rules));
    analysis.reasons = reasons(&analysis, subject, &search, &sample.kept, rules);
    analysis.alert = wanted_alert(judgement.our_price, judgement.median, rules)
        .filter(|_| judgement.median.is_some() || sources.missing.is_none())
        .and_then(|alert| supported(alert, &analysis.reasons));
    analysis
}

/// Whether the first tier alone keeps the minimum sample, so that a wider search has nothing to add.
pub(in crate::market) fn suffices(
    subject: &Subject,
    candidates: &[Comparable],
    own: &OwnVins,
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> bool {
    let (eligible, _left_out) = Eligible::among(candidates, subject, own, rules, now);
    let (search, sample) = first_sufficient(subject, &eligible.vehicles(), rules);
    search.tier == 1 && sample.kept.len() >= rules.minimum_sample
}

/// What a car is worth by the rule, and by the plain median of the same search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::market) struct Estimate {
    pub(in crate::market) low: Money,
    pub(in crate::market) median: Money,
    pub(in crate::market) high: Money,
    /// Unadjusted, with the outliers.
    pub(in crate::market) plain_median: Money,
    /// Kept comparables.
    pub(in crate::market) sample_size: usize,
}

/// The figures of [`analyze`] without reasons and copies; `None` under the minimum sample.
pub(in crate::market) fn estimate(
    subject: &Subject,
    candidates: &[Comparable],
    own: &OwnVins,
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> Option<Estimate> {
    let (eligible, _left_out) = Eligible::among(candidates, subject, own, rules, now);
    let vehicles = eligible.vehicles();
    let (search, sample) = first_sufficient(subject, &vehicles, rules);
    let adjusted = AdjustedPrices::of(&sample.kept).filter(|_| sample.kept.len() >= rules.minimum_sample)?;
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

/// The first search that keeps the minimum sample after outliers are dropped, else the last one.
///
/// The slopes are those of the widest tier in any case.
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

/// The history with the point that this analysis is about to add.
fn with_this(history: &[HistoryPoint], analysis: &Analysis) -> Vec<HistoryPoint> {
    let &Analysis { analyzed_at: recorded_at, median_price, sample_size, .. } = analysis;
    let this = HistoryPoint { recorded_at, median_price, sample_size, searched_for: Some(analysis.searched_for()) };
    history.iter().filter(|point| point.recorded_at < recorded_at).cloned().chain([this]).collect()
}

/// The comparables that are stored: the nearest by mileage and year.
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
            // As far as the search reaches.
            (Some(_), None) => i64::from(search.limits.mileage_window),
            (None, _) => 0,
        };
        let years = apart(subject.year, one.comparable.year);
        miles.saturating_add(years.saturating_mul(i64::from(rules.miles_a_year)))
    };
    let mut ordered: Vec<_> = kept.iter().map(|one| (far(one), one)).collect();
    let nearer = |(a_far, a): &(i64, &Adjusted<'_>), (b_far, b): &(i64, &Adjusted<'_>)| {
        a_far.cmp(b_far).then_with(|| by_content(a.comparable, b.comparable))
    };
    if rules.stored_comparables < ordered.len() {
        ordered.select_nth_unstable_by(rules.stored_comparables, nearer);
        ordered.truncate(rules.stored_comparables);
    }
    ordered.sort_unstable_by(nearer);
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
    sources: &SourceReport,
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
        auto_dev: sources.searches.clone(),
    }
}
