//! Reads the rows of a feed's file back, whoever wrote it, for the check of it.
//!
//! A file is read with bounded memory: a row of more than [`LONGEST_ROW`] bytes is refused.

mod json;
mod pages;
mod separated;
mod xml;

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufReader, Read},
    ops::ControlFlow,
    path::Path,
    rc::Rc,
};

use super::{FeedFormat, feed::Feed, value::without_separator};

/// The longest row, element, object or page that is read, in bytes.
pub(super) const LONGEST_ROW: u64 = 4 * 1024 * 1024;

/// What is wrong with a file as a whole, so that it cannot be read on.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// In this row, with what was expected.
    At(u64, String),
    Io(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(reason: io::Error) -> Self {
        Self::Io(reason)
    }
}

/// A row of a file: its number as a person counts, and a text for each column of the feed that is there.
pub(super) struct ReadRow<'r> {
    /// The line of a text, or the number of the vehicle where a file has no lines.
    pub(super) place: u64,
    /// The name of the page, where rows are pages.
    pub(super) name: Option<&'r str>,
    pub(super) cells: &'r [Option<&'r str>],
}

/// Who looks at the rows.
pub(super) type Visitor<'v> = dyn FnMut(&ReadRow<'_>) -> ControlFlow<()> + 'v;

/// What stands above the rows.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// The columns of the feed that the file has not.
    pub(super) missing: Vec<String>,
    /// The columns that stand twice.
    pub(super) repeated: Vec<String>,
    /// The number of rows.
    pub(super) rows: u64,
}

/// Shows every row to the visitor.
pub(super) fn read(
    path: &Path,
    feed: &Feed,
    format: FeedFormat,
    visitor: &mut Visitor<'_>,
) -> Result<Head, Unreadable> {
    if format == FeedFormat::Pages {
        return pages::read_folder(path, feed, visitor);
    }
    let file = File::open(path)?;
    match format {
        FeedFormat::Zip | FeedFormat::Pages => pages::read_zip(file, feed, visitor),
        FeedFormat::JsonLd => json::read_graph(file, feed, visitor),
        FeedFormat::Csv | FeedFormat::Tsv | FeedFormat::Xml | FeedFormat::JsonLines => {
            read_through(Box::new(file), feed, format, visitor)
        }
    }
}

/// Whether a form is read once from its beginning to its end.
pub(super) fn is_read_through(format: FeedFormat) -> bool {
    matches!(format, FeedFormat::Csv | FeedFormat::Tsv | FeedFormat::Xml | FeedFormat::JsonLines)
}

/// The same for such a form, wherever its bytes come from.
pub(super) fn read_through(
    bytes: Box<dyn Read>,
    feed: &Feed,
    format: FeedFormat,
    visitor: &mut Visitor<'_>,
) -> Result<Head, Unreadable> {
    match format {
        FeedFormat::Tsv => separated::read(Limited::new(bytes), b'\t', feed, visitor),
        FeedFormat::Xml => xml::read(Limited::new(bytes), feed, visitor),
        FeedFormat::JsonLines => json::read_lines(BufReader::new(bytes), feed, visitor),
        _ => separated::read(Limited::new(bytes), b',', feed, visitor),
    }
}

/// A file of which no row may be too long: whoever reads says when a row ends.
struct Limited {
    file: Box<dyn Read>,
    since_row: Rc<Cell<u64>>,
}

impl Limited {
    fn new(file: Box<dyn Read>) -> Self {
        Self { file, since_row: Rc::default() }
    }

    fn meter(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.since_row)
    }
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > LONGEST_ROW {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a row is longer than 4 MiB"));
        }
        let count = self.file.read(buffer)?;
        self.since_row.set(self.since_row.get() + count as u64);
        Ok(count)
    }
}

/// The fault of a file that is read on demand: a row that is too long is its fault, anything else the disk's.
fn unreadable(place: u64, reason: io::Error) -> Unreadable {
    match reason.kind() {
        io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidData => Unreadable::At(place, reason.to_string()),
        _ => Unreadable::Io(reason),
    }
}

/// The texts of a row by the names of its fields, for forms in which each row names them.
struct Named {
    /// Whether a row has had any column of the feed.
    is_of_feed: bool,
    /// A text for each column of the feed, whose room stays for the next row.
    texts: Vec<String>,
    is_there: Vec<bool>,
}

impl Named {
    fn new(feed: &Feed) -> Self {
        let columns = feed.columns.len();
        Self { is_of_feed: false, texts: vec![String::new(); columns], is_there: vec![false; columns] }
    }

    fn clear(&mut self) {
        self.is_there.fill(false);
    }

    /// Adds a text; one that is there already is a list. Its texts are parted as in a cell of a table, which the check divides.
    fn add(&mut self, feed: &Feed, name: &str, text: &str) {
        let Some(place) = feed.columns.iter().position(|column| column.name == name) else { return };
        self.is_of_feed = true;
        let cell = &mut self.texts[place];
        if std::mem::replace(&mut self.is_there[place], true) {
            cell.push_str(&feed.columns[place].separator);
        } else {
            cell.clear();
        }
        cell.push_str(&without_separator(text, &feed.columns[place].separator));
    }

    /// What was read, if it is a feed of this kind at all: one of its rows has one of its columns.
    fn ended(&self, head: Head) -> Result<Head, Unreadable> {
        if head.rows > 0 && !self.is_of_feed {
            return Err(Unreadable::At(1, "expected the names of this feed's columns".to_owned()));
        }
        Ok(head)
    }

    fn show(&self, place: u64, name: Option<&str>, visitor: &mut Visitor<'_>) -> ControlFlow<()> {
        let texts = self.texts.iter().zip(&self.is_there);
        let cells: Vec<_> = texts.map(|(text, is_there)| is_there.then_some(text.as_str())).collect();
        visitor(&ReadRow { place, name, cells: &cells })
    }
}
