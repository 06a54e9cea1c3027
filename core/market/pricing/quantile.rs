//! Quantiles and the median of sorted numbers, as numpy and R compute them.

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
        between(value(below), value(below + 1), place.fract())
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

    /// The values in order.
    pub(super) fn values(&self) -> &[f64] {
        &self.0
    }
}

/// The place at a share of the way from one value to the next.
fn between(low: f64, high: f64, share: f64) -> f64 {
    // Each half is counted from its own end, so that rounding never takes the result past an end.
    if share < 0.5 { low + (high - low) * share } else { high - (high - low) * (1.0 - share) }
}

/// [`Sorted::median`] of numbers that are in no order: quicker than to sort them for it alone.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    if !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let (_, &mut low, above) = values.select_nth_unstable_by(last / 2, f64::total_cmp);
    match last.is_multiple_of(2) {
        true => Some(low),
        false => above.iter().copied().min_by(f64::total_cmp).map(|high| between(low, high, 0.5)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert_eq, proptest};

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

    proptest! {
        #[test]
        fn the_median_is_the_same_without_an_order(values in prop::collection::vec(-1e9..1e9, 0..40)) {
            let values: Vec<f64> = values;
            prop_assert_eq!(median(values.clone()), Sorted::new(values).map(|sorted| sorted.median()));
        }
    }
}
