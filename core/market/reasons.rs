//! The reasons for a result, as data, the most telling first.
//!
//! What is deliberately not here: sentences.

use super::{
    Adjustment, Analysis, MarketMood, PricingRules, Reason, Recommendation, SlopeOutcome, Subject,
    adjustment::Adjusted,
    comparables::{Search, known_mileage},
};

/// Reads the reasons off a finished analysis and the search that led to it.
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

/// How far the subject's mileage is outside those of the comparables, where that is too far to pass over.
fn beyond(subject: &Subject, kept: &[Adjusted<'_>], rules: &PricingRules) -> Option<i32> {
    let ours = known_mileage(subject.mileage)?;
    let theirs = || kept.iter().filter_map(|one| known_mileage(one.comparable.mileage));
    let miles = match (theirs().min()?, theirs().max()?) {
        (fewest, _) if ours < fewest => ours - fewest,
        (_, most) if ours > most => ours - most,
        _ => 0,
    };
    (miles.unsigned_abs() >= rules.miles_beyond_told.unsigned_abs()).then_some(miles)
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
            let is_told = adjustment.typical_share * 10_000.0 >= f64::from(rules.typical_told_basis_points);
            reasons.extend(adjustment.typical_mileage.filter(|_| is_told).map(|typical| Reason::TypicalMileage {
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
