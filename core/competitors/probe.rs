//! A website tried out: what a scrape would see there, how it was read, and what stands against it. No database.
//!
//! A probe is a walk that ends after a few pages, with a report of it. Where it begins at a front page, the list is looked for
//! behind a few of its links first. It writes nothing.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::{
    Competitor, NewCompetitor, ReadingScore, ScoreRules, ScrapeErrorType, ScrapedListing, ScrapedPage, TrackingRules,
    registration::web_address,
};
use crate::{
    error::{Error, ErrorCode, Result},
    extract::{self, ListWarning, Warning},
    money::Money,
    scrape::{
        configured::Scraper,
        extract::{Site, decoded, with_page},
        fetch::{self, Session},
        platforms::{self, Confidence},
        walk::{Asking, Failed, KeptPages, ListSource, Unshared, Walk, WalkEnd, WalkLimits, Walked, key_of},
    },
    tracking::{numbers, sold},
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

numbers! {
    /// How far a probe goes.
    #[derive(Clone, Debug, PartialEq, Eq)]
    TestOptions {
        /// Pages or answers of the list that are read: 1 to 10 (2).
        pages: u32 = 2,
        /// Links of a front page that are tried, to find the list: up to 10 (3).
        links: u32 = 3,
        /// Listings that are shown whole (5).
        listings: usize = 5,
        /// What a score is made of.
        score: ScoreRules = ScoreRules::default(),
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

/// What a probe of a website brought.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    pub warnings: Vec<ListWarning>,
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

/// A page or an answer of a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestedPage {
    /// Its address.
    pub url: String,
    /// Vehicles on it.
    pub listings: usize,
}

/// Why a website could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    (session, limits): (Session, WalkLimits),
    site: &TestSite,
    options: &TestOptions,
    rules: &TrackingRules,
) -> Result<TestReport> {
    let url = check(site, options)?;
    let session = if site.use_playwright { session.in_browser()? } else { session };
    let probe = Probe { session: &session, limits, site, options };
    let (address, seen, read) = match probe.begin_at_list(&url) {
        Ok(begun) => {
            (begun.walk.address().unwrap_or(&url).to_string(), begun.seen, probe.read(begun.walk, begun.tried))
        }
        Err(failure) => (url.to_string(), Seen::default(), Err(failure)),
    };
    let (mut walked, failure) = match read {
        Ok(walked) => (walked, None),
        Err(failure) => (Walked::default(), Some(failure)),
    };
    let doubts = match &failure {
        Some(Failed { error_type, message, .. }) => {
            vec![Warning::ScrapeFailed { error_type: *error_type, reason: message.clone() }]
        }
        None => doubts(&seen, &walked, rules),
    };
    walked.shown.warnings.extend(doubts.into_iter().map(ListWarning::from));
    Ok(probe.report(address, (seen, walked, failure)))
}

/// The address to begin at.
fn check(site: &TestSite, options: &TestOptions) -> Result<Url> {
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
    site.scraper_config.as_ref().map(Scraper::of).transpose()?;
    Ok(url)
}

/// What a website says of itself on a page.
#[derive(Default)]
struct Seen {
    name: Option<String>,
    platform: Option<(&'static str, Confidence)>,
    is_shell: bool,
    list_links: Vec<String>,
}

impl Seen {
    fn of(page: &ScrapedPage) -> Result<Self> {
        let text = decoded(&page.bytes, page.content_type.as_deref())?;
        with_page(&text, &page.url, |page| {
            let platform = platforms::recognised(page).map(|(confidence, platform)| (platform.name, confidence));
            let Site { name, is_shell, list_links, .. } = Site::of(page);
            Ok(Self { name, platform, is_shell, list_links })
        })
    }

    /// Addresses at which the list may stand: those that the page links to, and those that are usual on its platform.
    fn candidates(&self, page: &Url) -> Vec<String> {
        let platform = self.platform.and_then(|(name, _)| platforms::named(name));
        let usual = platform.map_or(&[] as &[_], |platform| platform.list_paths);
        let usual = usual.iter().filter_map(|path| page.join(path).ok()).map(String::from);
        let mut candidates: Vec<String> = Vec::new();
        for link in self.list_links.iter().cloned().chain(usual) {
            if !candidates.contains(&link) && link != page.as_str() {
                candidates.push(link);
            }
        }
        candidates
    }
}

/// A walk whose first page was read.
struct Begun<'a> {
    walk: Walk<'a>,
    seen: Seen,
    /// Links behind which no list was found.
    tried: Vec<String>,
}

struct Probe<'a> {
    session: &'a Session,
    limits: WalkLimits,
    site: &'a TestSite,
    options: &'a TestOptions,
}

impl<'a> Probe<'a> {
    fn begin(&self, url: &str) -> Result<Begun<'a>, Failed> {
        let source = ListSource {
            url,
            platform: self.site.platform_type.as_deref(),
            config: self.site.scraper_config.as_ref(),
            in_browser: self.site.use_playwright,
        };
        let (kept, note) = (KeptPages::default(), Box::new(|_| {}));
        let asking = Asking { session: self.session, hosts: &Unshared, kept, note };
        let (walk, page) = Walk::begin(asking, source, self.limits).map_err(failed)?;
        // What could be read as a page can be looked through for this.
        let seen = page.and_then(|page| Seen::of(&page).ok()).unwrap_or_default();
        Ok(Begun { walk, seen, tried: Vec::new() })
    }

    /// Begins at the page that lists the vehicles: that of this address, or one that it leads to.
    fn begin_at_list(&self, url: &Url) -> Result<Begun<'a>, Failed> {
        let mut first = self.begin(url.as_str())?;
        let is_list = first.walk.lists_vehicles() && !first.walk.is_at_front_page();
        let Some(page) = first.walk.reached().filter(|_| self.site.finds_list && !is_list) else { return Ok(first) };
        let links = usize::try_from(self.options.links).unwrap_or(usize::MAX);
        for link in first.seen.candidates(page).into_iter().take(links) {
            match self.begin(&link) {
                Ok(Begun { walk, seen, tried }) if walk.lists_vehicles() => {
                    // The front page knows best what the dealer is called.
                    let name = first.seen.name.or(seen.name);
                    return Ok(Begun { walk, seen: Seen { name, ..seen }, tried });
                }
                Err(failure) if failure.error_type == ScrapeErrorType::Blocked => return Err(failure),
                Ok(_) => {}
                Err(failure) => tracing::debug!(%link, reason = failure.message, "no list behind a link"),
            }
            first.tried.push(link);
        }
        Ok(first)
    }

    /// Reads as many pages of the list as are wanted.
    fn read(&self, mut walk: Walk<'_>, tried: Vec<String>) -> Result<Walked, Failed> {
        let wanted = usize::try_from(self.options.pages).unwrap_or(usize::MAX);
        while walk.pages_read() < wanted && walk.step().map_err(failed)? {}
        let mut walked = walk.finish();
        let mut known = HashSet::new();
        if walked.shown.listings.is_empty() && !tried.is_empty() {
            walked.shown.warnings.insert(0, Warning::ListNotFound { tried }.into());
        }
        walked.shown.listings.retain(|listing| key_of(listing).is_none_or(|key| known.insert(key)));
        Ok(walked)
    }

    fn report(&self, address: String, (seen, walked, failure): (Seen, Walked, Option<Failed>)) -> TestReport {
        let (platform, platform_certainty, contradicted) = self.platform(&seen);
        let terms = platform.and_then(platforms::named).and_then(|platform| platform.terms);
        let terms = terms.map(|terms| Warning::TermsAgainstReading { terms });
        // A report is passed on: a password that somebody wrote into an address is nobody else's.
        let inventory_url = fetch::shown(&address);
        let website_url = Url::parse(&inventory_url).ok().and_then(|url| url.join("/").ok()).map(String::from);
        let (shown, site) = (walked.shown, self.site);
        let of_platform = contradicted.into_iter().chain(terms).map(ListWarning::from);
        let first = shown.pages.first().filter(|_| !shown.listings.is_empty());
        TestReport {
            url: fetch::shown(&web_address(&site.url).unwrap_or_else(|| site.url.clone())),
            inventory_url,
            website_url,
            site_name: seen.name,
            platform: platform.map(ToOwned::to_owned),
            platform_certainty,
            technique: first.map(|page| page.reader.to_owned()),
            endpoint: shown.pages.first().filter(|page| page.is_answer).map(|page| page.url.clone()),
            total_claimed: shown.reading.total_claimed,
            next: walked.next,
            pages: shown
                .pages
                .iter()
                .map(|page| TestedPage { url: page.url.clone(), listings: page.listings })
                .collect(),
            listings_found: shown.listings.len(),
            score: ReadingScore::of(&shown.listings, &self.options.score),
            listings: shown.listings.into_iter().take(self.options.listings).collect(),
            warnings: shown.warnings.into_iter().chain(of_platform).collect(),
            failure: failure.map(TestFailure::from),
        }
    }

    /// The platform, how sure that is, and what speaks against it.
    fn platform(&self, seen: &Seen) -> (Option<&'a str>, PlatformCertainty, Option<Warning>) {
        let certainty = |confidence| match confidence {
            Confidence::Certain => PlatformCertainty::Certain,
            Confidence::Possible => PlatformCertainty::Possible,
        };
        match (self.site.platform_type.as_deref(), seen.platform) {
            (Some(said), Some((name, confidence))) if said == name => (Some(said), certainty(confidence), None),
            (Some(said), Some((detected, Confidence::Certain))) => {
                let contradicted = Warning::AnotherPlatform { said: said.to_owned(), detected };
                (Some(said), PlatformCertainty::Said, Some(contradicted))
            }
            (Some(said), _) => (Some(said), PlatformCertainty::Said, None),
            (None, Some((name, confidence))) => (Some(name), certainty(confidence), None),
            (None, None) => (None, PlatformCertainty::Unknown, None),
        }
    }
}

/// Why a probe goes no further. Nobody else's turn is waited for, and nobody stops it.
fn failed(ended: WalkEnd) -> Failed {
    match ended {
        WalkEnd::Failed(failure) => failure,
        WalkEnd::Busy | WalkEnd::Stopped => Failed::stopped(),
    }
}

/// What stands against a website of which this was read.
fn doubts(seen: &Seen, walked: &Walked, rules: &TrackingRules) -> Vec<Warning> {
    let (listings, next) = (&walked.shown.listings, &walked.next);
    let found = listings.len();
    let number = |is_doubtful: &dyn Fn(&ScrapedListing) -> bool| listings.iter().filter(|one| is_doubtful(one)).count();
    let below = |floor: Money| number(&|listing| listing.price.is_some_and(|price| price < floor));
    let (never, doubted) = (below(rules.price.least), below(rules.price.floor));
    let sold = number(&|listing| listing.is_sold == Some(true));
    let unknown = number(&|listing| !listing.has_identity());
    let mut doubts = Vec::new();
    if found == 0 && seen.is_shell {
        doubts.push(Warning::ShellPage);
    }
    if never > 0 {
        doubts.push(Warning::PricesBelowLeast { prices: never, found, least: rules.price.least });
    }
    if doubted > never {
        doubts.push(Warning::PricesBelowFloor { prices: doubted - never, found, floor: rules.price.floor });
    }
    doubts.extend(sold::called_at_first_sight(sold, found, rules));
    if unknown > 0 {
        doubts.push(Warning::NoIdentity { unknown, found, place: None });
    }
    let lacks = |claimed: &u32| next.is_none() && found > 0 && (*claimed as usize) > found;
    if let Some(claimed) = walked.shown.reading.total_claimed.filter(lacks) {
        doubts.push(Warning::NextPageMissing { claimed, found });
    }
    doubts
}
