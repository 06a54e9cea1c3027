//! The answers of handlers that go well: one thing, a page of a list, something created.

use std::{
    fmt::Display,
    hash::{BuildHasher as _, Hasher as _},
};

use bytes::Bytes;
use foldhash::quality::FixedState;
use jpauto::{Page, Version};
use serde::Serialize;
use warp::{
    Reply as _,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, ETAG, HeaderMap, IF_MATCH, LINK, LOCATION},
    },
    reply::Response,
};

use crate::{operation::Outcome, problem::Problem, query::query_after, request::Request};

/// Room for a vehicle with all its columns, in bytes, and for the headers of an answer: what outgrows it grows.
const ONE_VEHICLE: usize = 2_048;
const HEADERS: usize = 12;

/// A thing as it is sent to everybody who asks for it. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct Written {
    text: Bytes,
    tag: Option<HeaderValue>,
    next: Option<HeaderValue>,
}

impl Written {
    /// One thing, with its version in the tag, so that `If-Match` can be compared with it.
    pub(crate) fn one(thing: &impl Serialize, version: Option<Version>) -> Result<Self, Problem> {
        let text = text_of(thing)?;
        let tag = HeaderValue::from_str(&tag_of(&text, version)).ok();
        Ok(Self { text, tag, next: None })
    }

    /// A page of a list at this address, with the address of the next one.
    pub(crate) fn page<T: Serialize>(path: &str, raw_query: &str, page: &Page<T>) -> Result<Self, Problem> {
        Ok(Self { next: next_page(path, raw_query, page), ..Self::one(page, None)? })
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = with_json(StatusCode::OK, self.text);
        let headers = response.headers_mut();
        headers.extend(self.tag.map(|tag| (ETAG, tag)));
        headers.extend(self.next.map(|next| (LINK, next)));
        response
    }
}

/// `Link` with the address of the next page.
fn next_page<T>(path: &str, raw_query: &str, page: &Page<T>) -> Option<HeaderValue> {
    let next = page.next.as_ref()?;
    HeaderValue::from_str(&format!("<{path}?{}>; rel=\"next\"", query_after(raw_query, next))).ok()
}

/// One thing that was asked for.
pub(crate) fn one(thing: &impl Serialize) -> Outcome {
    one_version(thing, None)
}

/// One thing, with its version in the tag, so that `If-Match` can be compared with it.
pub(crate) fn one_version(thing: &impl Serialize, version: Option<Version>) -> Outcome {
    Written::one(thing, version).map(Written::into_response)
}

/// A page of a list, with the address of the next one.
pub(crate) fn page<T: Serialize>(request: &Request, page: &Page<T>) -> Outcome {
    holding_page(request, page, page)
}

/// Something that holds a page of a list, with the address of the next one.
pub(crate) fn holding_page<T>(request: &Request, thing: &impl Serialize, page: &Page<T>) -> Outcome {
    let next = next_page(&request.path, &request.raw_query, page);
    Ok(Written { next, ..Written::one(thing, None)? }.into_response())
}

/// Something that was created in the list to which the request was sent.
pub(crate) fn created(request: &Request, id: impl Display, thing: &impl Serialize) -> Outcome {
    created_at(&format!("{}/{id}", request.path), thing)
}

/// Something that was created, and its address.
pub(crate) fn created_at(path: &str, thing: &impl Serialize) -> Outcome {
    Ok(with_header(with_json(StatusCode::CREATED, text_of(thing)?), LOCATION, path))
}

/// Something that was changed. It has the tag of the answer to a read, where that is of the same version: the answer to a write may say
/// more, such as that a price is doubtful.
pub(crate) fn changed<T: Serialize>(thing: &impl Serialize, version: Version, seen: Option<(&T, Version)>) -> Outcome {
    let written = Written::one(thing, Some(version))?;
    let tag = match seen.filter(|(_, of)| *of == version) {
        Some((seen, _)) => Written::one(seen, Some(version))?.tag,
        None => written.tag.clone(),
    };
    Ok(Written { tag, ..written }.into_response())
}

/// What an action leads to, with its version where it has one.
pub(crate) fn done_to(thing: &impl Serialize, version: Version) -> Outcome {
    one_version(thing, Some(version))
}

/// Something that goes on after this answer, and where to look at it.
pub(crate) fn accepted(path: &str, thing: &impl Serialize) -> Outcome {
    Ok(with_header(with_json(StatusCode::ACCEPTED, text_of(thing)?), LOCATION, path))
}

/// What an action leads to.
pub(crate) fn done(thing: &impl Serialize) -> Outcome {
    json(StatusCode::OK, thing)
}

/// An action of which there is nothing to say.
pub(crate) fn nothing() -> Outcome {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A JSON answer that clients must not keep.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Outcome {
    Ok(with_json(status, text_of(value)?))
}

/// The tag of an answer. It is weak because the same answer is sent compressed and uncompressed.
///
/// The answer to one version may differ by the day and by who asks, so the version alone does not do.
pub(crate) fn tag_of(text: &[u8], version: Option<Version>) -> String {
    // A tag protects nothing, so a quick hash does. Its seed is a constant: all processes of one release agree.
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(text);
    let hash = hasher.finish();
    match version {
        Some(version) => format!("W/\"{version}-{hash:016x}\""),
        None => format!("W/\"{hash:016x}\""),
    }
}

/// The versions in the tags of `If-Match`. `None` without the header, and for `*`, which every version matches.
///
/// Weak tags are compared, too: of an answer that is sent compressed there is no other. A tag of something else is no version,
/// so it matches nothing.
pub(crate) fn versions_in(headers: &HeaderMap) -> Option<Vec<Version>> {
    let sent: Vec<_> = headers.get_all(IF_MATCH).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    let tags = || sent.iter().flat_map(|value| value.split(',')).map(str::trim);
    if sent.is_empty() || tags().any(|tag| tag == "*") {
        return None;
    }
    let version = |tag: &str| {
        let opaque = tag.trim_start_matches("W/").strip_prefix('"')?.strip_suffix('"')?;
        opaque.split('-').next()?.parse().ok()
    };
    Some(tags().filter_map(version).collect())
}

fn text_of(value: &impl Serialize) -> Result<Bytes, Problem> {
    let mut text = Vec::with_capacity(ONE_VEHICLE);
    match serde_json::to_writer(&mut text, value) {
        Ok(()) => Ok(text.into()),
        Err(reason) => {
            tracing::error!(%reason, "an answer could not be written");
            Err(Problem::internal())
        }
    }
}

pub(crate) fn with_json(status: StatusCode, text: Bytes) -> Response {
    let mut response = warp::http::Response::new(text).into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The response with one more header. A value that can not be sent is left out.
pub(crate) fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_of_tags_are_found() {
        let version: Version = "00000000000000ff".parse().unwrap();
        let tag = tag_of(b"{}", Some(version));
        for (sent, found) in [
            (&[][..], None),
            (&["*"], None),
            (&[&tag], Some(vec![version])),
            (&[tag.trim_start_matches("W/")], Some(vec![version])),
            (&["\"other\"", &format!("\"a\" , {tag}")], Some(vec![version])),
            (&[&tag_of(b"{}", None)], Some(vec![tag_of(b"{}", None)[3..19].parse().unwrap()])),
            (&["", "nonsense", "W/\"", "\""], Some(vec![])),
        ] {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append(IF_MATCH, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(versions_in(&headers), found, "{sent:?}");
        }
    }
}
