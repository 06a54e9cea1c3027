//! Runs over many vehicles, and how the lot stands afterwards.

use super::*;

on_both_databases! {
    fn a_run_takes_the_due_vehicles_in_order_and_within_its_limits(lot: &Lot) {
        let desk = lot.desk();
        let [fresh, old, older, sold, never] = [1, 2, 3, 4, 5].map(|number| add(lot, number).id);
        desk.inventory().set_status(sold, VehicleStatus::Sold).unwrap();
        let start = lot.now();
        for (vehicle, hours) in [(older, 0), (old, 1), (fresh, 2)] {
            lot.pass(start + TimeDelta::hours(hours) - lot.now());
            desk.market().analyze(vehicle).unwrap();
        }
        // To the second three days after the second one, so that the third is not due yet.
        lot.pass(start + TimeDelta::days(3) + TimeDelta::hours(1) - lot.now());
        assert_eq!(desk.market().overview().unwrap().needs_analysis, 3);
        let mut seen = Vec::new();
        let mut watch = |progress: Progress| {
            seen.push((progress.vehicle, progress.done, progress.total, progress.insufficient));
            ControlFlow::Continue(())
        };
        let report = desk.market().analyze_due(AnalyzeLimits::vehicles(2), &mut watch).unwrap();
        assert_eq!((report.analyzed, report.insufficient, report.failed.len(), report.remaining), (2, 2, 0, 1));
        assert_eq!(seen, [(never, 1, 2, 1), (older, 2, 2, 2)]);

        let report = desk.market().analyze_due(AnalyzeLimits::default(), &mut go_on).unwrap();
        assert_eq!((report.analyzed, report.remaining), (1, 0));
        assert_eq!(desk.market().get(old).unwrap().last_analyzed_at, Some(lot.now()));
        assert_ne!(desk.market().get(fresh).unwrap().last_analyzed_at, Some(lot.now()));
        let report = desk.market().analyze_due(AnalyzeLimits::default(), &mut go_on).unwrap();
        assert_eq!((report.analyzed, report.remaining), (0, 0));
        assert_eq!(desk.market().analyze_all(&mut go_on).unwrap().analyzed, 4, "due or not, but not the sold one");
    }

    fn a_run_that_is_broken_off_keeps_what_it_did(lot: &Lot) {
        let vehicles = [1, 2, 3].map(|number| add(lot, number).id);
        let report = lot.desk().market().analyze_due(AnalyzeLimits::default(), &mut |_| ControlFlow::Break(())).unwrap();
        assert_eq!((report.analyzed, report.remaining), (1, 2));
        let analyzed = vehicles.map(|vehicle| lot.desk().market().get(vehicle).is_ok());
        assert_eq!(analyzed.iter().filter(|&&done| done).count(), 1);
    }

    fn a_vehicle_that_fails_does_not_keep_the_others_from_their_analysis(lot: &Lot) {
        let [first, second, third] = [1, 2, 3].map(|number| add(lot, number).id);
        let desk = lot.desk();
        // Sold while the run is under way: the run has it on its list.
        let mut sell_the_second = |progress: Progress| {
            if progress.vehicle == first {
                desk.inventory().set_status(second, VehicleStatus::Sold).unwrap();
            }
            ControlFlow::Continue(())
        };
        let report = lot.desk().market().analyze_all(&mut sell_the_second).unwrap();
        assert_eq!((report.analyzed, report.remaining), (2, 0));
        let failed: Vec<_> = report.failed.iter().map(|(vehicle, error)| (*vehicle, error.code())).collect();
        assert_eq!(failed, [(second, "vehicle_sold")]);
        assert!(lot.desk().market().get(third).is_ok());
    }

    fn a_transaction_that_one_vehicle_breaks_is_made_anew_without_it(lot: &Lot) {
        list(lot, five());
        let vehicles: Vec<_> = (1..=9).map(|number| add(lot, number).id).collect();
        let broken = vehicles[5];
        let id = Uuid::from(broken);
        lot.execute(&if lot.url.starts_with("sqlite:") {
            format!(
                "CREATE TRIGGER broken BEFORE INSERT ON market_price_history WHEN NEW.inventory_id = X'{}'
                 BEGIN SELECT RAISE(ABORT, 'broken'); END", id.simple()
            )
        } else {
            format!(
                "CREATE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
                 CREATE TRIGGER broken BEFORE INSERT ON market_price_history FOR EACH ROW
                 WHEN (NEW.inventory_id = '{id}') EXECUTE FUNCTION break_it()"
            )
        });
        let mut told = Vec::new();
        let report = lot.desk().market().analyze_all(&mut |progress| {
            told.push(progress.vehicle);
            ControlFlow::Continue(())
        }).unwrap();
        assert_eq!((report.analyzed, report.failed.len(), report.remaining), (8, 1, 0));
        assert_eq!((report.failed[0].0, report.failed[0].1.kind()), (broken, ErrorKind::Internal));
        assert_eq!(told, vehicles, "each once, in order");
        let kept = |vehicle| lot.desk().market().history(vehicle, &PageRequest::default()).unwrap().items.len();
        assert_eq!(vehicles.iter().map(|&vehicle| kept(vehicle)).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 0, 1, 1, 1]);
        assert_eq!(lot.desk().market().get(broken).unwrap_err().code(), "vehicle_not_analyzed");
    }

    fn the_overview_counts_at_todays_prices(lot: &Lot) {
        let desk = lot.desk();
        assert_eq!(desk.market().overview().unwrap().average_difference_percent, None);
        list(lot, five());
        let [fair, high, low, sold] = [1, 2, 3, 4].map(|number| add(lot, number));
        reprice(lot, &high, 16_200);
        reprice(lot, &low, 10_800);
        desk.market().analyze_all(&mut go_on).unwrap();
        desk.inventory().set_status(sold.id, VehicleStatus::Sold).unwrap();
        let rare = NewVehicle { make: "Saab".into(), model: "9-5".into(), ..corolla(5) };
        let rare = desk.inventory().add(&rare).unwrap();
        desk.market().analyze(rare.id).unwrap();
        add(lot, 6);
        let overview = desk.market().overview().unwrap();
        assert_eq!((overview.high, overview.low, overview.competitive), (1, 1, 1));
        assert_eq!((overview.vehicles, overview.insufficient_data, overview.not_analyzed), (5, 1, 1));
        assert_eq!(overview.needs_analysis, 1);
        // 20 % above, 20 % below, and 500 of 13,500 above.
        assert!((overview.average_difference_percent.unwrap() - 100.0 / 81.0).abs() < 1e-9, "{overview:?}");
        reprice(lot, &high, 13_500);
        let repriced = desk.market().overview().unwrap();
        assert_eq!((repriced.high, repriced.competitive), (0, 2));
        reprice(lot, &fair, 13_500);
        lot.pass(TimeDelta::days(3));
        assert_eq!(desk.market().overview().unwrap().needs_analysis, 5);
    }

    fn positions_page_through_every_vehicle_with_its_research(lot: &Lot) {
        let desk = lot.desk();
        list(lot, five());
        let analyzed = [1, 2, 3].map(|number| add(lot, number).id);
        for vehicle in analyzed {
            desk.market().analyze(vehicle).unwrap();
        }
        let not_analyzed = [4, 5].map(|number| add(lot, number).id);
        let mut page = PageRequest::first(2);
        let mut found = Vec::new();
        loop {
            let positions = desk.market().positions(&VehicleFilter::available(), &page).unwrap();
            found.extend(positions.items);
            let Some(next) = positions.next else { break };
            page = page.after(next);
        }
        assert_eq!(found.len(), 5);
        for position in found {
            let vehicle = position.vehicle.vehicle.id;
            let research = position.research.as_ref();
            assert_eq!(research.map(|research| research.inventory_id), analyzed.contains(&vehicle).then_some(vehicle));
            assert_eq!(research.is_none(), not_analyzed.contains(&vehicle));
            assert!(research.is_none_or(|research| research.analysis.as_ref().is_some_and(|analysis| analysis.comparables.len() == 5)));
        }
    }
}
