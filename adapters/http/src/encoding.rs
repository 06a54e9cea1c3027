//! `Accept-Encoding`: how answers may be compressed, and those that never change, which are compressed once.

use std::{convert::Infallible, pin::Pin};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Body;
use tokio::sync::OnceCell;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_http::compression::{CompressionBody, CompressionLayer};
use warp::{
    Reply as _,
    http::{
        HeaderValue, Method, Request, Response as HttpResponse, StatusCode,
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap},
    },
    reply::Response,
};

use crate::{answer, operation::Outcome, problem::Problem};

/// Takes away that a client wants no answer that is not compressed. It may get one all the same (RFC 9110, 12.5.3), as an answer that is
/// too short to be compressed. To refuse it would come after the work is done.
pub(crate) fn without_refusals_of_plain(headers: &mut HeaderMap) {
    let is_refusal = |item: &str| {
        let (name, weight) = name_and_weight(item);
        (name == "*" || name.eq_ignore_ascii_case("identity")) && weight == Some(0.0)
    };
    let sent: Vec<_> =
        headers.get_all(ACCEPT_ENCODING).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    let items = || sent.iter().flat_map(|value| value.split(','));
    if !items().any(is_refusal) {
        return;
    }
    let kept = items().filter(|item| !is_refusal(item)).collect::<Vec<_>>().join(",");
    headers.remove(ACCEPT_ENCODING);
    headers
        .extend(HeaderValue::from_str(&kept).ok().filter(|kept| !kept.is_empty()).map(|kept| (ACCEPT_ENCODING, kept)));
}

/// An item of the header: an encoding, and its weight unless that is none, which is from 0 to 1.
fn name_and_weight(item: &str) -> (&str, Option<f32>) {
    let (name, weight) = item.split_once(';').unwrap_or((item, "q=1"));
    let weight = weight.trim().strip_prefix(['q', 'Q']).and_then(|weight| weight.trim().strip_prefix('='));
    let weight = weight.and_then(|weight| weight.trim().parse().ok());
    (name.trim(), weight.filter(|weight| (0.0..=1.0).contains(weight)))
}

/// A body as it goes out. One that may be compressed stands in a box: it holds the state of its compressor, which is 6 KB.
pub(crate) type Encoded<B> = Either<B, Pin<Box<CompressionBody<B>>>>;

/// The answer of the service to this request, compressed where the client takes that.
pub(crate) async fn encoded<S, R, B>(service: S, request: Request<R>) -> Result<HttpResponse<Encoded<B>>, Infallible>
where
    S: Service<Request<R>, Response = HttpResponse<B>, Error = Infallible>,
    B: Body,
{
    if !request.headers().contains_key(ACCEPT_ENCODING) {
        return Ok(service.oneshot(request).await?.map(Either::Left));
    }
    let is_head = request.method() == Method::HEAD;
    let mut response = CompressionLayer::new().layer(service).oneshot(request).await?;
    if is_head && !response.headers().contains_key(CONTENT_ENCODING) {
        // The answer to the same GET may be compressed, and nobody knows how long it is then.
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    Ok(response.map(|body| Either::Right(Box::pin(body))))
}

/// An answer that is the same for everybody for as long as the process runs, with its compressed forms. They are made at first use.
pub(crate) struct Unchanging {
    make: Box<dyn Fn() -> (Bytes, &'static str) + Send + Sync>,
    made: OnceCell<Made>,
}

struct Made {
    tag: String,
    content_type: &'static str,
    plain: Bytes,
    /// By the name of the encoding.
    compressed: Vec<(&'static str, Bytes)>,
}

/// The best first.
const ENCODINGS: [&str; 2] = ["br", "gzip"];

impl Unchanging {
    /// The function makes the text and says what it is.
    pub(crate) fn new(make: impl Fn() -> (Bytes, &'static str) + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), made: OnceCell::const_new() }
    }

    pub(crate) async fn answer(&self, headers: &HeaderMap) -> Outcome {
        let make = &self.make;
        let made = self
            .made
            .get_or_try_init(|| async move {
                let (plain, content_type) = make();
                let mut compressed = Vec::new();
                for encoding in ENCODINGS {
                    compressed.push((encoding, compressed_as(encoding, plain.clone()).await?));
                }
                Ok::<_, Problem>(Made { tag: answer::tag_of(&plain, None), content_type, plain, compressed })
            })
            .await?;
        let weighed = made.compressed.iter().map(|form| (weight_of(headers, form.0), form));
        // Of equals, the first.
        let best = weighed.reduce(|best, other| if other.0 > best.0 { other } else { best });
        let plainly = weight_of(headers, "identity");
        let chosen = best.filter(|(weight, _)| *weight > 0.0 && *weight >= plainly).map(|(_, form)| form);
        let text = chosen.map_or(&made.plain, |(_, text)| text).clone();
        let mut response: Response = HttpResponse::new(text).into_response();
        *response.status_mut() = StatusCode::OK;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(made.content_type));
        if let Some((encoding, _)) = chosen {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        Ok(answer::with_header(response, ETAG, &made.tag))
    }
}

/// How much the encoding is wanted: where it is not named, as much as all that are not. 0 is not at all.
fn weight_of(headers: &HeaderMap, encoding: &str) -> f32 {
    let items =
        || headers.get_all(ACCEPT_ENCODING).iter().flat_map(|value| value.to_str().unwrap_or_default().split(','));
    let named = |wanted: &str| {
        let is_wanted = |name: &str| {
            // The older name of it (RFC 9110, 8.4.1.3).
            let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
            name.eq_ignore_ascii_case(wanted)
        };
        let item = items().map(name_and_weight).find(|(name, _)| is_wanted(name));
        item.map(|(_, weight)| weight.unwrap_or(0.0))
    };
    named(encoding).or_else(|| named("*")).unwrap_or(0.0)
}

async fn compressed_as(encoding: &'static str, text: Bytes) -> Result<Bytes, Problem> {
    let plain = service_fn(move |_request: Request<Full<Bytes>>| {
        let text = text.clone();
        async move { Ok::<_, Infallible>(HttpResponse::new(Full::new(text))) }
    });
    let mut request = Request::new(Full::<Bytes>::default());
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(encoding));
    let failed = |reason: &dyn std::fmt::Display| {
        tracing::error!(%reason, "an answer could not be compressed");
        Problem::internal()
    };
    let response = CompressionLayer::new().layer(plain).oneshot(request).await.map_err(|reason| failed(&reason))?;
    let body = response.into_body().collect().await.map_err(|reason| failed(&reason))?;
    Ok(body.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (ACCEPT_ENCODING, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_the_refusal_of_a_plain_answer_is_taken_away() {
        for (sent, kept) in [
            (&["identity;q=0"][..], ""),
            (&["*;q=0"], ""),
            (&["gzip, identity; q=0.0 , br;q=0.5"], "gzip, br;q=0.5"),
            (&["gzip;q=0", "*; Q=0"], "gzip;q=0"),
            (&["identity;q=0.1, *;q=1"], "identity;q=0.1, *;q=1"),
            (&[], ""),
        ] {
            let mut headers = accepting(sent);
            without_refusals_of_plain(&mut headers);
            let left = headers.get(ACCEPT_ENCODING).map_or("", |value| value.to_str().unwrap());
            assert_eq!(left, kept, "{sent:?}");
        }
    }

    #[test]
    fn an_encoding_is_wanted_as_much_as_it_weighs() {
        for (sent, expected) in [
            (&["br"][..], 1.0),
            (&["gzip, BR;q=0.1"], 0.1),
            (&["gzip", "br"], 1.0),
            (&["br;q=0"], 0.0),
            (&["br;q=1.5"], 0.0),
            (&["br;q=-1"], 0.0),
            (&["br;q=NaN"], 0.0),
            (&["brotli"], 0.0),
            (&["*"], 1.0),
            (&["br;q=0, *"], 0.0),
            (&["gzip, *;q=0"], 0.0),
            (&[], 0.0),
        ] {
            assert_eq!(weight_of(&accepting(sent), "br"), expected, "{sent:?}");
        }
    }

    #[tokio::test]
    async fn a_compressed_form_is_made_once_and_kept() {
        let long = Unchanging::new(|| (Bytes::from("jpauto ".repeat(1_000)), "text/plain"));
        for (accept, encoding) in [
            ("gzip, br", Some("br")),
            ("br;q=0.1, gzip;q=0.9", Some("gzip")),
            ("gzip;q=0.2, *;q=0.3", Some("br")),
            ("gzip", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("identity, br;q=0.1", None),
            ("identity;q=0.1, gzip;q=0.5", Some("gzip")),
            ("identity, gzip", Some("gzip")),
            ("*", Some("br")),
            ("deflate", None),
        ] {
            let answer = long.answer(&accepting(&[accept])).await.unwrap();
            let found = answer.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(found.as_deref(), encoding);
            let first = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(first.len() < 1_000, encoding.is_some());
            let second = long.answer(&accepting(&[accept])).await.unwrap();
            let second = second.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(first.as_ptr(), second.as_ptr(), "nothing is compressed again");
        }
    }
}
