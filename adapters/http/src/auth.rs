//! `/api/auth`: signing in by a one-time link, who one is, and signing out.

use jpauto::{ErrorCode, Me, Permission, SignIn};
use serde::Serialize;
use utoipa::ToSchema;
use warp::{
    Reply as _,
    http::{
        HeaderValue, StatusCode,
        header::{LOCATION, REFERRER_POLICY, SET_COOKIE},
    },
};

use crate::{
    answer,
    app::App,
    caller::Caller,
    operation::{Answer, Content, Operation, Outcome, Parameter, handler, plain, shape},
    page,
    problem::Problem,
    request::Request,
    session_cookie,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/auth/me", handler!(me))
        .permission(Permission::ReadOwnAccount)
        .summary("Who one is")
        .answers(&[Answer::ok(shape::<Me>())]),
    Operation::get("/api/auth/link", handler!(link_page))
        .untagged()
        .permission(Permission::SignIn)
        .summary("The page of a sign-in link")
        .about("A page with a button that sends the link. Looking at it does not use the link up.")
        .query(&[LINK])
        .answers(&[Answer::other(StatusCode::OK, "The page.", Content::Other("text/html"))])
        .errors(&[ErrorCode::LinkRefused]),
    Operation::post("/api/auth/link", handler!(redeem))
        .permission(Permission::SignIn)
        .summary("Sign in by a link")
        .query(&[LINK])
        .answers(&[Answer::elsewhere("Signed in, with the cookie of a session.")])
        .errors(&[ErrorCode::LinkRefused, ErrorCode::NotConfigured, ErrorCode::UserInactive]),
    Operation::post("/api/auth/logout", handler!(logout))
        .permission(Permission::SignIn)
        .summary("Sign out")
        .query(&[&[Parameter::new(
            "everywhere",
            plain::<bool>(),
            "End all sessions of the user, not this one alone. With a token this takes the role admin.",
        )]])
        .answers(&[Answer::ok(shape::<SignedOut>())])
        .errors(&[ErrorCode::NotSignedIn, ErrorCode::Forbidden]),
];

const LINK: &[Parameter] = &[Parameter::new("token", plain::<String>(), "The secret of the link.").required()];

/// What signing out has done.
#[derive(Serialize, ToSchema)]
struct SignedOut {
    /// How many sessions ended.
    ended: usize,
}

/// The page of a link has a button, because programs that look at mails follow links and would use them up.
const BUTTON: &str = "<form method=\"post\"><button>Sign in</button></form>";

const ANOTHER_LINK: &str = "<p>Ask an administrator for another link.";

/// Where a browser goes once it is signed in.
pub(crate) const HOME: &str = "/api/auth/me";

async fn me(app: App, request: Request) -> Outcome {
    let me = app.at_desk(&request.caller, |desk| desk.sign_in().me()).await?;
    answer::one(&me)
}

/// Looks nothing up and repeats nothing: whether the link is valid is said when it is used.
async fn link_page(_app: App, request: Request) -> Outcome {
    let outcome = link_in(&request).map(|_secret| {
        let mut response = page::page(StatusCode::OK, "Sign in", BUTTON);
        // Without a referrer a browser sends the form with `Origin: null`, as if another website had sent it.
        response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        response
    });
    page::for_people(&request, outcome, ANOTHER_LINK)
}

fn link_in(request: &Request) -> Result<String, Problem> {
    let secret = request.query(|query| query.text("token"))?;
    secret.filter(|secret| SignIn::is_link(secret)).ok_or_else(|| {
        Problem::new(ErrorCode::LinkRefused, "the link is unknown, was used before or has expired").challenging()
    })
}

async fn redeem(app: App, request: Request) -> Outcome {
    let outcome = redeemed(&app, &request).await;
    page::for_people(&request, outcome, ANOTHER_LINK)
}

async fn redeemed(app: &App, request: &Request) -> Outcome {
    let secret = link_in(request)?;
    let replaced = cookie_of(app, &request.caller);
    let issued =
        app.as_visitor(&request.caller, move |desk| desk.sign_in().redeem(&secret, replaced.as_deref())).await?;
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
async fn logout(app: App, request: Request) -> Outcome {
    let caller = &request.caller;
    let everywhere = request.query(|query| query.truth("everywhere"))?.unwrap_or(false);
    let ended = if everywhere {
        caller.must_prove_something()?;
        app.at_desk(caller, |desk| {
            let me = desk.sign_in().me()?;
            me.user.map_or(Ok(0), |user| desk.sessions().destroy_all_of(user.id))
        })
        .await?
    } else {
        let cookie = cookie_of(&app, caller);
        app.as_visitor(caller, move |desk| cookie.map_or(Ok(0), |cookie| desk.sessions().destroy(&cookie))).await?
    };
    let mut response = answer::json(StatusCode::OK, &SignedOut { ended })?;
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
