//! Reads the JSON body of a request, within limits, and names every fault.
//!
//! Whether the values are acceptable is for the library to say.

use std::{fmt, marker::PhantomData, time::Duration};

use bytes::{Buf, BufMut as _, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use jpauto::{ErrorCode, FieldError};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_path_to_error::Segment;
use tokio::time::{Instant, timeout};
use warp::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderMap};

use crate::problem::Problem;

/// A message may quote what was sent, up to this length in bytes.
pub(crate) const LONGEST_MESSAGE: usize = 300;

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
    /// The largest file that is read, such as a list of vehicles to import, in bytes (64 MiB).
    pub largest_file: usize,
    /// How long a client may take to send a file (60 s). It may also not stop for longer than `read_timeout`.
    pub file_timeout: Duration,
    /// The bytes of a file that a client must send in a second on average, after the first `read_timeout` (8 KiB).
    pub least_pace: usize,
}

/// The limits of one body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    largest: usize,
    /// How long a client may take for all of it.
    longest: Duration,
    most_discarded: usize,
    /// How long it may send nothing.
    longest_pause: Duration,
    /// Bytes in a second, after the first pause.
    least_pace: usize,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            largest: 1 << 20,
            read_timeout: Duration::from_secs(8),
            most_discarded: 32 << 20,
            largest_file: 64 << 20,
            file_timeout: Duration::from_secs(60),
            least_pace: 8 << 10,
        }
    }
}

impl BodyLimits {
    /// The limits of a usual body.
    pub(crate) fn usual(self) -> Reading {
        Reading {
            largest: self.largest,
            longest: self.read_timeout,
            most_discarded: self.most_discarded,
            longest_pause: self.read_timeout,
            least_pace: self.least_pace,
        }
    }

    /// The limits of a body that may be as large as a file.
    pub(crate) fn of_files(self) -> Reading {
        Reading { largest: self.largest_file, longest: self.file_timeout, ..self.usual() }
    }
}

/// Reads a JSON object.
///
/// # Errors
/// `unsupported_media_type`, `body_too_large`, `body_too_slow`, `malformed_json`; `invalid_body` with the field that is unknown
/// or has the wrong type.
pub(crate) async fn read_json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    limits: &Reading,
) -> Result<T, Problem> {
    must_be_json(headers)?;
    parse_json(&read(headers, body, limits).await?)
}

/// Reads a body.
///
/// # Errors
/// `body_too_large`, `body_too_slow`, `body_broken_off`.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    limits: &Reading,
) -> Result<Bytes, Problem> {
    let bytes = timeout(limits.longest, read_body(headers, body, limits)).await.map_err(|_elapsed| {
        let message = format!("the body did not come within {} seconds", limits.longest.as_secs());
        Problem::new(ErrorCode::BodyTooSlow, message)
    })??;
    Ok(bytes.freeze())
}

impl Reading {
    /// The same for a body of this size, for which the client may take this time.
    pub(crate) fn of(self, largest: usize, longest: Duration) -> Self {
        Self { largest, longest, ..self }
    }

    /// How long to wait for the next bytes. `came` is the number of bytes so far, and `took` the time that they took.
    fn patience(&self, came: usize, took: Duration) -> Duration {
        let by_pace = Duration::from_secs_f64(came as f64 / self.least_pace.max(1) as f64);
        (self.longest_pause + by_pace).saturating_sub(took).min(self.longest_pause)
    }
}

/// Requires JSON. A browser sends other types from a foreign page without asking first, so this keeps such requests out.
fn must_be_json(headers: &HeaderMap) -> Result<(), Problem> {
    must_be(headers, &["application/json"])
}

/// Requires one of these media types.
///
/// # Errors
/// `unsupported_media_type`.
pub(crate) fn must_be(headers: &HeaderMap, media_types: &[&str]) -> Result<(), Problem> {
    let text_of = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let media_type = text_of(CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let encoding = text_of(CONTENT_ENCODING).unwrap_or("identity");
    let is_taken = media_types.iter().any(|taken| media_type.eq_ignore_ascii_case(taken));
    if is_taken && encoding.eq_ignore_ascii_case("identity") {
        return Ok(());
    }
    let message = format!("expected a body of type {}, not compressed", media_types.join(" or "));
    Err(Problem::new(ErrorCode::UnsupportedMediaType, message))
}

async fn read_body(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
    limits: &Reading,
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
    let (began, mut seen) = (Instant::now(), 0_usize);
    let too_slow = |_elapsed| Problem::new(ErrorCode::BodyTooSlow, "the body comes too slowly");
    while let Some(chunk) = timeout(limits.patience(seen, began.elapsed()), body.next()).await.map_err(too_slow)? {
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
    let read = serde_path_to_error::deserialize(&mut json).map_err(|fault| {
        // Where a word is expected and no text stands there, serde says that it is no JSON.
        let is_json = fault.inner().is_data() || serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
        if is_json { refused(fault.path(), fault.inner()) } else { malformed(fault.inner()) }
    })?;
    json.end().map_err(|reason| malformed(&reason))?;
    // Serde would also accept a list of the values in the order of the fields.
    let is_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if is_object { Ok(read) } else { Err(invalid_body(String::new(), "expected a JSON object".to_owned())) }
}

/// Reads a list of objects. Serde would also accept a list of the values of each in the order of its fields.
///
/// # Errors
/// What is wrong with the first that is none.
pub(crate) fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(list: D) -> Result<Vec<T>, D::Error> {
    Ok(Vec::<Object<T>>::deserialize(list)?.into_iter().map(|object| object.0).collect())
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_map(Members(PhantomData)).map(Self)
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

fn refused(path: &serde_path_to_error::Path, reason: &serde_json::Error) -> Problem {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    });
    let text = reason.to_string();
    let place = format!(" at line {} column {}", reason.line(), reason.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    // Serde says of the object that it lacks a member. A client wants to know which one.
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let message = match (reason.is_data(), missing) {
        (true, None) => plain(text),
        (true, Some(_)) => "is missing".to_owned(),
        (false, _) => "expected a text, one of the words of this field".to_owned(),
    };
    let segments = segments.chain(missing.map(ToOwned::to_owned));
    invalid_body(pointer_to(segments.map(|segment| cut(&segment, LONGEST_MESSAGE))), cut(&message, LONGEST_MESSAGE))
}

/// What serde says, in the words of JSON and not in those of Rust.
fn plain(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let expected = match expected {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "f32" | "f64" => "a number",
        "a string" | "a borrowed string" | "a character" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    let found = found.strip_prefix("invalid type: ").or(found.strip_prefix("invalid value: ")).unwrap_or(found);
    let found = match found.split_once(' ') {
        _ if found == "null" => "nothing (null), which this can not be".to_owned(),
        _ if found == "map" => "an object".to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        Some(("integer", value)) => format!("the number {value}"),
        Some(("boolean", value)) => value.to_owned(),
        Some(("string", value)) => format!("the text {value}"),
        Some(("floating", value)) => format!("the number {}", value.trim_start_matches("point ")),
        _ => found.to_owned(),
    };
    format!("expected {expected}, not {}", found.replace('`', ""))
}

fn malformed(reason: &serde_json::Error) -> Problem {
    let message = format!("the body is no JSON: {reason}");
    Problem::new(ErrorCode::MalformedJson, message)
}

fn invalid_body(pointer: String, message: String) -> Problem {
    Problem::invalid(ErrorCode::InvalidBody, vec![FieldError { pointer, message }])
}
/// RFC 6901.
pub(crate) fn pointer_to(segments: impl IntoIterator<Item = String>) -> String {
    segments.into_iter().map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1"))).collect()
}

pub(crate) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
#[cfg(test)]
pub(crate) mod tests {
    use jpauto::{Money, NewSubmission};
    use serde_json::{Value, json};

    use super::*;

    pub(crate) async fn told(problem: Problem) -> Value {
        use http_body_util::BodyExt as _;
        let body = problem.into_document("id").into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_json() {
        for (body, message) in [
            ("{\"year\": 2019.0}", "expected a whole number, not the number 2019.0"),
            ("{\"year\": \"new\"}", "expected a whole number, not the text \"new\""),
            ("{\"year\": null}", "expected a whole number, not nothing (null), which this can not be"),
            ("{\"year\": 99999999999}", "expected a whole number, not the number 99999999999"),
            ("{\"make\": 7}", "expected a text, not the number 7"),
            ("{\"make\": {}}", "expected a text, not an object"),
            ("{\"images\": true}", "expected a list, not true"),
        ] {
            let reason = serde_json::from_str::<NewSubmission>(body).unwrap_err().to_string();
            assert_eq!(plain(reason.split(" at line ").next().unwrap()), message, "{body}");
        }
    }

    #[tokio::test]
    async fn a_word_that_is_no_text_is_named() {
        for body in [
            "{\"role\": null}",
            "{\"role\": 5}",
            "{\"role\": [\"viewer\"]}",
            "{\"role\": {\"viewer\": null}}",
            "{\"role\": {}}",
        ] {
            let problem = parse_json::<jpauto::NewUser>(body.as_bytes()).unwrap_err();
            let told = told(problem).await;
            assert_eq!(
                (&told["code"], &told["errors"][0]["pointer"]),
                (&json!("invalid_body"), &json!("/role")),
                "{told}"
            );
        }
    }

    #[test]
    fn a_file_may_take_long_but_must_come_on() {
        let limits = BodyLimits::default().of_files();
        let second = Duration::from_secs;
        for (came, took, patience) in [(0, 0, 8), (1, 7, 1), (1, 9, 0), (64 << 10, 10, 6), (8 << 20, 50, 8)] {
            assert_eq!(
                limits.patience(came, second(took)).as_secs_f64().round() as u64,
                patience,
                "{came} in {took} s"
            );
        }
    }

    #[tokio::test]
    async fn a_list_of_objects_holds_nothing_else() {
        #[derive(Debug, Deserialize)]
        struct Offers {
            #[serde(deserialize_with = "objects")]
            offers: Vec<NewSubmission>,
        }
        for (body, pointer) in [
            ("{\"offers\": [{}, [2019, \"Toyota\"]]}", "/offers/1"),
            ("{\"offers\": [[]]}", "/offers/0"),
            ("{}", "/offers"),
            ("{\"offers\": [{\"year\": \"new\"}]}", "/offers/0/year"),
            ("{\"offers\": [{\"colour\": 1}]}", "/offers/0/colour"),
        ] {
            let problem = told(parse_json::<Offers>(body.as_bytes()).unwrap_err()).await;
            assert_eq!((&problem["code"], &problem["errors"][0]["pointer"]), (&json!("invalid_body"), &json!(pointer)));
        }
        let read: Offers = parse_json(b"{\"offers\": [{\"year\": 2019}]}").unwrap();
        assert_eq!(read.offers[0].year, 2019);
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
