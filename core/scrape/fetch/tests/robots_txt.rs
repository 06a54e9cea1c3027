//! robots.txt files: which pages they close, and what holds where one cannot be had.

use super::*;

#[rstest]
#[case::path_allowed("User-agent: *\nDisallow: /admin", "/used", true)]
#[case::path_closed("User-agent: *\nDisallow: /used", "/used?page=2", false)]
#[case::query_closed("User-agent: *\nDisallow: /*?*", "/used?page=2", false)]
#[case::query_open("User-agent: *\nDisallow: /*?*", "/used", true)]
#[case::shell("<!doctype html><div id=app></div><script src=/app.js></script>", "/used", true)]
fn robots_txt_is_honoured_by_path_and_query(#[case] robots: &'static str, #[case] path: &str, #[case] open: bool) {
    let server =
        Server::start(move |seen| if seen.path == "/robots.txt" { Reply::text(robots) } else { Reply::html(CARD) });
    let (session, _) = session();
    let outcome = get(&session, server.url(path));
    assert_eq!(server.pages().len(), usize::from(open), "{outcome:?}");
    match outcome {
        Ok(_) => assert!(open),
        Err(failure) => assert!(!open && failure.category() == ScrapeErrorType::Robots, "{failure}"),
    }
}

#[rstest]
#[case::missing(404, true, 1)]
#[case::forbidden(403, true, 1)]
#[case::gone(410, true, 1)]
#[case::failing(500, false, 3)]
#[case::unavailable(503, false, 3)]
#[case::busy(429, false, 3)]
#[case::unable(501, false, 1)]
fn a_missing_robots_txt_allows_and_a_failing_one_forbids(
    #[case] status: u16,
    #[case] open: bool,
    #[case] asked: usize,
) {
    let expected = if status == 501 { ScrapeErrorType::Robots } else { ScrapeErrorType::HttpStatus };
    let server =
        Server::start(move |seen| if seen.path == "/robots.txt" { Reply::status(status) } else { Reply::html(CARD) });
    let (session, _) = session();
    for _ in 0..2 {
        let outcome = get(&session, server.url("/used"));
        assert_eq!(outcome.is_ok(), open, "{outcome:?}");
        // What may pass is tried again as soon as a page that fails, not as late as a website that does not want us.
        assert!(open || outcome.unwrap_err().category() == expected);
    }
    assert_eq!(server.seen().len() - server.pages().len(), asked, "the file is remembered");
}

#[test]
fn a_robots_txt_is_read_in_whatever_encoding_it_comes() {
    let file = "User-agent: *\r\nDisallow: /caf\u{e9}\r\n";
    let latin: Vec<u8> = file.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let little: Vec<u8> = file.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = file.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = [&[0xff, 0xfe], little.as_slice()].concat();
    for (name, bytes, content_type) in [
        ("utf-8", file.as_bytes(), "text/plain"),
        ("utf-8, wrong label", file.as_bytes(), "text/plain; charset=windows-1252"),
        ("windows-1252", &latin, "text/plain"),
        ("windows-1252, labelled", &latin, "text/plain; charset=windows-1252"),
        ("utf-16", &marked, "text/plain"),
        ("utf-16, wrong label", &marked, "text/plain; charset=utf-8"),
        ("utf-16 without a mark", &little, "text/plain"),
        ("utf-16 without a mark, big end first", &big, "text/plain"),
    ] {
        let robots = Reply::new(200, &[("Content-Type", content_type)], bytes);
        let server =
            Server::start(move |seen| if seen.path == "/robots.txt" { robots.clone() } else { Reply::html(CARD) });
        let (session, _) = session();
        let failure = get(&session, server.url("/caf\u{e9}/list")).unwrap_err();
        assert_eq!(failure.category(), ScrapeErrorType::Robots, "{name}: {failure}");
        assert!(get(&session, server.url("/used")).is_ok(), "{name}");
    }
}

#[test]
fn a_robots_txt_that_never_comes_or_breaks_off_forbids() {
    let late = Reply::raw("").then(Duration::from_secs(2), "HTTP/1.1 404 Late\r\n\r\n");
    let cut = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\nUser-agent: *\n");
    for (robots, category) in [(late, ScrapeErrorType::Timeout), (cut, ScrapeErrorType::Network)] {
        let server =
            Server::start(move |seen| if seen.path == "/robots.txt" { robots.clone() } else { Reply::html(CARD) });
        let mut config = config();
        (config.page_timeout, config.retries) = (Duration::from_millis(700), 0);
        let failure = get(&fetcher_with(config).0.session(), server.url("/used")).unwrap_err();
        assert_eq!(failure.category(), category, "{failure}");
        assert!(server.pages().is_empty());
    }
}

#[test]
fn a_robots_txt_is_asked_for_again_when_its_time_is_over() {
    let server = Server::without_robots(|_| Reply::html(CARD));
    let (fetcher, time) = fetcher_with(config());
    get(&fetcher.session(), server.url("/a")).unwrap();
    get(&fetcher.session(), server.url("/b")).unwrap();
    time.sleep(Duration::from_secs(24 * 3600), &Stop::default());
    get(&fetcher.session(), server.url("/c")).unwrap();
    let paths: Vec<_> = server.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/robots.txt", "/a", "/b", "/robots.txt", "/c"]);
}

#[test]
fn a_robots_txt_is_followed_through_redirects() {
    let server = Server::start(|seen| match &*seen.path {
        "/robots.txt" => Reply::redirect("/real.txt"),
        "/real.txt" => Reply::text("User-agent: *\nDisallow: /used"),
        _ => Reply::html(CARD),
    });
    let (first, _) = session();
    assert_eq!(get(&first, server.url("/used")).unwrap_err().category(), ScrapeErrorType::Robots);
    get(&first, server.url("/new")).unwrap();

    let endless = Server::start(|_| Reply::redirect("/robots.txt"));
    let (second, _) = session();
    assert_eq!(get(&second, endless.url("/used")).unwrap_err().category(), ScrapeErrorType::Robots);
    assert_eq!(endless.seen().len(), 6);
}

#[test]
fn the_crawl_delay_outlasts_the_floor() {
    let server = Server::start(|seen| match &*seen.path {
        "/robots.txt" => Reply::text("User-agent: *\nCrawl-delay: 7"),
        _ => Reply::html(CARD),
    });
    let (session, time) = session();
    for path in ["/1", "/2", "/3"] {
        get(&session, server.url(path)).unwrap();
    }
    // After robots.txt the floor, then the delay twice; the little that a request takes counts from its end.
    let slept = time.slept();
    assert!(slept > Duration::from_secs(14) && slept <= Duration::from_secs(15), "{slept:?}");

    let patient = Server::start(|seen| match &*seen.path {
        "/robots.txt" => Reply::text("User-agent: *\nCrawl-delay: inf"),
        _ => Reply::html(CARD),
    });
    get(&session, patient.url("/1")).unwrap();
    assert!(matches!(get(&session, patient.url("/2")), Err(FetchError::OutOfTime { .. })));
}

#[test]
fn robots_txt_of_the_host_redirected_to_is_asked() {
    let closed = Server::start(|seen| match &*seen.path {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /"),
        _ => Reply::html(CARD),
    });
    let target = closed.url("/used");
    let server = Server::without_robots(move |_| Reply::redirect(&target));
    let (session, _) = session();
    assert_eq!(get(&session, server.url("/a")).unwrap_err().category(), ScrapeErrorType::Robots);
    assert!(closed.pages().is_empty());
}

#[test]
fn a_bot_check_in_place_of_robots_txt_is_told_as_one() {
    let server = Server::start(|_| Reply::new(403, &[("cf-mitigated", "challenge")], "x"));
    let (session, _) = session();
    assert_eq!(get(&session, server.url("/used")).unwrap_err().category(), ScrapeErrorType::Blocked);
    assert!(server.pages().is_empty());
}
