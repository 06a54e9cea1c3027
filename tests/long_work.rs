//! Long work leaves room for other writers, and is right whatever they do meanwhile.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use jpauto::{
    Action, ActivityEntry, ActivityFilter, Actor, CompetitorId, Config, Dealership, Money, PageRequest, VehicleId,
    VehicleUpdate,
    competitors::{ListingFilter, NewCompetitor, RecordReport, ScrapeReading, ScrapedListing},
    imports::{ImportOptions, ImportOutcome, SheetFile},
    jobs::{Job, RunOptions, Stop},
    notifications::{EmailConfig, EmailTls},
};

use crate::{
    list_orders::plan,
    support::{
        Lot, camry, corolla,
        statements::{statements_of, watch},
        vin,
    },
};

/// More than one turn writes.
const MANY: u32 = 5_000;

/// What no turn exceeds: rows with their prices, or four times as many that were only seen again.
const MOST_ROWS: u64 = 2_000;

fn add(lot: &Lot, name: &str) -> CompetitorId {
    let inventory_url = format!("https://{name}.example/used");
    let new = NewCompetitor { name: name.into(), inventory_url, ..NewCompetitor::default() };
    lot.desk().competitors().add(&new).unwrap().id
}

fn car(number: u32, dollars: i32) -> ScrapedListing {
    ScrapedListing {
        vin: Some(vin(900_000 + number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(Money::from_dollars(dollars)),
        mileage: Some(60_000),
        ..ScrapedListing::default()
    }
}

fn cars(numbers: std::ops::Range<u32>, dollars: i32) -> Vec<ScrapedListing> {
    numbers.map(|number| car(number, dollars)).collect()
}

fn at(lot: &Lot, days_ago: i64) -> DateTime<Utc> {
    lot.now() - TimeDelta::days(days_ago)
}

fn record(dealership: &Dealership, id: CompetitorId, seen: Vec<ScrapedListing>, at: DateTime<Utc>) -> RecordReport {
    let desk = dealership.acting_as(Actor::system());
    desk.competitors().record(id, seen, ScrapeReading::whole_lot(), at).unwrap()
}

/// Ends the writers, also where the work panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Runs the work beside writers of this process and of another, which send one offer after the other. None is refused, and on
/// SQLite those of this process get in before the work ends.
fn beside_writers<T>(lot: &Lot, work: impl FnOnce() -> T) -> T {
    let another = lot.another_process();
    let (is_over, sent) = (AtomicBool::new(false), [AtomicUsize::new(0), AtomicUsize::new(0)]);
    let offer = jpauto::NewSubmission { vin: None, ..camry() };
    thread::scope(|scope| {
        let over = Over(&is_over);
        for (dealership, sent) in [&lot.dealership, &another].into_iter().zip(&sent) {
            let (is_over, offer) = (&is_over, &offer);
            scope.spawn(move || {
                let desk = dealership.acting_as(Actor::system());
                while !is_over.load(Ordering::Acquire) {
                    desk.submissions().submit(offer).expect("nobody is refused");
                    sent.fetch_add(1, Ordering::AcqRel);
                }
            });
        }
        let sent_by_this = || sent[0].load(Ordering::Acquire);
        while sent_by_this() == 0 {
            thread::yield_now();
        }
        let before = sent_by_this();
        let done = work();
        // On PostgreSQL no writer waits for the work, and it may end before the next offer is sent.
        let waits = lot.url.starts_with("sqlite:");
        assert!(!waits || sent_by_this() > before, "an offer gets in between two turns");
        drop(over);
        done
    })
}

fn entries(lot: &Lot, id: CompetitorId, action: Action) -> Vec<ActivityEntry> {
    let mut filter = ActivityFilter::default();
    (filter.resource_id, filter.action) = (Some(id.into()), Some(action));
    lot.desk().activity().list(&filter, &PageRequest::largest()).unwrap().items
}

/// The number of rows that each audit row of a recording's turns names, oldest first.
fn rows_of_turns(lot: &Lot, id: CompetitorId) -> Vec<[u64; 3]> {
    let rows = |entry: &ActivityEntry| {
        let changes = entry.changes.clone().unwrap_or_default();
        let number = |what: &str| changes[what]["to"].as_u64();
        Some([number("new")?, number("updated")?, number("seen_again")?])
    };
    let mut turns: Vec<_> = entries(lot, id, Action::Record).iter().filter_map(rows).collect();
    turns.reverse();
    turns
}

fn listings(lot: &Lot, id: CompetitorId) -> i64 {
    let id = id_in_sql(lot, id);
    lot.count(&format!("SELECT count(*) FROM competitor_inventory WHERE competitor_id = {id}"))
}

fn id_in_sql(lot: &Lot, id: CompetitorId) -> String {
    let id = id.as_uuid();
    if lot.url.starts_with("sqlite:") { format!("X'{}'", id.simple()) } else { format!("'{id}'") }
}

fn prices(lot: &Lot) -> i64 {
    lot.count("SELECT count(*) FROM competitor_price_history")
}

/// Makes the database refuse a row of this VIN, or takes that back.
fn refuse(lot: &Lot, vin: &str) {
    lot.execute(&if lot.url.starts_with("sqlite:") {
        format!(
            "CREATE TRIGGER refused BEFORE INSERT ON competitor_inventory WHEN NEW.vin = '{vin}'
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    } else {
        format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
             CREATE TRIGGER refused BEFORE INSERT ON competitor_inventory FOR EACH ROW
             WHEN (NEW.vin = '{vin}') EXECUTE FUNCTION refuse()"
        )
    });
}

fn accept(lot: &Lot) {
    let table = if lot.url.starts_with("sqlite:") { "" } else { " ON competitor_inventory" };
    lot.execute(&format!("DROP TRIGGER refused{table}"));
}

fn median(lot: &Lot, vehicle: VehicleId) -> Option<Money> {
    lot.desk().market().get(vehicle).unwrap().median_price
}

on_both_databases! {
    fn a_large_lot_is_written_in_turns_of_bounded_size_beside_other_writers(lot: &Lot) {
        let id = add(lot, "large");
        let first = beside_writers(lot, || record(&lot.dealership, id, cars(0..MANY, 14_000), at(lot, 3)));
        assert_eq!((first.counts.new, first.new.len()), (MANY as usize, MANY as usize));
        assert_eq!((listings(lot, id), prices(lot)), (i64::from(MANY), i64::from(MANY)));
        let turns = rows_of_turns(lot, id);
        assert!(turns.len() >= 2 && turns.iter().all(|[new, ..]| *new <= MOST_ROWS), "{turns:?}");
        assert_eq!(turns.iter().map(|[new, ..]| new).sum::<u64>(), u64::from(MANY), "{turns:?}");

        // 100 have a new price, 20 are new, and 10 are missing.
        let mut seen = cars(0..100, 13_500);
        seen.extend(cars(100..MANY - 10, 14_000));
        seen.extend(cars(MANY..MANY + 20, 15_000));
        let second = beside_writers(lot, || record(&lot.dealership, id, seen.clone(), at(lot, 2)));
        let counts = second.counts;
        assert_eq!((counts.new, counts.price_changes, counts.updated), (20, 100, 100));
        assert_eq!((second.new.len(), second.price_changes.len()), (20, 100));
        assert_eq!(counts.seen_again, MANY as usize - 10);
        assert_eq!(prices(lot), i64::from(MANY) + 120);
        let turns = rows_of_turns(lot, id);
        assert!(turns.iter().all(|[new, updated, again]| new + updated + again / 4 <= MOST_ROWS), "{turns:?}");
        assert!(turns.iter().any(|[.., again]| *again > 0), "{turns:?}");
        let filter = ListingFilter { competitors: vec![id], price_dropped: true, ..ListingFilter::default() };
        assert_eq!(lot.desk().competitors().listings(&filter, &PageRequest::largest()).unwrap().items.len(), 100);

        let again = record(&lot.dealership, id, seen, at(lot, 2));
        assert_eq!((again.counts.new, again.counts.updated, again.counts.price_changes), (0, 0, 0));
        assert_eq!((listings(lot, id), prices(lot)), (i64::from(MANY) + 20, i64::from(MANY) + 120));
        assert_eq!(lot.count("SELECT count(*) FROM competitor_scrapes"), 2);
        assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 0);
    }

    fn a_small_lot_is_written_in_one_transaction(lot: &Lot) {
        let id = add(lot, "small");
        record(&lot.dealership, id, cars(0..1_000, 14_000), at(lot, 1));
        assert_eq!(rows_of_turns(lot, id), [[0; 3]; 0]);
        assert_eq!(entries(lot, id, Action::Record).len(), 1);
    }

    fn a_recording_that_fails_on_its_way_is_completed_by_the_next(lot: &Lot) {
        let id = add(lot, "failing");
        let seen = || cars(0..MANY, 14_000);
        refuse(lot, &vin(900_000 + MANY - 1));
        let desk = lot.desk();
        let failed = desk.competitors().record(id, seen(), ScrapeReading::whole_lot(), at(lot, 1));
        assert!(failed.is_err());
        let written = listings(lot, id);
        assert!(written > 0 && written < i64::from(MANY), "{written} are written and true");
        assert_eq!(lot.count("SELECT count(*) FROM competitor_scrapes"), 0, "nothing follows from them");
        accept(lot);
        let report = record(&lot.dealership, id, seen(), at(lot, 1));
        assert_eq!(report.counts.new, MANY as usize - usize::try_from(written).unwrap());
        assert_eq!(report.counts.vehicles, MANY as usize);
        assert_eq!((listings(lot, id), prices(lot)), (i64::from(MANY), i64::from(MANY)));
        assert_eq!(report.metrics.total_inventory, i32::try_from(MANY).unwrap());
    }

    fn two_recordings_of_one_large_lot_at_once_make_no_vehicle_twice(lot: &Lot) {
        let id = add(lot, "twice");
        let another = lot.another_process();
        let (ours, [older, newer]) = (&lot.dealership, [at(lot, 2), at(lot, 1)]);
        thread::scope(|scope| {
            let newer = scope.spawn(|| record(&another, id, cars(100..MANY, 14_000), newer));
            let older = scope.spawn(|| record(ours, id, cars(0..MANY - 100, 14_000), older));
            newer.join().unwrap();
            older.join().unwrap();
        });
        assert_eq!(listings(lot, id), i64::from(MANY));
        assert_eq!(lot.count("SELECT count(DISTINCT vin) FROM competitor_inventory"), i64::from(MANY));
        assert_eq!(lot.count("SELECT count(*) FROM competitor_scrapes"), 2);
        assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 0);
    }

    fn a_new_competitor_is_added_with_its_large_lot(lot: &Lot) {
        let desk = lot.desk();
        let key = jpauto::competitors::CompetitorKey::named("New Motors");
        let too_late = desk.competitors().record(key.clone(), cars(0..1_500, 14_000), ScrapeReading::whole_lot(), at(lot, -9));
        assert_eq!(too_late.unwrap_err().code(), "invalid_observed_at");
        assert_eq!(lot.count("SELECT count(*) FROM competitors"), 0);
        let report = desk.competitors().record(key, cars(0..1_500, 14_000), ScrapeReading::whole_lot(), at(lot, 1)).unwrap();
        assert!(report.added && report.counts.new == 1_500);
    }

    fn a_large_lot_is_deleted_in_turns_beside_other_writers(lot: &Lot) {
        let id = add(lot, "gone");
        record(&lot.dealership, id, cars(0..MANY, 14_000), at(lot, 1));
        beside_writers(lot, || lot.desk().competitors().delete(id).unwrap());
        assert_eq!((listings(lot, id), prices(lot)), (0, 0));
        assert_eq!(lot.desk().competitors().get(id).unwrap_err().code(), "competitor_not_found");
        assert_eq!(lot.count("SELECT count(*) FROM job_leases"), 0);
        let deleted: Vec<u64> = entries(lot, id, Action::Delete)
            .iter()
            .filter_map(|entry| entry.changes.as_ref()?["listings"]["from"].as_u64())
            .collect();
        assert!(deleted.len() >= 2 && deleted.iter().all(|rows| *rows <= MOST_ROWS), "{deleted:?}");
    }

    fn a_large_file_is_imported_beside_other_writers(lot: &Lot) {
        let mut options = ImportOptions::default();
        options.limits.planned = 200;
        let rows: String = (1..=1_000).map(|number| format!("A{number},{},2018,Toyota,Corolla,60000,14000\n", vin(number))).collect();
        let file = SheetFile::from_bytes("stock.csv", format!("Stock #,VIN,Yr,Make,Model,Odometer,List Price\n{rows}").into_bytes());
        let report = beside_writers(lot, || lot.desk().inventory().import(&file, &options).unwrap());
        assert_eq!((report.outcome, report.counts.added), (ImportOutcome::Written, 1_000));
    }

    fn vehicles_are_analysed_beside_other_writers(lot: &Lot) {
        let id = add(lot, "rival");
        record(&lot.dealership, id, cars(0..50, 14_000), at(lot, 1));
        let vehicles: Vec<_> = (0..60).map(|number| lot.desk().inventory().add(&corolla(number)).unwrap().id).collect();
        let report = beside_writers(lot, || {
            lot.desk().market().analyze_all(&mut |_| ControlFlow::Continue(())).unwrap()
        });
        assert_eq!((report.analyzed, report.insufficient, report.failed.len()), (60, 0, 0));
        for vehicle in vehicles {
            assert_eq!(median(lot, vehicle), Some(Money::from_dollars(14_000)));
        }
    }

    fn what_changes_during_a_run_is_what_the_rest_is_analysed_with(lot: &Lot) {
        let id = add(lot, "rival");
        record(&lot.dealership, id, cars(0..20, 14_000), at(lot, 1));
        let vehicles: Vec<_> = (0..30).map(|number| lot.desk().inventory().add(&corolla(number)).unwrap().id).collect();
        let another = lot.another_process();
        let repriced = VehicleUpdate { price: Some(Money::from_dollars(19_000)), ..VehicleUpdate::default() };
        let report = lot.desk().market().analyze_all(&mut |progress| {
            if progress.done == 7 {
                record(&another, id, cars(0..20, 13_000), at(lot, 0));
                another.acting_as(Actor::system()).inventory().update(vehicles[20], &repriced).unwrap();
            }
            ControlFlow::Continue(())
        }).unwrap();
        assert_eq!((report.analyzed, report.failed.len()), (30, 0));
        let medians: Vec<_> = vehicles.iter().map(|&vehicle| median(lot, vehicle)).collect();
        assert_eq!(medians[0], Some(Money::from_dollars(14_000)));
        assert!(medians[7..].iter().all(|median| *median == Some(Money::from_dollars(13_000))), "{medians:?}");
        let analysis = lot.desk().market().get(vehicles[20]).unwrap().analysis.unwrap();
        assert_eq!(analysis.our_price, Some(Money::from_dollars(19_000)));
    }

    fn expired_evaluations_are_removed_beside_other_writers(lot: &Lot) {
        let then = (lot.now() - TimeDelta::days(9)).to_rfc3339_opts(SecondsFormat::Micros, true);
        lot.execute(&if lot.url.starts_with("sqlite:") {
            format!(
                "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 3000)
                 INSERT INTO vin_evaluation_cache (id, vin, evaluation_data, cached_at, expires_at)
                 SELECT unhex(printf('%032x', n)), printf('2T1BURHE%09d', n), '{{}}', '{then}', '{then}' FROM counted"
            )
        } else {
            format!(
                "INSERT INTO vin_evaluation_cache (id, vin, evaluation_data, cached_at, expires_at)
                 SELECT lpad(to_hex(n), 32, '0')::uuid, '2T1BURHE' || lpad(n::text, 9, '0'), '{{}}', '{then}', '{then}'
                 FROM generate_series(1, 3000) n"
            )
        });
        let removed = beside_writers(lot, || lot.desk().evaluation().remove_expired(usize::MAX).unwrap());
        assert_eq!((removed.evaluations, removed.is_all), (3_000, true));
    }
}

/// On SQLite a transaction that reads a long history keeps every other writer waiting.
#[cfg(feature = "sqlite")]
#[test]
fn what_is_running_and_what_waits_is_found_without_reading_the_history() {
    let lot = Lot::on_sqlite();
    let mut email = EmailConfig::new("127.0.0.1", "lot@dealer.example", ["owner@dealer.example"]);
    // Nobody listens there.
    (email.port, email.tls) = (Some(9), EmailTls::None);
    let mut config = Config::new(&lot.url).clock(lot.clock());
    config.notifications.email = Some(email);
    watch();
    let desk = Dealership::with_config(config).unwrap().acting_as(Actor::system());
    desk.submissions().submit(&camry()).unwrap();
    let (_, statements) = statements_of(|| {
        assert_eq!(desk.notifications().deliver_due(&Stop::default(), &mut |_| {}).unwrap(), 1);
        desk.jobs().run(Job::Check, &RunOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    });
    for (table, condition) in
        [("notifications", "notifications.status = 'waiting'"), ("job_history", "job_history.status = 'running'")]
    {
        let about: Vec<_> = statements.iter().filter(|statement| statement.contains(condition)).collect();
        assert!(!about.is_empty(), "none is about {condition}: {statements:?}");
        for statement in about {
            let steps = plan(&lot, statement);
            let reads_all = format!("SCAN {table}");
            let by_index =
                |step: &String| !step.contains(&reads_all) || step.contains(" USING INDEX job_history_running_idx");
            assert!(steps.iter().all(by_index), "{steps:?} for {statement}");
        }
    }
}
