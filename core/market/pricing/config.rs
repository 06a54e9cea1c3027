//! The numbers of the pricing rule that may be configured, with their defaults and checks.
//!
//! Not here: which quartiles are used (`adjustment`, `outliers`), and how long a listing that nobody sees counts as on the market
//! (`on_the_market_days` in `tracking/config.rs`).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Money,
    competitors::MarketViewRules,
    error::{ErrorCode, Faults, Result},
};

/// How far around the subject one tier of the search reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierLimits {
    /// Miles more or fewer than the subject has.
    pub mileage_window: i32,
    /// Model years above or below the subject's.
    pub year_window: i32,
}

/// What mileage does to the prices of a model before its listings are looked at: the prior of the mileage slope.
///
/// `docs/pricing.md` names the data that the defaults come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TypicalMileage {
    /// The slope of `ln price` on miles: -0.000004, that is 3.9 % less for 10,000 miles more. Zero switches the prior off.
    pub per_mile: f64,
    /// The standard deviation of the slopes of models: 0.0000025. The larger it is, the less the typical slope weighs.
    pub spread: f64,
    /// The standard deviation of `ln price` about the line of one model and year: 0.11.
    pub scatter: f64,
    /// How many degrees of freedom the scatter counts as, beside that of the listings: 4.
    pub scatter_freedom: f64,
}

impl Default for TypicalMileage {
    fn default() -> Self {
        Self { per_mile: -4e-6, spread: 2.5e-6, scatter: 0.11, scatter_freedom: 4.0 }
    }
}

/// The numbers of the pricing rule. Shares are in basis points, 100 to the percent, so that bounds are exact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PricingRules {
    /// The tiers in the order they are tried: 20,000 miles; 50,000 miles; 50,000 miles and one year.
    pub tiers: Vec<TierLimits>,
    /// Comparables further away are left out where the distance is known: 250 miles.
    pub radius_miles: f64,
    /// Comparables on offer for longer, until their sale or now, are left out: 90 days.
    pub listed_within_days: i64,
    /// Comparables sold longer ago are left out: 45 days. The window of the market days supply.
    pub sold_within_days: i64,
    /// Lower prices are placeholders: 1,000.
    pub lowest_price: Money,
    /// Higher prices are mistakes: 500,000.
    pub highest_price: Money,
    /// With fewer kept comparables nothing is recommended: 5.
    pub minimum_sample: usize,
    /// The confidence is moderate from this many comparables on: 15.
    pub moderate_sample: usize,
    /// The confidence is high from this many comparables on: 30.
    pub high_sample: usize,
    /// What mileage typically does to a price. The slope of few listings is drawn towards it.
    pub typical_mileage: TypicalMileage,
    /// The reasons name the typical slope from this share in the mileage slope on: 1,000 (10 %).
    pub report_typical_from_basis_points: u32,
    /// The reasons name a mileage that is this far outside those of all comparables: 10,000.
    pub report_miles_beyond: i32,
    /// The slope on the model year needs at least this many listings of the widest tier: 8.
    pub slope_sample: usize,
    /// No adjustment multiplies or divides a price by more: 2. Beyond that a slope only extrapolates noise.
    pub largest_adjustment: f64,
    /// Outliers lie further than this many scaled deviations from the median: 3.5.
    pub outlier_deviations: f64,
    /// Scales the median absolute deviation to the standard deviation of a normal distribution: 1.4826.
    pub deviation_scale: f64,
    /// Where the deviation is zero, outliers lie this many interquartile ranges outside the quartiles: 1.5.
    pub outlier_quartile_ranges: f64,
    /// A price this far from the median, up or down and inclusive, is still competitive: 1,000 (10 %).
    pub competitive_basis_points: u32,
    /// A price further than this from the median is a critical alert: 1,500 (15 %).
    pub critical_basis_points: u32,
    /// How many of the nearest comparables are stored: 10.
    pub stored_comparables: usize,
    /// How many miles one year of age counts as, when the nearest comparables are chosen: 12,000.
    pub miles_a_year: i32,
    /// The days on market are given from this many sold comparables on: 3.
    pub days_on_market_sample: usize,
    /// A mileage corrected by more than this makes the vehicle another one, and its analysis is dropped: 1,000.
    pub mileage_drift: i32,
    /// A vehicle is due this long after its last analysis: 3 days.
    pub due_after_days: i64,
    /// At most this many vehicles are analysed in one run: 50.
    pub vehicles_a_run: usize,
    /// The velocity compares the median with the one of this long ago: 14 days.
    pub velocity_days: i64,
    /// A point of the history stands for a date no further away than this: 7 days.
    pub velocity_tolerance_days: i64,
    /// The change over a week compares the median with the one of this long ago: 7 days.
    pub week_days: i64,
    /// For the week a point stands for a date no further away than this: 3 days.
    pub week_tolerance_days: i64,
    /// A change of the median up to this, up or down and inclusive, is stable: 500 (5 %).
    pub velocity_basis_points: u32,
}

impl Default for PricingRules {
    fn default() -> Self {
        let believable = MarketViewRules::default();
        Self {
            tiers: vec![
                TierLimits { mileage_window: 20_000, year_window: 0 },
                TierLimits { mileage_window: 50_000, year_window: 0 },
                TierLimits { mileage_window: 50_000, year_window: 1 },
            ],
            radius_miles: 250.0,
            listed_within_days: 90,
            sold_within_days: 45,
            lowest_price: believable.lowest_price,
            highest_price: believable.highest_price,
            minimum_sample: 5,
            moderate_sample: 15,
            high_sample: 30,
            typical_mileage: TypicalMileage::default(),
            report_typical_from_basis_points: 1_000,
            report_miles_beyond: 10_000,
            slope_sample: 8,
            largest_adjustment: 2.0,
            outlier_deviations: 3.5,
            deviation_scale: 1.4826,
            outlier_quartile_ranges: 1.5,
            competitive_basis_points: 1_000,
            critical_basis_points: 1_500,
            stored_comparables: 10,
            miles_a_year: 12_000,
            days_on_market_sample: 3,
            mileage_drift: 1_000,
            due_after_days: 3,
            vehicles_a_run: 50,
            velocity_days: 14,
            velocity_tolerance_days: 7,
            week_days: 7,
            week_tolerance_days: 3,
            velocity_basis_points: 500,
        }
    }
}

impl PricingRules {
    /// The rules, if each number is one that the rule can be applied with.
    ///
    /// ```
    /// let mut rules = jpauto::market::PricingRules::default();
    /// rules.deviation_scale = 0.0;
    /// assert_eq!(rules.checked().unwrap_err().fields()[0].pointer, "/pricing/deviation_scale");
    /// ```
    ///
    /// # Errors
    /// `invalid_pricing_rules`, naming each number that no price can come of.
    pub fn checked(self) -> Result<Self> {
        let mut faults = Faults::default();
        let mut check = |holds: bool, name: &str, expected: &str| {
            faults.check(holds, &format!("/pricing/{name}"), format!("expected {expected}"));
        };
        check(!self.tiers.is_empty(), "tiers", "one tier or more");
        let are_windows = self.tiers.iter().all(|tier| tier.mileage_window >= 0 && tier.year_window >= 0);
        check(are_windows, "tiers", "windows of zero or more");
        let scatter = self.typical_mileage;
        for (name, number) in [
            ("radius_miles", self.radius_miles),
            ("typical_mileage/spread", scatter.spread),
            ("typical_mileage/scatter", scatter.scatter),
            ("typical_mileage/scatter_freedom", scatter.scatter_freedom),
        ] {
            check(number >= 0.0, name, "a number of zero or more");
        }
        check(scatter.per_mile.is_finite(), "typical_mileage/per_mile", "a number");
        for (name, number) in [
            ("outlier_deviations", self.outlier_deviations),
            ("deviation_scale", self.deviation_scale),
            ("outlier_quartile_ranges", self.outlier_quartile_ranges),
        ] {
            check(number > 0.0, name, "a number above zero");
        }
        check(self.largest_adjustment.is_finite() && self.largest_adjustment >= 1.0, "largest_adjustment", "1 or more");
        for (name, days) in [
            ("listed_within_days", self.listed_within_days),
            ("sold_within_days", self.sold_within_days),
            ("due_after_days", self.due_after_days),
            ("velocity_days", self.velocity_days),
            ("velocity_tolerance_days", self.velocity_tolerance_days),
            ("week_days", self.week_days),
            ("week_tolerance_days", self.week_tolerance_days),
        ] {
            check(days >= 0, name, "zero days or more");
        }
        for (name, miles) in [
            ("report_miles_beyond", self.report_miles_beyond),
            ("miles_a_year", self.miles_a_year),
            ("mileage_drift", self.mileage_drift),
        ] {
            check(miles >= 0, name, "zero miles or more");
        }
        check(self.lowest_price <= self.highest_price, "lowest_price", "no more than highest_price");
        faults.into_result(ErrorCode::InvalidPricingRules)?;
        Ok(self)
    }

    /// The reach of the widest tier: what must be loaded for the rule to choose from.
    ///
    /// ```
    /// let widest = jpauto::market::PricingRules::default().widest();
    /// assert_eq!((widest.mileage_window, widest.year_window), (50_000, 1));
    /// ```
    #[must_use]
    pub fn widest(&self) -> TierLimits {
        self.tiers.iter().fold(TierLimits { mileage_window: 0, year_window: 0 }, |widest, tier| TierLimits {
            mileage_window: widest.mileage_window.max(tier.mileage_window),
            year_window: widest.year_window.max(tier.year_window),
        })
    }
}

/// A number of days as a span of time; the longest span where it is too large.
pub(in crate::market) fn days(count: i64) -> TimeDelta {
    TimeDelta::try_days(count).unwrap_or(TimeDelta::MAX)
}

/// A span of time before now, at the earliest the epoch.
pub(in crate::market) fn before(now: DateTime<Utc>, time: TimeDelta) -> DateTime<Utc> {
    now.checked_sub_signed(time).filter(|earlier| earlier.timestamp() >= 0).unwrap_or(DateTime::UNIX_EPOCH)
}
