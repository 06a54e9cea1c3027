//! Configurations as a person might write them, and pages and answers read as they say.
//!
//! The first line is the document; the rest is a page and, where the configuration names an endpoint, also its answer.
#![no_main]

use jpauto::{competitors::ScraperConfig, extract::listings_from_data};
use libfuzzer_sys::fuzz_target;

const PAGE: &str = "https://lot.example/used?page=2";

fuzz_target!(|input: &str| {
    let (document, body) = input.split_once('\n').unwrap_or((input, ""));
    let Ok(document) = serde_json::from_str(document) else { return };
    let config = match ScraperConfig::parse(&document) {
        Ok(config) => config,
        Err(refused) => {
            assert_eq!(refused.code(), "invalid_competitor");
            assert!(refused.fields().iter().all(|fault| fault.pointer.starts_with("/scraper_config")));
            return;
        }
    };
    if let Ok(written) = serde_json::to_value(&config) {
        assert_eq!(
            ScraperConfig::parse(&written).ok().as_ref(),
            Some(&config),
            "what is written is read back otherwise"
        );
    }
    let read = config.listings(body, PAGE).ok();
    assert_eq!(config.listings(body, PAGE).ok(), read, "the same page reads differently the second time");
    let mut request = config.data_request(PAGE).ok().flatten();
    for _ in 0..3 {
        let Some(asked) = request else { break };
        request = listings_from_data(&asked, body).ok().and_then(|read| read.next);
        assert!(request.as_ref() != Some(&asked), "the same request again would never end");
    }
});
