//! Lists read to their last page, and what is no list or no whole one.

use super::*;

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

    fn the_password_in_an_address_is_not_told_in_a_report(lot: &Lot) {
        let website = Website::open();
        let (desk, _) = competitor(&website, lot);
        let url = format!("{}/used", website.address).replace("http://", "http://ann:geheim@");
        let report = desk.competitors().test(url.as_str(), &TestOptions::default()).unwrap();
        assert!(report.failure.is_some() && report.url.ends_with("/used"));
        assert!(!serde_json::to_string(&report).unwrap().contains("geheim"), "{report:?}");
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
}
