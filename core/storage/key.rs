//! The keys of objects: `incoming/` for uploads that wait, `photos/` for photos that everybody sees, and in a folder `withheld/`
//! for those of staff alone.
//!
//! An upload's key names whose photo it is to be, and only staff and its sender know it. A photo's key stands in an address that
//! everybody sees, and names nobody. Both have 128 random bits, so that none can be guessed. A key is read only if it is written
//! exactly as here, so that no path of a request leads out of the storage.

use std::fmt;

use uuid::Uuid;

use super::{PhotoOwner, PhotoType};
use crate::{
    error::Result,
    ids::{SubmissionId, VehicleId},
    inventory::pictures::{SMALL, stored_photo},
    secret,
};

/// The beginning of the keys of all uploads.
pub(super) const UPLOADS: &str = "incoming/";
/// The beginning of the keys of all photos.
pub(super) const PHOTOS: &str = "photos/";

/// What the key of a photo in a folder begins with where the photo is shown to staff alone.
pub(super) const WITHHELD: &str = "withheld/";

/// The random number in the name of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PhotoNumber(pub(super) u128);

impl PhotoNumber {
    /// # Errors
    /// `randomness_unavailable`.
    pub(super) fn random() -> Result<Self> {
        Ok(Self(u128::from_be_bytes(secret::random()?)))
    }

    /// As people and programs name the photo.
    pub(super) fn id(self) -> String {
        format!("{:032x}", self.0)
    }

    fn parse(text: &str) -> Option<Self> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 32 && is_hex).then(|| u128::from_str_radix(text, 16).ok()).flatten().map(Self)
    }

    pub(super) fn key(self) -> String {
        let id = self.id();
        format!("{PHOTOS}{}/{}.jpg", &id[..2], &id[2..])
    }

    pub(super) fn small_key(self) -> String {
        let id = self.id();
        format!("{PHOTOS}{}/{}{SMALL}.jpg", &id[..2], &id[2..])
    }
}

/// Where a photo in a folder is kept that is shown to staff alone.
pub(super) fn withheld(photo: &str) -> String {
    format!("{WITHHELD}{photo}")
}

/// The beginning of the keys of all uploads for this vehicle or submission.
pub(super) fn uploads_of(owner: PhotoOwner) -> String {
    format!("{UPLOADS}{}/{}/", owner.noun(), owner.uuid())
}

/// The key of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UploadKey {
    pub(super) owner: PhotoOwner,
    pub(super) number: PhotoNumber,
    /// The announced length, which not every bucket holds an upload to. Keys of before have none.
    pub(super) length: Option<u64>,
    pub(super) photo_type: PhotoType,
}

impl UploadKey {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut segments = text.strip_prefix(UPLOADS)?.split('/');
        let (noun, id, name) = (segments.next()?, segments.next()?, segments.next()?);
        let (name, ending) = name.split_once('.')?;
        let (number, length) = match name.split_once('-') {
            Some((number, length)) => (number, Some(length.parse().ok()?)),
            None => (name, None),
        };
        let photo_type = PhotoType::ALL.into_iter().find(|known| known.ending() == ending)?;
        let uuid: Uuid = id.parse().ok()?;
        let owner = match noun {
            PhotoOwner::VEHICLES => PhotoOwner::Vehicle(VehicleId::from_uuid(uuid)),
            PhotoOwner::SUBMISSIONS => PhotoOwner::Submission(SubmissionId::from_uuid(uuid)),
            _ => return None,
        };
        let key = Self { owner, number: PhotoNumber::parse(number)?, length, photo_type };
        // An id can be spelt in several ways, a key in one.
        (segments.next().is_none() && key.to_string() == text).then_some(key)
    }
}

impl fmt::Display for UploadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (owner, number) = (self.owner, self.number.id());
        write!(f, "{}{number}", uploads_of(owner))?;
        if let Some(length) = self.length {
            write!(f, "-{length}")?;
        }
        write!(f, ".{}", self.photo_type.ending())
    }
}

/// Whether an object of the folder may be read by everybody: photos alone.
pub(super) fn is_photo(key: &str) -> bool {
    key.starts_with(PHOTOS) && stored_photo(key).is_some()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_in_no_other_way() {
        let vehicle = VehicleId::new(DateTime::UNIX_EPOCH);
        let number = PhotoNumber::random().unwrap();
        for owner in [PhotoOwner::Vehicle(vehicle), PhotoOwner::Submission(SubmissionId::new(DateTime::UNIX_EPOCH))] {
            for photo_type in PhotoType::ALL {
                for length in [None, Some(3_128_218)] {
                    let key = UploadKey { owner, number, length, photo_type };
                    assert_eq!(UploadKey::parse(&key.to_string()), Some(key));
                }
            }
        }
        let (owner, length) = (PhotoOwner::Vehicle(vehicle), Some(736));
        let key = UploadKey { owner, number, length, photo_type: PhotoType::Jpeg }.to_string();
        for wrong in [
            key.to_uppercase(),
            key.replace("incoming", "photos"),
            key.replace(".jpg", ".gif"),
            key.replace("-736", "-0736"),
            key.replace("-736", "-"),
            key.replace("inventory", ".."),
            format!("{key}/"),
            format!("/{key}"),
            key.replace(&vehicle.to_string(), &vehicle.to_string().replace('-', "")),
        ] {
            assert_eq!(UploadKey::parse(&wrong), None, "{wrong}");
        }
        assert!(is_photo(&number.key()) && is_photo(&number.small_key()));
        assert_eq!(stored_photo(&withheld(&number.key())), Some((number.0, false)));
        assert!(!is_photo(&withheld(&number.key())), "not for everybody");
        for wrong in ["photos/../signing.key", "photos/ab/cd.jpg", "signing.key", key.as_str(), ""] {
            assert!(!is_photo(wrong), "{wrong}");
        }
        let (read, is_small) = stored_photo(&number.small_key()).unwrap();
        assert_eq!((PhotoNumber(read), is_small), (number, true));
    }
}
