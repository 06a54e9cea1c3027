use std::{collections::BTreeMap, ops::RangeInclusive};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rstest::rstest;

use super::{
    ScrapeCounts,
    completeness::{
        AlikeScrapes, Completeness, EarlierScrapes, IncompleteReason, ListShape, Recognition, ScrapeReading,
    },
    identity::{Unmatched, disown_shared_keys, gone_since},
    metrics::{AverageFit, MetricCounts, Metrics, MetricsRules},
    rules::{Plan, PriceOf, ScrapeFacts, StoredListing, TrackingRules, Turn, plan as plan_of},
    sighting::Sighting,
    sold::{ReturnHistory, patience},
};
use crate::{extract::ScrapedListing, money::Money};

/// A competitor's lot in memory: what the repository does with a plan, without a database.
#[derive(Clone)]
pub(super) struct Lot {
    pub(super) stored: Vec<StoredListing>,
    history: BTreeMap<usize, Vec<(DateTime<Utc>, Money)>>,
    scrapes: BTreeMap<DateTime<Utc>, (Completeness, usize)>,
    returns: ReturnHistory,
    rules: TrackingRules,
    list_changed_at: Option<DateTime<Utc>>,
}

impl Lot {
    pub(super) fn new(rules: TrackingRules) -> Self {
        Self {
            stored: Vec::new(),
            history: BTreeMap::new(),
            scrapes: BTreeMap::new(),
            returns: ReturnHistory::default(),
            rules,
            list_changed_at: None,
        }
    }

    pub(super) fn record(
        &mut self,
        observed_at: DateTime<Utc>,
        listings: Vec<ScrapedListing>,
        reading: ScrapeReading,
    ) -> Plan {
        self.record_with_gone(observed_at, listings, reading, &[])
    }

    /// The same where the own pages of these stored listings are gone.
    fn record_with_gone(
        &mut self,
        observed_at: DateTime<Utc>,
        listings: Vec<ScrapedListing>,
        reading: ScrapeReading,
        gone: &[usize],
    ) -> Plan {
        let earlier: Vec<usize> = self
            .scrapes
            .range(..observed_at)
            .rev()
            .filter_map(|(_, (completeness, vehicles))| completeness.is_complete().then_some(*vehicles))
            .collect();
        let mut scrape = ScrapeFacts {
            observed_at,
            reading,
            earlier_counts: earlier,
            last_complete_at: self
                .scrapes
                .range(..observed_at)
                .rev()
                .find_map(|(time, (completeness, _))| completeness.is_complete().then_some(*time)),
            distrusted_scrapes: self
                .scrapes
                .iter()
                .filter(|(_, (completeness, _))| is_distrusted(*completeness))
                .map(|(time, _)| *time)
                .collect(),
            moved_scrapes: self
                .scrapes
                .iter()
                .filter(|(_, (completeness, _))| completeness.reason() == Some(IncompleteReason::ListMoved))
                .map(|(time, _)| *time)
                .collect(),
            last_pages: None,
            last_list: ListShape::default(),
            last_claimed: None,
            list_changed_at: self.list_changed_at,
            ahead_at: None,
            newest_recorded_at: self.scrapes.last_key_value().map(|(time, _)| *time),
            complete_scrapes: self
                .scrapes
                .iter()
                .filter_map(|(time, (completeness, _))| completeness.is_complete().then_some(*time))
                .collect(),
            returns: self.returns,
            alike: None,
        };
        let mut seen: Vec<Sighting> = listings.into_iter().map(Sighting::from).collect();
        disown_shared_keys(&mut seen);
        let mut plan = plan_of(&self.stored, seen.clone(), &scrape, &self.rules);
        if let Some(counts) = plan.completeness.counts_alike(&scrape.reading, plan.vehicles, &self.rules) {
            scrape.alike = self.alike(observed_at, &counts);
            plan = plan_of(&self.stored, seen, &scrape, &self.rules);
        }
        plan.mark_gone(&self.stored, gone, &scrape, &self.rules);
        self.apply(&plan, &scrape);
        plan
    }

    fn alike(&self, observed_at: DateTime<Utc>, counts: &RangeInclusive<usize>) -> Option<AlikeScrapes> {
        let row: Vec<_> = self
            .scrapes
            .range(..observed_at)
            .rev()
            .filter(|(_, (completeness, _))| completeness.is_complete() || is_distrusted(*completeness))
            .take_while(|(_, (_, vehicles))| counts.contains(vehicles))
            .map(|(time, _)| *time)
            .collect();
        let row: Vec<_> = row.into_iter().rev().collect();
        AlikeScrapes::of(&row, DateTime::UNIX_EPOCH, &self.rules)
    }

    fn apply(&mut self, plan: &Plan, scrape: &ScrapeFacts) {
        let known = self.stored.len();
        for &row in &plan.reseen {
            self.stored[row].last_seen_at = scrape.observed_at;
        }
        for changed in &plan.changed {
            self.stored[changed.stored] = changed.after.clone();
        }
        for earlier in &plan.seen_earlier {
            self.stored[earlier.stored].first_seen_at = earlier.first_seen_at;
        }
        for sold in &plan.sold_by_absence {
            let listing = &mut self.stored[sold.stored];
            (listing.is_sold, listing.sold_at) = (true, Some(sold.sold_at));
        }
        self.stored.extend(plan.new.iter().map(|new| new.listing.clone()));
        for point in &plan.price_points {
            let row = match point.of {
                PriceOf::New(index) => known + index,
                PriceOf::Stored(row) => row,
            };
            self.history.entry(row).or_default().push((scrape.observed_at, point.price));
        }
        self.scrapes.insert(scrape.observed_at, (plan.completeness, plan.vehicles));
        self.returns.absences += plan.returns.absences;
        self.returns.returns += plan.returns.returns;
    }

    fn see(&mut self, on_day: i64, listings: &[ScrapedListing]) -> Plan {
        self.record(day(on_day), listings.to_vec(), whole_lot())
    }
}

/// A scrape of that time that nothing is known before.
fn unknown(observed_at: DateTime<Utc>) -> EarlierScrapes<'static> {
    EarlierScrapes {
        counts: &[],
        alike: None,
        observed_at,
        recognition: Recognition::default(),
        distrusted: None,
        moved: None,
        pages: None,
        list: &ListShape { page_vehicles: None, last_page: None, url: None, redirected: false },
        claimed: None,
        list_changed: false,
        doubts_its_word: false,
    }
}

fn is_distrusted(completeness: Completeness) -> bool {
    completeness.reason().is_some_and(|reason| IncompleteReason::DISTRUSTED.contains(&reason))
}

fn lot() -> Lot {
    Lot::new(TrackingRules::default())
}

fn whole_lot() -> ScrapeReading {
    ScrapeReading::whole_lot()
}

fn day(number: i64) -> DateTime<Utc> {
    "2026-03-01T02:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(number)
}

const VIN_A: &str = "1M8GDM9AXKP042788";
const VIN_B: &str = "JTM6CRAV2TD002152";

/// A car from a short line: `vin=A` (or B, or a text of its own) `ext=… stock=… model=… miles=… price=… url=…` and the word `sold`.
fn car(line: &str) -> ScrapedListing {
    let mut car = ScrapedListing {
        year: Some(2023),
        make: Some("Toyota".into()),
        model: Some("Camry".into()),
        ..ScrapedListing::default()
    };
    for word in line.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let text = Some(value.to_owned());
        match key {
            "vin" => {
                car.vin = match value {
                    "A" => Some(VIN_A.into()),
                    "B" => Some(VIN_B.into()),
                    _ => text,
                }
            }
            "ext" => car.external_id = text,
            "stock" => car.stock_number = text,
            "year" => car.year = value.parse().ok(),
            "make" => car.make = text,
            "model" => car.model = text.filter(|model| !model.is_empty()),
            "miles" => car.mileage = value.parse().ok(),
            "price" => car.price = value.parse().ok(),
            "url" => car.url = text,
            "sold" => car.is_sold = Some(true),
            _ => panic!("{key}"),
        }
    }
    car
}

fn cars(lines: &[&str]) -> Vec<ScrapedListing> {
    lines.iter().map(|line| car(line)).collect()
}

/// Which stored row (by its place) each sighting of the second day was found to be.
#[rstest]
#[case::same_vin(&["vin=A"], &["vin=A stock=9"], &[0])]
#[case::vin_in_small_letters(&["vin=A"], &["vin=1m8gdm9axkp042788"], &[0])]
#[case::vin_before_stock(&["stock=1", "vin=A"], &["vin=A stock=1"], &[1])]
#[case::external_id_before_stock(&["stock=1", "ext=e"], &["ext=e stock=1"], &[1])]
#[case::stock_number(&["stock=1", "stock=2"], &["stock=2"], &[1])]
#[case::stock_number_used_again_for_another_vin(&["vin=A stock=1"], &["vin=B stock=1"], &[1])]
#[case::external_id_used_again_for_another_vin(&["vin=A ext=1"], &["vin=B ext=1"], &[1])]
#[case::vin_was_mistyped(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1"], &["vin=A stock=1 miles=5000 url=/1"], &[0])]
#[case::another_car_under_its_number(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1"], &["vin=A stock=1 miles=9000 url=/1"], &[1])]
#[case::mistyped_without_a_link(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000"], &["vin=A stock=1 miles=5000"], &[1])]
#[case::mistyped_later(&["vin=A stock=1 miles=5000 url=/1"], &["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1"], &[1])]
#[case::vin_appears_later(&["stock=1"], &["vin=A stock=1"], &[0])]
#[case::vin_appears_later_by_likeness(&["miles=5000"], &["vin=A miles=5010"], &[0])]
#[case::vin_is_missing_later(&["vin=A stock=1"], &["stock=1"], &[0])]
#[case::missing_keys_never_match(&["stock=1 miles=1"], &["ext=1 miles=900"], &[1])]
#[case::likeness_within_the_tolerance(&["miles=5000"], &["miles=5100"], &[0])]
#[case::likeness_beyond_the_tolerance(&["miles=5000"], &["miles=5101"], &[1])]
#[case::likeness_of_another_model(&["miles=5000"], &["miles=5000 model=Corolla"], &[1])]
#[case::two_that_fit_are_none(&["miles=5000", "miles=5050"], &["miles=5020"], &[2])]
#[case::two_that_fit_told_apart_by_link(&["miles=5000 url=/a", "miles=5050 url=/b"], &["miles=5020 url=/b"], &[1])]
#[case::likeness_against_another_stock_number(&["stock=1 miles=5"], &["stock=2 miles=5"], &[1])]
#[case::one_row_for_one_sighting(&["miles=5000"], &["miles=5090", "miles=5010"], &[1, 0])]
#[case::weak_match_waits_for_strong(&["vin=A miles=7"], &["miles=8", "vin=A miles=7"], &[1, 0])]
#[case::numbered_anew(&["stock=1 miles=5 url=/a", "stock=2 miles=7 url=/b"], &["stock=8 miles=7 url=/b", "stock=9 miles=5 url=/a"], &[1, 0])]
#[case::numbered_anew_and_without_its_vin(&["vin=A stock=1 miles=5 url=/a"], &["stock=2 miles=5 url=/a"], &[0])]
#[case::another_vin_under_the_link(&["vin=A stock=1 miles=5 url=/a"], &["vin=B stock=2 miles=5 url=/a"], &[1])]
#[case::other_miles_under_the_link(&["stock=1 miles=5 url=/a"], &["stock=2 miles=6 url=/a"], &[1])]
#[case::another_model_under_the_link(&["stock=1 miles=5 url=/a"], &["stock=2 miles=5 url=/a model=Corolla"], &[1])]
#[case::one_link_for_all(&["stock=1 miles=5 url=/a", "stock=2 miles=5 url=/a"], &["stock=3 miles=5 url=/a"], &[2])]
#[case::one_link_for_all_seen(&["stock=1 miles=5 url=/a"], &["stock=3 miles=5 url=/a", "stock=4 miles=5 url=/a"], &[1, 2])]
#[case::stock_number_used_again_for_another_car(&["stock=1 miles=5"], &["stock=1 miles=70000 year=2015 model=Corolla"], &[1])]
#[case::stock_number_with_a_model_spelled_otherwise(&["stock=1 miles=5 model=RAV4"], &["stock=1 miles=900 model=RAV-4XLE"], &[0])]
#[case::stock_number_with_everything_spelled_otherwise(&["stock=1 miles=5"], &["stock=1 miles=5 make=Toy model=Cmry"], &[0])]
#[case::a_word_is_no_stock_number(&["stock=1 miles=5", "stock=2 miles=900"], &["stock=Call miles=900", "stock=Call miles=5"], &[1, 0])]
#[case::nor_one_that_cars_of_two_kinds_show(&["stock=1 miles=5", "stock=2 miles=5 model=Corolla"], &["stock=X9 miles=5 model=Corolla", "stock=X9 miles=5"], &[1, 0])]
#[case::a_text_that_is_no_vin_is_no_key(&["vin=N/A stock=1"], &["vin=N/A stock=2"], &[1])]
fn a_sighting_is_known_by_its_strongest_key(#[case] first: &[&str], #[case] second: &[&str], #[case] rows: &[usize]) {
    let mut lot = lot();
    assert_eq!(lot.see(0, &cars(first)).new.len(), first.len());
    let plan = lot.see(1, &cars(second));
    let mut found: Vec<Option<usize>> = vec![None; second.len()];
    for changed in &plan.changed {
        found[changed.sighting] = Some(changed.stored);
    }
    for (index, new) in plan.new.iter().enumerate() {
        found[new.sighting] = Some(first.len() + index);
    }
    // What is left was seen again unchanged, in the order of the sightings.
    let mut reseen = plan.reseen.iter().copied();
    let found: Vec<usize> = found.into_iter().map(|row| row.or_else(|| reseen.next()).unwrap()).collect();
    assert_eq!(found, rows);
}

#[test]
fn a_vin_that_appears_later_is_written() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1 price=20000"]));
    let plan = lot.see(1, &cars(&["vin=A stock=1 price=20000"]));
    assert_eq!(plan.changed[0].columns, ["vin"]);
    assert_eq!(lot.stored[0].keys.vin.as_deref(), Some(VIN_A));
    assert_eq!(lot.stored[0].first_seen_at, day(0));
}

#[rstest]
#[case::same_vin(&["vin=A", "vin=A price=20000"], 1)]
#[case::vin_on_one_page_only(&["stock=1", "vin=A stock=1"], 1)]
#[case::two_vins_one_stock_number(&["vin=A stock=1", "vin=B stock=1"], 2)]
#[case::shown_to_be_one_by_a_third(&["vin=A", "ext=e", "vin=A ext=e"], 1)]
#[case::not_one_against_the_vin(&["vin=A ext=e", "vin=B stock=1", "ext=e stock=1"], 2)]
#[case::keyless_to_the_letter(&["miles=5 price=20000", "miles=5 price=20000"], 1)]
#[case::one_number_for_many(&["stock=X9 miles=5", "stock=X9 miles=5 model=Corolla", "stock=X9 miles=9000"], 3)]
#[case::one_id_for_many(&["ext=X9 miles=5", "ext=X9 miles=5 year=2015"], 2)]
#[case::rounded_miles(&["stock=1 miles=48321", "stock=1 miles=48000"], 1)]
#[case::a_teaser_with_the_same_link(&["stock=1 url=/a", "stock=1 url=/a model=Special"], 1)]
#[case::keyless_look_alikes(&["miles=5 url=/a", "miles=5 url=/b"], 2)]
fn a_vehicle_on_two_pages_is_one(#[case] seen: &[&str], #[case] vehicles: usize) {
    let mut lot = lot();
    let plan = lot.see(0, &cars(seen));
    assert_eq!((plan.new.len(), plan.duplicates.len()), (vehicles, seen.len() - vehicles));
}

#[test]
fn a_repeated_sighting_completes_the_first() {
    let mut lot = lot();
    lot.see(0, &cars(&["vin=A price=20000", "vin=A price=30000 stock=1"]));
    assert_eq!(lot.stored[0].price, Some(Money::from_dollars(20_000)));
    assert_eq!(lot.stored[0].keys.stock_number.as_deref(), Some("1"));
}

#[test]
fn what_can_not_be_known_again_is_refused_with_its_place() {
    let plan = lot().see(0, &cars(&["stock=1", "price=20000", "model= miles=5"]));
    assert_eq!(plan.new.len(), 1);
    assert_eq!(plan.refused.iter().map(|refused| refused.sighting).collect::<Vec<_>>(), [1, 2]);
}

/// Prices read on successive days, and what is stored and written for them: price, unconfirmed price, price points.
#[rstest]
#[case::first(&["20000"], Some(20_000), None, &[20_000])]
#[case::unchanged(&["20000", "20000"], Some(20_000), None, &[20_000])]
#[case::cut(&["20000", "19000"], Some(19_000), None, &[20_000, 19_000])]
#[case::missing_keeps(&["20000", "-"], Some(20_000), None, &[20_000])]
#[case::zero_is_missing(&["20000", "0"], Some(20_000), None, &[20_000])]
#[case::a_rate_is_doubted(&["20000", "299"], Some(20_000), Some(299), &[20_000])]
#[case::a_jump_is_doubted(&["20000", "32001"], Some(20_000), Some(32_001), &[20_000])]
#[case::just_no_jump(&["20000", "32000"], Some(32_000), None, &[20_000, 32_000])]
#[case::a_fall_is_doubted(&["20000", "7999"], Some(20_000), Some(7_999), &[20_000])]
#[case::confirmed(&["20000", "7999", "7999"], Some(7_999), None, &[20_000, 7_999])]
#[case::confirmed_after_a_gap(&["20000", "7999", "-", "7999"], Some(7_999), None, &[20_000, 7_999])]
#[case::refuted(&["20000", "7999", "20000"], Some(20_000), None, &[20_000])]
#[case::another_doubt(&["20000", "7999", "7998"], Some(20_000), Some(7_998), &[20_000])]
#[case::first_is_doubted(&["499"], None, Some(499), &[])]
#[case::a_daily_rate_is_never_one(&["20000", "199", "199", "199"], Some(20_000), None, &[20_000])]
#[case::nor_at_first(&["1", "1", "200", "200"], Some(200), None, &[200])]
#[case::first_at_the_floor(&["500"], Some(500), None, &[500])]
#[case::first_is_confirmed(&["499", "499"], Some(499), None, &[499])]
#[case::known_later(&["-", "20000"], Some(20_000), None, &[20_000])]
fn a_price_is_believed_when_it_is_plausible_or_confirmed(
    #[case] prices: &[&str],
    #[case] price: Option<i32>,
    #[case] unconfirmed: Option<i32>,
    #[case] points: &[i32],
) {
    let mut lot = lot();
    for (on_day, price) in (0..).zip(prices) {
        lot.see(on_day, &cars(&[&format!("stock=1 price={price}")]));
    }
    let listing = &lot.stored[0];
    assert_eq!(listing.price, price.map(Money::from_dollars));
    assert_eq!(listing.unconfirmed_price, unconfirmed.map(Money::from_dollars));
    assert_eq!(listing.lowest_price, points.iter().min().copied().map(Money::from_dollars));
    let written: Vec<Money> = lot.history.get(&0).into_iter().flatten().map(|(_, price)| *price).collect();
    assert_eq!(written, points.iter().copied().map(Money::from_dollars).collect::<Vec<_>>());
}

#[test]
fn a_first_price_is_no_price_change() {
    let mut lot = lot();
    assert_eq!(lot.see(0, &cars(&["stock=1 price=20000"])).price_changes(), 0);
    let cut = lot.see(1, &cars(&["stock=1 price=19000"]));
    assert_eq!(cut.price_changes(), 1);
    assert_eq!(lot.see(2, &cars(&["stock=1 price=19500"])).price_points[0].lowest_price, Money::from_dollars(19_000));
}

/// Days on which the second car is missing from a complete scrape, and the day it is found sold, if at all.
#[rstest]
#[case::daily(&[1, 2, 3, 4, 5, 6, 7], Some(7))]
#[case::six_days_are_too_few(&[1, 2, 3, 4, 5, 6], None)]
#[case::two_misses_are_too_few(&[4, 20], None)]
#[case::weekly(&[7, 14, 21], Some(21))]
#[case::the_first_miss_after_an_outage(&[9, 10], None)]
#[case::after_an_outage(&[9, 10, 11], Some(11))]
fn a_listing_is_sold_after_a_week_and_three_misses(#[case] days: &[i64], #[case] sold_on: Option<i64>) {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2"]));
    let mut found = None;
    for &on_day in days {
        let plan = lot.see(on_day, &cars(&["stock=1"]));
        if plan.sold() > 0 {
            found = Some(on_day);
            assert_eq!(plan.sold_by_absence[0].stored, 1);
        }
    }
    assert_eq!(found, sold_on);
    assert_eq!(lot.stored[1].sold_at, sold_on.map(|_| day(days[0])), "dated at the first scrape that missed it");
    assert!(!lot.stored[0].is_sold);
}

/// Hours after the last sighting at which complete scrapes missed a car, and the one by which it is sold.
#[rstest]
#[case::three_in_a_minute_after_a_week_without_any(&[228.0, 228.01, 228.02], None)]
#[case::as_one_with_the_days_after(&[228.0, 228.01, 228.02, 252.0, 252.01, 276.0], Some(276.0))]
#[case::every_hour_after_a_week(&[170.0, 171.0, 172.0, 187.9, 188.0, 205.9, 206.0], Some(206.0))]
#[case::a_daily_scrape_at_uneven_hours(&[20.0, 49.0, 70.0, 95.0, 121.0, 143.0, 169.0], Some(169.0))]
fn misses_within_hours_of_each_other_are_one(#[case] hours: &[f64], #[case] sold_at: Option<f64>) {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2"]));
    let at = |hours: f64| day(0) + TimeDelta::seconds((hours * 3_600.0) as i64);
    let mut found = None;
    for &hour in hours {
        let plan = lot.record(at(hour), cars(&["stock=1"]), whole_lot());
        if plan.sold() > 0 {
            found = Some(hour);
        }
    }
    assert_eq!(found, sold_at);
    assert_eq!(lot.stored[1].sold_at, sold_at.map(|_| at(hours[0])));
    assert_eq!(lot.returns.absences, u64::from(sold_at.is_some()), "missed often enough once, whatever comes after");
}

#[test]
fn days_on_market_are_whole_days_up_to_the_first_miss() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2"]));
    lot.see(5, &cars(&["stock=1", "stock=2"]));
    for on_day in 6..=11 {
        assert_eq!(lot.see(on_day, &cars(&["stock=1"])).sold(), 0);
    }
    assert_eq!(lot.see(12, &cars(&["stock=1"])).sold_by_absence[0].days_on_market, 6);
}

#[rstest]
#[case::part_of_a_lot(ScrapeReading::part_of_a_lot())]
#[case::page_failed(ScrapeReading { pages_failed: 1, ..whole_lot() })]
#[case::closed_by_robots(ScrapeReading { pages_closed_by_robots: 1, ..whole_lot() })]
fn an_incomplete_scrape_marks_nothing_sold_but_records_what_it_saw(#[case] reading: ScrapeReading) {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2"]));
    for on_day in 1..30 {
        let plan = lot.record(day(on_day), cars(&["stock=1", "stock=3"]), reading.clone());
        assert_eq!(plan.sold(), 0);
    }
    assert_eq!(lot.stored.len(), 3);
    assert_eq!(lot.stored[0].last_seen_at, day(29));
    assert_eq!(lot.see(30, &cars(&["stock=1"])).sold(), 0, "one complete miss is not three");
}

#[test]
fn an_empty_scrape_marks_nothing_sold() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1"]));
    for on_day in 1..30 {
        let plan = lot.see(on_day, &[]);
        assert_eq!(plan.completeness.reason(), Some(IncompleteReason::Empty));
        assert_eq!(plan.counts(), ScrapeCounts::default());
    }
}

#[test]
fn a_listing_seen_again_is_on_sale_again_with_its_history() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2 price=20000"]));
    for on_day in 1..=7 {
        lot.see(on_day, &cars(&["stock=1"]));
    }
    assert!(lot.stored[1].is_sold);
    let plan = lot.see(9, &cars(&["stock=1", "stock=2 price=19000"]));
    assert_eq!((plan.relisted(), plan.new.len(), plan.returns.returns), (1, 0, 1));
    let listing = &lot.stored[1];
    assert_eq!((listing.is_sold, listing.sold_at, listing.first_seen_at), (false, None, day(0)));
    assert_eq!(lot.history[&1].len(), 2);
}

/// The day on which a missing listing's own page is found gone, the days after the first on which the list misses it, and the
/// absences that this makes.
#[rstest]
#[case::at_once(1, 1)]
#[case::missed_twice(2, 1)]
#[case::counted_by_this_scrape(3, 1)]
#[case::counted_before(4, 1)]
fn what_is_found_gone_by_its_own_page_is_one_absence_and_at_most_one_return(
    #[case] gone_on: i64,
    #[case] absences: u64,
) {
    let mut lot = Lot::new(TrackingRules::default());
    let (whole, rest) = (["stock=1", "stock=2", "stock=3"], ["stock=2", "stock=3"]);
    lot.record(day(0), cars(&whole), ScrapeReading::whole_lot());
    for on_day in 1..6 {
        let gone: &[usize] = if on_day == gone_on { &[0] } else { &[] };
        let plan = lot.record_with_gone(day(on_day), cars(&rest), ScrapeReading::whole_lot(), gone);
        assert_eq!(plan.sold(), gone.len(), "day {on_day}");
    }
    assert_eq!(lot.returns, ReturnHistory { absences, returns: 0 });
    lot.record(day(6), cars(&whole), ScrapeReading::whole_lot());
    assert_eq!(lot.returns, ReturnHistory { absences, returns: 1 });
}

#[test]
fn the_word_of_the_website_is_proof_at_once() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1"]));
    let plan = lot.see(3, &cars(&["stock=1 sold", "stock=2 sold"]));
    assert_eq!((plan.sold(), plan.changed[0].turn), (1, Turn::Sold));
    assert_eq!(lot.stored[0].sold_at, Some(day(3)));
    assert_eq!(lot.see(4, &cars(&["stock=1 sold", "stock=2 sold"])).sold(), 0);
    assert_eq!(lot.stored[0].sold_at, Some(day(3)), "the overlay may stay for weeks");
    assert_eq!(
        (lot.stored[1].is_sold, lot.stored[1].sold_at),
        (true, None),
        "first seen as sold: nobody knows since when"
    );
}

#[test]
fn a_late_snapshot_neither_relists_nor_delists_nor_replaces_newer_values() {
    let mut lot = lot();
    lot.see(10, &cars(&["stock=1 price=20000", "stock=2 price=20000"]));
    for on_day in 11..=17 {
        lot.see(on_day, &cars(&["stock=1 price=20000"]));
    }
    let before = lot.stored.clone();
    let plan = lot.see(5, &cars(&["stock=1 price=25000", "stock=2 price=25000 sold"]));
    assert_eq!((plan.relisted(), plan.sold(), plan.price_points.len()), (0, 0, 0));
    assert_eq!(lot.stored[1].first_seen_at, day(5), "it was there earlier than thought");
    assert_eq!(plan.seen_earlier[1].days_on_market, Some(6), "a sold listing's days are counted anew");
    for (after, before) in lot.stored.iter().zip(before) {
        assert_eq!(*after, StoredListing { first_seen_at: day(5), ..before });
    }
    let plan = lot.see(12, &cars(&["stock=1 price=25000", "stock=2 price=25000"]));
    assert_eq!((plan.relisted(), plan.already_known.len()), (0, 2));
}

#[test]
fn a_late_snapshot_fills_in_what_was_not_seen_since() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2 price=20000"]));
    lot.see(4, &cars(&["stock=1"]));
    lot.see(2, &cars(&["stock=1", "stock=2 price=19000", "stock=3"]));
    assert_eq!(lot.stored[1].last_seen_at, day(2));
    assert_eq!(lot.stored[1].price, Some(Money::from_dollars(19_000)));
    assert_eq!((lot.stored.len(), lot.stored[2].is_sold), (3, false));
}

#[rstest]
#[case::little_known(9, 9, 7)]
#[case::few_returns(100, 7, 5)]
#[case::many_returns(100, 8, 12)]
#[case::just_known(10, 0, 5)]
fn patience_is_learned_from_the_dealer(#[case] absences: u64, #[case] returns: u64, #[case] days: i64) {
    assert_eq!(patience(ReturnHistory { absences, returns }, &TrackingRules::default()), TimeDelta::days(days));
}

#[rstest]
#[case::first_scrape(1, &[], None)]
#[case::empty(0, &[], Some(IncompleteReason::Empty))]
#[case::half_is_enough(50, &[100], None)]
#[case::below_half(49, &[100], Some(IncompleteReason::TooFewVehicles))]
#[case::median_of_two(75, &[100, 200], None)]
#[case::below_the_median_of_two(74, &[100, 200], Some(IncompleteReason::TooFewVehicles))]
#[case::one_peak_counts_little(40, &[1_000, 60, 70, 80, 50], None)]
#[case::only_the_last_seven(50, &[100, 100, 100, 100, 90, 90, 90, 5_000, 5_000], None)]
fn a_scrape_is_complete_when_its_count_is_credible(
    #[case] vehicles: usize,
    #[case] earlier: &[usize],
    #[case] reason: Option<IncompleteReason>,
) {
    let earlier = EarlierScrapes { counts: earlier, alike: None, ..unknown(day(0)) };
    assert_eq!(Completeness::judge(&whole_lot(), vehicles, &earlier, &TrackingRules::default()).reason(), reason);
}

#[rstest]
#[case::all_of_it(58, 58, true)]
#[case::a_few_are_counted_twice(53, 58, true)]
#[case::more_than_claimed(60, 58, true)]
#[case::two_of_a_small_lot(3, 5, true)]
#[case::three_of_fifteen(3, 15, false)]
#[case::the_first_page(35, 58, false)]
#[case::nearly_a_page(52, 58, false)]
fn a_list_is_whole_when_it_holds_about_what_the_website_claims(
    #[case] vehicles: usize,
    #[case] claimed: u32,
    #[case] is_whole: bool,
) {
    let reading = ScrapeReading { total_claimed: Some(claimed), ..whole_lot() };
    // However long it has been like that.
    let alike = Some(AlikeScrapes { count: 30, since: day(0) });
    let earlier = EarlierScrapes { counts: &[vehicles], alike, ..unknown(day(30)) };
    let reason = Completeness::judge(&reading, vehicles, &earlier, &TrackingRules::default()).reason();
    assert_eq!(reason, (!is_whole).then_some(IncompleteReason::FewerThanClaimed));
}

#[rstest]
#[case::long_and_often_enough(5, 5, None)]
#[case::too_few_scrapes(4, 9, Some(IncompleteReason::TooFewVehicles))]
#[case::too_few_days(30, 4, Some(IncompleteReason::TooFewVehicles))]
fn a_small_lot_is_believed_in_time(
    #[case] scrapes: usize,
    #[case] days: i64,
    #[case] reason: Option<IncompleteReason>,
) {
    let alike = Some(AlikeScrapes { count: scrapes - 1, since: day(0) });
    let earlier = EarlierScrapes { counts: &[100], alike, ..unknown(day(days)) };
    assert_eq!(Completeness::judge(&whole_lot(), 40, &earlier, &TrackingRules::default()).reason(), reason);
}

#[rstest]
#[case::a_page_is_missing(40, Some(10), &[50], Some(IncompleteReason::LastPageFull))]
#[case::less_than_a_page(41, Some(10), &[50], None)]
#[case::it_was_as_small_already(40, Some(10), &[40, 50], None)]
#[case::the_last_page_is_short(40, None, &[50], None)]
#[case::the_first_scrape(40, Some(10), &[], None)]
#[case::half_of_it_on_one_page(20, Some(20), &[40], Some(IncompleteReason::LastPageFull))]
fn a_list_may_go_on_behind_a_full_page(
    #[case] vehicles: usize,
    #[case] full_last_page: Option<u32>,
    #[case] earlier: &[usize],
    #[case] reason: Option<IncompleteReason>,
) {
    let reading = ScrapeReading { full_last_page, ..whole_lot() };
    let earlier = EarlierScrapes { counts: earlier, alike: None, ..unknown(day(0)) };
    assert_eq!(Completeness::judge(&reading, vehicles, &earlier, &TrackingRules::default()).reason(), reason);
}

#[test]
fn a_page_that_stays_away_is_believed_to_be_gone_in_the_end() {
    let whole: Vec<_> = (0..50).map(|number| car(&format!("stock={number}"))).collect();
    let ends_full = ScrapeReading { full_last_page: Some(10), ..whole_lot() };
    let mut lot = lot();
    for on_day in 0..10 {
        lot.record(day(on_day), whole.clone(), ends_full.clone());
    }
    let seen = (10..30).map(|on_day| (on_day, lot.record(day(on_day), whole[..40].to_vec(), ends_full.clone())));
    let sold: Vec<_> = seen.filter(|(_, plan)| plan.sold() > 0).map(|(on_day, plan)| (on_day, plan.sold())).collect();
    // The 50 of the days before do not speak for the 40: believed with the fifth such count over five days, on day 15.
    assert_eq!(sold, [(17, 10)]);
}

#[test]
fn a_lot_that_halves_for_good_sells_what_is_gone_in_the_end() {
    let whole: Vec<_> = (0..100).map(|number| car(&format!("stock={number}"))).collect();
    let mut lot = lot();
    for on_day in 0..10 {
        lot.see(on_day, &whole);
    }
    let mut sold_on = Vec::new();
    for on_day in 10..40 {
        // Empty and half-read days between say nothing of the size.
        let plan = match on_day % 5 {
            0 => lot.see(on_day, &[]),
            1 => lot.record(day(on_day), whole[..10].to_vec(), ScrapeReading::part_of_a_lot()),
            _ => lot.see(on_day, &whole[..40]),
        };
        if plan.sold() > 0 {
            sold_on.push((on_day, plan.sold()));
        }
    }
    // Small from day 12, believed on day 18 with the fifth such count, and missed by the third complete scrape on day 22.
    assert_eq!(sold_on, [(22, 60)]);
}

#[test]
fn a_lot_that_grows_back_was_never_small() {
    let whole: Vec<_> = (0..100).map(|number| car(&format!("stock={number}"))).collect();
    let mut lot = lot();
    for on_day in 0..60 {
        // Six days of a broken list, then a good one.
        let seen = if on_day % 7 == 0 { &whole[..] } else { &whole[..30] };
        assert_eq!(lot.see(on_day, seen).sold(), 0, "day {on_day}");
    }
}

#[rstest]
#[case::a_few_stand_twice(35, 2, None, None)]
#[case::many_stand_twice(23, 12, None, Some(IncompleteReason::ListMoved))]
#[case::few_of_many(100, 5, None, None)]
#[case::more_of_many(100, 6, None, Some(IncompleteReason::ListMoved))]
#[case::all_that_it_claims(35, 12, Some(35), None)]
#[case::fewer_than_it_claims(23, 12, Some(35), Some(IncompleteReason::FewerThanClaimed))]
#[case::more_than_it_claims(23, 12, Some(12), Some(IncompleteReason::ListMoved))]
#[case::some_fewer_than_it_claims(91, 12, Some(100), Some(IncompleteReason::ListMoved))]
fn a_list_ordered_anew_for_each_page_may_hide_as_many_as_stand_there_twice(
    #[case] vehicles: usize,
    #[case] on_several_pages: u32,
    #[case] total_claimed: Option<u32>,
    #[case] reason: Option<IncompleteReason>,
) {
    let reading = ScrapeReading { on_several_pages, total_claimed, ..whole_lot() };
    assert_eq!(Completeness::judge(&reading, vehicles, &unknown(day(0)), &TrackingRules::default()).reason(), reason);
}

#[rstest]
#[case::half_of_them(35, 18, 1, None)]
#[case::a_minority(35, 17, 1, Some(IncompleteReason::LotReplaced))]
#[case::two_of_a_small_lot(3, 1, 1, None)]
#[case::a_small_lot_at_once(4, 1, 1, Some(IncompleteReason::LotReplaced))]
#[case::a_small_lot_after_days(4, 1, 7, None)]
#[case::a_small_lot_gone_within_a_week(4, 0, 7, None)]
#[case::a_large_lot_gone_within_a_week(35, 0, 7, Some(IncompleteReason::LotReplaced))]
#[case::a_large_lot_after_two_weeks(35, 0, 14, None)]
#[case::the_first_scrape(0, 0, 0, None)]
fn a_lot_of_other_vehicles_is_distrusted_unless_they_may_have_gone(
    #[case] known: usize,
    #[case] recognised: usize,
    #[case] days: i64,
    #[case] reason: Option<IncompleteReason>,
) {
    let recognition = Recognition { known, recognised, standing: 0, unwatched: TimeDelta::days(days) };
    let earlier = EarlierScrapes { counts: &[known], recognition, ..unknown(day(0)) };
    let completeness = Completeness::judge(&whole_lot(), known.max(1), &earlier, &TrackingRules::default());
    assert_eq!(completeness.reason(), reason);
}

/// Cars with a number of their own each, from one to another, numbered anew from a day on.
fn numbered(cars: std::ops::Range<u32>, prefix: &str) -> Vec<ScrapedListing> {
    cars.map(|number| car(&format!("stock={prefix}{number} miles={}", 1_000 * number))).collect()
}

#[test]
fn many_that_vanish_at_once_do_not_shorten_their_own_time() {
    let mut lot = lot();
    for on_day in 0..3 {
        lot.see(on_day, &numbered(0..60, "S"));
    }
    // Nobody knows yet what becomes of the cars that this dealer no longer shows.
    let seen = (3..15).map(|on_day| (on_day, lot.see(on_day, &numbered(0..48, "S")).sold()));
    assert_eq!(seen.filter(|(_, sold)| *sold > 0).collect::<Vec<_>>(), [(9, 12)]);
}

#[test]
fn cars_that_always_stand_on_two_pages_are_believed_in_the_end() {
    let mut lot = lot();
    let moving = || ScrapeReading { on_several_pages: 4, ..whole_lot() };
    for on_day in 0..3 {
        lot.see(on_day, &numbered(0..40, "S"));
    }
    let seen = (3..40).map(|on_day| (on_day, lot.record(day(on_day), numbered(0..38, "S"), moving())));
    let seen: Vec<_> = seen.map(|(on_day, plan)| (on_day, plan.completeness.reason(), plan.sold())).collect();
    assert!(seen[..21].iter().all(|(_, reason, _)| *reason == Some(IncompleteReason::ListMoved)));
    let sold: Vec<_> = seen.iter().filter(|(.., sold)| *sold > 0).map(|(on_day, _, sold)| (*on_day, *sold)).collect();
    assert_eq!(sold, [(26, 2)]);
}

#[test]
fn a_lot_of_strangers_is_believed_in_time() {
    let mut lot = lot();
    for on_day in 0..3 {
        lot.see(on_day, &numbered(0..25, "S"));
    }
    let seen = (3..20).map(|on_day| (on_day, lot.see(on_day, &numbered(100..125, "T"))));
    let seen: Vec<_> = seen.map(|(on_day, plan)| (on_day, plan.completeness.is_complete(), plan.sold())).collect();
    // Another since day 3, believed on day 8 by the sixth scrape over five days, and missed by the third on day 10.
    let complete: Vec<_> = seen.iter().filter(|(_, is_complete, _)| *is_complete).map(|(on_day, ..)| *on_day).collect();
    assert_eq!(complete, (8..20).collect::<Vec<_>>());
    let sold: Vec<_> = seen.iter().filter(|(.., sold)| *sold > 0).map(|(on_day, _, sold)| (*on_day, *sold)).collect();
    assert_eq!(sold, [(10, 25)]);
}

#[test]
fn what_a_changed_address_leaves_out_is_not_sold_before_it_is_believed() {
    let mut lot = lot();
    for on_day in 0..3 {
        lot.see(on_day, &numbered(0..35, "S"));
    }
    lot.list_changed_at = Some(day(3) - TimeDelta::hours(1));
    let seen: Vec<_> = (3..15).map(|on_day| (on_day, lot.see(on_day, &numbered(0..21, "S")))).collect();
    assert!(seen[..5].iter().all(|(_, plan)| plan.completeness.reason() == Some(IncompleteReason::ListChanged)));
    let sold: Vec<_> = seen.iter().filter(|(_, plan)| plan.sold() > 0).map(|(on, plan)| (*on, plan.sold())).collect();
    assert_eq!(sold, [(10, 14)], "as late as those of a lot that shrank");
}

#[test]
fn what_the_list_before_showed_speaks_for_no_other() {
    let mut lot = lot();
    lot.see(0, &numbered(0..100, "S"));
    let few = (1..7).map(|on_day| lot.see(on_day, &numbered(0..40, "S")).completeness.reason());
    assert!(few.take(5).all(|reason| reason == Some(IncompleteReason::TooFewVehicles)));
    // Mended, but not to the whole of it.
    lot.list_changed_at = Some(day(6) - TimeDelta::hours(1));
    let seen: Vec<_> = (6..20).map(|on_day| (on_day, lot.see(on_day, &numbered(0..60, "S")))).collect();
    assert!(seen[..5].iter().all(|(_, plan)| plan.completeness.reason() == Some(IncompleteReason::ListChanged)));
    let sold = seen.iter().find(|(_, plan)| plan.sold() > 0).map(|(on_day, _)| *on_day);
    assert_eq!(sold, Some(13));
}

#[test]
fn a_changed_address_that_shows_the_same_is_believed_at_once() {
    let mut lot = lot();
    lot.see(0, &numbered(0..35, "S"));
    lot.list_changed_at = Some(day(1) - TimeDelta::hours(1));
    assert!(lot.see(1, &numbered(2..40, "S")).completeness.is_complete());
}

/// Cars of which some are called sold, on a day where one is named.
fn called_sold(cars: u32, sold: u32, sold_at: Option<DateTime<Utc>>) -> Vec<ScrapedListing> {
    let mut listings = numbered(0..cars, "S");
    for listing in listings.iter_mut().take(sold as usize) {
        (listing.is_sold, listing.sold_at) = (Some(true), sold_at);
    }
    listings
}

#[rstest]
#[case::all(35, 35, true)]
#[case::a_third(30, 10, true)]
#[case::a_few(35, 8, false)]
#[case::a_small_lot(4, 4, false)]
fn a_website_that_calls_much_of_its_lot_sold_is_doubted(#[case] cars: u32, #[case] sold: u32, #[case] doubted: bool) {
    let mut lot = lot();
    lot.see(0, &numbered(0..cars, "S"));
    lot.see(1, &numbered(0..cars, "S"));
    let plan = lot.see(2, &called_sold(cars, sold, None));
    let reason = doubted.then_some(IncompleteReason::CalledSold);
    assert_eq!((plan.completeness.reason(), plan.sold()), (reason, if doubted { 0 } else { sold as usize }));
}

#[test]
fn a_website_that_goes_on_calling_its_lot_sold_is_believed() {
    let mut lot = lot();
    (0..3).for_each(|on_day| drop(lot.see(on_day, &numbered(0..20, "S"))));
    let sold: Vec<_> = (3..12).map(|on_day| lot.see(on_day, &called_sold(20, 15, None)).sold()).collect();
    assert_eq!(sold, [0, 0, 0, 0, 0, 15, 0, 0, 0]);
    let mut part = Lot::new(TrackingRules::default());
    part.see(0, &numbered(0..20, "S"));
    let plan = part.record(day(1), called_sold(20, 15, None), ScrapeReading::part_of_a_lot());
    assert_eq!(plan.sold(), 0, "nor is a part of a lot believed");
}

#[test]
fn a_lot_that_was_not_looked_at_for_long_may_be_called_sold() {
    let mut lot = lot();
    lot.see(0, &numbered(0..20, "S"));
    assert_eq!(lot.see(14, &called_sold(20, 15, None)).sold(), 15);
}

#[test]
fn a_day_of_sale_that_is_still_to_come_sells_nothing() {
    let mut lot = lot();
    lot.see(0, &numbered(0..10, "S"));
    assert_eq!(lot.see(1, &called_sold(10, 2, Some(day(3)))).sold(), 0);
    assert_eq!(lot.see(3, &called_sold(10, 2, Some(day(3)))).sold(), 2);
}

#[rstest]
#[case::said_in_numbers(Some(0), false, false, true)]
#[case::said_in_words_in_place_of_a_number(None, true, true, true)]
#[case::words_that_always_stand_there(None, true, false, false)]
#[case::nothing_said(None, false, true, false)]
fn a_page_that_found_none_and_shows_some_shows_something_else(
    #[case] total_claimed: Option<u32>,
    #[case] says_none: bool,
    #[case] had_total: bool,
    #[case] doubted: bool,
) {
    let reading = ScrapeReading { total_claimed, says_none, ..whole_lot() };
    let judge = |vehicles| {
        Completeness::judge(
            &reading,
            vehicles,
            &EarlierScrapes { claimed: had_total.then_some(20), ..unknown(day(0)) },
            &TrackingRules::default(),
        )
    };
    assert_eq!(judge(20).reason(), doubted.then_some(IncompleteReason::ClaimsNone));
    assert_eq!(judge(0).reason(), Some(IncompleteReason::Empty), "an empty lot is what it was");
}

#[test]
fn a_lot_that_is_numbered_anew_each_day_sells_nothing() {
    let mut lot = lot();
    for on_day in 0..40 {
        // Without a link to know them by.
        let plan = lot.see(on_day, &numbered(0..25, &format!("D{on_day}-")));
        assert_eq!((plan.sold(), plan.completeness.is_complete()), (0, on_day == 0), "day {on_day}");
    }
}

#[test]
fn scrapes_within_a_minute_do_not_make_a_small_lot_believed() {
    let mut lot = lot();
    lot.see(0, &numbered(0..20, "S"));
    let minutes = |number: i64| day(3) + TimeDelta::minutes(number);
    for number in 0..10 {
        assert!(!lot.record(minutes(number), numbered(0..8, "S"), whole_lot()).completeness.is_complete());
    }
    assert!(!lot.see(8, &numbered(0..8, "S")).completeness.is_complete(), "five days later, seen so twice");
}

#[test]
fn a_small_lot_that_is_seldom_scraped_may_turn_over() {
    let mut lot = lot();
    for (week, first) in [0_u32, 3, 7, 10, 14, 17].into_iter().enumerate() {
        let plan = lot.see(7 * week as i64, &numbered(first..first + 5, "S"));
        assert!(plan.completeness.is_complete(), "week {week}");
    }
    assert_eq!(lot.stored.iter().filter(|listing| listing.is_sold).count(), 10);
}

#[test]
fn texts_are_made_to_fit_their_columns() {
    let long = "ä".repeat(600);
    let listing = ScrapedListing {
        trim: Some(long.clone()),
        url: Some(long.clone()),
        external_id: Some(long),
        make: Some("  ".into()),
        stock_number: Some(" P1 ".into()),
        mileage: Some(-1),
        price: Some(Money::from_cents(Money::MAX.cents() + 1)),
        ..ScrapedListing::default()
    };
    let sighting = Sighting::from(listing);
    assert_eq!(sighting.details.trim.map(|trim| trim.chars().count()), Some(100));
    assert_eq!((sighting.details.url, sighting.keys.external_id), (None, None), "half a link leads nowhere");
    assert_eq!(sighting.keys.stock_number.as_deref(), Some("P1"));
    assert_eq!((sighting.details.make, sighting.details.mileage, sighting.price), (None, None, None));
}

#[test]
fn figures_are_rounded_capped_and_compared_with_the_row_nearest_a_week_ago() {
    let counts = MetricCounts {
        active: 30,
        priced: 3,
        price_sum: Money::from_cents(100),
        sold_in_average: 3,
        days_on_market_sum: 100,
        sold_recently: 10,
        vehicles_repriced: 4,
        new_recently: 5,
    };
    let (now, fit) = Metrics::from_counts(&counts, day(20));
    assert_eq!(
        (now.avg_price, now.avg_days_on_market, fit),
        (Some(Money::from_cents(33)), Some(33.33), AverageFit::Exact)
    );

    let (long, fit) = Metrics::from_counts(&MetricCounts { days_on_market_sum: 3_001, ..counts }, day(20));
    assert_eq!((long.avg_days_on_market, fit), (Some(999.99), AverageFit::Capped));
    let (empty, _) = Metrics::from_counts(&MetricCounts::default(), day(20));
    assert_eq!((empty.avg_price, empty.avg_days_on_market), (None, None));
    assert_eq!(empty.trends(&[], &MetricsRules::default()).turnover, None);

    let row = |on_day, total_inventory| Metrics { total_inventory, calculated_at: day(on_day), ..now.clone() };
    let trends = now.trends(&[row(2, 1), row(12, 25), row(19, 29)], &MetricsRules::default());
    assert_eq!((trends.since, trends.total_inventory, trends.turnover), (Some(day(12)), Some(5), Some(0.25)));
    assert_eq!(now.trends(&[row(19, 29)], &MetricsRules::default()).total_inventory, None, "yesterday is no week ago");
}

#[test]
fn a_lot_of_look_alikes_costs_linear_time() {
    let listings = |ids: std::ops::Range<u32>| -> Vec<_> { ids.map(|id| car(&format!("ext=e{id} miles=5"))).collect() };
    let mut lot = lot();
    lot.see(0, &listings(0..20_000));
    let started = std::time::Instant::now();
    // Every id changed: nothing can be known again, and everything is of one model and mileage.
    assert_eq!(lot.see(1, &listings(20_000..40_000)).new.len(), 20_000);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

fn any_listing() -> impl Strategy<Value = ScrapedListing> {
    let key = |prefix: &'static str| proptest::option::of((0..6_u8).prop_map(move |n| format!("{prefix}{n}")));
    let vin = proptest::option::of((0..6_u8).prop_map(|n| format!("1M8GDM9AXKP04278{n}")));
    let miles = proptest::option::of(prop::sample::select(vec![5, 50, 140, 5_000]));
    let price = proptest::option::of(prop::sample::select(vec![0, 199, 7_000, 20_000, 21_000]));
    (vin, key("e"), key("s"), miles, price, any::<bool>(), 0..10_u8).prop_map(
        |(vin, external_id, stock_number, mileage, price, civic, number)| ScrapedListing {
            vin,
            external_id,
            stock_number,
            year: Some(2023),
            make: Some("Honda".into()),
            model: Some(if civic { "Civic" } else { "Accord" }.into()),
            mileage,
            price: price.map(Money::from_dollars),
            is_sold: Some(number == 0),
            url: Some(format!("/{number}")),
            ..ScrapedListing::default()
        },
    )
}

/// A car of a lot whose keys do not contradict each other; a sighting shows any of them, or none.
fn true_listing() -> impl Strategy<Value = ScrapedListing> {
    let shown = (any::<bool>(), any::<bool>(), any::<bool>());
    (0..8_u8, shown, any_listing()).prop_map(|(number, (vin, external_id, stock_number), listing)| ScrapedListing {
        vin: vin.then(|| format!("1M8GDM9AXKP04278{number}")),
        external_id: external_id.then(|| format!("e{number}")),
        stock_number: stock_number.then(|| format!("s{number}")),
        model: Some(if number % 2 == 0 { "Civic" } else { "Accord" }.into()),
        mileage: Some(1_000 * i32::from(number)),
        url: Some(format!("/{number}")),
        ..listing
    })
}

fn keyed_listing() -> impl Strategy<Value = ScrapedListing> {
    (0..12_u8, any_listing()).prop_map(|(number, listing)| ScrapedListing {
        vin: None,
        external_id: None,
        stock_number: Some(format!("s{number}")),
        ..listing
    })
}

/// Snapshots of different days, in any order.
fn days_of(listing: impl Strategy<Value = ScrapedListing>) -> impl Strategy<Value = Vec<(i64, Vec<ScrapedListing>)>> {
    prop::collection::btree_map(0..20_i64, prop::collection::vec(listing, 0..12), 1..12)
        .prop_map(|days| days.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

proptest! {
    #[test]
    fn every_sighting_ends_in_exactly_one_place(days in days_of(any_listing())) {
        let mut lot = lot();
        for (on_day, listings) in days {
            let stored = lot.stored.len();
            let plan = lot.see(on_day, &listings);
            let mut sightings: Vec<usize> = plan.new.iter().map(|new| new.sighting)
                .chain(plan.changed.iter().map(|changed| changed.sighting))
                .chain(plan.already_known.iter().copied())
                .chain(plan.duplicates.iter().copied())
                .chain(plan.refused.iter().map(|refused| refused.sighting))
                .collect();
            prop_assert_eq!(plan.counts().listings_found, listings.len());
            prop_assert_eq!(sightings.len() + plan.reseen.len(), listings.len());
            sightings.sort_unstable();
            sightings.dedup();
            prop_assert_eq!(sightings.len() + plan.reseen.len(), listings.len());

            let mut rows: Vec<usize> = plan.changed.iter().map(|changed| changed.stored)
                .chain(plan.reseen.iter().copied())
                .chain(plan.sold_by_absence.iter().map(|sold| sold.stored))
                .collect();
            let touched = rows.len();
            rows.sort_unstable();
            rows.dedup();
            prop_assert_eq!(rows.len(), touched, "a row is written once");
            prop_assert!(rows.iter().all(|&row| row < stored));
        }
    }

    #[test]
    fn a_snapshot_recorded_twice_changes_nothing(days in days_of(true_listing())) {
        let mut lot = lot();
        for (on_day, listings) in days {
            lot.see(on_day, &listings);
            let before = lot.clone();
            let plan = lot.see(on_day, &listings);
            prop_assert_eq!(&before.stored, &lot.stored, "{:?}", plan);
            prop_assert_eq!(&before.history, &lot.history);
            prop_assert_eq!(before.returns, lot.returns);
        }
    }

    #[test]
    fn the_order_of_listings_with_their_own_keys_does_not_matter(
        days in prop::collection::vec(prop::collection::vec(keyed_listing(), 0..12), 1..8),
    ) {
        let mut straight = lot();
        let mut reversed = lot();
        for (on_day, mut listings) in (0..).zip(days) {
            // Two sightings of one key differ in content, and then the first counts.
            listings.sort_by(|one, other| one.stock_number.cmp(&other.stock_number));
            listings.dedup_by(|one, other| one.stock_number == other.stock_number);
            straight.see(on_day, &listings);
            listings.reverse();
            reversed.see(on_day, &listings);
        }
        let sorted = |mut lot: Lot| {
            lot.stored.sort_by(|one, other| one.keys.stock_number.cmp(&other.keys.stock_number));
            lot.stored
        };
        prop_assert_eq!(sorted(straight), sorted(reversed));
    }

    #[test]
    fn of_the_gone_listings_only_those_matter_that_a_sighting_may_be(days in days_of(true_listing())) {
        let mut lot = lot();
        for (on_day, listings) in days {
            let seen: Vec<Sighting> = listings.iter().cloned().map(Sighting::from).collect();
            let on_sale: Vec<StoredListing> = lot.stored.iter().filter(|listing| !listing.is_sold).cloned().collect();
            let unmatched = Unmatched::of(&on_sale, &seen, &lot.rules);
            let since = gone_since(day(on_day), &lot.rules);
            let matters = |listing: &StoredListing| {
                let keys = &listing.keys;
                let named = |key: &Option<String>, keys: &[String]| key.as_ref().is_some_and(|key| keys.contains(key));
                !listing.is_sold
                    || named(&keys.vin, &unmatched.vins)
                    || named(&keys.external_id, &unmatched.external_ids)
                    || named(&keys.stock_number, &unmatched.stock_numbers)
                    || (!unmatched.likenesses.is_empty() && listing.sold_at.unwrap_or(listing.last_seen_at) >= since)
            };
            let mut narrow = lot.clone();
            narrow.stored.retain(matters);
            let kept: Vec<usize> =
                (0..lot.stored.len()).filter(|&row| matters(&lot.stored[row])).collect();
            let whole = lot.see(on_day, &listings);
            let part = narrow.see(on_day, &listings);
            prop_assert_eq!(whole.counts(), part.counts());
            let rows = |plan: &Plan, of: &dyn Fn(usize) -> usize| -> Vec<usize> {
                plan.changed.iter().map(|changed| of(changed.stored)).chain(plan.reseen.iter().map(|&row| of(row))).collect()
            };
            prop_assert_eq!(rows(&whole, &|row| row), rows(&part, &|row| kept[row]));
        }
    }
}
