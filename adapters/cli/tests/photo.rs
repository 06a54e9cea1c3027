//! `jpauto photo` and `jpauto storage`, on a folder.

use std::fs;

use serde_json::{Value, json};

use crate::support::{CAMRY, Lot};

/// A grey PNG of 100 by 80 pixels, written without a library: deflate's stored blocks need no compression.
pub(crate) fn png() -> Vec<u8> {
    let row = [vec![0], vec![128; 100]].concat();
    let data = row.repeat(80);
    let length = u16::try_from(data.len()).unwrap();
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in &data {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let stored = [
        &[0x78, 0x01, 0x01][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        &data,
        &(high << 16 | low).to_be_bytes(),
    ]
    .concat();
    let head = [&100_u32.to_be_bytes()[..], &80_u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let content = [kind, data].concat();
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], &content, &crc(&content).to_be_bytes()].concat()
    };
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &head), &chunk(b"IDAT", &stored), &chunk(b"IEND", b"")].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

fn configured() -> Lot {
    let lot = Lot::new();
    let settings =
        "[storage]\nfolder = \"photos\"\npublic_url = \"https://motors.example/api/storage\"\nlimit_bytes = \"2 kB\"\n";
    lot.write("jpauto.toml", settings);
    lot
}

fn ids(photos: &[Value]) -> Vec<String> {
    photos.iter().map(|photo| photo["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_that_is_no_photo_keeps_none_of_the_others_out() {
    let lot = configured();
    lot.add_camry();
    lot.write("front.png", png());
    lot.write("side.png", png());
    lot.write("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let files = ["front.png", "phone.heic", "missing.png", "side.png"];
    let added = lot.run(["photo", "add", CAMRY].into_iter().chain(files).chain(["--config", "jpauto.toml"]));
    assert_eq!(added.code, 2, "{added:?}");
    let said = &added.stderr;
    assert!(
        said.starts_with("error[invalid_photo]: 2 of 4 files were added, and these were not: phone.heic: "),
        "{said}"
    );
    assert!(said.contains("HEIC") && said.contains("; cannot read missing.png: "), "{said}");
    assert_eq!(lot.items(["photo", "list", CAMRY, "--config", "jpauto.toml"]).len(), 2);
    let none = lot.run(["photo", "add", CAMRY, "phone.heic", "missing.png", "--config", "jpauto.toml"]);
    assert!(none.stderr.contains("0 of 2 files were added") && none.stdout.is_empty(), "{none:?}");
    let twice = lot.run(["photo", "add", CAMRY, "phone.heic", "phone.heic", "--config", "jpauto.toml"]);
    assert!(twice.stderr.contains("these were not: phone.heic, phone.heic: "), "{twice:?}");
    assert_eq!(twice.stderr.matches("HEIC").count(), none.stderr.matches("HEIC").count(), "said once: {twice:?}");
    let one = lot.run(["photo", "add", CAMRY, "phone.heic", "--config", "jpauto.toml", "--format", "json"]);
    let told: Value = serde_json::from_str(&one.stderr).unwrap();
    assert!(told["error"]["fields"][0]["message"].is_string(), "{one:?}");
    let folder = lot.run(["photo", "add", CAMRY, "photos", "--config", "jpauto.toml"]);
    assert!(folder.stderr.ends_with("photos is a folder: name a file\n"), "{folder:?}");
}

#[test]
fn photos_are_added_ordered_chosen_and_removed() {
    let lot = configured();
    lot.add_camry();
    lot.write("front.png", png());
    lot.write("side.png", png());
    lot.write("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let config = "jpauto.toml";
    let added = lot.items(["photo", "add", CAMRY, "front.png", "side.png", "--config", config]);
    let photos = ids(&added);
    assert_eq!((photos.len(), &added[0]["is_thumbnail"]), (2, &json!(true)));
    let ordered = lot.items(["photo", "order", CAMRY, &photos[1], &photos[0], "--config", config]);
    assert_eq!(ids(&ordered), [photos[1].clone(), photos[0].clone()]);
    let chosen = lot.items(["photo", "thumbnail", CAMRY, &photos[1], "--config", config]);
    assert_eq!(chosen[0]["is_thumbnail"], true);
    assert_eq!(lot.json(["vehicle", "show", CAMRY])["thumbnail"], chosen[0]["small_url"]);
    let refused = lot.run(["photo", "add", CAMRY, "phone.heic", "--config", config]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.starts_with("error[invalid_photo]: ") && refused.stderr.contains("HEIC"), "{refused:?}");
    assert!(refused.stderr.contains("phone.heic"), "{refused:?}");
    let usage = lot.json(["storage", "usage", "--config", config]);
    assert_eq!((&usage["objects"], &usage["photos"]), (&json!(4), &json!(4)));
    let checked = lot.run(["storage", "check", "--config", config]);
    assert!(checked.code == 0 && checked.stderr.contains("critical: "), "{checked:?}");
    let alerts = lot.items(["alert", "list", "--type", "storage_limit"]);
    assert_eq!((alerts.len(), &alerts[0]["severity"]), (1, &json!("critical")));
    let table = lot.run(["photo", "list", CAMRY, "--config", config]).stdout;
    assert!(table.contains(&photos[0]) && table.contains("main"), "{table}");
    let left = lot.items(["photo", "remove", CAMRY, &photos[0], "--config", config]);
    assert_eq!(ids(&left), [photos[1].clone()]);
    lot.run(["photo", "remove", CAMRY, &photos[0], "--config", config]).fails(3, "error[photo_not_found]: ");
    let signed = lot.json(["photo", "sign", CAMRY, "--type", "image/jpeg", "--length", "77", "--config", config]);
    assert!(signed["url"].as_str().unwrap().starts_with("https://motors.example/api/storage/incoming/inventory/"));
    let key = signed["key"].as_str().unwrap();
    lot.run(["photo", "attach", CAMRY, key, "--config", config]).fails(3, "error[upload_not_found]: ");
    assert_eq!(lot.json(["storage", "orphans", "--config", config])["objects"], 0, "none is a day old");
    assert!(fs::metadata(lot.path("photos/signing.key")).is_ok());
}

#[test]
fn what_is_not_configured_or_wrong_is_named() {
    let lot = Lot::new();
    lot.add_camry();
    lot.run(["storage", "usage"])
        .fails(3, "error[not_configured]: there is no place for photos: configure storage.folder");
    lot.write("both.toml", "[storage]\nfolder = \"photos\"\nbucket = \"photos\"\n");
    let refused = lot.run(["storage", "usage", "--config", "both.toml"]);
    refused
        .fails(2, "error[invalid_configuration]: both.toml:2: storage.folder: expected a folder or a bucket, not both");
    lot.write("half.toml", "[storage]\nendpoint = \"https://r2.example\"\npublic_url = \"https://photos.example\"\n");
    let refused = lot.run(["storage", "usage", "--config", "half.toml"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.stderr.starts_with("error[invalid_storage_config]: ") && refused.stderr.contains("bucket"),
        "{refused:?}"
    );
}
