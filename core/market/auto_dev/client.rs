//! The client of auto.dev: one search of listings, within its budget, at its pace and within its time.
//!
//! [`ApiClient`] makes the calls. The caller counts each call before it is made, so a killed program cannot exceed the budget.
//! Where a page after the first fails, the pages before it are the answer.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Utc};
use url::Url;

use super::{
    AutoDevConfig, AutoDevSearch, AutoDevVersion, Coordinates,
    listings::{ListingPage, Next, Reading, Unreadable},
    parameters::{ListingQuery, Parameters, encoded, parameters},
    refusal::Refusal,
};
use crate::{
    Error, ErrorCode, Result,
    market::{Comparable, MissingSource},
    scrape::{
        api::{ApiClient, ApiLimits, CallFailure, printable},
        fetch::pace::{RealTime, Timing},
    },
};

/// At most this many answers are cached.
const MOST_CACHED: usize = 256;

/// A search and what it found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) search: AutoDevSearch,
    pub(super) comparables: Vec<Comparable>,
    /// Why there may be more, where a later page did not come.
    pub(super) missing: Option<MissingSource>,
}

/// The client. A process has one, as its pace is shared.
pub(crate) struct AutoDev {
    config: AutoDevConfig,
    endpoint: Url,
    client: ApiClient,
    timing: Arc<dyn Timing>,
    answers: Mutex<HashMap<String, Cached>>,
}

struct Cached {
    until: Instant,
    found: Arc<Found>,
}

impl AutoDev {
    /// # Errors
    /// `invalid_auto_dev_key`; `invalid_auto_dev_address`; `invalid_auto_dev_place`; `invalid_auto_dev_zip`.
    pub(crate) fn new(config: AutoDevConfig) -> Result<Self> {
        Self::with(config, Arc::new(RealTime))
    }

    /// The same with another source of time.
    pub(super) fn with(config: AutoDevConfig, timing: Arc<dyn Timing>) -> Result<Self> {
        let base = config.base_url.as_deref().unwrap_or(config.version.base_url());
        let endpoint = format!("{}/listings", base.trim_end_matches('/'));
        let limits = ApiLimits {
            calls_a_second: config.calls_a_second,
            call_timeout: config.call_timeout,
            pause_before_retry: config.pause_before_retry,
            longest_retry_after: config.longest_retry_after,
            max_body_bytes: config.max_body_bytes,
            allow_private_networks: config.allow_private_networks,
        };
        let key = config.authorization()?;
        if config.place.is_some_and(|place| Coordinates::known(place.latitude, place.longitude).is_none()) {
            return Err(Coordinates::invalid());
        }
        if config.zip.as_ref().is_some_and(|zip| zip.len() != 5 || !zip.bytes().all(|digit| digit.is_ascii_digit())) {
            let message = "expected the five digits of a ZIP code, such as 90012";
            return Err(Error::invalid_field(ErrorCode::InvalidAutoDevZip, "/auto_dev/zip", message));
        }
        let (client, endpoint) =
            ApiClient::new(&endpoint, Some(key), limits, Arc::clone(&timing)).ok_or_else(|| {
                let message = "expected an https:// address of a public server";
                Error::invalid_field(ErrorCode::InvalidAutoDevAddress, "/auto_dev/base_url", message)
            })?;
        Ok(Self { config, endpoint, client, timing, answers: Mutex::default() })
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
    pub(super) fn search(
        &self,
        query: &ListingQuery<'_>,
        now: DateTime<Utc>,
        spend: &dyn Fn() -> Result<()>,
    ) -> Result<Arc<Found>> {
        let parameters = parameters(&self.config, query);
        let name = encoded(&parameters);
        if let Some(found) = self.cached(&name) {
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
                    // A link to a page that was read leads round in a circle.
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
            self.cache(name, &found);
        }
        Ok(found)
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
                // Its guide asks for the key in the query, programs that work send it in the header. It gets both.
                query.append_pair("apikey", self.config.key());
            }
        }
        let answer = self.client.ask(&url, None, deadline, spend).map_err(|failure| self.error_of(failure))?;
        let hide = |text: &str| self.config.redacted(text);
        let reading = Reading { version: self.config.version, now, place: self.config.place, hide: &hide };
        reading.page(&answer.bytes, number).map_err(|unreadable| match unreadable {
            Unreadable::Refusal(mut refusal) => {
                let of_header = answer.request_id.as_deref().map(|id| printable(&hide(id)));
                refusal.request_id = refusal.request_id.or(of_header);
                refusal.into_error()
            }
            Unreadable::Shape(reason) => {
                let request = answer.request_id.map(|id| format!(" (request {})", printable(&hide(&id))));
                let message =
                    format!("auto.dev: its answer can not be read: {}{}", hide(&reason), request.unwrap_or_default());
                Error::new(ErrorCode::AutoDevUnreadable, message)
            }
        })
    }

    /// What went wrong with a call, in auto.dev's words where it gave any.
    fn error_of(&self, failure: CallFailure) -> Error {
        let hide = |text: &str| self.config.redacted(text);
        match failure {
            CallFailure::Uncounted(refusal) => refusal,
            CallFailure::Status(refused) => {
                let mut refusal = Refusal::read(refused.status, &refused.body, &hide);
                refusal.request_id = refusal.request_id.or(refused.request_id.map(|id| printable(&hide(&id))));
                refusal.retry_after = refused.retry_after;
                refusal.into_error()
            }
            CallFailure::NotYet(wait) => {
                let message = "auto.dev: it asked to be left alone for longer than a search may take";
                Error::new(ErrorCode::AutoDevRateLimited, message).with_retry_after(wait)
            }
            CallFailure::TimedOut => Error::new(ErrorCode::AutoDevTimedOut, "auto.dev did not answer in time"),
            CallFailure::Unreachable(reason) => {
                let message = format!("auto.dev could not be reached: {}", printable(&hide(&reason)));
                Error::new(ErrorCode::AutoDevUnreachable, message)
            }
            CallFailure::AddressRefused(reason) => {
                Error::new(ErrorCode::AutoDevAddressRefused, format!("auto.dev is not asked at this address: {reason}"))
            }
            CallFailure::TooLarge(limit) => {
                Error::new(ErrorCode::AutoDevTooLarge, format!("auto.dev: its answer is larger than {limit} bytes"))
            }
        }
    }

    fn cached(&self, name: &str) -> Option<Arc<Found>> {
        let now = self.timing.now();
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(name).filter(|cached| cached.until > now).map(|cached| Arc::clone(&cached.found))
    }

    fn cache(&self, name: String, found: &Arc<Found>) {
        if self.config.kept_for.is_zero() {
            return;
        }
        let now = self.timing.now();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST_CACHED {
            answers.retain(|_, cached| cached.until > now);
        }
        if answers.len() >= MOST_CACHED {
            answers.clear();
        }
        answers.insert(name, Cached { until: now + self.config.kept_for, found: Arc::clone(found) });
    }
}

impl std::fmt::Debug for AutoDev {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AutoDev").field("config", &self.config).finish_non_exhaustive()
    }
}
