//! Extraction of whole pages beside the parsing of the same pages into a tree, which is the floor for any tree-based reader.
//!
//! And answers of endpoints beside `serde_json` alone, which reads the same members into structs: at most 1.5 times that.
//!
//! Real saved pages are measured where the folder with them is present, the project's own small ones always.
#![expect(clippy::print_stdout, reason = "a benchmark says which pages it left out")]

use std::{fs, hint::black_box, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const PAGES: [(&str, &str); 8] = [
    ("../shared/pages/dealercom/used-inventory.html", "http://lot.example/used-inventory/index.htm"),
    ("../shared/pages/auction123/page-1.html", "http://lot.example/index.html"),
    ("../shared/pages/autowall/new-list.html", "https://lot.example/gs-vehicle/list"),
    ("tests/pages/dealer_com/data-layer.html", "https://lot.example/used-inventory/index.htm"),
    ("tests/pages/dealer_com/widget-state.html", "https://lot.example/used-inventory/index.htm"),
    ("tests/pages/auction123/list.html", "https://lot.example/index.html"),
    ("tests/pages/autowall/list.html", "https://lot.example/gs-vehicle/list"),
    ("tests/pages/generic/json-ld.html", "https://lot.example/used"),
];

fn extraction(criterion: &mut Criterion) {
    for (name, url) in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let Ok(html) = fs::read_to_string(&path) else {
            println!("skipped: {} is not present", path.display());
            continue;
        };
        let mut group = criterion.benchmark_group(format!("extract/{}", name.trim_start_matches("../")));
        group.throughput(Throughput::Bytes(html.len() as u64));
        group.bench_function("listings", |bencher| bencher.iter(|| jpauto::extract::listings(black_box(&html), url)));
        group.bench_function("generic", |bencher| {
            bencher
                .iter(|| jpauto::extract::listings_from_bytes(black_box(html.as_bytes()), None, url, Some("generic")));
        });
        group.bench_function("parse_document", |bencher| {
            bencher.iter(|| scraper::Html::parse_document(black_box(&html)));
        });
        group.finish();
    }
}

/// The peers: structs written by hand for one vendor each, of the members that a listing is made of. They keep each text as it
/// stands: no price is read from a text, no link made whole, no VIN or make looked at, no vehicle joined with another.
mod peers {
    #![expect(dead_code, reason = "reading them is what is measured")]

    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct DealerCom {
        page_info: PageInfo,
        inventory: Vec<DealerComVehicle>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct PageInfo {
        total_count: u32,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct DealerComVehicle {
        #[serde(default)]
        is_placeholder: bool,
        vin: Option<String>,
        uuid: Option<String>,
        stock_number: Option<String>,
        year: Option<i32>,
        make: Option<String>,
        model: Option<String>,
        trim: Option<String>,
        r#type: Option<String>,
        title: Vec<String>,
        link: Option<String>,
        images: Vec<Picture>,
        pricing: Option<Pricing>,
        tracking_pricing: Option<TrackingPricing>,
        tracking_attributes: Vec<Attribute>,
        #[serde(default)]
        attributes: Vec<Attribute>,
        account_id: Option<String>,
    }

    #[derive(Deserialize)]
    struct Picture {
        #[serde(alias = "url")]
        uri: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Pricing {
        retail_price: Option<String>,
        dprice: Vec<Price>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Price {
        label: String,
        type_class: String,
        value: String,
        is_final_price: Option<bool>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct TrackingPricing {
        internet_price: Option<String>,
        asking_price: Option<String>,
    }

    #[derive(Deserialize)]
    struct Attribute {
        name: String,
        value: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    pub(super) struct DealerOn {
        paging: Paging,
        display_cards: Vec<DealerOnCard>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Paging {
        pagination_data_model: PaginationDataModel,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct PaginationDataModel {
        total_count: u32,
        total_pages: u32,
        page_number: u32,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct DealerOnCard {
        is_ad_card: bool,
        vehicle_card: DealerOnVehicle,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct DealerOnVehicle {
        vehicle_vin: String,
        vehicle_year: i32,
        vehicle_make: Option<String>,
        vehicle_model: Option<String>,
        vehicle_trim: Option<String>,
        vehicle_type: Option<String>,
        vehicle_mileage: Option<String>,
        vehicle_stock_number: Option<String>,
        exterior_color_label: Option<String>,
        vehicle_msrp: Option<f64>,
        vehicle_internet_price: Option<f64>,
        vehicle_price_library: Option<String>,
        vehicle_detail_url: Option<String>,
        vehicle_image_model: Option<DealerOnImages>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct DealerOnImages {
        vehicle_photo_src: Option<String>,
    }

    #[derive(Deserialize)]
    pub(super) struct DealerInspire {
        data: DealerInspireData,
    }

    #[derive(Deserialize)]
    struct DealerInspireData {
        listings: Vec<DealerInspireVehicle>,
        total_vehicle_count: u32,
    }

    #[derive(Deserialize)]
    struct DealerInspireVehicle {
        vin: String,
        stock: Option<String>,
        r#type: Option<String>,
        year: Option<i32>,
        make: Option<String>,
        model: Option<String>,
        trim: Option<String>,
        mileage: Option<i32>,
        vdp_url: Option<String>,
        status: Option<String>,
        pricing: DealerInspirePricing,
        media: DealerInspireMedia,
    }

    #[derive(Deserialize)]
    struct DealerInspirePricing {
        our_price: Option<f64>,
    }

    #[derive(Deserialize)]
    struct DealerInspireMedia {
        images: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct TeamVelocity {
        inventory_vehicles: Vec<TeamVelocityVehicle>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct TeamVelocityVehicle {
        vin: String,
        year: i32,
        make: Option<String>,
        model: Option<String>,
        trim: Option<String>,
        miles: Option<i32>,
        selling_price: Option<f64>,
        internet_price: Option<f64>,
        r#type: Option<String>,
        certified: bool,
        stock_number: Option<String>,
        vdp_url: Option<String>,
        exterior_color: Option<String>,
        first_photo_url: Option<String>,
        dealer_name: Option<String>,
    }

    #[derive(Deserialize)]
    pub(super) struct Overfuel {
        meta: OverfuelMeta,
        results: Vec<OverfuelVehicle>,
    }

    #[derive(Deserialize)]
    struct OverfuelMeta {
        total: u32,
    }

    #[derive(Deserialize)]
    struct OverfuelVehicle {
        vin: String,
        year: i32,
        make: Option<String>,
        model: Option<String>,
        trim: Option<String>,
        mileage: Option<i32>,
        price: Option<f64>,
        specialprice: Option<f64>,
        condition: Option<String>,
        stocknumber: Option<String>,
        exteriorcolor: Option<String>,
        photos: Vec<Picture>,
        url: Option<String>,
        dealer: Option<OverfuelDealer>,
    }

    #[derive(Deserialize)]
    struct OverfuelDealer {
        name: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct WayneReavesVehicle {
        stock_no: Option<String>,
        vin: String,
        year: i32,
        make: Option<String>,
        model: Option<String>,
        trim: Option<String>,
        mileage: Option<i32>,
        price: Option<f64>,
        special: bool,
        special_price: Option<f64>,
        used: bool,
        certified: bool,
        sold_on: Option<String>,
        deleted_at: Option<String>,
        for_web: bool,
        exterior_color: Option<String>,
        pictures: Vec<Picture>,
    }
}

/// A vendor, where the records stand in its answer, and the peer.
type Answer = (&'static str, &'static str, fn(&str) -> bool);

const ANSWERS: [Answer; 6] = [
    ("dealer_com", "/inventory", typed::<peers::DealerCom>),
    ("dealer_on", "/DisplayCards", typed::<peers::DealerOn>),
    ("dealer_inspire", "/data/listings", typed::<peers::DealerInspire>),
    ("team_velocity", "/inventoryVehicles", typed::<peers::TeamVelocity>),
    ("overfuel", "/results", typed::<peers::Overfuel>),
    ("wayne_reaves", "", typed::<Vec<peers::WayneReavesVehicle>>),
];

fn typed<T: DeserializeOwned>(body: &str) -> bool {
    serde_json::from_str::<T>(black_box(body)).is_ok()
}

/// How much of a record is of no use to a listing.
#[derive(Clone, Copy)]
enum Extent {
    /// Nothing beyond the project's samples, which hold little but what is read.
    Bare,
    /// What lists written for a website's own pages carry beside it: a description, equipment, pictures, payments.
    Full,
}

/// What websites add to each record and nobody here asks for: 3.6 KB.
fn unread() -> Value {
    let words =
        "One owner, clean history, serviced here since new, with heated seats and the towing package. ".repeat(8);
    let equipment: Vec<_> =
        (0..40).map(|number| json!({ "id": number, "name": format!("Equipment {number}") })).collect();
    let pictures: Vec<_> = (0..20).map(|number| format!("https://pictures.example/large/{number:08}.jpg")).collect();
    json!({ "longDescription": words, "equipment": equipment, "gallery": pictures, "estimate": { "apr": 7.9, "months": 72,
        "monthly": 512.37, "down": 2500, "disclaimer": "With approved credit." }, "engineDisplacement": "3.5L V6",
        "cityEconomy": 18, "highwayEconomy": 24, "interior": "Medium Earth Gray", "isSpecial": false, "videoLink": null })
}

/// The vendor's sample with so many copies of its first vehicle, each with a VIN and an address of its own.
fn body(sample: &str, list: &str, vehicles: usize, extent: Extent) -> Option<String> {
    let mut answer: Value = serde_json::from_str(sample).ok()?;
    let records = answer.pointer_mut(list)?.as_array_mut()?;
    let mut first = records.first()?.clone();
    if let Extent::Full = extent {
        let vehicle = if first.get("VehicleCard").is_some() { first.get_mut("VehicleCard")? } else { &mut first };
        vehicle.as_object_mut()?.extend(unread().as_object()?.clone());
    }
    let first = first.to_string();
    let another = |number: usize| {
        let vin = format!("1FTEW1EP6KFA{:05}", number % 100_000);
        let record = first.replace("1FTEW1EP6KFA10001", &vin).replace("1ftew1ep6kfa10001", &vin.to_lowercase());
        serde_json::from_str(&record.replace("00000000000000000000000000000000", &format!("{number:032}"))).ok()
    };
    *records = (0..vehicles).map(another).collect::<Option<_>>()?;
    Some(answer.to_string())
}

fn answers(criterion: &mut Criterion) {
    const VEHICLES: usize = 100;
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let sample = |name: String| fs::read_to_string(pages.join(name)).unwrap_or_default();
    for (vendor, list, peer) in ANSWERS {
        let html = sample(format!("{vendor}/list.html"));
        let Ok(Some(request)) = jpauto::extract::data_request(&html, "https://lot.example/used-inventory/index.htm")
        else {
            println!("skipped: {vendor}'s page names no request");
            continue;
        };
        for (extent, name) in [(Extent::Bare, "bare"), (Extent::Full, "full")] {
            let Some(body) = body(&sample(format!("{vendor}/list.json")), list, VEHICLES, extent) else {
                println!("skipped: {vendor}'s answer has no list at {list:?}");
                continue;
            };
            let read = jpauto::extract::listings_from_data(&request, &body).map(|read| read.listings.len());
            assert!(read.as_ref().is_ok_and(|read| *read == VEHICLES), "{vendor}: {read:?}");
            assert!(peer(&body), "{vendor}: the peer does not read it");
            let mut group = criterion.benchmark_group(format!("answer/{vendor}/{name}"));
            group.sample_size(20).throughput(Throughput::Bytes(body.len() as u64));
            group.bench_function("listings_from_data", |bencher| {
                bencher.iter(|| jpauto::extract::listings_from_data(&request, black_box(&body)));
            });
            group.bench_function("serde_json_typed", |bencher| bencher.iter(|| peer(&body)));
            group.bench_function("serde_json_value", |bencher| {
                bencher.iter(|| serde_json::from_str::<Value>(black_box(&body)));
            });
            group.finish();
        }
    }
}

criterion_group!(benches, extraction, answers);
criterion_main!(benches);
