//! What is stored of a lot and of the scrapes before, as far as the rules look at it.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    config::TrackingRules,
    evidence::{Claimed, ListBefore, Recognition},
    sighting::{Details, Keys},
    sold::{Look, Returns, days},
};
use crate::{
    extract::{ScrapedListing, StockStatus},
    money::Money,
    scrape::walk::{ListShape, ScrapeReading},
};

/// A listing as stored; its id stays with the caller, under the same index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StoredListing {
    pub(crate) keys: Keys,
    pub(crate) details: Details,
    pub(crate) price: Option<Money>,
    /// The lowest price ever believed.
    pub(crate) lowest_price: Option<Money>,
    /// The highest price ever believed.
    pub(crate) highest_price: Option<Money>,
    /// The price before the present one.
    pub(crate) previous_price: Option<Money>,
    /// When the present price took the place of another.
    pub(crate) price_changed_at: Option<DateTime<Utc>>,
    /// A price read once and not believed yet.
    pub(crate) unconfirmed_price: Option<Money>,
    pub(crate) first_seen_at: DateTime<Utc>,
    pub(crate) last_seen_at: DateTime<Utc>,
    pub(crate) is_sold: bool,
    pub(crate) sold_at: Option<DateTime<Utc>>,
    /// The chance that it comes back, where it was found sold by its absence.
    pub(crate) p_return: Option<f64>,
}

impl StoredListing {
    /// Whether the website says that it stands on the lot.
    pub(crate) fn is_in_stock(&self) -> bool {
        self.details.stock_status == Some(StockStatus::InStock)
    }

    /// Whether the website says that it stands somewhere else than on the lot, or that somebody is buying it.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.details.stock_status.is_some_and(|status| status != StockStatus::InStock)
    }

    /// What it says of itself, as a listing.
    pub(crate) fn said(&self) -> ScrapedListing {
        let (keys, details) = (self.keys.clone(), self.details.clone());
        ScrapedListing {
            external_id: keys.external_id,
            vin: keys.vin,
            stock_number: keys.stock_number,
            year: details.year,
            make: details.make,
            model: details.model,
            trim: details.trim,
            price: self.price,
            mileage: details.mileage,
            exterior_color: details.exterior_color,
            transmission: details.transmission,
            fuel_type: details.fuel_type,
            body_style: details.body_style,
            url: details.url,
            image_url: details.image_url,
            stock_status: details.stock_status,
            sale_status: details.sale_status,
            title_brand: details.title_brand,
            condition: details.condition,
            odometer_status: details.odometer_status,
            is_sold: Some(self.is_sold),
            sold_at: self.sold_at,
            related: None,
            raw_data: None,
        }
    }

    /// Whether it was found sold by its absence, or because its own page is gone. Such sales are dated after the last sighting; sales that
    /// the website announces are not.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_sold && self.sold_at.is_some_and(|sold_at| sold_at > self.last_seen_at)
    }
}

/// A listing that was found sold by its absence, as long as somebody waits for its return.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gone {
    /// Its place among the stored listings, where a sighting may be it.
    pub(crate) row: Option<usize>,
    pub(crate) first_seen_at: DateTime<Utc>,
    pub(crate) last_seen_at: DateTime<Utc>,
    pub(crate) is_in_stock: bool,
}

/// A scrape that was recorded before.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PastScrape {
    pub(crate) observed_at: DateTime<Utc>,
    /// What the doubts about it left, from 0 to 1; 0 for one that failed.
    pub(crate) weight: f64,
    /// Whether there was no doubt.
    pub(crate) is_complete: bool,
    /// Whether the list looked cut.
    pub(crate) is_cut: bool,
    /// How far those are believed to be gone that it saw last, once that is fixed.
    pub(crate) group_weight: Option<f64>,
    pub(crate) vehicles: usize,
    pub(crate) total_claimed: Option<u32>,
    pub(crate) pages: Option<u32>,
    pub(crate) list: ListShape,
    /// How the dealer's listings had behaved by then; `None` for one that failed.
    pub(crate) behaviour: Option<Returns>,
}

impl PastScrape {
    fn is_believed(&self) -> bool {
        self.weight >= 1.0
    }
}

/// What is known of the scrape itself and of those before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScrapeFacts {
    pub(crate) observed_at: DateTime<Utc>,
    /// How far it came.
    pub(crate) reading: ScrapeReading,
    /// The scrapes recorded, ascending: those since the oldest `last_seen_at` of a listing on sale, and of some weeks at the least. Those
    /// that lie ahead of the clock are left out.
    pub(crate) scrapes: Vec<PastScrape>,
    /// The newest scrape recorded, of whatever outcome, but for those that lie ahead of the clock.
    pub(crate) newest_recorded_at: Option<DateTime<Utc>>,
    /// The newest of those that lie ahead of it.
    pub(crate) ahead_at: Option<DateTime<Utc>>,
    /// What was found sold by absence and may come back.
    pub(crate) gone: Vec<Gone>,
    /// Whether the list was reached at an address that narrows that of [`ScrapeFacts::list_before`].
    pub(crate) is_narrowed: bool,
    /// From when on a person takes what the scrapes saw as the whole lot.
    pub(crate) believed_from: Option<DateTime<Utc>>,
    /// When the address or the configuration of the list was last changed.
    pub(crate) list_changed_at: Option<DateTime<Utc>>,
}

impl ScrapeFacts {
    pub(crate) fn is_late(&self) -> bool {
        self.newest_recorded_at.is_some_and(|newest| newest > self.observed_at)
    }

    /// The scrapes before this one.
    pub(crate) fn earlier(&self) -> &[PastScrape] {
        &self.scrapes[..self.scrapes.partition_point(|scrape| scrape.observed_at < self.observed_at)]
    }

    /// The scrapes up to this one, with what is recorded of the same moment.
    fn until_now(&self) -> &[PastScrape] {
        &self.scrapes[..self.scrapes.partition_point(|scrape| scrape.observed_at <= self.observed_at)]
    }

    /// The scrape recorded at a time.
    pub(crate) fn at(&self, time: DateTime<Utc>) -> Option<&PastScrape> {
        let place = self.scrapes.binary_search_by_key(&time, |scrape| scrape.observed_at).ok()?;
        self.scrapes.get(place)
    }

    /// The vehicle counts of the scrapes before it that there was no doubt about, newest first.
    pub(crate) fn earlier_counts(&self) -> impl Iterator<Item = usize> + '_ {
        self.earlier().iter().rev().filter(|scrape| scrape.is_complete).map(|scrape| scrape.vehicles)
    }

    /// The last scrape of full weight before it.
    pub(crate) fn last_believed(&self) -> Option<&PastScrape> {
        self.earlier().iter().rev().find(|scrape| scrape.is_believed())
    }

    /// When a scrape of full weight last looked, this moment's included.
    pub(crate) fn looked_for_at(&self) -> Option<DateTime<Utc>> {
        self.until_now().iter().rev().find(|scrape| scrape.is_believed()).map(|scrape| scrape.observed_at)
    }

    /// How the dealer's listings had behaved when it was last scraped, as far as that counts now.
    pub(crate) fn returns_before(&self, rules: &TrackingRules) -> Returns {
        let known = |scrape: &PastScrape| Some((scrape.observed_at, scrape.behaviour?));
        let Some((at, returns)) = self.until_now().iter().rev().find_map(known) else { return Returns::default() };
        returns.after(days(self.observed_at - at), &rules.sold)
    }

    /// The scrapes that have looked for what is missing, and this one with its weight.
    pub(crate) fn looks(&self, weight: f64) -> Vec<Look> {
        let is_look = |scrape: &&PastScrape| scrape.weight > 0.0 && scrape.observed_at != self.observed_at;
        let is_believed = |at: DateTime<Utc>| self.believed_from.is_some_and(|from| at >= from);
        let of = |scrape: &PastScrape| Look {
            at: scrape.observed_at,
            weight: if is_believed(scrape.observed_at) { 1.0 } else { scrape.weight },
        };
        let mut looks: Vec<Look> = self.scrapes.iter().filter(is_look).map(of).collect();
        let recorded = self.at(self.observed_at).map_or(0.0, |scrape| scrape.weight);
        let this = Look { at: self.observed_at, weight: weight.max(recorded) };
        if this.weight > 0.0 {
            looks.insert(looks.partition_point(|look| look.at < this.at), this);
        }
        looks
    }

    /// Takes what was seen since the last scrape without a doubt as the whole lot; answers since when.
    pub(crate) fn believe(&mut self) -> DateTime<Utc> {
        let last_whole = self.scrapes.iter().rposition(|scrape| scrape.is_complete);
        let doubted = &self.scrapes[last_whole.map_or(0, |place| place + 1)..];
        let from = doubted.first().map_or(self.observed_at, |scrape| scrape.observed_at);
        self.believed_from = Some(from);
        self.scrapes.iter_mut().for_each(|scrape| scrape.group_weight = Some(1.0));
        from
    }

    /// The list as it was before it was cut: as the last scrape of full weight saw it that found nothing cut. One that has been cut for
    /// long is the list.
    pub(crate) fn list_before(&self, rules: &TrackingRules) -> Option<&PastScrape> {
        let mut first_cut = None;
        for scrape in self.earlier().iter().rev().filter(|scrape| scrape.is_believed()) {
            if !scrape.is_cut {
                let remembered = TimeDelta::days(rules.evidence.cut_remembered_days.into());
                return Some(scrape).filter(|_| first_cut.is_none_or(|cut| self.observed_at - cut < remembered));
            }
            first_cut = Some(scrape.observed_at);
        }
        None
    }

    /// Since when nobody has seen vehicles there, before any are recognised.
    pub(crate) fn unwatched(&self) -> Recognition {
        let seen_at = self.earlier().iter().rev().find(|scrape| scrape.vehicles > 0).map(|scrape| scrape.observed_at);
        Recognition {
            unwatched: seen_at.map_or(TimeDelta::zero(), |seen| self.observed_at - seen),
            ..Recognition::default()
        }
    }

    /// What it met of the lot as the last scrape of full weight saw it; linear.
    pub(crate) fn recognition(
        &self,
        stored: &[StoredListing],
        was_seen: &[bool],
        rules: &TrackingRules,
    ) -> Recognition {
        let mut recognition = self.unwatched();
        let Some(then) = self.last_believed().map(|scrape| scrape.observed_at) else { return recognition };
        let long_ago = self.observed_at - TimeDelta::days(rules.evidence.standing_days.into());
        for (listing, &was_seen) in stored.iter().zip(was_seen) {
            // A listing already marked sold counts as recognised, so that recording the same scrape twice gives the same result.
            let was_there = was_seen || (!listing.is_sold && listing.last_seen_at >= then);
            let is_known = listing.first_seen_at <= then && was_there;
            recognition.known += usize::from(is_known);
            recognition.recognised += usize::from(is_known && was_seen);
            recognition.standing += usize::from(was_seen && listing.first_seen_at <= long_ago);
        }
        recognition
    }

    /// How many listings on sale it did not see that a whole lot showed last.
    pub(crate) fn unseen(&self, stored: &[StoredListing], was_seen: &[bool]) -> usize {
        let is_unseen = |(listing, was_seen): &(&StoredListing, &bool)| {
            !**was_seen
                && !listing.is_sold
                && listing.last_seen_at < self.observed_at
                && self.at(listing.last_seen_at).is_some_and(|scrape| scrape.is_complete)
        };
        stored.iter().zip(was_seen).filter(is_unseen).count()
    }

    /// What it is compared with to see whether the list is cut.
    pub(crate) fn list_before_of(
        &self,
        stored: &[StoredListing],
        was_seen: &[bool],
        rules: &TrackingRules,
    ) -> ListBefore<'_> {
        let Some(before) = self.list_before(rules) else { return ListBefore::default() };
        let then = before.observed_at;
        let is_missing = |(listing, was_seen): &(&StoredListing, &bool)| {
            !**was_seen && !listing.is_sold && listing.first_seen_at <= then && listing.last_seen_at >= then
        };
        let changed = self.list_changed_at.filter(|&changed| changed <= self.observed_at);
        ListBefore {
            vehicles: Some(before.vehicles),
            pages: before.pages,
            shape: Some(&before.list),
            missing: stored.iter().zip(was_seen).filter(is_missing).count(),
            is_narrowed: self.is_narrowed,
            is_changed: changed.is_some_and(|changed| changed >= then),
        }
    }

    /// What the website claimed when it was last believed.
    pub(crate) fn claimed_before(&self) -> Option<Claimed> {
        let claims = |scrape: &PastScrape| Some(Claimed { vehicles: scrape.total_claimed?, shown: scrape.vehicles });
        self.earlier().iter().rev().filter(|scrape| scrape.is_believed()).find_map(claims)
    }
}
