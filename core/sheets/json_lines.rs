//! One JSON object a line. Every row names its columns itself; together they are the columns of the table.

use std::{
    collections::HashMap,
    fmt,
    io::{BufRead as _, BufReader},
};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{
    Cell, Lines, Place, Sheet, SheetEncoding, SheetFile, SheetFormat, SheetLimits, SheetRow, SheetShape,
    encoding::{self, Decoded, row_too_long},
    shortened, unreadable,
};
use crate::error::{Error, Result};

pub(super) fn find(file: &SheetFile, limits: SheetLimits) -> Result<Sheet<'_>> {
    let encoding = encoding::detect(file, &limits)?;
    let shape = SheetShape {
        format: SheetFormat::JsonLines,
        encoding: Some(encoding),
        delimiter: None,
        sheet: None,
        header: None,
    };
    let mut sheet = Sheet { file, limits, place: Place::JsonLines { encoding }, columns: Vec::new(), shape };
    let mut places = HashMap::new();
    let mut columns: Vec<String> = Vec::new();
    let mut first_fault = None;
    each_line(&sheet, encoding, &mut |number, line| {
        let members = match serde_json::from_slice::<Members>(line) {
            Ok(Members(members)) => members,
            // Beside lines that are objects it is told when the rows are read.
            Err(reason) => {
                first_fault.get_or_insert_with(|| format!("line {number} is no JSON object: {reason}"));
                return Ok(());
            }
        };
        for (name, _) in members {
            if !places.contains_key(&name) {
                places.insert(name.clone(), columns.len());
                columns.push(name);
            }
        }
        if columns.len() > limits.columns {
            return Err(unreadable(format!("the objects have more than {} different members", limits.columns)));
        }
        Ok::<(), Error>(())
    })?;
    if let Some(fault) = first_fault.filter(|_| columns.is_empty()) {
        return Err(unreadable(fault));
    }
    sheet.columns = columns;
    Ok(sheet)
}

/// A reason may hold a text of the file.
const SHOWN: usize = 200;

pub(super) fn read<E: From<Error>>(
    sheet: &Sheet<'_>,
    encoding: SheetEncoding,
    each: &mut impl FnMut(SheetRow) -> Result<(), E>,
) -> Result<(), E> {
    let places: HashMap<&str, usize> =
        sheet.columns.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    each_line(sheet, encoding, &mut |number, line| {
        let mut cells = vec![Cell::Empty; sheet.columns.len()];
        let fault = match serde_json::from_slice::<Members>(line) {
            Ok(Members(members)) => {
                for (name, value) in members {
                    if let Some(place) = places.get(name.as_str()) {
                        cells[*place] = cell(value);
                    }
                }
                None
            }
            Err(reason) => Some(shortened(&format!("expected one JSON object: {reason}"), SHOWN)),
        };
        each(SheetRow { number, cells, fault })
    })
}

fn each_line<E: From<Error>>(
    sheet: &Sheet<'_>,
    encoding: SheetEncoding,
    each: &mut impl FnMut(u64, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = BufReader::with_capacity(64 * 1024, Decoded::new(sheet.file, encoding)?);
    let (mut line, mut lines) = (Vec::new(), Lines::FIRST);
    loop {
        let found = reader.fill_buf().map_err(|reason| sheet.file.broken(reason))?;
        let (ends, is_last) = (memchr::memchr2(b'\n', b'\r', found), found.is_empty());
        let read = ends.map_or(found.len(), |end| end + 1);
        line.extend_from_slice(&found[..read]);
        if line.len() as u64 > sheet.limits.row_bytes {
            return Err(row_too_long(lines.line, &sheet.limits).into());
        }
        if (ends.is_some() || is_last) && !line.trim_ascii().is_empty() {
            each(lines.line, line.trim_ascii())?;
        }
        if is_last {
            return Ok(());
        }
        lines.pass(&found[..read]);
        reader.consume(read);
        if ends.is_some() {
            line.clear();
        }
    }
}

fn fault(message: &str) -> Cell {
    Cell::Fault { message: message.to_owned(), shown: None }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(truth) => Cell::Bool(truth),
        Value::Number(number) => Cell::Text(number.to_string()),
        Value::String(text) => Cell::Text(text),
        Value::Array(items) => {
            let text = |item| match item {
                Value::String(text) => Some(text),
                _ => None,
            };
            items
                .into_iter()
                .map(text)
                .collect::<Option<_>>()
                .map_or_else(|| fault("expected a list of texts alone"), Cell::Texts)
        }
        Value::Object(_) => fault("expected a value and not an object"),
    }
}

/// The members of an object in order; a name that stands twice is refused.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            // Few enough members for a plain search; more than a table has columns are refused anyway.
            if members.len() < 1_000 && members.iter().any(|(other, _)| *other == name) {
                return Err(serde::de::Error::custom(format_args!("`{name}` stands twice")));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheets::SheetChoices;

    #[test]
    fn the_columns_are_what_all_rows_name_and_a_bad_line_is_one_bad_row() {
        let text = "{\"vin\": \"A\", \"price\": 7}\n\n{\"vin\": \"B\", \"features\": [\"x\"], \"sold\": null}\n{\"vin\": \n{\"a\": 1, \"a\": 2}\n";
        let file = SheetFile::from_bytes("stock.jsonl", text.as_bytes());
        let sheet = Sheet::find(&file, SheetLimits::default(), SheetChoices::default(), &|_| false).unwrap();
        assert_eq!(sheet.columns, ["vin", "price", "features", "sold"]);
        let mut rows = Vec::new();
        sheet
            .read(|row: SheetRow| -> Result<()> {
                rows.push(row);
                Ok(())
            })
            .unwrap();
        assert_eq!(rows[0].cells, [Cell::Text("A".into()), Cell::Text("7".into()), Cell::Empty, Cell::Empty]);
        assert_eq!(rows[1].cells[2..], [Cell::Texts(vec!["x".into()]), Cell::Null]);
        assert_eq!(
            rows.iter().map(|row| (row.number, row.fault.is_some())).collect::<Vec<_>>(),
            [(1, false), (3, false), (4, true), (5, true)]
        );
    }

    #[test]
    fn lines_may_end_with_a_carriage_return_alone_and_a_reason_is_cut() {
        let text = format!("{{\"vin\": \"A\"}}\r\r{{\"vin\": \"B\"}}\r\n\"{}\"\r", "x".repeat(10_000));
        let file = SheetFile::from_bytes("stock.jsonl", text.into_bytes());
        let sheet = Sheet::find(&file, SheetLimits::default(), SheetChoices::default(), &|_| false).unwrap();
        let mut rows = Vec::new();
        sheet
            .read(|row: SheetRow| -> Result<()> {
                rows.push((row.number, row.fault.map(|fault| fault.len() < 300)));
                Ok(())
            })
            .unwrap();
        assert_eq!(rows, [(1, None), (3, None), (4, Some(true))]);
    }

    #[test]
    fn a_file_without_one_object_says_what_is_wrong_with_its_first_line() {
        for text in ["\n{\"vin\": \"A\",\n", "\n{'vin': 'A'}\n", "\n{\"a\": 1, \"a\": 2}\n"] {
            let file = SheetFile::from_bytes("stock.jsonl", text.as_bytes());
            let refusal = Sheet::find(&file, SheetLimits::default(), SheetChoices::default(), &|_| false).unwrap_err();
            assert!(refusal.to_string().starts_with("line 2 is no JSON object: "), "{text:?}: {refusal}");
        }
    }
}
