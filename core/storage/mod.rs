//! Photos: how they come in, what is made of them, where they are kept, and how much room they take.
//!
//! A client is handed an address that takes one file of one type and length. What has come is verified and made anew (`photo`),
//! and its address goes into `images` of its vehicle or submission, which is the only record of it: an object that no row names
//! is an orphan, and clean-up removes it a day later. `store` is a bucket of S3 or a folder of this machine, `key` says where an
//! object is in it, `album` has the rules of a list of pictures, `signature` what proves that an upload was allowed.

mod album;
mod config;
mod key;
mod photo;
mod repository;
mod rules;
mod service;
mod signature;
mod store;

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::{config::PhotoStore, service::submissions as photos_of_submissions};
pub use self::{
    config::{BucketConfig, StorageConfig, StoragePlace, StorageRules},
    service::Storage,
    signature::UploadPermit,
};
use crate::{
    alerts::Severity,
    ids::{SubmissionId, VehicleId},
};

/// Whose photo it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PhotoOwner {
    /// A vehicle of the inventory.
    Vehicle(VehicleId),
    /// A customer's submission, while it is pending.
    Submission(SubmissionId),
}

impl PhotoOwner {
    const VEHICLES: &'static str = "inventory";
    const SUBMISSIONS: &'static str = "submissions";

    /// The noun, as in paths and in the audit trail.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Vehicle(_) => Self::VEHICLES,
            Self::Submission(_) => Self::SUBMISSIONS,
        }
    }

    fn uuid(self) -> Uuid {
        match self {
            Self::Vehicle(id) => id.into(),
            Self::Submission(id) => id.into(),
        }
    }
}

impl From<VehicleId> for PhotoOwner {
    fn from(id: VehicleId) -> Self {
        Self::Vehicle(id)
    }
}

impl From<SubmissionId> for PhotoOwner {
    fn from(id: SubmissionId) -> Self {
        Self::Submission(id)
    }
}

/// The types of pictures that are taken. Each becomes a JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PhotoType {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
}

words!(PhotoType, InvalidUpload at "/content_type" {
    Jpeg => "image/jpeg",
    Png => "image/png",
    Webp => "image/webp",
});

impl PhotoType {
    const fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

/// The file that a client is going to upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewUpload {
    /// Its type: `image/jpeg`, `image/png` or `image/webp`.
    pub content_type: String,
    /// Its exact size in bytes.
    pub content_length: u64,
}

/// Where and how a client uploads the file that it announced. The address takes this file alone, for a few minutes.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct SignedUpload {
    /// What [`Storage::attach`] is given after the upload.
    pub key: String,
    /// `PUT`.
    pub method: &'static str,
    /// The address. Whoever has it can upload, so it is a secret until it ends.
    pub url: String,
    /// The headers that the request must have, with these values.
    pub headers: BTreeMap<String, String>,
    /// When the address ends.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for SignedUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedUpload")
            .field("key", &self.key)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The upload that has come, to be attached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ArrivedUpload {
    /// The key of the signed upload.
    pub key: String,
}

/// A picture of a vehicle or of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Photo {
    /// By which it is reordered, chosen and removed: 32 hexadecimal digits that stay the same.
    pub id: String,
    /// Its address, as `images` has it.
    pub url: String,
    /// The address of the small photo. `None` for a picture of another website.
    pub small_url: Option<String>,
    /// Whether it is the vehicle's main picture.
    pub is_thumbnail: bool,
    /// Whether the storage keeps it. Others are addresses that somebody wrote into `images`.
    pub is_stored: bool,
}

/// The pictures of a vehicle or of a submission, the first one foremost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Photos {
    /// All of them.
    pub items: Vec<Photo>,
}

/// An order of pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PhotoOrder {
    /// The ids of all pictures, the foremost first.
    pub ids: Vec<String>,
}

/// The choice of a main picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ThumbnailChoice {
    /// The id of the picture.
    pub id: String,
}

/// Lets a customer send photos for one pending submission, for an hour.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct PhotoToken {
    /// The token.
    pub token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for PhotoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhotoToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// An object of the storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct StoredObject {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written.
    pub modified_at: Option<DateTime<Utc>>,
}

/// How much room the storage takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct StorageUsage {
    /// All objects.
    pub objects: u64,
    /// Their size together.
    pub bytes: u64,
    /// Of the objects, photos; each has two, one of them small.
    pub photos: u64,
    /// Of the objects, uploads that nobody has attached yet.
    pub uploads: u64,
    /// Of the objects, those of somebody else.
    pub others: u64,
    /// How much may be kept.
    pub limit_bytes: u64,
    /// The share of the limit in hundredths, rounded down.
    pub percent: u64,
    /// The ten largest objects, the largest first.
    pub largest: Vec<StoredObject>,
}

/// What a check of the storage found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct StorageCheck {
    /// How much room is taken.
    pub usage: StorageUsage,
    /// How urgent that is. `None` where there is room enough.
    pub severity: Option<Severity>,
}

/// Objects that no row names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct Orphans {
    /// Whether they were counted only.
    pub dry_run: bool,
    /// How many there are, or were.
    pub objects: u64,
    /// Their size together.
    pub bytes: u64,
    /// The first hundred of them.
    pub first: Vec<StoredObject>,
    /// Whether it was told to end before all were looked at.
    pub stopped: bool,
}

/// How far a walk over the storage has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorageProgress {
    /// Objects that were looked at.
    pub objects: u64,
    /// Their size together.
    pub bytes: u64,
}

/// An upload to a folder that is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExpectedUpload {
    /// How many bytes it must have.
    pub length: u64,
    /// Whose photo it is to be. Only staff has uploads for a vehicle signed; those for a submission may be anybody's.
    pub owner: PhotoOwner,
}

/// A piece of a photo as browsers are served it, from a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServedPhoto {
    /// The bytes of the JPEG from where they were asked for, 64 KiB of them at most. Empty at the end.
    pub bytes: Vec<u8>,
    /// How many bytes the whole JPEG has.
    pub length: u64,
    /// `image/jpeg`.
    pub content_type: &'static str,
    /// Whether it is shown to staff alone, so that nobody else may keep it.
    pub is_withheld: bool,
}
