//! The requests of one page, looked at before they are made, and the answer to the page itself before it is shown.
//!
//! What is deliberately not here: where a connection leads (`proxy`), and how long the page is waited for (`readiness`).

use std::{
    collections::HashSet,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    Loaded,
    protocol::{Event, Line},
};
use crate::scrape::fetch::{Answer, BodyWanted, FetchError, Fetched, Judge};

/// How many bytes of an answer are read at once.
const PIECE_BYTES: usize = 1024 * 1024;

/// Headers about the body as it was sent, and those that Chromium has acted on already.
const SPENT_HEADERS: [&str; 4] = ["content-encoding", "content-length", "transfer-encoding", "set-cookie"];

/// A request that waits for a decision, or the answer to one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paused {
    request_id: String,
    request: Asked,
    frame_id: String,
    resource_type: String,
    response_status_code: Option<u16>,
    response_error_reason: Option<String>,
    #[serde(default)]
    response_headers: Vec<Header>,
    network_id: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    url: String,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

/// What becomes of a request: a command and its parameters beside the request's number.
type Word = (&'static str, Value);

fn go_on() -> Word {
    ("Fetch.continueRequest", json!({}))
}

fn fail(reason: &str) -> Word {
    ("Fetch.failRequest", json!({"errorReason": reason}))
}

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

    /// Decides whether a request is sent.
    fn goes_out(&self, asked: &Paused) -> Result<(), &'static str> {
        let mut state = self.state();
        state.requests += 1;
        if state.requests > self.max_requests {
            drop(state);
            let limit = u64::try_from(self.max_requests).unwrap_or(u64::MAX);
            self.end(Err(FetchError::Demanding { address: self.judge.asked().to_string(), limit, unit: "files" }));
            return Err("BlockedByClient");
        }
        let mut url = Url::parse(&asked.request.url).map_err(|_unreadable| "BlockedByClient")?;
        url.set_fragment(None);
        if self.is_the_page(asked) {
            let is_again = std::mem::replace(&mut state.is_asked, true);
            if is_again || url != *self.judge.asked() {
                drop(state);
                self.end(self.judge.moved(url));
                return Err("Aborted");
            }
        }
        if !is_wanted(&asked.resource_type) {
            return Err("BlockedByClient");
        }
        match url.scheme() {
            // The content of these is in the page itself.
            "data" | "blob" | "about" => return Ok(()),
            _ => {}
        }
        if brings_content(&asked.resource_type) && self.judge.is_closed(&url) {
            tracing::debug!(address = %url, "a page was kept from what robots.txt closes");
            return Err("BlockedByClient");
        }
        if let Err(reason) = self.judge.admits(&url) {
            tracing::debug!(address = %url, %reason, "a page was kept from an address");
            return Err("AccessDenied");
        }
        state.open.extend(asked.network_id.clone());
        Ok(())
    }

    fn is_the_page(&self, asked: &Paused) -> bool {
        asked.resource_type == "Document" && asked.frame_id == self.main_frame
    }

    /// Judges the answer to the page; a page is then shown as it was judged.
    fn show(&self, (line, session): (&Line, &str), asked: &Paused, status: u16) -> Word {
        let entries = &asked.response_headers;
        let headers = headers_of(entries);
        let outcome = read((line, session), &asked.request_id, self.judge.wanted(status, &headers))
            .map_err(|reason| self.broke_off(&reason))
            .and_then(|(body, is_whole)| self.judge.answered(Answer { status, headers, body, is_whole }));
        match outcome {
            Ok(Loaded::Page(mut page)) => {
                let body = BASE64_STANDARD.encode(&page.body);
                page.body = Vec::new();
                self.state().answered = Some(*page);
                let is_spent = |name: &str| SPENT_HEADERS.iter().any(|spent| name.eq_ignore_ascii_case(spent));
                let kept: Vec<_> = entries
                    .iter()
                    .filter(|entry| !is_spent(&entry.name))
                    .map(|entry| json!({"name": entry.name, "value": entry.value}))
                    .collect();
                ("Fetch.fulfillRequest", json!({"responseCode": status, "responseHeaders": kept, "body": body}))
            }
            ended => {
                self.end(ended);
                fail("Aborted")
            }
        }
    }

    fn broke_off(&self, reason: &io::Error) -> FetchError {
        FetchError::BrokeOff { address: self.judge.asked().to_string(), source: reason.to_string().into() }
    }
}

impl Watch {
    /// Takes an event of the page, and returns the command that answers it.
    pub(super) fn hear(&self, line: &Line, event: Event) -> io::Result<()> {
        let session = event.session.as_str();
        match event.method.as_str() {
            "Fetch.requestPaused" => {
                let asked: Paused = serde_json::from_value(event.params)?;
                let (command, mut params) = match asked.response_status_code {
                    Some(status) if self.is_the_page(&asked) => self.show((line, session), &asked, status),
                    Some(_) => go_on(),
                    None if asked.response_error_reason.is_some() => go_on(),
                    None => self.goes_out(&asked).map_or_else(fail, |()| go_on()),
                };
                params["requestId"] = asked.request_id.into();
                line.call(Some(session), command, params)?;
            }
            "Network.loadingFinished" | "Network.loadingFailed" => {
                let over = event.params["requestId"].as_str().unwrap_or_default();
                self.state().open.remove(over);
            }
            // A dialog waits for a click, and blocks the page.
            "Page.javascriptDialogOpening" => {
                line.call(Some(session), "Page.handleJavaScriptDialog", json!({"accept": false}))?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads as much of an answer as is wanted. Returns whether that was all.
fn read((line, session): (&Line, &str), request: &str, wanted: BodyWanted) -> io::Result<(Vec<u8>, bool)> {
    let (BodyWanted::UpTo(limit) | BodyWanted::Glimpse(limit)) = wanted else { return Ok((Vec::new(), false)) };
    let taken = line.call(Some(session), "Fetch.takeResponseBodyAsStream", json!({"requestId": request}))?;
    let mut body = Vec::new();
    while body.len() <= limit {
        let wanted = json!({"handle": taken["stream"], "size": PIECE_BYTES});
        let piece = line.call(Some(session), "IO.read", wanted)?;
        let data = piece["data"].as_str().unwrap_or_default();
        match piece["base64Encoded"].as_bool() {
            Some(true) => body.extend(BASE64_STANDARD.decode(data).map_err(io::Error::other)?),
            _ => body.extend_from_slice(data.as_bytes()),
        }
        if piece["eof"].as_bool().unwrap_or(true) {
            let is_whole = body.len() <= limit;
            body.truncate(limit);
            return Ok((body, is_whole));
        }
    }
    body.truncate(limit);
    Ok((body, false))
}

/// Pages are made of these. The rest is pictures, sound, or counters of visitors.
fn is_wanted(kind: &str) -> bool {
    matches!(kind, "Document" | "Stylesheet" | "Script" | "XHR" | "Fetch" | "Preflight" | "EventSource" | "Other")
}

/// What a page is filled with: robots.txt speaks of it as of pages. Scripts and styles are the page's own working and pass, since
/// files close their folders to keep them out of an index, not from who looks at the page.
fn brings_content(kind: &str) -> bool {
    matches!(kind, "Document" | "XHR" | "Fetch" | "EventSource")
}

fn headers_of(entries: &[Header]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for entry in entries {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(&entry.name), HeaderValue::from_str(&entry.value)) {
            headers.append(name, value);
        }
    }
    headers
}
