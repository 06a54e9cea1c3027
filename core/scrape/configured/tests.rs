use serde_json::json;

use super::*;
use crate::{
    Error,
    clock::processor_time,
    extract::{DataPage, Extraction, ScrapedListing, StockStatus, Warning},
    scrape::extract::{listings_as_configured, listings_from_data},
};

fn faults(document: &Value) -> Vec<(String, String)> {
    match ScraperConfig::parse(document) {
        Ok(_) => Vec::new(),
        Err(error) => {
            assert_eq!(error.code(), "invalid_competitor");
            error.fields().iter().map(|fault| (fault.pointer.clone(), fault.message.clone())).collect()
        }
    }
}

/// Documents with one fault each: where it is, and a part of what was expected there.
fn assert_faults(rows: impl IntoIterator<Item = (Value, &'static str, &'static str)>) {
    for (document, pointer, expected) in rows {
        let found = faults(&document);
        let [(at, message)] = found.as_slice() else { panic!("{document}: {found:?}") };
        assert_eq!(*at, format!("/scraper_config{pointer}"), "{document}: {message}");
        assert!(message.contains(expected), "{document}: {message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

fn endpoint(more: Value) -> Value {
    let mut endpoint = json!({"url": "/api"});
    endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "endpoint": endpoint })
}

#[test]
fn a_wrong_key_is_named_by_its_place_and_by_what_was_expected() {
    assert_faults([
        (json!("x"), "", "expected an object"),
        (json!([]), "", "expected an object"),
        (json!({"selektor": ".car"}), "/selektor", "unknown field `selektor`, expected one of `cards`"),
        (json!({"cards": 3}), "/cards", "expected a string"),
        (json!({"cards": "div["}), "/cards", "expected a CSS selector"),
        (json!({"cards": ""}), "/cards", "expected a CSS selector"),
        (
            json!({"cards": "div..x"}),
            "/cards",
            "expected a CSS selector such as div.car > a[href]; \"div..x\" is none: a class, an id, an attribute or a pseudo-class",
        ),
        (json!({"cards": "div["}), "/cards", "is none: it ends too early"),
        (json!({"cards": "div:nosuch"}), "/cards", "is none: a class, an id, an attribute or a pseudo-class"),
        (json!({"cards": "a:has(b)"}), "/cards", "without :has()"),
        (json!({"cards": "a:h\\61s(b)"}), "/cards", "expected a CSS selector"),
        (json!({"cards": "a ".repeat(13)}), "/cards", "12 parts"),
        (json!({"cards": "a".repeat(301)}), "/cards", "300 characters"),
        (json!({"fields": {"price": ".price"}}), "/cards", "expected the selector of the cards"),
        (json!({"total": "b["}), "/total", "expected a CSS selector"),
        (json!({"max_pages": 0}), "/max_pages", "from 1 to 1000"),
        (json!({"store": " "}), "/store", "the name of a store"),
        (json!({"max_pages": "many"}), "/max_pages", "invalid type"),
        (json!({"check_missing": 51}), "/check_missing", "from 0 to 50"),
        (json!({"cards": ".car", "endpoint": {"url": "/api"}}), "/cards", "expected no endpoint beside it"),
        (json!({"cards": ".car", "total": "x".repeat(40_000)}), "", "32768 bytes"),
    ]);
}

#[test]
fn a_wrong_field_is_named_by_its_place_and_by_what_was_expected() {
    let card = |field: Value| json!({"cards": ".car", "fields": {"price": field}});
    assert_faults([
        (
            json!({"cards": ".car", "fields": {"colour": ".c"}}),
            "/fields/colour",
            "unknown field `colour`, expected one of",
        ),
        (card(json!("b[")), "/fields/price", "expected a CSS selector"),
        (card(json!(["b["])), "/fields/price/0", "expected a CSS selector"),
        (card(json!([".a", {"selector": "b["}])), "/fields/price/1/selector", "expected a CSS selector"),
        (card(json!({"selector": "b["})), "/fields/price/selector", "expected a CSS selector"),
        (card(json!({"selector": 4})), "/fields/price/selector", "expected a string"),
        (card(json!({"selectr": "b"})), "/fields/price/selectr", "unknown field `selectr`, expected one of `selector`"),
        (card(json!({})), "/fields/price", "expected a selector, an attribute or a regex"),
        (card(json!([])), "/fields/price", "expected 1 to 8 places"),
        (
            card(json!([".a", ".b", ".c", ".d", ".e", ".f", ".g", ".h", ".i"])),
            "/fields/price",
            "expected 1 to 8 places",
        ),
        (card(json!([[".a"]])), "/fields/price/0", "expected a text or an object"),
        (card(json!(7)), "/fields/price", "expected a text, an object, or a list of them"),
        (card(json!({"attribute": "a b"})), "/fields/price/attribute", "without spaces"),
        (card(json!({"regex": "(\\d"})), "/fields/price/regex", "expected a regular expression: unclosed group"),
        (card(json!({"regex": "(a)(b)"})), "/fields/price/regex", "one group at most"),
        (card(json!({"regex": "(?:\\w{99}){99}"})), "/fields/price/regex", "1048576 bytes compiled"),
        (
            card(json!({"regex": "(".repeat(40) + &")".repeat(40)})),
            "/fields/price/regex",
            "expected a regular expression",
        ),
        (card(json!({"regex": "a".repeat(301)})), "/fields/price/regex", "300 characters"),
    ]);
}

#[test]
fn a_wrong_pagination_is_named_by_its_place_and_by_what_was_expected() {
    assert_faults([
        (json!({"pagination": "next"}), "/pagination", "expected an object with exactly one of next, page or offset"),
        (json!({"pagination": {}}), "/pagination", "exactly one of next, page or offset, such as {\"page\": "),
        (
            json!({"pagination": {"parameter": "page", "first": 1}}),
            "/pagination",
            "expected an object with exactly one of next, page or offset",
        ),
        (
            endpoint(json!({"pagination": {"next": "a", "page": {"parameter": "p"}}})),
            "/endpoint/pagination",
            "expected an object with exactly one of next, page, offset or cursor",
        ),
        (
            json!({"pagination": {"previous": "a"}}),
            "/pagination/previous",
            "unknown variant `previous`, expected one of",
        ),
        (json!({"pagination": {"next": "a["}}), "/pagination/next", "expected a CSS selector"),
        (json!({"pagination": {"page": {}}}), "/pagination/page", "missing field `parameter`"),
        (json!({"pagination": {"page": {"parameter": "p", "first": -1}}}), "/pagination/page/first", "expected u32"),
        (json!({"pagination": {"page": {"parameter": ""}}}), "/pagination/page/parameter", "expected a name"),
        (
            json!({"pagination": {"offset": {"parameter": "o", "size": 0}}}),
            "/pagination/offset/size",
            "from 1 to 10000",
        ),
        (json!({"pagination": {"page": {"parameter": "p", "in": "body"}}}), "/pagination/page/in", "expected query"),
        (
            endpoint(json!({"pagination": {"cursor": {"parameter": "c"}}})),
            "/endpoint/pagination/cursor",
            "missing field `path`",
        ),
        (
            endpoint(json!({"pagination": {"page": {"parameter": "p", "in": "body"}}})),
            "/endpoint/pagination/page/in",
            "GET has no body",
        ),
        (
            endpoint(json!({"method": "POST", "body": {"a": 1}, "pagination": {"page": {"parameter": "a.b"}}})),
            "/endpoint/pagination/page/parameter",
            "expected a place within the body",
        ),
    ]);
}

#[test]
fn a_wrong_endpoint_is_named_by_its_place_and_by_what_was_expected() {
    assert_faults([
        (json!({"endpoint": {}}), "/endpoint/url", "expected an http or https address"),
        (endpoint(json!({"url": "ftp://a.example"})), "/endpoint/url", "expected an http or https address"),
        (endpoint(json!({"method": "PUT"})), "/endpoint/method", "unknown variant `PUT`, expected `GET` or `POST`"),
        (endpoint(json!({"headers": {"User-Agent": "x"}})), "/endpoint/headers/User-Agent", "who asks"),
        (endpoint(json!({"headers": {"Authorization": "x"}})), "/endpoint/headers/Authorization", "who asks"),
        (endpoint(json!({"headers": {"X-Forwarded-For": "x"}})), "/endpoint/headers/X-Forwarded-For", "who asks"),
        (endpoint(json!({"headers": {"Range": "x"}})), "/endpoint/headers/Range", "known already"),
        (endpoint(json!({"headers": {"a b": "x"}})), "/endpoint/headers/a b", "expected a header"),
        (endpoint(json!({"headers": {"x-key": "a\r\nb: c"}})), "/endpoint/headers/x-key", "printable ASCII"),
        (endpoint(json!({"parameters": {"a/b": []}})), "/endpoint/parameters/a~1b", "expected a text, a number"),
        (endpoint(json!({"body": {}})), "/endpoint/body", "expected no body with GET"),
        (endpoint(json!({"listings": "a[b"})), "/endpoint/listings", "expected a path"),
        (endpoint(json!({"total": "a."})), "/endpoint/total", "expected a path"),
        (endpoint(json!({"fields": {"price": "a["}})), "/endpoint/fields/price", "expected a path"),
        (endpoint(json!({"fields": {"price": {"path": "a["}}})), "/endpoint/fields/price/path", "expected a path"),
        (endpoint(json!({"fields": {"price": {"regex": "a"}}})), "/endpoint/fields/price", "missing field `path`"),
    ]);
}

#[test]
fn every_fault_is_named_at_once() {
    let document = json!({"cards": "a[", "fields": {"vin": "b[", "price": {"regex": "("}}, "max_pages": 0});
    let pointers: Vec<_> = faults(&document).into_iter().map(|(pointer, _)| pointer).collect();
    let expected = ["/cards", "/fields/vin", "/fields/price/regex", "/max_pages"];
    assert_eq!(pointers, expected.map(|place| format!("/scraper_config{place}")));
}

#[test]
fn a_configuration_is_written_as_it_was_read() {
    for document in [
        json!({}),
        json!({"cards": ".car", "fields": {"price": {"selector": ".p"}, "url": [{"attribute": "href"}, {"selector": "a"}]}, "check_missing": 0}),
        json!({"pagination": {"offset": {"parameter": "start", "size": 24}}, "max_pages": 1000}),
    ] {
        let config = ScraperConfig::parse(&document).unwrap();
        assert_eq!(serde_json::to_value(&config).unwrap(), document);
    }
    assert_eq!(ScraperConfig::parse(&json!({"check_missing": 50})).unwrap().check_missing, Some(50));
}

const CARS: &str = r##"<html><body><div class="found">Showing 1-2 of 5 cars</div>
<article class="car sold-car" data-ref="r1"><h3>2019 Ford F-150 XLT</h3><p class="facts">Stock P1001</p><p>VIN: 1FTEW1EP6KFA10001</p>
    <s class="was">$39,995</s> <b class="now">Our price $31,995</b><i>48,200 miles</i>
    <a class="more" href="/car/1">more</a><img src="/1.jpg"><em class="ribbon">Sold</em></article>
<article class="car" data-ref="r2"><h3>2020 Toyota RAV4 XLE</h3><p class="facts">VIN: 2T3P1RFV3LC100002</p>
    <b class="now">Call us, deposit $500 - $900</b><i>33,120 miles</i><a class="more" href="/car/2">more</a>
    <article class="car"><h3>2001 Advert Inside</h3></article></article>
<article class="car"></article>
<a class="onward" data-to="/used?page=2">onward</a></body></html>"##;

fn page_at(url: &str, document: Value, html: &str) -> Result<Extraction, Error> {
    let scraper = Scraper::of(&document).unwrap();
    listings_as_configured(html.as_bytes(), None, url, None, Some(&scraper))
}

fn page(document: Value) -> Extraction {
    page_at("https://lot.example/used", document, CARS).unwrap()
}

#[test]
fn cards_are_read_from_the_places_that_are_configured() {
    let read = page(json!({
        "cards": "article.car",
        "fields": {
            "heading": "h3",
            "external_id": {"attribute": "data-ref"},
            "stock_number": {"selector": ".facts", "regex": r"Stock (\w+)"},
            "price": [".sale", ".now"],
            "url": {"selector": "a.more", "attribute": "href"},
            "is_sold": ".ribbon"
        },
        "total": ".found",
        "pagination": {"next": {"selector": "a.onward", "attribute": "data-to"}}
    }));
    assert_eq!((read.platform, read.listings.len(), read.total), ("generic", 2, Some(5)), "{read:?}");
    assert_eq!(read.next.as_deref(), Some("https://lot.example/used?page=2"));
    let [ford, toyota] = read.listings.as_slice() else { unreachable!() };
    assert_eq!(ford.price, Some(crate::Money::from_dollars(31_995)));
    assert_eq!((ford.stock_number.as_deref(), ford.external_id.as_deref()), (Some("P1001"), Some("r1")));
    assert_eq!((ford.year, ford.model.as_deref(), ford.is_sold), (Some(2019), Some("F-150"), Some(true)));
    assert_eq!(ford.url.as_deref(), Some("https://lot.example/car/1"));
    // What is not configured is read as on any card; what is configured and says nothing stays open.
    assert_eq!((ford.vin.as_deref(), ford.mileage), (Some("1FTEW1EP6KFA10001"), Some(48_200)));
    assert_eq!((toyota.price, toyota.stock_number.as_deref(), toyota.is_sold), (None, None, None));
    assert_eq!(read.warnings, []);
}

#[test]
fn a_selector_that_finds_nothing_is_told() {
    let read =
        page(json!({"cards": "article.car", "fields": {"price": ".none", "is_sold": ".none"}, "total": ".none"}));
    let told: Vec<_> = read.warnings.iter().map(|warning| (warning.code(), warning.to_string())).collect();
    assert_eq!(
        told,
        [
            (
                "selector_matches_nothing",
                "scraper_config/fields/price finds nothing that can be read on any of 3 cards".to_owned()
            ),
            ("selector_matches_nothing", "scraper_config/total finds nothing that can be read on this page".to_owned()),
        ]
    );
    let read = page(json!({"cards": "div.vehicle"}));
    assert_eq!(read.warnings[0].to_string(), "scraper_config/cards finds nothing that can be read on this page");
    assert_eq!((read.listings.len(), &read.warnings[1]), (0, &Warning::NoListings));
}

#[test]
fn pages_are_counted_as_the_website_counts_them() {
    let next = |url: &str, document: Value| page_at(url, document, CARS).unwrap().next;
    let cards = |pagination: Value| json!({"cards": "article.car", "pagination": pagination});
    let with_total = |pagination: Value| json!({"cards": "article.car", "pagination": pagination, "total": ".found"});
    for (url, document, expected) in [
        ("used", cards(json!({"page": {"parameter": "p"}})), Some("used?p=2")),
        ("used?p=2&s=x", cards(json!({"page": {"parameter": "p"}})), Some("used?p=3&s=x")),
        ("used", cards(json!({"page": {"parameter": "p", "first": 0}})), Some("used?p=1")),
        // Less than a full page is the last.
        ("used", cards(json!({"page": {"parameter": "p", "size": 24}})), None),
        ("used", with_total(json!({"page": {"parameter": "p", "size": 2}})), Some("used?p=2")),
        ("used?p=2", with_total(json!({"page": {"parameter": "p", "size": 2}})), Some("used?p=3")),
        ("used?p=3", with_total(json!({"page": {"parameter": "p", "size": 2}})), None),
        // The website shows two a page by now, and not the three that are configured: nothing is reckoned to be the end.
        ("used?p=2", with_total(json!({"page": {"parameter": "p", "size": 3}})), None),
        ("used?p=3", with_total(json!({"page": {"parameter": "p", "size": 3}})), Some("used?p=4")),
        ("used", with_total(json!({"offset": {"parameter": "start", "size": 3}})), Some("used?start=2")),
        ("used", cards(json!({"offset": {"parameter": "start"}})), Some("used?start=2")),
        ("used?start=2", cards(json!({"offset": {"parameter": "start", "size": 2}})), Some("used?start=4")),
        ("used?start=4", with_total(json!({"offset": {"parameter": "start", "size": 2}})), None),
    ] {
        let expected = expected.map(|path| format!("https://lot.example/{path}"));
        assert_eq!(next(&format!("https://lot.example/{url}"), document.clone()), expected, "{url} {document}");
    }
    let shown = format!("{CARS}<p>Showing 2 vehicles of 120</p>");
    let counted = page_at("https://lot.example/used", cards(json!({"page": {"parameter": "p"}})), &shown).unwrap();
    assert_eq!(counted.next.as_deref(), Some("https://lot.example/used?p=2"), "words that count the page end no list");
    let nothing = page_at("https://lot.example/used", cards(json!({"page": {"parameter": "p"}})), "<p>none").unwrap();
    assert_eq!(nothing.next, None, "an empty page leads nowhere");
}

#[test]
fn a_configuration_of_pages_alone_leaves_the_reading_to_the_platform() {
    let html = r#"<script type="application/ld+json">[{"@type": "Car", "name": "2018 Toyota Corolla LE",
        "vehicleIdentificationNumber": "5YFBURHEXKP100004", "offers": {"price": "14000"}}]</script><a rel="next" href="/x">"#;
    let document = json!({"pagination": {"page": {"parameter": "page"}}});
    let read = page_at("https://lot.example/used", document, html).unwrap();
    assert_eq!((read.platform, read.listings.len()), ("structured_data", 1));
    assert_eq!(read.next.as_deref(), Some("https://lot.example/used?page=2"));
}

/// What an endpoint's answers give, each with the request that it answers.
fn answers(document: Value, bodies: &[Value]) -> Vec<(String, DataPage)> {
    let scraper = Scraper::of(&json!({ "endpoint": document })).unwrap();
    let page = url::Url::parse("https://lot.example/used/").unwrap();
    let mut request = scraper.endpoint().unwrap().first_request(&page);
    let mut pages = Vec::new();
    for body in bodies {
        let asked = request.take().unwrap();
        let read = listings_from_data(&asked, &body.to_string()).unwrap();
        request.clone_from(&read.next);
        let body = asked.body.as_ref().map(|body| format!(" {body}")).unwrap_or_default();
        pages.push((format!("{}{body}", asked.url), read));
    }
    assert!(request.is_none(), "{request:?}");
    pages
}

fn cars(stocks: &[&str]) -> Vec<Value> {
    stocks
        .iter()
        .map(|stock| json!({"stock": stock, "vin": "", "year": 2019, "make": "Ford", "model": "Edge"}))
        .collect()
}

#[test]
fn an_endpoint_is_asked_in_every_way_that_lists_go_on() {
    let asked = |document: Value, bodies: &[Value]| -> Vec<String> {
        answers(document, bodies).into_iter().map(|(asked, _)| asked).collect()
    };
    let pages = [json!({"n": 3, "cars": cars(&["a", "b"])}), json!({"n": 3, "cars": cars(&["c"])})];
    assert_eq!(
        asked(
            json!({"url": "/api?kind=used", "listings": "cars", "total": "n", "pagination": {"page": {"parameter": "page", "size": 2}}}),
            &pages
        ),
        ["https://lot.example/api?kind=used&page=1", "https://lot.example/api?kind=used&page=2"]
    );
    assert_eq!(
        asked(
            json!({"url": "api", "parameters": {"limit": 2, "new": false}, "listings": "cars", "total": "n",
                "pagination": {"offset": {"parameter": "offset"}}}),
            &pages
        ),
        [
            "https://lot.example/used/api?limit=2&new=false&offset=0",
            "https://lot.example/used/api?limit=2&new=false&offset=2"
        ]
    );
    assert_eq!(
        asked(
            json!({"url": "https://api.example/search", "method": "POST", "body": {"q": {"kind": "used"}}, "listings": "$['cars']",
                "pagination": {"page": {"parameter": "q.page", "first": 0, "size": 2}}}),
            &pages
        ),
        [
            r#"https://api.example/search {"q":{"kind":"used","page":0}}"#,
            r#"https://api.example/search {"q":{"kind":"used","page":1}}"#
        ]
    );
    let cursors = [
        json!({"next": "abc", "cars": cars(&["a"])}),
        json!({"next": 7, "cars": cars(&["b"])}),
        json!({"next": null, "cars": cars(&["c"])}),
    ];
    assert_eq!(
        asked(
            json!({"url": "/api", "listings": "cars", "pagination": {"cursor": {"parameter": "after", "path": "next"}}}),
            &cursors
        ),
        ["https://lot.example/api", "https://lot.example/api?after=abc", "https://lot.example/api?after=7"]
    );
    let links =
        [json!({"links": {"next": "/api/2"}, "cars": cars(&["a"])}), json!({"links": {}, "cars": cars(&["b"])})];
    assert_eq!(
        asked(json!({"url": "/api", "listings": "cars", "pagination": {"next": "links.next"}}), &links),
        ["https://lot.example/api", "https://lot.example/api/2"]
    );
    // Without a pagination, one answer holds all; an object's values may be the records.
    assert_eq!(
        asked(json!({"url": "/all.json"}), &[json!({"x": {"stock": "a"}, "y": {"stock": "b"}})]),
        ["https://lot.example/all.json"]
    );
}

#[test]
fn an_answers_records_are_read_by_their_paths_and_by_the_usual_keys() {
    let body = json!({"data": {"items": [
        {"id": {"vin": "1FTEW1EP6KFA10001"}, "year": 2019, "make": "FORD", "model": "F-150", "miles": "48,200",
            "price": 39995, "cost": {"web": "$31,995"}, "link": "/car/1", "media": [{"src": "/1.jpg"}], "sold": "2026-01-01",
            "where": {"word": "In Transit"}},
        {"id": {"vin": "2T3P1RFV3LC100002"}, "title": "2020 Toyota RAV4 XLE", "price": 28000, "cost": {"web": 0}, "sold": "",
            "status": "In Stock"},
        {}, "text", null
    ]}});
    let config = json!({"url": "/api", "listings": "data.items", "fields": {
        "vin": "id.vin", "price": "cost.web", "heading": "title", "image_url": "media[0].src", "is_sold": "sold",
        "stock_status": "where.word"}});
    let [(_, read)] = answers(config, &[body]).try_into().unwrap();
    let [ford, toyota] = <[ScrapedListing; 2]>::try_from(read.listings).unwrap();
    assert_eq!((ford.vin.as_deref(), ford.make.as_deref()), (Some("1FTEW1EP6KFA10001"), Some("Ford")));
    assert_eq!((ford.price, ford.mileage), (Some(crate::Money::from_dollars(31_995)), Some(48_200)));
    assert_eq!(ford.url.as_deref(), Some("https://lot.example/car/1"));
    assert_eq!(ford.image_url.as_deref(), Some("https://lot.example/1.jpg"));
    assert_eq!((ford.is_sold, toyota.is_sold), (Some(true), None));
    // What has its place is not taken from another key, such as `status` or `price`.
    assert_eq!((ford.stock_status, toyota.stock_status), (Some(StockStatus::InTransit), None));
    assert_eq!((toyota.price, toyota.model.as_deref()), (None, Some("RAV4")));
}

#[test]
fn an_answer_without_its_list_is_refused_and_never_an_empty_lot() {
    let scraper = Scraper::of(&json!({"endpoint": {"url": "/api", "listings": "cars"}})).unwrap();
    let page = url::Url::parse("https://lot.example/").unwrap();
    let request = scraper.endpoint().unwrap().first_request(&page).unwrap();
    for body in ["", "<html>", "[]", "{\"error\": 1}", "{\"cars\": 3}", "{\"cars\": null}"] {
        let refusal = listings_from_data(&request, body).unwrap_err();
        assert_eq!(refusal.code(), "data_unreadable", "{body}");
        let said = refusal.to_string();
        let is_json = body.starts_with(['[', '{']);
        assert!(
            if is_json { said == "the answer has no list at `cars`" } else { said.contains("is no JSON: ") },
            "{said}"
        );
    }
}

#[test]
fn the_key_of_an_endpoint_is_not_handed_to_another_host() {
    let endpoint =
        json!({"url": "/api", "headers": {"x-key": "k"}, "listings": "cars", "pagination": {"next": "next"}});
    let elsewhere = json!({"next": "https://other.example/api", "cars": cars(&["a"])});
    let scraper = Scraper::of(&json!({ "endpoint": endpoint })).unwrap();
    let page = url::Url::parse("https://lot.example/used/").unwrap();
    let first = scraper.endpoint().unwrap().first_request(&page).unwrap();
    // It is named all the same: without it the list would seem to end.
    let next = listings_from_data(&first, &elsewhere.to_string()).unwrap().next.unwrap();
    assert_eq!((next.url.as_str(), next.headers.len()), ("https://other.example/api", 0));
}

#[test]
fn a_hostile_configuration_costs_little() {
    let started = processor_time();
    let text = "a".repeat(200_000);
    let html = format!("<div class=car><p>{text}</p></div>");
    for regex in ["(a+)+$b", "(?:a|a|aa)+b", "(?:a?){99}a{99}", ".*.*.*.*=x"] {
        let document = json!({"cards": ".car", "fields": {"trim": {"selector": "p", "regex": regex}}});
        page_at("https://lot.example/used", document, &html).unwrap();
    }
    let deep = "<div><p><b>".repeat(300);
    let wide = "<i></i>".repeat(20_000);
    for selector in
        ["* * * * * * * * * * * *", "* ~ * ~ * ~ * ~ * ~ b", "*:not(* * *):not(* > *) b", ":nth-last-child(2n+1) ~ *"]
    {
        let document = json!({"cards": selector, "fields": {"vin": selector, "price": selector}});
        page_at("https://lot.example/used", document.clone(), &deep).unwrap();
        page_at("https://lot.example/used", document, &wide).unwrap();
    }
    let taken = processor_time() - started;
    assert!(taken.as_secs() < 60, "{taken:?}");
}
