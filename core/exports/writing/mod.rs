//! Writes the rows of a feed in its form, one after the other.

mod json;
mod pages;
mod separated;
mod xml;

use std::{fs::File, io, path::Path, sync::Arc};

use super::{
    FeedFormat, Formulas,
    feed::{Column, Feed},
    following::{Growth, Sink},
    value::Value,
};

pub(super) use json::GRAPH_HEAD;
pub(super) use pages::PAGES_MARK;
pub(super) use xml::ROOT;

/// A vehicle as a feed has it.
pub(super) struct Row<'r> {
    /// A value for each column.
    pub(super) values: &'r [Value<'r>],
    /// The text of a page.
    pub(super) body: Value<'r>,
    /// The name of a page.
    pub(super) page: &'r str,
}

/// Takes the rows of one feed.
pub(super) trait RowWriter {
    fn write(&mut self, columns: &[Column], row: &Row<'_>) -> io::Result<()>;

    /// Writes what stands at the end. Answers the number of bytes.
    fn finish(self: Box<Self>) -> io::Result<u64>;
}

/// A writer of the form that begins at a file, or at a folder for pages. How far it is can be followed where the form is read through.
pub(super) fn begin(
    path: &Path,
    feed: &Feed,
    format: FeedFormat,
    formulas: Formulas,
    growth: Option<Arc<Growth>>,
) -> io::Result<Box<dyn RowWriter>> {
    if format == FeedFormat::Pages {
        return Ok(Box::new(pages::Folder::begin(path)?));
    }
    let file = File::options().write(true).create(true).truncate(true).open(path)?;
    let followed = |file| Sink::new(file, growth);
    Ok(match format {
        FeedFormat::Csv => Box::new(separated::Separated::begin(followed(file), b',', feed, formulas)?),
        FeedFormat::Tsv => Box::new(separated::Separated::begin(followed(file), b'\t', feed, formulas)?),
        FeedFormat::Xml => Box::new(xml::Xml::begin(followed(file))?),
        FeedFormat::JsonLines => Box::new(json::Lines::begin(followed(file))),
        FeedFormat::JsonLd => Box::new(json::Linked::begin(file, &feed.columns)?),
        FeedFormat::Zip | FeedFormat::Pages => Box::new(pages::Zip::begin(file)),
    })
}

fn size(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

/// How much is gathered before it is written.
const BUFFER: usize = 256 * 1024;
