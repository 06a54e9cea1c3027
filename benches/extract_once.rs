//! The shortest times of reading one page and of parsing it into a tree, as JSON: the own side of `extract_peers.py`.
#![expect(clippy::print_stdout, reason = "the times are what it is for")]

use std::{hint::black_box, time::Instant};

const ROUNDS: usize = 10;

fn shortest(mut work: impl FnMut()) -> f64 {
    let timed = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64() * 1e3
    });
    timed.fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo bench` runs it with its own flags and no page.
    let Some(path) = std::env::args().nth(1).filter(|path| !path.starts_with('-')) else { return Ok(()) };
    let html = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    let url = "https://lot.example/used-inventory/index.htm";
    let listings = shortest(|| drop(black_box(jpauto::extract::listings(&html, url))));
    let parse_document = shortest(|| drop(black_box(scraper::Html::parse_document(&html))));
    println!(r#"{{"listings": {listings}, "parse_document": {parse_document}}}"#);
    Ok(())
}
