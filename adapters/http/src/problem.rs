//! Failures as RFC 9457 problem documents.
//!
//! Every problem has a code of the library's catalogue ([`jpauto::ErrorCode`]). `status_of` maps each code to a status, and
//! nothing else does. A handler returns a [`Problem`]; the middleware writes the document, because only the middleware knows
//! the id of the request. For a status of 500 and above the client gets a general text: the messages of such errors may
//! name files, hosts, tables and values of the configuration. The log has them.

use std::{
    borrow::Cow,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use jpauto::{ErrorCode, ErrorKind, FieldError};
use serde::Serialize;
use warp::{
    Reply,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    reply::Response,
};

use crate::page;

/// The start of `type`; the code follows. `.example` is a reserved domain, so this stays valid wherever the server runs.
const TYPE_BASE: &str = "https://jpauto.example/errors/";

/// `Retry-After` of a 503 if the failure itself does not say.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// A failure on its way to the client.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    pub(crate) code: ErrorCode,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status: status_of(code), code, detail: detail.into(), errors: Vec::new(), headers: Vec::new() }
    }

    /// A problem with the fields or parameters at fault.
    pub(crate) fn invalid(code: ErrorCode, errors: Vec<FieldError>) -> Self {
        let detail: Cow<'static, str> = match errors.as_slice() {
            [only] if only.pointer.is_empty() => only.message.clone().into(),
            [only] => format!("{}: {}", only.pointer.trim_start_matches('/'), only.message).into(),
            _ => "some fields are not acceptable".into(),
        };
        Self { errors, ..Self::new(code, detail) }
    }

    /// The same without what is for those who look after the server: the names of the configuration.
    pub(crate) fn for_the_public(mut self) -> Self {
        if self.code == ErrorCode::NotConfigured {
            tracing::info!(detail = %self.detail, "the public asked for something that is not configured");
            self.detail = "this server does not offer it".into();
        }
        self
    }

    /// Whether it may say something of the request that only who may make it should learn.
    pub(crate) fn is_about_what_was_sent(&self) -> bool {
        matches!(self.code.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound)
    }

    /// 404 for a path that does not exist.
    pub(crate) fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "there is nothing at this path")
    }

    /// 405 with the methods that the path takes.
    pub(crate) fn method_not_allowed(allow: &str) -> Self {
        Self::new(ErrorCode::MethodNotAllowed, format!("this path takes {allow}")).with_header(ALLOW, allow)
    }

    /// 401 for a request that needs a role.
    pub(crate) fn not_signed_in() -> Self {
        Self::new(ErrorCode::NotSignedIn, "sign in as a member of staff to do this").challenging()
    }

    /// 500 without any detail. The log has the reason.
    pub(crate) fn internal() -> Self {
        Self::new(ErrorCode::InternalError, general_detail(ErrorKind::Internal))
    }

    /// 503 for a server that is full.
    pub(crate) fn overloaded(retry_after: Duration) -> Self {
        Self::new(ErrorCode::Overloaded, "the server is busy; nothing was done").retry_after(retry_after)
    }

    /// The same failure as 503. Readiness reports every failure so.
    pub(crate) fn into_unavailable(mut self) -> Self {
        self.status = StatusCode::SERVICE_UNAVAILABLE;
        let says_when = self.headers.iter().any(|(name, _)| name == RETRY_AFTER);
        if says_when { self } else { self.retry_after(TRY_AGAIN_AFTER) }
    }

    /// A page for a person, with what to do and the id of the request.
    pub(crate) fn into_page(self, request_id: &str, what_now: &str) -> Response {
        let [detail, remedy, id] = [&self.detail, self.code.remedy(), request_id].map(page::escaped);
        let body = format!("<p>{detail}.\n<p>{remedy}\n{what_now}\n<p><small>{} · {id}</small>", self.code);
        let mut response = page::page(self.status, self.code.sentence(), &body);
        response.headers_mut().extend(self.headers.into_iter().map(|(name, value)| (Some(name), value)));
        response
    }

    /// 400 or another status of a request that is none.
    pub(crate) fn malformed_request(status: StatusCode) -> Self {
        let detail = match status {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                "the header of the request is too long, or there are too many"
            }
            _ => "this is no request of HTTP",
        };
        Self { status, ..Self::new(ErrorCode::MalformedRequest, detail) }
    }

    /// The text of the document, with the id of the request.
    pub(crate) fn text(&self, request_id: &str) -> Vec<u8> {
        let document = Document {
            r#type: type_of(self.code),
            title: self.code.sentence(),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            instance: request_id,
            errors: &self.errors,
        };
        // Only strings and a number, which always become JSON.
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// The document, with the id of the request.
    pub(crate) fn into_document(self, request_id: &str) -> Response {
        let text = self.text(request_id);
        let mut response = warp::http::Response::new(Bytes::from(text)).into_response();
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers.into_iter().map(|(name, value)| (Some(name), value)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }

    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with_header(RETRY_AFTER, &seconds.max(1).to_string())
    }

    /// A 401 must name a scheme (RFC 6750). There is no registered name for the cookie of a session.
    pub(crate) fn challenging(self) -> Self {
        let challenge = match self.code {
            ErrorCode::TokenRefused => "Bearer realm=\"jpauto\", error=\"invalid_token\"",
            _ => "Bearer realm=\"jpauto\"",
        };
        self.with_header(WWW_AUTHENTICATE, challenge)
    }

    fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl Reply for Problem {
    /// Carries the problem to the middleware, which writes the document.
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

impl From<jpauto::Error> for Problem {
    fn from(error: jpauto::Error) -> Self {
        let code = error.error_code();
        let status = status_of(code);
        if status.is_server_error() {
            note(&error);
            let problem = Self::new(code, general_detail(error.kind()));
            return match status {
                StatusCode::SERVICE_UNAVAILABLE => problem.retry_after(error.retry_after().unwrap_or(TRY_AGAIN_AFTER)),
                _ => problem,
            };
        }
        let problem = Self { errors: error.fields().to_vec(), ..Self::new(code, error.to_string()) };
        match (status, error.retry_after()) {
            (StatusCode::UNAUTHORIZED, _) => problem.challenging(),
            (StatusCode::TOO_MANY_REQUESTS, wait) => problem.retry_after(wait.unwrap_or(TRY_AGAIN_AFTER)),
            (_, Some(wait)) => problem.retry_after(wait),
            _ => problem,
        }
    }
}

/// How long requests that find no database are told of together.
const TOGETHER: Duration = Duration::from_secs(10);

/// Writes a failure that is not the client's into the log. While the database is away each request fails, and who makes the connections
/// has told why. So those failures are told of now and then, with their number.
fn note(error: &jpauto::Error) {
    static UNREACHABLE: Mutex<Together> = Mutex::new(Together::NOTHING);
    if error.error_code() != ErrorCode::DatabaseUnavailable {
        tracing::error!(?error, code = error.code(), "a request failed");
        return;
    }
    let told = UNREACHABLE.lock().unwrap_or_else(PoisonError::into_inner).add(Instant::now());
    match told {
        Some(requests) => tracing::warn!(requests, reason = %error, code = error.code(), "requests found no database"),
        None => tracing::debug!(?error, code = error.code(), "a request failed"),
    }
}

/// Failures that are told of together.
struct Together {
    told_at: Option<Instant>,
    last_at: Option<Instant>,
    untold: u64,
}

impl Together {
    const NOTHING: Self = Self { told_at: None, last_at: None, untold: 0 };

    /// Counts one, and answers how many there were since the last time where it is time to tell.
    fn add(&mut self, now: Instant) -> Option<u64> {
        let is_lately = |at: Option<Instant>| at.is_some_and(|at| now.saturating_duration_since(at) < TOGETHER);
        if !is_lately(self.last_at) {
            // Those were of another outage.
            self.untold = 0;
        }
        self.last_at = Some(now);
        self.untold += 1;
        if is_lately(self.told_at) {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

/// The one place where codes become statuses: by their kind, and a few by themselves. `docs/errors.md` lists both.
pub(crate) fn status_of(code: ErrorCode) -> StatusCode {
    match (code, code.kind()) {
        (
            ErrorCode::MalformedRequest | ErrorCode::MalformedJson | ErrorCode::InvalidQuery | ErrorCode::BodyBrokenOff,
            _,
        ) => StatusCode::BAD_REQUEST,
        (ErrorCode::MethodNotAllowed, _) => StatusCode::METHOD_NOT_ALLOWED,
        (ErrorCode::BodyTooSlow, _) => StatusCode::REQUEST_TIMEOUT,
        (ErrorCode::VersionChanged, _) => StatusCode::PRECONDITION_FAILED,
        (ErrorCode::BodyTooLarge, _) => StatusCode::PAYLOAD_TOO_LARGE,
        (ErrorCode::UnsupportedMediaType, _) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        (ErrorCode::DeadlinePassed, _) => StatusCode::GATEWAY_TIMEOUT,
        // The operator must deal with these. A load balancer should ask another server.
        (ErrorCode::DatabaseReadOnly | ErrorCode::DatabaseOutdated | ErrorCode::DatabaseNewer, _) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        (_, ErrorKind::InvalidInput) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, ErrorKind::NotFound) => StatusCode::NOT_FOUND,
        (_, ErrorKind::Conflict | ErrorKind::Refused) => StatusCode::CONFLICT,
        (_, ErrorKind::Unauthenticated) => StatusCode::UNAUTHORIZED,
        (_, ErrorKind::Forbidden) => StatusCode::FORBIDDEN,
        (_, ErrorKind::RateLimited) => StatusCode::TOO_MANY_REQUESTS,
        (_, ErrorKind::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        // A kind of a later release is not the client's fault either.
        (_, ErrorKind::Misconfigured | ErrorKind::Internal | _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The address that stands for a code.
pub(crate) fn type_of(code: ErrorCode) -> String {
    format!("{TYPE_BASE}{code}")
}

/// What a client is told of a failure that is not its own.
fn general_detail(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Internal | ErrorKind::Misconfigured => {
            "something went wrong on our side; the request's id leads to the reason in the log"
        }
        _ => "something that this needs does not answer now; try again later",
    }
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: ErrorCode,
    detail: &'a str,
    instance: &'a str,
    errors: &'a [FieldError],
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use http_body_util::BodyExt as _;
    use jpauto::{Actor, Config, Dealership, FetchConfig, NewUser, NewVehicle, PageRequest, Role, VehicleId};

    use super::*;

    #[tokio::test]
    async fn each_kind_of_error_has_its_status_and_tells_nothing_of_the_inside() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        let dealership = Dealership::open(&url).unwrap();
        let system = dealership.acting_as(Actor::system());
        let viewer = system
            .users()
            .add(&NewUser { email: "v@example.com".into(), name: "V".into(), role: Role::Viewer, ..NewUser::default() })
            .unwrap();
        let vehicle = NewVehicle {
            year: 2019,
            make: "Kia".into(),
            model: "Rio".into(),
            vin: "2T1BURHE0FC000001".into(),
            price: jpauto::Money::from_dollars(9_000),
            mileage: 50_000,
            ..NewVehicle::default()
        };
        let unknown = VehicleId::from_uuid(uuid::Uuid::nil());
        let page = PageRequest::default();
        system.inventory().add(&vehicle).unwrap();
        let read_only = Dealership::with_config(Config::new(&url).read_only()).unwrap();
        let mut fetch = FetchConfig::new("webmaster@motors.example");
        fetch.pause = Duration::MAX;
        let mut impatient = Config::new(&url);
        impatient.fetch = Some(fetch);
        for (error, status, code, retry_after) in [
            (system.inventory().add(&NewVehicle::default()).unwrap_err(), 422, "invalid_vehicle", None),
            (system.inventory().get(unknown).unwrap_err(), 404, "vehicle_not_found", None),
            (system.inventory().add(&vehicle).unwrap_err(), 409, "duplicate_vin", None),
            (dealership.acting_as(Actor::public()).users().list(&page).unwrap_err(), 401, "not_signed_in", None),
            (dealership.acting_as(Actor::user(viewer.id)).users().list(&page).unwrap_err(), 403, "forbidden", None),
            (Dealership::open(format!("{url}/none/x.db")).unwrap_err(), 503, "database_unavailable", Some("5")),
            (Dealership::with_config(impatient).unwrap_err(), 500, "invalid_pause", None),
            (
                read_only.acting_as(Actor::system()).inventory().relist(unknown).unwrap_err(),
                503,
                "database_read_only",
                Some("5"),
            ),
        ] {
            let response = Problem::from(error).into_document("id");
            assert_eq!(response.status().as_u16(), status, "{code}");
            let told = response.headers().get(RETRY_AFTER).map(|seconds| seconds.to_str().unwrap().to_owned());
            assert_eq!(told.as_deref(), retry_after, "{code}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert!(text.contains(&format!("\"code\":\"{code}\"")), "{text}");
            assert!(!["lot.db", "migrat", "/pause"].iter().any(|inside| text.contains(inside)), "{text}");
        }
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_as_none() {
        for (wait, told) in [(Duration::ZERO, "1"), (Duration::from_millis(1_001), "2"), (Duration::from_secs(3), "3")]
        {
            let response = Problem::overloaded(wait).into_document("id");
            assert_eq!(response.headers()[RETRY_AFTER], told);
        }
    }

    #[test]
    fn failures_of_one_cause_are_told_of_together() {
        let (mut together, start) = (Together::NOTHING, Instant::now());
        let told: Vec<_> = (0..300).filter_map(|at| together.add(start + Duration::from_millis(100 * at))).collect();
        assert_eq!(told, [1, 100, 100]);
        assert_eq!(together.add(start + Duration::from_secs(3_600)), Some(1), "the rest was of another outage");
    }

    #[test]
    fn every_status_is_the_documented_one() {
        let document = include_str!("../../../docs/errors.md");
        let status_in = |start: String| {
            let row = document.lines().find(|line| line.starts_with(&start))?;
            row.split('|').nth(3)?.trim().parse::<u16>().ok()
        };
        for code in ErrorCode::ALL {
            let kind = status_in(format!("| `{}` |", code.kind().as_str()));
            let own = status_in(format!("| [`{code}`](#{code}) |"));
            assert_eq!(own.or(kind), Some(status_of(*code).as_u16()), "{code}");
        }
    }
}
