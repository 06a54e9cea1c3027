//! JSON Lines and JSON-LD read back.

use std::{
    fmt,
    io::{BufRead as _, BufReader, Read as _},
    ops::ControlFlow,
    rc::Rc,
};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess};
use serde_json::Value;

use super::{Head, LONGEST_ROW, Limited, Named, Unreadable, Visitor};
use crate::exports::feed::Feed;

pub(super) fn read_lines(
    mut file: BufReader<std::fs::File>,
    feed: &Feed,
    visitor: &mut Visitor<'_>,
) -> Result<Head, Unreadable> {
    let (mut head, mut row, mut line, mut bytes) = (Head::default(), Named::new(feed), 0, Vec::new());
    loop {
        line += 1;
        bytes.clear();
        let count = file.by_ref().take(LONGEST_ROW + 1).read_until(b'\n', &mut bytes)?;
        if count == 0 {
            return Ok(head);
        }
        if count as u64 > LONGEST_ROW {
            return Err(Unreadable::At(line, "expected a line of at most 4 MiB".to_owned()));
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let object: Value = serde_json::from_slice(&bytes)
            .map_err(|failed| Unreadable::At(line, format!("expected a JSON object: {failed}")))?;
        if !object.is_object() {
            return Err(Unreadable::At(line, "expected a JSON object".to_owned()));
        }
        head.rows += 1;
        row.clear();
        add_all(&mut row, feed, "", &object);
        if row.show(line, None, visitor).is_break() {
            return Ok(head);
        }
    }
}

/// Adds the values of an object, each under its path.
fn add_all(row: &mut Named, feed: &Feed, path: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => row.add(feed, path, if *flag { "true" } else { "false" }),
        Value::Number(number) => row.add(feed, path, &number.to_string()),
        Value::String(text) => row.add(feed, path, text),
        Value::Array(values) => values.iter().for_each(|value| add_all(row, feed, path, value)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if path.is_empty() {
                    add_all(row, feed, name, value);
                } else {
                    add_all(row, feed, &format!("{path}.{name}"), value);
                }
            }
        }
    }
}

/// Shows the nodes of the `@graph` one after the other, never all of them.
pub(super) fn read_graph(file: Limited, feed: &Feed, visitor: &mut Visitor<'_>) -> Result<Head, Unreadable> {
    let meter = file.meter();
    let mut graph = Graph { feed, visitor, rows: 0, found: false, meter };
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::new(file));
    let outcome = Document(&mut graph).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    let (rows, found) = (graph.rows, graph.found);
    match outcome {
        Err(failed) if failed.is_io() => Err(Unreadable::At(rows + 1, "expected a node of at most 4 MiB".to_owned())),
        Err(failed) if !failed.to_string().starts_with(STOPPED) => {
            Err(Unreadable::At(rows + 1, format!("expected a JSON-LD document: {failed}")))
        }
        Ok(()) if !found => Err(Unreadable::At(1, "expected a @graph with a node for each vehicle".to_owned())),
        _ => Ok(Head { rows, ..Head::default() }),
    }
}

const STOPPED: &str = "the reader wants no more";

struct Graph<'g, 'v> {
    feed: &'g Feed,
    visitor: &'g mut Visitor<'v>,
    rows: u64,
    found: bool,
    meter: Rc<std::cell::Cell<u64>>,
}

/// The object around the graph.
struct Document<'d, 'g, 'v>(&'d mut Graph<'g, 'v>);

impl<'de> DeserializeSeed<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Document<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with @context and @graph")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "@graph" {
                self.0.found = true;
                map.next_value_seed(Nodes(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The list of nodes.
struct Nodes<'d, 'g, 'v>(&'d mut Graph<'g, 'v>);

impl<'de> DeserializeSeed<'de> for Nodes<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Nodes<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of nodes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut nodes: A) -> Result<(), A::Error> {
        let graph = self.0;
        let mut row = Named::new(graph.feed);
        while let Some(node) = nodes.next_element::<Value>()? {
            graph.rows += 1;
            graph.meter.set(0);
            row.clear();
            add_all(&mut row, graph.feed, "", &node);
            if row.show(graph.rows, None, graph.visitor) == ControlFlow::Break(()) {
                return Err(serde::de::Error::custom(STOPPED));
            }
        }
        Ok(())
    }
}
