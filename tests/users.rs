//! Staff accounts: who may do what, and who is shut out.

use jpauto::{Actor, ErrorKind, NewUser, PageRequest, Permission, Role, UserId, VehicleFilter};

use crate::support::{Lot, camry, corolla};

on_both_databases! {
    fn a_user_is_added_listed_and_found(lot: &Lot) {
        let users = lot.desk();
        let users = users.users();
        let ann = NewUser { email: " Ann@Example.com ".into(), name: "Ann".into(), role: Role::Manager, ..NewUser::default() };
        let added = users.add(&ann).unwrap();
        assert_eq!((added.email.as_str(), added.role, added.is_active), ("ann@example.com", Role::Manager, true));
        assert_eq!(users.get(added.id).unwrap(), added);
        assert_eq!(users.get_by_email("ANN@example.com").unwrap(), added);
        assert_eq!(users.add(&ann).unwrap_err().code(), "duplicate_email");
        for name in ["b", "c", "d"] {
            users.add(&NewUser { email: format!("{name}@example.com"), name: name.into(), ..NewUser::default() }).unwrap();
        }
        let first = users.list(&PageRequest::first(3)).unwrap();
        let second = users.list(&PageRequest::first(3).after(first.next.clone().unwrap())).unwrap();
        let emails: Vec<_> = first.items.iter().chain(&second.items).map(|user| user.email.as_str()).collect();
        assert_eq!(emails, ["ann@example.com", "b@example.com", "c@example.com", "d@example.com"]);
        assert_eq!(second.next, None);
    }

    fn an_address_that_differs_from_anothers_in_case_alone_is_found_as_it_was_typed(lot: &Lot) {
        let desk = lot.desk();
        let held = ["dup@x.example", "Dup@X.example", "Ünal@x.example"];
        let ids: Vec<_> = (0..3)
            .map(|number| {
                let email = format!("user{number}@x.example");
                desk.users().add(&NewUser { email, name: "Ann".into(), ..NewUser::default() }).unwrap().id
            })
            .collect();
        // As another application wrote them.
        for (number, email) in held.iter().enumerate() {
            lot.execute(&format!("UPDATE users SET email = '{email}' WHERE email = 'user{number}@x.example'"));
        }
        for (typed, expected) in
            [(held[0], 0), (held[1], 1), (" Dup@X.example ", 1), ("DUP@x.example", 0), (held[2], 2), ("Ünal@X.example", 2)]
        {
            let found = desk.users().get_by_email(typed).unwrap().id;
            assert!(found == ids[expected] || (typed == "DUP@x.example" && found == ids[1]), "{typed}");
        }
    }

    fn a_deactivated_user_is_refused_everywhere_at_once(lot: &Lot) {
        let (user, desk) = lot.staff(Role::Admin);
        let submission = lot.website().submissions().submit(&camry()).unwrap();
        assert!(desk.inventory().statistics().is_ok());
        lot.desk().users().deactivate(user.id).unwrap();
        let refusals = [
            desk.inventory().statistics().unwrap_err(),
            desk.inventory().list(&VehicleFilter::default(), &PageRequest::default()).unwrap_err(),
            desk.inventory().add(&corolla(1)).unwrap_err(),
            desk.submissions().get(submission.id).unwrap_err(),
            desk.submissions().submit(&camry()).unwrap_err(),
            desk.users().list(&PageRequest::default()).unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Forbidden, "user_inactive"));
        }
        lot.desk().users().activate(user.id).unwrap();
        assert!(desk.inventory().statistics().is_ok());
        let stranger = lot.dealership.acting_as(Actor::user(UserId::new(lot.now())));
        assert_eq!(stranger.inventory().statistics().unwrap_err().code(), "user_inactive");
    }

    fn roles_hold_at_the_services(lot: &Lot) {
        let (_, viewer) = lot.staff(Role::Viewer);
        let (_, manager) = lot.staff(Role::Manager);
        let vehicle = manager.inventory().add(&corolla(1)).unwrap();
        assert!(viewer.inventory().get(vehicle.id).is_ok());
        assert_eq!(viewer.inventory().add(&corolla(2)).unwrap_err().code(), "forbidden");
        assert_eq!(manager.inventory().delete(vehicle.id).unwrap_err().code(), "forbidden");
        assert_eq!(lot.website().inventory().get(vehicle.id).unwrap_err().code(), "not_signed_in");
        assert_eq!(Permission::DeleteVehicles.needs(), Some(Role::Admin));
    }

    fn nobody_locks_themselves_out(lot: &Lot) {
        let (user, desk) = lot.staff(Role::Admin);
        assert_eq!(desk.users().set_role(user.id, Role::Viewer).unwrap_err().code(), "not_oneself");
        assert_eq!(desk.users().deactivate(user.id).unwrap_err().code(), "not_oneself");
        assert_eq!(desk.users().delete(user.id).unwrap_err().code(), "not_oneself");
    }

    fn two_administrators_can_not_shut_each_other_out(lot: &Lot) {
        for round in 0..5 {
            let desk = lot.desk();
            let [one, two] = ["one", "two"].map(|name| {
                let email = format!("{name}{round}@example.com");
                desk.users().add(&NewUser { email, name: name.into(), role: Role::Admin, ..NewUser::default() }).unwrap().id
            });
            let start = std::sync::Barrier::new(2);
            std::thread::scope(|scope| {
                for (who, whom) in [(one, two), (two, one)] {
                    let desk = lot.another_process().acting_as(Actor::user(who));
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        drop(desk.users().deactivate(whom));
                    });
                }
            });
            let active = [one, two].iter().filter(|id| desk.users().get(**id).unwrap().is_active).count();
            assert_eq!(active, 1, "who came second was out already");
        }
    }

    fn a_user_named_by_a_row_is_stripped_instead_of_removed(lot: &Lot) {
        let (named, desk) = lot.staff(Role::Manager);
        desk.inventory().add(&corolla(1)).unwrap();
        let (unnamed, _) = lot.staff(Role::Viewer);
        lot.desk().users().delete(unnamed.id).unwrap();
        assert_eq!(lot.desk().users().get(unnamed.id).unwrap_err().code(), "user_not_found");
        lot.desk().users().delete(named.id).unwrap();
        let left = lot.desk().users().get(named.id).unwrap();
        assert!(!left.is_active);
        assert!(!format!("{left:?}").contains("manager@example.com"));
    }
}
