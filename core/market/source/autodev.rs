//! The client of auto.dev: one search of listings, within its budget, at its pace, and never for longer than it is worth.
//!
//! [`ApiClient`] makes the calls. Each is counted by the caller *before* it is made: a budget is kept even by a program that is
//! killed meanwhile. Pages after the first are a gain, not a need: where one fails, those before it are the answer.
//!
//! What is deliberately not here: VINs, photos and prices of new cars, which auto.dev has too; where the count is kept.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use chrono::{DateTime, Utc};
use url::Url;

use super::{
    AutoDevConfig, AutoDevSearch, AutoDevVersion, Place,
    listings::{ListingPage, Next, Reading, Unreadable},
    refusal::Refusal,
};
use crate::{
    Error, ErrorCode, Result,
    market::{Comparable, MissingSource},
    money::Money,
    scrape::{
        api::{ApiClient, ApiLimits, CallFailure, NotReady, printable},
        fetch::pace::{RealTime, Timing},
    },
};

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
    client: ApiClient,
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
    /// `invalid_auto_dev_key`; `invalid_auto_dev_address`; `invalid_auto_dev_place`; `invalid_auto_dev_zip`;
    /// `auto_dev_not_ready` where the client can not be set up.
    pub(crate) fn new(config: AutoDevConfig) -> Result<Self> {
        Self::with(config, Arc::new(RealTime))
    }

    /// The same with time from elsewhere.
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
        if config.place.is_some_and(|place| Place::known(place.latitude, place.longitude).is_none()) {
            return Err(Place::invalid());
        }
        if config.zip.as_ref().is_some_and(|zip| zip.len() != 5 || !zip.bytes().all(|digit| digit.is_ascii_digit())) {
            let message = "expected the five digits of a ZIP code, such as 90012";
            return Err(Error::invalid_field(ErrorCode::InvalidAutoDevZip, "/auto_dev/zip", message));
        }
        let (client, endpoint) =
            ApiClient::new(&endpoint, Some(key), limits, Arc::clone(&timing)).map_err(|reason| match reason {
                NotReady::Address => {
                    let message = "expected an https:// address of a public server";
                    Error::invalid_field(ErrorCode::InvalidAutoDevAddress, "/auto_dev/base_url", message)
                }
                NotReady::Client(source) => {
                    Error::new(ErrorCode::AutoDevNotReady, "the HTTP client could not be set up").with_source(source)
                }
            })?;
        Ok(Self { config, endpoint, client, timing, kept: Mutex::default() })
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
                // A car that nobody has owned is no measure for one that somebody has.
                add("retailListing.used", "true".to_owned());
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
        let answer = self.client.ask(&url, None, deadline, spend).map_err(|failure| self.told(failure))?;
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

    /// What went wrong with a call, in auto.dev's words where it has any.
    fn told(&self, failure: CallFailure) -> Error {
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
