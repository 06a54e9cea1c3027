//! `GET /api/inventory` and `GET /api/inventory/{id}`.

use std::io::Read as _;

use jpauto::{NewVehicle, VehicleStatus};

use crate::support::{Answer, Lot, corolla};

fn vins(answer: &Answer) -> Vec<String> {
    let page = answer.json();
    page["items"].as_array().unwrap().iter().map(|item| item["vin"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_list_is_paged_through_its_links_to_the_end() {
    let lot = Lot::open();
    for number in 0..7 {
        lot.staff().inventory().add(&corolla(number)).unwrap();
    }
    let mut seen = Vec::new();
    let mut target = "/api/inventory?sort=price&limit=3&make=toyota".to_owned();
    for page in 0.. {
        let answer = lot.get(&target);
        assert_eq!(answer.status, 200);
        seen.extend(vins(&answer));
        let next = answer.json()["next"].as_str().map(str::to_owned);
        match answer.header("link") {
            Some(link) => {
                target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
                assert!(target.contains("make=toyota") && target.ends_with(&next.unwrap()), "{target}");
            }
            None => {
                assert_eq!((page, next), (2, None));
                break;
            }
        }
    }
    let expected: Vec<_> = (0..7).map(|number| corolla(number).vin).collect();
    assert_eq!(seen, expected);
}

#[test]
fn filters_narrow_the_list() {
    let lot = Lot::open();
    let inventory_of = |vehicle: &NewVehicle| lot.staff().inventory().add(vehicle).unwrap().id;
    let first = inventory_of(&corolla(0));
    inventory_of(&corolla(1));
    let truck = NewVehicle { make: "Ford".into(), model: "F-150".into(), mileage: 5, ..corolla(2) };
    inventory_of(&truck);
    lot.staff().inventory().set_status(first, VehicleStatus::Pending).unwrap();
    lot.staff().inventory().feature(first).unwrap();
    for (query, expected) in [
        ("", &[0, 1, 2][..]),
        ("make=TOYOTA", &[0, 1]),
        ("make=Toyota&model=f-150", &[]),
        ("year_min=2016&year_max=2016", &[1]),
        ("price_min=10100.00&price_max=10150", &[1]),
        ("mileage_max=5", &[2]),
        ("mileage_min=6&status=available", &[1]),
        ("status=available&status=pending", &[0, 1, 2]),
        ("status=pending", &[0]),
        ("status=sold", &[]),
        ("featured=true", &[0]),
        ("q=ford+150", &[2]),
        ("q=%25", &[]),
        ("make=&q=&year_min=", &[0, 1, 2]),
    ] {
        let answer = lot.get(&format!("/api/inventory?sort=price&{query}"));
        assert_eq!(answer.status, 200, "{query}");
        let expected: Vec<_> = expected.iter().map(|number| corolla(*number).vin).collect();
        assert_eq!(vins(&answer), expected, "{query}");
    }
}

#[test]
fn a_query_that_is_not_understood_is_refused_by_name() {
    let lot = Lot::open();
    for (query, code, pointer) in [
        ("colour=red", "invalid_query", "/colour"),
        ("cost_min=1", "invalid_query", "/cost_min"),
        ("sort=cost", "invalid_query", "/sort"),
        ("status=gone", "invalid_query", "/status"),
        ("year_min=19x9", "invalid_query", "/year_min"),
        ("year_min=99999999999", "invalid_query", "/year_min"),
        ("price_max=cheap", "invalid_query", "/price_max"),
        ("limit=0", "invalid_query", "/limit"),
        ("limit=-1", "invalid_query", "/limit"),
        ("limit=501", "invalid_query", "/limit"),
        ("limit=99999999999", "invalid_query", "/limit"),
        ("make=Ford&make=Kia", "invalid_query", "/make"),
        ("q=%00", "invalid_query", "/q"),
        ("after=nonsense", "invalid_cursor", "/after"),
        ("after=", "invalid_cursor", "/after"),
    ] {
        let answer = lot.get(&format!("/api/inventory?{query}"));
        let status = if code == "invalid_query" { 400 } else { 422 };
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{query}");
        assert_eq!(answer.pointers(), [pointer], "{query}");
    }
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(lot.get(&format!("/api/inventory/{id}?x=1")).pointers(), ["/x"]);
}

#[test]
fn the_public_sees_what_stands_on_the_website_and_no_field_of_staff() {
    let lot = Lot::open();
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap();
    let one = lot.get(&format!("/api/inventory/{}", vehicle.id));
    let mut shape = one.json();
    assert_eq!(shape["id"], vehicle.id.to_string());
    for differs in ["id", "listed_at"] {
        assert!(shape[differs].is_string(), "{shape}");
        shape[differs] = "[differs]".into();
    }
    insta::assert_json_snapshot!(shape, @r#"
    {
      "accidents": null,
      "autocheck_url": null,
      "body_style": null,
      "carfax_url": null,
      "condition": null,
      "description": null,
      "doors": null,
      "drivetrain": null,
      "engine": null,
      "exterior_color": null,
      "featured": false,
      "features": [],
      "fuel_type": null,
      "id": "[differs]",
      "images": [],
      "interior_color": null,
      "listed_at": "[differs]",
      "make": "Toyota",
      "mileage": 50000,
      "model": "Corolla",
      "mpg_city": null,
      "mpg_highway": null,
      "msrp": null,
      "owners": null,
      "price": "10000.00",
      "service_records": null,
      "status": "available",
      "stock_number": "FC000000",
      "thumbnail": null,
      "title_status": null,
      "transmission": null,
      "trim": null,
      "vin": "2T1BURHE0FC000000",
      "warranty": null,
      "year": 2015
    }
    "#);
    let list = lot.get("/api/inventory");
    assert_eq!(list.json()["items"][0], one.json());
    for answer in [&one, &list] {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for secret in ["cost", "4321", "created_by", "updated_by", "source_submission", "created_at", "days_in_stock"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    lot.staff().inventory().set_status(vehicle.id, VehicleStatus::Hold).unwrap();
    let hidden = lot.get(&format!("/api/inventory/{}", vehicle.id));
    assert_eq!((hidden.status, hidden.problem().as_str()), (404, "vehicle_not_found"));
    assert_eq!(lot.get("/api/inventory?status=hold").json()["items"].as_array().unwrap().len(), 0);
}

#[test]
fn an_answer_that_is_known_already_is_not_sent_again() {
    let lot = Lot::open();
    let vehicle = lot.staff().inventory().add(&corolla(0)).unwrap();
    let first = lot.get("/api/inventory");
    let tag = first.header("etag").unwrap();
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    for known in [tag, "*", &format!("\"other\", {tag}"), tag.trim_start_matches("W/")] {
        let answer = lot.ask("GET", "/api/inventory", &[("if-none-match", known)], b"");
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, Some(tag)), "{known}");
    }
    assert_eq!(lot.ask("GET", "/api/inventory", &[("if-none-match", "\"other\"")], b"").status, 200);
    lot.staff().inventory().feature(vehicle.id).unwrap();
    let changed = lot.ask("GET", "/api/inventory", &[("if-none-match", tag)], b"");
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag));
}

#[test]
fn an_answer_is_compressed_for_those_who_ask_and_plain_for_others() {
    let lot = Lot::open();
    lot.staff().inventory().add(&corolla(0)).unwrap();
    let plain = lot.get("/api/inventory");
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")));
    // How long the compressed answer is, nobody knows before it is made.
    for (headers, length) in [(&[][..], plain.header("content-length")), (&[("accept-encoding", "gzip")], None)] {
        let head = lot.ask("HEAD", "/api/inventory", headers, b"");
        assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, length, 0), "{headers:?}");
    }
    // HTTP/1.0, so that the body comes without chunks.
    let mut stream = lot.connect();
    std::io::Write::write_all(&mut stream, b"GET /api/inventory HTTP/1.0\r\naccept-encoding: gzip\r\n\r\n").unwrap();
    let packed = Answer::read(&mut stream);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain.body);
}

#[test]
fn head_tells_the_same_without_the_body() {
    let lot = Lot::open();
    lot.staff().inventory().add(&corolla(0)).unwrap();
    for target in ["/api/inventory", "/healthz", "/api/users", "/nowhere"] {
        let whole = lot.get(target);
        let head = lot.ask("HEAD", target, &[], b"");
        assert_eq!((head.status, head.body.len()), (whole.status, 0), "{target}");
        assert_eq!(head.header("content-length"), Some(whole.body.len().to_string().as_str()), "{target}");
        assert_eq!(head.header("content-type"), whole.header("content-type"), "{target}");
    }
}
