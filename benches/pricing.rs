//! The pricing rule over small and large samples, and the slope by selection beside the listing of all pairs.

use std::hint::black_box;

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
            }
        })
        .collect()
}

fn rule(c: &mut Criterion) {
    // One wide tier, so that every comparable is priced.
    let mut rules = PricingRules::default();
    rules.tiers.drain(..2);
    let subject = Subject {
        year: 2021,
        make: "Toyota".to_owned(),
        model: "Camry".to_owned(),
        mileage: Some(50_000),
        price: Some(Money::from_dollars(22_000)),
        ..Subject::default()
    };
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

criterion_group!(benches, rule, slope);
criterion_main!(benches);
