//! Real Chromium against servers on loopback, of which one alone is allowed.

use std::{
    fs,
    io::Write as _,
    net::{TcpListener, UdpSocket},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    ErrorKind, extract,
    scrape::{
        ScrapeErrorType,
        fetch::{
            FetchConfig, FetchError, Fetched, Fetcher, PageRequest, Stop,
            tests::server::{Reply, Seen, Server},
        },
    },
};

/// One browser at a time, so that each test may count its processes.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is a Chromium to test with; says so where there is none.
fn is_installed() -> bool {
    let is_installed = process::executable(&BrowserConfig::default()).is_ok();
    if !is_installed {
        drop(std::io::stderr().write_all(b"skipped: no Chromium is installed (Debian's package `chromium`)\n"));
    }
    is_installed
}

/// A fetcher that may speak to this server and to no other of the machine.
fn config(site: &Server) -> FetchConfig {
    let mut config = FetchConfig::new("desk@dealer.example");
    config.allowed_servers = vec![([127, 0, 0, 1], site.port()).into()];
    config.pause = Duration::ZERO;
    config.retries = 0;
    config.browser.page_timeout = Duration::from_secs(30);
    config
}

fn load_with(config: FetchConfig, address: String) -> Result<Fetched, FetchError> {
    Fetcher::new(config).unwrap().session().in_browser().unwrap().get(&PageRequest::get(address))
}

fn load(site: &Server) -> Result<Fetched, FetchError> {
    load_with(config(site), site.url("/used"))
}

fn vehicles(page: &Fetched) -> usize {
    let read = extract::listings_from_bytes(&page.body, page.content_type.as_deref(), page.final_url.as_str(), None);
    read.unwrap().listings.len()
}

/// The processes of browsers that were started here, and profiles that are left.
///
/// The handler of crashes stands outside of Chromium's group and ends by itself when it hears that Chromium has: it gets a
/// moment.
fn left_over() -> Vec<String> {
    let ends = Instant::now() + Duration::from_secs(5);
    loop {
        let found = found_now();
        if found.is_empty() || Instant::now() >= ends {
            return found;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn found_now() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(command) = fs::read(entry.path().join("cmdline")) else { continue };
        if memchr::memmem::find(&command, b"jpauto-browser-").is_some() {
            found.push(String::from_utf8_lossy(&command).replace('\0', " "));
        }
    }
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("jpauto-browser-") {
            found.push(name);
        }
    }
    found
}

/// A list that a script makes of what it asks for.
const LIST: &str = r#"<!DOCTYPE html><html><head><title>Used cars</title></head><body><ul id="list">Loading</ul><script>
    fetch('/api/cars?size=20').then(answer => answer.json()).then(cars => {
        const data = document.createElement('script');
        data.type = 'application/ld+json';
        data.textContent = JSON.stringify(cars.map(car => ({'@type': 'Car', name: '2018 Toyota Corolla LE', url: '/car/' + car.id,
            sku: 'S' + car.id, offers: {price: car.price}})));
        document.head.append(data);
        document.getElementById('list').textContent = cars.length + ' cars';
    });
</script></body></html>"#;

fn cars() -> Reply {
    let cars: Vec<_> = (0..20).map(|id| format!(r#"{{"id": {id}, "price": "14000"}}"#)).collect();
    Reply::new(200, &[("Content-Type", "application/json")], format!("[{}]", cars.join(",")))
}

fn site(answers: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
    Server::without_robots(answers)
}

#[test]
fn a_list_that_a_script_makes_is_read() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let site = site(|seen| match &*seen.path {
        "/used" => Reply::html(LIST),
        "/api/cars?size=20" => cars(),
        _ => Reply::status(404),
    });
    let started = Instant::now();
    let page = load(&site).unwrap();
    assert_eq!((vehicles(&page), page.status), (20, 200), "{}", String::from_utf8_lossy(&page.body));
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    let agents: Vec<_> = site.seen().into_iter().filter(|seen| !seen.header.contains("jpauto/")).collect();
    assert!(agents.is_empty(), "{agents:?}");
    assert!(site.seen().iter().all(|seen| seen.header.contains("(+desk@dealer.example)")));
    assert_eq!(left_over(), Vec::<String>::new());
}

/// Servers of this machine that a page must not reach, counting whoever comes.
struct Canary {
    web: Server,
    stun: UdpSocket,
}

impl Canary {
    fn new() -> Self {
        let stun = UdpSocket::bind("127.0.0.1:0").unwrap();
        stun.set_nonblocking(true).unwrap();
        Self { web: Server::start(|_| Reply::html("reached")), stun }
    }

    fn stun_port(&self) -> u16 {
        self.stun.local_addr().unwrap().port()
    }

    fn visitors(&self) -> usize {
        let by_udp = std::iter::from_fn(|| self.stun.recv(&mut [0; 64]).ok()).count();
        self.web.seen().len() + by_udp
    }
}

/// A script that tries every way out of a page that is known, to servers on `port` and `stun` of this machine.
fn tries(port: u16, stun: u16) -> String {
    format!(
        r#"<script>
        const ends = ['127.0.0.1:{port}', 'localhost:{port}', '[::1]:{port}', '0x7f.1:{port}', '169.254.169.254', '10.0.0.1'];
        const tried = [];
        const worker = source => new Worker(URL.createObjectURL(new Blob([source])));
        for (const end of ends) {{
            tried.push(fetch('http://' + end + '/fetch', {{mode: 'no-cors'}}).then(() => 'reached', () => 'kept'));
            tried.push(fetch('/away?to=http://' + end + '/redirected', {{mode: 'no-cors'}}).then(() => 'reached', () => 'kept'));
            const frame = document.createElement('iframe');
            frame.src = 'http://' + end + '/frame';
            document.body.append(frame);
            const away = document.createElement('iframe');
            away.src = '/away?to=http://' + end + '/frame-redirected';
            document.body.append(away);
            new Image().src = 'http://' + end + '/image';
            new WebSocket('ws://' + end + '/socket');
            new EventSource('http://' + end + '/events');
            navigator.sendBeacon('http://' + end + '/beacon', 'x');
            worker(`fetch('http://${{end}}/worker', {{mode: 'no-cors'}}); new WebSocket('ws://${{end}}/worker-socket');`);
            for (const [kind, tag] of [['preload', 'link'], ['prefetch', 'link'], ['preconnect', 'link'], ['prerender', 'link'],
                                       ['stylesheet', 'link'], ['icon', 'link'], ['script', 'script']]) {{
                const element = document.createElement(tag);
                if (tag === 'link') {{ element.rel = kind; element.as = 'fetch'; element.href = 'http://' + end + '/' + kind; }}
                else element.src = 'http://' + end + '/script';
                document.head.append(element);
            }}
            window.open('http://' + end + '/popup');
        }}
        const rules = document.createElement('script');
        rules.type = 'speculationrules';
        rules.textContent = JSON.stringify({{prerender: [{{source: 'list', urls: ends.map(end => 'http://' + end + '/p')}}]}});
        document.head.append(rules);
        const peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{stun}'}}]}});
        peer.createDataChannel('x');
        peer.createOffer().then(offer => peer.setLocalDescription(offer));
        const file = document.createElement('iframe');
        file.src = 'file:///etc/passwd';
        document.body.append(file);
        Promise.all(tried).then(all => document.body.append(all.join(' ')));
        </script>"#
    )
}

#[test]
fn a_page_reaches_no_other_server_of_the_machine_or_its_network() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let canary = Canary::new();
    let (port, stun) = (canary.web.port(), canary.stun_port());
    let tries = tries(port, stun);
    let page = LIST.replace("</body>", &format!("{tries}</body>"));
    let site = site(move |seen| match &*seen.path {
        "/used" => Reply::html(&page),
        "/api/cars?size=20" => cars(),
        path => path.strip_prefix("/away?to=").map_or_else(|| Reply::status(404), Reply::redirect),
    });
    let page = load(&site).unwrap();
    let text = String::from_utf8_lossy(&page.body);
    assert_eq!((vehicles(&page), canary.visitors()), (20, 0), "{:?}", canary.web.seen());
    assert!(text.contains("kept kept") && !text.contains("> reached") && !text.contains("root:"), "{text}");
    // What could be asked of the site itself was asked, so that the page did try.
    assert!(site.seen().iter().any(|seen| seen.path.starts_with("/away")));
    // The canary sings where it may.
    let mut open = config(&site);
    (open.allow_private_networks, open.allow_any_port) = (true, true);
    load_with(open, site.url("/used")).unwrap();
    assert!(canary.visitors() > 0);
    assert_eq!(left_over(), Vec::<String>::new());
}

#[test]
fn what_robots_close_is_kept_from_the_page_but_for_its_scripts_and_styles() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let page = LIST.replace(
        "</body>",
        r#"<iframe src="/closed/frame"></iframe><iframe src="/open/frame"></iframe>
        <script src="/closed/app.js"></script><link rel="stylesheet" href="/closed/app.css">
        <script>
            const ask = new XMLHttpRequest();
            ask.open('GET', '/closed/xhr');
            ask.send();
            new EventSource('/closed/events');
            const told = path => fetch(path).then(() => 'got', () => 'kept');
            Promise.all(['/closed/data', '/open/data', '/open/away'].map(told)).then(all => document.body.append(all.join(' ')));
        </script></body>"#,
    );
    let site = Server::start(move |seen| match &*seen.path {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /closed/\n"),
        "/used" => Reply::html(&page),
        "/api/cars?size=20" => cars(),
        "/open/away" => Reply::redirect("/closed/behind"),
        "/closed/app.js" => {
            Reply::new(200, &[("Content-Type", "text/javascript")], "document.body.append('by script')")
        }
        path if path.starts_with("/open/") => Reply::html("open"),
        _ => Reply::status(404),
    });
    let page = load(&site).unwrap();
    let text = String::from_utf8_lossy(&page.body);
    assert_eq!(vehicles(&page), 20);
    assert!(text.contains("by script") && text.contains("kept got kept"), "{text}");
    let mut asked: Vec<_> = site.pages().into_iter().filter(|path| path.contains("/closed/")).collect();
    asked.sort();
    assert_eq!(asked, ["/closed/app.css", "/closed/app.js"]);
    assert!(site.pages().iter().any(|path| path == "/open/frame"));
}

#[test]
fn a_page_that_leaves_is_followed_as_a_redirect_is() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let canary = Canary::new();
    let away = format!("http://127.0.0.1:{}/away", canary.web.port());
    let site = Server::start(move |seen| match &*seen.path {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /closed\n"),
        "/used" => Reply::html(LIST),
        "/api/cars?size=20" => cars(),
        "/moved" => Reply::redirect("/used"),
        "/script" => Reply::html("<script>location.href = '/used'</script>"),
        "/refresh" => Reply::html("<meta http-equiv=refresh content='0; url=/used'>"),
        "/to-closed" => Reply::html("<script>location.href = '/closed'</script>"),
        "/again" => Reply::html("<script>location.reload()</script>"),
        "/away" => Reply::redirect(&away),
        "/script-away" => Reply::html(format!("<script>location.href = '{away}'</script>")),
        "/form-away" => {
            Reply::html(format!("<form method=post action='{away}'></form><script>document.forms[0].submit()</script>"))
        }
        "/pushed" => Reply::html(LIST.replace("<script>", "<script>history.pushState({}, '', '/used?page=1#top');")),
        _ => Reply::status(404),
    });
    let session = Fetcher::new(config(&site)).unwrap().session().in_browser().unwrap();
    for (path, expected) in [
        ("/moved", Ok("/used")),
        ("/script", Ok("/used")),
        ("/refresh", Ok("/used")),
        ("/pushed", Ok("/used?page=1")),
        ("/closed", Err(ScrapeErrorType::Robots)),
        ("/to-closed", Err(ScrapeErrorType::Robots)),
        ("/again", Err(ScrapeErrorType::HttpStatus)),
        ("/away", Err(ScrapeErrorType::Network)),
        ("/script-away", Err(ScrapeErrorType::Network)),
        ("/form-away", Err(ScrapeErrorType::Network)),
        ("/nothing", Err(ScrapeErrorType::HttpStatus)),
    ] {
        let outcome = session.get(&PageRequest::get(site.url(path)));
        let seen = outcome.as_ref().map(|page| page.final_url.to_string()).map_err(FetchError::category);
        assert_eq!(seen, expected.map(|path| site.url(path)), "{path}: {:?}", outcome.as_ref().err());
        if let Ok(page) = outcome {
            assert_eq!(vehicles(&page), 20, "{path}");
        }
    }
    assert_eq!(canary.visitors(), 0);
    assert!(site.seen().iter().all(|seen| seen.path != "/closed"));
    drop(session);
    assert_eq!(left_over(), Vec::<String>::new());
}

#[test]
fn a_bot_check_ends_before_its_script_runs_and_where_a_script_writes_it() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let site = site(|seen| match &*seen.path {
        "/header" => Reply::new(
            403,
            &[("Content-Type", "text/html"), ("cf-mitigated", "challenge")],
            "<title>Just a moment...</title><script>fetch('/solved')</script>",
        ),
        "/title" => Reply::html("<title>Just a moment...</title><script>fetch('/solved')</script>"),
        "/written" => Reply::html("<script src=/check.js></script>"),
        "/check.js" => Reply::new(
            200,
            &[("Content-Type", "text/javascript")],
            "document.write('<title>Just a moment...</title><div class=cf-turnstile></div>')",
        ),
        _ => Reply::status(404),
    });
    let session = Fetcher::new(config(&site)).unwrap().session().in_browser().unwrap();
    for path in ["/header", "/title", "/written"] {
        let failure = session.get(&PageRequest::get(site.url(path))).unwrap_err();
        assert_eq!(failure.category(), ScrapeErrorType::Blocked, "{path}: {failure}");
    }
    assert!(site.seen().iter().all(|seen| seen.path != "/solved"));
}

#[test]
fn a_page_that_never_ends_is_ended_with_the_browser() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let site = site(|seen| match &*seen.path {
        "/loop" => Reply::html("<script>for (;;) {}</script>"),
        "/slow" => (0..600).fold(
            Reply::raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n<p>"),
            |reply, _| reply.then(Duration::from_millis(100), "<"),
        ),
        "/silent" => Reply::default().then(Duration::from_secs(60), ""),
        _ => Reply::status(404),
    });
    for path in ["/loop", "/slow", "/silent"] {
        let mut config = config(&site);
        config.browser.page_timeout = Duration::from_secs(5);
        let started = Instant::now();
        let failure = load_with(config, site.url(path)).unwrap_err();
        assert_eq!(failure.category(), ScrapeErrorType::Timeout, "{path}: {failure}");
        assert!(started.elapsed() < Duration::from_secs(15), "{path}: {:?}", started.elapsed());
        assert_eq!(left_over(), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn a_page_that_never_rests_is_taken_as_it_is() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let restless = LIST.replace(
        "</body>",
        "<script>setInterval(() => fetch('/chat'), 100); alert('Welcome'); window.onbeforeunload = () => 'Stay';</script></body>",
    );
    let site = site(move |seen| match &*seen.path {
        "/used" => Reply::html(&restless),
        "/api/cars?size=20" => cars(),
        _ => Reply::text("nothing new"),
    });
    let mut config = config(&site);
    config.browser.longest_settle = Duration::from_secs(3);
    let page = load_with(config, site.url("/used")).unwrap();
    assert_eq!(vehicles(&page), 20);
    assert_eq!(left_over(), Vec::<String>::new());
}

#[test]
fn a_page_gets_so_many_files_and_bytes_and_no_more() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let site = site(|seen| match &*seen.path {
        "/many" => Reply::html("<script>for (let n = 0; n < 100; n++) fetch('/file?' + n)</script>"),
        "/large" => Reply::html("<script>fetch('/megabytes').then(answer => answer.text())</script>"),
        "/long" => Reply::html("<script>document.write('x'.repeat(3e6))</script>"),
        "/vast" => Reply::html("x".repeat(2_000_000)),
        "/megabytes" => Reply::text(&"x".repeat(4_000_000)),
        _ => Reply::text(""),
    });
    let mut config = config(&site);
    (config.browser.max_requests, config.browser.max_bytes, config.max_body_bytes) = (50, 3_000_000, 1_000_000);
    let session = Fetcher::new(config).unwrap().session().in_browser().unwrap();
    for (path, words) in [
        ("/many", "asks for more than 50 files"),
        ("/large", "asks for more than 3000000 bytes"),
        ("/long", "is larger than 1000000 bytes"),
        ("/vast", "is larger than 1000000 bytes"),
    ] {
        let failure = session.get(&PageRequest::get(site.url(path))).unwrap_err();
        assert!(failure.to_string().ends_with(words), "{path}: {failure}");
    }
    assert!(site.seen().iter().filter(|seen| seen.path.starts_with("/file")).count() <= 50);
}

#[test]
fn whoever_asks_to_stop_or_panics_leaves_no_browser_behind() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let site = site(|_| Reply::html("<script>for (;;) {}</script>"));
    let stop = Arc::<Stop>::default();
    let session = Fetcher::new(config(&site)).unwrap().session_until(None, Arc::clone(&stop)).in_browser().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_secs(2));
            stop.ask();
        });
        let started = Instant::now();
        let failure = session.get(&PageRequest::get(site.url("/used"))).unwrap_err();
        assert!(matches!(failure, FetchError::Stopped { .. }), "{failure}");
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    });
    assert_eq!(left_over(), Vec::<String>::new());
    let quick = Server::without_robots(|_| Reply::html(LIST));
    let panicked = thread::spawn(move || {
        let session = Fetcher::new(config(&quick)).unwrap().session().in_browser().unwrap();
        session.get(&PageRequest::get(quick.url("/used"))).unwrap();
        assert_ne!(found_now(), Vec::<String>::new());
        panic!("while the browser runs");
    });
    panicked.join().unwrap_err();
    assert_eq!(left_over(), Vec::<String>::new());
}

#[test]
fn the_browser_ends_with_the_program_that_started_it() {
    let _alone = alone();
    if !is_installed() {
        return;
    }
    let executable = process::executable(&BrowserConfig::default()).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let started = process::Process::start(
        &executable,
        &BrowserConfig::default(),
        "jpauto/0 (+desk@dealer.example)",
        silent.local_addr().unwrap(),
        deadline,
        &Stop::default(),
    );
    let (process, _socket) = started.unwrap();
    assert!(process.is_running() && !found_now().is_empty());
    // What the system does when this program is killed: its end of the pipe is closed, and nothing else is done.
    process.let_go();
    let waited = Instant::now();
    // A machine that is busy with other things ends it late, and still ends it.
    while !left_over().is_empty() && waited.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(left_over(), Vec::<String>::new());
}

#[test]
fn a_profile_is_removed_also_while_something_writes_into_it() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let executable = folder.path().join("chromium");
    // Ends when it is asked to, and leaves a child behind that writes for half a second more.
    let script = r#"#!/bin/sh
        for argument; do case "$argument" in --user-data-dir=*) profile=${argument#*=} ;; esac; done
        trap 'ended=1' TERM
        (trap '' TERM; while :; do : >"$profile/$((n += 1))"; done) 2>/dev/null &
        (trap '' TERM; sleep 0.5; kill -KILL $!) &
        printf '1\n/devtools\n' >"$profile/new" && mv "$profile/new" "$profile/DevToolsActivePort"
        while [ -z "$ended" ]; do sleep 0.02; done
    "#;
    fs::write(&executable, script).unwrap();
    fs::set_permissions(&executable, fs::Permissions::from_mode(0o755)).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let proxy = ([127, 0, 0, 1], 1).into();
    let (process, _socket) = process::Process::start(
        &executable,
        &BrowserConfig::default(),
        "jpauto/0 (+desk@dealer.example)",
        proxy,
        deadline,
        &Stop::default(),
    )
    .unwrap();
    process.let_go();
    let waited = Instant::now();
    while !left_over().is_empty() && waited.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(left_over(), Vec::<String>::new());
}

#[test]
fn without_chromium_the_error_says_what_to_install() {
    let site = site(|_| Reply::html(LIST));
    let mut config = config(&site);
    config.browser.executable = Some("/nowhere/chromium".into());
    let refusal = Fetcher::new(config).unwrap().session().in_browser().map(|_| ()).unwrap_err();
    assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "browser_not_available"));
    assert!(
        refusal.to_string().contains("/nowhere/chromium") && refusal.to_string().contains("`chromium`"),
        "{refusal}"
    );
}

#[test]
fn a_program_that_is_no_browser_is_an_error_at_once() {
    let _alone = alone();
    let site = site(|_| Reply::html(LIST));
    let mut config = config(&site);
    config.browser.executable = Some("/bin/true".into());
    let started = Instant::now();
    let failure = load_with(config, site.url("/used")).unwrap_err();
    assert!(matches!(failure, FetchError::Rendering { .. }), "{failure}");
    assert!(started.elapsed() < Duration::from_secs(10) && Path::new("/bin/true").exists());
    assert_eq!(left_over(), Vec::<String>::new());
}
