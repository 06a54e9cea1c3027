//! A folder of this machine. An object is a file whose path is its key; what is being written has another name until it is whole.
//!
//! Addresses of uploads lead to the HTTP server and carry a signature (`signature`). The key for signing (`signing.key`) is made at first
//! use and kept in the folder, so that several servers over one folder know each other's addresses.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

use super::{A_PAGE, Announced, OnPage, Signed, too_large, unavailable};
use crate::{
    error::{Error, Result},
    secret,
    storage::{
        StoredObject,
        key::{PHOTOS, UPLOADS, WITHHELD},
        signature::UploadPermit,
    },
};

/// The file of the key that signs addresses.
const SIGNING_KEY: &str = "signing.key";
/// What files are called while they are written.
const UNFINISHED: &str = ".unfinished-";

pub(in crate::storage) struct Folder {
    root: PathBuf,
    public_url: String,
}

impl Folder {
    pub(super) fn at(root: PathBuf, public_url: String) -> Self {
        Self { root, public_url }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    fn failed(&self, what: &str, reason: io::Error) -> Error {
        unavailable(format!("the folder of photos {} {what}: {reason}", self.root.display())).with_source(reason)
    }

    pub(super) fn signing_key(&self) -> Result<[u8; 32]> {
        let path = self.root.join(SIGNING_KEY);
        let read = || -> io::Result<Option<[u8; 32]>> {
            match fs::read(&path) {
                Ok(bytes) => {
                    bytes.try_into().map(Some).map_err(|_length| io::Error::other("signing.key has not 32 bytes"))
                }
                Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(reason) => Err(reason),
            }
        };
        if let Some(key) = read().map_err(|reason| self.failed("can not be read", reason))? {
            return Ok(key);
        }
        let made: [u8; 32] = secret::random()?;
        let written = || -> io::Result<()> {
            let mut file = self.unfinished(&self.root)?;
            file.write_all(&made)?;
            file.as_file().sync_all()?;
            // Whoever comes first has made it.
            match file.persist_noclobber(&path) {
                Err(failed) if failed.error.kind() != io::ErrorKind::AlreadyExists => Err(failed.error),
                _ => Ok(()),
            }
        };
        written().map_err(|reason| self.failed("can not be written to", reason))?;
        let key = read().map_err(|reason| self.failed("can not be read", reason))?;
        key.ok_or_else(|| unavailable("the key of the folder of photos is gone".to_owned()))
    }

    pub(super) fn sign(&self, announced: &Announced<'_>) -> Result<Signed> {
        let permit = UploadPermit::sign(&self.signing_key()?, announced);
        Ok(Signed { url: permit.address(&self.public_url), headers: BTreeMap::new() })
    }

    pub(super) fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>> {
        let read = || -> io::Result<Option<Vec<u8>>> {
            let mut bytes = Vec::new();
            File::open(self.path(key))?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
            Ok((bytes.len() as u64 <= most).then_some(bytes))
        };
        match read() {
            Ok(Some(bytes)) => Ok(Some(bytes)),
            Ok(None) => Err(too_large(most)),
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(reason) => Err(self.failed("can not be read", reason)),
        }
    }

    pub(super) fn piece(&self, key: &str, from: u64, most: u64) -> Result<Option<(Vec<u8>, u64)>> {
        let read = || -> io::Result<(Vec<u8>, u64)> {
            let mut file = File::open(self.path(key))?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            file.take(most).read_to_end(&mut bytes)?;
            Ok((bytes, length))
        };
        match read() {
            Ok(piece) => Ok(Some(piece)),
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(reason) => Err(self.failed("can not be read", reason)),
        }
    }

    pub(super) fn put(&self, key: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(key);
        let written = || -> io::Result<()> {
            let folder = path.parent().unwrap_or(&self.root);
            let mut file = self.unfinished(folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|failed| failed.error)?;
            // A row names the photo next, so that its name must outlive a failure of power. Windows opens no folder as a file.
            if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
        };
        // An empty folder may be removed between the two steps.
        let outcome = written().or_else(|reason| match reason.kind() {
            io::ErrorKind::NotFound => written(),
            _ => Err(reason),
        });
        outcome.map_err(|reason| self.failed("can not be written to", reason))
    }

    fn unfinished(&self, folder: &Path) -> io::Result<tempfile::NamedTempFile> {
        fs::create_dir_all(folder)?;
        tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)
    }

    pub(super) fn remove(&self, keys: &[String]) -> Result<()> {
        for key in keys {
            let path = self.path(key);
            match fs::remove_file(&path) {
                Err(reason) if reason.kind() != io::ErrorKind::NotFound => {
                    return Err(self.failed("does not let a photo be removed", reason));
                }
                _ => {}
            }
            // The folder of one owner's uploads goes with the last of them; one that is not empty stays.
            if let Some(folder) = path.parent().filter(|_| key.starts_with(UPLOADS)) {
                let _ = fs::remove_dir(folder);
            }
        }
        Ok(())
    }

    pub(super) fn rename(&self, keys: &[(String, String)]) -> Result<()> {
        for (from, to) in keys {
            let (from, to) = (self.path(from), self.path(to));
            let renamed = fs::rename(&from, &to).or_else(|reason| match reason.kind() {
                io::ErrorKind::NotFound if from.exists() => {
                    fs::create_dir_all(to.parent().unwrap_or(&self.root)).and_then(|()| fs::rename(&from, &to))
                }
                _ => Err(reason),
            });
            match renamed {
                Err(reason) if reason.kind() != io::ErrorKind::NotFound => {
                    return Err(self.failed("does not let a photo be moved", reason));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Goes through the folders in the order of their names. Only the names of one folder are in memory at a time.
    pub(super) fn list(&self, beginning: &str, on_page: OnPage<'_>) -> Result<()> {
        let mut page = Vec::new();
        for top in [UPLOADS, PHOTOS, WITHHELD] {
            // A list is of all objects, of one of these kinds, or of one folder of such.
            let folder = if beginning.starts_with(top) { beginning } else { top };
            if !folder.starts_with(beginning) {
                continue;
            }
            let ended = self.walk(folder.trim_end_matches('/'), &mut page, on_page)?;
            if ended.is_break() {
                return Ok(());
            }
        }
        if page.is_empty() { Ok(()) } else { on_page(page).map(|_| ()) }
    }

    fn walk(&self, key: &str, page: &mut Vec<StoredObject>, on_page: OnPage<'_>) -> Result<ControlFlow<()>> {
        let unreadable = |reason| self.failed("can not be read", reason);
        let entries = match fs::read_dir(self.path(key)) {
            Ok(entries) => entries,
            // It was removed meanwhile, or nothing was ever kept.
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => return Ok(ControlFlow::Continue(())),
            Err(reason) => return Err(unreadable(reason)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            names.push((name, entry.file_type().map_err(unreadable)?.is_dir()));
        }
        names.sort_unstable();
        for (name, is_folder) in names {
            let key = format!("{key}/{name}");
            if is_folder {
                if self.walk(&key, page, on_page)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                continue;
            }
            match fs::symlink_metadata(self.path(&key)) {
                Ok(file) => {
                    let modified_at = file.modified().ok().map(DateTime::<Utc>::from);
                    page.push(StoredObject { key, bytes: file.len(), modified_at });
                }
                Err(reason) if reason.kind() == io::ErrorKind::NotFound => continue,
                Err(reason) => return Err(unreadable(reason)),
            }
            if page.len() == A_PAGE && on_page(std::mem::take(page))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
