//! What an analysis leaves behind: the row, the history, the audit trail.

use super::*;

on_both_databases! {
    fn what_was_found_of_a_vehicle_is_forgotten_once_it_is_described_otherwise(lot: &Lot) {
        let desk = lot.desk();
        let added = desk.inventory().add(&NewVehicle { price: dollars(20_000), ..corolla(1) }).unwrap();
        list(lot, five());
        let nothing = VehicleUpdate::default;
        let same = [
            VehicleUpdate { mileage: Some(added.mileage + 1_000), ..nothing() },
            VehicleUpdate { make: Some("TOYOTA".into()), ..nothing() },
            VehicleUpdate { title_status: Change::Set("Clean".into()), ..nothing() },
            VehicleUpdate { price: Some(dollars(19_999)), cost: Change::Set(dollars(9_000)), ..nothing() },
        ];
        let others = [
            VehicleUpdate { model: Some("F-150".into()), ..nothing() },
            VehicleUpdate { model: Some("Corolla".into()), ..nothing() },
            VehicleUpdate { year: Some(added.year + 1), ..nothing() },
            VehicleUpdate { year: Some(added.year), ..nothing() },
            VehicleUpdate { trim: Change::Set("XSE".into()), ..nothing() },
            VehicleUpdate { title_status: Change::Set("Salvage".into()), ..nothing() },
            VehicleUpdate { title_status: Change::Clear, ..nothing() },
            VehicleUpdate { mileage: Some(added.mileage + 2_001), ..nothing() },
            VehicleUpdate { mileage: Some(0), ..nothing() },
        ];
        let overview = || {
            let overview = desk.market().overview().unwrap();
            (overview.not_analyzed, overview.needs_analysis)
        };
        for (update, is_another) in same.iter().map(|one| (one, false)).chain(others.iter().map(|one| (one, true))) {
            desk.market().analyze(added.id).unwrap();
            assert_eq!(overview(), (0, 0));
            desk.inventory().update(added.id, update).unwrap();
            let expected = if is_another { (1, 1) } else { (0, 0) };
            assert_eq!(overview(), expected, "{update:?}");
            if is_another {
                assert!(open_alerts(lot).is_empty(), "{update:?}");
            }
        }
        let points = desk.market().history(added.id, &PageRequest::first(100)).unwrap().items;
        assert_eq!(points.len(), same.len() + others.len() + 1, "each analysis, and the new price");
    }

    fn a_median_of_other_cars_is_no_change_of_the_market(lot: &Lot) {
        let desk = lot.desk();
        let vehicle = add(lot, 1);
        list(lot, five());
        list(lot, (11..16).map(|number| Listing { model: "Camry", ..listing(number, 20_000) }));
        desk.market().analyze(vehicle.id).unwrap();
        lot.pass(TimeDelta::days(14));
        let corrected = VehicleUpdate { model: Some("Camry".into()), ..VehicleUpdate::default() };
        desk.inventory().update(vehicle.id, &corrected).unwrap();
        let analysis = desk.market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.median_price, analysis.velocity), (Some(dollars(20_000)), None));
        // A corrected mileage leaves the search its name, and its window takes in other cars.
        list(lot, (21..26).map(|number| Listing { model: "Camry", mileage: Some(90_000), ..listing(number, 15_000) }));
        lot.pass(TimeDelta::days(14));
        let driven = VehicleUpdate { mileage: Some(90_000), ..VehicleUpdate::default() };
        desk.inventory().update(vehicle.id, &driven).unwrap();
        let analysis = desk.market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.median_price, analysis.velocity), (Some(dollars(15_000)), None));
    }

    fn each_analysis_is_a_point_of_the_history_and_one_row_is_kept(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five());
        let desk = lot.desk();
        let first = desk.market().analyze(vehicle.id).unwrap();
        assert_eq!(first.velocity, None);
        let row = desk.market().get(vehicle.id).unwrap();
        lot.pass(TimeDelta::days(7));
        reprice(lot, &vehicle, 13_800);
        lot.pass(TimeDelta::days(7));
        // The sixth moves the raw median from 13,500 to 13,750: 1.9 %, which is stable.
        list(lot, [listing(6, 14_500)]);
        let second = desk.market().analyze(vehicle.id).unwrap();
        assert_eq!(second.velocity.map(|velocity| velocity.mood), Some(MarketMood::Stable));
        let again = desk.market().get(vehicle.id).unwrap();
        assert_eq!((again.id, again.created_at), (row.id, row.created_at));
        assert_eq!((again.last_analyzed_at, again.median_price), (Some(lot.now()), Some(dollars(13_750))));

        let mut page = PageRequest::first(2);
        let mut points = Vec::new();
        loop {
            let found = desk.market().history(vehicle.id, &page).unwrap();
            points.extend(found.items);
            let Some(next) = found.next else { break };
            page = page.after(next);
        }
        let told: Vec<_> = points.iter().map(|point| (point.our_price, point.median_market_price, point.sample_size)).collect();
        assert_eq!(told, [
            (dollars(13_800), Some(dollars(13_750)), Some(6)),
            (dollars(13_800), None, None),
            (dollars(14_000), Some(dollars(13_500)), Some(5)),
        ]);
        assert_eq!(desk.inventory().price_history(vehicle.id, &PageRequest::default()).unwrap().items, points);
        assert_eq!(points[0].min_market_price, Some(dollars(12_000)));
        assert_eq!(points[0].recorded_at, Some(lot.now()));
    }

    fn an_analysis_leaves_one_entry_in_the_trail_of_the_vehicle(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five());
        let (manager, desk) = lot.staff(Role::Manager);
        desk.market().analyze(vehicle.id).unwrap();
        let filter = ActivityFilter::default().resource(vehicle.id).action(Action::Analyze);
        let trail = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items;
        assert_eq!(trail.len(), 1);
        assert_eq!((trail[0].user_id, trail[0].resource_type.as_str()), (Some(manager.id), "inventory"));
        let expected = serde_json::json!({
            "median_price": {"from": null, "to": "13500.00"},
            "min_price": {"from": null, "to": "12000.00"},
            "max_price": {"from": null, "to": "15000.00"},
            "sample_size": {"from": null, "to": 5},
            "price_recommendation": {"from": null, "to": "competitive"},
            "data_source": {"from": null, "to": "competitor"},
        });
        assert_eq!(trail[0].changes, Some(expected));
    }

    fn a_row_that_another_program_wrote_is_read_as_far_as_it_can_be(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five());
        lot.desk().market().analyze(vehicle.id).unwrap();
        lot.execute("UPDATE market_research_results SET price_recommendation = 'Reduce the price', data_source = 'kbb',
                      search_parameters = '[]', comparable_vehicles = '{}', sample_size = NULL");
        let research = lot.desk().market().get(vehicle.id).unwrap();
        assert_eq!((research.price_recommendation, research.data_source, research.sample_size), (None, None, 0));
        assert_eq!((research.median_price, research.analysis), (Some(dollars(13_500)), None));
        assert_eq!(lot.desk().market().positions(&VehicleFilter::default(), &PageRequest::default()).unwrap().items.len(), 1);
        lot.desk().market().overview().unwrap();
        lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!(lot.desk().market().get(vehicle.id).unwrap().analysis.unwrap().sample_size, 5);
        let later = "UPDATE market_research_results SET last_analyzed_at = '2026-03-02T00:00:00.000000Z'";
        lot.execute(later);
        assert_eq!(lot.desk().market().get(vehicle.id).unwrap().analysis, None, "it tells of another time than the row");
    }

    fn analyses_of_one_vehicle_at_once_leave_one_row(lot: &Lot) {
        const AT_ONCE: usize = 6;
        let vehicle = add(lot, 1);
        list(lot, five());
        reprice(lot, &vehicle, 16_000);
        let desk = lot.desk();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..AT_ONCE)
                .map(|_| scope.spawn(|| desk.market().analyze(vehicle.id).unwrap().sample_size))
                .collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap(), 5);
            }
        });
        let history = lot.desk().market().history(vehicle.id, &PageRequest::default()).unwrap();
        assert_eq!(history.items.len(), AT_ONCE + 1, "the new price, then each analysis");
        assert_eq!(lot.desk().market().positions(&VehicleFilter::default(), &PageRequest::default()).unwrap().items.len(), 1);
        let alerts = open_alerts(lot);
        assert_eq!((alerts.len(), alerts[0].alert_type.parse::<AlertType>().unwrap()), (1, AlertType::Overpriced));
    }

    fn deleting_a_vehicle_takes_its_research_along(lot: &Lot) {
        let vehicle = add(lot, 1);
        lot.desk().market().analyze(vehicle.id).unwrap();
        lot.desk().inventory().delete(vehicle.id).unwrap();
        assert_eq!(lot.desk().market().get(vehicle.id).unwrap_err().code(), "vehicle_not_found");
        assert_eq!(lot.desk().market().overview().unwrap().vehicles, 0);
    }

    fn what_another_program_writes_of_a_listing_is_found_by_pricing(lot: &Lot) {
        list(lot, five());
        let found = |make: &str, model: &str| {
            let subject = Subject { year: 2018, make: make.into(), model: model.into(), ..Subject::default() };
            lot.desk().market().price(&subject).unwrap().sample_size
        };
        assert_eq!((found("Toyota", "Corolla"), found("Honda", "Pilot")), (5, 0));
        lot.execute("UPDATE competitor_inventory SET make = 'Honda', model = 'Pilot'");
        assert_eq!((found("Toyota", "Corolla"), found("Honda", "Pilot")), (0, 5));
        let id = if lot.url.starts_with("sqlite:") { "randomblob(16)" } else { "gen_random_uuid()" };
        lot.execute(&format!(
            "INSERT INTO competitor_inventory (id, competitor_id, year, make, model, price, mileage, first_seen_at, last_seen_at, is_sold)
             SELECT {id}, competitor_id, year, 'Kia', 'Soul', price, mileage + 7, first_seen_at, last_seen_at, is_sold FROM competitor_inventory"
        ));
        assert_eq!(found("Kia", "Soul"), 5);
        assert_eq!(lot.dealership.check().unwrap().findings, []);

        // What `migrate` repairs is found under its right name.
        lot.execute("UPDATE competitor_inventory SET make = 'Mazda ', model = ' CX-5' WHERE make = 'Kia'");
        lot.execute("DELETE FROM listed_models WHERE model LIKE '%cx-5%'");
        let kinds = |findings: Vec<jpauto::Finding>| -> Vec<_> {
            findings.iter().map(|finding| (finding.kind.as_str(), finding.column, finding.count, finding.remedy.as_str())).collect()
        };
        let repaired = kinds(lot.dealership.migrate().unwrap().findings);
        assert_eq!(repaired[..2], [("blanks", "make", 5, "repaired"), ("blanks", "model", 5, "repaired")]);
        assert_eq!(found("Mazda", "CX-5"), 5);

        // Where the triggers were off, `check` says so and `migrate` notes the models.
        let of_table = if lot.url.starts_with("sqlite:") { "" } else { " ON competitor_inventory" };
        lot.execute(&format!("DROP TRIGGER listed_models_of_changed{of_table}"));
        lot.execute("UPDATE competitor_inventory SET model = 'Passport' WHERE make = 'Honda'");
        assert_eq!(found("Honda", "Passport"), 0);
        assert_eq!(kinds(lot.dealership.check().unwrap().findings), [("unnoted_model", "model", 5, "migrate")]);
        assert_eq!(kinds(lot.dealership.migrate().unwrap().findings), [("unnoted_model", "model", 5, "repaired")]);
        assert_eq!(found("Honda", "Passport"), 5);
        assert_eq!(lot.dealership.migrate().unwrap().findings, []);
    }
}
