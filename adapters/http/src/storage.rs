//! Photos: of vehicles and submissions for staff, of a pending submission for its customer, and `/api/storage`, where a folder of
//! photos takes uploads and shows them.
//!
//! A bucket takes uploads and shows photos itself, so two operations here are for a folder alone.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::Stream;
use jpauto::{
    Actor, ErrorCode, Permission, SubmissionId, VehicleId,
    storage::{
        ArrivedUpload, NewUpload, Orphans, Photo, PhotoOrder, PhotoOwner, Photos, ServedPhoto, SignedUpload,
        StorageUsage, ThumbnailChoice, UploadPermit,
    },
};
use tokio::task::{JoinHandle, spawn_blocking};
use warp::{
    Reply as _,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG},
    },
};

use crate::{
    answer,
    app::App,
    operation::{Answer, Content, Operation, Outcome, Parameter, handler, plain, shape},
    problem::Problem,
    request::Request,
};

/// What signing an upload may answer with.
const SIGN: &[ErrorCode] = &[
    ErrorCode::VehicleNotFound,
    ErrorCode::SubmissionNotFound,
    ErrorCode::SubmissionAlreadyReviewed,
    ErrorCode::InvalidUpload,
    ErrorCode::TooManyPhotos,
    ErrorCode::TooManyUploads,
    ErrorCode::PhotoTokenRefused,
    ErrorCode::NotConfigured,
    ErrorCode::StorageUnavailable,
];

/// What attaching one may answer with.
const ATTACH: &[ErrorCode] = &[
    ErrorCode::VehicleNotFound,
    ErrorCode::SubmissionNotFound,
    ErrorCode::SubmissionAlreadyReviewed,
    ErrorCode::UploadNotFound,
    ErrorCode::InvalidPhoto,
    ErrorCode::TooManyPhotos,
    ErrorCode::PhotoTokenRefused,
    ErrorCode::NotConfigured,
    ErrorCode::StorageUnavailable,
    ErrorCode::StorageRefused,
];

/// What a change of the list may answer with.
const CHANGE: &[ErrorCode] = &[
    ErrorCode::VehicleNotFound,
    ErrorCode::SubmissionNotFound,
    ErrorCode::SubmissionAlreadyReviewed,
    ErrorCode::PhotoNotFound,
    ErrorCode::InvalidPhotoOrder,
    ErrorCode::InvalidPhoto,
    ErrorCode::PhotoTokenRefused,
    ErrorCode::NotConfigured,
];

const ABOUT_SIGN: &str = "Say the type and the exact size of the file. The answer has an address that takes this file alone, for some \
                          minutes: `PUT` it there with the headers of the answer, then attach it by its key.";
const ABOUT_ATTACH: &str = "Verifies what has come, makes a JPEG of at most 2,000 pixels a side of it, upright and without what the \
                            camera wrote of its place, and one of 400 for lists. A second call for the same upload answers as the first.";
/// The header of a customer's token.
pub(crate) const PHOTO_TOKEN: &str = "photo-token";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/inventory/{id}/photos", handler!(list_of_vehicle))
        .permission(Permission::ReadInventory)
        .summary("List the photos of a vehicle")
        .about("The foremost first.")
        .answers(&[Answer::ok(shape::<Photos>())])
        .errors(&[ErrorCode::VehicleNotFound]),
    Operation::post("/api/inventory/{id}/photos/uploads", handler!(sign_for_vehicle))
        .permission(Permission::WriteInventory)
        .summary("Have the upload of a photo of a vehicle signed")
        .about(ABOUT_SIGN)
        .body(shape::<NewUpload>())
        .answers(&[Answer::ok(shape::<SignedUpload>())])
        .errors(SIGN),
    Operation::post("/api/inventory/{id}/photos", handler!(attach_to_vehicle))
        .permission(Permission::WriteInventory)
        .summary("Attach an uploaded photo to a vehicle")
        .about(ABOUT_ATTACH)
        .body(shape::<ArrivedUpload>())
        .answers(&[Answer::ok(shape::<Photo>())])
        .errors(ATTACH),
    Operation::post("/api/inventory/{id}/photos/order", handler!(order_of_vehicle))
        .permission(Permission::WriteInventory)
        .summary("Order the photos of a vehicle")
        .about("The ids of all its photos, the foremost first.")
        .body(shape::<PhotoOrder>())
        .answers(&[Answer::ok(shape::<Photos>())])
        .errors(CHANGE),
    Operation::post("/api/inventory/{id}/photos/thumbnail", handler!(choose_thumbnail))
        .permission(Permission::WriteInventory)
        .summary("Choose the main photo of a vehicle")
        .about("Lists show it small, and feeds show it first.")
        .body(shape::<ThumbnailChoice>())
        .answers(&[Answer::ok(shape::<Photos>())])
        .errors(CHANGE),
    Operation::delete("/api/inventory/{id}/photos/{photo}", handler!(remove_from_vehicle))
        .permission(Permission::WriteInventory)
        .summary("Remove a photo of a vehicle")
        .about("A photo that nothing else shows goes from the storage, too.")
        .answers(&[Answer::ok(shape::<Photos>())])
        .errors(CHANGE),
    Operation::get("/api/submissions/{id}/photos", handler!(list_of_submission))
        .permission(Permission::ReadSubmissions)
        .summary("List the photos of a submission")
        .answers(&[Answer::ok(shape::<Photos>())])
        .errors(&[ErrorCode::SubmissionNotFound]),
    Operation::post("/api/submissions/{id}/photos/uploads", handler!(sign_for_submission))
        .permission(Permission::ReviewSubmissions)
        .summary("Have the upload of a photo of a submission signed")
        .about(ABOUT_SIGN)
        .body(shape::<NewUpload>())
        .answers(&[Answer::ok(shape::<SignedUpload>())])
        .errors(SIGN),
    Operation::post("/api/submissions/{id}/photos", handler!(attach_to_submission))
        .permission(Permission::ReviewSubmissions)
        .summary("Attach an uploaded photo to a submission")
        .about(ABOUT_ATTACH)
        .body(shape::<ArrivedUpload>())
        .answers(&[Answer::ok(shape::<Photo>())])
        .errors(ATTACH),
    Operation::post("/api/submissions/{id}/photos/order", handler!(order_of_submission))
        .permission(Permission::ReviewSubmissions)
        .summary("Order the photos of a submission")
        .about("The ids of all its photos, the foremost first.")
        .body(shape::<PhotoOrder>())
        .answers(&[Answer::ok(shape::<Photos>())])
        .errors(CHANGE),
    Operation::delete("/api/submissions/{id}/photos/{photo}", handler!(remove_from_submission))
        .permission(Permission::ReviewSubmissions)
        .summary("Remove a photo of a submission")
        .answers(&[Answer::ok(shape::<Photos>())])
        .errors(CHANGE),
    Operation::post("/api/storage/submissions/{id}/uploads", handler!(sign_for_customer))
        .permission(Permission::SendSubmissions)
        .summary("Have the upload of a customer's photo signed")
        .by_photo_token()
        .body(shape::<NewUpload>())
        .answers(&[Answer::ok(shape::<SignedUpload>())])
        .errors(SIGN),
    Operation::get("/api/storage/submissions/{id}/photos", handler!(list_of_customer))
        .untagged()
        .permission(Permission::SendSubmissions)
        .summary("List the photos that a customer has sent")
        .by_photo_token()
        .answers(&[Answer::ok(shape::<Photos>())])
        .errors(&[ErrorCode::PhotoTokenRefused, ErrorCode::SubmissionNotFound, ErrorCode::NotConfigured]),
    Operation::post("/api/storage/submissions/{id}/photos", handler!(attach_of_customer))
        .permission(Permission::SendSubmissions)
        .summary("Attach a customer's uploaded photo")
        .by_photo_token()
        .body(shape::<ArrivedUpload>())
        .answers(&[Answer::ok(shape::<Photo>())])
        .errors(ATTACH),
    Operation::delete("/api/storage/submissions/{id}/photos/{photo}", handler!(remove_of_customer))
        .permission(Permission::SendSubmissions)
        .summary("Remove a photo that a customer has sent")
        .by_photo_token()
        .answers(&[Answer::ok(shape::<Photos>())])
        .errors(CHANGE),
    Operation::put("/api/storage/incoming/{noun}/{id}/{name}", handler!(receive))
        .permission(Permission::SendSubmissions)
        .summary("Upload a photo into the folder")
        .about(
            "The address is one that was signed. The body is the announced file, with its `Content-Type` and `Content-Length`. Where \
             photos are kept in a bucket, the bucket's service takes uploads instead.",
        )
        .query(&[PERMIT])
        .answers(&[Answer::nothing("It has come. Attach it.")])
        .errors(&[
            ErrorCode::UploadRefused,
            ErrorCode::NotConfigured,
            ErrorCode::StorageUnavailable,
            ErrorCode::BodyTooLarge,
            ErrorCode::BodyTooSlow,
            ErrorCode::BodyBrokenOff,
        ]),
    Operation::get("/api/storage/photos/{shelf}/{name}", handler!(show))
        .permission(Permission::ReadListedVehicles)
        .summary("Get a photo of the folder")
        .about("Where photos are kept in a bucket, they are read from there.")
        .answers(&[Answer::other(StatusCode::OK, "The photo.", Content::Other("image/jpeg"))])
        .errors(&[ErrorCode::PhotoNotFound, ErrorCode::NotConfigured, ErrorCode::StorageUnavailable]),
    Operation::get("/api/storage/usage", handler!(usage))
        .untagged()
        .permission(Permission::ReadInventory)
        .summary("Count the room that photos take")
        .about("Lists the whole storage, which takes a while where there are very many photos. The job `storage_check` does the same.")
        .answers(&[Answer::ok(shape::<StorageUsage>())])
        .errors(&[ErrorCode::NotConfigured, ErrorCode::StorageUnavailable, ErrorCode::StorageRefused]),
    Operation::get("/api/storage/orphans", handler!(orphans))
        .untagged()
        .permission(Permission::CleanUp)
        .summary("Find photos that nothing shows")
        .about("Those that are older than a day. The job `clean_up` removes them.")
        .answers(&[Answer::ok(shape::<Orphans>())])
        .errors(&[ErrorCode::NotConfigured, ErrorCode::StorageUnavailable, ErrorCode::StorageRefused]),
    Operation::delete("/api/storage/orphans", handler!(remove_orphans))
        .untagged()
        .permission(Permission::CleanUp)
        .summary("Remove photos that nothing shows")
        .about("Those that are older than a day, as the job `clean_up` does.")
        .answers(&[Answer::ok(shape::<Orphans>())])
        .errors(&[ErrorCode::NotConfigured, ErrorCode::StorageUnavailable, ErrorCode::StorageRefused]),
];

const PERMIT: &[Parameter] = &[
    Parameter::new("length", plain::<String>(), "The announced size."),
    Parameter::new("expires", plain::<String>(), "When the address ends."),
    Parameter::new("signature", plain::<String>(), "The signature over all of the address."),
];

/// How long a client may take to send a photo.
const LONGEST_UPLOAD: Duration = Duration::from_secs(120);

/// A photo never changes, but it may go: one that was removed, or that a customer has sent and was turned down, is soon shown by nobody.
const FOR_AN_HOUR: &str = "public, max-age=3600";

/// What staff alone is shown stays in no cache.
const NOT_AT_ALL: &str = "no-store";

fn vehicle(request: &Request) -> Result<PhotoOwner, Problem> {
    request.id::<VehicleId>().map(PhotoOwner::from)
}

fn submission(request: &Request) -> Result<PhotoOwner, Problem> {
    request.id::<SubmissionId>().map(PhotoOwner::from)
}

/// The token of the customer. One that is missing is refused by the library as one that is wrong.
fn token(request: &Request) -> String {
    let value = request.headers.get(PHOTO_TOKEN).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

async fn list_of_vehicle(app: App, request: Request) -> Outcome {
    let owner = vehicle(&request)?;
    list(app, request, owner).await
}

async fn list_of_submission(app: App, request: Request) -> Outcome {
    let owner = submission(&request)?;
    list(app, request, owner).await
}

async fn list(app: App, request: Request, owner: PhotoOwner) -> Outcome {
    let photos = app.at_desk(&request.caller, move |desk| desk.storage().list(owner)).await?;
    answer::one(&photos)
}

async fn list_of_customer(app: App, request: Request) -> Outcome {
    let (owner, token) = (submission(&request)?, token(&request));
    let photos = app.as_visitor(&request.caller, move |desk| desk.storage().with_token(&token).list(owner)).await?;
    answer::done(&photos)
}

async fn sign_for_vehicle(app: App, request: Request) -> Outcome {
    let owner = vehicle(&request)?;
    sign(app, request, owner).await
}

async fn sign_for_submission(app: App, request: Request) -> Outcome {
    let owner = submission(&request)?;
    sign(app, request, owner).await
}

async fn sign(app: App, request: Request, owner: PhotoOwner) -> Outcome {
    let upload: NewUpload = request.json().await?;
    let signed = app.at_desk(&request.caller, move |desk| desk.storage().sign_upload(owner, &upload)).await?;
    answer::done(&signed)
}

async fn sign_for_customer(app: App, request: Request) -> Outcome {
    let (owner, token) = (submission(&request)?, token(&request));
    let upload: NewUpload = request.json().await?;
    let sign = move |desk: &jpauto::Desk| desk.storage().with_token(&token).sign_upload(owner, &upload);
    let signed = app.as_visitor(&request.caller, sign).await?;
    answer::done(&signed)
}

async fn attach_to_vehicle(app: App, request: Request) -> Outcome {
    let owner = vehicle(&request)?;
    attach(app, request, owner).await
}

async fn attach_to_submission(app: App, request: Request) -> Outcome {
    let owner = submission(&request)?;
    attach(app, request, owner).await
}

async fn attach(app: App, request: Request, owner: PhotoOwner) -> Outcome {
    let ArrivedUpload { key } = request.json().await?;
    let photo = app.at_length(&request.caller, move |desk| desk.storage().attach(owner, &key)).await?;
    answer::done(&photo)
}

async fn attach_of_customer(app: App, request: Request) -> Outcome {
    let (owner, token) = (submission(&request)?, token(&request));
    let ArrivedUpload { key } = request.json().await?;
    let attach = move |desk: &jpauto::Desk| desk.storage().with_token(&token).attach(owner, &key);
    let photo = app.at_length_as_visitor(&request.caller, attach).await?;
    answer::done(&photo)
}

async fn order_of_vehicle(app: App, request: Request) -> Outcome {
    let owner = vehicle(&request)?;
    order(app, request, owner).await
}

async fn order_of_submission(app: App, request: Request) -> Outcome {
    let owner = submission(&request)?;
    order(app, request, owner).await
}

async fn order(app: App, request: Request, owner: PhotoOwner) -> Outcome {
    let PhotoOrder { ids } = request.json().await?;
    let photos = app.at_desk(&request.caller, move |desk| desk.storage().reorder(owner, &ids)).await?;
    answer::done(&photos)
}

async fn choose_thumbnail(app: App, request: Request) -> Outcome {
    let vehicle: VehicleId = request.id()?;
    let ThumbnailChoice { id } = request.json().await?;
    let choose = move |desk: &jpauto::Desk| desk.storage().choose_thumbnail(vehicle, &id);
    let photos = app.at_desk(&request.caller, choose).await?;
    answer::done(&photos)
}

async fn remove_from_vehicle(app: App, request: Request) -> Outcome {
    let owner = vehicle(&request)?;
    remove(app, request, owner).await
}

async fn remove_from_submission(app: App, request: Request) -> Outcome {
    let owner = submission(&request)?;
    remove(app, request, owner).await
}

async fn remove(app: App, request: Request, owner: PhotoOwner) -> Outcome {
    let photo: String = request.segment("photo")?;
    let photos = app.at_desk(&request.caller, move |desk| desk.storage().remove(owner, &photo)).await?;
    answer::done(&photos)
}

async fn remove_of_customer(app: App, request: Request) -> Outcome {
    let (owner, token) = (submission(&request)?, token(&request));
    let photo: String = request.segment("photo")?;
    let remove = move |desk: &jpauto::Desk| desk.storage().with_token(&token).remove(owner, &photo);
    let photos = app.as_visitor(&request.caller, remove).await?;
    answer::done(&photos)
}

async fn receive(app: App, request: Request) -> Outcome {
    let (noun, owner, name): (String, String, String) =
        (request.segment("noun")?, request.segment("id")?, request.segment("name")?);
    let (length, expires, signature) =
        request.query(|query| (query.text("length"), query.text("expires"), query.text("signature")))?;
    let number = |text: Option<String>| text.and_then(|text| text.parse::<u32>().ok()).unwrap_or_default();
    let permit = UploadPermit::new(
        format!("incoming/{noun}/{owner}/{name}"),
        number(length).into(),
        number(expires).into(),
        signature.unwrap_or_default(),
    );
    let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.to_owned();
    let (asked, of_type) = (permit.clone(), content_type.clone());
    let expect = move |desk: &jpauto::Desk| desk.storage().expect_upload(&asked, &of_type);
    let expected = app.as_visitor(&request.caller, expect).await?;
    // Only now is anything read, and no more than was announced.
    let _place = app.upload_place(expected.owner, request.caller.address).await?;
    let bytes = request.bytes(usize::try_from(expected.length).unwrap_or(usize::MAX), LONGEST_UPLOAD).await?;
    let receive = move |desk: &jpauto::Desk| desk.storage().receive(&permit, &content_type, &bytes);
    app.as_visitor(&request.caller, receive).await?;
    answer::nothing()
}

async fn show(app: App, request: Request) -> Outcome {
    let (shelf, name): (String, String) = (request.segment("shelf")?, request.segment("name")?);
    let key = format!("photos/{shelf}/{name}");
    let tag = answer::tag_of(key.as_bytes(), None);
    let serve = {
        let key = key.clone();
        move |desk: &jpauto::Desk| desk.storage().serve(&key, 0)
    };
    let mut served = app.as_visitor(&request.caller, serve.clone()).await;
    // Most photos are for everybody, so that nobody's credential is looked up for them.
    if served.as_ref().is_err_and(|problem| problem.code == ErrorCode::PhotoNotFound)
        && request.caller.may_be_staff(app.sessions())
    {
        served = app.at_desk(&request.caller, serve).await;
    }
    let ServedPhoto { bytes, length, content_type, is_withheld, .. } = served?;
    let response = if bytes.len() as u64 >= length {
        bytes.into_response()
    } else {
        let actor = if is_withheld { Actor::system() } else { Actor::public() };
        let response = warp::reply::stream(Pieces::after(app, actor, key, bytes, length)).into_response();
        answer::with_header(response, CONTENT_LENGTH, &length.to_string())
    };
    let response = answer::with_header(response, CONTENT_TYPE, content_type);
    let response = answer::with_header(response, ETAG, &tag);
    Ok(answer::with_header(response, CACHE_CONTROL, if is_withheld { NOT_AT_ALL } else { FOR_AN_HOUR }))
}

/// The pieces of a photo. The next one is read when the client has taken the one before, so that slow readers fill no memory.
struct Pieces {
    app: App,
    /// Who may see the photo, which was looked at for its first piece.
    actor: Actor,
    key: String,
    next: Option<Bytes>,
    reading: Option<JoinHandle<jpauto::Result<ServedPhoto>>>,
    given: u64,
    length: u64,
}

impl Pieces {
    fn after(app: App, actor: Actor, key: String, first: Vec<u8>, length: u64) -> Self {
        Self { app, actor, key, next: Some(first.into()), reading: None, given: 0, length }
    }

    /// It does not wait at the gate, where an answer that has begun could be refused.
    fn read(&self) -> JoinHandle<jpauto::Result<ServedPhoto>> {
        let (dealership, actor) = (self.app.dealership().clone(), self.actor.clone());
        let (key, from) = (self.key.clone(), self.given);
        spawn_blocking(move || dealership.acting_as(actor).storage().serve(&key, from))
    }
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.next.is_none() && self.given < self.length {
            let mut reading = self.reading.take().unwrap_or_else(|| self.read());
            let Poll::Ready(read) = Pin::new(&mut reading).poll(context) else {
                self.reading = Some(reading);
                return Poll::Pending;
            };
            match read {
                Ok(Ok(piece)) if !piece.bytes.is_empty() => self.next = Some(piece.bytes.into()),
                other => {
                    tracing::debug!(?other, "a photo went away while it was shown");
                    self.given = self.length;
                    return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
                }
            }
        }
        let Some(piece) = self.next.take() else { return Poll::Ready(None) };
        self.given += piece.len() as u64;
        Poll::Ready(Some(Ok(piece)))
    }
}

async fn usage(app: App, request: Request) -> Outcome {
    let count = |desk: &jpauto::Desk| desk.storage().usage(&mut |_| std::ops::ControlFlow::Continue(()));
    let usage = app.at_length(&request.caller, count).await?;
    answer::done(&usage)
}

async fn remove_orphans(app: App, request: Request) -> Outcome {
    let remove = |desk: &jpauto::Desk| desk.storage().remove_orphans(&mut |_| std::ops::ControlFlow::Continue(()));
    let removed = app.at_length(&request.caller, remove).await?;
    answer::done(&removed)
}

async fn orphans(app: App, request: Request) -> Outcome {
    let find = |desk: &jpauto::Desk| desk.storage().orphans(&mut |_| std::ops::ControlFlow::Continue(()));
    let orphans = app.at_length(&request.caller, find).await?;
    answer::done(&orphans)
}
