//! `/api/alerts`: what asks for attention.

use jpauto::{Alert, AlertFilter, AlertType, ErrorCode, Permission, Severity};

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, shape, word},
    query::{AnyId, PAGE, Parameters},
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/alerts", handler!(list))
        .permission(Permission::ReadAlerts)
        .summary("List alerts")
        .about("The open ones, newest first.")
        .query(&[FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<Alert>())]),
    Operation::post("/api/alerts/{id}/dismiss", handler!(dismiss))
        .permission(Permission::DismissAlerts)
        .summary("Dismiss an alert")
        .about("One that is closed already stays as it is.")
        .answers(&[Answer::ok(shape::<Alert>())])
        .errors(&[ErrorCode::AlertNotFound]),
];

const FILTER: &[Parameter] = &[
    Parameter::new("with_dismissed", plain::<bool>(), "Closed alerts as well."),
    Parameter::new("alert_type", word::<AlertType>(), "Of this type."),
    Parameter::new("severity", word::<Severity>(), "As urgent as this."),
    Parameter::new("about_prices", plain::<bool>(), "About the prices of vehicles."),
    Parameter::new("subject_id", plain::<AnyId>(), "About this vehicle or competitor."),
];

async fn list(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| (read_filter(query), query.page()))?;
    let alerts = app.at_desk(&request.caller, move |desk| desk.alerts().list(&filter, &page)).await?;
    answer::page(&request, &alerts)
}

async fn dismiss(app: App, request: Request) -> Outcome {
    let id = request.id()?;
    let alert = app.at_desk(&request.caller, move |desk| desk.alerts().dismiss(id)).await?;
    answer::done(&alert)
}

fn read_filter(query: &mut Parameters) -> AlertFilter {
    let mut filter = AlertFilter::default();
    filter.with_dismissed = query.truth("with_dismissed").unwrap_or_default();
    filter.alert_type = query.word("alert_type");
    filter.severity = query.word("severity");
    filter.about_prices = query.truth("about_prices").unwrap_or_default();
    filter.subject_id = query.id("subject_id");
    filter
}
