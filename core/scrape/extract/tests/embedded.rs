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
