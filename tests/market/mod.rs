//! Vehicles priced against the listings of competitors.

use std::ops::ControlFlow;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use jpauto::{
    Action, ActivityFilter, AlertFilter, AlertType, Change, ErrorKind, Money, NewVehicle, PageRequest, Role, Severity,
    Vehicle, VehicleFilter, VehicleId, VehicleStatus, VehicleUpdate,
    competitors::{NewCompetitor, ScrapeReading},
    extract::ScrapedListing,
    market::{
        AdjustedPrices, AnalyzeLimits, BacktestOptions, Confidence, DataSource, MarketMood, PriceRange, Progress,
        Recommendation, SlopeOutcome, Subject,
    },
};
use uuid::Uuid;

use crate::support::{Lot, as_recorded, corolla, vin};

mod facts;
mod runs;
mod stored;

/// A listing at the one competitor of these tests, as like the vehicle of `corolla` as can be.
#[derive(Clone)]
struct Listing {
    number: u32,
    vin: Option<String>,
    year: i32,
    make: &'static str,
    model: &'static str,
    price: i32,
    mileage: Option<i32>,
    days_listed: i64,
    days_since_sale: Option<i64>,
}

fn listing(number: u32, price: i32) -> Listing {
    Listing {
        number,
        vin: Some(vin(900_000 + number)),
        year: 2018,
        make: "Toyota",
        model: "Corolla",
        price,
        mileage: Some(60_000),
        days_listed: 20,
        days_since_sale: None,
    }
}

/// Writes rows as a scrape would have left them.
fn list(lot: &Lot, listings: impl IntoIterator<Item = Listing>) {
    let on_sqlite = lot.url.starts_with("sqlite:");
    let id = |number: u128| match Uuid::from_u128(number) {
        id if on_sqlite => format!("X'{}'", id.simple()),
        id => format!("'{id}'"),
    };
    let time = |time: DateTime<Utc>| format!("'{}'", time.to_rfc3339_opts(SecondsFormat::Micros, true));
    let ago = |days: i64| time(lot.now() - TimeDelta::days(days));
    let mut sql = format!(
        "INSERT INTO competitors (id, name, inventory_url) VALUES ({}, 'Rival Motors', 'https://rival.example/cars')
         ON CONFLICT (id) DO NOTHING;",
        id(1)
    );
    for Listing { number, vin, year, make, model, price, mileage, days_listed, days_since_sale } in listings {
        let row = [
            id(1_000 + u128::from(number)),
            id(1),
            vin.map_or("NULL".into(), |vin| format!("'{vin}'")),
            year.to_string(),
            format!("'{make}'"),
            format!("'{model}'"),
            if on_sqlite { (price * 100).to_string() } else { price.to_string() },
            mileage.map_or("NULL".into(), |miles| miles.to_string()),
            ago(days_listed),
            ago(days_since_sale.unwrap_or(0)),
            match (days_since_sale, on_sqlite) {
                (None, true) => "0".into(),
                (Some(_), true) => "1".into(),
                (sold, false) => sold.is_some().to_string(),
            },
            days_since_sale.map_or("NULL".into(), ago),
        ];
        sql += &format!(
            "INSERT INTO competitor_inventory (id, competitor_id, vin, year, make, model, price, mileage, first_seen_at,
             last_seen_at, is_sold, sold_at) VALUES ({});",
            row.join(", ")
        );
    }
    lot.execute(&(sql + as_recorded(&lot.url)));
}

/// Five listings whose median is 13,500.
fn five() -> [Listing; 5] {
    [listing(1, 12_000), listing(2, 13_000), listing(3, 13_500), listing(4, 14_000), listing(5, 15_000)]
}

fn dollars(amount: i32) -> Money {
    Money::from_dollars(amount)
}

fn add(lot: &Lot, number: u32) -> Vehicle {
    lot.desk().inventory().add(&corolla(number)).unwrap()
}

fn reprice(lot: &Lot, vehicle: &Vehicle, price: i32) {
    let update = VehicleUpdate { price: Some(dollars(price)), ..VehicleUpdate::default() };
    lot.desk().inventory().update(vehicle.id, &update).unwrap();
}

fn open_alerts(lot: &Lot) -> Vec<jpauto::Alert> {
    lot.desk().alerts().list(&AlertFilter::default(), &PageRequest::default()).unwrap().items
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

on_both_databases! {
    fn an_analysis_worked_out_by_hand_is_told_and_kept(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five());
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.confidence), (5, Confidence::Limited));
        assert_eq!(analysis.recommendation, Some(Recommendation::Competitive));
        assert_eq!(analysis.data_source, DataSource::Competitor);
        let raw = (analysis.median_price, analysis.min_price, analysis.max_price);
        assert_eq!(raw, (Some(dollars(13_500)), Some(dollars(12_000)), Some(dollars(15_000))));
        // All are of our mileage and year, so the adjusted prices are the raw ones; quartiles at places 1 and 3.
        let expected = AdjustedPrices {
            min: dollars(12_000),
            p25: dollars(13_000),
            median: dollars(13_500),
            p75: dollars(14_000),
            max: dollars(15_000),
        };
        assert_eq!(analysis.adjusted, Some(expected));
        assert_eq!(analysis.adjustment.mileage, SlopeOutcome::NotNeeded);
        assert_eq!(analysis.recommended_range, Some(PriceRange { low: dollars(13_000), high: dollars(14_000) }));
        let position = analysis.position.unwrap();
        assert!((position.difference_percent - 100.0 / 27.0).abs() < 1e-9, "{position:?}");
        assert_eq!((position.rank, position.cheaper, position.dearer, position.percentile), (4, 3, 1, 60.0));
        assert_eq!((analysis.supply.active, analysis.supply.sold, analysis.supply.market_days_supply), (5, 0, None));
        let nearest = &analysis.comparables[0].comparable;
        assert_eq!(nearest.dealer.as_deref(), Some("Rival Motors"));
        assert_eq!(nearest.external_id.as_deref(), Some(Uuid::from_u128(1_001).to_string().as_str()), "the id of our row");
        assert_eq!(open_alerts(lot), []);

        let kept = lot.desk().market().get(vehicle.id).unwrap();
        assert_eq!(kept.analysis.as_ref(), Some(&analysis));
        assert_eq!((kept.inventory_id, kept.sample_size), (vehicle.id, 5));
        assert_eq!((kept.median_price, kept.min_price, kept.max_price), raw);
        assert_eq!(kept.price_recommendation, Some(Recommendation::Competitive));
        assert_eq!((kept.last_analyzed_at, kept.created_at), (Some(lot.now()), Some(lot.now())));
    }

    fn too_few_comparables_recommend_nothing_and_open_an_alert(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five().into_iter().take(4));
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!(analysis.recommendation, Some(Recommendation::InsufficientData));
        assert_eq!((analysis.sample_size, analysis.recommended_range), (4, None));
        let alerts = open_alerts(lot);
        assert_eq!(alerts.len(), 1);
        assert_eq!((alerts[0].alert_type.as_str(), alerts[0].severity), ("no_market_data", Severity::Warning));
        assert_eq!(alerts[0].subject_id, Some(vehicle.id.into()));
        list(lot, [listing(5, 15_000)]);
        lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!(open_alerts(lot), [], "the market can be read again");
        let mut all = AlertFilter::default();
        all.with_dismissed = true;
        let closed = lot.desk().alerts().list(&all, &PageRequest::default()).unwrap().items;
        let told = "2018 Toyota Corolla (JC000001): only 4 comparable listings were found; now there are 5";
        assert_eq!(closed.iter().map(|alert| alert.message.as_str()).collect::<Vec<_>>(), [told]);
    }

    fn an_alert_is_opened_once_updated_and_closed(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five());
        reprice(lot, &vehicle, 15_200);
        lot.desk().market().analyze(vehicle.id).unwrap();
        let opened = open_alerts(lot);
        assert_eq!((opened.len(), opened[0].alert_type.as_str()), (1, "overpriced"));
        // 1,700 of 13,500 is 12.6 %.
        assert_eq!(opened[0].severity, Severity::Warning);
        assert_eq!(opened[0].message, "2018 Toyota Corolla (JC000001): $15,200 is 12.6 % above the market's $13,500");
        assert_eq!(opened[0].metadata["inventory_id"], vehicle.id.to_string());

        lot.pass(TimeDelta::hours(1));
        reprice(lot, &vehicle, 16_000);
        lot.desk().market().analyze(vehicle.id).unwrap();
        let updated = open_alerts(lot);
        assert_eq!((updated.len(), updated[0].id), (1, opened[0].id), "updated, not repeated");
        assert_eq!(updated[0].severity, Severity::Critical, "2,500 of 13,500 is 18.5 %");
        let told = || lot.count("SELECT count(*) FROM outbox WHERE event = 'alert.critical'");
        assert_eq!(told(), 1, "people are told when it becomes critical");
        lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!(told(), 1, "and not again");

        reprice(lot, &vehicle, 12_000);
        lot.desk().market().analyze(vehicle.id).unwrap();
        let below = open_alerts(lot);
        assert_eq!((below.len(), below[0].alert_type.as_str()), (1, "underpriced"));
        assert!(below[0].message.ends_with("$12,000 is 11.1 % below the market's $13,500"), "{}", below[0].message);

        reprice(lot, &vehicle, 14_000);
        lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!(open_alerts(lot), []);
        let mut all = AlertFilter::default();
        all.with_dismissed = true;
        let closed = lot.desk().alerts().list(&all, &PageRequest::default()).unwrap().items;
        assert_eq!(closed.iter().map(|alert| alert.dismissed_at).collect::<Vec<_>>(), [Some(lot.now()); 2]);
        let messages = closed.iter().map(|alert| alert.message.as_str()).collect::<Vec<_>>();
        let was = |sentence: &str| messages.iter().filter(|message| **message == sentence).count();
        let above = "2018 Toyota Corolla (JC000001): $16,000 was 18.5 % above the market's $13,500; ";
        assert_eq!(was(&format!("{above}now $12,000 is 11.1 % below the market's $13,500")), 1, "{messages:?}");
        let below = "2018 Toyota Corolla (JC000001): $12,000 was 11.1 % below the market's $13,500; ";
        assert_eq!(was(&format!("{below}now $14,000 is within the market: +3.7 % from $13,500")), 1, "{messages:?}");
    }

    fn an_alert_that_is_dismissed_stays_away_until_the_price_changes_or_it_is_critical(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five());
        let analyzed_at = |price: i32| {
            lot.pass(TimeDelta::hours(1));
            reprice(lot, &vehicle, price);
            lot.desk().market().analyze(vehicle.id).unwrap();
            open_alerts(lot).into_iter().map(|alert| (alert.id, alert.severity)).collect::<Vec<_>>()
        };
        let opened = analyzed_at(15_200);
        assert_eq!(opened.len(), 1);
        lot.desk().alerts().dismiss(opened[0].0).unwrap();
        assert_eq!(analyzed_at(15_200), [], "the same price in the same market");
        let again = analyzed_at(15_300);
        assert_eq!(again.len(), 1, "another price");
        lot.desk().alerts().dismiss(again[0].0).unwrap();
        list(lot, [listing(6, 12_900), listing(7, 12_800), listing(8, 12_800)]);
        let critical = analyzed_at(15_300);
        assert_eq!(critical.iter().map(|(_, severity)| *severity).collect::<Vec<_>>(), [Severity::Critical]);
        // What closes by itself is no longer known when it comes back.
        assert_eq!(analyzed_at(13_500), []);
        assert_eq!(analyzed_at(15_300).len(), 1);
    }

    fn the_alerts_of_a_vehicle_that_is_sold_or_deleted_are_closed(lot: &Lot) {
        let (sold, deleted) = (add(lot, 1), add(lot, 2));
        for vehicle in [&sold, &deleted] {
            lot.desk().market().analyze(vehicle.id).unwrap();
        }
        assert_eq!(open_alerts(lot).len(), 2);
        lot.desk().inventory().set_status(sold.id, VehicleStatus::Hold).unwrap();
        assert_eq!(open_alerts(lot).len(), 2, "held back is not sold");
        lot.desk().inventory().set_status(sold.id, VehicleStatus::Sold).unwrap();
        assert_eq!(open_alerts(lot)[0].subject_id, Some(deleted.id.into()));
        lot.desk().inventory().delete(deleted.id).unwrap();
        assert_eq!(open_alerts(lot), []);
        let mut all = AlertFilter::default();
        all.with_dismissed = true;
        let closed = lot.desk().alerts().list(&all, &PageRequest::default()).unwrap().items;
        for (vehicle, why) in [(&sold, "now it is sold"), (&deleted, "it is no longer in the inventory")] {
            let message = closed.iter().find(|alert| alert.subject_id == Some(vehicle.id.into())).map(|alert| &alert.message);
            let number = vehicle.stock_number.as_deref().unwrap_or_default();
            let expected = format!("2018 Toyota Corolla ({number}): no comparable listing was found; {why}");
            assert_eq!(message, Some(&expected));
        }
    }

    fn our_own_vehicles_are_no_comparables(lot: &Lot) {
        let (vehicle, other) = (add(lot, 1), add(lot, 2));
        let own = |number, vin: &str| Listing { vin: Some(vin.to_owned()), ..listing(number, 13_900) };
        list(lot, five().into_iter().chain([own(6, &vehicle.vin), own(7, &other.vin.to_lowercase())]));
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.left_out.own), (5, 2));

        // Another program may write blanks into a number where the column has room for them.
        let room = if lot.url.starts_with("sqlite:") {
            "PRAGMA ignore_check_constraints = ON"
        } else {
            "ALTER TABLE inventory ALTER vin TYPE text"
        };
        lot.execute(&format!("{room}; UPDATE inventory SET vin = substr(vin, 1, 3) || ' ' || substr(vin, 4)"));
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.left_out.own), (5, 2));
    }

    fn listings_count_by_when_they_were_sold_and_how_near_they_are(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five());
        list(lot, [
            Listing { days_since_sale: Some(45), days_listed: 60, ..listing(10, 12_500) },
            Listing { days_since_sale: Some(46), days_listed: 60, ..listing(11, 13_200) },
            Listing { mileage: None, ..listing(12, 14_500) },
            Listing { mileage: Some(-1), ..listing(13, 12_800) },
            Listing { mileage: Some(80_000), ..listing(14, 13_450) },
            Listing { mileage: Some(110_001), ..listing(15, 13_460) },
            Listing { year: 2016, ..listing(16, 13_470) },
            Listing { make: "Honda", ..listing(17, 13_480) },
            Listing { model: "Corolla Cross", ..listing(18, 13_490) },
            Listing { make: "TOYOTA", model: "corolla", vin: None, ..listing(19, 14_200) },
            Listing { days_listed: 91, ..listing(20, 13_496) },
        ]);
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        let mut prices: Vec<_> = analysis.comparables.iter().map(|one| one.comparable.price.unwrap()).collect();
        prices.sort_unstable();
        let expected = [12_000, 12_500, 12_800, 13_000, 13_450, 13_500, 14_000, 14_200, 14_500, 15_000].map(dollars);
        assert_eq!(prices, expected);
        assert_eq!(analysis.search_parameters.tier, 1);
        assert_eq!((analysis.left_out.stale, analysis.left_out.unlike), (1, 0), "the others were not even loaded");
        assert_eq!((analysis.supply.active, analysis.supply.sold, analysis.supply.market_days_supply), (9, 1, Some(405.0)));
    }

    fn names_are_found_whatever_their_punctuation(lot: &Lot) {
        let ours = NewVehicle { make: "Mercedes-Benz".into(), model: "C-Class".into(), ..corolla(1) };
        let vehicle = lot.desk().inventory().add(&ours).unwrap();
        let spellings = [
            ("Mercedes-Benz", "C-Class"),
            ("MERCEDES BENZ", "C CLASS"),
            ("mercedesbenz", "c-class"),
            ("Mercedes-Benz", "C.Class"),
            ("Mercedes Benz", "CClass"),
        ];
        let spelled = |(listing, (make, model)): (Listing, (&'static str, &'static str))| Listing { make, model, ..listing };
        list(lot, five().into_iter().zip(spellings).map(spelled));
        list(lot, [Listing { make: "Mercedes-Benz", model: "E-Class", ..listing(9, 13_000) }]);
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.median_price), (5, Some(dollars(13_500))));
        let supply = lot.desk().market().days_supply("mercedes benz", "C-CLASS", 2018).unwrap();
        assert_eq!(supply.active, 5);
    }

    fn the_search_widens_to_the_neighbouring_years(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five().map(|one| Listing { year: 2018 + i32::try_from(one.number % 3).unwrap() - 1, ..one }));
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.search_parameters.tier, analysis.sample_size), (3, 5));
    }

    fn the_days_of_supply_are_unknown_until_one_is_sold(lot: &Lot) {
        list(lot, five().map(|one| Listing { mileage: Some(200_000), ..one }));
        let supply = lot.desk().market().days_supply("toyota", "COROLLA", 2018).unwrap();
        assert_eq!((supply.active, supply.sold, supply.market_days_supply), (5, 0, None));
        list(lot, [1, 2].map(|number| Listing { days_since_sale: Some(10), ..listing(20 + number, 13_000) }));
        list(lot, [Listing { year: 2019, ..listing(30, 13_000) }]);
        let supply = lot.desk().market().days_supply("Toyota", "Corolla", 2018).unwrap();
        // 5 active / (2 sold / 45 days)
        assert_eq!((supply.active, supply.sold, supply.market_days_supply), (5, 2, Some(112.5)));
        assert_eq!(lot.desk().market().days_supply("Tesla", "Model 3", 2018).unwrap().active, 0);
    }

    fn a_recorded_scrape_is_what_an_analysis_compares_with(lot: &Lot) {
        let vehicle = add(lot, 1);
        let rival = NewCompetitor {
            name: "Rival Motors".into(),
            inventory_url: "https://rival.example/cars".into(),
            ..NewCompetitor::default()
        };
        let rival = lot.desk().competitors().add(&rival).unwrap();
        let scraped = |number: u32, price: i32| ScrapedListing {
            vin: Some(vin(900_000 + number)),
            year: Some(2018),
            make: Some("Toyota".into()),
            model: Some("Corolla".into()),
            price: Some(dollars(price)),
            mileage: Some(60_000),
            ..ScrapedListing::default()
        };
        let prices = [12_000, 13_000, 13_500, 14_000, 15_000, 14_500];
        let seen: Vec<_> = (1..).zip(prices).map(|(number, price)| scraped(number, price)).collect();
        let record = |listings| {
            lot.desk().competitors().record(rival.id, listings, ScrapeReading::whole_lot(), lot.now()).unwrap()
        };
        record(seen.clone());
        lot.pass(TimeDelta::days(10));
        record(seen.into_iter().map(|one| ScrapedListing { is_sold: Some(one.price == Some(dollars(14_500))), ..one }).collect());
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.median_price), (6, Some(dollars(13_750))));
        assert_eq!((analysis.supply.active, analysis.supply.sold), (5, 1));
    }

    fn a_zero_for_a_mileage_is_none(lot: &Lot) {
        let vehicle = lot.desk().inventory().add(&NewVehicle { mileage: 0, ..corolla(1) }).unwrap();
        list(lot, five());
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!(analysis.search_parameters.mileage_max, None);
        assert_eq!(analysis.adjusted.map(|prices| prices.median), analysis.median_price);
    }

    fn only_staff_who_may_analyse_do(lot: &Lot) {
        let vehicle = add(lot, 1);
        let (_, viewer) = lot.staff(Role::Viewer);
        assert_eq!(viewer.market().analyze(vehicle.id).unwrap_err().code(), "forbidden");
        assert_eq!(viewer.market().analyze_due(AnalyzeLimits::default(), &mut go_on).unwrap_err().code(), "forbidden");
        assert_eq!(viewer.market().analyze_all(&mut go_on).unwrap_err().code(), "forbidden");
        assert_eq!(viewer.market().get(vehicle.id).unwrap_err().code(), "vehicle_not_analyzed");
        assert_eq!(viewer.market().overview().unwrap().not_analyzed, 1);
        for website in [lot.website().market().overview().unwrap_err(), lot.website().market().get(vehicle.id).unwrap_err()] {
            assert_eq!(website.kind(), ErrorKind::Unauthenticated);
        }
    }

    fn what_can_not_be_analysed_is_refused_by_name(lot: &Lot) {
        let sold = add(lot, 1);
        lot.desk().inventory().set_status(sold.id, VehicleStatus::Sold).unwrap();
        let refusal = lot.desk().market().analyze(sold.id).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Conflict, "vehicle_sold"));
        let nobody = VehicleId::new(lot.now());
        let market = lot.desk();
        let market = market.market();
        for refusal in [
            market.analyze(nobody).unwrap_err(),
            market.get(nobody).unwrap_err(),
            market.history(nobody, &PageRequest::default()).unwrap_err(),
        ] {
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::NotFound, "vehicle_not_found"));
        }
    }

    fn a_listing_that_says_its_title_is_branded_is_compared_with_branded_ones_alone(lot: &Lot) {
        let vehicle = add(lot, 1);
        list(lot, five());
        list(lot, (11..=16).map(|number| listing(number, 9_000)));
        let id = |number: u128| match Uuid::from_u128(1_000 + number) {
            id if lot.url.starts_with("sqlite:") => format!("X'{}'", id.simple()),
            id => format!("'{id}'"),
        };
        let mark = |number, set: &str| lot.execute(&format!("UPDATE competitor_inventory SET {set} WHERE id = {}", id(number)));
        mark(11, "trim = 'LE - Salvage Title'");
        mark(12, "url = 'https://rival.example/used/corolla-rebuilt-title-12'");
        mark(13, r#"raw_data = '{"title_status": "Rebuilt"}'"#);
        mark(14, r#"raw_data = '{"notes": "as is. BRANDED TITLE, runs"}'"#);
        mark(15, r#"raw_data = '{"is_salvage": true}'"#);
        mark(16, "trim = 'LE salvage'");
        // What was not branded stays.
        mark(1, r#"raw_data = '{"condition": "used", "title": "clean title, no salvage"}'"#);
        let analysis = lot.desk().market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.left_out.branded), (5, 6));
        let branded = Subject { branded: true, ..Subject::from(&vehicle) };
        assert_eq!(lot.desk().market().price(&branded).unwrap().left_out.branded, 0);
    }

    fn what_no_car_and_no_backtest_can_be_is_refused_by_field(lot: &Lot) {
        let desk = lot.desk();
        let market = desk.market();
        let fields = |error: jpauto::Error| -> (&'static str, Vec<String>) {
            (error.code(), error.fields().iter().map(|field| field.pointer.clone()).collect())
        };
        let car = Subject { price: None, cost: None, ..Subject::from(&add(lot, 1)) };
        market.price(&car).unwrap();
        for (subject, at) in [
            (Subject { make: " - ".into(), ..car.clone() }, vec!["/make"]),
            (Subject { make: String::new(), model: String::new(), ..car.clone() }, vec!["/make", "/model"]),
            (Subject { price: Some(Money::ZERO), ..car.clone() }, vec!["/price"]),
            (Subject { cost: Some(dollars(-1)), ..car.clone() }, vec!["/cost"]),
            (Subject { vin: Some("123".into()), ..car.clone() }, vec!["/vin"]),
            (Subject { mileage: Some(-1), year: 19, ..car }, vec!["/year", "/mileage"]),
        ] {
            assert_eq!(fields(market.price(&subject).unwrap_err()), ("invalid_subject", at.into_iter().map(String::from).collect()));
        }
        assert_eq!(fields(market.days_supply("", "Corolla", 2018).unwrap_err()), ("invalid_subject", vec!["/make".into()]));
        let run = |change: fn(&mut BacktestOptions)| {
            let mut options = BacktestOptions::default();
            change(&mut options);
            market.backtest(&options, &mut |_| ControlFlow::Continue(()))
        };
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert!(run(|options| (options.since, options.until) = (Some(DateTime::UNIX_EPOCH), Some(DateTime::UNIX_EPOCH))).is_ok());
        for (refusal, at) in [
            (run(|options| options.max_events_a_model = 0), "/max_events_a_model"),
            (run(|options| options.make = Some(" ".into())), "/make"),
            (run(|options| options.model = Some(String::new())), "/model"),
        ] {
            assert_eq!(fields(refusal.unwrap_err()), ("invalid_backtest", vec![at.into()]));
        }
        let mut reversed = BacktestOptions::default();
        (reversed.since, reversed.until) = (Some(time("2026-02-01T00:00:00Z")), Some(time("2026-01-01T00:00:00Z")));
        let refusal = market.backtest(&reversed, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert_eq!(refusal.to_string(), "until: expected a time that is not before `since`");
    }
}
