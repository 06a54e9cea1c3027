//! Simulated websites with one fault each: how often "sold" is wrong, and how late it is right.
//!
//! A lot of cars is scraped daily, for 30 days without the fault and 90 from its first day on. Each day one car in 45 is sold and
//! replaced, and each car may stay away for some days, most of them few (a tail like 1/sqrt). A sale is false where the car is
//! still on the lot. The bounds are the rows of docs/tracking.md's table of websites, with two standard deviations of as many
//! seeds for the noise of a mean of rare events.

use std::collections::{BTreeMap, BTreeSet};

use rstest::rstest;

use super::*;
use crate::tracking::ListShape;

/// Xorshift: the same numbers everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn is(&mut self, chance: f64) -> bool {
        self.next() < chance
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() * count as f64) as usize
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Two cars in five are never shown, and nothing tells how many there are.
    Capped,
    /// The same, and the website tells how many there are.
    CappedOfTotal,
    /// Half of it for 15 days, with half of the pages, all full.
    BehindButton,
    /// Half of it for 10 days, without any other sign.
    HalfHidden,
    /// One of four pages fails each day, for 60 days.
    PageFails,
    /// A tenth is met on none of its pages, and as many on two, for 60 days.
    Moves,
    /// Another store's list for 20 days.
    AnotherStore,
    /// It claims 1.5 times what it shows, always.
    ClaimsMore,
    /// It is scraped once a week.
    Weekly,
}

struct Website {
    chance: Chance,
    fault: Fault,
    /// Each car with the day on which it is seen again, where it stays away.
    cars: BTreeMap<u32, i64>,
    next: u32,
}

const FLICKER: f64 = 0.000_5;
const SOLD_A_DAY: f64 = 1.0 / 45.0;
const ANOTHER: u32 = 1_000_000;

impl Website {
    fn add(&mut self, back_on: i64) {
        self.cars.insert(self.next, back_on);
        self.next += 1;
    }

    /// A day goes by.
    fn pass(&mut self, on_day: i64) {
        for car in self.cars.keys().copied().collect::<Vec<_>>() {
            if self.chance.is(SOLD_A_DAY) {
                self.cars.remove(&car);
                self.add(i64::MIN);
            } else if self.cars[&car] <= on_day && self.chance.is(FLICKER) {
                let days = (self.chance.next().max(0.13).powi(-2) as i64).clamp(1, 60);
                self.cars.insert(car, on_day + days);
            }
        }
    }

    /// What a scrape sees.
    fn shown(&mut self, on_day: i64) -> (Vec<u32>, ScrapeReading) {
        let mut reading = whole_lot();
        let all: Vec<u32> = self.cars.iter().filter(|(_, back_on)| **back_on <= on_day).map(|(car, _)| *car).collect();
        let during = |days: i64| (0..days).contains(&on_day);
        let count = u32::try_from(all.len()).unwrap();
        let some =
            |share: u32| all.iter().copied().filter(|car| car.wrapping_mul(2_654_435_761) % 100 < share).collect();
        let shown: Vec<u32> = match self.fault {
            Fault::Capped if on_day >= 0 => some(60),
            Fault::CappedOfTotal => {
                reading.total_claimed = Some(count);
                if on_day >= 0 { some(60) } else { all }
            }
            Fault::BehindButton => {
                let page = (count / 4).max(1);
                let is_half = during(15);
                let shown: Vec<u32> =
                    if is_half { all.into_iter().rev().take(2 * page as usize).collect() } else { all };
                reading.pages_fetched = Some(if is_half { 2 } else { 5 });
                let last_page = Some(if is_half { page } else { 1 });
                reading.list = ListShape { page_vehicles: Some(page), last_page, ..ListShape::default() };
                reading.full_last_page = is_half.then_some(page);
                shown
            }
            Fault::HalfHidden if during(10) => some(50),
            Fault::PageFails if during(60) => {
                reading.pages_failed = 1;
                let (page, failed) = ((all.len() / 4).max(1), self.chance.below(4));
                all.chunks(page)
                    .enumerate()
                    .filter(|(number, _)| *number != failed)
                    .flat_map(|(_, cars)| cars)
                    .copied()
                    .collect()
            }
            Fault::Moves if during(60) => {
                let lost: BTreeSet<u32> =
                    (0..(all.len() / 10).max(1)).map(|_| all[self.chance.below(all.len())]).collect();
                reading.on_several_pages = u32::try_from(lost.len()).unwrap();
                all.into_iter().filter(|car| !lost.contains(car)).collect()
            }
            Fault::AnotherStore if during(20) => (0..count).map(|number| ANOTHER + number).collect(),
            Fault::ClaimsMore => {
                reading.total_claimed = Some(count * 3 / 2 + 3);
                all
            }
            _ => all,
        };
        (shown, reading)
    }
}

/// False sales of one lot, and the days from each true sale to its finding.
fn simulate(fault: Fault, cars: usize, seed: u64) -> (usize, Vec<i64>) {
    let chance = Chance(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed * 2 + 1));
    let mut website = Website { chance, fault, cars: BTreeMap::new(), next: 0 };
    (0..cars).for_each(|_| website.add(i64::MIN));
    let mut lot = lot();
    let (mut wrong, mut late) = (0, Vec::new());
    let mut sold_on: BTreeMap<u32, i64> = BTreeMap::new();
    for on_day in -30..90 {
        let before: BTreeSet<u32> = website.cars.keys().copied().collect();
        website.pass(on_day);
        sold_on.extend(before.iter().filter(|car| !website.cars.contains_key(car)).map(|car| (*car, on_day)));
        if fault == Fault::Weekly && on_day % 7 != 0 {
            continue;
        }
        let (shown, reading) = website.shown(on_day);
        let listings = shown.iter().map(|number| car(&format!("ext={number} miles={number}"))).collect();
        let plan = lot.record(day(on_day), listings, reading);
        for sold in &plan.sold_by_absence {
            let number: u32 = lot.stored[sold.stored].keys.external_id.as_deref().unwrap().parse().unwrap();
            wrong += usize::from(website.cars.contains_key(&number));
            late.extend(sold_on.get(&number).filter(|_| on_day >= 0).map(|gone| on_day - gone));
        }
    }
    (wrong, late)
}

/// Mean false sales of a lot of 8 and of one of 40 cars, and the median days to a decision in a lot of 40.
#[rstest]
#[case::normal_with_flicker(Fault::None, 0.4, 2.0, Some(3))]
#[case::capped_for_good_without_a_total(Fault::Capped, 4.3, 18.0, Some(11))]
// Here the fault lasts for longer than the 64 looks after which even such a list is believed. Of eight cars two that are hidden are
// within what a claim may be off by.
#[case::capped_for_good_of_a_total(Fault::CappedOfTotal, 1.0, 4.0, None)]
#[case::half_behind_a_button(Fault::BehindButton, 0.5, 1.6, Some(5))]
#[case::half_hidden_without_a_sign(Fault::HalfHidden, 4.8, 17.0, Some(4))]
#[case::a_page_fails_daily(Fault::PageFails, 0.2, 0.9, Some(42))]
#[case::ordered_anew_between_pages(Fault::Moves, 0.4, 1.2, Some(12))]
#[case::another_stores_list(Fault::AnotherStore, 7.0, 30.0, Some(5))]
#[case::claims_more_than_it_shows(Fault::ClaimsMore, 0.0, 0.0, Some(66))]
#[case::scraped_weekly(Fault::Weekly, 0.1, 0.2, Some(11))]
fn a_website_with_a_fault_is_seldom_misread(
    #[case] fault: Fault,
    #[case] of_8: f64,
    #[case] of_40: f64,
    #[case] days: Option<i64>,
) {
    for (cars, seeds, bound) in [(8_usize, 16_u64, of_8), (40, 5, of_40)] {
        let lots: Vec<_> = (0..seeds).map(|seed| simulate(fault, cars, seed)).collect();
        let mean = lots.iter().map(|(wrong, _)| *wrong as f64).sum::<f64>() / seeds as f64;
        let mut late: Vec<i64> = lots.into_iter().flat_map(|(_, late)| late).collect();
        late.sort_unstable();
        let median = late.get(late.len() / 2).copied();
        println!("{fault:?}, {cars} cars: {mean:.2} false sales, decided after {median:?} days");
        // A bound of nothing stands for a rate that the table rounds down to it.
        let noise = 2.0 * (bound.max(0.1) / seeds as f64).sqrt();
        assert!(mean <= bound + noise, "{fault:?}, {cars} cars: {mean} false sales of {bound}");
        if let Some((days, median)) = days.zip(median).filter(|_| cars == 40) {
            assert!(median <= days, "{fault:?}: {median} days of {days}");
        }
    }
}

/// However a website breaks for a day or two, nothing is found sold for it that is there on the day after.
#[rstest]
fn nothing_is_sold_in_bulk_by_a_fault_of_days(
    #[values(0, 1, 3, 10, 20)] shown: u32,
    #[values(1, 2, 3)] broken_days: i64,
    #[values(false, true)] has_doubt: bool,
) {
    for listed in [1, 60] {
        let mut lot = lot();
        let numbered =
            |cars: u32| (0..cars).map(|number| car(&format!("ext={number} miles={number}"))).collect::<Vec<_>>();
        lot.see(-listed, &numbered(40));
        lot.see(0, &numbered(40));
        for on_day in 1..=broken_days {
            let reading = if has_doubt { ScrapeReading::part_of_a_lot() } else { whole_lot() };
            assert_eq!(lot.record(day(on_day), numbered(shown), reading).sold(), 0);
        }
        let plan = lot.see(broken_days + 1, &numbered(40));
        assert_eq!((plan.sold(), plan.relisted()), (0, 0));
    }
}
