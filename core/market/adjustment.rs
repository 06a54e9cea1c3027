//! The slopes of a market and each price brought to the subject's mileage and year.
//!
//! The model is `ln p = a + b_m m + b_y y + noise`. Newer cars have fewer miles, so a mileage slope over all pairs would take
//! in part of what the year is worth, and a year slope estimated apart would count that part again. Hence `b_m` is the
//! median slope over pairs of one model year, where the year cannot matter (with one year it is the plain Theil-Sen slope),
//! and `b_y` the Theil-Sen slope on the year of `ln p + b_m (m_s - m)`, the price at the subject's mileage.
//!
//! Both are estimated from the widest reach of the search, whichever tier the prices then come from. A slope is the surer the
//! wider the mileages are apart (its variance falls with the square of their spread), and the nearest tier cuts exactly that
//! short: in simulated markets the slope of the tier alone is what most of the error came from, and neighbouring model years
//! lose value with the miles at much the same rate. The level is for the nearest cars to say, the slope for all.
//!
//! Where few listings tell what a mile is worth, `b_m` leans on what it typically is: see `typical.rs`.
//!
//! Tried on the same markets and left: slopes estimated again without the outliers, slopes weighted by the distance of a pair
//! (Sievers 1978), and the Hodges-Lehmann estimate or a one-step biweight instead of the median of the adjusted prices. The first
//! two change next to nothing. The others are nearer by up to a sixth where the faults are few or even, and further off than the
//! plain median by up to an eighth where a quarter of the listings is wrong and most of them one way, which nobody can tell.
//!
//! Signs are prior knowledge that small samples lack: more miles never add value, and at equal mileage a newer model year
//! never takes value away. A slope of the wrong sign is noise, or a quirk of one generation that a window of a year or two
//! cannot tell from noise, and is taken as zero: no adjustment is wrong by less than one in the wrong direction.
//!
//! What is deliberately not here: trims and options, which the search holds equal as far as it can.

use super::{
    Adjustment, Comparable, PricingRules, SlopeOutcome, Subject, TypicalMileage,
    comparables::known_mileage,
    quantile::{Fence, Sorted},
    slope::{Point, theil_sen},
    typical,
};
use crate::Money;

/// A comparable with its price at the subject's mileage and year.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adjusted<'a> {
    pub(super) comparable: &'a Comparable,
    pub(super) price: Money,
    /// In cents, not yet rounded.
    pub(super) cents: f64,
    log: f64,
    limited: bool,
}

impl Adjusted<'_> {
    /// The adjusted price, rounded to the cent.
    pub(super) fn money(&self) -> Money {
        from_cents_rounded(self.cents)
    }
}

/// The nearest whole cent, at least one.
pub(super) fn from_cents_rounded(cents: f64) -> Money {
    #[expect(clippy::cast_possible_truncation, reason = "the cast stops at the ends of the range")]
    Money::from_cents(cents.round().max(1.0) as i64)
}

/// The comparables that were kept, and what was done to them.
pub(super) struct Sample<'a> {
    pub(super) kept: Vec<Adjusted<'a>>,
    pub(super) outliers: usize,
    pub(super) adjustment: Adjustment,
}

/// What the listings of the widest reach say a mile and a model year are worth to the subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slopes {
    mileage: MileageSlope,
    mileage_sample: usize,
    typical_mileage: TypicalMileage,
    per_year: f64,
    year: SlopeOutcome,
    year_sample: usize,
    /// The largest shift of a logarithm, either way.
    limit: f64,
}

/// What a mile is worth, and how far the listings themselves say so.
#[derive(Clone, Copy, Debug)]
struct MileageSlope {
    per_mile: f64,
    alone: Option<f64>,
    typical_share: f64,
    outcome: SlopeOutcome,
}

impl MileageSlope {
    fn of(points: &[Point], rules: &PricingRules) -> Self {
        let typical = rules.typical_mileage.per_mile;
        let alone = theil_sen(points);
        let typical_share = match alone {
            // At a typical slope of zero there is nothing to lean on.
            _ if typical >= 0.0 || points.is_empty() => 0.0,
            None => 1.0,
            Some(alone) => typical::share(points, alone, rules),
        };
        let drawn = alone.map(|alone| alone + typical_share * (typical - alone));
        let (per_mile, outcome) = match drawn {
            None if typical_share > 0.0 => (typical, SlopeOutcome::Typical),
            None => (0.0, SlopeOutcome::NoSpread),
            Some(slope) if slope <= 0.0 => (slope, SlopeOutcome::Applied),
            Some(_) => (0.0, SlopeOutcome::WrongSign),
        };
        Self { per_mile, alone, typical_share, outcome }
    }
}

/// Adjusts the prices to the subject and drops the outliers.
pub(super) fn sample<'a>(
    subject: &Subject,
    comparables: impl IntoIterator<Item = &'a Comparable>,
    slopes: &Slopes,
    rules: &PricingRules,
) -> Sample<'a> {
    let priced = observations(comparables);
    let mut adjustment = slopes.for_sample(subject, &priced);
    let mut adjusted: Vec<_> = priced.iter().map(|one| one.adjusted(subject, slopes)).collect();
    let before = adjusted.len();
    if let Some(logs) = Sorted::new(adjusted.iter().map(|one| one.log).collect()) {
        let fence =
            Fence::around(&logs, rules.outlier_deviations, rules.deviation_scale, rules.outlier_quartile_ranges);
        adjusted.retain(|one| fence.holds(one.log));
    }
    adjustment.mileage_unknown = adjusted.iter().filter(|one| known_mileage(one.comparable.mileage).is_none()).count();
    adjustment.limited = adjusted.iter().filter(|one| one.limited).count();
    Sample { outliers: before - adjusted.len(), kept: adjusted, adjustment }
}

fn observations<'a>(comparables: impl IntoIterator<Item = &'a Comparable>) -> Vec<Observation<'a>> {
    comparables
        .into_iter()
        .filter_map(|comparable| {
            Some(Observation { comparable, price: comparable.price?, log: comparable.price?.dollars().ln() })
        })
        .filter(|observation| observation.log.is_finite())
        .collect()
}

#[derive(Clone, Copy)]
struct Observation<'a> {
    comparable: &'a Comparable,
    price: Money,
    log: f64,
}

impl<'a> Observation<'a> {
    fn adjusted(self, subject: &Subject, slopes: &Slopes) -> Adjusted<'a> {
        let miles = match (known_mileage(subject.mileage), known_mileage(self.comparable.mileage)) {
            (Some(ours), Some(theirs)) => f64::from(ours) - f64::from(theirs),
            _ => 0.0,
        };
        let years = f64::from(subject.year) - f64::from(self.comparable.year);
        let wanted = slopes.mileage.per_mile * miles + slopes.per_year * years;
        let shift = wanted.max(-slopes.limit).min(slopes.limit);
        Adjusted {
            comparable: self.comparable,
            price: self.price,
            cents: self.price.cents() as f64 * shift.exp(),
            log: self.log + shift,
            limited: wanted.abs() > slopes.limit,
        }
    }
}

impl Slopes {
    /// Estimates both slopes; `comparables` are all that the widest tier takes in.
    pub(super) fn of<'a>(
        subject: &Subject,
        comparables: impl IntoIterator<Item = &'a Comparable>,
        rules: &PricingRules,
    ) -> Self {
        let limit = rules.largest_adjustment.ln().abs();
        let priced = observations(comparables);
        let with_miles: Vec<(i32, &Observation<'_>)> =
            priced.iter().filter_map(|one| Some((known_mileage(one.comparable.mileage)?, one))).collect();
        let points: Vec<_> = with_miles
            .iter()
            .map(|&(miles, one)| Point { stratum: one.comparable.year, x: miles, y: one.log })
            .collect();
        let mileage = MileageSlope::of(&points, rules);

        // Without a subject's mileage the sample's middle serves: a reference that no car is far from.
        let ours = known_mileage(subject.mileage).map(f64::from);
        let middle = || Sorted::new(with_miles.iter().map(|&(miles, _)| f64::from(miles)).collect());
        let reference = ours.or_else(|| middle().map(|miles| miles.median())).unwrap_or_default();
        // Few known mileages are no reason to leave the others' years unread.
        let needs_mileage = mileage.per_mile != 0.0 && points.len() >= rules.slope_sample;
        let at_reference = |one: &Observation<'_>| match known_mileage(one.comparable.mileage) {
            Some(miles) => Some(one.log + (mileage.per_mile * (reference - f64::from(miles))).max(-limit).min(limit)),
            None => Some(one.log).filter(|_| !needs_mileage),
        };
        let year_points: Vec<_> =
            priced.iter().filter_map(|one| Some(Point::new(one.comparable.year, at_reference(one)?))).collect();
        let (per_year, year) = year_slope(&year_points, rules);
        Self {
            mileage,
            mileage_sample: points.len(),
            typical_mileage: rules.typical_mileage,
            per_year,
            year,
            year_sample: year_points.len(),
            limit,
        }
    }

    /// What becomes of the slopes in a sample, which need not differ from the subject in either.
    fn for_sample(&self, subject: &Subject, sample: &[Observation<'_>]) -> Adjustment {
        let ours = known_mileage(subject.mileage);
        let is_alike = |miles: i32| ours.is_none_or(|ours| ours == miles);
        let miles_alike = sample.iter().filter_map(|one| known_mileage(one.comparable.mileage)).all(is_alike);
        let years_alike = sample.iter().all(|one| one.comparable.year == subject.year);
        Adjustment {
            per_mile: self.mileage.per_mile,
            per_mile_alone: self.mileage.alone,
            typical_share: self.mileage.typical_share,
            typical_mileage: Some(self.typical_mileage),
            mileage: if miles_alike { SlopeOutcome::NotNeeded } else { self.mileage.outcome },
            mileage_sample: self.mileage_sample,
            per_year: self.per_year,
            year: if years_alike { SlopeOutcome::NotNeeded } else { self.year },
            year_sample: self.year_sample,
            mileage_unknown: 0,
            limited: 0,
        }
    }
}

/// The slope on the year, or zero where it is below.
fn year_slope(points: &[Point], rules: &PricingRules) -> (f64, SlopeOutcome) {
    if points.len() < rules.slope_sample {
        return (0.0, SlopeOutcome::TooFew);
    }
    match theil_sen(points) {
        None => (0.0, SlopeOutcome::NoSpread),
        Some(slope) if slope >= 0.0 => (slope, SlopeOutcome::Applied),
        Some(_) => (0.0, SlopeOutcome::WrongSign),
    }
}
