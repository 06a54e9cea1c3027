//! Reads the query and the JSON body of a request, within limits, and names every fault.
//!
//! Whether the values are acceptable is for the library to say.

use std::{str::FromStr, time::Duration};

use bytes::{Buf, BufMut as _, BytesMut};
use futures_util::{Stream, StreamExt as _};
use jpauto::{ErrorCode, FieldError, Money, PageRequest};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use tokio::time::timeout;
use warp::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderMap};

use crate::problem::Problem;

/// How many faults one answer names. A hostile query may have thousands.
const MOST_FAULTS: usize = 20;

/// A message may quote what was sent, up to this length in bytes.
const LONGEST_MESSAGE: usize = 300;

/// The limits of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyLimits {
    /// The largest body that is read, in bytes (1 MiB).
    pub largest: usize,
    /// How long a client may take to send the body (8 s).
    pub read_timeout: Duration,
    /// How much of a larger body is read and discarded, in bytes (32 MiB). Without this, the connection would break while the
    /// client sends, and the client would not see the answer.
    pub most_discarded: usize,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { largest: 1 << 20, read_timeout: Duration::from_secs(8), most_discarded: 32 << 20 }
    }
}

/// The parameters of a query, taken one by one. Those that are left at the end are unknown.
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
    faults: Vec<FieldError>,
}

impl Parameters {
    /// Reads a query as forms write it. An empty value counts as not given.
    pub(crate) fn parse(query: &str) -> Self {
        let mut parameters = Self { pairs: Vec::new(), faults: Vec::new() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if value.contains('\0') {
                // PostgreSQL has no text with NUL.
                parameters.fault(&name, "holds a NUL character");
            } else if !value.is_empty() || name == "after" {
                parameters.pairs.push((name, value));
            }
        }
        parameters
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self.every(name);
        if values.len() > 1 {
            self.fault(name, "is given more than once");
        }
        values.pop()
    }

    pub(crate) fn whole_number(&mut self, name: &str) -> Option<i32> {
        self.read(name, |text| text.parse().map_err(|_reason| "expected a whole number".to_owned()))
    }

    pub(crate) fn money(&mut self, name: &str) -> Option<Money> {
        self.read(name, |text| text.parse().map_err(|reason: jpauto::InvalidMoney| reason.to_string()))
    }

    pub(crate) fn truth(&mut self, name: &str) -> Option<bool> {
        self.read(name, |text| text.parse().map_err(|_reason| "expected true or false".to_owned()))
    }

    /// One word of a closed set.
    pub(crate) fn word<T: FromStr<Err = jpauto::Error>>(&mut self, name: &str) -> Option<T> {
        self.read(name, read_word)
    }

    /// Any number of words of a closed set. The parameter is repeated for each.
    pub(crate) fn words<T: FromStr<Err = jpauto::Error>>(&mut self, name: &str) -> Vec<T> {
        let mut words = Vec::new();
        for value in self.every(name) {
            match read_word(&value) {
                Ok(word) => words.push(word),
                Err(message) => self.fault(name, message),
            }
        }
        words
    }

    /// Which page is asked for, by `limit` and `after`.
    pub(crate) fn page(&mut self) -> PageRequest {
        let limit = self.read("limit", |text| match text.parse::<u32>() {
            Ok(limit) if (1..=PageRequest::MAX_LIMIT).contains(&limit) => Ok(limit),
            _ => Err(format!("expected a whole number from 1 to {}", PageRequest::MAX_LIMIT)),
        });
        let page = limit.map_or_else(PageRequest::default, PageRequest::first);
        match self.text("after") {
            Some(cursor) => page.after(cursor),
            None => page,
        }
    }

    /// # Errors
    /// `invalid_query` with every parameter that is unknown or malformed.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.fault(&name, "is no parameter of this list");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::invalid(ErrorCode::InvalidQuery, self.faults)) }
    }

    fn read<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match read(&self.text(name)?) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(name, message);
                None
            }
        }
    }

    fn every(&mut self, name: &str) -> Vec<String> {
        self.pairs.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    fn fault(&mut self, name: &str, message: impl Into<String>) {
        if self.faults.len() < MOST_FAULTS {
            let pointer = pointer_to([cut(name, LONGEST_MESSAGE)]);
            self.faults.push(FieldError { pointer, message: message.into() });
        }
    }
}

fn read_word<T: FromStr<Err = jpauto::Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: jpauto::Error| match error.fields() {
        [field, ..] => field.message.clone(),
        [] => error.to_string(),
    })
}

/// The query of the next page: the same query with another cursor.
pub(crate) fn query_after(query: &str, cursor: &str) -> String {
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "after");
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair("after", cursor).finish()
}

/// Reads a JSON object.
///
/// # Errors
/// `unsupported_media_type`, `body_too_large`, `body_too_slow`, `malformed_json`; `invalid_body` with the field that is unknown
/// or has the wrong type.
pub(crate) async fn read_json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    limits: &BodyLimits,
) -> Result<T, Problem> {
    must_be_json(headers)?;
    let bytes = timeout(limits.read_timeout, read_body(headers, body, limits)).await.map_err(|_elapsed| {
        let message = format!("the body did not come within {} seconds", limits.read_timeout.as_secs());
        Problem::new(ErrorCode::BodyTooSlow, message)
    })??;
    parse_json(&bytes)
}

/// Requires JSON. A browser sends other types from a foreign page without asking first, so this keeps such requests out.
fn must_be_json(headers: &HeaderMap) -> Result<(), Problem> {
    let text_of = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let media_type = text_of(CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let encoding = text_of(CONTENT_ENCODING).unwrap_or("identity");
    if media_type.eq_ignore_ascii_case("application/json") && encoding.eq_ignore_ascii_case("identity") {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::UnsupportedMediaType, "expected a body of type application/json, not compressed"))
}

async fn read_body(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    limits: &BodyLimits,
) -> Result<BytesMut, Problem> {
    let too_large = || {
        let message = format!("at most {} bytes are read", limits.largest);
        Problem::new(ErrorCode::BodyTooLarge, message)
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.largest) && headers.contains_key(EXPECT) {
        // The client waits for permission to send the body.
        return Err(too_large());
    }
    let mut body = std::pin::pin!(body);
    let mut bytes = BytesMut::new();
    let mut seen = 0_usize;
    while let Some(chunk) = body.next().await {
        let chunk =
            chunk.map_err(|_reason| Problem::new(ErrorCode::BodyBrokenOff, "the body ended before it was complete"))?;
        seen = seen.saturating_add(chunk.remaining());
        if seen <= limits.largest {
            bytes.put(chunk);
        } else if seen > limits.most_discarded {
            break;
        }
    }
    if seen > limits.largest { Err(too_large()) } else { Ok(bytes) }
}

fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|fault| refused(fault.path(), fault.inner()))?;
    json.end().map_err(|reason| malformed(&reason))?;
    // Serde would also accept a list of the values in the order of the fields.
    let is_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if is_object { Ok(read) } else { Err(invalid_body(String::new(), "expected a JSON object".to_owned())) }
}

fn refused(path: &serde_path_to_error::Path, reason: &serde_json::Error) -> Problem {
    if !reason.is_data() {
        return malformed(reason);
    }
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    });
    let text = reason.to_string();
    let place = format!(" at line {} column {}", reason.line(), reason.column());
    let message = text.strip_suffix(&place).unwrap_or(&text);
    invalid_body(pointer_to(segments.map(|segment| cut(&segment, LONGEST_MESSAGE))), cut(message, LONGEST_MESSAGE))
}

fn malformed(reason: &serde_json::Error) -> Problem {
    let message = format!("the body is no JSON: {reason}");
    Problem::new(ErrorCode::MalformedJson, message)
}

fn invalid_body(pointer: String, message: String) -> Problem {
    Problem::invalid(ErrorCode::InvalidBody, vec![FieldError { pointer, message }])
}

/// RFC 6901.
fn pointer_to(segments: impl IntoIterator<Item = String>) -> String {
    segments.into_iter().map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1"))).collect()
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jpauto::{NewSubmission, VehicleSort, VehicleStatus};
    use serde_json::{Value, json};

    use super::*;

    async fn told(problem: Problem) -> Value {
        use http_body_util::BodyExt as _;
        let body = problem.into_document("id").into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }

    #[tokio::test]
    async fn every_parameter_at_fault_is_named_at_once() {
        let mut query = Parameters::parse(
            "colour=red&year_min=old&price_max=1.234&featured=yes&status=gone&make=A&make=B&limit=0&a/b=~&q=%00",
        );
        assert_eq!(query.whole_number("year_min"), None);
        assert_eq!(query.money("price_max"), None);
        assert_eq!(query.truth("featured"), None);
        assert_eq!(query.words::<VehicleStatus>("status"), []);
        query.text("make");
        query.page();
        insta::assert_json_snapshot!(told(query.finish().unwrap_err()).await["errors"], @r#"
        [
          {
            "message": "holds a NUL character",
            "pointer": "/q"
          },
          {
            "message": "expected a whole number",
            "pointer": "/year_min"
          },
          {
            "message": "expected an amount in dollars with at most two decimal places, such as 13500.00",
            "pointer": "/price_max"
          },
          {
            "message": "expected true or false",
            "pointer": "/featured"
          },
          {
            "message": "expected one of available pending hold sold unknown",
            "pointer": "/status"
          },
          {
            "message": "is given more than once",
            "pointer": "/make"
          },
          {
            "message": "expected a whole number from 1 to 500",
            "pointer": "/limit"
          },
          {
            "message": "is no parameter of this list",
            "pointer": "/colour"
          },
          {
            "message": "is no parameter of this list",
            "pointer": "/a~1b"
          }
        ]
        "#);
    }

    #[test]
    fn good_parameters_are_read_and_blank_ones_left_out() {
        let mut query =
            Parameters::parse("make=Land+Rover&status=available&status=pending&sort=-price&limit=7&q=&year_min=");
        assert_eq!(query.text("make").as_deref(), Some("Land Rover"));
        assert_eq!(query.words::<VehicleStatus>("status"), [VehicleStatus::Available, VehicleStatus::Pending]);
        assert_eq!(query.word("sort"), Some(VehicleSort::PriceDescending));
        assert_eq!(query.page(), PageRequest::first(7));
        query.finish().unwrap();
        assert_eq!(Parameters::parse("after=").page(), PageRequest::default().after(""));
    }

    #[tokio::test]
    async fn a_hostile_query_is_answered_with_few_faults() {
        let query = Parameters::parse(&"a&b=1&".repeat(5_000));
        assert_eq!(told(query.finish().unwrap_err()).await["errors"].as_array().unwrap().len(), MOST_FAULTS);
    }

    #[test]
    fn the_next_query_keeps_all_but_the_cursor() {
        assert_eq!(query_after("make=Land+Rover&after=old&q=a%26b", "n_-"), "make=Land+Rover&q=a%26b&after=n_-");
        assert_eq!(query_after("", "next"), "after=next");
    }

    #[tokio::test]
    async fn a_body_is_read_or_its_fault_is_named() {
        let long = "x".repeat(5_000);
        for (body, status, code, pointer) in [
            ("", 400, "malformed_json", None),
            ("{", 400, "malformed_json", None),
            ("{\"year\": 2019,}", 400, "malformed_json", None),
            ("{} {}", 400, "malformed_json", None),
            ("\u{feff}{}", 400, "malformed_json", None),
            ("{\"make\": \"\\ud800\"}", 400, "malformed_json", None),
            (&"[".repeat(100_000), 422, "invalid_body", Some("/0")),
            (&format!("{{\"images\": {}", "[".repeat(100_000)), 422, "invalid_body", Some("/images/0")),
            ("[2019, \"Toyota\", \"Camry\"]", 422, "invalid_body", Some("")),
            ("\"Toyota\"", 422, "invalid_body", Some("")),
            ("{\"colour\": 1}", 422, "invalid_body", Some("/colour")),
            ("{\"year\": \"new\"}", 422, "invalid_body", Some("/year")),
            ("{\"year\": 1e99}", 422, "invalid_body", Some("/year")),
            ("{\"images\": [\"a\", 1]}", 422, "invalid_body", Some("/images/1")),
            ("{\"asking_price\": 1.005}", 422, "invalid_body", Some("/asking_price")),
            ("{\"year\": 2019, \"year\": 2020}", 422, "invalid_body", Some("")),
            (&format!("{{\"year\": \"{long}\"}}"), 422, "invalid_body", Some("/year")),
        ] {
            let shown: String = body.chars().take(40).collect();
            let problem = told(parse_json::<NewSubmission>(body.as_bytes()).unwrap_err()).await;
            assert_eq!(problem["status"], status, "{shown} {problem}");
            assert_eq!(problem["code"], code, "{shown}");
            assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{shown} {problem}");
            assert!(problem.to_string().len() < 2_000, "{shown}");
        }
        let read: NewSubmission =
            parse_json(json!({"year": 2019, "asking_price": 1.5}).to_string().as_bytes()).unwrap();
        assert_eq!((read.year, read.asking_price), (2019, Some(Money::from_cents(150))));
    }
}
