//! How many VINs a second one core reads, checks and dates.
//!
//! The texts are a thousand different VINs, half of them in lower case, so that no branch is learnt by heart.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jpauto::{Vin, vin};

const CURRENT_YEAR: i32 = 2026;

fn texts() -> Vec<String> {
    let kinds = ["5FNYF5H59HB", "4T1BE46K19U", "WP0ZZZ99ZTS", "jm3ke4by6g0", "1fujgldr69l", "2gcec19z0s1"];
    (0..1_000).map(|serial| format!("{}{serial:06}", kinds[serial % kinds.len()])).collect()
}

fn vins(criterion: &mut Criterion) {
    let texts = texts();
    let read: Vec<Vin> = texts.iter().flat_map(|text| Vin::parse(text)).collect();
    assert_eq!(read.len(), texts.len(), "every text of the benchmark is a VIN");

    let mut group = criterion.benchmark_group("vin");
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| texts.iter().filter(|text| Vin::parse(black_box(text)).is_ok()).count());
    });
    group.bench_function("parse and check digit", |bencher| {
        bencher.iter(|| {
            texts.iter().filter(|text| Vin::parse(black_box(text)).is_ok_and(|vin| vin.check_digit_ok())).count()
        });
    });
    group.bench_function("model year", |bencher| {
        bencher.iter(|| read.iter().filter(|vin| black_box(*vin).model_year(CURRENT_YEAR).conclusive).count());
    });
    group.bench_function("report", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                black_box(vin::report(black_box(text), CURRENT_YEAR));
            }
        });
    });
    group.bench_function("refuse", |bencher| {
        bencher.iter(|| texts.iter().filter(|text| Vin::parse(black_box(&text[..text.len() - 1])).is_err()).count());
    });
    group.finish();
}

criterion_group!(benches, vins);
criterion_main!(benches);
