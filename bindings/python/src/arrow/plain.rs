//! Tables for libraries that know neither ids nor dictionaries nor decimals well: ids and words as text, amounts as floats.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, Float64Array, ListArray, RecordBatch, RecordBatchOptions, StringArray,
    StructArray,
    cast::AsArray as _,
    types::{Decimal128Type, Int32Type},
};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};
use uuid::Uuid;

/// The columns of a table as plain ones.
pub(crate) fn schema(schema: &Schema) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().iter().map(plain_field).collect::<Vec<_>>()))
}

/// These columns, each plain where that is what is wanted. The error names those that are neither as they are wanted nor can be made so.
pub(crate) fn where_wanted(own: &Schema, wanted: &Schema) -> Result<SchemaRef, Vec<(String, String)>> {
    let mut faults = Vec::new();
    let fields = own.fields().iter().zip(wanted.fields()).map(|(own, wanted)| {
        let is_wanted = |field: &FieldRef| field.data_type().equals_datatype(wanted.data_type());
        let plain = plain_field(own);
        if is_wanted(own) {
            return Arc::clone(own);
        }
        if !is_wanted(&plain) {
            let (given, wanted) = (own.data_type(), wanted.data_type());
            let or = if given == plain.data_type() { String::new() } else { format!(" or {}", plain.data_type()) };
            let expected = format!("expected {given}{or}, found {wanted}; convert the column once it is read");
            faults.push((format!("/requested_schema/{}", own.name()), expected));
        }
        plain
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    if faults.is_empty() { Ok(Arc::new(schema)) } else { Err(faults) }
}

/// A batch with these columns, each as it is or plain.
pub(crate) fn batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() { Ok(Arc::clone(column)) } else { plain(column) }
    });
    let columns = columns.collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn plain_field(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::FixedSizeBinary(16) | DataType::Dictionary(..) => DataType::Utf8,
        DataType::Decimal128(..) => DataType::Float64,
        DataType::List(item) => DataType::List(plain_field(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain_field).collect()),
        other => other.clone(),
    };
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
}

fn plain(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match array.data_type() {
        DataType::FixedSizeBinary(16) => Arc::new(ids(array.as_fixed_size_binary())?),
        DataType::Dictionary(..) => {
            let words = array.as_dictionary::<Int32Type>();
            let words = words.downcast_dict::<StringArray>().ok_or_else(|| not_of_ours(array.as_ref()))?;
            Arc::new(words.into_iter().collect::<StringArray>())
        }
        DataType::Decimal128(_, scale) => {
            let unit = 10_f64.powi((*scale).into());
            let amounts = array.as_primitive::<Decimal128Type>().iter();
            Arc::new(amounts.map(|amount| amount.map(|amount| amount as f64 / unit)).collect::<Float64Array>())
        }
        DataType::List(item) => {
            let (_, offsets, values, nulls) = array.as_list::<i32>().clone().into_parts();
            Arc::new(ListArray::try_new(plain_field(item), offsets, plain(&values)?, nulls)?)
        }
        DataType::Struct(fields) => {
            let (_, columns, nulls) = array.as_struct().clone().into_parts();
            let columns = columns.iter().map(plain).collect::<Result<_, _>>()?;
            Arc::new(StructArray::try_new(fields.iter().map(plain_field).collect(), columns, nulls)?)
        }
        _ => Arc::clone(array),
    })
}

fn ids(array: &FixedSizeBinaryArray) -> Result<StringArray, ArrowError> {
    let text = |bytes| Uuid::from_slice(bytes).map(|id| id.to_string());
    let ids = array.iter().map(|bytes| bytes.map(text).transpose());
    ids.collect::<Result<_, _>>().map_err(|reason| ArrowError::ExternalError(reason.into()))
}

fn not_of_ours(array: &dyn Array) -> ArrowError {
    ArrowError::InvalidArgumentError(format!("expected a dictionary of words, found {}", array.data_type()))
}
