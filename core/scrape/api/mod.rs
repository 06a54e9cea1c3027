//! Calls of services that are made for programs: one question, one JSON body.
//!
//! All threads share one [`ApiClient`] a service. [`ApiClient::ask`] waits for the service's [`rate_limit`], has the caller
//! count the call, sends it through the guard and the exchange of `fetch`, and repeats it once where a second try may help.
//!
//! What is deliberately not here: what a body means and what a failure is called, which the callers know ([`CallFailure`] says
//! what happened); robots.txt, which such a service has none of; redirects, which would carry a key elsewhere.

mod rate_limit;
#[cfg(test)]
mod tests;

use std::{
    error::Error as StdError,
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use url::Url;

use self::rate_limit::{RateLimit, TooLate};
use super::fetch::{
    exchange::{Answer, Ask, BodyWanted, ExchangeFailure, Exchanger},
    guard::Guard,
    names::system_lookup,
    pace::{self, Timing},
    stop,
};
use crate::{Error, scrape::extract};

const USER_AGENT: &str = concat!("jpauto/", env!("CARGO_PKG_VERSION"));
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Bodies of refusals are read this far.
const GLIMPSE_BYTES: usize = 64 * 1024;
/// Longer texts of a stranger are cut, in characters.
const LONGEST_TEXT: usize = 200;
/// No `Retry-After` keeps a process from asking for longer.
const LONGEST_HOLD_OFF: Duration = Duration::from_secs(3_600);

/// How much a service is asked for, and for how long it is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApiLimits {
    /// Calls a second, whatever the number of threads.
    pub(crate) calls_a_second: u32,
    /// One call, to the last byte.
    pub(crate) call_timeout: Duration,
    /// The wait before the one retry of what may pass.
    pub(crate) pause_before_retry: Duration,
    /// A `Retry-After` beyond this is reported instead of being waited for.
    pub(crate) longest_retry_after: Duration,
    /// Bytes of one answer after decompression.
    pub(crate) max_body_bytes: usize,
    /// Whether private networks, plain HTTP and any port may be asked.
    pub(crate) allow_private_networks: bool,
}

/// What a process shares with one service.
pub(crate) struct ApiClient {
    limits: ApiLimits,
    authorization: Option<HeaderValue>,
    exchanger: Exchanger,
    rate_limit: RateLimit,
    timing: Arc<dyn Timing>,
}

/// The body of an answer of status 200.
pub(crate) struct ApiBody {
    pub(crate) bytes: Vec<u8>,
    pub(crate) request_id: Option<String>,
}

/// Why a call gave nothing. None of it holds the address, whose query may hold a key.
#[derive(Debug)]
pub(crate) enum CallFailure {
    /// It was not made: the caller that counts calls refused it.
    Uncounted(Error),
    /// It was not made: its turn comes only after the deadline, so late.
    NotYet(Duration),
    /// It was not made: the guard does not let this address be reached.
    AddressRefused(String),
    TimedOut,
    /// There was no connection, or it broke off.
    Unreachable(String),
    /// The header or the body is larger than this many bytes.
    TooLarge(usize),
    /// The service says no, or that it can not.
    Status(RefusedCall),
}

/// An answer of another status than 200.
pub(crate) struct RefusedCall {
    pub(crate) status: u16,
    /// Its beginning, where the body is long.
    pub(crate) body: Vec<u8>,
    pub(crate) request_id: Option<String>,
    /// How long it wants to be left alone; only where another try may go better.
    pub(crate) retry_after: Option<Duration>,
}

impl std::fmt::Debug for RefusedCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What a service wrote may repeat the key that it was sent.
        f.debug_struct("RefusedCall").field("status", &self.status).finish_non_exhaustive()
    }
}

impl CallFailure {
    /// Whether another try may go better.
    fn may_pass(&self) -> bool {
        match self {
            Self::TimedOut | Self::Unreachable(_) => true,
            Self::Status(refused) => may_pass(refused.status),
            Self::Uncounted(_) | Self::NotYet(_) | Self::AddressRefused(_) | Self::TooLarge(_) => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status(refused) => refused.retry_after,
            _ => None,
        }
    }
}

fn may_pass(status: u16) -> bool {
    matches!(status, 429 | 500 | 502..=504)
}

impl ApiClient {
    /// A client and the service's address, which every call is to begin with. `None` where it is no address of a public server
    /// with TLS.
    pub(crate) fn new(
        base: &str,
        authorization: Option<HeaderValue>,
        limits: ApiLimits,
        timing: Arc<dyn Timing>,
    ) -> Option<(Self, Url)> {
        let is_local = limits.allow_private_networks;
        let guard = Guard { allow_private_networks: is_local, allow_any_port: is_local, ..Guard::default() };
        // A key travels with each call, and an answer is believed.
        let base = guard.parse(base).ok().filter(|url| is_local || url.scheme() == "https")?;
        let user_agent = HeaderValue::from_static(USER_AGENT);
        let exchanger = Exchanger::new(user_agent, guard, system_lookup(), MAX_HEADER_BYTES);
        let rate_limit = RateLimit::new(limits.calls_a_second, Arc::clone(&timing));
        Some((Self { limits, authorization, exchanger, rate_limit, timing }, base))
    }

    /// Asks once, and once more where that may go better, all before the deadline; `count` is asked before each call.
    ///
    /// With a form it is a POST, without one a GET.
    pub(crate) fn ask(
        &self,
        url: &Url,
        form: Option<&str>,
        deadline: Instant,
        count: &dyn Fn() -> Result<(), Error>,
    ) -> Result<ApiBody, CallFailure> {
        let first = match self.ask_once(url, form, deadline, count) {
            Err(failure) if failure.may_pass() => failure,
            other => return other,
        };
        let asked_for = first.retry_after();
        let wait = asked_for.unwrap_or(self.limits.pause_before_retry);
        let is_too_long = asked_for.is_some_and(|wait| wait > self.limits.longest_retry_after);
        if is_too_long || self.timing.now() + wait >= deadline {
            return Err(first);
        }
        tracing::debug!(?first, ?wait, host = url.host_str(), "asking once more");
        self.timing.sleep(wait, &stop::NEVER);
        self.ask_once(url, form, deadline, count)
    }

    fn ask_once(
        &self,
        url: &Url,
        form: Option<&str>,
        deadline: Instant,
        count: &dyn Fn() -> Result<(), Error>,
    ) -> Result<ApiBody, CallFailure> {
        self.rate_limit.wait(deadline).map_err(|TooLate(wait)| CallFailure::NotYet(wait))?;
        let left = deadline.saturating_duration_since(self.timing.now());
        if left.is_zero() {
            return Err(CallFailure::TimedOut);
        }
        count().map_err(CallFailure::Uncounted)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if form.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        let ask = Ask { url: url.clone(), headers, body: form.map(str::to_owned) };
        let limit = self.limits.max_body_bytes;
        let wanted = |status: u16, _: &HeaderMap| match status {
            200 => BodyWanted::UpTo(limit),
            _ => BodyWanted::Glimpse(GLIMPSE_BYTES),
        };
        let answer = self
            .exchanger
            .exchange(ask, self.limits.call_timeout.min(left), wanted, &stop::NEVER)
            .map_err(without_answer)?;
        let request_id = answer.header("x-request-id").map(str::to_owned);
        match answer.status {
            200 if answer.is_whole => Ok(ApiBody { bytes: answer.body, request_id }),
            200 => Err(CallFailure::TooLarge(limit)),
            _ => Err(CallFailure::Status(self.refused(answer, request_id))),
        }
    }

    fn refused(&self, answer: Answer, request_id: Option<String>) -> RefusedCall {
        let status = answer.status;
        let retry_after = answer
            .header(RETRY_AFTER)
            .filter(|_| may_pass(status))
            .and_then(|value| pace::retry_after(value, self.timing.time_of_day()));
        if status == 429 {
            self.rate_limit.hold_off(retry_after.unwrap_or(self.limits.pause_before_retry).min(LONGEST_HOLD_OFF));
        }
        RefusedCall { status, body: answer.body, request_id, retry_after }
    }
}

fn without_answer(failure: ExchangeFailure) -> CallFailure {
    match failure {
        ExchangeFailure::TimedOut => CallFailure::TimedOut,
        ExchangeFailure::Refused(reason) => CallFailure::AddressRefused(reason.to_string()),
        ExchangeFailure::HeaderTooLarge(limit) => CallFailure::TooLarge(limit),
        ExchangeFailure::Encoded(encoding) => {
            CallFailure::Unreachable(format!("the answer is encoded as {encoding:?}, which was not asked for"))
        }
        ExchangeFailure::Connection(reason) | ExchangeFailure::BrokeOff(reason) => {
            // The causes nearest the top name the address.
            let mut root: &(dyn StdError + 'static) = &*reason;
            while let Some(cause) = root.source() {
                root = cause;
            }
            let names_the_address = root.downcast_ref::<reqwest::Error>().is_some();
            CallFailure::Unreachable(if names_the_address {
                "the connection failed".to_owned()
            } else {
                root.to_string()
            })
        }
    }
}

/// A stranger's text as it may stand in a message or a field: one line of what can be seen, not too long.
pub(crate) fn printable(text: &str) -> String {
    let one_line = text.chars().map(|sign| if extract::is_unseen(sign) { ' ' } else { sign });
    let line: String = one_line.take(LONGEST_TEXT).collect();
    line.trim().to_owned()
}
