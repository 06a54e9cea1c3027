//! A score for a reading of a website: how many of the important fields it found. No I/O.

use serde::Serialize;

use super::ScrapedListing;
use crate::tracking::numbers;

numbers! {
    /// What each part of a listing weighs; together 100 by default.
    #[derive(Clone, Debug, PartialEq, Eq)]
    ScoreRules {
        /// It can be recognised: it has a VIN, an id of the website or a stock number (30).
        identity: u32 = 30,
        /// What it costs (25).
        price: u32 = 25,
        /// Which car it is: model year, make and model, all three (20).
        vehicle: u32 = 20,
        /// How far it has run (15).
        mileage: u32 = 15,
        /// It has a page of its own (7). If that page disappears, the car is gone.
        url: u32 = 7,
        /// A picture (3).
        image: u32 = 3,
        /// How much an id or a stock number counts as an identity where there is no VIN, in percent (50). Only the VIN is
        /// the same at another dealer.
        identity_without_vin_percent: u32 = 50,
    }
}

/// How complete listings are: `percent = 100 * sum(weight * share) / sum(weight)`, rounded, over the parts of [`ScoreRules`].
///
/// The share of a part is the share of listings that have it. An id or a stock number without a VIN counts
/// `identity_without_vin_percent` of an identity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadingScore {
    /// 0 to 100; 0 where there is no listing.
    pub percent: u32,
    /// Each part with its weight and share.
    pub parts: Vec<ScorePart>,
}

/// One part of a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScorePart {
    /// `identity`, `price`, `vehicle`, `mileage`, `url` or `image`.
    pub name: &'static str,
    /// What it weighs.
    pub weight: u32,
    /// The share of listings that have it, 0 to 1.
    pub share: f64,
}

impl ReadingScore {
    /// Scores listings; linear.
    ///
    /// ```
    /// use jpauto::{Money, competitors::{ReadingScore, ScoreRules, ScrapedListing}};
    ///
    /// let listing = ScrapedListing {
    ///     vin: Some("2FMPK4K91HBB11870".into()),
    ///     price: Some(Money::from_dollars(22_988)),
    ///     ..ScrapedListing::default()
    /// };
    /// assert_eq!(ReadingScore::of(&[listing], &ScoreRules::default()).percent, 55);
    /// ```
    #[must_use]
    pub fn of(listings: &[ScrapedListing], rules: &ScoreRules) -> Self {
        let without_vin = f64::from(rules.identity_without_vin_percent) / 100.0;
        let identity = |listing: &ScrapedListing| match listing {
            ScrapedListing { vin: Some(_), .. } => 1.0,
            ScrapedListing { external_id: None, stock_number: None, .. } => 0.0,
            _ => without_vin,
        };
        let mean = |part: &dyn Fn(&ScrapedListing) -> f64| {
            // An empty list has nothing of anything.
            let count = listings.len().max(1);
            #[expect(clippy::cast_precision_loss, reason = "no list is longer than 2^52")]
            let count = count as f64;
            // From a positive zero, unlike `sum`: none of none is not "-0.0".
            listings.iter().map(part).fold(0.0, |sum, share| sum + share) / count
        };
        let part = |name, weight, has_it: &dyn Fn(&ScrapedListing) -> bool| ScorePart {
            name,
            weight,
            share: mean(&|listing| if has_it(listing) { 1.0 } else { 0.0 }),
        };
        let is_known = |car: &ScrapedListing| car.year.is_some() && car.make.is_some() && car.model.is_some();
        let parts = vec![
            ScorePart { name: "identity", weight: rules.identity, share: mean(&identity) },
            part("price", rules.price, &|car| car.price.is_some()),
            part("vehicle", rules.vehicle, &is_known),
            part("mileage", rules.mileage, &|car| car.mileage.is_some()),
            part("url", rules.url, &|car| car.url.is_some()),
            part("image", rules.image, &|car| car.image_url.is_some()),
        ];
        let weights: u32 = parts.iter().fold(0, |sum, part| sum.saturating_add(part.weight));
        let reached: f64 = parts.iter().map(|part| f64::from(part.weight) * part.share).sum();
        let percent = (100.0 * reached / f64::from(weights.max(1))).round().clamp(0.0, 100.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 100")]
        let percent = percent as u32;
        Self { percent, parts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Money;

    #[test]
    fn a_score_is_the_weighted_share_of_what_was_read() {
        let whole = ScrapedListing {
            vin: Some("2FMPK4K91HBB11870".into()),
            year: Some(2017),
            make: Some("Ford".into()),
            model: Some("Edge".into()),
            price: Some(Money::from_dollars(22_988)),
            mileage: Some(48_200),
            url: Some("https://lot.example/1".into()),
            image_url: Some("https://lot.example/1.jpg".into()),
            ..ScrapedListing::default()
        };
        let without = |change: &dyn Fn(&mut ScrapedListing)| {
            let mut listing = whole.clone();
            change(&mut listing);
            vec![listing]
        };
        let empty = ScrapedListing::default();
        let rules = ScoreRules::default();
        for (listings, percent) in [
            (vec![], 0),
            (vec![empty.clone()], 0),
            (vec![whole.clone()], 100),
            (vec![whole.clone(), empty.clone()], 50),
            (vec![whole.clone(), whole.clone(), empty], 67),
            (without(&|listing| listing.vin = None), 70),
            (without(&|listing| (listing.vin, listing.stock_number) = (None, Some("P1".into()))), 85),
            (without(&|listing| (listing.vin, listing.external_id) = (None, Some("7".into()))), 85),
            (without(&|listing| listing.stock_number = Some("P1".into())), 100),
            (without(&|listing| listing.price = None), 75),
            (without(&|listing| listing.model = None), 80),
            (without(&|listing| listing.mileage = None), 85),
            (without(&|listing| listing.url = None), 93),
            (without(&|listing| listing.image_url = None), 97),
        ] {
            assert_eq!(ReadingScore::of(&listings, &rules).percent, percent, "{listings:?}");
        }
        let none = ReadingScore::of(&[], &rules);
        assert!(none.parts.iter().all(|part| part.share.is_sign_positive()), "JSON says -0.0: {none:?}");
        let nothing = ScoreRules { identity: 0, price: 0, vehicle: 0, mileage: 0, url: 0, image: 0, ..rules };
        assert_eq!(ReadingScore::of(&[whole], &nothing).percent, 0);
    }
}
