//! Polite HTTP: pages of other people's servers, fetched at their pace and on their terms.
//!
//! A [`Fetcher`] holds what the threads of a process share: the pause of each host, robots.txt files, resolved names. Make
//! one and clone it. Two fetchers do not share the pause, so a host would be asked twice as often. A [`Session`] is one
//! scrape, with its cookies and its deadline, and [`Session::get`] fetches one page. `docs/extraction.md` states the rules
//! of politeness.
//!
//! What is deliberately not here: the database, the encoding of texts (a body is bytes, and `extract` decodes it), HTTP/2,
//! proxies, and anything that disguises the program or passes a bot check.

mod answer;
mod bot_check;
mod config;
mod error;
pub(crate) mod exchange;
pub(crate) mod guard;
pub(crate) mod names;
pub(crate) mod pace;
#[cfg(all(feature = "browser", unix))]
mod render;
mod request;
mod robots;
pub(crate) mod stop;

use std::{
    sync::{Arc, Mutex, MutexGuard, TryLockError, mpsc},
    thread,
    time::{Duration, Instant},
};

use reqwest::{
    cookie::{CookieStore as _, Jar},
    header::{CONTENT_TYPE, COOKIE, ETAG, HeaderMap, LAST_MODIFIED, LOCATION, RETRY_AFTER, SET_COOKIE},
};
use url::Url;

#[cfg(all(feature = "browser", unix))]
pub(crate) use self::render::Judge;
use self::{
    answer::{
        is_bot_check, is_page, is_readable_type, is_redirect, is_vague_type, looks_readable, may_pass, page_wanted,
        rules_of,
    },
    exchange::Ask,
    guard::Guard,
    names::{Lookup, system_lookup},
    pace::{Hosts, NoTurn, RealTime, STOP_CHECK, Timing, Turn},
    robots::{Known, Rules, RulesByOrigin},
};
pub use self::{config::FetchConfig, stop::Stop};
pub(crate) use self::{
    error::FetchError,
    exchange::{Answer, BodyWanted, ExchangeFailure, Exchanger, has_its_end},
    guard::Refusal,
    request::{Fetched, PageRequest},
};
use crate::{Result, scrape::browser::Rendering};

/// Answers that are no page are read this far, to see whether they are bot checks.
const GLIMPSE_BYTES: usize = 64 * 1024;

/// If the cookies of a request are longer than this, none is sent: no server takes so many.
const MAX_COOKIE_BYTES: usize = 16 * 1024;

/// The polite HTTP client; clones share hosts, robots.txt files and connections.
///
/// It blocks, so it is used from threads, never from a task of an async runtime.
#[derive(Clone)]
pub(crate) struct Fetcher(Arc<Shared>);

struct Shared {
    config: FetchConfig,
    guard: Guard,
    exchanger: Arc<Exchanger>,
    hosts: Hosts,
    rules: RulesByOrigin,
    timing: Arc<dyn Timing>,
}

impl Fetcher {
    /// # Errors
    /// `invalid_contact` when the contact is missing or no address and `invalid_pause` when the pause is too long.
    pub(crate) fn new(config: FetchConfig) -> Result<Self> {
        Self::with(config, system_lookup(), Arc::new(RealTime))
    }

    /// How many pages one scrape may take.
    pub(crate) fn max_pages(&self) -> usize {
        self.0.config.max_pages
    }

    /// The same with another DNS lookup and another clock, for tests.
    fn with(config: FetchConfig, lookup: Lookup, timing: Arc<dyn Timing>) -> Result<Self> {
        config.check_pause()?;
        let guard = Guard {
            allow_private_networks: config.allow_private_networks,
            allow_any_port: config.allow_any_port,
            allowed_servers: config.allowed_servers.as_slice().into(),
        };
        let exchanger = Exchanger::new(config.user_agent()?, guard.clone(), lookup, config.max_header_bytes);
        let exchanger = Arc::new(exchanger);
        let hosts = Hosts::new(Arc::clone(&timing));
        Ok(Self(Arc::new(Shared { config, guard, exchanger, hosts, rules: RulesByOrigin::default(), timing })))
    }

    /// Begins a scrape: no cookies yet, and its time runs from now.
    pub(crate) fn session(&self) -> Session {
        self.session_until(None, Arc::default())
    }

    /// The same, but it also ends at `end` and as soon as somebody asks to stop.
    pub(crate) fn session_until(&self, end: Option<Instant>, stop: Arc<Stop>) -> Session {
        let own_end = self.0.timing.now() + self.0.config.scrape_timeout;
        let deadline = end.map_or(own_end, |end| end.min(own_end));
        Session { fetcher: Arc::clone(&self.0), cookies: Jar::default(), deadline, stop, rendering: None }
    }
}

/// The pages of one scrape.
pub(crate) struct Session {
    fetcher: Arc<Shared>,
    cookies: Jar,
    deadline: Instant,
    stop: Arc<Stop>,
    /// The browser that pages are rendered by, where the site needs one.
    rendering: Option<Rendering>,
}

impl Session {
    /// The same, with pages rendered by the installed Chromium. Requests that carry headers or a body of their own are for
    /// endpoints and stay plain.
    ///
    /// # Errors
    /// `Refused` `browser_not_available` without the feature `browser`, or where no Chromium is installed.
    pub(crate) fn in_browser(mut self) -> Result<Self> {
        let config = &self.fetcher.config;
        let user_agent = config.user_agent()?.to_str().unwrap_or_default().to_owned();
        self.rendering = Some(Rendering::new(&config.browser, user_agent, Arc::clone(&self.fetcher.exchanger))?);
        Ok(self)
    }

    /// Whether the server says that there is no such page (404, 410), and is one whose word counts: `is_own` is asked about the
    /// address that answered, behind all redirects. Any other answer proves nothing. The page is fetched without the browser.
    ///
    /// # Errors
    /// As [`Session::get`], except for the statuses 404 and 410 of a server whose word counts.
    pub(crate) fn is_gone(&self, url: &str, is_own: impl Fn(&str) -> bool) -> Result<bool, FetchError> {
        match self.fetch(&PageRequest::get(url)) {
            Ok(_) => Ok(false),
            Err(failure) if failure.gone_at().is_some_and(is_own) => Ok(true),
            Err(failure) => Err(failure),
        }
    }

    /// Fetches a page, waiting for its turn; in a browser where the session has one.
    ///
    /// # Errors
    /// Each [`FetchError`]; after `Blocked`, `Robots` and `OutOfTime` nothing more should be asked of the site.
    pub(crate) fn get(&self, request: &PageRequest) -> Result<Fetched, FetchError> {
        match self.rendering.as_ref().filter(|_| request.is_for_people()) {
            Some(rendering) => self.render(rendering, self.fetcher.address(request)?),
            None => self.fetch(request),
        }
    }

    fn fetch(&self, request: &PageRequest) -> Result<Fetched, FetchError> {
        let shared = &self.fetcher;
        let first = shared.address(request)?;
        let mut retries = shared.config.retries;
        let mut ask = Ask { url: first.clone(), headers: request.headers_for(true), body: request.body.clone() };
        let max_body_bytes = shared.config.max_body_bytes;
        for _hop in 0..=shared.config.max_redirects {
            let rules = self.rules(&ask.url)?;
            rules.check(&ask.url)?;
            let pause = shared.config.pause.max(rules.crawl_delay());
            let wanted = move |status, headers: &HeaderMap| page_wanted(status, headers, max_body_bytes);
            let answer = self.ask(&ask, pause, &mut retries, wanted)?;
            let Some(next) = self.fetcher.redirected(&ask.url, &answer)? else {
                return shared.page(ask.url, answer, request);
            };
            // What the first origin is trusted with is not for others, and only 307 and 308 ask for a POST again.
            ask.headers = request.headers_for(next.origin() == first.origin());
            ask.body = ask.body.filter(|_| matches!(answer.status, 307 | 308));
            ask.url = next;
        }
        Err(FetchError::Redirects { address: first.to_string(), limit: shared.config.max_redirects })
    }

    /// The right to speak to the host of an address, when its turn comes.
    fn turn(&self, url: &Url) -> Result<Turn, FetchError> {
        let host = url.host_str().unwrap_or_default();
        self.fetcher.hosts.turn(host, self.deadline, &self.stop).map_err(|reason| match reason {
            NoTurn::TooLate => FetchError::OutOfTime { address: url.to_string() },
            NoTurn::Stopped => FetchError::Stopped { address: url.to_string() },
        })
    }

    /// The rules for an address, from its origin's robots.txt.
    fn rules(&self, url: &Url) -> Result<Arc<Rules>, FetchError> {
        let slot = self.fetcher.rules.slot(url);
        let mut known = self.asked_by_one(&slot, url)?;
        let now = self.fetcher.timing.now();
        if let Some(known) = known.as_ref().filter(|known| known.until > now) {
            return Ok(Arc::clone(&known.rules));
        }
        let rules = Arc::new(self.fetch_rules(url)?);
        let config = &self.fetcher.config;
        let lifetime = match *rules {
            Rules::Closed(_) | Rules::Withheld(_) => config.closed_lifetime,
            Rules::Open | Rules::Listed(_) => config.robots_lifetime,
        };
        *known = Some(Known { rules: Arc::clone(&rules), until: self.fetcher.timing.now() + lifetime });
        Ok(rules)
    }

    /// Waits until no other session is fetching this robots.txt, and returns what is known of it.
    fn asked_by_one<'s, T>(&self, slot: &'s Mutex<T>, url: &Url) -> Result<MutexGuard<'s, T>, FetchError> {
        loop {
            match slot.try_lock() {
                Ok(known) => return Ok(known),
                Err(TryLockError::Poisoned(known)) => return Ok(known.into_inner()),
                Err(TryLockError::WouldBlock) if self.stop.is_asked() => {
                    return Err(FetchError::Stopped { address: url.to_string() });
                }
                Err(TryLockError::WouldBlock) if self.time_left().is_zero() => {
                    return Err(FetchError::OutOfTime { address: url.to_string() });
                }
                Err(TryLockError::WouldBlock) => self.stop.sleep(self.time_left().min(STOP_CHECK)),
            }
        }
    }

    /// Fetches a robots.txt. An error status is a rule, too. Without an answer the page fails with the same error, so a
    /// site that is down is not reported as closed.
    fn fetch_rules(&self, url: &Url) -> Result<Rules, FetchError> {
        let config = &self.fetcher.config;
        let mut url = url
            .join("/robots.txt")
            .map_err(|_unreadable| FetchError::Refused { address: url.to_string(), reason: Refusal::Unreadable })?;
        let (mut retries, max_bytes) = (config.retries, config.max_robots_bytes);
        for _hop in 0..=config.max_redirects {
            let ask = Ask { url: url.clone(), headers: HeaderMap::new(), body: None };
            let answer = self.ask(&ask, config.pause, &mut retries, move |status, _: &HeaderMap| match status {
                200..=299 => BodyWanted::UpTo(max_bytes),
                _ if is_redirect(status) => BodyWanted::Nothing,
                _ => BodyWanted::Glimpse(GLIMPSE_BYTES),
            })?;
            if is_bot_check(&answer) {
                return Err(FetchError::Blocked { address: url.to_string() });
            }
            match self.fetcher.redirected(&url, &answer)? {
                Some(next) => url = next,
                None => return Ok(rules_of(&answer)),
            }
        }
        Ok(Rules::Closed("it redirects without end".to_owned()))
    }

    /// Sends a request until there is an answer worth having, as often as retries are left.
    fn ask(
        &self,
        ask: &Ask,
        pause: Duration,
        retries: &mut u32,
        wanted: impl Fn(u16, &HeaderMap) -> BodyWanted + Copy + Send + 'static,
    ) -> Result<Answer, FetchError> {
        let config = &self.fetcher.config;
        for tries in 0.. {
            let outcome = self.ask_once(ask, pause, wanted);
            let asked_for = match &outcome {
                Ok(answer) if may_pass(answer.status) && !is_bot_check(answer) => self.retry_after(answer),
                Err(failure) if failure.is_of_the_line() => None,
                _ => return outcome,
            };
            let asked_for = asked_for.unwrap_or_default();
            let wait = pace::backoff(tries, config.first_backoff, config.longest_backoff).max(asked_for);
            let is_worth_it = asked_for <= config.longest_retry_after && wait < self.time_left();
            if *retries == 0 || !is_worth_it {
                return outcome;
            }
            *retries -= 1;
            tracing::debug!(url = %ask.url, ?wait, ?outcome, "fetching again after a failure");
            self.fetcher.timing.sleep(wait, &self.stop);
        }
        Err(FetchError::OutOfTime { address: ask.url.to_string() })
    }

    /// Sends a request when the host's turn comes, and leaves the host its pause.
    fn ask_once(
        &self,
        ask: &Ask,
        pause: Duration,
        wanted: impl Fn(u16, &HeaderMap) -> BodyWanted + Send + 'static,
    ) -> Result<Answer, FetchError> {
        let shared = &self.fetcher;
        let turn = self.turn(&ask.url)?;
        let left = self.time_left();
        let mut ask = ask.clone();
        if let Some(cookies) = self.cookies.cookies(&ask.url).filter(|cookies| cookies.len() <= MAX_COOKIE_BYTES) {
            ask.headers.insert(COOKIE, cookies);
        }
        let url = ask.url.clone();
        let within = shared.config.page_timeout.min(left);
        let answered = shared.exchange(ask, within, wanted, (turn, pause), &self.stop);
        let address = || url.to_string();
        let outcome = loop {
            match answered.as_ref().map(|answered| answered.recv_timeout(STOP_CHECK)) {
                Ok(Ok(outcome)) => break outcome,
                _ if self.stop.is_asked() => return Err(FetchError::Stopped { address: address() }),
                Ok(Err(mpsc::RecvTimeoutError::Timeout)) => {}
                Ok(Err(mpsc::RecvTimeoutError::Disconnected)) => {
                    break Err(ExchangeFailure::Connection("the request ended without an answer".into()));
                }
                Err(reason) => break Err(ExchangeFailure::Connection(reason.to_string().into())),
            }
        };
        let answer = outcome.map_err(|failure| match failure {
            ExchangeFailure::TimedOut if left < shared.config.page_timeout => {
                FetchError::OutOfTime { address: address() }
            }
            failure => failed_at(address(), failure),
        })?;
        self.cookies.set_cookies(&mut answer.headers.get_all(SET_COOKIE).iter(), &url);
        Ok(answer)
    }

    /// How long an answer that is no page asks to be left alone.
    fn retry_after(&self, answer: &Answer) -> Option<Duration> {
        self.fetcher.retry_after(answer)
    }

    fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(self.fetcher.timing.now())
    }
}

#[cfg(not(all(feature = "browser", unix)))]
impl Session {
    fn render(&self, rendering: &Rendering, _first: Url) -> Result<Fetched, FetchError> {
        match *rendering {}
    }
}

impl Shared {
    /// The address of a request, where the guard lets it be fetched.
    fn address(&self, request: &PageRequest) -> Result<Url, FetchError> {
        self.guard.parse(&request.url).map_err(|reason| FetchError::Refused { address: shown(&request.url), reason })
    }

    fn page(&self, url: Url, answer: Answer, request: &PageRequest) -> Result<Fetched, FetchError> {
        let address = || url.to_string();
        if is_bot_check(&answer) {
            return Err(FetchError::Blocked { address: address() });
        }
        let not_modified = answer.status == 304 && request.is_conditional();
        if !not_modified && !is_page(answer.status) {
            let retry_after = self.retry_after(&answer);
            return Err(FetchError::Status { address: address(), status: answer.status, retry_after });
        }
        let content_type = answer.header(CONTENT_TYPE).map(str::to_owned);
        if !not_modified {
            let is_readable = match content_type.as_deref() {
                Some(content_type) if !is_vague_type(content_type) => is_readable_type(content_type),
                _ => looks_readable(&answer.body),
            };
            if !is_readable {
                let content_type = content_type.unwrap_or_default();
                return Err(FetchError::ContentType { address: address(), content_type });
            }
            if !answer.is_whole {
                return Err(FetchError::TooLarge { address: address(), limit: self.config.max_body_bytes });
            }
        }
        let etag = answer.header(ETAG).map(str::to_owned);
        let last_modified = answer.header(LAST_MODIFIED).map(str::to_owned);
        let Answer { status, body, .. } = answer;
        Ok(Fetched { final_url: url, status, body, content_type, etag, last_modified, not_modified })
    }

    /// Where the answer sends on to, if anywhere, checked by the guard.
    fn redirected(&self, from: &Url, answer: &Answer) -> Result<Option<Url>, FetchError> {
        if !is_redirect(answer.status) || is_bot_check(answer) {
            return Ok(None);
        }
        // A redirect to nowhere is an answer that is no page.
        let Some(target) = answer.headers.get(LOCATION) else { return Ok(None) };
        let target = String::from_utf8_lossy(target.as_bytes());
        let refused = |reason| FetchError::Refused { address: shown(&target), reason };
        let mut next = from.join(&target).map_err(|_unreadable| refused(Refusal::Unreadable))?;
        next.set_fragment(None);
        self.guard.check_url(&next).map_err(refused)?;
        Ok(Some(next))
    }

    /// Sends a request from a thread of its own, so that a caller that waits for the answer can stop waiting.
    ///
    /// The host stays in use until the exchange has ended, even if no caller waits any more. It ends at its deadline at the
    /// latest.
    fn exchange(
        self: &Arc<Self>,
        ask: Ask,
        within: Duration,
        wanted: impl Fn(u16, &HeaderMap) -> BodyWanted + Send + 'static,
        (turn, pause): (Turn, Duration),
        stop: &Arc<Stop>,
    ) -> std::io::Result<mpsc::Receiver<Result<Answer, ExchangeFailure>>> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let (shared, stop) = (Arc::clone(self), Arc::clone(stop));
        thread::Builder::new().name("jpauto-fetch".to_owned()).spawn(move || {
            let outcome = shared.exchanger.exchange(ask, within, wanted, &stop);
            turn.pause(pause);
            if let Some(asked_for) = outcome.as_ref().ok().and_then(|answer| shared.retry_after(answer)) {
                turn.pause(asked_for.min(shared.config.longest_retry_after));
            }
            drop(turn);
            // Nobody listens any more once the scrape has been stopped.
            let _ = sender.send(outcome);
        })?;
        Ok(receiver)
    }

    fn retry_after(&self, answer: &Answer) -> Option<Duration> {
        let value = answer.header(RETRY_AFTER).filter(|_| may_pass(answer.status))?;
        pace::retry_after(value, self.timing.time_of_day())
    }
}

/// An address that may be shown: without the user name and the password that some contain.
pub(crate) fn shown(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else { return address.to_owned() };
    if url.username().is_empty() && url.password().is_none() {
        return address.to_owned();
    }
    // Neither call can fail here: the address has a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

fn failed_at(address: String, failure: ExchangeFailure) -> FetchError {
    match failure {
        ExchangeFailure::Refused(reason) => FetchError::Refused { address, reason },
        ExchangeFailure::Connection(source) => FetchError::Connection { address, source },
        ExchangeFailure::BrokeOff(source) => FetchError::BrokeOff { address, source },
        ExchangeFailure::Encoded(encoding) => FetchError::Encoded { address, encoding },
        ExchangeFailure::TimedOut => FetchError::TimedOut { address },
        ExchangeFailure::HeaderTooLarge(limit) => FetchError::TooLarge { address, limit },
    }
}

#[cfg(test)]
pub(crate) mod tests;
