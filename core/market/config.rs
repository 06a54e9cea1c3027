//! Every number of the pricing rule, with its default.
//!
//! What is deliberately not here: where comparables come from, keys of outside services, and the schedule.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::Money;

/// How far around the subject one tier of the search reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierLimits {
    /// Miles more or less than the subject has.
    pub mileage_window: i32,
    /// Model years more or less than the subject's.
    pub year_window: i32,
}

/// What mileage does to the prices of a model, as far as is known before its listings are looked at.
///
/// The defaults are read off public collections of listings in the United States, each make by itself and cars of one age among
/// themselves, by least squares of `ln price` on miles. Changes of the price for 10,000 miles more, in percent, with their
/// standard errors:
///
/// | listings | slope |
/// | --- | --- |
/// | Mazda 6, Honda Accord, Nissan Maxima; 30 each of 2017 | -1.0 ± 3.1, -2.7 ± 1.7, -6.3 ± 1.7 |
/// | Porsche, BMW, Jaguar; 30 each of 2007 | -6.5 ± 2.6, -3.5 ± 2.7, -12.7 ± 6.1 |
/// | Ford Focus; 150 of 2012 | -3.5 ± 0.6 |
///
/// The first two are `ThreeCars2017` and `ThreeCars` of Cannon et al. 2019, "Stat2: Modeling with Regression and ANOVA" (the R package
/// `Stat2Data`), the third is of Lantz 2013, "Machine Learning with R". Their mean, each weighted by its precision, is -3.8, and
/// without the last of the second row, which mixes models, they have a standard deviation of 2.1; the prices of one make and age
/// stand 12 to 34 % about their line, those of the one model of the largest collection 11 %. That is little to go by, so the
/// spread is wider.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TypicalMileage {
    /// The slope of `ln price` on miles: -0.000004, that is 3.9 % less for 10,000 miles more. At 0 nothing is taken for typical.
    pub per_mile: f64,
    /// The standard deviation of the slopes of models: 0.0000025. The larger it is, the less the typical slope weighs.
    pub spread: f64,
    /// The standard deviation of `ln price` about the line of one model and year: 0.11.
    pub scatter: f64,
    /// As how many degrees of freedom the scatter counts beside that of the listings: 4.
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
    /// Comparables on offer for longer, up to their sale or now, are left out: 90 days.
    pub listed_within_days: i64,
    /// Sold comparables count for so long after the sale: 45 days.
    pub sold_within_days: i64,
    /// Lower prices are placeholders: 1,000.
    pub lowest_price: Money,
    /// Higher prices are mistakes: 500,000.
    pub highest_price: Money,
    /// Under so many kept comparables nothing is recommended: 5.
    pub minimum_sample: usize,
    /// From so many comparables on the confidence is moderate: 15.
    pub moderate_sample: usize,
    /// From so many comparables on the confidence is high: 30.
    pub high_sample: usize,
    /// What mileage typically does to a price; the slope of few listings is drawn towards it.
    pub typical_mileage: TypicalMileage,
    /// From this share in the mileage slope on the reasons name the typical one: 1,000 (10 %).
    pub typical_told_basis_points: u32,
    /// A mileage this far outside those of all comparables is told among the reasons: 10,000.
    pub miles_beyond_told: i32,
    /// The slope on the model year is estimated from at least so many listings of the widest tier: 8.
    pub slope_sample: usize,
    /// No adjustment multiplies or divides a price by more: 2. What goes further is noise, extrapolated.
    pub largest_adjustment: f64,
    /// Outliers lie further than so many scaled deviations from the median: 3.5.
    pub outlier_deviations: f64,
    /// Scales the median absolute deviation to the standard deviation of a normal distribution: 1.4826.
    pub deviation_scale: f64,
    /// Without a deviation, outliers lie so many interquartile ranges outside the quartiles: 1.5.
    pub outlier_quartile_ranges: f64,
    /// A price up to so far from the median, either way and inclusive, is competitive: 1,000 (10 %).
    pub competitive_basis_points: u32,
    /// A price further than this from the median is a critical alert: 1,500 (15 %).
    pub critical_basis_points: u32,
    /// So many of the nearest comparables are stored: 10.
    pub stored_comparables: usize,
    /// One year of age is as far as so many miles when the nearest comparables are chosen: 12,000.
    pub miles_a_year: i32,
    /// From so many sold comparables on the days to a sale are said: 3.
    pub days_to_sell_sample: usize,
    /// A vehicle whose mileage is corrected by more than so many miles is no longer the one that was analysed: 1,000.
    pub mileage_drift: i32,
    /// A vehicle is due so long after its last analysis: 3 days.
    pub due_after_days: i64,
    /// At most so many vehicles are analysed in one run: 50.
    pub vehicles_a_run: usize,
    /// The velocity compares the median with the one of so long ago: 14 days.
    pub velocity_days: i64,
    /// A point of the history stands for a date no further away than this: 7 days.
    pub velocity_tolerance_days: i64,
    /// The change over a week compares the median with the one of so long ago: 7 days.
    pub week_days: i64,
    /// For the week a point stands for a date no further away than this: 3 days.
    pub week_tolerance_days: i64,
    /// A change of the median up to so much, either way and inclusive, is stable: 500 (5 %).
    pub velocity_basis_points: u32,
}

impl Default for PricingRules {
    fn default() -> Self {
        Self {
            tiers: vec![
                TierLimits { mileage_window: 20_000, year_window: 0 },
                TierLimits { mileage_window: 50_000, year_window: 0 },
                TierLimits { mileage_window: 50_000, year_window: 1 },
            ],
            radius_miles: 250.0,
            listed_within_days: 90,
            sold_within_days: 45,
            lowest_price: Money::from_dollars(1_000),
            highest_price: Money::from_dollars(500_000),
            minimum_sample: 5,
            moderate_sample: 15,
            high_sample: 30,
            typical_mileage: TypicalMileage::default(),
            typical_told_basis_points: 1_000,
            miles_beyond_told: 10_000,
            slope_sample: 8,
            largest_adjustment: 2.0,
            outlier_deviations: 3.5,
            deviation_scale: 1.4826,
            outlier_quartile_ranges: 1.5,
            competitive_basis_points: 1_000,
            critical_basis_points: 1_500,
            stored_comparables: 10,
            miles_a_year: 12_000,
            days_to_sell_sample: 3,
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
    /// The reach of the widest tier each way: what must be loaded for the rule to choose from.
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

/// So many days as a span of time, the longest span where they are too many.
pub(super) fn days(count: i64) -> TimeDelta {
    TimeDelta::try_days(count).unwrap_or(TimeDelta::MAX)
}
