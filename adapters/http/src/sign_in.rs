//! `/api/auth`: signing in at a provider. A browser is sent there and comes back; the library decides what that proves.

use jpauto::{Callback, ErrorCode, Permission, SessionConfig, SignInConfig, SignInProvider};
use serde::Serialize;
use utoipa::ToSchema;
use warp::{
    Reply as _,
    http::{
        HeaderValue, StatusCode,
        header::{LOCATION, SET_COOKIE},
    },
    reply::Response,
};

use crate::{
    answer,
    app::App,
    auth,
    operation::{Answer, Operation, Outcome, Parameter, handler, plain, shape},
    page,
    problem::Problem,
    request::Request,
    session_cookie,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/auth", handler!(providers))
        .permission(Permission::SignIn)
        .summary("The providers to sign in at")
        .about("A browser gets a page with a link to each.")
        .query(&[RETURN_TO])
        .answers(&[Answer::ok(shape::<Providers>())]),
    Operation::get("/api/auth/{provider}", handler!(begin))
        .untagged()
        .permission(Permission::SignIn)
        .summary("Begin to sign in at a provider")
        .about("Sends the browser to the provider, with a cookie by which the sign-in is tied to this browser.")
        .query(&[RETURN_TO])
        .answers(&[Answer::elsewhere("On to the provider.")])
        .errors(&[
            ErrorCode::UnknownProvider,
            ErrorCode::InvalidReturnTo,
            ErrorCode::TooManySignIns,
            ErrorCode::CrossSiteRequest,
            ErrorCode::MethodNotAllowed,
            ErrorCode::ProviderUnavailable,
            ErrorCode::NotConfigured,
        ]),
    Operation::get("/api/auth/{provider}/callback", handler!(finish))
        .untagged()
        .permission(Permission::SignIn)
        .summary("Come back from a provider")
        .about("The address that is registered at the provider. What else it adds to the query is passed over.")
        .query(&[CALLBACK])
        .answers(&[Answer::elsewhere("Signed in, with the cookie of a session.")])
        .errors(&[
            ErrorCode::UnknownProvider,
            ErrorCode::SignInExpired,
            ErrorCode::SignInDenied,
            ErrorCode::SignInRefused,
            ErrorCode::ProviderUnavailable,
            ErrorCode::ProviderRefusedUs,
            ErrorCode::EmailMissing,
            ErrorCode::EmailNotVerified,
            ErrorCode::NotAdmitted,
            ErrorCode::UserInactive,
            ErrorCode::NotConfigured,
        ]),
];

const RETURN_TO: &[Parameter] = &[Parameter::new(
    "return_to",
    plain::<String>(),
    "The path on this server that the browser goes on to. `/api/auth/me` without it.",
)];

const CALLBACK: &[Parameter] = &[
    Parameter::new("code", plain::<String>(), "What the provider proves the sign-in with."),
    Parameter::new("state", plain::<String>(), "What the sign-in began with."),
    Parameter::new("iss", plain::<String>(), "The issuer, where the provider names it."),
    Parameter::new("error", plain::<String>(), "Why there is no code."),
];

/// The providers to sign in at.
#[derive(Serialize, ToSchema)]
struct Providers {
    providers: Vec<SignInProvider>,
}

const SIGN_IN_AGAIN: &str = "<p><a href=\"/api/auth\">Sign in again</a>";

async fn providers(app: App, request: Request) -> Outcome {
    let return_to = request.query(|query| query.text("return_to"))?;
    let providers = app.providers();
    if !page::is_wanted(&request.headers) {
        return answer::one(&Providers { providers });
    }
    let query =
        return_to.map(|path| form_urlencoded::Serializer::new(String::new()).append_pair("return_to", &path).finish());
    let query = query.map_or_else(String::new, |query| format!("?{}", page::escaped(&query)));
    let link = |provider: &SignInProvider| {
        let (name, title) = (page::escaped(&provider.name), page::escaped(&provider.title));
        format!("<p><a href=\"/api/auth/{name}{query}\">Sign in with {title}</a>\n")
    };
    let body = match providers.as_slice() {
        [] => "<p>Nobody can sign in at a provider here. Ask an administrator for a sign-in link.".to_owned(),
        providers => providers.iter().map(link).collect(),
    };
    Ok(page::page(StatusCode::OK, "Sign in", &body))
}

async fn begin(app: App, request: Request) -> Outcome {
    let outcome = begun(&app, &request).await;
    page::for_people(&request, outcome, SIGN_IN_AGAIN)
}

async fn begun(app: &App, request: &Request) -> Outcome {
    must_be_opened(request)?;
    let provider: String = request.segment("provider")?;
    let return_to = request.query(|query| query.text("return_to"))?.unwrap_or_else(|| auth::HOME.to_owned());
    let (config, sessions) = configured(app)?;
    let back = config.address_of(&format!("/api/auth/{provider}/callback"));
    let browser = session_cookie::named(&request.headers, session_cookie::browser_name(sessions));
    let start = app
        .at_provider(&request.caller, move |desk| {
            desk.sign_in().begin(&provider, &back, &return_to, browser.as_deref())
        })
        .await?;
    let mut response = see_other(&start.url);
    if let Some(cookie) = session_cookie::set_browser(sessions, &start.browser, start.expires_at) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A browser that is sent on to a provider shows a page. A picture in a page of another website would use up the sign-ins of its
/// visitors' address.
fn must_be_opened(request: &Request) -> Result<(), Problem> {
    if request.caller.asks_for_head {
        return Err(Problem::method_not_allowed("GET, OPTIONS"));
    }
    let says =
        |name, expected: &str| request.headers.get(name).is_none_or(|value| value.as_bytes() == expected.as_bytes());
    if says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document") {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::CrossSiteRequest, "open this address in a window of the browser"))
}

async fn finish(app: App, request: Request) -> Outcome {
    let outcome = finished(&app, &request).await;
    page::for_people(&request, outcome, SIGN_IN_AGAIN)
}

async fn finished(app: &App, request: &Request) -> Outcome {
    let provider: String = request.segment("provider")?;
    let callback = callback(&request.raw_query)?;
    let (config, sessions) = configured(app)?;
    let browser = session_cookie::named(&request.headers, session_cookie::browser_name(sessions));
    let replaced = request.caller.cookie(&sessions.cookie_name).map(str::to_owned);
    let signed_in = app
        .at_provider(&request.caller, move |desk| {
            desk.sign_in().finish(&provider, &callback, browser.as_deref(), replaced.as_deref())
        })
        .await?;
    let mut response = see_other(&config.address_of(&signed_in.return_to));
    if let Some(cookie) = session_cookie::set(sessions, &signed_in.session.cookie, signed_in.session.expires_at) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn configured(app: &App) -> Result<(&SignInConfig, &SessionConfig), Problem> {
    let message = "nobody can sign in at a provider before one is configured";
    app.sign_in().zip(app.sessions()).ok_or_else(|| Problem::new(ErrorCode::NotConfigured, message))
}

/// The parameters of the query that count. A provider may add others, but give none twice.
fn callback(query: &str) -> Result<Callback, Problem> {
    let mut callback = Callback::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = match &*name {
            "code" => &mut callback.code,
            "state" => &mut callback.state,
            "iss" => &mut callback.iss,
            "error" => &mut callback.error,
            _ => continue,
        };
        if place.replace(value.into_owned()).is_some() {
            let message = "the provider sent the browser back with a parameter that is given twice";
            return Err(Problem::new(ErrorCode::SignInRefused, message).challenging());
        }
    }
    Ok(callback)
}

fn see_other(address: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::from_str(address) {
        Ok(address) => {
            response.headers_mut().insert(LOCATION, address);
            response
        }
        Err(reason) => {
            tracing::error!(%reason, "an address to go on to can not be sent");
            Problem::internal().into_response()
        }
    }
}
