//! Customers' offers and their way into inventory.

use std::sync::Barrier;

use chrono::TimeDelta;
use jpauto::{
    Action, ActivityFilter, Actor, Approval, Change, ErrorKind, Money, NewSubmission, PageRequest, Role,
    SubmissionFilter, SubmissionSort, SubmissionStatus, SubmissionUpdate, SubmissionWarning, VehicleFilter,
    VehicleStatus, VehicleUpdate, fields::Described,
};

use crate::support::{Lot, camry, corolla, vin};

fn offer(number: u32) -> NewSubmission {
    NewSubmission { vin: Some(vin(number)), ..camry() }
}

on_both_databases! {
    fn what_a_form_sends_around_a_text_is_not_kept(lot: &Lot) {
        for (number, (before, after)) in [("", ""), (" ", "\r\n"), ("\t\u{a0}", "\u{85} ")].into_iter().enumerate() {
            let around = |text: &str| Some(format!("{before}{text}{after}"));
            let sent = NewSubmission {
                make: around("Toyota").unwrap(),
                model: around("Camry").unwrap(),
                trim: around("LE"),
                customer_name: around("Ann Lee"),
                customer_email: around("ann@lot.example"),
                customer_phone: around("(213) 555-0100"),
                exterior_color: around("Blue"),
                interior_color: around("Grey"),
                transmission: around("CVT"),
                fuel_type: around("Gas"),
                condition: around("good"),
                ..offer(number as u32)
            };
            let kept = lot.website().submissions().submit(&sent).unwrap();
            let texts = serde_json::to_value(&kept).unwrap();
            for (field, text) in texts.as_object().unwrap().iter().filter_map(|(name, value)| Some((name, value.as_str()?))) {
                assert_eq!(text.trim(), text, "{field}");
            }
            let (email, phone) = (kept.customer_email.as_deref(), kept.customer_phone.as_deref());
            assert_eq!((email, phone), (Some("ann@lot.example"), Some("(213) 555-0100")));
            let emptied = SubmissionUpdate {
                trim: Change::Set(format!("{before}{after}")),
                customer_email: Change::Set(format!("{before}{after}")),
                customer_phone: Change::Set(format!("{before}{after}")),
                ..SubmissionUpdate::default()
            };
            let emptied = lot.desk().submissions().update(kept.id, &emptied).unwrap();
            assert_eq!((emptied.trim, emptied.customer_email, emptied.customer_phone), (None, None, None));
        }
        assert_eq!(lot.dealership.check().unwrap().findings, []);
    }

    fn a_submission_round_trips_with_every_field(lot: &Lot) {
        let sent = NewSubmission {
            exterior_color: Some("Blau".into()),
            transmission: Some("CVT".into()),
            fuel_type: Some("Gas".into()),
            condition: Some("good".into()),
            interior_color: Some("Schwarz \u{1F697} 'quoted' \"twice\" \\ %_".into()),
            additional_notes: Some("line one\nline two \u{0}".replace('\u{0}', "").repeat(100)),
            mileage: Some(2_000_000),
            asking_price: Some(Money::MAX),
            ..camry()
        };
        let submission = lot.website().submissions().submit(&sent).unwrap();
        assert_eq!(lot.desk().submissions().get(submission.id).unwrap(), submission);
        assert_eq!(submission.submission_status, SubmissionStatus::Pending);
        assert_eq!(submission.asking_price, Some(Money::MAX));
        assert_eq!(submission.images.len(), 2);
        let shown = serde_json::to_value(&submission).unwrap();
        for field in NewSubmission::FIELDS {
            assert!(!shown[field.name].is_null(), "give {} a value here", field.name);
        }
        let bare = NewSubmission { year: 1900, make: "x".into(), model: "y".into(), ..NewSubmission::default() };
        let bare = lot.website().submissions().submit(&bare).unwrap();
        assert_eq!(lot.desk().submissions().get(bare.id).unwrap(), bare);
    }

    fn the_same_vin_is_taken_once(lot: &Lot) {
        lot.website().submissions().submit(&camry()).unwrap();
        let lower = NewSubmission { vin: Some("4t1b11hk5ku211111".into()), ..camry() };
        let refusal = lot.website().submissions().submit(&lower).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Conflict, "duplicate_vin"));
        assert_eq!(refusal.fields()[0].pointer, "/vin");
        let without = NewSubmission { vin: None, ..camry() };
        lot.website().submissions().submit(&without).unwrap();
        lot.website().submissions().submit(&without).unwrap();
    }

    fn one_address_may_send_five_in_half_an_hour(lot: &Lot) {
        let here = lot.dealership.acting_as(Actor::public().from_ip("203.0.113.7".parse().unwrap()));
        let there = lot.dealership.acting_as(Actor::public().from_ip("2001:db8::7".parse().unwrap()));
        for number in 0..5 {
            here.submissions().submit(&offer(number)).unwrap();
        }
        let refusal = here.submissions().submit(&offer(5)).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::RateLimited, "too_many_submissions"));
        there.submissions().submit(&offer(5)).unwrap();
        lot.desk().submissions().submit(&offer(6)).unwrap();
        lot.pass(TimeDelta::minutes(31));
        here.submissions().submit(&offer(7)).unwrap();
    }

    fn the_addresses_of_one_network_share_the_allowance(lot: &Lot) {
        let from = |address: &str| lot.dealership.acting_as(Actor::public().from_ip(address.parse().unwrap()));
        // The last has zeros where its text leaves them out.
        let of_one = ["2001:db8:0:2::1", "2001:db8:0:2:ffff::2", "2001:db8:0:2:1:2:3:4", "2001:db8:0:2:0:0:0:9"];
        for (number, address) in of_one.into_iter().chain(["2001:db8:0:2::"]).enumerate() {
            from(address).submissions().submit(&offer(number as u32)).unwrap();
        }
        let refusal = from("2001:db8:0:2:abcd::").submissions().submit(&offer(5)).unwrap_err();
        assert_eq!(refusal.code(), "too_many_submissions");
        from("2001:db8:0:3::1").submissions().submit(&offer(5)).unwrap();
        from("2001:db8::2").submissions().submit(&offer(6)).unwrap();
    }

    fn an_approval_makes_one_vehicle_with_its_trail(lot: &Lot) {
        let (manager, desk) = lot.staff(Role::Manager);
        let submission = lot.website().submissions().submit(&camry()).unwrap();
        lot.pass(TimeDelta::hours(2));
        let overrides = VehicleUpdate {
            price: Some(Money::from_dollars(13_500)),
            stock_number: Change::Set("S-1".into()),
            engine: Change::Set("2.5 l".into()),
            ..VehicleUpdate::default()
        };
        let vehicle = desk.submissions().approve(submission.id, &Approval::with(overrides)).unwrap();
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle, vehicle);
        assert_eq!(vehicle.price.to_string(), "13500.00");
        assert_eq!(vehicle.source_submission_id, Some(submission.id));
        assert_eq!((vehicle.created_by, vehicle.listed_at), (Some(manager.id), Some(lot.now())));
        assert_eq!((vehicle.status, vehicle.trim.as_deref()), (VehicleStatus::Available, Some("SE")));
        assert_eq!(vehicle.images, submission.images);
        let reviewed = desk.submissions().get(submission.id).unwrap();
        assert_eq!(reviewed.submission_status, SubmissionStatus::Approved);
        assert_eq!((reviewed.reviewed_by, reviewed.reviewed_at), (Some(manager.id), Some(lot.now())));
        let filter = ActivityFilter::default().resource(submission.id).action(Action::Approve);
        let trail = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items;
        assert_eq!(trail.len(), 1);
        assert_eq!(trail[0].user_id, Some(manager.id));
        assert_eq!(trail[0].ip_address.as_deref(), Some("203.0.113.9"));
        let change = &trail[0].changes.as_ref().unwrap()["submission_status"];
        assert_eq!(*change, serde_json::json!({"from": "pending", "to": "approved"}));
    }

    fn an_incomplete_approval_writes_nothing(lot: &Lot) {
        let new = NewSubmission { vin: None, mileage: None, asking_price: None, ..camry() };
        let submission = lot.website().submissions().submit(&new).unwrap();
        let entries = |lot: &Lot| lot.desk().activity().list(&ActivityFilter::default(), &PageRequest::first(500)).unwrap().items;
        let before = entries(lot);
        let refusal = lot.desk().submissions().approve(submission.id, &Approval::as_offered()).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::InvalidInput, "approval_incomplete"));
        let pointers: Vec<_> = refusal.fields().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(pointers, ["/price", "/vin", "/mileage"]);
        assert_eq!(lot.desk().submissions().get(submission.id).unwrap(), submission);
        assert!(lot.desk().inventory().list(&VehicleFilter::default(), &PageRequest::default()).unwrap().items.is_empty());
        assert_eq!(entries(lot), before);
    }

    fn a_vin_in_inventory_stands_against_an_approval_and_nothing_is_written(lot: &Lot) {
        lot.desk().inventory().add(&corolla(1)).unwrap();
        let submission = lot.website().submissions().submit(&offer(1)).unwrap();
        let refusal = lot.desk().submissions().approve(submission.id, &Approval::as_offered()).unwrap_err();
        assert_eq!(refusal.code(), "duplicate_vin");
        assert_eq!(lot.desk().submissions().get(submission.id).unwrap(), submission);
    }

    fn a_stock_number_that_is_made_is_free(lot: &Lot) {
        let desk = lot.desk();
        let vin = offer(1).vin.unwrap();
        let end = vin[9..].to_owned();
        let number = |number: &str| Change::Set(number.to_owned());
        // Somebody calls other cars as this one would be called.
        let others = [(end.clone(), 2), (format!("{end}-2"), 3)].map(|(stock_number, car)| {
            desk.inventory().add(&jpauto::NewVehicle { stock_number: Some(stock_number), ..corolla(car) }).unwrap()
        });
        let submission = lot.website().submissions().submit(&offer(1)).unwrap();
        let taken = VehicleUpdate { stock_number: number(&end), ..VehicleUpdate::default() };
        let refusal = desk.submissions().approve(submission.id, &Approval::with(taken)).unwrap_err();
        assert_eq!(refusal.code(), "duplicate_stock_number", "what is given is not replaced");
        let vehicle = desk.submissions().approve(submission.id, &Approval::as_offered()).unwrap();
        assert_eq!(vehicle.stock_number, Some(format!("{end}-3")));
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle, vehicle);
        // Cleared, it has the best that is free.
        let freed = VehicleUpdate { stock_number: number("A1"), ..VehicleUpdate::default() };
        desk.inventory().update(others[0].id, &freed).unwrap();
        let cleared = VehicleUpdate { stock_number: Change::Clear, ..VehicleUpdate::default() };
        assert_eq!(desk.inventory().update(vehicle.id, &cleared).unwrap().stock_number, Some(end));
    }

    fn a_review_happens_once(lot: &Lot) {
        let submission = lot.website().submissions().submit(&camry()).unwrap();
        let desk = lot.desk();
        assert_eq!(desk.submissions().reject(submission.id, " ").unwrap_err().code(), "rejection_reason_missing");
        let rejected = desk.submissions().reject(submission.id, "flood damage").unwrap();
        assert_eq!(rejected.rejection_reason.as_deref(), Some("flood damage"));
        assert_eq!(desk.submissions().get(submission.id).unwrap(), rejected);
        for refusal in [
            desk.submissions().reject(submission.id, "again").unwrap_err(),
            desk.submissions().approve(submission.id, &Approval::as_offered()).unwrap_err(),
            desk.submissions().update(submission.id, &SubmissionUpdate::default()).unwrap_err(),
        ] {
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Conflict, "submission_already_reviewed"));
        }
        let nowhere = jpauto::SubmissionId::new(lot.now());
        assert_eq!(desk.submissions().reject(nowhere, "x").unwrap_err().code(), "submission_not_found");
    }

    fn of_many_reviewers_at_once_exactly_one_makes_a_vehicle(lot: &Lot) {
        const REVIEWERS: usize = 8;
        for round in 0..5 {
            let submission = lot.website().submissions().submit(&offer(round)).unwrap();
            let start = Barrier::new(REVIEWERS);
            let outcomes: Vec<_> = std::thread::scope(|scope| {
                let reviewers: Vec<_> = (0..REVIEWERS)
                    .map(|_| {
                        let desk = lot.another_process().acting_as(Actor::system());
                        let start = &start;
                        scope.spawn(move || {
                            start.wait();
                            desk.submissions().approve(submission.id, &Approval::as_offered())
                        })
                    })
                    .collect();
                reviewers.into_iter().map(|reviewer| reviewer.join().unwrap()).collect()
            });
            let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
            assert_eq!(made.len(), 1);
            for refusal in refused {
                assert_eq!(refusal.unwrap_err().code(), "submission_already_reviewed");
            }
            let vehicles = lot.desk().inventory().list(&VehicleFilter::default(), &PageRequest::default()).unwrap();
            assert_eq!(vehicles.items.len(), round as usize + 1);
        }
    }

    fn a_customers_flood_at_once_is_stopped_at_five(lot: &Lot) {
        let taken = lot.at_once(12, |website, number| {
            let website = website.acting_as(Actor::public().from_ip("203.0.113.7".parse().unwrap()));
            website.submissions().submit(&offer(number as u32)).is_ok()
        });
        assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 5);
    }

    fn letters_beyond_ascii_are_found(lot: &Lot) {
        let new = NewSubmission { make: " \u{160}koda ".into(), ..camry() };
        assert_eq!(lot.website().submissions().submit(&new).unwrap().make, "\u{160}koda");
        let mut filter = SubmissionFilter::default();
        filter.make = Some("\u{160}koda".into());
        filter.q = Some("\u{160}koda".into());
        assert_eq!(lot.desk().submissions().list(&filter, &PageRequest::default()).unwrap().items.len(), 1);
    }

    fn two_offers_of_one_car_at_once_are_taken_once(lot: &Lot) {
        let outcomes = lot.at_once(6, |website, _| website.acting_as(Actor::public()).submissions().submit(&camry()));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(|refusal| refusal.code() == "duplicate_vin"));
    }

    fn a_pending_offer_is_corrected_field_by_field(lot: &Lot) {
        let submission = lot.website().submissions().submit(&camry()).unwrap();
        lot.pass(TimeDelta::minutes(1));
        let correction: SubmissionUpdate = serde_json::from_str(r#"{"mileage": 53000, "trim": null}"#).unwrap();
        let after = lot.desk().submissions().update(submission.id, &correction).unwrap();
        assert_eq!((after.mileage, after.trim.clone(), after.vin.clone()), (Some(53_000), None, submission.vin));
        assert_eq!(lot.desk().submissions().get(submission.id).unwrap(), after);
        let filter = ActivityFilter::default().resource(submission.id).action(Action::Update);
        let trail = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items;
        let expected = serde_json::json!({"mileage": {"from": 52000, "to": 53000}, "trim": {"from": "SE", "to": null}});
        assert_eq!(trail[0].changes, Some(expected));
        let wrong: SubmissionUpdate = serde_json::from_str(r#"{"mileage": -5}"#).unwrap();
        assert_eq!(lot.desk().submissions().update(submission.id, &wrong).unwrap_err().fields()[0].pointer, "/mileage");
    }

    fn unknown_fields_are_refused_by_name(lot: &Lot) {
        let refusal = serde_json::from_str::<NewSubmission>(r#"{"year": 2019, "submission_status": "approved"}"#).unwrap_err();
        assert!(refusal.to_string().contains("unknown field `submission_status`"), "{refusal}");
        let refusal = serde_json::from_str::<VehicleUpdate>(r#"{"created_by": null}"#).unwrap_err();
        assert!(refusal.to_string().contains("unknown field `created_by`"), "{refusal}");
        drop(lot.desk());
    }

    fn lists_are_filtered_and_paged(lot: &Lot) {
        for number in 0..7 {
            let make = if number % 2 == 0 { "Toyota" } else { "Honda" };
            let new = NewSubmission { make: make.into(), customer_name: Some(format!("Customer {number}")), ..offer(number) };
            lot.website().submissions().submit(&new).unwrap();
            lot.pass(TimeDelta::seconds(1));
        }
        let desk = lot.desk();
        let all = |filter: &SubmissionFilter| {
            let mut found = Vec::new();
            let mut page = PageRequest::first(2);
            loop {
                let submissions = desk.submissions().list(filter, &page).unwrap();
                assert!(submissions.items.len() <= 2);
                found.extend(submissions.items.into_iter().map(|submission| submission.customer_name.unwrap()));
                let Some(next) = submissions.next else { break found };
                page = page.after(next);
            }
        };
        let newest_first: Vec<_> = (0..7).rev().map(|number| format!("Customer {number}")).collect();
        assert_eq!(all(&SubmissionFilter::default()), newest_first);
        let mut hondas = SubmissionFilter::pending().sort(SubmissionSort::SubmittedAt);
        hondas.make = Some("HONDA".into());
        assert_eq!(all(&hondas), ["Customer 1", "Customer 3", "Customer 5"]);
        let mut words = SubmissionFilter::default();
        words.q = Some("toyota customer 4".into());
        assert_eq!(all(&words), ["Customer 4"]);
        words.q = Some("100%".into());
        assert!(all(&words).is_empty());
        let wrong = PageRequest::first(2).after("nonsense");
        assert_eq!(desk.submissions().list(&words, &wrong).unwrap_err().code(), "invalid_cursor");
    }

    fn a_car_of_before_1981_is_offered_and_taken_in_by_its_chassis_number(lot: &Lot) {
        let offer = NewSubmission { year: 1957, vin: Some("vc57l123456".into()), ..camry() };
        let submission = lot.website().submissions().submit(&offer).unwrap();
        assert_eq!(submission.vin.as_deref(), Some("VC57L123456"));
        assert_eq!(submission.warnings, [SubmissionWarning::ChassisNumber]);
        assert_eq!(lot.desk().submissions().get(submission.id).unwrap(), submission);
        assert_eq!(lot.website().submissions().submit(&offer).unwrap_err().code(), "duplicate_vin");
        // A VIN of the standard in such a year is a chassis number too: nothing is read from it, its check digit neither.
        let of_17 = NewSubmission { vin: Some("1M8GDM9A0KP042788".into()), ..offer.clone() };
        assert_eq!(lot.website().submissions().submit(&of_17).unwrap().warnings, [SubmissionWarning::ChassisNumber]);
        for (year, vin) in [(1957, "1234"), (1981, "VC57L123456"), (2019, "VC57L123456")] {
            let refusal = lot.website().submissions().submit(&NewSubmission { year, vin: Some(vin.into()), ..camry() }).unwrap_err();
            assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("invalid_submission", "/vin"), "{year} {vin}");
        }
        let vehicle = lot.desk().submissions().approve(submission.id, &Approval::as_offered()).unwrap();
        assert_eq!((vehicle.vin.as_str(), vehicle.warnings.as_slice()), ("VC57L123456", &[SubmissionWarning::ChassisNumber][..]));
        let older = SubmissionUpdate { year: Some(2019), ..SubmissionUpdate::default() };
        let other = lot.website().submissions().submit(&NewSubmission { vin: Some("S1-12345".into()), ..offer }).unwrap();
        assert_eq!(lot.desk().submissions().update(other.id, &older).unwrap_err().fields()[0].pointer, "/vin");
    }

    fn a_price_like_a_typing_error_is_a_warning_or_refused_until_it_is_confirmed(lot: &Lot) {
        let desk = lot.desk();
        let careful = desk.submissions().refusing_doubtful_prices();
        let cheap = NewSubmission { asking_price: Some(Money::from_cents(1)), ..offer(1) };
        let refusal = careful.submit(&cheap).unwrap_err();
        assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("price_doubtful", "/asking_price"));
        let submission = lot.website().submissions().submit(&cheap).unwrap();
        let codes = |submission: &jpauto::Submission| submission.warnings.iter().map(SubmissionWarning::code).collect::<Vec<_>>();
        assert!(codes(&submission).contains(&"price_out_of_range"), "{submission:?}");
        assert_eq!(desk.submissions().get(submission.id).unwrap(), submission);
        let listed = desk.submissions().list(&SubmissionFilter::default(), &PageRequest::default()).unwrap().items;
        assert_eq!(listed, std::slice::from_ref(&submission));
        let mileage: SubmissionUpdate = serde_json::from_str(r#"{"mileage": 52001}"#).unwrap();
        careful.update(submission.id, &mileage).unwrap();
        let dear: SubmissionUpdate = serde_json::from_str(r#"{"asking_price": "99999999.99"}"#).unwrap();
        assert_eq!(careful.update(submission.id, &dear).unwrap_err().code(), "price_doubtful");
        assert_eq!(careful.approve(submission.id, &Approval::as_offered()).unwrap_err().code(), "price_doubtful");

        // A correction is compared with what was asked before.
        let asked = lot.website().submissions().submit(&offer(3)).unwrap();
        for price in ["1500.00", "150000.00"] {
            let update: SubmissionUpdate = serde_json::from_str(&format!(r#"{{"asking_price": "{price}"}}"#)).unwrap();
            let refusal = careful.update(asked.id, &update).unwrap_err();
            assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("price_doubtful", "/asking_price"), "{price}");
            let back: SubmissionUpdate = serde_json::from_str(r#"{"asking_price": "15000.00"}"#).unwrap();
            assert!(codes(&desk.submissions().update(asked.id, &update).unwrap()).contains(&"price_far_from_other"));
            desk.submissions().update(asked.id, &back).unwrap();
        }

        let submission = lot.website().submissions().submit(&offer(2)).unwrap();
        let tenth = Approval::at_price(Money::from_dollars(1_500));
        assert_eq!(careful.approve(submission.id, &tenth).unwrap_err().code(), "price_doubtful");
        assert_eq!(desk.submissions().get(submission.id).unwrap(), submission, "nothing is written");
        let vehicle = desk.submissions().approve(submission.id, &tenth).unwrap();
        assert_eq!(vehicle.warnings.iter().map(SubmissionWarning::code).collect::<Vec<_>>(), ["price_far_from_other"]);
        // What the car cost when we sold it counts as well.
        desk.inventory().set_status(vehicle.id, VehicleStatus::Sold).unwrap();
        let again = lot.website().submissions().submit(&NewSubmission { asking_price: None, ..offer(2) }).unwrap();
        let high = Approval::at_price(Money::from_dollars(15_000));
        assert_eq!(careful.approve(again.id, &high).unwrap_err().code(), "price_doubtful");
        desk.submissions().approve(again.id, &high).unwrap();
    }

    fn a_deleted_offer_leaves_its_vehicle(lot: &Lot) {
        let submission = lot.website().submissions().submit(&camry()).unwrap();
        let vehicle = lot.desk().submissions().approve(submission.id, &Approval::as_offered()).unwrap();
        lot.desk().submissions().delete(submission.id).unwrap();
        assert_eq!(lot.desk().submissions().get(submission.id).unwrap_err().code(), "submission_not_found");
        assert_eq!(lot.desk().inventory().get(vehicle.id).unwrap().vehicle.source_submission_id, None);
        let filter = ActivityFilter::default().resource(submission.id).action(Action::Delete);
        let trail = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items;
        assert!(!trail[0].changes.as_ref().unwrap().to_string().contains("ann@example.com"), "no personal data in the trail");
    }
}
