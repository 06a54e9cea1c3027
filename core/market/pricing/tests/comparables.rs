//! Which listings are compared, which are one vehicle, and how far the search goes.

use chrono::TimeDelta;

use super::*;

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
    assert_eq!((supply.active, supply.sold, supply.days_on_market), (7, 2, None));
    // 7 / (2 / 45).
    assert_eq!(supply.market_days_supply, Some(157.5));

    market[5].sold_at = Some(ago(2));
    let supply = run(&subject(), &market).supply;
    // Sold after 20, 20 and 28 days.
    assert_eq!((supply.active, supply.market_days_supply, supply.days_on_market), (6, Some(90.0), Some(20.0)));
    assert_eq!(
        run(&subject(), &five()).supply,
        Supply { active: 5, sold: 0, market_days_supply: None, days_on_market: None }
    );
}

#[test]
fn a_pool_prices_as_one_by_one() {
    let mut rng = fastrand::Rng::with_seed(3);
    let models = ["Camry", "CAMRY", "Camry Hybrid", "Corolla"];
    let listings: Vec<_> = (100..400)
        .map(|number| Comparable {
            model: models[rng.usize(..models.len())].to_owned(),
            year: rng.i32(2017..2025),
            mileage: Some(rng.i32(20_000..60_000)),
            sold_at: (number % 3 == 0).then(|| ago(4)),
            ..listing(number, rng.i32(15_000..25_000))
        })
        .collect();
    let (own, rules) = (OwnVins::default(), PricingRules::default());
    let pool = ComparablePool::new(listings.clone());
    for model in ["camry", "Corolla", "Camry-Hybrid", "Yaris"] {
        let subject = Subject { model: model.to_owned(), ..subject() };
        let mut alone = run(&subject, &listings);
        let mut pooled = pool.price(&subject, &own, &rules, NOW).unwrap();
        // What is of another model or year is not even looked at.
        (alone.left_out.unlike, pooled.left_out.unlike) = (0, 0);
        assert_eq!(alone, pooled);
        let supply = pool.supply(&subject, &own, &rules, NOW).unwrap();
        let same_year =
            |one: &&Comparable| one.year == 2021 && one.model.to_lowercase() == model.replace('-', " ").to_lowercase();
        assert_eq!(supply.active + supply.sold, listings.iter().filter(same_year).count());
    }
    let nameless = Subject { make: String::new(), ..subject() };
    assert_eq!(pool.price(&nameless, &own, &rules, NOW).unwrap_err().code(), "invalid_subject");
}
