//! The client of vPIC, NHTSA's public decoder of VINs: what it is asked, at what pace, and what it answers.
//!
//! It is free and takes no key; each program that asks names itself. Everything goes through the fetcher's guard and exchange.
//! One VIN is asked by GET, up to fifty together by POST. A failure that may pass (no connection, 429, 5xx) is tried once
//! more. `reading` makes sense of the bodies, without a network.
//!
//! What is deliberately not here: keeping the answers, which the service does, and other decoders.

mod config;
mod reading;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc, time::Instant};

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use url::Url;

pub use self::{
    config::VpicConfig,
    reading::{VpicDecode, VpicFinding},
};
use crate::{
    Error, Result, Vin,
    scrape::fetch::{
        exchange::{Answer, Ask, BodyWanted, ExchangeFailure, Exchanger},
        guard::Guard,
        names::system_lookup,
        pace::{self, RealTime, Timing},
        stop,
        turns::Turns,
    },
};

/// As many VINs as vPIC takes at once.
pub(super) const BATCH: usize = 50;

const USER_AGENT: &str = concat!("jpauto/", env!("CARGO_PKG_VERSION"));
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// A refusal is read this far, so that its connection can be used again.
const GLIMPSE_BYTES: usize = 4 * 1024;

/// The client; one a process, for its pace is shared.
pub(crate) struct Vpic {
    config: VpicConfig,
    base: Url,
    exchanger: Exchanger,
    turns: Turns,
    timing: Arc<dyn Timing>,
}

impl Vpic {
    /// # Errors
    /// `invalid_vpic_address`; `vpic_not_ready` where the client can not be set up.
    pub(crate) fn new(config: VpicConfig) -> Result<Self> {
        Self::with(config, Arc::new(RealTime))
    }

    /// The same with time from elsewhere.
    fn with(config: VpicConfig, timing: Arc<dyn Timing>) -> Result<Self> {
        let is_local = config.allow_private_networks;
        let guard = Guard { allow_private_networks: is_local, allow_any_port: is_local, ..Guard::default() };
        let base = guard
            .parse(&format!("{}/vehicles/", config.base_url.trim_end_matches('/')))
            .ok()
            .filter(|url| is_local || url.scheme() == "https")
            .ok_or_else(|| {
                let message = "expected an https:// address of a public server";
                Error::invalid_field("invalid_vpic_address", "/vpic/base_url", message)
            })?;
        let user_agent = HeaderValue::from_static(USER_AGENT);
        let exchanger = Exchanger::new(user_agent, guard, system_lookup(), MAX_HEADER_BYTES).map_err(|source| {
            Error::internal("vpic_not_ready", "the HTTP client could not be set up").with_source(source)
        })?;
        let turns = Turns::new(config.calls_a_second, Arc::clone(&timing));
        Ok(Self { config, base, exchanger, turns, timing })
    }

    pub(super) fn config(&self) -> &VpicConfig {
        &self.config
    }

    /// Asks about up to [`BATCH`] VINs in one call; one that is not answered is missing from the result.
    ///
    /// # Errors
    /// A code `vpic_...` for each way in which the call can fail.
    pub(super) fn decode(&self, vins: &[Vin], now: DateTime<Utc>) -> Result<HashMap<Vin, VpicDecode>> {
        let (url, body) = match vins {
            [] => return Ok(HashMap::new()),
            [vin] => (self.address(&format!("DecodeVinValues/{vin}?format=json"))?, None),
            several => {
                let data = several.iter().map(Vin::as_str).collect::<Vec<_>>().join(";");
                let body = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs([("format", "json"), ("DATA", &data)])
                    .finish();
                (self.address("DecodeVINValuesBatch/")?, Some(body))
            }
        };
        let answer = self.ask(&url, body.as_deref())?;
        reading::read(&answer.body, vins, now).map_err(|reason| {
            Error::unavailable("vpic_unreadable", format!("vPIC: its answer can not be read: {reason}"))
        })
    }

    fn address(&self, path: &str) -> Result<Url> {
        self.base.join(path).map_err(|source| {
            Error::internal("vpic_not_ready", "vPIC's address can not be written down").with_source(source)
        })
    }

    /// Asks once, and once more where that may go better.
    fn ask(&self, url: &Url, body: Option<&str>) -> Result<Answer> {
        let deadline = self.timing.now() + self.config.decode_timeout;
        let first = match self.ask_once(url, body, deadline) {
            Err(failure) if failure.may_pass => failure.error,
            other => return other.map_err(|failure| failure.error),
        };
        let asked_for = first.retry_after();
        let wait = asked_for.unwrap_or(self.config.pause_before_retry);
        if asked_for.is_some_and(|wait| wait > self.config.longest_retry_after) || self.timing.now() + wait >= deadline
        {
            return Err(first);
        }
        tracing::debug!(error = %first, ?wait, "asking vPIC again");
        self.timing.sleep(wait, &stop::NEVER);
        self.ask_once(url, body, deadline).map_err(|failure| failure.error)
    }

    fn ask_once(&self, url: &Url, body: Option<&str>, deadline: Instant) -> Result<Answer, CallFailure> {
        self.turns.wait(deadline).map_err(|_too_late| CallFailure::for_good(timed_out()))?;
        let left = deadline.saturating_duration_since(self.timing.now());
        if left.is_zero() {
            return Err(CallFailure::for_good(timed_out()));
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        let limit = self.config.max_body_bytes;
        let answer = self
            .exchanger
            .exchange(
                Ask { url: url.clone(), headers, body: body.map(str::to_owned) },
                self.config.call_timeout.min(left),
                |status, _| if status == 200 { BodyWanted::UpTo(limit) } else { BodyWanted::Glimpse(GLIMPSE_BYTES) },
                &stop::NEVER,
            )
            .map_err(no_answer)?;
        match answer.status {
            200 if answer.is_whole => Ok(answer),
            200 => {
                let message = format!("vPIC: its answer is larger than {limit} bytes");
                Err(CallFailure::for_good(Error::unavailable("vpic_too_large", message)))
            }
            status => Err(self.refused(status, &answer)),
        }
    }

    fn refused(&self, status: u16, answer: &Answer) -> CallFailure {
        let wait = answer.header(RETRY_AFTER).and_then(|text| pace::retry_after(text, self.timing.time_of_day()));
        let error = match status {
            429 => Error::unavailable("vpic_rate_limited", "vPIC: it wants to be asked less often"),
            500.. => Error::unavailable("vpic_unavailable", format!("vPIC: it answers with status {status}")),
            403 => Error::unavailable("vpic_forbidden", "vPIC: it lets nobody ask from here"),
            _ => Error::unavailable("vpic_refused", format!("vPIC: it refuses with status {status}")),
        };
        let error = match wait {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        };
        CallFailure { may_pass: matches!(status, 429 | 500 | 502..=504), error }
    }
}

impl std::fmt::Debug for Vpic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vpic").field("config", &self.config).finish_non_exhaustive()
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
    Error::unavailable("vpic_timeout", "vPIC did not answer in time")
}

fn no_answer(failure: ExchangeFailure) -> CallFailure {
    match failure {
        ExchangeFailure::TimedOut => CallFailure { may_pass: true, error: timed_out() },
        ExchangeFailure::Connection(source) => {
            let error = Error::unavailable("vpic_unreachable", "vPIC could not be reached").with_source(source);
            CallFailure { may_pass: true, error }
        }
        ExchangeFailure::Refused(reason) => {
            let message = format!("vPIC is not asked at this address: {reason}");
            CallFailure::for_good(Error::refused("vpic_address_refused", message))
        }
        ExchangeFailure::HeaderTooLarge(limit) => {
            let message = format!("vPIC: the header of its answer is larger than {limit} bytes");
            CallFailure::for_good(Error::unavailable("vpic_too_large", message))
        }
    }
}
