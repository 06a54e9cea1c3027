//! Pages that are asked for about cars that are missing from the list.

use super::*;

on_both_databases! {
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

    fn another_website_that_a_missing_cars_page_leads_to_does_not_say_that_it_is_gone(lot: &Lot) {
        let (website, foreign) = (Website::open(), Website::open());
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
        website.list("/used", 0..15, None);
        (0..15).for_each(|car| website.show(&format!("/car/{car}"), 200, "<h1>for sale</h1>"));
        let elsewhere = |path: &str| Reply::status(302).header("Location", format!("{}{path}", foreign.address));
        let at_home = Reply::status(301).header("Location", "/no-such-page");
        website.reply("/car/15", elsewhere("/car/15"));
        website.reply("/car/16", Reply::status(302).header("Location", "/sold/16"));
        website.reply("/sold/16", elsewhere("/car/16"));
        website.reply("/car/17", elsewhere("/cars"));
        foreign.show("/cars", 410, "");
        website.reply("/car/18", at_home);
        website.show("/car/19", 200, "<h1>sold</h1>");
        let report = scrape();
        let urls: Vec<_> = report.sold.iter().filter_map(|sold| sold.vehicle.url.clone()).collect();
        assert_eq!(urls, [format!("{}/car/18", website.address)]);
        assert!(foreign.take_paths().len() >= 2, "it was asked");
        // A car on the list whose page leads to another website, which does not have it either, says nothing about the others.
        website.list("/used", 0..14, None);
        (0..14).for_each(|car| website.reply(&format!("/car/{car}"), elsewhere("/cars")));
        website.show("/car/14", 404, "");
        assert_eq!(scrape().counts.sold, 0);
    }

    fn another_website_that_a_counted_page_leads_to_does_not_end_the_list(lot: &Lot) {
        let (website, foreign) = (Website::open(), Website::open());
        website.list("/used", 0..10, None);
        website.list("/used?p=2", 10..20, None);
        website.reply("/used?p=3", Reply::status(302).header("Location", format!("{}/used", foreign.address)));
        let desk = opened(lot, |_| {});
        let new = NewCompetitor {
            name: "Counted".into(),
            inventory_url: format!("{}/used", website.address),
            scraper_config: Some(serde_json::json!({"pagination": {"page": {"parameter": "p"}}})),
            ..NewCompetitor::default()
        };
        let id = desk.competitors().add(&new).unwrap().id;
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::PageFailed));
        website.reply("/used?p=3", Reply::status(302).header("Location", "/no-such-page"));
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.counts.vehicles), (Completeness::Complete, 20));
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
}
