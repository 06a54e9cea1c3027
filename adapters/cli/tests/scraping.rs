//! Websites on loopback scraped by the compiled command: what it prints, how it ends, and what a violent end leaves.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    interrupted::{Commands, kill_again_and_again},
    support::Lot,
    website::{Reply, Website, list_page},
};

fn on_sqlite(lot: &Lot) -> String {
    format!("sqlite:{}", lot.path("jpauto.db").display())
}

fn commands(database: &str) -> Commands<'_> {
    Commands { program: env!("CARGO_BIN_EXE_jpauto"), database }
}

#[test]
fn what_is_due_is_scraped_and_told_as_it_happens() {
    let lot = Lot::new();
    let database = on_sqlite(&lot);
    let jpauto = commands(&database);
    let website = Website::open_at("0.0.0.0");
    website.list("/used", 0..12, None);
    for (host, path) in [(1, "used"), (2, "used"), (3, "broken")] {
        let url = format!("http://127.0.0.{host}:{}/{path}", website.port());
        jpauto.lines(&["competitor", "add", &url, "--name", &format!("Dealer {host}"), "--no-fetch"]);
    }
    website.show("/broken", 404, "");
    let ran = jpauto.scrape_due(&["--format", "jsonl"]).output().unwrap();
    assert_eq!(ran.status.code(), Some(4));
    let error = String::from_utf8(ran.stderr).unwrap();
    assert!(error.starts_with("error[scrape_http_status]: ") && error.lines().count() == 1, "{error}");
    let printed: Vec<Value> =
        String::from_utf8(ran.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let words: Vec<_> = printed.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(words.iter().filter(|word| **word == "recorded").count(), 2, "{words:?}");
    assert_eq!(printed.iter().find(|line| line["outcome"] == "failed").unwrap()["code"], "scrape_http_status");
    let end = printed.last().unwrap();
    assert_eq!((&end["outcome"], &end["recorded"], &end["failed"]), (&json!("run"), &json!(2), &json!(1)));

    // The one that failed is left alone for now.
    let ran = jpauto.scrape_due(&["--limit", "1", "--threads", "2"]).output().unwrap();
    assert_eq!(ran.status.code(), Some(0));
    let printed = String::from_utf8(ran.stdout).unwrap();
    let lines: Vec<_> = printed.lines().collect();
    // The one that was read first is due first; both were read at once.
    let (dealer, told) = lines[0].split_once(": ").unwrap();
    assert!(["Dealer 1", "Dealer 2"].contains(&dealer), "{printed}");
    assert_eq!(told, "12 vehicles, complete: new 0, price changes 0, sold 0");
    assert_eq!(lines[1], "1 recorded, 0 failed, 0 left for a later run");

    let one = jpauto.command(&["competitor", "scrape", "dealer 2", "--allow-private-networks", "--pause", "0"]);
    let told = { one }.args(["--format", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&report["competitor"], &report["counts"]["seen_again"]), (&json!("Dealer 2"), &json!(12)));
}

#[test]
fn a_wrong_usage_of_scrape_is_wrong_input() {
    let lot = Lot::new();
    for arguments in [
        &["scrape"][..],
        &["scrape", "Dealer", "--due", "--contact", "a@b.example"],
        &["scrape", "Dealer", "--threads", "2", "--contact", "a@b.example"],
        &["scrape", "--due", "--contact", "nobody"],
        &["scrape", "--due", "--contact", "a@b.example", "--pause=-1"],
    ] {
        let ran = lot.command(arguments).env_remove("JPAUTO_FETCH_CONTACT").output().unwrap();
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {ran:?}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_at_once_with_nothing_half_recorded() {
    let lot = Lot::new();
    let database = on_sqlite(&lot);
    let jpauto = commands(&database);
    let website = Website::open();
    website.reply("/used", Reply::html(list_page(0..12, Some("/next"))));
    website.reply("/next", Reply::html(list_page(12..20, None)).after(Duration::from_secs(20)));
    jpauto.lines(&["competitor", "add", &format!("{}/used", website.address), "--name", "Dealer", "--no-fetch"]);
    for scrape in
        [jpauto.scrape_due(&[]), jpauto.command(&["scrape", "Dealer", "--allow-private-networks", "--pause", "0"])]
    {
        website.take_paths();
        let mut scrape = scrape;
        let mut child = scrape.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while website.asked().iter().all(|asked| asked.path != "/next") {
            assert!(child.try_wait().unwrap().is_none(), "{:?}", child.wait_with_output());
            thread::sleep(Duration::from_millis(10));
        }
        let asked = Instant::now();
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let ended = child.wait_with_output().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        let error = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.code() == Some(3) && error.starts_with("error[scrape_cancelled]: "), "{error}");
        assert_eq!(jpauto.lines(&["competitor", "listings", "--all"]), [] as [Value; 0]);
    }
    // Nobody holds it any more.
    website.list("/next", 12..20, None);
    assert!(jpauto.scrape_due(&[]).status().unwrap().success());
    assert_eq!(jpauto.lines(&["competitor", "listings", "--all"]).len(), 20);
}

#[test]
fn a_run_that_is_killed_leaves_whole_lots_and_is_taken_over() {
    let lot = Lot::new();
    let database = on_sqlite(&lot);
    kill_again_and_again(&commands(&database), 20);
}

#[test]
fn the_same_on_postgresql() {
    let Some(schema) = crate::postgres::Schema::create() else {
        drop(std::io::Write::write_all(&mut std::io::stderr(), b"skipped: JPAUTO_TEST_POSTGRES names no server\n"));
        return;
    };
    assert!(commands(&schema.url).command(&["migrate"]).output().unwrap().status.success());
    kill_again_and_again(&commands(&schema.url), 20);
}
