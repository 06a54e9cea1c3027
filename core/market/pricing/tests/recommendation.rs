//! The figures, the recommendation, the alert and the confidence.

use super::*;

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
