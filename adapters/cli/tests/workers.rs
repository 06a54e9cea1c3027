//! Workers on one database that are killed in the middle of their runs, and what the history then says.
//!
//! `JPAUTO_TEST_WORKERS=120,10` runs it for 120 seconds and kills a worker every 10.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::Value;

use crate::{
    beside::Beside,
    interrupted::Commands,
    postgres::Schema,
    support::Lot,
    website::{Reply, Website, list_page},
};

/// A run is to take this part of its second, so that a kill meets one.
const RUN: Duration = Duration::from_millis(400);

/// The least and the most competitors whose figures a run counts.
const COMPETITORS: (usize, usize) = (60, 4_000);

/// A job that waited for the lease of a dead run would wait for as long.
const LEASE: TimeDelta = TimeDelta::seconds(60);

const JOBS: [&str; 5] = ["market_research", "competitor_scrape", "clean_up", "check", "backup"];

/// Competitors without listings, of which each takes a run the same time.
fn add_competitors(beside: &mut Beside, numbers: std::ops::RangeInclusive<usize>) {
    if numbers.is_empty() {
        return;
    }
    let (first, last) = numbers.into_inner();
    let (id, numbers) = match beside {
        Beside::Postgres(_) => ("gen_random_uuid()", format!("generate_series({first}, {last}) AS n")),
        Beside::Sqlite(_) => (
            "randomblob(16)",
            format!(
                "(WITH RECURSIVE counted(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM counted WHERE n < {last})
                  SELECT n FROM counted)"
            ),
        ),
    };
    beside.execute(&format!(
        "INSERT INTO competitors (id, name, website_url, inventory_url, active)
         SELECT {id}, 'Dealer ' || n, 'http://dealer.example/' || n, 'http://dealer.example/' || n, true
         FROM {numbers}"
    ));
}

fn worker(commands: &Commands<'_>) -> Child {
    let lease = LEASE.num_seconds().to_string();
    let mut command =
        commands.command(&["work", "--job-lease", &lease, "--schedule", "competitor_metrics=* * * * * *"]);
    for job in JOBS {
        command.args(["--schedule", &format!("{job}=off")]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Adds competitors until a run takes about [`RUN`] on this machine. Returns how many there are.
fn competitors_for_a_run(commands: &Commands<'_>, beside: &mut Beside) -> usize {
    let (least, most) = COMPETITORS;
    add_competitors(beside, 1..=least);
    let run = commands.lines(&["job", "run", "competitor_metrics"]).remove(0);
    let each = run["duration_ms"].as_f64().unwrap().max(1.0) / least as f64;
    let wanted = ((RUN.as_millis() as f64 / each) as usize).clamp(least, most);
    add_competitors(beside, least + 1..=wanted);
    wanted
}

/// Waits until the worker makes a run, and then for a moment of it. It may be that the other one makes them all.
fn wait_for_a_run_of(worker: &Child, beside: &mut Beside) {
    // As a holder of leases is called.
    let running = format!("job_history WHERE status = 'running' AND holder LIKE 'process {} (%'", worker.id());
    wait_until(Duration::from_secs(5), || beside.count(&running) > 0);
    thread::sleep(RUN.mul_f64(fastrand::f64() / 2.0));
}

fn wait_until(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < patience {
        if is_so() {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}

fn time(run: &Value, field: &str) -> DateTime<Utc> {
    run[field].as_str().unwrap_or_default().parse().unwrap()
}

#[test]
fn two_workers_of_which_one_is_killed_again_and_again_make_each_second_once_on_postgres() {
    let Some(schema) = Schema::create() else {
        eprintln!("skipped: JPAUTO_TEST_POSTGRES names no server");
        return;
    };
    kill_workers(&Commands { program: env!("CARGO_BIN_EXE_jpauto"), database: &schema.url });
}

#[cfg(target_os = "linux")]
#[test]
fn two_workers_of_which_one_is_killed_again_and_again_make_each_second_once_on_sqlite() {
    let lot = Lot::new();
    let database = format!("sqlite:{}", lot.path("jpauto.db").display());
    kill_workers(&Commands { program: env!("CARGO_BIN_EXE_jpauto"), database: &database });
}

fn kill_workers(commands: &Commands<'_>) {
    let wanted = std::env::var("JPAUTO_TEST_WORKERS").unwrap_or_else(|_not_set| "11,2".to_owned());
    let (seconds, every) = wanted.split_once(',').unwrap();
    let (span, every) = (Duration::from_secs(seconds.parse().unwrap()), Duration::from_secs(every.parse().unwrap()));
    assert!(commands.command(&["migrate"]).stdout(Stdio::null()).status().unwrap().success());
    let mut beside = Beside::open(commands.database);
    let competitors = competitors_for_a_run(commands, &mut beside);
    let (mut kills, begun_at) = (0, Instant::now());
    let mut workers = [worker(commands), worker(commands)];
    // On a machine that is busy with other things the worker that is not the victim may make all runs of so short a time.
    let goes_on = |beside: &mut Beside| {
        let met_a_run = beside.count("job_history WHERE error = 'interrupted'") > 0;
        begun_at.elapsed() < if met_a_run { span } else { span + Duration::from_secs(60) }
    };
    while goes_on(&mut beside) {
        thread::sleep(every - Duration::from_millis(fastrand::u64(0..900)));
        let victim = &mut workers[kills % 2];
        wait_for_a_run_of(victim, &mut beside);
        victim.kill().unwrap();
        victim.wait().unwrap();
        workers[kills % 2] = worker(commands);
        kills += 1;
    }
    // The last one begins to listen for signals meanwhile, and takes over from the one that was killed last.
    thread::sleep(Duration::from_secs(2));
    for mut worker in workers {
        assert!(Command::new("kill").arg(worker.id().to_string()).status().unwrap().success());
        assert!(worker.wait().unwrap().success(), "a worker ends as it is told to");
    }
    let mut runs = commands.lines(&["job", "history", "competitor_metrics", "--all"]);
    // The one that was made to find out how long it takes.
    runs.retain(|run| !run["scheduled_for"].is_null());
    judge(runs, competitors, kills, span);
}

/// No lease of a process that was killed is waited for by another one of the machine: neither the job's nor the competitor's.
#[cfg(target_os = "linux")]
#[test]
fn what_a_process_was_doing_that_was_killed_is_taken_over_at_once() {
    let lot = Lot::new();
    let sqlite = format!("sqlite:{}", lot.path("jpauto.db").display());
    let schema = Schema::create();
    if schema.is_none() {
        eprintln!("skipped on PostgreSQL: JPAUTO_TEST_POSTGRES names no server");
    }
    for database in [Some(&sqlite), schema.as_ref().map(|schema| &schema.url)].into_iter().flatten() {
        let commands = Commands { program: env!("CARGO_BIN_EXE_jpauto"), database };
        assert!(commands.command(&["migrate"]).stdout(Stdio::null()).status().unwrap().success());
        let website = Website::open();
        website.reply("/used", Reply::html(list_page(0..3, None)).after(Duration::from_secs(5)));
        let url = format!("{}/used", website.address);
        commands.lines(&["competitor", "add", &url, "--name", "Valley Motors", "--no-fetch"]);
        let scrape = ["job", "run", "competitor_scrape", "--job-lease", "3600", "--allow-private-networks"];
        let mut killed = commands.command(&scrape).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let asked = || website.asked().iter().any(|asked| asked.path == "/used");
        assert!(wait_until(Duration::from_secs(20), asked));
        killed.kill().unwrap();
        killed.wait().unwrap();
        let history = || commands.lines(&["job", "history", "competitor_scrape"]);
        assert_eq!((&history()[0]["status"], &history()[0]["error"]), (&"failure".into(), &"interrupted".into()));
        website.list("/used", 0..3, None);
        let run = commands.lines(&scrape).remove(0);
        assert_eq!((&run["status"], &run["result"]["recorded"]), (&"success".into(), &1.into()), "{run}");
        let ends: Vec<_> = history().iter().map(|run| time(run, "completed_at")).collect();
        assert_eq!(ends.len(), 2);
    }
}

/// No two runs at once, no second answered to twice or to none, and each run as it ended.
#[expect(clippy::print_stdout, reason = "the figures, for one who runs it by hand with --nocapture")]
fn judge(mut runs: Vec<Value>, competitors: usize, kills: usize, span: Duration) {
    runs.reverse();
    let interrupted: Vec<_> = runs.iter().filter(|run| run["error"] == "interrupted").collect();
    for run in runs.iter().filter(|run| run["error"] != "interrupted") {
        // Nobody has read them, so their figures are not written anew.
        assert_eq!((&run["status"], &run["result"]["not_read"]), (&"success".into(), &competitors.into()), "{run}");
    }
    assert!(interrupted.len() <= kills, "{} of {kills}: {interrupted:?}", interrupted.len());
    assert!(!interrupted.is_empty(), "{kills} kills, and none met a run");
    for pair in runs.windows(2) {
        let (first, second) = (&pair[0], &pair[1]);
        // The next process that looks notes the end of one that was killed. It may do so a moment after the next run has begun, and
        // the end is the moment in which that one began.
        assert!(time(first, "completed_at") <= time(second, "started_at"), "at once: {first} {second}");
        assert!(time(first, "scheduled_for") < time(second, "scheduled_for"), "twice: {first} {second}");
    }
    let second = TimeDelta::seconds(1);
    let (first, last) = (time(&runs[0], "scheduled_for"), time(runs.last().unwrap(), "scheduled_for"));
    assert_eq!(first, first.duration_trunc(second).unwrap());
    let answered: Vec<_> = runs.iter().map(|run| time(run, "scheduled_for")).collect();
    let mut at = first;
    let mut waited = 0;
    while at < last {
        if !answered.contains(&at) {
            // A run that took longer was in its way until the next second had come. One that was killed is in nobody's way, but the
            // worker that is left may come a second late where the machine is busy.
            let is_in_the_way = |run: &&Value| {
                let (from, to) = (time(run, "started_at"), time(run, "completed_at"));
                let to = if run["error"] == "interrupted" { to.min(from + second + second) } else { to };
                from <= at + second && to >= at
            };
            assert!(runs[..runs.len() - 1].iter().any(|run| is_in_the_way(&run)), "lost: {at} of {answered:?}");
            waited += 1;
        }
        at += second;
    }
    println!(
        "{} runs of {competitors} competitors in {} s, {kills} kills, {} interrupted, {waited} seconds passed over while a run was in the way",
        runs.len(),
        span.as_secs(),
        interrupted.len()
    );
    assert!(runs.len() as u64 + waited >= span.as_secs() / 2, "{} runs", runs.len());
}
