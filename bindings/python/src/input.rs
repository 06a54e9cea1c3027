//! Python's arguments as the library's inputs.
//!
//! Data fields become JSON, and the library's own serde types read that. So names and types are checked by one definition. An
//! error names the argument. Whether a value is acceptable is a rule of the library.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use bigdecimal::BigDecimal;
use chrono::{DateTime, SecondsFormat, Utc};
use jpauto::Money;
use pyo3::{
    exceptions::{PyOverflowError, PyTypeError},
    prelude::*,
    types::{PyBool, PyDateTime, PyDict, PyFloat, PyInt, PyMapping, PySequence, PyString, PyTzInfo},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use serde_path_to_error::Segment;
use uuid::Uuid;

use crate::{
    error::{exception, invalid_argument},
    faults::{items, not},
    interrupt::{give_way, take_turns},
    unicode::{NO_UNICODE, OfText as _},
};

/// The most levels of a document; `serde_json` has a limit for reading, too.
const DEEPEST: usize = 100;
/// The most digits of a decimal before or after its point. One with more is no amount of money, and writing it out takes long.
const LONGEST_DECIMAL: i64 = 40;

/// What is expected of a time.
const ZONED: &str = "expected a datetime with a time zone, such as datetime.now(timezone.utc)";

/// What is expected of a time that has a zone.
const WITHIN_YEARS: &str = "expected a time in the years 1 to 9999 of UTC";

/// Reads a JSON document.
pub(crate) fn document(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    json(value, 0).map_err(|(place, expected)| match place.is_empty() {
        true => PyTypeError::new_err(expected),
        false => PyTypeError::new_err(format!("{}: {expected}", place.trim_start_matches('/'))),
    })
}

/// Reads a JSON document that is the argument of this name.
pub(crate) fn named_document(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    json(value, 0)
        .map_err(|(place, expected)| invalid_argument(value.py(), vec![(format!("/{name}{place}"), expected)]))
}

/// Reads data fields that are given by keyword. The error names every field that is wrong or unknown.
pub(crate) fn fields<T: DeserializeOwned>(py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<T> {
    let mut faults = Vec::new();
    let mut map = Map::new();
    for (name, value) in fields.into_iter().flatten() {
        let name = String::of("name", &name)?;
        match json(&value, 0) {
            Ok(value) => drop(map.insert(name, value)),
            Err((place, expected)) => faults.push((format!("{}{place}", pointer(&name)), expected)),
        }
    }
    read(map, "", faults).map_err(|faults| invalid_argument(py, faults))
}

/// Reads a dictionary or a record in a list. Pointers to its faults begin with `at`, its place in the list.
pub(crate) fn item<T: DeserializeOwned>(
    value: &Bound<'_, PyAny>,
    at: &str,
    faults: &mut Vec<(String, String)>,
) -> PyResult<Option<T>> {
    take_turns(value.py())?;
    let value = if value.hasattr("as_dict")? { value.call_method0("as_dict")? } else { value.clone() };
    let read_item = match json(&value, 0) {
        Ok(Value::Object(map)) => read(map, at, Vec::new()),
        Ok(_) => Err(vec![(at.to_owned(), "expected a dictionary or a record".to_owned())]),
        Err((place, expected)) => Err(vec![(format!("{at}{place}"), expected)]),
    };
    Ok(read_item.map_err(|found| faults.extend(found)).ok())
}

fn read<T: DeserializeOwned>(
    map: Map<String, Value>,
    at: &str,
    mut faults: Vec<(String, String)>,
) -> Result<T, Vec<(String, String)>> {
    let whole = typed(Value::Object(map.clone()));
    let (place, expected) = match whole {
        Ok(read) if faults.is_empty() => return Ok(read),
        Ok(_) => return Err(faults),
        Err(fault) => fault,
    };
    // serde stops at the first fault. Every field is optional, so each is read alone to find the others.
    for (name, value) in map {
        let alone = Map::from_iter([(name.clone(), value)]);
        let Err((place, expected)) = typed::<T>(Value::Object(alone)) else { continue };
        let own = pointer(&name);
        // That another field is missing is no fault of this one.
        if place.is_empty() || place == own || place.starts_with(&format!("{own}/")) {
            faults.push((format!("{at}{}", if place.is_empty() { own } else { place }), expected));
        }
    }
    if faults.is_empty() {
        faults.push((format!("{at}{place}"), expected));
    }
    Err(faults)
}

/// Reads a document as a type of the library. The error is a pointer to what is wrong, and what was expected there.
fn typed<T: DeserializeOwned>(document: Value) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(document).map_err(|fault| {
        let place: String = fault
            .path()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Map { key } => Some(pointer(key)),
                Segment::Seq { index } => Some(pointer(&index.to_string())),
                Segment::Enum { .. } | Segment::Unknown => None,
            })
            .collect();
        let said = fault.into_inner().to_string();
        match said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            Some(name) => (format!("{place}{}", pointer(name)), "expected a value".to_owned()),
            // Some of the library's types name the field in what they say, too.
            None => {
                let doubled = place.rsplit('/').next().map(|name| format!("{name}: ")).unwrap_or_default();
                let said = said.strip_prefix(&doubled).unwrap_or(&said);
                (place, in_pythons_words(said))
            }
        }
    })
}

/// What serde says of a value that is of another type, in the words of Python: `expected a whole number, found "a"`.
fn in_pythons_words(said: &str) -> String {
    let of_type = said.strip_prefix("invalid type: ").or_else(|| said.strip_prefix("invalid value: "));
    // What chrono says of a text that is no time.
    if ["premature end of input", "input contains invalid characters", "input is out of range", "trailing input"]
        .contains(&said)
    {
        return "expected a time with a time zone, such as 2026-03-01T12:00:00Z".to_owned();
    }
    let Some((found, expected)) = of_type.and_then(|rest| rest.rsplit_once(", expected ")) else {
        return said.to_owned();
    };
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    let found = match kind {
        "null" => "None",
        "map" => "a dictionary",
        "sequence" => "a list",
        "boolean" if value == "`true`" => "True",
        "boolean" => "False",
        "integer" => value.trim_matches('`'),
        "floating" => value.trim_start_matches("point").trim().trim_matches('`'),
        "string" => value,
        _ => found,
    };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on, and none too large",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number, and none too large",
        "f32" | "f64" => "a number",
        "a string" => "text",
        "a boolean" => "True or False",
        "a sequence" => "a list",
        "a map" => "a dictionary",
        of_struct if of_struct.starts_with("struct ") => "a dictionary",
        said => said,
    };
    format!("expected {expected}, found {found}")
}

/// Makes a JSON pointer to a field.
pub(crate) fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Whether an object is of this class of a package that need not be installed, or of one made of it.
pub(crate) fn is_of(value: &Bound<'_, PyAny>, package: &str, class: &str) -> bool {
    value.get_type().mro().iter().any(|base| {
        let of = |name| base.getattr(name).and_then(|text| text.extract::<String>()).unwrap_or_default();
        of("__name__") == class && of("__module__").split('.').next() == Some(package)
    })
}

/// A value of a row of another library as Python has it: what that library writes for a missing value is `None`, its numbers are plain
/// ones, and a whole number stays whole although a missing one beside it has made floats of the column.
pub(crate) fn cell(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    let py = value.py();
    if is_exactly(&value, "NAType") || is_exactly(&value, "NaTType") {
        return Ok(py.None().into_bound(py));
    }
    let is_numpy = value.get_type().module().is_ok_and(|module| module.to_cow().is_ok_and(|name| name == "numpy"));
    let value = if is_numpy { value.call_method0("item")? } else { value };
    let Ok(number) = value.cast::<PyFloat>() else { return Ok(value) };
    let number = number.value();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked on the same line")]
    Ok(match number {
        _ if number.is_nan() => py.None().into_bound(py),
        _ if number.fract() == 0.0 && number.abs() < 1e15 => (number as i64).into_pyobject(py)?.into_any(),
        _ => value,
    })
}

fn is_exactly(value: &Bound<'_, PyAny>, class: &str) -> bool {
    type_name(value) == class
}

/// Converts an object to JSON. The error is a pointer to what is no JSON, and what was expected there.
fn json(value: &Bound<'_, PyAny>, depth: usize) -> Result<Value, (String, String)> {
    if depth > DEEPEST {
        return Err(here(format!("expected at most {DEEPEST} levels of nesting")));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    // A bool is an int in Python, so it comes first.
    if let Ok(truth) = value.cast::<PyBool>() {
        return Ok(Value::Bool(truth.is_true()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return text.extract().map(Value::String).map_err(|_not_unicode| here(NO_UNICODE));
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        let number = Number::from_f64(number.value()).map(Value::Number);
        return number.ok_or_else(|| here("expected a finite number"));
    }
    if value.cast::<PyInt>().is_ok() || value.hasattr("__index__").unwrap_or(false) {
        let whole = value
            .extract::<i64>()
            .map(Value::from)
            .or_else(|_negative_or_large| value.extract::<u64>().map(Value::from));
        return whole.map_err(|_too_large| here("expected a number of at most 64 bits"));
    }
    if let Some(text) = decimal_text(value) {
        return Ok(Value::String(text));
    }
    if let Ok(uuid) = value.extract::<Uuid>() {
        return Ok(Value::String(uuid.to_string()));
    }
    if let Ok(time) = value.cast::<PyDateTime>() {
        let time = self::time(time).map_err(|reason| here(reason.to_string()))?.map_err(here)?;
        return Ok(Value::String(time.to_rfc3339_opts(SecondsFormat::Micros, true)));
    }
    if let Ok(mapping) = value.cast::<PyMapping>() {
        return object(mapping, depth);
    }
    if let Ok(sequence) = value.cast::<PySequence>() {
        let items = sequence.try_iter().map_err(|reason| here(reason.to_string()))?;
        let items = items.enumerate().map(|(number, item)| {
            let item = item.map_err(|reason| here(reason.to_string()))?;
            give_way(item.py());
            json(&item, depth + 1).map_err(|fault| under(&number.to_string(), fault))
        });
        return items.collect::<Result<_, _>>().map(Value::Array);
    }
    // A day without a time, which is a kind of `datetime` the other way round.
    if is_exactly(value, "date") {
        let text = value.call_method0("isoformat").and_then(|text| text.extract());
        return text.map(Value::String).map_err(|reason: PyErr| here(reason.to_string()));
    }
    Err(here(format!("expected text, a number, True, False or None, found {}", type_name(value))))
}

fn here(expected: impl Into<String>) -> (String, String) {
    (String::new(), expected.into())
}

/// A fault within what stands under this name.
fn under(name: &str, (place, expected): (String, String)) -> (String, String) {
    (format!("{}{place}", pointer(name)), expected)
}

fn object(mapping: &Bound<'_, PyMapping>, depth: usize) -> Result<Value, (String, String)> {
    let items = mapping.items().map_err(|reason| here(reason.to_string()))?;
    let mut map = Map::new();
    for item in items {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
            item.extract().map_err(|reason: PyErr| here(reason.to_string()))?;
        let name: String = name.extract().map_err(|_no_text| here("expected names that are text"))?;
        let value = json(&value, depth + 1).map_err(|fault| under(&name, fault))?;
        map.insert(name, value);
    }
    Ok(Value::Object(map))
}

/// A value of the wrong type, for an error: short, and its type where it says too much of itself.
pub(crate) fn shown(value: &Bound<'_, PyAny>) -> String {
    const LONGEST: usize = 80;
    let text = value.repr().map(|text| text.to_string()).unwrap_or_default();
    if text.is_empty() || text.chars().count() > LONGEST { type_name(value) } else { text }
}

/// Writes a `Decimal` without exponent and trailing zeros; `None` for any other object.
pub(crate) fn decimal_text(value: &Bound<'_, PyAny>) -> Option<String> {
    if type_name(value) != "Decimal" {
        return None;
    }
    // Not by `str`, which looks for signals, for what a handler raised would be lost here.
    let text: String = value.call_method0("__str__").and_then(|text| text.extract()).ok()?;
    let Ok(decimal) = BigDecimal::from_str(&text) else { return Some(text) };
    let (digits, scale) = (i64::try_from(decimal.digits()).ok()?, decimal.fractional_digit_count());
    let is_short = digits <= LONGEST_DECIMAL && scale.unsigned_abs() <= LONGEST_DECIMAL.unsigned_abs();
    Some(if is_short { decimal.normalized().to_plain_string() } else { text })
}

/// The name of its type. It is read for each cell, and so neither by `str` nor by `repr`, which look for signals: what a handler raised
/// would be lost here.
fn type_name(value: &Bound<'_, PyAny>) -> String {
    let name = value.get_type().name().and_then(|name| name.to_cow().map(|name| name.into_owned()));
    name.unwrap_or_else(|_no_name| "an object".to_owned())
}

/// Reads an amount of money: a `Decimal`, `int` or `str`, or a `float` whose shortest form has at most two decimal places.
pub(crate) fn money(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Money>> {
    let Some(value) = value else { return Ok(None) };
    let read = json(value, 0).and_then(typed);
    read.map(Some).map_err(|(place, expected)| {
        invalid_argument(value.py(), vec![(format!("{}{place}", pointer(name)), expected)])
    })
}

/// Reads a UUID, or a text that is one.
pub(crate) fn uuid(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Uuid> {
    if let Ok(uuid) = value.extract() {
        return Ok(uuid);
    }
    let Ok(text) = value.cast::<PyString>() else {
        return Err(not(name, "a UUID or text", value));
    };
    let text = text.to_string();
    let expected = "expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
    Uuid::parse_str(&text).map_err(|_no_uuid| invalid_argument(value.py(), vec![(pointer(name), expected)]))
}

/// Reads a time with a time zone. A naive one is refused, because its meaning is unknown.
pub(crate) fn instant(name: &str, value: &Bound<'_, PyDateTime>) -> PyResult<DateTime<Utc>> {
    time(value)?.map_err(|expected| invalid_argument(value.py(), vec![(pointer(name), expected.to_owned())]))
}

/// A time in UTC, or what was expected in its place.
pub(crate) fn time(value: &Bound<'_, PyDateTime>) -> PyResult<Result<DateTime<Utc>, &'static str>> {
    let py = value.py();
    // What pandas writes for a missing time is a datetime, and has no offset to ask for.
    if is_exactly(value, "NaTType") || value.call_method0("utcoffset")?.is_none() {
        return Ok(Err(ZONED));
    }
    match value.call_method1("astimezone", (PyTzInfo::utc(py)?,)) {
        Ok(time) => time.extract().map(Ok),
        // Within a day of the first year and of the last, a time of another zone has none in UTC.
        Err(reason) if reason.is_instance_of::<PyOverflowError>(py) => Ok(Err(WITHIN_YEARS)),
        Err(reason) => Err(reason),
    }
}

/// Reads a span of time: a `timedelta`, or seconds.
pub(crate) fn span(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Duration>> {
    let Some(value) = value else { return Ok(None) };
    let seconds = match value.call_method0("total_seconds") {
        Ok(seconds) => seconds.extract::<f64>(),
        Err(_no_timedelta) => value.extract::<f64>(),
    };
    let is_bool = value.cast::<PyBool>().is_ok();
    let span = seconds
        .ok()
        .filter(|_| !is_bool)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|span| !span.is_zero());
    let expected = || "expected a timedelta or a number of seconds above zero".to_owned();
    span.map(Some).ok_or_else(|| invalid_argument(value.py(), vec![(pointer(name), expected())]))
}

/// Reads the number and port of a server.
pub(crate) fn server(name: &str, text: &str, py: Python<'_>) -> PyResult<SocketAddr> {
    let expected = "expected the number and port of a server, such as 127.0.0.1:8000".to_owned();
    text.parse().map_err(|_no_server| invalid_argument(py, vec![(pointer(name), expected)]))
}

/// Reads a word of a closed set.
pub(crate) fn word<T: FromStr<Err = jpauto::Error>>(py: Python<'_>, word: &str) -> PyResult<T> {
    word.parse().map_err(|error| exception(py, &error))
}

/// Reads a word of a closed set that may be left out.
pub(crate) fn optional_word<T: FromStr<Err = jpauto::Error>>(
    py: Python<'_>,
    given: Option<&str>,
) -> PyResult<Option<T>> {
    given.map(|given| word(py, given)).transpose()
}

/// Reads one word or several; no argument is every word. An empty list is a mistake: it would choose every row, or none.
pub(crate) fn words<T: FromStr<Err = jpauto::Error>>(name: &str, given: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<T>> {
    let Some(given) = given else { return Ok(Vec::new()) };
    if let Ok(one) = given.cast::<PyString>() {
        return Ok(vec![word(given.py(), <&str>::of(name, one.as_any())?)?]);
    }
    if given.cast::<PyMapping>().is_ok() {
        return Err(not(name, "a word or several", given));
    }
    let several = items(name, "a word or several", given)?;
    let words: Vec<T> = several.map(|one| word(given.py(), <&str>::of(name, &one?)?)).collect::<PyResult<_>>()?;
    let expected = || "expected one word or more; leave it out to choose by none".to_owned();
    if words.is_empty() { Err(invalid_argument(given.py(), vec![(pointer(name), expected())])) } else { Ok(words) }
}
