//! Leases: a scrape that has lost one stops, records nothing and says so.

use std::{thread, time::Duration};

use chrono::TimeDelta;
use jpauto::{
    Change, Config, Desk, ErrorKind, PageRequest,
    competitors::{CompetitorUpdate, ListingFilter, NewCompetitor, ScrapeLimits, ScrapeReading, ScrapedListing},
};
use serde_json::json;

use crate::{
    scraping::{add, competitor, opened, unwatched},
    support::{
        Lot, vin,
        website::{Reply, Website, list_page},
    },
};

const RUN_OUT: &str = "expires_at = '2026-02-01T00:00:00.000000Z'";

fn on_sale(desk: &Desk) -> usize {
    let filter = ListingFilter { sold: Some(false), ..ListingFilter::default() };
    desk.competitors().listings(&filter, &PageRequest::first(500)).unwrap().items.len()
}

/// Serves so many cars as data, five an answer, each answer after a tenth of a second.
fn serve_cars(website: &Website, total: u32) {
    website.answer(move |asked| {
        let part: u32 = asked.path.strip_prefix("/api?from=")?.split('&').next()?.parse().ok()?;
        let cars: Vec<_> = (part..(part + 5).min(total))
            .map(|number| json!({"vin": vin(number), "year": 2018, "make": "Toyota", "model": "Corolla"}))
            .collect();
        let answer = Reply::json(json!({"cars": cars, "total": total}).to_string());
        Some(answer.after(Duration::from_millis(100)))
    });
}

/// A competitor whose list is data on a host that many dealers share.
fn sharing(website: &Website, name: &str, host: u32) -> NewCompetitor {
    NewCompetitor {
        name: name.into(),
        inventory_url: format!("http://127.0.0.{host}:{}/used", website.port()),
        scraper_config: Some(json!({"endpoint": {
            "url": format!("http://127.0.0.9:{}/api", website.port()), "listings": "cars", "total": "total",
            "fields": {"vin": "vin", "year": "year", "make": "make", "model": "model"},
            "pagination": {"offset": {"parameter": "from", "size": 5}}
        }})),
        ..NewCompetitor::default()
    }
}

fn answers(website: &Website) -> usize {
    website.asked().iter().filter(|asked| asked.path.starts_with("/api")).count()
}

fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        thread::sleep(Duration::from_millis(5));
    }
}

on_both_databases! {
    fn a_scrape_whose_lease_ran_out_between_two_renewals_records_nothing(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::html(list_page(0..20, None)).after(Duration::from_millis(300)));
        // A lease of two minutes is renewed every forty seconds: not within this test.
        let (desk, id) = competitor(&website, lot);
        thread::scope(|scope| {
            let scrape = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched));
            wait_until(|| website.asked().iter().any(|asked| asked.path == "/used"));
            lot.pass(TimeDelta::minutes(3));
            let lost = scrape.join().unwrap().unwrap_err();
            assert_eq!((lost.kind(), lost.code()), (ErrorKind::Conflict, "scrape_taken_over"));
        });
        assert_eq!(on_sale(&desk), 0);
        website.list("/used", 0..20, None);
        assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap().counts.new, 20);
        assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 0);
    }

    fn a_shared_host_that_was_lost_between_two_renewals_is_noticed(lot: &Lot) {
        for (host, change) in [(1, "holder = 'another'"), (2, RUN_OUT)] {
            let website = Website::open_at("0.0.0.0");
            serve_cars(&website, 20);
            let desk = opened(lot, |_| {});
            let id = desk.competitors().add(&sharing(&website, &format!("Dealer {host}"), host)).unwrap().id;
            thread::scope(|scope| {
                let scrape = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched));
                wait_until(|| answers(&website) > 0);
                lot.execute(&format!("UPDATE job_leases SET {change} WHERE job_name LIKE 'scrape-host:%'"));
                assert_eq!(scrape.join().unwrap().unwrap_err().code(), "scrape_taken_over", "{change}");
            });
            assert_eq!(on_sale(&desk), 0, "{change}");
            assert_eq!(lot.count("SELECT count(*) FROM competitor_scrapes"), 0, "it says nothing against the website");
            let others = lot.count("SELECT count(*) FROM job_leases WHERE holder = 'another'");
            assert_eq!((others, lot.count("SELECT count(*) FROM job_leases")), (2 - i64::from(host), 2 - i64::from(host)));
            lot.execute("DELETE FROM job_leases");
        }
    }

    fn a_shared_host_that_ran_out_is_not_revived_by_another_scrape_of_the_same_run(lot: &Lot) {
        let website = Website::open_at("0.0.0.0");
        serve_cars(&website, 60);
        website.reply("/plain", Reply::html(list_page(60..70, None)).after(Duration::from_millis(400)));
        let desk = opened(lot, |_| {});
        let first = desk.competitors().add(&sharing(&website, "First", 1)).unwrap().id;
        let plain = add(&desk, "Plain", format!("http://127.0.0.2:{}/plain", website.port()));
        // Begins when the plain one is done, on its thread.
        let second = desk.competitors().add(&sharing(&website, "Second", 3)).unwrap().id;
        let limits = ScrapeLimits { threads: 2, ..ScrapeLimits::default() };
        let report = thread::scope(|scope| {
            let run = scope.spawn(|| desk.competitors().scrape_due(&limits, &mut unwatched).unwrap());
            wait_until(|| answers(&website) > 0);
            lot.execute(&format!("UPDATE job_leases SET {RUN_OUT} WHERE job_name LIKE 'scrape-host:%'"));
            run.join().unwrap()
        });
        let failed: Vec<_> = report.failed.iter().map(|failure| (failure.competitor_id, failure.error.code())).collect();
        assert_eq!(failed, [(first, "scrape_taken_over")]);
        let recorded: Vec<_> = report.recorded.iter().map(|scrape| scrape.competitor_id).collect();
        assert_eq!(recorded, [plain, second]);
        assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 0);
    }

    fn a_shared_host_is_left_alone_once_its_lease_can_not_be_renewed(lot: &Lot) {
        let website = Website::open_at("0.0.0.0");
        serve_cars(&website, 200);
        let desk = opened(lot, |config: &mut Config| {
            (config.database.lock_timeout, config.scraping.lease) = (Duration::from_millis(50), Duration::from_millis(300));
        });
        let id = desk.competitors().add(&sharing(&website, "Valley Motors", 1)).unwrap().id;
        thread::scope(|scope| {
            let scrape = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched));
            wait_until(|| answers(&website) > 0);
            let writer = lot.hold_leases();
            lot.pass(TimeDelta::minutes(3));
            let lost = scrape.join().unwrap().unwrap_err();
            drop(writer);
            assert!(answers(&website) < 20, "{}", answers(&website));
            assert_eq!(lost.code(), "scrape_taken_over");
        });
        assert_eq!(on_sale(&desk), 0);
    }

    fn what_is_recorded_while_missing_cars_are_looked_for_counts(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = competitor(&website, lot);
        let update = CompetitorUpdate {
            scraper_config: Change::Set(json!({"check_missing": 10})),
            ..CompetitorUpdate::default()
        };
        desk.competitors().update(id, &update).unwrap();
        website.list("/used", 0..20, None);
        lot.pass(TimeDelta::days(1));
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        website.list("/used", 0..15, None);
        (0..15).for_each(|car| website.show(&format!("/car/{car}"), 200, "<h1>for sale</h1>"));
        (15..20).for_each(|car| {
            website.reply(&format!("/car/{car}"), Reply::status(404).after(Duration::from_millis(100)));
        });
        lot.pass(TimeDelta::days(1));
        let is_missing = |path: &str| path.strip_prefix("/car/").is_some_and(|car| car.parse::<u32>().unwrap() >= 15);
        let report = thread::scope(|scope| {
            let scrape = scope.spawn(|| desk.competitors().scrape(id, &mut unwatched).unwrap());
            wait_until(|| website.asked().iter().any(|asked| is_missing(&asked.path)));
            // A later look of somebody else shows them all.
            lot.pass(TimeDelta::minutes(1));
            let cars = (0..20).map(|number| ScrapedListing { vin: Some(vin(number)), ..ScrapedListing::default() });
            let seen = desk.competitors().record(id, cars.collect(), ScrapeReading::whole_lot(), lot.now()).unwrap();
            assert_eq!(seen.counts.seen_again, 20);
            scrape.join().unwrap()
        });
        assert_eq!((report.counts.sold, on_sale(&desk)), (0, 20));
        lot.pass(TimeDelta::days(1));
        assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap().counts.sold, 5);
    }
}
