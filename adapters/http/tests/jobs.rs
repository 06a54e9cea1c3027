//! Jobs over HTTP: runs that are begun, looked at, followed and cancelled.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::{Duration, Instant},
};

use jpauto::{
    Config, Dealership, FetchConfig, NewToken, Role, RunId,
    competitors::NewCompetitor,
    jobs::{Run, RunStatus},
};
use serde_json::{Value, json};

use crate::support::{Answer, Lot, corolla, wait_until};

struct Client<'a> {
    lot: &'a Lot,
    authorization: String,
}

impl<'a> Client<'a> {
    fn of(lot: &'a Lot, role: Role) -> Self {
        let issued = lot.staff().tokens().create(&NewToken { name: "test".into(), role, expires_at: None }).unwrap();
        Self { lot, authorization: format!("Bearer {}", issued.secret) }
    }

    fn ask(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let json: &[(&str, &str)] = if body.is_empty() { &[] } else { &[("content-type", "application/json")] };
        let headers = [&[("authorization", self.authorization.as_str())], json].concat();
        self.lot.ask(method, path, &headers, body)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, b"")
    }

    /// Begins a run, and answers its address.
    #[track_caller]
    fn begin(&self, path: &str, body: &[u8]) -> String {
        let answer = self.ask("POST", path, body);
        assert_eq!(answer.status, 202, "{answer:?}");
        let run = &answer.json()["run"];
        let address = answer.header("location").unwrap().to_owned();
        assert_eq!(
            (&run["status"], &address),
            (&json!("running"), &format!("/api/jobs/runs/{}", run["id"].as_str().unwrap()))
        );
        address
    }

    fn wait_for_end(&self, address: &str) -> Value {
        wait_until("the end of the run", || self.get(address).json()["status"] != "running");
        self.get(address).json()
    }

    /// The events of a run up to the end of its stream: their names and runs.
    fn events(&self, address: &str) -> Vec<(String, Value)> {
        let answer = self.get(&format!("{address}/events"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")), "{answer:?}");
        read_events(&String::from_utf8(answer.body).unwrap())
    }
}

/// Reads events, whatever the chunks that they came in.
fn read_events(text: &str) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(event) = line.strip_prefix("event:") {
            name = event.trim().to_owned();
        } else if let Some(data) = line.strip_prefix("data:") {
            events.push((name.clone(), serde_json::from_str(data).unwrap()));
        }
    }
    events
}

#[test]
fn a_run_that_is_asked_for_twice_with_one_key_is_one_run() {
    let lot = Lot::open();
    let manager = Client::of(&lot, Role::Manager);
    let ask = |path: &str, key: &str, body: &[u8]| {
        let headers = [("authorization", manager.authorization.as_str()), ("idempotency-key", key)];
        let json: &[(&str, &str)] = if body.is_empty() { &[] } else { &[("content-type", "application/json")] };
        lot.ask("POST", path, &[&headers[..], json].concat(), body)
    };
    for (path, key, body) in
        [("/api/jobs/competitor_metrics/run", "one", &b"{}"[..]), ("/api/market/analyze?all=true", "two", b"")]
    {
        let first = ask(path, key, body);
        assert_eq!((first.status, first.header("idempotency-replayed")), (202, None), "{first:?}");
        let again = ask(path, key, body);
        assert_eq!((again.status, again.header("idempotency-replayed")), (202, Some("true")), "{again:?}");
        assert_eq!(again.header("location"), first.header("location"));
        manager.wait_for_end(first.header("location").unwrap());
        assert_eq!(ask(path, key, body).header("location"), first.header("location"), "also when it has ended");
    }
    assert_eq!(ask("/api/market/analyze", "two", b"").problem(), "idempotency_key_reused");
    // What is refused is not kept.
    assert_eq!(ask("/api/competitors/scrape_due", "three", b"").problem(), "not_configured");
    assert_eq!(ask("/api/competitors/scrape_due", "three", b"").problem(), "not_configured");
    let runs = manager.get("/api/jobs/runs").json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 2, "{runs}");
    let of_one_kind =
        |job: &str| manager.get(&format!("/api/jobs/runs?job={job}")).json()["items"].as_array().unwrap().len();
    assert_eq!((of_one_kind("market_research"), of_one_kind("import_vehicles")), (1, 0));
    let wrong = manager.get("/api/jobs/runs?job=import_vehicle");
    assert_eq!((wrong.status, wrong.problem().as_str()), (400, "invalid_query"));
    assert!(
        wrong.json()["errors"][0]["message"].as_str().unwrap().ends_with("; did you mean import_vehicles?"),
        "{wrong:?}"
    );
}

/// A website that takes connections and says nothing, and a dealership that watches it.
fn slow_lot(at_once: usize) -> (Lot, TcpListener, String) {
    let website = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    let mut fetch = FetchConfig::new("webmaster@dealer.example");
    (fetch.allow_private_networks, fetch.allow_any_port) = (true, true);
    config.fetch = Some(fetch);
    let lot = Lot::serve(Dealership::with_config(config).unwrap(), folder, |config| {
        (config.runs.at_once, config.runs.streams) = (at_once, 2);
        config.drain = Duration::from_millis(300);
    });
    let competitor = NewCompetitor {
        name: "Slow".into(),
        inventory_url: format!("http://{}/used", website.local_addr().unwrap()),
        ..NewCompetitor::default()
    };
    let id = lot.staff().competitors().add(&competitor).unwrap().id;
    (lot, website, format!("/api/competitors/{id}/scrape"))
}

fn stored(lot: &Lot, address: &str) -> Run {
    let id: RunId = address.rsplit('/').next().unwrap().parse().unwrap();
    lot.staff().jobs().get(id).unwrap()
}

#[test]
fn a_job_is_run_in_the_background_and_stands_in_the_history() {
    let lot = Lot::open();
    (0..3).for_each(|number| drop(lot.staff().inventory().add(&corolla(number)).unwrap()));
    let manager = Client::of(&lot, Role::Manager);
    let address = manager.begin("/api/market/analyze", b"");
    let run = manager.wait_for_end(&address);
    assert_eq!((&run["status"], &run["result"]["analyzed"]), (&json!("success"), &json!(3)));
    let events = manager.events(&address);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!((events[0].0.as_str(), &events[0].1), ("end", &run));
    let all = manager.begin("/api/market/analyze?all=true", b"");
    assert_eq!(manager.wait_for_end(&all)["options"], json!({"all": true}));
    manager.wait_for_end(&manager.begin("/api/jobs/check/run", b"{}"));
    let admin = Client::of(&lot, Role::Admin);
    let dry = admin.begin("/api/jobs/clean_up/run", br#"{"dry_run": true}"#);
    assert_eq!(admin.wait_for_end(&dry)["result"]["dry_run"], true);
    let viewer = Client::of(&lot, Role::Viewer);
    let names = |path: &str| -> Vec<String> {
        let list = viewer.get(path).json();
        list["items"].as_array().unwrap().iter().map(|run| run["job_name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("/api/jobs/runs"), ["clean_up", "check", "market_research", "market_research"]);
    assert_eq!(names("/api/jobs/runs?job=market_research&status=success&limit=1"), ["market_research"]);
    let first = viewer.get("/api/jobs/runs?limit=2");
    assert!(first.header("link").unwrap().contains("/api/jobs/runs?limit=2&after="), "{first:?}");
    let jobs = viewer.get("/api/jobs").json();
    assert!(
        jobs["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|job| job["name"] == "check" && job["last_run"]["status"] == "success")
    );
}

#[test]
fn what_cannot_be_begun_says_why() {
    let lot = Lot::open();
    let [viewer, manager] = [Role::Viewer, Role::Manager].map(|role| Client::of(&lot, role));
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let run = |path: &str| format!("{path}{nobody}");
    for (client, method, path, body, status, code) in [
        (&viewer, "POST", "/api/jobs/check/run".to_owned(), &b"{}"[..], 403, "forbidden"),
        (&viewer, "POST", "/api/market/analyze".to_owned(), b"", 403, "forbidden"),
        (&manager, "POST", "/api/jobs/clean_up/run".to_owned(), b"{}", 403, "forbidden"),
        (&manager, "POST", "/api/jobs/nothing/run".to_owned(), b"{}", 404, "job_not_found"),
        (&manager, "POST", "/api/jobs/check/run".to_owned(), b"", 415, "unsupported_media_type"),
        (&manager, "POST", "/api/jobs/check/run".to_owned(), br#"{"dry_run": true}"#, 422, "invalid_run_options"),
        (&manager, "POST", "/api/jobs/check/run".to_owned(), br#"{"wet_run": true}"#, 422, "invalid_body"),
        (&manager, "POST", "/api/competitors/scrape_due".to_owned(), b"", 409, "not_configured"),
        (&manager, "POST", format!("{}/scrape", run("/api/competitors/")), b"", 409, "not_configured"),
        (&manager, "POST", "/api/market/analyze?some=true".to_owned(), b"", 400, "invalid_query"),
        (&manager, "GET", "/api/jobs/runs?status=done".to_owned(), b"", 400, "invalid_query"),
        (&viewer, "GET", run("/api/jobs/runs/"), b"", 404, "run_not_found"),
        (&viewer, "GET", format!("{}/events", run("/api/jobs/runs/")), b"", 404, "run_not_found"),
        (&viewer, "GET", "/api/jobs/runs/7/events".to_owned(), b"", 404, "not_found"),
        (&manager, "POST", format!("{}/cancel", run("/api/jobs/runs/")), b"", 404, "run_not_found"),
    ] {
        let answer = client.ask(method, &path, body);
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{method} {path}");
    }
    assert_eq!(lot.get("/api/jobs").problem(), "not_signed_in");
    let over = manager.begin("/api/jobs/check/run", b"{}");
    manager.wait_for_end(&over);
    assert_eq!(manager.ask("POST", &format!("{over}/cancel"), b"").problem(), "run_over");
}

#[test]
fn a_run_is_followed_to_its_end_and_cancelled() {
    let (lot, _website, scrape) = slow_lot(2);
    let manager = Client::of(&lot, Role::Manager);
    let address = manager.begin(&scrape, b"");
    let again = manager.ask("POST", &scrape, b"");
    assert_eq!((again.status, again.problem().as_str()), (409, "job_running"));
    let events = std::thread::scope(|scope| {
        let follower = scope.spawn(|| manager.events(&address));
        std::thread::sleep(Duration::from_millis(1_500));
        let answer = manager.ask("POST", &format!("{address}/cancel"), b"");
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.json()["cancel_requested_at"].is_string());
        follower.join().unwrap()
    });
    let (names, runs): (Vec<_>, Vec<_>) = events.into_iter().unzip();
    assert!(names.len() > 1 && names[0] == "progress" && names.last().unwrap() == "end", "{names:?}");
    assert_eq!(
        (&runs.last().unwrap()["status"], &runs.last().unwrap()["error"]),
        (&json!("failure"), &json!("cancelled"))
    );
    // A browser asks again when a stream ends, and stops where there is nothing more.
    let again = |last: &str| {
        let headers = [("authorization", manager.authorization.as_str()), ("last-event-id", last)];
        lot.ask("GET", &format!("{address}/events"), &headers, b"")
    };
    let whole = again("");
    assert!(String::from_utf8_lossy(&whole.body).contains("id:end"), "{whole:?}");
    assert_eq!((again("end").status, again("end").body.len()), (204, 0));
}

#[test]
fn runs_and_streams_are_bounded_and_requests_go_on_beside_them() {
    let (lot, _website, scrape) = slow_lot(1);
    let manager = Client::of(&lot, Role::Manager);
    let address = manager.begin(&scrape, b"");
    let follow = || {
        let mut stream = lot.connect();
        let request = format!(
            "GET {address}/events HTTP/1.1\r\nhost: lot\r\nauthorization: {}\r\nconnection: close\r\n\r\n",
            manager.authorization
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        stream
    };
    let streams = [follow(), follow()];
    let refused = manager.get(&format!("{address}/events"));
    assert_eq!((refused.status, refused.problem().as_str()), (503, "streams_full"));
    let full = manager.ask("POST", "/api/jobs/check/run", b"{}");
    assert_eq!((full.status, full.problem().as_str(), full.header("retry-after")), (503, "runs_full", Some("5")));
    assert_eq!(manager.get("/api/jobs").status, 200);
    drop(streams);
    // A stream that its client has left is noticed when the next event is written; the end of the run is one.
    manager.ask("POST", &format!("{address}/cancel"), b"");
    manager.wait_for_end(&address);
    wait_until("the places of streams that were left", || manager.get(&format!("{address}/events")).status == 200);
}

#[test]
fn the_end_of_the_server_ends_streams_and_interrupts_runs() {
    let (mut lot, _website, scrape) = slow_lot(2);
    let address = Client::of(&lot, Role::Manager).begin(&scrape, b"");
    let dealership = lot.dealership.clone();
    let authorization = Client::of(&lot, Role::Viewer).authorization;
    let mut stream = lot.connect();
    let request = format!("GET {address}/events HTTP/1.1\r\nhost: lot\r\nauthorization: {authorization}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(stored(&lot, &address).status, RunStatus::Running);
    let began = Instant::now();
    lot.tell_to_end();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    lot.wait_for_end();
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let id: RunId = address.rsplit('/').next().unwrap().parse().unwrap();
    let run = dealership.acting_as(jpauto::Actor::system()).jobs().get(id).unwrap();
    assert_eq!((run.status, run.error.as_deref()), (RunStatus::Failure, Some("interrupted")));
}
