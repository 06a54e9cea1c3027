//! JSON Lines and JSON-LD read back.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead as _, BufReader, Read, Seek as _},
    ops::ControlFlow,
    rc::Rc,
};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess};

use super::{Head, LONGEST_ROW, Limited, Named, Unreadable, Visitor};
use crate::exports::{feed::Feed, writing::GRAPH_HEAD};

pub(super) fn read_lines(
    mut file: BufReader<Box<dyn Read>>,
    feed: &Feed,
    visitor: &mut Visitor<'_>,
) -> Result<Head, Unreadable> {
    let (mut head, mut row, mut line, mut bytes) = (Head::default(), Named::new(feed), 0, Vec::new());
    loop {
        line += 1;
        bytes.clear();
        let count = file.by_ref().take(LONGEST_ROW + 1).read_until(b'\n', &mut bytes)?;
        if count == 0 {
            return row.ended(head);
        }
        if count as u64 > LONGEST_ROW {
            return Err(Unreadable::At(line, "expected a line of at most 4 MiB".to_owned()));
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        head.rows += 1;
        read_object(&bytes, feed, &mut row)
            .map_err(|failed| Unreadable::At(line, format!("expected a JSON object: {failed}")))?;
        if row.show(line, None, visitor).is_break() {
            return Ok(head);
        }
    }
}

/// Reads the values of an object into a row, each under its path.
fn read_object(bytes: &[u8], feed: &Feed, row: &mut Named) -> serde_json::Result<()> {
    row.clear();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    deserializer.deserialize_map(Cells { row, feed, path: &mut String::new() })?;
    deserializer.end()
}

/// A value of an object, whose texts are added to a row under their paths as they are read.
struct Cells<'c> {
    row: &'c mut Named,
    feed: &'c Feed,
    path: &'c mut String,
}

impl Cells<'_> {
    fn add(self, text: &str) {
        self.row.add(self.feed, self.path, text);
    }
}

impl<'de> DeserializeSeed<'de> for Cells<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Cells<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.add(if flag { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.add(&number.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.add(&number.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.add(&number.to_string());
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.add(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let Cells { row, feed, path } = self;
        while values.next_element_seed(Cells { row: &mut *row, feed, path: &mut *path })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Cells { row, feed, path } = self;
        let length = path.len();
        loop {
            path.truncate(length);
            if length > 0 {
                path.push('.');
            }
            if fields.next_key_seed(Name(&mut *path))?.is_none() {
                break;
            }
            fields.next_value_seed(Cells { row: &mut *row, feed, path: &mut *path })?;
        }
        path.truncate(length);
        Ok(())
    }
}

/// The name of a member, which is put at the end of a path.
struct Name<'n>(&'n mut String);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl serde::de::Visitor<'_> for Name<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        self.0.push_str(name);
        Ok(())
    }
}

/// Shows the nodes of the `@graph` one after the other, never all of them.
pub(super) fn read_graph(mut file: File, feed: &Feed, visitor: &mut Visitor<'_>) -> Result<Head, Unreadable> {
    let is_by_lines = has_a_node_a_line(&mut file)?;
    file.rewind()?;
    if is_by_lines {
        read_node_lines(file, feed, visitor)
    } else {
        read_document(Limited::new(Box::new(file)), feed, visitor)
    }
}

/// So much is read at once.
const BUFFER: usize = 64 * 1024;

/// Whether the document is written as an export writes it. Its nodes are then read from their bytes, which is several times as fast
/// as reading a document byte by byte.
fn has_a_node_a_line(file: &mut File) -> io::Result<bool> {
    let (mut file, mut bytes) = (BufReader::with_capacity(BUFFER, file), Vec::new());
    // Whether another node must follow, may not follow, or may, as behind the head.
    let (mut is_head, mut must_follow) = (true, None);
    loop {
        bytes.clear();
        let count = file.by_ref().take(LONGEST_ROW + 1).read_until(b'\n', &mut bytes)?;
        let line = bytes.trim_ascii_end();
        if std::mem::take(&mut is_head) {
            if line != GRAPH_HEAD.as_bytes() {
                return Ok(false);
            }
            continue;
        }
        if line == b"]}" {
            return Ok(must_follow != Some(true) && file.fill_buf()?.is_empty());
        }
        let node = line.strip_suffix(b",");
        let is_node = node.unwrap_or(line).starts_with(b"{") && node.unwrap_or(line).ends_with(b"}");
        if !is_node || must_follow == Some(false) || count as u64 > LONGEST_ROW {
            return Ok(false);
        }
        must_follow = Some(node.is_some());
    }
}

fn read_node_lines(file: File, feed: &Feed, visitor: &mut Visitor<'_>) -> Result<Head, Unreadable> {
    let (mut file, mut bytes) = (BufReader::with_capacity(BUFFER, file), Vec::new());
    let (mut head, mut row) = (Head::default(), Named::new(feed));
    file.read_until(b'\n', &mut bytes)?;
    loop {
        bytes.clear();
        file.read_until(b'\n', &mut bytes)?;
        let line = bytes.trim_ascii_end();
        if line == b"]}" {
            return row.ended(head);
        }
        head.rows += 1;
        read_object(line.strip_suffix(b",").unwrap_or(line), feed, &mut row)
            .map_err(|failed| Unreadable::At(head.rows, format!("expected a JSON-LD document: {failed}")))?;
        if row.show(head.rows, None, visitor).is_break() {
            return Ok(head);
        }
    }
}

fn read_document(file: Limited, feed: &Feed, visitor: &mut Visitor<'_>) -> Result<Head, Unreadable> {
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
        loop {
            row.clear();
            let node = Cells { row: &mut row, feed: graph.feed, path: &mut String::new() };
            if nodes.next_element_seed(node)?.is_none() {
                break;
            }
            graph.rows += 1;
            graph.meter.set(0);
            if row.show(graph.rows, None, graph.visitor) == ControlFlow::Break(()) {
                return Err(serde::de::Error::custom(STOPPED));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::exports::{Platform, feeds};

    /// The names of the vehicles in a document, or what is wrong with it.
    fn names_in(text: &str) -> Result<Vec<String>, String> {
        let feed = feeds::of(Platform::SchemaOrg, None).unwrap();
        let place = feed.columns.iter().position(|column| column.name == "name").unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let mut names = Vec::new();
        let outcome = read_graph(file.reopen().unwrap(), &feed, &mut |row| {
            names.push(row.cells[place].unwrap_or_default().to_owned());
            ControlFlow::Continue(())
        });
        match outcome {
            Ok(head) => {
                assert_eq!(head.rows, names.len() as u64);
                Ok(names)
            }
            Err(Unreadable::At(row, rule)) => Err(format!("{row}: {rule}")),
            Err(Unreadable::Io(reason)) => panic!("{reason}"),
        }
    }

    #[test]
    fn a_document_is_read_alike_however_its_lines_are_broken() {
        let (one, two) = (r#"{"name":"a","brand":{"name":"b"}}"#, r#"{"name":"c,}"}"#);
        for (text, names) in [
            (format!("{GRAPH_HEAD}\n{one},\n{two}\n]}}\n"), &["a", "c,}"][..]),
            (format!("{GRAPH_HEAD}\r\n{one},\r\n{two}\r\n]}}\r\n"), &["a", "c,}"]),
            (format!("{GRAPH_HEAD}\n]}}\n"), &[]),
            (format!("{GRAPH_HEAD}{one},{two}]}}"), &["a", "c,}"]),
            (format!("{GRAPH_HEAD}\n{one},\n{{\n\"name\":\"c\"\n}}\n]}}\n"), &["a", "c"]),
            (format!("{{\n\"@graph\":[\n{one}\n],\n\"@context\":\"https://schema.org\"\n}}"), &["a"]),
        ] {
            assert_eq!(
                names_in(&text).as_deref(),
                Ok(&names.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{text}"
            );
        }
        for text in [
            format!("{GRAPH_HEAD}\n{one}\n{two}\n]}}\n"),
            format!("{GRAPH_HEAD}\n{one},\n]}}\n"),
            format!("{GRAPH_HEAD}\n{one}\n]}}\n{two}"),
            format!("{GRAPH_HEAD}\n{one},\n"),
            format!("{GRAPH_HEAD}\n{{\"name\":}}\n]}}\n"),
            GRAPH_HEAD.to_owned(),
        ] {
            assert!(names_in(&text).is_err(), "{text}");
        }
    }
}
