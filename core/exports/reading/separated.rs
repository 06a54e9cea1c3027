//! CSV and TSV read back.

use super::{Head, Limited, ReadRow, Unreadable, Visitor, unreadable};
use crate::exports::feed::Feed;

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
        let row = texts(&record, line)?;
        if awaits_header {
            places = places_of(&row, feed, &mut head);
            if places.iter().all(Option::is_none) {
                return Err(Unreadable::At(line, "expected the names of this feed's columns".to_owned()));
            }
            (width, awaits_header) = (row.len(), false);
            continue;
        }
        if row.len() != width {
            return Err(Unreadable::At(line, format!("expected {width} values, found {}", row.len())));
        }
        head.rows += 1;
        let cells: Vec<_> =
            places.iter().map(|place| place.and_then(|place| row.get(place).copied())).map(some_text).collect();
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
fn some_text(cell: Option<&str>) -> Option<&str> {
    cell.map(|text| match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(crate::exports::writing::FORMULA_SIGNS) => rest,
        _ => text,
    })
    .filter(|text| !text.trim().is_empty())
}

fn texts(record: &csv::ByteRecord, line: u64) -> Result<Vec<&str>, Unreadable> {
    let text = |(place, cell)| {
        std::str::from_utf8(cell)
            .map_err(|_no_text| Unreadable::At(line, format!("expected UTF-8 in value {}", place + 1)))
    };
    record.iter().enumerate().map(text).collect()
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
