//! Runs of jobs: begun, followed, cancelled, interrupted, and what they did. `jobs_due` has when they run.

use std::{ops::ControlFlow, thread, time::Duration};

use chrono::TimeDelta;
use jpauto::{
    ActivityFilter, AlertFilter, Config, Desk, ErrorKind, Money, NewSubmission, NewToken, PageRequest, Role, RunId,
    Severity, VehicleStatus, VehicleUpdate,
    exports::{Export, Platform},
    jobs::{Job, JobReport, Run, RunFilter, RunOptions, RunPool, RunProgress, RunStatus, Stop},
};
use serde_json::json;

use crate::{
    scraping::{add, opened},
    support::{
        Lot, corolla, vin,
        website::{Reply, Website, list_page},
    },
};

fn on(_: &RunProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A dealership that looks after its runs often.
fn quick(lot: &Lot) -> Desk {
    opened(lot, |config: &mut Config| config.jobs.progress_every = Duration::from_millis(15))
}

fn stock(desk: &Desk, vehicles: u32) {
    for number in 0..vehicles {
        desk.inventory().add(&corolla(number)).unwrap();
    }
}

fn all_runs(desk: &Desk) -> Vec<Run> {
    desk.jobs().history(&RunFilter::default(), &PageRequest::first(50)).unwrap().items
}

fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Something of each kind that the audit trail has entries of.
fn a_day(lot: &Lot) {
    let (desk, corollas) = (lot.desk(), [corolla(0), corolla(1)]);
    let (_, manager) = lot.staff(Role::Manager);
    let [first, second] = corollas.map(|car| manager.inventory().add(&car).unwrap());
    lot.pass(TimeDelta::hours(1));
    let dearer = VehicleUpdate { price: Some(Money::from_dollars(14_500)), ..VehicleUpdate::default() };
    manager.inventory().update(first.id, &dearer).unwrap();
    manager.inventory().set_status(second.id, VehicleStatus::Sold).unwrap();
    lot.pass(TimeDelta::hours(1));
    manager.inventory().undo_sale(second.id).unwrap();
    manager.inventory().set_status(second.id, VehicleStatus::Sold).unwrap();
    let offers = [10, 11, 12].map(|number| {
        let offer = NewSubmission { vin: Some(vin(number)), ..crate::support::camry() };
        lot.website().submissions().submit(&offer).unwrap()
    });
    lot.pass(TimeDelta::hours(1));
    manager.submissions().approve(offers[0].id, &jpauto::Approval::as_offered()).unwrap();
    manager.submissions().reject(offers[1].id, "too dear").unwrap();
    desk.market().analyze(first.id).unwrap();
    let dealer = jpauto::competitors::NewCompetitor {
        name: "Valley Motors".into(),
        inventory_url: "https://valley.example/used".into(),
        ..Default::default()
    };
    desk.competitors().add(&dealer).unwrap();
    desk.tokens().create(&NewToken { name: "nightly".into(), role: Role::Viewer, expires_at: None }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let export = Export::of(Platform::Csv).to(folder.path().join("cars.csv").to_str().unwrap());
    desk.exports().run(&export, &mut |_| ControlFlow::Continue(())).unwrap();
}

fn failing_jobs(desk: &Desk) -> Vec<String> {
    let alerts = desk.alerts().list(&AlertFilter::default(), &PageRequest::first(50)).unwrap().items;
    let of_jobs = alerts.into_iter().filter(|alert| alert.alert_type == "job_failing");
    of_jobs.map(|alert| alert.message).collect()
}

on_both_databases! {
    fn a_run_is_a_row_with_its_result_and_the_one_who_asked(lot: &Lot) {
        stock(&lot.desk(), 2);
        let (manager, desk) = lot.staff(Role::Manager);
        let mut steps = Vec::new();
        let run = desk.jobs().run(Job::MarketResearch, &RunOptions::default(), &mut |progress| {
            steps.push((progress.done, progress.total));
            ControlFlow::Continue(())
        });
        let run = run.unwrap();
        assert_eq!((run.status, run.error.as_deref(), run.requested_by), (RunStatus::Success, None, Some(manager.id)));
        assert_eq!((run.started_at, run.completed_at, run.duration_ms), (Some(lot.now()), Some(lot.now()), Some(0)));
        assert_eq!(steps, [(1, Some(2)), (2, Some(2))]);
        assert_eq!(run.result.as_ref().unwrap()["analyzed"], 2);
        let Some(JobReport::MarketResearch(report)) = run.report() else { panic!("{run:?}") };
        assert_eq!((report.analyzed, report.insufficient, report.failed), (2, 2, 0));
        let progress: RunProgress = serde_json::from_value(json!({"done": 2, "total": 2})).unwrap();
        assert_eq!(run.progress, Some(progress), "however seldom it is written meanwhile");
        assert_eq!(desk.jobs().get(run.id).unwrap(), run);
        assert_eq!(desk.jobs().find(&run.id.to_string()[..14]).unwrap(), run);
        assert_eq!(all_runs(&desk), std::slice::from_ref(&run));
        let trail = lot.desk().activity().list(&ActivityFilter::default().resource(run.id), &PageRequest::first(9));
        let entries: Vec<_> = trail.unwrap().items.into_iter().map(|entry| (entry.action, entry.user_id)).collect();
        assert_eq!(entries, [("run".to_owned(), Some(manager.id))]);
        assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 0, "it is given back");
    }

    fn a_run_of_which_some_items_fail_is_partial_and_one_of_which_all_do_a_failure(lot: &Lot) {
        let website = Website::open_at("0.0.0.0");
        website.list("/used", 0..3, None);
        website.reply("/gone", Reply::status(404));
        let desk = quick(lot);
        add(&desk, "Bad", format!("http://127.0.0.2:{}/gone", website.port()));
        let failed = desk.jobs().run(Job::CompetitorScrape, &RunOptions::default(), &mut on).unwrap();
        assert_eq!(failed.status, RunStatus::Failure);
        assert!(failed.error.as_deref().unwrap().starts_with("scrape_http_status: "), "{failed:?}");
        assert_eq!(failing_jobs(&desk).len(), 1);
        lot.pass(TimeDelta::days(2));
        add(&desk, "Good", format!("http://127.0.0.1:{}/used", website.port()));
        let partial = desk.jobs().run(Job::CompetitorScrape, &RunOptions::default(), &mut on).unwrap();
        assert_eq!(partial.status, RunStatus::Partial);
        let Some(JobReport::CompetitorScrape(report)) = partial.report() else { panic!("{partial:?}") };
        assert_eq!((report.recorded, report.failed, report.new, report.vehicles), (1, 1, 3, 3));
        assert_eq!((report.failures[0].name.as_deref(), report.failures[0].code.as_str()), (Some("Bad"), "scrape_http_status"));
        assert_eq!(failing_jobs(&desk).len(), 0, "the alert is over");
    }

    fn the_check_names_rows_that_break_a_rule(lot: &Lot) {
        let desk = lot.desk();
        stock(&desk, 2);
        let approved = desk.submissions().submit(&crate::support::camry()).unwrap();
        let vehicle = desk.submissions().approve(approved.id, &jpauto::Approval::as_offered()).unwrap();
        desk.inventory().set_status(vehicle.id, VehicleStatus::Sold).unwrap();
        let found = || {
            let run = desk.jobs().run(Job::Check, &RunOptions::default(), &mut on).unwrap();
            let Some(JobReport::Check(report)) = run.report() else { panic!("{run:?}") };
            report.findings.into_iter().map(|it| (it.kind, it.table, it.count)).collect::<Vec<_>>()
        };
        assert_eq!(found(), []);
        desk.inventory().delete(vehicle.id).unwrap();
        assert_eq!(found(), [], "the audit trail has the approval of a vehicle that is gone");
        lot.execute("DELETE FROM activity_logs WHERE action = 'delete'; UPDATE inventory SET status = 'sold'");
        let expected = [("no_vehicle", "pending_submissions", 1), ("undated", "inventory", 2)];
        assert_eq!(found(), expected.map(|(kind, table, count)| (kind.to_owned(), table.to_owned(), count)));
    }

    fn the_check_holds_rows_against_their_times_and_the_audit_trail(lot: &Lot) {
        let desk = lot.desk();
        let found = |desk: &Desk| {
            let run = desk.jobs().run(Job::Check, &RunOptions::default(), &mut on).unwrap();
            let Some(JobReport::Check(report)) = run.report() else { panic!("{run:?}") };
            assert_eq!(run.status, RunStatus::Success);
            let place = |it: &jpauto::jobs::CheckFinding| format!("{} {}.{} {}", it.kind, it.table, it.column, it.count);
            report.findings.iter().map(place).collect::<Vec<_>>()
        };
        // The database is jpauto's since long before.
        lot.execute("UPDATE __diesel_schema_migrations SET run_on = '2020-01-01 00:00:00'");
        a_day(lot);
        assert_eq!(found(&desk), [""; 0], "what jpauto writes bears the check");
        let sold = "(SELECT id FROM inventory WHERE status = 'sold' LIMIT 1)";
        let unsold = "(SELECT id FROM inventory WHERE status = 'available' AND source_submission_id IS NULL LIMIT 1)";
        lot.execute(&format!("UPDATE inventory SET sold_at = listed_at WHERE id = {unsold}"));
        lot.execute(&format!("UPDATE inventory SET listed_at = '2030-01-01T00:00:00.000000Z' WHERE id = {sold}"));
        assert_eq!(found(&desk), ["not_sold inventory.sold_at 1", "future_time inventory.listed_at 1"]);
        lot.execute(&format!("UPDATE inventory SET sold_at = NULL WHERE id = {unsold}"));
        lot.execute("UPDATE inventory SET listed_at = created_at");
        assert_eq!(found(&desk), [""; 0]);
        // Another program approves, and takes the vehicle of an approved submission away.
        lot.execute(
            "UPDATE pending_submissions SET reviewed_at = NULL WHERE submission_status = 'rejected';
             DELETE FROM inventory WHERE source_submission_id IS NOT NULL",
        );
        let expected = [
            "no_vehicle pending_submissions.submission_status 1",
            "unreviewed pending_submissions.reviewed_at 1",
        ];
        assert_eq!(found(&desk), expected);
        lot.execute("DELETE FROM activity_logs");
        let expected = [
            "unrecorded users.created_at 1",
            "no_vehicle pending_submissions.submission_status 1",
            "unreviewed pending_submissions.reviewed_at 1",
            "unrecorded pending_submissions.created_at 3",
            "unrecorded pending_submissions.updated_at 3",
            "unrecorded pending_submissions.reviewed_at 1",
            "unrecorded inventory.created_at 2",
            "unrecorded inventory.updated_at 2",
            "unrecorded competitors.created_at 1",
            "unrecorded export_logs.exported_at 1",
            "unrecorded api_tokens.created_at 1",
        ];
        assert_eq!(found(&desk), expected);
    }

    fn rows_from_before_the_audit_trail_begins_are_not_held_against_it(lot: &Lot) {
        let rows = |desk: &Desk| {
            let run = desk.jobs().run(Job::Check, &RunOptions::default(), &mut on).unwrap();
            let Some(JobReport::Check(report)) = run.report() else { panic!("{run:?}") };
            report.rows
        };
        // Adopted: the rows were there before jpauto was.
        stock(&lot.desk(), 2);
        lot.execute("DELETE FROM activity_logs");
        assert_eq!(rows(&lot.desk()), 0);
        lot.execute("UPDATE __diesel_schema_migrations SET run_on = '2020-01-01 00:00:00'");
        assert_eq!(rows(&lot.desk()), 4);
        // What clean-up removes of the trail is missed by nobody.
        lot.execute("DELETE FROM inventory");
        let approved = lot.desk().submissions().submit(&crate::support::camry()).unwrap();
        let vehicle = lot.desk().submissions().approve(approved.id, &jpauto::Approval::as_offered()).unwrap();
        lot.desk().inventory().delete(vehicle.id).unwrap();
        stock(&lot.desk(), 2);
        assert_eq!(rows(&lot.desk()), 0);
        lot.pass(TimeDelta::days(400));
        let keeping = opened(lot, |config: &mut Config| config.jobs.retention.audit_trail_days = 365);
        keeping.jobs().run(Job::CleanUp, &RunOptions::default(), &mut on).unwrap();
        assert_eq!(lot.count("SELECT count(*) FROM activity_logs WHERE action = 'create'"), 0);
        assert_eq!(rows(&lot.desk()), 0);
    }

    fn what_a_check_finds_is_one_alert_until_it_is_over(lot: &Lot) {
        let desk = lot.desk();
        stock(&desk, 2);
        let check = || desk.jobs().run(Job::Check, &RunOptions::default(), &mut on).unwrap();
        let alerts = || {
            let alerts = desk.alerts().list(&AlertFilter::default(), &PageRequest::first(9)).unwrap().items;
            alerts.into_iter().map(|alert| (alert.alert_type, alert.severity, alert.message)).collect::<Vec<_>>()
        };
        let told = || lot.count("SELECT count(*) FROM outbox WHERE event = 'alert.critical'");
        check();
        assert_eq!((alerts(), told()), (Vec::new(), 0));
        lot.execute("UPDATE inventory SET make = '  Toyota'");
        check();
        assert_eq!((alerts()[0].1, told()), (Severity::Warning, 0), "{:?}", alerts());
        lot.execute("UPDATE inventory SET status = 'sold'");
        check();
        check();
        let [(kind, severity, message)] = &alerts()[..] else { panic!("{:?}", alerts()) };
        assert_eq!((kind.as_str(), *severity, told()), ("check_failed", Severity::Critical, 1));
        assert!(message.contains("inventory.sold_at: 2 rows, sold, and no time of the sale, such as "), "{message}");
        lot.execute("UPDATE inventory SET status = 'available', make = 'Toyota'");
        check();
        assert_eq!((alerts(), told()), (Vec::new(), 1));
    }

    fn a_run_says_through_which_token_and_client_it_was_asked_for(lot: &Lot) {
        let (manager, staff) = lot.staff(Role::Manager);
        let issued = lot.desk().tokens().create(&NewToken { name: "nightly".into(), role: Role::Manager, expires_at: None });
        let issued = issued.unwrap();
        let machine = lot.website().tokens().authenticate(&issued.secret).unwrap().with_user_agent("curl/8");
        let machine = lot.dealership.acting_as(machine);
        let by_hand = staff.jobs().run(Job::Check, &RunOptions::default(), &mut on).unwrap();
        let by_token = machine.jobs().run(Job::Check, &RunOptions::default(), &mut on).unwrap();
        let who = |run: &Run| (run.requested_by, run.token_id, run.user_agent.clone());
        assert_eq!(who(&by_hand), (Some(manager.id), None, Some("tests".to_owned())));
        assert_eq!(who(&by_token), (None, Some(issued.token.id), Some("curl/8".to_owned())));
        assert_eq!(who(&staff.jobs().get(by_token.id).unwrap()), who(&by_token));
        staff.jobs().run_due(&mut on).unwrap();
        lot.pass(TimeDelta::days(8));
        let by_itself = staff.jobs().run_due(&mut on).unwrap().remove(0);
        assert_eq!(who(&by_itself), (None, None, None));
    }

    fn one_competitor_is_scraped_by_a_run_of_its_own(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..4, None);
        let desk = quick(lot);
        let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
        let all = desk.jobs().start(Job::CompetitorScrape, &RunOptions::default()).unwrap();
        let run = desk.jobs().run(Job::CompetitorScrape, &RunOptions::competitor(id), &mut on).unwrap();
        assert_eq!((run.status, run.options), (RunStatus::Success, Some(RunOptions::competitor(id))));
        drop(all);
        let unknown = RunOptions::competitor(jpauto::CompetitorId::new(lot.now()));
        let refusal = desk.jobs().start(Job::CompetitorScrape, &unknown).unwrap_err();
        assert_eq!(refusal.code(), "competitor_not_found");
        let refusal = desk.jobs().start(Job::Check, &RunOptions::dry_run()).unwrap_err();
        assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("invalid_run_options", "/dry_run"));
        let refusal = lot.desk().jobs().start(Job::CompetitorScrape, &RunOptions::default()).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "not_configured"));
    }

    fn two_processes_never_make_one_job_at_once(lot: &Lot) {
        let desk = quick(lot);
        let started = desk.jobs().start(Job::CleanUp, &RunOptions::default()).unwrap();
        let refusal = opened(lot, |_| {}).jobs().start(Job::CleanUp, &RunOptions::dry_run()).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Conflict, "job_running"));
        assert!(desk.jobs().get(started.run().id).unwrap().is_running());
        // One that nobody makes is no run that is being made.
        let id = started.run().id;
        drop(started);
        let dropped = desk.jobs().get(id).unwrap();
        assert_eq!((dropped.status, dropped.error.as_deref()), (RunStatus::Failure, Some(Run::INTERRUPTED)));
        desk.jobs().run(Job::CleanUp, &RunOptions::default(), &mut on).unwrap();
    }

    fn a_run_whose_process_died_was_interrupted_and_its_job_is_taken_over(lot: &Lot) {
        let desk = quick(lot);
        let started = desk.jobs().start(Job::Check, &RunOptions::default()).unwrap();
        let id = started.run().id;
        // As a process that is killed: nothing is given back.
        std::mem::forget(started);
        lot.execute(r#"UPDATE job_history SET progress = '{"done": 4, "total": 10, "failed": 0, "message": "page 4"}'"#);
        lot.pass(TimeDelta::seconds(59));
        assert!(desk.jobs().get(id).unwrap().is_running());
        assert_eq!(desk.jobs().start(Job::Check, &RunOptions::default()).unwrap_err().code(), "job_running");
        lot.pass(TimeDelta::seconds(2));
        let shown = desk.jobs().get(id).unwrap();
        assert_eq!((shown.status, shown.error.as_deref(), shown.completed_at), (RunStatus::Failure, Some("interrupted"), None));
        let stood: RunProgress = serde_json::from_value(json!({"done": 4, "total": 10})).unwrap();
        assert_eq!(shown.progress.as_ref(), Some(&stood), "where it stood, and nothing is being done");
        assert_eq!(all_runs(&desk), [shown]);
        assert_eq!(desk.jobs().cancel(id).unwrap_err().code(), "run_over");
        let next = desk.jobs().run(Job::Check, &RunOptions::default(), &mut on).unwrap();
        assert_eq!(next.status, RunStatus::Success);
        let stored = desk.jobs().get(id).unwrap();
        assert_eq!((stored.error.as_deref(), stored.completed_at), (Some("interrupted"), next.started_at));
        assert_eq!((stored.duration_ms, stored.progress), (Some(61_000), Some(stood)));
    }

    fn a_lease_that_ran_out_is_not_revived_and_the_run_says_so(lot: &Lot) {
        stock(&lot.desk(), 40);
        let desk = opened(lot, |config| {
            (config.jobs.lease, config.jobs.progress_every) = (Duration::from_millis(300), Duration::from_millis(15));
        });
        let run = desk.jobs().run(Job::MarketResearch, &RunOptions::all(), &mut |progress| {
            if progress.done == 1 {
                lot.execute("UPDATE job_leases SET expires_at = '2026-02-01T00:00:00.000000Z'");
            }
            thread::sleep(Duration::from_millis(20));
            ControlFlow::Continue(())
        });
        let run = run.unwrap();
        assert_eq!((run.status, run.error.as_deref()), (RunStatus::Failure, Some("interrupted")));
        assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 0);
    }

    fn a_lease_that_is_renewed_lasts(lot: &Lot) {
        stock(&lot.desk(), 30);
        let desk = opened(lot, |config| {
            (config.jobs.lease, config.jobs.progress_every) = (Duration::from_millis(600), Duration::from_millis(15));
        });
        let run = desk.jobs().run(Job::MarketResearch, &RunOptions::all(), &mut |_| {
            // The clock of the lease goes on with the time that passes.
            thread::sleep(Duration::from_millis(40));
            lot.pass(TimeDelta::milliseconds(40));
            ControlFlow::Continue(())
        });
        assert_eq!(run.unwrap().status, RunStatus::Success, "twice as long as one lease");
    }

    fn another_process_sees_the_progress_and_cancels_the_run(lot: &Lot) {
        stock(&lot.desk(), 60);
        let desk = quick(lot);
        let (other, started) = (opened(lot, |_| {}), desk.jobs().start(Job::MarketResearch, &RunOptions::all()).unwrap());
        let id = started.run().id;
        let run = thread::scope(|scope| {
            let work = scope.spawn(|| {
                started.work(&Stop::default(), &mut |_| {
                    thread::sleep(Duration::from_millis(25));
                    ControlFlow::Continue(())
                })
            });
            wait_until(|| other.jobs().get(id).unwrap().progress.is_some_and(|progress| progress.done > 1));
            let progress = other.jobs().get(id).unwrap().progress.unwrap();
            assert_eq!((progress.total, progress.failed), (Some(60), 0));
            assert!(other.jobs().cancel(id).unwrap().cancel_requested_at.is_some());
            other.jobs().cancel(id).unwrap();
            work.join().unwrap().unwrap()
        });
        assert_eq!((run.status, run.error.as_deref()), (RunStatus::Failure, Some(Run::CANCELLED)));
        let Some(JobReport::MarketResearch(report)) = run.report() else { panic!("{run:?}") };
        assert!(report.analyzed > 0 && report.remaining > 0 && report.analyzed + report.remaining == 60, "{report:?}");
        let progress = run.progress.unwrap();
        assert_eq!((progress.done, progress.total, progress.message), (report.analyzed, Some(60), None), "as it ended");
        assert_eq!(failing_jobs(&desk).len(), 0, "somebody wanted it so");
        let trail = desk.activity().list(&ActivityFilter::default().resource(id), &PageRequest::first(9)).unwrap();
        let actions: Vec<_> = trail.items.into_iter().map(|entry| entry.action).collect();
        assert_eq!(actions, ["cancel", "run"]);
    }

    fn a_run_is_interrupted_by_its_stop_and_by_its_observer(lot: &Lot) {
        stock(&lot.desk(), 40);
        let (desk, stop) = (quick(lot), Stop::default());
        let started = desk.jobs().start(Job::MarketResearch, &RunOptions::all()).unwrap();
        let by_stop = started.work(&stop, &mut |_| { stop.ask(); ControlFlow::Continue(()) }).unwrap();
        let by_observer = desk.jobs().run(Job::MarketResearch, &RunOptions::all(), &mut |_| ControlFlow::Break(()));
        for run in [by_stop, by_observer.unwrap()] {
            assert_eq!((run.status, run.error.as_deref()), (RunStatus::Failure, Some("interrupted")));
            let Some(JobReport::MarketResearch(report)) = run.report() else { panic!("{run:?}") };
            assert!((1..40).contains(&report.analyzed), "{report:?}");
        }
    }

    fn a_job_that_panics_is_a_failure_and_gives_its_lease_back(lot: &Lot) {
        stock(&lot.desk(), 1);
        let desk = quick(lot);
        let run = desk.jobs().run(Job::MarketResearch, &RunOptions::all(), &mut |_| panic!("as meant")).unwrap();
        assert_eq!(run.status, RunStatus::Failure);
        assert!(run.error.as_deref().unwrap().starts_with("job_panicked: "), "{run:?}");
        assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 0);
        assert_eq!(failing_jobs(&desk).len(), 1);
    }

    fn each_role_may_what_the_table_says(lot: &Lot) {
        let (desk, none) = (lot.desk(), RunOptions::default());
        let run = desk.jobs().run(Job::CleanUp, &none, &mut on).unwrap();
        for (role, may_run, may_clean) in [(Role::Viewer, false, false), (Role::Manager, true, false), (Role::Admin, true, true)] {
            let staff = lot.staff(role).1;
            assert_eq!(staff.jobs().list().unwrap().len(), Job::ALL.len());
            assert_eq!((!all_runs(&staff).is_empty(), staff.jobs().get(run.id).is_ok()), (true, true));
            assert_eq!(staff.jobs().run(Job::Check, &none, &mut on).is_ok(), may_run, "{role}");
            assert_eq!(staff.jobs().run_due(&mut on).is_ok(), may_run, "{role}");
            assert_eq!(staff.jobs().run(Job::CleanUp, &none, &mut on).is_ok(), may_clean, "{role}");
            let started = desk.jobs().start(Job::CleanUp, &none).unwrap();
            assert_eq!(staff.jobs().cancel(started.run().id).is_ok(), may_clean, "{role}");
        }
        let public = lot.website();
        assert_eq!(public.jobs().list().unwrap_err().code(), "not_signed_in");
        assert_eq!(public.jobs().start(Job::Check, &none).unwrap_err().code(), "not_signed_in");
        let unknown = desk.jobs().get(RunId::new(lot.now())).unwrap_err();
        assert_eq!((unknown.kind(), unknown.code()), (ErrorKind::NotFound, "run_not_found"));
    }

    fn a_pool_makes_so_many_runs_at_once_and_ends_them_in_time(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::html(list_page(0..5, None)).after(Duration::from_secs(20)));
        let desk = quick(lot);
        let id = add(&desk, "Slow", format!("{}/used", website.address));
        let ended = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let pool = RunPool::reporting(1, {
            let ended = std::sync::Arc::clone(&ended);
            move |run| ended.lock().unwrap().push((run.id, run.status))
        });
        let check = desk.jobs().run_in(&pool, Job::Check, &RunOptions::default()).unwrap();
        assert_eq!(check.status, RunStatus::Running);
        wait_until(|| pool.running() == 0);
        assert_eq!(*ended.lock().unwrap(), [(check.id, RunStatus::Success)]);
        let slow = desk.jobs().run_in(&pool, Job::CompetitorScrape, &RunOptions::competitor(id)).unwrap();
        let refusal = desk.jobs().run_in(&pool, Job::Check, &RunOptions::default()).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Unavailable, "runs_full"));
        assert_eq!(all_runs(&desk).len(), 2, "a run that has no place leaves no row");
        let shut = pool.shut_down(Duration::from_millis(50));
        assert_eq!((shut.finished, shut.interrupted), (0, 1));
        let run = desk.jobs().get(slow.id).unwrap();
        assert_eq!((run.status, run.error.as_deref()), (RunStatus::Failure, Some("interrupted")));
        assert_eq!(desk.jobs().run_in(&pool, Job::Check, &RunOptions::default()).unwrap_err().code(), "runs_full");
    }

    fn figures_are_counted_without_a_scrape(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..4, None);
        let desk = quick(lot);
        let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
        desk.competitors().scrape(id, &mut |_| ControlFlow::Continue(())).unwrap();
        lot.pass(TimeDelta::days(31));
        let count = || desk.jobs().run(Job::CompetitorMetrics, &RunOptions::default(), &mut on).unwrap();
        let run = count();
        assert_eq!(run.result, Some(json!({"competitors": 0, "not_read": 1, "failed": 0, "failures": []})), "nobody has read it for long");
        assert_eq!(run.status, RunStatus::Success);
        assert_eq!(desk.competitors().metrics(id, &PageRequest::first(9)).unwrap().items.len(), 1, "and no figures are made up");
        desk.competitors().scrape(id, &mut |_| ControlFlow::Continue(())).unwrap();
        lot.pass(TimeDelta::hours(1));
        assert_eq!(count().result, Some(json!({"competitors": 1, "not_read": 0, "failed": 0, "failures": []})));
        let metrics = desk.competitors().metrics(id, &PageRequest::first(9)).unwrap().items;
        let counts: Vec<_> = metrics.iter().map(|row| (row.total_inventory, row.new_listings_30d)).collect();
        assert_eq!(counts, [(4, 0), (4, 0), (4, 4)], "what was new a month ago is not");
        assert_eq!(metrics[0].calculated_at, lot.now());
    }

    fn a_check_finds_what_cannot_be_read_and_opens_its_alert(lot: &Lot) {
        stock(&lot.desk(), 1);
        lot.execute("UPDATE inventory SET make = '  Toyota'");
        let run = lot.desk().jobs().run(Job::Check, &RunOptions::default(), &mut on).unwrap();
        let Some(JobReport::Check(report)) = run.report() else { panic!("{run:?}") };
        assert_eq!((run.status, report.rows), (RunStatus::Success, 1));
        assert_eq!((report.findings[0].kind.as_str(), report.findings[0].column.as_str()), ("blanks", "make"));
    }

    fn backups_are_made_and_the_oldest_removed(lot: &Lot) {
        let folder = tempfile::tempdir().unwrap();
        let desk = opened(lot, |config| {
            // The folder is made where it is missing.
            (config.jobs.backup_folder, config.jobs.backup_copies) = (Some(folder.path().join("copies")), 2);
        });
        let mut run = None;
        if lot.url.starts_with("postgres") {
            let refusal = desk.jobs().run(Job::Backup, &RunOptions::default(), &mut on).unwrap_err();
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "job_not_here"));
            let listed = desk.jobs().list().unwrap().into_iter().find(|job| job.name == Job::Backup).unwrap();
            assert!(listed.unavailable.is_some_and(|reason| reason.contains("pg_dump")));
            assert_eq!((listed.enabled, listed.missing, listed.next_run_at), (false, None, None));
            lot.pass(TimeDelta::days(2));
            desk.jobs().run_due(&mut on).unwrap();
            lot.pass(TimeDelta::days(2));
            let ran = desk.jobs().run_due(&mut on).unwrap();
            assert!(!ran.is_empty() && ran.iter().all(|run| run.job_name != "backup"), "{ran:?}");
            return;
        }
        for _ in 0..3 {
            lot.pass(TimeDelta::days(1));
            run = Some(desk.jobs().run(Job::Backup, &RunOptions::default(), &mut on).unwrap());
        }
        let run = run.unwrap();
        let Some(JobReport::Backup(report)) = run.report() else { panic!("{run:?}") };
        assert!(report.bytes > 0 && std::path::Path::new(&report.path).exists());
        assert_eq!((report.removed, std::fs::read_dir(folder.path().join("copies")).unwrap().count()), (1, 2));
    }
}
