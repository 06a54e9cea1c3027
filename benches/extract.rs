//! Extraction of whole pages beside the parsing of the same pages into a tree, which is the floor for any tree-based reader.
//!
//! And answers of endpoints beside `serde_json` alone, which reads the same fields into a struct: at most 1.5 times that.
//!
//! Real saved pages are measured where the folder with them is present, the project's own small ones always.
#![expect(clippy::print_stdout, reason = "a benchmark says which pages it left out")]

use std::{fs, hint::black_box, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

const PAGES: [(&str, &str); 8] = [
    ("../shared/pages/dealercom/used-inventory.html", "http://lot.example/used-inventory/index.htm"),
    ("../shared/pages/auction123/page-1.html", "http://lot.example/index.html"),
    ("../shared/pages/autowall/new-list.html", "https://lot.example/gs-vehicle/list"),
    ("tests/pages/dealer_com/data-layer.html", "https://lot.example/used-inventory/index.htm"),
    ("tests/pages/dealer_com/widget-state.html", "https://lot.example/used-inventory/index.htm"),
    ("tests/pages/auction123/list.html", "https://lot.example/index.html"),
    ("tests/pages/autowall/list.html", "https://lot.example/gs-vehicle/list"),
    ("tests/pages/generic/json-ld.html", "https://lot.example/used"),
];

fn extraction(criterion: &mut Criterion) {
    for (name, url) in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let Ok(html) = fs::read_to_string(&path) else {
            println!("skipped: {} is not present", path.display());
            continue;
        };
        let mut group = criterion.benchmark_group(format!("extract/{}", name.trim_start_matches("../")));
        group.throughput(Throughput::Bytes(html.len() as u64));
        group.bench_function("listings", |bencher| bencher.iter(|| jpauto::extract::listings(black_box(&html), url)));
        group.bench_function("generic", |bencher| {
            bencher
                .iter(|| jpauto::extract::listings_from_bytes(black_box(html.as_bytes()), None, url, Some("generic")));
        });
        group.bench_function("parse_document", |bencher| {
            bencher.iter(|| scraper::Html::parse_document(black_box(&html)));
        });
        group.finish();
    }
}

/// A record as the vendors write it, for a peer that knows each key and its type.
#[derive(Deserialize)]
#[expect(dead_code, reason = "reading them is what is measured")]
struct Record<Mileage> {
    #[serde(alias = "VehicleVin")]
    vin: String,
    #[serde(
        alias = "VehicleStockNumber",
        alias = "stock",
        alias = "stockNumber",
        alias = "stocknumber",
        alias = "stockNo"
    )]
    stock_number: String,
    #[serde(alias = "VehicleYear")]
    year: i32,
    #[serde(alias = "VehicleMake")]
    make: String,
    #[serde(alias = "VehicleModel")]
    model: String,
    #[serde(alias = "VehicleTrim")]
    trim: String,
    #[serde(alias = "VehicleMileage", alias = "miles")]
    mileage: Option<Mileage>,
    #[serde(alias = "ExteriorColorLabel", alias = "ext_color", alias = "exteriorColor", alias = "exteriorcolor")]
    exterior_color: Option<String>,
    #[serde(alias = "VehicleInternetPrice", alias = "internetPrice")]
    price: Option<f64>,
    #[serde(alias = "VehicleDetailUrl", alias = "vdp_url", alias = "vdpUrl", alias = "link")]
    url: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading them is what is measured")]
struct Card {
    #[serde(rename = "VehicleCard")]
    card: Record<String>,
}

/// An answer with its list at the paths of the vendors.
#[derive(Deserialize)]
#[expect(dead_code, reason = "reading them is what is measured")]
struct List<T> {
    #[serde(
        alias = "DisplayCards",
        alias = "inventory",
        alias = "inventoryVehicles",
        alias = "results",
        alias = "listings"
    )]
    records: Vec<T>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "reading them is what is measured")]
struct Data<T> {
    data: T,
}

/// A vendor's page, its answer, where the records stand in it, and the peer.
type Answer = (&'static str, &'static str, &'static str, fn(&str) -> bool);

const ANSWERS: [Answer; 6] = [
    ("dealer_com/list", "dealer_com/list", "/inventory", typed::<List<Record<i32>>>),
    ("dealer_on/list", "dealer_on/list", "/DisplayCards", typed::<List<Card>>),
    ("dealer_inspire/list", "dealer_inspire/list", "/data/listings", typed::<Data<List<Record<i32>>>>),
    ("team_velocity/list", "team_velocity/list", "/inventoryVehicles", typed::<List<Record<i32>>>),
    ("overfuel/list", "overfuel/list", "/results", typed::<List<Record<i32>>>),
    ("wayne_reaves/list", "wayne_reaves/list", "", typed::<Vec<Record<i32>>>),
];

fn typed<T: DeserializeOwned>(body: &str) -> bool {
    serde_json::from_str::<T>(black_box(body)).is_ok()
}

/// The vendor's sample with so many copies of its first vehicle, each with a VIN and an address of its own.
fn body(sample: &str, list: &str, vehicles: usize) -> Option<String> {
    let mut answer: Value = serde_json::from_str(sample).ok()?;
    let records = answer.pointer_mut(list)?.as_array_mut()?;
    let first = records.first()?.to_string();
    let another = |number: usize| {
        let vin = format!("1FTEW1EP6KFA{:05}", number % 100_000);
        let record = first.replace("1FTEW1EP6KFA10001", &vin).replace("1ftew1ep6kfa10001", &vin.to_lowercase());
        serde_json::from_str(&record.replace("00000000000000000000000000000000", &format!("{number:032}"))).ok()
    };
    *records = (0..vehicles).map(another).collect::<Option<_>>()?;
    Some(answer.to_string())
}

fn answers(criterion: &mut Criterion) {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let sample = |name: String| fs::read_to_string(pages.join(name)).unwrap_or_default();
    for (page, answer, list, peer) in ANSWERS {
        let html = sample(format!("{page}.html"));
        let Ok(Some(request)) = jpauto::extract::data_request(&html, "https://lot.example/used-inventory/index.htm")
        else {
            println!("skipped: {page} names no request");
            continue;
        };
        for vehicles in [100, 1_000] {
            let Some(body) = body(&sample(format!("{answer}.json")), list, vehicles) else {
                println!("skipped: {answer} has no list at {list:?}");
                continue;
            };
            let read = jpauto::extract::listings_from_data(&request, &body).map(|read| read.listings.len());
            assert!(read.as_ref().is_ok_and(|read| *read == vehicles), "{answer}: {read:?}");
            assert!(peer(&body), "{answer}: the peer does not read it");
            let mut group = criterion.benchmark_group(format!("answer/{answer}/{vehicles}"));
            group.sample_size(20).throughput(Throughput::Bytes(body.len() as u64));
            group.bench_function("listings_from_data", |bencher| {
                bencher.iter(|| jpauto::extract::listings_from_data(&request, black_box(&body)));
            });
            group.bench_function("serde_json_typed", |bencher| bencher.iter(|| peer(&body)));
            group.bench_function("serde_json_value", |bencher| {
                bencher.iter(|| serde_json::from_str::<Value>(black_box(&body)));
            });
            group.finish();
        }
    }
}

criterion_group!(benches, extraction, answers);
criterion_main!(benches);
