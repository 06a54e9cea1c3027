//! The report of a recorded scrape, vehicle by vehicle. It is made from the plan (`tracking::plan`).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Completeness, IncompleteReason, Metrics, RefusalReason, ScrapeCounts, Transfer, transfer::Stay};
use crate::{
    alerts::AlertType,
    extract::ListWarning,
    ids::{CompetitorId, ListingId, ScrapeId},
    money::Money,
    tracking::{
        absence::SoldByAbsence,
        facts::StoredListing,
        plan::{Plan, PriceOf, Turn},
        sold::days_to_sale,
    },
};

/// What recording a scrape did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct RecordReport {
    /// Whose lot it is.
    pub competitor_id: CompetitorId,
    /// The competitor's name.
    pub competitor: String,
    /// Whether the competitor was not known before.
    pub added: bool,
    /// The row written for the scrape.
    pub scrape_id: ScrapeId,
    /// When the pages were fetched.
    pub observed_at: DateTime<Utc>,
    /// Whether the whole lot was seen, and why not.
    pub completeness: Completeness,
    /// All the doubts about it, the gravest first.
    pub doubts: Vec<IncompleteReason>,
    /// How far it is believed, from 0 to 1: of what it did not see.
    pub weight: f64,
    /// What changed, in numbers.
    pub counts: ScrapeCounts,
    /// Vehicles not seen before, without those that were sold already.
    pub new: Vec<RecordedVehicle>,
    /// Known vehicles of which more than the time changed.
    pub updated: Vec<ChangedVehicle>,
    /// Believed changes of a price.
    pub price_changes: Vec<PriceChange>,
    /// Vehicles that turned sold, by absence or by the website's own word.
    pub sold: Vec<SoldVehicle>,
    /// Sold vehicles on sale again.
    pub relisted: Vec<RecordedVehicle>,
    /// New or relisted vehicles that are gone from another competitor's lot: that lot did not sell them.
    pub arrived: Vec<TransferredVehicle>,
    /// Of `sold`, vehicles that another competitor has shown since: they changed lots and are no sale.
    pub departed: Vec<TransferredVehicle>,
    /// What was not recorded.
    pub refused: Vec<RefusedListing>,
    /// The alerts about the competitor's scrapes that this scrape opened or kept open.
    pub alerts: Vec<AlertType>,
    /// Doubts about the pages that the listings were read from.
    pub warnings: Vec<ListWarning>,
    /// The competitor's figures after it.
    pub metrics: Metrics,
}

/// A competitor's vehicle, in the words by which a person knows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the fields are the columns of competitor_inventory")]
pub struct RecordedVehicle {
    pub id: ListingId,
    pub vin: Option<String>,
    pub stock_number: Option<String>,
    pub year: Option<i32>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub trim: Option<String>,
    pub price: Option<Money>,
    pub mileage: Option<i32>,
    pub url: Option<String>,
}

/// A vehicle and which of its columns changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangedVehicle {
    /// The vehicle as it is now.
    #[serde(flatten)]
    pub vehicle: RecordedVehicle,
    /// The columns.
    pub columns: Vec<&'static str>,
}

/// A vehicle with a new price.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceChange {
    /// The vehicle as it is now.
    #[serde(flatten)]
    pub vehicle: RecordedVehicle,
    /// The price before.
    pub before: Money,
    /// The price from now on.
    pub after: Money,
}

/// A vehicle that turned sold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SoldVehicle {
    /// The vehicle as it was seen last.
    #[serde(flatten)]
    pub vehicle: RecordedVehicle,
    /// The first scrape after its last sighting, whatever the doubts about that scrape, or the day on which the website says
    /// that it was sold.
    pub sold_at: DateTime<Utc>,
    /// Whole days from the first sighting.
    pub days_on_market: i32,
    /// The chance that it comes back, from 0 to 1, where it was found sold by its absence.
    pub p_return: Option<f64>,
}

/// What the owner's word about a doubted lot changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct LotVerdict {
    /// Whose lot it is.
    pub competitor_id: CompetitorId,
    /// The competitor's name.
    pub competitor: String,
    /// When the newest scrape looked.
    pub observed_at: DateTime<Utc>,
    /// How many scrapes are believed now, or discarded.
    pub scrapes: usize,
    /// What is found sold now, because the lot is believed.
    pub sold: Vec<SoldVehicle>,
    /// What the discarded scrape alone had found sold.
    pub on_sale_again: Vec<RecordedVehicle>,
}

/// A vehicle that changed lots.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransferredVehicle {
    /// The vehicle on this lot.
    #[serde(flatten)]
    pub vehicle: RecordedVehicle,
    /// The same vehicle on the other lot.
    pub other: Transfer,
}

/// A listing that was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedListing {
    /// Its place among the listings handed in, from zero.
    pub index: usize,
    /// Why.
    pub reason: RefusalReason,
}

/// What a plan did, by vehicle: the part of a report that needs the listings.
#[derive(Debug, Default)]
pub(super) struct Vehicles {
    pub(super) new: Vec<RecordedVehicle>,
    pub(super) updated: Vec<ChangedVehicle>,
    pub(super) price_changes: Vec<PriceChange>,
    pub(super) sold: Vec<SoldVehicle>,
    pub(super) relisted: Vec<RecordedVehicle>,
    pub(super) refused: Vec<RefusedListing>,
    /// What came or went, to be looked for on other lots.
    pub(super) moving: Vec<Moving>,
}

/// A vehicle that came onto the lot or left it.
#[derive(Debug)]
pub(super) struct Moving {
    pub(super) vehicle: RecordedVehicle,
    pub(super) stay: Stay,
}

impl Moving {
    fn of(
        vehicle: &RecordedVehicle,
        listing: &StoredListing,
        (is_sold, sold_at): (bool, Option<DateTime<Utc>>),
    ) -> Self {
        let StoredListing { first_seen_at, last_seen_at, .. } = *listing;
        let stay = Stay::new(vehicle.id, (first_seen_at, last_seen_at), is_sold, sold_at);
        Self { vehicle: vehicle.clone(), stay }
    }
}

impl RecordedVehicle {
    pub(super) fn of(id: ListingId, listing: &StoredListing) -> Self {
        let details = &listing.details;
        Self {
            id,
            vin: listing.keys.vin.clone(),
            stock_number: listing.keys.stock_number.clone(),
            year: details.year,
            make: details.make.clone(),
            model: details.model.clone(),
            trim: details.trim.clone(),
            price: listing.price,
            mileage: details.mileage,
            url: details.url.clone(),
        }
    }
}

impl Vehicles {
    /// `ids` are those of the stored listings, `new_ids` those of the plan's new ones, each in their order.
    pub(super) fn of(plan: &Plan, stored: &[StoredListing], ids: &[ListingId], new_ids: &[ListingId]) -> Self {
        let mut vehicles = Self::default();
        for (new, id) in plan.new.iter().zip(new_ids) {
            let vehicle = RecordedVehicle::of(*id, &new.listing);
            // One first seen as sold neither came today nor went.
            if !new.listing.is_sold {
                vehicles.moving.push(Moving::of(&vehicle, &new.listing, (false, None)));
                vehicles.new.push(vehicle);
            }
        }
        for changed in &plan.changed {
            let vehicle = RecordedVehicle::of(ids[changed.stored], &changed.after);
            match changed.turn {
                Turn::None => {}
                Turn::Relisted => vehicles.relisted.push(vehicle.clone()),
                Turn::Sold => vehicles.note_sold(&vehicle, &changed.after),
            }
            if changed.turn != Turn::None {
                vehicles.moving.push(Moving::of(
                    &vehicle,
                    &changed.after,
                    (changed.after.is_sold, changed.after.sold_at),
                ));
            }
            vehicles.updated.push(ChangedVehicle { vehicle, columns: changed.columns.clone() });
        }
        let after: HashMap<usize, &StoredListing> =
            plan.changed.iter().map(|changed| (changed.stored, &changed.after)).collect();
        for point in &plan.price_points {
            let Some(before) = point.before else { continue };
            let (id, listing) = match point.of {
                PriceOf::New(index) => (new_ids[index], &plan.new[index].listing),
                PriceOf::Stored(row) => (ids[row], after.get(&row).copied().unwrap_or(&stored[row])),
            };
            let vehicle = RecordedVehicle::of(id, listing);
            vehicles.price_changes.push(PriceChange { vehicle, before, after: point.price });
        }
        for sold in &plan.sold_by_absence {
            let vehicle = RecordedVehicle::of(ids[sold.stored], &stored[sold.stored]);
            vehicles.moving.push(Moving::of(&vehicle, &stored[sold.stored], (true, Some(sold.sold_at))));
            let SoldByAbsence { sold_at, days_on_market, p_return, .. } = *sold;
            vehicles.sold.push(SoldVehicle { vehicle, sold_at, days_on_market, p_return });
        }
        vehicles.refused.extend(
            plan.refused.iter().map(|refused| RefusedListing { index: refused.sighting, reason: refused.reason }),
        );
        vehicles
    }

    fn note_sold(&mut self, vehicle: &RecordedVehicle, listing: &StoredListing) {
        let Some(sold_at) = listing.sold_at.filter(|_| listing.is_sold) else { return };
        let days_on_market = days_to_sale(listing.first_seen_at, sold_at);
        self.sold.push(SoldVehicle { vehicle: vehicle.clone(), sold_at, days_on_market, p_return: None });
    }
}
