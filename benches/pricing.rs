//! The pricing rule over small and large samples, and the slope by selection beside the listing of all pairs.
//!
//! Where `JPAUTO_TEST_PYTHON` names a Python with numpy and scipy, the rule is measured beside them in the same run, and both must
//! find the same median.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise and says what it did"
)]

use std::{
    hint::black_box,
    io::Write as _,
    process::{Command, Stdio},
    time::Instant,
};

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use jpauto::{
    Money,
    market::{
        Comparable, OwnVins, PricingRules, Source, Subject, analyze,
        slope::{Point, theil_sen},
    },
};

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_770_000_000, 0).expect("a time within range");

/// A market of one model over three years: 5 % a 10,000 miles, 8 % a year, 10 % noise.
fn comparables(count: u32) -> Vec<Comparable> {
    let mut rng = fastrand::Rng::with_seed(7);
    (0..count)
        .map(|number| {
            let (year, miles) = (2020 + rng.i32(0..3), rng.i32(10_000..90_000));
            let log = 10.2 - 5e-6 * f64::from(miles) + 0.08 * f64::from(year - 2021) + 0.2 * (rng.f64() - 0.5);
            Comparable {
                source: if number % 2 == 0 { Source::Competitor } else { Source::AutoDev },
                vin: Some(format!("4T1B11HK{number:09}")),
                external_id: Some(number.to_string()),
                url: None,
                year,
                make: "Toyota".to_owned(),
                model: "Camry".to_owned(),
                trim: Some("LE".to_owned()),
                price: Money::from_dollars_rounded(log.exp()),
                mileage: Some(miles),
                distance_miles: Some(40.0),
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
        })
        .collect()
}

/// One wide tier, so that every comparable is priced.
fn wide() -> PricingRules {
    let mut rules = PricingRules::default();
    rules.tiers.drain(..2);
    rules
}

fn subject() -> Subject {
    Subject {
        year: 2021,
        make: "Toyota".to_owned(),
        model: "Camry".to_owned(),
        mileage: Some(50_000),
        price: Some(Money::from_dollars(22_000)),
        ..Subject::default()
    }
}

fn rule(c: &mut Criterion) {
    let (rules, subject) = (wide(), subject());
    let mut group = c.benchmark_group("rule");
    for count in [30, 300, 3_000] {
        let candidates = comparables(count);
        group.bench_with_input(BenchmarkId::from_parameter(count), &candidates, |b, candidates| {
            b.iter(|| analyze(&subject, black_box(candidates), &OwnVins::default(), &[], &rules, NOW));
        });
    }
    group.finish();
}

/// The definition: list every slope and take the middle, in memory quadratic in the points.
fn by_listing(points: &[Point]) -> f64 {
    let mut slopes = Vec::new();
    for (index, a) in points.iter().enumerate() {
        slopes.extend(points[index + 1..].iter().filter(|b| a.x != b.x).map(|b| (b.y - a.y) / f64::from(b.x - a.x)));
    }
    let middle = slopes.len() / 2;
    *slopes.select_nth_unstable_by(middle, f64::total_cmp).1
}

fn slope(c: &mut Criterion) {
    let mut group = c.benchmark_group("slope");
    for count in [30, 100, 300, 301, 600, 1_000, 3_000] {
        let points: Vec<_> = comparables(count)
            .iter()
            .map(|one| Point::new(one.mileage.unwrap_or(0), one.price.unwrap_or(Money::MAX).dollars().ln()))
            .collect();
        group.bench_with_input(BenchmarkId::new("theil_sen", count), &points, |b, points| {
            b.iter(|| theil_sen(black_box(points)));
        });
        group.bench_with_input(BenchmarkId::new("listing", count), &points, |b, points| {
            b.iter(|| by_listing(black_box(points)));
        });
    }
    group.finish();
}

/// The rule beside numpy and scipy, which take turns with it on the same markets.
fn peers(_: &mut Criterion) {
    let Some(python) = std::env::var_os("JPAUTO_TEST_PYTHON") else {
        println!("peers: skipped, JPAUTO_TEST_PYTHON names no Python with numpy and scipy");
        return;
    };
    let (rules, subject) = (wide(), subject());
    for (count, rounds) in [(300, 31), (3_000, 5)] {
        let candidates = comparables(count);
        let dollars = |one: &Comparable| one.price.unwrap_or(Money::MAX).dollars();
        let market = serde_json::json!({
            "prices": candidates.iter().map(dollars).collect::<Vec<_>>(),
            "miles": candidates.iter().map(|one| one.mileage).collect::<Vec<_>>(),
            "years": candidates.iter().map(|one| one.year).collect::<Vec<_>>(),
            "our_miles": subject.mileage, "our_year": subject.year, "rounds": rounds,
        });
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pricing_peer.py");
        let mut peer = Command::new(&python);
        let mut peer = peer.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a Python");
        peer.stdin.take().expect("its input").write_all(market.to_string().as_bytes()).expect("the market");
        let answer = peer.wait_with_output().expect("an answer");
        let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("figures");
        let mut times = Vec::new();
        let mut found = None;
        for _ in 0..rounds * 10 {
            let started = Instant::now();
            found = black_box(analyze(&subject, &candidates, &OwnVins::default(), &[], &rules, NOW)).adjusted;
            times.push(started.elapsed().as_secs_f64());
        }
        times.sort_unstable_by(f64::total_cmp);
        let (ours, theirs) = (times[times.len() / 2], answer["seconds"].as_f64().expect("seconds"));
        let (median, their_median) =
            (found.expect("prices").median.dollars(), answer["median"].as_f64().expect("a price"));
        assert!((median - their_median).abs() <= 0.011, "{median} is not {their_median}");
        println!(
            "peers: {count} comparables in {:.3} ms, numpy and scipy in {:.3} ms: {:.3} times",
            ours * 1e3,
            theirs * 1e3,
            ours / theirs
        );
    }
}

criterion_group!(benches, peers, rule, slope);
criterion_main!(benches);
