//! Confidence: how far the size of the sample can be trusted.

use serde::Serialize;

use super::config::PricingRules;

/// How far the size of the sample can be trusted. The bounds are fields of [`PricingRules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Fewer than 5 comparables.
    Insufficient,
    /// 5 to 14.
    Limited,
    /// 15 to 29.
    Moderate,
    /// 30 and more.
    High,
}

words!(Confidence, InvalidConfidence at "/confidence" { Insufficient => "insufficient", Limited => "limited", Moderate => "moderate", High => "high" });

/// The confidence in a sample of the given size.
#[must_use]
pub fn confidence(sample_size: usize, rules: &PricingRules) -> Confidence {
    if sample_size < rules.minimum_sample {
        Confidence::Insufficient
    } else if sample_size < rules.moderate_sample {
        Confidence::Limited
    } else if sample_size < rules.high_sample {
        Confidence::Moderate
    } else {
        Confidence::High
    }
}
