//! A competitor's list, fetched page after page until there is no next one.
//!
//! Where the platform gives its list as data, that is asked for after the first page and stands for all pages, if it comes to
//! its end and brings as many vehicles as are claimed. If it does not, the pages are read after all, and what the data said
//! counts beside them. A page that its server calls unchanged is not sent again; what it said before is read once more.
//!
//! What is deliberately not here: how a page is fetched politely (`scrape::fetch`), how it is read (`extract`), and what is
//! recorded of it. No database.

use std::{collections::HashSet, time::Duration};

use url::Url;

use super::{
    Competitor, ScrapeErrorType, ScrapedPage,
    kept::{KeptPages, PagesRead},
    pages::{Pages, Reader, key_of},
    stores,
};
use crate::{
    error::Error,
    extract::{DataMethod, DataRequest, Extraction, Warning, listings_from_data},
    scrape::{
        configured::Scraper,
        fetch::{FetchError, Fetched, PageRequest, Session},
    },
};

/// Why a scrape brought nothing that could be recorded.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) error_type: ScrapeErrorType,
    pub(super) message: String,
    /// How long the website asked to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// How a scrape ended that has nothing to hand over.
#[derive(Debug)]
pub(super) enum Ended {
    Failed(Failed),
    /// Somebody asked it to stop.
    Stopped,
}

/// How much one scrape takes, and what it asks of a list given as data.
#[derive(Clone, Copy, Debug)]
pub(super) struct CrawlLimits {
    pub(super) most_pages: usize,
    pub(super) data_share_percent: u32,
}

/// How far a scrape has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reached {
    /// Pages asked for.
    pub(super) pages: usize,
    /// Vehicles read, repeats included.
    pub(super) listings: usize,
    /// How many the website claims to have.
    pub(super) total_claimed: Option<u32>,
}

/// What a scrape brought.
pub(super) struct Crawled {
    pub(super) pages: Pages,
    pub(super) read: PagesRead,
}

/// Fetches and reads the list; what was read before a page failed is kept, as a part of the lot.
///
/// # Errors
/// Where the first page already fails, and at any page where the website has had enough: a bot check is not looked at twice.
pub(super) fn crawl(
    session: &Session,
    competitor: &Competitor,
    kept: KeptPages,
    limits: CrawlLimits,
    note: &mut dyn FnMut(Reached),
) -> Result<Crawled, Ended> {
    let config = competitor.scraper_config.as_ref();
    let reader = Reader::new(competitor.platform_type.as_deref(), config).map_err(|reason| Failed::reading(&reason))?;
    let configured_pages = reader.scraper().and_then(Scraper::max_pages).unwrap_or(usize::MAX);
    let limits = CrawlLimits { most_pages: limits.most_pages.min(configured_pages), ..limits };
    let crawl = Crawl {
        session,
        kept,
        limits,
        note,
        reader,
        read: PagesRead::default(),
        reached: Reached::default(),
        visited: HashSet::new(),
        home: HashSet::new(),
        warnings: Vec::new(),
    };
    match crawl.configured_request(&competitor.inventory_url) {
        Some(request) => crawl.run_endpoint(request),
        None => crawl.run(&competitor.inventory_url),
    }
}

struct Crawl<'a> {
    session: &'a Session,
    kept: KeptPages,
    limits: CrawlLimits,
    note: &'a mut dyn FnMut(Reached),
    reader: Reader,
    read: PagesRead,
    reached: Reached,
    /// The addresses of pages, and of data with what was sent.
    visited: HashSet<String>,
    /// Where the list stands: its host, and the one that it is redirected to.
    home: HashSet<String>,
    warnings: Vec<Warning>,
}

/// The host of an address; with `www.` and without are one website.
fn site_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

/// What came back for one page.
enum Got {
    /// What it said the last time.
    Unchanged(Extraction),
    Sent(Fetched),
}

/// What became of a list given as data.
enum List {
    Whole(Vec<Extraction>),
    /// Why it can not stand for the pages, and what it said as far as that may be believed.
    Doubtful(String, Vec<Extraction>),
}

impl Crawl<'_> {
    fn run(mut self, first: &str) -> Result<Crawled, Ended> {
        self.visited.insert(first.to_owned());
        self.home.extend(site_of(first));
        let (mut next, data) = self.page(first)?;
        if let Some(request) = data {
            match self.data(request)? {
                List::Whole(data) => {
                    self.reader.replace(data);
                    next = None;
                }
                List::Doubtful(reason, data) => {
                    tracing::info!(%first, reason, "the list as data can not stand for the pages; they are read");
                    let message = format!("the list that the website gives as data was not enough: {reason}");
                    self.warnings.push(Warning { code: "data_not_enough", message });
                    self.reader.add(data);
                }
            }
        }
        let (mut failed, mut closed) = (0, 0);
        while let Some(url) =
            next.take_if(|url| self.may_ask() && self.is_at_home(url) && self.visited.insert(url.clone()))
        {
            match self.page(&url) {
                Ok((following, _)) => {
                    next = following;
                    // Some websites show their last page under ever new numbers; others, the first whatever is asked for.
                    if next.is_some() && self.reader.repeats_itself() {
                        if self.reader.shows_what_is_claimed() {
                            next = None;
                        } else {
                            let message = format!("{url} shows the same vehicles as the page before it, and leads on");
                            self.warnings.push(Warning { code: "page_repeats", message });
                        }
                        break;
                    }
                }
                Err(Ended::Failed(failure)) if failure.error_type != ScrapeErrorType::Blocked => {
                    tracing::info!(%url, reason = failure.message, "a page failed; what came before it is kept");
                    match failure.error_type {
                        ScrapeErrorType::Robots => closed += 1,
                        _ => failed += 1,
                    }
                    next = Some(url);
                    break;
                }
                Err(ended) => return Err(ended),
            }
        }
        if let Some(url) = next.as_ref().filter(|url| !self.is_at_home(url)) {
            let message =
                format!("the next page, {url}, is on another website: it is not read, and the lot is not whole");
            self.warnings.push(Warning { code: "next_page_elsewhere", message });
        }
        let mut pages = self.reader.finish();
        // A next page that is left over was too many, failed, stands elsewhere, or leads in a circle.
        pages.reading.last_page_reached = next.is_none();
        pages.reading.pages_failed += failed;
        pages.reading.pages_closed_by_robots += closed;
        pages.warnings.extend(self.warnings);
        if pages.listings.is_empty() && pages.reading.pages_failed > 0 {
            let store = pages.warnings.iter().find(|warning| warning.code == stores::NOT_FOUND);
            let message =
                store.map_or("the page shows no vehicle and is of no known platform", |warning| &warning.message);
            let message = message.to_owned();
            return Err(Failed { error_type: ScrapeErrorType::Empty, message, retry_after: None }.into());
        }
        self.read.to_the_end = pages.reading.last_page_reached && pages.reading.pages_failed == 0;
        Ok(Crawled { pages, read: self.read })
    }

    /// What the configuration asks instead of any page.
    fn configured_request(&self, inventory_url: &str) -> Option<DataRequest> {
        self.reader.scraper()?.endpoint()?.first_request(&Url::parse(inventory_url).ok()?)
    }

    /// Reads the list from an endpoint that is configured: there is no page to compare it with.
    fn run_endpoint(mut self, first: DataRequest) -> Result<Crawled, Ended> {
        let mut next = Some(first);
        let (mut failed, mut closed) = (0, 0);
        while let Some(request) = next.take_if(|request| self.may_ask() && self.visited.insert(key_of_request(request)))
        {
            let is_first = self.reached.pages == 0;
            match self.data_page(&request) {
                Ok((extraction, following)) => {
                    self.count(extraction.listings.len(), extraction.total);
                    next = if self.reader.take(extraction, true) { following } else { None };
                }
                Err(Ended::Failed(failure)) if !is_first && failure.error_type != ScrapeErrorType::Blocked => {
                    tracing::info!(url = %request.url, reason = failure.message, "an answer failed; the rest is kept");
                    match failure.error_type {
                        ScrapeErrorType::Robots => closed += 1,
                        _ => failed += 1,
                    }
                    next = Some(request);
                    break;
                }
                Err(ended) => return Err(ended),
            }
        }
        let mut pages = self.reader.finish();
        pages.reading.last_page_reached = next.is_none();
        pages.reading.pages_failed += failed;
        pages.reading.pages_closed_by_robots += closed;
        if pages.listings.is_empty() {
            let message = "the configured endpoint lists no vehicle".to_owned();
            return Err(Failed { error_type: ScrapeErrorType::Empty, message, retry_after: None }.into());
        }
        self.read.to_the_end = next.is_none() && pages.reading.pages_failed == 0;
        Ok(Crawled { pages, read: self.read })
    }

    fn may_ask(&self) -> bool {
        self.reached.pages < self.limits.most_pages
    }

    /// Whether a page belongs to the website whose list this is; what stands on another is another's lot.
    fn is_at_home(&self, url: &str) -> bool {
        site_of(url).is_some_and(|site| self.home.contains(&site))
    }

    /// Reads a page: where the next one is, and what to ask for the whole list as data, where that can be had.
    fn page(&mut self, url: &str) -> Result<(Option<String>, Option<DataRequest>), Ended> {
        let fetched = match self.fetch(PageRequest::get(url))? {
            Got::Unchanged(extraction) => {
                let next = extraction.next.clone();
                self.count(extraction.listings.len(), extraction.total);
                let goes_on = self.reader.take_page(extraction);
                return Ok((next.filter(|_| goes_on), None));
            }
            Got::Sent(fetched) => fetched,
        };
        if self.reached.pages == 1 {
            self.home.extend(site_of(fetched.final_url.as_str()));
        }
        let mut page = ScrapedPage {
            bytes: Vec::new(),
            content_type: fetched.content_type.clone(),
            url: fetched.final_url.to_string(),
            platform: None,
        };
        let mut fetched = fetched;
        page.bytes = std::mem::take(&mut fetched.body);
        let read_before = self.reader.pages_read();
        let next = self.reader.read(&page).map_err(|reason| Failed {
            error_type: ScrapeErrorType::Parsing,
            message: format!("{url}: {reason}"),
            retry_after: None,
        })?;
        if self.reader.pages_read() == read_before {
            return Ok((None, None));
        }
        // The list as data is asked for once, after the first page.
        let data = if self.reached.pages == 1 { self.reader.data_request(&page) } else { None };
        if let Some(extraction) = self.reader.last() {
            let (listings, total) = (extraction.listings.len(), extraction.total);
            // A page that says where the data is must be seen whole each time.
            if data.is_none() {
                self.read.keep(url, &fetched, extraction);
            }
            self.count(listings, total);
        }
        Ok((next, data))
    }

    /// Reads the list as data, from the first answer to the last.
    fn data(&mut self, first: DataRequest) -> Result<List, Ended> {
        let platform = first.platform;
        let shown = self.reader.last().map_or(0, |page| page.listings.len());
        let claimed_by_page = self.reader.last().and_then(|page| page.total);
        let (mut read, mut claimed): (Vec<Extraction>, Option<u32>) = (Vec::new(), None);
        let mut known = HashSet::new();
        let mut next = Some(first);
        while let Some(request) = next.take() {
            if !self.may_ask() || !self.visited.insert(key_of_request(&request)) {
                let reason = "it did not come to its end within the pages that a scrape may take";
                return Ok(List::Doubtful(reason.to_owned(), read));
            }
            let (extraction, following) = match self.data_page(&request) {
                Ok(answer) => answer,
                Err(Ended::Failed(failure))
                    if failure.error_type != ScrapeErrorType::Blocked && request.otherwise.is_some() =>
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
            if !extraction.listings.is_empty() {
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
            Got::Unchanged(extraction) => {
                let url = extraction.next.as_deref().and_then(|next| next.parse().ok());
                let next = url.map(|url| DataRequest { url, ..request.clone() });
                return Ok((extraction, next));
            }
            Got::Sent(fetched) => fetched,
        };
        let text = String::from_utf8_lossy(&fetched.body);
        let answer = listings_from_data(request, text.trim_start_matches('\u{feff}')).map_err(|reason| Failed {
            error_type: ScrapeErrorType::Parsing,
            message: format!("{}: {reason}", request.url),
            retry_after: None,
        })?;
        let extraction = Extraction {
            platform: request.platform,
            total: answer.total,
            next: answer.next.as_ref().map(|next| next.url.to_string()),
            listings: answer.listings,
            warnings: Vec::new(),
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
                    return Ok(Got::Unchanged(extraction));
                }
            }
            (request.etag, request.last_modified) = (None, None);
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

/// What tells a request from the others of its list.
fn key_of_request(request: &DataRequest) -> String {
    let body = request.body.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{} {body}", request.url)
}

impl Failed {
    /// What was fetched, or how to read it, is not what it should be.
    fn reading(reason: &Error) -> Self {
        Self { error_type: ScrapeErrorType::Parsing, message: reason.to_string(), retry_after: None }
    }

    fn of(failure: &FetchError) -> Self {
        Self { error_type: failure.category(), message: failure.to_string(), retry_after: failure.retry_after() }
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
