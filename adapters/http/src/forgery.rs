//! Requests that another website makes a browser send with the cookie of its user.
//!
//! The session's cookie is `SameSite`, and writes must be JSON, which a foreign page may not send unasked. This is the third
//! lock: a browser says where a request comes from.

use crate::origin::Origin;
use warp::http::{
    HeaderValue, Method,
    header::{CONTENT_TYPE, HOST, HeaderMap, ORIGIN},
};

const FETCH_SITE: &str = "sec-fetch-site";

/// Whether a write with a cookie may come from another website. `allowed` are the origins that may use the API.
///
/// Programs that are no browsers send neither `Origin` nor `Sec-Fetch-Site`. They pass with JSON or without a body.
pub(crate) fn may_be_forged(method: &Method, headers: &HeaderMap, allowed: &[Origin]) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    // Of two nobody knows which the browser has written.
    if headers.get_all(ORIGIN).iter().count() > 1 || headers.get_all(FETCH_SITE).iter().count() > 1 {
        return true;
    }
    let origin = headers.get(ORIGIN);
    if origin.is_some_and(|origin| allowed.iter().any(|allowed| allowed.header() == origin)) {
        return false;
    }
    if let Some(site) = headers.get(FETCH_SITE) {
        // `none` is the user's own doing, such as a typed address.
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    match origin {
        Some(origin) => !is_same_host(origin, headers.get(HOST)),
        None => !is_beyond_forms(headers),
    }
}

/// Compares hosts and ports, because the proxy in front has ended TLS and the scheme is not known here.
fn is_same_host(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let (Ok(origin), Some(Ok(host))) = (origin.to_str(), host.map(HeaderValue::to_str)) else { return false };
    origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

/// A form can not send JSON.
fn is_beyond_forms(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE) else { return true };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_website_may_have_sent_is_found() {
        let allowed = ["https://console.example".parse().unwrap()];
        for (method, headers, expected) in [
            ("GET", &[("origin", "https://evil.example"), ("host", "lot.example")][..], false),
            ("POST", &[("origin", "https://evil.example"), ("host", "lot.example")], true),
            ("POST", &[("origin", "https://lot.example"), ("host", "lot.example")], false),
            ("POST", &[("origin", "https://LOT.example"), ("host", "lot.example")], false),
            ("POST", &[("origin", "https://lot.example:8443"), ("host", "lot.example")], true),
            ("POST", &[("origin", "https://lot.example.evil.example"), ("host", "lot.example")], true),
            ("POST", &[("origin", "null"), ("host", "lot.example")], true),
            ("POST", &[("origin", "https://lot.example")], true),
            ("POST", &[("origin", "https://console.example"), ("sec-fetch-site", "cross-site")], false),
            (
                "POST",
                &[("origin", "https://lot.example"), ("host", "lot.example"), ("sec-fetch-site", "cross-site")],
                true,
            ),
            ("POST", &[("host", "lot.example"), ("sec-fetch-site", "same-origin")], false),
            ("POST", &[("host", "lot.example"), ("sec-fetch-site", "same-site")], true),
            ("DELETE", &[("host", "lot.example"), ("sec-fetch-site", "none")], false),
            ("DELETE", &[("host", "lot.example")], false),
            ("POST", &[("origin", "https://console.example"), ("origin", "https://evil.example")], true),
            ("POST", &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], true),
            ("POST", &[("content-type", "application/json; charset=utf-8")], false),
            ("POST", &[("content-type", "application/x-www-form-urlencoded")], true),
            ("POST", &[("content-type", "text/plain")], true),
            ("POST", &[("content-type", "multipart/form-data; boundary=application/json")], true),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(may_be_forged(&method, &map, &allowed), expected, "{method} {headers:?}");
        }
    }
}
