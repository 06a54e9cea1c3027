//! Tables of other libraries as rows of the library's own inputs: the cells of named columns, of whatever type they are.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    Array, ArrayRef,
    builder::StringBuilder,
    cast::AsArray as _,
    new_null_array,
    types::{
        Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type,
        Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeDelta, Utc};
use jpauto::Money;
use pyo3::{
    prelude::*,
    types::{PyBool, PyDate, PyDateTime, PyDict, PyFloat, PyIterator, PyList, PyMapping, PyString},
};
use uuid::Uuid;

use crate::{
    arrow::import::{Imported, import},
    ending::Inside,
    error::invalid_argument,
    faults::{self, Faults},
    input,
    interrupt::take_turns,
    unicode::NO_UNICODE,
};

/// What is said of a column that is there twice.
const ONE_COLUMN: &str = "expected one column of this name, found several";

/// A table of another library.
pub(crate) struct Frame {
    /// What it is called in errors, such as `comparables`.
    name: &'static str,
    /// The chunks of each column.
    columns: HashMap<String, Vec<ArrayRef>>,
    rows: usize,
    faults: Faults,
}

impl Frame {
    /// Reads these columns of an object that has Arrow's interface; `None` if it has none. Others are not looked at. A single column that is
    /// no table is the one that is needed, where one alone is.
    pub(crate) fn of(
        name: &'static str,
        source: &Bound<'_, PyAny>,
        wanted: &[&str],
        needed: &[&str],
    ) -> PyResult<Option<Self>> {
        if !is_arrow(source) {
            return Ok(None);
        }
        let imported = import(name, source, wanted)?;
        let Some(batches) = imported.batches()? else {
            if let [needed] = needed {
                let rows = imported.chunks.iter().map(|chunk| chunk.len()).sum();
                let columns = HashMap::from([((*needed).to_owned(), imported.chunks)]);
                return Ok(Some(Self { name, columns, rows, faults: Faults::default() }));
            }
            let expected = "expected a table, found a single column".to_owned();
            return Err(invalid_argument(source.py(), vec![(format!("/{name}"), expected)]));
        };
        let mut columns: HashMap<String, Vec<ArrayRef>> = HashMap::new();
        let mut faults = Faults::default();
        for field in imported.schema().iter().flat_map(|schema| schema.fields()) {
            if columns.insert(field.name().clone(), Vec::new()).is_some() {
                faults.add(|| (format!("/{name}/{}", field.name()), ONE_COLUMN.to_owned()));
            }
        }
        faults.checked(source.py())?;
        for batch in &batches {
            for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
                columns.entry(field.name().clone()).or_default().push(column.clone());
            }
        }
        let rows = batches.iter().map(arrow_array::RecordBatch::num_rows).sum();
        Ok(Some(Self { name, columns, rows, faults: Faults::default() }))
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// A column that must be there.
    pub(crate) fn need(&mut self, column: &str) {
        if !self.has(column) {
            self.faults.add(|| (format!("/{}/{column}", self.name), "expected a column of this name".to_owned()));
        }
    }

    /// Hands each cell of a column that holds something to its row. A column that is not there says nothing.
    pub(crate) fn fill<R, T: Cell>(&mut self, rows: &mut [R], column: &str, set: impl Fn(&mut R, T)) {
        let Some(chunks) = self.columns.get(column) else { return };
        let mut rows = rows.iter_mut().enumerate();
        for chunk in chunks {
            for (place, (number, row)) in (0..chunk.len()).zip(&mut rows) {
                match cell::<T>(chunk.as_ref(), place) {
                    Ok(None) => {}
                    Ok(Some(value)) => set(row, value),
                    Err(Wrong) => self.faults.add(|| {
                        let expected = format!("expected {}, found {}", T::EXPECTED, told(chunk.as_ref(), place));
                        (format!("/{}/{number}/{column}", self.name), expected)
                    }),
                }
            }
        }
    }

    /// # Errors
    /// `invalid_argument`, with the first wrong cells.
    pub(crate) fn checked(self, py: Python<'_>) -> PyResult<()> {
        self.faults.checked(py)
    }
}

/// A table that is not read yet, as polars has them, read now; any other object as it is.
pub(crate) fn eager<'py>(source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let _inside = Inside::begin(source.py());
    if input::is_of(source, "polars", "LazyFrame") { source.call_method0("collect") } else { Ok(source.clone()) }
}

/// The rows of a table of another library as dictionaries, and the items of any other object.
pub(crate) fn in_rows<'py>(name: &str, source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyIterator>> {
    let _inside = Inside::begin(source.py());
    let source = eager(source)?;
    let rows = if input::is_of(&source, "polars", "DataFrame") {
        source.call_method0("to_dicts")?
    } else if input::is_of(&source, "pandas", "DataFrame") {
        source.call_method1("to_dict", ("records",))?
    } else if input::is_of(&source, "pyarrow", "Table") || input::is_of(&source, "pyarrow", "RecordBatch") {
        source.call_method0("to_pylist")?
    } else if source.cast::<PyMapping>().is_ok() || source.cast::<PyString>().is_ok() {
        // The keys of a dictionary are no rows, and an empty one would be an empty list.
        return Err(faults::no_table(name, &source));
    } else {
        return faults::rows(name, &source);
    };
    let plain = PyList::empty(rows.py());
    for row in rows.try_iter()? {
        take_turns(rows.py())?;
        let cells = PyDict::new(rows.py());
        for (name, value) in row?.cast::<PyDict>()? {
            cells.set_item(name, input::cell(value)?)?;
        }
        plain.append(cells)?;
    }
    plain.try_iter()
}

/// Whether an object has Arrow's interface.
pub(crate) fn is_arrow(source: &Bound<'_, PyAny>) -> bool {
    let has = |name| source.hasattr(name).unwrap_or(false);
    has("__arrow_c_stream__") || has("__arrow_c_array__")
}

/// The texts of one column: of an object with Arrow's interface, or of anything that is iterated and holds texts and `None`.
pub(crate) fn texts(name: &'static str, source: &Bound<'_, PyAny>) -> PyResult<Vec<ArrayRef>> {
    let source = &eager(source)?;
    let refused = |at: String, expected: String| Err(invalid_argument(source.py(), vec![(at, expected)]));
    if !is_arrow(source) {
        if source.cast::<PyString>().is_ok() {
            return refused(format!("/{name}"), "expected a list or a column of texts, found one text".to_owned());
        }
        if source.cast::<PyMapping>().is_ok() {
            return refused(format!("/{name}"), "expected a list or a column of texts, found a dictionary".to_owned());
        }
        let _inside = Inside::begin(source.py());
        let mut texts = StringBuilder::new();
        for (place, item) in faults::items(name, "a list or a column of texts", source)?.enumerate() {
            let item = item?;
            take_turns(item.py())?;
            match item.cast::<PyString>() {
                Ok(text) => match text.to_str() {
                    Ok(text) => texts.append_value(text),
                    Err(_no_unicode) => return refused(format!("/{name}/{place}"), NO_UNICODE.to_owned()),
                },
                Err(_) if input::cell(item.clone())?.is_none() => texts.append_null(),
                Err(_) => return refused(format!("/{name}/{place}"), "expected a text or None".to_owned()),
            }
        }
        return Ok(vec![Arc::new(texts.finish())]);
    }
    let imported = import(name, source, &[name.trim_end_matches('s'), VIN])?;
    let columns = match imported.batches()? {
        None => imported.chunks,
        Some(batches) => match only_column(&imported, name) {
            Ok(place) => batches.iter().map(|batch| batch.column(place).clone()).collect(),
            Err(expected) => return refused(format!("/{name}"), expected),
        },
    };
    // A column that holds nothing is one of texts, whatever type it was given: pandas has none for texts of which there are none.
    if columns.iter().all(|column| is_nothing(column.as_ref())) {
        return Ok(vec![new_null_array(&DataType::Null, columns.iter().map(|column| column.len()).sum())]);
    }
    match columns.iter().find(|column| !is_text(column.data_type())) {
        None => Ok(columns),
        Some(column) => refused(format!("/{name}"), format!("expected texts, found {}", column.data_type())),
    }
}

/// Whether a column has no row, or nothing but missing values, among which NaN counts.
fn is_nothing(column: &dyn Array) -> bool {
    match column.data_type() {
        DataType::Null => true,
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().all(f64::is_nan),
        _ => column.null_count() == column.len(),
    }
}

/// The usual name of a column of VINs. Only these are read as a column of texts.
const VIN: &str = "vin";

/// The column of a table that is meant: the one of that name without its plural, or the only one.
fn only_column(table: &Imported, name: &str) -> Result<usize, String> {
    let schema = table.schema().unwrap_or_else(arrow_schema::Schema::empty);
    let singular = name.trim_end_matches('s');
    match schema.fields().len() {
        1 => Ok(0),
        // Lists of a lot have the VINs of our own vehicles under their usual name.
        _ => schema
            .index_of(singular)
            .or_else(|_none| schema.index_of(VIN))
            .map_err(|_none| format!("expected one column, or one that is called {singular}")),
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        DataType::Dictionary(_, words) => is_text(words),
        _ => false,
    }
}

/// Hands out the texts of a column that [`texts`] has let through, without a copy.
pub(crate) fn each_text<'a>(column: &'a dyn Array, take: &mut dyn FnMut(Option<&'a str>)) {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().iter().for_each(take),
        DataType::LargeUtf8 => column.as_string::<i64>().iter().for_each(take),
        DataType::Utf8View => column.as_string_view().iter().for_each(take),
        DataType::Dictionary(..) => {
            let dictionary = column.as_any_dictionary();
            let mut words = Vec::with_capacity(dictionary.values().len());
            each_text(dictionary.values().as_ref(), &mut |word| words.push(word));
            for (place, key) in dictionary.normalized_keys().into_iter().enumerate() {
                take(words.get(key).copied().flatten().filter(|_| !column.is_null(place)));
            }
        }
        _ => (0..column.len()).for_each(|_| take(None)),
    }
}

/// A cell that is not of the type that is wanted.
pub(crate) struct Wrong;

/// A type that cells are read as.
pub(crate) trait Cell: Sized {
    /// What is expected of a cell, for a person.
    const EXPECTED: &'static str;

    fn of_text(text: &str) -> Result<Option<Self>, Wrong>;

    fn of_whole(_whole: i64) -> Result<Self, Wrong> {
        Err(Wrong)
    }

    fn of_float(_number: f64) -> Result<Self, Wrong> {
        Err(Wrong)
    }

    /// `number / 10^scale`.
    fn of_decimal(_number: i128, _scale: i8) -> Result<Self, Wrong> {
        Err(Wrong)
    }

    fn of_time(_time: DateTime<Utc>) -> Result<Self, Wrong> {
        Err(Wrong)
    }

    fn of_truth(_truth: bool) -> Result<Self, Wrong> {
        Err(Wrong)
    }
}

/// The value of a dictionary's field as that of a cell; `None` for a missing one. The error is what was expected.
pub(crate) fn value<T: Cell>(value: &Bound<'_, PyAny>) -> Result<Option<T>, &'static str> {
    read_value(value).map_err(|Wrong| T::EXPECTED)
}

fn read_value<T: Cell>(value: &Bound<'_, PyAny>) -> Result<Option<T>, Wrong> {
    if value.is_none() {
        return Ok(None);
    }
    // A bool is an int in Python, and a datetime is a date: they come first.
    if let Ok(truth) = value.cast::<PyBool>() {
        return T::of_truth(truth.is_true()).map(Some);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return T::of_text(text.to_cow().map_err(|_not_unicode| Wrong)?.as_ref());
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return float(number.value());
    }
    if let Ok(time) = value.cast::<PyDateTime>() {
        return input::time(time).ok().and_then(Result::ok).ok_or(Wrong).and_then(T::of_time).map(Some);
    }
    if let Ok(day) = value.cast::<PyDate>() {
        let day: NaiveDate = day.extract().map_err(|_no_day| Wrong)?;
        return T::of_time(day.and_time(NaiveTime::MIN).and_utc()).map(Some);
    }
    if value.hasattr("__index__").unwrap_or(false) {
        return value.extract().map_err(|_large| Wrong).and_then(T::of_whole).map(Some);
    }
    match input::decimal_text(value) {
        Some(text) => T::of_text(&text),
        None => {
            let id: Uuid = value.extract().map_err(|_no_id| Wrong)?;
            T::of_text(&id.to_string())
        }
    }
}

/// The value of a cell; `None` for a missing one. NaN counts as missing, for that is how it is written where floats have no null.
fn cell<T: Cell>(array: &dyn Array, place: usize) -> Result<Option<T>, Wrong> {
    if array.is_null(place) {
        return Ok(None);
    }
    macro_rules! whole {
        ($type:ty) => {
            i64::try_from(array.as_primitive::<$type>().value(place))
                .map_err(|_large| Wrong)
                .and_then(T::of_whole)
                .map(Some)
        };
    }
    match array.data_type() {
        DataType::Null => Ok(None),
        DataType::Utf8 => T::of_text(array.as_string::<i32>().value(place)),
        DataType::LargeUtf8 => T::of_text(array.as_string::<i64>().value(place)),
        DataType::Utf8View => T::of_text(array.as_string_view().value(place)),
        DataType::Int8 => whole!(Int8Type),
        DataType::Int16 => whole!(Int16Type),
        DataType::Int32 => whole!(Int32Type),
        DataType::Int64 => whole!(Int64Type),
        DataType::UInt8 => whole!(UInt8Type),
        DataType::UInt16 => whole!(UInt16Type),
        DataType::UInt32 => whole!(UInt32Type),
        DataType::UInt64 => whole!(UInt64Type),
        DataType::Float32 => float(shortest(array.as_primitive::<Float32Type>().value(place))),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(place)),
        DataType::Float16 => float(shortest(array.as_primitive::<Float16Type>().value(place).to_f32())),
        DataType::Decimal32(_, scale) => decimal(array.as_primitive::<Decimal32Type>().value(place).into(), *scale),
        DataType::Decimal64(_, scale) => decimal(array.as_primitive::<Decimal64Type>().value(place).into(), *scale),
        DataType::Decimal128(_, scale) => decimal(array.as_primitive::<Decimal128Type>().value(place), *scale),
        DataType::Decimal256(_, scale) => {
            decimal(array.as_primitive::<Decimal256Type>().value(place).to_i128().ok_or(Wrong)?, *scale)
        }
        DataType::Boolean => T::of_truth(array.as_boolean().value(place)).map(Some),
        DataType::Timestamp(unit, zone) => {
            if zone.is_none() {
                return Err(Wrong);
            }
            instant(unit, array, place).ok_or(Wrong).and_then(T::of_time).map(Some)
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(place);
            let time = DateTime::UNIX_EPOCH.checked_add_signed(TimeDelta::days(days.into()));
            time.ok_or(Wrong).and_then(T::of_time).map(Some)
        }
        DataType::FixedSizeBinary(16) => id(array.as_fixed_size_binary().value(place)),
        // polars and Parquet files have no type for ids of a fixed size.
        DataType::Binary => id(array.as_binary::<i32>().value(place)),
        DataType::LargeBinary => id(array.as_binary::<i64>().value(place)),
        DataType::BinaryView => id(array.as_binary_view().value(place)),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let key = cell::<i64>(dictionary.keys(), place)?.and_then(|key| usize::try_from(key).ok());
            let key = key.filter(|key| *key < dictionary.values().len()).ok_or(Wrong)?;
            cell(dictionary.values().as_ref(), key)
        }
        _ => Err(Wrong),
    }
}

/// An id as text, of its 16 bytes.
fn id<T: Cell>(bytes: &[u8]) -> Result<Option<T>, Wrong> {
    let id = Uuid::from_slice(bytes).map_err(|_length| Wrong)?;
    T::of_text(&id.to_string())
}

/// `number / 10^scale`; the scale may be below zero.
fn decimal<T: Cell>(number: i128, scale: i8) -> Result<Option<T>, Wrong> {
    let units = 10_i128.checked_pow(scale.min(0).unsigned_abs().into()).and_then(|unit| number.checked_mul(unit));
    T::of_decimal(units.ok_or(Wrong)?, scale.max(0)).map(Some)
}

fn float<T: Cell>(number: f64) -> Result<Option<T>, Wrong> {
    if number.is_nan() { Ok(None) } else { T::of_float(number).map(Some) }
}

/// The number that a person would write for it.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}

fn instant(unit: &TimeUnit, array: &dyn Array, place: usize) -> Option<DateTime<Utc>> {
    match unit {
        TimeUnit::Second => DateTime::from_timestamp(array.as_primitive::<TimestampSecondType>().value(place), 0),
        TimeUnit::Millisecond => {
            DateTime::from_timestamp_millis(array.as_primitive::<TimestampMillisecondType>().value(place))
        }
        TimeUnit::Microsecond => {
            DateTime::from_timestamp_micros(array.as_primitive::<TimestampMicrosecondType>().value(place))
        }
        TimeUnit::Nanosecond => {
            Some(DateTime::from_timestamp_nanos(array.as_primitive::<TimestampNanosecondType>().value(place)))
        }
    }
}

impl Cell for String {
    const EXPECTED: &'static str = "a text";

    fn of_text(text: &str) -> Result<Option<Self>, Wrong> {
        Ok(Some(text.to_owned()))
    }

    fn of_whole(whole: i64) -> Result<Self, Wrong> {
        Ok(whole.to_string())
    }
}

impl Cell for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn of_text(text: &str) -> Result<Option<Self>, Wrong> {
        let text = text.trim();
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_no_number| Wrong) }
    }

    fn of_whole(whole: i64) -> Result<Self, Wrong> {
        Ok(whole)
    }

    fn of_float(number: f64) -> Result<Self, Wrong> {
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked on the same line")]
        if number.fract() == 0.0 && number.abs() < 1e15 { Ok(number as i64) } else { Err(Wrong) }
    }

    fn of_decimal(number: i128, scale: i8) -> Result<Self, Wrong> {
        let unit = u32::try_from(scale).ok().and_then(|scale| 10_i128.checked_pow(scale)).ok_or(Wrong)?;
        if number % unit == 0 { i64::try_from(number / unit).map_err(|_large| Wrong) } else { Err(Wrong) }
    }
}

impl Cell for i32 {
    const EXPECTED: &'static str = "a whole number";

    fn of_text(text: &str) -> Result<Option<Self>, Wrong> {
        i64::of_text(text)?.map(Self::of_whole).transpose()
    }

    fn of_whole(whole: i64) -> Result<Self, Wrong> {
        Self::try_from(whole).map_err(|_large| Wrong)
    }

    fn of_float(number: f64) -> Result<Self, Wrong> {
        i64::of_float(number).and_then(Self::of_whole)
    }

    fn of_decimal(number: i128, scale: i8) -> Result<Self, Wrong> {
        i64::of_decimal(number, scale).and_then(Self::of_whole)
    }
}

impl Cell for f64 {
    const EXPECTED: &'static str = "a number";

    fn of_text(text: &str) -> Result<Option<Self>, Wrong> {
        let text = text.trim();
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_no_number| Wrong) }
    }

    fn of_whole(whole: i64) -> Result<Self, Wrong> {
        Ok(whole as Self)
    }

    fn of_float(number: f64) -> Result<Self, Wrong> {
        Ok(number)
    }

    fn of_decimal(number: i128, scale: i8) -> Result<Self, Wrong> {
        Ok(number as Self / 10_f64.powi(scale.into()))
    }
}

impl Cell for bool {
    const EXPECTED: &'static str = "true or false";

    fn of_text(text: &str) -> Result<Option<Self>, Wrong> {
        match text.trim() {
            "" => Ok(None),
            "true" | "True" | "1" => Ok(Some(true)),
            "false" | "False" | "0" => Ok(Some(false)),
            _ => Err(Wrong),
        }
    }

    fn of_whole(whole: i64) -> Result<Self, Wrong> {
        match whole {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Wrong),
        }
    }

    fn of_truth(truth: bool) -> Result<Self, Wrong> {
        Ok(truth)
    }
}

impl Cell for Money {
    const EXPECTED: &'static str = "an amount in dollars with at most two decimal places";

    fn of_text(text: &str) -> Result<Option<Self>, Wrong> {
        let text = text.trim();
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_no_amount| Wrong) }
    }

    fn of_whole(whole: i64) -> Result<Self, Wrong> {
        whole.checked_mul(100).map(Self::from_cents).ok_or(Wrong)
    }

    fn of_float(number: f64) -> Result<Self, Wrong> {
        number.to_string().parse().map_err(|_no_amount| Wrong)
    }

    fn of_decimal(number: i128, scale: i8) -> Result<Self, Wrong> {
        let cents = match u32::try_from(scale) {
            Ok(scale @ 0..=2) => number.checked_mul(10_i128.pow(2 - scale)),
            Ok(scale) => 10_i128.checked_pow(scale - 2).filter(|unit| number % unit == 0).map(|unit| number / unit),
            Err(_negative) => None,
        };
        cents.and_then(|cents| i64::try_from(cents).ok()).map(Self::from_cents).ok_or(Wrong)
    }
}

impl Cell for DateTime<Utc> {
    const EXPECTED: &'static str = "a time with a time zone, in the years 1 to 9999 of UTC";

    fn of_text(text: &str) -> Result<Option<Self>, Wrong> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Self::of_time(day.and_time(NaiveTime::MIN).and_utc()).map(Some);
        }
        let time = DateTime::parse_from_rfc3339(text).map_err(|_no_time| Wrong)?;
        Self::of_time(time.to_utc()).map(Some)
    }

    fn of_time(time: DateTime<Utc>) -> Result<Self, Wrong> {
        // The years that Python's times have: sums with spans of days stay within chrono's.
        if (1..=9_999).contains(&time.year()) { Ok(time) } else { Err(Wrong) }
    }
}

/// What stands in a cell, for an error: its value, or its type where that is no plain one. A time without a zone has its type, too.
fn told(array: &dyn Array, place: usize) -> String {
    const LONGEST: usize = 60;
    match words(array, place) {
        value if value.is_empty() => array.data_type().to_string(),
        value if value.chars().count() > LONGEST => format!("{:?}...", value.chars().take(LONGEST).collect::<String>()),
        value if is_text(array.data_type()) => format!("{value:?}"),
        value => value,
    }
}

/// A cell as a person reads it; of a list or a struct nothing.
pub(crate) fn words(array: &dyn Array, place: usize) -> String {
    struct Words(String);

    impl Cell for Words {
        const EXPECTED: &'static str = "anything";

        fn of_text(text: &str) -> Result<Option<Self>, Wrong> {
            Ok(Some(Self(text.to_owned())))
        }

        fn of_whole(whole: i64) -> Result<Self, Wrong> {
            Ok(Self(whole.to_string()))
        }

        fn of_float(number: f64) -> Result<Self, Wrong> {
            Ok(Self(number.to_string()))
        }

        fn of_decimal(number: i128, scale: i8) -> Result<Self, Wrong> {
            Money::of_decimal(number, scale).map(|amount| Self(amount.to_string()))
        }

        fn of_time(time: DateTime<Utc>) -> Result<Self, Wrong> {
            Ok(Self(time.format("%Y-%m-%d %H:%M").to_string()))
        }

        fn of_truth(truth: bool) -> Result<Self, Wrong> {
            Ok(Self(truth.to_string()))
        }
    }

    cell::<Words>(array, place).ok().flatten().map(|words| words.0).unwrap_or_default()
}
