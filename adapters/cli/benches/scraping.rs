//! The crawl of many websites against what politeness and latency alone allow, and the crawl killed again and again.
//!
//! 200 competitors of one server, each under an address of its own, every answer 50 ms late. The ideal time is that of all
//! requests and pauses shared evenly by the threads: no work, no database, no start of a process. It is measured with a pause
//! after each request, as a polite crawl has it, and without any, where our own work has nothing to hide behind. What is
//! deliberately not here: how fast a page is read or recorded; the library's own benchmarks measure that.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark that can not go on says so"
)]

#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/beside.rs"]
mod beside;
#[path = "../tests/interrupted.rs"]
mod interrupted;
#[path = "../tests/postgres.rs"]
mod postgres;
#[allow(dead_code, unreachable_pub, reason = "the library's own tests use the rest of it")]
#[path = "../../../tests/support/website.rs"]
mod website;

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use interrupted::{Commands, kill_again_and_again};
use website::{Reply, Website, list_page};

const COMPETITORS: u32 = 200;
const PAGES: u32 = 4;
const CARS_A_PAGE: u32 = 24;
const THREADS: u32 = 16;
const LATENCY: Duration = Duration::from_millis(50);
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::ZERO];
const KILLS: u32 = 20;
/// What the crawl may take, in parts of the ideal.
const BAR: f64 = 1.3;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    measure("SQLite", &sqlite("many.db"));
    kill("SQLite", &sqlite("killed.db"));
    match (postgres::Schema::create(), postgres::Schema::create()) {
        (Some(many), Some(killed)) => {
            measure("PostgreSQL", &many.url);
            kill("PostgreSQL", &killed.url);
        }
        _ => println!("PostgreSQL: skipped, JPAUTO_TEST_POSTGRES names no server"),
    }
}

fn commands(database: &str) -> Commands<'_> {
    let commands = Commands { program: env!("CARGO_BIN_EXE_jpauto"), database };
    assert!(commands.command(&["migrate"]).stdout(Stdio::null()).status().unwrap().success());
    commands
}

fn measure(name: &str, database: &str) {
    let commands = commands(database);
    let website = Website::open_at("0.0.0.0");
    let mut pages = Vec::new();
    for page in 0..PAGES {
        let next = (page + 1 < PAGES).then(|| format!("/used/{}", page + 1));
        let list = list_page(page * CARS_A_PAGE..(page + 1) * CARS_A_PAGE, next.as_deref());
        pages.push((format!("/used/{page}"), Reply::html(list).after(LATENCY)));
    }
    website.answer(move |asked| {
        let known = pages.iter().find(|(path, _)| *path == asked.path);
        Some(known.map_or_else(|| Reply::status(404).after(LATENCY), |(_, reply)| reply.clone()))
    });
    for number in 1..=COMPETITORS {
        let url = format!("http://127.0.0.{number}:{}/used/0", website.port());
        commands.lines(&["competitor", "add", &url, "--name", &format!("Dealer {number}"), "--no-fetch"]);
    }
    // robots.txt and the pages, with a pause between any two of them.
    let requests = 1 + PAGES;
    for (run, between) in ["first", "again"].into_iter().flat_map(|run| PAUSES.map(|pause| (run, pause))) {
        let ideal = (LATENCY * requests + between * (requests - 1)) * COMPETITORS / THREADS;
        let (pause, threads) = (between.as_secs_f64().to_string(), THREADS.to_string());
        let mut scrape = commands.command(&[
            "scrape",
            "--due",
            "--due-after",
            "0",
            "--allow-private-networks",
            "--pause",
            &pause,
            "--threads",
            &threads,
            "--format",
            "json",
        ]);
        let began = Instant::now();
        let child = scrape.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let watch = thread::spawn({
            let id = child.id();
            move || peak_memory(id)
        });
        let ended = child.wait_with_output().unwrap();
        let took = began.elapsed();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
        assert_eq!(report["recorded"].as_array().unwrap().len(), COMPETITORS as usize);
        let ratio = took.as_secs_f64() / ideal.as_secs_f64();
        println!(
            "{name}, {run}: {COMPETITORS} competitors of {PAGES} pages, {THREADS} threads, pauses of {} ms: {:.2} s, ideal {:.2} s, \
             ratio {ratio:.2} (bar {BAR}: {}), peak memory {} MiB, at most {} requests at once",
            between.as_millis(),
            took.as_secs_f64(),
            ideal.as_secs_f64(),
            if ratio <= BAR { "met" } else { "missed" },
            watch.join().unwrap() / 1024,
            website.most_at_once(),
        );
    }
}

/// The most memory that the process had, in KiB, as Linux tells it; 0 elsewhere.
fn peak_memory(process: u32) -> u64 {
    let mut peak = 0;
    while let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) {
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        // A process that has ended has no memory any more.
        let Some(line) = line else { break };
        peak = peak.max(line.trim().trim_end_matches(" kB").parse().unwrap_or(0));
        thread::sleep(Duration::from_millis(50));
    }
    peak
}

fn kill(name: &str, database: &str) {
    let through = kill_again_and_again(&commands(database), KILLS);
    println!(
        "{name}: killed {KILLS} times: no car lost, no lot half-written, none falsely sold; {through} scrapes came through meanwhile"
    );
}
