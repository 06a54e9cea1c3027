//! The table of all operations, and the way from a request to its handler.
//!
//! The table is the source of routing, permissions and the OpenAPI document. To add a noun:
//! 1. A file of its name with `pub(crate) const OPERATIONS: &[Operation]`, and its line in [`NOUNS`]. One row is
//!    `Operation::patch("/api/inventory/{id}", handler!(update)).permission(..).summary(..).body(shape::<VehicleUpdate>())`
//!    and what else `operation.rs` offers: `query`, `answers`, `errors`, `versioned`, `repeatable`.
//! 2. Its handlers: `async fn update(app: App, request: Request) -> Outcome`. `request.id()?`, `request.query(|query| ..)?` and
//!    `request.json().await?` read what was sent; `app.at_desk(&request.caller, move |desk| ..).await?` calls the library;
//!    `answer::one`, `page`, `created`, `done` and `nothing` write the answer.
//! 3. In core, `#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]` on the types that bodies and answers hold.
//! 4. The library decides. A handler compares nothing and has no defaults of its own.

use std::{collections::HashMap, sync::LazyLock};

use jpauto::{ErrorCode, Permission};
use warp::{
    Reply as _,
    http::{
        HeaderValue, Method, StatusCode,
        header::{ALLOW, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE},
    },
    reply::Response,
};

use crate::{
    activity, alerts,
    app::App,
    auth, competitors, docs, exports, health, imports, inventory, jobs, market,
    metrics::Route,
    notifications, openapi,
    operation::{Operation, Outcome, noun_of},
    problem::Problem,
    repeated::{self, IDEMPOTENCY_KEY},
    request::{Ids, Request},
    sightings, sign_in, storage, submissions, tokens, users, vin,
};

/// The operations of each noun.
pub(crate) const NOUNS: &[&[Operation]] = &[
    inventory::OPERATIONS,
    submissions::OPERATIONS,
    storage::OPERATIONS,
    users::OPERATIONS,
    tokens::OPERATIONS,
    auth::OPERATIONS,
    sign_in::OPERATIONS,
    vin::OPERATIONS,
    market::OPERATIONS,
    competitors::OPERATIONS,
    sightings::OPERATIONS,
    alerts::OPERATIONS,
    notifications::OPERATIONS,
    activity::OPERATIONS,
    exports::OPERATIONS,
    imports::OPERATIONS,
    jobs::OPERATIONS,
    health::OPERATIONS,
    openapi::OPERATIONS,
    docs::OPERATIONS,
];

/// Every operation.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    NOUNS.iter().copied().flatten()
}

/// A path of the table and its operations.
struct Path {
    segments: Vec<&'static str>,
    operations: Vec<&'static Operation>,
}

/// The paths by their noun and the number of their segments, so that a request is compared with few. Those with the fewest parameters
/// come first.
static BY_LENGTH: LazyLock<HashMap<(&'static str, usize), Vec<Path>>> = LazyLock::new(|| {
    let mut by_length: HashMap<_, Vec<Path>> = HashMap::new();
    for operation in operations() {
        let segments: Vec<_> = operation.path.split('/').collect();
        let paths = by_length.entry((operation.noun(), segments.len())).or_default();
        match paths.iter_mut().find(|path| path.segments == segments) {
            Some(path) => path.operations.push(operation),
            None => paths.push(Path { segments, operations: vec![operation] }),
        }
    }
    for paths in by_length.values_mut() {
        paths.sort_by_key(|path| path.segments.iter().filter(|segment| is_parameter(segment)).count());
    }
    by_length
});

/// Answers a request: by the operation with its method and path, with 405 or the options of a path that exists, or with 404.
pub(crate) async fn answer(app: App, method: Method, path: &str, request: Request) -> Response {
    let of_path = operations_of(path);
    let Some(first) = of_path.first() else { return Problem::not_found().into_response() };
    let mut response = answer_at(first, of_path, app, method, path, request).await;
    response.extensions_mut().insert(Route(first.path));
    response
}

async fn answer_at(
    first: &Operation,
    of_path: &[&'static Operation],
    app: App,
    method: Method,
    path: &str,
    mut request: Request,
) -> Response {
    let Some(operation) = of_path.iter().find(|operation| operation.method == method) else {
        let allow = allow(of_path);
        return match method {
            Method::OPTIONS => options(&allow),
            _ => Problem::method_not_allowed(&allow).into_response(),
        };
    };
    request.ids = Ids::of(first.path, path);
    handle(app, operation, request).await.unwrap_or_else(Problem::into_response)
}

/// Calls the operation. Who may not call it learns that, and not what is wrong with what was sent.
async fn handle(app: App, operation: &'static Operation, mut request: Request) -> Outcome {
    // Health and the documents of the API need no permission. Nobody is kept from signing in.
    let is_limited = operation.permission.is_some_and(|permission| permission != Permission::SignIn);
    if operation.method == Method::GET && is_limited {
        app.count_read(&request.caller).await?;
    }
    let Some(permission) = operation.permission.filter(|permission| permission.needs().is_some()) else {
        return called(app, operation, request).await;
    };
    request.caller.must_prove_something()?;
    let caller = request.caller.clone();
    let may = |app: App| async move { app.at_desk(&caller, move |desk| desk.must(permission)).await };
    if operation.large {
        may(app.clone()).await?;
        request = request.with_a_large_body();
        return called(app, operation, request).await;
    }
    let outcome = called(app.clone(), operation, request).await;
    match outcome {
        // The library looks at the permission first. What is wrong with a query or a body is found before it is asked.
        Err(problem) if problem.is_about_what_was_sent() => {
            may(app).await?;
            Err(problem)
        }
        other => other,
    }
}

async fn called(app: App, operation: &'static Operation, request: Request) -> Outcome {
    if !request.ids.are_well_formed() {
        return Err(Problem::not_found());
    }
    must_be_looked_at(operation, &request)?;
    // Those who look after the server may add what they like to the path of its health.
    if operation.query.is_empty() && operation.permission.is_some() {
        request.query(|_query| ())?;
    }
    if operation.repeatable {
        return repeated::handle(app, operation, request).await;
    }
    (operation.handle)(app, request).await
}

/// Refuses a write upon a condition that its operation would pass over: the client wants nothing done where it does not hold, or twice.
/// What `PUT` and `DELETE` do may be repeated in any case.
fn must_be_looked_at(operation: &Operation, request: &Request) -> Result<(), Problem> {
    if operation.method == Method::GET {
        return Ok(());
    }
    let passed_over = [
        (IF_UNMODIFIED_SINCE, true),
        (IF_NONE_MATCH, true),
        (IF_MATCH, !operation.versioned && request.if_match().is_some()),
        (IDEMPOTENCY_KEY, !operation.repeatable && matches!(operation.method, Method::POST | Method::PATCH)),
    ];
    let header = passed_over.iter().find(|(header, is)| *is && request.headers.contains_key(header));
    match header {
        Some((header, _)) => {
            let message = format!("the header {header} is not looked at here");
            Err(Problem::new(ErrorCode::UnsupportedCondition, message))
        }
        None => Ok(()),
    }
}

/// The operations of the path. A path without parameters goes before one that has them.
fn operations_of(path: &str) -> &[&'static Operation] {
    // A slash at the end makes no difference.
    let path = path.strip_suffix('/').unwrap_or(path);
    let as_long = BY_LENGTH.get(&(noun_of(path), path.split('/').count()));
    let is_meant =
        |meant: &&Path| meant.segments.iter().zip(path.split('/')).all(|(wanted, given)| is_met(wanted, given));
    as_long.and_then(|paths| paths.iter().find(is_meant)).map_or(&[], |path| &path.operations)
}

fn options(allow: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

fn allow(of_path: &[&Operation]) -> String {
    let mut methods: Vec<&str> = of_path.iter().map(|operation| operation.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.dedup();
    methods.join(", ")
}

/// Whether a segment is the one of the table, or the value of its parameter.
fn is_met(wanted: &str, given: &str) -> bool {
    wanted == given || (is_parameter(wanted) && !given.is_empty())
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn every_operation_is_served_as_the_table_says() {
        use crate::{app, body::BodyLimits, caller::Caller, gate::GateLimits};

        let dealership = jpauto::Dealership::open("sqlite::memory:").unwrap();
        let api = app::api(&App::new(dealership, GateLimits::default(), BodyLimits::default()));
        let caller = Caller::of(&warp::http::HeaderMap::new(), [127, 0, 0, 1].into(), &[]);
        for operation in operations() {
            let Operation { method, path, .. } = operation;
            let path = path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057");
            let request = warp::test::request().method(method.as_str()).path(&path).extension(caller.clone());
            let answer = request.filter(&api).await.unwrap();
            let code = answer.extensions().get::<Problem>().map(|problem| problem.code);
            assert_eq!(code == Some(ErrorCode::NotSignedIn), operation.needs_a_role(), "{method} {path} {code:?}");
            assert!(!matches!(code, Some(ErrorCode::NotFound | ErrorCode::MethodNotAllowed)), "{method} {path}");
        }
    }

    #[test]
    fn every_row_is_whole_and_stands_once() {
        let mut seen = std::collections::HashSet::new();
        let mut named = std::collections::HashSet::new();
        for operation in operations() {
            let Operation { method, path, name, summary, answers, .. } = operation;
            assert!(seen.insert((method, path)), "{method} {path} stands twice");
            assert!(named.insert((operation.noun(), name)), "{method} {path}: another operation is named {name}");
            assert!(!summary.is_empty() && !summary.ends_with('.'), "{method} {path}: {summary}");
            assert!(!answers.is_empty(), "{method} {path} has no answer");
            assert!(path.starts_with('/') && !path.ends_with('/'), "{path}");
        }
    }

    #[test]
    fn a_path_is_found_with_its_methods() {
        for (path, found) in [
            ("/api/submissions", Some("/api/submissions")),
            ("/api/submissions/", Some("/api/submissions")),
            ("/api/inventory/no-id", Some("/api/inventory/{id}")),
            ("/api/auth/me", Some("/api/auth/me")),
            ("/", None),
            ("", None),
            ("/api", None),
            ("/api/nothing", None),
            ("/api//inventory", None),
            ("/api/inventory//", None),
            ("/api/inventory/1/2", None),
            ("/inventory", None),
            ("//healthz", None),
        ] {
            assert_eq!(operations_of(path).first().map(|operation| operation.path), found, "{path}");
        }
        assert_eq!(allow(operations_of("/api/tokens")), "GET, HEAD, OPTIONS, POST");
        assert_eq!(allow(operations_of("/readyz")), "GET, HEAD, OPTIONS");
    }

    #[test]
    fn a_path_without_parameters_goes_before_one_with_them() {
        let named: Vec<_> = operations_of("/api/inventory/statistics").iter().map(|operation| operation.path).collect();
        assert_eq!(named, ["/api/inventory/statistics"]);
        let ids = Ids::of("/api/inventory/{id}/pictures/{picture}", "/api/inventory/7/pictures/a%20b");
        assert_eq!(format!("{ids:?}"), r#"Ids([("id", "7"), ("picture", "a b")])"#);
        assert!(!ids.are_well_formed());
    }
}
