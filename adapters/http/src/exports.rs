//! `/api/exports`: feeds written to where the configuration says, and the history of them.
//!
//! Who calls from afar names no destination: it would be a path on the server, or a server that the feed is sent to.

use jpauto::{
    Desk, ErrorCode, Permission,
    exports::{
        CheckedFeed, Export, ExportEntry, ExportFilter, ExportReport, ExportRequest, ExportStatus, FeedFormat, Platform,
    },
};
use warp::{
    Reply as _,
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
};

use crate::{
    answer,
    app::App,
    operation::{Answer, Content, Operation, Outcome, Parameter, handler, page_of, plain, shape, word},
    problem::Problem,
    query::PAGE,
    request::Request,
};

/// What a feed's file may call itself.
const FILES: &[&str] =
    &["application/octet-stream", "application/zip", "application/xml", "application/json", "text/csv"];

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
    Operation::get("/api/exports/file", handler!(file))
        .untagged()
        .permission(Permission::Export)
        .summary("Make a feed and download it")
        .about(
            "A website's build takes the pages of `jekyll` as a ZIP file so. The feed goes nowhere else, and the history has its \
             row.",
        )
        .query(&[WHICH, FORM])
        .answers(&[Answer::other(StatusCode::OK, "The feed.", Content::Other("application/octet-stream"))])
        .errors(&[
            ErrorCode::InvalidPlatform,
            ErrorCode::InvalidFeedFormat,
            ErrorCode::InvalidMapping,
            ErrorCode::NotConfigured,
            ErrorCode::ExportNotWritten,
            ErrorCode::ExportInvalid,
            ErrorCode::FileTooLarge,
        ]),
    Operation::post("/api/exports/check", handler!(check))
        .permission(Permission::ReadExports)
        .summary("Check the file of a feed")
        .about("The body is the file, whoever made it. Each fault comes with its row, column and rule, as far as they are known.")
        .query(&[WHICH, FORM])
        .file(FILES)
        .answers(&[Answer::ok(shape::<CheckedFeed>())])
        .errors(&[
            ErrorCode::InvalidPlatform,
            ErrorCode::InvalidFeedFormat,
            ErrorCode::InvalidMapping,
            ErrorCode::NotConfigured,
            ErrorCode::FeedUnreadable,
        ]),
];

const WHICH: &[Parameter] = &[Parameter::new("platform", word::<Platform>(), "The feed.").required()];

const FORM: &[Parameter] = &[Parameter::new("format", word::<FeedFormat>(), "The form, where the feed has several.")];

/// A larger feed is not downloaded whole: it goes to a destination.
const LARGEST_DOWNLOAD: u64 = 64 * 1024 * 1024;

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

/// Which feed is meant, and in which form.
fn which(request: &Request) -> Result<(Platform, Option<FeedFormat>), Problem> {
    let (platform, format) = request.query(|query| (query.word("platform"), query.word("format")))?;
    let missing = || Problem::new(ErrorCode::InvalidPlatform, "platform: expected the name of a feed");
    Ok((platform.ok_or_else(missing)?, format))
}

async fn file(app: App, request: Request) -> Outcome {
    let (platform, format) = which(&request)?;
    let (name, bytes) = app
        .at_length(&request.caller, move |desk| {
            let export = format.into_iter().fold(Export::of(platform), Export::format);
            let file = desk.exports().file(&export)?;
            let bytes = file.bytes(LARGEST_DOWNLOAD)?;
            Ok((file.name, bytes))
        })
        .await?;
    let response = answer::with_header(bytes.into_response(), CONTENT_TYPE, "application/octet-stream");
    Ok(answer::with_header(response, CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\"")))
}

async fn check(app: App, request: Request) -> Outcome {
    let (platform, format) = which(&request)?;
    let bytes = request.file(FILES).await?;
    let check = move |desk: &Desk| desk.exports().check_bytes(&bytes, platform, format);
    answer::done(&app.at_length(&request.caller, check).await?)
}

async fn run(app: App, request: Request) -> Outcome {
    let asked: ExportRequest = request.json().await?;
    let export = Export::from(asked);
    let report = app
        .at_length(&request.caller, move |desk| {
            desk.exports().run(&export, &mut |_progress| std::ops::ControlFlow::Continue(()))
        })
        .await?;
    answer::done(&report)
}
