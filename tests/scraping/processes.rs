//! Several processes over one database: leases, shared hosts, a database that is busy.

use super::*;

on_both_databases! {
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
            assert_eq!((report.skipped, report.recorded.len()), (1, 0));
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
}
