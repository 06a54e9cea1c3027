//! The requests of one page, looked at before they are made, and the answer to the page itself before it is shown.
//!
//! What is deliberately not here: where a connection leads (`proxy`), and how long the page is waited for (`settle`).

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use headless_chrome::{
    browser::{
        tab::{EventListener, RequestInterceptor, RequestPausedDecision},
        transport::{SessionId, Transport},
    },
    protocol::cdp::{
        Fetch::{
            FailRequest, FulfillRequest, HeaderEntry, TakeResponseBodyAsStream,
            events::{RequestPausedEvent, RequestPausedEventParams},
        },
        IO,
        Network::{ErrorReason, ResourceType},
        types::Event,
    },
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::Loaded;
use crate::scrape::fetch::{Answer, BodyWanted, FetchError, Fetched, Judge};

/// Bytes of an answer that are asked for at once.
const PIECE_BYTES: usize = 1024 * 1024;

/// Headers that speak of the body as it was sent, or that Chromium has heeded already.
const SPENT_HEADERS: [&str; 4] = ["content-encoding", "content-length", "transfer-encoding", "set-cookie"];

/// What one page has asked for, and what came of it.
pub(super) struct Watch {
    judge: Judge,
    main_frame: String,
    max_requests: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: usize,
    /// Whether the page itself was asked for; a second time is another page.
    is_asked: bool,
    open: HashSet<String>,
    /// The answer to the page itself.
    answered: Option<Fetched>,
    /// What ended the page before it was finished.
    ended: Option<Result<Loaded, FetchError>>,
}

impl Watch {
    pub(super) fn new(judge: Judge, main_frame: String, max_requests: usize) -> Self {
        Self { judge, main_frame, max_requests, state: Mutex::default() }
    }

    pub(super) fn judge(&self) -> &Judge {
        &self.judge
    }

    /// What ended the page, once.
    pub(super) fn ended(&self) -> Option<Result<Loaded, FetchError>> {
        self.state().ended.take()
    }

    /// The answer to the page itself, once.
    pub(super) fn answered(&self) -> Option<Fetched> {
        self.state().answered.take()
    }

    /// Requests without their whole answer.
    pub(super) fn open_requests(&self) -> usize {
        self.state().open.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, outcome: Result<Loaded, FetchError>) {
        self.state().ended.get_or_insert(outcome);
    }

    /// Whether a request goes out.
    fn goes_out(&self, asked: &RequestPausedEventParams) -> Result<(), ErrorReason> {
        let mut state = self.state();
        state.requests += 1;
        if state.requests > self.max_requests {
            drop(state);
            let limit = u64::try_from(self.max_requests).unwrap_or(u64::MAX);
            self.end(Err(FetchError::Demanding { address: self.judge.asked().to_string(), limit, unit: "files" }));
            return Err(ErrorReason::BlockedByClient);
        }
        let mut url = Url::parse(&asked.request.url).map_err(|_unreadable| ErrorReason::BlockedByClient)?;
        url.set_fragment(None);
        if self.is_the_page(asked) {
            let is_again = std::mem::replace(&mut state.is_asked, true);
            if is_again || url != *self.judge.asked() {
                drop(state);
                self.end(self.judge.moved(url));
                return Err(ErrorReason::Aborted);
            }
        }
        if !is_wanted(&asked.resource_Type) {
            return Err(ErrorReason::BlockedByClient);
        }
        match url.scheme() {
            // What these show, the page brought with it.
            "data" | "blob" | "about" => return Ok(()),
            _ => {}
        }
        if let Err(reason) = self.judge.admits(&url) {
            tracing::debug!(address = %url, %reason, "a page was kept from an address");
            return Err(ErrorReason::AccessDenied);
        }
        state.open.extend(asked.network_id.clone());
        Ok(())
    }

    fn is_the_page(&self, asked: &RequestPausedEventParams) -> bool {
        asked.resource_Type == ResourceType::Document && asked.frame_id == self.main_frame
    }

    /// Judges the answer to the page; a page is then shown as it was judged.
    fn show(&self, line: &Line<'_>, asked: &RequestPausedEventParams, status: u16) -> RequestPausedDecision {
        let entries = asked.response_headers.as_deref().unwrap_or_default();
        let headers = headers_of(entries);
        let outcome = line
            .read(&asked.request_id, self.judge.wanted(status, &headers))
            .map_err(|reason| self.broke_off(&reason))
            .and_then(|(body, is_whole)| self.judge.answered(Answer { status, headers, body, is_whole }));
        match outcome {
            Ok(Loaded::Page(mut page)) => {
                let body = BASE64_STANDARD.encode(&page.body);
                page.body = Vec::new();
                self.state().answered = Some(*page);
                let is_spent = |name: &str| SPENT_HEADERS.iter().any(|spent| name.eq_ignore_ascii_case(spent));
                RequestPausedDecision::Fulfill(FulfillRequest {
                    request_id: asked.request_id.clone(),
                    response_code: status.into(),
                    response_headers: Some(entries.iter().filter(|entry| !is_spent(&entry.name)).cloned().collect()),
                    binary_response_headers: None,
                    body: Some(body),
                    response_phrase: None,
                })
            }
            ended => {
                self.end(ended);
                fail(asked, ErrorReason::Aborted)
            }
        }
    }

    fn broke_off(&self, reason: &anyhow::Error) -> FetchError {
        FetchError::Connection { address: self.judge.asked().to_string(), source: reason.to_string().into() }
    }
}

impl RequestInterceptor for Watch {
    fn intercept(
        &self,
        transport: Arc<Transport>,
        session: SessionId,
        event: RequestPausedEvent,
    ) -> RequestPausedDecision {
        let asked = &event.params;
        let status = asked.response_status_code.map(|status| u16::try_from(status).unwrap_or(0));
        match status {
            Some(status) if self.is_the_page(asked) => {
                self.show(&Line { transport: &transport, session: &session }, asked, status)
            }
            Some(_) => RequestPausedDecision::Continue(None),
            None if asked.response_error_reason.is_some() => RequestPausedDecision::Continue(None),
            None => match self.goes_out(asked) {
                Ok(()) => RequestPausedDecision::Continue(None),
                Err(reason) => fail(asked, reason),
            },
        }
    }
}

impl EventListener<Event> for Watch {
    fn on_event(&self, event: &Event) {
        let over = match event {
            Event::NetworkLoadingFinished(over) => &over.params.request_id,
            Event::NetworkLoadingFailed(over) => &over.params.request_id,
            _ => return,
        };
        self.state().open.remove(over);
    }
}

/// The way to the page.
struct Line<'a> {
    transport: &'a Arc<Transport>,
    session: &'a SessionId,
}

impl Line<'_> {
    /// Reads as much of an answer as is wanted, and whether that was all.
    fn read(&self, request: &str, wanted: BodyWanted) -> anyhow::Result<(Vec<u8>, bool)> {
        let (BodyWanted::UpTo(limit) | BodyWanted::Glimpse(limit)) = wanted else { return Ok((Vec::new(), false)) };
        let take = TakeResponseBodyAsStream { request_id: request.to_owned() };
        let handle = self.transport.call_method_on_target(self.session.clone(), take)?.stream;
        let mut body = Vec::new();
        while body.len() <= limit {
            let read = IO::Read { handle: handle.clone(), offset: None, size: u32::try_from(PIECE_BYTES).ok() };
            let piece = self.transport.call_method_on_target(self.session.clone(), read)?;
            match piece.base_64_encoded {
                Some(true) => body.extend(BASE64_STANDARD.decode(&piece.data)?),
                _ => body.extend_from_slice(piece.data.as_bytes()),
            }
            if piece.eof {
                let is_whole = body.len() <= limit;
                body.truncate(limit);
                return Ok((body, is_whole));
            }
        }
        body.truncate(limit);
        Ok((body, false))
    }
}

/// Pages are made of these; the rest is for eyes and ears, or for counting visitors.
fn is_wanted(kind: &ResourceType) -> bool {
    matches!(
        kind,
        ResourceType::Document
            | ResourceType::Stylesheet
            | ResourceType::Script
            | ResourceType::Xhr
            | ResourceType::Fetch
            | ResourceType::Preflight
            | ResourceType::EventSource
            | ResourceType::Other
    )
}

fn fail(asked: &RequestPausedEventParams, error_reason: ErrorReason) -> RequestPausedDecision {
    RequestPausedDecision::Fail(FailRequest { request_id: asked.request_id.clone(), error_reason })
}

fn headers_of(entries: &[HeaderEntry]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for entry in entries {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(&entry.name), HeaderValue::from_str(&entry.value)) {
            headers.append(name, value);
        }
    }
    headers
}
