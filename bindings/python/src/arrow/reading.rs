//! A list that is read in a thread of its own, batch by batch, while the batches before are used.
//!
//! The thread holds at most [`AHEAD`] batches that nobody has taken, so a table of any length takes the memory of a few batches. Whoever
//! stops taking them ends the thread at its next one. The first batch is waited for where the reading starts, so that what is wrong with
//! the lot, the rights or the columns is an exception of ours, not of the library that reads the stream.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, RecordBatchReader};
use arrow_schema::{ArrowError, FieldRef, Schema, SchemaRef};
use jpauto::{Desk, Error, Page, PageRequest};
use pyo3::prelude::*;

use super::Row;
use crate::{error, lot::OpenDesk, record::Told};

/// How many rows a batch has where nobody says otherwise.
pub(crate) const ROWS: usize = 65_536;

/// Of records, fewer: they take more room than the columns that they become.
const RECORDS: usize = 8_192;

/// How many batches the thread may be ahead.
const AHEAD: usize = 2;

/// How long a thread of Python waits before it looks for Ctrl-C again.
const A_WHILE: Duration = Duration::from_millis(50);

/// What is to be read of a list.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// The places of the columns.
    pub(crate) places: Vec<usize>,
    /// The most rows.
    pub(crate) limit: Option<usize>,
    /// The rows of a batch.
    pub(crate) rows: usize,
}

/// Takes the columns of the next rows, and how many rows they have.
pub(crate) type Take<'a> = dyn FnMut(Vec<ArrayRef>, usize) -> ControlFlow<()> + 'a;

/// How a list is read as columns.
pub(crate) type ReadColumns = dyn Fn(&Desk, &Wanted, &mut Take<'_>) -> Result<(), Failure> + Send + Sync;

/// Reads a list page by page, and makes columns of its records.
pub(crate) fn by_pages<R, T>(
    list: impl Fn(&Desk, &PageRequest) -> jpauto::Result<Page<T>> + Send + Sync + 'static,
) -> Arc<ReadColumns>
where
    R: Row + Told<T>,
{
    Arc::new(move |desk, wanted, take| {
        let (rows, mut left) = (wanted.rows.min(RECORDS), wanted.limit.unwrap_or(usize::MAX));
        let (mut records, mut next) = (Vec::<R>::new(), Some(PageRequest::first(PageRequest::MAX_LIMIT)));
        while let Some(request) = next.take().filter(|_| left > 0) {
            let page = list(desk, &request)?;
            let before = records.len();
            records.extend(page.items.into_iter().take(left).map(R::told));
            left -= records.len() - before;
            next = page.next.map(|cursor| PageRequest::first(PageRequest::MAX_LIMIT).after(cursor));
            let is_last = next.is_none() || left == 0;
            while records.len() >= rows || (is_last && !records.is_empty()) {
                let rest = records.split_off(rows.min(records.len()));
                if take(R::arrays(&records, &wanted.places), records.len()).is_break() {
                    return Ok(());
                }
                records = rest;
            }
        }
        Ok(())
    })
}

/// What the thread says.
enum Said {
    Batch(RecordBatch),
    End(Result<(), Failure>),
}

/// Why a table could not be read to its end.
pub(crate) enum Failure {
    Error(Error),
    Arrow(ArrowError),
    /// The thread is gone and has not said how the table ends.
    Lost,
}

/// The batches of a list, in their order.
pub(crate) struct Reading {
    schema: SchemaRef,
    heard: Option<Said>,
    said: Receiver<Said>,
    /// The thread of Python that began it, in which Ctrl-C may be looked for.
    begun_in: ThreadId,
}

impl Reading {
    /// Begins to read and waits for the first batch.
    pub(crate) fn begin(
        py: Python<'_>,
        desk: OpenDesk,
        columns: &[FieldRef],
        wanted: Wanted,
        read: Arc<ReadColumns>,
    ) -> PyResult<Self> {
        let schema = Arc::new(schema(columns, &wanted.places));
        let (sender, said) = sync_channel(AHEAD);
        let of_the_thread = Arc::clone(&schema);
        let thread = thread::Builder::new().name("jpauto table".to_owned());
        thread.spawn(move || tell(&desk, &wanted, &*read, &of_the_thread, &sender))?;
        let mut reading = Self { schema, heard: None, said, begun_in: thread::current().id() };
        reading.heard = Some(match reading.hear(py)? {
            Said::End(Err(failure)) => return Err(failure.raised(py)),
            said => said,
        });
        Ok(reading)
    }

    /// The next batch, with the interpreter's lock released while it waits.
    pub(crate) fn next_batch(&mut self, py: Python<'_>) -> PyResult<Option<RecordBatch>> {
        match self.hear(py)? {
            Said::Batch(batch) => Ok(Some(batch)),
            Said::End(Ok(())) => {
                self.heard = Some(Said::End(Ok(())));
                Ok(None)
            }
            Said::End(Err(failure)) => Err(failure.raised(py)),
        }
    }

    /// All batches.
    pub(crate) fn all(mut self, py: Python<'_>) -> PyResult<(SchemaRef, Vec<RecordBatch>)> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next_batch(py)? {
            batches.push(batch);
        }
        Ok((self.schema, batches))
    }

    fn hear(&mut self, py: Python<'_>) -> PyResult<Said> {
        if let Some(said) = self.heard.take() {
            return Ok(said);
        }
        loop {
            py.check_signals()?;
            let said = &mut self.said;
            match py.detach(move || said.recv_timeout(A_WHILE)) {
                Ok(said) => return Ok(said),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(Said::End(Err(Failure::Lost))),
            }
        }
    }

    /// The next batch for another library. Its threads may not wait for the interpreter's lock, which may be waiting for them.
    fn next_for_others(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        let said = match self.heard.take() {
            Some(said) => said,
            None if thread::current().id() == self.begun_in => match Python::attach(|py| self.hear(py)) {
                Ok(said) => said,
                Err(interrupted) => return Some(Err(Python::attach(|py| interrupt(py, &interrupted)))),
            },
            None => self.said.recv().unwrap_or_else(|_gone| Said::End(Err(Failure::Lost))),
        };
        match said {
            Said::Batch(batch) => Some(Ok(batch)),
            Said::End(Ok(())) => {
                self.heard = Some(Said::End(Ok(())));
                None
            }
            Said::End(Err(failure)) => Some(Err(failure.into())),
        }
    }
}

/// The columns at these places.
pub(crate) fn schema(columns: &[FieldRef], places: &[usize]) -> Schema {
    Schema::new(places.iter().filter_map(|place| columns.get(*place).cloned()).collect::<Vec<_>>())
}

/// The body of the thread.
fn tell(desk: &Desk, wanted: &Wanted, read: &ReadColumns, schema: &SchemaRef, sender: &SyncSender<Said>) {
    let mut refused = None;
    let outcome = read(desk, wanted, &mut |columns, rows| {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        match RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options) {
            Ok(batch) => match sender.send(Said::Batch(batch)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_nobody_takes_any_more) => ControlFlow::Break(()),
            },
            Err(reason) => {
                refused = Some(Failure::Arrow(reason));
                ControlFlow::Break(())
            }
        }
    });
    let outcome = outcome.and_then(|()| refused.map_or(Ok(()), Err));
    // Where nobody takes any more, nobody asks how it ended.
    let _ = sender.send(Said::End(outcome));
}

impl Failure {
    fn raised(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Error(reason) => error::exception(py, &reason),
            Self::Arrow(reason) => super::export::as_value_error(reason),
            Self::Lost => error::table_lost(py),
        }
    }
}

impl From<Error> for Failure {
    fn from(reason: Error) -> Self {
        Self::Error(reason)
    }
}

impl From<Failure> for ArrowError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(reason) => Self::ExternalError(format!("{}: {reason}", reason.code()).into()),
            Failure::Arrow(reason) => reason,
            Failure::Lost => Self::ExternalError(error::TABLE_LOST.into()),
        }
    }
}

/// What stopped the waiting, for a library that raises an exception of its own. Python raises this one as soon as it may.
fn interrupt(py: Python<'_>, raised: &PyErr) -> ArrowError {
    // Before the signal is set, for `str` looks for signals, and what it raised here would be lost.
    let told = raised.to_string();
    if let Err(reason) = py.import("_thread").and_then(|thread| thread.call_method0("interrupt_main")) {
        reason.write_unraisable(py, None);
    }
    ArrowError::ExternalError(told.into())
}

impl Iterator for Reading {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_for_others()
    }
}

impl RecordBatchReader for Reading {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
