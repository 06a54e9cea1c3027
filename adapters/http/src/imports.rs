//! `/api/imports`: the dealership's own stock from the file that another system writes.
//!
//! The library reads the file and says of each row what it does. What is deliberately not here: what a column or a row means.

use std::time::Duration;

use jpauto::{
    ErrorCode, Permission,
    imports::{DateOrder, ImportMode, ImportOptions, ImportReport, Mapping, MissingVehicles, SheetFile},
    jobs::FileImport,
};
use tokio::{sync::oneshot, time::timeout};
use warp::http::StatusCode;

use crate::{
    answer,
    app::App,
    jobs::BegunRun,
    operation::{Answer, Content, Operation, Outcome, Parameter, handler, plain, shape, word},
    problem::{Problem, status_of},
    query::{DOUBTFUL, Parameters},
    request::Request,
};

/// So long the report is waited for where nothing is said: less than what stands in front of a server usually waits for it. The import
/// goes on as a run.
const WAIT: Duration = Duration::from_secs(30);

/// The longest that a caller may ask to wait, in seconds.
const LONGEST_WAIT: u32 = 15 * 60;

/// What a file may call itself. What it is, the library finds in its content.
const FILES: &[&str] = &[
    "text/csv",
    "text/tab-separated-values",
    "application/x-ndjson",
    "application/jsonl",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
];

const OF_FILES: [ErrorCode; 6] = [
    ErrorCode::InvalidImportMapping,
    ErrorCode::SheetUnreadable,
    ErrorCode::SheetWithoutHeader,
    ErrorCode::FileUnreadable,
    ErrorCode::FileTooLarge,
    ErrorCode::InvalidText,
];

const OF_IMPORTS: [ErrorCode; OF_FILES.len() + 3] = {
    let [a, b, c, d, e, f] = OF_FILES;
    [a, b, c, d, e, f, ErrorCode::ImportStopped, ErrorCode::RunsFull, ErrorCode::NoThread]
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::post("/api/imports/vehicles", handler!(vehicles))
        .permission(Permission::WriteInventory)
        .summary("Import vehicles from a file")
        .about(
            "The body is the file: CSV, TSV, JSON Lines or an Excel workbook. Columns are found by their usual names. A vehicle \
             is known by its VIN, then by its stock number. Everything is written in one transaction, or nothing if one row is \
             refused. The answer says row by row what was done. It has the status 200 if nothing stood in the way; otherwise \
             the same report comes with 422 (rows are refused) or 409 (more than half of the stock is missing). An import that \
             takes longer than `wait` goes on in the background as a run, and the answer is 202 with the run at `Location`; its \
             result is the report with the first 100 entries of each list.",
        )
        .query(&[OPTIONS, WAITING, READING, DOUBTFUL])
        .file(FILES)
        .answers(&[
            Answer::ok(shape::<ImportReport>()),
            Answer::accepted(shape::<BegunRun>()),
            Answer::other(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Rows are refused.",
                Content::Json(shape::<ImportReport>()),
            ),
            Answer::other(
                StatusCode::CONFLICT,
                "More than half of the stock is missing.",
                Content::Json(shape::<ImportReport>()),
            ),
        ])
        .repeatable()
        .errors(&OF_IMPORTS),
    Operation::post("/api/imports/vehicles/mapping", handler!(mapping))
        .permission(Permission::WriteInventory)
        .summary("Write out how a file's columns are read")
        .about("The mapping may be corrected and sent with the file. Nothing is imported.")
        .query(&[READING])
        .file(FILES)
        .answers(&[Answer::ok(shape::<Mapping>())])
        .errors(&OF_FILES),
];

const OPTIONS: &[Parameter] = &[
    Parameter::new("dry_run", plain::<bool>(), "Write nothing, and say what would be written."),
    Parameter::new(
        "keep_going",
        plain::<bool>(),
        "Write the rows that can be written, without those that are refused.",
    ),
    Parameter::new("sold_if_missing", plain::<bool>(), "Mark vehicles sold that are in stock and not in the file."),
    Parameter::new("confirm", plain::<bool>(), "Mark them sold even if they are more than half of the stock."),
];

const WAITING: &[Parameter] = &[Parameter::new(
    "wait",
    plain::<u32>(),
    "For how many seconds the report is waited for (30), at most 900; 0 answers at once with the run.",
)];

const READING: &[Parameter] = &[
    Parameter::new("name", plain::<String>(), "The name of the file, for the report."),
    Parameter::new(
        "mapping",
        plain::<String>(),
        "What the columns are, where their names do not say it, as JSON: `{\"columns\": {\"Our Ref\": \"stock_number\"}}`.",
    ),
    Parameter::new("sheet", plain::<String>(), "The worksheet with the vehicles."),
    Parameter::new("dates", word::<DateOrder>(), "The order of dates such as 3/4/2026."),
];

async fn vehicles(app: App, request: Request) -> Outcome {
    let (reading, mode, missing, refuses_doubtful, wait) = request.query(|query| {
        let (dry_run, keep_going) = (query.truth("dry_run"), query.truth("keep_going"));
        let mode = match (dry_run, keep_going) {
            (Some(true), _) => ImportMode::DryRun,
            (_, Some(true)) => ImportMode::KeepGoing,
            _ => ImportMode::AllOrNothing,
        };
        let missing = match (query.truth("sold_if_missing"), query.truth("confirm")) {
            (Some(true), Some(true)) => MissingVehicles::MarkSoldConfirmed,
            (Some(true), _) => MissingVehicles::MarkSold,
            _ => MissingVehicles::Keep,
        };
        let refuses_doubtful = query.truth("refuse_doubtful_prices");
        (Reading::of(query), mode, missing, refuses_doubtful, query.count("wait"))
    })?;
    let wait = wait.map_or(WAIT, |seconds| Duration::from_secs(seconds.min(LONGEST_WAIT).into()));
    let (file, mapping) = reading.open(&request).await?;
    let options = ImportOptions { mapping, mode, missing, ..ImportOptions::default() };
    let import = FileImport { file, options, refuse_doubtful_prices: refuses_doubtful == Some(true) };
    let (pool, (sender, told)) = (app.background().imports(), oneshot::channel());
    // Whoever has waited long enough, or has gone, is told by the run.
    let tell = move |outcome| drop(sender.send(outcome));
    let run = app.at_desk(&request.caller, move |desk| desk.jobs().import_in(&pool, import, tell)).await?;
    let waited = if wait.is_zero() { None } else { timeout(wait, told).await.ok().and_then(Result::ok) };
    let Some(outcome) = waited else {
        return answer::accepted(&format!("/api/jobs/runs/{}", run.id), &BegunRun { run });
    };
    let report = outcome?;
    let status =
        report.clone().ensure_written().map_or_else(|refusal| status_of(refusal.error_code()), |_| StatusCode::OK);
    answer::json(status, &report)
}

async fn mapping(app: App, request: Request) -> Outcome {
    let (file, mapping) = request.query(Reading::of)?.open(&request).await?;
    let written = app.at_length(&request.caller, move |_desk| mapping.written_out_for(&file)).await?;
    answer::done(&written)
}

/// How a file is to be read.
struct Reading {
    name: Option<String>,
    mapping: Option<String>,
    sheet: Option<String>,
    dates: Option<DateOrder>,
}

impl Reading {
    fn of(query: &mut Parameters) -> Self {
        Self {
            name: query.text("name"),
            mapping: query.text("mapping"),
            sheet: query.text("sheet"),
            dates: query.word("dates"),
        }
    }

    /// The file of the body, and what its columns mean.
    ///
    /// # Errors
    /// `invalid_import_mapping`; as any body.
    async fn open(self, request: &Request) -> Result<(SheetFile, Mapping), Problem> {
        let mut mapping = match &self.mapping {
            Some(text) => serde_json::from_str(text)
                .map_err(|reason| Problem::new(ErrorCode::InvalidImportMapping, format!("mapping: {reason}")))?,
            None => Mapping::default(),
        };
        mapping.sheet = self.sheet.or(mapping.sheet);
        mapping.dates = self.dates.or(mapping.dates);
        let bytes = request.file(FILES).await?;
        let name = self.name.unwrap_or_else(|| "the file".to_owned());
        Ok((SheetFile::from_bytes(name, &bytes[..]), mapping))
    }
}
