//! Deliveries that do not get far: what is refused beforehand, and servers that do not answer.

use std::{io::Write as _, net::TcpListener, time::Instant};

use super::*;

const IMPATIENCE: Patience = Patience {
    attempts: 2,
    first_pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(1),
    connect: Duration::from_millis(500),
    answer: Duration::from_millis(200),
    attempt: Duration::from_millis(500),
};

fn whole() -> Login {
    Login {
        user: Some("us".into()),
        password: Some("open-sesame".into()),
        host_key: Some("SHA256:x".into()),
        allow_unencrypted_ftp: true,
        allow_private_network: true,
        ..Login::default()
    }
}

#[test]
fn what_cannot_be_sent_is_refused_beforehand_with_the_key_that_is_missing() {
    let without = |change: fn(&mut Login)| {
        let mut login = whole();
        change(&mut login);
        login
    };
    for (address, login, code, told) in [
        (
            "ftp://h.example/a.csv",
            without(|it| it.allow_unencrypted_ftp = false),
            "invalid_destination",
            "allow_unencrypted_ftp",
        ),
        ("ftp://h.example/a.csv", without(|it| it.user = None), "not_configured", "exports.csv.user"),
        ("ftps://h.example/a.csv", without(|it| it.password = None), "not_configured", "exports.csv.password"),
        (
            "sftp://h.example/a.csv",
            without(|it| it.password = None),
            "not_configured",
            "exports.csv.key_file or password",
        ),
        (
            "sftp://h.example/a.csv",
            without(|it| it.host_key = None),
            "not_configured",
            "exports.csv.host_key or known_hosts_file",
        ),
        (
            "sftp://10.0.0.1/a.csv",
            without(|it| it.allow_private_network = false),
            "invalid_destination",
            "no public server",
        ),
        (
            "ftps://h.example:990/a.csv",
            without(|it| it.allow_private_network = false),
            "invalid_destination",
            "port 21",
        ),
        ("sftp://169.254.169.254/a.csv", whole(), "invalid_destination", "no public server"),
        ("ftps://h.example/", whole(), "invalid_destination", "names no file"),
        ("gopher://h.example/a.csv", whole(), "invalid_destination", "no kind"),
    ] {
        let url = Url::parse(address).unwrap();
        let refused = ensure_can_be_sent(&url, &login, "exports.csv").unwrap_err();
        assert_eq!(refused.code(), code, "{address}: {refused}");
        let all = format!("{refused} {:?}", refused.fields());
        assert!(all.contains(told), "{address}: {all}");
        assert!(!all.contains("open-sesame"));
    }
    for address in
        ["ftp://h.example/a.csv", "ftps://h.example/a.csv", "sftp://h.example/a.csv", "https://h.example/a.csv"]
    {
        ensure_can_be_sent(&Url::parse(address).unwrap(), &whole(), "exports.csv").unwrap();
    }
}

/// What comes of sending to a server of this scheme that says a byte of this now and then, for ever.
fn sent_to_slow(scheme: &str, said: &'static [u8]) -> (Error, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().take(IMPATIENCE.attempts as usize) {
            let Ok(mut stream) = stream else { return };
            for byte in said.iter().cycle() {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    let url = Url::parse(&format!("{scheme}://127.0.0.1:{port}/in.csv")).unwrap();
    let began = Instant::now();
    let refused =
        send_within(&url, file.path(), FeedFormat::Csv, &whole(), IMPATIENCE, &mut || ControlFlow::Continue(()))
            .unwrap_err();
    (refused, began.elapsed())
}

#[test]
fn a_server_that_says_a_byte_now_and_then_is_given_up() {
    for (scheme, said) in [("ftp", &b"220-x\r\n"[..]), ("ftps", b"220-x\r\n"), ("sftp", b"hello\r\n")] {
        if scheme == "sftp" && cfg!(not(feature = "sftp")) {
            continue;
        }
        let (refused, taken) = sent_to_slow(scheme, said);
        assert_eq!(refused.code(), "delivery_failed", "{scheme}: {refused}");
        assert!(taken < Duration::from_secs(5), "{scheme}: {taken:?}");
    }
}

#[test]
fn nobody_at_home_is_a_failure_for_now() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let file = tempfile::NamedTempFile::new().unwrap();
    for scheme in ["ftps", "sftp", "http"] {
        if scheme == "sftp" && cfg!(not(feature = "sftp")) {
            continue;
        }
        let url = Url::parse(&format!("{scheme}://127.0.0.1:{port}/in.csv")).unwrap();
        let refused =
            send_within(&url, file.path(), FeedFormat::Csv, &whole(), IMPATIENCE, &mut || ControlFlow::Continue(()))
                .unwrap_err();
        assert_eq!((refused.code(), refused.is_transient()), ("delivery_failed", true), "{refused}");
    }
}

#[test]
fn an_export_that_is_stopped_is_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let file = tempfile::NamedTempFile::new().unwrap();
    let url = Url::parse(&format!("http://127.0.0.1:{port}/in.csv")).unwrap();
    let patient =
        Patience { first_pause: Duration::from_secs(60), longest_pause: Duration::from_secs(60), ..IMPATIENCE };
    let (mut asked, began) = (0, Instant::now());
    let mut goes_on = || {
        asked += 1;
        if asked > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = send_within(&url, file.path(), FeedFormat::Csv, &whole(), patient, &mut goes_on).unwrap_err();
    assert_eq!((stopped.code(), asked), ("export_stopped", 2));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
