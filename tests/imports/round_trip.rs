//! What the plain feeds say is read back to the letter: an import of an export changes nothing, and a new database holds the same.

use std::{collections::BTreeMap, fs, ops::ControlFlow};

use jpauto::{
    Money, NewVehicle, PageRequest, Vehicle, VehicleFilter, VehicleId,
    exports::{Export, FeedFormat, Platform},
    imports::{ImportOptions, SheetFile},
};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use super::{counts, imported, rows_of_all, workbooks};
use crate::support::{Lot, corolla, vin};

/// What others tripped over, each once.
const TRAPS: &[&str] = &[
    "a\r\nb",
    "a\rb",
    "tab\there",
    "'=1",
    "=1",
    "''=1",
    "\t=1",
    " =1",
    "+1 213 555 0100",
    "'+1",
    "-5",
    "'\"x\"",
    "'\"",
    "\"x\"",
    "\u{85}x\u{85}",
    "\u{feff}x",
    "\u{1}",
    " x ",
    "x\n",
    "\u{a0}",
    " ",
    "[x]",
    "[\"x\"]",
    "null",
    "true",
    "0123",
    "1E+16",
    "a,b;c|d",
    "\u{2028}",
    "＝1",
    "\u{202b}שלום",
    "🚗",
];

/// Texts of signs that mean something in a cell, and of any others; a database has none with a NUL.
fn any_text() -> impl Strategy<Value = String> {
    let signs = "'\"=+-@\t\r\n|;, []x1\u{85}\u{a0}\u{feff}\u{1}\u{2028}é🚗";
    let sign = prop::sample::select(signs.chars().collect::<Vec<_>>());
    prop_oneof![
        prop::collection::vec(sign, 0..8).prop_map(String::from_iter),
        any::<String>().prop_map(|text| text.replace('\0', "")),
        prop::sample::select(TRAPS).prop_map(ToOwned::to_owned),
    ]
}

fn any_url() -> impl Strategy<Value = String> {
    let around = || prop::sample::select(&["", " ", "\n", "\t "][..]);
    (around(), "https://x\\.example/[a, ;|'\"\n]{0,6}", around())
        .prop_map(|(before, url, after)| before.to_owned() + &url + after)
}

/// Vehicles with such texts wherever a vehicle has a text; the first ones have each trap everywhere.
fn vehicles(count: u32) -> Vec<NewVehicle> {
    let mut runner = TestRunner::deterministic();
    let mut one = |trap: Option<&str>| match trap {
        Some(trap) => trap.to_owned(),
        None => any_text().new_tree(&mut runner).unwrap().current(),
    };
    let mut urls = TestRunner::deterministic();
    let mut url = || any_url().new_tree(&mut urls).unwrap().current();
    (0..count)
        .map(|number| {
            let trap = TRAPS.get(number as usize).copied();
            let mut text = || one(trap);
            NewVehicle {
                make: format!("A{}Z", text()),
                model: format!("A{}Z", text()),
                stock_number: Some(format!("S{number}{}Z", text())),
                trim: Some(text()),
                exterior_color: Some(text()),
                interior_color: Some(text()),
                transmission: Some(text()),
                engine: Some(text()),
                fuel_type: Some(text()),
                drivetrain: Some(text()),
                body_style: Some(text()),
                description: Some(text()),
                condition: Some(text()),
                title_status: Some(text()),
                warranty: Some(text()),
                features: (0..number % 4).map(|_| text()).collect(),
                thumbnail: Some(url()),
                carfax_url: Some(url()),
                images: (0..number % 3).map(|_| url()).collect(),
                service_records: Some(number % 2 == 0),
                // A price that is doubted is no reason to refuse the row of a vehicle that has it.
                price: Money::from_dollars(if number == 0 { 1 } else { 14_000 }),
                ..corolla(number + 1)
            }
        })
        .collect()
}

fn exported(lot: &Lot, format: FeedFormat) -> SheetFile {
    let (folder, platform) = (
        tempfile::tempdir().unwrap(),
        match format {
            FeedFormat::JsonLines => Platform::JsonLines,
            _ => Platform::Csv,
        },
    );
    let export = Export::of(platform).to(folder.path().to_string_lossy()).format(format);
    let report = lot.desk().exports().run(&export, &mut |_| ControlFlow::Continue(())).unwrap();
    SheetFile::from_bytes("stock", fs::read(report.destination.unwrap()).unwrap())
}

/// What the plain feeds say of each vehicle, by its VIN.
fn stock(lot: &Lot) -> BTreeMap<String, Vehicle> {
    let inventory = lot.desk();
    let (mut found, mut page) = (BTreeMap::new(), PageRequest::largest());
    loop {
        let read = inventory.inventory().list(&VehicleFilter::default(), &page).unwrap();
        found.extend(read.items.into_iter().map(|stocked| (stocked.vehicle.vin.clone(), stocked.vehicle)));
        let Some(next) = read.next else { return found };
        page = PageRequest::largest().after(next);
    }
}

/// The same under this id, with nothing for a text that says nothing.
fn as_entered(vehicle: &Vehicle, id: VehicleId, is_nothing: fn(&str) -> bool) -> Vehicle {
    let known = |text: &Option<String>| text.clone().filter(|text| !is_nothing(text));
    let mut same = vehicle.clone();
    same.id = id;
    for text in [
        &mut same.trim,
        &mut same.exterior_color,
        &mut same.interior_color,
        &mut same.transmission,
        &mut same.engine,
        &mut same.fuel_type,
        &mut same.drivetrain,
        &mut same.body_style,
        &mut same.description,
        &mut same.condition,
        &mut same.title_status,
        &mut same.warranty,
    ] {
        *text = known(text);
    }
    same
}

on_both_databases! {
    fn an_import_of_an_export_changes_nothing_and_a_new_database_holds_the_same(lot: &Lot) {
        let count = 120;
        for vehicle in vehicles(count) {
            lot.desk().inventory().add(&vehicle).unwrap_or_else(|error| panic!("{vehicle:?}: {:?}", error.fields()));
        }
        let before = stock(lot);
        assert_eq!(before.len(), count as usize);
        let files = [FeedFormat::Csv, FeedFormat::Tsv, FeedFormat::JsonLines].map(|format| (format, exported(lot, format)));
        for (format, file) in &files {
            let rows = rows_of_all(lot);
            let refusing = lot.desk();
            let report = imported(refusing.inventory().refusing_doubtful_prices(), file, &ImportOptions::default());
            assert_eq!((counts(&report), &report.changed, &report.refused), ([0, 0, 0, 0, count as usize, 0], &vec![], &vec![]), "{format}");
            assert_eq!((rows_of_all(lot), &stock(lot)), (rows, &before), "{format}");
        }
        for (format, file) in &files {
            lot.execute("DELETE FROM inventory");
            let report = imported(lot.desk().inventory(), file, &ImportOptions::default());
            assert_eq!((counts(&report), &report.refused), ([count as usize, 0, 0, 0, 0, 0], &vec![]), "{format}");
            // An empty cell says nothing, and in JSON lines neither does one of blanks.
            let is_nothing: fn(&str) -> bool =
                if *format == FeedFormat::JsonLines { |text| text.trim().is_empty() } else { str::is_empty };
            for (vin, vehicle) in stock(lot) {
                let id = vehicle.id;
                assert_eq!(as_entered(&vehicle, id, is_nothing), as_entered(&before[&vin], id, is_nothing), "{format}");
            }
        }
    }

    fn rows_of_another_application_are_no_change_either(lot: &Lot) {
        for number in 1..=2 {
            lot.desk().inventory().add(&corolla(number)).unwrap();
        }
        let long = "x".repeat(90);
        lot.execute(&format!(
            "UPDATE inventory SET make = ' Toyota ', stock_number = ' S1 ', body_style = '{}', trim = '' WHERE vin = '{}'", &long[..50], vin(1)
        ));
        lot.execute(&format!("UPDATE inventory SET trim = NULL, features = NULL WHERE vin = '{}'", vin(2)));
        for format in [FeedFormat::Csv, FeedFormat::Tsv, FeedFormat::JsonLines] {
            let file = exported(lot, format);
            let rows = rows_of_all(lot);
            let report = imported(lot.desk().inventory(), &file, &ImportOptions::default());
            assert_eq!((counts(&report), rows_of_all(lot)), ([0, 0, 0, 0, 2, 0], rows), "{format}: {:?} {:?}", report.changed, report.refused);
        }
    }

    fn a_spreadsheet_that_saves_an_export_as_a_workbook_changes_nothing(lot: &Lot) {
        let count = 60;
        // XML has no way to write some signs, and a workbook another one for line breaks.
        let is_of_xml = |sign: &char| *sign == '\n' || *sign == '\t' || (!sign.is_control() && !matches!(sign, '\u{fffe}' | '\u{ffff}'));
        let plain = |text: &str| text.chars().filter(is_of_xml).collect::<String>();
        for mut vehicle in vehicles(count) {
            for text in [&mut vehicle.trim, &mut vehicle.exterior_color, &mut vehicle.description, &mut vehicle.engine, &mut vehicle.warranty] {
                *text = text.as_deref().map(plain);
            }
            (vehicle.make, vehicle.model) = (plain(&vehicle.make), plain(&vehicle.model));
            vehicle.stock_number = vehicle.stock_number.as_deref().map(plain);
            vehicle.features = vehicle.features.iter().map(|text| plain(text)).collect();
            let few = NewVehicle {
                interior_color: None, transmission: None, fuel_type: None, drivetrain: None, body_style: None, condition: None,
                title_status: None, thumbnail: None, carfax_url: None, ..vehicle
            };
            lot.desk().inventory().add(&few).unwrap();
        }
        let (folder, export) = (tempfile::tempdir().unwrap(), Export::of(Platform::Csv));
        let path = folder.path().join("stock.csv");
        lot.desk().exports().run(&export.to(path.to_string_lossy()), &mut |_| ControlFlow::Continue(())).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(&path).unwrap();
        let rows: Vec<Vec<String>> = reader.records().map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect()).collect();
        let before = stock(lot);
        let report = imported(lot.desk().inventory(), &workbooks::of_texts(&rows), &ImportOptions::default());
        assert_eq!((counts(&report), &report.refused), ([0, 0, 0, 0, count as usize, 0], &vec![]), "{:?}", report.changed);
        assert_eq!(stock(lot), before);
    }
}
