//! Bytes of a page in any encoding, read as the platform that the page looks like or as any other.
//!
//! The last byte chooses the platform and the one before it the content type, so that a page of `tests/pages` is an input as it
//! stands.
#![no_main]

use jpauto::extract::{ListingLimits, data_request, listings_from_bytes, platforms};
use libfuzzer_sys::fuzz_target;

const CONTENT_TYPES: [Option<&str>; 5] = [
    None,
    Some("text/html"),
    Some("text/html; charset=utf-8"),
    Some("text/html; charset=windows-1252"),
    Some("text/html; charset=utf-16le"),
];

fuzz_target!(|page: &[u8]| {
    let choice = |from_end: usize| page.len().checked_sub(from_end).map_or(0, |at| usize::from(page[at]));
    let platforms = platforms();
    // A line end, which the pages of `tests/pages` end with, comes last and names none: it detects.
    const BEHIND_A_LINE_END: usize = b'\n' as usize + 1;
    let platform = platforms.get(choice(1).wrapping_sub(BEHIND_A_LINE_END) % 64).copied();
    let content_type = CONTENT_TYPES[choice(2) % CONTENT_TYPES.len()];
    let url = "https://lot.example/used?page=2";
    if let Ok(read) = listings_from_bytes(page, content_type, url, platform) {
        for listing in &read.listings {
            let limits = ListingLimits::default();
            assert!(listing.url.as_ref().is_none_or(|url| url.chars().count() <= limits.url_chars));
        }
        let again = listings_from_bytes(page, content_type, url, platform);
        assert_eq!(again.ok(), Some(read), "the same page reads differently the second time");
    }
    let _ = data_request(&String::from_utf8_lossy(page), url);
});
