//! What the pages of a list said when they were last read, so that one which has not changed need not be sent again.
//!
//! A page is kept whole only where its server names a version of it (`ETag`, `Last-Modified`), and where it was read without a
//! doubt. It is believed for a few days at most, and only by the reader that read it. Of any other page is kept which vehicles stood
//! on it, to find pages that are sent as they were (`old_pages`). What is deliberately not here: rows and
//! requests.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::key_of;
use crate::{
    extract::{self, Extraction, ScrapedListing},
    ids::PageId,
    scrape::{READER_REVISION, fetch::Fetched},
};

/// A larger reading is not kept: no page for people holds as many vehicles.
const READING_BYTES: usize = 512 * 1024;

/// At most this much is kept of one scrape. Pages that were kept before and have not changed do not count.
const COMPETITOR_BYTES: usize = 8 * 1024 * 1024;

/// Longer addresses and versions are not kept.
const TEXT_BYTES: usize = 4 * 1024;

/// What a page said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reading {
    platform: String,
    total: Option<u32>,
    /// The address of the next page.
    pub(crate) next: Option<String>,
    listings: Vec<ScrapedListing>,
    /// Of a page that is not kept whole, the keys of its vehicles in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
}

impl Reading {
    /// The reading in the form in which it came from the page; `None` for a reader that is no longer known.
    pub(crate) fn into_extraction(self) -> Option<Extraction> {
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
pub(crate) struct KeptPage {
    pub(crate) id: PageId,
    pub(crate) url: String,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    pub(crate) reading: Reading,
}

impl KeptPage {
    /// Whether its server can be asked whether it has changed.
    pub(crate) fn has_version(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// The pages of a competitor that may be believed, by address.
#[derive(Debug, Default)]
pub(crate) struct KeptPages(HashMap<String, KeptPage>);

impl FromIterator<KeptPage> for KeptPages {
    fn from_iter<I: IntoIterator<Item = KeptPage>>(pages: I) -> Self {
        Self(pages.into_iter().map(|page| (page.url.clone(), page)).collect())
    }
}

impl KeptPages {
    pub(crate) fn get(&self, url: &str) -> Option<&KeptPage> {
        self.0.get(url)
    }

    /// Takes a page out: a list shows each page once.
    pub(crate) fn take(&mut self, url: &str) -> Option<KeptPage> {
        self.0.remove(url)
    }

    /// Which vehicles stood on each page, by their keys.
    pub(super) fn shown(&self) -> HashMap<String, Vec<String>> {
        let keys = |KeptPage { reading, .. }: &KeptPage| match reading.keys.is_empty() {
            true => reading.listings.iter().filter_map(key_of).collect(),
            false => reading.keys.clone(),
        };
        self.0.iter().map(|(url, page)| (url.clone(), keys(page))).collect()
    }
}

/// A page that was read anew and is to be kept.
#[derive(Clone, Debug)]
pub(crate) struct NewPage {
    pub(crate) url: String,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    pub(crate) reading: Reading,
}

/// What a scrape found out about the pages that are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct PagesRead {
    /// Those that have not changed.
    pub(crate) unchanged: HashSet<PageId>,
    pub(crate) new: Vec<NewPage>,
    /// The keys of the vehicles on unchanged pages.
    pub(crate) unchanged_keys: HashSet<String>,
    /// Whether the list was read to its end: then pages that were not met are no longer part of it.
    pub(crate) to_the_end: bool,
    bytes: usize,
}

impl PagesRead {
    /// Keeps a page: whole where it can be asked for by its version and was read without a doubt, else which vehicles stood on it.
    pub(crate) fn keep(&mut self, url: &str, fetched: &Fetched, extraction: &Extraction) {
        let has_version = fetched.etag.is_some() || fetched.last_modified.is_some();
        let texts = [Some(url), fetched.etag.as_deref(), fetched.last_modified.as_deref()];
        let fits = texts.into_iter().flatten().all(|text| text.len() <= TEXT_BYTES);
        let is_whole = !extraction.listings.is_empty() && extraction.unsettled == 0 && extraction.warnings.is_empty();
        if url.len() > TEXT_BYTES || extraction.listings.is_empty() {
            return;
        }
        let whole = has_version && fits && is_whole;
        let reading = Reading {
            platform: extraction.platform.to_owned(),
            total: extraction.total.filter(|_| whole),
            next: extraction.next.clone().filter(|_| whole),
            listings: if whole { extraction.listings.clone() } else { Vec::new() },
            keys: if whole { Vec::new() } else { extraction.listings.iter().filter_map(key_of).collect() },
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
            etag: fetched.etag.clone().filter(|_| whole),
            last_modified: fetched.last_modified.clone().filter(|_| whole),
            reading,
        });
    }
}

/// A list: where it stands, and how it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListSource<'a> {
    pub(crate) url: &'a str,
    /// The platform, where it is known.
    pub(crate) platform: Option<&'a str>,
    /// A `ScraperConfig` as JSON.
    pub(crate) config: Option<&'a Value>,
    /// Whether its pages are rendered.
    pub(crate) in_browser: bool,
}

impl ListSource<'_> {
    /// A name for the way in which its pages are read. It changes with the address, the platform, the browser, the
    /// configuration, the version and `READER_REVISION`.
    pub(crate) fn reader(&self) -> String {
        self.reader_of_revision(READER_REVISION)
    }

    fn reader_of_revision(&self, revision: u32) -> String {
        let mut hasher = DefaultHasher::new();
        self.url.hash(&mut hasher);
        self.platform.hash(&mut hasher);
        self.in_browser.hash(&mut hasher);
        self.config.map(ToString::to_string).hash(&mut hasher);
        format!("{}/{revision}/{:016x}", env!("CARGO_PKG_VERSION"), hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_reader_made_of_a_page_is_not_believed() {
        let config = serde_json::json!({"check_missing": 1});
        let known = ListSource { url: "https://lot.example/", platform: None, config: None, in_browser: false };
        let name = known.reader();
        assert_eq!(name, known.reader_of_revision(READER_REVISION));
        assert_ne!(name, known.reader_of_revision(READER_REVISION + 1), "a mended reader reads for itself");
        let others = [
            ListSource { platform: Some("cdk"), ..known },
            ListSource { in_browser: true, ..known },
            ListSource { config: Some(&config), ..known },
        ];
        assert!(others.iter().all(|other| other.reader() != name));
        assert!(name.len() <= 100, "it fits its column");
    }
}
