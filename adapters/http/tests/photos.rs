//! Photos: signed, uploaded into the folder, attached, shown, ordered and removed, by staff and by a customer.

use std::{
    io::{Cursor, Write as _},
    time::{Duration, Instant},
};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jpauto::{Config, Dealership, Role, storage::StorageConfig};
use serde_json::{Value, json};

use crate::support::{Answer, Lot, corolla};

/// What stands before the path of an address: `http://lot` is this server.
pub const PUBLIC_URL: &str = "http://lot/api/storage";

fn open() -> Lot {
    open_in(tempfile::tempdir().unwrap())
}

fn open_in(folder: tempfile::TempDir) -> Lot {
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    config.storage = Some(StorageConfig::folder(folder.path().join("photos"), PUBLIC_URL));
    Lot::serve(Dealership::with_config(config).unwrap(), folder, |_config| {})
}

pub fn jpeg() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(500, 300, |x, y| Rgb([9, (x % 256) as u8, (y % 256) as u8]));
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// The path and query of an address of this server.
fn target(address: &Value) -> String {
    address.as_str().unwrap().strip_prefix("http://lot").unwrap().to_owned()
}

/// A call of an operation, and what it answered.
pub struct Call {
    pub operation: &'static str,
    pub answer: Answer,
}

/// Every operation on photos, called once by an administrator with this cookie or by a customer.
pub fn calls(lot: &Lot, cookie: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let json = [("cookie", cookie), ("content-type", "application/json")];
    let vehicle = lot.staff().inventory().add(&corolla(90)).unwrap().id;
    let offer = json!({"year": 2019, "make": "Kia", "model": "Rio"});
    let receipt = lot.post("/api/submissions", &offer).json();
    let (submission, token) = (receipt["id"].as_str().unwrap(), receipt["photos"]["token"].as_str().unwrap());
    let customer = [("photo-token", token), ("content-type", "application/json")];
    let (of_vehicle, of_submission) =
        (format!("/api/inventory/{vehicle}/photos"), format!("/api/submissions/{submission}/photos"));
    let of_customer = format!("/api/storage/submissions/{submission}");
    for (uploads, photos, headers, operations) in [
        (
            format!("{of_vehicle}/uploads"),
            of_vehicle.clone(),
            json,
            ["inventory_sign_for_vehicle", "inventory_attach_to_vehicle"],
        ),
        (
            format!("{of_submission}/uploads"),
            of_submission.clone(),
            json,
            ["submissions_sign_for_submission", "submissions_attach_to_submission"],
        ),
        (
            format!("{of_customer}/uploads"),
            format!("{of_customer}/photos"),
            customer,
            ["storage_sign_for_customer", "storage_attach_of_customer"],
        ),
    ] {
        let announced = json!({"content_type": "image/jpeg", "content_length": jpeg().len()}).to_string();
        let signed = lot.ask("POST", &uploads, &headers, announced.as_bytes());
        let upload = signed.json();
        calls.push(Call { operation: operations[0], answer: signed });
        let received = lot.ask("PUT", &target(&upload["url"]), &[("content-type", "image/jpeg")], &jpeg());
        calls.push(Call { operation: "storage_receive", answer: received });
        let arrived = json!({"key": upload["key"]}).to_string();
        let answer = lot.ask("POST", &photos, &headers, arrived.as_bytes());
        calls.push(Call { operation: operations[1], answer });
    }
    let list = lot.ask("GET", &of_vehicle, &json, b"");
    let id = list.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let address = target(&list.json()["items"][0]["url"]);
    let sent = lot.ask("GET", &of_submission, &json, b"");
    let ids: Vec<_> = sent.json()["items"].as_array().unwrap().iter().map(|photo| photo["id"].clone()).collect();
    let order = json!({"ids": ids}).to_string();
    let mut call = |operation, method: &str, target: &str, headers: &[(&str, &str)], body: &str| {
        calls.push(Call { operation, answer: lot.ask(method, target, headers, body.as_bytes()) });
    };
    call("inventory_list_of_vehicle", "GET", &of_vehicle, &json, "");
    call("submissions_list_of_submission", "GET", &of_submission, &json, "");
    call("storage_list_of_customer", "GET", &format!("{of_customer}/photos"), &customer, "");
    call("submissions_order_of_submission", "POST", &format!("{of_submission}/order"), &json, &order);
    call(
        "inventory_order_of_vehicle",
        "POST",
        &format!("{of_vehicle}/order"),
        &json,
        &json!({"ids": [id]}).to_string(),
    );
    call(
        "inventory_choose_thumbnail",
        "POST",
        &format!("{of_vehicle}/thumbnail"),
        &json,
        &json!({"id": id}).to_string(),
    );
    call("storage_show", "GET", &address, &[], "");
    call("storage_usage", "GET", "/api/storage/usage", &json, "");
    call("storage_orphans", "GET", "/api/storage/orphans", &json, "");
    call("storage_remove_orphans", "DELETE", "/api/storage/orphans", &json, "");
    let first = ids[0].as_str().unwrap();
    call("storage_remove_of_customer", "DELETE", &format!("{of_customer}/photos/{first}"), &customer, "");
    let second = ids[1].as_str().unwrap();
    call("submissions_remove_from_submission", "DELETE", &format!("{of_submission}/{second}"), &json, "");
    call("inventory_remove_from_vehicle", "DELETE", &format!("{of_vehicle}/{id}"), &json, "");
    let gone = lot.get(&address);
    assert_eq!((gone.status, gone.problem().as_str()), (404, "photo_not_found"), "it is gone");
    calls
}

#[test]
fn a_photo_is_shown_to_everybody_and_an_upload_to_nobody() {
    let lot = open();
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap().id;
    let photo = lot.staff().storage().add(vehicle, &jpeg()).unwrap();
    let shown = lot.get(&target(&json!(photo.url)));
    assert_eq!((shown.status, shown.header("content-type")), (200, Some("image/jpeg")));
    assert_eq!(shown.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    let again = lot.ask("GET", &target(&json!(photo.url)), &[("if-none-match", shown.header("etag").unwrap())], b"");
    assert_eq!(again.status, 304);
    let listed = lot.get(&format!("/api/inventory/{vehicle}")).json();
    assert_eq!((&listed["images"], &listed["thumbnail"]), (&json!([photo.url]), &json!(photo.small_url)));
    for hidden in [
        "/api/storage/photos/ab/signing.key",
        "/api/storage/photos/..%2f..%2flot.db/x.jpg",
        "/api/storage/photos/../signing.key",
        "/api/storage/photos/%2e%2e/signing.key",
    ] {
        assert_eq!(lot.get(hidden).status, 404, "{hidden}");
    }
}

#[test]
fn a_photo_of_a_rejected_submission_is_shown_to_staff_alone_and_whole() {
    let lot = open();
    let offer = json!({"year": 2019, "make": "Kia", "model": "Rio"});
    let receipt = lot.post("/api/submissions", &offer).json();
    let submission: jpauto::SubmissionId = receipt["id"].as_str().unwrap().parse().unwrap();
    let photo = lot.staff().storage().add(submission, &noise()).unwrap();
    let address = target(&json!(photo.url));
    let shown = lot.get(&address);
    assert_eq!(shown.header("cache-control"), Some("public, max-age=3600"));
    lot.staff().submissions().reject(submission, "too old").unwrap();
    let tag = [("if-none-match", shown.header("etag").unwrap())];
    assert_eq!(lot.ask("GET", &address, &tag, b"").problem(), "photo_not_found");
    assert_eq!(lot.ask("GET", &address, &[("authorization", "Bearer jpa_none")], b"").status, 401);
    let to_staff = lot.ask_as(Role::Viewer, "GET", &address, &[], &json!(null));
    assert_eq!((to_staff.status, to_staff.header("cache-control")), (200, Some("no-store")));
    assert!(shown.body.len() > 3 * (64 << 10) && to_staff.body == shown.body, "{} bytes", to_staff.body.len());
}

/// A picture of some 200 KB, as a JPEG.
fn noise() -> Vec<u8> {
    let mut noise = 1_u32;
    let picture = RgbImage::from_fn(900, 700, |_, _| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([(noise >> 24) as u8, (noise >> 16) as u8, (noise >> 8) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

#[test]
fn a_large_photo_is_shown_whole_piece_by_piece() {
    let lot = open();
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap().id;
    let photo = lot.staff().storage().add(vehicle, &noise()).unwrap();
    let address = target(&json!(photo.url));
    let shown = lot.get(&address);
    assert!(shown.body.len() > 3 * (64 << 10), "{} bytes", shown.body.len());
    assert_eq!(shown.header("content-length").unwrap(), shown.body.len().to_string());
    assert_eq!(image::load_from_memory(&shown.body).unwrap().width(), 900);
    let head = lot.ask("HEAD", &address, &[], b"");
    assert_eq!((head.header("content-length"), head.body.len()), (shown.header("content-length"), 0));
}

#[test]
fn slow_uploads_of_a_visitor_keep_no_staff_out() {
    let lot = open();
    let receipt = lot.post("/api/submissions", &json!({"year": 2019, "make": "Kia", "model": "Rio"})).json();
    let uploads = format!("/api/storage/submissions/{}/uploads", receipt["id"].as_str().unwrap());
    let customer =
        [("photo-token", receipt["photos"]["token"].as_str().unwrap()), ("content-type", "application/json")];
    let announced = json!({"content_type": "image/jpeg", "content_length": 1_000}).to_string();
    let slow: Vec<_> = (0..10)
        .map(|_| {
            let address = target(&lot.ask("POST", &uploads, &customer, announced.as_bytes()).json()["url"]);
            let mut stream = lot.connect();
            let head = format!(
                "PUT {address} HTTP/1.1\r\nhost: lot\r\ncontent-type: image/jpeg\r\ncontent-length: 1000\r\n\r\nx"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    let began = Instant::now();
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap().id;
    let manager = lot.authorization(Role::Manager);
    let announced = json!({"content_type": "image/jpeg", "content_length": jpeg().len()});
    let upload = lot.call(&manager, "POST", &format!("/api/inventory/{vehicle}/photos/uploads"), &announced).json();
    let received = lot.ask("PUT", &target(&upload["url"]), &[("content-type", "image/jpeg")], &jpeg());
    assert_eq!(received.status, 204);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(slow);
}

#[test]
fn an_upload_that_stops_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    config.storage = Some(StorageConfig::folder(folder.path().join("photos"), PUBLIC_URL));
    let lot = Lot::serve(Dealership::with_config(config).unwrap(), folder, |config| {
        config.body.read_timeout = Duration::from_millis(300);
    });
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap().id;
    let manager = lot.authorization(Role::Manager);
    let announced = json!({"content_type": "image/jpeg", "content_length": 1_000});
    let upload = lot.call(&manager, "POST", &format!("/api/inventory/{vehicle}/photos/uploads"), &announced).json();
    let mut stream = lot.connect();
    let head = format!(
        "PUT {} HTTP/1.1\r\nhost: lot\r\ncontent-type: image/jpeg\r\ncontent-length: 1000\r\n\r\n{}",
        target(&upload["url"]),
        "x".repeat(500)
    );
    let began = Instant::now();
    stream.write_all(head.as_bytes()).unwrap();
    let answer = Answer::read(&mut stream);
    assert_eq!((answer.status, answer.problem().as_str()), (408, "body_too_slow"));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn an_upload_is_read_only_as_far_as_it_was_announced() {
    let lot = open();
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap().id;
    let bytes = jpeg();
    let announced = json!({"content_type": "image/jpeg", "content_length": bytes.len()});
    let manager = lot.authorization(Role::Manager);
    let upload = lot.call(&manager, "POST", &format!("/api/inventory/{vehicle}/photos/uploads"), &announced).json();
    let address = target(&upload["url"]);
    let put = |address: &str, content_type: &str, bytes: &[u8]| {
        let answer = lot.ask("PUT", address, &[("content-type", content_type)], bytes);
        (answer.status, answer.problem())
    };
    let refused = (403, "upload_refused".to_owned());
    assert_eq!(put(&address, "text/html", &bytes), refused);
    assert_eq!(put(&address.replace("length=", "length=1"), "image/jpeg", &bytes), refused);
    assert_eq!(put(&address, "image/jpeg", &bytes[..99]), refused);
    assert_eq!(put(&address, "image/jpeg", &[bytes.as_slice(), b"more"].concat()), (413, "body_too_large".to_owned()));
    assert_eq!(put(address.split('?').next().unwrap(), "image/jpeg", &bytes), refused);
    assert_eq!(lot.ask("PUT", &address, &[("content-type", "image/jpeg")], &bytes).status, 204);
    assert_eq!(lot.get(address.split('?').next().unwrap()).status, 405, "an upload is not shown");
    let key = &upload["key"];
    let attached = lot.call(&manager, "POST", &format!("/api/inventory/{vehicle}/photos"), &json!({"key": key}));
    assert_eq!((attached.status, attached.json()["is_thumbnail"].as_bool()), (200, Some(true)));
    let heic = json!({"content_type": "image/heic", "content_length": 5});
    let refusal = lot.call(&manager, "POST", &format!("/api/inventory/{vehicle}/photos/uploads"), &heic);
    assert_eq!((refusal.status, refusal.problem().as_str()), (422, "invalid_upload"));
    assert!(refusal.json()["errors"][0]["message"].as_str().unwrap().contains("Most Compatible"));
}

#[test]
fn a_customer_sees_photos_of_the_own_submission_alone() {
    let lot = open();
    let submit = || lot.post("/api/submissions", &json!({"year": 2019, "make": "Kia", "model": "Rio"})).json();
    let (own, others) = (submit(), submit());
    let token = own["photos"]["token"].as_str().unwrap();
    let list = |submission: &Value, token: &str| {
        let path = format!("/api/storage/submissions/{}/photos", submission["id"].as_str().unwrap());
        lot.ask("GET", &path, &[("photo-token", token)], b"")
    };
    assert_eq!(list(&own, token).json(), json!({"items": []}));
    for (submission, token) in [(&others, token), (&own, ""), (&own, "1.2"), (&own, &token[1..])] {
        let answer = list(submission, token);
        assert_eq!((answer.status, answer.problem().as_str()), (403, "photo_token_refused"), "{token}");
    }
}

#[test]
fn the_routes_are_for_those_who_may() {
    let lot = open();
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap().id;
    let photos = format!("/api/inventory/{vehicle}/photos");
    let (uploads, order, thumbnail) =
        (format!("{photos}/uploads"), format!("{photos}/order"), format!("{photos}/thumbnail"));
    let announced = json!({"content_type": "image/jpeg", "content_length": 5});
    lot.opens_to(&[
        (Role::Viewer, "GET", &photos, Value::Null),
        (Role::Manager, "POST", &uploads, announced),
        (Role::Manager, "POST", &photos, json!({"key": "x"})),
        (Role::Manager, "POST", &order, json!({"ids": []})),
        (Role::Manager, "POST", &thumbnail, json!({"id": "x"})),
        (Role::Manager, "DELETE", &format!("{photos}/x"), Value::Null),
        (Role::Viewer, "GET", "/api/storage/usage", Value::Null),
        (Role::Admin, "GET", "/api/storage/orphans", Value::Null),
        (Role::Admin, "DELETE", "/api/storage/orphans", Value::Null),
    ]);
}

#[test]
fn orphans_are_found_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let objects_of = folder.path().join("photos").join("photos").join("00");
    let lot = open_in(folder);
    let admin = lot.authorization(Role::Admin);
    let orphans = |method: &str| lot.call(&admin, method, "/api/storage/orphans", &Value::Null);
    let objects = |method: &str| {
        let answer = orphans(method);
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.json()["objects"].clone(), answer.json()["dry_run"].clone())
    };
    assert_eq!(objects("GET"), (json!(0), json!(true)));
    // What an upload leaves whose program ended before a row named it.
    std::fs::create_dir_all(&objects_of).unwrap();
    let orphan = objects_of.join(format!("{:030x}.jpg", 7));
    std::fs::write(&orphan, jpeg()).unwrap();
    let old = std::time::SystemTime::now() - Duration::from_secs(3 * 86_400);
    std::fs::File::options().write(true).open(&orphan).unwrap().set_modified(old).unwrap();
    assert_eq!(objects("GET"), (json!(1), json!(true)));
    assert_eq!(objects("DELETE"), (json!(1), json!(false)));
    assert!(!orphan.exists());
    assert_eq!(objects("DELETE"), (json!(0), json!(false)));
}
