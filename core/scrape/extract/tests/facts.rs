//! What pages say beside a car's price: its title, its condition, its odometer, and whether somebody is buying it.

use super::*;

const VINS: [&str; 3] = ["1FTEW1EP6KFA10001", "2T3P1RFV3LC100002", "1C4RJFBG9JC100003"];

/// What is said of the second of three cards, whose heading and text are given.
fn of_card(heading: &str, shown: &str) -> [String; 4] {
    let card = |at: usize, heading: &str, shown: &str| {
        let vin = VINS[at];
        format!(
            r#"<li class="car"><h3><a href="/used/{at}">{heading}</a></h3><p>VIN: {vin}</p><p>${}1,995</p>{shown}</li>"#,
            at + 1
        )
    };
    let page =
        [card(0, "2019 Ford F-150 XLT", ""), card(1, heading, shown), card(2, "2018 Jeep Grand Cherokee Laredo", "")]
            .concat();
    let read = listings(&format!("<body><ul>{page}</ul></body>"), LOT).unwrap().listings;
    assert_eq!(read.len(), 3, "{shown}");
    let silent = [said(&read[0]), said(&read[2])];
    assert!(silent.iter().flatten().all(String::is_empty), "{shown}: {silent:?}");
    said(&read[1])
}

fn said(listing: &ScrapedListing) -> [String; 4] {
    let text = |word: Option<&'static str>| word.unwrap_or_default().to_owned();
    [
        text(listing.title_brand.map(TitleBrand::as_str)),
        text(listing.condition.map(Condition::as_str)),
        text(listing.odometer_status.map(OdometerStatus::as_str)),
        text(listing.sale_status.map(SaleStatus::as_str)),
    ]
}

#[test]
fn a_card_says_them_by_labels_badges_attributes_and_its_heading() {
    const CAR: &str = "2020 Toyota RAV4 XLE";
    for (heading, shown, expected) in [
        (CAR, "<i>Title Brand</i> <i>SALVAGE</i>", ["salvage", "", "", ""]),
        (CAR, "<dt>Title</dt><dd>Rebuilt</dd>", ["rebuilt", "", "", ""]),
        (CAR, "<p>Title Status: Lemon Law Buyback</p>", ["lemon", "", "", ""]),
        (CAR, "<p>Title: Clean</p>", ["clean", "", "", ""]),
        (CAR, "<p>Branded Title: Yes</p>", ["branded", "", "", ""]),
        (CAR, "<p>Branded Title: No</p>", ["", "", "", ""]),
        (CAR, "<dt>Salvage</dt><dd>No</dd>", ["", "", "", ""]),
        (CAR, "<span>Salvage Title</span>", ["salvage", "", "", ""]),
        (CAR, r#"<p data-title-status="flood"></p>"#, ["flood", "", "", ""]),
        (CAR, "<b>Rebuilt title</b><b>Clean title</b>", ["", "", "", ""]),
        ("2020 Toyota RAV4 XLE *Salvage Title*", "", ["salvage", "", "", ""]),
        ("REBUILT 2020 Toyota RAV4 XLE", "", ["rebuilt", "", "", ""]),
        (CAR, "<p>CARFAX Buyback Guarantee</p><p>Smith Auto Salvage</p><p>Lemon Yellow</p>", ["", "", "", ""]),
        (CAR, "<p>Condition: Used</p>", ["", "used", "", ""]),
        (CAR, "<dt>Condition</dt><dd>New</dd>", ["", "new", "", ""]),
        (CAR, "<p>Condition: Salvage</p>", ["salvage", "", "", ""]),
        (CAR, "<dt>Certified</dt><dd>No</dd>", ["", "", "", ""]),
        (CAR, "<i>Used</i><i>Certified Pre-Owned</i>", ["", "certified", "", ""]),
        (CAR, "<i>New</i>", ["", "", "", ""]),
        ("Certified Pre-Owned 2020 Toyota RAV4", "", ["", "certified", "", ""]),
        (CAR, "<i>Honda Certified</i>", ["", "certified", "", ""]),
        (CAR, "<i>TOYOTA CERTIFIED</i>", ["", "certified", "", ""]),
        (CAR, r#"<img src="/c.png" alt="Toyota Certified logo">"#, ["", "certified", "", ""]),
        (CAR, "<i>Toyota Gold Certified Used</i>", ["", "certified", "", ""]),
        (CAR, "<i>ASE Certified</i><i>Honda Certified Technicians</i>", ["", "", "", ""]),
        (CAR, "<i>R-Title</i>", ["rebuilt", "", "", ""]),
        (CAR, "<i>Previously salvaged</i>", ["salvage", "", "", ""]),
        (CAR, "<i>Prior salvage</i>", ["salvage", "", "", ""]),
        (CAR, "<i>Reconstructed</i>", ["rebuilt", "", "", ""]),
        (
            CAR,
            "<p>Runs and drives great, one owner, all service records are with it. Has a salvage title since 2021.</p>",
            ["salvage", "", "", ""],
        ),
        (
            CAR,
            "<p>One owner, clean title, no salvage history, never in a flood, and all service records are with it, too.</p>",
            ["", "", "", ""],
        ),
        (CAR, "<p>Never salvaged</p><p>Not a salvage</p><p>No salvage title</p>", ["", "", "", ""]),
        (CAR, "<p>We never sell cars with a salvage title</p>", ["", "", "", ""]),
        (CAR, "<p>Mileage: 120,345 (TMU)</p>", ["", "", "tmu", ""]),
        (CAR, "<p>Mileage: EXEMPT</p>", ["", "", "exempt", ""]),
        (CAR, "<p>Odometer Status: Not Actual</p>", ["", "", "tmu", ""]),
        (CAR, "<p>TMU</p>", ["", "", "tmu", ""]),
        (CAR, "<p>Tax exempt buyers welcome</p>", ["", "", "", ""]),
        (CAR, "<p>Sale Pending</p>", ["", "", "", "pending"]),
        (CAR, "<p>Sale Pending</p><p>In Stock</p>", ["", "", "", "pending"]),
        (CAR, "<p>Status: Available</p>", ["", "", "", "available"]),
    ] {
        assert_eq!(of_card(heading, shown), expected, "{heading} {shown}");
    }
}

#[test]
fn data_says_them_by_keys_properties_and_words() {
    const VIN: &str = VINS[0];
    for (members, expected) in [
        (r#""itemCondition": "https://schema.org/UsedCondition""#, ["", "used", "", ""]),
        (r#""offers": {"price": 21995, "itemCondition": "NewCondition"}"#, ["", "new", "", ""]),
        (r#""additionalProperty": [{"name": "Title Brand", "value": "Salvage"}]"#, ["salvage", "", "", ""]),
        (r#""additionalProperty": {"name": "Odometer Status", "value": "TMU"}"#, ["", "", "tmu", ""]),
        (r#""vehicleTitle": "Rebuilt""#, ["rebuilt", "", "", ""]),
        (r#""vehicleTitle": "2019 Ford F-150""#, ["", "", "", ""]),
        (r#""titleStatus": ["Salvage", "Flood"]"#, ["salvage", "", "", ""]),
        (r#""isSalvage": true, "isCertified": false"#, ["salvage", "", "", ""]),
        (r#""isNew": false"#, ["", "used", "", ""]),
        (r#""offers": {"price": 21995, "availability": "Reserved"}"#, ["", "", "", "pending"]),
        (r#""name": "2019 Ford F-150 XLT - Salvage""#, ["salvage", "", "", ""]),
        (r#""knownVehicleDamages": "Salvage title""#, ["salvage", "", "", ""]),
        (r#""knownVehicleDamages": ["Hail", "Flood damage"]"#, ["flood", "", "", ""]),
        (r#""knownVehicleDamages": "None""#, ["", "", "", ""]),
        (r#""description": "Great truck. This one has a salvage title.""#, ["salvage", "", "", ""]),
        (r#""description": "Clean title, no salvage history, never salvaged.""#, ["", "", "", ""]),
        (r#""description": "Not a salvage title. No rebuilt titles here.""#, ["", "", "", ""]),
        (r#""description": "R-Title, priced to sell""#, ["rebuilt", "", "", ""]),
        (r#""mileageFromOdometer": "30,000 miles TMU""#, ["", "", "tmu", ""]),
    ] {
        let car = format!(r#"{{"@type": "Car", "brand": "Ford", "vehicleIdentificationNumber": "{VIN}", {members}}}"#);
        let page = format!(r#"<script type="application/ld+json">{car}</script>"#);
        assert_eq!(said(&listings(&page, LOT).unwrap().listings[0]), expected, "{members}");
    }
    let scope = format!(
        r#"<div itemscope itemtype="http://schema.org/Car"><b itemprop="name">2019 Ford F-150</b>
        <i itemprop="vehicleIdentificationNumber">{VIN}</i><link itemprop="itemCondition" href="http://schema.org/UsedCondition"></div>"#
    );
    assert_eq!(said(&listings(&scope, LOT).unwrap().listings[0]), ["", "used", "", ""]);
}

#[test]
fn a_brand_on_the_card_is_not_lost_behind_data_that_is_silent_or_calls_it_clean() {
    let page = |title: &str| {
        format!(
            r#"<script type="application/ld+json">{{"@type": "Car", "name": "2019 Ford F-150", "vehicleIdentificationNumber": "{vin}",
            {title} "url": "/used/1"}}</script><ul><li><h3>2019 Ford F-150</h3><p>VIN: {vin}</p><p>$21,995</p><p>Salvage Title</p></li></ul>"#,
            vin = VINS[0]
        )
    };
    for title in ["", r#""titleStatus": "Clean","#] {
        let read = listings(&page(title), LOT).unwrap().listings;
        assert_eq!(read[0].title_brand, Some(TitleBrand::Salvage), "{title}");
    }
}
