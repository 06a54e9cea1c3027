//! The number of statements of an analysis does not grow with the competitors' listings.

use std::ops::ControlFlow;

use chrono::{SecondsFormat, TimeDelta};
use diesel::{Connection as _, connection::SimpleConnection as _};
use jpauto::{
    Money, NewVehicle, VehicleId,
    market::{BacktestEvent, BacktestOptions, Comparable, Subject},
};

use crate::support::{
    Lot, as_recorded, corolla,
    statements::{self, watched},
};

fn statements_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let (outcome, statements) = statements::statements_of(work);
    (outcome, statements.len())
}

/// Corollas of three years at ten competitors, one in four sold ten days ago, each cut in price once.
fn list(lot: &Lot, numbers: std::ops::Range<u32>) {
    let ago = |days: i64| (lot.now() - TimeDelta::days(days)).to_rfc3339_opts(SecondsFormat::Micros, true);
    let (seen, cut, sold, now) = (ago(40), ago(20), ago(10), ago(0));
    let (first, last) = (numbers.start, numbers.end - 1);
    #[cfg(feature = "sqlite")]
    if let Some(path) = lot.url.strip_prefix("sqlite:") {
        let sql = format!(
            "CREATE TEMP TABLE numbers AS WITH RECURSIVE counted (n) AS
                 (SELECT {first} UNION ALL SELECT n + 1 FROM counted WHERE n < {last}) SELECT n FROM counted;
             INSERT INTO competitors (id, name, inventory_url)
                 SELECT unhex(printf('%032x', n)), 'Dealer ' || n, 'https://dealer.example/' || n
                 FROM (SELECT DISTINCT n % 10 + 1 AS n FROM numbers) WHERE true ON CONFLICT (id) DO NOTHING;
             INSERT INTO competitor_inventory (id, competitor_id, vin, year, make, model, price, mileage, first_seen_at,
                                               last_seen_at, is_sold, sold_at)
                 SELECT unhex(printf('%032x', n)), unhex(printf('%032x', n % 10 + 1)), printf('1M8GDM9A%09d', n),
                        2017 + n % 3, 'TOYOTA', 'Corolla', (13000 + n * 7919 % 2000) * 100, 50000 + n * 104729 % 20000,
                        '{seen}', '{now}', n % 4 = 0, iif(n % 4 = 0, '{sold}', NULL) FROM numbers;
             INSERT INTO competitor_price_history (id, competitor_inventory_id, price, recorded_at)
                 SELECT unhex(printf('a%031x', n)), unhex(printf('%032x', n)), (14000 + n * 7919 % 2000) * 100, '{seen}'
                 FROM numbers UNION ALL
                 SELECT unhex(printf('b%031x', n)), unhex(printf('%032x', n)), (13000 + n * 7919 % 2000) * 100, '{cut}'
                 FROM numbers;"
        );
        diesel::SqliteConnection::establish(path).unwrap().batch_execute(&(sql + as_recorded(&lot.url))).unwrap();
    }
    #[cfg(feature = "postgres")]
    if lot.url.starts_with("postgres:") {
        let sql = format!(
            "INSERT INTO competitors (id, name, inventory_url)
                 SELECT lpad(to_hex(n), 32, '0')::uuid, 'Dealer ' || n, 'https://dealer.example/' || n
                 FROM generate_series(1, 10) n ON CONFLICT (id) DO NOTHING;
             INSERT INTO competitor_inventory (id, competitor_id, vin, year, make, model, price, mileage, first_seen_at,
                                               last_seen_at, is_sold, sold_at)
                 SELECT lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n % 10 + 1), 32, '0')::uuid,
                        '1M8GDM9A' || lpad(n::text, 9, '0'), 2017 + n % 3, 'TOYOTA', 'Corolla',
                        13000 + n::bigint * 7919 % 2000, 50000 + n::bigint * 104729 % 20000, timestamptz '{seen}', timestamptz '{now}', n % 4 = 0,
                        CASE WHEN n % 4 = 0 THEN timestamptz '{sold}' END FROM generate_series({first}, {last}) n;
             INSERT INTO competitor_price_history (id, competitor_inventory_id, price, recorded_at)
                 SELECT gen_random_uuid(), lpad(to_hex(n), 32, '0')::uuid, 14000 + n::bigint * 7919 % 2000, timestamptz '{seen}'
                 FROM generate_series({first}, {last}) n UNION ALL
                 SELECT gen_random_uuid(), lpad(to_hex(n), 32, '0')::uuid, 13000 + n::bigint * 7919 % 2000, timestamptz '{cut}'
                 FROM generate_series({first}, {last}) n;"
        );
        diesel::PgConnection::establish(&lot.url).unwrap().batch_execute(&(sql + as_recorded(&lot.url))).unwrap();
    }
}

/// The listing of the one number turns out to be the vehicle of the other.
fn make_one(lot: &Lot, number: u32, other: u32) {
    let sql = format!(
        "UPDATE competitor_inventory SET vin = '1M8GDM9A{number:09}' WHERE vin = '1M8GDM9A{other:09}';{}",
        as_recorded(&lot.url)
    );
    lot.execute(&sql);
}

fn vehicles(lot: &Lot, count: u32) -> Vec<VehicleId> {
    let corolla = |number| NewVehicle { price: Money::from_dollars(14_000), ..corolla(number) };
    (0..count).map(|number| lot.desk().inventory().add(&corolla(number)).unwrap().id).collect()
}

on_both_databases! {
    fn statements_do_not_grow_with_the_listings(lot: &Lot) {
        const VEHICLES: u32 = 12;
        let vehicles = vehicles(lot, VEHICLES);
        let desk = watched(lot);
        let market = desk.market();
        let all = || market.analyze_all(&mut |_| ControlFlow::Continue(())).unwrap();
        list(lot, 1..61);
        // Opening the connections and the first row of each vehicle are behind us.
        assert_eq!(all().analyzed, 12);
        let (_, one_with_few) = statements_of(|| market.analyze(vehicles[0]).unwrap());
        let (few, all_with_few) = statements_of(all);
        assert_eq!((few.analyzed, few.insufficient), (12, 0));
        list(lot, 61..1_201);
        let (analysis, one_with_many) = statements_of(|| market.analyze(vehicles[0]).unwrap());
        let (_, all_with_many) = statements_of(all);
        assert!(analysis.sample_size > 200, "{}", analysis.sample_size);
        assert_eq!((one_with_many, all_with_many), (one_with_few, all_with_few));
        assert!(all_with_few <= 60 + 6 * VEHICLES as usize, "{all_with_few} for {VEHICLES} vehicles");
        let (_, overview) = statements_of(|| market.overview().unwrap());
        assert!(overview <= 3, "{overview}");
    }

    fn a_run_reads_the_listings_of_a_model_once(lot: &Lot) {
        list(lot, 1..201);
        vehicles(lot, 60);
        let desk = watched(lot);
        let all = || desk.market().analyze_all(&mut |_| ControlFlow::Continue(())).unwrap();
        let (report, statements) = statements::statements_of(all);
        assert_eq!((report.analyzed, report.insufficient), (60, 0));
        assert_eq!(statements.iter().filter(|sql| sql.contains("raw_data")).count(), 1);
    }

    fn a_backtest_is_two_statements_a_model_and_the_same_on_both_databases(lot: &Lot) {
        list(lot, 1..201);
        let desk = watched(lot);
        let run = |options: &BacktestOptions| {
            desk.market().backtest(options, &mut |_| ControlFlow::Continue(())).unwrap()
        };
        run(&BacktestOptions::default());
        let (report, few) = statements_of(|| run(&BacktestOptions::default()));
        assert_eq!((report.models, report.sold.events, report.price_cut.events, report.thinned), (1, 50, 200, 0));
        assert_eq!(report.total.priced, 250);
        let (rule, plain) = (report.total.rule.unwrap(), report.total.plain_median.unwrap());
        // Prices are spread over 2,000 dollars for any car, so nothing beats their middle.
        assert!(rule.mae_log < 0.06 && plain.mae_log < 0.06, "{report:?}");
        assert!((30.0..=70.0).contains(&report.total.coverage_percent.unwrap()), "{report:?}");
        let mut options = BacktestOptions::default();
        (options.event, options.max_events_a_model) = (Some(BacktestEvent::Sold), 10);
        let some = run(&options);
        assert_eq!((some.sold.events, some.price_cut.events, some.thinned), (10, 0, 40));
        options.model = Some("Camry".into());
        assert_eq!(run(&options).models, 0);
        list(lot, 201..1_001);
        let (_, many) = statements_of(|| run(&BacktestOptions::default()));
        assert_eq!((few, many), (4, 4));
    }

    fn a_backtest_takes_no_move_to_another_lot_for_a_sale(lot: &Lot) {
        list(lot, 1..41);
        let desk = watched(lot);
        let run = || desk.market().backtest(&BacktestOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
        let before = run();
        assert_eq!((before.sold.events, before.price_cut.events), (10, 40));
        make_one(lot, 4, 5);
        let after = run();
        assert_eq!((after.sold.events, after.price_cut.events), (9, 40), "gone from one lot and on offer on another");
    }

    fn candidates_are_one_statement_a_model_and_the_same_as_one_by_one(lot: &Lot) {
        list(lot, 1..401);
        make_one(lot, 4, 5);
        let desk = watched(lot);
        let corolla = |year, make: &str, mileage| {
            Subject { year, make: make.into(), model: "corolla".into(), mileage, ..Subject::default() }
        };
        let subjects = [
            corolla(2017, "Toyota", Some(55_000)),
            corolla(2019, "TOYOTA", Some(5_000)),
            corolla(2018, "toyota", None),
            corolla(2025, "Toyota", None),
            corolla(2018, "Honda", None),
        ];
        let market = desk.market();
        let ids = |found: Vec<Vec<Comparable>>| {
            let sorted = |found: Vec<Comparable>| {
                let mut ids: Vec<_> = found.into_iter().filter_map(|one| one.external_id).collect();
                ids.sort();
                ids
            };
            found.into_iter().map(sorted).collect::<Vec<_>>()
        };
        let (together, _) = statements_of(|| ids(market.candidates(&subjects).unwrap()));
        let (again, statements) = statements_of(|| ids(market.candidates(&subjects).unwrap()));
        let alone: Vec<_> =
            subjects.iter().flat_map(|one| ids(market.candidates(std::slice::from_ref(one)).unwrap())).collect();
        assert_eq!((&together, &alone), (&again, &together));
        assert!(statements <= 4, "{statements}");
        let counts: Vec<_> = together.iter().map(Vec::len).collect();
        assert!(counts[2] == 399 && counts[0] > 200 && counts[0] < 399 && counts[3..] == [0, 0], "{counts:?}");
    }
}
