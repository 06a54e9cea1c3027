//! Feeds: what they hold, what they leave out, and how they come to their place.

mod delivery;
mod feeds;
mod history;

mod servers;

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use jpauto::{
    Config, Dealership, Desk, Money, NewVehicle,
    exports::{Export, ExportConfig, ExportReport, FeedConfig, Platform},
};

use crate::support::{Lot, vin};

/// Text with all that a format could trip over.
const HOSTILE: &str = "=cmd|' /C calc'!A0 \"quoted\", a;b ]]> <b>&amp;</b> --- # : - {{ x }} {% y %} 🚗 שלום \u{202b}";

/// A dealership that has said everything that a feed may ask.
fn configured(lot: &Lot) -> Dealership {
    let mut config = Config::new(&lot.url).clock(lot.clock());
    config.exports = about_us();
    Dealership::with_config(config).unwrap()
}

fn about_us() -> ExportConfig {
    let mut config = ExportConfig::default();
    let dealership = &mut config.dealership;
    dealership.name = Some("Example & Sons \"Motors\"".into());
    dealership.street = Some("1 Main St".into());
    dealership.city = Some("Los Angeles".into());
    dealership.state = Some("CA".into());
    dealership.zip = Some("90012".into());
    dealership.phone = Some("+1 213 555 0100".into());
    dealership.website = Some("https://motors.example".into());
    (dealership.latitude, dealership.longitude) = (Some(34.05), Some(-118.25));
    config.vehicle_url = Some("https://motors.example/vehicles/{id}/".into());
    for platform in Platform::ALL {
        let agreed =
            FeedConfig { dealer_id: Some("D-77".into()), store_code: Some("LA1".into()), ..FeedConfig::default() };
        config.feeds.insert(platform, agreed);
    }
    config
}

/// A vehicle that says something in every field.
fn full() -> NewVehicle {
    NewVehicle {
        year: 2019,
        make: "Toyota".into(),
        model: "Camry".into(),
        vin: vin(900_001),
        price: Money::from_cents(1_699_950),
        mileage: 52_777,
        trim: Some("SE".into()),
        stock_number: Some("A1042".into()),
        cost: Some(Money::from_dollars(12_345)),
        msrp: Some(Money::from_dollars(27_000)),
        exterior_color: Some("Celestial Silver".into()),
        interior_color: Some("Black".into()),
        transmission: Some("8-Speed Automatic".into()),
        engine: Some("2.5L I4".into()),
        fuel_type: Some("Gasoline".into()),
        drivetrain: Some("FWD".into()),
        body_style: Some("4dr Sedan".into()),
        doors: Some(4),
        mpg_city: Some(28),
        mpg_highway: Some(39),
        description: Some("One owner.\nServiced here.".into()),
        thumbnail: Some("https://img.example/1.jpg".into()),
        condition: Some("Used".into()),
        title_status: Some("Clean".into()),
        owners: Some(1),
        accidents: Some(0),
        service_records: Some(true),
        warranty: Some("90 days".into()),
        carfax_url: Some("https://carfax.example/1".into()),
        autocheck_url: Some("https://autocheck.example/1".into()),
        features: vec!["Bluetooth".into(), "Heated seats | front".into()],
        images: vec!["https://img.example/1.jpg".into(), "https://img.example/2,b.jpg".into()],
    }
}

/// A vehicle whose texts are hostile.
fn hostile() -> NewVehicle {
    NewVehicle {
        vin: vin(900_002),
        stock_number: Some("2026-01-01".into()),
        trim: Some("yes".into()),
        exterior_color: Some(HOSTILE.into()),
        description: Some(format!("{HOSTILE}\nsecond line\n- third")),
        warranty: Some("null".into()),
        features: vec![HOSTILE.into(), "12:30:45".into()],
        images: vec!["https://img.example/1.jpg?b=2|3".into(), "https://img.example/2,b.jpg".into()],
        ..full()
    }
}

fn run_export(desk: &Desk, export: &Export) -> jpauto::Result<ExportReport> {
    desk.exports().run(export, &mut |_| ControlFlow::Continue(()))
}

/// Exports a feed into a folder, and answers where it is.
#[track_caller]
fn exported(desk: &Desk, platform: Platform, folder: &Path) -> PathBuf {
    let report = run_export(desk, &Export::of(platform).to(folder.to_string_lossy())).unwrap();
    report.destination.unwrap().into()
}

/// The bytes of a feed; of pages each with its name.
fn bytes_of(path: &Path) -> String {
    if path.is_file() {
        return fs::read_to_string(path).unwrap();
    }
    let mut names: Vec<_> = fs::read_dir(path).unwrap().map(|it| it.unwrap().path()).collect();
    names.sort();
    let pages = names.iter().filter(|it| it.extension().is_some());
    pages.map(|it| format!("{}\n{}", it.file_name().unwrap().display(), fs::read_to_string(it).unwrap())).collect()
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
