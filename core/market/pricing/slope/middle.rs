//! The median of all slopes, where the pairs are few enough to be gone through.
//!
//! Few slopes are ever put in order. A sample says between which two the median very likely lies; those below are counted, and those
//! between are kept. Where many points share an `x`, as cars share a model year, the slopes between two such groups rise along each of
//! them: those below and those between are found without a look at the others.
//!
//! The heights of the grid are doubles, and so is every difference of two `x`. A slope is rounded here as
//! [`Slope::value`](super::Slope::value) is, and rounding keeps the order.

use fastrand::Rng;

use super::{GRID, Grid, SEED};

/// Up to this many slopes it is quicker to select among all of them at once.
const SELECTED_AT_ONCE: usize = 2_048;
const SAMPLE: usize = 512;
/// Half the width of the bracket around the wanted rank of the sample. That rank scatters by half the square root of the sample's size,
/// by 11. Beyond three times as much, one sample in some hundreds misses; all slopes are selected among then.
const MARGIN: usize = 36;
/// Groups are walked along where each step stands for at least this many pairs.
const PAIRS_A_STEP: usize = 8;

/// The median of the slopes of all pairs; `None` where there is no pair.
pub(super) fn median(grid: &Grid) -> Option<f64> {
    let (x, y): (Vec<f64>, Vec<f64>) = grid.0.iter().map(|point| (point.x as f64, point.y as f64 / GRID)).unzip();
    let count = usize::try_from(grid.pairs()).ok()?;
    let middle = Middle { lower: count.checked_sub(1)? / 2, upper: count / 2 };
    let strata = strata(grid, &x, &y);
    if count <= SELECTED_AT_ONCE {
        return middle.of(all(&strata, count), 0);
    }
    let steps: usize = strata.iter().map(Stratum::steps).sum();
    let walked = || middle.among(strata.iter().flat_map(Stratum::fields).collect::<Vec<_>>().as_slice());
    if let Some(median) = (steps <= count / PAIRS_A_STEP).then(walked).flatten() {
        return Some(median);
    }
    let slopes = all(&strata, count);
    middle.among(slopes.as_slice()).or_else(|| middle.of(slopes, 0))
}

/// The points of one stratum, in the order of the grid.
struct Stratum<'a> {
    x: &'a [f64],
    y: &'a [f64],
    /// Where each group of one `x` ends.
    ends: Vec<usize>,
}

fn strata<'a>(grid: &Grid, mut x: &'a [f64], mut y: &'a [f64]) -> Vec<Stratum<'a>> {
    let mut strata = Vec::new();
    for stratum in grid.0.chunk_by(|a, b| a.stratum == b.stratum) {
        let mut end = 0;
        let ends = stratum.chunk_by(|a, b| a.x == b.x).map(|group| {
            end += group.len();
            end
        });
        let ends = ends.collect();
        let (xs, later_x) = x.split_at(stratum.len().min(x.len()));
        let (ys, later_y) = y.split_at(stratum.len().min(y.len()));
        strata.push(Stratum { x: xs, y: ys, ends });
        (x, y) = (later_x, later_y);
    }
    strata
}

impl<'a> Stratum<'a> {
    /// How many steps it takes to walk along each two groups.
    fn steps(&self) -> usize {
        self.ends.len().saturating_sub(1) * self.x.len()
    }

    /// Each two groups.
    fn fields(&self) -> Vec<Field<'a>> {
        let mut start = 0;
        let groups: Vec<(f64, &'a [f64])> = self
            .ends
            .iter()
            .filter_map(|&end| {
                let group = (*self.x.get(start)?, self.y.get(start..end)?);
                start = end;
                Some(group)
            })
            .collect();
        let mut fields = Vec::new();
        for (place, &(x, first)) in groups.iter().enumerate() {
            let later = groups.get(place + 1..).unwrap_or_default();
            fields.extend(later.iter().map(|&(later_x, second)| Field { first, second, run: later_x - x }));
        }
        fields
    }
}

/// The slopes of all pairs, in no order.
fn all(strata: &[Stratum<'_>], count: usize) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(count);
    for stratum in strata {
        let mut start = 0;
        for &end in &stratum.ends {
            let (later_x, later_y) = (stratum.x.get(end..), stratum.y.get(end..));
            let (later_x, later_y) = (later_x.unwrap_or_default(), later_y.unwrap_or_default());
            for (x, y) in stratum.x.iter().zip(stratum.y).take(end).skip(start) {
                slopes.extend(later_x.iter().zip(later_y).map(|(later_x, later_y)| (later_y - y) / (later_x - x)));
            }
            start = end;
        }
    }
    slopes
}

/// The ranks of the two middle slopes, counted from zero; they are one where the slopes are odd in number.
#[derive(Clone, Copy)]
struct Middle {
    lower: usize,
    upper: usize,
}

impl Middle {
    /// The mean of the two, of which `slopes` holds both. `below` more slopes are known to be smaller than all of these.
    fn of(self, mut slopes: Vec<f64>, below: usize) -> Option<f64> {
        let (lower, upper) = (self.lower.checked_sub(below)?, self.upper.checked_sub(below)?);
        if upper >= slopes.len() {
            return None;
        }
        let (_, &mut low, above) = slopes.select_nth_unstable_by(lower, f64::total_cmp);
        let high = if upper > lower { above.iter().copied().reduce(f64::min)? } else { low };
        Some(f64::midpoint(low, high))
    }

    /// The mean of the two by a sample; `None` where it has missed them.
    fn among(self, slopes: &(impl Slopes + ?Sized)) -> Option<f64> {
        let mut rng = Rng::with_seed(SEED);
        let mut sample = slopes.sample(&mut rng);
        let last = sample.len().checked_sub(1)?;
        let middle = last / 2;
        let low = *sample.select_nth_unstable_by(middle.saturating_sub(MARGIN), f64::total_cmp).1;
        let high = *sample.select_nth_unstable_by((middle + MARGIN).min(last), f64::total_cmp).1;
        let mut within = Vec::with_capacity((self.upper / 4).max(SAMPLE));
        let below = slopes.sort_out(low, high, &mut within);
        self.of(within, below)
    }
}

/// Slopes that a sample can be taken of.
trait Slopes {
    fn sample(&self, rng: &mut Rng) -> Vec<f64>;

    /// How many slopes are below `low`; those from `low` to `high` are put into `within`.
    fn sort_out(&self, low: f64, high: f64, within: &mut Vec<f64>) -> usize;
}

impl Slopes for [f64] {
    fn sample(&self, rng: &mut Rng) -> Vec<f64> {
        (0..SAMPLE).filter_map(|_| self.get(rng.usize(0..self.len())).copied()).collect()
    }

    fn sort_out(&self, low: f64, high: f64, within: &mut Vec<f64>) -> usize {
        let (mut below, mut kept) = (0, 0);
        within.resize(self.len(), 0.0);
        // Without a branch, for nobody can tell which slope is kept: the place of one that is not is taken by the next.
        for &slope in self {
            if let Some(place) = within.get_mut(kept) {
                *place = slope;
            }
            below += usize::from(slope < low);
            kept += usize::from(low <= slope) & usize::from(slope <= high);
        }
        within.truncate(kept);
        below
    }
}

/// The slopes from each point of one group to each of a later one. Both are in ascending order.
struct Field<'a> {
    first: &'a [f64],
    second: &'a [f64],
    run: f64,
}

impl Field<'_> {
    fn len(&self) -> usize {
        self.first.len() * self.second.len()
    }
}

impl Slopes for [Field<'_>] {
    fn sample(&self, rng: &mut Rng) -> Vec<f64> {
        let mut count = 0;
        let ends: Vec<usize> = self
            .iter()
            .map(|field| {
                count += field.len();
                count
            })
            .collect();
        (0..SAMPLE)
            .filter_map(|_| {
                let number = rng.usize(0..count);
                let field = self.get(ends.partition_point(|end| *end <= number))?;
                let number = number % field.len();
                let (from, to) =
                    (field.first.get(number / field.second.len())?, field.second.get(number % field.second.len())?);
                Some((to - from) / field.run)
            })
            .collect()
    }

    fn sort_out(&self, low: f64, high: f64, within: &mut Vec<f64>) -> usize {
        let mut below = 0;
        for Field { first, second, run } in self {
            // The higher the first point, the further along the second group a slope is reached.
            let (mut start, mut end) = (0, 0);
            for from in *first {
                while second.get(start).is_some_and(|to| (to - from) / run < low) {
                    start += 1;
                }
                end = end.max(start);
                while second.get(end).is_some_and(|to| (to - from) / run <= high) {
                    end += 1;
                }
                below += start;
                within.extend(second.get(start..end).unwrap_or_default().iter().map(|to| (to - from) / run));
            }
        }
        below
    }
}
