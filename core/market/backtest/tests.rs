use chrono::TimeDelta;

use super::*;
use crate::market::{Source, quantile::Sorted};

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_770_000_000, 0).unwrap();

fn ago(days: i64) -> DateTime<Utc> {
    NOW - TimeDelta::days(days)
}

/// A Camry that was first seen `seen` days ago, with its prices as days ago and dollars.
fn camry(number: usize, seen: i64, prices: &[(i64, i32)], sold: Option<i64>) -> PastListing {
    let prices: Vec<_> = prices.iter().map(|&(days, price)| (ago(days), Money::from_dollars(price))).collect();
    let comparable = Comparable {
        source: Source::Competitor,
        vin: Some(format!("4T1B11HK{number:09}")),
        external_id: Some(number.to_string()),
        url: None,
        year: 2021,
        make: "Toyota".into(),
        model: "Camry".into(),
        trim: None,
        price: prices.last().map(|(_, price)| *price),
        mileage: Some(40_000),
        distance_miles: None,
        dealer: None,
        first_seen_at: ago(seen),
        last_seen_at: sold.map_or(NOW, ago),
        sold_at: sold.map(ago),
        branded: false,
        title_brand: None,
        condition: None,
        odometer_status: None,
        sale_status: None,
    };
    PastListing { comparable, prices, moved_at: None }
}

fn run(options: &BacktestOptions, listings: Vec<PastListing>) -> BacktestReport {
    let rules = PricingRules::default();
    let told = backtest(listings.clone(), OwnVins::default(), options, &rules, NOW).unwrap();
    let mut backtest = Backtest::new(options, OwnVins::default(), &rules, NOW);
    assert!(backtest.add_model(listings, (0, 1), &mut |_| ControlFlow::Continue(())).is_continue());
    assert_eq!(backtest.report(), told);
    told
}

/// Five at 18,000 to 22,000, seen for 30 days: a market whose quartiles are 19,000 and 21,000.
fn five() -> Vec<PastListing> {
    (1..6).map(|number| camry(number as usize, 30, &[(30, 17_000 + 1_000 * number)], None)).collect()
}

fn close(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?} is not {expected}");
}

#[test]
fn a_sale_and_a_cut_are_judged_by_hand() {
    let mut listings = five();
    // Asked 25,000, cut to 21,000 ten days ago, sold for it five days ago. The others say 20,000.
    listings.push(camry(6, 30, &[(30, 25_000), (10, 21_000)], Some(5)));
    let report = run(&BacktestOptions::default(), listings);
    assert_eq!((report.models, report.thinned), (1, 0));
    assert_eq!(report.between, Some((ago(10), ago(5))));
    for score in [report.sold, report.price_cut] {
        assert_eq!((score.events, score.priced), (1, 1));
        close(score.rule.map(|error| error.mae_log), (21.0_f64 / 20.0).ln());
        close(score.rule.map(|error| error.mape_percent), 100.0 / 21.0);
        assert_eq!(score.rule, score.plain_median);
        assert_eq!((score.coverage_percent, score.nearer_percent), (Some(100.0), Some(50.0)));
    }
    assert_eq!((report.total.events, report.total.priced), (2, 2));
}

#[test]
fn nothing_of_the_future_is_used() {
    let told = |more: Vec<PastListing>| {
        let mut listings = five();
        listings.push(camry(6, 30, &[(30, 20_000)], Some(10)));
        listings.extend(more);
        let options = BacktestOptions { until: Some(ago(10)), ..BacktestOptions::default() };
        let report = run(&options, listings).sold;
        assert_eq!(report.priced, 1);
        report.rule.unwrap().mae_log
    };
    let without = told(Vec::new());
    assert_eq!(told(vec![camry(7, 9, &[(9, 90_000)], None)]).to_bits(), without.to_bits(), "seen later");
    // Cut to 1,500 later; at the time it asked 20,000, as the median.
    assert_eq!(told(vec![camry(8, 30, &[(30, 20_000), (5, 1_500)], None)]).to_bits(), without.to_bits());
    assert_eq!(told(vec![camry(9, 30, &[(4, 90_000)], None)]).to_bits(), without.to_bits(), "its price came later");
    // Sold later: on offer at the time, so it counts.
    assert!(told(vec![camry(10, 30, &[(30, 21_500)], Some(3))]) > without);
    // Its own listing elsewhere tells nothing about it.
    let twin = PastListing { ..camry(6, 30, &[(30, 26_000)], None) };
    assert_eq!(told(vec![twin]).to_bits(), without.to_bits());
}

#[test]
fn what_moved_to_another_lot_was_not_sold() {
    let moved = |at| PastListing { moved_at: Some(ago(at)), ..camry(6, 30, &[(30, 25_000), (10, 21_000)], Some(5)) };
    let mut listings = five();
    listings.push(moved(4));
    let report = run(&BacktestOptions::default(), listings);
    assert_eq!((report.sold.events, report.price_cut.events, report.price_cut.priced), (0, 1, 1));
    let offered = moved(4);
    assert_eq!(offered.price_at(ago(6)), Some(Money::from_dollars(21_000)), "still here");
    assert_eq!(offered.price_at(ago(5)), Some(Money::from_dollars(21_000)), "gone, and not yet seen elsewhere");
    assert_eq!(offered.price_at(ago(4)), None, "seen elsewhere");
    assert_eq!(moved(20).price_at(ago(10)), Some(Money::from_dollars(21_000)), "on both lots at once");
}

#[test]
fn too_few_others_price_nothing() {
    let listings = vec![camry(1, 30, &[(30, 20_000)], Some(3)), camry(2, 30, &[(30, 20_000)], None)];
    let report = run(&BacktestOptions::default(), listings);
    assert_eq!((report.sold.events, report.sold.priced, report.sold.rule), (1, 0, None));
}

#[test]
fn the_quartiles_of_few_prices_cover_less_than_half_of_the_market() {
    for (size, expected) in [(1, 0.0), (3, 0.25), (5, 1.0 / 3.0), (9, 0.4), (20, 19.0 / 42.0)] {
        assert!((expected_coverage(size) - expected).abs() < 1e-12, "{size}");
        // Drawn evenly from 0 to 1, the share of the market between two values is their distance.
        let mut rng = fastrand::Rng::with_seed(3);
        const DRAWS: u32 = 20_000;
        let covered: f64 = (0..DRAWS)
            .map(|_| {
                let values = Sorted::new((0..size).map(|_| rng.f64()).collect()).unwrap();
                values.quantile(0.75) - values.quantile(0.25)
            })
            .sum();
        assert!((covered / f64::from(DRAWS) - expected).abs() < 0.01, "{size}: {covered}");
    }
    let report =
        run(&BacktestOptions::default(), five().into_iter().chain([camry(9, 30, &[(30, 20_000)], Some(3))]).collect());
    assert_eq!(report.sold.expected_coverage_percent.map(f64::round), Some(33.0));
}

#[test]
fn options_choose_the_events_and_bound_them() {
    let market = || {
        let sold = (10..30).map(|number| camry(number, 60, &[(60, 20_000), (40, 19_500)], Some(number as i64)));
        five().into_iter().chain(sold).collect::<Vec<_>>()
    };
    let events = |options: BacktestOptions| {
        let report = run(&options, market());
        (report.sold.events, report.price_cut.events, report.thinned)
    };
    let all = BacktestOptions::default();
    assert_eq!(events(all.clone()), (20, 20, 0));
    assert_eq!(events(BacktestOptions { event: Some(BacktestEvent::PriceCut), ..all.clone() }), (0, 20, 0));
    assert_eq!(events(BacktestOptions { since: Some(ago(12)), ..all.clone() }), (3, 0, 0));
    assert_eq!(events(BacktestOptions { until: Some(ago(28)), ..all.clone() }), (2, 20, 0));
    assert_eq!(events(BacktestOptions { max_events_a_model: 8, ..all.clone() }), (4, 4, 32));
    assert!(all.takes_model("any", "thing"));
    let toyota = BacktestOptions { make: Some("TOYOTA".into()), model: Some("f150".into()), ..all };
    assert!(toyota.takes_model("toyota", "F-150") && !toyota.takes_model("toyota", "camry"));
}
