//! The configuration of the storage: where photos are kept, and their numbers.

use std::{
    fmt,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use url::Url;

use super::store::Store;
use crate::{
    desk::{Part, found_by_the_desk},
    error::{ErrorCode, Faults, Result},
    tracking::numbers,
};

/// Where photos are kept, and where everybody reads them.
///
/// ```
/// use jpauto::storage::{BucketConfig, StorageConfig};
///
/// let bucket = BucketConfig::new("https://ACCOUNT.r2.cloudflarestorage.com", "photos", "key", "secret");
/// let storage = StorageConfig::bucket(bucket, "https://photos.motors.example");
/// assert!(!format!("{storage:?}").contains("secret"));
/// let storage = StorageConfig::folder("/var/lib/jpauto/photos", "https://motors.example/api/storage");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StorageConfig {
    /// A folder or a bucket.
    pub place: StoragePlace,
    /// The address below which everybody reads photos: of a bucket its public one, of a folder where the HTTP server serves it
    /// (`https://motors.example/api/storage`). It becomes part of `images`.
    pub public_url: String,
}

/// The kinds of places.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoragePlace {
    /// A folder of this machine, which the HTTP server serves.
    Folder(PathBuf),
    /// A bucket of S3, or of a service that speaks as S3 does.
    Bucket(BucketConfig),
}

/// A bucket, and who we are to its service.
#[derive(Clone)]
#[non_exhaustive]
pub struct BucketConfig {
    /// The address of the service, without the bucket. The owner writes it, so it may be in a private network and on any port; a
    /// link-local address, where clouds keep their credentials, is never spoken to.
    pub endpoint: String,
    /// The bucket's name.
    pub bucket: String,
    /// The region; `auto` for R2.
    pub region: String,
    /// Whether the bucket's name stands in the path and not in the name of the host. R2 takes both.
    pub path_style: bool,
    /// The id of the access key.
    pub access_key: String,
    /// The secret of the access key.
    pub secret_key: String,
}

impl BucketConfig {
    /// A bucket with the region `auto` and its name in the path.
    #[must_use]
    pub fn new(
        endpoint: impl Into<String>,
        bucket: impl Into<String>,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
    ) -> Self {
        Self {
            endpoint: endpoint.into(),
            bucket: bucket.into(),
            region: "auto".to_owned(),
            path_style: true,
            access_key: access_key.into(),
            secret_key: secret_key.into(),
        }
    }
}

impl fmt::Debug for BucketConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketConfig")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

impl StorageConfig {
    /// In a folder of this machine.
    #[must_use]
    pub fn folder(folder: impl Into<PathBuf>, public_url: impl Into<String>) -> Self {
        Self { place: StoragePlace::Folder(folder.into()), public_url: public_url.into() }
    }

    /// In a bucket.
    #[must_use]
    pub fn bucket(bucket: BucketConfig, public_url: impl Into<String>) -> Self {
        Self { place: StoragePlace::Bucket(bucket), public_url: public_url.into() }
    }
}

numbers! {
    /// What a photo may be, and when there is too little room.
    #[derive(Clone, Debug, PartialEq)]
    #[non_exhaustive]
    StorageRules {
        /// The largest file of an upload, in bytes (20 MB).
        most_bytes: u64 = 20_000_000,
        /// The most pixels of a picture (50 million). Decoding takes some nine bytes a pixel at most, one picture at a time.
        most_pixels: u64 = 50_000_000,
        /// The fewest pixels of a side (64).
        shortest_side: u32 = 64,
        /// The longest side of a photo that is kept, in pixels (2,000).
        longest_side: u32 = 2_000,
        /// The longest side of the small photo, in pixels (400).
        small_side: u32 = 400,
        /// The quality of the JPEGs, of 100 (85).
        jpeg_quality: u8 = 85,
        /// Minutes that an address for an upload holds (15).
        upload_minutes: u32 = 15,
        /// Minutes that a customer may send photos for a submission (60).
        customer_minutes: u32 = 60,
        /// The most uploads that customers of one address may begin within `customer_minutes` (120).
        most_customer_uploads: u32 = 120,
        /// Hours after which an object that no row names is an orphan (24).
        orphan_hours: u32 = 24,
        /// How much may be kept, in bytes (10 GB, as much as R2 keeps for nothing).
        limit_bytes: u64 = 10_000_000_000,
        /// Above this share of the limit there is a warning, in hundredths (80).
        warning_percent: u32 = 80,
        /// Above this share of the limit it is critical, in hundredths (95).
        critical_percent: u32 = 95,
    }
}

found_by_the_desk!(StorageRules);

/// The storage, ready for use.
pub(crate) struct PhotoStore {
    pub(super) store: Store,
    /// Without a slash at the end.
    pub(super) public_url: String,
    /// Held while a picture is decoded: one at a time, for each may take hundreds of megabytes.
    decoding: Mutex<()>,
}

impl Part for PhotoStore {
    const MISSING: &'static str = "there is no place for photos: configure storage.folder, or storage.endpoint and storage.bucket, and storage.public_url";
}

impl PhotoStore {
    /// # Errors
    /// `invalid_storage_config` with each field at fault.
    pub(crate) fn new(config: StorageConfig, rules: &StorageRules) -> Result<Self> {
        let mut faults = Faults::default();
        let public_url = config.public_url.trim_end_matches('/').to_owned();
        faults.check(
            is_address(&public_url),
            "/storage/public_url",
            "expected an address that begins with https:// or http://",
        );
        // The column of the main picture takes 500 characters.
        faults.check(public_url.len() <= 400, "/storage/public_url", "expected at most 400 characters");
        check_rules(&mut faults, rules);
        let store = match config.place {
            StoragePlace::Folder(folder) => {
                faults.check(!folder.as_os_str().is_empty(), "/storage/folder", "expected a folder");
                faults.into_result(ErrorCode::InvalidStorageConfig)?;
                Store::folder(folder, public_url.clone())
            }
            StoragePlace::Bucket(bucket) => {
                check_bucket(&mut faults, &bucket);
                faults.into_result(ErrorCode::InvalidStorageConfig)?;
                Store::bucket(bucket)?
            }
        };
        Ok(Self { store, public_url, decoding: Mutex::new(()) })
    }

    /// Waits until no other picture is decoded.
    pub(super) fn decoding(&self) -> MutexGuard<'_, ()> {
        // It guards no data that a panic could have left half-changed.
        self.decoding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

fn check_bucket(faults: &mut Faults, bucket: &BucketConfig) {
    faults.check(
        is_address(&bucket.endpoint),
        "/storage/endpoint",
        "expected an address that begins with https:// or http://",
    );
    let is_name = |name: &str| {
        (3..=63).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte))
    };
    faults.check(
        is_name(&bucket.bucket),
        "/storage/bucket",
        "expected the name of a bucket: 3 to 63 small letters, digits, . and -",
    );
    faults.check(!bucket.region.trim().is_empty(), "/storage/region", "expected a region such as us-west-2, or auto");
    faults.check(
        !bucket.access_key.trim().is_empty(),
        "/storage/access_key",
        "is missing: give the id of the access key",
    );
    faults.check(
        !bucket.secret_key.trim().is_empty(),
        "/storage/secret_key",
        "is missing: give the secret of the access key",
    );
}

fn check_rules(faults: &mut Faults, rules: &StorageRules) {
    let is_some = |number: u64| number > 0;
    faults.check(is_some(rules.most_bytes), "/storage/most_bytes", "expected more than nothing");
    faults.check(is_some(rules.most_pixels), "/storage/most_pixels", "expected more than nothing");
    faults.check(rules.longest_side >= rules.small_side, "/storage/longest_side", "expected small_side or more");
    faults.check(rules.small_side >= 16, "/storage/small_side", "expected 16 or more");
    faults.check((1..=100).contains(&rules.jpeg_quality), "/storage/jpeg_quality", "expected 1 to 100");
    // Signatures of S3 hold for a week at most.
    faults.check((1..=10_080).contains(&rules.upload_minutes), "/storage/upload_minutes", "expected 1 to 10,080");
    faults.check((1..=10_080).contains(&rules.customer_minutes), "/storage/customer_minutes", "expected 1 to 10,080");
    faults.check(rules.orphan_hours >= 1, "/storage/orphan_hours", "expected one or more");
    faults.check(is_some(rules.limit_bytes), "/storage/limit_bytes", "expected more than nothing");
    let ordered = rules.warning_percent <= rules.critical_percent;
    faults.check(ordered, "/storage/warning_percent", "expected critical_percent or less");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_value_is_named() {
        let good = || BucketConfig::new("http://127.0.0.1:9000", "photos", "key", "secret");
        let in_bucket = |change: fn(&mut BucketConfig)| {
            let mut bucket = good();
            change(&mut bucket);
            (StorageConfig::bucket(bucket, "https://photos.example"), StorageRules::default())
        };
        let ruled = |change: fn(&mut StorageRules)| {
            let mut rules = StorageRules::default();
            change(&mut rules);
            (StorageConfig::bucket(good(), "https://photos.example"), rules)
        };
        let standard = StorageRules::default;
        assert!(PhotoStore::new(StorageConfig::bucket(good(), "https://photos.example/"), &standard()).is_ok());
        for ((config, rules), pointer) in [
            ((StorageConfig::folder("", "https://photos.example"), standard()), "/storage/folder"),
            ((StorageConfig::folder("x", "photos.example"), standard()), "/storage/public_url"),
            ((StorageConfig::folder("x", "ftp://photos.example"), standard()), "/storage/public_url"),
            ((StorageConfig::folder("x", "https://me:secret@photos.example"), standard()), "/storage/public_url"),
            (in_bucket(|bucket| bucket.endpoint = "r2".into()), "/storage/endpoint"),
            (in_bucket(|bucket| bucket.bucket = "Photos/x".into()), "/storage/bucket"),
            (in_bucket(|bucket| bucket.region = String::new()), "/storage/region"),
            (in_bucket(|bucket| bucket.access_key = String::new()), "/storage/access_key"),
            (in_bucket(|bucket| bucket.secret_key = " ".into()), "/storage/secret_key"),
            (in_bucket(|bucket| bucket.endpoint = "http://169.254.169.254".into()), "/storage/endpoint"),
            (ruled(|rules| rules.jpeg_quality = 101), "/storage/jpeg_quality"),
            (ruled(|rules| rules.upload_minutes = 0), "/storage/upload_minutes"),
            (ruled(|rules| rules.warning_percent = 96), "/storage/warning_percent"),
        ] {
            let refusal =
                PhotoStore::new(config, &rules).err().map(|error| (error.code(), error.fields()[0].pointer.clone()));
            assert_eq!(refusal, Some(("invalid_storage_config", pointer.to_owned())));
        }
    }
}
