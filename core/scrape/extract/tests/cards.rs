//! Cards and tables around the VINs of a page.

use super::*;

const VINS: [&str; 3] = ["1FTEW1EP6KFA10001", "2T3P1RFV3LC100002", "1C4RJFBG9JC100003"];

/// The three vehicles of a page.
fn three(html: &str) -> Vec<ScrapedListing> {
    let read = listings(html, LOT).unwrap().listings;
    assert_eq!(read.len(), 3, "{html}");
    read
}

/// Three cards, each with what is shown on the card of that number.
fn cards(shown: &dyn Fn(usize) -> String) -> Vec<ScrapedListing> {
    let card = |(at, vin): (usize, &&str)| {
        format!(
            r#"<div class="car"><h2><a href="/v/{vin}">2019 Ford F-150 XLT</a></h2>{}<p>VIN: {vin}</p></div>"#,
            shown(at)
        )
    };
    three(&VINS.iter().enumerate().map(card).collect::<String>())
}

fn dollars(listing: &ScrapedListing) -> Option<i64> {
    listing.price.map(|price| price.cents() / 100)
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
#[test]
fn a_table_is_read_by_its_heads() {
    let row = |vin: &&str| {
        format!(
            r#"<tr><td>2019</td><td>Ford</td><td>F-150</td><td>$31,995</td><td>48,200</td><td>P1</td><td>{vin}</td>
            <td><a href="/v/{vin}">Details</a></td></tr>"#
        )
    };
    let heads = "<tr><th>Year<th>Make<th>Model<th>Price<th>Miles<th>Stock #<th>VIN<th></tr>";
    for car in three(&format!("<table>{heads}{}</table>", VINS.iter().map(row).collect::<String>())) {
        let said = (car.year, car.make.as_deref(), car.model.as_deref(), car.mileage, car.stock_number.as_deref());
        assert_eq!(said, (Some(2019), Some("Ford"), Some("F-150"), Some(48_200), Some("P1")), "{car:?}");
        assert_eq!(dollars(&car), Some(31_995));
    }
}

#[test]
fn a_card_is_read_by_what_a_person_sees() {
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
        (r#"<div class="price">$31 995</div>"#, Some(31_995)),
        (r#"<div class="price-savings">You save <span class="price">$2,500</span></div>"#, None),
        ("<p>$31,995</p><p>$39,999</p>", None),
    ] {
        for car in cards(&|_| shown.to_owned()) {
            assert_eq!(dollars(&car), price, "{shown}");
        }
    }
}

#[test]
fn a_car_is_sold_where_its_card_says_so_and_most_others_do_not() {
    let sold = |listings: &[ScrapedListing]| listings.iter().map(|car| car.is_sold).collect::<Vec<_>>();
    for mark in [
        "<b>SOLD!</b>",
        r#"<img class="overlay" alt="Sold" src="/sold.png">"#,
        "<i>SOLD! Congratulations Mike</i>",
        "<i>Sold - thank you, Ann!</i>",
    ] {
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

#[test]
fn a_card_says_where_its_car_stands_by_a_badge_a_label_or_an_attribute() {
    use StockStatus::{InProduction, InStock, InTransit, SalePending};
    for (shown, status) in [
        (r#"<span class="badge">In Transit</span>"#, Some(InTransit)),
        ("<b>IN-STOCK</b>", Some(InStock)),
        ("<i>Build Phase</i>", Some(InProduction)),
        ("<i>Sale Pending</i>", Some(SalePending)),
        ("<i>Sale Pending</i><i>In Transit</i>", Some(InTransit)),
        ("<p>Status: In Production</p>", Some(InProduction)),
        ("<dt>Availability</dt><dd>In Transit</dd>", Some(InTransit)),
        ("<p>In Stock: No</p>", None),
        (r#"<p data-intransit="True" data-instock="False"></p>"#, Some(InTransit)),
        (r#"<p data-intransit="false" data-instock="1"></p>"#, Some(InStock)),
        (r#"<p data-inventory-status="on the lot"></p>"#, Some(InStock)),
        // Of a template that shows one of them by a style nobody can tell which.
        ("<i>In Stock</i><i>In Transit</i>", None),
        (r#"<i hidden>In Transit</i>"#, None),
        ("<p>Status: Great deal</p>", None),
        ("<p>Thousands of cars in stock and in transit at our store in town</p>", None),
        ("<p>Ford Transit</p>", None),
    ] {
        let read = cards(&|at| if at == 1 { shown.to_owned() } else { String::new() });
        let said: Vec<_> = read.iter().map(|listing| listing.stock_status).collect();
        assert_eq!(said, [None, status, None], "{shown}");
    }
    let stocked = cards(&|_| "<p>Stock #:</p><p>In Transit</p>".to_owned());
    assert_eq!((stocked[0].stock_number.as_deref(), stocked[0].stock_status), (None, Some(InTransit)));
}

#[test]
fn microdata_and_tables_say_where_a_car_stands() {
    let scope = |availability: &str| {
        let car = |vin: &&str| {
            format!(
                r#"<li itemscope itemtype="http://schema.org/Car"><b itemprop="name">2019 Ford F-150</b>
                <i itemprop="vehicleIdentificationNumber">{vin}</i><div itemprop="offers" itemscope>{availability}</div></li>"#
            )
        };
        three(&VINS.iter().map(car).collect::<String>())[0].stock_status
    };
    for (availability, status) in [
        (r#"<link itemprop="availability" href="http://schema.org/InStock">"#, Some(StockStatus::InStock)),
        (r#"<meta itemprop="availability" content="PreOrder">"#, Some(StockStatus::InProduction)),
        (r#"<link itemprop="availability" href="http://schema.org/OutOfStock">"#, None),
    ] {
        assert_eq!(scope(availability), status, "{availability}");
    }
    let row = |(vin, status): (&&str, &str)| {
        format!("<tr><td>2019</td><td>Ford</td><td>F-150</td><td>{status}</td><td>{vin}</td></tr>")
    };
    let rows: String = VINS.iter().zip(["In Transit", "On the lot", "Ask us"]).map(row).collect();
    let heads: String = ["Year", "Make", "Model", "Status", "VIN"].map(|head| format!("<th>{head}</th>")).concat();
    let read = three(&format!("<table><tr>{heads}</tr>{rows}</table>"));
    let said: Vec<_> = read.iter().map(|listing| listing.stock_status).collect();
    assert_eq!(said, [Some(StockStatus::InTransit), Some(StockStatus::InStock), None]);
}

#[test]
fn rdfa_states_what_microdata_does() {
    let page = |scope: &str, around: &str| {
        format!(
            r#"<body><div {around}><div {scope}><a property="schema:url" href="/v/1"><b property="name">2019 Ford F-150 XLT</b></a>
            <i property="vehicleIdentificationNumber">1FTEW1EP6KFA10001</i><div property="schema:offers" typeof="Offer">
            <span property="price">21995</span> <span property="priceCurrency">USD</span></div>
            <div property="mileageFromOdometer" typeof="QuantitativeValue"><i property="value">45678</i><i property="unitCode" content="SMI"></i></div>
            </div></div></body>"#
        )
    };
    let known = (Some(Money::from_dollars(21_995)), Some(45_678));
    for (scope, around, stated) in [
        (r#"typeof="Car""#, r#"vocab="https://schema.org/""#, known),
        (r#"vocab="http://schema.org/" typeof="Vehicle""#, "", known),
        (r#"typeof="schema:Car""#, r#"vocab="http://rdfs.org/other#""#, known),
        (r#"typeof="Car""#, r#"vocab="http://rdfs.org/other#""#, (None, None)),
        (r#"typeof="Person""#, r#"vocab="https://schema.org/""#, (None, None)),
    ] {
        let read = listings(&page(scope, around), "https://lot.example/v/1").unwrap().listings;
        let car = read.iter().find(|car| car.vin.as_deref() == Some("1FTEW1EP6KFA10001"));
        assert_eq!(car.map_or((None, None), |car| (car.price, car.mileage)), stated, "{scope} {around}");
    }
}
