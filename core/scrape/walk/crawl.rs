//! A competitor's list, fetched page after page until there is no next one.
//!
//! Where the platform gives its list as data, that is asked for after the first page and stands for all pages, if it comes to
//! its end and brings as many vehicles as are claimed. If it does not, the pages are read after all, and what the data said
//! counts beside them. A page that its server calls unchanged is not sent again; what it said before is read once more.
//!
//! A list is read to its end where nothing speaks against it: a later page that a redirect leads away from, one on another
//! website, one that shows only what is known, and one that the others count on but that shows nothing while the page behind it
//! does, are pages that failed. Where counted pages or answers end earlier than those of the last complete scrape, one more is asked
//! for. A list that leads back to its first page behind the last, or names answers for ever that show nothing, is at its end.
//!
//! What is deliberately not here: how a page is fetched politely (`scrape::fetch`), how it is read (`extract`), and what is
//! recorded of it. No database.

use std::{collections::HashSet, time::Duration};

use url::Url;

use super::{
    page_cache::{KeptPages, ListSource, PagesRead},
    pages::{Pages, Reader, Turned, key_of},
    site_scope::{self, ListAddress},
};
use crate::{
    competitors::ScrapedPage,
    error::Error,
    extract::{DataMethod, DataRequest, Extraction, Warning, listings_from_data},
    scrape::{
        ScrapeErrorType,
        configured::Scraper,
        extract::decoded,
        fetch::{FetchError, Fetched, PageRequest, Session, has_its_end},
    },
};

/// Why a scrape brought nothing that could be recorded.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) error_type: ScrapeErrorType,
    pub(crate) message: String,
    /// How long the website asked to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the server says that there is no such page.
    pub(crate) is_gone: bool,
}

/// How a scrape ended that has nothing to hand over.
#[derive(Debug)]
pub(crate) enum Ended {
    Failed(Failed),
    /// Somebody else speaks to a host that this website shares with others.
    Busy,
    /// Somebody asked it to stop.
    Stopped,
}

/// Where one has to wait for one's turn among all processes.
pub(crate) trait SharedHosts {
    /// Waits until nobody else speaks to this host, not for ever; it is ours until the answer is dropped.
    ///
    /// # Errors
    /// [`Ended::Busy`] where somebody else goes on speaking to it.
    fn take(&self, host: &str) -> Result<SharedTurn<'_>, Ended>;
}

/// The right to speak to a shared host, until dropped.
pub(crate) struct SharedTurn<'a>(Box<dyn FnMut() + 'a>);

impl<'a> SharedTurn<'a> {
    pub(crate) fn until(give_back: impl FnMut() + 'a) -> Self {
        Self(Box::new(give_back))
    }
}

impl Drop for SharedTurn<'_> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// How much one scrape takes, and what it asks of a list given as data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrawlLimits {
    pub(crate) most_pages: usize,
    /// Pages that the last complete scrape read: a list that ends before is looked behind.
    pub(crate) pages_before: usize,
    pub(crate) data_share_percent: u32,
}

/// How far a scrape has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reached {
    /// Pages asked for.
    pub(crate) pages: usize,
    /// Vehicles read, repeats included.
    pub(crate) listings: usize,
    /// How many the website claims to have.
    pub(crate) total_claimed: Option<u32>,
}

/// What a scrape brought.
pub(crate) struct Crawled {
    pub(crate) pages: Pages,
    pub(crate) read: PagesRead,
    /// How long the website asked to be left alone, where it did so in the middle.
    pub(crate) retry_after: Option<Duration>,
}

impl Crawled {
    /// Why it shows no vehicle: what is known of the reason says more than that nothing is there.
    fn failed(&self, unknown: &str) -> Failed {
        let says_why = |warning: &Warning| {
            matches!(
                warning,
                Warning::ListingsUnsettled { .. } | Warning::StoreNotFound { .. } | Warning::NoIdentity { .. }
            )
        };
        let reason = self.pages.warnings.iter().find(|listed| says_why(&listed.warning));
        reason.map_or_else(|| Failed::empty(unknown), |reason| Failed::empty(&reason.to_string()))
    }
}

/// Fetches and reads the list; what was read before a page failed is kept, as a part of the lot.
///
/// # Errors
/// Where the first page already fails, and at any page where the website has had enough: a bot check is not looked at twice.
pub(crate) fn crawl(
    (session, hosts): (&Session, &dyn SharedHosts),
    source: ListSource<'_>,
    kept: KeptPages,
    limits: CrawlLimits,
    note: &mut dyn FnMut(Reached),
) -> Result<Crawled, Ended> {
    let reader = Reader::new(source.platform, source.config).map_err(|reason| Failed::reading(&reason))?;
    let configured_pages = reader.scraper().and_then(Scraper::max_pages).unwrap_or(usize::MAX);
    let limits = CrawlLimits { most_pages: limits.most_pages.min(configured_pages), ..limits };
    let crawl = Crawl {
        session,
        hosts,
        own_host: site_scope::host(source.url),
        kept,
        limits,
        note,
        reader,
        read: PagesRead::default(),
        reached: Reached::default(),
        visited: HashSet::new(),
        warnings: Vec::new(),
        looked_behind: None,
        failed: 0,
        closed: 0,
        ends_documents: false,
        list_asked: None,
        list_url: None,
        retry_after: None,
    };
    match crawl.configured_request(source.url) {
        Some(request) => crawl.run_endpoint(request),
        None => crawl.run(source.url),
    }
}

struct Crawl<'a> {
    session: &'a Session,
    hosts: &'a dyn SharedHosts,
    /// The host that nobody else speaks to while this competitor is scraped.
    own_host: Option<String>,
    kept: KeptPages,
    limits: CrawlLimits,
    note: &'a mut dyn FnMut(Reached),
    reader: Reader,
    read: PagesRead,
    reached: Reached,
    /// The addresses of pages, and of data with what was sent.
    visited: HashSet<String>,
    warnings: Vec<Warning>,
    /// The counted page that showed nothing, behind which one more is looked at.
    looked_behind: Option<String>,
    /// Pages that could not be fetched or read, and those that robots.txt closes.
    failed: u32,
    closed: u32,
    /// Whether a page so far was a document that ends as documents should.
    ends_documents: bool,
    /// Where the list was asked for, and where it stands.
    list_asked: Option<String>,
    list_url: Option<String>,
    /// How long the website asked to be left alone: it is not asked again in this scrape.
    retry_after: Option<Duration>,
}

/// Where the list of an inventory address stands.
fn list_at(first: &str) -> Result<ListAddress, Failed> {
    let list = Url::parse(first).ok().and_then(ListAddress::of);
    list.ok_or_else(|| Failed::new(ScrapeErrorType::Parsing, format!("{first} is no address of a website")))
}

/// Whether what came back for an address is a page of the list; the first one says where it stands.
fn must_be_of(list: &mut ListAddress, asked: &str, reached: &Url, is_first: bool) -> Result<(), Failed> {
    let is_of_it = match Url::parse(asked) {
        Ok(asked) if !is_first => list.has_page(&asked, reached),
        _ => list.reached_at(reached),
    };
    is_of_it.map_err(|reason| Failed::new(ScrapeErrorType::HttpStatus, reason))
}

fn is_first_page(list: &ListAddress, url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| list.begins_at(&url))
}

/// What came back for one page.
enum Got {
    /// What it said the last time, and where it stands.
    Unchanged(Extraction, Url),
    Sent(Fetched),
}

/// What became of a list given as data.
enum List {
    Whole(Vec<Extraction>),
    /// Why it can not stand for the pages, and what it said as far as that may be believed.
    Doubtful(String, Vec<Extraction>),
}

impl<'a> Crawl<'a> {
    /// Waits for the host of an endpoint, where it is another than that of the competitor: many websites may ask it.
    fn turn_at(&self, request: &DataRequest) -> Result<Option<SharedTurn<'a>>, Ended> {
        let (hosts, own) = (self.hosts, self.own_host.as_deref());
        let host = site_scope::host_of(&request.url).filter(|host| own != Some(*host));
        host.map(|host| hosts.take(host)).transpose()
    }
}

impl Crawl<'_> {
    fn run(mut self, first: &str) -> Result<Crawled, Ended> {
        self.visited.insert(first.to_owned());
        let mut list = list_at(first)?;
        let (turned, data) = self.page(first, &mut list)?;
        (self.list_asked, self.list_url) = (Some(list.asked().to_string()), Some(list.reached().to_string()));
        let mut next = match turned {
            Turned::On(next) => next.or_else(|| self.behind(first, self.early())),
            Turned::Behind => None,
        };
        if let Some(request) = data {
            match self.data(request)? {
                List::Whole(data) => {
                    self.reader.replace(data);
                    next = None;
                }
                List::Doubtful(reason, data) => {
                    tracing::info!(%first, reason, "the list as data can not stand for the pages; they are read");
                    self.warnings.push(Warning::DataNotEnough { reason });
                    self.reader.add(data);
                }
            }
        }
        while let Some(url) =
            next.take_if(|url| self.may_ask() && list.home().has_text(url) && self.visited.insert(url.clone()))
        {
            match self.page(&url, &mut list) {
                Ok((Turned::On(following), _)) => {
                    if is_first_page(&list, &url) && self.reader.comes_round() {
                        break;
                    }
                    self.goes_on_behind();
                    next = following.or_else(|| self.behind(&url, self.early()));
                    // Some websites show their last page under ever new numbers; others, the first whatever is asked for.
                    if next.is_some() && self.reader.is_in_a_circle() {
                        break;
                    }
                }
                Ok((Turned::Behind, _)) => next = self.behind(&url, self.full()),
                // A server may well say that there is no page behind the last.
                Err(Ended::Failed(failure)) if failure.is_gone && self.reader.counts_pages() => {
                    next = self.behind(&url, self.full());
                }
                Err(ended) => {
                    self.lose(&url, ended)?;
                    next = Some(url);
                    break;
                }
            }
        }
        // Some pagers lead on for ever, to pages that show nothing.
        if self.reader.is_in_a_circle() && self.reader.ends_in_nothing() {
            next = None;
        }
        // Behind the last page stands the first one again.
        let is_back = |url: &str| self.visited.contains(url) && is_first_page(&list, url);
        next = next.filter(|url| !self.reader.all_is_new() || !is_back(url));
        if let Some(url) = next.as_ref().filter(|url| !list.home().has_text(url)) {
            self.warnings.push(Warning::NextPageElsewhere { url: url.clone() });
        }
        let crawled = self.finish(next.is_none());
        if crawled.pages.listings.is_empty() && crawled.pages.reading.pages_failed > 0 {
            // What is known of the reason says more than that nothing is there.
            return Err(crawled.failed("the page shows no vehicle and is of no known platform").into());
        }
        Ok(crawled)
    }

    /// What the configuration asks instead of any page.
    fn configured_request(&self, inventory_url: &str) -> Option<DataRequest> {
        self.reader.scraper()?.endpoint()?.first_request(&Url::parse(inventory_url).ok()?)
    }

    /// Reads the list from an endpoint that is configured: there is no page to compare it with.
    fn run_endpoint(mut self, first: DataRequest) -> Result<Crawled, Ended> {
        let _turn = self.turn_at(&first)?;
        let host = first.url.host_str().map(str::to_owned);
        let begun = key_of_request(&first);
        let mut next = Some(first);
        while let Some(request) = next.take_if(|request| self.may_ask() && self.visited.insert(key_of_request(request)))
        {
            let is_first = self.reached.pages == 0;
            let answer = must_be_at(host.as_deref(), &request).and_then(|()| self.data_page(&request));
            match answer {
                Ok((extraction, following)) => {
                    self.count(extraction.listings.len(), extraction.total);
                    // One that names an answer to come calls itself no end, unless answers are counted.
                    let may_be_behind = self.reader.counts_answers() || !self.leads_on(&extraction, following.as_ref());
                    next = match self.reader.take(extraction, may_be_behind) {
                        Turned::On(_) => {
                            self.goes_on_behind();
                            following.or_else(|| self.request_behind(&request, self.early()))
                        }
                        Turned::Behind => self.request_behind(&request, self.full()),
                    };
                    if next.is_some() && !may_be_behind && self.reader.is_in_a_circle() {
                        break;
                    }
                }
                Err(ended) if is_first => return Err(ended),
                Err(Ended::Failed(failure)) if failure.is_gone && self.reader.counts_answers() => {
                    next = self.request_behind(&request, self.full());
                }
                Err(ended) => {
                    self.lose(request.url.as_str(), ended)?;
                    next = Some(request);
                    break;
                }
            }
        }
        next = next.filter(|request| !self.reader.all_is_new() || key_of_request(request) != begun);
        let may_be_at_end = next.is_none() || self.reader.is_in_a_circle();
        let is_at_end = (may_be_at_end && self.reader.ends_in_nothing()) || next.is_none();
        let crawled = self.finish(is_at_end);
        if crawled.pages.listings.is_empty() {
            return Err(crawled.failed("the configured endpoint lists no vehicle").into());
        }
        Ok(crawled)
    }

    /// Whether an answer of an endpoint names one to come: one that was not asked for, or any behind vehicles.
    fn leads_on(&self, answer: &Extraction, following: Option<&DataRequest>) -> bool {
        let is_new = |request: &DataRequest| !self.visited.contains(&key_of_request(request));
        following.is_some_and(|request| !answer.listings.is_empty() || is_new(request))
    }

    /// A document that breaks off where others of the same website come to their end is a part of what it was.
    fn must_be_whole(&mut self, url: &str, fetched: &Fetched) -> Result<(), Failed> {
        match has_its_end(&fetched.body) {
            Some(false) if self.ends_documents => {
                let message = format!("{url} breaks off before its end, which the pages before it have");
                return Err(Failed::new(ScrapeErrorType::Parsing, message));
            }
            has_end => self.ends_documents |= has_end == Some(true),
        }
        Ok(())
    }

    /// What all pages showed; a next page that is left over was too many, failed, stands elsewhere, or leads in a circle.
    fn finish(mut self, is_at_end: bool) -> Crawled {
        let repeats = self.reader.repeats();
        if repeats > 0 {
            self.warnings.push(Warning::PageRepeats { repeats, url: None });
        }
        let is_at_end = is_at_end && !self.reader.goes_on_by_script();
        let mut pages = self.reader.finish();
        pages.reading.last_page_reached = is_at_end;
        pages.reading.list.redirected = self.list_url != self.list_asked;
        pages.reading.list.url = self.list_url;
        pages.reading.pages_failed += self.failed + repeats;
        pages.reading.pages_closed_by_robots += self.closed;
        pages.warnings.extend(self.warnings.into_iter().map(Into::into));
        self.read.to_the_end = is_at_end && pages.reading.pages_failed == 0;
        Crawled { pages, read: self.read, retry_after: self.retry_after }
    }

    /// Goes on without a page that could not be had; what came before it is kept.
    ///
    /// # Errors
    /// The end itself where the website has had enough, or nobody wants to go on.
    fn lose(&mut self, url: &str, ended: Ended) -> Result<(), Ended> {
        match ended {
            Ended::Failed(failure) if failure.error_type != ScrapeErrorType::Blocked => {
                tracing::info!(%url, reason = failure.message, "a page failed; what came before it is kept");
                match failure.error_type {
                    ScrapeErrorType::Robots => self.closed += 1,
                    _ => self.failed += 1,
                }
                self.retry_after = self.retry_after.max(failure.retry_after);
                self.warnings.push(Warning::PageFailed { reason: failure.message });
                Ok(())
            }
            ended => Err(ended),
        }
    }

    /// Where to look once more before the end of counted pages is believed, behind one that shows so many vehicles.
    fn behind(&mut self, url: &str, shown: Option<u32>) -> Option<String> {
        let behind = self.reader.scraper()?.behind(&Url::parse(url).ok()?, shown?)?;
        self.looked_behind = Some(url.to_owned());
        Some(behind.into())
    }

    /// The same for answers of an endpoint.
    fn request_behind(&mut self, request: &DataRequest, shown: Option<u32>) -> Option<DataRequest> {
        let behind = self.reader.scraper()?.endpoint()?.behind(request, shown?)?;
        self.looked_behind = Some(request.url.to_string());
        Some(behind)
    }

    /// What the last page shows that showed anything new, where it is full: one behind it that shows nothing may have failed.
    fn full(&self) -> Option<u32> {
        self.reader.full_last_page().filter(|_| self.looked_behind.is_none())
    }

    /// What the page read last shows, where it ends the list by its word, earlier than lately: it may have been shown in part.
    fn early(&self) -> Option<u32> {
        let is_early = self.reached.pages < self.limits.pages_before && self.looked_behind.is_none();
        let shown = self.reader.last().filter(|_| is_early)?.listings.len();
        u32::try_from(shown).ok().filter(|shown| *shown > 0)
    }

    /// The list goes on: if a page before showed nothing, it failed to.
    fn goes_on_behind(&mut self) {
        if let Some(url) = self.looked_behind.take() {
            self.failed += 1;
            self.warnings.push(Warning::EndedEarly { url });
        }
    }

    fn may_ask(&self) -> bool {
        self.reached.pages < self.limits.most_pages && self.retry_after.is_none()
    }

    /// Reads a page: what it is to the list, and what to ask for the whole list as data, where that can be had.
    fn page(&mut self, url: &str, list: &mut ListAddress) -> Result<(Turned, Option<DataRequest>), Ended> {
        let is_first = self.reached.pages == 0;
        let fetched = match self.fetch(PageRequest::get(url))? {
            Got::Unchanged(extraction, reached) => {
                must_be_of(list, url, &reached, is_first)?;
                self.count(extraction.listings.len(), extraction.total);
                let turned = self.reader.take_page(extraction);
                return Ok((self.counted_on(turned, url, &reached), None));
            }
            Got::Sent(fetched) => fetched,
        };
        // A number behind the last may lead back to the first page, or to the last.
        let is_known = |reached: &Url| list.begins_at(reached) || self.visited.contains(reached.as_str());
        if !is_first && self.reader.counts_pages() && url != fetched.final_url.as_str() && is_known(&fetched.final_url)
        {
            return Ok((Turned::Behind, None));
        }
        must_be_of(list, url, &fetched.final_url, is_first)?;
        self.must_be_whole(url, &fetched)?;
        let mut page = ScrapedPage {
            bytes: Vec::new(),
            content_type: fetched.content_type.clone(),
            url: fetched.final_url.to_string(),
            platform: None,
        };
        let mut fetched = fetched;
        page.bytes = std::mem::take(&mut fetched.body);
        let turned = self.reader.read(&page).map_err(|reason| Failed::reading_of(url, &reason))?;
        if turned == Turned::Behind {
            return Ok((turned, None));
        }
        let turned = self.counted_on(turned, url, &fetched.final_url);
        // The list as data is asked for once, after the first page.
        let data = if is_first { self.reader.data_request(&page) } else { None };
        if let Some(extraction) = self.reader.last() {
            let (listings, total) = (extraction.listings.len(), extraction.total);
            // A page that says where the data is must be seen whole each time.
            if data.is_none() {
                self.read.keep(url, &fetched, extraction);
            }
            self.count(listings, total);
        }
        Ok((turned, data))
    }

    /// The same, counted on from the address that was asked for: in that of a redirect the number may stand elsewhere.
    fn counted_on(&self, turned: Turned, asked: &str, reached: &Url) -> Turned {
        let Turned::On(Some(next)) = turned else { return turned };
        let counted = || {
            let shown = u32::try_from(self.reader.last()?.listings.len()).ok()?;
            self.reader.scraper()?.behind(&Url::parse(asked).ok()?, shown)
        };
        let counted = if asked == reached.as_str() { None } else { counted() };
        Turned::On(Some(counted.map_or(next, String::from)))
    }

    /// Reads the list as data, from the first answer to the last.
    fn data(&mut self, first: DataRequest) -> Result<List, Ended> {
        let _turn = self.turn_at(&first)?;
        let platform = first.platform;
        let shown = self.reader.last().map_or(0, |page| page.listings.len());
        // One that says that it has none, and shows some, is no measure.
        let claimed_by_page = self.reader.last().and_then(|page| page.total).filter(|total| *total > 0 || shown == 0);
        let (mut read, mut claimed): (Vec<Extraction>, Option<u32>) = (Vec::new(), None);
        let mut known = HashSet::new();
        let host = first.url.host_str().map(str::to_owned);
        let mut next = Some(first);
        while let Some(request) = next.take() {
            if !self.may_ask() {
                let reason = "it did not come to its end within the pages that a scrape may take";
                return Ok(List::Doubtful(reason.to_owned(), read));
            }
            if !self.visited.insert(key_of_request(&request)) {
                return Ok(List::Doubtful("it leads back to an answer that was asked for before".to_owned(), read));
            }
            let answer = must_be_at(host.as_deref(), &request).and_then(|()| self.data_page(&request));
            // Another host than the website's says nothing about how the website's pages may be asked for.
            if let Err(Ended::Failed(failure)) = &answer
                && site_scope::host_of(&request.url) == self.own_host.as_deref()
            {
                self.retry_after = self.retry_after.max(failure.retry_after);
            }
            let may_ask = self.may_ask();
            let (extraction, following) = match answer {
                Ok(answer) => answer,
                Err(Ended::Failed(failure))
                    if failure.error_type != ScrapeErrorType::Blocked && request.otherwise.is_some() && may_ask =>
                {
                    tracing::debug!(url = %request.url, reason = failure.message, "the list is asked for otherwise");
                    next = request.otherwise.map(|otherwise| *otherwise);
                    continue;
                }
                Err(Ended::Failed(failure)) if failure.error_type != ScrapeErrorType::Blocked => {
                    return Ok(List::Doubtful(failure.message, read));
                }
                Err(ended) => return Err(ended),
            };
            let before = known.len();
            known.extend(extraction.listings.iter().filter_map(key_of));
            if !extraction.listings.is_empty() && known.len() == before && !read.is_empty() {
                return Ok(List::Doubtful("it repeats itself".to_owned(), read));
            }
            claimed = claimed.max(extraction.total);
            self.count(extraction.listings.len(), extraction.total);
            next = following;
            // The answer behind the last vehicle is empty, and no page that was lost.
            if !extraction.listings.is_empty() || extraction.unsettled > 0 {
                read.push(extraction);
            }
        }
        let found = read.iter().map(|answer| answer.listings.len()).sum::<usize>().min(known.len());
        if let Some(by_page) = claimed_by_page.filter(|by_page| found > 2 * (*by_page as usize).max(shown)) {
            let reason = format!("it has {found} vehicles where the page has {by_page}");
            return Ok(List::Doubtful(reason, Vec::new()));
        }
        let expected = claimed.max(claimed_by_page).map_or(0, |claimed| claimed as usize).max(shown).max(1);
        if found * 100 < expected * self.limits.data_share_percent as usize {
            let reason = format!("it brought {found} of {expected} vehicles");
            return Ok(List::Doubtful(reason, read));
        }
        tracing::debug!(platform, found, "the list was read as data");
        Ok(List::Whole(read))
    }

    /// Asks for one answer: what it says, and what to ask next.
    fn data_page(&mut self, request: &DataRequest) -> Result<(Extraction, Option<DataRequest>), Ended> {
        let fetched = match self.fetch(PageRequest::from(request))? {
            Got::Unchanged(extraction, _) => {
                let url = extraction.next.as_deref().and_then(|next| next.parse().ok());
                let next = url.map(|url| DataRequest { url, ..request.clone() });
                return Ok((extraction, next));
            }
            Got::Sent(fetched) => fetched,
        };
        let answer = decoded(&fetched.body, fetched.content_type.as_deref())
            .and_then(|text| listings_from_data(request, &text))
            .map_err(|reason| Failed::reading_of(request.url.as_str(), &reason))?;
        let extraction = Extraction {
            platform: request.platform,
            total: answer.total,
            next: answer.next.as_ref().map(|next| next.url.to_string()),
            listings: answer.listings,
            unsettled: answer.unsettled,
            warnings: answer.warnings,
        };
        if request.method == DataMethod::Get && answer.next.as_ref().is_none_or(|next| next.body.is_none()) {
            self.read.keep(request.url.as_str(), &fetched, &extraction);
        }
        Ok((extraction, answer.next))
    }

    /// Fetches a page, or learns that it is the one that is known.
    fn fetch(&mut self, mut request: PageRequest) -> Result<Got, Ended> {
        if let Some(kept) = self.kept.get(&request.url).filter(|_| request.body.is_none()) {
            (request.etag, request.last_modified) = (kept.etag.clone(), kept.last_modified.clone());
        }
        self.reached.pages += 1;
        (self.note)(self.reached);
        let mut fetched = self.session.get(&request)?;
        if fetched.not_modified {
            if let Some(kept) = self.kept.take(&request.url) {
                let id = kept.id;
                if let Some(extraction) = kept.reading.into_extraction() {
                    self.read.unchanged.insert(id);
                    self.read.retold.extend(extraction.listings.iter().filter_map(key_of));
                    return Ok(Got::Unchanged(extraction, fetched.final_url));
                }
            }
            (request.etag, request.last_modified) = (None, None);
            self.reached.pages += 1;
            fetched = self.session.get(&request)?;
        }
        Ok(Got::Sent(fetched))
    }

    fn count(&mut self, listings: usize, total: Option<u32>) {
        self.reached.listings += listings;
        self.reached.total_claimed = self.reached.total_claimed.max(total);
        (self.note)(self.reached);
    }
}

/// Whether a request goes to the host that its turn was waited for: an answer does not choose who else is asked.
fn must_be_at(host: Option<&str>, request: &DataRequest) -> Result<(), Ended> {
    if request.url.host_str() == host {
        return Ok(());
    }
    let message = format!("{} is on another host than the answers before it: it is not asked", request.url);
    Err(Failed::new(ScrapeErrorType::HttpStatus, message).into())
}

/// What tells a request from the others of its list.
fn key_of_request(request: &DataRequest) -> String {
    let body = request.body.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{} {body}", request.url)
}

impl Failed {
    fn new(error_type: ScrapeErrorType, message: impl Into<String>) -> Self {
        Self { error_type, message: message.into(), retry_after: None, is_gone: false }
    }

    fn empty(message: &str) -> Self {
        Self::new(ScrapeErrorType::Empty, message)
    }

    /// How to read it is not what it should be.
    fn reading(reason: &Error) -> Self {
        Self::new(ScrapeErrorType::Parsing, reason.to_string())
    }

    /// What was fetched is not what it should be.
    pub(crate) fn reading_of(url: &str, reason: &Error) -> Self {
        Self::new(ScrapeErrorType::Parsing, format!("{url}: {reason}"))
    }

    /// It could not be fetched.
    pub(crate) fn of(failure: &FetchError) -> Self {
        Self {
            retry_after: failure.retry_after(),
            is_gone: matches!(failure.status(), Some(404 | 410)),
            ..Self::new(failure.category(), failure.to_string())
        }
    }
}

impl From<Failed> for Ended {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<FetchError> for Ended {
    fn from(failure: FetchError) -> Self {
        match failure {
            FetchError::Stopped { .. } => Self::Stopped,
            failure => Self::Failed(Failed::of(&failure)),
        }
    }
}
