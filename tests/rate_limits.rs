//! Competitors' websites that have had enough, and words of theirs that are not taken at once.

use chrono::TimeDelta;
use jpauto::Change;
use jpauto::competitors::{CompetitorUpdate, Completeness, IncompleteReason, ScrapeErrorType, TestOptions, TestSite};
use jpauto::extract::ListWarning;

use crate::{
    scraping::{competitor, dealer_on, opened, unwatched},
    support::{
        Lot,
        website::{Reply, Website, list_page},
    },
};

/// A day, as a website asks for it.
const A_DAY: &str = "86400";

fn too_many() -> Reply {
    Reply::status(429).header("Retry-After", A_DAY)
}

on_both_databases! {
    fn a_later_page_that_asks_for_patience_is_given_it(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, Some("/used?page=2"));
        website.reply("/used?page=2", too_many());
        let (desk, id) = competitor(&website, lot);
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::PageFailed));
        let next = desk.competitors().get(id).unwrap().next_scrape_at.unwrap();
        assert!(next >= report.observed_at + TimeDelta::days(1), "{next}");
    }

    fn pages_are_not_asked_for_where_the_endpoint_beside_them_asked_for_patience(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = dealer_on(&website, lot, |_, _| too_many());
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::LastPageNotReached));
        let asked = website.take_paths();
        assert!(asked.iter().all(|path| path == "/used" || path.starts_with("/api/")), "{asked:?}");
        let next = desk.competitors().get(id).unwrap().next_scrape_at.unwrap();
        assert!(next >= report.observed_at + TimeDelta::days(1), "{next}");
    }

    fn a_website_that_refuses_to_show_missing_cars_is_not_asked_for_each(lot: &Lot) {
        for refusal in [Reply::status(429), Reply::status(503), Reply { cut: true, ..Reply::html("sold") }] {
            let website = Website::open();
            let desk = opened(lot, |_| {});
            let id = crate::scraping::add(&desk, &website.address, format!("{}/used", website.address));
            let config = serde_json::json!({"check_missing": 50});
            let update = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
            desk.competitors().update(id, &update).unwrap();
            website.list("/used", 0..60, None);
            lot.pass(TimeDelta::days(1));
            desk.competitors().scrape(id, &mut unwatched).unwrap();
            website.list("/used", 0..40, None);
            (0..40).for_each(|car| website.show(&format!("/car/{car}"), 200, "<h1>for sale</h1>"));
            (40..60).for_each(|car| website.reply(&format!("/car/{car}"), refusal.clone()));
            website.take_paths();
            lot.pass(TimeDelta::days(1));
            desk.competitors().scrape(id, &mut unwatched).unwrap();
            let cars = website.take_paths().into_iter().filter(|path| path.starts_with("/car/")).count();
            assert!(cars <= 3, "the page of a car on the list, and one that is missing, twice: {cars} for {}", refusal.status);
        }
    }

    fn a_missing_car_is_not_looked_for_where_pages_stood_before_they_moved(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        let update = CompetitorUpdate {
            scraper_config: Change::Set(serde_json::json!({"check_missing": 10})),
            ..Default::default()
        };
        desk.competitors().update(id, &update).unwrap();
        let scrape = || {
            lot.pass(TimeDelta::days(1));
            desk.competitors().scrape(id, &mut unwatched).unwrap()
        };
        website.list("/used", 0..20, None);
        scrape();
        // Every page has another address, and one car is missing for two days.
        let moved = list_page(0..19, None).replace("/car/", "/vehicle/");
        website.reply("/used", Reply::html(moved));
        (0..19).for_each(|car| website.show(&format!("/vehicle/{car}"), 200, "<h1>for sale</h1>"));
        assert_eq!(scrape().counts.sold, 0);
        website.take_paths();
        assert_eq!(scrape().counts.sold, 0);
        assert_eq!(website.take_paths(), ["/used"], "nothing at the old addresses could prove anything");
    }

    fn a_trial_asks_nothing_more_behind_a_bot_check(lot: &Lot) {
        let website = Website::open();
        let (desk, _) = dealer_on(&website, lot, |_, _| {
            Reply::status(403).header("cf-mitigated", "challenge")
        });
        let url = format!("{}/used", website.address);
        let report = desk.competitors().test(url.as_str(), &TestOptions::default()).unwrap();
        assert_eq!(report.failure.map(|failure| failure.error_type), Some(ScrapeErrorType::Blocked));
        assert!(website.take_paths().iter().all(|path| !path.contains("/used?pt=2")));
    }

    fn a_lot_that_is_called_sold_at_first_sight_is_told(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        let sold = list_page(0..20, None).replace(r#""offers": {"#, r#""offers": {"availability": "https://schema.org/SoldOut", "#);
        website.reply("/used", Reply::html(sold));
        let url = format!("{}/used", website.address);
        let test = desk.competitors().test(url.as_str(), &TestOptions::default()).unwrap();
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        let tested: Vec<_> = test.warnings.iter().map(ListWarning::code).collect();
        let recorded: Vec<_> = report.warnings.iter().map(ListWarning::code).collect();
        for codes in [tested, recorded] {
            assert!(codes.contains(&"called_sold"), "{codes:?}");
        }
        lot.pass(TimeDelta::days(1));
        assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap().warnings, [], "told once");
    }

    fn prices_that_are_never_believed_are_told_apart_from_those_that_are_doubted(lot: &Lot) {
        let website = Website::open();
        let (desk, _) = competitor(&website, lot);
        let page = list_page(0..20, None).replacen("14000", "199", 3).replacen("14000", "349", 2);
        website.reply("/used", Reply::html(page));
        let report = desk.competitors().test(format!("{}/used", website.address).as_str(), &TestOptions::default()).unwrap();
        let begins = |code: &str| {
            let warning = report.warnings.iter().find(|warning| warning.code() == code);
            warning.map(|warning| warning.to_string().split(' ').next().unwrap_or_default().to_owned())
        };
        assert_eq!(begins("prices_below_least").as_deref(), Some("3"), "{:?}", report.warnings);
        assert_eq!(begins("prices_below_floor").as_deref(), Some("2"), "{:?}", report.warnings);
    }

    fn records_that_nothing_tells_apart_are_told_and_not_taken_for_an_empty_lot(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        website.reply("/api", Reply::json(r#"{"cars": [{"ref": "A1"}, {"ref": "A2"}]}"#));
        let wrong = serde_json::json!({"endpoint": {"url": "/api", "listings": "cars", "fields": {"stock_number": "stock"}}});
        let update = CompetitorUpdate { scraper_config: Change::Set(wrong.clone()), ..Default::default() };
        desk.competitors().update(id, &update).unwrap();
        let failure = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
        assert_eq!(failure.code(), "scrape_empty");
        assert!(failure.to_string().contains("2 of 2 records"), "{failure}");
        let site = TestSite { scraper_config: Some(wrong), ..TestSite::from(format!("{}/used", website.address).as_str()) };
        let report = desk.competitors().test(site, &TestOptions::default()).unwrap();
        assert!(report.warnings.iter().any(|warning| warning.code() == "no_identity"), "{:?}", report.warnings);
    }
}
