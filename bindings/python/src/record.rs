//! Records: the results of the library as frozen Python objects with typed attributes.
//!
//! `record!` makes a class of fields that are written out, `record_of_fields!` makes one of a list of the library's. [`Told`] turns a
//! value of the library into the value of a field, and [`Shown`] turns that into a Python object and, for pickles, back.

mod ids_and_words;

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use jpauto::Money;
use pyo3::{
    IntoPyObjectExt as _, PyClass,
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyDict, PyList, PyTuple},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{html, input};

/// Makes the value of a field from a value of the library.
pub(crate) trait Told<T> {
    fn told(value: T) -> Self;
}

/// A value of a field as a Python object.
pub(crate) trait Shown {
    /// The value of the attribute.
    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;

    /// The value in `as_dict`, where a record is a dictionary.
    fn plain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.shown(py)
    }

    /// The value that [`Shown::shown`] showed.
    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self>
    where
        Self: Sized;

    /// Adds the value to a hash. Equal values add the same.
    fn mix(&self, hash: &mut DefaultHasher);
}

/// A class that `record!` made.
pub(crate) trait Record: PyClass {
    /// Every field with its name, in order.
    fn fields(&self) -> Vec<(&'static str, &dyn Shown)>;

    /// A dictionary of every field.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, value) in self.fields() {
            dict.set_item(name, value.plain(py)?)?;
        }
        Ok(dict)
    }

    /// The name of the class and every field that is not `None`.
    fn to_repr(&self, py: Python<'_>) -> PyResult<String> {
        let mut shown = Vec::new();
        for (name, value) in self.fields() {
            let value = value.shown(py)?;
            if !value.is_none() {
                shown.push(format!("{name}={}", value.repr()?));
            }
        }
        Ok(format!("{}({})", Self::NAME, shown.join(", ")))
    }

    /// What pickles hold of it: each attribute by name.
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, value) in self.fields() {
            dict.set_item(name, value.shown(py)?)?;
        }
        Ok(dict)
    }

    fn to_hash(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        for (_, value) in self.fields() {
            value.mix(&mut hash);
        }
        hash.finish()
    }

    /// For notebooks: a table of the fields that are not `None`.
    fn to_html(&self, py: Python<'_>) -> PyResult<String> {
        let mut rows = Vec::new();
        for (name, value) in self.fields() {
            let value = value.shown(py)?;
            if !value.is_none() {
                rows.push((name.to_owned(), html::cell(&value)?));
            }
        }
        Ok(html::record(Self::NAME, &rows))
    }
}

/// The value of a field in a pickle. A field that the pickle does not have yet is `None`.
pub(crate) fn restored<T: Shown>(fields: &Bound<'_, PyDict>, name: &str) -> PyResult<T> {
    let value = fields.get_item(name)?.unwrap_or_else(|| fields.py().None().into_bound(fields.py()));
    T::read(&value).map_err(|reason| PyTypeError::new_err(format!("{name}: {}", reason.value(fields.py()))))
}

/// Makes a frozen Python class for a type of the library, and the conversion to it.
///
/// Fields are in groups. Those after `()` are fields of the value, those after `(.part)` are fields of its part. A field has the name
/// of the library's field; if not, the path or method is given in brackets.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident of $core:ty {
            $($part:tt { $($(#[$field_doc:meta])* $field:ident: $type:ty $(= [$($path:tt)+])?,)* })+
        }
        $(and { $($method:tt)* })?
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, get_all, eq, module = "jpauto")]
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name {
            $($($(#[$field_doc])* $field: $type,)*)+
        }

        impl $crate::record::Told<$core> for $name {
            fn told(value: $core) -> Self {
                Self {
                    $($($field: $crate::record::Told::told(
                        record!(@ value $part $field $([$($path)+])?),
                    ),)*)+
                }
            }
        }

        impl $crate::record::Record for $name {
            fn fields(&self) -> Vec<(&'static str, &dyn $crate::record::Shown)> {
                vec![$($((stringify!($field), &self.$field as &dyn $crate::record::Shown),)*)+]
            }
        }

        impl $crate::arrow::Row for $name {
            fn columns() -> Vec<arrow_schema::FieldRef> {
                vec![$($($crate::arrow::column::<$type>(stringify!($field)),)*)+]
            }

            fn arrays(rows: &[Self], places: &[usize]) -> Vec<arrow_array::ArrayRef> {
                let rows: Vec<_> = rows.iter().map(Some).collect();
                let all = Self::array_makers();
                places.iter().filter_map(|place| Some(all.get(*place)?(&rows))).collect()
            }
        }

        impl $name {
            /// For each column, the function that makes it.
            fn array_makers() -> Vec<fn(&[Option<&Self>]) -> arrow_array::ArrayRef> {
                vec![$($(|rows| {
                    let values: Vec<_> = rows.iter().map(|row| row.map(|row| &row.$field)).collect();
                    $crate::arrow::values::<$type>(stringify!($field), &values)
                },)*)+]
            }
        }

        impl $crate::arrow::Columnar for $name {
            fn data_type() -> arrow_schema::DataType {
                $crate::arrow::struct_type(<Self as $crate::arrow::Row>::columns())
            }

            fn array(values: &[Option<&Self>]) -> arrow_array::ArrayRef {
                let columns = Self::array_makers().into_iter().map(|make| make(values)).collect();
                let fields = <Self as $crate::arrow::Row>::columns();
                $crate::arrow::structs(fields, columns, $crate::arrow::nulls(values))
            }
        }

        impl $crate::record::Shown for $name {
            fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                pyo3::IntoPyObjectExt::into_bound_py_any(self.clone(), py)
            }

            fn plain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok($crate::record::Record::to_dict(self, py)?.into_any())
            }

            fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
                Ok(shown.cast::<Self>()?.get().clone())
            }

            fn mix(&self, hash: &mut std::hash::DefaultHasher) {
                std::hash::Hasher::write_u64(hash, $crate::record::Record::to_hash(self));
            }
        }

        #[pymethods]
        impl $name {
            /// The fields as a dictionary; records within it are dictionaries, too.
            fn as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                $crate::record::Record::to_dict(self, py)
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                $crate::record::Record::to_repr(self, py)
            }

            fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
                $crate::record::Record::to_html(self, py)
            }

            fn __hash__(&self) -> u64 {
                $crate::record::Record::to_hash(self)
            }

            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, pyo3::types::PyDict>,))> {
                let restore = slf.get_type().getattr("_restored")?;
                Ok((restore, ($crate::record::Record::attributes(slf.get(), slf.py())?,)))
            }

            #[staticmethod]
            fn _restored(fields: &Bound<'_, pyo3::types::PyDict>) -> PyResult<Self> {
                Ok(Self { $($($field: $crate::record::restored(fields, stringify!($field))?,)*)+ })
            }

            $($($method)*)?
        }
    };
    (@ $value:ident (.$part:ident) $field:ident) => { $value.$part.$field };
    (@ $value:ident () $field:ident) => { $value.$field };
    (@ $value:ident () $field:ident [$($path:tt)+]) => { $value.$($path)+ };
}
pub(crate) use record;

/// The Python types for the types in the library's lists of fields.
///
/// [`record_of_fields`] makes a class of a list such as `jpauto::vehicle_fields!`. Rust looks up the types in the list where that
/// macro is called, so a file that imports these names gets Python's types.
pub(crate) mod listed {
    use uuid::Uuid;

    pub(crate) type Money = super::Amount;
    pub(crate) type VehicleId = Uuid;
    pub(crate) type SubmissionId = Uuid;
    pub(crate) type UserId = Uuid;
    pub(crate) type VehicleStatus = &'static str;
    pub(crate) type SubmissionStatus = &'static str;
}

/// Makes a frozen Python class of a list of fields, and of the fields in braces that the list does not have.
macro_rules! record_of_fields {
    (
        [$(#[$about:meta])* $name:ident of $core:ty, $part:tt $({ $($beside:tt)+ })?]
        key { $($key:tt)+ }
        kept { $($before:tt)* }
        given { $($given:tt)+ }
        kept { $($after:tt)* }
        $(derived { $($derived:tt)+ })?
    ) => {
        record_of_fields! { @ $(#[$about])* $name of $core, $part
            { $($key)+ $($before)* $($given)+ $($after)* $($($derived)+)? }
            { $($($beside)+)? }
        }
    };
    (@ $(#[$about:meta])* $name:ident of $core:ty, $part:tt
        { $(
            $(#[doc = $doc:literal])+
            $audience:ident $field:ident: $presence:ident $type:ty $([$($limit:tt)+])? $(= $derive:path)?,
        )+ }
        { $( $(#[$beside_about:meta])* $beside:ident: $beside_type:ty, )* }
    ) => {
        record! {
            $(#[$about])*
            $name of $core {
                $part { $($(#[doc = $doc])+ $field: $crate::record::field_type!($presence $type),)+ }
                () { $($(#[$beside_about])* $beside: $beside_type,)* }
            }
        }
    };
}
pub(crate) use record_of_fields;

/// The type of a field in a class.
macro_rules! field_type {
    (nullable $type:ty) => { Option<$type> };
    ($presence:ident $type:ty) => { $type };
}
pub(crate) use field_type;

/// Types that Python has, too.
macro_rules! shown_as_they_are {
    ($($type:ty),+ $(,)?) => {$(
        impl Told<$type> for $type {
            fn told(value: $type) -> Self {
                value
            }
        }

        impl Shown for $type {
            fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                self.clone().into_bound_py_any(py)
            }

            fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
                shown.extract()
            }

            fn mix(&self, hash: &mut DefaultHasher) {
                self.hash(hash);
            }
        }
    )+};
}

shown_as_they_are!(bool, i32, u32, i64, u64, usize, char, String, DateTime<Utc>, Uuid);

impl Told<f64> for f64 {
    fn told(value: f64) -> Self {
        value
    }
}

impl Shown for f64 {
    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.into_bound_py_any(py)
    }

    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
        shown.extract()
    }

    fn mix(&self, hash: &mut DefaultHasher) {
        // Both zeros are equal.
        (self + 0.0).to_bits().hash(hash);
    }
}

impl Told<&'static str> for &'static str {
    fn told(word: &'static str) -> Self {
        word
    }
}

impl Shown for &'static str {
    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.into_bound_py_any(py)
    }

    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
        word_of_pickle(&shown.extract::<String>()?)
    }

    fn mix(&self, hash: &mut DefaultHasher) {
        self.hash(hash);
    }
}

/// A word that a pickle holds. Each is kept once and for good, and there are no more of them than the library has words for.
fn word_of_pickle(word: &str) -> PyResult<&'static str> {
    const MOST_WORDS: usize = 2_000;
    const LONGEST: usize = 64;
    static WORDS: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    let words = words.get_or_insert_default();
    if let Some(known) = words.get(word) {
        return Ok(known);
    }
    if words.len() >= MOST_WORDS || word.len() > LONGEST {
        return Err(PyValueError::new_err("expected a word of the library"));
    }
    let kept: &'static str = Box::leak(word.into());
    words.insert(kept);
    Ok(kept)
}

impl<T: Told<U>, U> Told<Option<U>> for Option<T> {
    fn told(value: Option<U>) -> Self {
        value.map(T::told)
    }
}

impl<T: Shown> Shown for Option<T> {
    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.as_ref().map_or_else(|| Ok(py.None().into_bound(py)), |value| value.shown(py))
    }

    fn plain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.as_ref().map_or_else(|| Ok(py.None().into_bound(py)), |value| value.plain(py))
    }

    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
        if shown.is_none() { Ok(None) } else { T::read(shown).map(Some) }
    }

    fn mix(&self, hash: &mut DefaultHasher) {
        self.is_some().hash(hash);
        if let Some(value) = self {
            value.mix(hash);
        }
    }
}

impl Told<(String, String)> for (String, String) {
    fn told(pair: (String, String)) -> Self {
        pair
    }
}

impl<T: Told<U>, U> Told<Vec<U>> for Vec<T> {
    fn told(values: Vec<U>) -> Self {
        values.into_iter().map(T::told).collect()
    }
}

impl<T: Shown> Shown for Vec<T> {
    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let values: Vec<_> = self.iter().map(|value| value.shown(py)).collect::<PyResult<_>>()?;
        Ok(PyList::new(py, values)?.into_any())
    }

    fn plain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let values: Vec<_> = self.iter().map(|value| value.plain(py)).collect::<PyResult<_>>()?;
        Ok(PyList::new(py, values)?.into_any())
    }

    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
        shown.cast::<PyList>()?.iter().map(|value| T::read(&value)).collect()
    }

    fn mix(&self, hash: &mut DefaultHasher) {
        self.len().hash(hash);
        for value in self {
            value.mix(hash);
        }
    }
}

/// An amount of money. In Python it is a `Decimal` with two decimal places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Amount(Money);

impl Amount {
    pub(crate) const fn cents(self) -> i64 {
        self.0.cents()
    }
}

impl Told<Money> for Amount {
    fn told(value: Money) -> Self {
        Self(value)
    }
}

impl<'py> IntoPyObject<'py> for Amount {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.to_bigdecimal().into_pyobject(py)
    }
}

impl Shown for Amount {
    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.into_pyobject(py)
    }

    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
        let text = shown.str()?.to_string();
        text.parse().map(Self).map_err(|reason: jpauto::InvalidMoney| PyValueError::new_err(reason.to_string()))
    }

    fn mix(&self, hash: &mut DefaultHasher) {
        self.0.hash(hash);
    }
}

impl<A: Shown, B: Shown> Shown for (A, B) {
    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (self.0.shown(py)?, self.1.shown(py)?).into_bound_py_any(py)
    }

    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
        let pair = shown.cast::<PyTuple>()?;
        Ok((A::read(&pair.get_item(0)?)?, B::read(&pair.get_item(1)?)?))
    }

    fn mix(&self, hash: &mut DefaultHasher) {
        self.0.mix(hash);
        self.1.mix(hash);
    }
}

/// A JSON document. In Python it is what `json.loads` returns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document(Value);

impl Document {
    /// The document of a value of the library. Without one, it is `None`.
    pub(crate) fn of(value: &impl serde::Serialize) -> Self {
        Self(serde_json::to_value(value).unwrap_or_default())
    }

    /// Its text.
    pub(crate) fn to_json(&self) -> String {
        self.0.to_string()
    }
}

impl Told<Value> for Document {
    fn told(value: Value) -> Self {
        Self(value)
    }
}

impl Told<Map<String, Value>> for Document {
    fn told(fields: Map<String, Value>) -> Self {
        Self(Value::Object(fields))
    }
}

impl<'py> IntoPyObject<'py> for Document {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(&self.0, py)
    }
}

impl Shown for Document {
    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(&self.0, py)
    }

    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
        input::document(shown).map(Self)
    }

    fn mix(&self, hash: &mut DefaultHasher) {
        mix_document(&self.0, hash);
    }
}

fn mix_document(value: &Value, hash: &mut DefaultHasher) {
    match value {
        Value::Number(number) => number.as_f64().unwrap_or_default().mix(hash),
        Value::Array(items) => items.iter().for_each(|item| mix_document(item, hash)),
        Value::Object(fields) => {
            for (name, value) in fields {
                name.hash(hash);
                mix_document(value, hash);
            }
        }
        plain => plain.to_string().hash(hash),
    }
}

/// The recursion is bounded, because `serde_json` refuses documents of more than 128 levels.
fn document<'py>(value: &Value, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Bool(truth) => truth.into_bound_py_any(py),
        Value::String(text) => text.into_bound_py_any(py),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => whole.into_bound_py_any(py),
            (None, Some(whole)) => whole.into_bound_py_any(py),
            (None, None) => number.as_f64().into_bound_py_any(py),
        },
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| document(item, py)).collect::<PyResult<_>>()?;
            Ok(PyList::new(py, items)?.into_any())
        }
        Value::Object(fields) => {
            let dict = PyDict::new(py);
            for (name, value) in fields {
                dict.set_item(name, document(value, py)?)?;
            }
            Ok(dict.into_any())
        }
    }
}

/// A value with a stable code and details.
pub(crate) struct Coded {
    pub(crate) code: String,
    pub(crate) details: Value,
}

impl Coded {
    /// Takes the code out of the JSON of an enum that is tagged with `code`.
    pub(crate) fn of(case: &impl serde::Serialize) -> Self {
        let mut details = serde_json::to_value(case).unwrap_or_default();
        let code = details.as_object_mut().and_then(|details| details.remove("code"));
        Self { code: code.and_then(|code| code.as_str().map(ToOwned::to_owned)).unwrap_or_default(), details }
    }
}
