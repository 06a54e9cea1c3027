//! What each feed holds, read back by readers that know nothing of jpauto.

use std::{collections::BTreeSet, path::Path, process::Command};

use jpauto::{
    NewVehicle, VehicleId,
    exports::{Export, FeedFormat, Mapping, Omitted, Platform},
};
use serde_json::{Value, json};

use super::*;
use crate::support::{corolla, python};

fn mapping() -> Mapping {
    serde_json::from_value(json!({
        "file": "partner.csv",
        "columns": [
            {"name": "Stock #", "field": "stock_number", "required": true},
            {"name": "Kind", "value": "Used"},
            {"name": "Body", "field": "body_style", "words": {"4DR SEDAN": "Sedan"}, "one_of": ["Sedan", "SUV"]},
            {"name": "Photos", "field": "images", "separator": ";"},
            {"name": "Text", "field": "description", "longest": 10},
        ],
    }))
    .unwrap()
}

fn export_of(platform: Platform, folder: &Path) -> Export {
    let export = Export::of(platform).to(folder.to_string_lossy());
    if platform == Platform::Custom { export.mapping(mapping()) } else { export }
}

/// The rows of a feed, as another reader has them; `None` where it cannot be installed.
fn read(form: &str, path: &Path) -> Option<Value> {
    let python = python::with("yaml", "agreement")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/reader.py");
    let ran = Command::new(python).arg(script).arg(form).arg(path).output().unwrap();
    assert!(ran.status.success(), "{form}: {}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).unwrap())
}

/// Whether a text anywhere in it is such a one.
fn holds(value: &Value, is_one: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_one(text),
        Value::Array(values) => values.iter().any(|value| holds(value, is_one)),
        Value::Object(fields) => fields.values().any(|value| holds(value, is_one)),
        _ => false,
    }
}

/// No platform that takes XML publishes a schema of it, so that this is all that can be asked of xmllint.
fn is_well_formed(path: &Path) {
    match Command::new("xmllint").args(["--noout", "--nonet"]).arg(path).output() {
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr)),
        Err(reason) => println!("skipped: xmllint, which `make packages` installs: {reason}"),
    }
}

/// A text as a platform gets it: one line.
fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

on_both_databases! {
    fn each_feed_is_as_agreed_to_the_last_byte(lot: &Lot) {
        let dealership = configured(lot);
        let desk = dealership.acting_as(jpauto::Actor::system());
        let known: Vec<VehicleId> =
            [full(), hostile()].iter().map(|vehicle| desk.inventory().add(vehicle).unwrap().id).collect();
        for platform in Platform::ALL {
            let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let report = run_export(&desk, &export_of(platform, first.path())).unwrap();
            let path = PathBuf::from(report.destination.unwrap());
            let again = PathBuf::from(run_export(&desk, &export_of(platform, second.path())).unwrap().destination.unwrap());
            let text = bytes_of(&path);
            assert_eq!(text, bytes_of(&again), "{platform}");
            assert!(!text.contains("12345.00"), "{platform} says what we paid");
            let mapping = (platform == Platform::Custom).then(mapping);
            let checked = desk.exports().check(&path, platform, mapping.as_ref()).unwrap();
            assert_eq!((checked.vehicle_count, checked.faults), (2, vec![]), "{platform}");
            let text = known.iter().zip(["FIRST", "SECOND"]).fold(text, |text, (id, name)| text.replace(&id.to_string(), name));
            insta::assert_snapshot!(format!("{platform}"), text);
        }
    }

    fn hostile_text_comes_back_whole_from_other_readers(lot: &Lot) {
        let dealership = configured(lot);
        let desk = dealership.acting_as(jpauto::Actor::system());
        desk.inventory().add(&hostile()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let description = hostile().description.unwrap();
        let harmless = |text: &str| format!("'{text}");
        for (platform, form, description_at, color_at, is_kept) in [
            (Platform::Csv, "csv", "description", "exterior_color", true),
            (Platform::Autotrader, "csv", "Descriptions", "ExteriorColor", false),
            (Platform::CarsCom, "csv", "Descriptions", "ExteriorColor", false),
            (Platform::Cargurus, "csv", "Dealer Comments", "Exterior Color", false),
            (Platform::Meta, "csv", "description", "exterior_color", false),
            (Platform::GoogleVehicleAds, "csv", "description", "color", false),
            (Platform::DealerCenter, "csv", "WebAdDescription", "Exterior Color", false),
        ] {
            let Some(rows) = read(form, &exported(&desk, platform, folder.path())) else { return };
            let expected = if is_kept { description.clone() } else { one_line(&description) };
            assert_eq!(rows[0][description_at], harmless(&expected), "{platform}");
            assert_eq!(rows[0][color_at], harmless(HOSTILE), "{platform}");
        }
        let rows = read("bare", &exported(&desk, Platform::CarsForSale, folder.path())).unwrap();
        assert_eq!((rows[0].as_array().unwrap().len(), &rows[0][15]), (20, &json!(harmless(HOSTILE))));
        let rows = read("json_lines", &exported(&desk, Platform::JsonLines, folder.path())).unwrap();
        assert_eq!((&rows[0]["description"], &rows[0]["features"][0]), (&json!(description), &json!(HOSTILE)));
        assert_eq!((&rows[0]["price"], &rows[0]["trim"], &rows[0]["doors"]), (&json!("16999.50"), &json!("yes"), &json!(4)));
        let rows = read("json_ld", &exported(&desk, Platform::SchemaOrg, folder.path())).unwrap();
        assert_eq!((&rows[0]["color"], &rows[0]["offers"]["price"]), (&json!(HOSTILE), &json!("16999.50")));
        let document = fs::read_to_string(exported(&desk, Platform::SchemaOrg, folder.path())).unwrap();
        assert!(HOSTILE.contains('<') && !document.contains('<'), "it may stand in the `script` of a page");
        for format in [FeedFormat::Pages, FeedFormat::Zip] {
            let export = Export::of(Platform::Jekyll).to(folder.path().to_string_lossy()).format(format);
            let path = PathBuf::from(run_export(&desk, &export).unwrap().destination.unwrap());
            let page = &read(format.as_str(), &path).unwrap()[0];
            for (key, expected) in [
                ("exterior_color", json!(HOSTILE)),
                ("body", json!(description)),
                ("trim", json!("yes")),
                ("stock_number", json!("2026-01-01")),
                ("warranty", json!("null")),
                ("price", json!("16999.50")),
                ("mileage", json!(52_777)),
                ("features", json!([HOSTILE, "12:30:45"])),
                ("accident_history", json!("None")),
            ] {
                assert_eq!(page[key], expected, "{key}");
            }
        }
        for platform in [Platform::Autotrader, Platform::CarsCom] {
            let export = Export::of(platform).to(folder.path().to_string_lossy()).format(FeedFormat::Xml);
            let path = PathBuf::from(run_export(&desk, &export).unwrap().destination.unwrap());
            let vehicle = &read("xml", &path).unwrap()[0];
            assert_eq!(vehicle["ExteriorColor"], json!([HOSTILE]));
            assert_eq!(vehicle["Options"], json!([HOSTILE, "12:30:45"]));
            assert_eq!(desk.exports().check(&path, platform, None).unwrap().faults, []);
        }
    }

    fn each_form_of_each_feed_is_read_by_another_reader(lot: &Lot) {
        let dealership = configured(lot);
        let desk = dealership.acting_as(jpauto::Actor::system());
        desk.inventory().add(&hostile()).unwrap();
        let mut forms = 0;
        for (platform, format) in Platform::ALL.into_iter().flat_map(|it| FeedFormat::ALL.map(|format| (it, format))) {
            let folder = tempfile::tempdir().unwrap();
            let mut export = export_of(platform, folder.path()).format(format);
            if platform == Platform::Custom && format == FeedFormat::Xml {
                let refused = run_export(&desk, &export).unwrap_err();
                assert_eq!((refused.code(), refused.fields()[0].pointer.as_str()), ("invalid_mapping", "/columns/0/name"));
                let mut mapping = mapping();
                mapping.columns[0].name = "Stock".into();
                export = export.mapping(mapping);
            }
            let path = match run_export(&desk, &export) {
                Err(refused) => {
                    assert_eq!(refused.code(), "invalid_feed_format", "{platform} {format}: {refused}");
                    continue;
                }
                Ok(report) => PathBuf::from(report.destination.unwrap()),
            };
            forms += 1;
            let form = if platform == Platform::CarsForSale { "bare" } else { format.as_str() };
            let Some(rows) = read(form, &path) else { return };
            assert_eq!(rows.as_array().unwrap().len(), 1, "{platform} {format}");
            // A mapping has a text of ten characters alone.
            let expected = if platform == Platform::Custom { HOSTILE[..10].trim_end() } else { HOSTILE };
            let harmless = format!("'{expected}");
            assert!(holds(&rows, &|text| text == expected || text == harmless), "{platform} {format}: {rows}");
            if format == FeedFormat::Xml {
                is_well_formed(&path);
            }
        }
        assert!(forms >= 20, "{forms}");
    }

    fn what_a_platform_does_not_take_is_left_out_with_its_reason(lot: &Lot) {
        let dealership = configured(lot);
        let desk = dealership.acting_as(jpauto::Actor::system());
        desk.inventory().add(&full()).unwrap();
        desk.inventory().add(&NewVehicle { title_status: Some("Salvage".into()), vin: vin(2), stock_number: None, ..full() }).unwrap();
        desk.inventory().add(&NewVehicle { year: 1969, vin: "11334".into(), stock_number: Some("OLD".into()), ..full() }).unwrap();
        desk.inventory().add(&corolla(4)).unwrap();
        for (platform, count, expected) in [
            (Platform::GoogleVehicleAds, 1, &["title_status", "vin", "color"][..]),
            (Platform::GoogleVehicleListings, 4, &[]),
            (Platform::Meta, 2, &["vin", "exterior_color"]),
            (Platform::Cargurus, 3, &["VIN"]),
            (Platform::Jekyll, 4, &[]),
            (Platform::Csv, 4, &[]),
        ] {
            let report = run_export(&desk, &Export::of(platform).dry_run()).unwrap();
            let left_out = report.omissions.iter().filter(|omission| omission.what == Omitted::Vehicle);
            let fields: Vec<_> = left_out.map(|omission| omission.field.as_str()).collect();
            assert_eq!((report.vehicle_count, &fields[..]), (count, expected), "{platform}");
            assert_eq!(report.left_out_count, expected.len() as u64, "{platform}");
        }
        for (platform, color) in [(Platform::DealerCenter, "Exterior Color"), (Platform::CarsForSale, "ExteriorColor")] {
            let report = run_export(&desk, &Export::of(platform).dry_run()).unwrap();
            let missing = report.omissions.iter().filter(|omission| omission.what == Omitted::Missing);
            let fields: BTreeSet<_> = missing.map(|omission| (&*omission.vin, &*omission.field)).collect();
            let text = if platform == Platform::DealerCenter { "WebAdDescription" } else { "Description" };
            let fourth = corolla(4).vin;
            let expected = ["PhotoURLs", text, "Transmission", color].map(|field| (&*fourth, field));
            assert_eq!(fields, BTreeSet::from(expected), "{platform}: it goes without them");
            assert_eq!(report.vehicle_count, 3, "{platform}");
        }
        lot.execute("UPDATE inventory SET price = 0");
        let report = run_export(&desk, &Export::of(Platform::Cargurus).dry_run()).unwrap();
        assert_eq!((report.vehicle_count, report.omissions[0].field.as_str()), (0, "Price"));
    }

    fn two_vehicles_with_one_address_are_told(lot: &Lot) {
        let dealership = configured(lot);
        let desk = dealership.acting_as(jpauto::Actor::system());
        // The last eight characters are alike.
        for (number, vin) in ["2T1BURHE7JC073721", "JTDBL40E4JC073721"].into_iter().enumerate() {
            let stock_number = Some(format!("S{number}"));
            desk.inventory().add(&NewVehicle { vin: vin.into(), stock_number, ..full() }).unwrap();
        }
        for (platform, field) in [
            (Platform::Meta, Some("url")),
            (Platform::GoogleVehicleAds, Some("link")),
            (Platform::SchemaOrg, Some("url")),
            (Platform::Cargurus, None),
        ] {
            let report = run_export(&desk, &Export::of(platform).dry_run()).unwrap();
            let told = report.omissions.iter().filter(|omission| omission.what == Omitted::Repeated);
            let told: Vec<_> = told.map(|omission| omission.field.as_str()).collect();
            assert_eq!((report.vehicle_count, told), (2, field.into_iter().collect()), "{platform}: {:?}", report.omissions);
        }
    }

    fn statuses_are_those_of_the_platform(lot: &Lot) {
        let dealership = configured(lot);
        let desk = dealership.acting_as(jpauto::Actor::system());
        for (number, status) in ["available", "pending", "hold", "sold", "sold"].into_iter().enumerate() {
            let number = u32::try_from(number).unwrap();
            let vehicle = NewVehicle { vin: vin(number), stock_number: None, ..full() };
            let id = desk.inventory().add(&vehicle).unwrap().id;
            if status != "available" {
                desk.inventory().set_status(id, status.parse::<jpauto::VehicleStatus>().unwrap()).unwrap();
            }
            if number == 3 {
                lot.pass(chrono::TimeDelta::days(31));
            }
        }
        for (platform, count) in
            [(Platform::Jekyll, 2), (Platform::Meta, 3), (Platform::DealerCenter, 1), (Platform::Csv, 3)]
        {
            let report = run_export(&desk, &Export::of(platform).dry_run()).unwrap();
            assert_eq!(report.vehicle_count, count, "{platform}");
        }
    }
}

/// The values of one vehicle by their columns.
type Columns = &'static [(&'static str, &'static str)];

const META: Columns = &[
    ("vehicle_id", "A1"),
    ("vin", "4T1B11HK9KU211111"),
    ("title", "2019 Toyota Camry"),
    ("description", "Fine"),
    ("url", "https://motors.example/1"),
    ("make", "Toyota"),
    ("model", "Camry"),
    ("year", "2019"),
    ("mileage.value", "52000"),
    ("mileage.unit", "MI"),
    ("body_style", "sedan"),
    ("drivetrain", "4X2"),
    ("price", "15000.00 USD"),
    ("exterior_color", "Red"),
    ("state_of_vehicle", "Used"),
    ("availability", "AVAILABLE"),
    ("address.addr1", "1 Main St"),
    ("address.city", "Los Angeles"),
    ("address.region", "CA"),
    ("address.country", "US"),
    ("image[0].url", "https://img.example/1.jpg"),
];

const LISTINGS: Columns = &[
    ("store_code", "S1"),
    ("id", "A1"),
    ("vin", "4T1B11HK9KU211111"),
    ("year", "2019"),
    ("make", "Toyota"),
    ("model", "Camry"),
    ("mileage", "52000 miles"),
    ("condition", "used"),
    ("price", "15000 USD"),
    ("dealership_name", "Example Motors"),
    ("dealership_address", "1 Main St"),
];

const ADS: Columns = &[
    ("id", "A1"),
    ("vin", "4T1B11HK9KU211111"),
    ("store_code", "S1"),
    ("title", "2019 Toyota Camry"),
    ("brand", "Toyota"),
    ("model", "Camry"),
    ("year", "2019"),
    ("condition", "Used"),
    ("mileage", "52000 miles"),
    ("color", "Red"),
    ("price", "15000 USD"),
    ("image_link", "https://img.example/1.jpg"),
    ("link", "https://motors.example/1"),
    ("link_template", "https://motors.example/1?store={store_code}"),
    ("google_product_category", "916"),
];

const CARGURUS: Columns = &[
    ("VIN", "4T1B11HK9KU211111"),
    ("Year", "2019"),
    ("Make", "Toyota"),
    ("Model", "Camry"),
    ("Price", "15000"),
    ("Mileage", "52000"),
    ("Main Image", "https://img.example/1.jpg"),
    ("Dealer ID", "sp1"),
    ("Dealer Name", "Example Motors"),
];

/// A file with one vehicle of which one value is changed; `None` takes the column away. A column that is not there is added.
fn with(usual: Columns, changed: &str, value: Option<&str>) -> String {
    let mut columns: Vec<_> = usual.iter().filter(|(name, _)| *name != changed).copied().collect();
    let place = usual.iter().position(|(name, _)| *name == changed).unwrap_or(columns.len());
    if let Some(value) = value.filter(|_| !changed.is_empty()) {
        columns.insert(place, (changed, value));
    }
    let quoted = |values: Vec<&str>| values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(",");
    let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    format!("{}\n{}\n", quoted(names), quoted(values))
}

/// What the check finds in such a file: row, column and rule.
#[track_caller]
fn faults(desk: &Desk, platform: Platform, text: &str) -> Vec<(u64, String, String)> {
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    fs::write(file.path(), text).unwrap();
    let checked = desk.exports().check(file.path(), platform, None).unwrap();
    assert_eq!(checked.fault_count, checked.faults.len() as u64);
    checked.faults.into_iter().map(|fault| (fault.row, fault.column.unwrap_or_default(), fault.rule)).collect()
}

#[test]
fn what_each_platform_asks_for_is_checked() {
    let desk = Dealership::open("sqlite::memory:").unwrap().acting_as(jpauto::Actor::system());
    let (listings, ads) = (Platform::GoogleVehicleListings, Platform::GoogleVehicleAds);
    for (platform, usual) in [(listings, LISTINGS), (ads, ADS), (Platform::Cargurus, CARGURUS), (Platform::Meta, META)]
    {
        assert_eq!(faults(&desk, platform, &with(usual, "", None)), [], "{platform}");
    }
    for (platform, usual, column, good) in [
        (listings, LISTINGS, "condition", Some("U")),
        (listings, LISTINGS, "mileage", Some("52,000")),
        (listings, LISTINGS, "certified_pre_owned", Some("1")),
        (ads, ADS, "mileage", Some("52000 km")),
        (ads, ADS, "google_product_category", Some(CATEGORY)),
        (Platform::Cargurus, CARGURUS, "Main Image", Some("https://img.example/1")),
        (Platform::Cargurus, CARGURUS, "Main Image", None),
        (Platform::Meta, META, "fuel_type", Some("plugin_hybrid")),
    ] {
        assert_eq!(faults(&desk, platform, &with(usual, column, good)), [], "{platform} {column} {good:?}");
    }
    let eleven = ["https://img.example/2.jpg"; 11].join(",");
    for (platform, usual, column, bad, rule) in [
        (
            listings,
            LISTINGS,
            "vin",
            Some("11334"),
            "expected a VIN of 17 characters with its check digit from model year 1981 on",
        ),
        (listings, LISTINGS, "mileage", None, "expected the mileage of a used vehicle"),
        (listings, LISTINGS, "mileage", Some("5 bananas"), "expected a whole number of miles"),
        (listings, LISTINGS, "condition", Some("good"), "expected one of new, n, used, u"),
        (listings, LISTINGS, "vin", Some("4T1B11HK5KU211111"), "expected a VIN of 17 characters with its check digit"),
        (listings, LISTINGS, "price", Some("15000"), "expected an amount above zero with its currency"),
        (listings, LISTINGS, "certified_pre_owned", Some("maybe"), "expected one of 1, yes, 0, no"),
        (listings, LISTINGS, "date_in_stock", Some("03/01/2026"), "expected a day such as 2026-03-01"),
        (ads, ADS, "vin", Some("11334"), "expected a VIN of 17 characters"),
        (ads, ADS, "mileage", Some("52000"), "expected a whole number with its unit"),
        (
            ads,
            ADS,
            "link_template",
            Some("https://motors.example/1"),
            "expected an address of the web with {store_code}",
        ),
        (ads, ADS, "google_product_category", Some("Cars"), "expected one of "),
        (ads, ADS, "additional_image_link", Some(&eleven), "expected at most 10 values"),
        (
            Platform::Cargurus,
            CARGURUS,
            "Main Image",
            Some("https://img.example/1.webp"),
            "expected the address of a JPEG",
        ),
        (Platform::Cargurus, CARGURUS, "Image URLs", Some("https://img.example/1.svg"), "expected addresses of JPEG"),
        (Platform::Cargurus, CARGURUS, "Certified", Some("yes"), "expected one of Y, N"),
        (Platform::Meta, META, "fuel_type", Some("steam"), "expected one of DIESEL"),
        (Platform::Meta, META, "availability", Some("soon"), "expected one of AVAILABLE"),
    ] {
        let found = faults(&desk, platform, &with(usual, column, bad));
        assert_eq!(found.len(), 1, "{platform} {column}: {found:?}");
        let (row, at, told) = &found[0];
        assert_eq!((*row, at.as_str()), (2, column), "{platform}");
        assert!(told.starts_with(rule), "{platform} {column}: {told}");
    }
    let old = with(LISTINGS, "year", Some("1967")).replace("4T1B11HK9KU211111", "11334");
    assert_eq!(faults(&desk, listings, &old), [], "a car before 1981 has a chassis number");
    let new = with(LISTINGS, "mileage", None).replace("used", "new");
    assert_eq!(faults(&desk, listings, &new), [], "a new car has no mileage");
}

/// The category that Google vehicle ads ask for.
const CATEGORY: &str = "Vehicles & Parts > Vehicles > Motor Vehicles > Cars, Trucks & Vans";

#[test]
fn the_check_names_row_column_and_rule() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Dealership::open("sqlite::memory:").unwrap().acting_as(jpauto::Actor::system());
    let path = folder.path().join("meta.csv");
    let check = |text: &str| {
        fs::write(&path, text).unwrap();
        desk.exports().check(&path, Platform::Meta, None).unwrap()
    };
    assert_eq!(check(&with(META, "", None)).faults, []);
    for (column, value, row, rule) in [
        ("mileage.unit", Some("MILES"), 2, "expected one of MI, KM"),
        ("drivetrain", Some("TWO_WD"), 2, "expected one of 4X2"),
        ("vin", Some("123"), 2, "expected a VIN of 17 characters"),
        ("price", Some("15000"), 2, "expected an amount above zero with its currency"),
        ("price", Some("0.00 USD"), 2, "expected an amount above zero"),
        ("body_style", Some("spaceship"), 2, "expected one of CONVERTIBLE"),
        ("image[0].url", Some(""), 2, "expected a value, which is required"),
        ("exterior_color", None, 0, "expected this column, which is required"),
    ] {
        let checked = check(&with(META, column, value));
        assert_eq!(checked.fault_count, 1, "{column}: {:?}", checked.faults);
        let fault = &checked.faults[0];
        assert_eq!((fault.row, fault.column.as_deref()), (row, Some(column)));
        assert!(fault.rule.starts_with(rule), "{}", fault.rule);
    }
    let twice = with(META, "", None);
    let twice = format!("{twice}{}", twice.lines().nth(1).unwrap());
    let columns: Vec<_> = check(&twice).faults.into_iter().map(|fault| (fault.row, fault.column.unwrap())).collect();
    assert_eq!(columns, [(3, "vehicle_id".to_owned()), (3, "vin".to_owned())]);
    for (text, row) in [("", 1), ("vin\n\"open", 2), ("vin,make\n1\n", 2), ("vin\n\u{0}\u{fffd}", 0)] {
        assert!(check(text).faults.iter().any(|fault| fault.row == row), "{text:?}");
    }
    let long = format!("vin\n{}", "x".repeat(9 * 1024 * 1024));
    assert!(check(&long).faults[0].rule.contains("longer than 4 MiB"));
    fs::write(&path, b"vin\n\xff\xfe").unwrap();
    let checked = desk.exports().check(&path, Platform::Meta, None).unwrap();
    assert_eq!(checked.faults[0].rule, "expected UTF-8 in value 1");
    let missing = desk.exports().check(folder.path().join("none.csv"), Platform::Meta, None).unwrap_err();
    assert_eq!(missing.code(), "feed_unreadable");
}

#[test]
fn a_file_of_another_kind_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Dealership::open("sqlite::memory:").unwrap().acting_as(jpauto::Actor::system());
    let faults = |platform: Platform, name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        desk.exports()
            .check(&path, platform, None)
            .unwrap()
            .faults
            .into_iter()
            .map(|fault| fault.rule)
            .collect::<Vec<_>>()
    };
    for text in ["<a/>", "<a><![CDATA[x]]></a>", "<rss><channel><title>x</title></channel></rss>"] {
        let found = faults(Platform::Autotrader, "feed.xml", text);
        assert!(found.last().is_some_and(|rule| rule.starts_with("expected the ")), "{text}: {found:?}");
    }
    assert!(faults(Platform::Autotrader, "feed.xml", "<vehicles></vehicles>").is_empty(), "a feed without vehicles");
    let found = faults(Platform::JsonLines, "feed.jsonl", "{\"colour\": 1}\n");
    assert_eq!(found, ["expected the names of this feed's columns"]);
}

#[test]
fn files_that_are_no_feeds_are_faults_and_no_panics() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Dealership::open("sqlite::memory:").unwrap().acting_as(jpauto::Actor::system());
    for platform in [Platform::Jekyll, Platform::Autotrader, Platform::SchemaOrg, Platform::JsonLines, Platform::Csv] {
        for name in ["feed.xml", "feed.zip", "feed.jsonl", "feed.jsonld", "feed.csv"] {
            for text in [
                "",
                "{",
                "[]",
                "null",
                "<a><b/></a>",
                "<a",
                "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
                "PK\u{3}\u{4}",
                "\u{0}",
            ] {
                let path = folder.path().join(name);
                fs::write(&path, text).unwrap();
                if let Ok(checked) = desk.exports().check(&path, platform, None) {
                    let is_empty = checked.vehicle_count == 0 && checked.fault_count == 0;
                    assert!(!is_empty || platform == Platform::JsonLines, "{platform} {name} {text:?}: {checked:?}");
                }
            }
        }
    }
}
