//! What is stored of analyses, when a vehicle is due for the next, and the limits, progress and report of a run over many.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Analysis, DataSource, MissingSource, PricingRules, Recommendation,
    pricing::{config, recommendation},
};
use crate::{
    activity::Audited,
    error::Error,
    ids::{AnalysisId, MarketPriceId, VehicleId},
    inventory::StockedVehicle,
    money::Money,
};

/// The last analysis of a vehicle: its row of `market_research_results`.
///
/// The words and the analysis are `None` where another program or another release wrote something that this one cannot read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ResearchResult {
    /// The row's id; it stays the same from analysis to analysis.
    pub id: AnalysisId,
    /// The vehicle.
    pub inventory_id: VehicleId,
    /// Median of the raw prices.
    pub median_price: Option<Money>,
    /// Lowest raw price.
    pub min_price: Option<Money>,
    /// Highest raw price.
    pub max_price: Option<Money>,
    /// Kept comparables.
    pub sample_size: i32,
    /// What the price should do.
    pub price_recommendation: Option<Recommendation>,
    /// Where the comparables came from.
    pub data_source: Option<DataSource>,
    /// When it was last analysed.
    pub last_analyzed_at: Option<DateTime<Utc>>,
    /// Everything that the analysis found, with the nearest comparables, the search and the reasons.
    pub analysis: Option<Analysis>,
    /// When it was first analysed.
    pub created_at: Option<DateTime<Utc>>,
    /// When the row was last written.
    pub updated_at: Option<DateTime<Utc>>,
}

impl ResearchResult {
    /// The row for an analysis, which is left out: the one that the vehicle has already, or a new one.
    pub(super) fn of(analysis: &Analysis, vehicle: VehicleId, before: Option<&Self>) -> Self {
        let now = analysis.analyzed_at;
        Self {
            id: before.map_or_else(|| AnalysisId::new(now), |before| before.id),
            inventory_id: vehicle,
            median_price: analysis.median_price,
            min_price: analysis.min_price,
            max_price: analysis.max_price,
            sample_size: i32::try_from(analysis.sample_size).unwrap_or(i32::MAX),
            price_recommendation: analysis.recommendation,
            data_source: Some(analysis.data_source),
            last_analyzed_at: Some(now),
            analysis: None,
            created_at: before.map_or(Some(now), |before| before.created_at),
            updated_at: Some(now),
        }
    }
}

impl Audited for ResearchResult {
    // Analyses appear in the audit trail of the vehicle.
    const RESOURCE: &'static str = "inventory";
    const SILENT: &'static [&'static str] =
        &["id", "inventory_id", "analysis", "last_analyzed_at", "created_at", "updated_at"];

    fn resource_id(&self) -> Uuid {
        self.inventory_id.into()
    }
}

/// A point of a vehicle's market price history: our price, and the market's where an analysis recorded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct MarketPrice {
    /// The point's id.
    pub id: MarketPriceId,
    /// Our price at that time.
    pub our_price: Money,
    /// The raw median at that time.
    pub median_market_price: Option<Money>,
    /// The lowest raw price at that time.
    pub min_market_price: Option<Money>,
    /// Kept comparables; `None` where only our price changed.
    pub sample_size: Option<i32>,
    /// When it was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
}

/// A vehicle with its last analysis.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct VehiclePosition {
    /// The vehicle.
    pub vehicle: StockedVehicle,
    /// Its last analysis, where there was one.
    pub research: Option<ResearchResult>,
}

/// How the unsold vehicles stand in the market, at today's prices against the medians of their last analyses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct MarketOverview {
    /// Unsold vehicles.
    pub vehicles: usize,
    /// Priced above the market.
    pub high: usize,
    /// Priced below the market.
    pub low: usize,
    /// Priced within the market.
    pub competitive: usize,
    /// Analysed, with too few comparables.
    pub insufficient_data: usize,
    /// Never analysed.
    pub not_analyzed: usize,
    /// The mean difference of the prices from their medians, in percent; `None` where no vehicle has a median.
    pub average_difference_percent: Option<f64>,
    /// Vehicles that are due for an analysis; see [`is_due`].
    pub needs_analysis: usize,
}

/// How much of the month's budget of auto.dev calls is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct AutoDevUse {
    /// Calls made this month, by all processes that share the database.
    pub calls: u32,
    /// Calls that may be made a month.
    pub calls_a_month: u32,
    /// When a new month begins.
    pub renews_at: DateTime<Utc>,
}

/// Whether a vehicle should be analysed: it never was, or not for [`PricingRules::due_after_days`].
#[must_use]
pub fn is_due(last_analyzed_at: Option<DateTime<Utc>>, now: DateTime<Utc>, rules: &PricingRules) -> bool {
    last_analyzed_at.is_none_or(|last| now - last >= config::days(rules.due_after_days))
}

/// What the overview needs of one vehicle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) price: Money,
    /// Whether the vehicle has a row of research at all.
    pub(super) is_analyzed: bool,
    pub(super) adjusted_median: Option<Money>,
    pub(super) is_insufficient: bool,
    pub(super) last_analyzed_at: Option<DateTime<Utc>>,
}

impl MarketOverview {
    pub(super) fn of(standings: &[Standing], pricing: &PricingRules, now: DateTime<Utc>) -> Self {
        let mut overview = Self { vehicles: standings.len(), ..Self::default() };
        let mut differences = Vec::new();
        for standing in standings {
            overview.needs_analysis += usize::from(is_due(standing.last_analyzed_at, now, pricing));
            let judged = standing.adjusted_median.filter(|_| !standing.is_insufficient && standing.price.cents() > 0);
            match judged {
                None if !standing.is_analyzed => overview.not_analyzed += 1,
                None => overview.insufficient_data += usize::from(standing.is_insufficient),
                Some(median) => {
                    differences.push(recommendation::difference_percent(standing.price, median));
                    match recommendation::recommend(standing.price, median, pricing) {
                        Recommendation::High => overview.high += 1,
                        Recommendation::Low => overview.low += 1,
                        Recommendation::Competitive | Recommendation::InsufficientData => overview.competitive += 1,
                    }
                }
            }
        }
        let count = differences.len() as f64;
        overview.average_difference_percent =
            (!differences.is_empty()).then(|| differences.iter().sum::<f64>() / count);
        overview
    }
}

/// How much a run may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnalyzeLimits {
    /// At most this many vehicles; [`PricingRules::vehicles_a_run`] where it is `None`.
    pub max_vehicles: Option<usize>,
    /// At most this many calls of auto.dev. Vehicles after that are compared with competitors' listings alone.
    pub max_auto_dev_calls: Option<u32>,
}

impl AnalyzeLimits {
    /// At most this many vehicles.
    #[must_use]
    pub fn vehicles(max: usize) -> Self {
        Self { max_vehicles: Some(max), ..Self::default() }
    }
}

/// Where a run stands, reported after each vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// Vehicles that the run set out to analyse.
    pub total: usize,
    /// Vehicles finished so far, failed ones included.
    pub done: usize,
    /// Of those, too few comparables.
    pub insufficient: usize,
    /// Of those, failed.
    pub failed: usize,
    /// The vehicle just finished.
    pub vehicle: VehicleId,
}

/// What a run did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct AnalyzeReport {
    /// Vehicles whose analysis was saved.
    pub analyzed: usize,
    /// Of those, too few comparables for a recommendation.
    pub insufficient: usize,
    /// Vehicles whose analysis failed, and why.
    pub failed: Vec<(VehicleId, Error)>,
    /// Vehicles that are left for a later run.
    pub remaining: usize,
    /// The source that is configured and did not answer for some vehicles, with the first reason. These vehicles were compared
    /// with the listings of the other sources.
    pub missing_source: Option<MissingSource>,
    /// How many vehicles those are.
    pub without_source: usize,
}

impl AnalyzeReport {
    /// Counts an analysis that was stored.
    pub(super) fn add(&mut self, analysis: Analysis) {
        self.analyzed += 1;
        self.insufficient += usize::from(analysis.recommendation == Some(Recommendation::InsufficientData));
        if let Some(missing) = analysis.missing_source {
            self.without_source += 1;
            self.missing_source.get_or_insert(missing);
        }
    }
}

/// The research of the vehicles of a page.
pub(super) type ResearchByVehicle = HashMap<VehicleId, ResearchResult>;
