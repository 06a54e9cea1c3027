//! The audit trail.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use jpauto::{ActivityFilter, ActivityId, PageRequest, Role, VehicleStatus};

use crate::support::{Lot, camry, corolla};

/// All entries in their order, read by pages of this size.
fn pages(lot: &Lot, size: u32) -> Vec<(DateTime<Utc>, ActivityId)> {
    let (mut found, mut page) = (Vec::new(), PageRequest::first(size));
    loop {
        let entries = lot.desk().activity().list(&ActivityFilter::default(), &page).unwrap();
        found.extend(entries.items.iter().map(|entry| (entry.created_at, entry.id)));
        let Some(next) = entries.next else { break found };
        page = page.after(next);
    }
}

on_both_databases! {
    fn every_write_leaves_one_entry_of_its_own(lot: &Lot) {
        let (user, desk) = lot.staff(Role::Admin);
        let vehicle = desk.inventory().add(&corolla(1)).unwrap();
        desk.inventory().feature(vehicle.id).unwrap();
        desk.inventory().set_status(vehicle.id, VehicleStatus::Sold).unwrap();
        desk.inventory().relist(vehicle.id).unwrap();
        desk.inventory().delete(vehicle.id).unwrap();
        let submission = lot.website().submissions().submit(&camry()).unwrap();
        desk.submissions().reject(submission.id, "no").unwrap();
        let mut filter = ActivityFilter::default();
        filter.user_id = Some(user.id);
        let mut actions: Vec<_> =
            desk.activity().list(&filter, &PageRequest::first(100)).unwrap().items.into_iter().map(|entry| entry.action).collect();
        actions.sort();
        assert_eq!(actions, ["create", "delete", "feature", "reject", "relist", "status"]);
    }

    fn it_is_paged_newest_first_and_what_has_no_time_comes_last(lot: &Lot) {
        for number in 0..5 {
            lot.desk().inventory().add(&corolla(number)).unwrap();
            // Some entries are of the same moment.
            lot.pass(TimeDelta::seconds(i64::from(number) % 2));
        }
        let expected: Vec<_> = pages(lot, 100);
        let mut sorted = expected.clone();
        sorted.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!((expected.len(), &expected), (5, &sorted));
        for size in 1..=6 {
            assert_eq!(pages(lot, size), expected, "{size} on a page");
        }
        // Another application that shares the database may have left the time out.
        let since = expected[2].0.to_rfc3339_opts(SecondsFormat::Micros, true);
        lot.execute(&format!("UPDATE activity_logs SET created_at = NULL WHERE created_at < '{since}'"));
        let without_time: Vec<_> = pages(lot, 100).into_iter().map(|(_, id)| id).collect();
        assert_eq!(without_time, expected.iter().map(|(_, id)| *id).collect::<Vec<_>>());
        for size in 1..=6 {
            assert_eq!(pages(lot, size).into_iter().map(|(_, id)| id).collect::<Vec<_>>(), without_time, "{size} on a page");
        }
    }

    fn only_administrators_read_it(lot: &Lot) {
        let (_, manager) = lot.staff(Role::Manager);
        let refusal = manager.activity().list(&ActivityFilter::default(), &PageRequest::default()).unwrap_err();
        assert_eq!(refusal.code(), "forbidden");
    }

    fn a_refused_write_leaves_no_entry(lot: &Lot) {
        lot.desk().inventory().add(&corolla(1)).unwrap();
        lot.desk().inventory().add(&corolla(1)).unwrap_err();
        let entries = lot.desk().activity().list(&ActivityFilter::default(), &PageRequest::default()).unwrap();
        assert_eq!(entries.items.len(), 1);
    }
}
