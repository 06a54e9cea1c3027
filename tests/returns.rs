//! Cars that come back: taken in again after a sale, offered again after a rejection, a sale undone.

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{
    ActivityEntry, ActivityFilter, Actor, Approval, Change, Money, NewSubmission, NewVehicle, PageRequest, Role,
    StatusChange, SubmissionStatus, Vehicle, VehicleId, VehicleStatus, VehicleUpdate,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Lot, camry, corolla};

/// The entries about a row, oldest first.
fn trail(lot: &Lot, id: impl Into<Uuid>) -> Vec<ActivityEntry> {
    let filter = ActivityFilter::default().resource(id);
    let mut entries = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items;
    entries.reverse();
    entries
}

fn actions(entries: &[ActivityEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.action.as_str()).collect()
}

/// The camry, offered and approved at this price.
fn taken_in(lot: &Lot, price: i32) -> Vehicle {
    let submission = lot.website().submissions().submit(&camry()).unwrap();
    lot.desk().submissions().approve(submission.id, &Approval::at_price(Money::from_dollars(price))).unwrap()
}

fn sell(lot: &Lot, id: VehicleId, price: i32) -> Vehicle {
    lot.desk().inventory().set_status(id, StatusChange::sold_for(Money::from_dollars(price))).unwrap()
}

/// What a customer says of the same car years later.
fn camry_again() -> NewSubmission {
    NewSubmission {
        customer_name: Some("Ben Example".into()),
        customer_email: None,
        customer_phone: None,
        mileage: Some(91_000),
        asking_price: Some(Money::from_dollars(8_000)),
        trim: None,
        exterior_color: Some("Blue".into()),
        images: vec!["https://example.com/new.jpg".into()],
        ..camry()
    }
}

on_both_databases! {
    fn what_a_buyer_paid_is_corrected_and_both_prices_are_told(lot: &Lot) {
        let desk = lot.desk();
        let inventory = desk.inventory();
        let car = inventory.add(&corolla(1)).unwrap();
        let paid = |dollars| StatusChange::corrected_to(Money::from_dollars(dollars));
        assert_eq!(inventory.set_status(car.id, paid(14_000)).unwrap_err().code(), "vehicle_not_sold");
        let sold = sell(lot, car.id, 13_000);
        lot.pass(TimeDelta::days(30));
        let again = inventory.set_status(car.id, StatusChange::sold_for(Money::from_dollars(12_500))).unwrap_err();
        assert_eq!(again.code(), "vehicle_sold");
        assert!(again.to_string().contains("--correct"), "{again}");
        let corrected = inventory.set_status(car.id, paid(12_500)).unwrap();
        assert_eq!((corrected.status, corrected.sold_at, corrected.listed_at), (VehicleStatus::Sold, sold.sold_at, sold.listed_at));
        assert_eq!(inventory.set_status(car.id, paid(12_500)).unwrap().updated_at, corrected.updated_at, "it is said twice");
        let sales = inventory.statistics().unwrap().sales.total;
        assert_eq!((sales.count, sales.value), (1, Money::from_dollars(12_500)));
        let entries = trail(lot, car.id);
        assert_eq!(actions(&entries), ["create", "status", "status"]);
        assert_eq!(entries[2].changes.as_ref().unwrap()["sale_price"], json!({"from": "13000.00", "to": "12500.00"}));
        // A sale of another program has no row yet.
        let other = inventory.add(&corolla(2)).unwrap();
        lot.execute(&format!("UPDATE inventory SET status = 'sold', sold_at = NULL WHERE vin = '{}'", other.vin));
        let undated = inventory.set_status(other.id, paid(11_000)).unwrap_err();
        assert_eq!((undated.code(), undated.fields()[0].pointer.as_str()), ("invalid_status_change", "/sold_at"), "no date is made up");
        let mut dated = paid(11_000);
        dated.sold_at = Some(lot.now() - TimeDelta::days(3));
        assert_eq!(inventory.set_status(other.id, dated).unwrap().sold_at, dated.sold_at);
        let sales = inventory.statistics().unwrap().sales.total;
        assert_eq!((sales.count, sales.value), (2, Money::from_dollars(23_500)));
        let wrong = desk.inventory().refusing_doubtful_prices().set_status(car.id, paid(1_250)).unwrap_err();
        assert_eq!(wrong.code(), "price_doubtful");
    }

    fn a_sale_has_its_day_and_its_price_can_be_looked_up(lot: &Lot) {
        let desk = lot.desk();
        let inventory = desk.inventory();
        let (car, other) = (inventory.add(&corolla(1)).unwrap(), inventory.add(&corolla(2)).unwrap());
        lot.pass(TimeDelta::days(40));
        let mut sale = StatusChange::sold_for(Money::from_dollars(13_000));
        sale.sold_at = Some(lot.now() + TimeDelta::seconds(1));
        let refusal = inventory.set_status(car.id, sale).unwrap_err();
        assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("invalid_status_change", "/sold_at"));
        sale.sold_at = Some(lot.now() - TimeDelta::days(35));
        let sold = inventory.set_status(car.id, sale).unwrap();
        assert_eq!(sold.sold_at, sale.sold_at);
        let paid = Some(Money::from_dollars(13_000));
        let shown = inventory.get(car.id).unwrap();
        assert_eq!((shown.sale_price, shown.days_in_stock), (paid, 5));
        assert_eq!(inventory.find(&car.vin).unwrap().sale_price, paid);
        let listed: Vec<_> = inventory.list(&jpauto::VehicleFilter::default(), &PageRequest::default()).unwrap().items;
        let prices: Vec<_> = listed.iter().map(|vehicle| (vehicle.vehicle.id == car.id, vehicle.sale_price)).collect();
        assert!(prices.contains(&(true, paid)) && prices.contains(&(false, None)), "{prices:?}");
        assert_eq!(inventory.statistics().unwrap().sales.by_month[0].month, "2026-03");
        // The day alone is corrected; the price stays.
        let mut corrected = StatusChange::from(VehicleStatus::Sold);
        (corrected.correct, corrected.sold_at) = (true, Some(lot.now()));
        inventory.set_status(car.id, corrected).unwrap();
        assert_eq!((inventory.get(car.id).unwrap().sale_price, inventory.get(car.id).unwrap().days_in_stock), (paid, 40));
        let sales = inventory.statistics().unwrap().sales;
        assert_eq!((sales.total.count, sales.by_month[0].month.as_str()), (1, "2026-04"));
        let entries = trail(lot, car.id);
        let changes = entries.last().unwrap().changes.as_ref().unwrap();
        assert!(changes.get("sold_at").is_some() && changes.get("sale_price").is_none(), "{changes:?}");
        sale.correct = false;
        assert_eq!(inventory.set_status(car.id, sale).unwrap_err().code(), "vehicle_sold");
        sell(lot, other.id, 12_000);
        inventory.relist(other.id).unwrap();
        assert_eq!(inventory.get(other.id).unwrap().sale_price, None, "a car on sale has no buyer");
    }

    fn a_vin_that_another_program_wrote_in_lower_case_is_the_same_car(lot: &Lot) {
        let desk = lot.desk();
        lot.website().submissions().submit(&camry()).unwrap();
        lot.execute("UPDATE pending_submissions SET vin = lower(vin)");
        assert_eq!(lot.website().submissions().submit(&camry()).unwrap_err().code(), "duplicate_vin");
        let offer = desk.submissions().list(&jpauto::SubmissionFilter::default(), &PageRequest::default()).unwrap().items.remove(0);
        let taken = desk.submissions().approve(offer.id, &Approval::at_price(Money::from_dollars(16_900))).unwrap();
        sell(lot, taken.id, 16_500);
        lot.execute("UPDATE inventory SET vin = lower(vin); UPDATE pending_submissions SET vin = lower(vin)");
        let again = lot.website().submissions().submit(&camry_again()).unwrap();
        assert_eq!(again.id, offer.id);
        let back = desk.submissions().approve(again.id, &Approval::at_price(Money::from_dollars(9_900))).unwrap();
        assert_eq!((back.id, back.vin.as_str()), (taken.id, "4T1B11HK5KU211111"));
        sell(lot, taken.id, 9_000);
        lot.execute("UPDATE inventory SET vin = lower(vin)");
        let new = NewVehicle { vin: back.vin, mileage: 95_000, ..corolla(1) };
        assert_eq!(desk.inventory().add(&new).unwrap().id, taken.id, "it comes back");
    }

    fn a_car_that_comes_back_as_another_is_a_warning(lot: &Lot) {
        let desk = lot.desk();
        let inventory = desk.inventory();
        let codes = |vehicle: &Vehicle| -> Vec<_> {
            vehicle.warnings.iter().filter(|warning| warning.code() == "other_than_sold").map(ToString::to_string).collect()
        };
        let sold = inventory.add(&corolla(1)).unwrap();
        sell(lot, sold.id, 13_000);
        let same = inventory.add(&NewVehicle { make: sold.make.to_uppercase(), mileage: sold.mileage + 5_000, ..corolla(1) }).unwrap();
        assert_eq!((same.id, codes(&same)), (sold.id, vec![]));
        sell(lot, sold.id, 13_000);
        let other = NewVehicle { year: sold.year - 3, make: "Ford".into(), model: "F-150".into(), mileage: 5, ..corolla(1) };
        let back = inventory.add(&other).unwrap();
        let told = codes(&back);
        assert_eq!(told.len(), 3, "{told:?}");
        for (told, part) in told.iter().zip(["the year is", "the make is Ford", "the mileage is 5"]) {
            assert!(told.contains(part) && told.contains("another car"), "{told}");
        }
        // By an approval as well.
        let first = taken_in(lot, 16_900);
        sell(lot, first.id, 16_500);
        let again = lot.website().submissions().submit(&NewSubmission { mileage: Some(7), ..camry_again() }).unwrap();
        let back = desk.submissions().approve(again.id, &Approval::at_price(Money::from_dollars(15_900))).unwrap();
        assert_eq!(codes(&back).len(), 1, "{:?}", back.warnings);
    }

    fn a_sold_car_that_is_taken_in_again_is_its_row_on_sale(lot: &Lot) {
        let (desk, inventory) = (lot.desk(), lot.desk());
        let inventory = inventory.inventory();
        let first = taken_in(lot, 16_900);
        let described = VehicleUpdate {
            engine: Change::Set("2.5".into()),
            cost: Change::Set(Money::from_dollars(12_000)),
            title_status: Change::Set("clean".into()),
            description: Change::Set("One owner".into()),
            features: Some(vec!["Tow hitch".into()]),
            stock_number: Change::Set("A1042".into()),
            ..VehicleUpdate::default()
        };
        inventory.update(first.id, &described).unwrap();
        inventory.feature(first.id).unwrap();
        lot.pass(TimeDelta::days(20));
        let sold = sell(lot, first.id, 16_500);
        lot.pass(TimeDelta::days(400));
        let again = lot.website().submissions().submit(&camry_again()).unwrap();
        assert_eq!((Some(again.id), again.submission_status), (first.source_submission_id, SubmissionStatus::Pending));
        lot.pass(TimeDelta::hours(3));
        let (manager, managing) = lot.staff(Role::Manager);
        let back = managing.submissions().approve(again.id, &Approval::at_price(Money::from_dollars(9_900))).unwrap();

        assert_eq!(inventory.get(first.id).unwrap().vehicle, back, "the row is the same");
        assert_eq!((back.status, back.sold_at, back.listed_at), (VehicleStatus::Available, None, Some(lot.now())));
        assert_eq!((back.price, back.mileage), (Money::from_dollars(9_900), 91_000));
        assert_eq!((back.source_submission_id, back.updated_by), (Some(again.id), Some(manager.id)));
        assert_eq!(back.created_at, first.created_at);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        assert_eq!(
            [text(&back.stock_number), text(&back.engine), text(&back.trim), text(&back.exterior_color)],
            ["A1042", "2.5", "SE", "Blue"]
        );
        assert_eq!(back.features, ["Tow hitch"]);
        // What tells of its state then is not what it is now.
        assert_eq!((back.cost, back.title_status.clone(), back.description.clone()), (None, None, None));
        assert_eq!(back.images, ["https://example.com/new.jpg"]);
        assert!(!back.featured);

        let entries = trail(lot, first.id);
        assert_eq!(actions(&entries), ["create", "update", "feature", "status", "relist"]);
        let changes = entries[4].changes.as_ref().unwrap();
        let sold_at = serde_json::to_value(sold.sold_at).unwrap();
        assert_eq!(changes["sold_at"], json!({"from": sold_at, "to": null}));
        assert_eq!(changes["price"], json!({"from": "16900.00", "to": "9900.00"}));
        assert_eq!(entries[3].changes.as_ref().unwrap()["sale_price"]["to"], "16500.00");

        let statistics = desk.inventory().statistics().unwrap();
        assert_eq!((statistics.total.count, statistics.sales.total.count, statistics.sales.came_back), (1, 1, 1));
        assert_eq!(statistics.sales.total.value, Money::from_dollars(16_500));
        assert_eq!(statistics.sales.total.average_days_to_sell, Some(20.0));
        assert_eq!(statistics.sales.by_month[0].month, "2026-03");

        sell(lot, first.id, 9_500);
        let sales = desk.inventory().statistics().unwrap().sales;
        assert_eq!((sales.total.count, sales.came_back), (2, 1));
        let months: Vec<_> = sales.by_month.iter().map(|of| (of.month.as_str(), of.sales.count)).collect();
        assert_eq!(months, [("2027-04", 1), ("2026-03", 1)]);
    }

    fn a_car_that_staff_sold_comes_back_by_a_first_offer(lot: &Lot) {
        let desk = lot.desk();
        let added = desk.inventory().add(&NewVehicle { vin: camry().vin.unwrap(), ..corolla(1) }).unwrap();
        let offer = lot.website().submissions().submit(&camry()).unwrap();
        let approval = Approval::at_price(Money::from_dollars(15_500));
        let refusal = desk.submissions().approve(offer.id, &approval).unwrap_err();
        assert_eq!(refusal.code(), "duplicate_vin", "it is not sold yet");
        sell(lot, added.id, 13_000);
        let back = desk.submissions().approve(offer.id, &approval).unwrap();
        assert_eq!((back.id, back.source_submission_id), (added.id, Some(offer.id)));
        assert_eq!((back.model.as_str(), back.images.len()), ("Camry", 2));
    }

    fn a_sold_car_that_staff_add_again_is_its_row_on_sale(lot: &Lot) {
        let desk = lot.desk();
        let first = NewVehicle { engine: Some("1.8".into()), stock_number: Some("A1".into()), ..corolla(1) };
        let first = desk.inventory().add(&first).unwrap();
        assert_eq!(desk.inventory().add(&corolla(1)).unwrap_err().code(), "duplicate_vin", "it is not sold yet");
        sell(lot, first.id, 13_500);
        lot.pass(TimeDelta::days(100));
        let bought = NewVehicle { vin: corolla(1).vin.to_lowercase(), mileage: 70_000, cost: Some(Money::from_dollars(9_000)), ..corolla(1) };
        let tenth = NewVehicle { price: Money::from_dollars(1_400), ..bought.clone() };
        let careful = desk.inventory().refusing_doubtful_prices();
        assert_eq!(careful.add(&tenth).unwrap_err().code(), "price_doubtful");
        let back = careful.add(&bought).unwrap();
        assert_eq!((back.id, back.mileage, back.listed_at), (first.id, 70_000, Some(lot.now())));
        assert_eq!((back.engine.as_deref(), back.stock_number.as_deref()), (Some("1.8"), Some("A1")));
        assert_eq!((back.status, back.sold_at, back.cost), (VehicleStatus::Available, None, Some(Money::from_dollars(9_000))));
        assert_eq!(desk.inventory().get(first.id).unwrap().vehicle, back);
        assert_eq!(actions(&trail(lot, first.id)), ["create", "status", "relist"]);
        assert_eq!(desk.inventory().statistics().unwrap().sales.came_back, 1);
    }

    fn what_the_market_said_before_the_sale_is_gone_and_its_prices_stay(lot: &Lot) {
        let desk = lot.desk();
        let vehicle = taken_in(lot, 16_900);
        desk.market().analyze(vehicle.id).unwrap();
        sell(lot, vehicle.id, 16_900);
        lot.pass(TimeDelta::days(1));
        let again = lot.website().submissions().submit(&camry()).unwrap();
        desk.submissions().approve(again.id, &Approval::at_price(Money::from_dollars(17_900))).unwrap();
        assert_eq!(desk.market().get(vehicle.id).unwrap_err().code(), "vehicle_not_analyzed");
        let history = desk.market().history(vehicle.id, &PageRequest::default()).unwrap().items;
        let prices: Vec<_> = history.iter().map(|point| point.our_price.to_string()).collect();
        assert_eq!(prices, ["17900.00", "16900.00"]);
        desk.market().analyze(vehicle.id).unwrap();
    }

    fn of_two_reviewers_one_takes_the_car_back(lot: &Lot) {
        let vehicle = taken_in(lot, 16_900);
        for round in 0..4_i64 {
            sell(lot, vehicle.id, 16_900);
            lot.pass(TimeDelta::days(round + 1));
            let again = lot.website().submissions().submit(&camry()).unwrap();
            let outcomes = lot.at_once(4, |reviewer, _| {
                reviewer.acting_as(Actor::system()).submissions().approve(again.id, &Approval::as_offered())
            });
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
            let refusals = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
            assert!(refusals.into_iter().all(|refusal| refusal.code() == "submission_already_reviewed"));
        }
        assert_eq!(lot.desk().inventory().statistics().unwrap().sales.total.count, 4);
    }

    fn a_rejected_car_may_be_offered_again(lot: &Lot) {
        let desk = lot.desk();
        let first = lot.website().submissions().submit(&camry()).unwrap();
        assert_eq!(lot.website().submissions().submit(&camry_again()).unwrap_err().code(), "duplicate_vin");
        let (_, manager) = lot.staff(Role::Manager);
        manager.submissions().reject(first.id, "too dear").unwrap();
        lot.pass(TimeDelta::days(3));
        let again = lot.website().submissions().submit(&camry_again()).unwrap();
        assert_eq!((again.id, again.submission_status), (first.id, SubmissionStatus::Pending));
        assert_eq!((again.submitted_at, again.created_at), (Some(lot.now()), first.created_at));
        assert_eq!((again.reviewed_at, again.reviewed_by, again.rejection_reason.clone()), (None, None, None));
        assert_eq!((again.customer_name.as_deref(), again.customer_email.clone()), (Some("Ben Example"), None));
        assert_eq!((again.mileage, again.trim.clone()), (Some(91_000), None), "nothing of the earlier offer stays");
        assert_eq!(desk.submissions().get(first.id).unwrap(), again);
        assert_eq!(lot.website().submissions().submit(&camry()).unwrap_err().code(), "duplicate_vin", "pending again");

        let entries = trail(lot, first.id);
        assert_eq!(actions(&entries), ["create", "reject", "reoffer"]);
        let changes = entries[2].changes.as_ref().unwrap();
        assert_eq!(changes["rejection_reason"], json!({"from": "too dear", "to": null}));
        assert_eq!(changes["submission_status"], json!({"from": "rejected", "to": "pending"}));
        assert_eq!(changes["customer_name"], "changed", "no personal data in the trail");
        desk.submissions().approve(first.id, &Approval::as_offered()).unwrap();
    }

    fn a_car_in_stock_is_not_offered_again_and_one_that_is_gone_is(lot: &Lot) {
        let desk = lot.desk();
        let vehicle = taken_in(lot, 16_900);
        for status in VehicleStatus::UNSOLD.into_iter().filter(|status| *status != VehicleStatus::Unknown) {
            desk.inventory().set_status(vehicle.id, status).unwrap();
            let refusal = lot.website().submissions().submit(&camry()).unwrap_err();
            assert_eq!(refusal.code(), "duplicate_vin", "{status}");
        }
        // A VIN that was corrected after the approval: the car is in stock all the same.
        let corrected = VehicleUpdate { vin: Some("4T1B11HK9KU211112".into()), ..VehicleUpdate::default() };
        desk.inventory().update(vehicle.id, &corrected).unwrap();
        assert_eq!(lot.website().submissions().submit(&camry()).unwrap_err().code(), "duplicate_vin");
        desk.inventory().delete(vehicle.id).unwrap();
        assert_eq!(lot.website().submissions().submit(&camry()).unwrap().submission_status, SubmissionStatus::Pending);
    }

    fn offers_made_again_count_for_the_limit_of_an_address(lot: &Lot) {
        let here = lot.dealership.acting_as(Actor::public().from_ip("203.0.113.7".parse().unwrap()));
        for _ in 0..5 {
            let offer = here.submissions().submit(&camry()).unwrap();
            lot.desk().submissions().reject(offer.id, "no").unwrap();
        }
        assert_eq!(here.submissions().submit(&camry()).unwrap_err().code(), "too_many_submissions");
    }

    fn a_rejected_car_offered_by_many_at_once_is_taken_once(lot: &Lot) {
        let offer = lot.website().submissions().submit(&camry()).unwrap();
        lot.desk().submissions().reject(offer.id, "no").unwrap();
        let outcomes = lot.at_once(6, |website, _| website.acting_as(Actor::public()).submissions().submit(&camry()));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let refusals: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert!(refusals.iter().all(|refusal| refusal.code() == "duplicate_vin"), "{refusals:?}");
    }

    fn a_sale_is_undone_for_a_week_and_a_relist_starts_anew(lot: &Lot) {
        let desk = lot.desk();
        let listed = desk.inventory().add(&corolla(1)).unwrap();
        lot.pass(TimeDelta::days(30));
        sell(lot, listed.id, 13_500);
        lot.pass(TimeDelta::days(7));
        let undone = desk.inventory().undo_sale(listed.id).unwrap();
        assert_eq!((undone.status, undone.sold_at, undone.listed_at), (VehicleStatus::Available, None, listed.listed_at));
        let read = desk.inventory().get(listed.id).unwrap();
        assert_eq!((&read.vehicle, read.days_in_stock), (&undone, 37));
        assert_eq!(desk.inventory().statistics().unwrap().sales.total.count, 0, "an undone sale is none");
        assert_eq!(desk.inventory().undo_sale(listed.id).unwrap_err().code(), "vehicle_not_sold");

        sell(lot, listed.id, 13_500);
        lot.pass(TimeDelta::days(7) + TimeDelta::microseconds(1));
        assert_eq!(desk.inventory().undo_sale(listed.id).unwrap_err().code(), "sale_too_old");
        let relisted = desk.inventory().relist(listed.id).unwrap();
        assert_eq!(relisted.listed_at, Some(lot.now()));
        let sales = desk.inventory().statistics().unwrap().sales;
        assert_eq!((sales.total.count, sales.came_back), (1, 1));
        let entries = trail(lot, listed.id);
        assert_eq!(actions(&entries), ["create", "status", "undo_sale", "status", "relist"]);
        let changes = entries[2].changes.as_ref().unwrap();
        assert_eq!(changes["status"], json!({"from": "sold", "to": "available"}));
        assert_eq!(changes.get("listed_at"), None::<&Value>);
        let nowhere = VehicleId::new(lot.now());
        assert_eq!(desk.inventory().undo_sale(nowhere).unwrap_err().code(), "vehicle_not_found");
        let (_, viewer) = lot.staff(Role::Viewer);
        assert_eq!(viewer.inventory().undo_sale(listed.id).unwrap_err().code(), "forbidden");
    }

    fn an_undone_sale_leaves_the_status_from_before(lot: &Lot) {
        let inventory = lot.desk();
        let inventory = inventory.inventory();
        for (number, status) in [(1, VehicleStatus::Hold), (2, VehicleStatus::Pending), (3, VehicleStatus::Available)] {
            let car = inventory.add(&corolla(number)).unwrap();
            inventory.set_status(car.id, StatusChange::from(status)).unwrap();
            sell(lot, car.id, 13_500);
            inventory.set_status(car.id, StatusChange::corrected_to(Money::from_dollars(13_000))).unwrap();
            assert_eq!(inventory.undo_sale(car.id).unwrap().status, status);
            assert_eq!(inventory.get(car.id).unwrap().vehicle.status, status);
        }
    }

    fn a_vin_is_found_as_another_program_has_written_it(lot: &Lot) {
        let desk = lot.desk();
        let inventory = desk.inventory();
        let car = inventory.add(&corolla(1)).unwrap();
        let mixed = format!("{}{}", car.vin[..9].to_lowercase(), &car.vin[9..]);
        lot.execute(&format!("UPDATE inventory SET vin = '{mixed}'"));
        let vin = jpauto::Vin::parse(&car.vin).unwrap();
        assert_eq!(inventory.get_by_vin(vin).unwrap().vehicle.id, car.id);
        assert_eq!(inventory.find(&car.vin).unwrap().vehicle.id, car.id);
        assert_eq!(inventory.add(&corolla(1)).unwrap_err().code(), "duplicate_vin");

        // An old number is shorter than the column, so blanks find room in it.
        let old = NewVehicle { year: 1957, vin: "VC57L123456".into(), stock_number: None, ..corolla(2) };
        let old_car = inventory.add(&old).unwrap();
        for written in ["vc57L123456 ", "VC57L 123456", " Vc57l123456"] {
            lot.execute(&format!("UPDATE inventory SET vin = '{written}' WHERE year = 1957"));
            assert_eq!(inventory.find("VC57L123456").unwrap().vehicle.id, old_car.id, "{written}");
            assert_eq!(inventory.find("vc57L1234").unwrap().vehicle.id, old_car.id, "{written} by its beginning");
            assert_eq!(inventory.add(&old).unwrap_err().code(), "duplicate_vin", "{written}");
        }

        let offer = lot.website().submissions().submit(&camry()).unwrap();
        let mixed = "4t1B11HK5KU211111";
        assert!(offer.vin.as_deref().is_some_and(|vin| vin.eq_ignore_ascii_case(mixed)));
        lot.execute(&format!("UPDATE pending_submissions SET vin = '{mixed}'"));
        assert_eq!(lot.website().submissions().submit(&camry()).unwrap_err().code(), "duplicate_vin");
        let own = NewVehicle { vin: mixed.to_uppercase(), stock_number: None, ..corolla(3) };
        inventory.add(&own).unwrap();
        lot.execute(&format!("UPDATE inventory SET vin = '{mixed}' WHERE vin = '{}'", mixed.to_uppercase()));
        let refused = desk.submissions().approve(offer.id, &Approval::at_price(Money::from_dollars(9_000)));
        assert_eq!(refused.unwrap_err().code(), "duplicate_vin", "no second vehicle is made");
    }

    fn sales_are_counted_by_month_whoever_recorded_them(lot: &Lot) {
        let inventory = lot.desk();
        let inventory = inventory.inventory();
        let second = TimeDelta::seconds(1);
        // For each car: the days and the time from its listing to its sale, and what the buyer paid.
        let sales = [
            (TimeDelta::days(10), Some(9_500)),
            (TimeDelta::days(20) - TimeDelta::microseconds(1), None),
            (TimeDelta::days(31) + second * 86_399, Some(12_000)),
            (TimeDelta::microseconds(999_999), None),
            (TimeDelta::days(365), Some(1)),
        ];
        let mut wanted = std::collections::BTreeMap::<String, (i64, i64, i64)>::new();
        for (number, (stay, paid)) in (1..).zip(sales) {
            lot.pass(TimeDelta::microseconds(700_001));
            let car = inventory.add(&corolla(number)).unwrap();
            lot.pass(stay);
            let mut change = StatusChange::from(VehicleStatus::Sold);
            change.sale_price = paid.map(Money::from_dollars);
            let sold = inventory.set_status(car.id, change).unwrap();
            let month = wanted.entry(sold.sold_at.unwrap().format("%Y-%m").to_string()).or_default();
            let worth = paid.map_or(sold.price.cents(), |dollars| i64::from(dollars) * 100);
            *month = (month.0 + 1, month.1 + worth, month.2 + (sold.sold_at.unwrap() - sold.listed_at.unwrap()).num_days());
        }
        // One comes back and is sold again, one was sold by another program before it was listed, one nobody knows when.
        let again = inventory.find(&corolla(1).vin).unwrap().vehicle;
        inventory.relist(again.id).unwrap();
        lot.pass(TimeDelta::days(2));
        sell(lot, again.id, 9_000);
        let month = wanted.entry(lot.now().format("%Y-%m").to_string()).or_default();
        *month = (month.0 + 1, month.1 + 900_000, month.2 + 2);
        let [early, unknown] = [11, 12].map(|number| inventory.add(&corolla(number)).unwrap());
        let week_ago = lot.now() - TimeDelta::days(7);
        lot.execute(&format!(
            "UPDATE inventory SET status = 'sold', sold_at = '{}' WHERE vin = '{}';
             UPDATE inventory SET status = 'sold', sold_at = NULL, listed_at = NULL, updated_at = NULL WHERE vin = '{}'",
            week_ago.format("%Y-%m-%dT%H:%M:%S%.6fZ"), early.vin, unknown.vin
        ));
        for (time, vehicle) in [(week_ago, early), (lot.now(), unknown)] {
            let month = wanted.entry(time.format("%Y-%m").to_string()).or_default();
            *month = (month.0 + 1, month.1 + vehicle.price.cents(), month.2);
        }
        let counted = inventory.statistics().unwrap().sales;
        let by_month: Vec<_> = counted
            .by_month
            .iter()
            .map(|of| {
                let days = of.sales.average_days_to_sell.unwrap() * of.sales.count as f64;
                (of.month.clone(), (of.sales.count, of.sales.value.cents(), days.round() as i64))
            })
            .collect();
        assert_eq!(by_month, wanted.into_iter().rev().collect::<Vec<_>>());
        assert_eq!((counted.total.count, counted.came_back), (8, 1));
    }

    fn a_month_of_sales_ends_at_midnight_of_the_dealership(lot: &Lot) {
        let desk = lot.desk();
        let inventory = desk.inventory();
        let cars: Vec<_> = (1..=3).map(|number| inventory.add(&corolla(number)).unwrap().id).collect();
        // The last minute of March in Los Angeles, the first of April there, and one in the middle of April.
        for (time, car) in ["2026-04-01T06:59:59Z", "2026-04-01T07:00:00Z", "2026-04-15T12:00:00Z"].iter().zip(cars) {
            lot.pass(time.parse::<DateTime<Utc>>().unwrap() - lot.now());
            sell(lot, car, 9_000);
        }
        let months = |desk: &jpauto::Desk| {
            let sales = desk.inventory().statistics().unwrap().sales;
            sales.by_month.into_iter().map(|of| (of.month, of.sales.count)).collect::<Vec<_>>()
        };
        assert_eq!(months(&desk), [("2026-04".to_owned(), 2), ("2026-03".to_owned(), 1)]);
        let mut config = jpauto::Config::new(&lot.url).clock(lot.clock());
        config.jobs.time_zone = "UTC".into();
        let in_utc = jpauto::Dealership::with_config(config).unwrap().acting_as(Actor::system());
        assert_eq!(months(&in_utc), [("2026-04".to_owned(), 3)]);
    }

    fn sales_of_another_program_are_counted_as_well(lot: &Lot) {
        let desk = lot.desk();
        let [first, second] = [1, 2].map(|number| desk.inventory().add(&corolla(number)).unwrap());
        lot.pass(TimeDelta::days(10));
        lot.execute("UPDATE inventory SET status = 'sold', sold_at = updated_at");
        let sales = desk.inventory().statistics().unwrap().sales;
        assert_eq!((sales.total.count, sales.total.value, sales.came_back), (2, Money::from_dollars(28_000), 0));
        desk.inventory().relist(first.id).unwrap();
        let sales = desk.inventory().statistics().unwrap().sales;
        assert_eq!((sales.total.count, sales.came_back), (2, 1), "the sale before the relist stays");
        desk.inventory().delete(second.id).unwrap();
        assert_eq!(desk.inventory().statistics().unwrap().sales.total.count, 1);
    }
}
