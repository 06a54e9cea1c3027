//! Values over, under and beside their labels, in any element.

use super::*;

/// What a page says of the first of five cars whose cards show this, each with its own VIN for `{vin}`.
fn first(shown: &str) -> ScrapedListing {
    let card = |number: usize| {
        let shown = shown.replace("{vin}", &format!("1FTEW1EP6KFA1000{number}"));
        format!(
            r#"<div class="car"><h3><a href="/used/{number}">2019 Ford F-150 XLT</a></h3><b>$21,995</b>{shown}<a href="/form">Details</a>
            <p>VIN: 1FTEW1EP6KFA1000{number}</p></div>"#
        )
    };
    let page: String = (1..=5).map(card).collect();
    let read = listings(&format!("<body><h1>Used Cars</h1>{page}</body>"), LOT).unwrap().listings;
    assert_eq!(read.len(), 5, "{shown}");
    let first = read.into_iter().next().unwrap();
    assert_eq!(first.price, Some(Money::from_dollars(21_995)), "{shown}");
    first
}

#[test]
fn miles_stand_over_their_caption_or_beside_their_unit() {
    for shown in [
        "<span>Mi</span> <span>45,678</span>",
        "<p>Engine 2.7L V6 &bull; Mi 45,678 &bull; Interior Black</p>",
        "<dl><dt>Engine</dt><dd>V6</dd><dt>Mi</dt><dd>45,678</dd></dl>",
        "<div><div>Stock #</div><div>Mi</div><div>Engine</div><div>P1001</div><div>45,678</div><div>V6</div></div>",
        "<span>45,678</span><span>Miles</span>",
        "<span>45,678</span><span>miles</span><span>Automatic</span>",
        "<div>45,678</div><div>Mileage</div>",
        "<div>45,678</div><div>Mileage</div><div>P1001</div><div>Stock #</div>",
        "<div>45,678</div><div>Mileage</div><div>12345</div><div>Stock #</div>",
        "<div>45678</div><div>Odometer</div><div>Gas</div>",
        "<span>45,678</span><span>mi</span>",
        "<span>45,678</span> <span>mi.</span><span>AWD</span>",
        "<span>45,678</span><span>Miles</span><span>22</span><span>MPG</span>",
        "<span>22</span><span>MPG</span><span>45,678</span><span>Miles</span>",
        "<p><b>45,678</b> <i>Miles</i></p><p><b>Automatic</b> <i>Transmission</i></p>",
        "<p>45,678<br>Miles</p>",
        "<ul><li>45,678</li><li>Miles</li><li>Red</li><li>Color</li></ul>",
        "<table><tr><td>45,678</td></tr><tr><td>Mileage</td></tr></table>",
        "<table><tr><td>2.0L</td></tr><tr><td>45,678</td></tr><tr><td>Mileage</td></tr></table>",
        "<table><tr><td>45,678</td><td>12</td></tr><tr><td>Mileage</td><td>Photos</td></tr></table>",
        "<table><tr><th>Stock</th><th>Mileage</th></tr><tr><td>A77</td><td>45,678</td></tr></table>",
        "<dl><dd>45,678</dd><dt>Mileage</dt></dl>",
        "<dl><dd>45,678 mi</dd><dt>Mileage</dt><dd>Crew</dd><dt>Cab</dt></dl>",
        "<dl><div><dd>45,678</dd><dt>Mileage</dt></div><div><dd>Gas</dd><dt>Fuel</dt></div></dl>",
        // In front, as ever.
        "<span>Miles</span><span>45,678</span>",
        "<span>Year</span><span>2019</span><span>Miles</span><span>45,678</span>",
        "<span>Stock</span><span>12345</span><span>Mileage</span><span>45,678</span><span>Doors</span><span>4</span>",
        "<dl><dt>Mileage</dt><dd>45,678</dd><dt>Stock</dt><dd>12345</dd></dl>",
        "<p>Mi: 45,678</p>",
        "<p>MI: 45 678</p>",
        "<p>45\u{2009}678 miles</p>",
        "<p>45&nbsp;678 miles</p>",
        "<p>45 678 mi</p>",
        "<b>Miles</b><i>45&#8239;678</i>",
    ] {
        assert_eq!(first(shown).mileage, Some(45_678), "{shown}");
    }
}

#[test]
fn a_number_beside_another_unit_a_distance_or_a_state_is_no_mileage() {
    for shown in [
        "<span>12</span><span>mi</span><span>away</span>",
        "<span>310</span><span>Miles</span><span>of range</span>",
        "<p><b>Range</b> <i>310 mi</i></p>",
        "<p><b>Est. range</b> <i>500 km</i></p>",
        "<p><b>Powertrain warranty</b> <i>60,000 miles</i></p>",
        "<p><b>Distance:</b> <i>12 mi</i></p>",
        "<span>Detroit,</span><span>MI</span><span>48226</span>",
        "<span>MI 48226</span>",
        "<span>22</span><span>MPG</span>",
        "<span>400 km</span>",
        "<span>250 km/h</span>",
        "<span>9.5 L/100 km</span>",
    ] {
        assert_eq!(first(shown).mileage, None, "{shown}");
    }
}

#[test]
fn any_fact_may_stand_over_its_caption() {
    let shown = "<dl><dd>2018</dd><dt>Year</dt><dd>A77</dd><dt>Stock Number</dt><dd>{vin}</dd><dt>VIN</dt>
        <dd>45,678</dd><dt>Mileage</dt><dd>Certified</dd><dt>Condition</dt><dd>Oxford White</dd><dt>Exterior Color</dt>
        <dd>No</dd><dt>Salvage</dt><dd>8 <b>Speed</b></dd><dt>Transmission</dt><dd>Crew</dd><dt>Cab</dt></dl>";
    let flat = shown.replace("<dd>", "<p>").replace("</dd>", "</p>").replace("dt>", "i>").replace("<dl>", "<div>");
    let flat = flat.replace("</dl>", "</div>").replace("8 <b>Speed</b>", "8 Speed");
    for shown in [shown, &flat] {
        let car = first(shown);
        assert_eq!(
            (car.year, car.stock_number.as_deref(), car.mileage),
            (Some(2018), Some("A77"), Some(45_678)),
            "{shown}"
        );
        assert_eq!((car.condition, car.title_brand), (Some(Condition::Certified), None), "{shown}");
        let texts = (car.exterior_color.as_deref(), car.transmission.as_deref());
        assert_eq!(texts, (Some("Oxford White"), Some("8 Speed")), "{shown}");
    }
    // A pair of its own says its side itself, whatever the others do.
    let mixed =
        first("<i>45,678</i><i>Miles</i><i>Automatic</i><p><b>Color</b> <i>Red</i></p><p><b>Stock</b> <i>A77</i></p>");
    assert_eq!((mixed.mileage, mixed.exterior_color.as_deref()), (Some(45_678), Some("Red")));
    assert_eq!(mixed.stock_number.as_deref(), Some("A77"));
}

#[test]
fn kilometers_are_converted_and_give_way_to_miles() {
    for (shown, miles) in [
        ("<p>48,280 km</p>", 30_000),
        ("<p>48 280 km</p>", 30_000),
        ("<p>48,280 Kilometers</p>", 30_000),
        ("<p>Kilometers: 48,280</p>", 30_000),
        ("<p>Odometer (km): 48,280</p>", 30_000),
        ("<p>Mileage: 48,280 km</p>", 30_000),
        ("<dt>Mileage</dt><dd>48,280 km</dd>", 30_000),
        ("<span>48,280</span><span>km</span>", 30_000),
        ("<p>48,280 km | Automatic</p>", 30_000),
        ("<p>73,512 km</p><p>45,680 mi</p>", 45_680),
        ("<p>Kilometers: 73,512</p><p>Miles: 45,680</p>", 45_680),
        ("<p>45,680 mi</p><p>73,512 km</p>", 45_680),
        ("<p>73,512 km / 45,680 mi</p>", 45_680),
    ] {
        assert_eq!(first(shown).mileage, Some(miles), "{shown}");
    }
}

#[test]
fn miles_are_not_lost_beside_what_is_said_of_them() {
    use OdometerStatus::{Exempt, TrueMileageUnknown};
    for (shown, miles, status) in [
        ("<p>30,000 miles TMU</p>", Some(30_000), TrueMileageUnknown),
        ("<p>TMU 30,000 miles</p>", Some(30_000), TrueMileageUnknown),
        ("<p>30,000 mi (TMU)</p>", Some(30_000), TrueMileageUnknown),
        ("<p>Mileage: 30,000 TMU</p>", Some(30_000), TrueMileageUnknown),
        ("<p>Mileage: TMU</p>", None, TrueMileageUnknown),
        ("<dt>Mileage</dt><dd>30,000 - TMU</dd>", Some(30_000), TrueMileageUnknown),
        ("<span>30,000</span><span>Miles</span><span>TMU</span>", Some(30_000), TrueMileageUnknown),
        ("<p>30,000 miles, true mileage unknown</p>", Some(30_000), TrueMileageUnknown),
        ("<p>30,000 miles (not actual)</p>", Some(30_000), TrueMileageUnknown),
        ("<p>Exempt 120,000 miles</p>", Some(120_000), Exempt),
        ("<p>120,000 miles Exempt</p>", Some(120_000), Exempt),
        ("<p>Miles: 120,000 (exempt)</p>", Some(120_000), Exempt),
        ("<span>120,000</span><span>Miles</span><span>Exempt</span>", Some(120_000), Exempt),
        ("<p>48,280 km TMU</p>", Some(30_000), TrueMileageUnknown),
    ] {
        let car = first(shown);
        assert_eq!((car.mileage, car.odometer_status), (miles, Some(status)), "{shown}");
    }
}

#[test]
fn data_states_kilometers_by_a_code_a_name_or_in_its_text() {
    for (stated, miles) in [
        (r#"{"@type": "QuantitativeValue", "value": "48280", "unitCode": "KMT"}"#, Some(30_000)),
        (r#"{"value": 48280, "unitText": "km"}"#, Some(30_000)),
        (r#"{"value": 48280, "unitText": "Kilometers"}"#, Some(30_000)),
        (r#"{"value": "48,280 km"}"#, Some(30_000)),
        (r#""48,280 km""#, Some(30_000)),
        (r#"[{"value": 73512, "unitCode": "KMT"}, {"value": 45680, "unitCode": "SMI"}]"#, Some(45_680)),
        (r#"[{"value": 45680, "unitCode": "SMI"}, {"value": 73512, "unitCode": "KMT"}]"#, Some(45_680)),
        (r#"{"value": 45680, "unitCode": "SMI"}"#, Some(45_680)),
        (r#"{"value": 45680}"#, Some(45_680)),
        ("45680", Some(45_680)),
        (r#"{"value": 45680, "unitCode": "MTR"}"#, None),
    ] {
        let page = format!(
            r#"<script type="application/ld+json">{{"@type": "Car", "name": "2019 Ford F-150", "offers": {{"price": 21995}},
            "vehicleIdentificationNumber": "1FTEW1EP6KFA10001", "mileageFromOdometer": {stated}}}</script>"#
        );
        assert_eq!(listings(&page, LOT).unwrap().listings[0].mileage, miles, "{stated}");
    }
    for (unit, miles) in [
        ("<meta itemprop=unitCode content=KMT>", 30_000),
        ("<i itemprop=unitText>km</i>", 30_000),
        ("<meta itemprop=unitCode content=SMI>", 48_280),
        ("", 48_280),
    ] {
        let page = format!(
            "<div itemscope itemtype='https://schema.org/Car'><h3 itemprop=name>2019 Ford F-150 XLT</h3>
            <meta itemprop=vehicleIdentificationNumber content=1FTEW1EP6KFA10001>
            <p itemprop=mileageFromOdometer itemscope itemtype='https://schema.org/QuantitativeValue'>
            <b itemprop=value content=48280>48,280</b>{unit}</p></div>"
        );
        assert_eq!(listings(&page, LOT).unwrap().listings[0].mileage, Some(miles), "{unit}");
    }
}

#[test]
fn labels_may_all_stand_in_front_of_their_values() {
    let shown = "<div><div>Stock Number</div><div>VIN</div><div>Mileage</div><div>P1001</div><div>{vin}</div><div>45,678</div></div>";
    let car = first(shown);
    assert_eq!((car.stock_number.as_deref(), car.mileage), (Some("P1001"), Some(45_678)));
    let short = "<div><div>Engine</div><div>Mi</div><div>Stock Number</div><div>1.8L I4</div><div>45,678</div><div>P1001</div></div>";
    assert_eq!((first(short).stock_number.as_deref(), first(short).mileage), (Some("P1001"), Some(45_678)));
    assert_eq!(car.vin.as_deref(), Some("1FTEW1EP6KFA10001"));
    for (shown, stock, miles) in [
        ("<p>#P1001</p>", Some("P1001"), None),
        ("<p>Mileage (est.): 45,678</p>", None, Some(45_678)),
        // A state with a postcode, and no number of the stock.
        ("<p><span>Troy</span> <span>MI</span> <span>48083</span></p>", None, None),
        ("<p>#1 in sales</p>", None, None),
    ] {
        let car = first(shown);
        assert_eq!((car.stock_number.as_deref(), car.mileage), (stock, miles), "{shown}");
    }
}
