//! JSON Lines, and a JSON-LD document with one node a vehicle.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
};

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::{BUFFER, Row, RowWriter, size};
use crate::exports::{feed::Column, following::Sink, value::Value};

/// An object a line, with every column.
pub(super) struct Lines(BufWriter<Sink>);

impl Lines {
    pub(super) fn begin(file: Sink) -> Self {
        Self(BufWriter::with_capacity(BUFFER, file))
    }
}

impl RowWriter for Lines {
    fn write(&mut self, columns: &[Column], row: &Row<'_>) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, &Object { columns, values: row.values })?;
        self.0.write_all(b"\n")
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        size(&self.0.into_inner().map_err(io::IntoInnerError::into_error)?.file)
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
    members: Vec<Member>,
    node: Vec<u8>,
}

/// A member of a node: a value, or an object with members of its own.
enum Member {
    /// Its name, and the place of its column.
    Value(String, usize),
    Object(String, Vec<Member>),
}

impl Linked {
    pub(super) fn begin(file: File, columns: &[Column]) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(BUFFER, file);
        out.write_all(GRAPH_HEAD.as_bytes())?;
        let mut paths: Vec<(Vec<&str>, usize)> =
            columns.iter().enumerate().map(|(place, column)| (column.name.split('.').collect(), place)).collect();
        paths.sort_unstable();
        paths.dedup_by(|one, other| one.0 == other.0);
        Ok(Self { out, is_first: true, members: members_of(&paths, 0), node: Vec::new() })
    }
}

/// The members that these paths have at a depth. Paths that begin alike stand beside each other.
fn members_of(paths: &[(Vec<&str>, usize)], depth: usize) -> Vec<Member> {
    let name_of = |(path, _): &(Vec<&str>, usize)| path.get(depth).copied().unwrap_or_default().to_owned();
    let groups = paths.chunk_by(|one, other| one.0.get(depth) == other.0.get(depth));
    groups
        .map(|group| match group {
            [only] if only.0.len() <= depth + 1 => Member::Value(name_of(only), only.1),
            group => Member::Object(name_of(&group[0]), members_of(group, depth + 1)),
        })
        .collect()
}

/// What a vehicle says of some members. What it does not say is not there.
struct Node<'r> {
    members: &'r [Member],
    values: &'r [Value<'r>],
}

impl Node<'_> {
    fn is_empty(&self) -> bool {
        self.members.iter().all(|member| match member {
            Member::Value(_, place) => self.values[*place] == Value::Missing,
            Member::Object(_, members) => Node { members, values: self.values }.is_empty(),
        })
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for member in self.members {
            match member {
                Member::Value(name, place) if self.values[*place] != Value::Missing => {
                    object.serialize_entry(name, &self.values[*place])?;
                }
                Member::Object(name, members) => {
                    let inner = Node { members, values: self.values };
                    if !inner.is_empty() {
                        object.serialize_entry(name, &inner)?;
                    }
                }
                Member::Value(..) => {}
            }
        }
        object.end()
    }
}

impl RowWriter for Linked {
    fn write(&mut self, _: &[Column], row: &Row<'_>) -> io::Result<()> {
        self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        self.node.clear();
        serde_json::to_writer(&mut self.node, &Node { members: &self.members, values: row.values })?;
        // A website puts the document into a `script`, which a text must not end. In JSON the sign stands in texts alone.
        for (number, part) in self.node.split(|byte| *byte == b'<').enumerate() {
            if number > 0 {
                self.out.write_all(b"\\u003c")?;
            }
            self.out.write_all(part)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.out.write_all(b"\n]}\n")?;
        size(&self.out.into_inner().map_err(io::IntoInnerError::into_error)?)
    }
}
