//! Competitors over HTTP: watched by the address of a website on this machine, and what is told of their lots.

use std::{ops::ControlFlow, time::Duration};

use chrono::{TimeDelta, Utc};
use jpauto::{
    Actor, CompetitorId, Config, Dealership, Role,
    competitors::{CompetitorKey, ScrapeReading, ScrapedListing},
    extract::TitleBrand,
};
use serde_json::{Value, json};

use crate::{
    support::{Answer, Lot, corolla, local_fetch, wait_until},
    website::{Reply, Website, vin},
};

const NOBODY: &str = "01890000-0000-7000-8000-000000000001";

/// A server that may fetch from this machine.
fn fetching() -> Lot {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    config.fetch = Some(local_fetch());
    Lot::serve(Dealership::with_config(config).unwrap(), folder, |_config| {})
}

/// A dealer whose lot was seen on two days: five Corollas, of which the first is cheaper on the second.
pub fn watched(lot: &Lot) -> CompetitorId {
    let desk = lot.staff();
    let car = |number: u32, dollars: i32| ScrapedListing {
        vin: Some(vin(number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        mileage: Some(50_000),
        price: Some(jpauto::Money::from_dollars(dollars)),
        title_brand: (number == 4).then_some(TitleBrand::Salvage),
        ..ScrapedListing::default()
    };
    let lot_of =
        |first: i32| (0..5).map(|number| car(number, if number == 0 { first } else { 9_000 })).collect::<Vec<_>>();
    let key = || CompetitorKey::named("Valley Motors").at("https://valley.example/used");
    for (days, first) in [(2, 9_500), (1, 9_000)] {
        let at = Utc::now() - TimeDelta::days(days);
        desk.competitors().record(key(), lot_of(first), ScrapeReading::whole_lot(), at).unwrap();
    }
    desk.competitors().get_by_name("Valley Motors").unwrap().id
}

fn items(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["items"].as_array().unwrap().clone()
}

#[test]
fn each_operation_is_open_to_its_role_and_those_above() {
    let lot = Lot::open();
    let (viewer, manager) = (Role::Viewer, Role::Manager);
    let one = |rest: &str| format!("/api/competitors/{NOBODY}{rest}");
    let new = json!({"name": "Valley Motors", "inventory_url": "https://valley.example/used"});
    let mut calls = Vec::new();
    let reads = ["", "/overview", "/listings", "/metrics", "/scrapes"].map(one);
    let lists = ["", "/overview", "/market", "/undercuts", "/left_out", "/listings"]
        .map(|rest| format!("/api/competitors{rest}"));
    let of_a_listing = ["", "/price_history"].map(|rest| format!("/api/competitors/listings/{NOBODY}{rest}"));
    let reads: Vec<_> = reads.into_iter().chain(lists).chain(of_a_listing).collect();
    calls.extend(reads.iter().map(|target| (viewer, "GET", target.as_str(), Value::Null)));
    let writes = ["/pause", "/resume", "/believe", "/distrust", "/test"].map(one);
    calls.extend(writes.iter().map(|target| (manager, "POST", target.as_str(), Value::Null)));
    let adds = ["", "/by_url"].map(|rest| format!("/api/competitors{rest}"));
    calls.extend(adds.iter().map(|target| (manager, "POST", target.as_str(), new.clone())));
    let it = one("");
    calls.push((manager, "POST", "/api/competitors/test", json!({"url": "x"})));
    let failed = one("/record_failure");
    calls.push((manager, "POST", "/api/competitors/record", json!({"competitor": "X", "listings": []})));
    calls.push((manager, "POST", "/api/competitors/record_pages", json!({"competitor": "X", "pages": []})));
    calls.push((manager, "POST", &failed, json!({})));
    calls.push((manager, "PATCH", &it, json!({})));
    calls.push((manager, "DELETE", &it, Value::Null));
    lot.opens_to(&calls);
}

#[test]
fn a_dealer_is_added_by_the_address_of_its_website_and_read_whole() {
    let (lot, website) = (fetching(), Website::open());
    website.show("/", 200, r#"<title>Valley Motors</title><a href="/used-inventory">Used cars</a>"#);
    website.list("/used-inventory", 0..5, None);
    let manager = lot.authorization(Role::Manager);
    let front = json!({"inventory_url": format!("{}/", website.address), "name": "Valley"});
    let tried = lot.call(&manager, "POST", "/api/competitors/test", &json!({"url": website.address}));
    assert_eq!((tried.status, &tried.json()["listings_found"]), (200, &json!(5)), "{tried:?}");
    let added = lot.call(&manager, "POST", "/api/competitors/by_url", &front);
    assert_eq!(added.status, 201, "{added:?}");
    let (competitor, test) = (added.json()["competitor"].clone(), added.json()["test"].clone());
    assert_eq!(competitor["inventory_url"], json!(format!("{}/used-inventory", website.address)));
    assert_eq!((&competitor["name"], &test["listings_found"]), (&json!("Valley"), &json!(5)));
    let place = added.header("location").unwrap().to_owned();
    assert_eq!(place, format!("/api/competitors/{}", competitor["id"].as_str().unwrap()));
    assert_eq!(lot.call(&manager, "GET", &place, &Value::Null).json(), competitor);
    let known = lot.call(&manager, "POST", &format!("{place}/test"), &Value::Null);
    assert_eq!((known.status, &known.json()["listings"][0]["vin"]), (200, &json!(vin(0))));
    let again = lot.call(&manager, "POST", "/api/competitors/by_url", &front);
    assert_eq!((again.status, again.problem().as_str()), (409, "duplicate_competitor"));
    lot.staff()
        .competitors()
        .scrape(competitor["id"].as_str().unwrap().parse().unwrap(), &mut |_| ControlFlow::Continue(()))
        .unwrap();
    let listed = lot.call(&manager, "GET", &format!("{place}/listings?limit=3"), &Value::Null);
    assert_eq!(items(&listed).len(), 3);
    let next = listed.header("link").unwrap().split(['<', '>']).nth(1).unwrap().to_owned();
    assert_eq!(items(&lot.call(&manager, "GET", &next, &Value::Null)).len(), 2);
}

#[test]
fn a_website_that_can_not_be_read_is_not_added() {
    let (lot, website) = (fetching(), Website::open());
    let manager = lot.authorization(Role::Manager);
    website.show("/used", 200, "<h1>We moved</h1>");
    let add = |url: String| lot.call(&manager, "POST", "/api/competitors/by_url", &json!({"inventory_url": url}));
    let nothing = add(format!("{}/used", website.address));
    assert_eq!((nothing.status, nothing.problem().as_str()), (409, "inventory_not_found"), "{nothing:?}");
    let missing = add(format!("{}/nowhere", website.address));
    assert_eq!((missing.status, missing.problem().as_str()), (503, "scrape_http_status"), "{missing:?}");
    assert_eq!(add("ftp://motors.example".into()).problem(), "invalid_competitor");
    assert_eq!(items(&lot.call(&manager, "GET", "/api/competitors", &Value::Null)).len(), 0);
    let unable = Lot::open();
    let manager = unable.authorization(Role::Manager);
    let refused = unable.call(&manager, "POST", "/api/competitors/test", &json!({"url": website.address}));
    assert_eq!(refused.problem(), "not_configured");
}

#[test]
fn looking_at_slow_websites_keeps_no_other_request_out() {
    let (lot, website) = (fetching(), Website::open());
    let manager = lot.authorization(Role::Manager);
    website.reply("/used", Reply::html("<h1>slow</h1>").after(Duration::from_secs(2)));
    let url = json!({"url": format!("{}/used", website.address)});
    std::thread::scope(|scope| {
        let test = || lot.call(&manager, "POST", "/api/competitors/test", &url).status;
        let looking: Vec<_> = (0..6).map(|_| scope.spawn(test)).collect();
        wait_until("a website is asked", || !website.asked().is_empty());
        for _ in 0..5 {
            assert_eq!(lot.call(&manager, "GET", "/api/competitors", &Value::Null).status, 200);
        }
        assert!(looking.iter().any(|thread| !thread.is_finished()), "the website is still being looked at");
        let mut statuses: Vec<_> = looking.into_iter().map(|thread| thread.join().unwrap()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 503, 503], "four at a time, and no others wait");
    });
}

#[test]
fn a_dealer_is_described_changed_paused_and_deleted() {
    let lot = Lot::open();
    let manager = lot.authorization(Role::Manager);
    let new = json!({"name": "Valley Motors", "inventory_url": "https://valley.example/used"});
    let added = lot.call(&manager, "POST", "/api/competitors", &new);
    assert_eq!(added.status, 201, "{added:?}");
    let place = added.header("location").unwrap().to_owned();
    let same = json!({"name": "Other", "inventory_url": "http://www.valley.example/used/?utm_source=news"});
    let taken = lot.call(&manager, "POST", "/api/competitors", &same);
    assert_eq!((taken.status, taken.problem().as_str()), (409, "duplicate_inventory_url"));
    assert!(taken.json()["detail"].as_str().unwrap().contains("Valley Motors"));
    let changed = json!({"website_url": "https://valley.example/", "name": "Valley"});
    let changed = lot.call(&manager, "PATCH", &place, &changed);
    assert_eq!((changed.status, &changed.json()["name"]), (200, &json!("Valley")));
    let emptied = lot.call(&manager, "PATCH", &place, &json!({"website_url": null}));
    assert_eq!((&emptied.json()["website_url"], &emptied.json()["name"]), (&Value::Null, &json!("Valley")));
    for (method, rest, json, status, code) in [
        ("PATCH", "", json!({"colour": "red"}), 422, "invalid_body"),
        ("PATCH", "", json!({"inventory_url": "nowhere"}), 422, "invalid_competitor"),
        ("PATCH", "", json!({"scraper_config": {"cards": 5}}), 422, "invalid_competitor"),
        ("POST", "/believe", Value::Null, 404, "scrape_not_found"),
        ("POST", "/distrust", Value::Null, 404, "scrape_not_found"),
        ("PUT", "", json!({}), 405, "method_not_allowed"),
    ] {
        let answer = lot.call(&manager, method, &format!("{place}{rest}"), &json);
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{method} {rest} {json}");
    }
    let unknown = lot.call(&manager, "POST", &format!("{place}/pause?now=true"), &Value::Null);
    assert_eq!(unknown.problem(), "invalid_query");
    let paused = lot.call(&manager, "POST", &format!("{place}/pause"), &Value::Null);
    assert_eq!(paused.json()["active"], json!(false));
    assert_eq!(items(&lot.call(&manager, "GET", "/api/competitors?active=true", &Value::Null)).len(), 0);
    let resumed = lot.call(&manager, "POST", &format!("{place}/resume"), &Value::Null);
    assert_eq!(resumed.json()["active"], json!(true));
    assert_eq!(items(&lot.call(&manager, "GET", "/api/competitors/overview?q=valley", &Value::Null)).len(), 1);
    assert_eq!(lot.call(&manager, "DELETE", &place, &Value::Null).status, 204);
    let gone = lot.call(&manager, "GET", &place, &Value::Null);
    assert_eq!((gone.status, gone.problem().as_str()), (404, "competitor_not_found"));
}

#[test]
fn listings_are_filtered_by_what_is_offered_and_nothing_else() {
    let lot = Lot::open();
    let (viewer, id) = (lot.authorization(Role::Viewer), watched(&lot));
    let found = |query: &str| {
        items(&lot.call(&viewer, "GET", &format!("/api/competitors/listings{query}"), &Value::Null)).len()
    };
    for (query, expected) in [
        ("", 5),
        ("?make=TOYOTA&model=corolla&year_min=2018&year_max=2018", 5),
        ("?title_brand=salvage", 1),
        ("?title_brand=salvage&title_brand=flood", 1),
        ("?condition=new", 0),
        ("?sold=true", 0),
        ("?price_dropped=true", 1),
        ("?price_drop_min=500.00&price_drop_within_days=7", 1),
        ("?price_drop_min=500.01", 0),
        ("?days_on_market_min=1&mileage_max=50000&price_max=9000", 5),
        ("?q=corolla&sort=-price", 5),
        (&format!("?competitor_id={id}&competitor_id={NOBODY}"), 5),
        (&format!("?competitor_id={NOBODY}"), 0),
        (&format!("?vin={}", vin(3)), 1),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
    for query in [
        "?colour=red",
        "?title_brand=rusty",
        "?sold=maybe",
        "?price_drop_within_days=-1",
        "?competitor_id=valley",
        "?sort=colour",
        "?limit=501",
    ] {
        let answer = lot.call(&viewer, "GET", &format!("/api/competitors/listings{query}"), &Value::Null);
        assert_eq!(answer.problem(), "invalid_query", "{query}");
        let name = query.trim_start_matches('?').split('=').next().unwrap();
        assert_eq!(answer.pointers(), [format!("/{name}")]);
    }
    let of_one = format!("/api/competitors/{id}/listings");
    let wrong = lot.call(&viewer, "GET", &format!("{of_one}?competitor_id={id}"), &Value::Null);
    assert_eq!(wrong.problem(), "invalid_query", "the path names it");
    let cheaper = lot.call(&viewer, "GET", &format!("{of_one}?price_dropped=true"), &Value::Null);
    let listing = format!("/api/competitors/listings/{}", items(&cheaper)[0]["id"].as_str().unwrap());
    assert_eq!(lot.call(&viewer, "GET", &listing, &Value::Null).json(), items(&cheaper)[0]);
    let prices = items(&lot.call(&viewer, "GET", &format!("{listing}/price_history"), &Value::Null));
    assert_eq!((&prices[0]["price"], &prices[1]["price"]), (&json!("9000.00"), &json!("9500.00")));
}

#[test]
fn figures_scrapes_and_the_market_are_told() {
    let lot = Lot::open();
    let (viewer, id) = (lot.authorization(Role::Viewer), watched(&lot));
    let ours = jpauto::NewVehicle { year: 2018, price: jpauto::Money::from_dollars(9_900), ..corolla(3) };
    let vehicle = lot.staff().inventory().add(&ours).unwrap();
    let read = |rest: &str| lot.call(&viewer, "GET", &format!("/api/competitors{rest}"), &Value::Null);
    assert_eq!(items(&read(&format!("/{id}/metrics")))[0]["total_inventory"], json!(5));
    let scrapes = read(&format!("/{id}/scrapes?limit=1"));
    assert_eq!((&items(&scrapes)[0]["counts"]["vehicles"], scrapes.json()["next"].is_string()), (&json!(5), true));
    assert_eq!(read(&format!("/{id}/overview")).json()["metrics"]["total_inventory"], json!(5));
    let view = read("/market?make=toyota&group=model_year").json();
    assert_eq!((&view["total"]["on_sale"], &view["models"]["items"][0]["year"]), (&json!(5), &json!(2018)));
    assert_eq!(read("/market?group=colour").problem(), "invalid_query");
    let undercuts = items(&read(&format!("/undercuts?vehicle_id={}&difference_min=100", vehicle.id)));
    assert!(!undercuts.is_empty());
    assert_eq!(undercuts[0]["competitor"], json!("Valley Motors"));
    assert_eq!(items(&read(&format!("/undercuts?vehicle_id={NOBODY}"))).len(), 0);
    assert_eq!(read("/left_out").json()["listings"], json!(0));
    let manager = lot.authorization(Role::Manager);
    let believed = lot.call(&manager, "POST", &format!("/api/competitors/{id}/believe"), &Value::Null);
    assert_eq!((believed.status, believed.problem().as_str()), (409, "scrape_not_doubted"));
    let verdict = lot.call(&manager, "POST", &format!("/api/competitors/{id}/distrust"), &Value::Null);
    assert_eq!(verdict.status, 200, "{verdict:?}");
    assert!(lot.dealership.acting_as(Actor::system()).competitors().get(id).is_ok());
}

#[test]
fn a_competitor_is_added_once_and_changed_in_the_version_that_was_read() {
    let lot = Lot::open();
    let manager = lot.authorization(Role::Manager);
    let call = |method: &str, target: &str, header: (&str, &str), json: &Value| {
        let headers = [("authorization", manager.as_str()), ("content-type", "application/json"), header];
        let body = if json.is_null() { String::new() } else { json.to_string() };
        lot.ask(method, target, &headers, body.as_bytes())
    };
    let new = json!({"name": "Valley Motors", "inventory_url": "https://valley.example/used"});
    let key = ("idempotency-key", "one");
    let added = call("POST", "/api/competitors", key, &new);
    let again = call("POST", "/api/competitors", key, &new);
    assert_eq!((added.status, again.status, again.body == added.body), (201, 201, true));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = json!({"name": "Hill Motors", "inventory_url": "https://hill.example/used"});
    let reused = call("POST", "/api/competitors", key, &other);
    assert_eq!((reused.status, reused.problem().as_str()), (422, "idempotency_key_reused"));

    let one = added.header("location").unwrap().to_owned();
    let seen = lot.call(&manager, "GET", &one, &Value::Null).header("etag").unwrap().to_owned();
    let renamed = call("PATCH", &one, ("if-match", &seen), &json!({"name": "Valley Cars"}));
    assert_eq!(renamed.status, 200, "{renamed:?}");
    for (method, rest) in [("PATCH", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume")] {
        let body = if method == "PATCH" { json!({"name": "Late"}) } else { Value::Null };
        let late = call(method, &format!("{one}{rest}"), ("if-match", &seen), &body);
        assert_eq!((late.status, late.problem().as_str()), (412, "version_changed"), "{method} {rest}");
    }
    let newest = renamed.header("etag").unwrap();
    // A scrape changes nothing that staff has entered.
    let sighting =
        json!({"competitor": "Valley Cars", "observed_at": Utc::now() - TimeDelta::hours(1), "listings": []});
    assert_eq!(lot.call(&manager, "POST", "/api/competitors/record", &sighting).status, 200);
    assert_eq!(call("DELETE", &one, ("if-match", newest), &Value::Null).status, 204);
}

#[test]
fn what_others_saw_is_recorded() {
    let lot = Lot::open();
    let manager = lot.authorization(Role::Manager);
    let at = |hours| Utc::now() - TimeDelta::hours(hours);
    let record = |json: &Value| lot.call(&manager, "POST", "/api/competitors/record", json);
    let car = |price: &str| json!({"vin": vin(0), "year": 2018, "make": "Toyota", "model": "Corolla", "price": price});
    let first = json!({
        "competitor": "Valley Motors", "inventory_url": "https://valley.example/used",
        "observed_at": at(30), "listings": [car("9500.00"), {}],
    });
    let report = record(&first);
    assert_eq!(report.status, 200, "{report:?}");
    let report = report.json();
    assert_eq!((&report["added"], &report["counts"]["new"]), (&json!(true), &json!(1)), "{report}");
    assert_eq!(report["refused"][0], json!({"index": 1, "reason": "no_identity"}));
    let id = report["competitor_id"].as_str().unwrap();
    let second = json!({"competitor_id": id, "observed_at": at(6), "partial": true, "listings": [car("9000.00")]});
    let report = record(&second).json();
    assert_eq!(report["price_changes"][0]["after"], json!("9000.00"), "{report}");
    assert_eq!(report["completeness"]["incomplete"], json!("last_page_not_reached"), "{report}");

    let car = json!({
        "@context": "https://schema.org", "@type": "Car", "name": "2018 Toyota Corolla",
        "vehicleIdentificationNumber": vin(0), "offers": {"@type": "Offer", "price": "8800", "priceCurrency": "USD"},
    });
    let text = format!(r#"<html><body><script type="application/ld+json">{car}</script></body></html>"#);
    let page = json!({"url": "https://valley.example/used", "text": text});
    let pages = |pages: Value| json!({"competitor_id": id, "observed_at": at(1), "pages": pages});
    let report = lot.call(&manager, "POST", "/api/competitors/record_pages", &pages(json!([page])));
    assert_eq!((report.status, &report.json()["counts"]["vehicles"]), (200, &json!(1)), "{report:?}");
    let none = lot.call(&manager, "POST", "/api/competitors/record_pages", &pages(json!([])));
    assert_eq!((none.status, none.problem().as_str()), (422, "invalid_pages"));

    let failure = json!({"error_type": "blocked", "message": "a bot check", "observed_at": at(0)});
    let failed = lot.call(&manager, "POST", &format!("/api/competitors/{id}/record_failure"), &failure);
    assert_eq!((failed.status, &failed.json()["scrape_error_type"]), (200, &json!("blocked")), "{failed:?}");
    for wrong in [
        json!({"observed_at": at(1), "listings": []}),
        json!({"competitor_id": id, "competitor": "Both", "observed_at": at(1), "listings": []}),
        json!({"competitor_id": id, "listings": []}),
        json!({"competitor_id": id, "observed_at": at(1), "listings": [], "colour": 1}),
    ] {
        let refused = record(&wrong);
        assert_eq!((refused.status, refused.problem().as_str()), (422, "invalid_body"), "{wrong}");
    }
}
