//! Pages that a website calls unchanged: not sent again, and believed with care.

use super::*;

on_both_databases! {
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
}
