//! Extraction of whole pages beside the parsing of the same pages into a tree, which is the floor for any tree-based reader.
//!
//! Real saved pages are measured where the folder with them is present, the project's own small ones always.
#![expect(clippy::print_stdout, reason = "a benchmark says which pages it left out")]

use std::{fs, hint::black_box, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

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

criterion_group!(benches, extraction);
criterion_main!(benches);
