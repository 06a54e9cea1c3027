//! A Markdown page a vehicle, with front matter, in a folder or a ZIP file.
//!
//! A value of the front matter is written as JSON, which is YAML as well. So no text is taken for a date, a number or a yes,
//! whatever the version of YAML. The text of a page is escaped, so that it runs neither as HTML nor as a template.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use quick_xml::escape::partial_escape;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{BUFFER, Row, RowWriter, size};
use crate::exports::{feed::Column, value::Value};

/// The hidden file that tells a folder of pages that an export made from one that a person fills.
pub(in crate::exports) const PAGES_MARK: &str = ".jpauto-export";

/// The text of a page.
fn page(columns: &[Column], row: &Row<'_>) -> io::Result<Vec<u8>> {
    let mut page = Vec::with_capacity(2_048);
    page.extend_from_slice(b"---\n");
    for (column, value) in columns.iter().zip(row.values) {
        if *value == Value::Missing {
            continue;
        }
        page.extend_from_slice(column.name.as_bytes());
        page.extend_from_slice(b": ");
        serde_json::to_writer(&mut page, value)?;
        page.push(b'\n');
    }
    page.extend_from_slice(b"---\n");
    let mut body = String::new();
    row.body.write_to(&mut body, "\n");
    page.extend_from_slice(harmless(&body).as_bytes());
    page.push(b'\n');
    Ok(page)
}

/// What a person wrote is text: no HTML, and nothing that the website's template language would run.
fn harmless(text: &str) -> String {
    partial_escape(text).replace("{{", "&#123;&#123;").replace("{%", "&#123;%")
}

/// The name of a page's file.
fn file_name(row: &Row<'_>) -> String {
    format!("{}.md", row.page)
}

pub(super) struct Folder {
    path: PathBuf,
    bytes: u64,
}

impl Folder {
    /// Begins in a folder that is there, without what an earlier attempt has left in it.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_name() != PAGES_MARK {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { path: path.to_owned(), bytes: 0 })
    }
}

impl RowWriter for Folder {
    fn write(&mut self, columns: &[Column], row: &Row<'_>) -> io::Result<()> {
        let page = page(columns, row)?;
        let mut file = File::create_new(self.path.join(file_name(row)))?;
        file.write_all(&page)?;
        // Syncing each of many small files would take longer than all the rest; the folder is synced as a whole.
        self.bytes += page.len() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        Ok(self.bytes)
    }
}

pub(super) struct Zip(ZipWriter<BufWriter<File>>);

impl Zip {
    pub(super) fn begin(file: File) -> Self {
        Self(ZipWriter::new(BufWriter::with_capacity(BUFFER, file)))
    }
}

impl RowWriter for Zip {
    fn write(&mut self, columns: &[Column], row: &Row<'_>) -> io::Result<()> {
        // No time of a file, so that the same pages make the same ZIP.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        // Pages are small: better compression takes twice the time for a fifth of the size.
        let options = options.compression_level(Some(1));
        self.0.start_file(file_name(row), options.last_modified_time(zip::DateTime::default()))?;
        self.0.write_all(&page(columns, row)?)
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        size(&self.0.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_description_is_text_to_the_website() {
        assert_eq!(harmless("Fast & <b>red</b>"), "Fast &amp; &lt;b&gt;red&lt;/b&gt;");
        assert_eq!(harmless("{{ site.x }} {% include y %} { z }"), "&#123;&#123; site.x }} &#123;% include y %} { z }");
    }
}
