//! Every platform's pages served by a website of its own, scraped and recorded; websites tried out, and added by their
//! address.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use jpauto::{
    Actor, CompetitorId, Config, Dealership, Desk, ErrorKind, FetchConfig, PageRequest, Role,
    competitors::{
        Completeness, ListingFilter, NewCompetitor, PlatformCertainty, RecordReport, ScrapeErrorType, ScrapeProgress,
        TestOptions, TestReport, TestSite,
    },
};
use serde_json::{Value, json};

use crate::support::{Lot, vin};

/// What is answered: a status, a content type and a body, by the path or by the path and a piece of the request's body.
type Answers = HashMap<String, (u16, &'static str, String)>;

/// What is answered to addresses that begin so: a status, and bodies in turn, the last again and again.
type Turns = Arc<Mutex<Vec<(String, u16, Vec<String>)>>>;

/// A website on a port of its own, with a robots.txt that allows everything.
struct Website {
    address: String,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Each request whole: its first line, its header in lower case, and its body.
    requests: Arc<Mutex<Vec<String>>>,
    /// What addresses that begin so are answered in turn, the last body again and again.
    turns: Turns,
}

impl Website {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (answers, asked) = (Arc::new(Mutex::new(Answers::new())), Arc::new(Mutex::new(Vec::new())));
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let turns = Turns::default();
        let in_turn = Arc::clone(&turns);
        let (served, noted, whole) = (Arc::clone(&answers), Arc::clone(&asked), Arc::clone(&requests));
        // It ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut first = String::new();
                drop(reader.read_line(&mut first));
                let (mut length, mut header) = (0, String::new());
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    if let Some(given) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                        length = given.trim().parse().unwrap();
                    }
                    header.push_str(&line.to_ascii_lowercase());
                }
                let mut sent = vec![0; length];
                drop(reader.read_exact(&mut sent));
                let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                let with_body = format!("{path} {}", String::from_utf8_lossy(&sent));
                noted.lock().unwrap().push(path.clone());
                whole.lock().unwrap().push(format!("{first}{header}\r\n{}", String::from_utf8_lossy(&sent)));
                let turn = {
                    let mut turns = in_turn.lock().unwrap();
                    let meant = turns.iter_mut().find(|(start, ..)| format!("{path} ").starts_with(start));
                    meant.map(|(_, status, bodies)| {
                        let body = if bodies.len() > 1 { bodies.remove(0) } else { bodies[0].clone() };
                        (*status, "application/json", body)
                    })
                };
                let answer = turn.or_else(|| {
                    let served = served.lock().unwrap();
                    served.get(with_body.trim_end()).or_else(|| served.get(&path)).cloned()
                });
                let (status, kind, body) = answer.unwrap_or((404, "text/html", String::new()));
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                drop(stream.write_all((head + &body).as_bytes()));
            }
        });
        let website = Self { address, answers, asked, requests, turns };
        website.show("/robots.txt", 200, "text/plain", "User-agent: *\nDisallow:\n");
        website
    }

    fn show(&self, path: &str, status: u16, kind: &'static str, body: impl Into<String>) {
        self.answers.lock().unwrap().insert(path.to_owned(), (status, kind, body.into()));
    }

    fn page(&self, path: &str, body: impl Into<String>) {
        self.show(path, 200, "text/html; charset=utf-8", body);
    }

    fn json(&self, path: &str, body: &Value) {
        self.show(path, 200, "application/json", body.to_string());
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// A page of the library's own tests, with this website in the place of the vendor's and the dealer's hosts.
    fn fixture(&self, name: &str) -> String {
        let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(name)).unwrap();
        let hosts = [
            "https://lot.example",
            "http://showroom.auction123.com",
            "https://websites-search.api.carscommerce.inc",
            "https://websites.api.teamvelocityportal.com",
            "https://api.overfuel.com",
        ];
        hosts.iter().fold(page, |page, host| page.replace(host, &self.address))
    }

    /// A list of cars, with a link to the next page where there is one.
    fn list(&self, path: &str, numbers: std::ops::Range<u32>, more: &str) {
        let cars: Vec<_> = numbers
            .map(|number| {
                json!({"@type": "Car", "name": "2018 Toyota Corolla LE", "vehicleIdentificationNumber": vin(number),
                    "url": format!("/car/{number}"), "image": format!("/{number}.jpg"), "offers": {"price": 14_000 + number},
                    "mileageFromOdometer": {"value": 60_000, "unitCode": "SMI"}})
            })
            .collect();
        let ld = Value::from(cars);
        self.page(path, format!(r#"<html><head>{more}<script type="application/ld+json">{ld}</script></head></html>"#));
    }

    /// Answers the requests whose address begins so with these bodies of JSON, one after the other.
    fn answer_in_turn(&self, start: &str, bodies: Vec<String>) {
        self.turns.lock().unwrap().push((start.to_owned(), 200, bodies));
    }

    /// Answers all of them alike.
    fn answer_as(&self, start: &str, status: u16, body: &str) {
        self.turns.lock().unwrap().push((start.to_owned(), status, vec![body.to_owned()]));
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().filter(|path| *path != "/robots.txt").cloned().collect()
    }
}

/// A desk of a dealership that may fetch from this machine.
fn fetching_desk(lot: &Lot) -> Desk {
    let mut fetch = FetchConfig::new("webmaster@dealer.example");
    (fetch.allow_private_networks, fetch.allow_any_port) = (true, true);
    (fetch.pause, fetch.first_backoff, fetch.retries) = (Duration::ZERO, Duration::from_millis(1), 0);
    let mut config = Config::new(&lot.url);
    config.fetch = Some(fetch);
    Dealership::with_config(config).unwrap().acting_as(Actor::system())
}

fn scrape_new(desk: &Desk, name: &str, url: &str) -> jpauto::Result<RecordReport> {
    let new = NewCompetitor { name: name.into(), inventory_url: url.into(), ..NewCompetitor::default() };
    let id = desk.competitors().add(&new).unwrap().id;
    desk.competitors().scrape(id, &mut go_on)
}

fn listed(desk: &Desk, competitor: CompetitorId) -> usize {
    let filter = ListingFilter { competitors: vec![competitor], ..ListingFilter::default() };
    desk.competitors().listings(&filter, &PageRequest::first(100)).unwrap().items.len()
}

fn go_on(_: ScrapeProgress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn codes(report: &TestReport) -> Vec<&'static str> {
    report.warnings.iter().map(|warning| warning.code()).collect()
}

fn nothing_is_written(lot: &Lot) {
    let desk = lot.desk();
    let competitors = desk.competitors().list(&Default::default(), &PageRequest::first(10)).unwrap();
    let listings = desk.competitors().listings(&ListingFilter::default(), &PageRequest::first(10)).unwrap();
    assert_eq!((competitors.items.len(), listings.items.len()), (0, 0));
}

/// Each platform with the addresses of its first and last page, and the vehicles on both.
const PLATFORMS: &[(&str, &str, &str, usize)] = &[
    ("auction123", "/sample/index.html", "/sample/page-2.html", 4),
    ("auto_corner", "/cgi-bin/srp_vehicles.cgi", "/cgi-bin/srp_vehicles.cgi?page=2", 4),
    ("automanager", "/view-inventory", "/view-inventory?page=2", 4),
    ("autorevo", "/vehicles", "/vehicles?page=2", 4),
    ("autowall", "/gs-vehicle/list", "/gs-vehicle/list?page=2", 7),
    ("carbase", "/used-inventory", "/used-inventory?PageNumber=2&SortBy=1&PageSize=3", 4),
    ("carsforsale", "/cars-for-sale?PageSize=3&PageNumber=1", "/cars-for-sale?PageSize=3&PageNumber=2", 4),
    ("cdk", "/VehicleSearchResults?search=used", "/VehicleSearchResults?search=used&offset=3&limit=3", 4),
    (
        "dealer_car_search",
        "/newandusedcars?clearall=1&pagesize=100&page=1",
        "/newandusedcars?clearall=1&pagesize=100&page=2",
        4,
    ),
    ("dealer_center", "/inventory/", "/inventory/?page_no=2&sort_by=price", 4),
    ("dealer_com", "/used-inventory/index.htm", "/used-inventory/index.htm?start=3", 4),
    ("dealer_eprocess", "/search/used-town-tx/?tp=used", "/search/used-town-tx/?tp=used&p=2", 4),
    ("dealer_fire", "/cars-for-sale-town-tx?limit=3", "/cars-for-sale-town-tx?limit=3&offset=3", 4),
    ("dealer_inspire", "/used-vehicles/", "/used-vehicles/?_p=1", 4),
    ("dealer_on", "/searchused.aspx", "/searchused.aspx?pt=2", 13),
    ("dealer_socket", "/inventory/used", "/inventory/used?page=2", 4),
    ("dealr_cloud", "/inventory", "/inventory?page=2", 4),
    ("overfuel", "/used-cars-town-tx", "/used-cars-town-tx/page/2", 4),
    ("room58", "/inventory", "/inventory?page=2", 4),
    ("team_velocity", "/inventory/used", "/inventory/used?page=2", 4),
    ("v12_software", "/vehicles", "/vehicles?page=2", 4),
    ("wayne_reaves", "/inventory", "", 3),
];

/// An endpoint: what it is called, a page and its address, the answers, and what the first request must say: where to, first.
type EndpointRow = (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const ENDPOINTS: &[EndpointRow] = &[
    (
        "Dealer.com by GET",
        "dealer_com/list",
        "/used-inventory/index.htm",
        &["list", "last"],
        &["/apis/widget/INVENTORY_LISTING_DEFAULT_AUTO_USED:inventory-data-bus1/getInventory", "GET ", "start=0"],
    ),
    (
        "Dealer.com by POST",
        "dealer_com/posted",
        "/used-inventory/index.htm",
        &["list", "last"],
        &[
            "/api/widget/ws-inv-data/getInventory",
            "POST ",
            "content-type: application/json",
            r#""siteId":"samplemotors""#,
            r#""windowId":"inventory-data-bus2""#,
            r#""inventoryParameters":{"start":["0"]}"#,
        ],
    ),
    (
        "Dealer Inspire's search",
        "dealer_inspire/list",
        "/used-vehicles/",
        &["list", "last"],
        &[
            "/api/v1/listings/5001/search",
            "POST ",
            "x-api-key: public-key-of-the-page",
            r#""status":["publish","modified","pend-sale"]"#,
            r#""type_slug":["Used"]"#,
            r#""page":1"#,
        ],
    ),
    (
        "Dealer Inspire's AJAX",
        "dealer_inspire/ajax",
        "/used-vehicles/",
        &["ajax-list", "ajax-last", "ajax-behind"],
        &[
            "/en ",
            "POST ",
            "content-type: application/x-www-form-urlencoded",
            "action=im_ajax_call",
            "perform=get_results",
            "_nonce=0a1b2c3d4e",
            "_post_id=6",
        ],
    ),
    (
        "Overfuel",
        "overfuel/list",
        "/used-cars-town-tx",
        &["list", "last"],
        &["/api/1.0/dealers/1052/search", "GET ", "limit=100&offset=0"],
    ),
    (
        "Team Velocity",
        "team_velocity/list",
        "/inventory/used",
        &["whole"],
        &["/tvm-services/inventory/vehicles", "GET ", "AccountID=88001&CampaignId=901&Type=Used&Limit=200&Page=1"],
    ),
    (
        "DealerOn",
        "dealer_on/short",
        "/searchused.aspx",
        &["list", "last"],
        &[
            "/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/20001/310002",
            "GET ",
            "pt=1&pn=24&host=127.0.0.1&baseFilter=",
        ],
    ),
];

fn endpoint_of(said: &'static [&'static str]) -> &'static str {
    said[0]
}

/// The endpoints that stand on the website's own host.
fn show_endpoints(website: &Website, platform: &str) {
    let read = |name: &str| -> Value { serde_json::from_str(&website.fixture(name)).unwrap() };
    match platform {
        "dealer_com" => {
            let path = "/apis/widget/INVENTORY_LISTING_DEFAULT_AUTO_USED:inventory-data-bus1/getInventory?start=";
            website.json(&format!("{path}0"), &read("dealer_com/list.json"));
            website.json(&format!("{path}3"), &read("dealer_com/last.json"));
        }
        "dealer_inspire" => {
            let mut whole = read("dealer_inspire/list.json");
            let last = read("dealer_inspire/last.json");
            let rest = last["data"]["listings"].as_array().unwrap().clone();
            whole["data"]["listings"].as_array_mut().unwrap().extend(rest);
            whole["data"]["total_vehicle_count"] = json!(4);
            website.json("/api/v1/listings/5001/search", &whole);
        }
        "wayne_reaves" => website.json("/service/inventory/website", &read("wayne_reaves/list.json")),
        _ => {}
    }
}

on_both_databases! {
    fn every_platform_is_recognised_read_to_its_end_and_recorded(lot: &Lot) {
        let rows: BTreeSet<_> = PLATFORMS.iter().map(|row| row.0).chain(["generic"]).collect();
        assert_eq!(rows, jpauto::extract::platforms().into_iter().collect(), "a row for each platform");
        let desk = fetching_desk(lot);
        for &(platform, first, last, vehicles) in PLATFORMS {
            let website = Website::open();
            website.page(first, website.fixture(&format!("{platform}/list.html")));
            if !last.is_empty() {
                website.page(last, website.fixture(&format!("{platform}/last.html")));
            }
            show_endpoints(&website, platform);
            if platform == "wayne_reaves" {
                // Its shell answers to every address, this one included.
                website.page("/robots.txt", website.fixture("wayne_reaves/robots.html"));
            }
            let new = NewCompetitor { name: platform.into(), inventory_url: website.at(first), ..NewCompetitor::default() };
            let id = desk.competitors().add(&new).unwrap().id;
            let report = desk.competitors().scrape(id, &mut go_on).unwrap();
            assert_eq!(report.completeness, Completeness::Complete, "{platform}: {report:?} {:?}", website.asked());
            let filter = ListingFilter { competitors: vec![id], ..ListingFilter::default() };
            let listings = desk.competitors().listings(&filter, &PageRequest::first(100)).unwrap().items;
            assert_eq!(listings.len(), vehicles, "{platform}: {listings:?}");
            assert!(listings.iter().all(|listing| listing.year.is_some() && listing.make.is_some()), "{platform}");
            let known = desk.competitors().get(id).unwrap();
            assert_eq!(known.platform_type.as_deref(), Some(platform));
        }
    }

    fn every_endpoint_is_asked_as_its_vendor_documents_and_stands_for_the_pages(lot: &Lot) {
        let desk = fetching_desk(lot);
        for &(name, page, path, answers, said) in ENDPOINTS {
            let platform = page.split('/').next().unwrap();
            let website = Website::open();
            website.page(path, website.fixture(&format!("{page}.html")));
            let answers: Vec<_> = answers.iter().map(|file| website.fixture(&format!("{platform}/{file}.json"))).collect();
            website.answer_in_turn(endpoint_of(said), answers);
            let report = scrape_new(&desk, name, &website.at(path)).unwrap();
            assert_eq!(report.completeness, Completeness::Complete, "{name}: {report:?} {:?}", website.asked());
            assert_eq!(listed(&desk, report.competitor_id), 4, "{name}");
            let requests = website.requests();
            let first = requests.iter().find(|request| request.contains(endpoint_of(said))).unwrap();
            assert!(said.iter().all(|piece| first.contains(piece)), "{name}: {said:?} in {first}");
            let of_lists = requests.iter().filter(|request| request.contains(path)).count();
            assert_eq!(of_lists, 1, "{name}: only the first page was read: {:?}", website.asked());
        }
    }

    fn pages_are_read_where_an_endpoint_fails(lot: &Lot) {
        let desk = fetching_desk(lot);
        for &(platform, first, last, vehicles) in PLATFORMS {
            let Some(&(.., said)) = ENDPOINTS.iter().find(|row| row.1.starts_with(platform)) else { continue };
            for (number, (status, body)) in
                [(404, ""), (500, "oops"), (200, "<html><div id=app></div></html>"), (200, "{\"error\": 1}"), (200, "[]")]
                    .into_iter()
                    .enumerate()
            {
                let website = Website::open();
                website.page(first, website.fixture(&format!("{platform}/list.html")));
                website.page(last, website.fixture(&format!("{platform}/last.html")));
                website.answer_as(endpoint_of(said), status, body);
                let report = scrape_new(&desk, &format!("{platform} {number}"), &website.at(first)).unwrap();
                let asked = website.asked();
                assert_eq!(report.completeness, Completeness::Complete, "{platform} {status} {body}: {report:?} {asked:?}");
                assert_eq!(listed(&desk, report.competitor_id), vehicles, "{platform} {status} {body}");
                assert!(asked.iter().any(|path| path.starts_with(endpoint_of(said))), "{platform}: {asked:?}");
                assert!(report.warnings.iter().any(|warning| warning.code() == "data_not_enough"), "{platform}");
            }
        }
    }

    fn a_list_that_one_request_does_not_give_is_asked_for_by_the_other(lot: &Lot) {
        let desk = fetching_desk(lot);
        let opened = || {
            let website = Website::open();
            website.page("/used-inventory/index.htm", website.fixture("dealer_com/list.html"));
            let answers = ["list", "last"].map(|file| website.fixture(&format!("dealer_com/{file}.json")));
            website.answer_in_turn("/api/widget/ws-inv-data/getInventory", answers.to_vec());
            website
        };
        let website = opened();
        let report = scrape_new(&desk, "Otherwise", &website.at("/used-inventory/index.htm")).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 4), "{report:?}");
        assert_eq!(website.asked().len(), 4, "the page, the GET, two POSTs: {:?}", website.asked());
        let website = opened();
        let tested = desk.competitors().test(website.at("/used-inventory/index.htm").as_str(), &TestOptions::default()).unwrap();
        assert_eq!(tested.endpoint, Some(website.at("/api/widget/ws-inv-data/getInventory")));
    }

    fn of_the_list_of_a_group_the_store_that_is_meant_is_taken_or_the_report_says_so(lot: &Lot) {
        let desk = fetching_desk(lot);
        let website = Website::open();
        let mut answer: Value = serde_json::from_str(&website.fixture("dealer_com/list.json")).unwrap();
        let last: Value = serde_json::from_str(&website.fixture("dealer_com/last.json")).unwrap();
        let rest = last["inventory"].as_array().unwrap().clone();
        let cars = answer["inventory"].as_array_mut().unwrap();
        cars.extend(rest);
        cars.retain(|car| car.get("isPlaceholder").is_none_or(|flag| flag == false));
        for (car, account) in cars.iter_mut().zip(["valleymotors", "hillmotors", "valleymotors", "hillmotors"]) {
            car["accountId"] = json!(account);
        }
        website.page("/used-inventory/index.htm", website.fixture("dealer_com/posted.html"));
        website.json("/api/widget/ws-inv-data/getInventory", &answer);
        let url = website.at("/used-inventory/index.htm");
        let all = scrape_new(&desk, "Group", &url).unwrap();
        assert_eq!((all.new.len(), all.completeness), (4, Completeness::Complete));
        let warning = all.warnings.iter().find(|warning| warning.code() == "group_list").unwrap();
        assert!(warning.to_string().contains("hillmotors (2), valleymotors (2)"), "{warning:?}");
        assert!(codes(&desk.competitors().test(url.as_str(), &TestOptions::default()).unwrap()).contains(&"group_list"));
        desk.competitors().delete(all.competitor_id).unwrap();

        let one = |name: &str, store: &str| {
            let new = NewCompetitor {
                name: name.into(),
                inventory_url: url.clone(),
                scraper_config: Some(json!({ "store": store })),
                ..NewCompetitor::default()
            };
            let id = desk.competitors().add(&new).unwrap().id;
            (id, desk.competitors().scrape(id, &mut go_on), desk.competitors().test(&new, &TestOptions::default()).unwrap())
        };
        let (_, valley, tested) = one("Valley", "ValleyMotors");
        let valley = valley.unwrap();
        assert_eq!((valley.new.len(), valley.completeness, valley.warnings.len()), (2, Completeness::Complete, 0), "{valley:?}");
        assert_eq!((tested.listings.len(), codes(&tested)), (2, vec![]));
        // A store that nobody is called is a mistake, and no empty lot.
        let (lake, scraped, tested) = one("Lake", "lakemotors");
        assert!(scraped.unwrap_err().to_string().contains("lakemotors"));
        assert!(codes(&tested).contains(&"store_not_found"));
        assert_eq!(listed(&desk, lake), 0);
    }

    fn a_list_in_json_is_read_from_its_endpoint_alone(lot: &Lot) {
        let desk = fetching_desk(lot);
        for (platform, first, pages) in
            [("dealer_com", "/used-inventory/index.htm", 3), ("dealer_inspire", "/used-vehicles/", 2), ("wayne_reaves", "/inventory", 2)]
        {
            let website = Website::open();
            website.page(first, website.fixture(&format!("{platform}/list.html")));
            show_endpoints(&website, platform);
            if platform == "wayne_reaves" {
                // Its shell answers to every address, this one included.
                website.page("/robots.txt", website.fixture("wayne_reaves/robots.html"));
            }
            let new = NewCompetitor { name: platform.into(), inventory_url: website.at(first), ..NewCompetitor::default() };
            let id = desk.competitors().add(&new).unwrap().id;
            assert_eq!(desk.competitors().scrape(id, &mut go_on).unwrap().completeness, Completeness::Complete, "{platform}");
            assert_eq!(website.asked().len(), pages, "{platform}: {:?}", website.asked());
        }
    }

    fn a_list_that_goes_round_or_shows_a_car_twice_is_read_once(lot: &Lot) {
        let desk = fetching_desk(lot);
        let website = Website::open();
        let next = |to: &str| format!(r#"<link rel="next" href="{to}">"#);
        website.list("/circle", 0..3, &next("/circle?page=2"));
        website.list("/circle?page=2", 3..6, &next("/circle"));
        let circle = scrape_new(&desk, "Circle", &website.at("/circle")).unwrap();
        assert_eq!((circle.new.len(), website.asked().len()), (6, 2));
        assert_eq!(circle.completeness, Completeness::Complete, "behind its last page stands the first one");

        // Beyond its end, this website shows its last page again under ever new numbers.
        let endless = Website::open();
        endless.list("/used", 0..3, &next("/used?page=2"));
        for page in 2..10 {
            endless.list(&format!("/used?page={page}"), 3..6, &next(&format!("/used?page={}", page + 1)));
        }
        let report = scrape_new(&desk, "Endless", &endless.at("/used")).unwrap();
        assert_eq!((report.new.len(), endless.asked().len()), (6, 3), "{:?}", endless.asked());
        assert!(matches!(report.completeness, Completeness::Incomplete(_)), "{report:?}");
        assert!(report.warnings.iter().any(|warning| warning.code() == "page_repeats"));

        // Once for telephones, once for screens.
        let twice = Website::open();
        let page = twice.fixture("autorevo/last.html");
        let (start, end) = (page.find("<section").unwrap(), page.rfind("</section>").unwrap() + "</section>".len());
        let card = page[start..end].to_owned();
        twice.page("/vehicles", page.replace(&card, &format!("{card}<div class=mobile>{card}</div>")).replace("4 matches out of 4", "1 matches out of 1"));
        let report = scrape_new(&desk, "Twice", &twice.at("/vehicles")).unwrap();
        assert_eq!((report.new.len(), report.completeness), (1, Completeness::Complete), "{report:?}");
    }

    fn a_configured_website_is_scraped_by_its_cards_and_by_its_endpoint(lot: &Lot) {
        let desk = fetching_desk(lot);
        let website = Website::open();
        let card = |number: u32| format!(r#"<li class="unit"><b>2018 Toyota Corolla LE</b><i data-v="{}"></i><u>$14,{number:03}</u></li>"#, vin(number));
        let cards = |numbers: std::ops::Range<u32>| numbers.map(card).collect::<String>();
        website.page("/stock", cards(0..3));
        website.page("/stock?seite=2", cards(3..6));
        website.page("/stock?seite=3", cards(6..7));
        // Beyond its end, this website shows its last page again.
        website.page("/stock?seite=4", cards(6..7));
        let config = json!({
            "cards": "li.unit",
            "fields": {"heading": "b", "vin": {"selector": "i", "attribute": "data-v"}, "price": "u"},
            "pagination": {"page": {"parameter": "seite"}}
        });
        let new = NewCompetitor {
            name: "Cards".into(),
            inventory_url: website.at("/stock"),
            scraper_config: Some(config),
            ..NewCompetitor::default()
        };
        let id = desk.competitors().add(&new).unwrap().id;
        let report = desk.competitors().scrape(id, &mut go_on).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 7), "{report:?}");
        let again = desk.competitors().scrape(id, &mut go_on).unwrap();
        assert_eq!((again.completeness, again.new.len()), (Completeness::Complete, 0));
        let test = desk.competitors().test(&new, &TestOptions::default()).unwrap();
        assert_eq!((test.listings_found, test.technique.as_deref()), (6, Some("generic")));

        let record = |number: u32| json!({"v": {"vin": vin(number)}, "name": "2018 Toyota Corolla LE", "ask": 14_000 + number});
        let answer = |numbers: std::ops::Range<u32>, next: Value| json!({"cars": numbers.map(record).collect::<Vec<_>>(), "next": next});
        website.json(r#"/api/find {"after":"b","kind":"used"}"#, &answer(13..15, Value::Null));
        website.json(r#"/api/find {"kind":"used"}"#, &answer(10..13, json!("b")));
        let config = json!({"endpoint": {
            "url": "/api/find", "method": "POST", "body": {"kind": "used"}, "listings": "cars",
            "fields": {"vin": "v.vin", "heading": "name", "price": "ask"},
            "pagination": {"cursor": {"parameter": "after", "path": "next"}}
        }});
        website.page("/stock?all", cards(0..3));
        let inventory_url = website.at("/stock?all");
        let new = NewCompetitor { name: "Endpoint".into(), inventory_url, scraper_config: Some(config), ..new };
        let id = desk.competitors().add(&new).unwrap().id;
        let report = desk.competitors().scrape(id, &mut go_on).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 5), "{report:?}");
        let test = desk.competitors().test(&new, &TestOptions::default()).unwrap();
        assert_eq!((test.listings_found, test.endpoint, test.next), (5, Some(website.at("/api/find")), None));
    }

    fn a_configuration_is_checked_when_it_is_saved(lot: &Lot) {
        let desk = lot.desk();
        let new = NewCompetitor {
            name: "Motors".into(),
            inventory_url: "https://motors.example/".into(),
            scraper_config: Some(json!({"cards": ".car", "fields": {"price": {"selector": "b["}}})),
            ..NewCompetitor::default()
        };
        let refusal = desk.competitors().add(&new).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::InvalidInput, "invalid_competitor"));
        assert_eq!(refusal.fields()[0].pointer, "/scraper_config/fields/price/selector");
        let known = desk.competitors().add(&NewCompetitor { scraper_config: None, ..new }).unwrap();
        let update = jpauto::competitors::CompetitorUpdate {
            scraper_config: jpauto::Change::Set(json!({"check_missing": 51})),
            ..Default::default()
        };
        let refusal = desk.competitors().update(known.id, &update).unwrap_err();
        assert_eq!(refusal.fields()[0].pointer, "/scraper_config/check_missing");
        nothing_but_this_competitor(&desk);
    }

    fn a_test_says_what_a_scrape_would_see_and_writes_nothing(lot: &Lot) {
        let desk = fetching_desk(lot);
        let website = Website::open();
        website.list("/used", 0..20, r#"<title>Valley Motors</title><link rel="next" href="/used?page=2">"#);
        website.list("/used?page=2", 20..35, r#"<link rel="next" href="/used?page=3">"#);
        let report = desk.competitors().test(website.at("/used").as_str(), &TestOptions::default()).unwrap();
        assert_eq!((report.platform, report.platform_certainty), (None, PlatformCertainty::Unknown));
        assert_eq!((report.technique.as_deref(), report.site_name.as_deref()), (Some("structured_data"), Some("Valley Motors")));
        assert_eq!((report.listings_found, report.listings.len(), report.score.percent), (35, 5, 100));
        assert_eq!((report.next, report.pages.len()), (Some(website.at("/used?page=3")), 2));
        assert_eq!((report.warnings, report.failure), (vec![], None));
        let by_vendor = Website::open();
        by_vendor.page("/vehicles", by_vendor.fixture("autorevo/list.html"));
        let one = TestOptions { pages: 1, ..TestOptions::default() };
        let report = desk.competitors().test(by_vendor.at("/vehicles").as_str(), &one).unwrap();
        assert_eq!((report.platform.as_deref(), report.platform_certainty), (Some("autorevo"), PlatformCertainty::Certain));
        assert_eq!((report.listings_found, report.total_claimed), (3, Some(4)));
        nothing_is_written(lot);
    }

    fn a_test_says_what_stands_against_a_website(lot: &Lot) {
        let desk = fetching_desk(lot);
        let test = |website: &Website| desk.competitors().test(website.at("/used").as_str(), &TestOptions::default()).unwrap();
        let website = Website::open();
        website.page("/used", r#"<div id="root"></div><script src="/app.js"></script>"#);
        assert!(codes(&test(&website)).contains(&"shell_page"));
        website.page("/used", "<html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={}</script></body></html>");
        let blocked = test(&website);
        assert_eq!((codes(&blocked), blocked.failure.unwrap().error_type), (vec!["scrape_blocked"], ScrapeErrorType::Blocked));
        website.show("/used", 404, "text/html", "gone");
        assert_eq!(codes(&test(&website)), ["scrape_http_status"]);
        website.page("/used", "<p>2 vehicles found</p><div>2018 Toyota Corolla</div>");
        assert!(codes(&test(&website)).contains(&"no_listings"));
        website.list("/used", 0..3, "");
        let listed = website.answers.lock().unwrap()["/used"].2.clone();
        website.page("/used", listed.replace("14000", "140").replace("</head>", "</head>Showing 1-3 of 9 vehicles"));
        let doubtful = test(&website);
        assert_eq!(codes(&doubtful), ["prices_below_least", "next_page_missing"]);
        assert!(doubtful.score.percent == 100, "{:?}", doubtful.score);
        // The second page is closed, or shows the first one again.
        website.list("/used", 0..3, r#"<link rel="next" href="/used?page=2">"#);
        website.list("/used?page=2", 0..3, "");
        assert_eq!(codes(&test(&website)), ["page_repeats"]);
        let closed = Website::open();
        closed.list("/used", 0..3, r#"<link rel="next" href="/used?page=2">"#);
        closed.show("/robots.txt", 200, "text/plain", "User-agent: *\nDisallow: /*?page=\n");
        let second = test(&closed);
        assert_eq!(codes(&second), ["page_failed"], "as a scrape of it says");
        assert!(second.warnings[0].to_string().contains("robots.txt"), "{second:?}");
        let all_closed = Website::open();
        all_closed.show("/robots.txt", 200, "text/plain", "User-agent: *\nDisallow: /\n");
        assert_eq!(test(&all_closed).failure.unwrap().error_type, ScrapeErrorType::Robots);
        assert_eq!(all_closed.asked(), [""; 0]);
        nothing_is_written(lot);
    }

    fn what_lies_behind_the_last_of_counted_pages_is_not_held_against_a_website(lot: &Lot) {
        let desk = fetching_desk(lot);
        let website = Website::open();
        website.list("/used", 0..3, "");
        let counted = json!({"pagination": {"page": {"parameter": "page"}}});
        let site = || TestSite { url: website.at("/used"), scraper_config: Some(counted.clone()), ..TestSite::default() };
        let test = || desk.competitors().test(site(), &TestOptions::default()).unwrap();
        let ends_well = || {
            let tested = test();
            assert_eq!((codes(&tested), tested.listings_found, tested.next), (vec![], 3, None));
        };
        website.show("/used?page=2", 404, "text/html", "gone");
        ends_well();
        website.page("/used?page=2", "<h1>Used cars</h1><p>Come and see us.</p>");
        ends_well();
        website.list("/used?page=2", 0..3, "");
        ends_well();
        website.show("/used?page=2", 500, "text/html", "down");
        let failed = test();
        assert_eq!(codes(&failed), ["page_failed"], "as a scrape of it says");
        assert!(failed.warnings[0].to_string().contains("500"), "{failed:?}");
    }

    fn a_test_is_for_those_who_may_and_for_what_can_be_tried(lot: &Lot) {
        let desk = fetching_desk(lot);
        let (_, viewer) = lot.staff(Role::Viewer);
        let options = TestOptions::default();
        assert_eq!(viewer.competitors().test("https://motors.example/", &options).unwrap_err().kind(), ErrorKind::Forbidden);
        assert_eq!(lot.desk().competitors().test("https://motors.example/", &options).unwrap_err().code(), "not_configured");
        assert_eq!(desk.competitors().test("motors", &options).unwrap_err().code(), "invalid_url");
        let many = TestOptions { pages: 11, ..options.clone() };
        assert_eq!(desk.competitors().test("https://motors.example/", &many).unwrap_err().code(), "invalid_test");
        let wrong = NewCompetitor {
            inventory_url: "https://motors.example/".into(),
            scraper_config: Some(json!({"cards": 1})),
            ..NewCompetitor::default()
        };
        assert_eq!(desk.competitors().test(&wrong, &options).unwrap_err().fields()[0].pointer, "/scraper_config/cards");
        let private = desk.competitors().test("ftp://motors.example/", &options).unwrap_err();
        assert_eq!(private.code(), "invalid_url");
    }

    fn a_competitor_is_added_by_the_address_of_its_front_page(lot: &Lot) {
        let desk = fetching_desk(lot);
        let website = Website::open();
        website.page("/", format!(
            r#"<title>Home</title><script type="application/ld+json">{{"@type": "AutoDealer", "name": "Valley Motors"}}</script>
            <a href="/finance">Finance</a><a href="/used-cars/">Used</a><a href="/inventory">Inventory</a><p>{}"#,
            "Come and see us. ".repeat(30)
        ));
        website.list("/used-cars/", 0..3, "");
        website.list("/inventory", 0..8, "");
        let new = NewCompetitor { inventory_url: website.at("/"), ..NewCompetitor::default() };
        let added = desk.competitors().add_at(&new, &TestOptions::default()).unwrap();
        assert_eq!((added.competitor.name.as_str(), &added.competitor.inventory_url), ("Valley Motors", &website.at("/inventory")));
        assert_eq!(added.competitor.website_url, Some(website.at("/")));
        assert_eq!((added.competitor.platform_type, added.test.listings_found), (None, 8));
        assert_eq!(website.asked(), ["/", "/inventory"]);
        let again = desk.competitors().add_at(&new, &TestOptions::default()).unwrap_err();
        assert_eq!(again.code(), "duplicate_competitor");
        let report = desk.competitors().scrape(added.competitor.id, &mut go_on).unwrap();
        assert_eq!(report.new.len(), 8);
    }

    fn a_vendors_website_is_added_with_its_platform_by_its_usual_address(lot: &Lot) {
        let desk = fetching_desk(lot);
        let website = Website::open();
        let filler = "Come and see us. ".repeat(30);
        website.page("/", format!(r#"<link href="https://x.autorevo-powersites.com/a.css"><p>{filler}"#));
        website.page("/vehicles", website.fixture("autorevo/list.html"));
        website.page("/vehicles?page=2", website.fixture("autorevo/last.html"));
        let new = NewCompetitor { name: "Revo".into(), inventory_url: website.at("/"), ..NewCompetitor::default() };
        let added = desk.competitors().add_at(&new, &TestOptions::default()).unwrap();
        assert_eq!(added.competitor.platform_type.as_deref(), Some("autorevo"));
        assert_eq!((added.competitor.inventory_url, added.test.listings_found), (website.at("/vehicles"), 4));
    }

    fn whoever_adds_a_website_is_told_what_its_vendors_terms_say(lot: &Lot) {
        let desk = fetching_desk(lot);
        let website = Website::open();
        let filler = "Come and see us. ".repeat(30);
        website.page("/", format!("<p>{filler}<footer>Powered by Carsforsale.com</footer>"));
        website.page("/cars-for-sale", website.fixture("carsforsale/list.html"));
        website.page("/cars-for-sale?PageSize=3&PageNumber=2", website.fixture("carsforsale/last.html"));
        let new = NewCompetitor { name: "Snapshots".into(), inventory_url: website.at("/"), ..NewCompetitor::default() };
        let added = desk.competitors().add_at(&new, &TestOptions::default()).unwrap();
        assert_eq!((codes(&added.test), added.test.listings_found), (vec!["terms_against_reading"], 4));
        let said = &added.test.warnings[0].to_string();
        assert!(said.starts_with("Carsforsale.com's terms forbid reading"), "{said}");
    }

    fn what_can_not_be_read_is_not_added(lot: &Lot) {
        let desk = fetching_desk(lot);
        let website = Website::open();
        let new = NewCompetitor { inventory_url: website.at("/"), ..NewCompetitor::default() };
        let refusal = |new: &NewCompetitor| desk.competitors().add_at(new, &TestOptions::default()).unwrap_err();
        website.page("/", r#"<div id="root"></div><script src="/app.js"></script>"#);
        let shell = refusal(&new);
        assert_eq!((shell.kind(), shell.code()), (ErrorKind::Refused, "inventory_not_found"));
        assert!(shell.to_string().contains("needs a browser"), "{shell}");
        website.page("/", "<html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={}</script></body></html>");
        assert_eq!((refusal(&new).kind(), refusal(&new).code()), (ErrorKind::Unavailable, "scrape_blocked"));
        website.show("/", 404, "text/html", "gone");
        assert_eq!(refusal(&new).code(), "scrape_http_status");
        let before = website.asked().len();
        let wrong = NewCompetitor { scraper_config: Some(json!({"card": ".x"})), ..new };
        assert_eq!(refusal(&wrong).fields()[0].pointer, "/scraper_config/card");
        assert_eq!(website.asked().len(), before, "nobody is asked for what is wrong already");
        nothing_is_written(lot);
    }
}

fn nothing_but_this_competitor(desk: &Desk) {
    assert_eq!(desk.competitors().list(&Default::default(), &PageRequest::first(10)).unwrap().items.len(), 1);
}
