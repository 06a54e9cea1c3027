//! What must hold for any market, however strange.

use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

use super::*;

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
    for number in [
        supply.market_days_supply,
        supply.days_on_market,
        analysis.cost_to_market_percent,
        analysis.velocity.map(|v| v.change_percent),
    ] {
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
