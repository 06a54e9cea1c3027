//! The client of auto.dev: one search of listings, within its budget, at its pace, and never for longer than it is worth.
//!
//! Everything goes through the fetcher's guard and exchange, so an address within our own network is no more reached here
//! than from a page. There is no robots.txt for an interface that is made for programs.
//!
//! - Each call is counted by the caller *before* it is made: a budget is kept even by a program that is killed meanwhile.
//! - One retry, of what may pass: no connection, 429, and 5xx such as `SOURCE_ERROR`, after its `Retry-After` or a pause.
//! - Pages after the first are a gain, not a need: where one fails, those before it are the answer.
//!
//! What is deliberately not here: VINs, photos and prices of new cars, which auto.dev has too; where the count is kept.

use std::{
    collections::{HashMap, HashSet},
    error::Error as StdError,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use url::Url;

use super::{
    AutoDevConfig, AutoDevSearch, AutoDevVersion,
    listings::{ListingPage, Next, Reading, Unreadable},
    refusal::{Refusal, printable},
};
use crate::{
    Error, Result,
    market::{Comparable, MissingSource},
    money::Money,
    scrape::fetch::{
        exchange::{Answer, Ask, BodyWanted, ExchangeFailure, Exchanger},
        guard::Guard,
        names::system_lookup,
        pace::{self, RealTime, Timing},
        stop,
        turns::{TooLate, Turns},
    },
};

const USER_AGENT: &str = concat!("jpauto/", env!("CARGO_PKG_VERSION"));
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Answers that are no listings are read this far.
const GLIMPSE_BYTES: usize = 64 * 1024;
/// More answers than this are not kept at once.
const MOST_KEPT: usize = 256;

/// Which listings are asked for.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::market) struct ListingQuery<'a> {
    pub(in crate::market) make: &'a str,
    pub(in crate::market) model: &'a str,
    pub(in crate::market) years: (i32, i32),
    /// Fewest and most miles.
    pub(in crate::market) mileage: Option<(i32, i32)>,
    pub(in crate::market) prices: (Money, Money),
    pub(in crate::market) radius_miles: f64,
}

/// A search and what it found.
#[derive(Clone, Debug)]
pub(in crate::market) struct Found {
    pub(in crate::market) search: AutoDevSearch,
    pub(in crate::market) comparables: Vec<Comparable>,
    /// Why there may be more, where a later page did not come.
    pub(in crate::market) missing: Option<MissingSource>,
}

/// The client; one a process, for its pace is shared.
pub(crate) struct AutoDev {
    config: AutoDevConfig,
    endpoint: Url,
    authorization: HeaderValue,
    exchanger: Exchanger,
    turns: Turns,
    timing: Arc<dyn Timing>,
    kept: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    until: Instant,
    found: Arc<Found>,
}

/// Parameters in the order in which they are sent.
type Parameters = Vec<(String, String)>;

impl AutoDev {
    /// # Errors
    /// `invalid_auto_dev_key`; `invalid_auto_dev_address`; `auto_dev_not_ready` where the client can not be set up.
    pub(crate) fn new(config: AutoDevConfig) -> Result<Self> {
        Self::with(config, Arc::new(RealTime))
    }

    /// The same with time from elsewhere.
    pub(super) fn with(config: AutoDevConfig, timing: Arc<dyn Timing>) -> Result<Self> {
        let is_local = config.allow_private_networks;
        let guard = Guard { allow_private_networks: is_local, allow_any_port: is_local, ..Guard::default() };
        let base = config.base_url.as_deref().unwrap_or(config.version.base_url());
        let endpoint = guard
            .parse(&format!("{}/listings", base.trim_end_matches('/')))
            .ok()
            // The key travels with each call.
            .filter(|url| is_local || url.scheme() == "https")
            .ok_or_else(|| {
                let message = "expected an https:// address of a public server";
                Error::invalid_field("invalid_auto_dev_address", "/auto_dev/base_url", message)
            })?;
        let authorization = config.authorization()?;
        let user_agent = HeaderValue::from_static(USER_AGENT);
        let exchanger = Exchanger::new(user_agent, guard, system_lookup(), MAX_HEADER_BYTES).map_err(|source| {
            Error::internal("auto_dev_not_ready", "the HTTP client could not be set up").with_source(source)
        })?;
        let turns = Turns::new(config.calls_a_second, Arc::clone(&timing));
        Ok(Self { config, endpoint, authorization, exchanger, turns, timing, kept: Mutex::default() })
    }

    pub(in crate::market) fn config(&self) -> &AutoDevConfig {
        &self.config
    }

    /// Searches for listings. `spend` counts a call before it is made, and refuses it where the budget is spent.
    ///
    /// The same search within [`AutoDevConfig::kept_for`] is answered from memory. Time and memory grow with the bytes that
    /// are read, at most `max_pages` times `max_body_bytes`.
    ///
    /// # Errors
    /// What `spend` refuses with; a code `auto_dev_...` for each way in which the first page can fail.
    pub(in crate::market) fn search(
        &self,
        query: &ListingQuery<'_>,
        now: DateTime<Utc>,
        spend: &dyn Fn() -> Result<()>,
    ) -> Result<Arc<Found>> {
        let parameters = self.parameters(query);
        let name = encoded(&parameters);
        if let Some(found) = self.remembered(&name) {
            return Ok(found);
        }
        let deadline = self.timing.now() + self.config.search_timeout;
        let mut comparables = Vec::new();
        let (mut pages, mut rows) = (0, 0);
        let (mut is_whole, mut stopped_by, mut missing) = (false, None, None);
        let (mut next, mut asked) = (None, HashSet::new());
        while pages < self.config.max_pages.max(1) {
            let page = match self.page(&parameters, next.as_ref(), pages + 1, now, deadline, spend) {
                Ok(page) => page,
                Err(error) if pages == 0 => return Err(error),
                Err(error) => {
                    tracing::warn!(code = error.code(), %error, pages, "auto.dev gave a part of what was asked for");
                    stopped_by = Some(error.code().to_owned());
                    missing = Some(MissingSource::auto_dev(&error));
                    break;
                }
            };
            pages += 1;
            rows += page.rows;
            comparables.extend(page.comparables);
            match page.next {
                Some(link) if page.rows > 0 => {
                    // A link to where we have been leads round in a circle.
                    if !asked.insert(link.clone()) {
                        break;
                    }
                    next = Some(link);
                }
                _ => {
                    is_whole = true;
                    break;
                }
            }
        }
        let search = AutoDevSearch {
            version: self.config.version,
            parameters,
            answered_at: now,
            pages,
            listings: comparables.len(),
            left_out: rows - comparables.len(),
            is_whole,
            stopped_by,
        };
        let found = Arc::new(Found { search, comparables, missing });
        if found.missing.is_none() {
            self.remember(name, &found);
        }
        Ok(found)
    }

    /// The question in auto.dev's words. A comma would mean "or" there, and a star "any".
    fn parameters(&self, query: &ListingQuery<'_>) -> Parameters {
        let config = &self.config;
        let plain = |name: &str| name.replace([',', '*'], " ");
        let (first, last) = query.years;
        let dollars = |price: Money| (price.cents() / 100).max(1);
        let mut parameters = Parameters::new();
        let mut add = |name: &str, value: String| parameters.push((name.to_owned(), value));
        match config.version {
            AutoDevVersion::V2 => {
                add("vehicle.make", make_there(&plain(query.make)));
                add("vehicle.model", model_there(&plain(query.model)));
                add("vehicle.year", if first == last { first.to_string() } else { format!("{first}-{last}") });
                if let Some((fewest, most)) = query.mileage {
                    // A range begins at 1: 0 is not taken for a number there.
                    add("retailListing.miles", format!("{}-{}", fewest.max(1), most.max(1)));
                }
                add("retailListing.price", format!("{}-{}", dollars(query.prices.0), dollars(query.prices.1)));
                if let Some(zip) = &config.zip {
                    add("zip", zip.clone());
                    add("distance", format!("{:.0}", query.radius_miles));
                }
                add("limit", config.plan.listings_a_page().to_string());
            }
            AutoDevVersion::V1 => {
                add("make", make_there(&plain(query.make)));
                add("model", model_there(&plain(query.model)));
                add("year_min", first.to_string());
                add("year_max", last.to_string());
                if let Some((_, most)) = query.mileage {
                    add("mileage_max", most.max(1).to_string());
                }
                add("price_min", dollars(query.prices.0).to_string());
                add("price_max", dollars(query.prices.1).to_string());
                if let Some(zip) = &config.zip {
                    add("zip", zip.clone());
                } else if let Some(place) = config.place {
                    add("latitude", place.latitude.to_string());
                    add("longitude", place.longitude.to_string());
                }
                if config.zip.is_some() || config.place.is_some() {
                    add("radius", format!("{:.0}", query.radius_miles));
                }
            }
        }
        parameters
    }

    fn page(
        &self,
        parameters: &Parameters,
        next: Option<&Next>,
        number: usize,
        now: DateTime<Utc>,
        deadline: Instant,
        spend: &dyn Fn() -> Result<()>,
    ) -> Result<ListingPage> {
        let mut url = self.endpoint.clone();
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(parameters);
            match next {
                Some(Next::Page(page)) => {
                    query.append_pair("page", page);
                }
                Some(Next::Cursor(cursor)) => {
                    query.append_pair("cursor", cursor);
                }
                None => {}
            }
            if self.config.version == AutoDevVersion::V1 {
                // Its guide knows the key in the query alone, working programs in the header alone: it gets both.
                query.append_pair("apikey", self.config.key());
            }
        }
        let answer = self.ask(&url, deadline, spend)?;
        let hide = |text: &str| self.config.redacted(text);
        let reading = Reading { version: self.config.version, now, place: self.config.place, hide: &hide };
        reading.page(&answer.body, number).map_err(|unreadable| match unreadable {
            Unreadable::Refusal(refusal) => refusal.into_error(),
            Unreadable::Shape(reason) => {
                let request = answer.header("x-request-id").map(|id| format!(" (request {})", printable(&hide(id))));
                let message =
                    format!("auto.dev: its answer can not be read: {}{}", hide(&reason), request.unwrap_or_default());
                Error::unavailable("auto_dev_unreadable", message)
            }
        })
    }

    /// Asks once, and once more where that may go better.
    fn ask(&self, url: &Url, deadline: Instant, spend: &dyn Fn() -> Result<()>) -> Result<Answer> {
        let first = match self.ask_once(url, deadline, spend) {
            Err(failure) if failure.may_pass => failure,
            other => return other.map_err(|failure| failure.error),
        };
        let asked_for = first.error.retry_after();
        if asked_for.is_some_and(|wait| wait > self.config.longest_retry_after) {
            return Err(first.error);
        }
        let wait = asked_for.unwrap_or(self.config.pause_before_retry);
        if self.timing.now() + wait >= deadline {
            return Err(first.error);
        }
        tracing::debug!(error = %first.error, ?wait, "asking auto.dev again");
        self.timing.sleep(wait, &stop::NEVER);
        self.ask_once(url, deadline, spend).map_err(|failure| failure.error)
    }

    fn ask_once(&self, url: &Url, deadline: Instant, spend: &dyn Fn() -> Result<()>) -> Result<Answer, CallFailure> {
        self.turns.wait(deadline).map_err(|TooLate(wait)| {
            let message = "auto.dev: it asked to be left alone for longer than a search may take";
            CallFailure::for_good(Error::unavailable("auto_dev_rate_limited", message).with_retry_after(wait))
        })?;
        let left = deadline.saturating_duration_since(self.timing.now());
        if left.is_zero() {
            return Err(CallFailure::for_good(timed_out()));
        }
        spend().map_err(CallFailure::for_good)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, self.authorization.clone());
        let ask = Ask { url: url.clone(), headers, body: None };
        let limit = self.config.max_body_bytes;
        let wanted = |status: u16, _: &HeaderMap| match status {
            200 => BodyWanted::UpTo(limit),
            _ => BodyWanted::Glimpse(GLIMPSE_BYTES),
        };
        let answer = self
            .exchanger
            .exchange(ask, self.config.call_timeout.min(left), wanted, &stop::NEVER)
            .map_err(|failure| self.no_answer(failure))?;
        if answer.status == 200 && !answer.is_whole {
            let message = format!("auto.dev: its answer is larger than {limit} bytes");
            return Err(CallFailure::for_good(Error::unavailable("auto_dev_too_large", message)));
        }
        if answer.status == 200 { Ok(answer) } else { Err(self.refused(&answer)) }
    }

    fn refused(&self, answer: &Answer) -> CallFailure {
        let hide = |text: &str| self.config.redacted(text);
        let mut refusal = Refusal::read(answer.status, &answer.body, &hide);
        if refusal.request_id.is_none() {
            refusal.request_id = answer.header("x-request-id").map(|id| printable(&hide(id)));
        }
        refusal.retry_after = answer
            .header(RETRY_AFTER)
            .filter(|_| refusal.may_pass())
            .and_then(|value| pace::retry_after(value, self.timing.time_of_day()));
        if answer.status == 429 {
            let wait = refusal.retry_after.unwrap_or(self.config.pause_before_retry);
            self.turns.hold_off(wait.min(Duration::from_secs(3_600)));
        }
        CallFailure { may_pass: refusal.may_pass(), error: refusal.into_error() }
    }

    fn no_answer(&self, failure: ExchangeFailure) -> CallFailure {
        match failure {
            ExchangeFailure::TimedOut => CallFailure { may_pass: true, error: timed_out() },
            ExchangeFailure::Connection(reason) => {
                // The causes nearest the top name the address, which holds the key with version 1.
                let mut root: &(dyn StdError + 'static) = &*reason;
                while let Some(cause) = root.source() {
                    root = cause;
                }
                let address = root.downcast_ref::<reqwest::Error>().is_some();
                let told = if address { "the connection failed".to_owned() } else { root.to_string() };
                let message = format!("auto.dev could not be reached: {}", printable(&self.config.redacted(&told)));
                CallFailure { may_pass: true, error: Error::unavailable("auto_dev_unreachable", message) }
            }
            ExchangeFailure::Refused(reason) => {
                let message = format!("auto.dev is not asked at this address: {reason}");
                CallFailure::for_good(Error::refused("auto_dev_address_refused", message))
            }
            ExchangeFailure::HeaderTooLarge(limit) => {
                let message = format!("auto.dev: the header of its answer is larger than {limit} bytes");
                CallFailure::for_good(Error::unavailable("auto_dev_too_large", message))
            }
        }
    }

    fn remembered(&self, name: &str) -> Option<Arc<Found>> {
        let now = self.timing.now();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(name).filter(|kept| kept.until > now).map(|kept| Arc::clone(&kept.found))
    }

    fn remember(&self, name: String, found: &Arc<Found>) {
        if self.config.kept_for.is_zero() {
            return;
        }
        let now = self.timing.now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, kept| kept.until > now);
        }
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(name, Kept { until: now + self.config.kept_for, found: Arc::clone(found) });
    }
}

impl std::fmt::Debug for AutoDev {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AutoDev").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Why a call gave nothing, and whether another may.
struct CallFailure {
    error: Error,
    may_pass: bool,
}

impl CallFailure {
    fn for_good(error: Error) -> Self {
        Self { error, may_pass: false }
    }
}

fn timed_out() -> Error {
    Error::unavailable("auto_dev_timed_out", "auto.dev did not answer in time")
}

fn encoded(parameters: &Parameters) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// A make as auto.dev spells it; few are initials.
fn make_there(name: &str) -> String {
    const INITIALS: [&str; 4] = ["BMW", "GMC", "MINI", "AMG"];
    match INITIALS.iter().find(|initials| initials.eq_ignore_ascii_case(name.trim())) {
        Some(initials) => (*initials).to_owned(),
        None => as_written_there(name, 1),
    }
}

/// A model as auto.dev spells it; short words of capitals may be initials, such as `LX` or `HR-V`.
fn model_there(name: &str) -> String {
    as_written_there(name, 4)
}

/// A name as auto.dev spells names, which it compares letter by letter: `TOYOTA` is `Toyota` there, `cr-v` is `CR-V`.
///
/// What has capitals and small letters is left as it is, and so are words of capitals up to a length.
fn as_written_there(name: &str, longest_initials: usize) -> String {
    let word = |word: &str| -> String {
        let is_shouted = word.len() > longest_initials && word.bytes().all(|letter| letter.is_ascii_uppercase());
        let is_whispered = !word.chars().any(char::is_uppercase);
        let is_code = word.len() <= 2 || word.bytes().any(|letter| letter.is_ascii_digit());
        match (is_shouted, is_whispered) {
            (_, true) if is_code => word.to_uppercase(),
            (true, _) | (_, true) => {
                let mut letters = word.chars();
                let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
                first + &letters.as_str().to_lowercase()
            }
            (false, false) => word.to_owned(),
        }
    };
    let words = name.split_whitespace().map(|part| part.split('-').map(word).collect::<Vec<_>>().join("-"));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod spelling {
    use super::*;

    #[test]
    fn names_are_spelled_as_auto_dev_spells_them() {
        for (ours, theirs) in [
            ("toyota", "Toyota"),
            ("TOYOTA", "Toyota"),
            ("Toyota", "Toyota"),
            ("bmw", "BMW"),
            ("FORD", "Ford"),
            ("mercedes-benz", "Mercedes-Benz"),
            ("Land Rover", "Land Rover"),
        ] {
            assert_eq!(make_there(ours), theirs, "{ours}");
        }
        for (ours, theirs) in [
            ("cr-v", "CR-V"),
            ("f-150", "F-150"),
            ("rav4", "RAV4"),
            ("c-class", "C-Class"),
            ("3 series", "3 Series"),
            ("  grand   cherokee ", "Grand Cherokee"),
            ("CAMRY", "Camry"),
            ("CX-90", "CX-90"),
        ] {
            assert_eq!(model_there(ours), theirs, "{ours}");
        }
    }
}
