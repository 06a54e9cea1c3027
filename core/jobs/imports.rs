//! Runs that import a file of vehicles. Only the process that has the file can make one: it is no job, has no schedule, and nobody
//! makes it up. The history keeps its report, cut to a bounded size.

use super::{
    RunProgress,
    rules::Done,
    running::{Steps, as_kept},
};
use crate::{
    desk::Desk,
    error::{Error, ErrorCode, Result},
    inventory::import::{ImportOptions, ImportOutcome, ImportReport},
    sheets::SheetFile,
};

/// The name of such runs.
pub(super) const NAME: &str = "import_vehicles";

/// The history keeps this many entries of each list of a report.
const MOST_KEPT: usize = 100;

/// A file to import in the background.
#[derive(Clone, Debug)]
pub struct FileImport {
    /// The file.
    pub file: SheetFile,
    /// How it is imported.
    pub options: ImportOptions,
    /// Whether rows with doubtful prices are refused.
    pub refuse_doubtful_prices: bool,
}

/// Who is told what an import did.
pub(super) type Told = Box<dyn FnOnce(Result<ImportReport>) + Send>;

/// An import that a run makes.
pub(super) struct Task {
    pub(super) import: FileImport,
    pub(super) told: Option<Told>,
}

impl Task {
    /// Imports the file.
    ///
    /// # Errors
    /// `document_not_written`. What the import fails with is told, and is the error of the run.
    pub(super) fn make(&mut self, desk: &Desk, steps: &mut Steps<'_>) -> Result<Done> {
        let FileImport { file, options, refuse_doubtful_prices } = &self.import;
        let inventory = desk.inventory();
        let inventory = if *refuse_doubtful_prices { inventory.refusing_doubtful_prices() } else { inventory };
        let message = Some(format!("rows of {}", file.name()));
        let outcome = inventory.import_observed(file, options, &mut |done| {
            steps.reach(RunProgress { done, message: message.clone(), ..RunProgress::default() })
        });
        let done = match &outcome {
            Ok(report) => {
                let (done, failed) = (report.counts.rows, report.counts.refused);
                // All rows were looked at. Whoever wants the run to end comes too late.
                let _ = steps.reach(RunProgress { done, total: Some(done), failed, message });
                done_of(report)
            }
            Err(error) if error.is(ErrorCode::ImportStopped) => Ok(Done { stopped: true, ..Done::default() }),
            Err(error) => Ok(Done { failed: 1, error: Some(as_kept(error)), ..Done::default() }),
        };
        if let Some(told) = self.told.take() {
            told(outcome);
        }
        done
    }
}

fn done_of(report: &ImportReport) -> Result<Done> {
    let kept = report.first_of_each(MOST_KEPT);
    let result = serde_json::to_value(&kept).map_err(|reason| {
        Error::new(ErrorCode::DocumentNotWritten, "the report of an import could not be written down")
            .with_source(reason)
    })?;
    let counts = report.counts;
    let is_written = !matches!(report.outcome, ImportOutcome::Refused | ImportOutcome::HeldBack);
    Ok(match kept.ensure_written() {
        Ok(_) => Done { report: result, succeeded: counts.rows, ..Done::default() },
        Err(refusal) => Done {
            report: result,
            succeeded: if is_written { counts.rows - counts.refused } else { 0 },
            failed: counts.refused.max(1),
            error: Some(as_kept(&refusal)),
            stopped: false,
        },
    })
}
