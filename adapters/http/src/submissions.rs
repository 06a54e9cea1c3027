//! `/api/submissions`: customers offer cars.

use chrono::{DateTime, Utc};
use jpauto::{
    ErrorCode, NewSubmission, Permission, Submission, SubmissionFilter, SubmissionId, SubmissionSort, SubmissionStatus,
    SubmissionWarning,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, shape},
    query::{PAGE, Parameters},
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/submissions", handler!(list))
        .permission(Permission::ReadSubmissions)
        .summary("List submissions")
        .query(&[FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<Submission>())]),
    Operation::post("/api/submissions", handler!(submit))
        .permission(Permission::SendSubmissions)
        .summary("Offer a car")
        .about("Anybody may, a few times in half an hour from one address. The answer does not repeat what was sent.")
        .body(shape::<NewSubmission>())
        .answers(&[Answer::created(shape::<Receipt>())])
        .errors(&[ErrorCode::InvalidSubmission, ErrorCode::DuplicateVin, ErrorCode::TooManySubmissions]),
    Operation::get("/api/submissions/{id}", handler!(get))
        .permission(Permission::ReadSubmissions)
        .summary("Get a submission")
        .answers(&[Answer::ok(shape::<Submission>())])
        .errors(&[ErrorCode::SubmissionNotFound]),
];

const FILTER: &[Parameter] = &[
    Parameter::new("submission_status", plain::<SubmissionStatus>(), "In this status. Without it, in any."),
    Parameter::new("make", plain::<String>(), "Of this make. The case of letters does not matter."),
    Parameter::new("model", plain::<String>(), "Of this model. The case of letters does not matter."),
    Parameter::new(
        "q",
        plain::<String>(),
        "Each of these words occurs in the make, model, VIN, or the customer's name or e-mail.",
    ),
    Parameter::new("sort", plain::<SubmissionSort>(), "The order. A minus means the newest first."),
];

/// The answer to the customer: the id, and warnings about the offer.
///
/// It does not repeat what the customer sent, so that an answer in a log or a cache contains no personal data.
#[derive(Serialize, ToSchema)]
struct Receipt {
    /// The submission's id.
    id: SubmissionId,
    /// Where it stands.
    submission_status: SubmissionStatus,
    /// When it came.
    submitted_at: Option<DateTime<Utc>>,
    /// What to look at twice.
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

async fn list(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (read_filter(query), query.page()))?;
    let submissions = app.at_desk(&request.caller, move |desk| desk.submissions().list(&filter, &page)).await?;
    answer::page(&request, &submissions)
}

async fn submit(app: App, request: Request) -> Outcome {
    let offer: NewSubmission = request.json().await?;
    let submission = app.at_desk(&request.caller, move |desk| desk.submissions().submit(&offer)).await?;
    answer::created(&request, submission.id, &Receipt::from(submission))
}

async fn get(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let submission = app.at_desk(&request.caller, move |desk| desk.submissions().get(id)).await?;
    answer::one(&submission)
}

fn read_filter(query: &mut Parameters) -> SubmissionFilter {
    let mut filter = SubmissionFilter::default();
    filter.submission_status = query.word("submission_status");
    filter.make = query.text("make");
    filter.model = query.text("model");
    filter.q = query.text("q");
    filter.sort = query.word("sort").unwrap_or_default();
    filter
}
