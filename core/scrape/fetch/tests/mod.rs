//! The fetcher against servers on loopback.

pub(crate) mod server;

use std::{
    io::Write as _,
    net::Ipv4Addr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use chrono::{DateTime, Utc};
use rstest::rstest;

use self::server::{Reply, Seen, Server};
use super::*;
use crate::scrape::ScrapeErrorType;

/// Time that passes when it is slept through, at once.
pub(crate) struct TestTime {
    began: Instant,
    slept: Mutex<Vec<Duration>>,
}

impl TestTime {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { began: Instant::now(), slept: Mutex::default() })
    }

    pub(crate) fn slept(&self) -> Duration {
        self.slept.lock().unwrap().iter().sum()
    }
}

impl Timing for TestTime {
    fn now(&self) -> Instant {
        Instant::now() + self.slept()
    }

    fn time_of_day(&self) -> DateTime<Utc> {
        let noon: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        // Whole seconds: a test is over within the first.
        noon + Duration::from_secs((self.now() - self.began).as_secs())
    }

    fn sleep(&self, span: Duration, _stop: &Stop) {
        self.slept.lock().unwrap().push(span);
    }
}

fn config() -> FetchConfig {
    let mut config = FetchConfig::new("desk@dealer.example");
    (config.allow_private_networks, config.allow_any_port) = (true, true);
    config
}

/// A fetcher whose waits take no time, and their sum.
fn fetcher_with(config: FetchConfig) -> (Fetcher, Arc<TestTime>) {
    let time = TestTime::new();
    let timing: Arc<dyn Timing> = time.clone();
    (Fetcher::with(config, system_lookup(), timing).unwrap(), time)
}

fn session() -> (Session, Arc<TestTime>) {
    let (fetcher, time) = fetcher_with(config());
    (fetcher.session(), time)
}

fn get(session: &Session, url: impl Into<String>) -> Result<Fetched, FetchError> {
    session.get(&PageRequest::get(url))
}

/// Replies one after the other, the last one for ever.
fn in_turn(replies: Vec<Reply>) -> impl Fn(&Seen) -> Reply {
    let next = AtomicUsize::new(0);
    move |_| replies[next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1)].clone()
}

const CARD: &str = "<li>2019 Toyota Camry SE, $18,995</li>";

#[test]
fn a_page_comes_with_its_headers_and_says_who_asks() {
    let server = Server::without_robots(|_| {
        let headers =
            [("Content-Type", "text/html"), ("ETag", "\"a1\""), ("Last-Modified", "Sun, 01 Mar 2026 10:00:00 GMT")];
        Reply::new(200, &headers, CARD)
    });
    let (session, _) = session();
    let page = get(&session, server.url("/used?page=1#top")).unwrap();
    assert_eq!(page.final_url.as_str(), server.url("/used?page=1"));
    assert_eq!((page.status, &*page.body, page.not_modified), (200, CARD.as_bytes(), false));
    assert_eq!(page.content_type.as_deref(), Some("text/html"));
    assert_eq!(page.etag.as_deref(), Some("\"a1\""));
    assert_eq!(page.last_modified.as_deref(), Some("Sun, 01 Mar 2026 10:00:00 GMT"));
    for seen in server.seen() {
        let expected = format!("user-agent: jpauto/{} (+desk@dealer.example)\r\n", env!("CARGO_PKG_VERSION"));
        assert!(seen.header.contains(&expected), "{}", seen.header);
        assert!(seen.header.contains("accept-encoding: ") && !seen.header.contains("referer"), "{}", seen.header);
    }
}

#[rstest]
#[case::plain("text/plain; charset=windows-1252", "{\"vehicles\":[]}", true)]
#[case::script("application/javascript", " [{}]", true)]
#[case::words("text/plain", "User-agent: *", false)]
#[case::code("text/javascript", "var cars = {}", false)]
#[case::picture("image/png", "{\"vehicles\":[]}", false)]
fn a_type_that_says_little_is_read_where_the_body_begins_like_data(
    #[case] content_type: &'static str,
    #[case] body: &'static str,
    #[case] is_read: bool,
) {
    let server = Server::without_robots(move |_| Reply::new(200, &[("Content-Type", content_type)], body));
    let (session, _) = session();
    match get(&session, server.url("/data")) {
        Ok(page) => assert!(is_read && &*page.body == body.as_bytes()),
        Err(failure) => assert!(!is_read && matches!(failure, FetchError::ContentType { .. }), "{failure}"),
    }
}

#[rstest]
#[case::nobody("")]
#[case::blanks("  ")]
#[case::no_address("the desk")]
#[case::comment("a@b.example) (curl/8")]
#[case::line("a@b.example\r\nX-Other: 1")]
fn nobody_fetches_without_saying_who(#[case] contact: &str) {
    let refusal = Fetcher::new(FetchConfig::new(contact)).err().unwrap();
    assert_eq!(refusal.code(), "invalid_contact");
}

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
fn redirects_are_followed_and_the_last_address_told() {
    let hops = Server::without_robots(|seen| match &*seen.path {
        "/a" => Reply::redirect("b?x=1#part"),
        "/b?x=1" => Reply::redirect("/c"),
        _ => Reply::html(CARD),
    });
    let (session, _) = session();
    assert_eq!(get(&session, hops.url("/a")).unwrap().final_url.as_str(), hops.url("/c"));
    assert_eq!(hops.pages(), ["/a", "/b?x=1", "/c"]);
}

#[test]
fn redirects_without_end_are_given_up() {
    let server = Server::without_robots(|_| Reply::redirect("/again"));
    let (session, _) = session();
    let failure = get(&session, server.url("/a")).unwrap_err();
    assert!(matches!(failure, FetchError::Redirects { limit: 5, .. }), "{failure}");
    assert_eq!(server.pages().len(), 6);
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
fn a_public_name_with_a_private_address_is_not_connected_to() {
    let server = Server::without_robots(|_| Reply::html(CARD));
    let lookup: Lookup = Arc::new(|_| Ok(vec![Ipv4Addr::LOCALHOST.into()]));
    let mut config = FetchConfig::new("desk@dealer.example");
    config.allow_any_port = true;
    let fetcher = Fetcher::with(config, lookup, TestTime::new()).unwrap();
    let url = format!("http://dealer.example:{}/used", server.port());
    let failure = get(&fetcher.session(), url).unwrap_err();
    assert!(matches!(failure, FetchError::Refused { reason: Refusal::NotPublic, .. }), "{failure}");
    assert!(server.seen().is_empty());
}

#[test]
fn a_name_is_connected_to_at_the_address_that_was_checked() {
    let server = Server::without_robots(|_| Reply::html(CARD));
    let asked = Arc::new(AtomicUsize::new(0));
    // The second lookup, the one an attacker waits for, would lead elsewhere: it is never made.
    let lookup: Lookup = {
        let asked = Arc::clone(&asked);
        Arc::new(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(vec![Ipv4Addr::new(169, 254, 169, 254).into(), Ipv4Addr::LOCALHOST.into()]),
            _ => Ok(vec![Ipv4Addr::new(127, 0, 0, 99).into()]),
        })
    };
    let fetcher = Fetcher::with(config(), lookup, TestTime::new()).unwrap();
    let url = format!("http://dealer.example:{}/used", server.port());
    get(&fetcher.session(), url).unwrap();
    assert_eq!((server.seen().len(), asked.load(Ordering::SeqCst)), (2, 1));
}

#[test]
fn a_redirect_to_a_private_address_is_refused() {
    let inside = Server::without_robots(|_| Reply::html("secret"));
    let targets = [
        inside.url("/"),
        format!("http://localhost:{}/", inside.port()),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[::ffff:169.254.169.254]/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "http://user:word@example.com/".to_owned(),
        "http://[".to_owned(),
    ];
    for target in &targets[2..] {
        let target = target.clone();
        let server = Server::without_robots(move |_| Reply::redirect(&target));
        let (session, _) = session();
        let failure = get(&session, server.url("/")).unwrap_err();
        assert!(matches!(failure, FetchError::Refused { .. }), "{failure}");
        assert_eq!(failure.category(), ScrapeErrorType::Network);
    }
    // The servers of these tests stand on loopback; where that is not allowed, the check of a hop is asked directly.
    let (fetcher, _) = fetcher_with(FetchConfig::new("desk@dealer.example"));
    let from = Url::parse("https://dealer.example/used").unwrap();
    for target in &targets {
        let headers = [(LOCATION, HeaderValue::from_str(target).unwrap())].into_iter().collect();
        let answer = Answer { status: 302, headers, body: Vec::new(), is_whole: true };
        let refusal = fetcher.session().fetcher.redirected(&from, &answer).unwrap_err();
        assert!(matches!(refusal, FetchError::Refused { .. }), "{refusal}");
    }
    assert!(inside.seen().is_empty());
}

#[test]
fn a_page_that_did_not_change_is_not_sent_again() {
    let server = Server::without_robots(|seen| {
        if seen.header.contains("if-none-match: \"a1\"") || seen.header.contains("if-modified-since: sun, 01 mar") {
            return Reply::raw("HTTP/1.1 304 Not Modified\r\nETag: \"a1\"\r\nConnection: close\r\n\r\n");
        }
        Reply::new(200, &[("Content-Type", "text/html"), ("ETag", "\"a1\"")], CARD)
    });
    let (session, _) = session();
    let first = get(&session, server.url("/used")).unwrap();
    let by_tag = PageRequest { etag: first.etag, ..PageRequest::get(server.url("/used")) };
    let by_date = PageRequest {
        last_modified: Some("Sun, 01 Mar 2026 10:00:00 GMT".to_owned()),
        ..PageRequest::get(server.url("/used"))
    };
    for request in [by_tag, by_date] {
        let again = session.get(&request).unwrap();
        assert_eq!((again.status, again.not_modified, again.body.len()), (304, true, 0));
        assert_eq!(again.etag.as_deref(), Some("\"a1\""));
    }
    let broken = PageRequest { etag: Some("\"a\r\nX: 1\"".to_owned()), ..PageRequest::get(server.url("/used")) };
    assert_eq!(session.get(&broken).unwrap().body, CARD.as_bytes());
}

#[test]
fn a_304_that_nobody_asked_for_is_no_page() {
    let server = Server::without_robots(|_| Reply::raw("HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"));
    let (session, _) = session();
    assert_eq!(get(&session, server.url("/used")).unwrap_err().status(), Some(304));
}

#[rstest]
#[case::seconds("20", 20)]
#[case::date("Sun, 01 Mar 2026 12:00:40 GMT", 38)]
fn retry_after_is_waited_for(#[case] value: &'static str, #[case] at_least: u64) {
    let busy = Reply::new(429, &[("Retry-After", value)], "slow down");
    let server = Server::without_robots(in_turn(vec![busy, Reply::html(CARD)]));
    let (session, time) = session();
    get(&session, server.url("/used")).unwrap();
    assert_eq!(server.pages().len(), 2);
    let slept = time.slept().as_secs();
    // The floor after robots.txt comes on top, and a date counts from the moment it is read.
    assert!((at_least..=at_least + 3).contains(&slept), "{slept}");
}

#[test]
fn a_retry_after_beyond_patience_ends_the_page_and_is_told() {
    let server = Server::without_robots(|_| Reply::new(503, &[("Retry-After", "86400")], "later"));
    let (session, time) = session();
    let failure = get(&session, server.url("/used")).unwrap_err();
    assert_eq!((failure.status(), failure.retry_after()), (Some(503), Some(Duration::from_secs(86400))));
    assert_eq!(server.pages().len(), 1);
    assert!(time.slept() < Duration::from_secs(10));
}

#[test]
fn failures_that_may_pass_are_tried_again_twice() {
    let passing = Server::without_robots(in_turn(vec![Reply::status(503), Reply::status(500), Reply::html(CARD)]));
    let lasting = Server::without_robots(|_| Reply::status(503));
    let hopeless = Server::without_robots(|_| Reply::status(404));
    let hung_up = Server::without_robots(in_turn(vec![Reply::raw(""), Reply::html(CARD)]));
    let (session, _) = session();
    get(&session, passing.url("/used")).unwrap();
    get(&session, hung_up.url("/used")).unwrap();
    for (server, status, tries) in [(&lasting, 503, 3), (&hopeless, 404, 1)] {
        let failure = get(&session, server.url("/used")).unwrap_err();
        assert_eq!((failure.status(), server.pages().len()), (Some(status), tries));
        assert_eq!(failure.category(), ScrapeErrorType::HttpStatus);
    }
}

#[test]
fn nobody_there_is_a_failure_of_the_network() {
    let port = Server::start(|_| Reply::status(404)).port();
    thread::sleep(Duration::from_millis(50));
    let (session, _) = session();
    let failure = get(&session, format!("http://127.0.0.1:{port}/")).unwrap_err();
    assert_eq!(failure.category(), ScrapeErrorType::Network);
}

#[rstest]
#[case::stalls(vec![(60_000, "never")])]
#[case::trickles(vec![(80, "a"); 200])]
fn a_slow_body_ends_at_the_deadline(#[case] pieces: Vec<(u64, &'static str)>) {
    let server = Server::without_robots(move |_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n";
        let pieces = pieces.iter().map(|(pause, text)| (Duration::from_millis(*pause), *text));
        pieces.fold(Reply::raw(head), |reply, (pause, text)| reply.then(pause, text))
    });
    let mut config = config();
    (config.page_timeout, config.retries) = (Duration::from_millis(700), 0);
    let (fetcher, _) = fetcher_with(config);
    let started = Instant::now();
    let failure = get(&fetcher.session(), server.url("/used")).unwrap_err();
    assert!(matches!(failure, FetchError::TimedOut { .. }), "{failure:?}");
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(700) && took < Duration::from_secs(8), "{took:?}");
}

#[test]
fn the_deadline_of_a_scrape_holds_over_all_its_pages() {
    let server = Server::without_robots(|_| Reply::html(CARD));
    let mut config = config();
    (config.scrape_timeout, config.pause) = (Duration::from_secs(60), Duration::from_secs(20));
    let session = fetcher_with(config).0.session();
    let outcomes: Vec<_> = (0..4).map(|page| get(&session, server.url(&format!("/{page}")))).collect();
    let fetched = outcomes.iter().take_while(|outcome| outcome.is_ok()).count();
    // Robots.txt at once, pages after 20 and 40 seconds; the next turn would come after 60.
    assert_eq!((fetched, server.pages().len()), (2, 2));
    for outcome in &outcomes[fetched..] {
        assert!(matches!(outcome, Err(FetchError::OutOfTime { .. })), "{outcome:?}");
    }
}

#[test]
fn a_cut_body_is_a_failure_and_not_a_short_page() {
    let cut_codings = CODINGS.map(|(coding, compress)| {
        let whole = compress(CARD.repeat(500).as_bytes());
        let half = &whole[..whole.len() / 2];
        Reply::new(200, &[("Content-Type", "text/html"), ("Content-Encoding", coding)], half)
    });
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
    let cut_length = Reply::raw(format!("{head}Content-Length: 5000\r\n\r\n{CARD}"));
    let cut_chunks = Reply::raw(format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n"));
    for reply in cut_codings.into_iter().chain([cut_length, cut_chunks]) {
        let always = reply.clone();
        let server = Server::without_robots(in_turn(vec![reply.clone(), reply, Reply::html(CARD)]));
        let (session, _) = session();
        // Three tries: the third one brings it whole.
        assert_eq!(get(&session, server.url("/used")).unwrap().body, CARD.as_bytes());
        assert_eq!(server.pages().len(), 3);
        let lasting = Server::without_robots(move |_| always.clone());
        let (failure, address) = (get(&session, lasting.url("/used")).unwrap_err(), lasting.url("/used"));
        assert_eq!(failure.to_string(), format!("the answer of {address} broke off before its end"));
        assert_eq!(failure.category(), ScrapeErrorType::Network);
    }
}

#[test]
fn a_body_in_an_encoding_that_was_not_asked_for_is_named() {
    let headers = [("Content-Type", "text/html"), ("Content-Encoding", "compress")];
    let server = Server::without_robots(move |_| Reply::new(200, &headers, CARD));
    let (session, _) = session();
    let failure = get(&session, server.url("/used")).unwrap_err();
    assert!(
        failure.to_string().ends_with("is encoded as \"compress\", which was not asked for and is not read"),
        "{failure}"
    );
    assert_eq!((failure.category(), server.pages().len()), (ScrapeErrorType::Parsing, 1));
}

#[test]
fn where_nobody_is_at_a_redirects_target_the_target_is_named() {
    let port = Server::start(|_| Reply::status(404)).port();
    thread::sleep(Duration::from_millis(50));
    let target = format!("http://127.0.0.1:{port}/used");
    let seen_at = target.replace("/used", "/robots.txt");
    let server = Server::without_robots(move |_| Reply::redirect(&target));
    let (session, _) = session();
    let failure = get(&session, server.url("/used")).unwrap_err();
    assert_eq!(failure.to_string(), format!("{seen_at} could not be reached"), "the first that is asked of it");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(bytes).unwrap();
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;

/// The ways to compress, by their names in HTTP.
const CODINGS: [(&str, Compress); 3] = [("gzip", gzip), ("br", brotli), ("zstd", zstd)];

#[test]
fn compressed_pages_are_read() {
    let page = CARD.repeat(5000);
    for (coding, compress) in CODINGS {
        let body = compress(page.as_bytes());
        assert!(body.len() < page.len() / 10);
        let server = Server::without_robots(move |seen| {
            assert!(seen.header.contains(coding), "{}", seen.header);
            Reply::new(200, &[("Content-Type", "text/html"), ("Content-Encoding", coding)], &body)
        });
        let (session, _) = session();
        assert_eq!(get(&session, server.url("/used")).unwrap().body, page.as_bytes(), "{coding}");
    }
}

#[test]
fn bombs_are_stopped_at_the_limit() {
    let zeros = vec![b' '; 8 * 1024 * 1024];
    for (coding, compress) in CODINGS {
        let body = compress(&zeros);
        assert!(body.len() < 16 * 1024, "{coding}: {}", body.len());
        let server = Server::without_robots(move |_| {
            Reply::new(200, &[("Content-Type", "text/html"), ("Content-Encoding", coding)], &body)
        });
        let mut config = config();
        config.max_body_bytes = 64 * 1024;
        let (fetcher, _) = fetcher_with(config);
        let failure = get(&fetcher.session(), server.url("/used")).unwrap_err();
        assert!(matches!(failure, FetchError::TooLarge { limit: 65_536, .. }), "{coding}: {failure}");
        assert_eq!((failure.category(), server.pages().len()), (ScrapeErrorType::Parsing, 1));
    }
}

#[test]
fn a_page_of_just_the_limit_is_whole() {
    for (length, is_whole) in [(1000, true), (1001, false)] {
        let server = Server::without_robots(move |_| Reply::html(vec![b'<'; length]));
        let mut config = config();
        config.max_body_bytes = 1000;
        let (fetcher, _) = fetcher_with(config);
        assert_eq!(get(&fetcher.session(), server.url("/used")).is_ok(), is_whole);
    }
}

#[rstest]
#[case::html(Some("text/html; charset=utf-8"), "x", true)]
#[case::capitals(Some("Text/HTML"), "x", true)]
#[case::xhtml(Some("application/xhtml+xml"), "x", true)]
#[case::json(Some("application/json"), "{}", true)]
#[case::json_ld(Some("application/ld+json"), "{}", true)]
#[case::feed(Some("application/atom+xml"), "<a/>", true)]
#[case::xml(Some("text/xml"), "<a/>", true)]
#[case::unsaid_html(None, " <html>", true)]
#[case::unsaid_json(None, "[1]", true)]
#[case::unsaid_other(None, "%PDF-1.7", false)]
#[case::pdf(Some("application/pdf"), "<html>", false)]
#[case::image(Some("image/svg+xml"), "<svg>", false)]
#[case::script(Some("text/javascript"), "x", false)]
#[case::binary(Some("application/octet-stream"), "<html>", false)]
#[case::empty(Some(""), "<html>", false)]
fn only_markup_and_json_are_pages(#[case] kind: Option<&'static str>, #[case] body: &'static str, #[case] read: bool) {
    let server = Server::without_robots(move |_| {
        let header: Vec<_> = kind.map(|kind| ("Content-Type", kind)).into_iter().collect();
        Reply::new(200, &header, body)
    });
    let (session, _) = session();
    match get(&session, server.url("/used")) {
        Ok(page) => assert!(read && page.body == body.as_bytes()),
        Err(failure) => assert!(!read && failure.category() == ScrapeErrorType::Parsing, "{failure}"),
    }
}

#[test]
fn cookies_stay_within_their_session_and_host() {
    let server = Server::without_robots(|_| {
        Reply::new(
            200,
            &[("Content-Type", "text/html"), ("Set-Cookie", "visit=7; Path=/"), ("Set-Cookie", "b=2")],
            CARD,
        )
    });
    let (fetcher, _) = fetcher_with(config());
    let first = fetcher.session();
    get(&first, server.url("/1")).unwrap();
    get(&first, server.url("/2")).unwrap();
    get(&fetcher.session(), server.url("/3")).unwrap();
    let abroad = Server::without_robots(|_| Reply::html(CARD));
    get(&first, format!("http://localhost:{}/4", abroad.port())).unwrap();
    let cookies = |server: &Server, path: &str| {
        let seen = server.seen().into_iter().find(|seen| seen.path == path).unwrap();
        seen.header.lines().find_map(|line| line.strip_prefix("cookie: ").map(str::to_owned))
    };
    assert_eq!(cookies(&server, "/1"), None);
    let sent = cookies(&server, "/2").unwrap();
    assert!(sent.contains("visit=7") && sent.contains("b=2"), "{sent}");
    assert_eq!(cookies(&server, "/3"), None);
    assert_eq!(cookies(&abroad, "/4"), None);
}

#[rstest]
#[case::challenge(Reply::new(403, &[("Content-Type", "text/html"), ("cf-mitigated", "challenge")], "x"))]
#[case::busy(Reply::new(429, &[("Content-Type", "text/html")], "<script>window.KPSDK={}</script>"))]
#[case::interstitial(Reply::html("<title>Just a moment...</title><script>window._cf_chl_opt={}</script>"))]
#[case::sent_away(Reply::redirect("https://validate.perfdrive.com/?ssa=1"))]
#[case::unavailable(Reply::new(503, &[("Content-Type", "text/html")], "<title>Just a moment...</title>"))]
fn a_bot_check_ends_the_page_at_once(#[case] reply: Reply) {
    let server = Server::without_robots(move |_| reply.clone());
    let (session, _) = session();
    let failure = get(&session, server.url("/used")).unwrap_err();
    assert_eq!(failure.category(), ScrapeErrorType::Blocked, "{failure}");
    assert_eq!(server.pages().len(), 1, "nothing is tried again");
}

#[test]
fn a_bot_check_in_place_of_robots_txt_is_told_as_one() {
    let server = Server::start(|_| Reply::new(403, &[("cf-mitigated", "challenge")], "x"));
    let (session, _) = session();
    assert_eq!(get(&session, server.url("/used")).unwrap_err().category(), ScrapeErrorType::Blocked);
    assert!(server.pages().is_empty());
}

#[test]
fn threads_never_speak_to_a_host_at_once_and_keep_the_pause() {
    let server = Server::without_robots(|_| {
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\n<")
            .then(Duration::from_millis(15), "p")
    });
    let mut config = config();
    config.pause = Duration::from_millis(40);
    let fetcher = Fetcher::new(config).unwrap();
    thread::scope(|scope| {
        for thread in 0..4 {
            let (session, server) = (fetcher.session(), &server);
            scope.spawn(move || {
                for page in 0..3 {
                    get(&session, server.url(&format!("/{thread}/{page}"))).unwrap();
                }
            });
        }
    });
    let mut seen = server.seen();
    seen.sort_by_key(|seen| seen.begun);
    assert_eq!(seen.len(), 13, "robots.txt is fetched once");
    for pair in seen.windows(2) {
        let gap = pair[1].begun.checked_duration_since(pair[0].ended.unwrap());
        assert!(gap.is_some_and(|gap| gap >= Duration::from_millis(40)), "{gap:?}");
    }
}

#[test]
fn hosts_do_not_wait_for_one_another() {
    let slow = Server::without_robots(|_| {
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\n")
            .then(Duration::from_millis(1500), "<")
    });
    let quick = Server::without_robots(|_| Reply::html(CARD));
    let (fetcher, _) = fetcher_with(config());
    thread::scope(|scope| {
        let (first, second) = (fetcher.session(), fetcher.session());
        let started = Instant::now();
        let slow = scope.spawn(move || get(&first, slow.url("/used")).map(|_| started.elapsed()));
        thread::sleep(Duration::from_millis(200));
        // Another name for the same machine is another host.
        get(&second, format!("http://localhost:{}/used", quick.port())).unwrap();
        let quick_after = started.elapsed();
        assert!(quick_after < slow.join().unwrap().unwrap(), "{quick_after:?}");
    });
}

#[test]
fn a_flood_of_headers_is_not_read() {
    let many = (0..5000).map(|n| format!("X-{n}: {}\r\n", "a".repeat(50))).collect::<String>();
    let long = format!("X-Long: {}\r\n", "a".repeat(2 * 1024 * 1024));
    let large = (0..50).map(|n| format!("X-{n}: {}\r\n", "a".repeat(2000))).collect::<String>();
    for (flood, category) in
        [(many, ScrapeErrorType::Network), (long, ScrapeErrorType::Network), (large, ScrapeErrorType::Parsing)]
    {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n";
        let reply = Reply::raw(format!("{head}{flood}\r\n<"));
        let server = Server::without_robots(move |_| reply.clone());
        let (session, _) = session();
        assert_eq!(get(&session, server.url("/used")).unwrap_err().category(), category);
    }
}

#[test]
fn a_search_is_posted_with_its_key_to_its_own_origin_alone() {
    let abroad = Server::without_robots(|_| Reply::new(200, &[("Content-Type", "application/json")], "{}"));
    let target = abroad.url("/other");
    let server = Server::without_robots(move |seen| match &*seen.path {
        "/away" => Reply::new(307, &[("Location", &target)], ""),
        _ => Reply::new(200, &[("Content-Type", "application/json")], "{\"hits\":[]}"),
    });
    let (session, _) = session();
    for path in ["/search", "/away"] {
        let request = PageRequest {
            headers: vec![("X-Key".to_owned(), "k1".to_owned()), ("bad name".to_owned(), "x".to_owned())],
            body: Some("{\"page\":1}".to_owned()),
            ..PageRequest::get(server.url(path))
        };
        session.get(&request).unwrap();
    }
    let posts: Vec<_> = server.seen().into_iter().filter(|seen| seen.method == "POST").collect();
    assert_eq!(posts.len(), 2);
    assert!(posts.iter().all(|seen| seen.body == "{\"page\":1}" && seen.header.contains("x-key: k1\r\n")));
    assert!(posts.iter().all(|seen| seen.header.contains("content-type: application/json\r\n")));
    let sent_on = abroad.seen().into_iter().find(|seen| seen.path == "/other").unwrap();
    assert!(sent_on.method == "POST" && !sent_on.header.contains("x-key"), "{sent_on:?}");
}

#[test]
fn https_speaks_tls_and_never_falls_back() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let greeting = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut greeting = [0; 3];
        std::io::Read::read_exact(&mut stream, &mut greeting).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        greeting
    });
    let mut config = config();
    config.retries = 0;
    let (fetcher, _) = fetcher_with(config);
    let failure = get(&fetcher.session(), format!("https://localhost:{port}/used")).unwrap_err();
    assert_eq!(failure.category(), ScrapeErrorType::Network);
    // A handshake record of TLS.
    assert_eq!(greeting.join().unwrap()[..2], [0x16, 0x03]);
}

#[rstest]
#[case::silent(Reply::default().then(Duration::from_secs(20), ""))]
#[case::trickling((0..200).fold(
    Reply::raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n"),
    |reply, _| reply.then(Duration::from_millis(100), "<"),
))]
#[case::pausing(Reply::new(200, &[("Content-Type", "text/html")], CARD))]
fn whoever_waits_for_a_page_stops_at_once_when_asked(#[case] reply: Reply) {
    let server = Server::without_robots(move |_| reply.clone());
    let mut config = config();
    config.pause = Duration::from_secs(20);
    let stop = Arc::<Stop>::default();
    let session = Fetcher::new(config).unwrap().session_until(None, Arc::clone(&stop));
    // What robots.txt says is known, so that the page itself, or the pause before it, is what is waited for.
    let origin = Url::parse(&server.url("/")).unwrap();
    let known = Known { rules: Arc::new(Rules::Open), until: Instant::now() + Duration::from_secs(3600) };
    *session.fetcher.rules.slot(&origin).lock().unwrap() = Some(known);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            stop.ask();
        });
        let started = Instant::now();
        let failure = get(&session, server.url("/1")).and_then(|_| get(&session, server.url("/2"))).unwrap_err();
        assert!(matches!(failure, FetchError::Stopped { .. }), "{failure}");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    });
}

#[test]
fn whoever_waits_for_anothers_robots_txt_stops_at_once_when_asked_and_at_its_deadline() {
    let server = Server::start(|_| Reply::default().then(Duration::from_secs(3), ""));
    let fetcher = Fetcher::new(config()).unwrap();
    let origin = Url::parse(&server.url("/")).unwrap();
    let stop = Arc::<Stop>::default();
    thread::scope(|scope| {
        let slot = fetcher.session().fetcher.rules.slot(&origin);
        // As held by a session to which the server does not answer.
        let asking = slot.lock().unwrap();
        let started = Instant::now();
        let deadline = started + Duration::from_millis(300);
        let late = get(&fetcher.session_until(Some(deadline), Arc::default()), server.url("/used")).unwrap_err();
        assert!(matches!(late, FetchError::OutOfTime { .. }), "{late}");
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            stop.ask();
        });
        let stopped = get(&fetcher.session_until(None, Arc::clone(&stop)), server.url("/used")).unwrap_err();
        assert!(matches!(stopped, FetchError::Stopped { .. }), "{stopped}");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        drop(asking);
    });
}
