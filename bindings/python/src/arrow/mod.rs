//! Records as columns in Arrow's memory layout, and the way of columns out of Python and into it.
//!
//! [`Columnar`] gives each type of a record's fields its Arrow type: an amount is `decimal128(18, 2)`, a time `timestamp[us, UTC]`,
//! an id `arrow.uuid`, a document JSON text, a word of a closed set a dictionary. `record!` makes a schema of them, so a field is
//! written down once. `export` hands streams to other libraries, `import` reads theirs, `reading` reads a list in a thread of its
//! own, `plain` makes texts and floats of what few libraries compute with.

pub(crate) mod columns;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod plain;
pub(crate) mod reading;

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, Float64Array,
    Int32Array, Int64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray, UInt32Array, UInt64Array,
    types::Int32Type,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, FieldRef, TimeUnit};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::record::{Amount, Bytes, Document};

/// The digits of an amount: of every amount that the library reads, whatever stands in a row of another program.
pub(crate) const MONEY: DataType = DataType::Decimal128(18, 2);

/// Texts that are few and stand in many rows: they are kept once, and rows refer to them.
const FEW_WORDS: [&str; 6] = ["make", "model", "status", "action", "resource_type", "age_state"];

/// A type whose values can be a column.
pub(crate) trait Columnar: Sized {
    /// Whether a value may be missing.
    const NULLABLE: bool = false;
    /// The name of Arrow's extension type.
    const EXTENSION: Option<&'static str> = None;

    fn data_type() -> DataType;

    /// The column of these values.
    fn array(values: &[Option<&Self>]) -> ArrayRef;
}

/// A record that can be a row of a table.
pub(crate) trait Row: Sized {
    /// The columns in their order.
    fn columns() -> Vec<FieldRef>;

    /// The names of the columns.
    fn names() -> Vec<String> {
        Self::columns().iter().map(|column| column.name().clone()).collect()
    }

    /// The columns at these places.
    fn arrays(rows: &[Self], places: &[usize]) -> Vec<ArrayRef>;
}

/// The column of a field. Texts of which there are few are dictionaries.
pub(crate) fn column<T: Columnar>(name: &str) -> FieldRef {
    let data_type = match T::data_type() {
        DataType::Utf8 if FEW_WORDS.contains(&name) => dictionary_type(),
        other => other,
    };
    let field = Field::new(name, data_type, T::NULLABLE);
    Arc::new(match T::EXTENSION {
        Some(extension) => with_extension(field, extension),
        None => field,
    })
}

/// The values of a field in all rows, as its [`column()`] says.
pub(crate) fn values<T: Columnar>(name: &str, values: &[Option<&T>]) -> ArrayRef {
    let array = T::array(values);
    match array.as_any().downcast_ref::<StringArray>() {
        Some(texts) if FEW_WORDS.contains(&name) => Arc::new(texts.iter().collect::<DictionaryArray<Int32Type>>()),
        _ => array,
    }
}

/// The field, known to other libraries as of an extension type.
pub(crate) fn with_extension(field: Field, extension: &str) -> Field {
    let mut metadata = HashMap::from([("ARROW:extension:name".to_owned(), extension.to_owned())]);
    metadata.insert("ARROW:extension:metadata".to_owned(), String::new());
    field.with_metadata(metadata)
}

pub(crate) fn dictionary_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

impl<T: Columnar> Columnar for Option<T> {
    const NULLABLE: bool = true;
    const EXTENSION: Option<&'static str> = T::EXTENSION;

    fn data_type() -> DataType {
        T::data_type()
    }

    fn array(values: &[Option<&Self>]) -> ArrayRef {
        T::array(&values.iter().map(|value| value.and_then(Option::as_ref)).collect::<Vec<_>>())
    }
}

/// Types whose arrays are collected of their values.
macro_rules! columns_of {
    ($($rust:ty => $array:ty, $data_type:expr, |$value:ident| $into:expr;)+) => {$(
        impl Columnar for $rust {
            fn data_type() -> DataType {
                $data_type
            }

            fn array(values: &[Option<&Self>]) -> ArrayRef {
                Arc::new(values.iter().map(|value| value.map(|$value| $into)).collect::<$array>())
            }
        }
    )+};
}

columns_of! {
    bool => BooleanArray, DataType::Boolean, |value| *value;
    i32 => Int32Array, DataType::Int32, |value| *value;
    u32 => UInt32Array, DataType::UInt32, |value| *value;
    i64 => Int64Array, DataType::Int64, |value| *value;
    u64 => UInt64Array, DataType::UInt64, |value| *value;
    usize => UInt64Array, DataType::UInt64, |value| *value as u64;
    f64 => Float64Array, DataType::Float64, |value| *value;
    char => StringArray, DataType::Utf8, |value| value.to_string();
    String => StringArray, DataType::Utf8, |value| value.as_str();
    &'static str => DictionaryArray<Int32Type>, dictionary_type(), |value| *value;
}

impl Columnar for DateTime<Utc> {
    fn data_type() -> DataType {
        time_type()
    }

    fn array(values: &[Option<&Self>]) -> ArrayRef {
        let times = values.iter().map(|time| time.map(DateTime::timestamp_micros));
        Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
    }
}

impl Columnar for Amount {
    fn data_type() -> DataType {
        MONEY
    }

    fn array(values: &[Option<&Self>]) -> ArrayRef {
        let amounts = values.iter().map(|amount| amount.map(|amount| i128::from(amount.cents())));
        Arc::new(amounts.collect::<Decimal128Array>().with_data_type(MONEY))
    }
}

impl Columnar for Uuid {
    const EXTENSION: Option<&'static str> = Some("arrow.uuid");

    fn data_type() -> DataType {
        DataType::FixedSizeBinary(16)
    }

    fn array(values: &[Option<&Self>]) -> ArrayRef {
        let bytes = values.iter().flat_map(|id| id.copied().unwrap_or_default().into_bytes()).collect::<Vec<u8>>();
        Arc::new(FixedSizeBinaryArray::new(16, bytes.into(), nulls(values)))
    }
}

impl Columnar for Bytes {
    fn data_type() -> DataType {
        DataType::Binary
    }

    fn array(values: &[Option<&Self>]) -> ArrayRef {
        Arc::new(values.iter().map(|content| content.map(Bytes::as_slice)).collect::<BinaryArray>())
    }
}

/// As JSON text.
impl Columnar for Document {
    fn data_type() -> DataType {
        DataType::Utf8
    }

    fn array(values: &[Option<&Self>]) -> ArrayRef {
        Arc::new(values.iter().map(|document| document.map(Document::to_json)).collect::<StringArray>())
    }
}

impl<T: Columnar> Columnar for Vec<T> {
    fn data_type() -> DataType {
        DataType::List(column::<T>("item"))
    }

    fn array(values: &[Option<&Self>]) -> ArrayRef {
        let items: Vec<_> = values.iter().copied().flatten().flatten().map(Some).collect();
        let offsets = OffsetBuffer::from_lengths(values.iter().map(|list| list.map_or(0, Vec::len)));
        Arc::new(ListArray::new(column::<T>("item"), offsets, T::array(&items), nulls(values)))
    }
}

impl<A: Columnar, B: Columnar> Columnar for (A, B) {
    fn data_type() -> DataType {
        struct_type(vec![column::<A>("0"), column::<B>("1")])
    }

    fn array(values: &[Option<&Self>]) -> ArrayRef {
        let first = A::array(&values.iter().map(|pair| pair.map(|pair| &pair.0)).collect::<Vec<_>>());
        let second = B::array(&values.iter().map(|pair| pair.map(|pair| &pair.1)).collect::<Vec<_>>());
        structs(vec![column::<A>("0"), column::<B>("1")], vec![first, second], nulls(values))
    }
}

/// A column of records.
pub(crate) fn structs(fields: Vec<FieldRef>, columns: Vec<ArrayRef>, nulls: Option<NullBuffer>) -> ArrayRef {
    // A field that is never missing in a record is missing where the whole record is.
    let fields = fields.iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(true)));
    Arc::new(StructArray::new(fields.collect(), columns, nulls))
}

/// The type of a column of records.
pub(crate) fn struct_type(fields: Vec<FieldRef>) -> DataType {
    DataType::Struct(fields.iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(true))).collect())
}

pub(crate) fn nulls<T>(values: &[Option<&T>]) -> Option<NullBuffer> {
    values.iter().any(Option::is_none).then(|| values.iter().map(Option::is_some).collect())
}
