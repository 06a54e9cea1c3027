//! What a vendor's reader leaves empty, and what a whole list lacks.

use super::*;

const CARS: [(&str, &str); 3] = [
    ("1FTEW1EP6KFA10001", "2019 Ford F-150 XLT"),
    ("2T3P1RFV3LC100002", "2020 Toyota RAV4 XLE"),
    ("1C4RJFBG9JC100003", "2018 Jeep Grand Cherokee Limited"),
];

/// Three cards of a class of a vendor's template, each with what is shown on the card of that number.
fn read(mark: &str, class: &str, shown: &dyn Fn(usize) -> &'static str) -> Extraction {
    let card = |(at, (vin, name)): (usize, &(&str, &str))| {
        format!(
            r#"<div class="{class}" data-itemid="a-{vin}"><h2><a href="/v/{at}">{name}</a></h2><p>VIN: {vin}</p><p>4{at},120 miles</p>{}</div>"#,
            shown(at)
        )
    };
    let cards: String = CARS.iter().enumerate().map(card).collect();
    listings(&format!("<html><head>{mark}</head><body><div>{cards}</div></body></html>"), LOT).unwrap()
}

fn dollars(read: &Extraction) -> Vec<Option<i64>> {
    read.listings.iter().map(|listing| listing.price.map(|price| price.cents() / 100)).collect()
}

const VENDORS: [(&str, &str, &str, &str); 3] = [
    ("dealer_center", "<script>var dws_const_a = 1;</script>", "dws-listing-item", "vehicle-price"),
    (
        "autorevo",
        r#"<script src="https://x.autorevo-powersites.com/a.js"></script>"#,
        "inventory_item",
        "website_price",
    ),
    (
        "automanager",
        r#"<script src="https://automanagerprodcdn.azureedge.net/a.js"></script>"#,
        "inventory-panel",
        "pricevalue1",
    ),
];

#[test]
fn a_price_is_read_as_on_any_card_where_the_vendors_own_place_for_it_is_gone() {
    for (platform, mark, class, _) in VENDORS {
        let changed =
            read(mark, class, &|at| [r#"<b class="new-price">$21,995</b>"#, r#"<i class="price">$22,995</i>"#, ""][at]);
        assert_eq!(
            (changed.platform, dollars(&changed)),
            (platform, vec![Some(21_995), Some(22_995), None]),
            "{platform}"
        );
        assert_eq!(changed.warnings, [], "{platform}");
    }
}

#[test]
fn no_other_amount_is_a_price_on_a_card_that_has_the_vendors_place_for_it() {
    for (platform, mark, class, price) in VENDORS {
        let shown: [&'static str; 3] = [
            Box::leak(format!(r#"<p class="{price}">$21,995</p><p class="price">$30,000</p>"#).into_boxed_str()),
            Box::leak(format!(r#"<p class="{price}">Call for price</p><p class="price">$30,000</p>"#).into_boxed_str()),
            Box::leak(format!(r#"<p class="{price}">$23,995</p>"#).into_boxed_str()),
        ];
        let read = read(mark, class, &|at| shown[at]);
        assert_eq!(dollars(&read), [Some(21_995), None, Some(23_995)], "{platform}");
    }
}

#[test]
fn a_usual_field_that_no_vehicle_has_is_told() {
    for (platform, mark, class, _) in VENDORS {
        let unpriced = read(mark, class, &|_| "<p>Call us</p>");
        let told = Warning::FieldMissing { platform, field: "price", found: 3 };
        assert_eq!((unpriced.listings.len(), &unpriced.warnings[..]), (3, &[told.clone()][..]), "{platform}");
        assert_eq!(told.code(), "field_missing");
        assert!(told.to_string().starts_with("no price on 3 of 3 vehicles, which most lists"), "{told}");
        let some = read(mark, class, &|at| if at == 0 { r#"<b class="price">$21,995</b>"# } else { "" });
        assert_eq!(some.warnings, [], "{platform}: a car whose price is asked by phone is nothing new");
    }
    // New cars have no mileage, and a lone car may have no price.
    let card = r#"<div class="dws-listing-item"><h2>2026 Ford F-150</h2><p>VIN: 1FTEW1EP6KFA10001</p></div>"#;
    let page = format!("<script>var dws_const_a = 1;</script>{card}");
    assert_eq!(listings(&page, LOT).unwrap().warnings, []);
    let two = format!("{page}{}", card.replace("1FTEW1EP6KFA10001", "1FTEW1EP8KFA10002"));
    let fields = |url: &str| {
        let warnings = listings(&two, url).unwrap().warnings.into_iter();
        let field = |warning| match warning {
            Warning::FieldMissing { field, .. } => Some(field),
            _ => None,
        };
        warnings.filter_map(field).collect::<Vec<_>>()
    };
    assert_eq!(fields("https://lot.example/used-inventory/"), ["price", "mileage"]);
    assert_eq!(fields("https://lot.example/new-inventory/"), ["price"]);
}

#[test]
fn a_vendors_records_are_filled_from_the_cards_where_a_field_stands_in_none() {
    let page = |price: &str| {
        let card = |(at, (vin, name)): (usize, &(&str, &str))| {
            let record = format!(r#"{{"vin": "{vin}"{}}}"#, if at == 0 { price } else { "" }).replace('"', "&quot;");
            format!(
                r#"<div class="result-wrap" data-vehicle="{record}"><h2><a href="/v/{at}">{name}</a></h2><b class="price">$2{at},995</b><i>3{at},120 miles</i></div>"#
            )
        };
        let cards: String = CARS.iter().enumerate().map(card).collect();
        listings(&format!("<script>var SEARCH_SERVICE={{}};</script><div>{cards}</div>"), LOT).unwrap()
    };
    let filled = page("");
    assert_eq!((filled.platform, dollars(&filled)), ("dealer_inspire", vec![Some(20_995), Some(21_995), Some(22_995)]));
    assert_eq!(filled.listings[2].mileage, Some(32_120));
    // What one record lacks is filled as well.
    let of_one = page(r#", "mileage": 15000"#);
    let miles: Vec<_> = of_one.listings.iter().map(|listing| listing.mileage).collect();
    assert_eq!((miles, dollars(&of_one)), (vec![Some(15_000), Some(31_120), Some(32_120)], dollars(&filled)));
    // A record that states a price shows that the vendor's place for it holds: where it is empty, nothing is asked.
    assert_eq!(dollars(&page(r#", "price": 19995"#)), [Some(19_995), None, None]);
}

#[test]
fn cards_of_no_vendor_without_any_price_are_told_as_well() {
    let priced = read("", "car", &|_| "<b>$21,995</b>");
    assert_eq!((priced.platform, &priced.warnings[..]), ("cards", &[][..]));
    let some = read("", "car", &|at| if at == 0 { "<b>$21,995</b>" } else { "<p>Call us</p>" });
    assert_eq!(some.warnings, []);
    let unpriced = read("", "car", &|_| "<p>Call us</p>");
    let told = Warning::FieldMissing { platform: "cards", field: "price", found: 3 };
    assert_eq!(unpriced.warnings, std::slice::from_ref(&told));
    assert!(told.to_string().starts_with("no price on 3 of 3 vehicles: "), "{told}");
    let data: String = CARS
        .iter()
        .map(|(vin, name)| {
            format!(
                r#"<script type="application/ld+json">{{"@type": "Car", "name": "{name}", "vin": "{vin}"}}</script>"#
            )
        })
        .collect();
    let told = ["price", "mileage"].map(|field| Warning::FieldMissing { platform: "structured_data", field, found: 3 });
    assert_eq!(listings(&data, LOT).unwrap().warnings, told);
    // A lone car may have no price, and what a page only suggests is no list.
    let own = format!("<h1>2019 Ford F-150</h1><p>VIN: {}</p><p>Stock: P1</p><p>45,000 miles</p>", CARS[0].0);
    assert_eq!(listings(&own, LOT).unwrap().warnings, []);
}

#[test]
fn a_list_of_no_vendor_without_miles_or_names_is_told() {
    let card = |at: usize, said: &str| {
        format!(
            r#"<div class="car"><a href="/v/{at}">{said}</a><p>VIN: {}</p><p>Stock: P10{at}</p><b>$2{at},995</b></div>"#,
            CARS[at].0
        )
    };
    let fields = |said: &dyn Fn(usize) -> String, url: &str| {
        let page: String = (0..CARS.len()).map(|at| card(at, &said(at))).collect();
        let warnings = listings(&format!("<body>{page}</body>"), url).unwrap().warnings.into_iter();
        let field = |warning| match warning {
            Warning::FieldMissing { field, .. } => Some(field),
            _ => None,
        };
        warnings.filter_map(field).collect::<Vec<_>>()
    };
    let named = |at: usize| CARS[at].1.to_owned();
    assert_eq!(fields(&named, LOT), ["mileage"]);
    assert_eq!(fields(&named, "https://lot.example/new-vehicles/"), [""; 0]);
    assert_eq!(fields(&|at| format!("New {}", CARS[at].1), LOT), [""; 0], "new cars have no miles");
    assert_eq!(
        fields(&|at| if at == 0 { format!("{}</a><p>45,120 miles</p><a>", CARS[at].1) } else { named(at) }, LOT),
        [""; 0]
    );
    assert_eq!(fields(&|_| "Details</a><p>45,120 miles</p><a>".to_owned(), LOT), ["heading"]);
}
