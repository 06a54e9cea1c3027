//! Saved or fetched pages taken together as one scrape. No I/O.
//!
//! What is deliberately not here: reading one page (`extract`), and repeats of a vehicle on several pages, which the plan
//! folds.

use super::{ScrapeReading, ScrapedListing, ScrapedPage};
use crate::{
    error::{Error, Result},
    extract::{self, DataRequest, Extraction, Warning},
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
    let mut reader = Reader::new(usual);
    for (index, page) in pages.iter().enumerate() {
        reader
            .read(page)
            .map_err(|reason| reason.with_field(format!("/pages/{index}"), "this page could not be read"))?;
    }
    Ok(reader.finish())
}

/// Reads the pages of one scrape one after the other, and keeps none of them.
pub(super) struct Reader {
    usual: Option<String>,
    read: Vec<Extraction>,
}

impl Reader {
    pub(super) fn new(usual: Option<&str>) -> Self {
        // An adopted database may name platforms that nobody here knows.
        let usual = usual.filter(|name| extract::platforms().contains(name)).map(ToOwned::to_owned);
        Self { usual, read: Vec::new() }
    }

    /// Reads a page and gives the address of the next one.
    pub(super) fn read(&mut self, page: &ScrapedPage) -> Result<Option<String>> {
        let platform = page.platform.as_deref().or(self.usual.as_deref());
        let extraction = extract::listings_from_bytes(&page.bytes, page.content_type.as_deref(), &page.url, platform)?;
        let next = extraction.next.clone();
        self.read.push(extraction);
        Ok(next)
    }

    /// What the page read last showed.
    pub(super) fn last(&self) -> Option<&Extraction> {
        self.read.last()
    }

    /// What to ask for to get the list of this page as data, where its platform offers that.
    pub(super) fn data_request(&self, page: &ScrapedPage) -> Option<DataRequest> {
        let platform = page.platform.as_deref().or(self.usual.as_deref());
        let request = extract::data_request_from_bytes(&page.bytes, page.content_type.as_deref(), &page.url, platform);
        // What could be read as a page can be looked through for this.
        request.ok().flatten()
    }

    /// Takes what was read elsewhere beside the pages.
    pub(super) fn add(&mut self, read: impl IntoIterator<Item = Extraction>) {
        self.read.extend(read);
    }

    /// Takes what was read elsewhere in place of the pages.
    pub(super) fn replace(&mut self, read: Vec<Extraction>) {
        self.read = read;
    }

    /// What all of them showed.
    pub(super) fn finish(self) -> Pages {
        let read = self.read;
        let is_vendor = |name: &str| extract::vendors().any(|vendor| vendor == name);
        // A page that shows nothing and that nobody knows is likelier an error page than an empty lot.
        // So is one among others, whoever knows it.
        let is_lost = |page: &&Extraction| page.listings.is_empty() && (read.len() > 1 || !is_vendor(page.platform));
        let lost = read.iter().filter(is_lost).count();
        let reading = ScrapeReading {
            // Whoever hands pages in may have missed one: a list ends with a page that leads no further.
            last_page_reached: read.iter().any(|page| page.next.is_none()),
            pages_failed: u32::try_from(lost).unwrap_or(u32::MAX),
            pages_fetched: u32::try_from(read.len()).ok(),
            total_claimed: read.iter().filter_map(|page| page.total).max(),
            ..ScrapeReading::whole_lot()
        };
        let first = read.first().map(|page| page.platform).filter(|platform| is_vendor(platform));
        let agreed = first.filter(|first| read.iter().all(|page| page.platform == *first));
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
        Pages { listings, reading, platform: agreed.map(ToOwned::to_owned), warnings }
    }
}
