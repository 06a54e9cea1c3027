//! Stock that comes in a file.

mod files;
mod round_trip;
mod workbooks;

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use jpauto::{
    Action, ActivityFilter, Actor, Change, Clock, Config, Dealership, Inventory, Money, NewVehicle, PageRequest, Role,
    VehicleFilter, VehicleStatus, VehicleUpdate,
    imports::{
        DateOrder, ImportMode, ImportOptions, ImportOutcome, ImportReport, Mapping, MissingVehicles, SheetFile,
        SoldHeldBack,
    },
};
use serde_json::{Value, json};

use crate::support::{Lot, corolla, statements, vin};

pub(crate) const HEADER: &str = "Stock #,VIN,Yr,Make,Model,Odometer,List Price";

pub(crate) fn row(number: u32) -> String {
    format!("A{number},{},2018,Toyota,Corolla,\"60,000\",\"$14,000\"", vin(number))
}

pub(crate) fn csv(rows: &[String]) -> SheetFile {
    SheetFile::from_bytes("stock.csv", format!("{HEADER}\n{}\n", rows.join("\n")).into_bytes())
}

pub(crate) fn dry_run() -> ImportOptions {
    ImportOptions { mode: ImportMode::DryRun, ..ImportOptions::default() }
}

pub(crate) fn imported(inventory: Inventory<'_>, file: &SheetFile, options: &ImportOptions) -> ImportReport {
    inventory.import(file, options).unwrap_or_else(|error| panic!("{error} {:?}", error.fields()))
}

/// Counts as `[added, changed, relisted, sold, unchanged, refused]`.
pub(crate) fn counts(report: &ImportReport) -> [usize; 6] {
    let counts = report.counts;
    [counts.added, counts.changed, counts.relisted, counts.sold, counts.unchanged, counts.refused]
}

/// Paints the vehicle, as another program does it, and says whether that could be done at once.
fn paint(url: &str, color: &str) -> impl Fn() -> bool + use<> {
    use diesel::{Connection as _, PgConnection, SqliteConnection, connection::SimpleConnection as _};
    let url = url.to_owned();
    let sql = format!("UPDATE inventory SET exterior_color = '{color}' WHERE stock_number = 'A1'");
    move || match url.strip_prefix("sqlite:") {
        Some(path) => {
            let mut conn = SqliteConnection::establish(path).unwrap();
            conn.batch_execute(&format!("PRAGMA busy_timeout = 0; {sql}")).is_ok()
        }
        None => {
            let mut conn = PgConnection::establish(&url).unwrap();
            conn.batch_execute(&format!("SET lock_timeout = '100ms'; {sql}")).is_ok()
        }
    }
}

fn stock(lot: &Lot) -> usize {
    lot.desk().inventory().list(&VehicleFilter::default(), &PageRequest::largest()).unwrap().items.len()
}

/// Everything that an import may write to, to be compared with itself.
pub(crate) fn rows_of_all(lot: &Lot) -> [i64; 4] {
    ["inventory", "activity_logs", "market_price_history", "vehicle_sales"]
        .map(|table| lot.count(&format!("SELECT count(*) FROM {table}")))
}

on_both_databases! {
    fn a_file_adds_and_changes_vehicles_and_its_second_import_changes_nothing(lot: &Lot) {
        let (user, desk) = lot.staff(Role::Manager);
        let report = imported(desk.inventory(), &csv(&[row(1), row(2)]), &ImportOptions::default());
        assert_eq!((report.outcome, counts(&report)), (ImportOutcome::Written, [2, 0, 0, 0, 0, 0]));
        let read = desk.inventory().get(report.added[0].id).unwrap().vehicle;
        assert_eq!((read.stock_number.as_deref(), read.mileage, read.price), (Some("A1"), 60_000, Money::from_dollars(14_000)));
        assert_eq!((read.created_by, read.listed_at), (Some(user.id), Some(lot.now())));
        let filter = ActivityFilter::default().resource(read.id).action(Action::Create);
        assert_eq!(lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items.len(), 1);

        lot.pass(TimeDelta::hours(1));
        let before = rows_of_all(lot);
        let again = imported(desk.inventory(), &csv(&[row(1), row(2)]), &ImportOptions::default());
        assert_eq!((counts(&again), rows_of_all(lot)), ([0, 0, 0, 0, 2, 0], before));

        let cheaper = csv(&[row(1).replace("14,000", "13,500"), row(3)]);
        let trial = imported(desk.inventory(), &cheaper, &dry_run());
        assert_eq!((counts(&trial), trial.outcome, rows_of_all(lot)), ([1, 1, 0, 0, 0, 0], ImportOutcome::DryRun, before));
        assert_eq!(Value::Object(trial.changed[0].changes.clone()), json!({"price": {"from": "14000.00", "to": "13500.00"}}));
        let report = imported(desk.inventory(), &cheaper, &ImportOptions::default());
        assert_eq!(report.changed, trial.changed);
        let history = desk.inventory().price_history(read.id, &PageRequest::default()).unwrap().items;
        assert_eq!((history.len(), history[0].our_price), (1, Money::from_dollars(13_500)));
        let filter = ActivityFilter::default().resource(read.id).action(Action::Update);
        let trail = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items;
        assert_eq!(trail[0].changes, Some(json!({"price": {"from": "14000.00", "to": "13500.00"}})));
        assert_eq!(desk.inventory().get(read.id).unwrap().vehicle.updated_by, Some(user.id));
    }

    fn a_vehicle_is_known_by_its_vin_in_any_case(lot: &Lot) {
        let desk = lot.desk();
        let ours = imported(desk.inventory(), &csv(&[row(1)]), &ImportOptions::default()).added[0].id;
        let mixed = |number: usize| vin(1).char_indices().map(|(at, sign)| if at % number == 0 { sign.to_ascii_lowercase() } else { sign }).collect::<String>();
        lot.execute(&format!("UPDATE inventory SET vin = '{}'", mixed(2)));
        for written in [mixed(3), mixed(2), vin(1), vin(1).to_lowercase()] {
            let file = csv(&[row(1).replace("A1,", ",").replace(&vin(1), &written).replace("14,000", "13,500")]);
            let report = imported(desk.inventory(), &file, &dry_run());
            assert_eq!(counts(&report), [0, 1, 0, 0, 0, 0], "{written}: {report:?}");
            assert_eq!(report.changed[0].vehicle.id, ours, "{written}");
        }
    }

    fn one_refused_row_stops_all_of_it_or_is_left_out(lot: &Lot) {
        let file = csv(&[row(1), row(2).replace("$14,000", "call us"), row(3)]);
        let report = imported(lot.desk().inventory(), &file, &ImportOptions::default());
        assert_eq!((report.outcome, counts(&report)), (ImportOutcome::Refused, [2, 0, 0, 0, 0, 1]));
        assert_eq!(rows_of_all(lot), [0; 4]);
        let fault = &report.refused[0].faults[0];
        assert_eq!((report.refused[0].row, fault.column.as_deref(), fault.value.as_deref()), (3, Some("List Price"), Some("call us")));
        let refusal = report.ensure_written().unwrap_err();
        assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("import_refused", "/3/price"));

        let options = ImportOptions { mode: ImportMode::KeepGoing, ..ImportOptions::default() };
        let report = imported(lot.desk().inventory(), &file, &options);
        assert_eq!((report.outcome, counts(&report), stock(lot)), (ImportOutcome::WrittenInPart, [2, 0, 0, 0, 0, 1], 2));
    }

    fn what_is_wrong_has_a_code_and_what_is_found_is_what_stands_in_the_file(lot: &Lot) {
        lot.desk().inventory().add(&NewVehicle { stock_number: Some("K1".into()), ..corolla(90) }).unwrap();
        lot.desk().inventory().add(&NewVehicle { stock_number: Some("K2".into()), ..corolla(91) }).unwrap();
        let header = "Stock #,VIN,Yr,Make,Model,Odometer,List Price,Date in stock";
        let car = |stock: &str, vin: String, rest: &str| format!("{stock},{vin},2018,Toyota,Corolla,{rest}");
        for (row, code, found) in [
            (car("A1", vin(1), "60000,-5,"), "invalid_vehicle", Some("-5")),
            (car("A1", vin(1), "60000,100000000,"), "invalid_vehicle", Some("100000000")),
            (car("A1", vin(1), "60000,0,"), "invalid_vehicle", Some("0")),
            (car("A1", vin(1), "60000,\"$ 1,3\","), "cell_unreadable", Some("$ 1,3")),
            (car("A1", vin(1), "60000,14000,11/22/2099"), "date_in_future", Some("11/22/2099")),
            (car("A1", vin(1), ",14000,"), "value_missing", None),
            (car("A1", vin(1), "60000"), "row_unreadable", None),
            (car("", String::new(), "60000,14000,"), "row_without_number", None),
            (car("K1", vin(91), "60000,14000,"), "numbers_disagree", Some("K1")),
            (car("K1", vin(1), "60000,14000,"), "duplicate_stock_number", Some("K1")),
            (format!("{}\n{}", car("A1", vin(1), "60000,14000,"), car("A1", vin(2), "60000,14000,")), "row_repeated", Some("A1")),
            (
                format!("{}\n{}", car("A1", vin(1), "60000,14000,13/1/2025"), car("A2", vin(2), "60000,14000,1/13/2025"))
                    + "\n" + &car("A3", vin(3), "60000,14000,3/4/2025"),
                "date_order_unknown",
                Some("3/4/2025"),
            ),
        ] {
            let file = SheetFile::from_bytes("stock.csv", format!("{header}\n{row}\n").into_bytes());
            let report = imported(lot.desk().inventory(), &file, &dry_run());
            let faults: Vec<_> = report.refused.iter().flat_map(|row| &row.faults).collect();
            assert_eq!(faults.len(), 1, "{row}: {faults:?}");
            assert_eq!((faults[0].code.as_str(), faults[0].value.as_deref()), (code, found), "{row}: {faults:?}");
            assert_eq!((report.fault_counts[0].code.as_str(), report.fault_counts[0].count), (code, 1));
            assert_eq!(serde_json::to_value(faults[0]).unwrap()["code"], code);
        }
        let doubtful = csv(&[row(1).replace("$14,000", "$1")]);
        let report = lot.desk().inventory().refusing_doubtful_prices().import(&doubtful, &dry_run()).unwrap();
        assert_eq!(report.refused[0].faults[0].code.as_str(), "price_doubtful");
    }

    fn a_report_lists_the_first_of_each_and_counts_all(lot: &Lot) {
        let rows: Vec<_> = (1..=40).map(|number| if number % 2 == 0 { row(number).replace("$14,000", "=call") } else { row(number) }).collect();
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("refused.csv");
        let options = ImportOptions { most_listed: 3, refused_to: Some(kept.clone()), mode: ImportMode::KeepGoing, ..ImportOptions::default() };
        let report = imported(lot.desk().inventory(), &csv(&rows), &options);
        assert_eq!((counts(&report), report.added.len(), report.refused.len(), report.most_listed), ([20, 0, 0, 0, 0, 20], 3, 3, 3));
        assert_eq!((report.fault_counts.len(), report.fault_counts[0].count, report.fault_counts[0].field), (1, 20, Some("price")));
        let refusal = report.ensure_written().unwrap_err();
        assert!(refusal.to_string().starts_with("20 of 40 rows are refused"), "{refusal}");

        // The file has them all, and is imported when it is corrected.
        let text = std::fs::read_to_string(&kept).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((lines.len(), lines[0]), (21, format!("{HEADER},Row,Refused because").as_str()));
        assert!(lines[1].contains("'=call") && lines[1].contains(",3,"), "a spreadsheet does not run it: {}", lines[1]);
        let corrected = SheetFile::from_bytes("refused.csv", text.replace("'=call", "13500").into_bytes());
        let report = imported(lot.desk().inventory(), &corrected, &ImportOptions::default());
        assert_eq!((counts(&report), report.columns.iter().filter(|column| column.field.is_none()).count()), ([20, 0, 0, 0, 0, 0], 2));

        // Refused again, it has the same columns, with the reasons of today.
        std::fs::write(&kept, &text).unwrap();
        let other = folder.path().join("again.csv");
        let again = ImportOptions { refused_to: Some(other.clone()), ..dry_run() };
        let _ = imported(lot.desk().inventory(), &SheetFile::at(&kept), &again);
        assert_eq!(std::fs::read_to_string(&other).unwrap().lines().next(), text.lines().next());
        let itself = ImportOptions { refused_to: Some(kept.clone()), ..dry_run() };
        let refusal = lot.desk().inventory().import(&SheetFile::at(&kept), &itself).unwrap_err();
        assert_eq!((refusal.code(), std::fs::read_to_string(&kept).unwrap()), ("refused_rows_not_written", text));
    }

    fn an_import_that_is_stopped_writes_nothing_and_says_so(lot: &Lot) {
        let rows: Vec<_> = (1..=2_500).map(row).collect();
        for mode in [ImportMode::AllOrNothing, ImportMode::DryRun, ImportMode::KeepGoing] {
            let options = ImportOptions { mode, ..ImportOptions::default() };
            let (mut told, desk) = (Vec::new(), lot.desk());
            let stopped = desk.inventory().import_observed(&csv(&rows), &options, &mut |rows| {
                told.push(rows);
                ControlFlow::Break(())
            });
            assert_eq!(stopped.unwrap_err().code(), "import_stopped");
            let written = if mode == ImportMode::KeepGoing { told[0] as i64 } else { 0 };
            assert_eq!((told.len(), lot.count("SELECT count(*) FROM inventory")), (1, written), "{mode:?}");
        }
        let mut last = 0;
        let desk = lot.desk();
        let report = desk.inventory().import_observed(&csv(&rows), &ImportOptions::default(), &mut |rows| {
            last = rows;
            ControlFlow::Continue(())
        });
        assert_eq!((report.unwrap().counts.rows, last), (2_500, 2_500));
    }

    fn viewers_may_not_import_nor_try(lot: &Lot) {
        let (_, desk) = lot.staff(Role::Viewer);
        for options in [ImportOptions::default(), dry_run(), ImportOptions { mode: ImportMode::KeepGoing, ..ImportOptions::default() }] {
            assert_eq!(desk.inventory().import(&csv(&[row(1)]), &options).unwrap_err().code(), "forbidden");
        }
    }

    fn a_vehicle_is_known_by_its_vin_and_then_by_its_stock_number(lot: &Lot) {
        let inventory = lot.desk();
        let inventory = inventory.inventory();
        for (number, stock) in [(1, "00123"), (2, "B2"), (3, "0077"), (4, "077")] {
            inventory.add(&NewVehicle { stock_number: Some(stock.into()), ..corolla(number) }).unwrap();
        }
        let file = |rows: &[(String, &str, u32)]| {
            let lines: Vec<_> = rows.iter().map(|(vin, stock, miles)| format!("{vin},{stock},{miles}")).collect();
            SheetFile::from_bytes("s.csv", format!("VIN,Stock No.,Miles\n{}\n", lines.join("\n")).into_bytes())
        };
        let known = file(&[(String::new(), "123", 1_000), (vin(2).to_lowercase(), "", 2_000), (vin(3), "77", 3_000)]);
        let report = imported(inventory, &known, &ImportOptions::default());
        assert_eq!(counts(&report), [0, 3, 0, 0, 0, 0], "{:?}", report.refused);
        assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
        assert!(report.changed.iter().all(|changed| changed.changes.keys().eq(["mileage"])));
        let refused = file(&[
            (vin(1), "B2", 1),
            (vin(9), "0077", 1),
            (String::new(), "77", 1),
            (String::new(), "", 1),
            (vin(8), "C8", 1),
        ]);
        let report = imported(inventory, &refused, &ImportOptions::default());
        let told: Vec<_> = report.refused.iter().map(|row| row.faults[0].message.as_str()).collect();
        for (told, expected) in told.iter().zip([
            "is that of the vehicle with VIN",
            "is that of the vehicle with VIN",
            "may be 077 or 0077",
            "neither a VIN nor a stock number",
            "the vehicle is new here, and the file has no column for its",
        ]) {
            assert!(told.contains(expected), "{told}");
        }
        assert_eq!(told.len(), 5);
    }

    fn doubtful_prices_wait_for_a_confirmation(lot: &Lot) {
        let file = csv(&[row(1).replace("$14,000", "14")]);
        let desk = lot.desk();
        let refused = imported(desk.inventory().refusing_doubtful_prices(), &file, &ImportOptions::default());
        assert!(refused.refused[0].faults[0].message.contains("--yes"), "{:?}", refused.refused);
        let written = imported(desk.inventory(), &file, &ImportOptions::default());
        assert_eq!((counts(&written), written.warnings.len()), ([1, 0, 0, 0, 0, 0], 1));
    }

    fn a_status_column_sells_and_relists(lot: &Lot) {
        let desk = lot.desk();
        let line = |number: u32, status: &str, sold: &str| format!("{},{status},{sold}", row(number));
        let file = |rows: &[String]| {
            SheetFile::from_bytes("s.csv", format!("{HEADER},Status,Sold Date\n{}\n", rows.join("\n")).into_bytes())
        };
        let first = file(&[line(1, "In Stock", ""), line(2, "Hold", ""), line(3, "Sold", "02/13/2026")]);
        let report = imported(desk.inventory(), &first, &ImportOptions::default());
        assert_eq!(counts(&report), [3, 0, 0, 1, 0, 0]);
        let sold = desk.inventory().get(report.added[2].id).unwrap().vehicle;
        // Midnight of the dealership, which is in Los Angeles where nothing else is said.
        assert_eq!(sold.sold_at, Some("2026-02-13T08:00:00Z".parse().unwrap()));
        assert_eq!(counts(&imported(desk.inventory(), &first, &dry_run())), [0, 0, 0, 0, 3, 0]);

        lot.pass(TimeDelta::days(1));
        let second = file(&[line(1, "sold", ""), line(2, "available", ""), line(3, "available", "")]);
        let report = imported(desk.inventory(), &second, &ImportOptions::default());
        assert_eq!(counts(&report), [0, 1, 1, 1, 0, 0]);
        assert_eq!(desk.inventory().get(report.sold[0].id).unwrap().vehicle.sold_at, Some(lot.now()));
        let back = desk.inventory().get(sold.id).unwrap().vehicle;
        assert_eq!((back.status, back.sold_at, back.listed_at), (VehicleStatus::Available, None, Some(lot.now())));
        assert_eq!(lot.count("SELECT count(*) FROM vehicle_sales"), 2);
        // A row need not say more than that it is back: all else is as it was.
        let _ = imported(desk.inventory(), &file(&[line(3, "sold", "")]), &ImportOptions::default());
        let text = format!("VIN,Status\n{},Available\n", vin(3));
        let report = imported(desk.inventory(), &SheetFile::from_bytes("s.csv", text.into_bytes()), &ImportOptions::default());
        assert_eq!(counts(&report), [0, 0, 1, 0, 0, 0], "{:?}", report.refused);
        let again = desk.inventory().get(sold.id).unwrap().vehicle;
        assert_eq!((again.status, again.mileage, again.price, again.model), (back.status, back.mileage, back.price, back.model));
        // Without a word on its status a sold vehicle stays so.
        let report = imported(desk.inventory(), &csv(&[row(1)]), &ImportOptions::default());
        assert_eq!((counts(&report), report.warnings.len()), ([0, 0, 0, 0, 1, 0], 1));
    }

    fn vehicles_that_are_missing_are_sold_only_if_that_is_asked_for(lot: &Lot) {
        let desk = lot.desk();
        (1..=5).for_each(|number| drop(desk.inventory().add(&corolla(number)).unwrap()));
        let named = |numbers: &[u32]| {
            SheetFile::from_bytes("s.csv", format!("VIN\n{}\n", numbers.iter().map(|it| vin(*it)).collect::<Vec<_>>().join("\n")).into_bytes())
        };
        let selling = |missing, mode| ImportOptions { missing, mode, ..ImportOptions::default() };
        let mark = |mode| selling(MissingVehicles::MarkSold, mode);
        assert_eq!(imported(desk.inventory(), &named(&[1]), &ImportOptions::default()).counts.sold, 0);
        let before = rows_of_all(lot);
        for mode in [ImportMode::DryRun, ImportMode::AllOrNothing, ImportMode::KeepGoing] {
            let held = imported(desk.inventory(), &named(&[1, 2]), &mark(mode));
            assert_eq!(held.sold_held_back, Some(SoldHeldBack::MoreThanHalf { missing: 3, in_stock: 5 }));
            assert_eq!((rows_of_all(lot), held.ensure_written().unwrap_err().code()), (before, "import_held_back"));
        }
        let report = imported(desk.inventory(), &named(&[1, 2, 3]), &mark(ImportMode::DryRun));
        assert_eq!((report.counts.sold, rows_of_all(lot)), (2, before));
        let report = imported(desk.inventory(), &named(&[1, 2, 3]), &mark(ImportMode::AllOrNothing));
        assert_eq!((report.counts.sold, report.sold[0].row, report.outcome), (2, None, ImportOutcome::Written));
        let report = imported(desk.inventory(), &named(&[1]), &selling(MissingVehicles::MarkSoldConfirmed, ImportMode::KeepGoing));
        assert_eq!(report.counts.sold, 2);
        assert_eq!(lot.count("SELECT count(*) FROM vehicle_sales"), 4);
        let held = imported(desk.inventory(), &SheetFile::from_bytes("s.csv", format!("VIN\nXX{}\n", vin(1)).into_bytes()), &mark(ImportMode::KeepGoing));
        assert_eq!((held.sold_held_back, held.counts.sold), (Some(SoldHeldBack::RowsRefused), 0));
    }

    fn what_is_described_otherwise_is_due_for_a_new_analysis(lot: &Lot) {
        let desk = lot.desk();
        let vehicle = desk.inventory().add(&NewVehicle { stock_number: Some("A1".into()), ..corolla(1) }).unwrap();
        desk.market().analyze(vehicle.id).unwrap();
        assert_eq!(lot.count("SELECT count(*) FROM market_research_results"), 1);
        let report = imported(desk.inventory(), &csv(&[row(1).replace("60,000", "95,000")]), &ImportOptions::default());
        assert_eq!((report.counts.changed, lot.count("SELECT count(*) FROM market_research_results")), (1, 0));
    }

    fn what_others_change_while_a_file_is_read_is_kept(lot: &Lot) {
        let _ = imported(lot.desk().inventory(), &csv(&[row(1)]), &ImportOptions::default());
        let mut painted = 0;
        // Each time the vehicle is painted at another look at the clock: before the plan, between it and the transaction, within.
        for look in 1..=8 {
            let (looks, is_painted, url, now) = (AtomicI32::new(0), Arc::new(AtomicBool::new(false)), lot.url.clone(), lot.now());
            let color = format!("Color {look}");
            let (paints, told) = (paint(&url, &color), Arc::clone(&is_painted));
            let clock = Clock::from_fn(move || {
                if looks.fetch_add(1, Ordering::SeqCst) + 1 == look {
                    told.store(paints(), Ordering::SeqCst);
                }
                now
            });
            let desk = Dealership::with_config(Config::new(&lot.url).clock(clock)).unwrap().acting_as(Actor::system());
            let file = csv(&[row(1).replace("14,000", &format!("14,{look}00"))]);
            assert_eq!(counts(&imported(desk.inventory(), &file, &ImportOptions::default())), [0, 1, 0, 0, 0, 0]);
            let vehicle = lot.desk().inventory().get_by_stock_number("A1").unwrap().vehicle;
            assert_eq!(vehicle.price, Money::from_dollars(14_000 + look * 100));
            if is_painted.load(Ordering::SeqCst) {
                painted += 1;
                assert_eq!(vehicle.exterior_color, Some(color));
            }
        }
        // PostgreSQL plans within the transaction, which holds the vehicle from then on.
        assert!(painted >= if lot.url.starts_with("sqlite") { 2 } else { 1 }, "{painted}");
    }

    fn two_imports_of_one_file_at_once_add_each_vehicle_once(lot: &Lot) {
        let file = csv(&(1..=300).map(row).collect::<Vec<_>>());
        let reports = lot.at_once(2, |dealership, _| {
            imported(dealership.acting_as(Actor::system()).inventory(), &file, &ImportOptions::default())
        });
        let sum = |count: fn(&ImportReport) -> usize| reports.iter().map(count).sum::<usize>();
        assert_eq!((sum(|it| it.counts.added), sum(|it| it.counts.unchanged)), (300, 300));
        assert_eq!(lot.count("SELECT count(*) FROM inventory"), 300);
        assert_eq!(lot.count("SELECT count(*) FROM activity_logs WHERE resource_type = 'inventory'"), 300);
    }

    fn a_file_of_more_changes_than_a_plan_holds_is_imported_alike(lot: &Lot) {
        let mut options = ImportOptions::default();
        options.limits.planned = 50;
        let rows: Vec<_> = (1..=1_100).map(row).collect();
        let refused = csv(&[&rows[..], &[row(1_101).replace("$14,000", "call us")]].concat());
        let report = imported(lot.desk().inventory(), &refused, &options);
        assert_eq!((report.outcome, report.counts.refused), (ImportOutcome::Refused, 1));
        assert_eq!(lot.count("SELECT count(*) FROM inventory"), 0);
        let report = imported(lot.desk().inventory(), &csv(&rows), &options);
        assert_eq!((report.outcome, report.counts.added), (ImportOutcome::Written, 1_100));
        assert_eq!(lot.count("SELECT count(*) FROM inventory"), 1_100);
        let mark = ImportOptions { missing: MissingVehicles::MarkSold, ..options };
        let report = imported(lot.desk().inventory(), &csv(&rows[..100]), &mark);
        assert_eq!((report.outcome, report.counts.sold), (ImportOutcome::HeldBack, 0));
    }

    fn relisting_sends_no_query_a_row(lot: &Lot) {
        let file = |status: &str| {
            let rows: Vec<_> = (1..=300).map(|number| format!("{},{status}", row(number))).collect();
            SheetFile::from_bytes("s.csv", format!("{HEADER},Status\n{}\n", rows.join("\n")).into_bytes())
        };
        let _ = imported(lot.desk().inventory(), &file("sold"), &ImportOptions::default());
        lot.pass(TimeDelta::days(1));
        let desk = statements::watched(lot);
        // As another program sells: nobody has recorded it.
        lot.execute("DELETE FROM vehicle_sales WHERE inventory_id IN (SELECT id FROM inventory WHERE stock_number LIKE 'A1%')");
        let (report, statements) =
            statements::statements_of(|| imported(desk.inventory(), &file("available"), &ImportOptions::default()));
        assert_eq!(counts(&report), [0, 0, 300, 0, 0, 0], "{:?}", report.refused);
        let sent = statements.iter().filter(|it| !lot.url.starts_with("sqlite") || it.starts_with("SELECT")).count();
        assert!(sent < 40, "{sent} statements");
        assert_eq!(lot.count("SELECT count(*) FROM vehicle_sales"), 300);
    }

    fn an_import_sends_no_query_a_row(lot: &Lot) {
        let desk = statements::watched(lot);
        let file = |price: u32| csv(&(1..=900).map(|number| row(number).replace("14,000", &price.to_string())).collect::<Vec<_>>());
        let sent = |price| {
            let work = || imported(desk.inventory(), &file(price), &ImportOptions::default());
            let (report, statements) = statements::statements_of(work);
            assert_eq!(report.counts.refused, 0);
            // On SQLite a row is one prepared statement; it reads nothing.
            statements.iter().filter(|it| !lot.url.starts_with("sqlite") || it.starts_with("SELECT")).count()
        };
        for price in [14_000, 13_500] {
            let sent = sent(price);
            assert!(sent < 40, "{sent} statements");
        }
    }

    fn every_field_written_as_csv_reads_back_as_it_is(lot: &Lot) {
        let full: NewVehicle = serde_json::from_value(json!({
            "year": 2018, "make": "Toyota", "model": "Corolla", "vin": "2T1BURHE5JC073721", "price": "13999.99",
            "mileage": 0, "trim": "LE", "stock_number": "007", "cost": "9000.01", "msrp": 25000.5, "exterior_color": "Blau; grün",
            "interior_color": "\u{1F697}", "transmission": "CVT", "engine": "1.8", "fuel_type": "Gas", "drivetrain": "FWD",
            "body_style": "Sedan", "doors": 4, "mpg_city": 28, "mpg_highway": 36, "description": "It's \"good\" \\ ok,\nas =new",
            "thumbnail": "https://example.com/t.jpg", "condition": "good", "title_status": "clean", "owners": 1,
            "accidents": 0, "service_records": true, "warranty": "none", "carfax_url": "https://example.com/c",
            "autocheck_url": "https://example.com/a", "features": ["seats, heated", "b|c"],
            "images": ["https://example.com/1,2.jpg", "https://example.com/3.jpg"],
        })).unwrap();
        let desk = lot.desk();
        desk.inventory().add(&full).unwrap();
        let one_line = NewVehicle { features: vec!["seats, heated".into()], stock_number: Some("=1+1".into()), ..corolla(2) };
        desk.inventory().add(&one_line).unwrap();
        let gone = desk.inventory().add(&corolla(3)).unwrap();
        desk.inventory().set_status(gone.id, VehicleStatus::Sold).unwrap();
        desk.inventory().feature(gone.id).unwrap();
        let written = files::written_as_csv(&desk);
        let report = imported(desk.inventory(), &written, &ImportOptions::default());
        assert_eq!(counts(&report), [0, 0, 0, 0, 3, 0], "{:?} {:?}", report.changed, report.refused);
        assert!(report.columns.iter().all(|column| column.left_out != Some(jpauto::imports::LeftOut::Unknown)));

        lot.execute("DELETE FROM vehicle_sales; DELETE FROM inventory");
        let report = imported(desk.inventory(), &written, &ImportOptions::default());
        assert_eq!(counts(&report), [3, 0, 0, 1, 0, 0], "{:?}", report.refused);
        let read = desk.inventory().get_by_stock_number("007").unwrap().vehicle;
        assert_eq!((read.features, read.images, read.description), (full.features, full.images, full.description));
        let again = imported(desk.inventory(), &written, &ImportOptions::default());
        assert_eq!(counts(&again), [0, 0, 0, 0, 3, 0], "{:?}", again.changed);
    }

    fn a_blank_cell_leaves_a_field_and_null_clears_it(lot: &Lot) {
        let desk = lot.desk();
        let vehicle = desk.inventory().add(&NewVehicle { trim: Some("LE".into()), engine: Some("1.8".into()), ..corolla(1) }).unwrap();
        let blank = SheetFile::from_bytes("s.csv", format!("VIN,Trim,Engine\n{},,2.0\n", vin(1)).into_bytes());
        assert!(imported(desk.inventory(), &blank, &ImportOptions::default()).counts.changed == 1);
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle.trim.as_deref(), Some("LE"));
        let null = SheetFile::from_bytes("s.jsonl", format!("{{\"vin\": \"{}\", \"trim\": null, \"price\": 13900}}\n", vin(1)).into_bytes());
        assert!(imported(desk.inventory(), &null, &ImportOptions::default()).counts.changed == 1);
        let read = desk.inventory().get(vehicle.id).unwrap().vehicle;
        assert_eq!((read.trim, read.engine.as_deref(), read.price), (None, Some("2.0"), Money::from_dollars(13_900)));
        let update = VehicleUpdate { trim: Change::Set("LE".into()), ..VehicleUpdate::default() };
        desk.inventory().update(vehicle.id, &update).unwrap();
    }

    fn a_mapping_and_the_order_of_dates_are_heeded(lot: &Lot) {
        let desk = lot.desk();
        let text = format!(
            "Our stock;;;;;;;;\nRef;VIN;Yr;Make;Model;Miles;Ask;Date in Stock;Row\nA1;{};2018;Toyota;Corolla;60,000;$14,000;3/2/2026;7\n",
            vin(1)
        );
        let file = SheetFile::from_bytes("s.csv", text.into_bytes());
        let mapping: Mapping = serde_json::from_value(json!({
            "columns": {"Ref": "stock_number", "Ask": "price"}, "dates": "day_first",
        })).unwrap();
        let written = mapping.written_out_for(&file).unwrap();
        assert_eq!((written.columns["Row"].as_ref(), written.columns["Miles"].as_deref()), (None, Some("mileage")));
        for mapping in [mapping.clone(), written] {
            let options = ImportOptions { mapping, mode: ImportMode::DryRun, ..ImportOptions::default() };
            let report = imported(desk.inventory(), &file, &options);
            assert_eq!(counts(&report), [1, 0, 0, 0, 0, 0], "{:?}", report.refused);
        }
        let month_first = Mapping { dates: Some(DateOrder::MonthFirst), ..mapping };
        let options = ImportOptions { mapping: month_first, ..dry_run() };
        let report = imported(desk.inventory(), &file, &options);
        assert!(report.refused[0].faults[0].message.contains("2026-03-02 is in the future"), "{:?}", report.refused);
    }
}

/// PostgreSQL keeps plans that it made while the table was empty. By those, each group of rows reads the whole table.
#[cfg(feature = "postgres")]
#[test]
fn an_import_finds_known_vehicles_by_an_index_also_where_the_table_was_empty_before() {
    const ROWS: u32 = 3_500;
    let lot = Lot::on_postgres();
    lot.execute("ALTER TABLE inventory SET (autovacuum_enabled = false)");
    let file = csv(&(0..ROWS).map(row).collect::<Vec<_>>());
    let process = lot.another_process();
    for _ in 0..2 {
        let _ = imported(process.acting_as(Actor::system()).inventory(), &file, &ImportOptions::default());
    }
    // A connection reports what it did when it ends.
    drop(process);
    let of_stock = |counter: &str| {
        lot.count(&format!(
            "SELECT {counter} FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname = 'inventory'"
        ))
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while of_stock("n_tup_ins") < i64::from(ROWS) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(of_stock("n_tup_ins"), i64::from(ROWS));
    assert!(of_stock("seq_tup_read") <= i64::from(ROWS), "{}", of_stock("seq_tup_read"));
}
