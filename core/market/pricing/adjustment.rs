//! Adjustment: each price brought to the subject's mileage and year.
//!
//! The model is `ln p = a + b_m m + b_y y + noise`. `b_m` is the Theil-Sen slope over pairs of one model year, drawn towards a
//! typical one where the listings say little (`typical_mileage`). `b_y` is the Theil-Sen slope on the year of the prices
//! already adjusted for mileage. Both are estimated from the widest tier, whichever tier the prices come from. A slope of the
//! wrong sign is taken as zero. `docs/pricing.md` says why, and what else was tried.

use serde::{Deserialize, Serialize};

use super::{
    comparables::Comparable,
    config::{PricingRules, TypicalMileage},
    outliers,
    quantile::{Sorted, median},
    slope::{Point, theil_sen},
    subject::{Subject, known_mileage},
    typical_mileage,
};
use crate::Money;

/// What became of an adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SlopeOutcome {
    /// The slope was used.
    Applied,
    /// No comparable is known to differ from the subject.
    NotNeeded,
    /// All comparables are alike, so there is nothing to estimate from.
    NoSpread,
    /// Too few comparables to estimate it.
    TooFew,
    /// The slope had a sign that no market has, so none was used.
    WrongSign,
    /// The comparables are alike, so the typical slope was used.
    Typical,
}

/// The slopes of `ln price` that the prices were adjusted with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Adjustment {
    /// `b_m`, at most zero. It moves prices only where the outcome is `applied` or `typical`.
    pub per_mile: f64,
    /// The Theil-Sen slope of the listings alone, of either sign; `None` where they are alike in mileage.
    #[serde(default)]
    pub per_mile_alone: Option<f64>,
    /// The share of the typical slope in `b_m`, from 0 to 1; the rest is from the listings.
    #[serde(default)]
    pub typical_share: f64,
    /// The typical slope that was assumed; `None` in analyses stored before it was recorded.
    #[serde(default)]
    pub typical_mileage: Option<TypicalMileage>,
    /// What became of the mileage slope.
    pub mileage: SlopeOutcome,
    /// How many listings of the widest tier the mileage slope was estimated from.
    pub mileage_sample: usize,
    /// `b_y`, at least zero.
    pub per_year: f64,
    /// What became of the year slope.
    pub year: SlopeOutcome,
    /// How many listings of the widest tier the year slope was estimated from.
    pub year_sample: usize,
    /// Kept comparables of unknown mileage; they are not adjusted for it.
    pub mileage_unknown: usize,
    /// Kept comparables whose adjustment was cut at the largest allowed.
    pub limited: usize,
}

/// The prices of the kept comparables after adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdjustedPrices {
    /// Lowest.
    pub min: Money,
    /// First quartile (type 7).
    pub p25: Money,
    /// Middle; what our price is compared with.
    pub median: Money,
    /// Third quartile (type 7).
    pub p75: Money,
    /// Highest.
    pub max: Money,
}

/// A comparable with its price at the subject's mileage and year.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adjusted<'a> {
    pub(super) comparable: &'a Comparable,
    pub(super) price: Money,
    /// In cents, not yet rounded.
    pub(super) cents: f64,
    /// The logarithm of the adjusted price in dollars.
    pub(super) log: f64,
    /// Whether the adjustment was cut at the largest allowed.
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

/// The lowest, median and highest of the raw prices.
#[derive(Clone, Copy)]
pub(super) struct RawPrices {
    pub(super) min: Money,
    pub(super) median: Money,
    pub(super) max: Money,
}

impl RawPrices {
    /// `None` without a comparable.
    pub(super) fn of(kept: &[Adjusted<'_>]) -> Option<Self> {
        let prices = || kept.iter().map(|one| one.price);
        Some(Self {
            min: prices().min()?,
            median: from_cents_rounded(median(prices().map(|price| price.cents() as f64).collect())?),
            max: prices().max()?,
        })
    }
}

impl AdjustedPrices {
    /// `None` without a comparable.
    pub(super) fn of(kept: &[Adjusted<'_>]) -> Option<Self> {
        let cents = Sorted::new(kept.iter().map(|one| one.cents).collect())?;
        Some(Self {
            min: from_cents_rounded(cents.min()),
            p25: from_cents_rounded(cents.quantile(0.25)),
            median: from_cents_rounded(cents.median()),
            p75: from_cents_rounded(cents.quantile(0.75)),
            max: from_cents_rounded(cents.max()),
        })
    }
}

/// The comparables that were kept, and what was done to them.
pub(super) struct Sample<'a> {
    pub(super) kept: Vec<Adjusted<'a>>,
    pub(super) outliers: usize,
    pub(super) adjustment: Adjustment,
}

/// The value of a mile and of a model year, estimated from the listings of the widest tier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slopes {
    mileage: MileageSlope,
    mileage_sample: usize,
    typical_mileage: TypicalMileage,
    per_year: f64,
    year: SlopeOutcome,
    year_sample: usize,
    /// The largest shift of a logarithm, up or down.
    limit: f64,
}

/// The value of a mile, and how much of it the listings themselves say.
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
            // A typical slope of zero switches the prior off.
            _ if typical >= 0.0 || points.is_empty() => 0.0,
            None => 1.0,
            Some(alone) => typical_mileage::share(points, alone, rules),
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
    let mut kept: Vec<_> = priced.iter().map(|one| one.adjusted(subject, slopes)).collect();
    let outliers = outliers::remove(&mut kept, rules);
    adjustment.mileage_unknown = kept.iter().filter(|one| known_mileage(one.comparable.mileage).is_none()).count();
    adjustment.limited = kept.iter().filter(|one| one.limited).count();
    Sample { kept, outliers, adjustment }
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

        // Without a mileage of the subject the median of the sample is the reference.
        let ours = known_mileage(subject.mileage).map(f64::from);
        let middle = || median(with_miles.iter().map(|&(miles, _)| f64::from(miles)).collect());
        let reference = ours.or_else(middle).unwrap_or_default();
        // Where few mileages are known, listings without one still count for the year.
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

    /// What becomes of the slopes in a sample. It may not differ from the subject in mileage or year at all.
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

/// The slope on the year; zero where it is negative.
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
