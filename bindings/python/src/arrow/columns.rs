//! The library's columns as Arrow's: their vectors become Arrow's buffers, and nothing is copied but the words of dictionaries.

use std::{ops::ControlFlow, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int32Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use jpauto::{Column, ColumnBatch, ColumnRequest, Desk, RowOrder, Texts, Values};

use super::{
    MONEY,
    reading::{Failure, ReadColumns},
};

/// Reads a list by an operation of the library that gives columns. `names` are those of all columns.
pub(crate) fn by_columns(
    names: Vec<String>,
    order: RowOrder,
    list: impl Fn(&Desk, &ColumnRequest, &mut dyn FnMut(ColumnBatch) -> ControlFlow<()>) -> jpauto::Result<()>
    + Send
    + Sync
    + 'static,
) -> Arc<ReadColumns> {
    Arc::new(move |desk, wanted, take| {
        let columns = wanted.places.iter().filter_map(|place| names.get(*place).cloned()).collect();
        let mut request = ColumnRequest::of(columns);
        request.order = order;
        request.limit = wanted.limit.and_then(|limit| u64::try_from(limit).ok());
        request.rows_at_a_time = wanted.rows;
        let mut refused = None;
        list(desk, &request, &mut |batch| {
            let rows = batch.rows;
            match batch.columns.into_iter().map(|column| array(column, rows)).collect() {
                Ok(arrays) => take(arrays, rows),
                Err(reason) => {
                    refused = Some(Failure::Arrow(reason));
                    ControlFlow::Break(())
                }
            }
        })?;
        refused.map_or(Ok(()), Err)
    })
}

fn array(column: Column, rows: usize) -> Result<ArrayRef, ArrowError> {
    let nulls = column.known.map(|bits| NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(bits), 0, rows)));
    Ok(match column.values {
        Values::Ids(bytes) => Arc::new(FixedSizeBinaryArray::try_new(16, Buffer::from_vec(bytes), nulls)?),
        Values::Texts(texts) => Arc::new(strings(texts, nulls)?),
        Values::Words(places, words) => {
            let words = strings(Arc::unwrap_or_clone(words), None)?;
            Arc::new(DictionaryArray::try_new(Int32Array::try_new(places.into(), nulls)?, Arc::new(words))?)
        }
        Values::Numbers(numbers) => Arc::new(Int32Array::try_new(numbers.into(), nulls)?),
        Values::Truths(bits) => Arc::new(BooleanArray::new(BooleanBuffer::new(Buffer::from_vec(bits), 0, rows), nulls)),
        Values::Amounts(cents) => Arc::new(Decimal128Array::try_new(cents.into(), nulls)?.with_data_type(MONEY)),
        Values::Reals(numbers) => Arc::new(Float64Array::try_new(numbers.into(), nulls)?),
        Values::Times(times) => Arc::new(TimestampMicrosecondArray::try_new(times.into(), nulls)?.with_timezone("UTC")),
        _ => return Err(ArrowError::NotYetImplemented("a column of a later release of the library".to_owned())),
    })
}

fn strings(texts: Texts, nulls: Option<NullBuffer>) -> Result<StringArray, ArrowError> {
    StringArray::try_new(OffsetBuffer::new(ScalarBuffer::from(texts.ends)), Buffer::from_vec(texts.bytes), nulls)
}
