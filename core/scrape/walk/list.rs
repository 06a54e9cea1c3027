//! The pages of a list as far as they were read: what they showed, and how a list looks that is at its end. No I/O.
//!
//! Repeats of a vehicle on several pages stay; who records them folds them.

use std::collections::HashSet;

use serde_json::Value;

use super::{ListShape, ScrapeReading, page_overlap, saved::ScrapedPage, stores};
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

/// A page or an answer that stands for a part of the list.
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
    /// Data that was not enough to stand for the pages.
    Beside,
}

struct Part {
    url: String,
    origin: Origin,
    said: Extraction,
}

/// After this many pages that were linked to and show nothing new, the list leads in a circle: some websites put a new number into
/// each link.
const FRUITLESS_ENDURED: u32 = 2;

/// What the pages of one list showed so far.
pub(super) struct List {
    usual: Option<String>,
    scraper: Option<Scraper>,
    read: Vec<Part>,
    /// What tells the vehicles so far from others.
    known: HashSet<String>,
    /// Pages linked to as the next one that show only what is known.
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

    /// Takes a page or an answer; `false` for a counted one that lies behind the last. Counted ones go on for ever: one that
    /// repeats what is known, or shows nothing, lies behind. One that was linked to should have shown something.
    pub(super) fn take(&mut self, url: &str, origin: Origin, mut said: Extraction, is_counted: bool) -> bool {
        // What a vehicle's own page suggests stands on another page of the lot, or on none.
        said.listings.retain(ScrapedListing::is_offered_here);
        // Every one is noted. What has no key can not be told from what is new.
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

    /// Whether what is linked to leads in a circle, whatever its addresses are, or into nothing.
    pub(super) fn is_in_a_circle(&self) -> bool {
        let mut pages = self.pages().rev();
        let repeats_itself = pages.next().zip(pages.next()).is_some_and(|(last, before)| is_same(last, before));
        self.fruitless >= FRUITLESS_ENDURED || repeats_itself
    }

    /// Leaves out a last page that shows just the vehicles of the first, where each between showed something new: there a list is
    /// at its end that leads back to its beginning.
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

    /// Leaves out the empty answers behind the last vehicle, where each before showed something new: some name a next one for ever.
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

    /// How many vehicles the last page shows, where it is as full as one before it and no total tells that it is the last.
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

    /// How many vehicles each page but the last shows at the least: one more stands on a page that features it.
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

    /// How many pages are lost though they came.
    fn lost(&self, total_claimed: Option<u32>) -> u32 {
        let is_lost = |page: &&Extraction| {
            // A page that shows nothing and that nobody knows is likelier an error page than an empty lot. So is one among
            // others, also where its platform is known.
            let is_error_page = page.listings.is_empty() && (self.read.len() > 1 || !is_vendor(page.platform));
            // So is one that found nothing where others found some, and shows vehicles all the same.
            let found_none = page.total == Some(0) && !page.listings.is_empty() && total_claimed > Some(0);
            // So is one that lists vehicles without a word about them.
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
        // What the website claims counts the other stores' vehicles, too. One that names no store may be of the one meant.
        reading.total_claimed = total_claimed.map(|claimed| claimed.saturating_sub(aside).max(claimed.min(1)));
        // Where nobody is the one that is meant, its name is wrong or has changed: that says nothing about its lot.
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

/// What tells a listing from the others of its list, for counting.
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
    fn a_doubt_is_told_once_with_its_pages() {
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
