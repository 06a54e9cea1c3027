//! The cookie of a session, read and set as express-session does.

use chrono::{DateTime, Utc};
use jpauto::SessionConfig;
use warp::http::{
    HeaderValue,
    header::{COOKIE, HeaderMap},
};

/// Cookies beyond this many are not looked at.
const MOST_COOKIES: usize = 100;

/// The values of all cookies whose value is percent-encoded as a signed one is, with their names.
///
/// Which name the session's cookie has is known later, where the configuration is.
pub(crate) fn signed(headers: &HeaderMap) -> Vec<(String, String)> {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|value| value.to_str().unwrap_or_default().split(';'));
    pairs
        .take(MOST_COOKIES)
        .filter_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            let value = decoded(value.trim().trim_matches('"'))?;
            value.starts_with("s:").then(|| (name.trim().to_owned(), value))
        })
        .collect()
}

/// The value of a cookie that is not encoded. Of several with one name the first counts.
pub(crate) fn named(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut pairs = headers.get_all(COOKIE).iter().flat_map(|value| value.to_str().unwrap_or_default().split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// The name of the cookie that a browser has while it signs in.
///
/// A page of another host of the same domain can not set one whose name begins so.
pub(crate) fn browser_name(config: &SessionConfig) -> &'static str {
    if config.secure { "__Host-jpauto-sign-in" } else { "jpauto-sign-in" }
}

/// `Set-Cookie` for a browser that signs in.
pub(crate) fn set_browser(config: &SessionConfig, secret: &str, end: DateTime<Utc>) -> Option<HeaderValue> {
    header(browser_name(config), config.secure, secret, end)
}

/// `Set-Cookie` for a session.
pub(crate) fn set(config: &SessionConfig, value: &str, end: DateTime<Utc>) -> Option<HeaderValue> {
    header(&config.cookie_name, config.secure, &encoded(value), end)
}

/// `Set-Cookie` that makes a browser drop the cookie.
pub(crate) fn clear(config: &SessionConfig) -> Option<HeaderValue> {
    header(&config.cookie_name, config.secure, "", DateTime::UNIX_EPOCH)
}

fn header(name: &str, secure: bool, value: &str, end: DateTime<Utc>) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let end = end.format("%a, %d %b %Y %H:%M:%S GMT");
    let text = format!("{name}={value}; Path=/; Expires={end}; HttpOnly{secure}; SameSite=Lax");
    HeaderValue::from_str(&text).ok()
}

/// As JavaScript's `encodeURIComponent`.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

fn decoded(value: &str) -> Option<String> {
    let bytes = value.as_bytes();
    let mut text = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        if byte == b'%' {
            let digits =
                value.get(index + 1..index + 3).filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()))?;
            text.push(u8::from_str_radix(digits, 16).ok()?);
            index += 3;
        } else {
            text.push(byte);
            index += 1;
        }
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(COOKIE, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_set_as_express_sets_it_and_read_back() {
        let mut config = SessionConfig::new(vec!["a secret of many letters".into()]);
        let end = "2026-03-01T12:00:00Z".parse().unwrap();
        let set = set(&config, "s:id.a+b/c", end).unwrap();
        let expected = "connect.sid=s%3Aid.a%2Bb%2Fc; Path=/; Expires=Sun, 01 Mar 2026 12:00:00 GMT; HttpOnly; Secure; SameSite=Lax";
        assert_eq!(set, expected);
        let sent = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        assert_eq!(signed(&headers(&[&sent])), [("connect.sid".to_owned(), "s:id.a+b/c".to_owned())]);
        config.secure = false;
        let cleared = "connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax";
        assert_eq!(clear(&config).unwrap(), cleared);
    }

    #[test]
    fn what_is_no_signed_cookie_is_passed_over() {
        for sent in ["", ";", "=", "a", "a=b", "a=%", "a=%s3", "a=%é", "a=s%3", "a=%FFs:", "a=j%3A%7B%7D", "s%3A=1"] {
            assert_eq!(signed(&headers(&[sent])), [], "{sent}");
        }
        let several = signed(&headers(&["a=1; b=s:x.y; b=s%3Az", "c=\"s:q\""]));
        assert_eq!(
            several.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>(),
            ["b s:x.y", "b s:z", "c s:q"]
        );
        assert_eq!(signed(&headers(&[&"a=s:1;".repeat(1_000)])).len(), MOST_COOKIES);
    }
}
