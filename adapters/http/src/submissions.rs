//! `POST /api/submissions`: a customer offers a car.

use bytes::Buf;
use chrono::{DateTime, Utc};
use futures_util::Stream;
use jpauto::{NewSubmission, Submission, SubmissionId, SubmissionStatus, SubmissionWarning};
use serde::Serialize;
use warp::{
    Filter, Rejection,
    http::{
        HeaderValue, StatusCode,
        header::{HeaderMap, LOCATION},
    },
    reply::Response,
};

use crate::{
    app::{self, App},
    caller::Caller,
    problem::Problem,
    request::read_json,
};

/// The answer to the customer: the id, and warnings about the offer. It does not repeat what the customer sent, so that an
/// answer in a log or a cache contains no personal data.
#[derive(Serialize)]
struct Receipt {
    id: SubmissionId,
    submission_status: SubmissionStatus,
    submitted_at: Option<DateTime<Utc>>,
    warnings: Vec<SubmissionWarning>,
}

impl From<Submission> for Receipt {
    fn from(submission: Submission) -> Self {
        Self {
            id: submission.id,
            submission_status: submission.submission_status,
            submitted_at: submission.submitted_at,
            warnings: submission.warnings,
        }
    }
}

pub(crate) fn routes(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    warp::path!("api" / "submissions")
        .and(warp::post())
        .and(app::called(app))
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(|app, caller, headers, body| async move { app::answer(submit(&app, &caller, &headers, body).await) })
}

async fn submit(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Result<Response, Problem> {
    let offer: NewSubmission = read_json(headers, body, app.body_limits()).await?;
    let submission = app.at_desk(caller, move |desk| desk.submissions().submit(&offer)).await?;
    let location = HeaderValue::from_str(&format!("/api/submissions/{}", submission.id));
    let mut response = app::json(StatusCode::CREATED, &Receipt::from(submission))?;
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
