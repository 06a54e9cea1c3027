//! Photos and where they are kept: `lot.storage`.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use jpauto::{
    SubmissionId, VehicleId,
    storage::{self, BucketConfig, NewUpload, PhotoOwner, StorageConfig, StorageRules},
};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyDict};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    input,
    lot::Handle,
    progress::Observer,
    query::Query,
    record::{Document, Told as _, record},
    settings::{self, Section as _},
    typed, unicode, whole,
};

record! {
    /// A picture of a vehicle or of a submission.
    Photo of storage::Photo {
        () {
            /// By which it is reordered, chosen and removed.
            id: String,
            /// Its address.
            url: String,
            /// The address of the small photo; `None` for a picture of another website.
            small_url: Option<String>,
            /// Whether it is the vehicle's main picture.
            is_thumbnail: bool,
            /// Whether the storage keeps it.
            is_stored: bool,
        }
    }
}

record! {
    /// Where and how the announced file is uploaded.
    SignedUpload of storage::SignedUpload {
        () {
            /// What `attach` is given after the upload.
            key: String,
            /// `PUT`.
            method: &'static str,
            /// The address. Whoever has it can upload.
            url: String,
            /// The headers that the request must have: a dictionary.
            headers: Document,
            /// When the address ends.
            expires_at: DateTime<Utc>,
        }
    }
}

record! {
    /// An object of the storage.
    StoredObject of storage::StoredObject {
        () {
            /// Its key.
            key: String,
            /// Its size.
            bytes: u64,
            /// When it was written.
            modified_at: Option<DateTime<Utc>>,
        }
    }
}

record! {
    /// How much room the storage takes.
    StorageUsage of storage::StorageUsage {
        () {
            /// All objects.
            objects: u64,
            /// Their size together.
            bytes: u64,
            /// Of the objects, photos; each has two, one of them small.
            photos: u64,
            /// Of the objects, uploads that nobody has attached yet.
            uploads: u64,
            /// Of the objects, those of somebody else.
            others: u64,
            /// How much may be kept.
            limit_bytes: u64,
            /// The share of the limit in hundredths, rounded down.
            percent: u64,
            /// The ten largest objects, the largest first.
            largest: Vec<StoredObject>,
        }
    }
}

record! {
    /// Objects that no row names.
    Orphans of storage::Orphans {
        () {
            /// Whether they were counted only.
            dry_run: bool,
            /// How many there are, or were.
            objects: u64,
            /// Their size together.
            bytes: u64,
            /// The first hundred of them.
            first: Vec<StoredObject>,
            /// Whether it was told to end before all were looked at.
            stopped: bool,
        }
    }
}

impl crate::record::Told<std::collections::BTreeMap<String, String>> for Document {
    fn told(headers: std::collections::BTreeMap<String, String>) -> Self {
        Self::of(&headers)
    }

    fn annotation() -> Option<String> {
        Some("dict[str, str]".to_owned())
    }
}

/// The dictionary that `open` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    folder: Option<String>,
    endpoint: Option<String>,
    bucket: Option<String>,
    region: Option<String>,
    path_style: Option<bool>,
    access_key: Option<String>,
    secret_key: Option<String>,
    public_url: String,
}

/// Where photos are kept, and what a photo may be, as `open` was told.
pub(crate) fn config_of(
    given: &Bound<'_, PyDict>,
    photos: StorageRules,
) -> PyResult<(Option<StorageConfig>, StorageRules)> {
    let (place, rules) = (PyDict::new(given.py()), PyDict::new(given.py()));
    for (name, value) in given {
        let of_photos = name.extract::<String>().is_ok_and(|name| StorageRules::knows(&name));
        if of_photos { rules.set_item(name, value)? } else { place.set_item(name, value)? }
    }
    let photos = settings::given(photos, "storage", rules.as_any())?;
    Ok((Some(place_of(input::fields(given.py(), Some(&place))?)?), photos))
}

fn place_of(settings: Settings) -> PyResult<StorageConfig> {
    match settings.folder {
        Some(_) if settings.bucket.is_some() || settings.endpoint.is_some() => {
            Err(PyTypeError::new_err("storage takes a folder or a bucket, not both"))
        }
        Some(folder) => Ok(StorageConfig::folder(folder, settings.public_url)),
        None => {
            let text = |value: Option<String>| value.unwrap_or_default();
            let mut bucket = BucketConfig::new(
                text(settings.endpoint),
                text(settings.bucket),
                text(settings.access_key),
                text(settings.secret_key),
            );
            bucket.region = settings.region.unwrap_or(bucket.region);
            bucket.path_style = settings.path_style.unwrap_or(bucket.path_style);
            Ok(StorageConfig::bucket(bucket, settings.public_url))
        }
    }
}

/// Photos of vehicles and submissions, and the storage that keeps them.
///
/// Each method takes the id of a vehicle, or with `submission=True` that of a submission.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Storage {
    handle: Handle,
}

impl Storage {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }

    /// Walks over the storage. Ctrl-C ends it.
    fn observed<T: Send>(
        &self,
        py: Python<'_>,
        walk: impl FnOnce(
            &jpauto::Storage<'_>,
            &mut dyn FnMut(storage::StorageProgress) -> ControlFlow<()>,
        ) -> jpauto::Result<T>
        + Send,
    ) -> PyResult<T> {
        let mut observer = Observer::default();
        let outcome = self.handle.run(py, |desk| walk(&desk.storage(), &mut |_| observer.wait()));
        observer.ended(py, outcome)
    }
}

fn owner_of(id: &Bound<'_, PyAny>, submission: bool) -> PyResult<PhotoOwner> {
    let uuid: Uuid = input::uuid("id", id)?;
    Ok(if submission { SubmissionId::from_uuid(uuid).into() } else { VehicleId::from_uuid(uuid).into() })
}

fn photos(photos: storage::Photos) -> Vec<Photo> {
    photos.items.into_iter().map(Photo::told).collect()
}

#[pymethods]
impl Storage {
    /// The pictures, the foremost first. Raises `NotFound` (`vehicle_not_found`, `submission_not_found`).
    #[pyo3(signature = (id, *, submission = false))]
    fn list(
        &self,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = typed::submission)] submission: bool,
    ) -> PyResult<Query> {
        let owner = owner_of(id, submission)?;
        Ok(Query::of_all::<Photo, _>(&self.handle, move |desk| Ok(desk.storage().list(owner)?.items)))
    }

    /// Adds a picture: the bytes of a JPEG, PNG or WebP file.
    ///
    /// Raises `InvalidInput` (`invalid_photo`), `Conflict` (`too_many_photos`, `submission_already_reviewed`), `NotFound`
    /// (`vehicle_not_found`, `submission_not_found`), `Refused` (`not_configured`), `Misconfigured` (`storage_refused`),
    /// `Unavailable` (`storage_unavailable`).
    #[pyo3(signature = (id, picture, *, submission = false))]
    fn add(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = typed::picture)] picture: &[u8],
        #[pyo3(from_py_with = typed::submission)] submission: bool,
    ) -> PyResult<Photo> {
        let owner = owner_of(id, submission)?;
        self.handle.run(py, |desk| desk.storage().add(owner, picture)).map(Photo::told)
    }

    /// Allows one upload: the address takes a file of this type and size alone, for some minutes.
    ///
    /// Raises `InvalidInput` (`invalid_upload`), `Conflict` (`too_many_photos`, `submission_already_reviewed`), `NotFound`
    /// (`vehicle_not_found`, `submission_not_found`), `Refused` (`not_configured`).
    #[pyo3(signature = (id, *, content_type, content_length, submission = false))]
    fn sign_upload(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = unicode::content_type)] content_type: String,
        #[pyo3(from_py_with = whole::content_length)] content_length: u64,
        #[pyo3(from_py_with = typed::submission)] submission: bool,
    ) -> PyResult<SignedUpload> {
        let (owner, upload) = (owner_of(id, submission)?, NewUpload { content_type, content_length });
        self.handle.run(py, |desk| desk.storage().sign_upload(owner, &upload)).map(SignedUpload::told)
    }

    /// Verifies what was uploaded, and adds the photo that is made of it. A second call answers as the first.
    ///
    /// Raises `NotFound` (`upload_not_found`, `vehicle_not_found`, `submission_not_found`), `InvalidInput` (`invalid_photo`), `Conflict`
    /// (`too_many_photos`, `submission_already_reviewed`), `Refused` (`not_configured`), `Misconfigured` (`storage_refused`),
    /// `Unavailable` (`storage_unavailable`).
    #[pyo3(signature = (id, key, *, submission = false))]
    fn attach(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = unicode::key)] key: &str,
        #[pyo3(from_py_with = typed::submission)] submission: bool,
    ) -> PyResult<Photo> {
        let owner = owner_of(id, submission)?;
        self.handle.run(py, |desk| desk.storage().attach(owner, key)).map(Photo::told)
    }

    /// Puts the pictures into this order, which names each of them once.
    ///
    /// Raises `InvalidInput` (`invalid_photo_order`), `Conflict` (`submission_already_reviewed`), `NotFound` (`vehicle_not_found`,
    /// `submission_not_found`).
    #[pyo3(signature = (id, photos, *, submission = false))]
    fn reorder(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = unicode::photos)] photos: Vec<String>,
        #[pyo3(from_py_with = typed::submission)] submission: bool,
    ) -> PyResult<Vec<Photo>> {
        let owner = owner_of(id, submission)?;
        self.handle.run(py, |desk| desk.storage().reorder(owner, &photos)).map(self::photos)
    }

    /// Removes a picture; a photo that no other row names also from the storage.
    ///
    /// Raises `NotFound` (`photo_not_found`, `vehicle_not_found`, `submission_not_found`), `Conflict` (`submission_already_reviewed`).
    #[pyo3(signature = (id, photo, *, submission = false))]
    fn remove(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = unicode::photo)] photo: &str,
        #[pyo3(from_py_with = typed::submission)] submission: bool,
    ) -> PyResult<Vec<Photo>> {
        let owner = owner_of(id, submission)?;
        self.handle.run(py, |desk| desk.storage().remove(owner, photo)).map(photos)
    }

    /// Makes a picture the vehicle's main one. Raises `NotFound` (`photo_not_found`, `vehicle_not_found`).
    fn choose_thumbnail(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = unicode::photo)] photo: &str,
    ) -> PyResult<Vec<Photo>> {
        let vehicle = VehicleId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.storage().choose_thumbnail(vehicle, photo)).map(photos)
    }

    /// Counts the room that photos take.
    ///
    /// Raises `Refused` (`not_configured`), `Misconfigured` (`storage_refused`), `Unavailable` (`storage_unavailable`).
    fn usage(&self, py: Python<'_>) -> PyResult<StorageUsage> {
        self.observed(py, |storage, observer| storage.usage(observer)).map(StorageUsage::told)
    }

    /// Counts it, and opens, raises or closes the alert about it. Returns `warning`, `critical` or `None`.
    ///
    /// Raises `Refused` (`not_configured`), `Misconfigured` (`storage_refused`), `Unavailable` (`storage_unavailable`).
    fn check(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        let check = self.observed(py, |storage, observer| storage.check(observer))?;
        Ok(check.severity.map(|severity| severity.as_str()))
    }

    /// Photos that nothing shows and that are older than a day; with `remove` they are removed.
    ///
    /// Raises `Refused` (`not_configured`), `Misconfigured` (`storage_refused`), `Unavailable` (`storage_unavailable`).
    #[pyo3(signature = (*, remove = false))]
    fn orphans(&self, py: Python<'_>, #[pyo3(from_py_with = typed::remove)] remove: bool) -> PyResult<Orphans> {
        let walk = |storage: &jpauto::Storage<'_>,
                    observer: &mut dyn FnMut(storage::StorageProgress) -> ControlFlow<()>| {
            if remove { storage.remove_orphans(observer) } else { storage.orphans(observer) }
        };
        self.observed(py, walk).map(Orphans::told)
    }
}
