//! Pages of other websites that may use the API (CORS), by their exact origins.
//!
//! A page of any other website may send what a form can send, and reads nothing. The answer to what a browser asks first is that of
//! `OPTIONS`: of a path that exists its methods, and 404 of another.

use warp::http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
        ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ORIGIN, VARY,
    },
};

use crate::origin::Origin;

/// What a page may send beside what every page may.
const SENT: &str = "content-type, authorization, if-match, if-none-match, idempotency-key, photo-token, x-request-id";

/// What a page may read beside what every page may.
const READ: &str = "link, location, etag, retry-after, allow, x-request-id, idempotency-replayed";

/// For how long a browser need not ask again, in seconds.
const KEPT_FOR: &str = "600";

/// The origin of the page that sends a request, if it is of another website that may use the API.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    origin: HeaderValue,
    /// Whether the browser only asks what the page may.
    asks_first: bool,
}

impl Page {
    pub(crate) fn of(method: &Method, headers: &HeaderMap, allowed: &[Origin]) -> Option<Self> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let (origin, None) = (origins.next()?, origins.next()) else { return None };
        let is_allowed = allowed.iter().any(|allowed| allowed.header() == origin);
        let asks_first = *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        is_allowed.then(|| Self { origin: origin.clone(), asks_first })
    }

    /// Lets the page read the answer.
    pub(crate) fn admit(&self, status: StatusCode, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        if !self.asks_first {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READ));
        } else if status.is_success()
            && let Some(methods) = headers.get(ALLOW).cloned()
        {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(SENT));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(KEPT_FOR));
        }
    }
}

/// Says to those who keep answers that they differ by the page that asks, where any page of another website may.
pub(crate) fn note_that_it_differs(allowed: &[Origin], headers: &mut HeaderMap) {
    if !allowed.is_empty() {
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
}
