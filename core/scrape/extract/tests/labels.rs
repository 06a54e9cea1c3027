//! Labels in attributes, on pictures and in columns, and words beside amounts.

use super::*;

/// What a page says of the first of five cars whose cards show this. They have VINs, or else miles.
fn first(shown: &str, has_vin: bool) -> ScrapedListing {
    let card = |number: usize| {
        let number_shown =
            if has_vin { format!("<p>VIN: 1FTEW1EP6KFA1000{number}</p>") } else { "<p>45,000 miles</p>".to_owned() };
        format!(
            r#"<div class="car"><h3><a href="/used/{number}">2019 Ford F-150 XLT</a></h3>{shown}{number_shown}</div>"#
        )
    };
    let page: String = (1..=5).map(card).collect();
    let read = listings(&format!("<body><h1>Used Cars</h1>{page}</body>"), LOT).unwrap().listings;
    assert_eq!(read.len(), 5, "{shown}");
    read.into_iter().next().unwrap()
}

#[test]
fn a_price_is_told_from_what_stands_beside_it() {
    for (shown, price) in [
        (
            r#"<div aria-label="Sale price"><b>$21,995</b></div><div aria-label="MSRP"><b>$31,995</b></div>"#,
            Some(21_995),
        ),
        (r#"<span title="Our Price">$21,995</span><span title="MSRP">$25,995</span>"#, Some(21_995)),
        (
            r#"<table><tr><td data-label="Price">$21,995</td><td data-label="Retail">$25,995</td></tr></table>"#,
            Some(21_995),
        ),
        (
            r#"<dl><dt title="Price">Price</dt><dd>$21,995</dd><dt title="Savings">Savings</dt><dd>$2,000</dd></dl>"#,
            Some(21_995),
        ),
        ("<table><tr><th>Price</th><td>$21,995</td></tr><tr><th>MSRP</th><td>$31,995</td></tr></table>", Some(21_995)),
        (
            "<table><tr><th>MSRP</th><th>Our Price</th></tr><tr><td>$31,995</td><td>$21,995</td></tr></table>",
            Some(21_995),
        ),
        ("<p>USD 21,995</p>", Some(21_995)),
        ("<p>21,995 USD</p>", Some(21_995)),
        ("<p>C$ 21,995</p>", None),
        ("<p>$21,995 - $25,995</p>", None),
        ("<p>Was: $25,995 / Now: $21,995</p>", Some(21_995)),
        ("<p>$21,995 plus tax, title, $599 doc fee</p>", Some(21_995)),
        ("<p>$21,995 (+ $599 dealer fee)</p>", Some(21_995)),
        ("<p>Reduced by $1,000</p><p>$21,995</p>", Some(21_995)),
        ("<p>No-Haggle Price</p><b>$21,995</b><p>Market Value</p><b>$23,995</b>", Some(21_995)),
        ("<p>Adjusted Price</p><p>$21,995</p><p>Dealer Adds</p><p>$2,000</p>", Some(21_995)),
        ("<p>Call for price</p><p>Est. payment <b>$289/mo*</b></p>", None),
        ("<b>$289</b><i>/mo*</i><b>$21,995*</b>", Some(21_995)),
    ] {
        for has_vin in [true, false] {
            let read = first(shown, has_vin).price.map(|price| price.cents() / 100);
            assert_eq!(read, price, "{shown}");
        }
    }
}

#[test]
fn miles_are_known_by_a_label_a_class_or_their_unit() {
    for (shown, miles) in [
        ("<p>Mileage 45,678</p>", Some(45_678)),
        ("<p>ODO: 45678</p>", Some(45_678)),
        ("<p>Miles: 45,678 (73,512 km)</p>", Some(45_678)),
        ("<p>2356 SMI</p>", Some(2_356)),
        (r#"<span class="mileage">45,678</span>"#, Some(45_678)),
        (r#"<span class="mileage">25</span>"#, None),
        (r#"<li data-label="Mileage">45,678</li>"#, Some(45_678)),
        (r#"<li><i title="Mileage"></i>45,678</li>"#, Some(45_678)),
        (r#"<li><img src="/o.svg" alt="Odometer">45,678</li>"#, Some(45_678)),
        ("<p>Kilometers: 73,512</p>", Some(45_678)),
        ("<p>Warranty: 36,000 miles</p>", None),
    ] {
        assert_eq!(first(&format!("<b>$21,995</b>{shown}"), true).mileage, miles, "{shown}");
    }
}

#[test]
fn pictures_and_ribbons_say_what_badges_say() {
    let brand = |shown: &str| first(&format!("<b>$21,995</b>{shown}"), true).title_brand.map(TitleBrand::as_str);
    for (shown, expected) in [
        (r#"<img src="/b.png" alt="Salvage Title">"#, Some("salvage")),
        (r#"<img src="/b.png" alt="Rebuilt title badge">"#, Some("rebuilt")),
        (r#"<span aria-label="Salvage title"></span>"#, Some("salvage")),
        ("<b>Lemon Law Buyback</b>", Some("lemon")),
        ("<b>Manufacturer Buyback</b>", Some("lemon")),
        ("<b>Parts only</b>", Some("junk")),
        ("<b>Certificate of Destruction</b>", Some("junk")),
        ("<b>Restored Salvage</b>", Some("rebuilt")),
        ("<b>Buyback Guarantee</b>", None),
        (r#"<img src="/logo.png" alt="Smith Auto Salvage logo">"#, None),
    ] {
        assert_eq!(brand(shown), expected, "{shown}");
    }
    let sale = |shown: &str| first(&format!("<b>$21,995</b>{shown}"), true).sale_status;
    for shown in [
        r#"<img src="/r.png" alt="Sale Pending">"#,
        r#"<span title="Sale pending"></span>"#,
        "<i>Pending Sale</i>",
        "<i>Deposit Received</i>",
        "<i>On Hold</i>",
        "<i>Reserved</i>",
        "<i>Under Contract</i>",
    ] {
        assert_eq!(sale(shown), Some(SaleStatus::Pending), "{shown}");
    }
    assert_eq!(sale("<i>PENDING</i>"), Some(SaleStatus::Pending));
    assert_eq!(sale("<button>Hold</button><p>All rights reserved</p>"), None);
}

fn table(heads: &[&str], row: &dyn Fn(usize) -> String) -> Vec<ScrapedListing> {
    let heads: String = heads.iter().map(|head| format!("<th>{head}</th>")).collect();
    let rows: String = (1..=4).map(|number| format!("<tr>{}</tr>", row(number))).collect();
    listings(&format!("<body><table><tr>{heads}</tr>{rows}</table></body>"), LOT).unwrap().listings
}

#[test]
fn year_and_make_may_stand_in_cells_or_behind_labels_of_their_own() {
    let read = table(&["Year", "Make", "Model", "MSRP", "Our Price", "Miles", "Stock"], &|number| {
        format!(
            r#"<td>2019</td><td>Ford</td><td>F-150</td><td>$31,995</td><td>$21,995</td><td>4{number},000</td>
            <td><a href="/v/{number}">A10{number}</a></td>"#
        )
    });
    assert_eq!(read.len(), 4);
    let [one, ..] = &read[..] else { panic!("{read:?}") };
    assert_eq!((one.year, one.make.as_deref(), one.model.as_deref()), (Some(2019), Some("Ford"), Some("F-150")));
    assert_eq!((one.price, one.mileage), (Some(Money::from_dollars(21_995)), Some(41_000)));
    assert_eq!(one.stock_number.as_deref(), Some("A101"));
    assert_eq!(one.url.as_deref(), Some("https://lot.example/v/1"));
    // A stock number is enough to know a car again.
    let unlinked = table(&["Stock #", "Year", "Make", "Model", "Price"], &|number| {
        format!("<td>A10{number}</td><td>2019</td><td>Ford</td><td>F-150</td><td>$21,995</td>")
    });
    assert_eq!(unlinked.len(), 4);
    let labelled: String = (1..=4)
        .map(|number| {
            format!(
                r#"<ul class="car"><li><b>Year</b> 2019</li><li><b>Make</b> Ford</li><li><b>Model</b> F-150</li>
                <li><b>Price</b> $21,995</li><li><a href="/v/{number}">Details</a></li></ul>"#
            )
        })
        .collect();
    assert_eq!(listings(&format!("<body>{labelled}</body>"), LOT).unwrap().listings.len(), 4);
}

#[test]
fn a_table_of_rates_recalls_parts_or_sales_lists_no_car() {
    for (heads, last) in [
        (&["Year", "Make", "Model", "Daily"][..], "<td>$59</td>"),
        (&["Year", "Make", "Model", "Recall"], "<td>Airbag</td>"),
        (&["Year", "Make", "Model", "Trade-in value"], "<td>$21,995</td>"),
        (&["Year", "Make", "Model", "Sold for"], "<td>$21,995</td>"),
        (&["Year", "Make", "Model", "Our part price"], "<td>$219</td>"),
    ] {
        let read = table(heads, &|number| {
            format!(r#"<td>2019</td><td>Ford</td><td><a href="/v/{number}">F-150</a></td>{last}"#)
        });
        assert!(read.is_empty(), "{heads:?}: {read:?}");
    }
}

#[test]
fn a_cars_page_may_say_its_name_and_its_vin_alone() {
    const VIN: &str = "1FTEW1EP6KFA10001";
    for (heading, count) in [
        ("<h2>2019 Ford F-150 XLT</h2>", 1),
        (r#"<div class="title">2019 Ford F-150 XLT</div>"#, 1),
        ("<p>2019 Ford F-150 XLT</p>", 0),
        ("<h2>2019 Ford</h2>", 0),
    ] {
        let page = format!("<title>Smith Motors</title><body>{heading}<p>VIN: {VIN}</p></body>");
        assert_eq!(listings(&page, "https://lot.example/v/1").unwrap().listings.len(), count, "{heading}");
        assert_eq!(listings(&page, "https://lot.example/blog/1").unwrap().listings.len(), 0, "{heading}");
    }
}

#[test]
fn the_vin_in_a_link_is_not_that_of_another_car_on_the_card() {
    const VIN: &str = "5YFBURHEXKP100004";
    let link = VIN.to_lowercase();
    let page = format!(
        r#"<body><div class="car featured"><h2><a href="/featured-{link}/">2024 Ford Bronco</a></h2><b>$61,000</b><i>Stock: F9</i></div>
        <div class="car"><h2><a href="/2019-toyota-corolla-{link}/">2019 Toyota Corolla LE</a></h2><b>$15,750</b><i>VIN: {VIN}</i></div>"#
    );
    let other = r#"<div class="car"><h2><a href="/3/">2018 Jeep Compass</a></h2><b>$17,000</b><i>VIN: 3C4NJDBB1JT100005</i></div>"#;
    for page in [page.clone(), page + other] {
        let read = listings(&page, LOT).unwrap().listings;
        let own = read.iter().find(|listing| listing.vin.as_deref() == Some(VIN)).unwrap();
        assert_eq!((own.model.as_deref(), own.price), (Some("Corolla"), Some(Money::from_dollars(15_750))));
        assert!(read.iter().all(|listing| listing.vin.is_none() || listing.model.as_deref() != Some("Bronco")));
    }
}
