//! What is asked for, and the page that comes back.

use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};
use url::Url;

use crate::extract::{DataMethod, DataRequest};

/// A page to fetch.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageRequest {
    /// The absolute address.
    pub(crate) url: String,
    /// The `ETag` of the answer that is already known.
    pub(crate) etag: Option<String>,
    /// The `Last-Modified` of the answer that is already known.
    pub(crate) last_modified: Option<String>,
    /// Headers that an endpoint asks for, such as an API key; sent to the origin of `url` alone.
    pub(crate) headers: Vec<(String, String)>,
    /// The body of a search. It is sent by POST, as JSON unless `headers` say otherwise, and retried like any other
    /// request.
    pub(crate) body: Option<String>,
}

impl From<&DataRequest> for PageRequest {
    fn from(request: &DataRequest) -> Self {
        let mut headers: Vec<(String, String)> =
            request.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        if request.method == DataMethod::Form {
            headers.push((CONTENT_TYPE.to_string(), "application/x-www-form-urlencoded".to_owned()));
        }
        Self { headers, body: request.body_text(), ..Self::get(request.url.as_str()) }
    }
}

impl PageRequest {
    /// A plain page.
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The headers of the request. A value that is no valid header is left out, such as a strange `ETag`.
    pub(super) fn headers_for(&self, is_first_origin: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let known = [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.last_modified)];
        let known = known.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let own = self.headers.iter().filter(|_| is_first_origin);
        let own = own.filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, value.as_str())));
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("text/html,application/xhtml+xml,application/json,application/xml;q=0.9"),
        );
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en-US,en;q=0.8"));
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in known.chain(own) {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// Whether it asks for a page as anybody's browser would, not for an endpoint's answer.
    pub(super) fn is_for_people(&self) -> bool {
        self.headers.is_empty() && self.body.is_none()
    }

    pub(super) fn is_conditional(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// A page as it came.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(any(test, all(feature = "browser", unix))),
    expect(dead_code, reason = "a whole answer; a scrape reads the page of it alone")
)]
pub(crate) struct Fetched {
    /// Where the page stood after redirects, without a fragment.
    pub(crate) final_url: Url,
    pub(crate) status: u16,
    /// Decompressed, in whatever encoding; empty when not modified.
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// The server says that the page has not changed since the version that the request named.
    pub(crate) not_modified: bool,
}
