//! `/api/exports`: feeds written to where the configuration says, and the history of them.
//!
//! Who calls from afar names no destination: it would be a path on the server, or a server that the feed is sent to.

use jpauto::{
    ErrorCode, Permission,
    exports::{Export, ExportEntry, ExportFilter, ExportReport, ExportRequest, ExportStatus, Platform},
};

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, Parameter, handler, page_of, plain, shape, word},
    query::PAGE,
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/exports", handler!(list))
        .permission(Permission::ReadExports)
        .summary("List exports")
        .about("The latest first.")
        .query(&[FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<ExportEntry>())]),
    Operation::post("/api/exports", handler!(run))
        .permission(Permission::Export)
        .summary("Export a feed")
        .about("To the destination that the configuration names. A feed that shrank by more than half needs `confirm`.")
        .body(shape::<ExportRequest>())
        .answers(&[Answer::ok(shape::<ExportReport>())])
        .errors(&[
            ErrorCode::InvalidFeedFormat,
            ErrorCode::InvalidDestination,
            ErrorCode::InvalidMapping,
            ErrorCode::NotConfigured,
            ErrorCode::ExportHeldBack,
            ErrorCode::ExportDestinationOccupied,
            ErrorCode::ExportNotWritten,
            ErrorCode::ExportInvalid,
            ErrorCode::DeliveryRefused,
            ErrorCode::DeliveryFailed,
        ]),
];

const FILTER: &[Parameter] = &[
    Parameter::new("platform", word::<Platform>(), "Of this feed."),
    Parameter::new("status", word::<ExportStatus>(), "With this outcome."),
    Parameter::new("last_of_each", plain::<bool>(), "Of each feed the last one that succeeded."),
];

async fn list(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| {
        let mut filter = ExportFilter::default();
        (filter.platform, filter.status) = (query.word("platform"), query.word("status"));
        filter.last_of_each = query.truth("last_of_each").unwrap_or_default();
        (filter, query.page())
    })?;
    let exports = app.at_desk(&request.caller, move |desk| desk.exports().list(&filter, &page)).await?;
    answer::page(&request, &exports)
}

async fn run(app: App, request: Request) -> Outcome {
    let asked: ExportRequest = request.json().await?;
    let export = Export::from(asked);
    let report = app
        .at_desk(&request.caller, move |desk| {
            desk.exports().run(&export, &mut |_progress| std::ops::ControlFlow::Continue(()))
        })
        .await?;
    answer::done(&report)
}
