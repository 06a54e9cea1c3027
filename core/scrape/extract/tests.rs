//! Whole pages: the project's own, which carry the tests alone, and real saved ones where the folder with them is present.

use std::{fs, path::Path};

use serde_json::Value;

use super::*;
use crate::Money;

const LOT: &str = "https://lot.example/used";

fn own(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(name)).unwrap()
}

/// A real page, or a plain word that the test did not run.
fn real(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pages").join(name);
    let page = fs::read(&path).ok();
    if page.is_none() {
        // Straight to the terminal: what a passing test prints is kept back.
        let told = format!("skipped: {} is not present\n", path.display());
        drop(std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()));
    }
    page
}

fn vins(extraction: &Extraction) -> Vec<&str> {
    extraction.listings.iter().filter_map(|listing| listing.vin.as_deref()).collect()
}

#[test]
fn the_real_dealer_com_page_gives_what_its_own_data_says() {
    let (Some(page), Some(expected)) =
        (real("dealercom/used-inventory.html"), real("dealercom/used-inventory.expected.json"))
    else {
        return;
    };
    let url = "http://www.twinstateford.net/used-inventory/index.htm";
    let read = listings_from_bytes(&page, None, url, None).unwrap();
    assert_eq!((read.platform, read.total), ("dealer_com", Some(58)));
    assert_eq!(read.next.as_deref(), Some("http://www.twinstateford.net/used-inventory/index.htm?start=35"));
    let expected: Vec<Value> = serde_json::from_slice(&expected).unwrap();
    assert_eq!(read.listings.len(), 35);
    for (listing, expected) in read.listings.iter().zip(&expected) {
        let text = |key: &str| expected[key].as_str().filter(|text| !matches!(*text, "null" | "")).map(str::to_owned);
        assert_eq!(listing.vin, text("vin"));
        assert_eq!(listing.stock_number, text("stockNumber"));
        assert_eq!(listing.make, text("make"));
        assert_eq!(listing.model, text("model"));
        assert_eq!(listing.trim, text("trim"));
        assert_eq!(listing.exterior_color, text("exteriorColor"));
        assert_eq!(listing.external_id, text("uuid"));
        assert_eq!(listing.year.map(|year| year.to_string()), text("modelYear"));
        assert_eq!(listing.mileage.map(|miles| miles.to_string()), text("odometer"));
        let price = text("internetPrice").filter(|price| price != "0").map(|price| price.parse().unwrap());
        assert_eq!(listing.price, price);
        assert!(listing.url.as_ref().unwrap().contains(&text("uuid").unwrap()));
        assert!(listing.image_url.is_some(), "{:?}", listing.vin);
        assert_eq!(listing.check(2026, &ListingLimits::default()), Ok(()));
    }
    let by_cards = listings_from_bytes(&page, None, url, Some("generic")).unwrap();
    assert_eq!(by_cards.platform, "cards");
    assert_same_vehicles(&by_cards, &read);
}

/// The same VINs in the same order, with the same prices and mileages.
fn assert_same_vehicles(one: &Extraction, other: &Extraction) {
    assert_eq!(one.listings.len(), other.listings.len());
    assert_eq!((one.total, &one.next), (other.total, &other.next));
    for (one, other) in one.listings.iter().zip(&other.listings) {
        assert_eq!((&one.vin, one.price, one.mileage, one.year), (&other.vin, other.price, other.mileage, other.year));
        let path = |listing: &ScrapedListing| {
            listing.url.as_ref().and_then(|url| url.split("?searchDepth").next().map(str::to_owned))
        };
        assert_eq!(
            (&one.make, &one.stock_number, path(one)),
            (&other.make, &other.stock_number, path(other)),
            "{:?}",
            one.vin
        );
    }
}

#[test]
fn the_real_auction123_pages_are_read_by_their_platform_and_without_it() {
    let (Some(first), Some(last)) = (real("auction123/page-1.html"), real("auction123/page-2.html")) else { return };
    let url = "http://showroom.auction123.com/american_european_autos/index.html";
    for (platform, name) in [(None, "auction123"), (Some("generic"), "structured_data")] {
        let read = listings_from_bytes(&first, None, url, platform).unwrap();
        assert_eq!((read.platform, read.total, read.listings.len(), vins(&read).len()), (name, Some(35), 30, 29));
        assert!(read.next.as_ref().unwrap().contains("/page-2.html?"), "{:?}", read.next);
        let bentley = &read.listings[0];
        assert_eq!(bentley.vin.as_deref(), Some("SCBZK14C2VCX61147"));
        assert_eq!((bentley.mileage, bentley.price), (Some(21_854), Some(Money::from_dollars(54_995))));
        assert_eq!(
            (bentley.year, bentley.make.as_deref(), bentley.model.as_deref()),
            (Some(1997), Some("Bentley"), Some("Azure"))
        );
        assert_eq!(
            (bentley.exterior_color.as_deref(), bentley.transmission.as_deref()),
            (Some("Silver"), Some("Auto"))
        );
        assert!(bentley.url.as_ref().unwrap().contains("/Bentley/Azure/SCBZK14C2VCX61147.html"));
        let mustang = read.listings.iter().find(|listing| listing.vin.is_none()).unwrap();
        assert_eq!(
            (mustang.year, mustang.make.as_deref(), mustang.model.as_deref()),
            (Some(1966), Some("Ford"), Some("Mustang"))
        );
        assert_eq!(mustang.price, Some(Money::from_dollars(31_995)));
        assert!(
            read.listings
                .iter()
                .all(|listing| listing.price.is_some() && listing.mileage.is_some() && listing.make.is_some())
        );
        let last = listings_from_bytes(&last, None, &url.replace("index", "page-2"), platform).unwrap();
        assert_eq!((last.listings.len(), last.total, last.next), (5, Some(35), None));
    }
    let read = listings_from_bytes(&first, None, url, None).unwrap();
    assert!(read.listings.iter().all(|listing| listing.external_id.is_some()));
}

#[test]
fn the_real_autowall_page_is_read_by_its_platform_and_without_it() {
    let Some(page) = real("autowall/new-list.html") else { return };
    let url = "https://longofathens.com/gs-vehicle/list?filter=New";
    let read = listings_from_bytes(&page, None, url, None).unwrap();
    assert_eq!((read.platform, read.total, read.listings.len(), vins(&read).len()), ("autowall", Some(66), 25, 25));
    assert_eq!(read.next.as_deref(), Some("https://longofathens.com/gs-vehicle/list?page=2"));
    let silverado = &read.listings[0];
    assert_eq!((silverado.external_id.as_deref(), silverado.vin.as_deref()), (Some("8408"), Some("1GCUDJEL0PZ157211")));
    assert_eq!((silverado.price, silverado.mileage), (Some(Money::from_dollars(76_295)), Some(8)));
    assert_eq!(
        (silverado.model.as_deref(), silverado.stock_number.as_deref()),
        (Some("Silverado 1500"), Some("157211"))
    );
    // A dealer's discount: the sales price is what is asked.
    assert_eq!(read.listings[8].price, Some(Money::from_dollars(55_680)));
    // "Call for Price".
    assert_eq!(read.listings[6].price, None);
    let by_cards = listings_from_bytes(&page, None, url, Some("generic")).unwrap();
    assert_eq!(by_cards.platform, "cards");
    assert_same_vehicles(&by_cards, &read);
}

/// What the project's own pages say of their three vehicles, in this order.
fn assert_own_vehicles(listings: &[ScrapedListing]) {
    let expected = [
        ("1FTEW1EP6KFA10001", 2019, "Ford", "F-150", Some(31_995), 48_200, "P1001"),
        ("2T3P1RFV3LC100002", 2020, "Toyota", "RAV4", Some(27_450), 33_100, "P1002"),
        ("1C4RJFBG9JC100003", 2018, "Jeep", "Grand Cherokee", None, 61_000, "P1003"),
    ];
    assert_eq!(listings.len(), expected.len());
    for (listing, (vin, year, make, model, price, mileage, stock)) in listings.iter().zip(expected) {
        assert_eq!(listing.vin.as_deref(), Some(vin));
        assert_eq!(
            (listing.year, listing.make.as_deref(), listing.model.as_deref()),
            (Some(year), Some(make), Some(model)),
            "{vin}"
        );
        assert_eq!(listing.price, price.map(Money::from_dollars), "{vin}");
        // Some pages round to a tenth of a thousand.
        assert_eq!(listing.mileage.map(|miles| miles / 100), Some(mileage / 100), "{vin}");
        assert_eq!(listing.stock_number.as_deref(), Some(stock), "{vin}");
        assert!(
            listing.url.as_ref().is_some_and(|url| url.starts_with("https://lot.example/")),
            "{vin}: {:?}",
            listing.url
        );
        assert_eq!(listing.check(2026, &ListingLimits::default()), Ok(()), "{vin}");
    }
}

#[test]
fn dealer_com_is_read_from_its_data_in_both_layouts_and_from_its_cards() {
    let url = "https://lot.example/used-inventory/index.htm";
    let page = own("dealer_com/data-layer.html");
    let read = listings(&page, url).unwrap();
    assert_eq!((read.platform, read.total), ("dealer_com", Some(8)));
    assert_eq!(read.next.as_deref(), Some("https://lot.example/used-inventory/index.htm?start=3"));
    assert_own_vehicles(&read.listings);
    assert_eq!(read.listings[1].exterior_color.as_deref(), Some("Ruby Red & Black"));
    assert_eq!(read.listings[2].exterior_color, None, "the text null is no colour");
    assert!(read.listings.iter().all(|listing| listing.image_url.is_some() && listing.external_id.is_some()));

    let by_cards = listings_from_bytes(page.as_bytes(), None, url, Some("generic")).unwrap();
    assert_eq!(by_cards.platform, "cards");
    assert_own_vehicles(&by_cards.listings);

    let read = listings(&own("dealer_com/widget-state.html"), &format!("{url}?start=3&make=Ford")).unwrap();
    assert_eq!((read.platform, read.total), ("dealer_com", Some(8)));
    assert_eq!(read.next.as_deref(), Some("https://lot.example/used-inventory/index.htm?make=Ford&start=6"));
    // The fee of $699 called asking price is never a price.
    assert_own_vehicles(&read.listings);
}

#[test]
fn auction123_is_read_with_its_vin_less_cars_and_ends_on_its_last_page() {
    let url = "http://showroom.auction123.com/sample/index.html";
    let page = own("auction123/list.html");
    for (platform, name) in [(None, "auction123"), (Some("generic"), "structured_data")] {
        let read = listings_from_bytes(page.as_bytes(), None, url, platform).unwrap();
        assert_eq!((read.platform, read.total, vins(&read).len(), read.listings.len()), (name, Some(5), 2, 3));
        assert_eq!(read.next.as_deref(), Some("http://showroom.auction123.com/sample/page-2.html"));
        assert_eq!(read.listings[0].trim.as_deref(), Some("XLT"), "remarks are no trim");
        assert_eq!(read.listings[2].model.as_deref(), Some("Mustang"));
        assert_eq!(read.listings[2].stock_number, None, "an empty label does not take the next label's value");
    }
    let read = listings(&page, url).unwrap();
    assert_eq!(read.listings[2].external_id.as_deref(), Some("9002"));
    assert_eq!(read.listings[2].raw_data, Some(serde_json::json!({ "vin_as_shown": "6T08C120641" })));
    let last = listings(&own("auction123/last.html"), &url.replace("index", "page-2")).unwrap();
    assert_eq!((last.listings.len(), last.total, last.next), (1, Some(5), None));
}

#[test]
fn autowall_is_read_by_its_cards_and_its_videos_are_no_vehicles() {
    let url = "https://lot.example/gs-vehicle/list?filter=New";
    let page = own("autowall/list.html");
    for (platform, name) in [(None, "autowall"), (Some("generic"), "cards")] {
        let read = listings_from_bytes(page.as_bytes(), None, url, platform).unwrap();
        assert_eq!((read.platform, read.total), (name, Some(7)));
        assert_eq!(read.next.as_deref(), Some("https://lot.example/gs-vehicle/list?page=2"));
        assert_own_vehicles(&read.listings);
        let ids: Vec<_> = read.listings.iter().filter_map(|listing| listing.external_id.as_deref()).collect();
        assert_eq!(ids, ["8400", "8401", "8402"]);
    }
}

#[test]
fn an_unknown_page_is_read_by_its_json_ld_alone() {
    let read = listings(&own("generic/json-ld.html"), LOT).unwrap();
    assert_eq!((read.platform, read.total), ("structured_data", Some(3)));
    assert_eq!(read.next.as_deref(), Some("https://lot.example/used/page/2"));
    assert_own_vehicles(&read.listings);
}

#[test]
fn an_unknown_page_without_data_is_read_by_the_cards_around_its_vins() {
    let read = listings(&own("generic/cards.html"), LOT).unwrap();
    assert_eq!((read.platform, read.total, read.next.as_deref()), ("cards", Some(4), None));
    assert_own_vehicles(&read.listings[..3]);
    assert_eq!(read.listings[0].image_url.as_deref(), Some("https://lot.example/img/0.jpg"));
    let bel_air = &read.listings[3];
    assert_eq!((bel_air.vin.as_deref(), bel_air.year, bel_air.model.as_deref()), (None, Some(1957), Some("Bel Air")));
    assert_eq!(read.listings.len(), 4, "neither the similar vehicles nor the hidden form are listings");
}

#[test]
fn a_card_of_an_unknown_make_is_kept_by_its_year_price_and_link_and_banners_are_not() {
    let cards = |odd: &str| {
        let known = ["1FTEW1EP6KFA10001", "1FTEW1EP8KFA10002", "1FTEW1EPXKFA10003"].map(|vin| {
            format!(r#"<div class="car"><h3><a href="/v/{vin}">2019 Ford F-150</a></h3><b class="price">$31,995</b> VIN: {vin}</div>"#)
        });
        let read = listings(&format!("<body><div>{}{odd}</div>", known.concat()), LOT).unwrap();
        read.listings.into_iter().filter(|listing| listing.make.as_deref() != Some("Ford")).collect::<Vec<_>>()
    };
    let with_vin = cards(
        r#"<div class="car"><h3><a href="/v/9">2024 Zeekr 009</a></h3><b class="price">$54,900</b> VIN: L6TXG2ZA0RE000017</div>"#,
    );
    assert_eq!(with_vin.len(), 1);
    assert_eq!((with_vin[0].year, with_vin[0].make.as_deref()), (Some(2024), None), "a wrong make is worse than none");
    assert_eq!(with_vin[0].url.as_deref(), Some("https://lot.example/v/9"));
    let numbered = cards(
        r#"<div class="car" data-id="77"><h3><a href="/v/77">2024 Zeekr 009</a></h3><b class="price">$54,900</b></div>"#,
    );
    assert_eq!(numbered.len(), 1);
    assert_eq!(numbered[0].external_id.as_deref(), Some("77"));
    for banner in [
        r#"<div class="car"><h3><a href="/truck-month">2026 Truck Month</a></h3><b class="price">$500</b></div>"#,
        r#"<div class="car" data-id="ad-1"><h3><a href="/truck-month">2026 Truck Month</a></h3>Save now</div>"#,
        r#"<div class="car"><h3>2026 Sale</h3><a href="/sale">From $9,995</a></div>"#,
    ] {
        assert_eq!(cards(banner), [], "{banner}");
    }
}

#[test]
fn fields_that_share_one_text_are_told_apart() {
    let read = listings(
        "<h3>2019 Ford F-150 XLT</h3><p>Stock #: P1 | Mileage: 45,000 Exterior Color: Oxford White, VIN: 1FTEW1EP6KFA10001 \
         Internet Price: $31,995</p>",
        LOT,
    )
    .unwrap();
    let [car] = &read.listings[..] else { panic!("{read:?}") };
    assert_eq!((car.stock_number.as_deref(), car.mileage), (Some("P1"), Some(45_000)));
    assert_eq!((car.exterior_color.as_deref(), car.vin.as_deref()), (Some("Oxford White"), Some("1FTEW1EP6KFA10001")));
    assert_eq!(car.price, Some(Money::from_dollars(31_995)));
}

/// One block of JSON-LD, read.
fn read_json_ld(block: &str) -> Vec<ScrapedListing> {
    listings(&format!("<p>x</p><script type=\"application/ld+json\">{block}</script>"), LOT).unwrap().listings
}

#[test]
fn json_ld_is_read_in_every_shape_that_was_met() {
    const VIN: &str = "1FTEW1EP6KFA10001";
    let car = |kind: &str, price: &str| {
        format!(
            r#"{{"@type": {kind}, "name": "2019 Ford F-150 XLT", "vehicleIdentificationNumber": "{VIN}", "brand": {{"name": "FORD"}},
            "mileageFromOdometer": "48,200", "image": ["/a.jpg"], "url": "/c/1", "offers": {price}}}"#
        )
    };
    let offer = r#"{"@type": "Offer", "price": "31995.00", "priceCurrency": "USD"}"#;
    for (name, block) in [
        ("Vehicle", car(r#""Vehicle""#, offer)),
        ("full name", car(r#""http://schema.org/Car""#, offer)),
        ("two types", car(r#"["Product", "Car"]"#, offer)),
        ("Product", car(r#""Product""#, offer)),
        ("offers as list", car(r#""Car""#, &format!("[{offer}, {offer}]"))),
        ("price as number", car(r#""Car""#, r#"{"price": 31995}"#)),
        ("price with sign", car(r#""Car""#, r#"{"price": "$31,995"}"#)),
        ("specification", car(r#""Car""#, r#"{"priceSpecification": {"price": 31995, "priceCurrency": "USD"}}"#)),
        ("with a payment", car(r#""Car""#, &format!(r#"[{offer}, {{"price": 399, "unitText": "MONTH"}}]"#))),
        ("in a list", format!("[{}]", car(r#""Car""#, offer))),
        ("graph", format!(r#"{{"@graph": [{{"@type": "WebSite"}}, {}]}}"#, car(r#""Car""#, offer))),
        (
            "item list",
            format!(
                r#"{{"@type": "ItemList", "itemListElement": [{{"@type": "ListItem", "item": {}}}]}}"#,
                car(r#""Car""#, offer)
            ),
        ),
        ("trailing comma", format!("{},", car(r#""Car""#, offer)).replace("}},", "},}")),
        ("raw line end", car(r#""Car""#, offer).replace("F-150 XLT", "F-150\n XLT")),
        ("entities", car(r#""Car""#, offer).replace('"', "&quot;")),
        ("entities, twice", car(r#""Car""#, offer).replace('"', "&amp;quot;")),
        ("twice", format!("{}\n{}", car(r#""Car""#, offer), car(r#""Vehicle""#, offer))),
        (
            "mentions another",
            car(r#""Car""#, offer)
                .replace(r#""url""#, r#""isSimilarTo": [{"@type": "Car", "vin": "2T3P1RFV3LC100002"}], "url""#),
        ),
        (
            "dealer's offers",
            format!(
                r#"{{"@type": "AutoDealer", "makesOffer": [{{"@type": "Offer", "price": "31995", "itemOffered": {}}}]}}"#,
                car(r#""Car""#, "null")
            ),
        ),
    ] {
        let read = read_json_ld(&block);
        assert_eq!(read.len(), 1, "{name}");
        let listing = &read[0];
        assert_eq!((listing.vin.as_deref(), listing.price), (Some(VIN), Some(Money::from_dollars(31_995))), "{name}");
        assert_eq!(
            (listing.make.as_deref(), listing.model.as_deref(), listing.trim.as_deref()),
            (Some("Ford"), Some("F-150"), Some("XLT")),
            "{name}"
        );
        assert_eq!(
            (listing.year, listing.mileage, listing.url.as_deref()),
            (Some(2019), Some(48_200), Some("https://lot.example/c/1")),
            "{name}"
        );
    }
}

#[test]
fn json_ld_gives_no_vehicle_and_no_price_that_it_does_not_state() {
    for block in [
        r#"{"@type": "VideoObject", "name": "2023 Buick Envision"}"#,
        r#"{"@type": "Product", "name": "All-weather floor mats", "sku": "FM-1", "offers": {"price": 99}}"#,
        r#"{"@type": "Car"}"#,
        r#"{"@type": "AutoDealer", "name": "2020 Motors"}"#,
        "not json",
        "",
    ] {
        assert_eq!(read_json_ld(block), [], "{block}");
    }
    let without_vin =
        read_json_ld(r#"{"@type": "Car", "name": "2019 Ford F-150", "sku": "P1", "offers": {"price": "0"}}"#);
    assert_eq!((without_vin.len(), without_vin[0].price, without_vin[0].vin.as_deref()), (1, None, None));
    for offers in [
        r#"{"price": 15995, "priceCurrency": "CAD"}"#,
        r#"[{"price": 15995}, {"price": 14995}]"#,
        r#"{"price": "Call"}"#,
        r#"{"price": "22.400"}"#,
        r#"{"price": 1299, "businessFunction": "http://purl.org/goodrelations/v1#LeaseOut"}"#,
        r#"{"price": 1299, "priceSpecification": {"price": 1299, "unitCode": "MON"}}"#,
        r#"{"price": "1299", "priceSpecification": {"price": 1299.00, "unitCode": "MON"}}"#,
        r#"{"price": 15995, "priceSpecification": {"price": 15995, "priceCurrency": "CAD"}}"#,
        r#"{"priceSpecification": {"price": 1500, "priceComponentType": "https://schema.org/DownPayment"}}"#,
        r#"{"priceSpecification": {"price": 1299, "referenceQuantity": {"value": 1, "unitCode": "MON"}}}"#,
        r#"{"priceSpecification": {"price": 1299, "priceType": "https://schema.org/StrikethroughPrice"}}"#,
    ] {
        let read =
            read_json_ld(&format!(r#"{{"@type": "Car", "name": "2019 Ford F-150", "sku": "P1", "offers": {offers}}}"#));
        assert_eq!(read[0].price, None, "{offers}");
    }
    for kinds in [("MSRP", "SalePrice"), ("ListPrice", ""), ("MSRP", "ListPrice")] {
        let kind = |kind: &str| {
            if kind.is_empty() { String::new() } else { format!(r#", "priceType": "https://schema.org/{kind}""#) }
        };
        let specified = format!(r#"[{{"price": 39999{}}}, {{"price": "$15,995"{}}}]"#, kind(kinds.0), kind(kinds.1));
        let car = format!(
            r#"{{"@type": "Car", "name": "2019 Ford F-150", "sku": "P1", "offers": {{"priceSpecification": {specified}}}}}"#
        );
        assert_eq!(read_json_ld(&car)[0].price, Some(Money::from_dollars(15_995)), "{kinds:?}");
    }
    let kilometres =
        r#"{"@type": "Car", "name": "2019 Ford F-150", "mileageFromOdometer": {"value": 80000, "unitCode": "KMT"}}"#;
    assert_eq!(read_json_ld(kilometres)[0].mileage, None);
}

#[test]
fn a_table_is_read_by_its_heads_and_a_card_by_what_a_person_sees() {
    let vins = ["1FTEW1EP6KFA10001", "2T3P1RFV3LC100002", "1C4RJFBG9JC100003"];
    let read = |html: &str| {
        let read = listings(html, LOT).unwrap().listings;
        assert_eq!(read.len(), 3, "{html}");
        read
    };
    let dollars = |listing: &ScrapedListing| listing.price.map(|price| price.cents() / 100);
    let row = |vin: &&str| {
        format!(
            r#"<tr><td>2019</td><td>Ford</td><td>F-150</td><td>$31,995</td><td>48,200</td><td>P1</td><td>{vin}</td>
            <td><a href="/v/{vin}">Details</a></td></tr>"#
        )
    };
    let heads = "<tr><th>Year<th>Make<th>Model<th>Price<th>Miles<th>Stock #<th>VIN<th></tr>";
    for car in read(&format!("<table>{heads}{}</table>", vins.iter().map(row).collect::<String>())) {
        let said = (car.year, car.make.as_deref(), car.model.as_deref(), car.mileage, car.stock_number.as_deref());
        assert_eq!(said, (Some(2019), Some("Ford"), Some("F-150"), Some(48_200), Some("P1")), "{car:?}");
        assert_eq!(dollars(&car), Some(31_995));
    }
    let cards = |shown: &dyn Fn(usize) -> String| {
        let card = |(at, vin): (usize, &&str)| {
            format!(
                r#"<div class="car"><h2><a href="/v/{vin}">2019 Ford F-150 XLT</a></h2>{}<p>VIN: {vin}</p></div>"#,
                shown(at)
            )
        };
        read(&vins.iter().enumerate().map(card).collect::<String>())
    };
    for (shown, price) in [
        ("<p>$31,995</p>", Some(31_995)),
        (
            r#"<div class="price"><span style="text-decoration: line-through">$39,999</span> $31,995</div>"#,
            Some(31_995),
        ),
        (r#"<span class="price" style="display: none">$39,999</span><span class="price">$31,995</span>"#, Some(31_995)),
        (r#"<span class="price msrp">$39,999</span><span class="price">$31,995</span>"#, Some(31_995)),
        (r#"<span class="price-savings">$2,500</span><span class="price">$31,995</span>"#, Some(31_995)),
        ("<span data-action=priceSpecification>$31,995</span>", Some(31_995)),
        (r#"<div class="price"><span>Down</span><span>$1,500</span></div>"#, None),
        (r#"<div class="price">$31 995</div>"#, None),
        (r#"<div class="price-savings">You save <span class="price">$2,500</span></div>"#, None),
        ("<p>$31,995</p><p>$39,999</p>", None),
    ] {
        for car in cards(&|_| shown.to_owned()) {
            assert_eq!(dollars(&car), price, "{shown}");
        }
    }
    let sold = |listings: &[ScrapedListing]| listings.iter().map(|car| car.is_sold).collect::<Vec<_>>();
    for mark in ["<b>SOLD!</b>", r#"<img class="overlay" alt="Sold" src="/sold.png">"#] {
        let one = cards(&|at| if at == 1 { mark.to_owned() } else { String::new() });
        assert_eq!(sold(&one), [None, Some(true), None], "{mark}");
        assert_eq!(sold(&cards(&|_| mark.to_owned())), [None; 3], "a part of the template");
    }
    for unseen in [
        r#"<div style="display:none"><img alt="Sold" src="/s.png"></div>"#,
        r#"<span class="badge d-none">SOLD</span>"#,
        "<dt>Sold:</dt><dd>No</dd>",
    ] {
        assert_eq!(sold(&cards(&|at| if at == 1 { unseen.to_owned() } else { String::new() })), [None; 3], "{unseen}");
    }
    assert_eq!(sold(&cards(&|at| if at == 1 { "<p>Sold as is</p>".to_owned() } else { String::new() })), [None; 3]);
}

#[test]
fn one_featured_vehicle_in_json_ld_does_not_hide_the_list_in_the_cards() {
    let page = own("generic/cards.html");
    let featured = r#"<script type="application/ld+json">{"@type": "Car", "vin": "1FTEW1EP6KFA10001", "name": "2019 Ford F-150",
        "fuelType": "Diesel", "offers": {"price": 31995}}</script>"#;
    let read = listings(&page.replace("</head>", &format!("{featured}</head>")), LOT).unwrap();
    assert_eq!((read.platform, read.listings.len()), ("cards", 4));
    assert_eq!(read.listings[0].fuel_type.as_deref(), Some("Diesel"), "what the data alone knows is kept");
}

#[test]
fn brand_words_and_a_vendors_pictures_do_not_make_a_platform() {
    let page = r#"<p>affordable cars, excludeFromAutoRevoke</p><img src="https://pictures.dealer.com/x.jpg">
        <script src="https://assets.prod.analytics.dealer.com/p.js"></script>"#;
    let read = listings(page, LOT).unwrap();
    assert_eq!(read.platform, "generic");
    assert_eq!(read.warnings, [Warning::NoListings]);
}

#[test]
fn a_known_platform_in_an_unknown_layout_is_read_like_any_page_and_says_so() {
    let page = own("generic/cards.html").replace("<body>", "<body><script>DDC.siteSettings = {};</script>");
    let read = listings(&page, LOT).unwrap();
    assert_eq!((read.platform, read.listings.len()), ("cards", 4));
    assert!(matches!(read.warnings[0], Warning::PlatformLayoutUnknown { .. }));
}

#[test]
fn what_cannot_be_read_is_refused_by_its_code() {
    let deep = "<div>".repeat(100_000);
    for (bytes, url, platform, code) in [
        (b"".as_slice(), LOT, None, "page_empty"),
        (b" \n", LOT, None, "page_empty"),
        (b"<p>", "lot.example", None, "invalid_url"),
        (b"<p>", "file:///etc/passwd", None, "invalid_url"),
        (b"<p>", LOT, Some("ford"), "unknown_platform"),
        (deep.as_bytes(), LOT, None, "page_too_deep"),
    ] {
        assert_eq!(listings_from_bytes(bytes, None, url, platform).unwrap_err().code(), code);
    }
    let huge = vec![b'x'; 17 * 1024 * 1024];
    assert_eq!(listings_from_bytes(&huge, None, LOT, None).unwrap_err().code(), "page_too_large");
    assert_eq!(
        listings_from_bytes(&[huge.as_slice(), &huge].concat(), None, LOT, None).unwrap_err().code(),
        "page_too_large"
    );
}

#[test]
fn a_page_gives_the_same_as_it_came_and_as_a_tree_made_by_html5ever() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("tests/pages"), root.join("../shared/pages")];
    let (mut compared, mut vehicles) = (0, 0);
    while let Some(folder) = folders.pop() {
        // The folder of real pages is not everywhere.
        for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "html") {
                let html = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                let through_a_tree = scraper::Html::parse_document(&html).html();
                let (as_it_came, again) = (listings(&html, LOT).unwrap(), listings(&through_a_tree, LOT).unwrap());
                assert_eq!(as_it_came, again, "{}", path.display());
                let generic = |html: &str| listings_from_bytes(html.as_bytes(), None, LOT, Some(GENERIC)).unwrap();
                assert_eq!(generic(&html), generic(&through_a_tree), "{} without its platform", path.display());
                compared += 1;
                vehicles += as_it_came.listings.len();
            }
        }
    }
    assert!(compared >= 40 && vehicles >= 100, "{compared} pages with {vehicles} vehicles");
}

#[test]
fn a_page_in_another_encoding_reads_the_same() {
    let page = own("generic/cards.html").replace("Oxford White", "Blanc cassé").replace("utf-8", "windows-1252");
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&page);
    for content_type in [None, Some("text/html; charset=ISO-8859-1"), Some("text/html; charset=utf-8")] {
        let read = listings_from_bytes(&bytes, content_type, LOT, None).unwrap();
        assert_eq!(read.listings[0].exterior_color.as_deref(), Some("Blanc cassé"), "{content_type:?}");
    }
}

#[test]
fn the_cost_grows_with_the_page_and_not_with_its_square() {
    let card = |n: u32| {
        format!(
            "<div class=card><h3>2019 Ford F-150</h3><p>Price: $31,995</p><p>VIN: 1FTEW1EP6KFA{n:05}</p><a href=/c/{n}>See</a></div>"
        )
    };
    let page: String = (0..20_000).map(card).collect();
    let started = std::time::Instant::now();
    let read = listings(&page, LOT).unwrap();
    assert_eq!(read.listings.len(), 20_000);
    let links = "<a href='?page=3'>3</a> 12 of ".repeat(100_000);
    let scripts = "<script type='application/ld+json'>{\"@type\":".repeat(50_000);
    let comments = "<!-- ".repeat(200_000);
    for page in [links, scripts, comments] {
        let _ = listings(&page, LOT).unwrap();
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn cards_are_found_in_tables_links_and_split_labels_and_on_a_vehicles_own_page() {
    let expected = |listing: &ScrapedListing| {
        assert_eq!(listing.make.as_deref(), Some("Ford"), "{listing:?}");
        assert_eq!(
            (listing.year, listing.model.as_deref(), listing.trim.as_deref()),
            (Some(2019), Some("F-150"), Some("XLT"))
        );
        assert_eq!((listing.price, listing.mileage), (Some(Money::from_dollars(31_995)), Some(48_200)), "{listing:?}");
        assert_eq!(listing.stock_number.as_deref(), Some("P1001"), "{listing:?}");
        assert_eq!(
            listing.url.as_deref().map(|url| url.starts_with("https://lot.example/")),
            Some(true),
            "{listing:?}"
        );
    };
    let row = |vin: &str| {
        format!(
            "<tr><td><a href='/v/{vin}'>2019 Ford F-150 XLT</a></td><td>Price: <del>$35,000</del> $31,995</td><td>48,200 miles</td>
            <td>Stock# P1001</td></tr>"
        )
    };
    let linked = |vin: &str| {
        format!(
            "<a class=tile href='/v/1-{vin}'><h4>Used 2019 FORD F-150 XLT</h4><span class=lbl>Odometer</span><span>48,200</span>
            <span class=lbl>Stock</span><b>P1001</b><span class=our-price>$31,995</span><i>$450/mo</i></a>"
        )
    };
    let attributes = |vin: &str| {
        format!(
            "<li data-vehicle='{{&quot;vin&quot;:&quot;{vin}&quot;,&quot;price&quot;:&quot;$31,995&quot;,&quot;mileage&quot;:48200,&quot;stock&quot;:
            &quot;P1001&quot;}}'><a href='/v/{}'><img alt='2019 Ford F-150 XLT' src=/p.jpg></a></li>", &vin[12..]
        )
    };
    let several = |card: &dyn Fn(&str) -> String| {
        ["1FTEW1EP6KFA10001", "2T3P1RFV3LC100002", "1C4RJFBG9JC100003"].map(card).concat()
    };
    for page in [
        format!("<table><tr><th>Vehicle<th>Price<th>Miles<th>Stock</tr>{}</table>", several(&row)),
        format!("<div>{}</div>", several(&linked)),
        format!("<ul>{}</ul>", several(&attributes)),
    ] {
        let read = listings(&page, LOT).unwrap();
        assert_eq!((read.platform, read.listings.len()), ("cards", 3), "{page}");
        read.listings.iter().for_each(expected);
    }
    let own_page = "<nav><a href='/'>Home</a></nav><h1>2019 Ford F-150 XLT</h1><p class=price>$31,995</p><dl><dt>VIN<dd>1FTEW1EP6KFA10001<dt>Mileage
        <dd>48,200<dt>Stock #<dd>P1001</dl>";
    let read = listings(own_page, "https://lot.example/v/1").unwrap();
    assert_eq!(read.listings.len(), 1);
    read.listings.iter().for_each(expected);
    assert_eq!(
        read.listings[0].url.as_deref(),
        Some("https://lot.example/v/1"),
        "a vehicle's own page is where it stands"
    );
}

/// Text that looks enough like a page to reach the far corners.
fn pieces() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<div class=card>",
            "</div>",
            "<a href='",
            "'>",
            "<script type=application/ld+json>",
            "</script>",
            "{\"@type\":\"Car\",",
            "\"vin\":",
            "1FTEW1EP6KFA10001",
            "2T3P1RFV3LC100002",
            "VIN: ",
            "Price: $",
            "$1,2",
            "12.5k",
            "/mo",
            " of ",
            "1-2",
            "vehicles",
            "<!--",
            "-->",
            "&#x",
            "&amp;",
            "DDC.dataLayer['vehicles'] = [",
            "{vin:'",
            "\\x2",
            "\\ud83d",
            "<h3>2019 Ford F-150",
            "data-price=\"",
            "itemscope itemtype=\"http://schema.org/Car\"",
            "gs-vehicle/",
            "a123InventoryItem",
            "é",
            "\u{a0}",
            "]",
            "}",
            ":",
            "\"",
            "'",
            "=",
            "<",
            ">",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_reader_panic_or_a_listing_implausible(page in pieces()) {
        let _ = (price(&page), mileage(&page), text(&page));
        for platform in platforms() {
            let Ok(read) = listings_from_bytes(page.as_bytes(), None, LOT, Some(platform)) else { continue };
            for listing in read.listings {
                proptest::prop_assert!(listing.check(2099, &ListingLimits::default()).is_ok() || !listing.has_identity(), "{listing:?}");
            }
        }
    }

    #[test]
    fn numbers_survive_their_usual_spelling(dollars in 1_i32..99_999_999, miles in 0_i32..2_000_000) {
        fn grouped(number: i32) -> String {
            let digits = number.to_string();
            let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
            groups.join(",")
        }
        for spelling in [format!("${}", grouped(dollars)), format!("$ {dollars}.00"), format!("Price: ${dollars}")] {
            proptest::prop_assert_eq!(price(&spelling), Some(Money::from_dollars(dollars)), "{}", spelling);
        }
        for spelling in [miles.to_string(), format!("{} miles", grouped(miles)), format!("Mileage: {}", grouped(miles))] {
            proptest::prop_assert_eq!(mileage(&spelling), Some(miles), "{}", spelling);
        }
    }
}
