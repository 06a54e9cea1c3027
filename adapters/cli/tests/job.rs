//! `jpauto job` and `jpauto work` on a SQLite file.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    support::Lot,
    website::{Reply, Website, list_page},
};

/// Tells a process to end, as a service manager does.
fn terminate(child: &Child) {
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
}

fn wait_until(is_so: impl Fn() -> bool) {
    let begun_at = Instant::now();
    while !is_so() {
        assert!(begun_at.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_job_is_run_by_hand_and_stands_in_the_history() {
    let lot = Lot::new();
    lot.add_camry();
    let run = lot.json(["job", "run", "market_research"]);
    assert_eq!((&run["status"], &run["result"]["analyzed"]), (&json!("success"), &json!(1)));
    let table = lot.run(["job", "run", "clean_up", "--dry-run"]).stdout;
    assert!(table.starts_with("clean_up: success after ") && table.contains("dry_run"), "{table}");
    let history = lot.items(["job", "history"]);
    assert_eq!(
        history.iter().map(|run| run["job_name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["clean_up", "market_research"]
    );
    assert_eq!(lot.items(["job", "history", "clean_up", "--status", "failure"]).len(), 0);
    assert!(history.iter().all(|run| run["user_agent"].as_str().unwrap().starts_with("jpauto-cli/")), "{history:?}");
    assert!(history.iter().all(|run| run["started_at"].as_str().unwrap().ends_with('Z')), "programs get UTC");
    let said = [lot.run(["job", "history"]).stdout, lot.run(["job", "list"]).stdout];
    assert!(said.iter().all(|table| table.contains(" PST") || table.contains(" PDT")), "{said:?}");
    let id = run["id"].as_str().unwrap();
    assert_eq!(lot.json(["job", "show", &id[..20]])["id"], run["id"]);
    lot.run(["job", "cancel", id]).fails(3, "error[run_over]: ");
    let jobs = lot.items(["job", "list", "--schedule", "clean_up=off", "--time-zone", "UTC"]);
    let of = |name: &str| jobs.iter().find(|job| job["name"] == name).unwrap();
    assert_eq!((&of("clean_up")["enabled"], &of("clean_up")["next_run_at"]), (&json!(false), &Value::Null));
    assert!(of("check")["next_run_at"].as_str().unwrap().contains("T04:00:00"), "{jobs:?}");
    assert_eq!(of("market_research")["last_run"]["id"], run["id"]);
    let table = lot.run(["job", "list"]).stdout;
    assert!(table.contains("configure fetch.contact") && table.contains("0 0 */3 * *"), "{table}");
}

#[test]
fn what_cannot_be_run_says_why() {
    let lot = Lot::new();
    lot.add_camry();
    lot.run(["job", "run", "nothing"]).refuses("possible values: market_research, competitor_scrape");
    lot.run(["job", "run", "check", "--dry-run"]).fails(2, "error[invalid_run_options]: dry_run: ");
    lot.run(["job", "run", "competitor_scrape"]).fails(3, "error[not_configured]: ");
    lot.run(["job", "list", "--schedule", "check=25 * * *"]).fails(2, "error[invalid_schedule]: ");
    lot.run(["job", "list", "--time-zone", "Los Angeles"]).fails(2, "error[invalid_schedule]: ");
    lot.run(["work", "--schedule", "check"]).refuses("expected JOB=CRON");
    lot.run(["job", "show", "0190"]).fails(3, "error[run_not_found]: ");
    lot.json(["user", "add", "vi@example.com", "--name", "Vi"]);
    lot.run(["--as", "vi@example.com", "job", "run", "check"]).fails(3, "error[forbidden]: ");
}

#[test]
fn a_worker_runs_what_is_due_and_ends_when_it_is_told_to() {
    let lot = Lot::new();
    lot.add_camry();
    let mut worker = lot.command(["work", "--schedule", "check=* * * * * *"]).stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| lot.items(["job", "history", "check"]).len() >= 2);
    terminate(&worker);
    let ended = worker.wait().unwrap();
    let runs = lot.items(["job", "history", "check"]);
    assert!(ended.success() && runs.iter().all(|run| run["status"] == "success"), "{ended:?} {runs:?}");
    let mut said = String::new();
    std::io::Read::read_to_string(&mut worker.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("check: begun") && said.contains("check: success after "), "{said}");
}

#[test]
fn a_run_in_hand_is_interrupted_when_the_worker_has_no_more_patience_and_cancelled_on_request() {
    let lot = Lot::new();
    let website = Website::open_at("0.0.0.0");
    website.reply("/used", Reply::html(list_page(0..5, None)).after(Duration::from_secs(60)));
    let add = |dealer: u32| {
        let url = format!("http://127.0.0.{dealer}:{}/used", website.port());
        lot.json(["competitor", "add", &url, "--name", &format!("Dealer {dealer}"), "--no-fetch"]);
    };
    add(1);
    let fetching = ["--contact", "webmaster@dealer.example", "--allow-private-networks", "--patience", "0"];
    let schedule = ["work", "--schedule", "competitor_scrape=* * * * * *"];
    let mut worker = lot.command(schedule.iter().chain(&fetching)).stderr(Stdio::null()).spawn().unwrap();
    let running = || lot.items(["job", "history", "competitor_scrape", "--status", "running"]);
    wait_until(|| !running().is_empty());
    let cancelled = running()[0]["id"].as_str().unwrap().to_owned();
    lot.json(["job", "cancel", &cancelled]);
    wait_until(|| lot.json(["job", "show", &cancelled])["error"] == "cancelled");
    // Its time has come again.
    wait_until(|| !running().is_empty());
    let interrupted = running()[0]["id"].as_str().unwrap().to_owned();
    terminate(&worker);
    assert!(worker.wait().unwrap().success());
    let run = lot.json(["job", "show", &interrupted]);
    assert_eq!((&run["status"], &run["error"]), (&json!("failure"), &json!("interrupted")));
    assert_eq!(lot.items(["alert", "list", "--type", "job_failing"]).len(), 1);
}

#[test]
fn a_server_works_too_where_it_is_told_to() {
    let lot = Lot::new();
    lot.add_camry();
    let arguments = ["serve", "--address", "127.0.0.1:0", "--work", "--schedule", "check=* * * * * *"];
    let mut server = lot.command(arguments).stderr(Stdio::null()).spawn().unwrap();
    wait_until(|| !lot.items(["job", "history", "check"]).is_empty());
    terminate(&server);
    assert!(server.wait().unwrap().success());
    assert_eq!(lot.items(["job", "history", "check", "--status", "running"]).len(), 0);
}
