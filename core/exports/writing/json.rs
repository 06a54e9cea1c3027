//! JSON Lines, and a JSON-LD document with one node a vehicle.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
};

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Map;

use super::{BUFFER, Row, RowWriter, synced};
use crate::exports::{feed::Column, value::Value};

/// An object a line, with every column.
pub(super) struct Lines(BufWriter<File>);

impl Lines {
    pub(super) fn begin(file: File) -> Self {
        Self(BufWriter::with_capacity(BUFFER, file))
    }
}

impl RowWriter for Lines {
    fn write(&mut self, columns: &[Column], row: &Row<'_>) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, &Object { columns, values: row.values })?;
        self.0.write_all(b"\n")
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        synced(&self.0.into_inner().map_err(io::IntoInnerError::into_error)?)
    }
}

struct Object<'r> {
    columns: &'r [Column],
    values: &'r [Value<'r>],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, value) in self.columns.iter().zip(self.values) {
            object.serialize_entry(&column.name, value)?;
        }
        object.end()
    }
}

/// Amounts are texts, as everywhere in the API.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Missing => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Amount(amount) | Self::AmountAsText(amount) => serializer.collect_str(amount),
            Self::Degrees(degrees) => serializer.serialize_f64(*degrees),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::List(texts) => serializer.collect_seq(texts),
        }
    }
}

/// The first line of such a document. Each node has a line of its own, with a comma behind it where another follows.
pub(in crate::exports) const GRAPH_HEAD: &str = r#"{"@context":"https://schema.org","@graph":["#;

/// A document whose `@graph` has a node for each vehicle. A column's name is the path to its value.
pub(super) struct Linked {
    out: BufWriter<File>,
    is_first: bool,
}

impl Linked {
    pub(super) fn begin(file: File) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(BUFFER, file);
        out.write_all(GRAPH_HEAD.as_bytes())?;
        Ok(Self { out, is_first: true })
    }
}

impl RowWriter for Linked {
    fn write(&mut self, columns: &[Column], row: &Row<'_>) -> io::Result<()> {
        let mut node = Map::new();
        for (column, value) in columns.iter().zip(row.values) {
            if *value != Value::Missing {
                put(&mut node, &column.name, serde_json::to_value(value)?);
            }
        }
        self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        Ok(serde_json::to_writer(&mut self.out, &node)?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.out.write_all(b"\n]}\n")?;
        synced(&self.out.into_inner().map_err(io::IntoInnerError::into_error)?)
    }
}

/// Puts a value at the end of a path of objects.
fn put(node: &mut Map<String, serde_json::Value>, path: &str, value: serde_json::Value) {
    match path.split_once('.') {
        None => {
            node.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = node.entry(first).or_insert_with(|| serde_json::Value::Object(Map::new()));
            if let serde_json::Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}
