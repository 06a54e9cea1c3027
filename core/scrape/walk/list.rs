//! The pages of a list as far as they were read: what they showed, and how a list looks that is at its end. No I/O.
//!
//! A vehicle on several pages stays several times. The recording merges them.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{ListShape, ScrapeReading, old_pages, old_pages::PageTwice, page_overlap, saved::ScrapedPage, stores};
use crate::{
    error::Result,
    extract::{self, DataRequest, Extraction, ListWarning, ScrapedListing, Warning},
    scrape::{configured::Scraper, extract::listings_as_configured},
};

/// What the pages of a list showed.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) listings: Vec<ScrapedListing>,
    pub(crate) reading: ScrapeReading,
    /// The platform that every page was read by.
    pub(crate) platform: Option<String>,
    pub(crate) pages: Vec<WalkedPage>,
    pub(crate) warnings: Vec<ListWarning>,
}

/// A page or an answer that is a part of the list.
#[derive(Clone, Debug)]
pub(crate) struct WalkedPage {
    pub(crate) url: String,
    /// What read it.
    pub(crate) reader: &'static str,
    pub(crate) listings: usize,
    pub(crate) is_answer: bool,
}

/// Where a part of a list was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Page,
    Answer,
    /// Data that was not enough to replace the pages.
    Beside,
}

struct Part {
    url: String,
    origin: Origin,
    said: Extraction,
}

/// After this many linked pages with nothing new, the list is taken to lead in a circle. Some websites put a new number
/// into each link.
const FRUITLESS_ENDURED: u32 = 2;

/// What the pages of one list showed so far.
pub(super) struct List {
    usual: Option<String>,
    scraper: Option<Scraper>,
    read: Vec<Part>,
    /// The keys of the vehicles seen so far.
    known: HashSet<String>,
    /// Linked pages that show vehicles, but no new one.
    repeats: u32,
    /// Pages linked to as the next one that show nothing that is not known.
    fruitless: u32,
}

impl List {
    /// A list of which nothing was read; `usual` is the platform of its pages, `config` how to read them.
    ///
    /// # Errors
    /// `invalid_competitor` for a configuration that says nothing that can be done.
    pub(super) fn new(usual: Option<&str>, config: Option<&Value>) -> Result<Self> {
        let scraper = config.map(Scraper::of).transpose()?;
        // An adopted database may name platforms that nobody here knows.
        let usual = usual.filter(|name| extract::platforms().contains(name)).map(ToOwned::to_owned);
        Ok(Self { usual, scraper, read: Vec::new(), known: HashSet::new(), repeats: 0, fruitless: 0 })
    }

    /// What is configured about the website.
    pub(super) fn scraper(&self) -> Option<&Scraper> {
        self.scraper.as_ref()
    }

    /// Reads a page, and takes it.
    ///
    /// # Errors
    /// As [`extract::listings_from_bytes`].
    pub(super) fn read(&mut self, page: &ScrapedPage) -> Result<bool> {
        let (platform, content_type) = (self.platform_of(page), page.content_type.as_deref());
        let said = listings_as_configured(&page.bytes, content_type, &page.url, platform, self.scraper.as_ref())?;
        Ok(self.take_page(&page.url, said))
    }

    fn platform_of<'p>(&'p self, page: &'p ScrapedPage) -> Option<&'p str> {
        page.platform.as_deref().or(self.usual.as_deref())
    }

    /// Takes what a page said, unless it is one that lies behind the last.
    pub(super) fn take_page(&mut self, url: &str, said: Extraction) -> bool {
        // Some websites link on for ever, and say behind the last page that nothing was found.
        let ends = said.listings.is_empty() && says_none(&said);
        self.take(url, Origin::Page, said, self.counts_pages() || ends)
    }

    /// Takes a page or an answer. Returns `false` for a counted page behind the last one: counting never ends, so a page
    /// that shows nothing new lies behind the end. A linked page that shows nothing new is kept and noted.
    pub(super) fn take(&mut self, url: &str, origin: Origin, mut said: Extraction, is_counted: bool) -> bool {
        // What a vehicle's own page suggests stands on another page of the lot, or on none.
        said.listings.retain(ScrapedListing::is_offered_here);
        // Every listing is noted. One without a key counts as new.
        let new = said.listings.iter().filter(|listing| key_of(listing).is_none_or(|key| self.known.insert(key)));
        let shows_anything_new = new.count() > 0;
        if let Some(last) = self.read.last_mut().filter(|_| !shows_anything_new) {
            if is_counted {
                last.said.next = None;
                // One that was not finished proves no end.
                if said.unsettled > 0 {
                    self.add(vec![(url.to_owned(), Extraction { next: None, ..said })], origin);
                }
                return false;
            }
            self.fruitless += 1;
            self.repeats += u32::from(!said.listings.is_empty());
        }
        self.add(vec![(url.to_owned(), said)], origin);
        true
    }

    /// Takes what was read elsewhere.
    pub(super) fn add(&mut self, read: Vec<(String, Extraction)>, origin: Origin) {
        self.read.extend(read.into_iter().map(|(url, said)| Part { url, origin, said }));
    }

    /// Takes answers in place of the pages.
    pub(super) fn replace(&mut self, read: Vec<(String, Extraction)>) {
        self.read.clear();
        self.add(read, Origin::Answer);
    }

    /// What to ask for to get the list of this page as data, where its platform offers that.
    pub(super) fn data_request(&self, page: &ScrapedPage) -> Option<DataRequest> {
        // Cards or pages that are configured stand for the website: its own data would pass them by.
        if self.scraper.as_ref().is_some_and(Scraper::reads_pages) {
            return None;
        }
        let (platform, content_type) = (self.platform_of(page), page.content_type.as_deref());
        // What could be read as a page can be looked through for this.
        extract::data_request_from_bytes(&page.bytes, content_type, &page.url, platform).ok().flatten()
    }

    /// Whether the pages of this website are counted, not linked.
    pub(super) fn counts_pages(&self) -> bool {
        self.scraper.as_ref().is_some_and(Scraper::counts_pages)
    }

    /// Whether the answers of the endpoint that is configured are counted, not named by those before them.
    pub(super) fn counts_answers(&self) -> bool {
        self.scraper.as_ref().and_then(Scraper::endpoint).is_some_and(|endpoint| endpoint.counts_answers())
    }

    /// Whether nothing was read.
    pub(super) fn is_empty(&self) -> bool {
        self.read.is_empty()
    }

    pub(super) fn shows_any(&self) -> bool {
        self.read.iter().any(|part| !part.said.listings.is_empty())
    }

    /// What was read last.
    pub(super) fn last(&self) -> Option<&Extraction> {
        self.read.last().map(|part| &part.said)
    }

    /// What was read, without what stands beside it.
    pub(super) fn pages(&self) -> impl DoubleEndedIterator<Item = &Extraction> {
        self.read.iter().filter(|part| part.origin != Origin::Beside).map(|part| &part.said)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Extraction> {
        self.read.iter().map(|part| &part.said)
    }

    /// Whether each of several pages showed something new.
    pub(super) fn all_is_new(&self) -> bool {
        self.read.len() > 1 && self.fruitless == 0
    }

    /// How many pages showed nothing but what those before them had shown.
    pub(super) fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Whether the links lead in a circle or to nothing new, whatever their addresses.
    pub(super) fn is_in_a_circle(&self) -> bool {
        let mut pages = self.pages().rev();
        let repeats_itself = pages.next().zip(pages.next()).is_some_and(|(last, before)| is_same(last, before));
        self.fruitless >= FRUITLESS_ENDURED || repeats_itself
    }

    /// Drops a last page that repeats the first one, if every page between showed something new. Such a list leads back to
    /// its beginning, and so it has ended.
    pub(super) fn comes_round(&mut self) -> bool {
        let ends = self.read.first().zip(self.read.last());
        let comes_round = self.read.len() > 2
            && (self.fruitless, self.repeats) == (1, 1)
            && ends.is_some_and(|(first, last)| is_same(&first.said, &last.said));
        if comes_round {
            self.read.pop();
            (self.fruitless, self.repeats) = (0, 0);
        }
        comes_round
    }

    /// Drops the empty answers at the end, if every answer before them showed something new. Some endpoints always name a
    /// next answer.
    pub(super) fn ends_in_nothing(&mut self) -> bool {
        let is_empty = |part: &&Part| part.said.listings.is_empty() && part.said.unsettled == 0;
        let empty = self.read.iter().rev().take_while(is_empty).count();
        let ends = empty > 0 && count(empty) == self.fruitless && empty < self.read.len();
        if ends {
            self.read.truncate(self.read.len() - empty);
            self.fruitless = 0;
        }
        ends
    }

    /// Whether the list is one page that shows a part of it, and a script the rest.
    pub(super) fn goes_on_by_script(&self) -> bool {
        let mut pages = self.pages();
        let only = pages.next().filter(|_| pages.next().is_none());
        only.is_some_and(|page| page.warnings.iter().any(|warning| matches!(warning, Warning::MoreByScript { .. })))
    }

    /// How many vehicles the last page shows, if it shows at least as many as the emptiest page before it and no total
    /// tells that it is the last. A list of one page counts as full.
    pub(super) fn full_last_page(&self) -> Option<u32> {
        self.open_last_page().filter(|last| self.page_vehicles().is_none_or(|least| *last >= least))
    }

    /// How many vehicles the last page shows, unless a total tells that these are all.
    fn open_last_page(&self) -> Option<u32> {
        let last = self.last()?.listings.len();
        let found: usize = self.pages().map(|page| page.listings.len()).sum();
        // A total below what is known counts something else.
        let is_all = |total: u32| (self.known.len()..=found).contains(&(total as usize));
        let is_all = self.all().filter_map(|page| page.total).any(is_all);
        Some(count(last)).filter(|_| !is_all)
    }

    /// The fewest vehicles on any page but the last. A page that features a vehicle has one more.
    fn page_vehicles(&self) -> Option<u32> {
        let shown: Vec<usize> = self.pages().map(|page| page.listings.len()).collect();
        shown.split_last()?.1.iter().copied().min().map(count)
    }

    /// How many vehicles stand on several pages.
    fn on_several_pages(&self) -> u32 {
        let keys = |page: &Extraction| page.listings.iter().filter_map(key_of).collect();
        let pages: Vec<Vec<String>> = self.pages().map(keys).collect();
        count(page_overlap::on_several_pages(&pages))
    }

    /// How many vehicles seem to have moved on to a page that is sent as it was; `before` has what stood on each page, by its address.
    pub(super) fn behind_old_pages(&self, before: &HashMap<String, Vec<String>>) -> u32 {
        let parts = self.read.iter().filter(|part| part.origin != Origin::Beside);
        let pages: Vec<PageTwice> = parts
            .map(|part| PageTwice {
                before: before.get(&part.url).cloned(),
                now: part.said.listings.iter().filter_map(key_of).collect(),
            })
            .collect();
        count(old_pages::hidden(&pages))
    }

    /// How many pages were fetched but cannot be used.
    fn lost(&self, total_claimed: Option<u32>) -> u32 {
        let is_lost = |page: &&Extraction| {
            // An empty page of no known platform is likelier an error page than an empty lot. An empty page among several
            // is one, too, even if its platform is known.
            let is_error_page = page.listings.is_empty() && (self.read.len() > 1 || !is_vendor(page.platform));
            // A page that claims 0 vehicles but shows some is lost, if other pages claim more.
            let found_none = page.total == Some(0) && !page.listings.is_empty() && total_claimed > Some(0);
            // A page whose cards are still empty is lost as well.
            is_error_page || page.unsettled > 0 || found_none
        };
        count(self.all().filter(is_lost).count())
    }

    /// What all of them showed.
    pub(super) fn finish(self) -> Shown {
        let total_claimed = self.all().filter_map(|page| page.total).max();
        let mut reading = ScrapeReading {
            last_page_reached: self.all().any(|page| page.next.is_none()) && !self.goes_on_by_script(),
            pages_failed: self.lost(total_claimed),
            full_last_page: self.full_last_page(),
            list: ListShape {
                page_vehicles: self.page_vehicles(),
                last_page: self.open_last_page(),
                ..ListShape::default()
            },
            on_several_pages: self.on_several_pages(),
            says_none: self.all().any(|page| !page.listings.is_empty() && says_none(page)),
            ..ScrapeReading::default()
        };
        let first = self.all().next().map(|page| page.platform).filter(|platform| is_vendor(platform));
        let platform = first.filter(|first| self.all().all(|page| page.platform == *first)).map(ToOwned::to_owned);
        let mut warnings = folded(self.all());
        let (mut pages, mut listings) = (Vec::new(), Vec::new());
        for Part { url, origin, said } in self.read {
            let page = WalkedPage {
                url,
                reader: said.platform,
                listings: said.listings.len(),
                is_answer: origin == Origin::Answer,
            };
            pages.extend(Some(page).filter(|_| origin != Origin::Beside));
            listings.extend(said.listings);
        }
        let shows_any = !listings.is_empty();
        let store = self.scraper.as_ref().and_then(Scraper::store);
        let mut of_stores = Vec::new();
        let aside = count(stores::take_one(&mut listings, store, &mut of_stores));
        warnings.extend(of_stores.into_iter().map(ListWarning::from));
        reading.pages_fetched = u32::try_from(pages.len()).ok();
        // The website's claim includes the vehicles of the other stores. A vehicle without a store may belong to ours.
        reading.total_claimed = total_claimed.map(|claimed| claimed.saturating_sub(aside).max(claimed.min(1)));
        // If no vehicle is of our store, its name is wrong or has changed. That says nothing about its lot, so the page
        // counts as failed.
        reading.pages_failed += u32::from(listings.is_empty() && shows_any);
        Shown { listings, reading, platform, pages, warnings }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn is_vendor(platform: &str) -> bool {
    extract::vendors().any(|vendor| vendor == platform)
}

fn says_none(page: &Extraction) -> bool {
    page.warnings.iter().any(|warning| matches!(warning, Warning::SaysNone { .. }))
}

/// The warnings of the pages, each once with the pages that it was met on.
fn folded<'p>(pages: impl Iterator<Item = &'p Extraction>) -> Vec<ListWarning> {
    let mut met: Vec<ListWarning> = Vec::new();
    for (index, page) in pages.enumerate() {
        for warning in &page.warnings {
            match met.iter_mut().find(|known| known.warning == *warning) {
                Some(known) => known.pages.push(index + 1),
                None => met.push(ListWarning { warning: warning.clone(), pages: vec![index + 1] }),
            }
        }
    }
    met
}

/// Whether two pages show the same vehicles, and any.
fn is_same(one: &Extraction, other: &Extraction) -> bool {
    let keys = |page: &Extraction| page.listings.iter().map(key_of).collect::<Option<HashSet<String>>>();
    keys(one).is_some_and(|shown| !shown.is_empty() && keys(other).is_some_and(|known| known == shown))
}

/// The key of a listing within its list, for counting.
pub(crate) fn key_of(listing: &ScrapedListing) -> Option<String> {
    let keys = [&listing.vin, &listing.external_id, &listing.stock_number, &listing.url];
    keys.into_iter().flatten().next().cloned()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    fn page(numbers: Range<u32>) -> Extraction {
        let listing = |number: u32| ScrapedListing { stock_number: Some(number.to_string()), ..Default::default() };
        Extraction {
            platform: "structured_data",
            total: None,
            next: Some("https://motors.example/used?page=2".into()),
            listings: numbers.map(listing).collect(),
            unsettled: 0,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_page_that_shows_what_the_data_said_is_no_circle() {
        let mut list = List::new(None, None).unwrap();
        list.take_page("", page(0..10));
        list.add([page(0..10), page(10..20)].map(|said| (String::new(), said)).into(), Origin::Beside);
        list.take_page("", page(10..20));
        assert!(!list.is_in_a_circle(), "the data broke off behind the second page");
        list.take_page("", page(10..20));
        assert!(list.is_in_a_circle());
        assert_eq!(list.finish().pages.len(), 3);
    }

    #[test]
    fn a_warning_is_given_once_with_its_pages() {
        let warning = |unsettled| Warning::ListingsUnsettled { unsettled };
        let pages: Vec<_> = [vec![1], vec![1, 2], vec![], vec![1], vec![3]]
            .into_iter()
            .map(|warnings| Extraction { warnings: warnings.into_iter().map(warning).collect(), ..page(0..1) })
            .collect();
        let told: Vec<_> = folded(pages.iter()).into_iter().map(|met| (met.to_string(), met.warning)).collect();
        let expected = [(1, "pages 1 to 2, 4: "), (2, "page 2: "), (3, "page 5: ")];
        assert_eq!(
            told,
            expected.map(|(unsettled, pages)| (format!("{pages}{}", warning(unsettled)), warning(unsettled)))
        );
    }

    #[test]
    fn a_total_of_less_than_is_known_confirms_no_end() {
        for (total, full) in [(None, Some(10)), (Some(20), None), (Some(10), Some(10)), (Some(40), Some(10))] {
            let mut list = List::new(None, None).unwrap();
            list.take_page("", page(0..10));
            list.take_page("", Extraction { total, ..page(10..20) });
            assert_eq!(list.full_last_page(), full, "{total:?}");
        }
    }
}
