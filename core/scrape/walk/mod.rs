//! A list of vehicles on a website, read page after page until it ends. No database.
//!
//! [`Walk::begin`] asks for the first page, each [`Walk::step`] for one more, and [`Walk::finish`] says what they showed. A
//! scrape takes steps until none is left, a probe takes a few. Where the platform gives its list as data, `data` asks for
//! it after the first page. If the data is complete, it replaces the pages; else the pages are read. A configured endpoint
//! is asked in place of pages. `list` knows what was shown so far and when a list ends, `site_scope` which addresses belong
//! to it, `requests` what may be asked, `page_cache` what an unchanged page said. How one page is fetched politely is in
//! `fetch`, how it is read in `extract`.

mod data;
mod failure;
mod list;
mod old_pages;
mod page_cache;
mod page_overlap;
mod reading;
mod requests;
mod saved;
pub(crate) mod site_scope;
mod stores;

use std::{collections::HashSet, time::Duration};

use url::Url;

use self::{
    data::DataList,
    list::{List, Origin},
    requests::{Got, HostTurn, Requests},
    site_scope::{Home, ListAddress},
};
pub(crate) use self::{
    failure::{Failed, WalkEnd},
    list::{Shown, key_of},
    page_cache::{KeptPage, KeptPages, ListSource, PagesRead, Reading},
    requests::{Asking, Reached, SharedHosts, SharedTurn, Unshared},
    saved::read,
};
pub use self::{
    reading::{ListShape, ScrapeReading},
    saved::ScrapedPage,
};
use crate::{
    extract::{DataRequest, Extraction, ListWarning, Warning},
    scrape::{
        ScrapeErrorType,
        configured::Scraper,
        fetch::{Fetched, PageRequest, has_its_end},
    },
};

/// How far a walk goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WalkLimits {
    /// Requests for pages and answers.
    pub(crate) most_pages: usize,
    /// Pages of the last complete scrape: one more is asked for where a counted list ends earlier.
    pub(crate) pages_before: usize,
    /// Vehicles that a list given as data must bring to replace the pages, in percent of what is claimed.
    pub(crate) data_share_percent: u32,
    /// Whether a list is read on when its address leads to another website or to the front page.
    pub(crate) follows_moves: bool,
}

/// What a walk brought.
#[derive(Default)]
pub(crate) struct Walked {
    pub(crate) shown: Shown,
    pub(crate) read: PagesRead,
    /// The next page, if the list was not read to its end.
    pub(crate) next: Option<String>,
    /// How long the website asked to be left alone, if it did so during the walk.
    pub(crate) retry_after: Option<Duration>,
    is_of_endpoint: bool,
}

impl Walked {
    /// # Errors
    /// Why it shows no vehicle, unless the lot is empty.
    pub(crate) fn with_vehicles(self) -> Result<Self, Failed> {
        if !self.shown.listings.is_empty() || (self.shown.reading.pages_failed == 0 && !self.is_of_endpoint) {
            return Ok(self);
        }
        // What is known of the reason says more than that nothing is there.
        let says_why = |met: &&ListWarning| {
            matches!(
                met.warning,
                Warning::ListingsUnsettled { .. } | Warning::StoreNotFound { .. } | Warning::NoIdentity { .. }
            )
        };
        let unknown = match self.is_of_endpoint {
            true => "the configured endpoint lists no vehicle",
            false => "the page shows no vehicle and is of no known platform",
        };
        let reason = self.shown.warnings.iter().find(says_why);
        Err(Failed::new(ScrapeErrorType::Empty, reason.map_or_else(|| unknown.to_owned(), ToString::to_string)))
    }
}

/// Reads a list to its end. What was read before a page failed is kept, as a part of the lot.
///
/// # Errors
/// If the first page fails; if nothing could be recorded; and at any page if the website shows a bot check or somebody
/// stops the scrape.
pub(crate) fn to_the_end(asking: Asking<'_>, source: ListSource<'_>, limits: WalkLimits) -> Result<Walked, WalkEnd> {
    let (mut walk, _first_page) = Walk::begin(asking, source, limits)?;
    while walk.step()? {}
    Ok(walk.finish().with_vehicles()?)
}

/// A list that is being read.
pub(crate) struct Walk<'a> {
    requests: Requests<'a>,
    limits: WalkLimits,
    scope: Scope<'a>,
    list: List,
    /// The platform's data, until it is known whether it replaces the pages.
    data: Option<DataList<'a>>,
    next: Option<Ask>,
    /// Whether nothing more is asked for, although there is a next page.
    is_over: bool,
    /// What was asked for.
    visited: HashSet<String>,
    warnings: Vec<Warning>,
    /// The page that seemed to end the list, while the page after it is asked for.
    looked_behind: Option<String>,
    /// Pages that could not be fetched or read, and those that robots.txt closes.
    failed: u32,
    closed: u32,
    /// Whether any page so far ended with `</html>`.
    ends_documents: bool,
}

/// Where the list stands.
enum Scope<'a> {
    Pages(ListAddress),
    /// A configured endpoint, with the key of its first request.
    Endpoint {
        turn: HostTurn<'a>,
        begun: String,
    },
}

/// A page or an answer to ask for.
enum Ask {
    Page(String),
    Answer(Box<DataRequest>),
}

impl Ask {
    fn url(&self) -> &str {
        match self {
            Self::Page(url) => url,
            Self::Answer(request) => request.url.as_str(),
        }
    }

    /// Its key, unique within the list.
    fn key(&self) -> String {
        match self {
            Self::Page(url) => url.clone(),
            Self::Answer(request) => requests::key_of_request(request),
        }
    }
}

/// What a page or an answer is to its list.
enum Following {
    /// A part of it, with what comes next.
    Part(Option<Ask>),
    /// A counted page that shows nothing new. It seems to lie behind the last one.
    Behind,
}

/// The first page of a list.
struct FirstPage {
    page: ScrapedPage,
    data: Option<DataRequest>,
}

impl<'a> Walk<'a> {
    /// Asks for the first page; answers it as it was sent, or `None` for an endpoint and for a page that has not changed.
    ///
    /// # Errors
    /// If it cannot be fetched or read, or is no page of the list.
    pub(crate) fn begin(
        asking: Asking<'a>,
        source: ListSource<'_>,
        limits: WalkLimits,
    ) -> Result<(Self, Option<ScrapedPage>), WalkEnd> {
        let list = List::new(source.platform, source.config).map_err(|reason| Failed::reading(&reason))?;
        let configured_pages = list.scraper().and_then(Scraper::max_pages).unwrap_or(usize::MAX);
        let requests = Requests::new(asking, source.url, limits.most_pages.min(configured_pages));
        let url = Url::parse(source.url).ok();
        let endpoint = list.scraper().and_then(Scraper::endpoint);
        let request = endpoint.zip(url.as_ref()).and_then(|(endpoint, url)| endpoint.first_request(url));
        let (scope, first) = match request {
            Some(request) => {
                let (turn, first) = (requests.turn_at(&request)?, Ask::Answer(Box::new(request)));
                (Scope::Endpoint { turn, begun: first.key() }, first)
            }
            None => {
                let no_address = || Failed::parsing(format!("{} is no address of a website", source.url));
                (Scope::Pages(url.and_then(ListAddress::of).ok_or_else(no_address)?), Ask::Page(source.url.to_owned()))
            }
        };
        let mut walk = Self {
            requests,
            limits,
            scope,
            list,
            data: None,
            next: None,
            is_over: false,
            visited: HashSet::from([first.key()]),
            warnings: Vec::new(),
            looked_behind: None,
            failed: 0,
            closed: 0,
            ends_documents: false,
        };
        let first_page = walk.begin_with(&first)?;
        Ok((walk, first_page))
    }

    fn begin_with(&mut self, first: &Ask) -> Result<Option<ScrapedPage>, WalkEnd> {
        let (following, first_page) = match first {
            Ask::Page(url) => self.page(url)?,
            Ask::Answer(request) => (self.answer(request)?, None),
        };
        self.go_on(first, following);
        let Some(FirstPage { page, data }) = first_page else { return Ok(None) };
        if let Some(request) = data {
            let turn = self.requests.turn_at(&request)?;
            self.data = Some(DataList::begin(request, turn, self.list.last()));
        }
        Ok(Some(page))
    }

    /// The address of the list; `None` for an endpoint.
    pub(crate) fn address(&self) -> Option<&Url> {
        match &self.scope {
            Scope::Pages(list) => Some(list.asked()),
            Scope::Endpoint { .. } => None,
        }
    }

    /// Whether what was read shows vehicles, or leads to data that does.
    pub(crate) fn lists_vehicles(&self) -> bool {
        self.data.is_some() || self.list.shows_any()
    }

    /// Where the first page was reached; `None` for an endpoint.
    pub(crate) fn reached(&self) -> Option<&Url> {
        match &self.scope {
            Scope::Pages(list) => Some(list.reached()),
            Scope::Endpoint { .. } => None,
        }
    }

    /// Whether it is the front page that was read, which shows a few vehicles at most.
    pub(crate) fn is_at_front_page(&self) -> bool {
        self.reached().is_some_and(site_scope::is_front)
    }

    /// How many pages or answers of the list were read.
    pub(crate) fn pages_read(&self) -> usize {
        self.data.as_ref().map_or_else(|| self.list.pages().count(), DataList::answers)
    }

    /// Asks for the next page or answer; `false` where the list has ended, or nothing more may be asked.
    ///
    /// # Errors
    /// If the website shows a bot check, or somebody stops the walk. Any other failure of a page ends the list early.
    pub(crate) fn step(&mut self) -> Result<bool, WalkEnd> {
        if let Some(data) = self.data.take() {
            return self.step_data(data).map(|()| true);
        }
        let Some(ask) = self.next.take() else { return Ok(false) };
        if self.is_over || !self.may_follow(&ask) {
            self.next = Some(ask);
            return Ok(false);
        }
        let following = match &ask {
            Ask::Page(url) => self.page(url).map(|(following, _)| following),
            Ask::Answer(request) => self.answer(request),
        };
        match following {
            Ok(following) => self.go_on(&ask, following),
            // A server may well say that there is no page behind the last.
            Err(WalkEnd::Failed(failure)) if self.is_counted(&ask) && self.is_told_gone(&ask, &failure) => {
                self.next = self.behind(&ask, self.full());
            }
            Err(ended) => {
                self.lose(ask.url(), ended)?;
                (self.next, self.is_over) = (Some(ask), true);
            }
        }
        Ok(true)
    }

    fn may_follow(&mut self, ask: &Ask) -> bool {
        self.requests.may_ask() && self.is_at_home(ask) && self.visited.insert(ask.key())
    }

    /// Whether a page is on the website of the list. Which hosts are asked for answers is decided when they are asked.
    fn is_at_home(&self, ask: &Ask) -> bool {
        match (&self.scope, ask) {
            (Scope::Pages(list), Ask::Page(url)) => list.home().has_text(url),
            _ => true,
        }
    }

    /// Whether this is the first page or request of the list.
    fn is_first(&self, ask: &Ask) -> bool {
        match (&self.scope, ask) {
            (Scope::Pages(list), Ask::Page(url)) => Url::parse(url).is_ok_and(|url| list.begins_at(&url)),
            (Scope::Endpoint { begun, .. }, ask) => ask.key() == *begun,
            (Scope::Pages(_), Ask::Answer(_)) => false,
        }
    }

    /// Whether the next page is found by counting, not by a link on the page before.
    fn is_counted(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Page(_) => self.list.counts_pages(),
            Ask::Answer(_) => self.list.counts_answers(),
        }
    }

    /// Whether the website that was asked says that there is no such page. Another one that it redirects to does not know.
    fn is_told_gone(&self, ask: &Ask, failure: &Failed) -> bool {
        let Some(told_by) = failure.gone_at.as_deref() else { return false };
        match &self.scope {
            Scope::Pages(list) => list.home().has_text(told_by),
            Scope::Endpoint { .. } => {
                Url::parse(ask.url()).ok().and_then(|url| Home::of(&url)).is_some_and(|home| home.has_text(told_by))
            }
        }
    }

    /// Notes what follows a page or an answer that came.
    fn go_on(&mut self, asked: &Ask, following: Following) {
        let Following::Part(following) = following else {
            self.next = self.behind(asked, self.full());
            return;
        };
        if self.is_first(asked) && self.list.comes_round() {
            return;
        }
        self.goes_on_behind();
        self.next = following.or_else(|| self.behind(asked, self.early()));
        // Some websites show their last page under ever new numbers; others, the first whatever is asked for.
        self.is_over = self.next.is_some() && self.list.is_in_a_circle();
    }

    /// The page after `asked`. It is asked for before the end of a counted list is believed. `shown` is the number of vehicles on the
    /// page before it.
    fn behind(&mut self, asked: &Ask, shown: Option<u32>) -> Option<Ask> {
        let (scraper, shown) = (self.list.scraper()?, shown?);
        let behind = match asked {
            Ask::Page(url) => Ask::Page(scraper.behind(&Url::parse(url).ok()?, shown)?.into()),
            Ask::Answer(request) => Ask::Answer(Box::new(scraper.endpoint()?.behind(request, shown)?)),
        };
        self.looked_behind = Some(asked.url().to_owned());
        Some(behind)
    }

    /// How many vehicles the last page with anything new shows, if it is full. An empty page behind a full one may have
    /// failed.
    fn full(&self) -> Option<u32> {
        self.list.full_last_page().filter(|_| self.looked_behind.is_none())
    }

    /// How many vehicles the last page shows, if it says that it is the last and the list had more pages in the last
    /// complete scrape. It may have been shown only in part.
    fn early(&self) -> Option<u32> {
        let is_early = self.requests.reached.pages < self.limits.pages_before && self.looked_behind.is_none();
        let shown = self.list.last().filter(|_| is_early)?.listings.len();
        u32::try_from(shown).ok().filter(|shown| *shown > 0)
    }

    /// The list goes on after all: the page that seemed to end it counts as failed.
    fn goes_on_behind(&mut self) {
        if let Some(url) = self.looked_behind.take() {
            self.failed += 1;
            self.warnings.push(Warning::EndedEarly { url });
        }
    }

    /// Goes on without a page that could not be fetched or read. The pages before it are kept.
    ///
    /// # Errors
    /// The end itself, if the website shows a bot check or somebody stops the walk.
    fn lose(&mut self, url: &str, ended: WalkEnd) -> Result<(), WalkEnd> {
        let failure = ended.of_one_page()?;
        tracing::info!(%url, reason = failure.message, "a page failed; what came before it is kept");
        match failure.error_type {
            ScrapeErrorType::Robots => self.closed += 1,
            _ => self.failed += 1,
        }
        self.requests.leave_alone(failure.retry_after);
        self.warnings.push(Warning::PageFailed { reason: failure.message });
        Ok(())
    }

    /// Reads a page; the first one also gives what leads to the list as data.
    fn page(&mut self, url: &str) -> Result<(Following, Option<FirstPage>), WalkEnd> {
        let is_first = self.list.is_empty();
        let (got, reached) = self.requests.fetch(PageRequest::get(url))?;
        if !is_first && self.list.counts_pages() && url != reached.as_str() && self.is_known(&reached) {
            // A number behind the last may lead back to the first page, or to the last.
            return Ok((Following::Behind, None));
        }
        self.must_be_of_list(url, &reached, is_first)?;
        let (is_part, first_page) = match got {
            Got::Unchanged(said) => (self.list.take_page(reached.as_str(), said), None),
            Got::Sent(fetched) => self.sent_page(url, fetched, is_first)?,
        };
        let Some(said) = self.list.last().filter(|_| is_part) else { return Ok((Following::Behind, None)) };
        self.requests.count(said);
        let next = said.next.clone().map(|next| self.counted_on(next, url, &reached));
        Ok((Following::Part(next.map(Ask::Page)), first_page))
    }

    fn sent_page(
        &mut self,
        url: &str,
        mut sent: Fetched,
        is_first: bool,
    ) -> Result<(bool, Option<FirstPage>), WalkEnd> {
        self.must_be_whole(url, &sent)?;
        let page = ScrapedPage {
            bytes: std::mem::take(&mut sent.body),
            content_type: sent.content_type.clone(),
            url: sent.final_url.to_string(),
            platform: None,
        };
        let is_part = self.list.read(&page).map_err(|reason| Failed::reading_of(url, &reason))?;
        let data = if is_first { self.list.data_request(&page) } else { None };
        if let Some(said) = self.list.last().filter(|_| is_part && data.is_none()) {
            // A page that says where the data is must be seen whole each time.
            self.requests.read.keep(url, &sent, said);
        }
        Ok((is_part, is_first.then_some(FirstPage { page, data })))
    }

    fn is_known(&self, reached: &Url) -> bool {
        self.visited.contains(reached.as_str()) || matches!(&self.scope, Scope::Pages(list) if list.begins_at(reached))
    }

    /// Fails if what came back for an address is no page of the list. The first page sets where the list stands.
    fn must_be_of_list(&mut self, asked: &str, reached: &Url, is_first: bool) -> Result<(), Failed> {
        let Scope::Pages(list) = &mut self.scope else { return Ok(()) };
        let is_of_it = match Url::parse(asked) {
            Ok(asked) if !is_first => list.has_page(&asked, reached),
            _ => list.reached_at(reached),
        };
        let moved = ListAddress::of(reached.clone()).filter(|_| is_first && self.limits.follows_moves);
        match (is_of_it, moved) {
            (Ok(()), _) => Ok(()),
            (Err(reason), Some(moved)) => {
                *list = moved;
                self.warnings.push(Warning::MovedElsewhere { reason, url: reached.to_string() });
                Ok(())
            }
            (Err(reason), None) => Err(Failed::new(ScrapeErrorType::HttpStatus, reason)),
        }
    }

    /// Refuses a document without its end, if an earlier page of the website had one: it was cut off.
    fn must_be_whole(&mut self, url: &str, sent: &Fetched) -> Result<(), Failed> {
        match has_its_end(&sent.body) {
            Some(false) if self.ends_documents => {
                return Err(Failed::parsing(format!(
                    "{url} breaks off before its end, which the pages before it have"
                )));
            }
            has_end => self.ends_documents |= has_end == Some(true),
        }
        Ok(())
    }

    /// The next page, counted from the address that was asked for. After a redirect the page number may stand elsewhere in
    /// the address.
    fn counted_on(&self, next: String, asked: &str, reached: &Url) -> String {
        let counted = || {
            let shown = u32::try_from(self.list.last()?.listings.len()).ok()?;
            self.list.scraper()?.behind(&Url::parse(asked).ok()?, shown)
        };
        let counted = if asked == reached.as_str() { None } else { counted() };
        counted.map_or(next, String::from)
    }

    /// Reads an answer of the configured endpoint.
    fn answer(&mut self, request: &DataRequest) -> Result<Following, WalkEnd> {
        if let Scope::Endpoint { turn, .. } = &self.scope {
            turn.must_be_at(request)?;
        }
        let (said, following) = self.requests.answer(request)?;
        self.requests.count(&said);
        // An answer that names a next one does not say that the list has ended, unless answers are counted.
        let may_be_behind = self.list.counts_answers() || !self.leads_on(&said, following.as_ref());
        let is_part = self.list.take(request.url.as_str(), Origin::Answer, said, may_be_behind);
        let following = following.map(|request| Ask::Answer(Box::new(request)));
        Ok(if is_part { Following::Part(following) } else { Following::Behind })
    }

    /// Whether an answer names a next one. After an empty answer, one that was asked before does not count.
    fn leads_on(&self, answer: &Extraction, following: Option<&DataRequest>) -> bool {
        let is_new = |request: &DataRequest| !self.visited.contains(&requests::key_of_request(request));
        following.is_some_and(|request| !answer.listings.is_empty() || is_new(request))
    }

    /// Returns what all pages showed. If `next` is left, that page was beyond the limit, failed, is on another website, or
    /// leads in a circle.
    pub(crate) fn finish(mut self) -> Walked {
        if let Some(data) = self.data.take() {
            self.settle_data(data, Ok(()));
        }
        let is_of_endpoint = matches!(self.scope, Scope::Endpoint { .. });
        // On some websites the next link never ends and leads to empty pages.
        let may_end_in_nothing = self.list.is_in_a_circle() || (is_of_endpoint && self.next.is_none());
        if may_end_in_nothing && self.list.ends_in_nothing() {
            self.next = None;
        }
        // Behind the last page stands the first one again.
        let is_back = |ask: &Ask| self.visited.contains(&ask.key()) && self.is_first(ask);
        if self.list.all_is_new() && self.next.as_ref().is_some_and(is_back) {
            self.next = None;
        }
        let repeats = self.list.repeats();
        if repeats > 0 {
            self.warnings.push(Warning::PageRepeats { repeats });
        }
        let next = self.next.as_ref().map(|ask| ask.url().to_owned());
        if let Some(ask) = self.next.as_ref().filter(|ask| !self.is_at_home(ask)) {
            self.warnings.push(Warning::NextPageElsewhere { url: ask.url().to_owned() });
        }
        let is_at_end = next.is_none() && !self.list.goes_on_by_script();
        let behind_old_pages = self.list.behind_old_pages(&self.requests.before);
        let mut shown = self.list.finish();
        let reading = &mut shown.reading;
        reading.behind_old_pages = behind_old_pages;
        reading.last_page_reached = is_at_end;
        reading.pages_failed += self.failed + repeats;
        reading.pages_closed_by_robots += self.closed;
        if let Scope::Pages(list) = &self.scope {
            reading.list.redirected = list.asked() != list.reached();
            reading.list.url = Some(list.reached().to_string());
        }
        let mut read = self.requests.read;
        read.to_the_end = is_at_end && reading.pages_failed == 0;
        shown.warnings.extend(self.warnings.into_iter().map(ListWarning::from));
        Walked { shown, read, next, retry_after: self.requests.retry_after, is_of_endpoint }
    }
}
