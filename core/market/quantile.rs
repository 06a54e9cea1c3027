//! Quantiles, the median, and which values lie too far from it.
//!
//! What is deliberately not here: weights, streaming, and any number that is the domain's to choose.

/// Values below this are rounding noise of logarithms: a hundred-thousandth of a dollar on a price of 10,000.
const NEGLIGIBLE: f64 = 1e-9;

/// Numbers in ascending order, at least one, all finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// The values in order, `None` where there are none or one is not finite.
    #[must_use]
    pub fn new(mut values: Vec<f64>) -> Option<Self> {
        if values.is_empty() || !values.iter().all(|value| value.is_finite()) {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        Some(Self(values))
    }

    /// The quantile of the given share by type 7 of Hyndman and Fan (1996), the default of numpy and R.
    ///
    /// With `h = (n - 1) * share` it lies between the values of ranks `floor(h)` and `floor(h) + 1`, counted from zero.
    ///
    /// ```
    /// use jpauto::market::quantile::Sorted;
    ///
    /// let prices = Sorted::new(vec![40.0, 10.0, 20.0, 30.0]).unwrap();
    /// assert_eq!(prices.quantile(0.25), 17.5);
    /// assert_eq!(prices.median(), 25.0);
    /// ```
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = share.clamp(0.0, 1.0) * last as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between zero and the last index")]
        let below = place.floor() as usize;
        let value = |index: usize| self.0.get(index.min(last)).copied().unwrap_or_default();
        let (low, high) = (value(below), value(below + 1));
        // Each half is walked from its own end, so that the ends are met exactly and the result never runs past them.
        let share = place.fract();
        if share < 0.5 { low + (high - low) * share } else { high - (high - low) * (1.0 - share) }
    }

    /// The middle value, or the mean of the middle two.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The smallest value.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.quantile(0.0)
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.quantile(1.0)
    }
}

/// The values from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fence {
    low: f64,
    high: f64,
}

impl Fence {
    /// Whether the value lies within.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The fence around the median at `deviations` times the scaled median absolute deviation.
    ///
    /// The deviation is scaled by 1.4826 to that of a normal distribution (Iglewicz and Hoaglin 1993). Where more than
    /// half of the values are the same it is zero and says nothing; the fence then stands `quartile_ranges` times the
    /// interquartile range outside the quartiles (Tukey 1977).
    #[must_use]
    pub fn around(values: &Sorted, deviations: f64, normal_scale: f64, quartile_ranges: f64) -> Self {
        let median = values.median();
        let distances = values.0.iter().map(|value| (value - median).abs()).collect();
        let deviation = Sorted::new(distances).map_or(0.0, |distances| distances.median());
        let (low, high) = if deviation > NEGLIGIBLE {
            let reach = deviations * normal_scale * deviation;
            (median - reach, median + reach)
        } else {
            let (lower, upper) = (values.quantile(0.25), values.quantile(0.75));
            let reach = quartile_ranges * (upper - lower);
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
    fn quantiles_are_those_of_type_seven() {
        let cases: [(&[f64], f64, f64); 10] = [
            (&[5.0], 0.25, 5.0),
            (&[1.0, 2.0], 0.5, 1.5),
            (&[1.0, 2.0], 0.25, 1.25),
            (&[3.0, 1.0, 2.0], 0.5, 2.0),
            (&[1.0, 2.0, 3.0, 4.0], 0.5, 2.5),
            (&[1.0, 2.0, 3.0, 4.0], 0.75, 3.25),
            (&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25, 2.0),
            (&[15.0, 20.0, 35.0, 40.0, 50.0], 0.4, 29.0),
            (&[1.0, 9.0], 0.0, 1.0),
            (&[1.0, 9.0], 1.0, 9.0),
        ];
        for (values, share, expected) in cases {
            let found = sorted(values).quantile(share);
            assert!((found - expected).abs() < 1e-12, "{values:?} at {share}: {found}");
        }
    }

    #[test]
    fn nothing_and_what_is_no_number_have_no_order() {
        assert_eq!(Sorted::new(Vec::new()), None);
        assert_eq!(Sorted::new(vec![1.0, f64::NAN]), None);
        assert_eq!(Sorted::new(vec![f64::INFINITY]), None);
    }

    #[test]
    fn the_fence_stands_at_the_scaled_deviation() {
        // Median 3, deviations 2 1 0 1 2: the middle one is 1, so the fence stands at 3 -+ 3.5 * 1.4826 = 3 -+ 5.1891.
        let fence = Fence::around(&sorted(&[1.0, 2.0, 3.0, 4.0, 5.0]), 3.5, 1.4826, 1.5);
        assert!(fence.holds(8.189) && !fence.holds(8.190));
        assert!(fence.holds(-2.189) && !fence.holds(-2.190));
    }

    #[test]
    fn without_a_deviation_the_fence_stands_at_the_quartiles() {
        // Five of nine are 10. Quartiles 10 and 12, so the fence stands at 10 - 3 and 12 + 3.
        let fence = Fence::around(&sorted(&[9.0, 10.0, 10.0, 10.0, 10.0, 10.0, 12.0, 14.0, 20.0]), 3.5, 1.4826, 1.5);
        assert!(fence.holds(7.0) && fence.holds(15.0) && !fence.holds(6.99) && !fence.holds(15.01));
    }

    #[test]
    fn rounding_noise_puts_nothing_outside() {
        let noisy = [9.0, 9.0 + 2e-16, 9.0 - 2e-15, 9.0 + 4e-15, 9.0 + 9e-14];
        let fence = Fence::around(&sorted(&noisy), 3.5, 1.4826, 1.5);
        assert!(noisy.iter().all(|value| fence.holds(*value)));
    }
}
