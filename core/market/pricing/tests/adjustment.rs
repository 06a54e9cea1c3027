//! What mileage and model year do to prices.

use super::*;

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
