//! The Theil-Sen slope: the median of the slopes of all pairs of points, exact, in memory linear in the points.
//!
//! Up to [`PAIRWISE_POINTS`] points all pairs are gone through (`middle`). Beyond, the median slope is selected without: the pairs
//! whose slope is below a trial slope `t` are the inversions between the order by `x` and the order by `y - t x`, which a merge
//! sort counts in O(n log n). Random pairs serve as trials until few pairs are left (Matoušek 1991, "Randomized optimal
//! algorithm for slope selection"; Theil 1950 and Sen 1968 for the estimator). Chance affects the time only, never the result:
//! orders are compared in whole numbers.

mod middle;

use std::cmp::Ordering;

use fastrand::Rng;

/// Up to this many points going through every pair is faster (measured: the two meet between 300 and 600), in at most 720 kB.
pub const PAIRWISE_POINTS: usize = 300;

/// The values of `y` lie on a grid of 2^-50: finer than the spacing of the doubles between 4 and 16, where the
/// logarithms of prices from 55 dollars up are.
const GRID: f64 = (1_u64 << 50) as f64;
/// Beyond this the grid would leave the 64 bits that hold it.
const LARGEST_Y: f64 = 1024.0;
/// Pairs are listed once at most this many times the number of points are left.
const LISTED_PER_POINT: u64 = 4;
/// Half the width of the bracket around the wanted rank in a sample of `s`, in units of the square root of `s`.
const BRACKET: f64 = 1.0;
/// A fixed seed makes the running time repeatable.
const SEED: u64 = 0x7e11_5e4a;

/// One observation; only points of the same stratum are paired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The group within which pairs are made. All points in one group give the plain estimator.
    pub stratum: i32,
    /// The explaining variable.
    pub x: i32,
    /// The explained variable, at most 1024 either way.
    pub y: f64,
}

impl Point {
    /// A point of the plain, unstratified estimator.
    #[must_use]
    pub const fn new(x: i32, y: f64) -> Self {
        Self { stratum: 0, x, y }
    }
}

/// The median of the slopes of all pairs of one stratum with different `x`, `None` where there is no such pair.
///
/// Equal to the middle slope, or the mean of the two middle slopes, of `scipy.stats.theilslopes` where there is one
/// stratum. With several it is the seasonal slope of Hirsch, Slack and Smith (1982, "Techniques of trend analysis for
/// monthly water quality data"). `None` too where a `y` is not a number or beyond 1024.
///
/// ```
/// use jpauto::market::slope::{Point, theil_sen};
///
/// let points = [Point::new(0, 5.0), Point::new(1, 4.0), Point::new(2, 3.5), Point::new(3, 100.0)];
/// // Slopes: -1, -0.75, 31.67, -0.5, 48, 96.5; the middle two are -0.5 and 31.67.
/// assert!((theil_sen(&points).unwrap() - 15.583_333).abs() < 1e-6);
/// ```
#[must_use]
pub fn theil_sen(points: &[Point]) -> Option<f64> {
    let points = Grid::new(points)?;
    let pairs = points.pairs();
    let lower_rank = pairs.checked_sub(1)? / 2;
    let has_two_middles = pairs.is_multiple_of(2);
    if points.0.len() <= PAIRWISE_POINTS {
        return middle::median(&points);
    }
    let lower = points.select(lower_rank)?;
    let upper = if has_two_middles && points.count(lower.just_above()) == lower_rank + 1 {
        points.next_above(lower)?
    } else {
        lower
    };
    Some(f64::midpoint(lower.value(), upper.value()))
}

/// A slope as the exact quotient of two whole numbers; `run` is above zero.
#[derive(Clone, Copy, Debug)]
struct Slope {
    rise: i64,
    run: i64,
}

impl Slope {
    fn value(self) -> f64 {
        (self.rise as f64 / GRID) / self.run as f64
    }

    fn compare(self, other: Self) -> Ordering {
        (i128::from(self.rise) * i128::from(other.run)).cmp(&(i128::from(other.rise) * i128::from(self.run)))
    }

    fn just_below(self) -> Cut {
        Cut::Below(self)
    }

    fn just_above(self) -> Cut {
        Cut::Above(self)
    }
}

/// A place between slopes: no pair has exactly this slope.
#[derive(Clone, Copy, Debug)]
enum Cut {
    BelowAll,
    Below(Slope),
    Above(Slope),
    AboveAll,
}

#[derive(Clone, Copy, Debug)]
struct GridPoint {
    stratum: i32,
    x: i64,
    y: i64,
}

impl GridPoint {
    /// The slope to a later point of the same stratum, `None` where the two are not a pair.
    fn slope_to(self, later: Self) -> Option<Slope> {
        let run = later.x - self.x;
        (self.stratum == later.stratum && run > 0).then(|| Slope { rise: later.y - self.y, run })
    }
}

/// The points on the grid, ordered by stratum, then `x`, then `y`.
struct Grid(Vec<GridPoint>);

impl Grid {
    fn new(points: &[Point]) -> Option<Self> {
        let mut grid = points
            .iter()
            .map(|point| {
                let fits = point.y.abs() <= LARGEST_Y;
                #[expect(clippy::cast_possible_truncation, reason = "2^10 * 2^50 fits in 64 bits; checked just above")]
                fits.then(|| GridPoint {
                    stratum: point.stratum,
                    x: i64::from(point.x),
                    y: (point.y * GRID).round() as i64,
                })
            })
            .collect::<Option<Vec<_>>>()?;
        grid.sort_unstable_by_key(|point| (point.stratum, point.x, point.y));
        Some(Self(grid))
    }

    /// How many pairs have a slope at all.
    fn pairs(&self) -> u64 {
        let mut pairs = 0;
        for stratum in self.0.chunk_by(|a, b| a.stratum == b.stratum) {
            let mut before = 0;
            for same_x in stratum.chunk_by(|a, b| a.x == b.x) {
                pairs += before * same_x.len() as u64;
                before += same_x.len() as u64;
            }
        }
        pairs
    }

    /// The points in the order of `y - cut * x` within their stratum; pairs change places as the cut passes their slope.
    fn order_at(&self, cut: Cut) -> Vec<u32> {
        let slope = match cut {
            Cut::Below(slope) | Cut::Above(slope) => slope,
            Cut::BelowAll | Cut::AboveAll => Slope { rise: 0, run: 0 },
        };
        let ascending = matches!(cut, Cut::BelowAll | Cut::Below(_));
        let mut keyed: Vec<(i32, i128, i64, u32)> = (0_u32..)
            .zip(&self.0)
            .map(|(index, point)| {
                let height = i128::from(point.y) * i128::from(slope.run) - i128::from(slope.rise) * i128::from(point.x);
                // Points at one height stand as they do just beside the cut. Equal points keep their order always.
                (point.stratum, height, if ascending { point.x } else { -point.x }, index)
            })
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(.., index)| index).collect()
    }

    /// How many pairs have a slope below the cut.
    fn count(&self, cut: Cut) -> u64 {
        Crossing::between(&self.order_at(Cut::BelowAll), self.order_at(cut)).count()
    }

    /// The slope of the given rank, counted from zero.
    fn select(&self, rank: u64) -> Option<Slope> {
        let mut rng = Rng::with_seed(SEED);
        let (mut low, mut below_low) = (Cut::BelowAll, 0);
        let mut high = Cut::AboveAll;
        loop {
            let crossing = Crossing::between(&self.order_at(low), self.order_at(high));
            let left = crossing.count();
            let sought = rank.checked_sub(below_low).filter(|sought| *sought < left)?;
            if left <= LISTED_PER_POINT * self.0.len() as u64 {
                let mut slopes = self.slopes_of(&crossing.pairs(0..left));
                let sought = usize::try_from(sought).ok()?;
                slopes.get(sought)?;
                return Some(*slopes.select_nth_unstable_by(sought, |a, b| a.compare(*b)).1);
            }
            let mut chosen: Vec<u64> = (0..self.0.len()).map(|_| rng.u64(0..left)).collect();
            chosen.sort_unstable();
            let mut sample = self.slopes_of(&crossing.pairs(chosen));
            sample.sort_unstable_by(|a, b| a.compare(*b));
            for trial in bracket(&sample, sought as f64 / left as f64) {
                let below = self.count(trial.just_below());
                if rank < below {
                    high = trial.just_below();
                    break;
                }
                let not_above = self.count(trial.just_above());
                if rank < not_above {
                    return Some(trial);
                }
                if not_above > below_low {
                    (low, below_low) = (trial.just_above(), not_above);
                }
            }
        }
    }

    fn slopes_of(&self, pairs: &[(u32, u32)]) -> Vec<Slope> {
        let point = |index: u32| self.0.get(index as usize);
        pairs
            .iter()
            .filter_map(|&(a, b)| {
                let (a, b) = (point(a)?, point(b)?);
                a.slope_to(*b).or_else(|| b.slope_to(*a))
            })
            .collect()
    }

    /// The smallest slope above the given one: the next two points to change places are neighbours.
    fn next_above(&self, slope: Slope) -> Option<Slope> {
        let order: Vec<GridPoint> = self
            .order_at(slope.just_above())
            .into_iter()
            .filter_map(|index| self.0.get(index as usize).copied())
            .collect();
        order
            .windows(2)
            .filter_map(|neighbours| match neighbours {
                [a, b] => a.slope_to(*b),
                _ => None,
            })
            .min_by(|a, b| a.compare(*b))
    }
}

/// Two values of a sorted sample that are likely to lie on either side of the sought share.
fn bracket(sample: &[Slope], share: f64) -> impl Iterator<Item = Slope> {
    let size = sample.len() as f64;
    let (middle, margin) = (share * size, BRACKET * size.sqrt());
    [middle - margin, middle + margin].into_iter().filter_map(move |place| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the indices of the slice"
        )]
        let index = place.clamp(0.0, size - 1.0) as usize;
        sample.get(index).copied()
    })
}

/// Two orders of the same points; the pairs that stand differently in them have a slope between the two cuts.
struct Crossing {
    /// For each place of the first order, the place of its point in the second.
    places: Vec<u32>,
    second: Vec<u32>,
}

impl Crossing {
    fn between(first: &[u32], second: Vec<u32>) -> Self {
        let mut place_of = vec![0_u32; second.len()];
        for (place, &index) in (0_u32..).zip(&second) {
            if let Some(slot) = place_of.get_mut(index as usize) {
                *slot = place;
            }
        }
        let places = first.iter().filter_map(|&index| place_of.get(index as usize).copied()).collect();
        Self { places, second }
    }

    fn count(&self) -> u64 {
        let mut count = 0;
        merge_sort(&mut self.places.clone(), |larger, _| count += larger.len() as u64);
        count
    }

    /// The crossing pairs at the given places, ascending, of the order in which the merge sort meets them.
    fn pairs(&self, wanted: impl IntoIterator<Item = u64>) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        let mut wanted = wanted.into_iter().peekable();
        let mut met = 0;
        let point = |place: u32| self.second.get(place as usize).copied();
        merge_sort(&mut self.places.clone(), |larger, smaller| {
            let end = met + larger.len() as u64;
            while let Some(number) = wanted.next_if(|number| *number < end) {
                let partner = usize::try_from(number - met).ok().and_then(|offset| larger.get(offset));
                pairs.extend(partner.and_then(|&larger| Some((point(larger)?, point(smaller)?))));
            }
            met = end;
        });
        pairs
    }
}

/// Sorts, and reports each element that moves left together with the run of larger elements it passes.
fn merge_sort(values: &mut Vec<u32>, mut passed: impl FnMut(&[u32], u32)) {
    let mut merged = Vec::with_capacity(values.len());
    let mut width = 1;
    while width < values.len() {
        merged.clear();
        for run in values.chunks(2 * width) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            while let ([first, left_rest @ ..], [second, right_rest @ ..]) = (left, right) {
                if first < second {
                    merged.push(*first);
                    left = left_rest;
                } else {
                    passed(left, *second);
                    merged.push(*second);
                    right = right_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(values, &mut merged);
        width *= 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::*;

    /// The definition, as `scipy.stats.theilslopes` computes it.
    fn by_definition(points: &[Point]) -> Option<f64> {
        let mut slopes = Vec::new();
        for a in points {
            for b in points {
                if a.stratum == b.stratum && b.x > a.x {
                    slopes.push((b.y - a.y) / (f64::from(b.x) - f64::from(a.x)));
                }
            }
        }
        slopes.sort_by(f64::total_cmp);
        let middle = slopes.len() / 2;
        match slopes.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(slopes[middle]),
            _ => Some((slopes[middle - 1] + slopes[middle]) / 2.0),
        }
    }

    /// By selection, however few the points are.
    fn selected(points: &[Point]) -> Option<f64> {
        let grid = Grid::new(points)?;
        let pairs = grid.pairs();
        let lower = grid.select(pairs.checked_sub(1)? / 2)?;
        let upper = grid.select(pairs / 2)?;
        let neighbour = if grid.count(lower.just_above()) > pairs / 2 { lower } else { grid.next_above(lower)? };
        if pairs % 2 == 0 {
            assert_eq!(neighbour.compare(upper), Ordering::Equal, "the next slope above is the one of the next rank");
        }
        Some((lower.value() + upper.value()) / 2.0)
    }

    fn plain(points: &[(i32, f64)]) -> Vec<Point> {
        points.iter().map(|&(x, y)| Point::new(x, y)).collect()
    }

    #[test]
    fn small_sets_have_the_slope_worked_out_by_hand() {
        type Case<'a> = (&'a str, &'a [(i32, f64)], Option<f64>);
        let cases: [Case<'_>; 9] = [
            ("nothing", &[], None),
            ("one point", &[(3, 8.0)], None),
            ("all at one x", &[(3, 8.0), (3, 9.0), (3, 7.0)], None),
            ("two points", &[(0, 8.0), (4, 6.0)], Some(-0.5)),
            ("three on a line", &[(0, 8.0), (1, 7.0), (2, 6.0)], Some(-1.0)),
            // Slopes -1, 1 and 0.
            ("three off a line", &[(0, 8.0), (1, 7.0), (2, 8.0)], Some(0.0)),
            // The pair at x = 0 is skipped: slopes -1 and -2.
            ("ties in x", &[(0, 8.0), (0, 9.0), (1, 7.0)], Some(-1.5)),
            ("flat", &[(0, 8.0), (5, 8.0), (9, 8.0), (9, 8.0)], Some(0.0)),
            ("far ends", &[(i32::MIN, 8.0), (i32::MAX, 8.0)], Some(0.0)),
        ];
        for (name, points, expected) in cases {
            assert_eq!(theil_sen(&plain(points)), expected, "{name}");
        }
    }

    #[test]
    fn pairs_are_made_within_a_stratum_only() {
        let point = |stratum, x, y| Point { stratum, x, y };
        let points = [point(1, 0, 8.0), point(1, 2, 6.0), point(2, 0, 9.0), point(2, 2, 7.0)];
        assert_eq!(theil_sen(&points), Some(-1.0));
        assert_eq!(theil_sen(&[point(1, 0, 8.0), point(2, 2, 6.0)]), None);
    }

    #[test]
    fn values_beyond_the_grid_have_no_slope() {
        for y in [f64::NAN, f64::INFINITY, -1025.0, 1e300] {
            assert_eq!(theil_sen(&[Point::new(0, 1.0), Point::new(1, y)]), None, "{y}");
        }
    }

    #[test]
    fn many_points_have_the_slope_of_the_definition() {
        let mut rng = Rng::with_seed(1);
        let mut price = |miles: i32, noise: f64| (10.0 - 5e-6 * f64::from(miles) + noise * (rng.f64() - 0.5)).max(7.0);
        let spread: Vec<_> = (0..1_201).map(|i| Point::new(i * 83, price(i * 83, 0.4))).collect();
        let even: Vec<_> = spread[..1_200].to_vec();
        let tied: Vec<_> = (0..900).map(|i| Point::new(i % 7 * 1_000, price(i % 7 * 1_000, 0.2))).collect();
        let flat: Vec<_> = (0..900).map(|i| Point::new(i, 9.0)).collect();
        let line: Vec<_> = (0..900).map(|i| Point::new(i, 10.0 - f64::from(i) / 1_024.0)).collect();
        let strata: Vec<_> = spread.iter().map(|p| Point { stratum: p.x % 3, ..*p }).collect();
        for points in [spread, even, tied, flat, line, strata] {
            assert_eq!(theil_sen(&points), by_definition(&points));
            for few in [&points[..PAIRWISE_POINTS], &points[..97]] {
                assert_eq!(theil_sen(few), by_definition(few));
            }
        }
    }

    proptest! {
        #[test]
        fn listing_and_selecting_agree_with_the_definition(
            points in prop::collection::vec((0..3_i32, -20..20_i32, 1_000..1_030_i32), 0..120),
            steps in 1..2_000_i32,
        ) {
            let points: Vec<_> = points
                .into_iter()
                .map(|(stratum, x, price)| Point { stratum, x: x * steps, y: f64::from(price).ln() })
                .collect();
            let expected = by_definition(&points);
            prop_assert_eq!(theil_sen(&points), expected);
            prop_assert_eq!(selected(&points), expected);
        }

        #[test]
        fn any_points_at_all_give_a_number_or_nothing(
            points in prop::collection::vec((any::<i32>(), any::<i32>(), any::<f64>()), 0..40),
        ) {
            let points: Vec<_> = points.into_iter().map(|(stratum, x, y)| Point { stratum, x, y }).collect();
            prop_assert!(theil_sen(&points).is_none_or(f64::is_finite));
        }
    }
}
