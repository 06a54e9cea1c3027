//! Records and lists as tables of HTML, which notebooks show. Every text is escaped: most of them come from outside.

use std::fmt::Write as _;

use arrow_array::RecordBatch;
use pyo3::{
    prelude::*,
    types::{PyList, PyString},
};

use crate::frame::words;

/// Longer values are cut in a table.
const LONGEST: usize = 80;

/// The text of a value in a table: of a list of records, how many they are.
pub(crate) fn cell(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let text = if value.is_none() {
        String::new()
    } else if let Ok(text) = value.cast::<PyString>() {
        text.to_string_lossy().into_owned()
    } else if let Some(list) = value.cast::<PyList>().ok().filter(|list| holds_records(list)) {
        let first = list.get_item(0)?.get_type().name()?.to_string();
        format!("{} {first}", list.len())
    } else {
        value.str()?.to_string_lossy().into_owned()
    };
    Ok(escaped(&cut(&text)))
}

/// The `repr` of a field's value. Of records within it, and of what is longer than a line or two, not all is shown.
pub(crate) fn short_repr(value: &Bound<'_, PyAny>) -> PyResult<String> {
    const LONGEST: usize = 200;
    if let Some(list) = value.cast::<PyList>().ok().filter(|list| holds_records(list)) {
        return Ok(format!("[{} of {}]", list.len(), list.get_item(0)?.get_type().name()?));
    }
    let text = value.repr()?.to_string_lossy().into_owned();
    // Records cut their own fields.
    let is_record = value.hasattr("as_dict")?;
    match text.char_indices().nth(LONGEST).filter(|_| !is_record) {
        Some((end, _)) => Ok(format!("{}…", &text[..end])),
        None => Ok(text),
    }
}

/// The table of a record: a row a field. The cells are escaped already.
pub(crate) fn record(name: &str, rows: &[(String, String)]) -> String {
    let rows: String =
        rows.iter().map(|(name, value)| format!("<tr><th>{}</th><td>{value}</td></tr>", escaped(name))).collect();
    format!("<table><caption>{}</caption><tbody>{rows}</tbody></table>", escaped(name))
}

/// The table of records of one class: a row a record, and a column for each of these attributes.
pub(crate) fn records(
    py: Python<'_>,
    of: &str,
    names: &[String],
    records: &[Py<PyAny>],
    is_all: bool,
) -> PyResult<String> {
    let head: String = names.iter().map(|name| format!("<th>{}</th>", escaped(name))).collect();
    let mut body = String::new();
    for record in records {
        body.push_str("<tr>");
        for name in names {
            // Writing to a text can not fail.
            let _ = write!(body, "<td>{}</td>", cell(&record.bind(py).getattr(name.as_str())?)?);
        }
        body.push_str("</tr>");
    }
    let caption = match records.len() {
        0 => format!("no {of}"),
        count if is_all => format!("all {count} of {of}"),
        count => format!("the first {count} of {of}"),
    };
    Ok(format!(
        "<div style=\"overflow-x: auto\"><table><caption>{}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>",
        escaped(&caption)
    ))
}

/// A sentence in place of a table.
pub(crate) fn sentence(text: &str) -> String {
    format!("<p>{}</p>", escaped(text))
}

/// The first rows of a table of columns.
pub(crate) fn batch(batch: &RecordBatch, most: usize) -> String {
    let shown = batch.num_rows().min(most);
    let names = batch.schema_ref().fields().iter();
    let head: String = names.map(|field| format!("<th>{}</th>", escaped(field.name()))).collect();
    let row = |place: usize| {
        let cells = batch.columns().iter().map(|column| words(column.as_ref(), place));
        let cells: String = cells.map(|text| format!("<td>{}</td>", escaped(&cut(&text)))).collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = (0..shown).map(row).collect();
    format!(
        "<div style=\"overflow-x: auto\"><table><caption>{shown} of {} rows</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>",
        batch.num_rows()
    )
}

fn holds_records(list: &Bound<'_, PyList>) -> bool {
    list.get_item(0).is_ok_and(|first| first.hasattr("as_dict").unwrap_or(false))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
