//! A website tried out: what a scrape would see there, how it was read, and what stands against it. No database.
//!
//! The first page is fetched and, where it is a front page, the list looked for behind a few of its links. The platform's or
//! the configured endpoint is preferred over pages, as in a scrape. What is deliberately not here: writing anything, and the
//! whole lot; a trial looks at the first pages alone.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::{
    Competitor, NewCompetitor, ReadingScore, ScoreRules, ScrapeErrorType, ScrapedListing, TrackingRules,
    registration::web_address,
};
use crate::{
    error::{Error, ErrorCode, Result},
    extract::{self, DataPage, DataRequest, Extraction, Warning, listings_from_data},
    money::Money,
    scrape::{
        configured::Scraper,
        extract::{Site, data_request_from_bytes, decoded, listings_as_configured, with_page},
        fetch::{self, Fetched, PageRequest, Session},
        platforms::{self, Confidence},
        walk::{
            Failed, key_of,
            site_scope::{ListAddress, is_front},
            stores,
        },
    },
    tracking::sold,
};

/// Where to look: an address, a competitor that is known, or one that is to be.
///
/// ```
/// use jpauto::competitors::TestSite;
///
/// let by_address = TestSite::from("https://motors.example/");
/// # let _ = by_address;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestSite {
    /// The address: of the list of vehicles, or of any page of the website.
    pub url: String,
    /// The platform, where it is known.
    pub platform_type: Option<String>,
    /// A [`ScraperConfig`](super::ScraperConfig) as JSON.
    pub scraper_config: Option<Value>,
    /// Whether its pages are rendered in a browser.
    pub use_playwright: bool,
    /// Whether the list is looked for where the address is not one.
    pub finds_list: bool,
}

impl From<&str> for TestSite {
    fn from(url: &str) -> Self {
        Self { url: url.to_owned(), finds_list: true, ..Self::default() }
    }
}

impl From<&NewCompetitor> for TestSite {
    fn from(new: &NewCompetitor) -> Self {
        Self {
            url: new.inventory_url.clone(),
            platform_type: new.platform_type.clone(),
            scraper_config: new.scraper_config.clone(),
            use_playwright: new.use_playwright,
            finds_list: true,
        }
    }
}

impl From<&Competitor> for TestSite {
    fn from(known: &Competitor) -> Self {
        Self {
            url: known.inventory_url.clone(),
            platform_type: known.platform_type.clone(),
            scraper_config: known.scraper_config.clone(),
            use_playwright: known.use_playwright,
            finds_list: false,
        }
    }
}

/// How far a trial goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOptions {
    /// Pages or answers of the list that are read: 1 to 10 (2).
    pub pages: u32,
    /// Links of a front page that are tried, to find the list: up to 10 (3).
    pub links: u32,
    /// Listings that are shown whole (5).
    pub listings: usize,
    /// What a score is made of.
    pub score: ScoreRules,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self { pages: 2, links: 3, listings: 5, score: ScoreRules::default() }
    }
}

/// Bounds of [`TestOptions`].
const PAGES_MAX: u32 = 10;
const LINKS_MAX: u32 = 10;

/// How sure it is which platform a website is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlatformCertainty {
    /// Its page carries marks that this vendor's templates alone write.
    Certain,
    /// Its page carries a mark that other vendors' pages may carry as well.
    Possible,
    /// Nothing on the page contradicts or confirms what was said.
    Said,
    /// It is nobody's that is known: read by its structured data or by the cards around its VINs.
    Unknown,
}

words!(PlatformCertainty, InvalidPlatformCertainty at "/platform_certainty" {
    Certain => "certain",
    Possible => "possible",
    Said => "said",
    Unknown => "unknown",
});

/// What a trial of a website brought.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestReport {
    /// The address that was tried.
    pub url: String,
    /// The page that lists the vehicles: the address itself, or what was found behind it.
    pub inventory_url: String,
    /// The front page.
    pub website_url: Option<String>,
    /// What the website calls the dealer.
    pub site_name: Option<String>,
    /// The platform, of those in [`platforms`](crate::extract::platforms).
    pub platform: Option<String>,
    /// How sure that is.
    pub platform_certainty: PlatformCertainty,
    /// What read the listings: a platform, `generic` for a configuration, `structured_data` or `cards`.
    pub technique: Option<String>,
    /// The endpoint that gave the list as data, where one did.
    pub endpoint: Option<String>,
    /// How many vehicles the website claims to have.
    pub total_claimed: Option<u32>,
    /// Where the list goes on behind the last page that was read.
    pub next: Option<String>,
    /// The pages or answers that were read.
    pub pages: Vec<TestedPage>,
    /// Vehicles on them, each once.
    pub listings_found: usize,
    /// The first of them, whole.
    pub listings: Vec<ScrapedListing>,
    /// How much of what matters they say.
    pub score: ReadingScore,
    /// What a person should know before trusting it.
    pub warnings: Vec<Warning>,
    /// Why nothing could be read at all.
    pub failure: Option<TestFailure>,
}

impl TestReport {
    /// Why a dealer is not added by what was read: its page could not be had, or nothing on it is a vehicle. A vendor that is
    /// known for certain may have nothing to sell today.
    ///
    /// `Unavailable` with the code of a scrape that fails, such as `scrape_blocked`, or `Refused` as `inventory_not_found`.
    #[must_use]
    pub fn refusal(&self) -> Option<Error> {
        if let Some(TestFailure { error_type, message }) = &self.failure {
            return Some(Error::new(error_type.code(), message.clone()));
        }
        if self.listings_found > 0 || self.platform_certainty == PlatformCertainty::Certain {
            return None;
        }
        let mut message = format!("no vehicle was found at {}", self.inventory_url);
        for (number, warning) in self.warnings.iter().enumerate() {
            message.push_str(if number == 0 { ": " } else { "; " });
            message.push_str(&warning.to_string());
        }
        Some(Error::new(ErrorCode::InventoryNotFound, message))
    }
}

/// A page or an answer of a trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestedPage {
    /// Its address.
    pub url: String,
    /// Vehicles on it.
    pub listings: usize,
}

/// Why the first page of a trial could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestFailure {
    /// As a scrape records it.
    pub error_type: ScrapeErrorType,
    /// The same for a person.
    pub message: String,
}

impl From<Failed> for TestFailure {
    fn from(Failed { error_type, message, .. }: Failed) -> Self {
        Self { error_type, message }
    }
}

/// Tries a website out.
///
/// # Errors
/// `invalid_competitor` for a configuration at fault, `unknown_platform`, `invalid_url`, `invalid_test`, `browser_not_available`.
/// What goes wrong on the way is in the report.
pub(super) fn run(
    session: Session,
    site: &TestSite,
    options: &TestOptions,
    rules: &TrackingRules,
) -> Result<TestReport> {
    for (number, range, pointer) in [(options.pages, 1..=PAGES_MAX, "/pages"), (options.links, 0..=LINKS_MAX, "/links")]
    {
        if !range.contains(&number) {
            let message = format!("expected a number from {} to {}", range.start(), range.end());
            return Err(Error::invalid_field(ErrorCode::InvalidTest, pointer, message));
        }
    }
    let address = web_address(&site.url);
    let url = Url::parse(address.as_deref().unwrap_or(&site.url))
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| {
        Error::invalid_field(
            ErrorCode::InvalidUrl,
            "/url",
            "expected an absolute address that begins with http:// or https://",
        )
    })?;
    let known = extract::platforms();
    if let Some(name) = site.platform_type.as_deref().filter(|name| !known.contains(name)) {
        let message = format!("no platform is called {name:?}; known are {}", known.join(", "));
        return Err(Error::invalid_field(ErrorCode::UnknownPlatform, "/platform_type", message));
    }
    let scraper = site.scraper_config.as_ref().map(Scraper::of).transpose()?;
    let session = if site.use_playwright { session.in_browser()? } else { session };
    let mut trial = Trial {
        session: &session,
        platform: site.platform_type.as_deref(),
        scraper: scraper.as_ref(),
        options,
        warnings: Vec::new(),
        pages: Vec::new(),
        listings: Vec::new(),
        known: HashSet::new(),
        total: None,
        next: None,
        technique: None,
        endpoint: None,
    };
    let configured = scraper.as_ref().and_then(|scraper| scraper.endpoint()?.first_request(&url));
    Ok(match configured {
        Some(request) => {
            let failure = trial.data(request).err();
            trial.report(site, url.to_string(), Seen::default(), failure, rules)
        }
        None => match trial.first_page(&url, site.finds_list) {
            Ok(first) => {
                let (inventory_url, seen, failure) = trial.list(first);
                trial.report(site, inventory_url, seen, failure, rules)
            }
            Err(failure) => trial.report(site, url.to_string(), Seen::default(), Some(failure), rules),
        },
    })
}

/// What the website said of itself.
#[derive(Default)]
struct Seen {
    name: Option<String>,
    platform: Option<(&'static str, Confidence)>,
    is_shell: bool,
}

/// A page that was fetched and read.
struct FirstPage {
    asked: String,
    url: Url,
    seen: Seen,
    list_links: Vec<String>,
    extraction: Extraction,
    data: Option<DataRequest>,
}

impl FirstPage {
    /// Whether a scrape would have anything of it.
    fn lists_vehicles(&self) -> bool {
        !self.extraction.listings.is_empty() || self.data.is_some()
    }

    /// A front page shows a few featured cars at most.
    fn is_front(&self) -> bool {
        is_front(&self.url)
    }
}

struct Trial<'a> {
    session: &'a Session,
    platform: Option<&'a str>,
    scraper: Option<&'a Scraper>,
    options: &'a TestOptions,
    warnings: Vec<Warning>,
    pages: Vec<TestedPage>,
    listings: Vec<ScrapedListing>,
    known: HashSet<String>,
    total: Option<u32>,
    next: Option<String>,
    technique: Option<&'static str>,
    endpoint: Option<String>,
}

impl Trial<'_> {
    fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// The page that lists the vehicles: of this address, or of one that it leads to.
    fn first_page(&mut self, url: &Url, finds_list: bool) -> Result<FirstPage, Failed> {
        let first = self.fetch_page(url.as_str())?;
        let is_list = first.lists_vehicles() && !first.is_front();
        if is_list || !finds_list {
            return Ok(first);
        }
        let usual = first
            .seen
            .platform
            .and_then(|(name, _)| platforms::named(name))
            .map_or(&[] as &[_], |platform| platform.list_paths);
        let usual = usual.iter().filter_map(|path| first.url.join(path).ok()).map(String::from);
        let mut candidates: Vec<String> = Vec::new();
        for link in first.list_links.iter().cloned().chain(usual) {
            if !candidates.contains(&link) && link != first.url.as_str() {
                candidates.push(link);
            }
        }
        let links = usize::try_from(self.options.links).unwrap_or(usize::MAX);
        let mut tried = Vec::new();
        for link in candidates.into_iter().take(links) {
            match self.fetch_page(&link) {
                Ok(found) if found.lists_vehicles() => return Ok(found.named_as(first.seen.name)),
                Ok(_) => tried.push(link),
                Err(failure) if failure.error_type == ScrapeErrorType::Blocked => return Err(failure),
                Err(failure) => {
                    tracing::debug!(%link, reason = failure.message, "no list behind a link");
                    tried.push(link);
                }
            }
        }
        if !first.lists_vehicles() && !tried.is_empty() {
            self.warn(Warning::ListNotFound { tried });
        }
        Ok(first)
    }

    fn fetch(&self, request: &PageRequest) -> Result<Fetched, Failed> {
        self.session.get(request).map_err(|failure| Failed::of(&failure))
    }

    fn fetch_page(&self, asked: &str) -> Result<FirstPage, Failed> {
        let fetched = self.fetch(&PageRequest::get(asked))?;
        let (bytes, content_type, url) = (&fetched.body, fetched.content_type.as_deref(), fetched.final_url.as_str());
        let read = || -> Result<FirstPage> {
            let text = decoded(bytes, content_type)?;
            let (site, platform) = with_page(&text, url, |page| {
                let platform = platforms::recognised(page).map(|(confidence, platform)| (platform.name, confidence));
                Ok((Site::of(page), platform))
            })?;
            let extraction = listings_as_configured(bytes, content_type, url, self.platform, self.scraper)?;
            let data = match self.scraper {
                Some(scraper) if scraper.reads_pages() => None,
                _ => data_request_from_bytes(bytes, content_type, url, self.platform)?,
            };
            Ok(FirstPage {
                asked: asked.to_owned(),
                url: fetched.final_url.clone(),
                seen: Seen { name: site.name, platform, is_shell: site.is_shell },
                list_links: site.list_links,
                extraction,
                data,
            })
        };
        read().map_err(|reason| Failed::reading_of(asked, &reason))
    }

    /// Reads the list that begins with this page; answers its address, what the website says of itself, and why nothing more was
    /// asked where it has had enough.
    fn list(&mut self, first: FirstPage) -> (String, Seen, Option<Failed>) {
        let FirstPage { mut asked, url, seen, extraction, data, .. } = first;
        // A scrape that begins at the address asked for would refuse what it leads to; it begins there instead.
        let mut list = ListAddress::of(Url::parse(&asked).unwrap_or_else(|_unreadable| url.clone()));
        if let Some(Err(reason)) = list.as_mut().map(|list| list.reached_at(&url)) {
            self.warn(Warning::MovedElsewhere { reason, url: url.to_string() });
            asked = url.to_string();
            list = None;
        }
        let Some(list) = list.or_else(|| ListAddress::of(url.clone())) else { return (asked, seen, None) };
        if let Some(request) = data {
            let endpoint = request.url.to_string();
            match self.data(request) {
                Ok(()) if !self.listings.is_empty() => return (asked, seen, None),
                Ok(()) => {
                    self.forget_data();
                    self.warn(Warning::EndpointUnusable { endpoint, reason: None });
                }
                Err(failure) if failure.error_type == ScrapeErrorType::Blocked => {
                    self.forget_data();
                    return (asked, seen, Some(failure));
                }
                Err(failure) => {
                    self.forget_data();
                    self.warn(Warning::EndpointUnusable { endpoint, reason: Some(failure.message) });
                }
            }
        }
        // Counted pages go on for ever: one that shows nothing new lies behind the last.
        let counts_pages = self.scraper.is_some_and(Scraper::counts_pages);
        let mut next = self.take(url.to_string(), extraction);
        while let Some(address) = next.take_if(|_| self.pages.len() < self.options.pages as usize) {
            let Some(asked) = Url::parse(&address).ok().filter(|asked| list.home().has(asked)) else {
                self.warn(Warning::NextPageElsewhere { url: address.clone() });
                self.next = Some(address);
                break;
            };
            match self.fetch_page(&address) {
                Ok(page) if counts_pages && self.knows_all(&page.extraction.listings) => self.next = None,
                Err(failure) if counts_pages && failure.is_gone => self.next = None,
                Ok(page) => match list.has_page(&asked, &page.url) {
                    Ok(()) => next = self.take(page.url.to_string(), page.extraction),
                    Err(reason) => {
                        self.warn(Warning::PageFailed { reason });
                        self.next = Some(address);
                        break;
                    }
                },
                Err(failure) => {
                    self.warn(scrape_failed(failure));
                    break;
                }
            }
        }
        (asked, seen, None)
    }

    fn forget_data(&mut self) {
        (self.total, self.next, self.technique, self.endpoint) = (None, None, None, None);
        self.pages.clear();
        self.listings.clear();
        self.known.clear();
    }

    /// Notes what a page said; answers where the list goes on.
    fn take(&mut self, url: String, extraction: Extraction) -> Option<String> {
        let Extraction { platform, total, next, listings, unsettled: _, warnings } = extraction;
        warnings.into_iter().for_each(|warning| self.warn(warning));
        self.technique = self.technique.or(Some(platform));
        self.note(url, total, listings);
        self.next.clone_from(&next);
        next
    }

    fn note(&mut self, url: String, total: Option<u32>, listings: Vec<ScrapedListing>) {
        self.total = self.total.max(total);
        let shown = listings.len();
        let before = self.listings.len();
        for listing in listings {
            if key_of(&listing).is_none_or(|key| self.known.insert(key)) {
                self.listings.push(listing);
            }
        }
        if shown > 0 && self.listings.len() == before {
            self.warn(Warning::PageRepeats { repeats: 1, url: Some(url.clone()) });
        }
        self.pages.push(TestedPage { url, listings: shown });
    }

    /// Whether a page or an answer shows nothing new.
    fn knows_all(&self, listings: &[ScrapedListing]) -> bool {
        listings.iter().all(|listing| key_of(listing).is_some_and(|key| self.known.contains(&key)))
    }

    fn answer(&self, request: &DataRequest) -> Result<DataPage, Failed> {
        let fetched = self.fetch(&PageRequest::from(request))?;
        let text = decoded(&fetched.body, fetched.content_type.as_deref());
        text.and_then(|text| listings_from_data(request, &text))
            .map_err(|reason| Failed::reading_of(request.url.as_str(), &reason))
    }

    /// Reads the list as data, as far as a trial goes.
    fn data(&mut self, first: DataRequest) -> Result<(), Failed> {
        let counts_answers = self.scraper.and_then(Scraper::endpoint).is_some_and(|endpoint| endpoint.counts_answers());
        let is_behind = |trial: &Self, answer: &Result<DataPage, Failed>| match answer {
            Ok(answer) => trial.knows_all(&answer.listings),
            Err(failure) => failure.is_gone,
        };
        let mut next = Some(first);
        while let Some(request) = next.take_if(|_| self.pages.len() < self.options.pages as usize) {
            let answer = self.answer(&request);
            if counts_answers && !self.pages.is_empty() && is_behind(self, &answer) {
                break;
            }
            let answer = match answer {
                Ok(answer) => answer,
                Err(failure) if failure.error_type != ScrapeErrorType::Blocked && request.otherwise.is_some() => {
                    next = request.otherwise.map(|otherwise| *otherwise);
                    continue;
                }
                Err(failure) if self.pages.is_empty() || failure.error_type == ScrapeErrorType::Parsing => {
                    return Err(failure);
                }
                Err(failure) => {
                    self.warn(scrape_failed(failure));
                    self.next = Some(request.url.to_string());
                    return Ok(());
                }
            };
            self.technique = Some(request.platform);
            self.endpoint.get_or_insert_with(|| request.url.to_string());
            answer.warnings.into_iter().for_each(|warning| self.warn(warning));
            self.note(request.url.to_string(), answer.total, answer.listings);
            next = answer.next;
        }
        self.next = next.map(|request| request.url.to_string());
        Ok(())
    }

    fn report(
        mut self,
        site: &TestSite,
        inventory_url: String,
        seen: Seen,
        failure: Option<Failed>,
        rules: &TrackingRules,
    ) -> TestReport {
        if let Some(failure) = &failure {
            self.warn(scrape_failed(failure.clone()));
        } else {
            self.doubt(&seen, rules);
        }
        let said = site.platform_type.as_deref();
        let (platform, platform_certainty) = match (said, seen.platform) {
            (Some(said), Some((name, confidence))) if said == name => (Some(said), certainty(confidence)),
            (Some(said), detected) => {
                if let Some((name, Confidence::Certain)) = detected {
                    self.warn(Warning::AnotherPlatform { said: said.to_owned(), detected: name });
                }
                (Some(said), PlatformCertainty::Said)
            }
            (None, Some((name, confidence))) => (Some(name), certainty(confidence)),
            (None, None) => (None, PlatformCertainty::Unknown),
        };
        if let Some(terms) = platform.and_then(platforms::named).and_then(|platform| platform.terms) {
            self.warn(Warning::TermsAgainstReading { terms });
        }
        // A report is passed on: a password that somebody wrote into an address is nobody else's.
        let inventory_url = fetch::shown(&inventory_url);
        let website_url = Url::parse(&inventory_url).ok().and_then(|url| url.join("/").ok()).map(String::from);
        TestReport {
            url: fetch::shown(&web_address(&site.url).unwrap_or_else(|| site.url.clone())),
            inventory_url,
            website_url,
            site_name: seen.name,
            platform: platform.map(ToOwned::to_owned),
            platform_certainty,
            technique: self.technique.filter(|_| !self.listings.is_empty()).map(ToOwned::to_owned),
            endpoint: self.endpoint,
            total_claimed: self.total,
            next: self.next,
            pages: self.pages,
            listings_found: self.listings.len(),
            score: ReadingScore::of(&self.listings, &self.options.score),
            listings: self.listings.into_iter().take(self.options.listings).collect(),
            warnings: self.warnings,
            failure: failure.map(TestFailure::from),
        }
    }

    /// What stands against what was read.
    fn doubt(&mut self, seen: &Seen, rules: &TrackingRules) {
        let store = self.scraper.and_then(Scraper::store);
        let aside = stores::take_one(&mut self.listings, store, &mut self.warnings);
        let aside = u32::try_from(aside).unwrap_or(u32::MAX);
        self.total = self.total.map(|total| total.saturating_sub(aside));
        let found = self.listings.len();
        if found == 0 && seen.is_shell {
            self.warn(Warning::ShellPage);
        }
        let below = |floor: Money| {
            self.listings.iter().filter(|listing| listing.price.is_some_and(|price| price < floor)).count()
        };
        let (never, doubted) = (below(rules.price.least), below(rules.price.floor));
        if never > 0 {
            self.warn(Warning::PricesBelowLeast { prices: never, found, least: rules.price.least });
        }
        if doubted > never {
            self.warn(Warning::PricesBelowFloor { prices: doubted - never, found, floor: rules.price.floor });
        }
        let sold = self.listings.iter().filter(|listing| listing.is_sold == Some(true)).count();
        if let Some(warning) = sold::called_at_first_sight(sold, found, rules) {
            self.warn(warning);
        }
        let unknown = self.listings.iter().filter(|listing| !listing.has_identity()).count();
        if unknown > 0 {
            self.warn(Warning::NoIdentity { unknown, found, place: None });
        }
        if let Some(claimed) = self.total.filter(|total| self.next.is_none() && found > 0 && (*total as usize) > found)
        {
            self.warn(Warning::NextPageMissing { claimed, found });
        }
    }
}

impl FirstPage {
    /// The front page knows best what the dealer is called.
    fn named_as(mut self, name: Option<String>) -> Self {
        self.seen.name = name.or(self.seen.name);
        self
    }
}

fn scrape_failed(failure: Failed) -> Warning {
    Warning::ScrapeFailed { error_type: failure.error_type, reason: failure.message }
}

fn certainty(confidence: Confidence) -> PlatformCertainty {
    match confidence {
        Confidence::Certain => PlatformCertainty::Certain,
        Confidence::Possible => PlatformCertainty::Possible,
    }
}
