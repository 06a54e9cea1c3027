//! The audit trail.

use jpauto::{ActivityFilter, PageRequest, Role, VehicleStatus};

use crate::support::{Lot, camry, corolla};

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
