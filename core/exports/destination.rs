//! Where a feed goes: a folder, a file, or a server that takes it by HTTP PUT, SFTP or FTP.

use std::path::{Path, PathBuf};

use url::Url;

use super::{FeedFormat, delivery};
use crate::error::{Error, ErrorCode, Result};

/// A destination that was named.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Destination {
    /// The file is named by the feed.
    Folder(PathBuf),
    File(PathBuf),
    /// An address that ends with a slash is a folder there.
    Server(Url),
}

impl Destination {
    /// Reads what a person named: a folder, or a file whose name ends as a feed's does.
    ///
    /// # Errors
    /// `invalid_destination`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let refuse = |expected: &str| Error::invalid_field(ErrorCode::InvalidDestination, "/destination", expected);
        if text.trim().is_empty() || text.contains('\0') {
            return Err(refuse("expected a folder or a file"));
        }
        if text.contains("://") {
            let mut url = Url::parse(text).map_err(|reason| refuse("expected an address").with_source(reason))?;
            if !delivery::is_spoken(&url) {
                return Err(refuse(
                    "expected a folder, a file, or an address that begins with https://, http://, sftp://, ftps:// or ftp://",
                ));
            }
            if url.path().is_empty() {
                url.set_path("/");
            }
            if !url.username().is_empty() || url.password().is_some() {
                return Err(refuse("expected no user and no password in the address; the feed's login has them"));
            }
            return Ok(Self::Server(url));
        }
        let path = std::path::absolute(text).map_err(|reason| refuse("expected a path").with_source(reason))?;
        let names_folder = text.ends_with(['/', '\\']) || path.is_dir() || format_of_name(&path).is_none();
        Ok(if names_folder { Self::Folder(path) } else { Self::File(path) })
    }

    /// The form that the name of the file says.
    pub(super) fn format(&self) -> Option<FeedFormat> {
        match self {
            Self::File(path) => format_of_name(path),
            Self::Folder(_) => None,
            // A server takes one file.
            Self::Server(url) => format_of_name(Path::new(url.path())),
        }
    }

    /// The path of the feed, where the destination is on this machine.
    pub(super) fn target(&self, name: &str, format: FeedFormat) -> Option<PathBuf> {
        match self {
            // The folder of pages may be named itself.
            Self::Folder(folder) if format == FeedFormat::Pages && folder.ends_with(name) => Some(folder.clone()),
            Self::Folder(folder) => Some(folder.join(name)),
            Self::File(path) => Some(path.clone()),
            Self::Server(_) => None,
        }
    }

    /// The address of the feed, where the destination is a server.
    pub(super) fn address(&self, name: &str) -> Option<Url> {
        let Self::Server(url) = self else { return None };
        let mut url = url.clone();
        if url.path().ends_with('/') {
            // An address of the web has segments.
            url.path_segments_mut().ok()?.pop_if_empty().push(name);
        }
        Some(url)
    }

    /// Where the feed is in the end, for people.
    pub(super) fn shown(&self, name: &str, format: FeedFormat) -> String {
        match self.address(name) {
            Some(url) => delivery::shown(&url),
            None => self.target(name, format).map(|path| path.display().to_string()).unwrap_or_default(),
        }
    }

    /// Where the feed is in the end, for the history: the same for each export to it, however the destination is spelled.
    pub(super) fn place(&self, name: &str, format: FeedFormat) -> String {
        match self.target(name, format) {
            Some(path) => resolved(&path).display().to_string(),
            None => self.shown(name, format),
        }
    }

    /// The destination as it was named, by which exports before knew it.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Folder(path) | Self::File(path) => path.display().to_string(),
            Self::Server(url) => delivery::shown(url),
        }
    }
}

/// The path without links and `..` in its folders. The file itself is replaced, also where it is a link.
fn resolved(path: &Path) -> PathBuf {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return path.to_owned() };
    folder.canonicalize().map_or_else(|_missing| path.to_owned(), |folder| folder.join(name))
}

/// The form of a file by the end of its name.
pub(super) fn format_of_name(path: &Path) -> Option<FeedFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "txt" => Some(FeedFormat::Csv),
        "tsv" | "tab" => Some(FeedFormat::Tsv),
        "xml" => Some(FeedFormat::Xml),
        "jsonl" | "ndjson" => Some(FeedFormat::JsonLines),
        "jsonld" | "json" => Some(FeedFormat::JsonLd),
        "zip" => Some(FeedFormat::Zip),
        _ => None,
    }
}
