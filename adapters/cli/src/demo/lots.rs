//! Three competing dealers over sixty days: who offers which car from when to when, and at what price each day.
//!
//! A seed a dealer makes every run the same. What is deliberately not here: pages, and what goes wrong when they are
//! fetched.

use fastrand::Rng;
use jpauto::Money;

use super::cars::{Car, RARE};

/// How many daily scrapes are replayed.
pub(super) const DAYS: u32 = 60;

/// How a dealer's website is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Schema.org in JSON-LD, thirty vehicles a page.
    JsonLd,
    /// Dealer.com's `DDC.dataLayer` beside its cards.
    DealerCom,
    /// Cards and nothing else.
    Cards,
}

/// A competing dealer.
#[derive(Debug)]
pub(super) struct Lot {
    pub(super) name: &'static str,
    pub(super) website: &'static str,
    pub(super) inventory_url: &'static str,
    pub(super) shape: Shape,
    pub(super) offers: Vec<Offer>,
}

/// A car on a dealer's lot.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) car: Car,
    /// The first day on which it is shown.
    arrives: u32,
    /// The first day on which it no longer is.
    leaves: Option<u32>,
    /// The prices asked and from which day on.
    asked: Vec<(u32, Money)>,
}

impl Offer {
    /// Whether the dealer has it on this day.
    pub(super) fn is_there(&self, day: u32) -> bool {
        self.arrives <= day && self.leaves.is_none_or(|leaves| day < leaves)
    }

    /// The price asked on this day.
    pub(super) fn price(&self, day: u32) -> Money {
        self.asked.iter().rev().find(|(from, _)| *from <= day).map_or(Money::ZERO, |(_, price)| *price)
    }
}

impl Lot {
    /// The cars that the dealer has on this day.
    pub(super) fn on(&self, day: u32) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(move |offer| offer.is_there(day))
    }

    /// The car that the story follows: there from the first day to the last.
    pub(super) fn faithful(&self) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.arrives == 0 && offer.leaves.is_none())
    }
}

/// The three dealers.
pub(super) fn all() -> [Lot; 3] {
    [
        Lot {
            name: "Northgate Auto Plaza",
            website: "https://northgate-auto.example/",
            inventory_url: "https://northgate-auto.example/used-vehicles/",
            shape: Shape::JsonLd,
            offers: simulate('N', 56),
        },
        Lot {
            name: "Cedar Valley Motors",
            website: "https://www.cedarvalleymotors.example/",
            inventory_url: "https://www.cedarvalleymotors.example/used-inventory/index.htm",
            shape: Shape::DealerCom,
            offers: simulate('C', 48),
        },
        Lot {
            name: "Blue Heron Used Cars",
            website: "https://blueheroncars.example/",
            inventory_url: "https://blueheroncars.example/cars",
            shape: Shape::Cards,
            offers: simulate('B', 42),
        },
    ]
}

/// One car in so many is sold on a day when it costs what it is worth; dearer ones wait longer.
const DAYS_TO_SELL: f64 = 34.0;
/// One car in so many is made cheaper on a day, once its price has stood for a week.
const DAYS_TO_CUT: f64 = 18.0;
const PRICE_STANDS_DAYS: u32 = 7;

fn simulate(letter: char, size: usize) -> Vec<Offer> {
    let mut rng = Rng::with_seed(u64::from(letter));
    let mut number = 0;
    let mut arrive = |rng: &mut Rng, day| {
        number += 1;
        offer(Car::any(rng, letter, number), rng, day)
    };
    let mut offers: Vec<Offer> = (0..size).map(|_| arrive(&mut rng, 0)).collect();
    if letter == 'C' {
        // The only other one of its kind in town.
        offers.push(offer(Car::new(&RARE, 2021, 1, 58_400, letter, 900, 6), &mut rng, 0));
    }
    for day in 1..DAYS {
        // The first car is the one that the story follows.
        for offer in offers.iter_mut().skip(1).filter(|offer| offer.is_there(day)) {
            let price = offer.price(day);
            let dearness = price.dollars() / offer.car.worth() - 1.0;
            let standing = offer.asked.last().map_or(0, |(from, _)| day - from);
            if rng.f64() < (-6.0 * dearness).exp() / DAYS_TO_SELL {
                offer.leaves = Some(day);
            } else if standing >= PRICE_STANDS_DAYS && rng.f64() < 1.0 / DAYS_TO_CUT {
                let cut = 0.98 - 0.03 * rng.f64();
                offer.asked.push((day, super::cars::as_dealers_write(price.dollars() * cut)));
            }
        }
        let missing = size.saturating_sub(offers.iter().filter(|offer| offer.is_there(day)).count());
        for _ in 0..missing.min(rng.usize(0..6)) {
            let arriving = arrive(&mut rng, day);
            offers.push(arriving);
        }
    }
    offers
}

fn offer(car: Car, rng: &mut Rng, day: u32) -> Offer {
    // The sum of three is close enough to a bell.
    let noise = (0..3).map(|_| rng.f64() - 0.5).sum::<f64>() * 0.09;
    let price = car.priced(1.02 + noise);
    Offer { car, arrives: day, leaves: None, asked: vec![(day, price)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_make_the_same_market() {
        let prices = |lots: &[Lot]| -> Vec<(String, Money)> {
            lots.iter().flat_map(|lot| &lot.offers).map(|offer| (offer.car.vin.clone(), offer.price(DAYS))).collect()
        };
        assert_eq!(prices(&all()), prices(&all()));
    }

    #[test]
    fn each_lot_sells_cuts_and_stays_full() {
        for lot in all() {
            for day in 0..DAYS {
                let there = lot.on(day).count();
                assert!((38..=60).contains(&there), "{} has {there} cars on day {day}", lot.name);
            }
            let sold = lot.offers.iter().filter(|offer| offer.leaves.is_some()).count();
            let cut = lot.offers.iter().filter(|offer| offer.asked.len() > 1).count();
            assert!(sold >= 40 && cut >= 20, "{}: {sold} sold, {cut} made cheaper", lot.name);
            assert!(lot.faithful().is_some_and(|offer| offer.is_there(DAYS - 1)));
        }
    }
}
