//! The reasons for a result, as data. The sentences are made by the adapters.

use serde::{Deserialize, Serialize};

use super::{
    adjustment::{Adjusted, Adjustment, SlopeOutcome},
    analysis::Analysis,
    comparables::Source,
    config::PricingRules,
    recommendation::Recommendation,
    search::Search,
    subject::{Subject, known_mileage},
    velocity::MarketMood,
};
use crate::Money;

/// One reason for the result, as data. Adapters make the sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Fewer comparables than are needed.
    TooFewComparables {
        /// Kept.
        found: usize,
        /// Needed.
        needed: usize,
    },
    /// Our price is above the adjusted median by more than the competitive share.
    AboveMarket {
        /// By how much.
        difference_percent: f64,
        /// The adjusted median.
        median: Money,
    },
    /// Our price is below the adjusted median by more than the competitive share.
    BelowMarket {
        /// By how much, below zero.
        difference_percent: f64,
        /// The adjusted median.
        median: Money,
    },
    /// Our price is within the competitive share of the adjusted median.
    WithinMarket {
        /// By how much it differs.
        difference_percent: f64,
        /// The adjusted median.
        median: Money,
    },
    /// We have no price to compare.
    NoPrice,
    /// The title of our vehicle is branded; comparables with clean titles ask more.
    BrandedTitle {
        /// Kept comparables whose title is known to be branded too.
        branded: usize,
        /// Of how many.
        of: usize,
    },
    /// Our vehicle has far fewer or far more miles than any comparable: the price is an extrapolation.
    BeyondComparables {
        /// By how many miles; below zero where it has fewer.
        miles: i32,
    },
    /// Our place in a list sorted by price, as buyers see it.
    PriceRank {
        /// Our place from the cheapest.
        rank: usize,
        /// Of how many, ours included.
        of: usize,
    },
    /// Enough comparables have the same trim.
    SameTrim {
        /// The trim.
        trim: String,
    },
    /// Too few comparables have the same trim, so all trims were compared.
    AnyTrim {
        /// The trim.
        trim: String,
    },
    /// The nearest tier had too few comparables.
    SearchWidened {
        /// The tier taken.
        tier: usize,
        /// Its reach in miles.
        mileage_window: i32,
        /// Its reach in years.
        year_window: i32,
    },
    /// Prices were adjusted for mileage.
    AdjustedForMileage {
        /// The change of the price for 10,000 miles more.
        percent_per_10_000_miles: f64,
    },
    /// The listings alone say too little of what mileage does, so the typical slope is part of the adjustment.
    TypicalMileage {
        /// The typical change of the price for 10,000 miles more.
        percent_per_10_000_miles: f64,
        /// The share of the typical slope in the adjustment, in percent.
        share_percent: f64,
    },
    /// Prices were not adjusted for mileage although mileages differ.
    NotAdjustedForMileage {
        /// Why not.
        outcome: SlopeOutcome,
    },
    /// Prices were adjusted for the model year.
    AdjustedForYear {
        /// The change of the price for a model one year newer.
        percent_per_year: f64,
    },
    /// Prices were not adjusted for the model year although years differ.
    NotAdjustedForYear {
        /// Why not.
        outcome: SlopeOutcome,
    },
    /// Some adjustments were cut at the largest allowed.
    AdjustmentLimited {
        /// How many.
        count: usize,
    },
    /// Some kept comparables have no mileage.
    MileageUnknown {
        /// How many.
        count: usize,
    },
    /// Some prices were too far from the others.
    OutliersLeftOut {
        /// How many.
        count: usize,
    },
    /// We paid more than the market asks.
    CostAboveMarket {
        /// Cost in percent of the adjusted median.
        cost_to_market_percent: f64,
    },
    /// A source of listings did not answer, so only the others were used.
    SourceMissing {
        /// Which one.
        source: Source,
        /// The stable word for why.
        reason: String,
    },
    /// The market is moving.
    MarketMoving {
        /// Which way.
        mood: MarketMood,
        /// By how much.
        change_percent: f64,
    },
}

/// The reasons for a finished analysis, the most important first.
pub(super) fn reasons(
    analysis: &Analysis,
    subject: &Subject,
    search: &Search<'_>,
    kept: &[Adjusted<'_>],
    rules: &PricingRules,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    reasons.extend(verdict(analysis, rules));
    if analysis.our_price.is_none() && analysis.recommendation.is_some() {
        reasons.push(Reason::NoPrice);
    }
    reasons.extend(
        analysis
            .missing_source
            .as_ref()
            .map(|missing| Reason::SourceMissing { source: missing.source, reason: missing.code.clone() }),
    );
    if let Some(position) = analysis.position {
        reasons.push(Reason::PriceRank { rank: position.rank, of: analysis.sample_size + 1 });
    }
    reasons.extend(
        analysis
            .cost_to_market_percent
            .filter(|percent| *percent > 100.0)
            .map(|cost_to_market_percent| Reason::CostAboveMarket { cost_to_market_percent }),
    );
    reasons.extend(
        analysis
            .velocity
            .filter(|velocity| velocity.mood != MarketMood::Stable)
            .map(|velocity| Reason::MarketMoving { mood: velocity.mood, change_percent: velocity.change_percent }),
    );
    if subject.branded && analysis.sample_size > 0 {
        let branded = kept.iter().filter(|one| one.comparable.branded).count();
        reasons.push(Reason::BrandedTitle { branded, of: kept.len() });
    }
    reasons.extend(beyond(subject, kept, rules).map(|miles| Reason::BeyondComparables { miles }));
    let trim = subject.trim.as_deref().map(str::trim).filter(|trim| !trim.is_empty());
    reasons.extend(trim.map(|trim| match search.trim {
        Some(_) => Reason::SameTrim { trim: trim.to_owned() },
        None => Reason::AnyTrim { trim: trim.to_owned() },
    }));
    if search.tier > 1 {
        reasons.push(Reason::SearchWidened {
            tier: search.tier,
            mileage_window: search.limits.mileage_window,
            year_window: search.limits.year_window,
        });
    }
    if analysis.sample_size > 0 {
        reasons.extend(adjustments(&analysis.adjustment, rules));
    }
    if analysis.left_out.outlier > 0 {
        reasons.push(Reason::OutliersLeftOut { count: analysis.left_out.outlier });
    }
    reasons
}

/// How far the subject's mileage is outside those of the comparables, where that is far enough to report.
fn beyond(subject: &Subject, kept: &[Adjusted<'_>], rules: &PricingRules) -> Option<i32> {
    let ours = known_mileage(subject.mileage)?;
    let theirs = || kept.iter().filter_map(|one| known_mileage(one.comparable.mileage));
    let miles = match (theirs().min()?, theirs().max()?) {
        (fewest, _) if ours < fewest => ours - fewest,
        (_, most) if ours > most => ours - most,
        _ => 0,
    };
    (miles.unsigned_abs() >= rules.report_miles_beyond.unsigned_abs()).then_some(miles)
}

fn verdict(analysis: &Analysis, rules: &PricingRules) -> Option<Reason> {
    let Some(recommendation) = analysis.recommendation else { return Some(Reason::NoPrice) };
    if recommendation == Recommendation::InsufficientData {
        return Some(Reason::TooFewComparables { found: analysis.sample_size, needed: rules.minimum_sample });
    }
    let difference_percent = analysis.position?.difference_percent;
    let median = analysis.adjusted?.median;
    Some(match recommendation {
        Recommendation::High => Reason::AboveMarket { difference_percent, median },
        Recommendation::Low => Reason::BelowMarket { difference_percent, median },
        Recommendation::Competitive | Recommendation::InsufficientData => {
            Reason::WithinMarket { difference_percent, median }
        }
    })
}

fn adjustments(adjustment: &Adjustment, rules: &PricingRules) -> Vec<Reason> {
    let percent = |log_change: f64| log_change.exp_m1() * 100.0;
    let mut reasons = Vec::new();
    match adjustment.mileage {
        SlopeOutcome::Applied | SlopeOutcome::Typical => {
            reasons
                .push(Reason::AdjustedForMileage { percent_per_10_000_miles: percent(adjustment.per_mile * 10_000.0) });
            let is_reported = adjustment.typical_share * 10_000.0 >= f64::from(rules.report_typical_from_basis_points);
            reasons.extend(adjustment.typical_mileage.filter(|_| is_reported).map(|typical| Reason::TypicalMileage {
                percent_per_10_000_miles: percent(typical.per_mile * 10_000.0),
                share_percent: adjustment.typical_share * 100.0,
            }));
        }
        SlopeOutcome::NotNeeded => {}
        outcome => reasons.push(Reason::NotAdjustedForMileage { outcome }),
    }
    match adjustment.year {
        SlopeOutcome::Applied | SlopeOutcome::Typical => {
            reasons.push(Reason::AdjustedForYear { percent_per_year: percent(adjustment.per_year) });
        }
        SlopeOutcome::NotNeeded => {}
        outcome => reasons.push(Reason::NotAdjustedForYear { outcome }),
    }
    if adjustment.limited > 0 {
        reasons.push(Reason::AdjustmentLimited { count: adjustment.limited });
    }
    if adjustment.mileage_unknown > 0 {
        reasons.push(Reason::MileageUnknown { count: adjustment.mileage_unknown });
    }
    reasons
}
