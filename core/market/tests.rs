//! The pricing rule as a whole: cases worked out by hand, its bounds, and what must hold for any market.

use std::{fmt, str::FromStr};

use chrono::TimeDelta;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::{
    Error,
    alerts::{AlertType, Severity},
};

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_770_000_000, 0).unwrap();

fn dollars(amount: i32) -> Money {
    Money::from_dollars(amount)
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn ago(days: i64) -> DateTime<Utc> {
    NOW - TimeDelta::days(days)
}

fn subject() -> Subject {
    Subject {
        vin: Some("4T1B11HK5KU000001".into()),
        year: 2021,
        make: "Toyota".into(),
        model: "Camry".into(),
        mileage: Some(40_000),
        price: Some(dollars(20_000)),
        ..Subject::default()
    }
}

/// A comparable like the subject in everything but its price; each number is another vehicle.
fn listing(number: usize, price: i32) -> Comparable {
    Comparable {
        source: Source::Competitor,
        vin: Some(format!("4T1B11HK{number:09}")),
        external_id: Some(number.to_string()),
        url: None,
        year: 2021,
        make: "Toyota".into(),
        model: "Camry".into(),
        trim: None,
        price: Some(dollars(price)),
        mileage: Some(40_000),
        distance_miles: None,
        dealer: None,
        first_seen_at: ago(30),
        last_seen_at: ago(1),
        sold_at: None,
        branded: false,
    }
}

fn priced(prices: &[i32]) -> Vec<Comparable> {
    (100..).zip(prices).map(|(number, &price)| listing(number, price)).collect()
}

fn five() -> Vec<Comparable> {
    priced(&[18_000, 19_000, 20_000, 21_000, 22_000])
}

/// Five good comparables and the one in question.
fn five_and(change: impl FnOnce(&mut Comparable)) -> Vec<Comparable> {
    let mut candidates = five();
    let mut one = listing(999, 20_500);
    change(&mut one);
    candidates.push(one);
    candidates
}

fn run(subject: &Subject, candidates: &[Comparable]) -> Analysis {
    analyze(subject, candidates, &OwnVins::default(), &[], &PricingRules::default(), NOW)
}

/// Priced by what the listings themselves say of mileage, without anything typical.
fn run_alone(subject: &Subject, candidates: &[Comparable]) -> Analysis {
    let typical_mileage = TypicalMileage { per_mile: 0.0, ..TypicalMileage::default() };
    let rules = PricingRules { typical_mileage, ..PricingRules::default() };
    analyze(subject, candidates, &OwnVins::default(), &[], &rules, NOW)
}

fn assert_close(found: f64, expected: f64, name: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{name}: {found} is not {expected}");
}

#[test]
fn raw_and_adjusted_figures_of_alike_cars_are_the_plain_quantiles() {
    // Each row: prices; median, minimum, maximum, first and third quartile by type 7; how many were kept.
    type Case<'a> = (&'a [i32], [&'a str; 5], usize);
    let cases: [Case<'_>; 8] = [
        (&[20_000; 5], ["20000.00", "20000.00", "20000.00", "20000.00", "20000.00"], 5),
        (&[18_000, 19_000, 20_000, 21_000, 22_000], ["20000.00", "18000.00", "22000.00", "19000.00", "21000.00"], 5),
        // Even: the mean of 20,000 and 21,000. Quartiles at places 1.25 and 3.75.
        (
            &[18_000, 19_000, 20_000, 21_000, 22_000, 23_000],
            ["20500.00", "18000.00", "23000.00", "19250.00", "21750.00"],
            6,
        ),
        // Logarithms about 10: the deviations' median is 0.0488, the fence stands at 0.253; ln 2 is far outside.
        (
            &[19_000, 19_500, 20_000, 20_500, 21_000, 40_000],
            ["20000.00", "19000.00", "21000.00", "19500.00", "20500.00"],
            5,
        ),
        // No deviation and no interquartile range: all but the equal ones are outside.
        (
            &[20_000, 20_000, 20_000, 20_000, 20_000, 20_500],
            ["20000.00", "20000.00", "20000.00", "20000.00", "20000.00"],
            5,
        ),
        // No deviation, quartiles 20,000 and 20,500: the fence stands at 20,500 * 1.025^1.5 = 21,273.7.
        (
            &[20_000, 20_000, 20_000, 20_000, 20_000, 20_500, 20_500, 21_200],
            ["20000.00", "20000.00", "21200.00", "20000.00", "20500.00"],
            8,
        ),
        (
            &[20_000, 20_000, 20_000, 20_000, 20_000, 20_500, 20_500, 21_300],
            ["20000.00", "20000.00", "20500.00", "20000.00", "20250.00"],
            7,
        ),
        // The deviations' median is ln(19,000 / 18,000) = 0.0541, the fence stands at 0.281; 28,000 is 0.388 off.
        (&[15_000, 18_000, 19_000, 20_000, 28_000], ["18500.00", "15000.00", "20000.00", "17250.00", "19250.00"], 4),
    ];
    for (prices, [median, min, max, p25, p75], kept) in cases {
        let found = run(&subject(), &priced(prices));
        assert_eq!(found.sample_size, kept, "{prices:?}");
        assert_eq!(
            (found.median_price, found.min_price, found.max_price),
            (Some(money(median)), Some(money(min)), Some(money(max))),
            "{prices:?}"
        );
        let expected = AdjustedPrices {
            min: money(min),
            p25: money(p25),
            median: money(median),
            p75: money(p75),
            max: money(max),
        };
        assert_eq!(found.adjusted, Some(expected), "{prices:?}");
    }
}

#[test]
fn the_recommendation_and_the_alert_turn_just_beyond_their_bounds() {
    use AlertType::{Overpriced, Underpriced};
    use Recommendation::{Competitive, High, Low};
    use Severity::{Critical, Warning};

    for (median, price, recommendation, alert) in [
        ("20000", "20000", Competitive, None),
        ("20000", "22000", Competitive, None),
        ("20000", "22000.01", High, Some((Overpriced, Warning))),
        ("20000", "18000", Competitive, None),
        ("20000", "17999.99", Low, Some((Underpriced, Warning))),
        ("20000", "23000", High, Some((Overpriced, Warning))),
        ("20000", "23000.01", High, Some((Overpriced, Critical))),
        ("20000", "17000", Low, Some((Underpriced, Warning))),
        ("20000", "16999.99", Low, Some((Underpriced, Critical))),
        // Both bounds are no double: 10,000.10 * 1.1 = 11,000.11.
        ("10000.10", "11000.11", Competitive, None),
        ("10000.10", "11000.12", High, Some((Overpriced, Warning))),
        ("10000.10", "9000.09", Competitive, None),
        ("10000.10", "9000.08", Low, Some((Underpriced, Warning))),
    ] {
        let rules = PricingRules::default();
        let (price, median) = (money(price), money(median));
        assert_eq!(recommend(price, median, &rules), recommendation, "{price} against {median}");
        let expected = alert.map(|(alert_type, severity)| WantedAlert { alert_type, severity });
        assert_eq!(wanted_alert(Some(price), Some(median), &rules), expected, "{price} against {median}");
    }
}

#[test]
fn the_position_counts_strictly_cheaper_and_dearer() {
    for (price, rank, cheaper, dearer, difference) in [
        (20_000, 3, 2, 2, 0.0),
        (17_999, 1, 0, 5, -10.005),
        (18_000, 1, 0, 4, -10.0),
        (22_001, 6, 5, 0, 10.005),
        (20_500, 4, 3, 2, 2.5),
    ] {
        let subject = Subject { price: Some(dollars(price)), cost: Some(dollars(15_000)), ..subject() };
        let found = run(&subject, &five());
        let position = found.position.unwrap();
        assert_eq!((position.rank, position.cheaper, position.dearer), (rank, cheaper, dearer), "{price}");
        assert_close(position.difference_percent, difference, "difference");
        assert_close(position.price_to_market_percent, 100.0 + difference, "price to market");
        assert_close(position.percentile, cheaper as f64 * 20.0, "percentile");
        assert_eq!(found.cost_to_market_percent, Some(75.0));
        assert_eq!(found.recommended_range, Some(PriceRange { low: dollars(19_000), high: dollars(21_000) }));
    }
}

#[test]
fn the_confidence_rises_with_the_sample() {
    for (size, expected) in [
        (0, Confidence::Insufficient),
        (4, Confidence::Insufficient),
        (5, Confidence::Limited),
        (14, Confidence::Limited),
        (15, Confidence::Moderate),
        (29, Confidence::Moderate),
        (30, Confidence::High),
        (3_000, Confidence::High),
    ] {
        assert_eq!(confidence(size, &PricingRules::default()), expected, "{size}");
    }
}

#[test]
fn four_comparables_recommend_nothing_and_five_do() {
    let four = run(&subject(), &five()[..4]);
    assert_eq!(four.recommendation, Some(Recommendation::InsufficientData));
    assert_eq!((four.sample_size, four.median_price), (4, Some(dollars(19_500))));
    assert_eq!((four.position, four.recommended_range, four.cost_to_market_percent), (None, None, None));
    let no_data = WantedAlert { alert_type: AlertType::NoMarketData, severity: Severity::Warning };
    assert_eq!(four.alert, Some(no_data));
    assert_eq!(four.reasons[0], Reason::TooFewComparables { found: 4, needed: 5 });
    assert_eq!(four.search_parameters.tier, 3);

    let all = run(&subject(), &five());
    assert_eq!((all.recommendation, all.alert), (Some(Recommendation::Competitive), None));
    assert_eq!(all.search_parameters.tier, 1);

    let none = run(&subject(), &[]);
    assert_eq!((none.median_price, none.adjusted, none.data_source), (None, None, DataSource::None));
    assert_eq!(none.alert, Some(no_data));
}

#[test]
fn without_our_price_the_market_is_told_and_nothing_is_recommended() {
    for price in [None, Some(Money::ZERO)] {
        let found = run(&Subject { price, ..subject() }, &five());
        assert_eq!((found.recommendation, found.position, found.alert, found.our_price), (None, None, None, None));
        assert!(found.recommended_range.is_some());
        assert_eq!(found.reasons[0], Reason::NoPrice);
        let alone = run(&Subject { price, ..subject() }, &five()[..2]);
        assert_eq!(alone.reasons[..2], [Reason::TooFewComparables { found: 2, needed: 5 }, Reason::NoPrice]);
        let reasons = alone.reasons.iter().filter(|reason| **reason == Reason::NoPrice);
        assert_eq!(reasons.count(), 1);
    }
}

#[test]
fn listings_unfit_to_compare_are_left_out_and_counted() {
    type Change = fn(&mut Comparable);
    let count = |change: fn(&mut LeftOut)| {
        let mut left_out = LeftOut::default();
        change(&mut left_out);
        left_out
    };
    let cases: [(&str, Change, LeftOut); 17] = [
        ("as it is", |_| {}, count(|_| {})),
        ("no price", |c| c.price = None, count(|l| l.price = 1)),
        ("price zero", |c| c.price = Some(Money::ZERO), count(|l| l.price = 1)),
        ("price below", |c| c.price = Some(money("999.99")), count(|l| l.price = 1)),
        ("price above", |c| c.price = Some(money("500000.01")), count(|l| l.price = 1)),
        ("another model", |c| c.model = "Corolla".into(), count(|l| l.unlike = 1)),
        ("another case", |c| c.make = "TOYOTA".into(), count(|_| {})),
        ("branded", |c| c.branded = true, count(|l| l.branded = 1)),
        ("offered 90 days", |c| c.first_seen_at = ago(90), count(|_| {})),
        ("offered 91 days", |c| c.first_seen_at = ago(91), count(|l| l.stale = 1)),
        ("sold 45 days ago", |c| (c.first_seen_at, c.sold_at) = (ago(100), Some(ago(45))), count(|_| {})),
        ("sold 46 days ago", |c| (c.first_seen_at, c.sold_at) = (ago(60), Some(ago(46))), count(|l| l.stale = 1)),
        ("250 miles away", |c| c.distance_miles = Some(250.0), count(|_| {})),
        ("251 miles away", |c| c.distance_miles = Some(251.0), count(|l| l.distant = 1)),
        ("the subject", |c| c.vin = Some("4t1b11hk5ku000001".into()), count(|l| l.own = 1)),
        ("mileage 20,001 off", |c| c.mileage = Some(60_001), count(|l| l.unlike = 1)),
        ("another year", |c| c.year = 2022, count(|l| l.unlike = 1)),
    ];
    for (name, change, expected) in cases {
        let found = run(&subject(), &five_and(change));
        assert_eq!(found.left_out, expected, "{name}");
        assert_eq!(found.sample_size, if expected == LeftOut::default() { 6 } else { 5 }, "{name}");
    }
}

#[test]
fn our_own_stock_is_not_compared_with() {
    let own: OwnVins = ["4t1b11hk000000100", "not a vin"].into_iter().collect();
    let found = analyze(&subject(), &five(), &own, &[], &PricingRules::default(), NOW);
    assert_eq!((found.left_out.own, found.sample_size), (1, 4));
}

#[test]
fn branded_titles_are_compared_with_a_branded_subject() {
    let candidates = five_and(|one| one.branded = true);
    let found = run(&Subject { branded: true, ..subject() }, &candidates);
    assert_eq!(found.sample_size, 6);
    assert!(found.search_parameters.branded);
}

#[test]
fn what_one_page_says_of_a_title_holds_for_the_vehicle_on_another() {
    let found = run(
        &subject(),
        &five_and(|one| (one.vin, one.source, one.branded) = (Some("4t1b11hk000000102".into()), Source::AutoDev, true)),
    );
    assert_eq!((found.sample_size, found.left_out.branded), (4, 2));
}

#[test]
fn slopes_are_those_of_the_widest_reach_whichever_tier_prices() {
    let near = on_a_curve(5, -1e-5);
    assert_eq!(run_alone(&subject(), &near).adjustment.mileage_sample, 5);
    let beside = on_a_curve(10, -1e-5).into_iter().zip(500..).map(|(one, number)| Comparable {
        year: if number % 2 == 0 { 2020 } else { 2022 },
        mileage: one.mileage.map(|miles| miles + 10_000),
        vin: Some(format!("4T1B11HK{number:09}")),
        price: one.price.map(|price| Money::from_cents((price.cents() as f64 * (-0.1_f64).exp()).round() as i64)),
        ..one
    });
    let found = run_alone(&subject(), &near.into_iter().chain(beside).collect::<Vec<_>>());
    assert_eq!((found.search_parameters.tier, found.sample_size), (1, 5));
    assert_eq!((found.adjustment.mileage, found.adjustment.mileage_sample), (SlopeOutcome::Applied, 15));
    assert_eq!(found.adjustment.year, SlopeOutcome::NotNeeded);
    assert!((found.adjusted.unwrap().median.dollars() - 20_000.0).abs() < 0.05, "{:?}", found.adjusted);
}

#[test]
fn of_one_vehicle_listed_twice_the_lower_price_stays_then_the_newer() {
    type Change = fn(&mut Comparable);
    // The vehicle in the middle of the five again, at another place.
    let cases: [(&str, Change, i32); 5] = [
        ("dearer elsewhere", |c| c.price = Some(dollars(20_900)), 20_000),
        ("cheaper elsewhere", |c| c.price = Some(dollars(19_500)), 19_500),
        ("a placeholder never wins", |c| c.price = Some(dollars(1)), 20_000),
        ("nor does a stale price", |c| (c.price, c.first_seen_at) = (Some(dollars(19_500)), ago(120)), 20_000),
        ("lower case", |c| (c.price, c.vin) = (Some(dollars(19_500)), Some("4t1b11hk000000102".into())), 19_500),
    ];
    for (name, change, median) in cases {
        let found = run(
            &subject(),
            &five_and(|one| {
                one.vin = Some("4T1B11HK000000102".into());
                one.source = Source::AutoDev;
                change(one);
            }),
        );
        assert_eq!((found.sample_size, found.median_price), (5, Some(dollars(median))), "{name}");
    }

    let tied = five_and(|one| {
        one.vin = Some("4T1B11HK000000102".into());
        one.price = Some(dollars(20_000));
        one.dealer = Some("the newer".into());
        one.last_seen_at = NOW;
    });
    let kept = run(&subject(), &tied);
    assert_eq!(kept.left_out.duplicate, 1);
    assert!(kept.comparables.iter().any(|one| one.comparable.dealer.as_deref() == Some("the newer")));
}

#[test]
fn listings_without_a_vin_are_kept_and_known_by_source_and_id() {
    let anonymous = |number, source, external_id: Option<&str>, url: Option<&str>| Comparable {
        vin: None,
        source,
        external_id: external_id.map(str::to_owned),
        url: url.map(str::to_owned),
        ..listing(number, 20_500)
    };
    let candidates = [
        anonymous(1, Source::Competitor, Some("a"), None),
        anonymous(2, Source::Competitor, Some("a"), Some("https://x.example/2")),
        anonymous(3, Source::AutoDev, Some("a"), None),
        anonymous(4, Source::Competitor, None, Some("https://x.example/4")),
        anonymous(5, Source::Competitor, Some(" "), Some("https://x.example/4")),
        // A missing key is equal to nothing.
        anonymous(6, Source::Competitor, None, None),
        anonymous(7, Source::Competitor, None, None),
        Comparable { vin: Some("N/A".into()), ..listing(8, 20_500) },
        Comparable { vin: Some("N/A".into()), ..listing(9, 20_500) },
    ];
    let found = run(&subject(), &candidates);
    assert_eq!((found.sample_size, found.left_out.duplicate), (7, 2));
    assert_eq!(found.data_source, DataSource::Both);
}

#[test]
fn the_search_widens_tier_by_tier_until_there_are_five() {
    let with = |mileage: i32, year: i32| {
        let mut candidates = five();
        candidates[4].mileage = Some(mileage);
        candidates[4].year = year;
        run_alone(&subject(), &candidates)
    };
    for (mileage, year, tier, size) in [
        (60_000, 2021, 1, 5),
        (60_001, 2021, 2, 5),
        (90_000, 2021, 2, 5),
        (90_001, 2021, 3, 4),
        (40_000, 2022, 3, 5),
        (90_000, 2020, 3, 5),
        (40_000, 2023, 3, 4),
    ] {
        let found = with(mileage, year);
        assert_eq!((found.search_parameters.tier, found.sample_size), (tier, size), "{mileage} {year}");
    }
    let wide = with(40_000, 2022).search_parameters;
    assert_eq!((wide.year_min, wide.year_max, wide.mileage_min, wide.mileage_max), (2020, 2022, Some(0), Some(90_000)));
}

#[test]
fn an_outlier_does_not_fill_the_minimum_sample() {
    let mut candidates = priced(&[19_000, 19_500, 20_000, 20_500, 60_000]);
    candidates.push(Comparable { mileage: Some(70_000), ..listing(200, 20_000) });
    let found = run(&subject(), &candidates);
    assert_eq!((found.search_parameters.tier, found.sample_size, found.left_out.outlier), (2, 5, 1));
}

#[test]
fn the_trim_narrows_the_first_tier_only_where_enough_is_left() {
    let subject = Subject { trim: Some("XLE".into()), ..subject() };
    let trimmed = |count: usize| {
        let mut candidates = priced(&[18_000, 18_500, 19_000, 19_500, 20_000, 25_000, 25_500]);
        candidates.iter_mut().take(count).for_each(|one| one.trim = Some("xle".into()));
        run(&subject, &candidates)
    };
    let narrow = trimmed(5);
    assert_eq!((narrow.sample_size, narrow.median_price), (5, Some(dollars(19_000))));
    assert_eq!(narrow.search_parameters.trim.as_deref(), Some("XLE"));
    assert!(narrow.reasons.contains(&Reason::SameTrim { trim: "XLE".into() }));
    let broad = trimmed(4);
    assert_eq!((broad.sample_size, broad.search_parameters.tier, broad.search_parameters.trim), (7, 1, None));
    assert!(broad.reasons.contains(&Reason::AnyTrim { trim: "XLE".into() }));
}

/// Prices on the curve `20,000 exp(slope (miles - 40,000))`, one a thousand miles from 30,000 on.
fn on_a_curve(count: i32, slope: f64) -> Vec<Comparable> {
    (0..count)
        .map(|step| {
            let miles = 30_000 + step * 1_000;
            let price = Money::from_dollars_rounded(20_000.0 * (slope * f64::from(miles - 40_000)).exp());
            Comparable { mileage: Some(miles), price, ..listing(usize::try_from(step).unwrap() + 100, 0) }
        })
        .collect()
}

#[test]
fn prices_are_adjusted_for_mileage_and_only_downwards() {
    use SlopeOutcome::{Applied, WrongSign};
    for (count, slope, outcome, per_mile) in
        [(7, -1e-5, Applied, -1e-5), (8, -1e-5, Applied, -1e-5), (9, -1e-5, Applied, -1e-5), (8, 1e-5, WrongSign, 0.0)]
    {
        let found = run_alone(&subject(), &on_a_curve(count, slope));
        let adjustment = found.adjustment;
        assert_eq!(adjustment.mileage, outcome, "{count} {slope}");
        assert!((adjustment.per_mile - per_mile).abs() < 1e-9, "{count} {slope}: {}", adjustment.per_mile);
        assert!((adjustment.per_mile_alone.unwrap() - slope).abs() < 1e-9, "{count} {slope}: {adjustment:?}");
        assert_eq!((adjustment.mileage_sample, adjustment.typical_share), (usize::try_from(count).unwrap(), 0.0));
        let adjusted = found.adjusted.unwrap();
        if outcome == Applied {
            // On the curve every car is worth 20,000 at the subject's mileage, and rounding makes no outliers.
            assert_eq!(found.left_out.outlier, 0);
            assert!((adjusted.median.dollars() - 20_000.0).abs() < 0.05, "{}", adjusted.median);
            assert!(adjusted.max.cents() - adjusted.min.cents() < 10);
        } else {
            assert_eq!(Some(adjusted.median), found.median_price);
        }
    }
}

#[test]
fn the_slope_of_few_listings_is_drawn_towards_the_typical() {
    // Ten thousand miles apart, from 20,000 to 60,000, on a curve of 1e-5 a mile.
    let five: Vec<_> = on_a_curve(5, -1e-5)
        .into_iter()
        .zip([20_000, 30_000, 40_000, 50_000, 60_000])
        .map(|(one, miles)| Comparable {
            mileage: Some(miles),
            price: Money::from_dollars_rounded(20_000.0 * (-1e-5 * f64::from(miles - 40_000)).exp()),
            ..one
        })
        .collect();
    let found = run(&Subject { mileage: Some(50_000), ..subject() }, &five[1..]);
    assert_eq!(found.sample_size, 4, "within the first tier");
    // Five in the widest: squares 1e9, s² = 4 * 0.0121 / 7, v = 6.914286e-12 beside t² = 6.25e-12: a share of 0.525231.
    let found = run(&Subject { mileage: Some(40_000), ..subject() }, &five);
    let adjustment = found.adjustment;
    assert!((adjustment.typical_share - 0.525_231).abs() < 1e-5, "{adjustment:?}");
    assert!((adjustment.per_mile_alone.unwrap() + 1e-5).abs() < 1e-9, "{adjustment:?}");
    assert!((adjustment.per_mile + 6.848_614e-6).abs() < 1e-9, "{adjustment:?}");
    assert_eq!(adjustment.typical_mileage, Some(TypicalMileage::default()));
    // exp(-0.04) and exp(-0.06848614).
    let [typical, used] = [-3.921_056, -6.619_360];
    let told = |reason: &Reason| match *reason {
        Reason::TypicalMileage { percent_per_10_000_miles, share_percent } => {
            Some((percent_per_10_000_miles - typical).abs() < 1e-5 && (share_percent - 52.5231).abs() < 1e-3)
        }
        Reason::AdjustedForMileage { percent_per_10_000_miles } => Some((percent_per_10_000_miles - used).abs() < 1e-4),
        _ => None,
    };
    assert_eq!(found.reasons.iter().filter_map(told).collect::<Vec<_>>(), [true, true], "{:?}", found.reasons);
    // The document that is kept holds what was taken for typical.
    let kept = serde_json::to_value(&found).unwrap();
    assert_eq!(kept.pointer("/adjustment/typical_mileage/per_mile"), Some(&serde_json::json!(-4e-6)));
    assert_eq!(serde_json::from_value::<Analysis>(kept).unwrap(), found);
}

#[test]
fn where_listings_tell_nothing_of_mileage_the_typical_slope_is_used() {
    // All at 40,000 miles, ours at 50,000: each is worth exp(-0.04) of its price.
    let alike = priced(&[18_000, 19_000, 20_000, 21_000, 22_000]);
    let found = run(&Subject { mileage: Some(50_000), ..subject() }, &alike);
    assert_eq!(found.adjustment.mileage, SlopeOutcome::Typical);
    assert_eq!((found.adjustment.per_mile_alone, found.adjustment.typical_share), (None, 1.0));
    assert_eq!(found.adjusted.unwrap().median, money("19215.79"));
    // With nothing typical nothing is adjusted.
    let typical_mileage = TypicalMileage { per_mile: 0.0, ..TypicalMileage::default() };
    let rules = PricingRules { typical_mileage, ..PricingRules::default() };
    let subject = Subject { mileage: Some(50_000), ..subject() };
    let found = analyze(&subject, &alike, &OwnVins::default(), &[], &rules, NOW);
    assert_eq!(found.adjustment.mileage, SlopeOutcome::NoSpread);
    assert_eq!(found.adjusted.unwrap().median, dollars(20_000));
}

#[test]
fn few_listings_that_rise_with_the_miles_are_not_believed_and_many_leave_prices_as_they_are() {
    let few = run(&subject(), &on_a_curve(8, 1e-6));
    assert_eq!(few.adjustment.mileage, SlopeOutcome::Applied);
    assert!(few.adjustment.per_mile_alone.unwrap() > 0.0 && few.adjustment.per_mile < -3e-6, "{:?}", few.adjustment);
    let many = run(&subject(), &on_a_curve(60, 1e-5));
    assert_eq!((many.adjustment.mileage, many.adjustment.per_mile), (SlopeOutcome::WrongSign, 0.0));
}

#[test]
fn many_listings_speak_for_themselves() {
    let found = run(&subject(), &on_a_curve(60, -1e-5));
    assert!(found.adjustment.typical_share < 0.01, "{:?}", found.adjustment);
    assert!(!found.reasons.iter().any(|reason| matches!(reason, Reason::TypicalMileage { .. })));
}

#[test]
fn a_mileage_that_no_comparable_has_is_told() {
    for (ours, told) in [
        (40_000, None),
        // From 30,000 to 39,000.
        (20_001, None),
        (20_000, Some(-10_000)),
        (48_999, None),
        (49_000, Some(10_000)),
        (80_000, Some(41_000)),
    ] {
        let found = run(&Subject { mileage: Some(ours), ..subject() }, &on_a_curve(10, -1e-5));
        let reasons = found.reasons.iter().filter_map(|reason| match reason {
            Reason::BeyondComparables { miles } => Some(*miles),
            _ => None,
        });
        assert_eq!(reasons.collect::<Vec<_>>(), told.into_iter().collect::<Vec<_>>(), "{ours}");
    }
}

#[test]
fn that_a_branded_title_is_compared_with_clean_ones_is_told() {
    let told = |branded, candidates: &[Comparable]| {
        let found = run(&Subject { branded, ..subject() }, candidates);
        found.reasons.into_iter().find(|reason| matches!(reason, Reason::BrandedTitle { .. }))
    };
    assert_eq!(told(true, &five_and(|one| one.branded = true)), Some(Reason::BrandedTitle { branded: 1, of: 6 }));
    assert_eq!(told(true, &five()), Some(Reason::BrandedTitle { branded: 0, of: 5 }));
    // Of a branded car it says nothing that clean ones ask more; of ten with the same fate it does.
    let alert = |candidates: &[Comparable]| {
        let price = Some(dollars(12_000));
        run(&Subject { branded: true, price, ..subject() }, candidates).alert.map(|alert| alert.severity)
    };
    assert_eq!(alert(&five()), None);
    assert_eq!(alert(&five_and(|one| one.branded = true)), Some(Severity::Critical));
    let far = |mileage| Subject { mileage: Some(mileage), price: Some(dollars(1_000)), ..subject() };
    let severity = |mileage| run(&far(mileage), &five()).alert.map(|alert| alert.severity);
    assert_eq!((severity(40_000), severity(55_000)), (Some(Severity::Critical), Some(Severity::Warning)));
    assert_eq!((told(false, &five()), told(true, &[])), (None, None));
}

#[test]
fn alike_and_unknown_mileages_need_no_slope() {
    let alike = priced(&[18_000, 18_500, 19_000, 19_500, 20_000, 20_500, 21_000, 21_500]);
    assert_eq!(run(&subject(), &alike).adjustment.mileage, SlopeOutcome::NotNeeded);

    let unknown: Vec<_> = alike.iter().map(|one| Comparable { mileage: None, ..one.clone() }).collect();
    let found = run(&subject(), &unknown);
    assert_eq!((found.sample_size, found.adjustment.mileage_unknown, found.adjustment.mileage_sample), (8, 8, 0));
    assert_eq!(found.adjusted.unwrap().median, dollars(19_750));
    assert!(found.reasons.contains(&Reason::MileageUnknown { count: 8 }));
}

#[test]
fn few_known_mileages_leave_the_year_to_all_listings() {
    // Ten of three years without a mileage, 10 % a year apart, and one with it.
    let market: Vec<_> = (0..11)
        .map(|number| {
            let year = 2020 + number % 3;
            let price = Money::from_dollars_rounded(20_000.0 * (0.1 * f64::from(year - 2021)).exp());
            let mileage = (number == 10).then_some(60_000);
            Comparable { year, price, mileage, ..listing(usize::try_from(number).unwrap() + 100, 0) }
        })
        .collect();
    let found = run(&subject(), &market);
    assert_eq!((found.adjustment.year, found.adjustment.year_sample), (SlopeOutcome::Applied, 11));
    assert!((found.adjustment.per_year - 0.1).abs() < 1e-5, "{:?}", found.adjustment);
}

#[test]
fn a_comparable_of_unknown_mileage_keeps_its_price() {
    for mileage in [None, Some(-1)] {
        let mut candidates = on_a_curve(10, -1e-5);
        candidates.push(Comparable { mileage, ..listing(500, 20_001) });
        let found = run_alone(&Subject { mileage: Some(50_000), ..subject() }, &candidates);
        // All others are worth 18,096.75 at 50,000 miles: the one unadjusted price is far from them.
        assert_eq!((found.left_out.outlier, found.adjusted.unwrap().median), (1, money("18096.75")), "{mileage:?}");
    }
}

#[test]
fn year_and_mileage_are_told_apart() {
    // Newer cars have fewer miles. 8 % a year and 6e-6 a mile, exactly; same-year cars alone are too few.
    let market: Vec<_> = (0..12)
        .map(|number| {
            let year = 2020 + number % 3;
            let miles = 40_000 - 9_000 * (year - 2021) + 1_500 * (number / 3);
            let log = 10.0 - 6e-6 * f64::from(miles - 40_000) + 0.08 * f64::from(year - 2021);
            let price = Money::from_dollars_rounded(log.exp());
            Comparable { year, mileage: Some(miles), price, ..listing(usize::try_from(number).unwrap() + 100, 0) }
        })
        .collect();
    let found = run_alone(&subject(), &market);
    assert_eq!((found.search_parameters.tier, found.sample_size), (3, 12));
    assert!((found.adjustment.per_mile + 6e-6).abs() < 1e-9, "{:?}", found.adjustment);
    assert!((found.adjustment.per_year - 0.08).abs() < 1e-5, "{:?}", found.adjustment);
    assert!((found.adjusted.unwrap().median.dollars() - 10_f64.exp()).abs() < 0.2);
}

#[test]
fn a_newer_year_never_takes_value_away() {
    let market: Vec<_> = (0..9)
        .map(|number| {
            let year = 2020 + number % 3;
            let price = dollars(20_000 - 1_000 * (year - 2021) + 10 * number);
            Comparable { year, price: Some(price), ..listing(usize::try_from(number).unwrap() + 100, 0) }
        })
        .collect();
    let found = run(&subject(), &market);
    assert_eq!((found.adjustment.year, found.adjustment.per_year), (SlopeOutcome::WrongSign, 0.0));
    assert!(found.reasons.contains(&Reason::NotAdjustedForYear { outcome: SlopeOutcome::WrongSign }));
}

#[test]
fn a_slope_from_nearly_new_cars_is_not_extrapolated_without_limit() {
    // Eight cars of 1 to 8 miles whose prices fall by 100 a mile say nothing about 20,000 miles.
    let new: Vec<_> = (1..=8)
        .map(|miles| Comparable { mileage: Some(miles), ..listing(miles as usize + 100, 30_000 - 100 * miles) })
        .collect();
    let found = run_alone(&Subject { mileage: Some(20_000), ..subject() }, &new);
    assert_eq!(found.adjustment.limited, 8);
    assert_eq!(found.adjusted.unwrap().median, money("14775.00"));
}

#[test]
fn the_nearest_comparables_by_mileage_and_year_are_stored() {
    let mut market: Vec<_> = (0..14)
        .map(|n| Comparable { mileage: Some(40_000 + 1_000 * n), ..listing(100 + n as usize, 20_000) })
        .collect();
    market[3].mileage = None;
    let found = run(&subject(), &market);
    let miles: Vec<_> = found.comparables.iter().map(|one| one.comparable.mileage.unwrap()).collect();
    let thousands = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10];
    assert_eq!(miles, thousands.map(|thousand| 40_000 + 1_000 * thousand));
}

#[test]
fn the_supply_counts_competitors_vehicles_as_last_seen() {
    let mut market = priced(&[20_000; 9]);
    for one in &mut market[..3] {
        one.sold_at = Some(ago(10));
    }
    // Watched twice: sold here, then on offer there. And what auto.dev lists says nothing of sales.
    market.push(Comparable { external_id: Some("x".into()), last_seen_at: NOW, sold_at: None, ..market[0].clone() });
    market.push(Comparable { source: Source::AutoDev, ..listing(300, 20_000) });
    // Not sold yet at the time of asking.
    market[4].sold_at = Some(NOW + TimeDelta::days(1));
    let supply = run(&subject(), &market).supply;
    assert_eq!((supply.active, supply.sold, supply.days_to_sell), (7, 2, None));
    // 7 / (2 / 45).
    assert_eq!(supply.days, Some(157.5));

    market[5].sold_at = Some(ago(2));
    let supply = run(&subject(), &market).supply;
    // Sold after 20, 20 and 28 days.
    assert_eq!((supply.active, supply.days, supply.days_to_sell), (6, Some(90.0), Some(20.0)));
    assert_eq!(run(&subject(), &five()).supply, Supply { active: 5, sold: 0, days: None, days_to_sell: None });
}

#[test]
fn the_velocity_compares_the_points_nearest_to_the_dates() {
    use MarketMood::{BuyersMarket, SellersMarket, Stable};
    let point = |days, median| HistoryPoint {
        recorded_at: ago(days),
        median_price: Some(dollars(median)),
        sample_size: 5,
        searched_for: None,
    };
    type Case<'a> = (&'a str, &'a [HistoryPoint], Option<(f64, MarketMood)>);
    let cases: [Case<'_>; 10] = [
        ("nothing", &[], None),
        ("one point", &[point(0, 20_000)], None),
        ("exactly five per cent up", &[point(14, 20_000), point(0, 21_000)], Some((5.0, Stable))),
        ("more than five up", &[point(14, 20_000), point(0, 21_002)], Some((5.01, SellersMarket))),
        ("exactly five down", &[point(14, 20_000), point(0, 19_000)], Some((-5.0, Stable))),
        ("more than five down", &[point(14, 20_000), point(0, 18_998)], Some((-5.01, BuyersMarket))),
        (
            "near the dates",
            &[point(30, 1_000), point(16, 20_000), point(11, 1_000), point(2, 20_200)],
            Some((1.0, Stable)),
        ),
        ("a change of a day", &[point(1, 20_000), point(0, 25_000)], None),
        ("an old market", &[point(30, 20_000), point(22, 25_000)], None),
        ("one point for both dates", &[point(7, 20_000)], None),
    ];
    for (name, history, expected) in cases {
        let found = velocity(history, NOW, &PricingRules::default());
        assert_eq!(found.map(|velocity| velocity.mood), expected.map(|(_, mood)| mood), "{name}");
        if let (Some(found), Some((percent, _))) = (found, expected) {
            assert_close(found.change_percent, percent, name);
        }
    }
    let thin = [HistoryPoint { sample_size: 4, ..point(14, 20_000) }, point(0, 30_000)];
    assert_eq!(velocity(&thin, NOW, &PricingRules::default()), None);
}

#[test]
fn medians_of_different_searches_are_no_change_of_the_market() {
    let of = |search: &str, days, median| HistoryPoint {
        recorded_at: ago(days),
        median_price: Some(dollars(median)),
        sample_size: 5,
        searched_for: Some(search.to_owned()),
    };
    let found = |history: &[HistoryPoint]| {
        velocity(history, NOW, &PricingRules::default()).map(|change| (change.change_percent, change.from))
    };
    assert_eq!(found(&[of("camry", 14, 20_000), of("f150", 0, 30_000)]), None);
    let corrected = [of("f150", 16, 29_000), of("camry", 14, 20_000), of("camry", 1, 20_000), of("f150", 0, 29_580)];
    assert_eq!(found(&corrected), Some((2.0, ago(16))), "the nearest of the same search");
    let unknown = HistoryPoint { searched_for: None, ..of("", 14, 20_000) };
    assert_eq!(found(&[unknown, of("f150", 0, 30_000)]), None, "older rows do not say what they are of");
    let searched = run(&subject(), &five()).searched_for();
    let other = |subject: Subject| run(&subject, &five()).searched_for();
    assert_eq!(other(Subject { mileage: subject().mileage.map(|miles| miles + 40), ..subject() }), searched);
    assert_ne!(other(Subject { year: subject().year + 1, ..subject() }), searched);
    assert_ne!(other(Subject { branded: true, ..subject() }), searched);
}

#[test]
fn the_change_of_a_week_looks_half_as_far() {
    let point = |days, median| HistoryPoint {
        recorded_at: ago(days),
        median_price: Some(dollars(median)),
        sample_size: 5,
        searched_for: None,
    };
    for (name, history, expected) in [
        ("a week", vec![point(7, 20_000), point(0, 19_000)], Some(-5.0)),
        ("near it", vec![point(14, 1_000), point(10, 20_000), point(2, 20_400)], Some(2.0)),
        ("too near to now", vec![point(3, 20_000), point(0, 19_000)], None),
        ("too long ago", vec![point(11, 20_000), point(0, 19_000)], None),
        ("nothing of late", vec![point(8, 20_000), point(6, 19_000)], None),
    ] {
        let found = week(&history, NOW, &PricingRules::default());
        assert_eq!(found.map(|change| change.change_percent), expected, "{name}");
    }
    let searched_for = Some(run(&subject(), &five()).searched_for());
    let history = [HistoryPoint { searched_for, ..point(8, 16_000) }];
    let found = analyze(&subject(), &five(), &OwnVins::default(), &history, &PricingRules::default(), NOW);
    assert_eq!(found.week.map(|change| change.change_percent), Some(25.0));
}

#[test]
fn an_analysis_is_the_later_point_of_its_own_velocity() {
    let history = [HistoryPoint {
        recorded_at: ago(14),
        median_price: Some(dollars(16_000)),
        sample_size: 9,
        searched_for: Some(run(&subject(), &five()).searched_for()),
    }];
    let found = analyze(&subject(), &five(), &OwnVins::default(), &history, &PricingRules::default(), NOW);
    let velocity = found.velocity.unwrap();
    assert_eq!((velocity.change_percent, velocity.mood), (25.0, MarketMood::SellersMarket));
    assert!(found.reasons.contains(&Reason::MarketMoving { mood: MarketMood::SellersMarket, change_percent: 25.0 }));
}

#[test]
fn a_vehicle_is_due_when_never_analysed_or_three_days_ago() {
    let rules = PricingRules::default();
    let three_days = TimeDelta::days(3);
    for (last, due) in [
        (None, true),
        (Some(NOW - three_days), true),
        (Some(NOW - three_days + TimeDelta::microseconds(1)), false),
        (Some(NOW), false),
        (Some(NOW + three_days), false),
        (Some(DateTime::<Utc>::MIN_UTC), true),
    ] {
        assert_eq!(is_due(last, NOW, &rules), due, "{last:?}");
    }
}

#[test]
fn the_words_are_the_same_in_json_and_in_the_database() {
    fn check<T: Copy + Serialize + FromStr<Err = Error> + fmt::Display + PartialEq + fmt::Debug>(values: &[T]) {
        for &value in values {
            assert_eq!(serde_json::to_value(value).unwrap(), value.to_string());
            assert_eq!(value.to_string().parse::<T>().unwrap(), value);
        }
    }
    check(&Recommendation::ALL);
    check(&Source::ALL);
    check(&DataSource::ALL);
    check(&MarketMood::ALL);
    check(&Confidence::ALL);
    assert_eq!("cheap".parse::<Recommendation>().unwrap_err().code(), "invalid_recommendation");
}

#[test]
fn an_analysis_survives_json_and_its_reasons_carry_a_code() {
    let found = run(&Subject { price: Some(dollars(25_000)), ..subject() }, &on_a_curve(12, -1e-5));
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["reasons"][0]["code"], "above_market");
    assert_eq!(json["comparables"][0]["adjusted_price"], found.comparables[0].adjusted_price.to_string());
    let back: Analysis = serde_json::from_value(json).unwrap();
    assert_eq!(back.comparables, found.comparables);
    assert_eq!(back.search_parameters, found.search_parameters);
}

/// Every number of the result, found through its JSON, where what is no number would be null.
fn assert_all_finite(analysis: &Analysis) {
    fn nulls(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Null => found.push(path.to_owned()),
            serde_json::Value::Array(items) => items.iter().for_each(|item| nulls(item, path, found)),
            serde_json::Value::Object(fields) => {
                for (key, item) in fields {
                    nulls(item, &format!("{path}/{key}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    nulls(&serde_json::to_value(&analysis.reasons).unwrap(), "reasons", &mut found);
    nulls(&serde_json::to_value(analysis.adjustment).unwrap(), "adjustment", &mut found);
    if let Some(position) = analysis.position {
        nulls(&serde_json::to_value(position).unwrap(), "position", &mut found);
    }
    // Alike in mileage, listings have no slope of their own.
    found.retain(|path| path != "adjustment/per_mile_alone" || analysis.adjustment.per_mile_alone.is_some());
    assert_eq!(found, Vec::<String>::new());
    let supply = analysis.supply;
    for number in
        [supply.days, supply.days_to_sell, analysis.cost_to_market_percent, analysis.velocity.map(|v| v.change_percent)]
    {
        assert!(number.is_none_or(f64::is_finite), "{analysis:?}");
    }
    if let Some(prices) = analysis.adjusted {
        assert!(prices.min <= prices.p25 && prices.p25 <= prices.median, "{prices:?}");
        assert!(prices.median <= prices.p75 && prices.p75 <= prices.max, "{prices:?}");
    }
}

fn market(rows: &[(i32, i32, i32)]) -> Vec<Comparable> {
    (100..)
        .zip(rows)
        .map(|(number, &(price, miles, year))| Comparable { mileage: Some(miles), year, ..listing(number, price) })
        .collect()
}

proptest! {
    #[test]
    fn scaling_all_prices_scales_the_market(
        rows in prop::collection::vec((10_000..40_000_i32, 0..90_000_i32, 2020..2023_i32), 5..40),
    ) {
        let candidates = market(&rows);
        let scaled: Vec<_> = candidates
            .iter()
            .map(|one| Comparable { price: one.price.map(|price| Money::from_cents(price.cents() * 4)), ..one.clone() })
            .collect();
        let (once, fourfold) = (run(&subject(), &candidates), run(&subject(), &scaled));
        prop_assert_eq!(once.sample_size, fourfold.sample_size);
        if let (Some(once), Some(fourfold)) = (once.adjusted, fourfold.adjusted) {
            prop_assert!((once.median.cents() * 4 - fourfold.median.cents()).abs() <= 4);
        }
    }

    #[test]
    fn the_order_of_the_candidates_changes_nothing(
        rows in prop::collection::vec((15_000..20_000_i32, 30_000..32_000_i32, 2020..2023_i32, 0..9_usize), 0..40),
        seed in any::<u64>(),
    ) {
        let mut candidates: Vec<_> = rows
            .iter()
            .map(|&(price, miles, year, number)| Comparable { mileage: Some(miles), year, ..listing(number, price) })
            .collect();
        let ordered = run(&subject(), &candidates);
        fastrand::Rng::with_seed(seed).shuffle(&mut candidates);
        prop_assert_eq!(ordered, run(&subject(), &candidates));
    }

    #[test]
    fn extreme_values_neither_panic_nor_reach_the_result(
        rows in prop::collection::vec((any::<i64>(), any::<Option<i32>>(), any::<i32>(), any::<Option<f64>>()), 0..20),
        ours in (any::<i32>(), any::<Option<i32>>(), any::<Option<i64>>(), any::<Option<i64>>()),
        lowest in any::<i64>(),
    ) {
        let candidates: Vec<_> = (100..)
            .zip(&rows)
            .map(|(number, &(cents, mileage, year, distance_miles))| Comparable {
                price: Some(Money::from_cents(cents)),
                mileage,
                year,
                distance_miles,
                ..listing(number, 0)
            })
            .collect();
        let (year, mileage, price, cost) = ours;
        let subject =
            Subject { year, mileage, price: price.map(Money::from_cents), cost: cost.map(Money::from_cents), ..subject() };
        let rules = PricingRules {
            lowest_price: Money::from_cents(lowest),
            highest_price: Money::from_cents(i64::MAX),
            radius_miles: f64::INFINITY,
            tiers: vec![TierLimits { mileage_window: i32::MAX, year_window: i32::MAX }],
            miles_a_year: i32::MAX,
            ..PricingRules::default()
        };
        assert_all_finite(&analyze(&subject, &candidates, &OwnVins::default(), &[], &rules, NOW));
        assert_all_finite(&analyze(&subject, &candidates, &OwnVins::default(), &[], &PricingRules::default(), NOW));
    }
}

#[test]
fn prices_of_a_cent_and_endless_mileages_are_borne() {
    let rules = PricingRules { lowest_price: Money::ZERO, ..PricingRules::default() };
    let candidates: Vec<_> = (0..20)
        .map(|n| Comparable {
            price: Some(Money::from_cents(1 + n % 3)),
            mileage: Some(if n % 2 == 0 { i32::MAX } else { i32::MAX - 7 }),
            year: 0,
            ..listing(usize::try_from(n).unwrap(), 0)
        })
        .collect();
    let subject = Subject { year: 0, mileage: Some(i32::MAX), price: Some(Money::MAX), ..subject() };
    let found = analyze(&subject, &candidates, &OwnVins::default(), &[], &rules, NOW);
    assert_all_finite(&found);
    assert_eq!(found.recommendation, Some(Recommendation::High));
}
