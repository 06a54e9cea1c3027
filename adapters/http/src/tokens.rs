//! `/api/tokens`: API tokens for machines. The secret of a new one is in the answer to `POST` and in no other.

use bytes::Buf;
use futures_util::Stream;
use jpauto::{NewToken, TokenId};
use warp::{
    Filter, Rejection,
    http::{
        HeaderValue, StatusCode,
        header::{HeaderMap, LINK, LOCATION},
    },
    reply::Response,
};

use crate::{
    app::{self, App},
    caller::Caller,
    problem::Problem,
    request::{Parameters, query_after, read_json},
};

pub(crate) fn routes(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let list = warp::path!("api" / "tokens")
        .and(warp::get())
        .and(app::called(app))
        .and(app::query())
        .then(|app, caller, query: String| async move { app::answer(list(&app, &caller, &query).await) });
    let create = warp::path!("api" / "tokens")
        .and(warp::post())
        .and(app::called(app))
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(|app, caller, headers, body| async move { app::answer(create(&app, &caller, &headers, body).await) });
    let get = warp::path!("api" / "tokens" / TokenId)
        .and(warp::get())
        .and(app::called(app))
        .then(|id, app, caller| async move { app::answer(get(&app, &caller, id).await) });
    let revoke = warp::path!("api" / "tokens" / TokenId)
        .and(warp::delete())
        .and(app::called(app))
        .then(|id, app, caller| async move { app::answer(revoke(&app, &caller, id).await) });
    list.or(create).unify().or(get).unify().or(revoke).unify()
}

async fn list(app: &App, caller: &Caller, query: &str) -> Result<Response, Problem> {
    let mut parameters = Parameters::parse(query);
    let page = parameters.page();
    parameters.finish()?;
    let tokens = app.at_desk(caller, move |desk| desk.tokens().list(&page)).await?;
    let mut response = app::json(StatusCode::OK, &tokens)?;
    if let Some(next) = &tokens.next {
        let link = format!("</api/tokens?{}>; rel=\"next\"", query_after(query, next));
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(LINK, link);
        }
    }
    Ok(response)
}

async fn create(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<Response, Problem> {
    caller.must_prove_something()?;
    let new: NewToken = read_json(headers, body, app.body_limits()).await?;
    let issued = app.at_desk(caller, move |desk| desk.tokens().create(&new)).await?;
    let location = HeaderValue::from_str(&format!("/api/tokens/{}", issued.token.id));
    let mut response = app::json(StatusCode::CREATED, &issued)?;
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

async fn get(app: &App, caller: &Caller, id: TokenId) -> Result<Response, Problem> {
    let token = app.at_desk(caller, move |desk| desk.tokens().get(id)).await?;
    app::json(StatusCode::OK, &token)
}

async fn revoke(app: &App, caller: &Caller, id: TokenId) -> Result<Response, Problem> {
    let token = app.at_desk(caller, move |desk| desk.tokens().revoke(id)).await?;
    app::json(StatusCode::OK, &token)
}
