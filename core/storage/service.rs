//! The operations on photos: uploads, and the pictures of a vehicle or of a submission. `usage` has those on the storage as a whole.
//!
//! No network stands in a transaction: an object is written before the row names it, and removed after no row does. Whatever is left
//! in between is an orphan.

pub(crate) mod submissions;
mod usage;

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use super::{
    ExpectedUpload, NewUpload, Photo, PhotoOwner, PhotoStore, PhotoToken, Photos, ServedPhoto, SignedUpload,
    StorageRules, UploadPermit,
    album::Album,
    key::{self, PhotoNumber, UploadKey},
    photo::{self, MadePhoto},
    repository, rules, signature,
    store::Announced,
};
use crate::{
    activity::{self, Action},
    actor::Permission,
    change::Change,
    db::{DbConnection, DbResult, functions::lock_words},
    desk::{Acting, Desk},
    error::{Error, ErrorCode, ErrorKind, Result},
    inventory::{self, InventoryRules, Vehicle, VehicleUpdate, pictures::stored_photo},
    network::client_network,
    submissions::{IntakeRules, Submission, ensure_pending, get_submission, get_submission_to_change},
};

/// The bytes of a photo that are in memory at a time while it is served.
const SERVED_AT_A_TIME: u64 = 64 << 10;

/// Photos and where they are kept.
#[derive(Clone, Copy)]
pub struct Storage<'a> {
    desk: &'a Desk,
    token: Option<&'a str>,
}

impl std::fmt::Debug for Storage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Storage").field("desk", &self.desk).field("has_token", &self.token.is_some()).finish()
    }
}

impl Desk {
    /// Photos and where they are kept.
    #[must_use]
    pub fn storage(&self) -> Storage<'_> {
        Storage { desk: self, token: None }
    }
}

/// The table of the audit trail.
const RESOURCE: &str = "storage";

impl<'a> Storage<'a> {
    /// The same for a customer, who may send photos for one submission while it is pending: [`Storage::photo_token`] makes the token.
    #[must_use]
    pub fn with_token(self, token: &'a str) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Lets the customer who sent this submission send photos for it. Whoever holds the token may, so hand it to the customer alone.
    ///
    /// # Errors
    /// `not_configured`; `storage_unavailable`.
    pub fn photo_token(&self, submission: &Submission) -> Result<PhotoToken> {
        let minutes = TimeDelta::minutes(self.rules().customer_minutes.into());
        let expires_at = self.desk.now() + minutes;
        Ok(signature::token_for(&self.place()?.store.signing_key()?, submission.id, expires_at))
    }

    /// Whether there is a place for photos.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.desk.find_part::<PhotoStore>().is_some()
    }

    /// Allows one upload: answers the address that takes this file alone, for some minutes. When it has come, it is attached.
    ///
    /// ```
    /// use jpauto::{Actor, Config, Dealership, Money, NewVehicle, storage::{NewUpload, StorageConfig}};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let mut config = Config::new("sqlite::memory:");
    /// config.storage = Some(StorageConfig::folder(folder.path(), "https://motors.example/api/storage"));
    /// let desk = Dealership::with_config(config)?.acting_as(Actor::system());
    /// let mut car = NewVehicle { year: 2019, make: "Toyota".into(), model: "Camry".into(), ..NewVehicle::default() };
    /// (car.vin, car.mileage, car.price) = ("4T1B11HK9KU211111".into(), 52_000, Money::from_dollars(15_000));
    /// let vehicle = desk.inventory().add(&car)?;
    /// let file = NewUpload { content_type: "image/jpeg".into(), content_length: 2_345_678 };
    /// let upload = desk.storage().sign_upload(vehicle.id, &file)?;
    /// assert!(upload.url.starts_with("https://motors.example/api/storage/incoming/inventory/"));
    /// assert_eq!(upload.headers["content-length"], "2345678");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_upload` with the fields at fault; `too_many_photos`; `too_many_uploads`; `vehicle_not_found`, `submission_not_found`;
    /// `submission_already_reviewed`; `photo_token_refused`; `not_configured`; `storage_unavailable`.
    pub fn sign_upload(&self, owner: impl Into<PhotoOwner>, upload: &NewUpload) -> Result<SignedUpload> {
        let owner = owner.into();
        let permission = self.permission(owner, Permission::WriteInventory, Permission::ReviewSubmissions)?;
        self.desk.must(permission)?;
        let (place, limits) = (self.place()?, self.rules());
        let photo_type = rules::check_upload(upload, limits)?;
        let length = Some(upload.content_length);
        let upload_key = UploadKey { owner, number: PhotoNumber::random()?, length, photo_type };
        let now = self.desk.write(permission, |conn, acting| {
            self.album_to_change(conn, owner)?.ensure_room(self.most(owner))?;
            self.ensure_within_rate_limit(conn, acting)?;
            let changes = json!({
                "content_type": {"from": null, "to": photo_type.as_str()},
                "content_length": {"from": null, "to": upload.content_length},
                "noun": {"from": null, "to": owner.noun()},
            });
            let changes = changes.as_object().cloned().unwrap_or_default();
            activity::record_changes(conn, acting, Action::Create, RESOURCE, owner.uuid(), changes)?;
            Ok(acting.now)
        })?;
        let holds = Duration::from_secs(60 * u64::from(limits.upload_minutes));
        let announced = Announced { key: &upload_key, length: upload.content_length, now, holds };
        let signed = place.store.sign(&announced)?;
        Ok(SignedUpload {
            key: upload_key.to_string(),
            method: "PUT",
            url: signed.url,
            headers: signed.headers,
            expires_at: now + TimeDelta::minutes(limits.upload_minutes.into()),
        })
    }

    /// Verifies what was uploaded, makes the photo of it, and adds it behind the other pictures. The first picture of a vehicle becomes
    /// its main one. A second call for the same upload answers as the first.
    ///
    /// # Errors
    /// `upload_not_found` where nothing has come under this key; `invalid_photo`, which says what is wrong and what to do;
    /// `too_many_photos`; `vehicle_not_found`, `submission_not_found`; `submission_already_reviewed`; `photo_token_refused`;
    /// `not_configured`; `storage_unavailable`, `storage_refused`.
    pub fn attach(&self, owner: impl Into<PhotoOwner>, key: &str) -> Result<Photo> {
        let owner = owner.into();
        let permission = self.permission(owner, Permission::WriteInventory, Permission::ReviewSubmissions)?;
        let album = self.desk.read(permission, |conn| self.album(conn, owner))?;
        let place = self.place()?;
        let unknown = || Error::new(ErrorCode::UploadNotFound, "no such upload has come for it");
        let upload = UploadKey::parse(key).filter(|upload| upload.owner == owner).ok_or_else(unknown)?;
        if let Some(photo) = album.find(upload.number) {
            return Ok(photo);
        }
        self.ensure_open(owner, permission, &album)?;
        let bytes = place.store.get(key, self.rules().most_bytes)?.ok_or_else(unknown)?;
        let made = rules::check_length(upload.length, bytes.len())
            .and_then(|()| self.made(|limits| photo::make(&bytes, upload.photo_type, limits)));
        if made.is_err() {
            // It can never be attached.
            self.remove_objects(&[key.to_owned()]);
        }
        let photo = self.keep(owner, permission, upload.number, &made?)?;
        self.remove_objects(&[key.to_owned()]);
        Ok(photo)
    }

    /// Adds a picture that is at hand, without an upload.
    ///
    /// # Errors
    /// As [`Storage::attach`].
    pub fn add(&self, owner: impl Into<PhotoOwner>, bytes: &[u8]) -> Result<Photo> {
        let owner = owner.into();
        let permission = self.permission(owner, Permission::WriteInventory, Permission::ReviewSubmissions)?;
        let album = self.desk.read(permission, |conn| self.album(conn, owner))?;
        self.place()?;
        let most = self.rules().most_bytes;
        if bytes.len() as u64 > most {
            return Err(photo::refused(format!("the file is larger than {most} bytes")));
        }
        self.ensure_open(owner, permission, &album)?;
        let made = self.made(|limits| photo::make(bytes, photo::type_of(bytes)?, limits))?;
        self.keep(owner, permission, PhotoNumber::random()?, &made)
    }

    /// The pictures, the foremost first.
    ///
    /// # Errors
    /// `vehicle_not_found`, `submission_not_found`; `photo_token_refused`.
    pub fn list(&self, owner: impl Into<PhotoOwner>) -> Result<Photos> {
        let owner = owner.into();
        let permission = self.permission(owner, Permission::ReadInventory, Permission::ReadSubmissions)?;
        Ok(self.desk.read(permission, |conn| self.album(conn, owner))?.photos())
    }

    /// Puts the pictures into this order, which names each of them once by its id.
    ///
    /// # Errors
    /// `invalid_photo_order`; `vehicle_not_found`, `submission_not_found`; `submission_already_reviewed`; `photo_token_refused`.
    pub fn reorder(&self, owner: impl Into<PhotoOwner>, ids: &[String]) -> Result<Photos> {
        let owner = owner.into();
        let permission = self.permission(owner, Permission::WriteInventory, Permission::ReviewSubmissions)?;
        self.desk.write(permission, |conn, acting| {
            let ordered = self.album_to_change(conn, owner)?.ordered(ids)?;
            self.change(conn, acting, owner, &ordered)?;
            Ok(ordered.photos())
        })
    }

    /// Removes a picture from its vehicle or submission; a photo that no other row names also from the storage.
    ///
    /// # Errors
    /// `photo_not_found`; `vehicle_not_found`, `submission_not_found`; `submission_already_reviewed`; `photo_token_refused`.
    pub fn remove(&self, owner: impl Into<PhotoOwner>, id: &str) -> Result<Photos> {
        let owner = owner.into();
        let permission = self.permission(owner, Permission::WriteInventory, Permission::ReviewSubmissions)?;
        let (album, url) = self.desk.write(permission, |conn, acting| {
            let (album, url) = self.album_to_change(conn, owner)?.without(id)?;
            self.change(conn, acting, owner, &album)?;
            Ok((album, url))
        })?;
        if let (Some((number, _)), true) = (stored_photo(&url), self.is_configured()) {
            let is_named = self.desk.read(permission, |conn| repository::is_named(conn, number))?;
            if !is_named {
                let number = PhotoNumber(number);
                self.remove_objects(&[number.key(), number.small_key()]);
            }
        }
        Ok(album.photos())
    }

    /// Makes a picture the vehicle's main one, which lists and feeds show first.
    ///
    /// # Errors
    /// `photo_not_found`; `vehicle_not_found`.
    pub fn choose_thumbnail(&self, vehicle: crate::ids::VehicleId, id: &str) -> Result<Photos> {
        let owner = PhotoOwner::Vehicle(vehicle);
        let permission = self.permission(owner, Permission::WriteInventory, Permission::WriteInventory)?;
        self.desk.write(permission, |conn, acting| {
            let album = self.album_to_change(conn, owner)?.showing(id)?;
            self.change(conn, acting, owner, &album)?;
            Ok(album.photos())
        })
    }

    /// What an upload to a folder must be, where it is allowed. For a server, before it reads the body.
    ///
    /// # Errors
    /// `upload_refused`; `not_configured`.
    pub fn expect_upload(&self, permit: &UploadPermit, content_type: &str) -> Result<ExpectedUpload> {
        let (_, key) = self.permitted(permit, content_type)?;
        Ok(ExpectedUpload { length: permit.length, owner: key.owner })
    }

    /// Takes an upload to a folder, as a bucket's service takes one: with a permit that holds, of the announced type and length.
    ///
    /// # Errors
    /// `upload_refused`; `not_configured`; `storage_unavailable`.
    pub fn receive(&self, permit: &UploadPermit, content_type: &str, bytes: &[u8]) -> Result<()> {
        let (place, key) = self.permitted(permit, content_type)?;
        if bytes.len() as u64 != permit.length {
            let message = format!("the upload has {} bytes, and was announced with {}", bytes.len(), permit.length);
            return Err(Error::new(ErrorCode::UploadRefused, message));
        }
        place.store.put(&key.to_string(), key.photo_type.as_str(), bytes)
    }

    /// A photo of a folder by its key, for everybody, piece by piece: the piece that begins so many bytes into it. Uploads are not
    /// shown to anybody, and photos of a submission that was turned down to staff alone.
    ///
    /// A photo never changes under its key, so the file need not stay open between two pieces. A server with many slow readers holds
    /// neither whole photos nor files.
    ///
    /// # Errors
    /// `photo_not_found`; `not_configured`; `storage_unavailable`.
    pub fn serve(&self, key: &str, from: u64) -> Result<ServedPhoto> {
        let none = || Error::new(ErrorCode::PhotoNotFound, "there is no such photo");
        let store = &self.folder()?.store;
        if !key::is_photo(key) {
            return Err(none());
        }
        let mut piece = store.piece(key, from, SERVED_AT_A_TIME)?;
        let is_withheld = piece.is_none() && self.desk.must(Permission::ReadSubmissions).is_ok();
        if is_withheld {
            piece = store.piece(&key::withheld(key), from, SERVED_AT_A_TIME)?;
        }
        let (bytes, length) = piece.ok_or_else(none)?;
        Ok(ServedPhoto { bytes, length, content_type: "image/jpeg", is_withheld })
    }

    /// The folder and the key of an upload that may come: for a vehicle that is there, or for a pending submission.
    fn permitted(&self, permit: &UploadPermit, content_type: &str) -> Result<(&'a PhotoStore, UploadKey)> {
        let folder = self.folder()?;
        let key = permit.verify(&folder.store.signing_key()?, self.desk.now())?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case(key.photo_type.as_str()) {
            let message = format!("the upload was announced as {}: send this type", key.photo_type);
            return Err(Error::new(ErrorCode::UploadRefused, message));
        }
        let wanted = self.desk.read(Permission::SendSubmissions, |conn| match key.owner {
            PhotoOwner::Vehicle(id) => inventory::get_vehicle(conn, id).map(drop),
            PhotoOwner::Submission(id) => Ok(ensure_pending(&get_submission(conn, id)?)?),
        });
        match wanted {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => {
                Err(Error::new(ErrorCode::UploadRefused, "what the photo is for was deleted or decided meanwhile"))
            }
            other => other.map(|()| (folder, key)),
        }
    }

    /// The folder. A bucket is uploaded to and read from itself.
    fn folder(&self) -> Result<&'a PhotoStore> {
        let place = self.place()?;
        if place.store.is_folder() {
            return Ok(place);
        }
        Err(Error::new(
            ErrorCode::NotConfigured,
            "photos are kept in a bucket, and not here: storage.folder is not configured",
        ))
    }

    fn place(&self) -> Result<&'a PhotoStore> {
        self.desk.part()
    }

    fn rules(&self) -> &'a StorageRules {
        self.desk.rules()
    }

    /// What it takes; for a customer with a token that holds, nothing more.
    fn permission(&self, owner: PhotoOwner, of_vehicle: Permission, of_submission: Permission) -> Result<Permission> {
        match (self.token, owner) {
            (None, PhotoOwner::Vehicle(_)) => Ok(of_vehicle),
            (None, PhotoOwner::Submission(_)) => Ok(of_submission),
            (Some(_), PhotoOwner::Vehicle(_)) => {
                Err(Error::new(ErrorCode::PhotoTokenRefused, "the token is one for photos of a submission"))
            }
            (Some(token), PhotoOwner::Submission(id)) => {
                signature::verify_token(&self.place()?.store.signing_key()?, token, id, self.desk.now())?;
                Ok(Permission::SendSubmissions)
            }
        }
    }

    fn most(&self, owner: PhotoOwner) -> usize {
        match owner {
            PhotoOwner::Vehicle(_) => self.desk.rules::<InventoryRules>().limits.most_images,
            PhotoOwner::Submission(_) => self.desk.rules::<IntakeRules>().limits.most_images,
        }
    }

    /// Refuses early what can not be added to. The transaction that adds looks again.
    fn ensure_open(&self, owner: PhotoOwner, permission: Permission, album: &Album) -> Result<()> {
        if let PhotoOwner::Submission(id) = owner {
            let submission = self.desk.read(permission, |conn| get_submission(conn, id))?;
            ensure_pending(&submission)?;
        }
        album.ensure_room(self.most(owner))
    }

    /// Customers begin so many uploads from one address.
    fn ensure_within_rate_limit(&self, conn: &mut DbConnection, acting: Acting<'_>) -> DbResult<()> {
        let (true, Some(ip)) = (acting.actor.is_public(), acting.actor.ip()) else { return Ok(()) };
        let limits = self.rules();
        let since = acting.now - TimeDelta::minutes(limits.customer_minutes.into());
        let client = client_network(ip);
        lock_words(conn, &format!("uploads from {client}"))?;
        let most = limits.most_customer_uploads;
        let begun = activity::times_by_the_public(conn, RESOURCE, &[Action::Create], client, since, most)?;
        Ok(rules::ensure_within_rate_limit(&begun, limits, acting.now)?)
    }

    /// Decodes and writes a picture, one at a time.
    fn made(&self, make: impl Fn(&StorageRules) -> Result<MadePhoto>) -> Result<MadePhoto> {
        let place = self.place()?;
        let _turn = place.decoding();
        make(self.rules())
    }

    /// Keeps the photo, and names it in the row.
    fn keep(&self, owner: PhotoOwner, permission: Permission, number: PhotoNumber, made: &MadePhoto) -> Result<Photo> {
        let place = self.place()?;
        let url = format!("{}/{}", place.public_url, number.key());
        place.store.put(&number.small_key(), "image/jpeg", &made.small)?;
        place.store.put(&number.key(), "image/jpeg", &made.photo)?;
        // Where this fails, the objects stay for clean-up: another call for the same upload may have named them.
        self.desk.write(permission, |conn, acting| {
            let album = self.album_to_change(conn, owner)?;
            // Another call for the same upload may have been quicker.
            if let Some(photo) = album.find(number) {
                return Ok(photo);
            }
            let album = album.with(&url, self.most(owner))?;
            self.change(conn, acting, owner, &album)?;
            album.find(number).ok_or_else(|| Error::new(ErrorCode::PhotoNotFound, "the photo was not added").into())
        })
    }

    /// Removes objects that nobody needs any more. What can not be removed now is an orphan.
    fn remove_objects(&self, keys: &[String]) {
        let removed = self.place().and_then(|place| place.store.remove(keys));
        if let Err(error) = removed {
            tracing::warn!(%error, "an object of the photo storage was not removed; clean-up will");
        }
    }

    fn album(&self, conn: &mut DbConnection, owner: PhotoOwner) -> DbResult<Album> {
        Ok(match owner {
            PhotoOwner::Vehicle(id) => of_vehicle(inventory::get_vehicle(conn, id)?),
            PhotoOwner::Submission(id) => of_submission(get_submission(conn, id)?),
        })
    }

    /// The same, locked until the transaction ends. A submission must be pending.
    fn album_to_change(&self, conn: &mut DbConnection, owner: PhotoOwner) -> DbResult<Album> {
        Ok(match owner {
            PhotoOwner::Vehicle(id) => of_vehicle(inventory::get_to_change(conn, id)?),
            PhotoOwner::Submission(id) => {
                let submission = get_submission_to_change(conn, id)?;
                ensure_pending(&submission)?;
                of_submission(submission)
            }
        })
    }

    fn change(&self, conn: &mut DbConnection, acting: Acting<'_>, owner: PhotoOwner, album: &Album) -> DbResult<()> {
        match owner {
            PhotoOwner::Vehicle(id) => {
                let update = VehicleUpdate {
                    images: Some(album.images.clone()),
                    thumbnail: Change::from(album.thumbnail.clone()),
                    ..VehicleUpdate::default()
                };
                self.desk.inventory().change_pictures(conn, acting, id, &update)
            }
            PhotoOwner::Submission(id) => self.desk.submissions().change_images(conn, acting, id, &album.images),
        }
    }
}

fn of_vehicle(vehicle: Vehicle) -> Album {
    Album { images: vehicle.images, thumbnail: vehicle.thumbnail, has_thumbnail: true }
}

fn of_submission(submission: Submission) -> Album {
    Album { images: submission.images, thumbnail: None, has_thumbnail: false }
}
