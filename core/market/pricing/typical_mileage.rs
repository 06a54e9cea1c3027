//! The typical mileage slope: a prior for markets whose few listings say little about what a mile is worth.
//!
//! The Theil-Sen slope `b` of the listings is drawn towards a typical slope `b0` by the share `w` (Lindley and Smith 1972):
//!
//! ```text
//! b_m = b + w (b0 - b),   w = v / (v + t²),   v = s² / Σ (m - mean of the year)²
//! ```
//!
//! `t` is the spread of the slopes of models, `s` the scatter of prices about the line. The more listings there are and the
//! further apart their mileages, the smaller `w`. `docs/pricing.md` has the whole formula and the data behind `b0`.

use super::{
    config::{PricingRules, TypicalMileage},
    quantile::median,
    slope::Point,
};

/// The share of the typical slope for these points, from 0 to 1; `alone` is their own slope.
///
/// Takes `O(n log n)` time for `n` points.
pub(super) fn share(points: &[Point], alone: f64, rules: &PricingRules) -> f64 {
    let TypicalMileage { spread, scatter, scatter_freedom, .. } = rules.typical_mileage;
    let mut points = points.to_vec();
    points.sort_unstable_by_key(|point| point.stratum);
    let mut squares = 0.0;
    let mut freedom = -1.0;
    let mut residuals = Vec::with_capacity(points.len());
    for year in points.chunk_by(|a, b| a.stratum == b.stratum).filter(|year| year.len() > 1) {
        let count = year.len() as f64;
        let mean = year.iter().map(|point| f64::from(point.x)).sum::<f64>() / count;
        squares += year.iter().map(|point| (f64::from(point.x) - mean).powi(2)).sum::<f64>();
        let rests = || year.iter().map(|point| point.y - alone * f64::from(point.x));
        let middle = median(rests().collect()).unwrap_or_default();
        residuals.extend(rests().map(|rest| (rest - middle).abs()));
        freedom += count - 1.0;
    }
    let count = residuals.len() as f64;
    let deviation = median(residuals).map_or(0.0, |size| rules.deviation_scale * size);
    // Two listings of one year leave no degree of freedom to estimate the scatter from.
    let (freedom, own) = if freedom > 0.0 { (freedom, deviation.powi(2) * count) } else { (0.0, 0.0) };
    let variance = match (scatter_freedom * scatter.powi(2) + own) / (scatter_freedom + freedom) {
        variance if variance.is_finite() => variance,
        _ => scatter.powi(2),
    };
    let error = variance / squares;
    let share = error / (error + spread.powi(2));
    if share.is_nan() { 0.0 } else { share }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(typical_mileage: TypicalMileage) -> PricingRules {
        PricingRules { typical_mileage, ..PricingRules::default() }
    }

    const TYPICAL: TypicalMileage =
        TypicalMileage { per_mile: -4e-6, spread: 2e-6, scatter: 0.1, scatter_freedom: 4.0 };

    /// Points as year, thousand miles, and distance from the line `10 - 0.000005 m`.
    fn points(listings: &[(i32, i32, f64)]) -> Vec<Point> {
        let point = |&(stratum, thousands, off)| {
            let x = thousands * 1_000;
            Point { stratum, x, y: 10.0 - 5e-6 * f64::from(x) + off }
        };
        listings.iter().map(point).collect()
    }

    #[test]
    fn the_share_is_the_one_worked_out_by_hand() {
        let five = [(2021, 0, 0.0), (2021, 10, 0.0), (2021, 20, 0.0), (2021, 30, 0.0), (2021, 40, 0.0)];
        let scattered = [(2021, 0, -0.1), (2021, 10, 0.05), (2021, 20, 0.0), (2021, 30, -0.05), (2021, 40, 0.1)];
        let exact = TypicalMileage { scatter_freedom: 0.0, ..TYPICAL };
        for (name, listings, typical, expected) in [
            // Squares 1e9, f = 3: s² = 4 * 0.01 / 7, v = 40/7 e-12, beside t² = 4e-12.
            ("five on the line", &five[..], TYPICAL, 10.0 / 17.0),
            // The residuals' median is 0.05: s² = (0.04 + 5 * (1.4826 * 0.05)²) / 7, as 0.0674762845 / 7.
            ("five about it", &scattered, TYPICAL, 0.067_476_284_5 / (0.067_476_284_5 + 0.028)),
            // Two years: squares 4e8, f = 1, s² = 0.04 / 5, v = 20e-12.
            (
                "two and two of two years",
                &[(2020, 0, 0.3), (2021, 100, 0.0), (2020, 20, 0.3), (2021, 120, 0.0)],
                TYPICAL,
                5.0 / 6.0,
            ),
            // f = 0: the scatter is the typical alone, v = 0.01 / 2e8 = 50e-12.
            ("two", &[(2021, 0, 0.0), (2021, 20, 0.0)], TYPICAL, 25.0 / 27.0),
            ("two, and nothing known of scatter", &[(2021, 0, 0.0), (2021, 20, 0.0)], exact, 25.0 / 27.0),
            (
                "one of another year tells nothing",
                &[(2021, 0, 0.0), (2021, 20, 0.0), (2019, 90, 1.0)],
                TYPICAL,
                25.0 / 27.0,
            ),
            // Ten times as far apart: v is a hundredth.
            ("two far apart", &[(2021, 0, 0.0), (2021, 200, 0.0)], TYPICAL, 0.5 / 4.5),
            ("no doubt of the line", &five, exact, 0.0),
            ("no doubt of the typical", &five, TypicalMileage { spread: 0.0, ..TYPICAL }, 1.0),
            ("nothing is typical", &five, TypicalMileage { spread: f64::INFINITY, ..TYPICAL }, 0.0),
        ] {
            let found = share(&points(listings), -5e-6, &rules(typical));
            assert!((found - expected).abs() < 1e-9, "{name}: {found} is not {expected}");
        }
    }

    #[test]
    fn the_share_falls_as_listings_come_in() {
        let shares = [5, 10, 20, 40, 80, 160, 320, 3_000].map(|count| {
            let listings: Vec<_> =
                (0..count).map(|at| (2021, 10 + 7 * at % 60, if at % 2 == 0 { 0.06 } else { -0.06 })).collect();
            share(&points(&listings), -5e-6, &PricingRules::default())
        });
        assert!(shares.is_sorted_by(|more, less| more > less), "{shares:?}");
        assert!(shares[0] > 0.3 && shares[7] < 0.002, "{shares:?}");
    }

    #[test]
    fn any_numbers_give_a_share() {
        let odd = [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MAX];
        let some = points(&[(2021, 0, 0.0), (2021, 20, 0.1), (2021, 40, 0.0)]);
        for spread in odd {
            for scatter in odd {
                for scatter_freedom in odd {
                    let typical = TypicalMileage { per_mile: -4e-6, spread, scatter, scatter_freedom };
                    let found = share(&some, -5e-6, &rules(typical));
                    assert!((0.0..=1.0).contains(&found), "{typical:?}: {found}");
                }
            }
        }
    }
}
