//! Pages that a browser renders, on the terms on which pages are fetched.
//!
//! What is deliberately not here: the browser (`scrape::browser`), which is asked for one page at a time and asks the
//! [`Judge`] in turn.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use url::Url;

use super::{
    Answer, BodyWanted, ExchangeFailure, FetchError, Fetched, PageRequest, Refusal, Session, Shared, failed_at,
    may_pass, pace, page_wanted, robots::Rules,
};
use crate::scrape::browser::{Loaded, Rendering};

impl Session {
    /// Renders a page by the browser: robots.txt, turn, pause and retries as for one that is fetched.
    pub(super) fn render(&self, rendering: &Rendering, first: Url) -> Result<Fetched, FetchError> {
        let shared = &self.fetcher;
        let mut retries = shared.config.retries;
        let mut url = first.clone();
        for _hop in 0..=shared.config.max_redirects {
            let rules = self.rules(&url)?;
            rules.check(&url)?;
            let pause = shared.config.pause.max(rules.crawl_delay());
            match self.load(rendering, &url, &rules, pause, &mut retries)? {
                Loaded::Page(page) => return Ok(*page),
                Loaded::Elsewhere(next) => url = next,
            }
        }
        Err(FetchError::Redirects { address: first.to_string(), limit: shared.config.max_redirects })
    }

    /// Loads a page in the browser when the host's turn comes, as often as retries are left.
    fn load(
        &self,
        rendering: &Rendering,
        url: &Url,
        rules: &Arc<Rules>,
        pause: Duration,
        retries: &mut u32,
    ) -> Result<Loaded, FetchError> {
        let config = &self.fetcher.config;
        for tries in 0.. {
            let turn = self.turn(url)?;
            let deadline = self.deadline.min(Instant::now() + config.browser.page_timeout);
            let judge = Judge { fetcher: Arc::clone(&self.fetcher), rules: Arc::clone(rules), asked: url.clone() };
            let outcome = match rendering.load(judge, deadline, &self.stop) {
                Err(FetchError::TimedOut { address }) if self.time_left().is_zero() => {
                    Err(FetchError::OutOfTime { address })
                }
                outcome => outcome,
            };
            turn.pause(pause);
            let asked_for = match &outcome {
                Err(FetchError::Status { status, retry_after, .. }) if may_pass(*status) => *retry_after,
                Err(failure) if failure.is_of_the_line() => None,
                _ => return outcome,
            };
            let asked_for = asked_for.unwrap_or_default();
            turn.pause(asked_for.min(config.longest_retry_after));
            drop(turn);
            let wait = pace::backoff(tries, config.first_backoff, config.longest_backoff).max(asked_for);
            let is_worth_it = asked_for <= config.longest_retry_after && wait < self.time_left();
            if *retries == 0 || !is_worth_it {
                return outcome;
            }
            *retries -= 1;
            tracing::debug!(%url, ?wait, "rendering again after a failure");
            self.fetcher.timing.sleep(wait, &self.stop);
        }
        Err(FetchError::OutOfTime { address: url.to_string() })
    }
}

/// Decides what may be requested while the browser renders a page, and what the answer is.
pub(crate) struct Judge {
    fetcher: Arc<Shared>,
    rules: Arc<Rules>,
    asked: Url,
}

impl Judge {
    /// The address of the page.
    pub(crate) fn asked(&self) -> &Url {
        &self.asked
    }

    /// Bytes that are read of the page.
    pub(crate) fn max_body_bytes(&self) -> usize {
        self.fetcher.config.max_body_bytes
    }

    /// How much of an answer is read.
    pub(crate) fn wanted(&self, status: u16, headers: &HeaderMap) -> BodyWanted {
        page_wanted(status, headers, self.max_body_bytes())
    }

    /// Whether a request of the page may be made as far as its address says; the proxy looks at where it leads.
    pub(crate) fn admits(&self, url: &Url) -> Result<(), Refusal> {
        self.fetcher.guard.check_url(url)
    }

    /// Whether robots.txt closes an address on the page's own origin. Such an address is not fetched for a page either.
    pub(crate) fn is_closed(&self, url: &Url) -> bool {
        url.origin() == self.asked.origin() && self.rules.check(url).is_err()
    }

    /// Says what follows when the whole page goes to another address. The page is always loaded anew, in the turn of the
    /// new host. An address that the guard refuses, or that the robots.txt of the same origin closes, is an error.
    pub(crate) fn moved(&self, mut to: Url) -> Result<Loaded, FetchError> {
        to.set_fragment(None);
        let address = to.to_string();
        self.fetcher.guard.check_url(&to).map_err(|reason| FetchError::Refused { address: address.clone(), reason })?;
        if to.origin() == self.asked.origin() {
            self.rules.check(&to)?;
        }
        Ok(Loaded::Elsewhere(to))
    }

    /// Judges the server's answer: a page to render, or a redirect. A bot check is recognised here, before its scripts run.
    pub(crate) fn answered(&self, answer: Answer) -> Result<Loaded, FetchError> {
        if let Some(next) = self.fetcher.redirected(&self.asked, &answer)? {
            return Ok(Loaded::Elsewhere(next));
        }
        let page = self.fetcher.page(self.asked.clone(), answer, &PageRequest::default())?;
        Ok(Loaded::Page(Box::new(page)))
    }

    /// The page as it was rendered, judged once more: some checks are written by scripts.
    pub(crate) fn rendered(&self, answered: Fetched, final_url: Url, html: String) -> Result<Loaded, FetchError> {
        let answer = Answer {
            status: answered.status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))]),
            is_whole: html.len() <= self.max_body_bytes(),
            body: html.into_bytes(),
        };
        let page = self.fetcher.page(final_url, answer, &PageRequest::default())?;
        Ok(Loaded::Page(Box::new(page)))
    }

    /// A failure to connect, as the failure of the page.
    pub(crate) fn not_reached(&self, failure: ExchangeFailure) -> FetchError {
        failed_at(self.asked.to_string(), failure)
    }
}
