//! The values of fields: what each type of the library is in Python, in a hash and in a pickle.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use jpauto::Money;
use pyo3::{
    IntoPyObjectExt as _,
    exceptions::PyValueError,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyTuple},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Shown, Told};
use crate::input;

/// Types that Python has, too.
macro_rules! shown_as_they_are {
    ($($type:ty => $annotation:literal),+ $(,)?) => {$(
        impl Told<$type> for $type {
            fn told(value: $type) -> Self {
                value
            }
        }

        impl Shown for $type {
            fn annotation() -> String {
                $annotation.to_owned()
            }

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

shown_as_they_are!(
    bool => "bool",
    i32 => "int",
    u32 => "int",
    i64 => "int",
    u64 => "int",
    usize => "int",
    char => "str",
    String => "str",
    DateTime<Utc> => "datetime",
    Uuid => "UUID",
);

impl Told<f64> for f64 {
    fn told(value: f64) -> Self {
        value
    }
}

impl Shown for f64 {
    fn annotation() -> String {
        "float".to_owned()
    }

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
    fn annotation() -> String {
        "str".to_owned()
    }

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

    fn annotation() -> Option<String> {
        T::annotation().map(|of| format!("{of} | None"))
    }
}

impl<T: Shown> Shown for Option<T> {
    fn annotation() -> String {
        format!("{} | None", <T as Shown>::annotation())
    }

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

    fn annotation() -> Option<String> {
        T::annotation().map(|of| format!("list[{of}]"))
    }
}

impl<T: Shown> Shown for Vec<T> {
    fn annotation() -> String {
        format!("list[{}]", <T as Shown>::annotation())
    }

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
    fn annotation() -> String {
        "Decimal".to_owned()
    }

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
    fn annotation() -> String {
        format!("tuple[{}, {}]", A::annotation(), B::annotation())
    }

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

/// The content of a file. In Python it is `bytes`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bytes(Vec<u8>);

impl Bytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl Told<Vec<u8>> for Bytes {
    fn told(content: Vec<u8>) -> Self {
        Self(content)
    }
}

impl<'py> IntoPyObject<'py> for Bytes {
    type Target = PyBytes;
    type Output = Bound<'py, PyBytes>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0))
    }
}

impl Shown for Bytes {
    fn annotation() -> String {
        "bytes".to_owned()
    }

    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyBytes::new(py, &self.0).into_any())
    }

    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(shown.cast::<PyBytes>()?.as_bytes().to_vec()))
    }

    fn mix(&self, hash: &mut DefaultHasher) {
        self.0.hash(hash);
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

    fn annotation() -> Option<String> {
        Some("dict[str, Any]".to_owned())
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
    fn annotation() -> String {
        "Any".to_owned()
    }

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
