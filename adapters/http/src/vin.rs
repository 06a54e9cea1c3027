//! `/api/vin`: VINs read, decoded and evaluated.

use chrono::{Datelike as _, Utc};
use jpauto::{
    ErrorCode, Permission, Vin,
    evaluation::{Decoded, Evaluation, EvaluationRequest},
    vin::{self, Report},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, handler, shape},
    problem::Problem,
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/vin/{vin}", handler!(parse))
        .summary("Read a VIN")
        .about("What the characters alone say. A text that is no VIN is answered with `valid: false` and the reason.")
        .answers(&[Answer::ok(shape::<Report>())])
        .errors(&[ErrorCode::InvalidQuery]),
    Operation::get("/api/vin/{vin}/decode", handler!(decode))
        .permission(Permission::Analyze)
        .summary("Decode a VIN")
        .about("vPIC is asked unless its answer is stored. If it does not answer, a warning says so.")
        .answers(&[Answer::ok(shape::<Decoded>())])
        .errors(&[ErrorCode::InvalidVin]),
    Operation::get("/api/vin/{vin}/evaluation", handler!(cached))
        .permission(Permission::ReadMarket)
        .summary("Get the stored evaluation of a VIN")
        .about("404 if there is none that is still valid.")
        .answers(&[Answer::ok(shape::<Evaluation>())])
        .errors(&[ErrorCode::InvalidVin, ErrorCode::NotFound]),
    Operation::post("/api/vin/{vin}/evaluate", handler!(evaluate))
        .permission(Permission::Analyze)
        .summary("Evaluate a VIN")
        .about("A stored evaluation is used while it is valid. A step that fails is one of the `warnings`.")
        .body(shape::<EvaluationOptions>())
        .answers(&[Answer::ok(shape::<Evaluation>())])
        .errors(&[ErrorCode::InvalidVin, ErrorCode::InvalidEvaluation]),
];

/// What is known of the vehicle beside its VIN.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct EvaluationOptions {
    /// Its miles. Without them nothing is adjusted for mileage.
    mileage: Option<i32>,
    /// Whether stored answers are passed over and replaced.
    refresh: bool,
}

async fn parse(_app: App, request: Request) -> Outcome {
    request.query(|_query| ())?;
    let text: String = request.segment("vin")?;
    answer::one(&vin::report(text.trim(), Utc::now().year()))
}

async fn decode(app: App, request: Request) -> Outcome {
    let vin = vin_of(&request)?;
    let decoded = app.at_length(&request.caller, move |desk| desk.evaluation().decode(&vin)).await?;
    answer::one(&decoded)
}

async fn cached(app: App, request: Request) -> Outcome {
    let vin = vin_of(&request)?;
    let evaluation = app.at_desk(&request.caller, move |desk| desk.evaluation().cached(&vin)).await?;
    answer::one(&evaluation.ok_or_else(Problem::not_found)?)
}

async fn evaluate(app: App, request: Request) -> Outcome {
    let vin = vin_of(&request)?;
    let EvaluationOptions { mileage, refresh } = request.json().await?;
    let wanted = EvaluationRequest { vin, mileage, refresh };
    let evaluation = app.at_length(&request.caller, move |desk| desk.evaluation().evaluate(&wanted)).await?;
    answer::done(&evaluation)
}

/// The VIN of the path.
///
/// # Errors
/// `invalid_vin` with the reason.
fn vin_of(request: &Request) -> Result<Vin, Problem> {
    let text: String = request.segment("vin")?;
    Ok(Vin::parse(&text).map_err(jpauto::Error::from)?)
}
