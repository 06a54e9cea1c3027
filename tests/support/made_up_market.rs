//! Made-up markets in which it is known what each car is worth: what the pricing rule is judged by, in a test and in a bench.
//!
//! A market is one model: its price falls by 4 to 9 % for 10,000 miles, by 7 to 12 % for a year of age, and listings ask 5 to
//! 8 % more or less than that. Mileages are even, heaped, skewed, or in clusters as leases return them. On top of it come
//! [`Mix`]es of faults, a tenth of the listings each. The subject's mileage is drawn evenly over the whole range of its year.
//!
//! The rule, the plain median of the search that it made, and two estimates that know what nobody can are compared by how far
//! they are from the true worth. All numbers come from a seed.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use jpauto::{
    Money,
    market::{Comparable, OwnVins, PricingRules, Source, Subject, analyze, quantile::Sorted},
};

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_770_000_000, 0).expect("a time within range");
const YEAR: i32 = 2021;

/// What is wrong with a market's listings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mix {
    pub name: &'static str,
    /// A tenth ask between a third and three times the price.
    pub slips: bool,
    /// A tenth are of another trim, 15 to 25 % dearer or cheaper.
    pub wrong_trims: bool,
    /// The same, all dearer.
    pub dearer_trims: bool,
    /// What listings ask is spread as Student's t with three degrees of freedom, not normally.
    pub fat_tails: bool,
}

const SOUND: Mix = Mix { name: "sound", slips: false, wrong_trims: false, dearer_trims: false, fat_tails: false };

pub const MIXES: [Mix; 8] = [
    SOUND,
    Mix { name: "slips", slips: true, ..SOUND },
    Mix { name: "wrong trims", wrong_trims: true, ..SOUND },
    Mix { name: "dearer trims", dearer_trims: true, ..SOUND },
    Mix { name: "fat tails", fat_tails: true, ..SOUND },
    Mix { name: "slips, wrong trims", slips: true, wrong_trims: true, ..SOUND },
    Mix { name: "all at once", slips: true, wrong_trims: true, fat_tails: true, ..SOUND },
    Mix { name: "all at once, dearer", slips: true, dearer_trims: true, fat_tails: true, ..SOUND },
];

/// How many listings a market has, in all.
pub const SIZES: [usize; 6] = [8, 12, 24, 60, 150, 300];

/// Which model years a market offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Years {
    /// The subject's alone.
    One,
    /// Those beside it, too.
    Three,
}

/// How far the subject is from what it is compared with: from the median mileage of the listings that the search took, in
/// spreads of them (the median absolute deviation, scaled to the standard deviation of a normal distribution).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// Less than half a spread: mileage does not differ.
    Near,
    /// Between the two.
    Between,
    /// A spread or more: mileage differs.
    Far,
}

/// The errors of one market: how far from the logarithm of the true worth.
#[derive(Clone, Copy, Debug)]
pub struct Errors {
    pub distance: Distance,
    /// The rule.
    pub rule: f64,
    /// The unadjusted median of the listings that the search took.
    pub plain: f64,
    /// The line of least squares through all listings of the reach that are not faulty, by one who knows which these are and
    /// what a year is worth. Where the noise is normal, nobody who does not know the slope can do better on average.
    pub knows_faults: f64,
    /// The mean of the same listings by one who knows the slope as well.
    pub knows_slope: f64,
}

/// Mean errors over many markets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Means {
    pub markets: usize,
    pub plain: f64,
    /// The others as shares of the plain median's.
    pub rule: f64,
    pub knows_faults: f64,
    pub knows_slope: f64,
}

impl Means {
    pub fn of(errors: impl IntoIterator<Item = Errors>) -> Self {
        let mut sums = Self::default();
        for error in errors {
            sums.markets += 1;
            sums.plain += error.plain;
            sums.rule += error.rule;
            sums.knows_faults += error.knows_faults;
            sums.knows_slope += error.knows_slope;
        }
        let share = |sum: f64| sum / sums.plain;
        Self {
            plain: sums.plain / sums.markets as f64,
            rule: share(sums.rule),
            knows_faults: share(sums.knows_faults),
            knows_slope: share(sums.knows_slope),
            ..sums
        }
    }
}

/// What a mile takes off the logarithm of a price, from and to.
type Slopes = (f64, f64);

const USUAL: Slopes = (4e-6, 9e-6);

/// The errors in so many markets of a size.
pub fn errors(mix: Mix, years: Years, size: usize, markets: usize, seed: u64) -> Vec<Errors> {
    errors_at(mix, USUAL, years, size, markets, seed)
}

/// The same, where a mile takes as much off a price as is said.
pub fn errors_at(mix: Mix, slopes: Slopes, years: Years, size: usize, markets: usize, seed: u64) -> Vec<Errors> {
    let mut rng = Rng::with_seed(seed);
    let market = || Market::new(mix, slopes, years, size, &mut rng).judge(&mut rng);
    std::iter::repeat_with(market).flatten().take(markets).collect()
}

/// The errors in markets whose cars have all the mileage of the subject: nothing is to be adjusted.
pub fn errors_of_alike(mix: Mix, size: usize, markets: usize, seed: u64) -> Vec<Errors> {
    let mut rng = Rng::with_seed(seed);
    let market = |rng: &mut Rng| {
        let mut market = Market::new(mix, USUAL, Years::One, size, rng);
        market.listings.iter_mut().for_each(|listing| listing.miles = 45_000);
        market
    };
    std::iter::repeat_with(|| market(&mut rng).judge_at(45_000)).flatten().take(markets).collect()
}

struct Listing {
    year: i32,
    miles: i32,
    /// The logarithm of what it asks over what it is worth.
    noise: f64,
    is_faulty: bool,
}

struct Market {
    per_mile: f64,
    per_year: f64,
    listings: Vec<Listing>,
}

impl Market {
    fn new(mix: Mix, slopes: Slopes, years: Years, size: usize, rng: &mut Rng) -> Self {
        let between = |rng: &mut Rng, low: f64, high: f64| low + (high - low) * rng.f64();
        let (per_mile, per_year) = (-between(rng, slopes.0, slopes.1), between(rng, 0.07, 0.12));
        let (spread, shape) = (between(rng, 0.05, 0.08), rng.u8(0..4));
        let listings = (0..size).map(|_| {
            let year = if years == Years::One { YEAR } else { YEAR + rng.i32(-1..=1) };
            let miles = mileage(shape, rng) - 8_000.0 * f64::from(year - YEAR);
            let mut noise = spread * if mix.fat_tails { student(rng) } else { normal(rng) };
            let mut is_faulty = false;
            let mut fault = |size: f64, rng: &mut Rng| {
                if rng.u8(0..10) == 0 {
                    (noise, is_faulty) = (noise + size, true);
                }
            };
            let sign = |rng: &mut Rng| if rng.bool() { 1.0 } else { -1.0 };
            if mix.slips {
                fault(sign(rng) * between(rng, 0.3, 1.1), rng);
            }
            if mix.wrong_trims {
                fault((sign(rng) * between(rng, 0.15, 0.25)).ln_1p(), rng);
            }
            if mix.dearer_trims {
                fault(between(rng, 0.15, 0.25).ln_1p(), rng);
            }
            #[expect(clippy::cast_possible_truncation, reason = "some thousand miles")]
            Listing { year, miles: miles.max(500.0) as i32, noise, is_faulty }
        });
        Self { per_mile, per_year, listings: listings.collect() }
    }

    /// The logarithm of what a car is worth.
    fn worth(&self, year: i32, miles: i32) -> f64 {
        10.0 + self.per_mile * f64::from(miles - 45_000) + self.per_year * f64::from(year - YEAR)
    }

    /// A subject somewhere in the range of its year; `None` where the rule has too few comparables to price it.
    fn judge(&self, rng: &mut Rng) -> Option<Errors> {
        let miles = || self.listings.iter().filter(|listing| listing.year == YEAR).map(|listing| listing.miles);
        let (least, most) = (miles().min()?, miles().max()?);
        self.judge_at(rng.i32(least..=most))
    }

    fn judge_at(&self, ours: i32) -> Option<Errors> {
        let rules = PricingRules::default();
        let subject = Subject {
            year: YEAR,
            make: "Toyota".into(),
            model: "Camry".into(),
            mileage: Some(ours),
            ..Subject::default()
        };
        let candidates: Vec<_> = (0..).zip(&self.listings).map(|(number, one)| self.comparable(number, one)).collect();
        let found = analyze(&subject, &candidates, &OwnVins::default(), &[], &rules, NOW);
        found.recommended_range?;
        let search = &found.search_parameters;
        let (fewest, most) = (search.mileage_min?, search.mileage_max?);
        let taken: Vec<_> = (self.listings.iter().zip(&candidates))
            .filter(|(one, _)| (search.year_min..=search.year_max).contains(&one.year))
            .filter(|(one, _)| (fewest..=most).contains(&one.miles))
            .collect();
        let miles = Sorted::new(taken.iter().map(|(one, _)| f64::from(one.miles)).collect())?;
        let plain = Sorted::new(taken.iter().filter_map(|(_, one)| Some(one.price?.dollars().ln())).collect())?;
        let off = |value: f64| (value - miles.median()).abs();
        let spread = 1.4826 * Sorted::new(taken.iter().map(|(one, _)| off(f64::from(one.miles))).collect())?.median();
        let distance = match off(f64::from(ours)) {
            off if off < 0.5 * spread || off == 0.0 => Distance::Near,
            off if off < spread => Distance::Between,
            _ => Distance::Far,
        };
        let truth = self.worth(YEAR, ours);
        let (knows_faults, knows_slope) = self.oracles(ours, rules.widest().mileage_window);
        Some(Errors {
            distance,
            rule: (found.adjusted?.median.dollars().ln() - truth).abs(),
            plain: (plain.median() - truth).abs(),
            knows_faults,
            knows_slope,
        })
    }

    /// What the logarithm of our car's worth is missed by where the faulty listings are known, and where the slope is, too.
    fn oracles(&self, ours: i32, reach: i32) -> (f64, f64) {
        let sound = || {
            let within = |one: &&Listing| !one.is_faulty && (one.miles - ours).abs() <= reach;
            self.listings.iter().filter(within).map(|one| {
                let asked = self.worth(one.year, one.miles) + one.noise;
                (f64::from(one.miles - ours), asked - self.per_year * f64::from(one.year - YEAR))
            })
        };
        let count = sound().count().max(1) as f64;
        let (mean_x, mean_y) =
            (sound().map(|(x, _)| x).sum::<f64>() / count, sound().map(|(_, y)| y).sum::<f64>() / count);
        let squares: f64 = sound().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let slope = sound().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / squares.max(1.0);
        let truth = self.worth(YEAR, ours);
        ((mean_y - slope.min(0.0) * mean_x - truth).abs(), (mean_y - self.per_mile * mean_x - truth).abs())
    }

    fn comparable(&self, number: usize, listing: &Listing) -> Comparable {
        let asked = (self.worth(listing.year, listing.miles) + listing.noise).exp();
        Comparable {
            source: Source::Competitor,
            vin: Some(format!("4T1B11HK{number:09}")),
            external_id: Some(number.to_string()),
            url: None,
            year: listing.year,
            make: "Toyota".into(),
            model: "Camry".into(),
            trim: None,
            price: Money::from_dollars_rounded(asked),
            mileage: Some(listing.miles),
            distance_miles: None,
            dealer: None,
            first_seen_at: NOW - TimeDelta::days(30),
            last_seen_at: NOW,
            sold_at: None,
            branded: false,
            title_brand: None,
            condition: None,
            odometer_status: None,
            sale_status: None,
        }
    }
}

fn mileage(shape: u8, rng: &mut Rng) -> f64 {
    match shape {
        0 => 15_000.0 + 60_000.0 * rng.f64(),
        1 => 40_000.0 + 11_000.0 * normal(rng),
        2 => 50_000.0 * (0.4 * normal(rng)).exp(),
        _ => {
            let cluster = match rng.u8(0..20) {
                0..7 => 18_000.0,
                7..15 => 40_000.0,
                _ => 75_000.0,
            };
            cluster + 4_000.0 * normal(rng)
        }
    }
}

/// Box and Muller (1958).
fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}

/// Student's t with three degrees of freedom: a normal variable over the root of the mean of three squares of others.
fn student(rng: &mut Rng) -> f64 {
    let squares: f64 = (0..3).map(|_| normal(rng).powi(2)).sum();
    normal(rng) / (squares / 3.0).sqrt()
}
