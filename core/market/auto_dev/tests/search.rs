//! Searches: what is sent, how pages are followed, and what a bad day of the server costs.

use super::*;

#[test]
fn a_search_is_asked_in_auto_devs_words_and_the_key_stands_in_the_header_alone() {
    let server = answering(vec![page(&[item(1)], None)]);
    let mut config = config(&server);
    (config.zip, config.place) = (Some("90012".into()), Coordinates::known(37.7749, -122.4194));
    let found = search(&client(config).0).unwrap();
    let seen = &server.seen()[0];
    assert_eq!(
        seen.path,
        "/listings?vehicle.make=Toyota&vehicle.model=Camry&vehicle.year=2020-2022&retailListing.miles=1-60000\
         &retailListing.price=1000-500000&retailListing.used=true&zip=90012&distance=250&limit=20"
    );
    assert!(seen.header.contains(&format!("authorization: bearer {}", KEY.to_lowercase())), "{}", seen.header);
    assert!(!format!("{:?}", found.search).contains("sk_live"));
    let [one] = found.comparables.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.vin.as_deref(), one.price), (Some("4T1B11HK000000001"), Some(Money::from_dollars(21_001))));
    assert_eq!((one.mileage, one.dealer.as_deref()), (Some(30_000), Some("Example Toyota")));
    assert_eq!(one.first_seen_at, "2026-03-08T00:10:31Z".parse::<DateTime<Utc>>().unwrap());
    assert_eq!((one.last_seen_at, one.distance_miles.map(f64::round)), (now(), Some(347.0)));
    assert_eq!((found.search.pages, found.search.listings, found.search.is_whole), (1, 1, true));
}

#[test]
fn pages_are_followed_by_number_and_by_cursor_to_the_end_or_the_bound() {
    let pages = |seen: &Seen| match seen.path.split_once("&limit=20").unwrap().1 {
        "" => page(&[item(1), item(2)], Some("/listings?page=2&limit=20&apiKey=stolen")),
        "&page=2" => page(&[item(3)], Some("https://evil.example/listings?cursor=abc%3D%3D&page=9")),
        "&cursor=abc%3D%3D" => page(&[item(4)], Some("?page=4")),
        other => panic!("{other}"),
    };
    let server = Server::start(pages);
    let found = search(&client(config(&server)).0).unwrap();
    assert_eq!((found.search.pages, found.search.listings, found.search.is_whole), (3, 4, false));
    assert!(server.seen().iter().all(|seen| seen.path.starts_with("/listings?vehicle.make=Toyota&")));

    // The third page links back to itself, and an empty page ends it.
    for (last, whole, calls) in [(page(&[item(3)], Some("?page=2")), false, 2), (page(&[], Some("?page=3")), true, 2)] {
        let server = answering(vec![page(&[item(1)], Some("?page=2")), last]);
        let mut config = config(&server);
        config.max_pages = 9;
        let found = search(&client(config).0).unwrap();
        assert_eq!((found.search.is_whole, server.seen().len()), (whole, calls));
    }
}

#[test]
fn a_page_after_the_first_that_fails_leaves_those_before_it() {
    let server = Server::start(|seen| match seen.path.ends_with("&page=2") {
        false => page(&[item(1)], Some("?page=2")),
        true => json_reply(402, &json!({"error": "no"})),
    });
    let (client, _) = client(config(&server));
    let found = search(&client).unwrap();
    assert_eq!((found.search.stopped_by.as_deref(), found.comparables.len()), (Some("auto_dev_plan_required"), 1));
    search(&client).unwrap();
    assert_eq!(server.seen().len(), 4, "half an answer is not kept");
}

#[test]
fn the_same_search_is_answered_from_memory_for_a_while() {
    let server = answering(vec![page(&[item(1)], None)]);
    let (client, time) = client(config(&server));
    let spent = AtomicUsize::new(0);
    let spend = || {
        spent.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    for _ in 0..3 {
        assert_eq!(client.search(&camrys(), now(), &spend).unwrap().comparables.len(), 1);
    }
    assert_eq!(spent.load(Ordering::SeqCst), 1);
    client.search(&ListingQuery { years: (2021, 2021), ..camrys() }, now(), &spend).unwrap();
    time.sleep(Duration::from_secs(3_601), &stop::NEVER);
    client.search(&camrys(), now(), &spend).unwrap();
    assert_eq!(spent.load(Ordering::SeqCst), 3);
}

#[test]
fn a_page_is_as_large_as_the_plan_allows() {
    for (plan, limit) in [(AutoDevPlan::Starter, 20), (AutoDevPlan::Growth, 100), (AutoDevPlan::Scale, 500)] {
        let server = answering(vec![page(&[], None)]);
        let mut config = config(&server);
        config.plan = plan;
        search(&client(config).0).unwrap();
        assert!(server.seen()[0].path.ends_with(&format!("&limit={limit}")));
    }
}

#[test]
fn what_may_pass_is_tried_once_more_after_its_wait() {
    let busy = |status: u16, after: Option<&str>| {
        let headers: Vec<_> = after.map(|after| ("Retry-After", after)).into_iter().collect();
        Reply::new(status, &headers, json!({"error": "busy", "code": "SOURCE_ERROR"}).to_string())
    };
    for (first, waited) in [
        (busy(503, None), 5),
        (busy(503, Some("7")), 7),
        (Reply::new(429, &[("Retry-After", "3")], "{}"), 3),
        (Reply::raw(""), 5),
    ] {
        let server = answering(vec![first, page(&[item(1)], None)]);
        let (client, time) = client(config(&server));
        let spent = AtomicUsize::new(0);
        let spend = || {
            spent.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        assert_eq!(client.search(&camrys(), now(), &spend).unwrap().comparables.len(), 1);
        assert_eq!(time.slept().as_secs(), waited);
        assert_eq!(spent.load(Ordering::SeqCst), 2, "each try is a call");
    }
    // Twice is enough, and a wait longer than the search is worth is told instead.
    let server = answering(vec![busy(503, None)]);
    assert_eq!(search(&client(config(&server)).0).unwrap_err().code(), "auto_dev_source_error");
    assert_eq!(server.seen().len(), 2);
    let server = answering(vec![Reply::new(429, &[("Retry-After", "3600")], "{}")]);
    let (client, time) = client(config(&server));
    let error = search(&client).unwrap_err();
    assert_eq!((error.code(), error.retry_after()), ("auto_dev_rate_limited", Some(Duration::from_secs(3_600))));
    assert_eq!((server.seen().len(), time.slept()), (1, Duration::ZERO));
    // The next caller is not let through before then.
    let error = search(&client).unwrap_err();
    assert_eq!((error.code(), server.seen().len()), ("auto_dev_rate_limited", 1));
    assert!(error.retry_after().unwrap() > Duration::from_secs(3_000));
}

#[test]
fn a_slow_and_a_cut_body_end_in_time() {
    let slow = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{\"data\"")
        .then(Duration::from_millis(150), ": [")
        .then(Duration::from_millis(150), "1")
        .then(Duration::from_secs(3), "]}");
    let server = answering(vec![slow]);
    let mut limits = config(&server);
    (limits.call_timeout, limits.pause_before_retry) = (Duration::from_millis(250), Duration::ZERO);
    let started = Instant::now();
    let error = search(&client(limits).0).unwrap_err();
    assert_eq!(error.code(), "auto_dev_timed_out");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    let whole = json!({"data": [item(1)]}).to_string();
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", whole.len(), &whole[..whole.len() / 2]);
    let server = answering(vec![Reply::raw(cut)]);
    assert_eq!(search(&client(config(&server)).0).unwrap_err().code(), "auto_dev_unreachable");
    let server = answering(vec![Reply::new(200, &[], &whole[..whole.len() / 2])]);
    assert_eq!(search(&client(config(&server)).0).unwrap_err().code(), "auto_dev_unreadable");
}

#[test]
fn a_body_of_50_mib_is_not_read_to_its_end() {
    let mut body = br#"{"data": ["#.to_vec();
    body.resize(50 * 1024 * 1024, b' ');
    let server = answering(vec![Reply::new(200, &[("Content-Type", "application/json")], body)]);
    let error = search(&client(config(&server)).0).unwrap_err();
    assert_eq!((error.code(), server.seen().len()), ("auto_dev_too_large", 1));
}

#[test]
fn a_spent_budget_makes_no_call() {
    let server = answering(vec![page(&[item(1)], Some("?page=2")), page(&[item(2)], Some("?page=3"))]);
    let (client, _) = client(config(&server));
    let left = Mutex::new(2_u32);
    let spend = || {
        let mut left = left.lock().unwrap();
        *left = left.checked_sub(1).ok_or_else(|| Error::new(ErrorCode::AutoDevBudgetSpent, "spent"))?;
        Ok(())
    };
    let found = client.search(&camrys(), now(), &spend).unwrap();
    assert_eq!((found.search.pages, found.search.stopped_by.as_deref()), (2, Some("auto_dev_budget_spent")));
    assert_eq!(client.search(&camrys(), now(), &spend).unwrap_err().code(), "auto_dev_budget_spent");
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn addresses_and_keys_that_can_not_be_right_are_refused() {
    for base in ["http://api.auto.dev", "https://127.0.0.1", "https://169.254.169.254", "ftp://api.auto.dev", "api", ""]
    {
        let mut config = AutoDevConfig::new(KEY);
        config.base_url = Some(base.into());
        assert_eq!(AutoDev::new(config).unwrap_err().code(), "invalid_auto_dev_address", "{base}");
    }
    for key in ["", "  ", "two\nlines"] {
        assert_eq!(AutoDev::new(AutoDevConfig::new(key)).unwrap_err().code(), "invalid_auto_dev_key");
    }
    assert!(AutoDev::new(AutoDevConfig::new(KEY)).is_ok());
    for place in ["", "34.0522", "34.0522 -118.2437", "91,0", "0,181", "0,0", "NaN,1", "inf,1", "1,2,3", "a,b"] {
        assert_eq!(place.parse::<Coordinates>().unwrap_err().code(), "invalid_auto_dev_place", "{place}");
    }
    let here: Coordinates = " 34.0522, -118.2437".parse().unwrap();
    assert_eq!((here.latitude, here.longitude), (34.0522, -118.2437));
    let mut config = AutoDevConfig::new(KEY);
    config.place = Some(Coordinates { latitude: f64::NAN, ..here });
    assert_eq!(AutoDev::new(config).unwrap_err().code(), "invalid_auto_dev_place");
    // Each of these would cost counted calls before auto.dev refused it.
    for zip in ["", "9001", "900123", "abc def&x=1", "90012-1", "９００１２"] {
        let mut config = AutoDevConfig::new(KEY);
        config.zip = Some(zip.into());
        assert_eq!(AutoDev::new(config).unwrap_err().code(), "invalid_auto_dev_zip", "{zip}");
    }
}
