//! A workbook as it is when it is unpacked, measured before anything of it is held.
//!
//! A workbook may lie about its sizes, and a small file may unpack to a very large text. The reader of worksheets holds a row's text,
//! the shared texts and the styles as a whole, so that each of these is measured here first, by the same parser and in little memory.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{SheetFile, SheetLimits, limits::in_words, unreadable};
use crate::error::{Error, Result};

/// A row's XML has at most so many times the bytes that its text may have.
const MARKUP: u64 = 4;

/// A font or the like has at most this many bytes.
const STYLE_BYTES: u64 = 4096;

/// Elements that the reader of worksheets holds in memory, with what each takes beside its text.
const HELD: &[(&str, u64)] = &[
    ("si", 32),
    ("mergeCell", 32),
    ("definedName", 256),
    ("sheet", 256),
    ("Relationship", 256),
    ("numFmt", 256),
    ("font", 256),
    ("fill", 256),
    ("border", 256),
    ("xf", 256),
];

/// Parts of a style: each format of cells holds copies of them.
const COPIED: [&str; 3] = ["font", "fill", "border"];

/// Refuses a workbook that takes more memory than it may.
pub(super) fn ensure_it_fits(file: &SheetFile, limits: &SheetLimits) -> Result<()> {
    let broken = |reason: zip::result::ZipError| {
        unreadable(format!("{} is no whole workbook: {reason}", file.name())).with_source(reason)
    };
    let mut archive = zip::ZipArchive::new(BufReader::new(file.open()?)).map_err(broken)?;
    if archive.len() > limits.workbook_entries {
        let most = limits.workbook_entries;
        return Err(unreadable(format!("the workbook has {} files in it: the most is {most}", archive.len())));
    }
    let mut measured = Measured { limits, unpacked: limits.unpacked_bytes, held: 0, largest_style: 0 };
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(broken)?;
        // Pictures and the like are never unpacked.
        let name = entry.name().map_err(broken)?.into_owned();
        if is_xml(&name) {
            Part::new(&name, entry, &mut measured).measure().map_err(|failed| failed.told(file, &name, limits))?;
        }
    }
    Ok(())
}

fn is_xml(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".xml") || name.ends_with(".rels")
}

/// What the parts together take.
struct Measured<'l> {
    limits: &'l SheetLimits,
    /// What may still be unpacked.
    unpacked: u64,
    held: u64,
    largest_style: u64,
}

impl Measured<'_> {
    fn hold(&mut self, bytes: u64) -> Result<(), Refused> {
        self.held = self.held.saturating_add(bytes);
        if self.held > self.limits.held_bytes { Err(Refused::Held) } else { Ok(()) }
    }
}

/// Why a part is refused.
enum Refused {
    Io(io::Error),
    Unpacked,
    Held,
    Row(u64),
    Announced,
    NotAsExcel(String),
}

impl Refused {
    fn told(self, file: &SheetFile, part: &str, limits: &SheetLimits) -> Error {
        match self {
            Self::Io(reason) => file.broken(reason),
            Self::Unpacked => {
                let most = in_words(limits.unpacked_bytes);
                unreadable(format!("the workbook is larger than {most} when it is unpacked"))
            }
            Self::Held => {
                let most = in_words(limits.held_bytes);
                unreadable(format!("the shared texts and the styles of the workbook take more than {most}"))
            }
            Self::Row(row) => row_too_long(row, limits),
            Self::Announced => unreadable("the workbook announces more texts than it has room for"),
            Self::NotAsExcel(reason) => {
                unreadable(format!("the workbook cannot be read: {part} is not as Excel writes it: {reason}"))
            }
        }
    }
}

pub(super) fn row_too_long(row: u64, limits: &SheetLimits) -> Error {
    unreadable(format!("row {row} of the worksheet is longer than {}", in_words(limits.row_bytes)))
}

/// An element whose text is held as a whole.
struct Open {
    depth: usize,
    begin: u64,
    /// It stays in memory, and not for its row alone.
    is_held: bool,
    is_style: bool,
}

/// One file of the archive, while it is read.
struct Part<'m, 'l, R> {
    reader: Reader<Metered<BufReader<R>>>,
    measured: &'m mut Measured<'l>,
    is_relations: bool,
    depth: usize,
    open: Option<Open>,
    rows: u64,
    announced: u64,
}

impl<'m, 'l, R: Read> Part<'m, 'l, R> {
    fn new(name: &str, entry: R, measured: &'m mut Measured<'l>) -> Self {
        let source = Metered { inner: BufReader::new(entry), unpacked: measured.unpacked, element: 0 };
        let mut reader = Reader::from_reader(source);
        reader.config_mut().expand_empty_elements = true;
        let is_relations = name.to_ascii_lowercase().ends_with(".rels");
        Self { reader, measured, is_relations, depth: 0, open: None, rows: 0, announced: 0 }
    }

    fn measure(mut self) -> Result<(), Refused> {
        let most = self.measured.limits.row_bytes.saturating_mul(MARKUP);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            if self.open.is_none() {
                // A tag or a text that no element holds is held alone.
                self.reader.get_mut().element = most;
            }
            let begin = self.reader.buffer_position();
            match self.reader.read_event_into(&mut buffer) {
                Ok(Event::Start(start)) => self.begins(&start, begin)?,
                Ok(Event::End(_)) => self.ends()?,
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(quick_xml::Error::Io(reason)) => return Err(self.ended_early(&reason)),
                Err(reason) => return Err(Refused::NotAsExcel(reason.to_string())),
            }
        }
        self.measured.unpacked = self.reader.get_ref().unpacked;
        if self.announced > self.reader.buffer_position() { Err(Refused::Announced) } else { Ok(()) }
    }

    fn begins(&mut self, start: &BytesStart<'_>, begin: u64) -> Result<(), Refused> {
        self.depth += 1;
        let local_name = start.local_name();
        let name = local_name.as_ref();
        if name == "sst" {
            let count = attribute(start, "uniqueCount")?.map_or(0, |count| count.parse().unwrap_or(u64::MAX));
            self.announced = self.announced.max(count);
        }
        if self.is_relations && name == "Relationship" {
            ensure_it_is_measured(start)?;
        }
        if name == "row" {
            let number = attribute(start, "r")?.and_then(|number| number.parse().ok());
            self.rows = number.unwrap_or(self.rows + 1);
        }
        let weight = HELD.iter().find(|(held, _)| *held == name).map(|(_, weight)| *weight);
        if self.open.is_none() && (weight.is_some() || matches!(name, "row" | "c")) {
            self.open = Some(Open { depth: self.depth, begin, is_held: false, is_style: false });
        }
        if let (Some(open), Some(weight)) = (&mut self.open, weight) {
            open.is_held = true;
            open.is_style |= COPIED.contains(&name);
            let copied = if name == "xf" { self.measured.largest_style } else { 0 };
            self.measured.hold(weight + copied)?;
        }
        Ok(())
    }

    fn ends(&mut self) -> Result<(), Refused> {
        let closed = self.open.take_if(|open| open.depth == self.depth);
        if let Some(open) = closed.filter(|open| open.is_held) {
            let bytes = self.reader.buffer_position() - open.begin;
            if open.is_style {
                if bytes > STYLE_BYTES {
                    return Err(Refused::NotAsExcel(format!("a style has {bytes} bytes")));
                }
                self.measured.largest_style = self.measured.largest_style.max(bytes * COPIED.len() as u64);
            }
            self.measured.hold(bytes)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Why nothing more was read.
    fn ended_early(&self, reason: &io::Error) -> Refused {
        let source = self.reader.get_ref();
        match &self.open {
            _ if source.unpacked == 0 => Refused::Unpacked,
            Some(Open { is_held: false, .. }) if source.element == 0 => Refused::Row(self.rows.max(1)),
            _ if source.element == 0 => Refused::NotAsExcel("a text has no end".to_owned()),
            _ => Refused::Io(io::Error::new(reason.kind(), reason.to_string())),
        }
    }
}

/// The value of an attribute as it is written.
fn attribute<'s>(start: &'s BytesStart<'_>, name: &str) -> Result<Option<std::borrow::Cow<'s, str>>, Refused> {
    let found = start.try_get_attribute(name).map_err(|reason| Refused::NotAsExcel(reason.to_string()))?;
    Ok(found.map(|attribute| attribute.value))
}

/// Refuses a worksheet under a name that is not measured.
fn ensure_it_is_measured(start: &BytesStart<'_>) -> Result<(), Refused> {
    const READ: [&str; 4] = ["/officeDocument", "/worksheet", "/chartsheet", "/dialogsheet"];
    let (kind, target) = (attribute(start, "Type")?, attribute(start, "Target")?);
    match target {
        Some(target) if kind.is_some_and(|kind| READ.iter().any(|read| kind.ends_with(read))) && !is_xml(&target) => {
            Err(Refused::NotAsExcel(format!("{target:?} is no name of a worksheet")))
        }
        _ => Ok(()),
    }
}

/// Ends where more is read than may be.
struct Metered<R> {
    inner: R,
    /// What may still be read of the workbook.
    unpacked: u64,
    /// What may still be read of the element that is held.
    element: u64,
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let buffer = self.fill_buf()?;
        let read = buffer.len().min(into.len());
        into[..read].copy_from_slice(&buffer[..read]);
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let buffer = self.inner.fill_buf()?;
        let most = usize::try_from(self.unpacked.min(self.element)).unwrap_or(usize::MAX);
        if most == 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than may be read"));
        }
        Ok(&buffer[..buffer.len().min(most)])
    }

    fn consume(&mut self, bytes: usize) {
        self.inner.consume(bytes);
        self.unpacked = self.unpacked.saturating_sub(bytes as u64);
        self.element = self.element.saturating_sub(bytes as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> SheetLimits {
        SheetLimits { row_bytes: 100, held_bytes: 20_000, ..SheetLimits::default() }
    }

    fn refusal(name: &str, xml: &str) -> Option<String> {
        let limits = limits();
        let mut measured = Measured { limits: &limits, unpacked: 100_000, held: 0, largest_style: 0 };
        let refused = Part::new(name, xml.as_bytes(), &mut measured).measure().err()?;
        Some(refused.told(&SheetFile::from_bytes("stock.xlsx", Vec::new()), name, &limits).to_string())
    }

    #[test]
    fn what_would_be_held_as_a_whole_is_refused_however_it_is_written() {
        let long = "x".repeat(500);
        let many = |xml: &str, times: usize| xml.repeat(times);
        for (xml, told) in [
            (format!("<sheetData><row r=\"7\"><c><v>{long}</v></c></row></sheetData>"), "row 7 of the worksheet"),
            (format!("<a><row r=\"2\"/><row>{}</row></a>", many("<c><v>1</v></c>", 40)), "row 3 of the worksheet"),
            // What looks like the end of a row is none.
            (format!("<a><row><c><is><![CDATA[{}]]></is></c></row></a>", many("</row><row>", 50)), "row 1"),
            (format!("<a><row><c><is>{}</is></c></row></a>", many("<row><t>xxxx</t></row>", 40)), "row 1"),
            (format!("<a><c><is>{}</is></c></a>", many("<row><t>xxxx</t></row>", 40)), "row 1"),
            (format!("<a><row>{}</row></a>", many("&amp;", 100)), "row 1"),
            ("<a><row><c></row></c></a>".into(), "not as Excel writes it"),
            (format!("<a><!--{long}--></a>"), "a text has no end"),
            (format!("<a b=\"{long}\"/>"), "a text has no end"),
            (format!("<a>{long}</a>"), "a text has no end"),
            (many("<si/>", 1_000), "take more than"),
            (format!("<a>{}</a>", many("<row><si/><si/></row>", 400)), "take more than"),
            (format!("<a>{}</a>", many("<mergeCell ref=\"A1\"/>", 500)), "take more than"),
            (format!("<a>{}</a>", many("<si><t>a text that cells share</t></si>", 400)), "take more than"),
            (format!("<a><font><name val=\"{}\"/></font>{}</a>", &long[..350], many("<xf/>", 20)), "take more than"),
            ("<sst uniqueCount=\"99999999999999999999999\"></sst>".into(), "announces more texts"),
            (many("<a/>", 50_000), "larger than 512 MiB"),
        ] {
            let refusal = refusal("xl/worksheets/sheet1.xml", &xml).unwrap_or_default();
            assert!(refusal.contains(told), "{told}: {refusal:?} of {}", &xml[..xml.len().min(100)]);
        }
    }

    #[test]
    fn what_excel_writes_passes() {
        let row = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\"><f>A2&amp;\"x\"</f><v>1</v></c></row>";
        for xml in [
            format!("<worksheet><sheetData>{}</sheetData><mergeCells/></worksheet>", row.repeat(900)),
            format!("<sst count=\"9\" uniqueCount='200'>{}</sst>", "<si><t>camry</t></si>".repeat(200)),
            "<styleSheet><fonts><font><sz val=\"11\"/></font></fonts><cellXfs><xf/></cellXfs></styleSheet>".to_owned(),
            String::new(),
        ] {
            assert_eq!(refusal("xl/a.xml", &xml), None);
        }
    }

    #[test]
    fn a_worksheet_has_a_name_that_is_measured() {
        let relation = |kind: &str, target: &str| {
            let xml = format!("<Relationships><Relationship Type=\"x/{kind}\" Target=\"{target}\"/></Relationships>");
            refusal("xl/_rels/workbook.xml.rels", &xml)
        };
        for (kind, target) in
            [("worksheet", "worksheets/sheet1.png"), ("officeDocument", "xl/workbook"), ("worksheet", "")]
        {
            assert!(relation(kind, target).unwrap_or_default().contains("no name of a worksheet"), "{kind} {target}");
        }
        for (kind, target) in [("worksheet", "worksheets/Sheet1.XML"), ("image", "../media/1.png")] {
            assert_eq!(relation(kind, target), None);
        }
    }
}
