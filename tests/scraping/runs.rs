//! Runs over all competitors that are due: progress, failures, cancelling and deadlines.

use super::*;

on_both_databases! {
    fn a_scrape_under_a_clock_that_was_ahead_leaves_the_website_due(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, None);
        let (desk, _) = competitor(&website, lot);
        let due = || {
            let report = desk.competitors().scrape_due(&ScrapeLimits::default(), &mut unwatched).unwrap();
            (report.recorded.len(), report.failed.len(), report.skipped)
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
        assert_eq!((report.recorded.len(), report.failed.len(), report.skipped, report.remaining), (9, 3, 0, 0));
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

    fn an_address_that_is_none_is_a_failure_and_not_passed_over(lot: &Lot) {
        let desk = opened(lot, |_config| {});
        let id = add(&desk, "Adopted", "https://motors.example/used".into());
        lot.execute("UPDATE competitors SET inventory_url = 'motors.example/used'");
        let report = desk.competitors().scrape_due(&ScrapeLimits::default(), &mut unwatched).unwrap();
        let codes: Vec<_> = report.failed.iter().map(|failure| failure.error.code()).collect();
        assert_eq!((codes, report.recorded.len()), (vec!["scrape_parsing"], 0));
        assert!(desk.competitors().get(id).unwrap().scrape_error.is_some());
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
