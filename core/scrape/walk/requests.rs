//! The requests of a walk for pages and answers.
//!
//! If the version of a page is known, the request names it. A walk makes a bounded number of requests, and none to a host
//! that another scrape is asking.

use std::{collections::HashMap, time::Duration};

use url::Url;

use super::{
    Failed, WalkEnd, key_of,
    page_cache::{KeptPages, PagesRead},
    site_scope,
};
use crate::{
    extract::{DataMethod, DataRequest, Extraction, listings_from_data},
    scrape::{
        ScrapeErrorType,
        extract::decoded,
        fetch::{Fetched, PageRequest, Session},
    },
};

/// Where one has to wait for one's turn among all processes.
pub(crate) trait SharedHosts {
    /// Waits for a limited time until nobody else uses this host. The host is ours until the returned turn is dropped.
    ///
    /// # Errors
    /// [`WalkEnd::Busy`] where somebody else goes on speaking to it.
    fn take(&self, host: &str) -> Result<SharedTurn<'_>, WalkEnd>;
}

/// The right to speak to a shared host, until dropped.
pub(crate) struct SharedTurn<'a>(Box<dyn FnMut() + 'a>);

impl<'a> SharedTurn<'a> {
    pub(crate) fn until(give_back: impl FnMut() + 'a) -> Self {
        Self(Box::new(give_back))
    }
}

impl Drop for SharedTurn<'_> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Takes no turns. It is for probes, which ask for a few pages and record nothing.
pub(crate) struct Unshared;

impl SharedHosts for Unshared {
    fn take(&self, _host: &str) -> Result<SharedTurn<'_>, WalkEnd> {
        Ok(SharedTurn::until(|| {}))
    }
}

/// How far a walk has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reached {
    /// Pages asked for.
    pub(crate) pages: usize,
    /// Vehicles read, repeats included.
    pub(crate) listings: usize,
    /// How many the website claims to have.
    pub(crate) total_claimed: Option<u32>,
}

/// Who asks, and what is known already.
pub(crate) struct Asking<'a> {
    pub(crate) session: &'a Session,
    pub(crate) hosts: &'a dyn SharedHosts,
    pub(crate) kept: KeptPages,
    /// Hears of each request and of what it brought.
    pub(crate) note: Box<dyn FnMut(Reached) + 'a>,
}

/// What came back for one request.
pub(super) enum Got {
    /// What it said the last time.
    Unchanged(Extraction),
    Sent(Fetched),
}

/// The requests of one walk.
pub(super) struct Requests<'a> {
    asking: Asking<'a>,
    /// The host of the list. The scrape's claim keeps other scrapes away from it.
    own_host: Option<String>,
    most_pages: usize,
    pub(super) reached: Reached,
    pub(super) read: PagesRead,
    /// Which vehicles stood on each page when it was last read, by its address.
    pub(super) before: HashMap<String, Vec<String>>,
    /// How long the website asked to be left alone: it is not asked again in this walk.
    pub(super) retry_after: Option<Duration>,
}

/// The right to ask one host for answers.
pub(super) struct HostTurn<'a> {
    host: Option<String>,
    _shared: Option<SharedTurn<'a>>,
}

impl HostTurn<'_> {
    /// Fails for a request to another host: an answer must not decide which hosts are asked.
    pub(super) fn must_be_at(&self, request: &DataRequest) -> Result<(), WalkEnd> {
        if request.url.host_str() == self.host.as_deref() {
            return Ok(());
        }
        let message = format!("{} is on another host than the answers before it: it is not asked", request.url);
        Err(Failed::new(ScrapeErrorType::HttpStatus, message).into())
    }
}

impl<'a> Requests<'a> {
    pub(super) fn new(asking: Asking<'a>, list_url: &str, most_pages: usize) -> Self {
        let own_host = site_scope::host(list_url);
        let (reached, read, before) = (Reached::default(), PagesRead::default(), asking.kept.shown());
        Self { asking, own_host, most_pages, reached, read, before, retry_after: None }
    }

    /// Waits for the host of an endpoint, where it is another than that of the list: many websites may ask it.
    pub(super) fn turn_at(&self, request: &DataRequest) -> Result<HostTurn<'a>, WalkEnd> {
        let hosts = self.asking.hosts;
        let other = site_scope::host_of(&request.url).filter(|_| !self.is_own_host(request));
        let shared = other.map(|host| hosts.take(host)).transpose()?;
        Ok(HostTurn { host: request.url.host_str().map(str::to_owned), _shared: shared })
    }

    pub(super) fn is_own_host(&self, request: &DataRequest) -> bool {
        site_scope::host_of(&request.url) == self.own_host.as_deref()
    }

    pub(super) fn may_ask(&self) -> bool {
        self.reached.pages < self.most_pages && self.retry_after.is_none()
    }

    /// Notes that the website asked to be left alone.
    pub(super) fn leave_alone(&mut self, span: Option<Duration>) {
        self.retry_after = self.retry_after.max(span);
    }

    /// Notes what a page or an answer brought.
    pub(super) fn count(&mut self, said: &Extraction) {
        self.reached.listings += said.listings.len();
        self.reached.total_claimed = self.reached.total_claimed.max(said.total);
        (self.asking.note)(self.reached);
    }

    /// Asks for one answer: what it says, and what to ask next.
    pub(super) fn answer(&mut self, request: &DataRequest) -> Result<(Extraction, Option<DataRequest>), WalkEnd> {
        let fetched = match self.fetch(PageRequest::from(request))?.0 {
            Got::Unchanged(said) => {
                let url = said.next.as_deref().and_then(|next| next.parse().ok());
                let next = url.map(|url| DataRequest { url, ..request.clone() });
                return Ok((said, next));
            }
            Got::Sent(fetched) => fetched,
        };
        let answer = decoded(&fetched.body, fetched.content_type.as_deref())
            .and_then(|text| listings_from_data(request, &text))
            .map_err(|reason| Failed::reading_of(request.url.as_str(), &reason))?;
        let said = Extraction {
            platform: request.platform,
            total: answer.total,
            next: answer.next.as_ref().map(|next| next.url.to_string()),
            listings: answer.listings,
            unsettled: answer.unsettled,
            warnings: answer.warnings,
        };
        if request.method == DataMethod::Get && answer.next.as_ref().is_none_or(|next| next.body.is_none()) {
            self.read.keep(request.url.as_str(), &fetched, &said);
        }
        Ok((said, answer.next))
    }

    /// Fetches a page, or learns that it is the one that is known; answers also where it was reached.
    pub(super) fn fetch(&mut self, mut request: PageRequest) -> Result<(Got, Url), WalkEnd> {
        if let Some(kept) =
            self.asking.kept.get(&request.url).filter(|kept| kept.has_version() && request.body.is_none())
        {
            (request.etag, request.last_modified) = (kept.etag.clone(), kept.last_modified.clone());
        }
        let mut fetched = self.send(&request)?;
        if fetched.not_modified {
            if let Some(kept) = self.asking.kept.take(&request.url) {
                let id = kept.id;
                if let Some(said) = kept.reading.into_extraction() {
                    self.read.unchanged.insert(id);
                    self.read.unchanged_keys.extend(said.listings.iter().filter_map(key_of));
                    return Ok((Got::Unchanged(said), fetched.final_url));
                }
            }
            (request.etag, request.last_modified) = (None, None);
            fetched = self.send(&request)?;
        }
        let reached = fetched.final_url.clone();
        Ok((Got::Sent(fetched), reached))
    }

    fn send(&mut self, request: &PageRequest) -> Result<Fetched, WalkEnd> {
        self.reached.pages += 1;
        (self.asking.note)(self.reached);
        Ok(self.asking.session.get(request)?)
    }
}

/// The key of a request, unique within its list.
pub(super) fn key_of_request(request: &DataRequest) -> String {
    let body = request.body.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{} {body}", request.url)
}
