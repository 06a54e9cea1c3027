//! Where objects are kept: a bucket or a folder. Both are asked the same, and answer the same.

mod bucket;
mod folder;

use std::{collections::BTreeMap, ops::ControlFlow, path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};

use super::{BucketConfig, StoredObject, key::UploadKey};
use crate::error::{Error, ErrorCode, Result};

use self::{bucket::Bucket, folder::Folder};

/// Objects that a page of a list has at most, and that one request removes at most.
pub(super) const A_PAGE: usize = 1_000;

/// Is given each page of a list; breaking ends the list.
pub(super) type OnPage<'a> = &'a mut dyn FnMut(Vec<StoredObject>) -> Result<ControlFlow<()>>;

/// An upload to be signed.
pub(super) struct Announced<'a> {
    pub(super) key: &'a UploadKey,
    pub(super) length: u64,
    pub(super) now: DateTime<Utc>,
    pub(super) holds: Duration,
}

/// An address and the headers that it takes.
pub(super) struct Signed {
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
}

/// A place for objects.
pub(super) enum Store {
    Folder(Folder),
    Bucket(Box<Bucket>),
}

impl Store {
    pub(super) fn folder(folder: PathBuf, public_url: String) -> Self {
        Self::Folder(Folder::at(folder, public_url))
    }

    /// # Errors
    /// `invalid_storage_config`.
    pub(super) fn bucket(config: BucketConfig) -> Result<Self> {
        Ok(Self::Bucket(Box::new(Bucket::new(config)?)))
    }

    pub(super) const fn is_folder(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// What tokens and addresses of ours are signed with.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub(super) fn signing_key(&self) -> Result<[u8; 32]> {
        match self {
            Self::Folder(folder) => folder.signing_key(),
            Self::Bucket(bucket) => Ok(bucket.signing_key()),
        }
    }

    /// An address that takes one file.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub(super) fn sign(&self, announced: &Announced<'_>) -> Result<Signed> {
        let mut signed = match self {
            Self::Folder(folder) => folder.sign(announced)?,
            Self::Bucket(bucket) => bucket.sign(announced),
        };
        signed.headers.insert("content-type".to_owned(), announced.key.photo_type.as_str().to_owned());
        signed.headers.insert("content-length".to_owned(), announced.length.to_string());
        Ok(signed)
    }

    /// The object, where there is one. One that is larger than `most` is refused and not read.
    ///
    /// # Errors
    /// `invalid_photo` where it is too large; `storage_unavailable`, `storage_refused`.
    pub(super) fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(folder) => folder.get(key, most),
            Self::Bucket(bucket) => bucket.get(key, most),
        }
    }

    /// So many bytes at most of the object from there on, and its whole length, where there is one. A bucket serves its objects itself.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub(super) fn piece(&self, key: &str, from: u64, most: u64) -> Result<Option<(Vec<u8>, u64)>> {
        match self {
            Self::Folder(folder) => folder.piece(key, from, most),
            Self::Bucket(_) => Ok(None),
        }
    }

    /// Writes an object whole, in the place of one that may be there.
    ///
    /// # Errors
    /// `storage_unavailable`, `storage_refused`.
    pub(super) fn put(&self, key: &str, content_type: &str, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.put(key, bytes),
            Self::Bucket(bucket) => bucket.put(key, content_type, bytes),
        }
    }

    /// Removes objects, at most [`A_PAGE`]. Those that are not there are as good as removed.
    ///
    /// # Errors
    /// `storage_unavailable`, `storage_refused`.
    pub(super) fn remove(&self, keys: &[String]) -> Result<()> {
        match self {
            _ if keys.is_empty() => Ok(()),
            Self::Folder(folder) => folder.remove(keys),
            Self::Bucket(bucket) => bucket.remove(keys),
        }
    }

    /// Gives objects of a folder other keys. What is not there stays so. A bucket shows each object to everybody who knows its address.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub(super) fn rename(&self, keys: &[(String, String)]) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.rename(keys),
            Self::Bucket(_) => Ok(()),
        }
    }

    /// Lists the objects whose key begins so, in pages. Of a folder that is all, one kind of objects, or the uploads for one owner.
    ///
    /// # Errors
    /// `storage_unavailable`, `storage_refused`; what `on_page` fails with.
    pub(super) fn list(&self, beginning: &str, on_page: OnPage<'_>) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.list(beginning, on_page),
            Self::Bucket(bucket) => bucket.list(beginning, on_page),
        }
    }
}

fn unavailable(message: String) -> Error {
    Error::new(ErrorCode::StorageUnavailable, message)
}

fn too_large(most: u64) -> Error {
    super::photo::refused(format!("the file is larger than {most} bytes"))
}
