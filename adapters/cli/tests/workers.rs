//! Workers on one PostgreSQL that are killed in the middle of their runs, and what the history then says.
//!
//! `JPAUTO_TEST_WORKERS=120,10` runs it for 120 seconds and kills a worker every 10.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use diesel::{
    Connection as _, PgConnection, RunQueryDsl as _, connection::SimpleConnection as _, dsl::sql, select,
    sql_types::Bool,
};
use serde_json::Value;

use crate::{interrupted::Commands, postgres::Schema};

/// A run is to take this part of its second, so that a kill meets one.
const RUN: Duration = Duration::from_millis(400);

/// The least and the most competitors whose figures a run counts.
const COMPETITORS: (usize, usize) = (60, 4_000);

const JOBS: [&str; 5] = ["market_research", "competitor_scrape", "clean_up", "check", "backup"];

fn worker(commands: &Commands<'_>) -> Child {
    let mut command = commands.command(&["work", "--job-lease", "2", "--schedule", "competitor_metrics=* * * * * *"]);
    for job in JOBS {
        command.args(["--schedule", &format!("{job}=off")]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Competitors without listings, of which each takes a run the same time.
fn add_competitors(conn: &mut PgConnection, numbers: std::ops::RangeInclusive<usize>) {
    let (first, last) = numbers.into_inner();
    conn.batch_execute(&format!(
        "INSERT INTO competitors (id, name, website_url, inventory_url, active)
         SELECT gen_random_uuid(), 'Dealer ' || n, 'http://dealer.example/' || n, 'http://dealer.example/' || n, true
         FROM generate_series({first}, {last}) AS n"
    ))
    .unwrap();
}

/// Adds competitors until a run takes about [`RUN`] on this machine. Returns how many there are.
fn competitors_for_a_run(commands: &Commands<'_>, conn: &mut PgConnection) -> usize {
    let (least, most) = COMPETITORS;
    add_competitors(conn, 1..=least);
    let run = commands.lines(&["job", "run", "competitor_metrics"]).remove(0);
    let each = run["duration_ms"].as_f64().unwrap().max(1.0) / least as f64;
    let wanted = ((RUN.as_millis() as f64 / each) as usize).clamp(least, most);
    add_competitors(conn, least + 1..=wanted);
    wanted
}

/// Waits until the worker makes a run, and then for a moment of it. It may be that the other one makes them all.
fn wait_for_a_run_of(worker: &Child, conn: &mut PgConnection) {
    // As a holder of leases is called.
    let is_running = format!(
        "EXISTS (SELECT 1 FROM job_history WHERE status = 'running' AND holder LIKE 'process {} (%')",
        worker.id()
    );
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        if select(sql::<Bool>(&is_running)).get_result(conn).unwrap() {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(RUN.mul_f64(fastrand::f64() / 2.0));
}

fn time(run: &Value, field: &str) -> DateTime<Utc> {
    run[field].as_str().unwrap_or_default().parse().unwrap()
}

#[test]
fn two_workers_of_which_one_is_killed_again_and_again_make_each_second_once() {
    let Some(schema) = Schema::create() else {
        eprintln!("skipped: JPAUTO_TEST_POSTGRES names no server");
        return;
    };
    let wanted = std::env::var("JPAUTO_TEST_WORKERS").unwrap_or_else(|_not_set| "14,3".to_owned());
    let (seconds, every) = wanted.split_once(',').unwrap();
    let (span, every) = (Duration::from_secs(seconds.parse().unwrap()), Duration::from_secs(every.parse().unwrap()));
    let commands = Commands { program: env!("CARGO_BIN_EXE_jpauto"), database: &schema.url };
    assert!(commands.command(&["migrate"]).stdout(Stdio::null()).status().unwrap().success());
    let mut conn = PgConnection::establish(&schema.url).unwrap();
    let competitors = competitors_for_a_run(&commands, &mut conn);
    let (mut kills, begun_at) = (0, Instant::now());
    let mut workers = [worker(&commands), worker(&commands)];
    while begun_at.elapsed() < span {
        thread::sleep(every - Duration::from_millis(fastrand::u64(0..900)));
        let victim = &mut workers[kills % 2];
        wait_for_a_run_of(victim, &mut conn);
        victim.kill().unwrap();
        victim.wait().unwrap();
        workers[kills % 2] = worker(&commands);
        kills += 1;
    }
    // The last one begins to listen for signals meanwhile, and the lease of the one that was killed last ends and is taken.
    thread::sleep(Duration::from_secs(4));
    for mut worker in workers {
        assert!(Command::new("kill").arg(worker.id().to_string()).status().unwrap().success());
        assert!(worker.wait().unwrap().success(), "a worker ends as it is told to");
    }
    let mut runs = commands.lines(&["job", "history", "competitor_metrics", "--all"]);
    // The one that was made to find out how long it takes.
    runs.retain(|run| !run["scheduled_for"].is_null());
    judge(runs, competitors, kills, span);
}

/// No two runs at once, no second answered to twice or to none, and each run as it ended.
#[expect(clippy::print_stdout, reason = "the figures, for one who runs it by hand with --nocapture")]
fn judge(mut runs: Vec<Value>, competitors: usize, kills: usize, span: Duration) {
    runs.reverse();
    let interrupted: Vec<_> = runs.iter().filter(|run| run["error"] == "interrupted").collect();
    for run in runs.iter().filter(|run| run["error"] != "interrupted") {
        assert_eq!((&run["status"], &run["result"]["competitors"]), (&"success".into(), &competitors.into()), "{run}");
    }
    assert!(interrupted.len() <= kills, "{} of {kills}: {interrupted:?}", interrupted.len());
    assert!(!interrupted.is_empty(), "{kills} kills, and none met a run");
    for pair in runs.windows(2) {
        let (first, second) = (&pair[0], &pair[1]);
        // A run that was killed last, and whose lease has not been taken since, has no time of its end. The next process that looks notes
        // the end of another one. It may do so a moment after the next run has begun, and the end is the moment in which that one began.
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
            // A run or the lease of a dead one was in its way until the next second had come.
            let is_in_the_way =
                |run: &&Value| time(run, "started_at") <= at + second && time(run, "completed_at") >= at;
            assert!(runs[..runs.len() - 1].iter().any(|run| is_in_the_way(&run)), "lost: {at} of {answered:?}");
            waited += 1;
        }
        at += second;
    }
    println!(
        "{} runs of {competitors} competitors in {} s, {kills} kills, {} interrupted, {waited} seconds passed over while a run or a dead one's lease was \
         in the way",
        runs.len(),
        span.as_secs(),
        interrupted.len()
    );
    assert!(runs.len() as u64 + waited >= span.as_secs() / 2, "{} runs", runs.len());
}
