//! One car is one listing, however many entries of a page speak of it.

use super::*;
use crate::clock::processor_time;

const CARS: [(&str, &str); 3] = [
    ("1FTEW1EP6KFA10001", "2019 Ford F-150 XLT"),
    ("2T3P1RFV3LC100002", "2020 Toyota RAV4 XLE"),
    ("1C4RJFBG9JC100003", "2018 Jeep Grand Cherokee Limited"),
];

fn script(json: &str) -> String {
    format!(r#"<script type="application/ld+json">{json}</script>"#)
}

fn each(part: &dyn Fn(usize, &str, &str) -> String, between: &str) -> String {
    let parts = CARS.iter().enumerate().map(|(at, (vin, name))| part(at + 1, vin, name));
    parts.collect::<Vec<_>>().join(between)
}

#[test]
fn a_lists_entry_the_data_and_the_card_of_a_car_are_one() {
    let entries = |address: &dyn Fn(usize) -> String| {
        let entry = |at: usize, _: &str, name: &str| {
            format!(r#"{{"@type": "ListItem", "position": {at}, "name": "{name}", "url": "{}"}}"#, address(at))
        };
        script(&format!(r#"{{"@type": "ItemList", "itemListElement": [{}]}}"#, each(&entry, ",")))
    };
    let data = each(
        &|at, vin, name| {
            script(&format!(
                r#"{{"@type": "Car", "name": "Used {name}", "sku": "P100{at}", "vin": "{vin}", "mileageFromOdometer": "2000{at}"}}"#
            ))
        },
        "",
    );
    let cards = each(
        &|at, vin, name| {
            format!(
                r#"<div class="card"><a href="/vehicle/{at}/"><h2>{name}</h2></a><span class="price">$2{at},995</span><button data-vin="{vin}">Ask</button></div>"#
            )
        },
        "",
    );
    let spellings: [&dyn Fn(usize) -> String; 6] = [
        &|at| format!("https://lot.example/vehicle/{at}/"),
        &|at| format!("https://lot.example/vehicle/{at}"),
        &|at| format!("http://www.lot.example/vehicle/{at}//"),
        &|at| format!("https://lot.example/vehicle/{at}/?utm_source=list&gclid=x"),
        &|at| format!("https://lot.example/vehicle/{at}/#photos"),
        &|at| format!("/vehicle/{at}"),
    ];
    for spelling in spellings {
        let page = format!("{}{data}<div>{cards}</div>", entries(spelling));
        let read = listings(&page, "https://lot.example/results/").unwrap().listings;
        assert_eq!(read.len(), 3, "{}", spelling(1));
        for (at, listing) in read.iter().enumerate() {
            assert_eq!(listing.vin.as_deref(), Some(CARS[at].0));
            let said = (listing.price.map(Money::cents), listing.mileage, listing.stock_number.as_deref());
            let number = at + 1;
            assert_eq!(said.0, Some(i64::try_from(20_995 + 1_000 * number).unwrap() * 100));
            assert_eq!(
                (said.1, said.2),
                (Some(i32::try_from(20_000 + number).unwrap()), Some(&*format!("P100{number}")))
            );
        }
    }
}

#[test]
fn data_and_cards_meet_by_a_stock_number_and_what_contradicts_stays_apart() {
    let car = |stock: &str, name: &str| {
        script(&format!(
            r#"{{"@type": "Car", "name": "{name}", "stockNumber": "{stock}", "color": "Red", "mileageFromOdometer": 41200}}"#
        ))
    };
    let card = |at: usize, vin: &str, name: &str| {
        format!(
            r#"<div class="card"><h2><a href="/v/{at}">{name}</a></h2><p>Stock #: P-100{at}</p><p>VIN: {vin}</p><p class="price">$21,995</p></div>"#
        )
    };
    let cards = each(&card, "");
    let read = |data: &str| listings(&format!("{data}<div>{cards}</div>"), LOT).unwrap().listings;
    let met = read(&car("P1002", "2020 Toyota RAV4"));
    assert_eq!((met.len(), met[1].exterior_color.as_deref(), met[1].mileage), (3, Some("Red"), Some(41_200)));
    for (stock, name) in [("P1002", "2021 Toyota RAV4"), ("P1002", "2020 Honda CR-V"), ("CALL", "2020 Toyota RAV4")] {
        let read = read(&car(stock, name));
        assert!(read.iter().all(|listing| listing.exterior_color.is_none()), "{stock} {name}: {read:?}");
    }
}

#[test]
fn an_at_id_is_no_address_and_joins_what_is_said_of_one_node() {
    let graph = |nodes: &str| listings(&script(&format!(r#"{{"@graph": [{nodes}]}}"#)), LOT).unwrap().listings;
    let car = r#"{"@type": "Car", "@id": "https://lot.example/used#car-7", "name": "2019 Ford F-150 XLT", "vin": "1FTEW1EP6KFA10001""#;
    let [alone] = &graph(&format!("{car}}}"))[..] else { panic!("one car") };
    assert_eq!(alone.url, None);
    let offer = r#"{"@type": "Offer", "@id": "https://lot.example/used#offer-7", "price": 19995, "url": "/v/7""#;
    for nodes in [
        format!(r##"{car}, "offers": {{"@id": "#offer-7"}}}}, {offer}}}"##),
        format!(r#"{offer}}}, {car}, "offers": [{{"@id": "https://lot.example/used#offer-7"}}]}}"#),
        format!(r##"{offer}, "itemOffered": {{"@id": "#car-7"}}}}, {car}}}"##),
        format!(r##"{car}}}, {offer}, "itemOffered": {{"@type": "Car", "@id": "#car-7"}}}}"##),
    ] {
        let [read] = &graph(&nodes)[..] else { panic!("{nodes}") };
        assert_eq!(
            (read.price, read.url.as_deref()),
            (Some(Money::from_dollars(19_995)), Some("https://lot.example/v/7")),
            "{nodes}"
        );
    }
    // A brand, a picture and a price of another script; what is named nowhere stays open.
    let page = format!(
        "{}{}",
        script(&format!(r##"{car}, "brand": {{"@id": "#ford"}}, "image": {{"@id": "#picture"}}, "offers": {{"price": 1999500, "priceSpecification": {{"@id": "#none"}}}}}}"##).replace("1999500", "19995")),
        script(r##"[{"@type": "Brand", "@id": "#ford", "name": "FORD"}, {"@type": "ImageObject", "@id": "#picture", "contentUrl": "/7.jpg"}]"##),
    );
    let [read] = &listings(&page, LOT).unwrap().listings[..] else { panic!("one car") };
    assert_eq!((read.make.as_deref(), read.image_url.as_deref()), (Some("Ford"), Some("https://lot.example/7.jpg")));
    let unnamed = graph(&format!(r##"{car}, "model": {{"@id": "#f150"}}, "image": {{"@id": "#1"}}}}"##));
    assert_eq!((unnamed[0].model.as_deref(), unnamed[0].image_url.as_deref()), (Some("F-150"), None));
}

#[test]
fn templates_that_give_all_cars_one_id_or_one_address_lose_none() {
    let named = |at: usize, vin: &str, name: &str| {
        format!(
            r##"{{"@graph": [{{"@type": "Car", "@id": "#vehicle", "name": "{name}", "vin": "{vin}", "offers": {{"@id": "#offer"}}}}, {{"@type": "Offer", "@id": "#offer", "price": 2{at}995}}]}}"##
        )
    };
    let read = listings(&each(&|at, vin, name| script(&named(at, vin, name)), ""), LOT).unwrap().listings;
    let prices: Vec<_> = read.iter().filter_map(|listing| listing.price).collect();
    assert_eq!(prices, [21_995, 22_995, 23_995].map(Money::from_dollars));
    let placed = |at: usize, _: &str, name: &str| {
        format!(
            r##"{{"@type": "Car", "@id": "#v", "name": "{name}", "url": "{LOT}#listing-{at}", "mileageFromOdometer": 3{at}120, "offers": {{"price": 2{at}995, "url": "{LOT}"}}}}"##
        )
    };
    let blocks = format!("[{}]", each(&placed, ","));
    assert_eq!(listings(&script(&blocks), LOT).unwrap().listings.len(), 3);
    let same_year =
        blocks.replace("2020 Toyota RAV4", "2019 Ford Escape").replace("2018 Jeep Grand Cherokee", "2019 Ford Edge");
    assert_eq!(listings(&script(&same_year), LOT).unwrap().listings.len(), 3);
}

#[test]
fn nodes_that_name_each_other_for_ever_cost_little() {
    let round = r##"{"@graph": [{"@type": "Offer", "@id": "#a", "price": 1, "itemOffered": {"@id": "#b"}}, {"@type": "Car", "@id": "#b",
        "vin": "1FTEW1EP6KFA10001", "name": "2019 Ford F-150", "offers": {"@id": "#a"}}]}"##;
    assert_eq!(listings(&script(round), LOT).unwrap().listings.len(), 1);
    let started = processor_time();
    let big =
        format!(r##"{{"@type": "Offer", "@id": "#big", "price": 5, "x": [{}0]}}"##, "{\"y\": 1},".repeat(100_000));
    let cars = r##"{"@type": "Car", "vin": "1FTEW1EP6KFA10001", "offers": {"@id": "#big"}},"##.repeat(20_000);
    let nested = format!("{}1{}", r##"{"@id": "#n", "x": "##.repeat(90), "}".repeat(90));
    let claims = r##"{"@id": "#big", "price": 6},"##.repeat(100_000);
    for nodes in [format!("{cars}{big}"), format!("{cars}{nested}"), format!("{cars}{claims}{big}")] {
        let _ = listings(&script(&format!("[{nodes}]")), LOT).unwrap();
    }
    let taken = processor_time() - started;
    assert!(taken.as_secs() < 30, "{taken:?}");
}

#[test]
fn a_model_of_which_many_are_offered_is_no_car() {
    let car =
        r#"{"@type": "Car", "name": "2021 Audi Q5 Premium", "vin": "WA1AAAFY8M2000001", "offers": {"price": 38981}}"#;
    for offers in [
        r#"{"@type": "AggregateOffer", "lowPrice": 17990, "highPrice": 48981, "offerCount": 353}"#,
        r#"{"@type": "AggregateOffer", "lowPrice": "17990", "highPrice": "48981"}"#,
        r#"{"@type": "AggregateOffer", "lowPrice": 17990, "offerCount": "12"}"#,
    ] {
        for kind in [r#""Product""#, r#""Car""#, r#"["Product", "Vehicle"]"#] {
            let model = format!(
                r#"{{"@type": {kind}, "name": "2021 Audi Q5", "brand": "Audi", "model": "Q5", "sku": "q5-2021", "offers": {offers}}}"#
            );
            let read = listings(&script(&format!("[{car},{model}]")), LOT).unwrap().listings;
            assert_eq!(read.len(), 1, "{model}");
        }
    }
    let one = r#"{"@type": "Car", "name": "2021 Audi Q5", "sku": "P7", "offers": {"@type": "AggregateOffer", "lowPrice": 38981, "highPrice": 38981, "offerCount": 1}}"#;
    assert_eq!(listings(&script(one), LOT).unwrap().listings.len(), 1);
}
