//! Notifications: events that are told of, with real receivers on loopback.

mod mail_server;
mod mails;
mod receiver;
mod webhooks;

use std::{ops::ControlFlow, path::Path, time::Duration};

use chrono::TimeDelta;
use jpauto::{
    ActivityFilter, Actor, AlertFilter, Clock, Config, Dealership, Desk, Money, NewSubmission, PageRequest, Role,
    VehicleStatus,
    exports::{Export, Platform},
    jobs::{Job, JobReport, Run, RunOptions, RunStatus, Stop},
    notifications::{Event, Notification, NotificationConfig, NotificationFilter, NotificationStatus, WebhookConfig},
};

use self::receiver::{Receiver, SECRET, head};
use crate::support::{Lot, camry, corolla};

/// A dealership that tells this receiver, and may reach it on this machine.
fn telling(lot: &Lot, change: impl FnOnce(&mut NotificationConfig)) -> Desk {
    telling_at(&lot.url, lot.clock(), change)
}

fn telling_at(url: &str, clock: Clock, change: impl FnOnce(&mut NotificationConfig)) -> Desk {
    let mut config = Config::new(url).clock(clock);
    config.notifications.rules.gather_alerts = Duration::ZERO;
    change(&mut config.notifications);
    Dealership::with_config(config).unwrap().acting_as(Actor::system())
}

fn webhook(receiver: &Receiver) -> WebhookConfig {
    let mut webhook = WebhookConfig::new(&receiver.url, SECRET);
    webhook.allow_private_network = true;
    webhook
}

fn telling_one(lot: &Lot, receiver: &Receiver) -> Desk {
    let webhook = webhook(receiver);
    telling(lot, |config| drop(config.webhooks.insert("crm".into(), webhook)))
}

fn deliver(desk: &Desk) -> Vec<Notification> {
    let mut tried = Vec::new();
    desk.notifications()
        .deliver_due(&Stop::default(), &mut |event| match event {
            jpauto::notifications::DeliveryEvent::Tried(notification) => tried.push(notification.clone()),
            other => panic!("{other:?}"),
        })
        .unwrap();
    tried
}

fn all(desk: &Desk) -> Vec<Notification> {
    desk.notifications().list(&NotificationFilter::default(), &PageRequest::first(100)).unwrap().items
}

fn open_alerts(desk: &Desk, kind: &str) -> Vec<String> {
    let alerts = desk.alerts().list(&AlertFilter::default(), &PageRequest::first(50)).unwrap().items;
    alerts.into_iter().filter(|alert| alert.alert_type == kind).map(|alert| alert.message).collect()
}

fn run_job(desk: &Desk, job: Job) -> Run {
    desk.jobs().run(job, &RunOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Another car than the usual one.
fn offer(number: u32) -> NewSubmission {
    NewSubmission { vin: Some(crate::support::vin(number)), ..camry() }
}

on_both_databases! {
    fn an_event_is_raised_with_its_cause_or_not_at_all(lot: &Lot) {
        lot.website().submissions().submit(&camry()).unwrap();
        assert_eq!(lot.count("SELECT count(*) FROM outbox"), 1);
        lot.website().submissions().submit(&camry()).unwrap_err();
        assert_eq!(lot.count("SELECT count(*) FROM outbox"), 1, "a refused offer is none");
        // Nobody is told: the events go all the same, so that a worker that is configured later does not tell of old times.
        assert_eq!(deliver(&lot.desk()), []);
        assert_eq!((lot.count("SELECT count(*) FROM outbox"), all(&lot.desk()).len()), (0, 0));
    }

    fn a_job_that_fails_is_told_of_once_until_it_has_succeeded(lot: &Lot) {
        let receiver = Receiver::taking();
        let folder = tempfile::tempdir().unwrap();
        // Where a file stands there can be no folder.
        let backups = folder.path().join("backups");
        std::fs::write(&backups, "").unwrap();
        let mut config = Config::new(&lot.url).clock(lot.clock());
        config.jobs.backup_folder = Some(backups.clone());
        // PostgreSQL makes its backups itself.
        let job = if lot.url.starts_with("sqlite:") { Job::Backup } else { Job::ExportDealerCenter };
        let feed = config.exports.feeds.entry(Platform::DealerCenter).or_default();
        feed.destination = Some(backups.join("feeds").join("cars.csv").to_string_lossy().into_owned());
        config.notifications.webhooks.insert("crm".into(), webhook(&receiver));
        let desk = Dealership::with_config(config).unwrap().acting_as(Actor::system());
        for _ in 0..2 {
            assert_eq!(run_job(&desk, job).status, RunStatus::Failure);
        }
        deliver(&desk);
        let told = receiver.messages();
        assert_eq!(told.len(), 1, "{told:?}");
        let data = &told[0].document()["data"];
        assert_eq!((data["job"].as_str(), told[0].document()["type"].as_str()), (Some(job.as_str()), Some("job.failed")));
        if lot.url.starts_with("sqlite:") {
            assert!(data["error"].as_str().unwrap().starts_with("backup_failed: "), "{data}");
            std::fs::remove_file(&backups).unwrap();
            lot.pass(TimeDelta::seconds(1));
            assert_eq!(run_job(&desk, Job::Backup).status, RunStatus::Success);
            std::fs::remove_dir_all(&backups).unwrap();
            std::fs::write(&backups, "").unwrap();
            run_job(&desk, Job::Backup);
            deliver(&desk);
            assert_eq!(receiver.messages().len(), 2, "it failed anew");
        }
    }

    fn a_feed_that_is_held_back_is_told_of(lot: &Lot) {
        let (receiver, folder) = (Receiver::taking(), tempfile::tempdir().unwrap());
        let desk = telling_one(lot, &receiver);
        let vehicles: Vec<_> = (0..3).map(|number| desk.inventory().add(&corolla(number)).unwrap()).collect();
        let export = Export::of(Platform::Csv).to(folder.path().to_string_lossy());
        desk.exports().run(&export, &mut |_| ControlFlow::Continue(())).unwrap();
        vehicles[..2].iter().for_each(|vehicle| desk.inventory().delete(vehicle.id).unwrap());
        let refusal = desk.exports().run(&export, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert_eq!(refusal.code(), "export_held_back");
        deliver(&desk);
        let told = receiver.messages();
        assert_eq!(told.len(), 1);
        let document = told[0].document();
        assert_eq!((&document["type"], &document["data"]["platform"]), (&"export.held_back".into(), &"csv".into()));
    }

    fn feeds_are_exported_by_jobs_where_the_configuration_says_where_to(lot: &Lot) {
        let overview = |desk: &Desk, job| desk.jobs().list().unwrap().into_iter().find(|it| it.name == job).unwrap();
        let missing = overview(&lot.desk(), Job::ExportJekyll);
        assert_eq!((missing.enabled, missing.missing.as_deref()), (false, Some("exports.jekyll.destination")));
        let refusal = lot.desk().jobs().start(Job::ExportDealerCenter, &RunOptions::default()).unwrap_err();
        assert_eq!(refusal.code(), "not_configured");
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(&lot.url).clock(lot.clock());
        config.exports.dealership.name = Some("Example Motors".into());
        config.exports.vehicle_url = Some("https://motors.example/vehicles/{id}/".into());
        for platform in [Platform::Jekyll, Platform::DealerCenter] {
            let feed = config.exports.feeds.entry(platform).or_default();
            let to = folder.path().join(platform.as_str());
            std::fs::create_dir(&to).unwrap();
            (feed.destination, feed.dealer_id) = (Some(to.to_string_lossy().into_owned()), Some("7".into()));
        }
        let desk = Dealership::with_config(config).unwrap().acting_as(Actor::system());
        desk.inventory().add(&corolla(1)).unwrap();
        assert_eq!(overview(&desk, Job::ExportJekyll).cron, "55 1 * * *");
        assert_eq!(overview(&desk, Job::ExportDealerCenter).cron, "0 2 * * *");
        for job in [Job::ExportJekyll, Job::ExportDealerCenter] {
            let made = run_job(&desk, job);
            let Some(JobReport::Export(report)) = made.report() else { panic!("{made:?}") };
            assert_eq!((made.status, report.vehicle_count), (RunStatus::Success, 1));
            assert!(Path::new(report.destination.as_deref().unwrap()).exists(), "{report:?}");
        }
    }

    fn the_digest_has_the_figures_of_the_day(lot: &Lot) {
        let receiver = Receiver::taking();
        let desk = telling_one(lot, &receiver);
        assert_eq!(lot.desk().jobs().start(Job::DailyDigest, &RunOptions::default()).unwrap_err().code(), "not_configured");
        lot.website().submissions().submit(&camry()).unwrap();
        lot.pass(TimeDelta::days(2));
        lot.website().submissions().submit(&offer(1)).unwrap();
        let sold = desk.inventory().add(&corolla(1)).unwrap();
        desk.inventory().add(&corolla(2)).unwrap();
        desk.inventory().set_status(sold.id, VehicleStatus::Sold).unwrap();
        let made = run_job(&desk, Job::DailyDigest);
        let Some(JobReport::DailyDigest(report)) = made.report() else { panic!("{made:?}") };
        assert_eq!((report.day.as_str(), report.submissions_new, report.submissions_pending), ("2026-03-03", 1, 2));
        assert_eq!((report.vehicles_added, report.vehicles_sold, report.vehicles_available), (2, 1, 1));
        deliver(&desk);
        let digests: Vec<_> =
            receiver.messages().iter().map(receiver::Message::document).filter(|it| it["type"] == "digest.daily").collect();
        assert_eq!((digests.len(), &digests[0]["data"]["submissions_new"]), (1, &1.into()));
    }

    fn a_digest_is_of_the_day_of_the_dealership_and_tells_of_no_test(lot: &Lot) {
        let receiver = Receiver::answering(|_| (Duration::ZERO, head("401 Unauthorized", "")));
        let desk = telling_one(lot, &receiver);
        // It is the 2nd of March in UTC, and still the 1st in Los Angeles.
        lot.pass(TimeDelta::hours(15));
        assert_eq!((lot.now().to_rfc3339(), desk.today().to_string()), ("2026-03-02T03:00:00+00:00".into(), "2026-03-01".into()));
        desk.notifications().test("crm").unwrap();
        lot.website().submissions().submit(&camry()).unwrap();
        let made = run_job(&desk, Job::DailyDigest);
        let Some(JobReport::DailyDigest(report)) = made.report() else { panic!("{made:?}") };
        assert_eq!((report.day.as_str(), report.submissions_new, report.notifications_given_up), ("2026-03-01", 1, 0));
        lot.pass(TimeDelta::hours(5));
        let made = run_job(&desk, Job::DailyDigest);
        let Some(JobReport::DailyDigest(report)) = made.report() else { panic!("{made:?}") };
        assert_eq!(report.day, "2026-03-02");
    }

    fn clean_up_says_what_would_go_and_removes_old_notifications(lot: &Lot) {
        let receiver = Receiver::taking();
        let desk = telling_one(lot, &receiver);
        desk.notifications().test("crm").unwrap();
        lot.pass(TimeDelta::days(89));
        desk.notifications().test("crm").unwrap();
        lot.website().submissions().submit(&camry()).unwrap();
        lot.pass(TimeDelta::days(2));
        let counted = desk.jobs().run(Job::CleanUp, &RunOptions::dry_run(), &mut |_| ControlFlow::Continue(())).unwrap();
        let Some(JobReport::CleanUp(counted)) = counted.report() else { panic!("{counted:?}") };
        assert_eq!((counted.removed["notifications"], counted.removed["untold_events"]), (1, 0));
        assert_eq!(all(&desk).len(), 2, "a dry run removes nothing");
        lot.pass(TimeDelta::days(30));
        run_job(&desk, Job::CleanUp);
        assert_eq!((all(&desk).len(), lot.count("SELECT count(*) FROM outbox")), (1, 0));
    }

    fn who_may_read_and_who_may_send(lot: &Lot) {
        let receiver = Receiver::taking();
        let sent = telling_one(lot, &receiver).notifications().test("crm").unwrap().remove(0);
        let (_, viewer) = lot.staff(Role::Viewer);
        assert_eq!(viewer.notifications().get(sent.id).unwrap(), sent);
        for refusal in [
            viewer.notifications().retry(sent.id).unwrap_err(),
            viewer.notifications().test("crm").unwrap_err(),
            viewer.notifications().deliver_due(&Stop::default(), &mut |_| {}).unwrap_err(),
        ] {
            assert_eq!(refusal.code(), "forbidden");
        }
        assert_eq!(lot.website().notifications().channels().unwrap_err().code(), "not_signed_in");
        let unknown = telling_one(lot, &receiver).notifications().test("pager").unwrap_err();
        assert_eq!((unknown.code(), unknown.to_string().contains("crm")), ("channel_not_found", true));
    }
}
