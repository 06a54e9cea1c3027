//! Saved or fetched pages taken together as one scrape. No I/O.
//!
//! What is deliberately not here: reading one page (`extract`), and repeats of a vehicle on several pages, which the plan
//! folds.

use std::{collections::HashSet, ops::Range};

use serde_json::Value;
use url::Url;

use super::{page_overlap, site_scope, stores};
use crate::{
    competitors::{ListShape, ScrapeReading, ScrapedListing, ScrapedPage},
    error::{Error, ErrorCode, Result},
    extract::{self, DataRequest, Extraction, ListWarning, Warning},
    scrape::{
        configured::Scraper,
        extract::{PagePosition, listings_as_configured},
    },
};

/// What the pages of one scrape showed.
pub(crate) struct Pages {
    pub(crate) listings: Vec<ScrapedListing>,
    pub(crate) reading: ScrapeReading,
    /// The platform that every page was read by.
    pub(crate) platform: Option<String>,
    pub(crate) warnings: Vec<ListWarning>,
}

/// Reads all pages, or none where one can not be read; `usual` is the platform of the competitor, `config` how to read it.
pub(crate) fn read(pages: &[ScrapedPage], usual: Option<&str>, config: Option<&Value>) -> Result<Pages> {
    if pages.is_empty() {
        return Err(Error::invalid_field(ErrorCode::InvalidPages, "/pages", "expected at least one page"));
    }
    let mut reader = Reader::new(usual, config)?;
    for (index, page) in pages.iter().enumerate() {
        reader
            .read(page)
            .map_err(|reason| reason.with_field(format!("/pages/{index}"), "this page could not be read"))?;
    }
    let lacks_a_page = lacks_a_page(pages, &reader.read);
    let begins = begins(pages, &reader.read)?;
    let mut read = reader.finish();
    read.reading.last_page_reached &= !lacks_a_page && begins;
    if !begins {
        read.warnings.push(Warning::BeginsLate.into());
    }
    Ok(read)
}

/// Whether one of the pages may be the first of the list: it leads to none before it, gives itself no later number, and leads on to
/// the second. Saved under one address, pages two and three look like a list that is read to its end.
fn begins(pages: &[ScrapedPage], read: &[Extraction]) -> Result<bool> {
    // Where one was taken for a page behind the last, which is whose is not known.
    if pages.len() != read.len() {
        return Ok(true);
    }
    let leads_on = read.iter().any(|page| page.next.is_some());
    for (page, extraction) in pages.iter().zip(read) {
        let may_be_one_of = !leads_on || extraction.next.is_some() || pages.len() == 1;
        if may_be_one_of && is_first(page, extraction)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_first(page: &ScrapedPage, extraction: &Extraction) -> Result<bool> {
    let place = PagePosition::of(&page.bytes, page.content_type.as_deref(), &page.url)?;
    let Ok(url) = Url::parse(&page.url) else { return Ok(true) };
    let numbers = |address: Option<&String>| {
        let address = address.and_then(|address| Url::parse(address).ok());
        address.map_or_else(HashSet::new, |address| site_scope::numbers_beside(&address, &url))
    };
    let (own, next) = (numbers(place.address.as_ref()), numbers(extraction.next.as_ref()));
    let shown = extraction.listings.len();
    // The second page is number two, or number one of those that begin at none, or begins behind as many as the first shows.
    let leads_to_second = next.is_empty() || next.contains(&2) || next.contains(&1) || next == HashSet::from([shown]);
    Ok(!place.leads_back && own.iter().all(|number| *number <= 1) && leads_to_second)
}

/// Whether one of the pages leads on to a page that is not among them. Pages that were all saved under one address do not tell.
fn lacks_a_page(pages: &[ScrapedPage], read: &[Extraction]) -> bool {
    let address = |text: &str| Url::parse(text).ok().map(|url| (url.path().to_owned(), url.query().map(str::to_owned)));
    let given: HashSet<_> = pages.iter().filter_map(|page| address(&page.url)).collect();
    let is_missing = |next: &String| address(next).is_some_and(|next| !given.contains(&next));
    given.len() == pages.len() && pages.len() > 1 && read.iter().filter_map(|page| page.next.as_ref()).any(is_missing)
}

/// So many pages that were linked to and show nothing new make a circle: some websites put a new number into each link.
const FRUITLESS_ENDURED: u32 = 2;

/// What a page is to the list that it was read for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// A part of it, with the address of the next one.
    On(Option<String>),
    /// One of counted pages that shows nothing new: it lies behind the last, as it seems.
    Behind,
}

/// Reads the pages of one scrape one after the other, and keeps none of them.
pub(crate) struct Reader {
    usual: Option<String>,
    scraper: Option<Scraper>,
    read: Vec<Extraction>,
    /// What tells the vehicles so far from others.
    known: HashSet<String>,
    /// Pages linked to as the next one that show only what is known.
    repeats: u32,
    /// Pages linked to as the next one that show nothing that is not known.
    fruitless: u32,
    /// Of what was read, what stands beside the pages.
    beside: Range<usize>,
}

impl Reader {
    /// # Errors
    /// `invalid_competitor` for a configuration that says nothing that can be done.
    pub(crate) fn new(usual: Option<&str>, config: Option<&Value>) -> Result<Self> {
        let scraper = config.map(Scraper::of).transpose()?;
        // An adopted database may name platforms that nobody here knows.
        let usual = usual.filter(|name| extract::platforms().contains(name)).map(ToOwned::to_owned);
        Ok(Self { usual, scraper, read: Vec::new(), known: HashSet::new(), repeats: 0, fruitless: 0, beside: 0..0 })
    }

    /// What is configured about the website.
    pub(crate) fn scraper(&self) -> Option<&Scraper> {
        self.scraper.as_ref()
    }

    /// Reads a page.
    pub(crate) fn read(&mut self, page: &ScrapedPage) -> Result<Turned> {
        let platform = page.platform.as_deref().or(self.usual.as_deref());
        let (content_type, scraper) = (page.content_type.as_deref(), self.scraper.as_ref());
        let extraction = listings_as_configured(&page.bytes, content_type, &page.url, platform, scraper)?;
        Ok(self.take_page(extraction))
    }

    /// Takes what a page said, unless it is one that lies behind the last.
    pub(crate) fn take_page(&mut self, extraction: Extraction) -> Turned {
        // Some websites link on for ever, and say behind the last page that nothing was found.
        let says_none = extraction.listings.is_empty() && says_none(&extraction);
        self.take(extraction, self.counts_pages() || says_none)
    }

    /// The same for a page or an answer that may be counted. Counted ones go on for ever: one that repeats what is known, or
    /// shows nothing, lies behind the last. One that was linked to should have shown something.
    pub(crate) fn take(&mut self, extraction: Extraction, is_counted: bool) -> Turned {
        let shows_anything_new = self.shows_anything_new(&extraction.listings);
        if let Some(last) = self.read.last_mut().filter(|_| !shows_anything_new) {
            if is_counted {
                last.next = None;
                // One that was not finished proves no end.
                if extraction.unsettled > 0 {
                    self.read.push(Extraction { next: None, ..extraction });
                }
                return Turned::Behind;
            }
            self.fruitless += 1;
            self.repeats += u32::from(!extraction.listings.is_empty());
        }
        let next = extraction.next.clone();
        self.read.push(extraction);
        Turned::On(next)
    }

    /// Whether the pages of this website are counted, not linked.
    pub(crate) fn counts_pages(&self) -> bool {
        self.scraper.as_ref().is_some_and(Scraper::counts_pages)
    }

    /// Whether the answers of the endpoint that is configured are counted, not named by those before them.
    pub(crate) fn counts_answers(&self) -> bool {
        self.scraper.as_ref().and_then(Scraper::endpoint).is_some_and(|endpoint| endpoint.counts_answers())
    }

    /// Whether each of several pages showed something new.
    pub(crate) fn all_is_new(&self) -> bool {
        self.read.len() > 1 && self.fruitless == 0
    }

    /// How many pages showed nothing but what those before them had shown.
    pub(crate) fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Whether what is linked to leads in a circle, whatever its addresses are, or into nothing.
    pub(crate) fn is_in_a_circle(&self) -> bool {
        self.fruitless >= FRUITLESS_ENDURED || self.repeats_itself()
    }

    /// How many vehicles the last page shows, where it is as full as one before it and no total tells that it is the last.
    pub(crate) fn full_last_page(&self) -> Option<u32> {
        let last = self.open_last_page()?;
        u32::try_from(last).ok().filter(|_| self.page_vehicles().is_none_or(|least| last >= least))
    }

    /// How many vehicles the last page shows, unless a total tells that these are all.
    fn open_last_page(&self) -> Option<usize> {
        let last = self.read.last()?.listings.len();
        let found: usize = self.pages().map(|page| page.listings.len()).sum();
        // One below what is known counts something else.
        let is_all = |total: usize| (self.known.len()..=found).contains(&total);
        let is_all = self.read.iter().filter_map(|page| page.total).any(|total| is_all(total as usize));
        Some(last).filter(|_| !is_all)
    }

    /// How many vehicles each page but the last shows at the least: one more stands on a page that features it.
    fn page_vehicles(&self) -> Option<usize> {
        let shown: Vec<usize> = self.pages().map(|page| page.listings.len()).collect();
        shown.split_last()?.1.iter().copied().min()
    }

    /// Whether the list is one page that shows a part of it, and a script the rest.
    pub(crate) fn goes_on_by_script(&self) -> bool {
        let mut pages = self.pages();
        let only = pages.next().filter(|_| pages.next().is_none());
        only.is_some_and(|page| page.warnings.iter().any(|warning| matches!(warning, Warning::MoreByScript { .. })))
    }

    /// The pages, without what was read beside them.
    fn pages(&self) -> impl DoubleEndedIterator<Item = &Extraction> {
        self.read.iter().enumerate().filter(|(index, _)| !self.beside.contains(index)).map(|(_, page)| page)
    }

    /// Leaves out a last page that shows just the vehicles of the first, where each between showed something new: there a list is
    /// at its end that leads back to its beginning.
    pub(crate) fn comes_round(&mut self) -> bool {
        let is_first = self.read.len() > 2 && self.fruitless == 1 && self.repeats == 1;
        let comes_round =
            is_first && self.read.first().zip(self.read.last()).is_some_and(|(one, other)| is_same(one, other));
        if comes_round {
            self.read.pop();
            (self.fruitless, self.repeats) = (0, 0);
        }
        comes_round
    }

    /// Leaves out the empty answers behind the last vehicle, where each before showed something new: some name a next one for ever.
    pub(crate) fn ends_in_nothing(&mut self) -> bool {
        let empty =
            self.read.iter().rev().take_while(|answer| answer.listings.is_empty() && answer.unsettled == 0).count();
        let ends = empty > 0 && u32::try_from(empty) == Ok(self.fruitless) && empty < self.read.len();
        if ends {
            self.read.truncate(self.read.len() - empty);
            self.fruitless = 0;
        }
        ends
    }

    fn shows_anything_new(&mut self, listings: &[ScrapedListing]) -> bool {
        // Every one is noted. What has no key can not be told from what is new.
        let new = listings.iter().filter(|listing| key_of(listing).is_none_or(|key| self.known.insert(key)));
        new.count() > 0
    }

    /// What the page read last showed.
    pub(crate) fn last(&self) -> Option<&Extraction> {
        self.read.last()
    }

    /// Whether the page read last shows just the vehicles of the one before it.
    fn repeats_itself(&self) -> bool {
        let mut pages = self.pages().rev();
        pages.next().zip(pages.next()).is_some_and(|(last, before)| is_same(last, before))
    }

    /// What to ask for to get the list of this page as data, where its platform offers that.
    pub(crate) fn data_request(&self, page: &ScrapedPage) -> Option<DataRequest> {
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
    pub(crate) fn add(&mut self, read: impl IntoIterator<Item = Extraction>) {
        let start = self.read.len();
        self.read.extend(read);
        self.beside = start..self.read.len();
    }

    /// Takes what was read elsewhere in place of the pages.
    pub(crate) fn replace(&mut self, read: Vec<Extraction>) {
        self.read = read;
    }

    /// How many vehicles stand on several pages.
    fn on_several_pages(&self) -> u32 {
        let keys = |page: &Extraction| page.listings.iter().filter_map(key_of).collect();
        let pages: Vec<Vec<String>> = self.pages().map(keys).collect();
        u32::try_from(page_overlap::on_several_pages(&pages)).unwrap_or(u32::MAX)
    }

    /// What all of them showed.
    pub(crate) fn finish(self) -> Pages {
        let full_last_page = self.full_last_page();
        let last_page = self.open_last_page().and_then(|shown| u32::try_from(shown).ok());
        let pages_fetched = u32::try_from(self.pages().count()).ok();
        let page_vehicles = self.page_vehicles().and_then(|shown| u32::try_from(shown).ok());
        let on_several_pages = self.on_several_pages();
        let goes_on_by_script = self.goes_on_by_script();
        let read = self.read;
        let is_vendor = |name: &str| extract::vendors().any(|vendor| vendor == name);
        // A page that shows nothing and that nobody knows is likelier an error page than an empty lot.
        // So is one among others, whoever knows it.
        let is_lost = |page: &&Extraction| page.listings.is_empty() && (read.len() > 1 || !is_vendor(page.platform));
        // So is one that lists vehicles without a word about them.
        // So is one that found nothing where others found some, and shows vehicles all the same.
        let total_claimed = read.iter().filter_map(|page| page.total).max();
        let found_none =
            |page: &&Extraction| page.total == Some(0) && !page.listings.is_empty() && total_claimed > Some(0);
        let lost = read.iter().filter(|page| is_lost(page) || page.unsettled > 0 || found_none(page)).count();
        let shows_others = |page: &Extraction| !page.listings.is_empty() && says_none(page);
        let reading = ScrapeReading {
            // Whoever hands pages in may have missed one: a list ends with a page that leads no further.
            last_page_reached: read.iter().any(|page| page.next.is_none()) && !goes_on_by_script,
            pages_failed: u32::try_from(lost).unwrap_or(u32::MAX),
            pages_fetched,
            total_claimed,
            full_last_page,
            list: ListShape { page_vehicles, last_page, ..ListShape::default() },
            on_several_pages,
            says_none: read.iter().any(shows_others),
            ..ScrapeReading::whole_lot()
        };
        let first = read.first().map(|page| page.platform).filter(|platform| is_vendor(platform));
        let agreed = first.filter(|first| read.iter().all(|page| page.platform == *first));
        let mut warnings = folded(&read);
        let mut listings: Vec<_> = read.into_iter().flat_map(|page| page.listings).collect();
        let claimed = reading.total_claimed;
        let shows_any = !listings.is_empty();
        let mut of_stores = Vec::new();
        let left_aside =
            stores::take_one(&mut listings, self.scraper.as_ref().and_then(Scraper::store), &mut of_stores);
        warnings.extend(of_stores.into_iter().map(ListWarning::from));
        // What the website claims counts the other stores' vehicles, too. One that names no store may be of the one meant.
        let left_aside = u32::try_from(left_aside).unwrap_or(u32::MAX);
        let reading = ScrapeReading {
            total_claimed: claimed.map(|claimed| claimed.saturating_sub(left_aside).max(claimed.min(1))),
            ..reading
        };
        // Where nobody is the one that is meant, its name is wrong or has changed: that says nothing about its lot.
        let is_lost = listings.is_empty() && shows_any;
        let reading = ScrapeReading { pages_failed: reading.pages_failed + u32::from(is_lost), ..reading };
        Pages { listings, reading, platform: agreed.map(ToOwned::to_owned), warnings }
    }
}

/// Whether a page says that nothing was found.
fn says_none(page: &Extraction) -> bool {
    page.warnings.iter().any(|warning| matches!(warning, Warning::SaysNone { .. }))
}

/// The warnings of the pages, each once with the pages that it was met on.
fn folded(pages: &[Extraction]) -> Vec<ListWarning> {
    let mut met: Vec<ListWarning> = Vec::new();
    for (index, page) in pages.iter().enumerate() {
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
        let mut reader = Reader::new(None, None).unwrap();
        reader.take_page(page(0..10));
        reader.add([page(0..10), page(10..20)]);
        reader.take_page(page(10..20));
        assert!(!reader.is_in_a_circle(), "the data broke off behind the second page");
        reader.take_page(page(10..20));
        assert!(reader.is_in_a_circle());
        assert_eq!(reader.finish().reading.pages_fetched, Some(3));
    }

    #[test]
    fn a_doubt_is_told_once_with_its_pages() {
        let warning = |unsettled| Warning::ListingsUnsettled { unsettled };
        let pages: Vec<_> = [vec![1], vec![1, 2], vec![], vec![1], vec![3]]
            .into_iter()
            .map(|warnings| Extraction { warnings: warnings.into_iter().map(warning).collect(), ..page(0..1) })
            .collect();
        let told: Vec<_> = folded(&pages).into_iter().map(|met| (met.to_string(), met.warning)).collect();
        let expected = [(1, "pages 1 to 2, 4: "), (2, "page 2: "), (3, "page 5: ")];
        assert_eq!(
            told,
            expected.map(|(unsettled, pages)| (format!("{pages}{}", warning(unsettled)), warning(unsettled)))
        );
    }

    #[test]
    fn a_total_of_less_than_is_known_confirms_no_end() {
        for (total, full) in [(None, Some(10)), (Some(20), None), (Some(10), Some(10)), (Some(40), Some(10))] {
            let mut reader = Reader::new(None, None).unwrap();
            reader.take_page(page(0..10));
            reader.take_page(Extraction { total, ..page(10..20) });
            assert_eq!(reader.full_last_page(), full, "{total:?}");
        }
    }
}
