//! JSON-LD blocks of one page.

use super::*;

fn read_json_ld(block: &str) -> Vec<ScrapedListing> {
    listings(&format!("<p>x</p><script type=\"application/ld+json\">{block}</script>"), LOT).unwrap().listings
}

const VIN: &str = "1FTEW1EP6KFA10001";

/// One car, written in every shape that was met.
fn shapes() -> Vec<(&'static str, String)> {
    let car = |kind: &str, price: &str| {
        format!(
            r#"{{"@type": {kind}, "name": "2019 Ford F-150 XLT", "vehicleIdentificationNumber": "{VIN}", "brand": {{"name": "FORD"}},
            "mileageFromOdometer": "48,200", "image": ["/a.jpg"], "url": "/c/1", "offers": {price}}}"#
        )
    };
    let offer = r#"{"@type": "Offer", "price": "31995.00", "priceCurrency": "USD"}"#;
    vec![
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
    ]
}

#[test]
fn json_ld_is_read_in_every_shape_that_was_met() {
    for (name, block) in shapes() {
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
    let kilometres = r#"{"@type": "Car", "name": "2019 Ford F-150", "sku": "P1", "mileageFromOdometer": {"value": 80000, "unitCode": "KMT"}}"#;
    assert_eq!(read_json_ld(kilometres)[0].mileage, Some(49_710));
}

#[test]
fn an_offer_for_years_gives_way_to_one_that_is_not() {
    let lease = |duration: &str| format!(r#"{{"price": 1329, "eligibleDuration": {duration}}}"#);
    let sale = r#"{"price": 25995}"#;
    let price = |offers: &[&str]| {
        let offers = offers.join(", ");
        let car = format!(r#"{{"@type": "Car", "name": "2019 Ford F-150", "sku": "P1", "offers": [{offers}]}}"#);
        read_json_ld(&car)[0].price
    };
    for duration in [
        r#"{"value": 36, "unitCode": "MON"}"#,
        r#"{"@type": "QuantitativeValue", "value": "3", "unitCode": "ANN"}"#,
        r#"{"value": 36, "unitText": "months"}"#,
        r#""P36M""#,
        r#""36 months""#,
        r#""36.0 MON""#,
        r#""P1095D""#,
        r#""P156W""#,
        r#""P1Y6M""#,
        r#""P3Y0M0DT0H""#,
        r#""3 yrs""#,
        r#"{"value": 36.0, "unitCode": "MON"}"#,
        r#"{"value": "36.0", "unitCode": "https://unece.org/trade/rec20/MON"}"#,
        r#"{"minValue": 24, "maxValue": 48, "unitCode": "MON"}"#,
        r#"{"maxValue": 1095, "unitCode": "DAY"}"#,
        r#"{"value": 156, "unitText": "weeks"}"#,
        r#"{"value": 12, "unitCode": "QAN"}"#,
        r#"{"value": "P36M"}"#,
        r#"{"value": {"value": 36, "unitText": "Months"}}"#,
        r#"[{"value": 36, "unitCode": "MON"}]"#,
    ] {
        let lease = lease(duration);
        assert_eq!(price(&[sale, &lease]), Some(Money::from_dollars(25_995)), "{duration}");
        assert_eq!(price(&[&lease, sale]), Some(Money::from_dollars(25_995)), "{duration}");
        assert_eq!(
            price(&[&lease]),
            Some(Money::from_dollars(1_329)),
            "how long it stands does not say that it is a lease"
        );
    }
    // A sale of thirty days may be the price, and may not.
    for duration in [
        r#"{"value": 30, "unitCode": "DAY"}"#,
        r#"{"value": 36, "unitCode": "MIN"}"#,
        r#"{"value": 48, "unitText": "minutes"}"#,
        r#"{"value": 72, "unitCode": "HUR"}"#,
        r#"{"value": 300, "unitCode": "DAY"}"#,
        r#""PT36M""#,
        r#""P1M""#,
        r#""P30D""#,
        r#""36 mph""#,
        r#"{"value": 36}"#,
        "36",
        "null",
        r#""P99999999999999999999M""#,
    ] {
        assert_eq!(price(&[sale, &lease(duration)]), None, "{duration}");
    }
}

#[test]
fn an_offer_for_years_is_no_price_beside_a_sale_that_states_none() {
    let lease = r#"{"price": 1329, "eligibleDuration": {"value": 36, "unitCode": "MON"}}"#;
    for (sale, price) in [
        (r#"{"price": 0}"#, None),
        (r#"{"price": 1}"#, None),
        (r#"{"price": "9999999999"}"#, None),
        (r#"{"price": "Call for price"}"#, None),
        (r#"{"price": null}"#, None),
        (r#"{"@type": "Offer", "availability": "InStock"}"#, None),
        (r#"{"@type": "AggregateOffer", "offerCount": 1}"#, None),
        // These are offers of something else.
        (r#"{"price": 500, "priceType": "https://schema.org/DownPayment"}"#, Some(1_329)),
        (r#"{"price": 389, "priceSpecification": {"price": 389, "unitCode": "MON"}}"#, Some(1_329)),
        (r#"{"price": 0, "businessFunction": "LeaseOut"}"#, Some(1_329)),
        (r#"{"price": 0, "eligibleDuration": "P2Y"}"#, Some(1_329)),
    ] {
        for offers in [[sale, lease], [lease, sale]] {
            let offers = offers.join(", ");
            let car = format!(r#"{{"@type": "Car", "name": "2019 Ford F-150", "sku": "P1", "offers": [{offers}]}}"#);
            assert_eq!(read_json_ld(&car)[0].price, price.map(Money::from_dollars), "{sale}");
        }
    }
}

#[test]
fn json_ld_says_where_a_car_stands_by_the_availability_of_its_offers() {
    use StockStatus::{InProduction, InStock, InTransit, SalePending};
    for (offers, status) in [
        (r#"{"price": 31995, "availability": "https://schema.org/InStock"}"#, Some(InStock)),
        (r#"{"price": 31995, "availability": "InStock"}"#, Some(InStock)),
        (r#"{"availability": {"@id": "http://schema.org/PreOrder"}}"#, Some(InProduction)),
        (r#"{"availability": "http://schema.org/BackOrder"}"#, Some(InProduction)),
        (r#"{"availability": "https://schema.org/Reserved"}"#, Some(SalePending)),
        (r#"{"availability": "In Transit"}"#, Some(InTransit)),
        (r#"[{"availability": "InStock"}, {"availability": "PreOrder"}]"#, Some(InProduction)),
        (r#"{"availability": "https://schema.org/OutOfStock"}"#, None),
        (r#"{"availability": "https://schema.org/LimitedAvailability"}"#, None),
        (r#"{"availability": null}"#, None),
    ] {
        let car = format!(
            r#"{{"@type": "Car", "name": "2019 Ford F-150", "vehicleIdentificationNumber": "{VIN}", "offers": {offers}}}"#
        );
        assert_eq!(read_json_ld(&car)[0].stock_status, status, "{offers}");
    }
    let offered = format!(
        r#"{{"@type": "Offer", "availability": "PreOrder", "itemOffered": {{"@type": "Car", "vehicleIdentificationNumber": "{VIN}"}}}}"#
    );
    assert_eq!(read_json_ld(&offered)[0].stock_status, Some(InProduction));
}

#[test]
fn a_zero_gives_way_to_the_miles_on_the_card() {
    let page = |miles: &str| {
        format!(
            r#"<script type="application/ld+json">{{"@type": "Car", "name": "2019 Ford F-150 XLT", "vehicleIdentificationNumber": "1FTEW1EP6KFA10001",
            "mileageFromOdometer": {{"value": 0, "unitCode": "SMI"}}, "offers": {{"price": 31630}}}}</script>
            <div class="car"><h3><a href="/v/1">2019 Ford F-150 XLT</a></h3><p>VIN: 1FTEW1EP6KFA10001</p><p>{miles} miles</p></div>"#
        )
    };
    let miles = |said: &str| listings(&page(said), LOT).unwrap().listings[0].mileage;
    assert_eq!(miles("61,204"), Some(61_204));
    // A new car has a few.
    assert_eq!(miles("12"), Some(0));
}

/// Three cars as cards of a list, of which data says what `node` makes of each number.
fn list_with_data(cars: std::ops::Range<usize>, node: impl Fn(usize) -> String) -> Vec<ScrapedListing> {
    let nodes: Vec<String> = cars
        .map(|car| format!(r#"{{"@type": "Car", "vehicleIdentificationNumber": "{}", {}}}"#, VINS[car], node(car)))
        .collect();
    let cards: String = (0..3)
        .map(|car| {
            format!(
                r#"<div class="unit"><h3><a href="/unit/R10{car}">2017 Ford Edge SEL</a></h3><p>VIN: {}</p><p>Stock: R10{car}</p><p>4{car},207 miles</p><p>Price: $2{car},988</p></div>"#,
                VINS[car]
            )
        })
        .collect();
    let data = nodes.join(",");
    let html = format!(r#"<html><body><script type="application/ld+json">[{data}]</script>{cards}</body></html>"#);
    listings(&html, "https://lot.example/used").unwrap().listings
}

const VINS: [&str; 3] = ["2FMPK4K91HBB11870", "1G1YK2D73G5100001", "1FTEW1EP6KFA10001"];

#[test]
fn what_cards_ask_goes_before_another_amount_of_the_data() {
    for offer in [
        r#"{"price": 383}"#,
        r#"{"name": "MSRP", "price": 31995}"#,
        r#"{"price": 2500, "description": "Down payment"}"#,
        r#"{"price": 19988, "priceValidUntil": "2024-01-01"}"#,
    ] {
        let found = list_with_data(0..3, |car| {
            format!(
                r#""name": "2017 Ford Edge SEL", "sku": "R10{car}", "url": "/unit/R10{car}", "mileageFromOdometer": 4{car}207, "offers": {offer}"#
            )
        });
        assert_eq!(found.len(), 3, "{offer}");
        for (car, price) in found.iter().zip([20_988, 21_988, 22_988]) {
            assert_eq!(car.price, Some(Money::from_dollars(price)), "{offer}");
        }
    }
}

#[test]
fn cards_fill_what_data_leaves_empty_and_those_that_it_does_not_name_are_cars_as_well() {
    let offer = |car: usize| format!(r#""mileageFromOdometer": 4{car}207, "offers": {{"price": 2{car}988}}"#);
    for cars in [0..1, 0..2, 0..3] {
        let found = list_with_data(cars.clone(), offer);
        assert_eq!(found.len(), 3, "{cars:?}");
        for (at, car) in found.iter().enumerate() {
            assert_eq!((car.year, car.model.as_deref()), (Some(2017), Some("Edge")), "{cars:?}");
            assert_eq!(car.stock_number, Some(format!("R10{at}")), "{cars:?}");
            assert_eq!(car.url, Some(format!("https://lot.example/unit/R10{at}")), "{cars:?}");
        }
    }
    let found = list_with_data(0..3, |car| {
        format!(
            r#""name": "2017 Ford Edge SEL", "sku": "inv-9{car}", "url": "/unit/R10{car}", "mileageFromOdometer": 12, "offers": {{"price": 2{car}988}}"#
        )
    });
    assert_eq!((found[0].stock_number.as_deref(), found[0].mileage), (Some("R100"), Some(40_207)));
}

#[test]
fn identities_stand_among_other_properties_and_keys_wear_a_prefix() {
    let node = r#"[{"@type": "Product", "name": "2017 Ford Edge SEL", "productID": "vin:2FMPK4K91HBB11870", "offers": {"price": 22988},
        "additionalProperty": [{"name": "VIN", "value": "2FMPK4K91HBB11870"}, {"name": "Mileage", "value": "41,207 mi"},
        {"name": "Stock Number", "value": "R100"}]}]"#;
    let prefixed = r#"{"@context": {"schema": "http://schema.org/"}, "@type": "schema:Car", "schema:name": "2017 Ford Edge SEL",
        "schema:vehicleIdentificationNumber": "2FMPK4K91HBB11870", "schema:sku": "R100", "schema:mileageFromOdometer": 41207,
        "schema:offers": {"@type": "schema:Offer", "schema:price": 22988}}"#;
    for node in [node, prefixed] {
        let html = format!(r#"<body><script type="application/ld+json">{node}</script></body>"#);
        let found = listings(&html, "https://lot.example/used").unwrap().listings;
        assert_eq!(found.len(), 1, "{node}");
        let car = &found[0];
        assert_eq!(
            (car.vin.as_deref(), car.stock_number.as_deref(), car.mileage, car.price),
            (Some("2FMPK4K91HBB11870"), Some("R100"), Some(41_207), Some(Money::from_dollars(22_988))),
            "{node}"
        );
    }
}
