//! XML: an element `vehicle` for each vehicle, with an element for each column that says something, by the crate quick-xml.

use std::io::{self, BufWriter};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use super::{BUFFER, Row, RowWriter, size};
use crate::exports::{feed::Column, following::Sink, value::Value};

pub(in crate::exports) const ROOT: &str = "vehicles";
const VEHICLE: &str = "vehicle";

pub(super) struct Xml {
    writer: Writer<BufWriter<Sink>>,
    text: String,
}

impl Xml {
    pub(super) fn begin(file: Sink) -> io::Result<Self> {
        let mut writer = Writer::new_with_indent(BufWriter::with_capacity(BUFFER, file), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        writer.write_event(Event::Start(BytesStart::new(ROOT)))?;
        Ok(Self { writer, text: String::new() })
    }

    fn element(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.writer.create_element(name).write_text_content(BytesText::new(text))?;
        Ok(())
    }
}

impl RowWriter for Xml {
    fn write(&mut self, columns: &[Column], row: &Row<'_>) -> io::Result<()> {
        self.writer.write_event(Event::Start(BytesStart::new(VEHICLE)))?;
        for (column, value) in columns.iter().zip(row.values) {
            match value {
                Value::Missing => {}
                // One element for each, so that nothing parts them.
                Value::List(texts) => texts.iter().try_for_each(|text| self.element(&column.name, text))?,
                value => {
                    let mut text = std::mem::take(&mut self.text);
                    text.clear();
                    value.write_to(&mut text, "");
                    self.element(&column.name, &text)?;
                    self.text = text;
                }
            }
        }
        self.writer.write_event(Event::End(BytesEnd::new(VEHICLE)))
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.writer.write_event(Event::End(BytesEnd::new(ROOT)))?;
        let sink = self.writer.into_inner().into_inner().map_err(io::IntoInnerError::into_error)?;
        size(&sink.file)
    }
}
