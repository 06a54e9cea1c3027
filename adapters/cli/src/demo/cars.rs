//! The cars of the simulated market: a small catalogue, what a car is worth, and VINs that no real car carries.
//!
//! Makes and models are real, or the pages would not look like pages; everything about a single car is made up. What is
//! deliberately not here: who offers a car and when.

use fastrand::Rng;
use jpauto::{Money, Vin};

/// One model of the catalogue.
#[derive(Debug, PartialEq)]
pub(super) struct Model {
    pub(super) make: &'static str,
    pub(super) name: &'static str,
    pub(super) body_style: &'static str,
    /// The manufacturer's part of the VIN.
    wmi: &'static str,
    /// The seventh character of the VIN; a letter there says 2010 and later.
    letter: char,
    /// What a new one in the middle trim cost, in dollars.
    new_price: f64,
    /// From the plainest to the dearest.
    pub(super) trims: [&'static str; 3],
    /// How many of a hundred cars on a lot are of this model.
    share: u32,
}

/// What the simulated dealers sell.
pub(super) const CATALOGUE: [Model; 8] = [
    Model {
        make: "Ford",
        name: "F-150",
        body_style: "Truck",
        wmi: "1FT",
        letter: 'F',
        new_price: 46_000.0,
        trims: ["XL", "XLT", "Lariat"],
        share: 22,
    },
    Model {
        make: "Toyota",
        name: "RAV4",
        body_style: "SUV",
        wmi: "2T3",
        letter: 'R',
        new_price: 34_000.0,
        trims: ["LE", "XLE", "Limited"],
        share: 16,
    },
    Model {
        make: "Honda",
        name: "CR-V",
        body_style: "SUV",
        wmi: "5J6",
        letter: 'H',
        new_price: 33_000.0,
        trims: ["LX", "EX", "EX-L"],
        share: 14,
    },
    Model {
        make: "Toyota",
        name: "Camry",
        body_style: "Sedan",
        wmi: "4T1",
        letter: 'C',
        new_price: 30_000.0,
        trims: ["LE", "SE", "XLE"],
        share: 12,
    },
    Model {
        make: "Chevrolet",
        name: "Equinox",
        body_style: "SUV",
        wmi: "3GN",
        letter: 'E',
        new_price: 29_500.0,
        trims: ["LS", "LT", "Premier"],
        share: 10,
    },
    Model {
        make: "Honda",
        name: "Civic",
        body_style: "Sedan",
        wmi: "2HG",
        letter: 'V',
        new_price: 26_000.0,
        trims: ["LX", "EX", "Touring"],
        share: 10,
    },
    Model {
        make: "Subaru",
        name: "Outback",
        body_style: "Wagon",
        wmi: "4S4",
        letter: 'S',
        new_price: 35_500.0,
        trims: ["Premium", "Limited", "Touring"],
        share: 8,
    },
    Model {
        make: "Jeep",
        name: "Grand Cherokee",
        body_style: "SUV",
        wmi: "1C4",
        letter: 'J',
        new_price: 43_000.0,
        trims: ["Laredo", "Limited", "Overland"],
        share: 8,
    },
];

/// A make that the competitors hardly have, for the vehicle whose market can not be read.
pub(super) const RARE: Model = Model {
    make: "Land Rover",
    name: "Defender",
    body_style: "SUV",
    wmi: "SAL",
    letter: 'D',
    new_price: 68_000.0,
    trims: ["S", "SE", "X"],
    share: 0,
};

const COLORS: [&str; 8] = [
    "Oxford White",
    "Magnetic Gray",
    "Midnight Black",
    "Ruby Red",
    "Lunar Blue",
    "Silver Ice",
    "Cactus Green",
    "Pearl White",
];

/// A car with all that stays the same while it is on offer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Car {
    pub(super) vin: String,
    pub(super) stock_number: String,
    pub(super) model: &'static Model,
    pub(super) year: i32,
    pub(super) trim: &'static str,
    pub(super) mileage: i32,
    pub(super) color: &'static str,
}

/// The year that the simulated prices belong to.
const PRICED_IN: i32 = 2026;
/// A car keeps nine tenths of its worth a year, and loses half a percent more every thousand miles above the usual.
const KEPT_A_YEAR: f64 = 0.90;
const LOST_A_MILE: f64 = 5.0e-6;
const MILES_A_YEAR: f64 = 12_000.0;
/// A trim makes this much of a difference up or down.
const TRIM_STEP: f64 = 0.06;

impl Car {
    /// Another car of a lot: `lot` and `number` make its VIN and stock number its own.
    pub(super) fn any(rng: &mut Rng, lot: char, number: u32) -> Self {
        let mut left = rng.u32(0..CATALOGUE.iter().map(|model| model.share).sum());
        let model = CATALOGUE
            .iter()
            .find(|model| match left.checked_sub(model.share) {
                Some(rest) => {
                    left = rest;
                    false
                }
                None => true,
            })
            .unwrap_or(&CATALOGUE[0]);
        let year = match rng.u32(0..100) {
            0..20 => 2019,
            20..55 => 2020,
            55..90 => 2021,
            _ => 2022,
        };
        let usual = MILES_A_YEAR * f64::from(PRICED_IN - year);
        let mileage = usual * (0.6 + 0.7 * rng.f64());
        let trim = rng.usize(0..model.trims.len());
        Self::new(model, year, trim, mileage.round() as i32, lot, number, rng.usize(0..COLORS.len()))
    }

    /// The car of these properties; `trim` counts from the plainest.
    pub(super) fn new(
        model: &'static Model,
        year: i32,
        trim: usize,
        mileage: i32,
        lot: char,
        number: u32,
        color: usize,
    ) -> Self {
        Self {
            vin: vin(model, year, lot, number),
            stock_number: format!("{lot}{number:04}"),
            model,
            year,
            trim: model.trims[trim.min(2)],
            mileage,
            color: COLORS[color % COLORS.len()],
        }
    }

    /// What the market of the simulation thinks it is worth, in dollars.
    pub(super) fn worth(&self) -> f64 {
        let age = f64::from(PRICED_IN - self.year);
        let step = self.model.trims.iter().position(|trim| *trim == self.trim).map_or(0.0, |at| at as f64 - 1.0);
        let excess_miles = f64::from(self.mileage) - MILES_A_YEAR * age;
        self.model.new_price * KEPT_A_YEAR.powf(age) * (1.0 + TRIM_STEP * step) * (-LOST_A_MILE * excess_miles).exp()
    }

    /// A price as dealers write it, this many times the car's worth: `$18,895`.
    pub(super) fn priced(&self, times_worth: f64) -> Money {
        as_dealers_write(self.worth() * times_worth)
    }

    /// The heading of its card.
    pub(super) fn title(&self) -> String {
        format!("{} {} {} {}", self.year, self.model.make, self.model.name, self.trim)
    }
}

/// The nearest price that ends in 95 dollars.
pub(super) fn as_dealers_write(dollars: f64) -> Money {
    Money::from_dollars(((dollars / 100.0).round() * 100.0) as i32 - 5)
}

/// A VIN in form, with the right check digit, whose middle part `DEM` no maker uses.
fn vin(model: &Model, year: i32, lot: char, number: u32) -> String {
    // 49 CFR 565.15: the letters of the model years from 2010 on leave out I, O, Q, U and Z.
    const YEARS: &[u8] = b"ABCDEFGHJKLMNPRSTVWXY";
    let year = usize::try_from(year - 2010).ok().and_then(|since| YEARS.get(since)).copied().map_or('A', char::from);
    let with = |digit: char| format!("{}DEM{}1{digit}{year}{lot}{number:06}", model.wmi, model.letter);
    let digit = Vin::parse(&with('0')).map_or('0', |vin| vin.check_digit().expected);
    with(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vin_is_right_and_no_two_are_the_same() {
        let mut rng = Rng::with_seed(1);
        let mut seen = std::collections::HashSet::new();
        for number in 0..500 {
            let car = Car::any(&mut rng, 'N', number);
            let vin = Vin::parse(&car.vin).unwrap();
            assert!(vin.check_digit_ok(), "{vin}");
            assert_eq!(vin.model_year(PRICED_IN).year, Some(car.year), "{vin}");
            assert!(seen.insert(car.vin));
        }
    }

    #[test]
    fn miles_and_years_cost_and_trims_add() {
        let model = &CATALOGUE[0];
        let car = Car::new(model, 2021, 1, 50_000, 'N', 1, 0);
        assert!(Car { mileage: 70_000, ..car.clone() }.worth() < car.worth());
        assert!(Car::new(model, 2020, 1, 50_000, 'N', 1, 0).worth() < car.worth());
        assert!(Car::new(model, 2021, 2, 50_000, 'N', 1, 0).worth() > car.worth());
        assert_eq!(as_dealers_write(18_930.0), Money::from_dollars(18_895));
    }
}
