//! Vehicles that only a script of the page holds.

use super::*;

const URL: &str = "https://lot.example/list";

fn read(script: &str) -> Vec<ScrapedListing> {
    listings(&format!("<html><body><div id=app></div>{script}</body></html>"), URL).unwrap().listings
}

const RECORDS: &str = r#"[{"vin": "2FMPK4K91HBB11870", "stock": "R100", "spec": {"year": 2017, "make": "Ford", "model": "Edge"},
    "prices": {"msrp": 31995, "internet": 22988}, "odometer": {"value": 41207, "unit": "mi"}, "vdpUrl": "/v/R100"},
    {"vin": "1G1YK2D73G5100001", "stock": "R101", "spec": {"year": 2016, "make": "Chevrolet", "model": "Corvette"},
    "prices": {"msrp": 61995, "internet": 35450}, "odometer": {"value": 97032, "unit": "mi"}, "vdpUrl": "/v/R101"}]"#;

#[test]
fn a_list_of_vehicles_is_found_under_any_name() {
    for script in [
        format!(r#"<script type="application/json">{{"a": {{"b": [1, {{"units": {RECORDS}}}]}}}}</script>"#),
        format!("<script>var x = 1; window.LOT = {{ shown: {RECORDS}, page: 2 }}; start(LOT)</script>"),
        format!("<script>let units={RECORDS};</script>"),
        format!("<script>window.__S = JSON.parse({});</script>", serde_json::to_string(RECORDS).unwrap()),
    ] {
        let found = read(&script);
        assert_eq!(found.len(), 2, "{script}");
        let car = &found[0];
        assert_eq!(
            (car.vin.as_deref(), car.stock_number.as_deref()),
            (Some("2FMPK4K91HBB11870"), Some("R100")),
            "{script}"
        );
        assert_eq!((car.year, car.make.as_deref(), car.model.as_deref()), (Some(2017), Some("Ford"), Some("Edge")));
        assert_eq!((car.price, car.mileage), (Some(Money::from_dollars(22_988)), Some(41_207)));
        assert_eq!(car.url.as_deref(), Some("https://lot.example/v/R100"));
    }
}

#[test]
fn a_list_may_stand_in_an_attribute_or_have_the_quotes_of_texts() {
    let quoted = RECORDS.replace('"', "&quot;");
    for (html, count) in [
        (format!(r#"<div data-page="{{&quot;props&quot;: {{&quot;cars&quot;: {quoted}}}}}"></div>"#), 2),
        (format!("<stock-list :vehicles='{RECORDS}'></stock-list>"), 2),
        (format!(r#"<script type="application/json">{{&quot;cars&quot;: {quoted}}}</script>"#), 2),
        (format!(r#"<script type="application/json">{quoted}</script>"#), 2),
        (format!("<stock-list :similar-vehicles='{RECORDS}'></stock-list>"), 0),
        (format!("<div title='{RECORDS} and more"), 0),
    ] {
        assert_eq!(read(&html).len(), count, "{html}");
    }
}

#[test]
fn other_lists_are_none_of_vehicles_for_sale() {
    for script in [
        format!(r#"<script>var s = {{"similarVehicles": {RECORDS}, "recentlySold": {RECORDS}}};</script>"#),
        r#"<script>var models = [{"year": 2026, "make": "Ford", "model": "Edge", "msrp": 38995}, {"year": 2026, "make": "Ford", "model": "Escape", "msrp": 29495}];</script>"#
            .to_owned(),
        r#"<script>var posts = [{"year": 2017, "make": "Ford", "model": "Edge", "title": "2017 Ford Edge review"}];</script>"#.to_owned(),
        r#"<script>function make(year){return {year:year,vin:"x"}} var a={year:1,make:2}; var b={</script>"#.to_owned(),
    ] {
        assert_eq!(read(&script), [], "{script}");
    }
}

#[test]
fn what_the_page_shows_itself_goes_before_its_scripts() {
    let cards = "<div class=c><h3><a href='/v/1'>2017 Ford Edge</a></h3><p>$22,988</p></div><div class=c><h3><a href='/v/2'>2019 Ford F-150</a></h3><p>$32,450</p></div>";
    let found = read(&format!("{cards}<script>var stock = {RECORDS};</script>"));
    assert!(found.iter().all(|listing| listing.vin.is_none()) && found.len() == 2, "{found:?}");
}

/// The price and the miles of a record that states them so.
fn stated(members: &str) -> (Option<i64>, Option<i32>) {
    let record = format!(r#"{{"vin": "2FMPK4K91HBB11870", "year": 2017, "make": "Ford", "model": "Edge", {members}}}"#);
    let found = read(&format!("<script>window.cars = [{record}];</script>"));
    assert_eq!(found.len(), 1, "{members}");
    (found[0].price.map(|price| price.cents()), found[0].mileage)
}

#[test]
fn amounts_are_read_in_the_unit_that_stands_beside_them() {
    for (members, cents) in [
        (r#""price": 389, "priceUnit": "month", "fullPrice": 22988"#, Some(2_298_800)),
        (r#""price": 389, "price_type": "Monthly Payment", "cashPrice": 22988"#, Some(2_298_800)),
        (r#""price": 389, "pricePeriod": "monthly""#, None),
        (r#""price": 24988, "discountedPrice": 22988, "discount": 2000"#, Some(2_298_800)),
        (r#""price": {"amount": 2298850, "precision": 2}"#, Some(2_298_850)),
        (r#""price": {"amount": 2298800, "currency": "USD", "formatted": "$22,988"}"#, Some(2_298_800)),
        (r#""price": {"centAmount": 2298800}"#, Some(2_298_800)),
        (r#""price": {"value": 389, "unitText": "MONTH"}"#, None),
        (r#""price": {"current": 22988, "original": 24988}"#, Some(2_298_800)),
        (r#""priceCents": 2298800"#, Some(2_298_800)),
        (r#""price_in_cents": "n/a", "price": 22988"#, Some(2_298_800)),
        (r#""pricing": [{"type": "MSRP", "amount": 31995}, {"type": "Sale Price", "amount": 22988}]"#, Some(2_298_800)),
        (
            r#""prices": [{"label": "Savings", "value": "$2,000"}, {"label": "Our Price", "value": "$22,988"}]"#,
            Some(2_298_800),
        ),
        (r#""priceHistory": [{"type": "Sale Price", "price": 24988}], "price": 22988"#, Some(2_298_800)),
        (r#""currentPrice": 22988, "previousPrice": 24988"#, Some(2_298_800)),
        (r#""oldPrice": 24988, "newPrice": 22988, "discount": 2000"#, Some(2_298_800)),
        (r#""msrp": 31995, "clearancePrice": "$22,988", "tradePrice": 18000"#, Some(2_298_800)),
        (r#""msrp": 31995, "price": "Call for Price""#, None),
        (r#""price": "Call", "internetPrice": 22988"#, Some(2_298_800)),
        (r#""price": 22988, "currency": "CAD""#, None),
        (r#""price": 22988, "currency": "usd""#, Some(2_298_800)),
        (r#""price": {"amount": 22988, "currencyCode": "CAD"}"#, None),
        (
            r#""prices": [{"type": "Sale Price", "amount": 31995, "currency": "CAD"}, {"type": "Our Price", "amount": 22988}]"#,
            Some(2_298_800),
        ),
    ] {
        assert_eq!(stated(members).0, cents, "{members}");
    }
    for (members, miles) in [
        (r#""mileage": 80000, "mileageUnit": "km""#, Some(49_710)),
        (r#""mileage": 80000, "distance_unit": "Kilometers""#, Some(49_710)),
        (r#""odometer": {"value": 80000, "unit": "km"}"#, Some(49_710)),
        (r#""odometer": {"value": 80000, "unit": "mi"}"#, Some(80_000)),
        (r#""mileage": 80000, "lengthUnit": "km""#, Some(80_000)),
    ] {
        assert_eq!(stated(members).1, miles, "{members}");
    }
}

#[test]
fn lists_stand_under_keys_and_in_what_is_pushed_as_well() {
    let records: Vec<&str> = RECORDS.trim_matches(['[', ']']).split("},\n    {\"vin\"").collect();
    let [first, second] = records[..] else { panic!("{records:?}") };
    let rows = format!("5:[\"$\", {{\"cars\": {RECORDS}}}]").replace('\n', " ");
    for script in [
        format!(r#"<script>window.__STATE__ = {{"Car:7": {first}}}, "Dealer:1": {{"n": 1}}, "Car:8": {{"vin"{second}}};</script>"#),
        format!("<script>self.__rows.push([1, {}]);</script>", serde_json::to_string(&rows).unwrap()),
        r#"<script>dataLayer.push({event: "view_item_list", items: [{"item_id": "2FMPK4K91HBB11870", "item_name": "2017 Ford Edge", "price": 22988},
            {"item_id": "1G1YK2D73G5100001", "item_name": "2016 Chevrolet Corvette", "price": 35450}]});</script>"#
            .to_owned(),
    ] {
        let found = read(&script);
        assert_eq!(found.len(), 2, "{script}");
        assert_eq!((found[0].price, found[0].model.as_deref()), (Some(Money::from_dollars(22_988)), Some("Edge")), "{script}");
    }
}

#[test]
fn what_a_script_says_is_sold_is_sold() {
    let sold = RECORDS.replacen(r#""stock": "R100""#, r#""stock": "R100", "status": "Sold""#, 1);
    let found = read(&format!("<script>var cars = {sold};</script>"));
    assert_eq!(found.iter().map(|car| car.is_sold).collect::<Vec<_>>(), [Some(true), None]);
}

#[test]
fn lists_of_parts_payments_models_and_opinions_are_none_of_cars() {
    let car = r#""year": 2017, "make": "Ford", "model": "Edge""#;
    for (name, members) in [
        ("recentlyViewed", r#""vin": "2FMPK4K91HBB11870", "price": 22988"#),
        ("soldCars", r#""vin": "2FMPK4K91HBB11870", "price": 22988"#),
        ("shelf", r#""part": "Starter", "price": 1149, "stock": "S1""#),
        ("deals", r#""price": 289, "payment": 289"#),
        ("grades", r#""trim": "SEL", "price": 31995"#),
        ("opinions", r#""mileage": 41207, "rating": 4, "text": "Good""#),
    ] {
        let script = format!("<script>var {name} = [{{{car}, {members}}}, {{{car}, {members}}}];</script>");
        assert_eq!(read(&script), [], "{script}");
    }
}
