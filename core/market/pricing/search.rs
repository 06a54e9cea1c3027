//! The search: tier by tier, wider each time, until enough comparables are left.

use super::{
    comparables::Comparable,
    config::{PricingRules, TierLimits},
    names::same_name,
    subject::{Subject, known_mileage},
};

/// One step of the search: a tier, perhaps narrowed to the subject's trim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a> {
    /// From 1.
    pub(super) tier: usize,
    pub(super) limits: TierLimits,
    pub(super) trim: Option<&'a str>,
}

impl<'a> Search<'a> {
    /// The searches in the order they are tried; the trim narrows the first tier only.
    pub(super) fn in_order(subject: &'a Subject, rules: &PricingRules) -> Vec<Self> {
        let tiers = if rules.tiers.is_empty() { vec![rules.widest()] } else { rules.tiers.clone() };
        let trim = subject.trim.as_deref().map(str::trim).filter(|trim| !trim.is_empty());
        let narrowed = tiers.first().filter(|_| trim.is_some()).map(|&limits| Self { tier: 1, limits, trim });
        let plain = (1..).zip(&tiers).map(|(tier, &limits)| Self { tier, limits, trim: None });
        narrowed.into_iter().chain(plain).collect()
    }

    /// Whether the listing is within reach. An unknown mileage is within any window.
    pub(super) fn takes(&self, comparable: &Comparable, subject: &Subject) -> bool {
        let within = |a: i32, b: i32, window: i32| (i64::from(a) - i64::from(b)).abs() <= i64::from(window);
        let mileage_fits = match (known_mileage(subject.mileage), known_mileage(comparable.mileage)) {
            (Some(ours), Some(theirs)) => within(ours, theirs, self.limits.mileage_window),
            _ => true,
        };
        mileage_fits
            && within(subject.year, comparable.year, self.limits.year_window)
            && self.trim.is_none_or(|trim| comparable.trim.as_deref().is_some_and(|other| same_name(trim, other)))
    }
}
