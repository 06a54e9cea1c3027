//! The library's slopes and quantiles against those of scipy and numpy.
//!
//! `JPAUTO_TEST_PYTHON` names a Python that has both. Without it an environment is made once under the target folder.
//! `JPAUTO_TEST_OFFLINE` skips the test where nothing can be installed.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use jpauto::market::{
    quantile::Sorted,
    slope::{PAIRWISE_POINTS, Point, theil_sen},
};
use serde::{Deserialize, Serialize};

use crate::support::python;

const SETS: usize = 1_000;
const TOLERANCE: f64 = 1e-9;

#[derive(Serialize)]
struct Set {
    x: Vec<i32>,
    y: Vec<f64>,
    /// The group of each point, within which pairs are made.
    strata: Vec<i32>,
    shares: [f64; 6],
}

#[derive(Deserialize)]
struct Answer {
    slope: f64,
    /// Over pairs of one group; none where no group has one.
    within: Option<f64>,
    quantiles: Vec<f64>,
}

/// Logarithms of prices over mileages: small and large sets, with ties in either, outliers, and prices all alike.
fn set(number: usize, rng: &mut fastrand::Rng) -> Set {
    let size = match number % 50 {
        0 => rng.usize(PAIRWISE_POINTS..900),
        1 => PAIRWISE_POINTS + number % 2,
        _ => rng.usize(2..120),
    };
    let step = [1, 1_000, 25_000][number % 3];
    let (noise, slope) = ([0.0, 0.1, 0.8][number / 3 % 3], rng.f64() * 4e-5 - 3e-5);
    let mut x: Vec<i32> = (0..size).map(|_| rng.i32(0..150_000) / step * step).collect();
    // At least two differ.
    x[0] = 150_000;
    let price = |miles: &i32, rng: &mut fastrand::Rng| {
        let outlier = if rng.u8(0..20) == 0 { 1.5 } else { 0.0 };
        let log = 10.0 + slope * f64::from(*miles) + noise * (rng.f64() - 0.5) + outlier * noise;
        // Prices are whole dollars: equal ones are common.
        log.exp().round().max(1.0).ln()
    };
    let y = x.iter().map(|miles| price(miles, rng)).collect();
    let strata = (0..size).map(|_| rng.i32(2_020..2_023)).collect();
    Set { x, y, strata, shares: [0.0, 0.25, 0.5, 0.75, 1.0, rng.f64()] }
}

#[test]
fn slopes_and_quantiles_are_those_of_scipy_and_numpy() {
    let Some(python) = python::with("numpy, scipy", "agreement") else { return };
    let mut rng = fastrand::Rng::with_seed(4);
    let sets: Vec<_> = (0..SETS).map(|number| set(number, &mut rng)).collect();
    assert!(sets.iter().any(|set| set.x.len() > PAIRWISE_POINTS), "selection is tried, too");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agreement.py");
    let mut python = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = python.stdin.take().unwrap();
    input.write_all(&serde_json::to_vec(&sets).unwrap()).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "the script says why above");
    let answers: Vec<Answer> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), SETS);
    // Relative to the answer, or to a thousandth of a percent a mile where the answer is next to nothing.
    let apart = |ours: f64, theirs: f64, least: f64| (ours - theirs).abs() / theirs.abs().max(least);
    let (mut slopes, mut quantiles) = (0.0_f64, 0.0_f64);
    for (number, (set, answer)) in sets.iter().zip(&answers).enumerate() {
        let points: Vec<_> = set.x.iter().zip(&set.y).map(|(&x, &y)| Point::new(x, y)).collect();
        let slope = apart(theil_sen(&points).unwrap(), answer.slope, 1e-5);
        assert!(slope <= TOLERANCE, "set {number} of {}: {slope:e}", points.len());
        slopes = slopes.max(slope);
        let grouped: Vec<_> =
            points.iter().zip(&set.strata).map(|(point, &stratum)| Point { stratum, ..*point }).collect();
        let within = theil_sen(&grouped);
        assert_eq!(within.is_some(), answer.within.is_some(), "set {number}");
        let within = within.zip(answer.within).map_or(0.0, |(ours, theirs)| apart(ours, theirs, 1e-5));
        assert!(within <= TOLERANCE, "set {number} of {}, in groups: {within:e}", points.len());
        slopes = slopes.max(within);
        let sorted = Sorted::new(set.y.clone()).unwrap();
        for (share, theirs) in set.shares.iter().zip(&answer.quantiles) {
            let quantile = apart(sorted.quantile(*share), *theirs, 1.0);
            assert!(quantile <= TOLERANCE, "set {number} at {share}: {quantile:e}");
            quantiles = quantiles.max(quantile);
        }
    }
    println!("{SETS} sets: slopes at most {slopes:.1e} apart, quantiles {quantiles:.1e}");
}
