//! The fetcher against servers on loopback.

mod bodies;
mod robots_txt;
pub(crate) mod server;
mod waiting;

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
use reqwest::header::HeaderValue;
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
#[case::missing(Reply::new(404, &[("Content-Type", "text/html")], "<title>Just a moment...</title>"))]
#[case::gone(Reply::new(410, &[("cf-mitigated", "challenge")], ""))]
fn a_bot_check_ends_the_page_at_once(#[case] reply: Reply) {
    let server = Server::without_robots(move |_| reply.clone());
    let (session, _) = session();
    let failure = get(&session, server.url("/used")).unwrap_err();
    assert_eq!(failure.category(), ScrapeErrorType::Blocked, "{failure}");
    assert_eq!(server.pages().len(), 1, "nothing is tried again");
    assert!(session.is_gone(&server.url("/used"), |_| true).is_err(), "it proves nothing");
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
