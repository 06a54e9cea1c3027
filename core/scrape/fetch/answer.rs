//! What an answer is: a page, a redirect, a bot check, a failure that may pass, or a robots.txt.

use std::borrow::Cow;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::{
    GLIMPSE_BYTES,
    bot_check::looks_like_a_bot_check,
    exchange::{Answer, BodyWanted},
    robots::Rules,
};
use crate::scrape::extract::decode;

pub(super) fn rules_of(answer: &Answer) -> Rules {
    match answer.status {
        200..=299 => Rules::read(&text_of_rules(answer), answer.is_whole),
        429 => Rules::Withheld("the server is too busy to hand it out".to_owned()),
        400..=499 => Rules::Open,
        status if may_pass(status) => Rules::Withheld(format!("the server answered with status {status}")),
        status => Rules::Closed(format!("the server answered with status {status}")),
    }
}

/// The text of a robots.txt, decoded by its bytes first and by its content type second. UTF-16 without a byte order mark is
/// recognised by its zero bytes.
fn text_of_rules(answer: &Answer) -> Cow<'_, str> {
    let by_zeros = match *answer.body {
        [0, letter, ..] if letter != 0 => Some("charset=utf-16be"),
        [letter, 0, ..] if letter != 0 => Some("charset=utf-16le"),
        _ => None,
    };
    decode(&answer.body, by_zeros.or(answer.header(CONTENT_TYPE)))
}

pub(super) fn page_wanted(status: u16, headers: &HeaderMap, limit: usize) -> BodyWanted {
    if is_redirect(status) || status == 304 {
        return BodyWanted::Nothing;
    }
    if !is_page(status) {
        return BodyWanted::Glimpse(GLIMPSE_BYTES);
    }
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::to_str);
    match content_type {
        Some(Ok(content_type)) if !is_readable_type(content_type) && !is_vague_type(content_type) => {
            BodyWanted::Nothing
        }
        _ => BodyWanted::UpTo(limit),
    }
}

pub(super) fn is_bot_check(answer: &Answer) -> bool {
    looks_like_a_bot_check(answer.status, &answer.headers, &answer.body)
}

/// Statuses with a page; 204 and 205 have none, and a part (206) was not asked for.
pub(super) fn is_page(status: u16) -> bool {
    matches!(status, 200..=299) && !matches!(status, 204..=206)
}

pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Failures that another try may not meet; 501 and 505 are about what the server can do at all.
pub(super) fn may_pass(status: u16) -> bool {
    status == 429 || (status >= 500 && !matches!(status, 501 | 505))
}

/// HTML, XHTML, XML and JSON, with or without parameters.
pub(super) fn is_readable_type(content_type: &str) -> bool {
    let essence = essence(content_type);
    matches!(
        &*essence,
        "text/html" | "application/xhtml+xml" | "application/json" | "text/json" | "application/xml" | "text/xml"
    ) || (essence.contains('/') && (essence.ends_with("+json") || essence.ends_with("+xml")))
        && !essence.starts_with("image/")
}

/// Types under which old servers send JSON. The body decides whether it is readable.
pub(super) fn is_vague_type(content_type: &str) -> bool {
    matches!(&*essence(content_type), "text/plain" | "application/javascript" | "text/javascript")
}

/// The type without its parameters, in lower case.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a body that does not say what it is begins like markup or JSON.
pub(super) fn looks_readable(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    matches!(body.trim_ascii_start(), [b'<' | b'{' | b'[', ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}
