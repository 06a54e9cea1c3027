//! XML read back: an element a vehicle below the root, an element a value below that.

use std::io::BufReader;

use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};

use super::{Head, Limited, Named, Unreadable, Visitor, unreadable};
use crate::exports::{feed::Feed, writing::ROOT};

/// Elements of a feed stand this deep: root, vehicle, value.
const DEEPEST: usize = 3;

pub(super) fn read(file: Limited, feed: &Feed, visitor: &mut Visitor<'_>) -> Result<Head, Unreadable> {
    let meter = file.meter();
    let mut reader = Reader::from_reader(BufReader::new(file));
    reader.config_mut().expand_empty_elements = true;
    let (mut buffer, mut head) = (Vec::new(), Head::default());
    let (mut row, mut open, mut text) = (Named::new(feed), Vec::<String>::new(), String::new());
    let (mut roots, mut is_ours) = (0, false);
    loop {
        let vehicle = head.rows + 1;
        let at = |expected: String| Unreadable::At(vehicle, expected);
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(reason)) => {
                return Err(unreadable(vehicle, std::io::Error::new(reason.kind(), reason.to_string())));
            }
            Err(failed) => return Err(at(format!("expected well-formed XML: {failed}"))),
        };
        match event {
            Event::Eof => break,
            Event::Start(start) => {
                if open.len() == DEEPEST {
                    return Err(at("expected no elements below a value".to_owned()));
                }
                roots += usize::from(open.is_empty());
                is_ours |= open.is_empty() && start.name().as_ref() == ROOT;
                open.push(start.name().as_ref().to_owned());
                text.clear();
            }
            Event::End(_) => {
                let name = open.pop().unwrap_or_default();
                match open.len() {
                    2 => row.add(feed, &name, &text),
                    1 => {
                        head.rows += 1;
                        meter.set(0);
                        if row.show(head.rows, None, visitor).is_break() {
                            return Ok(head);
                        }
                        row.clear();
                    }
                    _ => {}
                }
            }
            Event::Text(part) => text.push_str(&part),
            Event::CData(part) => text.push_str(&part),
            Event::GeneralRef(reference) => text.push_str(&referred(&reference, vehicle)?),
            Event::DocType(_) => return Err(at("expected no document type".to_owned())),
            _ => {}
        }
    }
    if roots != 1 || !open.is_empty() {
        return Err(Unreadable::At(head.rows + 1, "expected one root element, closed at the end".to_owned()));
    }
    if head.rows == 0 && !is_ours {
        let message = format!("expected the vehicles of a feed, or the root {ROOT} of one without vehicles");
        return Err(Unreadable::At(1, message));
    }
    row.ended(head)
}

/// The character that a reference stands for.
fn referred(reference: &quick_xml::events::BytesRef<'_>, vehicle: u64) -> Result<String, Unreadable> {
    if let Ok(Some(sign)) = reference.resolve_char_ref() {
        return Ok(sign.to_string());
    }
    let name: &str = reference;
    match resolve_predefined_entity(name) {
        Some(text) => Ok(text.to_owned()),
        None => Err(Unreadable::At(vehicle, format!("expected no entity &{name};"))),
    }
}
