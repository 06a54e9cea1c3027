//! The client against a server on loopback: its pace, its tries, and what it makes of answers that are none.

use std::{
    io::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::{
    super::fetch::tests::{
        TestTime,
        server::{Reply, Server},
    },
    *,
};
use crate::{ErrorCode, scrape::fetch::pace::RealTime};

const LIMITS: ApiLimits = ApiLimits {
    calls_a_second: 5,
    call_timeout: Duration::from_secs(5),
    pause_before_retry: Duration::from_secs(2),
    longest_retry_after: Duration::from_secs(15),
    max_body_bytes: 1024 * 1024,
    allow_private_networks: true,
};

/// Serves the answers in order, the last one again and again.
fn answering(replies: Vec<Reply>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| replies[next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1)].clone())
}

/// Asks with waits that take no time; how often the call was counted and how long was waited.
fn ask(server: &Server, limits: ApiLimits) -> (Result<ApiBody, CallFailure>, usize, Duration) {
    let time = TestTime::new();
    let (client, base) = ApiClient::new(&server.url("/api"), None, limits, Arc::clone(&time) as _).unwrap();
    let counted = AtomicUsize::new(0);
    let count = || {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    let outcome = client.ask(&base, None, time.now() + Duration::from_secs(60), &count);
    (outcome, counted.into_inner(), time.slept())
}

#[test]
fn what_may_pass_is_tried_once_more_and_each_try_is_counted() {
    let good = || Reply::new(200, &[("X-Request-Id", "r-1")], "{}");
    let after = |status: u16, wait: &str| Reply::new(status, &[("Retry-After", wait)], "");
    for (first, tries, waited) in [
        (good(), 1, 0),
        (Reply::status(500), 2, 2),
        (Reply::status(429), 2, 2),
        (after(503, "7"), 2, 7),
        (after(429, "7"), 2, 7),
        (Reply::raw(""), 2, 2),
    ] {
        let server = answering(vec![first, good()]);
        let (outcome, counted, slept) = ask(&server, LIMITS);
        let body = outcome.unwrap();
        assert_eq!((&*body.bytes, body.request_id.as_deref()), (&b"{}"[..], Some("r-1")));
        // A turn comes at once here, a fifth of a second after the one before.
        assert_eq!((counted, server.seen().len(), slept.as_secs()), (tries, tries, waited));
    }
    for reply in [Reply::status(400), Reply::status(501), Reply::redirect("/elsewhere"), after(503, "16")] {
        let server = answering(vec![reply]);
        let (outcome, counted, slept) = ask(&server, LIMITS);
        assert!(matches!(outcome, Err(CallFailure::Status(_))));
        assert_eq!((counted, server.seen().len(), slept), (1, 1, Duration::ZERO));
    }
}

#[test]
fn a_wait_is_told_where_another_try_may_go_better_and_nowhere_else() {
    for (status, told) in [(429, Some(40)), (503, Some(40)), (403, None), (301, None)] {
        let server = answering(vec![Reply::new(status, &[("Retry-After", "40")], "why")]);
        let Err(CallFailure::Status(refused)) = ask(&server, LIMITS).0 else { panic!("{status} is no answer") };
        assert_eq!((refused.status, refused.retry_after.map(|wait| wait.as_secs())), (status, told));
        assert_eq!(refused.body, b"why");
        assert!(!format!("{refused:?}").contains("why") && !format!("{refused:?}").contains("[119"), "{refused:?}");
    }
}

#[test]
fn whoever_counts_can_say_no_before_anything_is_sent() {
    let server = answering(vec![Reply::status(200)]);
    let (client, base) = ApiClient::new(&server.url(""), None, LIMITS, Arc::new(RealTime)).unwrap();
    let no = || Err(Error::new(ErrorCode::AutoDevBudgetSpent, "spent"));
    let outcome = client.ask(&base, None, Instant::now() + Duration::from_secs(9), &no);
    assert!(matches!(outcome, Err(CallFailure::Uncounted(error)) if error.is(ErrorCode::AutoDevBudgetSpent)));
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn a_small_body_that_grows_beyond_the_limit_is_not_unpacked_to_its_end() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..50 {
        packed.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 64 * 1024, "{} bytes", packed.len());
    let headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
    let server = answering(vec![Reply::new(200, &headers, packed)]);
    let (outcome, counted, _) = ask(&server, LIMITS);
    assert!(
        matches!(outcome, Err(CallFailure::TooLarge(limit)) if limit == LIMITS.max_body_bytes),
        "{:?}",
        outcome.err()
    );
    assert_eq!(counted, 1, "it would be as large again");
}

#[test]
fn neither_a_failure_nor_its_debug_names_the_address() {
    let time = TestTime::new();
    let (client, mut base) = ApiClient::new("http://127.0.0.1:9/", None, LIMITS, Arc::clone(&time) as _).unwrap();
    base.set_query(Some("apikey=secret"));
    let failure = client.ask(&base, None, time.now() + Duration::from_secs(60), &|| Ok(())).err().unwrap();
    assert!(matches!(failure, CallFailure::Unreachable(_)), "{failure:?}");
    assert!(!format!("{failure:?}").contains("secret") && !format!("{failure:?}").contains("127.0.0.1"), "{failure:?}");
    // The address was checked when the client was made; another one is not reached either.
    let strict = ApiLimits { allow_private_networks: false, ..LIMITS };
    let (client, _) = ApiClient::new("https://vpic.nhtsa.dot.gov/api", None, strict, Arc::clone(&time) as _).unwrap();
    let failure = client.ask(&base, None, time.now() + Duration::from_secs(60), &|| Ok(())).err().unwrap();
    assert!(matches!(failure, CallFailure::AddressRefused(_)), "{failure:?}");
}

#[test]
fn who_comes_after_a_429_is_held_off() {
    let server = answering(vec![Reply::new(429, &[("Retry-After", "600")], "")]);
    let time = TestTime::new();
    let (client, base) = ApiClient::new(&server.url(""), None, LIMITS, Arc::clone(&time) as _).unwrap();
    let ask = || client.ask(&base, None, time.now() + Duration::from_secs(60), &|| Ok(()));
    assert!(matches!(ask(), Err(CallFailure::Status(_))));
    assert!(matches!(ask(), Err(CallFailure::NotYet(wait)) if wait > Duration::from_secs(590)));
    assert_eq!(server.seen().len(), 1);
    time.sleep(Duration::from_secs(601), &stop::NEVER);
    assert!(matches!(ask(), Err(CallFailure::Status(_))));
}

#[test]
fn threads_share_one_pace() {
    let time = TestTime::new();
    let rate_limit = RateLimit::new(5, Arc::clone(&time) as _);
    let deadline = time.now() + Duration::from_secs(600);
    for _ in 0..11 {
        rate_limit.wait(deadline).unwrap();
    }
    let waited = time.slept().as_secs_f64();
    assert!((1.9..=2.1).contains(&waited), "ten gaps of a fifth of a second: {waited}");

    let real = RateLimit::new(50, Arc::new(RealTime));
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| real.wait(Instant::now() + Duration::from_secs(9)).unwrap()));
        }
    });
    assert!(started.elapsed() >= Duration::from_millis(380), "20 calls at 50 a second: {:?}", started.elapsed());
}
