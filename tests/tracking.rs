//! What follows from scrapes: alerts, transfers between lots, and the market over all of them.

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{
    ActivityFilter, Alert, AlertFilter, AlertType, CompetitorId, Money, PageRequest,
    competitors::{
        CompetitorFilter, CompetitorUpdate, Completeness, IncompleteReason, Listing, ListingFilter, ListingSort,
        MarketGroup, MarketViewFilter, NewCompetitor, RecordReport, ScrapeErrorType, ScrapeReading, ScrapedListing,
        Undercut, UndercutFilter,
    },
};

use crate::support::{Lot, corolla, vin};

fn add(lot: &Lot, name: &str) -> CompetitorId {
    let inventory_url = format!("https://motors.example/{}", name.to_lowercase().replace(' ', "-"));
    lot.desk()
        .competitors()
        .add(&NewCompetitor { name: name.into(), inventory_url, ..NewCompetitor::default() })
        .unwrap()
        .id
}

fn car(number: u32, dollars: i32) -> ScrapedListing {
    ScrapedListing {
        vin: Some(vin(number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(Money::from_dollars(dollars)),
        mileage: Some(60_000),
        ..ScrapedListing::default()
    }
}

fn cars(numbers: impl IntoIterator<Item = u32>) -> Vec<ScrapedListing> {
    numbers.into_iter().map(|number| car(number, 14_000)).collect()
}

fn day(number: i64) -> DateTime<Utc> {
    "2026-01-01T02:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(number)
}

fn record(lot: &Lot, id: CompetitorId, on_day: i64, listings: Vec<ScrapedListing>) -> RecordReport {
    lot.desk().competitors().record(id, listings, ScrapeReading::whole_lot(), day(on_day)).unwrap()
}

fn fail(lot: &Lot, id: CompetitorId, on_day: i64) {
    lot.desk().competitors().record_failure(id, ScrapeErrorType::Timeout, "no answer in 20 s", day(on_day)).unwrap();
}

fn alerts(lot: &Lot, id: CompetitorId) -> Vec<Alert> {
    let mut filter = AlertFilter::default();
    filter.subject_id = Some(id.into());
    lot.desk().alerts().list(&filter, &PageRequest::default()).unwrap().items
}

fn types(lot: &Lot, id: CompetitorId) -> Vec<String> {
    alerts(lot, id).into_iter().map(|alert| alert.alert_type).collect()
}

fn found(lot: &Lot, filter: &ListingFilter) -> Vec<Listing> {
    let mut found = Vec::new();
    let mut page = PageRequest::first(2);
    loop {
        let listings = lot.desk().competitors().listings(filter, &page).unwrap();
        found.extend(listings.items);
        let Some(next) = listings.next else { break found };
        page = page.after(next);
    }
}

fn numbers(lot: &Lot, filter: &ListingFilter) -> Vec<u32> {
    let of = |listing: Listing| listing.vin.unwrap()[11..].parse().unwrap();
    found(lot, filter).into_iter().map(of).collect()
}

/// The changes that the trail has of a competitor, the newest first.
fn trail_of(lot: &Lot, id: CompetitorId) -> Vec<serde_json::Value> {
    let filter = ActivityFilter::default().resource(id);
    let entries = lot.desk().activity().list(&filter, &PageRequest::default()).unwrap().items;
    entries.into_iter().filter_map(|entry| entry.changes).collect()
}

on_both_databases! {
    fn three_failures_in_a_row_are_an_alert_until_a_scrape_succeeds(lot: &Lot) {
        let id = add(lot, "Example Motors");
        record(lot, id, 0, cars(0..6));
        fail(lot, id, 1);
        // Nothing seen at all is a failure too.
        record(lot, id, 2, Vec::new());
        assert!(alerts(lot, id).is_empty());
        fail(lot, id, 3);
        let [alert] = <[Alert; 1]>::try_from(alerts(lot, id)).unwrap();
        assert_eq!((alert.alert_type.as_str(), alert.metadata["failures"].as_u64()), ("scrape_failing", Some(3)));
        assert_eq!(alert.message, "Example Motors: 3 scrapes in a row failed: no answer in 20 s");
        fail(lot, id, 4);
        let [again] = <[Alert; 1]>::try_from(alerts(lot, id)).unwrap();
        assert_eq!((again.id, again.metadata["failures"].as_u64(), again.created_at), (alert.id, Some(4), alert.created_at));
        // A success from before the failures changes nothing; one after them ends the alert.
        record(lot, id, 1, cars(0..6));
        assert_eq!(alerts(lot, id)[0].metadata["failures"].as_u64(), Some(3));
        assert!(record(lot, id, 5, cars(0..6)).alerts.is_empty());
        assert!(alerts(lot, id).is_empty());
        fail(lot, id, 6);
        fail(lot, id, 7);
        assert!(alerts(lot, id).is_empty(), "the count begins anew");
    }

    fn a_paused_competitor_keeps_no_alert(lot: &Lot) {
        let id = add(lot, "Example Motors");
        for on_day in 0..3 {
            fail(lot, id, on_day);
        }
        assert_eq!(types(lot, id), ["scrape_failing"]);
        lot.desk().competitors().update(id, &CompetitorUpdate { active: Some(false), ..CompetitorUpdate::default() }).unwrap();
        assert!(alerts(lot, id).is_empty());
    }

    fn too_many_listings_without_price_or_identity_are_an_alert(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let bare = |number| ScrapedListing { price: None, ..car(number, 0) };
        let eight_of_ten = || cars(0..8).into_iter().chain([bare(8), bare(9)]).collect::<Vec<_>>();
        assert!(record(lot, id, 0, eight_of_ten()).alerts.is_empty());
        let nobody = ScrapedListing { price: Some(Money::from_dollars(9_000)), ..ScrapedListing::default() };
        let mut seven_of_ten = cars(0..7);
        seven_of_ten.extend([bare(7), bare(8), nobody.clone()]);
        assert_eq!(record(lot, id, 1, seven_of_ten).alerts, [AlertType::ParseRateLow]);
        let alert = &alerts(lot, id)[0];
        let figures = ["listings", "read", "without_price", "without_identity"].map(|field| alert.metadata[field].as_u64().unwrap());
        assert_eq!(figures, [10, 7, 2, 1]);
        // What is sold has no price on most websites, and an older snapshot is no news.
        record(lot, id, 0, eight_of_ten());
        assert_eq!(types(lot, id), ["parse_rate_low"]);
        let gone = |number| ScrapedListing { is_sold: Some(true), ..bare(number) };
        record(lot, id, 2, cars(0..8).into_iter().chain([gone(8), gone(9)]).chain([nobody]).collect());
        assert!(alerts(lot, id).is_empty());
    }

    fn a_lot_that_shrinks_at_once_is_an_alert_until_it_is_believed_or_grows_back(lot: &Lot) {
        let id = add(lot, "Example Motors");
        for on_day in 0..3 {
            record(lot, id, on_day, cars(0..20));
        }
        let report = record(lot, id, 3, cars(0..9));
        assert_eq!((report.completeness, report.weight), (Completeness::Incomplete(IncompleteReason::ManyMissing), 1.0));
        assert_eq!((report.alerts, types(lot, id)), (vec![AlertType::InventoryDropped], vec!["inventory_dropped".to_owned()]));
        assert_eq!(alerts(lot, id)[0].metadata["vehicles"].as_u64(), Some(9));
        // A part of a lot says nothing of its size.
        lot.desk().competitors().record(id, cars(0..3), ScrapeReading::part_of_a_lot(), day(4)).unwrap();
        assert_eq!(types(lot, id), ["inventory_dropped"]);
        record(lot, id, 5, cars(0..20));
        assert!(alerts(lot, id).is_empty());
        let mut sold = Vec::new();
        for on_day in 6..25 {
            let report = record(lot, id, on_day, cars(0..9));
            // Somebody should know until what is gone has been found sold.
            let is_open = on_day <= 13;
            assert_eq!(report.completeness.is_complete(), on_day >= 13, "day {on_day}");
            assert_eq!(types(lot, id).contains(&"inventory_dropped".to_owned()), is_open, "day {on_day}");
            sold.push(report.counts.sold);
        }
        assert_eq!((sold.iter().sum::<usize>(), sold[7]), (11, 11), "by the eighth look that missed them: {sold:?}");
    }

    fn scrapes_within_a_minute_are_one_look(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let seen = |at: DateTime<Utc>, numbers: std::ops::Range<u32>| {
            lot.desk().competitors().record(id, cars(numbers), ScrapeReading::whole_lot(), at).unwrap()
        };
        seen(day(0), 0..20);
        fail(lot, id, 4);
        // Nobody looked for a week; then the list is broken for an hour.
        for (minute, absences) in [(0, 7), (1, 0), (2, 0), (60, 0)] {
            let report = seen(day(9) + TimeDelta::minutes(minute), 0..13);
            assert_eq!((report.completeness, report.counts.sold, report.counts.absences), (Completeness::Complete, 0, absences));
        }
        assert_eq!(seen(day(9) + TimeDelta::hours(2), 0..20).counts.relisted, 0);
        // A dealer of whom seven cars came back at once is given more time.
        for (on_day, sold) in [(17, 0), (18, 0), (24, 7), (25, 0)] {
            let before = seen(day(on_day) - TimeDelta::minutes(1), 0..13);
            let report = seen(day(on_day), 0..13);
            assert_eq!((before.counts.sold, report.counts.sold), (sold, 0), "day {on_day}");
        }
        let sold = ListingFilter { sold: Some(true), ..ListingFilter::default() };
        assert_eq!(found(lot, &sold).iter().map(|listing| listing.sold_at).collect::<Vec<_>>(), [Some(day(17) - TimeDelta::minutes(1)); 7]);
    }

    fn a_lot_of_strangers_is_an_alert_until_they_are_believed_and_the_others_sold(lot: &Lot) {
        let id = add(lot, "Example Motors");
        for on_day in 0..3 {
            record(lot, id, on_day, cars(0..20));
        }
        let report = record(lot, id, 3, cars(100..120));
        assert_eq!(report.completeness, Completeness::Incomplete(IncompleteReason::LotReplaced));
        assert_eq!((report.alerts, report.counts.new), (vec![AlertType::InventoryReplaced], 20));
        assert_eq!(report.warnings.iter().map(|warning| warning.code()).collect::<Vec<_>>(), ["lot_replaced"]);
        let figures = ["known", "recognised", "vehicles"].map(|field| alerts(lot, id)[0].metadata[field].as_u64());
        assert_eq!(figures, [Some(20), Some(0), Some(20)]);
        let kept = lot.desk().competitors().scrapes(id, &PageRequest::first(1)).unwrap();
        assert_eq!(kept.items[0].completeness.reason(), Some(IncompleteReason::LotReplaced));
        // The list as it was ends it.
        assert!(record(lot, id, 4, cars(0..20)).alerts.is_empty());
        assert!(alerts(lot, id).is_empty());
        // The strangers of one day, and then those that were always there: others have taken their place.
        let reports: Vec<_> = (5..26).map(|on_day| record(lot, id, on_day, cars(200..220))).collect();
        let doubted = |report: &RecordReport| report.completeness.reason() == Some(IncompleteReason::LotReplaced);
        assert_eq!(reports.iter().filter(|report| doubted(report)).count(), 5, "until they have stood there for five days");
        assert_eq!(reports.iter().map(|report| report.counts.sold).sum::<usize>(), 40);
        assert_eq!(reports[..7].iter().map(|report| report.counts.sold).sum::<usize>(), 0);
        assert!(alerts(lot, id).is_empty(), "all of them are found sold");
    }

    fn what_a_changed_address_leaves_out_is_not_sold_at_once(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let seen = |cars: Vec<ScrapedListing>| {
            lot.pass(TimeDelta::days(1));
            lot.desk().competitors().record(id, cars, ScrapeReading::whole_lot(), lot.now()).unwrap()
        };
        (0..3).for_each(|_| assert!(seen(cars(0..35)).completeness.is_complete()));
        let narrowed = Some("https://motors.example/used?type=suv".to_owned());
        let update = CompetitorUpdate { inventory_url: narrowed, ..CompetitorUpdate::default() };
        lot.desk().competitors().update(id, &update).unwrap();
        let reports: Vec<_> = (0..21).map(|_| seen(cars(0..21))).collect();
        assert_eq!(reports[0].completeness.reason(), Some(IncompleteReason::ListChanged));
        assert_eq!(reports[0].warnings.iter().map(|warning| warning.code()).collect::<Vec<_>>(), ["list_changed"]);
        let sold: Vec<_> = reports.iter().map(|report| report.counts.sold).collect();
        assert_eq!((sold.iter().sum::<usize>(), sold[18]), (14, 14), "by the nineteenth look: {sold:?}");
    }

    fn a_website_that_numbers_its_stock_anew_has_the_same_cars(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let numbered = |prefix: &str| -> Vec<ScrapedListing> {
            let of = |number: u32| ScrapedListing {
                vin: None,
                stock_number: Some(format!("{prefix}{number}")),
                mileage: Some(1_000 * number as i32),
                url: Some(format!("https://motors.example/car/{number}")),
                ..car(number, 14_000)
            };
            (1..13).map(of).collect()
        };
        record(lot, id, 0, numbered("S"));
        for on_day in 1..12 {
            let report = record(lot, id, on_day, numbered(&format!("D{on_day}-")));
            let counts = report.counts;
            assert_eq!((report.completeness, counts.new, counts.updated, counts.sold), (Completeness::Complete, 0, 12, 0), "day {on_day}");
        }
        let listings = found(lot, &ListingFilter { competitors: vec![id], ..ListingFilter::default() });
        assert!(listings.len() == 12 && listings.iter().all(|listing| listing.first_seen_at == day(0)));
    }

    fn a_word_in_the_place_of_a_stock_number_names_no_car(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let plain = |number: i32, stock: String| ScrapedListing {
            vin: None,
            stock_number: Some(stock),
            year: Some(2010 + number),
            mileage: Some(1_000 * number),
            ..car(0, 14_000)
        };
        let own = |number: i32| plain(number, format!("S{number}"));
        record(lot, id, 0, (1..13).map(own).collect());
        for (on_day, word) in (1..10).zip(["Call", "N/A", "000", "TBD", "In-Transit", "X77", "&nbsp;", "Pending", "call us"]) {
            let seen = (1..9).map(|number| plain(number, word.to_owned())).chain((9..13).map(own)).collect();
            let counts = record(lot, id, on_day, seen).counts;
            assert_eq!((counts.vehicles, counts.duplicates, counts.new, counts.sold), (12, 0, 0, 0), "{word}");
        }
        let listings = found(lot, &ListingFilter { competitors: vec![id], ..ListingFilter::default() });
        assert!(listings.iter().all(|listing| listing.stock_number.as_deref().is_some_and(|number| number.starts_with('S'))));
    }

    fn what_nothing_is_sold_for_is_no_price_however_often_it_is_read(lot: &Lot) {
        let id = add(lot, "Example Motors");
        record(lot, id, 0, cars(0..6));
        for on_day in 1..5 {
            let mut seen = cars(1..6);
            seen.extend([car(0, 1), car(6, 199)]);
            let report = record(lot, id, on_day, seen);
            assert_eq!((report.counts.price_changes, report.alerts.len()), (0, usize::from(on_day > 0)), "5 of 7 have a price");
        }
        let prices: Vec<_> = found(lot, &ListingFilter::default()).iter().map(|listing| (listing.price, listing.lowest_price, listing.unconfirmed_price)).collect();
        let usual = Some(Money::from_dollars(14_000));
        assert_eq!(prices.iter().filter(|prices| **prices == (usual, usual, None)).count(), 6);
        assert_eq!(prices.iter().filter(|prices| **prices == (None, None, None)).count(), 1);
    }

    fn a_clock_that_went_ahead_stops_nobody(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let today = lot.now();
        let record = |listings| {
            let now = lot.now();
            lot.desk().competitors().record(id, listings, ScrapeReading::whole_lot(), now).unwrap()
        };
        record(cars(0..20));
        lot.pass(TimeDelta::days(60));
        assert!(record(cars(0..20)).warnings.is_empty());
        lot.pass(TimeDelta::days(-59));
        let mut sold = Vec::new();
        for _day in 1..10 {
            let report = record(cars(0..13));
            assert_eq!(report.warnings.iter().map(|warning| warning.code()).collect::<Vec<_>>(), ["clock_went_back"]);
            assert_eq!((report.completeness, report.counts.seen_again), (Completeness::Complete, 13));
            sold.push(report.counts.sold);
            let competitor = lot.desk().competitors().get(id).unwrap();
            assert_eq!(competitor.last_scraped_at, Some(lot.now()));
            assert_eq!(competitor.last_successful_scrape_at, Some(lot.now()));
            let overview = lot.desk().competitors().overview_of(id).unwrap();
            assert_eq!(overview.metrics.map(|metrics| metrics.calculated_at), Some(lot.now()));
            assert_eq!(overview.last_scrape.map(|scrape| scrape.observed_at), Some(lot.now()));
            lot.pass(TimeDelta::days(1));
        }
        assert_eq!((sold.iter().sum::<usize>(), sold[7]), (7, 7), "eight days after they were seen last: {sold:?}");
        let gone = found(lot, &ListingFilter { sold: Some(true), ..ListingFilter::default() });
        assert!(gone.iter().all(|listing| listing.sold_at == Some(today + TimeDelta::days(1)) && listing.days_on_market == 1));
        // Once that time has come, nothing is said of it any more.
        lot.pass(TimeDelta::days(60));
        assert!(record(cars(0..13)).warnings.is_empty());
    }

    fn a_lot_that_is_never_seen_whole_is_an_alert_until_it_is(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let claiming = |total_claimed| ScrapeReading { total_claimed: Some(total_claimed), ..ScrapeReading::whole_lot() };
        let seen = |on_day, shown: u32, claimed: u32| {
            lot.desk().competitors().record(id, cars(0..shown), claiming(claimed), day(on_day)).unwrap()
        };
        seen(0, 20, 20);
        for (on_day, is_open) in [(1, false), (2, false), (3, true)] {
            assert_eq!(!seen(on_day, 20, 30).alerts.is_empty(), is_open, "day {on_day}");
        }
        let alert = |lot: &Lot| alerts(lot, id).pop().unwrap();
        let first = alert(lot);
        assert_eq!(first.alert_type, "inventory_incomplete");
        assert!(first.message.contains("20 vehicles, where it claims 30"), "{}", first.message);
        assert_eq!(first.metadata["incomplete_reason"], "fewer_than_claimed");
        // A failure and an older snapshot change nothing; another day is told, in the same alert.
        fail(lot, id, 4);
        let older = day(0) + TimeDelta::hours(12);
        lot.desk().competitors().record(id, cars(0..20), claiming(20), older).unwrap();
        assert_eq!((alert(lot).id, alert(lot).metadata["scrapes"].as_u64()), (first.id, Some(3)));
        lot.desk().competitors().record(id, cars(0..20), ScrapeReading::part_of_a_lot(), day(5)).unwrap();
        assert_eq!((alert(lot).id, alert(lot).metadata["scrapes"].as_u64()), (first.id, Some(4)));
        assert_eq!(alert(lot).metadata["incomplete_reason"], "last_page_not_reached");
        seen(6, 20, 21);
        assert!(alerts(lot, id).is_empty());
        // Many in one day are no long time.
        for minute in 1..6 {
            let at = day(6) + TimeDelta::minutes(minute);
            lot.desk().competitors().record(id, cars(0..20), claiming(30), at).unwrap();
        }
        assert!(alerts(lot, id).is_empty());
    }

    fn a_vehicle_that_goes_to_another_lot_is_a_transfer_and_no_sale(lot: &Lot) {
        let (first, second) = (add(lot, "First"), add(lot, "Second"));
        record(lot, first, 0, cars(0..10));
        record(lot, second, 0, cars(20..30));
        // Cars 0 and 1 leave the first lot; the second shows car 0 from day 3 on.
        let with_0: Vec<_> = cars(20..30).into_iter().chain([car(0, 15_000)]).collect();
        let mut last = None;
        for on_day in [3, 4, 5, 8] {
            let seen = record(lot, second, on_day, with_0.clone());
            assert!(seen.arrived.is_empty(), "day {on_day}: not gone from the first lot yet");
            last = Some(record(lot, first, on_day, cars(2..10)));
        }
        let report = last.unwrap();
        assert_eq!((report.counts.sold, report.departed.len(), report.metrics.vehicles_sold_30d), (2, 1, 1));
        let departed = &report.departed[0];
        assert_eq!((departed.vehicle.vin.clone(), departed.other.competitor.as_str(), departed.other.price), (Some(vin(0)), "Second", Some(Money::from_dollars(15_000))));
        let of = |id: CompetitorId| {
            let filter = ListingFilter { competitors: vec![id], vin: Some(vin(0).to_lowercase()), ..ListingFilter::default() };
            <[Listing; 1]>::try_from(found(lot, &filter)).unwrap()
        };
        let ([here], [there]) = (of(first), of(second));
        assert_eq!((here.is_sold, there.is_sold), (true, false), "both rows stand");
        let to = here.transferred_to.clone().unwrap();
        assert_eq!((to.listing_id, to.competitor_id, to.first_seen_at), (there.id, second, day(3)));
        assert_eq!(there.transferred_from.as_ref().unwrap().listing_id, here.id);
        assert_eq!((&here.transferred_from, &there.transferred_to), (&None, &None));
        assert_eq!(lot.desk().competitors().listing(here.id).unwrap(), here);
        // Car 1 comes up at the second lot two weeks later: it had been counted as sold, and the next figures are right.
        let with_both: Vec<_> = with_0.into_iter().chain([car(1, 15_000)]).collect();
        let report = record(lot, second, 20, with_both);
        assert_eq!(report.arrived.iter().map(|car| (car.vehicle.vin.clone(), car.other.competitor.as_str())).collect::<Vec<_>>(), [(Some(vin(1)), "First")]);
        let metrics = record(lot, first, 20, cars(2..10)).metrics;
        assert_eq!((metrics.vehicles_sold_30d, metrics.avg_days_on_market), (0, None));
        lot.pass(day(21) - lot.now());
        let view = lot.desk().competitors().market_view(&MarketViewFilter::default(), &PageRequest::default()).unwrap();
        assert_eq!((view.total.on_sale, view.total.sold_30d), (20, 0));
    }

    fn a_vehicle_first_seen_as_sold_elsewhere_takes_no_sale_away(lot: &Lot) {
        let (first, second) = (add(lot, "First"), add(lot, "Second"));
        record(lot, first, 0, cars(0..10));
        // Without a key it is known by its likeness, and is not added day after day.
        let likeness = ScrapedListing { vin: None, is_sold: Some(true), ..car(40, 15_000) };
        let overlay = ScrapedListing { is_sold: Some(true), ..car(0, 15_000) };
        let seen: Vec<_> = cars(20..30).into_iter().chain([overlay, ScrapedListing { year: Some(2012), ..likeness }]).collect();
        let mut last = None;
        for on_day in [3, 4, 5, 8] {
            let report = record(lot, second, on_day, seen.clone());
            assert_eq!((report.counts.new, report.counts.sold), (if on_day == 3 { 10 } else { 0 }, 0), "day {on_day}");
            assert_eq!((report.arrived.len(), report.departed.len()), (0, 0), "day {on_day}");
            assert_eq!((report.metrics.vehicles_sold_30d, report.metrics.new_listings_30d), (0, 10));
            last = Some(record(lot, first, on_day, cars(1..10)));
        }
        let report = last.unwrap();
        assert_eq!((report.counts.sold, report.departed.len(), report.metrics.vehicles_sold_30d), (1, 0, 1));
    }

    fn a_vehicle_sold_long_ago_and_traded_in_elsewhere_was_sold(lot: &Lot) {
        let (first, second) = (add(lot, "First"), add(lot, "Second"));
        record(lot, first, 0, cars(0..10));
        for on_day in [10, 11, 12] {
            record(lot, first, on_day, cars(1..10));
        }
        let report = record(lot, second, 46, cars(0..3));
        assert!(report.arrived.is_empty());
        assert_eq!(record(lot, first, 30, cars(1..10)).metrics.vehicles_sold_30d, 1);
    }

    fn price_drops_are_found_by_size_and_time(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let today = (lot.now() - day(0)).num_days();
        // Car 1 came down long ago, 2 by steps of late, 3 went up and down again today, 4 and 5 never moved, 6 rose.
        let prices = |on_day: i64| -> Vec<ScrapedListing> {
            let long_ago = on_day >= 1;
            let of_late = (on_day - (today - 10)).clamp(0, 20) as i32 / 4;
            vec![
                car(1, if long_ago { 12_000 } else { 14_000 }),
                car(2, 14_000 - 300 * of_late),
                car(3, if on_day == today - 3 { 14_800 } else { 14_500 }),
                car(4, 14_000),
                ScrapedListing { price: None, ..car(5, 0) },
                car(6, if long_ago { 15_000 } else { 14_000 }),
            ]
        };
        for on_day in [0, 1, today - 11, today - 6, today - 3, today - 1] {
            record(lot, id, on_day, prices(on_day));
        }
        let sort = ListingSort::PriceDropDescending;
        let all = ListingFilter { sort, ..ListingFilter::default() };
        assert_eq!(numbers(lot, &all), [1, 2, 3, 6, 4, 5]);
        assert_eq!(numbers(lot, &ListingFilter { sort: ListingSort::PriceDrop, ..all.clone() }), [4, 6, 3, 2, 1, 5]);
        let drops = |price_dropped, least: Option<i32>, days| {
            let price_drop_min = least.map(Money::from_dollars);
            numbers(lot, &ListingFilter { price_dropped, price_drop_min, price_drop_within_days: days, ..all.clone() })
        };
        assert_eq!(drops(true, None, None), [1, 2, 3]);
        assert_eq!(drops(false, Some(600), None), [1, 2]);
        assert_eq!(drops(false, Some(601), None), [1]);
        assert_eq!(drops(true, None, Some(20)), [2, 3]);
        assert_eq!(drops(false, Some(600), Some(20)), [2]);
        assert_eq!(drops(false, Some(600), Some(2)), Vec::<u32>::new(), "two days ago it was at 13,700 already");
        assert_eq!(drops(false, Some(300), Some(2)), [2, 3]);
        let two = &found(lot, &all)[1];
        assert_eq!((two.highest_price, two.previous_price), (Some(Money::from_dollars(14_000)), Some(Money::from_dollars(13_700))));
        assert_eq!(two.price_changed_at, Some(day(today - 1)));
    }

    fn a_price_cut_is_the_same_in_the_market_as_among_the_listings(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let today = (lot.now() - day(0)).num_days();
        // Car 1 came down and up by a little, 2 went up, 3 up and down again, 4 up by a little long after it came down, 5 down
        // long ago.
        for (days_ago, prices) in [
            (30, [20_000, 14_000, 14_500, 16_000, 12_000]),
            (20, [20_000, 14_000, 14_500, 15_000, 11_000]),
            (5, [18_000, 14_500, 14_800, 15_000, 11_000]),
            (1, [18_050, 14_500, 14_500, 15_100, 11_000]),
        ] {
            record(lot, id, today - days_ago, (1..).zip(prices).map(|(number, price)| car(number, price)).collect());
        }
        let cuts = |days| numbers(lot, &ListingFilter { sold: Some(false), price_drop_within_days: Some(days), sort: ListingSort::PriceDrop, ..ListingFilter::default() });
        assert_eq!((cuts(7), cuts(3), cuts(25)), (vec![3, 1], vec![3], vec![3, 4, 5, 1]));
        let by_price = ListingFilter { sold: Some(false), price_drop_within_days: Some(25), sort: ListingSort::Price, ..ListingFilter::default() };
        assert_eq!(numbers(lot, &by_price), [5, 3, 4, 1], "in another order, by another index");
        let view = lot.desk().competitors().market_view(&MarketViewFilter::default(), &PageRequest::default()).unwrap();
        assert_eq!((view.total.price_cuts_7d, view.models.items[0].price_cuts_7d), (2, 2));
    }

    fn listings_are_searched_and_sorted_by_days_on_market(lot: &Lot) {
        let (one, other) = (add(lot, "One"), add(lot, "Other"));
        let gone = |number| ScrapedListing { is_sold: Some(true), ..car(number, 14_000) };
        record(lot, one, 0, vec![car(1, 14_000), car(2, 14_000), ScrapedListing { trim: Some("Limited".into()), ..car(3, 14_000) }]);
        record(lot, one, 5, vec![gone(1), car(2, 14_000), car(3, 14_000), car(4, 14_000)]);
        record(lot, one, 9, vec![gone(1), gone(2), car(3, 14_000), car(4, 14_000)]);
        record(lot, other, 7, vec![ScrapedListing { model: Some("C-HR 50%".into()), ..car(5, 14_000) }]);
        let filter = |sort, sold| ListingFilter { sort, sold, ..ListingFilter::default() };
        assert_eq!(numbers(lot, &filter(ListingSort::DaysOnMarketDescending, None)), [3, 4, 5, 2, 1]);
        assert_eq!(numbers(lot, &filter(ListingSort::DaysOnMarket, None)), [1, 2, 5, 4, 3]);
        assert_eq!(numbers(lot, &filter(ListingSort::DaysOnMarket, Some(true))), [1, 2]);
        // What is sold after as many days as another stands there already comes behind it, whatever the size of the page.
        lot.pass(day(14) - lot.now());
        let days = |descending| {
            let sort = if descending { ListingSort::DaysOnMarketDescending } else { ListingSort::DaysOnMarket };
            [1, 2, 3, 4, 9].map(|size| {
                let (mut told, mut page) = (Vec::new(), PageRequest::first(size));
                loop {
                    let listings = lot.desk().competitors().listings(&filter(sort, None), &page).unwrap();
                    told.extend(listings.items.iter().map(|listing| (listing.days_on_market, listing.is_sold)));
                    // Later pages count the days as the first one did.
                    lot.pass(TimeDelta::minutes(1));
                    let Some(next) = listings.next else { break told };
                    page = page.after(next);
                }
            })
        };
        let expected = [(14, false), (9, false), (9, true), (7, false), (5, true)];
        assert_eq!(days(true), [(); 5].map(|()| expected.to_vec()));
        let expected = [(5, true), (7, false), (9, false), (9, true), (14, false)];
        assert_eq!(days(false), [(); 5].map(|()| expected.to_vec()));
        assert_eq!(numbers(lot, &filter(ListingSort::DaysOnMarketDescending, Some(false))), [3, 4, 5]);
        let search = |q: &str| {
            let mut found = numbers(lot, &ListingFilter { q: Some(q.into()), ..ListingFilter::default() });
            found.sort_unstable();
            found
        };
        assert_eq!((search("toyota limited"), search("50%"), search("%")), (vec![3], vec![5], vec![5]));
        assert_eq!(search(&vin(4)[8..]), [4]);
        let both = ListingFilter { competitors: vec![one, other], ..ListingFilter::default() };
        assert_eq!(found(lot, &both).len(), 5);
        assert_eq!(found(lot, &ListingFilter { competitors: vec![other], ..both }).len(), 1);
    }

    fn the_market_is_counted_over_all_lots(lot: &Lot) {
        let (one, other) = (add(lot, "One"), add(lot, "Other"));
        let today = (lot.now() - day(0)).num_days();
        let of = |number: u32, dollars: Option<i32>, make: &str, model: &str, year: i32| ScrapedListing {
            make: Some(make.into()),
            model: Some(model.into()),
            year: Some(year),
            price: dollars.map(Money::from_dollars),
            ..car(number, 0)
        };
        record(lot, one, today - 20, vec![of(1, Some(10_000), "Toyota", "Corolla", 2018), of(2, Some(12_000), "TOYOTA", "corolla", 2019), of(3, None, "Toyota", "Corolla", 2018), of(4, Some(20_000), "Honda", "Accord", 2020)]);
        record(lot, other, today - 10, vec![of(11, Some(11_001), "Toyota", "Corolla", 2018), of(12, Some(21_000), "Honda", "Accord", 2020), of(13, Some(9_000), "Kia", "Rio", 2017)]);
        record(lot, one, today - 2, vec![of(1, Some(9_500), "Toyota", "Corolla", 2018), of(2, Some(12_500), "TOYOTA", "corolla", 2019), of(3, None, "Toyota", "Corolla", 2018), ScrapedListing { is_sold: Some(true), ..of(4, Some(20_000), "Honda", "Accord", 2020) }]);
        let view = |filter: &MarketViewFilter| {
            let (mut lines, mut page) = (Vec::new(), PageRequest::first(1));
            loop {
                let view = lot.desk().competitors().market_view(filter, &page).unwrap();
                lines.extend(view.models.items);
                let Some(next) = view.models.next else { break (view.total, lines) };
                page = page.after(next);
            }
        };
        let (total, lines) = view(&MarketViewFilter::default());
        assert_eq!((total.on_sale, total.priced, total.competitors, total.sold_30d, total.price_cuts_7d), (6, 5, 2, 1, 1));
        assert_eq!((total.median_price, total.make.clone(), total.year), (Some(Money::from_cents(1_100_100)), None, None));
        assert_eq!(total.median_days_on_market, Some(15.0));
        let told: Vec<_> = lines.iter().map(|line| (line.make.clone().unwrap().to_lowercase(), line.on_sale, line.sold_30d)).collect();
        assert_eq!(told, [("toyota".to_owned(), 4, 0), ("honda".to_owned(), 1, 1), ("kia".to_owned(), 1, 0)]);
        let corollas = &lines[0];
        assert_eq!((corollas.competitors, corollas.priced, corollas.price_cuts_7d), (2, 3, 1));
        assert_eq!(corollas.median_price, Some(Money::from_cents(1_100_100)));
        assert_eq!((corollas.lowest_price, corollas.highest_price), (Some(Money::from_dollars(9_500)), Some(Money::from_dollars(12_500))));
        assert_eq!(corollas.median_days_on_market, Some(20.0));
        let by_year = MarketViewFilter { group: MarketGroup::ModelYear, make: Some("toyota".into()), ..MarketViewFilter::default() };
        let (total, lines) = view(&by_year);
        assert_eq!((total.on_sale, lines.iter().map(|line| (line.year, line.on_sale)).collect::<Vec<_>>()), (4, vec![(Some(2018), 3), (Some(2019), 1)]));
        // The mean of the two in the middle, to the cent.
        assert_eq!(lines[0].median_price, Some(Money::from_cents(1_025_050)));
        let at_other = MarketViewFilter { competitors: vec![other], year_min: Some(2018), ..MarketViewFilter::default() };
        assert_eq!((view(&at_other).0.on_sale, view(&at_other).1.len()), (2, 2));
        let nothing = MarketViewFilter { model: Some("Edsel".into()), ..MarketViewFilter::default() };
        assert_eq!((view(&nothing).0.on_sale, view(&nothing).0.median_price, view(&nothing).1.len()), (0, None, 0));
        assert_eq!(lot.website().competitors().market_view(&nothing, &PageRequest::default()).unwrap_err().code(), "not_signed_in");
    }

    fn what_nobody_looks_after_is_on_the_market_no_longer(lot: &Lot) {
        let today = (lot.now() - day(0)).num_days();
        let [watched, paused, failing, sold] = ["Watched", "Paused", "Failing", "Sold"].map(|name| add(lot, name));
        lot.desk().inventory().add(&corolla(99)).unwrap();
        record(lot, failing, today - 15, vec![car(20, 9_000), car(21, 9_000)]);
        record(lot, sold, today - 40, vec![car(30, 9_000)]);
        record(lot, sold, today - 20, vec![ScrapedListing { is_sold: Some(true), ..car(30, 9_000) }]);
        record(lot, paused, today - 1, vec![car(10, 8_000)]);
        // Of the dealer that is read still, one car was missed for as long as a car may be.
        record(lot, watched, today - 13, vec![car(1, 13_000), car(2, 13_500)]);
        record(lot, watched, today - 1, vec![car(1, 13_000)]);
        let counted = || {
            let desk = lot.desk();
            let view = desk.competitors().market_view(&MarketViewFilter::default(), &PageRequest::default()).unwrap();
            let cheaper = desk.competitors().undercuts(&UndercutFilter::default(), &PageRequest::default()).unwrap();
            let corolla = jpauto::market::Subject { year: 2018, make: "Toyota".into(), model: "Corolla".into(), ..Default::default() };
            let compared = desk.market().candidates(&[corolla]).unwrap().remove(0);
            let left_out = (view.left_out.listings, view.left_out.competitors);
            let lines: i64 = view.models.items.iter().map(|line| line.on_sale).sum();
            assert_eq!((lines, cheaper.items.len() as i64), (view.total.on_sale, view.total.on_sale));
            // What an unseen car asked is compared with still.
            assert_eq!(compared.len() as i64, view.total.on_sale + view.total.sold_30d + view.left_out.unseen);
            (view.total.on_sale, view.total.competitors, view.total.lowest_price.unwrap(), left_out, view.total.sold_30d)
        };
        assert_eq!(counted(), (2, 2, Money::from_dollars(8_000), (3, 2), 1));
        lot.desk().competitors().pause(paused).unwrap();
        assert_eq!(counted(), (1, 1, Money::from_dollars(13_000), (4, 3), 1));
        lot.pass(TimeDelta::days(2));
        assert_eq!(counted(), (1, 1, Money::from_dollars(13_000), (4, 3), 1));
        lot.desk().competitors().resume(paused).unwrap();
        assert_eq!(counted(), (2, 2, Money::from_dollars(8_000), (3, 2), 1));
        let only = MarketViewFilter { competitors: vec![failing], ..MarketViewFilter::default() };
        let view = lot.desk().competitors().market_view(&only, &PageRequest::default()).unwrap();
        assert_eq!((view.total.on_sale, view.left_out.listings, view.models.items.len()), (0, 2, 0));
        // What another program wrote may lack the last sighting.
        lot.execute("UPDATE competitor_inventory SET last_seen_at = NULL");
        assert_eq!(counted().0, 1, "the paused one's was first seen yesterday");
    }

    fn who_asks_less_for_a_car_like_ours_is_listed(lot: &Lot) {
        let (one, other) = (add(lot, "One"), add(lot, "Other"));
        let (desk, today) = (lot.desk(), (lot.now() - day(0)).num_days());
        let ours = desk.inventory().add(&jpauto::NewVehicle { trim: Some("LE".into()), ..corolla(99) }).unwrap();
        record(lot, one, today, vec![
            car(1, 13_000),
            ScrapedListing { trim: Some("le".into()), mileage: Some(70_000), ..car(2, 12_000) },
            ScrapedListing { trim: Some("XSE".into()), ..car(3, 11_000) },
            ScrapedListing { mileage: Some(70_001), ..car(4, 11_000) },
            ScrapedListing { mileage: None, ..car(5, 11_000) },
            ScrapedListing { year: Some(2017), ..car(6, 11_000) },
            car(7, 14_000),
            ScrapedListing { is_sold: Some(true), ..car(8, 11_000) },
        ]);
        record(lot, other, today, vec![ScrapedListing { make: Some("TOYOTA".into()), model: Some("corolla".into()), ..car(9, 13_000) }]);
        let listed = |filter: &UndercutFilter| {
            let (mut found, mut page) = (Vec::<Undercut>::new(), PageRequest::first(1));
            loop {
                let undercuts = desk.competitors().undercuts(filter, &page).unwrap();
                found.extend(undercuts.items);
                let Some(next) = undercuts.next else { break found };
                page = page.after(next);
            }
        };
        let told = |filter: &UndercutFilter| listed(filter).into_iter().map(|cut| (cut.competitor, cut.difference.to_string())).collect::<Vec<_>>();
        let expected = [("One", "2000.00"), ("Other", "1000.00"), ("One", "1000.00")].map(|(name, by)| (name.to_owned(), by.to_owned()));
        assert_eq!(told(&UndercutFilter::default()), expected);
        let all = desk.competitors().undercuts(&UndercutFilter::default(), &PageRequest::largest()).unwrap();
        assert_eq!((all.items, all.next), (listed(&UndercutFilter::default()), None));
        let first = &listed(&UndercutFilter::default())[0];
        assert_eq!((first.vehicle_id, first.our_price, first.their_price), (ours.id, Money::from_dollars(14_000), Money::from_dollars(12_000)));
        assert_eq!(told(&UndercutFilter { competitors: vec![other], ..UndercutFilter::default() }), expected[1..2]);
        assert_eq!(told(&UndercutFilter { difference_min: Some(Money::from_dollars(1_001)), ..UndercutFilter::default() }), expected[..1]);
        assert!(told(&UndercutFilter { vehicle: Some(jpauto::VehicleId::new(lot.now())), ..UndercutFilter::default() }).is_empty());
    }

    fn the_overview_is_paged_and_looks_back_a_week_and_a_month(lot: &Lot) {
        let ids = ["Anna", "Bert", "Cora"].map(|name| add(lot, name));
        for (on_day, most) in [(0, 10), (23, 12), (30, 15)] {
            record(lot, ids[1], on_day, cars(0..most));
        }
        let desk = lot.desk();
        let mut page = PageRequest::first(2);
        let mut names = Vec::new();
        loop {
            let overview = desk.competitors().overview(&CompetitorFilter::default(), &page).unwrap();
            names.extend(overview.items.into_iter().map(|row| (row.competitor.name, row.metrics.map(|row| row.total_inventory))));
            let Some(next) = overview.next else { break };
            page = page.after(next);
        }
        assert_eq!(names, [("Anna", None), ("Bert", Some(15)), ("Cora", None)].map(|(name, count)| (name.to_owned(), count)));
        let bert = desk.competitors().overview_of(ids[1]).unwrap();
        assert_eq!((bert.trends.unwrap().total_inventory, bert.monthly_trends.unwrap().total_inventory), (Some(3), Some(5)));
        assert_eq!(bert.last_scrape.unwrap().observed_at, day(30));
    }

    fn what_a_dealer_sold_long_ago_is_known_again_by_its_keys(lot: &Lot) {
        let id = add(lot, "Example Motors");
        lot.pass(TimeDelta::days(300));
        let keyless = |number: u32| ScrapedListing { vin: None, mileage: Some(1_000 * number as i32), ..car(number, 14_000) };
        record(lot, id, 0, cars(0..10).into_iter().chain([keyless(50), keyless(51)]).collect());
        for on_day in [3, 5, 8] {
            record(lot, id, on_day, cars(1..10).into_iter().chain([keyless(50)]).collect());
        }
        // By VIN after any time; by year, make, model and mileage within three months.
        let report = record(lot, id, 90, cars(0..10).into_iter().chain([keyless(50), keyless(51)]).collect());
        assert_eq!((report.counts.relisted, report.counts.new), (2, 0));
        for on_day in [93, 96, 99, 103] {
            record(lot, id, on_day, cars(1..10).into_iter().chain([keyless(50)]).collect());
        }
        let report = record(lot, id, 200, cars(0..10).into_iter().chain([keyless(50), keyless(51)]).collect());
        assert_eq!((report.counts.relisted, report.counts.new), (1, 1));
    }

    fn the_owner_believes_a_doubted_lot(lot: &Lot) {
        let id = add(lot, "Example Motors");
        lot.pass(day(70) - lot.now());
        let competitors = lot.desk();
        for on_day in [0, 30, 60] {
            record(lot, id, on_day, cars(0..40));
        }
        for on_day in 61..66 {
            assert_eq!(record(lot, id, on_day, cars(0..15)).counts.sold, 0, "day {on_day}");
        }
        assert!(types(lot, id).contains(&"inventory_dropped".to_owned()));
        let message = alerts(lot, id).pop().unwrap().message;
        assert!(message.contains("jpauto competitor believe \"Example Motors\""), "{message}");
        let verdict = competitors.competitors().believe(id).unwrap();
        assert_eq!((verdict.scrapes, verdict.sold.len(), verdict.observed_at), (5, 25, day(65)));
        assert!(verdict.sold.iter().all(|sold| sold.sold_at == day(61) && sold.p_return.is_some()));
        assert!(alerts(lot, id).is_empty());
        let newest = competitors.competitors().scrapes(id, &PageRequest::first(1)).unwrap().items.remove(0);
        assert_eq!((newest.completeness, newest.weight, newest.counts.sold), (Completeness::Complete, 1.0, 25));
        assert_eq!(competitors.competitors().believe(id).unwrap_err().code(), "scrape_not_doubted");
        let metrics = competitors.competitors().metrics(id, &PageRequest::first(1)).unwrap().items.remove(0);
        assert_eq!((metrics.total_inventory, metrics.vehicles_sold_30d), (15, 25));
        let trail = trail_of(lot, id);
        assert_eq!(trail[0]["completeness"]["to"], "believed");
        assert_eq!(trail[0]["sold"]["to"].as_array().map(Vec::len), Some(25));
        // And what is believed is compared with from then on.
        assert_eq!(record(lot, id, 66, cars(0..15)).completeness, Completeness::Complete);
    }

    fn the_owner_discards_the_newest_lot(lot: &Lot) {
        let id = add(lot, "Example Motors");
        lot.pass(day(70) - lot.now());
        for on_day in [0, 30, 60] {
            record(lot, id, on_day, cars(0..40));
        }
        let reports: Vec<_> = (61..69).map(|on_day| record(lot, id, on_day, cars(0..15))).collect();
        assert_eq!(reports.iter().map(|report| report.counts.sold).collect::<Vec<_>>(), [0, 0, 0, 0, 0, 0, 0, 25]);
        let verdict = lot.desk().competitors().distrust(id).unwrap();
        assert_eq!((verdict.on_sale_again.len(), verdict.sold.len(), verdict.observed_at), (25, 0, day(68)));
        assert!(found(lot, &ListingFilter { sold: Some(true), ..ListingFilter::default() }).is_empty());
        let newest = lot.desk().competitors().scrapes(id, &PageRequest::first(1)).unwrap().items.remove(0);
        assert_eq!((newest.completeness.reason(), newest.weight), (Some(IncompleteReason::Discarded), 0.0));
        assert_eq!(newest.doubts, [IncompleteReason::Discarded]);
        assert_eq!(trail_of(lot, id)[0]["completeness"]["to"], "discarded");
        // The list as it was shows that it was right to do so: nobody came back, for nothing was sold.
        let report = record(lot, id, 69, cars(0..40));
        assert_eq!((report.counts.relisted, report.completeness), (0, Completeness::Complete));
    }

    fn only_who_manages_competitors_may_judge_a_lot(lot: &Lot) {
        let id = add(lot, "Example Motors");
        let error = lot.desk().competitors().believe(id).unwrap_err();
        assert_eq!(error.code(), "scrape_not_found");
        fail(lot, id, 0);
        assert_eq!(lot.desk().competitors().distrust(id).unwrap_err().code(), "scrape_not_found");
        let unknown = CompetitorId::new(lot.now());
        assert_eq!(lot.desk().competitors().believe(unknown).unwrap_err().code(), "competitor_not_found");
        let (_, viewer) = lot.staff(jpauto::Role::Viewer);
        assert_eq!(viewer.competitors().believe(id).unwrap_err().code(), "forbidden");
        assert_eq!(viewer.competitors().distrust(id).unwrap_err().code(), "forbidden");
    }
}
