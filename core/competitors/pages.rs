//! Saved or fetched pages taken together as one scrape. No I/O.
//!
//! What is deliberately not here: reading one page (`extract`), and repeats of a vehicle on several pages, which the plan
//! folds.

use std::collections::HashSet;

use serde_json::Value;

use super::{ScrapeReading, ScrapedListing, ScrapedPage};
use crate::{
    error::{Error, Result},
    extract::{self, DataRequest, Extraction, Warning},
    scrape::{
        configured::Scraper,
        extract::{GENERIC, listings_as_configured},
    },
};

/// What the pages of one scrape showed.
pub(super) struct Pages {
    pub(super) listings: Vec<ScrapedListing>,
    pub(super) reading: ScrapeReading,
    /// The platform that every page was read by.
    pub(super) platform: Option<String>,
    pub(super) warnings: Vec<Warning>,
}

/// Reads all pages, or none where one can not be read; `usual` is the platform of the competitor, `config` how to read it.
pub(super) fn read(pages: &[ScrapedPage], usual: Option<&str>, config: Option<&Value>) -> Result<Pages> {
    if pages.is_empty() {
        return Err(Error::invalid_field("invalid_pages", "/pages", "expected at least one page"));
    }
    let mut reader = Reader::new(usual, config)?;
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
    scraper: Option<Scraper>,
    read: Vec<Extraction>,
    /// What tells the vehicles so far from others, where pages are counted until one shows nothing new.
    known: HashSet<String>,
}

impl Reader {
    /// # Errors
    /// `invalid_competitor` for a configuration that says nothing that can be done.
    pub(super) fn new(usual: Option<&str>, config: Option<&Value>) -> Result<Self> {
        let scraper = config.map(Scraper::of).transpose()?;
        // An adopted database may name platforms that nobody here knows.
        let usual = usual.filter(|name| extract::platforms().contains(name)).map(ToOwned::to_owned);
        Ok(Self { usual, scraper, read: Vec::new(), known: HashSet::new() })
    }

    /// What is configured about the website.
    pub(super) fn scraper(&self) -> Option<&Scraper> {
        self.scraper.as_ref()
    }

    /// Reads a page and gives the address of the next one.
    pub(super) fn read(&mut self, page: &ScrapedPage) -> Result<Option<String>> {
        let platform = page.platform.as_deref().or(self.usual.as_deref());
        let (content_type, scraper) = (page.content_type.as_deref(), self.scraper.as_ref());
        let extraction = listings_as_configured(&page.bytes, content_type, &page.url, platform, scraper)?;
        if scraper.is_some_and(Scraper::counts_pages) && !self.shows_anything_new(&extraction.listings) {
            // Counted pages go on for ever: one that repeats what is known, or shows nothing, lies behind the last.
            if let Some(last) = self.read.last_mut() {
                last.next = None;
                return Ok(None);
            }
        }
        let next = extraction.next.clone();
        self.read.push(extraction);
        Ok(next)
    }

    /// Reads an answer of an endpoint and gives the request for the next one.
    pub(super) fn read_data(&mut self, request: &DataRequest, body: &[u8]) -> Result<Option<DataRequest>> {
        let answer = extract::listings_from_data(request, &String::from_utf8_lossy(body))?;
        let counted = request.configured.is_some();
        if counted && !self.shows_anything_new(&answer.listings) {
            if let Some(last) = self.read.last_mut() {
                last.next = None;
                return Ok(None);
            }
        }
        let next = answer.next.as_ref().map(|next| next.url.to_string());
        let platform = if counted { GENERIC } else { request.platform };
        self.read.push(Extraction {
            platform,
            total: answer.total,
            next,
            listings: answer.listings,
            warnings: Vec::new(),
        });
        Ok(answer.next)
    }

    fn shows_anything_new(&mut self, listings: &[ScrapedListing]) -> bool {
        let key = |listing: &ScrapedListing| {
            [&listing.vin, &listing.external_id, &listing.stock_number, &listing.url]
                .into_iter()
                .flatten()
                .next()
                .cloned()
        };
        // What has no key can not be told from what is new.
        listings.iter().filter(|listing| key(listing).is_none_or(|key| self.known.insert(key))).count() > 0
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
