//! Bodies of both versions, read without a network.

use super::*;

#[test]
fn new_cars_are_no_comparables() {
    let mut new = item(1);
    new["retailListing"]["used"] = json!(false);
    let mut unsaid = item(2);
    unsaid["retailListing"].as_object_mut().unwrap().remove("used");
    let page = read(AutoDevVersion::V2, &json!({"data": [new, unsaid, item(3)]}));
    assert_eq!((page.rows, page.comparables.len()), (3, 2));
    let all_new = read(AutoDevVersion::V2, &json!({"data": [new, new, new, new]}));
    assert_eq!((all_new.rows, all_new.comparables.len()), (4, 0), "that is a page all the same");
    let record = |condition: &str| json!({"vin": "4T1B11HK000000001", "year": 2021, "make": "Toyota", "model": "Camry", "condition": condition});
    let page = read(AutoDevVersion::V1, &json!({"records": [record("New"), record("used")]}));
    assert_eq!((page.rows, page.comparables.len()), (2, 1));
}

/// The listing of version 2 with another value somewhere.
fn with(pointer: &str, value: Value) -> Option<Comparable> {
    let mut row = item(1);
    *row.pointer_mut(pointer).unwrap() = value;
    read_one(row)
}

#[test]
fn prices_and_mileages_are_read_only_where_they_are_some() {
    let dollars = |amount| Some(Money::from_dollars(amount));
    for (price, expected) in [
        (json!(0), None),
        (json!(null), None),
        (json!(-5), None),
        (json!("$21,500"), dollars(21_500)),
        (json!("Call"), None),
        (json!(21_500.5), Some(Money::from_cents(2_150_050))),
        (json!(1e300), None),
        (json!([21_500]), None),
    ] {
        assert_eq!(with("/retailListing/price", price.clone()).unwrap().price, expected, "{price}");
    }
    for (miles, expected) in
        [(json!(null), None), (json!("32,227 Miles"), Some(32_227)), (json!(-1), None), (json!(1e12), None)]
    {
        assert_eq!(with("/retailListing/miles", miles.clone()).unwrap().mileage, expected, "{miles}");
    }
    let unpriced = with("/retailListing", json!(null)).unwrap();
    assert_eq!((unpriced.price, unpriced.mileage, unpriced.dealer), (None, None, None));
}

#[test]
fn the_vin_stands_at_the_top_within_the_vehicle_or_nowhere() {
    let mut row = item(1);
    row.as_object_mut().unwrap().remove("vin");
    assert_eq!(read_one(row.clone()).unwrap().vin, None);
    row["vehicle"]["vin"] = json!("4T1B11HK000000777");
    assert_eq!(read_one(row.clone()).unwrap().vin.as_deref(), Some("4T1B11HK000000777"));
    row.as_object_mut().unwrap().insert("vin".into(), json!(null));
    assert_eq!(read_one(row).unwrap().vin.as_deref(), Some("4T1B11HK000000777"));
}

#[test]
fn years_may_be_texts_and_places_none() {
    assert_eq!(with("/vehicle/year", json!("2021")).unwrap().year, 2021);
    for year in [json!(null), json!(0), json!("soon"), json!(99_999)] {
        assert_eq!(with("/vehicle/year", year), None);
    }
    for place in [json!(null), json!([]), json!([1]), json!(["a", "b"]), json!([0, 0]), json!([500, 500]), json!({})] {
        assert_eq!(with("/location", place).unwrap().distance_miles, None);
    }
}

#[test]
fn a_title_is_branded_where_the_listing_says_so() {
    // Accidents are no brand.
    assert!(!with("/vehicle/year", json!(2021)).unwrap().branded);
    let mut row = item(1);
    row["history"] = json!({"accidents": true, "accidentCount": 3});
    assert!(!read_one(row.clone()).unwrap().branded);
    row["vehicle"]["trim"] = json!("LE (rebuilt title)");
    assert!(read_one(row).unwrap().branded);
    let mut row = item(1);
    row["retailListing"]["vdp"] = json!("https://dealer.example/used/camry-salvage-title");
    assert!(read_one(row).unwrap().branded);
}

#[test]
fn only_an_address_is_one_and_without_it_the_listing_at_auto_dev_is() {
    let own = "https://api.auto.dev/listings/4T1B11HK000000001";
    for (vdp, expected) in [
        (json!("https://dealer.example/car/1"), "https://dealer.example/car/1"),
        (json!("/car/1"), own),
        (json!("#vdp"), own),
        (json!("javascript:alert(1)"), own),
        (json!(7), own),
    ] {
        let mut row = item(1);
        row["retailListing"]["vdp"] = vdp;
        assert_eq!(read_one(row).unwrap().url.as_deref(), Some(expected));
    }
}

#[test]
fn times_are_read_with_and_without_a_zone() {
    for (created, expected) in [
        ("2026-03-08 00:10:31", "2026-03-08T00:10:31Z"),
        ("2026-03-08T00:10:31.5Z", "2026-03-08T00:10:31.5Z"),
        ("2026-03-08T02:10:31+02:00", "2026-03-08T00:10:31Z"),
        ("2026-03-08", "2026-03-08T00:00:00Z"),
        ("soon", "2026-03-20T12:00:00Z"),
        ("2031-01-01 00:00:00", "2026-03-20T12:00:00Z"),
    ] {
        let read = with("/createdAt", json!(created)).unwrap();
        assert_eq!(read.first_seen_at, expected.parse::<DateTime<Utc>>().unwrap(), "{created}");
    }
}

#[test]
fn what_is_off_the_market_or_no_listing_is_left_out() {
    assert_eq!(with("/online", json!(false)), None, "it is off the market");
    for row in [json!(null), json!(7), json!("car"), json!([]), json!({})] {
        assert_eq!(read_one(row), None);
    }
}

#[test]
fn rows_may_be_flat_and_one_listing_may_stand_alone() {
    let flat = json!({
        "vehicle.vin": "4T1B11HK000000001", "vehicle.year": 2021, "vehicle.make": "Toyota", "vehicle.model": "Camry",
        "retailListing.price": 21_001, "retailListing.miles": 30_000,
    });
    let flat = read_one(flat).unwrap();
    assert_eq!(
        (flat.vin.as_deref(), flat.price, flat.mileage),
        (Some("4T1B11HK000000001"), Some(Money::from_dollars(21_001)), Some(30_000))
    );
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": item(1)})).comparables.len(), 1);
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": null})).comparables.len(), 0);
}

#[test]
fn links_are_read_for_the_page_or_the_cursor_alone() {
    let next = |link: Value| read(AutoDevVersion::V2, &json!({"data": [], "links": {"next": link}})).next;
    for (link, expected) in [
        (json!("/listings?page=2"), Some(Next::Page("2".into()))),
        (json!("https://api.auto.dev/listings?limit=20&page=3#x"), Some(Next::Page("3".into()))),
        (json!("https://api.auto.dev/listings?page=50&cursor=ab%3D"), Some(Next::Cursor("ab=".into()))),
        (json!("/listings"), None),
        (json!("/listings?page="), None),
        (json!(null), None),
        (json!(2), None),
    ] {
        assert_eq!(next(link.clone()), expected, "{link}");
    }
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": []})).next, None);
}

#[test]
fn version_1_is_read_too() {
    let record = json!({
        "id": 77, "vin": "4T1B11HK000000001", "year": "2021", "make": "Toyota", "model": "Camry", "trim": "SE",
        "price": "$28,500", "mileage": "32,227 Miles", "lat": 34.0522, "lon": -118.2437, "dealerName": "Example",
        "distanceFromOrigin": 12.5, "clickoffUrl": null, "vdpUrl": "https://dealer.example/1", "active": true,
        "createdAt": "2026-03-08T00:10:31Z", "condition": "used",
    });
    let page = read(AutoDevVersion::V1, &json!({"totalCount": 41, "records": vec![record.clone(); 20]}));
    let one = &page.comparables[0];
    assert_eq!((one.price, one.mileage, one.year), (Some(Money::from_dollars(28_500)), Some(32_227), 2021));
    assert_eq!((one.external_id.as_deref(), one.url.as_deref()), (Some("77"), Some("https://dealer.example/1")));
    assert_eq!((one.distance_miles, one.branded), (Some(12.5), false));
    assert_eq!(page.next, Some(Next::Page("2".into())));
    assert_eq!(read(AutoDevVersion::V1, &json!({"totalCount": 20, "records": vec![record.clone(); 20]})).next, None);
    assert_eq!(read(AutoDevVersion::V1, &json!({"records": [&record]})).next, None);
    let mut salvage = record.clone();
    salvage["condition"] = json!("Salvage");
    let mut gone = record;
    gone["active"] = json!(false);
    let page = read(AutoDevVersion::V1, &json!({"records": [salvage, gone]}));
    assert!(page.comparables.len() == 1 && page.comparables[0].branded);

    let server = answering(vec![json_reply(200, &json!({"totalCount": 0, "records": []}))]);
    let mut config = config(&server);
    (config.version, config.zip) = (AutoDevVersion::V1, Some("90012".into()));
    search(&client(config).0).unwrap();
    assert_eq!(
        server.seen()[0].path,
        format!(
            "/listings?make=Toyota&model=Camry&year_min=2020&year_max=2022&mileage_max=60000&price_min=1000\
             &price_max=500000&zip=90012&radius=250&apikey={KEY_IN_A_QUERY}"
        )
    );
}

#[test]
fn a_page_of_rows_that_all_lack_what_compares_them_is_no_empty_one() {
    let mut rows = vec![item(1), item(2), item(3)];
    for row in &mut rows {
        let year = row["vehicle"].as_object_mut().unwrap().remove("year").unwrap();
        row["vehicle"]["modelYear"] = year;
    }
    let reading = Reading { version: AutoDevVersion::V2, now: now(), place: None, hide: &str::to_owned };
    let told = reading.page(json!({"data": rows}).to_string().as_bytes(), 1);
    assert!(matches!(&told, Err(Unreadable::Shape(message)) if message.contains("year, make and model")), "{told:?}");
    let sold = rows
        .iter()
        .map(|row| {
            let mut row = row.clone();
            row["online"] = json!(false);
            row
        })
        .collect::<Vec<_>>();
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": sold})).comparables, []);
    rows[0] = item(1);
    assert_eq!(read(AutoDevVersion::V2, &json!({"data": rows})).comparables.len(), 1);
}

/// Bodies that auto.dev really sent or published, where they are at hand: they are not part of the project.
#[test]
fn the_sample_bodies_are_read() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/samples");
    let folder = std::env::var("JPAUTO_SAMPLES").unwrap_or_else(|_not_set| beside.to_owned());
    let folder = Path::new(&folder).join("autodev");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no sample bodies at {}; JPAUTO_SAMPLES says where they are", folder.display());
        return;
    };
    let (mut pages, mut refusals) = (0, std::collections::BTreeSet::new());
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        if name.contains("_error_") {
            let status = body.pointer("/status").or_else(|| body.pointer("/error/status")).unwrap().as_u64().unwrap();
            let refusal = Refusal::read(u16::try_from(status).unwrap(), &bytes, &str::to_owned);
            assert!(refusal.word.is_some() && refusal.message.is_some() && refusal.request_id.is_some(), "{name}");
            refusals.insert(refusal.into_error().code());
            let reading = Reading { version: AutoDevVersion::V2, now: now(), place: None, hide: &str::to_owned };
            assert!(matches!(reading.page(&bytes, 1), Err(Unreadable::Refusal(_))), "{name}");
        } else if name.contains("listing") && !name.starts_with("v1") {
            let data = if body.get("data").is_some() { body } else { json!({"data": [body]}) };
            let page = read(AutoDevVersion::V2, &data);
            let rows = match &data["data"] {
                Value::Array(rows) => rows.clone(),
                one => vec![one.clone()],
            };
            let new = rows.iter().filter(|row| row.pointer("/retailListing/used") == Some(&json!(false))).count();
            assert!(page.rows > 0 && page.comparables.len() == page.rows - new, "{name}: {page:?}");
            assert!(page.comparables.iter().all(|one| one.vin.is_some() && one.year > 2000), "{name}");
            pages += 1;
        } else if name.contains("select_flat") {
            let page = read(AutoDevVersion::V2, &body);
            assert_eq!(page.rows, 1, "{name}: a row without a model can be compared with nothing");
            pages += 1;
        } else if name.starts_with("v1_listings") {
            let page = read(AutoDevVersion::V1, &body);
            assert!(page.rows > 0, "{name}");
            pages += 1;
        } else {
            // What other calls of the service answer; the client makes none of them.
            assert!(name.contains("_vin_") || name.contains("photos"), "{name} is read by nothing here");
        }
    }
    assert!(pages >= 5, "only {pages} pages of listings were found");
    let expected =
        ["auto_dev_invalid_parameter", "auto_dev_invalid_vin", "auto_dev_not_found", "auto_dev_vin_not_found"];
    assert_eq!(refusals.into_iter().collect::<Vec<_>>(), expected);
}
