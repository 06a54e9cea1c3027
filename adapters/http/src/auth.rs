//! `/api/auth`: signing in by a one-time link, who one is, and signing out.

use jpauto::{ErrorCode, SignIn};
use serde_json::json;
use warp::{
    Filter, Rejection, Reply as _,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, SET_COOKIE},
    },
    reply::Response,
};

use crate::{
    app::{self, App},
    caller::Caller,
    problem::Problem,
    request::Parameters,
    session_cookie,
};

/// The page of a link. It has a button, because programs that look at mails follow links and would use them up.
const LINK_PAGE: &str = "\
<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Sign in</title>
<form method=\"post\"><button>Sign in</button></form>
";

/// The form goes to the page's own address. Nothing else is loaded or run.
const LINK_POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Where a browser goes once it is signed in.
const HOME: &str = "/api/auth/me";

pub(crate) fn routes(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let me = warp::path!("api" / "auth" / "me")
        .and(warp::get())
        .and(app::called(app))
        .then(|app, caller| async move { app::answer(me(&app, &caller).await) });
    let page = warp::path!("api" / "auth" / "link")
        .and(warp::get())
        .and(app::query())
        .map(|query: String| app::answer(link_page(&query)));
    let redeem = warp::path!("api" / "auth" / "link")
        .and(warp::post())
        .and(app::called(app))
        .and(app::query())
        .then(|app, caller, query: String| async move { app::answer(redeem(&app, &caller, &query).await) });
    let logout = warp::path!("api" / "auth" / "logout")
        .and(warp::post())
        .and(app::called(app))
        .and(app::query())
        .then(|app, caller, query: String| async move { app::answer(logout(&app, &caller, &query).await) });
    me.or(page).unify().or(redeem).unify().or(logout).unify()
}

async fn me(app: &App, caller: &Caller) -> Result<Response, Problem> {
    let me = app.at_desk(caller, |desk| desk.sign_in().me()).await?;
    app::json(StatusCode::OK, &me)
}

/// Looks nothing up and repeats nothing: whether the link is valid is said when it is used.
fn link_page(query: &str) -> Result<Response, Problem> {
    link_in(query)?;
    let mut response = LINK_PAGE.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(LINK_POLICY));
    Ok(response)
}

fn link_in(query: &str) -> Result<String, Problem> {
    let mut parameters = Parameters::parse(query);
    let secret = parameters.text("token");
    parameters.finish()?;
    secret.filter(|secret| SignIn::is_link(secret)).ok_or_else(|| {
        Problem::new(ErrorCode::LinkRefused, "the link is unknown, was used before or has expired").challenging()
    })
}

async fn redeem(app: &App, caller: &Caller, query: &str) -> Result<Response, Problem> {
    let secret = link_in(query)?;
    let replaced = cookie_of(app, caller);
    let issued = app.as_visitor(caller, move |desk| desk.sign_in().redeem(&secret, replaced.as_deref())).await?;
    // Without a configuration nobody could have been signed in.
    let cookie = app.sessions().and_then(|config| session_cookie::set(config, &issued.cookie, issued.expires_at));
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(HOME));
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session of the cookie, or with `everywhere=true` all sessions of the user.
async fn logout(app: &App, caller: &Caller, query: &str) -> Result<Response, Problem> {
    let mut parameters = Parameters::parse(query);
    let everywhere = parameters.truth("everywhere").unwrap_or(false);
    parameters.finish()?;
    let ended = if everywhere {
        caller.must_prove_something()?;
        app.at_desk(caller, |desk| {
            let me = desk.sign_in().me()?;
            me.user.map_or(Ok(0), |user| desk.sessions().destroy_all_of(user.id))
        })
        .await?
    } else {
        let cookie = cookie_of(app, caller);
        app.as_visitor(caller, move |desk| cookie.map_or(Ok(0), |cookie| desk.sessions().destroy(&cookie))).await?
    };
    let mut response = app::json(StatusCode::OK, &json!({"ended": ended}))?;
    if let Some(cookie) = app.sessions().and_then(session_cookie::clear) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    // The session that ended must not be extended in the browser.
    drop(caller.take_extension());
    Ok(response)
}

fn cookie_of(app: &App, caller: &Caller) -> Option<String> {
    app.sessions().and_then(|config| caller.cookie(&config.cookie_name)).map(str::to_owned)
}
