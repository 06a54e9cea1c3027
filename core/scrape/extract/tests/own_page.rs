//! A vehicle's own page, which suggests others.

use super::*;

const OWN: &str = "1G1YK2D73G5100001";
const URL: &str = "https://lot.example/vdp/1/";

/// The vehicles that a page suggests, as cards of a template with a VIN on some of them.
fn similar(card: &dyn Fn(usize, &str, &str) -> String) -> String {
    let cars = [
        ("2020 Chevrolet Tahoe LT", "1GNSKBKC9LR700001"),
        ("2016 Chevrolet Corvette 1LT", "1G1YK2D73G5100028"),
        ("2019 Ford F-150 XLT", "1FTEW1C59KFA70002"),
    ];
    cars.iter().enumerate().map(|(at, (name, vin))| card(at + 2, name, vin)).collect()
}

fn with_vin(at: usize, name: &str, vin: &str) -> String {
    format!(
        r#"<div class="car"><a href="/vdp/{at}/"><h3>{name}</h3></a><b class="price">$2{at},000</b><i>VIN: {vin}</i><i>1{at},500 miles</i></div>"#
    )
}

fn in_a_photo(at: usize, name: &str, vin: &str) -> String {
    let vin = if at == 3 { "" } else { vin };
    format!(
        r#"<div class="col"><a class="tile" href="/vdp/{at}/"><img src="/photos/{vin}-1.jpg" alt=""><div>{name}</div><div>$2{at},000</div></a></div>"#
    )
}

fn without_vin(at: usize, name: &str, _vin: &str) -> String {
    format!(
        r#"<li class="tile"><a href="/vdp/{at}/">{name}</a><b class="price">$2{at},000</b><i>Stock #: S10{at}</i></li>"#
    )
}

const DATA: &str = r#"<script type="application/ld+json">{"@type": "Car", "name": "2016 Chevrolet Corvette 2LT",
    "vehicleIdentificationNumber": "1G1YK2D73G5100001", "offers": {"price": "35000"}}</script>"#;
const FACTS: &str = r#"<h1>2016 Chevrolet Corvette 2LT</h1><p class="price">$35,000</p><dl><dt>Mileage</dt><dd>97,000</dd>
    <dt>Stock #</dt><dd>C1001</dd></dl>"#;
const VIN_ON_PAGE: &str = "<table><tr><td>VIN</td><td>1G1YK2D73G5100001</td></tr></table>";

fn assert_own_first(html: &str, url: &str) -> Vec<ScrapedListing> {
    let read = listings(html, url).unwrap().listings;
    let Some((own, others)) = read.split_first() else { panic!("nothing on {html}") };
    assert_eq!(own.vin.as_deref(), Some(OWN), "{html}");
    let said = (own.year, own.model.as_deref(), own.trim.as_deref(), own.price, own.mileage);
    assert_eq!(
        said,
        (Some(2016), Some("Corvette"), Some("2LT"), Some(Money::from_dollars(35_000)), Some(97_000)),
        "{html}"
    );
    assert_eq!((own.stock_number.as_deref(), own.related), (Some("C1001"), None), "{html}");
    assert!(others.iter().all(|other| other.related == Some(true) && other.vin.as_deref() != Some(OWN)), "{others:?}");
    others.to_vec()
}

#[test]
fn the_own_vehicle_comes_first_and_whole_whatever_suggests_others() {
    let sections = [similar(&with_vin), similar(&in_a_photo), similar(&without_vin)];
    for section in sections {
        for (data, vin) in [(DATA, ""), (DATA, VIN_ON_PAGE), ("", VIN_ON_PAGE)] {
            for around in ["<section class='vdp-similar'>", "<div><h2>You may also like</h2>", "<div>"] {
                let page = format!(
                    "<html><head><title>Corvette</title>{data}</head><body>{FACTS}{vin}{around}{section}</body>"
                );
                assert_eq!(assert_own_first(&page, URL).len(), 3, "{page}");
                let above = format!(
                    "<html><head>{data}</head><body>{around}{section}</section></div><main>{FACTS}{vin}</main></body>"
                );
                assert_eq!(assert_own_first(&above, URL).len(), 3, "{above}");
            }
        }
    }
}

#[test]
fn the_own_vehicle_is_known_by_the_address_of_its_page() {
    let listed = |vin: &str, name: &str, url: &str| {
        format!(
            r#"{{"@type": "Car", "name": "{name}", "vin": "{vin}", "url": "{url}", "mileageFromOdometer": 97000, "sku": "C1001", "offers": {{"price": 35000}}}}"#
        )
    };
    let blocks = |own: &str| {
        let cars = [
            listed("1G1YK2D73G5100028", "2016 Chevrolet Corvette 2LT", "https://lot.example/vdp/2/"),
            listed(OWN, "2016 Chevrolet Corvette 2LT", own),
            listed("1G1YK2D73G5100031", "2016 Chevrolet Corvette 2LT", "https://lot.example/vdp/3/"),
        ];
        format!(
            r#"<title>2016 Chevrolet Corvette | Valley Motors</title><link rel="canonical" href="https://www.lot.example/vdp/1/">
            <script type="application/ld+json">[{}]</script>"#,
            cars.join(",")
        )
    };
    for own in ["https://lot.example/vdp/1/", "http://www.lot.example/vdp/1?utm_source=x", "/vdp/1#photos"] {
        assert_eq!(assert_own_first(&blocks(own), URL).len(), 2, "{own}");
    }
    // The canonical address, where the page was reached by another.
    assert_eq!(
        assert_own_first(&blocks("https://lot.example/vdp/1/"), "https://lot.example/vehicle.php?id=9").len(),
        2
    );
    // A VIN in the address, whatever the data calls it.
    assert_eq!(assert_own_first(&blocks(""), "https://lot.example/used/Corvette-1G1YK2D73G5100001/").len(), 2);
}

#[test]
fn a_vehicle_without_a_vin_has_a_page_of_its_own_as_well() {
    let page =
        format!("<body>{FACTS}<section><h2>Similar Vehicles</h2><ul>{}</ul></section></body>", similar(&without_vin));
    let read = listings(&page, URL).unwrap().listings;
    let own = &read[0];
    assert_eq!(
        (own.stock_number.as_deref(), own.price, own.mileage),
        (Some("C1001"), Some(Money::from_dollars(35_000)), Some(97_000))
    );
    assert_eq!((own.url.as_deref(), own.related), (Some(URL), None));
    assert_eq!(read.iter().filter(|other| other.related == Some(true)).count(), 3);
    let alone = listings(&format!("<body>{FACTS}</body>"), URL).unwrap().listings;
    assert_eq!((alone.len(), alone[0].stock_number.as_deref()), (1, Some("C1001")));
}

#[test]
fn a_list_of_one_model_is_no_vehicles_own_page() {
    for section in [similar(&with_vin), similar(&without_vin)] {
        for head in [
            "<title>Used 2016 Chevrolet Corvette for Sale</title><h1>Used 2016 Chevrolet Corvette for Sale</h1>",
            "<title>Used Vehicles</title><h1>3 Used Vehicles</h1>",
            "<h1>2016 Chevrolet Corvette</h1><p>3 vehicles</p>",
        ] {
            let read = listings(&format!("{head}<div class=list>{section}</div>"), LOT).unwrap();
            assert_eq!(read.listings.len(), 3, "{head}");
            assert!(read.listings.iter().all(ScrapedListing::is_offered_here), "{head} {:?}", read.listings);
        }
    }
    let listed = |at: usize, name: &str, vin: &str| {
        format!(
            r#"{{"@type": "Car", "name": "{name}", "vin": "{vin}", "url": "/vdp/{at}/", "offers": {{"price": 2{at}000}}}},"#
        )
    };
    let page = format!(
        r#"<h1>2016 Chevrolet Corvette</h1><script type="application/ld+json">[{}{{}}]</script>"#,
        similar(&listed)
    );
    let read = listings(&page, LOT).unwrap().listings;
    assert_eq!((read.len(), read.iter().filter(|one| one.related.is_some()).count()), (3, 0));
}

#[test]
fn a_vendors_cards_do_not_replace_the_vehicle_that_the_page_is_of() {
    let marks = [
        ("dealer_inspire", r#"<script>var SEARCH_SERVICE={};</script>"#, "result-wrap"),
        (
            "dealer_eprocess",
            r#"<link rel="stylesheet" href="https://cdn.dealereprocess.org/a.css"><p class="vehicle_item_x">"#,
            "vehicle_item",
        ),
        ("dealer_center", r#"<script>var dws_const_a = 1;</script>"#, "dws-listing-item"),
        ("team_velocity", r#"<i class="standard-inventory-x" data-itemid=""></i>"#, "standard-inventory"),
        ("dealer_on", r#"<i class="hasVehicleInfo"></i>"#, "srpVehicle"),
    ];
    for (platform, mark, class) in marks {
        let card = |at: usize, name: &str, vin: &str| {
            let record = format!(r#"{{"vin": "{vin}", "price": "2{at}000"}}"#).replace('"', "&quot;");
            with_vin(at, name, vin).replace(
                r#"class="car""#,
                &format!(r#"class="{class}" data-vehicle="{record}" data-price="2{at}000" data-itemid="a-{vin}""#),
            )
        };
        let page = format!("<html><head>{mark}{DATA}</head><body>{FACTS}<div>{}</div></body>", similar(&card));
        assert_eq!(listings(&page, URL).unwrap().platform, platform);
        assert_eq!(assert_own_first(&page, URL).len(), 3, "{platform}");
    }
}

#[test]
fn the_page_of_a_car_that_is_sold_lists_what_it_suggests_as_related() {
    let sections = [similar(&with_vin), similar(&in_a_photo), similar(&without_vin)];
    let named = "<title>2016 Chevrolet Corvette 2LT</title><h1>2016 Chevrolet Corvette 2LT</h1>";
    for section in &sections {
        for head in [
            format!("{named}<p>Sold!</p>"),
            format!("{named}<b class=badge>SOLD</b>"),
            format!("{named}<p>This vehicle has been <b>sold</b>.</p>"),
            format!("{named}<p>Sorry, this vehicle is no longer available</p>"),
            "<h1>Sold!</h1>".to_owned(),
            "<title>2016 Chevrolet Corvette 2LT</title><h2>This vehicle has been sold</h2>".to_owned(),
            "<title>2016 Chevrolet Corvette 2LT | Valley Motors</title><p>Sold!</p>".to_owned(),
            format!(r#"{named}<img src="/sold.png" alt="SOLD">"#),
        ] {
            for around in ["<section class='vdp-similar'>", "<div><h2>You may also like</h2>", "<div>"] {
                let page = format!("<body>{head}{around}{section}</div></body>");
                let read = listings(&page, URL).unwrap().listings;
                assert_eq!(read.len(), 3, "{page}");
                assert!(read.iter().all(|other| other.related == Some(true)), "{page}");
            }
        }
        // A list stays one, whatever stands beside it.
        for head in [
            "<title>Used Cars</title><h1>Used Cars</h1><p>Sold!</p>".to_owned(),
            "<title>2016 Chevrolet Corvette</title><h1>Our Corvettes</h1><p>Sold!</p>".to_owned(),
            format!("{named}<p>3 vehicles</p>"),
            format!("{named}<nav><b>Sold</b></nav><a href='/sold'>Sold</a>"),
            format!("{named}<p hidden>Sold!</p>"),
            format!("{named}<p>Not sold</p><p>Sold as is</p>"),
            format!("{named}<p>Sold!</p><p>Showing 3 of 40 vehicles</p>"),
        ] {
            let page = format!("<body>{head}<div>{section}</div></body>");
            let read = listings(&page, LOT).unwrap().listings;
            assert_eq!(read.len(), 3, "{page}");
            assert!(read.iter().all(ScrapedListing::is_offered_here), "{page}");
        }
    }
    let sold_tile = r#"<li class="tile"><a href="/vdp/9/">2020 Ford Edge</a><b>Sold</b></li>"#;
    let page = format!("<body>{named}<ul>{sold_tile}{}</ul></body>", sections[2]);
    assert!(listings(&page, LOT).unwrap().listings.iter().all(ScrapedListing::is_offered_here), "{page}");
}

#[test]
fn what_narrows_the_list_says_nothing_of_the_pages_own_vehicle() {
    let narrowing = r#"<aside class="filters"><h4>Price</h4><ul><li>Under $10,000 (12)</li></ul><h4>Mileage</h4><ul><li>Under 50,000 miles (8)</li></ul>
        <h4>Make</h4><ul><li>Ford (3)</li><li>Toyota (4)</li></ul></aside>"#;
    let own = "<h1>2015 Jeep Grand Cherokee Limited</h1><p>Price</p><p>$34,147</p><dl><dt>Mileage</dt><dd>149,940</dd><dt>VIN</dt><dd>1C4RJFBG6FC100001</dd></dl>";
    let similar = r#"<section class="similar"><div><a href="/v/2"><b>2019 Ford F-150</b></a><p>45,120 mi</p><p>$28,995</p></div>
        <div><a href="/v/3"><b>2021 Toyota RAV4</b></a><p>25,120 mi</p><p>$26,995</p></div></section>"#;
    for narrowing in [narrowing.to_owned(), narrowing.replace(r#" class="filters""#, "")] {
        for page in
            [format!("{narrowing}{own}"), format!("{narrowing}{own}{similar}"), format!("{own}{similar}{narrowing}")]
        {
            let read = listings(&format!("<body>{page}</body>"), "https://lot.example/v/1").unwrap().listings;
            let own: Vec<_> = read.iter().filter(|listing| listing.related.is_none()).collect();
            let [own] = own[..] else { panic!("{read:?}\n{page}") };
            assert_eq!((own.make.as_deref(), own.price), (Some("Jeep"), Some(Money::from_dollars(34_147))), "{page}");
            assert_eq!(own.mileage, Some(149_940), "{page}");
        }
    }
}

#[test]
fn title_and_address_name_the_own_car_of_a_page_without_a_main_heading() {
    let suggested: String = (0..2)
        .map(|number| format!("<div class=unit><h3><a href='/inventory/u{number}'>2016 Ford Edge SEL</a></h3><p>5{number},204 miles</p><p>$14,995</p></div>"))
        .collect();
    for (heading, suggested) in [
        ("<h2>Used 2017 Honda Accord LX</h2>", &*suggested),
        ("<div class='vehicle-title'>2017 Honda Accord LX</div>", &*suggested),
        ("<h2>Used 2017 Honda Accord LX</h2>", ""),
    ] {
        let page = format!(
            "<html><head><title>2017 Honda Accord LX | Lot</title></head><body>{heading}<p>Our Price: $16,875</p><dl><dt>Stock #</dt><dd>R2041A</dd><dt>Mileage</dt><dd>88,310</dd></dl><section><h2>Compare with</h2>{suggested}</section></body></html>"
        );
        let found = listings(&page, "https://lot.example/inventory/2017-honda-accord-lx-r2041a").unwrap().listings;
        let own: Vec<_> = found.iter().filter(|car| car.is_offered_here()).collect();
        assert_eq!(own.len(), 1, "{heading} {found:?}");
        assert_eq!((own[0].stock_number.as_deref(), own[0].mileage), (Some("R2041A"), Some(88_310)), "{heading}");
        assert_eq!(own[0].price, Some(Money::from_dollars(16_875)), "{heading}");
    }
}

#[test]
fn a_car_keeps_its_own_page_where_its_heading_lists_what_it_has() {
    let read = |heading: &str, price: &str| {
        let html = format!(
            "<title>{heading} | Valley Motors</title><h1>{heading}</h1><p>PRICE: {price}</p><ul><li>MILEAGE: 88,100</li><li>STOCK #: A1234</li></ul>"
        );
        listings(&html, "https://lot.example/inventory/2014-honda-civic-a1234").unwrap().listings
    };
    for heading in ["2014 HONDA CIVIC EX ALLOY WHEELS", "2014 Honda Civic EX Heated Seats"] {
        let [car] = &read(heading, "$8,990")[..] else { panic!("{heading}") };
        assert_eq!(
            (car.trim.as_deref(), car.mileage, car.price),
            (Some("EX"), Some(88_100), Some(Money::from_dollars(8_990)))
        );
        assert_eq!(read(heading, "$890"), []);
    }
    for heading in ["2014 Honda Civic EX Engine", "2014 Honda Civic EX Wheels Review"] {
        assert_eq!(read(heading, "$8,990"), [], "{heading}");
    }
}

#[test]
fn a_main_heading_names_its_car_in_the_forms_of_a_cards() {
    let others: String = (1..=3)
        .map(|at| {
            format!(
                "<div class=car><h3><a href='/v/{at}'>2017 Ford Edge SEL</a></h3><p>$15,00{at}</p><p>30,00{at} miles</p></div>"
            )
        })
        .collect();
    for (heading, make, model) in [
        ("2015 SILVERADO 1500 LT", "Chevrolet", "SILVERADO 1500"),
        ("HONDA CIVIC EX 2014", "Honda", "CIVIC"),
        ("'14 Honda Civic EX", "Honda", "Civic"),
        ("2015 CHARGER R/T", "Dodge", "CHARGER"),
        ("2013 GENESIS COUPE", "Hyundai", "GENESIS COUPE"),
    ] {
        let html = format!(
            "<h1>{heading}</h1><p>PRICE: $8,990</p><ul><li>MILEAGE: 88,100</li><li>STOCK #: A1234</li></ul>\
             <h2>Similar vehicles</h2>{others}"
        );
        let found = listings(&html, "https://lot.example/inventory/a1234").unwrap().listings;
        let (own, others) = found.split_first().unwrap();
        assert_eq!((own.make.as_deref(), own.model.as_deref()), (Some(make), Some(model)), "{heading}");
        assert_eq!((own.price, own.related), (Some(Money::from_dollars(8_990)), None), "{heading}");
        assert!(others.iter().all(|other| other.related == Some(true)), "{heading}");
    }
}

#[test]
fn words_of_other_things_name_no_car_where_nothing_proves_one() {
    for (heading, facts) in [
        ("2015 Focus group", "<p>$500 for taking part</p>"),
        ("2024 Journey to the coast", "<p>Price: $1,995</p><p>1,200 miles</p>"),
    ] {
        let html = format!("<title>{heading}</title><h1>{heading}</h1>{facts}");
        assert_eq!(listings(&html, "https://lot.example/news/1").unwrap().listings, [], "{heading}");
    }
}
