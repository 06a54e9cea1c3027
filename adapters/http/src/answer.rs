//! The answers of handlers that go well: one thing, a page of a list, something created.

use std::fmt::Display;

use bytes::Bytes;
use jpauto::Page;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use warp::{
    Reply as _,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, ETAG, LINK, LOCATION},
    },
    reply::Response,
};

use crate::{operation::Outcome, problem::Problem, query::query_after, request::Request};

/// One thing that was asked for.
pub(crate) fn one(thing: &impl Serialize) -> Outcome {
    let text = text_of(thing)?;
    let tag = tag_of(&text);
    Ok(with_header(with_json(StatusCode::OK, text), ETAG, &tag))
}

/// A page of a list, with the address of the next one.
pub(crate) fn page<T: Serialize>(request: &Request, page: &Page<T>) -> Outcome {
    let response = one(page)?;
    let Some(next) = &page.next else { return Ok(response) };
    let link = format!("<{}?{}>; rel=\"next\"", request.path, query_after(&request.raw_query, next));
    Ok(with_header(response, LINK, &link))
}

/// Something that was created in the list to which the request was sent.
pub(crate) fn created(request: &Request, id: impl Display, thing: &impl Serialize) -> Outcome {
    let response = with_json(StatusCode::CREATED, text_of(thing)?);
    Ok(with_header(response, LOCATION, &format!("{}/{id}", request.path)))
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
pub(crate) fn tag_of(text: &[u8]) -> String {
    let hash = Sha256::digest(text);
    let mut tag = String::from("W/\"");
    tag.extend(hash.iter().take(16).map(|byte| format!("{byte:02x}")));
    tag.push('"');
    tag
}

fn text_of(value: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|reason| {
        tracing::error!(%reason, "an answer could not be written");
        Problem::internal()
    })
}

pub(crate) fn with_json(status: StatusCode, text: Bytes) -> Response {
    let mut response = warp::http::Response::new(text).into_response();
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The response with one more header. A value that can not be sent is left out.
pub(crate) fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
