//! The outlier rule: prices are dropped that lie too far from the median of the adjusted logarithms, in scaled deviations; where
//! more than half of them are equal, too far outside the quartiles.

use super::{
    adjustment::Adjusted,
    config::PricingRules,
    quantile::{self, Sorted},
};

/// Differences of logarithms below this are rounding noise: a hundred-thousandth of a dollar on a price of 10,000.
const NEGLIGIBLE: f64 = 1e-9;

/// Removes the outliers, and says how many there were.
pub(super) fn remove(adjusted: &mut Vec<Adjusted<'_>>, rules: &PricingRules) -> usize {
    let before = adjusted.len();
    if let Some(logs) = Sorted::new(adjusted.iter().map(|one| one.log).collect()) {
        let fence = Fence::around(&logs, rules);
        adjusted.retain(|one| fence.holds(one.log));
    }
    before - adjusted.len()
}

/// The values from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fence {
    low: f64,
    high: f64,
}

impl Fence {
    fn holds(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The fence at `outlier_deviations` scaled median absolute deviations on either side of the median.
    ///
    /// The deviation is scaled by 1.4826 to that of a normal distribution (Iglewicz and Hoaglin 1993). It is zero where more
    /// than half of the values are the same. The fence then stands `outlier_quartile_ranges` interquartile ranges outside the
    /// quartiles (Tukey 1977).
    fn around(values: &Sorted, rules: &PricingRules) -> Self {
        let median = values.median();
        let distances = values.values().iter().map(|value| (value - median).abs()).collect();
        let deviation = quantile::median(distances).unwrap_or_default();
        let (low, high) = if deviation > NEGLIGIBLE {
            let reach = rules.outlier_deviations * rules.deviation_scale * deviation;
            (median - reach, median + reach)
        } else {
            let (lower, upper) = (values.quantile(0.25), values.quantile(0.75));
            let reach = rules.outlier_quartile_ranges * (upper - lower);
            (lower - reach, upper + reach)
        };
        Self { low: low - NEGLIGIBLE, high: high + NEGLIGIBLE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(values: &[f64]) -> Sorted {
        Sorted::new(values.to_vec()).unwrap()
    }

    #[test]
    fn the_fence_stands_at_the_scaled_deviation() {
        // Median 3, deviations 2 1 0 1 2: the middle one is 1, so the fence stands at 3 -+ 3.5 * 1.4826 = 3 -+ 5.1891.
        let fence = Fence::around(&sorted(&[1.0, 2.0, 3.0, 4.0, 5.0]), &PricingRules::default());
        assert!(fence.holds(8.189) && !fence.holds(8.190));
        assert!(fence.holds(-2.189) && !fence.holds(-2.190));
    }

    #[test]
    fn without_a_deviation_the_fence_stands_at_the_quartiles() {
        // Five of nine are 10. Quartiles 10 and 12, so the fence stands at 10 - 3 and 12 + 3.
        let fence =
            Fence::around(&sorted(&[9.0, 10.0, 10.0, 10.0, 10.0, 10.0, 12.0, 14.0, 20.0]), &PricingRules::default());
        assert!(fence.holds(7.0) && fence.holds(15.0) && !fence.holds(6.99) && !fence.holds(15.01));
    }

    #[test]
    fn rounding_noise_puts_nothing_outside() {
        let noisy = [9.0, 9.0 + 2e-16, 9.0 - 2e-15, 9.0 + 4e-15, 9.0 + 9e-14];
        let fence = Fence::around(&sorted(&noisy), &PricingRules::default());
        assert!(noisy.iter().all(|value| fence.holds(*value)));
    }
}
