//! Competitors' websites fetched and recorded: real servers on loopback, a real client.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use jpauto::{
    Actor, CompetitorId, Config, Dealership, Desk, ErrorKind, FetchConfig, PageRequest,
    competitors::{Completeness, IncompleteReason, ListingFilter, NewCompetitor, ScrapeErrorType},
};

use crate::support::{Lot, vin};

/// A website on a port of its own: a status and a page for each path; anything else is 404.
struct Website {
    address: String,
    pages: Arc<Mutex<HashMap<String, (u16, String)>>>,
}

impl Website {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let pages = Arc::new(Mutex::new(HashMap::<String, (u16, String)>::new()));
        let served = Arc::clone(&pages);
        // It ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let asked = lines.next().unwrap_or_default();
                let path = asked.split(' ').nth(1).unwrap_or_default().to_owned();
                lines.find(String::is_empty);
                let (status, body) = served.lock().unwrap().get(&path).cloned().unwrap_or((404, String::new()));
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                drop(stream.write_all((head + &body).as_bytes()));
            }
        });
        Self { address, pages }
    }

    fn show(&self, path: &str, status: u16, body: impl Into<String>) {
        self.pages.lock().unwrap().insert(path.to_owned(), (status, body.into()));
    }

    /// A list of cars, with a link to the next page where there is one.
    fn list(&self, path: &str, numbers: std::ops::Range<u32>, next: Option<&str>) {
        let next = next.map(|next| format!(r#"<link rel="next" href="{next}">"#)).unwrap_or_default();
        let cars: Vec<_> = numbers
            .map(|number| {
                format!(
                    r#"{{"@type": "Car", "name": "2018 Toyota Corolla LE", "vehicleIdentificationNumber": "{}",
                        "url": "/car/{number}", "offers": {{"price": "14000"}}}}"#,
                    vin(number)
                )
            })
            .collect();
        let page = format!(
            r#"<html><head>{next}<script type="application/ld+json">[{}]</script></head><body></body></html>"#,
            cars.join(",")
        );
        self.show(path, 200, page);
    }

    /// The website as a competitor of a dealership that may fetch from this machine.
    fn competitor(&self, lot: &Lot) -> (Desk, CompetitorId) {
        let mut fetch = FetchConfig::new("webmaster@dealer.example");
        (fetch.allow_private_networks, fetch.allow_any_port) = (true, true);
        (fetch.pause, fetch.first_backoff, fetch.retries) = (Duration::ZERO, Duration::from_millis(1), 1);
        let mut config = Config::new(&lot.url);
        config.fetch = Some(fetch);
        let desk = Dealership::with_config(config).unwrap().acting_as(Actor::system());
        let new = NewCompetitor {
            name: "Valley Motors".into(),
            inventory_url: format!("{}/used", self.address),
            ..NewCompetitor::default()
        };
        let id = desk.competitors().add(&new).unwrap().id;
        (desk, id)
    }
}

fn count(desk: &Desk) -> usize {
    desk.competitors().listings(&ListingFilter::default(), &PageRequest::first(500)).unwrap().items.len()
}

on_both_databases! {
    fn a_website_is_read_to_its_last_page(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.list("/used?page=2", 20..35, None);
        let (desk, id) = website.competitor(lot);
        let report = desk.competitors().scrape(id).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 35));
        assert_eq!(count(&desk), 35);
        let competitor = desk.competitors().get(id).unwrap();
        assert_eq!((competitor.scrape_error, competitor.last_successful_scrape_at.is_some()), (None, true));
    }

    fn what_came_before_a_page_that_fails_is_a_part_of_the_lot(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.show("/used?page=2", 503, "");
        let (desk, id) = website.competitor(lot);
        let report = desk.competitors().scrape(id).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::PageFailed));
        assert_eq!((report.new.len(), count(&desk)), (20, 20));
    }

    fn robots_are_asked_first_and_obeyed(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.list("/used?page=2", 20..35, None);
        website.show("/robots.txt", 200, "User-agent: *\nDisallow: /*?page=\n");
        let (desk, id) = website.competitor(lot);
        let report = desk.competitors().scrape(id).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::ClosedByRobots));
        assert_eq!(report.new.len(), 20);
        let closed = Website::open();
        closed.list("/used", 0..20, None);
        closed.show("/robots.txt", 200, "User-agent: *\nDisallow: /\n");
        let renamed = jpauto::competitors::CompetitorUpdate {
            inventory_url: Some(format!("{}/used", closed.address)),
            ..Default::default()
        };
        desk.competitors().update(id, &renamed).unwrap();
        let refusal = desk.competitors().scrape(id).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Unavailable, "scrape_robots"));
    }

    fn a_failure_is_noted_and_sells_nothing(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, None);
        let (desk, id) = website.competitor(lot);
        desk.competitors().scrape(id).unwrap();
        website.show("/used", 200, "<html><body>Welcome to our new website</body></html>");
        assert_eq!(desk.competitors().scrape(id).unwrap_err().code(), "scrape_empty");
        website.show("/used", 404, "");
        assert_eq!(desk.competitors().scrape(id).unwrap_err().code(), "scrape_http_status");
        let competitor = desk.competitors().get(id).unwrap();
        assert_eq!(competitor.scrape_error_type, Some(ScrapeErrorType::HttpStatus));
        assert!(competitor.last_scraped_at > competitor.last_successful_scrape_at);
        let listings = desk.competitors().listings(&ListingFilter::default(), &PageRequest::first(500)).unwrap();
        assert!(listings.items.len() == 20 && listings.items.iter().all(|listing| !listing.is_sold));
    }

    fn a_list_that_leads_in_a_circle_ends(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.list("/used?page=2", 20..35, Some("/used"));
        let (desk, id) = website.competitor(lot);
        let report = desk.competitors().scrape(id).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::LastPageNotReached));
        assert_eq!(report.new.len(), 35);
    }

    fn nothing_is_fetched_in_nobodys_name_or_from_this_machine(lot: &Lot) {
        let website = Website::open();
        let (_, id) = website.competitor(lot);
        let refusal = lot.desk().competitors().scrape(id).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "not_configured"));
        let mut config = Config::new(&lot.url);
        config.fetch = Some(FetchConfig::new("webmaster@dealer.example"));
        let guarded = Dealership::with_config(config).unwrap().acting_as(Actor::system());
        assert_eq!(guarded.competitors().scrape(id).unwrap_err().code(), "scrape_network");
        let mut anonymous = Config::new(&lot.url);
        anonymous.fetch = Some(FetchConfig::new(""));
        assert_eq!(Dealership::with_config(anonymous).unwrap_err().code(), "invalid_contact");
    }
}

/// Pages that a script makes.
mod in_browser {
    use super::*;

    /// The website as a competitor that needs a browser; this server alone of the machine may be fetched from.
    fn competitor(website: &Website, lot: &Lot, executable: Option<&str>) -> (Desk, CompetitorId) {
        let mut fetch = FetchConfig::new("webmaster@dealer.example");
        fetch.allowed_servers = vec![website.address.strip_prefix("http://").unwrap().parse().unwrap()];
        (fetch.pause, fetch.retries) = (Duration::ZERO, 0);
        fetch.browser.executable = executable.map(Into::into);
        let mut config = Config::new(&lot.url);
        config.fetch = Some(fetch);
        let desk = Dealership::with_config(config).unwrap().acting_as(Actor::system());
        let new = NewCompetitor {
            name: "Valley Motors".into(),
            inventory_url: format!("{}/used", website.address),
            use_playwright: true,
            ..NewCompetitor::default()
        };
        let id = desk.competitors().add(&new).unwrap().id;
        (desk, id)
    }

    on_both_databases! {
        fn a_browser_that_is_not_there_is_no_failure_of_the_website(lot: &Lot) {
            let website = Website::open();
            website.list("/used", 0..20, None);
            let (desk, id) = competitor(&website, lot, Some("/nowhere/chromium"));
            let refusal = desk.competitors().scrape(id).unwrap_err();
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "browser_not_available"));
            assert!(refusal.to_string().contains("`chromium`"), "{refusal}");
            assert!(desk.competitors().get(id).unwrap().scrape_error_type.is_none());
        }
    }

    #[cfg(all(feature = "browser", unix))]
    on_both_databases! {
        fn a_website_of_scripts_is_read_to_its_last_page(lot: &Lot) {
            let website = Website::open();
            for (page, numbers, next) in [("/used", 0..20, Some("/used?page=2")), ("/used?page=2", 20..35, None)] {
                let data = format!("{}&data", page.replace("?", "-"));
                website.list(&data, numbers, next);
                // The list itself comes by a request of the script's own.
                let shell = format!(
                    "<html><head></head><body>Loading<script>fetch('{data}').then(answer => answer.text()).then(text => {{
                        const list = new DOMParser().parseFromString(text, 'text/html');
                        for (const part of list.head.children) document.head.append(document.importNode(part, true));
                        document.body.append('Cars');
                     }});</script></body></html>"
                );
                website.show(page, 200, shell);
            }
            let (desk, id) = competitor(&website, lot, None);
            let report = match desk.competitors().scrape(id) {
                Err(missing) if missing.code() == "browser_not_available" => {
                    drop(std::io::stderr().write_all(b"skipped: no Chromium is installed (Debian's package `chromium`)\n"));
                    return;
                }
                outcome => outcome.unwrap(),
            };
            assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 35));
            assert_eq!(count(&desk), 35);
            website.show("/used", 200, "<title>Just a moment...</title><script src=/challenges.cloudflare.com/x></script>");
            assert_eq!(desk.competitors().scrape(id).unwrap_err().code(), "scrape_blocked");
            let competitor = desk.competitors().get(id).unwrap();
            assert_eq!(competitor.scrape_error_type, Some(ScrapeErrorType::Blocked));
        }
    }
}
