//! The dealership's own vehicles.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use jpauto::{
    Action, ActivityFilter, AgeState, Money, NewVehicle, PageRequest, StatusChange, VehicleFilter, VehicleId,
    VehicleSort, VehicleStatus, VehicleUpdate, VehicleWarning,
    fields::{Described, Field, FieldType},
    imports::{ImportOptions, SheetFile},
};

use crate::support::{Lot, corolla, vin};

/// Texts with what does not belong into a line, and as they are kept.
const UNTIDY: [(&str, Option<&str>); 8] = [
    (" x ", Some("x")),
    ("x\r\n", Some("x")),
    ("\u{7}x", Some("x")),
    ("\t\u{a0}x y\u{85}", Some("x y")),
    ("x\u{7}y\tz", Some("x y z")),
    ("\u{2003}x\u{b}\u{c}", Some("x")),
    (" \u{1b} ", None),
    ("", None),
];

on_both_databases! {
    fn a_text_of_one_line_is_kept_as_one_whichever_way_it_comes(lot: &Lot) {
        let is_line = |field: &&Field| {
            field.r#type == FieldType::Text && !field.name.ends_with("url")
                && !["vin", "thumbnail", "description", "warranty"].contains(&field.name)
        };
        let lines: Vec<_> = NewVehicle::FIELDS.iter().filter(is_line).collect();
        assert!(lines.len() > 10, "{lines:?}");
        let kept = |id: VehicleId| serde_json::to_value(lot.desk().inventory().get(id).unwrap().vehicle).unwrap();
        for (at, (given, expected)) in UNTIDY.into_iter().enumerate() {
            let number = 10 * at as u32;
            let car = |number| {
                let mut car = serde_json::json!({"year": 2018, "price": "14000.00", "mileage": 60_000, "vin": vin(number), "make": "Toyota", "model": "Corolla"});
                for field in &lines {
                    // What must be given, and be one of a kind.
                    let text = match field.name {
                        "make" | "model" => format!("{given}Z{given}"),
                        "stock_number" => format!("{given}{number}{given}"),
                        _ => given.to_owned(),
                    };
                    car[field.name] = text.into();
                }
                car["features"] = serde_json::json!(["Tow hitch", given, "Roof rack"]);
                car
            };
            let added = lot.desk().inventory().add(&serde_json::from_value(car(number)).unwrap()).unwrap().id;
            let changed = lot.desk().inventory().add(&corolla(number + 1)).unwrap().id;
            let mut change = car(number + 1);
            change.as_object_mut().unwrap().remove("vin");
            lot.desk().inventory().update(changed, &serde_json::from_value(change).unwrap()).unwrap();
            let file = SheetFile::from_bytes("stock.jsonl", format!("{}\n", car(number + 2)).into_bytes());
            let report = lot.desk().inventory().import(&file, &ImportOptions::default()).unwrap();
            assert_eq!((report.counts.added, report.refused), (1, vec![]), "{given:?}");
            let imported = lot.desk().inventory().get_by_vin(vin(number + 2).parse().unwrap()).unwrap().vehicle.id;
            for id in [added, changed, imported] {
                let row = kept(id);
                for field in lines.iter().filter(|field| !["make", "model", "stock_number"].contains(&field.name)) {
                    assert_eq!(row[field.name].as_str(), expected, "{} of {given:?}", field.name);
                }
                let features = [Some("Tow hitch"), expected, Some("Roof rack")].into_iter().flatten().collect::<Vec<_>>();
                assert_eq!(row["features"], serde_json::json!(features), "{given:?}");
            }
        }
        // What is stored already is read as it is, until the vehicle is changed.
        let old = lot.desk().inventory().add(&corolla(900)).unwrap().id;
        lot.execute(&format!("UPDATE inventory SET features = '[\"f\\u0007b\", \" x\", \"\"]' WHERE vin = '{}'", vin(900)));
        assert_eq!(kept(old)["features"], serde_json::json!(["f\u{7}b", " x", ""]));
        let mileage = VehicleUpdate { mileage: Some(61_000), ..VehicleUpdate::default() };
        lot.desk().inventory().update(old, &mileage).unwrap();
        assert_eq!(kept(old)["features"], serde_json::json!(["f b", "x"]));
        assert_eq!(lot.dealership.check().unwrap().findings, []);
    }

    fn a_vehicle_round_trips_with_every_field(lot: &Lot) {
        let given = serde_json::json!({
            "year": 2018, "make": "Toyota", "model": "Corolla", "vin": "2T1BURHE5JC073721", "price": "99999999.99",
            "mileage": 0, "trim": "LE", "stock_number": "A1", "cost": "0.01", "msrp": 25000.5, "exterior_color": "Blau",
            "interior_color": "\u{1F697}", "transmission": "CVT", "engine": "1.8", "fuel_type": "Gas", "drivetrain": "FWD",
            "body_style": "Sedan", "doors": 4, "mpg_city": 28, "mpg_highway": 36, "description": "It's \"good\" \\ ok",
            "thumbnail": "https://example.com/t.jpg", "condition": "good", "title_status": "clean", "owners": 1,
            "accidents": 0, "service_records": true, "warranty": "none", "carfax_url": "https://example.com/c",
            "autocheck_url": "https://example.com/a", "features": ["a", "b"], "images": ["https://example.com/1.jpg"],
        });
        for field in NewVehicle::FIELDS {
            assert!(!given[field.name].is_null(), "give {} a value here", field.name);
        }
        let full: NewVehicle = serde_json::from_value(given).unwrap();
        let vehicle = lot.desk().inventory().add(&full).unwrap();
        let read = lot.desk().inventory().get(vehicle.id).unwrap();
        assert_eq!(read.vehicle, vehicle);
        assert_eq!((vehicle.price, vehicle.cost), (Money::MAX, Some(Money::from_cents(1))));
        let by_vin = lot.desk().inventory().get_by_vin("2T1BURHE5JC073721".parse().unwrap()).unwrap();
        assert_eq!(by_vin.vehicle, vehicle);
        let bare = lot.desk().inventory().add(&corolla(2)).unwrap();
        assert_eq!(lot.desk().inventory().get(bare.id).unwrap().vehicle, bare);
    }

    fn vin_and_stock_number_are_unique(lot: &Lot) {
        let first = NewVehicle { stock_number: Some("A1".into()), ..corolla(1) };
        let first = lot.desk().inventory().add(&first).unwrap();
        assert_eq!(lot.desk().inventory().add(&corolla(1)).unwrap_err().code(), "duplicate_vin");
        let same_stock = NewVehicle { stock_number: Some("A1".into()), ..corolla(2) };
        assert_eq!(lot.desk().inventory().add(&same_stock).unwrap_err().code(), "duplicate_stock_number");
        let second = lot.desk().inventory().add(&corolla(2)).unwrap();
        let take_over = VehicleUpdate { vin: Some(first.vin), ..VehicleUpdate::default() };
        assert_eq!(lot.desk().inventory().update(second.id, &take_over).unwrap_err().code(), "duplicate_vin");
    }

    fn an_update_changes_what_it_names_and_leaves_a_trail(lot: &Lot) {
        let vehicle = lot.desk().inventory().add(&corolla(1)).unwrap();
        lot.pass(TimeDelta::hours(1));
        let update: VehicleUpdate = serde_json::from_str(r#"{"price": "13500.00", "trim": "LE"}"#).unwrap();
        let after = lot.desk().inventory().update(vehicle.id, &update).unwrap();
        assert_eq!((after.price, after.trim.as_deref(), after.mileage), (Money::from_dollars(13_500), Some("LE"), vehicle.mileage));
        assert_eq!(lot.desk().inventory().get(vehicle.id).unwrap().vehicle, after);
        let again = lot.desk().inventory().update(vehicle.id, &update).unwrap();
        assert_eq!(again, after, "nothing changed, nothing written");
        let filter = ActivityFilter::default().resource(vehicle.id).action(Action::Update);
        let trail = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items;
        assert_eq!(trail.len(), 1);
        let expected = serde_json::json!({"price": {"from": "14000.00", "to": "13500.00"}, "trim": {"from": null, "to": "LE"}});
        assert_eq!(trail[0].changes, Some(expected));
        let wrong: VehicleUpdate = serde_json::from_str(r#"{"price": "100000000"}"#).unwrap();
        assert_eq!(lot.desk().inventory().update(vehicle.id, &wrong).unwrap_err().fields()[0].pointer, "/price");
    }

    fn a_vehicle_is_sold_once_and_relisted_explicitly(lot: &Lot) {
        let desk = lot.desk();
        let vehicle = desk.inventory().add(&corolla(1)).unwrap();
        lot.pass(TimeDelta::days(50));
        desk.inventory().set_status(vehicle.id, VehicleStatus::Hold).unwrap();
        let sold = desk.inventory().set_status(vehicle.id, StatusChange::sold_for(Money::from_dollars(13_000))).unwrap();
        assert_eq!(sold.sold_at, Some(lot.now()));
        assert_eq!(desk.inventory().set_status(vehicle.id, VehicleStatus::Available).unwrap_err().code(), "vehicle_sold");
        lot.pass(TimeDelta::days(10));
        let read = desk.inventory().get(vehicle.id).unwrap();
        assert_eq!((read.days_in_stock, read.age_state), (50, AgeState::Warning));
        let relisted = desk.inventory().relist(vehicle.id).unwrap();
        assert_eq!((relisted.status, relisted.sold_at, relisted.listed_at), (VehicleStatus::Available, None, Some(lot.now())));
        assert_eq!(desk.inventory().relist(vehicle.id).unwrap_err().code(), "vehicle_not_sold");
        let filter = ActivityFilter::default().resource(vehicle.id).action(Action::Status);
        let trail = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items;
        assert_eq!(trail[0].changes.as_ref().unwrap()["sale_price"]["to"], "13000.00");
        assert_eq!(trail.len(), 2);
    }

    fn the_public_sees_listed_vehicles_and_never_what_they_cost(lot: &Lot) {
        let desk = lot.desk();
        let shown = desk.inventory().add(&NewVehicle { cost: Some(Money::from_dollars(9_000)), ..corolla(1) }).unwrap();
        let held = desk.inventory().add(&corolla(2)).unwrap();
        desk.inventory().set_status(held.id, VehicleStatus::Hold).unwrap();
        let website = lot.website();
        let page = website.inventory().list_public(&VehicleFilter::default(), &PageRequest::default()).unwrap();
        assert_eq!(page.items.iter().map(|vehicle| vehicle.id).collect::<Vec<_>>(), [shown.id]);
        let json = serde_json::to_value(&page.items[0]).unwrap();
        for private in ["cost", "created_by", "updated_by", "source_submission_id"] {
            assert!(json.get(private).is_none(), "{private}");
        }
        assert_eq!(website.inventory().get_public(held.id).unwrap_err().code(), "vehicle_not_found");
        let mut held_back = VehicleFilter::default();
        held_back.status = vec![VehicleStatus::Hold];
        assert!(website.inventory().list_public(&held_back, &PageRequest::default()).unwrap().items.is_empty());
    }

    fn several_vehicles_are_read_at_once_as_each_is_read_alone(lot: &Lot) {
        let desk = lot.desk();
        let mut ids: Vec<_> = (1..=5).map(|number| desk.inventory().add(&corolla(number)).unwrap().id).collect();
        desk.inventory().set_status(ids[1], VehicleStatus::Hold).unwrap();
        desk.inventory().set_status(ids[2], VehicleStatus::Sold).unwrap();
        desk.inventory().delete(ids[3]).unwrap();
        // One that there never was, and one twice.
        ids.extend([VehicleId::from_uuid(uuid::Uuid::nil()), ids[0]]);
        for (reader, seen) in [(&desk, 4), (&lot.website(), 2)] {
            let together = reader.inventory().show_each(&ids).unwrap();
            assert_eq!(together.len(), 6);
            assert_eq!(together.values().filter(|shown| shown.is_ok()).count(), seen);
            for (id, shown) in together {
                let alone = reader.inventory().show(id);
                assert_eq!(shown.as_ref().ok(), alone.as_ref().ok());
                assert_eq!(shown.map_err(|error| error.code()).err(), alone.map_err(|error| error.code()).err());
            }
            assert!(reader.inventory().show_each(&[]).unwrap().is_empty());
        }
    }

    fn featured_vehicles_are_found(lot: &Lot) {
        let desk = lot.desk();
        let vehicle = desk.inventory().add(&corolla(1)).unwrap();
        desk.inventory().add(&corolla(2)).unwrap();
        assert!(desk.inventory().feature(vehicle.id).unwrap().featured);
        let mut featured = VehicleFilter::default();
        featured.featured = Some(true);
        assert_eq!(desk.inventory().list(&featured, &PageRequest::default()).unwrap().items.len(), 1);
        assert!(!desk.inventory().unfeature(vehicle.id).unwrap().featured);
        assert!(desk.inventory().list(&featured, &PageRequest::default()).unwrap().items.is_empty());
    }

    fn every_order_pages_through_every_vehicle_once(lot: &Lot) {
        let desk = lot.desk();
        for number in 0..25_u32 {
            // Equal values on purpose: pages must break ties the same way each time.
            let new = NewVehicle {
                price: Money::from_dollars(10_000 + i32::try_from(number % 5).unwrap() * 1_000),
                mileage: 40_000 + i32::try_from(number % 3).unwrap() * 10_000,
                year: 2015 + i32::try_from(number % 4).unwrap(),
                ..corolla(number)
            };
            desk.inventory().add(&new).unwrap();
            if number % 2 == 0 {
                lot.pass(TimeDelta::seconds(1));
            }
        }
        for sort in VehicleSort::ALL {
            let filter = VehicleFilter::default().sort(sort);
            let mut found = Vec::new();
            let mut page = PageRequest::first(4);
            loop {
                let vehicles = desk.inventory().list(&filter, &page).unwrap();
                found.extend(vehicles.items.into_iter().map(|stocked| stocked.vehicle));
                let Some(next) = vehicles.next else { break };
                page = page.after(next);
            }
            let mut ids: Vec<_> = found.iter().map(|vehicle| vehicle.id).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!((found.len(), ids.len()), (25, 25), "{sort}");
            let key = |vehicle: &jpauto::Vehicle| match sort {
                VehicleSort::Price => vehicle.price.cents(),
                VehicleSort::PriceDescending => -vehicle.price.cents(),
                VehicleSort::Mileage => vehicle.mileage.into(),
                VehicleSort::MileageDescending => -i64::from(vehicle.mileage),
                VehicleSort::Year => vehicle.year.into(),
                VehicleSort::YearDescending => -i64::from(vehicle.year),
                VehicleSort::ListedAt => vehicle.listed_at.unwrap().timestamp(),
                _ => -vehicle.listed_at.unwrap().timestamp(),
            };
            assert!(found.iter().map(key).is_sorted(), "{sort}");
        }
    }

    fn filters_narrow_the_list(lot: &Lot) {
        let desk = lot.desk();
        desk.inventory().add(&NewVehicle { trim: Some("LE Eco".into()), ..corolla(1) }).unwrap();
        desk.inventory().add(&NewVehicle { make: "Honda".into(), model: "Civic".into(), year: 2021, mileage: 10_000, ..corolla(2) }).unwrap();
        let dear = desk.inventory().add(&NewVehicle { price: Money::from_dollars(40_000), ..corolla(3) }).unwrap();
        let count = |filter: VehicleFilter| desk.inventory().list(&filter, &PageRequest::default()).unwrap().items.len();
        assert_eq!(count(VehicleFilter::default()), 3);
        assert_eq!(count(VehicleFilter::available().make("toyota")), 2);
        assert_eq!(count(VehicleFilter::default().make("Toyota").price_up_to(Money::from_dollars(14_000))), 1);
        assert_eq!(count(VehicleFilter::default().text("civic 000002")), 1);
        assert_eq!(count(VehicleFilter::default().text("eco LE")), 1);
        assert_eq!(count(VehicleFilter::default().text("%")), 0);
        let mut filter = VehicleFilter::default();
        (filter.year_min, filter.year_max, filter.mileage_max) = (Some(2020), Some(2022), Some(10_000));
        assert_eq!(count(filter), 1);
        let mut filter = VehicleFilter::default();
        (filter.price_min, filter.mileage_min) = (Some(dear.price), Some(60_000));
        assert_eq!(count(filter), 1);
    }

    fn statistics_count_worth_and_age(lot: &Lot) {
        let desk = lot.desk();
        let empty = desk.inventory().statistics().unwrap();
        assert_eq!((empty.total.count, empty.average_days_in_stock), (0, None));
        desk.inventory().add(&NewVehicle { cost: Some(Money::from_dollars(9_000)), ..corolla(1) }).unwrap();
        lot.pass(TimeDelta::days(50));
        desk.inventory().add(&corolla(2)).unwrap();
        let sold = desk.inventory().add(&corolla(3)).unwrap();
        desk.inventory().set_status(sold.id, VehicleStatus::Sold).unwrap();
        lot.pass(TimeDelta::days(10));
        let statistics = desk.inventory().statistics().unwrap();
        assert_eq!(statistics.total.count, 2);
        assert_eq!(statistics.total.value, Money::from_dollars(28_000));
        assert_eq!(statistics.total.cost, Money::from_dollars(9_000));
        assert_eq!(statistics.average_days_in_stock, Some(35.0));
        let counts: Vec<_> = statistics.by_age.iter().map(|of_age| of_age.stock.count).collect();
        assert_eq!(counts, [1, 1, 0, 0]);
        let by_status: Vec<_> = statistics.by_status.iter().map(|of| (of.status.as_str(), of.stock.count)).collect();
        assert_eq!(by_status, [("available", 2), ("sold", 1)]);
    }

    fn a_vehicle_of_before_1981_has_a_chassis_number_and_nothing_is_decoded_from_it(lot: &Lot) {
        let desk = lot.desk();
        let ponton = NewVehicle { year: 1957, vin: "vc57l-123456".into(), ..corolla(1) };
        let vehicle = desk.inventory().add(&ponton).unwrap();
        assert_eq!((vehicle.vin.as_str(), vehicle.stock_number.as_deref()), ("VC57L123456", Some("7L123456")));
        assert_eq!(vehicle.warnings, [VehicleWarning::ChassisNumber]);
        let read = desk.inventory().get(vehicle.id).unwrap();
        assert_eq!(read.vehicle, vehicle);
        assert_eq!(desk.inventory().list(&VehicleFilter::default(), &PageRequest::default()).unwrap().items, [read]);
        assert_eq!(desk.inventory().find("vc57l").unwrap().vehicle, vehicle);
        assert_eq!(desk.inventory().add(&NewVehicle { stock_number: Some("B".into()), ..ponton }).unwrap_err().code(), "duplicate_vin");
        // 17 characters are no VIN either in that year, and the shortest number is its own stock number.
        for (number, vin) in [(2, "1M8GDM9A0KP042788"), (3, "12345")] {
            let vehicle = desk.inventory().add(&NewVehicle { year: 1980, vin: vin.into(), ..corolla(number) }).unwrap();
            assert_eq!((vehicle.vin.as_str(), vehicle.warnings.as_slice()), (vin, &[VehicleWarning::ChassisNumber][..]));
        }
        for (year, vin) in [(1980, "1234"), (1980, "123456789012345678"), (1957, "VC57L*12345"), (1957, ""), (1981, "VC57L123456"), (2019, "12345")] {
            let refusal = desk.inventory().add(&NewVehicle { year, vin: vin.into(), ..corolla(4) }).unwrap_err();
            assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("invalid_vehicle", "/vin"), "{year} {vin}");
        }
        let younger = VehicleUpdate { year: Some(1981), ..VehicleUpdate::default() };
        assert_eq!(desk.inventory().update(vehicle.id, &younger).unwrap_err().fields()[0].pointer, "/vin");
        desk.market().analyze(vehicle.id).unwrap();
    }

    fn a_vehicle_without_a_mileage_asks_for_it_by_name(lot: &Lot) {
        let nothing_said = NewVehicle {
            year: 2018,
            make: "Toyota".into(),
            model: "Corolla".into(),
            vin: corolla(1).vin,
            price: Money::from_dollars(14_000),
            ..NewVehicle::default()
        };
        let json = serde_json::json!({
            "year": 2018, "make": "Toyota", "model": "Corolla", "vin": corolla(1).vin, "price": 14_000
        });
        for new in [nothing_said, serde_json::from_value(json).unwrap()] {
            let refusal = lot.desk().inventory().add(&new).unwrap_err();
            assert_eq!(refusal.to_string(), "mileage: is missing: give the miles on the odometer");
            assert_eq!(lot.desk().inventory().add(&NewVehicle { mileage: 0, stock_number: None, ..new }).map(|vehicle| {
                lot.desk().inventory().delete(vehicle.id).unwrap();
                vehicle.mileage
            }).unwrap(), 0, "a new car has run no mile");
        }
        let refusal = lot.desk().inventory().add(&NewVehicle::default()).unwrap_err();
        let pointers: Vec<_> = refusal.fields().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(pointers, ["/vin", "/year", "/mileage", "/make", "/model", "/price"]);
    }

    fn a_price_like_a_typing_error_is_a_warning_or_refused_until_it_is_confirmed(lot: &Lot) {
        let desk = lot.desk();
        let careful = desk.inventory().refusing_doubtful_prices();
        let entries = || desk.activity().list(&ActivityFilter::default(), &PageRequest::default()).unwrap().items.len();
        for (number, price) in [(1, Money::from_cents(1)), (2, Money::MAX)] {
            let new = NewVehicle { price, ..corolla(number) };
            let refusal = careful.add(&new).unwrap_err();
            assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("price_doubtful", "/price"), "{price}");
            assert!(refusal.to_string().contains("(--yes)"), "{refusal}");
            let vehicle = desk.inventory().add(&new).unwrap();
            assert_eq!(vehicle.warnings[0].code(), "price_out_of_range");
            assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle, vehicle, "whoever reads it is warned as well");
            // Another change is no new price.
            let trim = VehicleUpdate { trim: jpauto::Change::Set("LE".into()), ..VehicleUpdate::default() };
            careful.update(vehicle.id, &trim).unwrap();
            let corrected = VehicleUpdate { price: Some(Money::from_dollars(14_000)), ..VehicleUpdate::default() };
            assert_eq!(careful.update(vehicle.id, &corrected).unwrap().warnings, [], "a placeholder is corrected");
        }
        let vehicle = careful.add(&corolla(3)).unwrap();
        for price in [1_400, 140_000] {
            let update = VehicleUpdate { price: Some(Money::from_dollars(price)), ..VehicleUpdate::default() };
            let before = entries();
            assert_eq!(careful.update(vehicle.id, &update).unwrap_err().code(), "price_doubtful", "{price}");
            assert_eq!((entries(), desk.inventory().get(vehicle.id).unwrap().vehicle.price), (before, vehicle.price));
            let warned = desk.inventory().update(vehicle.id, &update).unwrap();
            assert_eq!(warned.warnings[0].code(), "price_far_from_other");
            let back = VehicleUpdate { price: Some(vehicle.price), ..VehicleUpdate::default() };
            desk.inventory().update(vehicle.id, &back).unwrap();
        }
        let of_cost = |dollars| VehicleUpdate { cost: jpauto::Change::Set(Money::from_dollars(dollars)), ..VehicleUpdate::default() };
        careful.update(vehicle.id, &of_cost(12_000)).unwrap();
        for dollars in [1_200, 120_000, 1] {
            let refusal = careful.update(vehicle.id, &of_cost(dollars)).unwrap_err();
            assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("price_doubtful", "/cost"));
        }
        careful.update(vehicle.id, &of_cost(11_000)).unwrap();
        let sale = StatusChange::sold_for(Money::from_dollars(1_350));
        let refusal = careful.set_status(vehicle.id, sale).unwrap_err();
        assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("price_doubtful", "/sale_price"));
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle.status, VehicleStatus::Available);
        assert_eq!(desk.inventory().set_status(vehicle.id, sale).unwrap().warnings[0].code(), "price_far_from_other");
    }

    fn a_deleted_vehicle_is_gone(lot: &Lot) {
        let vehicle = lot.desk().inventory().add(&corolla(1)).unwrap();
        lot.desk().inventory().update(vehicle.id, &VehicleUpdate { price: Some(Money::from_dollars(1)), ..VehicleUpdate::default() }).unwrap();
        lot.desk().inventory().delete(vehicle.id).unwrap();
        assert_eq!(lot.desk().inventory().get(vehicle.id).unwrap_err().code(), "vehicle_not_found");
        assert_eq!(lot.desk().inventory().delete(vehicle.id).unwrap_err().code(), "vehicle_not_found");
    }

    fn a_cursor_may_name_a_time_that_no_database_has(lot: &Lot) {
        let desk = lot.desk();
        (0..2).for_each(|number| drop(desk.inventory().add(&corolla(number)).unwrap()));
        let page = |request: &PageRequest| desk.inventory().list(&VehicleFilter::default(), request);
        let cursor = page(&PageRequest::first(1)).unwrap().next.unwrap();
        let position: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
        assert_eq!(position["order"], "-listed_at");
        for (time, behind) in [("-262143-01-01T00:00:00Z", 0), ("+262142-12-31T23:59:60Z", 2), ("2016-12-31T23:59:60Z", 0)] {
            let mut forged = position.clone();
            forged["key"][0] = time.into();
            let forged = PageRequest::default().after(URL_SAFE_NO_PAD.encode(forged.to_string()));
            assert_eq!(page(&forged).unwrap().items.len(), behind, "{time}");
        }
    }
}
