//! Tables and columns of other libraries: `pyarrow`, `polars`, `pandas`, `DuckDB` and whatever else speaks Arrow's C data interface.
//!
//! `jpauto/_capsules.py` follows their pointers, so that this crate needs no `unsafe`. What it brings is checked here as a whole: lengths,
//! offsets, keys of dictionaries and UTF-8.

use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions, StructArray, make_array};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{
    DataType, Field, FieldRef, Schema,
    ffi::{FFI_ArrowSchema, Flags},
};
use pyo3::{prelude::*, sync::PyOnceLock, types::PyBytes};

use super::{export::as_value_error, with_extension};
use crate::{ending::Inside, error::invalid_argument};

/// What another library handed over: a table, whose field is a struct, or one column.
pub(crate) struct Imported {
    pub(crate) field: FieldRef,
    pub(crate) chunks: Vec<ArrayRef>,
}

impl Imported {
    /// The table as batches; `None` if it is one column. A row that is missing as a whole has nothing in any column.
    pub(crate) fn batches(&self) -> PyResult<Option<Vec<RecordBatch>>> {
        // By the type, for there may be no chunk.
        if self.schema().is_none() {
            return Ok(None);
        }
        let tables = self.chunks.iter().map(|chunk| chunk.as_any().downcast_ref::<StructArray>());
        let Some(tables) = tables.collect::<Option<Vec<_>>>() else { return Ok(None) };
        tables.into_iter().map(batch).collect::<PyResult<_>>().map(Some)
    }

    /// The columns of the table; `None` if it is one column.
    pub(crate) fn schema(&self) -> Option<Schema> {
        match self.field.data_type() {
            DataType::Struct(fields) => Some(Schema::new(fields.clone())),
            _ => None,
        }
    }
}

fn batch(table: &StructArray) -> PyResult<RecordBatch> {
    let columns = table.columns().iter().map(|column| missing_where(column, table.nulls()));
    let fields = table.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = RecordBatchOptions::new().with_row_count(Some(table.len()));
    RecordBatch::try_new_with_options(schema, columns.collect::<PyResult<_>>()?, &options).map_err(as_value_error)
}

/// The column, with nothing in the rows that are missing.
fn missing_where(column: &ArrayRef, rows: Option<&NullBuffer>) -> PyResult<ArrayRef> {
    let is_touched = rows.is_some_and(|rows| rows.null_count() > 0) && *column.data_type() != DataType::Null;
    if !is_touched {
        return Ok(Arc::clone(column));
    }
    let nulls = NullBuffer::union(rows, column.nulls());
    column.to_data().into_builder().nulls(nulls).build().map(make_array).map_err(as_value_error)
}

/// Reads an object with `__arrow_c_stream__` or `__arrow_c_array__`; `TypeError` if it has neither. Of a table the columns of these
/// names are read, or its only one. `name` is what the argument is called in errors.
pub(crate) fn import(name: &str, source: &Bound<'_, PyAny>, wanted: &[&str]) -> PyResult<Imported> {
    static READ: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = source.py();
    let _inside = Inside::begin(py);
    let read =
        READ.get_or_try_init(py, || PyResult::Ok(py.import("jpauto._capsules")?.getattr("read_apart")?.unbind()))?;
    let (schema, chunks): (Bound<'_, PyAny>, Vec<Bound<'_, PyAny>>) =
        read.bind(py).call1((source, name, wanted.to_vec()))?.extract()?;
    let field = Field::try_from(&c_schema(&schema)?).map_err(as_value_error)?;
    let field = Arc::new(extended(field, &schema)?);
    let data_type = field.data_type();
    let chunks = chunks.iter().map(|chunk| Ok(make_array(data(chunk, data_type)?)));
    Ok(Imported { chunks: chunks.collect::<PyResult<_>>()?, field })
}

/// The schema that another library asks for, where it asks for one.
pub(crate) fn requested(capsule: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Schema>> {
    let Some(capsule) = capsule else { return Ok(None) };
    let py = capsule.py();
    let _inside = Inside::begin(py);
    let schema = py.import("jpauto._capsules")?.call_method1("requested", (capsule,))?;
    let field = extended(Field::try_from(&c_schema(&schema)?).map_err(as_value_error)?, &schema)?;
    match field.data_type() {
        DataType::Struct(fields) => Ok(Some(Schema::new(fields.clone()))),
        _ => {
            let expected = "expected the schema of a table".to_owned();
            Err(invalid_argument(py, vec![("/requested_schema".to_owned(), expected)]))
        }
    }
}

type Part<'py> = Bound<'py, PyAny>;

fn c_schema(schema: &Part<'_>) -> PyResult<FFI_ArrowSchema> {
    let (format, name, flags, _extension, children, dictionary): (
        String,
        String,
        i64,
        Option<String>,
        Vec<Part<'_>>,
        Option<Part<'_>>,
    ) = schema.extract()?;
    let children = children.iter().map(c_schema).collect::<PyResult<_>>()?;
    let dictionary = dictionary.as_ref().map(c_schema).transpose()?;
    FFI_ArrowSchema::try_new(&format, children, dictionary)
        .and_then(|made| made.with_name(&name))
        .and_then(|made| made.with_flags(Flags::from_bits_truncate(flags)))
        .map_err(as_value_error)
}

/// The field with the names of extension types, which stand in the schema's metadata.
fn extended(field: Field, schema: &Part<'_>) -> PyResult<Field> {
    let extension: Option<String> = schema.get_item(3)?.extract()?;
    let children: Vec<Part<'_>> = schema.get_item(4)?.extract()?;
    let field = match field.data_type() {
        DataType::Struct(fields) => {
            let pairs = fields.iter().zip(&children);
            let fields =
                pairs.map(|(child, schema)| extended(child.as_ref().clone(), schema)).collect::<PyResult<Vec<_>>>()?;
            field.with_data_type(DataType::Struct(fields.into()))
        }
        _ => field,
    };
    Ok(match extension {
        Some(extension) => with_extension(field, &extension),
        None => field,
    })
}

/// An array as `_capsules.py` gives it: length, null count, offset, buffers, children and dictionary.
type Parts<'py> = (usize, i64, usize, Vec<Option<Bound<'py, PyBytes>>>, Vec<Part<'py>>, Option<Part<'py>>);

fn data(array: &Part<'_>, data_type: &DataType) -> PyResult<ArrayData> {
    let (length, _null_count, offset, buffers, children, dictionary): Parts<'_> = array.extract()?;
    let mut buffers = buffers.into_iter().map(|bytes| bytes.map(|bytes| Buffer::from(bytes.as_bytes())));
    let validity = buffers.next().flatten();
    let mut child_data = Vec::new();
    let child_types: Vec<&DataType> = match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => {
            vec![field.data_type()]
        }
        DataType::Dictionary(_, words) => vec![words.as_ref()],
        _ => Vec::new(),
    };
    for (child, child_type) in children.iter().chain(&dictionary).zip(child_types) {
        child_data.push(data(child, child_type)?);
    }
    ArrayData::builder(data_type.clone())
        .len(length)
        .offset(offset)
        .null_bit_buffer(validity)
        .buffers(buffers.map(Option::unwrap_or_default).collect())
        .child_data(child_data)
        .build()
        .map_err(as_value_error)
}
