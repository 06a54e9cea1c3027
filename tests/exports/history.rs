//! The history of exports, who may export, what is held back, and that a feed is of one moment.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use chrono::TimeDelta;
use jpauto::{
    Action, ActivityFilter, NewVehicle, PageRequest, Role, VehicleStatus,
    exports::{Export, ExportFilter, ExportStatus, Platform},
};
use serde_json::json;

use super::*;
use crate::support::corolla;

on_both_databases! {
    fn every_run_is_a_row_with_its_entry(lot: &Lot) {
        let folder = tempfile::tempdir().unwrap();
        let desk = lot.desk();
        desk.inventory().add(&corolla(1)).unwrap();
        let report = run_export(&desk, &Export::of(Platform::Csv).to(folder.path().to_string_lossy())).unwrap();
        lot.pass(TimeDelta::hours(1));
        let refused = run_export(&desk, &Export::of(Platform::Jekyll).to("/proc/none/at/all")).unwrap_err();
        assert_eq!(refused.code(), "export_not_written");
        run_export(&desk, &Export::of(Platform::Csv).dry_run()).unwrap();
        let entries = desk.exports().list(&ExportFilter::default(), &PageRequest::default()).unwrap().items;
        assert_eq!(entries.len(), 2, "a dry run leaves nothing");
        assert_eq!((entries[0].status, entries[0].error_code.as_deref()), (ExportStatus::Failure, Some("export_not_written")));
        assert_eq!((Some(entries[1].id), entries[1].vehicle_count, entries[1].left_out_count), (report.id, Some(1), Some(0)));
        assert_eq!(entries[1].exported_at, Some(report.exported_at));
        let trail = ActivityFilter::default().action(Action::Export);
        let trail = desk.activity().list(&trail, &PageRequest::default()).unwrap().items;
        assert_eq!((trail.len(), trail[1].resource_id), (2, report.id.map(Into::into)));
        assert_eq!(trail[1].changes.as_ref().unwrap()["vehicle_count"], json!({"from": null, "to": 1}));
        lot.pass(TimeDelta::minutes(1));
        let downloaded = desk.exports().file(&Export::of(Platform::Csv)).unwrap().report.id.unwrap();
        assert_eq!(desk.exports().list(&ExportFilter::default(), &PageRequest::default()).unwrap().items[0].id, downloaded);
        // What was downloaded is no delivery.
        let last = desk.exports().list(&ExportFilter::last_of_each(), &PageRequest::default()).unwrap().items;
        assert_eq!(last.iter().map(|entry| entry.id).collect::<Vec<_>>(), [report.id.unwrap()]);
        let of_jekyll = ExportFilter::default().platform(Platform::Jekyll);
        assert_eq!(desk.exports().list(&of_jekyll, &PageRequest::default()).unwrap().items.len(), 1);
        let first = desk.exports().list(&ExportFilter::default(), &PageRequest::first(2)).unwrap();
        let rest = PageRequest::first(1).after(first.next.unwrap());
        assert_eq!(desk.exports().list(&ExportFilter::default(), &rest).unwrap().items[0].id, report.id.unwrap());
    }

    fn managers_export_and_viewers_read(lot: &Lot) {
        let folder = tempfile::tempdir().unwrap();
        let export = Export::of(Platform::Csv).to(folder.path().to_string_lossy());
        let (_, viewer) = lot.staff(Role::Viewer);
        assert_eq!(run_export(&viewer, &export).unwrap_err().code(), "forbidden");
        assert_eq!(run_export(&viewer, &export.clone().dry_run()).unwrap_err().code(), "forbidden");
        assert_eq!(run_export(&lot.website(), &export).unwrap_err().code(), "not_signed_in");
        assert_eq!(names_in(folder.path()), [""; 0]);
        let (user, manager) = lot.staff(Role::Manager);
        run_export(&manager, &export).unwrap();
        assert_eq!(viewer.exports().list(&ExportFilter::default(), &PageRequest::default()).unwrap().items.len(), 1);
        assert!(viewer.exports().check(folder.path().join("inventory.csv"), Platform::Csv, None).unwrap().is_good());
        assert_eq!(lot.website().exports().list(&ExportFilter::default(), &PageRequest::default()).unwrap_err().code(), "not_signed_in");
        let trail = ActivityFilter::default().action(Action::Export);
        let trail = lot.desk().activity().list(&trail, &PageRequest::default()).unwrap().items;
        assert_eq!(trail[0].user_id, Some(user.id));
    }

    fn a_feed_that_shrinks_by_more_than_half_waits_for_a_word(lot: &Lot) {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let desk = lot.desk();
        let ids: Vec<_> = (0..5).map(|number| desk.inventory().add(&corolla(number)).unwrap().id).collect();
        let export = Export::of(Platform::Csv).to(folder.path().to_string_lossy());
        run_export(&desk, &export).unwrap();
        let before = bytes_of(&folder.path().join("inventory.csv"));
        let sell = |count: usize| ids[..count].iter().for_each(|id| {
            let _ = desk.inventory().set_status(*id, VehicleStatus::Sold);
        });
        sell(2);
        assert_eq!(run_export(&desk, &export).unwrap().last_vehicle_count, Some(5), "three of five may go out");
        run_export(&desk, &export.clone().confirmed()).unwrap();
        let whole = bytes_of(&folder.path().join("inventory.csv"));
        assert_ne!(before, whole);
        sell(4);
        let refused = run_export(&desk, &export).unwrap_err();
        assert_eq!(refused.code(), "export_held_back");
        assert!(refused.to_string().contains("from 3 vehicles to 1"), "{refused}");
        assert_eq!(bytes_of(&folder.path().join("inventory.csv")), whole, "the feed before stands");
        assert_eq!(names_in(folder.path()), ["inventory.csv"]);
        assert_eq!(run_export(&desk, &export.clone().dry_run()).unwrap().vehicle_count, 1);
        // The same file, named otherwise.
        for named in ["inventory.csv", "../{folder}/inventory.csv", "link/inventory.csv"] {
            let named = named.replace("{folder}", &folder.path().file_name().unwrap().to_string_lossy());
            #[cfg(unix)]
            if !folder.path().join("link").exists() {
                std::os::unix::fs::symlink(folder.path(), folder.path().join("link")).unwrap();
            }
            let export = Export::of(Platform::Csv).to(folder.path().join(&named).to_string_lossy());
            assert_eq!(run_export(&desk, &export).unwrap_err().code(), "export_held_back", "{named}");
        }
        // Another destination has no feed before.
        run_export(&desk, &Export::of(Platform::Csv).to(other.path().to_string_lossy())).unwrap();
        assert_eq!(run_export(&desk, &export.clone().confirmed()).unwrap().vehicle_count, 1);
        assert_eq!(run_export(&desk, &export).unwrap().last_vehicle_count, Some(1));
    }

    fn a_feed_whose_file_is_named_by_the_day_waits_for_a_word_too(lot: &Lot) {
        let folder = tempfile::tempdir().unwrap();
        let dealership = configured(lot);
        let desk = dealership.acting_as(jpauto::Actor::system());
        let ids: Vec<_> = (0..5).map(|number| desk.inventory().add(&corolla(number)).unwrap().id).collect();
        let export = Export::of(Platform::DealerCenter).to(folder.path().to_string_lossy());
        assert_eq!(run_export(&desk, &export).unwrap().vehicle_count, 5);
        lot.pass(TimeDelta::days(1));
        ids[..4].iter().for_each(|id| drop(desk.inventory().set_status(*id, VehicleStatus::Sold).unwrap()));
        assert_eq!(run_export(&desk, &export).unwrap_err().code(), "export_held_back");
        assert_eq!(names_in(folder.path()).len(), 1, "the feed of yesterday");
        assert_eq!(run_export(&desk, &export.confirmed()).unwrap().last_vehicle_count, Some(5));
        assert_eq!(names_in(folder.path()).len(), 2);
    }

    fn a_feed_has_the_days_of_the_dealership(lot: &Lot) {
        let folder = tempfile::tempdir().unwrap();
        let dealership = configured(lot);
        let desk = dealership.acting_as(jpauto::Actor::system());
        let export = Export::of(Platform::DealerCenter).to(folder.path().to_string_lossy());
        // It is the 2nd of March in UTC, and still the 1st in Los Angeles.
        lot.pass(TimeDelta::minutes(19 * 60 + 59));
        desk.inventory().add(&NewVehicle { images: vec!["https://photos.example/1.jpg".into()], ..corolla(1) }).unwrap();
        run_export(&desk, &export).unwrap();
        lot.pass(TimeDelta::minutes(1));
        run_export(&desk, &export).unwrap();
        let mut names = names_in(folder.path());
        names.sort();
        assert!(names[0].ends_with("_20260301.csv") && names[1].ends_with("_20260302.csv"), "{names:?}");
        for name in names {
            let feed = bytes_of(&folder.path().join(&name));
            assert!(feed.contains("2026-03-01") && !feed.contains("2026-03-02"), "the vehicle is of the 1st: {feed}");
        }
    }

    fn a_feed_that_is_stopped_or_not_configured_changes_nothing(lot: &Lot) {
        let folder = tempfile::tempdir().unwrap();
        let desk = lot.desk();
        desk.inventory().add(&corolla(1)).unwrap();
        let export = Export::of(Platform::Csv).to(folder.path().to_string_lossy());
        let stopped = desk.exports().run(&export, &mut |_| ControlFlow::Break(())).unwrap_err();
        assert_eq!(stopped.code(), "export_stopped");
        let missing = run_export(&desk, &Export::of(Platform::Meta).to(folder.path().to_string_lossy())).unwrap_err();
        assert_eq!(missing.code(), "not_configured");
        assert!(missing.to_string().contains("exports.vehicle_url, dealership.street"), "{missing}");
        assert_eq!(run_export(&desk, &Export::of(Platform::Csv)).unwrap_err().code(), "not_configured");
        let wrong = Export::of(Platform::Csv).to(folder.path().to_string_lossy()).format(jpauto::exports::FeedFormat::Zip);
        assert_eq!(run_export(&desk, &wrong).unwrap_err().code(), "invalid_feed_format");
        assert_eq!(names_in(folder.path()), [""; 0]);
    }

    fn a_folder_that_a_person_fills_is_not_replaced_without_asking(lot: &Lot) {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("_vehicles");
        fs::create_dir(&pages).unwrap();
        fs::write(pages.join("by-hand.md"), "mine").unwrap();
        let desk = lot.desk();
        desk.inventory().add(&corolla(1)).unwrap();
        let export = Export::of(Platform::Jekyll).to(folder.path().to_string_lossy());
        assert_eq!(run_export(&desk, &export).unwrap_err().code(), "export_destination_occupied");
        assert_eq!(names_in(&pages), ["by-hand.md"]);
        run_export(&desk, &export.clone().confirmed()).unwrap();
        run_export(&desk, &export).unwrap();
        let page = format!("{}.md", &corolla(1).vin[9..]);
        assert_eq!(names_in(&pages), [".jpauto-export".to_owned(), page]);
        // The folder of pages may also be named itself.
        run_export(&desk, &Export::of(Platform::Jekyll).to(pages.to_string_lossy())).unwrap();
        assert_eq!(names_in(folder.path()), ["_vehicles"]);
    }

    fn a_feed_is_of_one_moment_while_vehicles_change(lot: &Lot) {
        let desk = lot.desk();
        for number in 0..1_300 {
            desk.inventory().add(&NewVehicle { price: Money::from_dollars(10_000), ..corolla(number) }).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let export = Export::of(Platform::Csv).to(folder.path().to_string_lossy());
        // The history is written meanwhile, too.
        let patience = if lot.url.starts_with("sqlite:") { "PRAGMA busy_timeout = 10000; " } else { "" };
        let raise = format!("{patience}UPDATE inventory SET price = price + 100");
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let exporting = scope.spawn(|| {
                let seen: BTreeSet<String> = (0..5).flat_map(|_| prices_of_one_export(&desk, &export, folder.path())).collect();
                is_over.store(true, Ordering::Relaxed);
                seen
            });
            while !is_over.load(Ordering::Relaxed) && !exporting.is_finished() {
                lot.execute(&raise);
            }
            assert!(exporting.join().unwrap().len() > 1, "prices changed meanwhile");
        });
    }
}

/// Exports slowly, and answers the prices in the feed, which must be one.
fn prices_of_one_export(desk: &Desk, export: &Export, folder: &Path) -> BTreeSet<String> {
    let mut pause = |_| {
        std::thread::sleep(std::time::Duration::from_millis(30));
        ControlFlow::Continue(())
    };
    desk.exports().run(export, &mut pause).unwrap();
    let text = bytes_of(&folder.join("inventory.csv"));
    let prices: BTreeSet<_> = text.lines().skip(1).map(|line| line.split(',').nth(9).unwrap().to_owned()).collect();
    assert_eq!(prices.len(), 1, "all prices are of one moment");
    prices
}
