//! Comparables: listings of vehicles like the subject, which of them may be used, and which are one vehicle listed twice.
//!
//! They come from two places in this one shape: competitors' listings (`market/repository/comparables.rs`) and auto.dev
//! (`market/auto_dev/`). How they are loaded is not decided here.

use std::{cmp::Ordering, collections::HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    config::{self, PricingRules},
    names::same_name,
    subject::Subject,
};
use crate::{
    Money,
    extract::{Condition, OdometerStatus, SaleStatus, TitleBrand},
    vin,
};

/// Where a comparable was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A listing of a competitor that we watch.
    Competitor,
    /// A listing from auto.dev.
    #[serde(rename = "auto.dev")]
    AutoDev,
}

words!(Source, InvalidSource at "/source" { Competitor => "competitor", AutoDev => "auto.dev" });

/// A listing to compare with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparable {
    /// Where it was found.
    pub source: Source,
    /// The VIN as listed.
    pub vin: Option<String>,
    /// The id of the listing within its source; for a competitor's listing, the id of our row.
    pub external_id: Option<String>,
    /// The page of the listing.
    pub url: Option<String>,
    /// Model year.
    pub year: i32,
    /// Make.
    pub make: String,
    /// Model.
    pub model: String,
    /// Trim.
    pub trim: Option<String>,
    /// The asking price, or the last one.
    pub price: Option<Money>,
    /// Miles; below zero counts as unknown.
    pub mileage: Option<i32>,
    /// Miles from us.
    pub distance_miles: Option<f64>,
    /// The dealer that offers it.
    pub dealer: Option<String>,
    /// When the listing was first seen.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen_at: DateTime<Utc>,
    /// When it was sold. A time in the future counts as not sold.
    pub sold_at: Option<DateTime<Utc>>,
    /// Whether its title is known to be branded, also by an odometer that shows other miles than it has gone. False says only that
    /// nothing is known against it.
    pub branded: bool,
    /// What its title is said to be.
    #[serde(default)]
    pub title_brand: Option<TitleBrand>,
    /// Whether it is offered as new, used or certified.
    #[serde(default)]
    pub condition: Option<Condition>,
    /// What is said of its odometer. Miles that it has not gone are left out.
    #[serde(default)]
    pub odometer_status: Option<OdometerStatus>,
    /// How far its sale has come.
    #[serde(default)]
    pub sale_status: Option<SaleStatus>,
}

/// How many listings were left out, and why. Each is counted once, for the first reason that applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = LeftOutComparables))]
pub struct LeftOut {
    /// Another make, model, year, trim or mileage than the tier asks for.
    pub unlike: usize,
    /// Our own vehicles.
    pub own: usize,
    /// No price, or one out of bounds.
    pub price: usize,
    /// Branded titles.
    pub branded: usize,
    /// New cars.
    #[serde(default)]
    pub new: usize,
    /// On offer for too long, or sold too long ago.
    pub stale: usize,
    /// Too far away.
    pub distant: usize,
    /// The same vehicle listed again.
    pub duplicate: usize,
    /// Prices too far from the others.
    pub outlier: usize,
}

type VinKey = [u8; 17];

/// The VINs of our own stock, which are never compared with. Load them once for any number of analyses.
#[derive(Clone, Debug, Default)]
pub struct OwnVins(HashSet<VinKey>);

impl<'a> FromIterator<&'a str> for OwnVins {
    fn from_iter<I: IntoIterator<Item = &'a str>>(vins: I) -> Self {
        Self(vins.into_iter().filter_map(vin::key).collect())
    }
}

/// What makes two listings one vehicle: the VIN, else the source's own id. A listing without either is always its own vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identity<'a> {
    Vin(VinKey),
    Listing(Source, &'a str),
}

fn identity(comparable: &Comparable) -> Option<Identity<'_>> {
    fn present(text: Option<&String>) -> Option<&str> {
        text.map(|text| text.trim()).filter(|text| !text.is_empty())
    }
    let listing = || present(comparable.external_id.as_ref()).or_else(|| present(comparable.url.as_ref()));
    match comparable.vin.as_deref().and_then(vin::key) {
        Some(vin) => Some(Identity::Vin(vin)),
        None => listing().map(|name| Identity::Listing(comparable.source, name)),
    }
}

/// When the listing was sold, as far as is known at the given time.
pub(super) fn sold_by(comparable: &Comparable, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    comparable.sold_at.filter(|sold_at| *sold_at <= now)
}

/// The listings that may be compared with, in the order of their identities. One vehicle may still be among them twice.
pub(super) struct Eligible<'a>(Vec<(Option<Identity<'a>>, &'a Comparable)>);

impl<'a> Eligible<'a> {
    /// Drops what no tier may use, and counts it.
    ///
    /// Prices out of bounds are dropped before duplicates are merged: of two listings the lower price stays, and a placeholder
    /// of one dollar would always win.
    pub(super) fn among(
        candidates: impl IntoIterator<Item = &'a Comparable, IntoIter: Clone>,
        subject: &Subject,
        own: &OwnVins,
        rules: &PricingRules,
        now: DateTime<Utc>,
    ) -> (Self, LeftOut) {
        let candidates = candidates.into_iter();
        let mut left_out = LeftOut::default();
        let subject_vin = subject.vin.as_deref().and_then(vin::key);
        // One page may name the brand on a title where another leaves it out.
        let branded: HashSet<VinKey> =
            candidates.clone().filter(|one| one.branded).filter_map(|one| vin::key(one.vin.as_deref()?)).collect();
        let mut eligible = Vec::with_capacity(candidates.size_hint().0);
        for comparable in candidates {
            let identity = identity(comparable);
            let is_own =
                matches!(identity, Some(Identity::Vin(vin)) if own.0.contains(&vin) || Some(vin) == subject_vin);
            let reason = if is_own {
                &mut left_out.own
            } else if !same_name(&comparable.make, &subject.make) || !same_name(&comparable.model, &subject.model) {
                &mut left_out.unlike
            } else if !has_believable_price(comparable, rules) {
                &mut left_out.price
            } else if !subject.branded
                && (comparable.branded || matches!(identity, Some(Identity::Vin(vin)) if branded.contains(&vin)))
            {
                &mut left_out.branded
            } else if comparable.condition == Some(Condition::New) && !subject.is_new {
                &mut left_out.new
            } else if !is_fresh(comparable, rules, now) {
                &mut left_out.stale
            } else if comparable.distance_miles.is_some_and(|miles| miles > rules.radius_miles) {
                &mut left_out.distant
            } else {
                eligible.push((identity, comparable));
                continue;
            };
            *reason += 1;
        }
        // A stable sort finds what is in order already, as most of a pool is.
        eligible.sort_by(|(a_identity, a), (b_identity, b)| a_identity.cmp(b_identity).then_with(|| by_content(a, b)));
        (Self(eligible), left_out)
    }

    /// How many listings they are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those that a condition holds of.
    pub(super) fn only(&self, condition: impl Fn(&Comparable) -> bool) -> Self {
        Self(self.0.iter().filter(|(_, comparable)| condition(comparable)).copied().collect())
    }

    /// One listing a vehicle for its price: the lower price, then the newer sighting.
    pub(super) fn vehicles(&self) -> Vec<&'a Comparable> {
        self.distinct(|a, b| a.price.cmp(&b.price).then(b.last_seen_at.cmp(&a.last_seen_at)))
    }

    /// One listing a vehicle for its latest state: the newest sighting.
    pub(super) fn vehicles_as_last_seen(&self) -> Vec<&'a Comparable> {
        self.distinct(|a, b| b.last_seen_at.cmp(&a.last_seen_at))
    }

    fn distinct(&self, prefer: impl Fn(&Comparable, &Comparable) -> Ordering) -> Vec<&'a Comparable> {
        let mut distinct = Vec::with_capacity(self.0.len());
        for vehicle in self.0.chunk_by(|(earlier, _), (later, _)| later.is_some() && later == earlier) {
            // Of those that are alike, the first by content.
            distinct.extend(vehicle.iter().map(|(_, comparable)| *comparable).min_by(|a, b| prefer(a, b)));
        }
        distinct
    }
}

/// An order in which most listings of one pile stand by their identities, told by their words alone.
pub(super) fn by_identity(a: &Comparable, b: &Comparable) -> Ordering {
    fn texts(c: &Comparable) -> [Option<&str>; 3] {
        [&c.vin, &c.external_id, &c.url].map(Option::as_deref)
    }
    (a.vin.is_none(), a.source, texts(a)).cmp(&(b.vin.is_none(), b.source, texts(b)))
}

/// An order by content alone, so that results do not depend on the order in which listings were loaded.
pub(super) fn by_content(a: &Comparable, b: &Comparable) -> Ordering {
    fn texts(c: &Comparable) -> [Option<&str>; 5] {
        [&c.external_id, &c.url, &c.vin, &c.dealer, &c.trim].map(Option::as_deref)
    }
    let miles = |c: &Comparable| c.distance_miles.unwrap_or(f64::INFINITY);
    (a.source, a.price, a.mileage, a.year)
        .cmp(&(b.source, b.price, b.mileage, b.year))
        .then_with(|| (a.last_seen_at, a.first_seen_at, a.sold_at).cmp(&(b.last_seen_at, b.first_seen_at, b.sold_at)))
        .then_with(|| miles(a).total_cmp(&miles(b)))
        .then_with(|| texts(a).cmp(&texts(b)))
}

fn has_believable_price(comparable: &Comparable, rules: &PricingRules) -> bool {
    comparable
        .price
        .is_some_and(|price| price.cents() > 0 && price >= rules.lowest_price && price <= rules.highest_price)
}

/// Whether it was not on offer for too long, and not sold too long ago.
fn is_fresh(comparable: &Comparable, rules: &PricingRules, now: DateTime<Utc>) -> bool {
    let sold_at = sold_by(comparable, now);
    let offered_for = sold_at.unwrap_or(now) - comparable.first_seen_at;
    offered_for <= config::days(rules.listed_within_days)
        && sold_at.is_none_or(|sold_at| now - sold_at <= config::days(rules.sold_within_days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_no_vins() {
        assert_eq!(vin::key(" 1m8gdm9axkp042788 "), Some(*b"1M8GDM9AXKP042788"));
        for text in
            ["", "N/A", "00000000000000000", "XXXXXXXXXXXXXXXXX", "1M8GDM9A-KP042788", "1M8GDM9AXKP04278", "ééééééééé"]
        {
            assert_eq!(vin::key(text), None, "{text}");
        }
    }
}
