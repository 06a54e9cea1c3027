//! Threads that wait: for a host's turn, for an answer, for another session's robots.txt.

use super::*;

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
