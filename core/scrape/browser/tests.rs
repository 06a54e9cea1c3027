//! Real Chromium against servers on loopback, of which one alone is allowed.

use std::{
    fs,
    io::Write as _,
    net::{TcpListener, UdpSocket},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    ErrorKind,
    competitors::ScrapeErrorType,
    extract,
    scrape::fetch::{
        FetchConfig, FetchError, Fetched, Fetcher, PageRequest, Stop,
        tests::server::{Reply, Seen, Server},
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
fn left_over() -> Vec<String> {
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
