//! Market days supply: how long the competitors' stock lasts at the pace at which they sell.
//!
//! `market days supply = active / (sold / window)`, with the window in days. auto.dev says nothing of sales, so only
//! competitors' listings count.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    comparables::{Comparable, Eligible, OwnVins, Source, sold_by},
    config::PricingRules,
    quantile::Sorted,
    subject::Subject,
};

const SECONDS_A_DAY: f64 = 86_400.0;

/// Supply and demand among the competitors' comparables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Supply {
    /// On offer now.
    pub active: usize,
    /// Sold within the window.
    pub sold: usize,
    /// Market days supply: `active / (sold / window)`. Unknown where none was sold.
    #[serde(alias = "days")]
    pub market_days_supply: Option<f64>,
    /// The median days on market of those sold, from first sight to sale. Unknown where too few were sold.
    #[serde(alias = "days_to_sell")]
    pub days_on_market: Option<f64>,
}

/// The supply of the subject's model year among the candidates, whatever their trim and mileage.
pub(in crate::market) fn supply(
    subject: &Subject,
    candidates: &[Comparable],
    own: &OwnVins,
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> Supply {
    let (eligible, _left_out) = Eligible::among(candidates, subject, own, rules, now);
    supply_of(&eligible, |comparable| comparable.year == subject.year, rules, now)
}

/// The supply among the competitors' listings within reach, each vehicle as it was last seen.
pub(super) fn supply_of(
    eligible: &Eligible<'_>,
    is_within_reach: impl Fn(&Comparable) -> bool,
    rules: &PricingRules,
    now: DateTime<Utc>,
) -> Supply {
    let watched = eligible
        .only(|comparable| comparable.source == Source::Competitor && is_within_reach(comparable))
        .vehicles_as_last_seen();
    let days_on_market: Vec<f64> = watched
        .iter()
        .filter_map(|vehicle| Some((sold_by(vehicle, now)? - vehicle.first_seen_at).num_seconds().max(0) as f64))
        .map(|seconds| seconds / SECONDS_A_DAY)
        .collect();
    let sold = days_on_market.len();
    let active = watched.len() - sold;
    Supply {
        active,
        sold,
        market_days_supply: (sold > 0).then(|| active as f64 * rules.sold_within_days as f64 / sold as f64),
        days_on_market: (sold >= rules.days_on_market_sample)
            .then(|| Sorted::new(days_on_market))
            .flatten()
            .map(|days| days.median()),
    }
}
