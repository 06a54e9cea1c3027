//! Saved or fetched pages taken together as one scrape. No I/O.
//!
//! What is deliberately not here: reading one page (`extract`), and repeats of a vehicle on several pages, which the plan
//! folds.

use super::{ScrapeReading, ScrapedListing, ScrapedPage};
use crate::{
    error::{Error, Result},
    extract::{self, Extraction, Warning},
};

/// What the pages of one scrape showed.
pub(super) struct Pages {
    pub(super) listings: Vec<ScrapedListing>,
    pub(super) reading: ScrapeReading,
    /// The platform that every page was read by.
    pub(super) platform: Option<String>,
    pub(super) warnings: Vec<Warning>,
}

/// Reads all pages, or none where one can not be read; `usual` is the platform of the competitor.
pub(super) fn read(pages: &[ScrapedPage], usual: Option<&str>) -> Result<Pages> {
    if pages.is_empty() {
        return Err(Error::invalid_field("invalid_pages", "/pages", "expected at least one page"));
    }
    // An adopted database may name platforms that nobody here knows.
    let usual = usual.filter(|name| extract::platforms().contains(name));
    let read: Vec<Extraction> = pages
        .iter()
        .enumerate()
        .map(|(index, page)| {
            let platform = page.platform.as_deref().or(usual);
            extract::listings_from_bytes(&page.bytes, page.content_type.as_deref(), &page.url, platform)
                .map_err(|reason| reason.with_field(format!("/pages/{index}"), "this page could not be read"))
        })
        .collect::<Result<_>>()?;
    let is_vendor = |name: &str| extract::vendors().any(|vendor| vendor == name);
    // A page that shows nothing and that nobody knows is likelier an error page than an empty lot.
    let unknown = read.iter().filter(|page| page.listings.is_empty() && !is_vendor(page.platform)).count();
    let reading = ScrapeReading {
        pages_failed: u32::try_from(unknown).unwrap_or(u32::MAX),
        pages_fetched: u32::try_from(pages.len()).ok(),
        total_claimed: read.iter().filter_map(|page| page.total).max(),
        ..ScrapeReading::whole_lot()
    };
    let first = read[0].platform;
    let agreed = is_vendor(first) && read.iter().all(|page| page.platform == first);
    let mut warnings = Vec::new();
    let mut listings = Vec::new();
    for (index, page) in read.into_iter().enumerate() {
        warnings.extend(
            page.warnings
                .into_iter()
                .map(|warning| Warning { message: format!("page {}: {}", index + 1, warning.message), ..warning }),
        );
        listings.extend(page.listings);
    }
    Ok(Pages { listings, reading, platform: agreed.then(|| first.to_owned()), warnings })
}
