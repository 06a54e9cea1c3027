//! How the median moves, and when a vehicle is due.

use chrono::TimeDelta;

use super::*;

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
