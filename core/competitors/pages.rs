//! Saved or fetched pages taken together as one scrape. No I/O.
//!
//! What is deliberately not here: reading one page (`extract`), and repeats of a vehicle on several pages, which the plan
//! folds.

use std::collections::HashSet;

use serde_json::Value;

use super::{ScrapeReading, ScrapedListing, ScrapedPage, stores};
use crate::{
    error::{Error, Result},
    extract::{self, DataRequest, Extraction, Warning},
    scrape::{configured::Scraper, extract::listings_as_configured},
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
        let next = extraction.next.clone();
        Ok(if self.take_page(extraction) { next } else { None })
    }

    /// Takes what a page said, unless it is one that lies behind the last: then the list has come to its end.
    pub(super) fn take_page(&mut self, extraction: Extraction) -> bool {
        let is_counted = self.scraper.as_ref().is_some_and(Scraper::counts_pages);
        self.take(extraction, is_counted)
    }

    /// The same for a page or an answer that may be counted. Counted ones go on for ever: one that repeats what is known, or
    /// shows nothing, lies behind the last.
    pub(super) fn take(&mut self, extraction: Extraction, is_counted: bool) -> bool {
        let shows_anything_new = !is_counted || self.shows_anything_new(&extraction.listings);
        if let Some(last) = self.read.last_mut().filter(|_| !shows_anything_new) {
            last.next = None;
            return false;
        }
        self.read.push(extraction);
        true
    }

    fn shows_anything_new(&mut self, listings: &[ScrapedListing]) -> bool {
        // Every one is noted. What has no key can not be told from what is new.
        let new = listings.iter().filter(|listing| key_of(listing).is_none_or(|key| self.known.insert(key)));
        new.count() > 0
    }

    /// How many pages and answers were read.
    pub(super) fn pages_read(&self) -> usize {
        self.read.len()
    }

    /// What the page read last showed.
    pub(super) fn last(&self) -> Option<&Extraction> {
        self.read.last()
    }

    /// Whether the page read last shows just the vehicles of the one before it.
    pub(super) fn repeats_itself(&self) -> bool {
        let [.., before, last] = self.read.as_slice() else { return false };
        let keys = |page: &Extraction| page.listings.iter().map(key_of).collect::<Option<HashSet<String>>>();
        keys(last).is_some_and(|shown| !shown.is_empty() && keys(before).is_some_and(|known| known == shown))
    }

    /// Whether the pages so far claim a number of vehicles and show as many.
    pub(super) fn shows_what_is_claimed(&self) -> bool {
        let shown: HashSet<String> = self.read.iter().flat_map(|page| &page.listings).filter_map(key_of).collect();
        let claimed = self.read.iter().filter_map(|page| page.total).max();
        claimed.is_some_and(|claimed| shown.len() >= claimed as usize)
    }

    /// What to ask for to get the list of this page as data, where its platform offers that.
    pub(super) fn data_request(&self, page: &ScrapedPage) -> Option<DataRequest> {
        // Cards or pages that are configured stand for the website: its own data would pass them by.
        if self.scraper.as_ref().is_some_and(Scraper::reads_pages) {
            return None;
        }
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
        let claimed = reading.total_claimed;
        let left_aside = stores::take_one(&mut listings, self.scraper.as_ref().and_then(Scraper::store), &mut warnings);
        // What the website claims counts the other stores' vehicles, too.
        let left_aside = u32::try_from(left_aside).unwrap_or(u32::MAX);
        let reading =
            ScrapeReading { total_claimed: claimed.map(|claimed| claimed.saturating_sub(left_aside)), ..reading };
        // Where nobody is the one that is meant, its name is wrong or has changed: that says nothing about its lot.
        let is_lost = listings.is_empty() && left_aside > 0;
        let reading = ScrapeReading { pages_failed: reading.pages_failed + u32::from(is_lost), ..reading };
        Pages { listings, reading, platform: agreed.map(ToOwned::to_owned), warnings }
    }
}

/// What tells a listing from the others of its list, for counting.
pub(super) fn key_of(listing: &ScrapedListing) -> Option<String> {
    let keys = [&listing.vin, &listing.external_id, &listing.stock_number, &listing.url];
    keys.into_iter().flatten().next().cloned()
}
