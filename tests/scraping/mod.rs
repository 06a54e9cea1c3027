//! Competitors' websites fetched and recorded: real servers on loopback, a real client.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use jpauto::{
    Action, ActivityFilter, Actor, AlertFilter, Change, Clock, CompetitorId, Config, Dealership, Desk, ErrorKind,
    FetchConfig, Money, PageRequest,
    competitors::{
        CompetitorFilter, CompetitorUpdate, Completeness, IncompleteReason, ListingFilter, NewCompetitor,
        ScrapeErrorType, ScrapeEvent, ScrapeLimits, ScrapeProgress, TestOptions,
    },
};

use crate::support::{
    Lot, vin,
    website::{Asked, Reply, Website, list_page},
};

/// A page that stands in place of any other.
const BOT_CHECK: &str = "<title>Just a moment...</title><script>window._cf_chl_opt={}</script>";

/// How quickly this machine's websites may be asked.
fn hasty() -> FetchConfig {
    let mut fetch = FetchConfig::new("webmaster@dealer.example");
    (fetch.allow_private_networks, fetch.allow_any_port) = (true, true);
    (fetch.pause, fetch.first_backoff, fetch.retries) = (Duration::ZERO, Duration::from_millis(1), 1);
    fetch
}

/// A dealership that may fetch from this machine, as another process would open it.
pub(crate) fn opened(lot: &Lot, change: impl FnOnce(&mut Config)) -> Desk {
    let mut config = Config::new(&lot.url).clock(lot.clock());
    config.fetch = Some(hasty());
    change(&mut config);
    Dealership::with_config(config).unwrap().acting_as(Actor::system())
}

/// The website as a competitor of a dealership that may fetch from this machine.
pub(crate) fn competitor(website: &Website, lot: &Lot) -> (Desk, CompetitorId) {
    let desk = opened(lot, |_| {});
    let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
    (desk, id)
}

pub(crate) fn add(desk: &Desk, name: &str, inventory_url: String) -> CompetitorId {
    let new = NewCompetitor { name: name.into(), inventory_url, ..NewCompetitor::default() };
    desk.competitors().add(&new).unwrap().id
}

/// An observer that lets it go on.
pub(crate) fn unwatched(_: ScrapeProgress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn count(desk: &Desk) -> usize {
    desk.competitors().listings(&ListingFilter::default(), &PageRequest::first(500)).unwrap().items.len()
}

on_both_databases! {
    fn a_website_is_read_to_its_last_page(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.list("/used?page=2", 20..35, None);
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 35));
        assert_eq!(count(&desk), 35);
        let competitor = desk.competitors().get(id).unwrap();
        assert_eq!((competitor.scrape_error, competitor.last_successful_scrape_at.is_some()), (None, true));
    }

    fn what_came_before_a_page_that_fails_is_a_part_of_the_lot(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.show("/used?page=2", 503, "");
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::PageFailed));
        assert_eq!((report.new.len(), count(&desk)), (20, 20));
    }

    fn robots_are_asked_first_and_obeyed(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.list("/used?page=2", 20..35, None);
        website.show("/robots.txt", 200, "User-agent: *\nDisallow: /*?page=\n");
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::ClosedByRobots));
        assert_eq!(report.new.len(), 20);
        let closed = Website::open();
        closed.list("/used", 0..20, None);
        closed.show("/robots.txt", 200, "User-agent: *\nDisallow: /\n");
        let renamed = CompetitorUpdate {
            inventory_url: Some(format!("{}/used", closed.address)),
            ..Default::default()
        };
        desk.competitors().update(id, &renamed).unwrap();
        lot.pass(TimeDelta::minutes(1));
        let refusal = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Unavailable, "scrape_robots"));
    }

    fn a_failure_is_noted_and_sells_nothing(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, None);
        let (desk, id) = competitor(&website, lot);
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        lot.pass(TimeDelta::minutes(1));
        website.show("/used", 200, "<html><body>Welcome to our new website</body></html>");
        assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap_err().code(), "scrape_empty");
        lot.pass(TimeDelta::minutes(1));
        website.show("/used", 404, "");
        assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap_err().code(), "scrape_http_status");
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
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 35));
        // One that leads back to another page than the first has left something out, for all that is known.
        website.list("/used?page=2", 20..35, Some("/used?page=3"));
        website.list("/used?page=3", 35..40, Some("/used?page=2"));
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::LastPageNotReached));
    }

    fn a_counted_page_that_shows_nothing_is_no_end_where_the_list_goes_on(lot: &Lot) {
        let website = Website::open();
        let page = |number: u32| format!("/used?p={number}");
        for number in 2..=5 {
            website.list(&page(number), (number - 1) * 10..number * 10, None);
        }
        website.list("/used", 0..10, None);
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"pagination": {"page": {"parameter": "p"}}});
        let counted = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &counted).unwrap();
        let scrape = || {
            lot.pass(TimeDelta::days(1));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            (report.completeness, report.counts.vehicles, report.sold.len())
        };
        // Page 6 is not there, and page 7 neither: the last page is full, and the end is believed.
        assert_eq!(scrape(), (Completeness::Complete, 50, 0));
        // A page in the middle shows an error with status 200, or the first one once more.
        for broken in ["<html><body>Something went wrong</body></html>".to_owned(), list_page(0..10, None)] {
            website.show(&page(4), 200, broken);
            assert_eq!(scrape(), (Completeness::Incomplete(IncompleteReason::PageFailed), 40, 0));
        }
        // All pages from there on do: nothing tells the end from a failure but the page that was there before.
        for number in 4..9 {
            website.show(&page(number), 200, "<html><body>Something went wrong</body></html>");
        }
        for _day in 0..4 {
            assert_eq!(scrape(), (Completeness::Incomplete(IncompleteReason::LastPageFull), 30, 0));
        }
        // Some cars less, and it is the end again.
        for number in 6..9 {
            website.show(&page(number), 404, "");
        }
        website.list(&page(4), 30..40, None);
        website.list(&page(5), 40..44, None);
        let (doubt, ..) = scrape();
        assert_eq!(doubt, Completeness::Incomplete(IncompleteReason::ManyMissing), "the others vanished together");
    }

    fn an_endpoint_is_not_at_its_end_where_it_goes_on_behind_an_empty_answer(lot: &Lot) {
        let website = Website::open();
        let items = |numbers: std::ops::Range<u32>| {
            let items: Vec<_> = numbers.map(|number| serde_json::json!({"vin": vin(number), "price": 9_000})).collect();
            Reply::json(serde_json::json!({"items": items}).to_string())
        };
        for number in 1..=5 {
            website.reply(&format!("/list?p={number}"), items((number - 1) * 10..number * 10));
        }
        website.reply("/list?p=6", items(0..0));
        website.reply("/list?p=7", items(0..0));
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"endpoint": {
            "url": "/list", "listings": "items", "fields": {"vin": "vin", "price": "price"},
            "pagination": {"page": {"parameter": "p", "first": 1}}
        }});
        let counted = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &counted).unwrap();
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.counts.vehicles), (Completeness::Complete, 50));
        website.reply("/list?p=4", items(0..0));
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness.reason(), report.counts.vehicles), (Some(IncompleteReason::PageFailed), 40));
    }

    fn a_later_page_that_leads_elsewhere_is_no_page_of_the_list(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.list("/", 0..3, None);
        website.reply("/used?page=2", Reply::status(302).header("Location", "/"));
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness.reason(), report.counts.vehicles), (Some(IncompleteReason::PageFailed), 20));
        assert!(report.warnings.iter().any(|warning| warning.code() == "page_failed"), "{:?}", report.warnings);
        // The same page under another address is the same page.
        website.reply("/used?page=2", Reply::status(301).header("Location", "/used/page/2"));
        website.list("/used/page/2", 20..25, None);
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.counts.vehicles), (Completeness::Complete, 25));
        // Without a redirect a page that shows only what is known is none either.
        website.list("/used?page=2", 0..3, None);
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness.reason(), report.counts.vehicles), (Some(IncompleteReason::PageFailed), 20));
    }

    fn a_list_that_leads_to_another_website_is_anothers_lot(lot: &Lot) {
        let (website, other) = (Website::open(), Website::open_at("127.0.0.2"));
        website.list("/used", 0..20, Some("/used?page=2"));
        website.list("/used?page=2", 20..30, None);
        let elsewhere = format!("http://127.0.0.2:{}/lot", other.port());
        other.list("/lot", 100..120, None);
        let (desk, id) = competitor(&website, lot);
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        lot.pass(TimeDelta::days(1));
        website.reply("/used?page=2", Reply::status(302).header("Location", elsewhere.clone()));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness.reason(), report.counts.vehicles), (Some(IncompleteReason::PageFailed), 20));
        website.reply("/used", Reply::status(302).header("Location", elsewhere.clone()));
        lot.pass(TimeDelta::days(1));
        let refusal = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
        assert_eq!(refusal.code(), "scrape_http_status");
        assert!(refusal.to_string().contains(&elsewhere), "{refusal}");
        assert_eq!(count(&desk), 30);
    }

    fn a_failure_names_who_did_not_answer_and_what_broke_off(lot: &Lot) {
        let website = Website::open();
        let dead = std::net::TcpListener::bind("127.0.0.3:0").unwrap().local_addr().unwrap();
        website.reply("/used", Reply::status(302).header("Location", format!("http://{dead}/lot")));
        let (desk, id) = competitor(&website, lot);
        let refusal = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
        let said = format!("http://{dead}/robots.txt could not be reached");
        assert!(refusal.code() == "scrape_network" && refusal.to_string().ends_with(&said), "{refusal}");
        website.reply("/used", Reply { cut: true, ..Reply::html(list_page(0..20, None)) });
        lot.pass(TimeDelta::days(1));
        let refusal = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
        let said = format!("the answer of {}/used broke off before its end", website.address);
        assert!(refusal.code() == "scrape_network" && refusal.to_string().ends_with(&said), "{refusal}");
    }

    fn a_list_whose_address_is_changed_meanwhile_is_no_whole_lot(lot: &Lot) {
        let (website, other) = (Website::open(), Website::open_at("127.0.0.2"));
        website.list("/used", 0..20, None);
        let (desk, id) = competitor(&website, lot);
        let moved = format!("http://127.0.0.2:{}/used", other.port());
        let mut has_moved = false;
        let report = desk.competitors().scrape(id, &mut |_progress| {
            if !has_moved {
                let update = CompetitorUpdate { inventory_url: Some(moved.clone()), ..Default::default() };
                desk.competitors().update(id, &update).unwrap();
                has_moved = true;
            }
            ControlFlow::Continue(())
        });
        assert_eq!(report.unwrap().completeness, Completeness::Incomplete(IncompleteReason::LastPageNotReached));
        assert_eq!(desk.competitors().get(id).unwrap().inventory_url, moved);
    }

    fn a_page_that_breaks_off_is_no_whole_page(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        let (desk, id) = competitor(&website, lot);
        let whole = list_page(20..40, None);
        // Neither the server's word nor the document's.
        let cut = Reply::html(&whole[..whole.len() / 10]);
        website.reply("/used?page=2", Reply { unsized_body: true, ..cut.clone() });
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness.reason(), report.counts.vehicles), (Some(IncompleteReason::PageFailed), 20));
        // The server's word for a document that ends within a script.
        website.reply("/used?page=2", cut);
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness.reason(), report.counts.vehicles), (Some(IncompleteReason::PageFailed), 20));
        website.reply("/used?page=2", Reply { unsized_body: true, ..Reply::html(whole) });
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.counts.vehicles), (Completeness::Complete, 40));
    }

    fn a_page_without_the_end_that_others_have_breaks_off(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        let broken = list_page(20..24, None).replace("</body></html>", "<b>Fatal error</b>");
        website.show("/used?page=2", 200, broken);
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness.reason(), report.counts.vehicles), (Some(IncompleteReason::PageFailed), 20));
        website.list("/used?page=2", 20..30, None);
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.counts.vehicles), (Completeness::Complete, 30));
    }

    fn a_list_that_leads_to_the_front_page_is_no_list(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..30, None);
        website.list("/", 0..20, None);
        let (desk, id) = competitor(&website, lot);
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        website.reply("/used", Reply::status(302).header("Location", "/"));
        lot.pass(TimeDelta::days(1));
        let refusal = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
        assert_eq!(refusal.code(), "scrape_http_status");
        assert!(refusal.to_string().contains("front page"), "{refusal}");
    }

    fn a_circle_is_left_though_each_link_in_it_is_new(lot: &Lot) {
        let website = Website::open();
        for number in 0..20 {
            let (address, next) = (format!("/used?sid={number}"), format!("/used?sid={}", number + 1));
            let start = number % 3 * 10;
            website.list(if number == 0 { "/used" } else { &address }, start..start + 10, Some(&next));
        }
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness.reason(), report.counts.vehicles), (Some(IncompleteReason::PageFailed), 30));
        let asked = website.take_paths().into_iter().filter(|path| path.starts_with("/used")).count();
        assert_eq!(asked, 5);
    }

    fn an_answer_that_names_the_next_one_is_no_end(lot: &Lot) {
        let website = Website::open();
        let answer = |numbers: std::ops::Range<u32>, next: serde_json::Value| {
            let items: Vec<_> = numbers.map(|number| serde_json::json!({"vin": vin(number), "price": 9_000})).collect();
            Reply::json(serde_json::json!({"items": items, "next": next}).to_string())
        };
        website.reply("/list", answer(0..10, "b".into()));
        website.reply("/list?after=b", answer(10..20, "c".into()));
        website.reply("/list?after=c", answer(20..25, serde_json::Value::Null));
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"endpoint": {
            "url": "/list", "listings": "items", "fields": {"vin": "vin", "price": "price"},
            "pagination": {"cursor": {"parameter": "after", "path": "next"}}
        }});
        let configured = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &configured).unwrap();
        let scrape = || {
            lot.pass(TimeDelta::days(1));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            (report.completeness.reason(), report.counts.vehicles)
        };
        assert_eq!(scrape(), (None, 25));
        // Nothing in it, and more to come behind it; then the first one over again.
        website.reply("/list?after=c", answer(0..0, "d".into()));
        website.reply("/list?after=d", answer(0..0, serde_json::Value::Null));
        assert_eq!(scrape(), (Some(IncompleteReason::LastPageFull), 20));
        website.reply("/list?after=c", answer(0..10, "b".into()));
        assert!(matches!(scrape(), (Some(_), 20)));
        // Empty, and the last by its own word: it was not before. Then it is not there at all.
        website.reply("/list?after=c", answer(0..0, serde_json::Value::Null));
        assert_eq!(scrape(), (Some(IncompleteReason::LastPageFull), 20));
        website.reply("/list?after=c", Reply::status(410));
        assert_eq!(scrape(), (Some(IncompleteReason::PageFailed), 20));
    }

    fn an_answer_in_an_older_encoding_is_read_as_a_page_is(lot: &Lot) {
        let website = Website::open();
        let item = |number| serde_json::json!({"vin": vin(number), "exterior_color": "Bleu foncé"});
        let items: Vec<_> = (0..3).map(item).collect();
        let body = serde_json::json!({"items": items}).to_string();
        let body: Vec<u8> = body.chars().map(|sign| u8::try_from(sign).unwrap()).collect();
        website.reply("/list", Reply::json(body));
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"endpoint": {
            "url": "/list", "listings": "items", "fields": {"vin": "vin", "exterior_color": "exterior_color"}
        }});
        let configured = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &configured).unwrap();
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        let listings = desk.competitors().listings(&ListingFilter::default(), &PageRequest::first(9)).unwrap().items;
        let colors: Vec<_> = listings.iter().map(|listing| listing.exterior_color.as_deref()).collect();
        assert_eq!(colors, [Some("Bleu foncé"); 3]);
    }

    fn an_answer_does_not_choose_who_else_is_asked(lot: &Lot) {
        let (website, other) = (Website::open(), Website::open_at("127.0.0.2"));
        let elsewhere = format!("http://127.0.0.2:{}/list", other.port());
        let items: Vec<_> = (0..10).map(|number| serde_json::json!({"vin": vin(number), "price": 9_000})).collect();
        website.reply("/list", Reply::json(serde_json::json!({"items": items, "next": elsewhere}).to_string()));
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"endpoint": {
            "url": "/list", "listings": "items", "fields": {"vin": "vin", "price": "price"},
            "pagination": {"next": "next"}
        }});
        let configured = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &configured).unwrap();
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert!(report.completeness.reason().is_some() && report.counts.vehicles == 10);
        assert_eq!(other.take_paths(), Vec::<String>::new());
    }

    fn a_next_page_on_another_website_is_anothers_lot(lot: &Lot) {
        let (website, other) = (Website::open(), Website::open_at("127.0.0.2"));
        other.list("/used?page=2", 20..35, None);
        let there = other.address.replace("127.0.0.1", "127.0.0.2");
        website.list("/used", 0..20, Some(&format!("{there}/used?page=2")));
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::LastPageNotReached));
        assert_eq!((report.new.len(), other.take_paths()), (20, Vec::<String>::new()));
        assert_eq!(report.warnings[0].code(), "next_page_elsewhere");
    }

    fn nothing_is_fetched_in_nobodys_name_or_from_this_machine(lot: &Lot) {
        let website = Website::open();
        let (_, id) = competitor(&website, lot);
        let refusal = lot.desk().competitors().scrape(id, &mut unwatched).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "not_configured"));
        let mut config = Config::new(&lot.url);
        config.fetch = Some(FetchConfig::new("webmaster@dealer.example"));
        let guarded = Dealership::with_config(config).unwrap().acting_as(Actor::system());
        assert_eq!(guarded.competitors().scrape(id, &mut unwatched).unwrap_err().code(), "scrape_network");
        let mut anonymous = Config::new(&lot.url);
        anonymous.fetch = Some(FetchConfig::new(""));
        assert_eq!(Dealership::with_config(anonymous).unwrap_err().code(), "invalid_contact");
    }

    fn a_list_given_as_data_stands_for_the_pages(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = dealer_on(&website, lot, |_, cards| Reply::json(cards));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 30));
        assert!(report.new.iter().all(|car| car.price == Some(Money::from_dollars(15_000))), "{:?}", report.new[0]);
        assert_eq!(report.warnings, []);
        let asked = website.take_paths();
        assert_eq!(asked.len(), 3, "the page, and the data in two answers: {asked:?}");
        assert!(asked[1].starts_with("/api/") && asked[2].contains("pt=2"), "{asked:?}");
        assert_eq!(desk.competitors().get(id).unwrap().platform_type.as_deref(), Some("dealer_on"));
    }

    fn data_that_has_not_changed_is_not_sent_again(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = dealer_on(&website, lot, |_, cards| Reply::json(cards));
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        for _ in 0..2 {
            lot.pass(TimeDelta::days(1));
            website.take_paths();
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            assert_eq!((report.completeness, report.counts.seen_again), (Completeness::Complete, 30));
            assert_eq!((report.counts.updated, report.warnings.len()), (0, 0));
            let asked = website.asked();
            let known = |path: &str| {
                let mut asked = asked.iter().filter(|asked| asked.path.contains(path));
                asked.all(|asked| asked.header.contains("if-none-match"))
            };
            assert!(known("/api/") && !known("/used"), "the page says where the data is");
            assert_eq!(website.take_paths().len(), 3);
        }
    }

    fn pages_are_read_where_the_data_is_not_enough(lot: &Lot) {
        type Answer = fn(u32, String) -> Reply;
        let cases: [(&str, Answer); 4] = [
            ("the second answer fails", |part, cards| if part == 1 { Reply::json(cards) } else { Reply::status(500) }),
            ("no answer at all", |_, _| Reply::status(500)),
            ("a shell in place of the answer", |_, _| Reply::json("<html><div id=app></div></html>")),
            ("it ends before all that it claims", |part, cards| {
                Reply::json(if part == 1 { cards.replace(r#""TotalPages": 2"#, r#""TotalPages": 1"#) } else { cards })
            }),
        ];
        for (name, answer) in cases {
            let website = Website::open();
            let (desk, id) = dealer_on(&website, lot, answer);
            lot.pass(TimeDelta::minutes(1));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 30), "{name}");
            let codes: Vec<_> = report.warnings.iter().map(|warning| warning.code()).collect();
            assert_eq!(codes, ["data_not_enough"], "{name}: {:?}", report.warnings);
            assert!(website.take_paths().iter().any(|path| path == "/used?pt=2"), "{name}");
            // What the data did say is not lost.
            let priced = report.new.iter().filter(|car| car.price.is_some()).count();
            assert_eq!(priced > 0, !name.starts_with("no answer") && !name.starts_with("a shell"), "{name}");
        }
    }

    fn data_that_robots_close_is_left_alone(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = dealer_on(&website, lot, |_, cards| Reply::json(cards));
        website.show("/robots.txt", 200, "User-agent: *\nDisallow: /api/\n");
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 30));
        assert_eq!(website.take_paths(), ["/used", "/used?pt=2"]);
    }

    fn a_list_that_is_ordered_anew_for_each_page_is_no_whole_lot(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        website.answer(|asked| {
            let page: usize = if asked.path == "/used" { 1 } else { asked.path.strip_prefix("/used?page=")?.parse().ok()? };
            // 36 cars, each page a part of an order of its own.
            let order = (1..37_u32).map(|number| number * page as u32 % 37);
            let next = (page < 4).then(|| format!("/used?page={}", page + 1));
            Some(Reply::html(list_page(order.skip(10 * (page - 1)).take(10), next.as_deref())))
        });
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::ListMoved));
        let warnings: Vec<_> = report.warnings.iter().map(|warning| warning.code()).collect();
        assert_eq!(warnings, ["list_moved"]);
        assert!(report.counts.vehicles < 30 && report.warnings[0].to_string().contains(" vehicles stand on several pages"));
        // In one order it is whole, with a block of its own cars on each page, too.
        let offered: Vec<u32> = (1..37).collect();
        website.answer(move |asked| {
            let page: usize = if asked.path == "/used" { 1 } else { asked.path.strip_prefix("/used?page=")?.parse().ok()? };
            let next = (page < 4).then(|| format!("/used?page={}", page + 1));
            let block = (0..3).map(|place| offered[(page * 17 + place * 5) % 36]);
            let part = offered.iter().copied().skip(10 * (page - 1)).take(10);
            Some(Reply::html(list_page(block.chain(part), next.as_deref())))
        });
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.counts.vehicles), (Completeness::Complete, 36));
        assert!(report.warnings.is_empty());
    }

    fn a_page_wrongly_called_unchanged_sells_nothing(lot: &Lot) {
        let website = Website::open();
        // However long it is believed elsewhere, and a dealer whose cars are sold soonest.
        let desk = opened(lot, |config| {
            config.scraping.unchanged_at_most = Duration::from_secs(30 * 24 * 3600);
            config.tracking.sold.floor_days = 4.0;
        });
        let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
        let sold_cars = Arc::new(AtomicUsize::new(0));
        let gone = Arc::clone(&sold_cars);
        website.answer(move |asked| {
            let gone = u32::try_from(gone.load(Ordering::SeqCst)).unwrap();
            match asked.path.as_str() {
                // A cache that looks at the tag alone and never at the page.
                "/used" if asked.header.contains("if-none-match") => Some(Reply::status(304)),
                "/used" => Some(Reply::html(list_page(gone..gone + 20, Some("/used?page=2"))).header("ETag", "\"a\"")),
                "/used?page=2" => Some(Reply::html(list_page(gone + 20..35, None))),
                _ => None,
            }
        });
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        // The first five are sold, and five of the second page have moved to the first.
        sold_cars.store(5, Ordering::SeqCst);
        let standing = |known: &Option<String>| known.as_deref().is_some_and(|known| (5..35).any(|number| vin(number) == known));
        for on_day in 1..16 {
            lot.pass(TimeDelta::days(1));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            let wrong = report.sold.iter().filter(|sold| standing(&sold.vehicle.vin)).count();
            assert_eq!(wrong, 0, "day {on_day}");
        }
        let gone = desk.competitors().listings(&ListingFilter { sold: Some(true), ..ListingFilter::default() }, &PageRequest::default()).unwrap();
        assert_eq!(gone.items.len(), 5, "and those that are gone are found");
    }

    fn a_later_page_wrongly_called_unchanged_beside_a_fresh_first_one_sells_nothing(lot: &Lot) {
        let website = Website::open();
        let desk = opened(lot, |config| {
            config.scraping.unchanged_at_most = Duration::from_secs(30 * 24 * 3600);
            config.tracking.sold.floor_days = 4.0;
        });
        let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
        let came = Arc::new(AtomicUsize::new(0));
        let new = Arc::clone(&came);
        website.answer(move |asked| {
            // Cars come in front, and those at the end of the first page move to the second.
            let new = u32::try_from(new.load(Ordering::SeqCst)).unwrap();
            match asked.path.as_str() {
                "/used" => Some(Reply::html(list_page(100 - new..120 - new, Some("/used?page=2"))).header("ETag", format!("\"{new}\""))),
                "/used?page=2" if asked.header.contains("if-none-match") => Some(Reply::status(304)),
                "/used?page=2" => Some(Reply::html(list_page(120 - new..135, None)).header("ETag", "\"b\"")),
                _ => None,
            }
        });
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        for on_day in 1..16 {
            came.fetch_add(3, Ordering::SeqCst);
            lot.pass(TimeDelta::days(1));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            assert_eq!(report.counts.sold, 0, "day {on_day}");
        }
    }

    fn a_scrape_under_a_clock_that_was_ahead_leaves_the_website_due(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, None);
        let (desk, _) = competitor(&website, lot);
        let due = || {
            let report = desk.competitors().scrape_due(&ScrapeLimits::default(), &mut unwatched).unwrap();
            (report.recorded.len(), report.failed.len(), report.passed)
        };
        assert_eq!(due(), (1, 0, 0));
        lot.pass(TimeDelta::days(60));
        assert_eq!(due(), (1, 0, 0));
        lot.pass(TimeDelta::days(-58));
        assert_eq!((due(), due()), ((1, 0, 0), (0, 0, 0)), "once, and then when its time has come");
        lot.pass(TimeDelta::days(1));
        assert_eq!(due(), (1, 0, 0));
        // Put off by a failure under such a clock, too.
        website.show("/used", 500, "");
        lot.pass(TimeDelta::days(60));
        assert_eq!(due(), (0, 1, 0));
        lot.pass(TimeDelta::days(-59));
        website.list("/used", 0..20, None);
        assert_eq!((due(), due()), ((1, 0, 0), (0, 0, 0)));
    }

    fn pages_that_have_not_changed_are_not_sent_again(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        let versions = Arc::new(Mutex::new(["a1", "b1"]));
        let shown = Arc::clone(&versions);
        website.answer(move |asked| {
            let versions = *shown.lock().unwrap();
            let (version, page) = match asked.path.as_str() {
                "/used" => (versions[0], list_page(0..20, Some("/used?page=2"))),
                "/used?page=2" => (versions[1], list_page(if versions[1] == "b1" { 20..35 } else { 20..36 }, None)),
                _ => return None,
            };
            let is_known = asked.header.contains(&format!("if-none-match: \"{version}\""));
            let reply = if is_known { Reply::status(304) } else { Reply::html(page) };
            Some(reply.header("ETag", format!("\"{version}\"")))
        });
        let sent = |website: &Website| {
            let asked = website.asked();
            website.take_paths();
            asked.iter().filter(|asked| asked.header.contains("if-none-match")).count()
        };
        let scrape = || {
            lot.pass(TimeDelta::days(1));
            desk.competitors().scrape(id, &mut unwatched).unwrap()
        };
        let first = scrape();
        assert_eq!((first.counts.new, sent(&website)), (35, 0));
        let again = scrape();
        assert_eq!((again.counts.seen_again, again.completeness), (35, Completeness::Complete));
        assert_eq!(sent(&website), 2, "both pages were asked for by their version");
        versions.lock().unwrap()[1] = "b2";
        let changed = scrape();
        assert_eq!((changed.counts.seen_again, changed.counts.new, sent(&website)), (35, 1, 2));
        // A reader that is told something new reads for itself.
        let told = CompetitorUpdate { scraper_config: Change::Set(serde_json::json!({"check_missing": 0})), ..Default::default() };
        desk.competitors().update(id, &told).unwrap();
        assert_eq!((scrape().counts.seen_again, sent(&website)), (36, 0));
        assert_eq!((scrape().counts.seen_again, sent(&website)), (36, 2));
        // And after two days it believes nobody any more.
        lot.pass(TimeDelta::days(2));
        assert_eq!((scrape().counts.seen_again, sent(&website)), (36, 0));
        desk.competitors().delete(id).unwrap();
    }

    fn a_page_whose_vehicles_are_not_all_filled_in_proves_nothing_and_is_not_kept(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        website.answer(|asked| {
            let car = |number| serde_json::json!({"vin": vin(number), "year": 2019, "make": "Ford", "model": "F-150"});
            let mut rows: Vec<_> = (0..20).map(car).collect();
            rows.push(serde_json::json!({"isPlaceholder": true}));
            let state = serde_json::json!({"pageInfo": {"totalCount": 21, "pageSize": 35, "pageStart": 0}, "inventory": rows});
            let page = format!("<html><script>DDC.WidgetData[\"inventory-data-bus1\"] = {state};</script></html>");
            let reply = if asked.header.contains("if-none-match") { Reply::status(304) } else { Reply::html(page) };
            (asked.path == "/used").then(|| reply.header("ETag", "\"a\""))
        });
        for new in [20, 0] {
            lot.pass(TimeDelta::days(1));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::PageFailed));
            assert_eq!((report.counts.vehicles, report.counts.new), (20, new));
            assert!(report.warnings.iter().any(|warning| warning.code() == "listings_unsettled"), "{:?}", report.warnings);
        }
        assert!(website.asked().iter().all(|asked| !asked.header.contains("if-none-match")));
        let url = format!("{}/used", website.address);
        let test = desk.competitors().test(url.as_str(), &TestOptions::default()).unwrap();
        assert!(test.warnings.iter().any(|warning| warning.code() == "listings_unsettled"), "{:?}", test.warnings);
    }

    fn the_password_in_an_address_is_not_told_in_a_report(lot: &Lot) {
        let website = Website::open();
        let (desk, _) = competitor(&website, lot);
        let url = format!("{}/used", website.address).replace("http://", "http://ann:geheim@");
        let report = desk.competitors().test(url.as_str(), &TestOptions::default()).unwrap();
        assert!(report.failure.is_some() && report.url.ends_with("/used"));
        assert!(!serde_json::to_string(&report).unwrap().contains("geheim"), "{report:?}");
    }

    fn what_is_told_while_a_scrape_runs_is_heard_by_the_next_one(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        let another = opened(lot, |_| {});
        let is_told = AtomicUsize::new(0);
        website.answer(move |asked| {
            if asked.path != "/used" {
                return None;
            }
            if is_told.fetch_add(1, Ordering::SeqCst) == 0 {
                let config = Change::Set(serde_json::json!({"check_missing": 0}));
                let told = CompetitorUpdate { scraper_config: config, ..Default::default() };
                another.competitors().update(id, &told).unwrap();
            }
            let is_known = asked.header.contains("if-none-match: \"a\"");
            let reply = if is_known { Reply::status(304) } else { Reply::html(list_page(0..20, None)) };
            Some(reply.header("ETag", "\"a\""))
        });
        let by_version = || {
            website.take_paths();
            lot.pass(TimeDelta::days(1));
            desk.competitors().scrape(id, &mut unwatched).unwrap();
            website.asked().iter().filter(|asked| asked.header.contains("if-none-match")).count()
        };
        assert_eq!((by_version(), by_version(), by_version()), (0, 0, 1));
    }

    fn a_page_that_has_not_changed_confirms_no_price(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        let version = Arc::new(Mutex::new("a"));
        let shown = Arc::clone(&version);
        website.answer(move |asked| {
            if asked.path != "/used" {
                return None;
            }
            let version = *shown.lock().unwrap();
            let page = list_page(0..20, None);
            // The price of the first car, misread: a monthly rate.
            let page = if version == "a" { page } else { page.replacen("14000", "349", 1) };
            let is_known = asked.header.contains(&format!("if-none-match: \"{version}\""));
            let reply = if is_known { Reply::status(304) } else { Reply::html(page) };
            Some(reply.header("ETag", format!("\"{version}\"")))
        });
        let changes = || {
            lot.pass(TimeDelta::days(1));
            desk.competitors().scrape(id, &mut unwatched).unwrap().counts.price_changes
        };
        assert_eq!(changes(), 0);
        *version.lock().unwrap() = "b";
        assert_eq!((changes(), changes(), changes()), (0, 0, 0), "doubted, and nothing new is said of it");
        *version.lock().unwrap() = "c";
        assert_eq!(changes(), 1, "said again by a page that was written anew");
    }

    fn each_way_of_failing_has_its_word_and_records_nothing(lot: &Lot) {
        let list = || Reply::html(list_page(0..20, None));
        let challenge = "<title>Just a moment...</title><script>window._cf_chl_opt={}</script>";
        for (word, reply) in [
            ("http_status", Reply::status(503)),
            ("http_status", Reply::status(404)),
            ("network", Reply { cut: true, ..list() }),
            ("timeout", Reply { trickle: Duration::from_millis(200), ..list() }),
            ("timeout", list().after(Duration::from_secs(3))),
            ("blocked", Reply::html(challenge)),
            ("blocked", Reply { status: 403, ..Reply::html(challenge) }),
            ("empty", Reply::html("<div id=root></div><script src=/app.js></script>")),
            ("parsing", Reply { headers: vec![("Content-Type".into(), "image/png".into())], ..list() }),
        ] {
            let website = Website::open();
            website.reply("/used", reply.clone());
            let desk = opened(lot, |config| {
                config.fetch.as_mut().unwrap().page_timeout = Duration::from_millis(700);
            });
            let id = add(&desk, &website.address, format!("{}/used", website.address));
            let error = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, &*format!("scrape_{word}")), "{reply:?}");
            assert_eq!(count(&desk), 0);
            let failed = desk.competitors().get(id).unwrap();
            assert_eq!(failed.scrape_error_type.map(ScrapeErrorType::as_str), Some(word));
            let hours = if word == "blocked" { 24 * 60 } else { 30 };
            assert_eq!(failed.next_scrape_at, Some(lot.now() + TimeDelta::minutes(hours)), "{word}");
        }
    }

    fn a_list_that_has_moved_is_followed(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::status(302).header("Location", "/cars/used/"));
        website.list("/cars/used/", 0..20, Some("page-2"));
        website.list("/cars/used/page-2", 20..35, None);
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 35));
    }

    fn a_website_that_asks_to_be_left_alone_is(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::status(429).header("Retry-After", "7200"));
        let desk = opened(lot, |config| config.fetch.as_mut().unwrap().longest_retry_after = Duration::from_secs(2));
        let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
        let due = || desk.competitors().scrape_due(&ScrapeLimits::default(), &mut unwatched).unwrap();
        let report = due();
        assert_eq!((report.failed[0].error.code(), report.recorded.len()), ("scrape_http_status", 0));
        assert_eq!(report.failed[0].error.retry_after(), Some(Duration::from_secs(7200)));
        assert_eq!(website.take_paths(), ["/used"], "it is not waited for two hours");
        lot.pass(TimeDelta::minutes(119));
        assert!(due().failed.is_empty() && website.take_paths().is_empty());
        website.list("/used", 0..20, None);
        lot.pass(TimeDelta::minutes(2));
        assert_eq!(due().recorded.len(), 1);
        assert_eq!(desk.competitors().get(id).unwrap().next_scrape_at, None);
        lot.pass(TimeDelta::hours(19));
        assert!(due().recorded.is_empty(), "it is due a day later");
        lot.pass(TimeDelta::hours(2));
        assert_eq!(due().recorded.len(), 1);
        // A short wait is waited out.
        let busy = AtomicUsize::new(0);
        website.answer(move |asked| {
            let is_first = asked.path == "/used" && busy.fetch_add(1, Ordering::SeqCst) == 0;
            is_first.then(|| Reply::status(429).header("Retry-After", "1"))
        });
        lot.pass(TimeDelta::hours(21));
        assert_eq!(due().recorded.len(), 1);
    }

    fn a_missing_car_whose_page_is_gone_is_sold_at_once(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"check_missing": 10});
        let update = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &update).unwrap();
        website.list("/used", 0..20, None);
        let scrape = || {
            lot.pass(TimeDelta::days(1));
            desk.competitors().scrape(id, &mut unwatched).unwrap()
        };
        assert_eq!(scrape().counts.new, 20);
        // Cars 15 to 19 are missing: one page is gone, the others answer what proves nothing.
        website.list("/used", 0..15, None);
        (0..15).for_each(|car| website.show(&format!("/car/{car}"), 200, "<h1>for sale</h1>"));
        website.show("/car/16", 403, "");
        website.show("/car/17", 401, "");
        website.show("/car/18", 200, "<h1>sold</h1>");
        website.reply("/car/19", Reply::status(302).header("Location", "/used"));
        let report = scrape();
        let urls: Vec<_> = report.sold.iter().filter_map(|sold| sold.vehicle.url.clone()).collect();
        assert_eq!(urls, [format!("{}/car/15", website.address)]);
        assert_eq!((report.sold[0].sold_at, report.counts.sold), (report.observed_at, 1));
        // A website that shows no car's page proves nothing by that.
        website.list("/used", 0..14, None);
        (0..15).for_each(|car| website.show(&format!("/car/{car}"), 404, ""));
        assert_eq!(scrape().counts.sold, 0);
        // It was not sold after all.
        website.list("/used", 0..16, None);
        assert_eq!(scrape().counts.relisted, 1);
    }

    fn a_bot_check_in_place_of_a_missing_cars_page_proves_nothing(lot: &Lot) {
        for status in [404, 410] {
            let website = Website::open();
            let desk = opened(lot, |_| {});
            let new = NewCompetitor {
                name: format!("Bot check {status}"),
                inventory_url: format!("{}/used", website.address),
                scraper_config: Some(serde_json::json!({"check_missing": 10})),
                ..NewCompetitor::default()
            };
            let id = desk.competitors().add(&new).unwrap().id;
            website.list("/used", 0..20, None);
            let scrape = || {
                lot.pass(TimeDelta::days(1));
                desk.competitors().scrape(id, &mut unwatched).unwrap()
            };
            assert_eq!(scrape().counts.new, 20);
            website.list("/used", 0..15, None);
            (0..15).for_each(|car| website.show(&format!("/car/{car}"), 200, "<h1>for sale</h1>"));
            (15..20).for_each(|car| website.show(&format!("/car/{car}"), status, BOT_CHECK));
            website.take_paths();
            assert_eq!(scrape().counts.sold, 0, "{status}");
            let missing = (15..20).map(|car| format!("/car/{car}"));
            let asked = website.take_paths();
            assert_eq!(missing.filter(|path| asked.contains(path)).count(), 1, "{status}: no other page is asked for");
            // Without the check, the same status is the proof.
            website.show("/car/15", status, "<h1>not found</h1>");
            (16..20).for_each(|car| website.show(&format!("/car/{car}"), 200, "<h1>sold</h1>"));
            assert_eq!(scrape().counts.sold, 1, "{status}");
        }
    }

    fn a_bot_check_is_not_the_end_of_a_counted_list(lot: &Lot) {
        let config = serde_json::json!({"pagination": {"page": {"parameter": "p"}}});
        for status in [404, 410] {
            let website = Website::open();
            website.list("/used", 0..10, None);
            website.list("/used?p=2", 10..20, None);
            (3..9).for_each(|number| website.show(&format!("/used?p={number}"), status, BOT_CHECK));
            let desk = opened(lot, |_| {});
            let new = NewCompetitor {
                name: format!("Bot check {status}"),
                inventory_url: format!("{}/used", website.address),
                scraper_config: Some(config.clone()),
                ..NewCompetitor::default()
            };
            let id = desk.competitors().add(&new).unwrap().id;
            assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap_err().code(), "scrape_blocked", "{status}");
            assert_eq!(website.take_paths(), ["/used", "/used?p=2", "/used?p=3"], "{status}");
            // Without the check, the same status is the end.
            (3..9).for_each(|number| website.show(&format!("/used?p={number}"), status, "<h1>not found</h1>"));
            lot.pass(TimeDelta::days(1));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            assert_eq!((report.completeness, report.counts.vehicles), (Completeness::Complete, 20), "{status}");
        }
    }

    fn a_scrape_that_is_cancelled_records_nothing_at_all(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        for page in 0..6_u32 {
            let next = (page < 5).then(|| format!("/used?page={}", page + 1));
            let path = if page == 0 { "/used".to_owned() } else { format!("/used?page={page}") };
            let reply = Reply::html(list_page(page * 5..page * 5 + 5, next.as_deref()));
            website.reply(&path, Reply { trickle: Duration::from_millis(4), ..reply.after(Duration::from_millis(15)) });
        }
        let mut cancelled = 0;
        for _ in 0..8 {
            lot.pass(TimeDelta::minutes(1));
            let before = count(&desk);
            let patience = Duration::from_millis(fastrand::u64(0..900));
            let began = Instant::now();
            let outcome = desk.competitors().scrape(id, &mut |_| {
                if began.elapsed() < patience { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            match outcome {
                Ok(report) => assert_eq!((report.completeness, count(&desk)), (Completeness::Complete, 30)),
                Err(error) => {
                    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "scrape_cancelled"));
                    assert!(began.elapsed() < patience + Duration::from_millis(1500), "{:?}", began.elapsed());
                    assert_eq!(count(&desk), before);
                    cancelled += 1;
                }
            }
            let competitor = desk.competitors().get(id).unwrap();
            assert_eq!((competitor.scrape_error, competitor.next_scrape_at), (None, None));
        }
        assert!(cancelled > 0);
        lot.pass(TimeDelta::minutes(1));
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!(count(&desk), 30);
    }

    fn a_run_meets_all_that_are_due_and_a_failure_stops_nobody(lot: &Lot) {
        let website = Website::open_at("0.0.0.0");
        website.list("/used", 0..20, None);
        website.show("/broken", 500, "");
        let desk = opened(lot, |config| config.database.pool_size = 1);
        let at = |host: u32, path: &str| format!("http://127.0.0.{host}:{}{path}", website.port());
        for host in 1..=12 {
            add(&desk, &format!("Dealer {host}"), at(host, if host % 4 == 0 { "/broken" } else { "/used" }));
        }
        let paused = add(&desk, "Paused", at(13, "/used"));
        desk.competitors().pause(paused).unwrap();
        add(&desk, "By name alone", "https://by-name-alone.invalid/".into());
        let limits = ScrapeLimits { threads: 8, ..ScrapeLimits::default() };
        let (mut pages, mut most_done, mut names) = (0, 0, Vec::new());
        let report = desk.competitors().scrape_due(&limits, &mut |progress| {
            assert_eq!(progress.total, 12);
            most_done = most_done.max(progress.done + progress.failed);
            match progress.event {
                ScrapeEvent::Page { .. } => pages += 1,
                ScrapeEvent::Recorded(report) => names.push(report.competitor.clone()),
                ScrapeEvent::Failed(failure) => names.push(failure.competitor.clone()),
                _ => {}
            }
            ControlFlow::Continue(())
        }).unwrap();
        assert_eq!((report.recorded.len(), report.failed.len(), report.passed, report.remaining), (9, 3, 0, 0));
        assert!(report.failed.iter().all(|failure| failure.error.code() == "scrape_http_status"));
        assert_eq!((most_done, names.len(), count(&desk)), (12, 12, 9 * 20));
        assert!(pages >= 12);
        // Those that failed come again first, and later each time.
        for (minutes, due) in [(29, 0), (2, 3), (58, 0), (3, 3)] {
            lot.pass(TimeDelta::minutes(minutes));
            let report = desk.competitors().scrape_due(&limits, &mut unwatched).unwrap();
            assert_eq!((report.failed.len(), report.recorded.len()), (due, 0), "{minutes}");
        }
    }

    fn a_panic_over_one_website_takes_no_other_down(lot: &Lot) {
        let website = Website::open_at("0.0.0.0");
        let is_to_panic = Arc::new(AtomicUsize::new(0));
        let (told, asked_for) = (Arc::clone(&is_to_panic), lot.clock());
        website.answer(move |asked| {
            if asked.path == "/bad" {
                told.fetch_max(1, Ordering::SeqCst);
            }
            let is_list = matches!(asked.path.as_str(), "/good" | "/bad");
            is_list.then(|| Reply::html(list_page(0..20, None)))
        });
        // The first look at the clock after the page was sent, on the thread that scrapes it, never comes back.
        let told = Arc::clone(&is_to_panic);
        let clock = Clock::from_fn(move || {
            let is_scraping = thread::current().name().is_some_and(|name| name.starts_with("jpauto-scrape-"));
            let is_now = is_scraping && told.compare_exchange(1, 2, Ordering::SeqCst, Ordering::SeqCst).is_ok();
            assert!(!is_now, "a reader that panics");
            asked_for.now()
        });
        let desk = opened(lot, |config| config.clock = clock);
        let at = |host: u32, path: &str| format!("http://127.0.0.{host}:{}{path}", website.port());
        let ids: Vec<_> = (1..=5)
            .map(|host| add(&desk, &format!("Dealer {host}"), at(host, if host == 3 { "/bad" } else { "/good" })))
            .collect();
        let limits = ScrapeLimits { threads: 1, ..ScrapeLimits::default() };
        let report = desk.competitors().scrape_due(&limits, &mut unwatched).unwrap();
        assert_eq!((report.recorded.len(), report.failed.len(), report.remaining), (4, 1, 0), "{report:?}");
        assert_eq!((report.failed[0].competitor_id, report.failed[0].error.code()), (ids[2], "scrape_panicked"));
        assert_eq!(failures_of_our_own(&desk, ids[2]), ["scrape_panicked"]);
        assert_eq!(open_alerts(&desk, ids[2]), ["scrape_failing"]);
        let listings = ListingFilter { competitors: vec![ids[2]], ..ListingFilter::default() };
        assert!(desk.competitors().listings(&listings, &PageRequest::first(50)).unwrap().items.is_empty());
        // It is put off, and nobody holds it: another process may scrape it at once.
        assert_eq!(desk.competitors().scrape_due(&limits, &mut unwatched).unwrap().recorded.len(), 0);
        let other = opened(lot, |_| {});
        assert_eq!(other.competitors().scrape(ids[2], &mut unwatched).unwrap().counts.new, 20);
        assert!(open_alerts(&desk, ids[2]).is_empty());
    }

    fn a_website_of_whose_pages_some_fail_is_read_again_soon_a_few_times(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.show("/used?page=2", 503, "");
        let (desk, id) = competitor(&website, lot);
        let recorded = |minutes| {
            lot.pass(TimeDelta::minutes(minutes));
            desk.competitors().scrape_due(&ScrapeLimits::default(), &mut unwatched).unwrap().recorded.len()
        };
        assert_eq!(recorded(0), 1);
        for (minutes, count) in [(119, 0), (1, 1), (239, 0), (1, 1), (479, 0), (1, 1), (19 * 60, 0), (60, 1)] {
            assert_eq!(recorded(minutes), count, "{minutes}");
        }
        website.list("/used?page=2", 20..35, None);
        assert_eq!(recorded(20 * 60), 1);
        assert_eq!(desk.competitors().get(id).unwrap().next_scrape_at, None);
        assert_eq!((recorded(3 * 60), recorded(17 * 60)), (0, 1), "a lot seen whole waits for its usual time");
    }

    fn processes_share_the_work_and_no_host_is_asked_twice_at_once(lot: &Lot) {
        const HOSTS: u32 = 8;
        let website = Website::open_at("0.0.0.0");
        let (busy, at_once) = (Mutex::new(HashSet::new()), Arc::new(AtomicUsize::new(0)));
        let overlaps = Arc::clone(&at_once);
        website.answer(move |asked: &Asked| {
            let host = asked.header.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
            let is_alone = busy.lock().unwrap().insert(host.clone());
            overlaps.fetch_add(usize::from(!is_alone), Ordering::SeqCst);
            thread::sleep(Duration::from_millis(20));
            let reply = match asked.path.as_str() {
                "/robots.txt" => Reply::status(404),
                "/next" => Reply::html(list_page(10..20, None)),
                _ => Reply::html(list_page(0..10, Some("/next"))),
            };
            busy.lock().unwrap().remove(&host);
            Some(reply)
        });
        let desks: Vec<_> = (0..3).map(|_| opened(lot, |config| config.database.pool_size = 4)).collect();
        // Two competitors on each host.
        for number in 0..2 * HOSTS {
            let url = format!("http://127.0.0.{}:{}/{number}", number % HOSTS + 1, website.port());
            add(&desks[0], &format!("Dealer {number}"), url);
        }
        let limits = ScrapeLimits { threads: 4, ..ScrapeLimits::default() };
        let mut recorded = 0;
        // What a process leaves because another one speaks to the host is met by the next run.
        for _ in 0..20 {
            let reports: Vec<_> = thread::scope(|scope| {
                let runs: Vec<_> = desks.iter().map(|desk| {
                    scope.spawn(move || desk.competitors().scrape_due(&limits, &mut unwatched).unwrap())
                }).collect();
                runs.into_iter().map(|run| run.join().unwrap()).collect()
            });
            assert!(reports.iter().all(|report| report.failed.is_empty()), "{reports:?}");
            recorded += reports.iter().map(|report| report.recorded.len()).sum::<usize>();
            if recorded == 2 * HOSTS as usize {
                break;
            }
        }
        assert_eq!(recorded, 2 * HOSTS as usize, "each was scraped once");
        assert_eq!(at_once.load(Ordering::SeqCst), 0, "a host was asked twice at once");
        for competitor in desks[0].competitors().list(&CompetitorFilter::default(), &PageRequest::first(50)).unwrap().items {
            let scrapes = desks[0].competitors().scrapes(competitor.id, &PageRequest::first(50)).unwrap();
            assert_eq!(scrapes.items.len(), 1, "{}", competitor.name);
        }
    }

    fn an_endpoint_that_many_dealers_share_is_asked_by_one_process_at_a_time(lot: &Lot) {
        let website = Website::open_at("0.0.0.0");
        let (busy, overlaps) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = Arc::clone(&overlaps);
        website.answer(move |asked| {
            let part: u32 = asked.path.strip_prefix("/api?from=")?.split('&').next()?.parse().ok()?;
            seen.fetch_add(usize::from(busy.fetch_add(1, Ordering::SeqCst) > 0), Ordering::SeqCst);
            thread::sleep(Duration::from_millis(60));
            let cars: Vec<_> = (part..(part + 5).min(20))
                .map(|number| serde_json::json!({"vin": vin(number), "year": 2018, "make": "Toyota", "model": "Corolla"}))
                .collect();
            busy.fetch_sub(1, Ordering::SeqCst);
            Some(Reply::json(serde_json::json!({"cars": cars, "total": 20}).to_string()))
        });
        let desks: Vec<_> = (0..2).map(|_| opened(lot, |_| {})).collect();
        let config = serde_json::json!({"endpoint": {
            "url": format!("http://127.0.0.9:{}/api", website.port()), "listings": "cars", "total": "total",
            "fields": {"vin": "vin", "year": "year", "make": "make", "model": "model"},
            "pagination": {"offset": {"parameter": "from", "size": 5}}
        }});
        for host in 1..=4 {
            let new = NewCompetitor {
                name: format!("Dealer {host}"),
                inventory_url: format!("http://127.0.0.{host}:{}/used", website.port()),
                scraper_config: Some(config.clone()),
                ..NewCompetitor::default()
            };
            desks[0].competitors().add(&new).unwrap();
        }
        // One who lists there too, of whom nobody may ask while the others do.
        add(&desks[0], "Dealer 9", format!("http://127.0.0.9:{}/used", website.port()));
        website.list("/used", 0..20, None);
        let mut recorded = 0;
        for _ in 0..10 {
            let limits = ScrapeLimits { threads: 2, ..ScrapeLimits::default() };
            let reports: Vec<_> = thread::scope(|scope| {
                let runs: Vec<_> = desks
                    .iter()
                    .map(|desk| scope.spawn(move || desk.competitors().scrape_due(&limits, &mut unwatched).unwrap()))
                    .collect();
                runs.into_iter().map(|run| run.join().unwrap()).collect()
            });
            assert!(reports.iter().all(|report| report.failed.is_empty()), "{reports:?}");
            recorded += reports.iter().map(|report| report.recorded.len()).sum::<usize>();
            if recorded == 5 {
                break;
            }
        }
        assert_eq!(recorded, 5);
        assert_eq!(overlaps.load(Ordering::SeqCst), 0, "two asked the endpoint at once");
    }

    fn what_shows_no_sign_of_life_is_taken_over(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::html(list_page(0..20, None)).after(Duration::from_millis(2500)));
        let (desk, id) = competitor(&website, lot);
        let other = opened(lot, |_| {});
        thread::scope(|scope| {
            let slow = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched));
            while website.asked().iter().all(|asked| asked.path != "/used") {
                thread::sleep(Duration::from_millis(10));
            }
            let refusal = other.competitors().scrape(id, &mut unwatched).unwrap_err();
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Conflict, "scrape_running"));
            let told = refusal.to_string();
            let (now, holder) = (lot.now(), format!(" by process {} (", std::process::id()));
            let [since, until] =
                [now, now + TimeDelta::seconds(120)].map(|time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string());
            assert!(told.contains(" already for Valley Motors, since ") && told.contains(&holder), "{told}");
            assert!(told.contains(&since) && told.ends_with(&format!("it is free from {until} on")), "{told}");
            assert!(refusal.retry_after().is_some_and(|wait| wait <= Duration::from_secs(120)), "{refusal:?}");
            let report = other.competitors().scrape_due(&ScrapeLimits::default(), &mut unwatched).unwrap();
            assert_eq!((report.passed, report.recorded.len()), (1, 0));
            // The lease is over before its holder could renew it.
            lot.pass(TimeDelta::minutes(3));
            website.list("/used", 0..18, None);
            assert_eq!(other.competitors().scrape(id, &mut unwatched).unwrap().counts.new, 18);
            let lost = slow.join().unwrap().unwrap_err();
            assert_eq!((lost.kind(), lost.code()), (ErrorKind::Conflict, "scrape_taken_over"));
        });
        assert_eq!(count(&desk), 18);
        assert_eq!(desk.competitors().scrapes(id, &PageRequest::first(5)).unwrap().items.len(), 1);
    }

    fn a_lease_lives_as_long_as_its_holder_shows_that_it_does(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::html(list_page(0..20, None)).after(Duration::from_millis(1500)));
        let short = |config: &mut Config| {
            config.clock = Clock::system();
            config.scraping.lease = Duration::from_millis(400);
        };
        let (desk, other) = (opened(lot, short), opened(lot, short));
        let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
        thread::scope(|scope| {
            let slow = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched));
            thread::sleep(Duration::from_millis(1000));
            assert_eq!(other.competitors().scrape(id, &mut unwatched).unwrap_err().code(), "scrape_running");
            assert_eq!(slow.join().unwrap().unwrap().counts.new, 20);
        });
    }

    fn a_lease_that_ran_out_is_not_the_holders_again(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::html(list_page(0..20, None)).after(Duration::from_millis(1500)));
        let desk = opened(lot, |config| config.scraping.lease = Duration::from_millis(300));
        let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
        thread::scope(|scope| {
            let slow = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched));
            while website.asked().iter().all(|asked| asked.path != "/used") {
                thread::sleep(Duration::from_millis(10));
            }
            // Nobody takes it meanwhile; another list of the host may be being read, for all that it knows.
            lot.pass(TimeDelta::minutes(3));
            assert_eq!(slow.join().unwrap().unwrap_err().code(), "scrape_taken_over");
        });
        assert_eq!(count(&desk), 0);
        website.list("/used", 0..20, None);
        assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap().counts.new, 20);
    }

    fn a_shared_host_that_somebody_else_has_is_asked_no_more(lot: &Lot) {
        let website = Website::open_at("0.0.0.0");
        website.list("/used", 0..20, None);
        website.answer(|asked| {
            let part: u32 = asked.path.strip_prefix("/api?from=")?.split('&').next()?.parse().ok()?;
            let cars: Vec<_> = (part..part + 5)
                .map(|number| serde_json::json!({"vin": vin(number), "year": 2018, "make": "Toyota", "model": "Corolla"}))
                .collect();
            let answer = Reply::json(serde_json::json!({"cars": cars, "total": 200}).to_string());
            Some(answer.after(Duration::from_millis(100)))
        });
        let desk = opened(lot, |config| config.scraping.lease = Duration::from_millis(300));
        let new = NewCompetitor {
            name: "Valley Motors".into(),
            inventory_url: format!("http://127.0.0.1:{}/used", website.port()),
            scraper_config: Some(serde_json::json!({"endpoint": {
                "url": format!("http://127.0.0.9:{}/api", website.port()), "listings": "cars", "total": "total",
                "fields": {"vin": "vin", "year": "year", "make": "make", "model": "model"},
                "pagination": {"offset": {"parameter": "from", "size": 5}}
            }})),
            ..NewCompetitor::default()
        };
        let id = desk.competitors().add(&new).unwrap().id;
        let parts = || website.asked().iter().filter(|asked| asked.path.starts_with("/api")).count();
        thread::scope(|scope| {
            let scrape = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched));
            while parts() == 0 {
                thread::sleep(Duration::from_millis(10));
            }
            lot.execute("UPDATE job_leases SET holder = 'another' WHERE job_name LIKE 'scrape-host:%'");
            assert_eq!(scrape.join().unwrap().unwrap_err().code(), "scrape_taken_over");
        });
        assert!(parts() < 20, "{}", parts());
        assert_eq!((count(&desk), lot.count("SELECT count(*) FROM job_leases")), (0, 1));
    }

    fn a_competitor_deleted_while_it_is_scraped_leaves_no_lease(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::html(list_page(0..20, None)).after(Duration::from_millis(500)));
        let (desk, id) = competitor(&website, lot);
        thread::scope(|scope| {
            let scrape = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched));
            while website.asked().iter().all(|asked| asked.path != "/used") {
                thread::sleep(Duration::from_millis(10));
            }
            assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 1);
            desk.competitors().delete(id).unwrap();
            assert_eq!(scrape.join().unwrap().unwrap_err().code(), "competitor_not_found");
        });
        assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 0);
    }

    fn what_was_scraped_waits_for_a_busy_database(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::html(list_page(0..20, None)).after(Duration::from_millis(200)));
        website.reply("/gone", Reply::status(404).after(Duration::from_millis(200)));
        let desk = opened(lot, |config| config.database.lock_timeout = Duration::from_millis(50));
        let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
        // A whole lot is recorded, and then a failure.
        for (path, outcome) in [("/used", None), ("/gone", Some("scrape_http_status"))] {
            let moved = CompetitorUpdate { inventory_url: Some(format!("{}{path}", website.address)), ..Default::default() };
            desk.competitors().update(id, &moved).unwrap();
            lot.pass(TimeDelta::minutes(1));
            thread::scope(|scope| {
                let scrape = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched));
                while website.asked().iter().all(|asked| asked.path != path) {
                    thread::sleep(Duration::from_millis(2));
                }
                let writer = lot.hold_competitors();
                thread::sleep(Duration::from_millis(1200));
                assert!(!scrape.is_finished());
                drop(writer);
                assert_eq!(scrape.join().unwrap().err().map(|error| error.code()), outcome);
            });
            assert_eq!((count(&desk), lot.count("SELECT count(*) FROM job_leases")), (20, 0));
        }
        assert_eq!(lot.count("SELECT count(*) FROM competitor_scrapes"), 2);
    }

    fn a_database_that_stays_busy_is_waited_for_as_long_as_a_lease_lasts(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::html(list_page(0..20, None)).after(Duration::from_millis(200)));
        let desk = opened(lot, |config| {
            (config.database.lock_timeout, config.scraping.lease) = (Duration::from_millis(50), Duration::from_millis(600));
        });
        let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
        for is_cancelled in [false, true] {
            lot.pass(TimeDelta::minutes(3));
            let stop = AtomicUsize::new(0);
            let asked_before = website.asked().len();
            thread::scope(|scope| {
                let scrape = scope.spawn(|| desk.competitors().scrape(id, &mut |_| match stop.load(Ordering::SeqCst) {
                    0 => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }));
                while website.asked()[asked_before..].iter().all(|asked| asked.path != "/used") {
                    thread::sleep(Duration::from_millis(2));
                }
                let (writer, began) = (lot.hold_competitors(), Instant::now());
                thread::sleep(Duration::from_millis(400));
                assert!(!scrape.is_finished());
                stop.store(usize::from(is_cancelled), Ordering::SeqCst);
                let expected = if is_cancelled { "scrape_cancelled" } else { "database_busy" };
                assert_eq!(scrape.join().unwrap().unwrap_err().code(), expected);
                assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
                drop(writer);
            });
            assert_eq!(count(&desk), 0);
        }
        lot.pass(TimeDelta::minutes(3));
        assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap().counts.new, 20);
    }

    fn a_run_ends_at_its_deadline_with_what_it_has(lot: &Lot) {
        let website = Website::open_at("0.0.0.0");
        website.answer(|asked| {
            let page: u32 = asked.path.strip_prefix("/used/")?.parse().ok()?;
            let list = list_page(page * 5..page * 5 + 5, Some(&format!("/used/{}", page + 1)));
            Some(Reply::html(list).after(Duration::from_millis(100)))
        });
        let desk = opened(lot, |_| {});
        for host in 1..=3 {
            add(&desk, &format!("Dealer {host}"), format!("http://127.0.0.{host}:{}/used/0", website.port()));
        }
        let limits = ScrapeLimits { threads: 2, deadline: Some(Duration::from_secs(1)), ..ScrapeLimits::default() };
        let began = Instant::now();
        let report = desk.competitors().scrape_due(&limits, &mut unwatched).unwrap();
        assert!(began.elapsed() < Duration::from_secs(4));
        assert_eq!((report.recorded.len(), report.remaining, report.stopped), (2, 1, false), "{report:?}");
        assert!(report.recorded.iter().all(|scrape| !scrape.completeness.is_complete() && scrape.counts.new >= 5));
        let stopped = desk.competitors().scrape_due(&ScrapeLimits::default(), &mut |_| ControlFlow::Break(())).unwrap();
        assert_eq!((stopped.recorded.len(), stopped.remaining, stopped.stopped), (0, 1, true));
    }
}

/// A website of thirty cars in two pages, whose platform gives the list as data in two answers; `answer` makes of an answer
/// what is sent.
pub(crate) fn dealer_on(
    website: &Website,
    lot: &Lot,
    answer: impl Fn(u32, String) -> Reply + Send + Sync + 'static,
) -> (Desk, CompetitorId) {
    website.answer(move |asked| {
        let part = if asked.path.contains("pt=2") { 2 } else { 1 };
        if asked.path.starts_with("/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/20001/310002?") {
            let cards: Vec<_> = (if part == 1 { 0..24 } else { 24..30 })
                .map(|number| {
                    format!(
                        r#"{{"VehicleCard": {{"VehicleVin": "{}", "VehicleYear": 2018, "VehicleMake": "Toyota",
                            "VehicleModel": "Corolla", "VehicleInternetPrice": 15000, "VehicleMileage": 40000}}}}"#,
                        vin(number)
                    )
                })
                .collect();
            let data = format!(
                r#"{{"Paging": {{"PaginationDataModel": {{"TotalCount": 30, "TotalPages": 2, "PageNumber": {part}}}}},
                    "DisplayCards": [{}]}}"#,
                cards.join(",")
            );
            let version = format!("\"data-{part}\"");
            let is_known = asked.header.contains(&format!("if-none-match: {version}"));
            let reply = if is_known { Reply::status(304) } else { answer(part, data) };
            return Some(if reply.status < 400 { reply.header("ETag", version) } else { reply });
        }
        asked.path.starts_with("/used").then(|| {
            let cars: Vec<_> = (if part == 1 { 0..15 } else { 15..30 })
                .map(|number| {
                    serde_json::json!({"@type": "ListItem", "name": "2018 Toyota Corolla", "VIN": vin(number),
                        "url": format!("/car/{number}")})
                })
                .collect();
            let list = serde_json::json!({"@type": "ItemList", "itemListElement": cars}).to_string();
            let model = serde_json::json!({"ItemListJson": list, "SearchResultsListModel": {"ResultsCount": 30}});
            Reply::html(format!(
                r#"<script type="application/json" id="dealeron_tagging_data">
                    {{"dealerId": 20001, "pageId": 310002, "itemCount": 30}}</script>
                   <script type="application/json" id="dlron-srp-model">{model}</script>"#
            ))
        })
    });
    let desk = opened(lot, |_| {});
    let id = add(&desk, &website.address, format!("{}/used", website.address));
    (desk, id)
}

/// What went wrong here with scrapes of a competitor, as the audit trail tells it, newest first.
fn failures_of_our_own(desk: &Desk, id: CompetitorId) -> Vec<String> {
    let filter = ActivityFilter::default().resource(id).action(Action::Record);
    let rows = desk.activity().list(&filter, &PageRequest::default()).unwrap().items;
    rows.iter()
        .filter_map(|row| Some(row.changes.as_ref()?.get("error_type")?.get("to")?.as_str()?.to_owned()))
        .collect()
}

pub(crate) fn open_alerts(desk: &Desk, id: CompetitorId) -> Vec<String> {
    let mut filter = AlertFilter::default();
    filter.subject_id = Some(id.into());
    let alerts = desk.alerts().list(&filter, &PageRequest::default()).unwrap().items;
    alerts.into_iter().map(|alert| alert.alert_type).collect()
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
            website.list("/used?plain", 0..20, None);
            let (desk, id) = competitor(&website, lot, Some("/nowhere/chromium"));
            let refusal = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "browser_not_available"));
            assert!(refusal.to_string().contains("`chromium`"), "{refusal}");
            let known = desk.competitors().get(id).unwrap();
            let untried = desk.competitors().test(&known, &TestOptions::default()).unwrap_err();
            assert_eq!(untried.code(), "browser_not_available");
            let competitor = desk.competitors().get(id).unwrap();
            assert!(competitor.scrape_error_type.is_none());
            assert!(competitor.next_scrape_at.is_some(), "it is put off, so that the others have their turn");
            assert_eq!(failures_of_our_own(&desk, id), ["browser_not_available"]);
            assert_eq!(open_alerts(&desk, id), ["scrape_failing"]);
            let due = || {
                let one = ScrapeLimits { competitors: 1, ..ScrapeLimits::default() };
                desk.competitors().scrape_due(&one, &mut unwatched).unwrap()
            };
            let new = NewCompetitor {
                name: "Without scripts".into(),
                inventory_url: format!("{}/used?plain", website.address),
                ..NewCompetitor::default()
            };
            desk.competitors().add(&new).unwrap();
            assert_eq!(due().recorded.len(), 1, "the next in line");
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
            let known = desk.competitors().get(id).unwrap();
            let tried = match desk.competitors().test(&known, &TestOptions::default()) {
                Err(missing) if missing.code() == "browser_not_available" => {
                    println!("skipped: no Chromium is installed (Debian's package `chromium`)");
                    return;
                }
                outcome => outcome.unwrap(),
            };
            assert_eq!((tried.listings_found, tried.pages.len(), tried.next), (35, 2, None));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 35));
            assert_eq!(count(&desk), 35);
            website.show("/used", 200, "<title>Just a moment...</title><script src=/challenges.cloudflare.com/x></script>");
            assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap_err().code(), "scrape_blocked");
            let competitor = desk.competitors().get(id).unwrap();
            assert_eq!(competitor.scrape_error_type, Some(ScrapeErrorType::Blocked));
        }
    }
}
