//! Files of rules as servers send them, and whether addresses may be fetched by them.
//!
//! The first line holds the paths that are asked for, the rest is the file.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use url::Url;

// The crate does not hand out its rules, so the file that holds them is built here as well.
#[allow(dead_code, reason = "how rules are kept is of no interest here")]
#[path = "../../core/scrape/fetch/robots.rs"]
mod robots;

use robots::Rules;

/// The two reasons of the library's that rules give.
#[derive(Debug, PartialEq)]
enum FetchError {
    Robots { address: String, reason: String },
    RobotsWithheld { address: String, reason: String },
}

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (paths, file) = input.split_at(end);
    let Ok(site) = Url::parse("https://lot.example/") else { return };
    let started = Instant::now();
    let file = String::from_utf8_lossy(file);
    for is_whole in [true, false] {
        let rules = Rules::read(&file, is_whole);
        let again = Rules::read(&file, is_whole);
        assert_eq!(rules.crawl_delay(), again.crawl_delay());
        for path in String::from_utf8_lossy(paths).split(' ').take(8) {
            let Ok(url) = site.join(path) else { continue };
            assert_eq!(rules.check(&url), again.check(&url), "the same file allows {url} and does not");
        }
    }
    // What was allowed at once would hold up every scrape of the host.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
});
