//! What a handler gets of a request.

use std::{
    pin::Pin,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::Stream;
use jpauto::Version;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use warp::http::header::HeaderMap;

use crate::{
    answer,
    body::{self, BodyLimits, Reading},
    caller::Caller,
    problem::Problem,
    query::Parameters,
};

/// The body as it comes.
pub(crate) type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send>>;

/// One request for an operation.
pub(crate) struct Request {
    pub(crate) caller: Caller,
    pub(crate) headers: HeaderMap,
    /// As it was sent. Without a query it is empty.
    pub(crate) raw_query: String,
    pub(crate) path: String,
    pub(crate) ids: Ids,
    body: Mutex<Option<BodyStream>>,
    limits: BodyLimits,
    reading: Reading,
}

impl Request {
    pub(crate) fn new(
        caller: Caller,
        path: &str,
        raw_query: String,
        headers: HeaderMap,
        body: BodyStream,
        limits: BodyLimits,
    ) -> Self {
        let path = path.strip_suffix('/').unwrap_or(path).to_owned();
        Self {
            caller,
            headers,
            raw_query,
            path,
            ids: Ids::default(),
            body: Mutex::new(Some(body)),
            limits,
            reading: limits.usual(),
        }
    }

    /// The `{id}` of the path.
    ///
    /// # Errors
    /// `not_found` where it is malformed: nothing has such an id.
    pub(crate) fn id<T: FromStr>(&self) -> Result<T, Problem> {
        self.segment("id")
    }

    /// A parameter of the path.
    ///
    /// # Errors
    /// `not_found` where it is malformed.
    pub(crate) fn segment<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        let found = self.ids.0.iter().find(|(key, _)| *key == name);
        found.and_then(|(_, value)| value.parse().ok()).ok_or_else(Problem::not_found)
    }

    /// Reads the query.
    ///
    /// # Errors
    /// `invalid_query` with every parameter that is unknown or malformed.
    pub(crate) fn query<T>(&self, read: impl FnOnce(&mut Parameters) -> T) -> Result<T, Problem> {
        let mut parameters = Parameters::parse(&self.raw_query);
        let read = read(&mut parameters);
        parameters.finish().map(|()| read)
    }

    /// The versions upon which a change is made, by `If-Match`. `None` where any will do.
    pub(crate) fn if_match(&self) -> Option<Vec<Version>> {
        answer::versions_in(&self.headers)
    }

    /// Reads the body and leaves it for the handler.
    ///
    /// # Errors
    /// `body_too_large`, `body_too_slow`, `body_broken_off`.
    pub(crate) async fn body(&self) -> Result<Bytes, Problem> {
        let bytes = body::read(&self.headers, self.take_body(), &self.reading).await?;
        let again = bytes.clone();
        let stream: BodyStream = Box::pin(futures_util::stream::once(async { Ok(again) }));
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
        Ok(bytes)
    }

    /// Reads the body, which must be a JSON object. It can be read once.
    ///
    /// # Errors
    /// `unsupported_media_type`, `body_too_large`, `body_too_slow`, `malformed_json`; `invalid_body` with the field that is
    /// unknown or has the wrong type.
    pub(crate) async fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        body::read_json(&self.headers, self.take_body(), &self.reading).await
    }

    /// Reads a body of this size, for which the client may take its time.
    ///
    /// # Errors
    /// `body_too_large`, `body_too_slow`, `body_broken_off`.
    pub(crate) async fn bytes(&self, largest: usize, longest: Duration) -> Result<Bytes, Problem> {
        let limits = self.limits.of_files().of(largest, longest);
        body::read(&self.headers, self.take_body(), &limits).await
    }

    /// Reads the body, which must be a file of one of these media types.
    ///
    /// # Errors
    /// `unsupported_media_type`, `body_too_large`, `body_too_slow`, `body_broken_off`.
    pub(crate) async fn file(&self, media_types: &[&str]) -> Result<Bytes, Problem> {
        body::must_be(&self.headers, media_types)?;
        body::read(&self.headers, self.take_body(), &self.reading).await
    }

    /// The same, with a body that may be as large as a file.
    pub(crate) fn with_a_large_body(self) -> Self {
        Self { reading: self.limits.of_files(), ..self }
    }

    fn take_body(&self) -> BodyStream {
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        body.unwrap_or_else(|| Box::pin(futures_util::stream::empty()))
    }
}

/// The parameters of a path with their names.
#[derive(Debug, Default)]
pub(crate) struct Ids(Vec<(&'static str, String)>);

impl Ids {
    /// The parameters of a path that has the form of the pattern.
    pub(crate) fn of(pattern: &'static str, path: &str) -> Self {
        let pairs = pattern.split('/').zip(path.split('/'));
        let named = pairs.filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            Some((name, percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned()))
        });
        Self(named.collect())
    }

    /// Whether each id is a UUID.
    pub(crate) fn are_well_formed(&self) -> bool {
        self.0.iter().all(|(name, value)| *name != "id" || Uuid::parse_str(value).is_ok())
    }
}
