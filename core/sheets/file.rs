//! A file with a table, on disk or in memory, and what kind of file it is.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;

use super::{SheetLimits, limits::in_words, unreadable};
use crate::error::{Error, ErrorCode, Result};

/// A file to import: CSV, TSV, JSON Lines or an Excel workbook. What it is follows from its content.
///
/// It is read more than once, and never held in memory as a whole if it is on disk.
#[derive(Clone, Debug)]
pub struct SheetFile {
    name: String,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

/// What kind of file a table is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SheetFormat {
    /// Text with commas, semicolons, tabs or bars between the values.
    Delimited,
    /// One JSON object a line.
    JsonLines,
    /// An Excel workbook.
    Xlsx,
}

/// Something that can be read from its start again.
pub(super) trait Seekable: Read + Seek {}

impl<T: Read + Seek> Seekable for T {}

impl SheetFile {
    /// A file on disk.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        Self { name, source: Source::Path(path) }
    }

    /// A file in memory; messages call it by this name.
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), source: Source::Bytes(bytes.into()) }
    }

    /// The same under another name, which messages call it by.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Whether it is the file at this path.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let Source::Path(own) = &self.source else { return false };
        matches!((own.canonicalize(), path.canonicalize()), (Ok(own), Ok(other)) if own == other)
    }

    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn open(&self) -> Result<Box<dyn Seekable + '_>> {
        Ok(match &self.source {
            Source::Path(path) => Box::new(File::open(path).map_err(|reason| cannot_read(path, reason))?),
            Source::Bytes(bytes) => Box::new(Cursor::new(&bytes[..])),
        })
    }

    /// What the first bytes say that it is.
    pub(super) fn format(&self) -> Result<SheetFormat> {
        let mut start = Vec::with_capacity(1024);
        self.open()?.take(1024).read_to_end(&mut start).map_err(|reason| self.broken(reason))?;
        let is_text_of = |mark: &[u8]| {
            let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).trim_ascii_start();
            text.get(..mark.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(mark))
        };
        if start.starts_with(b"PK\x03\x04") {
            return Ok(SheetFormat::Xlsx);
        }
        for (is_other, what) in [
            (start.starts_with(b"\xd0\xcf\x11\xe0"), "an old or an encrypted Excel workbook"),
            (start.starts_with(b"%PDF"), "a PDF document"),
            (start.starts_with(b"\x1f\x8b"), "a compressed file"),
            (is_text_of(b"<"), "a web page or XML"),
            (is_text_of(b"["), "one JSON array; one object a line is expected"),
        ] {
            if is_other {
                return Err(unreadable(format!("{} is {what}: save it as .xlsx, CSV or JSON Lines", self.name)));
            }
        }
        if start.is_empty() {
            return Err(unreadable(format!("{} is empty", self.name)));
        }
        Ok(if is_text_of(b"{") || start.starts_with(b"\xff\xfe{\0") {
            SheetFormat::JsonLines
        } else {
            SheetFormat::Delimited
        })
    }

    pub(super) fn ensure_size(&self, limits: &SheetLimits) -> Result<()> {
        let most = match self.format()? {
            SheetFormat::Xlsx => limits.workbook_bytes,
            SheetFormat::Delimited | SheetFormat::JsonLines => return Ok(()),
        };
        let bytes = self.open()?.seek(SeekFrom::End(0)).map_err(|reason| self.broken(reason))?;
        if bytes > most {
            return Err(self.too_large(most));
        }
        Ok(())
    }

    pub(super) fn too_large(&self, most: u64) -> Error {
        Error::new(ErrorCode::FileTooLarge, format!("{} is larger than {}: split it", self.name, in_words(most)))
    }

    /// A failure while it is read.
    pub(super) fn broken(&self, reason: io::Error) -> Error {
        Error::new(ErrorCode::FileUnreadable, format!("cannot read {}: {reason}", self.name)).with_source(reason)
    }
}

fn cannot_read(path: &Path, reason: io::Error) -> Error {
    Error::new(ErrorCode::FileUnreadable, format!("cannot read {}: {reason}", path.display())).with_source(reason)
}
