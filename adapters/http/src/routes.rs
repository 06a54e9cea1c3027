//! The table of all paths and methods of the API, and the answer to a request that no handler takes.

use jpauto::Permission;
use warp::{
    Reply as _,
    http::{HeaderValue, Method, StatusCode, header::ALLOW},
    reply::Response,
};

use crate::problem::Problem;

/// One method of one path.
struct Route {
    method: Method,
    /// A segment in braces matches any one segment.
    path: &'static str,
    /// The permission that the library asks for. `None` if the route does not call it.
    permission: Option<Permission>,
}

const fn route(method: Method, path: &'static str, permission: Permission) -> Route {
    Route { method, path, permission: Some(permission) }
}

const fn open(path: &'static str) -> Route {
    Route { method: Method::GET, path, permission: None }
}

const ROUTES: &[Route] = &[
    open("/healthz"),
    open("/readyz"),
    route(Method::GET, "/api/inventory", Permission::ReadListedVehicles),
    route(Method::POST, "/api/inventory", Permission::WriteInventory),
    route(Method::GET, "/api/inventory/statistics", Permission::ReadInventory),
    route(Method::GET, "/api/inventory/{id}", Permission::ReadListedVehicles),
    route(Method::PATCH, "/api/inventory/{id}", Permission::WriteInventory),
    route(Method::DELETE, "/api/inventory/{id}", Permission::DeleteVehicles),
    route(Method::POST, "/api/inventory/{id}/status", Permission::WriteInventory),
    route(Method::POST, "/api/inventory/{id}/relist", Permission::WriteInventory),
    route(Method::POST, "/api/inventory/{id}/undo_sale", Permission::WriteInventory),
    route(Method::POST, "/api/inventory/{id}/feature", Permission::WriteInventory),
    route(Method::GET, "/api/submissions", Permission::ReadSubmissions),
    route(Method::POST, "/api/submissions", Permission::SendSubmissions),
    route(Method::GET, "/api/submissions/{id}", Permission::ReadSubmissions),
    route(Method::PATCH, "/api/submissions/{id}", Permission::ReviewSubmissions),
    route(Method::DELETE, "/api/submissions/{id}", Permission::DeleteSubmissions),
    route(Method::POST, "/api/submissions/{id}/approve", Permission::ReviewSubmissions),
    route(Method::POST, "/api/submissions/{id}/reject", Permission::ReviewSubmissions),
    route(Method::GET, "/api/market", Permission::ReadMarket),
    route(Method::GET, "/api/market/{id}", Permission::ReadMarket),
    route(Method::GET, "/api/market/{id}/history", Permission::ReadMarket),
    route(Method::POST, "/api/market/{id}/analyze", Permission::Analyze),
    route(Method::GET, "/api/competitors", Permission::ReadCompetitors),
    route(Method::POST, "/api/competitors", Permission::ManageCompetitors),
    route(Method::GET, "/api/competitors/{id}", Permission::ReadCompetitors),
    route(Method::PATCH, "/api/competitors/{id}", Permission::ManageCompetitors),
    route(Method::DELETE, "/api/competitors/{id}", Permission::ManageCompetitors),
    route(Method::GET, "/api/competitors/{id}/listings", Permission::ReadCompetitors),
    route(Method::GET, "/api/competitors/{id}/metrics", Permission::ReadCompetitors),
    route(Method::GET, "/api/competitors/{id}/scrapes", Permission::ReadCompetitors),
    route(Method::GET, "/api/alerts", Permission::ReadAlerts),
    route(Method::POST, "/api/alerts/{id}/dismiss", Permission::DismissAlerts),
    route(Method::GET, "/api/users", Permission::ManageUsers),
    route(Method::POST, "/api/users", Permission::ManageUsers),
    route(Method::GET, "/api/users/{id}", Permission::ManageUsers),
    route(Method::PATCH, "/api/users/{id}", Permission::ManageUsers),
    route(Method::DELETE, "/api/users/{id}", Permission::ManageUsers),
    route(Method::GET, "/api/activity", Permission::ReadActivity),
    route(Method::GET, "/api/tokens", Permission::ManageOwnTokens),
    route(Method::POST, "/api/tokens", Permission::ManageOwnTokens),
    route(Method::GET, "/api/tokens/{id}", Permission::ManageOwnTokens),
    route(Method::DELETE, "/api/tokens/{id}", Permission::ManageOwnTokens),
];

/// The answer to a request that no handler takes: 401 if the route needs a role, 405 or the options of a path that exists, else
/// 404.
pub(crate) fn answer_without_handler(method: &Method, path: &str) -> Response {
    let of_path: Vec<&Route> = ROUTES.iter().filter(|route| matches(route.path, path)).collect();
    if of_path.is_empty() {
        return Problem::not_found().into_response();
    }
    match of_path.iter().find(|route| route.method == *method) {
        Some(route) if route.permission.is_some_and(|permission| permission.needs().is_some()) => {
            Problem::not_signed_in().into_response()
        }
        // The id is malformed, so nothing has it.
        Some(_) => Problem::not_found().into_response(),
        None if *method == Method::OPTIONS => options(&allow(&of_path)),
        None => Problem::method_not_allowed(&allow(&of_path)).into_response(),
    }
}

fn options(allow: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

fn allow(of_path: &[&Route]) -> String {
    let mut methods: Vec<&str> = of_path.iter().map(|route| route.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.dedup();
    methods.join(", ")
}

/// As warp matches: a slash at the end makes no difference.
fn matches(pattern: &str, path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut wanted = pattern.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use jpauto::ErrorCode;

    use super::*;

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn every_route_is_served_as_the_table_says() {
        use crate::{app, caller::Caller, gate::GateLimits, request::BodyLimits};

        let dealership = jpauto::Dealership::open("sqlite::memory:").unwrap();
        let api = app::api(&app::App::new(dealership, GateLimits::default(), BodyLimits::default()));
        let caller = Caller::of(&warp::http::HeaderMap::new(), [127, 0, 0, 1].into(), &[]);
        for Route { method, path, permission } in ROUTES {
            let path = path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057");
            let request = warp::test::request().method(method.as_str()).path(&path).extension(caller.clone());
            let answer = request.filter(&api).await.unwrap();
            let code = answer.extensions().get::<Problem>().map(|problem| problem.code);
            let takes_a_role = permission.is_some_and(|permission| permission.needs().is_some());
            assert_eq!(code == Some(ErrorCode::NotSignedIn), takes_a_role, "{method} {path} {code:?}");
            assert_ne!(code, Some(ErrorCode::NotFound), "{method} {path}");
        }
    }

    #[test]
    fn what_takes_a_role_answers_401_and_what_does_not_exist_404_or_405() {
        for (method, path, status, allow) in [
            (Method::GET, "/api/users", 401, None),
            (Method::GET, "/api/submissions", 401, None),
            (Method::GET, "/api/submissions/", 401, None),
            (Method::POST, "/api/inventory", 401, None),
            (Method::POST, "/api/submissions/1/approve", 401, None),
            (Method::GET, "/api/inventory/statistics", 401, None),
            (Method::GET, "/api/inventory/no-id", 404, None),
            (Method::GET, "/", 404, None),
            (Method::GET, "/api/nothing", 404, None),
            (Method::GET, "/api//inventory", 404, None),
            (Method::GET, "/api/submissions//approve", 404, None),
            (Method::PUT, "/api/inventory", 405, Some("GET, HEAD, OPTIONS, POST")),
            (Method::POST, "/healthz", 405, Some("GET, HEAD, OPTIONS")),
            (Method::OPTIONS, "/api/alerts/1/dismiss", 204, Some("OPTIONS, POST")),
        ] {
            let response = answer_without_handler(&method, path);
            let problem = response.extensions().get::<Problem>().cloned();
            let told = problem.map_or(response, |problem| problem.into_document("id"));
            assert_eq!(told.status().as_u16(), status, "{method} {path}");
            assert_eq!(told.headers().get(ALLOW).map(|value| value.to_str().unwrap()), allow, "{method} {path}");
        }
    }
}
