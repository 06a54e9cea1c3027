//! Streams for other libraries, by Arrow's `PyCapsule` interface: nothing is copied, and none of them need be installed here.

use std::sync::Arc;

use super::plain;
use crate::error::invalid_argument;
use arrow_array::{Array as _, StructArray};
use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader, ffi::to_ffi, ffi_stream::FFI_ArrowArrayStream};
use arrow_schema::{ArrowError, Schema, SchemaRef, ffi::FFI_ArrowSchema};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyCapsule, PyTuple},
};

/// `__arrow_c_schema__`.
pub(crate) fn schema<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowSchema::try_from(schema).map_err(as_value_error)?, c"arrow_schema")
}

/// `__arrow_c_stream__` of batches that are read while they are asked for.
pub(crate) fn stream(py: Python<'_>, reader: Box<dyn RecordBatchReader + Send>) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), c"arrow_array_stream")
}

/// The same with columns that are plain where `wanted` says so.
pub(crate) fn stream_as<'py>(
    py: Python<'py>,
    reader: Box<dyn RecordBatchReader + Send>,
    wanted: &Schema,
) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = plain::where_wanted(&reader.schema(), wanted).map_err(|faults| invalid_argument(py, faults))?;
    let as_wanted = Arc::clone(&schema);
    let batches = reader.map(move |batch| plain::batch(&batch?, &as_wanted));
    stream(py, Box::new(RecordBatchIterator::new(batches, schema)))
}

/// `__arrow_c_stream__` of batches that are there. Each is given away as it is asked for.
pub(crate) fn stream_of(
    py: Python<'_>,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
) -> PyResult<Bound<'_, PyCapsule>> {
    stream(py, Box::new(RecordBatchIterator::new(batches.into_iter().map(Ok), schema)))
}

/// `__arrow_c_array__` of one batch: the capsules of its schema and of its columns.
pub(crate) fn array<'py>(py: Python<'py>, batch: &RecordBatch) -> PyResult<Bound<'py, PyTuple>> {
    let (array, _) = to_ffi(&StructArray::from(batch.clone()).to_data()).map_err(as_value_error)?;
    let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
    PyTuple::new(py, [schema(py, batch.schema_ref())?, array])
}

/// What Arrow itself does not take.
pub(crate) fn as_value_error(reason: ArrowError) -> PyErr {
    PyValueError::new_err(reason.to_string())
}
