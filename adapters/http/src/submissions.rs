//! `/api/submissions`: customers offer cars.

use chrono::{DateTime, Utc};
use jpauto::{
    Approval, Desk, ErrorCode, NewSubmission, Permission, Submission, SubmissionFilter, SubmissionId, SubmissionSort,
    SubmissionStatus, SubmissionUpdate, SubmissionWarning, Submissions, Vehicle, Version, storage::PhotoToken,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warp::http::header::LOCATION;

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, shape, word},
    problem::Problem,
    query::{DOUBTFUL, PAGE, Parameters, REFERENCE},
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
        .repeatable()
        .query(&[DOUBTFUL])
        .body(shape::<NewSubmission>())
        .answers(&[Answer::created(shape::<Receipt>())])
        .errors(&[ErrorCode::InvalidSubmission, ErrorCode::DuplicateVin, ErrorCode::TooManySubmissions, ErrorCode::PriceDoubtful]),
    Operation::get("/api/submissions/find", handler!(find))
        .permission(Permission::ReadSubmissions)
        .summary("Find a submission")
        .about("By the id or VIN, or the beginning of one.")
        .query(&[REFERENCE])
        .answers(&[Answer::ok(shape::<Submission>())])
        .errors(&[ErrorCode::SubmissionNotFound, ErrorCode::AmbiguousReference]),
    Operation::get("/api/submissions/{id}", handler!(get))
        .permission(Permission::ReadSubmissions)
        .summary("Get a submission")
        .answers(&[Answer::ok(shape::<Submission>())])
        .errors(&[ErrorCode::SubmissionNotFound]),
    Operation::patch("/api/submissions/{id}", handler!(update))
        .permission(Permission::ReviewSubmissions)
        .summary("Correct fields of a pending submission")
        .about("What is not named stays; `null` empties a field.")
        .versioned()
        .query(&[DOUBTFUL])
        .body(shape::<SubmissionUpdate>())
        .answers(&[Answer::ok(shape::<Submission>())])
        .errors(&[
            ErrorCode::SubmissionNotFound,
            ErrorCode::SubmissionAlreadyReviewed,
            ErrorCode::InvalidSubmission,
            ErrorCode::DuplicateVin,
            ErrorCode::PriceDoubtful,
        ]),
    Operation::delete("/api/submissions/{id}", handler!(delete))
        .permission(Permission::DeleteSubmissions)
        .summary("Delete a submission")
        .about("A vehicle that was made of it stays.")
        .versioned()
        .answers(&[Answer::nothing("Deleted.")])
        .errors(&[ErrorCode::SubmissionNotFound]),
    Operation::post("/api/submissions/{id}/approve", handler!(approve))
        .permission(Permission::ReviewSubmissions)
        .summary("Approve a submission")
        .about("Makes a vehicle of it. The body has the fields of the vehicle that the reviewer sets; the others are the customer's. `Location` has the address of the vehicle.")
        .repeatable()
        .versioned()
        .query(&[DOUBTFUL])
        .body(shape::<Approval>())
        .answers(&[Answer::ok(shape::<Vehicle>()).located()])
        .errors(&[
            ErrorCode::SubmissionNotFound,
            ErrorCode::SubmissionAlreadyReviewed,
            ErrorCode::ApprovalIncomplete,
            ErrorCode::InvalidVehicle,
            ErrorCode::DuplicateVin,
            ErrorCode::DuplicateStockNumber,
            ErrorCode::PriceDoubtful,
        ]),
    Operation::post("/api/submissions/{id}/reject", handler!(reject))
        .permission(Permission::ReviewSubmissions)
        .summary("Reject a submission")
        .versioned()
        .body(shape::<Rejection>())
        .answers(&[Answer::ok(shape::<Submission>())])
        .errors(&[
            ErrorCode::SubmissionNotFound,
            ErrorCode::SubmissionAlreadyReviewed,
            ErrorCode::RejectionReasonMissing,
        ]),
];

/// Why a submission is rejected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rejection {
    /// The reason, for staff.
    rejection_reason: String,
}

const FILTER: &[Parameter] = &[
    Parameter::new("submission_status", word::<SubmissionStatus>(), "In this status. Without it, in any."),
    Parameter::new("make", plain::<String>(), "Of this make. The case of letters does not matter."),
    Parameter::new("model", plain::<String>(), "Of this model. The case of letters does not matter."),
    Parameter::new(
        "q",
        plain::<String>(),
        "Each of these words occurs in the make, model, VIN, or the customer's name or e-mail.",
    ),
    Parameter::new("sort", word::<SubmissionSort>(), "The order. A minus means the newest first."),
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
    /// With which photos of the car can be sent for an hour, where the dealership keeps photos.
    photos: Option<PhotoToken>,
}

impl Receipt {
    fn of(submission: Submission, photos: Option<PhotoToken>) -> Self {
        Self {
            id: submission.id,
            submission_status: submission.submission_status,
            submitted_at: submission.submitted_at,
            warnings: submission.warnings,
            photos,
        }
    }
}

async fn list(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (read_filter(query), query.page()))?;
    let submissions = app.at_desk(&request.caller, move |desk| desk.submissions().list(&filter, &page)).await?;
    answer::page(&request, &submissions)
}

async fn submit(app: App, request: Request) -> Outcome {
    let conditions = Conditions::of(&request)?;
    let offer: NewSubmission = request.json().await?;
    let submit = move |desk: &Desk| {
        let submission = conditions.at(desk).submit(&offer)?;
        let storage = desk.storage();
        // The offer is in, whether photos can come or not.
        let photos = storage.is_configured().then(|| storage.photo_token(&submission));
        let photos =
            photos.and_then(|token| token.inspect_err(|error| tracing::warn!(%error, "no photos can come")).ok());
        Ok((submission, photos))
    };
    let (submission, photos) = app.at_desk(&request.caller, submit).await?;
    answer::created(&request, submission.id, &Receipt::of(submission, photos))
}

async fn get(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let submission = app.at_desk(&request.caller, move |desk| desk.submissions().get(id)).await?;
    answer::one_version(&submission, Some(submission.version()))
}

async fn find(app: App, request: Request) -> Outcome {
    let reference = request.query(|query| query.text("reference"))?.unwrap_or_default();
    let submission = app.at_desk(&request.caller, move |desk| desk.submissions().find(&reference)).await?;
    answer::one_version(&submission, Some(submission.version()))
}

async fn update(app: App, request: Request) -> Outcome {
    let (id, conditions) = (request.id()?, Conditions::of(&request)?);
    let update: SubmissionUpdate = request.json().await?;
    let work = move |desk: &Desk| {
        let submission = conditions.at(desk).update(id, &update)?;
        Ok((submission, desk.submissions().get(id).ok()))
    };
    let (submission, seen) = app.at_desk(&request.caller, work).await?;
    let seen = seen.as_ref().map(|seen| (seen, seen.version()));
    answer::changed(&submission, submission.version(), seen)
}

async fn delete(app: App, request: Request) -> Outcome {
    let (id, conditions) = (request.id()?, Conditions::of(&request)?);
    app.at_desk(&request.caller, move |desk| conditions.at(desk).delete(id)).await?;
    answer::nothing()
}

async fn approve(app: App, request: Request) -> Outcome {
    let (id, conditions) = (request.id()?, Conditions::of(&request)?);
    let approval: Approval = request.json().await?;
    let vehicle = app.at_desk(&request.caller, move |desk| conditions.at(desk).approve(id, &approval)).await?;
    let answer = answer::done_to(&vehicle, vehicle.version())?;
    Ok(answer::with_header(answer, LOCATION, &format!("/api/inventory/{}", vehicle.id)))
}

async fn reject(app: App, request: Request) -> Outcome {
    let (id, conditions) = (request.id()?, Conditions::of(&request)?);
    let Rejection { rejection_reason } = request.json().await?;
    let rejected = move |desk: &Desk| conditions.at(desk).reject(id, &rejection_reason);
    let submission = app.at_desk(&request.caller, rejected).await?;
    answer::done_to(&submission, submission.version())
}

/// The conditions of a write.
struct Conditions {
    expected: Option<Vec<Version>>,
    refuses_doubtful_prices: bool,
}

impl Conditions {
    fn of(request: &Request) -> Result<Self, Problem> {
        let refuses_doubtful_prices = request.query(|query| query.truth("refuse_doubtful_prices"))?.unwrap_or(false);
        Ok(Self { expected: request.if_match(), refuses_doubtful_prices })
    }

    fn at<'a>(&'a self, desk: &'a Desk) -> Submissions<'a> {
        let submissions = desk.submissions();
        let submissions =
            if self.refuses_doubtful_prices { submissions.refusing_doubtful_prices() } else { submissions };
        match &self.expected {
            Some(versions) => submissions.if_version(versions),
            None => submissions,
        }
    }
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
