//! When jobs run: each time of a schedule once, the latest missed one made up; and what clean-up removes.

use std::{env, ops::ControlFlow, sync::Mutex, thread, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{
    AlertFilter, Config, Dealership, Desk, ErrorCode, NewSubmission, PageRequest,
    jobs::{Job, JobOverview, JobReport, Run, RunFilter, RunOptions, RunPool, RunProgress, RunStatus, Stop, WorkEvent},
    notifications::WebhookConfig,
};

use crate::{
    scraping::opened,
    support::{
        Lot,
        alone::{is_alone, resident},
        camry, corolla,
    },
};

fn on(_: &RunProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A dealership in which one job runs at noon in UTC, and no other by itself.
fn with_noon(lot: &Lot) -> Desk {
    opened(lot, |config: &mut Config| {
        let jobs = Job::ALL.into_iter().fold(config.jobs.clone(), |jobs, job| jobs.off(job));
        config.jobs = jobs.at(Job::Check, "0 12 * * *");
        config.jobs.time_zone = "UTC".into();
    })
}

/// One that makes a digest by this schedule, and no other job by itself.
fn with_digest(lot: &Lot, cron: &str) -> Desk {
    opened(lot, |config: &mut Config| {
        let jobs = Job::ALL.into_iter().fold(config.jobs.clone(), |jobs, job| jobs.off(job));
        config.jobs = jobs.at(Job::DailyDigest, cron);
        let webhook = WebhookConfig::new("https://crm.example/hook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        config.notifications = config.notifications.clone().webhook("crm", webhook);
    })
}

/// How many new submissions each digest tells of that is due.
fn digests(desk: &Desk) -> Vec<u64> {
    let runs = desk.jobs().run_due(&mut on).unwrap();
    let told = runs.iter().map(|run| match run.report() {
        Some(JobReport::DailyDigest(report)) => report.submissions_new,
        _ => panic!("{run:?}"),
    });
    told.collect()
}

fn due(desk: &Desk) -> Vec<(String, Option<DateTime<Utc>>)> {
    let runs = desk.jobs().run_due(&mut on).unwrap();
    runs.into_iter().map(|run| (run.job_name, run.scheduled_for)).collect()
}

fn check(desk: &Desk) -> JobOverview {
    desk.jobs().list().unwrap().into_iter().find(|job| job.name == Job::Check).unwrap()
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn history(desk: &Desk, job: Job) -> Vec<Run> {
    desk.jobs().history(&RunFilter::default().job(job), &PageRequest::first(100)).unwrap().items
}

on_both_databases! {
    fn each_time_of_a_schedule_is_answered_to_once(lot: &Lot) {
        // It is noon on 1 March.
        let (desk, other) = (with_noon(lot), with_noon(lot));
        assert_eq!((check(&desk).last_run, check(&desk).due_since), (None, None));
        assert_eq!(due(&desk), [], "a new database owes no runs");
        lot.pass(TimeDelta::hours(23));
        assert_eq!(due(&desk), []);
        assert_eq!(check(&desk).next_run_at, Some(at("2026-03-02T12:00:00Z")));
        lot.pass(TimeDelta::hours(2));
        assert_eq!(check(&desk).due_since, Some(at("2026-03-02T12:00:00Z")));
        assert_eq!(due(&other), [("check".to_owned(), Some(at("2026-03-02T12:00:00Z")))]);
        assert_eq!(due(&desk), [], "the other process has made it");
        let overview = check(&desk);
        assert_eq!((overview.due_since, overview.next_run_at), (None, Some(at("2026-03-03T12:00:00Z"))));
        let run = overview.last_run.unwrap();
        assert_eq!((run.status, run.requested_by, run.started_at), (RunStatus::Success, None, Some(lot.now())));
        let entries = lot.count("SELECT count(*) FROM activity_logs WHERE action = 'run'");
        assert_eq!(entries, 0, "nobody asked for it");
    }

    fn of_the_missed_times_the_latest_is_made_up(lot: &Lot) {
        let desk = with_noon(lot);
        due(&desk);
        lot.pass(TimeDelta::days(5) + TimeDelta::hours(20));
        assert_eq!(due(&desk), [("check".to_owned(), Some(at("2026-03-06T12:00:00Z")))]);
        assert_eq!(due(&desk), []);
        assert_eq!(history(&desk, Job::Check).len(), 1);
    }

    fn a_digest_tells_everything_once_whatever_the_clock_does(lot: &Lot) {
        // On 8 March the clock has no 2:30, on 1 November it has 1:30 twice.
        for (start, cron) in [("2026-03-07T09:10:00Z", "30 2 * * *"), ("2026-10-31T07:10:00Z", "30 1 * * *")] {
            lot.pass(at(start) - lot.now());
            let desk = with_digest(lot, cron);
            desk.jobs().run_due(&mut on).unwrap();
            // A digest is made some minutes after it is due.
            let (mut sent, mut sent_before, mut told, mut expected) = (0_u64, 0, Vec::new(), Vec::new());
            for _ in 0..(3 * 48) {
                lot.pass(TimeDelta::minutes(30));
                for told_now in digests(&desk) {
                    told.push(told_now);
                    expected.push(sent - sent_before);
                    sent_before = sent;
                }
                desk.submissions().submit(&NewSubmission { vin: None, ..camry() }).unwrap();
                sent += 1;
            }
            assert_eq!((told.len(), &told[1..]), (3, &expected[1..]), "{cron}");
        }
    }

    fn a_digest_after_days_without_a_worker_tells_of_all_of_them(lot: &Lot) {
        // It is noon on 1 March in UTC, and the digest is due eight hours later.
        let desk = with_digest(lot, "0 12 * * *");
        let offer = || desk.submissions().submit(&NewSubmission { vin: None, ..camry() }).unwrap();
        assert_eq!(digests(&desk), [0; 0], "a new database owes none");
        offer();
        lot.pass(TimeDelta::hours(9));
        assert_eq!(digests(&desk), [1], "the first one tells of the day before it");
        for _ in 0..3 {
            lot.pass(TimeDelta::days(1));
            offer();
        }
        // Of the three times that were missed the latest is made up. The last offer came behind it.
        assert_eq!(digests(&desk), [2]);
        // One that somebody asks for is no part of the schedule.
        lot.pass(TimeDelta::hours(1));
        desk.jobs().run(Job::DailyDigest, &RunOptions::default(), &mut on).unwrap();
        lot.pass(TimeDelta::hours(12));
        offer();
        lot.pass(TimeDelta::hours(10));
        assert_eq!(digests(&desk), [2]);
        // Another schedule goes on where the digest before ended.
        let desk = with_digest(lot, "0 18 * * *");
        lot.pass(TimeDelta::hours(1));
        offer();
        lot.pass(TimeDelta::hours(6));
        assert_eq!(digests(&desk), [1], "and not a day before");
    }

    fn a_job_that_is_being_run_waits_for_its_time_and_then_has_it(lot: &Lot) {
        let desk = with_noon(lot);
        due(&desk);
        lot.pass(TimeDelta::hours(25));
        let started = desk.jobs().start(Job::Check, &RunOptions::default()).unwrap();
        assert_eq!(due(&desk), []);
        started.work(&Stop::default(), &mut on).unwrap();
        assert_eq!(due(&desk), [("check".to_owned(), Some(at("2026-03-02T12:00:00Z")))]);
    }

    fn a_job_that_is_off_or_lacks_a_part_does_not_run_by_itself(lot: &Lot) {
        let desk = lot.desk();
        let overviews = desk.jobs().list().unwrap();
        let enabled: Vec<_> = overviews.iter().filter(|job| job.enabled).map(|job| job.name.as_str()).collect();
        assert_eq!(enabled, ["market_research", "competitor_metrics", "clean_up", "check"]);
        let scrape = overviews.iter().find(|job| job.name == Job::CompetitorScrape).unwrap();
        assert_eq!((scrape.missing.as_deref(), scrape.next_run_at), (Some("fetch.contact"), None));
        desk.jobs().run_due(&mut on).unwrap();
        lot.pass(TimeDelta::days(8));
        let mut runs: Vec<_> = desk.jobs().run_due(&mut on).unwrap().into_iter().map(|run| run.job_name).collect();
        runs.sort();
        assert_eq!(runs, ["check", "clean_up", "competitor_metrics", "market_research"]);
    }

    fn an_observer_that_breaks_ends_the_round(lot: &Lot) {
        let desk = lot.desk();
        (0..40).for_each(|number| drop(desk.inventory().add(&corolla(number)).unwrap()));
        desk.jobs().run_due(&mut on).unwrap();
        lot.pass(TimeDelta::days(8));
        let runs = desk.jobs().run_due(&mut |_| ControlFlow::Break(())).unwrap();
        assert_eq!((runs.len(), runs[0].error.as_deref()), (1, Some("interrupted")));
    }

    fn workers_of_two_processes_make_each_second_once(lot: &Lot) {
        let url = lot.url.clone();
        let open = || {
            let mut config = Config::new(&url);
            let jobs = Job::ALL.into_iter().fold(config.jobs.clone(), |jobs, job| jobs.off(job));
            config.jobs = jobs.at(Job::CleanUp, "* * * * * *");
            Dealership::with_config(config).unwrap().acting_as(jpauto::Actor::system())
        };
        let (stop, failed) = (Stop::default(), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let pool = RunPool::new(2);
                    open().jobs().work(&pool, &stop, &mut |event| {
                        if let WorkEvent::Failed(error) = event {
                            failed.lock().unwrap().push(error.to_string());
                        }
                    }).unwrap();
                    pool.shut_down(Duration::from_secs(20));
                });
            }
            thread::sleep(Duration::from_millis(4_500));
            stop.ask();
        });
        assert_eq!(*failed.lock().unwrap(), [""; 0]);
        let runs = history(&open(), Job::CleanUp);
        let mut times: Vec<_> = runs.iter().map(|run| run.scheduled_for.unwrap()).collect();
        times.dedup();
        assert_eq!(times.len(), runs.len(), "{times:?}");
        assert!((2..=5).contains(&runs.len()), "{}", runs.len());
        assert!(runs.iter().all(|run| run.status == RunStatus::Success), "{runs:?}");
        for pair in runs.windows(2) {
            assert!(pair[0].started_at >= pair[1].completed_at, "{pair:?}");
        }
    }

    fn a_wrong_schedule_is_refused_when_the_database_is_opened(lot: &Lot) {
        let mut config = Config::new(&lot.url);
        config.jobs = config.jobs.at(Job::CleanUp, "every night");
        let refusal = Dealership::with_config(config).unwrap_err();
        assert!(refusal.is(ErrorCode::InvalidSchedule) && refusal.fields()[0].pointer == "/jobs/clean_up/cron");
    }

    fn clean_up_removes_what_is_over_and_says_before_what_it_would(lot: &Lot) {
        let desk = lot.desk();
        let sold = desk.inventory().add(&corolla(1)).unwrap();
        let kept = desk.inventory().add(&corolla(2)).unwrap();
        desk.market().analyze(sold.id).unwrap();
        desk.market().analyze(kept.id).unwrap();
        desk.jobs().run(Job::Check, &RunOptions::default(), &mut on).unwrap();
        for _ in 0..14 {
            desk.market().analyze(kept.id).unwrap();
            lot.pass(TimeDelta::days(1));
        }
        desk.inventory().set_status(sold.id, jpauto::VehicleStatus::Sold).unwrap();
        let alert = desk.alerts().list(&AlertFilter::default(), &PageRequest::first(1)).unwrap().items.remove(0);
        desk.alerts().dismiss(alert.id).unwrap();
        lot.pass(TimeDelta::days(100));
        let dry = |desk: &Desk| {
            let run = desk.jobs().run(Job::CleanUp, &RunOptions::dry_run(), &mut on).unwrap();
            let Some(JobReport::CleanUp(report)) = run.report() else { panic!("{run:?}") };
            report
        };
        let first = dry(&desk);
        assert_eq!((first.removed["research"], first.removed["price_history"], first.total), (1, 0, 1));
        lot.pass(TimeDelta::days(100));
        let would = dry(&desk);
        let history = |desk: &Desk| desk.market().history(kept.id, &PageRequest::first(100)).unwrap().items;
        let before = history(&desk);
        let run = desk.jobs().run(Job::CleanUp, &RunOptions::default(), &mut on).unwrap();
        let Some(JobReport::CleanUp(did)) = run.report() else { panic!("{run:?}") };
        assert_eq!((did.dry_run, &did.removed, did.total), (false, &would.removed, would.total));
        let counts = |name: &str| did.removed[name];
        assert_eq!([counts("research"), counts("dismissed_alerts"), counts("runs")], [1, 2, 1], "{did:?}");
        assert_eq!(counts("price_history"), before.len() - 10, "{did:?}");
        assert_eq!(history(&desk), before[..10], "the newest ten stay");
        assert!(desk.market().get(kept.id).is_ok());
        assert_eq!(dry(&desk).total, 0);
        assert!(lot.count("SELECT count(*) FROM activity_logs") > 0, "the audit trail stays");
        assert!(lot.count("SELECT count(*) FROM activity_logs WHERE action = 'delete' AND resource_type = 'jobs'") > 0);
    }
}

on_both_databases! {
    fn a_part_of_the_clean_up_that_fails_keeps_no_other_from_going(lot: &Lot) {
        let (id, yes) = if lot.url.starts_with("sqlite") { ("randomblob(16)", "1") } else { ("gen_random_uuid()", "true") };
        let at = "'2020-01-01T00:00:00.000000Z'";
        lot.execute(&format!(
            "INSERT INTO storage_alerts (id, alert_type, severity, message, dismissed, dismissed_at, created_at)
             VALUES ({id}, 'overpriced', 'warning', 'Too dear.', {yes}, {at}, {at});
             INSERT INTO job_history (id, job_name, status, started_at, completed_at)
             VALUES ({id}, 'check', 'success', {at}, {at})"
        ));
        lot.execute(if lot.url.starts_with("sqlite") {
            "CREATE TRIGGER kept BEFORE DELETE ON storage_alerts BEGIN SELECT RAISE(ABORT, 'kept'); END"
        } else {
            "CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''kept''; END';
             CREATE TRIGGER kept BEFORE DELETE ON storage_alerts FOR EACH ROW EXECUTE FUNCTION kept()"
        });
        let run = lot.desk().jobs().run(Job::CleanUp, &RunOptions::default(), &mut on).unwrap();
        let Some(JobReport::CleanUp(report)) = run.report() else { panic!("{run:?}") };
        assert_eq!((run.status, report.total), (RunStatus::Partial, 1), "{run:?}");
        assert_eq!((report.removed["dismissed_alerts"], report.removed["runs"]), (0, 1));
        assert_eq!(report.failures.keys().collect::<Vec<_>>(), ["dismissed_alerts"]);
        assert!(run.error.as_deref().unwrap().starts_with("dismissed_alerts: "), "{run:?}");
        lot.execute(if lot.url.starts_with("sqlite") { "DROP TRIGGER kept" } else { "DROP TRIGGER kept ON storage_alerts" });
        let run = lot.desk().jobs().run(Job::CleanUp, &RunOptions::default(), &mut on).unwrap();
        assert_eq!((run.status, &run.result.unwrap()["removed"]["dismissed_alerts"]), (RunStatus::Success, &1.into()));
    }

    fn the_audit_trail_is_kept_until_the_owner_says_for_how_long(lot: &Lot) {
        let clean_up = |days: u32| {
            let desk = opened(lot, |config: &mut Config| config.jobs.retention.audit_trail_days = days);
            let run = desk.jobs().run(Job::CleanUp, &RunOptions::default(), &mut on).unwrap();
            let Some(JobReport::CleanUp(report)) = run.report() else { panic!("{run:?}") };
            report.removed.get("audit_trail").copied()
        };
        lot.desk().inventory().add(&corolla(1)).unwrap();
        lot.pass(TimeDelta::days(400));
        lot.desk().inventory().add(&corolla(2)).unwrap();
        let entries = lot.count("SELECT count(*) FROM activity_logs WHERE action = 'create'");
        assert_eq!(clean_up(0), None, "nothing of it goes by itself");
        assert_eq!(lot.count("SELECT count(*) FROM activity_logs WHERE action = 'create'"), entries);
        assert!(clean_up(365) >= Some(1), "what is older than a year goes");
        assert_eq!(lot.count("SELECT count(*) FROM activity_logs WHERE action = 'create'"), entries - 1);
        let told = "SELECT count(*) FROM activity_logs WHERE action = 'delete' AND resource_type = 'activity'";
        assert_eq!(lot.count(told), 1, "the trail tells that it was cut");
    }
}

/// One session that another program has locked, and one alert, keep no other from going.
#[cfg(feature = "postgres")]
#[test]
fn clean_up_passes_over_rows_that_others_have_locked() {
    let lot = Lot::on_postgres();
    lot.execute(
        "INSERT INTO session (sid, sess, expire) SELECT 'sid ' || n, '{}', '2020-01-01' FROM generate_series(1, 50) AS n;
         INSERT INTO storage_alerts (id, alert_type, severity, message, dismissed, dismissed_at, created_at)
         SELECT gen_random_uuid(), 'overpriced', 'warning', 'Too dear ' || n, true, '2020-01-01', '2020-01-01'
         FROM generate_series(1, 50) AS n;
         INSERT INTO vin_decodes (vin, source, decoded, decoded_at, expires_at)
         SELECT 'VIN ' || n, 'vpic', '{}', '2020-01-01', '2020-01-02' FROM generate_series(1, 50) AS n",
    );
    let others = lot.hold(
        "SELECT FROM session WHERE sid = 'sid 7' FOR UPDATE; SELECT FROM storage_alerts WHERE message = 'Too dear 9' FOR UPDATE;
         SELECT FROM vin_decodes WHERE vin = 'VIN 3' FOR UPDATE",
    );
    let removed = || {
        let run = lot.desk().jobs().run(Job::CleanUp, &RunOptions::default(), &mut on).unwrap();
        let Some(JobReport::CleanUp(report)) = run.report() else { panic!("{run:?}") };
        assert_eq!((run.status, &run.error), (RunStatus::Success, &None));
        ["sessions", "dismissed_alerts", "vpic_answers"].map(|kind| report.removed[kind])
    };
    assert_eq!(removed(), [49; 3]);
    drop(others);
    // It waits for the server to see that the other one has gone.
    lot.execute(
        "SELECT FROM session FOR UPDATE; SELECT FROM storage_alerts FOR UPDATE; SELECT FROM vin_decodes FOR UPDATE",
    );
    assert_eq!(removed(), [1; 3]);
}

/// So often does a worker look within an hour in which nothing is due, and some more.
const LOOKS: i64 = 1_200;

/// What a worker may take more within an hour, in KiB: what the allocator keeps now and then.
const MORE: u64 = 512;

/// An hour of a worker that has nothing to do, and what it has taken more at its end than after its first looks, in KiB.
fn idle_for_an_hour(lot: &Lot) -> u64 {
    // The jobs as they are: at noon in Los Angeles none of them is due.
    let desk = opened(lot, |config: &mut Config| config.jobs.time_zone = "UTC".into());
    let look = |_| {
        lot.pass(TimeDelta::seconds(3_600 / LOOKS));
        assert_eq!(due(&desk), []);
        assert_eq!(desk.notifications().deliver_due(&Stop::default(), &mut |_| {}).unwrap(), 0);
    };
    (0..LOOKS / 4).for_each(look);
    let before = resident();
    (0..LOOKS).for_each(look);
    resident().saturating_sub(before)
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_is_idle_for_an_hour_takes_no_more_memory() {
    if !is_alone("jobs_due::a_worker_that_is_idle_for_an_hour_takes_no_more_memory") {
        return;
    }
    let sqlite = idle_for_an_hour(&Lot::on_sqlite());
    println!("sqlite: {sqlite} KiB more");
    assert!(sqlite <= MORE);
    if env::var_os("JPAUTO_TEST_POSTGRES").is_some() {
        let postgres = idle_for_an_hour(&Lot::on_postgres());
        println!("postgres: {postgres} KiB more");
        assert!(postgres <= MORE);
    }
}
