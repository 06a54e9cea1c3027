//! The pricing rule as a whole: cases worked out by hand, its bounds, and what must hold for any market.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{
    Error, Money,
    alerts::{AlertType, Severity},
    market::*,
};

mod adjustment;
mod comparables;
mod properties;
mod recommendation;
mod velocity;

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
        title_brand: None,
        condition: None,
        odometer_status: None,
        sale_status: None,
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
