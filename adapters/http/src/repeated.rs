//! `Idempotency-Key`: a repeated call is done once and answered as the first one was.
//!
//! The library keeps the key and the answer; here they are taken from and made into HTTP. A call that fails is not kept, so that
//! it can be corrected and made again with the same key. What was begun for a client that goes away is brought to its end, and the
//! answer kept: that client is the one that repeats its call.

use http_body_util::BodyExt as _;
use jpauto::{Desk, KeptAnswer, RepeatableCall, Repetition};
use sha2::{Digest as _, Sha256};
use warp::{
    Reply as _,
    http::{
        HeaderName, StatusCode,
        header::{CONTENT_TYPE, LOCATION},
    },
    reply::Response,
};

use crate::{
    answer,
    app::App,
    operation::{Operation, Outcome},
    problem::Problem,
    request::Request,
};

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Tells a client that nothing was done this time.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Calls the handler, or answers as it did before.
pub(crate) async fn handle(app: App, operation: &'static Operation, mut request: Request) -> Outcome {
    let Some(key) = request.headers.get(IDEMPOTENCY_KEY) else { return (operation.handle)(app, request).await };
    let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
    let mut asked = format!("{} {}?{}\n", operation.method, request.path, request.raw_query).into_bytes();
    let (body, is_large) = (request.body().await?, operation.large);
    let look = move |desk: &Desk| {
        match is_large {
            // A file is not copied.
            true => asked.extend_from_slice(&Sha256::digest(&body)),
            false => asked.extend_from_slice(&body),
        }
        // The answer that was kept is for whom the call is still open to.
        if let Some(permission) = operation.permission {
            desk.must(permission)?;
        }
        desk.repetition(&key, &asked)
    };
    let known = app.at_desk(&request.caller, look).await?;
    let call = match known {
        Repetition::Answered(kept) => return replayed(&kept),
        Repetition::First(call) => call,
        _ => return Err(Problem::internal()),
    };
    request.caller.once = Some(call.clone());
    let made = tokio::spawn(make(app, operation, request, call)).await;
    match made {
        Ok(outcome) => outcome,
        // What handles panics beyond this answers it and writes it down.
        Err(reason) => match reason.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => Err(Problem::internal()),
        },
    }
}

/// Makes the call, and keeps its answer.
async fn make(app: App, operation: &Operation, request: Request, call: RepeatableCall) -> Outcome {
    let caller = request.caller.clone();
    let (kept, response) = kept((operation.handle)(app.clone(), request).await?).await?;
    if let Err(problem) = app.at_desk(&caller, move |desk| desk.keep_answer(&call, &kept)).await {
        // The work is done. A repetition is refused, which is better than to say that this one failed.
        tracing::error!(?problem, "an answer could not be kept for those who repeat the call");
    }
    Ok(response)
}

/// What is kept of an answer, and the answer.
async fn kept(response: Response) -> Result<(KeptAnswer, Response), Problem> {
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.map_err(|_broken| Problem::internal())?.to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let location = head.headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut response = warp::http::Response::new(bytes).into_response();
    (*response.status_mut(), *response.headers_mut()) = (head.status, head.headers);
    Ok((KeptAnswer::new(i32::from(head.status.as_u16()), location, text), response))
}

fn replayed(kept: &KeptAnswer) -> Outcome {
    let status = u16::try_from(kept.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = warp::http::Response::new(kept.text.clone()).into_response();
    *response.status_mut() = status.unwrap_or(StatusCode::OK);
    let response = answer::with_header(response, CONTENT_TYPE, "application/json");
    let response = answer::with_header(response, REPLAYED, "true");
    Ok(match &kept.location {
        Some(location) => answer::with_header(response, LOCATION, location),
        None => response,
    })
}
