//! How a failure is told over HTTP: RFC 9457 problem documents, made from the library's errors in one function.
//!
//! A handler answers a [`Problem`]; the door writes its text, because only the door knows the request's id. What is
//! deliberately not here: deciding that something fails.

use std::{borrow::Cow, time::Duration};

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

/// What `type` begins with; the code follows. A name that nobody can own, so that it stays true wherever this runs.
const TYPE_BASE: &str = "https://jpauto.example/errors/";

/// Refusals that the operator must deal with, and not the client.
const OF_THE_DATABASE: [ErrorCode; 3] =
    [ErrorCode::DatabaseReadOnly, ErrorCode::DatabaseOutdated, ErrorCode::DatabaseNewer];

/// When to come back where the failure itself does not say.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// A failure on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    pub(crate) code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), headers: Vec::new() }
    }

    /// 422 with the fields or parameters at fault.
    pub(crate) fn invalid(code: &'static str, errors: Vec<FieldError>) -> Self {
        let detail: Cow<'static, str> = match errors.as_slice() {
            [only] if only.pointer.is_empty() => only.message.clone().into(),
            [only] => format!("{}: {}", only.pointer.trim_start_matches('/'), only.message).into(),
            _ => "some fields are not acceptable".into(),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail) }
    }

    /// 404 for a path that leads nowhere.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path")
    }

    /// 405 with the methods that the path has.
    pub(crate) fn method_not_allowed(allow: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", format!("this path takes {allow}"))
            .with_header(ALLOW, allow)
    }

    /// 401: what is asked for takes a role.
    pub(crate) fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "sign in as a member of staff to do this").challenging()
    }

    /// 500, which says nothing of the inside; the log has the reason.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail_of_our_fault(ErrorKind::Internal))
    }

    /// 503 for a server that has enough to do.
    pub(crate) fn overloaded(retry_after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "the server is busy; nothing was done")
            .retry_after(retry_after)
    }

    /// The same failure as 503, which is how readiness tells any.
    pub(crate) fn into_unavailable(mut self) -> Self {
        self.status = StatusCode::SERVICE_UNAVAILABLE;
        let says_when = self.headers.iter().any(|(name, _)| name == RETRY_AFTER);
        if says_when { self } else { self.retry_after(TRY_AGAIN_AFTER) }
    }

    /// The document, with the id of the request that it answers.
    pub(crate) fn into_document(self, request_id: &str) -> Response {
        let document = Document {
            r#type: format!("{TYPE_BASE}{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            instance: request_id,
            errors: &self.errors,
        };
        // Strings and a number: there is nothing in it that JSON could refuse.
        let text = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = warp::http::Response::new(Bytes::from(text)).into_response();
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers.into_iter().map(|(name, value)| (Some(name), value)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }

    fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with_header(RETRY_AFTER, &seconds.max(1).to_string())
    }

    /// A 401 must name a scheme; ours is the session's cookie, which has no registered one.
    fn challenging(self) -> Self {
        self.with_header(WWW_AUTHENTICATE, "Session realm=\"jpauto\"")
    }

    fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl Reply for Problem {
    /// Carries the problem to the door, which writes it.
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

/// The one place where the library's errors become statuses.
impl From<jpauto::Error> for Problem {
    fn from(error: jpauto::Error) -> Self {
        let status = status_of(&error);
        if !status.is_server_error() {
            let problem =
                Self { errors: error.fields().to_vec(), ..Self::new(status, error.code(), error.to_string()) };
            return match (status, error.retry_after()) {
                (StatusCode::UNAUTHORIZED, _) => problem.challenging(),
                (_, Some(wait)) => problem.retry_after(wait),
                _ => problem,
            };
        }
        tracing::error!(?error, code = error.code(), "a request failed");
        let problem = Self::new(status, error.code(), detail_of_our_fault(error.kind()));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            problem.retry_after(error.retry_after().unwrap_or(TRY_AGAIN_AFTER))
        } else {
            problem
        }
    }
}

fn status_of(error: &jpauto::Error) -> StatusCode {
    match error.kind() {
        ErrorKind::InvalidInput => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        // A database that is outdated or read-only is the operator's to mend, not the client's.
        ErrorKind::Refused if OF_THE_DATABASE.contains(&error.error_code()) => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Refused => StatusCode::CONFLICT,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        // The kinds may grow; one that is not known here is no fault of the client's.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Messages of such errors may name files, hosts and tables.
fn detail_of_our_fault(kind: ErrorKind) -> &'static str {
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
    code: &'static str,
    detail: &'a str,
    instance: &'a str,
    errors: &'a [FieldError],
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use http_body_util::BodyExt as _;
    use jpauto::{Actor, Config, Dealership, NewUser, NewVehicle, PageRequest, Role, VehicleId};

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
            ..NewVehicle::default()
        };
        let unknown = VehicleId::from_uuid(uuid::Uuid::nil());
        let page = PageRequest::default();
        system.inventory().add(&vehicle).unwrap();
        let read_only = Dealership::with_config(Config::new(&url).read_only()).unwrap();
        for (error, status, code, retry_after) in [
            (system.inventory().add(&NewVehicle::default()).unwrap_err(), 422, "invalid_vehicle", None),
            (system.inventory().get(unknown).unwrap_err(), 404, "vehicle_not_found", None),
            (system.inventory().add(&vehicle).unwrap_err(), 409, "duplicate_vin", None),
            (dealership.acting_as(Actor::public()).users().list(&page).unwrap_err(), 401, "not_signed_in", None),
            (dealership.acting_as(Actor::user(viewer.id)).users().list(&page).unwrap_err(), 403, "forbidden", None),
            (Dealership::open(format!("{url}/none/x.db")).unwrap_err(), 503, "database_unavailable", Some("5")),
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
            assert!(!text.contains("lot.db") && !text.contains("migrat"), "{text}");
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
}
