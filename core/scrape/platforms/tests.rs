//! Every platform on pages and answers written for the project, in the shapes that its vendor is known to use.

use std::{collections::BTreeSet, fs, path::Path};

use serde::de::DeserializeSeed as _;
use serde_json::Value;

use super::*;
use crate::scrape::extract::{
    self, DataMethod, Extraction, ScrapedListing, StockStatus, data_request, listings, listings_from_data,
};

fn own(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(name)).unwrap()
}

/// One line a vehicle, in the words of the tables below.
fn line(listing: &ScrapedListing) -> String {
    fn shown<T: std::fmt::Display>(value: Option<&T>) -> String {
        value.map_or_else(|| "-".to_owned(), T::to_string)
    }
    format!(
        "{} {} {} {} {} {} {} {}",
        shown(listing.vin.as_ref()),
        shown(listing.year.as_ref()),
        shown(listing.make.as_ref()),
        shown(listing.model.as_ref()),
        shown(listing.trim.as_ref()),
        shown(listing.price.as_ref()),
        shown(listing.mileage.as_ref()),
        shown(listing.stock_number.as_ref()),
    )
}

fn lines(listings: &[ScrapedListing]) -> Vec<String> {
    listings.iter().map(line).collect()
}

const FORD: &str = "1FTEW1EP6KFA10001 2019 Ford F-150 XLT 31995.00 48200 P1001";
const TOYOTA: &str = "2T3P1RFV3LC100002 2020 Toyota RAV4 XLE 27450.00 33120 P1002";
const JEEP: &str = "1C4RJFBG9JC100003 2018 Jeep Grand Cherokee Limited - 61007 P1003";
const COROLLA: &str = "5YFBURHEXKP100004 2019 Toyota Corolla LE 15750.00 70110 P1004";

/// Reads a platform's first and last page; each must be read by that platform, from its own host.
fn first_and_last(platform: &str, path: &str, last_path: &str) -> (Extraction, Extraction) {
    let read = |page: &str, path: &str| {
        let read = listings(&own(&format!("{platform}/{page}.html")), &format!("https://lot.example{path}")).unwrap();
        assert_eq!((read.platform, read.warnings.len()), (platform, 0), "{page}: {:?}", read.warnings);
        for listing in &read.listings {
            let url = listing.url.as_deref().unwrap_or_default();
            assert!(url.starts_with("https://lot.example/"), "{platform}: {url:?}");
            assert_eq!(listing.check(2026, &extract::ListingLimits::default()), Ok(()), "{platform}");
        }
        read
    };
    (read("list", path), read("last", last_path))
}

#[test]
fn list_pages_give_their_vehicles_the_total_and_the_next_page() {
    for (platform, path, next) in [
        ("dealer_inspire", "/used-vehicles/", "/used-vehicles/?_p=1"),
        ("dealer_fire", "/cars-for-sale-town-tx?limit=3", "/cars-for-sale-town-tx?limit=3&offset=3"),
        ("team_velocity", "/inventory/used", "/inventory/used?page=2"),
        ("autorevo", "/vehicles", "/vehicles?page=2"),
        ("automanager", "/view-inventory", "/view-inventory?page=2"),
        ("dealer_eprocess", "/search/used-town-tx/?tp=used", "/search/used-town-tx/?tp=used&p=2"),
        ("dealer_center", "/inventory/", "/inventory/?page_no=2&sort_by=price"),
        ("cdk", "/VehicleSearchResults?search=used", "/VehicleSearchResults?search=used&offset=3&limit=3"),
    ] {
        let (first, last) = first_and_last(platform, path, next);
        assert_eq!(lines(&first.listings), [FORD, TOYOTA, JEEP], "{platform}");
        assert_eq!((first.total, last.total), (Some(4), Some(4)), "{platform}");
        assert_eq!(first.next, Some(format!("https://lot.example{next}")), "{platform}");
        assert_eq!((lines(&last.listings), last.next), (vec![COROLLA.to_owned()], None), "{platform}");
    }
}

#[test]
fn what_a_vendors_list_does_not_show_stays_open() {
    // DealerOn's pages name their vehicles; prices and mileages come from the endpoint.
    let (first, last) = first_and_last("dealer_on", "/searchused.aspx", "/searchused.aspx?pt=2");
    assert_eq!(line(&first.listings[0]), "1FTEW1EP6KFA10001 2019 Ford F-150 XLT - - -");
    assert_eq!((first.listings.len(), first.total), (12, Some(13)));
    assert_eq!(first.next.as_deref(), Some("https://lot.example/searchused.aspx?pt=2"));
    assert_eq!((last.listings.len(), last.total, last.next), (1, Some(13), None));

    let (first, last) = first_and_last("overfuel", "/used-cars-town-tx", "/used-cars-town-tx/page/2");
    assert_eq!(line(&first.listings[1]), "2T3P1RFV3LC100002 2020 Toyota RAV4 XLE 27450.00 - P1002");
    assert_eq!((first.listings.len(), first.total, first.listings[2].price), (3, Some(4), None));
    assert_eq!(first.next.as_deref(), Some("https://lot.example/used-cars-town-tx/page/2"));
    assert_eq!((last.listings.len(), last.next), (1, None));

    // Dealer Car Search's total is that of its makes.
    let path = "/newandusedcars?clearall=1&pagesize=100&page";
    let (first, last) = first_and_last("dealer_car_search", &format!("{path}=1"), &format!("{path}=2"));
    assert_eq!(lines(&first.listings), [FORD, TOYOTA, JEEP]);
    assert_eq!((first.total, first.next), (Some(4), Some(format!("https://lot.example{path}=2"))));
    assert_eq!((lines(&last.listings), last.next), (vec![COROLLA.to_owned()], None));
    let without_trims = own("dealer_car_search/list.html").replace(r"F\-150 XLT'", r"F\-150'");
    let read = listings(&without_trims, &format!("https://lot.example{path}=1")).unwrap().listings;
    assert_eq!(line(&read[0]), FORD, "the tile says more than the array");
    // Its pages are counted also where a script turns them.
    let by_script =
        own("dealer_car_search/list.html").replace("<a href=\"/newandusedcars", "<a data-href=\"/newandusedcars");
    let path = "https://lot.example/newandusedcars?pagesize=3&page";
    assert_eq!(listings(&by_script, &format!("{path}=1")).unwrap().next, Some(format!("{path}=2")));
    assert_eq!(listings(&by_script, &format!("{path}=2")).unwrap().next, None);

    let path = "/cars-for-sale?PageSize=3&PageNumber";
    let (first, last) = first_and_last("carsforsale", &format!("{path}=1"), &format!("{path}=2"));
    assert_eq!(line(&first.listings[0]), "- 2019 Ford F-150 XLT 31995.00 48200 -");
    assert_eq!(line(&first.listings[2]), "- 2018 Jeep Grand Cherokee Limited - 61007 -");
    assert_eq!(first.listings[0].external_id.as_deref(), Some("128897001"));
    assert_eq!((first.total, first.next), (Some(4), Some(format!("https://lot.example{path}=2"))));
    assert_eq!((last.listings.len(), last.next), (1, None));
}

#[test]
fn what_a_platform_says_beyond_the_common_fields_is_kept() {
    let read =
        |platform: &str| listings(&own(&format!("{platform}/list.html")), "https://lot.example/used").unwrap().listings;
    let autorevo = read("autorevo");
    assert_eq!(autorevo.iter().map(|listing| listing.is_sold).collect::<Vec<_>>(), [None, None, Some(true)]);
    assert_eq!(autorevo[0].external_id.as_deref(), Some("1007001"));
    assert_eq!(read("automanager")[0].external_id.as_deref(), Some("7001"));
    assert_eq!(read("dealer_fire")[0].external_id.as_deref(), Some("7001"));
    assert_eq!(
        read("dealer_center")[0].image_url.as_deref(),
        Some("https://imagescf.dealercenter.net/320/240/7001.jpg")
    );
    assert_eq!(read("dealer_center")[0].exterior_color.as_deref(), Some("Oxford White"));
}

#[test]
fn what_is_shown_beside_the_data_or_in_an_older_or_newer_layout_misleads_nobody() {
    let read = |page: &str| listings(&own(page), "https://lot.example/used").unwrap();
    for (page, ford_without) in [
        // JSON-LD with the total of accessories and a monthly payment, and a display word for what is used.
        ("dealer_com/list.html", ""),
        // The book value, and a condition that is false.
        ("autorevo/list.html", ""),
        // Quotes encoded twice.
        ("dealer_inspire/entities.html", ""),
        // Until 2021, with markup in an attribute.
        ("dealer_on/cards.html", ""),
        ("team_velocity/clean.html", ""),
        ("carsforsale/chassis.html", "P1001"),
    ] {
        let read = read(page);
        let shown = lines(&read.listings);
        let expected = [FORD, TOYOTA].map(|line| match ford_without {
            "" => line.to_owned(),
            _ => format!("{}-", &line[..line.len() - ford_without.len()]),
        });
        assert_eq!((shown.len(), &shown[..2]), (3, &expected[..]), "{page}");
        assert_eq!(read.listings[2].price, None, "{page}");
    }
    let said = |page: &str| read(page).listings[0].raw_data.clone().unwrap_or_default();
    assert_eq!(said("dealer_com/list.html")["condition"], "used");
    assert!(!said("autorevo/list.html").to_string().contains("NewCondition"));
    let chassis = read("carsforsale/chassis.html").listings;
    assert_eq!(
        (chassis[2].vin.as_deref(), chassis[2].external_id.as_deref()),
        (None, Some("00000000-0000-4000-8000-000000007003"))
    );
}

#[test]
fn pages_in_other_encodings_and_what_nobody_filled_in_are_read_for_what_they_are() {
    for page in ["generic/cp1252.html", "generic/utf16.html"] {
        let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(page)).unwrap();
        for content_type in [None, Some("text/html; charset=utf-8")] {
            let read = extract::listings_from_bytes(&bytes, content_type, "https://lot.example/used", None).unwrap();
            assert_eq!(lines(&read.listings), [FORD, TOYOTA], "{page} {content_type:?}");
            let colors: Vec<_> = read.listings.iter().filter_map(|listing| listing.exterior_color.as_deref()).collect();
            assert_eq!(colors, ["Blanc cassé", "Rouge rubis – foncé"], "{page} {content_type:?}");
        }
    }
    let read = listings(&own("generic/placeholders.html"), "https://lot.example/used").unwrap();
    assert_eq!(lines(&read.listings)[..2], [FORD, TOYOTA]);
    assert_eq!(read.listings[1].exterior_color, None);
    assert!(
        read.listings.iter().skip(2).all(|listing| listing.vin.is_none() && listing.make.as_deref() == Some("Jeep"))
    );
}

/// The first request of a platform's page and what its answers give, page after page.
fn answers(platform: &str, page: &str, path: &str, answers: &[&str]) -> (DataRequest, Vec<DataPage>) {
    let html = own(&format!("{platform}/{page}.html"));
    let first = data_request(&html, &format!("https://lot.example{path}")).unwrap().unwrap();
    assert_eq!(first.platform, platform);
    let mut request = Some(first.clone());
    let mut pages = Vec::new();
    for answer in answers {
        let page = listings_from_data(&request.unwrap(), &own(&format!("{platform}/{answer}.json"))).unwrap();
        request = page.next.clone();
        pages.push(page);
    }
    (first, pages)
}

#[test]
fn dealer_on_gives_its_list_as_data_without_its_advertisements() {
    let (request, pages) = answers("dealer_on", "list", "/searchused.aspx", &["list", "last"]);
    let path = "/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/20001/310002";
    assert_eq!(
        request.url.as_str(),
        format!("https://lot.example{path}?pt=1&pn=24&host=lot.example&baseFilter=dHlwZT11")
    );
    // The price is 0 in its own field and stands in the library; a VIN may be with the pictures alone, with what is compared, or
    // in the address.
    assert_eq!(lines(&pages[0].listings), [FORD, TOYOTA, JEEP]);
    assert_eq!(pages[0].total, Some(4));
    assert_eq!(pages[0].next.as_ref().unwrap().query_number("pt"), Some(2));
    assert_eq!((lines(&pages[1].listings), &pages[1].next), (vec![COROLLA.to_owned()], &None));
}

#[test]
fn dealer_inspire_gives_its_list_as_data_in_two_generations() {
    let (request, pages) = answers("dealer_inspire", "list", "/used-vehicles/", &["list", "last"]);
    assert_eq!(request.url.as_str(), "https://websites-search.api.carscommerce.inc/api/v1/listings/5001/search");
    assert_eq!(
        (request.method, &request.headers),
        (DataMethod::Post, &vec![("x-api-key".into(), "public-key-of-the-page".to_owned())])
    );
    assert_eq!(request.body.as_ref().unwrap()["filters"]["type_slug"], serde_json::json!(["Used"]));
    assert_eq!((lines(&pages[0].listings), pages[0].total), (vec![FORD.into(), TOYOTA.into(), JEEP.into()], Some(4)));
    // About to be sold is not sold.
    assert_eq!(pages[0].listings[0].is_sold, None);
    // It gave three where a hundred were asked for: its pages are of three.
    let next = pages[0].next.as_ref().unwrap().body.as_ref().unwrap();
    assert_eq!((&next["page"], &next["perPage"]), (&2.into(), &3.into()));
    assert_eq!((lines(&pages[1].listings), &pages[1].next), (vec![COROLLA.to_owned()], &None));

    let (request, pages) = answers("dealer_inspire", "lightning", "/used-vehicles/", &["lightning-list"]);
    assert_eq!(request.url.as_str(), "https://SAMPLEAPP1-dsn.algolia.net/1/indexes/*/queries".to_lowercase());
    assert_eq!((lines(&pages[0].listings), pages[0].total), (vec![FORD.into(), TOYOTA.into(), JEEP.into()], Some(4)));
    let next = pages[0].next.as_ref().unwrap().body.as_ref().unwrap()["requests"][0]["params"].to_string();
    assert!(next.contains("&page=1&"), "{next}");
}

#[test]
fn dealer_inspire_before_that_gave_the_cards_of_a_page_for_a_form() {
    let (request, pages) = answers("dealer_inspire", "ajax", "/used-vehicles/", &["ajax-list", "ajax-last"]);
    assert_eq!((request.method, request.url.as_str()), (DataMethod::Form, "https://lot.example/en"));
    let form = "action=im_ajax_call&perform=get_results&page=1&_nonce=0a1b2c3d4e&_post_id=6";
    let sorted = |form: &str| form.split('&').map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&request.body_text().unwrap()), sorted(form));
    assert_eq!((lines(&pages[0].listings), pages[0].total), (vec![FORD.into(), TOYOTA.into(), JEEP.into()], Some(4)));
    assert_eq!(pages[0].next.as_ref().unwrap().body.as_ref().unwrap()["page"], 2);
    assert_eq!(lines(&pages[1].listings), [COROLLA]);
    let behind = listings_from_data(pages[1].next.as_ref().unwrap(), r#"{"results": ""}"#).unwrap();
    assert_eq!((behind.listings.len(), behind.next), (0, None));
    assert_eq!(listings_from_data(&request, r#"{"results": false}"#).unwrap_err().code(), "data_unreadable");
}

#[test]
fn dealer_com_is_asked_by_post_where_its_page_names_no_widget_or_that_fails() {
    let (request, pages) = answers("dealer_com", "posted", "/used-inventory/index.htm", &["list", "last"]);
    assert_eq!(request.url.as_str(), "https://lot.example/api/widget/ws-inv-data/getInventory");
    let body = request.body.as_ref().unwrap();
    assert_eq!((request.method, &body["siteId"]), (DataMethod::Post, &serde_json::json!("samplemotors")));
    assert_eq!(body["pageId"], "samplemotors_SITEBUILDER_INVENTORY_SEARCH_RESULTS_AUTO_USED_V1_1");
    assert_eq!(
        (&body["preferences"]["listing.config.id"], &body["includePricing"]),
        (&"auto-used".into(), &true.into())
    );
    assert_eq!(lines(&pages[0].listings), [FORD, TOYOTA, JEEP]);
    let next = pages[0].next.as_ref().unwrap().body.as_ref().unwrap();
    assert_eq!(next["inventoryParameters"]["start"], serde_json::json!(["3"]));
    assert_eq!((lines(&pages[1].listings), &pages[1].next), (vec![COROLLA.to_owned()], &None));

    // One address lists new, used and certified vehicles: the page says which are meant.
    let html = own("dealer_com/posted.html").replace("_SITEBUILDER_INVENTORY_SEARCH_RESULTS_AUTO_USED_V1_1", "");
    let asked = |path: &str| data_request(&html, &format!("https://lot.example{path}")).unwrap();
    for (path, id) in [
        ("/new-inventory/index.htm", "auto-new"),
        ("/certified-inventory/index.htm", "auto-certified-used"),
        ("/all-inventory/index.htm", "auto-all"),
    ] {
        assert_eq!(asked(path).unwrap().body.unwrap()["preferences"]["listing.config.id"], id, "{path}");
    }
    assert_eq!(asked("/specials.htm"), None);
    // A page that names its widget is asked by GET, and by POST where that is not answered.
    let (request, pages) = answers("dealer_com", "list", "/used-inventory/index.htm", &["list"]);
    assert_eq!((request.method, request.otherwise.unwrap().method), (DataMethod::Get, DataMethod::Post));
    assert_eq!(pages[0].next.as_ref().unwrap().otherwise, None);
}

#[test]
fn team_velocity_and_overfuel_give_their_lists_as_data() {
    let (request, pages) = answers("team_velocity", "list", "/inventory/used", &["list"]);
    assert_eq!(
        request.url.as_str(),
        "https://websites.api.teamvelocityportal.com/tvm-services/inventory/vehicles?AccountID=88001&CampaignId=901&Type=Used&Limit=200&Page=1"
    );
    // A short answer is the last.
    assert_eq!((lines(&pages[0].listings), &pages[0].next), (vec![FORD.into(), TOYOTA.into(), JEEP.into()], &None));
    let small = request.with_query_number("Limit", 3);
    let page = listings_from_data(&small, &own("team_velocity/list.json")).unwrap();
    assert_eq!(page.next.unwrap().query_number("Page"), Some(2));

    let (request, pages) = answers("overfuel", "list", "/used-cars-town-tx", &["list", "last"]);
    assert_eq!(request.url.as_str(), "https://api.overfuel.com/api/1.0/dealers/1052/search?limit=100&offset=0");
    assert_eq!((lines(&pages[0].listings), pages[0].total), (vec![FORD.into(), TOYOTA.into(), JEEP.into()], None));
    assert_eq!(pages[0].next.as_ref().unwrap().query_number("offset"), Some(3));
    let two = r#"{"meta": {"total": 2}, "results": [{"vin": "1FTEW1EP6KFA10001", "condition": "New"}, {"vin": "2T3P1RFV3LC100002", "condition": "Used"}]}"#;
    for (path, vins, total) in [
        ("/used-cars-town-tx", vec!["2T3P1RFV3LC100002"], None),
        ("/new-cars-town-tx", vec!["1FTEW1EP6KFA10001"], None),
        ("/inventory", vec!["1FTEW1EP6KFA10001", "2T3P1RFV3LC100002"], Some(2)),
    ] {
        let request = answers("overfuel", "list", path, &[]).0;
        let page = listings_from_data(&request, two).unwrap();
        let read: Vec<_> = page.listings.iter().filter_map(|listing| listing.vin.as_deref()).collect();
        assert_eq!((read, page.total), (vins, total), "{path}");
    }
    assert_eq!((lines(&pages[1].listings), &pages[1].next), (vec![COROLLA.to_owned()], &None));
}

#[test]
fn a_platforms_records_say_where_its_cars_stand() {
    const STANDING: [Option<StockStatus>; 3] =
        [Some(StockStatus::InStock), Some(StockStatus::InTransit), Some(StockStatus::InProduction)];
    for (platform, page, path, answer, statuses) in [
        ("dealer_com", "posted", "/used-inventory/index.htm", "list", STANDING),
        ("dealer_on", "list", "/searchused.aspx", "list", STANDING),
        ("team_velocity", "list", "/inventory/used", "list", STANDING),
        ("dealer_inspire", "list", "/used-vehicles/", "list", [Some(StockStatus::SalePending); 3]),
        ("overfuel", "list", "/used-cars-town-tx", "list", [None, Some(StockStatus::InTransit), None]),
        ("wayne_reaves", "list", "/inventory", "list", [None; 3]),
    ] {
        let (_, pages) = answers(platform, page, path, &[answer]);
        let said: Vec<_> = pages[0].listings.iter().map(|listing| listing.stock_status).collect();
        assert_eq!(said, statuses, "{platform}");
    }
    // Nor is a vehicle in stock of which a record says only one of the two.
    let request = answers("team_velocity", "list", "/inventory/used", &[]).0;
    let page =
        listings_from_data(&request, r#"{"inventoryVehicles": [{"vin": "1FTEW1EP6KFA10001", "inTransit": false}]}"#);
    assert_eq!(page.unwrap().listings[0].stock_status, None);
    // Pages say it by attributes, badges and microdata.
    for (page, at, more, status) in [
        ("dealer_on/cards.html", "data-year=\"2020\"", " data-intransit=\"True\"", StockStatus::InTransit),
        ("dealer_inspire/list.html", "<h2><a href=\"/inventory/used-2020", "", StockStatus::InTransit),
        ("team_velocity/list.html", "<span>Stock: P1002</span>", "<em>In Production</em>", StockStatus::InProduction),
        ("cdk/list.html", "P1002", "</span><em>In Transit</em><span>", StockStatus::InTransit),
        ("autorevo/list.html", "P1002", "</dd><dd>In Transit</dd><dd>", StockStatus::InTransit),
    ] {
        let html = own(page);
        assert!(html.contains(at), "{page}");
        let html = if more.is_empty() {
            html.replacen(at, &format!("<div class=\"hit-status\"><span>In Transit</span></div>{at}"), 1)
        } else {
            html.replacen(at, &format!("{at}{more}"), 1)
        };
        let read = listings(&html, "https://lot.example/used").unwrap();
        let said: Vec<_> = read.listings.iter().map(|listing| listing.stock_status).collect();
        assert_eq!(said, [None, Some(status), None], "{page}");
    }
}

#[test]
fn a_server_that_answers_every_page_with_the_first_is_not_asked_for_ever() {
    let (_, pages) = answers("dealer_on", "list", "/searchused.aspx", &["list"]);
    let second = pages[0].next.clone().unwrap();
    assert_eq!(second.query_number("pt"), Some(2));
    let again = listings_from_data(&second, &own("dealer_on/list.json")).unwrap();
    assert_eq!((again.listings.len(), again.next), (pages[0].listings.len(), None));
}

#[test]
fn wayne_reaves_says_what_is_sold_and_hides_what_is_not_on_offer() {
    let (request, pages) = answers("wayne_reaves", "list", "/inventory", &["list"]);
    assert_eq!(request.url.as_str(), "https://lot.example/service/inventory/website");
    assert_eq!(lines(&pages[0].listings), [FORD, TOYOTA, COROLLA]);
    let url = |number: usize| pages[0].listings[number].url.as_deref();
    assert_eq!(url(0), Some("https://lot.example/inventory/27001/view/P1001/2019-Ford-F-150"));
    let sold: Vec<_> = pages[0].listings.iter().map(|listing| listing.is_sold).collect();
    assert_eq!((sold, pages[0].total), (vec![Some(false), Some(false), Some(true)], Some(2)));
}

#[test]
fn an_answer_that_is_no_list_is_refused_and_never_an_empty_lot() {
    let (request, _) = answers("overfuel", "list", "/used-cars-town-tx", &[]);
    for body in ["", "<html>Just a moment...</html>", "{\"error\": \"blocked\"}", "[]", "null", &"[".repeat(100_000)] {
        assert_eq!(listings_from_data(&request, body).unwrap_err().code(), "data_unreadable", "{}", body.len());
    }
    assert_eq!(data_request("<p>a page of nobody's", "https://lot.example/").unwrap(), None);
}

fn detected(html: &str) -> Option<&'static str> {
    let tree = std::cell::OnceCell::new();
    let page = Page::new(html, Url::parse("https://lot.example/").unwrap(), &tree).unwrap();
    detect(&page).map(|platform| platform.name)
}

#[test]
fn every_page_of_every_platform_is_detected_as_itself() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    for platform in ALL {
        let folder = fs::read_dir(root.join(platform.name)).unwrap();
        let pages: Vec<_> = folder
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "html"))
            .collect();
        assert!(pages.len() >= 2, "{}: {pages:?}", platform.name);
        for path in pages {
            assert_eq!(detected(&fs::read_to_string(&path).unwrap()), Some(platform.name), "{}", path.display());
        }
    }
    for page in ["generic/json-ld.html", "generic/cards.html"] {
        assert_eq!(detected(&own(page)), None, "{page}");
    }
}

#[test]
fn a_front_page_is_of_the_vendor_whose_scripts_or_styles_it_loads() {
    for (mention, platform) in [
        (r#"<link rel="stylesheet" href="https://x.autorevo-powersites.com/a.css">"#, "autorevo"),
        (r#"<script src="https://automanagerprodcdn.azureedge.net/js/site.js"></script>"#, "automanager"),
        (r#"<link href="https://cdn.dealereprocess.org/css/site.css" rel="stylesheet">"#, "dealer_eprocess"),
        (r#"<script src="https://cdn.dealereprocess.com/site.js"></script>"#, "dealer_eprocess"),
        (r#"<link href="https://cdn-ds.com/css/site.css" rel="stylesheet">"#, "dealer_fire"),
        ("<footer>Website powered by DealerFire</footer>", "dealer_fire"),
        ("<footer>Powered by Carsforsale.com</footer>", "carsforsale"),
        (r#"<a href="https://waynereaves.com/">the vendor</a>"#, "wayne_reaves"),
    ] {
        let page =
            format!("<html><head><title>Welcome</title></head><body>{mention}<p>Come and see us.</p></body></html>");
        assert_eq!(detected(&page), Some(platform), "{mention}");
    }
    let beyond = format!(r#"<script data-x="{}" src="https://cdn-ds.com/a.js"></script>"#, "x".repeat(TAG_BYTES));
    assert_eq!(detected(&beyond), None);
}

#[test]
fn a_page_that_merely_shows_a_vendors_pictures_or_pixels_is_not_the_vendors() {
    for mention in [
        r#"<img src="https://pictures.dealer.com/s/sample/0.jpg">"#,
        r#"<script src="https://assets.prod.analytics.dealer.com/p.js"></script>"#,
        r#"<img src="https://images.auction123.com/x/1.jpg">"#,
        r#"<img src="https://vehicle-images.carscommerce.inc/1.jpg">"#,
        r#"<img src="https://images.teamvelocityportal.com/1.jpg">"#,
        r#"<img src="https://static.overfuel.com/photos/1.jpg">"#,
        r#"<img src="https://cf-img.autorevo.com/1.jpg"><script>excludeFromAutoRevoke()</script>"#,
        r#"<img src="https://automanager.blob.core.windows.net/p/1.jpg">"#,
        r#"<img src="https://imagescdn.dealercarsearch.com/1.jpg">"#,
        r#"<img src="https://cdn.dealereprocess.org/1.jpg">"#,
        r#"<img src="https://imagescf.dealercenter.net/320/240/1.jpg">"#,
        r#"<img src="https://cdn05.carsforsale.com/1.jpg"><a href="https://www.carsforsale.com">Carsforsale.com</a>"#,
        r#"<img src="https://cdn-ds.com/1.jpg"><img src="/inventoryphotos/1/2.jpg">"#,
        r#"<script id="__NEXT_DATA__">{}</script><p>CDK, Cobalt, Sincro, DealerOn, affordable Fords, Wayne Reaves</p>"#,
    ] {
        assert_eq!(detected(&format!("<html><body>{mention}</body></html>")), None, "{mention}");
    }
    // Every name, as a dealer would write of it.
    let names: Vec<_> = ALL
        .iter()
        .flat_map(|platform| {
            [platform.name.to_owned(), platform.name.replace('_', ""), platform.name.replace('_', " ")]
        })
        .collect();
    let vendors = "Dealer.com DealerOn Dealer Inspire DealerFire DealerSocket Team Velocity Dealer eProcess CDK Global Sincro Cobalt \
        Overfuel Dealer Car Search Carsforsale.com AutoManager WebManager AutoRevo Wayne Reaves waynereaves.com DealerCenter \
        Carbase carbase.com Room58 V12 Software v12software dealr.cloud AutoCorner Auction123 AutoWall algolia ws-inv-data";
    let page = format!("<html><body><p>We sell to users of {} and {vendors}.</p></body></html>", names.join(", "));
    assert_eq!(detected(&page), None);
}

#[test]
fn no_mark_holds_another_or_it_would_hide_it() {
    let texts: BTreeSet<&str> = ALL.iter().flat_map(|platform| platform.marks).flat_map(Mark::texts).copied().collect();
    assert!(texts.len() <= 64, "{}: more texts than the fast search takes", texts.len());
    for one in &texts {
        for other in texts.iter().filter(|other| *other != one) {
            assert!(!one.contains(sought(other)), "{one:?} holds {other:?}");
        }
    }
}

/// An answer with every member and item doubled under another name or behind it, so that what is wanted stands among others.
fn amid_others(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let others = members.iter().map(|(name, value)| (format!("{name}_other"), value.clone()));
            members.iter().map(|(name, value)| (name.clone(), amid_others(value))).chain(others).collect()
        }
        Value::Array(items) => items.iter().map(amid_others).collect(),
        other => other.clone(),
    }
}

#[test]
fn what_is_wanted_of_an_answer_is_all_that_is_read_of_it() {
    let mut read = BTreeSet::new();
    for (platform, page, answers) in [
        ("dealer_com", "list", &["list", "last"][..]),
        ("dealer_on", "list", &["list", "last"]),
        ("dealer_inspire", "list", &["list", "last"]),
        ("dealer_inspire", "lightning", &["lightning-list"]),
        ("dealer_inspire", "ajax", &["ajax-list", "ajax-last", "ajax-behind"]),
        ("team_velocity", "list", &["list", "whole"]),
        ("overfuel", "list", &["list", "last"]),
        ("wayne_reaves", "list", &["list"]),
    ] {
        let html = own(&format!("{platform}/{page}.html"));
        let request = data_request(&html, "https://lot.example/used-inventory/index.htm").unwrap().unwrap();
        let endpoint = named(platform).unwrap().endpoint.as_ref().unwrap();
        for answer in answers {
            let body = own(&format!("{platform}/{answer}.json"));
            let body = amid_others(&serde_json::from_str(&body).unwrap()).to_string();
            let whole: Json<'_> = serde_json::from_str(&body).unwrap();
            let kept = wanted(platform).unwrap().deserialize(&mut serde_json::Deserializer::from_str(&body)).unwrap();
            let from_whole = (endpoint.read)(&request, &whole);
            assert!(from_whole.is_some(), "{platform}/{answer}");
            assert_eq!((endpoint.read)(&request, &kept), from_whole, "{platform}/{answer}");
            assert!(
                kept.to_value().to_string().len() < body.len() / 2 || *answer == "ajax-list",
                "{platform}/{answer}"
            );
        }
        read.insert(platform);
    }
    let with_endpoint: BTreeSet<_> = ALL.iter().filter(|one| one.endpoint.is_some()).map(|one| one.name).collect();
    assert_eq!(read, with_endpoint);
}

#[test]
fn an_endpoint_is_asked_for_no_more_than_the_address_asks_for() {
    let asked = |platform: &str, page: &str, address: &str| {
        let html = own(&format!("{platform}/{page}.html"));
        data_request(&html, &format!("https://lot.example{address}")).unwrap().is_some()
    };
    for (platform, page, path) in [
        ("dealer_on", "list", "/searchused.aspx"),
        ("dealer_inspire", "list", "/used-vehicles/"),
        ("dealer_inspire", "ajax", "/used-vehicles/"),
        ("team_velocity", "list", "/inventory/used"),
        ("overfuel", "list", "/used-cars-town-tx"),
        ("wayne_reaves", "list", "/inventory"),
    ] {
        for (query, expected) in [
            ("", true),
            ("?make=", true),
            ("?page=1&utm_source=mail&sort=price", true),
            ("?make=Ford", false),
            ("?_dFR%5Bmake%5D%5B0%5D=Ford", false),
        ] {
            assert_eq!(asked(platform, page, &format!("{path}{query}")), expected, "{platform}/{page} {query}");
        }
    }
    assert!(asked("dealer_com", "list", "/used-inventory/index.htm?make=Ford"), "it is asked for Fords");
}
