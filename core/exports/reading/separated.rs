//! CSV and TSV read back.

use super::{Head, Limited, ReadRow, Unreadable, Visitor, unreadable};
use crate::{exports::feed::Feed, sheets::cell_text};

pub(super) fn read(file: Limited, delimiter: u8, feed: &Feed, visitor: &mut Visitor<'_>) -> Result<Head, Unreadable> {
    let meter = file.meter();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(64 * 1024)
        .from_reader(file);
    let mut record = csv::ByteRecord::new();
    let mut head = Head::default();
    // The place in the row of each column of the feed.
    let mut places: Vec<Option<usize>> = (0..feed.columns.len()).map(Some).collect();
    let mut width = feed.columns.len();
    let mut awaits_header = feed.has_header;
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => meter.set(0),
            Err(failed) => return Err(of_csv(line, failed)),
        }
        let line = record.position().map_or(line, csv::Position::line);
        let text = whole_text(&record, line)?;
        if awaits_header {
            let names: Vec<&str> = record.iter().enumerate().map(|(place, _)| cell(text, &record, place)).collect();
            places = places_of(&names, feed, &mut head);
            if places.iter().all(Option::is_none) {
                return Err(Unreadable::At(line, "expected the names of this feed's columns".to_owned()));
            }
            (width, awaits_header) = (record.len(), false);
            continue;
        }
        if record.len() != width {
            return Err(Unreadable::At(line, format!("expected {width} values, found {}", record.len())));
        }
        head.rows += 1;
        let cells: Vec<_> =
            places.iter().map(|place| place.and_then(|place| some_text(cell(text, &record, place)))).collect();
        if visitor(&ReadRow { place: line, name: None, cells: &cells }).is_break() {
            break;
        }
    }
    if awaits_header {
        return Err(Unreadable::At(1, "expected the names of the columns, found nothing".to_owned()));
    }
    Ok(head)
}

/// A cell as it was before it was made harmless.
fn some_text(cell: &str) -> Option<&str> {
    let text = cell_text::without_guard(cell);
    (!text.trim_start().is_empty()).then_some(text)
}

/// The values of a record, one behind the other, if each of them is UTF-8.
fn whole_text(record: &csv::ByteRecord, line: u64) -> Result<&str, Unreadable> {
    let no_text = |place: usize| Unreadable::At(line, format!("expected UTF-8 in value {}", place + 1));
    let first_without = || record.iter().position(|cell| std::str::from_utf8(cell).is_err());
    let whole = std::str::from_utf8(record.as_slice());
    let ends_within = |text: &str| {
        let end = |place| record.range(place).is_none_or(|range| text.is_char_boundary(range.end));
        !text.is_ascii() && !(0..record.len()).all(end)
    };
    match whole {
        Ok(text) if !ends_within(text) => Ok(text),
        _ => Err(no_text(first_without().unwrap_or_default())),
    }
}

/// A value of a record; empty behind the last.
fn cell<'r>(text: &'r str, record: &csv::ByteRecord, place: usize) -> &'r str {
    record.range(place).and_then(|range| text.get(range)).unwrap_or_default()
}

fn places_of(names: &[&str], feed: &Feed, head: &mut Head) -> Vec<Option<usize>> {
    let is = |name: &str, column: &str| name.trim_start_matches('\u{feff}').trim().eq_ignore_ascii_case(column);
    let place_of = |column: &crate::exports::feed::Column| {
        let mut found = names.iter().enumerate().filter(|(_, name)| is(name, &column.name));
        let place = found.next().map(|(place, _)| place);
        if found.next().is_some() {
            head.repeated.push(column.name.to_string());
        }
        if place.is_none() {
            head.missing.push(column.name.to_string());
        }
        place
    };
    feed.columns.iter().map(place_of).collect()
}

fn of_csv(line: u64, failed: csv::Error) -> Unreadable {
    match failed.into_kind() {
        csv::ErrorKind::Io(reason) => unreadable(line, reason),
        other => Unreadable::At(line, format!("expected rows of separated values: {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_no_text_are_named_by_their_place() {
        let place_of = |cells: &[&[u8]]| match whole_text(&csv::ByteRecord::from(cells.to_vec()), 7) {
            Ok(text) => Ok(text.to_owned()),
            Err(Unreadable::At(line, what)) => Err((line, what)),
            Err(Unreadable::Io(reason)) => panic!("{reason}"),
        };
        assert_eq!(place_of(&[b"a", "\u{e9}".as_bytes(), b""]), Ok("a\u{e9}".to_owned()));
        for (cells, place) in [
            (&[&b"a"[..], b"\xff"][..], 2),
            // Together they would be one letter.
            (&[b"\xc3", b"\xa9"], 1),
            (&["\u{e9}".as_bytes(), b"\xc3", b"\xa9"], 2),
        ] {
            assert_eq!(place_of(cells), Err((7, format!("expected UTF-8 in value {place}"))), "{cells:?}");
        }
        let record = csv::ByteRecord::from(vec!["\u{e9}", "b"]);
        let text = whole_text(&record, 1).unwrap();
        assert_eq!([0, 1, 2].map(|place| cell(text, &record, place)), ["\u{e9}", "b", ""]);
    }
}
