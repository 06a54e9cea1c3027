//! How many VINs a second one core parses, checks, dates and names, beside other decoders.
//!
//! The texts are a thousand different VINs, half of them in lower case, so that branches are not predictable. The comparison needs
//! `benches/with-vin-peers`, which installs the other decoders; without them it is skipped.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise and says what it saw"
)]

use std::{
    ffi::OsStr,
    hint::black_box,
    io::Write as _,
    process::{Command, Stdio},
    time::Instant,
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jpauto::{Vin, vin};
use serde_json::Value;

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
    group.bench_function("manufacturer", |bencher| {
        bencher.iter(|| read.iter().filter(|vin| black_box(*vin).manufacturer().is_some()).count());
    });
    group.bench_function("country", |bencher| {
        bencher.iter(|| read.iter().filter(|vin| black_box(*vin).country().is_some()).count());
    });
    group.bench_function("facts", |bencher| {
        bencher.iter(|| {
            for vin in &read {
                black_box(black_box(vin).facts(CURRENT_YEAR));
            }
        });
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

/// A text is read and its check digit compared this often a second on one core, at least.
const LEAST_VALIDATIONS_A_SECOND: f64 = 10e6;

/// Whether that is met, by the median of many rounds.
fn validations(_: &mut Criterion) {
    let texts = texts();
    let is_right = |text: &String| Vin::parse(black_box(text)).is_ok_and(|vin| vin.check_digit_ok());
    let seconds = median(1_001, || texts.iter().filter(|text| is_right(text)).count());
    let a_second = texts.len() as f64 / seconds;
    let met = if a_second >= LEAST_VALIDATIONS_A_SECOND { "met" } else { "missed" };
    println!("validations: {:.1} million a second, at least 10 are wanted: {met}", a_second / 1e6);
}

/// The seconds of one round, by the median of several.
fn median<T>(rounds: usize, mut round: impl FnMut() -> T) -> f64 {
    let time = |_| {
        let started = Instant::now();
        black_box(round());
        started.elapsed().as_secs_f64()
    };
    let mut times: Vec<f64> = (0..rounds).map(time).collect();
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// VINs of twelve kinds, each with its right check digit.
fn rightly_checked() -> Vec<Vin> {
    let kinds = [
        "5FNYF5H5XHB",
        "4T1BE46KX9U",
        "JM3KE4BYXG0",
        "3VV3B7AXXNM",
        "WBA3A5C5XCF",
        "1HGCM826X3A",
        "19XFC1F7XGE",
        "1C4RJEAGXEC",
        "5YFB4MDEXPP",
        "2T1BURHEXJC",
        "KM8K2CABXPU",
        "WP0AA2A9XLS",
    ];
    let checked = |(serial, kind): (usize, &&str)| {
        let vin = Vin::parse(&format!("{kind}{serial:06}")).expect("a VIN");
        let digit = vin.check_digit().expected;
        Vin::parse(&format!("{}{digit}{}", &vin.as_str()[..8], &vin.as_str()[9..])).expect("a VIN")
    };
    kinds.iter().cycle().take(600).enumerate().map(checked).collect()
}

/// Everything that the VINs say by themselves, beside what other decoders take to say theirs.
fn peers(_: &mut Criterion) {
    let [node, python] = ["JPAUTO_VIN_PEER_NODE", "JPAUTO_VIN_PEER_PYTHON"].map(std::env::var_os);
    let (Some(node), Some(python)) = (node, python) else {
        println!("peers: skipped, benches/with-vin-peers has not installed them");
        return;
    };
    let vins = rightly_checked();
    let script = |name: &str| format!("{}/benches/{name}", env!("CARGO_MANIFEST_DIR"));
    let others = [
        ("vininfo", ask(&python, &[script("vin_peer.py").as_ref()], &node, &vins)),
        ("@cardog/corgi", ask("node".as_ref(), &[script("vin_peer.mjs").as_ref(), &node], &node, &vins)),
    ];
    let ours = median(101, || {
        for vin in &vins {
            // From the text on, as the others.
            black_box(Vin::parse(black_box(vin.as_str())).map(|vin| vin.facts(CURRENT_YEAR)).ok());
        }
    });
    println!("peers: {} VINs, each read, checked, dated and named", vins.len());
    println!(
        "  {:<15} {:>12} {:>10} {:>12} {:>12} {:>12}",
        "", "VINs/s", "times ours", "check digit", "same year", "same make"
    );
    let row = |name: &str, seconds: f64, agreed: [usize; 3]| {
        let [digit, year, make] = agreed.map(|agreed| format!("{agreed}/{}", vins.len()));
        let a_second = vins.len() as f64 / seconds;
        println!("  {name:<15} {a_second:>12.0} {:>10.1} {digit:>12} {year:>12} {make:>12}", seconds / ours);
    };
    row("jpauto", ours, [vins.len(); 3]);
    for (name, answer) in &others {
        row(name, answer["seconds"].as_f64().expect("seconds"), agreed(&vins, answer));
    }
}

/// What a peer answers; what it unpacks for itself goes where it is installed.
fn ask(program: &OsStr, arguments: &[&OsStr], home: &OsStr, vins: &[Vin]) -> Value {
    let mut peer = Command::new(program);
    let mut peer =
        peer.args(arguments).env("HOME", home).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a peer");
    let lines: String = vins.iter().map(|vin| format!("{vin}\n")).collect();
    peer.stdin.take().expect("its input").write_all(lines.as_bytes()).expect("the VINs");
    let answer = peer.wait_with_output().expect("an answer");
    serde_json::from_slice(&answer.stdout).expect("what it says")
}

/// How many VINs a peer says the same of: check digit, model year, make.
fn agreed(vins: &[Vin], answer: &Value) -> [usize; 3] {
    let answers = answer["answers"].as_array().expect("answers");
    let mut agreed = [0; 3];
    for (vin, theirs) in vins.iter().zip(answers) {
        let facts = vin.facts(CURRENT_YEAR);
        let years = theirs["years"].as_array().map(Vec::as_slice).unwrap_or_default();
        let make = theirs["make"].as_str().unwrap_or_default();
        let same_make =
            facts.manufacturer.is_some_and(|maker| maker.makes.iter().any(|name| name.eq_ignore_ascii_case(make)));
        agreed[0] += usize::from(theirs["right"] == facts.check_digit_ok);
        agreed[1] += usize::from(years.iter().any(|year| year.as_i64() == facts.model_year.map(i64::from)));
        agreed[2] += usize::from(same_make);
    }
    agreed
}

criterion_group!(benches, validations, peers, vins);
criterion_main!(benches);
