//! The bounds of a configuration, each with its documented default.

use std::ops::RangeInclusive;

/// Detail pages that a competitor may be configured to have looked up in one scrape.
pub(crate) const CHECKS_MAX: u32 = 50;

/// How much a configuration may ask for; what is beyond is refused when it is saved.
pub(super) struct ScraperLimits {
    /// Bytes of the whole document as JSON: 32 KiB.
    pub(super) bytes: usize,
    /// Characters of a selector: 300.
    pub(super) selector_chars: usize,
    /// Parts of a selector, counted by its combinators and commas: 12. A browser's style sheet has three or four.
    pub(super) selector_parts: usize,
    /// Places that one field is looked for at: 8.
    pub(super) places: usize,
    /// Characters of a regular expression: 300.
    pub(super) regex_chars: usize,
    /// Bytes of a compiled regular expression, and of what it may cache while it runs: 1 MiB.
    pub(super) regex_bytes: usize,
    /// Headers and parameters of an endpoint: 32 each.
    pub(super) parameters: usize,
    /// Characters of a name, of a header's value and of an address: 500.
    pub(super) text_chars: usize,
    /// Pages of a scrape: 1 to 1,000.
    pub(super) pages: RangeInclusive<u32>,
    /// Vehicles of a page: 1 to 10,000; cards beyond are not read.
    pub(super) page_size: RangeInclusive<u32>,
    /// Detail pages looked up in a scrape: 0 to [`CHECKS_MAX`].
    pub(super) check_missing: RangeInclusive<u32>,
}

impl ScraperLimits {
    pub(super) const DEFAULT: Self = Self {
        bytes: 32 * 1024,
        selector_chars: 300,
        selector_parts: 12,
        places: 8,
        regex_chars: 300,
        regex_bytes: 1024 * 1024,
        parameters: 32,
        text_chars: 500,
        pages: 1..=1_000,
        page_size: 1..=10_000,
        check_missing: 0..=CHECKS_MAX,
    };
}
