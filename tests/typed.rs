//! Rows named as people type them: by a beginning of an id, a VIN or a stock number.

use jpauto::{Action, ActivityFilter, ErrorKind, NewUser, NewVehicle, PageRequest, VehicleUpdate};

use crate::support::{Lot, camry, corolla};

fn numbered(number: u32, stock: &str) -> NewVehicle {
    NewVehicle { stock_number: Some(stock.into()), ..corolla(number) }
}

on_both_databases! {
    fn a_vehicle_is_found_by_whatever_begins_it_alone(lot: &Lot) {
        let desk = lot.desk();
        let first = desk.inventory().add(&numbered(1, "A10")).unwrap();
        let second = desk.inventory().add(&numbered(2, "A1042")).unwrap();
        let third = desk.inventory().add(&numbered(3, "b_7%")).unwrap();
        let found = |text: &str| desk.inventory().find(text).map(|stocked| stocked.vehicle.id);
        let id = second.id.to_string();
        for (text, vehicle) in [
            ("A10", &first),
            ("a10", &first),
            ("A104", &second),
            (" a1042 ", &second),
            ("B", &third),
            ("b_7", &third),
            (id.as_str(), &second),
            (&id[..35], &second),
            (&id.to_uppercase(), &second),
            (&id.replace('-', ""), &second),
            (&format!("{}…", &id[..35]), &second),
            (first.vin.as_str(), &first),
            (&first.vin.to_lowercase(), &first),
            (third.vin.as_str(), &third),
        ] {
            assert_eq!(found(text).unwrap(), vehicle.id, "{text}");
        }
        for text in ["", " ", "…", "%", "_", "A1_42", "b17", "zzz", "A10\0", &"A".repeat(5_000), "' OR 1=1 --"] {
            let refusal = found(text).unwrap_err();
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::NotFound, "vehicle_not_found"), "{text:?}");
        }
        for text in ["A1", "a", &first.vin[..4], &id[..2]] {
            let refusal = found(text).unwrap_err();
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::InvalidInput, "ambiguous_reference"), "{text}");
            assert!(refusal.fields().len() >= 2, "{refusal:?}");
            assert!(refusal.to_string().contains(&first.id.to_string()), "{refusal}");
            assert!(refusal.to_string().contains("2018 Toyota Corolla, stock A10, VIN "), "{refusal}");
        }
        assert_eq!(lot.website().inventory().find("A104").unwrap_err().code(), "not_signed_in");
    }

    fn a_name_in_full_wins_over_a_beginning_and_a_vin_over_a_stock_number(lot: &Lot) {
        let desk = lot.desk();
        let by_vin = desk.inventory().add(&numbered(1, "X1")).unwrap();
        let by_stock = desk.inventory().add(&numbered(2, &by_vin.vin)).unwrap();
        assert_eq!(desk.inventory().find(&by_vin.vin).unwrap().vehicle.id, by_vin.id);
        let longer = VehicleUpdate {
            stock_number: jpauto::Change::Set(format!("{}-2", by_vin.id)),
            ..VehicleUpdate::default()
        };
        desk.inventory().update(by_stock.id, &longer).unwrap();
        assert_eq!(desk.inventory().find(&by_vin.id.to_string()).unwrap().vehicle.id, by_vin.id);
    }

    fn submissions_alerts_users_and_competitors_are_found_by_a_beginning(lot: &Lot) {
        let desk = lot.desk();
        let submission = lot.website().submissions().submit(&camry()).unwrap();
        let id = submission.id.to_string();
        for text in [id.as_str(), &id[..8], "4T1B", "4t1b11hk5ku211111"] {
            assert_eq!(desk.submissions().find(text).unwrap(), submission, "{text}");
        }
        lot.website().submissions().submit(&jpauto::NewSubmission { vin: Some("4T1B11HK5KU211112".into()), ..camry() }).unwrap();
        let refusal = desk.submissions().find("4T1B").unwrap_err();
        assert_eq!(refusal.code(), "ambiguous_reference");
        assert!(refusal.to_string().contains("2019 Toyota Camry, pending"), "{refusal}");
        assert_eq!(desk.submissions().find("zz").unwrap_err().code(), "submission_not_found");

        let new = NewUser { email: "ann@example.com".into(), name: "Ann".into(), ..NewUser::default() };
        let user = desk.users().add(&new).unwrap();
        assert_eq!(desk.users().find("Ann@Example.com").unwrap(), user);
        assert_eq!(desk.users().find(&user.id.to_string()[..30]).unwrap(), user);
        assert_eq!(desk.users().find("zz").unwrap_err().code(), "user_not_found");

        let token = desk.tokens().create(&jpauto::NewToken { name: "nightly export".into(), role: jpauto::Role::Viewer, expires_at: None }).unwrap().token;
        for text in [token.id.to_string().as_str(), &token.id.to_string()[..30], "nightly export"] {
            assert_eq!(desk.tokens().find(text).unwrap(), token, "{text}");
        }
        assert_eq!(desk.tokens().find("nightly").unwrap_err().code(), "token_not_found");
        let (_, ann) = lot.staff(jpauto::Role::Viewer);
        assert_eq!(ann.tokens().find("nightly export").unwrap_err().code(), "token_not_found", "it is not hers");

        let new = jpauto::competitors::NewCompetitor {
            name: "Valley Motors".into(),
            inventory_url: "https://valley.example/used".into(),
            ..Default::default()
        };
        let competitor = desk.competitors().add(&new).unwrap();
        assert_eq!(desk.competitors().find("valley motors").unwrap(), competitor);
        assert_eq!(desk.competitors().find(&competitor.id.to_string()[..30]).unwrap(), competitor);
        assert_eq!(desk.competitors().find("zz").unwrap_err().code(), "competitor_not_found");

        let vehicle = desk.inventory().add(&corolla(1)).unwrap();
        desk.market().analyze(vehicle.id).unwrap();
        let alert = desk.alerts().list(&jpauto::AlertFilter::default(), &PageRequest::default()).unwrap().items.remove(0);
        assert_eq!(desk.alerts().find(&alert.id.to_string()[..30]).unwrap(), alert);
        assert_eq!(desk.alerts().find("zz").unwrap_err().code(), "alert_not_found");

        let beginning = &vehicle.id.to_string()[..34];
        assert_eq!(desk.activity().find_resource(beginning).unwrap(), uuid::Uuid::from(vehicle.id));
        assert_eq!(desk.activity().find_resource("zz").unwrap_err().code(), "activity_not_found");
        assert_eq!(desk.activity().find_resource("0").unwrap_err().code(), "ambiguous_reference");
        let filter = ActivityFilter::default().resource(vehicle.id).action(Action::Create);
        assert_eq!(desk.activity().list(&filter, &PageRequest::default()).unwrap().items.len(), 1);
    }

    fn a_listing_is_found_by_id_vin_and_stock_number(lot: &Lot) {
        let desk = lot.desk();
        let listing = |vin: &str, stock: &str| jpauto::extract::ScrapedListing {
            vin: Some(vin.into()),
            stock_number: Some(stock.into()),
            year: Some(2019),
            make: Some("Toyota".into()),
            model: Some("Camry".into()),
            ..Default::default()
        };
        let seen = vec![listing("4T1B11HK5KU000001", "P100"), listing("4T1B11HK5KU000002", "P200")];
        let key = jpauto::competitors::CompetitorKey::Name {
            name: "Valley".into(),
            inventory_url: Some("https://valley.example/used".into()),
        };
        let reading = jpauto::competitors::ScrapeReading::whole_lot();
        let report = desk.competitors().record(key, seen, reading, lot.now()).unwrap();
        let id = report.new[0].id;
        let vin = report.new[0].vin.clone().unwrap();
        let other = if vin.ends_with('1') { "p200" } else { "P100" };
        assert_eq!(desk.competitors().find_listing(&vin.to_lowercase()).unwrap(), id);
        assert_eq!(desk.competitors().find_listing(&id.to_string()).unwrap(), id);
        assert_ne!(desk.competitors().find_listing(other).unwrap(), id);
        let refusal = desk.competitors().find_listing("4T1B11").unwrap_err();
        assert_eq!(refusal.code(), "ambiguous_reference");
        assert!(refusal.to_string().contains("2019 Toyota Camry 4T1B11HK5KU000001"), "{refusal}");
        assert_eq!(desk.competitors().find_listing("nothing").unwrap_err().code(), "listing_not_found");
    }
}
