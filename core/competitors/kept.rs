//! What the pages of a list said when they were last read, so that one which has not changed need not be sent again.
//!
//! A page is kept only where its server names a version of it (`ETag`, `Last-Modified`), and where it was read without a
//! doubt. It is believed for a few days at most, and only by the reader that read it. What is deliberately not here: rows and
//! requests.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Competitor, ScrapedListing};
use crate::{
    config::Config,
    extract::{self, Extraction},
    ids::PageId,
    scrape::{READER_REVISION, fetch::Fetched},
    tracking::sold,
};

/// A larger reading is not kept: no page for people holds so many vehicles.
const READING_BYTES: usize = 512 * 1024;

/// More than this is not kept of one scrape, without what was kept before it and has not changed.
const COMPETITOR_BYTES: usize = 8 * 1024 * 1024;

/// Longer addresses and versions are not kept.
const TEXT_BYTES: usize = 4 * 1024;

/// What a page said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Reading {
    platform: String,
    total: Option<u32>,
    /// The address of the next page.
    pub(super) next: Option<String>,
    listings: Vec<ScrapedListing>,
}

impl Reading {
    /// The reading in the form in which it came from the page; `None` for a reader that is no longer known.
    pub(super) fn into_extraction(self) -> Option<Extraction> {
        Some(Extraction {
            platform: extract::known_reader(&self.platform)?,
            total: self.total,
            next: self.next,
            listings: self.listings,
            // Only what was read whole is kept.
            unsettled: 0,
            warnings: Vec::new(),
        })
    }
}

/// A page as it is kept.
#[derive(Clone, Debug)]
pub(super) struct KeptPage {
    pub(super) id: PageId,
    pub(super) url: String,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) reading: Reading,
}

/// The pages of a competitor that may be believed, by address.
#[derive(Debug, Default)]
pub(super) struct KeptPages(HashMap<String, KeptPage>);

impl FromIterator<KeptPage> for KeptPages {
    fn from_iter<I: IntoIterator<Item = KeptPage>>(pages: I) -> Self {
        Self(pages.into_iter().map(|page| (page.url.clone(), page)).collect())
    }
}

impl KeptPages {
    pub(super) fn get(&self, url: &str) -> Option<&KeptPage> {
        self.0.get(url)
    }

    /// Takes a page out: a list shows each page once.
    pub(super) fn take(&mut self, url: &str) -> Option<KeptPage> {
        self.0.remove(url)
    }
}

/// A page that was read anew and is to be kept.
#[derive(Clone, Debug)]
pub(super) struct NewPage {
    pub(super) url: String,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) reading: Reading,
}

/// What a scrape found out about the pages that are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct PagesRead {
    /// Those that have not changed.
    pub(super) unchanged: HashSet<PageId>,
    pub(super) new: Vec<NewPage>,
    /// What tells the vehicles of the unchanged pages from others.
    pub(super) retold: HashSet<String>,
    /// Whether the list was read to its end: then pages that were not met are no longer part of it.
    pub(super) to_the_end: bool,
    bytes: usize,
}

impl PagesRead {
    /// Keeps a page where it can be asked for by its version and was read without a doubt.
    pub(super) fn keep(&mut self, url: &str, fetched: &Fetched, extraction: &Extraction) {
        let has_version = fetched.etag.is_some() || fetched.last_modified.is_some();
        let texts = [Some(url), fetched.etag.as_deref(), fetched.last_modified.as_deref()];
        let fits = texts.into_iter().flatten().all(|text| text.len() <= TEXT_BYTES);
        let is_whole = !extraction.listings.is_empty() && extraction.unsettled == 0 && extraction.warnings.is_empty();
        if !has_version || !fits || !is_whole {
            return;
        }
        let reading = Reading {
            platform: extraction.platform.to_owned(),
            total: extraction.total,
            next: extraction.next.clone(),
            listings: extraction.listings.clone(),
        };
        // PostgreSQL's documents can not hold the character NUL.
        let Ok(text) = serde_json::to_string(&reading) else { return };
        let is_small = text.len() <= READING_BYTES && self.bytes + text.len() <= COMPETITOR_BYTES;
        if !is_small || text.contains("\\u0000") {
            return;
        }
        self.bytes += text.len();
        self.new.push(NewPage {
            url: url.to_owned(),
            etag: fetched.etag.clone(),
            last_modified: fetched.last_modified.clone(),
            reading,
        });
    }
}

/// Names what reads a competitor's pages: the readers as they are, the platform, the configuration.
pub(super) fn reader(competitor: &Competitor) -> String {
    reader_of_revision(competitor, READER_REVISION)
}

fn reader_of_revision(competitor: &Competitor, revision: u32) -> String {
    let mut hasher = DefaultHasher::new();
    competitor.inventory_url.hash(&mut hasher);
    competitor.platform_type.hash(&mut hasher);
    competitor.use_playwright.hash(&mut hasher);
    competitor.scraper_config.as_ref().map(ToString::to_string).hash(&mut hasher);
    format!("{}/{revision}/{:016x}", env!("CARGO_PKG_VERSION"), hasher.finish())
}

/// Pages read before this are read anew.
///
/// A vehicle that has moved to a page wrongly called unchanged is not seen until then. It must not count as sold meanwhile, so
/// no page is believed for longer than half the shortest patience, whatever is configured.
pub(super) fn oldest_believed(now: DateTime<Utc>, config: &Config) -> DateTime<Utc> {
    let shortest = sold::shortest_patience(&config.tracking);
    now - super::revisit::span(config.scraping.unchanged_at_most).min(shortest / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::competitors::{NewCompetitor, registration};

    #[test]
    fn what_another_reader_made_of_a_page_is_not_believed() {
        let new = NewCompetitor {
            name: "Lot".into(),
            inventory_url: "https://lot.example/".into(),
            ..NewCompetitor::default()
        };
        let known = registration::add(&new, DateTime::UNIX_EPOCH).unwrap();
        let name = reader(&known);
        assert_eq!(name, reader_of_revision(&known, READER_REVISION));
        assert_ne!(name, reader_of_revision(&known, READER_REVISION + 1), "a mended reader reads for itself");
        let others = [
            Competitor { platform_type: Some("cdk".into()), ..known.clone() },
            Competitor { use_playwright: true, ..known.clone() },
            Competitor { scraper_config: Some(serde_json::json!({"check_missing": 1})), ..known },
        ];
        assert!(others.iter().all(|other| reader(other) != name));
        assert!(name.len() <= 100, "it fits its column");
    }
}
