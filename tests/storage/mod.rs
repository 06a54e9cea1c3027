//! Photos in a folder and in a bucket of a real S3 server: uploads, the pictures of a row, orphans, and the room that all take.

mod s3;

use std::{io::Cursor, ops::ControlFlow, sync::atomic::Ordering};

use chrono::{TimeDelta, Utc};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jpauto::{
    Action, ActivityFilter, Actor, AlertFilter, Approval, Config, Dealership, Desk, ErrorKind, Money, NewVehicle,
    PageRequest, Role, Severity, Storage, VehicleUpdate,
    jobs::{Job, JobReport, RunOptions, RunStatus},
    storage::{BucketConfig, NewUpload, PhotoOwner, SignedUpload, StorageConfig, StorageProgress, UploadPermit},
};
use url::Url;

#[cfg(all(feature = "sqlite", target_os = "linux"))]
use crate::support::alone::{is_alone, peak, resident};
use crate::support::{Lot, camry, corolla};

const PUBLIC_URL: &str = "https://motors.example/api/storage";

fn on(_: StorageProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A picture of this size as a file of this type, different for each number.
fn picture(format: ImageFormat, (width, height): (u32, u32), number: u8) -> Vec<u8> {
    let colour = |x: u32, y: u32| Rgb([number.wrapping_mul(40), (x % 256) as u8, (y % 256) as u8]);
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, colour)).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn photo(number: u8) -> Vec<u8> {
    picture(ImageFormat::Jpeg, (640, 480), number)
}

/// A dealership that keeps photos.
struct Place {
    dealership: Dealership,
    folder: Option<tempfile::TempDir>,
}

impl Place {
    fn open(
        lot: &Lot,
        storage: StorageConfig,
        folder: Option<tempfile::TempDir>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config::new(&lot.url).clock(lot.clock());
        config.storage = Some(storage);
        change(&mut config);
        Self { dealership: Dealership::with_config(config).unwrap(), folder }
    }

    fn in_folder(lot: &Lot, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = StorageConfig::folder(folder.path().join("photos"), PUBLIC_URL);
        Self::open(lot, storage, Some(folder), change)
    }

    fn in_bucket(lot: &Lot, bucket: BucketConfig, change: impl FnOnce(&mut Config)) -> Self {
        Self::open(lot, StorageConfig::bucket(bucket, PUBLIC_URL), None, change)
    }

    /// Both kinds; the bucket where a server can be had.
    fn each(lot: &Lot, change: fn(&mut Config)) -> Vec<Self> {
        let folder = Self::in_folder(lot, change);
        let bucket = s3::bucket().map(|bucket| Self::in_bucket(lot, bucket, change));
        [Some(folder), bucket].into_iter().flatten().collect()
    }

    fn desk(&self) -> Desk {
        self.dealership.acting_as(Actor::system())
    }

    /// Sends the file as a client does.
    fn send(&self, upload: &SignedUpload, bytes: &[u8]) -> Result<(), String> {
        if let Some(permit) = permit_of(upload) {
            let website = self.dealership.acting_as(Actor::public());
            let received = website.storage().receive(&permit, &upload.headers["content-type"], bytes);
            return received.map_err(|error| error.code().to_owned());
        }
        let request = reqwest::blocking::Client::new().put(&upload.url);
        let request = upload.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = request.body(bytes.to_vec()).send().unwrap();
        if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
    }

    fn upload(&self, storage: &Storage<'_>, owner: impl Into<PhotoOwner>, bytes: &[u8]) -> SignedUpload {
        let upload = storage.sign_upload(owner, &announced("image/jpeg", bytes)).unwrap();
        self.send(&upload, bytes).unwrap();
        upload
    }

    fn objects(&self) -> u64 {
        self.desk().storage().usage(&mut on).unwrap().objects
    }
}

fn announced(content_type: &str, bytes: &[u8]) -> NewUpload {
    NewUpload { content_type: content_type.into(), content_length: bytes.len() as u64 }
}

/// The parts of the address of an upload to a folder.
fn permit_of(upload: &SignedUpload) -> Option<UploadPermit> {
    let url: Url = upload.url.parse().unwrap();
    let key = url.as_str().strip_prefix(PUBLIC_URL)?.trim_start_matches('/').split('?').next()?.to_owned();
    let part = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    Some(UploadPermit::new(key, part("length").parse().unwrap(), part("expires").parse().unwrap(), part("signature")))
}

/// The key of the photo at an address.
fn key_of(url: &str) -> &str {
    url.strip_prefix(PUBLIC_URL).unwrap().trim_start_matches('/')
}

fn code<T>(outcome: jpauto::Result<T>) -> &'static str {
    outcome.err().map_or("done", |error| error.code())
}

fn actions(desk: &Desk, id: impl Into<uuid::Uuid>) -> Vec<String> {
    let entries = desk.activity().list(&ActivityFilter::default().resource(id), &PageRequest::first(50)).unwrap();
    entries.items.into_iter().rev().map(|entry| format!("{} {}", entry.action, entry.resource_type)).collect()
}

on_both_databases! {
    fn a_photo_is_uploaded_verified_attached_and_removed(lot: &Lot) {
        for (number, place) in Place::each(lot, |_| {}).iter().enumerate() {
            let desk = place.desk();
            let storage = desk.storage();
            let vehicle = desk.inventory().add(&corolla(number as u32)).unwrap();
            let sent = picture(ImageFormat::Png, (3_000, 1_000), 1);
            let upload = storage.sign_upload(vehicle.id, &announced("image/png", &sent)).unwrap();
            assert_eq!(upload.expires_at, lot.now() + TimeDelta::minutes(15));
            assert!(upload.key.starts_with(&format!("incoming/inventory/{}/", vehicle.id)), "{upload:?}");
            assert!(!format!("{upload:?}").contains("ignature"), "who has the address can upload");
            assert_eq!(code(storage.attach(vehicle.id, &upload.key)), "upload_not_found", "nothing has come yet");
            place.send(&upload, &sent).unwrap();
            assert_eq!(place.objects(), 1);
            let attached = storage.attach(vehicle.id, &upload.key).unwrap();
            assert_eq!(storage.attach(vehicle.id, &upload.key).unwrap(), attached, "a second call answers as the first");
            assert!(attached.is_stored && attached.is_thumbnail);
            let after = desk.inventory().get(vehicle.id).unwrap().vehicle;
            assert_eq!(after.images, [attached.url.as_str()]);
            assert_eq!(after.thumbnail, attached.small_url);
            assert!(attached.url.starts_with(&format!("{PUBLIC_URL}/photos/")), "{attached:?}");
            assert!(!attached.url.contains(&vehicle.id.to_string()));
            assert_eq!(place.objects(), 2, "the upload is gone, and there are two sizes");
            let usage = storage.usage(&mut on).unwrap();
            assert_eq!((usage.photos, usage.uploads, usage.others, usage.largest.len()), (2, 0, 0, 2));
            assert_eq!(actions(&desk, vehicle.id), ["create inventory", "create storage", "update inventory"]);
            let left = storage.remove(vehicle.id, &attached.id).unwrap();
            let after = desk.inventory().get(vehicle.id).unwrap().vehicle;
            assert_eq!((left.items.len(), after.images.len(), after.thumbnail), (0, 0, None));
            assert_eq!(place.objects(), 0);
        }
    }

    fn pictures_are_ordered_and_the_main_one_is_chosen(lot: &Lot) {
        let place = Place::in_folder(lot, |_| {});
        let desk = place.desk();
        let storage = desk.storage();
        let mut car = corolla(0);
        car.images = vec!["https://other.example/1.jpg".into()];
        let vehicle = desk.inventory().add(&car).unwrap();
        for number in 0..2 {
            storage.add(vehicle.id, &photo(number)).unwrap();
        }
        let photos = storage.list(vehicle.id).unwrap().items;
        assert_eq!(photos.iter().map(|photo| photo.is_stored).collect::<Vec<_>>(), [false, true, true]);
        let ids: Vec<_> = photos.iter().rev().map(|photo| photo.id.clone()).collect();
        let ordered = storage.reorder(vehicle.id, &ids).unwrap().items;
        let urls: Vec<_> = ordered.iter().map(|photo| photo.url.clone()).collect();
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle.images, urls);
        assert_eq!(urls[2], "https://other.example/1.jpg");
        assert_eq!(code(storage.reorder(vehicle.id, &ids[1..])), "invalid_photo_order");
        let chosen = storage.choose_thumbnail(vehicle.id, &ids[1]).unwrap().items;
        assert_eq!(chosen.iter().map(|photo| photo.is_thumbnail).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle.thumbnail, chosen[1].small_url);
        assert_eq!(code(storage.choose_thumbnail(vehicle.id, "nothing")), "photo_not_found");
        assert_eq!(code(storage.remove(vehicle.id, &ids[2])), "done", "a picture of another website is taken off the list");
        assert_eq!(code(storage.remove(vehicle.id, &ids[2])), "photo_not_found");
        assert_eq!(place.objects(), 4, "and nothing is removed for it");
    }

    fn what_is_no_photo_leaves_nothing_behind(lot: &Lot) {
        for (number, place) in Place::each(lot, |_| {}).iter().enumerate() {
            let desk = place.desk();
            let storage = desk.storage();
            let vehicle = desk.inventory().add(&corolla(number as u32)).unwrap();
            let whole = photo(0);
            for hostile in [
                &b"<!doctype html><script>alert(1)</script>"[..],
                b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
                &picture(ImageFormat::Png, (300, 300), 1),
                &whole[..whole.len() / 2],
            ] {
                let upload = place.upload(&storage, vehicle.id, hostile);
                let refusal = storage.attach(vehicle.id, &upload.key).unwrap_err();
                assert_eq!((refusal.code(), refusal.kind()), ("invalid_photo", ErrorKind::InvalidInput), "{refusal}");
                assert_eq!(code(storage.add(vehicle.id, hostile)) == "done", hostile.starts_with(b"\x89PNG"));
            }
            assert_eq!(place.objects(), 2, "those of the PNG that was added");
            assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle.images.len(), 1);
            let another = desk.inventory().add(&corolla(50 + number as u32)).unwrap();
            let upload = place.upload(&storage, vehicle.id, &whole);
            assert_eq!(code(storage.attach(another.id, &upload.key)), "upload_not_found", "it is of another vehicle");
            assert_eq!(code(storage.attach(another.id, "../signing.key")), "upload_not_found");
        }
    }

    fn an_upload_is_refused_before_it_is_signed(lot: &Lot) {
        let place = Place::in_folder(lot, |config| config.photos.most_bytes = 1_000_000);
        let desk = place.desk();
        let mut car = corolla(0);
        car.images = (0..40).map(|number| format!("https://other.example/{number}.jpg")).collect();
        let full = desk.inventory().add(&car).unwrap();
        let vehicle = desk.inventory().add(&corolla(1)).unwrap();
        let sign = |id, content_type: &str, content_length| {
            code(desk.storage().sign_upload(id, &NewUpload { content_type: content_type.into(), content_length }))
        };
        assert_eq!(sign(full.id, "image/jpeg", 1), "too_many_photos");
        assert_eq!(sign(vehicle.id, "image/jpeg", 1_000_001), "invalid_upload");
        assert_eq!(sign(vehicle.id, "image/heic", 1), "invalid_upload");
        assert_eq!(sign(jpauto::VehicleId::new(lot.now()), "image/jpeg", 1), "vehicle_not_found");
        assert_eq!(code(desk.storage().add(full.id, &photo(0))), "too_many_photos");
        assert_eq!(place.objects(), 0);
    }

    fn roles_may_do_what_they_may_do_elsewhere(lot: &Lot) {
        let place = Place::in_folder(lot, |_| {});
        let vehicle = place.desk().inventory().add(&corolla(0)).unwrap();
        let as_role = |role| place.dealership.acting_as(Actor::user(lot.staff(role).0.id));
        let (viewer, manager) = (as_role(Role::Viewer), as_role(Role::Manager));
        let website = place.dealership.acting_as(Actor::public());
        // What is wrong with the input is nobody's business who may not.
        let wrong = NewUpload::default();
        for (desk, expected) in [(&viewer, "forbidden"), (&website, "not_signed_in"), (&manager, "invalid_upload")] {
            assert_eq!(code(desk.storage().sign_upload(vehicle.id, &wrong)), expected);
        }
        for (desk, expected) in [(&viewer, "forbidden"), (&website, "not_signed_in")] {
            assert_eq!(code(desk.storage().attach(vehicle.id, "x")), expected);
            assert_eq!(code(desk.storage().add(vehicle.id, b"x")), expected);
            assert_eq!(code(desk.storage().reorder(vehicle.id, &[])), expected);
            assert_eq!(code(desk.storage().remove(vehicle.id, "x")), expected);
            assert_eq!(code(desk.storage().choose_thumbnail(vehicle.id, "x")), expected);
            assert_eq!(code(desk.storage().check(&mut on)), expected);
        }
        assert_eq!(code(viewer.storage().usage(&mut on)), "done");
        assert_eq!(code(website.storage().usage(&mut on)), "not_signed_in");
        assert_eq!(code(manager.storage().orphans(&mut on)), "forbidden");
        assert_eq!(code(manager.storage().remove_orphans(&mut on)), "forbidden");
        let elsewhere = lot.dealership.acting_as(Actor::system());
        assert_eq!(code(elsewhere.storage().add(vehicle.id, &photo(0))), "not_configured");
    }

    fn a_customer_sends_photos_for_one_pending_submission(lot: &Lot) {
        for (number, place) in Place::each(lot, |config| config.photos.most_customer_uploads = 3).iter().enumerate() {
            let customer = place.dealership.acting_as(Actor::public().from_ip([203, 0, 113, 40 + number as u8].into()));
            let mut offer = camry();
            offer.images.clear();
            offer.vin = Some(corolla(70 + number as u32).vin);
            let submission = customer.submissions().submit(&offer).unwrap();
            let token = customer.storage().photo_token(&submission).unwrap();
            assert!(!format!("{token:?}").contains(&token.token));
            let storage = customer.storage().with_token(&token.token);
            let attach = |number| storage.attach(submission.id, &place.upload(&storage, submission.id, &photo(number)).key);
            let (first, second) = (attach(1).unwrap(), attach(2).unwrap());
            assert_eq!(storage.list(submission.id).unwrap().items.len(), 2);
            storage.remove(submission.id, &second.id).unwrap();
            assert_eq!(code(storage.choose_thumbnail(jpauto::VehicleId::new(lot.now()), "x")), "photo_token_refused");
            let upload = place.upload(&storage, submission.id, &photo(3));
            let refusal = storage.sign_upload(submission.id, &announced("image/jpeg", b"x")).unwrap_err();
            assert_eq!((refusal.code(), refusal.retry_after().is_some()), ("too_many_uploads", true));
            // Others get nowhere with it, and neither does this customer elsewhere.
            let mut offer = camry();
            offer.images.clear();
            offer.vin = Some(corolla(80 + number as u32).vin);
            let another = lot.website().submissions().submit(&offer).unwrap();
            assert_eq!(code(storage.list(another.id)), "photo_token_refused");
            assert_eq!(code(customer.storage().with_token("x").list(submission.id)), "photo_token_refused");
            assert_eq!(code(customer.storage().list(submission.id)), "not_signed_in");
            let desk = place.desk();
            assert_eq!(desk.submissions().get(submission.id).unwrap().images, [first.url.as_str()]);
            let approval = Approval::at_price(Money::from_dollars(9_000));
            let vehicle = desk.submissions().approve(submission.id, &approval).unwrap();
            assert_eq!((vehicle.images, vehicle.thumbnail), (vec![first.url.clone()], first.small_url.clone()));
            assert_eq!(code(storage.attach(submission.id, &upload.key)), "submission_already_reviewed");
            assert_eq!(place.objects(), 3, "an upload that is nothing any more, and the photo");
            // The submission still shows what its vehicle does not.
            desk.storage().remove(vehicle.id, &first.id).unwrap();
            assert_eq!(place.objects(), 3);
            lot.pass(TimeDelta::hours(1));
            assert_eq!(code(storage.list(submission.id)), "photo_token_refused", "the hour is over");
        }
    }

    fn the_photos_of_a_deleted_submission_go_with_it(lot: &Lot) {
        for (number, place) in Place::each(lot, |_| {}).iter().enumerate() {
            let desk = place.desk();
            let mut offer = camry();
            offer.images.clear();
            let offered = [0, 1].map(|which| {
                offer.vin = Some(corolla(60 + 2 * number as u32 + which).vin);
                desk.submissions().submit(&offer).unwrap().id
            });
            let photos = offered.map(|id| desk.storage().add(id, &photo(7)).unwrap());
            let attached = place.upload(&desk.storage(), offered[0], &photo(8));
            let announced = desk.storage().sign_upload(offered[0], &announced("image/jpeg", &photo(9))).unwrap();
            let vehicle = desk.submissions().approve(offered[1], &Approval::at_price(Money::from_dollars(9_000))).unwrap();
            assert_eq!(place.objects(), 5, "two photos, each with a small one, and an upload");
            offered.into_iter().for_each(|id| desk.submissions().delete(id).unwrap());
            assert_eq!(place.objects(), 2, "those that the vehicle shows");
            assert_eq!(vehicle.images, [photos[1].url.as_str()]);
            if place.folder.is_some() {
                assert_eq!(place.send(&announced, &photo(9)), Err("upload_refused".into()), "there is nothing to send it for");
                assert_eq!(place.send(&attached, &photo(8)), Err("upload_refused".into()));
                let website = place.dealership.acting_as(Actor::public());
                let shown = photos.each_ref().map(|photo| code(website.storage().serve(key_of(&photo.url), 0)));
                assert_eq!(shown, ["photo_not_found", "done"]);
            }
        }
    }

    fn the_photos_of_a_rejected_submission_are_for_staff_alone(lot: &Lot) {
        let place = Place::in_folder(lot, |_| {});
        let (desk, website) = (place.desk(), place.dealership.acting_as(Actor::public()));
        let mut offer = camry();
        offer.images.clear();
        let offered = desk.submissions().submit(&offer).unwrap().id;
        let kept = desk.storage().add(offered, &photo(7)).unwrap();
        let small = kept.small_url.clone().unwrap();
        let served = |desk: &Desk, url: &str| desk.storage().serve(key_of(url), 0);
        assert!(!served(&website, &kept.url).unwrap().is_withheld);
        desk.submissions().reject(offered, "too old").unwrap();
        let manager = place.dealership.acting_as(Actor::user(lot.staff(Role::Manager).0.id));
        for url in [&kept.url, &small] {
            assert_eq!(code(served(&website, url)), "photo_not_found", "{url}");
            assert!(served(&manager, url).unwrap().is_withheld, "{url}");
        }
        assert_eq!((place.objects(), desk.submissions().get(offered).unwrap().images), (2, vec![kept.url]));
        lot.pass(TimeDelta::days(2));
        assert_eq!(desk.storage().remove_orphans(&mut on).unwrap().objects, 0, "a row names it");
        desk.submissions().delete(offered).unwrap();
        assert_eq!(place.objects(), 0);
    }

    fn the_first_submission_that_names_a_photo_says_who_sees_it(lot: &Lot) {
        let place = Place::in_folder(lot, |_| {});
        let (desk, website) = (place.desk(), place.dealership.acting_as(Actor::public()));
        let offer = |number: u32, images: &[&str]| {
            lot.pass(TimeDelta::seconds(1));
            let mut offer = camry();
            offer.vin = Some(corolla(80 + number).vin);
            offer.images = images.iter().map(|&url| url.to_owned()).collect();
            desk.submissions().submit(&offer).unwrap().id
        };
        let shown = |url: &str| code(website.storage().serve(key_of(url), 0)) == "done";
        let first = offer(0, &[]);
        let url = desk.storage().add(first, &photo(7)).unwrap().url;
        let small = url.replace(".jpg", "-small.jpg");
        // A stranger names it, and is turned down.
        let stranger = offer(1, &[&url]);
        desk.submissions().reject(stranger, "no car of ours").unwrap();
        assert!(shown(&url), "the first submission is pending");
        desk.submissions().reject(first, "too old").unwrap();
        assert!(!shown(&url) && !shown(&small));
        // Another stranger cannot show it again, by no way.
        let another = offer(2, &[&url]);
        assert!(!shown(&url) && !shown(&small));
        desk.storage().remove_orphans(&mut on).unwrap();
        assert!(!shown(&url) && !shown(&small), "clean-up leaves it withheld");
        // Offered again, the car of the first is pending, and staff may give the photo to a vehicle.
        assert_eq!(offer(0, &[&url]), first);
        assert!(shown(&url) && shown(&small));
        desk.submissions().reject(first, "still too old").unwrap();
        assert!(!shown(&url));
        let vehicle = desk.inventory().add(&corolla(90)).unwrap();
        let update = VehicleUpdate { images: Some(vec![url.clone()]), ..VehicleUpdate::default() };
        desk.inventory().update(vehicle.id, &update).unwrap();
        assert!(shown(&url) && shown(&small));
        // The vehicle goes, and clean-up finds what nothing shows any more.
        desk.inventory().delete(vehicle.id).unwrap();
        desk.storage().orphans(&mut on).unwrap();
        assert!(shown(&url), "a look changes nothing");
        desk.storage().remove_orphans(&mut on).unwrap();
        assert!(!shown(&url) && !shown(&small));
        let approved = desk.submissions().approve(another, &Approval::at_price(Money::from_dollars(9_000))).unwrap();
        assert!(shown(&url) && approved.images == [url.as_str()]);
        assert_eq!((place.objects(), code(desk.submissions().delete(stranger))), (2, "done"));
    }

    fn clean_up_withholds_the_photos_of_what_was_rejected_elsewhere(lot: &Lot) {
        let place = Place::in_folder(lot, |_| {});
        let (desk, website) = (place.desk(), place.dealership.acting_as(Actor::public()));
        let without_storage = Dealership::with_config(Config::new(&lot.url).clock(lot.clock())).unwrap();
        let shown = |url: &str| code(website.storage().serve(key_of(url), 0)) == "done";
        let photos = [0, 1].map(|number| {
            let mut offer = camry();
            (offer.vin, offer.images) = (Some(corolla(85 + number).vin), Vec::new());
            let id = desk.submissions().submit(&offer).unwrap().id;
            (id, desk.storage().add(id, &photo(7)).unwrap().url)
        });
        without_storage.acting_as(Actor::system()).submissions().reject(photos[0].0, "too old").unwrap();
        assert!(shown(&photos[0].1), "that process knows of no photos");
        let run = desk.jobs().run(Job::CleanUp, &RunOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(run.status, RunStatus::Success, "{run:?}");
        assert_eq!(photos.each_ref().map(|(_, url)| shown(url)), [false, true]);
        // A process without storage gives it to a vehicle.
        let vehicle = NewVehicle { images: vec![photos[0].1.clone()], ..corolla(92) };
        without_storage.acting_as(Actor::system()).inventory().add(&vehicle).unwrap();
        assert!(!shown(&photos[0].1));
        desk.storage().remove_orphans(&mut on).unwrap();
        assert!(shown(&photos[0].1));
        assert_eq!(place.objects(), 4, "nothing was removed");
    }

    fn two_calls_for_one_upload_make_one_picture(lot: &Lot) {
        let place = Place::in_folder(lot, |_| {});
        let desk = place.desk();
        let vehicle = desk.inventory().add(&corolla(0)).unwrap();
        let upload = place.upload(&desk.storage(), vehicle.id, &photo(0));
        let attached: Vec<_> = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| desk.storage().attach(vehicle.id, &upload.key))).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert!(attached.iter().any(Result::is_ok));
        // One that comes late finds the upload gone, and the picture there when it asks again.
        assert!(attached.iter().all(|outcome| outcome.as_ref().map_or_else(|error| error.code(), |_| "done") == "done"
            || outcome.as_ref().is_err_and(|error| error.code() == "upload_not_found")));
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle.images.len(), 1);
        assert_eq!(code(desk.storage().attach(vehicle.id, &upload.key)), "done");
        assert_eq!(place.objects(), 2);
    }

    fn what_no_row_names_goes_after_a_day(lot: &Lot) {
        // The storage has the times of the machine.
        lot.pass(Utc::now() - lot.now());
        for (number, place) in Place::each(lot, |_| {}).iter().enumerate() {
            let desk = place.desk();
            let storage = desk.storage();
            let add = |offset: u32| desk.inventory().add(&corolla(10 * number as u32 + offset)).unwrap().id;
            let (kept, borrowed, deleted) = (add(0), add(1), add(2));
            let own = storage.add(kept, &photo(1)).unwrap();
            let shared = storage.add(deleted, &photo(2)).unwrap();
            let lost = storage.add(deleted, &photo(3)).unwrap();
            // Somebody has copied an address into another vehicle, where the list has a shape of another application.
            let odd = serde_json::json!({"gallery": [{"big": shared.url}]}).to_string().replace('\'', "''");
            lot.execute(&format!("UPDATE inventory SET images = '{odd}' WHERE vin = '{}'", corolla(10 * number as u32 + 1).vin));
            desk.inventory().delete(deleted).unwrap();
            place.upload(&storage, kept, &photo(4));
            let objects = place.objects();
            assert_eq!((objects, storage.orphans(&mut on).unwrap().objects), (7, 0), "all of it is young");
            lot.pass(TimeDelta::hours(25));
            let found = storage.orphans(&mut on).unwrap();
            assert_eq!((found.objects, found.dry_run, found.first.len(), place.objects()), (3, true, 3, 7));
            assert!(found.first.iter().any(|orphan| lost.url.ends_with(&orphan.key)), "{found:?}");
            let stopped = storage.remove_orphans(&mut |_| ControlFlow::Break(())).unwrap();
            assert!(stopped.stopped && stopped.objects == 1, "{stopped:?}");
            let run = desk.jobs().run(Job::CleanUp, &RunOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
            let Some(JobReport::CleanUp(report)) = run.report() else { panic!("{run:?}") };
            assert_eq!(report.orphans.map(|orphans| orphans.objects), Some(2));
            assert_eq!((place.objects(), storage.orphans(&mut on).unwrap().objects), (4, 0));
            assert_eq!(code(storage.remove(kept, &own.id)), "done");
            assert_eq!(place.objects(), 2, "the photo that the other shape names");
            desk.inventory().delete(borrowed).unwrap();
            assert_eq!(storage.remove_orphans(&mut on).unwrap().objects, 2);
            let removed = ActivityFilter::default().action(Action::Delete);
            let entries = desk.activity().list(&removed, &PageRequest::first(50)).unwrap().items;
            assert!(entries.iter().any(|entry| entry.resource_type == "storage"), "it is in the audit trail");
            desk.inventory().delete(kept).unwrap();
            lot.pass(-TimeDelta::hours(25));
        }
    }

    fn a_check_opens_raises_and_closes_one_alert(lot: &Lot) {
        let open = |limit: u64| Place::in_folder(lot, move |config| config.photos.limit_bytes = limit);
        let place = open(1 << 40);
        let desk = place.desk();
        let vehicle = desk.inventory().add(&corolla(0)).unwrap();
        desk.storage().add(vehicle.id, &photo(0)).unwrap();
        let taken = desk.storage().usage(&mut on).unwrap().bytes;
        let folder = place.folder.as_ref().unwrap().path().join("photos");
        let limited = |limit: u64| {
            Place::open(lot, StorageConfig::folder(&folder, PUBLIC_URL), None, |config| config.photos.limit_bytes = limit)
        };
        let check = |limit: u64| limited(limit).desk().storage().check(&mut on).unwrap().severity;
        let alerts = |all: bool| {
            let mut filter = AlertFilter::default();
            (filter.with_dismissed, filter.alert_type) = (all, Some(jpauto::AlertType::StorageLimit));
            desk.alerts().list(&filter, &PageRequest::first(10)).unwrap().items
        };
        assert_eq!((check(taken * 10), alerts(true).len()), (None, 0));
        assert_eq!(check(taken * 100 / 85), Some(Severity::Warning));
        let warning = alerts(false).remove(0);
        assert_eq!((warning.severity, warning.metadata["objects"].as_u64()), (Severity::Warning, Some(2)));
        assert_eq!(warning.metadata["largest"].as_array().unwrap().len(), 2);
        assert!(warning.message.contains("2 objects"), "{}", warning.message);
        assert_eq!(check(taken * 100 / 96), Some(Severity::Critical));
        let raised = alerts(false);
        assert_eq!((raised.len(), raised[0].id, raised[0].severity), (1, warning.id, Severity::Critical), "it is raised");
        let of = |severity| {
            let mut filter = AlertFilter::default();
            filter.severity = Some(severity);
            desk.alerts().list(&filter, &PageRequest::first(10)).unwrap().items.len()
        };
        assert_eq!((of(Severity::Critical), of(Severity::Warning)), (1, 0));
        check(taken * 10);
        assert_eq!((alerts(false).len(), alerts(true).len()), (0, 1), "it closes by itself");
        assert!(alerts(true)[0].message.contains("room again"));
        // One that a person dismisses stays so until it is worse.
        check(taken * 100 / 85);
        let (manager, staff) = lot.staff(Role::Manager);
        staff.alerts().dismiss(alerts(false)[0].id).unwrap();
        lot.pass(TimeDelta::days(1));
        check(taken * 100 / 85);
        assert_eq!(alerts(false).len(), 0);
        let entries = desk.activity().list(&ActivityFilter::default().resource(alerts(true)[0].id), &PageRequest::first(9));
        assert_eq!(entries.unwrap().items[0].user_id, Some(manager.id), "and the audit trail has who it was");
        let run = limited(taken).desk().jobs().run(Job::StorageCheck, &RunOptions::default(), &mut |_| ControlFlow::Continue(()));
        let run = run.unwrap();
        let Some(JobReport::StorageCheck(report)) = run.report() else { panic!("{run:?}") };
        assert_eq!((run.status, report.severity, report.usage.percent), (RunStatus::Success, Some(Severity::Critical), 100));
        assert_eq!(alerts(false).len(), 1);
    }

    fn a_storage_that_does_not_answer_writes_nothing(lot: &Lot) {
        let (busy, asked) = s3::always("503 Service Unavailable", "<Error><Code>SlowDown</Code></Error>");
        let (closed, _) = s3::always("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>");
        let (strange, _) = s3::always("200 OK", "<html>Welcome to nginx</html>");
        let gone = BucketConfig::new("http://127.0.0.1:9", "photos", s3::KEY, s3::SECRET);
        let vehicle = lot.desk().inventory().add(&corolla(0)).unwrap();
        for (bucket, expected) in [(busy, "storage_unavailable"), (closed, "storage_refused")] {
            let place = Place::in_bucket(lot, bucket, |_| {});
            let desk = place.desk();
            assert_eq!(code(desk.storage().add(vehicle.id, &photo(0))), expected);
            assert_eq!(code(desk.storage().usage(&mut on)), expected);
            assert_eq!(code(desk.storage().check(&mut on)), expected);
            let clean_up = desk.jobs().run(Job::CleanUp, &RunOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
            assert_eq!(clean_up.status, RunStatus::Partial, "rows go, whether the bucket answers or not");
            let error = clean_up.error.unwrap();
            assert!(error.contains(&format!(": {expected}")), "{error}");
            let after = desk.inventory().get(vehicle.id).unwrap().vehicle;
            assert_eq!(after.images.len(), 0);
        }
        assert!(asked.load(Ordering::Relaxed) >= 6, "it was asked again");
        let place = Place::in_bucket(lot, gone, |_| {});
        assert_eq!(code(place.desk().storage().usage(&mut on)), "storage_unavailable");
        let place = Place::in_bucket(lot, strange, |_| {});
        assert_eq!(code(place.desk().storage().usage(&mut on)), "storage_refused");
        if let Some(mut bucket) = s3::bucket() {
            bucket.bucket = "nowhere".into();
            let error = Place::in_bucket(lot, bucket, |_| {}).desk().storage().usage(&mut on).unwrap_err();
            assert!(error.code() == "storage_refused" && error.to_string().contains("no bucket"), "{error}");
        }
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn an_address_of_the_folder_takes_the_announced_file_alone() {
    let lot = Lot::on_sqlite();
    let place = Place::in_folder(&lot, |_| {});
    let desk = place.desk();
    let vehicle = desk.inventory().add(&corolla(0)).unwrap();
    let bytes = photo(0);
    let upload = desk.storage().sign_upload(vehicle.id, &announced("image/jpeg", &bytes)).unwrap();
    let permit = permit_of(&upload).unwrap();
    let website = place.dealership.acting_as(Actor::public());
    let storage = website.storage();
    let receive =
        |permit: &UploadPermit, content_type: &str, bytes: &[u8]| code(storage.receive(permit, content_type, bytes));
    let longer = UploadPermit::new(permit.key.clone(), permit.length + 1, permit.expires, permit.signature.clone());
    let elsewhere = UploadPermit::new("photos/../../x.jpg", permit.length, permit.expires, permit.signature.clone());
    for (permit, content_type, bytes) in [
        (&permit, "text/html", &bytes[..]),
        (&permit, "", &bytes),
        (&permit, "image/jpeg", &bytes[1..]),
        (&longer, "image/jpeg", &bytes),
        (&elsewhere, "image/jpeg", &bytes),
    ] {
        assert_eq!(receive(permit, content_type, bytes), "upload_refused", "{permit:?} {content_type}");
    }
    let expected = storage.expect_upload(&permit, "image/jpeg").unwrap();
    assert_eq!((expected.length, expected.owner), (bytes.len() as u64, vehicle.id.into()));
    assert_eq!(receive(&permit, "image/jpeg", &bytes), "done");
    assert_eq!(receive(&permit, "Image/JPEG; q=1", &bytes), "done", "a client that got no answer sends it again");
    let key = upload.key.as_str();
    for hidden in [key, "signing.key", "photos/../signing.key", "", "/etc/passwd"] {
        assert_eq!(code(storage.serve(hidden, 0)), "photo_not_found", "{hidden}");
    }
    let attached = desk.storage().attach(vehicle.id, key).unwrap();
    let shown = attached.url.strip_prefix(PUBLIC_URL).unwrap().trim_start_matches('/');
    let first = storage.serve(shown, 0).unwrap();
    assert!(first.bytes.len() <= 64 << 10 && first.content_type == "image/jpeg");
    let mut whole = first.bytes;
    while (whole.len() as u64) < first.length {
        whole.extend(storage.serve(shown, whole.len() as u64).unwrap().bytes);
    }
    assert_eq!(image::load_from_memory(&whole).unwrap().width(), 640);
    assert!(storage.serve(shown, first.length).unwrap().bytes.is_empty(), "nothing is behind the end");
    lot.pass(TimeDelta::minutes(15));
    assert_eq!(receive(&permit, "image/jpeg", &bytes), "upload_refused", "it has ended");
    // Another server over the same folder knows the address.
    let folder = place.folder.as_ref().unwrap().path().join("photos");
    let second = Place::open(&lot, StorageConfig::folder(&folder, PUBLIC_URL), None, |_| {});
    let upload = desk.storage().sign_upload(vehicle.id, &announced("image/jpeg", &bytes)).unwrap();
    assert_eq!(second.send(&upload, &bytes), Ok(()));
}

#[cfg(feature = "sqlite")]
#[test]
fn an_address_of_a_bucket_signs_type_and_length() {
    let lot = Lot::on_sqlite();
    let bucket = BucketConfig::new("https://account.r2.cloudflarestorage.com", "photos", s3::KEY, s3::SECRET);
    let place = Place::in_bucket(&lot, bucket, |_| {});
    let desk = place.desk();
    let vehicle = desk.inventory().add(&corolla(0)).unwrap();
    let upload = desk.storage().sign_upload(vehicle.id, &announced("image/jpeg", &[0; 77])).unwrap();
    let url: Url = upload.url.parse().unwrap();
    assert!(url.path().starts_with("/photos/incoming/inventory/") && url.scheme() == "https", "{url}");
    let part = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(part("X-Amz-SignedHeaders"), "content-length;content-type;host");
    assert_eq!(part("X-Amz-Expires"), "900");
    assert!(!upload.url.contains(s3::SECRET));
    assert_eq!(
        (upload.headers["content-type"].as_str(), upload.headers["content-length"].as_str()),
        ("image/jpeg", "77")
    );
    assert_eq!(code(desk.storage().serve("photos/ab/cd.jpg", 0)), "not_configured", "a bucket is read from itself");
}

#[cfg(feature = "sqlite")]
#[test]
fn a_link_local_address_is_not_spoken_to() {
    let lot = Lot::on_sqlite();
    let bucket = BucketConfig::new("http://169.254.169.254/latest", "photos", s3::KEY, s3::SECRET);
    let mut config = Config::new(&lot.url);
    config.storage = Some(StorageConfig::bucket(bucket, PUBLIC_URL));
    let refusal = Dealership::with_config(config).err().map(|error| (error.code(), error.kind()));
    assert_eq!(refusal, Some(("invalid_storage_config", ErrorKind::Misconfigured)));
}

/// The most memory that the process of a walk may take, in KiB, however many objects there are.
#[cfg(all(feature = "sqlite", target_os = "linux"))]
const MOST_MEMORY: u64 = 64 * 1024;

/// `JPAUTO_TEST_OBJECTS=1000000` lists a million.
#[cfg(all(feature = "sqlite", target_os = "linux"))]
#[test]
fn very_many_objects_are_counted_page_by_page_within_a_bound_of_memory() {
    if !is_alone("storage::very_many_objects_are_counted_page_by_page_within_a_bound_of_memory") {
        return;
    }
    let wanted = std::env::var("JPAUTO_TEST_OBJECTS").ok().and_then(|number| number.parse().ok());
    let keys: usize = wanted.unwrap_or(20_500);
    let lot = Lot::on_sqlite();
    let (bucket, pages) = s3::made_up(keys, 1_000);
    let place = Place::in_bucket(&lot, bucket, |_| {});
    let desk = place.desk();
    // How much more memory a walk takes at its end than after three pages, by when the connection, its buffers and a page are there.
    let mut grown = Vec::new();
    let (mut seen, mut at_first) = (Vec::new(), 0);
    let usage = desk.storage().usage(&mut |progress| {
        seen.push(progress.objects);
        if seen.len() == 3 {
            at_first = resident();
        }
        ControlFlow::Continue(())
    });
    let usage = usage.unwrap();
    grown.push(resident().saturating_sub(at_first));
    assert_eq!((usage.objects, usage.photos, usage.largest.len()), (keys as u64, keys as u64, 10));
    assert!(usage.largest.iter().all(|object| object.bytes == 1_006), "{usage:?}");
    assert_eq!((pages.load(Ordering::Relaxed), seen.len()), (keys.div_ceil(1_000), keys.div_ceil(1_000)));
    let stopped = desk.storage().usage(&mut |_| ControlFlow::Break(())).unwrap();
    assert_eq!(stopped.objects, 1_000);
    lot.pass(TimeDelta::days(200));
    let mut looked_at = 0;
    let orphans = desk.storage().orphans(&mut |_progress| {
        looked_at += 1;
        if looked_at == 3 {
            at_first = resident();
        }
        ControlFlow::Continue(())
    });
    let orphans = orphans.unwrap();
    grown.push(resident().saturating_sub(at_first));
    assert_eq!((orphans.objects >= keys as u64, orphans.first.len()), (true, 100));
    let peak = peak();
    println!("{keys} objects: at most {} MiB; the walks took {grown:?} KiB after their third pages", peak / 1024);
    assert!(peak <= MOST_MEMORY, "{peak} KiB");
    // Of fewer objects, their share of what a million may take.
    let share = (MOST_MEMORY * keys as u64).div_ceil(1_000_000);
    assert!(grown.iter().all(|more| *more <= share), "{grown:?} KiB, and {share} may be");
}
